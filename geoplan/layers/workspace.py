"""A workspace's layers, validated once, in one metric CRS, with the digest of what was read."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geoplan import crs as crs_
from geoplan.errors import LayerError
from geoplan.i18n import _, many
from geoplan.layers.facilities import split_versions
from geoplan.layers.manifest import LayerEntry, Manifest, read_manifest
from geoplan.layers.reading import read_raw
from geoplan.layers.repairs import repaired
from geoplan.layers.schema import REFERENCES, ROLES
from geoplan.layers.units import Borders, assign_units
from geoplan.layers.validation import Door, part_problems
from geoplan.model import Problem, Severity

Progress = Callable[[str], None]
# Layers of one county lie within this many degrees (about 200 km) of its roads.
SAME_PLACE = 2.0


@dataclass(frozen=True)
class Layers:
    """What a workspace holds, ready for analysis.

    Attributes:
        frames: role to frame in ``crs``, sorted by key; a role that the manifest lacks is absent. Where several rows
            of the facilities layer speak of one facility, ``facilities`` has the one that counts and
            ``facility_versions`` the others.
        digests: role to a SHA-256 over the layer's content, whatever the order of its rows.
        problems: what was found and did not stop the work.
        borders: of the units, which no edit changes.
    """

    manifest: Manifest
    frames: Mapping[str, gpd.GeoDataFrame]
    crs: pyproj.CRS
    digests: Mapping[str, str]
    problems: tuple[Problem, ...]
    borders: Borders

    @property
    def digest(self) -> str:
        """One SHA-256 over all layers."""
        return _together(self.digests)

    @property
    def base(self) -> str:
        """SHA-256 over what scenarios are drawn on: every layer but those without places, which no edit touches."""
        apart = ("figures", *REFERENCES)
        return _together({role: digest for role, digest in self.digests.items() if role not in apart})

    def get(self, role: str) -> gpd.GeoDataFrame | None:
        """The frame of a role, or None."""
        return self.frames.get(role)


def load_layers(root: Path, progress: Progress = lambda _stage: None, *, complete: bool = True) -> Layers:
    """Read, check and project every layer of a workspace.

    Args:
        complete: whether the layers that an assessment needs must all be there; where one is missing and need not be,
            its absence is a warning.

    Raises:
        WorkspaceError, ManifestError: the workspace cannot be opened.
        LayerError: a layer cannot be used; it carries the problems of all layers.
    """
    manifest = read_manifest(root)
    frames, problems = _read_all(manifest, progress)
    problems += _absent(manifest, Severity.ERROR if complete or not frames else Severity.WARNING)
    _stop_on_errors(problems)
    problems += _misplaced(frames)
    _stop_on_errors(problems)
    digests = {role: content_digest(frame) for role, frame in frames.items()}
    metric = _analysis_crs(manifest, frames)
    projected = {role: crs_.to_crs(frame, metric) for role, frame in frames.items()}
    borders = Borders(projected.get("units"))
    assigned, misfits = assign_units(projected, borders)
    if "facilities" in assigned:
        assigned["facilities"], others, notes = split_versions(assigned["facilities"])
        assigned |= {"facility_versions": others} if len(others) else {}
        misfits += notes
    return Layers(manifest, assigned, metric, digests, tuple(problems + misfits), borders)


def _read_all(manifest: Manifest, progress: Progress) -> tuple[dict[str, gpd.GeoDataFrame], list[Problem]]:
    frames: dict[str, gpd.GeoDataFrame] = {}
    problems: list[Problem] = []
    for entry in manifest.layers:
        progress(_("读取{layer}").format(layer=_(ROLES[entry.role].label)))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                frames[entry.role], found = read_layer(manifest, entry)
                problems += found
            except LayerError as error:
                problems += error.problems
        # What GDAL and the other readers had to remark is the planner's to know.
        remarks = dict.fromkeys(str(warning.message) for warning in caught)
        problems += [Problem(Severity.NOTE, entry.role, remark, _("请确认文件内容")) for remark in remarks]
    return frames, problems


def read_layer(manifest: Manifest, entry: LayerEntry) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """A layer in its own CRS, mended as its entry says, and what is wrong with what is left; not mended where it cannot be used.

    Raises:
        WorkspaceError: its file is not there.
        LayerError: it cannot be read.
    """
    door = Door(read_raw(manifest.path(entry), entry), entry)
    frame = door.pass_through()
    if any(problem.severity is Severity.ERROR for problem in door.problems):
        return frame, [*door.problems, *part_problems(entry.role, frame)]
    mended, done = repaired(frame, entry)
    still = [left for problem in door.problems if (left := _of_rows_left(problem, mended)) is not None]
    return mended, [*still, *part_problems(entry.role, mended), *done]


def _of_rows_left(problem: Problem, frame: gpd.GeoDataFrame) -> Problem | None:
    """A problem without the rows that a repair took away; None where no row is left."""
    key = ROLES[problem.layer].key
    if not key or not problem.rows:
        return problem
    there = set(frame[key])
    rows = tuple(row for row in problem.rows if row in there or row.startswith("#"))
    return replace(problem, rows=rows) if rows else None


def _absent(manifest: Manifest, severity: Severity) -> list[Problem]:
    """The layers that an assessment needs and that the manifest does not have."""
    problems = []
    for role in ROLES.values():
        if role.required and manifest.entry(role.name) is None:
            text = _("manifest.toml 没有登记{layer}图层").format(layer=_(role.label))
            remedy = _("请用“导入数据”页或 geoplan import {role} 导入").format(role=role.name)
            problems.append(Problem(severity, role.name, text, remedy))
    return problems


def _stop_on_errors(problems: list[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise LayerError(
            many("数据有 {count} 处错误，无法评估。", len(errors)).format(count=len(errors)), tuple(problems)
        )


def _misplaced(frames: Mapping[str, gpd.GeoDataFrame]) -> list[Problem]:
    """Layers that lie nowhere near the roads, and whether swapping their axes would put them there."""
    bounds = {role: crs_.lonlat(frame).total_bounds for role, frame in frames.items()}
    if "roads" not in bounds:
        return []
    roads = shapely.box(*bounds["roads"]).buffer(SAME_PLACE)
    problems = []
    for role, (west, south, east, north) in bounds.items():
        if np.isnan(west) or roads.intersects(shapely.box(west, south, east, north)):
            continue
        if roads.intersects(shapely.box(south, west, north, east)):
            message, remedy = _("经度和纬度很可能写反了"), _("请交换经度列和纬度列")
        else:
            message, remedy = _("与道路相距 200 公里以上"), _("请检查该图层或道路的坐标系")
        problems.append(Problem(Severity.ERROR, role, message, remedy))
    return problems


def _analysis_crs(manifest: Manifest, frames: Mapping[str, gpd.GeoDataFrame]) -> pyproj.CRS:
    if manifest.analysis_crs:
        chosen = crs_.parse(manifest.analysis_crs, "analysis_crs")
        crs_.require_metric(chosen)
        return chosen
    # People may all be without coordinates; roads never are.
    placed = (frames[role] for role in dict.fromkeys(("units", "demand", "roads", *frames)) if role in frames)
    reference = next((frame for frame in placed if not np.isnan(frame.total_bounds).any()), None)
    if reference is None:
        raise LayerError(_("没有一个图层有坐标，无法评估。"))
    return crs_.metric_crs(*crs_.centre_lonlat(reference))


def _together(digests: Mapping[str, str]) -> str:
    text = "\n".join(f"{role} {digest}" for role, digest in sorted(digests.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def content_digest(frame: gpd.GeoDataFrame) -> str:
    """SHA-256 over the CRS, the column names and every row's cells and geometry, in any order of rows.

    The identities of vertices (``nodes``) count as well: they decide where roads meet. A column in which every cell is
    blank says nothing and does not count, so that a field that geoplan learns to read changes no digest of files that
    lack it.
    """
    columns = sorted(
        name for name in set(frame.columns) - {frame.geometry.name, "nodes"} if _says_something(frame[name])
    )
    shapes = shapely.to_wkb(frame.geometry.to_numpy(), byte_order=1)
    cells = [frame[column].to_numpy() for column in columns]
    if "nodes" in frame:
        cells.append(np.array([nodes.tobytes() for nodes in frame["nodes"]], dtype=object))
    rows = (repr(row).encode() + (shape or b"") for *row, shape in zip(*cells, shapes, strict=True))
    digests = sorted(hashlib.sha256(row).digest() for row in rows)
    head = f"{frame.crs.to_string()}\n{columns}\n".encode()
    return hashlib.sha256(head + b"".join(digests)).hexdigest()


def _says_something(column: pd.Series) -> bool:
    """Whether any cell is filled."""
    return bool((column.notna() & (column != "")).any())
