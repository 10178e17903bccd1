"""Which roads are open to whom, by the tags that OpenStreetMap uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.layers.schema import UNFINISHED_ROADS

_MOTORWAYS = frozenset({"motorway", "motorway_link"})
_NOT_ROADS = UNFINISHED_ROADS | _MOTORWAYS
# Closed to walkers unless `foot` opens them.
_UNLESS_OPENED = frozenset({"cycleway", "bridleway"})
# Closed to bicycles and e-bikes unless `bicycle` opens them.
_NOT_CYCLED = frozenset({"footway", "pedestrian", "bridleway", "corridor", "steps"})
# Closed to motor vehicles unless `motor_vehicle` opens them.
_NOT_DRIVEN = frozenset({"footway", "path", "steps", "pedestrian", "cycleway", "bridleway", "corridor"})
_OPEN = frozenset({"yes", "designated", "permissive", "official"})
_CLOSED_FOOT = frozenset({"no", "private", "use_sidepath"})
_CLOSED_ACCESS = frozenset({"no", "private"})
_CLOSED_WHEELS = frozenset({"no", "private", "use_sidepath", "dismount", "agricultural", "forestry"})
_ONEWAY = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1, "no": 0, "false": 0, "0": 0}
# One-way also where `oneway` says nothing: https://wiki.openstreetmap.org/wiki/Key:oneway
_ONEWAY_CLASSES = frozenset({"motorway"})
_ONEWAY_JUNCTIONS = frozenset({"roundabout", "circular"})

ACCESS = ("foot", "bicycle", "motor")
"""The three kinds of permission."""

Pace = tuple[float, bool]
"""Speed in metres per second (0 where closed), and whether slope changes it. Of two paces the larger is the faster."""


@dataclass(frozen=True, slots=True, order=True)
class Road:
    """What ways of travelling need to know of a road.

    Attributes:
        foot, bicycle, motor: to whom it is open.
        oneway: for vehicles 1 only in its own direction, -1 only against it, 0 both ways.
        closed: whether it is closed to everyone for now, and would be what the rest says if it were open again.
    """

    road_class: str = ""
    foot: bool = True
    bicycle: bool = True
    motor: bool = True
    oneway: int = 0
    closed: bool = False

    def reversed(self) -> Road:
        """The same road seen from its other end."""
        return replace(self, oneway=-self.oneway) if self.oneway else self


class Traveller(Protocol):
    """A way of travelling, as far as it decides which roads are alike."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def paces(self, road: Road) -> tuple[Pace, Pace]:
        """How a road is travelled in its own direction and against it."""
        ...


class PlainWalking:
    """Walking on all roads that can be walked, each like the others."""

    name = "步行"

    def paces(self, road: Road) -> tuple[Pace, Pace]:
        """The same for every road that is open to walkers; one-way streets bind vehicles only."""
        pace = (1.0 if road.foot and not road.closed else 0.0, False)
        return pace, pace


def fastest(roads: Iterable[Road], traveller: Traveller) -> tuple[Pace, Pace]:
    """How a stretch is travelled that several roads run on: each direction on the fastest of them."""
    forward, backward = zip(*(traveller.paces(road) for road in roads), strict=True)
    return max(forward), max(backward)


def road_kinds(roads: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], tuple[Road, ...]]:
    """The kind of each road.

    Returns:
        (kind, kinds): int64 (n,) and what the numbers mean. ``kinds`` is sorted and holds the reverse of each as well.
    """
    columns = pd.DataFrame(
        {
            "road_class": roads["road_class"].fillna("").astype(str).to_numpy(object),
            "foot": walkable(roads),
            "bicycle": open_to_bicycles(roads),
            "motor": open_to_motor_vehicles(roads),
            "oneway": oneway(roads),
            "closed": closed(roads),
        }
    )
    codes, first = _distinct(columns)
    found = [
        Road(str(row.road_class), bool(row.foot), bool(row.bicycle), bool(row.motor), int(row.oneway), bool(row.closed))
        for row in columns.iloc[first].itertuples()
    ]
    kinds = tuple(sorted({kind for road in found for kind in (road, road.reversed())}))
    place = {road: number for number, road in enumerate(kinds)}
    return np.array([place[road] for road in found], dtype=np.int64)[codes], kinds


def _distinct(table: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of each row among the distinct rows, and where each of those stands first."""
    codes = table.groupby(list(table.columns), sort=False).ngroup().to_numpy(np.int64)
    return codes, np.unique(codes, return_index=True)[1]


def _tag(roads: gpd.GeoDataFrame, name: str) -> pd.Series:
    """A column of tags; blank where the layer does not have it."""
    return roads[name] if name in roads else pd.Series("", index=roads.index, dtype=object)


def closed(roads: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which roads are closed for now by their ``status``, shape (n,); a blank one is open."""
    is_closed: pd.Series = _tag(roads, "status") == "closed"
    return is_closed.to_numpy(bool)


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


def open_to_bicycles(roads: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which roads bicycles and e-bikes may use, shape (n,): not motorways, motor roads, footways unless opened."""
    allowed = _open_to_wheels(roads, "bicycle", _NOT_CYCLED)
    return allowed & ~(roads["road_class"].isin(_MOTORWAYS) | (_tag(roads, "motorroad") == "yes")).to_numpy(bool)


def open_to_motor_vehicles(roads: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which roads motor vehicles may use, shape (n,): motorways too; ways for walkers and cyclists only if opened."""
    return _open_to_wheels(roads, "motor_vehicle", _NOT_DRIVEN)


def _open_to_wheels(roads: gpd.GeoDataFrame, own: str, unless_opened: frozenset[str]) -> NDArray[np.bool_]:
    """The most particular filled tag decides: the vehicle's own, else ``vehicle``, else ``access``."""
    klass, specific = roads["road_class"], _tag(roads, own)
    opened = specific.isin(_OPEN)
    general = _tag(roads, "vehicle")
    said = general.where(general != "", roads["access"])
    said = specific.where(specific != "", said)
    allowed = ~klass.isin(UNFINISHED_ROADS) & ~said.isin(_CLOSED_WHEELS) & (_tag(roads, "area") != "yes")
    allowed &= opened | ~(klass.isin(unless_opened) | (roads["service"] == "private"))
    return allowed.to_numpy(bool)


def oneway(roads: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """The direction in which vehicles may travel, shape (n,): 1 as drawn, -1 against it, 0 both.

    A blank or unknown ``oneway`` (``reversible``, ``alternating``) is two-way, but for motorways and roundabouts.
    """
    stated = _tag(roads, "oneway").astype(str).str.strip().str.lower()
    implied = roads["road_class"].isin(_ONEWAY_CLASSES) | _tag(roads, "junction").isin(_ONEWAY_JUNCTIONS)
    direction = stated.map(_ONEWAY).fillna(0).where(stated != "", implied.astype(int))
    return direction.to_numpy(np.int64)
