"""Where on the map the rows of a table are: the box that shows them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np

from geoplan import crs
from geoplan.layers import Layers
from geoplan.web.map_component.view import Bounds

ROLE_OF: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "townships": ("units", "unit_code"),
        "villages": ("units", "unit_code"),
        "facilities": ("facilities", "facility_id"),
        "estates": ("estates", "estate_id"),
        "demand": ("demand", "demand_id"),
        "idle_assets": ("idle_assets", "asset_id"),
        "parcels": ("landuse", "parcel_id"),
    }
)
"""The map's layers: the role whose rows each shows, and what names them."""
_MARGIN = 0.15  # of the box, on every side
_LEAST_DEG = 0.004  # about 400 m: a single place is looked at with what is around it


def bounds_of(layers: Layers, layer: str, ids: Collection[str]) -> Bounds | None:
    """The box of these rows in WGS84 degrees (west, south, east, north); None where none of them has a place."""
    role, key = ROLE_OF[layer]
    frame = layers.get(role)
    if frame is None:
        return None
    rows = frame[frame[key].isin(list(ids)) & frame.geometry.notna()]
    if rows.empty:
        return None
    return box_of(crs.lonlat(rows[["geometry"]]))


def box_of(lonlat: gpd.GeoDataFrame) -> Bounds:
    """The box of places with a margin.

    Args:
        lonlat: in WGS84 degrees.
    """
    west, south, east, north = lonlat.total_bounds
    wide, high = (max((far - near) * _MARGIN, _LEAST_DEG) for near, far in ((west, east), (south, north)))
    box = np.array([west - wide, south - high, east + wide, north + high]).round(6)
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def home_of(layers: Layers) -> Bounds:
    """The box that shows the county: its units, or its demand points where there are none, and roads where these have no place."""
    frames = [layers.frames[role] for role in ("units", "demand", "roads") if role in layers.frames]
    frame = next(frame for frame in frames if not frame.geometry.isna().all())
    west, south, east, north = crs.lonlat(frame[["geometry"]]).total_bounds
    return float(west), float(south), float(east), float(north)
