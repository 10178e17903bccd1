"""Colours that can be read and told from what lies below them: WCAG level AA, for the one style table and the look of the app."""

from __future__ import annotations

import re
import tomllib

import pytest
from browser import ROOT
from contrast import SYMBOL, TEXT, contrast

from geoplan.report import style

_THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
_CHOSEN_ROW = "#e5edf2"  # Streamlit's own tint of a row that is marked
_PAGE = ("#ffffff", _THEME["secondaryBackgroundColor"], _CHOSEN_ROW)
_MAP = ("#ffffff", style.BACKGROUND_COLOUR)  # every symbol has a white edge
_COMPONENT = ROOT / "geoplan" / "web" / "map_component" / "frontend" / "src" / "style.css"
_VARIABLES = dict(re.findall(r"--gpm-(\w+): (#[0-9a-f]{6})", _COMPONENT.read_text(encoding="utf-8")))
_PAGE_LOOK = (ROOT / "geoplan" / "web" / "page.css").read_text(encoding="utf-8")
_SINGLE = (
    "CLOSED",
    "IDLE",
    "HERE",
    "CARE_LAND",
    "OTHER_LAND",
    "CLINIC",
    "LINK",
    "CLOSURE",
    "OWN_AREA",
    "ROUTE",
    "PARCEL",
)


def test_contrast_is_that_of_the_recommendation():
    """Black on white is 21, a colour on itself 1, and #767676 the lightest grey that may be text on white."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == 1
    assert contrast("#767676", "#ffffff") >= TEXT > contrast("#777777", "#ffffff")


@pytest.mark.parametrize("outcome", style.OUTCOME_COLOURS)
def test_the_colour_of_a_verdict_can_be_read_as_text(outcome):
    """On white, on the pages' grey and in a marked row."""
    assert min(contrast(style.OUTCOME_COLOURS[outcome], below) for below in _PAGE) >= TEXT


@pytest.mark.parametrize(
    "colour",
    [
        *style.REACH_COLOURS.values(),
        *style.CHANGE_COLOURS.values(),
        *(kind.colour for kind in style.FACILITY_STYLES.values()),
        *(getattr(style, f"{name}_COLOUR") for name in _SINGLE),
    ],
)
def test_a_symbol_of_the_map_is_seen(colour):
    """On its white edge and on the paper of the map."""
    assert min(contrast(colour, below) for below in _MAP) >= SYMBOL


def test_borders_are_seen_between_any_two_classes_of_coverage():
    """The line between townships differs from every class as it is drawn on the map."""
    drawn = [_blend(colour, 0.62, style.BACKGROUND_COLOUR) for _bound, colour in style.COVERAGE_CLASSES]
    assert min(contrast(style.BORDER_COLOUR, colour) for colour in drawn) >= SYMBOL


def test_names_on_the_map_can_be_read_on_any_class_of_coverage():
    """The ink of townships' names on each class as it is drawn, also where their white edge does not reach."""
    drawn = [_blend(colour, 0.62, style.BACKGROUND_COLOUR) for _bound, colour in style.COVERAGE_CLASSES]
    assert min(contrast(_VARIABLES["ink"], colour) for colour in drawn) >= TEXT


def test_the_frame_around_what_has_the_focus_is_seen():
    """The accent, of which it is, on pages, marked rows and the paper of the map."""
    assert min(contrast(_VARIABLES["accent"], below) for below in (*_PAGE, *_MAP)) >= SYMBOL


def test_the_edges_of_fields_and_buttons_are_seen():
    """On pages, the sidebar's grey and marked rows; also a switch that is off, which is its colour alone."""
    off = re.findall(r":not\(:checked\)\) > div:not\(\[data-testid\]\) \{ background: (#\w{6})", _PAGE_LOOK)
    assert off == [_THEME["borderColor"]]
    assert min(contrast(_THEME["borderColor"], below) for below in _PAGE) >= SYMBOL


def test_the_words_of_the_app_can_be_read():
    """Text, quiet text and accent of theme and map component, on every background that they stand on."""
    for colour in (
        _THEME["textColor"],
        _THEME["primaryColor"],
        *(_VARIABLES[name] for name in ("ink", "quiet", "accent")),
    ):
        assert min(contrast(colour, below) for below in _PAGE) >= TEXT


def _blend(colour: str, opacity: float, below: str) -> str:
    pairs = [(int(colour[place : place + 2], 16), int(below[place : place + 2], 16)) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(top * opacity + under * (1 - opacity)):02x}" for top, under in pairs)
