"""The travel-time engine: the compiled searches on one network and one way of travelling."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np
import scipy.sparse as sp

from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network import trees
from geoplan.network.buckets import BUCKET_SHIFT, I64, MOST_MS, U32, UNREACHED_MS
from geoplan.network.edge_times import CLOSED, EdgeTimes, place_times
from geoplan.network.graph import Network
from geoplan.network.location import Locations
from geoplan.network.nearest_field import NearestField
from geoplan.network.ordering import stable_order
from geoplan.network.road_graph import RoadGraph, Seeds
from geoplan.network.travel import UNREACHED, Nearest, Reached, Trips, same_edge_trips

_WORTH_A_THREAD = 64  # facilities: fewer are searched sooner than a thread starts
_Found = tuple[I64, U32, U32]  # by facility asked: where its rows begin; nodes or homes; ms


class KernelTravelTimes:
    """``TravelTimes`` by the compiled kernels.

    Memory: the graph; ``nearest`` 9 bytes a node; ``within`` and ``reached`` per thread 8 bytes a node, and what they
    return, of which 4 stay for the next search; ``within`` 4 bytes a node and 200 a home besides. Queues take 8 bytes
    for each node that waits in them.
    """

    def __init__(self, network: Network, times: EdgeTimes) -> None:
        self.graph = RoadGraph(network, times)
        self._unreached: list[U32] = []  # arrays of all nodes that searches have left as they were, for the next ones

    def following(self, network: Network, times: EdgeTimes) -> KernelTravelTimes:
        """The same on the network after a change of roads; see ``RoadGraph.following``."""
        travel = object.__new__(KernelTravelTimes)
        travel.graph, travel._unreached = self.graph.following(network, times), []
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
        seeds = Seeds.of(self.graph, facilities).by_facility()
        slot, home_ptr, home, home_ms = _homes_at_nodes(self.graph, homes)

        def search(time: U32, asked: I64) -> _Found:
            question = *self.graph.towards, *seeds, limit_ms, BUCKET_SHIFT
            return trees.trips(*question, slot, home_ptr, home, home_ms, *own, len(homes), time, asked)

        # Along the curve, so that a search finds in the cache what the one before has read.
        asked = stable_order(self.graph.tail[facilities.edge])
        first, found, ms = self._in_threads(search, asked)
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

    def trees(self, facilities: Locations, asked: I64, limit_ms: int) -> _Found:
        """The nodes within a limit of some of the facilities, in the graph's numbers; see ``trees.trees``."""
        seeds = Seeds.of(self.graph, facilities).by_facility()

        def search(time: U32, some: I64) -> _Found:
            return trees.trees(*self.graph.towards, *seeds, limit_ms, BUCKET_SHIFT, time, some)

        return self._in_threads(search, asked)

    def _in_threads(self, search: Callable[[U32, I64], _Found], asked: I64) -> _Found:
        """The kernels hold no interpreter lock: facilities are searched side by side, and the results keep their order."""
        threads = min(os.cpu_count() or 1, len(asked) // _WORTH_A_THREAD)
        if threads <= 1:
            return self._searched(search, asked)
        own, *others = np.array_split(asked, threads)
        theirs = _helpers().map(partial(self._searched, search), others)
        firsts, rows, ms = zip(self._searched(search, own), *theirs, strict=True)
        sizes = np.concatenate([np.diff(first) for first in firsts])
        return np.r_[0, np.cumsum(sizes)], np.concatenate(rows), np.concatenate(ms)

    def _searched(self, search: Callable[[U32, I64], _Found], asked: I64) -> _Found:
        """A search with times of nodes for it alone; it leaves them as they were."""
        try:
            time = self._unreached.pop()
        except IndexError:
            time = np.full(self.graph.size, UNREACHED_MS)
        found = search(time, asked)
        self._unreached.append(time)
        return found


@cache
def _helpers() -> ThreadPoolExecutor:
    """Threads that wait for searches: starting them anew takes as long as a hundred searches."""
    return ThreadPoolExecutor(max((os.cpu_count() or 1) - 1, 1), "geoplan-search")


if hasattr(os, "register_at_fork"):  # threads stay behind in the parent
    os.register_at_fork(after_in_child=_helpers.cache_clear)


def _check_limit(limit_ms: int) -> None:
    if not 0 <= limit_ms <= MOST_MS:
        raise NetworkError(
            _("时间上限须在 0 与 {most} 毫秒（约 24 天）之间，现为 {limit}。").format(most=MOST_MS, limit=limit_ms)
        )


def _homes_at_nodes(graph: RoadGraph, homes: Locations) -> tuple[U32, I64, I64, I64]:
    """See ``trees.homes_at_nodes``."""
    places = place_times(graph.times, homes)
    parts = np.array([places.to_tail, places.to_head])
    edge = homes.edge  # the last one for NOWHERE, which has no parts
    ms = np.where(parts == CLOSED, UNREACHED, parts + places.leg)
    return trees.homes_at_nodes(np.array([graph.tail[edge], graph.head[edge]]), ms, graph.size)
