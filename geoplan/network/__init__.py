"""The road network: built from roads, points located on it, travel times, service areas."""

from geoplan.network.edge_times import CLOSED, EdgeTimes, walking
from geoplan.network.engine import KernelTravelTimes, NearestField, RoadGraph
from geoplan.network.graph import Network, build_network
from geoplan.network.location import NOWHERE, Locations, locate
from geoplan.network.roads import walkable
from geoplan.network.service_area import AreaDrawer, NearestRoads, cutoffs_ms, nearest_roads, service_areas
from geoplan.network.travel import UNREACHED, Nearest, Reached, ScipyTravelTimes, TravelTimes, Trips

__all__ = [
    "CLOSED",
    "NOWHERE",
    "UNREACHED",
    "AreaDrawer",
    "EdgeTimes",
    "KernelTravelTimes",
    "Locations",
    "Nearest",
    "NearestField",
    "NearestRoads",
    "Network",
    "Reached",
    "RoadGraph",
    "ScipyTravelTimes",
    "TravelTimes",
    "Trips",
    "build_network",
    "cutoffs_ms",
    "locate",
    "nearest_roads",
    "service_areas",
    "walkable",
    "walking",
]
