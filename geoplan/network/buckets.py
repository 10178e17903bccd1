"""What all compiled searches share: packed arcs and states, and a queue of buckets.

The graph is a CSR of packed arcs, ``arc = ms << 32 | head`` (uint64), searched from the facilities: an arc from u to v
stands for the trip from v to u. A node's state is ``ms << 32 | label`` (uint64): the smaller state is the earlier
time and, at equal times, the lower label, so that ``<`` decides everything and ties are exact. A search that is
exact in this order needs no predecessors: an arc is *tight* when the state at its end is the state at its start
plus its time, which implies that both have one label.

A node that is not reached has ``UNREACHED_STATE``, the largest state of 31 bits of time: every state that a way leads
to is smaller, and no sum with a closed arc (2**31 ms) is. All sums stay below 2**64.

A queue of buckets is an array of chains, each ``2 ** shift`` ms wide, whose entries lie in one pool. Inside a bucket
a node may be corrected more than once, which makes the result exact for any width. Pools and lists that fill
up are doubled (``with_room``), so that no search can run out of its scratch.

All indices are uint64: compiled code then needs no test for negative ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoplan.network.kernels import kernel

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]
I64 = NDArray[np.int64]

SHIFT = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)
UNREACHED_STATE = np.uint64(0x7FFFFFFFFFFFFFFF)
UNREACHED_MS = np.uint32(0xFFFFFFFF)
CLOSED_MS = 2**31
"""The time of an arc that cannot be travelled: beyond every limit."""
MOST_MS = 2**31 - 1
"""The longest limit, and the longest time of an open arc (24 days)."""
BUCKET_SHIFT = 14
"""Buckets of 16 s: the fastest of 12 to 16 on county networks, by little."""
NONE, ONE = np.uint64(0), np.uint64(1)


@kernel
def with_room(array: Any, used: Any, wanted: Any) -> Any:
    """The array if it has room for so many more than it uses, else its content in one at least twice as long."""
    if used + wanted <= len(array):
        return array
    longer = np.empty(max(2 * len(array), used + wanted), array.dtype)
    longer[:used] = array[:used]
    return longer


@kernel
def append(ring: U32, pool: U64, place: np.uint64, node: np.uint64, used: np.uint64) -> np.uint64:
    """Put a node into a bucket, in the next entry of the pool, which must have one; how many are used now.

    Entries count from one: none ends a chain.
    """
    used += ONE
    pool[used] = (node << SHIFT) | np.uint64(ring[place])
    ring[place] = np.uint32(used)
    return used


@kernel
def enqueue(
    ring: U32, pool: U64, place: np.uint64, node: np.uint64, free: np.uint64, used: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Put a node into a bucket, in an entry that was used before if there is one; (first free entry, entries used) now."""
    if free == NONE:
        return NONE, append(ring, pool, place, node, used)
    after = pool[free] & LOW
    pool[free] = (node << SHIFT) | np.uint64(ring[place])
    ring[place] = np.uint32(free)
    return after, used
