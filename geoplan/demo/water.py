"""Synthetic water: a broad river along the eastern county line, one tributary through the county, two reservoirs."""

from dataclasses import dataclass

import numpy as np
import shapely

from geoplan.demo.plane import FloatArray, chaikin, round_cm
from geoplan.demo.terrain import Noise

# Local kilometres. The river follows the drawn county line between the first two points.
_RIVER_ENDS_KM = ((14.0, 23.6), (32.6, 19.4))
_UPSTREAM_KM = ((2.0, 33.5), (6.0, 30.0), (10.0, 26.6))
_DOWNSTREAM_KM = ((36.5, 18.2), (41.0, 15.0), (45.0, 13.5))
_TRIBUTARY_KM = (
    (7.2, 4.6), (8.6, 6.4), (10.8, 7.0), (12.2, 9.0), (14.6, 10.2), (15.4, 12.4), (18.2, 12.7), (20.2, 13.8),
    (22.2, 13.4), (23.6, 14.9), (25.4, 14.6), (26.6, 16.3), (28.4, 17.0), (28.9, 18.9), (30.0, 20.4),
)  # fmt: skip
_RESERVOIRS_KM = ((-5.2, 2.6, 520.0), (-16.4, -3.6, 420.0))  # centre x, y, radius in metres
_ISLAND_KM = (24.6, 22.1)  # an inhabited sandbank without a bridge


@dataclass(frozen=True)
class Water:
    """Water polygons in local metres; the river has the island as a hole."""

    river: shapely.Polygon
    tributary: shapely.Polygon
    reservoirs: tuple[shapely.Polygon, ...]
    island: shapely.Polygon

    def everything(self) -> shapely.Geometry:
        """All water as one geometry."""
        return shapely.union_all([self.river, self.tributary, *self.reservoirs], grid_size=0.01)


def draw_water(county: shapely.Polygon) -> Water:
    """Draw the water bodies; the river's middle follows the county line in the east."""
    course = _river_course(county)
    island = _island(course)
    bed = shapely.buffer(shapely.LineString(course), 430, quad_segs=6).difference(island)
    stream_line = chaikin(np.array(_TRIBUTARY_KM) * 1000, 3)
    tributary = _widening(stream_line).difference(bed.union(island))
    reservoirs = tuple(_blob(number, x, y, radius) for number, (x, y, radius) in enumerate(_RESERVOIRS_KM))
    return Water(_rounded(bed), _rounded(_biggest(tributary)), reservoirs, _rounded(island))


def _river_course(county: shapely.Polygon) -> FloatArray:
    """A smooth line along the eastern county line, longer than it at both ends."""
    outline = county.exterior
    start, end = (outline.project(shapely.Point(x * 1000, y * 1000)) for x, y in _RIVER_ENDS_KM)
    length = (start - end) % outline.length  # rings run anticlockwise, the river clockwise
    steps = np.linspace(0, length, 14)
    along = shapely.get_coordinates(outline.interpolate((start - steps) % outline.length))
    course = np.vstack([np.array(_UPSTREAM_KM) * 1000, along, np.array(_DOWNSTREAM_KM) * 1000])
    return round_cm(chaikin(course, 3))


def _island(course: FloatArray) -> shapely.Polygon:
    """A lens-shaped sandbank near the wanted place, on the county's side of the middle."""
    line = shapely.LineString(course)
    middle = line.project(shapely.Point(_ISLAND_KM[0] * 1000, _ISLAND_KM[1] * 1000))
    along = np.linspace(-1, 1, 15)
    on_line = shapely.get_coordinates(line.interpolate(middle + along * 800))
    ahead = shapely.get_coordinates(line.interpolate(middle + along * 800 + 5))
    right = np.column_stack([ahead[:, 1] - on_line[:, 1], on_line[:, 0] - ahead[:, 0]]) / 5
    half = (190 * (1 - along**2))[:, None]
    shore = np.vstack([on_line + right * (120 - half), (on_line + right * (120 + half))[-2:0:-1]])
    return shapely.Polygon(round_cm(shore))


def _widening(course: FloatArray) -> shapely.Geometry:
    """A stream that widens downstream from 24 to 130 metres."""
    half = np.linspace(12, 65, len(course) - 1)
    reaches = shapely.linestrings(np.stack([course[:-1], course[1:]], axis=1))
    return shapely.union_all(shapely.buffer(reaches, half.round(1), quad_segs=4), grid_size=0.01)


def _blob(number: int, x_km: float, y_km: float, radius: float) -> shapely.Polygon:
    """A reservoir with arms, from noise around a circle."""
    angle = np.arange(72) * (np.pi / 36)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    noise = Noise.seeded(f"reservoir {number}", cell_m=0.7, octaves=2)(circle)
    return shapely.Polygon(round_cm((x_km * 1000, y_km * 1000) + circle * (radius * (1.1 + 0.75 * noise))[:, None]))


def _biggest(shape: shapely.Geometry) -> shapely.Geometry:
    return max(shapely.get_parts(shape), key=lambda part: float(part.area))


def _rounded(shape: shapely.Geometry) -> shapely.Polygon:
    """The shape on the centimetre grid, still valid."""
    return shapely.set_precision(shape, 0.01)
