"""Drawings of service areas: where the nearest road leads to a facility in time, within a margin of that road.

Drawings only: who is covered is counted from travel times, never from these polygons.

A raster is made once per network: every cell near a road knows its nearest road. A cell is inside a facility's area if
the place on that road which is nearest to it leads there in time. Where of two neighbours one is inside, the border
is looked for between them, by halving, with the nearer of their two roads: so it lies where time ends, where
another road becomes the nearest, or at the margin, to 1/128 of a cell.

Exact by construction: a longer limit and one more facility only add cells and move borders outwards, because halving
keeps that order too, and vertices lie on the lines of the raster at multiples of 1/128 cell. So the areas of longer
limits contain those of shorter ones, a dissolved area contains that of each facility, responsibility areas do not
overlap, rings never touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.network.edge_times import CLOSED, EdgeTimes, walking
from geoplan.network.graph import Network
from geoplan.network.kernels import kernel
from geoplan.network.outlines import EAST, NORTH, SIDES, SOUTH, WEST, multipolygon, outlines
from geoplan.network.road_raster import CELL_M, MARGIN_M, Cells, NearestRoads, Segments, foot, nearest_roads
from geoplan.network.travel import UNREACHED, Reached

SMALLEST_CELLS = 10
"""Islands and holes smaller than so many cells (1,000 m² at cells of 10 m) are not drawn. One figure for both: what
lies inside a hole that is filled is then itself too small to be drawn."""
LONGEST_MS = 2**31 - 1
"""The longest cut-off: 24 days."""

_PARTS = 64  # a border is found to lie in one of so many parts of the way between two cells
_FAR = 2**62

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Ranks = NDArray[np.uint16]
Objects = NDArray[np.object_]


class _Edges(NamedTuple):
    """What the kernels need of edges.

    Attributes:
        times: int64 (m, 4), tail, head, forward, backward.
        bounds: int64 (m, 4), as cells: west, south, east, north.
        around: int64 (n, 4), the bounds of all edges at each node.
    """

    times: I64
    bounds: I64
    around: I64

    @classmethod
    def of(cls, network: Network, times: EdgeTimes, bounds: I64) -> Self:
        """With the bounds of the edges."""
        around = np.tile(np.array([_FAR, _FAR, -_FAR, -_FAR]), (len(network.xy), 1))
        for node in (network.tail, network.head):
            for side, widen in enumerate((np.minimum, np.minimum, np.maximum, np.maximum)):
                widen.at(around[:, side], node, bounds[:, side])
        return cls(np.column_stack([network.tail, network.head, times.forward, times.backward]), bounds, around)


class _Goal(NamedTuple):
    """Facilities that are drawn together.

    Attributes:
        node: int64 (n, 2), the least time from each node, or ``UNREACHED``, and whose it is.
        owned: bool (m,), edges on which facilities stand.
        own: float64 (f, 4), the facilities' own places, by edge: edge, place along it, milliseconds to it, label.
    """

    node: I64
    owned: NDArray[np.bool_]
    own: F64


class Window(NamedTuple):
    """Rows and columns of the raster, the ends not included."""

    row: int
    row_end: int
    column: int
    column_end: int


class _Pairs(NamedTuple):
    """Neighbouring cells of which one is inside, (p,) each.

    Attributes:
        row, column: int64, the southern or western cell of a pair. rises: bool, the other is north of it, else east.
        is_first: bool, the southern or western cell is the one inside.
        one, other: int64, the cells' nearest segments; -1 where there is none.
    """

    row: I64
    column: I64
    rises: NDArray[np.bool_]
    is_first: NDArray[np.bool_]
    one: I64
    other: I64


@kernel
def _touched(around: I64, goal: _Goal, limit_ms: int) -> tuple[int, int, int, int]:
    """Bounds in cells of all edges with a node within the limit; ``around`` has those of all edges at each node."""
    west, south, east, north = _FAR, _FAR, -_FAR, -_FAR
    node = goal.node
    for n in range(len(node)):
        if 0 <= node[n, 0] <= limit_ms:
            west, south = min(west, around[n, 0]), min(south, around[n, 1])
            east, north = max(east, around[n, 2]), max(north, around[n, 3])
    return west, south, east, north


@kernel
def _straight(  # noqa: PLR0913, PLR0917 - compiled code takes plain arguments
    own: F64, edge: int, along: float, forward: int, backward: int, ms: int, label: int
) -> tuple[int, int]:
    """The least of a known time and those straight along an edge to a facility on it, and whose it is."""
    for i in range(np.searchsorted(own[:, 0], edge), len(own)):
        if own[i, 0] != edge:
            break
        # With the edge's direction where the facility stands farther from the tail.
        whole = forward if own[i, 1] >= along else backward
        other = int(own[i, 2]) + int(abs(own[i, 1] - along) * whole + 0.5)
        if whole != CLOSED and (other < ms or (other == ms and own[i, 3] < label)):
            ms, label = other, int(own[i, 3])
    return ms, label


@kernel
def _by_ends(  # noqa: PLR0913, PLR0917 - numbers only: handing arrays on counts references, longer than the work itself
    tail_ms: int, tail_label: int, head_ms: int, head_label: int, forward: int, backward: int, along: float
) -> tuple[int, int]:
    """Least time from a place on an edge by way of its ends and whose it is, ties to the lower; ``(_FAR, -1)``."""
    ms, label = _FAR, -1
    if tail_ms >= 0 and backward != CLOSED:
        ms, label = tail_ms + int(along * backward + 0.5), tail_label
    if head_ms >= 0 and forward != CLOSED:
        other = head_ms + int((1 - along) * forward + 0.5)
        if other < ms or (other == ms and head_label < label):
            ms, label = other, head_label
    return ms, label


@kernel
def _ranks(  # noqa: PLR0913, PLR0917 - compiled code takes plain arguments
    cells: Cells, segments: Segments, times: I64, goal: _Goal, window: Window, label: int, limits_ms: I64, reach: float
) -> Ranks:
    """Within how many of the limits each cell of a window is, uint16 (rows + 2, columns + 2) with a rim of zeros.

    Args:
        limits_ms: ascending. reach: the margin in cells.
    """
    begin, column, segment = cells
    shape, edges = segments
    node, owned, own = goal
    row, west, east = window.row, window.column, window.column_end
    rank = np.zeros((window.row_end - row + 2, east - west + 2), dtype=np.uint16)
    for r in range(row, window.row_end):  # inside the raster: the window is cut to it
        k, end = begin[r], begin[r + 1]
        k += np.searchsorted(column[k:end], west)
        while k < end and column[k] < east:
            square, along = foot(shape, segment[k], column[k], r)
            if square <= reach * reach:
                edge = edges[segment[k]]
                tail, head, forward, backward = times[edge, 0], times[edge, 1], times[edge, 2], times[edge, 3]
                ms, whose = _by_ends(
                    node[tail, 0], node[tail, 1], node[head, 0], node[head, 1], forward, backward, along
                )
                if owned[edge]:
                    ms, whose = _straight(own, edge, along, forward, backward, ms, whose)
                if whose == label and ms <= limits_ms[-1]:
                    rank[r - row + 1, column[k] - west + 1] = len(limits_ms) - np.searchsorted(limits_ms, ms)
            k += 1
    return rank


@kernel
def _segments_at(cells: Cells, row: I64, column: I64) -> I64:
    """The nearest segments of cells, int64 (k,); -1 where there is none."""
    begin, columns, segment = cells
    found = np.full(len(row), -1, dtype=np.int64)
    for i in range(len(row)):
        if 0 <= row[i] < len(begin) - 1:
            k, end = begin[row[i]], begin[row[i] + 1]
            k += np.searchsorted(columns[k:end], column[i])
            if k < end and columns[k] == column[i]:
                found[i] = segment[k]
    return found


@kernel
def _halved(  # noqa: PLR0913, PLR0917 - compiled code takes plain arguments
    pairs: _Pairs, segments: Segments, times: I64, goal: _Goal, label: int, limit_ms: int, reach: float
) -> I64:
    """In which of ``_PARTS`` parts of the way from the first cell of a pair to the second the border lies, int64 (p,)."""
    row, column, rises, is_first, one, other = pairs
    shape, edges = segments
    node, owned, own = goal
    found = np.empty(len(row), dtype=np.int64)
    for i in range(len(row)):
        low, high = 0, _PARTS
        while high - low > 1:
            middle = (low + high) // 2
            x, y = float(column[i]), float(row[i])
            if rises[i]:
                y += middle / _PARTS
            else:
                x += middle / _PARTS
            square, along, segment = np.inf, 0.0, one[i]
            if one[i] >= 0:
                square, along = foot(shape, one[i], x, y)
            if other[i] >= 0 and other[i] != one[i]:
                other_square, other_along = foot(shape, other[i], x, y)
                if other_square < square:
                    square, along, segment = other_square, other_along, other[i]
            is_inside = False
            if square <= reach * reach:
                edge = edges[segment]
                tail, head, forward, backward = times[edge, 0], times[edge, 1], times[edge, 2], times[edge, 3]
                ms, whose = _by_ends(
                    node[tail, 0], node[tail, 1], node[head, 0], node[head, 1], forward, backward, along
                )
                if owned[edge]:
                    ms, whose = _straight(own, edge, along, forward, backward, ms, whose)
                is_inside = whose == label and ms <= limit_ms
            if is_inside == is_first[i]:
                low = middle
            else:
                high = middle
        found[i] = low
    return found


class AreaDrawer:
    """Draws service areas of one network and one way of travelling; made once, used for all facilities.

    Islands and holes smaller than ``SMALLEST_CELLS`` cells are not drawn.

    Memory of a drawing: 3 bytes for each cell of the rectangle round what is reached (90 MB for 60 km x 50 km at
    10 m), and some 100 bytes for each vertex.

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
        self._start(network, times, nearest_roads(network, margin_m, cell_m, times.usable))

    def _start(self, network: Network, times: EdgeTimes, raster: NearestRoads) -> None:
        reach = raster.reach + 1
        bounds = shapely.bounds(network.lines) / raster.cell_m - np.tile((raster.west, raster.south), 2)
        bounds = np.rint(bounds + np.array([-reach, -reach, reach, reach])).astype(np.int64)
        self.raster, self._edges = raster, _Edges.of(network, times, bounds)
        self._smallest_m2 = SMALLEST_CELLS * raster.cell_m**2
        self._changed: I64 | None = None

    def following(self, network: Network, times: EdgeTimes, changed: I64) -> AreaDrawer:
        """The drawer after a change of roads, which knows where it may draw something else; see ``differs``.

        Args:
            network: this drawer's network, with other lines at some edges and perhaps more edges at the end.
            times: of its edges.
            changed: int64, the edges whose lines are others, the new ones included.
        """
        before = self._edges.times[:, 2:]
        known = np.column_stack([times.forward, times.backward])[: len(before)]
        differs = np.ones(len(times.forward), dtype=np.bool_)
        differs[: len(before)] = (known != before).any(axis=1)
        differs[changed] = True
        edges = np.flatnonzero(differs)
        drawer = object.__new__(AreaDrawer)
        drawer._start(network, times, self.raster.following(network, times.usable, edges))
        if (drawer.raster.west, drawer.raster.south) == (self.raster.west, self.raster.south):
            drawer._changed = np.vstack([self._edges.bounds[edges[edges < len(before)]], drawer._edges.bounds[edges]])
        return drawer

    def differs(self, window: Window) -> bool:
        """Whether an area may be another than the drawer that this one follows has drawn in that window.

        All roads that lead to the facility in time, and all that begin at their ends, lie in the window: a road that
        changed anything for it would be one of them.
        """
        if self._changed is None:
            return True
        west, south, east, north = self._changed.T
        inside = (west < window.column_end) & (east >= window.column) & (south < window.row_end) & (north >= window.row)
        return bool(inside.any())

    def one(self, reached: Reached | None, limit_ms: int) -> tuple[shapely.MultiPolygon, Window]:
        """The area of one facility, and the window that was looked at for it; see ``each``."""
        if reached is None:
            return shapely.MultiPolygon(), Window(0, 0, 0, 0)
        goal = self._goal([reached], [0])
        (area,) = self._draw(goal, goal, 0, np.array([limit_ms], dtype=np.int64))
        return area, self._window(goal, limit_ms)

    def each(self, reached: Sequence[Reached | None], limits_ms: Sequence[int]) -> Objects:
        """Areas of each facility on its own: MultiPolygons, object (limits, facilities).

        The areas of longer limits contain those of shorter ones. Empty for a facility that is not located and where
        nothing (or less than can be drawn) is reached.

        Args:
            reached: what each facility reaches, searched with the longest limit, or more.
        """
        goals = ((i, self._goal([one], [0])) for i, one in enumerate(reached) if one is not None)
        return self._areas(len(reached), limits_ms, ((i, goal, goal, 0) for i, goal in goals))

    def dissolved(self, reached: Sequence[Reached | None], limits_ms: Sequence[int]) -> Objects:
        """One area of all facilities: the least time of each cell decides; object (limits,)."""
        located = [one for one in reached if one is not None]
        goals = [(0, goal, goal, 0) for goal in [self._goal(located, [0] * len(located))] if located]
        return self._areas(1, limits_ms, iter(goals))[:, 0]

    def responsibility(self, reached: Sequence[Reached | None], limits_ms: Sequence[int]) -> Objects:
        """Areas for which each facility is the nearest, ties to the first; object (limits, facilities).

        Areas of different facilities share borders at most.
        """
        places = [(i, one) for i, one in enumerate(reached) if one is not None]
        together = self._goal([one for _i, one in places], [i for i, _one in places])
        goals = ((i, together, self._goal([one], [0]), i) for i, one in places)
        return self._areas(len(reached), limits_ms, goals)

    def _areas(self, count: int, limits_ms: Sequence[int], goals: Iterator[tuple[int, _Goal, _Goal, int]]) -> Objects:
        """Areas of the cells of a label in a goal, looked for around another goal: (column, goal, around, label)."""
        areas = np.full((len(limits_ms), count), shapely.MultiPolygon(), dtype=object)
        ascending, place = np.unique(np.array(limits_ms, dtype=np.int64), return_inverse=True)
        for column, goal, around, label in goals:
            areas[:, column] = np.array(self._draw(goal, around, label, ascending), dtype=object)[place]
        return areas

    def _draw(self, goal: _Goal, around: _Goal, label: int, limits_ms: I64) -> list[shapely.MultiPolygon]:
        if len(limits_ms) == 0:
            return []
        raster, times = self.raster, self._edges.times
        window, reach = self._window(around, int(limits_ms[-1])), raster.margin_m / raster.cell_m
        rank = _ranks(raster.cells, raster.segments, times, goal, window, label, limits_ms, reach)
        areas = []
        for longer, limit_ms in zip(range(len(limits_ms), 0, -1), limits_ms, strict=True):
            rings = outlines(rank >= longer)
            pairs = _pairs(rings.border, raster.cells, window)
            part = _halved(pairs, raster.segments, times, goal, label, limit_ms, reach)
            areas.append(multipolygon(rings, self._places(pairs, part), self._smallest_m2))
        return areas

    def _places(self, pairs: _Pairs, part: I64) -> F64:
        """The middles of parts in metres, (p, 2): whole numbers times one constant, so equal on a line of the raster."""
        off = 2 * part + 1
        column, row = (self.raster.west + pairs.column) * 2 * _PARTS, (self.raster.south + pairs.row) * 2 * _PARTS
        both = np.column_stack([column + np.where(pairs.rises, 0, off), row + np.where(pairs.rises, off, 0)])
        return np.asarray(both * (self.raster.cell_m / (2 * _PARTS)))

    def _window(self, goal: _Goal, limit_ms: int) -> Window:
        bounds = self._edges.bounds[goal.own[:, 0].astype(np.int64)]
        bounds = np.vstack([bounds, _touched(self._edges.around, goal, limit_ms)])
        (west, south), (east, north) = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
        rows, columns = self.raster.shape
        return Window(max(south, 0), min(north + 1, rows), max(west, 0), min(east + 1, columns))

    def _goal(self, reached: Sequence[Reached], labels: Sequence[int]) -> _Goal:
        owned = np.zeros(len(self._edges.times), dtype=np.bool_)
        owned[[one.edge for one in reached]] = True
        places = [(one.edge, one.along, one.leg_ms, label) for one, label in zip(reached, labels, strict=True)]
        own = np.array(sorted(places), dtype=np.float64).reshape(-1, 4)
        return _Goal(_least(reached, labels, len(self._edges.around)), owned, own)


def _pairs(border: I64, cells: Cells, window: Window) -> _Pairs:
    """The neighbours on both sides of borders of a window with a rim, see ``Outlines``."""
    cell, side = np.divmod(border, SIDES)
    row, column = np.divmod(cell, window.column_end - window.column + 2)
    row, column = row + (window.row - 1) - (side == SOUTH), column + (window.column - 1) - (side == WEST)
    rises = (side == NORTH) | (side == SOUTH)
    one, other = _segments_at(cells, row, column), _segments_at(cells, row + rises, column + ~rises)
    return _Pairs(row, column, rises, (side == EAST) | (side == NORTH), one, other)


@kernel
def _lower(node: I64, node_ms: I64, label: int) -> None:
    """Enter a facility's times where they are less than those known, and whose they are; ``node`` as in ``_Goal``."""
    for n in range(len(node)):
        if node_ms[n] >= 0 and (node[n, 0] < 0 or node_ms[n] < node[n, 0]):
            node[n, 0], node[n, 1] = node_ms[n], label


def _least(reached: Sequence[Reached], labels: Sequence[int], size: int) -> I64:
    """The least time from each node and whose it is, int64 (n, 2); of equal times the first stays."""
    node = np.full((size, 2), UNREACHED, dtype=np.int64)
    for one, label in zip(reached, labels, strict=True):
        _lower(node, one.node_ms, label)
    return node


def cutoffs_ms(minutes: Sequence[str | float]) -> list[int]:
    """Cut-offs in whole milliseconds, each once, the shortest first.

    Raises:
        SettingsError: for one that is no number, not positive or longer than ``LONGEST_MS``.
    """
    return sorted({_milliseconds(one) for one in minutes})


def _milliseconds(minutes: str | float) -> int:
    try:
        ms = float(minutes) * 60_000
    except ValueError as error:
        raise SettingsError(_("分钟数须为数字，现为“{value}”。").format(value=minutes)) from error
    if not 0 < ms <= LONGEST_MS or round(ms) < 1:
        text = _("分钟数须大于 0，且不超过 {most} 分钟（2^31 毫秒），现为 {value}。")
        raise SettingsError(text.format(most=LONGEST_MS // 60_000, value=minutes))
    return round(ms)
