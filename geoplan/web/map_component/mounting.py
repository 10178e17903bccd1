"""The component on the page."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from geoplan.errors import MapEventError, OutputError
from geoplan.i18n import _, current
from geoplan.web.map_component.events import Event, Refresh
from geoplan.web.map_component.inbox import Inbox, Received
from geoplan.web.map_component.texts import texts
from geoplan.web.map_component.view import View, message

BUILD = Path(__file__).parent / "build"
_INBOX = Inbox()
_LANGUAGES = {"zh": "zh-CN", "en": "en"}
_log = logging.getLogger(__name__)


def show_map(view: View, *, key: str, on_events: Callable[[list[Event]], None], height: int = 620) -> None:
    """Show the map, or bring the one that is there up to date.

    Args:
        view: what it is to show.
        key: of the component; the map lives as long as its key is shown.
        on_events: called with what the planner did, each event once and in order, before the script runs, and so without
            the language that the script sets. An event that it fails on does not come again.
        height: of the map with its bar, in pixels.

    Raises:
        OutputError: the component was not built when the package was installed.
    """
    session = st.session_state.setdefault(f"{key}-session", secrets.token_hex(8))
    received: Received | None = st.session_state.get(f"{key}-received")
    data = message(view, texts(), _LANGUAGES[current()])
    data["acknowledged"] = {
        "session": session,
        "client": received.client if received else "",
        "sequence": received.sequence if received else 0,
    }
    data["notice"] = " ".join(received.refused) if received else ""
    _component()(key=key, data=data, height=height, on_events_change=lambda: _receive(key, on_events))


@cache
def _component() -> Any:
    if not any(BUILD.glob("index-*.js")):
        raise OutputError(_("缺少地图组件：请在有网络时运行 pip install（或在源码目录运行 python hatch_build.py）。"))
    return st.components.v2.component("geoplan.map", js="index-*.js", css="index-*.css", html="", isolate_styles=False)


def _receive(key: str, on_events: Callable[[list[Event]], None]) -> None:
    sent = st.session_state[key].get("events")
    if sent is None:
        return
    try:
        received = _INBOX.receive(sent)
    except MapEventError as error:
        _log.info("map: %s", error)
        return
    st.session_state[f"{key}-received"] = received
    wanted = [event for event in received.events if not isinstance(event, Refresh)]
    if wanted:
        on_events(wanted)
