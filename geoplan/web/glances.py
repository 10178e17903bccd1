"""What a reader sees while pointing at a facility: its service area, and the part of it that no other facility serves.

No figure depends on these drawings: people are counted on the network, and how many of them a facility alone reaches stands
in its note already. They are made only for the facility that is pointed at, so that a drawing on the map waits for none.
"""

from __future__ import annotations

from functools import partial

import geopandas as gpd
import shapely

from geoplan import i18n
from geoplan.i18n import _
from geoplan.report import style
from geoplan.web.map_component import Style, pack_glance
from geoplan.web.published import OnDemand, Payload

_SIMPLIFY_M = 4.0
_KM2 = 1_000_000
_WHOLE = Style(label="", fill=style.OWN_AREA_COLOUR, opacity=0.1, line=style.OWN_AREA_COLOUR, width=2)
_ALONE = Style(label="", fill=style.OWN_AREA_COLOUR, opacity=0.34, width=0)


def of_facilities(areas: gpd.GeoDataFrame) -> OnDemand:
    """The areas of facilities by their ids, with a note in the language spoken now.

    Args:
        areas: as ``Assessment.service_areas`` has them.
    """
    return OnDemand(partial(_glance, areas, i18n.current()))


def _glance(areas: gpd.GeoDataFrame, language: str, facility: str) -> Payload:
    found = own_and_alone(areas, facility)
    if found is None:
        return pack_glance(areas.iloc[:0], (), "")
    minutes, own, alone = found
    shapes = [(own, _WHOLE)] if alone.is_empty else [(own, _WHOLE), (alone, _ALONE)]
    frame = gpd.GeoDataFrame(geometry=shapely.simplify([shape for shape, _look in shapes], _SIMPLIFY_M), crs=areas.crs)
    with i18n.speaking(language):
        text = _("{minutes}分钟范围 {own} km²，其中只有它服务的 {alone} km²")
        note = text.format(minutes=minutes, own=f"{own.area / _KM2:,.2f}", alone=f"{alone.area / _KM2:,.2f}")
    return pack_glance(frame, [look for _shape, look in shapes], note)


def own_and_alone(
    areas: gpd.GeoDataFrame, facility: str
) -> tuple[int, shapely.MultiPolygon, shapely.MultiPolygon] | None:
    """Minutes and area of the first service that a facility offers, and the part of it where no other offers the same.

    None for a facility that offers none or reaches nothing.
    """
    mine = areas[(areas["facility_id"] == facility) & ~areas.geometry.is_empty].head(1)
    if mine.empty:
        return None
    own, service = mine.geometry.iloc[0], mine["kind"].iloc[0]
    others = areas.geometry[(areas["kind"] == service) & (areas["facility_id"] != facility)].to_numpy()
    shared = shapely.union_all(others[shapely.intersects(others, own)])
    return int(mine["minutes"].iloc[0]), _polygons(own), _polygons(shapely.difference(own, shared))


def _polygons(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The areas in a shape, without the lines and points where others only touch it."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    return shapely.MultiPolygon(parts)
