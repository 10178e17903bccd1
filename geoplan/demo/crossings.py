"""Roads that pass over others without a junction: the motorway with its ramps, and elevated roads (all synthetic)."""

import itertools

import numpy as np
import shapely

from geoplan.demo.county import County
from geoplan.demo.noding import ends_of
from geoplan.demo.plane import FloatArray, IntArray, Point, chaikin, round_cm
from geoplan.demo.ways import Ways

_MOTORWAY_KM = (
    (38.5, 12.0), (33.0, 11.4), (28.5, 11.0), (23.5, 8.0), (19.0, 4.4), (14.0, 2.2), (11.6, -2.4), (9.6, -6.6),
    (6.8, -10.0), (7.0, -15.0), (9.5, -20.5), (10.5, -25.0),
)  # fmt: skip
_INTERCHANGES_KM = ((28.2, 10.9), (19.0, 4.4), (11.6, -2.4), (7.0, -10.6))
_ELEVATED_KM = ((20.4, 11.6), (9.6, 1.0))
_HALF_BRIDGE_M = 28.0


def motorway_line() -> shapely.LineString:
    """The motorway's course in local metres."""
    return shapely.LineString(round_cm(chaikin(np.array(_MOTORWAY_KM) * 1000, 4)))


def add_motorway(county: County, ways: Ways) -> None:
    """Lay the motorway over the finished roads: each crossing is a short bridge line without a shared vertex."""
    course = motorway_line()
    ramps = [_ramp(course, ways, (x * 1000, y * 1000)) for x, y in _INTERCHANGES_KM]
    obstacles = [*ways.geometries(), county.all_water]
    raised = _merged(_crossed(course, obstacles))
    joins = [round(course.project(shapely.Point(ramp[0])), 2) for ramp in ramps]
    cuts = sorted({0.0, round(course.length, 2), *(end for span in raised for end in span), *joins})
    for start, end in itertools.pairwise(cuts):
        middle = (start + end) / 2
        grade = int(any(low <= middle <= high for low, high in raised))
        ways.add(shapely.get_coordinates(_part(course, start, end)), "motorway", "示例高速公路", grade)
    for ramp, join in zip(ramps, joins, strict=True):
        ramp[0] = shapely.get_coordinates(_part(course, join, course.length))[0]
        ways.add(ramp, "trunk", "示例高速公路匝道")


def _part(course: shapely.LineString, start: float, end: float) -> shapely.LineString:
    """The stretch of a line between two distances from its start."""
    vertices = shapely.get_coordinates(course)
    at = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(vertices, axis=0) ** 2).sum(axis=1)))])
    tips = shapely.get_coordinates(course.interpolate([start, end]))
    inner = vertices[(at > start + 1) & (at < end - 1)]
    return shapely.LineString(round_cm(np.vstack([tips[:1], inner, tips[1:]])))


def _crossed(course: shapely.LineString, obstacles: list[shapely.Geometry]) -> list[tuple[float, float]]:
    """The stretches over each obstacle, with abutments."""
    spans = []
    for obstacle in np.array(obstacles)[shapely.STRtree(obstacles).query(course, predicate="intersects")]:
        for shape in shapely.get_parts(shapely.intersection(course, obstacle)):
            at = [course.project(shapely.Point(point)) for point in shapely.get_coordinates(shape)]
            spans.append((round(min(at) - _HALF_BRIDGE_M, 2), round(max(at) + _HALF_BRIDGE_M, 2)))
    return sorted(spans)


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join stretches that are close to each other."""
    merged: list[tuple[float, float]] = []
    for low, high in spans:
        if merged and low < merged[-1][1] + _HALF_BRIDGE_M:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _ramp(course: shapely.LineString, ways: Ways, place: Point) -> FloatArray:
    """A straight ramp from the motorway to the nearest junction it can reach without crossing a road."""
    lines = ways.geometries()
    tree = shapely.STRtree(lines)
    ends = ends_of(ways)
    for node in _nearest(ends.xy, place, 400):
        foot = shapely.Point(ends.xy[node])
        join = course.project(foot) + 160
        ramp = np.vstack([shapely.get_coordinates(course.interpolate(join)), ends.xy[node]])
        hits = tree.query(shapely.LineString(ramp), predicate="intersects")
        on_ground = all(ways.grades[k] == 0 for k in hits)
        touching = set(hits.tolist()) <= set(np.flatnonzero((ends.start == node) | (ends.end == node)).tolist())
        crossed = len(tree.query(shapely.LineString(ramp), predicate="crosses")) > 0
        if touching and on_ground and not crossed and (ways.rank()[hits] <= 5).any() and course.distance(foot) > 60:  # noqa: PLR2004
            return round_cm(ramp)
    msg = f"no junction near {place} for a motorway ramp"
    raise AssertionError(msg)


def _nearest(xy: FloatArray, place: Point, count: int) -> IntArray:
    return np.asarray(np.argsort(((xy - place) ** 2).sum(axis=1).round(2), kind="stable")[:count])


def add_elevated_roads(ways: Ways) -> None:
    """Add elevated roads: straight from junction to junction, over the roads between without a junction."""
    for x, y in _ELEVATED_KM:
        ways.add(_elevated(ways, (x * 1000, y * 1000)), "trunk", "示例高架路", grade=1)


def _elevated(ways: Ways, place: Point) -> FloatArray:
    """The first chord near a place that passes over two to six roads and misses all their vertices."""
    lines = ways.geometries()
    tree = shapely.STRtree(lines)
    ends = ends_of(ways)
    important = ways.rank() <= 4  # noqa: PLR2004
    busy = np.unique(np.concatenate([ends.start[important], ends.end[important]]))
    near = busy[_nearest(ends.xy[busy], place, 60)]
    vertices = shapely.STRtree(shapely.points(np.vstack(ways.lines)))
    for a, b in ((a, b) for k, a in enumerate(near) for b in near[:k]):
        chord = shapely.LineString(ends.xy[[a, b]])
        if not 350 < chord.length < 900:  # noqa: PLR2004
            continue
        hits = tree.query(chord, predicate="crosses")
        inner = shapely.LineString(shapely.get_coordinates(chord.interpolate([4.0, chord.length - 4.0])))
        clear = len(vertices.query(inner, predicate="dwithin", distance=3.0)) == 0
        if 2 <= len(hits) <= 6 and clear and (ways.rank()[hits] <= 4).any():  # noqa: PLR2004
            return np.asarray(ends.xy[[a, b]])
    msg = f"no place for an elevated road near {place}"
    raise AssertionError(msg)
