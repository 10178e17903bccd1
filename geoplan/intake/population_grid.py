"""The cells of a population raster over a county, out of a GeoTIFF of any size: only the window that is needed is read.

Runs in the confined process. What comes out is an array of our own making, so that nothing of the file itself is opened again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from geoplan import crs as crs_
from geoplan.causes import cause
from geoplan.errors import LayerError
from geoplan.i18n import _

Box = tuple[float, float, float, float]
_DENSIFIED = 21  # points along each side of a box when it is projected


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells over a region, the northern row first.

    Attributes:
        file: a .npy of float64 (rows, columns): people, NaN where the raster says nothing.
        box: west, south, east, north of the outer edges, in ``crs``.
        crs: as WKT.
        negative: how many cells had a number below zero, which is taken for no statement.
    """

    file: Path
    box: Box
    crs: str
    negative: int

    def cells(self) -> NDArray[np.float64]:
        """The people of each cell."""
        return np.asarray(np.load(self.file, allow_pickle=False), dtype=np.float64)


def grid_to(grid: Grid) -> dict[str, Any]:
    """A grid as JSON has it."""
    return asdict(grid) | {"file": str(grid.file)}


def grid_from(table: Mapping[str, Any]) -> Grid:
    """The grid that ``grid_to`` wrote."""
    west, south, east, north = map(float, table["box"])
    return Grid(Path(table["file"]), (west, south, east, north), str(table["crs"]), int(table["negative"]))


def read_grid(path: Path, region: Box, crs: str, out: Path) -> Grid:
    """Read the cells that touch a region.

    Args:
        region: west, south, east, north in WGS84 degrees.
        crs: of the raster where its file has none.
        out: the .npy to write.

    Raises:
        LayerError: it is no GeoTIFF of one band of numbers, has no CRS, lies askew, or does not touch the region.
        CrsError: ``crs`` is unknown.
    """
    try:
        with rasterio.open(path, driver="GTiff") as raster:
            return _read(raster, region, crs, out)
    except (RasterioError, ValueError) as error:
        if isinstance(error, LayerError):
            raise
        text = _("人口栅格 {name} 无法读取（{reason}）。请提供完整的 GeoTIFF。")
        raise LayerError(text.format(name=path.name, reason=cause(error)[:200])) from error


def _read(raster: rasterio.DatasetReader, region: Box, crs: str, out: Path) -> Grid:
    name = Path(raster.name).name
    if raster.count != 1 or np.dtype(raster.dtypes[0]).kind not in "iuf":
        text = _("人口栅格 {name} 有 {count} 个波段，应为一个人数波段。")
        raise LayerError(text.format(name=name, count=raster.count))
    its_crs = _crs_of(raster, crs, name)
    across = raster.transform
    if across.b or across.d or across.a <= 0 or across.e >= 0:
        text = _("人口栅格 {name} 不是正北朝上，请先用 gdalwarp 转换。")
        raise LayerError(text.format(name=name))
    window = _window(raster, region, its_crs, name)
    cells = raster.read(1, window=window, masked=True).astype(np.float64).filled(np.nan)
    cells[~np.isfinite(cells)] = np.nan
    negative = cells < 0
    cells[negative] = np.nan
    np.save(out, cells, allow_pickle=False)
    left, top = across.c + window.col_off * across.a, across.f + window.row_off * across.e
    box = (left, top + window.height * across.e, left + window.width * across.a, top)
    return Grid(out, box, its_crs.to_wkt(), int(negative.sum()))


def _crs_of(raster: rasterio.DatasetReader, stated: str, name: str) -> pyproj.CRS:
    own = None if raster.crs is None else pyproj.CRS.from_wkt(raster.crs.to_wkt())
    if own is None and not stated:
        raise LayerError(
            _("人口栅格 {name} 没有坐标系，请用 --crs 写明，例如 EPSG:4326；不会替您猜测。").format(name=name)
        )
    if own is None:
        return crs_.parse(stated, "--crs")
    if stated and not own.equals(crs_.parse(stated, "--crs"), ignore_axis_order=True):
        text = _("人口栅格 {name} 的坐标系是 {own}，与 --crs 不符。请删去 --crs。")
        raise LayerError(text.format(name=name, own=own.name))
    return own


def _window(raster: rasterio.DatasetReader, region: Box, crs: pyproj.CRS, name: str) -> Window:
    """The cells that touch the region."""
    to_raster = pyproj.Transformer.from_crs(crs_.WGS84, crs, always_xy=True)
    west, south, east, north = to_raster.transform_bounds(*region, densify_pts=_DENSIFIED)
    a, c, e, f = raster.transform.a, raster.transform.c, raster.transform.e, raster.transform.f
    columns = np.clip([np.floor((west - c) / a), np.ceil((east - c) / a)], 0, raster.width)
    rows = np.clip([np.floor((north - f) / e), np.ceil((south - f) / e)], 0, raster.height)
    if not (columns[0] < columns[1] and rows[0] < rows[1]):
        text = _("人口栅格 {name} 与行政单元没有重叠。请换用覆盖本县的栅格，或核对坐标系。")
        raise LayerError(text.format(name=name))
    (left, right), (top, bottom) = columns.astype(int), rows.astype(int)
    return Window.from_slices((int(top), int(bottom)), (int(left), int(right)))
