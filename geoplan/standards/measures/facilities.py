"""Measures of the facility table: how many, how many beds, which share, what each one lacks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from geoplan.i18n import _, mark
from geoplan.layers.schema import BASES, FACILITY_LEVELS, FUNCTIONS, ROLES, FieldKind, label
from geoplan.model import Comparator, Count, Rule
from geoplan.standards.holding import complies, needed
from geoplan.standards.measures.counting import (
    ONE,
    ZERO,
    Part,
    by_township,
    complying,
    nothing_known,
    share,
    total,
)
from geoplan.standards.measures.registry import Facts, is_one_of, measure
from geoplan.standards.measures.scope import FACILITY_SCOPE, FLAGS, Chosen, facilities_in_scope
from geoplan.standards.options import a_figure, a_positive_figure, a_share, one_of, some_of, table_of

NUMBERS = tuple(field.name for field in ROLES["facilities"].fields if field.kind is FieldKind.NUMBER)
GROUPS = ("pop_total", "pop60", "pop65")
# A part cannot exceed its whole, so that a blank part is bounded by it.
_WITHIN: Mapping[str, str] = MappingProxyType({"nursing_beds": "beds", "basic_beds": "beds"})
_A_NUMBER = one_of(NUMBERS)


def field_unit(field: str) -> str:
    """What a field of the facilities is counted in."""
    return mark("张") if field.endswith("beds") else mark("人") if field == "residents" else "m²"


def is_whole(field: str) -> bool:
    """Whether only whole ones can be added: beds and people, not square metres."""
    return not field.endswith("_m2")


@measure("scope units", scope=FACILITY_SCOPE)
def facility_count(facts: Facts, rule: Rule) -> list[Count]:
    """How many facilities there are, in the county and in each township."""
    chosen = facilities_in_scope(facts, rule)
    return _county_and_townships(facts, chosen, _each_one(chosen), mark("处"), whole=True)


def _each_one(chosen: Chosen) -> list[Part]:
    """One part of 1 per facility."""
    cells = zip(chosen.rows.cells("facility_id"), chosen.certain, chosen.missing, strict=True)
    return [Part(name, ONE, ONE, ONE, certain, missing) for name, certain, missing in cells]


@measure("scope units", scope=FACILITY_SCOPE, options={"field": _A_NUMBER}, required="field")
def facility_sum(facts: Facts, rule: Rule) -> list[Count]:
    """The sum of a field over facilities, in the county and in each township."""
    chosen, field = facilities_in_scope(facts, rule), rule.options["field"]
    return _county_and_townships(facts, chosen, _amounts(chosen, field), field_unit(field), whole=is_whole(field))


def _amounts(chosen: Chosen, field: str) -> list[Part]:
    """One part per facility with its figure in a field."""
    cells = (chosen.rows.cells("facility_id"), chosen.rows.figures(field), chosen.certain, chosen.missing)
    return [
        Part(
            name, amount or ZERO, amount, ONE, certain, (*missing, f"facilities.{field}") if amount is None else missing
        )
        for name, amount, certain, missing in zip(*cells, strict=True)
    ]


def _county_and_townships(facts: Facts, chosen: Chosen, parts: list[Part], unit: str, *, whole: bool) -> list[Count]:
    county = total(parts).count(facts.place, "county", unit, whole=whole)
    towns = by_township(facts, chosen.rows.cells("township"), parts, total)
    return [county, *(figure.count(town, "township", unit, whole=whole, detail=True) for town, figure in towns)]


@measure(
    "scope",
    scope=FACILITY_SCOPE,
    options={"numerator": _A_NUMBER, "denominator": _A_NUMBER},
    required="numerator denominator",
)
def ratio_of_sums(facts: Facts, rule: Rule) -> list[Count]:
    """The sum of one field over the sum of another, in per cent where the rule's unit is %; each facility's as detail."""
    rows, certain = _ratios(facts, rule)
    parts = [_part_of(row, certain=row.unit in certain) for row in rows]
    field = rule.options["numerator"]
    county = share(parts, _scale(rule)).count(facts.place, "county", field_unit(field), whole=is_whole(field))
    return [county, *(replace(row, detail=True) for row in rows)]


def _part_of(row: Count, *, certain: bool) -> Part:
    """A facility's row as part of the county's."""
    top = row.span[1] if row.span else row.numerator
    if row.span and top is not None and row.denominator:
        top = top * row.denominator / row.scale
    return Part(row.unit, row.numerator, top, row.denominator, certain, row.missing)


def _scale(rule: Rule) -> int:
    return 100 if rule.value_unit == "%" else 1


def _ratios(facts: Facts, rule: Rule) -> tuple[list[Count], set[str]]:
    """One row per facility in scope or perhaps in scope, and the ids of those that are for certain."""
    chosen = facilities_in_scope(facts, rule)
    top, bottom = rule.options["numerator"], rule.options.get("denominator", "")
    sites, scale = chosen.rows, _scale(rule)
    names = sites.cells("facility_id")
    below = sites.figures(bottom) if bottom else [ONE] * len(sites)
    cells = zip(names, sites.cells("name"), sites.figures(top), below, chosen.missing, strict=True)
    unit, whole = field_unit(top), is_whole(top)
    rows = []
    for name, title, numerator, denominator, missing in cells:
        most = denominator if _WITHIN.get(top) == bottom else None
        span = None if numerator is not None or not denominator else (ZERO, most and scale * most / denominator)
        blank = [field for field, cell in ((top, numerator), (bottom, denominator)) if cell is None]
        rows.append(
            Count(
                name,
                title,
                "facility",
                numerator or ZERO,
                denominator,
                unit,
                scale=scale,
                span=span,
                whole=whole,
                counted=(name,),
                of=(name,),
                missing=(*missing, *(f"facilities.{field}" for field in blank)),
            )
        )
    return rows, {name for name, certain in zip(names, chosen.certain, strict=True) if certain}


@measure(
    "scope",
    scope=FACILITY_SCOPE,
    options={"numerator": _A_NUMBER, "denominator": _A_NUMBER},
    required="numerator",
    value="must",
)
def each_facility(facts: Facts, rule: Rule) -> list[Count]:
    """Every facility by itself: a field, or one field by another; the county's row is how many comply, all of them due."""
    rows, certain = _ratios(facts, rule)
    met = [complies(rule, row) for row in rows]
    county = complying(facts, rule, rows, met, certain, mark("处"))
    missed = [row for row, is_met in zip(rows, met, strict=True) if row.unit in certain and is_met is False]
    lacking = [needed(rule, row) for row in missed]
    unit, amount = field_unit(rule.options["numerator"]), f"{float(sum(lacking, ZERO)):,g}"
    text = _("{count} 处不达标，共差 {amount} {unit}").format(count=len(lacking), amount=amount, unit=unit)
    # A row that may not be in scope cannot be judged.
    shown = [row if row.unit in certain else replace(row, denominator=None) for row in rows]
    return [replace(county, note=text if lacking else ""), *shown]


@measure(
    "scope",
    scope=FACILITY_SCOPE,
    options={
        "numerator": _A_NUMBER,
        "denominator": _A_NUMBER,
        "shares": table_of(a_share, FACILITY_LEVELS),
    },
    required="numerator denominator shares",
    fields="level",
)
def deficit(facts: Facts, rule: Rule) -> list[Count]:
    """What is still to be added, over all facilities: ``max(0, ceil(share * denominator) - numerator)`` of each.

    The share depends on the facility's level; a facility of a level without a share is not asked.
    """
    shares = rule.options["shares"]
    rows, certain = _ratios(facts, rule)
    sites = facts.rows("facilities")
    levels = dict(zip(sites.cells("facility_id"), sites.cells("level"), strict=True))
    asked = [row for row in rows if levels[row.unit] in shares or levels[row.unit] == ""]
    parts = [_lacking(row, shares, levels[row.unit], certain=row.unit in certain) for row in asked]
    unit = field_unit(rule.options["numerator"])
    county = total(parts).count(facts.place, "county", unit, whole=True)
    details = [
        total([part]).count((row.unit, row.unit_name), "facility", unit, whole=True, detail=True, of=(row.unit,))
        for row, part in zip(asked, parts, strict=True)
    ]
    return [county, *details]


def _lacking(row: Count, shares: Mapping[str, Fraction], level: str, *, certain: bool) -> Part:
    """What one facility lacks, at least and at most; one of unknown level may be of a level without a share."""
    demanded = [shares[level]] if level else sorted(shares.get(known, ZERO) for known in FACILITY_LEVELS)
    missing = row.missing if level else (*row.missing, "facilities.level")
    if row.denominator is None:
        return Part(row.unit, ZERO, None, ONE, certain, missing)
    lowest, highest = (math.ceil(asked * row.denominator / 100) for asked in (demanded[0], demanded[-1]))
    most = max(ZERO, highest - row.numerator)
    least = ZERO if row.span is not None else max(ZERO, lowest - row.numerator)
    return Part(row.unit, least, most, ONE, certain, missing)


@measure(
    "scope demand",
    scope=FACILITY_SCOPE,
    options={"field": _A_NUMBER, "per": a_positive_figure, "group": one_of(GROUPS), "basis": one_of(BASES)},
    required="field per group basis",
)
def per_people(facts: Facts, rule: Rule) -> list[Count]:
    """The sum of a field per so many people of a group and of a stated basis, in the county."""
    field, group = rule.options["field"], rule.options["group"]
    figure = total(_amounts(facilities_in_scope(facts, rule), field))
    people, blank = people_of(facts, group, rule.options["basis"])
    missing = (*figure.missing, *blank)
    if people is None:
        return nothing_known(facts, field_unit(field), *missing)
    per = people / rule.options["per"]
    span = None if figure.span is None or not per else (figure.numerator / per, figure.span[1] and figure.span[1] / per)
    count = figure.count(facts.place, "county", field_unit(field), whole=is_whole(field))
    return [replace(count, denominator=per, span=span, missing=missing, of=(f"demand.{group}",))]


def people_of(facts: Facts, group: str, basis: str) -> tuple[Fraction | None, tuple[str, ...]]:
    """The county's people of a group and basis; None with the blank fields when they are not known."""
    homes = facts.homes()
    people = homes[group]
    missing = []
    if not is_one_of(homes["basis"], (basis,)).all():
        missing.append("demand.basis")
    if np.isnan(people).any():
        missing.append(f"demand.{group}")
    return (None if missing else Fraction(float(people.sum()))), tuple(missing)


@measure(
    "scope",
    scope=FACILITY_SCOPE,
    options={
        "functions": some_of(FUNCTIONS),
        "flags_any": some_of(FLAGS),
        "min_grade": table_of(a_figure, FACILITY_LEVELS),
        "min_stars": a_figure,
    },
    fields="level functions grade stars",
)
def share_of_facilities(facts: Facts, rule: Rule) -> list[Count]:
    """The share of facilities that meet all the options that the rule gives; each one's row says what it lacks."""
    chosen = facilities_in_scope(facts, rule)
    graded = {"", *rule.options.get("min_grade", FACILITY_LEVELS)}
    rows, parts = [], []
    sites, fields = chosen.rows, ("facility_id", "name", "level", "functions", *FLAGS)
    columns = [*(sites.cells(field) for field in fields), *(sites.figures(field) for field in ("grade", "stars"))]
    cells = zip(zip(*columns, strict=True), chosen.certain, chosen.missing, strict=True)
    for values, certain, missing in cells:
        row = dict(zip((*fields, "grade", "stars"), values, strict=True))
        if row["level"] not in graded:
            continue
        lacks, blank = _shortcomings(row, rule.options)
        met = not lacks and not blank
        open_ = (*missing, *(() if lacks else blank))
        part = Part(row["facility_id"], ONE if met else ZERO, ZERO if lacks else ONE, ONE, certain, open_)
        note = _("缺：{lacks}").format(lacks=_("、").join(lacks)) if lacks else ""
        words = {"detail": True, "note": note, "target": ONE, "value_unit": mark("处")}
        rows.append(share([part], scale=1).count((row["facility_id"], row["name"]), "facility", mark("处"), **words))
        parts.append(part)
    return [share(parts).count(facts.place, "county", mark("处"), whole=True), *rows]


def _shortcomings(row: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What a facility is known to lack, in words, and the blank fields for which that is not known."""
    checks: dict[str, Callable[[Mapping[str, Any], Any], tuple[list[str], list[str]]]] = {
        "functions": _functions,
        "flags_any": _flags,
        "min_grade": _grade,
        "min_stars": partial(_at_least, "stars"),
    }
    lacks: list[str] = []
    blank: list[str] = []
    for option, asked in options.items():
        found, open_ = checks[option](row, asked)
        lacks += found
        blank += [f"facilities.{field}" for field in open_]
    return lacks, blank


def _functions(row: Mapping[str, Any], asked: tuple[str, ...]) -> tuple[list[str], list[str]]:
    if row["functions"] == "":
        return [], ["functions"]
    absent = [code for code in asked if code not in row["functions"].split("|")]
    return [_(label(code, FUNCTIONS)) for code in absent], []


def _flags(row: Mapping[str, Any], asked: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """One of several marks is enough."""
    if any(row[flag] == "yes" for flag in asked):
        return [], []
    open_ = [flag for flag in asked if row[flag] == ""]
    words = [flag_word(flag) for flag in asked]
    return ([] if open_ else [_("或").join(words)]), open_


def flag_word(flag: str) -> str:
    """What a mark says of a facility."""
    words = {"has_medical": _("内设医疗"), "hospital_contract": _("医疗机构签约"), "is_demo": _("示范站点")}
    return words[flag]


def _grade(row: Mapping[str, Any], asked: Mapping[str, Fraction]) -> tuple[list[str], list[str]]:
    if row["level"] == "":
        return [], ["level"]
    return _at_least("grade", row, asked[row["level"]])


def _at_least(field: str, row: Mapping[str, Any], asked: Fraction) -> tuple[list[str], list[str]]:
    have = row[field]
    if have is None:
        return [], [field]
    words = {"grade": _("等级 {have}，须 {asked} 级以上"), "stars": _("星级 {have}，须 {asked} 星以上")}
    return ([] if have >= asked else [words[field].format(have=have, asked=asked)]), []


@measure(
    "facilities",
    scope={key: FACILITY_SCOPE[key] for key in ("kinds", "facility_levels", "ownership")},
    options={"vacant_below": a_share},
    required="vacant_below",
    fields="beds residents",
)
def no_new_while_vacant(facts: Facts, rule: Rule) -> list[Count]:
    """How many projects (planned, building, expanding) go on while the homes that operate have beds to spare.

    Beds are to spare while residents / beds is below ``vacant_below`` per cent (AMB-22).
    """
    homes = facilities_in_scope(facts, rule)
    living, beds = (_amounts(homes, field) for field in ("residents", "beds"))
    parts = [
        replace(part, of=bed.most, missing=(*part.missing, *bed.missing))
        for part, bed in zip(living, beds, strict=True)
    ]
    occupancy = share(parts).count(facts.place, "county", mark("人"))
    projects = _under_way(facts, rule)
    figure = total(projects)
    limit = replace(rule, target=rule.options["vacant_below"], comparator=Comparator.AT_LEAST)
    full = complies(limit, occupancy) if parts else True
    count = figure.count(facts.place, "county", mark("个"), whole=True, note=_occupied(occupancy))
    if full is None and projects:
        most = figure.span[1] if figure.span else figure.numerator
        return [replace(count, span=(ZERO, most), missing=(*occupancy.missing, *figure.missing))]
    return [replace(count, numerator=ZERO, span=None, missing=(), counted=())] if full or not projects else [count]


def _under_way(facts: Facts, rule: Rule) -> list[Part]:
    scope = {**rule.scope, "status": ("planned", "building", "expanding")}
    return _each_one(facilities_in_scope(facts, replace(rule, scope=scope)))


def _occupied(occupancy: Count) -> str:
    if occupancy.span is not None or not occupancy.denominator:
        return _("入住率不明")
    rate = float(100 * occupancy.numerator / occupancy.denominator)
    return _("入住率 {rate:.2f}%（{residents} / {beds} 张）").format(
        rate=rate, residents=occupancy.numerator, beds=occupancy.denominator
    )
