"""Where points of interest lie on the network: the nearest usable road, the place along it, the way to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.network.graph import Network
from geoplan.network.snapping import NOWHERE, Nearest, RoadGrid

__all__ = ["NOWHERE", "Locations", "locate"]

_ORIGIN = shapely.Point(0, 0)  # stands for a point without a place, which is searched for anyway
_SLACK_M = 1e-3  # more than the rounding of distances
_NONE_MOVED = np.zeros(0, dtype=np.bool_)


@dataclass(frozen=True)
class Locations:
    """Points located on a network, in the order they were given.

    Attributes:
        edge: int64 (k,), the nearest edge; ``NOWHERE`` for a point without a place or farther than the limit.
        along: float64 (k,), the share of the edge's length from its tail to the foot of the point, 0 to 1.
        leg_m: float64 (k,), the straight way from the point to the road in metres; also given beyond the limit,
            NaN without a place or without any usable road.
        moved: bool (k,), which points were moved from a nearer edge on a small island to the main network; none when
            not given.
    """

    edge: NDArray[np.int64]
    along: NDArray[np.float64]
    leg_m: NDArray[np.float64]
    moved: NDArray[np.bool_] = field(default_factory=lambda: _NONE_MOVED)

    def __post_init__(self) -> None:
        if self.moved is _NONE_MOVED:
            object.__setattr__(self, "moved", np.zeros(len(self.edge), dtype=np.bool_))

    def __len__(self) -> int:
        return len(self.edge)

    @property
    def located(self) -> NDArray[np.bool_]:
        """Which points are on the network."""
        return self.edge != NOWHERE

    def chosen(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Locations:
        """Those of some points."""
        return Locations(self.edge[rows], self.along[rows], self.leg_m[rows], self.moved[rows])

    def followed_by(self, other: Locations) -> Locations:
        """Those of these points and of others after them."""
        return Locations(
            np.concatenate([self.edge, other.edge]),
            np.concatenate([self.along, other.along]),
            np.concatenate([self.leg_m, other.leg_m]),
            np.concatenate([self.moved, other.moved]),
        )


def inner_points(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """A point of each row, shapely Points, object (k,): within areas, on lines, points as they are, None for nothing."""
    shapes = np.array(frame.geometry.to_numpy(), dtype=object)
    others = (
        shapely.get_type_id(shapes) != shapely.GeometryType.POINT
    )  # looking at points would take longer than placing them
    shapes[others] = shapely.point_on_surface(shapes[others])
    return shapes


def locate(
    network: Network,
    points: NDArray[np.object_],
    limit_m: float,
    *,
    usable: NDArray[np.bool_] | None = None,
    small_island_m: float = 0.0,
    grid: RoadGrid | None = None,
) -> Locations:
    """Locate points at their nearest usable edge; of equally near edges at the one that comes first in the network.

    A point whose nearest edge lies on an island with less than ``small_island_m`` of usable road is moved to the
    nearest edge of the main network if that is within the limit too. The main network is never too small.

    Args:
        points: shapely Points in the network's CRS; None, empty or not finite for a thing without a place.
        limit_m: farther than this from every edge a point is not located (metres, inclusive).
        usable: bool (m,), the edges that can be travelled; all when not given.
        small_island_m: metres of usable road; 0 moves no point.
        grid: of this network and these usable edges, when more points will be located; it is made when not given.

    Raises:
        ValueError: the grid is of another network or of other usable edges.
    """
    if grid is None:
        grid = RoadGrid(network, usable)
    elif grid.network is not network or not (usable is None or np.array_equal(usable, grid.usable)):
        raise ValueError(f"{grid} is of another network or of other usable edges")
    placed = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
    xy = shapely.get_coordinates(points[placed])
    finite = np.isfinite(xy).all(axis=1)
    if not finite.all():
        placed, xy = placed[finite], xy[finite]
    nearest = grid.nearest(xy)
    nearest, moved = _moved(grid, xy, nearest, _on_islet(grid, nearest, small_island_m), limit_m)
    locations = Locations(
        edge=np.full(len(points), NOWHERE, dtype=np.int64),
        along=np.full(len(points), np.nan),
        leg_m=np.full(len(points), np.nan),
        moved=np.zeros(len(points), dtype=np.bool_),
    )
    locations.edge[placed] = np.where(nearest.leg_m <= limit_m, nearest.edge, NOWHERE)
    locations.along[placed], locations.leg_m[placed], locations.moved[placed] = nearest.along, nearest.leg_m, moved
    return locations


def relocate(
    located: Locations, points: NDArray[np.object_], limit_m: float, grid: RoadGrid, small_island_m: float = 0.0
) -> Locations:
    """Where points are after a change of roads: what ``locate`` would give, searching only for those that it may concern.

    These are the points on a changed edge, not nearer to their own edge than to the bounds of a changed one, not located,
    moved off a small island, or on one.

    Args:
        located: the points on the network before, by ``locate`` with the same limits.
        grid: made by ``RoadGrid.following`` from the grid before.
    """
    changed = grid.changed
    concerned = ~located.located | changed[located.edge] | located.moved
    if small_island_m > 0:
        concerned |= _small(grid, small_island_m)[located.edge]
    lines = grid.network.lines[changed & grid.usable]
    xy = shapely.get_coordinates(np.where(shapely.is_missing(points) | shapely.is_empty(points), _ORIGIN, points))
    for west, south, east, north in shapely.bounds(lines).reshape(-1, 4):
        across = np.maximum(np.maximum(west - xy[:, 0], xy[:, 0] - east), 0.0)
        up = np.maximum(np.maximum(south - xy[:, 1], xy[:, 1] - north), 0.0)
        concerned |= np.hypot(across, up) <= located.leg_m + _SLACK_M
    rows = np.flatnonzero(concerned)
    again = locate(grid.network, points[rows], limit_m, small_island_m=small_island_m, grid=grid)
    result = Locations(located.edge.copy(), located.along.copy(), located.leg_m.copy(), located.moved.copy())
    result.edge[rows], result.along[rows] = again.edge, again.along
    result.leg_m[rows], result.moved[rows] = again.leg_m, again.moved
    return result


def _on_islet(grid: RoadGrid, nearest: Nearest, small_island_m: float) -> NDArray[np.bool_]:
    """Which points are nearest to an edge on an island with less road than that, other than the main network."""
    if small_island_m <= 0:
        return np.zeros(len(nearest.edge), dtype=np.bool_)
    return (nearest.edge != NOWHERE) & _small(grid, small_island_m)[nearest.edge]


def _small(grid: RoadGrid, small_island_m: float) -> NDArray[np.bool_]:
    """Which edges lie on such an island."""
    return (grid.island_road_m < small_island_m) & ~grid.on_main


def _moved(
    grid: RoadGrid, xy: NDArray[np.float64], nearest: Nearest, on_islet: NDArray[np.bool_], limit_m: float
) -> tuple[Nearest, NDArray[np.bool_]]:
    """The points on small islands at the main network where that is within the limit, and which these are."""
    moved = np.zeros(len(on_islet), dtype=np.bool_)
    if not on_islet.any():
        return nearest, moved
    other = grid.main.nearest(xy[on_islet])
    moved[on_islet] = within = other.leg_m <= limit_m
    for mine, main in zip(nearest, other, strict=True):
        mine[moved] = main[within]
    return nearest, moved
