"""What something done on the map means: another desk, edits for the scenario, or a step back or forth.

Nothing here knows Streamlit. What an event makes gets its id from the event's own, so that an event which is sent again
after a crash makes nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import shapely

from geoplan import crs, i18n
from geoplan.errors import GeoplanError
from geoplan.layers import Layers, townships
from geoplan.layers.schema import ROLES
from geoplan.scenario import (
    AddFacility,
    AddParcel,
    AddRoad,
    ChangeParcel,
    CloseFacility,
    CloseRoad,
    DropFacility,
    DropParcel,
    DropRoad,
    Edit,
    MoveFacility,
    ReopenRoad,
    Store,
)
from geoplan.scenario.defaults import new_parcel, new_road, usual
from geoplan.scenario.edits import LonLat, Ring
from geoplan.web import editing, state
from geoplan.web.map_component import Clicked, Deleted, Drew, Edited, Event, Measured, Moved, Redo, Undo
from geoplan.web.state import Desk, Held

SITE, PARCEL, LINK, CLOSURE = "site", "parcel", "link", "closure"
KIND, ROAD, PANEL = "map-kind", "map-road", "map-panel"
"""What the map page remembers: the kind of the next facility and road, and which part of its panel is open."""
FIRST_KIND, FIRST_ROAD = "village_station", "street"
NEW, CHOSEN, PLACE = "new", "chosen", "place"
_OF_THE_GROUND = ("", "townships", "service_areas", "own_area")  # a click on these asks about the place


class Opener(Protocol):
    """Gives the scenario store."""

    def __call__(self, *, write: bool) -> Store:
        """One that is to be written, or only read."""
        ...


_E = TypeVar("_E", bound=Edit)


@dataclass(frozen=True)
class Scene:
    """What is on the map.

    Attributes:
        layers: the workspace's, without edits.
        edits: of the scenario, and those that wait.
        year: the year that is checked.
    """

    layers: Layers
    edits: tuple[Edit, ...]
    year: int

    def made(self, kind: type[_E], name: str) -> _E | None:
        """The last edit of a kind that made the thing of that id."""
        found = [edit for edit in self.edits if isinstance(edit, kind) and edit.id == name]
        return found[-1] if found else None

    def is_fact(self, role: str, name: str) -> bool:
        """Whether the workspace's own layer has a row of that id."""
        frame = self.layers.get(role)
        return frame is not None and name in set(frame[ROLES[role].key])


@dataclass(frozen=True)
class Meaning:
    """What something done comes to."""

    desk: Desk
    edits: tuple[Edit, ...] = ()
    step: Literal["", "undo", "redo"] = ""


def take(held: Held, event: Event, layers: Layers, year: int, store: Opener) -> None:
    """Do what an event asks for, in the language of the desk.

    Args:
        store: the scenario store; given whether it is to be written.
    """

    def taken(desk: Desk) -> Desk:
        """Beside the scenario that is open, what was done on another before it was opened still goes there."""
        if event.about in {"", desk.scenario}:
            return done(desk)
        there = state.beside(desk, event.about)
        with suppress(GeoplanError):  # whoever writes is told
            there = editing.catch_up(there, store(write=False))[0]
        after = done(there)
        back = state.beside(after, desk.scenario)
        return replace(desk, waiting=back.waiting, aside=back.aside, notices=after.notices)

    def done(desk: Desk) -> Desk:
        meant = meaning(desk, event, Scene(layers, (*_kept(desk, store), *desk.waiting), year))
        ready = bool(meant.desk.scenario and meant.desk.author)
        if meant.step == "undo" and desk.waiting:
            return replace(desk, waiting=desk.waiting[:-1])
        try:
            if meant.step and desk.scenario:
                return _STEPS[meant.step](desk, store(write=True), event.revision)
            after = editing.append(meant.desk, store(write=ready), layers, meant.edits, drawn_on=event.revision)
        except GeoplanError as error:  # the store cannot be opened
            return editing.failed(meant.desk, error, meant.edits)
        refused = any(notice.kind == "refused" for notice in after.notices[len(desk.notices) :])
        # What was not made is not chosen either, but what waits for a store that works again.
        return replace(desk, notices=after.notices) if refused and after.waiting == desk.waiting else after

    with i18n.speaking(held.desk.language):
        held.update(taken)


def _kept(desk: Desk, store: Opener) -> tuple[Edit, ...]:
    """The scenario's edits; none where they cannot be read, which whoever writes is told."""
    try:
        return store(write=False).state(desk.scenario).scenario.edits if desk.scenario else ()
    except GeoplanError:
        return ()


_STEPS: Mapping[str, Callable[[Desk, Store, int], Desk]] = MappingProxyType(
    {"undo": editing.undo, "redo": editing.redo}
)


def meaning(desk: Desk, event: Event, scene: Scene) -> Meaning:
    """What an event means on a desk."""
    found = _MEANINGS.get(type(event))
    return found(desk, event, scene) if found else Meaning(desk)


def _drew(desk: Desk, event: Drew, scene: Scene) -> Meaning:
    name, shape = made_id(event), event.geometry
    if event.tool == SITE and isinstance(shape, shapely.Point):
        kind = desk.choice(KIND, FIRST_KIND)
        return place_site(desk, scene, kind, (shape.x, shape.y), name)
    edits: dict[str, Callable[[], Edit]] = {
        PARCEL: lambda: AddParcel(parcel_id=name, attributes=new_parcel(scene.year), outline=outline(shape)),
        LINK: lambda: AddRoad(road_id=name, attributes=new_road(desk.choice(ROAD, FIRST_ROAD)), line=corners(shape)),
        CLOSURE: lambda: CloseRoad(closure_id=name, lon=shape.x, lat=shape.y),
    }
    layer = {PARCEL: "parcels", LINK: "links", CLOSURE: "closures"}.get(event.tool)
    if layer is None:
        return Meaning(desk)
    return Meaning(_chosen(desk, layer, name), (edits[event.tool](),))


def place_site(desk: Desk, scene: Scene, kind: str, place: LonLat, name: str = "") -> Meaning:
    """A new facility as its kind is here, its name told apart from those that the scenario made before."""
    attributes = usual(kind, scene.layers, scene.year)
    before = sum(isinstance(edit, AddFacility) and edit.attributes.get("kind") == kind for edit in scene.edits)
    attributes["name"] = f"{attributes['name']} {before + 1}"
    edit = AddFacility(facility_id=name, attributes=attributes, lon=place[0], lat=place[1])
    return Meaning(_chosen(desk, "facilities", name), (edit,))


def _moved(desk: Desk, event: Moved | Edited, scene: Scene) -> Meaning:
    name, shape = event.feature, event.geometry
    edits: tuple[Edit, ...] = ()
    if event.layer == "facilities" and isinstance(shape, shapely.Point):
        edits = (MoveFacility(facility_id=name, lon=shape.x, lat=shape.y),)
    elif event.layer == "parcels":
        edits = (ChangeParcel(parcel_id=name, outline=outline(shape)),)
    elif event.layer == "closures" and isinstance(shape, shapely.Point):
        edits = (ReopenRoad(closure_id=name), CloseRoad(closure_id=made_id(event), lon=shape.x, lat=shape.y))
    elif event.layer == "links" and (road := scene.made(AddRoad, name)):
        edits = (
            DropRoad(road_id=name),
            AddRoad(road_id=made_id(event), attributes=road.attributes, line=corners(shape)),
        )
    return Meaning(_chosen(desk, event.layer, edits[-1].id) if edits else desk, edits)


def _deleted(desk: Desk, event: Deleted, scene: Scene) -> Meaning:
    made = removal(scene, event.layer, event.feature)
    return Meaning(state.selecting(desk, event.layer, ()), (made,) if made else ())


def removal(scene: Scene, layer: str, name: str) -> Edit | None:
    """The edit that takes a thing away: what the scenario made is not made, a facility that is there is closed."""
    match layer:
        case "facilities":
            kind = CloseFacility if scene.is_fact("facilities", name) else DropFacility
            return kind(facility_id=name)
        case "parcels":
            return DropParcel(parcel_id=name)
        case "links":
            return DropRoad(road_id=name)
        case "closures":
            return ReopenRoad(closure_id=name)
    return None


def _clicked(desk: Desk, event: Clicked, scene: Scene) -> Meaning:
    """A thing is looked at; anywhere else the place is asked about, and its township is marked."""
    if event.layer in _OF_THE_GROUND:
        chosen = state.selecting(desk, "townships", township(scene.layers, event.lon, event.lat))
    else:
        chosen = state.selecting(desk, event.layer, (event.feature,) if event.feature else ())
    if event.layer in {"facilities", "idle_assets", "parcels", "links", "closures"}:
        return Meaning(replace(state.choosing(chosen, PANEL, CHOSEN), asked=None))
    return Meaning(state.choosing(state.asking(chosen, event.lon, event.lat), PANEL, PLACE))


def township(layers: Layers, lon: float, lat: float) -> tuple[str, ...]:
    """The code of the township at a place; none outside all of them."""
    towns = townships(layers.get("units"))
    if towns is None or towns.empty:
        return ()
    (place,) = crs.shapes_from_lonlat(np.array([shapely.Point(lon, lat)], dtype=object), layers.crs)
    return tuple(towns.loc[shapely.covers(towns.geometry.to_numpy(), place), "unit_code"].astype(str).head(1))


def _measured(desk: Desk, event: Measured, _scene: Scene) -> Meaning:
    return Meaning(state.choosing(replace(desk, measured=corners(event.geometry)), PANEL, PLACE))


def _chosen(desk: Desk, layer: str, name: str) -> Desk:
    """What was just made or moved is marked, and its form is open."""
    return replace(state.choosing(state.selecting(desk, layer, (name,)), PANEL, CHOSEN), asked=None)


_MEANINGS: Mapping[type[Event], Callable[[Desk, Any, Scene], Meaning]] = MappingProxyType(
    {
        Drew: _drew,
        Moved: _moved,
        Edited: _moved,
        Deleted: _deleted,
        Clicked: _clicked,
        Measured: _measured,
        Undo: lambda desk, _event, _scene: Meaning(desk, step="undo"),
        Redo: lambda desk, _event, _scene: Meaning(desk, step="redo"),
    }
)


def made_id(event: Event) -> str:
    """The id of what an event makes: the same however often the event comes."""
    return "N-" + hashlib.sha256(event.id.encode()).hexdigest()[:8]


def corners(shape: shapely.Geometry) -> Ring:
    """The corners of a line, in degrees."""
    return tuple((float(lon), float(lat)) for lon, lat in shapely.get_coordinates(shape))


def outline(shape: shapely.Geometry) -> tuple[Ring, ...]:
    """The rings of a polygon, of several the largest's, the outer one first."""
    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    return tuple(corners(ring) for ring in (largest.exterior, *largest.interiors))
