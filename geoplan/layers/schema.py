"""What each layer must hold: roles, fields, and the words that real files use for coded values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from geoplan.i18n import mark


class FieldKind(StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    NUMBER = "number"  # not negative
    PEOPLE = "people"  # not negative, held in steps of 1/1024 person
    WHOLE = "whole"  # a whole number, not negative
    SIGNED = "signed"  # a whole number of either sign
    YEAR = "year"
    DATE = "date"
    FLAG = "flag"
    CHOICE = "choice"  # one of the vocabulary's codes
    CODES = "codes"  # several codes, separated by | or 、


UNIT_LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "county": ("县", "区", "县级市", "市", "县（市、区）"),
        "town": ("镇",),
        "township": ("乡", "民族乡"),
        "street": ("街道", "街道办事处"),
        "village": ("村", "行政村", "建制村"),
        "community": ("社区", "居委会"),
    }
)
TOWNSHIP_LEVELS = ("town", "township", "street")
VILLAGE_LEVELS = ("village", "community")

FACILITY_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "care_home": ("养老机构", "养老院", "敬老院", "福利院"),
        "township_centre": ("综合养老服务中心", "镇街综合养老服务中心"),
        "community_centre": ("居家养老服务中心", "日间照料中心", "社区养老服务中心"),
        "village_station": ("养老服务站", "村居养老服务站点", "颐康站", "农村幸福院"),
        "canteen": ("长者食堂", "长者饭堂", "老年食堂"),
        "regional_centre": ("区域性养老服务中心", "区域养老服务中心"),
        "embedded_home": ("嵌入式养老机构", "嵌入式养老院"),
        "emergency_centre": ("养老应急救援中心", "应急救援中心"),
    }
)
FACILITY_LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "county": (mark("县级"), "县"),
        "township": (mark("镇街级"), "镇街", "乡镇级", "乡镇", "街道"),
        "village": (mark("村居级"), "村居", "村级", "社区级", "村", "社区"),
    }
)
FACILITY_STATUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "existing": (mark("现状"), "运营", "已建"),
        "building": (mark("在建"),),
        "planned": (mark("规划"), "规划新建"),
        "renovating": (mark("改建"),),
        "expanding": (mark("扩建"),),
        "closed": (mark("撤并"), "关闭", "停业"),
    }
)
OPERATING = ("existing", "renovating", "expanding")
NOT_YET_OPEN = ("planned", "building")

# The plans' words for each service, from the function vocabulary of the five published plans.
FUNCTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "full_residential": (mark("全日托养"), "全托"),
        "day_care": (mark("日间照料"), "日托", "日间托养"),
        "home_visit": (mark("上门服务"), "居家上门"),
        "guidance": (mark("协调指导"), "对下指导", "业务指导"),
        "resource_dispatch": (mark("统筹调配资源"),),
        "meals": (mark("助餐"), "助餐配餐", "长者饭堂", "老年食堂"),
        "safety": (mark("助安"), "平安通", "一键呼救"),
        "medical": (mark("助医"), "医疗保健"),
        "recreation": (mark("助娱"), "文化娱乐"),
        "has_venue": (mark("有场所"),),
        "has_equipment": (mark("有设备"),),
        "has_funding": (mark("有经费"),),
        "has_staff": (mark("有队伍"),),
        "has_rules": (mark("有制度"),),
        "dementia_care": (mark("失智照护"), "认知障碍照护"),
        "hospice": (mark("安宁疗护"), "临终关怀"),
    }
)
OWNERSHIP: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"public": (mark("公办"),), "public_private": (mark("公建民营"),), "private": (mark("民办"),)}
)
ERAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"new": (mark("新建"),), "old": (mark("旧区"), "已建", "旧城区")}
)
CLINIC_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hospital": (mark("医院"),),
        "health_centre": (mark("卫生院"), "乡镇卫生院"),
        "community_health": (mark("社区卫生服务机构"), "社区卫生服务中心", "社区卫生服务站"),
        "village_clinic": (mark("村卫生站"), "村卫生室", "卫生站"),
        "nursing_station": (mark("护理站"),),
    }
)
IDLE_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "office": (mark("办公用房"), "办公"),
        "school": (mark("学校"), "校舍"),
        "factory": (mark("厂房"), "工业园"),
        "hall": (mark("祠堂"),),
        "public_housing": (mark("公租房"),),
        "training": (mark("培训机构"), "培训中心"),
        "other": (mark("其他用房"), "其他"),
    }
)
SEAT_LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"county": (mark("县城"), "城区"), "township": (mark("镇区"), "镇街驻地", "集镇")}
)
# Of a road, for now; what a road is for anyway stands in `walkable` and the access tags.
ROAD_STATUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "open": (mark("通行"), "开放", "正常"),
        "closed": (mark("封闭"), "关闭", "断路", "中断", "封路"),
    }
)
# Never used by anyone, whatever else is said: https://wiki.openstreetmap.org/wiki/Key:highway
UNFINISHED_ROADS = frozenset(
    {
        "raceway", "bus_guideway", "busway", "escape",
        "construction", "proposed", "planned", "abandoned", "razed", "disused", "no",
        "elevator", "platform", "rest_area", "services",
    }
)  # fmt: skip
BASES: Mapping[str, tuple[str, ...]] = MappingProxyType({"resident": ("常住",), "registered": ("户籍",)})
URBAN_RURAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"urban": ("城区", "城镇"), "town": ("镇区",), "rural": ("农村", "乡村")}
)


def label(code: str, vocabulary: Mapping[str, tuple[str, ...]]) -> str:
    """The Chinese word for a code; the code itself when the vocabulary does not know it."""
    return vocabulary.get(code, (code,))[0]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a layer.

    Attributes:
        required: the column must be there.
        filled: no cell may be blank.
        vocabulary: the codes and the words that stand for them, for ``CHOICE`` and ``CODES``.
    """

    name: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    filled: bool = False
    vocabulary: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """What one layer must be.

    Attributes:
        geometry: the geometry types it may hold; empty for a table without places.
        key: the column that names a row, unique and filled; empty for roads, whose rows are numbered.
        versions: the columns of which one must differ where several rows have one key; empty when none may.
    """

    name: str
    label: str
    geometry: frozenset[str]
    key: str
    fields: tuple[Field, ...]
    required: bool = False
    versions: tuple[str, ...] = ()


_POINT = frozenset({"Point", "MultiPoint"})
_AREA = frozenset({"Polygon", "MultiPolygon"})
_LINE = frozenset({"LineString", "MultiLineString"})


def _key(name: str) -> Field:
    return Field(name, required=True, filled=True)


def _number(name: str, *, required: bool = False) -> Field:
    return Field(name, FieldKind.NUMBER, required=required)


ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.name: role
        for role in (
            Role(
                "units",
                mark("行政单元"),
                _AREA,
                "unit_code",
                (
                    _key("unit_code"),
                    Field("name", required=True, filled=True),
                    Field("level", FieldKind.CHOICE, required=True, filled=True, vocabulary=UNIT_LEVELS),
                    Field("parent_code", required=True),
                    Field("urban_rural", FieldKind.CHOICE, vocabulary=URBAN_RURAL),
                ),
            ),
            Role(
                "facilities",
                mark("养老服务设施"),
                _POINT | _AREA,
                "facility_id",
                (
                    _key("facility_id"),
                    Field("name", required=True, filled=True),
                    Field("kind", FieldKind.CHOICE, required=True, filled=True, vocabulary=FACILITY_KINDS),
                    Field("level", FieldKind.CHOICE, required=True, vocabulary=FACILITY_LEVELS),
                    Field("status", FieldKind.CHOICE, required=True, filled=True, vocabulary=FACILITY_STATUS),
                    Field("functions", FieldKind.CODES, vocabulary=FUNCTIONS),
                    _number("beds"),
                    _number("nursing_beds"),
                    _number("residents"),
                    _number("floor_area_m2"),
                    _number("site_area_m2"),
                    _number("basic_beds"),
                    Field("grade", FieldKind.WHOLE),
                    Field("stars", FieldKind.WHOLE),
                    Field("has_medical", FieldKind.FLAG),
                    Field("hospital_contract", FieldKind.FLAG),
                    Field("is_demo", FieldKind.FLAG),
                    Field("ownership", FieldKind.CHOICE, vocabulary=OWNERSHIP),
                    Field("open_year", FieldKind.YEAR),
                    Field("unit_code"),
                    Field("as_of"),
                    Field("source"),
                ),
                required=True,
                versions=("as_of", "source"),
            ),
            Role(
                "demand",
                mark("居民点"),
                _POINT | _AREA,
                "demand_id",
                (
                    _key("demand_id"),
                    Field("name"),
                    Field("kind"),
                    Field("pop_total", FieldKind.PEOPLE, required=True),
                    Field("pop60", FieldKind.PEOPLE),
                    Field("pop65", FieldKind.PEOPLE),
                    Field("basis", FieldKind.CHOICE, vocabulary=BASES),
                    Field("year", FieldKind.YEAR),
                    Field("unit_code"),
                ),
                required=True,
            ),
            Role(
                "estates",
                mark("住宅小区"),
                _POINT | _AREA,
                "estate_id",
                (
                    _key("estate_id"),
                    Field("name", required=True),
                    _number("households", required=True),
                    Field("era", FieldKind.CHOICE, vocabulary=ERAS),
                    Field("approve_date", FieldKind.DATE),
                    _number("facility_area_m2"),
                    _number("largest_site_m2"),
                    Field("project_id"),
                    Field("unit_code"),
                ),
            ),
            Role(
                "roads",
                mark("道路"),
                _LINE,
                "",
                (
                    Field("road_class"),
                    Field("name"),
                    Field("foot"),
                    Field("bicycle"),
                    Field("motor_vehicle"),
                    Field("vehicle"),
                    Field("access"),
                    Field("service"),
                    Field("oneway"),
                    Field("junction"),
                    Field("motorroad"),
                    Field("area"),
                    Field("walkable", FieldKind.FLAG),
                    Field("status", FieldKind.CHOICE, vocabulary=ROAD_STATUS),
                    Field("grade", FieldKind.SIGNED),
                ),
                required=True,
            ),
            Role(
                "landuse",
                mark("土地利用"),
                _AREA,
                "parcel_id",
                (
                    _key("parcel_id"),
                    Field("code", required=True, filled=True),
                    Field("code_system", required=True, filled=True),
                    Field("plan_year", FieldKind.YEAR),
                    Field("status"),
                ),
            ),
            Role(
                "clinics",
                mark("医疗卫生机构"),
                _POINT | _AREA,
                "clinic_id",
                (
                    _key("clinic_id"),
                    Field("name", required=True, filled=True),
                    Field("kind", FieldKind.CHOICE, required=True, filled=True, vocabulary=CLINIC_KINDS),
                    Field("unit_code"),
                ),
            ),
            Role(
                "idle_assets",
                mark("闲置资产"),
                _POINT | _AREA,
                "asset_id",
                (
                    _key("asset_id"),
                    Field("name", required=True, filled=True),
                    Field("kind", FieldKind.CHOICE, required=True, filled=True, vocabulary=IDLE_KINDS),
                    _number("area_m2"),
                    Field("owner"),
                    Field("unit_code"),
                ),
            ),
            Role(
                "seats",
                mark("县城和镇区驻地"),
                _POINT,
                "seat_id",
                (
                    _key("seat_id"),
                    Field("name", required=True, filled=True),
                    Field("level", FieldKind.CHOICE, required=True, filled=True, vocabulary=SEAT_LEVELS),
                    Field("unit_code"),
                ),
            ),
            # Figures that no layer can answer, typed by an official under the id of a rule or of its indicator.
            Role(
                "figures",
                mark("填报数据"),
                frozenset(),
                "rule",
                (
                    _key("rule"),
                    Field("value", required=True),
                    Field("source"),
                    Field("as_of"),
                    Field("entered_by"),
                    Field("note"),
                ),
            ),
            # What the layers are held against (``geoplan.doctor``): which townships there are, how many people live in each.
            Role("codes", mark("乡镇街道代码表"), frozenset(), "", (Field("unit_code"), Field("name"))),
            Role(
                "census",
                mark("普查人口表"),
                frozenset(),
                "",
                (
                    Field("unit_code"),
                    Field("name"),
                    Field("population", FieldKind.PEOPLE, required=True),
                    Field("pop60", FieldKind.PEOPLE),
                    Field("pop65", FieldKind.PEOPLE),
                ),
            ),
            # A raster: its frame is one row, the ground that the file covers, with what names the file.
            Role(
                "dem",
                mark("高程"),
                _AREA,
                "",
                (_key("file"), _key("sha256")),
            ),
            Role(
                "barriers",
                mark("水系等障碍"),
                _AREA | _LINE,
                "barrier_id",
                (_key("barrier_id"), Field("kind"), Field("name")),
            ),
        )
    }
)
REFERENCES = ("codes", "census")
"""Roles that no figure is made from: the data check holds the layers against them."""
