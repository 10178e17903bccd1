"""The nearest facility of every node, kept and repaired."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoplan.network.buckets import BUCKET_SHIFT, I64, LOW, SHIFT, U64, UNREACHED_STATE
from geoplan.network.edge_times import CLOSED, EdgeTimes, place_times
from geoplan.network.graph import Network
from geoplan.network.location import Locations
from geoplan.network.road_graph import RoadGraph, Seeds
from geoplan.network.settling import repair, spread
from geoplan.network.travel import UNREACHED, Nearest, same_edge_trips

_ARCS_PER_ENTRY = 4  # room of a queue at first: far more than ever wait on a road network
_NO_NODES, _NO_STATES = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)


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
    def state(self) -> U64:
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
        return Nearest(ms, np.where(reached, (key & LOW).astype(np.int64), UNREACHED))

    def _put(self, facilities: Locations, labels: NDArray[np.int64]) -> None:
        """Enter facilities, without their effect."""
        node, state = self._seeds(facilities, labels)
        self.labels = np.concatenate([self.labels, labels])
        self._places = self._places.followed_by(facilities)
        self._seed_node = np.concatenate([self._seed_node, node])
        self._seed_state = np.concatenate([self._seed_state, state])

    def _take(self, label: int) -> I64:
        """Strike a facility out; the nodes that rested on it.

        Raises:
            KeyError: there is no facility of that label.
        """
        found = np.flatnonzero(self.labels == label)
        if len(found) == 0:
            raise KeyError(label)
        row = int(found[0])
        lost = self._resting_on(self._seed_node[row], self._seed_state[row])
        before, after = slice(row), slice(row + 1, None)  # slices are copied many times as fast as chosen rows
        self.labels = np.concatenate([self.labels[before], self.labels[after]])
        self._places = self._places.chosen(before).followed_by(self._places.chosen(after))
        self._seed_node = np.concatenate([self._seed_node[before], self._seed_node[after]])
        self._seed_state = np.concatenate([self._seed_state[before], self._seed_state[after]])
        return lost

    def _seeds(self, facilities: Locations, labels: NDArray[np.int64]) -> tuple[I64, U64]:
        """(nodes, states) that facilities give to the ends of their edges, (k, 2) each."""
        seeds = Seeds.of(self._graph, facilities)
        return np.ascontiguousarray(seeds.node.T), np.ascontiguousarray(seeds.states(labels).T)

    def _resting_on(self, node: I64, state: U64) -> I64:
        """The nodes whose state is what a seed or an arc gives them, one-dimensional."""
        return node[(self._state[node] == state) & (state != UNREACHED_STATE)]

    def _search(self) -> NDArray[np.int64]:
        """The search from scratch, when nothing is reached yet."""
        graph, state = self._graph, self._state
        seed_node, seed_state = self._seed_node.ravel(), self._seed_state.ravel()
        np.minimum.at(state, seed_node, seed_state)
        front = np.unique(seed_node[seed_state != UNREACHED_STATE])
        room, enough = max(len(graph.towards[1]) // _ARCS_PER_ENTRY, len(front)) + 2, False
        while not enough:
            front = front[np.argsort(state[front], kind="stable")]
            ring, pool = graph.ring(), np.empty(room, dtype=np.uint64)
            found = spread(*graph.towards, state, front, ring, pool, BUCKET_SHIFT, None, _NO_NODES, _NO_STATES, 0)
            enough = found[1]
            front, room = np.flatnonzero(state != UNREACHED_STATE), 2 * room
        return graph.order[front]

    def _repair(self, lost: I64, opened: I64, fresh: int = 0) -> NDArray[np.int64]:
        """Repair after arcs that start at ``opened`` nodes and the last ``fresh`` facilities came; see ``settling.repair``."""
        changed = repair(
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
            BUCKET_SHIFT,
        )
        nodes = self._graph.order[changed]
        return nodes[nodes < len(self._graph.network.xy)]
