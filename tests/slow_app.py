"""The app, in which a scenario's assessment is not done as long as a file named ``hold`` lies in the workspace."""

import time
from typing import Any

import streamlit as st

from geoplan.assess import Assessment, assess_scenario
from geoplan.layers import Progress
from geoplan.web import cache, server, state


def _held(*asked: Any, progress: Progress, **more: Any) -> Assessment:
    found = assess_scenario(*asked, progress=progress, **more)
    if (state.workspace() / "hold").exists():
        progress("hold")
    while (state.workspace() / "hold").exists():  # a stage that tells nothing
        time.sleep(0.05)
    return found


cache.assess_scenario = _held
app = st.App(server.SCRIPT, routes=server.routes(), middleware=server.middleware())
