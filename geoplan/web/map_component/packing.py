"""Layers as the browser unpacks them fastest: whole arrays in base64, nested by offsets as in GeoArrow."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geoplan import crs
from geoplan.errors import LayerError
from geoplan.i18n import _
from geoplan.web.map_component.view import Style
from geoplan.web.published import Payload
from geoplan.web.wording import straight

HIDDEN = 255  # the class of a feature that is not drawn
_PER_DEGREE = 1e7  # int32 holds 180 degrees of it


def pack_places(
    frame: gpd.GeoDataFrame,
    ids: Sequence[str] = (),
    names: Sequence[str] = (),
    *,
    radii: ArrayLike | None = None,
    labelled: bool = False,
) -> Payload:
    """Where the features of a layer are.

    Args:
        frame: any number of rows of one kind of geometry (points, or lines, or polygons, each single or multiple), in any
            CRS that is declared.
        ids: the features' ids, which events come back with; none for a background.
        names: what a search finds and a pointer shows.
        radii: of dots in pixels, in place of their classes' radius; kept to a tenth.
        labelled: whether the names are to stand on the map.

    Raises:
        LayerError: a row without a geometry, or rows of different kinds.
    """
    geometry = crs.lonlat(frame).geometry.to_numpy()
    missing = np.flatnonzero(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    if missing.size:
        raise LayerError(_("第 {row} 行没有几何，无法在地图上绘制。").format(row=int(missing[0]) + 1))
    coordinates, offsets = _ragged(geometry)
    sizes = np.asarray([] if radii is None else np.rint(np.asarray(radii, float) * 10), np.uint8)
    return _json(
        ids=list(ids),
        names=[straight(name) for name in names],
        coordinates=_degrees(coordinates),
        offsets=[_base64(np.asarray(level, "<i4")) for level in offsets],
        anchors=_degrees(shapely.get_coordinates(shapely.point_on_surface(geometry))) if labelled else "",
        sizes=_base64(sizes),
    )


def pack_look(classes: ArrayLike, notes: Sequence[str] = ()) -> Payload:
    """The class of each feature, as its place in the layer's styles, or `HIDDEN`.

    Args:
        classes: one whole number for each feature, in the order of the places.
        notes: a line for each feature, shown beside its name; none for none.
    """
    return _json(classes=_base64(np.asarray(classes, np.uint8)), notes=[straight(note) for note in notes])


def pack_glance(frame: gpd.GeoDataFrame, styles: Sequence[Style], note: str) -> Payload:
    """What is seen while a feature is pointed at (`Layer.glances`).

    Args:
        frame: areas, as in `pack_places`, the later above the former; no rows for nothing to be drawn.
        styles: how each row is drawn.
        note: a line that is shown below the name and the note of the feature.
    """
    places = json.loads(pack_places(frame).content)
    return _json(places=places, styles=[asdict(style) for style in styles], note=note)


def _ragged(geometry: NDArray[np.object_]) -> tuple[NDArray[np.float64], tuple[NDArray[np.int64], ...]]:
    """Coordinates, shape (n, 2), and the offsets that nest them, innermost first."""
    if not len(geometry):
        return np.empty((0, 2)), ()
    try:
        _kind, coordinates, offsets = shapely.to_ragged_array(shapely.force_2d(geometry))
    except ValueError as error:
        raise LayerError(_("一个图层里有不同种类的几何（点、线、面），无法在地图上绘制。")) from error
    return coordinates, offsets


def _degrees(coordinates: NDArray[np.float64]) -> str:
    return _base64(np.rint(np.asarray(coordinates, float) * _PER_DEGREE).astype("<i4"))


def _base64(array: NDArray[np.generic]) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _json(**parts: object) -> Payload:
    return Payload(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode())
