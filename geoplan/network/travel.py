"""Travel times on the network, in whole milliseconds, towards facilities.

``TravelTimes`` is the interface that the rest uses; ``ScipyTravelTimes`` computes it with ``scipy.sparse.csgraph``.

A trip is the way from the home to its road, the part of that road, whole roads, the part of the facility's road, and
the way from there to the facility. Each of these is rounded to milliseconds on its own, and the two parts of a road
add up to the whole, so that every implementation gets the same sum. A home and a facility on one road may also go
straight along it. Of facilities at equal time the one that stands first in the list is the nearest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network.edge_times import CLOSED, EdgeTimes, place_times
from geoplan.network.graph import Network
from geoplan.network.location import Locations
from geoplan.network.ordering import stable_order

UNREACHED = -1
_CHUNK = 64  # sources per call: one dense row of all nodes each (64 rows of 100,000 nodes are 51 MB)
_EXACT = 2**53  # up to here float64, in which scipy adds, holds every whole number


@dataclass(frozen=True)
class Nearest:
    """The nearest facility of each home.

    Attributes:
        ms: int64 (k,), the time; ``UNREACHED`` where no facility can be reached.
        facility: int64 (k,), its place in the list of facilities; ``UNREACHED`` likewise.
    """

    ms: NDArray[np.int64]
    facility: NDArray[np.int64]


@dataclass(frozen=True)
class Trips:
    """Home-facility pairs within a limit, sorted by facility, then home; int64 (t,) each."""

    facility: NDArray[np.int64]
    home: NDArray[np.int64]
    ms: NDArray[np.int64]


@dataclass(frozen=True)
class Reached:
    """The part of the network within a limit of one facility.

    Attributes:
        node_ms: int64 (n,), time from each node; ``UNREACHED`` beyond the limit.
        edge: the facility's own edge, and ``along`` its place on it (0 to 1).
        leg_ms: the way from the road to the facility.
    """

    node_ms: NDArray[np.int64]
    edge: int
    along: float
    leg_ms: int


class TravelTimes(Protocol):
    """Travel times on one network, for one way of travelling."""

    def nearest(self, homes: Locations, facilities: Locations) -> Nearest:
        """The nearest facility of each home, however far."""
        ...

    def within(self, homes: Locations, facilities: Locations, limit_ms: int) -> Trips:
        """All pairs with a time of at most ``limit_ms``."""
        ...

    def reached(self, facilities: Locations, limit_ms: int) -> list[Reached | None]:
        """For each facility the nodes within ``limit_ms``; None for one that is not located."""
        ...


def same_edge_trips(
    times: EdgeTimes, homes: Locations, facilities: Locations
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All trips straight along one edge, from a home to a facility on it.

    Returns:
        (facility, home, ms): int64 (t,) each, places in the two lists; sorted by facility.
    """
    has_facility = np.zeros(len(times.forward), dtype=np.bool_)
    has_facility[facilities.edge[facilities.located]] = True
    beside = np.flatnonzero(has_facility[homes.edge] & homes.located)
    order = beside[stable_order(homes.edge[beside])]
    edge = homes.edge[order]
    first = np.searchsorted(edge, facilities.edge, side="left")
    count = np.searchsorted(edge, facilities.edge, side="right") - first
    count[~facilities.located] = 0
    facility = np.repeat(np.arange(len(facilities)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    home = order[np.repeat(first, count) + offset]
    ours, theirs = place_times(times, facilities), place_times(times, homes)
    ahead = facilities.along[facility] > homes.along[home]
    behind = facilities.along[facility] < homes.along[home]
    between = np.where(ahead, ours.from_tail[facility] - theirs.from_tail[home], 0)
    between = np.where(behind, theirs.to_tail[home] - ours.to_tail[facility], between)
    is_open = ~(ahead & (ours.from_tail[facility] == CLOSED)) & ~(behind & (ours.to_tail[facility] == CLOSED))
    ms = ours.leg[facility] + between + theirs.leg[home]
    return facility[is_open], home[is_open], ms[is_open]


class ScipyTravelTimes:
    """Travel times by Dijkstra's algorithm in ``scipy.sparse.csgraph``: the fallback, and an oracle in the tests.

    Memory: the graph, and dense rows of ``_CHUNK`` sources times all nodes.
    """

    def __init__(self, network: Network, times: EdgeTimes) -> None:
        self._network, self._times = network, times
        self._nodes = len(network.xy)
        self._arcs = self._arcs_against_travel()

    def _arcs_against_travel(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """(from, to, ms) of every open direction of every edge, reversed: the search begins at the facilities."""
        network, times = self._network, self._times
        start = np.concatenate([network.head, network.tail])
        end = np.concatenate([network.tail, network.head])
        ms = np.concatenate([times.forward, times.backward])
        is_open = (ms != CLOSED) & (start != end)  # loops lead nowhere
        return start[is_open], end[is_open], ms[is_open]

    def _graph_with(
        self, facilities: Locations, *, scale: int = 1, labels: NDArray[np.int64] | None = None
    ) -> sp.csr_array:
        """The network with one more node per facility, from which the search gets to the two ends of its road.

        With ``labels`` all facilities share one more node, and an arc from it costs ``scale`` times its time plus the
        label.
        """
        start, end, ms = self._arcs
        starts, ends, costs = [start], [end], [ms * scale]
        parts = place_times(self._times, facilities)
        for side, part in ((self._network.tail, parts.from_tail), (self._network.head, parts.from_head)):
            which = np.flatnonzero(facilities.located & (part != CLOSED))
            starts.append(self._nodes + (which if labels is None else np.zeros(len(which), dtype=np.int64)))
            ends.append(side[facilities.edge[which]])
            costs.append((part + parts.leg)[which] * scale + (0 if labels is None else labels[which]))
        size = self._nodes + (len(facilities) if labels is None else 1)
        return csr_of_minima(np.concatenate(starts), np.concatenate(ends), np.concatenate(costs), size)

    def nearest(self, homes: Locations, facilities: Locations) -> Nearest:
        """See ``TravelTimes``.

        The label of a facility rides in the low part of the cost (``ms * scale + label``), so that the minimum over
        costs is the earliest time and, at equal times, the first facility: one search, and ties are exact.

        Raises:
            NetworkError: times so long that float64 could not hold time and label exactly (over 10,000 years).
        """
        scale = len(facilities) + 1
        cost = np.full(len(homes), np.inf)
        if facilities.located.any() and homes.located.any():
            graph = self._graph_with(facilities, scale=scale, labels=np.arange(len(facilities)))
            node_cost = dijkstra(graph, indices=self._nodes)
            cost = self._home_cost(homes, node_cost[: self._nodes], scale)
            facility, home, ms = same_edge_trips(self._times, homes, facilities)
            np.minimum.at(cost, home, (ms * scale + facility).astype(float))
        reached = np.isfinite(cost)
        if (cost[reached] >= _EXACT).any():
            raise NetworkError(_("路网上的行程时间过大，请检查坐标系和步行速度。"))
        whole = np.where(reached, cost, 0).astype(np.int64)
        return Nearest(np.where(reached, whole // scale, UNREACHED), np.where(reached, whole % scale, UNREACHED))

    def _home_cost(self, homes: Locations, node_cost: NDArray[np.float64], scale: int = 1) -> NDArray[np.float64]:
        """Costs of homes by way of either end of their road; infinite where not located."""
        parts, edge = place_times(self._times, homes), np.maximum(homes.edge, 0)
        ways = []
        for side, part in ((self._network.tail, parts.to_tail), (self._network.head, parts.to_head)):
            cost = node_cost[..., side[edge]] + (part + parts.leg) * scale
            ways.append(np.where(homes.located & (part != CLOSED), cost, np.inf))
        return np.minimum(*ways)

    def within(self, homes: Locations, facilities: Locations, limit_ms: int) -> Trips:
        """See ``TravelTimes``; facilities are processed in chunks."""
        found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
        own_facility, own_home, own_ms = same_edge_trips(self._times, homes, facilities)
        for chunk, node_ms in self._chunks(facilities, limit_ms):
            ms = self._home_cost(homes, node_ms)
            here = np.isin(own_facility, chunk)
            row = np.searchsorted(chunk, own_facility[here])
            np.minimum.at(ms, (row, own_home[here]), own_ms[here].astype(float))
            rows, home = np.nonzero(ms <= limit_ms)
            found.append((chunk[rows], home, ms[rows, home].astype(np.int64)))
        if not found:
            nothing = np.empty(0, dtype=np.int64)
            return Trips(nothing, nothing, nothing)
        return Trips(*(np.concatenate(columns) for columns in zip(*found, strict=True)))

    def reached(self, facilities: Locations, limit_ms: int) -> list[Reached | None]:
        """See ``TravelTimes``."""
        answers: list[Reached | None] = [None] * len(facilities)
        leg = place_times(self._times, facilities).leg
        for chunk, node_ms in self._chunks(facilities, limit_ms):
            for facility, row in zip(chunk, node_ms, strict=True):
                ms = np.where(row <= limit_ms, row, UNREACHED).astype(np.int64)
                place = (int(facilities.edge[facility]), float(facilities.along[facility]))
                answers[facility] = Reached(ms, *place, int(leg[facility]))
        return answers

    def _chunks(self, facilities: Locations, limit_ms: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Located facilities in chunks, with the time from each node to each of them (infinite beyond the limit)."""
        which = np.flatnonzero(facilities.located)
        if len(which) == 0:
            return
        graph = self._graph_with(facilities)
        for begin in range(0, len(which), _CHUNK):
            chunk = which[begin : begin + _CHUNK]
            yield chunk, dijkstra(graph, indices=self._nodes + chunk, limit=limit_ms)[:, : self._nodes]


def csr_of_minima(start: NDArray[np.int64], end: NDArray[np.int64], cost: NDArray[np.int64], size: int) -> sp.csr_array:
    """A sparse matrix with the least cost per pair.

    Built by hand: scipy's own conversion would add parallel arcs up and drop those of cost zero.
    """
    order = np.lexsort((cost, end, start))
    start, end, cost = start[order], end[order], cost[order]
    keep = np.ones(len(start), dtype=bool)
    keep[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    pointers = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(start[keep], minlength=size), out=pointers[1:])
    return sp.csr_array((cost[keep].astype(float), end[keep].astype(np.int32), pointers), shape=(size, size))
