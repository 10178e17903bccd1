"""What is seen while something is computed: nothing as long as it is quick, then its stage and a way to give up."""

from __future__ import annotations

import time

from streamlit.delta_generator import DeltaGenerator

from geoplan.i18n import _
from geoplan.layers import Progress

_PATIENCE_S = 0.7


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
