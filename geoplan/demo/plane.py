"""The plane the demo is drawn in, and its reproducible randomness.

Everything is made in local metres: CGCS2000 3-degree Gauss-Kruger CM 114E (EPSG:4547, x,y order) minus `ORIGIN`,
rounded to centimetres before anything discrete depends on it. Layers are written in WGS84 degrees with 7 decimals.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ObjectArray = NDArray[np.object_]
Point = tuple[float, float]

SEED = 440784
ORIGIN = (370_000.0, 2_505_000.0)  # metres, EPSG:4547
_TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True)


def stream(part: str) -> np.random.Generator:
    """The random stream of one part of the demo, so that a change in one part leaves the others alone."""
    return np.random.Generator(np.random.PCG64([SEED, *part.encode()]))


def round_cm(xy: ArrayLike) -> FloatArray:
    """Round metres to centimetres."""
    return np.asarray(np.round(np.asarray(xy, dtype=np.float64), 2) + 0.0)  # + 0.0 turns -0.0 into 0.0


def from_lonlat(lon: float, lat: float) -> Point:
    """Convert WGS84 degrees to local metres."""
    x, y = _TO_METRES.transform(lon, lat)
    return round(x - ORIGIN[0], 2), round(y - ORIGIN[1], 2)


def to_lonlat(xy: FloatArray) -> FloatArray:
    """Convert local metres to WGS84 degrees with 7 decimals (about 1 cm)."""
    lon, lat = _TO_METRES.transform(xy[:, 0] + ORIGIN[0], xy[:, 1] + ORIGIN[1], direction="INVERSE")
    return np.round(np.column_stack([lon, lat]), 7)


def geometries_to_lonlat(geometries: Sequence[shapely.Geometry] | ObjectArray) -> ObjectArray:
    """Convert geometries in local metres to WGS84 degrees with 7 decimals."""
    return np.asarray(shapely.transform(np.asarray(geometries, dtype=object), to_lonlat), dtype=object)


def chaikin(line: FloatArray, times: int) -> FloatArray:
    """Round the corners of a polyline by cutting them (Chaikin 1974); the two ends stay."""
    for _ in range(times):
        cut = np.empty((2 * (len(line) - 1), 2))
        cut[0::2] = 0.75 * line[:-1] + 0.25 * line[1:]
        cut[1::2] = 0.25 * line[:-1] + 0.75 * line[1:]
        line = np.vstack([line[:1], cut[1:-1], line[-1:]])
    return line


def allot(total: int, weights: ArrayLike) -> IntArray:
    """Share a whole number out by weights, exactly (largest remainder; ties to the earlier place)."""
    whole = np.maximum(np.rint(np.asarray(weights, dtype=np.float64) * 1000), 0).astype(np.int64)
    shares, rest = np.divmod(total * whole, whole.sum())
    order = np.lexsort((np.arange(len(rest)), -rest))
    shares[order[: total - int(shares.sum())]] += 1
    return np.asarray(shares, dtype=np.int64)
