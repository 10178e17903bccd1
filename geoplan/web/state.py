"""What the reader asked for: one immutable record, made anew from the sidebar at every run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from geoplan.i18n import LANGUAGES
from geoplan.model import Settings

WORKSPACE, LANGUAGE = "GEOPLAN_WORKSPACE", "GEOPLAN_LANG"
SPEEDS = (0.8, 1.0, 1.2)


@dataclass(frozen=True, slots=True)
class Question:
    """All that an answer depends on, apart from the files themselves.

    Attributes:
        pack: id of the rule pack, or its file.
        year: the year that is checked.
        speed: walking speed in metres per second.
        language: part of the question, because findings carry words.
        scenario: id of the scenario whose edits are applied; blank for the layers as they are.
    """

    workspace: Path
    pack: str
    year: int
    speed: float
    language: str
    scenario: str = ""

    @property
    def settings(self) -> Settings:
        """The parameters of the assessment."""
        return Settings(speed_mps=self.speed)


def workspace() -> Path:
    """The workspace that the app was started on."""
    return Path(os.environ.get(WORKSPACE) or Path.cwd())


def first_language() -> str:
    """The language before the reader has chosen one: Chinese, unless the environment names another that there is."""
    language = os.environ.get(LANGUAGE, "")
    return language if language in LANGUAGES else LANGUAGES[0]
