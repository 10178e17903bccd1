"""The road network: built from roads, points located on it, travel times, service areas."""

from geoplan.network.graph import Network, build_network
from geoplan.network.location import NOWHERE, Locations, locate
from geoplan.network.roads import walkable
from geoplan.network.service_area import service_areas
from geoplan.network.travel import UNREACHED, Nearest, Reached, ScipyTravelTimes, TravelTimes, Trips

__all__ = [
    "NOWHERE",
    "UNREACHED",
    "Locations",
    "Nearest",
    "Network",
    "Reached",
    "ScipyTravelTimes",
    "TravelTimes",
    "Trips",
    "build_network",
    "locate",
    "service_areas",
    "walkable",
]
