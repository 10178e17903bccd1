"""A million points located on a network of half a million edges, beside shapely's STRtree in the same run.

Run: ``python benchmarks/snapping.py [RUNS]``. The network is Porto Alegre's from ``../shared/data``, laid side by side
until it has 500,000 edges; where the data is absent, a grid town of bent streets of the same size, and the output says
which. Points are scattered round the vertices of roads with a deviation of 40 m, as homes are.

geoplan's time is that of the whole ``locate``, with the share along the edge and the way to it, on one thread. The tree's
is that of ``query_nearest`` alone, also on one thread, with all matches (without them ties would fall by chance), asked
for a random sample of 100,000 points and scaled by ten. The answers for the sample are compared bit by bit.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geoplan.layers import osm
from geoplan.network import Locations, Network, build_network, locate
from geoplan.network.snapping import RoadGrid

PORTO_ALEGRE = Path(__file__).resolve().parents[2] / "shared" / "data" / "porto_alegre" / "poa_osm.pbf"
EDGES, POINTS, SAMPLE, LIMIT_M, SPREAD_M = 500_000, 1_000_000, 100_000, 500.0, 40.0


def porto_alegre() -> Network:
    """Porto Alegre's walked network as often side by side as it takes."""
    one = build_network(osm.read_pbf(PORTO_ALEGRE).assign(walkable="").to_crs(32722))
    copies = -(-EDGES // len(one.tail))
    wide = int(np.ceil(np.sqrt(copies)))
    size = np.ptp(shapely.get_coordinates(one.lines), axis=0) + 200
    shifts = [size * (i % wide, i // wide) for i in range(copies)]
    xy, line = shapely.get_coordinates(one.lines, return_index=True)
    nodes, edges = len(one.xy), len(one.tail)
    return Network(
        xy=np.concatenate([one.xy + shift for shift in shifts]),
        tail=np.concatenate([one.tail + i * nodes for i in range(copies)]),
        head=np.concatenate([one.head + i * nodes for i in range(copies)]),
        length_m=np.tile(one.length_m, copies),
        lines=shapely.linestrings(
            np.concatenate([xy + shift for shift in shifts]),
            indices=np.concatenate([line + i * edges for i in range(copies)]),
        ),
        island=np.concatenate([one.island + i * one.islands for i in range(copies)]),
        crs=one.crs,
    )


def grid_town() -> Network:
    """Streets between crossings every 80 m, both moved at random; each street has a bend."""
    side = int(np.sqrt(EDGES / 2))
    random = np.random.default_rng(0)
    crossing = np.arange(side * side).reshape(side, side)
    xy = np.column_stack([crossing.ravel() // side, crossing.ravel() % side]) * 80.0
    xy += random.uniform(-20, 20, xy.shape)
    pairs = [(crossing[:-1], crossing[1:]), (crossing[:, :-1], crossing[:, 1:])]
    tail, head = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in range(2))
    bend = (xy[tail] + xy[head]) / 2 + random.normal(0, 5, (len(tail), 2))
    lines = shapely.linestrings(np.stack([xy[tail], bend, xy[head]], axis=1))
    island = np.zeros(len(xy), dtype=np.int64)
    return Network(xy, tail, head, shapely.length(lines), lines, island, pyproj.CRS(4547))


def timed(runs: int, *works: Callable[[], Any]) -> tuple[list[list[float]], list[Any]]:
    """Seconds of each work in each run, the works in turn after a warm-up, and what they gave last."""
    seconds: list[list[float]] = [[] for _work in works]
    results: list[Any] = [work() for work in works]
    for _run in range(runs):
        for number, work in enumerate(works):
            begin = time.perf_counter()
            results[number] = work()
            seconds[number].append(time.perf_counter() - begin)
    return seconds, results


def row(name: str, seconds: list[float], scale: float = 1.0) -> float:
    """Print median and spread; returns the median."""
    median = statistics.median(seconds) * scale
    print(f"  {name:62s} {median:8.2f} s   ({min(seconds) * scale:.2f}-{max(seconds) * scale:.2f})")
    return median


def first_of_equals(tree: shapely.STRtree, points: NDArray[np.object_]) -> NDArray[np.int64]:
    """The nearest edge by the tree, of equally near ones the first."""
    asked, found = tree.query_nearest(points, all_matches=True)
    nearest = np.full(len(points), len(tree), dtype=np.int64)
    np.minimum.at(nearest, asked, found)
    return nearest


def compare(network: Network, points: NDArray[np.object_], edge: NDArray[np.int64], ours: Locations) -> None:
    """Print how many of the sample's answers differ in any bit."""
    far = ours.leg_m > LIMIT_M
    lines = network.lines[edge]
    differ = [
        np.count_nonzero(ours.edge != np.where(far, -1, edge)),
        np.count_nonzero(ours.leg_m != shapely.distance(points, lines)),
        np.count_nonzero(ours.along != shapely.line_locate_point(lines, points, normalized=True)),
    ]
    print(f"\nof {len(points):,} answers differ from shapely's: edge {differ[0]}, leg {differ[1]}, along {differ[2]}")


def main() -> None:
    """Print times, ratios, agreement and memory."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    real = PORTO_ALEGRE.is_file()
    network = porto_alegre() if real else grid_town()
    vertices = shapely.get_coordinates(network.lines)
    random = np.random.default_rng(1)
    places = vertices[random.integers(0, len(vertices), POINTS)] + random.normal(0, SPREAD_M, (POINTS, 2))
    points = shapely.points(places)
    sample = points[random.choice(POINTS, SAMPLE, replace=False)]
    source = "Porto Alegre (OpenStreetMap), side by side" if real else "synthetic grid town (real data absent)"
    print(f"{source}: {len(network.tail):,} edges, {len(vertices):,} vertices; {POINTS:,} points\n")

    begin = time.perf_counter()
    locate(network, sample[:1], LIMIT_M)
    print(
        f"  {'first call in this process, with loading or compiling kernels':62s} {time.perf_counter() - begin:8.2f} s"
    )
    (built, planted), (grid, tree) = timed(runs, lambda: RoadGrid(network), lambda: planted_tree(network, sample[:1]))
    row("index: RoadGrid", built)
    row("index: STRtree", planted)
    scale = POINTS / SAMPLE
    (mine, theirs, single), _results = timed(
        runs,
        lambda: locate(network, points, LIMIT_M, grid=grid),
        lambda: tree.query_nearest(sample, all_matches=True),
        lambda: [locate(network, sample[i : i + 1], LIMIT_M, grid=grid) for i in range(1000)],
    )
    our_s = row("locate, grid built", mine)
    tree_s = row(f"STRtree.query_nearest ({SAMPLE:,} points, scaled)", theirs, scale)
    print(f"  {'locate one point, grid built':62s} {statistics.median(single) * 1000:8.0f} us")
    print(f"\nratio: {tree_s / our_s:.1f}; with both indexes built: ", end="")
    print(f"{(tree_s + statistics.median(planted)) / (our_s + statistics.median(built)):.1f}")
    compare(network, sample, first_of_equals(tree, sample), locate(network, sample, LIMIT_M, grid=grid))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"the grid takes {grid.nbytes / 1e6:.0f} MB; peak of the process with both and the points {peak:,.0f} MB")


def planted_tree(network: Network, points: NDArray[np.object_]) -> shapely.STRtree:
    """A tree that has been asked once: it is built by the first question."""
    tree = shapely.STRtree(network.lines)
    tree.query_nearest(points)
    return tree


if __name__ == "__main__":
    main()
