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
from geoplan.layers import Progress, read_manifest
from geoplan.scenario import Edit, Signature, State, Store
from geoplan.standards import load_pack
from geoplan.web import cache, editing, service, state
from geoplan.web.cache import View
from geoplan.web.map_component.view import Bounds
from geoplan.web.state import Desk, Question

_DESK = "desk"


def desk() -> Desk:
    """The session's desk, whose language is spoken from here on; at first the one that the address tells of.

    Raises:
        GeoplanError: the workspace or its scenarios cannot be read.
    """
    if _DESK not in st.session_state:
        i18n.use(state.first_language())
        packs = service.pack_choices(read_manifest(state.workspace()))
        names = tuple(known.scenario.name for known in store().states())
        st.session_state[_DESK] = state.from_address(st.query_params.to_dict(), packs, names)
    found: Desk = st.session_state[_DESK]
    i18n.use(found.language)
    return found


def put(new: Desk) -> None:
    """Go on with another desk; its address is that of the page."""
    st.session_state[_DESK] = new
    address = state.to_address(new)
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def change(**fields: Any) -> None:
    """Go on with other values of some fields."""
    put(replace(desk(), **fields))


def choose(name: str, value: str) -> None:
    """Let a page remember something (``Desk.choice``)."""
    put(state.choosing(desk(), name, value))


def select(layer: str, ids: tuple[str, ...], bounds: Bounds | None = None) -> None:
    """Mark features of a layer on the map and in the tables; the map flies to the bounds."""
    put(state.selecting(desk(), layer, ids, bounds))


def open_scenario(name: str) -> None:
    """Show another scenario, or the workspace as it is (blank)."""
    put(state.opening(desk(), name))


def question() -> Question:
    """What the desk asks.

    Raises:
        GeoplanError: the manifest or the pack cannot be read.
    """
    now, root = desk(), state.workspace()
    manifest = read_manifest(root)
    pack = now.pack or service.pack_choices(manifest)[0]
    year = now.year or default_year(manifest, load_pack(pack))
    return Question(root, pack, year, now.speed, now.language)


def store(*, write: bool = False) -> Store:
    """The scenario store; one that can be written exists from the first write on."""
    return cache.store_of(state.workspace(), state.store_address(), write=write)


def view(begin: Callable[[], Progress]) -> View:
    """The answer to the desk's question, with the latest revision of its scenario.

    Args:
        begin: called when there is something to compute, for the function that is told each stage.

    Raises:
        GeoplanError: the workspace, its layers, the pack or the store cannot be used.
    """
    after, shown = editing.catch_up(desk(), store())
    put(after)
    return cache.view_of(question(), shown, begin)


def view_of(name: str, begin: Callable[[], Progress]) -> View:
    """The answer to the desk's question with any scenario, as it is now.

    Raises:
        GeoplanError: as ``view``, and for a scenario that is not there.
    """
    return cache.view_of(question(), store().state(name), begin)


def quiet() -> Progress:
    """No display of progress."""
    return lambda _stage: None


def edit(edits: Sequence[Edit], *, drawn_on: int | None = None, reason: str = "") -> None:
    """Write edits into the scenario; they wait where there is none yet, or no author."""
    now = desk()
    writing = store(write=bool(now.scenario and now.author))
    layers = cache.layers_of(question(), quiet)
    put(editing.append(now, writing, layers, edits, drawn_on=drawn_on, reason=reason))


def undo(drawn_on: int | None = None) -> None:
    """Take back the scenario's last change."""
    put(editing.undo(desk(), store(write=True), drawn_on))


def redo(drawn_on: int | None = None) -> None:
    """Do again what was taken back last."""
    put(editing.redo(desk(), store(write=True), drawn_on))


def begin_scenario(name: str) -> None:
    """Begin a scenario with the edits that wait for one."""
    put(editing.begin(desk(), store(write=True), cache.layers_of(question(), quiet), name))


def write(change_of: Callable[[Store, Signature, int], State], reason: str = "") -> None:
    """Any other write to the scenario: given the store, who signs and the revision it is made on."""
    writing = store(write=True)
    put(editing.signed(desk(), writing, lambda by: change_of(writing, by, desk().seen), reason))


def start(change_of: Callable[[Store, Signature], State], reason: str = "") -> None:
    """Begin or bring in a scenario and show it: given the store and who signs."""
    writing = store(write=True)
    put(editing.start(desk(), lambda by: change_of(writing, by), reason))


def rename(name: str) -> None:
    """Give the scenario another name."""
    put(editing.rename(desk(), store(write=True), name))


def sign(author: str) -> None:
    """The author's name; what waited for it is written."""
    put(replace(desk(), author=author.strip()))
    if desk().author and desk().scenario and desk().waiting:
        layers = cache.layers_of(question(), quiet)
        put(editing.write_waiting(desk(), store(write=True), layers))
