"""The most memory that each function of the network package takes besides what was there before, its result included.

Run: ``python benchmarks/memory.py [NETWORK]`` (see ``engine.py``; ``poa:500000`` when none is given). Linux only: the kernel
measures. Each line is a process of its own, so that no function finds memory that another has given back.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely
from engine import FACILITIES, HOMES, LIMIT_MS, SOURCES, TREES, forget_peak_memory
from networks import at_nodes, named

from geoplan.network import (
    AreaDrawer,
    EdgeTimes,
    KernelTravelTimes,
    NearestField,
    Network,
    RoadGraph,
    RoadGrid,
    locate,
    walking,
    warm_up,
)

POINTS = 100_000
_STATUS = Path("/proc/self/status")


def kilobytes(name: str) -> int:
    """A figure that the kernel has of this process."""
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(line.split()[1])


class Question:
    """A network with what is asked of it; a method makes ready and gives what is to be measured, and per how many of what."""

    def __init__(self, network: Network) -> None:
        # Straight lines from end to end, which copies of a network do not have.
        ends = np.stack([network.xy[network.tail], network.xy[network.head]], axis=1)
        self.network = replace(network, lines=shapely.linestrings(ends))
        self.times: EdgeTimes = walking(self.network, 1.0)
        used = np.unique(np.concatenate([network.tail, network.head]))
        self.nodes = np.random.default_rng(0).permutation(used)

    def road_graph(self) -> tuple[Callable[[], object], int, str]:
        """Packing a network."""
        return lambda: RoadGraph(self.network, self.times), len(self.network.tail), "edge"

    def nearest_field(self) -> tuple[Callable[[], object], int, str]:
        """The nearest of 100 facilities, for the whole network."""
        graph, places = RoadGraph(self.network, self.times), at_nodes(self.network, self.nodes[:FACILITIES])
        return lambda: NearestField(graph).add(places), len(self.network.xy), "node"

    def within(self) -> tuple[Callable[[], object], int, str]:
        """2,000 facilities to 10,000 homes."""
        engine, nodes = KernelTravelTimes(self.network, self.times), self.nodes
        places, homes = at_nodes(self.network, nodes[:SOURCES]), at_nodes(self.network, nodes[-HOMES:])
        return lambda: engine.within(homes, places, LIMIT_MS), len(self.network.xy), "node"

    def reached(self) -> tuple[Callable[[], object], int, str]:
        """What each of 200 facilities reaches, dense."""
        engine, places = KernelTravelTimes(self.network, self.times), at_nodes(self.network, self.nodes[:TREES])
        return lambda: engine.reached(places, LIMIT_MS), TREES * len(self.network.xy), "node and facility"

    def road_grid(self) -> tuple[Callable[[], object], int, str]:
        """The index of roads that points are located with."""
        return lambda: RoadGrid(self.network), 2 * len(self.network.tail), "vertex"

    def locate(self) -> tuple[Callable[[], object], int, str]:
        """100,000 points."""
        grid, random = RoadGrid(self.network), np.random.default_rng(1)
        xy = self.network.xy[random.choice(self.nodes, POINTS)] + random.normal(0, 40, (POINTS, 2))
        points = shapely.points(xy)
        return lambda: locate(self.network, points, 500.0, grid=grid), POINTS, "point"

    def area_drawer(self) -> tuple[Callable[[], object], int, str]:
        """The raster of nearest roads."""
        drawer = AreaDrawer(self.network, self.times)
        cells = len(drawer.raster.cells.column)
        del drawer
        return lambda: AreaDrawer(self.network, self.times), cells, "cell near a road"


ASKED = ("road_graph", "nearest_field", "within", "reached", "road_grid", "locate", "area_drawer")


def measure(name: str, asked: str) -> None:
    """Print one line."""
    warm_up(lambda: None)
    network, _title = named(name)
    question = Question(network)
    work, count, unit = getattr(question, asked)()
    forget_peak_memory()
    before = kilobytes("VmRSS")
    result = work()
    peak, after = kilobytes("VmHWM") - before, kilobytes("VmRSS") - before
    assert result is not None
    per = f"{peak * 1024 / count:8.1f} bytes per {unit}"
    print(f"  {asked:16s}{peak / 1024:9.1f} MB at most {after / 1024:9.1f} MB then   {per}", flush=True)


def main() -> None:
    """Print the table of a network."""
    name = sys.argv[1] if len(sys.argv) > 1 else "poa:500000"
    if len(sys.argv) > 2:
        measure(name, sys.argv[2])
        return
    if not _STATUS.exists():
        sys.exit("memory is measured on Linux only")
    print(f"memory besides what was there before, {name}")
    # Every array of more than 64 kB comes from the system and goes back to it when it is given back (glibc).
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    for asked in ASKED:
        subprocess.run([sys.executable, __file__, name, asked], check=True, env=environment)  # noqa: S603 - ourselves


if __name__ == "__main__":
    main()
