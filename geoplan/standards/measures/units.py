"""Measures of administrative units: which of them have a facility that does what is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geoplan.i18n import _, mark
from geoplan.layers.columns import Rows
from geoplan.layers.schema import FUNCTIONS, TOWNSHIP_LEVELS, UNIT_LEVELS, VILLAGE_LEVELS, label
from geoplan.model import Count, Rule
from geoplan.standards.measures.counting import ONE, ZERO, Part, nothing_known, share
from geoplan.standards.measures.registry import Facts, measure
from geoplan.standards.measures.scope import (
    FACILITY_SCOPE,
    UNIT_SCOPE,
    facilities_in_scope,
    unit_codes,
    unit_column,
    units_in_scope,
)
from geoplan.standards.options import some_of


@measure(
    "units scope demand",
    scope={**UNIT_SCOPE, **{key: check for key, check in FACILITY_SCOPE.items() if key != "functions"}},
    options={"functions": some_of(FUNCTIONS)},
    required="unit_levels",
    fields="functions",
)
def unit_has_qualified(facts: Facts, rule: Rule) -> list[Count]:
    """The share of units that have at least one facility with all the functions for itself; n / N (AMB-01, AMB-02).

    A facility whose functions are blank might qualify: its unit is neither counted nor ruled out.
    """
    if "units" not in facts.frames:
        return nothing_known(facts, mark("个"), "units")
    chosen, sites = units_in_scope(facts, rule), _sites(facts, rule)
    units = chosen.rows
    levels = units.cells("level")
    found = {level: _by_unit(facts, sites, level) for level in dict.fromkeys(levels)}
    parts, details, combined = [], [], []
    needed, unit = set(rule.options.get("functions", ())), mark("处")
    cells = zip(units.cells("unit_code"), units.cells("name"), levels, chosen.certain, chosen.missing, strict=True)
    for code, name, level, certain, missing in cells:
        ids, open_, offered = found[level].get(code, _NOBODY)
        open_ = [] if ids else open_
        blank = (*missing, *sorted({field for fields in open_ for field in fields})) if missing or open_ else ()
        parts.append(Part(code, ONE if ids else ZERO, ONE if ids or open_ else ZERO, ONE, certain, blank))
        details.append(_unit((code, name, level), unit, ids, len(open_), blank))
        combined += [code] if needed <= offered else []
    county = share(parts).count(facts.place, "county", mark("个"), whole=True)
    support = tuple(name for detail in details for name in detail.counted)
    notes = _notes(facts, rule, county, combined, levels)
    return [replace(county, support=support, note=_("；").join(notes)), *details]


@dataclass(frozen=True, slots=True)
class _Site:
    """A facility that may make its unit count: whether it does, whether that is open and for what."""

    id: str
    qualified: bool
    missing: tuple[str, ...]
    functions: frozenset[str]


# Ids of the facilities that qualify, blank fields of those that may, functions of all together.
_Found = tuple[list[str], list[tuple[str, ...]], set[str]]
_NOBODY: _Found = ([], [], set())


def _sites(facts: Facts, rule: Rule) -> tuple[Rows, list[_Site]]:
    chosen = facilities_in_scope(facts, rule)
    needed = frozenset(rule.options.get("functions", ()))
    sites = []
    cells = zip(chosen.rows.cells("facility_id"), chosen.rows.cells("functions"), chosen.missing, strict=True)
    for name, cell, missing in cells:
        functions = frozenset(cell.split("|"))
        unknown = bool(needed) and not cell
        fields = (*missing, "facilities.functions") if unknown else missing if needed <= functions else ()
        sites.append(_Site(name, needed <= functions and not missing and not unknown, fields, functions))
    return chosen.rows, sites


def _by_unit(facts: Facts, sites: tuple[Rows, list[_Site]], level: str) -> dict[str, _Found]:
    """What the facilities of each unit of a level come to."""
    found: dict[str, _Found] = {}
    rows, records = sites
    for code, site in zip(unit_codes(facts, rows, level), records, strict=True):
        ids, open_, offered = found.setdefault(code, ([], [], set()))
        if site.qualified:
            ids.append(site.id)
        elif site.missing:
            open_.append(site.missing)
        offered |= site.functions
    return found


def _unit(place: tuple[str, str, str], needed_unit: str, ids: list[str], open_: int, missing: tuple[str, ...]) -> Count:
    """One unit's row: how many qualified facilities it has."""
    code, name, level = place
    kind = "township" if level in TOWNSHIP_LEVELS else "village" if level in VILLAGE_LEVELS else "unit"
    number = Fraction(len(ids))
    return Count(
        code,
        name,
        kind,
        number,
        ONE,
        needed_unit,
        span=(number, number + open_) if open_ else None,
        whole=True,
        counted=tuple(ids),
        of=(code,),
        missing=missing,
        target=ONE,
        value_unit=needed_unit,
        detail=True,
    )


def _notes(facts: Facts, rule: Rule, county: Count, combined: list[str], levels: list[str]) -> list[str]:
    """What other readings of the rule would give: several facilities together, and by people instead of units."""
    if county.denominator == 0:
        words = _("、").join(label(level, UNIT_LEVELS) for level in rule.scope["unit_levels"])
        return [_("没有属于“{levels}”的行政单元").format(levels=words)]
    notes = []
    if "functions" in rule.options and len(combined) != county.numerator:
        text = _("如允许几处设施合起来具备各项功能，则为 {count} / {all}")
        notes.append(text.format(count=len(combined), all=county.denominator))
    weighted = _by_people(facts, county, levels)
    if weighted is not None:
        notes.append(_("按60岁以上人口加权为 {share:.2f}%").format(share=float(weighted)))
    return notes


def _by_people(facts: Facts, county: Count, levels: list[str]) -> Fraction | None:
    """The share of people of 60 and over who live in units that count; None where that is not known."""
    columns = {unit_column(level) for level in levels}
    if "demand" not in facts.frames or county.span is not None or len(columns) != 1:
        return None
    demand = facts.rows("demand")
    if np.isnan(demand["pop60"]).any():
        return None
    lives = partial(_living_in, demand["pop60"], unit_codes(facts, demand, levels[0]))
    column = columns.pop()
    # Which county a row is in stands in another layer.
    people = lives() if column == "county" else demand.columns.keep(("pop60 by", column), lives)
    everybody, among = (sum(people.get(code, 0.0) for code in set(ids)) for ids in (county.of, county.counted))
    return 100 * Fraction(among) / Fraction(everybody) if everybody else None


def _living_in(people: NDArray[np.float64], home: NDArray[np.object_]) -> dict[str, float]:
    """How many people live in each unit; exact, because people are multiples of 1/1024."""
    codes, place = np.unique(home.astype(str), return_inverse=True)
    return dict(zip(codes.tolist(), np.bincount(place, weights=people).tolist(), strict=True))
