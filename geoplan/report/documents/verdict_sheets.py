"""Sheets of verdicts: the summary, every verdict with its clause, beds, land, townships side by side."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.model import OUTCOME_LABELS, OUTCOME_SYMBOLS, Comparator, Outcome, Verdict
from geoplan.report import reach, tables
from geoplan.report.assumed import assumptions
from geoplan.report.documents.material import Material, pack_name
from geoplan.report.documents.sheet import Cell, Column, Kind, Sheet, Worked
from geoplan.standards import MEASURES

_BED_FIELDS = frozenset({"beds", "nursing_beds", "basic_beds"})
_LAND_FIELDS = frozenset({"site_area_m2"})


def summary(material: Material) -> Sheet:
    """What the county comes to: coverage by service, then every rule."""
    assessment = material.assessment
    columns = (
        Column("item", _("指标"), Kind.LONG, 46),
        Column("value", _("现值"), width=18),
        Column("target", _("目标"), width=16),
        Column("outcome", _("结论"), Kind.OUTCOME, 14),
        Column("needed", _("还需"), width=16),
        Column("note", _("计数与说明"), Kind.LONG, 60),
    )
    rows = [*_coverage_rows(assessment), *map(_summary_row, county_verdicts(assessment))]
    return Sheet("summary", _("总表"), columns, tuple(rows), notes=(outcome_counts(assessment),))


def county_verdicts(assessment: Assessment) -> list[Verdict]:
    """The verdicts of the whole county, in the pack's order."""
    return [verdict for verdict in assessment.verdicts if verdict.count.level == "county"]


def outcome_counts(assessment: Assessment) -> str:
    """How many of the county's rules came to what, in words."""
    found = Counter(verdict.outcome for verdict in county_verdicts(assessment))
    parts = [f"{OUTCOME_SYMBOLS[each]} {_(OUTCOME_LABELS[each])} {found[each]}" for each in Outcome if found[each]]
    return _("{year} 年，规则包“{pack}”：{parts}").format(
        year=assessment.year, pack=pack_name(assessment), parts=_("，").join(parts) or "—"
    )


def _coverage_rows(assessment: Assessment) -> Iterator[dict[str, Cell]]:
    text = _("{service}：{travel} {minutes} 分钟覆盖率（{group}）")
    for coverage in assessment.coverages:
        group, row = reach.group_of(coverage), coverage.units.iloc[0].to_dict()
        told = {"service": reach.service_name(coverage.service), "travel": assessment.profile.label}
        yield {
            "item": text.format(**told, minutes=coverage.service.minutes, group=reach.group_label(group)),
            "value": reach.share_text(row, group),
            "note": people_text(row, group),
        }


def people_text(row: dict[str, object], group: str) -> str:
    """People covered and in all, and how many of the rest could not be located, in words."""
    covered, total, lost = (row[f"{group}{part}"] for part in ("_covered", "", "_unlocatable"))
    if any(value != value for value in (covered, total, lost)):  # noqa: PLR0124 - NaN
        return _("人数未知")
    told = [tables.figure(Fraction(float(value))) for value in (covered, total, lost)]  # type: ignore[arg-type]
    return _("{covered} / {total} 人，其中无法定位 {lost} 人").format(covered=told[0], total=told[1], lost=told[2])


def _summary_row(verdict: Verdict) -> dict[str, Cell]:
    return {
        "item": tables.rule_name(verdict),
        "value": tables.value_text(verdict),
        "target": tables.target_text(verdict),
        "outcome": tables.outcome_label(verdict),
        "needed": tables.needed_text(verdict),
        "note": _("；").join(filter(None, [tables.count_text(verdict), tables.missing_text(verdict)])),
    }


def verdicts(material: Material) -> Sheet:
    """Every verdict with its clause and its words."""
    columns = (
        Column("name", _("指标"), Kind.LONG, 32),
        *_figure_columns(),
        Column("binding", _("约束力"), width=9),
        Column("due", _("期限")),
        Column("note", _("说明"), Kind.LONG, 30),
        Column("source", _("依据"), Kind.LONG, 34),
        Column("quote", _("原文"), Kind.TEXT, 60),
        Column("rule", _("规则"), width=34),
    )
    rows = tuple(map(_full_row, material.assessment.verdicts))
    return Sheet("verdicts", _("指标结论"), columns, rows, printed=len(columns) - 2)


def _figure_columns() -> tuple[Column, ...]:
    """Whose figure it is, the figure, and what is made of it."""
    return (
        Column("level", _("层级"), width=10),
        Column("unit", _("代码"), width=14),
        Column("unit_name", _("名称"), width=26),
        Column("numerator", _("分子"), Kind.FIGURE),
        Column("denominator", _("分母"), Kind.FIGURE),
        Column("value", _("现值"), Kind.FINE),
        Column("value_unit", _("单位"), width=9),
        Column("demand", _("要求"), width=16),
        Column("target", _("目标值"), Kind.FIGURE),
        Column("outcome", _("结论"), Kind.OUTCOME, 13),
        Column("needed", _("还需"), Kind.FIGURE),
        Column("needed_unit", _("还需单位"), width=9),
    )


def short_columns() -> tuple[Column, ...]:
    """The columns of a verdict that fit across a page of text."""
    return (
        Column("name", _("指标"), Kind.LONG, 30),
        Column("unit_name", _("名称"), width=26),
        Column("count", _("计数"), width=16),
        Column("demand", _("要求"), width=16),
        Column("outcome", _("结论"), Kind.OUTCOME, 14),
        Column("lacking", _("还需"), width=14),
    )


def _full_row(verdict: Verdict) -> dict[str, Cell]:
    rule = verdict.rule
    return _row(verdict) | {
        "binding": _(tables.BINDING_LABELS[rule.binding]),
        "due": rule.due.isoformat() if rule.due else "",
        "note": tables.missing_text(verdict),
        "source": tables.source_text(verdict),
        "quote": rule.clause.quote,
        "rule": rule.id,
    }


def clauses(material: Material) -> Sheet:
    """Each rule that was applied with the plan's words, the reading taken and what is assumed."""
    columns = (
        Column("name", _("指标"), Kind.LONG, 32),
        Column("demand", _("要求"), width=16),
        Column("binding", _("约束力"), width=9),
        Column("due", _("期限")),
        Column("source", _("依据"), Kind.LONG, 34),
        Column("quote", _("原文"), Kind.LONG, 60),
        Column("divided", _("分子与分母"), Kind.LONG, 30),
        Column("reading", _("解读"), Kind.LONG, 40),
        Column("assumed", _("假设"), Kind.LONG, 24),
        Column("rule", _("规则"), width=34),
    )
    first: dict[str, Verdict] = {}
    for verdict in material.assessment.verdicts:
        first.setdefault(verdict.rule.id, verdict)
    return Sheet("clauses", _("条文依据"), columns, tuple(map(_clause_row, first.values())), printed=len(columns) - 1)


def _clause_row(verdict: Verdict) -> dict[str, Cell]:
    rule = verdict.rule
    return {
        "name": tables.rule_name(verdict),
        "demand": tables.demand_text(rule),
        "binding": _(tables.BINDING_LABELS[rule.binding]),
        "due": rule.due.isoformat() if rule.due else "",
        "source": tables.source_text(verdict),
        "quote": _("；").join(_("“{quote}”").format(quote=clause.quote) for clause in (rule.clause, *rule.also)),
        "divided": tables.divided_text(rule),
        "reading": tables.reading_text(rule),
        "assumed": assumptions(rule),
        "rule": rule.id,
    }


def _row(verdict: Verdict) -> dict[str, Cell]:
    count = verdict.count
    plain = verdict.value is None or count.denominator is None
    return {
        "name": tables.rule_name(verdict),
        "level": tables.level_label(count.level),
        "unit": count.unit,
        "unit_name": count.unit_name,
        "count": tables.count_text(verdict),
        "lacking": tables.needed_text(verdict),
        "numerator": None if plain else count.numerator,
        "denominator": None if plain else count.denominator,
        "value": _value(verdict),
        "value_unit": tables.unit_label(verdict.value_unit),
        "demand": tables.target_text(verdict),
        "target": verdict.target,
        "outcome": tables.outcome_label(verdict),
        "needed": _needed(verdict),
        "needed_unit": tables.unit_label(count.needed_unit) if verdict.needed else "",
    }


def _value(verdict: Verdict) -> Cell:
    """The value, as the quotient of its numerator and denominator where it is one."""
    value, count = verdict.value, verdict.count
    if value is None or not count.denominator or value != count.scale * count.numerator / count.denominator:
        return value
    if count.denominator == 1 and count.scale == 1:
        return value
    scale = "" if count.scale == 1 else f"{count.scale}*"
    return Worked(value, f"{scale}{{numerator}}/{{denominator}}")


def _needed(verdict: Verdict) -> Cell:
    """What is missing, with its sum where that is what the numerator lacks of its share of the denominator."""
    count, target = verdict.count, verdict.target
    if verdict.needed is None or target is None or count.denominator is None:
        return verdict.needed
    if verdict.comparator is not Comparator.AT_LEAST or verdict.value is None:
        return verdict.needed
    lacking = max(Fraction(0), target * count.denominator / count.scale - count.numerator)
    sum_ = f"{{target}}*{{denominator}}/{count.scale}-{{numerator}}"
    if lacking == verdict.needed:
        return Worked(verdict.needed, f"MAX(0,ROUND({sum_},9))")
    if math.ceil(lacking) == verdict.needed:
        return Worked(verdict.needed, f"MAX(0,ROUNDUP(ROUND({sum_},9),0))")
    return verdict.needed


def beds(material: Material) -> Sheet:
    """The county's and every facility's figures of beds, with those to add."""
    return _of_fields(material, "beds", _("床位增设"), _BED_FIELDS, ("county", "facility"))


def land(material: Material) -> Sheet:
    """The county's and the townships' figures of land, with what is missing."""
    return _of_fields(material, "land", _("用地"), _LAND_FIELDS, ("county", "township"))


def _of_fields(material: Material, name: str, title: str, fields: frozenset[str], levels: tuple[str, ...]) -> Sheet:
    rows = [
        _row(verdict)
        for verdict in material.assessment.verdicts
        if verdict.count.level in levels and MEASURES[verdict.rule.measure].fields_of(verdict.rule) & fields
    ]
    columns = (Column("name", _("指标"), Kind.LONG, 32), *_figure_columns())
    return Sheet(name, title, columns, tuple(rows))


def township_matrix(material: Material) -> Sheet:
    """Townships down, the rules that speak of townships across."""
    of_towns = [verdict for verdict in material.assessment.verdicts if verdict.count.level == "township"]
    rules = {verdict.rule.id: tables.rule_name(verdict) for verdict in of_towns}
    rows: dict[str, dict[str, Cell]] = {}
    for verdict in of_towns:
        row = rows.setdefault(verdict.count.unit, {"unit": verdict.count.unit, "name": verdict.count.unit_name})
        row[verdict.rule.id] = matrix_text(verdict)
    of_rules = (Column(rule, name, Kind.OUTCOME, 20) for rule, name in rules.items())
    columns = (Column("unit", _("代码"), width=14), Column("name", _("镇街"), width=16), *of_rules)
    return Sheet("township_rules", _("镇街逐项"), columns, tuple(rows.values()))


def matrix_text(verdict: Verdict) -> str:
    """A verdict in one cell: the symbol first, as everywhere."""
    value = tables.value_text(verdict)
    if verdict.outcome is Outcome.INFORMATIONAL:
        return value
    return f"{tables.outcome_label(verdict)} {value}" if verdict.value is not None else tables.outcome_label(verdict)
