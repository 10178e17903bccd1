"""The registry of measures: small pure functions that count, and say what they counted.

A measure gets the facts of a workspace and one rule, and returns a ``Count`` for each unit it speaks of. It does not
judge; the verdict is the same code for all (``geoplan.compliance``). Blank cells are never taken for zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.layers.schema import BASES, ERAS, FACILITY_KINDS, FUNCTIONS, TOWNSHIP_LEVELS
from geoplan.model import Count, Rule

_PER_CENT = Fraction(100)


@dataclass(frozen=True)
class Facts:
    """What measures may look at.

    Attributes:
        frames: role to frame in a metric CRS; ``facilities`` holds those that operate in ``year``.
        coverage: service id to its coverage per unit (``Coverage.units``).
        place: (code, name) of the county.
    """

    frames: Mapping[str, gpd.GeoDataFrame]
    coverage: Mapping[str, pd.DataFrame]
    place: tuple[str, str]
    year: int

    def townships(self) -> gpd.GeoDataFrame | None:
        """The townships, in order of code."""
        return townships(self.frames.get("units"))


Check = Callable[[object], object]


@dataclass(frozen=True)
class Measure:
    """A registered measure.

    Attributes:
        count: the function.
        options: what a rule may tell it: name to a function that returns the canonical value or raises ValueError.
        required: the options that a rule must give.
    """

    count: Callable[[Facts, Rule], list[Count]]
    options: Mapping[str, Check]
    required: frozenset[str]


MEASURES: dict[str, Measure] = {}


def measure(
    required: tuple[str, ...] = (), **options: Check
) -> Callable[[Callable[[Facts, Rule], list[Count]]], Callable[[Facts, Rule], list[Count]]]:
    """Register a function as a measure under its name."""

    def register(function: Callable[[Facts, Rule], list[Count]]) -> Callable[[Facts, Rule], list[Count]]:
        MEASURES[function.__name__] = Measure(function, MappingProxyType(options), frozenset(required))
        return function

    return register


def one_of(known: Mapping[str, object] | tuple[str, ...]) -> Check:
    """An option that is one of a few words."""

    def check(value: object) -> object:
        if not isinstance(value, str) or value not in known:
            raise ValueError(_("“{value}”不在可选值之中：{known}").format(value=value, known=", ".join(known)))
        return value

    return check


def some_of(known: Mapping[str, object] | tuple[str, ...]) -> Check:
    """An option that is a list of such words."""
    one = one_of(known)

    def check(value: object) -> object:
        if not isinstance(value, list) or not value:
            raise ValueError(_("应为非空列表"))
        return tuple(one(item) for item in value)

    return check


def a_date(value: object) -> object:
    """An option that is a TOML date."""
    if not isinstance(value, date):
        raise ValueError(_("应为日期，例如 2021-01-01"))  # noqa: TRY004 - checks raise ValueError, as Check says
    return value


def a_word(value: object) -> object:
    """An option that is a text."""
    if not isinstance(value, str) or not value:
        raise ValueError(_("应为文字"))
    return value


def a_table_of_lists(value: object) -> object:
    """An option that maps words to lists of words."""
    if not isinstance(value, dict) or not all(isinstance(codes, list) for codes in value.values()):
        raise ValueError(_("应为“名称 = [代码, …]”的表"))
    return {name: tuple(map(str, codes)) for name, codes in value.items()}


def _nothing_known(facts: Facts, needed_unit: str, *missing: str) -> list[Count]:
    """The county's row when a layer or a column is absent."""
    return [Count(*facts.place, "county", Fraction(0), None, needed_unit, missing=missing)]


def _exact(number: float) -> Fraction:
    """The decimal figure as it was written, not its binary neighbour."""
    return Fraction(repr(float(number)))


@measure(
    required=("levels", "functions"),
    levels=some_of(TOWNSHIP_LEVELS),
    functions=some_of(FUNCTIONS),
    kinds=some_of(FACILITY_KINDS),
)
def unit_has_qualified(facts: Facts, rule: Rule) -> list[Count]:
    """The share of units that have at least one facility with all the functions; n / N, one facility for itself.

    A facility whose functions are blank might qualify: its unit is neither counted nor ruled out.
    """
    unit_word = _("个")
    if "units" not in facts.frames:
        return _nothing_known(facts, unit_word, "units")
    units = facts.frames["units"]
    chosen = units[units["level"].isin(rule.options["levels"])]
    sites = facts.frames["facilities"]
    if "kinds" in rule.options:
        sites = sites[sites["kind"].isin(rule.options["kinds"])]
    needed = set(rule.options["functions"])
    qualifies = np.array([needed.issubset(cell.split("|")) for cell in sites["functions"]], dtype=bool)
    qualified = sites[qualifies]
    unknown = sites[sites["functions"] == ""]
    having, open_ = (_ids_by_township(frame) for frame in (qualified, unknown))
    details = [
        _facilities_in(str(code), str(name), having, open_)
        for code, name in zip(chosen["unit_code"], chosen["name"], strict=True)
    ]
    yes = [detail for detail in details if detail.numerator > 0]
    maybe = [detail for detail in details if detail.numerator == 0 and detail.missing]
    county = Count(
        *facts.place,
        "county",
        Fraction(len(yes)),
        Fraction(len(chosen)),
        unit_word,
        scale=100,
        most=Fraction(len(yes) + len(maybe)),
        whole=True,
        counted=tuple(detail.unit for detail in yes),
        of=tuple(chosen["unit_code"]),
        support=tuple(name for detail in yes for name in detail.counted),
        missing=("facilities.functions",) if maybe else (),
    )
    return [county, *details]


def _ids_by_township(facilities: gpd.GeoDataFrame) -> dict[str, tuple[str, ...]]:
    return {str(code): tuple(group) for code, group in facilities.groupby("township")["facility_id"]}


def _facilities_in(
    code: str, name: str, having: Mapping[str, tuple[str, ...]], open_: Mapping[str, tuple[str, ...]]
) -> Count:
    """One unit's row: how many qualified facilities it has."""
    ids, unknown = having.get(code, ()), open_.get(code, ())
    word = _("处")
    return Count(
        code,
        name,
        "township",
        Fraction(len(ids)),
        Fraction(1),
        word,
        most=Fraction(len(ids) + len(unknown)),
        whole=True,
        counted=ids,
        of=(code,),
        missing=("facilities.functions",) if unknown and not ids else (),
        target=Fraction(1),
        value_unit=word,
        detail=True,
    )


@measure(required=("service", "group"), service=a_word, group=one_of(("pop_total", "pop60", "pop65")))
def network_share(facts: Facts, rule: Rule) -> list[Count]:
    """The share of people who reach a service within its minutes on the road network.

    Unlocatable people are in the denominator: they are not shown to be covered.
    """
    group, rows = rule.options["group"], facts.coverage[rule.options["service"]]
    if rows[group].isna().all():
        return _nothing_known(facts, _("人"), f"demand.{group}")
    counts = [
        Count(
            str(row["unit"]),
            str(row["unit_name"]),
            str(row["level"]),
            Fraction(row[f"{group}_covered"]),
            Fraction(row[group]),
            _("人"),
            scale=100,
            most=None if row[f"{group}_unknown"] else Fraction(row[f"{group}_covered"]),
            missing=(f"demand.{group}",) if row[f"{group}_unknown"] else (),
            of=(f"demand.{group}",),
            detail=row["level"] != "county",
        )
        for row in rows.to_dict("records")
    ]
    return [replace(counts[0], unit=facts.place[0], unit_name=facts.place[1]), *counts[1:]]


@measure(required=("era", "new_since"), era=one_of(ERAS), new_since=a_date)
def area_per_households(facts: Facts, rule: Rule) -> list[Count]:
    """Facility floor area per 100 households of every new or old estate, pro rata, and the share that complies.

    An estate without ``era`` is new when approved on or after ``new_since``; with neither it cannot be placed and is
    held open under both rules.
    """
    if "estates" not in facts.frames:
        return _nothing_known(facts, _("个"), "estates")
    estates = facts.frames["estates"]
    since = rule.options["new_since"].isoformat()
    dated = np.where(estates["approve_date"] >= since, "new", np.where(estates["approve_date"] != "", "old", ""))
    era = estates["era"].where(estates["era"] != "", pd.Series(dated, index=estates.index))
    rows = [
        _estate(row, placed=bool(row["known_era"]))
        for row in estates.assign(known_era=era != "")[
            era.isin((rule.options["era"], "")) & estates["in_area"]
        ].to_dict("records")
    ]
    return [_estates_together(facts, rule, rows), *rows]


def _estate(row: Mapping[str, object], *, placed: bool) -> Count:
    households, area = float(str(row["households"])), float(str(row["facility_area_m2"]))
    missing = [
        name
        for name, blank in (
            ("era", not placed),
            ("households", np.isnan(households)),
            ("facility_area_m2", np.isnan(area)),
        )
        if blank
    ]
    return Count(
        str(row["estate_id"]),
        str(row["name"]),
        "estate",
        Fraction(0) if np.isnan(area) else _exact(area),
        Fraction(0) if households == 0 else None if "era" in missing or "households" in missing else _exact(households),
        "m²",
        scale=100,
        most=None if np.isnan(area) else _exact(area),
        counted=(str(row["estate_id"]),),
        of=(str(row["estate_id"]),),
        missing=tuple(f"estates.{name}" for name in missing),
    )


def _estates_together(facts: Facts, rule: Rule, rows: list[Count]) -> Count:
    """The county's row: how many estates comply, of those that have households at all."""
    some = [row for row in rows if row.denominator != 0]
    known = [row for row in some if not row.missing and row.denominator is not None]
    lacking = {row.unit: _shortfall(row, rule) for row in known}
    complying = tuple(unit for unit, lack in lacking.items() if lack == 0)
    missing = tuple(sorted({name for row in some for name in row.missing}))
    shortfall = float(sum(lacking.values(), Fraction(0)))
    note = _("{count} 个小区共缺 {area:,.1f} m²").format(count=len(known) - len(complying), area=shortfall)
    if len(some) > len(known):
        note += _("；{count} 个小区资料不全").format(count=len(some) - len(known))
    return Count(
        *facts.place,
        "county",
        Fraction(len(complying)),
        Fraction(len(some)),
        _("个"),
        scale=100,
        most=Fraction(len(complying) + len(some) - len(known)),
        whole=True,
        counted=complying,
        of=tuple(row.unit for row in some),
        missing=missing,
        target=_PER_CENT,
        value_unit="%",
        note=note,
    )


def _shortfall(row: Count, rule: Rule) -> Fraction:
    """Square metres that an estate lacks."""
    if rule.target is None or row.denominator is None:
        return Fraction(0)
    return max(Fraction(0), rule.target * row.denominator / row.scale - row.numerator)


@measure(required=("basis",), basis=one_of(BASES), landuse_codes=a_table_of_lists)
def area_per_resident(facts: Facts, rule: Rule) -> list[Count]:
    """Land of elderly-care facilities per resident, for the county and each township.

    Land is the parcels whose code means elderly care, where there is a land-use layer with such parcels; else the
    facilities' own sites, where 0 means no land of its own and blank means unknown. People are the population of
    the stated basis, never the older people alone.
    """
    demand = facts.frames["demand"]
    demand = demand[demand["in_area"]]
    missing = []
    if not (demand["basis"] == rule.options["basis"]).all():
        missing.append("demand.basis")
    if demand["pop_total"].isna().any():
        missing.append("demand.pop_total")
    land = _land(facts, rule)
    places = [(*facts.place, "county", demand, land)]
    towns = facts.townships()
    if towns is not None:
        for code, name in zip(towns["unit_code"], towns["name"], strict=True):
            places.append(
                (str(code), str(name), "township", demand[demand["township"] == code], land[land["township"] == code])
            )
    return [_land_of(*place, missing) for place in places]


def _land(facts: Facts, rule: Rule) -> pd.DataFrame:
    """One row per piece of land: ``id``, ``township``, ``m2`` (NaN when unknown), ``field`` (where that came from)."""
    parcels = _parcels(facts, rule)
    if parcels is not None:
        return parcels
    sites = facts.frames["facilities"]
    sites = sites[sites["in_area"]]
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
    code: str, name: str, level: str, demand: gpd.GeoDataFrame, land: pd.DataFrame, missing: list[str]
) -> Count:
    known = land[land["m2"].notna()]
    blank = len(land) > len(known)
    area = sum((_exact(m2) for m2 in known["m2"]), Fraction(0))
    people = None if missing else Fraction(float(demand["pop_total"].sum()))
    return Count(
        code,
        name,
        level,
        area,
        people,
        "m²",
        most=None if blank else area,
        counted=tuple(dict.fromkeys(known["id"][known["m2"] > 0])),
        of=tuple(demand["demand_id"]) if level != "county" else ("demand.pop_total",),
        missing=(*missing, *sorted(set(land["field"][land["m2"].isna()]))),
    )
