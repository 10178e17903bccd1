"""Drawings of service areas: where the nearest road leads to a facility in time, within a margin of that road.

Drawings only: who is covered is counted from travel times, never from these polygons.

A raster is made once per network: for every cell near a road its nearest edge, the place along it and the distance.
For a facility each cell gets a height in metres, ``min(time left * speed of the edge, margin - distance)``, and the
area is where the height, interpolated between cells, is positive. Heights are limited to one cell's width up and down:
that is all the line between two cells needs, and where the nearest road changes the line falls midway.

Exact by construction: a longer limit and one more facility only raise heights, interpolation keeps the order, and
vertices lie on the lines of the raster, rounded to 1/1024 of a cell. So the areas of longer limits contain those of
shorter ones, a dissolved area contains that of each facility, responsibility areas do not overlap, rings never touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import contourpy
import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.network.edge_times import CLOSED, EdgeTimes, walking
from geoplan.network.graph import Network
from geoplan.network.travel import UNREACHED, Reached

CELL_M = 10.0
MARGIN_M = 50.0
SMALLEST_CELLS = 10
"""Islands and holes smaller than so many cells (1,000 m² at cells of 10 m) are not drawn. One figure for both: what
lies inside a hole that is filled is then itself too small to be drawn."""
LONGEST_MS = 2**31 - 1
"""The longest cut-off: 24 days."""

_CELLS_PER_MARGIN = 5
_STRIP_CELLS = 2_000_000  # cells in memory at once: some 100 MB, burning or contouring
_BEYOND_CELLS = 2
_PARTS = 1024  # vertices lie on so many places between two cells
_LEAST_HEIGHT = 1 / 64  # of a cell: no vertex is rounded to the centre of a cell, so rings never touch
_FAR = 2**62

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Objects = NDArray[np.object_]


class Cells(NamedTuple):
    """The cells near roads, row by row. Cell (r, c) has its centre at ``(west + c, south + r) * cell_m``.

    Memory: 16 bytes a cell; 190 MB for 60 km x 50 km with 12,000 km of road, and 90 MB more while it is made. Cells
    exist up to one cell's width beyond the margin; the others take nothing.

    Attributes:
        begin: int64 (rows + 1,), the cells of row r are ``begin[r]:begin[r + 1]``, by column.
        column: int32 (k,). edge: int32 (k,), the nearest edge, of equally near ones the first.
        along: float32 (k,), share of the edge's length from its tail. distance: float32 (k,), metres to it.
    """

    begin: I64
    column: NDArray[np.int32]
    edge: NDArray[np.int32]
    along: NDArray[np.float32]
    distance: NDArray[np.float32]


class _Roads(NamedTuple):
    """What the kernels need of edges: ends, times, metres per millisecond, bounds as cells (m, 4)."""

    tail: I64
    head: I64
    forward: I64
    backward: I64
    pace: F64
    bounds: I64


class _Goal(NamedTuple):
    """Facilities that are drawn together.

    Attributes:
        node_ms: int64 (n,), the least time from each node; ``UNREACHED``. node_label: whose it is, int64 (n,).
        edge, along, leg_ms, label: the facilities' own places, (f,) each, sorted by edge.
    """

    node_ms: I64
    node_label: I64
    edge: I64
    along: F64
    leg_ms: I64
    label: I64


class _Window(NamedTuple):
    """Rows and columns of the raster, the ends not included."""

    row: int
    row_end: int
    column: int
    column_end: int


class _Rings(NamedTuple):
    """Polygons as rings: points float64 (p, 2), where rings begin in them, where polygons begin in the rings."""

    points: F64
    ring: I64
    polygon: I64


@njit(nogil=True, cache=True)
def _burn(  # noqa: PLR0913, PLR0917 - compiled code takes plain arguments
    xy: F64, line: I64, reach: float, row: int, best: F64, owner: NDArray[np.int32], place: F64
) -> None:
    """Enter segments into the strip of cells that begins at a row, each cell keeping the nearest one.

    Args:
        xy: float64 (v, 2), vertices in cells from the raster's corner. line: int64 (v,), the edge each belongs to.
        reach: how far cells learn of a road, in cells.
        best: float64 (rows, columns), squared distance so far. owner: the edge; place: cells along it from its tail.
    """
    rows, columns = best.shape
    begin = 0.0  # cells along the line at the segment's start
    for i in range(len(xy) - 1):  # i + 1 is a vertex
        if line[i] != line[i + 1]:
            begin = 0.0
            continue
        ax, ay, dx, dy = xy[i, 0], xy[i, 1], xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
        length = np.hypot(dx, dy)
        # r - row and c are inside the strip: both ranges are cut to it.
        first = max(int(np.ceil(min(ay, ay + dy) - reach)), row)
        last = min(int(np.floor(max(ay, ay + dy) + reach)), row + rows - 1)
        for r in range(first, last + 1):
            # Only the part of the segment that is within reach of the row.
            low, high = 0.0, 1.0
            if dy != 0:
                one, other = (r - reach - ay) / dy, (r + reach - ay) / dy
                low, high = min(max(min(one, other), 0.0), 1.0), max(min(max(one, other), 1.0), 0.0)
            one, other = ax + low * dx, ax + high * dx
            west = max(int(np.ceil(min(one, other) - reach)), 0)
            east = min(int(np.floor(max(one, other) + reach)), columns - 1)
            for c in range(west, east + 1):
                share = 0.0
                if length > 0:
                    share = min(max(((c - ax) * dx + (r - ay) * dy) / (length * length), 0.0), 1.0)
                square = (ax + share * dx - c) ** 2 + (ay + share * dy - r) ** 2
                if square < best[r - row, c]:
                    best[r - row, c] = square
                    owner[r - row, c] = line[i]
                    place[r - row, c] = begin + share * length
        begin += length


@njit(nogil=True, cache=True)
def _touched(roads: _Roads, goal: _Goal, owned: NDArray[np.bool_], limit_ms: int) -> tuple[int, int, int, int]:
    """Bounds in cells of all edges with a node within the limit, and of the facilities' own edges."""
    west, south, east, north = _FAR, _FAR, -_FAR, -_FAR
    ends, starts, bounds, node_ms = roads.head, roads.tail, roads.bounds, goal.node_ms
    for e in range(len(starts)):
        tail, head = node_ms[starts[e]], node_ms[ends[e]]
        if owned[e] or 0 <= tail <= limit_ms or 0 <= head <= limit_ms:
            west, south = min(west, bounds[e, 0]), min(south, bounds[e, 1])
            east, north = max(east, bounds[e, 2]), max(north, bounds[e, 3])
    return west, south, east, north


@njit(nogil=True, cache=True)
def _straight(goal: _Goal, edge: int, along: float, forward: int, backward: int) -> tuple[int, int]:
    """Least time straight along an edge to a facility on it and its label, ties to the lower; ``(_FAR, -1)``."""
    best, label = _FAR, -1
    for i in range(np.searchsorted(goal.edge, edge), len(goal.edge)):
        if goal.edge[i] != edge:
            break
        # With the edge's direction where the facility stands farther from the tail.
        whole = forward if goal.along[i] >= along else backward
        ms = goal.leg_ms[i] + int(abs(goal.along[i] - along) * whole + 0.5)
        if whole != CLOSED and (ms < best or (ms == best and goal.label[i] < label)):
            best, label = ms, goal.label[i]
    return best, label


@njit(nogil=True, cache=True)
def _heights(  # noqa: C901, PLR0913, PLR0917 - compiled code takes plain arguments
    cells: Cells,
    roads: _Roads,
    goal: _Goal,
    owned: NDArray[np.bool_],
    window: _Window,
    label: int,
    limits_ms: I64,
    scale: tuple[float, float],
) -> F64:
    """Heights of a window's cells for each limit, float64 (limits, rows, columns), metres within ``± cell_m``.

    Cells whose nearest facility has another label, and cells without a road, are as low as can be at every limit.

    Args:
        owned: bool (m,), edges on which facilities of the goal stand. scale: margin and cell in metres.
    """
    margin_m, cell_m = scale
    least = _LEAST_HEIGHT * cell_m
    height = np.full((len(limits_ms), window.row_end - window.row, window.column_end - window.column), -cell_m)
    # Plain names: each look into a tuple would count references, which takes longer than the work itself.
    cell_begin, cell_column, cell_edge, cell_along, cell_distance = cells
    tail, head, forward, backward, pace, _bounds = roads
    node_ms, node_label = goal.node_ms, goal.node_label
    row, column, column_end = window.row, window.column, window.column_end
    for r in range(row, window.row_end):  # inside the raster: the window is cut to it
        end = cell_begin[r + 1]
        k = cell_begin[r] + np.searchsorted(cell_column[cell_begin[r] : end], column)
        while k < end and cell_column[k] < column_end:
            edge, along = cell_edge[k], cell_along[k]  # a row of the edges and the nodes' arrays alike
            tail_ms, head_ms = node_ms[tail[edge]], node_ms[head[edge]]
            ms, whose = _FAR, -1
            if tail_ms >= 0 and backward[edge] != CLOSED:
                ms, whose = tail_ms + int(along * backward[edge] + 0.5), node_label[tail[edge]]
            if head_ms >= 0 and forward[edge] != CLOSED:
                other, other_label = head_ms + int((1 - along) * forward[edge] + 0.5), node_label[head[edge]]
                if other < ms or (other == ms and other_label < whose):
                    ms, whose = other, other_label
            if owned[edge]:
                other, other_label = _straight(goal, edge, along, forward[edge], backward[edge])
                if other < ms or (other == ms and other_label < whose):
                    ms, whose = other, other_label
            if whose == label:
                for i in range(len(limits_ms)):
                    metres = min((limits_ms[i] - ms) * pace[edge], margin_m - cell_distance[k])
                    metres = min(max(metres, -cell_m), cell_m)
                    if abs(metres) < least:
                        metres = least if metres >= 0 else -least
                    height[i, r - row, cell_column[k] - column] = metres
            k += 1
    return height


@dataclass(frozen=True)
class NearestRoads:
    """The raster of a network.

    Attributes:
        west, south: the first column and row, in cells from the CRS's origin. shape: (rows, columns).
    """

    cells: Cells
    west: int
    south: int
    shape: tuple[int, int]
    cell_m: float
    margin_m: float


def nearest_roads(
    network: Network,
    margin_m: float = MARGIN_M,
    cell_m: float = CELL_M,
    usable: NDArray[np.bool_] | None = None,
) -> NearestRoads:
    """The nearest usable road of every cell within the margin and one cell more.

    It is burnt in strips of rows, so that the empty land between roads is never in memory all at once.

    Args:
        usable: bool (m,), the edges that can be travelled; all when not given.
    """
    edges = np.arange(len(network.lines)) if usable is None else np.flatnonzero(usable)
    xy, line = shapely.get_coordinates(network.lines[edges], return_index=True)
    line = edges[line]
    reach = margin_m / cell_m + 1
    west, south = (int(low) for low in np.floor(xy.min(axis=0) / cell_m - reach) - 1)
    columns, rows = (int(high) for high in np.ceil(xy.max(axis=0) / cell_m + reach) + 2 - (west, south))
    xy = xy / cell_m - (west, south)
    cells, used = _room(xy, reach, rows, columns), 0
    height = max(1, _STRIP_CELLS // columns)
    for row in range(0, rows, height):
        shape = (min(height, rows - row), columns)
        best, owner, place = np.full(shape, reach**2), np.full(shape, -1, dtype=np.int32), np.zeros(shape)
        _burn(xy, line, reach, row, best, owner, place)
        near = owner >= 0
        end = used + int(near.sum())
        cells.begin[row + 1 : row + 1 + shape[0]] = used + np.cumsum(near.sum(axis=1))
        cells.column[used:end] = np.nonzero(near)[1]
        cells.edge[used:end] = edge = owner[near]
        cells.along[used:end] = np.minimum(
            place[near] * cell_m / np.maximum(network.length_m[edge], cell_m / _PARTS), 1
        )
        cells.distance[used:end] = np.sqrt(best[near]) * cell_m
        used = end
    for part in cells[1:]:
        part.resize(used, refcheck=False)  # gives back what was not used, without a copy
    return NearestRoads(cells, west, south, (rows, columns), cell_m, margin_m)


def _room(xy: F64, reach: float, rows: int, columns: int) -> Cells:
    """Room for as many cells as there can be; what stays unused is asked of the system but never taken."""
    around = 2 * reach + 2
    most = int(min(rows * columns, ((np.hypot(*np.diff(xy, axis=0).T) + around) * around).sum() + around**2))
    return Cells(
        begin=np.zeros(rows + 1, dtype=np.int64),
        column=np.empty(most, dtype=np.int32),
        edge=np.empty(most, dtype=np.int32),
        along=np.empty(most, dtype=np.float32),
        distance=np.empty(most, dtype=np.float32),
    )


class AreaDrawer:
    """Draws service areas of one network and one way of travelling; made once, used for all facilities.

    Islands and holes smaller than ``SMALLEST_CELLS`` cells are not drawn.

    Args:
        times_or_speed: times of the network's edges, or a walking speed in metres per second.
        margin_m: how far on both sides of a reached road the area is drawn.
        cell_m: the raster's cells; details smaller than that are lost.
    """

    def __init__(
        self,
        network: Network,
        times_or_speed: EdgeTimes | float,
        margin_m: float = MARGIN_M,
        cell_m: float = CELL_M,
    ) -> None:
        times = times_or_speed if isinstance(times_or_speed, EdgeTimes) else walking(network, times_or_speed)
        usable = (times.forward != CLOSED) | (times.backward != CLOSED)
        self.raster = nearest_roads(network, margin_m, cell_m, usable)
        self._beyond_ms = int(_BEYOND_CELLS * cell_m / times.off_road_mps * 1000)
        self._smallest_m2 = SMALLEST_CELLS * cell_m**2
        reach = margin_m / cell_m + 2
        bounds = shapely.bounds(network.lines) / cell_m - np.tile((self.raster.west, self.raster.south), 2)
        self._roads = _Roads(
            tail=network.tail,
            head=network.head,
            forward=times.forward,
            backward=times.backward,
            pace=network.length_m / np.maximum.reduce([times.forward, times.backward, np.ones_like(times.forward)]),
            bounds=np.rint(bounds + np.array([-reach, -reach, reach, reach])).astype(np.int64),
        )

    def search_ms(self, limit_ms: int) -> int:
        """How far to search for a limit: some cells farther, so that the border is smooth where it meets a junction."""
        return min(limit_ms + self._beyond_ms, max(limit_ms, LONGEST_MS))

    def each(self, reached: Sequence[Reached | None], limits_ms: Sequence[int]) -> Objects:
        """Areas of each facility on its own: MultiPolygons, object (limits, facilities).

        The areas of longer limits contain those of shorter ones. Empty for a facility that is not located and where
        nothing (or less than can be drawn) is reached.

        Args:
            reached: what each facility reaches, searched with ``search_ms`` of the longest limit, or more.
        """
        goals = ((i, _goal([one], [0])) for i, one in enumerate(reached) if one is not None)
        return self._areas(len(reached), limits_ms, ((i, goal, goal, 0) for i, goal in goals))

    def dissolved(self, reached: Sequence[Reached | None], limits_ms: Sequence[int]) -> Objects:
        """One area of all facilities: the least time of each cell decides; object (limits,)."""
        located = [one for one in reached if one is not None]
        goals = [(0, goal, goal, 0) for goal in [_goal(located, [0] * len(located))] if located]
        return self._areas(1, limits_ms, iter(goals))[:, 0]

    def responsibility(self, reached: Sequence[Reached | None], limits_ms: Sequence[int]) -> Objects:
        """Areas for which each facility is the nearest, ties to the first; object (limits, facilities).

        Areas of different facilities share borders at most.
        """
        places = [(i, one) for i, one in enumerate(reached) if one is not None]
        together = _goal([one for _i, one in places], [i for i, _one in places])
        goals = ((i, together, _goal([one], [0]), i) for i, one in places)
        return self._areas(len(reached), limits_ms, goals)

    def _areas(self, count: int, limits_ms: Sequence[int], goals: Iterator[tuple[int, _Goal, _Goal, int]]) -> Objects:
        """Areas of the cells of a label in a goal, looked for around another goal: (column, goal, around, label)."""
        areas = np.full((len(limits_ms), count), shapely.MultiPolygon(), dtype=object)
        for column, goal, around, label in goals:
            areas[:, column] = self._draw(goal, around, label, np.array(limits_ms, dtype=np.int64))
            # Who has no time left at the road reaches no road, only the place where it begins.
            areas[np.asarray(limits_ms) <= around.leg_ms.min(), column] = shapely.MultiPolygon()
        return areas

    def _draw(self, goal: _Goal, around: _Goal, label: int, limits_ms: I64) -> list[shapely.MultiPolygon]:
        window = self._window(around, int(limits_ms.max(initial=0)))
        owned = self._owned(goal)
        raster = self.raster
        strips: list[list[_Rings]] = [[] for _limit in limits_ms]
        for strip in _strips(window):
            heights = _heights(
                raster.cells,
                self._roads,
                goal,
                owned,
                strip,
                label,
                limits_ms,
                (raster.margin_m, raster.cell_m),
            )
            corner = (raster.west + strip.column, raster.south + strip.row)
            for rings, height in zip(strips, heights, strict=True):
                rings.append(_contour(height, corner, raster.cell_m))
        return [_multipolygon(_without_small(_joined(rings), self._smallest_m2)) for rings in strips]

    def _owned(self, goal: _Goal) -> NDArray[np.bool_]:
        owned = np.zeros(len(self._roads.tail), dtype=np.bool_)
        owned[goal.edge] = True
        return owned

    def _window(self, goal: _Goal, limit_ms: int) -> _Window:
        west, south, east, north = _touched(self._roads, goal, self._owned(goal), limit_ms)
        rows, columns = self.raster.shape
        return _Window(max(south, 0), min(north + 1, rows), max(west, 0), min(east + 1, columns))


def _goal(reached: Sequence[Reached], labels: Sequence[int]) -> _Goal:
    """Facilities drawn together; of equal times at a node the lower label stays."""
    if not reached:
        nothing = np.empty(0, dtype=np.int64)
        return _Goal(nothing, nothing, nothing, nothing.astype(float), nothing, nothing)
    node_ms, node_label = reached[0].node_ms, np.full(len(reached[0].node_ms), labels[0], dtype=np.int64)
    for one, label in zip(reached[1:], labels[1:], strict=True):
        earlier = (one.node_ms != UNREACHED) & ((one.node_ms < node_ms) | (node_ms == UNREACHED))
        node_ms, node_label = np.where(earlier, one.node_ms, node_ms), np.where(earlier, label, node_label)
    edge = np.array([one.edge for one in reached], dtype=np.int64)
    order = np.argsort(edge, kind="stable")
    return _Goal(
        node_ms=np.ascontiguousarray(node_ms, dtype=np.int64),
        node_label=node_label,
        edge=edge[order],
        along=np.array([one.along for one in reached], dtype=np.float64)[order],
        leg_ms=np.array([one.leg_ms for one in reached], dtype=np.int64)[order],
        label=np.array(labels, dtype=np.int64)[order],
    )


def _strips(window: _Window) -> Iterator[_Window]:
    """A window in strips of rows that share their border rows, each small enough for memory."""
    height = max(2, _STRIP_CELLS // max(1, window.column_end - window.column))
    for row in range(window.row, window.row_end - 1, height - 1):
        yield window._replace(row=row, row_end=min(row + height, window.row_end))


def _contour(height: F64, corner: tuple[int, int], cell_m: float) -> _Rings:
    """The rings around positive heights, vertices in metres.

    A vertex is a whole number of 1/1024 cells times one constant, so that all vertices on one line of the raster have
    exactly the same coordinate.
    """
    fill = contourpy.FillType.ChunkCombinedOffsetOffset
    generator = contourpy.contour_generator(z=height, name="serial", fill_type=fill)
    points, rings, polygons = (parts[0] for parts in generator.filled(0.0, 2 * cell_m))
    if points is None or rings is None or polygons is None:
        return _Rings(np.empty((0, 2)), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
    parts = np.rint(points * _PARTS) + np.array(corner, dtype=np.float64) * _PARTS
    return _Rings(parts * (cell_m / _PARTS), rings.astype(np.int64), polygons.astype(np.int64))


def _joined(strips: list[_Rings]) -> _Rings:
    """The polygons of strips that share their border rows: the vertices there are the same, so joining is exact."""
    if len(strips) == 1:
        return strips[0]
    polygons = [part for rings in strips for part in _multipolygon(rings).geoms]
    together = shapely.coverage_union_all(polygons) if polygons else shapely.MultiPolygon()
    parts = np.array([shapely.MultiPolygon(list(shapely.get_parts(together)))], dtype=object)
    _kind, points, (rings, starts, _geometries) = shapely.to_ragged_array(parts)
    return _Rings(points, rings.astype(np.int64), starts.astype(np.int64))


def _without_small(rings: _Rings, smallest_m2: float) -> _Rings:
    """Without rings around less than an area, and without the holes of polygons that go."""
    size = np.diff(rings.ring)
    if len(size) == 0:
        return rings
    number = np.repeat(np.arange(len(size)), size)
    x, y = (rings.points - rings.points[0]).T
    cross = np.r_[x[:-1] * y[1:] - x[1:] * y[:-1], 0.0]
    cross[rings.ring[1:] - 1] = 0.0  # from the last point of a ring to the first of the next
    large = np.abs(np.bincount(number, cross, len(size))) / 2 >= smallest_m2
    polygon = np.repeat(np.arange(len(rings.polygon) - 1), np.diff(rings.polygon))
    kept = large & large[rings.polygon[:-1]][polygon]
    holding = np.bincount(polygon[kept], minlength=len(rings.polygon) - 1)
    return _Rings(
        rings.points[kept[number]],
        np.r_[0, np.cumsum(size[kept])],
        np.r_[0, np.cumsum(holding[holding > 0])],
    )


def _multipolygon(rings: _Rings) -> shapely.MultiPolygon:
    offsets = (rings.ring, rings.polygon, np.array([0, len(rings.polygon) - 1]))
    return shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, rings.points, offsets)[0]


def service_areas(
    network: Network,
    reached: Sequence[Reached | None],
    times_or_speed: EdgeTimes | float,
    limit_ms: int,
    margin_m: float = MARGIN_M,
) -> Objects:
    """One MultiPolygon per facility, in the network's CRS; empty where nothing is reached.

    For several limits or several lists of facilities keep an ``AreaDrawer``. Cells are a fifth of the margin.
    """
    drawer = AreaDrawer(network, times_or_speed, margin_m, margin_m / _CELLS_PER_MARGIN)
    return np.asarray(drawer.each(reached, [limit_ms])[0])


def cutoffs_ms(minutes: Sequence[float]) -> list[int]:
    """Cut-offs in whole milliseconds, each once, the shortest first.

    Raises:
        SettingsError: for one that is not positive or longer than ``LONGEST_MS``.
    """
    for one in minutes:
        if not 0 < one * 60_000 <= LONGEST_MS or round(one * 60_000) < 1:
            text = _("分钟数须大于 0，且不超过 {most} 分钟（2^31 毫秒），现为 {value}。")
            raise SettingsError(text.format(most=LONGEST_MS // 60_000, value=one))
    return sorted({round(one * 60_000) for one in minutes})
