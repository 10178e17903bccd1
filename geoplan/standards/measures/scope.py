"""Which facilities and units a rule speaks of; a blank cell that the scope asks for leaves a row open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.layers.columns import Rows
from geoplan.layers.schema import (
    FACILITY_KINDS,
    FACILITY_LEVELS,
    FACILITY_STATUS,
    FUNCTIONS,
    OWNERSHIP,
    ROLES,
    UNIT_LEVELS,
    URBAN_RURAL,
    VILLAGE_LEVELS,
    FieldKind,
)
from geoplan.model import Rule
from geoplan.standards.measures.registry import SCOPE_FIELDS, Facts, is_one_of
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
_COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "facilities": {**SCOPE_FIELDS, "ownership": "ownership"},
        "units": {"urban_rural": "urban_rural"},
    }
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows that are in scope, or may be.

    Attributes:
        certain: for each whether it is in scope whatever its blank cells hold.
        missing: for each the blank fields that keep it open.
    """

    rows: Rows
    certain: list[bool]
    missing: list[tuple[str, ...]]


def facilities_in_scope(facts: Facts, rule: Rule) -> Chosen:
    """The county's facilities that a rule speaks of: those that operate in the year unless it names a status."""
    sites = facts.rows("facilities")
    scope = {key: words for key, words in rule.scope.items() if key in FACILITY_SCOPE}

    def narrowed() -> Chosen:
        if "status" not in scope:
            return _narrowed(facts.operating(), "facilities", scope)
        stated = is_one_of(sites["status"], scope["status"]) & sites["in_area"].astype(bool)
        return _narrowed(sites.where(stated), "facilities", scope)

    return sites.columns.keep(("in scope", facts.year, facts.planned, frozenset(scope.items())), narrowed)


def units_in_scope(facts: Facts, rule: Rule) -> Chosen:
    """The administrative units that a rule speaks of, in order of code."""
    units = facts.rows("units")
    scope = {key: words for key, words in rule.scope.items() if key in UNIT_SCOPE}

    def narrowed() -> Chosen:
        return _narrowed(units.where(is_one_of(units["level"], scope["unit_levels"])), "units", scope)

    return units.columns.keep(("in scope", frozenset(scope.items())), narrowed)


def _narrowed(rows: Rows, role: str, scope: Mapping[str, Any]) -> Chosen:
    """The rows that pass every test of a scope, or could: one known to miss a test is out, whatever else is blank."""
    tests = {column: (scope[key], False) for key, column in _COLUMNS[role].items() if key in scope}
    tests |= {"functions": (scope["functions"], True)} if "functions" in scope and role == "facilities" else {}
    # Functions and flags are of facilities, also where the scope names units as well.
    tests |= dict.fromkeys(scope.get("flags", ()) if role == "facilities" else (), (("yes",), False))
    possible = np.ones(len(rows), dtype=bool)
    blank = {}
    for column, (wanted, is_set) in tests.items():
        cells = rows[column]
        blank[column] = is_one_of(cells, ("",))
        possible &= blank[column] | (have_all(cells, wanted) if is_set else is_one_of(cells, wanted))
    open_ = np.logical_or.reduce([np.zeros(len(rows), dtype=bool), *blank.values()])[possible]
    missing: list[tuple[str, ...]] = [()] * int(possible.sum())
    for place, row in zip(np.flatnonzero(open_), np.flatnonzero(possible)[open_], strict=True):
        missing[place] = tuple(f"{role}.{column}" for column in tests if blank[column][row])
    return Chosen(rows.where(possible), (~open_).tolist(), missing)


def have_all(cells: Iterable[str], needed: Iterable[str]) -> NDArray[np.bool_]:
    """Which cells of functions hold all that are needed."""
    wanted = set(needed)
    return np.array([wanted.issubset(cell.split("|")) for cell in cells], dtype=bool)


def unit_column(level: str) -> str:
    """The column of a layer of places that tells its unit of a level."""
    return "village" if level in VILLAGE_LEVELS else "county" if level == "county" else "township"


def unit_codes(facts: Facts, rows: Rows, level: str) -> NDArray[np.object_]:
    """The code of the unit of a level in which each row lies; blank where it lies in none.

    The county of a row is the only one there is, or of several the parent of its township.
    """
    column = unit_column(level)
    if column != "county":
        return rows[column]
    units = facts.rows("units")
    counties = units["unit_code"][is_one_of(units["level"], ("county",))].tolist()
    if len(counties) == 1:
        return np.where(rows["in_area"].astype(bool), counties[0], "").astype(object)
    parents = dict(zip(units.cells("unit_code"), units.cells("parent_code"), strict=True))
    return np.array([parents.get(code, "") for code in rows["township"]], dtype=object)
