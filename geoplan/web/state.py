"""The session in one immutable record: what the reader asked for, looks at and has not yet written.

The record is called the desk. It lies in one place of the session (``session``); whoever changes something makes a new
one. What must outlive a reload stands in the page's address, what must outlive the server in the scenario store.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Literal

from geoplan.errors import ScenarioError
from geoplan.i18n import LANGUAGES, _
from geoplan.model import Settings
from geoplan.scenario import Edit, Entry
from geoplan.scenario.edits import MAX_NAME, LonLat, checked_text
from geoplan.web.map_component.view import Bounds, Focus, Selection

WORKSPACE, LANGUAGE, STORE = "GEOPLAN_WORKSPACE", "GEOPLAN_LANG", "GEOPLAN_STORE"
SPEEDS = (0.8, 1.0, 1.2)
FIRST_YEAR, LAST_YEAR = 1900, 2200
_MOST_SELECTED = 50  # ids that an address holds


@dataclass(frozen=True, slots=True)
class Question:
    """All that the answer without a scenario depends on, apart from the files themselves.

    Attributes:
        pack: id of the rule pack, or its file.
        year: the year that is checked.
        speed: walking speed in metres per second.
        language: part of the question, because findings carry words.
    """

    workspace: Path
    pack: str
    year: int
    speed: float
    language: str

    @property
    def settings(self) -> Settings:
        """The parameters of the assessment."""
        return Settings(speed_mps=self.speed)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told once: what others did, what was refused, which edits contradict each other.

    Attributes:
        entries: of news: what others wrote, as the store has it; whoever shows it knows the names.
        sides: of a conflict: whose changes, and each of them.
    """

    kind: Literal["news", "refused", "conflict"]
    text: str
    entries: tuple[Entry, ...] = ()
    sides: tuple[tuple[str, tuple[object, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A place that was asked about, each time with another number."""

    number: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one window is about.

    Attributes:
        pack: the rule pack; blank for the workspace's own.
        year: the year that is checked; None for the one that the pack or the manifest gives.
        speed: walking speed in metres per second.
        author: who signs edits; blank until told.
        scenario: the scenario that is shown and edited; blank for the workspace as it is.
        seen: the scenario's last revision that this window has shown or written itself.
        theirs: the last of these revisions that this window did not write.
        drawn: the last of them that its map has shown.
        selection: the features marked on the map and in the tables, by the map's layer.
        focus: where the map is to fly.
        asked: the place that was asked about.
        measured: the corners of the line that was measured along the roads.
        choices: what a page remembers between runs, by a name that begins with the page's.
        waiting: edits that wait for a scenario, an author or the store.
        aside: edits that wait for another scenario than the one that is open, by its name; blank for the workspace as it is.
        heir_of: the sessions that are gone and whose waiting edits this one took over.
        hindered: why the store took nothing when it was last tried, while edits wait for it; blank otherwise.
        notices: what is still to be told.
    """

    language: str = LANGUAGES[0]
    pack: str = ""
    year: int | None = None
    speed: float = 1.0
    author: str = ""
    scenario: str = ""
    seen: int = 0
    theirs: int = 0
    drawn: int = 0
    selection: tuple[Selection, ...] = ()
    focus: Focus | None = None
    asked: Asked | None = None
    measured: tuple[LonLat, ...] = ()
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    waiting: tuple[Edit, ...] = ()
    aside: Mapping[str, tuple[Edit, ...]] = field(default_factory=lambda: MappingProxyType({}))
    heir_of: tuple[str, ...] = ()
    hindered: str = ""
    notices: tuple[Notice, ...] = ()

    def choice(self, name: str, default: str = "") -> str:
        """What a page remembers under a name."""
        return self.choices.get(name, default)

    def selected(self, layer: str) -> tuple[str, ...]:
        """The ids that are marked in a layer of the map."""
        return next((one.ids for one in self.selection if one.layer == layer), ())


class Held:
    """The desk of one session, changed by one thread at a time: the page runs while events of the map come in."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._lock = RLock()

    def update(self, change: Callable[[Desk], Desk]) -> Desk:
        """The desk after a change, which nothing else comes between."""
        with self._lock:
            self.desk = change(self.desk)
            return self.desk


def choosing(desk: Desk, name: str, value: str) -> Desk:
    """A page remembers something."""
    return replace(desk, choices=MappingProxyType({**desk.choices, name: value}))


def selecting(desk: Desk, layer: str, ids: tuple[str, ...], bounds: Bounds | None = None) -> Desk:
    """These features are marked and no others.

    Args:
        bounds: where the map flies, in degrees; it stays where it is without.
    """
    marked = (Selection(layer, ids),) if ids else ()
    return flying(replace(desk, selection=marked), bounds) if bounds else replace(desk, selection=marked)


def flying(desk: Desk, bounds: Bounds) -> Desk:
    """The map flies to a box, also when it is the same as before."""
    return replace(desk, focus=Focus(desk.focus.number + 1 if desk.focus else 1, bounds))


def asking(desk: Desk, lon: float, lat: float) -> Desk:
    """A place is asked about, also when it is the same as before."""
    return replace(desk, asked=Asked(desk.asked.number + 1 if desk.asked else 1, lon, lat))


def opening(desk: Desk, scenario: str) -> Desk:
    """Another scenario is shown, or the workspace as it is (blank). What waits for a scenario is then for this one."""
    carried = desk.waiting if scenario and not desk.scenario else ()
    other = beside(replace(desk, waiting=()) if carried else desk, scenario)
    return replace(other, waiting=(*other.waiting, *carried))


def beside(desk: Desk, scenario: str) -> Desk:
    """Another scenario is looked at; what waits stays with the one that it was made on."""
    apart = all_waiting(desk)
    waiting = apart.pop(scenario, ())
    none: Desk = replace(desk, scenario=scenario, seen=0, theirs=0, drawn=0, hindered="")
    return replace(none, waiting=waiting, aside=MappingProxyType(apart))


def all_waiting(desk: Desk) -> dict[str, tuple[Edit, ...]]:
    """All edits that wait, by the scenario that they were made on."""
    return {about: edits for about, edits in {**desk.aside, desk.scenario: desk.waiting}.items() if edits}


def telling(desk: Desk, *notices: Notice) -> Desk:
    """There is something to be told."""
    return replace(desk, notices=(*desk.notices, *notices))


def to_address(desk: Desk) -> dict[str, str]:
    """What of the desk stands in the page's address: all that a reload must bring back."""
    told = {
        "lang": desk.language,
        "scenario": desk.scenario,
        "pack": desk.pack,
        "year": "" if desk.year is None else str(desk.year),
        "speed": "" if desk.speed == 1.0 else f"{desk.speed:g}",
        "select": _selection_text(desk.selection),
    }
    return {name: text for name, text in told.items() if text}


def from_address(address: Mapping[str, str], packs: tuple[str, ...], scenarios: tuple[str, ...]) -> Desk:
    """The desk that an address tells of; whatever in it means nothing here is left out, and a scenario that is gone is told.

    Args:
        packs: ids of the packs that there are.
        scenarios: names of the scenarios that there are.
    """
    name, year, speed = (address.get(key, "") for key in ("scenario", "year", "speed"))
    desk = Desk(
        language=language_of(address),
        pack=address["pack"] if address.get("pack") in packs else "",
        year=int(year) if _whole(year) and FIRST_YEAR <= int(year) <= LAST_YEAR else None,
        speed=next((known for known in SPEEDS if f"{known:g}" == speed), 1.0),
        scenario=name if name in scenarios else "",
        selection=_read_selection(address.get("select", "")),
    )
    return telling(desk, Notice("news", gone_text(name))) if name and not desk.scenario else desk


def language_of(address: Mapping[str, str]) -> str:
    """The language that an address tells of; the first where it tells of none that there is."""
    return address["lang"] if address.get("lang") in LANGUAGES else first_language()


def gone_text(name: str) -> str:
    """That a scenario is not there any more."""
    return _("没有名为“{name}”的方案（可能已改名），现在显示工作区现状。").format(name=name[:MAX_NAME])


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4  # noqa: PLR2004 - digits of a year


def _selection_text(selection: tuple[Selection, ...]) -> str:
    """Layer and ids of what is marked, as JSON would be longer: ``facilities:A,B``. Ids that would not come back are left out."""
    kept = [(one.layer, [name for name in one.ids[:_MOST_SELECTED] if not set(name) & set(":,;")]) for one in selection]
    return ";".join(f"{layer}:{','.join(ids)}" for layer, ids in kept if ids)


def _read_selection(text: str) -> tuple[Selection, ...]:
    parts = [part.partition(":") for part in text.split(";")]
    found = [(layer, tuple(map(_id, ids.split(",")[:_MOST_SELECTED]))) for layer, _colon, ids in parts if _id(layer)]
    return tuple(Selection(layer, kept) for layer, ids in found if (kept := tuple(filter(None, ids))))


def _id(text: str) -> str:
    """An id from an address; blank where it is none."""
    try:
        return checked_text(text, "id", MAX_NAME)
    except ScenarioError:
        return ""


def workspace() -> Path:
    """The workspace that the app was started on."""
    return Path(os.environ.get(WORKSPACE) or Path.cwd())


def store_address() -> str:
    """The database of scenarios that the app was told of; blank for the workspace's own file."""
    return os.environ.get(STORE, "")


def first_language() -> str:
    """The language before the reader has chosen one: Chinese, unless the environment names another that there is."""
    language = os.environ.get(LANGUAGE, "")
    return language if language in LANGUAGES else LANGUAGES[0]
