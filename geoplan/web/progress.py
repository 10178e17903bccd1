"""What is seen while something is computed: its stage and a way to give up; at once, or only where it takes long.

Streamlit ends a run where it calls Streamlit, when something is asked of the whole page, not when it is asked of a fragment.
What takes long is therefore done beside the run (``interruptible``), and the buttons here say what becomes of the question,
so that the next run does not begin the same again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan.i18n import _
from geoplan.layers import Progress

_T = TypeVar("_T")
_GLANCE_S = 0.05  # how long a run may be held
_PATIENCE_S = 0.25  # before the style sheet shows it
CANCELLED = "entry-cancelled"
"""What the desk remembers after a computation was given up."""


class _GivenUp(BaseException):
    """Nobody waits any more; not an error that what computes may take for its own."""


def quiet() -> Progress:
    """No display of progress."""
    return lambda _stage: None


def interruptible(work: Callable[[Progress], _T], begin: Callable[[], Progress] = quiet) -> _T:
    """What ``work`` returns or raises. It runs in a thread of its own, so that the run that waits for it can end at any moment.

    When the run ends the work ends at the next stage that it tells.

    Args:
        work: given the function to tell its stages; it calls nothing of Streamlit's.
        begin: called in the run, for the function that shows a stage; it is told one that has a name again and again while it lasts.
    """
    told: SimpleQueue[str | None] = SimpleQueue()  # None at the end
    left = Event()
    result: Future[_T] = Future()

    def tell(stage: str) -> None:
        if left.is_set():
            raise _GivenUp
        told.put(stage)

    def do() -> None:
        try:
            result.set_result(work(tell))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            result.set_exception(error)
        told.put(None)

    Thread(target=copy_context().run, args=(do,), daemon=True).start()
    stage: str | None = ""
    try:
        while stage is not None:
            if stage:
                begin()(stage)
            stage = _next(told, stage)
    finally:
        left.set()
    return result.result()


def _next(told: SimpleQueue[str | None], stage: str) -> str | None:
    """The next stage, or the present one once more."""
    try:
        return told.get(timeout=_GLANCE_S)
    except Empty:
        CANCELLED in st.session_state  # noqa: B015 - whatever is asked of the state is a point where Streamlit can end the run
        return stage


def changing(show: Callable[[str], object]) -> Progress:
    """Shows a stage when it is another than the one before."""
    shown = [""]

    def tell(stage: str) -> None:
        if stage != shown[0]:
            shown[0] = stage
            show(stage)

    return tell


def stages(place: DeltaGenerator, name: str, give_up: Callable[[], None]) -> Callable[[], Progress]:
    """For a whole assessment: each of its stages, and a button to give it up.

    Args:
        name: of the button, which no other has.
        give_up: called before the next run.
    """

    def show() -> Progress:
        box = place.container(key=f"gp-progress-{name}")
        status = box.status(_("正在评估：{stage}").format(stage=_("准备")))
        _button(box, name, give_up)
        return changing(lambda stage: status.update(label=_("正在评估：{stage}").format(stage=stage)))

    return _once(show)


def way_out(give_up: Callable[[], None]) -> None:
    """The button for ``patient``; outside the fragment, whose own buttons would wait until it has run."""
    _button(st.container(key="gp-cancel"), "edit", give_up)


def patient(place: DeltaGenerator) -> Callable[[], Progress]:
    """For an edit: its stages, which the style sheet shows, with the button, when they take longer than a moment.

    Args:
        place: there at every run: what comes later on the page would else be built anew.
    """

    def show() -> Progress:
        begun = time.monotonic()
        words = place.container(key="gp-busy").empty()
        words.text(_("正在评估"))
        say = changing(lambda stage: words.text(_("正在评估：{stage}").format(stage=stage)))

        def tell(stage: str) -> None:
            if time.monotonic() - begun >= _PATIENCE_S:
                say(stage)

        return tell

    return _once(show)


def _button(box: DeltaGenerator, name: str, give_up: Callable[[], None]) -> None:
    box.button(_("取消计算"), key=f"cancel-{name}", on_click=give_up)


def _once(show: Callable[[], Progress]) -> Callable[[], Progress]:
    """Shows something when it is called first, and tells that of everything."""
    shown: list[Progress] = []

    def begin() -> Progress:
        if not shown:
            shown.append(show())
        return shown[0]

    return begin
