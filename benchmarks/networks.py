"""Networks of the benchmarks: the demo county, Porto Alegre's real streets, and copies of either joined to a large one."""

from __future__ import annotations

import math
from pathlib import Path

import networkx as nx
import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from geoplan.crs import centre_lonlat, metric_crs
from geoplan.layers import load_layers
from geoplan.layers.osm import read_pbf
from geoplan.network import Locations, Network, build_network

ROOT = Path(__file__).resolve().parents[1]
PORTO_ALEGRE = ROOT.parent / "shared" / "data" / "porto_alegre" / "poa_osm.pbf"
_GAP_M = 200.0  # between two copies
_LINKS = 100  # roads that join two neighbouring copies


def demo_county() -> Network:
    """The demo county's network (synthetic)."""
    return build_network(load_layers(ROOT).frames["roads"])


def real_streets() -> tuple[Network, str]:
    """Porto Alegre's walkable streets where the data is there, else the demo county; and which it is."""
    if not PORTO_ALEGRE.is_file():
        return demo_county(), "demo county (synthetic; the real extract is not there)"
    roads = read_pbf(PORTO_ALEGRE).assign(walkable="")
    return build_network(roads.to_crs(metric_crs(*centre_lonlat(roads)))), "Porto Alegre (OSM)"


def named(name: str) -> tuple[Network, str]:
    """A network as the benchmarks name it (``poa``, ``demo``, ``poa:500000``), and what it is."""
    place, _colon, edges = name.partition(":")
    network, title = (demo_county(), "demo county (synthetic)") if place == "demo" else real_streets()
    return (tiled(network, int(edges)), f"{title} in joined copies") if edges else (network, title)


def recipe_graph(network: Network, ms: np.ndarray) -> nx.MultiDiGraph:
    """The network as OSMnx has it: both directions of every edge, with ``time`` in seconds, ``ms`` and geometry."""
    graph = nx.MultiDiGraph(crs=network.crs)
    graph.add_nodes_from((node, {"x": x, "y": y}) for node, (x, y) in enumerate(network.xy.tolist()))
    for tail, head, cost, line in zip(
        network.tail.tolist(), network.head.tolist(), ms.tolist(), network.lines, strict=True
    ):
        graph.add_edge(tail, head, time=cost / 1000, ms=cost, geometry=line)
        graph.add_edge(head, tail, time=cost / 1000, ms=cost, geometry=line)
    return graph


def tiled(network: Network, edges: int) -> Network:
    """Copies of a network side by side, neighbours joined by short roads, with at least so many edges.

    The lines are not copied: only searches are timed on it.
    """
    copies = math.ceil(edges / len(network.tail))
    columns = math.ceil(math.sqrt(copies))
    step = np.ptp(network.xy, axis=0) + _GAP_M
    nodes = len(network.xy)
    places = np.array([(copy % columns, copy // columns) for copy in range(copies)])
    xy = np.concatenate([network.xy + place * step for place in places])
    shift = np.repeat(np.arange(copies) * nodes, len(network.tail))
    tail, head = np.tile(network.tail, copies) + shift, np.tile(network.head, copies) + shift
    links = [_links(xy, nodes, one, other) for one, other in _neighbours(places)]
    tail = np.concatenate([tail, *(link[0] for link in links)])
    head = np.concatenate([head, *(link[1] for link in links)])
    length = np.concatenate([np.tile(network.length_m, copies), *(link[2] for link in links)])
    lines = np.empty(len(tail), dtype=object)
    return Network(xy, tail, head, length, lines, np.zeros(len(xy), dtype=np.int64), network.crs)


def _neighbours(places: np.ndarray) -> list[tuple[int, int]]:
    """Copies beside or above each other."""
    number = {tuple(place): copy for copy, place in enumerate(places.tolist())}
    pairs = [(copy, number.get((x + dx, y + dy))) for (x, y), copy in number.items() for dx, dy in ((1, 0), (0, 1))]
    return [(one, other) for one, other in pairs if other is not None]


def _links(xy: np.ndarray, nodes: int, one: int, other: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The shortest of the ways from nodes of one copy to the nearest node of another."""
    begin, end = one * nodes, other * nodes
    distance, nearest = cKDTree(xy[end : end + nodes]).query(xy[begin : begin + nodes])
    closest = np.argsort(distance, kind="stable")[:_LINKS]
    return closest + begin, nearest[closest] + end, distance[closest]


def at_nodes(network: Network, nodes: np.ndarray) -> Locations:
    """Places exactly at nodes, so that every peer can be asked for the same."""
    edge = np.full(len(network.xy), -1)
    along = np.zeros(len(network.xy))
    edge[network.head] = np.arange(len(network.head))
    along[network.head] = 1.0
    edge[network.tail] = np.arange(len(network.tail))
    along[network.tail] = 0.0
    return Locations(edge[nodes], along[nodes], np.zeros(len(nodes)))


def scipy_graph(network: Network, ms: np.ndarray) -> sp.csr_array:
    """The cheapest arc of each pair, both ways; zero lengths become 1 ms for scipy and for us alike."""
    start, end = np.concatenate([network.tail, network.head]), np.concatenate([network.head, network.tail])
    cost = np.concatenate([ms, ms])
    order = np.lexsort((cost, end, start))
    start, end, cost = start[order], end[order], cost[order]
    first = np.r_[True, (start[1:] != start[:-1]) | (end[1:] != end[:-1])] & (start != end)
    size = len(network.xy)
    pointers = np.zeros(size + 1, dtype=np.int32)
    np.cumsum(np.bincount(start[first], minlength=size), out=pointers[1:])
    return sp.csr_array((cost[first].astype(float), end[first].astype(np.int32), pointers), shape=(size, size))
