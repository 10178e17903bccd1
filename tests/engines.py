"""The compiled engine with scipy's answer beside it."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from geoplan.network import (
    EdgeTimes,
    KernelTravelTimes,
    Locations,
    Nearest,
    Network,
    Reached,
    ScipyTravelTimes,
    Trips,
    walking,
)


class BothEngines:
    """``TravelTimes`` by both implementations: every answer of the two must be the same."""

    def __init__(self, network: Network, speed_or_times: float | EdgeTimes) -> None:
        times = speed_or_times if isinstance(speed_or_times, EdgeTimes) else walking(network, speed_or_times)
        self._engines = KernelTravelTimes(network, times), ScipyTravelTimes(network, times)

    def nearest(self, homes: Locations, facilities: Locations) -> Nearest:
        """See ``TravelTimes``."""
        ours, theirs = (engine.nearest(homes, facilities) for engine in self._engines)
        assert_same(ours, theirs)
        return ours

    def within(self, homes: Locations, facilities: Locations, limit_ms: int) -> Trips:
        """See ``TravelTimes``."""
        ours, theirs = (engine.within(homes, facilities, limit_ms) for engine in self._engines)
        assert_same(ours, theirs)
        return ours

    def reached(self, facilities: Locations, limit_ms: int) -> list[Reached | None]:
        """See ``TravelTimes``."""
        ours, theirs = (engine.reached(facilities, limit_ms) for engine in self._engines)
        for one, other in zip(ours, theirs, strict=True):
            if one is None or other is None:
                assert one is other
            else:
                assert_same(one, other)
        return ours


def assert_same(one: object, other: object) -> None:
    """Two records are equal, field by field."""
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
