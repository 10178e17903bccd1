"""Which of WGS84 (or CGCS2000), GCJ-02 and BD-09 places are given in, judged by laying them over a reference. Nothing is converted.

Chinese web maps show places shifted by 300 to 1,500 m. Under the right reading, homes and facilities lie at roads, roads on roads and
borders on borders; under a wrong one they lie anywhere. How near "anywhere" is depends on the reference, so it is
measured: the same places moved by random vectors as long as such shifts. A reading is taken only when it lies nearer than every
one of them, and place by place nearer than the next reading by several standard errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from geoplan import crs
from geoplan.i18n import _

READINGS = ("wgs84", "gcj02", "bd09")
NAMES: Mapping[str, str] = {"wgs84": "WGS84/CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}
_FEWEST_PLACES, _MOST_PLACES, _MOST_REFERENCE = 5, 600, 400_000
_MOVES, _SEED = 60, 20_000
_MOVE_M = (300.0, 1_300.0)
_STEADY_M = 10.0  # below this, nearer is no better: roads have a width
_MARGIN_DEGREES = 0.03
_AHEAD = 4.0  # standard errors by which a reading must be nearer than the next one
_METRES_PER_DEGREE = 111_320.0
_AREAL = 2
_STEP_DEGREES = 0.0003  # about 30 m


@dataclass(frozen=True, slots=True)
class Detection:
    """What the places say.

    Attributes:
        datum: the reading that fits; blank where none stands out.
        metres: the median distance from the reference under each reading; empty where nothing was compared.
        by_chance: the median distance after a random move.
        places: how many were compared.
        reason: why nothing is decided; blank where it is.
    """

    datum: str
    metres: Mapping[str, float]
    by_chance: float
    places: int
    reason: str = ""

    @property
    def shifted(self) -> bool:
        """Whether the places are given in a shifted datum."""
        return self.datum in {"gcj02", "bd09"}

    def evidence(self) -> str:
        """The distances in words."""
        if not self.metres:
            return self.reason
        told = _("、").join(
            _("按 {name} 为 {metres:,.0f} 米").format(name=NAMES[name], metres=metres)
            for name, metres in self.metres.items()
        )
        text = _("{count} 个位置到参照的距离中位数：{told}；随意移动后为 {chance:,.0f} 米")
        words = text.format(count=self.places, told=told, chance=self.by_chance)
        return _("；").join(filter(None, (words, self.reason)))


def detect(places: NDArray[np.float64], reference: NDArray[np.float64]) -> Detection:
    """Judge the datum of places.

    Args:
        places: degrees as the file has them, shape (n, 2): points, or vertices of lines and outlines.
        reference: WGS84 degrees, shape (m, 2): points along roads or outlines, no more than some tens of metres apart.
    """
    if not len(places) or not len(reference):
        return _undecided(_("没有可以比较的位置"))
    if not in_china(places):
        return _undecided(_("不在中国境内，那里不用 GCJ-02 和 BD-09"))
    places = places[:: max(1, len(places) // _MOST_PLACES)]
    low, high = reference.min(axis=0) - _MARGIN_DEGREES / 3, reference.max(axis=0) + _MARGIN_DEGREES / 3
    places = places[((places >= low) & (places <= high)).all(axis=1)]
    if len(places) < _FEWEST_PLACES:
        return _undecided(_("参照范围内的位置不足 {count} 个").format(count=_FEWEST_PLACES))
    return _compared(places, reference)


def reference_points(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Points along lines, or along the outlines of areas, near enough to each other to lay places over.

    Args:
        shapes: in WGS84 degrees.

    Returns:
        float64 (n, 2).
    """
    lines = np.where(shapely.get_dimensions(shapes) == _AREAL, shapely.boundary(shapes), shapes)
    return shapely.get_coordinates(shapely.segmentize(lines, _STEP_DEGREES))


def in_china(places: NDArray[np.float64]) -> bool:
    """Whether the middle of the places lies in the box around China inside which web maps are shifted."""
    lon, lat = np.median(places, axis=0)
    return bool(crs.in_china(float(lon), float(lat)))


def _compared(places: NDArray[np.float64], reference: NDArray[np.float64]) -> Detection:
    scale = _METRES_PER_DEGREE * np.array([np.cos(np.radians(places[:, 1].mean())), 1.0])
    near = (reference >= places.min(axis=0) - _MARGIN_DEGREES) & (reference <= places.max(axis=0) + _MARGIN_DEGREES)
    reference = reference[near.all(axis=1)]
    tree = KDTree(reference[:: max(1, len(reference) // _MOST_REFERENCE)] * scale)
    readings = {name: _read(places, name) * scale for name in READINGS}
    distances = {name: tree.query(xy)[0] for name, xy in readings.items()}
    moved = [tree.query(readings["wgs84"] + move)[0] for move in _random_moves()]
    nearness = {name: _nearness(found) for name, found in distances.items()}
    chance = min(float(_nearness(found).mean()) for found in moved)
    metres = {name: float(np.median(found)) for name, found in distances.items()}
    best, second = sorted(READINGS, key=lambda name: float(nearness[name].mean()))[:2]
    sure = float(nearness[best].mean()) < chance and _ahead(nearness[best], nearness[second]) >= _AHEAD
    reason = "" if sure else _("没有哪一种明显更近，无法判断")
    by_chance = float(np.median([np.median(found) for found in moved]))
    return Detection(best if sure else "", metres, by_chance, len(places), reason)


def _read(places: NDArray[np.float64], datum: str) -> NDArray[np.float64]:
    """Where places are if they are given in this datum, in WGS84 degrees."""
    return shapely.get_coordinates(crs.undo_shift(shapely.points(places), datum))


def _random_moves() -> NDArray[np.float64]:
    """Vectors in metres, the same ones at every run."""
    random = np.random.default_rng(_SEED)
    angles, lengths = random.uniform(0, 2 * np.pi, _MOVES), random.uniform(*_MOVE_M, _MOVES)
    return np.column_stack([lengths * np.cos(angles), lengths * np.sin(angles)])


def _nearness(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of distances, so that a few places far off do not decide; the lower, the nearer."""
    return np.log(metres + _STEADY_M)


def _ahead(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """By how many standard errors the places are nearer under one reading than under another."""
    gain = other - one
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return float(gain.mean() / max(error, 1e-9))


def _undecided(reason: str) -> Detection:
    return Detection("", {}, np.nan, 0, reason)
