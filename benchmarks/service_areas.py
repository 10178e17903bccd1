"""Service areas beside the OSMnx recipe, on one network, with one truth.

Run: ``python benchmarks/service_areas.py [RUNS] [ROADS.osm.pbf]``; Porto Alegre when no file is given. Medians and spread
over the runs after one warm-up. The recipe is the one of the OSMnx examples: the nearest node of the facility, an
``ego_graph`` of 15 minutes, its nodes and edges buffered by 50 m and united.

The truth: random places within 50 m of a road, attributed to their nearest road by shapely; reached or not by the time
from that place along the roads to the facility, from scipy's Dijkstra.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmnx
import shapely
from networks import recipe_graph
from numpy.typing import NDArray

from geoplan.layers import osm
from geoplan.network import (
    AreaDrawer,
    KernelTravelTimes,
    Locations,
    Network,
    Reached,
    ScipyTravelTimes,
    build_network,
    locate,
    walking,
)

PORTO_ALEGRE = Path(__file__).resolve().parents[2] / "shared" / "data" / "porto_alegre" / "poa_osm.pbf"
LIMIT_MS, MARGIN_M, SPEED, FACILITIES, PLACES = 900_000, 50.0, 1.0, 40, 3_000

Objects = NDArray[np.object_]


def read(path: Path) -> Network:
    """The walked network of an OSM file."""
    roads = osm.read_pbf(path).assign(walkable="")
    return build_network(roads.to_crs(roads.estimate_utm_crs()))


def recipe_search(graph: nx.MultiDiGraph, points: Objects) -> list[nx.MultiDiGraph]:
    """The part of the graph within the limit of each facility's nearest node."""
    sites = osmnx.distance.nearest_nodes(graph, shapely.get_x(points), shapely.get_y(points))
    return [nx.ego_graph(graph, site, radius=LIMIT_MS / 1000, distance="time") for site in sites]


def recipe_area(reached: nx.MultiDiGraph) -> shapely.Geometry:
    """Nodes and edges buffered and united."""
    points = shapely.points([(data["x"], data["y"]) for _node, data in reached.nodes(data=True)])
    lines = np.array([data["geometry"] for _start, _end, data in reached.edges(data=True)], dtype=object)
    return shapely.union_all(np.concatenate([shapely.buffer(points, MARGIN_M), shapely.buffer(lines, MARGIN_M)]))


def truth(network: Network, reached: Reached, random: np.random.Generator) -> tuple[Objects, NDArray[np.bool_]]:
    """Places near roads round a facility, and which of them reach it."""
    near = network.xy[(reached.node_ms >= 0) & (reached.node_ms <= LIMIT_MS)]
    low, high = near.min(axis=0) - 6 * MARGIN_M, near.max(axis=0) + 6 * MARGIN_M
    places = shapely.points(random.uniform(low, high, (PLACES, 2)))
    asked, edge = shapely.STRtree(network.lines).query_nearest(places, max_distance=MARGIN_M, all_matches=False)
    along = shapely.line_locate_point(network.lines[edge], places[asked], normalized=True)
    node_ms = np.where(reached.node_ms < 0, np.inf, reached.node_ms)
    whole = network.length_m[edge] / SPEED * 1000
    ms = np.minimum(node_ms[network.tail[edge]] + along * whole, node_ms[network.head[edge]] + (1 - along) * whole)
    straight = np.where(edge == reached.edge, reached.leg_ms + np.abs(along - reached.along) * whole, np.inf)
    return places[asked], np.minimum(ms, straight) <= LIMIT_MS


def agreement(areas: Objects, truths: list[tuple[Objects, NDArray[np.bool_]]]) -> tuple[float, float, float]:
    """Precision, recall and IoU over all facilities."""
    both = drawn = reached = 0
    for area, (places, is_reached) in zip(areas, truths, strict=True):
        inside = shapely.contains_xy(area, shapely.get_coordinates(places))
        both, drawn, reached = both + (inside & is_reached).sum(), drawn + inside.sum(), reached + is_reached.sum()
    return both / drawn, both / reached, both / (drawn + reached - both)


def timed(work: Callable[[], Any], seconds: list[float]) -> Any:
    """What the work gives; the time it takes is added to the list."""
    start = time.perf_counter()
    result = work()
    seconds.append(time.perf_counter() - start)
    return result


def sites_on(network: Network) -> tuple[Objects, Locations]:
    """Random places within some metres of the main network."""
    random = np.random.default_rng(5)
    nodes = random.choice(np.flatnonzero(network.island == 0), FACILITIES, replace=False)
    points = shapely.points(network.xy[nodes] + random.normal(0, 20, (FACILITIES, 2)))
    return points, locate(network, points, 500.0)


def line(name: str, seconds: list[float], rating: tuple[float, float, float] | None = None) -> None:
    """One line of the table; the first run was the warm-up."""
    ms = [1000 * s / FACILITIES for s in seconds[1:]]
    told = "precision {:.4f}  recall {:.4f}  IoU {:.4f}".format(*rating) if rating else ""
    print(f"  {name:34s}{statistics.median(ms):9.2f} ms   ({min(ms):.2f}-{max(ms):.2f})   {told}")


def main() -> None:
    """Print times a facility, agreement with the truth, ratios and memory."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    network = read(Path(sys.argv[2]) if len(sys.argv) > 2 else PORTO_ALEGRE)
    points, places = sites_on(network)
    times = walking(network, SPEED)
    travel, graph = KernelTravelTimes(network, times), recipe_graph(network, network.edge_ms(SPEED))
    clocks: dict[str, list[float]] = {
        name: [] for name in ("raster", "search", "draw", "nested", "their search", "their draw")
    }
    for _run in range(runs + 1):
        drawer = timed(lambda: AreaDrawer(network, times, MARGIN_M), clocks["raster"])
        search_ms = drawer.search_ms(LIMIT_MS)
        reached = timed(lambda ms=search_ms: travel.reached(places, ms), clocks["search"])
        areas = timed(lambda d=drawer, r=reached: d.each(r, [LIMIT_MS])[0], clocks["draw"])
        cutoffs = [LIMIT_MS // 3, LIMIT_MS * 2 // 3, LIMIT_MS]
        timed(lambda d=drawer, r=reached, c=cutoffs: d.each(r, c), clocks["nested"])
        graphs = timed(lambda: recipe_search(graph, points), clocks["their search"])
        theirs = timed(lambda g=graphs: np.array([recipe_area(one) for one in g], dtype=object), clocks["their draw"])
    random = np.random.default_rng(6)
    exact = ScipyTravelTimes(network, times).reached(places, LIMIT_MS)
    truths = [truth(network, one, random) for one in exact if one is not None]
    print(f"{len(network.tail):,} edges, {FACILITIES} facilities, {LIMIT_MS // 60_000} minutes; times a facility")
    print(
        f"  raster, once per network: {statistics.median(clocks['raster'][1:]):.2f} s, {clocks['raster'][0]:.2f} s first"
    )
    line("geoplan: search", clocks["search"])
    line("geoplan: draw", clocks["draw"], agreement(areas, truths))
    line("geoplan: draw 5, 10, 15 minutes", clocks["nested"])
    line("recipe: nearest node, ego_graph", clocks["their search"])
    line("recipe: buffer, union", clocks["their draw"], agreement(theirs, truths))
    mid = {name: statistics.median(seconds[1:]) for name, seconds in clocks.items()}
    whole = (mid["their search"] + mid["their draw"]) / (mid["search"] + mid["draw"])
    with_raster = (mid["their search"] + mid["their draw"]) / (mid["search"] + mid["draw"] + mid["raster"])
    print(
        f"  ratio: draw {mid['their draw'] / mid['draw']:.0f}, search and draw {whole:.0f}, with the raster {with_raster:.0f}"
    )
    print(f"  peak memory of it all: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
