"""What the size of projected coordinates tells: which is the easting, and whether it carries its zone's number.

Chinese surveys write a Gauss-Kruger easting with the number of its zone in front (38 500 000 m) or without (500 000 m),
and many name the northing X. EPSG has a code for either: CGCS2000 in zones of 3 degrees is 4513-4533 with the number and
4534-4554 without it. The three are never in each other's range: northings in China are 1.5 to 6.5 million metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyproj

from geoplan.crs import in_china
from geoplan.i18n import _

Bounds = tuple[float, float, float, float]
_ZONE = 1_000_000.0
_EASTING = (100_000.0, 900_000.0)
_NORTHING = (1_500_000.0, 6_500_000.0)


@dataclass(frozen=True, slots=True)
class Family:
    """The codes of one datum and zone width, one after the other from the first zone on."""

    with_zone: int
    without_zone: int
    first: int
    last: int


# CGCS2000, Xian 1980 and Beijing 1954, in zones of 3 and of 6 degrees.
FAMILIES = (
    Family(4513, 4534, 25, 45),
    Family(4491, 4502, 13, 23),
    Family(2349, 2370, 25, 45),
    Family(2327, 2338, 13, 23),
    Family(2401, 2422, 25, 45),
    Family(21413, 21453, 13, 23),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the numbers say.

    Attributes:
        crs: the code that fits them where the stated one does not; blank where nothing is to be corrected.
        swapped: the first coordinate is the northing, or the latitude.
        evidence: why, in words; one for each of the two.
        contradiction: what cannot be repaired by either; blank where there is nothing.
    """

    crs: str = ""
    swapped: bool = False
    evidence: tuple[str, ...] = ()
    contradiction: str = ""


def judge(bounds: Bounds, crs: pyproj.CRS) -> Finding:
    """Whether coordinates are what their CRS says.

    Args:
        bounds: west, south, east, north in the units of the file.
    """
    west, south, east, north = bounds
    if crs.is_geographic:
        return _judge_degrees(bounds)
    located = _locate(crs)
    if located is None:
        return Finding()
    swapped = _within((west, east), _NORTHING) and (_within((south, north), _EASTING) or _zone((south, north)) > 0)
    said = _("X 为 {x}、Y 为 {y}：X 是纵坐标（北），Y 是横坐标（东）").format(x=_m(west), y=_m(south))
    eastings = (south, north) if swapped else (west, east)
    family, zone, with_zone = located
    judged = _judge_zone(eastings, family, zone, with_zone=with_zone)
    return Finding(judged.crs, swapped, ((said,) if swapped else ()) + judged.evidence, judged.contradiction)


def candidates(bounds: Bounds) -> tuple[str, ...]:
    """Which CRSs the numbers could be of, in words, where the file states none. Nothing is chosen."""
    west, south, east, north = bounds
    if max(map(abs, bounds)) <= 180:  # noqa: PLR2004 - degrees
        china = in_china((west + east) / 2, (south + north) / 2) or in_china((south + north) / 2, (west + east) / 2)
        return ("EPSG:4490", "EPSG:4326") if china else ("EPSG:4326",)
    for pair in ((west, east), (south, north)):
        zone = _zone(pair)
        for family in FAMILIES[:2]:
            if family.first <= zone <= family.last:
                return (f"EPSG:{family.with_zone + zone - family.first}",)
    if _within((west, east), _EASTING) or _within((south, north), _EASTING):
        return tuple(f"EPSG:{code}" for code in (4545, 4547, 4549))
    return ()


def _judge_degrees(bounds: Bounds) -> Finding:
    west, south, east, north = bounds
    if max(map(abs, bounds)) > 180:  # noqa: PLR2004 - degrees
        said = _("坐标系以度为单位，坐标却到 {number}：这些坐标以米为单位").format(number=_m(max(map(abs, bounds))))
        return Finding(contradiction=said)
    if max(abs(south), abs(north)) > 90 and max(abs(west), abs(east)) <= 90:  # noqa: PLR2004 - degrees of latitude
        said = _("第二个坐标到 {north:.4f}，不可能是纬度；第一个坐标为 {west:.4f}").format(north=north, west=west)
        return Finding(swapped=True, evidence=(said,))
    return Finding()


def _judge_zone(eastings: tuple[float, float], family: Family, stated: int, *, with_zone: bool) -> Finding:
    """Whether eastings carry the number of the zone that the CRS is of, and no other."""
    zone = _zone(eastings)
    if with_zone and _within(eastings, _EASTING):
        code = f"EPSG:{family.without_zone + stated - family.first}"
        said = _("坐标系带带号 {zone}，横坐标 {x} 却没有带号").format(zone=stated, x=_m(eastings[0]))
        return Finding(crs=code, evidence=(said,))
    if zone == 0 or (with_zone and zone == stated):
        return Finding()
    if zone != stated:
        said = _("横坐标 {x} 的带号是 {found}，坐标系却是第 {stated} 带")
        return Finding(contradiction=said.format(x=_m(eastings[0]), found=zone, stated=stated))
    code = f"EPSG:{family.with_zone + stated - family.first}"
    said = _("坐标系不带带号，横坐标 {x} 却带有带号 {zone}").format(zone=zone, x=_m(eastings[0]))
    return Finding(crs=code, evidence=(said,))


def _locate(crs: pyproj.CRS) -> tuple[Family, int, bool] | None:
    """(family, zone, whether eastings carry its number) of a Chinese Gauss-Kruger CRS, by code or else by its name."""
    code = crs.to_epsg(min_confidence=50)
    if code is None:
        return None
    for family in FAMILIES:
        for first, with_zone in ((family.with_zone, True), (family.without_zone, False)):
            if first <= code <= first + family.last - family.first:
                return family, code - first + family.first, with_zone
    return None


def _zone(pair: tuple[float, float]) -> int:
    """The number in front of both eastings of a pair; 0 where they have none, or not the same."""
    low, high = (int(value // _ZONE) for value in pair)
    known = any(family.first <= low <= family.last for family in FAMILIES)
    rest = (pair[0] - low * _ZONE, pair[1] - low * _ZONE)
    return low if low == high and known and _within(rest, _EASTING) else 0


def _within(pair: tuple[float, float], limits: tuple[float, float]) -> bool:
    return limits[0] <= pair[0] and pair[1] <= limits[1]


def _m(value: float) -> str:
    return f"{value:,.0f}"
