"""The component on the page."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import streamlit as st

from geoplan.errors import MapEventError, OutputError
from geoplan.i18n import _, current
from geoplan.web.map_component.events import Event, Refresh
from geoplan.web.map_component.inbox import Inbox
from geoplan.web.map_component.texts import texts
from geoplan.web.map_component.view import View, message
from geoplan.web.published import publish

BUILD = Path(__file__).parent / "build"
_INBOX = Inbox()
_LANGUAGES = {"zh": "zh-CN", "en": "en"}
_SMALL_BYTES = 256 * 1024  # the classes of 100,000 dots and more; what is larger is fetched, compressed
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """How far the events of a page's map have been taken, and why some of the last were dropped."""

    client: str = ""
    sequence: int = 0
    refused: tuple[str, ...] = ()


@dataclass
class _Post:
    """What one session has had from its map.

    With fast reruns, which ``geoplan app`` turns off, Streamlit begins the next run of a session in another thread while a
    callback of the last one is still at work: events are taken by one thread at a time, and acknowledged when all was done
    that they ask for.
    """

    session: str = field(default_factory=lambda: secrets.token_hex(8))
    taken: Taken = Taken()
    shown: frozenset[str] = frozenset()
    _one_at_a_time: Lock = field(default_factory=Lock)

    def news(self, view: View) -> dict[str, str]:
        """Payloads by address that the view before had not, to go with the message: a request would wait behind the page's own work.

        Those of the first view are fetched, for the browser may have kept them; so is what did not arrive with a message.
        """
        payloads = {publish(payload): payload for layer in view.layers for payload in (layer.places, layer.look)}
        before, self.shown = self.shown, frozenset(payloads)
        new = {address: payloads[address].content for address in payloads.keys() - before} if before else {}
        return {address: content.decode() for address, content in new.items() if len(content) <= _SMALL_BYTES}

    def take(self, sent: object, on_events: Callable[[list[Event]], None]) -> None:
        """Take each event of a message once and hand it on."""
        with self._one_at_a_time:
            try:
                received = _INBOX.receive(sent)
            except MapEventError as error:
                _log.info("map: %s", error)
                return
            wanted = [event for event in received.events if not isinstance(event, Refresh)]
            try:
                if wanted:
                    on_events(wanted)
            finally:
                self.taken = Taken(received.client, received.sequence, received.refused)


def taken(key: str) -> Taken:
    """How far events have been taken by now: to be asked before anything is read that a view shows.

    An event that is taken while the page builds its view is not in it. Acknowledged with that view it would never be shown,
    for the run that takes it may be ended by the one that builds the view.
    """
    return _post(key).taken


def _post(key: str) -> _Post:
    found: _Post = st.session_state.setdefault(f"{key}-post", _Post())
    return found


def show_map(
    view: View,
    *,
    key: str,
    on_events: Callable[[list[Event]], None],
    height: int = 620,
    had: Taken | None = None,
) -> None:
    """Show the map, or bring the one that is there up to date.

    Args:
        view: what it is to show.
        key: of the component; the map lives as long as its key is shown.
        on_events: called with what the planner did, each event once and in order, before the script runs, and so without
            the language that the script sets. An event that it fails on does not come again. It must not touch
            ``st.session_state`` nor draw anything: at each of those Streamlit may end a callback for the next run,
            and the rest would be lost. Give it the objects that it changes.
        height: of the map with its bar, in pixels.
        had: what ``taken`` said before the view was built; needed where events change what it shows.

    Raises:
        OutputError: the component was not built when the package was installed.
    """
    post = _post(key)
    had = had or post.taken
    data = message(view, texts(), _LANGUAGES[current()])
    data["acknowledged"] = {"session": post.session, "client": had.client, "sequence": had.sequence}
    data["notice"] = " ".join(had.refused)
    data["payloads"] = post.news(view)
    _component()(key=key, data=data, height=height, on_events_change=lambda: _receive(key, post, on_events))


@cache
def _component() -> Any:
    if not any(BUILD.glob("index-*.js")):
        raise OutputError(_("缺少地图组件：请在有网络时运行 pip install（或在源码目录运行 python hatch_build.py）。"))
    return st.components.v2.component("geoplan.map", js="index-*.js", css="index-*.css", html="", isolate_styles=False)


def _receive(key: str, post: _Post, on_events: Callable[[list[Event]], None]) -> None:
    # A run that ends here has taken nothing, nor has one after a run that ended before it came to the map, whose value is
    # then gone: the browser sends it again.
    sent = st.session_state.get(key, {}).get("events")
    if sent is not None:
        post.take(sent, on_events)
