"""The travel-time engine: the compiled searches of ``kernels`` on one network and one way of travelling.

``RoadGraph`` holds the packed graph in both directions. ``KernelTravelTimes`` answers the questions of ``TravelTimes``.
``NearestField`` keeps the nearest facility of every node and repairs it when a facility or a road changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network import kernels
from geoplan.network.edge_times import CLOSED, EdgeTimes, place_times
from geoplan.network.graph import Network
from geoplan.network.kernels import CLOSED_MS, MOST_MS, SHIFT, UNREACHED_STATE
from geoplan.network.location import Locations
from geoplan.network.travel import UNREACHED, Nearest, Reached, Trips, same_edge_trips

_BUCKET_SHIFT = 14  # buckets of 16 s: the fastest of 12 to 16 on county networks, by little
_HILBERT_BITS = 16
_ARCS_PER_ENTRY = 4  # room of a queue at first: far more than ever wait on a road network
_NO_NODES = np.empty(0, dtype=np.int64)
_WORTH_A_THREAD = 64  # facilities: fewer are searched sooner than a thread starts
_Found = tuple[kernels.I64, kernels.U32, kernels.U32]  # by facility asked: where its rows begin; nodes or homes; ms


class _Arcs(NamedTuple):
    """Arcs as the searches walk them: int64 (a,) each. ``CLOSED`` where an arc cannot be travelled."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    ms: NDArray[np.int64]

    @classmethod
    def of(cls, tail: kernels.I64, head: kernels.I64, forward: kernels.I64, backward: kernels.I64) -> Self:
        """Both arcs of edges. A search from the facilities walks every trip against its direction."""
        return cls(np.concatenate([head, tail]), np.concatenate([tail, head]), np.concatenate([forward, backward]))

    def turned(self) -> _Arcs:
        """The same arcs from end to start."""
        return _Arcs(self.end, self.start, self.ms)

    def packed(self) -> kernels.U64:
        """``ms << 32 | end``."""
        weight = np.where(self.ms == CLOSED, CLOSED_MS, self.ms).astype(np.uint64)
        return (weight << SHIFT) | self.end.astype(np.uint64)


@dataclass
class _Csr:
    """Packed arcs by start: those of node u are ``arc[ptr[u]:ptr[u + 1]]``."""

    ptr: kernels.U32
    arc: kernels.U64

    @classmethod
    def of(cls, arcs: _Arcs, size: int) -> Self:
        order = np.argsort(arcs.start, kind="stable")
        return cls(_pointers(arcs.start, size), arcs.packed()[order])

    def grow(self, size: int) -> None:
        """More nodes, without arcs so far."""
        more = size + 1 - len(self.ptr)
        if more > 0:
            self.ptr = np.concatenate([self.ptr, np.full(more, self.ptr[-1])])

    def replace(self, gone: _Arcs, come: _Arcs) -> None:
        """Close arcs and put others in their place where their ends are the same, else beside them."""
        for start, packed in zip(gone.start.tolist(), gone.packed(), strict=True):
            self.arc[self._place(start, packed)] = _closed(packed)
        added = []
        for row, (start, packed) in enumerate(zip(come.start.tolist(), come.packed(), strict=True)):
            place = self._place(start, _closed(packed))
            if place < 0:
                added.append(row)
            else:
                self.arc[place] = packed
        if added:
            added.sort(key=come.start.__getitem__)  # new nodes, without arcs so far, all begin at the end
            start = come.start[added]
            self.arc = np.insert(self.arc, self.ptr[start + 1].astype(np.int64), come.packed()[added])
            self.ptr = self.ptr + _pointers(start, len(self.ptr) - 1)

    def _place(self, start: int, packed: np.uint64) -> int:
        """Where such an arc stands, -1 if it does not; equal arcs stand for one another."""
        begin = int(self.ptr[start])
        found = np.flatnonzero(self.arc[begin : self.ptr[start + 1]] == packed)
        return begin + int(found[0]) if len(found) else -1


def _pointers(start: kernels.I64, size: int) -> kernels.U32:
    """How many arcs start at nodes before each of so many nodes, and how many there are: uint32 (size + 1,)."""
    pointers = np.zeros(size + 1, dtype=np.uint32)
    np.cumsum(np.bincount(start, minlength=size), dtype=np.uint32, out=pointers[1:])
    return pointers


def _closed(packed: np.uint64) -> np.uint64:
    return (np.uint64(CLOSED_MS) << SHIFT) | (packed & kernels.LOW)


class RoadGraph:
    """A network's arcs, packed for the kernels, towards and away from facilities.

    Nodes are numbered along a Hilbert curve, so that neighbours on the ground are neighbours in memory; ``rank`` maps a
    node of the network to its number here, ``order`` back. Nodes that a change of roads adds come last, and stay when
    they are taken away again. Memory: 48 bytes an edge (two arcs in two directions, and its ends) and 24 a node.

    Raises:
        NetworkError: an edge takes longer than ``MOST_MS``.
    """

    def __init__(self, network: Network, times: EdgeTimes) -> None:
        self._first_xy = network.xy
        self.order = hilbert_order(network.xy)
        self.rank = np.empty(len(self.order), dtype=np.int64)
        self.rank[self.order] = np.arange(len(self.order))
        self.network, self.times, self._longest_ms = network, times, _longest_ms(times)
        self.tail, self.head = self.rank[network.tail], self.rank[network.head]
        arcs = _Arcs.of(self.tail, self.head, times.forward, times.backward)
        self._towards, self._away = _Csr.of(arcs, self.size), _Csr.of(arcs.turned(), self.size)

    @property
    def size(self) -> int:
        """How many nodes there are, those that were taken away included."""
        return len(self.rank)

    @property
    def towards(self) -> tuple[kernels.U32, kernels.U64]:
        """(ptr, arc) for searches from the facilities, against the direction of travel."""
        return self._towards.ptr, self._towards.arc

    @property
    def away(self) -> tuple[kernels.U32, kernels.U64]:
        """(ptr, arc) in the direction of travel."""
        return self._away.ptr, self._away.arc

    def following(self, network: Network, times: EdgeTimes) -> RoadGraph:
        """A graph of the same nodes and perhaps more after a change of roads; cheaper than a new one.

        Raises:
            ValueError: the network's nodes do not begin with those that this graph was made with.
        """
        graph = object.__new__(RoadGraph)
        graph.__dict__.update(self.__dict__)
        graph._towards = _Csr(self._towards.ptr, self._towards.arc.copy())
        graph._away = _Csr(self._away.ptr, self._away.arc.copy())
        graph.follow(network, times)
        return graph

    def follow(self, network: Network, times: EdgeTimes) -> tuple[_Arcs, _Arcs]:
        """Become the graph of a changed network; the arcs that are gone and those that come."""
        before = self.tail, self.head, self.times.forward, self.times.backward
        longest = _longest_ms(times)
        if network is not self.network:
            self._renumber(network)
        self.times, self._longest_ms = times, longest
        after = self.tail, self.head, times.forward, times.backward
        edges = min(len(before[0]), len(after[0]))
        differ = np.zeros(edges, dtype=np.bool_)
        for old, new in zip(before, after, strict=True):
            if old is not new:
                differ |= old[:edges] != new[:edges]
        changed = np.flatnonzero(differ)
        gone, come = (_open_arcs(columns, np.r_[changed, edges : len(columns[0])]) for columns in (before, after))
        for csr in (self._towards, self._away):
            csr.grow(self.size)
        self._towards.replace(gone, come)
        self._away.replace(gone.turned(), come.turned())
        return gone, come

    def _renumber(self, network: Network) -> None:
        if not np.array_equal(network.xy[: len(self._first_xy)], self._first_xy):
            raise ValueError("the network does not begin with the nodes that the graph was made with")
        more = np.arange(self.size, len(network.xy))
        self.rank, self.order = np.concatenate([self.rank, more]), np.concatenate([self.order, more])
        self.network = network
        self.tail, self.head = self.rank[network.tail], self.rank[network.head]

    def ring(self) -> kernels.U32:
        """Empty buckets for a search without a limit."""
        return np.zeros(1 << ((self._longest_ms >> _BUCKET_SHIFT) + 2).bit_length(), dtype=np.uint32)

    def spread(self, state: kernels.U64, front: kernels.I64) -> None:
        """Spread the states of a front over the whole network; see ``kernels.spread``."""
        room, enough = max(len(self.towards[1]) // _ARCS_PER_ENTRY, len(front)) + 2, False
        while not enough:
            front = front[np.argsort(state[front], kind="stable")]
            pool = np.empty(room, dtype=np.uint64)
            enough = kernels.spread(*self.towards, state, front, self.ring(), pool, _BUCKET_SHIFT)
            front, room = np.flatnonzero(state != UNREACHED_STATE) if not enough else front, 2 * room


def _longest_ms(times: EdgeTimes) -> int:
    longest = int(max(times.forward.max(initial=0), times.backward.max(initial=0)))
    if longest > MOST_MS:
        raise NetworkError(_("有道路的行程时间超过 24 天，请检查坐标系和速度。"))
    return longest


def _open_arcs(columns: tuple[kernels.I64, ...], edges: kernels.I64) -> _Arcs:
    """The arcs of some edges that can be travelled."""
    arcs = _Arcs.of(*(column[edges] for column in columns))
    usable = arcs.ms != CLOSED
    return _Arcs(*(column[usable] for column in arcs))


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
    return np.argsort(along, kind="stable")


class _Seeds(NamedTuple):
    """Where the searches of facilities begin: the nodes at both ends of their edges, and the time from there to them.

    Attributes:
        node, ms: int64 (2, k); ``UNREACHED`` ms where no way leads from that end, or the facility is not located.
    """

    node: NDArray[np.int64]
    ms: NDArray[np.int64]

    @classmethod
    def of(cls, graph: RoadGraph, facilities: Locations) -> Self:
        places = place_times(graph.times, facilities)
        parts = np.array([places.from_tail, places.from_head])
        edge = facilities.edge  # the last one for NOWHERE, which has no parts
        return cls(
            np.array([graph.tail[edge], graph.head[edge]]), np.where(parts == CLOSED, UNREACHED, parts + places.leg)
        )

    def states(self, labels: NDArray[np.int64]) -> kernels.U64:
        """Packed with the facilities' labels, uint64 (2, k)."""
        usable = (self.ms != UNREACHED) & (self.ms <= MOST_MS)
        return np.where(usable, (self.ms.astype(np.uint64) << SHIFT) | labels.astype(np.uint64), UNREACHED_STATE)

    def by_facility(self) -> tuple[kernels.I64, kernels.I64, kernels.I64]:
        """(pointers, node, ms) of those that lead anywhere, as the kernels take them."""
        usable = self.ms.T != UNREACHED
        pointers = np.r_[0, np.cumsum(np.count_nonzero(usable, axis=1))]
        return pointers, self.node.T[usable], self.ms.T[usable]


class KernelTravelTimes:
    """``TravelTimes`` by the compiled kernels.

    Memory: the graph; ``nearest`` 9 bytes a node; ``within`` and ``reached`` per thread 8 bytes a node, and what they
    return; ``within`` 4 bytes a node and 200 a home besides. Queues take 8 bytes for each node that waits in them.
    """

    def __init__(self, network: Network, times: EdgeTimes) -> None:
        self.graph = RoadGraph(network, times)

    def following(self, network: Network, times: EdgeTimes) -> KernelTravelTimes:
        """The same on the network after a change of roads; see ``RoadGraph.following``."""
        travel = object.__new__(KernelTravelTimes)
        travel.graph = self.graph.following(network, times)
        return travel

    def nearest(self, homes: Locations, facilities: Locations) -> Nearest:
        """See ``TravelTimes``."""
        field = NearestField(self.graph)
        field.add(facilities)
        return field.nearest(homes)

    def within(self, homes: Locations, facilities: Locations, limit_ms: int) -> Trips:
        """See ``TravelTimes``.

        Raises:
            NetworkError: a limit beyond ``MOST_MS``.
        """
        _check_limit(limit_ms)
        own_facility, own_home, own_ms = same_edge_trips(self.graph.times, homes, facilities)
        own = np.searchsorted(own_facility, np.arange(len(facilities) + 1)), own_home, own_ms
        seeds = _Seeds.of(self.graph, facilities).by_facility()
        slot, home_ptr, home, home_ms = _homes_at_nodes(self.graph, homes)

        def search(asked: kernels.I64) -> _Found:
            question = *self.graph.towards, *seeds, asked, limit_ms, _BUCKET_SHIFT
            return kernels.trips(*question, slot, home_ptr, home, home_ms, *own, len(homes))

        # Along the curve, so that a search finds in the cache what the one before has read.
        asked = np.argsort(self.graph.tail[facilities.edge], kind="stable")
        first, found, ms = _in_threads(search, asked)
        table = sp.csr_array((ms, found.astype(np.int64), first), shape=(len(facilities), len(homes)))
        table = table[np.argsort(asked)]
        table.sort_indices()
        facility = np.repeat(np.arange(len(facilities)), np.diff(table.indptr))
        return Trips(facility, table.indices.astype(np.int64), table.data.astype(np.int64))

    def reached(self, facilities: Locations, limit_ms: int) -> list[Reached | None]:
        """See ``TravelTimes``."""
        _check_limit(limit_ms)
        answers: list[Reached | None] = [None] * len(facilities)
        leg = place_times(self.graph.times, facilities).leg
        located = np.flatnonzero(facilities.located)
        first, node, ms = self.trees(facilities, located, limit_ms)
        nodes = self.graph.order[node]
        for facility, begin, end in zip(located, first, first[1:], strict=False):
            node_ms = np.full(len(self.graph.network.xy), UNREACHED, dtype=np.int64)
            node_ms[nodes[begin:end]] = ms[begin:end]
            place = (int(facilities.edge[facility]), float(facilities.along[facility]))
            answers[facility] = Reached(node_ms, *place, int(leg[facility]))
        return answers

    def trees(self, facilities: Locations, asked: kernels.I64, limit_ms: int) -> _Found:
        """The nodes within a limit of some of the facilities, in the graph's numbers; see ``kernels.trees``."""
        seeds = _Seeds.of(self.graph, facilities).by_facility()
        return _in_threads(
            lambda some: kernels.trees(*self.graph.towards, *seeds, some, limit_ms, _BUCKET_SHIFT), asked
        )


def _check_limit(limit_ms: int) -> None:
    if not 0 <= limit_ms <= MOST_MS:
        raise NetworkError(
            _("时间上限须在 0 与 {most} 毫秒（约 24 天）之间，现为 {limit}。").format(most=MOST_MS, limit=limit_ms)
        )


def _in_threads(search: Callable[[kernels.I64], _Found], asked: kernels.I64) -> _Found:
    """The kernels hold no interpreter lock: facilities are searched side by side, and the results keep their order."""
    threads = min(os.cpu_count() or 1, len(asked) // _WORTH_A_THREAD)
    if threads <= 1:
        return search(asked)
    with ThreadPoolExecutor(threads) as pool:
        firsts, rows, ms = zip(*pool.map(search, np.array_split(asked, threads)), strict=True)
    sizes = np.concatenate([np.diff(first) for first in firsts])
    return np.r_[0, np.cumsum(sizes)], np.concatenate(rows), np.concatenate(ms)


def _homes_at_nodes(
    graph: RoadGraph, homes: Locations
) -> tuple[kernels.U32, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(slot by node, pointers by slot, homes, ms from the home to the node) for both ends of each home's edge.

    Most nodes of a large network have no home: theirs is slot 0, so that few pointers are enough; see ``kernels.trips``.
    """
    places = place_times(graph.times, homes)
    node, home, ms = [], [], []
    for ends, part in ((graph.tail, places.to_tail), (graph.head, places.to_head)):
        which = np.flatnonzero(homes.located & (part != CLOSED))
        node.append(ends[homes.edge[which]])
        home.append(which)
        ms.append((part + places.leg)[which])
    nodes = np.concatenate(node)
    order = np.argsort(nodes, kind="stable")
    with_homes, first = np.unique(nodes[order], return_index=True)
    slot = np.zeros(graph.size, dtype=np.uint32)
    slot[with_homes] = np.arange(1, len(with_homes) + 1)
    return slot, np.r_[0, first, len(nodes)], np.concatenate(home)[order], np.concatenate(ms)[order]


class NearestField:
    """The nearest facility of every node, repaired when a facility or a road changes instead of searched anew.

    Every change leaves bit for bit the state that a search from scratch would give, and touches only the nodes it
    concerns. Of facilities at equal time the one with the lower label is the nearest. The graph belongs to the field:
    changes of roads change it. Every change returns the nodes (of the network) whose nearest facility or time is another now,
    int64, each once, in no particular order.

    Memory: 8 bytes a node for the state and 1 for marks; a change takes 40 bytes for each node that it touches.
    """

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self._state = np.full(graph.size, UNREACHED_STATE)
        self._mark = np.zeros(graph.size, dtype=np.uint8)
        self.labels = np.empty(0, dtype=np.int64)
        self._places = Locations(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
        self._seed_node = np.empty((0, 2), dtype=np.int64)
        self._seed_state = np.empty((0, 2), dtype=np.uint64)

    @property
    def state(self) -> kernels.U64:
        """Uint64 (n,), ``ms << 32 | label`` of the network's nodes; ``UNREACHED_STATE`` where no facility can be reached."""
        return self._state[self._graph.rank[: len(self._graph.network.xy)]]

    def add(self, facilities: Locations, labels: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Open facilities.

        Args:
            labels: int64 (k,), their labels, new ones from 0 to 2**32 - 2; by default the next free numbers.

        Raises:
            ValueError: a label is in use.
        """
        first = len(self.labels) == 0
        if labels is None:
            labels = np.arange(len(facilities)) + self.labels.max(initial=-1) + 1
        if (labels[:, None] == self.labels).any() or len(set(labels.tolist())) < len(labels):
            raise ValueError("a label is in use")
        self._put(facilities, labels)
        return self._search() if first else self._repair(_NO_NODES, _NO_NODES, fresh=len(facilities))

    def remove(self, label: int) -> NDArray[np.int64]:
        """Close a facility; its nodes go to their next nearest.

        Raises:
            KeyError: there is no facility of that label.
        """
        return self._repair(self._take(label), _NO_NODES)

    def move(self, label: int, to: Locations) -> NDArray[np.int64]:
        """Put a facility elsewhere, under its label.

        Raises:
            KeyError: there is no facility of that label.
        """
        lost = self._take(label)
        self._put(to, np.array([label]))
        return self._repair(lost, _NO_NODES, fresh=1)

    def change_roads(
        self, network: Network, times: EdgeTimes, facilities: Locations | None = None
    ) -> NDArray[np.int64]:
        """Follow a change of roads: roads closed, opened, faster or slower, added or taken away.

        Args:
            network: its nodes begin with those that the graph was made with.
            times: of its edges.
            facilities: all facilities, in order of ``labels``, where they are located on this network; by default they
                are where they were.

        Raises:
            ValueError: the network begins with other nodes, or there are not as many facilities.
        """
        if facilities is not None and len(facilities) != len(self.labels):
            raise ValueError("not as many facilities as there are labels")
        gone, come = self._graph.follow(network, times)
        more = self._graph.size - len(self._state)
        if more > 0:
            self._state = np.concatenate([self._state, np.full(more, UNREACHED_STATE)])
            self._mark = np.concatenate([self._mark, np.zeros(more, dtype=np.uint8)])
        over = self._state[gone.start] + (gone.ms.astype(np.uint64) << SHIFT)
        lost = self._resting_on(gone.end, over)
        self._places = facilities or self._places
        node, state = self._seeds(self._places, self.labels)
        other = (node != self._seed_node) | (state != self._seed_state)
        lost = np.concatenate([lost, self._resting_on(self._seed_node[other], self._seed_state[other])])
        self._seed_node, self._seed_state = node, state
        return self._repair(lost, come.start, fresh=len(self.labels))

    def nearest(self, homes: Locations) -> Nearest:
        """The nearest facility of each home, by label."""
        graph, nothing = self._graph, np.uint64(2**64 - 1)
        places = place_times(graph.times, homes)
        key = np.full(len(homes), nothing)
        for ends, part in ((graph.tail, places.to_tail), (graph.head, places.to_head)):
            which = np.flatnonzero(homes.located & (part != CLOSED))
            state = self._state[ends[homes.edge[which]]]
            reached = state != UNREACHED_STATE
            which = which[reached]
            ms = (part + places.leg)[which].astype(np.uint64)
            key[which] = np.minimum(key[which], state[reached] + (ms << SHIFT))
        facility, home, ms = same_edge_trips(graph.times, homes, self._places)
        np.minimum.at(key, home, (ms.astype(np.uint64) << SHIFT) | self.labels[facility].astype(np.uint64))
        reached = key != nothing
        ms = np.where(reached, (key >> SHIFT).astype(np.int64), UNREACHED)
        return Nearest(ms, np.where(reached, (key & kernels.LOW).astype(np.int64), UNREACHED))

    def _put(self, facilities: Locations, labels: NDArray[np.int64]) -> None:
        """Enter facilities, without their effect."""
        node, state = self._seeds(facilities, labels)
        self.labels = np.concatenate([self.labels, labels])
        self._places = self._places.followed_by(facilities)
        self._seed_node = np.concatenate([self._seed_node, node])
        self._seed_state = np.concatenate([self._seed_state, state])

    def _take(self, label: int) -> kernels.I64:
        """Strike a facility out; the nodes that rested on it.

        Raises:
            KeyError: there is no facility of that label.
        """
        goes = self.labels == label
        if not goes.any():
            raise KeyError(label)
        lost = self._resting_on(self._seed_node[goes], self._seed_state[goes])
        self.labels = self.labels[~goes]
        self._places = self._places.chosen(~goes)
        self._seed_node, self._seed_state = self._seed_node[~goes], self._seed_state[~goes]
        return lost

    def _seeds(self, facilities: Locations, labels: NDArray[np.int64]) -> tuple[kernels.I64, kernels.U64]:
        """(nodes, states) that facilities give to the ends of their edges, (k, 2) each."""
        seeds = _Seeds.of(self._graph, facilities)
        return np.ascontiguousarray(seeds.node.T), np.ascontiguousarray(seeds.states(labels).T)

    def _resting_on(self, node: kernels.I64, state: kernels.U64) -> kernels.I64:
        """The nodes whose state is what a seed or an arc gives them, one-dimensional."""
        return node[(self._state[node] == state) & (state != UNREACHED_STATE)]

    def _search(self) -> NDArray[np.int64]:
        """The search from scratch, when nothing is reached yet."""
        node, state = self._seed_node.ravel(), self._seed_state.ravel()
        np.minimum.at(self._state, node, state)
        self._graph.spread(self._state, np.unique(node[state != UNREACHED_STATE]))
        return self._graph.order[np.flatnonzero(self._state != UNREACHED_STATE)]

    def _repair(self, lost: kernels.I64, opened: kernels.I64, fresh: int = 0) -> NDArray[np.int64]:
        """Repair after arcs that start at ``opened`` nodes and the last ``fresh`` facilities came; see ``kernels.repair``."""
        changed = kernels.repair(
            *self._graph.towards,
            *self._graph.away,
            self._state,
            self._mark,
            lost,
            self._seed_node.ravel(),
            self._seed_state.ravel(),
            2 * fresh,
            opened,
            self._graph.ring(),
            _BUCKET_SHIFT,
        )
        nodes = self._graph.order[changed]
        return nodes[nodes < len(self._graph.network.xy)]
