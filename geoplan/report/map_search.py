"""The search box of the offline map: places by name or id, found in a list that lies in the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape

import geopandas as gpd
import numpy as np
import shapely

from geoplan import crs
from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.layers.schema import ROLES

_DEGREE_DIGITS = 5  # 1 m
_SEARCHED = (("units", "unit_code"), ("facilities", "facility_id"), ("estates", "estate_id"))
_DANGEROUS = frozenset("<>&{}\u2028\u2029")  # the list holds no objects, so that braces stand in names only
_STYLE = """<style>
.gp-search { position: absolute; z-index: 1001; top: 12px; left: 50%; transform: translateX(-50%); width: min(300px, 40vw); font-size: 13px; }
.gp-search input { box-sizing: border-box; width: 100%; padding: 6px 10px; border: 1px solid #80868b; border-radius: 6px; font: inherit; }
.gp-search ul { margin: 2px 0 0; padding: 0; list-style: none; background: #fff; border-radius: 6px;
  box-shadow: 0 1px 5px #0004; max-height: 50vh; overflow: auto; }
.gp-search li button { display: block; width: 100%; padding: 5px 10px; border: 0; background: none; text-align: left; font: inherit; cursor: pointer; }
.gp-search li button:hover, .gp-search li button:focus { background: #e8eef4; } .gp-search small { color: #5f6368; }
</style>"""
_SCRIPT = """
(function () {
  const places = PLACES, nothing = NOTHING, most = 30;
  const field = document.querySelector(".gp-search input"), list = document.querySelector(".gp-search ul");
  function say(text) { const item = document.createElement("li"); item.textContent = text; list.append(item); }
  function show(place) {
    list.replaceChildren();
    MAP.setView([place[3], place[4]], Math.max(MAP.getZoom(), 15));
    const name = document.createElement("b");
    name.textContent = place[0];
    L.popup().setLatLng([place[3], place[4]]).setContent(name).openOn(MAP);
  }
  field.addEventListener("input", function () {
    list.replaceChildren();
    const wanted = field.value.trim().toLowerCase();
    if (!wanted) { return; }
    const found = places.filter((place) => place[0].toLowerCase().includes(wanted) || place[1].toLowerCase().includes(wanted));
    if (!found.length) { say(nothing); }
    for (const place of found.slice(0, most)) {
      const item = document.createElement("li"), button = document.createElement("button"), kind = document.createElement("small");
      button.textContent = place[0] + " ";
      kind.textContent = place[2] + " " + place[1];
      button.append(kind);
      button.addEventListener("click", () => show(place));
      item.append(button);
      list.append(item);
    }
  });
  field.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && list.querySelector("button")) { list.querySelector("button").click(); }
    if (event.key === "Escape") { field.value = ""; list.replaceChildren(); }
  });
})();
"""


def search_field() -> str:
    """The box, empty, with its looks."""
    words = escape(_("查找镇街、村居、设施、小区"))
    return f'{_STYLE}<div class="gp-search"><input type="search" placeholder="{words}" aria-label="{words}"><ul></ul></div>'


def search_script(assessment: Assessment, map_name: str) -> str:
    """What the box does.

    Args:
        map_name: of the Leaflet map in the page's script.
    """
    return (
        _SCRIPT.replace("MAP", map_name)
        .replace("NOTHING", _literal(_("没有找到")))
        .replace("PLACES", _literal(list(_places(assessment))))
    )


def _literal(value: object) -> str:
    """A value as JavaScript in which no name can end the script, or be code for the template engine."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return "".join(f"\\u{ord(each):04x}" if each in _DANGEROUS else each for each in text)


def _places(assessment: Assessment) -> Iterator[tuple[str, str, str, float, float]]:
    """Name, id, kind in words, latitude and longitude of everything that has a name."""
    for role, key in _SEARCHED:
        frame = assessment.layers.get(role)
        if frame is None or frame.empty:
            continue
        shapes = frame.geometry.to_numpy()
        placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        points = gpd.GeoDataFrame(geometry=shapely.point_on_surface(shapes[placed]), crs=frame.crs)
        lonlat = np.round(shapely.get_coordinates(crs.lonlat(points).geometry.to_numpy()), _DEGREE_DIGITS)
        named = frame[placed]
        for name, code, (lon, lat) in zip(named["name"], named[key], lonlat.tolist(), strict=True):
            yield str(name or code), str(code), _(ROLES[role].label), lat, lon
