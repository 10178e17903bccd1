"""Laws of coverage: nobody is lost, nobody counts twice, more never covers less, order and units do not matter."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from engines import BothEngines
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Oracle
from shapely import LineString, Point
from strategies import (
    CRS,
    demand_frames,
    facilities_frame,
    plain_roads,
    points_beside,
    roads_frame,
    units_frame,
    worlds,
)

from geoplan.coverage import GROUPS, Offer, Residents, cover, offering
from geoplan.crs import to_crs
from geoplan.errors import NetworkError
from geoplan.layers import operating
from geoplan.model import Reach, Service
from geoplan.network import build_network, locate, walking

SNAP_M = 40.0
REASONS = ("too_far", "closed_road", "island", "no_facility")
CLOSURES = st.one_of(st.just(set()), st.sets(st.integers(0, 30), max_size=6))
"""Numbers of edges to close; those that the network does not have mean nothing."""
MINUTES = st.sampled_from([0, 1, 3, 15])


def covered_by(roads, demand, facilities, minutes, *, units=None, shut=()):
    """The coverage of one service, computed as an assessment does it, with some edges of the network closed."""
    network = build_network(roads)
    service = Service("care", "care", "care", ("care_home",), minutes)
    closed = np.array([edge for edge in shut if edge < len(network.tail)], dtype=np.int64)
    times = walking(network, 1.0).closed(closed)
    homes, sites = places_on(network, demand, facilities, times.usable)
    reopened = None
    if len(closed):
        reopened = BothEngines(network, 1.0).nearest(*places_on(network, demand, facilities))
    offer = Offer(service, facilities, sites)
    return cover(offer, BothEngines(network, times), homes, Residents.of(demand, units), reopened=reopened)


def places_on(network, demand, facilities, usable=None):
    """Where homes and facilities are on the usable edges."""
    return [locate(network, frame.geometry.to_numpy(), SNAP_M, usable=usable) for frame in (demand, facilities)]


def without_edges(network, shut):
    """The same network with some edges taken out."""
    kept = np.array([edge for edge in range(len(network.tail)) if edge not in shut], dtype=np.int64)
    columns = {name: getattr(network, name)[kept] for name in ("tail", "head", "length_m", "lines")}
    return replace(network, **columns, roads=None)


@st.composite
def counties(draw, kind=None):
    """(roads, demand, facilities): roads that make a network, people and facilities on, beside and away from them."""
    roads, home_points, site_points = draw(worlds(kind) if kind is not None else worlds())
    try:
        build_network(roads)
    except NetworkError:
        roads = pd.concat([roads, roads_frame([LineString([(412_000, 2_512_000), (412_320, 2_512_000)])])])
        roads = roads.drop(columns="nodes", errors="ignore").reset_index(drop=True)
    return roads, draw(demand_frames(home_points)), facilities_frame(site_points)


def by_id(coverage):
    """The rows of demand and facilities by their ids, whatever their order."""
    demand = coverage.demand.set_index("demand_id").sort_index()
    figures = [f"{group}_{count}" for group in GROUPS for count in ("reached", "nearest")]
    facilities = coverage.facilities.set_index("facility_id").sort_index()[["located", *figures]]
    return demand, pd.DataFrame(facilities)


@settings(max_examples=40)
@given(counties(), MINUTES, st.booleans(), CLOSURES)
def test_covered_uncovered_and_unlocatable_are_all_people_exactly(county, minutes, with_units, shut):
    """In every unit and group the people are covered, uncovered for one reason or unlocatable, to the last 1/1024."""
    roads, demand, facilities = county
    coverage = covered_by(roads, demand, facilities, minutes, units=units_frame() if with_units else None, shut=shut)
    units = coverage.units
    assert len(units) >= (3 if with_units else 1)
    for row in units.to_dict("records"):
        for group in GROUPS:
            if demand[group].isna().all():
                assert np.isnan(row[group])
                continue
            parts = [row[f"{group}_{part}"] for part in ("covered", "uncovered", "unlocatable")]
            assert sum(parts) == row[group]
            assert sum(row[f"{group}_{reason}"] for reason in REASONS) == parts[1]


@settings(max_examples=30)
@given(counties(), MINUTES, CLOSURES)
def test_every_demand_point_is_in_one_unit_and_one_state(county, minutes, shut):
    """The county's people are its townships' and those in none, each row in the state the oracle's time gives it."""
    roads, demand, facilities = county
    coverage = covered_by(roads, demand, facilities, minutes, units=units_frame(), shut=shut)
    whole, parts = coverage.units.iloc[0], coverage.units.iloc[1:]
    for group in GROUPS:
        inside = demand[group][demand["in_area"]]
        if demand[group].notna().any():
            assert whole[group] == inside.sum() == parts[group].sum()
            assert whole[f"{group}_covered"] == parts[f"{group}_covered"].sum()
        assert whole[f"{group}_unknown"] == inside.isna().sum() == parts[f"{group}_unknown"].sum()
    network, places = build_network(roads), (list(demand.geometry), list(facilities.geometry), SNAP_M)
    limit_ms = minutes * 60_000
    oracle, once_open = Oracle(without_edges(network, shut), 1.0, *places), Oracle(network, 1.0, *places)
    anywhere = any(place is not None for place in oracle.facilities)
    for row, place, (ms, nearest), (open_ms, other) in zip(
        coverage.demand.to_dict("records"), oracle.homes, oracle.nearest(), once_open.nearest(), strict=True
    ):
        if not 0 <= ms <= limit_ms and 0 <= open_ms <= limit_ms:
            expected = Reach.CLOSED_ROAD
            assert (row["open_ms"], row["open_facility_id"]) == (open_ms, f"F{other:02d}")
        elif place is None:
            expected = Reach.UNLOCATABLE
        elif ms < 0:
            expected = Reach.ISLAND if anywhere else Reach.NO_FACILITY
        else:
            expected = Reach.COVERED if ms <= limit_ms else Reach.TOO_FAR
        assert row["reach"] == expected
        assert pd.isna(row["open_ms"]) == (row["open_facility_id"] == "") == (expected != Reach.CLOSED_ROAD)
        assert row["facility_id"] == (f"F{nearest:02d}" if nearest >= 0 else "")
        assert pd.isna(row["ms"]) == (ms < 0)
        if ms >= 0:
            assert (row["ms"], row["excess_ms"]) == (ms, max(ms - limit_ms, 0))


@settings(max_examples=30)
@given(counties(), MINUTES)
def test_overlapping_service_areas_never_count_a_person_twice(county, minutes):
    """Summed over the facilities, the people for whom each is the nearest are the covered ones."""
    roads, demand, facilities = county
    coverage = covered_by(roads, demand.assign(in_area=True), facilities, minutes)
    for group in GROUPS:
        covered = demand[group].fillna(0)[(coverage.demand["reach"] == Reach.COVERED).to_numpy()].sum()
        assert coverage.facilities[f"{group}_nearest"].sum() == covered
        assert (coverage.facilities[f"{group}_reached"] >= coverage.facilities[f"{group}_nearest"]).all()
        split = coverage.facilities[f"{group}_only"] + coverage.facilities[f"{group}_shared"]
        assert (coverage.facilities[f"{group}_reached"] == split).all()
        if demand[group].notna().any():
            assert coverage.units[f"{group}_covered"].iloc[0] == covered


@settings(max_examples=25)
@given(st.data(), counties(), MINUTES)
def test_one_more_facility_never_covers_less(data, county, minutes):
    """Adding a facility anywhere lowers nobody's coverage and lengthens nobody's way."""
    roads, demand, facilities = county
    more = facilities_frame([*facilities.geometry, *data.draw(points_beside(roads, 1))])
    before = covered_by(roads, demand, facilities, minutes, units=units_frame())
    after = covered_by(roads, demand, more, minutes, units=units_frame())
    assert (after.demand["reach"] == Reach.COVERED)[before.demand["reach"] == Reach.COVERED].all()
    reached = before.demand["ms"].notna()
    assert (after.demand["ms"][reached] <= before.demand["ms"][reached]).all()
    for group in GROUPS:
        assert not (after.units[f"{group}_covered"] < before.units[f"{group}_covered"]).any()


@settings(max_examples=25)
@given(counties(), MINUTES, MINUTES)
def test_more_minutes_never_cover_less(county, one, other):
    """A longer limit lowers no unit's and no facility's figure."""
    roads, demand, facilities = county
    less, more = (covered_by(roads, demand, facilities, m, units=units_frame()) for m in sorted([one, other]))
    for group in GROUPS:
        assert not (more.units[f"{group}_covered"] < less.units[f"{group}_covered"]).any()
        assert (more.facilities[f"{group}_reached"] >= less.facilities[f"{group}_reached"]).all()


@settings(max_examples=25)
@given(counties(), MINUTES, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(county, minutes, random):
    """Shuffled roads and demand, and facilities shuffled and sorted again by id, give the same rows and figures."""
    roads, demand, facilities = county

    def shuffled(frame):
        rows = list(range(len(frame)))
        random.shuffle(rows)
        return frame.iloc[rows].reset_index(drop=True)

    one = covered_by(roads, demand, facilities, minutes, units=units_frame())
    sorted_again = shuffled(facilities).sort_values("facility_id", ignore_index=True)
    other = covered_by(shuffled(roads), shuffled(demand), sorted_again, minutes, units=units_frame())
    for ours, theirs in zip(by_id(one), by_id(other), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)
    pd.testing.assert_frame_equal(one.units, other.units)


@settings(max_examples=25)
@given(counties(plain_roads()), st.sampled_from(["EPSG:4490", "EPSG:4326", "EPSG:32649", "EPSG:4546"]))
def test_times_do_not_depend_on_the_crs_the_data_came_in(county, crs):
    """The same county given in degrees or in another projection has the same legs to 2 mm and nearly the same times.

    Held to 3 ms for each stretch of road: its ends move by less than a millimetre and are rounded to one. Left out are
    the points that may rightly go elsewhere: half way between two places on roads, or just at the snap limit.
    """
    roads, demand, facilities = county
    roads = roads.assign(grade=0.0)
    demand, facilities = (
        frame[np.array([_is_clear(roads, point) for point in frame.geometry], dtype=bool)].reset_index(drop=True)
        for frame in (demand, facilities)
    )
    here = (roads, demand, facilities)
    back = [to_crs(frame.to_crs(crs), roads.crs) for frame in here]
    one, other = covered_by(*here, 15).demand, covered_by(*back, 15).demand
    assert not ((one["leg_m"] - other["leg_m"]).abs() > 0.002).any()
    assert one["ms"].isna().tolist() == other["ms"].isna().tolist()
    stretches = build_network(roads)
    bound = 3 * (len(shapely.get_coordinates(stretches.lines)) + 4)
    assert not ((one["ms"] - other["ms"]).abs() > bound).any()


def _is_clear(roads, point):
    """Whether a point has one nearest place on the roads, and is not just at the snap limit."""
    if point is None:
        return True
    stretches = [
        LineString(pair) for line in roads.geometry for pair in zip(line.coords[:-1], line.coords[1:], strict=True)
    ]
    distance = shapely.distance(stretches, point)
    feet = [line.interpolate(line.project(point)) for line in np.array(stretches)[distance < distance.min() + 0.01]]
    return bool(shapely.distance(feet[0], feet).max() < 0.02 and abs(distance.min() - SNAP_M) > 0.01)


@settings(max_examples=15)
@given(counties(), MINUTES)
def test_layers_are_left_as_they_were(county, minutes):
    """Computing coverage changes no cell and no geometry of the layers it was given."""
    layers = [*county, units_frame()]
    before = [frame.copy(deep=True) for frame in layers]
    shapes = [shapely.to_wkb(frame.geometry.to_numpy()).tolist() for frame in layers]
    covered_by(*county, minutes, units=layers[3])
    for frame, old, wkb in zip(layers, before, shapes, strict=True):
        pd.testing.assert_frame_equal(
            pd.DataFrame(frame.drop(columns="geometry")), pd.DataFrame(old.drop(columns="geometry"))
        )
        assert shapely.to_wkb(frame.geometry.to_numpy()).tolist() == wkb


def demand_of(points, pop60):
    """Demand in one township, everybody 60 or older."""
    size = len(points)
    columns = {"demand_id": [f"D{i}" for i in range(size)], "township": ["A"] * size, "in_area": [True] * size}
    groups = {"pop_total": pop60, "pop60": pop60, "pop65": [np.nan] * size}
    return gpd.GeoDataFrame({**columns, **groups}, geometry=np.array(points, dtype=object), crs=CRS)


def test_exactly_fifteen_minutes_are_covered():
    """A home 900 m away at 1 m/s is covered; one a millimetre farther is too far, by a millisecond."""
    roads = roads_frame([LineString([(0, 0), (2000, 0)])])
    demand = demand_of([Point(1000, 0), Point(1000.001, 0)], [7.0, 5.0])
    coverage = covered_by(roads, demand, facilities_frame([Point(100, 0)]), 15)
    assert coverage.demand["reach"].tolist() == [Reach.COVERED, Reach.TOO_FAR]
    assert coverage.demand["excess_ms"].tolist() == [0, 1]
    assert coverage.units[["pop60", "pop60_covered", "pop60_too_far"]].iloc[0].tolist() == [12.0, 7.0, 5.0]


def test_every_reason_is_told_apart():
    """Too far, on an island, away from roads and without a facility are four different answers."""
    roads = roads_frame([LineString([(0, 0), (5000, 0)]), LineString([(0, 1000), (100, 1000)])])
    demand = demand_of([Point(0, 0), Point(4000, 0), Point(50, 1000), Point(50, 500), None], [1.0, 2.0, 4.0, 8.0, 16.0])
    coverage = covered_by(roads, demand, facilities_frame([Point(0, 0), None]), 15)
    states = [Reach.COVERED, Reach.TOO_FAR, Reach.ISLAND, Reach.UNLOCATABLE, Reach.UNLOCATABLE]
    assert coverage.demand["reach"].tolist() == states
    row = coverage.units.iloc[0]
    columns = ("", "_covered", "_too_far", "_island", "_no_facility", "_unlocatable", "_uncovered")
    assert [row[f"pop60{column}"] for column in columns] == [31.0, 1.0, 2.0, 4.0, 0.0, 24.0, 6.0]
    assert coverage.facilities["located"].tolist() == [True, False]
    nothing = covered_by(roads, demand, facilities_frame([None]), 15)
    assert nothing.demand["reach"].tolist() == [Reach.NO_FACILITY] * 3 + [Reach.UNLOCATABLE] * 2
    assert nothing.units["pop60_no_facility"].iloc[0] == 7.0


def test_closed_road_is_blamed_where_it_would_have_helped():
    """A closed bridge is the reason for whom it cuts off or leads round, not for whom it would still be too far."""
    bridge, detour = LineString([(0, 0), (400, 0)]), LineString([(0, 0), (0, 800), (400, 800), (400, 0)])
    roads = roads_frame([bridge, detour, LineString([(400, 0), (2000, 0)]), LineString([(0, 0), (-100, 0)])])
    network = build_network(roads)
    shut = set(np.flatnonzero(shapely.covers(bridge, network.lines)))
    assert len(shut) == 1
    demand = demand_of([Point(-50, 0), Point(450, 0), Point(1500, 0), Point(200, 5), Point(200, 300)], [1.0] * 5)
    coverage = covered_by(roads, demand, facilities_frame([Point(0, 0)]), 15, shut=shut)
    rows = coverage.demand
    states = [Reach.COVERED, Reach.CLOSED_ROAD, Reach.TOO_FAR, Reach.CLOSED_ROAD, Reach.UNLOCATABLE]
    assert rows["reach"].tolist() == states
    # The way round takes 2,050 s where the bridge takes 450 s; the home on the bridge is on no road that is open.
    assert rows["ms"].tolist()[:3] == [50_000, 2_050_000, 3_100_000]
    assert rows["open_ms"].dropna().tolist() == [450_000, 205_000]
    assert rows["open_facility_id"].tolist() == ["", "F00", "", "F00", ""]
    row = coverage.units.iloc[0]
    columns = ("", "_covered", "_uncovered", "_closed_road", "_too_far", "_unlocatable")
    assert [row[f"pop60{column}"] for column in columns] == [5, 1, 3, 2, 1, 1]


def test_overlap_of_facilities_is_told():
    """Of two facilities each has its own people and those whom the other reaches too; who are between count in both."""
    roads = roads_frame([LineString([(0, 0), (3000, 0)])])
    demand = demand_of([Point(100, 0), Point(1200, 0), Point(1300, 0), Point(2500, 0)], [1.0, 2.0, 4.0, 8.0])
    facilities = covered_by(roads, demand, facilities_frame([Point(500, 0), Point(1900, 0)]), 15).facilities
    assert facilities["pop60_reached"].tolist() == [7, 14]
    assert facilities["pop60_only"].tolist() == [1, 8]
    assert facilities["pop60_shared"].tolist() == [6, 6]
    assert facilities["pop60_nearest"].tolist() == [3, 12]


def test_blank_cells_are_unknown_and_not_zero():
    """A group nobody knows has no figures; a blank among known cells is counted as unknown."""
    roads = roads_frame([LineString([(0, 0), (100, 0)])])
    coverage = covered_by(
        roads, demand_of([Point(0, 0), Point(9, 0)], [3.5, np.nan]), facilities_frame([Point(0, 0)]), 15
    )
    row = coverage.units.iloc[0]
    assert (row["pop60"], row["pop60_covered"], row["pop60_unknown"]) == (3.5, 3.5, 1)
    assert np.isnan(row["pop65"])
    assert np.isnan(row["pop65_covered"])
    assert row["pop65_unknown"] == 2


@pytest.mark.parametrize(
    ("status", "open_year", "runs"),
    [
        ("existing", np.nan, True), ("existing", 2025, True), ("existing", 2026, False), ("renovating", 2020, True),
        ("expanding", 2020, True), ("planned", np.nan, False), ("planned", 2024, False), ("closed", 2001, False),
    ],
)  # fmt: skip
def test_only_facilities_that_run_in_the_year_serve(status, open_year, runs):
    """A facility serves in 2025 when it runs and was opened by then, or its year is not known."""
    facilities = facilities_frame([Point(0, 0)]).assign(status=status, open_year=open_year)
    assert len(operating(facilities, 2025)) == runs


def test_a_service_is_offered_by_its_kinds_only():
    """Facilities of other kinds do not count for a service."""
    facilities = facilities_frame([Point(0, 0), Point(1, 1)]).assign(kind=["care_home", "canteen"])
    service = Service("care", "", "", ("care_home",), 15)
    assert offering(facilities, service)["facility_id"].tolist() == ["F00"]


@settings(max_examples=25)
@given(counties(), MINUTES)
def test_what_a_facility_alone_adds_is_what_is_lost_without_it(county, minutes):
    """The people whom only one facility reaches are exactly those who are no longer covered when it is taken away."""
    roads, demand, facilities = county
    coverage = covered_by(roads, demand.assign(in_area=True), facilities, minutes)
    together = coverage.units.iloc[0]
    for place, facility in enumerate(coverage.facilities.to_dict("records")):
        rest = facilities.drop(index=facilities.index[facilities["facility_id"] == facility["facility_id"]])
        without = covered_by(roads, demand.assign(in_area=True), rest.reset_index(drop=True), minutes).units.iloc[0]
        for group in GROUPS:
            lost = together[f"{group}_covered"] - without[f"{group}_covered"]
            assert np.isnan(lost) or lost == coverage.facilities[f"{group}_only"][place]
