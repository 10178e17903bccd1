"""A sheet's content on its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pyproj
import shapely
from matplotlib.figure import Figure
from numpy.typing import NDArray

from geoplan.report.print_maps import furniture
from geoplan.report.print_maps.canvas import MM_PER_POINT, Canvas, mark_places
from geoplan.report.print_maps.content import Content, Imprint, Inset, Layer, Name
from geoplan.report.print_maps.extent import Extent, to_page
from geoplan.report.print_maps.fonts import Typeface
from geoplan.report.print_maps.labels import Placed, Sized, place
from geoplan.report.print_maps.layout import Layout
from geoplan.report.print_maps.legend import legend
from geoplan.report.print_maps.page import Page, Rect

_LONGEST_LINE = 15.0  # of a name, in multiples of its size
_LINE_HEIGHT = 1.2


def draw(  # noqa: PLR0913 - what a sheet is made of, by name
    content: Content,
    *,
    page: Page,
    extent: Extent,
    crs: pyproj.CRS,
    layout: Layout,
    typeface: Typeface,
    imprint: Imprint,
    inset: Inset,
) -> Figure:
    """The figure of a sheet, in the size of its paper."""
    canvas = Canvas(page, typeface)
    with mpl.rc_context({"hatch.linewidth": 0.5 * page.unit}):
        for above, layer in enumerate(content.layers, start=1):
            canvas.layer(layer, extent, above / (len(content.layers) + 1) * 10)
    furniture.graticule(canvas, extent, crs, layout)
    taken = [furniture.scale(canvas, extent, layout), furniture.north(canvas, extent, crs)]
    if imprint.mark:
        taken.append(furniture.synthetic_mark(canvas, extent, imprint.mark, layout))
    for placed in placed_names(canvas, content, extent, layout, taken):
        _write(canvas, placed, layout)
    canvas.rectangle(extent.frame, width_mm=0.5 * page.unit, above=28)
    canvas.rectangle(page.border, width_mm=0.7 * page.unit, above=28)
    furniture.title(canvas, content.title, layout)
    furniture.paragraph(canvas, page.foot, imprint.sources, layout.text_pt * page.unit * 0.9)
    legend(canvas, content, layout)
    furniture.inset(canvas, inset, layout)
    furniture.title_block(canvas, imprint, layout)
    return canvas.figure


def placed_names(
    canvas: Canvas, content: Content, extent: Extent, layout: Layout, taken: Sequence[Rect] = ()
) -> list[Placed]:
    """The names that have room on the map, where they stand."""
    sized = [_sized(canvas, name, extent, layout) for name in content.names]
    return place(sized, extent.frame, _mark_boxes(content.layers, extent, canvas.page.unit), taken)


def _sized(canvas: Canvas, name: Name, extent: Extent, layout: Layout) -> Sized:
    """A name in lines of about the same length, its place on the page, of an area the part that is inside the frame."""
    (where,) = to_page(np.array([name.place], dtype=object), extent)
    frame = extent.frame
    seen = (
        where if where.geom_type == "Point" else shapely.clip_by_rect(where, frame.x, frame.y, frame.right, frame.top)
    )
    points = layout.name_pt * name.size * canvas.page.unit
    whole = canvas.width_mm(name.text, points)
    rows = np.ceil(whole / (_LONGEST_LINE * points * MM_PER_POINT))
    lines = (*furniture.wrapped(canvas, name.text, points, 1.15 * whole / max(rows, 1)), *filter(None, [name.note]))
    on_page = replace(name, place=seen, gap_mm=name.gap_mm * canvas.page.unit)
    width = max(canvas.width_mm(line, points) for line in lines)
    return Sized(on_page, lines, width, _LINE_HEIGHT * points * MM_PER_POINT)


def _write(canvas: Canvas, placed: Placed, layout: Layout) -> None:
    name, lines, step = placed.sized.name, placed.sized.lines, placed.sized.line_height
    points = layout.name_pt * name.size * canvas.page.unit
    top = placed.y + step * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        canvas.write(placed.x, top - number * step, line, points, across="center", colour=name.colour, halo=True)


def _mark_boxes(layers: Sequence[Layer], extent: Extent, unit: float) -> NDArray[np.float64]:
    """The boxes of the marks that names keep off, float64 (n, 4)."""
    boxes = [np.empty((0, 4))]
    for layer in layers:
        if layer.clear:
            xy, sizes = mark_places(layer, extent)
            half = sizes[:, None] * unit / 2
            boxes.append(np.hstack([xy - half, xy + half]))
    return np.vstack(boxes)
