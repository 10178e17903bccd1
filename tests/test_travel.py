"""Travel times against an independent oracle, to the millisecond."""

import numpy as np
import pytest
from engines import BothEngines
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle, locate_all
from shapely import LineString, Point
from strategies import SPEEDS, roads_frame, worlds

from geoplan.errors import NetworkError
from geoplan.network import UNREACHED, build_network, locate

LIMITS = st.sampled_from([0, 60_000, 200_000, 900_000])
SNAP_M = 60.0


def network_of(roads):
    """The network of random roads, None where nothing has a length."""
    try:
        return build_network(roads)
    except NetworkError:
        return None


def located(network, shapes, limit_m=SNAP_M):
    """Points located as the product does it."""
    return locate(network, np.array(shapes, dtype=object), limit_m)


def assert_nearest_agrees(network, speed, home_points, site_points, limit_m):
    """Every time and every nearest facility is the oracle's."""
    oracle = Oracle(network, speed, home_points, site_points, limit_m)
    travel = BothEngines(network, speed)
    found = travel.nearest(located(network, home_points, limit_m), located(network, site_points, limit_m))
    assert list(zip(found.ms.tolist(), found.facility.tolist(), strict=True)) == oracle.nearest()
    return oracle, travel


@settings(max_examples=80)
@given(worlds(), SPEEDS)
def test_every_time_and_nearest_facility_is_the_oracles(world, speed):
    """On random networks every home's time is the oracle's to the millisecond, ties going to the lower facility."""
    roads, home_points, site_points = world
    network = network_of(roads)
    if network is not None:
        assert_nearest_agrees(network, speed, home_points, site_points, SNAP_M)


@settings(max_examples=40)
@given(worlds(), SPEEDS, LIMITS)
def test_pairs_and_nodes_within_a_limit_are_the_oracles(world, speed, limit_ms):
    """The pairs and the nodes within any limit are the oracle's, with the oracle's times."""
    roads, home_points, site_points = world
    network = network_of(roads)
    if network is None:
        return
    oracle = Oracle(network, speed, home_points, site_points, SNAP_M)
    travel = BothEngines(network, speed)
    homes_at, sites_at = located(network, home_points), located(network, site_points)
    trips = travel.within(homes_at, sites_at, limit_ms)
    assert list(zip(trips.facility.tolist(), trips.home.tolist(), trips.ms.tolist(), strict=True)) == oracle.within(
        limit_ms
    )
    for facility, reached in enumerate(travel.reached(sites_at, limit_ms)):
        assert (reached is None) == (oracle.facilities[facility] is None)
        if reached is not None:
            assert reached.node_ms.tolist() == oracle.reached(facility, limit_ms)


@settings(max_examples=40)
@given(worlds(), st.sampled_from([0.0, 20.0, SNAP_M]))
def test_points_are_located_at_the_nearest_of_all_roads(world, limit_m):
    """A point is located where measuring against every road puts it, and nowhere beyond the limit."""
    roads, home_points, site_points = world
    network = network_of(roads)
    if network is None:
        return
    found = located(network, home_points + site_points, limit_m)
    expected = locate_all(network.lines, home_points + site_points, limit_m)
    assert found.located.tolist() == [place is not None for place in expected]
    for i, place in enumerate(expected):
        if place is not None:
            assert (found.edge[i], found.along[i], found.leg_m[i]) == place


def test_snap_limit_is_inclusive():
    """A point exactly as far from the road as the limit is located, one a micrometre farther is not."""
    network = build_network(roads_frame([LineString([(0, 0), (1000, 0)])]))
    found = located(network, [Point(500, 500), Point(500, 500.000001), None, Point()], 500.0)
    assert found.located.tolist() == [True, False, False, False]
    assert found.leg_m[1] == pytest.approx(500.000001)
    assert np.isnan(found.leg_m[2:]).all()


def test_exactly_the_limit_is_within_it_and_a_millisecond_more_is_not():
    """A trip of exactly 900,000 ms is within 15 minutes, one of 900,001 ms is not."""
    network = build_network(roads_frame([LineString([(0, 0), (2000, 0)])]))
    travel = BothEngines(network, 1.0)
    homes_at = located(network, [Point(1000, 0), Point(1000.001, 0), Point(990, 10), Point(990, 10.001)])
    sites_at = located(network, [Point(100, 0)])
    assert travel.nearest(homes_at, sites_at).ms.tolist() == [900_000, 900_001, 900_000, 900_001]
    assert travel.within(homes_at, sites_at, 900_000).home.tolist() == [0, 2]


def test_legs_of_both_ends_are_walked_at_the_same_speed():
    """The ways between road and home, and road and facility, count at walking speed."""
    network = build_network(roads_frame([LineString([(0, 0), (1000, 0)])]))
    nearest = BothEngines(network, 0.8).nearest(located(network, [Point(0, 40)]), located(network, [Point(100, 20)]))
    assert nearest.ms.tolist() == [200_000]


def test_home_and_facility_on_one_road_walk_straight_or_around_whichever_is_shorter():
    """On a horseshoe whose ends are joined by a short street the way around is taken when it is shorter."""
    horseshoe = LineString([(0, 0), (0, 500), (20, 500), (20, 0)])
    network = build_network(
        roads_frame(
            [horseshoe, LineString([(0, 0), (20, 0)]), LineString([(0, 0), (0, -9)]), LineString([(20, 0), (20, -9)])]
        )
    )
    travel = BothEngines(network, 1.0)
    sites_at = located(network, [Point(0, 100)])
    homes_at = located(network, [Point(20, 100), Point(0, 400), Point(20, 450)])
    assert travel.nearest(homes_at, sites_at).ms.tolist() == [220_000, 300_000, 470_000]


def test_at_equal_times_the_first_facility_is_the_nearest():
    """Facilities at the same time, on two sides or in one place, tie to the one that stands first."""
    network = build_network(roads_frame([LineString([(0, 0), (1000, 0)])]))
    travel = BothEngines(network, 1.0)
    homes_at = located(network, [Point(500, 0)])
    for order in ([Point(400, 0), Point(600, 0)], [Point(600, 0), Point(400, 0)], [Point(400, 0), Point(400, 0)]):
        nearest = travel.nearest(homes_at, located(network, order))
        assert (nearest.ms.tolist(), nearest.facility.tolist()) == ([100_000], [0])


def test_facility_on_another_island_is_not_reached():
    """Where no road leads to a facility there is no time and no nearest facility, however near it stands."""
    network = build_network(roads_frame([LineString([(0, 0), (100, 0)]), LineString([(0, 10), (100, 10)])]))
    nearest = BothEngines(network, 1.0).nearest(located(network, [Point(50, 0)]), located(network, [Point(50, 10)]))
    assert (nearest.ms.tolist(), nearest.facility.tolist()) == ([UNREACHED], [UNREACHED])


def test_without_homes_or_facilities_nothing_is_reached():
    """Empty lists, and lists of things without a place, give empty answers and no error."""
    network = build_network(roads_frame([LineString([(0, 0), (100, 0)])]))
    travel = BothEngines(network, 1.0)
    nobody, someone, lost = located(network, []), located(network, [Point(5, 0)]), located(network, [None])
    assert travel.nearest(nobody, someone).ms.tolist() == []
    for facilities in (nobody, lost):
        assert travel.nearest(someone, facilities).ms.tolist() == [UNREACHED]
        assert travel.within(someone, facilities, 900_000).home.tolist() == []
    assert travel.nearest(lost, someone).ms.tolist() == [UNREACHED]
    assert travel.reached(lost, 900_000) == [None]


def test_more_facilities_than_one_chunk_are_all_searched():
    """With 150 facilities on one road every home still has all that are within the limit."""
    network = build_network(roads_frame([LineString([(0, 0), (1490, 0)]), LineString([(700, 0), (700, 300)])]))
    site_points = [Point(10 * i, 3) for i in range(150)]
    home_points = [Point(700, 250), Point(0, 0)]
    oracle = Oracle(network, 1.0, home_points, site_points, SNAP_M)
    trips = BothEngines(network, 1.0).within(located(network, home_points), located(network, site_points), 900_000)
    assert list(zip(trips.facility.tolist(), trips.home.tolist(), trips.ms.tolist(), strict=True)) == oracle.within(
        900_000
    )


def test_times_too_long_to_be_exact_are_refused():
    """A speed so low that times could no longer be added exactly is an error, not a wrong figure."""
    network = build_network(roads_frame([LineString([(0, 0), (1000, 0)])]))
    with pytest.raises(NetworkError):
        BothEngines(network, 1e-10).nearest(located(network, [Point(0, 0)]), located(network, [Point(900, 0)]))
