"""What edits say, in the form that layers hold it: attributes read like a layer's cells, geometry in the analysis CRS.

Both are read for all edits at once, each by the code that loads layers, so that an edited row is the row that loading it
would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geoplan import crs as crs_
from geoplan.causes import cause
from geoplan.i18n import _
from geoplan.layers.schema import ROLES, Field
from geoplan.layers.validation import read_cells
from geoplan.model import Problem, Severity
from geoplan.scenario.edits import Edit, attributes_of

Cells = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """One edit as the layers understand it.

    Attributes:
        cells: field to canonical cell, for the attributes that could be read.
        shape: in the analysis CRS; None where the edit draws nothing, or nothing that has a place there.
        sound: whether all that it says could be read.
    """

    edit: Edit
    cells: Cells
    shape: shapely.Geometry | None
    sound: bool


def about(number: int, message: str, remedy: str, severity: Severity = Severity.ERROR) -> Problem:
    """A problem of the edit with that number, counted from 1."""
    return Problem(severity, "scenario", message, remedy, (f"#{number}",))


def read_edits(edits: Sequence[Edit], crs: pyproj.CRS) -> tuple[list[Reading], list[Problem]]:
    """Each edit's reading, and what is wrong with its attributes and shapes."""
    cells, problems = _read_attributes(edits)
    shapes, drawn_wrong = _read_shapes(edits, crs)
    problems += drawn_wrong
    faulty = {row for problem in problems for row in problem.rows}
    readings = [
        Reading(edit, cells[place], shapes[place], f"#{place + 1}" not in faulty) for place, edit in enumerate(edits)
    ]
    return readings, problems


def _read_attributes(edits: Sequence[Edit]) -> tuple[list[Cells], list[Problem]]:
    """The cells that each edit gives; one pass per field, however many edits there are."""
    read: list[Cells] = [{} for _edit in edits]
    problems: list[Problem] = []
    givers: dict[tuple[str, str], list[int]] = {}
    for place, edit in enumerate(edits):
        for name in attributes_of(edit):
            givers.setdefault((edit.role, name), []).append(place)
    for (role, name), places in givers.items():
        field = _editable(role).get(name)
        if field is None:
            problems += [_unknown_field(place + 1, role, name) for place in places]
            continue
        cells, wrong = read_cells(role, field, [attributes_of(edits[place])[name] for place in places])
        for place, cell in zip(places, cells.tolist(), strict=True):
            read[place][name] = cell
        problems += [_about_edits(problem, places) for problem in wrong]
    return read, problems


def _editable(role: str) -> dict[str, Field]:
    """The fields that an edit may give: all but the one that names the row, which never changes."""
    return {field.name: field for field in ROLES[role].fields if field.name != ROLES[role].key}


def _unknown_field(number: int, role: str, name: str) -> Problem:
    text = _("图层 {role} 没有可以修改的字段“{field}”").format(role=role, field=name)
    return about(number, text, _("可用：{known}").format(known=", ".join(_editable(role))))


def _about_edits(problem: Problem, places: list[int]) -> Problem:
    """The same problem with the numbers of the edits instead of those of the cells."""
    numbers = tuple(f"#{places[int(row.removeprefix('#')) - 1] + 1}" for row in problem.rows)
    return Problem(problem.severity, "scenario", problem.message, problem.remedy, numbers)


def _read_shapes(edits: Sequence[Edit], crs: pyproj.CRS) -> tuple[NDArray[np.object_], list[Problem]]:
    """What each edit draws in the analysis CRS, None where it draws nothing."""
    drawn = np.array([_drawing(edit) for edit in edits], dtype=object)
    problems = []
    for place in np.flatnonzero(~shapely.is_valid(drawn) & ~shapely.is_missing(drawn)):
        reason = cause(shapely.is_valid_reason(drawn[place]))
        text = _("地块边界无效（{reason}）").format(reason=reason)
        problems.append(about(int(place) + 1, text, _("请重画，边界不能自相交")))
    there = np.flatnonzero(~shapely.is_missing(drawn))
    shapes = np.full(len(edits), None, dtype=object)
    if len(there):
        shapes[there] = crs_.shapes_from_lonlat(drawn[there], crs)
    for place in there[~np.isfinite(shapely.bounds(shapes[there])).all(axis=1)]:
        shapes[place] = None
        problems.append(about(int(place) + 1, _("位置不在本县所在的投影带内"), _("请检查经度和纬度")))
    return shapes, problems


def _drawing(edit: Edit) -> shapely.Geometry | None:
    """What an edit draws, in WGS84."""
    if hasattr(edit, "lon") and hasattr(edit, "lat"):
        return shapely.Point(edit.lon, edit.lat)
    if hasattr(edit, "line"):
        return shapely.LineString(edit.line)
    outline = getattr(edit, "outline", ())
    return shapely.Polygon(outline[0], outline[1:]) if outline else None
