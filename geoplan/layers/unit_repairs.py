"""Repairs of the units layer: overlaps taken from one of two units, narrow gaps given to a neighbour."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan import crs as crs_
from geoplan.i18n import _
from geoplan.layers.manifest import LayerEntry, Repair
from geoplan.layers.schema import TOWNSHIP_LEVELS, VILLAGE_LEVELS


def clip_overlaps(frame: gpd.GeoDataFrame, _entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
    """Without the ground that units which the repair names have in common: it stays with the lower code.

    A unit that lies wholly in another one keeps its ground, and loses none: there would be nothing left of it.
    """
    shapes, codes = _metric(frame), frame["unit_code"].to_numpy(object)
    named, clipped = frame["unit_code"].isin(repair.rows).to_numpy(bool), 0
    for place, other in _overlapping(frame, shapes, named):
        keeps, gives = (place, other) if codes[place] < codes[other] else (other, place)
        left = _areas(shapely.difference(shapes[gives], shapes[keeps]))
        if not left.is_empty and shapely.area(shapely.intersection(shapes[gives], shapes[keeps])) > 0:
            shapes[gives] = left
            clipped += 1
    return _redrawn(frame, shapes), _("读入时从代码较大的行政单元减去重叠 {count} 处").format(count=clipped)


def fill_gaps(frame: gpd.GeoDataFrame, _entry: LayerEntry, repair: Repair) -> tuple[gpd.GeoDataFrame, str]:
    """With each gap between townships that is nowhere wider than the repair says in the neighbour with most border to it."""
    shapes = _metric(frame)
    towns = np.flatnonzero(frame["level"].isin(TOWNSHIP_LEVELS))
    county = shapes[(frame["level"] == "county").to_numpy(bool)]
    narrow = [gap for gap in gaps_between(shapes[towns], county) if not wider(gap, repair.within_m)]
    for gap in narrow:
        common = shapely.length(shapely.intersection(shapely.buffer(gap, 0.01), shapely.boundary(shapes[towns])))
        place = towns[int(np.argmax(common))]
        shapes[place] = _areas(shapely.union(shapes[place], gap))
    return _redrawn(frame, shapes), _("读入时把 {count} 处窄缝并入相邻的行政单元").format(count=len(narrow))


def gaps_between(towns: NDArray[np.object_], county: NDArray[np.object_]) -> NDArray[np.object_]:
    """Ground of a county that is in none of its townships: in the county's own polygon, or ringed by townships.

    Args:
        towns, county: polygons in a metric CRS; ``county`` may be empty.
    """
    covered = shapely.union_all(towns)
    whole = shapely.union_all(county) if len(county) else _without_holes(covered)
    parts = shapely.get_parts(shapely.difference(whole, covered))
    return np.asarray(parts[shapely.get_dimensions(parts) == 2], dtype=object)  # noqa: PLR2004 - areas


def wider(area: shapely.Geometry, metres: float) -> bool:
    """Whether an area is somewhere wider than that."""
    return not shapely.buffer(area, -metres / 2).is_empty


def _overlapping(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], named: NDArray[np.bool_]
) -> Iterator[tuple[int, int]]:
    """Pairs of named units of one kind that touch each other, by the codes of both, so that the order of rows is nothing."""
    codes = frame["unit_code"].to_numpy(object)
    for levels in (TOWNSHIP_LEVELS, VILLAGE_LEVELS):
        places = np.flatnonzero(named & frame["level"].isin(levels).to_numpy(bool))
        one, other = shapely.STRtree(shapes[places]).query(shapes[places], predicate="intersects")
        pairs = [
            (int(places[a]), int(places[b]))
            for a, b in zip(one, other, strict=True)
            if codes[places[a]] < codes[places[b]]
        ]
        yield from sorted(pairs, key=lambda pair: (codes[pair[0]], codes[pair[1]]))


def _areas(shape: shapely.Geometry) -> shapely.Geometry:
    """What of a result are areas: where borders touch, lines come with them."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])  # noqa: PLR2004


def _without_holes(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(shape))))


def _metric(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    metric = crs_.metric_crs(*crs_.centre_lonlat(frame))
    return crs_.to_crs(frame[["geometry"]], metric).geometry.to_numpy().copy()


def _redrawn(frame: gpd.GeoDataFrame, shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """The layer with shapes in metres, back in the file's CRS; those that are the same stay as the file has them."""
    before, metric = _metric(frame), crs_.metric_crs(*crs_.centre_lonlat(frame))
    changed = np.flatnonzero(~shapely.equals_exact(before, shapes))
    new = frame.geometry.to_numpy().copy()
    new[changed] = shapely.transform(shapes[changed], lambda xy: crs_.transform_xy(xy, metric, frame.crs))
    return frame.set_geometry(gpd.GeoSeries(new, index=frame.index, crs=frame.crs))
