"""The compiled engine: directed travel, bounds, and repair that equals a search from scratch."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from engines import BothEngines, assert_same
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from geoplan.errors import NetworkError
from geoplan.network import (
    CLOSED,
    UNREACHED,
    EdgeTimes,
    KernelTravelTimes,
    Locations,
    NearestField,
    Network,
    RoadGraph,
    ScipyTravelTimes,
)
from geoplan.network.ordering import hilbert_order

LIMIT = 900_000


def random_network(rng: np.random.Generator, nodes: int, edges: int) -> Network:
    """A network that is only numbers: parallel edges, loops and islands included; lengths may be zero."""
    xy = rng.uniform(0, 1000, (nodes, 2))
    ends = np.sort(rng.integers(0, nodes, (edges, 2)), axis=1)
    length = np.round(rng.choice([0.0, 1.0, 100.0, 1000.0], edges) * rng.uniform(0.5, 1.5, edges), 1)
    return Network(
        xy, ends[:, 0], ends[:, 1], length, np.empty(edges, dtype=object), np.zeros(nodes, dtype=np.int64), None
    )


def random_times(rng: np.random.Generator, edges: int) -> EdgeTimes:
    """Times that differ by direction; one in eight closed, some zero, many equal so that there are ties."""
    ms = rng.choice([0, 1, 1000, 60_000, 61_000], (2, edges)) * rng.integers(1, 4, (2, edges))
    ms[rng.random((2, edges)) < 1 / 8] = CLOSED
    return EdgeTimes(ms[0], ms[1], 1.0)


def random_places(rng: np.random.Generator, count: int, edges: int) -> Locations:
    """Places on random edges; one in ten is not located; many lie exactly at the ends or the middle."""
    edge = np.where(rng.random(count) < 0.1, -1, rng.integers(0, edges, count))
    return Locations(edge, rng.choice([0.0, 0.5, 1.0, 0.25], count), rng.choice([0.0, 1.0, 30.0], count))


def directed_oracle(network: Network, times: EdgeTimes, homes: Locations, facilities: Locations) -> np.ndarray:
    """Milliseconds from every home to every facility, by networkx on a graph in which all places split their edges."""
    graph = nx.MultiDiGraph()
    for edge in range(len(network.tail)):
        here = [
            (float(where.along[i]), (kind, i))
            for kind, where in (("home", homes), ("site", facilities))
            for i in np.flatnonzero(where.edge == edge).tolist()
        ]
        here.sort()
        stops = [(0.0, ("node", int(network.tail[edge]))), *here, (1.0, ("node", int(network.head[edge])))]
        join(graph, stops, int(times.forward[edge]))
        join(graph, [(1 - along, name) for along, name in reversed(stops)], int(times.backward[edge]), mirrored=True)
        # Places at one spot of an edge are together, even where the edge is closed.
        for (one_along, one), (other_along, other) in itertools.permutations(here, 2):
            if one_along == other_along:
                graph.add_edge(one, other, ms=0)
    answer = np.full((len(homes), len(facilities)), UNREACHED, dtype=np.int64)
    for j in np.flatnonzero(facilities.located).tolist():
        graph.add_node(("site", j))
        ms = nx.single_source_dijkstra_path_length(graph.reverse(copy=False), ("site", j), weight="ms")
        for i in np.flatnonzero(homes.located).tolist():
            if ("home", i) in ms:
                legs = round(1000 * float(homes.leg_m[i])) + round(1000 * float(facilities.leg_m[j]))
                answer[i, j] = ms["home", i] + legs
    return answer


def join(graph: nx.MultiDiGraph, stops: list[tuple[float, object]], total: int, *, mirrored: bool = False) -> None:
    """One direction of an edge as arcs from stop to stop; ``along * total`` is rounded from the edge's tail."""
    if total == CLOSED:
        return
    at = [
        total - int(np.rint((1 - along) * total)) if mirrored else int(np.rint(along * total)) for along, _name in stops
    ]
    for (_one, start), (_other, end), begins, ends in zip(stops, stops[1:], at, at[1:], strict=False):
        graph.add_edge(start, end, ms=ends - begins)


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_directed_times_equal_the_oracle(seed):
    """One-way and unequal edges: every time towards every facility equals networkx, and the nearest is the first of the least.

    The limit is one of the times, which counts as within it.
    """
    rng = np.random.default_rng(seed)
    network = random_network(rng, 12, 20)
    times = random_times(rng, 20)
    homes, facilities = random_places(rng, 6, 20), random_places(rng, 4, 20)
    expected = directed_oracle(network, times, homes, facilities)
    engines = BothEngines(network, times)
    limit = int(rng.choice(expected[expected <= LIMIT]).clip(0))
    trips = engines.within(homes, facilities, limit)
    found = np.full(expected.shape, UNREACHED)
    found[trips.home, trips.facility] = trips.ms
    np.testing.assert_array_equal(found, np.where(expected <= limit, expected, UNREACHED))
    engines.reached(facilities, limit)
    nearest = engines.nearest(homes, facilities)
    far = np.where(expected == UNREACHED, 2**62, expected)
    np.testing.assert_array_equal(nearest.ms, np.where(far.min(axis=1) == 2**62, UNREACHED, far.min(axis=1)))
    np.testing.assert_array_equal(nearest.facility, np.where(nearest.ms == UNREACHED, UNREACHED, far.argmin(axis=1)))


class Repair(RuleBasedStateMachine):
    """Random changes to a field; after each its state is bit for bit that of a search from scratch."""

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.network = random_network(self.rng, 30, 45)
        self.times = random_times(self.rng, 45)
        self.field = NearestField(RoadGraph(self.network, self.times))
        self.sites: dict[int, tuple[int, float, float]] = {}
        self.closed: set[int] = set()

    def one_place(self) -> Locations:
        return random_places(self.rng, 1, 45)

    @rule()
    def add(self) -> None:
        place = self.one_place()
        label = max(self.sites, default=-1) + 1
        self.field.add(place, np.array([label]))
        self.sites[label] = (place.edge[0], place.along[0], place.leg_m[0])

    @precondition(lambda self: self.sites)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        label = data.draw(st.sampled_from(sorted(self.sites)))
        self.field.remove(label)
        del self.sites[label]

    @precondition(lambda self: self.sites)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        label = data.draw(st.sampled_from(sorted(self.sites)))
        place = self.one_place()
        self.field.move(label, place)
        self.sites[label] = (place.edge[0], place.along[0], place.leg_m[0])

    @rule(edge=st.integers(0, 44))
    def close(self, edge: int) -> None:
        if edge not in self.closed:
            self.closed.add(edge)
            self.field.change_roads(self.network, self.times.closed(sorted(self.closed)))

    @precondition(lambda self: self.closed)
    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        edge = data.draw(st.sampled_from(sorted(self.closed)))
        self.closed.discard(edge)
        self.field.change_roads(self.network, self.times.closed(sorted(self.closed)))

    @invariant()
    def equals_a_search_from_scratch(self) -> None:
        if not hasattr(self, "field"):
            return
        fresh = NearestField(RoadGraph(self.network, self.times.closed(sorted(self.closed))))
        labels = sorted(self.sites)
        columns = zip(*(self.sites[label] for label in labels), strict=True) if labels else ([], [], [])
        edge, along, leg = columns
        fresh.add(
            Locations(np.array(edge, dtype=np.int64), np.array(along, float), np.array(leg, float)),
            np.array(labels, dtype=np.int64),
        )
        np.testing.assert_array_equal(self.field.state, fresh.state)
        homes = random_places(np.random.default_rng(1), 20, 45)
        assert_same(self.field.nearest(homes), fresh.nearest(homes))


Repair.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestRepair = Repair.TestCase


def test_a_thousand_edits_on_a_real_sized_network_stay_bit_equal():
    """1,000 random edits on 4,000 nodes end in the state of a search from scratch, and so does every hundredth of them."""
    rng = np.random.default_rng(7)
    network = random_network(rng, 4000, 6000)
    times = random_times(rng, 6000)
    field, sites, closed = NearestField(RoadGraph(network, times)), {}, set()
    for step in range(1000):
        kind = rng.integers(0, 4)
        if kind <= 1 or not sites:
            place, label = random_places(rng, 1, 6000), max(sites, default=-1) + 1
            field.add(place, np.array([label]))
            sites[label] = place
        elif kind == 2:
            label = int(rng.choice(sorted(sites)))
            field.remove(label)
            del sites[label]
        elif closed and rng.random() < 0.5:
            closed.pop()
            field.change_roads(network, times.closed(sorted(closed)))
        else:
            closed.add(int(rng.integers(0, 6000)))
            field.change_roads(network, times.closed(sorted(closed)))
        if step % 100 == 99:
            fresh = NearestField(RoadGraph(network, times.closed(sorted(closed))))
            for label in sorted(sites):
                fresh.add(sites[label], np.array([label]))
            np.testing.assert_array_equal(field.state, fresh.state)


def star(spokes: int) -> tuple[Network, EdgeTimes]:
    """A node with many roads of two edges each, all of different length, so that as many nodes wait in a queue at once."""
    rng = np.random.default_rng(5)
    inner, outer = np.arange(1, spokes + 1), np.arange(spokes + 1, 2 * spokes + 1)
    tail, head = np.r_[np.zeros(spokes, dtype=np.int64), inner], np.r_[inner, outer]
    ms = rng.permutation(2 * spokes) * 10 + 100_000
    xy = rng.uniform(0, 1000, (2 * spokes + 1, 2))
    none = np.empty(2 * spokes, dtype=object)
    network = Network(xy, tail, head, ms / 1000, none, np.zeros(len(xy), dtype=np.int64), None)
    return network, EdgeTimes(ms, ms, 1.0)


def test_queues_that_fill_up_grow():
    """Where thousands of nodes wait at once, more than any queue holds at first, answers and repairs stay exact."""
    network, times = star(5000)
    hub, ends = Locations(np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(1)), np.arange(5000, 10_000)
    homes = Locations(ends, np.ones(5000), np.zeros(5000))
    engines = BothEngines(network, times)
    assert (engines.nearest(homes, hub).ms == (times.forward[:5000] + times.forward[5000:])).all()
    assert len(engines.within(homes, hub.followed_by(hub), LIMIT).ms) == 10_000
    engines.reached(hub.followed_by(hub), LIMIT)
    field, whole = NearestField(RoadGraph(network, times)), NearestField(RoadGraph(network, times))
    whole.add(hub, np.array([1]))
    field.add(homes.chosen(np.array([7])), np.array([0]))
    field.add(hub, np.array([1]))
    field.remove(0)
    np.testing.assert_array_equal(field.state, whole.state)


FORKED = """
import os, sys
import numpy as np
from test_engine import LIMIT, random_network, random_places, random_times
from geoplan.network import KernelTravelTimes
rng = np.random.default_rng(8)
network = random_network(rng, 300, 700)
times, homes, sites = random_times(rng, 700), random_places(rng, 50, 700), random_places(rng, 400, 700)
engine = KernelTravelTimes(network, times)
before = engine.within(homes, sites, LIMIT)
child = os.fork()
trips = engine.within(homes, sites, LIMIT)
same = len(before.ms) > 0 and all(np.array_equal(a, b) for a, b in ((before.home, trips.home), (before.ms, trips.ms)))
if child:
    same = same and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
os._exit(0 if same else 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_forks_searches_on_and_so_does_its_child():
    """The threads that search side by side stay with the parent; the child starts its own instead of waiting for them."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED], cwd=Path(__file__).parent, timeout=120, check=False
    )
    assert done.returncode == 0


def test_times_too_long_are_refused():
    """An edge of more than 24 days and a limit beyond 2^31 ms are errors, not wrong numbers."""
    network = random_network(np.random.default_rng(0), 4, 3)
    slow = np.full(3, 2**31, dtype=np.int64)
    with pytest.raises(NetworkError, match="24 天"):
        KernelTravelTimes(network, EdgeTimes(slow, slow, 1.0))
    places = random_places(np.random.default_rng(0), 2, 3)
    engine = KernelTravelTimes(network, EdgeTimes(slow // 1000, slow // 1000, 1.0))
    for limit in (2**31, -1):
        with pytest.raises(NetworkError, match="时间上限"):
            engine.within(places, places, limit)
        with pytest.raises(NetworkError, match="时间上限"):
            engine.reached(places, limit)


def test_no_facility_reaches_nobody():
    """Without facilities every home is unreached, and so with facilities that are not located."""
    network = random_network(np.random.default_rng(0), 4, 3)
    times = random_times(np.random.default_rng(0), 3)
    homes = random_places(np.random.default_rng(1), 5, 3)
    none = Locations(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    lost = Locations(np.array([-1]), np.array([np.nan]), np.array([np.nan]))
    for facilities in (none, lost):
        for engine in (KernelTravelTimes(network, times), ScipyTravelTimes(network, times)):
            assert (engine.nearest(homes, facilities).ms == UNREACHED).all()
            assert len(engine.within(homes, facilities, LIMIT).ms) == 0


@given(st.integers(1, 200), st.integers(0, 2**32))
def test_hilbert_order_is_a_permutation_that_keeps_neighbours_together(count, seed):
    """Every point once; on a full grid of a power of two each step goes to a neighbouring cell."""
    order = hilbert_order(np.random.default_rng(seed).uniform(0, 50, (count, 2)))
    assert sorted(order.tolist()) == list(range(count))
    side = 16
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) * (65535 / (side - 1))
    steps = np.abs(np.diff(grid[hilbert_order(grid)], axis=0)).sum(axis=1) / (65535 / (side - 1))
    assert steps.max() <= 1.001
