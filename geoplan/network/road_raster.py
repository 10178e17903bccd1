"""A raster that knows the nearest road of every cell near a road; made once per network."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.network.graph import Network
from geoplan.network.kernels import inlined, kernel

MARGIN_M = 50.0
CELL_M = 10.0

_STRIP_CELLS = 1_000_000  # cells in memory at once while burning, for each processor: 12 MB
_BLOCK = 64  # cells of a row that are prepared together when a road comes near

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


class Segments(NamedTuple):
    """The straight pieces of the usable edges, edge by edge.

    Attributes:
        shape: float64 (s, 6), a row each: where it begins (x, y) and its step (x, y) in cells from the raster's
            corner, the share of its edge's length where it begins, and the share that it takes.
        edge: int32 (s,), the edge it is of.
    """

    shape: F64
    edge: I32


class Cells(NamedTuple):
    """The cells near roads, row by row. Cell (r, c) has its centre at ``(west + c, south + r) * cell_m``.

    Memory: 8 bytes a cell; 96 MB for 60 km x 50 km with 12,000 km of road, while it is made 4 bytes a cell and 12 MB
    for each processor more. Cells exist up to one cell's width beyond the margin; the others take nothing.

    Attributes:
        begin: int64 (rows + 1,), the cells of row r are ``begin[r]:begin[r + 1]``, by column.
        column: int32 (k,). segment: int32 (k,), the nearest segment, of equally near ones the first.
    """

    begin: I64
    column: I32
    segment: I32


@dataclass(frozen=True)
class NearestRoads:
    """The raster of a network.

    Attributes:
        west, south: the first column and row, in cells from the CRS's origin. shape: (rows, columns).
    """

    cells: Cells
    segments: Segments
    west: int
    south: int
    shape: tuple[int, int]
    cell_m: float
    margin_m: float

    @property
    def reach(self) -> float:
        """How far cells learn of a road, in cells: one more than the margin."""
        return self.margin_m / self.cell_m + 1

    def following(self, network: Network, usable: NDArray[np.bool_], changed: I64) -> NearestRoads:
        """The raster after a change of roads; only rows near what changed are burnt anew, unless the new roads leave it.

        Args:
            network: this raster's network, with other lines at some edges and perhaps more edges at the end.
            usable: bool (m,), the edges that can be travelled.
            changed: int64, the edges whose lines are others or that could be travelled before and now not, or the other
                way round, the new ones included.
        """
        segments = _segments(*_vertices(network, usable), (self.west, self.south), self.cell_m)
        old, new = (np.isin(known.edge, changed) for known in (self.segments, segments))
        bounds = np.vstack([_bounds(self.segments.shape[old]), _bounds(segments.shape[new])])
        bounds += np.array([-1, -1, 1, 1]) * self.reach
        rows, columns = self.shape
        if (bounds[:, :2] < 0).any() or (bounds[:, 2:] > (columns - 1, rows - 1)).any():
            return nearest_roads(network, self.margin_m, self.cell_m, usable)
        number = np.full(len(old), -1, dtype=np.int32)
        number[~old] = np.flatnonzero(~new)
        near = np.zeros(rows, dtype=np.bool_)
        for south, north in bounds[:, [1, 3]]:
            near[int(np.ceil(south)) : int(np.floor(north)) + 1] = True
        return replace(self, cells=self._burnt_anew(segments, number, near), segments=segments)

    def _burnt_anew(self, segments: Segments, number: I32, near: NDArray[np.bool_]) -> Cells:
        """The cells with some rows burnt anew; in the others ``number`` gives each segment its number of today."""
        begin, column, segment = self.cells
        stops = np.r_[0, np.flatnonzero(near[1:] != near[:-1]) + 1, len(near)].tolist()
        parts = []
        for first, last in pairwise(stops):
            if near[first]:
                parts.append(_burnt(segments.shape, self.reach, self.shape[1], first, last))
            else:
                own = slice(begin[first], begin[last])
                parts.append((np.diff(begin[first : last + 1]), column[own], number[segment[own]]))
        return _together(parts)


@inlined
def foot(shape: F64, segment: int, x: float, y: float) -> tuple[float, float]:
    """Squared distance from a place to a segment, and the share of the edge's length to its nearest point."""
    dx, dy = shape[segment, 2], shape[segment, 3]
    across, up = x - shape[segment, 0], y - shape[segment, 1]
    square, part = dx * dx + dy * dy, 0.0
    if square > 0:
        part = min(max((across * dx + up * dy) / square, 0.0), 1.0)
    along = shape[segment, 4] + part * shape[segment, 5]
    return (across - part * dx) ** 2 + (up - part * dy) ** 2, min(along, 1.0)


@kernel
def _enter(shape: F64, reach: float, row: int, best: F64, owner: I32, used: U8) -> None:
    """Enter segments into the strip of cells that begins at a row, each cell keeping the nearest one.

    Args:
        reach: how far cells learn of a road, in cells.
        best: float64 (rows, blocks * ``_BLOCK``), squared distance so far, and owner: int32, the segment. What they hold
            means something in used blocks only.
        used: uint8 (rows, blocks), zeros before; the blocks of cells that some segment came near.
    """
    rows, columns = best.shape
    for segment in range(len(shape)):
        ax, ay, dx, dy = shape[segment, 0], shape[segment, 1], shape[segment, 2], shape[segment, 3]
        square = dx * dx + dy * dy
        inverse = 1 / square if square > 0 else 0.0
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
            for block in range(west // _BLOCK, east // _BLOCK + 1):
                if used[r - row, block] == 0:
                    used[r - row, block] = 1
                    best[r - row, block * _BLOCK : (block + 1) * _BLOCK] = reach * reach
                    owner[r - row, block * _BLOCK : (block + 1) * _BLOCK] = -1
            # Without branches, so that several cells are compared at once.
            distance, nearest = best[r - row, west : east + 1], owner[r - row, west : east + 1]
            left, up = west - ax, r - ay
            for k in range(len(distance)):
                part = min(max(((left + k) * dx + up * dy) * inverse, 0.0), 1.0)
                new = (left + k - part * dx) ** 2 + (up - part * dy) ** 2
                is_nearer = new < distance[k]
                distance[k] = new if is_nearer else distance[k]
                nearest[k] = segment if is_nearer else nearest[k]


@kernel
def _gather(owner: I32, used: U8, count: int, end: I64, column: I32, segment: I32) -> int:
    """Append the cells of a strip that know a road, row by row; how many there are then.

    Args:
        owner, used: see ``_enter``; negative for no segment.
        count: how many cells there are already. end: int64 (rows,), gets how many there are after each row.
        column, segment: of the cells, with room for all.
    """
    rows, blocks = used.shape
    for r in range(rows):
        for block in range(blocks):
            if used[r, block] != 0:
                for c in range(block * _BLOCK, (block + 1) * _BLOCK):
                    if owner[r, c] >= 0:
                        column[count], segment[count] = c, owner[r, c]
                        count += 1
        end[r] = count
    return count


def nearest_roads(
    network: Network,
    margin_m: float = MARGIN_M,
    cell_m: float = CELL_M,
    usable: NDArray[np.bool_] | None = None,
) -> NearestRoads:
    """The nearest usable road of every cell within the margin and one cell more.

    It is burnt in strips of rows, so that the empty land between roads is never in memory all at once; each processor
    has rows of its own.

    Args:
        usable: bool (m,), the edges that can be travelled; all when not given.
    """
    edges, xy, line = _vertices(network, usable)
    reach = margin_m / cell_m + 1
    west, south = (int(low) for low in np.floor(xy.min(axis=0) / cell_m - reach) - 1)
    columns, rows = (int(high) for high in np.ceil(xy.max(axis=0) / cell_m + reach) + 2 - (west, south))
    segments = _segments(edges, xy, line, (west, south), cell_m)
    bounds = _equal_work(segments.shape, rows)
    with ThreadPoolExecutor(len(bounds) - 1) as threads:
        parts = list(threads.map(partial(_burnt, segments.shape, reach, columns), bounds[:-1], bounds[1:]))
    return NearestRoads(_together(parts), segments, west, south, (rows, columns), cell_m, margin_m)


def _vertices(network: Network, usable: NDArray[np.bool_] | None) -> tuple[I64, F64, I64]:
    """(usable edges, the vertices of their lines, int64 (v,) which of these edges each is of)."""
    edges = np.arange(len(network.lines)) if usable is None else np.flatnonzero(usable)
    xy, line = shapely.get_coordinates(network.lines[edges], return_index=True)
    return edges, xy, line


def _together(parts: list[tuple[I64, I32, I32]]) -> Cells:
    """The cells of ranges of rows, one above the other."""
    counts, columns, segments = zip(*parts, strict=True)
    return Cells(np.r_[0, np.cumsum(np.concatenate(counts))], np.concatenate(columns), np.concatenate(segments))


def _bounds(shape: F64) -> F64:
    """West, south, east, north of segments, float64 (s, 4)."""
    ends = shape[:, :2], shape[:, :2] + shape[:, 2:4]
    return np.hstack([np.minimum(*ends), np.maximum(*ends)])


def _equal_work(shape: F64, rows: int) -> list[int]:
    """Bounds of ranges of rows, one for each processor, near which about as many segments begin."""
    shares = np.arange(1, os.cpu_count() or 1) / (os.cpu_count() or 1)
    inner = np.quantile(shape[:, 1], shares).astype(np.int64)
    return [0, *np.unique(inner[(inner > 0) & (inner < rows)]).tolist(), rows]


def _burnt(shape: F64, reach: float, columns: int, begin: int, end: int) -> tuple[I64, I32, I32]:
    """(how many cells know a road in each row, their columns, their nearest segments) of some rows."""
    blocks = -(-columns // _BLOCK)
    height = max(1, min(_STRIP_CELLS // (blocks * _BLOCK), end - begin))
    best, owner = np.empty((height, blocks * _BLOCK)), np.empty((height, blocks * _BLOCK), dtype=np.int32)
    after = np.zeros(end - begin + 1, dtype=np.int64)
    most = _most_cells(shape, reach, (end - begin) * columns)
    column, segment = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.int32)
    count = 0
    for row in range(begin, end, height):
        used = np.zeros((min(height, end - row), blocks), dtype=np.uint8)
        strip = best[: len(used)], owner[: len(used)]
        _enter(shape, reach, row, *strip, used)
        place = row - begin + 1
        count = _gather(strip[1], used, count, after[place : place + len(used)], column, segment)
    for part in (column, segment):
        part.resize(count, refcheck=False)  # gives back what was not used, without a copy
    return np.diff(after), column, segment


def _segments(edges: I64, xy: F64, line: I64, corner: tuple[int, int], cell_m: float) -> Segments:
    """The segments of lines.

    Args:
        edges, xy, line: see ``_vertices``. corner: the raster's, in cells from the CRS's origin.
    """
    xy = xy / cell_m - corner
    begin = np.flatnonzero(line[1:] == line[:-1])
    of = line[begin]
    step = xy[begin + 1] - xy[begin]
    length = np.hypot(*step.T)
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    before = np.cumsum(length) - length
    before -= np.repeat(before[first], np.diff(np.r_[first, len(of)]))
    whole = np.bincount(of, length, minlength=len(edges))[of]
    whole[whole == 0] = 1.0  # a line without length is all at its beginning
    shape = np.column_stack([xy[begin], step, before / whole, length / whole])
    return Segments(shape, edges[of].astype(np.int32))


def _most_cells(shape: F64, reach: float, most: int) -> int:
    """How many cells can know a road; room that stays unused is asked of the system but never taken."""
    around = 2 * reach + 2
    return int(min(most, ((np.hypot(shape[:, 2], shape[:, 3]) + around) * around).sum()))
