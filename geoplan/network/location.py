"""Where points of interest lie on the network: the nearest usable road, the place along it, the way to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.network.graph import Network

NOWHERE = -1


@dataclass(frozen=True)
class Locations:
    """Points located on a network, in the order they were given.

    Attributes:
        edge: int64 (k,), the nearest edge; ``NOWHERE`` for a point without a place or farther than the limit.
        along: float64 (k,), the share of the edge's length from its tail to the foot of the point, 0 to 1.
        leg_m: float64 (k,), the straight way from the point to the road in metres; also given beyond the limit,
            NaN without a place.
    """

    edge: NDArray[np.int64]
    along: NDArray[np.float64]
    leg_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def located(self) -> NDArray[np.bool_]:
        """Which points are on the network."""
        return self.edge != NOWHERE


def locate(network: Network, points: NDArray[np.object_], limit_m: float) -> Locations:
    """Locate points at their nearest edge; of equally near edges at the one that comes first in the network.

    Args:
        points: shapely Points in the network's CRS; None or empty for a thing without a place.
        limit_m: farther than this from every edge a point is not located (metres, inclusive).
    """
    edge = np.full(len(points), NOWHERE, dtype=np.int64)
    along = np.full(len(points), np.nan)
    leg_m = np.full(len(points), np.nan)
    placed = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    asked, found = shapely.STRtree(network.lines).query_nearest(points[placed], all_matches=True)
    order = np.lexsort((found, asked))
    asked, found = asked[order], found[order]
    nearest = np.r_[True, asked[1:] != asked[:-1]][: len(asked)]
    who, lines = placed[asked[nearest]], network.lines[found[nearest]]
    leg_m[who] = shapely.distance(points[who], lines)
    along[who] = shapely.line_locate_point(lines, points[who], normalized=True)
    edge[who] = np.where(leg_m[who] <= limit_m, found[nearest], NOWHERE)
    return Locations(edge, along, leg_m)
