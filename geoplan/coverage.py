"""Who is covered by a service: per demand point, per facility, per administrative unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.layers import townships
from geoplan.model import Reach, Service
from geoplan.network import UNREACHED, Locations, TravelTimes

GROUPS = ("pop_total", "pop60", "pop65")
UNCOVERED = (Reach.TOO_FAR, Reach.ISLAND, Reach.NO_FACILITY)
WHOLE_AREA = "*"
"""The unit code of the whole workspace where there is no county in the units layer."""
OUTSIDE = "-"
"""The unit code of demand points in the county that lie in no township."""


@dataclass(frozen=True)
class Coverage:
    """Who reaches a service within its minutes.

    Attributes:
        facilities: the facilities that offer the service, sorted by id, with ``located`` (on the network or not),
            and for each group ``<group>_reached`` (people within its minutes, also counted at others),
            ``<group>_only`` (of these the people whom no other facility of the service reaches: what it alone adds, and
            what would be lost without it) and ``<group>_nearest`` (covered people for whom it is the nearest; these
            never count twice).
        demand: one row per demand point in the order of the layer: ``demand_id``, ``township``, ``reach`` (a ``Reach``),
            ``ms`` (Int64, time to the nearest facility), ``facility_id`` (the nearest), ``excess_ms`` (Int64, beyond
            the limit), ``leg_m`` (way to the road).
        units: one row per unit (the county first): ``unit``, ``unit_name``, ``level``, ``kind``, ``minutes``, and for each
            group ``<group>`` (total), ``<group>_covered``, ``_uncovered``, ``_too_far``, ``_island``,
            ``_no_facility``, ``_unlocatable`` (people), ``_unknown`` (rows whose cell is blank). People are multiples
            of 1/1024, so the sums are exact. All people cells are NaN for a group that no row knows.
    """

    service: Service
    facilities: gpd.GeoDataFrame
    demand: pd.DataFrame
    units: pd.DataFrame


def offering(facilities: gpd.GeoDataFrame, service: Service) -> gpd.GeoDataFrame:
    """The facilities that offer a service."""
    return facilities[facilities["kind"].isin(service.kinds)].reset_index(drop=True)


def cover(
    service: Service,
    travel: TravelTimes,
    homes: Locations,
    sites: Locations,
    frames: Mapping[str, gpd.GeoDataFrame],
) -> Coverage:
    """Who reaches a service.

    Args:
        homes: the locations of ``frames["demand"]``, row by row.
        sites: the locations of ``frames["facilities"]``, row by row.
        frames: ``demand``, ``facilities`` (those that offer the service, sorted by id) and, where known, ``units``;
            not changed.
    """
    demand, facilities = frames["demand"], frames["facilities"]
    people = _reach_of_demand(service, travel, homes, sites, demand, facilities)
    trips = travel.within(homes, sites, service.limit_ms)
    counted = facilities.assign(located=sites.located)
    alone = np.bincount(trips.home, minlength=len(demand))[trips.home] == 1
    is_covered = (people["reach"] == Reach.COVERED).to_numpy()
    for group in GROUPS:
        who = demand[group].fillna(0).to_numpy(float)
        nearest = people["facility_id"].where(is_covered, "")
        own = pd.Series(who).groupby(nearest.to_numpy(object)).sum()
        counted[f"{group}_reached"] = np.bincount(trips.facility, weights=who[trips.home], minlength=len(facilities))
        counted[f"{group}_only"] = np.bincount(
            trips.facility[alone], weights=who[trips.home[alone]], minlength=len(facilities)
        )
        counted[f"{group}_nearest"] = own.reindex(facilities["facility_id"]).fillna(0).to_numpy(float)
    return Coverage(service, counted, people, _by_unit(service, people, demand, frames.get("units")))


def _reach_of_demand(
    service: Service,
    travel: TravelTimes,
    homes: Locations,
    sites: Locations,
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
) -> pd.DataFrame:
    nearest = travel.nearest(homes, sites)
    reached = nearest.ms != UNREACHED
    away = Reach.ISLAND if sites.located.any() else Reach.NO_FACILITY
    reach = np.select(
        [~homes.located, reached & (nearest.ms <= service.limit_ms), reached],
        [Reach.UNLOCATABLE.value, Reach.COVERED.value, Reach.TOO_FAR.value],
        default=away.value,
    )
    ids = np.append(facilities["facility_id"].to_numpy(object), "")
    return pd.DataFrame(
        {
            "demand_id": demand["demand_id"].to_numpy(object),
            "township": demand["township"].to_numpy(object),
            "in_area": demand["in_area"].to_numpy(bool),
            "reach": pd.Series(reach, dtype=object),
            "ms": pd.array(nearest.ms, dtype="Int64").copy(),
            "facility_id": ids[np.where(reached, nearest.facility, len(facilities))],
            "excess_ms": pd.array(np.maximum(nearest.ms - service.limit_ms, 0), dtype="Int64"),
            "leg_m": homes.leg_m,
        }
    ).assign(
        ms=lambda table: table["ms"].mask(~reached),
        excess_ms=lambda table: table["excess_ms"].mask(~reached),
    )


def _by_unit(
    service: Service, people: pd.DataFrame, demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    rows = []
    for unit, name, level, members in _members(people, units):
        row: dict[str, object] = {
            "unit": unit,
            "unit_name": name,
            "level": level,
            "kind": service.id,
            "minutes": service.minutes,
        }
        for group in GROUPS:
            row |= _account(group, demand[group].to_numpy(float), people["reach"].to_numpy(object), members)
        rows.append(row)
    return pd.DataFrame(rows)


def _members(people: pd.DataFrame, units: gpd.GeoDataFrame | None) -> list[tuple[str, str, str, NDArray[np.bool_]]]:
    """The units to report and which demand points belong to each: the county, its townships, the rest of it."""
    inside = people["in_area"].to_numpy(bool)
    towns = townships(units)
    if units is None or towns is None:
        return [(WHOLE_AREA, "", "county", inside)]
    county = units[units["level"] == "county"]
    code, name = (county["unit_code"].iloc[0], county["name"].iloc[0]) if len(county) == 1 else (WHOLE_AREA, "")
    members = [(str(code), str(name), "county", inside)]
    township = people["township"].to_numpy(object)
    members += [
        (str(c), str(n), "township", township == c) for c, n in zip(towns["unit_code"], towns["name"], strict=True)
    ]
    rest = inside & (township == "")
    return [*members, (OUTSIDE, "", "township", rest)] if rest.any() else members


def _account(
    group: str, people: NDArray[np.float64], reach: NDArray[np.object_], members: NDArray[np.bool_]
) -> dict[str, object]:
    """One group's account in one unit. Covered, uncovered and unlocatable are summed apart from the total."""
    known = ~np.isnan(people)
    if not known.any():
        columns = ("", "_covered", "_uncovered", *(f"_{reason}" for reason in UNCOVERED), "_unlocatable")
        nothing: dict[str, object] = {f"{group}{column}": np.nan for column in columns}
        return nothing | {f"{group}_unknown": int(members.sum())}

    def total(mask: NDArray[np.bool_]) -> float:
        return float(people[members & known & mask].sum())

    reasons = {reason: total(reach == reason) for reason in Reach}
    return {
        group: total(np.ones(len(people), dtype=bool)),
        f"{group}_covered": reasons[Reach.COVERED],
        f"{group}_uncovered": sum(reasons[reason] for reason in UNCOVERED),
        **{f"{group}_{reason}": reasons[reason] for reason in (*UNCOVERED, Reach.UNLOCATABLE)},
        f"{group}_unknown": int((members & ~known).sum()),
    }
