"""The road network: built from roads, points located on it, travel times, service areas."""

from geoplan.network.compiling import warm_up
from geoplan.network.edge_times import CLOSED, EdgeTimes, walking
from geoplan.network.elevation import Elevation, read_elevation
from geoplan.network.engine import KernelTravelTimes, NearestField, RoadGraph
from geoplan.network.graph import Network, build_network
from geoplan.network.location import NOWHERE, Locations, locate, relocate
from geoplan.network.profiles import Profile, known_profiles, load_profile
from geoplan.network.road_changes import Link, Linked, road_at, with_link
from geoplan.network.roads import Road, walkable
from geoplan.network.service_area import AreaDrawer, NearestRoads, cutoffs_ms, nearest_roads, service_areas
from geoplan.network.snapping import RoadGrid
from geoplan.network.travel import UNREACHED, Nearest, Reached, ScipyTravelTimes, TravelTimes, Trips

__all__ = [
    "CLOSED",
    "NOWHERE",
    "UNREACHED",
    "AreaDrawer",
    "EdgeTimes",
    "Elevation",
    "KernelTravelTimes",
    "Link",
    "Linked",
    "Locations",
    "Nearest",
    "NearestField",
    "NearestRoads",
    "Network",
    "Profile",
    "Reached",
    "Road",
    "RoadGraph",
    "RoadGrid",
    "ScipyTravelTimes",
    "TravelTimes",
    "Trips",
    "build_network",
    "cutoffs_ms",
    "known_profiles",
    "load_profile",
    "locate",
    "nearest_roads",
    "read_elevation",
    "relocate",
    "road_at",
    "service_areas",
    "walkable",
    "walking",
    "warm_up",
    "with_link",
]
