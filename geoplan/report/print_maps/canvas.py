"""A page to draw on: one coordinate system, millimetres from the lower left corner of the paper, for all that is on it.

The ground is brought into it before it is drawn, so that the numeric scale is exact by construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import Stroke
from numpy.typing import NDArray

from geoplan.report.print_maps.content import Form, Layer, Look
from geoplan.report.print_maps.extent import Extent
from geoplan.report.print_maps.fonts import Typeface
from geoplan.report.print_maps.page import Page, Rect
from geoplan.report.print_maps.symbols import MARKERS

MM_PER_INCH, POINTS_PER_INCH = 25.4, 72.0
MM_PER_POINT = MM_PER_INCH / POINTS_PER_INCH
INK = "#202124"
HALO_MM = 0.55
_THINNEST_MM = 0.04  # what is finer than this does not show in print
_BEYOND_MM = 3.0  # shapes are cut so far outside the frame, where the cut does not show


class Canvas:
    """A figure of a page's size; every length is in millimetres, every text size in points."""

    def __init__(self, page: Page, typeface: Typeface) -> None:
        self.page, self.typeface = page, typeface
        self.figure = Figure(figsize=(page.width / MM_PER_INCH, page.height / MM_PER_INCH), facecolor="white")
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
        looks: dict[str, Any] = {
            "color": colour,
            "fontsize": points,
            "family": list(self.typeface.families),
            "parse_math": False,
        }
        places: dict[str, Any] = {"ha": across, "va": up, "rotation": rotation, "rotation_mode": "anchor"}
        for beneath in (True, False) if halo else (False,):
            drawn = self.axes.text(x, y, text, **looks, **places, zorder=30 if beneath else 31)
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
        """The shapes of a layer inside the frame of an extent."""
        shapes = onto_page(layer.shapes, extent)
        clip = Rectangle(
            (extent.frame.x, extent.frame.y), extent.frame.width, extent.frame.height, transform=self.axes.transData
        )
        if layer.form is Form.MARK:
            self.marks(
                shapely.get_coordinates(shapely.point_on_surface(shapes)), layer.look, layer.sizes_mm, above, clip
            )
        else:
            self._paths(shapes, layer.form, layer.look, above, clip)

    def _paths(self, shapes: NDArray[np.object_], form: Form, look: Look, above: float, clip: Rectangle | None) -> None:
        path = outline(shapes, form)
        if path is None:
            return
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
        patch = PathPatch(path, **looks)
        self.axes.add_artist(patch)
        if clip is not None:
            patch.set_clip_path(clip)

    def area(self, box: Rect, look: Look) -> None:
        """A sample of an area for a legend."""
        self._paths(np.array([shapely.box(box.x, box.y, box.right, box.top)], dtype=object), Form.AREA, look, 21, None)

    def stroke(self, box: Rect, look: Look) -> None:
        """A sample of a line for a legend."""
        y = box.y + box.height / 2
        self._paths(
            np.array([shapely.LineString([(box.x, y), (box.right, y)])], dtype=object), Form.LINE, look, 21, None
        )

    def marks(
        self,
        places: NDArray[np.float64],
        look: Look,
        sizes_mm: NDArray[np.float64] | None,
        above: float,
        clip: Rectangle | None,
    ) -> None:
        """Symbols at places on the page, float64 (n, 2)."""
        if not len(places):
            return
        sizes = np.full(len(places), look.size_mm) if sizes_mm is None else sizes_mm
        points = (sizes * self.page.unit / MM_PER_POINT) ** 2  # matplotlib sizes marks by their area
        looks: dict[str, Any] = {
            "marker": MARKERS[look.symbol],
            "facecolor": look.fill or "none",
            "edgecolor": look.line or "none",
            "linewidth": look.width_mm * self.page.unit / MM_PER_POINT,
            "alpha": look.opacity,
            "zorder": above,
        }
        drawn = self.axes.scatter(places[:, 0], places[:, 1], s=points, **looks)
        if clip is not None:
            drawn.set_clip_path(clip)


def onto_page(shapes: NDArray[np.object_], extent: Extent) -> NDArray[np.object_]:
    """Shapes in metres as shapes on the page in millimetres, cut a little outside the frame, without the empty ones.

    Points are neither cut nor left out when they lie outside, so that their order stays that of what belongs to them.
    """
    frame, scale = extent.frame, extent.metres_per_mm
    corner, origin = np.array([frame.x, frame.y]), np.array([extent.west, extent.south])
    paper = shapely.transform(shapes, lambda xy: corner + (xy - origin) / scale)
    if (shapely.get_dimensions(paper) <= 0).all():
        return np.asarray(paper)
    window = (frame.x - _BEYOND_MM, frame.y - _BEYOND_MM, frame.right + _BEYOND_MM, frame.top + _BEYOND_MM)
    paper = paper[shapely.intersects(paper, shapely.box(*window))]
    thinned = shapely.simplify(paper, _THINNEST_MM, preserve_topology=False)
    cut = shapely.clip_by_rect(thinned, *window)
    return np.asarray(cut[~shapely.is_empty(cut)])


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
