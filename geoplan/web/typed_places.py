"""Coordinates that were typed in place of a drawing, as the event that the drawing would be."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import shapely

from geoplan.crs import MAX_LAT, MAX_LON
from geoplan.i18n import _, mark
from geoplan.web.deeds import CLOSURE, LINK, PARCEL, SITE
from geoplan.web.map_component import Clicked, Drew, Edited, Event, Measured, Moved

_ASK, _MEASURE = "ask", "measure"
WHAT: Mapping[str, str] = MappingProxyType(
    {
        SITE: mark("新建设施（一点）"),
        PARCEL: mark("新建地块（至少三点）"),
        LINK: mark("新建道路（至少两点）"),
        CLOSURE: mark("封闭道路（一点）"),
        _ASK: mark("查询地点（一点）"),
        _MEASURE: mark("沿路网测距（至少两点）"),
    }
)
ASKED = (_ASK, _MEASURE)
"""What draws nothing."""
_LEAST: Mapping[str, int] = MappingProxyType({SITE: 1, PARCEL: 3, LINK: 2, CLOSURE: 1, _ASK: 1, _MEASURE: 2})
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_NEW = 2**53  # a revision later than all: what is typed is meant of the latest


def event(what: str, text: str) -> Event:
    """What typed coordinates mean.

    Raises:
        ValueError: they are not as many as are needed, or not on the earth, in words.
    """
    points = _points(text, _LEAST[what])
    told: dict[str, Any] = {"id": secrets.token_hex(8), "revision": _NEW}
    made: Mapping[str, Callable[[], Event]] = {
        _ASK: lambda: Clicked(lon=points[0][0], lat=points[0][1], layer="", feature="", **told),
        _MEASURE: lambda: Measured(geometry=shapely.LineString(points), **told),
        PARCEL: lambda: Drew(tool=PARCEL, geometry=_area(points), **told),
        LINK: lambda: Drew(tool=LINK, geometry=shapely.LineString(points), **told),
    }
    return made[what]() if what in made else Drew(tool=what, geometry=shapely.Point(points[0]), **told)


def reshaped(layer: str, feature: str, text: str) -> Event:
    """What typed coordinates mean for a parcel, a new road or a closure that is there.

    Raises:
        ValueError: as for ``event``.
    """
    shapes: Mapping[str, tuple[str, Callable[[list[tuple[float, float]]], shapely.Geometry]]] = {
        "parcels": (PARCEL, _area),
        "links": (LINK, shapely.LineString),
        "closures": (CLOSURE, lambda points: shapely.Point(points[0])),
    }
    what, shape = shapes[layer]
    told: dict[str, Any] = {"id": secrets.token_hex(8), "revision": _NEW, "layer": layer, "feature": feature}
    return (Moved if what == CLOSURE else Edited)(geometry=shape(_points(text, _LEAST[what])), **told)


def as_text(shape: shapely.Geometry) -> str:
    """The corners of a shape as they are typed; of a ring the last, which is the first again, is left out."""
    corners = shapely.get_coordinates(shape).tolist()
    kept = corners[:-1] if isinstance(shape, shapely.Polygon) else corners
    return "\n".join(f"{lon:.7f}, {lat:.7f}" for lon, lat in kept)


def _points(text: str, least: int) -> list[tuple[float, float]]:
    points = [_point(line) for line in text.splitlines() if line.strip()]
    if len(points) < least or (least == 1 and len(points) > 1):
        need = _("需要 {least} 个点") if least == 1 else _("至少需要 {least} 个点")
        raise ValueError(need.format(least=least) + _("，现有 {count} 个。").format(count=len(points)))
    return points


def _point(line: str) -> tuple[float, float]:
    numbers = [float(number) for number in _NUMBER.findall(line)]
    if len(numbers) != 2 or abs(numbers[0]) > MAX_LON or abs(numbers[1]) > MAX_LAT:  # noqa: PLR2004 - lon and lat
        raise ValueError(_("“{line}”不是经度和纬度，请写成 112.97051, 22.79987。").format(line=line.strip()[:40]))
    return numbers[0], numbers[1]


def _area(points: list[tuple[float, float]]) -> shapely.Polygon:
    area = shapely.Polygon(points)
    if not area.is_valid:
        raise ValueError(_("地块的边线相互交叉，请按顺序输入各点。"))
    return area
