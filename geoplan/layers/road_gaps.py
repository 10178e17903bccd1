"""Where roads that are drawn as if they met do not: ends that stop short of another road, crossings without a common node.

Ground truth cannot be seen in a drawing: a wall may stand in a gap of a metre. These are places to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.layers.schema import UNFINISHED_ROADS

# An end closer than this to a plain line touches it already (metres); see geoplan.network.noding.
TOUCH_M = 0.01
# Roads that meet within so many tolerances of the end are a fork with a sharp angle, not a gap.
_FORK_TOLERANCES = 10.0


@dataclass(frozen=True)
class RoadParts:
    """The single lines of a roads layer.

    Attributes:
        lines: LineStrings. row: int64 (n,), the place in the layer of the road that each is of. grade: int64 (n,).
        nodes: for roads that bring the identities of their vertices those of each line; None for plain lines.
    """

    lines: NDArray[np.object_]
    row: NDArray[np.int64]
    grade: NDArray[np.int64]
    nodes: list[NDArray[np.int64]] | None


@dataclass(frozen=True)
class Gaps:
    """Ends that stop short of another line, by the line's number.

    Attributes:
        part: int64 (k,), the line that ends. last: bool (k,), at its last vertex, else its first.
        other: int64 (k,), the line that it stops short of.
        end, target: float64 (k, 2), where it ends and the nearest place of the other line (metres).
    """

    part: NDArray[np.int64]
    last: NDArray[np.bool_]
    other: NDArray[np.int64]
    end: NDArray[np.float64]
    target: NDArray[np.float64]


@dataclass(frozen=True)
class Crossings:
    """Places where two lines at ground level cross and have no common node: int64 (k,) twice, float64 (k, 2) metres."""

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    xy: NDArray[np.float64]


def parts_of(roads: gpd.GeoDataFrame) -> RoadParts:
    """The lines of a roads layer, without what is no finished road and without the outlines of squares."""
    used = (~roads["road_class"].isin(UNFINISHED_ROADS) & (roads["area"] != "yes")).to_numpy(bool)
    lines, place = shapely.get_parts(roads.geometry.to_numpy()[used], return_index=True)
    row = np.flatnonzero(used)[place]
    grade = roads["grade"].fillna(0).to_numpy(np.int64)[row]
    return RoadParts(lines, row, grade, roads["nodes"][used].to_list() if "nodes" in roads else None)


def gaps(parts: RoadParts, within_m: float) -> Gaps:
    """Dangling ends that almost touch another line of their grade.

    Args:
        parts: in a metric CRS.
        within_m: how near an end must come to count (metres, inclusive).

    Returns:
        one per end, the nearest line it stops short of; of two ends that stop short of each other the first.
    """
    part, last, end = _ends(parts)
    tree = shapely.STRtree(parts.lines)
    points = shapely.points(end)
    at, other = tree.query(points, predicate="dwithin", distance=max(within_m, TOUCH_M))
    strange = parts.row[other] != parts.row[part[at]]
    at, other = at[strange], other[strange]
    metres = shapely.distance(points[at], parts.lines[other])
    if parts.nodes is None:  # a plain line meets what it touches
        touching = np.zeros(len(end), dtype=bool)
        touching[at[metres <= TOUCH_M]] = True
        keep = ~touching[at]
    else:
        keep = np.ones(len(at), dtype=bool)
    keep &= (metres <= within_m) & (parts.grade[other] == parts.grade[part[at]])
    keep &= shapely.length(parts.lines[part[at]]) > within_m
    at, other, metres = at[keep], other[keep], metres[keep]
    apart = ~_forks(parts, points[at], part[at], other, within_m)
    at, other = at[apart], other[apart]
    order = np.lexsort((other, metres[apart], at))
    first = order[np.unique(at[order], return_index=True)[1]]
    at, other = at[first], other[first]
    target = _nearest_place(parts.lines[other], points[at])
    return _one_of_pairs(Gaps(part[at], last[at], other, end[at], target))


def _ends(parts: RoadParts) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """The ends of open lines, without those whose node another line has as well."""
    open_ = np.flatnonzero(~shapely.is_closed(parts.lines))
    part, last = np.repeat(open_, 2), np.tile([False, True], len(open_))
    ends = shapely.get_coordinates(shapely.get_point(parts.lines[part], np.where(last, -1, 0)))
    if parts.nodes is None:
        return part, last, ends
    names, counts = np.unique(np.concatenate(parts.nodes), return_counts=True)
    own = np.array([parts.nodes[line][-1 if at_last else 0] for line, at_last in zip(part, last, strict=True)])
    single = counts[np.searchsorted(names, own)] == 1
    return part[single], last[single], ends[single]


def _forks(
    parts: RoadParts,
    points: NDArray[np.object_],
    part: NDArray[np.int64],
    other: NDArray[np.int64],
    within_m: float,
) -> NDArray[np.bool_]:
    """Whether the two lines meet near the end anyway."""
    common = shapely.intersection(parts.lines[part], parts.lines[other])
    near: NDArray[np.bool_] = shapely.distance(points, common) <= _FORK_TOLERANCES * within_m
    if parts.nodes is None:
        return near
    shares = [len(np.intersect1d(parts.nodes[a], parts.nodes[b])) > 0 for a, b in zip(part, other, strict=True)]
    return near & np.array(shares, dtype=bool)


def _nearest_place(lines: NDArray[np.object_], points: NDArray[np.object_]) -> NDArray[np.float64]:
    """The place of each line that is nearest to a point."""
    return shapely.get_coordinates(shapely.line_interpolate_point(lines, shapely.line_locate_point(lines, points)))


def _one_of_pairs(found: Gaps) -> Gaps:
    """Without the ends that are met already when the earlier end is drawn to them."""
    reached: dict[tuple[int, int], NDArray[np.float64]] = {}
    keep = np.ones(len(found.part), dtype=bool)
    for number, (part, other) in enumerate(zip(found.part, found.other, strict=True)):
        place = reached.get((int(other), int(part)))
        if place is not None and np.hypot(*(place - found.end[number])) <= TOUCH_M:
            keep[number] = False
        else:
            reached[int(part), int(other)] = found.target[number]
    return Gaps(found.part[keep], found.last[keep], found.other[keep], found.end[keep], found.target[keep])


def crossings(parts: RoadParts) -> Crossings:
    """Where lines that bring their nodes cross at ground level and share none there.

    None for plain lines, which meet where they cross. Bridges and tunnels are often of the same level only because nobody told
    it (in central Futian all 15 crossings of them): of them nothing is said.

    Args:
        parts: in a metric CRS.
    """
    if parts.nodes is None:
        nothing = np.empty(0, dtype=np.int64)
        return Crossings(nothing, nothing, np.empty((0, 2)))
    one, other = shapely.STRtree(parts.lines).query(parts.lines, predicate="intersects")
    pairs = (one < other) & (parts.grade[one] == 0) & (parts.grade[other] == 0)
    one, other = one[pairs], other[pairs]
    common = shapely.intersection(parts.lines[one], parts.lines[other])
    points, pair = shapely.get_parts(common, return_index=True)
    crossing = shapely.get_type_id(points) == shapely.GeometryType.POINT
    points, pair = points[crossing], pair[crossing]
    unmet = shapely.distance(points, _shared_places(parts, one, other)[pair]) > TOUCH_M
    unmet |= shapely.is_missing(_shared_places(parts, one, other)[pair])
    return Crossings(one[pair[unmet]], other[pair[unmet]], shapely.get_coordinates(points[unmet]))


def _shared_places(parts: RoadParts, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.object_]:
    """The nodes that each pair of lines has in common, as MultiPoints; None where there are none."""
    nodes = parts.nodes or []
    places = np.full(len(one), None, dtype=object)
    for number, (a, b) in enumerate(zip(one, other, strict=True)):
        common = np.isin(nodes[a], nodes[b])
        if common.any():
            places[number] = shapely.multipoints(shapely.get_coordinates(parts.lines[a])[common])
    return places
