"""Work that a run of the app waits for without being held by it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from geoplan import i18n
from geoplan.assess import Assessment, assess
from geoplan.layers import Progress, load_layers
from geoplan.memory import Memory
from geoplan.standards import load_pack
from geoplan.web.progress import changing, interruptible
from geoplan.web.service import Slot, Study

_LONG_S = 60


class _RunEnded(BaseException):
    """As Streamlit ends a run."""


def test_what_the_work_returns_or_raises_the_run_gets() -> None:
    """The very object, and the very error, which the work meets in another thread but in the run's language."""
    error, here = ValueError("no"), threading.current_thread()

    def work(_tell: Progress) -> tuple[str, bool]:
        return i18n.current(), threading.current_thread() is here

    def fail(_tell: Progress) -> None:
        raise error

    with i18n.speaking("en"):
        assert interruptible(work) == ("en", False)
    with pytest.raises(ValueError, match="no") as caught:
        interruptible(fail)
    assert caught.value is error


def test_stages_are_shown_in_their_order_by_the_run_itself() -> None:
    """The display is begun where there is a stage, and never without one."""
    shown: list[tuple[str, threading.Thread]] = []

    def begin() -> Progress:
        return changing(lambda stage: shown.append((stage, threading.current_thread())))

    interruptible(lambda _tell: None, begin)
    assert shown == []
    interruptible(lambda tell: [tell(stage) for stage in "abc"], begin)
    assert shown == [(stage, threading.current_thread()) for stage in "abc"]


def test_a_stage_that_lasts_is_told_again_so_that_a_display_may_wait_with_it() -> None:
    """A display that shows nothing at first comes to the stage although it was told once."""
    told, enough = [0], threading.Event()

    def show(_stage: str) -> None:
        told[0] += 1
        if told[0] == 3:
            enough.set()

    def work(tell: Progress) -> bool:
        tell("once")
        return enough.wait(_LONG_S)

    assert interruptible(work, lambda: show)


def test_work_that_nobody_waits_for_ends_at_its_next_stage_and_leaves_the_slot_to_the_next() -> None:
    """The run ends while the work is in the middle of a stage; what it has not finished is neither done nor kept."""
    slot: Slot[str] = Slot()
    go_on, ended, done = threading.Event(), threading.Event(), list[str]()

    def make(tell: Progress) -> str:
        try:
            tell("one")
            go_on.wait(_LONG_S)
            tell("two")
            done.append("two")
            return "made by the first"
        finally:
            ended.set()

    def leave(_stage: str) -> None:
        raise _RunEnded

    with pytest.raises(_RunEnded):
        interruptible(lambda tell: slot.get(lambda: make(tell)), lambda: leave)
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(_LONG_S)
    assert done == []
    assert interruptible(lambda _tell: slot.get(lambda: "made by the next")) == "made by the next"


def test_whoever_asks_for_a_revision_that_is_kept_does_not_wait_for_one_that_is_made(small, tmp_path) -> None:
    """A revision is worked out for ever; the one before, to which a planner goes back, is there."""
    first = assess(load_layers(small.write(tmp_path)), load_pack("heshan"), year=2025)
    study, begun, go_on = Study(Memory()), threading.Event(), threading.Event()

    def slow(_memory: Memory) -> Assessment:
        begun.set()
        go_on.wait(_LONG_S)
        return first

    study.get("1", lambda _memory: first)
    other = threading.Thread(target=study.get, args=("2", slow))
    other.start()
    assert begun.wait(_LONG_S)
    got = _within(lambda: study.get("1", _never))
    go_on.set()
    other.join()
    assert got == [first]


def _within(ask: Callable[[], Assessment]) -> list[Assessment]:
    """The answer, or nothing where it does not come."""
    got: list[Assessment] = []
    asker = threading.Thread(target=lambda: got.append(ask()), daemon=True)
    asker.start()
    asker.join(5)
    return list(got)  # what comes later does not count


def _never(_memory: Memory) -> Assessment:
    raise AssertionError
