"""A page to draw on: one coordinate system, millimetres from the lower left corner of the paper, for all that is on it.

The ground is brought into it before it is drawn, so that the numeric scale is exact by construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import Stroke
from numpy.typing import NDArray

from geoplan.report.print_maps.content import Form, Layer, Look
from geoplan.report.print_maps.extent import Extent, seen, to_page
from geoplan.report.print_maps.fonts import Typeface
from geoplan.report.print_maps.page import Page, Rect
from geoplan.report.print_maps.symbols import MARKERS

MM_PER_INCH, POINTS_PER_INCH = 25.4, 72.0
MM_PER_POINT = MM_PER_INCH / POINTS_PER_INCH
INK = "#202124"
HALO_MM = 0.55
_DPI = 300
_LEAST_SAMPLE_MM = 1.8


class Canvas:
    """A figure of a page's size; every length is in millimetres, every text size in points."""

    def __init__(self, page: Page, typeface: Typeface) -> None:
        self.page, self.typeface = page, typeface
        size = (page.width / MM_PER_INCH, page.height / MM_PER_INCH)
        self.figure = Figure(figsize=size, dpi=_DPI, facecolor="white")
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, page.width), ylim=(0, page.height), autoscale_on=False)
        self.axes.axis("off")

    def width_mm(self, text: str, points: float) -> float:
        """How wide a text is drawn."""
        return self.typeface.width(text) * points * MM_PER_POINT

    def write(  # noqa: PLR0913 - what a text is drawn with, by name
        self,
        x: float,
        y: float,
        text: str,
        points: float,
        *,
        across: str = "left",
        up: str = "center",
        colour: str = INK,
        halo: bool = False,
        rotation: float = 0.0,
    ) -> None:
        """A text as it is: no sign in it is a command. A halo is drawn beneath it, apart, so that the text stays text."""
        shown = self.typeface.drawable(text)
        looks: dict[str, Any] = {
            "color": colour,
            "fontsize": points,
            "family": list(self.typeface.families),
            "parse_math": False,
        }
        places: dict[str, Any] = {"ha": across, "va": up, "rotation": rotation, "rotation_mode": "anchor"}
        for beneath in (True, False) if halo else (False,):
            drawn = self.axes.text(x, y, shown, **looks, **places, zorder=30 if beneath else 31)
            if beneath:
                drawn.set_path_effects(
                    [Stroke(linewidth=2 * HALO_MM / MM_PER_POINT * self.page.unit, foreground="white")]
                )
                drawn.set_gid("halo")

    def rectangle(
        self, box: Rect, *, fill: str = "none", line: str = INK, width_mm: float = 0.2, above: int = 20
    ) -> None:
        """A rectangle."""
        corner = (box.x, box.y)
        looks: dict[str, Any] = {
            "facecolor": fill,
            "edgecolor": line,
            "linewidth": width_mm / MM_PER_POINT,
            "zorder": above,
        }
        self.axes.add_artist(Rectangle(corner, box.width, box.height, **looks))

    def polygon(self, corners: list[tuple[float, float]], fill: str, line: str = INK, width_mm: float = 0.2) -> None:
        """A filled polygon."""
        looks = {"facecolor": fill, "edgecolor": line, "linewidth": width_mm / MM_PER_POINT, "zorder": 25}
        self.axes.add_artist(Polygon(corners, closed=True, **looks))

    def line(
        self, xs: list[float], ys: list[float], *, colour: str = INK, width_mm: float = 0.2, above: int = 20
    ) -> None:
        """A line."""
        self.axes.plot(xs, ys, color=colour, linewidth=width_mm / MM_PER_POINT, zorder=above, solid_capstyle="butt")

    def layer(self, layer: Layer, extent: Extent, above: float) -> None:
        """The shapes of a layer inside the frame of an extent; in an SVG they are a group under the layer's label."""
        frame = extent.frame
        clip = Rectangle((frame.x, frame.y), frame.width, frame.height, transform=self.axes.transData)
        if layer.form is Form.MARK:
            xy, sizes = mark_places(layer, extent)
            drawn: Artist | None = self._marks(xy, layer.look, sizes, above)
        else:
            drawn = self._paths(to_page(seen(layer.shapes, extent), extent), layer.form, layer.look, above)
        if drawn is not None:
            drawn.set_clip_path(clip)
            drawn.set_gid(layer.label or None)

    def _paths(self, shapes: NDArray[np.object_], form: Form, look: Look, above: float) -> Artist | None:
        path = outline(shapes, form)
        if path is None:
            return None
        unit = self.page.unit
        looks: dict[str, Any] = {
            "facecolor": look.fill if form is Form.AREA and look.fill else "none",
            "edgecolor": look.line or "none",
            "linewidth": look.width_mm * unit / MM_PER_POINT if look.line else 0,
            "linestyle": (0, (4, 2)) if look.dashed else "solid",
            "alpha": look.opacity,
            "hatch": look.hatch or None,
            "zorder": above,
            "joinstyle": "round",
        }
        return self.axes.add_artist(PathPatch(path, **looks))

    def sample(self, box: Rect, form: Form, look: Look) -> None:
        """A sample of a look for a legend."""
        x, y = box.x + box.width / 2, box.y + box.height / 2
        if form is Form.MARK:
            size = max(look.size_mm, _LEAST_SAMPLE_MM)
            self._marks(np.array([[x, y]]), look, np.array([size]), 21)
        else:
            line = shapely.LineString([(box.x, y), (box.right, y)])
            shape = shapely.box(box.x, box.y, box.right, box.top) if form is Form.AREA else line
            self._paths(np.array([shape], dtype=object), form, look, 21)

    def _marks(self, xy: NDArray[np.float64], look: Look, sizes: NDArray[np.float64], above: float) -> Artist | None:
        """Symbols on the page, float64 (n, 2), of sizes in millimetres of an A3 sheet, float64 (n,)."""
        if not len(xy):
            return None
        points = (sizes * self.page.unit / MM_PER_POINT) ** 2  # matplotlib sizes marks by their area
        looks: dict[str, Any] = {
            "marker": MARKERS[look.symbol],
            "facecolor": look.fill or "none",
            "edgecolor": look.line or "none",
            "linewidth": look.width_mm * self.page.unit / MM_PER_POINT,
            "alpha": look.opacity,
            "zorder": above,
        }
        return self.axes.scatter(xy[:, 0], xy[:, 1], s=points, **looks)


def mark_places(layer: Layer, extent: Extent) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the marks of a layer are on the page, float64 (n, 2), and their sizes; without those that have no place."""
    shapes = layer.shapes
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    sizes = np.full(len(shapes), layer.look.size_mm) if layer.sizes_mm is None else layer.sizes_mm
    points = to_page(shapely.point_on_surface(shapes[there]), extent)
    return shapely.get_coordinates(points), sizes[there]


def outline(shapes: NDArray[np.object_], form: Form) -> Path | None:
    """One path of all the lines or rings; None where there is nothing. Rings are oriented, so that holes stay holes."""
    parts = shapely.get_parts(shapes)
    dimension = 2 if form is Form.AREA else 1
    parts = parts[shapely.get_dimensions(parts) >= dimension]
    if form is Form.AREA:
        parts = shapely.get_rings(shapely.orient_polygons(parts))
    if not len(parts):
        return None
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    codes = np.full(len(xy), Path.LINETO, dtype=Path.code_type)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    codes[first] = Path.MOVETO
    if form is Form.AREA:
        codes[np.append(first[1:], len(xy)) - 1] = Path.CLOSEPOLY
    return Path(xy, codes)
