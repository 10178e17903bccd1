"""The nearest of many roads for many points: an exact search over a uniform grid of road segments.

Distances and shares are computed by the formulas of GEOS in its order of operations, ``Distance::pointToSegment`` and
``LengthIndexOfPoint``, so that they are those of ``shapely.distance`` and ``shapely.line_locate_point`` to the bit.
Equal therefore means equal as float64, here as there, and nothing depends on the order of points or on the grid.

A search looks at the cells round a point, ring by ring, and ends when no cell further out can hold anything nearer.
Where the first rings decide nothing (a point far from every road), it goes on in a grid of cells eight times as large.
All comparisons of bounds leave room for rounding, so that a bound never cuts off a segment that is as near as the best.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from geoplan.network.graph import Network
from geoplan.network.kernels import kernel

Floats = NDArray[np.float64]
Place = tuple[float, float]
Known = tuple[float, int]

NOWHERE = -1
_CELLS_PER_SEGMENT = 2.0
_COARSER = 8
_FEW_CELLS = 4096  # a grid of so few cells is searched to its end
_RINGS = 6  # a grid that is not the last is searched so many rings wide
_ROUNDING = 1e-12  # of the coordinates: thousands of units in the last place, and still under 0.01 mm


class Nearest(NamedTuple):
    """The nearest road of each point.

    Attributes:
        edge: int64 (k,), of equally near edges the first of the network; ``NOWHERE`` if no edge is usable.
        along: float64 (k,), the share of the edge's length from its tail, 0 to 1; 0 on an edge without length.
        leg_m: float64 (k,), metres from the point to the edge.
    """

    edge: NDArray[np.int64]
    along: NDArray[np.float64]
    leg_m: NDArray[np.float64]


class _Roads(NamedTuple):
    """The vertices of all lines, one line after the other; segment ``i`` joins vertices ``i`` and ``i + 1`` of a line.

    Attributes:
        xy: float64 (v, 2). edge: int32 (v,), the edge of the network whose line it is.
        start: float64 (v,), metres along the line to the vertex.
        gone: bool (m,), edges whose segments are passed over.
    """

    xy: NDArray[np.float64]
    edge: NDArray[np.int32]
    start: NDArray[np.float64]
    gone: NDArray[np.bool_]


class _Grid(NamedTuple):
    """Square cells, row by row from the south-west, each with the segments that may touch it.

    Attributes:
        west, south, cell: metres. columns, rows: at least 1.
        slack: metres that make up for the rounding of the roads' coordinates.
        first: int64 (columns * rows + 1,), where each cell's segments begin. items: int32, segments.
    """

    west: float
    south: float
    cell: float
    columns: int
    rows: int
    slack: float
    first: NDArray[np.int64]
    items: NDArray[np.int32]


class RoadGrid:
    """The usable roads of a network, ready for any number of searches; safe to share between threads.

    Memory: 28 bytes a vertex, 16 an edge, 8 a cell (two a vertex) and 4 for every segment in every cell that it may
    touch, about 60 bytes a vertex together: 502,425 edges with 1,445,871 vertices take 89 MB, and 105 MB while they are
    built. Of ``locate`` a point's result takes 25 bytes and its search 90 more.

    Attributes:
        network: whose lines are searched.
        usable: bool (m,), which edges a point may be located at.
    """

    def __init__(self, network: Network, usable: NDArray[np.bool_] | None = None) -> None:
        """Index the network's lines.

        Args:
            usable: bool (m,); all edges when not given.
        """
        self.network = network
        self.usable = np.ones(len(network.lines), dtype=np.bool_) if usable is None else usable
        self._edges = np.flatnonzero(self.usable)
        by_place = _by_place(network, self._edges)
        xy, row = shapely.get_coordinates(network.lines[by_place], return_index=True)
        edge = by_place[row].astype(np.int32)
        self._roads = _Roads(xy, edge, _starts(xy, edge), np.zeros(len(network.lines), dtype=np.bool_))
        self._length_m = np.zeros(len(network.lines))
        # Of a line's vertices the last one stays: its start is the length of the line.
        self._length_m[edge] = self._roads.start
        self._grids = _grids(self._roads)
        self._indexed = self.usable
        self._differs = self.changed = np.zeros(len(network.lines), dtype=np.bool_)
        self._others: RoadGrid | None = None

    def following(self, network: Network, usable: NDArray[np.bool_], changed: NDArray[np.int64]) -> RoadGrid:
        """The grid after a change of roads; only what changed is indexed anew.

        Args:
            network: this grid's network, with other lines at the ``changed`` edges and perhaps more edges at the end.
            usable: bool (m,), which of its edges a point may be located at.
            changed: int64, the edges whose lines are others, the new ones included.
        """
        known = len(self._indexed)
        grid = object.__new__(RoadGrid)
        grid.__dict__.update({name: self.__dict__[name] for name in ("_length_m", "_grids", "_indexed")})
        grid.network, grid.usable, grid._edges = network, usable, np.flatnonzero(usable)
        grid.changed = usable != np.concatenate([self.usable, np.zeros(len(usable) - len(self.usable), dtype=np.bool_)])
        grid.changed[changed] = True
        lines = np.concatenate([self._differs, np.ones(len(usable) - len(self._differs), dtype=np.bool_)])
        lines[changed] = True
        grid._differs = lines
        # What the index has but is no longer so is passed over; what is so but not in the index has one of its own.
        grid._roads = self._roads._replace(gone=lines[:known] | ~usable[:known])
        others = usable & (lines | ~np.concatenate([self._indexed, np.zeros(len(usable) - known, dtype=np.bool_)]))
        grid._others = RoadGrid(network, others) if others.any() else None
        return grid

    @property
    def nbytes(self) -> int:
        """Bytes of the index."""
        roads = self._roads
        arrays: list[NDArray[Any]] = [roads.xy, roads.edge, roads.start, self._edges, self._length_m]
        arrays += [array for grid in self._grids for array in (grid.first, grid.items)]
        return sum(array.nbytes for array in arrays) + (self._others.nbytes if self._others else 0)

    def nearest(self, xy: NDArray[np.float64]) -> Nearest:
        """The nearest road of each place, however far.

        Args:
            xy: float64 (k, 2), finite, in the network's CRS.
        """
        segment = np.full(len(xy), NOWHERE, dtype=np.int64)
        leg_m = np.full(len(xy), np.inf)
        asked = np.arange(len(xy))
        for grid in self._grids:
            # In order of place, so that neighbours find in the processor's cache what they share.
            order = asked if len(asked) == 1 else asked[np.argsort(_blocks(grid, xy, asked))]
            rings = max(grid.columns, grid.rows) if grid is self._grids[-1] else _RINGS
            asked = order[~_search(grid, self._roads, xy, order, rings, segment, leg_m)]
            if len(asked) == 0:
                break
        nearest = self._described(xy, segment, leg_m)
        return nearest if self._others is None else _nearer(nearest, self._others.nearest(xy))

    def _described(self, xy: Floats, segment: NDArray[np.int64], leg_m: Floats) -> Nearest:
        """The found segments as edges and shares of their length."""
        edge, along = np.full(len(xy), NOWHERE, dtype=np.int64), np.full(len(xy), np.nan)
        found = np.flatnonzero(segment != NOWHERE)
        edge[found] = self._roads.edge[segment[found]]
        length, metres = self._length_m[edge[found]], _along(self._roads, xy[found], segment[found])
        along[found] = np.divide(metres, length, out=np.zeros(len(found)), where=length > 0)
        return Nearest(edge, along, np.where(edge == NOWHERE, np.nan, leg_m))

    @cached_property
    def island_road_m(self) -> NDArray[np.float64]:
        """Float64 (m,): metres of usable road on the island of each edge, counted to the millimetre; 0 if not usable."""
        return self._islands[1]

    @cached_property
    def on_main(self) -> NDArray[np.bool_]:
        """Bool (m,): the usable edges on the island with the most usable road (island 0 where all are usable)."""
        island, road_m = self._islands
        if len(self._edges) == 0:
            return self.usable
        # Of islands with equally much road the one with the lowest node, as in the network's own numbering.
        most = self.usable & (road_m == road_m[self._edges].max())
        first = np.flatnonzero(most)[np.argmin(np.minimum(self.network.tail, self.network.head)[most])]
        return self.usable & (island == island[first])

    @cached_property
    def main(self) -> RoadGrid:
        """The same for the main network alone."""
        return self.following(self.network, self.on_main, np.empty(0, dtype=np.int64))

    @cached_property
    def _islands(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(island, metres of road on it) of each edge, by usable edges only."""
        network, edges = self.network, self._edges
        tail, head = network.tail[edges], network.head[edges]
        links = sp.coo_array((np.ones(len(edges), dtype=np.int8), (tail, head)), shape=(len(network.xy),) * 2)
        island = np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)
        road_m = np.bincount(island[tail], weights=np.round(network.length_m[edges], 3), minlength=len(network.xy))
        of_edge = island[network.tail]
        return of_edge, np.where(self.usable, road_m[of_edge], 0.0)


def _nearer(one: Nearest, other: Nearest) -> Nearest:
    """The nearer of two answers, of equally near ones the first edge."""
    nearer = (other.leg_m < one.leg_m) | (np.isnan(one.leg_m) & ~np.isnan(other.leg_m))
    nearer |= (other.leg_m == one.leg_m) & (other.edge < one.edge)
    return Nearest(*(np.where(nearer, theirs, ours) for ours, theirs in zip(one, other, strict=True)))


def _by_place(network: Network, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """The edges sorted by blocks of about 64 of them, so that what lies together is stored together."""
    if len(edges) == 0:
        return edges
    xy = network.xy[network.tail[edges]]
    xy -= xy.min(axis=0)
    block = max(math.sqrt(float(np.prod(xy.max(axis=0))) * 64 / len(edges)), 1.0)
    east, north = (xy // block).T
    return edges[np.lexsort((east, north))]


def _grids(roads: _Roads) -> list[_Grid]:
    """Grids from fine to coarse; empty without roads."""
    if len(roads.xy) == 0:
        return []
    low, high = roads.xy.min(axis=0), roads.xy.max(axis=0)
    slack = _ROUNDING * float(max(np.abs(low).max(), np.abs(high).max(), 1.0))
    wide, tall = (float(side) for side in high - low)
    cells = _CELLS_PER_SEGMENT * len(roads.xy)
    # As many cells as wanted; a network that is nearly a line is cut along its longer side.
    cell = max(math.sqrt(wide * tall / cells), max(wide, tall) / cells, 1e3 * slack)
    grids: list[_Grid] = []
    while not grids or len(grids[-1].first) > _FEW_CELLS:
        shape = int(wide / cell) + 1, int(tall / cell) + 1
        bare = _Grid(low[0], low[1], cell, *shape, slack, np.empty(0, np.int64), np.empty(0, np.int32))
        grids.append(_filled(bare, roads))
        cell *= _COARSER
    return grids


def _filled(bare: _Grid, roads: _Roads) -> _Grid:
    """The grid with the segments that each of its cells may touch: counted first, then placed."""
    # One place more than cells + 1: placing moves each cell's cursor from its beginning to its end.
    cursor = np.zeros(bare.columns * bare.rows + 2, dtype=np.int64)
    _visit(bare, roads, cursor, np.empty(0, dtype=np.int32))
    np.cumsum(cursor, out=cursor)
    items = np.empty(cursor[-1], dtype=np.int32)
    if len(items):
        _visit(bare, roads, cursor, items)
    return bare._replace(first=cursor[:-1], items=items)


@kernel
def _starts(xy: Floats, edge: NDArray[np.int32]) -> Floats:
    """Metres along its line to each vertex, added up from the tail as GEOS does; float64 (v,)."""
    start = np.zeros(len(xy))
    for i in range(1, len(xy)):
        if edge[i] == edge[i - 1]:
            dx, dy = xy[i, 0] - xy[i - 1, 0], xy[i, 1] - xy[i - 1, 1]
            start[i] = start[i - 1] + math.sqrt(dx * dx + dy * dy)
    return start


@kernel
def _slot(value: float, origin: float, cell: float, count: int) -> int:
    """The column or row of a coordinate, the outermost one beyond the grid: always 0 to ``count - 1``."""
    at = (value - origin) / cell
    if not at > 0.0:  # also where it is not a number
        return 0
    if at >= count:
        return count - 1
    return int(at)


@kernel
def _reach(near: Place, far: Place, low: float, high: float, slack: float) -> Place:
    """The span of x of the part of a segment whose y lies between ``low`` and ``high``, a little more than less.

    Args:
        near, far: (x, y), the ends of the segment, ``near`` not above ``far``.
    """
    from_x, to_x = near[0], far[0]
    if near[1] < low < far[1]:
        from_x = near[0] + (far[0] - near[0]) * ((low - near[1]) / (far[1] - near[1]))
    if near[1] < high < far[1]:
        to_x = near[0] + (far[0] - near[0]) * ((high - near[1]) / (far[1] - near[1]))
    return min(from_x, to_x) - slack, max(from_x, to_x) + slack


@kernel
def _visit(grid: _Grid, roads: _Roads, cursor: NDArray[np.int64], items: NDArray[np.int32]) -> None:
    """Visit the cells that each segment may touch: count in ``cursor`` if ``items`` is empty, else place there.

    In bounds: ``_slot`` gives columns and rows of the grid, so ``at + 2`` is at most ``columns * rows + 1``, the last
    place of ``cursor``. Both visits go the same way, so that a cell's cursor moves by what was counted for it.
    """
    xy, edge, slack = roads.xy, roads.edge, grid.slack
    for i in range(len(xy) - 1):
        if edge[i] != edge[i + 1]:
            continue
        near, far = (xy[i, 0], xy[i, 1]), (xy[i + 1, 0], xy[i + 1, 1])
        if near[1] > far[1]:
            near, far = far, near
        south = _slot(near[1] - slack, grid.south, grid.cell, grid.rows)
        north = _slot(far[1] + slack, grid.south, grid.cell, grid.rows)
        for row in range(south, north + 1):
            low = grid.south + row * grid.cell - slack
            west_x, east_x = _reach(near, far, low, low + grid.cell + 2 * slack, slack)
            west = _slot(west_x, grid.west, grid.cell, grid.columns)
            east = _slot(east_x, grid.west, grid.cell, grid.columns)
            for at in range(row * grid.columns + west, row * grid.columns + east + 1):
                if len(items) == 0:
                    cursor[at + 2] += 1
                else:
                    items[cursor[at + 1]] = i
                    cursor[at + 1] += 1


@kernel
def _blocks(grid: _Grid, xy: Floats, asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cell of each asked point, int64, numbered so that the cells of a block of 8 x 8 follow each other."""
    blocks = np.empty(len(asked), dtype=np.int64)
    for k, i in enumerate(asked):
        row = _slot(xy[i, 1], grid.south, grid.cell, grid.rows)
        column = _slot(xy[i, 0], grid.west, grid.cell, grid.columns)
        block = (row >> 3) * ((grid.columns >> 3) + 1) + (column >> 3)
        blocks[k] = block << 6 | (row & 7) << 3 | (column & 7)
    return blocks


@kernel
def _distance(point: Place, near: Place, far: Place) -> float:
    """Metres from a point to a segment; GEOS, ``Distance::pointToSegment``, operation by operation."""
    (x, y), (ax, ay), (bx, by) = point, near, far
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = 0.0
    if square > 0.0:
        share = ((x - ax) * dx + (y - ay) * dy) / square
    if share <= 0.0:
        return math.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
    if share >= 1.0:
        return math.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
    return abs(((ay - y) * dx - (ax - x) * dy) / square) * math.sqrt(square)


@kernel
def _search(  # noqa: PLR0913, PLR0917 - arrays of one search
    grid: _Grid,
    roads: _Roads,
    xy: Floats,
    order: NDArray[np.int64],
    rings: int,
    segment: NDArray[np.int64],
    leg_m: Floats,
) -> NDArray[np.bool_]:
    """Improve ``segment`` and ``leg_m`` of the points in ``order``; which of these (bool) are decided."""
    decided = np.empty(len(order), dtype=np.bool_)
    for k, i in enumerate(order):
        best, winner, decided[k] = _nearest(grid, roads, (xy[i, 0], xy[i, 1]), rings, (leg_m[i], segment[i]))
        leg_m[i], segment[i] = best, winner
    return decided


@kernel
def _nearest(grid: _Grid, roads: _Roads, point: Place, rings: int, known: Known) -> tuple[float, int, bool]:
    """(metres, segment, whether no other can be nearer) after searching so many rings of cells.

    Args:
        known: (metres, segment), the best so far; (inf, -1) at first.
    """
    x, y = point
    best, winner = known
    slack = grid.slack + _ROUNDING * (abs(x) + abs(y))
    column = _slot(x, grid.west, grid.cell, grid.columns)
    row = _slot(y, grid.south, grid.cell, grid.rows)
    for ring in range(rings):
        if ring > 0 and _beyond(grid, point, column, row, ring) > best + slack:
            return best, winner, True
        # In bounds: rows and columns are cut to the grid's.
        for r in range(max(row - ring, 0), min(row + ring, grid.rows - 1) + 1):
            whole = ring == 0 or abs(r - row) == ring
            step = 1 if whole else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if 0 <= c < grid.columns and _to_cell(grid, point, c, r) <= best + slack:
                    best, winner = _in_cell(grid, roads, point, r * grid.columns + c, (best, winner), slack)
    return best, winner, _beyond(grid, point, column, row, rings) > best + slack


@kernel
def _in_cell(grid: _Grid, roads: _Roads, point: Place, at: int, known: Known, slack: float) -> Known:
    """(metres, segment) after a look at the segments of one cell; of equally near ones the first.

    In bounds: ``at`` is a cell; an item is a segment, which has a vertex behind it.
    """
    best, winner = known
    xy = roads.xy
    within = (best + slack) * (best + slack)
    for z in range(grid.first[at], grid.first[at + 1]):
        i = int(grid.items[z])
        if _is_farther(point, (xy[i, 0], xy[i, 1]), (xy[i + 1, 0], xy[i + 1, 1]), within):
            continue
        metres = _distance(point, (xy[i, 0], xy[i, 1]), (xy[i + 1, 0], xy[i + 1, 1]))
        if roads.gone[roads.edge[i]]:
            continue
        if metres < best or (metres == best and _is_before(roads.edge, i, winner)):
            best, winner = metres, i
            within = (best + slack) * (best + slack)
    return best, winner


@kernel
def _is_before(edge: NDArray[np.int32], one: int, other: int) -> bool:
    """Whether a segment comes before another in the network: on an edge before, or earlier on the same edge.

    In bounds: ``other`` is a segment, or -1 (none), which nothing comes before.
    """
    if other < 0 or edge[one] != edge[other]:
        return other >= 0 and edge[one] < edge[other]
    return one < other


@kernel
def _is_farther(point: Place, near: Place, far: Place, within: float) -> bool:
    """Whether a segment is surely farther than the root of ``within``; spares most segments division and root."""
    dx, dy = far[0] - near[0], far[1] - near[1]
    ux, uy = point[0] - near[0], point[1] - near[1]
    dot, square = ux * dx + uy * dy, dx * dx + dy * dy
    if dot <= 0.0:
        return ux * ux + uy * uy > within
    if dot >= square:
        vx, vy = point[0] - far[0], point[1] - far[1]
        return vx * vx + vy * vy > within
    cross = ux * dy - uy * dx
    return cross * cross > within * square


@kernel
def _to_cell(grid: _Grid, point: Place, column: int, row: int) -> float:
    """Metres from a point to a cell, 0 inside."""
    west, south = grid.west + column * grid.cell, grid.south + row * grid.cell
    across = max(west - point[0], point[0] - west - grid.cell, 0.0)
    up = max(south - point[1], point[1] - south - grid.cell, 0.0)
    return math.sqrt(across * across + up * up)


@kernel
def _beyond(grid: _Grid, point: Place, column: int, row: int, ring: int) -> float:
    """Metres from a point to the nearest cell of the grid that is ``ring`` or more rings away; inf if there is none.

    The cells that are left lie in four strips of the grid: west, east, south and north of the rings before.
    """
    x, y = point
    across = max(grid.west - x, x - grid.west - grid.columns * grid.cell, 0.0)
    up = max(grid.south - y, y - grid.south - grid.rows * grid.cell, 0.0)
    sideways, upright = np.inf, np.inf
    if column - ring >= 0:
        sideways = max(x - (grid.west + (column - ring + 1) * grid.cell), 0.0)
    if column + ring < grid.columns:
        sideways = min(sideways, max(grid.west + (column + ring) * grid.cell - x, 0.0))
    if row - ring >= 0:
        upright = max(y - (grid.south + (row - ring + 1) * grid.cell), 0.0)
    if row + ring < grid.rows:
        upright = min(upright, max(grid.south + (row + ring) * grid.cell - y, 0.0))
    return min(math.sqrt(sideways * sideways + up * up), math.sqrt(upright * upright + across * across))


@kernel
def _along(roads: _Roads, xy: Floats, segment: NDArray[np.int64]) -> Floats:
    """Metres along its line to the foot of each point; GEOS, ``LengthIndexOfPoint::segmentNearestMeasure``.

    In bounds: a segment has a vertex behind it.
    """
    metres = np.empty(len(xy))
    for k, i in enumerate(segment):
        ax, ay = roads.xy[i, 0], roads.xy[i, 1]
        dx, dy = roads.xy[i + 1, 0] - ax, roads.xy[i + 1, 1] - ay
        square = dx * dx + dy * dy
        share = ((xy[k, 0] - ax) * dx + (xy[k, 1] - ay) * dy) / square if square > 0.0 else 0.0
        if xy[k, 0] == roads.xy[i + 1, 0] and xy[k, 1] == roads.xy[i + 1, 1]:
            share = 1.0
        metres[k] = roads.start[i] + min(max(share, 0.0), 1.0) * math.sqrt(square)
    return metres
