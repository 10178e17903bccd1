"""The answers to what was asked on the map, in words: who is near a place and why it is not covered, a way along the roads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from geoplan.enquiry import Whereabouts, way_along, whereabouts
from geoplan.i18n import _
from geoplan.model import REACH_LABELS, Reach
from geoplan.network import Route
from geoplan.report import reach, style
from geoplan.web.cache import View
from geoplan.web.state import Desk

_KILOMETRE = 1000
_BRIEF = 3  # facilities named on the map; the panel names all that were found


@dataclass(frozen=True)
class PlaceAnswer:
    """What holds at a place.

    Attributes:
        why: the reason in words; blank where it is covered.
        facts: name and text.
        near: name, kind and minutes of the nearest facilities, and whether that is within the limit.
        brief: what of it stands on the map.
    """

    title: str
    reach: Reach
    why: str
    facts: tuple[tuple[str, str], ...]
    near: tuple[tuple[str, str, str, bool], ...]
    brief: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Found:
    """What was found for what the desk asks; None for what it does not ask, and for a way that there is not."""

    place: PlaceAnswer | None
    route: Route | None


def of(view: View, desk: Desk) -> Found:
    """The answers to a desk's questions."""
    place, route = None, None
    if desk.asked is not None:
        asked = desk.asked
        place = view.drawn(
            f"place-{asked.lon}-{asked.lat}",
            lambda assessment: _in_words(
                whereabouts(assessment, assessment.coverages[0].service, asked.lon, asked.lat), asked.lon, asked.lat
            ),
        )
    if desk.measured:
        route = view.drawn(f"way-{desk.measured}", lambda assessment: way_along(assessment, desk.measured))
    return Found(place, route)


def _in_words(found: Whereabouts, lon: float, lat: float) -> PlaceAnswer:
    row: dict[str, Any] = reach.demand_with_reach(found.assessment, found.coverage).iloc[0].to_dict()
    state = Reach(row["reach"])
    title = _("此处{reach}").format(reach=_(REACH_LABELS[state]))
    near = tuple(
        (one.name, _(style.FACILITY_STYLES[one.kind].label), minutes_text(one.ms), one.within)
        for one in found.neighbours
    )
    facts = (
        (_("位置"), f"{lon:.5f}, {lat:.5f}"),
        (_("镇街"), _town(found, row["township"])),
        (
            _("离路"),
            "" if row["leg_m"] != row["leg_m"] else _("{metres} 米").format(metres=f"{math.ceil(row['leg_m']):,}"),
        ),
    )
    brief = (("", row["why"]),) if row["why"] else ()
    return PlaceAnswer(
        title,
        state,
        row["why"],
        facts,
        near,
        (*brief, *((name, minutes) for name, _kind, minutes, _in in near[:_BRIEF])),
    )


def _town(found: Whereabouts, code: str) -> str:
    units = found.assessment.layers.get("units")
    names = {} if units is None else dict(zip(units["unit_code"], units["name"], strict=True))
    return str(names.get(code, _("县域之外")))


def minutes_text(ms: int) -> str:
    """A time in minutes."""
    return _("{minutes} 分钟").format(minutes=f"{ms / 60_000:.1f}")


def length_text(metres: float) -> str:
    """A length in metres, a long one in kilometres."""
    if metres >= _KILOMETRE:
        return _("{value} 公里").format(value=f"{metres / _KILOMETRE:,.2f}")
    return _("{value} 米").format(value=f"{metres:,.0f}")
