"""Alternatives beside their base: as a JSON object, tables, GeoPackage layers, and on a terminal."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geoplan.compare import ADDED, AMOUNTS, CHANGED, FARTHER, GAINS, LOSES, MOVED, NEARER, REMOVED, SAME, Comparison
from geoplan.i18n import _, mark
from geoplan.model import Verdict
from geoplan.report import reach, tables
from geoplan.report.field_words import choices, field_label, field_of
from geoplan.report.writing import whole_files

GEOPACKAGE, JSON_FILE, VERDICTS_CSV = "comparison.gpkg", "comparison.json", "comparison.csv"

CHANGE_LABELS: Mapping[str, str] = {
    GAINS: mark("新增覆盖"),
    LOSES: mark("失去覆盖"),
    NEARER: mark("更近"),
    FARTHER: mark("更远"),
    SAME: mark("不变"),
    ADDED: mark("新增"),
    REMOVED: mark("移除"),
    MOVED: mark("移动"),
    CHANGED: mark("修改"),
}
AMOUNT_LABELS: Mapping[str, str] = {
    "beds": mark("床位（张）"),
    "nursing_beds": mark("护理型床位（张）"),
    "floor_area_m2": mark("建筑面积（m²）"),
    "site_area_m2": mark("用地面积（m²）"),
    "parcel_m2": mark("规划地块（m²）"),
}
Comparisons = Mapping[str, Comparison]
"""The alternatives by name, in the order they are shown; all against one base."""


def comparison_record(comparisons: Comparisons) -> dict[str, Any]:
    """What differs, for machines: figures as in the JSON of an assessment, only rows that differ."""
    return {"alternatives": [{"name": name} | _record(comparison) for name, comparison in comparisons.items()]}


def _record(comparison: Comparison) -> dict[str, Any]:
    moved = comparison.people[comparison.people["change"] != SAME]
    return {
        "verdicts": [_verdict_record(row) for row in comparison.verdicts.to_dict("records") if row["changed"]],
        "coverage": [_plain_row(row) for row in comparison.coverage.to_dict("records")],
        "people": [_plain_row(row) for row in moved.drop(columns="geometry").to_dict("records")],
        "facilities": [
            {key: row[key] for key in ("facility_id", "name", "change")}
            | {"moved_m": None if np.isinf(row["moved_m"]) else round(row["moved_m"], 3)}
            | {"fields": [dict(zip(("field", "before", "after"), field, strict=True)) for field in row["fields"]]}
            for row in comparison.facilities.to_dict("records")
        ],
        "amounts": [
            {"amount": row["amount"], "before": float(row["sum_before"]), "after": float(row["sum_after"])}
            | {key: int(row[key]) for key in ("unknown_before", "unknown_after", "rows_before", "rows_after")}
            for row in comparison.amounts.to_dict("records")
        ],
    }


def _verdict_record(row: Mapping[str, Any]) -> dict[str, Any]:
    sides = {
        side: None if verdict is None else tables.verdict_record(verdict)
        for side, verdict in (("before", row["before"]), ("after", row["after"]))
    }
    return {key: row[key] for key in ("rule", "indicator", "unit", "unit_name", "level", "flipped")} | sides


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Cells as JSON knows them: unknown is null, whole numbers have no point."""
    return {str(key): _cell(value) for key, value in row.items()}


def _cell(value: object) -> object:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating):
        return int(value) if float(value).is_integer() else float(value)
    return int(value) if isinstance(value, np.integer) else value


def headings(comparisons: Comparisons) -> dict[str, str]:
    """The word over each alternative's column: its name, in quotation marks where it is that of another column."""
    others = {_("指标"), base_heading(), _("项目"), _("服务"), _("单元"), _("代码"), _("文件")}
    return {name: _("“{name}”").format(name=name) if name in others else name for name in comparisons}


def base_heading() -> str:
    """The word over the column of what the alternatives are held against."""
    return _("工作区现状")


def verdict_matrix(comparisons: Comparisons, *, flipped_only: bool = False) -> pd.DataFrame:
    """The county's rules down, the base and each alternative across, as text in the current language."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    keep: set[tuple[str, str]] = set()
    over, base = headings(comparisons), base_heading()
    for name, comparison in comparisons.items():
        for row in comparison.verdicts.to_dict("records"):
            if row["level"] != "county":
                continue
            key = (row["rule"], row["unit"])
            known = row["after"] or row["before"]
            entry = rows.setdefault(key, {_("指标"): tables.rule_name(known), base: _verdict_text(row["before"])})
            entry[over[name]] = _verdict_text(row["after"])
            if row["flipped"]:
                keep.add(key)
    table = pd.DataFrame([row for key, row in rows.items() if key in keep or not flipped_only])
    return table.reindex(columns=[_("指标"), base, *over.values()]).fillna("—")


def _verdict_text(verdict: Verdict | None) -> str:
    return "—" if verdict is None else f"{tables.value_text(verdict)} {tables.outcome_label(verdict)}"


def coverage_matrix(comparisons: Comparisons, group: str) -> pd.DataFrame:
    """Services and units down; people covered in the base, and gained and lost by each alternative."""
    parts: list[pd.DataFrame] = []
    for name, comparison in comparisons.items():
        rows = comparison.coverage[comparison.coverage["group"] == group]
        rows = rows.set_index(["service", "unit", "unit_name"])
        if not parts:
            parts.append(rows[["covered_before"]].rename(columns={"covered_before": base_heading()}))
        signs = {"gained": f"{name} +", "lost": f"{name} −"}
        parts.append(rows[list(signs)].rename(columns=signs))
    return pd.concat(parts, axis=1).reset_index()


def write_comparison(comparisons: Comparisons, out: Path) -> list[Path]:
    """Write the GeoPackage, the CSV of verdicts and the JSON of a comparison into a folder.

    Layers for the n-th alternative: ``units_n`` (people gained and lost per unit and group), ``people_n`` (demand points
    with what changed), ``facilities_n`` (those touched), and ``about`` with the names. CRS of the layers.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    with whole_files(out) as scratch:
        (scratch / JSON_FILE).write_text(comparison_text(comparisons) + "\n", encoding="utf-8")
        matrix = verdict_matrix(comparisons).map(tables.plain).rename(columns=tables.plain)
        matrix.to_csv(scratch / VERDICTS_CSV, index=False, encoding="utf-8-sig")
        for number, (name, comparison) in enumerate(comparisons.items(), start=1):
            _write_layers(comparison, number, scratch / GEOPACKAGE, name)
        about = pd.DataFrame(list(enumerate(comparisons, start=1)), columns=["number", "name"])
        pyogrio.write_dataframe(about, scratch / GEOPACKAGE, layer="about", driver="GPKG", append=True)
    return [out / name for name in (GEOPACKAGE, VERDICTS_CSV, JSON_FILE)]


def comparison_bundle(comparisons: Comparisons) -> bytes:
    """All files of ``write_comparison`` in one ZIP.

    Raises:
        OutputError: there is no room for them.
    """
    with tempfile.TemporaryDirectory() as folder, io.BytesIO() as archive:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
            for file in write_comparison(comparisons, Path(folder) / "comparison"):
                bundle.write(file, file.name)
        return archive.getvalue()


def comparison_text(comparisons: Comparisons) -> str:
    """The comparison as one JSON object."""
    return json.dumps(comparison_record(comparisons), ensure_ascii=False, indent=1, allow_nan=False)


def _write_layers(comparison: Comparison, number: int, file: Path, name: str) -> None:
    label = _("；").join(part for part in (name, tables.synthetic_label(comparison.base)) if part)
    facilities = comparison.facilities.assign(
        change_name=_change_names(comparison.facilities),
        fields=[json.dumps(fields, ensure_ascii=False) for fields in comparison.facilities["fields"]],
        moved_m=comparison.facilities["moved_m"].replace(np.inf, np.nan).to_numpy(float),
    )
    people = comparison.people
    people = people.assign(
        change_name=_change_names(people),
        ms_before=people["ms_before"].to_numpy(float, na_value=np.nan),
        ms_after=people["ms_after"].to_numpy(float, na_value=np.nan),
    )
    layers = {"units": _units(comparison), "people": people, "facilities": facilities}
    for layer, frame in layers.items():
        if frame is not None and len(frame):
            options = {"DESCRIPTION": label}
            pyogrio.write_dataframe(frame, file, layer=f"{layer}_{number}", driver="GPKG", layer_options=options)


def _change_names(rows: pd.DataFrame) -> list[str]:
    return [_(CHANGE_LABELS[change]) for change in rows["change"]]


def _units(comparison: Comparison) -> gpd.GeoDataFrame | None:
    units = comparison.base.layers.get("units")
    if units is None:
        return None
    rows = comparison.coverage.drop(columns=["unit_name", "level"])
    return units.merge(rows, left_on="unit_code", right_on="unit", how="inner").drop(columns="unit")


def show_comparison(comparisons: Comparisons, console: Console) -> None:
    """Print what differs: verdicts that flip, people gained and lost, facilities touched, amounts used."""
    flips = verdict_matrix(comparisons, flipped_only=True)
    if flips.empty:
        console.print(_("各方案的县级结论与现状相同。"))
    else:
        console.print(_printed(_("结论变化"), flips))
    first = next(iter(comparisons.values()))
    group = reach.group_of(first.base.coverages[0])
    coverage = coverage_matrix(comparisons, group).drop(columns="unit")
    coverage = coverage.rename(columns={"service": _("服务"), "unit_name": _("单元")})
    who = _("60岁以上") if group == "pop60" else _("总人口")
    console.print(_printed(_("覆盖人口（{who}）：现状，各方案新增与失去").format(who=who), coverage))
    for name, comparison in comparisons.items():
        console.print(_printed(_("{name}：涉及的设施").format(name=name), touched_table(comparison)))
    console.print(_printed(_("用量"), amount_matrix(comparisons)))


def touched_table(comparison: Comparison) -> pd.DataFrame:
    """The facilities that differ: what became of them, and each changed field before and after, as text."""
    rows = comparison.facilities.drop(columns="geometry")
    made = {row["facility_id"]: row for row in comparison.other.layers.frames["facilities"].to_dict("records")}
    return pd.DataFrame(
        [
            {
                _("编号"): row["facility_id"],
                _("名称"): row["name"],
                _("变化"): change,
                _("内容"): _made_text(made[row["facility_id"]])
                if row["change"] == ADDED
                else _("；").join(_field_text(*field) for field in row["fields"]),
            }
            for row, change in zip(rows.to_dict("records"), _change_names(rows), strict=True)
        ],
        columns=[_("编号"), _("名称"), _("变化"), _("内容")],
    )


def _made_text(row: Mapping[str, Any]) -> str:
    """What a new facility is: the fields that say most of it, where they are known."""
    kind = choices(field_of("facilities", "kind")).get(row["kind"], row["kind"])
    amounts = {name: row[name] for name in AMOUNTS if not np.isnan(row[name])}
    told = {"kind": kind} | {name: tables.figure(Fraction(amount)) for name, amount in amounts.items()}
    return _("，").join(f"{field_label(name)} {text}" for name, text in told.items())


def _field_text(name: str, before: str, after: str) -> str:
    """A changed field with its values as words, ``状态：现状 → 撤并``."""
    words = choices(field_of("facilities", name))
    texts = [_("、").join(words.get(code, code) for code in cell.split("|")) for cell in (before, after)]
    return _("{field}：{before} → {after}").format(
        field=field_label(name), **dict(zip(("before", "after"), (text or "—" for text in texts), strict=True))
    )


def amount_matrix(comparisons: Comparisons) -> pd.DataFrame:
    """Beds, floor area and land down, the base and each alternative across, as text; blank cells are told."""
    over = headings(comparisons)
    columns: dict[str, pd.Series] = {}
    for name, comparison in comparisons.items():
        rows = comparison.amounts.set_index("amount")
        columns.setdefault(base_heading(), _amounts(rows, "before"))
        columns[over[name]] = _amounts(rows, "after")
    known = pd.DataFrame(columns)
    table = known.reindex([amount for amount in AMOUNT_LABELS if amount in known.index])
    table = table.fillna(tables.figure(Fraction(0)))  # of land that one alternative has planned and another has not
    table.insert(0, _("项目"), [_(AMOUNT_LABELS[amount]) for amount in table.index])
    return table


def _amounts(rows: pd.DataFrame, side: str) -> pd.Series:
    """Sums of what is known; a dash where nothing is, and how many cells are blank."""
    texts = []
    for known, unknown, rows_in_all in zip(
        rows[f"sum_{side}"], rows[f"unknown_{side}"], rows[f"rows_{side}"], strict=True
    ):
        text = "—" if unknown == rows_in_all and unknown else tables.figure(known)
        texts.append(_("（{count} 处未填）{sum}").format(sum=text, count=unknown) if unknown else text)
    return pd.Series(texts, index=rows.index)


def _printed(title: str, frame: pd.DataFrame) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    numeric = {column: pd.api.types.is_numeric_dtype(frame[column]) for column in frame.columns}
    for column in frame.columns:
        table.add_column(escape(str(column)), justify="right" if numeric[column] else "left")
    for row in frame.to_dict("records"):
        table.add_row(*(_printed_cell(row[column], number=numeric[column]) for column in frame.columns))
    return table


def _printed_cell(cell: Any, *, number: bool) -> str:
    if number:
        return "—" if np.isnan(cell) else f"{cell:,.0f}"
    return escape(str(cell))


__all__ = [
    "AMOUNT_LABELS",
    "CHANGE_LABELS",
    "Comparisons",
    "amount_matrix",
    "base_heading",
    "comparison_bundle",
    "comparison_record",
    "comparison_text",
    "coverage_matrix",
    "headings",
    "show_comparison",
    "touched_table",
    "verdict_matrix",
    "write_comparison",
]
