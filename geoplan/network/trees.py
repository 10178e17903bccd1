"""Compiled searches with a limit, one facility after the other: the nodes, or the homes, that each reaches; see ``buckets``."""

from __future__ import annotations

import numpy as np

from geoplan.network.buckets import I64, LOW, NONE, ONE, SHIFT, U32, U64, UNREACHED_MS, append, with_room
from geoplan.network.kernels import kernel
from geoplan.network.prefetching import prefetch

_SCRATCH = 1024  # entries of pools and lists at first


@kernel
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
    used, count = NONE, 0
    for i in range(len(node)):
        if ms[i] <= limit_ms and np.uint32(ms[i]) < time[node[i]]:
            if used + ONE >= room:
                return count, False
            if time[node[i]] == UNREACHED_MS:
                reached[count] = node[i]
                count += 1
            time[node[i]] = np.uint32(ms[i])
            used = append(ring, pool, np.uint64(ms[i]) >> width, np.uint64(node[i]), used)
    for bucket in range(np.uint64(len(ring))):
        while ring[bucket] != 0:
            entry = pool[ring[bucket]]
            u = entry >> SHIFT
            ring[bucket] = np.uint32(entry & LOW)
            here = np.uint64(time[u])
            if here >> width != bucket:
                continue
            begin, end = np.uint64(ptr[u]), np.uint64(ptr[u + ONE])
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
                    used = append(ring, pool, there >> width, v, used)
    return count, True


@kernel
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


@kernel
def trees(
    ptr: U32, arc: U64, seed_ptr: I64, seed_node: I64, seed_ms: I64, limit_ms: int, shift: int, time: U32, asked: I64
) -> tuple[I64, U32, U32]:
    """The nodes within a limit of each of several facilities.

    Args:
        seed_ptr: int64 (facilities + 1,); the search of facility f begins at ``seed_node[seed_ptr[f]:seed_ptr[f + 1]]``
            with the times ``seed_ms`` there.
        time: uint32 (n,), scratch, ``UNREACHED_MS`` before and after.
        asked: int64 (k,), the facilities.

    Returns:
        (first, node, ms): int64 (k + 1,), uint32, uint32; of the i-th asked those from ``first[i]`` to ``first[i + 1]``.
    """
    reached = np.empty(len(ptr), np.uint32)
    ring, pool = np.zeros((limit_ms >> shift) + 1, np.uint32), np.empty(_SCRATCH, np.uint64)
    first = np.zeros(len(asked) + 1, np.int64)
    node, ms = np.empty(_SCRATCH, np.uint32), np.empty(_SCRATCH, np.uint32)
    total = 0
    for i in range(len(asked)):
        begin, end = seed_ptr[asked[i]], seed_ptr[asked[i] + 1]
        count, pool = _tree_with_room(
            ptr, arc, seed_node[begin:end], seed_ms[begin:end], limit_ms, shift, ring, pool, time, reached
        )
        node, ms = with_room(node, total, count), with_room(ms, total, count)
        for k in range(count):
            node[total + k] = reached[k]
            ms[total + k] = time[reached[k]]
            time[reached[k]] = UNREACHED_MS
        total += count
        first[i + 1] = total
    return first, node[:total], ms[:total]


@kernel
def homes_at_nodes(node: I64, ms: I64, size: int) -> tuple[U32, I64, I64, I64]:
    """Homes by the nodes at both ends of their edges.

    Most nodes of a large network have no home: theirs is slot 0, so that few pointers are enough; see ``trips``.

    Args:
        node: int64 (2, k), the ends of each home's edge. ms: int64 (2, k), the time from the home to them, negative for none.
        size: how many nodes there are.

    Returns:
        (slot by node, pointers by slot, homes, ms from the home to the node).
    """
    slot, count = np.zeros(size, np.uint32), np.zeros(node.size + 2, np.int64)
    slots = 0
    for end in range(2):
        for i in range(node.shape[1]):
            if ms[end, i] >= 0:
                if slot[node[end, i]] == 0:
                    slots += 1
                    slot[node[end, i]] = slots
                count[slot[node[end, i]]] += 1
    pointers = np.zeros(slots + 2, np.int64)
    for k in range(slots + 1):
        pointers[k + 1] = pointers[k] + count[k]
    home, home_ms = np.empty(pointers[-1], np.int64), np.empty(pointers[-1], np.int64)
    free = pointers.copy()
    for end in range(2):
        for i in range(node.shape[1]):
            if ms[end, i] >= 0:
                place = free[slot[node[end, i]]]
                home[place], home_ms[place] = i, ms[end, i]
                free[slot[node[end, i]]] += 1
    return slot, pointers, home, home_ms


@kernel
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
        for h in range(np.uint64(home_ptr[place]), np.uint64(home_ptr[place + ONE])):
            ms = np.uint64(time[u]) + np.uint64(home_ms[h])
            if ms <= limit and ms < np.uint64(best[home[h]]):
                if best[home[h]] == UNREACHED_MS:
                    found[count] = home[h]
                    count += 1
                best[home[h]] = np.uint32(ms)
        time[u] = UNREACHED_MS
    return count


@kernel
def trips(
    ptr: U32,
    arc: U64,
    seed_ptr: I64,
    seed_node: I64,
    seed_ms: I64,
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
    time: U32,
    asked: I64,
) -> tuple[I64, U32, U32]:
    """The homes within a limit of each of several facilities.

    Args:
        seed_ptr, seed_node, seed_ms, time, asked: see ``trees``.
        slot: uint32 (n,), 0 at nodes without homes; the homes at a node of slot s are ``home[home_ptr[s]:home_ptr[s + 1]]``,
            each ``home_ms`` from it. ``home_ptr`` begins with two zeros: nothing is in slot 0.
        own_ptr: int64 (facilities + 1,); the homes on the edge of facility f are ``own_home[own_ptr[f]:own_ptr[f + 1]]``,
            each ``own_ms`` away straight along it.
        homes: how many homes there are.

    Returns:
        (first, home, ms): int64 (k + 1,), uint32, uint32; of the i-th asked those from ``first[i]`` to ``first[i + 1]``,
        in no particular order.
    """
    reached = np.empty(len(ptr), np.uint32)
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
        to, ms = with_room(to, total, count), with_room(ms, total, count)
        for k in range(count):
            to[total + k] = found[k]
            ms[total + k] = best[found[k]]
            best[found[k]] = UNREACHED_MS
        total += count
        first[i + 1] = total
    return first, to[:total], ms[:total]
