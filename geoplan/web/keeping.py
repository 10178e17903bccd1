"""Edits that are not saved yet outlive the page: the browser keeps them, and tells them to the next session once this one is gone."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from geoplan import i18n
from geoplan.errors import ScenarioError
from geoplan.scenario import Edit, edit_from_json, edit_to_json
from geoplan.web import editing, remembering, session, state
from geoplan.web.state import Held

_MOST_OWNERS, _MOST_EDITS, _LONGEST = 10_000, 1_000, 200
_log = logging.getLogger(__name__)


@dataclass
class _Heirs:
    """Which sessions' edits were taken over, for the whole process: each by one other."""

    taken: OrderedDict[str, None] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def take(self, owner: str) -> bool:
        """Whether the edits of a session are there to be taken over; not while it lives, nor twice."""
        with self.lock:
            if owner in self.taken or get_instance().is_active_session(owner):
                return False
            self.taken[owner] = None
            while len(self.taken) > _MOST_OWNERS:
                self.taken.popitem(last=False)
            return True


_HEIRS = _Heirs()


def keep(key: str) -> None:
    """Let the browser keep what waits, and take over what it has of sessions that are gone.

    Args:
        key: of the component; on a page whose fragments run alone it stands in the one that changes what waits.
    """
    desk, held, context = session.desk(), session.held(), get_script_run_ctx()
    owner = context.session_id if context else ""
    edits = {about: [edit_to_json(edit) for edit in kept] for about, kept in state.all_waiting(desk).items()}

    def left() -> None:
        sent = st.session_state.get(key, {}).get("left")
        for name, found in _records(sent):
            _take_over(held, name, found)

    remembering.keep(
        key, {"owner": owner, "place": str(state.workspace()), "edits": edits, "had": list(desk.heir_of)}, left
    )


def _records(sent: object) -> list[tuple[str, Mapping[str, Any]]]:
    """Owner and edits of each record of a browser's message, which is trusted no more than any other input."""
    if not isinstance(sent, list):
        return []
    told = [(one.get("owner"), one.get("edits")) for one in sent[:_LONGEST] if isinstance(one, Mapping)]
    return [
        (owner, edits)
        for owner, edits in told
        if isinstance(owner, str) and 0 < len(owner) <= _LONGEST and isinstance(edits, Mapping)
    ]


def _take_over(held: Held, owner: str, found: Mapping[str, Any]) -> None:
    if owner in held.desk.heir_of or not _HEIRS.take(owner):
        return
    with i18n.speaking(held.desk.language):
        edits = {str(about)[:_LONGEST]: _edits(kept) for about, kept in list(found.items())[:_LONGEST]}
        held.update(lambda desk: editing.inheriting(desk, owner, edits))


def _edits(kept: object) -> tuple[Edit, ...]:
    """What can be read of a list of edits."""
    edits: list[Edit] = []
    for one in kept[:_MOST_EDITS] if isinstance(kept, list) else ():
        try:
            edits.append(edit_from_json(one))
        except (ScenarioError, TypeError, ValueError) as error:
            _log.info("kept edit: %s", error)
    return tuple(edits)
