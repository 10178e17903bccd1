"""Ways of travelling: their files, which roads they use in which direction, how long each edge takes them."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString
from strategies import given_roads, roads_frame

from geoplan.errors import NetworkError, SettingsError
from geoplan.layers import osm
from geoplan.network import Ways, build_network
from geoplan.network.edge_times import CLOSED, walking
from geoplan.network.profiles import Profile, known_profiles, load_profile
from geoplan.network.roads import Road, oneway, open_to_bicycles, open_to_motor_vehicles

WALK, CAR, E_BIKE = (load_profile(name) for name in ("walk", "car", "e-bike"))


def network_of(*lines, travellers=(), **tags):
    """The network of straight or bent lines; each tag is a list with one value per line."""
    return build_network(roads_frame([LineString(line) for line in lines], **tags), *travellers)


def seconds(network, times):
    """Time from place to place in seconds for every direction of every edge that is open."""
    found = {}
    for edge, (tail, head) in enumerate(zip(network.tail, network.head, strict=True)):
        one, other = (tuple(network.xy[node].tolist()) for node in (tail, head))
        for start, end, ms in ((one, other, times.forward[edge]), (other, one, times.backward[edge])):
            if ms != CLOSED:
                found[start, end] = ms / 1000
    return found


def test_profiles_that_come_with_geoplan():
    """Five profiles: walking at 0.8, 1.0 and 1.2 m/s off the road too, e-bike and car, which walk to their road."""
    assert known_profiles() == ("car", "e-bike", "walk", "walk-fast", "walk-slow")
    profiles = {name: load_profile(name) for name in known_profiles()}
    assert all(profile.id == name and profile.name and profile.name_en for name, profile in profiles.items())
    walks = [profiles[name] for name in ("walk-slow", "walk", "walk-fast")]
    assert [(p.speed_mps, p.off_road_mps) for p in walks] == [(0.8, 0.8), (1.0, 1.0), (1.2, 1.2)]
    assert all(p.slope == "tobler" and not p.oneway and p.steps_factor < 1 for p in walks)
    assert (CAR.off_road_mps, E_BIKE.off_road_mps, CAR.oneway, E_BIKE.oneway) == (1.0, 1.0, True, True)


def test_steps_are_slower():
    """Steps take twice as long as a footway of that length, and a node stands where they begin."""
    lines = [(0, 0), (100, 0)], [(100, 0), (130, 0)], [(130, 0), (200, 0)]
    network = network_of(*lines, road_class=["footway", "steps", "residential"], travellers=(WALK,))
    assert seconds(network, WALK.times(network)) == {
        ((0, 0), (100, 0)): 100.0,
        ((100, 0), (0, 0)): 100.0,
        ((100, 0), (130, 0)): 60.0,
        ((130, 0), (100, 0)): 60.0,
        ((130, 0), (200, 0)): 70.0,
        ((200, 0), (130, 0)): 70.0,
    }


def test_roads_that_are_walked_alike_are_one_edge():
    """Where a class, a one-way or an access changes and walkers do not care, nothing is cut."""
    lines = [(0, 0), (100, 0)], [(200, 0), (100, 0)], [(200, 0), (300, 0)]
    tags = {"road_class": ["footway", "residential", "primary"], "oneway": ["", "yes", "no"]}
    for travellers in ((), (WALK,)):
        assert network_of(*lines, **tags, travellers=travellers).length_m.tolist() == [300.0]
    driven = network_of(*lines, **tags, travellers=(WALK, CAR))
    assert sorted(driven.length_m) == [100.0, 100.0, 100.0]


@pytest.mark.parametrize(
    ("value", "ways"),
    [
        ("yes", [("A", "B")]),
        ("true", [("A", "B")]),
        ("1", [("A", "B")]),
        ("-1", [("B", "A")]),
        ("no", [("A", "B"), ("B", "A")]),
        ("", [("A", "B"), ("B", "A")]),
        ("reversible", [("A", "B"), ("B", "A")]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_one_way_streets_lead_one_way(value, ways, turned):
    """A car follows ``oneway`` as the street is drawn, whichever end comes first in the network; walkers do not."""
    place = {"A": (100.0, 0.0), "B": (0.0, 0.0)} if turned else {"A": (0.0, 0.0), "B": (100.0, 0.0)}
    line = [place["A"], place["B"]]
    network = network_of(line, road_class=["residential"], oneway=[value], travellers=(WALK, CAR))
    assert set(seconds(network, CAR.times(network))) == {(place[a], place[b]) for a, b in ways}
    assert len(seconds(network, WALK.times(network))) == 2


def test_one_way_street_in_pieces_drawn_either_way():
    """Pieces of a one-way street that lead on the same way are one edge; a piece that comes the other way is not."""
    same = network_of(
        [(0, 0), (50, 0)], [(90, 0), (50, 0)], oneway=["yes", "-1"], road_class=["residential"] * 2, travellers=(CAR,)
    )
    assert set(seconds(same, CAR.times(same))) == {((0.0, 0.0), (90.0, 0.0))}
    against = network_of(
        [(0, 0), (50, 0)], [(90, 0), (50, 0)], oneway=["yes", "yes"], road_class=["residential"] * 2, travellers=(CAR,)
    )
    assert set(seconds(against, CAR.times(against))) == {((0.0, 0.0), (50.0, 0.0)), ((90.0, 0.0), (50.0, 0.0))}


def test_stretch_of_several_roads_is_travelled_on_the_fastest_in_each_direction():
    """Two one-way roads on one line, drawn against each other, are open both ways, each way at its own speed."""
    lines = [(0, 0), (100, 0)], [(100, 0), (0, 0)]
    tags = {"road_class": ["primary", "residential"], "oneway": ["yes", "yes"]}
    network = network_of(*lines, **tags, travellers=(CAR,))
    speeds = CAR.speeds_mps
    assert seconds(network, CAR.times(network)) == {
        ((0, 0), (100, 0)): round(100_000 / speeds["primary"]) / 1000,
        ((100, 0), (0, 0)): round(100_000 / speeds["residential"]) / 1000,
    }


def test_motorways_are_driven_and_not_walked():
    """A motorway is in the car's network, one way by itself, and closed to walkers and e-bikes."""
    lines = [(0, 0), (1000, 0)], [(0, 0), (0, 100)]
    tags = {"road_class": ["motorway", "residential"]}
    network = network_of(*lines, **tags, travellers=(WALK, CAR, E_BIKE))
    motorway = ((0.0, 0.0), (1000.0, 0.0))
    assert seconds(network, CAR.times(network))[motorway] == 40.0
    assert motorway[::-1] not in seconds(network, CAR.times(network))
    for profile in (WALK, E_BIKE):
        assert set(seconds(network, profile.times(network))) == {((0, 0), (0, 100)), ((0, 100), (0, 0))}
    with pytest.raises(NetworkError, match="小汽车"):
        network_of([(0, 0), (9, 0)], road_class=["footway"], travellers=(CAR,))


WHEELS = [
    ({}, True, True),
    ({"road_class": "residential"}, True, True),
    ({"road_class": "motorway"}, False, True),
    ({"road_class": "motorway_link"}, False, True),
    ({"road_class": "trunk", "motorroad": "yes"}, False, True),
    ({"road_class": "footway"}, False, False),
    ({"road_class": "footway", "bicycle": "designated"}, True, False),
    ({"road_class": "path"}, True, False),
    ({"road_class": "cycleway"}, True, False),
    ({"road_class": "pedestrian", "motor_vehicle": "yes"}, False, True),
    ({"road_class": "construction"}, False, False),
    ({"road_class": "residential", "access": "private"}, False, False),
    ({"road_class": "residential", "access": "no", "vehicle": "yes"}, True, True),
    ({"road_class": "residential", "access": "no", "bicycle": "yes"}, True, False),
    ({"road_class": "residential", "motor_vehicle": "no"}, True, False),
    ({"road_class": "residential", "vehicle": "no"}, False, False),
    ({"road_class": "residential", "access": "destination"}, True, True),
    ({"road_class": "track", "motor_vehicle": "agricultural"}, True, False),
    ({"road_class": "service", "service": "private"}, False, False),
    ({"road_class": "pedestrian", "area": "yes", "bicycle": "yes"}, False, False),
    ({"road_class": "residential", "foot": "no", "walkable": "no"}, True, True),
]


@pytest.mark.parametrize(
    ("tags", "cycled", "driven"),
    WHEELS,
    ids=[",".join(f"{k}={v}" for k, v in t.items()) or "none" for t, *_r in WHEELS],
)
def test_tags_decide_which_vehicles_may_use_a_road(tags, cycled, driven):
    """The most particular of a vehicle's tags decides; the tags of walkers do not count."""
    roads = roads_frame([LineString([(0, 0), (9, 0)])], **tags)
    assert (open_to_bicycles(roads).tolist(), open_to_motor_vehicles(roads).tolist()) == ([cycled], [driven])


def test_roundabouts_and_motorways_are_one_way_by_themselves():
    """Without ``oneway`` a roundabout and a motorway are one-way as drawn; ``oneway=no`` opens them."""
    tags = {"road_class": ["primary", "motorway", "motorway", "primary"], "oneway": ["", "", "no", "-1"]}
    roads = roads_frame([LineString([(0, 0), (9, 0)])] * 4, **tags, junction=["roundabout", "", "", "roundabout"])
    assert oneway(roads).tolist() == [1, 1, 0, -1]


@settings(max_examples=40)
@given(given_roads(), st.data())
def test_profile_times_are_those_of_the_drawn_roads(roads, data):
    """Between all nodes a car and a walker take what they take along the drawn vertices (networkx), to the rounding.

    So they do with the closed roads closed, and on the same network with every closed road open.
    """
    size = len(roads)
    roads["road_class"] = data.draw(_cells(size, ["residential", "primary", "steps", "motorway", ""]))
    roads["oneway"] = data.draw(_cells(size, ["", "yes", "-1"]))
    roads["foot"] = data.draw(_cells(size, ["", "", "no"]))
    roads["status"] = data.draw(_cells(size, ["", "", "open", "closed"]))
    where = {}
    for line, nodes in zip(roads.geometry, roads["nodes"], strict=True):
        where.update(zip(nodes.tolist(), map(tuple, shapely.get_coordinates(line).tolist()), strict=True))
    if len(set(where.values())) < len(where):  # two vertices at one place could not be told apart here
        return
    for profile in (WALK, CAR):
        for reopened in (False, True):
            drawn = _all_times(_drawn(roads, profile, reopened=reopened), where)
            try:
                network = build_network(roads, profile, profile.reopened)
            except NetworkError:
                assert not drawn
                continue
            places = [tuple(place) for place in network.xy.tolist()]
            built = _all_times(_built(network, profile.times(network, reopened=reopened)), places)
            between = {key: ms for key, ms in drawn.items() if set(key) <= set(places)}
            assert set(built) == set(between)
            assert all(built[key] == pytest.approx(ms, abs=len(network.tail)) for key, ms in between.items())


def _cells(size, words):
    return st.lists(st.sampled_from(words), min_size=size, max_size=size)


def _drawn(roads, profile, *, reopened):
    """The roads as networkx sees them: one arc per pair of neighbouring vertices and open direction."""
    graph = nx.DiGraph()
    for row in roads.itertuples():
        xy = shapely.get_coordinates(row.geometry)
        speed = profile.speeds_mps.get(row.road_class, profile.speed_mps)
        speed *= profile.steps_factor if row.road_class == "steps" else 1
        ways = {"yes": "f", "-1": "b", "": "f" if row.road_class == "motorway" else "fb"}[row.oneway]
        if profile.access == "foot":
            is_open, ways = row.road_class != "motorway" and row.foot != "no", "fb"
        else:
            is_open = row.road_class != "steps"
        is_open &= reopened or row.status != "closed"
        for one, other, metres in zip(row.nodes, row.nodes[1:], np.hypot(*np.diff(xy, axis=0).T), strict=False):
            for start, end in [(one, other)] * ("f" in ways) + [(other, one)] * ("b" in ways):
                ms = metres / speed * 1000
                if is_open and ms < graph.get_edge_data(start, end, {"ms": np.inf})["ms"]:
                    graph.add_edge(int(start), int(end), ms=ms)
    return graph


def _built(network, times):
    graph = nx.DiGraph()
    for start, end, both in ((network.tail, network.head, times.forward), (network.head, network.tail, times.backward)):
        for one, other, ms in zip(start.tolist(), end.tolist(), both.tolist(), strict=True):
            if ms != CLOSED and ms < graph.get_edge_data(one, other, {"ms": np.inf})["ms"]:
                graph.add_edge(one, other, ms=ms)
    return graph


def _all_times(graph, places):
    """Times between all pairs of nodes, by their places; sorted lists, for vertices may share a place."""
    found = {}
    for start, ways in nx.all_pairs_dijkstra_path_length(graph, weight="ms"):
        for end, ms in ways.items():
            if start != end:
                found.setdefault((places[start], places[end]), []).append(ms)
    return {key: sorted(times) for key, times in found.items()}


@settings(max_examples=40)
@given(given_roads(), st.data(), st.randoms(use_true_random=False))
def test_order_and_direction_of_rows_do_not_matter(roads, data, random):
    """Rows in any order, drawn in any direction with ``oneway`` turned along, give the same network, roads and times."""
    roads["road_class"] = data.draw(_cells(len(roads), ["residential", "primary", "steps", "motorway"]))
    roads["oneway"] = data.draw(_cells(len(roads), ["no", "yes", "-1"]))
    rows = list(range(len(roads)))
    random.shuffle(rows)
    other = roads.iloc[rows].reset_index(drop=True)
    turned = [random.random() < 0.5 for _row in rows]
    flip = {"yes": "-1", "-1": "yes", "no": "no"}
    other["oneway"] = [flip[way] if turn else way for way, turn in zip(other["oneway"], turned, strict=True)]
    other["geometry"] = [shapely.reverse(g) if turn else g for g, turn in zip(other.geometry, turned, strict=True)]
    nodes = [n[::-1] if turn else n for n, turn in zip(other["nodes"], turned, strict=True)]
    other["nodes"] = pd.Series(nodes, dtype=object)
    one, same = (build_network(frame, WALK, CAR) for frame in (roads, other))
    assert np.array_equal(one.xy, same.xy)
    assert np.array_equal(one.roads.mix, same.roads.mix)
    assert (one.roads.mixes, one.roads.left_out) == (same.roads.mixes, same.roads.left_out)
    for profile in (WALK, CAR):
        here, there = profile.times(one), profile.times(same)
        assert np.array_equal(here.forward, there.forward)
        assert np.array_equal(here.backward, there.backward)


def test_network_made_for_another_profile_is_refused():
    """A network that lacks or joins roads which a profile treats differently is an error, never a wrong number."""
    lines = [(0, 0), (100, 0)], [(100, 0), (130, 0)]
    steps = network_of(*lines, road_class=["footway", "steps"])
    assert len(steps.tail) == 1
    with pytest.raises(NetworkError, match="步行"):
        WALK.times(steps)
    motorway = network_of(*lines, road_class=["residential", "motorway"], travellers=(WALK,))
    with pytest.raises(NetworkError, match="小汽车"):
        CAR.times(motorway)
    for name in ("walk-slow", "walk", "walk-fast"):
        load_profile(name).times(motorway)


def test_closed_road_is_in_the_network_for_who_would_open_it():
    """A closed road stays in a network built for its reopening, cut where it is closed; without that it is left out."""
    lines = [(0, 0), (100, 0)], [(100, 0), (150, 0)], [(150, 0), (300, 0)]
    tags = {"road_class": ["footway"] * 3, "status": ["", "closed", "open"]}
    network = network_of(*lines, **tags, travellers=(WALK, WALK.reopened))
    shut = {((100.0, 0.0), (150.0, 0.0)), ((150.0, 0.0), (100.0, 0.0))}
    assert seconds(network, WALK.times(network, reopened=True)).keys() - seconds(network, WALK.times(network)) == shut
    plain = network_of(*lines, **tags)
    assert sorted(plain.length_m) == [100.0, 150.0]
    assert (WALK.times(plain).forward != CLOSED).all()
    with pytest.raises(NetworkError, match="步行"):
        WALK.times(plain, reopened=True)
    alike = network_of(*lines, road_class=["footway"] * 3, status=["", "open", ""], travellers=(WALK, WALK.reopened))
    assert alike.length_m.tolist() == [300.0]


def test_stretch_with_an_open_road_on_it_is_open():
    """Of two roads on one line the closed one does not close the other; open again, the faster one counts."""
    tags = {"road_class": ["primary", "residential"], "status": ["closed", ""]}
    network = network_of([(0, 0), (100, 0)], [(0, 0), (100, 0)], **tags, travellers=(CAR, CAR.reopened))
    for reopened, road_class in ((False, "residential"), (True, "primary")):
        ms = round(100_000 / CAR.speeds_mps[road_class])
        assert CAR.times(network, reopened=reopened).forward.tolist() == [ms]
    ways = Ways(network, CAR, CAR.times(network), CAR.times(network, reopened=True)).at_speed(2 * CAR.speed_mps)
    assert ways.times.forward.tolist() == [round(50_000 / CAR.speeds_mps["residential"])]
    assert ways.open_times.forward.tolist() == [round(50_000 / CAR.speeds_mps["primary"])]


def test_network_of_unknown_roads_is_open_both_ways():
    """A network made by hand, without its roads, is plain roads: the times are those of walking."""
    built = network_of([(0, 0), (100, 0)], [(30, 0), (30, 70)])
    network = type(built)(built.xy, built.tail, built.head, built.length_m, built.lines, built.island, built.crs)
    assert network.roads is None
    times = WALK.times(network)
    assert times.forward.tolist() == times.backward.tolist() == walking(network, 1.0).forward.tolist()


@pytest.fixture(scope="module")
def porto_alegre(shared):
    """The roads of Porto Alegre."""
    path = shared / "data" / "porto_alegre" / "poa_osm.pbf"
    if not path.is_file():
        pytest.skip(f"real data is absent: {path}")
    return osm.read_pbf(path).assign(walkable="").to_crs(32722)


def test_porto_alegre_for_three_profiles(porto_alegre):
    """Walking's times are unchanged where there are no steps; e-bikes are faster everywhere; cars are bound one way."""
    network = build_network(porto_alegre, WALK, E_BIKE, CAR)
    walk, e_bike, car = (profile.times(network) for profile in (WALK, E_BIKE, CAR))
    steps = np.array([stack[0].road_class == "steps" for (stack, *_rest) in network.roads.mixes])[network.roads.mix]
    flat = walking(network, 1.0).forward
    walked = walk.forward != CLOSED
    assert np.array_equal(walk.forward, walk.backward)
    assert np.array_equal(walk.forward[walked & ~steps], flat[walked & ~steps])
    assert (walk.forward[steps & walked] > 1.99 * flat[steps & walked]).all()
    for faster, slower in ((e_bike, walk), (car, walk)):
        for direction in ("forward", "backward"):
            one, other = getattr(faster, direction), getattr(slower, direction)
            both = (one != CLOSED) & (other != CLOSED)
            assert both.sum() > 10_000
            assert (one[both] <= other[both]).all()
            assert (one[both & (network.length_m > 1)] < other[both & (network.length_m > 1)]).all()
    assert ((car.forward == CLOSED) != (car.backward == CLOSED)).sum() > 5_000


def test_plain_walking_in_porto_alegre_is_as_it_was(porto_alegre):
    """Without profiles the network has 16,851 nodes and 23,925 edges; steps add nodes only where they begin."""
    plain, walked = build_network(porto_alegre), build_network(porto_alegre, WALK)
    assert (len(plain.xy), len(plain.tail)) == (16_851, 23_925)
    assert len(walked.xy) - len(plain.xy) == len(walked.tail) - len(plain.tail)
    assert 0 < len(walked.xy) - len(plain.xy) < 600
    assert walked.length_m.sum() == pytest.approx(plain.length_m.sum(), abs=1e-3)


GOOD = 'id = "mine"\nname = "我的"\nspeed_mps = 0.9\naccess = "foot"\n'


def test_own_profile_is_read_from_its_file(tmp_path):
    """A path that ends in .toml is the user's own file; keys that are left out have their defaults."""
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + "speeds_mps = { track = 0.5 }\nnever = ['service']\n", encoding="utf-8")
    profile = load_profile(str(path))
    assert profile == Profile(
        "mine", "我的", 0.9, "foot", never=frozenset({"service"}), speeds_mps={"track": 0.5}, off_road_mps=0.9
    )
    assert (profile.slope, profile.oneway, profile.steps_factor) == ("none", False, 1.0)
    assert profile.paces(Road("track")) == ((0.5, False), (0.5, False))
    assert profile.paces(Road("service")) == ((0.0, False), (0.0, False))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "sped = 1\n", "不认识的键“sped”.*speed_mps"),
        (GOOD.replace("0.9", "0"), "speed_mps 须大于 0.*现为 0"),
        (GOOD.replace("0.9", "-1.0"), "speed_mps 须大于 0.*现为 -1"),
        (GOOD.replace("0.9", "inf"), "speed_mps 须大于 0.*现为 inf"),
        (GOOD.replace("0.9", "nan"), "speed_mps 须大于 0.*现为 nan"),
        (GOOD.replace("0.9", "101"), "不超过 100"),
        (GOOD.replace("0.9", "'1.0'"), "“speed_mps”的值类型不对"),
        (GOOD.replace("0.9", "true"), "“speed_mps”的值类型不对"),
        (GOOD + "off_road_mps = 0\n", "off_road_mps 须大于 0"),
        (GOOD + "off_road_mps = -0.5\n", "off_road_mps 须大于 0"),
        (GOOD + "off_road_mps = nan\n", "off_road_mps 须大于 0"),
        (GOOD + "steps_factor = 0\n", "steps_factor 须大于 0"),
        (GOOD + "steps_factor = 1.5\n", "steps_factor 须大于 0 且不超过 1"),
        (GOOD + "speeds_mps = { track = 0 }\n", "speeds_mps.track 须大于 0"),
        (GOOD + "speeds_mps = { track = inf }\n", "speeds_mps.track 须大于 0"),
        (GOOD + "speeds_mps = { track = 'slow' }\n", "“speeds_mps”的值类型不对"),
        (GOOD + "speeds_mps = 3\n", "“speeds_mps”的值类型不对"),
        (GOOD + "never = 'steps'\n", "“never”的值类型不对"),
        (GOOD + "never = [1]\n", "“never”的值类型不对"),
        (GOOD + "oneway = 'yes'\n", "“oneway”的值类型不对"),
        (GOOD + "slope = 'steep'\n", "slope“steep”未知，可用：none, tobler"),
        (GOOD.replace('"foot"', '"feet"'), "access“feet”未知，可用：foot, bicycle, motor"),
        (GOOD.replace('"mine"', '"Mine one"'), "只能用小写字母"),
        (GOOD.replace('name = "我的"\n', ""), "缺少 name"),
        ("", "缺少 id"),
        ("id = \n", "不是有效的 UTF-8 TOML"),
    ],
)
def test_profile_that_says_something_wrong_is_refused(tmp_path, text, message):
    """Each mistake in a profile's file is one clear error."""
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        load_profile(str(path))


def test_unknown_and_unreadable_profiles_are_refused(tmp_path):
    """An unknown name lists the known ones; a missing file, a folder and a file of other bytes are named."""
    with pytest.raises(SettingsError, match=r"“fly”.*car, e-bike, walk, walk-fast, walk-slow"):
        load_profile("fly")
    with pytest.raises(SettingsError, match=r"无法读取.*gone\.toml"):
        load_profile(str(tmp_path / "gone.toml"))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(SettingsError, match="无法读取"):
        load_profile(str(tmp_path / "folder.toml"))
    (tmp_path / "gbk.toml").write_bytes(GOOD.encode("gbk"))
    with pytest.raises(SettingsError, match="不是有效的 UTF-8 TOML"):
        load_profile(str(tmp_path / "gbk.toml"))


def test_own_speed():
    """A profile at another speed changes its classes in proportion, and the way to the road only when that was the same."""
    assert WALK.at_speed(0.9).speed_mps == WALK.at_speed(0.9).off_road_mps == 0.9
    fast = CAR.at_speed(2 * CAR.speed_mps)
    assert fast.off_road_mps == 1.0
    assert fast.speeds_mps["primary"] == pytest.approx(2 * CAR.speeds_mps["primary"])
    own = Profile("own", "own", 0.9, "foot", speeds_mps={"track": 0.9, "path": 0.45})
    lines = [(0, 0), (100, 0)], [(100, 0), (150, 0)], [(150, 0), (300, 0)]
    network = network_of(*lines, road_class=["footway", "track", "path"], travellers=(own,))
    assert len(network.tail) == 2
    for speed in (0.8, 0.95, 1.0, 1.2):  # classes as fast as the profile stay so, and the network serves
        assert own.at_speed(speed).speeds_mps["track"] == speed
        own.at_speed(speed).times(network)
    for wrong in (0, -1, np.inf, np.nan):
        with pytest.raises(SettingsError, match="speed_mps"):
            WALK.at_speed(wrong)
