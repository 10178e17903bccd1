"""Repairs of the roads layer: ends drawn on to the road they stop short of, crossings given a node."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan import crs as crs_
from geoplan.i18n import _
from geoplan.layers.manifest import LayerEntry, Repair
from geoplan.layers.road_gaps import RoadParts, crossings, gaps, parts_of

Insertion = tuple[int, NDArray[np.float64], int]
"""The number of a line, the place of a new vertex (metres), the node that it is."""


def snap_ends(frame: gpd.GeoDataFrame, _entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
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
    return _rebuilt(frame, parts, lines, nodes, metric), text


def node_crossings(frame: gpd.GeoDataFrame, _entry: LayerEntry, _repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
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
    return _rebuilt(frame, parts, lines, nodes, metric), text


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
