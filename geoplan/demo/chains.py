"""From lattice edges to smooth country road lines, joined to the towns' streets."""

from collections import defaultdict

import numpy as np

from geoplan.demo.county import County
from geoplan.demo.plane import BoolArray, FloatArray, IntArray, chaikin
from geoplan.demo.skeleton import NO_ROAD, Lattice
from geoplan.demo.ways import CLASSES, Ways

_NAMES = {"trunk": "示例国道", "primary": "示例省道", "secondary": "示例县道"}


def country_roads(county: County, lattice: Lattice, gates: FloatArray) -> Ways:
    """Draw the built lattice edges as smooth lines between junctions.

    Inside the towns the street grid takes over: a road that enters a town ends at the nearest gate, a street junction.
    """
    built = lattice.rank < NO_ROAD
    edges, ranks = lattice.edges[built], lattice.rank[built]
    inside = county.in_town(lattice.xy)
    edges, ranks = edges[~inside[edges].all(axis=1)], ranks[~inside[edges].all(axis=1)]
    xy, edges = _enter_towns(lattice.xy, edges, inside, gates)
    is_bridge = [(min(a, b), max(a, b)) in lattice.bridges for a, b in edges.tolist()]
    ways = Ways()
    for a, b in edges[np.array(is_bridge)].tolist():
        ways.add(xy[[a, b]], CLASSES[ranks[_find(edges, a, b)]], "示例大桥", grade=1)
    fixed = _fixed_nodes(edges, ranks, np.array(is_bridge), len(xy))
    ground = ~np.array(is_bridge)
    for nodes, rank in _chains(edges[ground], ranks[ground], fixed):
        if (xy[nodes[0]] != xy[nodes[-1]]).any():  # a road that leaves a town only to enter it again by the same gate
            ways.add(chaikin(xy[nodes], 2), CLASSES[rank], _NAMES.get(CLASSES[rank], ""))
    return ways


def _find(edges: IntArray, a: int, b: int) -> int:
    return int(np.flatnonzero((edges[:, 0] == a) & (edges[:, 1] == b))[0])


def _enter_towns(xy: FloatArray, edges: IntArray, inside: BoolArray, gates: FloatArray) -> tuple[FloatArray, IntArray]:
    """Replace the town end of each entering edge by a new node at the nearest gate."""
    edges, added = edges.copy(), [xy]
    count = len(xy)
    for k, end in np.argwhere(inside[edges]).tolist():
        outer = xy[edges[k, 1 - end]]
        nearest = int(np.argmin(((gates - outer) ** 2).sum(axis=1).round(2)))
        added.append(gates[nearest][None])
        edges[k, end] = count
        count += 1
    return np.vstack(added), edges


def _fixed_nodes(edges: IntArray, ranks: IntArray, is_bridge: BoolArray, count: int) -> BoolArray:
    """Nodes that smoothing must not move: junctions, ends, bridge ends, and where the class changes."""
    degree = np.bincount(edges.ravel(), minlength=count)
    highest, lowest = np.zeros(count, dtype=np.int64), np.full(count, NO_ROAD, dtype=np.int64)
    for column in edges.T:
        np.maximum.at(highest, column, ranks)
        np.minimum.at(lowest, column, ranks)
    fixed = (degree != 2) | (highest != lowest)  # noqa: PLR2004
    fixed[edges[is_bridge].ravel()] = True
    return np.asarray(fixed)


def _chains(edges: IntArray, ranks: IntArray, fixed: BoolArray) -> list[tuple[list[int], int]]:
    """Runs of edges from one fixed node to the next, with their class."""
    near: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for k, (a, b) in enumerate(edges.tolist()):
        near[a].append((b, k))
        near[b].append((a, k))
    used: set[int] = set()
    chains = []
    for start in sorted(node for node in near if fixed[node]):
        for first, k in near[start]:
            if k in used:
                continue
            nodes, edge = [start, first], k
            used.add(edge)
            while not fixed[nodes[-1]]:
                following, edge = next((node, other) for node, other in near[nodes[-1]] if other != edge)
                nodes.append(following)
                used.add(edge)
            chains.append((nodes, int(ranks[k])))
    return chains
