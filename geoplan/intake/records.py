"""What is asked about a file that comes in, and what was understood of it; both cross to another process as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from geoplan.layers import LayerEntry
from geoplan.model import Problem, Severity

READING = "reading.parquet"
"""What the kept reading of a file is called until it has its place."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the planner says about a file; blank where nothing.

    Attributes:
        layer: inside a GeoPackage, a workbook or an archive; the table of a database.
        geometry: of a table with several geometry columns, which one.
        columns: our fields to the file's columns.
        constants: our fields to one value for all rows.
        remembered: our fields to all columns that earlier imports had for them.
    """

    role: str
    layer: str = ""
    geometry: str = ""
    crs: str = ""
    datum: str = ""
    encoding: str = ""
    columns: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    constants: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    remembered: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was understood of a file.

    Attributes:
        entry: the manifest entry that reads it so; its file is a name without a folder.
        rows: how many.
        table: whether it is one without shapes, whose places stand in columns.
        headers: the columns of the file.
        columns: our fields to these columns.
        sample: the first rows, as text in the order of the columns.
        bounds: west, south, east, north in WGS84 degrees; None where nothing is placed.
        places: (lon, lat) of points or vertices, at most some thousand, in the degrees of the file before any shift is undone.
        shapes: at most some thousand features as GeoJSON in WGS84, for a preview.
        problems: what is wrong, and what was found out and how.
    """

    entry: LayerEntry
    rows: int = 0
    table: bool = False
    headers: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    sample: tuple[tuple[str, ...], ...] = ()
    bounds: tuple[float, float, float, float] | None = None
    places: tuple[tuple[float, float], ...] = ()
    shapes: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether nothing stands against the import."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


def to_json(record: Request | Look | LayerEntry | Problem) -> dict[str, Any]:
    """A record as JSON has it."""
    flat = {item.name: getattr(record, item.name) for item in fields(record)}
    flat = {name: dict(value) if isinstance(value, Mapping) else value for name, value in flat.items()}
    if isinstance(record, Look):
        flat |= {"entry": to_json(record.entry), "problems": [to_json(problem) for problem in record.problems]}
    return flat


def request_from(table: Mapping[str, Any]) -> Request:
    """The request that ``to_json`` wrote."""
    return Request(**table)


def look_from(table: Mapping[str, Any]) -> Look:
    """The look that ``to_json`` wrote.

    Raises:
        TypeError, ValueError, KeyError: it is something else.
    """
    return Look(
        entry=entry_from(table["entry"]),
        rows=int(table["rows"]),
        table=bool(table["table"]),
        headers=tuple(map(str, table["headers"])),
        columns={str(ours): str(theirs) for ours, theirs in table["columns"].items()},
        sample=tuple(tuple(map(str, row)) for row in table["sample"]),
        bounds=_box(table["bounds"]),
        places=tuple((float(lon), float(lat)) for lon, lat in table["places"]),
        shapes=str(table["shapes"]),
        problems=tuple(problem_from(problem) for problem in table["problems"]),
    )


def entry_from(table: Mapping[str, Any]) -> LayerEntry:
    """The entry that ``to_json`` wrote."""
    cells: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return LayerEntry(**cells)


def problem_from(table: Mapping[str, Any]) -> Problem:
    """A problem from JSON."""
    layer, message, remedy = (str(table[key]) for key in ("layer", "message", "remedy"))
    return Problem(Severity(table["severity"]), layer, message, remedy, tuple(map(str, table["rows"])))


def _box(numbers: Any) -> tuple[float, float, float, float] | None:
    if numbers is None:
        return None
    west, south, east, north = map(float, numbers)
    return west, south, east, north
