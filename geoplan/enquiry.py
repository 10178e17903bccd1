"""Questions about one place of an assessment: who is near and why it is not covered, and the way between two places.

The answers are those that a demand point at the place would get, by the same code and on the same roads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import shapely

from geoplan import crs
from geoplan.assess import Assessment
from geoplan.coverage import Coverage, Offer, Residents, cover, offering
from geoplan.layers.schema import ROLES
from geoplan.layers.units import assign_units
from geoplan.layers.validation import blank_row
from geoplan.model import Service
from geoplan.network import UNREACHED, Departure, Locations, Nearest, Route

_HERE = "here"


@dataclass(frozen=True)
class Neighbour:
    """A facility that can be reached from the place.

    Attributes:
        ms: the time to it.
        within: whether that is within the minutes of its service.
    """

    facility_id: str
    name: str
    kind: str
    ms: int
    within: bool


@dataclass(frozen=True)
class Whereabouts:
    """What holds at a place.

    Attributes:
        assessment: the given one with this place as its only demand point, of nobody.
        coverage: of the service at this place: one row of ``demand``.
        neighbours: the nearest facilities of the service, nearest first.
    """

    assessment: Assessment
    coverage: Coverage
    neighbours: tuple[Neighbour, ...]


def whereabouts(assessment: Assessment, service: Service, lon: float, lat: float, most: int = 5) -> Whereabouts:
    """Who is near a place, and whether and why it is not covered.

    Args:
        lon, lat: degrees, WGS84.
        most: how many facilities are named.
    """
    ways, settings = assessment.ways, assessment.settings
    demand = _demand_at(assessment, lon, lat)
    offered = offering(assessment.facilities, service)
    home, sites = ways.locate(demand, settings), ways.locate(offered, settings)
    offer, reopened = Offer(service, offered, sites), _reopened(assessment, demand, offered)
    coverage = cover(offer, ways.travel, home, Residents.of(demand, None), reopened=reopened)
    departure = Departure(ways.network, ways.times, demand.geometry.iloc[0], home)
    here = replace(assessment, layers=replace(assessment.layers, frames={**assessment.layers.frames, "demand": demand}))
    return Whereabouts(here, coverage, _neighbours(departure.ms_to(sites), offered, service)[:most])


def _demand_at(assessment: Assessment, lon: float, lat: float) -> gpd.GeoDataFrame:
    """A demand layer of one place where nobody lives, in its township."""
    blank = {name: [cell] for name, cell in blank_row(ROLES["demand"]).items() if name != "geometry"}
    frame = gpd.GeoDataFrame(blank | {"demand_id": [_HERE]}, geometry=[shapely.Point(lon, lat)], crs=crs.WGS84)
    layers = {"demand": crs.to_crs(frame, assessment.layers.crs)}
    assigned, _problems = assign_units(layers, assessment.layers.borders)
    return assigned["demand"]


def _reopened(assessment: Assessment, demand: gpd.GeoDataFrame, offered: gpd.GeoDataFrame) -> Nearest | None:
    ways = assessment.ways.reopened
    if ways is None:
        return None
    return ways.travel.nearest(*(ways.locate(frame, assessment.settings) for frame in (demand, offered)))


def _neighbours(ms: np.ndarray, offered: gpd.GeoDataFrame, service: Service) -> tuple[Neighbour, ...]:
    """Those that can be reached, by time and then by id."""
    order = [row for row in np.argsort(ms, kind="stable") if ms[row] != UNREACHED]
    return tuple(
        Neighbour(row["facility_id"], row["name"], row["kind"], int(ms[place]), bool(ms[place] <= service.limit_ms))
        for place, row in zip(order, offered.iloc[order].to_dict("records"), strict=True)
    )


def way_along(assessment: Assessment, corners: Sequence[tuple[float, float]]) -> Route | None:
    """The quickest way along the network through places, in their order; None where there is no way.

    Args:
        corners: longitude and latitude of two places or more, WGS84.

    Returns:
        the way in the layers' CRS.
    """
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(corner) for corner in corners], crs=crs.WGS84)
    frame = crs.to_crs(frame, assessment.layers.crs)
    located = assessment.ways.locate(frame, assessment.settings)
    routes = []
    for place in range(len(frame) - 1):
        begin, end = (_one(located, row) for row in (place, place + 1))
        departure = Departure(assessment.network, assessment.ways.times, frame.geometry.iloc[place], begin)
        route = departure.route(frame.geometry.iloc[place + 1], end)
        if route is None:
            return None
        routes.append(route)
    line = shapely.LineString(np.concatenate([shapely.get_coordinates(route.line) for route in routes]))
    return Route(sum(route.ms for route in routes), sum(route.length_m for route in routes), line)


def _one(located: Locations, row: int) -> Locations:
    return located.chosen(np.array([row]))
