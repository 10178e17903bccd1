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

from geoplan.i18n import _, mark
from geoplan.layers.columns import exact
from geoplan.layers.schema import CLINIC_KINDS, FACILITY_LEVELS, IDLE_KINDS
from geoplan.model import Count, Reach, Rule
from geoplan.network import UNREACHED
from geoplan.standards.measures.counting import ONE, ZERO, Part, nothing_known, share, total
from geoplan.standards.measures.facilities import GROUPS
from geoplan.standards.measures.registry import Facts, is_one_of, measure
from geoplan.standards.measures.scope import FACILITY_SCOPE, Chosen, facilities_in_scope
from geoplan.standards.options import a_positive_figure, a_share, a_word, one_of, some_of, table_of

SENSITIVITY_M = (100, 200, 300, 500)
"""Other distances at which co-location is told (AMB-24), in metres."""
_MINUTE_MS = 60_000
_ALL = Fraction(100)


@measure("coverage", options={"service": a_word, "group": one_of(GROUPS)}, required="service group")
def network_share(facts: Facts, rule: Rule) -> list[Count]:
    """The share of people who reach a service within its minutes on the road network.

    Unlocatable people are in the denominator: they are not shown to be covered.
    """
    group, rows = rule.options["group"], facts.coverage[rule.options["service"]]
    if np.isnan(rows[group].to_numpy(float)).all():
        return nothing_known(facts, mark("人"), f"demand.{group}")
    fields = ("unit", "unit_name", "level", group, f"{group}_covered", f"{group}_unknown")
    columns = {field.removeprefix(f"{group}_"): rows[field].tolist() for field in fields}
    counts = [_reached(group, dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    return [replace(counts[0], unit=facts.place[0], unit_name=facts.place[1]), *counts[1:]]


def _reached(group: str, row: Mapping[str, Any]) -> Count:
    """One unit's people and those of them who are covered."""
    return Count(
        row["unit"],
        row["unit_name"],
        row["level"],
        Fraction(row["covered"]),
        Fraction(row[group]),
        mark("人"),
        scale=100,
        span=(ZERO, _ALL) if row["unknown"] else None,
        missing=(f"demand.{group}",) if row["unknown"] else (),
        of=(f"demand.{group}",),
        detail=row["level"] != "county",
    )


@measure(
    "scope clinics",
    scope=FACILITY_SCOPE,
    options={"pairs": table_of(some_of(CLINIC_KINDS), FACILITY_LEVELS), "threshold_m": a_positive_figure},
    required="pairs threshold_m",
    fields="level",
)
def nearest_within(facts: Facts, rule: Rule) -> list[Count]:
    """The share of facilities that have a clinic of the kind paired with their level within so many metres.

    Distances are straight lines between the shapes (0 on one parcel); the shares at other distances stand in the note
    (AMB-24). Facilities of a level without a pair are not asked.
    """
    if "clinics" not in facts.frames:
        return nothing_known(facts, mark("处"), "clinics")
    chosen = facilities_in_scope(facts, rule)
    near = [site for site in _beside(facts, rule, chosen) if site.asked]
    notes = [
        _("{metres} m 内 {near} 处").format(metres=metres, near=sum(site.metres <= metres for site in near))
        for metres in SENSITIVITY_M
    ]
    together = share([site.part(float(rule.options["threshold_m"])) for site in near])
    county = together.count(facts.place, "county", mark("处"), whole=True, note=_("；").join(notes))
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
    clinics, sites, pairs = facts.rows("clinics"), chosen.rows, rule.options["pairs"]
    levels, shapes = sites["level"], np.asarray(sites["geometry"])
    metres = np.full(len(sites), np.nan)
    placed = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    for level, kinds in pairs.items():
        rows = np.flatnonzero((levels == level) & placed)
        metres[rows] = _nearest_m(shapes[rows], np.asarray(clinics["geometry"])[is_one_of(clinics["kind"], kinds)])
    found = []
    names = zip(sites.cells("facility_id"), sites.cells("name"), levels, strict=True)
    cells = zip(names, metres.tolist(), placed.tolist(), chosen.certain, chosen.missing, strict=True)
    for (name, title, level), distance, is_placed, certain, missing in cells:
        blank = [field for field, there in (("level", level != ""), ("geometry", is_placed)) if not there]
        fields = (*missing, *(f"facilities.{field}" for field in blank))
        found.append(_Site(name, title, distance, level in {"", *pairs}, certain, fields))
    return found


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
    "scope seats travel",
    scope=FACILITY_SCOPE,
    options={"beds_quantile": a_share, "occupancy_below": a_share, "minutes_above": a_positive_figure},
    required="beds_quantile occupancy_below minutes_above",
    fields="beds residents",
    value="never",
)
def small_remote_homes(facts: Facts, rule: Rule) -> list[Count]:
    """A screening list, never judged (AMB-23): homes that are small, little used and far from county seat and town seats.

    Small: at most as many beds as ``beds_quantile`` per cent of the homes in scope have at most. Little used: residents
    below ``occupancy_below`` per cent of beds. Far: more than ``minutes_above`` minutes to the nearest seat, as the
    assessment travels.
    """
    if "seats" not in facts.frames or facts.travel is None:
        return nothing_known(facts, mark("处"), "seats" if "seats" not in facts.frames else "roads")
    chosen = facilities_in_scope(facts, rule)
    beds, residents = chosen.rows.figures("beds"), chosen.rows.figures("residents")
    placed = [shape is not None for shape in chosen.rows["geometry"]]
    homes = [
        (bed, lives) if bed is not None and lives is not None and there and sure else None
        for bed, lives, there, sure in zip(beds, residents, placed, chosen.certain, strict=True)
    ]
    note = _("{count} 处资料不全，未筛查").format(count=homes.count(None)) if None in homes else ""
    limit = _quantile([home[0] for home in homes if home], rule.options["beds_quantile"])
    small = [home is not None and home[0] <= limit and _is_little_used(*home, rule) for home in homes]
    picked = chosen.rows.where(np.array(small, dtype=np.bool_))
    times = facts.travel.nearest_ms(picked.frame(), facts.frames["seats"]).tolist() if len(picked) else []
    limit_ms = rule.options["minutes_above"] * _MINUTE_MS
    columns = (picked.cells(field) for field in ("facility_id", "name", "beds", "residents"))
    rows = [
        _remote_home(*row) for row in zip(*columns, times, strict=True) if row[-1] == UNREACHED or row[-1] > limit_ms
    ]
    return [_listed(facts, rows, mark("处"), note), *rows]


def _is_little_used(beds: Fraction, residents: Fraction, rule: Rule) -> bool:
    """Whether fewer live in a home than the share of its beds that the rule names."""
    return 100 * residents < rule.options["occupancy_below"] * beds


def _quantile(figures: list[Fraction], percent: Fraction) -> Fraction:
    """The figure that so many per cent of all do not exceed: one of the figures themselves, none between them."""
    if not figures:
        return ZERO
    return sorted(figures)[max(math.ceil(percent * len(figures) / 100), 1) - 1]


def _remote_home(name: str, title: str, beds: float, residents: float, ms: int) -> Count:
    """A candidate: minutes to the nearest seat, beds and residents in words."""
    reached = ms != UNREACHED
    words = _("床位 {beds:g} 张，入住 {residents:g} 人").format(beds=beds, residents=residents)
    return Count(
        name,
        title,
        "facility",
        Fraction(ms, _MINUTE_MS) if reached else ZERO,
        ONE if reached else ZERO,
        _("分钟"),
        counted=(name,),
        of=(name,),
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
        return nothing_known(facts, mark("处"), "idle_assets" if "idle_assets" not in facts.frames else "roads")
    assets = facts.rows("idle_assets")
    if "kinds" in rule.options:
        assets = assets.where(is_one_of(assets["kind"], rule.options["kinds"]))
    service, group = rule.options["service"], rule.options["group"]
    uncovered = _uncovered(facts.reach[service])
    people = np.nan_to_num(facts.rows("demand")[group])
    limit_ms = int(facts.coverage[service]["minutes"].iloc[0]) * _MINUTE_MS
    trips = facts.trips_to(assets, limit_ms, rule.id)
    helped = uncovered[trips.home]
    gained = np.bincount(trips.facility[helped], weights=people[trips.home[helped]], minlength=len(assets)).tolist()
    cells = zip(assets.cells("asset_id"), assets.cells("name"), gained, strict=True)
    rows = [_asset(name, title, number) for name, title, number in cells if number]
    anyone = np.unique(trips.home[helped])
    text = _("合计可使 {people:,.0f} 人新纳入覆盖（不重复计）")
    note = text.format(people=float(people[anyone].sum())) if rows else ""
    return [_listed(facts, rows, mark("处"), note), *rows]


def _uncovered(reach: pd.DataFrame) -> NDArray[np.bool_]:
    """The county's demand points that are on the network and not covered."""
    reasons = reach["reach"].to_numpy(object)
    served = (reasons == Reach.COVERED.value) | (reasons == Reach.UNLOCATABLE.value)
    return ~served & reach["in_area"].to_numpy(bool)


def _asset(name: str, title: str, people: float) -> Count:
    return Count(
        name,
        title,
        "asset",
        exact(people),
        ONE,
        mark("人"),
        counted=(name,),
        of=(name,),
        value_unit=mark("人"),
        detail=True,
    )
