"""The road network: junctions and ends as nodes, the roads between them as edges with their geometry kept."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyproj
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from geoplan.crs import require_metric
from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network.noding import node_roads
from geoplan.network.roads import walkable


@dataclass(frozen=True)
class Network:
    """A road network in a metric CRS. Its numbering does not depend on the order of the roads it was made from.

    Attributes:
        xy: float64 (n, 2), nodes in metres, in order of x, y.
        tail: int64 (m,), the node where an edge's geometry begins; ``tail <= head``.
        head: int64 (m,), where it ends.
        length_m: float64 (m,).
        lines: object (m,), LineStrings.
        island: int64 (n,), the connected part a node belongs to; 0 has the most road, 1 the next, ...
    """

    xy: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    lines: NDArray[np.object_]
    island: NDArray[np.int64]
    crs: pyproj.CRS

    @property
    def islands(self) -> int:
        """How many connected parts there are."""
        return int(self.island.max()) + 1

    def edge_ms(self, speed_mps: float) -> NDArray[np.int64]:
        """Time along each edge in whole milliseconds, shape (m,)."""
        return milliseconds(self.length_m, speed_mps)


def milliseconds(metres: NDArray[np.float64], speed_mps: float) -> NDArray[np.int64]:
    """Metres at a speed as whole milliseconds, rounded to nearest (halves to even)."""
    return np.rint(metres / speed_mps * 1000).astype(np.int64)


def build_network(roads: gpd.GeoDataFrame) -> Network:
    """The walkable network of a roads layer.

    Args:
        roads: the roads layer in a metric CRS.

    Raises:
        CrsError: the CRS is not metric.
        NetworkError: no road can be walked.
    """
    require_metric(roads.crs)
    walked = roads[walkable(roads)]
    if walked.empty:
        raise NetworkError(
            _("道路图层的 {count} 条道路中没有一条可以步行，请检查 road_class、walkable 字段。").format(
                count=len(roads)
            )
        )
    vertices = node_roads(walked)
    joined = (vertices.line[1:] == vertices.line[:-1]) & (vertices.identity[1:] != vertices.identity[:-1])
    pairs = np.column_stack([vertices.identity[:-1], vertices.identity[1:]])[joined]
    if len(pairs) == 0:
        raise NetworkError(_("道路图层没有任何有长度的可步行道路。"))
    xy = np.empty((int(vertices.identity.max()) + 1, 2))
    xy[vertices.identity[::-1]] = vertices.xy[::-1]
    # The same stretch drawn twice is one stretch.
    segments = np.unique(np.sort(pairs, axis=1), axis=0)
    return _contracted(xy, segments, pyproj.CRS(roads.crs))


def _contracted(xy: NDArray[np.float64], segments: NDArray[np.int64], crs: pyproj.CRS) -> Network:
    """Join the segments that meet at vertices where nothing branches.

    Args:
        xy: float64 (v, 2), vertices in order of place.
        segments: int64 (s, 2), unique pairs of vertices, the lower one first.
    """
    is_node = _nodes(len(xy), segments)
    segment, vertex_order = _chains(is_node, segments)
    first = np.r_[True, segment[1:] != segment[:-1]]
    last = np.r_[first[1:], True]
    numbers = np.cumsum(is_node) - 1
    tail, head = numbers[vertex_order[first]], numbers[vertex_order[last]]
    lines = shapely.linestrings(xy[vertex_order], indices=segment)
    length = shapely.length(lines)
    second = vertex_order[np.flatnonzero(first) + 1]
    order = np.lexsort((second, length, head, tail))
    nodes = xy[is_node]
    return Network(
        xy=nodes,
        tail=tail[order],
        head=head[order],
        length_m=length[order],
        lines=lines[order],
        island=_islands(len(nodes), tail, head, length),
        crs=crs,
    )


def _nodes(count: int, segments: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which vertices are nodes: junctions, ends, and on a ring without either its lowest vertex."""
    degree = np.bincount(segments.ravel(), minlength=count)
    is_node = (degree > 0) & (degree != 2)  # noqa: PLR2004 - two roads meet: nothing branches
    parts = _components(count, segments[:, 0], segments[:, 1])
    with_node = np.zeros(parts.max() + 1, dtype=bool)
    with_node[parts[is_node]] = True
    lowest = np.full(parts.max() + 1, count, dtype=np.int64)
    np.minimum.at(lowest, parts, np.arange(count))
    rings = ~with_node & (degree[lowest] > 0)
    is_node[lowest[rings]] = True
    return is_node


def _components(count: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    links = sp.coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _chains(is_node: NDArray[np.bool_], segments: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Walk from node to node through the vertices where nothing branches.

    Each segment is two arcs, one per direction (arc ``i`` and its reverse ``i ^ 1``). An arc's successor is the arc
    that leads on through a vertex that is no node. Pointer doubling finds for every arc the last arc of its chain and
    how many steps away it is, in log2(longest chain) rounds.

    Returns:
        (chain, vertex): int64 arrays, the vertices of each chain in order, chains ascending, each chain in the
        direction that begins at its lower end.
    """
    arcs = len(segments) * 2
    start = segments.ravel()
    end = segments[:, ::-1].ravel()
    leaving = np.argsort(start, kind="stable")
    first_leaving = np.searchsorted(start[leaving], np.arange(len(is_node)))
    here = np.arange(arcs)
    on = ~is_node[end]
    one = leaving[np.minimum(first_leaving[end], arcs - 1)]
    two = leaving[np.minimum(first_leaving[end] + 1, arcs - 1)]
    follower = np.where(on, np.where(one == (here ^ 1), two, one), here)
    last, steps = follower.copy(), (follower != here).astype(np.int64)
    while not np.array_equal(last, last[last]):
        steps += steps[last]
        last = last[last]
    # A chain is known by its last arc; the same road the other way is known by another. Keep the one that begins at
    # the lower vertex, and for a loop the one whose second vertex is lower.
    first = last[here ^ 1] ^ 1  # the last arc of the way back, turned round
    loop = start[first] == end[last]
    kept = np.flatnonzero(np.where(loop, end[first] < start[last], start[first] < end[last]))
    chain = np.unique(last[kept], return_inverse=True)[1]
    order = np.lexsort((-steps[kept], chain))
    kept, chain = kept[order], chain[order]
    begins = np.r_[True, chain[1:] != chain[:-1]]
    # Every arc gives its end; the first of a chain gives its start as well.
    chain_all = np.concatenate([chain, chain[begins]])
    vertex_all = np.concatenate([end[kept], start[kept][begins]])
    place = np.concatenate([np.arange(len(kept)) * 2 + 1, np.flatnonzero(begins) * 2])
    order = np.argsort(place)
    return chain_all[order], vertex_all[order]


def _islands(
    count: int, tail: NDArray[np.int64], head: NDArray[np.int64], length: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Connected parts, numbered by road length, most first; ties by their lowest node."""
    parts = _components(count, tail, head)
    road = np.bincount(parts[tail], weights=np.round(length, 3), minlength=parts.max() + 1)
    lowest = np.full(parts.max() + 1, count, dtype=np.int64)
    np.minimum.at(lowest, parts, np.arange(count))
    rank = np.empty(len(road), dtype=np.int64)
    rank[np.lexsort((lowest, -road))] = np.arange(len(road))
    return rank[parts]
