"""Synthetic village lanes beside the country roads, and tracks and paths into fields and hills."""

from dataclasses import dataclass

import numpy as np
import shapely

from geoplan.demo.county import County
from geoplan.demo.plane import BoolArray, FloatArray, Point, round_cm, stream
from geoplan.demo.ways import Ways

Pair = tuple[tuple[int, int], tuple[int, int]]  # column and row of two lane junctions

_MISSING = 0.27
_TRACKS = 3600  # tried; those that would run into something are left out


@dataclass(frozen=True)
class Village:
    """A village as built: its lane junctions in local metres, and whether its lanes reach a road."""

    junctions: FloatArray
    joined: bool = True


@dataclass(frozen=True)
class Frame:
    """A village's own axes: origin on the road, the road's direction, and the side the houses are on."""

    origin: FloatArray
    along: FloatArray
    away: FloatArray

    def place(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """Local metres of points u along and v away from the road."""
        return np.asarray(self.origin + u[..., None] * self.along + v[..., None] * self.away)


class VillageBuilder:
    """Lays lanes beside country roads; all villages of the county draw on one stream, in order."""

    def __init__(self, county: County, roads: Ways) -> None:
        self._county = county
        self._rng = stream("lanes")
        self._roads = roads.geometries()
        self._tree = shapely.STRtree(self._roads)
        self._wet = shapely.buffer(county.all_water, 25)
        shapely.prepare(self._wet)
        self.ways = Ways()
        self.villages: list[Village] = []

    def beside_road(self, site: Point, *, large: bool) -> None:
        """Build a village at the road nearest to a site; a large one lies on both sides."""
        road = self._roads[self._tree.nearest(shapely.Point(site))]
        sides = (1.0, -1.0) if large else ((1.0,) if self._rng.random() < 0.5 else (-1.0,))  # noqa: PLR2004
        parts = [self._patch(_frame(road, site, side), road, large=large) for side in sides]
        junctions = np.vstack(parts)
        if len(junctions):
            self.villages.append(Village(junctions))

    def apart(self, site: Point) -> None:
        """Build a hamlet whose lanes reach no road: a network island on purpose."""
        frame = Frame(np.array(site), np.array([0.8, 0.6]), np.array([-0.6, 0.8]))
        junctions = self._patch(frame, None, large=False)
        self.villages.append(Village(junctions, joined=False))

    def _patch(self, frame: Frame, road: shapely.LineString | None, *, large: bool) -> FloatArray:
        """One web of lanes; gives its junctions."""
        rng = self._rng
        columns = int(rng.integers(5, 10)) if large else int(rng.integers(3, 6))
        rows = int(rng.integers(3, 5)) if large else int(rng.integers(2, 4))
        u = np.cumsum(36 + 18 * rng.random(columns))
        v = 30 + np.concatenate([[0.0], np.cumsum(32 + 16 * rng.random(rows - 1))])
        across, up = np.meshgrid(u - u.mean(), v, indexing="ij")
        lean = (rng.random() - 0.5) * 0.5
        xy = frame.place(across + lean * (up - v.mean()), up) + (rng.random((columns, rows, 2)) - 0.5) * 13
        xy = round_cm(xy)
        usable = self._usable(xy.reshape(-1, 2)).reshape(columns, rows)
        pairs = _neighbours(usable, rng)
        reached = self._start(usable) if road is None else self._add_links(xy, usable, road)
        _spread(reached, pairs)
        self._add_lanes(xy, [pair for pair in pairs if reached[pair[0]]])
        return np.asarray(xy[reached])

    def _usable(self, xy: FloatArray) -> BoolArray:
        """Where a lane junction may be: inside a township, off the water, outside the towns."""
        ok = self._county.township_of(xy, inset_m=40) >= 0
        ok &= ~self._county.in_town(xy)
        return np.asarray(ok & ~shapely.intersects(self._wet, shapely.points(xy)))

    @staticmethod
    def _start(usable: BoolArray) -> BoolArray:
        """Only the middle column's front junction, where there is no road to start from."""
        first = np.zeros(usable.shape, dtype=bool)
        first[len(usable) // 2, 0] = usable[len(usable) // 2, 0]
        return first

    def _add_links(self, xy: FloatArray, usable: BoolArray, road: shapely.LineString) -> BoolArray:
        """Join some columns to the road; gives the junctions that are joined."""
        reached = np.zeros(usable.shape, dtype=bool)
        columns = np.flatnonzero(usable[:, 0])
        wanted = columns[:: max(1, int(self._rng.integers(2, 4)))].tolist()
        for i in wanted:
            end = shapely.get_coordinates(road.interpolate(road.project(shapely.Point(xy[i, 0]))))[0]
            line = np.vstack([xy[i, 0], end])
            if np.sqrt(((line[0] - line[1]) ** 2).sum()) < 90 and not self._wet.intersects(shapely.LineString(line)):  # noqa: PLR2004
                self.ways.add(line, "residential")
                reached[i, 0] = True
        return reached

    def _add_lanes(self, xy: FloatArray, pairs: list[Pair]) -> None:
        for a, b in pairs:
            along_front = a[1] == b[1]
            kind = "residential" if along_front else "footway" if self._rng.random() < 0.3 else "service"  # noqa: PLR2004
            line = np.vstack([xy[a], xy[b]])
            if not self._wet.intersects(shapely.LineString(line)):
                self.ways.add(line, kind)


def _spread(reached: BoolArray, pairs: list[Pair]) -> None:
    """Mark the junctions that can be reached from those marked, in place."""
    before = -1
    while int(reached.sum()) > before:
        before = int(reached.sum())
        for a, b in pairs:
            reached[a] = reached[b] = reached[a] or reached[b]


def _frame(road: shapely.LineString, site: Point, side: float) -> Frame:
    """The axes of a village at the point of a road nearest to a site."""
    at = road.project(shapely.Point(site))
    around = [max(0.0, at - 20), min(road.length, at + 20), at]
    back, ahead, origin = shapely.get_coordinates(road.interpolate(around))
    along = (ahead - back) / max(float(np.sqrt(((ahead - back) ** 2).sum())), 0.01)
    return Frame(origin, along, side * np.array([-along[1], along[0]]))


def _neighbours(usable: BoolArray, rng: np.random.Generator) -> list[Pair]:
    """Neighbouring junctions to join: most of the grid, some links missing."""
    columns, rows = usable.shape
    pairs = []
    for i in range(columns):
        for j in range(rows):
            for k, m in ((i + 1, j), (i, j + 1)):
                missing = rng.random() < _MISSING
                if k < columns and m < rows and usable[i, j] and usable[k, m] and not missing:
                    pairs.append(((i, j), (k, m)))
    return pairs


def lay_tracks(county: County, roads: Ways) -> Ways:
    """Winding dead-end tracks and paths from country roads, clear of roads, towns and water."""
    rng = stream("tracks")
    vertices = np.vstack([line[1:-1] for line in roads.lines if len(line) > 2])  # noqa: PLR2004
    starts = vertices[np.sort(rng.choice(len(vertices), _TRACKS, replace=False))]
    lines = [_wander(start, rng) for start in starts]
    clear = _clear(county, roads, lines)
    ways = Ways()
    for line, ok, chance in zip(lines, clear, rng.random(len(lines)), strict=True):
        if ok:
            ways.add(line, "track" if chance < 0.8 else "path" if chance < 0.97 else "steps")  # noqa: PLR2004
    return ways


def _wander(start: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A random walk that keeps its direction roughly."""
    heading = rng.random(2) - 0.5
    points = [start]
    for _ in range(int(rng.integers(2, 9))):
        heading = heading / np.sqrt((heading**2).sum()) + (rng.random(2) - 0.5) * 0.9
        points.append(points[-1] + heading * (45 + 40 * rng.random()))
    return round_cm(np.array(points))


def _clear(county: County, roads: Ways, lines: list[FloatArray]) -> BoolArray:
    """Whether each track, past its first piece, keeps away from roads, water, towns and the county line."""
    tails = np.array([shapely.LineString(line[1:]) for line in lines])
    tree = shapely.STRtree(roads.geometries())
    clear = np.ones(len(lines), dtype=bool)
    clear[tree.query(tails, predicate="dwithin", distance=28)[0]] = False
    whole = np.array([shapely.LineString(line) for line in lines])
    clear &= ~shapely.dwithin(whole, county.all_water, 30)
    clear &= shapely.contains(county.borders.county.buffer(-60), tails)
    ends = np.array([line[-1] for line in lines])
    return np.asarray(clear & ~county.in_town(ends))
