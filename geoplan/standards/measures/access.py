"""Measures of distance: who reaches a service on the roads, what stands beside what, and two screening lists."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.i18n import _
from geoplan.layers.schema import CLINIC_KINDS, FACILITY_LEVELS, IDLE_KINDS
from geoplan.model import Count, Reach, Rule
from geoplan.network import UNREACHED
from geoplan.standards.measures.counting import ONE, ZERO, Part, exact, nothing_known, share, total
from geoplan.standards.measures.facilities import GROUPS
from geoplan.standards.measures.registry import Facts, measure
from geoplan.standards.measures.scope import FACILITY_SCOPE, Chosen, facilities_in_scope
from geoplan.standards.options import a_positive_figure, a_share, a_word, one_of, some_of, table_of

SENSITIVITY_M = (100, 200, 300, 500)
"""Other distances at which co-location is told (AMB-24), in metres."""
_MINUTE_MS = 60_000


@measure("coverage", options={"service": a_word, "group": one_of(GROUPS)}, required="service group")
def network_share(facts: Facts, rule: Rule) -> list[Count]:
    """The share of people who reach a service within its minutes on the road network.

    Unlocatable people are in the denominator: they are not shown to be covered.
    """
    group, rows = rule.options["group"], facts.coverage[rule.options["service"]]
    if rows[group].isna().all():
        return nothing_known(facts, _("人"), f"demand.{group}")
    counts = [_reached(row, group) for row in rows.to_dict("records")]
    return [replace(counts[0], unit=facts.place[0], unit_name=facts.place[1]), *counts[1:]]


def _reached(row: Mapping[str, object], group: str) -> Count:
    covered, people = (Fraction(float(str(row[column]))) for column in (f"{group}_covered", group))
    return Count(
        str(row["unit"]),
        str(row["unit_name"]),
        str(row["level"]),
        covered,
        people,
        _("人"),
        scale=100,
        span=(ZERO, Fraction(100)) if row[f"{group}_unknown"] else None,
        missing=(f"demand.{group}",) if row[f"{group}_unknown"] else (),
        of=(f"demand.{group}",),
        detail=row["level"] != "county",
    )


@measure(
    "facilities clinics",
    scope=FACILITY_SCOPE,
    options={"pairs": table_of(some_of(CLINIC_KINDS), FACILITY_LEVELS), "threshold_m": a_positive_figure},
    required="pairs threshold_m",
)
def nearest_within(facts: Facts, rule: Rule) -> list[Count]:
    """The share of facilities that have a clinic of the kind paired with their level within so many metres.

    Distances are straight lines between the shapes (0 on one parcel); the shares at other distances stand in the note
    (AMB-24). Facilities of a level without a pair are not asked.
    """
    if "clinics" not in facts.frames:
        return nothing_known(facts, _("处"), "clinics")
    chosen = facilities_in_scope(facts, rule)
    near = [site for site in _beside(facts, rule, chosen) if site.asked]
    notes = [
        _("{metres} m 内 {near} 处").format(metres=metres, near=sum(site.metres <= metres for site in near))
        for metres in SENSITIVITY_M
    ]
    together = share([site.part(float(rule.options["threshold_m"])) for site in near])
    county = together.count(facts.place, "county", _("处"), whole=True, note=_("；").join(notes))
    return [county, *(site.row() for site in near)]


@dataclass(frozen=True, slots=True)
class _Site:
    """A facility and how far the nearest clinic of its pair is: NaN when unknown, infinite when there is none."""

    id: str
    name: str
    metres: float
    asked: bool
    certain: bool
    missing: tuple[str, ...]

    def part(self, limit_m: float) -> Part:
        """Whether it has a clinic within so many metres."""
        least, most = ONE if self.metres <= limit_m else ZERO, ZERO if self.metres > limit_m else ONE
        return Part(self.id, least, most, ONE, self.certain, self.missing)

    def row(self) -> Count:
        """The distance, as a detail."""
        there = math.isfinite(self.metres)
        return Count(
            self.id,
            self.name,
            "facility",
            exact(self.metres) if there else ZERO,
            ONE if there else None if math.isnan(self.metres) else ZERO,
            "m",
            counted=(self.id,),
            of=(self.id,),
            missing=self.missing,
            value_unit="m",
            detail=True,
            note=_("没有相应类别的医疗卫生机构") if math.isinf(self.metres) else "",
        )


def _beside(facts: Facts, rule: Rule, chosen: Chosen) -> list[_Site]:
    """Every facility in scope with its distance, to the centimetre."""
    clinics, frame = facts.frames["clinics"], chosen.frame
    levels, pairs = frame["level"].to_numpy(object), rule.options["pairs"]
    metres = np.full(len(frame), np.nan)
    shapes = frame.geometry.to_numpy()
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    for level, kinds in pairs.items():
        rows = np.flatnonzero((levels == level) & placed)
        metres[rows] = _nearest_m(shapes[rows], clinics.geometry[clinics["kind"].isin(kinds).to_numpy()].to_numpy())
    sites = []
    cells = zip(
        frame["facility_id"], frame["name"], levels, placed, chosen.certain.tolist(), chosen.missing, strict=True
    )
    for place, (name, title, level, is_placed, certain, missing) in enumerate(cells):
        blank = [field for field, there in (("level", level != ""), ("geometry", is_placed)) if not there]
        fields = (*missing, *(f"facilities.{field}" for field in blank))
        sites.append(_Site(name, title, float(metres[place]), level in {"", *pairs}, certain, fields))
    return sites


def _nearest_m(shapes: NDArray[np.object_], others: NDArray[np.object_]) -> NDArray[np.float64]:
    """Metres from each shape to the nearest of others, to the centimetre; infinite when there are none."""
    others = others[~(shapely.is_missing(others) | shapely.is_empty(others))]
    if not len(shapes) or not len(others):
        return np.full(len(shapes), np.inf)
    (asked, _found), metres = shapely.STRtree(others).query_nearest(shapes, return_distance=True, all_matches=False)
    nearest = np.full(len(shapes), np.inf)
    nearest[asked] = np.round(metres, 2)
    return nearest


@measure(
    "facilities seats travel",
    scope=FACILITY_SCOPE,
    options={"beds_quantile": a_share, "occupancy_below": a_share, "minutes_above": a_positive_figure},
    required="beds_quantile occupancy_below minutes_above",
    value="never",
)
def small_remote_homes(facts: Facts, rule: Rule) -> list[Count]:
    """A screening list, never judged (AMB-23): homes that are small, little used and far from county seat and town seats.

    Small: at most as many beds as ``beds_quantile`` per cent of the homes in scope have at most. Little used: residents
    below ``occupancy_below`` per cent of beds. Far: more than ``minutes_above`` minutes to the nearest seat, as the
    assessment travels.
    """
    if "seats" not in facts.frames or facts.travel is None:
        return nothing_known(facts, _("处"), "seats" if "seats" not in facts.frames else "roads")
    chosen = facilities_in_scope(facts, rule)
    homes = chosen.frame
    filled = (homes["beds"].notna() & homes["residents"].notna() & homes.geometry.notna()).to_numpy(
        bool
    ) & chosen.certain
    homes = homes[filled].reset_index(drop=True)
    note = _("{count} 处资料不全，未筛查").format(count=int((~filled).sum())) if not filled.all() else ""
    beds, residents = homes["beds"].to_numpy(float), homes["residents"].to_numpy(float)
    small = beds <= _quantile(beds, rule.options["beds_quantile"])
    below = [
        100 * exact(lives) < rule.options["occupancy_below"] * exact(bed)
        for lives, bed in zip(residents, beds, strict=True)
    ]
    picked = homes[small & np.array(below, dtype=bool)].reset_index(drop=True)
    times = facts.travel.nearest_ms(picked, facts.frames["seats"]) if len(picked) else np.empty(0, dtype=np.int64)
    limit_ms = rule.options["minutes_above"] * _MINUTE_MS
    rows = [
        _remote_home(row, int(ms))
        for row, ms in zip(picked.drop(columns="geometry").to_dict("records"), times, strict=True)
        if ms == UNREACHED or ms > limit_ms
    ]
    return [_listed(facts, rows, _("处"), note), *rows]


def _quantile(figures: NDArray[np.float64], percent: Fraction) -> float:
    """The figure that so many per cent of all do not exceed: one of the figures themselves, none between them."""
    if not len(figures):
        return 0.0
    place = max(math.ceil(percent * len(figures) / 100), 1) - 1
    return float(np.sort(figures)[place])


def _remote_home(row: Mapping[str, Any], ms: int) -> Count:
    """A candidate: minutes to the nearest seat, beds and residents in words."""
    reached = ms != UNREACHED
    words = _("床位 {beds:g} 张，入住 {residents:g} 人").format(beds=row["beds"], residents=row["residents"])
    return Count(
        str(row["facility_id"]),
        str(row["name"]),
        "facility",
        Fraction(ms, _MINUTE_MS) if reached else ZERO,
        ONE if reached else ZERO,
        _("分钟"),
        counted=(str(row["facility_id"]),),
        of=(str(row["facility_id"]),),
        value_unit=_("分钟"),
        detail=True,
        note=words if reached else words + _("；路网不通县城和镇区"),
    )


def _listed(facts: Facts, rows: list[Count], unit: str, note: str) -> Count:
    """The county's row of a screening list: how many there are on it."""
    parts = [Part(row.unit, ONE, ONE) for row in rows]
    return total(parts).count(facts.place, "county", unit, whole=True, note=note)


@measure(
    "idle_assets demand coverage travel",
    options={"service": a_word, "group": one_of(GROUPS), "kinds": some_of(IDLE_KINDS)},
    required="service group",
    value="never",
)
def idle_assets_in_gaps(facts: Facts, rule: Rule) -> list[Count]:
    """A screening list, never judged: idle assets that uncovered people could reach within the service's minutes.

    Each with how many people of the group it would reach of those whom no facility of the service reaches now.
    """
    if "idle_assets" not in facts.frames or facts.travel is None:
        return nothing_known(facts, _("处"), "idle_assets" if "idle_assets" not in facts.frames else "roads")
    assets = facts.frames["idle_assets"]
    if "kinds" in rule.options:
        assets = assets[assets["kind"].isin(rule.options["kinds"]).to_numpy()].reset_index(drop=True)
    service, group = rule.options["service"], rule.options["group"]
    uncovered = _uncovered(facts.reach[service])
    people = facts.frames["demand"][group].to_numpy(float)
    limit_ms = int(facts.coverage[service]["minutes"].iloc[0]) * _MINUTE_MS
    trips = facts.travel.trips_within(assets, limit_ms)
    helped = uncovered[trips.home]
    gained = np.bincount(
        trips.facility[helped], weights=np.nan_to_num(people)[trips.home[helped]], minlength=len(assets)
    )
    rows = [
        _asset(str(name), str(title), float(number))
        for name, title, number in zip(assets["asset_id"], assets["name"], gained, strict=True)
        if number
    ]
    anyone = np.unique(trips.home[helped])
    text = _("合计可使 {people:,.0f} 人新纳入覆盖（不重复计）")
    note = text.format(people=float(np.nan_to_num(people)[anyone].sum())) if rows else ""
    return [_listed(facts, rows, _("处"), note), *rows]


def _uncovered(reach: pd.DataFrame) -> NDArray[np.bool_]:
    """The county's demand points that are on the network and not covered."""
    served = reach["reach"].isin([Reach.COVERED.value, Reach.UNLOCATABLE.value])
    return (~served & reach["in_area"]).to_numpy(bool)


def _asset(name: str, title: str, people: float) -> Count:
    return Count(
        name,
        title,
        "asset",
        exact(people),
        ONE,
        _("人"),
        counted=(name,),
        of=(name,),
        value_unit=_("人"),
        detail=True,
    )
