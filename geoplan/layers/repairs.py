"""Repairs that a layer's manifest entry asks for, done while the file is read; the file itself is never changed.

Each is taken back by deleting it from the entry's ``repairs``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan import crs as crs_
from geoplan.i18n import _
from geoplan.layers.manifest import LayerEntry, Repair
from geoplan.layers.road_gaps import RoadParts, crossings, gaps, parts_of
from geoplan.layers.schema import ROLES
from geoplan.model import Problem, Severity

Insertion = tuple[int, NDArray[np.float64], int]
"""The number of a line, the place of a new vertex (metres), the node that it is."""


def repaired(frame: gpd.GeoDataFrame, entry: LayerEntry) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """A validated layer with the repairs of its entry, and what they did.

    Args:
        frame: without errors, in the file's CRS.
    """
    problems = []
    for repair in entry.repairs:
        frame, problem = _REPAIRS[repair.name](frame, entry, repair)
        problems.append(problem)
    return frame, problems


def exact_twins(frame: gpd.GeoDataFrame, role: str) -> dict[str, str]:
    """Rows that say word for word what another says under another id: their id to the first of those that say it.

    A row without a name or a place is nobody's twin, nor is one of which there are several statements.
    """
    key = ROLES[role].key
    if not key or "name" not in frame or frame.empty:
        return {}
    rows = frame[(frame["name"] != "") & frame.geometry.notna() & ~frame[key].duplicated(keep=False)]
    said = [field.name for field in ROLES[role].fields if field.name != key]
    cells = rows[said].astype(object).where(rows[said].notna(), "")
    told = list(zip(*(cells[name] for name in said), shapely.to_wkb(rows.geometry.to_numpy()), strict=True))
    first: dict[object, str] = {}
    twins = {}
    for name, statement in sorted(zip(rows[key], told, strict=True), key=lambda pair: str(pair[0])):
        if first.setdefault(statement, str(name)) != name:
            twins[str(name)] = first[statement]
    return twins


def _drop_duplicates(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, Problem]:
    """Without the rows that the repair names, as long as each still says what another one says."""
    twins = exact_twins(frame, entry.role)
    dropped = [name for name in repair.rows if name in twins]
    stale = [name for name in repair.rows if name not in twins]
    kept = frame[~frame[ROLES[entry.role].key].isin(dropped)].reset_index(drop=True)
    if stale:
        text = _("修补“{name}”所列的行已不是重复行，没有删去").format(name=repair.name)
        remedy = _("请从 manifest.toml 该图层的 repairs 中删去这些编号")
        return kept, Problem(Severity.WARNING, entry.role, text, remedy, tuple(stale))
    text = _("读入时删去与另一行完全相同的 {count} 行").format(count=len(dropped))
    return kept, Problem(Severity.NOTE, entry.role, text, _undo())


def _snap_ends(frame: gpd.GeoDataFrame, entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, Problem]:
    """With every dangling end that stops within the repair's distance of another road drawn to it."""
    parts, metric = _metric_parts(frame)
    found = gaps(parts, repair.within_m)
    named = _new_nodes(frame, len(found.part))
    tails = list(zip(found.part, found.last, found.target, named, strict=True))
    middle: list[Insertion] = []
    if parts.nodes is not None:
        middle = list(zip(found.other.tolist(), found.target, named, strict=True))
    lines, nodes = _with_vertices(parts, middle)
    for part, last, place, node in tails:
        _lengthen(lines, nodes, int(part), place, node, last=bool(last))
    text = _("读入时接通断开不足 {metres:g} 米的道路端点 {count} 处").format(
        metres=repair.within_m, count=len(found.part)
    )
    return _rebuilt(frame, parts, lines, nodes, metric), Problem(Severity.NOTE, entry.role, text, _undo())


def _node_crossings(frame: gpd.GeoDataFrame, entry: LayerEntry, _repair: Repair) -> tuple[gpd.GeoDataFrame, Problem]:
    """With a common node wherever two roads at ground level cross without one."""
    parts, metric = _metric_parts(frame)
    found = crossings(parts)
    named = _new_nodes(frame, len(found.one))
    both = [
        *zip(found.one.tolist(), found.xy, named, strict=True),
        *zip(found.other.tolist(), found.xy, named, strict=True),
    ]
    lines, nodes = _with_vertices(parts, both)
    text = _("读入时在没有节点的道路交叉处加上 {count} 个节点").format(count=len(found.one))
    return _rebuilt(frame, parts, lines, nodes, metric), Problem(Severity.NOTE, entry.role, text, _undo())


def _undo() -> str:
    return _("要撤销，请从 manifest.toml 该图层的 repairs 中删去这一项")


def _metric_parts(frame: gpd.GeoDataFrame) -> tuple[RoadParts, gpd.GeoDataFrame]:
    metric = crs_.to_crs(frame[["geometry"]], crs_.metric_crs(*crs_.centre_lonlat(frame)))
    return parts_of(frame.set_geometry(metric.geometry)), metric


def _new_nodes(frame: gpd.GeoDataFrame, count: int) -> list[int]:
    """Names for new vertices that no other vertex has."""
    first = 1 + max((int(nodes.max()) for nodes in frame["nodes"]), default=0) if "nodes" in frame else 0
    return list(range(first, first + count))


def _with_vertices(
    parts: RoadParts, insertions: list[Insertion]
) -> tuple[NDArray[np.object_], list[NDArray[np.int64]] | None]:
    """The lines with further vertices, each where it is along its line."""
    lines, nodes = parts.lines.copy(), None if parts.nodes is None else list(parts.nodes)
    for part in dict.fromkeys(part for part, _place, _node in insertions):
        places = np.array([place for other, place, _node in insertions if other == part])
        xy = shapely.get_coordinates(parts.lines[part])
        steps = np.r_[0.0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))]
        along = np.r_[steps, shapely.line_locate_point(parts.lines[part], shapely.points(places))]
        order = np.argsort(along, kind="stable")
        lines[part] = shapely.LineString(np.vstack([xy, places])[order])
        if nodes is not None:
            added = np.array([node for other, _place, node in insertions if other == part], dtype=np.int64)
            nodes[part] = np.r_[nodes[part], added][order]
    return lines, nodes


def _lengthen(
    lines: NDArray[np.object_],
    nodes: list[NDArray[np.int64]] | None,
    part: int,
    place: NDArray[np.float64],
    node: int,
    *,
    last: bool,
) -> None:
    """Draw one end of a line on to a place."""
    xy = shapely.get_coordinates(lines[part])
    lines[part] = shapely.LineString(np.vstack([xy, place] if last else [place, xy]))
    if nodes is not None:
        nodes[part] = np.r_[nodes[part], node] if last else np.r_[node, nodes[part]]


def _rebuilt(
    frame: gpd.GeoDataFrame,
    parts: RoadParts,
    lines: NDArray[np.object_],
    nodes: list[NDArray[np.int64]] | None,
    metric: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """The layer with its lines in place of the old ones where they changed, back in the file's CRS."""
    changed = np.flatnonzero(lines != parts.lines)
    rows = np.unique(parts.row[changed])
    shapes = frame.geometry.to_numpy().copy()
    for row in rows:
        own = lines[parts.row == row]
        drawn = own[0] if len(own) == 1 else shapely.MultiLineString(list(own))
        shapes[row] = shapely.transform(drawn, lambda xy: crs_.transform_xy(xy, metric.crs, frame.crs))
    mended = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    if nodes is not None:
        cells = frame["nodes"].to_numpy(object).copy()
        for row, own_nodes in zip(parts.row, nodes, strict=True):
            cells[row] = own_nodes
        mended["nodes"] = cells
    return mended


_REPAIRS: Mapping[str, Callable[[gpd.GeoDataFrame, LayerEntry, Repair], tuple[gpd.GeoDataFrame, Problem]]] = (
    MappingProxyType({"drop_duplicates": _drop_duplicates, "snap_ends": _snap_ends, "node_crossings": _node_crossings})
)
