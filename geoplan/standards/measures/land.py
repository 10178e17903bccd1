"""Measures of land: elderly-care sites per resident, and whether older townships have more of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import shapely

from geoplan.i18n import _, mark
from geoplan.layers.columns import Rows, exact
from geoplan.layers.schema import BASES
from geoplan.model import Count, Rule
from geoplan.standards.measures.counting import ONE, ZERO, Part, nothing_known, share
from geoplan.standards.measures.registry import Facts, measure
from geoplan.standards.options import a_share, one_of, some_words, table_of

_LAND_OPTIONS = {"basis": one_of(BASES), "landuse_codes": table_of(some_words)}


@measure("operating landuse units demand", options=_LAND_OPTIONS, required="basis", fields="site_area_m2")
def area_per_resident(facts: Facts, rule: Rule) -> list[Count]:
    """Land of elderly-care facilities per resident, for the county and each township.

    Land is the parcels whose code means elderly care, where the land-use layer knows of such that are there today (their
    ``plan_year`` is blank); else the facilities' own sites, where 0 means no land of its own and blank means unknown
    (AMB-09), and the planned parcels beside them. A facility on a planned parcel has that parcel for its site. People
    are the population of the stated basis, never the older people alone (AMB-08, AMB-10).
    """
    county, *towns = _land_per_resident(facts, rule)
    return [replace(county, note=_had_it_been_the_old(facts, county)), *towns]


def _had_it_been_the_old(facts: Facts, county: Count) -> str:
    """What the figure would be per person of 60 and over: a common slip, told so that nobody takes one for the other."""
    old = float(facts.homes()["pop60"].sum())
    if np.isnan(old) or not old or not county.denominator or county.span is not None:
        return ""
    text = _("分母是总人口；若误除以60岁以上人口会得 {wrong:.4f} m²/人，为 {times:.1f} 倍")
    times = county.denominator / Fraction(old)
    return text.format(wrong=float(county.numerator / Fraction(old)), times=float(times))


def _land_per_resident(facts: Facts, rule: Rule) -> list[Count]:
    """The county's row, then each township's."""
    homes = facts.homes()
    people = homes["pop_total"]
    missing = []
    if homes.columns.keep("bases", lambda: set(homes["basis"])) - {rule.options["basis"]}:
        missing.append("demand.basis")
    if np.isnan(people).any():
        missing.append("demand.pop_total")
    land = _land(facts, rule)
    rows = [_land_of((*facts.place, "county"), land, float(people.sum()), ("demand.pop_total",), missing)]
    towns = facts.townships()
    if towns is None:
        return rows
    living = homes.columns.keep("residents by township", lambda: _residents(homes))
    for code, name in zip(towns.cells("unit_code"), towns.cells("name"), strict=True):
        own = [piece for piece in land if piece.township == code]
        rows.append(_land_of((code, name, "township"), own, *living.get(code, (0.0, ())), missing))
    return rows


def _residents(homes: Rows) -> dict[str, tuple[float, tuple[str, ...]]]:
    """How many people live in each township, and in which demand points."""
    people, where, ids = homes["pop_total"], homes["township"], homes["demand_id"]
    here = {code: np.flatnonzero(where == code) for code in set(where)}
    return {code: (float(people[rows].sum()), tuple(ids[rows])) for code, rows in here.items()}


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of land in one township; None for an area that is not known, and the field where it would stand."""

    id: str
    township: str
    m2: Fraction | None
    field: str


def _land(facts: Facts, rule: Rule) -> list[_Piece]:
    """All the land that counts: without parcels that are there today, planned ones come to what the facilities have."""
    sites, parcels = facts.operating(), _elderly_parcels(facts, rule)
    if parcels is None or not len(parcels):
        return _sites(sites)
    if np.isnan(parcels["plan_year"].astype(float)).any():
        return _parcels(facts, parcels)
    planned = shapely.union_all(np.asarray(parcels["geometry"]))
    apart = ~shapely.intersects(planned, np.asarray(sites["geometry"]))
    return _parcels(facts, parcels) + _sites(sites.where(apart))


def _sites(sites: Rows) -> list[_Piece]:
    """The facilities' own sites."""
    cells = zip(sites.cells("facility_id"), sites.cells("township"), sites.figures("site_area_m2"), strict=True)
    return [_Piece(name, township, area, "facilities.site_area_m2") for name, township, area in cells]


def _elderly_parcels(facts: Facts, rule: Rule) -> Rows | None:
    """The parcels whose code means elderly care by the year that is checked; None without the layers for it."""
    codes: Mapping[str, tuple[str, ...]] = rule.options.get("landuse_codes", {})
    if "landuse" not in facts.frames or facts.townships() is None:
        return None
    parcels = facts.rows("landuse")
    cells = zip(parcels.cells("code"), parcels.cells("code_system"), strict=True)
    meant = np.array([code in codes.get(system, ()) for code, system in cells], dtype=bool)
    return parcels.where(meant & ~(parcels["plan_year"] > facts.year))


def _parcels(facts: Facts, parcels: Rows) -> list[_Piece]:
    """Parcels cut along township borders."""
    towns = facts.townships()
    if towns is None:
        return []
    shapes, borders = np.asarray(parcels["geometry"]), np.asarray(towns["geometry"])
    parcel, town = shapely.STRtree(borders).query(shapes, predicate="intersects")
    areas = np.round(shapely.area(shapely.intersection(shapes[parcel], borders[town])), 2)
    names, places = parcels["parcel_id"][parcel], towns["unit_code"][town]
    pieces = zip(names, places, areas.tolist(), strict=True)
    return [_Piece(str(name), str(place), exact(area), "landuse.geometry") for name, place, area in pieces]


def _land_of(
    place: tuple[str, str, str], land: list[_Piece], people: float, of: tuple[str, ...], missing: list[str]
) -> Count:
    area = sum((piece.m2 for piece in land if piece.m2), ZERO)
    blank = sorted({piece.field for piece in land if piece.m2 is None})
    denominator = None if missing else Fraction(people)
    return Count(
        *place,
        area,
        denominator,
        "m²",
        span=(area / denominator, None) if blank and denominator else None,
        counted=tuple(dict.fromkeys(piece.id for piece in land if piece.m2)),
        of=of,
        missing=(*missing, *blank),
    )


@measure(
    "operating landuse units demand",
    options={**_LAND_OPTIONS, "high_share65": a_share},
    required="basis high_share65",
    fields="site_area_m2",
)
def older_townships_have_more(facts: Facts, rule: Rule) -> list[Count]:
    """The share of older townships that have at least the county's land per resident.

    Older are those whose share of people of 65 and over is at least ``high_share65`` per cent; those above the
    county's share are told beside them (AMB-07).
    """
    towns = facts.townships()
    if towns is None:
        return nothing_known(facts, mark("个"), "units")
    county, *rows = _land_per_resident(facts, rule)
    homes = facts.homes()
    if np.isnan(homes["pop65"]).any():
        return nothing_known(facts, mark("个"), "demand.pop65")
    if not county.denominator or county.span is not None:
        return nothing_known(facts, mark("个"), *(county.missing or ("demand.pop_total",)))
    shares = _shares_of_old(homes, [row.unit for row in rows])
    older = [row for row in rows if shares.get(row.unit, ZERO) >= rule.options["high_share65"]]
    above = [row.unit_name for row in rows if shares.get(row.unit, ZERO) > shares[""]]
    due = county.numerator / county.denominator
    parts = [_has_more(row, due) for row in older]
    text = _("65岁以上占比高于全县（{share:.2f}%）的镇街：{names}")
    note = text.format(share=float(shares[""]), names=_("、").join(above) or _("无"))
    together = share(parts).count(facts.place, "county", mark("个"), whole=True, note=note)
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


def _shares_of_old(homes: Rows, codes: list[str]) -> dict[str, Fraction]:
    """Per cent of people of 65 and over by township, and under the blank code of the county."""
    old, people, where = homes["pop65"], homes["pop_total"], homes["township"]
    members = {"": np.ones(len(homes), dtype=bool), **{code: where == code for code in codes}}
    return {
        code: 100 * Fraction(float(old[here].sum())) / Fraction(float(people[here].sum()))
        for code, here in members.items()
        if people[here].sum()
    }
