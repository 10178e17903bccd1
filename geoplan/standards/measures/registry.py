"""The registry of measures, and what a measure may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.layers import operating, townships
from geoplan.model import Count, Rule
from geoplan.network import Locations, TravelTimes, Trips
from geoplan.standards.options import Check

_NOTHING: Mapping[str, pd.DataFrame] = MappingProxyType({})


@dataclass(frozen=True)
class Travel:
    """The roads, for the few measures that ask for journeys of their own.

    Attributes:
        locate: where the rows of a frame are on the network.
        homes: where the rows of ``frames["demand"]`` are.
    """

    times: TravelTimes
    locate: Callable[[gpd.GeoDataFrame], Locations]
    homes: Locations

    def nearest_ms(self, origins: gpd.GeoDataFrame, targets: gpd.GeoDataFrame) -> NDArray[np.int64]:
        """Milliseconds from each origin to the nearest target, ``UNREACHED`` where there is no way."""
        return self.times.nearest(self.locate(origins), self.locate(targets)).ms

    def trips_within(self, targets: gpd.GeoDataFrame, limit_ms: int) -> Trips:
        """Which demand points reach which targets within a time."""
        return self.times.within(self.homes, self.locate(targets), limit_ms)


@dataclass(frozen=True)
class Facts:
    """What measures may look at.

    Attributes:
        frames: role to frame in a metric CRS; ``facilities`` holds all of them, whatever their status, once each.
        coverage: service id to its coverage per unit (``Coverage.units``).
        place: (code, name) of the county.
        planned: count planned facilities whose opening year is not after ``year`` among those that operate.
        reach: service id to its coverage per demand point (``Coverage.demand``).
        travel: journeys on the network; None where none were computed.
        rules: the rules that apply in ``year``.
    """

    frames: Mapping[str, gpd.GeoDataFrame]
    coverage: Mapping[str, pd.DataFrame]
    place: tuple[str, str]
    year: int
    planned: bool = False
    reach: Mapping[str, pd.DataFrame] = field(default_factory=lambda: _NOTHING)
    travel: Travel | None = None
    rules: tuple[Rule, ...] = ()

    def townships(self) -> gpd.GeoDataFrame | None:
        """The townships, in order of code."""
        return townships(self.frames.get("units"))

    def operating(self) -> gpd.GeoDataFrame:
        """The facilities that serve people in the year."""
        return operating(self.frames["facilities"], self.year, planned=self.planned)


@dataclass(frozen=True)
class Measure:
    """A registered measure.

    Attributes:
        count: the function: a county's row first, then those of its parts.
        reads: the roles of frames that it looks at, ``coverage``, ``travel``, and ``rules`` where it asks another rule.
        scope: the keys of a rule's scope that it understands, each with its check.
        options: what a rule may tell it besides.
        required: the options and keys of the scope that a rule must give.
        value: whether a rule may, must or may never give a value to hold the figure against.
    """

    count: Callable[[Facts, Rule], list[Count]]
    reads: frozenset[str]
    scope: Mapping[str, Check]
    options: Mapping[str, Check]
    required: frozenset[str]
    value: str


MEASURES: dict[str, Measure] = {}
_Count = Callable[[Facts, Rule], list[Count]]
_NO_CHECKS: Mapping[str, Check] = MappingProxyType({})


def measure(
    reads: str,
    *,
    scope: Mapping[str, Check] = _NO_CHECKS,
    options: Mapping[str, Check] = _NO_CHECKS,
    required: str = "",
    value: Literal["may", "must", "never"] = "may",
) -> Callable[[_Count], _Count]:
    """Register a function as a measure under its name; ``reads`` and ``required`` are words with blanks between."""

    def register(function: _Count) -> _Count:
        MEASURES[function.__name__] = Measure(
            function, frozenset(reads.split()), scope, options, frozenset(required.split()), value
        )
        return function

    return register
