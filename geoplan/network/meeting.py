"""Which vertices of many lines are on stretches of others, and which lines cross: all that can be a junction.

Candidates only; what they mean is for geometry to say. Stretches are looked up by
square cells as wide as a stretch is long on average, so that each is in a few of them; only cells with something in
them exist, so that neither a wide empty land nor a dense town costs more than its roads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geoplan.network.kernels import kernel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_ROOM_M = 1e-3  # for rounding: far more than coordinates of any country need
_SHORTEST_CELL_M = 1.0


class _Grid(NamedTuple):
    """Cells with the stretches in them.

    Attributes:
        west, south, cell: metres. columns: cells in a row.
        key: int64 (k,), ascending, ``row * columns + column``. stretch: int64 (k,).
    """

    west: float
    south: float
    cell: float
    columns: int
    key: I64
    stretch: I64


def stretches(line: I64) -> I64:
    """The vertices where stretches begin, int64 (s,); each ends at the next vertex.

    Args:
        line: int64 (n,), which line each vertex belongs to, ascending.
    """
    return np.flatnonzero(line[1:] == line[:-1])


def vertices_on_stretches(xy: F64, line: I64, within_m: float) -> tuple[I64, I64]:
    """Vertices that may lie within a distance of a stretch and are at neither of its ends.

    Args:
        xy: float64 (n, 2), metres.

    Returns:
        (vertex, begin): int64 (k,) each, by vertex; ``begin`` is the vertex where the stretch begins.
    """
    begin = stretches(line)
    grid, reach = _grid(xy, begin, within_m + _ROOM_M), within_m + _ROOM_M
    cell = np.floor((xy - (grid.west, grid.south)) / grid.cell).astype(np.int64)
    key = cell[:, 1] * grid.columns + cell[:, 0]
    nothing = np.empty((0, 2), dtype=np.int64)
    found = np.empty((_on_stretches(xy, begin, grid, key, reach, nothing), 2), dtype=np.int64)
    _on_stretches(xy, begin, grid, key, reach, found)
    return found[:, 0], begin[found[:, 1]]


def crossing_lines(xy: F64, line: I64) -> tuple[I64, I64]:
    """Pairs of lines of which stretches cross between their ends, each pair once, the lower line first, sorted.

    Lines that meet in any other way have a vertex of one on a stretch of the other, or vertices in common.
    """
    begin = stretches(line)
    grid = _grid(xy, begin, _ROOM_M)
    first = np.flatnonzero(np.r_[True, grid.key[1:] != grid.key[:-1]])
    cells = np.r_[first, len(grid.key)]
    nothing = np.empty((0, 2), dtype=np.int64)
    found = np.empty((_crossing(xy, begin, line, grid.stretch, cells, nothing), 2), dtype=np.int64)
    _crossing(xy, begin, line, grid.stretch, cells, found)
    one, other = np.unique(np.sort(found, axis=1), axis=0).T
    return one, other


def _grid(xy: F64, begin: I64, reach: float) -> _Grid:
    west, south = xy.min(axis=0) - reach
    length = np.hypot(*(xy[begin + 1] - xy[begin]).T)
    cell = max(float(length.mean()) if len(begin) else 0.0, 2 * reach, _SHORTEST_CELL_M)
    columns = int((xy[:, 0].max() + reach - west) // cell) + 1
    local = (xy - (west, south)) / cell
    nothing = np.empty(0, dtype=np.int64)
    count = _enter(local, begin, reach / cell, columns, nothing, nothing)
    key, stretch = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    _enter(local, begin, reach / cell, columns, key, stretch)
    order = np.argsort(key, kind="stable")
    return _Grid(west, south, cell, columns, key[order], stretch[order])


@kernel
def _enter(xy: F64, begin: I64, reach: float, columns: int, key: I64, stretch: I64) -> int:
    """Enter each stretch into the cells within reach of it; how many entries there are, beyond the arrays' length too.

    Args:
        xy: float64 (n, 2), vertices in cells, positive. reach: in cells, less than one.
    """
    count = 0
    for s in range(len(begin)):
        ax, ay = xy[begin[s], 0], xy[begin[s], 1]
        dx, dy = xy[begin[s] + 1, 0] - ax, xy[begin[s] + 1, 1] - ay
        for row in range(max(int(np.floor(min(ay, ay + dy) - reach)), 0), int(np.floor(max(ay, ay + dy) + reach)) + 1):
            # Only the part of the stretch that is within reach of the row.
            low, high = 0.0, 1.0
            if dy != 0:
                one, other = (row - reach - ay) / dy, (row + 1 + reach - ay) / dy
                low, high = min(max(min(one, other), 0.0), 1.0), max(min(max(one, other), 1.0), 0.0)
            one, other = ax + low * dx, ax + high * dx
            west = max(int(np.floor(min(one, other) - reach)), 0)
            east = min(int(np.floor(max(one, other) + reach)), columns - 1)
            for column in range(west, east + 1):
                if count < len(key):
                    key[count], stretch[count] = row * columns + column, s
                count += 1
    return count


@kernel
def _square(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Squared distance from p to the stretch from a to b."""
    dx, dy = bx - ax, by - ay
    square, part = dx * dx + dy * dy, 0.0
    if square > 0:
        part = min(max(((px - ax) * dx + (py - ay) * dy) / square, 0.0), 1.0)
    return (px - ax - part * dx) ** 2 + (py - ay - part * dy) ** 2


@kernel
def _on_stretches(xy: F64, begin: I64, grid: _Grid, key: I64, reach: float, found: I64) -> int:
    """Vertices within reach of stretches in their cell; how many, beyond the length of ``found`` (k, 2) too."""
    count = 0
    cells, entered = grid.key, grid.stretch
    for v in range(len(xy)):
        x, y = xy[v, 0], xy[v, 1]
        k = np.searchsorted(cells, key[v])
        while k < len(cells) and cells[k] == key[v]:
            a = begin[entered[k]]
            ax, ay, bx, by = xy[a, 0], xy[a, 1], xy[a + 1, 0], xy[a + 1, 1]
            at_end = (x == ax and y == ay) or (x == bx and y == by)
            if not at_end and _square(x, y, ax, ay, bx, by) <= reach * reach:
                if count < len(found):
                    found[count, 0], found[count, 1] = v, entered[k]
                count += 1
            k += 1
    return count


@kernel
def _crossing(xy: F64, begin: I64, line: I64, entered: I64, cells: I64, found: I64) -> int:
    """Lines with stretches in one cell that cross; how many, beyond the length of ``found`` (k, 2) too.

    Args:
        cells: int64, where each cell's stretches begin in ``entered``, and their number.
    """
    count = 0
    for c in range(len(cells) - 1):
        for i in range(cells[c], cells[c + 1]):
            a = begin[entered[i]]
            for j in range(i + 1, cells[c + 1]):
                b = begin[entered[j]]
                if line[a] != line[b] and _parts(xy, a, b) and _parts(xy, b, a):
                    if count < len(found):
                        found[count, 0], found[count, 1] = line[a], line[b]
                    count += 1
    return count


@kernel
def _parts(xy: F64, a: int, b: int) -> bool:
    """Whether the ends of stretch b are on different sides of the line through stretch a, none of them on it."""
    dx, dy = xy[a + 1, 0] - xy[a, 0], xy[a + 1, 1] - xy[a, 1]
    one = dx * (xy[b, 1] - xy[a, 1]) - dy * (xy[b, 0] - xy[a, 0])
    other = dx * (xy[b + 1, 1] - xy[a, 1]) - dy * (xy[b + 1, 0] - xy[a, 0])
    return one < 0 < other or other < 0 < one
