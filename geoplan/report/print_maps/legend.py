"""The legend: a line for each class that is drawn, in as many columns as it takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoplan.i18n import _
from geoplan.report.print_maps.canvas import MM_PER_POINT, Canvas
from geoplan.report.print_maps.content import Content, Form, Layer
from geoplan.report.print_maps.furniture import cell, fitting
from geoplan.report.print_maps.layout import Layout
from geoplan.report.print_maps.page import Rect

_ROW_MM, _LEAST_ROW = 5.6, 0.62  # height of a line, and to which share of it lines may shrink
_SAMPLE_MM = (8.0, 3.6)
_MOST_COLUMNS = 3


def legend(canvas: Canvas, content: Content, layout: Layout) -> None:
    """The figures of the sheet, and below them the legend."""
    unit, box = canvas.page.unit, canvas.page.legend
    canvas.rectangle(box)
    room = box.inside(3 * unit)
    room = _facts(canvas, room, content.facts, layout)
    points = layout.text_pt * unit
    canvas.write(room.x + room.width / 2, room.top - 3 * unit, _("图例"), points * 1.35, across="center")
    rows = _rows(content.layers)
    _fill(canvas, Rect(room.x, room.y, room.width, room.height - 7 * unit), rows, points)


def _facts(canvas: Canvas, room: Rect, facts: Sequence[tuple[str, str]], layout: Layout) -> Rect:
    """The figures in two columns at the top; what is left of the room."""
    unit, points = canvas.page.unit, layout.text_pt * canvas.page.unit
    height = _ROW_MM * unit
    for number, (label, text) in enumerate(facts):
        y = room.top - (number + 0.5) * height
        taken = canvas.width_mm(text, points) + 2 * unit
        size = fitting(canvas, label, points, room.width - taken)
        canvas.write(room.x, y, label, size)
        canvas.write(room.right, y, text, points, across="right")
    used = height * len(facts) + (2 * unit if facts else 0)
    if facts:
        canvas.line([room.x, room.right], [room.top - used + unit] * 2, width_mm=0.1)
    return Rect(room.x, room.y, room.width, room.height - used)


def _rows(layers: Sequence[Layer]) -> list[Layer | str]:
    """Headings and the layers under them, each label once, in the order of the layers."""
    rows: list[Layer | str] = []
    for heading in dict.fromkeys(layer.heading for layer in layers if layer.label):
        told = {layer.label: layer for layer in reversed(layers) if layer.label and layer.heading == heading}
        rows += [*((heading,) if heading else ()), *reversed(told.values())]
    return rows


def _fill(canvas: Canvas, room: Rect, rows: Sequence[Layer | str], points: float) -> None:
    """The rows in the fewest columns that hold them; lines shrink where even the most columns do not."""
    height = _ROW_MM * canvas.page.unit
    for columns in range(1, _MOST_COLUMNS + 1):
        fit = room.height / max(-(-len(rows) // columns), 1) / height
        if fit >= (1 if columns == 1 else _LEAST_ROW):
            break
    height *= min(fit, 1.0)
    per_column, width = -(-len(rows) // columns), room.width / columns
    for number, row in enumerate(rows):
        column, line = divmod(number, per_column)
        box = Rect(room.x + column * width, room.top - (line + 1) * height, width, height)
        _row(canvas, box, row, min(points, height / MM_PER_POINT / 1.35))


def _row(canvas: Canvas, box: Rect, row: Layer | str, points: float) -> None:
    if isinstance(row, str):
        canvas.write(box.x, box.y + box.height / 2, row, fitting(canvas, row, points * 1.08, box.width))
        return
    unit = canvas.page.unit
    width, height = _SAMPLE_MM[0] * unit, min(_SAMPLE_MM[1] * unit, box.height * 0.75)
    sample = Rect(box.x + unit, box.y + (box.height - height) / 2, width, height)
    match row.form:
        case Form.AREA:
            canvas.area(sample, row.look)
        case Form.LINE:
            canvas.stroke(sample, row.look)
        case Form.MARK:
            middle = np.array([[sample.x + width / 2, sample.y + height / 2]])
            canvas.marks(middle, row.look, None, 21, None)
    x = sample.right + 2 * unit
    cell(canvas, Rect(x, box.y, box.right - x, box.height), row.label, points)
