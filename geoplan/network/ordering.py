"""Orders: rows by key, and points along a curve that keeps neighbours on the ground together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_HILBERT_BITS = 16
_SHIFT, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


def stable_order(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows in order of their key, equal ones in their own: ``np.argsort(key, kind="stable")``, several times as fast.

    Key and row are packed into one number, and numbers are sorted sooner than places of numbers.

    Args:
        key: int64 (k,), the largest less than 2**32 above the least, and as many at most.
    """
    packed = (key - key.min(initial=0)).astype(np.uint64) << _SHIFT
    packed |= np.arange(len(key), dtype=np.uint64)
    packed.sort()
    packed &= _LOW
    return packed.view(np.int64)


def hilbert_order(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Points in order along a Hilbert curve (Hilbert 1891) of 2^16 cells a side over their bounds; ties by row."""
    lower = xy.min(axis=0)
    span = max(float(np.ptp(xy, axis=0).max()), 1.0)
    cells = ((xy - lower) / span * (2**_HILBERT_BITS - 1)).astype(np.int64)
    x, y = cells[:, 0], cells[:, 1]
    along = np.zeros(len(xy), dtype=np.int64)
    for bit in reversed(range(_HILBERT_BITS)):
        side = 1 << bit
        right, upper = (x & side) > 0, (y & side) > 0
        along += side * side * ((3 * right) ^ upper)
        x, y = x & (side - 1), y & (side - 1)
        # Turn the quadrant so that the curve enters and leaves it where its neighbours do.
        flip = ~upper & right
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
    return stable_order(along)
