"""The registry of measures, and what a measure may look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.layers import serves
from geoplan.layers.schema import TOWNSHIP_LEVELS
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


class Columns:
    """A frame's columns as plain arrays, and its figures as exact fractions, each made when it is first asked for."""

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        self.frame = frame
        self._arrays: dict[str, NDArray[Any]] = {}
        self._figures: dict[str, NDArray[np.object_]] = {}

    def array(self, name: str) -> NDArray[Any]:
        """A column: floats with NaN for blank, else objects."""
        if name not in self._arrays:
            self._arrays[name] = self.frame[name].to_numpy()
        return self._arrays[name]

    def figures(self, name: str) -> NDArray[np.object_]:
        """A column of numbers as they were written, None for a blank cell."""
        if name not in self._figures:
            cells = [None if np.isnan(cell) else exact(cell) for cell in self.array(name).tolist()]
            self._figures[name] = np.array([*cells, None], dtype=object)[:-1]  # never taken for an array of numbers
        return self._figures[name]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a frame, as plain columns.

    Attributes:
        places: which rows of the frame.
    """

    columns: Columns
    places: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns.array(name)[self.places]

    def cells(self, name: str) -> list[Any]:
        """A column as a list of Python values."""
        return self[name].tolist()

    def figures(self, name: str) -> list[Fraction | None]:
        """A column of numbers, exact; None for a blank cell."""
        return self.columns.figures(name)[self.places].tolist()

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """Those of the rows for which the mask holds."""
        return Rows(self.columns, self.places[mask])

    def frame(self) -> gpd.GeoDataFrame:
        """The rows as a frame of their own."""
        return self.columns.frame.iloc[self.places].reset_index(drop=True)


def exact(number: float) -> Fraction:
    """The decimal figure as it was written, not its binary neighbour."""
    value = float(number)
    return Fraction(int(value)) if value.is_integer() else Fraction(repr(value))


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
    memo: dict[int, Columns] = field(default_factory=dict, repr=False, compare=False)

    def rows(self, role: str) -> Rows:
        """All rows of a layer."""
        frame = self.frames[role]
        columns = self.memo.setdefault(id(frame), Columns(frame))  # which keeps the frame, so that its id stays its own
        return Rows(columns, np.arange(len(frame)))

    def townships(self) -> Rows | None:
        """The townships, in order of code."""
        if "units" not in self.frames:
            return None
        units = self.rows("units")
        return units.where(is_one_of(units["level"], TOWNSHIP_LEVELS))

    def operating(self) -> Rows:
        """The facilities of the county that serve people in the year."""
        sites = self.rows("facilities")
        runs = serves(sites["status"], sites["open_year"], self.year, planned=self.planned)
        return sites.where(runs & sites["in_area"].astype(bool))

    def homes(self) -> Rows:
        """The county's demand points."""
        demand = self.rows("demand")
        return demand.where(demand["in_area"].astype(bool))


def is_one_of(cells: NDArray[Any], words: Collection[str]) -> NDArray[np.bool_]:
    """Which cells hold one of some words; quicker than numpy on objects."""
    return np.array([cell in words for cell in cells], dtype=bool)


@dataclass(frozen=True)
class Measure:
    """A registered measure.

    Attributes:
        count: the function: a county's row first, then those of its parts.
        reads: the roles of frames that it looks at, ``coverage``, ``travel``, and ``rules`` where it asks another rule.
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

    def fields_of(self, rule: Rule) -> frozenset[str]:
        """The fields of facilities on which a rule's figure depends; empty for a measure that does not look at any."""
        if "facilities" not in self.reads:
            return frozenset()
        named = {value for value in rule.options.values() if isinstance(value, str)}
        listed = {word for value in rule.options.values() if isinstance(value, tuple) for word in value}
        scope = {SCOPE_FIELDS.get(key, key) for key in rule.scope} | set(rule.scope.get("flags", ()))
        return self.fields | {"status", "open_year"} | scope | named | listed


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
