"""Which column of a file is which field: by the words that Chinese and English tables use, and by what was chosen before."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from geoplan.layers.manifest import COORDINATES
from geoplan.layers.schema import ROLES

# Where a word could be two fields of one role, it stands with the one that tables mean by it; the first word wins.
_ANY: Mapping[str, str] = MappingProxyType(
    {
        "name": "名称 设施名称 机构名称 养老机构名称 单位名称 小区名称 项目名称 村名 村居名称 镇街名称 乡镇名称 道路名称 xzqmc fullname",
        "unit_code": "所属镇街代码 镇街代码 乡镇代码 行政区划代码 区划代码 xzqdm adcode",
        "as_of": "数据日期 统计日期 截至日期 更新日期",
        "source": "来源 数据来源 资料来源",
        "status": "状态 现状 建设状态 运营状态 建设情况",
        "lon": "经度 东经 lng longitude long wgs84经度",
        "lat": "纬度 北纬 latitude wgs84纬度",
        "x": "x坐标 坐标x pointx coordx",
        "y": "y坐标 坐标y pointy coordy",
    }
)
_OF_ROLE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "facilities": {
            "facility_id": "设施编号 机构编号 编号 编码 代码 id 序号",
            "kind": "设施类型 机构类型 设施类别 类型 类别",
            "level": "设施级别 级别 层级 设施层级",
            "functions": "服务功能 功能 服务内容 服务项目 功能配置",
            "beds": "床位数 总床位数 总床位 养老床位数 养老床位 核定床位 床位",
            "nursing_beds": "护理型床位数 护理型床位 护理床位数 护理床位",
            "residents": "入住人数 在住人数 入住老人数 收住人数 在院人数 入住老人",
            "floor_area_m2": "建筑面积 总建筑面积 用房面积",
            "site_area_m2": "用地面积 占地面积 土地面积",
            "basic_beds": "基本养老床位数 基本养老床位 兜底床位",
            "grade": "评定等级 等级",
            "stars": "星级 评定星级",
            "has_medical": "内设医疗机构 有医疗机构 有无医疗机构",
            "hospital_contract": "与医疗机构签约 签约医疗机构 医疗签约",
            "is_demo": "是否示范 示范点 示范",
            "ownership": "性质 机构性质 运营性质 所有制",
            "open_year": "开业年份 投用年份 启用年份 建成年份 成立年份",
        },
        "demand": {
            "name": "居民点 居民点名称 小区 村庄 社区 名称 村名 小区名称",
            "demand_id": "居民点编号 编号 编码 村代码 代码 id 序号",
            "kind": "类型 类别",
            "pop_total": "总人口 常住人口 人口总数 人口数 总人数 人口 population pop",
            "pop60": "60岁及以上人口 60岁以上人口 60岁及以上 60岁以上 60周岁及以上 老年人口 老年人口数",
            "pop65": "65岁及以上人口 65岁以上人口 65岁及以上 65岁以上 65周岁及以上",
            "basis": "人口口径 口径",
            "year": "年份 统计年份",
        },
        "estates": {
            "estate_id": "小区编号 编号 编码 代码 id 序号",
            "households": "总户数 户数 住户数 规划户数",
            "era": "新建或旧区 小区类型 建设类型 类型",
            "approve_date": "批准日期 审批日期 规划许可日期",
            "facility_area_m2": "养老服务设施面积 养老设施面积 养老用房面积 配建养老用房面积 配建面积",
            "largest_site_m2": "最大单处面积 单处面积",
            "project_id": "项目编号",
        },
        "units": {
            "unit_code": "行政区划代码 区划代码 行政代码 代码 编码 code xzqdm adcode",
            "level": "行政级别 级别 类型 regiontype",
            "parent_code": "上级代码 上级区划代码 parentcode parent",
            "urban_rural": "城乡分类 城乡",
        },
        "roads": {
            "road_class": "道路等级 道路类型 等级 类型 highway fclass class",
            "oneway": "单行 单行线",
            "walkable": "可步行 能否步行",
            "grade": "层 layer",
        },
        "landuse": {
            "parcel_id": "地块编号 图斑编号 标识码 编号 tbbh bsm id",
            "code": "用地用海代码 用地代码 地类编码 地类代码 用地编码 dlbm yddm",
            "code_system": "编码体系 分类标准 用地分类标准",
            "plan_year": "规划年份 规划期限",
        },
        "clinics": {"clinic_id": "机构编号 编号 编码 代码 id 序号", "kind": "机构类型 类型 类别"},
        "idle_assets": {
            "asset_id": "资产编号 编号 编码 代码 id 序号",
            "kind": "资产类型 类型 类别",
            "area_m2": "建筑面积 面积",
            "owner": "产权单位 权属单位 权属",
        },
        "seats": {"seat_id": "编号 代码 id 序号", "level": "级别 类型"},
        "barriers": {"barrier_id": "编号 代码 id 序号", "kind": "类型 类别"},
        "codes": {"unit_code": "代码 编码 code code9 xzqdm adcode", "name": "乡镇 镇街 乡镇街道 地区"},
        "census": {
            "unit_code": "代码 编码 code code9 xzqdm adcode",
            "name": "乡镇 镇街 乡镇街道 地区",
            "population": "常住人口 总人口 人口数 人口 pop pop_total pop2020",
            "pop60": "60岁及以上人口 60岁以上人口 60岁及以上 60岁以上 60周岁及以上 老年人口 老年人口数",
            "pop65": "65岁及以上人口 65岁以上人口 65岁及以上 65岁以上 65周岁及以上",
        },
        "figures": {"rule": "指标 规则 指标编号", "value": "数值 值", "entered_by": "填报人", "note": "备注"},
    }
)
_UNITS = re.compile(r"[(（\[【](?:㎡|m2|m²|平方米|张|床|个|人|名|户|年|度|°|必填|选填|是/否|单位[^)）]*)[)）\]】]")


def fields_of(role: str) -> tuple[str, ...]:
    """All that a column of a layer can be: the role's fields, and the coordinates of tables."""
    return (*(item.name for item in ROLES[role].fields), *COORDINATES)


def suggest(
    role: str, headers: Sequence[str], chosen: Mapping[str, str], remembered: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Our fields to the file's columns: what is chosen, what was chosen before, the field's own name, the words tables use.

    Args:
        chosen: fields to columns; blank for none.
        remembered: fields to all columns that were ever chosen for them.
    """
    columns = {field: column for field, column in chosen.items() if column in headers}
    for field, known_columns in remembered.items():
        found = next((column for column in known_columns if column in headers), None)
        if found is not None and found not in columns.values() and field not in chosen:
            columns[field] = found
    plain = {header: _plain(header) for header in headers if header not in columns.values()}
    for field in fields_of(role):
        if field in columns or field in chosen:
            continue
        for word in (field, *_words(role, field)):
            found = next((header for header, text in plain.items() if text == _plain(word)), None)
            if found is not None:
                columns[field] = found
                del plain[found]
                break
    return columns


def known(role: str, text: str) -> bool:
    """Whether a cell is a word for a column of this role."""
    plain = _plain(text)
    return any(plain == _plain(word) for field in fields_of(role) for word in (field, *_words(role, field)))


def word_for(role: str, field: str) -> str:
    """The first word that Chinese tables use for a field; blank where none is known."""
    return next(iter(_words(role, field)), "")


def _words(role: str, field: str) -> list[str]:
    return f"{_OF_ROLE.get(role, {}).get(field, '')} {_ANY.get(field, '')}".split()


def _plain(text: str) -> str:
    """Without spaces, case, marks, and the unit in brackets."""
    bare = _UNITS.sub("", re.sub(r"\s", "", text))
    return re.sub(r"[\s_*:：()（）]", "", unicodedata.normalize("NFKC", bare).lower())
