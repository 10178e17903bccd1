"""The page in millimetres: where map, title, legend, inset and title block stand, from the lower left corner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.report.print_maps.layout import Layout

PAPERS: Mapping[str, tuple[float, float]] = MappingProxyType({"A4": (210.0, 297.0), "A3": (297.0, 420.0)})
"""Short and long side in millimetres (ISO 216)."""
ORIENTATIONS = ("landscape", "portrait")
_FULL_SIZE_MM = 297.0  # the short side of A3, for which the layout's sizes are meant


class Rect(NamedTuple):
    """A rectangle on the page, in millimetres."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y + self.height

    def inside(self, margin: float) -> Rect:
        """The rectangle less a margin on all sides."""
        return Rect(self.x + margin, self.y + margin, self.width - 2 * margin, self.height - 2 * margin)


@dataclass(frozen=True, slots=True)
class Page:
    """Where everything stands.

    Attributes:
        unit: the size of things relative to A3; text shrinks less than paper does.
        map: the frame of the map, the same on every sheet of a set.
    """

    width: float
    height: float
    unit: float
    border: Rect
    title: Rect
    map: Rect
    foot: Rect
    legend: Rect
    inset: Rect
    block: Rect

    @property
    def inset_frame(self) -> Rect:
        """The frame of the small map, below its heading."""
        room = self.inset.inside(3 * self.unit)
        return Rect(room.x, room.y, room.width, room.height - 4 * self.unit)


def page_of(layout: Layout, paper: str, orientation: str) -> Page:
    """The page for a paper and an orientation.

    Raises:
        SettingsError: no such paper or orientation, or margins that leave no room for a map.
    """
    if paper not in PAPERS:
        raise SettingsError(_("没有纸张“{paper}”，可用：{known}。").format(paper=paper, known=", ".join(PAPERS)))
    if orientation not in ORIENTATIONS:
        text = _("没有版式“{orientation}”，可用：{known}。")
        raise SettingsError(text.format(orientation=orientation, known=", ".join(ORIENTATIONS)))
    short, long = PAPERS[paper]
    unit = short / _FULL_SIZE_MM
    width, height = (long, short) if orientation == "landscape" else (short, long)
    margin = layout.margin_mm * unit
    border = Rect(margin, margin, width - 2 * margin, height - 2 * margin)
    title = Rect(border.x, border.top - layout.title_mm * unit, border.width, layout.title_mm * unit)
    room = Rect(border.x, border.y, border.width, border.height - title.height)
    parts = _beside(room, layout, unit) if orientation == "landscape" else _below(room, layout, unit)
    if min(parts[0].width, parts[0].height) < short / 3:
        raise SettingsError(_("版式文件的边距和图例栏过大，{paper} 纸上放不下地图。").format(paper=paper))
    return Page(width, height, unit, border, title, *parts)


def _framed(room: Rect, unit: float) -> tuple[Rect, Rect]:
    """The frame of the map, less the space for the coordinates around it, and the line below it."""
    foot, around = 14 * unit, 6.5 * unit
    frame = Rect(room.x + around, room.y + foot + around, room.width - 2 * around, room.height - foot - 2 * around)
    return frame, Rect(room.x + around, room.y + unit, room.width - 2 * around, foot)


def _beside(room: Rect, layout: Layout, unit: float) -> tuple[Rect, ...]:
    """Map, foot, legend, inset, title block, the last three in a column to the right of the map."""
    panel = layout.panel_mm * unit
    x, block, inset = room.right - panel, layout.block_mm * unit, panel * 0.72
    return (
        *_framed(Rect(room.x, room.y, room.width - panel, room.height), unit),
        Rect(x, room.y + block + inset, panel, room.height - block - inset),
        Rect(x, room.y + block, panel, inset),
        Rect(x, room.y, panel, block),
    )


def _below(room: Rect, layout: Layout, unit: float) -> tuple[Rect, ...]:
    """Map, foot, legend, inset, title block, the last three in a row below the map."""
    panel, depth = layout.panel_mm * unit, layout.panel_mm * unit * 1.1
    inset = depth * 0.8
    return (
        *_framed(Rect(room.x, room.y + depth, room.width, room.height - depth), unit),
        Rect(room.x, room.y, room.width - panel - inset, depth),
        Rect(room.right - panel - inset, room.y, inset, depth),
        Rect(room.right - panel, room.y, panel, depth),
    )
