"""What there is and what is short, row by row: villages, beds of every facility, land of every unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.layers.schema import VILLAGE_LEVELS
from geoplan.model import Reach, Verdict
from geoplan.report import reach, tables

_NURSING = "nursing_beds"


def own_need(verdict: Verdict) -> bool:
    """Whether a unit's own row lacks something.

    A part of a county's count (one township's share of two centres that the county needs) is no demand on the part;
    where every unit must have something for itself, it is.
    """
    return bool(verdict.needed) and (not verdict.count.detail or verdict.rule.measure == "unit_has_qualified")


def shortfalls(assessment: Assessment, level: str) -> Mapping[str, str]:
    """By unit of a level what its rules still need, in words; units that lack nothing are left out.

    A rule that was inherited and says the same as one of the pack's own is told once.
    """
    told: dict[str, list[str]] = {}
    for verdict in assessment.verdicts:
        if verdict.count.level == level and own_need(verdict):
            text = f"{tables.rule_name(verdict)} {tables.needed_text(verdict)}"
            told.setdefault(verdict.count.unit, []).append(text)
    return {unit: _("；").join(dict.fromkeys(texts)) for unit, texts in told.items()}


def villages(assessment: Assessment, coverage: Coverage) -> pd.DataFrame:
    """One row per village or neighbourhood with its people and how many are covered.

    Columns: ``unit_code``, ``name``, ``township``, ``people`` and ``covered`` (of the group whose coverage is shown; NaN
    where nobody knows the group) and ``facilities`` (how many operate there).
    """
    units = assessment.layers.get("units")
    columns = ["unit_code", "name", "township", "people", "covered", "facilities"]
    if units is None:
        return pd.DataFrame(columns=columns)
    own = units[units["level"].isin(VILLAGE_LEVELS)]
    demand, group = assessment.layers.frames["demand"], reach.group_of(coverage)
    people = demand[group].where(demand["in_area"])
    covered = people.where((coverage.demand["reach"] == Reach.COVERED).to_numpy(bool), 0.0)
    there = assessment.facilities["village"].value_counts()
    codes = own["unit_code"]
    return pd.DataFrame(
        {
            "unit_code": codes,
            "name": own["name"],
            "township": own["parent_code"],
            "people": people.groupby(demand["village"]).sum(min_count=1).reindex(codes).to_numpy(float),
            "covered": covered.where(people.notna())
            .groupby(demand["village"])
            .sum(min_count=1)
            .reindex(codes)
            .to_numpy(float),
            "facilities": there.reindex(codes).fillna(0).to_numpy(float),
        }
    ).reset_index(drop=True)


def beds(assessment: Assessment) -> list[dict[str, Any]]:
    """One record per operating facility that has beds, or of which it is not known, where a rule speaks of nursing beds.

    The columns of the layer, and ``nursing_share`` and ``occupancy`` in per cent, ``floor_per_bed`` and ``site_per_bed``
    in m2 (NaN where a part is unknown), ``lacking`` (nursing beds still needed; NaN where no rule speaks of the facility
    or it cannot be told).
    """
    lacking = _nursing_beds_lacking(assessment)
    return [
        row
        | {
            "nursing_share": _share(row[_NURSING], row["beds"]),
            "occupancy": _share(row["residents"], row["beds"]),
            "floor_per_bed": _share(row["floor_area_m2"], row["beds"], 1),
            "site_per_bed": _share(row["site_area_m2"], row["beds"], 1),
            "lacking": lacking.get(row["facility_id"], np.nan),
        }
        for row in assessment.facilities.drop(columns="geometry").to_dict("records")
        if row["beds"] > 0 or (np.isnan(row["beds"]) and row["facility_id"] in lacking)
    ]


def _share(part: float, whole: float, scale: float = 100) -> float:
    return scale * part / whole if whole > 0 else np.nan


def _nursing_beds_lacking(assessment: Assessment) -> dict[str, float]:
    """By facility the most nursing beds that a rule about their share asks for."""
    found: dict[str, float] = {}
    for verdict in assessment.verdicts:
        speaks = verdict.count.level == "facility" and verdict.rule.options.get("numerator") == _NURSING
        if speaks and verdict.rule.measure != "deficit":
            needed = np.nan if verdict.needed is None else float(verdict.needed)
            found[verdict.count.unit] = float(np.fmax(found.get(verdict.count.unit, np.nan), needed))
    return found


def land(assessment: Assessment) -> list[Verdict]:
    """The verdicts on land per resident, the county first; those of one rule, the first of the pack."""
    found = [verdict for verdict in assessment.verdicts if verdict.rule.measure == "area_per_resident"]
    return [verdict for verdict in found if verdict.rule.id == found[0].rule.id]
