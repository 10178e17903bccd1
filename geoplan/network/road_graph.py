"""A network's arcs, packed for the compiled searches; they follow a change of roads instead of being packed anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network.buckets import BUCKET_SHIFT, CLOSED_MS, I64, LOW, MOST_MS, SHIFT, U32, U64, UNREACHED_STATE
from geoplan.network.edge_times import CLOSED, EdgeTimes, place_times
from geoplan.network.graph import Network
from geoplan.network.location import Locations
from geoplan.network.ordering import hilbert_order, stable_order
from geoplan.network.travel import UNREACHED


class Arcs(NamedTuple):
    """Arcs as the searches walk them: int64 (a,) each. ``CLOSED`` where an arc cannot be travelled."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    ms: NDArray[np.int64]

    @classmethod
    def of(cls, tail: I64, head: I64, forward: I64, backward: I64) -> Self:
        """Both arcs of edges. A search from the facilities walks every trip against its direction."""
        return cls(np.concatenate([head, tail]), np.concatenate([tail, head]), np.concatenate([forward, backward]))

    def turned(self) -> Arcs:
        """The same arcs from end to start."""
        return Arcs(self.end, self.start, self.ms)

    def packed(self) -> U64:
        """``ms << 32 | end``."""
        weight = np.where(self.ms == CLOSED, CLOSED_MS, self.ms).astype(np.uint64)
        return (weight << SHIFT) | self.end.astype(np.uint64)


@dataclass
class _Csr:
    """Packed arcs by start: those of node u are ``arc[ptr[u]:ptr[u + 1]]``."""

    ptr: U32
    arc: U64

    @classmethod
    def of(cls, arcs: Arcs, size: int) -> Self:
        order = stable_order(arcs.start)
        return cls(_pointers(arcs.start, size), arcs.packed()[order])

    def grow(self, size: int) -> None:
        """More nodes, without arcs so far."""
        more = size + 1 - len(self.ptr)
        if more > 0:
            self.ptr = np.concatenate([self.ptr, np.full(more, self.ptr[-1])])

    def replace(self, gone: Arcs, come: Arcs) -> None:
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


def _pointers(start: I64, size: int) -> U32:
    """How many arcs start at nodes before each of so many nodes, and how many there are: uint32 (size + 1,)."""
    pointers = np.zeros(size + 1, dtype=np.uint32)
    np.cumsum(np.bincount(start, minlength=size), dtype=np.uint32, out=pointers[1:])
    return pointers


def _closed(packed: np.uint64) -> np.uint64:
    return (np.uint64(CLOSED_MS) << SHIFT) | (packed & LOW)


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
        arcs = Arcs.of(self.tail, self.head, times.forward, times.backward)
        self._towards, self._away = _Csr.of(arcs, self.size), _Csr.of(arcs.turned(), self.size)

    @property
    def size(self) -> int:
        """How many nodes there are, those that were taken away included."""
        return len(self.rank)

    @property
    def towards(self) -> tuple[U32, U64]:
        """(ptr, arc) for searches from the facilities, against the direction of travel."""
        return self._towards.ptr, self._towards.arc

    @property
    def away(self) -> tuple[U32, U64]:
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

    def follow(self, network: Network, times: EdgeTimes) -> tuple[Arcs, Arcs]:
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

    def ring(self) -> U32:
        """Empty buckets for a search without a limit."""
        return np.zeros(1 << ((self._longest_ms >> BUCKET_SHIFT) + 2).bit_length(), dtype=np.uint32)


def _longest_ms(times: EdgeTimes) -> int:
    longest = int(max(times.forward.max(initial=0), times.backward.max(initial=0)))
    if longest > MOST_MS:
        raise NetworkError(_("有道路的行程时间超过 24 天，请检查坐标系和速度。"))
    return longest


def _open_arcs(columns: tuple[I64, ...], edges: I64) -> Arcs:
    """The arcs of some edges that can be travelled."""
    arcs = Arcs.of(*(column[edges] for column in columns))
    usable = arcs.ms != CLOSED
    return Arcs(*(column[usable] for column in arcs))


class Seeds(NamedTuple):
    """Where the searches of facilities begin: the nodes at both ends of their edges, and the time from there to them.

    Attributes:
        node, ms: int64 (2, k); ``UNREACHED`` ms where no way leads from that end, or the facility is not located.
    """

    node: NDArray[np.int64]
    ms: NDArray[np.int64]

    @classmethod
    def of(cls, graph: RoadGraph, facilities: Locations) -> Self:
        """Of facilities located on the graph's network."""
        places = place_times(graph.times, facilities)
        parts = np.array([places.from_tail, places.from_head])
        edge = facilities.edge  # the last one for NOWHERE, which has no parts
        return cls(
            np.array([graph.tail[edge], graph.head[edge]]), np.where(parts == CLOSED, UNREACHED, parts + places.leg)
        )

    def states(self, labels: NDArray[np.int64]) -> U64:
        """Packed with the facilities' labels, uint64 (2, k)."""
        usable = (self.ms != UNREACHED) & (self.ms <= MOST_MS)
        return np.where(usable, (self.ms.astype(np.uint64) << SHIFT) | labels.astype(np.uint64), UNREACHED_STATE)

    def by_facility(self) -> tuple[I64, I64, I64]:
        """(pointers, node, ms) of those that lead anywhere, as the kernels take them."""
        usable = self.ms.T != UNREACHED
        pointers = np.r_[0, np.cumsum(np.count_nonzero(usable, axis=1))]
        return pointers, self.node.T[usable], self.ms.T[usable]
