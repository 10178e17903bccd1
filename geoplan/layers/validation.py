"""The door: a raw frame becomes a layer that the rest can rely on, or every reason why it cannot.

Each check adds to one list of problems and goes on, so that a planner sees all of them at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.causes import cause
from geoplan.crs import MAX_LAT, MAX_LON
from geoplan.i18n import _
from geoplan.layers.cells import is_estimate, number
from geoplan.layers.manifest import LayerEntry
from geoplan.layers.schema import ROLES, Field, FieldKind, Role
from geoplan.model import Problem, Severity

Decode = Callable[[str], str | None]
_NUMERIC = (FieldKind.NUMBER, FieldKind.PEOPLE, FieldKind.YEAR, FieldKind.WHOLE, FieldKind.SIGNED)
_TRUE, _FALSE = {"1", "true", "yes", "y", "是"}, {"0", "false", "no", "n", "否"}
# People may be fractions (raster cells, estimates). In steps of 1/1024 every sum of them is exact in float64,
# whatever the order, so that covered + uncovered + unlocatable is the total to the last bit.
_PERSON_STEPS = 1024.0
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_SEPARATORS = re.compile(r"[|、，,;；/]+")
_YEARS = (1900, 2200)
# By the number that GEOS has for each; the last one, -1, is none.
_KINDS = np.array(
    [
        *("Point", "LineString", "LinearRing", "Polygon"),
        *("MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection", ""),
    ],
    dtype=object,
)
# A part may not exceed the whole: (part, whole).
PARTS = (("pop60", "pop_total"), ("pop65", "pop60"), ("nursing_beds", "beds"))


class Door:
    """Validates one layer; the problems gather in ``problems``.

    Args:
        raw: the frame as its file has it, with a CRS.
        entry: how the manifest describes it.
    """

    def __init__(self, raw: gpd.GeoDataFrame, entry: LayerEntry) -> None:
        self.role: Role = ROLES[entry.role]
        self.problems: list[Problem] = []
        self._raw = raw
        self._columns = entry.columns
        self._constants = entry.constants
        self._with_units = "number_units" in entry.corrections

    def pass_through(self) -> gpd.GeoDataFrame:
        """The layer: the role's columns in canonical types, sorted by key, in the CRS it came in.

        Text cells are never NaN, numbers are float64 with NaN for blank, dates are text in ISO form.
        Usable only when no problem is an error.
        """
        frame = gpd.GeoDataFrame(geometry=self._raw.geometry.to_numpy(), crs=self._raw.crs)
        if frame.empty:
            self._report(Severity.ERROR, _("图层是空的"), _("请提供至少一行数据"))
        for field in self.role.fields:
            frame[field.name] = self.column(field)
        if "nodes" in self._raw.columns and self.role.name == "roads":
            frame["nodes"] = self._raw["nodes"].to_numpy()
        self._check_key(frame)
        self._check_geometry(frame)
        self._check_sources(frame)
        return frame.sort_values(self.role.key, ignore_index=True) if self.role.key else frame

    def _report(self, severity: Severity, message: str, remedy: str, rows: Iterable[str] = ()) -> None:
        self.problems.append(Problem(severity, self.role.name, message, remedy, tuple(rows)))

    def _rows(self, mask: NDArray[np.bool_]) -> list[str]:
        """What names the marked rows: their key, or their place in the file."""
        key = self._columns.get(self.role.key, self.role.key)
        places = np.flatnonzero(mask)
        if key not in self._raw.columns:
            return [f"#{place + 1}" for place in places]
        names = _text(self._raw[key])
        return [names[place] or f"#{place + 1}" for place in places]

    def column(self, field: Field) -> pd.Series:
        """One column in canonical form; what is wrong with it joins the problems."""
        theirs = self._columns.get(field.name, field.name)
        if field.name in self._constants:
            return self._constant(field, theirs)
        if theirs not in self._raw.columns:
            if field.required or field.name in self._columns:
                self._report(
                    Severity.ERROR,
                    _("缺少必需的字段“{field}”").format(field=theirs),
                    _(
                        "请补充该列；或写明对应的列（columns，--map 列={field}）或全部行的值（constants，--set {field}=值）"
                    ).format(field=field.name),
                )
            return pd.Series(_blank(field, len(self._raw)), dtype=_dtype(field))
        cells = _text(self._raw[theirs])
        blank = cells == ""
        if field.filled and blank.any():
            self._report(
                Severity.ERROR, _("字段“{field}”有空值").format(field=field.name), _("请填写"), self._rows(blank)
            )
        return pd.Series(self._read_cells(field, cells), dtype=_dtype(field))

    def _constant(self, field: Field, theirs: str) -> pd.Series:
        """The one value that the manifest gives for all rows; two sources of one field are not settled in silence."""
        if theirs in self._raw.columns:
            text = _("文件已有字段“{field}”，manifest.toml 的 constants 又给了一个值").format(field=theirs)
            self._report(Severity.ERROR, text, _("请删去其中之一"))
        cells = np.full(len(self._raw), self._constants[field.name].strip(), dtype=object)
        return pd.Series(self._read_cells(field, cells), dtype=_dtype(field))

    def _read_cells(self, field: Field, cells: NDArray[np.object_]) -> NDArray[np.object_] | NDArray[np.float64]:
        if field.kind is FieldKind.PEOPLE:
            return np.round(self._numbers(field, cells) * _PERSON_STEPS) / _PERSON_STEPS
        if field.kind in _NUMERIC:
            return self._numbers(field, cells)
        if field.kind is FieldKind.DATE:
            return self._dates(field, cells)
        decode = _decoder(field)
        return cells if decode is None else self._coded(field, cells, decode)

    def _numbers(self, field: Field, cells: NDArray[np.object_]) -> NDArray[np.float64]:
        series = pd.Series(cells, dtype=object)
        if any("," in cell for cell in cells):
            series = series.str.replace(_THOUSANDS, "", regex=True)
        numbers = pd.to_numeric(series.where(cells != ""), errors="coerce").to_numpy(float, copy=True)
        wrong = (cells != "") & ~np.isfinite(numbers)
        if wrong.any():
            self._read_words(field, cells, numbers, wrong)
        numbers[~np.isfinite(numbers)] = np.nan
        if field.kind in {FieldKind.NUMBER, FieldKind.PEOPLE, FieldKind.WHOLE}:
            self._report_cells(numbers < 0, _("字段“{field}”为负数"), _("请改正，未知请留空"), field)
        if field.kind not in {FieldKind.NUMBER, FieldKind.PEOPLE}:
            self._report_cells(np.nan_to_num(numbers) % 1 != 0, _("字段“{field}”不是整数"), _("请改正"), field)
        if field.kind is FieldKind.YEAR:
            outside = (numbers < _YEARS[0]) | (numbers > _YEARS[1])
            self._report_cells(outside, _("字段“{field}”不是年份"), _("请填写四位数年份"), field)
        return numbers

    def _read_words(
        self, field: Field, cells: NDArray[np.object_], numbers: NDArray[np.float64], wrong: NDArray[np.bool_]
    ) -> None:
        """Numbers with words around them: read where the manifest says so, else reported by what they are."""
        with_unit, estimates = wrong.copy(), wrong.copy()
        for place in np.flatnonzero(wrong):
            value = number(cells[place], field)
            with_unit[place] = value is not None
            estimates[place] = value is None and is_estimate(cells[place])
            if value is not None and self._with_units:
                numbers[place] = value
        if not self._with_units:
            remedy = _('请改为数字，或在 manifest.toml 该图层写明 corrections = ["number_units"]')
            self._report_cells(with_unit, _("字段“{field}”的数字带有单位"), remedy, field)
        self._report_cells(estimates, _("字段“{field}”是约数"), _("请填写核实的数字，未知请留空"), field)
        self._report_cells(
            wrong & ~with_unit & ~estimates, _("字段“{field}”不是数字"), _("请改为数字，未知请留空"), field
        )

    def _report_cells(self, wrong: NDArray[np.bool_], message: str, remedy: str, field: Field) -> None:
        if wrong.any():
            self._report(Severity.ERROR, message.format(field=field.name), remedy, self._rows(wrong))

    def _dates(self, field: Field, cells: NDArray[np.object_]) -> NDArray[np.object_]:
        days = pd.to_datetime(pd.Series(cells, dtype=object).where(cells != ""), errors="coerce", format="ISO8601")
        wrong = (cells != "") & days.isna().to_numpy()
        self._report_cells(wrong, _("字段“{field}”不是日期"), _("请写成 2021-01-01 的形式"), field)
        return days.dt.strftime("%Y-%m-%d").fillna("").to_numpy(object)

    def _coded(self, field: Field, cells: NDArray[np.object_], decode: Decode) -> NDArray[np.object_]:
        known = {cell: decode(cell) if cell else "" for cell in set(cells)}
        unknown = sorted(cell for cell, code in known.items() if code is None)
        if unknown:
            allowed = [words[0] for words in (field.vocabulary or {"": ("是",), "-": ("否",)}).values()]
            self._report(
                Severity.ERROR,
                _("字段“{field}”有不认识的值：{values}").format(field=field.name, values=_("、").join(unknown[:5])),
                _("可用：{known}").format(known=_("、").join(allowed)),
                self._rows(np.isin(cells, unknown)),
            )
        return np.array([known[cell] or "" for cell in cells], dtype=object)

    def _check_key(self, frame: gpd.GeoDataFrame) -> None:
        if not self.role.key:
            return
        keys = frame[self.role.key]
        twice = (frame.duplicated([self.role.key, *self.role.versions], keep=False) & (keys != "")).to_numpy()
        if twice.any():
            remedy = _("每一行须有唯一的编号")
            if self.role.versions:
                told = _("、").join(self.role.versions)
                remedy = _("每一行须有唯一的编号；同一设施的几份资料须以 {columns} 区分").format(columns=told)
            text = _("编号“{key}”重复").format(key=self.role.key)
            self._report(Severity.ERROR, text, remedy, sorted(set(keys[twice])))

    def _check_geometry(self, frame: gpd.GeoDataFrame) -> None:
        if not self.role.geometry:
            return
        shapes = frame.geometry.to_numpy()
        missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        if missing.any():
            needed = self.role.name in {"units", "roads"}
            self._report(
                Severity.ERROR if needed else Severity.WARNING,
                _("没有几何位置"),
                _("请补充坐标") if needed else _("请补充坐标；在此之前该行不参与路网计算"),
                self._rows(missing),
            )
        kinds = _KINDS[shapely.get_type_id(shapes)]
        wrong = ~missing & ~np.isin(kinds, list(self.role.geometry))
        if wrong.any():
            text = _("几何类型不对：{kinds}").format(kinds=_("、").join(sorted(set(kinds[wrong]))))
            self._report(
                Severity.ERROR,
                text,
                _("应为 {kinds}").format(kinds=" / ".join(sorted(self.role.geometry))),
                self._rows(wrong),
            )
        points_only = ~missing & (shapely.get_dimensions(shapes) == 1) & (shapely.length(shapes) == 0)
        if points_only.any():
            self._report(Severity.WARNING, _("线的长度为零，不计入路网"), _("请删除或补全"), self._rows(points_only))
        invalid = ~missing & ~points_only & ~shapely.is_valid(shapes)
        if invalid.any():
            reason = cause(shapely.is_valid_reason(shapes[invalid][0]))
            self._report(
                Severity.ERROR,
                _("几何无效（{reason}）").format(reason=reason),
                _("请用 GIS 软件修复几何"),
                self._rows(invalid),
            )
        self._check_degrees(frame, missing)

    def _check_degrees(self, frame: gpd.GeoDataFrame, missing: NDArray[np.bool_]) -> None:
        """Degrees outside the globe; a latitude beyond 90 most often is a longitude in the wrong place."""
        if not frame.crs.is_geographic:
            return
        west, south, east, north = shapely.bounds(frame.geometry.to_numpy()).T
        swapped = ~missing & ((south < -MAX_LAT) | (north > MAX_LAT))
        if swapped.any():
            self._report(
                Severity.ERROR,
                _("纬度超出 ±90 度，经度和纬度很可能写反了"),
                _("请交换经度列和纬度列"),
                self._rows(swapped),
            )
        outside = ~missing & ~swapped & ((west < -MAX_LON) | (east > MAX_LON))
        if outside.any():
            self._report(
                Severity.ERROR, _("经度超出 ±180 度"), _("请检查坐标系：这些坐标可能以米为单位"), self._rows(outside)
            )

    def _check_sources(self, frame: gpd.GeoDataFrame) -> None:
        """A typed figure without source and date cannot be checked by anybody."""
        if self.role.name == "figures":
            bare = ((frame["value"] != "") & ((frame["source"] == "") | (frame["as_of"] == ""))).to_numpy(bool)
            if bare.any():
                text = _("填报的数没有来源或日期")
                self._report(Severity.WARNING, text, _("请填写 source 和 as_of"), self._rows(bare))


def part_problems(role: str, frame: gpd.GeoDataFrame) -> list[Problem]:
    """Where a part of a validated layer exceeds its whole; in the order of ``PARTS``, those that are sound left out."""
    problems = []
    key = ROLES[role].key
    names = frame[key] if key else pd.Series([f"#{row}" for row in range(1, len(frame) + 1)], frame.index, dtype=object)
    for part, whole in PARTS:
        if part in frame and whole in frame:
            rows = tuple(names[frame[part] > frame[whole]])
            text = _("“{part}”大于“{whole}”").format(part=part, whole=whole)
            problems += [Problem(Severity.WARNING, role, text, _("请核对这两个数"), rows)] if rows else []
    return problems


def read_cells(
    role: str, field: Field, cells: Sequence[object]
) -> tuple[NDArray[np.object_] | NDArray[np.float64], list[Problem]]:
    """Cells of one column in the form that the layer holds them, and what is wrong with them.

    Rows are named by their place, ``#1`` first.
    """
    table = pd.DataFrame({field.name: pd.Series(list(cells), dtype=object)})
    door = Door(table, LayerEntry(role, ""))
    return door.column(field).to_numpy(), door.problems


def blank_row(role: Role) -> dict[str, Any]:
    """A row of a layer of which nothing is known: no text, no number, no place."""
    return {field.name: np.nan if field.kind in _NUMERIC else "" for field in role.fields} | {"geometry": None}


def _text(column: pd.Series) -> NDArray[np.object_]:
    """Cells as trimmed text, blank for missing."""
    cells = column.to_numpy(object)
    if pd.api.types.infer_dtype(cells, skipna=False) == "string":  # a million cells of a table, in a fifth of the time
        return np.array([cell.strip() for cell in cells], dtype=object)
    return np.array([cell_text(value) for value in cells], dtype=object)


def cell_text(value: object) -> str:
    """One cell as text; a whole float loses its ``.0`` so that codes stay codes."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip()


def _dtype(field: Field) -> type:
    return float if field.kind in _NUMERIC else object


def _blank(field: Field, size: int) -> NDArray[np.object_] | NDArray[np.float64]:
    return np.full(size, np.nan) if field.kind in _NUMERIC else np.full(size, "", dtype=object)


def _decoder(field: Field) -> Decode | None:
    """From a word that files use to its code, None for a word that is not known; no decoder for free text."""
    if field.kind is FieldKind.FLAG:
        return _flag
    if field.vocabulary is None:
        return None
    words = {code: code for code in field.vocabulary}
    for code, synonyms in field.vocabulary.items():
        words.update(dict.fromkeys(synonyms, code))

    def decode(cell: str) -> str | None:
        return words.get(cell) or words.get(cell.lower())

    return (lambda cell: _codes(cell, decode)) if field.kind is FieldKind.CODES else decode


def _codes(cell: str, decode: Decode) -> str | None:
    codes = [decode(word.strip()) for word in _SEPARATORS.split(cell) if word.strip()]
    return None if None in codes else "|".join(sorted({code for code in codes if code}))


def _flag(cell: str) -> str | None:
    return "yes" if cell.lower() in _TRUE else "no" if cell.lower() in _FALSE else None
