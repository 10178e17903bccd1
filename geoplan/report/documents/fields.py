"""The columns of the GIS package: their words, and the names of at most 10 characters that they have in a Shapefile.

The table stands in ``docs/export.md``; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from geoplan.i18n import _, mark

_LONGEST = 10  # a dBASE column name
_PLAIN: Mapping[str, tuple[str, str]] = {
    "unit_code": (mark("行政单元代码"), "UNIT_CODE"),
    "name": (mark("名称"), "NAME"),
    "level": (mark("级别"), "LEVEL"),
    "parent_code": (mark("上级代码"), "PARENT"),
    "urban_rural": (mark("城乡"), "URBANRURAL"),
    "kind": (mark("类型代码"), "KIND"),
    "kind_name": (mark("类型"), "KIND_NAME"),
    "minutes": (mark("分钟"), "MINUTES"),
    "demand_id": (mark("居民点编号"), "DEMAND_ID"),
    "basis": (mark("人口口径"), "BASIS"),
    "year": (mark("年份"), "YEAR"),
    "township": (mark("镇街代码"), "TOWN_CODE"),
    "village": (mark("村居代码"), "VILL_CODE"),
    "in_area": (mark("在县域内"), "IN_AREA"),
    "service": (mark("服务代码"), "SERVICE"),
    "reach": (mark("覆盖状态代码"), "REACH"),
    "reason": (mark("覆盖状态"), "REASON"),
    "ms": (mark("时间（毫秒）"), "TIME_MS"),
    "excess_s": (mark("超出（秒）"), "EXCESS_S"),
    "excess_m": (mark("超出（m）"), "EXCESS_M"),
    "facility_id": (mark("设施编号"), "FAC_ID"),
    "facility_name": (mark("最近设施"), "FAC_NAME"),
    "leg_m": (mark("离路（m）"), "LEG_M"),
    "moved": (mark("改接主网"), "MOVED"),
    "open_ms": (mark("道路恢复后的时间（毫秒）"), "OPEN_MS"),
    "open_facility_id": (mark("道路恢复后的设施编号"), "OPEN_FAC"),
    "open_facility_name": (mark("道路恢复后的设施"), "OPEN_NAME"),
    "why": (mark("未覆盖原因"), "WHY"),
    "status": (mark("状态代码"), "STATUS"),
    "state": (mark("当年状态"), "STATE"),
    "functions": (mark("功能代码"), "FUNCTIONS"),
    "beds": (mark("床位（张）"), "BEDS"),
    "nursing_beds": (mark("护理型床位（张）"), "NURS_BEDS"),
    "residents": (mark("入住（人）"), "RESIDENTS"),
    "floor_area_m2": (mark("建筑面积（m²）"), "FLOOR_M2"),
    "site_area_m2": (mark("用地面积（m²）"), "SITE_M2"),
    "basic_beds": (mark("基本床位（张）"), "BASIC_BEDS"),
    "grade": (mark("等级或层次"), "GRADE"),
    "stars": (mark("星级"), "STARS"),
    "has_medical": (mark("内设医疗机构"), "MEDICAL"),
    "hospital_contract": (mark("与医疗机构签约"), "CONTRACT"),
    "is_demo": (mark("示范站点"), "IS_DEMO"),
    "ownership": (mark("性质代码"), "OWNERSHIP"),
    "open_year": (mark("开业年份"), "OPEN_YEAR"),
    "as_of": (mark("资料日期"), "AS_OF"),
    "source": (mark("来源"), "SOURCE"),
    "located": (mark("在路网上"), "LOCATED"),
    "operating": (mark("当年运营"), "OPERATING"),
    "estate_id": (mark("小区编号"), "ESTATE_ID"),
    "households": (mark("户数（户）"), "HOUSEHOLDS"),
    "era": (mark("新旧"), "ERA"),
    "approve_date": (mark("批准日期"), "APPROVED"),
    "facility_area_m2": (mark("养老设施面积（m²）"), "CARE_M2"),
    "largest_site_m2": (mark("最大一处面积（m²）"), "LARGEST_M2"),
    "project_id": (mark("项目编号"), "PROJECT_ID"),
    "rule": (mark("规则"), "RULE"),
    "verdict": (mark("结论代码"), "VERDICT"),
    "verdict_name": (mark("结论"), "VERD_NAME"),
    "area_per_100_households": (mark("每百户面积（m²）"), "M2_PER_100"),
    "target": (mark("标准（m²/百户）"), "TARGET"),
    "shortfall_m2": (mark("缺口（m²）"), "SHORT_M2"),
    "missing": (mark("缺少字段"), "MISSING"),
    "road_class": (mark("道路等级"), "CLASS"),
    "walkable": (mark("可步行"), "WALKABLE"),
    "oneway": (mark("单行"), "ONEWAY"),
    "foot": (mark("步行许可"), "FOOT"),
    "bicycle": (mark("自行车许可"), "BICYCLE"),
    "motor_vehicle": (mark("机动车许可"), "MOTOR_VEH"),
    "vehicle": (mark("车辆许可"), "VEHICLE"),
    "access": (mark("通行许可"), "ACCESS"),
    "junction": (mark("交叉形式"), "JUNCTION"),
    "motorroad": (mark("机动车专用"), "MOTORROAD"),
    "area": (mark("为面状"), "AREA"),
    "parcel_id": (mark("地块编号"), "PARCEL_ID"),
    "code": (mark("用地代码"), "LAND_CODE"),
    "code_system": (mark("用地分类"), "CODE_SYS"),
    "plan_year": (mark("规划年份"), "PLAN_YEAR"),
    "clinic_id": (mark("医疗机构编号"), "CLINIC_ID"),
    "asset_id": (mark("资产编号"), "ASSET_ID"),
    "area_m2": (mark("面积（m²）"), "AREA_M2"),
    "owner": (mark("权属"), "OWNER"),
    "seat_id": (mark("驻地编号"), "SEAT_ID"),
    "barrier_id": (mark("障碍编号"), "BARRIER_ID"),
    "change": (mark("变化代码"), "CHANGE"),
    "change_name": (mark("变化"), "CHG_NAME"),
    "reach_before": (mark("现状覆盖状态"), "REACH_OLD"),
    "reach_after": (mark("方案覆盖状态"), "REACH_NEW"),
    "ms_before": (mark("现状时间（毫秒）"), "MS_OLD"),
    "ms_after": (mark("方案时间（毫秒）"), "MS_NEW"),
    "facility_before": (mark("现状最近设施"), "FAC_OLD"),
    "facility_after": (mark("方案最近设施"), "FAC_NEW"),
    "moved_m": (mark("移动（m）"), "MOVED_M"),
}
_GROUPS: Mapping[str, tuple[str, str]] = {
    "pop_total": (mark("总人口"), "PT"),
    "pop60": (mark("60岁以上"), "P60"),
    "pop65": (mark("65岁以上"), "P65"),
}
_OF_PEOPLE: Mapping[str, tuple[str, str]] = {
    "": (mark("{group}（人）"), ""),
    "_covered": (mark("{group}：已覆盖"), "_COV"),
    "_uncovered": (mark("{group}：未覆盖"), "_UNCOV"),
    "_too_far": (mark("{group}：路程过远"), "_FAR"),
    "_closed_road": (mark("{group}：道路封闭"), "_CLOSED"),
    "_island": (mark("{group}：路网孤岛"), "_ISLAND"),
    "_no_facility": (mark("{group}：无此类设施"), "_NOFAC"),
    "_unlocatable": (mark("{group}：无法定位"), "_UNLOC"),
    "_unknown": (mark("{group}：人数未填（行）"), "_UNKN"),
    "_share": (mark("{group}：覆盖率（%）"), "_SHARE"),
    "_reached": (mark("{group}：可达"), "_REACH"),
    "_only": (mark("{group}：只有它可达"), "_ONLY"),
    "_shared": (mark("{group}：与他处重叠"), "_SHARED"),
    "_nearest": (mark("{group}：以它为最近"), "_NEAR"),
}


def _short_names() -> dict[str, str]:
    plain = {name: short for name, (_alias, short) in _PLAIN.items()}
    return plain | {
        f"{group}{part}": f"{head}{tail}"
        for group, (_g, head) in _GROUPS.items()
        for part, (_p, tail) in _OF_PEOPLE.items()
    }


SHORT_NAMES: Mapping[str, str] = MappingProxyType(_short_names())
"""Column to its name in a Shapefile."""


def alias(column: str) -> str:
    """The words for a column in the current language; its name where there are none."""
    if column in _PLAIN:
        return _(_PLAIN[column][0])
    for group, (label, _short) in _GROUPS.items():
        part = column.removeprefix(group)
        if column.startswith(group) and part in _OF_PEOPLE:
            return _(_OF_PEOPLE[part][0]).format(group=_(label))
    return column


def short_names(columns: Iterable[str]) -> dict[str, str]:
    """The Shapefile's names of some columns, all different; one that the table lacks is cut and numbered."""
    taken: dict[str, str] = {}
    for column in columns:
        name = SHORT_NAMES.get(column, column.upper().encode("ascii", "replace").decode()[:_LONGEST])
        number = 1
        while name in taken.values():
            number += 1
            name = f"{name[: _LONGEST - len(str(number)) - 1]}_{number}"
        taken[column] = name
    return taken
