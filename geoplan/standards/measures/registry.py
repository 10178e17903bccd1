"""The registry of measures, and what a measure may look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.layers import serves
from geoplan.layers.columns import Rows, all_rows
from geoplan.layers.schema import TOWNSHIP_LEVELS
from geoplan.memory import Memory
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
        memory: where what is worked out from a layer is kept for as long as the layer stays the same.
    """

    frames: Mapping[str, gpd.GeoDataFrame]
    coverage: Mapping[str, pd.DataFrame]
    place: tuple[str, str]
    year: int
    planned: bool = False
    reach: Mapping[str, pd.DataFrame] = field(default_factory=lambda: _NOTHING)
    travel: Travel | None = None
    rules: tuple[Rule, ...] = ()
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    def rows(self, role: str) -> Rows:
        """All rows of a layer."""
        return all_rows(self.frames, role, self.memory)

    def townships(self) -> Rows | None:
        """The townships, in order of code."""
        if "units" not in self.frames:
            return None
        units = self.rows("units")
        return units.where(is_one_of(units["level"], TOWNSHIP_LEVELS))

    def operating(self) -> Rows:
        """The facilities of the county that serve people in the year."""
        sites = self.rows("facilities")

        def running() -> Rows:
            runs = serves(sites["status"], sites["open_year"], self.year, planned=self.planned)
            return sites.where(runs & sites["in_area"].astype(bool))

        return sites.columns.keep(("operating", self.year, self.planned), running)

    def homes(self) -> Rows:
        """The county's demand points."""
        demand = self.rows("demand")
        return demand.columns.keep("homes", lambda: demand.where(demand["in_area"].astype(bool)))

    def trips_to(self, targets: Rows, limit_ms: int, name: str) -> Trips:
        """Which demand points reach which of some rows within a time; none where no journeys were computed.

        Args:
            name: of who asks, to remember the answer by.
        """
        travel = self.travel
        if travel is None:
            raise ValueError("no journeys were computed")
        inputs = (travel.times, travel.homes, targets.records(), limit_ms)
        return self.memory.recall(("trips", name), inputs, lambda: travel.trips_within(targets.frame(), limit_ms))


def is_one_of(cells: NDArray[Any], words: Collection[str]) -> NDArray[np.bool_]:
    """Which cells hold one of some words; quicker than numpy on objects."""
    return np.array([cell in words for cell in cells], dtype=bool)


@dataclass(frozen=True)
class Measure:
    """A registered measure.

    Attributes:
        count: the function: a county's row first, then those of its parts.
        reads: the roles of frames that it looks at, ``coverage`` (of the service that the rule names), ``travel``, and
            ``rules`` where it asks another rule. Of facilities it looks at all (``facilities``), at those of the county
            that operate (``operating``) or only at those that the rule may speak of (``scope``).
        scope: the keys of a rule's scope that it understands, each with its check.
        options: what a rule may tell it besides.
        required: the options and keys of the scope that a rule must give.
        fields: the fields of facilities that it looks at whatever the rule says.
        value: whether a rule may, must or may never give a value to hold the figure against.
    """

    count: Callable[[Facts, Rule], list[Count]]
    reads: frozenset[str]
    scope: Mapping[str, Check]
    options: Mapping[str, Check]
    required: frozenset[str]
    fields: frozenset[str]
    value: str

    @property
    def roles(self) -> frozenset[str]:
        """The roles of frames that it looks at."""
        sites = {"facilities"} if self.reads & _SOME_FACILITIES else set()
        return self.reads - _SOME_FACILITIES - {"coverage", "travel", "rules"} | sites

    def fields_of(self, rule: Rule) -> frozenset[str]:
        """The fields of facilities on which a rule's figure depends; empty for a measure that does not look at any."""
        if "facilities" not in self.roles:
            return frozenset()
        named = {value for value in rule.options.values() if isinstance(value, str)}
        listed = {word for value in rule.options.values() if isinstance(value, tuple) for word in value}
        scope = {SCOPE_FIELDS.get(key, key) for key in rule.scope} | set(rule.scope.get("flags", ()))
        return self.fields | {"status", "open_year"} | scope | named | listed


_SOME_FACILITIES = frozenset({"operating", "scope"})
SCOPE_FIELDS = {"kinds": "kind", "facility_levels": "level"}
"""Keys of a scope whose field of the facilities has another name."""
MEASURES: dict[str, Measure] = {}
_Count = Callable[[Facts, Rule], list[Count]]
_NO_CHECKS: Mapping[str, Check] = MappingProxyType({})


def measure(
    reads: str,
    *,
    scope: Mapping[str, Check] = _NO_CHECKS,
    options: Mapping[str, Check] = _NO_CHECKS,
    required: str = "",
    fields: str = "",
    value: Literal["may", "must", "never"] = "may",
) -> Callable[[_Count], _Count]:
    """Register a function as a measure under its name; ``reads``, ``required`` and ``fields`` are words with blanks."""

    def register(function: _Count) -> _Count:
        MEASURES[function.__name__] = Measure(
            function,
            frozenset(reads.split()),
            scope,
            options,
            frozenset(required.split()),
            frozenset(fields.split()),
            value,
        )
        return function

    return register
