"""What the steps of an earlier run gave, so that a step is done again only when it is given something else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

_T = TypeVar("_T")


class Memory:
    """Remembers the last result of each step, and what it was made from.

    Nothing that a step is given or gives may be changed afterwards. Memory: one result per step, with its inputs.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[tuple[object, ...], object]] = {}

    def branch(self) -> Memory:
        """A memory that begins with what this one remembers; what either learns later the other does not know."""
        branch = Memory()
        branch._kept = dict(self._kept)
        return branch

    def recall(self, step: Hashable, inputs: tuple[object, ...], make: Callable[[], _T]) -> _T:
        """The result of a step: the one from before when the inputs are the same, else made anew.

        Args:
            step: its name; two steps of one name forget each other.
            inputs: all that the result depends on, in a fixed order.
        """
        kept = self._kept.get(step)
        if kept is not None and same(kept[0], inputs):
            return cast("_T", kept[1])
        made = make()
        self._kept[step] = (inputs, made)
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
