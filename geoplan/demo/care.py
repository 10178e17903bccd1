"""The care facilities of the demo: the plan's institutions and canteens, and made-up stations.

Names, beds, nursing beds, residents and ownership of the institutions are the plan's. Their places, functions, areas
and opening years are synthetic, and so is everything about the stations.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
import shapely

from geoplan.demo.county import County
from geoplan.demo.facts import CANTEENS, INSTITUTIONS, TOWNSHIPS
from geoplan.demo.people import People
from geoplan.demo.plane import BoolArray, FloatArray, Point, round_cm, stream
from geoplan.demo.roads import Roads

ALL_FOUR = "full_residential|day_care|home_visit|guidance"
_CENSUS_YEAR = 2020
_LATER = "2024-12-31"  # the synthetic record date of what opened, or is planned, after the census
_HOME = "full_residential|safety|recreation"
_NOTE = "位置、功能、面积为合成"
_PLAN = "《鹤山市养老服务体系“十四五”规划》"
_NUMBER = {township.code: number for number, township in enumerate(TOWNSHIPS)}


@dataclass(frozen=True)
class Made:
    """What is made up about an institution: functions, areas in m2, opening year."""

    functions: str
    floor: int | None
    site: int | None
    year: int
    kind: str = "care_home"
    level: str = "township"


# Five townships have one facility with all four functions: four by 2023, 古劳 in 2024. 共和 has them only over two.
_MADE = MappingProxyType(
    {
        "鹤山市社会福利院": Made("full_residential|medical|safety|recreation", 6_400, 8_600, 1998, level="county"),
        "龙口镇敬老院": Made(f"{ALL_FOUR}|meals", 2_900, 4_100, 2019),
        "雅瑶镇敬老院": Made(f"{ALL_FOUR}|meals|recreation", 5_600, 4_700, 2018),
        "沙坪街道敬老院": Made(f"{_HOME}|day_care", 3_100, 3_200, 2017),
        "鹤城镇敬老院": Made(f"{ALL_FOUR}|safety", 3_000, 4_200, 2022),
        "古劳镇敬老院（慈善安老院）": Made(f"{ALL_FOUR}|meals|medical", 2_700, 3_700, 2024),
        "桃源镇敬老院": Made(_HOME, 1_300, 1_900, 2003),
        "址山镇敬老院": Made(f"{_HOME}|meals", 1_050, 2_100, 2001),
        "双合镇敬老院": Made(_HOME, 800, 1_600, 1999),
        "共和镇敬老院": Made("full_residential|day_care", 2_100, 2_900, 2006),
        "宅梧镇敬老院": Made(_HOME, 900, 2_700, 2000),
        "沙坪街道卫生院养老服务中心": Made(
            f"{ALL_FOUR}|medical|resource_dispatch", 5_200, 2_400, 2020, kind="township_centre"
        ),
        "雁鸣湖畔养老养生公寓": Made("full_residential|medical|recreation", 12_400, 5_400, 2019, level="county"),
        "幸福寿星安老之家": Made("full_residential|medical|recreation|meals", 9_800, 4_300, 2016, level="county"),
        "双合镇卫生院康泰缘服务中心": Made("full_residential|medical", 1_900, 1_400, 2021),
        "共和镇卫生院": Made("home_visit|guidance|medical", 1_700, 0, 2021),
    }
)
# Stations and community centres by township, in facts.TOWNSHIPS order; two more stand at the county line.
_STATIONS = (27, 6, 5, 5, 5, 5, 6, 4, 1, 1)
_REACH_M = 700.0
_STATUS = MappingProxyType(
    {7: "renovating", 15: "expanding", 26: "building", 33: "closed", 41: "planned", 50: "closed"}
)


def place_facilities(county: County, roads: Roads, people: People) -> pd.DataFrame:
    """All facilities, one row each, with positions in local metres (x, y)."""
    real = [*_institutions(roads), *_canteens(people)]
    served = pd.DataFrame(real)[["x", "y"]].to_numpy(dtype=np.float64)
    made_up = [*_stations(people, served), _planned_centre(roads), *_at_the_line(county, roads)]
    frame = pd.DataFrame([*real, *made_up])
    xy = beside_road(roads, frame[["x", "y"]].to_numpy(dtype=np.float64))
    number = county.township_of(xy)
    expected = [_NUMBER.get(code, -1) for code in frame["unit_code"]]
    if number.tolist() != expected:
        msg = "a facility lies in another township than its own"
        raise AssertionError(msg)
    as_of = [_LATER if (year or 0) > _CENSUS_YEAR else "2020-11-01" for year in frame["open_year"].tolist()]
    return frame.assign(x=xy[:, 0], y=xy[:, 1], as_of=as_of)


def beside_road(roads: Roads, xy: FloatArray) -> FloatArray:
    """Move each point to a few metres from the nearest road that is walked."""
    walked = roads.ways.where([kind not in ("motorway", "trunk") for kind in roads.ways.classes])
    lines = walked.geometries()
    nearest = lines[shapely.STRtree(lines).nearest(shapely.points(xy))]
    along = shapely.line_locate_point(nearest, shapely.points(xy))
    on_road = shapely.get_coordinates(shapely.line_interpolate_point(nearest, along))
    step = xy - on_road
    length = np.sqrt((step**2).sum(axis=1, keepdims=True))
    return round_cm(on_road + step / np.maximum(length, 0.01) * np.minimum(length, 9.0))


def _row(facility_id: str, name: str, unit_code: str, at: Point, **other: object) -> dict[str, object]:
    """One facility with blanks where nothing is said."""
    blank = {
        "kind": "village_station", "level": "village", "status": "existing", "functions": "",
        "beds": None, "nursing_beds": None, "residents": None, "floor_area_m2": None, "site_area_m2": None,
        "ownership": "public", "open_year": None, "source": "",
    }  # fmt: skip
    return {"facility_id": facility_id, "name": name, "unit_code": unit_code, "x": at[0], "y": at[1], **blank, **other}


def _gate(roads: Roads, code: str, rng: np.random.Generator) -> Point:
    """A junction of the township's town."""
    x, y = rng.choice(roads.towns[_NUMBER[code]].junctions).tolist()
    return x, y


def _institutions(roads: Roads) -> list[dict[str, object]]:
    rng = stream("institutions")
    rows = []
    for number, fact in enumerate(INSTITUTIONS, start=1):
        made = _MADE[fact.name]
        assumed = "；所在镇街为假定，规划未给出" if fact.place_assumed else ""
        rows.append(
            _row(
                f"HS-I-{number:03d}",
                fact.name,
                fact.unit_code,
                _gate(roads, fact.unit_code, rng),
                kind=made.kind,
                level=made.level,
                functions=made.functions,
                beds=fact.beds,
                nursing_beds=fact.nursing_beds,
                residents=fact.residents,
                floor_area_m2=made.floor,
                site_area_m2=made.site,
                ownership=fact.ownership,
                open_year=made.year,
                source=f"{_PLAN}专栏1、专栏5：名称、床位、性质；{_NOTE}{assumed}",
            )
        )
    return rows


def _canteens(people: People) -> list[dict[str, object]]:
    rng = stream("canteens")
    rows = []
    for number, (name, code) in enumerate(CANTEENS, start=1):
        kind = "estate" if code == TOWNSHIPS[0].code else "village"
        rows.append(
            _row(
                f"HS-C-{number:03d}",
                name,
                code,
                _home(people, code, kind, rng),
                kind="canteen",
                functions="meals",
                floor_area_m2=int(rng.integers(8, 26)) * 10,
                site_area_m2=0,
                open_year=2019 + number % 2,
                source=f"{_PLAN}专栏2：名称、年份（2019-2020）；{_NOTE}",
            )
        )
    return rows


def _home(people: People, code: str, kind: str, rng: np.random.Generator) -> Point:
    """One of the ten largest places of a kind in a township."""
    here = people.rows[(people.rows["township"] == _NUMBER[code]) & (people.rows["kind"] == kind)]
    largest = here.sort_values("pop60", ascending=False, kind="stable").head(10)
    place = largest.iloc[int(rng.integers(len(largest)))]
    return float(place["x"]), float(place["y"])


def _stations(people: People, served: FloatArray) -> list[dict[str, object]]:
    rng = stream("stations")
    rows: list[dict[str, object]] = []
    for number, wanted in enumerate(_STATIONS):
        here = people.rows[(people.rows["township"] == number) & (people.rows["weight"] > 10)]  # noqa: PLR2004 - not the remote hamlets
        for at in _spread(here, served, wanted, rng):
            rows.append(_station(len(rows) + 1, number, at, rng))
    return rows


def _spread(here: pd.DataFrame, served: FloatArray, wanted: int, rng: np.random.Generator) -> list[Point]:
    """Places one after another where most 60+ people within reach have no facility yet, roughly."""
    xy = here[["x", "y"]].to_numpy(dtype=np.float64)
    near = _within_reach(xy, xy).astype(np.float64)
    left = np.where(_within_reach(xy, served).any(axis=1), 0.1, 1.0) * here["pop60"].to_numpy(dtype=np.float64)
    chosen: list[Point] = []
    for _ in range(wanted):
        gain = np.rint(near @ left * (0.6 + 0.4 * rng.random(len(xy))))
        best = int(np.argmax(gain))
        left[near[best] > 0] *= 0.1
        chosen.append((float(xy[best, 0]), float(xy[best, 1])))
    return chosen


def _within_reach(xy: FloatArray, of: FloatArray) -> BoolArray:
    """Whether each point is near each of the others, as the crow flies."""
    return np.asarray((((xy[:, None] - of[None]) ** 2).sum(axis=2)).round(2) < _REACH_M**2)


def _station(number: int, township: int, at: Point, rng: np.random.Generator) -> dict[str, object]:
    """A made-up community centre (each third) or village station."""
    centre = number % 3 == 0
    unknown, lot = rng.random(2)
    site = None if unknown < 0.15 else 0 if lot < 0.85 else int(rng.integers(8, 28)) * 10  # noqa: PLR2004
    return _row(
        f"HS-S-{number:03d}",
        f"{TOWNSHIPS[township].name}示例{'社区居家养老服务中心' if centre else '颐康服务站'}{number:02d}",
        TOWNSHIPS[township].code,
        at,
        kind="community_centre" if centre else "village_station",
        status=_STATUS.get(number, "existing"),
        functions="day_care|meals|recreation" if centre else "meals|safety" if lot < 0.5 else "safety|recreation",  # noqa: PLR2004
        floor_area_m2=int(rng.integers(30, 75)) * 10 if centre else int(rng.integers(6, 24)) * 10,
        site_area_m2=site,
        ownership=("public", "public_private", "private")[int(rng.integers(0, 3))] if centre else "public",
        open_year=2025 if _STATUS.get(number) in ("planned", "building") else int(rng.integers(2012, 2021)),
        source="合成数据（示例）",
    )


def _planned_centre(roads: Roads) -> dict[str, object]:
    """址山: a centre with all four functions that is planned for 2025."""
    code = TOWNSHIPS[7].code
    return _row(
        "HS-P-001",
        "址山镇示例综合养老服务中心（规划）",
        code,
        _gate(roads, code, stream("planned centre")),
        kind="township_centre",
        level="township",
        status="planned",
        functions=f"{ALL_FOUR}|meals",
        floor_area_m2=2_400,
        site_area_m2=3_000,
        open_year=2025,
        source="合成数据（示例）",
    )


def _at_the_line(county: County, roads: Roads) -> list[dict[str, object]]:
    """A station just inside the county line, and a neighbour's just beyond it on the same road."""
    inside, beyond = _line_points(county, roads)
    near_code = TOWNSHIPS[int(county.township_of(np.array([inside]))[0])].code
    station = _row(
        "HS-S-901", "示例界边颐康服务站", near_code, inside,
        functions="meals|safety", floor_area_m2=120, site_area_m2=0, open_year=2019,
        source="合成数据（示例）：靠近县界",
    )  # fmt: skip
    neighbour = _row(
        "NB-S-001", "邻县示例颐康服务站", "", beyond,
        functions="meals|safety|recreation", floor_area_m2=200, site_area_m2=0, open_year=2018,
        source="合成数据（示例）：邻县设施，位于县界外，不属于本县任何镇街",
    )  # fmt: skip
    return [station, neighbour]


def _line_points(county: County, roads: Roads) -> tuple[Point, Point]:
    """Where the secondary road leaves 雅瑶 for the neighbour: 130 m before the county line and 260 m beyond it."""
    outline = county.borders.county.exterior
    lines = roads.ways.geometries()
    crossing = lines[shapely.intersects(lines, outline) & (np.array(roads.ways.classes) == "secondary")]
    southernmost_east = max(crossing.tolist(), key=lambda line: (float(line.coords[0][0]), float(line.coords[0][1])))
    meeting = shapely.get_coordinates(shapely.intersection(southernmost_east, outline))[0]
    at = southernmost_east.project(shapely.Point(meeting))
    points = []
    for distance in (at - 130, at + 130, at - 260, at + 260):
        x, y = shapely.get_coordinates(southernmost_east.interpolate(distance))[0].tolist()
        points.append((x, y))
    inside = [county.borders.county.contains(shapely.Point(point)) for point in points]
    return points[0] if inside[0] else points[1], points[3] if inside[0] else points[2]
