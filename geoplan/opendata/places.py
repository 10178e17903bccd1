"""A place by its name: one administrative area, or a list to choose from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import osmnx
import shapely
from osmnx import _nominatim

from geoplan.errors import FetchError
from geoplan.i18n import _
from geoplan.opendata.server import Connection

_MOST = 20
_ID = re.compile(r"[Rr]\d+")


@dataclass(frozen=True)
class Place:
    """An administrative area.

    Attributes:
        name: in full, up to the country.
        osm_id: of its relation, such as ``R2713904``.
        area: WGS84 degrees.
    """

    name: str
    osm_id: str
    area: shapely.Geometry


def find_place(connection: Connection, name: str) -> Place:
    """The one area of a name, or of an OSM id as this function lists them.

    Raises:
        FetchError: no server can be reached, there is none of the name, or there are several.
    """
    if _ID.fullmatch(name.strip()):
        return _by_id(connection, name.strip().upper())
    # osmnx' public functions give the first match only.
    nothing: list[dict[str, Any]] = []
    results = connection.ask(lambda: _nominatim._download_nominatim_element(name, limit=_MOST), nothing)  # noqa: SLF001
    found = {place.osm_id: place for place in map(_place, results) if place is not None}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        lines = [
            _("“{name}”有 {count} 个，请写得更具体（例如加上省、市），或用编号：").format(name=name, count=len(found))
        ]
        raise FetchError("\n".join([*lines, *(f"--place {place.osm_id}  {place.name}" for place in found.values())]))
    others = [str(result.get("display_name", "")) for result in results[:5]]
    text = _("OpenStreetMap 中没有名为“{name}”的行政区。").format(name=name)
    hint = _("找到的只是：{others}").format(others=_("；").join(others)) if others else _("请核对名称。")
    raise FetchError(text + hint)


def _place(result: dict[str, Any]) -> Place | None:
    """A search result, where it is the area of a unit of administration."""
    kind = (result.get("class", result.get("category")), result.get("type"), result.get("osm_type"))
    shape = result.get("geojson", {})
    if kind != ("boundary", "administrative", "relation") or shape.get("type") not in {"Polygon", "MultiPolygon"}:
        return None
    area = shapely.make_valid(shapely.geometry.shape(shape))
    return Place(str(result["display_name"]), f"R{result['osm_id']}", area)


def _by_id(connection: Connection, osm_id: str) -> Place:
    found = connection.ask(lambda: osmnx.geocode_to_gdf(osm_id, by_osmid=True), None)
    if found is None or found.geometry.iloc[0].geom_type not in {"Polygon", "MultiPolygon"}:
        raise FetchError(_("OpenStreetMap 中没有编号为 {osm_id} 的行政区。").format(osm_id=osm_id))
    return Place(str(found["display_name"].iloc[0]), osm_id, shapely.make_valid(found.geometry.iloc[0]))
