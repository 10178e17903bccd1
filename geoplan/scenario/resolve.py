"""From edits to what they come to: changed rows and road changes, or every reason why they do not fit the layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import shapely

from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.layers.columns import Columns
from geoplan.layers.schema import ROLES
from geoplan.layers.validation import PARTS, blank_row
from geoplan.model import Problem, Severity
from geoplan.scenario.edits import ConvertAsset, Edit
from geoplan.scenario.readings import Reading, about, read_edits

Row = Mapping[str, object]
ROAD_TOLERANCE_M = 30.0
"""A closed place must lie this near a road (metres): what a person can click beside a line at the scale of a town."""
_REOPENED = "existing"  # where the baseline has a facility closed and does not tell what it was before


@dataclass(frozen=True)
class Resolution:
    """What edits come to.

    Attributes:
        rows: role to id to the row as it is then, None where it is gone; shapes in the analysis CRS. Only rows that in
            the end differ from the layers'.
        closed: closure id to the place on the closed stretch.
        added: road id to the new road's row.
        problems: errors, and notes on edits that change nothing; ``rows`` names the edit, ``#1`` first.
    """

    rows: Mapping[str, Mapping[str, Row | None]]
    closed: Mapping[str, shapely.Point]
    added: Mapping[str, Row]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that forbid to apply the edits."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def resolve(layers: Layers, edits: Sequence[Edit]) -> Resolution:
    """Work through all edits in their order; every problem of every edit is found, nothing is changed.

    Edits must have their ids (``edits.with_ids``).
    """
    readings, problems = read_edits(edits, layers.crs)
    draft = _Draft(layers, problems)
    for number, reading in enumerate(readings, start=1):
        draft.take(number, reading)
    outside = _places_outside(layers, draft.placed)
    in_order = sorted([*draft.problems, *outside], key=lambda problem: min(int(row[1:]) for row in problem.rows))
    return Resolution(draft.differing(), draft.closed, draft.added, tuple(in_order))


@dataclass
class _Draft:
    """The layers as they are after the edits taken so far, as differences from the baseline."""

    layers: Layers
    problems: list[Problem]
    rows: dict[str, dict[str, Row | None]] = field(default_factory=dict)
    closed: dict[str, shapely.Point] = field(default_factory=dict)
    added: dict[str, Row] = field(default_factory=dict)
    _closed_from: dict[str, object] = field(
        default_factory=dict
    )  # facility to its status before the scenario closed it
    _converted: dict[str, str] = field(default_factory=dict)  # facility to the idle asset that it was made from
    placed: list[tuple[int, Row]] = field(default_factory=list)  # edit number and the row that it placed
    _columns: dict[str, Columns] = field(default_factory=dict)  # of the baseline's frames

    def take(self, number: int, reading: Reading) -> None:
        """Work in one edit, or say why it does not fit."""
        _TAKE[reading.edit.kind](self, number, reading)

    def _error(self, number: int, message: str, remedy: str) -> None:
        self.problems.append(about(number, message, remedy))

    def _note_unchanged(self, number: int, edit_id: str) -> None:
        text = _("没有改变任何内容：{id}").format(id=edit_id)
        self.problems.append(about(number, text, _("可以撤销这一步"), Severity.NOTE))

    def _row(self, role: str, row_id: str) -> Row | None:
        """The row as it is now; None where there is none."""
        known = self.rows.get(role, {})
        return known[row_id] if row_id in known else self._baseline_row(role, row_id)

    def _baseline_row(self, role: str, row_id: str) -> Row | None:
        """The row of that id in the layers, which are sorted by it."""
        frame = self.layers.get(role)
        if frame is None:
            return None
        columns = self._columns.setdefault(role, Columns(frame))
        ids = columns.array(ROLES[role].key)
        place = int(np.searchsorted(ids, row_id))
        if place == len(ids) or ids[place] != row_id:
            return None
        return {name: columns.array(name)[place] for name in frame.columns}

    def differing(self) -> dict[str, dict[str, Row | None]]:
        """The rows that differ from the baseline's."""
        rows = {
            role: {row_id: row for row_id, row in rows.items() if not _unchanged(self._baseline_row(role, row_id), row)}
            for role, rows in self.rows.items()
        }
        return {role: differing for role, differing in rows.items() if differing}

    def _put(self, role: str, row_id: str, row: Row | None) -> None:
        self.rows.setdefault(role, {})[row_id] = row

    def _existing(self, number: int, role: str, row_id: str) -> Row | None:
        """The row that an edit means; where there is none that is an error."""
        row = self._row(role, row_id)
        if row is None:
            gone = row_id in self.rows.get(role, {})
            layer = _(ROLES[role].label)
            text = _("{layer}“{id}”已被前面的步骤移除") if gone else _("{layer}中没有编号“{id}”")
            self._error(number, text.format(layer=layer, id=row_id), _("请核对编号"))
        return row

    def _is_new(self, number: int, role: str, row_id: str) -> bool:
        if self._row(role, row_id) is None:
            return True
        text = _("{layer}中已有编号“{id}”").format(layer=_(ROLES[role].label), id=row_id)
        self._error(number, text, _("请换一个编号"))
        return False

    def add(self, number: int, reading: Reading) -> None:
        """A facility or parcel that was not there."""
        role, row_id = reading.edit.role, reading.edit.id
        if self._is_new(number, role, row_id):
            named = {ROLES[role].key: row_id, "geometry": reading.shape}
            self._put_new(number, reading, blank_row(ROLES[role]) | dict(reading.cells) | named)

    def convert(self, number: int, reading: Reading) -> None:
        """A facility at the place of an idle asset."""
        edit = reading.edit
        asset = self._existing(number, "idle_assets", edit.asset_id) if isinstance(edit, ConvertAsset) else None
        if asset is None or not self._is_new(number, edit.role, edit.id):
            return
        taken = {"name": asset["name"], "unit_code": asset["unit_code"]}
        named = {"facility_id": edit.id, "geometry": asset["geometry"]}
        self._converted[edit.id] = str(asset["asset_id"])
        self._put_new(number, reading, blank_row(ROLES[edit.role]) | taken | dict(reading.cells) | named)
        self._put("idle_assets", str(asset["asset_id"]), None)

    def _put_new(self, number: int, reading: Reading, row: Row) -> None:
        role = ROLES[reading.edit.role]
        missing = [each.name for each in role.fields if each.filled and row[each.name] == ""]
        if missing and reading.sound:
            text = _("缺少必填的字段：{fields}").format(fields=", ".join(missing))
            self._error(number, text, _("请填写"))
        self._put_changed(number, reading, row)

    def _put_changed(self, number: int, reading: Reading, row: Row) -> None:
        """Keep a row, after a look at what its cells say together and where it lies."""
        for part, whole in PARTS:
            if part in row and _number(row[part]) > _number(row[whole]):
                text = _("“{part}”大于“{whole}”：{less} 大于 {more}")
                more = text.format(part=part, whole=whole, less=row[part], more=row[whole])
                self._error(number, more, _("请核对这两个数"))
        if reading.shape is not None:
            self.placed.append((number, row))
        self._put(reading.edit.role, reading.edit.id, row)

    def change(self, number: int, reading: Reading) -> None:
        """Other cells, another place or both."""
        drawn = {} if reading.shape is None else {"geometry": reading.shape}
        self._change_to(number, reading, dict(reading.cells) | drawn)

    def _change_to(self, number: int, reading: Reading, cells: Row) -> None:
        edit = reading.edit
        row = self._existing(number, edit.role, edit.id)
        if row is None:
            return
        changed = dict(row) | dict(cells)
        if reading.sound and _same_row(row, changed):
            self._note_unchanged(number, edit.id)
            return
        self._put_changed(number, reading, changed)

    def close(self, number: int, reading: Reading) -> None:
        """A facility that no longer serves."""
        row = self._row(reading.edit.role, reading.edit.id)
        if row is not None and row["status"] != "closed":
            self._closed_from[reading.edit.id] = row["status"]
        self._change_to(number, reading, {"status": "closed"})

    def reopen(self, number: int, reading: Reading) -> None:
        """A closed facility that serves again."""
        row = self._row(reading.edit.role, reading.edit.id)
        status = self._closed_from.pop(reading.edit.id, _REOPENED)
        serving = row is not None and row["status"] != "closed"
        self._change_to(number, reading, {} if serving else {"status": status})

    def drop(self, number: int, reading: Reading) -> None:
        """A parcel that is no longer there."""
        if self._existing(number, reading.edit.role, reading.edit.id) is not None:
            self._put(reading.edit.role, reading.edit.id, None)

    def drop_made(self, number: int, reading: Reading) -> None:
        """A facility that an earlier edit made."""
        edit = reading.edit
        if self._existing(number, edit.role, edit.id) is None:
            return
        if self._baseline_row(edit.role, edit.id) is not None:
            text = _("“{id}”是现有设施，不能删除").format(id=edit.id)
            self._error(number, text, _("请改用“撤并设施”"))
            return
        self._put(edit.role, edit.id, None)
        asset = self._converted.pop(edit.id, None)
        if asset is not None:
            del self.rows["idle_assets"][asset]

    def close_road(self, number: int, reading: Reading) -> None:
        """A place on the stretch that nobody passes."""
        place = reading.shape
        if reading.edit.id in self.closed:
            self._error(number, _("已有编号为“{id}”的道路封闭").format(id=reading.edit.id), _("请换一个编号"))
        elif place is not None and not self._beside_road(place):
            text = _("此处 {metres:.0f} 米内没有道路").format(metres=ROAD_TOLERANCE_M)
            self._error(number, text, _("请点在要封闭的路段上"))
        elif place is not None:
            if any(place.equals(other) for other in self.closed.values()):
                self._note_unchanged(number, reading.edit.id)
            self.closed[reading.edit.id] = place

    def _beside_road(self, place: shapely.Geometry) -> bool:
        new = [row["geometry"] for row in self.added.values()]
        if any(shapely.dwithin(place, line, ROAD_TOLERANCE_M) for line in new):
            return True
        index = self.layers.frames["roads"].sindex
        return bool(len(index.query(place, predicate="dwithin", distance=ROAD_TOLERANCE_M)))

    def reopen_road(self, number: int, reading: Reading) -> None:
        """A stretch that an earlier edit closed."""
        if self.closed.pop(reading.edit.id, None) is None:
            text = _("前面的步骤没有编号为“{id}”的道路封闭").format(id=reading.edit.id)
            self._error(number, text, _("请核对编号"))

    def add_road(self, number: int, reading: Reading) -> None:
        """A road that was not there."""
        if reading.edit.id in self.added:
            self._error(number, _("已有编号为“{id}”的新增道路").format(id=reading.edit.id), _("请换一个编号"))
        elif reading.shape is not None:
            row = blank_row(ROLES["roads"]) | dict(reading.cells) | {"geometry": reading.shape}
            self.added[reading.edit.id] = row
            self.placed.append((number, row))

    def drop_road(self, number: int, reading: Reading) -> None:
        """A road that an earlier edit added."""
        if self.added.pop(reading.edit.id, None) is None:
            text = _("前面的步骤没有编号为“{id}”的新增道路").format(id=reading.edit.id)
            self._error(number, text, _("请核对编号"))


_TAKE: Mapping[str, Callable[[_Draft, int, Reading], None]] = MappingProxyType(
    {
        "add_facility": _Draft.add,
        "move_facility": _Draft.change,
        "change_facility": _Draft.change,
        "close_facility": _Draft.close,
        "reopen_facility": _Draft.reopen,
        "drop_facility": _Draft.drop_made,
        "convert_asset": _Draft.convert,
        "add_parcel": _Draft.add,
        "change_parcel": _Draft.change,
        "drop_parcel": _Draft.drop,
        "close_road": _Draft.close_road,
        "reopen_road": _Draft.reopen_road,
        "add_road": _Draft.add_road,
        "drop_road": _Draft.drop_road,
        "change_estate_area": _Draft.change,
    }
)


def _unchanged(before: Row | None, after: Row | None) -> bool:
    if before is None or after is None:
        return before is after
    return _same_row(before, after)


def _same_row(one: Row, other: Row) -> bool:
    """Whether two rows hold the same cells, unknown ones included."""
    return one.keys() == other.keys() and all(_same_cell(one[name], other[name]) for name in one)


def _same_cell(one: object, other: object) -> bool:
    return bool(one == other) or (_unknown(one) and _unknown(other))


def _unknown(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and np.isnan(cell))


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, int | float) else np.nan


def _places_outside(layers: Layers, placed: Sequence[tuple[int, Row]]) -> list[Problem]:
    """What was placed outside the county, where its borders are known.

    A stated unit counts as it does for loaded rows; of a parcel or a road some part must be inside.
    """
    if not layers.borders.known or not placed:
        return []
    inside = layers.borders.touched(np.array([row["geometry"] for _edit, row in placed], dtype=object))
    return [
        about(number, _("位置在县域之外"), _("请检查经度和纬度"))
        for (number, row), is_inside in zip(placed, inside.tolist(), strict=True)
        if not is_inside and not _counts_as_inside(layers, row)
    ]


def _counts_as_inside(layers: Layers, row: Row) -> bool:
    """Whether a row just beyond the border belongs to the unit that it states, as a loaded row would."""
    shape = np.array([row["geometry"]], dtype=object)
    stated = np.array([row.get("unit_code", "")], dtype=object)
    return bool(layers.borders.assign(shape, stated).in_area[0])
