"""Measures of land: elderly-care sites per resident, and whether older townships have more of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.i18n import _
from geoplan.layers.schema import BASES
from geoplan.model import Count, Rule
from geoplan.standards.measures.counting import ONE, ZERO, Part, exact, nothing_known, share
from geoplan.standards.measures.registry import Facts, measure
from geoplan.standards.options import a_share, one_of, some_words, table_of

_LAND_OPTIONS = {"basis": one_of(BASES), "landuse_codes": table_of(some_words)}


@measure("facilities landuse units demand", options=_LAND_OPTIONS, required="basis")
def area_per_resident(facts: Facts, rule: Rule) -> list[Count]:
    """Land of elderly-care facilities per resident, for the county and each township.

    Land is the parcels whose code means elderly care, where there is a land-use layer with such parcels; else the
    facilities' own sites, where 0 means no land of its own and blank means unknown (AMB-09). People are the population
    of the stated basis, never the older people alone (AMB-08, AMB-10).
    """
    county, *towns = _land_per_resident(facts, rule)
    return [replace(county, note=_had_it_been_the_old(facts, county)), *towns]


def _had_it_been_the_old(facts: Facts, county: Count) -> str:
    """What the figure would be per person of 60 and over: a common slip, told so that nobody takes one for the other."""
    demand = facts.frames["demand"]
    old = demand["pop60"].to_numpy(float)[demand["in_area"].to_numpy(bool)]
    if np.isnan(old).any() or not old.sum() or not county.denominator or county.span is not None:
        return ""
    per = county.numerator / Fraction(float(old.sum()))
    text = _("分母是总人口；若误除以60岁以上人口会得 {wrong:.4f} m²/人，为 {times:.1f} 倍")
    return text.format(wrong=float(per), times=float(county.denominator / Fraction(float(old.sum()))))


def _land_per_resident(facts: Facts, rule: Rule) -> list[Count]:
    demand = facts.frames["demand"]
    demand = demand[demand["in_area"].to_numpy(bool)]
    missing = []
    if not (demand["basis"] == rule.options["basis"]).all():
        missing.append("demand.basis")
    if demand["pop_total"].isna().any():
        missing.append("demand.pop_total")
    land = _land(facts, rule)
    people = _people(demand)
    rows = [_land_of((*facts.place, "county"), land, people.get("", 0.0), ("demand.pop_total",), missing)]
    towns = facts.townships()
    if towns is None:
        return rows
    homes = {str(code): tuple(ids) for code, ids in demand.groupby("township")["demand_id"]}
    for code, name in zip(towns["unit_code"], towns["name"], strict=True):
        place, own = (str(code), str(name), "township"), land[(land["township"] == code).to_numpy()]
        rows.append(_land_of(place, own, people.get(str(code), 0.0), homes.get(str(code), ()), missing))
    return rows


def _people(demand: gpd.GeoDataFrame) -> dict[str, float]:
    """Residents by township, and under the blank code those of the county; people are multiples of 1/1024, sums exact."""
    sums = demand.groupby("township")["pop_total"].sum()
    return {str(code): float(number) for code, number in sums.items()} | {"": float(demand["pop_total"].sum())}


def _land(facts: Facts, rule: Rule) -> pd.DataFrame:
    """One row per piece of land: ``id``, ``township``, ``m2`` (NaN when unknown), ``field`` (where that came from)."""
    parcels = _parcels(facts, rule)
    if parcels is not None:
        return parcels
    sites = facts.operating()
    sites = sites[sites["in_area"].to_numpy(bool)]
    columns = {"id": sites["facility_id"], "township": sites["township"], "m2": sites["site_area_m2"]}
    return pd.DataFrame(columns).assign(field="facilities.site_area_m2")


def _parcels(facts: Facts, rule: Rule) -> pd.DataFrame | None:
    """Elderly-care parcels cut along township borders; None without a land-use layer that has any."""
    landuse, towns = facts.frames.get("landuse"), facts.townships()
    codes: Mapping[str, tuple[str, ...]] = rule.options.get("landuse_codes", {})
    if landuse is None or towns is None:
        return None
    meant = [
        code in codes.get(system, ()) for code, system in zip(landuse["code"], landuse["code_system"], strict=True)
    ]
    chosen = landuse[np.array(meant, dtype=bool) & ~(landuse["plan_year"] > facts.year)]
    if chosen.empty:
        return None
    parcel, town = shapely.STRtree(towns.geometry.to_numpy()).query(chosen.geometry.to_numpy(), predicate="intersects")
    cut = shapely.intersection(chosen.geometry.to_numpy()[parcel], towns.geometry.to_numpy()[town])
    table = {
        "id": chosen["parcel_id"].to_numpy()[parcel],
        "township": towns["unit_code"].to_numpy()[town],
        "m2": np.round(shapely.area(cut), 2),
    }
    return pd.DataFrame(table).assign(field="landuse.geometry")


def _land_of(
    place: tuple[str, str, str], land: pd.DataFrame, people: float, of: tuple[str, ...], missing: list[str]
) -> Count:
    known = land[land["m2"].notna().to_numpy()]
    area = sum((exact(m2) for m2 in known["m2"]), ZERO)
    open_ = len(land) > len(known)
    denominator = None if missing else Fraction(people)
    return Count(
        *place,
        area,
        denominator,
        "m²",
        span=(area / denominator, None) if open_ and denominator else None,
        counted=tuple(dict.fromkeys(known["id"][(known["m2"] > 0).to_numpy()])),
        of=of,
        missing=(*missing, *sorted(set(land["field"][land["m2"].isna().to_numpy()]))),
    )


@measure(
    "facilities landuse units demand",
    options={**_LAND_OPTIONS, "high_share65": a_share},
    required="basis high_share65",
)
def older_townships_have_more(facts: Facts, rule: Rule) -> list[Count]:
    """The share of older townships that have at least the county's land per resident.

    Older are those whose share of people of 65 and over is at least ``high_share65`` per cent; those above the
    county's share are told beside them (AMB-07).
    """
    towns = facts.townships()
    if towns is None:
        return nothing_known(facts, _("个"), "units")
    county, *rows = _land_per_resident(facts, rule)
    demand = facts.frames["demand"]
    demand = demand[demand["in_area"].to_numpy(bool)]
    if demand["pop65"].isna().any():
        return nothing_known(facts, _("个"), "demand.pop65")
    if not county.denominator or county.span is not None:
        return nothing_known(facts, _("个"), *(county.missing or ("demand.pop_total",)))
    shares = _shares_of_old(demand)
    older = [row for row in rows if shares.get(row.unit, ZERO) >= rule.options["high_share65"]]
    above = [row.unit_name for row in rows if shares.get(row.unit, ZERO) > shares[""]]
    due = county.numerator / county.denominator
    parts = [_has_more(row, due) for row in older]
    text = _("65岁以上占比高于全县（{share:.2f}%）的镇街：{names}")
    note = text.format(share=float(shares[""]), names=_("、").join(above) or _("无"))
    together = share(parts).count(facts.place, "county", _("个"), whole=True, note=note)
    words = _("65岁以上占比 {share:.2f}%")
    details = [
        replace(row, target=due, value_unit="m²/人", detail=True, note=words.format(share=float(shares[row.unit])))
        for row in older
    ]
    return [together, *details]


def _has_more(row: Count, due: Fraction) -> Part:
    """Whether a township has at least so much land per resident."""
    if not row.denominator:
        return Part(row.unit, ZERO, ONE, ONE, missing=row.missing)
    enough = row.numerator >= due * row.denominator
    return Part(row.unit, ONE if enough else ZERO, ONE if enough or row.span else ZERO, ONE, missing=row.missing)


def _shares_of_old(demand: gpd.GeoDataFrame) -> dict[str, Fraction]:
    """Per cent of people of 65 and over by township, and under the blank code of the county."""
    sums = demand.groupby("township")[["pop65", "pop_total"]].sum()
    sums.loc[""] = demand[["pop65", "pop_total"]].sum()
    return {
        str(code): 100 * Fraction(float(old)) / Fraction(float(all_))
        for code, old, all_ in zip(sums.index, sums["pop65"], sums["pop_total"], strict=True)
        if all_
    }
