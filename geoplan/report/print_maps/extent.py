"""The ground that a frame shows, at a scale whose number is round and exact on the paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.errors import SettingsError
from geoplan.i18n import _
from geoplan.report.print_maps.page import Rect

_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_LEAST = 500  # 1:500 is the largest scale of planning maps
_THINNEST_MM = 0.04  # what is finer than this does not show in print
_BEYOND_MM = 3.0  # shapes are cut so far outside the frame, where the cut does not show
_AIR = 1.04  # of the extent, so that a border does not run along the frame
Bounds = tuple[float, float, float, float]
"""West, south, east, north in metres."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a frame shows.

    Attributes:
        west, south: the lower left corner of the frame in metres.
        denominator: of the numeric scale; a millimetre on paper is ``denominator / 1000`` metres on the ground.
    """

    west: float
    south: float
    denominator: int
    frame: Rect

    @property
    def metres_per_mm(self) -> float:
        """Metres on the ground for a millimetre on paper."""
        return self.denominator / 1000

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north in metres."""
        return (
            self.west,
            self.south,
            self.west + self.frame.width * self.metres_per_mm,
            self.south + self.frame.height * self.metres_per_mm,
        )

    @property
    def centre(self) -> tuple[float, float]:
        """The middle in metres."""
        west, south, east, north = self.bounds
        return (west + east) / 2, (south + north) / 2


def fit(bounds: Bounds, frame: Rect, denominator: int = 0) -> Extent:
    """The extent around some bounds at the largest round scale that shows all of them.

    Args:
        denominator: of the scale to take instead; 0 for the largest that fits.

    Raises:
        SettingsError: at the scale asked for the bounds do not fit into the frame.
    """
    west, south, east, north = bounds
    needed = _AIR * max((east - west) / frame.width, (north - south) / frame.height) * 1000
    if denominator and denominator * _AIR < needed:
        text = _("1:{scale} 放不下全图，至少要 1:{needed}。请改版式文件的 scale，0 为自动。")
        raise SettingsError(text.format(scale=f"{denominator:,}", needed=f"{_round_above(needed):,}"))
    chosen = denominator or _round_above(needed)
    x, y = (west + east) / 2, (south + north) / 2
    return Extent(x - frame.width * chosen / 2000, y - frame.height * chosen / 2000, chosen, frame)


def _round_above(needed: float) -> int:
    """The smallest round denominator that is large enough."""
    power = _LEAST
    candidates = (round(step * 10**exponent) for exponent in range(2, 9) for step in _STEPS)
    return next(value for value in candidates if value >= max(needed, power))


def bar_length(extent: Extent) -> float:
    """The length of the scale bar in metres: 1, 2 or 5 and noughts, at most a quarter of the frame."""
    most = extent.frame.width * extent.metres_per_mm / 4
    return max(step * 10.0**exponent for exponent in range(8) for step in (1, 2, 5) if step * 10**exponent <= most)


def to_page(shapes: NDArray[np.object_], extent: Extent) -> NDArray[np.object_]:
    """Shapes in metres as shapes on the page in millimetres."""
    corner, origin = np.array([extent.frame.x, extent.frame.y]), np.array([extent.west, extent.south])
    return np.asarray(shapely.transform(shapes, lambda xy: corner + (xy - origin) / extent.metres_per_mm))


def seen(shapes: NDArray[np.object_], extent: Extent) -> NDArray[np.object_]:
    """Shapes in metres less what lies well outside the frame or is too fine to show; without the empty ones."""
    west, south, east, north = extent.bounds
    beyond = _BEYOND_MM * extent.metres_per_mm
    window = (west - beyond, south - beyond, east + beyond, north + beyond)
    near = shapes[shapely.intersects(shapes, shapely.box(*window))]
    fine = _THINNEST_MM * extent.metres_per_mm
    within = shapely.clip_by_rect(shapely.simplify(near, fine, preserve_topology=False), *window)
    return np.asarray(within[~shapely.is_empty(within)])
