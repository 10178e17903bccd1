"""What stands around a map: title, scale, north arrow, graticule, inset, title block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geoplan.crs import WGS84, transform_xy
from geoplan.i18n import _
from geoplan.report.print_maps.canvas import INK, MM_PER_POINT, Canvas
from geoplan.report.print_maps.content import Imprint, Inset
from geoplan.report.print_maps.extent import Extent, bar_length, to_page
from geoplan.report.print_maps.layout import Layout
from geoplan.report.print_maps.page import Rect

_GRATICULE_COLOUR = "#6b8fb3"
_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 18000, 36000)  # seconds of arc
_STEPS_M = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_LINES_ACROSS, _POINTS = 5, 24
_TOUCHING_MM = 0.01
_BAR_PARTS = 4
_BAR_MM, _ARROW_MM = 1.4, 14.0
_SMALL = 0.86  # of the text's size
_MINUTE, _DEGREE = 60, 3600


def title(canvas: Canvas, text: str, layout: Layout) -> None:
    """The sheet's name across the top, smaller where it is long."""
    box = canvas.page.title
    points = fitting(canvas, text, layout.title_pt * canvas.page.unit, box.width * 0.96)
    canvas.write(box.x + box.width / 2, box.y + box.height / 2, text, points, across="center")


def fitting(canvas: Canvas, text: str, points: float, width: float) -> float:
    """The size at which a text is no wider than there is room."""
    return points * min(1.0, width / max(canvas.width_mm(text, points), 1e-9))


def wrapped(canvas: Canvas, text: str, points: float, width: float) -> list[str]:
    """A text in lines no wider than there is room, broken between words, and anywhere between Chinese characters."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and canvas.width_mm((lines[-1] + piece).rstrip(), points) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


def _pieces(text: str) -> Iterator[str]:
    """What may not be broken: a word with the blank after it, or one Chinese character with the stop after it."""
    piece = ""
    for character in text:
        word = piece and character.isascii() and piece[-1].isascii() and piece[-1] != " "
        joins = piece and (word or character in "，。；：、）”》" or piece[-1] in "（“《")
        if piece and not joins:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def paragraph(canvas: Canvas, box: Rect, text: str, points: float, *, least: float = 0.55) -> None:
    """A text from the top of a box, smaller where it is long, down to a share of its size."""
    size = points
    while (
        len(lines := wrapped(canvas, text, size, box.width)) * 1.35 * size * MM_PER_POINT > box.height
        and size > points * least
    ):
        size *= 0.95
    for number, line in enumerate(lines):
        canvas.write(box.x, box.top - (number + 0.7) * 1.35 * size * MM_PER_POINT, line, size)


def scale(canvas: Canvas, extent: Extent, layout: Layout) -> Rect:
    """Scale bar and numeric scale in the lower left corner of the frame; the box that they take."""
    unit, frame = canvas.page.unit, extent.frame
    length = bar_length(extent)
    width, height = length / extent.metres_per_mm, _BAR_MM * unit
    points = layout.text_pt * unit
    line = points * MM_PER_POINT
    x, y = frame.x + 6 * unit, frame.y + 4 * unit
    box = Rect(x - 4 * unit, frame.y, width + 14 * unit, 4 * unit + height + 3.4 * line)
    canvas.rectangle(box, fill="#ffffffd9", line="none", above=24)
    for part in range(_BAR_PARTS):
        piece = Rect(x + part * width / _BAR_PARTS, y, width / _BAR_PARTS, height)
        canvas.rectangle(piece, fill=INK if part % 2 == 0 else "white", width_mm=0.15, above=25)
    in_km = length >= 1000 * 2
    for part in (0, _BAR_PARTS // 2, _BAR_PARTS):
        metres = length * part / _BAR_PARTS
        text = f"{metres / 1000:g}" if in_km else f"{metres:g}"
        text += "" if part < _BAR_PARTS else " km" if in_km else " m"
        canvas.write(x + part * width / _BAR_PARTS, y + height + 0.75 * line, text, points * _SMALL, across="center")
    canvas.write(x + width / 2, y + height + 2.2 * line, f"1:{extent.denominator:,}", points, across="center")
    return box


def north(canvas: Canvas, extent: Extent, crs: pyproj.CRS) -> Rect:
    """An arrow to true north in the upper right corner of the frame; the box that it takes."""
    unit, frame = canvas.page.unit, extent.frame
    size = _ARROW_MM * unit
    x, y = frame.right - size * 0.75, frame.top - size * 0.85
    turn = np.radians(_to_north(extent, crs))
    east, up = np.array([np.cos(turn), -np.sin(turn)]), np.array([np.sin(turn), np.cos(turn)])

    def corner(right: float, above: float) -> tuple[float, float]:
        place = np.array([x, y]) + size * (right * east + above * up)
        return float(place[0]), float(place[1])

    tip, foot = corner(0, 0.42), corner(0, -0.3)
    canvas.polygon([tip, corner(-0.2, -0.5), foot], INK)
    canvas.polygon([tip, corner(0.2, -0.5), foot], "white")
    canvas.write(*corner(0, 0.58), _("北"), size * 0.26 / MM_PER_POINT, across="center", halo=True)
    return Rect(x - size * 0.5, y - size * 0.6, size, size * 1.4)


def _to_north(extent: Extent, crs: pyproj.CRS) -> float:
    """Degrees from the paper's upward direction to true north, clockwise: the grid's convergence with its sign."""
    lon, lat = transform_xy(np.array([extent.centre]), crs, WGS84)[0]
    low, high = transform_xy(np.array([[lon, lat - 0.01], [lon, lat + 0.01]]), WGS84, crs)
    return float(np.degrees(np.arctan2(high[0] - low[0], high[1] - low[1])))


def graticule(canvas: Canvas, extent: Extent, crs: pyproj.CRS, layout: Layout) -> None:
    """Meridians and parallels, or the grid's own lines, thin over the map, with their values around the frame."""
    frame, unit = extent.frame, canvas.page.unit
    lines = {"degrees": _degrees, "metres": _metres}.get(layout.graticule, lambda _extent, _crs: iter(()))
    inside = shapely.box(frame.x, frame.y, frame.right, frame.top)
    for text, upright, place in lines(extent, crs):
        corner, origin = np.array([frame.x, frame.y]), np.array([extent.west, extent.south])
        on_page = shapely.LineString(corner + (place - origin) / extent.metres_per_mm).intersection(inside)
        if on_page.is_empty or on_page.geom_type != "LineString":
            continue
        xy = shapely.get_coordinates(on_page)
        canvas.line(list(xy[:, 0]), list(xy[:, 1]), colour=_GRATICULE_COLOUR, width_mm=0.1 * unit, above=12)
        for x, y in (xy[0], xy[-1]):
            _value(canvas, frame, (x, y), text, layout.text_pt * unit * 0.72, upright=upright)


def _value(canvas: Canvas, frame: Rect, end: tuple[float, float], text: str, points: float, *, upright: bool) -> None:
    """The value of a line where it meets the frame: of an upright one above and below, of the others at the sides."""
    (x, y), off = end, 2.4 * canvas.page.unit
    if upright and min(abs(y - frame.y), abs(y - frame.top)) < _TOUCHING_MM:
        canvas.write(x, y + (off if y > frame.y + 1 else -off), text, points, across="center")
    elif not upright and min(abs(x - frame.x), abs(x - frame.right)) < _TOUCHING_MM:
        canvas.write(x + (off if x > frame.x + 1 else -off), y, text, points, across="center", rotation=90)


_Lines = Iterator[tuple[str, bool, NDArray[np.float64]]]


def _degrees(extent: Extent, crs: pyproj.CRS) -> _Lines:
    """Text, whether upright, and places in metres of each meridian and parallel."""
    west, south, east, north_ = extent.bounds
    edge = shapely.get_coordinates(shapely.segmentize(shapely.box(west, south, east, north_), (east - west) / 8))
    lonlat = transform_xy(edge, crs, WGS84) * _DEGREE
    low, high = lonlat.min(axis=0), lonlat.max(axis=0)
    step = next((s for s in _STEPS_S if s * _LINES_ACROSS >= high[0] - low[0]), _STEPS_S[-1])
    kinds = [
        (axis, value) for axis in (0, 1) for value in np.arange(np.ceil(low[axis] / step) * step, high[axis], step)
    ]
    lines = np.empty((len(kinds), _POINTS, 2))
    for line, (axis, value) in zip(lines, kinds, strict=True):
        line[:, axis] = value
        line[:, 1 - axis] = np.linspace(low[1 - axis], high[1 - axis], _POINTS)
    metres = transform_xy(lines.reshape(-1, 2) / _DEGREE, WGS84, crs).reshape(lines.shape)
    for (axis, value), line in zip(kinds, metres, strict=True):
        yield _angle(value, "EN"[axis], "WS"[axis]), axis == 0, line


def _angle(seconds: float, positive: str, negative: str) -> str:
    """``112°50′E`` of seconds of arc."""
    whole = round(abs(seconds))
    degrees, minutes, rest = whole // _DEGREE, whole % _DEGREE // _MINUTE, whole % _MINUTE
    text = f"{degrees}°{minutes:02d}′" + (f"{rest:02d}″" if rest else "")
    return f"{text}{positive if seconds >= 0 else negative}"


def _metres(extent: Extent, _crs: pyproj.CRS) -> _Lines:
    """Text, whether upright, and places in metres of each line of the grid."""
    west, south, east, north_ = extent.bounds
    step = next((s for s in _STEPS_M if s * _LINES_ACROSS >= east - west), _STEPS_M[-1])
    for x in np.arange(np.ceil(west / step) * step, east, step):
        yield f"{x:.0f}", True, np.array([[x, south], [x, north_]])
    for y in np.arange(np.ceil(south / step) * step, north_, step):
        yield f"{y:.0f}", False, np.array([[west, y], [east, y]])


def inset(canvas: Canvas, small: Inset, layout: Layout) -> None:
    """The small map in its box, with the scale it has."""
    unit, points = canvas.page.unit, layout.text_pt * canvas.page.unit
    box = canvas.page.inset
    canvas.rectangle(box)
    canvas.write(box.x + 3 * unit, box.top - 3.6 * unit, _("位置示意"), points)
    extent, frame = small.extent, small.extent.frame
    canvas.rectangle(frame, fill="white", width_mm=0.12, above=1)
    for above, layer in enumerate(small.layers, start=2):
        canvas.layer(layer, extent, above)
    (where,) = to_page(np.array([small.name.place], dtype=object), extent)
    _named(canvas, frame, small.name.text, where, points)
    canvas.write(
        box.right - 3 * unit, box.top - 3.6 * unit, f"1:{extent.denominator:,}", points * _SMALL, across="right"
    )


def _named(canvas: Canvas, frame: Rect, text: str, shape: shapely.Geometry, points: float) -> None:
    """A name over a shape, smaller where it is long, and within the frame where the shape stands at its edge."""
    size = fitting(canvas, text, points, frame.width * 0.9)
    half = canvas.width_mm(text, size) / 2
    middle = shape.representative_point()
    x = min(max(middle.x, frame.x + half), frame.right - half)
    canvas.write(x, middle.y, text, size, across="center", halo=True)


def title_block(canvas: Canvas, imprint: Imprint, layout: Layout) -> None:
    """The table of who made the sheet, when, in which coordinates and by which approval."""
    unit, box = canvas.page.unit, canvas.page.block
    canvas.rectangle(box)
    rows = [*((("", imprint.logo),) if imprint.logo else ()), *imprint.rows]
    height, points, label_width = box.height / len(rows), layout.text_pt * unit, 20 * unit
    for number, (label, text) in enumerate(rows):
        y = box.top - (number + 1) * height
        if number:
            canvas.line([box.x, box.right], [y + height, y + height], width_mm=0.1)
        left = box.x + (label_width if label else 0)
        cell(canvas, Rect(box.x + 2 * unit, y, label_width - 3 * unit, height), label, points)
        room = Rect(left + 2 * unit, y + 0.6 * unit, box.right - left - 4 * unit, height - 1.2 * unit)
        cell(canvas, room, text, points)
    canvas.line([box.x + label_width] * 2, [box.y, box.y + height * len(imprint.rows)], width_mm=0.1)


def cell(canvas: Canvas, box: Rect, text: str, points: float) -> None:
    """A text in the middle of a box's height, in as many lines as fit, smaller where it is long."""
    size = points
    while (
        len(lines := wrapped(canvas, text, size, box.width)) * 1.25 * size * MM_PER_POINT > box.height
        and size > points * 0.55
    ):
        size *= 0.95
    step = 1.25 * size * MM_PER_POINT
    top = box.y + box.height / 2 + step * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        canvas.write(box.x, top - number * step, line, size)


def synthetic_mark(canvas: Canvas, extent: Extent, text: str, layout: Layout) -> Rect:
    """The word that data are synthetic, in the upper left corner of the frame; the box that it takes."""
    unit, points = canvas.page.unit, layout.text_pt * canvas.page.unit * 1.1
    width, height = canvas.width_mm(text, points) + 5 * unit, 7 * unit
    box = Rect(extent.frame.x + 3 * unit, extent.frame.top - height - 3 * unit, width, height)
    canvas.rectangle(box, fill="#fff3cd", line="#8a6100", width_mm=0.25, above=26)
    canvas.write(box.x + width / 2, box.y + height / 2, text, points, across="center", colour="#6b4e00")
    return box
