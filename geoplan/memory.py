"""What the steps of an earlier run gave, so that a step is done again only when it is given something else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

_T = TypeVar("_T")
_Kept = dict[Hashable, tuple[tuple[object, ...] | None, object]]
_NOTHING = None, None


class Memory:
    """Remembers the last result of each step, and what it was made from.

    Nothing that a step is given or gives may be changed afterwards. Safe to share between threads: two of them may make
    one step at the same time, and what either makes is right. Memory: one result per step, with its inputs.
    """

    def __init__(self, trunk: tuple[_Kept, ...] = ()) -> None:
        self._line: tuple[_Kept, ...] = ({}, *trunk)

    def branch(self) -> Memory:
        """A memory that knows what this one knows, now and later, and keeps what it makes itself to itself.

        Scenarios go on from one baseline in a branch each, and none makes another or the baseline forget.
        """
        return Memory(self._line)

    def recall(self, step: Hashable, inputs: tuple[object, ...], make: Callable[[], _T]) -> _T:
        """The result of a step: one from before when the inputs are the same, else made anew.

        Args:
            step: its name; two steps of one name forget each other.
            inputs: all that the result depends on, in a fixed order.
        """
        for kept in self._line:
            before, result = kept.get(step, _NOTHING)
            if same(before, inputs):
                # Kept under the latest inputs it is found again by their identity, without another look at all their cells.
                kept[step] = inputs, result
                return cast("_T", result)
        made = make()
        self._line[0][step] = inputs, made
        return made


def same(one: Any, other: Any) -> bool:  # noqa: PLR0911 - one answer per kind of thing
    """Whether two inputs are one object or hold the same, cell by cell; unknown is the same as unknown.

    Objects that are no plain values, arrays, frames, tuples, mappings or frozen records are the same only as one object.
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or bool(np.isnan(one) and np.isnan(other))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    if isinstance(one, pd.DataFrame):
        return bool(one.equals(other))
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, item.name), getattr(other, item.name)) for item in dataclasses.fields(one))
    return isinstance(one, Hashable) and type(one).__eq__ is not object.__eq__ and bool(one == other)
