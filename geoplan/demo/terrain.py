"""Synthetic relief: value noise whose creases are valleys, hilly in the west as the real county is.

Only sums and products are used (no sine, no exponential), so another processor gives the same heights.
"""

from dataclasses import dataclass

import numpy as np

from geoplan.demo.plane import FloatArray, Point, stream

_LATTICE = 64  # noise repeats after this many cells, farther than the county is wide


@dataclass(frozen=True)
class Noise:
    """Smooth noise between about -1 and 1 on a plane in metres; each octave has half the cell of the one before."""

    octaves: tuple[FloatArray, ...]
    cell_m: float

    @classmethod
    def seeded(cls, part: str, *, cell_m: float, octaves: int = 1) -> "Noise":
        """Draw the noise of one named part of the demo."""
        rng = stream(part)
        return cls(tuple(rng.random((_LATTICE, _LATTICE)) * 2 - 1 for _ in range(octaves)), cell_m)

    def __call__(self, xy: FloatArray) -> FloatArray:
        """The noise at each point (n, 2) in metres."""
        total = np.zeros(len(xy))
        for number, lattice in enumerate(self.octaves):
            total += _interpolate(lattice, xy / self.cell_m * 2**number) / 2**number
        return total


def _interpolate(lattice: FloatArray, at: FloatArray) -> FloatArray:
    """Interpolate a wrapped lattice with smoothstep weights."""
    low = np.floor(at)
    part = at - low
    x, y = (part * part * (3 - 2 * part)).T
    i, j = (low.astype(np.int64) % _LATTICE).T
    k, m = (i + 1) % _LATTICE, (j + 1) % _LATTICE
    bottom = lattice[i, j] * (1 - x) + lattice[k, j] * x
    top = lattice[i, m] * (1 - x) + lattice[k, m] * x
    return np.asarray(bottom * (1 - y) + top * y)


@dataclass(frozen=True)
class Terrain:
    """Heights in metres above the plain; `flats` are the seats, which lie in basins."""

    valleys: Noise
    ranges: Noise
    flats: FloatArray

    @classmethod
    def around(cls, seats: list[Point]) -> "Terrain":
        """Make the relief of the demo county around its township seats."""
        valleys = Noise.seeded("valleys", cell_m=4200, octaves=4)
        return cls(valleys, Noise.seeded("ranges", cell_m=9000, octaves=2), np.array(seats))

    def hilliness(self, xy: FloatArray) -> FloatArray:
        """From about 0.1 (the plain by the river) to 1 (the western hills)."""
        westward = np.clip((17_000 - xy[:, 0]) / 26_000, 0, 1)
        return np.clip(0.12 + 0.75 * westward + 0.35 * self.ranges(xy), 0.06, 1.0)

    def height_m(self, xy: FloatArray) -> FloatArray:
        """Height: the noise's zero lines are valley floors."""
        crease = np.abs(self.valleys(xy))
        nearest2 = np.min([((xy - seat) ** 2).sum(axis=1) for seat in self.flats], axis=0)
        basin = nearest2 / (nearest2 + 1_500.0**2)
        return np.asarray(620 * self.hilliness(xy) * crease * (0.35 + crease) * basin)
