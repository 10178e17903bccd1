"""Compiled searches on a road graph, exact in whole milliseconds.

The graph is a CSR of packed arcs, ``arc = ms << 32 | head`` (uint64), searched from the facilities: an arc from u to v
stands for the trip from v to u. A node's state is ``ms << 32 | label`` (uint64): the smaller state is the earlier
time and, at equal times, the lower label, so that ``<`` decides everything and ties are exact. A search that is
exact in this order needs no predecessors: an arc is *tight* when the state at its end is the state at its start
plus its time.

All sums stay below 2**64: states within a limit have times below 2**31, and an arc weighs at most 2**31 (closed).

The queue is a ring of buckets, each ``2 ** shift`` ms wide and a chain of entries in one pool. Inside a bucket a node
may be corrected more than once, which makes the result exact for any width. The ring must be longer than the longest
open arc, so that no entry meets another lap of the ring.

All indices are uint64: compiled code then needs no test for negative ones.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]

SHIFT = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)
UNREACHED_STATE = np.uint64(0xFFFFFFFFFFFFFFFF)
UNREACHED_MS = np.uint32(0xFFFFFFFF)
CLOSED_MS = 2**31
"""The time of an arc that cannot be travelled: beyond every limit."""
MOST_MS = 2**31 - 1
"""The longest limit, and the longest time of an open arc (24 days)."""
POOL_FULL = -1
_NONE, _ONE = np.uint64(0), np.uint64(1)  # entries count from one; none ends a chain


@njit(nogil=True, cache=True)
def settle(
    ptr: I64, arc: U64, state: U64, front: I64, limit_ms: int, ring: U32, shift: int, pool: U64, settled: I64
) -> int:
    """Spread lowered states until no arc can lower another; ``state`` is changed in place.

    Args:
        ptr: int64 (n + 1,), arcs of node u are ``arc[ptr[u]:ptr[u + 1]]``.
        arc: uint64 (a,), packed.
        state: uint64 (n,), packed; ``UNREACHED_STATE`` where unknown.
        front: int64 (f,), nodes whose state was just lowered, in order of state.
        limit_ms: states beyond it are not spread to; at most ``MOST_MS``.
        ring: uint32 (a power of two,), zeros; zeros again on return unless the pool was too small.
        shift: a bucket is ``2 ** shift`` ms wide.
        pool: uint64 (p,), scratch for ``p - 1`` queued entries.
        settled: int64 (s,), receives the nodes that were settled, some perhaps twice, as far as there is room.

    Returns:
        How many nodes were settled (may exceed ``s``), or ``POOL_FULL``: then every state is one that a way leads
        to, but some could still be lowered; go on from all reached nodes with a larger pool.
    """
    limit = (np.uint64(limit_ms) << SHIFT) | LOW
    width = np.uint64(shift) + SHIFT
    mask = np.uint64(len(ring) - 1)
    room = np.uint64(len(pool))
    free, used, queued, bucket = _NONE, _NONE, _NONE, _NONE
    count, taken = 0, 0
    while queued > _NONE or taken < len(front):
        if queued == _NONE:
            bucket = state[front[taken]] >> width
        # Nodes of the front join when their bucket comes; one that was lowered since is settled there already.
        while taken < len(front) and state[front[taken]] >> width <= bucket:
            entry = free
            if entry == _NONE:
                used += _ONE
                entry = used
                if entry >= room:
                    return POOL_FULL
            else:
                free = pool[entry] & LOW
            pool[entry] = (np.uint64(front[taken]) << SHIFT) | np.uint64(ring[bucket & mask])
            ring[bucket & mask] = np.uint32(entry)
            queued += _ONE
            taken += 1
        while ring[bucket & mask] != 0:
            entry = np.uint64(ring[bucket & mask])
            u = pool[entry] >> SHIFT
            ring[bucket & mask] = np.uint32(pool[entry] & LOW)
            pool[entry] = free
            free = entry
            queued -= _ONE
            here = state[u]
            if here >> width != bucket:
                continue  # lowered since it was queued, and settled in an earlier bucket
            if count < len(settled):
                settled[count] = u
            count += 1
            for a in range(np.uint64(ptr[u]), np.uint64(ptr[u + _ONE])):
                v = arc[a] & LOW
                there = here + (arc[a] ^ v)
                if there < state[v] and there <= limit:
                    state[v] = there
                    entry = free
                    if entry == _NONE:
                        used += _ONE
                        entry = used
                        if entry >= room:
                            return POOL_FULL
                    else:
                        free = pool[entry] & LOW
                    place = (there >> width) & mask
                    pool[entry] = (v << SHIFT) | np.uint64(ring[place])
                    ring[place] = np.uint32(entry)
                    queued += _ONE
        bucket += _ONE
    return count


@njit(nogil=True, cache=True)
def tree(
    ptr: I64, arc: U64, node: I64, ms: I64, limit_ms: int, shift: int, ring: U32, pool: U64, time: U32, reached: I64
) -> int:
    """The nodes within a limit of one facility; ``time`` and ``reached`` are filled.

    Args:
        node: int64 (k,), where the search begins, and ``ms`` (k,) with what time; entries beyond the limit are skipped.
        ring: uint32 (``limit_ms >> shift`` + 1 at least,), zeros before and after.
        pool: uint64 (p,), scratch for ``p - 1`` queued entries.
        time: uint32 (n,), ``UNREACHED_MS`` before; the time of every reached node after. The caller resets it.
        reached: int64 (n,), receives the reached nodes.

    Returns:
        How many nodes were reached, or ``POOL_FULL``: then ``-count - 2`` would not tell more; reset and use a larger pool.
    """
    limit = np.uint64(limit_ms)
    width = np.uint64(shift)
    room = np.uint64(len(pool))
    free, used, queued, bucket = _NONE, _NONE, _NONE, _NONE
    count = 0
    for i in range(len(node)):
        if ms[i] <= limit_ms and np.uint32(ms[i]) < time[node[i]]:
            if time[node[i]] == UNREACHED_MS:
                reached[count] = node[i]
                count += 1
            time[node[i]] = np.uint32(ms[i])
            used += _ONE
            if used >= room:
                return POOL_FULL
            place = np.uint64(ms[i]) >> width
            pool[used] = (np.uint64(node[i]) << SHIFT) | np.uint64(ring[place])
            ring[place] = np.uint32(used)
            queued += _ONE
    while queued > _NONE:
        while ring[bucket] != 0:
            entry = np.uint64(ring[bucket])
            u = pool[entry] >> SHIFT
            ring[bucket] = np.uint32(pool[entry] & LOW)
            pool[entry] = free
            free = entry
            queued -= _ONE
            here = np.uint64(time[u])
            if here >> width != bucket:
                continue
            for a in range(np.uint64(ptr[u]), np.uint64(ptr[u + _ONE])):
                v = arc[a] & LOW
                there = here + (arc[a] >> SHIFT)
                if there <= limit and there < np.uint64(time[v]):
                    if time[v] == UNREACHED_MS:
                        reached[count] = v
                        count += 1
                    time[v] = np.uint32(there)
                    entry = free
                    if entry == _NONE:
                        used += _ONE
                        entry = used
                        if entry >= room:
                            return POOL_FULL
                    else:
                        free = pool[entry] & LOW
                    place = there >> width
                    pool[entry] = (v << SHIFT) | np.uint64(ring[place])
                    ring[place] = np.uint32(entry)
                    queued += _ONE
        bucket += _ONE
    return count


@njit(nogil=True, cache=True)
def gather(
    reached: I64, time: U32, home_ptr: I64, home: I64, home_ms: I64, limit_ms: int, best: U32, found: I64
) -> int:
    """The homes within a limit, by way of the nodes that ``tree`` reached.

    Args:
        reached: int64 (r,), reached nodes, and ``time`` uint32 (n,) their times.
        home_ptr: int64 (n + 1,); the homes at node u are ``home[home_ptr[u]:home_ptr[u + 1]]``, each ``home_ms`` from u.
        best: uint32 (homes,), ``UNREACHED_MS`` before; the least time of every found home after. The caller resets it.
        found: int64 (homes,), receives the homes.

    Returns:
        How many homes were found.
    """
    count = 0
    for i in range(len(reached)):
        u = np.uint64(reached[i])
        for h in range(np.uint64(home_ptr[u]), np.uint64(home_ptr[u + _ONE])):
            ms = np.uint64(time[u]) + np.uint64(home_ms[h])
            if ms <= np.uint64(limit_ms) and ms < np.uint64(best[home[h]]):
                if best[home[h]] == UNREACHED_MS:
                    found[count] = home[h]
                    count += 1
                best[home[h]] = np.uint32(ms)
    return count


@njit(nogil=True, cache=True)
def downstream(ptr: I64, arc: U64, state: U64, begin: I64, mark: NDArray[np.uint8], found: I64, label: int) -> int:
    """The nodes whose state may rest on those of ``begin``: reached from them along tight arcs.

    Args:
        begin: int64 (b,), nodes to begin with, without repeats.
        mark: uint8 (n,), zeros before; ones at the found nodes after. The caller resets it.
        found: int64 (n,), receives the nodes.
        label: only nodes of this label are followed; -1 for all.

    Returns:
        How many nodes were found.
    """
    count = 0
    for i in range(len(begin)):
        found[count] = begin[i]
        mark[begin[i]] = 1
        count += 1
    done = 0
    while done < count:
        u = np.uint64(found[done])
        done += 1
        for a in range(np.uint64(ptr[u]), np.uint64(ptr[u + _ONE])):
            v = arc[a] & LOW
            if mark[v] == 0 and state[v] != UNREACHED_STATE and state[v] == state[u] + (arc[a] ^ v):
                if label >= 0 and state[v] & LOW != np.uint64(label):
                    continue
                found[count] = v
                mark[v] = 1
                count += 1
    return count


@njit(nogil=True, cache=True)
def from_the_rim(ptr: I64, arc: U64, state: U64, nodes: I64, mark: NDArray[np.uint8], limit_ms: int) -> None:
    """New states for blanked nodes from their neighbours that were not blanked; ``state`` is changed in place.

    Args:
        ptr, arc: the graph against the search: arcs of node v lead to the nodes from which v is reached.
        nodes: int64 (b,), the blanked nodes; ``mark`` is one at them and zero elsewhere. Their states are what seeds give.
    """
    limit = (np.uint64(limit_ms) << SHIFT) | LOW
    for i in range(len(nodes)):
        v = np.uint64(nodes[i])
        for a in range(np.uint64(ptr[v]), np.uint64(ptr[v + _ONE])):
            u = arc[a] & LOW
            if mark[u] == 0 and state[u] != UNREACHED_STATE:
                there = state[u] + (arc[a] ^ u)
                if there < state[v] and there <= limit:
                    state[v] = there
