"""Where roads meet: every vertex of every road gets an identity, and roads that share one are joined there.

Roads from OpenStreetMap bring their identities. Plain lines are noded here:

* Roads of one grade meet where they cross, touch or overlap.
* Roads of different grades (a bridge over a street) do not meet where they cross.
* A road that *ends* at a point meets whatever it touches there, of any grade: so a bridge is joined to the streets
  at its two ends, and two roads that both go on through a point at different grades are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

# An end closer than this to another road touches it (metres): room for rounding, not for gaps in the drawing.
TOUCH_M = 0.01
_GRID = 1000.0  # vertices are the same when their millimetres are


@dataclass(frozen=True)
class Vertices:
    """All vertices of all roads, in order along each road.

    Attributes:
        xy: float64 (n, 2), metres.
        identity: int64 (n,), equal where roads meet; numbered in order of x, y (then grade or OSM id).
        line: int64 (n,), which line a vertex belongs to, ascending.
        row: int64 (n,), the place in the layer of the road that the line is of, from 0.
    """

    xy: NDArray[np.float64]
    identity: NDArray[np.int64]
    line: NDArray[np.int64]
    row: NDArray[np.int64]


def node_roads(roads: gpd.GeoDataFrame) -> Vertices:
    """Give every vertex its identity.

    Args:
        roads: LineStrings or MultiLineStrings in a metric CRS; with ``nodes`` (identifiers per vertex) or ``grade``.
    """
    if "nodes" in roads:
        return _with_given_nodes(roads)
    lines, index = shapely.get_parts(roads.geometry.to_numpy(), return_index=True)
    lines = _with_close_ends_joined(lines)
    grade = roads["grade"].fillna(0).to_numpy(np.int64)[index]
    winding = ~shapely.is_simple(lines) | _touching_themselves(lines)
    lines, part_of = shapely.get_parts(_with_stretches(lines, winding), return_index=True)
    # A winding road at ground level meets itself; one at another level does not.
    apart = (winding & (grade == 0))[part_of]
    road = np.where(apart, len(winding) + np.arange(len(lines)), part_of)
    return _noded(lines, grade[part_of], road, index[part_of])


def _touching_themselves(lines: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which lines have a vertex that touches a stretch of their own of which it is no end."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    begin = np.flatnonzero(line[1:] == line[:-1])
    stretches = shapely.linestrings(np.stack([xy[begin], xy[begin + 1]], axis=1))
    vertex, stretch = shapely.STRtree(stretches).query(shapely.points(xy), predicate="dwithin", distance=TOUCH_M)
    begin = begin[stretch]
    of_same = (line[vertex] == line[begin]) & (vertex != begin) & (vertex != begin + 1)
    at_end = (xy[vertex] == xy[begin]).all(axis=1) | (xy[vertex] == xy[begin + 1]).all(axis=1)
    touching = np.zeros(len(lines), dtype=bool)
    touching[line[vertex[of_same & ~at_end]]] = True
    return touching


def _with_stretches(lines: NDArray[np.object_], winding: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The lines, winding ones as collections of their straight stretches."""
    lines = lines.copy()
    for place in np.flatnonzero(winding):
        xy = shapely.get_coordinates(lines[place])
        lines[place] = shapely.multilinestrings(shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1)))
    return lines


def _with_close_ends_joined(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """The lines with ends that touch moved to one place, the first of them in order of x, y."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    at = np.flatnonzero(_is_end(line))
    ends = shapely.points(xy[at])
    pairs = shapely.STRtree(ends).query(ends, predicate="dwithin", distance=TOUCH_M)
    links = sp.coo_array((np.ones(pairs.shape[1], dtype=np.int8), tuple(pairs)), shape=(len(at), len(at)))
    place = connected_components(links, directed=False)[1]
    order = np.lexsort((xy[at, 1], xy[at, 0]))
    first = order[np.unique(place[order], return_index=True)[1]]
    xy[at] = xy[at[first[place]]]
    return np.asarray(shapely.set_coordinates(lines.copy(), xy), dtype=object)


def _with_given_nodes(roads: gpd.GeoDataFrame) -> Vertices:
    xy, line = shapely.get_coordinates(roads.geometry.to_numpy(), return_index=True)
    given = np.concatenate(roads["nodes"].to_list())
    return Vertices(xy, _number_by_place(xy, given), line, line)


def _number_by_place(xy: NDArray[np.float64], key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber keys in order of place, so that the result does not depend on the order of rows.

    Args:
        xy: float64 (n, 2).
        key: int64 (n,); vertices of equal key are one.
    """
    unique, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    order = np.lexsort((unique, xy[first, 1], xy[first, 0]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[inverse]


def _noded(
    lines: NDArray[np.object_], grade: NDArray[np.int64], road: NDArray[np.int64], row: NDArray[np.int64]
) -> Vertices:
    xy, line = shapely.get_coordinates(lines, return_index=True)
    cut_line, cut_xy = _cuts(lines, grade, road)
    xy, line = _insert(lines, xy, line, cut_xy, cut_line)
    cells = np.round(xy * _GRID).astype(np.int64)
    place = pd.MultiIndex.from_arrays(cells.T).factorize()[0]
    at_grade = pd.MultiIndex.from_arrays([place, grade[line]]).factorize()[0]
    identity = _join_ends(place, at_grade, line)
    return Vertices(cells / _GRID, _by_place_and_grade(cells, grade[line], identity), line, row[line])


def _by_place_and_grade(
    cells: NDArray[np.int64], grade: NDArray[np.int64], identity: NDArray[np.int64]
) -> NDArray[np.int64]:
    order = np.lexsort((grade, cells[:, 1], cells[:, 0]))
    number = pd.factorize(identity[order])[0]
    ranked = np.empty_like(number)
    ranked[order] = number
    return ranked


def _join_ends(place: NDArray[np.int64], at_grade: NDArray[np.int64], line: NDArray[np.int64]) -> NDArray[np.int64]:
    """Identities after joining, at one place, every grade that ends there to all the others.

    Args:
        place: int64 (n,), equal where vertices coincide.
        at_grade: int64 (n,), equal where they coincide and have one grade.
        line: int64 (n,), ascending.

    Returns:
        int64 (n,): ``at_grade`` with some groups merged.
    """
    is_end = _is_end(line)
    arms = np.bincount(at_grade, weights=np.where(is_end, 1, 2)).astype(np.int64)
    group_place = np.zeros(len(arms), dtype=np.int64)
    group_place[at_grade] = place
    # With one grade ending at a place, all groups there become the first of them.
    ends_here = np.bincount(group_place[arms == 1], minlength=place.max() + 1) > 0
    first = np.full(place.max() + 1, len(arms), dtype=np.int64)
    np.minimum.at(first, group_place, np.arange(len(arms)))
    merged = np.where(ends_here[group_place], first[group_place], np.arange(len(arms)))
    return merged[at_grade]


def _is_end(line: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which vertices are the first or the last of their line; ``line`` is ascending."""
    is_end = np.ones(len(line), dtype=bool)
    is_end[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    return is_end


def _cuts(
    lines: NDArray[np.object_], grade: NDArray[np.int64], road: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Points to insert into lines where they meet lines of other roads: (line index, xy)."""
    tree = shapely.STRtree(lines)
    touch_line, touch_xy = _touches(tree, lines, grade, road)
    one, other = tree.query(lines, predicate="intersects")
    level = (one < other) & (road[one] != road[other]) & (grade[one] == grade[other])
    cross_line, cross_xy = _crossings(lines, one[level], other[level])
    return np.concatenate([touch_line, cross_line]), np.concatenate([touch_xy, cross_xy])


def _touches(
    tree: shapely.STRtree, lines: NDArray[np.object_], grade: NDArray[np.int64], road: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Vertices of lines that lie on others of their grade, and ends that lie on others of any, to be vertices there."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    is_end = _is_end(line)
    vertex, other = tree.query(shapely.points(xy), predicate="dwithin", distance=TOUCH_M)
    one = line[vertex]
    on = (road[one] != road[other]) & (is_end[vertex] | (grade[one] == grade[other]))
    return other[on], xy[vertex[on]]


def _crossings(
    lines: NDArray[np.object_], one: NDArray[np.int64], other: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where two lines cross, or where their common stretch begins and ends, to be vertices of both.

    A point within ``TOUCH_M`` of an end of either line is that end, which is inserted as a touch already.
    """
    shared = shapely.intersection(lines[one], lines[other])
    parts, pair = shapely.get_parts(shared, return_index=True)
    parts, pair = parts[~shapely.is_empty(parts)], pair[~shapely.is_empty(parts)]
    stretch = shapely.get_dimensions(parts) == 1
    points = np.concatenate(
        [parts[~stretch], shapely.get_point(parts[stretch], 0), shapely.get_point(parts[stretch], -1)]
    )
    pair = np.concatenate([pair[~stretch], pair[stretch], pair[stretch]])
    near_end = np.zeros(len(points), dtype=bool)
    for side in (one, other):
        for place in (0, -1):
            near_end |= shapely.dwithin(points, shapely.get_point(lines[side[pair]], place), TOUCH_M)
    xy, pair = shapely.get_coordinates(points[~near_end]), pair[~near_end]
    return np.concatenate([one[pair], other[pair]]), np.concatenate([xy, xy])


def _insert(
    lines: NDArray[np.object_],
    xy: NDArray[np.float64],
    line: NDArray[np.int64],
    cut_xy: NDArray[np.float64],
    cut_line: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices and cuts together, in order along each line; a cut that is already a vertex is not doubled."""
    cuts, vertices = _cells_of_lines(cut_xy, cut_line), _cells_of_lines(xy, line)
    new = ~(cuts.isin(vertices) | cuts.duplicated())
    cut_xy, cut_line = cut_xy[new], cut_line[new]
    starts = np.r_[True, line[1:] != line[:-1]]
    total = np.cumsum(np.where(starts, 0.0, np.hypot(*(xy - np.roll(xy, 1, axis=0)).T)))
    along = total - np.repeat(total[starts], np.bincount(line))
    cut_along = shapely.line_locate_point(lines[cut_line], shapely.points(cut_xy))
    all_line = np.concatenate([line, cut_line])
    # Stable: at equal distance along, a vertex stands before a cut.
    order = np.lexsort((np.concatenate([along, cut_along]), all_line))
    return np.concatenate([xy, cut_xy])[order], all_line[order]


def _cells_of_lines(xy: NDArray[np.float64], line: NDArray[np.int64]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([line, *np.round(xy * _GRID).astype(np.int64).T])
