"""An assessment as tables for the screen: which columns, under which words, in which form. Figures come as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.assess import Assessment
from geoplan.coverage import OUTSIDE, Coverage
from geoplan.doctor import Finding
from geoplan.i18n import _
from geoplan.layers.schema import ERAS, FACILITY_STATUS, FUNCTIONS, ROLES, Field, FieldKind, label
from geoplan.model import (
    OUTCOME_LABELS,
    OUTCOME_SYMBOLS,
    REACH_LABELS,
    Outcome,
    Problem,
    Reach,
    Severity,
)
from geoplan.report import reach, stock, style, tables
from geoplan.report.change import Turn
from geoplan.report.data_quality import count_text
from geoplan.report.documents.about_sheets import layer_label
from geoplan.report.field_words import choices, column_words, field_label, in_words
from geoplan.report.sheet import sheet_bytes
from geoplan.web.places import ROLE_OF

TEXT, LONG, FIGURE = "text", "long", "figure"
"""Kinds of columns that hold text: a long one may take several lines, a figure has its unit and stands to the right."""
PEOPLE, AREA, SHARE, TIME, WHOLE, YEAR = "people", "area", "share", "time", "whole", "year"
"""Kinds of columns that hold numbers."""
_SHEET_FORMATS: Mapping[str, str] = MappingProxyType(
    {PEOPLE: "#,##0", AREA: "#,##0.00", SHARE: "0.00", TIME: "0.00", WHOLE: "#,##0", YEAR: "0"}
)
_OF_FIELDS: Mapping[FieldKind, str] = MappingProxyType(
    {FieldKind.PEOPLE: PEOPLE, FieldKind.WHOLE: WHOLE, FieldKind.SIGNED: WHOLE, FieldKind.YEAR: YEAR}
)
_DIGEST_SHOWN = 12
_SEVERITY_SYMBOLS: Mapping[Severity, str] = MappingProxyType(
    {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.NOTE: "i"}
)


@dataclass(frozen=True)
class Table:
    """Rows for a reader.

    Attributes:
        frame: its columns are the words over them, in the language of the question.
        kinds: for each column what it holds, which decides how it is aligned and formatted.
        ids: what names each row, where the map knows it; else empty.
        layer: the map's layer that the ids are of; blank where the map shows none of them.
    """

    frame: pd.DataFrame
    kinds: Mapping[str, str]
    ids: tuple[str, ...] = ()
    layer: str = ""

    def containing(self, text: str) -> Table:
        """The rows in which some cell contains the text, whatever its case."""
        wanted = text.strip().casefold()
        if not wanted:
            return self
        return self.where(self.frame.map(lambda cell: wanted in str(cell).casefold()).any(axis=1).to_numpy(bool))

    def of(self, ids: Collection[str]) -> Table:
        """The rows of these ids."""
        return self.where(np.array([name in ids for name in self.ids], bool))

    def where(self, kept: NDArray[np.bool_]) -> Table:
        """The rows that are marked True, in their order."""
        ids = tuple(name for name, stays in zip(self.ids, kept, strict=True) if stays) if self.ids else ()
        return replace(self, frame=self.frame[kept].reset_index(drop=True), ids=ids)

    def without_empty(self) -> Table:
        """Without the columns that say nothing in any row."""
        kinds = {word: kind for word, kind in self.kinds.items() if not self.frame[word].isin(["—", ""]).all()}
        return replace(self, frame=self.frame[list(kinds)], kinds=kinds)

    def places(self, ids: Collection[str]) -> list[int]:
        """Where the rows of these ids stand."""
        return [place for place, name in enumerate(self.ids) if name in ids]

    def csv(self, note: str) -> bytes:
        """The rows as CSV that office programs read right, without anything that they would take for a formula.

        Args:
            note: what is written beside every row when it is not blank: that the data are synthetic.
        """
        frame = self.frame.assign(**{_("数据性质"): note}) if note else self.frame
        return str(frame.map(tables.plain).to_csv(index=False)).encode("utf-8-sig")

    def xlsx(self, note: str) -> bytes:
        """The rows as a workbook; figures stay figures.

        Args:
            note: as in ``csv``.
        """
        frame = self.frame.assign(**{_("数据性质"): note}) if note else self.frame
        return sheet_bytes(
            frame, {word: _SHEET_FORMATS[kind] for word, kind in self.kinds.items() if kind in _SHEET_FORMATS}
        )


def table(rows: Iterable[Mapping[str, Any]], *columns: tuple[str, str, str], key: str = "", layer: str = "") -> Table:
    """A table from records and (key in the record, word over the column, kind).

    Args:
        key: what in the record names the row, where the map knows it.
        layer: the map's layer that the rows are of.
    """
    records = list(rows)
    columns = tuple((name, word[:1].upper() + word[1:], kind) for name, word, kind in columns)
    frame = pd.DataFrame({word: [row[key] for row in records] for key, word, _kind in columns})
    for _key, word, kind in columns:
        frame[word] = (
            frame[word].astype(str) if kind in {TEXT, LONG, FIGURE} else pd.to_numeric(frame[word]).astype(float)
        )
    ids = tuple(str(row[key]) for row in records) if key else ()
    return Table(frame, {word: kind for _key, word, kind in columns}, ids, layer)


def township_table(assessment: Assessment, coverage: Coverage) -> Table:
    """The account of people: the county first, then its townships; covered and the reasons why not add up to the total."""
    group, short = reach.group_of(coverage), stock.shortfalls(assessment, "township")
    rows = [
        {
            **row,
            "name": _unit_name(assessment, row),
            "share": _float(reach.covered_share(row, group)),
            "short": short.get(row["unit"], "—"),
        }
        for row in coverage.units.to_dict("records")
    ]
    reasons = [
        reason for reason in Reach if reason is not Reach.COVERED and coverage.units[f"{group}_{reason}"].sum() > 0
    ]
    return table(
        rows,
        ("unit", _("代码"), TEXT),
        ("name", _("单元"), TEXT),
        (group, _("60岁以上（人）") if group == "pop60" else _("总人口（人）"), PEOPLE),
        (f"{group}_covered", _("已覆盖（人）"), PEOPLE),
        *(
            (f"{group}_{reason}", _("{reason}（人）").format(reason=_(REACH_LABELS[reason])), PEOPLE)
            for reason in reasons
        ),
        ("share", _("覆盖率（%）"), SHARE),
        ("short", _("还需"), LONG),
        key="unit",
        layer="townships",
    )


def _unit_name(assessment: Assessment, row: Mapping[str, Any]) -> str:
    if row["unit_name"]:
        return str(row["unit_name"])
    return _("未划入镇街") if row["unit"] == OUTSIDE else tables.place_name(assessment)


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def demand_table(assessment: Assessment, coverage: Coverage) -> Table:
    """The demand points: how long to the nearest facility, and why not."""
    towns = town_names(assessment)
    rows = []
    for row in reach.demand_with_reach(assessment, coverage).drop(columns="geometry").to_dict("records"):
        over = row["excess_s"] if row["excess_s"] > 0 else np.nan
        rows.append(
            {**row, "over": over, "town": towns(row["township"]), "moved_word": _("是") if row["moved"] else ""}
        )
    return table(
        rows,
        ("demand_id", _("编号"), TEXT),
        ("name", _("名称"), TEXT),
        ("town", _("镇街"), TEXT),
        ("pop_total", _("总人口（人）"), PEOPLE),
        ("pop60", _("60岁以上（人）"), PEOPLE),
        ("reason", _("状态"), TEXT),
        ("minutes", _("所需时间（分钟）"), TIME),
        ("over", _("超出（秒）"), WHOLE),
        ("leg_m", _("离路（m）"), WHOLE),
        ("facility_name", _("最近设施"), TEXT),
        *((("moved_word", _("改接主网"), TEXT),) if coverage.demand["moved"].any() else ()),
        ("why", _("原因"), LONG),
        key="demand_id",
        layer="demand",
    )


def facility_table(assessment: Assessment, only: set[str] | None = None) -> Table:
    """The facilities with what they have and whom they reach; all of them, or some by id."""
    towns = town_names(assessment)
    rows = []
    for row in _facilities(assessment).to_dict("records"):
        if only is not None and row["facility_id"] not in only:
            continue
        kind = style.FACILITY_STYLES[row["kind"]].label
        words = {
            "kind_word": _(kind),
            "status_word": _(label(row["status"], FACILITY_STATUS)),
            "function_words": _listed(row["functions"]),
            "town": towns(row["township"]),
            "runs": _("是") if row["operating"] else _("否"),
        }
        rows.append({**row, **words})
    return table(
        rows,
        ("facility_id", _("编号"), TEXT),
        ("name", _("名称"), TEXT),
        ("kind_word", _("类型"), TEXT),
        ("town", _("镇街"), TEXT),
        ("runs", _("当年运营"), TEXT),
        ("beds", _("床位（张）"), PEOPLE),
        ("floor_area_m2", _("建筑面积（m²）"), AREA),
        ("site_area_m2", _("用地（m²）"), AREA),
        ("pop60_reached", _("可达60岁以上（人）"), PEOPLE),
        ("pop60_only", _("只有它能到的60岁以上（人）"), PEOPLE),
        ("pop60_shared", _("与其他设施重叠的60岁以上（人）"), PEOPLE),
        ("status_word", _("状态"), TEXT),
        ("function_words", _("功能"), TEXT),
        key="facility_id",
        layer="facilities",
    )


def _facilities(assessment: Assessment) -> pd.DataFrame:
    """Every facility with whom it reaches."""
    return reach.facilities_with_reach(assessment, assessment.coverages[0]).drop(columns="geometry")


def _listed(codes: str) -> str:
    return _("、").join(_(label(code, FUNCTIONS)) for code in codes.split("|") if code)


def estate_table(assessment: Assessment, only: set[str] | None = None) -> Table | None:
    """The estates with what they have, need and lack; all of them, or some by id. None without an estates layer."""
    estates = tables.estates_with_verdict(assessment)
    if estates is None:
        return None
    towns = town_names(assessment)
    rows = [
        {
            **row,
            "town": towns(row["township"]),
            "era_word": _(label(row["era"], ERAS)) if row["era"] else "—",
            "outcome": _outcome(row["verdict"]),
            "missing": _("、").join(map(column_words, _told(row["missing"]))),
        }
        for row in estates.drop(columns="geometry").to_dict("records")
        if only is None or row["estate_id"] in only
    ]
    return table(
        rows,
        ("estate_id", _("编号"), TEXT),
        ("name", _("名称"), TEXT),
        ("town", _("镇街"), TEXT),
        ("era_word", _("新旧"), TEXT),
        ("households", _("户数（户）"), PEOPLE),
        ("facility_area_m2", _("设施面积（m²）"), AREA),
        ("area_per_100_households", _("每百户（m²）"), AREA),
        ("target", _("目标（m²）"), AREA),
        ("outcome", _("结论"), TEXT),
        ("shortfall_m2", _("缺口（m²）"), AREA),
        ("missing", _("缺少字段"), TEXT),
        key="estate_id",
        layer="estates",
    )


def _told(fields: Any) -> list[str]:
    """The columns that are named in a cell."""
    return fields.split(_("、")) if isinstance(fields, str) and fields else []


def _outcome(value: Any) -> str:
    """Symbol and word; a dash where no rule speaks of the row."""
    if not isinstance(value, str):
        return "—"
    outcome = Outcome(value)
    return f"{OUTCOME_SYMBOLS[outcome]} {_(OUTCOME_LABELS[outcome])}"


def outcome_colours() -> dict[str, str]:
    """Symbol and word of every verdict to its colour."""
    return {_outcome(outcome.value): style.OUTCOME_COLOURS[outcome] for outcome in Outcome}


def colour_of(cell: object) -> str:
    """The colour of a verdict or of a change, which its symbol tells too; blank for any other cell."""
    text = str(cell)
    return outcome_colours().get(text) or next((colour for sign, colour in _TURNS.items() if text.startswith(sign)), "")


_TURNS: Mapping[str, str] = MappingProxyType(
    {
        Turn.BETTER.value: style.OUTCOME_COLOURS[Outcome.PASS],
        Turn.WORSE.value: style.OUTCOME_COLOURS[Outcome.FAIL],
        Turn.NEITHER.value: style.OUTCOME_COLOURS[Outcome.INFORMATIONAL],
    }
)


def town_names(assessment: Assessment) -> Callable[[str], str]:
    """From the code of a township to its name; a dash outside every township."""
    units = assessment.layers.get("units")
    names = {} if units is None else dict(zip(units["unit_code"], units["name"], strict=True))
    return lambda code: str(names.get(code, "—"))


def source_table(assessment: Assessment) -> Table:
    """What was loaded: for each layer its file, rows, source, licence, date, digest, and whether it is real."""
    layers = assessment.provenance["layers"]
    assert isinstance(layers, Mapping)  # noqa: S101 - narrows the type
    rows = [
        {
            **entry,
            "role": _(ROLES[role].label),
            **{key: entry[key] or _("未注明") for key in ("source", "licence", "as_of")},
            "digest": entry["digest"][:_DIGEST_SHOWN],
            "nature": _("合成") if entry["synthetic"] else _("真实"),
        }
        for role, entry in layers.items()
    ]
    return table(
        rows,
        ("role", _("图层"), TEXT),
        ("nature", _("性质"), TEXT),
        ("rows", _("行数"), PEOPLE),
        ("file", _("文件"), TEXT),
        ("source", _("来源"), LONG),
        ("licence", _("许可"), TEXT),
        ("as_of", _("日期"), TEXT),
        ("digest", _("内容摘要"), TEXT),
    )


def problem_table(findings: Iterable[Finding]) -> Table:
    """What is wrong, how much of it, and what to do about it."""
    rows = [
        {
            "severity": f"{_SEVERITY_SYMBOLS[problem.severity]} {_(tables.SEVERITY_LABELS[problem.severity])}",
            "layer": layer_label(problem.layer),
            "message": in_words(problem.message),
            "remedy": problem.remedy,
            "count": count_text(found),
        }
        for found in findings
        for problem in (found.problem,)
    ]
    return table(
        rows,
        ("severity", _("程度"), TEXT),
        ("layer", _("图层"), TEXT),
        ("count", _("数量"), FIGURE),
        ("message", _("问题"), LONG),
        ("remedy", _("处理"), LONG),
    )


def problem_rows(assessment: Assessment, problem: Problem) -> Table | None:
    """The rows of its layer that a problem names, every field of them; None where it names none that are there."""
    frame = assessment.layers.get(problem.layer)
    role = ROLES.get(problem.layer)
    if frame is None or role is None or not role.key:
        return None
    named = frame[frame[role.key].isin(problem.rows)]
    if named.empty:
        return None
    fields = [field for field in role.fields if not (named[field.name].isin([""]) | named[field.name].isna()).all()]
    numbers = {field.name for field in fields if pd.api.types.is_numeric_dtype(named[field.name])}
    kinds = {field.name: _OF_FIELDS.get(field.kind, AREA) if field.name in numbers else TEXT for field in fields}
    named = named.assign(**{field.name: _in_words(field, named[field.name]) for field in fields if choices(field)})
    columns = [(name, field_label(name), kind) for name, kind in kinds.items()]
    layer = next((layer for layer, (own, _key) in ROLE_OF.items() if own == problem.layer), "")
    return table(named.to_dict("records"), *columns, key=role.key, layer=layer)


def _in_words(field: Field, cells: pd.Series) -> pd.Series:
    """Coded cells as the words for their codes."""
    known = choices(field)
    return cells.map(lambda cell: _("、").join(known.get(code, code) for code in cell.split("|") if code))


def rule_table(assessment: Assessment) -> Table:
    """Every rule of the pack, also those that wait for another year: clause and quotation."""
    applied = {verdict.rule.id for verdict in assessment.verdicts}
    rows = [
        {
            "id": rule.id,
            "name": tables.name_of(rule),
            "due": rule.due.isoformat() if rule.due else "—",
            "demand": tables.demand_text(rule),
            "binding": _(tables.BINDING_LABELS[rule.binding]),
            "applied": _("是") if rule.id in applied else _("否"),
            "quote": rule.clause.quote,
            "source": f"{rule.clause.document} {rule.clause.section}",
        }
        for rule in assessment.pack.rules
    ]
    return table(
        rows,
        ("name", _("指标"), LONG),
        ("demand", _("目标"), FIGURE),
        ("due", _("期限"), TEXT),
        ("binding", _("约束力"), TEXT),
        ("applied", _("当年适用"), TEXT),
        ("quote", _("原文"), LONG),
        ("source", _("出处"), LONG),
        key="id",
    )
