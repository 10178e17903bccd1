"""Heights along the network, from a digital elevation model (DEM).

A DEM file is read through rasterio, only the window that the network needs: 8 bytes per cell. Every edge is divided into
steps of at most ``STEP_M``, its vertices included, and the height at both ends of each step is read between the four cells
around it (bilinear). A step with an unknown height at either end counts as flat, and how much road that concerns is
reported. Bridges and tunnels take the height of the ground at their ends and at each step, as the DEM has no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from geoplan import crs as crs_
from geoplan.causes import cause
from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.model import Problem, Severity
from geoplan.network.graph import Network

STEP_M = 20.0
"""Slope is taken over steps of at most so many metres."""
# No road on land lies outside this (metres): SRTM's -32768, -9999, 32767 and the like are no heights.
_LOWEST, _HIGHEST = -500.0, 9000.0
_MIDDLE = 0.5  # a cell's height is that of its middle


@dataclass(frozen=True)
class Elevation:
    """The rise of a network's edges, step by step; about 24 bytes per 20 m of road.

    Attributes:
        edges: how many edges the network has.
        edge: int64 (k,), ascending, the edge that a step belongs to.
        length_m: float64 (k,), along the map.
        rise_m: float64 (k,), from the edge's tail towards its head; 0 where a height is unknown.
        void_share: the share of the road's length without a height inside the DEM.
        uncovered_share: the share of the road's length outside it.
        problems: both in words.
    """

    edges: int
    edge: NDArray[np.int64]
    length_m: NDArray[np.float64]
    rise_m: NDArray[np.float64]
    void_share: float
    uncovered_share: float
    problems: tuple[Problem, ...]


def read_elevation(network: Network, path: Path, crs: str = "") -> Elevation:
    """Read the heights along a network out of a DEM with one band of metres (GeoTIFF, SRTM .hgt or .hgt.zip).

    Args:
        crs: of the DEM where the file carries none.

    Raises:
        NetworkError: the file is no DEM, or covers no part of the network.
        CrsError: ``crs`` is unknown.
    """
    xy, edge = _places(network)
    try:
        with rasterio.open(path) as dem:
            column, row = _pixels(dem, xy, network.crs, _crs_of(dem, crs, path.name))
            inside = (column >= 0) & (column <= dem.width) & (row >= 0) & (row <= dem.height)
            if not inside.any():
                text = _("高程数据 {name} 与路网没有重叠，请换用覆盖本县的高程数据，或从 manifest.toml 中删去。")
                raise NetworkError(text.format(name=path.name))
            height = np.full(len(xy), np.nan)
            height[inside] = _heights(dem, column[inside], row[inside])
    except RasterioError as error:
        text = _("高程数据 {name} 无法读取（{reason}），请确认文件完整。")
        raise NetworkError(text.format(name=path.name, reason=cause(error))) from error
    return _along_edges(network, xy, edge, height, inside)


def _crs_of(dem: rasterio.DatasetReader, stated: str, name: str) -> pyproj.CRS:
    if dem.count != 1 or np.dtype(dem.dtypes[0]).kind not in "iuf":
        text = _("高程数据 {name} 有 {count} 个波段，应为一个以米为单位的高程波段。")
        raise NetworkError(text.format(name=name, count=dem.count))
    if dem.crs is not None:
        return pyproj.CRS.from_wkt(dem.crs.to_wkt())
    if not stated:
        raise NetworkError(_("高程数据 {name} 没有坐标系，请在 manifest.toml 的该图层写明 crs。").format(name=name))
    return crs_.parse(stated, name)


def _places(network: Network) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The vertices of all edges and places between them, at most ``STEP_M`` apart, in order: xy (p, 2), edge (p,)."""
    xy, edge = shapely.get_coordinates(network.lines, return_index=True)
    onward = np.zeros_like(xy)
    onward[:-1] = xy[1:] - xy[:-1]
    onward[:-1][edge[1:] != edge[:-1]] = 0.0
    onward[-1] = 0.0
    steps = np.maximum(np.ceil(np.hypot(*onward.T) / STEP_M).astype(np.int64), 1)
    vertex = np.repeat(np.arange(len(xy)), steps)
    share = (np.arange(len(vertex)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[vertex]
    return xy[vertex] + share[:, None] * onward[vertex], edge[vertex].astype(np.int64)


def _pixels(
    dem: rasterio.DatasetReader, xy: NDArray[np.float64], crs: pyproj.CRS, dem_crs: pyproj.CRS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places as column and row of the DEM, fractions; (0, 0) is the outer corner of its first cell."""
    x, y = crs_.transform_xy(xy, crs, dem_crs).T
    to_pixel = ~dem.transform
    return to_pixel.a * x + to_pixel.b * y + to_pixel.c, to_pixel.d * x + to_pixel.e * y + to_pixel.f


def _heights(dem: rasterio.DatasetReader, column: NDArray[np.float64], row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights in metres between the four cells around each place; NaN where one of them that counts has none.

    In the outer half of the DEM's outermost cells their own height is taken.
    """
    across, left, right = _between(column, dem.width)
    down, upper, lower = _between(row, dem.height)
    window = Window.from_slices((upper.min(), lower.max() + 1), (left.min(), right.max() + 1))
    cells = dem.read(1, window=window, masked=True).astype(float).filled(np.nan)
    cells = cells * dem.scales[0] + dem.offsets[0]
    cells[~((cells > _LOWEST) & (cells < _HIGHEST))] = np.nan
    left, right, upper, lower = left - left.min(), right - left.min(), upper - upper.min(), lower - upper.min()
    above = _mixed(cells[upper, left], cells[upper, right], across)
    below = _mixed(cells[lower, left], cells[lower, right], across)
    return _mixed(above, below, down)


def _between(place: NDArray[np.float64], size: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """(share, one, other): the two cells in a row between whose middles a place lies, and how far from the first."""
    at = np.clip(place - _MIDDLE, 0.0, size - 1.0)
    one = np.floor(at).astype(np.int64)
    return at - one, one, np.minimum(one + 1, size - 1)


def _mixed(one: NDArray[np.float64], other: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Between two heights; equal ones give themselves to the bit, and one that counts for nothing may be unknown."""
    between = one + (other - one) * share
    return np.where(share == 0, one, np.where(share == 1, other, between))


def _along_edges(
    network: Network,
    xy: NDArray[np.float64],
    edge: NDArray[np.int64],
    height: NDArray[np.float64],
    inside: NDArray[np.bool_],
) -> Elevation:
    """The steps between neighbouring places of one edge."""
    begin = np.flatnonzero(edge[1:] == edge[:-1])
    length = np.hypot(*(xy[begin + 1] - xy[begin]).T)
    rise = height[begin + 1] - height[begin]
    covered = inside[begin] & inside[begin + 1]
    total = max(float(length.sum()), np.finfo(float).tiny)
    uncovered = float(length[~covered].sum()) / total
    void = float(length[covered & np.isnan(rise)].sum()) / total
    return Elevation(
        edges=len(network.tail),
        edge=edge[begin],
        length_m=length,
        rise_m=np.nan_to_num(rise),
        void_share=void,
        uncovered_share=uncovered,
        problems=_problems(void, uncovered),
    )


def _problems(void: float, uncovered: float) -> tuple[Problem, ...]:
    problems = []
    if uncovered > 0:
        text = _("高程数据没有覆盖 {share:.2%} 的道路长度，这些路段按平路计算").format(share=uncovered)
        problems.append(Problem(Severity.WARNING, "dem", text, _("请换用覆盖全部道路的高程数据")))
    if void > 0:
        text = _("高程数据有空洞，{share:.2%} 的道路长度没有高程，按平路计算").format(share=void)
        problems.append(Problem(Severity.WARNING, "dem", text, _("请换用已填补空洞的高程数据")))
    return tuple(problems)
