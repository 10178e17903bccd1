"""A raster that knows the nearest road of every cell near a road; made once per network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from geoplan.network.graph import Network

MARGIN_M = 50.0
CELL_M = 10.0

_STRIP_CELLS = 2_000_000  # cells in memory at once while burning: 24 MB

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


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

    Memory: 8 bytes a cell; 96 MB for 60 km x 50 km with 12,000 km of road, and 24 MB more while it is made. Cells
    exist up to one cell's width beyond the margin; the others take nothing.

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


@njit(nogil=True, cache=True, inline="always")
def foot(shape: F64, segment: int, x: float, y: float) -> tuple[float, float]:
    """Squared distance from a place to a segment, and the share of the edge's length to its nearest point."""
    dx, dy = shape[segment, 2], shape[segment, 3]
    across, up = x - shape[segment, 0], y - shape[segment, 1]
    square, part = dx * dx + dy * dy, 0.0
    if square > 0:
        part = min(max((across * dx + up * dy) / square, 0.0), 1.0)
    along = shape[segment, 4] + part * shape[segment, 5]
    return (across - part * dx) ** 2 + (up - part * dy) ** 2, min(along, 1.0)


@njit(nogil=True, cache=True)
def _burn(shape: F64, reach: float, row: int, best: F64, owner: I32) -> None:
    """Enter segments into the strip of cells that begins at a row, each cell keeping the nearest one.

    Args:
        reach: how far cells learn of a road, in cells.
        best: float64 (rows, columns), squared distance so far. owner: the segment.
    """
    rows, columns = best.shape
    for segment in range(len(shape)):
        ax, ay, dx, dy = shape[segment, 0], shape[segment, 1], shape[segment, 2], shape[segment, 3]
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
                square, _along = foot(shape, segment, c, r)
                if square < best[r - row, c]:
                    best[r - row, c] = square
                    owner[r - row, c] = segment


@njit(nogil=True, cache=True)
def _gather(owner: I32, used: int, end: I64, column: I32, segment: I32) -> int:
    """Append the cells of a strip that know a road, row by row; how many there are then.

    Args:
        owner: int32 (rows, columns), the segment of each cell, negative for none.
        used: how many cells there are already. end: int64 (rows,), gets how many there are after each row.
        column, segment: of the cells, with room for all.
    """
    rows, columns = owner.shape
    for r in range(rows):
        for c in range(columns):
            if owner[r, c] >= 0:
                column[used], segment[used] = c, owner[r, c]
                used += 1
        end[r] = used
    return used


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
    reach = margin_m / cell_m + 1
    west, south = (int(low) for low in np.floor(xy.min(axis=0) / cell_m - reach) - 1)
    columns, rows = (int(high) for high in np.ceil(xy.max(axis=0) / cell_m + reach) + 2 - (west, south))
    segments = _segments(xy / cell_m - (west, south), line, edges)
    cells, used = _room(segments.shape, reach, rows, columns), 0
    height = max(1, _STRIP_CELLS // columns)
    for row in range(0, rows, height):
        strip = (min(height, rows - row), columns)
        best, owner = np.full(strip, reach**2), np.full(strip, -1, dtype=np.int32)
        _burn(segments.shape, reach, row, best, owner)
        used = _gather(owner, used, cells.begin[row + 1 : row + 1 + strip[0]], cells.column, cells.segment)
    for part in cells[1:]:
        part.resize(used, refcheck=False)  # gives back what was not used, without a copy
    return NearestRoads(cells, segments, west, south, (rows, columns), cell_m, margin_m)


def _segments(xy: F64, line: I64, edges: I64) -> Segments:
    """The segments of lines.

    Args:
        xy: float64 (v, 2), vertices in cells. line: int64 (v,), which of the edges they are of, ascending.
    """
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


def _room(shape: F64, reach: float, rows: int, columns: int) -> Cells:
    """Room for as many cells as there can be; what stays unused is asked of the system but never taken."""
    around = 2 * reach + 2
    most = int(min(rows * columns, ((np.hypot(shape[:, 2], shape[:, 3]) + around) * around).sum()))
    return Cells(
        begin=np.zeros(rows + 1, dtype=np.int64),
        column=np.empty(most, dtype=np.int32),
        segment=np.empty(most, dtype=np.int32),
    )
