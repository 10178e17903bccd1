"""What is kept between runs and shared by all readers: a bounded number of results, each under an explicit key.

Streamlit's cache holds the slots and never sees a frame or a progress display: it cannot tell two large frames apart,
and would replay the display.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import streamlit as st

from geoplan.assess import Assessment, assess, assess_scenario
from geoplan.errors import EditsError
from geoplan.layers import Layers, Progress, load_layers
from geoplan.memory import Memory
from geoplan.scenario import State, Store, open_store
from geoplan.scenario.folder import has_store
from geoplan.web.progress import interruptible, quiet
from geoplan.web.service import Slot, Study, answer_key, layers_key, pack_of, scenario_key
from geoplan.web.state import Question

_T = TypeVar("_T")
_PATIENCE_S = 1.0  # an edit that the store cannot take by then waits in the session, where the reader sees why
_opening = Lock()
_stores: dict[tuple[Path, str], Store] = {}  # not in Streamlit's cache: events of the map write outside its runs


@st.cache_resource(max_entries=4, show_spinner=False)
def _layers_slot(key: str) -> Slot[Layers]:  # noqa: ARG001 - the key tells the slots apart
    return Slot()


@st.cache_resource(max_entries=8, show_spinner=False)
def _baseline_slot(key: str) -> Slot[tuple[Assessment, Memory]]:  # noqa: ARG001
    return Slot()


@st.cache_resource(max_entries=12, show_spinner=False)
def _study_slot(base_key: str, scenario: int) -> Slot[Study]:  # noqa: ARG001
    return Slot()


@st.cache_resource(max_entries=120, show_spinner=False)
def _drawing_slot(key: str, name: str) -> Slot[Any]:  # noqa: ARG001
    return Slot()


@dataclass(frozen=True)
class View:
    """What every page gets: the question, its answer without and with the scenario, and what identifies them.

    Attributes:
        base: the workspace as it is.
        assessment: with the scenario's edits; the base itself without a scenario, and where its edits do not fit.
        state: the scenario at the revision that is shown; None without one.
        misfit: why the scenario's edits cannot be applied; None where they can.
        base_key: of ``base``; ``key`` of ``assessment``.
    """

    question: Question
    base: Assessment
    assessment: Assessment
    base_key: str
    key: str
    state: State | None = None
    misfit: EditsError | None = None

    @property
    def editable(self) -> bool:
        """Whether edits can be taken; those on the workspace as it is wait for a scenario."""
        return self.misfit is None and not (self.state and self.state.frozen)

    @property
    def layers(self) -> Layers:
        """The workspace's layers, without edits: what a scenario is drawn on."""
        return self.base.layers

    def drawn(
        self, name: str, draw: Callable[[Assessment], _T], *, begin: Callable[[], Progress] = quiet, stage: str = ""
    ) -> _T:
        """A map or a table made from the assessment, made once.

        Args:
            draw: calls nothing of Streamlit's.
            begin: called when there is something to draw, for the function that is told the stage.
        """
        slot: Slot[_T] = _drawing_slot(self.key, name)
        return _made(slot, lambda: draw(self.assessment), begin, stage)

    def drawn_of_base(self, name: str, draw: Callable[[Assessment], _T]) -> _T:
        """The same of the workspace as it is."""
        slot: Slot[_T] = _drawing_slot(self.base_key, name)
        return _made(slot, lambda: draw(self.base), quiet, "")


def _made(slot: Slot[_T], make: Callable[[], _T], begin: Callable[[], Progress], stage: str) -> _T:
    def told(tell: Progress) -> _T:
        tell(stage)
        return make()

    return interruptible(lambda tell: slot.get(lambda: told(tell)), begin)


def view_of(question: Question, state: State | None, begin: Callable[[], Progress]) -> View:
    """The answer to a question, with a scenario or without, computed where it is not there yet.

    Args:
        begin: called when there is something to compute, for the function that is told each stage.

    Raises:
        GeoplanError: the workspace, its layers or the pack cannot be used.
    """
    pack = pack_of(question.pack)
    key = answer_key(question, pack)
    year, settings = question.year, question.settings

    layers, baseline = _layers_of(question), _baseline_slot(key)

    def make(tell: Progress) -> tuple[Assessment, Memory]:
        memory = Memory()
        loaded = layers.get(lambda: load_layers(question.workspace, tell))
        made = assess(loaded, pack, year=year, settings=settings, progress=tell, memory=memory)
        spare()
        return made, memory

    base, memory = interruptible(lambda tell: baseline.get(lambda: make(tell)), begin)
    if state is None:
        return View(question, base, base, key, key)
    study = _study_slot(key, state.id).get(lambda: Study(memory.branch()))
    own = scenario_key(key, state.scenario)

    def go_on(memory: Memory, tell: Progress) -> Assessment:
        return assess_scenario(
            base.layers, state.scenario, pack, year=year, settings=settings, progress=tell, memory=memory
        )

    try:
        made = interruptible(lambda tell: study.get(own, lambda memory: go_on(memory, tell)), begin)
        return View(question, base, made, key, own, state)
    except EditsError as error:
        return View(question, base, base, key, key, state, error)


def spare() -> None:
    """Spare the garbage collector what is there now: it stays, and a round over it stops every session for a quarter of a second.

    What was spared before and is not needed any more is collected first.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def layers_of(question: Question) -> Layers:
    """The workspace's layers, loaded where they are not there yet.

    Raises:
        GeoplanError: they cannot be used.
    """
    return _layers_of(question).get(lambda: load_layers(question.workspace))


def _layers_of(question: Question) -> Slot[Layers]:
    return _layers_slot(layers_key(question.workspace, question.language))


def store_of(root: Path, url: str, *, write: bool) -> Store:
    """The store of a workspace, opened once for all readers.

    Where nothing was ever written and nothing is to be, it is made in memory for the reader alone: looking leaves no file.

    Raises:
        GeoplanError: it cannot be opened.
    """
    with _opening:
        if (root, url) in _stores:
            return _stores[root, url]
        if not (write or url or has_store(root)):
            return open_store(root, write=False)
        return _stores.setdefault((root, url), open_store(root, write=True, url=url, patience=_PATIENCE_S))
