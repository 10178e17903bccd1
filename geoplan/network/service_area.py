"""Drawings of service areas: the reached part of each road with a margin on both sides.

Drawings only: who is covered is counted from travel times, never from these polygons.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.network.graph import Network
from geoplan.network.travel import UNREACHED, Reached

_SIMPLIFY_M = 2.0  # below what a drawing of a county shows
_CORNER_SEGMENTS = 3


def service_areas(
    network: Network, reached: list[Reached | None], speed_mps: float, limit_ms: int, margin_m: float
) -> NDArray[np.object_]:
    """One polygon or multipolygon per facility, in the network's CRS; empty where nothing is reached.

    Args:
        reached: what each facility reaches, as ``TravelTimes.reached`` gives it.
        limit_ms: the limit it was computed with.
        margin_m: how far on both sides of a reached road the area is drawn (metres).
    """
    edge_ms = network.edge_ms(speed_mps)
    areas = [_area(network, edge_ms, one, limit_ms, margin_m) for one in reached]
    return np.array(areas, dtype=object)


def _area(
    network: Network, edge_ms: NDArray[np.int64], reached: Reached | None, limit_ms: int, margin_m: float
) -> shapely.Geometry:
    if reached is None or reached.leg_ms >= limit_ms:
        return shapely.MultiPolygon()
    stretches = _reached_stretches(network, edge_ms, reached, limit_ms)
    # A buffer per stretch and one union: five times as fast as one buffer around all of them.
    margins = shapely.buffer(shapely.simplify(stretches, _SIMPLIFY_M), margin_m, quad_segs=_CORNER_SEGMENTS)
    return shapely.union_all(margins)


def _reached_stretches(
    network: Network, edge_ms: NDArray[np.int64], reached: Reached, limit_ms: int
) -> NDArray[np.object_]:
    """The reached stretches of all edges: whole, from the tail, from the head, and around the facility."""
    left_at = np.where(reached.node_ms == UNREACHED, 0, limit_ms - reached.node_ms)
    touched = np.flatnonzero((left_at[network.tail] > 0) | (left_at[network.head] > 0))
    whole_ms = np.maximum(edge_ms[touched], 1)
    from_tail = np.minimum(left_at[network.tail[touched]] / whole_ms, 1.0)
    from_head = np.minimum(left_at[network.head[touched]] / whole_ms, 1.0)
    whole = from_tail + from_head >= 1
    lines = network.lines[touched]
    part = ~whole
    own = reached.edge
    around = (limit_ms - reached.leg_ms) / max(int(edge_ms[own]), 1)
    return np.concatenate(
        [
            lines[whole],
            _stretch(lines[part], np.zeros(part.sum()), from_tail[part]),
            _stretch(lines[part], 1 - from_head[part], np.ones(part.sum())),
            _stretch(
                network.lines[[own]],
                np.array([max(reached.along - around, 0.0)]),
                np.array([min(reached.along + around, 1.0)]),
            ),
        ]
    )


def _stretch(lines: NDArray[np.object_], begin: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.object_]:
    """The part of each line between two shares of its length; lines of which nothing is asked are left out."""
    some = end > begin
    lines, begin, end = lines[some], begin[some], end[some]
    length = shapely.length(lines)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    starts = np.r_[True, line[1:] != line[:-1]][: len(line)]
    total = np.cumsum(np.where(starts, 0.0, np.hypot(*(xy - np.roll(xy, 1, axis=0)).T)))
    along = total - np.repeat(total[starts], np.bincount(line)) if len(line) else total
    inside = (along > (begin * length)[line]) & (along < (end * length)[line])
    cuts = [shapely.get_coordinates(shapely.line_interpolate_point(lines, at * length)) for at in (begin, end)]
    number = np.arange(len(lines))
    all_line = np.concatenate([number, line[inside], number])
    place = np.concatenate([np.full(len(lines), -np.inf), along[inside], np.full(len(lines), np.inf)])
    order = np.lexsort((place, all_line))
    points = np.concatenate([cuts[0], xy[inside], cuts[1]])[order]
    return np.asarray(shapely.linestrings(points, indices=all_line[order]), dtype=object)
