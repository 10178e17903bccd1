"""A hexagon grid in the plane: areas are sets of its cells, and their borders run along its edges.

Three hexagons meet at every corner, so the border of a connected area without holes never touches itself.
"""

import heapq
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import numpy as np

from geoplan.demo.plane import FloatArray

Cell = tuple[int, int]  # doubled coordinates of a hexagon's centre or corner
Edge = tuple[Cell, Cell]

SIDE_M = 260.0
_HALF_WIDTH_M = 225.0  # sqrt(3) / 2 of the side, rounded: the grid may be a little off regular
_CORNERS = ((1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1), (0, -2))
_NEIGHBOURS = ((2, 0), (1, 3), (-1, 3), (-2, 0), (-1, -3), (1, -3))  # across the edge from corner k to corner k + 1


def cells_between(columns: range, rows: range) -> list[Cell]:
    """The cells of some columns and rows."""
    return [(2 * column + row % 2, 3 * row) for row in rows for column in columns]


def metres(cells: list[Cell]) -> FloatArray:
    """Local metres of centres or corners."""
    return np.array(cells, dtype=np.float64) * (_HALF_WIDTH_M, SIDE_M / 2)


def around(cell: Cell) -> list[Cell]:
    """The six neighbours of a cell."""
    return [(cell[0] + dx, cell[1] + dy) for dx, dy in _NEIGHBOURS]


def grow(starts: list[Cell], effort: Mapping[Cell, int], reach: list[float]) -> dict[Cell, int]:
    """Give each cell to the area that reaches it first from its start; a larger reach makes every cell cheaper."""
    heap = [(0, number, cell) for number, cell in enumerate(starts)]
    owner: dict[Cell, int] = {}
    while heap:
        cost, number, cell = heapq.heappop(heap)
        if cell in owner:
            continue
        owner[cell] = number
        for near in around(cell):
            if near in effort and near not in owner:
                heapq.heappush(heap, (cost + round(effort[near] / reach[number]), number, near))
    return owner


def ring(owner: Mapping[Cell, int], numbers: AbstractSet[int]) -> list[Edge]:
    """The directed corner-to-corner edges around the cells of some areas, in order, anticlockwise."""
    following: dict[Cell, Cell] = {}
    for cell in sorted(owner):
        if owner[cell] not in numbers:
            continue
        for k, near in enumerate(around(cell)):
            if owner.get(near, -1) not in numbers:
                (ax, ay), (bx, by) = _CORNERS[k], _CORNERS[(k + 1) % 6]
                following[cell[0] + ax, cell[1] + ay] = (cell[0] + bx, cell[1] + by)
    start = min(following)
    edges, corner = [], start
    while True:
        edges.append((corner, following[corner]))
        corner = following[corner]
        if corner == start:
            return edges


def undirected(rings: Iterable[list[Edge]]) -> list[Edge]:
    """Every edge of some rings once, in order."""
    return sorted({(min(edge), max(edge)) for edges in rings for edge in edges})


def smoothed(
    edges: list[Edge], at: Mapping[Cell, FloatArray], fixed: AbstractSet[Cell] = frozenset()
) -> dict[Cell, FloatArray]:
    """Corner positions pulled three times towards their neighbours along the edges; some corners stay."""
    near: dict[Cell, list[Cell]] = {}
    for a, b in edges:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    corners = sorted(near)
    index = {corner: number for number, corner in enumerate(corners)}
    xy = np.array([at[corner] for corner in corners])
    stay = np.array([corner in fixed for corner in corners])
    for _ in range(3):
        mean = np.array([xy[[index[other] for other in near[corner]]].mean(axis=0) for corner in corners])
        xy[~stay] = (0.5 * xy + 0.5 * mean)[~stay]
    return {corner: xy[number] for corner, number in index.items()}
