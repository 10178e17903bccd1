"""The road network: built from roads, points located on it, travel times, service areas."""

from geoplan.network.compiling import warm_up
from geoplan.network.edge_times import CLOSED, EdgeTimes, walking
from geoplan.network.elevation import Elevation, read_elevation
from geoplan.network.engine import KernelTravelTimes
from geoplan.network.graph import Network, build_network
from geoplan.network.location import NOWHERE, Locations, locate, relocate
from geoplan.network.nearest_field import NearestField
from geoplan.network.profiles import Profile, known_profiles, load_profile
from geoplan.network.road_changes import Link, Linked, road_at, with_link
from geoplan.network.road_graph import RoadGraph
from geoplan.network.road_raster import NearestRoads, nearest_roads
from geoplan.network.roads import Road, closed, walkable
from geoplan.network.routes import Departure, Route
from geoplan.network.service_area import AreaDrawer, Window, cutoffs_ms
from geoplan.network.snapping import RoadGrid
from geoplan.network.travel import UNREACHED, Nearest, Reached, ScipyTravelTimes, TravelTimes, Trips
from geoplan.network.ways import Ways, ways_of

__all__ = [
    "CLOSED",
    "NOWHERE",
    "UNREACHED",
    "AreaDrawer",
    "Departure",
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
    "Route",
    "ScipyTravelTimes",
    "TravelTimes",
    "Trips",
    "Ways",
    "Window",
    "build_network",
    "closed",
    "cutoffs_ms",
    "known_profiles",
    "load_profile",
    "locate",
    "nearest_roads",
    "read_elevation",
    "relocate",
    "road_at",
    "walkable",
    "walking",
    "warm_up",
    "ways_of",
    "with_link",
]
