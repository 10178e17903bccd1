"""How long each edge takes in each direction, and the exact division of that time at a place on the edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoplan.network.graph import Network
from geoplan.network.kernels import kernel
from geoplan.network.location import Locations

CLOSED = -1
"""The time of an edge in a direction in which it cannot be travelled."""


@dataclass(frozen=True)
class EdgeTimes:
    """Travel times of a network's edges for one way of travelling.

    Attributes:
        forward: int64 (m,), milliseconds from tail to head; ``CLOSED`` where that is not allowed.
        backward: int64 (m,), from head to tail.
        off_road_mps: speed between a place and its road, metres per second.
    """

    forward: NDArray[np.int64]
    backward: NDArray[np.int64]
    off_road_mps: float

    def closed(self, edges: NDArray[np.int64]) -> EdgeTimes:
        """The same with some edges closed in both directions."""
        forward, backward = self.forward.copy(), self.backward.copy()
        forward[edges] = backward[edges] = CLOSED
        return EdgeTimes(forward, backward, self.off_road_mps)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Bool (m,): the edges that can be travelled in one direction at least."""
        return (self.forward != CLOSED) | (self.backward != CLOSED)


@dataclass(frozen=True)
class PlaceTimes:
    """Located places as times, int64 (k,) each; rows of places that are not located mean nothing.

    The two parts of an edge add up to the whole in each direction. ``CLOSED`` where a part cannot be travelled.

    Attributes:
        leg: between the place and its road.
        from_tail: tail to place. to_head: place to head. from_head: head to place. to_tail: place to tail.
    """

    leg: NDArray[np.int64]
    from_tail: NDArray[np.int64]
    to_head: NDArray[np.int64]
    from_head: NDArray[np.int64]
    to_tail: NDArray[np.int64]


def walking(network: Network, speed_mps: float) -> EdgeTimes:
    """The same speed on every edge in both directions."""
    both = network.edge_ms(speed_mps)
    return EdgeTimes(both, both, speed_mps)


def place_times(times: EdgeTimes, places: Locations) -> PlaceTimes:
    """The times between places and the ends of their edges: ``round(along * edge)`` and the rest of the edge."""
    return PlaceTimes(
        *_place_times(times.forward, times.backward, places.edge, places.along, places.leg_m, times.off_road_mps)
    )


@kernel
def _place_times(
    forward: NDArray[np.int64],
    backward: NDArray[np.int64],
    edge: NDArray[np.int64],
    along: NDArray[np.float64],
    leg_m: NDArray[np.float64],
    off_road_mps: float,
) -> NDArray[np.int64]:
    """The five rows of ``PlaceTimes``; each time rounded to nearest, halves to even, as ``milliseconds`` does."""
    parts = np.full((5, len(edge)), CLOSED, dtype=np.int64)
    for i in range(len(edge)):
        if edge[i] >= 0:
            whole, back = forward[edge[i]], backward[edge[i]]
            parts[0, i] = np.int64(np.rint(leg_m[i] / off_road_mps * 1000))
            if whole != CLOSED:
                parts[1, i] = np.int64(np.rint(along[i] * whole))
                parts[2, i] = whole - parts[1, i]
            if back != CLOSED:
                parts[4, i] = np.int64(np.rint(along[i] * back))
                parts[3, i] = back - parts[4, i]
    return parts
