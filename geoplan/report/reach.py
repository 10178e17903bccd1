"""Who reaches what, as rows and words: per unit, per demand point and why not, per facility and what it adds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    words = {reach.value: _(label) for reach, label in REACH_LABELS.items()}
    excess_s = (people["excess_ms"].astype("Float64") / 1000).to_numpy(float, na_value=np.nan)
    table = demand.assign(
        service=coverage.service.id,
        reach=people["reach"].to_numpy(object),
        reason=[words[reach] for reach in people["reach"]],
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
    why = np.full(len(table), "", dtype=object)
    for reach, words_of in _REASONS.items():
        rows = np.flatnonzero(people["reach"] == reach)
        why[rows] = words_of(table.iloc[rows], assessment.settings.snap_limit_m)
    return table.assign(why=why)


# Why demand points are not covered, with what is missing; whole numbers are rounded up, so that none says 0.


def _too_far(rows: gpd.GeoDataFrame, _snap_limit_m: float) -> list[str]:
    text = _("最近的设施是{facility}，超出 {seconds} 秒，合平路 {metres} 米")
    return [
        text.format(facility=facility, seconds=f"{math.ceil(seconds):,}", metres=f"{math.ceil(metres):,}")
        for facility, seconds, metres in zip(rows["facility_name"], rows["excess_s"], rows["excess_m"], strict=True)
    ]


def _behind_a_closed_road(rows: gpd.GeoDataFrame, _snap_limit_m: float) -> list[str]:
    text = _("封闭道路恢复通行后，{minutes} 分钟可到{facility}")
    return [
        text.format(minutes=f"{ms / 60_000:.1f}", facility=facility)
        for ms, facility in zip(rows["open_ms"], rows["open_facility_name"], strict=True)
    ]


def _on_an_island(rows: gpd.GeoDataFrame, _snap_limit_m: float) -> list[str]:
    return [_("所在的路网不通往任何设施")] * len(rows)


def _without_facility(rows: gpd.GeoDataFrame, _snap_limit_m: float) -> list[str]:
    return [_("没有在路网上运营的此类设施")] * len(rows)


def _off_the_roads(rows: gpd.GeoDataFrame, snap_limit_m: float) -> list[str]:
    far, no_road = _("离最近的可通行道路 {metres} 米，超过 {limit:g} 米的上限"), _("没有可通行的道路")
    nowhere = rows.geometry.isna() | rows.geometry.is_empty
    return [
        (_("没有坐标") if lost else no_road)
        if np.isnan(metres)
        else far.format(metres=f"{math.ceil(metres):,}", limit=snap_limit_m)
        for metres, lost in zip(rows["leg_m"], nowhere, strict=True)
    ]


_REASONS: Mapping[Reach, Callable[[gpd.GeoDataFrame, float], list[str]]] = MappingProxyType(
    {
        Reach.TOO_FAR: _too_far,
        Reach.CLOSED_ROAD: _behind_a_closed_road,
        Reach.ISLAND: _on_an_island,
        Reach.NO_FACILITY: _without_facility,
        Reach.UNLOCATABLE: _off_the_roads,
    }
)


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
    units = assessment.layers.get("units")
    towns = {} if units is None else dict(zip(units["unit_code"], units["name"], strict=True))
    tables = [_demand_columns(assessment, coverage, towns) for coverage in assessment.coverages]
    return pd.concat(map(pd.DataFrame, tables), ignore_index=True).map(plain) if tables else pd.DataFrame()


def _demand_columns(assessment: Assessment, coverage: Coverage, towns: Mapping[str, str]) -> dict[str, object]:
    """Column by column: of a million rows that is what can be waited for."""
    rows = demand_with_reach(assessment, coverage)

    def figures(name: str) -> NDArray[np.object_]:
        return _objects(map(_people, rows[name].to_numpy(float)))

    def blank(cells: NDArray[np.object_]) -> NDArray[np.object_]:
        return _objects(cell or "" for cell in cells)

    return {
        _("编号"): rows["demand_id"].to_numpy(object),
        _("名称"): rows["name"].to_numpy(object),
        _("镇街"): [towns.get(town, "") for town in rows["township"]],
        _("服务"): service_name(coverage.service),
        **{group_label(group): figures(group) for group in GROUPS},
        _("状态"): rows["reason"].to_numpy(object),
        _("分钟"): figures("minutes"),
        _("最近设施"): rows["facility_name"].to_numpy(object),
        _("超出（秒）"): blank(figures("excess_s")),
        _("超出（m）"): blank(figures("excess_m")),
        _("离路（m）"): figures("leg_m"),
        _("改接主网"): np.where(rows["moved"], _("是"), ""),
        _("原因"): rows["why"].to_numpy(object),
        _("数据性质"): synthetic_label(assessment),
    }


def _objects(cells: Iterable[object]) -> NDArray[np.object_]:
    """Cells as they are, one-dimensional: whole numbers stay whole beside others."""
    return np.fromiter(cells, dtype=object)


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
    demand = demand_with_reach(assessment, coverage).drop(columns="geometry")
    for row in row_records(demand[demand["in_area"] & (demand["reach"] != Reach.COVERED)]):
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
