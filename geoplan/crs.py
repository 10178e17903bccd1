"""The only coordinate conversions: to one metric CRS for analysis and back to WGS84 for records and maps.

Analysis runs in CGCS2000 / 3-degree Gauss-Kruger by the longitude's zone (EPSG 4534-4554, no zone prefix, always x, y)
in China, else in the UTM zone. Web Mercator is refused: its metres are not metres.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geoplan.errors import CrsError
from geoplan.i18n import _

_T = TypeVar("_T")

WGS84 = pyproj.CRS.from_epsg(4326)
CGCS2000 = pyproj.CRS.from_epsg(4490)
# A box around China. A neighbour's county inside it is computed in Gauss-Kruger as well, which is as good as UTM there.
_CHINA_LON = (73.0, 136.0)
_CHINA_LAT = (3.0, 54.0)
_GK_FIRST_EPSG, _GK_FIRST_MERIDIAN, _GK_WIDTH = 4534, 75.0, 3.0
_WEB_MERCATOR = {"EPSG:3857", "EPSG:900913", "ESRI:102100", "ESRI:102113"}
_MAX_PROJECTED_LATITUDE = 84.0
MAX_LON, MAX_LAT = 180.0, 90.0

_CONVERTING = ThreadPoolExecutor(1, "conversions")

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")


def parse(text: str, where: str) -> pyproj.CRS:
    """Read a CRS as the manifest gives it.

    Raises:
        CrsError: unknown to PROJ.
    """
    try:
        crs = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise CrsError(
            _("{where}：坐标系“{text}”无法识别，请写成 EPSG 代码，例如 EPSG:4490。").format(where=where, text=text)
        ) from error
    return crs


def is_web_mercator(crs: pyproj.CRS) -> bool:
    """Whether a CRS is Web Mercator under any of its names."""
    authority = crs.to_authority()
    named = authority is not None and ":".join(authority) in _WEB_MERCATOR
    return named or "pseudo-mercator" in crs.name.lower() or "web mercator" in crs.name.lower()


def in_china(lon: float, lat: float) -> bool:
    """Whether a place lies in the box around China."""
    return _CHINA_LON[0] <= lon <= _CHINA_LON[1] and _CHINA_LAT[0] <= lat <= _CHINA_LAT[1]


def metric_crs(lon: float, lat: float) -> pyproj.CRS:
    """The CRS of analysis for a place.

    Args:
        lon: WGS84 longitude in degrees.
        lat: WGS84 latitude in degrees.

    Raises:
        CrsError: when the place is not on the part of the earth that these projections serve.
    """
    if not (abs(lon) <= MAX_LON and abs(lat) <= _MAX_PROJECTED_LATITUDE):  # so that NaN is refused too
        raise CrsError(_("坐标 ({lon:.4f}, {lat:.4f}) 不是有效的经纬度。").format(lon=lon, lat=lat))
    if in_china(lon, lat):
        zone = round((lon - _GK_FIRST_MERIDIAN) / _GK_WIDTH)
        return pyproj.CRS.from_epsg(_GK_FIRST_EPSG + min(max(zone, 0), 20))
    zone = min(int((lon + 180) // 6) + 1, 60)
    return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def require_metric(crs: pyproj.CRS) -> None:
    """Refuse a CRS whose units are not metres, or are metres only in name.

    Raises:
        CrsError: for geographic coordinates, other units and Web Mercator.
    """
    metres = crs.is_projected and all(axis.unit_conversion_factor == 1 for axis in crs.axis_info)
    if not metres or is_web_mercator(crs):
        raise CrsError(_("分析须在以米为单位的投影坐标系中进行，“{name}”不是。").format(name=crs.name))


def to_crs(frame: gpd.GeoDataFrame, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """A frame in another CRS, always in x, y order; unchanged and not copied when it already is.

    Raises:
        CrsError: when the frame has no CRS.
    """
    if frame.crs is None:
        raise CrsError(_("数据没有坐标系，请在 manifest.toml 中写明 crs。"))
    return frame if frame.crs == crs else _lasting(lambda: frame.to_crs(crs))


def transform_xy(xy: NDArray[np.float64], one: pyproj.CRS, other: pyproj.CRS) -> NDArray[np.float64]:
    """Places in another CRS: float64 (n, 2), x and y of ``one`` in, x and y of ``other`` out; infinite where it fails."""
    x, y = _lasting(lambda: _transformer(one, other).transform(xy[:, 0], xy[:, 1]))
    return np.column_stack([x, y])


def shapes_from_lonlat(shapes: NDArray[np.object_], crs: pyproj.CRS) -> NDArray[np.object_]:
    """Geometries drawn in WGS84 longitude and latitude in another CRS; infinite where it does not reach."""
    return np.asarray(_lasting(lambda: gpd.GeoSeries(shapes, crs=WGS84).to_crs(crs)), dtype=object)


@lru_cache(maxsize=32)
def _transformer(one: pyproj.CRS, other: pyproj.CRS) -> pyproj.Transformer:
    """Kept, because PROJ searches its database for each."""
    return pyproj.Transformer.from_crs(one, other, always_xy=True)


def _lasting(convert: Callable[[], _T]) -> _T:
    """What a conversion gives, done in a thread that stays.

    pyproj makes its transformers anew in every thread, a tenth of a second each for Gauss-Kruger, and the app has a new
    thread at every run. The main thread stays by itself, also in a process that forks.
    """
    if threading.current_thread() is threading.main_thread():
        return convert()
    return _CONVERTING.submit(convert).result()


def lonlat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A frame in WGS84 longitude and latitude."""
    return to_crs(frame, WGS84)


def centre_lonlat(frame: gpd.GeoDataFrame) -> tuple[float, float]:
    """The middle of a frame's bounds as WGS84 longitude and latitude in degrees."""
    west, south, east, north = frame.total_bounds
    middle = shapely.points([(west + east) / 2], [(south + north) / 2])
    point = lonlat(gpd.GeoDataFrame(geometry=middle, crs=frame.crs)).geometry.iloc[0]
    return float(point.x), float(point.y)


def undo_shift(geometry: NDArray[Any], datum: str) -> NDArray[Any]:
    """Geometries given in GCJ-02 or BD-09 degrees, as WGS84 degrees.

    The forward shift is public only as reverse-engineered formulas (the ``eviltransform`` project, and Baidu's
    polar offset); it is inverted here by fixed-point iteration to about 1e-9 degrees (0.1 mm).

    Args:
        geometry: shapely geometries in degrees (lon, lat).
        datum: one of ``DATUMS``; WGS84 and CGCS2000 come back unchanged (they agree to centimetres).
    """
    if datum in {"wgs84", "cgcs2000"}:
        return geometry
    forward = _FORWARD[datum]

    def inverse(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        guess = coordinates.copy()
        for _iteration in range(12):
            guess += coordinates - forward(guess)
        return guess

    return np.asarray(shapely.transform(geometry, inverse))


def shift(geometry: NDArray[Any], datum: str) -> NDArray[Any]:
    """Geometries given in WGS84 degrees, as GCJ-02 or BD-09 degrees; the reverse of ``undo_shift``."""
    if datum in {"wgs84", "cgcs2000"}:
        return geometry
    return np.asarray(shapely.transform(geometry, _FORWARD[datum]))


_GCJ_A, _GCJ_EE = 6378245.0, 0.00669342162296594323  # Krasovsky 1940


def _gcj02_from_wgs84(lonlat_: NDArray[np.float64]) -> NDArray[np.float64]:
    """GCJ-02 degrees of WGS84 degrees, shape (n, 2)."""
    lon, lat = lonlat_[:, 0], lonlat_[:, 1]
    x, y, pi = lon - 105.0, lat - 35.0, np.pi
    common = (20 * np.sin(6 * x * pi) + 20 * np.sin(2 * x * pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + common
    d_lat += (20 * np.sin(y * pi) + 40 * np.sin(y / 3 * pi)) * 2 / 3
    d_lat += (160 * np.sin(y / 12 * pi) + 320 * np.sin(y * pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + common
    d_lon += (20 * np.sin(x * pi) + 40 * np.sin(x / 3 * pi)) * 2 / 3
    d_lon += (150 * np.sin(x / 12 * pi) + 300 * np.sin(x / 30 * pi)) * 2 / 3
    radians = np.radians(lat)
    magic = 1 - _GCJ_EE * np.sin(radians) ** 2
    d_lat = np.degrees(d_lat * magic * np.sqrt(magic) / (_GCJ_A * (1 - _GCJ_EE)))
    d_lon = np.degrees(d_lon * np.sqrt(magic) / (_GCJ_A * np.cos(radians)))
    return np.column_stack([lon + d_lon, lat + d_lat])


def _bd09_from_wgs84(lonlat_: NDArray[np.float64]) -> NDArray[np.float64]:
    """BD-09 degrees of WGS84 degrees, shape (n, 2)."""
    x, y = _gcj02_from_wgs84(lonlat_).T
    turn = np.pi * 3000 / 180
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * turn)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * turn)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


_FORWARD = {"gcj02": _gcj02_from_wgs84, "bd09": _bd09_from_wgs84}
