"""Background tiles, off unless somebody gives an address: fetched by the server, so that the browser asks nobody else.

``GEOPLAN_BASEMAP`` holds one address or several separated by blanks (a picture and its labels), each with ``{x}``,
``{y}`` and ``{z}``: XYZ services and WMTS services in Web Mercator alike, as
``https://t0.tianditu.gov.cn/vec_w/wmts?…&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=KEY``. A key in it stays on the server.
``GEOPLAN_BASEMAP_CREDIT`` is what the service wants to be named as. The tiles must be WGS84 or CGCS2000 (天地图, OSM);
those in GCJ-02 lie up to 700 m beside the layers.
"""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.web.map_component import Basemap
from geoplan.web.published import base_path

ADDRESS, CREDIT = "GEOPLAN_BASEMAP", "GEOPLAN_BASEMAP_CREDIT"
_PREFIX = "/_geoplan/tiles"
_DEEPEST, _TIMEOUT_S, _MOST_BYTES = 18, 10, 4_000_000
_PLACES = ("{x}", "{y}", "{z}")


def addresses() -> list[str]:
    """The services' addresses; none where no background is wanted.

    Raises:
        SettingsError: an address that is not one of tiles.
    """
    found = os.environ.get(ADDRESS, "").split()
    for address in found:
        if not re.match(r"https?://[^/\s]+/", address) or not all(place in address for place in _PLACES):
            raise SettingsError(
                _("{name} 中的底图地址不可用：应以 http:// 或 https:// 开头，并含 {places}。").format(
                    name=ADDRESS, places=" ".join(_PLACES)
                )
            )
    return found


def basemap() -> Basemap | None:
    """The background for the map; nothing where none is wanted.

    Raises:
        SettingsError: an address that is not one of tiles.
    """
    tiles = tuple(f"{base_path()}{_PREFIX}/{place}/{{z}}/{{x}}/{{y}}" for place, _address in enumerate(addresses()))
    return Basemap(tiles, credit=os.environ.get(CREDIT, ""), max_zoom=_DEEPEST) if tiles else None


def route() -> Route:
    """The route under which tiles are passed on."""
    return Route(f"{base_path()}{_PREFIX}/{{place:int}}/{{z:int}}/{{x:int}}/{{y:int}}", _serve)


def _serve(request: Request) -> Response:
    place, z, x, y = (request.path_params[name] for name in ("place", "z", "x", "y"))
    try:
        address = addresses()[place]
    except (SettingsError, IndexError):
        return Response(status_code=404)
    if z > _DEEPEST or not (x < 2**z and y < 2**z):
        return Response(status_code=404)
    return _fetch(address.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y)))


def _fetch(address: str) -> Response:
    """A tile; 502 when the service does not give one. Its address, which may hold a key, is told to nobody."""
    asked = urllib.request.Request(address, headers={"User-Agent": "geoplan"})  # noqa: S310 - http or https, see addresses()
    try:
        with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            media_type, content = answer.headers.get_content_type(), answer.read(_MOST_BYTES)
    except (OSError, urllib.error.URLError):
        return Response(status_code=502)
    if not media_type.startswith("image/"):
        return Response(status_code=502)
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, max-age=604800"})
