"""Service areas beside the OSMnx recipe, on one network, with one truth.

Run: ``python benchmarks/service_areas.py [RUNS] [ROADS.osm.pbf]``; Porto Alegre when no file is given. Medians and spread
over the runs after one warm-up. The recipe is the one of the OSMnx examples: the nearest node of the facility, an
``ego_graph`` of the minutes, its nodes and edges buffered by 50 m and united.

The truth: random places within 50 m of a road, attributed to their nearest road by shapely; reached or not by the time
from that place along the roads to the facility, from scipy's Dijkstra.

At the end one area of 50 facilities at 83 minutes in a county of 60 km x 50 km with a made-up lattice of roads.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx
import pandas as pd
import shapely
from networks import recipe_graph
from numpy.typing import NDArray

from geoplan.layers import osm
from geoplan.network import (
    AreaDrawer,
    EdgeTimes,
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
LIMITS_MS, MARGIN_M, SPEED, FACILITIES, PLACES = [300_000, 600_000, 900_000], 50.0, 1.0, 40, 3_000
LIMIT_MS = LIMITS_MS[-1]
COUNTY_KM, BLOCK_M, COUNTY_FACILITIES, COUNTY_LIMIT_MS = (60, 50), 500.0, 50, 83 * 60_000

Objects = NDArray[np.object_]


def read(path: Path) -> Network:
    """The walked network of an OSM file."""
    roads = osm.read_pbf(path).assign(walkable="")
    return build_network(roads.to_crs(roads.estimate_utm_crs()))


def recipe_search(graph: nx.MultiDiGraph, points: Objects, limit_ms: int) -> list[nx.MultiDiGraph]:
    """The part of the graph within the limit of each facility's nearest node."""
    sites = osmnx.distance.nearest_nodes(graph, shapely.get_x(points), shapely.get_y(points))
    return [nx.ego_graph(graph, site, radius=limit_ms / 1000, distance="time") for site in sites]


def recipe_areas(reached: list[nx.MultiDiGraph]) -> Objects:
    """One area per part of the graph."""
    return np.array([recipe_area(one) for one in reached], dtype=object)


def recipe_area(reached: nx.MultiDiGraph) -> shapely.Geometry:
    """Nodes and edges buffered and united."""
    points = shapely.points([(data["x"], data["y"]) for _node, data in reached.nodes(data=True)])
    lines = np.array([data["geometry"] for _start, _end, data in reached.edges(data=True)], dtype=object)
    return shapely.union_all(np.concatenate([shapely.buffer(points, MARGIN_M), shapely.buffer(lines, MARGIN_M)]))


def truth(
    network: Network, reached: Reached, limit_ms: int, random: np.random.Generator
) -> tuple[Objects, NDArray[np.bool_]]:
    """Places near roads round a facility, and which of them reach it."""
    own = network.lines[reached.edge].interpolate(reached.along, normalized=True)
    near = np.vstack([network.xy[(reached.node_ms >= 0) & (reached.node_ms <= limit_ms)], [own.x, own.y]])
    low, high = near.min(axis=0) - 6 * MARGIN_M, near.max(axis=0) + 6 * MARGIN_M
    places = shapely.points(random.uniform(low, high, (PLACES, 2)))
    asked, edge = shapely.STRtree(network.lines).query_nearest(places, max_distance=MARGIN_M, all_matches=False)
    along = shapely.line_locate_point(network.lines[edge], places[asked], normalized=True)
    node_ms = np.where(reached.node_ms < 0, np.inf, reached.node_ms)
    whole = network.length_m[edge] / SPEED * 1000
    ms = np.minimum(node_ms[network.tail[edge]] + along * whole, node_ms[network.head[edge]] + (1 - along) * whole)
    straight = np.where(edge == reached.edge, reached.leg_ms + np.abs(along - reached.along) * whole, np.inf)
    return places[asked], np.minimum(ms, straight) <= limit_ms


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


def line(name: str, seconds: list[float]) -> None:
    """One line of the table; the first run was the warm-up."""
    ms = [1000 * s / FACILITIES for s in seconds[1:]]
    print(f"  {name:34s}{statistics.median(ms):9.2f} ms   ({min(ms):.2f}-{max(ms):.2f})")


def rate(network: Network, areas: dict[str, list[Objects]], places: Locations, times: EdgeTimes) -> None:
    """Print precision, recall and IoU for each way of drawing and each limit."""
    exact = ScipyTravelTimes(network, times).reached(places, LIMIT_MS)
    for i, limit_ms in enumerate(LIMITS_MS):
        random = np.random.default_rng(6)
        truths = [truth(network, one, limit_ms, random) for one in exact if one is not None]
        count = sum(int(is_reached.sum()) for _places, is_reached in truths)
        print(f"  {limit_ms // 60_000} minutes, {count:,} places reached")
        for name, drawn in areas.items():
            print("    {:10s} precision {:.4f}  recall {:.4f}  IoU {:.4f}".format(name, *agreement(drawn[i], truths)))


def lattice() -> Network:
    """A county of blocks, every tenth side of one missing, corners and middles moved at random."""
    random = np.random.default_rng(3)
    columns, rows = (int(km * 1000 / BLOCK_M) + 1 for km in COUNTY_KM)
    corner = np.arange(columns * rows).reshape(rows, columns)
    xy = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2) * BLOCK_M
    xy = xy + random.normal(0, BLOCK_M / 8, xy.shape) + (400_000, 2_500_000)
    sides = [(corner[:, :-1], corner[:, 1:]), (corner[:-1], corner[1:])]
    ends = np.vstack([np.column_stack([one.ravel(), other.ravel()]) for one, other in sides])
    ends = ends[random.random(len(ends)) < 0.9]
    middle = xy[ends].mean(axis=1) + random.normal(0, BLOCK_M / 16, ends.shape)
    lines = shapely.linestrings(np.stack([xy[ends[:, 0]], middle, xy[ends[:, 1]]], axis=1))
    nodes = np.column_stack([ends[:, 0], len(xy) + np.arange(len(ends)), ends[:, 1]])
    text = dict.fromkeys(("road_class", "name", "foot", "access", "service", "oneway", "walkable"), "")
    roads = pd.DataFrame({**text, "grade": 0.0, "nodes": list(nodes)}, index=range(len(ends)))
    return build_network(gpd.GeoDataFrame(roads, geometry=lines, crs="EPSG:4547"))


def county(runs: int) -> None:
    """Print time and memory of a very large dissolved area."""
    network = lattice()
    random = np.random.default_rng(4)
    points = shapely.points(network.xy[random.choice(len(network.xy), COUNTY_FACILITIES, replace=False)])
    times = walking(network, SPEED)
    reached = KernelTravelTimes(network, times).reached(locate(network, points, 500.0), COUNTY_LIMIT_MS)
    seconds: dict[str, list[float]] = {"raster": [], "draw": []}
    before = resident_mb()
    for _run in range(runs + 1):
        drawer = timed(lambda: AreaDrawer(network, times, MARGIN_M), seconds["raster"])
        (area,) = timed(lambda d=drawer: d.dissolved(reached, [COUNTY_LIMIT_MS]), seconds["draw"])
    print(f"{COUNTY_KM[0]} x {COUNTY_KM[1]} km, {network.length_m.sum() / 1000:,.0f} km of road, 83 minutes, dissolved")
    for name, all_of in seconds.items():
        print(f"  {name:8s}{statistics.median(all_of[1:]):6.2f} s   ({min(all_of[1:]):.2f}-{max(all_of[1:]):.2f})")
    rings = len(shapely.get_rings(shapely.get_parts(area)))
    print(f"  {area.area / 1e6:,.0f} km2, {shapely.get_num_coordinates(area):,} vertices, {rings:,} rings")
    print(f"  memory: {before:,.0f} MB before, {peak_mb():,.0f} MB at most")


def resident_mb() -> float:
    """Memory of the process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def peak_mb() -> float:
    """Most memory of the process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def city(runs: int, path: Path) -> None:
    """Print times a facility, agreement with the truth and ratios."""
    network = read(path)
    points, places = sites_on(network)
    times = walking(network, SPEED)
    travel, graph = KernelTravelTimes(network, times), recipe_graph(network, network.edge_ms(SPEED))
    names = ("raster", "search", "draw", "nested", "their search", "their draw")
    clocks: dict[str, list[float]] = {name: [] for name in names}
    for _run in range(runs + 1):
        drawer = timed(lambda: AreaDrawer(network, times, MARGIN_M), clocks["raster"])
        reached = timed(lambda: travel.reached(places, LIMIT_MS), clocks["search"])
        timed(lambda d=drawer, r=reached: d.each(r, [LIMIT_MS]), clocks["draw"])
        areas = timed(lambda d=drawer, r=reached: d.each(r, LIMITS_MS), clocks["nested"])
        graphs = timed(lambda: recipe_search(graph, points, LIMIT_MS), clocks["their search"])
        theirs = timed(lambda g=graphs: recipe_areas(g), clocks["their draw"])
    print(f"{len(network.tail):,} edges, {FACILITIES} facilities, {LIMIT_MS // 60_000} minutes; times a facility")
    raster = clocks["raster"]
    print(f"  raster, once per network: {statistics.median(raster[1:]):.2f} s, {raster[0]:.2f} s first")
    line("geoplan: search", clocks["search"])
    line("geoplan: draw", clocks["draw"])
    line("geoplan: draw 5, 10, 15 minutes", clocks["nested"])
    line("recipe: nearest node, ego_graph", clocks["their search"])
    line("recipe: buffer, union", clocks["their draw"])
    mid = {name: statistics.median(seconds[1:]) for name, seconds in clocks.items()}
    ours, recipe = mid["search"] + mid["draw"], mid["their search"] + mid["their draw"]
    print(f"  ratio: draw {mid['their draw'] / mid['draw']:.0f}, search and draw {recipe / ours:.0f}", end="")
    print(f", with the raster {recipe / (ours + mid['raster']):.0f}")
    shorter = [recipe_areas(recipe_search(graph, points, limit_ms)) for limit_ms in LIMITS_MS[:-1]]
    rate(network, {"geoplan": list(areas), "recipe": [*shorter, theirs]}, places, times)


def main() -> None:
    """Both tables."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    city(runs, Path(sys.argv[2]) if len(sys.argv) > 2 else PORTO_ALEGRE)
    county(runs)


if __name__ == "__main__":
    main()
