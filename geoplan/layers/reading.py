"""From a file or a table to a raw frame with a CRS: GeoPackage, GeoJSON, Shapefile, KML, GeoParquet, CSV, Excel, OSM PBF, GraphML, PostGIS.

A raster (the role ``dem``) becomes a frame of one row: the rectangle that it covers, with its file's name below
``layers/`` and the file's SHA-256, so that it is placed, projected and part of the digest like every layer. Its cells are read
by who needs them (``geoplan.network.elevation``) from ``Manifest.path``.
"""

from __future__ import annotations

import csv
import hashlib
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pyproj
import rasterio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError
from shapely.errors import ShapelyError

from geoplan import crs as crs_
from geoplan.causes import cause
from geoplan.errors import CrsError, DatabaseError, LayerError, WorkspaceError
from geoplan.i18n import _
from geoplan.layers import cells as cells_
from geoplan.layers import encodings, first_reading, osm, postgis
from geoplan.layers.encodings import Encoding
from geoplan.layers.manifest import LayerEntry
from geoplan.layers.schema import ROLES
from geoplan.model import Problem, Severity

# What the libraries raise for a file that is damaged or is not what its name says.
READ_FAULTS = (
    *(DataSourceError, DataLayerError, FeatureError, FieldError, ShapelyError, ParseError, BadZipFile, zlib.error),
    csv.Error,
    *(LookupError, ValueError, OSError, RuntimeError, TypeError, AttributeError, OverflowError, EOFError),
)


def read_raw(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame:
    """Read one layer as its file has it: own column names, own CRS (the manifest's where the file has none).

    Raises:
        WorkspaceError: the file is not there.
        LayerError: the file cannot be read, or its CRS is missing or contradicts the manifest.
    """
    return located(read_frame(path, entry), entry)


def read_frame(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame:
    """The same before anything is done about its coordinates: the CRS is the file's own, or None.

    Raises:
        WorkspaceError: the file is not there.
        LayerError: the file or the table cannot be read.
    """
    if entry.in_database:
        return _read_database(entry)
    if not path.is_file():
        raise WorkspaceError(
            _("图层 {role} 的文件不存在：{file}。请检查 manifest.toml。").format(role=entry.role, file=path)
        )
    reader = _reader(path, entry)
    if path.suffix.lower() in _ROADS_ONLY and entry.role != "roads":
        _refuse(entry, _("只有道路图层可以是 {suffix} 文件").format(suffix=path.suffix), _("请改用矢量或 CSV 文件"))
    try:
        known = first_reading.kept(path, entry)
        frame = reader(path, entry) if known is None else known
    except LayerError:
        raise
    except READ_FAULTS as error:
        _refuse(
            entry,
            _("文件 {name} 无法读取（{reason}）").format(name=path.name, reason=why(error)),
            _("请确认文件完整、格式与扩展名一致"),
        )
    if not isinstance(frame, gpd.GeoDataFrame):
        _refuse(entry, _("文件 {name} 只有属性表，没有几何").format(name=path.name), _("请提供带几何的图层"))
    return frame


def _reader(path: Path, entry: LayerEntry) -> Callable[[Path, LayerEntry], gpd.GeoDataFrame]:
    known: Mapping[str, Callable[[Path, LayerEntry], gpd.GeoDataFrame]] = _READERS
    if entry.role == "dem":
        known = dict.fromkeys(_RASTERS, _read_raster)
    if not ROLES[entry.role].geometry:
        known = dict.fromkeys(_TABLES, _read_plain_table)
    suffix = next((suffix for suffix in known if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        _refuse(
            entry,
            _("不认识的文件格式“{suffix}”").format(suffix=path.suffix),
            _("请转换为 {known}").format(known=" ".join(known)),
        )
    return known[suffix]


def _refuse(entry: LayerEntry, message: str, remedy: str) -> NoReturn:
    problem = Problem(Severity.ERROR, entry.role, message, remedy)
    raise LayerError(message, (problem,))


def located(frame: gpd.GeoDataFrame, entry: LayerEntry) -> gpd.GeoDataFrame:
    """A frame as its file has it, with the coordinates that the manifest says it means.

    Raises:
        LayerError: its CRS is missing or contradicts the manifest.
    """
    if "sum_rows" in entry.corrections:
        frame = frame[~sum_rows(frame, entry)].reset_index(drop=True)
    if "swapped_axes" in entry.corrections:
        turned = shapely.transform(frame.geometry.to_numpy(), lambda places: places[:, ::-1])
        frame = frame.set_geometry(gpd.GeoSeries(turned, index=frame.index, crs=frame.crs))
    try:
        stated = crs_.parse(entry.crs, _("图层 {role}").format(role=entry.role)) if entry.crs else None
        claimed = crs_.parse(entry.file_crs, _("图层 {role}").format(role=entry.role)) if entry.file_crs else None
    except CrsError as error:
        _refuse(entry, str(error), _("请在 manifest.toml 中改正 crs"))
    if claimed is not None and frame.crs is not None and _same_crs(pyproj.CRS(frame.crs), claimed):
        frame = frame.set_crs(stated, allow_override=True)
    if frame.crs is None and stated is None:
        _refuse(entry, _("没有坐标系"), _("请在 manifest.toml 的该图层写明 crs，例如 EPSG:4490；不会替您猜测"))
    if frame.crs is None:
        frame = frame.set_crs(stated)
    elif stated is not None and not _same_crs(pyproj.CRS(frame.crs), stated):
        text = _("文件的坐标系（{file}）与 manifest.toml（{manifest}）不一致")
        _refuse(entry, text.format(file=frame.crs.name, manifest=stated.name), _("请核对后改正其中之一"))
    if entry.datum in {"gcj02", "bd09"}:
        if not frame.crs.is_geographic:
            _refuse(entry, _("datum 只用于经纬度数据"), _("请删去 datum，或提供经纬度坐标"))
        shifted = crs_.undo_shift(frame.geometry.to_numpy(), entry.datum)
        frame = gpd.GeoDataFrame(frame.drop(columns=frame.geometry.name), geometry=shifted, crs=crs_.WGS84)
    return frame


def sum_rows(frame: gpd.GeoDataFrame, entry: LayerEntry) -> NDArray[np.bool_]:
    """The rows that only sum up others, by what stands for their id or name; one that has a place is none."""
    columns = {entry.columns.get(name, name) for name in (ROLES[entry.role].key, "name")} & set(frame.columns)
    named = np.zeros(len(frame), dtype=bool)
    for name in columns:
        named |= frame[name].astype(str).str.strip().str.lower().isin(SUMS).to_numpy(bool)
    return named & shapely.is_missing(frame.geometry.to_numpy())


def _same_crs(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Equal up to axis order, which file formats write as they like; coordinates are x, y always."""
    return one.equals(other, ignore_axis_order=True) or (one.to_epsg() is not None and one.to_epsg() == other.to_epsg())


def _read_vector(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame:
    names = [str(row[0]) for row in pyogrio.list_layers(path)]
    if entry.layer and entry.layer not in names:
        text = _("文件 {name} 中没有图层“{layer}”，有：{known}")
        _refuse(
            entry,
            text.format(name=path.name, layer=entry.layer, known=", ".join(names)),
            _("请改正 manifest.toml 的 layer"),
        )
    if not entry.layer and len(names) > 1:
        text = _("文件 {name} 含多个图层：{known}").format(name=path.name, known=", ".join(names))
        _refuse(entry, text, _("请在 manifest.toml 中用 layer 指明"))
    return _read_ogr(path, entry, layer=entry.layer or names[0], encoding=entry.encoding or None)


def _read_ogr(path: Path, entry: LayerEntry, **how: str | None) -> gpd.GeoDataFrame:
    try:
        return pyogrio.read_dataframe(path, **how)
    except UnboundLocalError:  # what pyogrio 0.13 makes of a CRS that GDAL cannot write down
        _refuse(
            entry,
            _("文件 {name} 所写的坐标系无法识别").format(name=path.name),
            _("请提供正确的 .prj，或删去它并写明 crs"),
        )


def _read_shapefile(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame:
    for suffix in (".dbf", ".shx"):
        if _sibling(path, suffix) is None:
            _refuse(
                entry,
                _("Shapefile {name} 缺少 {suffix} 文件").format(name=path.name, suffix=suffix),
                _("请把同名的 .shp .shx .dbf .prj 一并复制"),
            )
    encoding = entry.encoding or shapefile_encoding(path).name
    return _read_ogr(path, entry, encoding=encoding)


def shapefile_encoding(path: Path) -> Encoding:
    """The encoding of a Shapefile's attributes, by its .cpg and its bytes.

    Raises:
        FileNotFoundError: it has no .dbf.
    """
    dbf = _sibling(path, ".dbf")
    if dbf is None:
        raise FileNotFoundError(path.with_suffix(".dbf"))
    return encodings.of_shapefile(dbf, _sibling(path, ".cpg"))


def _sibling(path: Path, suffix: str) -> Path | None:
    """The companion file, whatever the case of its suffix."""
    return next((path.with_suffix(s) for s in (suffix, suffix.upper()) if path.with_suffix(s).is_file()), None)


def _read_parquet(path: Path, _entry: LayerEntry) -> gpd.GeoDataFrame:
    return gpd.read_parquet(path)


def read_table(path: Path, entry: LayerEntry) -> pd.DataFrame:
    """The cells of a CSV file, of one sheet of a workbook or of a table of a database, as text.

    Raises:
        LayerError: the workbook has no such sheet, or several to choose from; the database cannot be read.
    """
    if entry.in_database:
        return _database_rows(entry).cells
    if path.suffix.lower() == ".csv":
        table = csv_table(path, entry.encoding, entry.header_row)
    else:
        cells = sheet_cells(path, entry)
        head, body = cells[entry.header_row - 1 : entry.header_row], cells[entry.header_row :]
        names = column_names(head[0]) if head else []
        table = pd.DataFrame([row for row in body if any(row)], columns=pd.Index(names, dtype=object), dtype=object)
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    return table


def sheet_cells(path: Path, entry: LayerEntry) -> list[list[str]]:
    """All cells, as text, of the sheet that the manifest names as ``layer``, or of the only one that is not help.

    Raises:
        LayerError: there is no such sheet, or several to choose from.
    """
    merged = "merged_cells" in entry.corrections
    book = openpyxl.load_workbook(path, read_only=not merged, data_only=True)
    names = [name for name in book.sheetnames if book[name].sheet_state == "visible" and name not in HELP_SHEETS]
    if (entry.layer and entry.layer not in names) or (not entry.layer and len(names) != 1):
        text = _("工作簿 {name} 有这些工作表：{known}").format(name=path.name, known=", ".join(names))
        _refuse(entry, text, _("请在 manifest.toml 中用 layer 指明其中一个"))
    sheet = book[entry.layer or names[0]]
    if merged:
        _fill_merged(sheet)
    return [[excel_cell(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def column_names(head: list[str]) -> list[str]:
    """Names for the columns of a sheet: a blank one by its place, a second one of the same name by a number."""
    names: list[str] = []
    for place, text in enumerate(head, start=1):
        name = " ".join(text.split()) or f"#{place}"
        names.append(f"{name}.{names.count(name)}" if name in names else name)
    return names


def _fill_merged(sheet: Any) -> None:
    """Write the value of each merged range into all its cells."""
    for block in list(sheet.merged_cells.ranges):
        value = sheet.cell(block.min_row, block.min_col).value
        sheet.unmerge_cells(block.coord)
        for row, column in block.cells:
            sheet.cell(row, column).value = value


def excel_cell(cell: object) -> str:
    """A cell as it would stand in a CSV: a whole number without decimals, a date without its midnight."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _read_plain_table(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame:
    """A table without places."""
    return _unplaced(read_table(path, entry))


def _read_database(entry: LayerEntry) -> gpd.GeoDataFrame:
    """A table of a database; one without geometry is read like a CSV file."""
    rows = _database_rows(entry)
    cells = rows.cells
    if "nodes" in cells and entry.role == "roads":
        cells = cells.assign(nodes=[np.array(text.split("|"), dtype=np.int64) for text in cells["nodes"]])
    if rows.shapes is not None:
        return gpd.GeoDataFrame(cells, geometry=rows.shapes, crs=rows.crs)
    return _placed(cells, entry) if ROLES[entry.role].geometry else _unplaced(cells)


def _database_rows(entry: LayerEntry) -> postgis.Rows:
    if entry.role == "dem":
        _refuse(entry, _("高程数据不能来自数据库"), _("请提供 GeoTIFF 文件"))
    try:
        return postgis.read(entry.file, entry.layer, entry.geometry)
    except DatabaseError as error:
        _refuse(entry, error.message, error.remedy)
    except READ_FAULTS as error:
        text = _("{place} 无法读取（{reason}）")
        _refuse(entry, text.format(place=entry.place, reason=why(error)), _("请核对表的内容"))


def why(error: BaseException) -> str:
    """What a reader complains about, in a line: in words where a planner meets it, else as the reader says it."""
    match error:
        case pd.errors.EmptyDataError():
            return _("文件是空的")
        case UnicodeDecodeError():
            return _("内容不是 {encoding} 编码的文字").format(encoding=error.encoding)
    return cause(error)


def _unplaced(table: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table, geometry=np.full(len(table), None, dtype=object), crs=crs_.WGS84)


def _read_points(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame:
    return _placed(read_table(path, entry), entry)


def _placed(table: pd.DataFrame, entry: LayerEntry) -> gpd.GeoDataFrame:
    """The rows of a table at their coordinates."""
    for x, y in (("lon", "lat"), ("x", "y")):
        names = entry.columns.get(x, x), entry.columns.get(y, y)
        if set(names) <= set(table.columns):
            return gpd.GeoDataFrame(table, geometry=_points(table, names, entry))
    _refuse(entry, _("表格没有坐标列（lon、lat 或 x、y）"), _("请补充坐标列，或在 manifest.toml 的 columns 中写明列名"))


def _points(table: pd.DataFrame, names: tuple[str, str], entry: LayerEntry) -> NDArray[np.object_]:
    """Points of two text columns; None where either is blank.

    Raises:
        LayerError: a coordinate is there but is no number.
    """
    cells = [table[name].str.strip() for name in names]
    if "dms" in entry.corrections:
        cells = [column.map(_decimal) for column in cells]
    numbers = [pd.to_numeric(column, errors="coerce").replace([np.inf, -np.inf], np.nan) for column in cells]
    wrong = np.flatnonzero(sum((column != "") & number.isna() for column, number in zip(cells, numbers, strict=True)))
    if len(wrong):
        key = entry.columns.get(ROLES[entry.role].key, ROLES[entry.role].key)
        named = table[key] if key in table else pd.Series("", index=table.index)
        rows = tuple(named.iloc[row] or f"#{row + 1}" for row in wrong)
        message = _("坐标不是数字")
        raise LayerError(message, (Problem(Severity.ERROR, entry.role, message, _("请填写十进制数字坐标"), rows),))
    x, y = (number.to_numpy(float) for number in numbers)
    points = shapely.points(x, y)
    points[np.isnan(x) | np.isnan(y)] = None
    return points


def _decimal(cell: str) -> str:
    """Degrees, minutes and seconds as decimal degrees; any other text as it is."""
    value = cells_.angle(cell)
    return cell if value is None else repr(value)


def csv_table(path: Path, encoding: str = "", header_row: int = 1) -> pd.DataFrame:
    """The cells of a CSV file as text; UTF-8, UTF-16 or GBK by its bytes unless told."""
    return pd.read_csv(
        path,
        dtype=str,
        keep_default_na=False,
        encoding=encoding or encodings.of_text(path).name,
        skiprows=header_row - 1,
    )


def _read_pbf(path: Path, _entry: LayerEntry) -> gpd.GeoDataFrame:
    return osm.read_pbf(path)


def _read_graphml(path: Path, _entry: LayerEntry) -> gpd.GeoDataFrame:
    return osm.read_graphml(path)


def _read_raster(path: Path, entry: LayerEntry) -> gpd.GeoDataFrame:
    """One row: where the raster lies and which file it is; an SRTM tile tells its place by its name (N22E113.hgt)."""
    if entry.datum in {"gcj02", "bd09"}:
        _refuse(entry, _("高程数据不能用 datum 纠偏"), _("请提供 WGS84 或 CGCS2000 坐标系的高程数据"))
    with rasterio.open(path) as raster:
        width, height = raster.width, raster.height
        a, b, c, d, e, f = raster.transform[:6]
        pixels = ((0, 0), (width, 0), (width, height), (0, height))
        corners = [(a * column + b * row + c, d * column + e * row + f) for column, row in pixels]
        crs = None if raster.crs is None else pyproj.CRS.from_wkt(raster.crs.to_wkt())
        bands = raster.count
    if bands != 1:
        _refuse(
            entry, _("文件 {name} 有 {count} 个波段").format(name=path.name, count=bands), _("请提供单波段高程数据")
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    cells = {"file": [entry.file], "sha256": [digest]}
    return gpd.GeoDataFrame(cells, geometry=[shapely.Polygon(corners)], crs=crs)


_READERS: Mapping[str, Callable[[Path, LayerEntry], gpd.GeoDataFrame]] = MappingProxyType(
    {
        ".gpkg": _read_vector,
        ".geojson": _read_vector,
        ".json": _read_vector,
        ".shp": _read_shapefile,
        ".kml": _read_vector,
        ".parquet": _read_parquet,
        ".geoparquet": _read_parquet,
        ".csv": _read_points,
        ".xlsx": _read_points,
        ".pbf": _read_pbf,
        ".graphml": _read_graphml,
    }
)
_RASTERS = (".tif", ".tiff", ".hgt", ".hgt.zip")
_TABLES = (".csv", ".xlsx")
SUMS = frozenset({"合计", "总计", "共计", "小计", "total", "sum"})
HELP_SHEETS = ("填写说明", "选项", "Instructions", "Choices")  # of our own templates
_ROADS_ONLY = (".pbf", ".graphml")
