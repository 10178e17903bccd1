"""The files of an assessment: written together, and under their names only when all of them are whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geoplan.assess import Assessment
from geoplan.causes import cause
from geoplan.errors import OutputError
from geoplan.i18n import _
from geoplan.layers import Progress
from geoplan.report import comparison, reach, tables
from geoplan.report.web_map import map_html

GEOPACKAGE, JSON_FILE, HTML_MAP = "assessment.gpkg", "assessment.json", "map.html"
VERDICTS_CSV, COVERAGE_CSV, DEMAND_CSV = "verdicts.csv", "coverage.csv", "demand.csv"
CONFLICTS_CSV, COMPARISON_CSV = "conflicts.csv", "comparison.csv"


def write_results(assessment: Assessment, out: Path, progress: Progress = lambda _stage: None) -> list[Path]:
    """Write the GeoPackage, the CSV tables, the JSON and the HTML map into a folder.

    They are made in a hidden folder beside their places and moved when all are done: a failure leaves what was there.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    writers = {
        GEOPACKAGE: _write_geopackage,
        VERDICTS_CSV: lambda result, path: _write_csv(tables.verdict_table(result), path),
        COVERAGE_CSV: lambda result, path: _write_csv(reach.coverage_table(result), path),
        DEMAND_CSV: lambda result, path: _write_csv(reach.demand_reach_table(result), path),
        JSON_FILE: _write_json,
        HTML_MAP: _write_map,
    }
    if assessment.conflicts:
        writers[CONFLICTS_CSV] = lambda result, path: _write_csv(comparison.conflict_table(result), path)
    if assessment.beside:
        writers[COMPARISON_CSV] = lambda result, path: _write_csv(comparison.comparison_table(result), path)
    try:
        out.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".geoplan-", dir=out))
    except OSError as error:
        raise OutputError(_("无法写入结果文件夹 {folder}：{error}").format(folder=out, error=cause(error))) from error
    try:
        for name, write in writers.items():
            progress(_("写出 {name}").format(name=name))
            write(assessment, scratch / name)
        for name in writers:
            os.replace(scratch / name, out / name)  # noqa: PTH105 - replaces on Windows too
        for name in {CONFLICTS_CSV, COMPARISON_CSV} - writers.keys():
            (out / name).unlink(missing_ok=True)  # of an earlier assessment, which this one is not
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise OutputError(_("结果没有写完，原有文件未改动：{error}").format(error=cause(error))) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [out / name for name in writers]


def assessment_record(assessment: Assessment) -> dict[str, Any]:
    """The whole assessment as the one JSON object that others may rely on."""
    about = _about(assessment)
    return {
        "workspace": about["workspace"],
        "pack": about["pack"],
        "scenario": assessment.scenario.name if assessment.scenario else None,
        "year": about["year"],
        "verdicts": [tables.verdict_record(verdict) for verdict in assessment.verdicts],
        "conflicts": [comparison.conflict_record(conflict) for conflict in assessment.conflicts],
        **comparison.packs_record(assessment),
        "coverage": reach.coverage_records(assessment.coverages),
        "sensitivity": about["sensitivity"],
        "uncovered": [record for c in assessment.coverages for record in reach.uncovered_records(assessment, c)],
        "facilities": [record for c in assessment.coverages for record in reach.facility_records(c)],
        "problems": about["problems"],
        "provenance": about["provenance"],
    }


def _about(assessment: Assessment) -> dict[str, Any]:
    """What the figures are of and rest on, without the rows."""
    manifest = assessment.layers.manifest
    return {
        "workspace": {
            "name": manifest.name,
            "name_en": manifest.name_en,
            "synthetic": list(manifest.synthetic_roles),
            "note": tables.synthetic_label(assessment),
        },
        "pack": {"id": assessment.pack.id, "name": assessment.pack.name, "chain": list(assessment.pack.chain)},
        "year": assessment.year,
        "provenance": dict(assessment.provenance),
        "problems": [tables.problem_record(problem) for problem in assessment.problems],
        "sensitivity": [
            {"speed_mps": speed, **record}
            for speed, coverages in assessment.sensitivity.items()
            for record in reach.coverage_records(coverages)
        ],
    }


def json_text(assessment: Assessment) -> str:
    """The assessment as one JSON object."""
    return json.dumps(assessment_record(assessment), ensure_ascii=False, indent=1, allow_nan=False)


def _write_json(assessment: Assessment, path: Path) -> None:
    path.write_text(json_text(assessment) + "\n", encoding="utf-8")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    # With a byte-order mark, so that office programs read Chinese right at a double click.
    table.to_csv(path, index=False, encoding="utf-8-sig")


def _write_map(assessment: Assessment, path: Path) -> None:
    path.write_text(map_html(assessment), encoding="utf-8")


def _write_geopackage(assessment: Assessment, path: Path) -> None:
    """Layers ``units``, ``demand``, ``facilities``, ``estates``, ``service_areas`` in the metric CRS, and tables.

    The tables are ``about``, ``verdicts`` and, where there are any, ``conflicts``. With several services the layers are
    named after them, ``demand_canteen``.
    """
    label = tables.synthetic_label(assessment)
    for number, coverage in enumerate(assessment.coverages):
        suffix = "" if number == 0 else f"_{coverage.service.id}"
        areas = assessment.service_areas[assessment.service_areas["kind"] == coverage.service.id]
        _add_layer(path, f"units{suffix}", reach.units_with_coverage(assessment, coverage), label)
        _add_layer(path, f"demand{suffix}", reach.demand_with_reach(assessment, coverage), label)
        _add_layer(path, f"facilities{suffix}", reach.facilities_with_reach(assessment, coverage), label)
        _add_layer(path, f"service_areas{suffix}", areas, label)
    _add_layer(path, "estates", tables.estates_with_verdict(assessment), label)
    about = pd.DataFrame(
        [(key, json.dumps(value, ensure_ascii=False)) for key, value in _about(assessment).items()],
        columns=["key", "value"],
    )
    _add_table(path, "about", about)
    _add_table(path, "verdicts", tables.verdict_table(assessment))
    if assessment.conflicts:
        _add_table(path, "conflicts", comparison.conflict_table(assessment))


def _add_table(path: Path, layer: str, table: pd.DataFrame) -> None:
    pyogrio.write_dataframe(table, path, layer=layer, driver="GPKG", append=path.exists())


def _add_layer(path: Path, layer: str, frame: gpd.GeoDataFrame | None, label: str) -> None:
    if frame is None:
        return
    pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG", layer_options={"DESCRIPTION": label or layer})
