"""What the page tells the browser: the author's name, kept for a year and sent to this host alone, and its own language."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from geoplan.errors import ScenarioError
from geoplan.i18n import _, current
from geoplan.scenario.edits import MAX_NAME, checked_text

_COOKIE = "geoplan-author"
_LANGUAGES = {"zh": "zh-CN", "en": "en"}


def author() -> str:
    """The name that the browser knows; blank where it knows none that could sign."""
    try:
        return checked_text(unquote(st.context.cookies.get(_COOKIE, "")).strip(), _("编制人"), MAX_NAME, blank=True)
    except ScenarioError:
        return ""


def remember(name: str) -> None:
    """Let the browser keep a name, and know in which language to read the page aloud; nothing is seen on the page."""
    data = {"cookie": f"{_COOKIE}={quote(name)}", "language": _LANGUAGES[current()]}
    _component()(key="remember", data=data, height=1)


@cache
def _component() -> Any:
    return st.components.v2.component("geoplan.remember", js="remember.js", html="", isolate_styles=False)
