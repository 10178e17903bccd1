"""What is seen while something is computed: its stage and a way to give up; at once, or only where it takes long.

Streamlit ends a run at its next stage when something is asked of the whole page, not when it is asked of a fragment. The
buttons here ask for that and say what becomes of the question, so that the next run does not begin the same again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan.i18n import _
from geoplan.layers import Progress

_PATIENCE_S = 0.25  # before the style sheet shows it
CANCELLED = "entry-cancelled"
"""What the desk remembers after a computation was given up."""


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
        return lambda stage: status.update(label=_("正在评估：{stage}").format(stage=stage))

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

        def tell(stage: str) -> None:
            if time.monotonic() - begun >= _PATIENCE_S:
                words.text(_("正在评估：{stage}").format(stage=stage))

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
