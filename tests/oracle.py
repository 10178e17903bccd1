"""Travel times computed a second way: an uncompressed networkx graph in which every place splits its road.

Nothing of ``geoplan`` is used but the arrays of the network; the rounding follows the rule written at the head of
``geoplan.network.travel``.
"""

import itertools
from collections import defaultdict

import networkx as nx
import numpy as np
import shapely


class Oracle:
    """One network with its homes and facilities.

    Attributes:
        homes: per home ``(edge, along, leg_m)``, None where it is not located; ``facilities`` likewise.
        graph: nodes are ``("node", n)``, ``("foot", kind, i)`` on the road and ``("place", kind, i)`` beside it.
    """

    def __init__(self, network, speed_mps, homes, facilities, snap_limit_m):
        self.network, self.speed = network, speed_mps
        self.homes = locate_all(network.lines, homes, snap_limit_m)
        self.facilities = locate_all(network.lines, facilities, snap_limit_m)
        self.graph = nx.Graph()
        self._split_roads()
        sources = [("place", "facility", i) for i, place in enumerate(self.facilities) if place]
        self._ms = nx.multi_source_dijkstra_path_length(self.graph, sources) if sources else {}
        self._nearest = self._nearest_of_all()

    def _ms_of(self, metres):
        return round(float(metres) / self.speed * 1000)

    def _link(self, one, other, ms):
        if one != other and ms < self.graph.get_edge_data(one, other, {"weight": ms + 1})["weight"]:
            self.graph.add_edge(one, other, weight=ms)

    def _split_roads(self):
        on_road = defaultdict(list)
        for kind, places in (("facility", self.facilities), ("home", self.homes)):
            for i, place in enumerate(places):
                if place:
                    edge, along, leg_m = place
                    from_tail = round(along * self._ms_of(self.network.length_m[edge]))
                    on_road[edge].append((from_tail, ("foot", kind, i)))
                    self._link(("foot", kind, i), ("place", kind, i), self._ms_of(leg_m))
        self.graph.add_nodes_from(("node", n) for n in range(len(self.network.xy)))
        ends = zip(self.network.tail.tolist(), self.network.head.tolist(), self.network.length_m, strict=True)
        for edge, (tail, head, length) in enumerate(ends):
            stops = [(0, ("node", tail)), *sorted(on_road[edge]), (self._ms_of(length), ("node", head))]
            for (before, one), (after, other) in itertools.pairwise(stops):
                self._link(one, other, after - before)

    def _nearest_of_all(self):
        """Spread each facility, the first one first, along the links that lie on a quickest way."""
        nearest = {}
        for i, place in enumerate(self.facilities):
            waiting = [("place", "facility", i)] if place else []
            while waiting:
                here = waiting.pop()
                if here in nearest:
                    continue
                nearest[here] = i
                for there, link in self.graph[here].items():
                    if self._ms[there] == self._ms[here] + link["weight"]:
                        waiting.append(there)
        return nearest

    def nearest(self):
        """(ms, facility) per home; (-1, -1) where none is reached."""
        keys = [("place", "home", i) for i in range(len(self.homes))]
        return [(self._ms.get(key, -1), self._nearest.get(key, -1)) for key in keys]

    def within(self, limit_ms):
        """(facility, home, ms) of all pairs within the limit, sorted."""
        found = []
        for i, place in enumerate(self.facilities):
            if place:
                ms = self._from(i, limit_ms)
                found += [(i, key[2], t) for key, t in ms.items() if key[:2] == ("place", "home")]
        return sorted(found)

    def reached(self, facility, limit_ms):
        """Times of the network's nodes within the limit of one facility, -1 beyond."""
        ms = self._from(facility, limit_ms)
        return [ms.get(("node", n), -1) for n in range(len(self.network.xy))]

    def _from(self, facility, limit_ms):
        return nx.single_source_dijkstra_path_length(self.graph, ("place", "facility", facility), cutoff=limit_ms)


def locate_all(lines, points, limit_m):
    """The nearest of all lines for each point, the first of equally near ones.

    Lines whose bounds are farther than a line already measured are not measured themselves.
    """
    west, south, east, north = shapely.bounds(lines).T
    found = []
    for point in points:
        if point is None or len(lines) == 0:
            found.append(None)
            continue
        across = np.maximum(np.maximum(west - point.x, point.x - east), 0)
        up = np.maximum(np.maximum(south - point.y, point.y - north), 0)
        at_least = np.hypot(across, up)
        bound = shapely.distance(lines[np.argmin(at_least)], point)
        candidates = np.flatnonzero(at_least <= bound + 1e-6)
        distance = shapely.distance(lines[candidates], point)
        edge = int(candidates[np.argmin(distance)])
        leg_m = float(distance.min())
        along = lines[edge].project(point, normalized=True)
        found.append((edge, float(along), leg_m) if leg_m <= limit_m else None)
    return found
