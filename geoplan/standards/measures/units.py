"""Measures of administrative units: which of them have a facility that does what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geoplan.i18n import _
from geoplan.layers.schema import FUNCTIONS, TOWNSHIP_LEVELS, UNIT_LEVELS, VILLAGE_LEVELS, label
from geoplan.model import Count, Rule
from geoplan.standards.measures.counting import ONE, ZERO, Part, nothing_known, share
from geoplan.standards.measures.registry import Facts, measure
from geoplan.standards.measures.scope import (
    FACILITY_SCOPE,
    UNIT_SCOPE,
    facilities_in_scope,
    have_all,
    unit_codes,
    units_in_scope,
)
from geoplan.standards.options import some_of


@dataclass(frozen=True, slots=True)
class _Sites:
    """The facilities that may make a unit count.

    Attributes:
        qualified: level of units to code to the ids of the facilities that have all functions.
        open: the same for facilities of which that is not known, with the blank fields.
        offered: the same for all functions of all facilities in scope together.
    """

    qualified: Mapping[str, Mapping[str, list[str]]]
    open: Mapping[str, Mapping[str, list[tuple[str, ...]]]]
    offered: Mapping[str, Mapping[str, set[str]]]


@measure(
    "units facilities demand",
    scope={**UNIT_SCOPE, **{key: check for key, check in FACILITY_SCOPE.items() if key != "functions"}},
    options={"functions": some_of(FUNCTIONS)},
    required="unit_levels",
)
def unit_has_qualified(facts: Facts, rule: Rule) -> list[Count]:
    """The share of units that have at least one facility with all the functions for itself; n / N (AMB-01, AMB-02).

    A facility whose functions are blank might qualify: its unit is neither counted nor ruled out.
    """
    if "units" not in facts.frames:
        return nothing_known(facts, _("个"), "units")
    chosen, sites = units_in_scope(facts, rule), _sites(facts, rule)
    parts, details, combined = [], [], []
    cells = (chosen.frame["unit_code"], chosen.frame["name"], chosen.frame["level"], chosen.certain.tolist())
    needed = set(rule.options.get("functions", ()))
    for code, name, level, certain, missing in zip(*cells, chosen.missing, strict=True):
        ids = sites.qualified[level].get(code, [])
        open_ = [] if ids else sites.open[level].get(code, [])
        blank = tuple(sorted({field for fields in open_ for field in fields}))
        met, possible = (ONE if ids else ZERO), (ONE if ids or open_ else ZERO)
        parts.append(Part(code, met, possible, ONE, certain, (*missing, *blank)))
        details.append(_unit(code, name, level, ids, len(open_), (*missing, *blank) if certain else missing))
        combined += [code] if needed <= sites.offered[level].get(code, set()) else []
    county = share(parts).count(facts.place, "county", _("个"), whole=True)
    support = tuple(name for detail in details for name in detail.counted)
    notes = _notes(facts, rule, county, combined, chosen.frame)
    return [replace(county, support=support, note=_("；").join(notes)), *details]


def _sites(facts: Facts, rule: Rule) -> _Sites:
    sites = facilities_in_scope(facts, rule)
    has = have_all(sites.frame["functions"], rule.options.get("functions", ()))
    blank = (sites.frame["functions"] == "").to_numpy(bool) & ("functions" in rule.options)
    maybe = blank | (has & ~sites.certain)
    missing = [
        (*fields, *(("facilities.functions",) if unknown else ()))
        for fields, unknown in zip(sites.missing, blank.tolist(), strict=True)
    ]
    ids = sites.frame["facility_id"].tolist()
    offered = [set(cell.split("|")) for cell in sites.frame["functions"]]
    qualified, open_, together = {}, {}, {}
    for level, codes in unit_codes(facts, sites.frame).items():
        qualified[level] = _grouped(codes, ids, has & sites.certain & ~blank)
        open_[level] = _grouped(codes, missing, maybe)
        union: dict[str, set[str]] = {}
        for code, functions in zip(codes[sites.certain], np.array(offered, dtype=object)[sites.certain], strict=True):
            union.setdefault(code, set()).update(functions)
        together[level] = union
    return _Sites(qualified, open_, together)


def _grouped(codes: NDArray[np.object_], values: list[Any], mask: NDArray[np.bool_]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for place in np.flatnonzero(mask):
        groups.setdefault(codes[place], []).append(values[place])
    return groups


def _unit(code: str, name: str, level: str, ids: list[str], open_: int, missing: tuple[str, ...]) -> Count:
    """One unit's row: how many qualified facilities it has."""
    kind = "township" if level in TOWNSHIP_LEVELS else "village" if level in VILLAGE_LEVELS else "unit"
    number = Fraction(len(ids))
    return Count(
        code,
        name,
        kind,
        number,
        ONE,
        _("处"),
        span=(number, number + open_) if open_ else None,
        whole=True,
        counted=tuple(ids),
        of=(code,),
        missing=missing,
        target=ONE,
        value_unit=_("处"),
        detail=True,
    )


def _notes(facts: Facts, rule: Rule, county: Count, combined: list[str], units: gpd.GeoDataFrame) -> list[str]:
    """What other readings of the rule would give: several facilities together, and by people instead of units."""
    if county.denominator == 0:
        words = _("、").join(label(level, UNIT_LEVELS) for level in rule.scope["unit_levels"])
        return [_("没有属于“{levels}”的行政单元").format(levels=words)]
    notes = []
    if "functions" in rule.options and len(combined) != county.numerator:
        text = _("如允许几处设施合起来具备各项功能，则为 {count} / {all}")
        notes.append(text.format(count=len(combined), all=county.denominator))
    weighted = _by_people(facts, county, units)
    if weighted is not None:
        notes.append(_("按60岁以上人口加权为 {share:.2f}%").format(share=float(weighted)))
    return notes


def _by_people(facts: Facts, county: Count, units: gpd.GeoDataFrame) -> Fraction | None:
    """The share of people of 60 and over who live in units that count; None where that is not known."""
    demand = facts.frames.get("demand")
    if demand is None or county.span is not None or demand["pop60"].isna().any():
        return None
    levels, codes = set(units["level"]), unit_codes(facts, demand)
    home = next(iter(codes[level] for level in levels))
    if any((codes[level] != home).any() for level in levels):
        return None
    people = demand["pop60"].to_numpy(float)
    everybody, among = (float(people[np.isin(home, ids)].sum()) for ids in (county.of, county.counted))
    return 100 * Fraction(among) / Fraction(everybody) if everybody else None
