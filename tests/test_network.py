"""Where roads meet, what is left of them as a network, and which are walked."""

import itertools

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point
from strategies import given_roads, plain_roads, road_layers, roads_frame

from geoplan.errors import CrsError, NetworkError
from geoplan.network import build_network, meeting, noding, walkable


def network_of(*lines, grades=None):
    """The network of plain lines given as lists of x, y."""
    shapes = [line if isinstance(line, shapely.Geometry) else LineString(line) for line in lines]
    return build_network(roads_frame(shapes, grade=np.array(grades or [0] * len(shapes), float)))


def edges_of(network):
    """Each edge as its two ends and its length in whole millimetres, sorted."""
    ends = zip(network.xy[network.tail].tolist(), network.xy[network.head].tolist(), strict=True)
    metres = np.round(network.length_m, 3).tolist()
    return sorted((*sorted([tuple(a), tuple(b)]), length) for (a, b), length in zip(ends, metres, strict=True))


def test_crossing_at_grade_is_a_junction():
    """Two streets that cross without a common vertex are joined where they cross."""
    network = network_of([(0, 0), (100, 0)], [(40, -50), (40, 50)])
    junction = (40.0, 0.0)
    assert edges_of(network) == [
        ((0.0, 0.0), junction, 40.0),
        ((40.0, -50.0), junction, 50.0),
        (junction, (40.0, 50.0), 50.0),
        (junction, (100.0, 0.0), 60.0),
    ]
    assert network.islands == 1


def test_bridge_over_a_street_is_no_junction():
    """A bridge and the street below it do not meet, although both have a vertex there."""
    for middle in ([], [(40, 0)]):
        network = network_of([(0, 0), *middle, (100, 0)], [(40, -50), *middle, (40, 50)], grades=[0, 1])
        assert network.islands == 2
        assert sorted(network.length_m) == [100.0, 100.0]


def test_bridge_is_joined_to_the_streets_at_its_ends():
    """A bridge is joined where it lands, on the end of one street and on the middle of another, and nowhere between."""
    bridge, below = [(0, 0), (100, 0)], [(50, -50), (50, 50)]
    approach, across = [(-60, 0), (0, 0)], [(100, -70), (100, 70)]
    network = network_of(bridge, below, approach, across, grades=[1, 0, 0, 0])
    assert network.islands == 2
    assert edges_of(network) == [
        ((-60.0, 0.0), (100.0, 0.0), 160.0),
        ((50.0, -50.0), (50.0, 50.0), 100.0),
        ((100.0, -70.0), (100.0, 0.0), 70.0),
        ((100.0, 0.0), (100.0, 70.0), 70.0),
    ]


def test_bridge_in_two_pieces_is_not_joined_to_the_street_below_their_common_end():
    """Where one piece of a bridge goes on as another, the street that goes through below stays apart."""
    network = network_of([(0, 0), (50, 0)], [(50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)], grades=[1, 1, 0])
    assert network.islands == 2


def test_road_that_ends_on_another_is_joined_there():
    """A T: the through road is cut where the other ends on it, also where rounding puts the end beside the line."""
    through = LineString([(0, 0), (70, 31)])
    foot = through.interpolate(1 / 3, normalized=True)
    network = network_of(through, [(foot.x, foot.y), (0, 90)])
    assert len(network.xy) == 4
    assert sorted(np.bincount(np.r_[network.tail, network.head])) == [1, 1, 1, 3]


def test_touches_hold_whatever_rounding_does_to_them():
    """A bend that touches another road, and an end that touches its own road, are junctions a nanometre off as well."""
    for off in (-1e-9, 0.0, 1e-9):
        bend = network_of([(0, 0), (90, 30)], [(0, 90), (30, 10 + off), (60, 90)])
        assert bend.islands == 1
        assert sorted(np.bincount(np.r_[bend.tail, bend.head])) == [1, 1, 1, 1, 4]
        noose = network_of([(0, 0), (90, 30), (50, 60), (30, 10 + off)])
        assert noose.tail.tolist() == [0, 1]
        assert noose.head.tolist() == [1, 1]


@pytest.mark.parametrize(("gap_m", "islands"), [(0.0, 1), (0.005, 1), (0.0099, 1), (0.0101, 2), (0.5, 2)])
def test_ends_within_a_centimetre_touch(gap_m, islands):
    """Ends up to a centimetre apart, on another's end or beside its middle, are joined; wider gaps are kept."""
    assert network_of([(0, 0), (100, 0)], [(100 + gap_m, 0), (200, 0)]).islands == islands
    assert network_of([(0, 0), (100, 0)], [(50, gap_m), (50, 90)]).islands == islands


def test_ends_within_a_centimetre_become_one_place():
    """Two roads whose ends are 5 mm apart are one road, without a stump where they meet."""
    network = network_of([(0, 0), (100, 0)], [(100.005, 0), (200, 0)])
    assert len(network.tail) == 1
    assert network.length_m.sum() == pytest.approx(200, abs=0.02)
    ring = network_of([(0, 0), (70, 30), (50, 60), (0.005, 0)])
    assert ring.tail.tolist() == ring.head.tolist() == [0]


def test_common_stretch_is_one_road():
    """Where two roads run on the same ground, the stretch is there once, whatever vertices each has on it."""
    network = network_of([(0, 0), (100, 0)], [(30, 0), (60, 0), (80, 0)], [(50, 0), (90, 0), (150, 0), (150, 40)])
    assert edges_of(network) == [((0.0, 0.0), (150.0, 40.0), 190.0)]


def test_road_drawn_twice_counts_once():
    """The same road drawn twice, backwards and with more vertices, makes one edge."""
    bend = [(0, 0), (70, 30), (100, 0)]
    network = network_of(bend, bend, bend[::-1], [(0, 0), (35, 15), (70, 30), (100, 0)])
    assert len(network.tail) == 1
    assert network.length_m.tolist() == [pytest.approx(LineString(bend).length, abs=1e-9)]


def test_road_that_crosses_itself_meets_itself_at_ground_level():
    """A loop on the ground has a junction where it crosses itself; a spiral ramp does not."""
    path = [(0, 0), (100, 0), (100, 50), (50, 50), (50, -50)]
    ground, ramp = network_of(path), network_of(path, grades=[1])
    assert edges_of(ground) == [
        ((0.0, 0.0), (50.0, 0.0), 50.0),
        ((50.0, -50.0), (50.0, 0.0), 50.0),
        ((50.0, 0.0), (50.0, 0.0), 200.0),
    ]
    assert edges_of(ramp) == [((0.0, 0.0), (50.0, -50.0), 300.0)]


def test_parts_of_a_multilinestring_are_roads_of_their_own():
    """A MultiLineString gives the network of its parts."""
    parts = [LineString([(0, 0), (100, 0)]), LineString([(40, -50), (40, 50)]), LineString([(300, 0), (300, 9)])]
    assert edges_of(network_of(MultiLineString(parts))) == edges_of(network_of(*parts))


def test_blank_grade_is_the_ground():
    """A road without a grade crosses those on the ground at a junction."""
    assert network_of([(0, 0), (100, 0)], [(40, -50), (40, 50)], grades=[0, np.nan]).islands == 1


def test_given_identities_decide_where_roads_meet():
    """With OpenStreetMap's identities a crossing without a common vertex is none, and equal places are not one."""
    lines = [LineString([(0, 0), (50, 0), (100, 0)]), LineString([(50, -50), (50, 0), (50, 50)])]
    for middle, islands in ((2, 1), (9, 2)):
        roads = roads_frame(lines)
        roads["nodes"] = pd.Series([np.array([1, 2, 3]), np.array([4, middle, 5])], dtype=object)
        assert build_network(roads).islands == islands


def test_parallel_roads_and_loops_are_kept():
    """Two ways between the same junctions are two edges, and a street that returns to its junction is a loop."""
    entry, loop = [(-9, 0), (0, 0)], [(100, 0), (130, 20), (130, -20), (100, 0)]
    network = network_of(entry, [(0, 0), (100, 0)], [(0, 0), (50, 40), (100, 0)], loop)
    assert network.tail.tolist() == [0, 1, 1, 2]
    assert network.head.tolist() == [1, 2, 2, 2]


def test_closed_ring_without_junction_keeps_its_lowest_corner():
    """A ring that nothing joins has one node, its lowest vertex in order of x, y."""
    network = network_of([(100, 0), (100, 80), (20, 40), (100, 0)])
    assert network.xy.tolist() == [[20.0, 40.0]]
    assert network.tail.tolist() == network.head.tolist() == [0]


def test_islands_are_numbered_by_their_length():
    """Islands are labelled, the longest first, and none is left out."""
    network = network_of([(0, 0), (10, 0)], [(0, 100), (300, 100)], [(0, 200), (50, 200)])
    assert network.islands == 3
    assert [network.island[(network.xy[:, 1] == y)].tolist() for y in (100, 200, 0)] == [[0, 0], [1, 1], [2, 2]]


def assert_well_formed(network):
    """Edges begin and end at their nodes, run along their lines, and islands are the connected components."""
    assert (network.tail <= network.head).all()
    assert np.array_equal(shapely.get_coordinates(shapely.get_point(network.lines, 0)), network.xy[network.tail])
    assert np.array_equal(shapely.get_coordinates(shapely.get_point(network.lines, -1)), network.xy[network.head])
    assert np.array_equal(shapely.length(network.lines), network.length_m)
    graph = nx.MultiGraph(zip(network.tail.tolist(), network.head.tolist(), strict=True))
    assert sorted(graph) == list(range(len(network.xy)))
    labels = [set(network.island[list(part)].tolist()) for part in nx.connected_components(graph)]
    assert sorted(labels, key=min) == [{i} for i in range(network.islands)]
    road = np.bincount(network.island[network.tail], weights=network.length_m)
    assert (np.diff(road) <= 1e-3).all()
    loops = set(nx.nodes_with_selfloops(graph))
    assert all(node in loops for node, degree in graph.degree if degree == 2)


@settings(max_examples=40)
@given(road_layers)
def test_network_is_well_formed(roads):
    """Edges fit their nodes, only the anchor of a ring has degree 2, islands are networkx's components."""
    try:
        network = build_network(roads)
    except NetworkError:
        assert "nodes" in roads or (roads.length == 0).all()
        return
    assert_well_formed(network)


@settings(max_examples=40)
@given(given_roads())
def test_contraction_conserves_length(roads):
    """The network is as long as the stretches between given vertices, each counted once, to the millimetre."""
    stretches = {}
    for line, nodes in zip(roads.geometry, roads["nodes"], strict=True):
        metres = np.hypot(*np.diff(shapely.get_coordinates(line), axis=0).T)
        ends = np.sort(np.column_stack([nodes[:-1], nodes[1:]]), axis=1)
        stretches.update(zip(map(tuple, ends.tolist()), metres.tolist(), strict=True))
    assert build_network(roads).length_m.sum() == pytest.approx(sum(stretches.values()), abs=1e-3)


@settings(max_examples=40)
@given(plain_roads())
def test_noded_ground_roads_are_as_long_as_their_union(roads):
    """Roads of one grade are, noded, as long as the union of their lines: nothing is lost and nothing counts twice."""
    ground = roads.assign(grade=0.0)
    union = shapely.unary_union(ground.geometry.to_numpy())
    assert build_network(ground).length_m.sum() == pytest.approx(union.length, abs=0.05)


def same_network(one, other):
    """Whether two networks are equal in every array."""
    arrays = ("xy", "tail", "head", "length_m", "island")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays) and bool(
        shapely.equals_exact(one.lines, other.lines).all()
    )


@settings(max_examples=50)
@given(road_layers, st.randoms(use_true_random=False))
def test_order_and_direction_of_roads_do_not_matter(roads, random):
    """Roads in any order of rows, each drawn in any direction, give the same network in every array."""
    rows = list(range(len(roads)))
    random.shuffle(rows)
    turned = [random.random() < 0.5 for _row in rows]
    other = roads.iloc[rows].reset_index(drop=True)
    other["geometry"] = [shapely.reverse(g) if turn else g for g, turn in zip(other.geometry, turned, strict=True)]
    if "nodes" in other:
        nodes = [n[::-1] if turn else n for n, turn in zip(other["nodes"], turned, strict=True)]
        other["nodes"] = pd.Series(nodes, dtype=object)
    try:
        network = build_network(roads)
    except NetworkError:
        with pytest.raises(NetworkError):
            build_network(other)
        return
    assert same_network(network, build_network(other))


_SHORT = st.tuples(st.integers(0, 24), st.integers(0, 24))


@settings(max_examples=50)
@given(
    st.lists(st.lists(_SHORT, min_size=2, max_size=3, unique=True), min_size=2, max_size=5),
    st.randoms(use_true_random=False),
)
def test_crossings_between_millimetres_do_not_depend_on_order(paths, random):
    """Also where crossings fall half way between two millimetres, order and direction change nothing."""
    lines = [LineString([(412_000 + x / 8, 2_512_000 + y / 8) for x, y in path]) for path in paths]
    other = [shapely.reverse(line) if random.random() < 0.5 else line for line in lines]
    random.shuffle(other)
    assert same_network(network_of(*lines), network_of(*other))


WALKED = [
    ({}, True),
    ({"road_class": "residential"}, True),
    ({"road_class": "footway"}, True),
    ({"road_class": "steps"}, True),
    ({"road_class": "pedestrian"}, True),
    ({"road_class": "trunk"}, True),
    ({"road_class": "motorway"}, False),
    ({"road_class": "motorway_link"}, False),
    ({"road_class": "motorway", "foot": "yes"}, False),
    ({"road_class": "construction"}, False),
    ({"road_class": "proposed", "foot": "designated"}, False),
    ({"road_class": "raceway"}, False),
    ({"road_class": "elevator"}, False),
    ({"road_class": "residential", "foot": "no"}, False),
    ({"road_class": "primary", "foot": "use_sidepath"}, False),
    ({"road_class": "residential", "foot": "private"}, False),
    ({"road_class": "cycleway"}, False),
    ({"road_class": "cycleway", "foot": "designated"}, True),
    ({"road_class": "cycleway", "foot": "yes"}, True),
    ({"road_class": "bridleway"}, False),
    ({"road_class": "bridleway", "foot": "permissive"}, True),
    ({"road_class": "service", "access": "private"}, False),
    ({"road_class": "service", "access": "no"}, False),
    ({"road_class": "service", "access": "private", "foot": "yes"}, True),
    ({"road_class": "service", "access": "destination"}, True),
    ({"road_class": "service", "access": "yes", "foot": "no"}, False),
    ({"road_class": "service", "service": "private"}, False),
    ({"road_class": "service", "service": "driveway"}, True),
    ({"road_class": "trunk", "motorroad": "yes"}, False),
    ({"road_class": "trunk", "motorroad": "no"}, True),
    ({"road_class": "pedestrian", "area": "yes"}, False),
    ({"road_class": "motorway", "walkable": "yes"}, True),
    ({"road_class": "footway", "walkable": "no"}, False),
    ({"road_class": "footway", "foot": "no", "walkable": "yes"}, True),
]


@pytest.mark.parametrize(
    ("tags", "walked"), WALKED, ids=[",".join(f"{k}={v}" for k, v in t.items()) or "none" for t, _w in WALKED]
)
def test_tags_decide_whether_a_road_is_walked(tags, walked):
    """Which combinations of tags are walked, a stated ``walkable`` before all of them."""
    assert walkable(roads_frame([LineString([(0, 0), (9, 0)])], **tags)).tolist() == [walked]


def test_roads_that_make_no_network_are_an_error():
    """Nothing walkable, nothing with a length, and coordinates that are no metres are refused."""
    line = LineString([(0, 0), (9, 0)])
    with pytest.raises(NetworkError, match="1"):
        build_network(roads_frame([line], road_class="motorway"))
    with pytest.raises(NetworkError):
        build_network(roads_frame([LineString([(0, 0), (0, 0)])]))
    for crs in ("EPSG:4490", "EPSG:3857", "EPSG:2227"):
        with pytest.raises(CrsError):
            build_network(roads_frame([line]).set_crs(crs, allow_override=True))


@settings(max_examples=30)
@given(road_layers)
def test_roads_layer_is_left_as_it_was(roads):
    """Building a network changes nothing in the layer."""
    before = roads.copy(deep=True)
    shapes = shapely.to_wkb(roads.geometry.to_numpy())
    try:
        build_network(roads)
    except NetworkError:
        return
    finally:
        pd.testing.assert_frame_equal(pd.DataFrame(roads), pd.DataFrame(before))
        assert (shapely.to_wkb(roads.geometry.to_numpy()) == shapes).all()


_PLACE = st.tuples(st.integers(0, 12), st.integers(0, 12))


@given(
    st.lists(st.lists(_PLACE, min_size=2, max_size=5), min_size=2, max_size=6),
    st.sampled_from([0.004, 0.125, 7.3, 900.0]),
    st.sampled_from([0, 1, 3]),
)
def test_no_meeting_of_lines_is_overlooked(paths, step, steps):
    """Whatever shapely finds to cross or touch is a candidate, whether the drawing is tiny or as wide as a county."""
    lines = [LineString([(412_000 + x * step, 2_512_000 + y * step) for x, y in path]) for path in paths]
    xy, line = shapely.get_coordinates(lines, return_index=True)
    within_m = max(steps * step, noding.TOUCH_M)
    vertex, begin = meeting.vertices_on_stretches(xy, line, within_m)
    assert (np.diff(vertex) >= 0).all()
    found = set(zip(vertex.tolist(), begin.tolist(), strict=True))
    for v, a in itertools.product(range(len(xy)), meeting.stretches(line).tolist()):
        at_end = any((xy[v] == xy[end]).all() for end in (a, a + 1))
        if not at_end and shapely.dwithin(Point(xy[v]), LineString(xy[a : a + 2]), within_m):
            assert (v, a) in found
        assert not (at_end and (v, a) in found)
    pairs = set(zip(*(side.tolist() for side in meeting.crossing_lines(xy, line)), strict=True))
    for a, b in itertools.combinations(meeting.stretches(line).tolist(), 2):
        place = LineString(xy[a : a + 2]).intersection(LineString(xy[b : b + 2]))
        inside = place.geom_type == "Point" and not place.is_empty
        if line[a] != line[b] and inside and place.distance(shapely.MultiPoint(xy[[a, a + 1, b, b + 1]])) > 1e-6:
            assert (line[a], line[b]) in pairs
    assert all(one < other and shapely.dwithin(lines[one], lines[other], 1e-6) for one, other in pairs)


def test_streets_that_meet_in_common_vertices_are_no_candidates():
    """A town whose streets are drawn from junction to junction needs no geometry: nothing is a candidate."""
    corners = [[(400_000 + 90 * x, 2_500_000 + 70 * y) for x in range(6)] for y in range(6)]
    streets = [LineString(row[i : i + 2]) for row in [*corners, *zip(*corners, strict=True)] for i in range(5)]
    xy, line = shapely.get_coordinates(streets, return_index=True)
    assert [len(side) for side in meeting.crossing_lines(xy, line)] == [0, 0]
    assert [len(side) for side in meeting.vertices_on_stretches(xy, line, noding.TOUCH_M)] == [0, 0]
    assert network_of(*streets).islands == 1


@pytest.mark.parametrize("end", [(10_000, 3_000), (3_000, -10_000), (0, 10_000), (-10_000, 0)])
def test_a_long_road_meets_every_street_along_it(end):
    """A road as long as a hundred streets is joined to each of those that cross it or end on it, to its very ends."""
    road = LineString([(0, 0), end])
    places = [road.interpolate((i + 0.5) / 100, normalized=True) for i in range(100)]
    along = np.array(end) / road.length
    across = np.array([-along[1], along[0]]) * 60
    streets = [
        LineString([(at.x - across[0] * (i % 2), at.y - across[1] * (i % 2)), (at.x + across[0], at.y + across[1])])
        for i, at in enumerate(places)
    ]
    network = network_of(road, *streets)
    assert network.islands == 1
    assert len(network.tail) == 101 + 100 + 50


def test_a_wide_country_with_small_streets_takes_little_memory():
    """Streets of a metre in two towns a thousand kilometres apart, with a road between them, are in few cells each."""
    town = [[(x, y), (x + 0.5, y + 0.5)] for x in range(8) for y in range(8)]
    far = [[(x + 1_000_000, y) for x, y in street] for street in town]
    roads = [*town, *far, [(0, 0), (1_000_007.5, 7.5)]]
    assert network_of(*roads).length_m.max() > 999_000
    xy, line = shapely.get_coordinates([LineString(road) for road in roads], return_index=True)
    begin = meeting.stretches(line)
    assert len(meeting._grid(xy, begin, noding.TOUCH_M).key) < 4 * len(begin)
