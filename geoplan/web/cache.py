"""What is kept between runs and shared by all readers: a bounded number of results, each under an explicit key.

Streamlit's cache holds the slots and never sees a frame or a progress display: it cannot tell two large frames apart,
and would replay the display.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from geoplan.assess import Assessment, assess
from geoplan.layers import Layers, Progress, load_layers
from geoplan.standards import load_pack
from geoplan.web.service import Slot, answer_key, layers_key
from geoplan.web.state import Question

_T = TypeVar("_T")


@st.cache_resource(max_entries=4, show_spinner=False)
def _layers_slot(key: str) -> Slot[Layers]:  # noqa: ARG001 - the key tells the slots apart
    return Slot()


@st.cache_resource(max_entries=8, show_spinner=False)
def _assessment_slot(key: str) -> Slot[Assessment]:  # noqa: ARG001
    return Slot()


@st.cache_resource(max_entries=40, show_spinner=False)
def _drawing_slot(key: str, name: str) -> Slot[Any]:  # noqa: ARG001
    return Slot()


@dataclass(frozen=True)
class View:
    """What every page gets: the question, its answer, and the key of that answer."""

    question: Question
    assessment: Assessment
    key: str

    def drawn(self, name: str, draw: Callable[[Assessment], _T]) -> _T:
        """A map or a table made from the assessment, made once."""
        made: _T = _drawing_slot(self.key, name).get(lambda: draw(self.assessment))
        return made


def view_of(question: Question, begin: Callable[[], Progress]) -> View:
    """The answer to a question, computed where it is not there yet.

    Args:
        begin: called when there is something to compute, for the function that is told each stage.

    Raises:
        GeoplanError: the workspace, its layers or the pack cannot be used.
    """
    pack = load_pack(question.pack)
    key = answer_key(question, pack)
    layers = _layers_slot(layers_key(question.workspace, question.language))

    def make() -> Assessment:
        progress = begin()
        loaded = layers.get(lambda: load_layers(question.workspace, progress))
        return assess(loaded, pack, year=question.year, settings=question.settings, progress=progress)

    return View(question, _assessment_slot(key).get(make), key)
