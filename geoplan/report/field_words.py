"""The words for the fields of layers and for what stands in their cells, in tables, forms and messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from geoplan.i18n import _, mark
from geoplan.layers.schema import ROLES, Field, FieldKind, label

FIELD_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "facility_id": mark("编号"),
        "name": mark("名称"),
        "kind": mark("类型"),
        "level": mark("等级"),
        "status": mark("状态"),
        "functions": mark("功能"),
        "beds": mark("床位（张）"),
        "nursing_beds": mark("护理型床位（张）"),
        "residents": mark("入住（人）"),
        "floor_area_m2": mark("建筑面积（m²）"),
        "site_area_m2": mark("用地（m²）"),
        "basic_beds": mark("基本床位（张）"),
        "grade": mark("机构等级"),
        "stars": mark("星级"),
        "has_medical": mark("内设医疗机构"),
        "hospital_contract": mark("与医院签约"),
        "is_demo": mark("示范设施"),
        "ownership": mark("性质（公办或民办）"),
        "open_year": mark("开业年份"),
        "as_of": mark("资料日期"),
        "source": mark("来源"),
        "unit_code": mark("单元代码"),
        "estate_id": mark("编号"),
        "households": mark("户数（户）"),
        "era": mark("新旧"),
        "facility_area_m2": mark("设施面积（m²）"),
        "code": mark("用地代码"),
        "code_system": mark("用地分类"),
        "plan_year": mark("规划年份"),
        "approve_date": mark("批准日期"),
        "demand_id": mark("编号"),
        "pop_total": mark("总人口（人）"),
        "pop60": mark("60岁以上（人）"),
        "pop65": mark("65岁以上（人）"),
        "basis": mark("人口口径"),
        "year": mark("年份"),
        "parent_code": mark("上级代码"),
        "urban_rural": mark("城乡"),
        "largest_site_m2": mark("最大地块（m²）"),
        "project_id": mark("项目编号"),
        "road_class": mark("道路等级"),
        "foot": mark("步行通行"),
        "bicycle": mark("自行车通行"),
        "motor_vehicle": mark("机动车通行"),
        "vehicle": mark("车辆通行"),
        "access": mark("通行权限"),
        "service": mark("内部道路类型"),
        "oneway": mark("单行"),
        "junction": mark("环岛等路口"),
        "motorroad": mark("机动车专用"),
        "area": mark("面状道路"),
        "walkable": mark("可步行"),
        "parcel_id": mark("编号"),
        "clinic_id": mark("编号"),
        "asset_id": mark("编号"),
        "seat_id": mark("编号"),
        "barrier_id": mark("编号"),
        "area_m2": mark("面积（m²）"),
        "owner": mark("权属"),
        "rule": mark("规则"),
        "value": mark("数值"),
        "entered_by": mark("填报人"),
        "note": mark("备注"),
        "population": mark("人口（人）"),
    }
)
_UNIT = re.compile(r" ?[（(][^（()）]*[)）]$")
_NAMED = re.compile("“([a-z0-9_]+)”")


def field_label(name: str) -> str:
    """The word for a field; its name where there is none."""
    return _(FIELD_LABELS[name]) if name in FIELD_LABELS else name


def column_words(name: str) -> str:
    """A column of a layer, ``facilities.site_area_m2``, by its word: ``用地（site_area_m2）``."""
    column = name.rpartition(".")[2]
    word = _UNIT.sub("", field_label(column))
    return name if word == column else _("{word}（{column}）").format(word=word, column=column)


def field_of(role: str, name: str) -> Field:
    """A field of a layer."""
    return next(field for field in ROLES[role].fields if field.name == name)


def coded(code: str) -> str:
    """The word for a code of the layers' vocabularies, or for a field; else the code itself."""
    vocabularies = (field.vocabulary for role in ROLES.values() for field in role.fields if field.vocabulary)
    return next((_(label(code, known)) for known in vocabularies if code in known), field_label(code))


def choices(field: Field) -> dict[str, str]:
    """Code to word for what may stand in a cell; nothing where anything may."""
    if field.kind is FieldKind.FLAG:
        return {"yes": _("是"), "no": _("否")}
    return {code: _(label(code, field.vocabulary)) for code in field.vocabulary} if field.vocabulary else {}


def in_words(text: str) -> str:
    """A message with the words for fields instead of their names."""
    return _NAMED.sub(lambda found: _("“{name}”").format(name=field_label(found.group(1))), text)
