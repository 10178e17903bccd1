"""The road network: junctions and ends as nodes, the roads between them as edges with their geometry kept.

Vertices where nothing branches are contracted, also where the road's class, access or one-way changes, as long as
every way of travelling that the network is built for treats both sides alike. So a network for plain walking has no
node where a footway goes on as a residential street, and one for cars has a node where a one-way street begins.
Each edge remembers the roads that it was made of, and the network those that were left out: a profile that would treat
them differently is refused (``geoplan.network.profiles``), never answered wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyproj
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from geoplan.crs import require_metric
from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network.noding import node_roads
from geoplan.network.roads import PlainWalking, Road, Traveller, fastest, road_kinds

Stack = tuple[Road, ...]
"""The roads that run on one stretch of ground, sorted; most often one."""
_PLAIN_WALKING = (PlainWalking(),)


@dataclass(frozen=True)
class EdgeRoads:
    """The roads that the edges of a network were made of.

    Attributes:
        mix: int64 (m,), which of the ``mixes`` an edge is.
        mixes: each the different stacks of roads along an edge, sorted; their ``oneway`` is relative to the
            edge's direction from tail to head.
        left_out: the kinds of road that are not in the network, sorted.
    """

    mix: NDArray[np.int64]
    mixes: tuple[tuple[Stack, ...], ...]
    left_out: tuple[Road, ...]


@dataclass(frozen=True)
class Network:
    """A road network in a metric CRS. Its numbering does not depend on the order of the roads it was made from.

    Attributes:
        xy: float64 (n, 2), nodes in metres, in order of x, y.
        tail: int64 (m,), the node where an edge's geometry begins; ``tail <= head`` as built from roads.
        head: int64 (m,), where it ends.
        length_m: float64 (m,).
        lines: object (m,), LineStrings.
        island: int64 (n,), the connected part a node belongs to; 0 has the most road, 1 the next, ...
        roads: what the edges were made of; None when that is not known: then they are plain roads, open to all.
    """

    xy: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    lines: NDArray[np.object_]
    island: NDArray[np.int64]
    crs: pyproj.CRS
    roads: EdgeRoads | None = None

    @property
    def islands(self) -> int:
        """How many connected parts there are."""
        return int(self.island.max()) + 1

    def edge_ms(self, speed_mps: float) -> NDArray[np.int64]:
        """Time along each edge in whole milliseconds, shape (m,)."""
        return milliseconds(self.length_m, speed_mps)


def milliseconds(metres: NDArray[np.float64], speed_mps: float | NDArray[np.float64]) -> NDArray[np.int64]:
    """Metres at a speed as whole milliseconds, rounded to nearest (halves to even)."""
    return np.rint(metres / speed_mps * 1000).astype(np.int64)


def build_network(roads: gpd.GeoDataFrame, *travellers: Traveller) -> Network:
    """The network of a roads layer for one or more ways of travelling.

    Args:
        roads: the roads layer in a metric CRS.
        travellers: profiles that will use the network; plain walking when none is given. It holds the roads that are
            open to any of them, and nodes where any of them changes its speed.

    Raises:
        CrsError: the CRS is not metric.
        NetworkError: no road can be travelled.
    """
    require_metric(roads.crs)
    travellers = travellers or _PLAIN_WALKING
    kind, kinds = road_kinds(roads)
    used = np.array([_is_used(road, travellers) for road in kinds], dtype=bool)
    chosen = np.flatnonzero(used[kind]) if len(roads) else np.empty(0, dtype=np.int64)
    if len(chosen) == 0:
        raise NetworkError(_nothing_open(travellers, len(roads)))
    vertices = node_roads(roads.iloc[chosen])
    joined = (vertices.line[1:] == vertices.line[:-1]) & (vertices.identity[1:] != vertices.identity[:-1])
    pairs = np.column_stack([vertices.identity[:-1], vertices.identity[1:]])[joined]
    if len(pairs) == 0:
        raise NetworkError(_("道路图层没有任何有长度的可步行道路。"))
    xy = np.empty((int(vertices.identity.max()) + 1, 2))
    xy[vertices.identity[::-1]] = vertices.xy[::-1]
    left_out = tuple(kinds[number] for number in np.unique(kind) if not used[number])
    stretches = _stretches(pairs, kind[chosen][vertices.row[:-1][joined]], kinds)
    return _contracted(xy, stretches, travellers, left_out, pyproj.CRS(roads.crs))


def _is_used(road: Road, travellers: tuple[Traveller, ...]) -> bool:
    return any(speed > 0 for traveller in travellers for speed, _sloped in traveller.paces(road))


def _nothing_open(travellers: tuple[Traveller, ...], count: int) -> str:
    names = _("、").join(dict.fromkeys(traveller.name for traveller in travellers))
    text = _("道路图层的 {count} 条道路中没有一条可供{names}通行，请检查 road_class、access、walkable 字段。")
    return text.format(count=count, names=names)


@dataclass(frozen=True)
class _Stretches:
    """The ground between neighbouring vertices, each stretch once however many roads run on it.

    A stretch is two arcs: ``2 i`` from its lower to its higher vertex, ``2 i + 1`` back.

    Attributes:
        ends: int64 (s, 2), unique pairs of vertices, the lower one first.
        stack: int64 (2 s,), per arc which of ``stacks`` it is, seen in the arc's direction.
    """

    ends: NDArray[np.int64]
    stack: NDArray[np.int64]
    stacks: tuple[Stack, ...]


def _stretches(pairs: NDArray[np.int64], kind: NDArray[np.int64], kinds: tuple[Road, ...]) -> _Stretches:
    """Stretches of drawn pairs of vertices; the same one drawn twice is one.

    Args:
        pairs: int64 (p, 2), as drawn. kind: int64 (p,), of the road they are drawn for.
    """
    place = {road: number for number, road in enumerate(kinds)}
    reverse = np.array([place[road.reversed()] for road in kinds], dtype=np.int64)
    kind = np.where(pairs[:, 0] < pairs[:, 1], kind, reverse[kind])
    ends, which = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    upward, sets = _sets(which.ravel(), kind)
    seen = [tuple(kinds[number] for number in numbers) for numbers in sets]
    turned = [tuple(sorted(road.reversed() for road in stack)) for stack in seen]
    stacks = tuple(sorted({*seen, *turned}))
    number = {stack: place for place, stack in enumerate(stacks)}
    there = np.array([number[stack] for stack in seen], dtype=np.int64)
    back = np.array([number[stack] for stack in turned], dtype=np.int64)
    return _Stretches(ends, np.column_stack([there[upward], back[upward]]).ravel(), stacks)


def _sets(group: NDArray[np.int64], member: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[tuple[int, ...]]]:
    """The different members of each group.

    Args:
        group: int64 (k,), every number from 0 to the largest occurs. member: int64 (k,), not negative.

    Returns:
        (which, sets): int64 (groups,) and the sets that occur, sorted, as ascending tuples.
    """
    base = int(member.max()) + 1
    groups, members = np.divmod(np.unique(group * base + member), base)
    first = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    ends = np.r_[first[1:], len(groups)]
    several = np.flatnonzero(ends - first > 1)
    large = [tuple(members[first[g] : ends[g]].tolist()) for g in several]
    small = [(int(m),) for m in np.unique(members[first[ends - first == 1]])]
    sets = sorted({*small, *large})
    number = {numbers: place for place, numbers in enumerate(sets)}
    of_one = np.zeros(base, dtype=np.int64)
    for numbers in small:
        of_one[numbers[0]] = number[numbers]
    which = of_one[members[first]]
    which[several] = [number[numbers] for numbers in large]
    return which, sets


def _contracted(
    xy: NDArray[np.float64],
    stretches: _Stretches,
    travellers: tuple[Traveller, ...],
    left_out: tuple[Road, ...],
    crs: pyproj.CRS,
) -> Network:
    """Join the stretches that meet at vertices where nothing branches and nothing changes.

    Args:
        xy: float64 (v, 2), vertices in order of place.
    """
    treated = _treatments(stretches.stacks, travellers)[stretches.stack]
    is_node = _nodes(len(xy), stretches.ends, treated)
    chain, arc, segment, vertex_order = _chains(is_node, stretches.ends)
    first = np.r_[True, segment[1:] != segment[:-1]]
    last = np.r_[first[1:], True]
    numbers = np.cumsum(is_node) - 1
    tail, head = numbers[vertex_order[first]], numbers[vertex_order[last]]
    lines = shapely.linestrings(xy[vertex_order], indices=segment)
    length = shapely.length(lines)
    second = vertex_order[np.flatnonzero(first) + 1]
    order = np.lexsort((second, length, head, tail))
    mix, sets = _sets(chain, stretches.stack[arc])
    mixes = tuple(tuple(stretches.stacks[number] for number in numbers_) for numbers_ in sets)
    nodes = xy[is_node]
    return Network(
        xy=nodes,
        tail=tail[order],
        head=head[order],
        length_m=length[order],
        lines=lines[order],
        island=islands(len(nodes), tail, head, length),
        crs=crs,
        roads=EdgeRoads(mix[order], mixes, left_out),
    )


def _treatments(stacks: tuple[Stack, ...], travellers: tuple[Traveller, ...]) -> NDArray[np.int64]:
    """Numbers that are equal for stacks which every traveller treats alike in both directions, shape (len(stacks),)."""
    known: dict[object, int] = {}
    treated = (tuple(fastest(stack, traveller) for traveller in travellers) for stack in stacks)
    return np.array([known.setdefault(paces, len(known)) for paces in treated], dtype=np.int64)


def _nodes(count: int, segments: NDArray[np.int64], treated: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which vertices are nodes: junctions, ends, changes, and on a ring without any of them its lowest vertex.

    Args:
        treated: int64 (2 s,), per arc how it is travelled.
    """
    degree = np.bincount(segments.ravel(), minlength=count)
    is_node = (degree > 0) & (degree != 2)  # noqa: PLR2004 - two roads meet: nothing branches
    is_node |= _changes(degree, segments, treated)
    parts = _components(count, segments[:, 0], segments[:, 1])
    with_node = np.zeros(parts.max() + 1, dtype=bool)
    with_node[parts[is_node]] = True
    lowest = np.full(parts.max() + 1, count, dtype=np.int64)
    np.minimum.at(lowest, parts, np.arange(count))
    rings = ~with_node & (degree[lowest] > 0)
    is_node[lowest[rings]] = True
    return is_node


def _changes(degree: NDArray[np.int64], segments: NDArray[np.int64], treated: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Vertices between two stretches that are travelled differently."""
    leaving = np.argsort(segments.ravel(), kind="stable")
    between = np.flatnonzero(degree == 2)  # noqa: PLR2004 - see _nodes
    first = (np.cumsum(degree) - degree)[between]
    one, other = leaving[first], leaving[first + 1]
    changes = np.zeros(len(degree), dtype=bool)
    # Arriving along one is leaving along it, turned round.
    changes[between] = treated[one ^ 1] != treated[other]
    return changes


def _components(count: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    links = sp.coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _chains(
    is_node: NDArray[np.bool_], segments: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Walk from node to node through the vertices where nothing branches.

    Each segment is two arcs, one per direction (arc ``i`` and its reverse ``i ^ 1``). An arc's successor is the arc
    that leads on through a vertex that is no node. Pointer doubling finds for every arc the last arc of its chain and
    how many steps away it is, in log2(longest chain) rounds.

    Returns:
        (chain_a, arc, chain_v, vertex): int64 arrays, the arcs and the vertices of each chain in order, chains
        ascending, each chain in the direction that begins at its lower end.
    """
    arcs = len(segments) * 2
    start = segments.ravel()
    end = segments[:, ::-1].ravel()
    leaving = np.argsort(start, kind="stable")
    first_leaving = np.searchsorted(start[leaving], np.arange(len(is_node)))
    here = np.arange(arcs)
    on = ~is_node[end]
    one = leaving[np.minimum(first_leaving[end], arcs - 1)]
    two = leaving[np.minimum(first_leaving[end] + 1, arcs - 1)]
    follower = np.where(on, np.where(one == (here ^ 1), two, one), here)
    last, steps = follower.copy(), (follower != here).astype(np.int64)
    while not np.array_equal(last, last[last]):
        steps += steps[last]
        last = last[last]
    # A chain is known by its last arc; the same road the other way is known by another. Keep the one that begins at
    # the lower vertex, and for a loop the one whose second vertex is lower.
    first = last[here ^ 1] ^ 1  # the last arc of the way back, turned round
    loop = start[first] == end[last]
    kept = np.flatnonzero(np.where(loop, end[first] < start[last], start[first] < end[last]))
    chain = np.unique(last[kept], return_inverse=True)[1]
    order = np.lexsort((-steps[kept], chain))
    kept, chain = kept[order], chain[order]
    begins = np.r_[True, chain[1:] != chain[:-1]]
    # Every arc gives its end; the first of a chain gives its start as well.
    chain_all = np.concatenate([chain, chain[begins]])
    vertex_all = np.concatenate([end[kept], start[kept][begins]])
    place = np.concatenate([np.arange(len(kept)) * 2 + 1, np.flatnonzero(begins) * 2])
    order = np.argsort(place)
    return chain, kept, chain_all[order], vertex_all[order]


def islands(
    count: int, tail: NDArray[np.int64], head: NDArray[np.int64], length: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Connected parts, numbered by road length, most first; ties by their lowest node."""
    parts = _components(count, tail, head)
    road = np.bincount(parts[tail], weights=np.round(length, 3), minlength=parts.max() + 1)
    lowest = np.full(parts.max() + 1, count, dtype=np.int64)
    np.minimum.at(lowest, parts, np.arange(count))
    rank = np.empty(len(road), dtype=np.int64)
    rank[np.lexsort((lowest, -road))] = np.arange(len(road))
    return rank[parts]
