"""The quickest ways from one place, with the roads that they take: for questions about a place, not for whole counties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from geoplan.network.edge_times import CLOSED, EdgeTimes, PlaceTimes, place_times
from geoplan.network.graph import Network
from geoplan.network.location import Locations
from geoplan.network.travel import UNREACHED, csr_of_minima, same_edge_trips

_DIRECT = 2  # beside the ways by an edge's tail (0) and by its head (1)


@dataclass(frozen=True)
class Route:
    """A way between two places.

    Attributes:
        ms: the time, as ``TravelTimes`` gives it.
        length_m: of the way, those between the places and their roads included (metres, as drawn on the map's plane).
        line: from the one place to the other, in the network's CRS.
    """

    ms: int
    length_m: float
    line: shapely.LineString


class Departure:
    """The quickest ways from one place to anywhere, by Dijkstra's algorithm in the direction of travel.

    Memory: some copies of the network's arcs.

    Args:
        point: the place, in the network's CRS.
        start: where it is located; one row.
    """

    def __init__(self, network: Network, times: EdgeTimes, point: shapely.Point, start: Locations) -> None:
        self._network, self._times, self._point, self._start = network, times, point, start
        self._node_ms = np.full(len(network.xy) + 1, np.inf)
        self._before = np.full(len(network.xy) + 1, -1)
        if start.located[0]:
            self._search(place_times(times, start))

    def _search(self, leaving: PlaceTimes) -> None:
        network, times, origin = self._network, self._times, len(self._network.xy)
        edge = int(self._start.edge[0])
        first = [(network.tail[edge], leaving.to_tail[0]), (network.head[edge], leaving.to_head[0])]
        leaves = [(node, part + leaving.leg[0]) for node, part in first if part != CLOSED]
        start = np.concatenate([network.tail, network.head, np.full(len(leaves), origin)])
        end = np.concatenate([network.head, network.tail, [node for node, _ms in leaves]]).astype(np.int64)
        ms = np.concatenate([times.forward, times.backward, [ms for _node, ms in leaves]]).astype(np.int64)
        is_open = (ms != CLOSED) & (start != end)  # loops lead nowhere
        graph = csr_of_minima(start[is_open], end[is_open], ms[is_open], origin + 1)
        self._node_ms, self._before = dijkstra(graph, indices=origin, return_predecessors=True)

    def ms_to(self, places: Locations) -> NDArray[np.int64]:
        """int64 (k,), the time to each place; ``UNREACHED`` where there is no way."""
        best = self._arrivals(places).min(axis=0)
        return np.where(np.isfinite(best), best, UNREACHED).astype(np.int64)

    def _arrivals(self, places: Locations) -> NDArray[np.float64]:
        """Shape (3, k): the time to each place by the tail of its edge, by its head, and straight along one edge."""
        arrivals = np.full((3, len(places)), np.inf)
        parts, edge = place_times(self._times, places), np.maximum(places.edge, 0)
        ends = ((self._network.tail, parts.from_tail), (self._network.head, parts.from_head))
        for way, (side, part) in enumerate(ends):
            there = self._node_ms[side[edge]] + part + parts.leg
            arrivals[way] = np.where(places.located & (part != CLOSED), there, np.inf)
        place, _home, ms = same_edge_trips(self._times, self._start, places)
        arrivals[_DIRECT, place] = ms
        return arrivals

    def route(self, point: shapely.Point, places: Locations) -> Route | None:
        """The way to one place; None where there is none.

        Args:
            point: the place, in the network's CRS.
            places: where it is located; one row.
        """
        arrivals = self._arrivals(places)[:, 0]
        way = int(arrivals.argmin())
        if not np.isfinite(arrivals[way]):
            return None
        edge, along = int(places.edge[0]), float(places.along[0])
        if way == _DIRECT:
            parts = [self._part(edge, float(self._start.along[0]), along)]
        else:
            end = (self._network.tail if way == 0 else self._network.head)[edge]
            parts = [*self._parts_to(int(end)), self._part(edge, float(way), along)]
        corners = [self._point.coords[0], *(corner for part in parts for corner in part.coords), point.coords[0]]
        line = shapely.LineString(shapely.get_coordinates(shapely.remove_repeated_points(shapely.LineString(corners))))
        return Route(int(arrivals[way]), float(line.length), line)

    def _parts_to(self, node: int) -> list[shapely.LineString]:
        """The roads taken from the start to a node."""
        nodes = [node]
        while self._before[nodes[-1]] >= 0:
            nodes.append(int(self._before[nodes[-1]]))
        first, *rest = nodes[-2::-1]  # the last one is the start itself
        edge, along = int(self._start.edge[0]), float(self._start.along[0])
        leaving = place_times(self._times, self._start)
        by_tail = leaving.leg[0] + leaving.to_tail[0] == self._node_ms[first] and leaving.to_tail[0] != CLOSED
        to = 0.0 if by_tail and first == self._network.tail[edge] else 1.0
        return [self._part(edge, along, to), *(self._edge_between(*pair) for pair in pairwise([first, *rest]))]

    def _edge_between(self, one: int, other: int) -> shapely.LineString:
        """The quickest road from a node to its neighbour, in the direction of travel."""
        network, times = self._network, self._times
        found = []
        for tail, head, ms, turned in ((one, other, times.forward, False), (other, one, times.backward, True)):
            edges = np.flatnonzero((network.tail == tail) & (network.head == head) & (ms != CLOSED))
            found += [(int(ms[edge]), int(edge), turned) for edge in edges]
        _ms, edge, turned = min(found)
        return network.lines[edge].reverse() if turned else network.lines[edge]

    def _part(self, edge: int, begin: float, end: float) -> shapely.LineString:
        """A road between two shares of its length; also one of no length, as a line."""
        part = substring(self._network.lines[edge], begin, end, normalized=True)
        return shapely.LineString([part, part]) if part.geom_type == "Point" else part
