"""Drawings of service areas against the truth of the network."""

import itertools

import numpy as np
import pytest
import shapely
from engines import BothEngines
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracle import Oracle
from scipy import ndimage
from shapely import LineString, Point
from strategies import SPEEDS, roads_frame, worlds

from geoplan.errors import NetworkError, SettingsError
from geoplan.layers import osm
from geoplan.network import (
    CLOSED,
    AreaDrawer,
    EdgeTimes,
    Reached,
    build_network,
    cutoffs_ms,
    locate,
    nearest_roads,
    road_raster,
    service_area,
    walking,
)
from geoplan.network.outlines import multipolygon, outlines

LIMITS_MS = [300_000, 600_000, 900_000]
MARGIN_M, CELL_M = 50.0, 10.0


@pytest.fixture(scope="module")
def city(shared):
    """Porto Alegre: (network, drawer at 1 m/s, 12 facility points, their locations, what they reach)."""
    path = shared / "data" / "porto_alegre" / "poa_osm.pbf"
    if not path.is_file():
        pytest.skip(f"real data is absent: {path}")
    network = build_network(osm.read_pbf(path).assign(walkable="").to_crs(32722))
    random = np.random.default_rng(7)
    main = np.flatnonzero(network.island == 0)
    points = shapely.points(network.xy[random.choice(main, 12, replace=False)] + random.normal(0, 25, (12, 2)))
    drawer = AreaDrawer(network, 1.0, MARGIN_M, CELL_M)
    places = locate(network, points, 500.0)
    reached = BothEngines(network, 1.0).reached(places, LIMITS_MS[-1])
    return network, drawer, points, reached


def line_network(*lines):
    """A network of plain lines."""
    return build_network(roads_frame([LineString(line) for line in lines]))


def reach(network, points, limit_ms, speed=1.0, snap_m=500.0):
    """What facilities at the points reach."""
    return BothEngines(network, speed).reached(locate(network, np.array(points, dtype=object), snap_m), limit_ms)


def overlaps(areas):
    """Area that lies in two of the polygons."""
    one, other = shapely.STRtree(areas).query(areas, predicate="intersects")
    pairs = one < other
    return shapely.area(shapely.intersection(areas[one[pairs]], areas[other[pairs]])).sum()


def drawn(drawer, kind, reached, limits_ms):
    """Areas of a kind as object (limits, areas)."""
    return getattr(drawer, kind)(reached, limits_ms).reshape(len(limits_ms), -1)


KINDS = ("each", "dissolved", "responsibility")


def truth_around(network, points, facility, limit_ms, random):
    """Random points within the margin of a road, and whether their road leads to the facility in time.

    Nearest roads by measuring against every line, times by networkx on a graph in which every foot splits its road.
    """
    reach_m = limit_ms / 1000 + 2 * MARGIN_M
    centre = shapely.get_coordinates(points[facility])[0]
    around = shapely.points(random.uniform(centre - reach_m, centre + reach_m, (1800, 2)))
    found, _lines = shapely.STRtree(network.lines).query(around, predicate="dwithin", distance=MARGIN_M)
    near = around[np.unique(found)]
    local = np.flatnonzero(shapely.dwithin(network.lines, points[facility], 2 * reach_m))
    oracle = Oracle(Part(network, local), 1.0, list(near), [points[facility]], 500.0)
    ms = oracle._from(0, limit_ms)
    return near, np.array([("foot", "home", i) in ms for i in range(len(near))])


class Part:
    """Some edges of a network, numbered anew: all that can lie on a way within the limit."""

    def __init__(self, network, edges):
        self.lines, self.length_m, self.xy = network.lines[edges], network.length_m[edges], network.xy
        self.tail, self.head = network.tail[edges], network.head[edges]


def agreement(polygon, points, reached):
    """(points in both, points in either) of a drawing and the truth."""
    inside = shapely.contains_xy(polygon, shapely.get_coordinates(points))
    return np.array([(inside & reached).sum(), (inside | reached).sum()])


@pytest.mark.parametrize("minutes", [5, 10, 15])
def test_drawings_agree_with_the_network_in_99_of_100_places(city, minutes):
    """In Porto Alegre drawings and the places whose nearest road leads there in time have an IoU of 0.99 and more."""
    network, drawer, points, reached = city
    limit_ms = minutes * 60_000
    areas = drawer.each(reached, [limit_ms])[0]
    random = np.random.default_rng(8)
    tallies = np.zeros(2)
    for facility in range(0, len(points), 3):
        tallies += agreement(areas[facility], *truth_around(network, points, facility, limit_ms, random))
    assert tallies[1] > 1_000
    assert tallies[0] / tallies[1] >= 0.99


def test_areas_in_a_city_are_valid_nested_and_consistent(city):
    """Valid, longer limits contain shorter ones, dissolved contains each, responsibility areas share only borders.

    All of it exactly. Dissolved differs from the union of each by less than 0.1 % of its area, and responsibility areas
    fill it but for 0.5 %: only where areas meet.
    """
    _network, drawer, _points, reached = city
    each, dissolved, responsible = (drawn(drawer, kind, reached, LIMITS_MS) for kind in KINDS)
    for areas in (each, dissolved, responsible):
        assert shapely.is_valid(areas).all()
        assert {area.geom_type for area in areas.ravel()} == {"MultiPolygon"}
        for shorter, longer in itertools.pairwise(areas):
            assert shapely.covers(longer, shorter).all()
    assert shapely.covers(dissolved, each).all()
    assert shapely.covers(each, responsible).all()
    for i in range(len(LIMITS_MS)):
        union, whole = shapely.union_all(each[i]), dissolved[i, 0]
        assert union.symmetric_difference(whole).area < 0.001 * whole.area
        assert overlaps(responsible[i]) == 0
        assert shapely.area(responsible[i]).sum() == pytest.approx(whole.area, rel=0.005)


def test_islands_and_holes_smaller_than_ten_cells_are_not_drawn(city):
    """No ring of any area encloses less than 1,000 m², and holes that are larger are kept."""
    _network, drawer, _points, reached = city
    areas = drawn(drawer, "each", reached, LIMITS_MS).ravel()
    parts = shapely.get_parts(areas)
    rings = shapely.get_rings(parts)
    assert shapely.area(shapely.polygons(rings)).min() >= service_area.SMALLEST_CELLS * CELL_M**2
    assert shapely.get_num_interior_rings(parts).sum() > 0


def test_a_raster_burnt_in_strips_is_that_burnt_in_one_piece(city, monkeypatch):
    """What is burnt strip by strip, to save memory, is equal to the last bit."""
    network, drawer, _points, _reached = city
    monkeypatch.setattr(road_raster, "_STRIP_CELLS", 40_000)
    strips = nearest_roads(network, MARGIN_M, CELL_M)
    assert all(np.array_equal(one, other) for one, other in zip(strips.cells, drawer.raster.cells, strict=True))


def test_cells_know_their_nearest_road(city):
    """Cells within the margin and one cell are there, each with the road and the foot on it that shapely measures."""
    network, drawer, _points, _reached = city
    raster, cells, segments = drawer.raster, drawer.raster.cells, drawer.raster.segments
    some = np.random.default_rng(9).choice(len(cells.segment), 20_000, replace=False)
    row = np.searchsorted(cells.begin, some, side="right") - 1
    at = shapely.points((raster.west + cells.column[some]) * CELL_M, (raster.south + row) * CELL_M)
    nearest, distance = shapely.STRtree(network.lines).query_nearest(at, return_distance=True, all_matches=False)[0:2]
    lines = network.lines[segments.edge[cells.segment[some]]]
    own = distance[np.argsort(nearest[0], kind="stable")]
    assert shapely.distance(at, lines) == pytest.approx(own, abs=1e-6)
    # At a sharp bend two places of one road can be as near as each other: the foot itself must be nearest.
    feet = [
        road_raster.foot(segments.shape, cells.segment[k], cells.column[k], r)
        for k, r in zip(some.tolist(), row.tolist(), strict=True)
    ]
    squares, along = np.array(feet).T
    assert np.sqrt(squares) * CELL_M == pytest.approx(own, abs=1e-6)
    foot = shapely.line_interpolate_point(lines, along, normalized=True)
    assert shapely.distance(foot, at) == pytest.approx(own, abs=1e-6)


def test_a_cell_midway_between_two_roads_belongs_to_the_first():
    """Of equally near roads the first of the network has the cell, as it has a point."""
    raster = nearest_roads(line_network([(0, 0), (200, 0)], [(0, 40), (200, 40)]), 50.0, 10.0)
    begin, row = raster.cells.begin, 2 - raster.south
    segment = raster.cells.segment[begin[row] : begin[row + 1]]
    assert len(segment) > 20
    assert set(raster.segments.edge[segment].tolist()) == {0}


def test_every_cell_near_a_road_is_in_the_raster(city):
    """As many cells are in the raster as lie within the margin and one cell of a road, by shapely's distances."""
    network, drawer, _points, _reached = city
    raster = drawer.raster
    rows, columns = np.mgrid[100:160, 100:160]
    at = shapely.points((raster.west + columns) * CELL_M, (raster.south + rows) * CELL_M).ravel()
    near = shapely.dwithin(shapely.union_all(network.lines), at, MARGIN_M + CELL_M).reshape(rows.shape)
    begin, column = raster.cells.begin, raster.cells.column
    for r, is_near in zip(range(100, 160), near, strict=True):
        found = column[begin[r] : begin[r + 1]]
        assert found[(found >= 100) & (found < 160)].tolist() == (100 + np.flatnonzero(is_near)).tolist()


rasters = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: arrays(np.bool_, shape, elements=st.booleans())
)


@given(rasters)
def test_outlines_enclose_the_pieces_of_a_region_and_nothing_else(region):
    """One polygon per piece, one hole per enclosed part of the outside, and inside them exactly the cells inside."""
    inside = np.pad(region, 1)
    rings = outlines(inside)
    cell, side = np.divmod(rings.border, 4)
    row, column = np.divmod(cell, inside.shape[1])
    xy = np.column_stack([column, row]) + 0.5 * np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])[side]
    drawing = multipolygon(rings, xy, 0)
    assert drawing.is_valid
    assert len(drawing.geoms) == ndimage.label(inside)[1]
    holes = sum(len(part.interiors) for part in drawing.geoms)
    assert holes == ndimage.label(~inside, np.ones((3, 3)))[1] - 1
    rows, columns = np.indices(inside.shape)
    assert np.array_equal(shapely.contains_xy(drawing, columns, rows), inside)
    assert sorted(rings.border.tolist()) == borders_of(inside)


def borders_of(inside):
    """Cells inside and the sides where their neighbours are outside, as numbers."""
    columns = inside.shape[1]
    return [
        (row * columns + column) * 4 + side
        for row, column in np.argwhere(inside).tolist()
        for side, (dx, dy) in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1)])
        if not inside[row + dy, column + dx]
    ]


@settings(max_examples=30)
@given(worlds(), SPEEDS, st.sampled_from([20_000, 60_000, 200_000]))
def test_the_laws_of_areas_hold_on_random_networks(world, speed, limit_ms):
    """Validity, nesting, containment and disjointness are exact, whatever the roads; the order of rows is irrelevant."""
    roads, _homes, sites = world
    try:
        network = build_network(roads)
    except NetworkError:
        return
    limits_ms = [limit_ms, limit_ms + 1, limit_ms + 90_000]
    drawer = AreaDrawer(network, speed, 30.0, 6.0)
    reached = reach(network, sites, limits_ms[-1], speed, 60.0) if sites else []
    each, dissolved, responsible = (drawn(drawer, kind, reached, limits_ms) for kind in KINDS)
    for areas in (each, dissolved, responsible):
        assert shapely.is_valid(areas).all()
        for shorter, longer in itertools.pairwise(areas):
            assert (shapely.covers(longer, shorter) | shapely.is_empty(shorter)).all()
    assert (shapely.covers(dissolved, each) | shapely.is_empty(each)).all()
    assert [overlaps(areas) for areas in responsible] == [0, 0, 0]
    backwards = drawn(drawer, "each", reached[::-1], limits_ms)[:, ::-1]
    assert [area.wkb for area in backwards.ravel()] == [area.wkb for area in each.ravel()]
    for facility, one in enumerate(reached):
        if one is None or one.leg_ms > limit_ms:
            assert each[0, facility].is_empty
            assert responsible[0, facility].is_empty


def test_an_area_ends_where_the_time_does():
    """On one road the area goes as far along it as the time leads and as wide as the margin."""
    network = line_network([(0, 0), (5000, 0)])
    reached = reach(network, [Point(2000, 0), Point(2000, 400)], 900_000)
    areas = AreaDrawer(network, 1.0).each(reached, [900_000])[0]
    # A border is found to within 1/128 of a cell.
    assert areas[0].bounds == pytest.approx((1100, -50, 2900, 50), abs=0.08)
    assert areas[1].bounds == pytest.approx((1500, -50, 2500, 50), abs=0.08)
    assert areas[0].area == pytest.approx(1800 * 100, rel=0.005)


def test_what_takes_exactly_the_limit_is_inside():
    """A road whose far end takes the limit to the millisecond is drawn to that end and round it; a second less cuts it."""
    network = line_network([(0, 0), (900, 0)])
    reached = reach(network, [Point(0, 0)], 900_000)
    exactly, less = AreaDrawer(network, 1.0).each(reached, [900_000, 899_000])[:, 0]
    assert exactly.bounds == pytest.approx((-50, -50, 950, 50), abs=0.08)
    assert less.bounds == pytest.approx((-50, -50, 899, 50), abs=0.08)


def test_cut_offs_are_drawn_in_the_order_asked_for(city):
    """The order of cut-offs and one that is asked for twice change nothing but the rows."""
    _network, drawer, _points, reached = city
    ascending = drawer.each(reached[:3], LIMITS_MS)
    shuffled = drawer.each(reached[:3], [LIMITS_MS[2], LIMITS_MS[0], LIMITS_MS[1], LIMITS_MS[0]])
    assert (shuffled == ascending[[2, 0, 1, 0]]).all()


def test_a_facility_without_a_place_and_one_too_far_from_its_road_have_no_area():
    """A facility that is not located, or whose way to the road takes the whole limit, has an empty MultiPolygon."""
    network = line_network([(0, 0), (5000, 0)])
    reached = reach(network, [None, Point(2000, 300), Point(2000, 301), Point(2000, 0)], 600_000)
    drawer = AreaDrawer(network, 1.0)
    assert reached[0] is None
    for kind in ("each", "responsibility"):
        areas = drawn(drawer, kind, reached, [300_000, 600_000])
        assert [area.wkt for area in areas[0, :3]] == ["MULTIPOLYGON EMPTY"] * 3
        assert shapely.is_empty(areas[1]).tolist() == [True, False, False, False] or kind == "responsibility"
        assert areas[0, 3].area > 0
    for nobody in ([], [None]):
        assert drawer.dissolved(nobody, [600_000])[0].wkt == "MULTIPOLYGON EMPTY"
        assert drawer.each(nobody, [600_000]).shape == (1, len(nobody))
        assert drawer.responsibility(nobody, [600_000]).shape == (1, len(nobody))


def test_responsibility_ends_midway_and_ties_go_to_the_first():
    """Two facilities on a road part it in the middle; of two in one place the first has everything."""
    network = line_network([(0, 0), (5000, 0)])
    drawer = AreaDrawer(network, 1.0)
    areas = drawer.responsibility(reach(network, [Point(2000, 0), Point(2300, 0)], 900_000), [900_000])[0]
    assert areas[0].bounds[2] == areas[1].bounds[0] == pytest.approx(2150, abs=0.08)
    first, second = drawer.responsibility(reach(network, [Point(2000, 0)] * 2, 900_000), [900_000])[0]
    assert (first.area > 150_000, second.is_empty) == (True, True)


def test_a_corner_midway_between_two_facilities_is_the_first_ones():
    """All round the outside of a bend the nearest place is the bend: at equal times it goes to the first facility."""
    corner = [(0, 0), (500, 0), (500, 500)]
    beyond = [[(-90, 0), (0, 0)], [(0, -90), (0, 0)], [(500, 500), (500, 590)], [(500, 500), (590, 500)]]
    network = line_network(corner, *beyond)
    on_it, on_others = [Point(0, 0), Point(500, 500)], [Point(-50, 0), Point(500, 550)]
    for points in (on_it, on_it[::-1], on_others, on_others[::-1]):
        first, second = AreaDrawer(network, 1.0).responsibility(reach(network, points, 900_000), [900_000])[0]
        assert first.contains(Point(520, -20))
        assert not second.intersects(Point(520, -20))


def test_travel_is_towards_the_facility_and_closed_roads_are_no_road():
    """On a one-way road only what lies before the facility is reached; a road closed both ways is not drawn at all."""
    network = line_network([(0, 0), (3000, 0)], [(3000, 0), (3000, 500)], [(3000, 0), (3500, 0)])
    both = walking(network, 1.0)
    assert network.length_m.tolist() == [3000, 500, 500]
    one_way = EdgeTimes(both.forward, np.full_like(both.backward, CLOSED), 1.0)
    node_ms = np.full(len(network.xy), -1)
    node_ms[network.tail[0]] = 1_500_000
    reached = [Reached(node_ms, 0, 0.5, 0)]
    (area,) = AreaDrawer(network, one_way).each(reached, [900_000])[0]
    assert area.bounds == pytest.approx((600, -50, 1500, 50), abs=0.08)
    closed = EdgeTimes(np.where([True, False, False], both.forward, CLOSED), one_way.backward, 1.0)
    assert set(AreaDrawer(network, closed).raster.segments.edge.tolist()) == {0}


@pytest.mark.parametrize("minutes", [0, -5, float("nan"), float("inf"), 35_791.4, 1e-9])
def test_cut_offs_that_are_no_time_are_refused(minutes):
    """Cut-offs must be positive and at most 2^31 - 1 milliseconds."""
    with pytest.raises(SettingsError, match="分钟数须大于 0"):
        cutoffs_ms([15, minutes])


def test_cut_offs_are_sorted_and_each_is_drawn_once():
    """The same minutes twice are one cut-off, half minutes are allowed, and so is the longest."""
    assert cutoffs_ms([15, 7.5, 15.0, 35_791.39]) == [450_000, 900_000, 2_147_483_400]
    assert cutoffs_ms([]) == []
