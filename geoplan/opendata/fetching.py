"""Roads, units, facilities and clinics of a place, from OpenStreetMap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx
import shapely

from geoplan import crs
from geoplan.errors import FetchError
from geoplan.i18n import _
from geoplan.intake.cutting import widened
from geoplan.layers import osm
from geoplan.layers.schema import ROLES
from geoplan.opendata import osm_tags
from geoplan.opendata.places import Place
from geoplan.opendata.server import Connection

OFFERED = ("roads", "units", "facilities", "clinics")
_BELOW_COUNTIES = ("7", "8", "9", "10")
_INSIDE = 0.95  # of a unit's area; borders of the place and its units are drawn by the same ways
_SAME = 0.99
_SHOWN = 8


@dataclass(frozen=True)
class Fetched:
    """A layer as it was fetched.

    Attributes:
        rows: with the fields of the role, in WGS84; may be empty.
        told: what there is to say of it.
    """

    rows: gpd.GeoDataFrame
    told: tuple[str, ...] = ()


def fetch(
    connection: Connection, place: Place, roles: tuple[str, ...], beyond_m: float, progress: Callable[[str], None]
) -> Mapping[str, Fetched]:
    """The layers of a place.

    Args:
        roles: of ``OFFERED``.
        beyond_m: how far beyond the place roads, facilities and clinics are taken (metres).

    Raises:
        FetchError: a server cannot be reached, refuses, or knows no road there.
    """
    around = widened(place.area, beyond_m) if beyond_m else place.area
    found = {}
    for role in roles:
        progress(_("下载{layer}").format(layer=_(ROLES[role].label)))
        area = place.area if role == "units" else around
        found[role] = _FETCHERS[role](connection, place, area)
    return found


def _roads(connection: Connection, place: Place, area: shapely.Geometry) -> Fetched:
    def question() -> nx.MultiDiGraph:
        return osmnx.graph_from_polygon(
            area, custom_filter='["highway"]', simplify=False, retain_all=True, truncate_by_edge=True
        )

    graph = connection.ask(question, None)
    if graph is None:
        raise FetchError(_("OpenStreetMap 中 {place} 没有道路。").format(place=place.name))
    # Nodes between two edges of one way go; where ways meet, and where one gives way to the next, they stay.
    return Fetched(osm.from_graph(osmnx.simplify_graph(graph, edge_attrs_differ=["osmid"])))


def _units(connection: Connection, place: Place, area: shapely.Geometry) -> Fetched:
    """The place itself, and the areas of the first administrative level below it that has any."""
    rows = [("county", place.osm_id, place.name.split(",")[0].strip(), "", place.area)]
    by_level: dict[int, list[tuple[str, str, shapely.Geometry]]] = {}
    for osm_id, tags, shape in _features(connection, area, {"admin_level": list(_BELOW_COUNTIES)}):
        inside = shapely.area(shapely.intersection(shape, area)) if osm_id.startswith("R") else 0.0
        whole = shapely.area(shape)
        if whole == 0 or inside < _INSIDE * whole or inside > _SAME * shapely.area(area) or "name" not in tags:
            continue
        by_level.setdefault(int(tags["admin_level"]), []).append((osm_id, tags["name"], shape))
    below = by_level[min(by_level)] if by_level else []
    unclear = [name for _id, name, _shape in below if osm_tags.township_level(name) is None]
    rows += [
        (osm_tags.township_level(name) or "township", osm_id, name, place.osm_id, shape)
        for osm_id, name, shape in below
    ]
    frame = gpd.GeoDataFrame(rows, columns=["level", "unit_code", "name", "parent_code", "geometry"], crs=crs.WGS84)
    frame["unit_code"], frame["parent_code"] = frame["unit_code"].str.lower(), frame["parent_code"].str.lower()
    told = [_("单元代码是 OSM 的编号，不是行政区划代码；核对镇街是否齐全请用 geoplan check --codes")]
    if not below:
        told.append(_("OpenStreetMap 中没有它的镇街界线，只有县界"))
    if unclear:
        told.append(_("名称看不出是镇、乡还是街道，按乡登记：{names}").format(names=_named(unclear)))
    return Fetched(frame, tuple(told))


def _facilities(connection: Connection, _place: Place, area: shapely.Geometry) -> Fetched:
    rows, left = [], 0
    for osm_id, tags, shape in _features(connection, area, osm_tags.QUERIES["facilities"]):
        kind = osm_tags.facility_kind(tags)
        if kind is None:
            left += 1
            continue
        said = (osm_tags.beds(tags), osm_tags.ownership(tags), osm_tags.open_year(tags))
        rows.append((osm_id, _name(tags, osm_id), kind.kind, "", "existing", kind.functions, *said, _point(shape)))
    columns = [
        "facility_id",
        "name",
        "kind",
        "level",
        "status",
        "functions",
        "beds",
        "ownership",
        "open_year",
        "geometry",
    ]
    told = [_("设施的级别、建筑面积等 OpenStreetMap 没有记录的，留空为未知；请向民政部门核实")] if rows else []
    if left:
        told.append(_("{count} 处社会服务设施没有写明为老年人服务，没有采用").format(count=left))
    return Fetched(_frame(rows, columns), tuple(told))


def _clinics(connection: Connection, _place: Place, area: shapely.Geometry) -> Fetched:
    rows, left = [], 0
    for osm_id, tags, shape in _features(connection, area, osm_tags.QUERIES["clinics"]):
        kind = osm_tags.clinic_kind(tags)
        if kind is None:
            left += 1
            continue
        rows.append((osm_id, _name(tags, osm_id), kind, _point(shape)))
    told = [_("{count} 处诊所、门诊等看不出是哪一类医疗卫生机构，没有采用").format(count=left)] if left else []
    return Fetched(_frame(rows, ["clinic_id", "name", "kind", "geometry"]), tuple(told))


def _features(
    connection: Connection, area: shapely.Geometry, tags: Mapping[str, list[str]]
) -> Iterator[tuple[str, Mapping[str, str], shapely.Geometry]]:
    """(OSM id, tags, shape) of what has one of the tags, in the order of the ids."""
    found = connection.ask(lambda: osmnx.features_from_polygon(area, dict(tags)), None)
    if found is None:
        return
    names = [name for name in osm_tags.TAGS if name in found]
    cells = found[names].astype(object).where(found[names].notna(), None)
    shapes = shapely.make_valid(found.geometry.to_numpy())
    for (element, number), row, shape in sorted(
        zip(found.index, cells.itertuples(index=False), shapes, strict=True), key=_by_id
    ):
        said = {name: str(cell) for name, cell in zip(names, row, strict=True) if cell is not None}
        yield f"{str(element)[0].upper()}{number}", said, shape


def _by_id(row: tuple[Any, ...]) -> tuple[str, int]:
    element, number = row[0]
    return str(element), int(number)


def _frame(rows: list[tuple[Any, ...]], columns: list[str]) -> gpd.GeoDataFrame:
    cells = {name: [row[place] for row in rows] for place, name in enumerate(columns[:-1])}
    return gpd.GeoDataFrame(cells, geometry=np.array([row[-1] for row in rows], dtype=object), crs=crs.WGS84)


def _name(tags: Mapping[str, str], osm_id: str) -> str:
    return tags.get("name", "").strip() or _("无名（OSM {osm_id}）").format(osm_id=osm_id)


def _point(shape: shapely.Geometry) -> shapely.Point:
    """A place: of an area one inside it."""
    return shapely.point_on_surface(shape)


def _named(names: list[str]) -> str:
    return _("、").join(names[:_SHOWN]) + (_(" 等") if len(names) > _SHOWN else "")


_FETCHERS: Mapping[str, Callable[[Connection, Place, shapely.Geometry], Fetched]] = {
    "roads": _roads,
    "units": _units,
    "facilities": _facilities,
    "clinics": _clinics,
}
