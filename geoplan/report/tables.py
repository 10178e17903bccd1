"""An assessment as rows: the one place where records become cells, for the screen, CSV, JSON and the GeoPackage."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.assess import Assessment
from geoplan.i18n import _, current, many, mark
from geoplan.layers import Manifest
from geoplan.model import (
    OUTCOME_LABELS,
    OUTCOME_SYMBOLS,
    Binding,
    Comparator,
    Outcome,
    Problem,
    Rule,
    Severity,
    Verdict,
)
from geoplan.report.assumed import assumptions
from geoplan.report.field_words import column_words
from geoplan.report.numbers import figure as figure  # noqa: PLC0414 - others ask for it here

BINDING_LABELS = {
    Binding.BINDING: mark("约束性"),
    Binding.EXPECTED: mark("预期性"),
    Binding.UNSTATED: mark("未注明"),
    Binding.ADVISORY: mark("原则性"),
}
SEVERITY_LABELS = {Severity.ERROR: mark("错误"), Severity.WARNING: mark("警告"), Severity.NOTE: mark("提示")}
_MOST_DIGITS = 12
_SEVERAL = Fraction(2)
YES_NO = "是/否"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def with_unit(value: Fraction | None, unit: str, unlike: Fraction | None = None, *, trim: bool = True) -> str:
    """A figure with its unit: no space before the per-cent sign. Land per person keeps four decimals.

    Args:
        unlike: a target that the figure must not seem to equal when it does not: 59.999% stays apart from 60%.
    """
    if unit == YES_NO:
        return "—" if value is None else _("是") if value else _("否")
    digits = 4 if unit == "m²/人" else 2
    while (
        unlike is not None
        and value not in {None, unlike}
        and digits < _MOST_DIGITS
        and figure(value, digits) == figure(unlike, digits)
    ):
        digits += 1
    text = figure(value, digits, trim=trim)
    return (
        text if value is None else f"{text}{unit_label(unit)}" if unit == "%" else f"{text} {unit_label(unit, value)}"
    )


def value_text(verdict: Verdict) -> str:
    """A verdict's value with its unit, in as many digits as it takes to tell it from its target; plain numbers trimmed."""
    trim = verdict.count.scale == 1 and verdict.count.denominator == 1
    return with_unit(verdict.value, verdict.value_unit, unlike=verdict.target, trim=trim)


def unit_label(unit: str, value: Fraction = _SEVERAL) -> str:
    """The word for a unit; blank for none.

    Args:
        value: how many there are; several where it is not known.
    """
    return many(unit, value) if unit else ""


# The units that packs use, marked for translation.
UNITS = (
    *(
        mark("m²/人"),
        mark("m²/百户"),
        mark("m²/床"),
        mark("个"),
        mark("处"),
        mark("人"),
        mark("张"),
        mark("家"),
        mark("所"),
    ),
    *(
        mark("项"),
        mark("户"),
        mark("人次"),
        mark("万人次"),
        mark("名"),
        mark("支"),
        mark("年"),
        mark("级"),
        mark("分钟"),
    ),
    *(mark("张/千老人"), mark("人/千老人"), mark("张/千人")),
)


def rule_name(verdict: Verdict) -> str:
    """The rule's name in the current language."""
    return name_of(verdict.rule)


def name_of(rule: Rule) -> str:
    """A rule's name in the current language."""
    return rule.name_en if current() == "en" else rule.name


def outcome_label(verdict: Verdict) -> str:
    """Symbol and word of a verdict."""
    return f"{OUTCOME_SYMBOLS[verdict.outcome]} {_(OUTCOME_LABELS[verdict.outcome])}"


def target_text(verdict: Verdict) -> str:
    """What is demanded, ``≥ 60%``."""
    if verdict.count.target is not None:
        return f"≥ {with_unit(verdict.target, verdict.value_unit)}"
    return "—" if verdict.target is None else demand_text(verdict.rule)


def demand_text(rule: Rule) -> str:
    """What a rule demands before it is held against anything: ``≥ 60%``, ``18–44 m²/床``, ``约 70%（±5）``."""
    if rule.target is None:
        return "—"
    target = with_unit(rule.target, rule.value_unit)
    if rule.value_unit == YES_NO:
        return target
    if rule.comparator is Comparator.BETWEEN:
        return f"{figure(rule.target)}–{with_unit(rule.upper, rule.value_unit)}"
    if rule.comparator is Comparator.ABOUT:
        return _("约 {target}（±{tolerance}）").format(target=target, tolerance=figure(rule.tolerance))
    return f"{_SIGNS[rule.comparator]} {target}"


_SIGNS = {Comparator.AT_LEAST: "≥", Comparator.AT_MOST: "≤", Comparator.EQUAL: "="}


def needed_text(verdict: Verdict) -> str:
    """What is still missing, blank when nothing is."""
    return (
        ""
        if verdict.count.needed_unit == YES_NO or not verdict.needed
        else with_unit(verdict.needed, verdict.count.needed_unit)
    )


def source_text(verdict: Verdict) -> str:
    """Document and section, and the packs that a rule was inherited through."""
    clause = verdict.rule.clause
    chain = _("（继承自 {chain}）").format(chain=" ← ".join(verdict.rule.chain)) if verdict.rule.chain else ""
    return f"{clause.document} {clause.section}{chain}"


def count_text(verdict: Verdict) -> str:
    """What was counted over what it was divided by, ``6 / 10``; blank for a plain number, which its value tells."""
    count = verdict.count
    if verdict.value is None or count.denominator is None or (count.denominator == 1 and count.scale == 1):
        return ""
    return f"{figure(count.numerator)} / {figure(count.denominator)}"


def missing_text(verdict: Verdict) -> str:
    """Which blank cells keep it from being evaluated or do not matter, and what is worth knowing about the count."""
    fields = _("、").join(map(column_words, verdict.count.missing))
    absent = ""
    if fields and verdict.outcome is Outcome.NOT_EVALUABLE:
        absent = _("缺少 {fields}").format(fields=fields)
    elif fields:
        absent = _("{fields}有空值，不影响结论").format(fields=fields)
    return _("；").join(text for text in (verdict.count.note, absent) if text)


def reading_text(rule: Rule) -> str:
    """Which reading of the plan was taken and why, in the current language; blank where the plan is clear."""
    text = (rule.note_en or rule.note) if current() == "en" else rule.note
    return text.rstrip("。.")


def divided_text(rule: Rule) -> str:
    """The plan's words for what is counted and divided by, ``护理型床位 ÷ 床位``; blank where it has none."""
    return " ÷ ".join(words for words in (rule.numerator, rule.denominator) if words)


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict for machines; names are fixed, figures exact as text beside the number."""
    rule, count = verdict.rule, verdict.count
    return {
        "rule": rule.id,
        "indicator": rule.indicator,
        "name": rule.name,
        "unit": count.unit,
        "unit_name": count.unit_name,
        "level": count.level,
        "value": _number(verdict.value),
        "value_exact": None if verdict.value is None else str(verdict.value),
        "value_unit": verdict.value_unit,
        "target": _number(verdict.target),
        "target_upper": _number(rule.upper) if count.target is None else None,
        "tolerance": _number(rule.tolerance) if verdict.comparator is Comparator.ABOUT else None,
        "comparator": verdict.comparator.value,
        "verdict": verdict.outcome.value,
        "binding": rule.binding.value,
        "needed": _number(verdict.needed),
        "needed_unit": count.needed_unit,
        "numerator": _number(count.numerator),
        "denominator": _number(count.denominator),
        "counted": list(count.counted),
        "of": list(count.of),
        "support": list(count.support),
        "missing": list(count.missing),
        "note": count.note,
        "due": rule.due.isoformat() if rule.due else None,
        "document": rule.clause.document,
        "section": rule.clause.section,
        "quote": rule.clause.quote,
        "also": [{"section": clause.section, "quote": clause.quote} for clause in rule.also],
        "inherited_from": list(rule.chain),
        "numerator_text": rule.numerator,
        "denominator_text": rule.denominator,
        "reading": rule.note,
        "reading_en": rule.note_en,
        "assumed": list(rule.assumed),
    }


def _number(value: Fraction | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def verdict_table(assessment: Assessment) -> pd.DataFrame:
    """All verdicts for readers, in the current language, as text that a spreadsheet does not take for a formula.

    With several packs all of theirs, the first pack's before the others'.
    """
    label = synthetic_label(assessment)
    each = [
        (assessment.pack.id, assessment.verdicts),
        *((found.pack.id, found.verdicts) for found in assessment.beside),
    ]
    rows = [
        {
            _("指标"): rule_name(verdict),
            _("层级"): level_label(verdict.count.level),
            _("代码"): verdict.count.unit,
            _("名称"): verdict.count.unit_name,
            _("计数"): count_text(verdict),
            _("现值"): "" if verdict.value is None else figure(verdict.value, 4),
            _("目标"): "" if verdict.target is None else figure(verdict.target, 4),
            _("单位"): unit_label(verdict.value_unit),
            _("结论"): outcome_label(verdict),
            _("还需"): "" if not verdict.needed else figure(verdict.needed, 2),
            _("还需单位"): unit_label(verdict.count.needed_unit) if verdict.needed else "",
            _("约束力"): _(BINDING_LABELS[verdict.rule.binding]),
            _("期限"): verdict.rule.due.isoformat() if verdict.rule.due else "",
            _("说明"): missing_text(verdict),
            _("依据"): source_text(verdict),
            _("原文"): verdict.rule.clause.quote,
            _("解读"): reading_text(verdict.rule),
            _("假设"): assumptions(verdict.rule),
            _("分子与分母"): divided_text(verdict.rule),
            _("规则"): verdict.rule.id,
            _("规则包"): pack,
            _("数据性质"): label,
        }
        for pack, verdicts in each
        for verdict in verdicts
    ]
    return pd.DataFrame(rows).map(plain)


def plain(cell: object) -> object:
    """Text that begins like a formula, made harmless for spreadsheets by a leading apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


LEVEL_LABELS = {
    "county": mark("县（市、区）"),
    "township": mark("镇街"),
    "village": mark("村居"),
    "unit": mark("行政单元"),
    "estate": mark("小区"),
    "facility": mark("设施"),
    "asset": mark("闲置资产"),
}


def level_label(level: str) -> str:
    """The word for a level of units."""
    return _(LEVEL_LABELS.get(level, level))


def row_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Every row as a dictionary of Python values; of a million rows in a third of the time of ``to_dict``."""
    names = [str(name) for name in frame.columns]
    cells = [frame[name].to_numpy(object).tolist() for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def synthetic_label(assessment: Assessment) -> str:
    """What to write on every output when a layer is synthetic; blank when none is."""
    return made_up(assessment.layers.manifest)


def made_up(manifest: Manifest) -> str:
    """The same of a workspace that was not assessed."""
    return _("含合成数据，仅供演示") if manifest.synthetic_roles else ""


def workspace_name(manifest: Manifest) -> str:
    """The workspace's name in the current language."""
    return manifest.name_en if current() == "en" else manifest.name


def place_name(assessment: Assessment) -> str:
    """The workspace's name in the current language, and the scenario's where one was worked in."""
    name = workspace_name(assessment.layers.manifest)
    if assessment.scenario is None:
        return name
    return _("{place} · 方案“{scenario}”").format(place=name, scenario=assessment.scenario.name)


def problem_record(problem: Problem) -> dict[str, Any]:
    """A data problem for machines."""
    return {
        "severity": problem.severity.value,
        "layer": problem.layer,
        "message": problem.message,
        "remedy": problem.remedy,
        "rows": list(problem.rows),
    }


def estates_with_verdict(assessment: Assessment) -> gpd.GeoDataFrame | None:
    """The estates with what they have, need and lack; None without an estates layer."""
    estates = assessment.layers.get("estates")
    if estates is None:
        return None
    rows = [
        {
            "estate_id": verdict.count.unit,
            "rule": verdict.rule.id,
            "verdict": verdict.outcome.value,
            "verdict_name": _label_of(verdict),
            "area_per_100_households": None if verdict.value is None else round(float(verdict.value), 4),
            "target": None if verdict.target is None else float(verdict.target),
            "shortfall_m2": None if verdict.needed is None else round(float(verdict.needed), 4),
            "missing": _("、").join(verdict.count.missing),
        }
        for verdict in assessment.verdicts
        if verdict.count.level == "estate" and verdict.rule.measure == "area_per_households"
    ]
    # An estate whose age is unknown stands under both rules, with the same outcome: one row is enough.
    table = pd.DataFrame(
        rows,
        columns=[
            "estate_id",
            "rule",
            "verdict",
            "verdict_name",
            "area_per_100_households",
            "target",
            "shortfall_m2",
            "missing",
        ],
    )
    return estates.merge(table.drop_duplicates("estate_id"), on="estate_id", how="left")


def _label_of(verdict: Verdict) -> str:
    return _(OUTCOME_LABELS[verdict.outcome])
