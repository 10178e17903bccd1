"""The tree of exceptions; each is also the builtin that a caller would expect.

::

    GeoplanError
    ├── WorkspaceError (FileNotFoundError)   no manifest, a layer's file is missing
    ├── ManifestError (ValueError)           the manifest cannot be understood
    ├── LayerError (ValueError)              layers that cannot be used; carries every problem found
    ├── CrsError (ValueError)                a coordinate system is missing, unknown or not metric
    ├── NetworkError (ValueError)            roads that make no network
    ├── PackError (ValueError)               a rule pack that cannot be understood
    │   └── UnknownPackError (LookupError)   no pack of that name
    ├── SettingsError (ValueError)           a parameter outside its range
    ├── MapEventError (ValueError)           what the map sent cannot be used
    └── OutputError (OSError)                results cannot be written

A message says what is wrong, where, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


class PackError(GeoplanError, ValueError):
    """A rule pack that cannot be understood."""


class UnknownPackError(PackError, LookupError):
    """There is no rule pack of that name."""


class SettingsError(GeoplanError, ValueError):
    """A parameter outside its range."""


class MapEventError(GeoplanError, ValueError):
    """What the map in the browser sent cannot be used."""


class OutputError(GeoplanError, OSError):
    """Results cannot be written."""
