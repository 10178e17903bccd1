"""What is in a file or a table, how its manifest entry must read to say so, and what that rests on. Nothing is written.

Runs in the confined process for files. What is found out by the bytes and numbers of the file itself (encoding, header row, merged cells,
units behind numbers, axes, zone numbers) is put into the entry as a correction and told with its evidence. What would be a
guess (a missing CRS, a shifted datum, an estimate) is an error or left to the planner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray

from geoplan import crs as crs_
from geoplan.errors import CrsError, DatabaseError, LayerError
from geoplan.i18n import _
from geoplan.intake import headers, tables
from geoplan.intake.records import Look, Request
from geoplan.layers import LayerEntry, gauss_kruger, postgis
from geoplan.layers.cells import angle, number
from geoplan.layers.encodings import Encoding, of_text
from geoplan.layers.manifest import COORDINATES
from geoplan.layers.reading import READ_FAULTS, located, read_frame, read_table, shapefile_encoding, sum_rows, why
from geoplan.layers.schema import REFERENCES, ROLES, Field, FieldKind
from geoplan.layers.validation import Door, cell_text, part_problems
from geoplan.model import Problem, Severity

TABLES = (".csv", ".xlsx")
_NUMBERS = (FieldKind.NUMBER, FieldKind.PEOPLE, FieldKind.WHOLE, FieldKind.YEAR)
_SAMPLE_ROWS, _PREVIEW_SHAPES, _PREVIEW_VERTICES, _DATUM_PLACES = 20, 2_000, 60_000, 3_000
_SHOWN_SUMS = 5
_DEGREES = {"cgcs2000": "EPSG:4490"}
# The words of our template's instruction sheet, and what they mean: (CRS, datum).
STATED = {
    "WGS84": ("EPSG:4326", ""),
    "CGCS2000": ("EPSG:4490", ""),
    "GCJ-02": ("EPSG:4326", "gcj02"),
    "BD-09": ("EPSG:4326", "bd09"),
}


class Looker:
    """Looks at one file or table; the entry grows step by step, the findings gather in ``problems``."""

    def __init__(self, path: Path, request: Request, address: str = "") -> None:
        self.path = path
        self.request = request
        self.problems: list[Problem] = []
        chosen = {name: getattr(request, name) for name in ("role", "layer", "geometry", "crs", "datum", "encoding")}
        self.entry = LayerEntry(**chosen, file=address or path.name, constants=request.constants)
        self._notes: list[str] = []
        self._is_table = path.suffix.lower() in TABLES

    def look(self) -> Look:
        """Everything about the file; the errors among the problems say why it cannot be used."""
        try:
            return self._look()
        except LayerError as error:
            self.problems += error.problems or (Problem(Severity.ERROR, self.entry.role, str(error), ""),)
        except READ_FAULTS as error:
            self._stop(
                _("文件 {name} 无法读取（{reason}）").format(name=self.path.name, reason=why(error)[:200]),
                _("请确认文件完整、格式与扩展名一致"),
            )
        return Look(entry=self.entry, problems=tuple(self.problems))

    def _look(self) -> Look:
        self._choose_layer()
        self._find_encoding()
        names = self._find_table() if self._is_table else ()
        frame = read_frame(self.path, self.entry)
        if not names:
            names = tuple(str(name) for name in frame.columns if name not in {"geometry", "nodes"})
            self._name_columns(names)
        self._find_units(frame)
        frame = self._find_sums(frame)
        raw = self._find_coordinates(frame)
        self.entry = replace(self.entry, notes=tuple(self._notes))
        looked = Look(
            entry=self.entry,
            rows=len(frame),
            table=self._is_table,
            headers=names,
            columns=self._columns(names),
            sample=_sample(frame, names),
        )
        if raw is not None:
            return self._checked(looked, raw)
        # Degrees without a CRS are laid over the reference as well: it may tell the planner where they come from.
        places = _thinned(frame.geometry.to_numpy(), self.entry.role) if _in_degrees(frame) else ()
        return replace(looked, places=places, problems=tuple(self.problems))

    def _checked(self, looked: Look, raw: gpd.GeoDataFrame) -> Look:
        """The door, at which the assessment will read the layer, and what a preview needs."""
        places = _places(raw, self.entry)
        frame = located(raw, self.entry)
        door = Door(frame, self.entry)
        passed = door.pass_through()
        problems = (*self.problems, *door.problems, *part_problems(self.entry.role, passed))
        if self.entry.role == "dem" or not len(frame) or np.isnan(frame.total_bounds).any():
            return replace(looked, problems=problems)
        shown = crs_.lonlat(frame)
        if not np.isfinite(shown.total_bounds).all():
            return replace(looked, problems=problems)
        west, south, east, north = map(float, shown.total_bounds)
        bounds = (west, south, east, north)
        return replace(looked, problems=problems, bounds=bounds, places=places, shapes=_shapes(shown))

    def _columns(self, names: Iterable[str]) -> dict[str, str]:
        """All fields that have a column, those of the same name included."""
        same = {name: name for name in names if name in headers.fields_of(self.entry.role)}
        return {**same, **self.entry.columns}

    def _stop(self, message: str, remedy: str, rows: Iterable[str] = ()) -> None:
        self.problems.append(Problem(Severity.ERROR, self.entry.role, message, remedy, tuple(rows)))

    def _tell(self, evidence: str, remedy: str = "") -> None:
        """Something that was found out and stands in the entry."""
        self._notes.append(evidence)
        remedy = remedy or _("已写入 manifest.toml，请核对")
        self.problems.append(Problem(Severity.NOTE, self.entry.role, evidence, remedy))

    def _choose_layer(self) -> None:
        if self.entry.in_database:
            self._describe_table()
            return
        suffix = self.path.suffix.lower()
        if suffix == ".xlsx":
            names = tables.sheet_names(self.path)
        elif suffix in {".gpkg", ".kml"}:
            names = tuple(str(row[0]) for row in pyogrio.list_layers(self.path))
        else:
            return
        if self.entry.layer in names or (not self.entry.layer and len(names) == 1):
            return
        text = _("文件里有这些图层或工作表：{known}").format(known=_("、").join(names))
        problem = Problem(Severity.ERROR, self.entry.role, text, _("请用 --layer 指明其中一个"))
        raise LayerError(text, (problem,))

    def _describe_table(self) -> None:
        """The table's whole name; whether it has places of its own, and says that it is made up."""
        try:
            found = postgis.describe(self.entry.file, self.entry.layer)
        except DatabaseError as error:
            raise LayerError(
                str(error), (Problem(Severity.ERROR, self.entry.role, error.message, error.remedy),)
            ) from error
        self._is_table = not found.shapes
        self.entry = replace(self.entry, layer=found.full_name, synthetic=found.synthetic)
        if found.synthetic:
            self._tell(_("表的说明写明是合成数据"))

    def _find_encoding(self) -> None:
        if self.entry.encoding:
            return
        suffix = self.path.suffix.lower()
        found = Encoding("")
        if suffix == ".shp" and self.path.with_suffix(".dbf").is_file():
            found = shapefile_encoding(self.path)
        elif suffix == ".csv":
            found = of_text(self.path)
        if found.evidence:
            self.entry = replace(self.entry, encoding=found.name)
            self._tell(_("文字编码 {name}：{evidence}").format(name=found.name, evidence=found.evidence))

    def _find_table(self) -> tuple[str, ...]:
        """The header row and the merged cells of a table; its columns."""
        if not self.entry.in_database:
            self._find_layout()
        table = read_table(self.path, self.entry)
        names = tuple(map(str, table.columns))
        self._name_columns(names)
        self._find_angles(table)
        return names

    def _find_layout(self) -> None:
        role, entry = self.entry.role, self.entry
        if self.path.suffix.lower() == ".csv":
            layout = tables.of_csv(self.path, role, entry.encoding)
        else:
            layout = tables.of_sheet(self.path, role, entry.layer or tables.sheet_names(self.path)[0])
        if layout.two_headers:
            self._stop(_("表头有合并单元格，占了两行"), _("请把表头改成一行，每列一个名称"))
        corrections = ("merged_cells",) if layout.merged else ()
        self.entry = replace(entry, header_row=layout.header_row, corrections=corrections)
        for text in tables.told(layout):
            self._tell(text)
        self._take_stated(layout.stated)

    def _take_stated(self, stated: str) -> None:
        """The coordinates that the template's instruction sheet says; what the planner says now goes first."""
        if self.entry.crs or self.entry.datum:
            return
        for word, (crs, datum) in STATED.items():
            if stated.startswith(word):
                self.entry = replace(self.entry, crs=crs, datum=datum)
                self._tell(_("“填写说明”页写明坐标为 {stated}").format(stated=stated))

    def _name_columns(self, names: tuple[str, ...]) -> None:
        for column in self.request.columns.values():
            if column and column not in names:
                text = _("文件没有名为“{column}”的列").format(column=column)
                self._stop(text, _("可用的列：{known}").format(known=_("、").join(names)))
        found = headers.suggest(self.entry.role, names, self.request.columns, self.request.remembered)
        if not self._is_table:
            found = {field: name for field, name in found.items() if field not in COORDINATES}
        fixed = self.entry.constants
        self.entry = replace(
            self.entry, columns={ours: name for ours, name in found.items() if ours != name and ours not in fixed}
        )

    def _find_angles(self, table: pd.DataFrame) -> None:
        columns = [self.entry.columns.get(axis, axis) for axis in COORDINATES]
        texts = [text for name in columns if name in table for text in _no_numbers(table[name])]
        read = [(text, angle(text)) for text in texts]
        understood = [(text, value) for text, value in read if value is not None]
        if understood:
            text, value = understood[0]
            self.entry = replace(self.entry, corrections=(*self.entry.corrections, "dms"))
            self._tell(_("坐标写成度分秒：“{text}”读作 {value:.6f}").format(text=text, value=value))

    def _find_units(self, frame: gpd.GeoDataFrame) -> None:
        examples = [
            _("{field}：“{text}” → {value:,.10g}").format(field=field.name, text=text, value=value)
            for field in ROLES[self.entry.role].fields
            if field.kind in _NUMBERS
            for text, value in _with_units(frame, field, self.entry)
        ]
        if examples:
            self.entry = replace(self.entry, corrections=(*self.entry.corrections, "number_units"))
            self._tell(_("数字带有单位：{examples}").format(examples=_("；").join(examples)))

    def _find_sums(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The frame without the rows that only sum up others."""
        if self.entry.role in REFERENCES:  # whose sums and larger units are passed over anyway
            return frame
        sums = sum_rows(frame, self.entry)
        if not sums.any():
            return frame
        self.entry = replace(self.entry, corrections=(*self.entry.corrections, "sum_rows"))
        rows = _("、").join(f"#{place + 1}" for place in np.flatnonzero(sums)[:_SHOWN_SUMS])
        self._tell(_("合计行不作数据：{rows}").format(rows=rows))
        return frame[~sums].reset_index(drop=True)

    def _find_coordinates(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
        """The frame, once the entry says of which CRS it is; None where that is not known."""
        if not ROLES[self.entry.role].geometry or self.entry.role == "dem":
            return frame
        entry = self.entry
        if entry.datum and not entry.crs and frame.crs is None and _in_degrees(frame):
            entry = replace(entry, crs=_DEGREES.get(entry.datum, "EPSG:4326"))
        self.entry = entry
        bounds = tuple(float(number) for number in frame.total_bounds)
        if len(bounds) != 4 or np.isnan(bounds).any():  # noqa: PLR2004 - a box
            return frame if frame.crs is not None or entry.crs else self._without_places(frame)
        if frame.crs is None and not entry.crs:
            self._ask_for_crs((bounds[0], bounds[1], bounds[2], bounds[3]))
            return None
        return self._judge(frame, (bounds[0], bounds[1], bounds[2], bounds[3]))

    def _without_places(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        self.entry = replace(self.entry, crs="EPSG:4326")
        return frame

    def _ask_for_crs(self, bounds: gauss_kruger.Bounds) -> None:
        west, south, east, north = bounds
        text = _(
            "没有坐标系（Shapefile 缺少 .prj，或表格没有写明）；坐标 X {west:,.6g}–{east:,.6g}，Y {south:,.6g}–{north:,.6g}"
        )
        guesses = gauss_kruger.candidates(bounds)
        remedy = _("请问提供数据的人，并用 --crs 写明；经纬度来自百度或高德的，用 --datum bd09 或 --datum gcj02")
        if guesses:
            remedy += _("。从数字看可能是 {guesses}").format(guesses=_("、").join(guesses))
        self._stop(text.format(west=west, south=south, east=east, north=north), remedy)

    def _judge(self, frame: gpd.GeoDataFrame, bounds: gauss_kruger.Bounds) -> gpd.GeoDataFrame | None:
        """Whether the numbers are what the CRS says; what is not is corrected in the entry and told."""
        try:
            stated = crs_.parse(self.entry.crs, "--crs") if self.entry.crs else pyproj.CRS(frame.crs)
        except CrsError as error:
            self._stop(str(error), _("请改正 --crs"))
            return None
        found = gauss_kruger.judge(bounds, stated)
        if found.contradiction:
            self._stop(found.contradiction, _("请核对坐标系，用 --crs 写明正确的代码"))
            return None
        if found.crs:
            claimed = f"EPSG:{pyproj.CRS(frame.crs).to_epsg(min_confidence=50)}" if frame.crs is not None else ""
            self.entry = replace(self.entry, crs=found.crs, file_crs=claimed)
        if found.swapped:
            self.entry = replace(self.entry, corrections=(*self.entry.corrections, "swapped_axes"))
        for text in found.evidence:
            done = _("按 {crs} 读取").format(crs=found.crs) if found.crs and text == found.evidence[-1] else ""
            self._tell(_("；").join(filter(None, (text, done or _("按交换后的坐标读取")))))
        return frame


def look(path: Path, request: Request) -> Look:
    """What is understood of a file under what the planner says about it."""
    return Looker(path, request).look()


def look_at_database(address: str, request: Request) -> Look:
    """What is understood of a table of a database; the request's ``layer`` says which."""
    return Looker(Path(), request, address).look()


def _in_degrees(frame: gpd.GeoDataFrame) -> bool:
    bounds = frame.total_bounds
    return bool(np.isnan(bounds).any() or np.abs(bounds).max() <= crs_.MAX_LON)


def _with_units(frame: gpd.GeoDataFrame, field: Field, entry: LayerEntry) -> list[tuple[str, float]]:
    """The first cells of a field that are numbers only with their unit taken off."""
    name = entry.columns.get(field.name, field.name)
    if name not in frame or pd.api.types.is_numeric_dtype(frame[name]):
        return []
    odd = [text for text in _no_numbers(frame[name]) if np.isnan(_number(text.replace(",", "")))]
    read = [(text, number(text, field)) for text in odd]
    return [(text, value) for text, value in read if value is not None][:1]


def _no_numbers(column: pd.Series) -> list[str]:
    """The texts of a column that are no plain numbers, each once, in the order of the rows."""
    wrong = pd.to_numeric(column, errors="coerce").isna() & column.notna()
    return [text for text in dict.fromkeys(str(cell).strip() for cell in column[wrong].to_numpy(object)) if text]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _sample(frame: gpd.GeoDataFrame, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    rows = frame[[name for name in names if name in frame]].head(_SAMPLE_ROWS)
    return tuple(tuple(cell_text(cell)[:60] for cell in row) for row in rows.itertuples(index=False, name=None))


def _places(frame: gpd.GeoDataFrame, entry: LayerEntry) -> tuple[tuple[float, float], ...]:
    """Points, or vertices of lines and outlines, in the degrees of the file; thinned evenly."""
    if entry.role == "dem" or not ROLES[entry.role].geometry:
        return ()
    as_stated = located(frame, replace(entry, datum=""))
    return _thinned(crs_.lonlat(as_stated).geometry.to_numpy(), entry.role)


def _thinned(shapes: NDArray[np.object_], role: str) -> tuple[tuple[float, float], ...]:
    if role not in {"roads", "units"}:
        shapes = shapely.point_on_surface(shapes[:: max(1, len(shapes) // _DATUM_PLACES)])
    points = shapely.get_coordinates(shapes)
    points = points[np.isfinite(points).all(axis=1)]
    points = points[:: max(1, len(points) // _DATUM_PLACES)]
    return tuple((float(lon), float(lat)) for lon, lat in points)


def _shapes(frame: gpd.GeoDataFrame) -> str:
    """Some features, thinned, as GeoJSON without attributes."""
    kept = frame.geometry[frame.geometry.notna()]
    kept = kept.iloc[:: max(1, len(kept) // _PREVIEW_SHAPES)]
    west, south, east, north = kept.total_bounds
    thinned = shapely.simplify(kept.to_numpy(), max(east - west, north - south) / 2_000)
    thinned = thinned[~shapely.is_empty(thinned)]
    counts = np.cumsum(shapely.get_num_coordinates(thinned))
    return gpd.GeoSeries(thinned[counts <= _PREVIEW_VERTICES], crs=crs_.WGS84).to_json()
