"""Files as counties send them, made by code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import geopandas as gpd
import openpyxl
import pyproj
import shapely

LON, LAT = 112.9012345, 22.7012345
HEAD = ("编号", "名称", "类型", "级别", "状态", "经度", "纬度")
ROWS = (
    ("F1", "甲镇敬老院", "敬老院", "镇街级", "现状", LON, LAT),
    ("F2", "乙村颐康站", "颐康站", "村居级", "现状", LON + 0.02, LAT + 0.01),
)


def workbook(path: Path, rows: Sequence[Sequence[object]], merged: Sequence[str] = (), title: str = "表") -> Path:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for block in merged:
        sheet.merge_cells(block)
    book.save(path)
    return path


def facilities_csv(path: Path, encoding: str = "utf-8", rows: Sequence[Sequence[object]] = ROWS) -> Path:
    """A table of facilities with Chinese headers."""
    lines = [",".join(map(str, row)) for row in (HEAD, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def parcels(folder: Path, *, numbers: str, stated: str | None, swapped: bool = False, encoding: str = "gbk") -> Path:
    """A land-use Shapefile whose numbers are of one CRS while its .prj states another one, or there is none."""
    place = pyproj.Transformer.from_crs("EPSG:4490", numbers, always_xy=True).transform(LON, LAT)
    x, y = place[::-1] if swapped else place
    size = 1e-6 if stated and pyproj.CRS(stated).is_geographic else 60
    frame = gpd.GeoDataFrame({"编号": ["甲1"], "DLBM": ["0807"]}, geometry=[shapely.box(x, y, x + size, y + size)])
    path = folder / "DLTB.shp"
    frame.set_crs(stated or numbers).to_file(path, encoding=encoding)
    if stated is None:
        path.with_suffix(".prj").unlink()
    path.with_suffix(".cpg").unlink(missing_ok=True)
    return path


def zipped(path: Path, files: Sequence[Path]) -> Path:
    """An archive of files, all in one folder."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"数据/{file.name}")
    return path
