"""The legend: a line for each class that is drawn, in as many columns as it takes."""

from __future__ import annotations

from collections.abc import Sequence

from geoplan.i18n import _
from geoplan.report.print_maps.canvas import MM_PER_POINT, Canvas
from geoplan.report.print_maps.content import Content, Layer
from geoplan.report.print_maps.furniture import cell, fitting
from geoplan.report.print_maps.ground import BASE
from geoplan.report.print_maps.layout import Layout
from geoplan.report.print_maps.page import Rect

_ROW_MM, _LEAST_ROW = 5.6, 0.64  # height of a line, and to which share of it lines may shrink
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
    headings = dict.fromkeys(layer.heading for layer in layers if layer.label)
    for heading in sorted(headings, key=lambda one: (one == _(BASE), bool(one))):
        told = {layer.label: layer for layer in reversed(layers) if layer.label and layer.heading == heading}
        rows += [*((_begun(heading),) if heading else ()), *reversed(told.values())]
    return rows


def _begun(text: str) -> str:
    """A text with a capital at its head, which Chinese does not know."""
    return text[:1].upper() + text[1:]


def _fill(canvas: Canvas, room: Rect, rows: Sequence[Layer | str], points: float) -> None:
    """The rows in the fewest columns that hold them; lines shrink a little before there is another column."""
    height = _ROW_MM * canvas.page.unit
    for columns in range(1, _MOST_COLUMNS + 1):
        filled = _columns(rows, columns)
        share = room.height / max(*map(len, filled), 1) / height
        if share >= _LEAST_ROW:
            break
    height *= min(share, 1.0)
    width = room.width / len(filled)
    for number, column in enumerate(filled):
        for line, row in enumerate(column):
            box = Rect(room.x + number * width, room.top - (line + 1) * height, width, height)
            _row(canvas, box, row, min(points, height / MM_PER_POINT / 1.35))


def _columns(rows: Sequence[Layer | str], count: int) -> list[list[Layer | str]]:
    """The rows in so many columns of about the same length; no heading stands last in its column."""
    most = -(-len(rows) // count)
    columns: list[list[Layer | str]] = [[]]
    for row in rows:
        last = columns[-1]
        full = len(last) >= most - isinstance(row, str) and not (last and isinstance(last[-1], str))
        if last and full and len(columns) < count:
            columns.append([])
        columns[-1].append(row)
    return columns


def _row(canvas: Canvas, box: Rect, row: Layer | str, points: float) -> None:
    if isinstance(row, str):
        canvas.write(box.x, box.y + box.height / 2, row, fitting(canvas, row, points * 1.08, box.width))
        return
    unit = canvas.page.unit
    width, height = _SAMPLE_MM[0] * unit, min(_SAMPLE_MM[1] * unit, box.height * 0.75)
    sample = Rect(box.x + unit, box.y + (box.height - height) / 2, width, height)
    canvas.sample(sample, row.form, row.look)
    x = sample.right + 2 * unit
    cell(canvas, Rect(x, box.y, box.right - x, box.height), _begun(row.label), points)
