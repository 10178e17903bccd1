"""Sheets of places: townships, villages, homes that are not covered, facilities, estates, parcels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import shapely

from geoplan.assess import Assessment
from geoplan.coverage import GROUPS, OUTSIDE, UNCOVERED, Coverage
from geoplan.i18n import _
from geoplan.layers.schema import (
    ERAS,
    FACILITY_LEVELS,
    FACILITY_STATUS,
    FUNCTIONS,
    IDLE_KINDS,
    OWNERSHIP,
    VILLAGE_LEVELS,
    label,
)
from geoplan.model import REACH_LABELS, Reach, Verdict
from geoplan.report import reach, style, tables
from geoplan.report.documents.material import Material, in_brackets
from geoplan.report.documents.sheet import Cell, Column, Kind, Sheet, Worked, number, share_of

_PARTS = ("covered", "uncovered", "unlocatable")
_CHECK = "{people}-{covered}-{uncovered}-{unlocatable}"


def townships(material: Material) -> Sheet:
    """The account of people of the county and its townships, by service and group."""
    reasons = (*UNCOVERED, Reach.UNLOCATABLE)
    columns = (
        Column("service", _("服务"), width=18),
        Column("minutes", _("时限（分钟）"), Kind.WHOLE, 9),
        Column("group", _("人群"), width=16),
        Column("unit", _("代码"), width=13),
        Column("name", _("单元"), width=16),
        Column("level", _("层级"), width=12),
        Column("people", _("合计（人）"), Kind.WHOLE),
        Column("covered", _("已覆盖（人）"), Kind.WHOLE),
        Column("uncovered", _("未覆盖（人）"), Kind.WHOLE),
        *(Column(str(each), _("{what}（人）").format(what=_(REACH_LABELS[each])), Kind.WHOLE, 11) for each in reasons),
        Column("share", _("覆盖率"), Kind.SHARE, 10),
        Column("check", _("核对：合计减各项"), Kind.WHOLE, 11),
        Column("unknown", _("人数未填（行）"), Kind.WHOLE, 9),
    )
    rows = [row for coverage in material.assessment.coverages for row in _unit_rows(coverage)]
    note = _("已覆盖 + 未覆盖 + 无法定位 = 合计；县一行是全县，不是各镇街之外的数")
    return Sheet("townships", _("镇街覆盖"), columns, tuple(rows), notes=(note,))


def _unit_rows(coverage: Coverage) -> Iterator[dict[str, Cell]]:
    shown = reach.group_of(coverage)
    for group in (shown, *(each for each in GROUPS if each != shown)):
        for row in coverage.units.to_dict("records"):
            if number(row[group]) is not None:
                yield _unit_row(coverage, row, group)


def shown_rows(sheet: Sheet, coverage: Coverage) -> list[Mapping[str, Cell]]:
    """Of the sheet of townships the rows of one service and of the people whose coverage is shown."""
    wanted = (reach.service_name(coverage.service), reach.group_label(reach.group_of(coverage)))
    return [row for row in sheet.rows if (row["service"], row["group"]) == wanted]


def _unit_row(coverage: Coverage, row: Mapping[str, Any], group: str) -> dict[str, Cell]:
    people = number(row[group])
    parts = {part: number(row[f"{group}_{part}"]) for part in _PARTS}
    left = people - sum((part or Fraction(0) for part in parts.values()), Fraction(0)) if people is not None else None
    return {
        "service": reach.service_name(coverage.service),
        "minutes": Fraction(coverage.service.minutes),
        "group": reach.group_label(group),
        "unit": str(row["unit"]),
        "name": str(row["unit_name"]) or (_("（不在镇街内）") if row["unit"] == OUTSIDE else _("全部")),
        "level": tables.level_label(str(row["level"])),
        "people": people,
        **parts,
        **{str(each): number(row[f"{group}_{each}"]) for each in UNCOVERED},
        "share": share_of(parts["covered"], people, "{covered}/{people}"),
        "check": None if left is None else Worked(left, _CHECK),
        "unknown": number(row[f"{group}_unknown"]),
    }


def _names(assessment: Assessment) -> dict[str, str]:
    units = assessment.layers.get("units")
    return {} if units is None else dict(zip(units["unit_code"], units["name"], strict=True))


def villages(material: Material) -> Sheet | None:
    """Villages and neighbourhoods with people who are not covered by the first service; None where there are no such units."""
    assessment = material.assessment
    units = assessment.layers.get("units")
    if units is None or not units["level"].isin(VILLAGE_LEVELS).any():
        return None
    names, rows = _names(assessment), _by_village(assessment)
    columns = (
        Column("unit", _("代码"), width=16),
        Column("name", _("村居"), width=24),
        Column("township", _("镇街"), width=14),
        Column("points", _("居民点（个）"), Kind.WHOLE),
        Column(
            "people",
            _("{group}（人）").format(group=reach.group_label(reach.group_of(assessment.coverages[0]))),
            Kind.FIGURE,
        ),
        Column("covered", _("已覆盖（人）"), Kind.FIGURE),
        Column("lacking", _("未覆盖（人）"), Kind.FIGURE),
        Column("share", _("覆盖率"), Kind.SHARE, 10),
    )
    told: list[Mapping[str, Cell]] = []
    for (code, township), (points, people, covered) in sorted(rows.items(), key=lambda item: item[1][2] - item[1][1]):
        if covered < people:
            told.append(
                {
                    "unit": code,
                    "name": names.get(code, _("（不在村居内）")),
                    "township": names.get(township, ""),
                    "points": Fraction(points),
                    "people": people,
                    "covered": covered,
                    "lacking": Worked(people - covered, "{people}-{covered}"),
                    "share": share_of(covered, people, "{covered}/{people}"),
                }
            )
    sums = ("points", "people", "covered", "lacking")
    return Sheet("villages", _("未覆盖村居"), columns, tuple(told), sums=sums, notes=(_service_note(assessment),))


def _by_village(assessment: Assessment) -> dict[tuple[str, str], tuple[int, Fraction, Fraction]]:
    """Points, people and covered people of each village, of those whose number is known."""
    coverage, demand = assessment.coverages[0], assessment.layers.frames["demand"]
    group = reach.group_of(coverage)
    found: dict[tuple[str, str], tuple[int, Fraction, Fraction]] = {}
    cells = zip(
        demand["village"], demand["township"], demand[group], coverage.demand["reach"], demand["in_area"], strict=True
    )
    for village, township, cell, reached, inside in cells:
        people = number(cell)
        if inside and people is not None:
            points, total, covered = found.get((village, township), (0, Fraction(0), Fraction(0)))
            found[village, township] = (points + 1, total + people, covered + people * (reached == Reach.COVERED))
    return found


def _service_note(assessment: Assessment) -> str:
    service = assessment.coverages[0].service
    text = _("按“{service}”{minutes} 分钟（{travel}）")
    return text.format(
        service=reach.service_name(service), minutes=service.minutes, travel=reach.travel_text(assessment)
    )


def uncovered(material: Material) -> Sheet:
    """Every demand point of the county that the first service does not cover, and why; those with most people first."""
    assessment = material.assessment
    coverage, names = assessment.coverages[0], _names(assessment)
    group = reach.group_of(coverage)
    rows = reach.demand_with_reach(assessment, coverage).drop(columns="geometry")
    rows = rows[rows["in_area"] & (rows["reach"] != Reach.COVERED)].sort_values(
        [group, "demand_id"], ascending=[False, True]
    )
    columns = (
        Column("id", _("编号"), width=12),
        Column("name", _("名称"), width=24),
        Column("township", _("镇街"), width=14),
        Column("village", _("村居"), width=20),
        *(Column(each, _("{group}（人）").format(group=reach.group_label(each)), Kind.FIGURE) for each in GROUPS),
        Column("reason", _("状态"), width=12),
        Column("minutes", _("到最近设施（分钟）"), Kind.FIGURE),
        Column("facility", _("最近设施"), width=28),
        Column("excess_s", _("超出（秒）"), Kind.FIGURE),
        Column("excess_m", _("超出（m）"), Kind.FIGURE),
        Column("leg_m", _("离路（m）"), Kind.FIGURE),
        Column("why", _("原因"), Kind.LONG, 50),
    )
    told = [_uncovered_row(row, names) for row in rows.to_dict("records")]
    return Sheet("uncovered", _("未覆盖居民点"), columns, tuple(told), notes=(_service_note(assessment),))


def _uncovered_row(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Cell]:
    return {
        "id": str(row["demand_id"]),
        "name": str(row["name"]),
        "township": names.get(row["township"], ""),
        "village": names.get(row["village"], ""),
        **{each: number(row[each]) for each in (*GROUPS, "minutes", "excess_s", "excess_m", "leg_m")},
        "reason": str(row["reason"]),
        "facility": str(row["facility_name"]),
        "why": str(row["why"]),
    }


def facilities(material: Material) -> Sheet:
    """All facilities with their attributes and whom they reach by the first service."""
    assessment = material.assessment
    rows, names = reach.facilities_with_reach(assessment, assessment.coverages[0]), _names(assessment)
    columns = (
        Column("id", _("编号"), width=14),
        Column("name", _("名称"), Kind.LONG, 32),
        Column("kind", _("类型"), width=18),
        Column("level", _("级别"), width=9),
        Column("status", _("状态"), width=9),
        Column("operating", _("当年运营"), width=9),
        Column("township", _("镇街"), width=14),
        Column("ownership", _("性质"), width=10),
        Column("open_year", _("开业年份"), width=9),
        Column("beds", _("床位（张）"), Kind.WHOLE, 10),
        Column("nursing_beds", _("护理型床位（张）"), Kind.WHOLE, 11),
        Column("nursing_share", _("护理型床位占比"), Kind.SHARE, 11),
        Column("floor_area_m2", _("建筑面积（m²）"), Kind.FIGURE, 13),
        Column("floor_per_bed", _("每床建筑面积（m²/床）"), Kind.FIGURE, 13),
        Column("site_area_m2", _("用地面积（m²）"), Kind.FIGURE, 13),
        Column("functions", _("功能"), Kind.LONG, 30),
        Column("reached", _("服务范围内60岁以上（人）"), Kind.FIGURE, 13),
        Column("only", _("只有它能到的60岁以上（人）"), Kind.FIGURE, 13),
        Column("as_of", _("资料日期"), width=12),
        Column("source", _("来源"), Kind.LONG, 40),
    )
    told = [_facility_row(row, names) for row in rows.drop(columns="geometry").to_dict("records")]
    sums = ("beds", "nursing_beds", "floor_area_m2", "site_area_m2")
    note = _("合计含未运营和规划设施；县级数以指标结论为准。可达人数在相邻设施之间有重复")
    return Sheet("facilities", _("设施"), columns, tuple(told), sums=sums, notes=(note,))


def _facility_row(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Cell]:
    beds, nursing, floor = (number(row[key]) for key in ("beds", "nursing_beds", "floor_area_m2"))
    year, kind = number(row["open_year"]), style.FACILITY_STYLES[row["kind"]].label
    return {
        "id": str(row["facility_id"]),
        "name": str(row["name"]),
        "kind": _(kind),
        "level": label(row["level"], FACILITY_LEVELS),
        "status": _(label(row["status"], FACILITY_STATUS)),
        "operating": _("是") if row["operating"] else _("否"),
        "township": names.get(row["township"], ""),
        "ownership": label(row["ownership"], OWNERSHIP),
        "open_year": "" if year is None else str(int(year)),
        "beds": beds,
        "nursing_beds": nursing,
        "nursing_share": share_of(nursing, beds, "{nursing_beds}/{beds}"),
        "floor_area_m2": floor,
        "floor_per_bed": share_of(floor, beds, "{floor_area_m2}/{beds}"),
        "site_area_m2": number(row["site_area_m2"]),
        "functions": _("、").join(_(label(code, FUNCTIONS)) for code in row["functions"].split("|") if code),
        "reached": number(row["pop60_reached"]),
        "only": number(row["pop60_only"]),
        "as_of": str(row["as_of"]),
        "source": str(row["source"]),
    }


def estates(material: Material) -> Sheet | None:
    """The estates with what they have, need and lack; None without an estates layer."""
    assessment = material.assessment
    rows = assessment.layers.get("estates")
    if rows is None:
        return None
    found: dict[str, Verdict] = {}
    for verdict in assessment.verdicts:
        if verdict.count.level == "estate" and verdict.rule.measure == "area_per_households":
            found.setdefault(verdict.count.unit, verdict)
    columns = (
        Column("id", _("编号"), width=10),
        Column("name", _("小区"), width=26),
        Column("township", _("镇街"), width=14),
        Column("era", _("新旧"), width=8),
        Column("households", _("户数（户）"), Kind.WHOLE, 10),
        Column("area", _("设施面积（m²）"), Kind.FIGURE),
        Column("per_100", _("每百户（m²）"), Kind.FIGURE),
        Column("target", _("标准（m²/百户）"), Kind.FIGURE),
        Column("outcome", _("结论"), Kind.OUTCOME, 13),
        Column("shortfall", _("缺口（m²）"), Kind.FIGURE),
        Column("note", _("说明"), Kind.LONG, 30),
    )
    names = _names(assessment)
    told = [
        _estate_row(row, found.get(row["estate_id"]), names) for row in rows.drop(columns="geometry").to_dict("records")
    ]
    return Sheet("estates", _("小区"), columns, tuple(told), sums=("households", "area", "shortfall"))


def _estate_row(row: Mapping[str, Any], verdict: Verdict | None, names: Mapping[str, str]) -> dict[str, Cell]:
    households, area = number(row["households"]), number(row["facility_area_m2"])
    told: dict[str, Cell] = {
        "id": str(row["estate_id"]),
        "name": str(row["name"]),
        "township": names.get(row["township"], ""),
        "era": _(label(row["era"], ERAS)) if row["era"] else "",
        "households": households,
        "area": area,
    }
    if verdict is None:
        return told | {"outcome": "", "note": _("没有适用的规则")}
    return told | {
        "per_100": _worked(verdict.value, area, households, "{area}*100/{households}"),
        "target": verdict.target,
        "outcome": tables.outcome_label(verdict),
        "shortfall": _shortfall(verdict, area, households),
        "note": tables.missing_text(verdict),
    }


def _worked(value: Fraction | None, area: Fraction | None, households: Fraction | None, formula: str) -> Cell:
    """The value with its sum, where that is how it comes about."""
    if value is None or area is None or not households or value != 100 * area / households:
        return value
    return Worked(value, formula)


def _shortfall(verdict: Verdict, area: Fraction | None, households: Fraction | None) -> Cell:
    needed, target = verdict.needed, verdict.target
    if needed is None or area is None or households is None or target is None:
        return needed
    if needed != max(Fraction(0), target * households / 100 - area):
        return needed
    return Worked(needed, "MAX(0,ROUND({target}*{households}/100-{area},9))")


def parcels(material: Material) -> Sheet | None:
    """Parcels of the land-use layer and idle assets; None where there are neither."""
    layers, names = material.assessment.layers, _names(material.assessment)
    rows: list[dict[str, Cell]] = []
    land, idle = layers.get("landuse"), layers.get("idle_assets")
    for row in [] if land is None else land.to_dict("records"):
        told = {
            "what": _("规划地块"),
            "id": str(row["parcel_id"]),
            "kind": str(row["code"]) + in_brackets(str(row["code_system"])),
        }
        rows.append({**told, "area": number(round(shapely.area(row["geometry"]), 2)), "note": str(row["status"])})
    for row in [] if idle is None else idle.to_dict("records"):
        told = {"what": _("闲置资产"), "id": str(row["asset_id"]), "name": str(row["name"]), "note": str(row["owner"])}
        kind, township = _(label(row["kind"], IDLE_KINDS)), names.get(row["township"], "")
        rows.append({**told, "kind": kind, "township": township, "area": number(row["area_m2"])})
    columns = (
        Column("what", _("类别"), width=12),
        Column("id", _("编号"), width=14),
        Column("name", _("名称"), width=30),
        Column("kind", _("用途"), width=22),
        Column("township", _("镇街"), width=14),
        Column("area", _("面积（m²）"), Kind.FIGURE, 14),
        Column("note", _("状态或权属"), Kind.LONG, 24),
    )
    return Sheet("parcels", _("地块与闲置资产"), columns, tuple(rows), sums=("area",)) if rows else None
