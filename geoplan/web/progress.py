"""What is seen while something is computed: nothing as long as it is quick, then its stage and a way to give up."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from geoplan.i18n import _
from geoplan.layers import Progress
from geoplan.web import session

_PATIENCE_S = 0.7
CANCELLED = "entry-cancelled"
"""What the desk remembers after a computation was given up."""


def stages(place: DeltaGenerator) -> Callable[[], Progress]:
    """For a whole assessment: each of its stages, and a button to give it up, which ends the run at the next stage."""
    shown: list[StatusContainer] = []

    def begin() -> Progress:
        if not shown:
            box = place.container()
            shown.append(box.status(_("正在评估")))
            box.button(_("取消计算"), key="cancel", on_click=lambda: session.choose(CANCELLED, "yes"))
        return lambda stage: shown[0].update(label=_("正在评估：{stage}").format(stage=stage))

    return begin


def patient(place: DeltaGenerator) -> Progress:
    """Shows the stages of what takes longer than a moment.

    Args:
        place: where, there at every run: what comes later on the page would else be built anew.

    Streamlit ends the run at the next stage when something else is asked for, the button included.
    """
    begun = time.monotonic()
    shown: list[DeltaGenerator] = []

    def tell(stage: str) -> None:
        if time.monotonic() - begun < _PATIENCE_S:
            return
        if not shown:
            shown.append(place.container(key="gp-busy").empty())
        shown[0].text(_("正在评估：{stage}").format(stage=stage))

    return tell
