"""Which roads people walk on, by the tags that OpenStreetMap uses."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Never walked, whatever else is said: https://wiki.openstreetmap.org/wiki/Key:highway
_NOT_ROADS = frozenset(
    {
        "motorway", "motorway_link", "raceway", "bus_guideway", "busway", "escape",
        "construction", "proposed", "planned", "abandoned", "razed", "disused", "no",
        "elevator", "platform", "rest_area", "services",
    }
)  # fmt: skip
# Closed to walkers unless `foot` opens them.
_UNLESS_OPENED = frozenset({"cycleway", "bridleway"})
_OPEN = frozenset({"yes", "designated", "permissive", "official"})
_CLOSED_FOOT = frozenset({"no", "private", "use_sidepath"})
_CLOSED_ACCESS = frozenset({"no", "private"})


def walkable(roads: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which roads can be walked, shape (n,).

    A filled ``walkable`` column decides. Else the OSM tags: motorways and what is not a finished road never;
    ``foot`` before ``access``; cycleways only where ``foot`` opens them; areas and motor roads not. A road without
    a class, as in a plain survey, is walked.
    """
    klass = roads["road_class"]
    foot = roads["foot"]
    opened = foot.isin(_OPEN)
    allowed = ~klass.isin(_NOT_ROADS) & ~foot.isin(_CLOSED_FOOT)
    allowed &= opened | ~(
        klass.isin(_UNLESS_OPENED) | roads["access"].isin(_CLOSED_ACCESS) | (roads["service"] == "private")
    )
    for tag in ("motorroad", "area"):
        if tag in roads:
            allowed &= roads[tag] != "yes"
    stated = roads["walkable"]
    decided: pd.Series = allowed.where(stated == "", stated == "yes")
    return decided.to_numpy(bool)
