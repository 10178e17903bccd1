"""What a scenario draws, and what is looked at, as layers of the map: parcels, new and closed roads, one facility's area, a way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from geoplan import crs
from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.layers.schema import CLINIC_KINDS, label
from geoplan.network import Route
from geoplan.report import style
from geoplan.scenario import AddRoad, CloseRoad, Edit, ReopenRoad
from geoplan.scenario.edits import DropRoad
from geoplan.web.map_component import Layer, Pending, Style, pack_look, pack_places
from geoplan.web.map_layers import points

_CARE_LAND = "080701"
_HECTARE = 10_000
_Kind = Literal["areas", "lines", "marks"]


def drawn(layers: Layers, edits: Iterable[Edit], *, editable: bool) -> tuple[Layer, ...]:
    """Land, new roads and closed roads.

    Args:
        layers: with the edits worked in.
        editable: whether they can be moved, reshaped and deleted.
    """
    made = (_parcels(layers, editable=editable), *_roads(edits, editable=editable))
    return tuple(layer for layer in made if layer is not None)


def _parcels(layers: Layers, *, editable: bool) -> Layer | None:
    land = layers.get("landuse")
    if land is None or land.empty:
        return None
    care = land["code"].astype(str).eq(_CARE_LAND).to_numpy()
    sizes = shapely.area(land.geometry.to_numpy())
    notes = [area_text(size) for size in sizes]
    names = [
        f"{code} {name}" if code else str(name) for code, name in zip(land["code"], land["parcel_id"], strict=True)
    ]
    return Layer(
        id="parcels",
        title=_("地块"),
        kind="areas",
        places=pack_places(land, list(land["parcel_id"]), names),
        look=pack_look(np.where(care, 0, 1), notes),
        styles=tuple(
            Style(label=word, fill=colour, opacity=0.35, line=colour, width=1.6)
            for word, colour in (
                (_("老年人社会福利用地"), style.CARE_LAND_COLOUR),
                (_("其他用地"), style.OTHER_LAND_COLOUR),
            )
        ),
        editable=editable,
    )


def area_text(square_metres: float) -> str:
    """An area in square metres, large ones in hectares."""
    if square_metres >= _HECTARE:
        return _("{size} 公顷").format(size=f"{square_metres / _HECTARE:,.2f}")
    return _("{size} m²").format(size=f"{square_metres:,.0f}")


def roads_of(edits: Iterable[Edit]) -> tuple[dict[str, AddRoad], dict[str, CloseRoad]]:
    """The new roads and the closures that are left after all edits, by id."""
    added: dict[str, AddRoad] = {}
    closed: dict[str, CloseRoad] = {}
    for edit in edits:
        match edit:
            case AddRoad():
                added[edit.road_id] = edit
            case DropRoad():
                added.pop(edit.road_id, None)
            case CloseRoad():
                closed[edit.closure_id] = edit
            case ReopenRoad():
                closed.pop(edit.closure_id, None)
    return added, closed


def _roads(edits: Iterable[Edit], *, editable: bool) -> list[Layer]:
    added, closed = roads_of(edits)
    made = []
    if added:
        lines = [shapely.LineString(road.line) for road in added.values()]
        names = [str(road.attributes.get("name") or _("新增道路")) for road in added.values()]
        made.append(
            _marked(
                "links",
                _("新增道路"),
                "lines",
                (degrees(lines), list(added), names),
                Style(label=_("新增道路"), line=style.LINK_COLOUR, width=4),
                editable=editable,
            )
        )
    if closed:
        places = [shapely.Point(one.lon, one.lat) for one in closed.values()]
        made.append(
            _marked(
                "closures",
                _("封闭道路"),
                "marks",
                (degrees(places), list(closed), [_("封闭道路")] * len(closed)),
                Style(label=_("封闭道路"), fill=style.CLOSURE_COLOUR, symbol="cross", radius=8),
                editable=editable,
            )
        )
    return made


def _marked(
    name: str,
    title: str,
    kind: _Kind,
    features: tuple[gpd.GeoDataFrame, list[str], list[str]],
    look: Style,
    *,
    editable: bool = False,
) -> Layer:
    places = pack_places(*features)
    return Layer(
        id=name,
        title=title,
        kind=kind,
        places=places,
        look=pack_look([0] * len(features[0])),
        styles=(look,),
        editable=editable,
    )


def degrees(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    """Shapes in WGS84."""
    return gpd.GeoDataFrame(geometry=shapes, crs=crs.WGS84)


def alone(shape: shapely.Geometry | None, of: Any) -> gpd.GeoDataFrame:
    """One shape in the CRS that it is in."""
    return gpd.GeoDataFrame(geometry=[shape], crs=of)


def clinics(layers: Layers) -> tuple[Layer, ...]:
    """Hospitals, health centres and clinics, switched off at first."""
    found = layers.get("clinics")
    if found is None or found.empty:
        return ()
    look = Style(label=_("医疗卫生机构"), fill=style.CLINIC_COLOUR, symbol="plus", radius=5)
    notes = [_(label(kind, CLINIC_KINDS)) for kind in found["kind"]]
    layer = Layer(
        id="clinics",
        title=_("医疗卫生机构"),
        kind="dots",
        places=pack_places(points(found), list(found["clinic_id"]), list(found["name"])),
        look=pack_look([0] * len(found), notes),
        styles=(look,),
        shown=False,
    )
    return (layer,)


def own_area(assessment: Assessment, facility: str) -> tuple[Layer, ...]:
    """The service area of one facility, of the pack's first service that it offers."""
    areas = assessment.service_areas
    mine = areas[(areas["facility_id"] == facility) & ~areas.geometry.is_empty].head(1)
    if mine.empty:
        return ()
    title = _("所选设施{minutes}分钟范围").format(minutes=int(mine["minutes"].iloc[0]))
    look = Style(label=title, fill=style.OWN_AREA_COLOUR, opacity=0.14, line=style.OWN_AREA_COLOUR, width=2.2)
    return (_marked("own_area", title, "areas", (mine, [facility], list(mine["name"])), look),)


def measured_way(route: Route | None, assessment: Assessment) -> tuple[Layer, ...]:
    """The way that was measured along the roads."""
    if route is None:
        return ()
    frame = gpd.GeoDataFrame(geometry=[route.line], crs=assessment.layers.crs)
    look = Style(label=_("沿路网的路线"), line=style.ROUTE_COLOUR, width=5, opacity=0.8)
    return (_marked("route", _("沿路网的路线"), "lines", (frame, ["route"], [_("沿路网的路线")]), look),)


def waiting(edits: Iterable[Edit]) -> tuple[Pending, ...]:
    """The shapes of edits that are not stored yet."""
    shapes = [(edit, _shape(edit)) for edit in edits]
    return tuple(Pending(_(edit.label), shape) for edit, shape in shapes if shape is not None)


def _shape(edit: Edit) -> shapely.Geometry | None:
    if hasattr(edit, "lon") and hasattr(edit, "lat"):
        return shapely.Point(edit.lon, edit.lat)
    if hasattr(edit, "line"):
        return shapely.LineString(edit.line)
    outline = getattr(edit, "outline", ())
    return shapely.Polygon(outline[0], outline[1:]) if outline else None
