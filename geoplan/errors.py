"""The tree of exceptions; each is also the builtin that a caller would expect.

::

    GeoplanError
    ├── WorkspaceError (FileNotFoundError)   no manifest, a layer's file is missing
    ├── ManifestError (ValueError)           the manifest cannot be understood
    ├── LayerError (ValueError)              layers that cannot be used; carries every problem found
    ├── CrsError (ValueError)                a coordinate system is missing, unknown or not metric
    ├── NetworkError (ValueError)            roads that make no network
    ├── FaultyFileError (ValueError)         a file that a person wrote and that cannot be understood; carries every fault
    │   ├── PackError                        a rule pack
    │   │   └── UnknownPackError (LookupError)   no pack of that name
    │   └── LayoutError                      a page layout of the print maps
    ├── FontError (LookupError)              no font for Chinese text
    ├── SettingsError (ValueError)           a parameter outside its range
    ├── ScenarioError (ValueError)           an edit, a scenario or a scenario's file that cannot be used
    │   ├── UnknownScenarioError (LookupError)   no scenario of that name
    │   ├── EditsError                       edits that do not fit the layers; carries every problem found
    │   └── ConflictError                    a write on an old revision; carries both sides
    ├── StoreError (OSError)                 the scenario store cannot be opened, read or written
    ├── DatabaseError (OSError)              a database of layers cannot be reached, read or written
    ├── MapEventError (ValueError)           what the map sent cannot be used
    ├── TemplateError (ValueError)           a Word template that cannot be used
    ├── FetchError (ConnectionError)         open data cannot be had from its servers
    └── OutputError (OSError)                results cannot be written

A message says what is wrong, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from geoplan.i18n import _, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoplan.model import Problem


class GeoplanError(Exception):
    """What went wrong in words for the user; shown without a traceback."""


class WorkspaceError(GeoplanError, FileNotFoundError):
    """The workspace or one of its files is not there."""


class ManifestError(GeoplanError, ValueError):
    """The manifest cannot be understood."""


class LayerError(GeoplanError, ValueError):
    """Layers that cannot be used.

    Attributes:
        problems: every problem found in the layers, those that stop the work and those that do not.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class CrsError(GeoplanError, ValueError):
    """A coordinate system is missing, unknown or not metric."""


class NetworkError(GeoplanError, ValueError):
    """Roads that make no network."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file that a person wrote.

    Attributes:
        line: counted from 1; 0 where it is not known.
        where: the table and the key.
    """

    line: int
    where: str
    what: str


class FaultyFileError(GeoplanError, ValueError):
    """A file that cannot be understood.

    Attributes:
        faults: everything that is wrong with the file, in the order of its lines.
    """

    one: ClassVar[str]
    several: ClassVar[str]

    def __init__(self, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults

    @classmethod
    def of(cls, name: str, faults: Sequence[Fault]) -> Self:
        """The error for a file with these faults: one line each, the first of which names the file."""
        ordered = tuple(sorted(faults, key=lambda fault: fault.line))
        lines = [_fault_line(fault) for fault in ordered]
        if len(lines) == 1:
            return cls(_(cls.one).format(name=name, line=lines[0]), ordered)
        return cls("\n".join([_(cls.several).format(name=name, count=len(lines)), *lines]), ordered)


class PackError(FaultyFileError):
    """A rule pack that cannot be understood."""

    one = mark("规则包 {name} {line}")
    several = mark("规则包 {name} 有 {count} 处错误：")


class LayoutError(FaultyFileError):
    """A page layout that cannot be understood."""

    one = mark("版式文件 {name} {line}")
    several = mark("版式文件 {name} 有 {count} 处错误：")


class FontError(GeoplanError, LookupError):
    """There is no font for Chinese text."""


def _fault_line(fault: Fault) -> str:
    if not fault.line:
        return _("{where}：{what}。").format(where=fault.where, what=fault.what)
    return _("第 {line} 行，{where}：{what}。").format(line=fault.line, where=fault.where, what=fault.what)


class UnknownPackError(PackError, LookupError):
    """There is no rule pack of that name."""


class SettingsError(GeoplanError, ValueError):
    """A parameter outside its range."""


class ScenarioError(GeoplanError, ValueError):
    """An edit, a scenario or a scenario's file that cannot be used."""


class UnknownScenarioError(ScenarioError, LookupError):
    """There is no scenario of that name."""


class EditsError(ScenarioError):
    """Edits that do not fit the layers.

    Attributes:
        problems: every problem found, those that stop the work and those that do not.
    """

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class ConflictError(ScenarioError):
    """A write that was made on a revision which is no longer the latest.

    Attributes:
        mine: what was to be written: the edits, or the kind of the entry.
        since: the entries that others wrote since that revision.
    """

    def __init__(self, message: str, mine: Sequence[object], since: Sequence[object]) -> None:
        super().__init__(message)
        self.mine = tuple(mine)
        self.since = tuple(since)


class StoreError(GeoplanError, OSError):
    """The scenario store cannot be opened, read or written.

    Attributes:
        reason: the message without what everybody knows who has the store before him.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


class DatabaseError(GeoplanError, OSError):
    """A database of layers cannot be reached, read or written.

    Attributes:
        message: what is wrong and where.
        remedy: what to do.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(_("{message}。{remedy}。").format(message=message, remedy=remedy))
        self.message, self.remedy = message, remedy


class MapEventError(GeoplanError, ValueError):
    """What the map in the browser sent cannot be used."""


class TemplateError(GeoplanError, ValueError):
    """A Word template cannot be read, or lacks what a chapter needs."""


class FetchError(GeoplanError, ConnectionError):
    """Open data cannot be had: no server answers, it refuses, or it does not know the place; may have several lines."""


class OutputError(GeoplanError, OSError):
    """Results cannot be written."""
