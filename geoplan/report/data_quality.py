"""What is wrong with the data, for readers: a table on a terminal, JSON, a GeoPackage of the places, a one-page statement."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from geoplan import crs as crs_
from geoplan.doctor import CHECKS, Finding, spec_of
from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.model import Severity
from geoplan.report import tables
from geoplan.report.documents.about_sheets import finding_sheet, layer_label, repair_sheet, source_sheet
from geoplan.report.documents.sheet import Sheet, texts
from geoplan.report.documents.statement import held_against, summary, synthetic_warning, write_statement
from geoplan.report.repair_words import repair_text
from geoplan.report.writing import whole_files

PLACES, STATEMENT, WORD_STATEMENT = "data-problems.gpkg", "data-quality.md", "data-quality.docx"
_LABELS = {check.id: check.label for check in CHECKS}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: ""}
_LAYERS = ("points", "lines", "areas")
_MOST_PLACES = 1_000
_MOST_PROBLEMS = 25


def show_findings(layers: Layers, findings: Sequence[Finding], console: Console) -> None:
    """Print what was found, the worst first, and which repairs there are."""
    console.print(Text(summary(layers, findings), style="bold"))
    if tables.made_up(layers.manifest):
        console.print(Text(f"⚠ {tables.made_up(layers.manifest)}", style="yellow"))
    if not findings:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in (_("程度"), _("图层"), _("数量"), _("问题"), _("处理")):
        table.add_column(head, overflow="fold")
    for found in findings:
        severity = found.problem.severity
        table.add_row(
            Text(_(tables.SEVERITY_LABELS[severity]), style=_COLOURS[severity]),
            layer_label(found.problem.layer),
            count_text(found),
            escape(_message(found)),
            escape(found.problem.remedy),
        )
    console.print(table)
    offered = dict.fromkeys(
        f"--repair {shlex.quote(spec_of(found, repair))}  {repair_text(repair)}"
        for found in findings
        for repair in found.repairs
    )
    if offered:
        console.print(Text(_("核实之后可用的修补（写进 manifest.toml，随时可用 --revert 撤销）："), style="bold"))
        for line in offered:
            console.print(Text(f"  {line}"))


def count_text(found: Finding) -> str:
    """How much of it there is; a dash where that cannot be counted."""
    return f"{found.count:,}" if found.count else "—"


def _message(found: Finding) -> str:
    """The problem with the first rows that it is about."""
    most = 5
    rows = found.problem.rows
    shown = _("、").join(rows[:most]) + (_(" 等") if len(rows) > most else "")
    return found.problem.message + (_("（{rows}）").format(rows=shown) if shown else "")


def findings_text(layers: Layers, findings: Sequence[Finding]) -> str:
    """Everything that was found as one JSON object."""
    record = {
        "workspace": layers.manifest.name,
        "synthetic": list(layers.manifest.synthetic_roles),
        "checks": [check.id for check in CHECKS],
        "findings": [_record(layers, found) for found in findings],
    }
    return json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False)


def _record(layers: Layers, found: Finding) -> dict[str, Any]:
    """A finding; of its places the first as longitude and latitude."""
    return {
        "check": found.check,
        **tables.problem_record(found.problem),
        "count": found.count,
        "places": lonlat_of(layers, found)[:_MOST_PLACES],
        "repairs": [spec_of(found, repair) for repair in found.repairs],
    }


def lonlat_of(layers: Layers, found: Finding) -> list[list[float]]:
    """A point of each place of a finding, in WGS84 degrees (longitude, latitude)."""
    if not found.where:
        return []
    frame = gpd.GeoDataFrame(geometry=list(found.where), crs=layers.crs)
    points = crs_.lonlat(frame.set_geometry(frame.geometry.representative_point()))
    return [list(place) for place in shapely.get_coordinates(points.geometry.to_numpy()).round(6).tolist()]


def write_findings(layers: Layers, findings: Sequence[Finding], folder: Path) -> list[Path]:
    """Write the places of all problems and the statement, both or neither.

    Raises:
        OutputError: the folder cannot be written; what was there stays.
    """
    with whole_files(folder) as scratch:
        written = [STATEMENT, WORD_STATEMENT]
        (scratch / STATEMENT).write_text(statement(layers, findings), encoding="utf-8")
        write_statement(layers, findings, scratch / WORD_STATEMENT)
        for number, frame in enumerate(place_layers(layers, findings)):
            if len(frame):
                pyogrio.write_dataframe(frame, scratch / PLACES, layer=_LAYERS[number], append=number > 0)
                written.append(PLACES)
    return [folder / name for name in dict.fromkeys(written)]


def place_layers(layers: Layers, findings: Sequence[Finding]) -> list[gpd.GeoDataFrame]:
    """Points, lines and areas where something is wrong, each with what and what to do, in the layers' CRS."""
    rows = [
        {
            "severity": _(tables.SEVERITY_LABELS[found.problem.severity]),
            "layer": found.problem.layer,
            "check": _(_LABELS[found.check]) if found.check else "",
            "message": found.problem.message,
            "remedy": found.problem.remedy,
            "synthetic": tables.made_up(layers.manifest),
            "geometry": part,
        }
        for found in findings
        for place in found.where
        for part in shapely.get_parts(place)
    ]
    columns = ("severity", "layer", "check", "message", "remedy", "synthetic", "geometry")
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=list(columns)), geometry="geometry", crs=layers.crs)
    dimension = shapely.get_dimensions(frame.geometry.to_numpy())
    return [frame[dimension == number] for number in range(len(_LAYERS))]


def statement(layers: Layers, findings: Sequence[Finding]) -> str:
    """The data-quality statement of a plan, in Markdown: what it rests on, what is wrong with it, what was mended."""
    lines = [f"# {_('数据质量说明')}", "", summary(layers, findings) + held_against(layers), ""]
    if synthetic_warning(layers):
        lines += [f"**{synthetic_warning(layers)}**", ""]
    sources = source_sheet(layers)
    lines += [
        f"## {sources.title}",
        "",
        *_markdown(sources, "layer", "rows", "source", "as_of", "licence", "nature"),
        "",
    ]
    shown = findings[:_MOST_PROBLEMS]
    found = finding_sheet(shown)
    lines += [f"## {found.title}", ""]
    lines += _markdown(found, "severity", "layer", "message", "count", "remedy") if shown else [_("没有发现问题。")]
    if len(findings) > len(shown):
        lines += ["", _("另有 {count} 项提示，见 {file}。").format(count=len(findings) - len(shown), file=PLACES)]
    mended = repair_sheet(layers)
    if mended.rows:
        lines += ["", f"## {mended.title}", "", *mended.notes, "", *_markdown(mended, "layer", "repair", "rows", "on")]
    return "\n".join([*lines, ""])


def _markdown(sheet: Sheet, *keys: str) -> list[str]:
    """Columns of a sheet as a Markdown table."""
    columns = sheet.chosen(*keys)
    rows = [[column.title for column in columns], ["---"] * len(columns), *texts(sheet, columns)]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
