"""What a planner did on the map, read from the browser's message and trusted no more than any other input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import shapely
from shapely.geometry import shape

from geoplan.causes import cause
from geoplan.errors import MapEventError
from geoplan.i18n import _

_LONGEST_ID, _MOST_VERTICES = 200, 20_000
_ON_EARTH = shapely.box(-180, -90, 180, 90)
_GEOMETRIES = {"Point", "LineString", "Polygon", "MultiPolygon"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something done on the map.

    Attributes:
        id: a name that no other event has.
        revision: of the view that it was done on.
        about: the scenario that it changes, as that view said; blank without one.
    """

    id: str
    revision: int
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drew(Event):
    """A new point, line or polygon, in degrees, drawn with the tool of that id."""

    tool: str
    geometry: shapely.Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Event):
    """A feature is at another place; a polygon kept its form."""

    layer: str
    feature: str
    geometry: shapely.Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited(Event):
    """A line or polygon has other corners."""

    layer: str
    feature: str
    geometry: shapely.Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(Event):
    """A feature is to go."""

    layer: str
    feature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked(Event):
    """A place was asked about, and the feature there; ``layer`` and ``feature`` are blank where there is none."""

    lon: float
    lat: float
    layer: str
    feature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Event):
    """A line was drawn to be measured; the map shows its straight length, the way along the roads is Python's to answer."""

    geometry: shapely.Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Event):
    """The last edit is to be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redo(Event):
    """The edit taken back last is to be done again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh(Event):
    """The browser could not fetch a payload: a run of the script publishes it again, and that is all there is to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed(Event):
    """The map has come to rest."""

    lon: float
    lat: float
    zoom: float


Origin = tuple[str, int]
"""The page that an event was made on, and its number there."""
CLIENT = re.compile(r"[0-9a-f]{32}")


def origin_of(record: Mapping[str, object], client: str) -> Origin:
    """Where an event was made: on the page that tells of it, or on one before that did not come to it.

    Raises:
        MapEventError: it cannot be.
    """
    match record.get("origin"):
        case None:
            return client, whole(record.get("sequence"))
        case [str(name), number] if CLIENT.fullmatch(name):
            return name, whole(number)
    raise _refusal()


def read_event(record: object, origin: Origin) -> Event:
    """An event from one record of a message.

    Raises:
        MapEventError: the record is not one that the map sends, or its geometry cannot be used.
    """
    if not isinstance(record, Mapping):
        raise _refusal()
    reader = _READERS.get(str(record.get("type")))
    if reader is None:
        raise _refusal()
    kind, fields = reader
    values = {field: _FIELDS[field](record.get(field)) for field in fields}
    about = _name(record.get("about", ""))
    return kind(id=f"{origin[0]}-{origin[1]}", revision=whole(record.get("revision")), about=about, **values)


_READERS: Mapping[str, tuple[type[Event], tuple[str, ...]]] = {
    "drew": (Drew, ("tool", "geometry")),
    "moved": (Moved, ("layer", "feature", "geometry")),
    "edited": (Edited, ("layer", "feature", "geometry")),
    "deleted": (Deleted, ("layer", "feature")),
    "clicked": (Clicked, ("lon", "lat", "layer", "feature")),
    "measured": (Measured, ("geometry",)),
    "undo": (Undo, ()),
    "redo": (Redo, ()),
    "refresh": (Refresh, ()),
    "viewed": (Viewed, ("lon", "lat", "zoom")),
}


def whole(value: object) -> int:
    """A whole number that is not negative.

    Raises:
        MapEventError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _refusal()
    return value


def _number(most: float) -> Any:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > most:
            raise _refusal()
        return float(value)

    return read


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_ID:
        raise _refusal()
    return value


def _geometry(value: object) -> shapely.Geometry:
    if not isinstance(value, Mapping) or value.get("type") not in _GEOMETRIES:
        raise _refusal()
    try:
        found = shape(value)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise _refusal() from error
    if found.is_empty or found.has_z or not _ON_EARTH.covers(found.envelope):
        raise _refusal()
    if shapely.get_num_coordinates(found) > _MOST_VERTICES:
        raise MapEventError(_("图形的顶点超过 {most} 个，请简化后再画。").format(most=_MOST_VERTICES))
    if not found.is_valid:
        raise MapEventError(_("图形的边线不对，请重画：{reason}").format(reason=cause(shapely.is_valid_reason(found))))
    return found


_FIELDS: Mapping[str, Any] = {
    "tool": _name,
    "layer": _name,
    "feature": _name,
    "geometry": _geometry,
    "lon": _number(180),
    "lat": _number(90),
    "zoom": _number(30),
}


def _refusal() -> MapEventError:
    return MapEventError(_("地图送来的消息无法识别，请刷新页面。"))
