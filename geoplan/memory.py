"""What the steps of an earlier run gave, so that a step is done again only when it is given something else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd

_T = TypeVar("_T")


class Memory:
    """Remembers the last result of each step, and what it was made from.

    Nothing that a step is given or gives may be changed afterwards. Safe to share between threads: two of them may make
    one step at the same time, and what either makes is right. Memory: one result per step, with its inputs.
    """

    def __init__(self, trunk: Memory | None = None) -> None:
        self._kept: dict[Hashable, tuple[tuple[object, ...], object]] = {}
        self._trunk = trunk

    def branch(self) -> Memory:
        """A memory that knows what this one knows, now and later, and keeps what it makes itself to itself.

        Scenarios go on from one baseline in a branch each, and none makes another or the baseline forget.
        """
        return Memory(self)

    def recall(self, step: Hashable, inputs: tuple[object, ...], make: Callable[[], _T]) -> _T:
        """The result of a step: one from before when the inputs are the same, else made anew.

        Args:
            step: its name; two steps of one name forget each other.
            inputs: all that the result depends on, in a fixed order.
        """
        for before, result in self.known(step):
            if same(before, inputs):
                return cast("_T", result)
        made = make()
        self._kept[step] = (inputs, made)
        return made

    def known(self, step: Hashable) -> Iterator[tuple[tuple[object, ...], object]]:
        """(inputs, result) of each run of a step that is remembered, here and then in the trunk."""
        kept = self._kept.get(step)
        if kept is not None:
            yield kept
        if self._trunk is not None:
            yield from self._trunk.known(step)


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
