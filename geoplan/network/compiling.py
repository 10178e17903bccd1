"""The kernels are compiled when they are first called, and kept on disk; here all of them at once, with notice."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import pandas as pd
import shapely
from numba.core import event

from geoplan.network.edge_times import walking
from geoplan.network.engine import KernelTravelTimes
from geoplan.network.graph import Network, build_network
from geoplan.network.location import locate
from geoplan.network.nearest_field import NearestField
from geoplan.network.road_graph import RoadGraph
from geoplan.network.service_area import AreaDrawer

_CRS = "EPSG:4547"
_COMPILES = "numba:compile"  # broadcast before a kernel is compiled; one that is read from disk is not announced


class _Notice(event.Listener):
    """Calls ``say`` at the first kernel that has to be compiled."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say, self._said = say, False

    def on_start(self, _event: event.Event) -> None:
        if not self._said:
            self._said = True
            self._say()

    def on_end(self, _event: event.Event) -> None:
        pass  # compiling may end silently


def warm_up(say: Callable[[], None]) -> None:
    """Have every kernel ready that assessments, repairs and service areas use.

    Where compiled kernels of these sources are on disk (see ``kernels``) they are only loaded.

    Args:
        say: called once, and only if something must be compiled, before that begins: it may take half a minute.
    """
    with event.install_listener(_COMPILES, _Notice(say)):
        _use_all()


def _use_all() -> None:
    """Ask every question once, of one crossroads: what is asked decides what is compiled."""
    network = _crossroads()
    times = walking(network, 1.0)
    places = locate(network, shapely.points([(-40.0, 3.0), (3.0, 60.0), (50.0, -2.0)]), limit_m=50.0)
    travel = KernelTravelTimes(network, times)
    travel.nearest(places, places)
    travel.within(places, places, limit_ms=60_000)
    field = NearestField(RoadGraph(network, times))
    field.add(places)
    field.remove(1)
    drawer = AreaDrawer(network, times)
    reached = travel.reached(places, 60_000)
    for draw in (drawer.each, drawer.dissolved, drawer.responsibility):
        draw(reached, [60_000])


def _crossroads() -> Network:
    """A crossing, a junction, and two ends that nearly meet, as a survey draws them."""
    lines = [
        [(-100.0, 0.0), (0.0, 0.0), (100.0, 0.0)],
        [(0.0, -100.0), (0.0, 100.0)],
        [(50.0, 0.0), (50.0, 60.0)],
        [(-100.0, 0.3), (-100.0, 50.0)],
    ]
    cells = dict.fromkeys(("road_class", "foot", "access", "service", "walkable"), "")
    roads = pd.DataFrame(cells | {"grade": 0.0}, index=range(len(lines)))
    return build_network(gpd.GeoDataFrame(roads, geometry=[shapely.LineString(line) for line in lines], crs=_CRS))
