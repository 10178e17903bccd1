"""Where names stand: none over another, inside the frame, beside the marks.

Candidates are tried in a fixed order, the most important name first (greedy, as Yoeli 1972 described it): the same content
gives the same map. A name for which there is no room is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.report.print_maps.content import Name
from geoplan.report.print_maps.page import Rect

_AIR_MM = 0.6  # around a name
_MOST_OUTSIDE = 0.1  # of a name's box, where there is a better place in its area
_GRID = 7  # places tried across an area
# Directions from a point in the order of preference.
_AROUND = np.array([(1, 0), (1, 1), (1, -1), (-1, 0), (-1, 1), (-1, -1), (0, 1), (0, -1)], dtype=float)
_AT_CORNER = 0.85  # of the gap, sideways and upwards each, where the name's corner points at the mark


@dataclass(frozen=True, slots=True)
class Sized:
    """A name in its lines, with their size on the page in millimetres; ``name.place`` is on the page too."""

    name: Name
    lines: tuple[str, ...]
    width: float
    line_height: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A name on the page: the middle of its text and the box that is its own, in millimetres."""

    sized: Sized
    x: float
    y: float
    box: Rect


def place(names: Iterable[Sized], frame: Rect, marks: NDArray[np.float64], taken: Sequence[Rect] = ()) -> list[Placed]:
    """The names that have room, each once.

    Args:
        marks: float64 (n, 4), boxes on the page (west, south, east, north) that should not be covered, but may be by a
            name of rank 0.
        taken: boxes that must not be covered.
    """
    kept = [_edges(box) for box in taken]
    placed: list[Placed] = []
    for sized in sorted(names, key=lambda one: (one.name.rank, one.name.text)):
        boxes = _candidates(sized, frame)
        free = boxes[~_hits(boxes, np.array(kept).reshape(-1, 4))]
        clear = free[~_hits(free, marks)]
        if not len(clear) and sized.name.rank == 0:
            clear = free
        if len(clear):
            west, south, east, north = clear[0]
            kept.append((west, south, east, north))
            placed.append(
                Placed(sized, (west + east) / 2, (south + north) / 2, Rect(west, south, east - west, north - south))
            )
    return placed


def _edges(box: Rect) -> tuple[float, float, float, float]:
    return box.x, box.y, box.right, box.top


def _candidates(sized: Sized, frame: Rect) -> NDArray[np.float64]:
    """Boxes inside the frame, the best first, float64 (n, 4)."""
    half = np.array([sized.width / 2 + _AIR_MM, sized.line_height * len(sized.lines) / 2 + _AIR_MM])
    place_ = sized.name.place
    if place_.geom_type == "Point":
        gaps = sized.name.gap_mm * np.where(np.abs(_AROUND).sum(axis=1, keepdims=True) > 1, _AT_CORNER, 1.0)
        centres = np.array([place_.x, place_.y]) + _AROUND * (half + gaps)
    else:
        centres = _inside(place_, half)
    boxes = np.hstack([centres - half, centres + half])
    within = (
        (boxes[:, 0] >= frame.x) & (boxes[:, 1] >= frame.y) & (boxes[:, 2] <= frame.right) & (boxes[:, 3] <= frame.top)
    )
    return boxes[within]


def _inside(area: shapely.Geometry, half: NDArray[np.float64]) -> NDArray[np.float64]:
    """Middles for a name in an area: where most of the name lies inside, then where it is nearest to the middle."""
    if area.is_empty:
        return np.empty((0, 2))
    west, south, east, north = area.bounds
    xs, ys = np.linspace(west, east, _GRID + 2)[1:-1], np.linspace(south, north, _GRID + 2)[1:-1]
    middle = shapely.get_coordinates([area.centroid, area.representative_point()])
    centres = np.vstack([middle, np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)])
    boxes = shapely.box(*(centres - half).T, *(centres + half).T)
    outside = 1 - shapely.area(shapely.intersection(boxes, area)) / shapely.area(boxes)
    distance = np.hypot(*(centres - middle[0]).T)
    order = np.lexsort((distance.round(3), outside.round(2)))
    within = order[outside[order] <= _MOST_OUTSIDE]
    return centres[within if len(within) else order]


def _hits(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes overlap some other one, bool (n,)."""
    a, b = boxes[:, None, :], others[None, :, :]
    apart = (a[..., 2] <= b[..., 0]) | (a[..., 0] >= b[..., 2]) | (a[..., 3] <= b[..., 1]) | (a[..., 1] >= b[..., 3])
    return np.asarray((~apart).any(axis=1))
