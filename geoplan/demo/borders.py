"""Synthetic township borders: regions grown from the real seats over hexagons, then smoothed as one topology.

Regions share their vertices, so townships tile the county exactly. Three hexagons meet at every corner, so borders
never touch themselves. The outline is a hand sketch of the county's size, not a copy of the real line.
"""

import heapq
from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np
import shapely

from geoplan.demo.plane import FloatArray, Point, round_cm, stream
from geoplan.demo.terrain import Noise, Terrain

Cell = tuple[int, int]  # doubled coordinates of a hexagon's centre or corner
Edge = tuple[Cell, Cell]

_SIDE_M = 260.0
_HALF_WIDTH_M = 225.0  # sqrt(3) / 2 of the side, rounded: the grid may be a little off regular
_CORNERS = ((1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1), (0, -2))
_NEIGHBOURS = ((2, 0), (1, 3), (-1, 3), (-2, 0), (-1, -3), (1, -3))  # across the edge from corner k to corner k + 1

# Hand sketch of a county of about 1,080 km2 around the seats, local kilometres.
_SKETCH_KM = (
    (-26.5, 8.0), (-22.5, 10.8), (-17.5, 8.8), (-15.2, 4.6), (-11.5, 5.6), (-6.0, 8.0), (-1.5, 8.8), (3.0, 6.2),
    (7.5, 8.2), (9.8, 14.0), (11.5, 19.0), (14.5, 23.6), (18.5, 25.2), (22.0, 24.4), (25.0, 22.0), (28.0, 20.4),
    (32.0, 19.6), (31.0, 14.0), (31.2, 9.0), (28.0, 4.8), (22.0, 1.8), (20.5, -2.5), (23.5, -6.2), (19.5, -9.4),
    (13.0, -10.2), (8.5, -10.0), (8.2, -15.0), (5.5, -18.6), (1.2, -17.4), (0.6, -11.0), (-2.5, -5.0), (-8.0, -6.8),
    (-14.0, -8.2), (-19.5, -6.2), (-23.5, -2.0), (-25.0, 3.0),
)  # fmt: skip


@dataclass(frozen=True)
class Borders:
    """The county and its townships (in the order of the seats), polygons in local metres."""

    county: shapely.Polygon
    townships: tuple[shapely.Polygon, ...]


def draw_borders(seats: list[Point], reach: list[float], terrain: Terrain) -> Borders:
    """Draw the county and its townships; `reach` says how cheaply each township grows (a larger one grows farther)."""
    cells = _largest_filled(_sketched_cells())
    owner = _grow(cells, seats, reach, terrain)
    rings = [_ring(owner, {number}) for number in range(len(seats))]
    county = _ring(owner, set(range(len(seats))))
    edges = sorted({(min(edge), max(edge)) for ring in [*rings, county] for edge in ring})
    drawn = _wobbly_edges(edges, _smoothed_corners(edges))
    return Borders(_polygon(county, drawn), tuple(_polygon(ring, drawn) for ring in rings))


def _metres(cells: list[Cell]) -> FloatArray:
    return np.array(cells, dtype=np.float64) * (_HALF_WIDTH_M, _SIDE_M / 2)


def _sketched_cells() -> set[Cell]:
    """Hexagons whose noise-warped centre lies in the sketch."""
    rows = range(-60, 76)
    cells = [(2 * column + row % 2, 3 * row) for row in rows for column in range(-75, 90)]
    xy = _metres(cells)
    warp_x = Noise.seeded("outline x", cell_m=5200, octaves=3)
    warp_y = Noise.seeded("outline y", cell_m=5200, octaves=3)
    warped = round_cm(xy + 1000 * np.column_stack([warp_x(xy), warp_y(xy)]))
    inside = shapely.contains_xy(shapely.Polygon(np.array(_SKETCH_KM) * 977), warped)
    return {cell for cell, ok in zip(cells, inside, strict=True) if ok}


def _around(cell: Cell) -> list[Cell]:
    return [(cell[0] + dx, cell[1] + dy) for dx, dy in _NEIGHBOURS]


def _flood(start: Cell, allowed: set[Cell]) -> set[Cell]:
    """All cells reached from a start without leaving the allowed ones."""
    seen, queue = {start}, deque([start])
    while queue:
        for cell in _around(queue.popleft()):
            if cell in allowed and cell not in seen:
                seen.add(cell)
                queue.append(cell)
    return seen


def _largest_filled(cells: set[Cell]) -> set[Cell]:
    """The piece around the origin, without holes."""
    piece = _flood((0, 0), cells)
    everywhere = {(2 * column + row % 2, 3 * row) for row in range(-62, 78) for column in range(-77, 92)}
    outside = _flood((-154, -186), everywhere - piece)
    return everywhere - outside


def _grow(cells: set[Cell], seats: list[Point], reach: list[float], terrain: Terrain) -> dict[Cell, int]:
    """Give each cell to the township that reaches it first; hills slow all of them, so borders follow ridges."""
    ordered = sorted(cells)
    centres = _metres(ordered)
    roughness = 1 + Noise.seeded("border effort", cell_m=1800, octaves=2)(centres) / 2
    slow = np.rint(1000 * roughness + 18 * terrain.height_m(centres)).astype(int)
    effort = dict(zip(ordered, slow.tolist(), strict=True))
    heap: list[tuple[int, int, Cell]] = []
    for number, seat in enumerate(seats):
        nearest = ordered[int(np.argmin(((centres - seat) ** 2).sum(axis=1)))]
        heapq.heappush(heap, (0, number, nearest))
    owner: dict[Cell, int] = {}
    while heap:
        cost, number, cell = heapq.heappop(heap)
        if cell in owner:
            continue
        owner[cell] = number
        for near in _around(cell):
            if near in effort and near not in owner:
                heapq.heappush(heap, (cost + round(effort[near] / reach[number]), number, near))
    return owner


def _ring(owner: dict[Cell, int], numbers: set[int]) -> list[Edge]:
    """The directed corner-to-corner edges around the cells of some townships, in order, anticlockwise."""
    following: dict[Cell, Cell] = {}
    for cell in sorted(owner):
        if owner[cell] not in numbers:
            continue
        for k, near in enumerate(_around(cell)):
            if owner.get(near, -1) not in numbers:
                (ax, ay), (bx, by) = _CORNERS[k], _CORNERS[(k + 1) % 6]
                following[cell[0] + ax, cell[1] + ay] = (cell[0] + bx, cell[1] + by)
    start = min(following)
    ring, corner = [], start
    while True:
        ring.append((corner, following[corner]))
        corner = following[corner]
        if corner == start:
            return ring


def _smoothed_corners(edges: list[Edge]) -> dict[Cell, FloatArray]:
    """Corner positions pulled towards their neighbours along the borders, with a little jitter."""
    near: dict[Cell, list[Cell]] = defaultdict(list)
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    corners = sorted(near)
    index = {corner: number for number, corner in enumerate(corners)}
    xy = _metres(corners) + (stream("corners").random((len(corners), 2)) - 0.5) * 180
    for _ in range(3):
        mean = np.array([xy[[index[other] for other in near[corner]]].mean(axis=0) for corner in corners])
        xy = 0.5 * xy + 0.5 * mean
    return {corner: xy[number] for corner, number in index.items()}


def _wobbly_edges(edges: list[Edge], corners: dict[Cell, FloatArray]) -> dict[Edge, FloatArray]:
    """Each edge as four short segments, displaced at the middles; both directions are given."""
    rng = stream("border wobble")
    drawn: dict[Edge, FloatArray] = {}
    for a, b in edges:
        line = np.array([corners[a], corners[b]])
        for _ in range(2):
            along = np.diff(line, axis=0)
            shift = (rng.random((len(along), 1)) - 0.5) * 0.36
            middle = (line[:-1] + line[1:]) / 2 + shift * np.column_stack([-along[:, 1], along[:, 0]])
            line = np.insert(line, np.arange(1, len(line)), middle, axis=0)
        drawn[a, b] = round_cm(line)
        drawn[b, a] = drawn[a, b][::-1]
    return drawn


def _polygon(ring: list[Edge], drawn: dict[Edge, FloatArray]) -> shapely.Polygon:
    return shapely.Polygon(np.vstack([drawn[edge][:-1] for edge in ring]))
