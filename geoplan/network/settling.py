"""Compiled searches without a limit, from all facilities together: the nearest of every node, spread and repaired.

Graph, states and queue are those of ``buckets``.
"""

from __future__ import annotations

import numpy as np

from geoplan.network.buckets import I64, LOW, NONE, ONE, SHIFT, U8, U32, U64, UNREACHED_STATE, enqueue, with_room
from geoplan.network.kernels import kernel
from geoplan.network.prefetching import prefetch

_TOUCHED = 4096  # nodes that a repair has room for at first


@kernel
def spread(
    ptr: U32,
    arc: U64,
    state: U64,
    front: I64,
    ring: U32,
    pool: U64,
    shift: int,
    mark: U8 | None,
    nodes: I64,
    before: U64,
    count: int,
) -> tuple[int, bool]:
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
        mark: uint8 (n,), where a record of what is lowered is kept: 0 at nodes that are not in it yet. Without it (and
            in the code that is compiled then) no record is kept, and the arguments that follow mean nothing.
        nodes, before: int64 and uint64 (k,), the record: nodes and their former states, the first ``count`` so far.

    Returns:
        (how many nodes are in the record now, whether pool and record were large enough). If they were not, every state
        is one that a way leads to, but some could still be lowered: go on from all nodes that were, with an empty ring
        and more room.
    """
    width, mask, room = np.uint64(shift) + SHIFT, np.uint64(len(ring) - 1), np.uint64(len(pool))
    most = np.uint64(min(len(nodes), len(before)))
    free, used, queued, bucket = NONE, NONE, NONE, NONE
    taken = 0
    while queued > NONE or taken < len(front):
        if queued == NONE:
            bucket = state[front[taken]] >> width
        # Nodes of the front join when their bucket comes; one that was lowered since is settled there already.
        while taken < len(front) and state[front[taken]] >> width <= bucket:
            if used + ONE >= room:
                return count, False
            free, used = enqueue(ring, pool, bucket & mask, np.uint64(front[taken]), free, used)
            queued += ONE
            taken += 1
        while ring[bucket & mask] != 0:
            entry = np.uint64(ring[bucket & mask])
            u = pool[entry] >> SHIFT
            ring[bucket & mask] = np.uint32(pool[entry] & LOW)
            pool[entry] = free
            free = entry
            queued -= ONE
            here = state[u]
            if here >> width != bucket:
                continue  # lowered since it was queued, and settled in an earlier bucket
            begin, end = np.uint64(ptr[u]), np.uint64(ptr[u + ONE])
            if used + end - begin >= room:
                return count, False
            if mark is not None and np.uint64(count) + end - begin > most:
                return count, False
            for a in range(begin, end):
                v = arc[a] & LOW
                there = here + (arc[a] ^ v)
                if there < state[v]:
                    if mark is not None and mark[v] == 0:
                        mark[v] = 1
                        nodes[count] = v
                        before[count] = state[v]
                        count += 1
                    state[v] = there
                    prefetch(arc, np.uint64(ptr[v]))
                    free, used = enqueue(ring, pool, (there >> width) & mask, v, free, used)
                    queued += ONE
        bucket += ONE
    return count, True


@kernel
def _resting(ptr: U32, arc: U64, state: U64, mark: U8, lost: I64) -> tuple[I64, int]:
    """The nodes whose state may rest on a lost one: those reached from it along tight arcs, themselves included.

    Returns:
        (nodes, count): int64 (k,), of which the first ``count`` are meant; they are marked.
    """
    nodes, count = np.empty(_TOUCHED, np.int64), 0
    for i in range(len(lost)):
        if mark[lost[i]] == 0:
            mark[lost[i]] = 1
            if count >= len(nodes):
                nodes = with_room(nodes, count, 1)
            nodes[count] = lost[i]
            count += 1
    done = 0
    while done < count:
        u = np.uint64(nodes[done])
        done += 1
        for a in range(np.uint64(ptr[u]), np.uint64(ptr[u + ONE])):
            v = arc[a] & LOW
            if mark[v] == 0 and state[v] == state[u] + (arc[a] ^ v):
                mark[v] = 1
                if count >= len(nodes):
                    nodes = with_room(nodes, count, 1)
                nodes[count] = v
                count += 1
    return nodes, count


@kernel
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

    Every node whose state may rest on a lost one is blanked and gets a new state from its neighbours that were not, or
    from a seed. What is lowered is then spread.

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
    nodes, count = _resting(ptr, arc, state, mark, lost)
    before = np.empty(len(nodes), np.uint64)
    for i in range(count):
        before[i] = state[nodes[i]]
        state[nodes[i]] = UNREACHED_STATE
    blanked = count
    for i in range(blanked):
        v = np.uint64(nodes[i])
        for a in range(np.uint64(rim_ptr[v]), np.uint64(rim_ptr[v + ONE])):
            u = rim_arc[a] & LOW
            if mark[u] == 0 and state[u] + (rim_arc[a] ^ u) < state[v]:
                state[v] = state[u] + (rim_arc[a] ^ u)
    old = len(seed_node) - fresh
    for i in range(0 if blanked > 0 else old, len(seed_node)):
        v = np.uint64(seed_node[i])
        if i < old and mark[v] == 0:
            continue
        if seed_state[i] < state[v]:
            if mark[v] == 0:
                mark[v] = 1
                if count >= len(nodes):
                    nodes, before = with_room(nodes, count, 1), with_room(before, count, 1)
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
        count, enough = spread(ptr, arc, state, front, ring, pool, shift, mark, nodes, before, count)
        if not enough:
            nodes, before = with_room(nodes, count, len(nodes)), with_room(before, count, len(nodes))
            front = np.concatenate((nodes[:count], opened))
    changed = 0
    for i in range(count):
        mark[nodes[i]] = 0
        if state[nodes[i]] != before[i]:
            nodes[changed] = nodes[i]
            changed += 1
    return nodes[:changed].copy()
