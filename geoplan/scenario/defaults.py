"""What a new facility is until the planner says otherwise: what its kind is for, and as large as those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.layers.schema import FACILITY_KINDS, label
from geoplan.scenario.edits import Value

# Level and functions by kind, from the words of the five published plans (镇街综合养老服务中心 全日托养、日间照料、上门服务、协调指导).
_USUAL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "care_home": ("township", "full_residential|safety|recreation"),
        "township_centre": ("township", "full_residential|day_care|home_visit|guidance"),
        "community_centre": ("village", "day_care|meals|recreation"),
        "village_station": ("village", "meals|safety"),
        "canteen": ("village", "meals"),
        "regional_centre": ("county", "full_residential|guidance|resource_dispatch"),
        "embedded_home": ("village", "full_residential|day_care|meals"),
        "emergency_centre": ("township", "safety"),
    }
)
_SIZES = ("beds", "nursing_beds", "floor_area_m2", "site_area_m2")


def usual(kind: str, layers: Layers, year: int) -> dict[str, Value]:
    """The attributes of a new facility.

    Beds and areas are the medians of the facilities of its kind in the layers, rounded down to whole numbers; what none
    of them states stays blank.

    Args:
        kind: one of ``FACILITY_KINDS``.
        year: in which it opens.
    """
    level, functions = _USUAL[kind]
    facilities = layers.frames["facilities"]
    alike = facilities[facilities["kind"] == kind]
    sizes = {name: size for name in _SIZES if (size := _median(alike, name)) is not None}
    attributes: dict[str, Value] = {
        "name": _("新建{kind}").format(kind=_(label(kind, FACILITY_KINDS))),
        "kind": kind,
        "level": level,
        "status": "existing",
        "functions": functions,
        "open_year": year,
    }
    return attributes | sizes


def _median(facilities: gpd.GeoDataFrame, name: str) -> int | None:
    middle = facilities[name].median()
    return None if pd.isna(middle) else int(middle)


def new_parcel(year: int) -> dict[str, Value]:
    """The attributes of a new parcel: land for the elderly (080701 老年人社会福利用地) of the classification of 2023."""
    return {"code": "080701", "code_system": "用地用海", "plan_year": year, "status": "规划"}


def new_road(kind: str) -> dict[str, Value]:
    """The attributes of a new road that people may walk on.

    Args:
        kind: ``street``, ``footway``, ``steps``, or ``bridge``, which meets no road between its ends.
    """
    road_class = {"street": "residential", "footway": "footway", "steps": "steps", "bridge": "footway"}[kind]
    return {"road_class": road_class, "walkable": True, "grade": 1 if kind == "bridge" else 0}


ROAD_KINDS = ("street", "footway", "bridge", "steps")
