"""Locating points: every answer against shapely asked for all edges, or its tree, to the bit."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point
from strategies import CRS, points_beside, road_layers

from geoplan.layers import osm
from geoplan.network import Locations, Network, build_network, locate, snapping
from geoplan.network.graph import islands
from geoplan.network.location import NOWHERE
from geoplan.network.snapping import RoadGrid

FAR = 1e9
_numbers = st.one_of(st.integers(0, 12).map(float), st.floats(-500, 500, allow_subnormal=False, width=32))
_vertices = st.tuples(_numbers, _numbers)
# Few different places, so that lines have no length, bend back, close to loops, meet and are as near as others.
_paths = st.lists(st.lists(_vertices, min_size=2, max_size=5), min_size=1, max_size=12)


def network_of(*paths, origin=(0.0, 0.0)):
    """A network of the given lines in the given order; ends at one place are one node."""
    lines = np.array([LineString(np.array(path, dtype=float) + origin) for path in paths], dtype=object)
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(lines, i)) for i in (0, -1)])
    xy, node = np.unique(ends, axis=0, return_inverse=True)
    tail, head = node.reshape(2, -1)
    length = shapely.length(lines)
    return Network(xy, tail, head, length, lines, islands(len(xy), tail, head, length), pyproj.CRS(CRS))


def points_of(*places):
    """Points as an array of objects; None stays None."""
    points = np.empty(len(places), dtype=object)
    points[:] = [place if place is None or isinstance(place, Point) else Point(place) for place in places]
    return points


def by_brute_force(lines, points, usable=None):
    """(edge, along, leg_m) by measuring every line from every point; the first of equally near lines."""
    edges = np.arange(len(lines)) if usable is None else np.flatnonzero(usable)
    distance = shapely.distance(points[:, None], lines[None, edges])
    edge = edges[np.argmin(distance, axis=1)]
    with np.errstate(invalid="ignore"):  # a line without length has no shares; its only place is its beginning
        along = np.nan_to_num(shapely.line_locate_point(lines[edge], points, normalized=True))
    return edge, along, distance.min(axis=1)


def assert_same(located, edge, along, leg_m):
    """Equal to the last bit."""
    np.testing.assert_array_equal(located.edge, edge)
    np.testing.assert_array_equal(located.along, along)
    np.testing.assert_array_equal(located.leg_m, leg_m)


@settings(max_examples=100)
@given(data=st.data(), paths=_paths, origin=st.sampled_from([(0.0, 0.0), (412_000.25, 2_512_000.7)]))
def test_every_location_is_the_nearest_of_all_lines(data, paths, origin):
    """Edge, share and way are shapely's to the bit, for lines without length, loops, ties, and points on vertices."""
    network = network_of(*paths, origin=origin)
    places = st.one_of(_vertices, st.sampled_from([v for path in paths for v in path]))
    asked = data.draw(st.lists(places, min_size=1, max_size=12))
    points = points_of(*(np.add(place, origin) for place in asked))
    assert_same(locate(network, points, FAR), *by_brute_force(network.lines, points))


@settings(max_examples=40)
@given(data=st.data(), roads=road_layers)
def test_every_location_on_a_built_network_is_the_nearest(data, roads):
    """On networks as they are built, with points on junctions, on roads, far away and without a place."""
    network = build_network(roads)
    points = points_of(*data.draw(points_beside(roads, 10)))
    placed = np.array([point is not None for point in points], dtype=bool)
    located = locate(network, points, FAR)
    assert_same(located, *_spread(placed, by_brute_force(network.lines, points[placed])))


def _spread(placed, answers):
    """Answers for the points with a place, among those without."""
    for answer, none in zip(answers, (NOWHERE, np.nan, np.nan), strict=True):
        whole = np.full(len(placed), none, dtype=answer.dtype)
        whole[placed] = answer
        yield whole


@settings(max_examples=40)
@given(data=st.data(), paths=_paths)
def test_edges_that_are_not_usable_are_as_if_they_were_not_there(data, paths):
    """Points go to the nearest usable edge; without one they have no edge and no way."""
    network = network_of(*paths)
    usable = np.array(data.draw(st.lists(st.booleans(), min_size=len(paths), max_size=len(paths))))
    points = points_of(*data.draw(st.lists(_vertices, min_size=1, max_size=8)))
    located = locate(network, points, FAR, usable=usable)
    if usable.any():
        assert_same(located, *by_brute_force(network.lines, points, usable))
    else:
        assert (located.edge == NOWHERE).all()
        assert np.isnan(located.leg_m).all()


@settings(max_examples=40)
@given(data=st.data(), paths=_paths)
def test_the_order_and_number_of_points_do_not_matter(data, paths):
    """Each point alone, and all in another order, have the same places."""
    network = network_of(*paths)
    points = points_of(*data.draw(st.lists(_vertices, min_size=1, max_size=8)))
    grid = RoadGrid(network)
    together = locate(network, points, 20.0, grid=grid)
    for i in range(len(points)):
        assert_same(
            locate(network, points[i : i + 1], 20.0, grid=grid),
            together.edge[[i]],
            together.along[[i]],
            together.leg_m[[i]],
        )
    turned = locate(network, points[::-1], 20.0)
    assert_same(turned, together.edge[::-1], together.along[::-1], together.leg_m[::-1])


@settings(max_examples=100)
@given(data=st.data(), paths=_paths, origin=st.sampled_from([(0.0, 0.0), (412_000.25, 2_512_000.7)]))
def test_the_size_of_cells_and_the_steps_between_grids_do_not_matter(data, paths, origin):
    """From one cell to thousands, with grids of many steps and one ring each, the answers are the same."""
    network = network_of(*paths, origin=origin)
    points = points_of(*(np.add(place, origin) for place in data.draw(st.lists(_vertices, min_size=1, max_size=8))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapping, "_CELLS_PER_SEGMENT", data.draw(st.sampled_from([0.01, 1.0, 50.0, 500.0])))
        patch.setattr(snapping, "_COARSER", data.draw(st.sampled_from([2, 3])))
        patch.setattr(snapping, "_FEW_CELLS", data.draw(st.sampled_from([2, 9])))
        patch.setattr(snapping, "_RINGS", data.draw(st.sampled_from([1, 2])))
        assert_same(locate(network, points, FAR), *by_brute_force(network.lines, points))


def test_of_equally_near_edges_the_first_is_taken():
    """At a crossing and half-way between two roads it is the edge that comes first in the network."""
    network = network_of([(10, 10), (10, 0)], [(0, 4), (9, 4)], [(0, 0), (9, 0)], [(10, 10), (20, 10)])
    located = locate(network, points_of((4, 2), (10, 10), (10, 10.5)), FAR)
    assert located.edge.tolist() == [1, 0, 0]
    assert located.leg_m.tolist() == [2.0, 0.0, 0.5]
    assert located.along.tolist() == [4 / 9, 0.0, 0.0]


def test_the_limit_is_inclusive():
    """A point exactly at the limit is located, one beyond it is not but keeps its way and share."""
    network = network_of([(0, 0), (100, 0)])
    beyond = float(np.nextafter(500, 501))
    located = locate(network, points_of((25, 500), (-beyond, 0), (25, 501)), 500.0)
    assert located.edge.tolist() == [0, NOWHERE, NOWHERE]
    assert located.along.tolist() == [0.25, 0.0, 0.25]
    assert located.leg_m.tolist() == [500.0, beyond, 501.0]


def test_things_without_a_place_are_not_located():
    """None, an empty point and a point that is not finite have no edge, no share and no way."""
    network = network_of([(0, 0), (100, 0)])
    located = locate(network, points_of(None, Point(), Point(np.inf, 0), (1, 0)), FAR)
    assert located.edge.tolist() == [NOWHERE, NOWHERE, NOWHERE, 0]
    assert np.isnan(located.leg_m).tolist() == np.isnan(located.along).tolist() == [True, True, True, False]
    assert len(locate(network, points_of(), FAR)) == 0


def test_a_lone_road_without_length_is_a_place():
    """A network of one place only is found from anywhere; the share there is 0."""
    located = locate(network_of([(5, 5), (5, 5)]), points_of((5, 5), (8, 9), (-1e6, 5)), FAR)
    assert located.leg_m.tolist() == [0.0, 5.0, 1_000_005.0]
    assert located.along.tolist() == [0.0, 0.0, 0.0]


def test_points_far_outside_and_in_wide_empty_land_are_located():
    """Thousands of roads in two towns far apart: points between and far away from them have the brute-force answer."""
    random = np.random.default_rng(3)
    starts = random.uniform(0, 3_000, (3_000, 2)) + np.where(np.arange(3_000) % 2, 0, 80_000)[:, None]
    paths = np.stack([starts, starts + random.normal(0, 30, starts.shape)], axis=1)
    long_way = [(0.0, 0.0), (83_000.0, 7_000.0)]
    network = network_of(*paths, long_way)
    assert len(RoadGrid(network)._grids) > 1
    points = shapely.points(
        np.concatenate([random.uniform(-10_000, 90_000, (150, 2)), random.uniform(-5e6, 5e6, (50, 2))])
    )
    assert_same(locate(network, points, 1_000.0), *_cut(1_000.0, by_brute_force(network.lines, points)))


def _cut(limit_m, answers):
    edge, along, leg_m = answers
    return np.where(leg_m <= limit_m, edge, NOWHERE), along, leg_m


def islet_network():
    """A main road of 1,000 m, an island of 100 m 60 m north of it, and one of 300 m 60 m south of it."""
    return network_of([(0, 0), (1000, 0)], [(0, 60), (100, 60)], [(0, -60), (300, -60)])


def test_points_on_small_islands_take_the_main_network_within_the_limit():
    """Only islands with less road than the threshold are left, only within the limit, and the moved are flagged."""
    points = points_of((50, 50), (50, -50), (50, 10), (50, 100), (50, 101), None)
    located = locate(islet_network(), points, 100.0, small_island_m=300.0)
    assert located.edge.tolist() == [0, 2, 0, 0, 1, NOWHERE]
    assert located.leg_m[:5].tolist() == [50.0, 10.0, 10.0, 100.0, 41.0]
    assert located.along[:5].tolist() == [0.05, 50 / 300, 0.05, 0.05, 0.5]
    assert located.moved.tolist() == [True, False, False, True, False, False]


def test_the_island_rule_is_off_unless_asked_for():
    """Without a threshold nobody is moved, and the main network itself is never too small."""
    network, points = islet_network(), points_of((50, 50), (50, 10))
    assert locate(network, points, 100.0).edge.tolist() == [1, 0]
    assert not locate(network, points, 100.0).moved.any()
    everything_small = locate(network, points, 100.0, small_island_m=1e6)
    assert everything_small.edge.tolist() == [0, 0]
    assert everything_small.moved.tolist() == [True, False]


def test_islands_are_those_of_the_usable_edges():
    """A road that hangs on the rest by an unusable one only is an island; the most usable road is the main network."""
    network = network_of([(0, 0), (0, 900)], [(0, 0), (200, 0)], [(200, 0), (600, 0)], [(0, 0), (0, -50)])
    usable = np.array([False, True, True, True])
    grid = RoadGrid(network, usable)
    assert grid.on_main.tolist() == [False, True, True, True]
    assert grid.island_road_m.tolist() == [0.0, 650.0, 650.0, 650.0]
    cut = RoadGrid(network, np.array([True, False, True, False]))
    assert cut.on_main.tolist() == [True, False, False, False]
    located = locate(network, points_of((300, 10), (10, 700)), 400.0, grid=cut, small_island_m=500.0)
    assert located.edge.tolist() == [0, 0]
    assert located.moved.tolist() == [True, False]


@settings(max_examples=40)
@given(data=st.data(), paths=_paths)
def test_the_main_network_is_island_0(data, paths):
    """With all edges usable the rule goes by the network's own islands; each point has what the rule says."""
    network = network_of(*paths)
    points = points_of(*data.draw(st.lists(_vertices, min_size=1, max_size=8)))
    small_m, limit_m = data.draw(st.sampled_from([1.0, 20.0, 500.0])), data.draw(st.sampled_from([3.0, 100.0, FAR]))
    island = network.island[network.tail]
    road_m = np.bincount(island, weights=np.round(network.length_m, 3))[island]
    edge, along, leg_m = by_brute_force(network.lines, points)
    main = by_brute_force(network.lines, points, island == 0)
    moved = (island[edge] != 0) & (road_m[edge] < small_m) & (main[2] <= limit_m)
    expected = [np.where(moved, there, here) for here, there in zip((edge, along, leg_m), main, strict=True)]
    located = locate(network, points, limit_m, small_island_m=small_m)
    assert_same(located, *_cut(limit_m, expected))
    assert located.moved.tolist() == moved.tolist()


def test_nobody_is_moved_in_locations_made_by_hand():
    """Three arrays make locations, none of which was moved."""
    made = Locations(np.array([0, NOWHERE]), np.array([0.5, np.nan]), np.array([1.0, np.nan]))
    assert made.moved.tolist() == [False, False]
    assert made.located.tolist() == [True, False]


def test_a_grid_of_other_roads_is_refused():
    """A grid serves the network and the usable edges that it was made of and no others."""
    network, points = islet_network(), points_of((0, 0))
    grid = RoadGrid(network, np.array([True, True, False]))
    assert locate(network, points, FAR, grid=grid, usable=np.array([True, True, False])).edge.tolist() == [0]
    with pytest.raises(ValueError, match="of another network"):
        locate(islet_network(), points, FAR, grid=grid)
    with pytest.raises(ValueError, match="of other usable edges"):
        locate(network, points, FAR, grid=grid, usable=np.array([True, True, True]))


def real_network(read, path, crs):
    """A network of the shared real data; the test is skipped where it is absent."""
    if not Path(path).is_file():
        pytest.skip(f"real data is absent: {path}")
    return build_network(read(path).assign(walkable="").to_crs(crs))


def assert_agrees_with_the_tree(network, count):
    """Random places beside roads and all over the bounds, and nodes, have the tree's edge, share and way."""
    random = np.random.default_rng(7)
    vertices = shapely.get_coordinates(network.lines)
    beside = vertices[random.integers(0, len(vertices), count)] + random.normal(0, 40, (count, 2))
    anywhere = random.uniform(vertices.min(axis=0) - 2_000, vertices.max(axis=0) + 2_000, (count // 4, 2))
    points = shapely.points(np.concatenate([beside, anywhere, network.xy[: count // 4]]))
    asked, found = shapely.STRtree(network.lines).query_nearest(points, all_matches=True)
    edge = np.full(len(points), len(network.lines))
    np.minimum.at(edge, asked, found)
    assert len(asked) > len(points)  # at nodes many edges are equally near
    lines = network.lines[edge]
    along, leg_m = shapely.line_locate_point(lines, points, normalized=True), shapely.distance(points, lines)
    assert_same(locate(network, points, 500.0), *_cut(500.0, (edge, along, leg_m)))


def test_porto_alegre_is_located_as_by_the_tree(shared):
    """30,000 places in Porto Alegre have the tree's edges, shares and ways to the bit."""
    network = real_network(osm.read_pbf, shared / "data" / "porto_alegre" / "poa_osm.pbf", 32722)
    assert_agrees_with_the_tree(network, 20_000)


def test_futian_is_located_as_by_the_tree(shared):
    """30,000 places in Futian have the tree's edges, shares and ways to the bit."""
    network = real_network(osm.read_graphml, shared / "data" / "futian" / "futian.graphml", 4547)
    assert_agrees_with_the_tree(network, 20_000)
