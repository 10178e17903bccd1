"""Roads closed and links added: the network after it, places found again, and repairs that equal a search from scratch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from engines import assert_same
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from strategies import at, points_beside, road_layers, roads_frame

from geoplan.assess import assess, assess_scenario
from geoplan.crs import lonlat
from geoplan.errors import NetworkError
from geoplan.journeys import SERVICE_AREA_MARGIN_M
from geoplan.layers import load_layers
from geoplan.memory import Memory
from geoplan.network import (
    CLOSED,
    AreaDrawer,
    EdgeTimes,
    KernelTravelTimes,
    Link,
    Linked,
    NearestField,
    Network,
    Road,
    RoadGraph,
    RoadGrid,
    build_network,
    load_profile,
    locate,
    relocate,
    road_at,
    walking,
    with_link,
)
from geoplan.network.buckets import UNREACHED_STATE
from geoplan.network.location import inner_points
from geoplan.scenario import AddRoad, CloseRoad, Scenario, Step
from geoplan.scenario.defaults import new_road
from geoplan.standards import load_pack

FAR, LIMIT_M, ISLET_M, LIMIT = 1e5, 25.0, 100.0, 900_000
WALK = load_profile("walk")


def line(*cells):
    return shapely.LineString([at(*cell) for cell in cells])


def ladder():
    """Two parallel roads of 160 m, 80 m apart, and nothing between them."""
    return build_network(roads_frame([line((0, 0), (4, 0)), line((0, 2), (4, 2))]))


links = st.lists(st.tuples(st.integers(-1, 9), st.integers(-1, 9)), min_size=2, max_size=3, unique=True)


def linked_or_none(grid: RoadGrid, cells, road: Road | None = None) -> Linked | None:
    """The network with a link, or None where both its ends are at one place."""
    try:
        return with_link(grid, Link(line(*cells), road or Road()), FAR)
    except NetworkError:
        near = grid.nearest(np.array([at(*cells[0]), at(*cells[-1])]))
        feet = [
            shapely.line_interpolate_point(grid.network.lines[edge], along, normalized=True)
            for edge, along in zip(near.edge, near.along, strict=True)
        ]
        if shapely.distance(*feet) > 1e-6:
            raise
        return None


@settings(max_examples=60)
@given(road_layers, links)
def test_a_link_splits_the_roads_that_it_joins_and_changes_nothing_else(roads, cells):
    """Old nodes and edges keep numbers, lines begin and end at their nodes, the parts of a split road are that road."""
    network = build_network(roads)
    linked = linked_or_none(RoadGrid(network), cells)
    assume(linked)
    new, count = linked.network, len(network.tail)
    np.testing.assert_array_equal(new.xy[: len(network.xy)], network.xy)
    split = [edge for edge, _shares in linked.splits]
    same = np.setdiff1d(np.arange(count), split)
    for column in ("tail", "head", "length_m"):
        np.testing.assert_array_equal(getattr(new, column)[same], getattr(network, column)[same])
    starts, ends = (shapely.get_coordinates(shapely.get_point(new.lines, end)) for end in (0, -1))
    np.testing.assert_array_equal(starts, new.xy[new.tail])
    np.testing.assert_array_equal(ends, new.xy[new.head])
    np.testing.assert_array_equal(new.length_m, shapely.length(new.lines))
    assert new.length_m[:-1].sum() == pytest.approx(network.length_m.sum(), abs=1e-6)
    assert set(linked.changed) == {*split, *range(count, len(new.tail))}
    middle = shapely.get_coordinates(line(*cells))
    joined = shapely.get_coordinates(new.lines[linked.edge])
    assert {*map(tuple, middle)} <= {*map(tuple, joined)}
    assert len(new.roads.mix) == len(new.tail)


def times_between(network: Network, times: EdgeTimes, edges: range) -> dict[int, dict[int, int]]:
    """Milliseconds from every node to every node along some edges, by networkx."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(network.xy)))
    for edge in edges:
        tail, head = int(network.tail[edge]), int(network.head[edge])
        for start, end, ms in ((tail, head, times.forward[edge]), (head, tail, times.backward[edge])):
            if ms != CLOSED:
                graph.add_edge(start, end, ms=int(ms))
    return dict(nx.all_pairs_dijkstra_path_length(graph, weight="ms"))


@settings(max_examples=40)
@given(road_layers, links, st.integers(0, 2**32))
def test_a_link_lengthens_no_trip_and_splitting_alone_changes_none(roads, cells, seed):
    """Between old nodes times are to the millisecond what they were without the link, and with it never more."""
    network = build_network(roads)
    linked = linked_or_none(RoadGrid(network), cells)
    assume(linked)
    ms = np.random.default_rng(seed).integers(-1, 90_000, (2, len(network.tail)))
    times = EdgeTimes(ms[0], ms[1], 1.0)
    after = linked.times(times, WALK)
    assert after.forward[-1] == after.backward[-1] == round(linked.network.length_m[-1] * 1000)
    before = times_between(network, times, range(len(network.tail)))
    split = times_between(linked.network, after, range(linked.edge))
    whole = times_between(linked.network, after, range(linked.edge + 1))
    for start, trips in before.items():
        assert {end: time for end, time in split[start].items() if end in before} == trips
        assert all(whole[start][end] <= time for end, time in trips.items())


class Changes(RuleBasedStateMachine):
    """Links, closures and facilities in any order; after each all equals what is made from nothing on the changed network."""

    @initialize(roads=road_layers, data=st.data())
    def begin(self, roads, data) -> None:
        network = build_network(roads)
        self.ways = [(network, walking(network, 1.0))]
        self.homes = np.array(data.draw(points_beside(roads, 10)), dtype=object)
        self.sites: dict[int, shapely.Point] = {}
        self.closed: set[int] = set()
        self.field = NearestField(RoadGraph(network, walking(network, 1.0)))
        self.travel = KernelTravelTimes(network, walking(network, 1.0))
        self.grid = RoadGrid(network)
        self.homes_at = locate(network, self.homes, LIMIT_M, small_island_m=ISLET_M)
        self.sites_at = locate(network, self.places(), LIMIT_M)

    def places(self):
        """The facilities' points in the field's order."""
        return np.array([self.sites[label] for label in self.field.labels.tolist()], dtype=object)

    def open_times(self) -> EdgeTimes:
        return self.ways[-1][1].closed(np.array(sorted(self.closed), dtype=np.int64))

    def change(self, changed: np.ndarray) -> None:
        """Follow the last of the ways, and the closures."""
        network, times = self.ways[-1][0], self.open_times()
        self.grid = self.grid.following(network, times.usable, changed)
        self.homes_at = relocate(self.homes_at, self.homes, LIMIT_M, self.grid, ISLET_M)
        self.sites_at = relocate(self.sites_at, self.places(), LIMIT_M, self.grid)
        self.repair(network, times)

    def repair(self, network: Network, times: EdgeTimes) -> None:
        """The field and the travel times follow; the field says which nodes changed."""
        self.travel = self.travel.following(network, times)
        before = self.field.state
        changed = self.field.change_roads(network, times, self.sites_at)
        self.require_changed(before, changed)

    def require_changed(self, before: np.ndarray, changed: np.ndarray) -> None:
        size = len(self.field.state)
        before = np.r_[before, np.full(max(size - len(before), 0), UNREACHED_STATE)][:size]
        assert sorted(changed.tolist()) == np.flatnonzero(before != self.field.state).tolist()

    @rule(cells=links)
    def add_link(self, cells) -> None:
        if not self.grid.usable.any():
            return
        linked = linked_or_none(self.grid, cells)
        if linked:
            self.ways.append((linked.network, linked.times(self.ways[-1][1], WALK)))
            self.change(linked.changed)

    @rule(data=st.data())
    def close(self, data) -> None:
        self.closed.add(data.draw(st.integers(0, len(self.ways[-1][0].tail) - 1)))
        self.change(np.empty(0, dtype=np.int64))

    @precondition(lambda self: self.closed)
    @rule(data=st.data())
    def reopen(self, data) -> None:
        self.closed.discard(data.draw(st.sampled_from(sorted(self.closed))))
        self.change(np.empty(0, dtype=np.int64))

    @precondition(lambda self: len(self.ways) > 1)
    @rule()
    def take_all_links_away(self) -> None:
        """Back to the roads of the beginning, all open."""
        del self.ways[1:]
        self.closed.clear()
        network, times = self.ways[0]
        self.grid = RoadGrid(network)
        self.homes_at = locate(network, self.homes, LIMIT_M, small_island_m=ISLET_M)
        self.sites_at = locate(network, self.places(), LIMIT_M)
        self.repair(network, times)

    @rule(x=st.integers(0, 32), y=st.integers(0, 32))
    def add_site(self, x: int, y: int) -> None:
        label = max(self.sites, default=-1) + 1
        self.sites[label] = shapely.Point(at(x / 4, y / 4))
        place = locate(self.grid.network, np.array([self.sites[label]]), LIMIT_M, grid=self.grid)
        before = self.field.state
        self.require_changed(before, self.field.add(place, np.array([label])))
        self.sites_at = self.sites_at.followed_by(place)

    @invariant()
    def equals_what_is_made_from_nothing(self) -> None:
        if not hasattr(self, "field"):
            return
        times, network = self.open_times(), self.grid.network
        fresh_grid = RoadGrid(network, times.usable)
        assert_same(self.homes_at, locate(network, self.homes, LIMIT_M, grid=fresh_grid, small_island_m=ISLET_M))
        assert_same(self.sites_at, locate(network, self.places(), LIMIT_M, grid=fresh_grid))
        fresh = NearestField(RoadGraph(network, times))
        fresh.add(self.sites_at, self.field.labels)
        np.testing.assert_array_equal(self.field.state, fresh.state)
        assert_same(self.field.nearest(self.homes_at), fresh.nearest(self.homes_at))
        engine = KernelTravelTimes(network, times)
        assert_same(
            self.travel.within(self.homes_at, self.sites_at, LIMIT), engine.within(self.homes_at, self.sites_at, LIMIT)
        )


@settings(max_examples=80, deadline=None)
@given(road_layers, links, st.data())
def test_areas_after_a_change_of_roads_are_those_of_a_new_raster(roads, cells, data):
    """With a link and closures; and those that the drawer of before has drawn where it is said that nothing differs."""
    network = build_network(roads)
    times = walking(network, 1.0)
    linked = linked_or_none(RoadGrid(network), cells) if data.draw(st.booleans()) else None
    after, changed = (linked.network, linked.changed) if linked else (network, np.empty(0, dtype=np.int64))
    closed = data.draw(st.sets(st.integers(0, len(network.tail) - 1), max_size=2))
    now = (linked.times(times, WALK) if linked else times).closed(np.array(sorted(closed), dtype=np.int64))
    assume(now.usable.any())
    before = AreaDrawer(network, times, 20.0, 5.0)
    drawer, fresh = before.following(after, now, changed), AreaDrawer(after, now, 20.0, 5.0)
    sites = locate(after, np.array(data.draw(points_beside(roads, 6)), dtype=object), LIMIT_M, usable=now.usable)
    for row in np.flatnonzero(sites.located & ~np.isin(sites.edge, changed)):
        place = sites.chosen(np.array([row]))
        (reached,) = KernelTravelTimes(after, now).reached(place, 60_000)
        area, _window = fresh.one(reached, 60_000)
        assert drawer.one(reached, 60_000)[0].normalize() == area.normalize()
        then, window = before.one(*KernelTravelTimes(network, times).reached(place, 60_000), 60_000)
        assert drawer.differs(window) or then.normalize() == area.normalize()


@pytest.fixture(scope="module")
def county():
    """The demo county as it is, assessed, with what was remembered of it."""
    layers, memory = load_layers(Path(__file__).parents[1]), Memory()
    return assess(layers, load_pack("heshan"), memory=memory), memory


def test_of_a_county_only_areas_near_a_changed_road_are_drawn_anew(county):
    """A road of the demo county is closed and one is added: all areas are right, and most are the very ones of before."""
    base, memory = county
    before = base.service_areas.geometry.to_numpy()
    (lon, lat), (east, north) = ((place.x, place.y) for place in lonlat(base.facilities).geometry.iloc[[3, 40]])
    edits = (
        CloseRoad(closure_id="C", lon=lon, lat=lat),
        AddRoad(road_id="L", attributes=new_road("street"), line=((east, north), (east + 0.002, north + 0.002))),
    )
    steps = tuple(Step(edit, "测试", datetime(2026, 1, 1, tzinfo=UTC)) for edit in edits)
    now = assess_scenario(base.layers, Scenario("路", base.layers.digest, steps), base.pack, memory=memory.branch())
    assert now.ways.base is base.ways
    after = now.service_areas.geometry.to_numpy()
    kept = sum(one is other for one, other in zip(before, after, strict=True))
    assert 0.5 * len(after) < kept < len(after)
    fresh = AreaDrawer(now.ways.network, now.ways.times, SERVICE_AREA_MARGIN_M)
    places = locate(
        now.ways.network, inner_points(now.facilities), now.settings.snap_limit_m, usable=now.ways.times.usable
    )
    at_home = locate(
        now.ways.network,
        inner_points(base.layers.frames["demand"]),
        now.settings.snap_limit_m,
        usable=now.ways.times.usable,
    )
    assert_same(now.drawing.places.homes, at_home)
    rows = {name: row for row, name in enumerate(now.facilities["facility_id"])}
    for name, minutes, area in now.service_areas[["facility_id", "minutes", "geometry"]].itertuples(index=False):
        reached = now.ways.travel.reached(places.chosen(np.array([rows[name]])), minutes * 60_000)
        assert fresh.one(*reached, minutes * 60_000)[0].normalize() == area.normalize()


Changes.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestChanges = Changes.TestCase


def test_a_gate_between_two_streets_saves_the_way_round():
    """A link between the middles of two streets makes one island of two and takes its length in time, rounded once."""
    network = ladder()
    linked = with_link(RoadGrid(network), Link(line((2, 0.1), (2, 1.9))), 5.0)
    assert (network.islands, linked.network.islands) == (2, 1)
    assert linked.network.length_m[linked.edge] == pytest.approx(80.0)
    assert linked.splits == ((0, (0.5,)), (1, (0.5,)))
    times = linked.times(walking(network, 1.0), WALK)
    engine = KernelTravelTimes(linked.network, times)
    ends = locate(linked.network, shapely.points([at(0, 0), at(4, 2)]), 5.0)
    assert engine.nearest(ends.chosen(np.array([0])), ends.chosen(np.array([1]))).ms.tolist() == [240_000]


def test_of_equally_near_roads_the_first_is_taken_after_a_change_too():
    """A place halfway between a split road and another is located at the lower number, whichever of them was indexed anew."""
    grid, halfway = RoadGrid(ladder()), shapely.points([at(1, 1)])
    for end in ((2, 0), (2, 2)):
        linked = with_link(grid, Link(line(end, (9, 1))), FAR)
        after = grid.following(linked.network, np.ones(len(linked.network.tail), dtype=bool), linked.changed)
        assert relocate(locate(grid.network, halfway, FAR, grid=grid), halfway, FAR, after).edge.tolist() == [0]


def relocated(network: Network, link: Link, cell, limit_m: float) -> tuple[int, bool]:
    """(edge, moved) of a place after a link, by ``relocate``, which must be what ``locate`` finds."""
    grid, place = RoadGrid(network), shapely.points([at(*cell)])
    linked = with_link(grid, link, 5.0)
    after = grid.following(linked.network, np.ones(len(linked.network.tail), dtype=bool), linked.changed)
    before = locate(network, place, limit_m, grid=grid, small_island_m=ISLET_M)
    found = relocate(before, place, limit_m, after, ISLET_M)
    assert_same(found, locate(linked.network, place, limit_m, small_island_m=ISLET_M))
    return int(found.edge[0]), bool(found.moved[0])


def test_a_link_that_passes_nearer_takes_a_home_over():
    """A home 60 m from its street goes to the link that passes 40 m from it."""
    street = build_network(roads_frame([line((-2, 0), (2, 0))]))
    assert relocated(street, Link(line((-2, 0), (-2, 0.5), (2, 0.5), (2, 0))), (0, 1.5), 100.0) == (1, False)


def test_a_small_island_that_is_linked_keeps_its_homes():
    """A home that was moved off a small island stays on it once a link, far from the home, makes it a part of the main network."""
    network = build_network(roads_frame([line((-2, 0), (2, 0)), line((0, 1), (2, 1))]))
    islet = int(np.argmin(network.length_m))
    assert relocated(network, Link(line((2, 1), (2, 0))), (0.25, 0.9), 50.0) == (islet, False)


def test_a_home_on_a_small_island_moves_to_a_link_within_the_limit():
    """A home on a small island, too far from the main network until a link of it passes, is moved to the link."""
    network = build_network(roads_frame([line((-2, 0), (2, 0)), line((0, 1), (1, 1))]))
    assert relocated(network, Link(line((-2, 0), (0.5, 0.5), (2, 0))), (0.5, 0.95), 25.0) == (2, True)


def test_islands_that_a_link_does_not_join_stay_islands():
    """Of three streets a link joins two, which are then the largest part; the third stays apart."""
    network = build_network(roads_frame([line((0, 0), (4, 0)), line((0, 2), (6, 2)), line((0, 4), (4, 4))]))
    linked = with_link(RoadGrid(network), Link(line((0, 0), (0, 2))), 5.0).network
    upper = network.xy[:, 1] > at(0, 3)[1]
    np.testing.assert_array_equal(linked.island, np.where(upper, 1, 0))


def test_an_end_at_a_node_joins_it_without_a_split():
    """Ends at the ends of streets split nothing: the link is the only new edge and there is no new node."""
    network = ladder()
    linked = with_link(RoadGrid(network), Link(line((4, 0), (4, 2))), 5.0)
    assert linked.splits == ()
    assert (len(linked.network.xy), len(linked.network.tail)) == (4, 3)
    assert {int(linked.network.tail[2]), int(linked.network.head[2])} == {2, 3}


def test_both_ends_on_one_street_split_it_in_three():
    """The parts are numbered along the street: the first keeps its number, the link comes last."""
    network = ladder()
    linked = with_link(RoadGrid(network), Link(line((3, 0), (2, -1), (1, 0))), 5.0)
    assert linked.splits == ((0, (0.25, 0.75)),)
    np.testing.assert_allclose(linked.network.length_m[[0, 2, 3]], [40.0, 80.0, 40.0])
    assert (
        linked.network.xy[linked.network.tail[linked.edge], 0] > linked.network.xy[linked.network.head[linked.edge], 0]
    )


def test_a_link_keeps_what_profiles_need_to_know():
    """A one-way link for vehicles is walked both ways and ridden one way; steps are slower; the split parts stay what they were."""
    network = build_network(roads_frame([line((0, 0), (4, 0)), line((0, 2), (4, 2))]), WALK, load_profile("e-bike"))
    link = Link(line((2, 0), (2, 2)), Road("residential", oneway=1))
    linked = with_link(RoadGrid(network), link, 5.0)
    walk, bike = WALK.times(linked.network), load_profile("e-bike").times(linked.network)
    assert walk.forward[linked.edge] == walk.backward[linked.edge] == 80_000
    assert bike.forward[linked.edge] > 0
    assert bike.backward[linked.edge] == CLOSED
    assert (bike.forward[:-1] > 0).all()
    for profile in (WALK, load_profile("e-bike")):
        ours, whole = linked.times(profile.times(network), profile), profile.times(linked.network)
        np.testing.assert_allclose(ours.forward, whole.forward, atol=1)  # the parts of a split road add up to it
        assert ours.forward[linked.edge] == whole.forward[linked.edge]
        assert ours.backward[linked.edge] == whole.backward[linked.edge]
    steps = with_link(RoadGrid(network), Link(link.line, Road("steps")), 5.0)
    assert steps.times(WALK.times(network), WALK).forward[steps.edge] == 160_000


def test_what_cannot_be_joined_is_refused():
    """An end too far from every usable road, both ends at one place and no usable road are errors that say so."""
    network = ladder()
    with pytest.raises(NetworkError, match=r"终点距最近的可通行道路 40\.0 米，超过 20 米"):
        with_link(RoadGrid(network), Link(line((2, 0), (2, 1))), 20.0)
    upper = RoadGrid(network, np.array([False, True]))
    with pytest.raises(NetworkError, match=r"起点距最近的可通行道路 80\.0 米"):
        with_link(upper, Link(line((2, 0), (2, 2))), 20.0)
    with pytest.raises(NetworkError, match="同一处"):
        with_link(RoadGrid(network), Link(line((2, 0.1), (2, 0.2))), 20.0)
    with pytest.raises(NetworkError, match="无处可接"):
        with_link(RoadGrid(network, np.zeros(2, dtype=bool)), Link(line((2, 0), (2, 2))), 20.0)


def test_the_road_at_a_place_is_found_within_a_limit():
    """The nearest usable edge, or an error where there is none so near."""
    grid = RoadGrid(ladder())
    assert road_at(grid, *at(1, 1.8), 10.0) == 1
    assert road_at(RoadGrid(grid.network, np.array([True, False])), *at(1, 1.8), 100.0) == 0
    with pytest.raises(NetworkError, match="10 米内没有可通行的道路"):
        road_at(grid, *at(1, 1), 10.0)


def test_a_network_that_is_no_change_of_the_other_is_refused():
    """A graph and a field follow only a network that begins with their nodes, and a field wants all its facilities."""
    network, other = ladder(), build_network(roads_frame([line((1, 0), (4, 0)), line((0, 2), (4, 2))]))
    field = NearestField(RoadGraph(network, walking(network, 1.0)))
    field.add(locate(network, shapely.points([at(1, 0)]), 5.0))
    with pytest.raises(ValueError, match="does not begin"):
        field.change_roads(other, walking(other, 1.0))
    with pytest.raises(ValueError, match="as many facilities"):
        field.change_roads(network, walking(network, 1.0), locate(network, shapely.points([at(1, 0), at(2, 0)]), 5.0))
