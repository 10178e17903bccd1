"""From a question to its answer, without Streamlit: what identifies an answer, and places that hold it once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from geoplan.assess import Assessment
from geoplan.causes import cause
from geoplan.errors import OutputError
from geoplan.i18n import _
from geoplan.layers import MANIFEST, Manifest
from geoplan.memory import Memory
from geoplan.scenario import Scenario, digest
from geoplan.standards import Pack, known_packs, load_pack
from geoplan.web.state import Question

_T = TypeVar("_T")
_PACK = "cn-national"  # where the workspace names none, as on the command line
_MOST_REVISIONS = 12  # of a scenario whose assessments are kept, for undo and for other windows


@dataclass
class Slot(Generic[_T]):
    """Holds one result that is made when it is first asked for, by one reader while the others wait."""

    _made: list[_T] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def get(self, make: Callable[[], _T]) -> _T:
        """The result; an error while it is made leaves the slot empty, so that the next try reads the files again."""
        with self._lock:
            if not self._made:
                self._made.append(make())
            return self._made[0]


@dataclass
class Study:
    """The assessments of one scenario, each worked out from the one before by what differs; safe to use from threads."""

    memory: Memory
    _made: OrderedDict[str, Assessment] = field(default_factory=OrderedDict)
    _keeping: Lock = field(default_factory=Lock)
    _making: Lock = field(default_factory=Lock)

    def get(self, key: str, make: Callable[[Memory], Assessment]) -> Assessment:
        """The assessment of that key; one that is not kept is made, which others that are kept do not wait for."""
        kept = self._kept(key)
        if kept is not None:
            return kept
        with self._making:
            return self._kept(key) or self._keep(key, make(self.memory))

    def _kept(self, key: str) -> Assessment | None:
        with self._keeping:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def _keep(self, key: str, made: Assessment) -> Assessment:
        with self._keeping:
            self._made[key] = made
            while len(self._made) > _MOST_REVISIONS:
                self._made.popitem(last=False)
        return made


def layers_key(root: Path, language: str) -> str:
    """What identifies the layers of a workspace: place, size and time of every file below ``layers/``."""
    files = sorted(path for path in (root / "layers").rglob("*") if path.is_file())
    stamps = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return _digest(str(root.resolve()), language, stamps)


def read_again(root: Path) -> None:
    """Let every reader read the layers anew: nothing tells when the tables of a database have changed.

    Raises:
        OutputError: the manifest cannot be touched.
    """
    try:
        (root / MANIFEST).touch()
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=MANIFEST, error=cause(error))) from error


def answer_key(question: Question, pack: Pack) -> str:
    """What identifies an answer without a scenario: the layers, the words of the pack, and every field of the question."""
    return _digest(layers_key(question.workspace, question.language), pack, question)


def scenario_key(base: str, scenario: Scenario) -> str:
    """What identifies an answer with a scenario: the answer without it, its name, and what its edits come to."""
    return _digest(base, scenario.name, digest(scenario.edits))


def _digest(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def pack_of(name: str) -> Pack:
    """A rule pack; one that comes with geoplan is read once.

    Raises:
        PackError: there is none of that name, or it cannot be understood.
    """
    return _shipped(name) if name in known_packs() else load_pack(name)


@cache
def _shipped(name: str) -> Pack:
    return load_pack(name)


def pack_choices(manifest: Manifest) -> tuple[str, ...]:
    """The packs to choose from: the workspace's own first, then those that come with geoplan."""
    return tuple(dict.fromkeys((manifest.pack or _PACK, *known_packs())))
