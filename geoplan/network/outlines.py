"""Outlines of regions of a raster: rings through the borders between cells inside and cells outside.

Two cells inside that touch only at a corner are apart, so every piece of a region has exactly one outer ring and rings
never touch. A ring passes between each pair of neighbours of which one is inside, at a place that the caller chooses
anywhere strictly between their centres (the rings of marching squares). Whoever moves these places away from cells
inside makes the region larger on both sides of every ring: order between regions is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.network.kernels import kernel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

EAST, NORTH, WEST, SOUTH = range(4)
SIDES = 4


class Outlines(NamedTuple):
    """Rings round a region; inside is on the left.

    Attributes:
        border: int64 (p,), ``cell * 4 + side``: a cell inside, row by row, and the side where its neighbour is outside.
        begin: int64 (q + 1,), where each ring begins in them.
        outer: int64 (q,), the ring round the piece that a ring belongs to: itself, or for a hole another.
    """

    border: I64
    begin: I64
    outer: I64


@kernel
def _runs(inside: NDArray[np.bool_]) -> tuple[I64, I64, int]:
    """First and last cells of the runs of cells inside, row by row, and the number of borders."""
    flat = inside.ravel()
    columns = inside.shape[1]
    count = borders = 0
    for cell in range(columns, len(flat) - columns):  # the rim is outside
        if flat[cell]:
            count += not flat[cell - 1]
            borders += (not flat[cell + 1]) + (not flat[cell - 1])
            borders += (not flat[cell + columns]) + (not flat[cell - columns])
    first, last = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    run = 0
    for cell in range(columns, len(flat) - columns):
        if flat[cell]:
            if not flat[cell - 1]:
                first[run] = cell
            if not flat[cell + 1]:
                last[run] = cell
                run += 1
    return first, last, borders


@kernel
def outlines(inside: NDArray[np.bool_]) -> Outlines:
    """The rings round the cells inside.

    A piece's outer ring is met first at the west side of a run, a hole at the east side of the run before it; that
    run's own west side tells the piece.

    Memory: 8 bytes a border, 17 a run, 16 a ring.

    Args:
        inside: bool (rows, columns); the outermost rows and columns are outside.
    """
    flat = inside.ravel()
    ahead = (1, inside.shape[1], -1, -inside.shape[1])  # to the neighbour on each side
    first, last, borders = _runs(inside)
    ring_of_run = np.full(len(first), -1, dtype=np.int64)
    end_is_known = np.zeros(len(first), dtype=np.bool_)
    border = np.empty(borders, dtype=np.int64)
    begin, outer = np.zeros(2 * len(first) + 1, dtype=np.int64), np.empty(2 * len(first), dtype=np.int64)
    rings = used = 0
    for start in range(2 * len(first)):
        run, is_end = start // 2, start % 2 == 1
        if end_is_known[run] if is_end else ring_of_run[run] >= 0:
            continue
        outer[rings] = outer[ring_of_run[run]] if is_end else rings
        cell, side = (last[run], EAST) if is_end else (first[run], WEST)
        stop = cell * SIDES + side
        while True:
            border[used] = cell * SIDES + side  # every border is in one ring, so there is room
            used += 1
            if side == WEST:
                ring_of_run[np.searchsorted(first, cell)] = rings
            elif side == EAST:
                end_is_known[np.searchsorted(last, cell)] = True
            heading = (side + 1) % SIDES
            on = cell + ahead[heading]
            if not flat[on]:
                side = heading
            elif flat[on + ahead[side]]:
                cell, side = on + ahead[side], (side + 3) % SIDES
            else:
                cell = on
            if cell * SIDES + side == stop:
                break
        rings += 1
        begin[rings] = used
    return Outlines(border, begin[: rings + 1].copy(), outer[:rings].copy())


def multipolygon(rings: Outlines, xy: F64, smallest_m2: float) -> shapely.MultiPolygon:
    """The region as polygons, without rings round less than an area (a hole that stays is in a larger ring that stays).

    Args:
        xy: float64 (p, 2), where each border is crossed, metres.
    """
    kept = _areas(rings, xy) >= smallest_m2
    if not kept.any():
        return shapely.MultiPolygon()
    order = np.argsort(np.where(kept, rings.outer, len(kept)), kind="stable")[: kept.sum()]
    size = np.diff(rings.begin)[order] + 1  # closed
    end = np.cumsum(size)
    place = np.arange(end[-1]) - np.repeat(end - size, size)
    place[end - 1] = 0
    points = xy[np.repeat(rings.begin[order], size) + place]
    pieces = np.flatnonzero(rings.outer[order] == order)
    offsets = (np.r_[0, end], np.r_[pieces, len(order)], np.array([0, len(pieces)]))
    return shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, points, offsets)[0]


def _areas(rings: Outlines, xy: F64) -> F64:
    """What each ring encloses, in square metres, shape (q,)."""
    if len(xy) == 0:
        return np.empty(0)
    x, y = (xy - xy[0]).T
    following = np.arange(1, len(xy) + 1)
    following[rings.begin[1:] - 1] = rings.begin[:-1]
    cross = x * y[following] - x[following] * y
    return np.asarray(np.abs(np.add.reduceat(cross, rings.begin[:-1])) / 2)
