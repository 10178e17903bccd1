"""Who is covered by a service: per demand point, per facility, per administrative unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Self

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.layers import townships
from geoplan.model import Reach, Service
from geoplan.network import UNREACHED, Locations, Nearest, TravelTimes, Trips

GROUPS = ("pop_total", "pop60", "pop65")
UNCOVERED = (Reach.TOO_FAR, Reach.CLOSED_ROAD, Reach.ISLAND, Reach.NO_FACILITY)
WHOLE_AREA = "*"
"""The unit code of the whole workspace where there is no county in the units layer."""
OUTSIDE = "-"
"""The unit code of demand points in the county that lie in no township."""
_REASONS = tuple(Reach)
_COVERED = _REASONS.index(Reach.COVERED)


@dataclass(frozen=True)
class Coverage:
    """Who reaches a service within its minutes.

    Attributes:
        facilities: the facilities that offer the service, sorted by id, with ``located`` (on the network or not),
            and for each group ``<group>_reached`` (people within its minutes, also counted at others), which is
            ``<group>_only`` (of these the people whom no other facility of the service reaches: what it alone adds, and
            what would be lost without it) plus ``<group>_shared`` (the overlap: those whom another one reaches too), and
            ``<group>_nearest`` (covered people for whom it is the nearest; these never count twice).
        demand: one row per demand point in the order of the layer: ``demand_id``, ``township``, ``reach`` (a ``Reach``),
            ``ms`` (Int64, time to the nearest facility), ``facility_id`` (the nearest), ``excess_ms`` (Int64, beyond
            the limit), ``leg_m`` (way to the road, also where it is too long), ``moved`` (from a small island to the main
            network), and where a closed road is the reason ``open_ms`` and ``open_facility_id``, what they would be if
            every closed road were open.
        units: one row per unit (the county first): ``unit``, ``unit_name``, ``level``, ``kind``, ``minutes``, and for each
            group ``<group>`` (total), ``<group>_covered``, ``_uncovered``, ``_too_far``,
            ``_closed_road``, ``_island``, ``_no_facility``, ``_unlocatable`` (people), ``_unknown`` (rows whose cell is blank). People are multiples
            of 1/1024, so the sums are exact. All people cells are NaN for a group that no row knows.
    """

    service: Service
    facilities: gpd.GeoDataFrame
    demand: pd.DataFrame
    units: pd.DataFrame


def offering(facilities: gpd.GeoDataFrame, service: Service) -> gpd.GeoDataFrame:
    """The facilities that offer a service."""
    return facilities[facilities["kind"].isin(service.kinds)].reset_index(drop=True)


@dataclass(frozen=True)
class Residents:
    """The demand points as plain arrays, and the units in which their people are counted: made once for a layer.

    Attributes:
        names: (code, name, level) of the county, its townships and the rest of it, if anybody lives there.
        row: int64 (k,), for each demand point its row in ``names``, -1 for none; the county's own row is never it.
        inside: bool (k,), whether it is the county's.
        people: for each group float64 (k,), NaN where it is not known.
        totals: for each group the people of every row of ``names``.
        unknown: for each group how many cells of every row of ``names`` are blank.
    """

    demand_id: NDArray[np.object_]
    township: NDArray[np.object_]
    names: tuple[tuple[str, str, str], ...]
    row: NDArray[np.int64]
    inside: NDArray[np.bool_]
    people: Mapping[str, NDArray[np.float64]]
    totals: Mapping[str, NDArray[np.float64]]
    unknown: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None) -> Self:
        """Those of a layer."""
        names, row, inside = _units(demand, units)
        people = {group: demand[group].to_numpy(float) for group in GROUPS}
        sums = partial(_by_row, row, inside, len(names))
        return cls(
            demand["demand_id"].to_numpy(object),
            demand["township"].to_numpy(object),
            tuple(names),
            row,
            inside,
            people,
            totals={group: sums(np.nan_to_num(people[group])) for group in GROUPS},
            unknown={group: sums(np.isnan(people[group]).astype(float)).astype(np.int64) for group in GROUPS},
        )

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The first columns of ``Coverage.demand``, which no facility moves."""
        return pd.DataFrame({"demand_id": self.demand_id, "township": self.township, "in_area": self.inside})


def _by_row(
    row: NDArray[np.int64], inside: NDArray[np.bool_], rows: int, amounts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The sum of the demand points' amounts for every row of the units; the first is the county's."""
    own = row >= 0
    sums = _sums(row[own], amounts[own], rows)
    sums[0] = amounts[inside].sum()
    return sums


@dataclass(frozen=True)
class Offer:
    """The facilities that offer a service, sorted by id, and their locations on the network, row by row."""

    service: Service
    facilities: gpd.GeoDataFrame
    sites: Locations


def cover(
    offer: Offer, travel: TravelTimes, homes: Locations, residents: Residents, *, reopened: Nearest | None = None
) -> Coverage:
    """Who reaches a service.

    Args:
        homes: the locations of the residents, one by one.
        reopened: the nearest facility of each home once every closed road is open; None where no road is closed.
    """
    service, facilities, sites = offer.service, offer.facilities, offer.sites
    nearest = travel.nearest(homes, sites)
    reasons = _reasons(service, nearest, reopened, homes, sites)
    trips = travel.within(homes, sites, service.limit_ms)
    added = _what_each_adds(trips, nearest, reasons == _COVERED, residents, len(sites))
    columns = pd.DataFrame({"located": sites.located, **added}, index=facilities.index)
    people = _people(offer, residents, nearest, reopened, reasons, homes)
    return Coverage(service, pd.concat([facilities, columns], axis=1), people, _by_unit(service, reasons, residents))


def _reasons(
    service: Service, nearest: Nearest, would_be: Nearest | None, homes: Locations, sites: Locations
) -> NDArray[np.int64]:
    """int64 (k,), for each home the place of its reason in ``_REASONS``."""
    reached = nearest.ms != UNREACHED
    away = Reach.ISLAND if sites.located.any() else Reach.NO_FACILITY
    reasons = np.select(
        [~homes.located, reached & (nearest.ms <= service.limit_ms), reached],
        [_REASONS.index(reason) for reason in (Reach.UNLOCATABLE, Reach.COVERED, Reach.TOO_FAR)],
        default=_REASONS.index(away),
    )
    if would_be is not None:
        helped = (would_be.ms != UNREACHED) & (would_be.ms <= service.limit_ms)
        reasons[helped & (reasons != _COVERED)] = _REASONS.index(Reach.CLOSED_ROAD)
    return reasons


def _what_each_adds(
    trips: Trips, nearest: Nearest, covered: NDArray[np.bool_], residents: Residents, count: int
) -> dict[str, NDArray[np.float64]]:
    """Columns of people that each facility reaches, alone and with others, and of whom it is the nearest.

    Sums of people are exact (``Coverage.units``), so that the shared ones are the rest to the last bit.
    """
    alone = np.bincount(trips.home, minlength=len(residents))[trips.home] == 1
    columns: dict[str, NDArray[np.float64]] = {}
    for group in GROUPS:
        who = np.nan_to_num(residents.people[group])
        people = who[trips.home]
        reached = _sums(trips.facility, people, count)
        only = _sums(trips.facility[alone], people[alone], count)
        columns |= {f"{group}_reached": reached, f"{group}_only": only, f"{group}_shared": reached - only}
        columns[f"{group}_nearest"] = _sums(nearest.facility[covered], who[covered], count)
    return columns


def _sums(place: NDArray[np.int64], amounts: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The sum of the amounts at each place; also float where there is no amount at all."""
    return np.bincount(place, weights=amounts, minlength=count).astype(float, copy=False)


def _people(
    offer: Offer,
    residents: Residents,
    nearest: Nearest,
    would_be: Nearest | None,
    reasons: NDArray[np.int64],
    homes: Locations,
) -> pd.DataFrame:
    """The rows of ``Coverage.demand``."""
    # Arrays of pandas' own texts: it would look through every cell of an array of objects.
    ids = pd.Series([*offer.facilities["facility_id"], ""]).array  # blank at ``UNREACHED``, the last place
    blamed = reasons == _REASONS.index(Reach.CLOSED_ROAD)
    other = nearest if would_be is None else would_be
    return residents.frame.assign(
        reach=pd.Series(np.array([reason.value for reason in _REASONS], dtype=object)[reasons], dtype=object),
        ms=_masked(nearest.ms, nearest.ms == UNREACHED),
        facility_id=ids.take(nearest.facility),
        excess_ms=_masked(np.maximum(nearest.ms - offer.service.limit_ms, 0), nearest.ms == UNREACHED),
        leg_m=homes.leg_m,
        moved=homes.moved,
        open_ms=_masked(other.ms, ~blamed),
        open_facility_id=ids.take(np.where(blamed, other.facility, UNREACHED)),
    )


def _masked(numbers: NDArray[np.int64], unknown: NDArray[np.bool_]) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(numbers.copy(), unknown.copy())


def _by_unit(service: Service, reasons: NDArray[np.int64], residents: Residents) -> pd.DataFrame:
    """The rows of ``Coverage.units``."""
    codes, names, levels = zip(*residents.names, strict=True)
    columns: dict[str, object] = {"unit": codes, "unit_name": names, "level": levels}
    columns |= {"kind": service.id, "minutes": service.minutes}
    for group in GROUPS:
        columns |= _account(group, reasons, residents)
    return pd.DataFrame(columns)


def _units(
    demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None
) -> tuple[list[tuple[str, str, str]], NDArray[np.int64], NDArray[np.bool_]]:
    """Which units to report, and whose each demand point is.

    Returns:
        (code, name, level) of the county, its townships and the rest of it; for each demand point the row of its
        township (-1 for none), and whether it is the county's.
    """
    inside = demand["in_area"].to_numpy(bool)
    nowhere = np.full(len(demand), -1)
    towns = townships(units)
    if units is None or towns is None:
        return [(WHOLE_AREA, "", "county")], nowhere, inside
    county = units[units["level"] == "county"]
    code, name = (county["unit_code"].iloc[0], county["name"].iloc[0]) if len(county) == 1 else (WHOLE_AREA, "")
    names = [(str(code), str(name), "county")]
    names += [(str(code), str(name), "township") for code, name in zip(towns["unit_code"], towns["name"], strict=True)]
    place = {code: number for number, (code, _name, level) in enumerate(names) if level == "township"}
    township = demand["township"].to_numpy(object)
    row = np.array([place.get(code, -1) for code in township], dtype=np.int64)
    rest = inside & (township == "")
    if rest.any():
        row[rest] = len(names)
        names.append((OUTSIDE, "", "township"))
    return names, row, inside


def _account(
    group: str, reasons: NDArray[np.int64], residents: Residents
) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """One group's account in every unit. Covered, uncovered and unlocatable are summed apart from the total."""
    people, rows = residents.people[group], len(residents.names)
    unknown = {f"{group}_unknown": residents.unknown[group]}
    if np.isnan(people).all():
        columns = ("", "_covered", "_uncovered", *(f"_{reason}" for reason in UNCOVERED), "_unlocatable")
        return {f"{group}{column}": np.full(rows, np.nan) for column in columns} | unknown
    people = np.nan_to_num(people)
    own, inside, kinds = residents.row >= 0, residents.inside, len(_REASONS)
    sums = _sums(residents.row[own] * kinds + reasons[own], people[own], rows * kinds).reshape(rows, kinds)
    sums[0] = _sums(reasons[inside], people[inside], kinds)
    by_reason = dict(zip(_REASONS, sums.T.copy(), strict=True))
    return {
        group: residents.totals[group],
        f"{group}_covered": by_reason[Reach.COVERED],
        f"{group}_uncovered": sum((by_reason[reason] for reason in UNCOVERED), np.zeros(rows)),
        **{f"{group}_{reason}": by_reason[reason] for reason in (*UNCOVERED, Reach.UNLOCATABLE)},
        **unknown,
    }
