"""Roads as material of scenarios: a road that is closed, and a link that is added (a bridge, a gate in an estate's wall).

A change gives a new network or new times; what was there keeps its numbers. A whole assessment after a change, and a
repair of one from before, take the same steps:

1. ``with_link`` adds one road to the network of a grid; ``Linked.times`` gives the times of its edges. For a road that
   is closed, ``road_at`` finds its edge and ``EdgeTimes.closed`` the times.
2. ``RoadGrid.following`` and ``relocate`` find the places of the points that the change concerns,
   ``KernelTravelTimes.following`` and ``NearestField.change_roads`` the times.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.network.edge_times import CLOSED, EdgeTimes
from geoplan.network.graph import EdgeRoads, Network, islands, milliseconds
from geoplan.network.roads import Road, Traveller
from geoplan.network.snapping import RoadGrid


@dataclass(frozen=True)
class Link:
    """A road to be added.

    Attributes:
        line: in the network's CRS; it meets other roads at its two ends only, whatever it crosses.
        road: what ways of travelling need to know of it; its ``oneway`` is in the direction of the line.
    """

    line: shapely.LineString
    road: Road = field(default_factory=Road)


@dataclass(frozen=True)
class Linked:
    """A network with one more road.

    Nodes and edges keep their numbers. A road that was split keeps its number for its first part; its other parts come
    after the edges there were, and the link is the last edge. Edges need not have ``tail <= head`` any more.

    Attributes:
        splits: (edge, shares): the split edges of the network before, and at which shares of their length.
    """

    network: Network
    road: Road
    splits: tuple[tuple[int, tuple[float, ...]], ...]

    @property
    def edge(self) -> int:
        """The number of the link."""
        return len(self.network.tail) - 1

    @property
    def changed(self) -> NDArray[np.int64]:
        """The edges that were split or are new."""
        parts = sum(len(shares) for _edge, shares in self.splits)
        new = np.arange(self.edge - parts, self.edge + 1)
        return np.r_[np.array([edge for edge, _shares in self.splits], dtype=np.int64), new]

    def times(self, before: EdgeTimes, traveller: Traveller) -> EdgeTimes:
        """The times of the edges, out of those of the network before.

        The parts of a split edge add up to what it took: a place at share ``a`` of ``T`` ms lies ``round(a T)`` from
        its tail, as every place does. The link counts as flat: heights of the ground tell nothing about a bridge.

        Args:
            traveller: the profile that the times before are of.
        """
        forward, backward = traveller.paces(self.road)
        length_m = self.network.length_m[-1:]
        return EdgeTimes(
            self._direction(before.forward, length_m, forward[0]),
            self._direction(before.backward, length_m, backward[0]),
            before.off_road_mps,
        )

    def _direction(self, before: NDArray[np.int64], length_m: NDArray[np.float64], speed: float) -> NDArray[np.int64]:
        first, others = before.copy(), []
        for edge, shares in self.splits:
            parts = _parts_ms(int(before[edge]), shares)
            first[edge] = parts[0]
            others += parts[1:]
        link = milliseconds(length_m, speed) if speed > 0 else np.array([CLOSED])
        return np.concatenate([first, np.array(others, dtype=np.int64), link])


def _parts_ms(whole: int, shares: tuple[float, ...]) -> list[int]:
    if whole == CLOSED:
        return [CLOSED] * (len(shares) + 1)
    at = [0, *(int(np.rint(share * whole)) for share in shares), whole]
    return [end - begin for begin, end in pairwise(at)]


def with_link(grid: RoadGrid, link: Link, join_limit_m: float) -> Linked:
    """The network of a grid with a link; each end of its line goes straight to the nearest usable road and splits it there.

    Args:
        grid: of the network and of the edges that can be travelled.
        join_limit_m: how far an end may be from a road, in metres, inclusive.

    Raises:
        NetworkError: an end is farther than that from every usable road; both ends meet the network at one place.
    """
    network, line = grid.network, shapely.get_coordinates(link.line)
    found = grid.nearest(line[[0, -1]])
    _require_near(found.edge, found.leg_m, join_limit_m)
    ends = list(zip(found.edge.tolist(), found.along.tolist(), strict=True))
    splits = {
        edge: tuple(sorted({a for e, a in ends if e == edge and 0 < a < 1})) for edge, _along in sorted(set(ends))
    }
    splits = {edge: shares for edge, shares in splits.items() if shares}
    cut = {(edge, along): len(network.xy) + k for k, (edge, along) in enumerate(_flat(splits))}
    joins = [cut[end] if end in cut else int((network.head if end[1] > 0 else network.tail)[end[0]]) for end in ends]
    if joins[0] == joins[1]:
        raise NetworkError(_("新增道路的两端接到路网的同一处，请把它画到两条不同的道路。"))
    xy = np.concatenate([network.xy, *(_place(network, *end)[None] for end in cut)])
    together = np.concatenate([xy[joins[:1]], line, xy[joins[1:]]])
    apart = np.r_[True, (together[1:] != together[:-1]).any(axis=1)]
    return Linked(
        _with_edges(network, xy, splits, cut, (joins, shapely.LineString(together[apart]), link.road)),
        link.road,
        tuple(splits.items()),
    )


def road_at(grid: RoadGrid, x: float, y: float, limit_m: float) -> int:
    """The usable edge nearest to a place, for closing it.

    Raises:
        NetworkError: there is none within the limit.
    """
    found = grid.nearest(np.array([[x, y]]))
    if not found.leg_m[0] <= limit_m:
        text = _("({x:.1f}, {y:.1f}) 处 {limit:g} 米内没有可通行的道路，请点在道路上。")
        raise NetworkError(text.format(x=x, y=y, limit=limit_m))
    return int(found.edge[0])


def _require_near(edge: NDArray[np.int64], leg_m: NDArray[np.float64], limit_m: float) -> None:
    if (edge < 0).any():
        raise NetworkError(_("路网没有可通行的道路，新增道路无处可接。"))
    for name, metres in zip((_("起点"), _("终点")), leg_m, strict=True):
        if metres > limit_m:
            text = _("新增道路的{end}距最近的可通行道路 {metres:.1f} 米，超过 {limit:g} 米，请把它画到道路边。")
            raise NetworkError(text.format(end=name, metres=metres, limit=limit_m))


def _flat(splits: dict[int, tuple[float, ...]]) -> list[tuple[int, float]]:
    return [(edge, share) for edge, shares in splits.items() for share in shares]


def _place(network: Network, edge: int, share: float) -> NDArray[np.float64]:
    return shapely.get_coordinates(shapely.line_interpolate_point(network.lines[edge], share, normalized=True))[0]


def _with_edges(
    network: Network,
    xy: NDArray[np.float64],
    splits: dict[int, tuple[float, ...]],
    cut: dict[tuple[int, float], int],
    link: tuple[list[int], shapely.LineString, Road],
) -> Network:
    """The network with split edges and one more."""
    joins, line, road = link
    tail, head, lines = network.tail.copy(), network.head.copy(), network.lines.copy()
    parents, new_ends, new_lines = [], [], []
    for edge, shares in splits.items():
        stops = [int(tail[edge]), *(cut[edge, share] for share in shares), int(head[edge])]
        parts = [substring(network.lines[edge], *span, normalized=True) for span in pairwise((0.0, *shares, 1.0))]
        head[edge], lines[edge] = stops[1], parts[0]
        new_ends += list(pairwise(stops))[1:]
        new_lines += parts[1:]
        parents += [edge] * len(shares)
    ends = np.array([*new_ends, joins], dtype=np.int64)
    tail, head = np.concatenate([tail, ends[:, 0]]), np.concatenate([head, ends[:, 1]])
    lines = np.concatenate([lines, np.array([*new_lines, line], dtype=object)])
    length_m = np.concatenate([network.length_m, np.zeros(len(ends))])
    other = np.r_[np.array(list(splits), dtype=np.int64), np.arange(len(network.tail), len(tail))]
    length_m[other] = shapely.length(lines[other])
    return replace(
        network,
        xy=xy,
        tail=tail,
        head=head,
        length_m=length_m,
        lines=lines,
        island=islands(len(xy), tail, head, length_m),
        roads=_with_road(network.roads, np.array(parents, dtype=np.int64), road),
    )


def _with_road(roads: EdgeRoads | None, parents: NDArray[np.int64], road: Road) -> EdgeRoads | None:
    """What the edges are made of, with those of the parts of split edges and of the link."""
    if roads is None:
        return None
    mixes = roads.mixes if ((road,),) in roads.mixes else (*roads.mixes, ((road,),))
    return replace(roads, mix=np.r_[roads.mix, roads.mix[parents], mixes.index(((road,),))], mixes=mixes)
