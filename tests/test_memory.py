"""What a memory takes for the same, and when it lets a step be done again."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoplan.memory import Memory, same
from geoplan.web.cache import spare


@dataclass(frozen=True)
class Record:
    """A frozen record that holds an array."""

    name: str
    cells: np.ndarray


class Thing:
    """No plain value: the same only as itself."""


PAIRS = [
    (1, 1),
    ("a", "a"),
    (2.5, 2.5),
    (None, None),
    (float("nan"), float("nan")),
    ((1, "a"), (1, "a")),
    (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
    (np.array(["a", ""], dtype=object), np.array(["a", ""], dtype=object)),
    (pd.DataFrame({"a": [1, None]}), pd.DataFrame({"a": [1, None]})),
    (MappingProxyType({"a": 1.0}), MappingProxyType({"a": 1.0})),
    (Record("a", np.arange(3)), Record("a", np.arange(3))),
]
OTHERS = [
    (1, 2),
    (1, 1.0),
    (1, True),
    (float("nan"), 0.0),
    ((1,), (1, 2)),
    (np.array([1.0, np.nan]), np.array([1.0, 0.0])),
    (np.arange(2), np.arange(2.0)),
    (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})),
    (MappingProxyType({"a": 1.0}), MappingProxyType({"a": 2.0})),
    (MappingProxyType({"a": 1.0}), MappingProxyType({"b": 1.0})),
    (Record("a", np.arange(3)), Record("a", np.arange(4))),
    (Thing(), Thing()),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_equal_values_are_the_same(one, other):
    """Values, arrays, frames, mappings and records that hold the same are the same, unknown cells too."""
    assert same(one, other)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_what_differs_in_value_or_kind_is_not_the_same(one, other):
    """One cell, one key, the type of a number or the identity of a thing makes the difference."""
    assert not same(one, other)
    assert same(one, one)


class Counted:
    """A value that counts how often it is held against another."""

    compared = 0

    def __eq__(self, other):
        Counted.compared += 1
        return isinstance(other, Counted)

    def __hash__(self):
        return 0


@pytest.mark.parametrize("of_a_branch", [False, True])
def test_inputs_that_hold_the_same_are_looked_through_once(of_a_branch):
    """A network made anew without a change is compared cell by cell the first time, then known as the object it is."""
    trunk = Memory()
    trunk.recall("step", (Counted(),), lambda: "made")
    memory, anew = trunk.branch() if of_a_branch else trunk, Counted()
    Counted.compared = 0
    for _time in range(3):
        assert memory.recall("step", (anew,), lambda: "made again") == "made"
    assert Counted.compared == 1


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), max_size=20))
def test_a_step_is_done_again_exactly_when_its_last_input_differs(calls):
    """The result is always that of the inputs, and nothing is made twice in a row from the same."""
    memory, made, last = Memory(), [], {}
    for step, value in calls:
        result = memory.recall(step, (value,), lambda step=step, value=value: made.append((step, value)) or value * 10)
        assert result == value * 10
        expected = [] if last.get(step) == value else [(step, value)]
        assert made == expected
        made.clear()
        last[step] = value


def test_a_branch_knows_what_its_trunk_knows_and_keeps_its_own_to_itself():
    """What the trunk made is not made again, neither before nor after the branch makes its own; the trunk learns nothing."""
    trunk, made = Memory(), []

    def ask(memory: Memory, value: int) -> int:
        return memory.recall("step", (value,), lambda: made.append(value) or value)

    ask(trunk, 1)
    branch, other = trunk.branch(), trunk.branch()
    assert [ask(branch, 1), ask(branch, 2), ask(branch, 1), ask(branch, 2), ask(trunk, 1), ask(other, 1)] == [
        1,
        2,
        1,
        2,
        1,
        1,
    ]
    assert made == [1, 2]
    assert ask(other, 2) == 2
    assert made == [1, 2, 2]


def test_what_is_spared_the_collector_is_collected_the_next_time():
    """A ring of objects that is there when a baseline was made outlives rounds of the collector, but not the next baseline."""
    ring = Thing()
    ring.next = ring
    alive = weakref.ref(ring)
    spare()
    del ring
    gc.collect()
    assert alive() is not None
    spare()
    assert alive() is None
