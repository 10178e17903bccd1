"""Which facilities and units a rule speaks of; a blank cell that the scope asks for leaves a row open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.layers.schema import (
    FACILITY_KINDS,
    FACILITY_LEVELS,
    FACILITY_STATUS,
    FUNCTIONS,
    OWNERSHIP,
    ROLES,
    TOWNSHIP_LEVELS,
    UNIT_LEVELS,
    URBAN_RURAL,
    VILLAGE_LEVELS,
    FieldKind,
)
from geoplan.model import Rule
from geoplan.standards.measures.registry import Facts
from geoplan.standards.options import Check, some_of

FLAGS = tuple(field.name for field in ROLES["facilities"].fields if field.kind is FieldKind.FLAG)
FACILITY_SCOPE: Mapping[str, Check] = MappingProxyType(
    {
        "kinds": some_of(FACILITY_KINDS),
        "facility_levels": some_of(FACILITY_LEVELS),
        "ownership": some_of(OWNERSHIP),
        "status": some_of(FACILITY_STATUS),
        "functions": some_of(FUNCTIONS),
        "flags": some_of(FLAGS),
    }
)
UNIT_SCOPE: Mapping[str, Check] = MappingProxyType(
    {"unit_levels": some_of(UNIT_LEVELS), "urban_rural": some_of(URBAN_RURAL)}
)
_COLUMNS = {"kinds": "kind", "facility_levels": "level", "ownership": "ownership"}


@dataclass(frozen=True)
class Chosen:
    """Rows that are in scope, or may be.

    Attributes:
        frame: the rows.
        certain: for each whether it is in scope whatever its blank cells hold.
        missing: for each the blank fields that keep it open.
    """

    frame: gpd.GeoDataFrame
    certain: NDArray[np.bool_]
    missing: list[tuple[str, ...]]


def facilities_in_scope(facts: Facts, rule: Rule, *, leave_out: str = "") -> Chosen:
    """The county's facilities that a rule speaks of: those that operate in the year unless it names a status.

    Args:
        leave_out: a key of the scope to pass over.
    """
    scope = {key: value for key, value in rule.scope.items() if key != leave_out}
    frame = facts.frames["facilities"] if "status" in scope else facts.operating()
    frame = frame[frame["in_area"].to_numpy(bool)]
    if "status" in scope:
        frame = frame[frame["status"].isin(scope["status"]).to_numpy()]
    return _narrowed(frame, "facilities", _facility_tests(frame, scope))


def _facility_tests(frame: gpd.GeoDataFrame, scope: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Field to which rows pass where the field is filled."""
    tests = {column: frame[column].isin(scope[key]).to_numpy(bool) for key, column in _COLUMNS.items() if key in scope}
    if "functions" in scope:
        tests["functions"] = have_all(frame["functions"], scope["functions"])
    return tests | {flag: (frame[flag] == "yes").to_numpy(bool) for flag in scope.get("flags", ())}


def have_all(cells: Iterable[str], needed: Iterable[str]) -> NDArray[np.bool_]:
    """Which cells of functions hold all that are needed."""
    wanted = set(needed)
    return np.array([wanted.issubset(cell.split("|")) for cell in cells], dtype=bool)


def _narrowed(frame: gpd.GeoDataFrame, role: str, tests: Mapping[str, NDArray[np.bool_]]) -> Chosen:
    """The rows that pass every test, or could: a row that is known to miss one is out, whatever else is blank."""
    blank = {column: (frame[column] == "").to_numpy(bool) for column in tests}
    possible = np.ones(len(frame), dtype=bool)
    for column, passed in tests.items():
        possible &= passed | blank[column]
    certain = possible & ~np.logical_or.reduce([np.zeros(len(frame), dtype=bool), *blank.values()])
    missing = [tuple(f"{role}.{column}" for column in tests if blank[column][row]) for row in np.flatnonzero(possible)]
    return Chosen(frame[possible].reset_index(drop=True), certain[possible], missing)


def units_in_scope(facts: Facts, rule: Rule) -> Chosen:
    """The administrative units that a rule speaks of, in order of code."""
    units = facts.frames["units"]
    units = units[units["level"].isin(rule.scope["unit_levels"]).to_numpy()]
    tests = (
        {"urban_rural": units["urban_rural"].isin(rule.scope["urban_rural"]).to_numpy(bool)}
        if "urban_rural" in rule.scope
        else {}
    )
    return _narrowed(units, "units", tests)


def unit_codes(facts: Facts, frame: gpd.GeoDataFrame) -> dict[str, NDArray[np.object_]]:
    """Level of units to the code of the unit of that level in which each row lies; blank where in none."""
    townships, villages = frame["township"].to_numpy(object), frame["village"].to_numpy(object)
    return {
        **dict.fromkeys(TOWNSHIP_LEVELS, townships),
        **dict.fromkeys(VILLAGE_LEVELS, villages),
        "county": _counties(facts, frame),
    }


def _counties(facts: Facts, frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """The county of each row: the only one there is, or of several the parent of its township."""
    units = facts.frames["units"]
    counties = units["unit_code"][units["level"] == "county"].tolist()
    if len(counties) == 1:
        return np.where(frame["in_area"].to_numpy(bool), counties[0], "").astype(object)
    parents = dict(zip(units["unit_code"], units["parent_code"], strict=True))
    return pd.Series(frame["township"]).map(lambda code: parents.get(code, "")).to_numpy(object)
