"""Searches of the engine beside scipy, networkx, the OSMnx recipe and pandana: same network, same run, same answers.

Run: ``python benchmarks/engine.py [EDGES ...]`` (0 is the network as it is; default ``0 500000``; 2000000 needs 3 GB).
Prints medians and spread of the timed runs and the ratio to each peer. A peer that would take too long is timed on a
sample, which the table says. pandana (AGPL) is no dependency: ``pip install pandana`` beside it to have it in the table.
"""

from __future__ import annotations

import importlib.util
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import networkx as nx
import numpy as np
from networks import at_nodes, real_streets, scipy_graph, tiled
from scipy.sparse.csgraph import dijkstra

from geoplan.network import KernelTravelTimes, NearestField, Network, RoadGraph, walking
from geoplan.network.kernels import LOW, SHIFT, UNREACHED_STATE

LIMIT_MS = 900_000
RUNS = 5
FACILITIES, TREES, SOURCES, HOMES = 100, 200, 2_000, 10_000
NETWORKX_EDGES = 100_000  # beyond, networkx is left out


@dataclass
class Timing:
    """Seconds of several runs, scaled to the whole task when only a sample of it was run."""

    seconds: list[float]
    sample: str = ""

    @property
    def median(self) -> float:
        """The middle run."""
        return statistics.median(self.seconds)


def timed(work: Callable[[], object], runs: int = RUNS, share: float = 1.0) -> Timing:
    """Time a task after one warm-up; ``share`` of the whole task is what it does."""
    work()
    seconds = []
    for _run in range(runs):
        begin = time.perf_counter()
        work()
        seconds.append((time.perf_counter() - begin) / share)
    return Timing(seconds, "" if share == 1 else f"sample of {share:.1%}")


def table(task: str, ours: Timing, peers: dict[str, Timing]) -> None:
    """Print one task: ours, then each peer with its ratio."""
    print(f"\n{task}")
    rows = {"geoplan": ours, **peers}
    for name, timing in rows.items():
        ratio = "" if name == "geoplan" else f"{timing.median / ours.median:9.1f}x"
        spread = f"({min(timing.seconds) * 1e3:.2f}-{max(timing.seconds) * 1e3:.2f})"
        print(f"  {name:22s} {timing.median * 1e3:12.2f} ms  {spread:24s} {ratio} {timing.sample}")


def networkx_graph(network: Network, ms: np.ndarray) -> nx.MultiDiGraph:
    """Both directions of every edge, as OSMnx has it."""
    graph = nx.MultiDiGraph()
    for tail, head, cost in zip(network.tail.tolist(), network.head.tolist(), ms.tolist(), strict=True):
        graph.add_edge(tail, head, ms=cost)
        graph.add_edge(head, tail, ms=cost)
    return graph


def pandana_network(network: Network, ms: np.ndarray) -> object | None:
    """The same network in pandana, where it is installed."""
    if importlib.util.find_spec("pandana") is None:
        return None
    import pandana  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    x, y = (pd.Series(column) for column in network.xy.T)
    weights = pd.DataFrame({"ms": ms.astype(float)})
    return pandana.Network(x, y, pd.Series(network.tail), pd.Series(network.head), weights, twoway=True)


class Bench:
    """One network with all that is asked of it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        times = walking(network, 1.0)
        self.ms = np.maximum(times.forward, 1)
        self.times = type(times)(self.ms, self.ms, 1.0)
        self.graph = RoadGraph(network, self.times)
        self.engine = KernelTravelTimes(network, self.times)
        self.scipy = scipy_graph(network, self.ms)
        self.small = len(network.tail) <= NETWORKX_EDGES
        self.networkx = networkx_graph(network, self.ms) if self.small else None
        self.pandana = pandana_network(network, self.ms) if self.small else None
        self.rng = np.random.default_rng(0)
        self.used = np.unique(np.concatenate([network.tail, network.head]))

    def nodes(self, count: int) -> np.ndarray:
        """Random nodes that have a road."""
        return self.rng.choice(self.used, count, replace=False)

    def nearest(self) -> None:
        """The nearest of 100 facilities for every node."""
        nodes = self.nodes(FACILITIES)
        places = at_nodes(self.network, nodes)

        def ours() -> np.ndarray:
            field = NearestField(self.graph)
            field.add(places)
            return field.state

        state = ours()[self.graph.rank]
        reference = dijkstra(self.scipy, indices=nodes, min_only=True)
        reached = np.isfinite(reference)
        assert ((state == UNREACHED_STATE) == ~reached).all()
        assert ((state[reached] >> SHIFT).astype(float) == reference[reached]).all()
        peers = {"scipy": timed(lambda: dijkstra(self.scipy, indices=nodes, min_only=True))}
        if self.networkx is not None:
            sources = set(nodes.tolist())
            search = lambda: nx.multi_source_dijkstra_path_length(self.networkx, sources, weight="ms")  # noqa: E731
            assert all(reference[node] == ms for node, ms in search().items())
            peers["networkx"] = timed(search)
        if self.pandana is not None:
            xy = self.network.xy[nodes]
            self.pandana.set_pois("site", 1e9, 1, xy[:, 0], xy[:, 1])
            peers["pandana"] = timed(lambda: self.pandana.nearest_pois(1e9, "site", num_pois=1))
        table(f"nearest of {FACILITIES} facilities, whole network", timed(ours), peers)

    def trees(self) -> None:
        """200 trees of 15 minutes."""
        nodes = self.nodes(TREES)
        places = at_nodes(self.network, nodes)
        everything = np.arange(TREES)

        def ours() -> int:
            return sum(len(reached) for _facility, reached, _time in trees(np.arange(TREES)))

        sample = nodes if self.small else nodes[:20]
        distance = dijkstra(self.scipy, indices=sample, limit=LIMIT_MS)
        for row, (_facility, reached, times) in enumerate(itertools.islice(trees(np.arange(TREES)), len(sample))):
            known = np.isfinite(distance[row])
            assert known.sum() == len(reached)
            assert (times[self.graph.rank[known]] == distance[row][known]).all()
        del distance
        search = lambda: [dijkstra(self.scipy, indices=node, limit=LIMIT_MS) for node in sample]  # noqa: E731
        peers = {"scipy": timed(search, 3, len(sample) / TREES)}
        if self.networkx is not None:
            few = nodes[:4].tolist()
            recipe = lambda: [nx.ego_graph(self.networkx, node, radius=LIMIT_MS, distance="ms") for node in few]  # noqa: E731
            peers["OSMnx recipe (ego_graph)"] = timed(recipe, 1, len(few) / TREES)
        if self.pandana is not None:
            peers["pandana"] = timed(lambda: self.pandana.nodes_in_range(nodes[:20].tolist(), LIMIT_MS), 1, 20 / TREES)
        table(f"{TREES} trees of 15 minutes", timed(ours), peers)

    def matrix(self) -> None:
        """2,000 facilities to 10,000 homes within 15 minutes."""
        sites, homes = self.nodes(SOURCES), self.nodes(HOMES)
        places, homes_at = at_nodes(self.network, sites), at_nodes(self.network, homes)
        trips = self.engine.within(homes_at, places, LIMIT_MS)
        sample = sites[: 200 if self.small else 32]
        distance = dijkstra(self.scipy, indices=sample, limit=LIMIT_MS)[:, homes]
        rows, columns = np.nonzero(np.isfinite(distance))
        here = trips.facility < len(sample)
        assert (trips.facility[here] == rows).all()
        assert (trips.home[here] == columns).all()
        assert (trips.ms[here] == distance[rows, columns]).all()
        del distance
        search = lambda: dijkstra(self.scipy, indices=sample, limit=LIMIT_MS)[:, homes]  # noqa: E731
        peers = {"scipy, chunked": timed(search, 3, len(sample) / SOURCES)}
        table(
            f"{SOURCES:,} facilities to {HOMES:,} homes within 15 minutes",
            timed(lambda: self.engine.within(homes_at, places, LIMIT_MS)),
            peers,
        )

    def repair(self) -> None:
        """Adding and removing one facility, against the search from scratch."""
        field = NearestField(RoadGraph(self.network, self.times))
        field.add(at_nodes(self.network, self.nodes(FACILITIES)))
        extra = [at_nodes(self.network, self.nodes(1)) for _ in range(50)]
        before = field.state.copy()
        added, removed = [], []
        for number, place in enumerate(extra):
            begin = time.perf_counter()
            field.add(place, np.array([FACILITIES + number]))
            middle = time.perf_counter()
            field.remove(FACILITIES + number)
            added.append(middle - begin)
            removed.append(time.perf_counter() - middle)
        assert (field.state == before).all()
        assert (field.state & LOW)[field.state != UNREACHED_STATE].max() < FACILITIES
        fresh = NearestField(self.graph)
        labels = at_nodes(self.network, np.random.default_rng(0).choice(self.used, FACILITIES, replace=False))
        whole = timed(lambda: NearestField(self.graph).add(labels))
        del fresh
        table("repair after adding a facility", Timing(added), {"own search from scratch": whole})
        table("repair after removing it", Timing(removed), {"own search from scratch": whole})


def main() -> None:
    """Print the tables for every size asked for."""
    sizes = [int(size) for size in sys.argv[1:]] or [0, 500_000]
    network, name = real_streets()
    for size in sizes:
        bench = Bench(tiled(network, size) if size else network)
        copies = " in joined copies" if size else ""
        print(f"\n=== {name}{copies}: {len(bench.network.xy):,} nodes, {len(bench.network.tail):,} edges ===")
        bench.nearest()
        bench.trees()
        bench.matrix()
        bench.repair()


if __name__ == "__main__":
    main()
