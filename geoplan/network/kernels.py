"""Compiled searches on a road graph, exact in whole milliseconds.

The graph is a CSR of packed arcs, ``arc = ms << 32 | head`` (uint64), searched from the facilities: an arc from u to v
stands for the trip from v to u. A node's state is ``ms << 32 | label`` (uint64): the smaller state is the earlier
time and, at equal times, the lower label, so that ``<`` decides everything and ties are exact. A search that is
exact in this order needs no predecessors: an arc is *tight* when the state at its end is the state at its start
plus its time, which implies that both have one label.

A node that is not reached has ``UNREACHED_STATE``, the largest state of 31 bits of time: every state that a way leads
to is smaller, and no sum with a closed arc (2**31 ms) is. All sums stay below 2**64.

A queue of buckets is an array of chains, each ``2 ** shift`` ms wide, whose entries lie in one pool. Inside a bucket
a node may be corrected more than once, which makes the result exact for any width. Pools and lists that fill
up are doubled (``_with_room``), so that no search can run out of its scratch.

All indices are uint64: compiled code then needs no test for negative ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geoplan.network.prefetching import prefetch

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
_NONE, _ONE = np.uint64(0), np.uint64(1)
_SCRATCH = 1024  # entries of pools and lists at first
_TOUCHED = 4096  # nodes that a repair has room for at first


@njit(nogil=True, cache=True)
def _with_room(array: Any, used: Any, wanted: Any) -> Any:
    """The array if it has room for so many more than it uses, else its content in one at least twice as long."""
    if used + wanted <= len(array):
        return array
    longer = np.empty(max(2 * len(array), used + wanted), array.dtype)
    longer[:used] = array[:used]
    return longer


@njit(nogil=True, cache=True)
def _append(ring: U32, pool: U64, place: np.uint64, node: np.uint64, used: np.uint64) -> np.uint64:
    """Put a node into a bucket, in the next entry of the pool, which must have one; how many are used now.

    Entries count from one: none ends a chain.
    """
    used += _ONE
    pool[used] = (node << SHIFT) | np.uint64(ring[place])
    ring[place] = np.uint32(used)
    return used


@njit(nogil=True, cache=True)
def _enqueue(
    ring: U32, pool: U64, place: np.uint64, node: np.uint64, free: np.uint64, used: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Put a node into a bucket, in an entry that was used before if there is one; (first free entry, entries used) now."""
    if free == _NONE:
        return _NONE, _append(ring, pool, place, node, used)
    after = pool[free] & LOW
    pool[free] = (node << SHIFT) | np.uint64(ring[place])
    ring[place] = np.uint32(free)
    return after, used


@njit(nogil=True, cache=True)
def spread(ptr: U32, arc: U64, state: U64, front: I64, ring: U32, pool: U64, shift: int) -> bool:
    """Spread the states of a front until no arc can lower another; ``state`` is changed in place.

    Args:
        ptr: uint32 (n + 1,), arcs of node u are ``arc[ptr[u]:ptr[u + 1]]``.
        arc: uint64 (a,), packed.
        state: uint64 (n,), packed; ``UNREACHED_STATE`` where unknown.
        front: int64 (f,), nodes whose state was lowered, in order of state.
        ring: uint32, zeros before and after; a power of two of buckets, more than the longest open arc has, so that no
            entry meets another lap of the ring.
        pool: uint64 (p,), scratch for ``p - 1`` queued entries.
        shift: a bucket is ``2 ** shift`` ms wide.

    Returns:
        Whether the pool was large enough. If not, every state is one that a way leads to, but some could still be
        lowered: go on from all reached nodes with an empty ring and a larger pool.
    """
    width, mask, room = np.uint64(shift) + SHIFT, np.uint64(len(ring) - 1), np.uint64(len(pool))
    free, used, queued, bucket = _NONE, _NONE, _NONE, _NONE
    taken = 0
    while queued > _NONE or taken < len(front):
        if queued == _NONE:
            bucket = state[front[taken]] >> width
        # Nodes of the front join when their bucket comes; one that was lowered since is settled there already.
        while taken < len(front) and state[front[taken]] >> width <= bucket:
            if used + _ONE >= room:
                return False
            free, used = _enqueue(ring, pool, bucket & mask, np.uint64(front[taken]), free, used)
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
            begin, end = np.uint64(ptr[u]), np.uint64(ptr[u + _ONE])
            if used + end - begin >= room:
                return False
            for a in range(begin, end):
                v = arc[a] & LOW
                there = here + (arc[a] ^ v)
                if there < state[v]:
                    state[v] = there
                    prefetch(arc, np.uint64(ptr[v]))
                    free, used = _enqueue(ring, pool, (there >> width) & mask, v, free, used)
                    queued += _ONE
        bucket += _ONE
    return True


@njit(nogil=True, cache=True)
def _tree(
    ptr: U32, arc: U64, node: I64, ms: I64, limit_ms: int, shift: int, ring: U32, pool: U64, time: U32, reached: U32
) -> tuple[int, bool]:
    """The nodes within a limit of one facility; ``time`` and ``reached`` are filled.

    Args:
        node: int64 (k,), where the search begins, and ``ms`` (k,) with what time; entries beyond the limit are skipped.
        ring: uint32 (``limit_ms >> shift`` + 1 at least,), zeros before and after.
        pool: uint64 (p,), scratch for ``p - 1`` entries: a node takes one every time that it is lowered.
        time: uint32 (n,), ``UNREACHED_MS`` before; the time of every reached node after. The caller resets it.
        reached: uint32 (n + 1,), receives the reached nodes.

    Returns:
        (how many nodes were reached, whether the pool was large enough); if it was not, the ring is not empty.
    """
    limit, width, room = np.uint64(limit_ms), np.uint64(shift), np.uint64(len(pool))
    used, count = _NONE, 0
    for i in range(len(node)):
        if ms[i] <= limit_ms and np.uint32(ms[i]) < time[node[i]]:
            if used + _ONE >= room:
                return count, False
            if time[node[i]] == UNREACHED_MS:
                reached[count] = node[i]
                count += 1
            time[node[i]] = np.uint32(ms[i])
            used = _append(ring, pool, np.uint64(ms[i]) >> width, np.uint64(node[i]), used)
    for bucket in range(np.uint64(len(ring))):
        while ring[bucket] != 0:
            entry = pool[ring[bucket]]
            u = entry >> SHIFT
            ring[bucket] = np.uint32(entry & LOW)
            here = np.uint64(time[u])
            if here >> width != bucket:
                continue
            begin, end = np.uint64(ptr[u]), np.uint64(ptr[u + _ONE])
            if used + end - begin >= room:
                return count, False
            for a in range(begin, end):
                v = arc[a] & LOW
                there, before = here + (arc[a] >> SHIFT), np.uint64(time[v])
                if there <= limit and there < before:
                    time[v] = np.uint32(there)
                    prefetch(arc, np.uint64(ptr[v]))
                    reached[count] = v  # counts where it was not reached before, else the next one takes its place
                    count += int(before == np.uint64(UNREACHED_MS))
                    used = _append(ring, pool, there >> width, v, used)
    return count, True


@njit(nogil=True, cache=True)
def _tree_with_room(
    ptr: U32, arc: U64, node: I64, ms: I64, limit_ms: int, shift: int, ring: U32, pool: U64, time: U32, reached: U32
) -> tuple[int, U64]:
    """``_tree`` with a longer pool where it needs one: (how many nodes were reached, the pool)."""
    while True:
        count, enough = _tree(ptr, arc, node, ms, limit_ms, shift, ring, pool, time, reached)
        if enough:
            return count, pool
        pool = np.empty(2 * len(pool), np.uint64)
        ring[:] = 0
        for k in range(count):
            time[reached[k]] = UNREACHED_MS


@njit(nogil=True, cache=True)
def trees(
    ptr: U32, arc: U64, seed_ptr: I64, seed_node: I64, seed_ms: I64, asked: I64, limit_ms: int, shift: int
) -> tuple[I64, U32, U32]:
    """The nodes within a limit of each of several facilities.

    Args:
        seed_ptr: int64 (facilities + 1,); the search of facility f begins at ``seed_node[seed_ptr[f]:seed_ptr[f + 1]]``
            with the times ``seed_ms`` there.
        asked: int64 (k,), the facilities.

    Returns:
        (first, node, ms): int64 (k + 1,), uint32, uint32; of the i-th asked those from ``first[i]`` to ``first[i + 1]``.
    """
    time, reached = np.full(len(ptr) - 1, UNREACHED_MS), np.empty(len(ptr), np.uint32)
    ring, pool = np.zeros((limit_ms >> shift) + 1, np.uint32), np.empty(_SCRATCH, np.uint64)
    first = np.zeros(len(asked) + 1, np.int64)
    node, ms = np.empty(_SCRATCH, np.uint32), np.empty(_SCRATCH, np.uint32)
    total = 0
    for i in range(len(asked)):
        begin, end = seed_ptr[asked[i]], seed_ptr[asked[i] + 1]
        count, pool = _tree_with_room(
            ptr, arc, seed_node[begin:end], seed_ms[begin:end], limit_ms, shift, ring, pool, time, reached
        )
        node, ms = _with_room(node, total, count), _with_room(ms, total, count)
        for k in range(count):
            node[total + k] = reached[k]
            ms[total + k] = time[reached[k]]
            time[reached[k]] = UNREACHED_MS
        total += count
        first[i + 1] = total
    return first, node[:total], ms[:total]


@njit(nogil=True, cache=True)
def _gather(
    reached: U32,
    time: U32,
    slot: U32,
    home_ptr: I64,
    home: I64,
    home_ms: I64,
    own_home: I64,
    own_ms: I64,
    limit_ms: int,
    best: U32,
    found: U32,
) -> int:
    """The homes within a limit of one facility, by way of the nodes that it reaches or straight along its edge.

    Args:
        reached: uint32 (r,), reached nodes, and ``time`` uint32 (n,) their times; these are reset to ``UNREACHED_MS``.
        best: uint32 (homes,), ``UNREACHED_MS`` before; the least time of every found home after. The caller resets it.
        found: uint32 (homes,), receives the homes, in no particular order. The rest as for ``trips``.

    Returns:
        How many homes were found.
    """
    limit, count = np.uint64(limit_ms), 0
    for k in range(len(own_home)):
        if own_ms[k] <= limit_ms and np.uint32(own_ms[k]) < best[own_home[k]]:
            if best[own_home[k]] == UNREACHED_MS:
                found[count] = own_home[k]
                count += 1
            best[own_home[k]] = np.uint32(own_ms[k])
    for k in range(len(reached)):
        u = np.uint64(reached[k])
        place = np.uint64(slot[u])
        for h in range(np.uint64(home_ptr[place]), np.uint64(home_ptr[place + _ONE])):
            ms = np.uint64(time[u]) + np.uint64(home_ms[h])
            if ms <= limit and ms < np.uint64(best[home[h]]):
                if best[home[h]] == UNREACHED_MS:
                    found[count] = home[h]
                    count += 1
                best[home[h]] = np.uint32(ms)
        time[u] = UNREACHED_MS
    return count


@njit(nogil=True, cache=True)
def trips(
    ptr: U32,
    arc: U64,
    seed_ptr: I64,
    seed_node: I64,
    seed_ms: I64,
    asked: I64,
    limit_ms: int,
    shift: int,
    slot: U32,
    home_ptr: I64,
    home: I64,
    home_ms: I64,
    own_ptr: I64,
    own_home: I64,
    own_ms: I64,
    homes: int,
) -> tuple[I64, U32, U32]:
    """The homes within a limit of each of several facilities.

    Args:
        seed_ptr, seed_node, seed_ms, asked: see ``trees``.
        slot: uint32 (n,), 0 at nodes without homes; the homes at a node of slot s are ``home[home_ptr[s]:home_ptr[s + 1]]``,
            each ``home_ms`` from it. ``home_ptr`` begins with two zeros: nothing is in slot 0.
        own_ptr: int64 (facilities + 1,); the homes on the edge of facility f are ``own_home[own_ptr[f]:own_ptr[f + 1]]``,
            each ``own_ms`` away straight along it.
        homes: how many homes there are.

    Returns:
        (first, home, ms): int64 (k + 1,), uint32, uint32; of the i-th asked those from ``first[i]`` to ``first[i + 1]``,
        in no particular order.
    """
    time, reached = np.full(len(ptr) - 1, UNREACHED_MS), np.empty(len(ptr), np.uint32)
    ring, pool = np.zeros((limit_ms >> shift) + 1, np.uint32), np.empty(_SCRATCH, np.uint64)
    best, found = np.full(homes, UNREACHED_MS), np.empty(homes, np.uint32)
    first = np.zeros(len(asked) + 1, np.int64)
    to, ms = np.empty(_SCRATCH, np.uint32), np.empty(_SCRATCH, np.uint32)
    total = 0
    for i in range(len(asked)):
        begin, end = seed_ptr[asked[i]], seed_ptr[asked[i] + 1]
        count, pool = _tree_with_room(
            ptr, arc, seed_node[begin:end], seed_ms[begin:end], limit_ms, shift, ring, pool, time, reached
        )
        begin, end = own_ptr[asked[i]], own_ptr[asked[i] + 1]
        own = own_home[begin:end], own_ms[begin:end]
        count = _gather(reached[:count], time, slot, home_ptr, home, home_ms, *own, limit_ms, best, found)
        to, ms = _with_room(to, total, count), _with_room(ms, total, count)
        for k in range(count):
            to[total + k] = found[k]
            ms[total + k] = best[found[k]]
            best[found[k]] = UNREACHED_MS
        total += count
        first[i + 1] = total
    return first, to[:total], ms[:total]


@njit(nogil=True, cache=True)
def _spread_marked(
    ptr: U32,
    arc: U64,
    state: U64,
    mark: U8,
    nodes: I64,
    before: U64,
    count: int,
    front: I64,
    ring: U32,
    pool: U64,
    shift: int,
) -> tuple[int, bool]:
    """``spread`` that keeps which nodes it lowers.

    Args:
        mark: 0 at nodes that are not among the ``count`` ones of ``nodes``, whose former states are in ``before``.

    Returns:
        (how many nodes there are in ``nodes`` now, whether there was room for all, in the pool too).
    """
    width, mask, room = np.uint64(shift) + SHIFT, np.uint64(len(ring) - 1), np.uint64(len(pool))
    most = np.uint64(min(len(nodes), len(before)))
    free, used, queued, bucket = _NONE, _NONE, _NONE, _NONE
    taken = 0
    while queued > _NONE or taken < len(front):
        if queued == _NONE:
            bucket = state[front[taken]] >> width
        while taken < len(front) and state[front[taken]] >> width <= bucket:
            if used + _ONE >= room:
                return count, False
            free, used = _enqueue(ring, pool, bucket & mask, np.uint64(front[taken]), free, used)
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
                continue
            begin, end = np.uint64(ptr[u]), np.uint64(ptr[u + _ONE])
            if used + end - begin >= room or np.uint64(count) + end - begin > most:
                return count, False
            for a in range(begin, end):
                v = arc[a] & LOW
                there = here + (arc[a] ^ v)
                if there < state[v]:
                    if mark[v] == 0:
                        mark[v] = 1
                        nodes[count] = v
                        before[count] = state[v]
                        count += 1
                    state[v] = there
                    prefetch(arc, np.uint64(ptr[v]))
                    free, used = _enqueue(ring, pool, (there >> width) & mask, v, free, used)
                    queued += _ONE
        bucket += _ONE
    return count, True


@njit(nogil=True, cache=True)
def repair(
    ptr: U32,
    arc: U64,
    rim_ptr: U32,
    rim_arc: U64,
    state: U64,
    mark: U8,
    lost: I64,
    seed_node: I64,
    seed_state: U64,
    fresh: int,
    opened: I64,
    ring: U32,
    shift: int,
) -> I64:
    """Make the states those of a search from scratch again after arcs or seeds were changed; in place.

    Every node whose state may rest on a lost one (reached from it along tight arcs) is blanked and gets a new state from
    its neighbours that were not, or from a seed. What is lowered is then spread.

    Args:
        ptr, arc: the graph as it is now; ``rim_ptr``, ``rim_arc`` the same with every arc turned round.
        state: uint64 (n,), of the graph and the seeds as they were.
        mark: uint8 (n,), zeros before and after.
        lost: int64, the nodes whose state rested on an arc or seed that is gone.
        seed_node: int64 (s,), where the facilities are now, and ``seed_state`` what they give; ``UNREACHED_STATE``: nothing.
        fresh: how many of these, the last ones, are new; the others matter only where nodes are blanked.
        opened: int64, the nodes at which new or shorter arcs start.
        ring, shift: see ``spread``.

    Returns:
        int64: the nodes whose state has changed, each once.
    """
    nodes, before = np.empty(_TOUCHED, np.int64), np.empty(_TOUCHED, np.uint64)
    count = 0
    for i in range(len(lost)):
        if mark[lost[i]] == 0:
            mark[lost[i]] = 1
            if count >= len(nodes):
                nodes = _with_room(nodes, count, 1)
            nodes[count] = lost[i]
            count += 1
    done = 0
    while done < count:
        u = np.uint64(nodes[done])
        done += 1
        for a in range(np.uint64(ptr[u]), np.uint64(ptr[u + _ONE])):
            v = arc[a] & LOW
            if mark[v] == 0 and state[v] == state[u] + (arc[a] ^ v):
                mark[v] = 1
                if count >= len(nodes):
                    nodes = _with_room(nodes, count, 1)
                nodes[count] = v
                count += 1
    before = _with_room(before, 0, count)
    for i in range(count):
        before[i] = state[nodes[i]]
        state[nodes[i]] = UNREACHED_STATE
    blanked = count
    for i in range(blanked):
        v = np.uint64(nodes[i])
        for a in range(np.uint64(rim_ptr[v]), np.uint64(rim_ptr[v + _ONE])):
            u = rim_arc[a] & LOW
            if mark[u] == 0 and state[u] + (rim_arc[a] ^ u) < state[v]:
                state[v] = state[u] + (rim_arc[a] ^ u)
    for i in range(0 if blanked > 0 else len(seed_node) - fresh, len(seed_node)):
        v = np.uint64(seed_node[i])
        if i < len(seed_node) - fresh and mark[v] == 0:
            continue
        if seed_state[i] < state[v]:
            if mark[v] == 0:
                mark[v] = 1
                if count >= min(len(nodes), len(before)):
                    nodes, before = _with_room(nodes, count, 1), _with_room(before, count, 1)
                nodes[count] = v
                before[count] = state[v]
                count += 1
            state[v] = seed_state[i]
    front, enough = np.concatenate((nodes[:count], opened)), False
    while not enough:
        front = front[state[front] != UNREACHED_STATE]
        front = front[np.argsort(state[front])]
        pool = np.empty(len(nodes) + len(front) + 2, np.uint64)
        ring[:] = 0
        count, enough = _spread_marked(ptr, arc, state, mark, nodes, before, count, front, ring, pool, shift)
        if not enough:
            nodes, before = _with_room(nodes, count, len(nodes)), _with_room(before, count, len(nodes))
            front = np.concatenate((nodes[:count], opened))
    changed = 0
    for i in range(count):
        mark[nodes[i]] = 0
        if state[nodes[i]] != before[i]:
            nodes[changed] = nodes[i]
            changed += 1
    return nodes[:changed].copy()
