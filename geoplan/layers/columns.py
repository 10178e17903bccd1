"""The rows of a frame as plain arrays and values: for small tables many times quicker than the frame itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar, cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.memory import Memory

_T = TypeVar("_T")


class Columns:
    """A frame's columns as plain arrays, and what is made of them, each made when it is first asked for and then kept.

    The frame must not change.
    """

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        self.frame = frame
        self._arrays: dict[str, NDArray[Any]] = {}
        self._kept: dict[object, object] = {}

    def array(self, name: str) -> NDArray[Any]:
        """A column: floats with NaN for blank, else objects."""
        if name not in self._arrays:
            self._arrays[name] = self.frame[name].to_numpy()
        return self._arrays[name]

    def figures(self, name: str) -> NDArray[np.object_]:
        """A column of numbers as they were written, None for a blank cell."""
        return self.keep(("figures", name), lambda: _figures(self.array(name)))

    def keep(self, name: object, make: Callable[[], _T]) -> _T:
        """What a function makes of this frame and of nothing else, made once.

        Args:
            name: what it is; includes all that the function depends on besides the frame.
        """
        if name not in self._kept:
            self._kept[name] = make()
        return cast("_T", self._kept[name])

    def records(self) -> list[tuple[object, ...]]:
        """Every row with all its cells, None for blank, geometry as WKB: equal for rows that are the same."""
        return self.keep("records", lambda: list(zip(*map(self._cells, self.frame.columns), strict=True)))

    def _cells(self, name: str) -> list[object]:
        array = self.array(name)
        if name == "geometry":
            array = shapely.to_wkb(np.asarray(array, dtype=object))
        cells: list[object] = array.tolist()
        if array.dtype.kind == "f":
            return [None if blank else cell for blank, cell in zip(np.isnan(array).tolist(), cells, strict=True)]
        return cells


def _figures(numbers: NDArray[np.float64]) -> NDArray[np.object_]:
    cells = [None if np.isnan(cell) else exact(cell) for cell in numbers.tolist()]
    return np.array([*cells, None], dtype=object)[:-1]  # never taken for an array of numbers


class Records:
    """Some rows with all their cells; equal to others that hold the same."""

    def __init__(self, cells: tuple[tuple[object, ...], ...]) -> None:
        self._cells = cells

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Records) and self._cells == other._cells

    def __hash__(self) -> int:
        return hash(self._cells)


class Rows:
    """Some rows of a frame, as plain columns.

    Attributes:
        places: which rows of the frame.
    """

    __slots__ = ("columns", "places")

    def __init__(self, columns: Columns, places: NDArray[np.intp]) -> None:
        self.columns, self.places = columns, places

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

    def records(self) -> Records:
        """What the rows hold, to be held against an earlier time."""
        cells = self.columns.records()
        return Records(tuple([cells[place] for place in self.places.tolist()]))

    def frame(self) -> gpd.GeoDataFrame:
        """The rows as a frame of their own."""
        return self.columns.frame.iloc[self.places].reset_index(drop=True)


def all_rows(frames: Mapping[str, gpd.GeoDataFrame], role: str, memory: Memory) -> Rows:
    """All rows of a layer; what was made of its columns before is kept as long as the layer stays the same."""
    frame = frames[role]
    columns = memory.recall(("columns", role), (frame,), lambda: Columns(frame))
    return Rows(columns, columns.keep("all", lambda: np.arange(len(frame))))


def exact(number: float) -> Fraction:
    """The decimal figure as it was written, not its binary neighbour."""
    value = float(number)
    return Fraction(int(value)) if value.is_integer() else Fraction(repr(value))
