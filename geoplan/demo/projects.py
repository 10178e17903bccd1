"""Facilities that the plan aims at, built, under way or planned in the demo; all but the words of the aims is synthetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ALL_FOUR = "full_residential|day_care|home_visit|guidance"
MADE_UP = "合成数据（示例）"
_AIM = "《鹤山市养老服务体系“十四五”规划》{}为目标；建设情况、位置、面积为合成（示例）"


@dataclass(frozen=True)
class Project:
    """A facility and what differs from a plain one; `beside` names the institution where it stands, if any."""

    facility_id: str
    name: str
    unit_code: str
    cells: Mapping[str, object]
    beside: str = ""


def _regional(number: int, code: str, name: str, beside: str, **cells: object) -> Project:
    plain = {
        "kind": "regional_centre", "level": "county", "functions": "full_residential|guidance|resource_dispatch",
        "site_area_m2": 0, "source": _AIM.format("专栏4") + "；床位和用地计入所在机构",
    }  # fmt: skip
    return Project(f"HS-R-{number:03d}", name, code, MappingProxyType(plain | cells), beside)


def _emergency(number: int, code: str, name: str, level: str, **cells: object) -> Project:
    plain = {
        "kind": "emergency_centre", "level": level, "functions": "safety", "floor_area_m2": 90, "site_area_m2": 0,
        "open_year": 2022, "source": _AIM.format("第四章三7“平安通1+7”服务中心"),
    }  # fmt: skip
    return Project(f"HS-E-{number:03d}", name, code, MappingProxyType(plain | cells))


PROJECTS = (
    Project(
        "HS-P-002", "共和镇养老服务中心（在建）", "440784106",
        MappingProxyType({
            "kind": "township_centre", "level": "township", "status": "building", "functions": f"{ALL_FOUR}|medical",
            "beds": 80, "nursing_beds": 48, "floor_area_m2": 2_900, "site_area_m2": 2_600, "has_medical": "yes",
            "open_year": 2026, "source": _AIM.format("专栏9"),
        }),
        beside="共和镇卫生院",
    ),
    Project(
        "HS-P-003", "鹤山市示例安宁疗护中心（在建）", "440784001",
        MappingProxyType({
            "kind": "care_home", "level": "township", "status": "building", "functions": "full_residential|medical|hospice",
            "beds": 40, "nursing_beds": 40, "floor_area_m2": 2_200, "site_area_m2": 1_500, "has_medical": "yes",
            "open_year": 2025, "source": _AIM.format("专栏9"),
        }),
    ),
    Project(
        "HS-P-004", "沙坪街道示例嵌入式养老院（在建）", "440784001",
        MappingProxyType({
            "kind": "embedded_home", "status": "building", "functions": "full_residential|day_care|meals",
            "beds": 30, "nursing_beds": 12, "floor_area_m2": 1_100, "site_area_m2": 0, "hospital_contract": "yes",
            "ownership": "private", "open_year": 2026, "source": MADE_UP,
        }),
    ),
    Project(
        "HS-P-005", "沙坪街道示例认知障碍照护中心", "440784001",
        MappingProxyType({
            "kind": "community_centre", "level": "township", "functions": "day_care|dementia_care|recreation",
            "floor_area_m2": 860, "site_area_m2": 0, "hospital_contract": "yes", "ownership": "private",
            "open_year": 2022, "source": _AIM.format("专栏9"),
        }),
    ),
    _regional(1, "440784102", "雅瑶镇区域性养老服务中心", "雅瑶镇敬老院", open_year=2022, floor_area_m2=600),
    _regional(
        2, "440784110", "双合镇区域性养老服务中心", "双合镇卫生院康泰缘服务中心", open_year=2023, floor_area_m2=400
    ),
    _regional(3, "440784108", "宅梧镇示例区域性养老服务中心（规划）", "宅梧镇敬老院", status="planned", open_year=2027),
    _emergency(1, "440784001", "鹤山市平安通服务中心", "county", floor_area_m2=320),
    _emergency(2, "440784103", "古劳镇示例平安通服务站", "township"),
    _emergency(3, "440784104", "桃源镇示例平安通服务站", "township"),
    _emergency(4, "440784101", "龙口镇示例平安通服务站", "township"),
    _emergency(5, "440784105", "鹤城镇示例平安通服务站（在建）", "township", status="building", open_year=2025),
)  # fmt: skip
