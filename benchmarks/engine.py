"""Searches of the engine beside scipy, networkx, the OSMnx recipe and pandana: same network, same run, same answers.

Run: ``python benchmarks/engine.py [NETWORK ...]``, a network being ``poa`` (Porto Alegre's streets) or ``demo`` (the demo
county), as it is or with a number of edges that copies of it are joined to: ``poa:80000``. Runs of geoplan and its peers
alternate; medians, spread and ratios are printed, the ratio of processor times beside that of the clock: it is what is left of
it where other programs take the processor. A peer that would take too long is timed on a sample, which the table
says. networkx, the recipe and pandana (AGPL; the extra ``bench``) are in the table up to 150,000 edges.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import numpy as np
from networks import at_nodes, named, recipe_graph, scipy_graph
from scipy.sparse.csgraph import dijkstra

from geoplan.network import EdgeTimes, KernelTravelTimes, Locations, NearestField, Network, warm_up
from geoplan.network.buckets import SHIFT, UNREACHED_STATE

NETWORKS = ["poa", "demo", "poa:80000", "demo:80000", "poa:500000", "poa:2000000"]
LIMIT_MS = 900_000
RUNS, SLOW_RUNS = 7, 3
FACILITIES, TREES, SOURCES, HOMES, EDITS = 100, 200, 2_000, 10_000, 200
OTHER_WORK = np.zeros(12_000_000)  # 96 MB: going through it leaves nothing else in the processor's caches
COUNTY_EDGES = 80_000  # has 100 facilities; larger networks are asked with 100 and with as many a county as this
SMALL = 150_000  # edges up to which the slow peers take part


@dataclass(frozen=True)
class Peer:
    """Somebody else's way to do a task, or a share of the task."""

    work: Callable[[], object]
    share: float = 1.0
    runs: int = RUNS


class Seconds(NamedTuple):
    """How long a call takes."""

    clock: float
    processor: float  # of all threads together

    @classmethod
    def of(cls, work: Callable[[], object], share: float = 1.0) -> Seconds:
        """Time a call that is a share of the task."""
        clock, processor = time.perf_counter(), time.process_time()
        work()
        return cls((time.perf_counter() - clock) / share, (time.process_time() - processor) / share)

    @classmethod
    def median(cls, times: list[Seconds]) -> Seconds:
        """The median of each."""
        return cls(*(statistics.median(column) for column in zip(*times, strict=True)))


def compare(task: str, work: Callable[[], object], peers: dict[str, Peer]) -> None:
    """Time a task and its peers in turn after one warm-up of each, and print them."""
    everyone = {"geoplan": Peer(work), **peers}
    for peer in everyone.values():
        peer.work()
    taken: dict[str, list[Seconds]] = {name: [] for name in everyone}
    for run in range(RUNS):
        for name, peer in everyone.items():
            if run < peer.runs:
                taken[name].append(Seconds.of(peer.work, peer.share))
    print(f"\n{task}")
    samples = {name: f"timed on {peer.share:.1%} of it" if peer.share < 1 else "" for name, peer in everyone.items()}
    for name, times in taken.items():
        beside = "" if name == "geoplan" else ratio(Seconds.median(times), Seconds.median(taken["geoplan"]))
        row(name, times, f"{beside} {samples[name]}")


def row(name: str, times: list[Seconds], note: str) -> None:
    """One line of a table."""
    clock = [taken.clock for taken in times]
    spread = f"({min(clock) * 1e3:.2f}-{max(clock) * 1e3:.2f})"
    print(f"  {name:26s} {statistics.median(clock) * 1e3:12.2f} ms  {spread:26s} {note}".rstrip(), flush=True)


def ratio(slow: Seconds, fast: Seconds) -> str:
    """How many times as fast, by the clock and by processor time."""
    return f"{slow.clock / fast.clock:9.1f}x {slow.processor / fast.processor:9.1f}x"


def pandana_network(network: Network, ms: np.ndarray) -> object | None:
    """The same network in pandana, where it is installed; in seconds, for with milliseconds as weights it never finishes."""
    if importlib.util.find_spec("pandana") is None:
        return None
    import pandana  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    x, y = (pd.Series(column) for column in network.xy.T)
    weights = pd.DataFrame({"seconds": ms / 1000})
    return pandana.Network(x, y, pd.Series(network.tail), pd.Series(network.head), weights, twoway=True)


class Bench:
    """One network with all that is asked of it."""

    def __init__(self, network: Network) -> None:
        self.network, self.edges = network, len(network.tail)
        # Lengths of zero take 1 ms: scipy's sparse graphs know no arc of zero.
        self.ms = np.maximum(network.edge_ms(1.0), 1)
        self.times = EdgeTimes(self.ms, self.ms, 1.0)
        self.engine = KernelTravelTimes(network, self.times)
        self.graph = self.engine.graph
        self.rng = np.random.default_rng(0)
        self.used = np.unique(np.concatenate([network.tail, network.head]))
        self.matrix_peak = self.memory_of_matrix()
        self.scipy = scipy_graph(network, self.ms)
        small = self.edges <= SMALL
        self.networkx = recipe_graph(network, self.ms) if small else None
        self.pandana = pandana_network(network, self.ms) if small else None

    def nodes(self, count: int) -> np.ndarray:
        """Random nodes that have a road."""
        return self.rng.choice(self.used, count, replace=False)

    def field(self, facilities: np.ndarray) -> NearestField:
        """The nearest of facilities at nodes, searched from scratch."""
        field = NearestField(self.graph)
        field.add(at_nodes(self.network, facilities))
        return field

    def nearest(self) -> None:
        """The nearest of 100 facilities for every node."""
        nodes = self.nodes(FACILITIES)
        places = at_nodes(self.network, nodes)
        state = self.field(nodes).state
        reference = dijkstra(self.scipy, indices=nodes, min_only=True)
        reached = np.isfinite(reference)
        assert ((state == UNREACHED_STATE) == ~reached).all()
        assert ((state[reached] >> SHIFT).astype(float) == reference[reached]).all()
        peers = {"scipy": Peer(lambda: dijkstra(self.scipy, indices=nodes, min_only=True))}
        if self.networkx is not None:
            sources = set(nodes.tolist())
            search = lambda: nx.multi_source_dijkstra_path_length(self.networkx, sources, weight="ms")  # noqa: E731
            assert all(reference[node] == ms for node, ms in search().items())
            peers["networkx"] = Peer(search, runs=SLOW_RUNS)
        if self.pandana is not None:
            farthest = float(reference[reached].max()) / 1000 + 1
            self.pandana.set_pois("site", farthest, 1, *self.network.xy[nodes].T)
            search = lambda: self.pandana.nearest_pois(farthest, "site", num_pois=1)  # noqa: E731
            peers["pandana"] = Peer(search, runs=SLOW_RUNS)
        compare(
            f"nearest of {FACILITIES} facilities, whole network", lambda: NearestField(self.graph).add(places), peers
        )

    def trees(self) -> None:
        """200 trees of 15 minutes."""
        nodes = self.nodes(TREES)
        places, everything = at_nodes(self.network, nodes), np.arange(TREES)
        sample = nodes[: TREES if self.edges <= SMALL else 20]
        first, reached, ms = self.engine.trees(places, everything, LIMIT_MS)
        for i, node in enumerate(sample):
            distance = dijkstra(self.scipy, indices=node, limit=LIMIT_MS)
            mine = slice(first[i], first[i + 1])
            assert np.isfinite(distance).sum() == len(reached[mine])
            assert (distance[self.graph.order[reached[mine]]] == ms[mine]).all()
        together = lambda: dijkstra(self.scipy, indices=sample, limit=LIMIT_MS)  # noqa: E731
        one_by_one = lambda: [dijkstra(self.scipy, indices=node, limit=LIMIT_MS) for node in sample]  # noqa: E731
        share = len(sample) / TREES
        peers = {"scipy": Peer(one_by_one, share, SLOW_RUNS), "scipy, in one call": Peer(together, share, SLOW_RUNS)}
        if self.networkx is not None:
            each = nodes.tolist()
            recipe = lambda: [nx.ego_graph(self.networkx, node, radius=LIMIT_MS, distance="ms") for node in each]  # noqa: E731
            peers["OSMnx recipe (ego_graph)"] = Peer(recipe, runs=SLOW_RUNS)
        if self.pandana is not None:
            some = nodes[:20].tolist()
            peers["pandana"] = Peer(
                lambda: self.pandana.nodes_in_range(some, LIMIT_MS / 1000), len(some) / TREES, SLOW_RUNS
            )
        compare(f"{TREES} trees of 15 minutes", lambda: self.engine.trees(places, everything, LIMIT_MS), peers)

    def memory_of_matrix(self) -> str:
        """The most memory that the matrix takes, before any peer is there."""
        places, homes = (at_nodes(self.network, self.nodes(count)) for count in (SOURCES, HOMES))
        forget_peak_memory()
        self.engine.within(homes, places, LIMIT_MS)
        return peak_memory_mb()

    def matrix(self) -> None:
        """2,000 facilities to 10,000 homes within 15 minutes."""
        sites, homes = self.nodes(SOURCES), self.nodes(HOMES)
        places, homes_at = at_nodes(self.network, sites), at_nodes(self.network, homes)
        trips = self.engine.within(homes_at, places, LIMIT_MS)
        sample = sites[: 256 if self.edges <= SMALL else 64]
        search = lambda: dijkstra(self.scipy, indices=sample, limit=LIMIT_MS)[:, homes]  # noqa: E731
        distance = search()
        rows, columns = np.nonzero(np.isfinite(distance))
        here = trips.facility < len(sample)
        assert (trips.facility[here] == rows).all()
        assert (trips.home[here] == columns).all()
        assert (trips.ms[here] == distance[rows, columns]).all()
        compare(
            f"{SOURCES:,} facilities to {HOMES:,} homes within 15 minutes ({len(trips.ms):,} trips)",
            lambda: self.engine.within(homes_at, places, LIMIT_MS),
            {"scipy, in chunks": Peer(search, len(sample) / SOURCES, SLOW_RUNS)},
        )
        print(
            f"  most memory of geoplan's process during it, libraries, network and graph included: {self.matrix_peak}"
        )

    def repair(self, facilities: int) -> None:
        """Adding and removing one facility, closing and opening a road, against the search from scratch."""
        nodes = self.nodes(facilities)
        places, field, before = at_nodes(self.network, nodes), self.field(nodes), self.field(nodes).state
        whole = self.searches(places)
        taken, touched = self.edits(field, facilities, OTHER_WORK[:1])
        cold, _touched = self.edits(field, facilities, OTHER_WORK)
        roads = self.road_edits(field)
        assert (field.state == before).all()
        print(f"\nrepair of the nearest of {facilities:,} facilities, {EDITS} edits; an added one takes", end=" ")
        print(f"{statistics.median(touched):,.0f} nodes")
        whole += self.searches(places)
        row("own search from scratch", whole, "")
        cold = {f"{name}, caches cold": times for name, times in cold.items()}
        for name, times in {**taken, **cold, **roads}.items():
            row(name, times, ratio(Seconds.median(whole), Seconds.median(times)))

    def searches(self, places: Locations) -> list[Seconds]:
        """How long searches from scratch take."""
        return [Seconds.of(lambda: NearestField(self.graph).add(places)) for _run in range(SLOW_RUNS)]

    def edits(self, field: NearestField, label: int, between: np.ndarray) -> tuple[dict[str, list[Seconds]], list[int]]:
        """Facilities added at random nodes and removed again, one after the other, with other work ``between`` edits."""
        taken: dict[str, list[Seconds]] = {"add": [], "remove": []}
        touched: list[int] = []
        places = [at_nodes(self.network, np.array([node])) for node in self.nodes(EDITS)]  # goes through all edges
        for place in places:
            between += 1
            taken["add"].append(Seconds.of(lambda p=place: touched.append(len(field.add(p, np.array([label]))))))
            between += 1
            taken["remove"].append(Seconds.of(lambda: field.remove(label)))
        return taken, touched

    def road_edits(self, field: NearestField) -> dict[str, list[Seconds]]:
        """Roads closed at random and opened again."""
        taken: dict[str, list[Seconds]] = {"close a road": [], "open it": []}
        for edge in self.rng.integers(0, self.edges, (EDITS, 1)):
            closed = self.times.closed(edge)
            taken["close a road"].append(Seconds.of(lambda c=closed: field.change_roads(self.network, c)))
            taken["open it"].append(Seconds.of(lambda: field.change_roads(self.network, self.times)))
        return taken


def forget_peak_memory() -> None:
    """Let the kernel measure the most memory of this process from now on (Linux)."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mb() -> str:
    """The most memory of this process since then."""
    status = Path("/proc/self/status")
    if not status.exists():
        return "not known on this system"
    peak = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return f"{int(peak.split()[1]) / 1024:,.0f} MB"


def main() -> None:
    """Print the tables of one network, or of several, each in a process of its own: memory is measured too."""
    names = sys.argv[1:] or NETWORKS
    if len(names) > 1:
        # Where kernels must be compiled, that takes memory which the processes below do not count then.
        compile_first = "from geoplan.network import warm_up; warm_up(lambda: print('compiling once ...'))"
        subprocess.run([sys.executable, "-c", compile_first], check=True)  # noqa: S603
        for name in names:
            subprocess.run([sys.executable, __file__, name], check=True)  # noqa: S603 - ourselves
        return
    warm_up(lambda: print("compiling once ..."))
    network, title = named(names[0])
    print(f"\n=== {title}: {len(network.xy):,} nodes, {len(network.tail):,} edges ===", flush=True)
    bench = Bench(network)
    bench.nearest()
    bench.trees()
    bench.matrix()
    bench.repair(FACILITIES)
    if bench.edges > SMALL:
        bench.repair(FACILITIES * bench.edges // COUNTY_EDGES)


if __name__ == "__main__":
    main()
