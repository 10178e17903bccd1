"""How wide the columns of a table are: Streamlit draws it on a canvas, where no style sheet shares out the room."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from unicodedata import east_asian_width

from geoplan.web import rows
from geoplan.web.rows import Table

_WIDE_PX, _NARROW_PX, _PADDING_PX, _WIDEST_PX = 13.2, 7.8, 18, 300
_WIDTHS = {  # of letters in the font of tables
    letter: width
    for width, letters in (
        (3.4, " ,.:;'|ijlI"),
        (4.6, '()[]{}-!rft/"'),
        (6.6, "csvxyz*?"),
        (11.6, "mwMW%@—"),
        (13.2, "→○▲▼◆≥≤·"),
    )
    for letter in letters
}
FRAME_PX, _LEAST_PX = 1024, 130  # what a table has on an office screen; what its long texts keep
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        rows.PEOPLE: "%,.0f",
        rows.AREA: "%,.2f",
        rows.SHARE: "%.2f",
        rows.TIME: "%.2f",
        rows.WHOLE: "%,.0f",
        rows.YEAR: "%d",
    }
)


def column_widths(table: Table, within: int | None) -> dict[str, int]:
    """About how many pixels each column takes.

    Args:
        within: for all of them; the widest of long texts give way until the others have theirs. None for as much as they need.
    """
    widths = {word: _needed(table.frame[word], kind) for word, kind in table.kinds.items()}
    if within is None:
        return {word: min(width, _WIDEST_PX) for word, width in widths.items()}
    long = [word for word, kind in table.kinds.items() if kind == rows.LONG]
    spare = within - sum(width for word, width in widths.items() if word not in long)
    for place, word in enumerate(sorted(long, key=widths.__getitem__)):  # what a short one leaves, the others have
        widths[word] = max(min(widths[word], spare // (len(long) - place)), _LEAST_PX)
        spare -= widths[word]
    return widths


def _needed(cells: Any, kind: str) -> int:
    texts = (cells.name, f"{cells.abs().max():,.2f}") if kind in FORMATS else (cells.name, *cells)
    return round(max(map(_width, texts))) + _PADDING_PX


def _width(text: str) -> float:
    """About how many pixels a text takes; Chinese characters are nearly twice as wide as most Latin ones."""
    return sum(_WIDE_PX if east_asian_width(one) in "WF" else _WIDTHS.get(one, _NARROW_PX) for one in text)
