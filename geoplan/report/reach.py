"""Who reaches what, as rows and words: per unit, per demand point and why not, per facility and what it adds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.assess import Assessment
from geoplan.coverage import GROUPS, UNCOVERED, Coverage
from geoplan.i18n import _, current
from geoplan.model import REACH_LABELS, Reach, Service
from geoplan.report.tables import figure, level_label, plain, row_records, synthetic_label, with_unit

ADDED = tuple(f"{group}_{what}" for group in GROUPS for what in ("reached", "only", "shared", "nearest"))
"""What each facility adds, columns of ``Coverage.facilities``."""
_WHY = ("ms", "facility_id", "excess_s", "excess_m", "leg_m", "open_ms", "open_facility_id")


def travel_text(assessment: Assessment) -> str:
    """How people travel and how fast, ``步行 1 m/s``."""
    return _("{mode} {speed:g} m/s").format(mode=assessment.profile.label, speed=assessment.profile.speed_mps)


def service_name(service: Service) -> str:
    """The service's name in the current language."""
    return service.name_en if current() == "en" else service.name


def group_of(coverage: Coverage) -> str:
    """The people whose coverage is shown: those of 60 and over, or everybody where the ages are not known."""
    return "pop_total" if coverage.units["pop60"].isna().all() else "pop60"


def group_label(group: str) -> str:
    """The word for a group of people."""
    return {"pop_total": _("总人口"), "pop60": _("60岁以上人口"), "pop65": _("65岁以上人口")}[group]


def covered_share(row: Any, group: str) -> Fraction | None:
    """The covered share of a group in one row of ``Coverage.units``, in per cent; None for nobody or unknown."""
    total = float(row[group])
    if np.isnan(total) or total == 0:
        return None
    return 100 * Fraction(float(row[f"{group}_covered"])) / Fraction(total)


def share_text(row: Any, group: str) -> str:
    """The covered share as text with two decimals."""
    return with_unit(covered_share(row, group), "%", trim=False)


def units_with_coverage(assessment: Assessment, coverage: Coverage) -> gpd.GeoDataFrame | None:
    """The polygons of the county and its townships with their coverage account; None without a units layer."""
    units = assessment.layers.get("units")
    if units is None:
        return None
    rows = coverage.units.drop(columns=["unit_name", "level"])
    joined = units.merge(rows, left_on="unit_code", right_on="unit", how="inner").drop(columns="unit")
    shares = {group: [covered_share(row, group) for row in joined.to_dict("records")] for group in GROUPS}
    for group, values in shares.items():
        joined[f"{group}_share"] = [np.nan if value is None else round(float(value), 4) for value in values]
    return joined


def demand_with_reach(assessment: Assessment, coverage: Coverage) -> gpd.GeoDataFrame:
    """The demand points with time, reason, nearest facility and what is missing.

    ``excess_m`` is the excess as metres on flat road. ``why`` says the reason in words, blank where covered.
    """
    demand = assessment.layers.frames["demand"]
    people = coverage.demand
    names = dict(zip(coverage.facilities["facility_id"], coverage.facilities["name"], strict=True))
    excess_s = (people["excess_ms"].astype("Float64") / 1000).to_numpy(float, na_value=np.nan)
    table = demand.assign(
        service=coverage.service.id,
        reach=people["reach"].to_numpy(object),
        reason=[_(REACH_LABELS[Reach(reach)]) for reach in people["reach"]],
        minutes=(people["ms"].astype("Float64") / 60_000).round(2).to_numpy(float, na_value=np.nan),
        ms=people["ms"].to_numpy(float, na_value=np.nan),
        excess_s=excess_s,
        excess_m=np.round(excess_s * assessment.profile.speed_mps, 3),
        facility_id=people["facility_id"].to_numpy(object),
        facility_name=[names.get(name, "") for name in people["facility_id"]],
        leg_m=people["leg_m"].round(2).to_numpy(float),
        moved=people["moved"].to_numpy(bool),
        open_ms=people["open_ms"].to_numpy(float, na_value=np.nan),
        open_facility_id=people["open_facility_id"].to_numpy(object),
        open_facility_name=[names.get(name, "") for name in people["open_facility_id"]],
    )
    limit_m = assessment.settings.snap_limit_m
    return table.assign(why=[_why(row, limit_m) for row in row_records(table)])


def _why(row: dict[str, Any], snap_limit_m: float) -> str:
    """Why a demand point is not covered, with what is missing; whole numbers are rounded up, so that none says 0."""
    match Reach(row["reach"]):
        case Reach.COVERED:
            return ""
        case Reach.TOO_FAR:
            text = _("最近的设施是{facility}，超出 {seconds} 秒，合平路 {metres} 米")
            missing = {"seconds": f"{math.ceil(row['excess_s']):,}", "metres": f"{math.ceil(row['excess_m']):,}"}
            return text.format(facility=row["facility_name"], **missing)
        case Reach.CLOSED_ROAD:
            text = _("封闭道路恢复通行后，{minutes} 分钟可到{facility}")
            return text.format(minutes=f"{row['open_ms'] / 60_000:.1f}", facility=row["open_facility_name"])
        case Reach.ISLAND:
            return _("所在的路网不通往任何设施")
        case Reach.NO_FACILITY:
            return _("没有在路网上运营的此类设施")
        case Reach.UNLOCATABLE:
            return _off_the_roads(row, snap_limit_m)


def _off_the_roads(row: dict[str, Any], snap_limit_m: float) -> str:
    if np.isnan(row["leg_m"]):
        placed = row["geometry"] is not None and not row["geometry"].is_empty
        return _("没有可通行的道路") if placed else _("没有坐标")
    text = _("离最近的可通行道路 {metres} 米，超过 {limit:g} 米的上限")
    return text.format(metres=f"{math.ceil(row['leg_m']):,}", limit=snap_limit_m)


def facilities_with_reach(assessment: Assessment, coverage: Coverage) -> gpd.GeoDataFrame:
    """All facilities of the layer, with whether they operate in the year, are located, and whom they reach."""
    facilities = assessment.layers.frames["facilities"]
    operating = set(assessment.facilities["facility_id"])
    added = coverage.facilities[["facility_id", "located", *ADDED]]
    merged = facilities.merge(added, on="facility_id", how="left")
    located = merged["located"].eq(True)
    return merged.assign(operating=merged["facility_id"].isin(operating), located=located)


def coverage_table(assessment: Assessment) -> pd.DataFrame:
    """The account of people of all units for readers, at the speed of the assessment and at those of the sensitivity."""
    answers = [(assessment.profile.speed_mps, assessment.coverages)] + [
        (speed, coverages)
        for speed, coverages in assessment.sensitivity.items()
        if speed != assessment.profile.speed_mps
    ]
    label = synthetic_label(assessment)
    rows = [
        {
            _("代码"): row["unit"],
            _("名称"): row["unit_name"],
            _("层级"): level_label(row["level"]),
            _("服务"): service_name(coverage.service),
            _("分钟"): row["minutes"],
            _("出行方式"): assessment.profile.label,
            _("速度（m/s）"): speed,
            _("人群"): group_label(group),
            _("合计"): _people(row[group]),
            _("已覆盖"): _people(row[f"{group}_covered"]),
            _("未覆盖"): _people(row[f"{group}_uncovered"]),
            **{_(REACH_LABELS[reach]): _people(row[f"{group}_{reach}"]) for reach in (*UNCOVERED, Reach.UNLOCATABLE)},
            _("覆盖率（%）"): figure(covered_share(row, group), 4),
            _("数据性质"): label,
        }
        for speed, coverages in answers
        for coverage in coverages
        for row in coverage.units.to_dict("records")
        for group in GROUPS
        if not np.isnan(row[group])
    ]
    return pd.DataFrame(rows).map(plain)


def demand_reach_table(assessment: Assessment) -> pd.DataFrame:
    """Every demand point for readers: whether it is covered and why not, once per service."""
    label = synthetic_label(assessment)
    units = assessment.layers.get("units")
    towns = {} if units is None else dict(zip(units["unit_code"], units["name"], strict=True))
    rows = [
        {
            _("编号"): row["demand_id"],
            _("名称"): row["name"],
            _("镇街"): towns.get(row["township"], ""),
            _("服务"): service_name(coverage.service),
            **{group_label(group): _people(row[group]) for group in GROUPS},
            _("状态"): row["reason"],
            _("分钟"): _people(row["minutes"]),
            _("最近设施"): row["facility_name"],
            _("超出（秒）"): _people(row["excess_s"]) or "",
            _("超出（m）"): _people(row["excess_m"]) or "",
            _("离路（m）"): _people(row["leg_m"]),
            _("改接主网"): _("是") if row["moved"] else "",
            _("原因"): row["why"],
            _("数据性质"): label,
        }
        for coverage in assessment.coverages
        for row in row_records(demand_with_reach(assessment, coverage).drop(columns="geometry"))
    ]
    return pd.DataFrame(rows).map(plain)


def coverage_records(coverages: tuple[Coverage, ...]) -> list[dict[str, Any]]:
    """The account of every unit for machines."""
    return [coverage_record(row) for coverage in coverages for row in coverage.units.to_dict("records")]


def coverage_record(row: dict[str, Any]) -> dict[str, Any]:
    """A row of ``Coverage.units`` for machines: people of 60 and over under the short names, the others beside them."""
    record = {key: row[key] for key in ("unit", "unit_name", "level", "kind", "minutes")}
    reasons = ("covered", "uncovered", Reach.UNLOCATABLE.value, *(reason.value for reason in UNCOVERED), "unknown")
    record["pop60"] = _people(row["pop60"])
    record |= {reason: _people(row[f"pop60_{reason}"]) for reason in reasons}
    for group in ("pop_total", "pop65"):
        record[group] = _people(row[group])
        record |= {f"{group}_{reason}": _people(row[f"{group}_{reason}"]) for reason in reasons}
    return record


def _people(value: float) -> float | int | None:
    number = float(value)
    return None if np.isnan(number) else int(number) if number.is_integer() else number


def uncovered_records(assessment: Assessment, coverage: Coverage) -> Iterator[dict[str, Any]]:
    """Why each demand point in the area that is not covered is not; null or blank where a figure does not apply."""
    for row in row_records(demand_with_reach(assessment, coverage).drop(columns="geometry")):
        if row["in_area"] and row["reach"] != Reach.COVERED:
            figures = {key: row[key] if isinstance(row[key], str) else _people(row[key]) for key in _WHY}
            who = {group: _people(row[group]) for group in GROUPS}
            yield {"demand_id": row["demand_id"], "kind": row["service"], "reason": row["reach"], **who, **figures}


def facility_records(coverage: Coverage) -> Iterator[dict[str, Any]]:
    """What each facility that operates adds."""
    for row in coverage.facilities.to_dict("records"):
        counts = {key: _people(row[key]) for key in ADDED}
        yield {
            "facility_id": row["facility_id"],
            "kind": coverage.service.id,
            "located": bool(row["located"]),
            **counts,
        }
