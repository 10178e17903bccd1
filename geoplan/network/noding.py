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
from scipy.spatial import cKDTree

from geoplan.network.meeting import crossing_lines, vertices_on_stretches

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
    lines, row = shapely.get_parts(roads.geometry.to_numpy(), return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    xy = _with_close_ends_joined(xy, line)
    grade = roads["grade"].fillna(0).to_numpy(np.int64)[row]
    winding = ~shapely.is_simple(shapely.set_coordinates(lines, xy)) | _touching_themselves(xy, line, len(lines))
    vertex, part, part_of = _with_stretches(line, winding)
    # A winding road at ground level meets itself; one at another level does not.
    apart = (winding & (grade == 0))[part_of]
    road = np.where(apart, len(winding) + np.arange(len(part_of)), part_of)
    return _noded(_Lines(xy[vertex], part, grade[part_of], road), row[part_of])


@dataclass(frozen=True)
class _Lines:
    """Lines to be noded.

    Attributes:
        xy: float64 (n, 2), vertices. line: int64 (n,), which line each is of, ascending.
        grade, road: int64 (lines,); lines of one road do not meet each other.
    """

    xy: NDArray[np.float64]
    line: NDArray[np.int64]
    grade: NDArray[np.int64]
    road: NDArray[np.int64]

    def shapes(self, which: NDArray[np.int64]) -> NDArray[np.object_]:
        """Some of the lines as LineStrings, one per number asked for."""
        asked, place = np.unique(which, return_inverse=True)
        vertex = np.flatnonzero(np.isin(self.line, asked))
        index = np.searchsorted(asked, self.line[vertex])
        return np.asarray(shapely.linestrings(self.xy[vertex], indices=index), dtype=object)[place]


def _touching_themselves(xy: NDArray[np.float64], line: NDArray[np.int64], lines: int) -> NDArray[np.bool_]:
    """Which lines have a vertex that touches a stretch of their own of which it is no end."""
    vertex, begin = _touching(xy, line)
    touching = np.zeros(lines, dtype=bool)
    touching[line[vertex[line[vertex] == line[begin]]]] = True
    return touching


def _touching(xy: NDArray[np.float64], line: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vertices that touch stretches of which they are no end, and the vertices where those stretches begin."""
    vertex, begin = vertices_on_stretches(xy, line, TOUCH_M)
    stretches = shapely.linestrings(np.stack([xy[begin], xy[begin + 1]], axis=1))
    touching = shapely.dwithin(shapely.points(xy[vertex]), stretches, TOUCH_M)
    return vertex[touching], begin[touching]


def _with_stretches(
    line: NDArray[np.int64], winding: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The lines, winding ones as their straight stretches.

    Returns:
        (vertex, part, part_of): int64 (k,) the vertices of the parts and which part each is of; int64 (parts,) which
        line a part is of.
    """
    # Inside a winding line each vertex ends one stretch and begins the next.
    twice = winding[line] & ~_is_end(line)
    vertex = np.repeat(np.arange(len(line)), 1 + twice)
    begins = np.r_[True, line[1:] != line[:-1]][vertex]
    begins[1:] |= vertex[1:] == vertex[:-1]
    return vertex, np.cumsum(begins) - 1, line[vertex[begins]]


def _with_close_ends_joined(xy: NDArray[np.float64], line: NDArray[np.int64]) -> NDArray[np.float64]:
    """The vertices with ends that touch moved to one place, the first of them in order of x, y."""
    at = np.flatnonzero(_is_end(line))
    places, end_of = np.unique(xy[at], axis=0, return_inverse=True)
    pairs = cKDTree(places).query_pairs(2 * TOUCH_M, output_type="ndarray")
    pairs = pairs[np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) <= TOUCH_M]
    links = sp.coo_array((np.ones(len(pairs), dtype=np.int8), tuple(pairs.T)), shape=(len(places), len(places)))
    group = connected_components(links, directed=False)[1]
    first = np.unique(group, return_index=True)[1]  # places are in order of x, y
    xy = xy.copy()
    xy[at] = places[first[group]][end_of.ravel()]
    return xy


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


def _noded(lines: _Lines, row: NDArray[np.int64]) -> Vertices:
    xy, line = _insert(lines, *_cuts(lines))
    cells = np.round(xy * _GRID).astype(np.int64)
    return Vertices(cells / _GRID, _identities(cells, lines.grade[line], line), line, row[line])


def _identities(cells: NDArray[np.int64], grade: NDArray[np.int64], line: NDArray[np.int64]) -> NDArray[np.int64]:
    """Vertices of one place and grade are one; where a road ends, those of every grade are. In order of place, grade.

    Args:
        cells: int64 (n, 2), equal where vertices coincide. line: int64 (n,), ascending.
    """
    order = np.lexsort((grade, cells[:, 1], cells[:, 0]))
    moves = (np.diff(cells[order], axis=0) != 0).any(axis=1)
    place = np.cumsum(np.r_[0, moves])
    group = np.cumsum(np.r_[0, moves | (np.diff(grade[order]) != 0)])
    arms = np.bincount(group, weights=np.where(_is_end(line)[order], 1, 2))
    first = np.flatnonzero(np.r_[True, np.diff(group) > 0])
    # With one grade ending at a place, all groups there become the first of them.
    ends_here = np.bincount(place[first], weights=arms == 1) > 0
    first_group = group[np.flatnonzero(np.r_[True, moves])]
    merged = np.where(ends_here[place], first_group[place], group)
    identity = np.empty_like(order)
    identity[order] = np.cumsum(np.r_[0, np.diff(merged) > 0])
    return identity


def _is_end(line: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which vertices are the first or the last of their line; ``line`` is ascending."""
    is_end = np.ones(len(line), dtype=bool)
    is_end[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    return is_end


def _cuts(lines: _Lines) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Points to insert into lines where they meet lines of other roads: (line index, xy).

    Where vertices of both are at one place already, there is nothing to insert.
    """
    touch_line, touch_xy = _touches(lines)
    one, other = crossing_lines(lines.xy, lines.line)
    level = (lines.road[one] != lines.road[other]) & (lines.grade[one] == lines.grade[other])
    cross_line, cross_xy = _crossings(lines, one[level], other[level])
    return np.concatenate([touch_line, cross_line]), np.concatenate([touch_xy, cross_xy])


def _touches(lines: _Lines) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Vertices of lines that lie on others of their grade, and ends that lie on others of any, to be vertices there."""
    vertex, begin = _touching(lines.xy, lines.line)
    one, other = lines.line[vertex], lines.line[begin]
    level = _is_end(lines.line)[vertex] | (lines.grade[one] == lines.grade[other])
    on = (lines.road[one] != lines.road[other]) & level
    return other[on], lines.xy[vertex[on]]


def _crossings(
    lines: _Lines, one: NDArray[np.int64], other: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where two lines cross, or where their common stretch begins and ends, to be vertices of both.

    A point within ``TOUCH_M`` of an end of either line is that end, which is inserted as a touch already.
    """
    ours, theirs = lines.shapes(one), lines.shapes(other)
    parts, pair = shapely.get_parts(shapely.intersection(ours, theirs), return_index=True)
    parts, pair = parts[~shapely.is_empty(parts)], pair[~shapely.is_empty(parts)]
    stretch = shapely.get_dimensions(parts) == 1
    points = np.concatenate(
        [parts[~stretch], shapely.get_point(parts[stretch], 0), shapely.get_point(parts[stretch], -1)]
    )
    pair = np.concatenate([pair[~stretch], pair[stretch], pair[stretch]])
    near_end = np.zeros(len(points), dtype=bool)
    for side in (ours, theirs):
        for place in (0, -1):
            near_end |= shapely.dwithin(points, shapely.get_point(side[pair], place), TOUCH_M)
    xy, pair = shapely.get_coordinates(points[~near_end]), pair[~near_end]
    return np.concatenate([one[pair], other[pair]]), np.concatenate([xy, xy])


def _insert(
    lines: _Lines, cut_line: NDArray[np.int64], cut_xy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices and cuts together, in order along each line; a cut that is already a vertex is not doubled."""
    xy, line = lines.xy, lines.line
    is_cut = np.isin(line, cut_line)
    cuts, vertices = _cells_of_lines(cut_xy, cut_line), _cells_of_lines(xy[is_cut], line[is_cut])
    new = ~(cuts.isin(vertices) | cuts.duplicated())
    cut_xy, cut_line = cut_xy[new], cut_line[new]
    starts = np.r_[True, line[1:] != line[:-1]]
    total = np.cumsum(np.where(starts, 0.0, np.hypot(*(xy - np.roll(xy, 1, axis=0)).T)))
    along = total - np.repeat(total[starts], np.bincount(line))
    cut_along = shapely.line_locate_point(lines.shapes(cut_line), shapely.points(cut_xy))
    all_line = np.concatenate([line, cut_line])
    # Stable: at equal distance along, a vertex stands before a cut.
    order = np.lexsort((np.concatenate([along, cut_along]), all_line))
    return np.concatenate([xy, cut_xy])[order], all_line[order]


def _cells_of_lines(xy: NDArray[np.float64], line: NDArray[np.int64]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([line, *np.round(xy * _GRID).astype(np.int64).T])
