"""The ground on which the demo is built: relief, borders, water and the towns around the seats."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely

from geoplan.demo.borders import Borders, draw_borders
from geoplan.demo.facts import TOWNSHIPS
from geoplan.demo.plane import BoolArray, FloatArray, IntArray, Point, from_lonlat
from geoplan.demo.terrain import Noise, Terrain
from geoplan.demo.water import Water, draw_water

# Synthetic, by township: how far it grows against its neighbours, and the radius of its town in metres.
_REACH = (1.3, 1.15, 1.0, 1.0, 0.85, 0.72, 0.8, 1.1, 1.2, 0.9)
_TOWN_RADIUS_M = (2_750.0, 640.0, 800.0, 640.0, 860.0, 840.0, 900.0, 700.0, 520.0, 380.0)


@dataclass(frozen=True)
class Town:
    """A built-up area: a blob around a seat."""

    number: int
    seat: Point
    radius_m: float
    shape: Noise

    def contains(self, xy: FloatArray) -> BoolArray:
        """Whether points in local metres lie in the blob."""
        distance = np.sqrt(((xy - self.seat) ** 2).sum(axis=1))
        return np.asarray(np.round(distance - self.radius_m * (1 + 0.45 * self.shape(xy)), 3) < 0)


@dataclass(frozen=True)
class County:
    """Everything that was there before the roads; all geometry in local metres."""

    terrain: Terrain
    borders: Borders
    water: Water
    towns: tuple[Town, ...]
    _insets: dict[tuple[int, float], shapely.Geometry] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def all_water(self) -> shapely.Geometry:
        """All water as one geometry."""
        water = self.water.everything()
        shapely.prepare(water)
        return water

    def township_of(self, xy: FloatArray, *, inset_m: float = 0.0) -> IntArray:
        """The number of the township each point lies in, at least so far from its border; -1 for none."""
        points = shapely.points(xy)
        numbers = np.full(len(xy), -1, dtype=np.int64)
        for number in range(len(self.borders.townships)):
            numbers[shapely.contains(self._inset(number, inset_m), points)] = number
        return numbers

    def _inset(self, number: int, inset_m: float) -> shapely.Geometry:
        """A township without a strip along its border, made once."""
        key = (number, inset_m)
        if key not in self._insets:
            self._insets[key] = self.borders.townships[number].buffer(-inset_m)
            shapely.prepare(self._insets[key])
        return self._insets[key]

    def in_town(self, xy: FloatArray) -> BoolArray:
        """Whether each point lies in any town."""
        return np.asarray(np.any([town.contains(xy) for town in self.towns], axis=0))


def make_county() -> County:
    """Make the demo county's ground."""
    seats = [from_lonlat(township.lon, township.lat) for township in TOWNSHIPS]
    terrain = Terrain.around(seats)
    borders = draw_borders(seats, list(_REACH), terrain)
    towns = tuple(
        Town(number, seat, radius, Noise.seeded(f"town {number}", cell_m=radius * 0.8, octaves=2))
        for number, (seat, radius) in enumerate(zip(seats, _TOWN_RADIUS_M, strict=True))
    )
    return County(terrain, borders, draw_water(borders.county), towns)
