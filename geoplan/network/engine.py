"""The travel-time engine: the compiled searches of ``kernels`` on one network and one way of travelling.

``RoadGraph`` holds the packed graph in both directions. ``KernelTravelTimes`` answers the questions of ``TravelTimes``.
``NearestField`` keeps the nearest facility of every node and repairs it when a facility or a road changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network import kernels
from geoplan.network.edge_times import CLOSED, EdgeTimes, PlaceTimes, place_times
from geoplan.network.graph import Network
from geoplan.network.kernels import CLOSED_MS, MOST_MS, SHIFT, UNREACHED_MS, UNREACHED_STATE
from geoplan.network.location import Locations
from geoplan.network.travel import UNREACHED, Nearest, Reached, Trips, same_edge_trips

_BUCKET_SHIFT = 14  # buckets of 16 s: the fastest of 12 to 16 on county networks, by little
_HILBERT_BITS = 16
_THREADS = 2
_CHUNK = 64  # facilities per task
_SPARE_ENTRIES = 2
_T = TypeVar("_T")
_Found = tuple[int, NDArray[np.int64], NDArray[np.uint32]]  # a facility, its homes in order, their ms


class RoadGraph:
    """A network's arcs, packed for the kernels, towards and away from facilities.

    Nodes are numbered along a Hilbert curve, so that neighbours on the ground are neighbours in memory; ``rank`` maps a
    node of the network to its number here. Memory: 16 bytes an arc and direction, 24 bytes a node; an edge has two arcs.

    Raises:
        NetworkError: an edge takes longer than ``MOST_MS``.
    """

    def __init__(self, network: Network, times: EdgeTimes) -> None:
        if max(times.forward.max(initial=0), times.backward.max(initial=0)) > MOST_MS:
            raise NetworkError(_("有道路的行程时间超过 24 天，请检查坐标系和速度。"))
        self.times = EdgeTimes(times.forward.copy(), times.backward.copy(), times.off_road_mps)
        self.size = len(network.xy)
        order = hilbert_order(network.xy)
        self.rank = np.empty(self.size, dtype=np.int64)
        self.rank[order] = np.arange(self.size)
        self.order = order
        self.tail, self.head = self.rank[network.tail], self.rank[network.head]
        # A search from the facilities walks every trip against its direction.
        start, end = np.concatenate([self.head, self.tail]), np.concatenate([self.tail, self.head])
        ms = np.concatenate([times.forward, times.backward])
        self.ptr, self.arc, self._place = _csr(start, end, ms, self.size)
        self.rim_ptr, self.rim_arc, self._rim_place = _csr(end, start, ms, self.size)

    @property
    def longest_ms(self) -> int:
        """The longest open arc."""
        return int(max(self.times.forward.max(initial=0), self.times.backward.max(initial=0)))

    def set_edge(self, edge: int, forward: int, backward: int) -> None:
        """Give an edge other times (``CLOSED`` to close it), in place."""
        self.times.forward[edge], self.times.backward[edge] = forward, backward
        for number, ms in ((edge, forward), (edge + len(self.tail), backward)):
            packed = np.uint64(CLOSED_MS if ms == CLOSED else ms) << SHIFT
            for arcs, places in ((self.arc, self._place), (self.rim_arc, self._rim_place)):
                arcs[places[number]] = packed | (arcs[places[number]] & kernels.LOW)

    def ring(self) -> NDArray[np.uint32]:
        """An empty ring of buckets, longer than the longest open arc."""
        return np.zeros(1 << ((self.longest_ms >> _BUCKET_SHIFT) + 2).bit_length(), dtype=np.uint32)

    def settle(self, state: kernels.U64, front: kernels.I64, settled: kernels.I64) -> int:
        """Spread lowered states; see ``kernels.settle``. A pool that was too small is doubled and the search goes on."""
        room = max(len(self.arc) + len(front) + _SPARE_ENTRIES, 2)
        while True:
            front = front[np.argsort(state[front], kind="stable")]
            pool = np.empty(room, dtype=np.uint64)
            count = kernels.settle(self.ptr, self.arc, state, front, MOST_MS, self.ring(), _BUCKET_SHIFT, pool, settled)
            if count != kernels.POOL_FULL:
                return int(count)
            room *= 2
            front = np.flatnonzero(state != UNREACHED_STATE)
            settled = settled[:0]


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


def _csr(
    start: NDArray[np.int64], end: NDArray[np.int64], ms: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]:
    """(pointers, packed arcs by start, place of each given arc among them)."""
    order = np.argsort(start, kind="stable")
    pointers = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(start, minlength=size), out=pointers[1:])
    weight = np.where(ms == CLOSED, CLOSED_MS, ms).astype(np.uint64)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return pointers, ((weight << SHIFT) | end.astype(np.uint64))[order], place


@dataclass(frozen=True)
class _Seeds:
    """Where searches begin: for each located facility the nodes at its edge's ends, and the time from there to it."""

    facility: NDArray[np.int64]
    node: NDArray[np.int64]
    ms: NDArray[np.int64]


def _seeds(graph: RoadGraph, facilities: Locations, places: PlaceTimes) -> _Seeds:
    found = []
    for ends, part in ((graph.tail, places.from_tail), (graph.head, places.from_head)):
        which = np.flatnonzero(facilities.located & (part != CLOSED))
        found.append((which, ends[facilities.edge[which]], (part + places.leg)[which]))
    facility, node, ms = (np.concatenate(column) for column in zip(*found, strict=True))
    return _Seeds(facility, node, ms)


class KernelTravelTimes:
    """``TravelTimes`` by the compiled kernels.

    Memory: the graph; ``nearest`` 8 bytes a node and a pool of 8 bytes an arc; ``within`` and ``reached`` per thread 12
    bytes a node, 12 bytes a home and a pool, and what they return.
    """

    def __init__(self, network: Network, times: EdgeTimes) -> None:
        self.graph = RoadGraph(network, times)

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
        close = own_ms <= limit_ms
        own_home, own_ms = own_home[close], own_ms[close].astype(np.uint32)
        own_ptr = np.searchsorted(own_facility[close], np.arange(len(facilities) + 1))
        at_nodes = _homes_at_nodes(self.graph, homes)

        def search(chunk: NDArray[np.int64]) -> list[_Found]:
            best = np.full(len(homes), UNREACHED_MS)
            found = np.empty(len(homes), dtype=np.int64)
            answers: list[_Found] = []
            for facility, reached, time in trees(chunk):
                own = slice(own_ptr[facility], own_ptr[facility + 1])
                best[own_home[own]] = own_ms[own]
                count = kernels.gather(reached, time, *at_nodes, limit_ms, best, found)
                home = np.sort(np.concatenate([found[:count], own_home[own]]))
                answers.append((facility, home, best[home]))
                best[home] = UNREACHED_MS
            return answers

        trees = _Trees(self.graph, facilities, limit_ms)
        return _trips([one for answers in _in_threads(search, trees.chunks()) for one in answers])

    def reached(self, facilities: Locations, limit_ms: int) -> list[Reached | None]:
        """See ``TravelTimes``."""
        _check_limit(limit_ms)
        answers: list[Reached | None] = [None] * len(facilities)
        leg = place_times(self.graph.times, facilities).leg
        trees = _Trees(self.graph, facilities, limit_ms)
        for facility, nodes, time in trees(np.flatnonzero(facilities.located)):
            node_ms = np.full(self.graph.size, UNREACHED, dtype=np.int64)
            node_ms[self.graph.order[nodes]] = time[nodes]
            place = (int(facilities.edge[facility]), float(facilities.along[facility]))
            answers[facility] = Reached(node_ms, *place, int(leg[facility]))
        return answers


def _check_limit(limit_ms: int) -> None:
    if not 0 <= limit_ms <= MOST_MS:
        raise NetworkError(
            _("时间上限须在 0 与 {most} 毫秒（约 24 天）之间，现为 {limit}。").format(most=MOST_MS, limit=limit_ms)
        )


class _Trees:
    """Bounded searches from each of several facilities, one after the other on shared scratch."""

    def __init__(self, graph: RoadGraph, facilities: Locations, limit_ms: int) -> None:
        self._graph, self._limit = graph, limit_ms
        seeds = _seeds(graph, facilities, place_times(graph.times, facilities))
        order = np.argsort(seeds.facility, kind="stable")
        self._node, self._ms = seeds.node[order], seeds.ms[order]
        self._ptr = np.searchsorted(seeds.facility[order], np.arange(len(facilities) + 1))
        self._located = np.flatnonzero(facilities.located)

    def chunks(self) -> list[NDArray[np.int64]]:
        """The located facilities in parcels for the threads."""
        return [self._located[begin : begin + _CHUNK] for begin in range(0, len(self._located), _CHUNK)]

    def __call__(self, facilities: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.uint32]]]:
        """For each facility the nodes it reaches and all nodes' times; valid until the next one is asked for."""
        time = np.full(self._graph.size, UNREACHED_MS)
        reached = np.empty(self._graph.size, dtype=np.int64)
        ring = np.zeros((self._limit >> _BUCKET_SHIFT) + 1, dtype=np.uint32)
        pool = np.empty(len(self._graph.arc) + 4, dtype=np.uint64)
        for facility in facilities:
            while (count := self._search(facility, ring, pool, time, reached)) == kernels.POOL_FULL:
                pool = np.empty(2 * len(pool), dtype=np.uint64)
                ring[:] = 0
                time[:] = UNREACHED_MS
            yield int(facility), reached[:count], time
            time[reached[:count]] = UNREACHED_MS

    def _search(
        self,
        facility: int,
        ring: NDArray[np.uint32],
        pool: NDArray[np.uint64],
        time: NDArray[np.uint32],
        reached: NDArray[np.int64],
    ) -> int:
        graph, own = self._graph, slice(self._ptr[facility], self._ptr[facility + 1])
        node, ms = self._node[own], self._ms[own]
        found = kernels.tree(graph.ptr, graph.arc, node, ms, self._limit, _BUCKET_SHIFT, ring, pool, time, reached)
        return int(found)


def _in_threads(work: Callable[[NDArray[np.int64]], _T], chunks: list[NDArray[np.int64]]) -> list[_T]:
    """The kernels hold no interpreter lock: chunks run side by side, and the results come in their order."""
    if len(chunks) < _THREADS:
        return [work(chunk) for chunk in chunks]
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(work, chunks))


def _homes_at_nodes(
    graph: RoadGraph, homes: Locations
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(pointers by node, homes, ms from the home to the node) for both ends of each home's edge."""
    places = place_times(graph.times, homes)
    node, home, ms = [], [], []
    for ends, part in ((graph.tail, places.to_tail), (graph.head, places.to_head)):
        which = np.flatnonzero(homes.located & (part != CLOSED))
        node.append(ends[homes.edge[which]])
        home.append(which)
        ms.append((part + places.leg)[which])
    nodes = np.concatenate(node)
    order = np.argsort(nodes, kind="stable")
    pointers = np.zeros(graph.size + 1, dtype=np.int64)
    np.cumsum(np.bincount(nodes, minlength=graph.size), out=pointers[1:])
    return pointers, np.concatenate(home)[order], np.concatenate(ms)[order]


def _trips(found: list[_Found]) -> Trips:
    """The trips of all facilities, which come in order, each with its homes in order."""
    if not found:
        nothing = np.empty(0, dtype=np.int64)
        return Trips(nothing, nothing, nothing)
    facility = np.repeat([one[0] for one in found], [len(one[1]) for one in found])
    home, ms = (np.concatenate([one[column] for one in found]) for column in (1, 2))
    return Trips(facility.astype(np.int64), home, ms.astype(np.int64))


class NearestField:
    """The nearest facility of every node, repaired when a facility or a road changes instead of searched anew.

    Every change leaves bit for bit the state that a search from scratch would give, and touches only the nodes it
    concerns. Of facilities at equal time the one with the lower label is the nearest. The graph belongs to the field: closing a
    road changes it.

    Memory: 8 bytes a node for the state, 9 for scratch, and a pool of 8 bytes an arc during a change.
    """

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self.state = np.full(graph.size, UNREACHED_STATE)
        self._places: dict[int, tuple[int, float, float]] = {}
        self._mark = np.zeros(graph.size, dtype=np.uint8)
        self._found = np.empty(graph.size, dtype=np.int64)

    def add(self, facilities: Locations, labels: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Open facilities.

        Args:
            labels: int64 (k,), their labels, new ones; by default the next free numbers.

        Returns:
            int64: the nodes whose nearest facility or time changed, some perhaps twice.

        Raises:
            ValueError: a label is in use.
        """
        if labels is None:
            begin = max(self._places, default=-1) + 1
            labels = np.arange(begin, begin + len(facilities))
        if any(int(label) in self._places for label in labels):
            raise ValueError("a label is in use")
        for label, edge, along, leg in zip(labels, facilities.edge, facilities.along, facilities.leg_m, strict=True):
            self._places[int(label)] = (int(edge), float(along), float(leg))
        node, key = self._seeds(facilities, labels)
        before = self.state[node]
        np.minimum.at(self.state, node, key)
        return self._settle(np.unique(node[self.state[node] < before]))

    def remove(self, label: int) -> NDArray[np.int64]:
        """Close a facility; its nodes go to their next nearest.

        Returns:
            int64: the nodes that it had.

        Raises:
            KeyError: there is no facility of that label.
        """
        place = self._places.pop(label)
        node, _key = self._seeds(*_one(place, label))
        return self._search_again(np.unique(node[self.state[node] & kernels.LOW == np.uint64(label)]), label)

    def move(self, label: int, to: Locations) -> NDArray[np.int64]:
        """Put a facility elsewhere, under its label; the nodes that this concerns."""
        gone = self.remove(label)
        return np.concatenate([gone, self.add(to, np.array([label]))])

    def close_road(self, edge: int) -> NDArray[np.int64]:
        """Close an edge in both directions; facilities on it cannot be reached any more.

        Returns:
            int64: the nodes whose way may have led over it.
        """
        graph, state = self._graph, self.state
        tail, head = graph.tail[edge], graph.head[edge]
        leaning = []
        for begin, end, ms in ((head, tail, graph.times.forward[edge]), (tail, head, graph.times.backward[edge])):
            over = state[begin] != UNREACHED_STATE and ms != CLOSED
            if over and state[end] == state[begin] + (np.uint64(ms) << SHIFT):
                leaning.append(end)
        node, key = self._seeds(*self._on_edge(edge))
        leaning += node[state[node] == key].tolist()
        graph.set_edge(edge, CLOSED, CLOSED)
        return self._search_again(np.unique(np.array(leaning, dtype=np.int64)), -1)

    def open_road(self, edge: int, forward_ms: int, backward_ms: int) -> NDArray[np.int64]:
        """Open a closed edge with these times; the nodes that come nearer, some perhaps twice."""
        graph, state = self._graph, self.state
        graph.set_edge(edge, forward_ms, backward_ms)
        lowered = []
        for begin, end, ms in (
            (graph.head[edge], graph.tail[edge], forward_ms),
            (graph.tail[edge], graph.head[edge], backward_ms),
        ):
            if ms != CLOSED and state[begin] != UNREACHED_STATE:
                there = state[begin] + (np.uint64(ms) << SHIFT)
                if there < state[end]:
                    state[end] = there
                    lowered.append(end)
        node, key = self._seeds(*self._on_edge(edge))
        before = state[node]
        np.minimum.at(state, node, key)
        return self._settle(np.unique(np.array([*lowered, *node[state[node] < before]], dtype=np.int64)))

    def nearest(self, homes: Locations) -> Nearest:
        """The nearest facility of each home, by label."""
        graph = self._graph
        places = place_times(graph.times, homes)
        key = np.full(len(homes), UNREACHED_STATE)
        for ends, part in ((graph.tail, places.to_tail), (graph.head, places.to_head)):
            which = np.flatnonzero(homes.located & (part != CLOSED))
            state = self.state[ends[homes.edge[which]]]
            reached = state != UNREACHED_STATE
            which = which[reached]
            ms = (part + places.leg)[which].astype(np.uint64)
            key[which] = np.minimum(key[which], state[reached] + (ms << SHIFT))
        labels = np.array(list(self._places), dtype=np.int64)
        facility, home, ms = same_edge_trips(graph.times, homes, self._locations(labels))
        np.minimum.at(key, home, (ms.astype(np.uint64) << SHIFT) | labels[facility].astype(np.uint64))
        reached = key != UNREACHED_STATE
        ms = np.where(reached, (key >> SHIFT).astype(np.int64), UNREACHED)
        return Nearest(ms, np.where(reached, (key & kernels.LOW).astype(np.int64), UNREACHED))

    def _locations(self, labels: NDArray[np.int64]) -> Locations:
        rows = [self._places[int(label)] for label in labels]
        edge, along, leg = (np.array(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
        return Locations(np.asarray(edge, dtype=np.int64), np.asarray(along, dtype=float), np.asarray(leg, dtype=float))

    def _on_edge(self, edge: int) -> tuple[Locations, NDArray[np.int64]]:
        labels = np.array([label for label, place in self._places.items() if place[0] == edge], dtype=np.int64)
        return self._locations(labels), labels

    def _seeds(self, facilities: Locations, labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """(nodes, states) that facilities give to the ends of their edges."""
        seeds = _seeds(self._graph, facilities, place_times(self._graph.times, facilities))
        label = labels[seeds.facility].astype(np.uint64)
        return seeds.node, (seeds.ms.astype(np.uint64) << SHIFT) | label

    def _settle(self, lowered: NDArray[np.int64]) -> NDArray[np.int64]:
        settled = np.empty(self._graph.size, dtype=np.int64)
        count = self._graph.settle(self.state, lowered, settled)
        return settled[:count] if count <= len(settled) else np.arange(self._graph.size)

    def _search_again(self, leaning: NDArray[np.int64], label: int) -> NDArray[np.int64]:
        """Blank all nodes whose state may rest on these, and settle them from their rim and from facilities among them.

        A node that is not blanked has a tight way that avoids what went, so its state stands; with a label the blanked
        are exactly the nodes of that facility.
        """
        graph = self._graph
        if len(leaning) == 0:
            return leaning
        count = kernels.downstream(graph.ptr, graph.arc, self.state, leaning, self._mark, self._found, label)
        blanked = self._found[:count].copy()
        self.state[blanked] = UNREACHED_STATE
        labels = np.array(list(self._places), dtype=np.int64)
        node, key = self._seeds(self._locations(labels), labels)
        among = self._mark[node] == 1
        np.minimum.at(self.state, node[among], key[among])
        kernels.from_the_rim(graph.rim_ptr, graph.rim_arc, self.state, blanked, self._mark, MOST_MS)
        self._mark[blanked] = 0
        self._settle(blanked[self.state[blanked] != UNREACHED_STATE])
        return blanked


def _one(place: tuple[int, float, float], label: int) -> tuple[Locations, NDArray[np.int64]]:
    edge, along, leg = place
    return Locations(np.array([edge]), np.array([along]), np.array([leg])), np.array([label])
