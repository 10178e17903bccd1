"""Attributes edited in a table: layers as grids, typed cells as edits, and what is wrong with them, cell by cell.

What was typed and not yet saved is kept by id and field, so that neither a filter nor rows that others added can move it
to another row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.layers.schema import ROLES, Field, FieldKind
from geoplan.model import Severity
from geoplan.report.field_words import choices, field_of, in_words
from geoplan.scenario import ChangeEstateArea, ChangeFacility, Edit, resolve
from geoplan.scenario.edits import Value

Typed = Mapping[str, Mapping[str, Any]]
"""By id and field what was typed and not yet saved, as the grid gives it."""
_AREA = "facility_area_m2"
_NUMBERS = (FieldKind.NUMBER, FieldKind.WHOLE, FieldKind.YEAR)


@dataclass(frozen=True, slots=True)
class Grid:
    """Which fields of a layer stand in a grid, and which of them can be typed."""

    role: str
    shown: tuple[str, ...]
    typed: tuple[str, ...]

    @property
    def key(self) -> str:
        """The field that names a row."""
        return ROLES[self.role].key

    def field(self, name: str) -> Field:
        """One of its fields."""
        return field_of(self.role, name)


_FACTS = ("kind", "level", "status", "functions", "beds", "nursing_beds", "residents", "floor_area_m2", "site_area_m2")
_MORE = ("basic_beds", "grade", "stars", "has_medical", "hospital_contract", "is_demo", "ownership", "open_year")
FACILITIES = Grid("facilities", ("facility_id", "name", *_FACTS, *_MORE), ("name", *_FACTS, *_MORE))
ESTATES = Grid("estates", ("estate_id", "name", "era", "households", _AREA), (_AREA,))


def grid_frame(rows: pd.DataFrame, grid: Grid, typed: Typed) -> pd.DataFrame:
    """The rows with what was typed in them: words for codes, lists of words for several, None or NaN for blank.

    Args:
        rows: of the layer.
    """
    columns = {name: [_shown(cell, grid.field(name)) for cell in rows[name]] for name in grid.shown}
    frame = pd.DataFrame(columns)
    place = {name: number for number, name in enumerate(rows[grid.key])}
    for name, cells in typed.items():
        for field, cell in cells.items():
            if name in place:
                frame.at[place[name], field] = cell  # noqa: PD008 - a cell may hold a list
    return frame


def _shown(cell: Any, field: Field) -> Any:
    if field.kind in _NUMBERS:
        return float(cell)
    words = choices(field)
    if field.kind is FieldKind.CODES:
        return [words.get(code, code) for code in str(cell).split("|") if code]
    return (words.get(cell, cell) if words else cell) or None


def with_typed(
    typed: Typed, ids: Sequence[str], edited_rows: Mapping[Any, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """What was typed before and what the grid's rows tell now.

    Args:
        ids: of the rows as the grid shows them.
        edited_rows: by place in the grid, as Streamlit tells them.
    """
    together = {name: dict(cells) for name, cells in typed.items()}
    for place, cells in edited_rows.items():
        together.setdefault(ids[int(place)], {}).update(cells)
    return together


def edits_of(rows: pd.DataFrame, grid: Grid, typed: Typed) -> tuple[Edit, ...]:
    """One edit for each row in which a cell is other than it was, in the order of the rows.

    Raises:
        ScenarioError: a text that cannot be stored.
    """
    found = []
    for row in rows.to_dict("records"):
        cells = typed.get(str(row[grid.key]), {})
        changed = {
            name: value for name, cell in cells.items() if not _same(row[name], value := _value(cell, grid.field(name)))
        }
        if changed:
            found.append(_edit(grid, str(row[grid.key]), changed))
    return tuple(found)


def _edit(grid: Grid, name: str, changed: Mapping[str, Value]) -> Edit:
    if grid.role == "estates":
        area = changed[_AREA]
        return ChangeEstateArea(estate_id=name, facility_area_m2=None if area is None else float(area))
    return ChangeFacility(facility_id=name, attributes=changed)


def _value(cell: Any, field: Field) -> Value:
    """A typed cell as an edit holds it: codes for words, whole numbers without a point, None for blank."""
    codes = {word: code for code, word in choices(field).items()}
    if isinstance(cell, list | tuple):
        return "|".join(sorted(str(str(codes.get(word, word))) for word in cell)) or None
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if field.kind in _NUMBERS:
        return int(cell) if float(cell).is_integer() else float(cell)
    return codes.get(cell, str(cell).strip())


def _same(cell: Any, value: Value) -> bool:
    if value is None:
        return cell == "" or (isinstance(cell, float) and math.isnan(cell))
    return bool(cell == value)


def cell_problems(layers: Layers, before: Sequence[Edit], edits: Sequence[Edit]) -> list[str]:
    """What is wrong with the edits of a grid, each with the row and the field in words; nothing when all fit.

    Args:
        layers: without any edits.
        before: what the scenario does already.
    """
    first, found = len(before), []
    for problem in resolve(layers, [*before, *edits]).problems:
        ids = [edits[number].id for row in problem.rows if (number := int(row[1:]) - 1 - first) >= 0]
        if problem.severity is Severity.ERROR and ids:
            text = _("{rows}：{message}（{remedy}）")
            told = {"rows": _("、").join(ids), "message": in_words(problem.message), "remedy": problem.remedy}
            found.append(text.format(**told))
    return found
