"""Who goes where: the roads with a scenario's changes, the places on them, the coverage of each service, service areas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.coverage import Coverage, Offer, Residents, cover
from geoplan.layers import Layers, serves
from geoplan.layers.columns import Rows, all_rows
from geoplan.layers.schema import ROLES
from geoplan.layers.validation import blank_row
from geoplan.memory import Memory
from geoplan.model import SENSITIVITY_MPS, Problem, Service, Settings
from geoplan.network import AreaDrawer, Locations, Nearest, Profile, Ways, Window, ways_of
from geoplan.scenario import RoadChanges
from geoplan.scenario.resolve import ROAD_TOLERANCE_M

SERVICE_AREA_MARGIN_M = 50.0


@dataclass(frozen=True)
class Roads:
    """The roads as they are in the layers, what a scenario changes of them, and what is remembered of either."""

    base: Ways
    changes: RoadChanges | None
    memory: Memory

    def at_speed(self, speed_mps: float) -> Roads:
        """The same roads travelled at another speed."""
        make = partial(self.base.at_speed, speed_mps)
        return Roads(self.memory.recall(("ways", speed_mps), (self.base,), make), self.changes, self.memory)

    def changed(self) -> tuple[Ways, tuple[Problem, ...]]:
        """The ways with the roads of the scenario worked in, and what of them could not be."""
        base, changes = self.base, self.changes
        if not changes:
            return base, ()

        def work_in() -> tuple[Ways, tuple[Problem, ...]]:
            names = sorted(changes.added)
            cells = {name: [changes.added[road][name] for road in names] for name in blank_row(ROLES["roads"])}
            added = gpd.GeoDataFrame(cells, index=names, geometry="geometry", crs=base.network.crs)
            closed = np.array([changes.closed[name] for name in sorted(changes.closed)], dtype=object)
            return base.with_roads(added, closed, ROAD_TOLERANCE_M)

        return self.memory.recall(("changed ways", base.profile.speed_mps), (base, changes), work_in)


def roads_of(layers: Layers, profile: Profile, changes: RoadChanges | None, memory: Memory) -> Roads:
    """The roads of a workspace as a profile travels them.

    Raises:
        NetworkError: the roads make no network.
    """
    inputs = (layers.frames["roads"], layers.get("dem"), profile)
    return Roads(memory.recall("ways", inputs, lambda: ways_of(layers, profile)), changes, memory)


@dataclass(frozen=True)
class Places:
    """Where people live and what serves them in the year, and where both are on the network.

    Attributes:
        facilities: those that serve people in the year, sorted by id.
        serving: the same as a frame of their own.
        homes: the locations of the residents' demand points.
        sites: those of the facilities.
        reopened: the two places once every closed road is open; None where no road is closed.
    """

    residents: Residents
    facilities: Rows
    serving: gpd.GeoDataFrame
    homes: Locations
    sites: Locations
    reopened: tuple[Locations, Locations] | None
    memory: Memory

    def offering(self, service: Service) -> NDArray[np.bool_]:
        """Which of the facilities offer a service."""
        return np.array([kind in service.kinds for kind in self.facilities["kind"]], dtype=bool)

    def offer(self, service: Service) -> Offer:
        """What of it makes up a service."""
        chosen = self.offering(service)
        rows = self.facilities.where(chosen)
        frame = self.memory.recall(("offered", service.kinds), (rows.records(),), rows.frame)
        return Offer(service, frame, self.sites.chosen(chosen))

    def located_facilities(self) -> gpd.GeoDataFrame:
        """The facilities with ``located`` and ``moved`` (from a small island)."""

        def told() -> gpd.GeoDataFrame:
            return self.serving.assign(located=self.sites.located, moved=self.sites.moved)

        return self.memory.recall("located facilities", (self.serving, self.sites), told)


def places_of(layers: Layers, ways: Ways, year: int, settings: Settings, memory: Memory) -> Places:
    """Everybody and everything of a workspace on its network."""
    every = all_rows(layers.frames, "facilities", memory)
    facilities = every.where(serves(every["status"], every["open_year"], year, planned=settings.planned))
    serving = memory.recall("serving", (facilities.records(),), facilities.frame)
    demand, units = layers.frames["demand"], layers.get("units")

    def located(on: Ways, state: str, role: str, frame: gpd.GeoDataFrame) -> Locations:
        def locate() -> Locations:
            before = None if on.base is None else located(on.base, "as they were", role, frame)
            return on.locate(frame, settings, before)

        step = (state if on.base is None else f"{state} in the scenario", role)
        return memory.recall(step, (frame, on.grid, settings), locate)

    def both(on: Ways, state: str) -> tuple[Locations, Locations]:
        return located(on, state, "demand", demand), located(on, state, "facilities", serving)

    residents = memory.recall("residents", (demand, units), lambda: Residents.of(demand, units))
    reopened = both(ways.reopened, "reopened") if ways.reopened else None
    return Places(residents, facilities, serving, *both(ways, "as they were"), reopened, memory)


def coverages_of(services: Iterable[Service], ways: Ways, places: Places) -> tuple[Coverage, ...]:
    """The coverage of each service."""
    return tuple(_coverage(service, ways, places) for service in services)


def _coverage(service: Service, ways: Ways, places: Places) -> Coverage:
    offer, reopened = places.offer(service), _reopened(service, ways, places)
    make = partial(cover, offer, ways.travel, places.homes, places.residents, reopened=reopened)
    inputs = (offer, ways, places.homes, places.residents, reopened)
    return places.memory.recall(("coverage", service, ways.profile.speed_mps), inputs, make)


def _reopened(service: Service, ways: Ways, places: Places) -> Nearest | None:
    """The nearest facilities of a service once every closed road is open; None where no road is closed."""
    reopened = ways.reopened
    if reopened is None or places.reopened is None:
        return None
    homes, sites = places.reopened
    offering = sites.chosen(places.offering(service))
    step = ("nearest once reopened", service, ways.profile.speed_mps)
    return places.memory.recall(step, (reopened, homes, offering), lambda: reopened.travel.nearest(homes, offering))


def sensitivity_of(
    services: Iterable[Service], roads: Roads, places: Places, settings: Settings
) -> Mapping[float, tuple[Coverage, ...]]:
    """By speed the coverages that it would give; empty unless asked for."""
    speeds = SENSITIVITY_MPS if settings.sensitivity else ()
    asked = tuple(services)
    return MappingProxyType(
        {speed: coverages_of(asked, roads.at_speed(speed).changed()[0], places) for speed in speeds}
    )


@dataclass(frozen=True)
class Drawing:
    """All that service areas are drawn from; nothing is drawn before somebody wants to look at them."""

    ways: Ways
    places: Places
    services: tuple[Service, ...]

    def areas(self) -> gpd.GeoDataFrame:
        """See ``Assessment.service_areas``; an area is drawn anew only where its facility is new or moved."""
        columns: dict[str, list[object]] = {"facility_id": [], "name": [], "kind": [], "minutes": [], "geometry": []}
        for service in self.services:
            offer = self.places.offer(service)
            columns["facility_id"] += offer.facilities["facility_id"].tolist()
            columns["name"] += offer.facilities["name"].tolist()
            columns["kind"] += [service.id] * len(offer.facilities)
            columns["minutes"] += [service.minutes] * len(offer.facilities)
            columns["geometry"] += [self._area(self.ways, offer, row)[0] for row in range(len(offer.facilities))]
        return gpd.GeoDataFrame(columns, geometry="geometry", crs=self.ways.network.crs)

    def _drawer(self, ways: Ways) -> AreaDrawer:
        def make() -> AreaDrawer:
            if ways.base is None:
                return AreaDrawer(ways.network, ways.times, SERVICE_AREA_MARGIN_M)
            return self._drawer(ways.base).following(ways.network, ways.times, ways.changed)

        return self.places.memory.recall(("drawer", ways.base is None), (ways.network, ways.times), make)

    def _area(self, ways: Ways, offer: Offer, row: int) -> tuple[shapely.MultiPolygon, Window]:
        """The area of a facility, and the window of the drawer that it was looked for in.

        With roads of a scenario it is the area without them where they change nothing near it.
        """
        sites, limit_ms, drawer = offer.sites, offer.service.limit_ms, self._drawer(ways)

        def draw() -> tuple[shapely.MultiPolygon, Window]:
            if ways.base is not None and sites.edge[row] not in ways.changed:
                before = self._area(ways.base, offer, row)
                if not drawer.differs(before[1]):
                    return before
            (reached,) = ways.travel.reached(sites.chosen(np.array([row])), limit_ms)
            return drawer.one(reached, limit_ms)

        step = ("area", offer.service.id, offer.facilities["facility_id"].iloc[row], ways.base is None)
        place = int(sites.edge[row]), float(sites.along[row]), float(sites.leg_m[row])
        return self.places.memory.recall(step, (drawer, limit_ms, *place), draw)
