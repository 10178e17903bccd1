"""The desk of the running session, and what pages and callbacks do with it.

Callbacks and fragments run outside the script: whoever is called there begins with ``desk()``, which also sets the
language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from geoplan import i18n
from geoplan.assess import default_year
from geoplan.errors import GeoplanError, ScenarioError
from geoplan.i18n import _
from geoplan.layers import Layers, Progress, read_manifest
from geoplan.scenario import Edit, Signature, State, Store
from geoplan.scenario.edits import MAX_NAME, checked_text
from geoplan.web import cache, editing, remembering, service, state
from geoplan.web.cache import View
from geoplan.web.map_component.view import Bounds
from geoplan.web.state import Desk, Held, Notice, Question, telling

_HELD = "desk"


def desk() -> Desk:
    """The session's desk, whose language is spoken from here on; at first the one that the address tells of.

    Raises:
        GeoplanError: the workspace or its scenarios cannot be read.
    """
    found = held().desk
    i18n.use(found.language)
    return found


def held() -> Held:
    """What holds the desk, for those who change it outside the script's thread.

    Raises:
        GeoplanError: the workspace or its scenarios cannot be read.
    """
    if _HELD not in st.session_state:
        i18n.use(state.language_of(st.query_params.to_dict()))
        packs = service.pack_choices(read_manifest(state.workspace()))
        names = tuple(known.scenario.name for known in store().states())
        told = state.from_address(st.query_params.to_dict(), packs, names)
        st.session_state[_HELD] = Held(replace(told, author=remembering.author()))
    found: Held = st.session_state[_HELD]
    return found


def update(change: Callable[[Desk], Desk]) -> Desk:
    """Go on with the desk that a change makes of it; its address is that of the page."""
    i18n.use(held().desk.language)
    new = held().update(change)
    address = state.to_address(new)
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)
    return new


def change(**fields: Any) -> None:
    """Go on with other values of some fields."""
    update(lambda now: replace(now, **fields))


def choose(name: str, value: str) -> None:
    """Let a page remember something (``Desk.choice``)."""
    update(lambda now: state.choosing(now, name, value))


def select(layer: str, ids: tuple[str, ...], bounds: Bounds | None = None) -> None:
    """Mark features of a layer on the map and in the tables; the map flies to the bounds."""
    update(lambda now: state.selecting(now, layer, ids, bounds))


def open_scenario(name: str) -> None:
    """Show another scenario, or the workspace as it is (blank)."""
    update(lambda now: state.opening(now, name))


def question() -> Question:
    """What the desk asks.

    Raises:
        GeoplanError: the manifest or the pack cannot be read.
    """
    now, root = desk(), state.workspace()
    manifest = read_manifest(root)
    pack = now.pack or service.pack_choices(manifest)[0]
    year = now.year or default_year(manifest, service.pack_of(pack))
    return Question(root, pack, year, now.speed, now.language)


def store(*, write: bool = False) -> Store:
    """The scenario store; one that can be written exists from the first write on.

    Raises:
        GeoplanError: it cannot be opened.
    """
    return cache.store_of(state.workspace(), state.store_address(), write=write)


def catch_up() -> State | None:
    """The latest revision of the desk's scenario, which the desk then knows; what others did is told.

    Raises:
        GeoplanError: the store cannot be read.
    """
    known, shown = store(), []

    def caught_up(now: Desk) -> Desk:
        after, latest = editing.catch_up(now, known)
        shown.append(latest)
        return after

    update(caught_up)
    return shown[-1]


def view(begin: Callable[[], Progress]) -> View:
    """The answer to the desk's question, with the latest revision of its scenario.

    Args:
        begin: called when there is something to compute, for the function that is told each stage.

    Raises:
        GeoplanError: the workspace, its layers, the pack or the store cannot be used.
    """
    shown = catch_up()
    return cache.view_of(question(), shown, begin)


def view_of(name: str, begin: Callable[[], Progress]) -> View:
    """The answer to the desk's question with any scenario, as it is now.

    Raises:
        GeoplanError: as ``view``, and for a scenario that is not there.
    """
    return cache.view_of(question(), store().state(name), begin)


def edit(edits: Sequence[Edit], *, drawn_on: int | None = None, reason: str = "") -> None:
    """Write edits into the scenario; they wait where there is none yet, or no author."""

    def appended(now: Desk) -> Desk:
        writing = store(write=bool(now.scenario and now.author))
        return editing.append(now, writing, _layers(), edits, drawn_on=drawn_on, reason=reason)

    _write(appended, edits)


def retry() -> bool:
    """Write what waits for the store, where that works again; whether it did."""
    if not desk().hindered:
        return False
    try:
        return not update(lambda now: editing.retry(now, store(write=True), _layers())).hindered
    except GeoplanError:
        return False  # told already


def _layers() -> Layers:
    return cache.layers_of(question())


def _write(change: Callable[[Desk], Desk], edits: Sequence[Edit] = ()) -> Desk:
    """Go on with the desk that a write makes; where layers cannot be read or the store cannot be opened, that is told.

    Args:
        edits: that wait then.
    """
    try:
        return update(change)
    except GeoplanError as error:
        failure = error
        return update(lambda now: editing.failed(now, failure, edits))


def undo() -> None:
    """Take back the scenario's last change."""
    _write(lambda now: editing.undo(now, store(write=True)))


def redo() -> None:
    """Do again what was taken back last."""
    _write(lambda now: editing.redo(now, store(write=True)))


def take_back() -> bool:
    """Take back what this window wrote since its map was last drawn; whether there was anything."""
    before = desk()
    return _write(lambda now: editing.taken_back(now, store(write=True))).seen != before.seen


def begin_scenario(name: str) -> None:
    """Begin a scenario with the edits that wait for one."""
    _write(lambda now: editing.begin(now, store(write=True), _layers(), name))


def write(change_of: Callable[[Store, Signature, int], State], reason: str = "") -> None:
    """Any other write to the scenario: given the store, who signs and the revision it is made on."""

    def done(now: Desk) -> Desk:
        writing = store(write=True)
        return editing.signed(now, writing, lambda by: change_of(writing, by, now.seen), reason)

    _write(done)


def start(change_of: Callable[[Store, Signature], State], reason: str = "") -> None:
    """Begin or bring in a scenario and show it: given the store and who signs."""
    _write(lambda now: editing.start(now, lambda by: change_of(store(write=True), by), reason))


def rename(name: str) -> None:
    """Give the scenario another name."""
    _write(lambda now: editing.rename(now, store(write=True), name))


def sign(author: str) -> None:
    """The author's name; what waited for it is written. A name that could not sign is refused."""
    try:
        name = checked_text(author.strip(), _("编制人"), MAX_NAME, blank=True)
    except ScenarioError as error:
        refused = Notice("refused", str(error))
        update(lambda now: telling(now, refused))
        return
    now = update(lambda now: replace(now, author=name))
    if now.author and now.scenario and now.waiting:
        _write(lambda now: editing.write_waiting(now, store(write=True), _layers()))
