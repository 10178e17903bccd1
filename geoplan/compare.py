"""Two assessments side by side: which verdicts flip, who gains and who loses access, what is built and used.

The people of every row are those of the demand layer, held in steps of 1/1024, so that
``covered_after = covered_before + gained - lost`` holds exactly wherever both sides know the same people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.assess import Assessment
from geoplan.coverage import GROUPS, OUTSIDE, Coverage
from geoplan.layers.schema import ROLES
from geoplan.model import Reach, Verdict

AMOUNTS = ("beds", "nursing_beds", "floor_area_m2", "site_area_m2")
"""What facilities use and offer, summed over those that operate."""

GAINS, LOSES, NEARER, FARTHER, SAME = "gains", "loses", "nearer", "farther", "same"
ADDED, REMOVED, MOVED, CHANGED = "added", "removed", "moved", "changed"


@dataclass(frozen=True)
class Comparison:
    """How an alternative differs from a base.

    Attributes:
        verdicts: one row per rule and unit of either side: ``rule``, ``indicator``, ``name``, ``unit``, ``unit_name``,
            ``level``, and for ``before`` and ``after`` the ``Verdict`` (None where that side has no such row);
            ``flipped`` (the outcomes differ) and ``changed`` (outcome, value or what is needed differs).
        coverage: one row per service, unit and group: ``service``, ``minutes``, ``unit``, ``unit_name``, ``level``,
            ``group``, ``people``, ``covered_before``, ``covered_after``, ``gained``, ``lost`` (people; NaN where a
            side does not know the group).
        people: one row per service and demand point: ``service``, ``demand_id``, ``township``, ``reach_before``,
            ``reach_after``, ``ms_before``, ``ms_after`` (Int64), ``facility_before``, ``facility_after``, ``change``
            (gains or loses access, nearer, farther, same), the groups, and the point itself (layers' CRS).
        facilities: one row per facility that differs: ``facility_id``, ``name``, ``change``, ``moved_m``, ``fields``
            (tuple of (field, before, after) as text) and the point where it is now, or was.
        amounts: one row per amount (``AMOUNTS`` of operating facilities, and ``parcel_m2``, the land-use layer's):
            ``amount``, and for ``before`` and ``after`` ``sum_`` (exact Fraction of what is known), ``unknown_`` (rows whose
            cell is blank) and ``rows_`` (all of them).
    """

    base: Assessment
    other: Assessment
    verdicts: pd.DataFrame
    coverage: pd.DataFrame
    people: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    amounts: pd.DataFrame


def compare(base: Assessment, other: Assessment) -> Comparison:
    """Lay an alternative beside a base. Both must be of one workspace: units, services and people are matched by id."""
    return Comparison(
        base=base,
        other=other,
        verdicts=_verdicts(base, other),
        coverage=_coverage(base, other),
        people=_people(base, other),
        facilities=_facilities(base, other),
        amounts=_amounts(base, other),
    )


def _verdicts(base: Assessment, other: Assessment) -> pd.DataFrame:
    before, after = (_by_rule_and_unit(assessment) for assessment in (base, other))
    rows = []
    for key in dict.fromkeys((*before, *after)):
        was, is_ = before.get(key), after.get(key)
        known = is_ or was
        assert known is not None  # noqa: S101 - the key is of one of the two
        rows.append(
            {
                "rule": known.rule.id,
                "indicator": known.rule.indicator,
                "name": known.rule.name,
                "unit": known.count.unit,
                "unit_name": known.count.unit_name,
                "level": known.count.level,
                "before": was,
                "after": is_,
                "flipped": (was and was.outcome) != (is_ and is_.outcome),
                "changed": _figures(was) != _figures(is_),
            }
        )
    columns = ["rule", "indicator", "name", "unit", "unit_name", "level", "before", "after", "flipped", "changed"]
    return pd.DataFrame(rows, columns=columns)


def _by_rule_and_unit(assessment: Assessment) -> dict[tuple[str, str, str], Verdict]:
    return {(verdict.rule.id, verdict.count.level, verdict.count.unit): verdict for verdict in assessment.verdicts}


def _figures(verdict: Verdict | None) -> tuple[object, ...] | None:
    return None if verdict is None else (verdict.outcome, verdict.value, verdict.needed)


def _services(base: Assessment, other: Assessment) -> Iterator[tuple[Coverage, Coverage]]:
    """The services that both sides know, in the base's order."""
    theirs = {coverage.service.id: coverage for coverage in other.coverages}
    for coverage in base.coverages:
        if coverage.service.id in theirs:
            yield coverage, theirs[coverage.service.id]


def _coverage(base: Assessment, other: Assessment) -> pd.DataFrame:
    rows = [row for pair in _services(base, other) for row in _coverage_rows(*pair, base, other)]
    columns = [
        "service",
        "minutes",
        "unit",
        "unit_name",
        "level",
        "group",
        "people",
        "covered_before",
        "covered_after",
        "gained",
        "lost",
    ]
    return pd.DataFrame(rows, columns=columns)


def _coverage_rows(
    before: Coverage, after: Coverage, base: Assessment, other: Assessment
) -> Iterator[dict[str, object]]:
    now = after.units.set_index("unit")
    gained = _covered(after) & ~after.demand["demand_id"].isin(before.demand["demand_id"][_covered(before)]).to_numpy()
    lost = _covered(before) & ~before.demand["demand_id"].isin(after.demand["demand_id"][_covered(after)]).to_numpy()
    people_before, people_after = (assessment.layers.frames["demand"] for assessment in (base, other))
    for row in before.units.to_dict("records"):
        if row["unit"] not in now.index:
            continue
        gaining, losing = gained & _members(after.demand, row), lost & _members(before.demand, row)
        for group in GROUPS:
            yield {
                "service": before.service.id,
                "minutes": before.service.minutes,
                **{key: row[key] for key in ("unit", "unit_name", "level")},
                "group": group,
                "people": float(now.loc[row["unit"], group]),
                "covered_before": float(row[f"{group}_covered"]),
                "covered_after": float(now.loc[row["unit"], f"{group}_covered"]),
                "gained": _sum(people_after, group, gaining),
                "lost": _sum(people_before, group, losing),
            }


def _covered(coverage: Coverage) -> NDArray[np.bool_]:
    return (coverage.demand["reach"] == Reach.COVERED).to_numpy(bool)


def _members(demand: pd.DataFrame, row: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The demand points of one row of ``Coverage.units``; its county is everything in the area."""
    inside = demand["in_area"].to_numpy(bool)
    if row["level"] == "county":
        return inside
    township = demand["township"].to_numpy(object)
    return inside & (township == "") if row["unit"] == OUTSIDE else township == row["unit"]


def _sum(demand: gpd.GeoDataFrame, group: str, mask: NDArray[np.bool_]) -> float:
    people = demand[group].to_numpy(float)
    return float(np.nan) if np.isnan(people).all() else float(np.nansum(people[mask]))


def _people(base: Assessment, other: Assessment) -> gpd.GeoDataFrame:
    parts = [_people_of(*pair, base, other) for pair in _services(base, other)]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=base.layers.crs)


def _people_of(before: Coverage, after: Coverage, base: Assessment, other: Assessment) -> pd.DataFrame:
    told = ["reach", "ms", "facility_id"]
    was, is_ = (coverage.demand.set_index("demand_id") for coverage in (before, after))
    points = pd.concat([assessment.layers.frames["demand"] for assessment in (other, base)])
    points = points.drop_duplicates("demand_id").set_index("demand_id")
    ids = points.index.sort_values()
    joined = was[told].reindex(ids).add_suffix("_before").join(is_[told].reindex(ids).add_suffix("_after"))
    joined = joined.rename(columns={"facility_id_before": "facility_before", "facility_id_after": "facility_after"})
    place = pd.concat([is_["township"], was["township"]])
    joined["township"] = place[~place.index.duplicated()].reindex(ids)
    joined["change"] = _changes(joined)
    rows = joined.join(points.loc[ids, [*GROUPS, "geometry"]]).reset_index(names="demand_id")
    return rows.assign(service=before.service.id)


def _changes(rows: pd.DataFrame) -> NDArray[np.object_]:
    was, is_ = ((rows[f"reach_{side}"] == Reach.COVERED).to_numpy(bool) for side in ("before", "after"))
    # Never reached counts as infinitely far.
    before, after = (rows[f"ms_{side}"].to_numpy(float, na_value=np.inf) for side in ("before", "after"))
    cases = [~was & is_, was & ~is_, after < before, after > before]
    return np.select(cases, [GAINS, LOSES, NEARER, FARTHER], default=SAME).astype(object)


def _facilities(base: Assessment, other: Assessment) -> gpd.GeoDataFrame:
    before, after = (_by_id(assessment.layers.frames["facilities"]) for assessment in (base, other))
    fields = [field.name for field in ROLES["facilities"].fields if field.name != ROLES["facilities"].key]
    rows = []
    for name in sorted({*before, *after}):
        was, is_ = before.get(name), after.get(name)
        known = is_ or was
        assert known is not None  # noqa: S101 - the id is of one of the two
        changed = _changed_fields(was, is_, fields) if was and is_ else ()
        moved = _metres(was["geometry"], is_["geometry"]) if was and is_ else 0.0
        change = REMOVED if is_ is None else ADDED if was is None else MOVED if moved else CHANGED if changed else SAME
        if change != SAME:
            row = {"facility_id": name, "name": known["name"], "change": change, "moved_m": moved, "fields": changed}
            rows.append(row | {"geometry": known["geometry"]})
    columns = ["facility_id", "name", "change", "moved_m", "fields", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=base.layers.crs)


def _by_id(frame: gpd.GeoDataFrame) -> dict[str, dict[str, Any]]:
    return {row["facility_id"]: row for row in frame.to_dict("records")}


def _changed_fields(
    before: Mapping[str, Any], after: Mapping[str, Any], fields: list[str]
) -> tuple[tuple[str, str, str], ...]:
    pairs = [(field, _text(before[field]), _text(after[field])) for field in fields]
    return tuple(pair for pair in pairs if pair[1] != pair[2])


def _text(cell: object) -> str:
    """A cell as it is written in a file: whole numbers without a point, blank for unknown."""
    if isinstance(cell, float):
        return "" if np.isnan(cell) else str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)


def _metres(before: shapely.Geometry | None, after: shapely.Geometry | None) -> float:
    """How far a place was moved; infinitely far where it had none or has none now."""
    if before is None or after is None:
        return 0.0 if before is after else float("inf")
    return float(shapely.distance(shapely.point_on_surface(before), shapely.point_on_surface(after)))


def _amounts(base: Assessment, other: Assessment) -> pd.DataFrame:
    pairs = {amount: [_total(assessment.facilities[amount]) for assessment in (base, other)] for amount in AMOUNTS}
    land = [_parcels(assessment) for assessment in (base, other)]
    if any(sizes is not None for sizes in land):
        pairs["parcel_m2"] = [_total(pd.Series(dtype=float) if sizes is None else sizes) for sizes in land]
    rows = [
        {"amount": amount}
        | {
            f"{what}_{side}": figure
            for side, total in zip(("before", "after"), both, strict=True)
            for what, figure in total.items()
        }
        for amount, both in pairs.items()
    ]
    return pd.DataFrame(rows)


def _total(cells: pd.Series) -> dict[str, Fraction | int]:
    """The sum of the decimals as they were written, how many cells are blank, and how many there are."""
    known = cells.dropna()
    total = sum((Fraction(repr(float(cell))) for cell in known), Fraction(0))
    return {"sum": total, "unknown": len(cells) - len(known), "rows": len(cells)}


def _parcels(assessment: Assessment) -> pd.Series | None:
    landuse = assessment.layers.get("landuse")
    return None if landuse is None else pd.Series(np.round(shapely.area(landuse.geometry.to_numpy()), 2))
