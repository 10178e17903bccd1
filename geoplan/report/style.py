"""One table of colours, symbols and words for every map and table, on screen and on paper.

The colours are told apart with the common colour-vision deficiencies, and never stand alone: a symbol, a pattern or a
word says the same. Colours of verdicts and changes are readable as text (contrast 4.5 and more on white and on the pages'
grey), the others are seen as symbols (3 and more on white and on the map's paper).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from geoplan.i18n import mark
from geoplan.model import Outcome, Reach

_GREEN, _RED, _BROWN, _VIOLET, _ORANGE = "#17703f", "#b3261e", "#9e5000", "#5b5fc7", "#c96a15"

OUTCOME_COLOURS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.PASS: _GREEN,
        Outcome.FAIL: _RED,
        Outcome.WARN: _BROWN,
        Outcome.ADVISORY: _VIOLET,
        Outcome.INFORMATIONAL: "#2f6690",
        Outcome.NOT_EVALUABLE: "#5f6368",
        Outcome.NOT_APPLICABLE: "#66696e",
    }
)

REACH_COLOURS: Mapping[Reach, str] = MappingProxyType(
    {
        Reach.COVERED: _GREEN,
        Reach.TOO_FAR: _ORANGE,
        Reach.CLOSED_ROAD: "#8f7a00",
        Reach.ISLAND: "#7b3294",
        Reach.UNLOCATABLE: "#4d4d4d",
        Reach.NO_FACILITY: _RED,
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of facility is drawn."""

    label: str
    colour: str
    radius: int


FACILITY_STYLES: Mapping[str, Kind] = MappingProxyType(
    {
        "care_home": Kind(mark("养老机构"), "#0b3c8c", 7),
        "township_centre": Kind(mark("综合养老服务中心"), "#8c0b5a", 7),
        "community_centre": Kind(mark("居家养老服务中心"), "#0b7a8c", 5),
        "village_station": Kind(mark("养老服务站"), "#4a86c9", 4),
        "canteen": Kind(mark("长者食堂"), "#a3770a", 5),
        "regional_centre": Kind(mark("区域性养老服务中心"), "#5c0b8c", 8),
        "embedded_home": Kind(mark("嵌入式养老机构"), "#2b5fb0", 5),
        "emergency_centre": Kind(mark("养老应急救援中心"), "#a3270b", 5),
    }
)

# Share covered, in per cent: upper bound of the class and its colour (single hue, dark is more).
COVERAGE_CLASSES: tuple[tuple[int, str], ...] = (
    (20, "#f1eef6"),
    (40, "#bdc9e1"),
    (60, "#74a9cf"),
    (80, "#2b8cbe"),
    (100, "#045a8d"),
)
NO_DATA_COLOUR = "#e0e0e0"
ROAD_COLOUR, WATER_COLOUR, BORDER_COLOUR, AREA_COLOUR = "#b8b2a7", "#a9cfe8", "#383838", _GREEN
BACKGROUND_COLOUR = "#f7f5f0"
FONT_STACK = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif"


def coverage_colour(share: float | None) -> str:
    """The colour of a covered share in per cent; grey when it is not known."""
    if share is None:
        return NO_DATA_COLOUR
    return next((colour for bound, colour in COVERAGE_CLASSES if share <= bound), COVERAGE_CLASSES[-1][1])


# The symbols, named as the map component names them: they say without colour what the colours say.
FACILITY_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "care_home": "square",
        "township_centre": "star",
        "community_centre": "pentagon",
        "village_station": "circle",
        "canteen": "triangle",
        "regional_centre": "hexagon",
        "embedded_home": "diamond",
        "emergency_centre": "plus",
    }
)
REACH_SYMBOLS: Mapping[Reach, str] = MappingProxyType(
    {
        Reach.COVERED: "circle",
        Reach.TOO_FAR: "triangle",
        Reach.CLOSED_ROAD: "hexagon",
        Reach.ISLAND: "diamond",
        Reach.UNLOCATABLE: "cross",
        Reach.NO_FACILITY: "square",
    }
)
OUTCOME_SHAPES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.PASS: "circle",
        Outcome.FAIL: "cross",
        Outcome.WARN: "triangle",
        Outcome.ADVISORY: "diamond",
        Outcome.INFORMATIONAL: "square",
        Outcome.NOT_EVALUABLE: "plus",
        Outcome.NOT_APPLICABLE: "hexagon",
    }
)
PROJECT_FILL, CLOSED_COLOUR, IDLE_COLOUR = "#ffffff", "#80868b", "#6d4c41"
HERE_COLOUR = "#c62828"
"""What an inset points out."""
CARE_LAND_COLOUR, CLINIC_COLOUR = "#b8336a", "#00796b"
LINK_COLOUR, CLOSURE_COLOUR, OWN_AREA_COLOUR, ROUTE_COLOUR = "#8e24aa", _RED, "#e65100", "#045a8d"

# How an alternative changes who is covered, and facilities; symbols say without colour what the colours say.
CHANGE_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "gains": _GREEN,
        "loses": _RED,
        "nearer": "#4a86c9",
        "farther": _ORANGE,
        "added": _GREEN,
        "removed": _RED,
        "moved": _VIOLET,
        "changed": _BROWN,
    }
)
CHANGE_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "gains": "circle",
        "loses": "cross",
        "nearer": "triangle",
        "farther": "diamond",
        "added": "star",
        "removed": "cross",
        "moved": "diamond",
        "changed": "hexagon",
    }
)
# Parcels: those that a plan gives to elderly care, and all others.
PARCEL_COLOUR, OTHER_LAND_COLOUR, PARCEL_SYMBOL = "#8c0b5a", "#9a8450", "square"
