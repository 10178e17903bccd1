"""The demo county assessed, stage by stage, beside what planners script today with OSMnx and networkx.

Run: ``python benchmarks/assess_demo.py [RUNS]``. Both work on the same layers in the same process, in turn; medians
and spread over the runs after one warm-up. The recipe is the one of the OSMnx examples: the nearest node of every
facility and home, an ``ego_graph`` of 15 minutes round each facility, its edges buffered and united, homes inside a
polygon are covered. It leaves out the way to the road and counts by polygon, so its figure differs; that is printed too.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx
import shapely
from networks import recipe_graph

from geoplan import report
from geoplan.assess import Assessment, assess
from geoplan.layers import load_layers
from geoplan.standards import load_pack

ROOT = Path(__file__).resolve().parents[1]
_SAME_WORK = ("locate", "travel times, coverage", "draw service areas")
MINUTES, SPEED, MARGIN_M = 15, 1.0, 50.0

Stages = dict[str, np.ndarray]


class Clock:
    """Adds up the seconds between named stages, by the clock and of the processor."""

    def __init__(self) -> None:
        self.stages: Stages = {}
        self._last = self._now()
        self._name = ""

    def __call__(self, name: str) -> None:
        """The stage before ends here and this one begins."""
        now = self._now()
        if self._name:
            self.stages[self._name] = self.stages.get(self._name, 0.0) + now - self._last
        self._name, self._last = name, now

    @staticmethod
    def _now() -> np.ndarray:
        return np.array([time.perf_counter(), time.process_time()])


def ours(out: Path) -> tuple[Assessment, Stages]:
    """What ``geoplan assess`` does, from the files to the files."""
    clock = Clock()
    clock("read and check layers")
    layers = load_layers(ROOT)
    pack = load_pack("heshan")
    names = iter(["build network", "locate", "travel times, coverage", "rules"])
    assessment = assess(layers, pack, progress=lambda _stage: clock(next(names)))
    clock("draw service areas")  # drawn when they are first looked at
    assert len(assessment.service_areas)
    clock("write results")
    report.write_results(assessment, out)
    clock("")
    return assessment, clock.stages


def recipe(assessment: Assessment) -> tuple[float, Stages]:
    """The OSMnx recipe on the same roads, facilities and homes; the covered share of people of 60 and over."""
    clock = Clock()
    clock("networkx graph")
    graph = recipe_graph(assessment.network, assessment.network.edge_ms(SPEED))
    clock("nearest nodes")
    demand, facilities = assessment.layers.frames["demand"], assessment.facilities
    sites = osmnx.distance.nearest_nodes(graph, facilities.geometry.x.to_numpy(), facilities.geometry.y.to_numpy())
    osmnx.distance.nearest_nodes(graph, demand.geometry.x.to_numpy(), demand.geometry.y.to_numpy())
    clock("ego graphs, buffers, union")
    areas = [_isochrone(graph, site) for site in sites]
    clock("count")
    together = shapely.union_all(areas)
    inside = shapely.contains(together, demand.geometry.to_numpy())
    share = float(demand["pop60"][inside].sum() / demand["pop60"].sum())
    clock("")
    return share, clock.stages


def _isochrone(graph: nx.MultiDiGraph, site: int) -> shapely.Geometry:
    reached = nx.ego_graph(graph, site, radius=MINUTES * 60, distance="time")
    points = shapely.points([(data["x"], data["y"]) for _node, data in reached.nodes(data=True)])
    lines = [data["geometry"] for _start, _end, data in reached.edges(data=True)]
    return shapely.union_all(
        np.concatenate([shapely.buffer(points, MARGIN_M), shapely.buffer(np.array(lines, dtype=object), MARGIN_M)])
    )


def _report(title: str, runs: list[Stages]) -> None:
    print(f"\n{title}")
    for stage in runs[0]:
        _row(stage, [run[stage] for run in runs])
    _row("total", _totals(runs, tuple(runs[0])))


def _row(stage: str, times: list[np.ndarray]) -> None:
    (clock, processor), spread = np.median(times, axis=0), [time[0] for time in times]
    print(f"  {stage:32s} {clock:8.2f} s   ({min(spread):.2f}-{max(spread):.2f})  {processor:8.2f} s of processor")


def _totals(runs: list[Stages], stages: tuple[str, ...]) -> list[np.ndarray]:
    return [sum(run[stage] for stage in stages) for run in runs]


def _runs(count: int) -> Iterator[bool]:
    """Whether a run counts: all but the first."""
    yield False
    for _run in range(count):
        yield True


def main() -> None:
    """Print both, their ratio and the peak memory."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    mine: list[Stages] = []
    theirs: list[Stages] = []
    peak = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for counts in _runs(count):
            assessment, stages = ours(Path(folder))
            peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            if counts:
                mine.append(stages)
            share, stages = recipe(assessment)
            if counts:
                theirs.append(stages)
    row = assessment.coverages[0].units.iloc[0]
    network = assessment.network
    print(
        f"demo county (synthetic): {len(network.tail):,} edges, {len(assessment.facilities)} facilities, {len(assessment.layers.frames['demand'])} homes"
    )
    _report("geoplan, files to files", mine)
    _report("OSMnx / networkx recipe, on the network that geoplan built", theirs)
    same = np.median(_totals(mine, _SAME_WORK), axis=0)
    other = np.median(_totals(theirs, tuple(theirs[0])), axis=0)
    clock, processor = other / same
    print(
        f"\nthe same work (locate, reach, draw, count): recipe {other[0]:.2f} s / geoplan {same[0]:.2f} s = {clock:.1f}"
    )
    print(
        f"by processor time {processor:.1f}; geoplan draws {len(assessment.service_areas)} areas (one for each service of a facility), the recipe",
        end=" ",
    )
    print(f"{len(assessment.facilities)}, one for each")
    print(f"covered 60+: geoplan {row['pop60_covered'] / row['pop60']:.2%}, recipe {share:.2%}")
    print(f"peak memory up to the end of geoplan's first run: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
