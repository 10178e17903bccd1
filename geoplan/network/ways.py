"""A workspace's roads as one way of travelling uses them: network, times, where things are, and which roads are closed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geoplan.errors import NetworkError
from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.model import Problem, Settings, Severity
from geoplan.network.edge_times import CLOSED, EdgeTimes
from geoplan.network.elevation import Elevation, read_elevation
from geoplan.network.engine import KernelTravelTimes
from geoplan.network.graph import Network, build_network
from geoplan.network.location import Locations, inner_points, locate, relocate
from geoplan.network.profiles import Profile
from geoplan.network.road_changes import Link, road_at, with_link
from geoplan.network.roads import road_kinds
from geoplan.network.snapping import RoadGrid


@dataclass(frozen=True)
class Ways:
    """A workspace's roads as one profile travels them.

    The network holds the closed roads too, so that closing and opening one builds nothing anew.

    Attributes:
        times: with the closed roads ``CLOSED``.
        open_times: with every closed road open.
        elevation: of the network's edges; None where the ground is taken as flat.
        base: the ways that roads of a scenario were worked into; None for ways as they were built.
        changed: int64, the edges whose lines are others than in ``base``, the new ones included.
    """

    network: Network
    profile: Profile
    times: EdgeTimes
    open_times: EdgeTimes
    elevation: Elevation | None = None
    base: Ways | None = None
    changed: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @cached_property
    def travel(self) -> KernelTravelTimes:
        """The travel times."""
        if self.base is None:
            return KernelTravelTimes(self.network, self.times)
        return self.base.travel.following(self.network, self.times)

    @cached_property
    def grid(self) -> RoadGrid:
        """For locating points at the edges that can be travelled: nobody sets out on a closed road."""
        if self.base is None:
            return RoadGrid(self.network, self.times.usable)
        return self.base.grid.following(self.network, self.times.usable, self.changed)

    @cached_property
    def reopened(self) -> Ways | None:
        """The same ways with every closed road open; None where that changes no time."""
        times, reopened = self.times, self.open_times
        if np.array_equal(times.forward, reopened.forward) and np.array_equal(times.backward, reopened.backward):
            return None
        return replace(self, times=reopened)

    def locate(self, frame: gpd.GeoDataFrame, settings: Settings, before: Locations | None = None) -> Locations:
        """Where the rows of a frame are on the network; areas by a point inside them.

        Args:
            before: where they are on the network of ``base``: only those that its changes may concern are looked for then.
        """
        points, limit_m, small_island_m = inner_points(frame), settings.snap_limit_m, settings.small_island_m
        if before is not None:
            return relocate(before, points, limit_m, self.grid, small_island_m)
        return locate(self.network, points, limit_m, small_island_m=small_island_m, grid=self.grid)

    def closing(self, edges: NDArray[np.int64]) -> Ways:
        """The same ways with these edges closed as well, in both directions."""
        return replace(self, times=self.times.closed(edges), base=self.base or self)

    def with_roads(
        self, added: gpd.GeoDataFrame, closed: NDArray[np.object_], limit_m: float
    ) -> tuple[Ways, tuple[Problem, ...]]:
        """The same ways with new roads, and with stretches of road closed; nothing else is built anew.

        The ends of a new road join the nearest roads that can be travelled; a place closes the stretch, from junction
        to junction, that it lies on. The roads of ``self`` must be as they were built: ``at_speed`` comes first.

        Args:
            added: rows of the layer ``roads``, indexed by id, in the network's CRS; joined one after the other.
            closed: Points in the network's CRS.
            limit_m: how far a road may be from the end of a new road, and from a place that closes it (metres).

        Returns:
            the ways, and what could not be worked in: a road that meets no other, a place where nobody travels.
        """
        ways, problems = self, []
        kind, kinds = road_kinds(added) if len(added) else ((), ())
        for name, line, number in zip(added.index, added.geometry, kind, strict=True):
            try:
                ways = ways._linked(Link(line, kinds[number]), limit_m)
            except NetworkError as error:
                problems.append(_not_worked_in(str(error), str(name)))
        edges = []
        for place in closed:
            try:
                edges.append(road_at(ways.open_grid, place.x, place.y, limit_m))
            except NetworkError as error:
                problems.append(_not_worked_in(str(error)))
        ways = ways.closing(np.unique(np.array(edges, dtype=np.int64))) if edges else ways
        return ways, tuple(problems)

    def _linked(self, link: Link, limit_m: float) -> Ways:
        linked = with_link(self.grid, link, limit_m)
        times = linked.times(self.times, self.profile)
        reopened = linked.times(self.open_times, self.profile.reopened)
        return replace(
            self,
            network=linked.network,
            times=times,
            open_times=reopened,
            base=self.base or self,
            changed=np.union1d(self.changed, linked.changed),
        )

    @cached_property
    def open_grid(self) -> RoadGrid:
        """For finding roads, also those that are closed."""
        return self.grid if self.reopened is None else self.reopened.grid

    def at_speed(self, speed_mps: float) -> Ways:
        """The same ways, with the same roads closed, at another speed.

        Raises:
            SettingsError: the speed is not positive.
        """
        profile = self.profile.at_speed(speed_mps)
        reopened = profile.times(self.network, self.elevation, reopened=True)
        times = profile.times(self.network, self.elevation)
        forward = np.where(self.times.forward == CLOSED, CLOSED, times.forward)
        backward = np.where(self.times.backward == CLOSED, CLOSED, times.backward)
        times = EdgeTimes(forward, backward, times.off_road_mps)
        return replace(self, profile=profile, times=times, open_times=reopened)


def _not_worked_in(message: str, *rows: str) -> Problem:
    return Problem(Severity.WARNING, "roads", message.rstrip("。."), _("请修改或撤销这一步"), rows)


def ways_of(layers: Layers, profile: Profile) -> Ways:
    """Build the network for a profile, with slope where the workspace has a DEM.

    Raises:
        NetworkError: the profile can travel none of the roads, all of them are closed, or the DEM does not touch them.
    """
    network = build_network(layers.frames["roads"], profile, profile.reopened)
    entry = layers.manifest.entry("dem")
    elevation = read_elevation(network, layers.manifest.path(entry), entry.crs) if entry else None
    times, reopened = (profile.times(network, elevation, reopened=which) for which in (False, True))
    if not times.usable.any():
        text = _("可供{name}通行的道路全部封闭，请检查道路图层的 status 字段。")
        raise NetworkError(text.format(name=profile.label))
    return Ways(network, profile, times, reopened, elevation)
