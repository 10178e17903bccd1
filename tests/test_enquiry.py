"""Questions about a place: ways with their roads against the oracle of travel times, answers against the county's own account."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle
from scenario_strategies import lonlat
from strategies import SPEEDS, worlds
from test_travel import SNAP_M, located, network_of
from workspaces import at, small_workspace

from geoplan import crs
from geoplan.assess import assess, assess_scenario
from geoplan.enquiry import way_along, whereabouts
from geoplan.layers import load_layers
from geoplan.model import Reach
from geoplan.network import CLOSED, UNREACHED, Departure, EdgeTimes, ScipyTravelTimes, walking
from geoplan.scenario import CloseRoad, Scenario, Step
from geoplan.standards import load_pack


@settings(max_examples=25)
@given(worlds(), SPEEDS)
def test_the_times_from_one_place_are_the_oracles(world, speed):
    """From each home to every facility, on random networks: the oracle's time of that pair to the millisecond."""
    roads, home_points, site_points = world
    network = network_of(roads)
    if network is None:
        return
    oracle = Oracle(network, speed, home_points, site_points, SNAP_M)
    pairs = {(home, site): ms for site, home, ms in oracle.within(10**12)}
    homes, sites, times = located(network, home_points), located(network, site_points), walking(network, speed)
    for home, point in enumerate(home_points):
        found = Departure(network, times, point, homes.chosen(np.array([home]))).ms_to(sites)
        assert found.tolist() == [pairs.get((home, site), UNREACHED) for site in range(len(site_points))]


@settings(max_examples=25)
@given(worlds(), SPEEDS)
def test_a_way_leads_from_the_one_place_to_the_other_in_its_time(world, speed):
    """It begins and ends at the places, runs on the roads in between, and its length at the speed is its time to a rounding a part."""
    roads, home_points, site_points = world
    network = network_of(roads)
    if network is None:
        return
    homes, sites, times = located(network, home_points), located(network, site_points), walking(network, speed)
    on_roads = shapely.union_all(network.lines).buffer(0.01)
    for home, start in enumerate(home_points):
        departure = Departure(network, times, start, homes.chosen(np.array([home])))
        for site, end in enumerate(site_points):
            there = sites.chosen(np.array([site]))
            route = departure.route(end, there)
            ms = int(departure.ms_to(there)[0])
            assert (route.ms if route else UNREACHED) == ms
            if route:
                assert shapely.Point(route.line.coords[0]).distance(start) < 1e-6
                assert shapely.Point(route.line.coords[-1]).distance(end) < 1e-6
                legs = homes.leg_m[home] + sites.leg_m[site]
                assert route.line.difference(on_roads).length <= legs + 0.1
                assert route.ms == pytest.approx(route.length_m / speed * 1000, abs=len(network.tail) + 4)


@settings(max_examples=25)
@given(worlds(), st.lists(st.sampled_from([(1, 1), (1, 0), (0, 1), (0, 0), (2, 1)]), min_size=30, max_size=30))
def test_ways_keep_to_the_direction_that_is_open(world, directions):
    """With one-way, closed and slower directions the time to the nearest facility is the one that the search from facilities finds."""
    roads, home_points, site_points = world
    network = network_of(roads)
    if network is None:
        return
    base = network.edge_ms(1.0)
    factor = np.resize(np.array(directions), (len(base), 2))
    times = EdgeTimes(*(np.where(factor[:, side] == 0, CLOSED, base * factor[:, side]) for side in (0, 1)), 1.0)
    homes, sites = located(network, home_points), located(network, site_points)
    nearest = ScipyTravelTimes(network, times).nearest(homes, sites)
    for home, point in enumerate(home_points):
        departure = Departure(network, times, point, homes.chosen(np.array([home])))
        ms = departure.ms_to(sites)
        reached = ms[ms != UNREACHED]
        assert int(reached.min(initial=UNREACHED if not len(reached) else reached.max())) == nearest.ms[home]
        for site, end in enumerate(site_points):
            route = departure.route(end, sites.chosen(np.array([site])))
            assert (route.ms if route else UNREACHED) == ms[site]


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """The small county, assessed."""
    layers = load_layers(small_workspace().write(tmp_path_factory.mktemp("enquiry")))
    return assess(layers, load_pack("heshan"), year=2025)


def _asked(assessment, east, north):
    lon, lat = lonlat(east, north)
    return whereabouts(assessment, assessment.coverages[0].service, lon, lat)


def test_a_place_is_answered_as_the_home_that_lies_there(county):
    """At each demand point the reason, time, excess, facility and township are those of the county's own account."""
    told = ["reach", "ms", "excess_ms", "facility_id", "township", "in_area"]
    homes = crs.lonlat(county.layers.frames["demand"]).geometry
    for number, place in enumerate(homes):
        found = whereabouts(county, county.coverages[0].service, place.x, place.y).coverage.demand[told]
        account = county.coverages[0].demand[told].iloc[[number]].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, account)


def test_who_is_near_is_named_with_minutes(county):
    """At (500, 1000): F1 500 m away in 8 min 20 s and within 15 minutes, then F2 2,500 m away and not."""
    found = _asked(county, 500, 1000)
    assert [(one.facility_id, one.ms, one.within) for one in found.neighbours] == [
        ("F1", 500_000, True),
        ("F2", 2_500_000, False),
    ]
    assert found.coverage.demand["reach"].tolist() == [Reach.COVERED]


def test_a_closed_road_is_named_as_the_reason(county):
    """All roads between (500, 1000) and F1 closed but one detour of 1,500 m: with them open it would be covered."""
    edits = [CloseRoad(closure_id="C1", lon=lonlat(500, 750)[0], lat=lonlat(500, 750)[1])]
    steps = tuple(Step(edit, "甲", datetime(2026, 1, 1, tzinfo=UTC)) for edit in edits)
    closed = assess_scenario(county.layers, Scenario("断路", county.layers.base, steps), county.pack, year=2025)
    found = _asked(closed, 500, 1000)
    row = found.coverage.demand.iloc[0]
    assert (row["reach"], row["open_ms"], row["open_facility_id"]) == (Reach.CLOSED_ROAD, 500_000, "F1")
    assert found.neighbours[0].ms == 1_500_000


def test_nobody_is_near_a_place_without_roads(county):
    """800 m from every road: unlocatable, and no facility is named."""
    found = _asked(county, 5500, 1800)
    assert found.coverage.demand["reach"].tolist() == [Reach.UNLOCATABLE]
    assert found.neighbours == ()


def test_a_measured_line_follows_the_roads_through_its_corners(county):
    """From (0, 0) by (1000, 1000) to (1000, 0): 2,000 m and 1,000 m on the grid, 50 minutes, whatever the straight line."""
    route = way_along(county, [lonlat(0, 0), lonlat(1000, 1000), lonlat(1000, 0)])
    assert route.length_m == pytest.approx(3000, abs=0.1)
    assert route.ms == pytest.approx(3_000_000, abs=100)
    assert shapely.Point(route.line.coords[-1]).distance(at(1000, 0)) < 0.01


def test_there_is_no_way_to_a_place_without_roads(county):
    """None, and no guess."""
    assert way_along(county, [lonlat(0, 0), lonlat(5500, 1800)]) is None


def test_a_place_outside_the_county_has_no_township(county):
    """South of the border nobody counts as the county's."""
    demand = _asked(county, 1000, -500).coverage.demand
    assert demand[["township", "in_area"]].to_numpy().tolist() == [["", False]]
