"""Synthetic street grids of the towns: rotated, warped, with missing links and culs-de-sac."""

from dataclasses import dataclass, field

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geoplan.demo.county import County, Town
from geoplan.demo.plane import BoolArray, FloatArray, IntArray, round_cm, stream
from geoplan.demo.terrain import Noise
from geoplan.demo.ways import Ways

_ARTERIAL_EVERY = 5
_MISSING = 0.13
_PARK_ABOVE = 0.72  # noise above this is a park, a pond or a works without streets
_FOOTWAY_SHARE = 0.12  # of the lanes
_LANE_SHARE = 0.55  # blocks with a lane into them
_LONGEST_BRIDGE_M = 330.0
_BRIDGE_SPACING_M = 250.0
_BIG_TOWN_M = 2_000.0
_CLASSES_OF_A_CITY = ("primary", "secondary", "residential")  # of the main lines, the arterial ones, the others
_CLASSES_OF_A_TOWN = ("secondary", "tertiary", "residential")


Link = tuple[int, int, int]  # node, node, rank of the line: 0 main, 1 arterial, 2 street


@dataclass
class Grid:
    """The node grid of one town; `number` is a node's place in `xy`, -1 where there is none."""

    xy: FloatArray
    number: IntArray
    arterial: BoolArray  # by line number, the same for columns and rows
    links: list[Link] = field(default_factory=list)
    bridges: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class TownStreets:
    """The streets of one town; country roads join them at the gates, where arterial streets end."""

    ways: Ways
    gates: FloatArray
    junctions: FloatArray


def lay_streets(county: County, town: Town) -> TownStreets:
    """Lay out the streets of one town."""
    rng = stream(f"streets {town.number}")
    grid = _node_grid(county, town, rng)
    _link(grid, county, town, rng)
    _bridge(grid, county)
    _keep_largest(grid)
    names = _CLASSES_OF_A_CITY if town.radius_m > _BIG_TOWN_M else _CLASSES_OF_A_TOWN
    ways = Ways()
    lanes = _lanes_into_blocks(grid, county, rng)
    for a, b, rank in grid.links:
        line = grid.xy[[a, b]]
        if (a, b) in lanes:
            line = np.insert(line, 1, lanes[a, b][0], axis=0)
        ways.add(line, names[rank], "示例大道" if rank == 0 else "")
    for a, b, rank in grid.bridges:
        ways.add(grid.xy[[a, b]], names[rank], "示例桥", grade=1)
    for lane in lanes.values():
        ways.add(lane, "footway" if rng.random() < _FOOTWAY_SHARE else "service")
    used = sorted({node for a, b, _ in grid.links for node in (a, b)})
    return TownStreets(ways, grid.xy[_line_ends(grid)], grid.xy[used])


def _line_ends(grid: Grid) -> IntArray:
    """The junctions where arterial lines end."""
    nodes = np.array([node for a, b, rank in grid.links + grid.bridges if rank < 2 for node in (a, b)])  # noqa: PLR2004
    found, count = np.unique(nodes, return_counts=True)
    return np.asarray(found[count == 1])


def _node_grid(county: County, town: Town, rng: np.random.Generator) -> Grid:
    """Junctions of a rotated and warped grid inside the town, off the water."""
    size = int(town.radius_m / 42)
    widths = [np.round(70 + 75 * rng.random(size), 2), np.round(60 + 55 * rng.random(size), 2)]
    u, v = (np.cumsum(width) - width[: size // 2].sum() for width in widths)
    angle = (rng.random() - 0.5) * 1.1
    across, up = np.meshgrid(u, v, indexing="ij")
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.column_stack([across.ravel(), up.ravel()]) @ np.array([[cos, sin], [-sin, cos]])
    cell = max(700.0, town.radius_m * 0.55)
    bend = [Noise.seeded(f"bend {axis} {town.number}", cell_m=cell, octaves=2)(turned) for axis in "xy"]
    xy = round_cm(turned + np.column_stack(bend) * (0.16 * cell) + (rng.random(turned.shape) - 0.5) * 14 + town.seat)
    wet = shapely.buffer(county.all_water, 22)
    lines = np.arange(size) % _ARTERIAL_EVERY == (size // 2) % _ARTERIAL_EVERY
    open_ground = Noise.seeded(f"parks {town.number}", cell_m=420, octaves=2)(xy).round(6) > _PARK_ABOVE
    inside = town.contains(xy) & (county.township_of(xy, inset_m=60) == town.number)
    inside &= ~open_ground | (lines[:, None] | lines).ravel()
    inside &= ~shapely.intersects(wet, shapely.points(xy))
    number = np.where(inside, np.cumsum(inside) - 1, -1).reshape(size, size)
    return Grid(xy[inside], number, lines)


def _rank(grid: Grid, line: int) -> int:
    """The rank of a column or row: the middle one is the main line."""
    middle = len(grid.number) // 2
    return 0 if line == middle else 1 if grid.arterial[line] else 2


def _link(grid: Grid, county: County, town: Town, rng: np.random.Generator) -> None:
    """Join neighbouring junctions, but not over water, and leave some links out."""
    wet = shapely.buffer(county.all_water, 14)
    shapely.prepare(wet)
    chance = rng.random((*grid.number.shape, 2))
    fringe = _fringe(grid, town)
    for i, j in np.argwhere(grid.number >= 0).tolist():
        for axis, (k, m) in enumerate(((i + 1, j), (i, j + 1))):
            if max(k, m) >= len(grid.number) or grid.number[k, m] < 0:
                continue
            rank = _rank(grid, j if axis == 0 else i)
            a, b = int(grid.number[i, j]), int(grid.number[k, m])
            kept = rank < 2 or chance[i, j, axis] > _MISSING + fringe[a]  # noqa: PLR2004
            if kept and not wet.intersects(shapely.LineString(grid.xy[[a, b]])):
                grid.links.append((a, b, rank))


def _fringe(grid: Grid, town: Town) -> FloatArray:
    """How many more links are missing at each junction: none in the middle, a third at the edge of the town."""
    away = np.sqrt(((grid.xy - town.seat) ** 2).sum(axis=1)) / town.radius_m
    return np.asarray(np.round(0.34 * np.clip(2.2 * away - 1.3, 0, 1), 6))


def _bridge(grid: Grid, county: County) -> None:
    """Carry each second arterial over narrow water."""
    for line in np.flatnonzero(grid.arterial)[::2].tolist():
        for column in (True, False):
            nodes = grid.number[line, :] if column else grid.number[:, line]
            dry = nodes[nodes >= 0]
            for a, b in zip(dry[:-1].tolist(), dry[1:].tolist(), strict=True):
                span = shapely.LineString(grid.xy[[a, b]])
                others = [shapely.LineString(grid.xy[[c, d]]) for c, d, _ in grid.bridges]
                free = all(span.distance(other) > _BRIDGE_SPACING_M for other in others)
                if span.length < _LONGEST_BRIDGE_M and county.all_water.intersects(span) and free:
                    grid.bridges.append((a, b, _rank(grid, line)))


def _keep_largest(grid: Grid) -> None:
    """Drop all links that are not joined to the largest part."""
    pairs = np.array([(a, b) for a, b, _ in grid.links + grid.bridges])
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(grid.xy),) * 2)
    _, part = connected_components(graph, directed=False)
    largest = int(np.argmax(np.bincount(part)))
    grid.links = [link for link in grid.links if part[link[0]] == largest]
    grid.bridges = [link for link in grid.bridges if part[link[0]] == largest]


def _lanes_into_blocks(grid: Grid, county: County, rng: np.random.Generator) -> dict[tuple[int, int], FloatArray]:
    """Dead-end lanes from the middle of a street into the block beside it, by the street's two nodes."""
    lanes: dict[tuple[int, int], FloatArray] = {}
    linked = {(a, b) for a, b, _ in grid.links}
    number = grid.number
    for i, j in np.argwhere(number[:-1, :-1] >= 0).tolist():
        chance, reach, side = rng.random(3)
        corners = [int(n) for n in (number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1])]
        street = (corners[0], corners[1]) if side < 0.5 else (corners[0], corners[3])  # noqa: PLR2004
        if chance > _LANE_SHARE or min(corners) < 0 or street not in linked:
            continue
        start = round_cm(grid.xy[list(street)].mean(axis=0))
        end = round_cm(start + (grid.xy[corners].mean(axis=0) - start) * (0.8 + 0.5 * reach))
        lane = np.array([start, end])
        if not county.all_water.intersects(shapely.LineString(lane)):
            lanes[street] = lane
    return lanes
