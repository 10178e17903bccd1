"""Synthetic township borders: regions grown from the real seats over hexagons, then smoothed as one topology.

Regions share their vertices, so townships tile the county exactly. The outline is a hand sketch of the county's size,
not a copy of the real line.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import shapely

from geoplan.demo.hexagons import Cell, Edge, around, cells_between, grow, metres, ring, smoothed, undirected
from geoplan.demo.plane import FloatArray, Point, round_cm, stream
from geoplan.demo.terrain import Noise, Terrain

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
    """The county and its townships (in the order of the seats), polygons in local metres.

    Attributes:
        owner: the township's number of every cell of the county.
        drawn: the line of every edge between two townships or along the outline, in both directions.
    """

    county: shapely.Polygon
    townships: tuple[shapely.Polygon, ...]
    owner: dict[Cell, int] = field(repr=False)
    drawn: dict[Edge, FloatArray] = field(repr=False)


def draw_borders(seats: list[Point], reach: list[float], terrain: Terrain) -> Borders:
    """Draw the county and its townships; `reach` says how cheaply each township grows (a larger one grows farther)."""
    cells = _largest_filled(_sketched_cells())
    owner = _townships_of(cells, seats, reach, terrain)
    rings = [ring(owner, {number}) for number in range(len(seats))]
    county = ring(owner, set(range(len(seats))))
    edges = undirected([*rings, county])
    drawn = _wobbly_edges(edges, smoothed(edges, _jittered_corners(edges)))
    return Borders(polygon(county, drawn), tuple(polygon(edges, drawn) for edges in rings), owner, drawn)


def polygon(edges: list[Edge], drawn: dict[Edge, FloatArray]) -> shapely.Polygon:
    """The area within a ring of drawn edges."""
    return shapely.Polygon(np.vstack([drawn[edge][:-1] for edge in edges]))


def _sketched_cells() -> set[Cell]:
    """Hexagons whose noise-warped centre lies in the sketch."""
    cells = cells_between(range(-75, 90), range(-60, 76))
    xy = metres(cells)
    warp_x = Noise.seeded("outline x", cell_m=5200, octaves=3)
    warp_y = Noise.seeded("outline y", cell_m=5200, octaves=3)
    warped = round_cm(xy + 1000 * np.column_stack([warp_x(xy), warp_y(xy)]))
    inside = shapely.contains_xy(shapely.Polygon(np.array(_SKETCH_KM) * 977), warped)
    return {cell for cell, ok in zip(cells, inside, strict=True) if ok}


def _flood(start: Cell, allowed: set[Cell]) -> set[Cell]:
    """All cells reached from a start without leaving the allowed ones."""
    seen, queue = {start}, deque([start])
    while queue:
        for cell in around(queue.popleft()):
            if cell in allowed and cell not in seen:
                seen.add(cell)
                queue.append(cell)
    return seen


def _largest_filled(cells: set[Cell]) -> set[Cell]:
    """The piece around the origin, without holes."""
    piece = _flood((0, 0), cells)
    everywhere = set(cells_between(range(-77, 92), range(-62, 78)))
    outside = _flood((-154, -186), everywhere - piece)
    return everywhere - outside


def _townships_of(cells: set[Cell], seats: list[Point], reach: list[float], terrain: Terrain) -> dict[Cell, int]:
    """Give each cell to the township that reaches it first; hills slow all of them, so borders follow ridges."""
    ordered = sorted(cells)
    centres = metres(ordered)
    roughness = 1 + Noise.seeded("border effort", cell_m=1800, octaves=2)(centres) / 2
    slow = np.rint(1000 * roughness + 18 * terrain.height_m(centres)).astype(int)
    starts = [ordered[int(np.argmin(((centres - seat) ** 2).sum(axis=1)))] for seat in seats]
    return grow(starts, dict(zip(ordered, slow.tolist(), strict=True)), reach)


def _jittered_corners(edges: list[Edge]) -> dict[Cell, FloatArray]:
    """The grid's corners with a little jitter."""
    corners = sorted({corner for edge in edges for corner in edge})
    xy = metres(corners) + (stream("corners").random((len(corners), 2)) - 0.5) * 180
    return dict(zip(corners, xy, strict=True))


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
