"""Public figures of Heshan 鹤山市 that the demo county embeds, each with its source. Nothing here is synthetic.

Sources:
- names, codes, 2020 population: Seventh National Population Census, bulletin of Heshan (七普).
- seats: Vonng/adcode (CC BY 4.0). The source is presumed GCJ-02; each seat was converted once to WGS84 and rounded
  to 4 decimals. 双合镇 has another code there (440784112); the census code 440784110 is used.
- institutions: 鹤山市养老服务体系"十四五"规划, box 5 (beds, nursing beds, ownership) and box 1 (occupancy, from which
  the residents were derived: beds of 2020 x occupancy gives a whole number in each row).
- canteens: the same plan, box 2 (seven canteens, built 2019-2020).
"""

from dataclasses import dataclass

COUNTY_CODE = "440784"
COUNTY_NAME = "鹤山市"
COUNTY_POP60 = 83_000  # the plan, after the 2020 census


@dataclass(frozen=True)
class Township:
    """A township with its 2020 census population and its seat in WGS84 degrees."""

    code: str
    name: str
    population: int
    lon: float
    lat: float


TOWNSHIPS = (
    Township("440784001", "沙坪街道", 240_614, 112.9756, 22.7845),
    Township("440784101", "龙口镇", 32_680, 112.9068, 22.7703),
    Township("440784102", "雅瑶镇", 34_208, 113.0034, 22.7156),
    Township("440784103", "古劳镇", 33_748, 112.9471, 22.8293),
    Township("440784104", "桃源镇", 34_077, 112.9269, 22.7334),
    Township("440784105", "鹤城镇", 37_398, 112.8184, 22.6364),
    Township("440784106", "共和镇", 44_638, 112.8787, 22.5829),
    Township("440784107", "址山镇", 33_367, 112.7807, 22.5190),
    Township("440784108", "宅梧镇", 26_340, 112.6295, 22.6190),
    Township("440784110", "双合镇", 13_614, 112.5236, 22.6597),
)


@dataclass(frozen=True)
class Institution:
    """A care institution of the plan's box 5.

    `residents` is None where box 1 gives no occupancy; `place_assumed` where the plan names no township.
    """

    name: str
    ownership: str
    beds: int
    nursing_beds: int
    residents: int | None
    unit_code: str
    place_assumed: bool = False


INSTITUTIONS = (
    Institution("鹤山市社会福利院", "public", 85, 72, 75, "440784001", place_assumed=True),
    Institution("龙口镇敬老院", "public_private", 75, 30, 62, "440784101"),
    Institution("雅瑶镇敬老院", "public_private", 200, 75, 151, "440784102"),
    Institution("沙坪街道敬老院", "public_private", 108, 30, 24, "440784001"),
    Institution("鹤城镇敬老院", "public_private", 104, 40, 47, "440784105"),
    Institution("古劳镇敬老院（慈善安老院）", "public_private", 88, 49, 63, "440784103"),
    Institution("桃源镇敬老院", "public", 44, 12, 16, "440784104"),
    Institution("址山镇敬老院", "public", 33, 14, 13, "440784107"),
    Institution("双合镇敬老院", "public", 27, 0, 9, "440784110"),
    Institution("共和镇敬老院", "public", 80, 30, 21, "440784106"),
    Institution("宅梧镇敬老院", "public", 30, 10, 13, "440784108"),
    Institution("沙坪街道卫生院养老服务中心", "public", 200, 200, 50, "440784001"),
    Institution("雁鸣湖畔养老养生公寓", "private", 288, 288, 3, "440784104", place_assumed=True),
    Institution("幸福寿星安老之家", "private", 309, 100, 218, "440784001", place_assumed=True),
    Institution("双合镇卫生院康泰缘服务中心", "public", 70, 70, None, "440784110"),
    Institution("共和镇卫生院", "public", 66, 66, None, "440784106"),
)

# What box 1 says otherwise than box 5: institution, beds and nursing beds of 2020. The other rows of both agree.
BOX_1 = (
    ("鹤山市社会福利院", 150, 72),
    ("古劳镇敬老院（慈善安老院）", 88, 5),
    ("桃源镇敬老院", 44, 2),
    ("址山镇敬老院", 33, 0),
    ("宅梧镇敬老院", 30, 0),
)

# Canteen name, township code.
CANTEENS = (
    ("桂林社区长者食堂", "440784001"),
    ("新升社区长者食堂", "440784001"),
    ("南山公园长者食堂", "440784001"),
    ("四九村长者食堂", "440784107"),
    ("龙溪村长者食堂", "440784104"),
    ("湴蓼村长者食堂", "440784101"),
    ("泗合村长者食堂", "440784110"),
)
