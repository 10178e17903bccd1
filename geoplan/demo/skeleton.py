"""Country roads as least-effort paths over the synthetic relief, so that they wind along valleys and merge.

Paths are found on a jittered lattice whose edges do not touch water; the few bridges are edges of their own.
"""

import itertools
from dataclasses import dataclass, field

import numpy as np
import shapely
import shapely.ops
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoplan.demo.county import County
from geoplan.demo.plane import FloatArray, IntArray, Point, round_cm, stream
from geoplan.demo.terrain import Noise

STEP_M = 180.0
_WEST_M, _SOUTH_M, _COLUMNS, _ROWS = -33_000.0, -25_000.0, 405, 315
_ABROAD = 3.0  # effort outside the county: roads inside do not take short cuts through the neighbour
_MERGE = 0.6  # effort along a road that is there already

# Local kilometres: about where the bridges are; how far from there their ends may be, and the least water, in metres.
_BRIDGES = (
    (30.2, 19.4, 1500.0, 500.0), (9.6, 6.8, 420.0, 12.0), (15.0, 11.2, 420.0, 20.0), (19.0, 13.1, 420.0, 30.0),
    (22.4, 13.5, 420.0, 40.0), (26.6, 16.3, 420.0, 60.0),
)  # fmt: skip
# Where roads leave the county, local kilometres: a few kilometres beyond the line.
EXITS_KM = (
    (31.6, 23.4), (36.0, 9.5), (28.5, 0.5), (15.5, -15.5), (4.8, -23.2), (-16.5, -13.5), (-30.5, 4.5), (-4.5, 14.0),
    (6.5, 19.0),
)  # fmt: skip


@dataclass
class Lattice:
    """Nodes and edges to find paths on; `effort` falls along roads that are built, `rank` is their best class."""

    xy: FloatArray
    edges: IntArray
    effort: FloatArray
    bridges: frozenset[tuple[int, int]]
    rank: IntArray = field(init=False)
    _index: dict[tuple[int, int], int] = field(init=False)

    def __post_init__(self) -> None:
        self.rank = np.full(len(self.edges), NO_ROAD, dtype=np.int64)
        self._index = {(a, b): k for k, (a, b) in enumerate(self.edges.tolist())}

    def graph(self) -> csr_array:
        """The effort graph, symmetric."""
        (a, b), n = self.edges.T, len(self.xy)
        both = (np.concatenate([a, b]), np.concatenate([b, a]))
        return csr_array((np.tile(self.effort, 2), both), shape=(n, n))

    def nearest(self, point: Point) -> int:
        """The node nearest to a point among those that have edges."""
        distance = np.round(((self.xy - point) ** 2).sum(axis=1), 2)
        distance[np.bincount(self.edges.ravel(), minlength=len(self.xy)) == 0] = np.inf
        return int(np.argmin(distance))

    def build(self, path: list[int], rank: int) -> None:
        """Build a road along a path of nodes; later paths prefer it."""
        for a, b in itertools.pairwise(path):
            k = self._index[min(a, b), max(a, b)]
            if self.rank[k] == NO_ROAD:
                self.effort[k] = np.rint(self.effort[k] * _MERGE)
            self.rank[k] = min(self.rank[k], rank)

    def nodes_on_roads(self) -> IntArray:
        """The nodes that some road touches."""
        return np.asarray(np.unique(self.edges[self.rank < NO_ROAD]))


NO_ROAD = 99


def make_lattice(county: County) -> Lattice:
    """Lay the jittered lattice over the county and its surroundings."""
    i, j = np.meshgrid(np.arange(_COLUMNS), np.arange(_ROWS), indexing="ij")
    corners = np.column_stack([i.ravel(), j.ravel()]) * STEP_M + (_WEST_M, _SOUTH_M)
    xy = round_cm(corners + (stream("lattice").random(corners.shape) - 0.5) * (0.62 * STEP_M))
    edges = _lattice_edges()
    wet = shapely.buffer(county.all_water, 70)
    shapely.prepare(wet)
    edges = edges[~shapely.intersects(wet, shapely.linestrings(xy[edges]))]
    edges, bridges = _with_bridges(xy, edges, county.all_water)
    return Lattice(xy, edges, _effort(county, xy, edges), bridges)


def _lattice_edges() -> IntArray:
    """Each node with its eight neighbours, lower number first."""
    number = np.arange(_COLUMNS * _ROWS).reshape(_COLUMNS, _ROWS)
    pairs = [
        (number[:-1, :], number[1:, :]),
        (number[:, :-1], number[:, 1:]),
        (number[:-1, :-1], number[1:, 1:]),
        (number[:-1, 1:], number[1:, :-1]),
    ]
    stacked = np.vstack([np.column_stack([a.ravel(), b.ravel()]) for a, b in pairs])
    stacked.sort(axis=1)
    return np.asarray(stacked, dtype=np.int64)


def _with_bridges(
    xy: FloatArray, edges: IntArray, water: shapely.Geometry
) -> tuple[IntArray, frozenset[tuple[int, int]]]:
    """Add one edge for each bridge: the shortest way over the water between lattice nodes near the wanted place."""
    dry = np.unique(edges)
    spans = set()
    for x, y, within, across in _BRIDGES:
        _, on_water = shapely.ops.nearest_points(shapely.Point(x * 1000, y * 1000), water)
        near = dry[((xy[dry] - (on_water.x, on_water.y)) ** 2).sum(axis=1) < within**2]
        a, b = (near[k] for k in np.triu_indices(len(near), 1))
        lines = shapely.linestrings(xy[np.column_stack([a, b])])
        over = shapely.intersects(water, lines)
        over[over] = shapely.length(shapely.intersection(lines[over], water)).round(2) >= across
        a, b = a[over], b[over]
        shortest = int(np.argmin(((xy[a] - xy[b]) ** 2).sum(axis=1).round(2)))
        spans.add((int(a[shortest]), int(b[shortest])))
    return np.vstack([edges, np.array(sorted(spans))]), frozenset(spans)


def _effort(county: County, xy: FloatArray, edges: IntArray) -> FloatArray:
    """Effort of each edge in whole decimetres of flat road: length, slope, altitude, chance, and the county line."""
    height = county.terrain.height_m(xy)
    chance = 1 + 0.5 * Noise.seeded("road effort", cell_m=700, octaves=2)(xy)
    inside = county.township_of(xy, inset_m=150) >= 0
    a, b = edges.T
    length = np.sqrt(((xy[a] - xy[b]) ** 2).sum(axis=1))
    slope = np.abs(height[a] - height[b]) / length
    factor = (1 + 9 * slope + 30 * slope**2 + (height[a] + height[b]) / 350) * (chance[a] + chance[b]) / 2
    return np.asarray(np.rint(10 * length * factor * np.where(inside[a] & inside[b], 1.0, _ABROAD)) + 1)


def connect(lattice: Lattice, start: int, end: int, rank: int) -> None:
    """Build the least-effort road between two nodes."""
    _, before = dijkstra(lattice.graph(), indices=start, return_predecessors=True)
    lattice.build(_trace(before, end), rank)


def connect_all(lattice: Lattice, nodes: IntArray, rank: int) -> None:
    """Build a road from each node to the roads that are there, sharing the way."""
    _, before, _ = dijkstra(lattice.graph(), indices=lattice.nodes_on_roads(), return_predecessors=True, min_only=True)
    for node in nodes[before[nodes] >= 0].tolist():
        lattice.build(_trace(before, node), rank)


def connect_detours(lattice: Lattice, pairs: IntArray, rank: int, *, factor: float) -> None:
    """Build a direct road between two near nodes where the way along the roads is so many times longer."""
    straight = np.sqrt(((lattice.xy[pairs[:, 0]] - lattice.xy[pairs[:, 1]]) ** 2).sum(axis=1))
    far = pairs[_road_lengths(lattice, pairs) > straight * factor]
    graph = lattice.graph()
    for a, b in far.tolist():
        _, before = dijkstra(graph, indices=a, return_predecessors=True, limit=40 * 10 * STEP_M)
        if before[b] >= 0:
            lattice.build(_trace(before, b), rank)


def _road_lengths(lattice: Lattice, pairs: IntArray) -> FloatArray:
    """Metres along the existing roads between the nodes of each pair, rounded."""
    built = lattice.edges[lattice.rank < NO_ROAD]
    length = np.sqrt(((lattice.xy[built[:, 0]] - lattice.xy[built[:, 1]]) ** 2).sum(axis=1))
    nodes, number = np.unique(built, return_inverse=True)
    a, b = number.reshape(built.shape).T
    graph = csr_array((length, (a, b)), shape=(len(nodes),) * 2)
    starts, ends = (np.searchsorted(nodes, column) for column in pairs.T)
    far = dijkstra(graph, directed=False, indices=starts)
    return np.asarray(np.round(far[np.arange(len(pairs)), ends], 2))


def _trace(before: IntArray, end: int) -> list[int]:
    """The path that led to a node, from its start."""
    if before[end] < 0:
        msg = f"no way to lattice node {end}"
        raise AssertionError(msg)
    path = [end]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path[::-1]
