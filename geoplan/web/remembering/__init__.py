"""What the browser keeps for the next visit: the author's name, for a year and sent to this host alone, and edits not yet saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from geoplan.errors import ScenarioError
from geoplan.i18n import _
from geoplan.scenario.edits import MAX_NAME, checked_text

_COOKIE = "geoplan-author"


def author() -> str:
    """The name that the browser knows; blank where it knows none that could sign."""
    try:
        return checked_text(unquote(st.context.cookies.get(_COOKIE, "")).strip(), _("编制人"), MAX_NAME, blank=True)
    except ScenarioError:
        return ""


def remember(name: str) -> None:
    """Let the browser keep a name; nothing is seen on the page."""
    _component()(key="remember", data={"cookie": f"{_COOKIE}={quote(name)}"}, height=1)


def keep(key: str, told: Mapping[str, Any], left: Callable[[], None]) -> None:
    """Let the browser keep what is told; ``left`` is called when it has found what other sessions left."""
    with st.container(key=f"gp-{key}"):
        _component()(key=key, data=dict(told), height=1, on_left_change=left)


@cache
def _component() -> Any:
    return st.components.v2.component("geoplan.remember", js="remember.js", html="", isolate_styles=False)
