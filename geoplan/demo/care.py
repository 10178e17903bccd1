"""The care facilities of the demo: the plan's institutions and canteens, made-up stations, and projects.

Names, beds, nursing beds, residents and ownership of the institutions are the plan's, and so is that each of its 14
institutions of 2020 has medical care of its own or a contract. Their places, functions, areas, grades, basic beds and
opening years are synthetic, and so is everything about the stations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geoplan.demo.county import County
from geoplan.demo.facts import BOX_1, CANTEENS, INSTITUTIONS, TOWNSHIPS
from geoplan.demo.people import People
from geoplan.demo.plane import BoolArray, FloatArray, Point, from_lonlat, round_cm, stream
from geoplan.demo.projects import ALL_FOUR, MADE_UP, PROJECTS, Project
from geoplan.demo.roads import Roads

_CENSUS_YEAR = 2020
_BOX_1, _BOX_5 = "2020-12-31", "2021-12-31"  # assumed: box 5 is of the plan's first year; box 1 is of 2020
_LATER = "2024-12-31"  # the synthetic record date of what opened, or is planned, later
_HOME = "full_residential|safety|recreation"
_OUTLYING, _OUTLYING_M = "双合镇敬老院", 3_000.0  # a small home far from its town, which a screening should find
_NOTE = "位置、功能、面积为合成"
_PLAN = "《鹤山市养老服务体系“十四五”规划》"
_NUMBER = {township.code: number for number, township in enumerate(TOWNSHIPS)}


@dataclass(frozen=True, kw_only=True)
class Made:
    """What is made up about an institution: functions, areas in m2, opening year, grade, stars, basic beds.

    None is what nobody has recorded.
    """

    functions: str
    floor: int
    site: int
    year: int
    basic: int | None = None
    grade: int | None = None
    stars: int | None = 0
    contract: str = "yes"
    kind: str = "care_home"
    level: str = "township"
    status: str = "existing"


# Five townships have one facility with all four functions: four by 2023, 古劳 in 2024. 共和 has them only over two.
# The five stars of 幸福寿星 are the plan's; the welfare home's three are the plan's aim for 2022.
_MADE = MappingProxyType(
    {
        "鹤山市社会福利院": Made(
            functions="full_residential|medical|safety|recreation",
            floor=6_400, site=8_600, year=1998, basic=85, grade=3, stars=3, contract="no", level="county",
        ),
        "龙口镇敬老院": Made(functions=f"{ALL_FOUR}|meals", floor=2_900, site=4_100, year=2019, basic=40, grade=2, stars=2),
        "雅瑶镇敬老院": Made(
            functions=f"{ALL_FOUR}|meals|recreation", floor=5_600, site=4_700, year=2018, basic=90, grade=3, stars=3
        ),
        "沙坪街道敬老院": Made(
            functions=f"{_HOME}|day_care", floor=3_100, site=3_200, year=2017, basic=60, grade=2, stars=None
        ),
        "鹤城镇敬老院": Made(functions=f"{ALL_FOUR}|safety", floor=3_000, site=4_200, year=2022, basic=50, grade=2, stars=2),
        "古劳镇敬老院（慈善安老院）": Made(
            functions=f"{ALL_FOUR}|meals|medical", floor=2_700, site=3_700, year=2024, grade=2, stars=1
        ),
        "桃源镇敬老院": Made(
            functions=_HOME, floor=1_300, site=1_900, year=2003, basic=44, grade=1, status="expanding"
        ),
        "址山镇敬老院": Made(functions=f"{_HOME}|meals", floor=1_050, site=2_100, year=2001, basic=33, grade=0),
        "双合镇敬老院": Made(functions=_HOME, floor=800, site=1_600, year=1999, basic=27, grade=0),
        "共和镇敬老院": Made(
            functions="full_residential|day_care", floor=2_100, site=2_900, year=2006, basic=40, grade=1
        ),
        "宅梧镇敬老院": Made(functions=_HOME, floor=900, site=2_700, year=2000, basic=30, status="renovating"),
        "沙坪街道卫生院养老服务中心": Made(
            functions=f"{ALL_FOUR}|medical|resource_dispatch",
            floor=5_200, site=2_400, year=2020, grade=3, contract="no", kind="township_centre",
        ),
        "雁鸣湖畔养老养生公寓": Made(
            functions="full_residential|medical|recreation",
            floor=12_400, site=5_400, year=2019, basic=0, grade=4, stars=4,
        ),
        "幸福寿星安老之家": Made(
            functions="full_residential|medical|recreation|meals",
            floor=9_800, site=4_300, year=2016, basic=0, grade=4, stars=5,
        ),
        "双合镇卫生院康泰缘服务中心": Made(
            functions="full_residential|medical", floor=1_900, site=1_400, year=2021, basic=30, stars=None
        ),
        "共和镇卫生院": Made(
            functions="home_visit|guidance|medical", floor=1_700, site=0, year=2021, basic=20, grade=1, contract=""
        ),
    }
)  # fmt: skip
# Stations and community centres by township, in facts.TOWNSHIPS order; two more stand at the county line.
_STATIONS = (27, 6, 5, 5, 5, 5, 6, 4, 1, 1)
_REACH_M = 700.0
_STATUS = MappingProxyType(
    {7: "renovating", 15: "expanding", 26: "building", 33: "closed", 41: "planned", 50: "closed"}
)
# Two model stations, and one of which it is not known: whether the plan's three are there cannot be said.
_DEMO = MappingProxyType({3: "yes", 30: "yes", 54: ""})
_CONTRACT_UNKNOWN = (8, 37)


def place_facilities(county: County, roads: Roads, people: People) -> pd.DataFrame:
    """All facilities with positions in local metres (x, y): one row each, and after them what box 1 says otherwise."""
    real = [*_institutions(roads, people), *_canteens(people)]
    served = pd.DataFrame(real)[["x", "y"]].to_numpy(dtype=np.float64)
    made_up = [*_stations(people, served), _planned_centre(roads), *_at_the_line(county, roads)]
    places = {str(row["name"]): at for row, at in zip(real, served.tolist(), strict=True)}
    frame = pd.DataFrame([*real, *made_up, *(_project(project, roads, places) for project in PROJECTS)])
    xy = beside_road(roads, frame[["x", "y"]].to_numpy(dtype=np.float64))
    number = county.township_of(xy)
    expected = [_NUMBER.get(code, -1) for code in frame["unit_code"]]
    if number.tolist() != expected:
        msg = "a facility lies in another township than its own"
        raise AssertionError(msg)
    frame = frame.assign(x=xy[:, 0], y=xy[:, 1], as_of=[_recorded(row) for row in frame.to_dict("records")])
    return pd.concat([frame, _as_in_box_1(frame)], ignore_index=True)


def _as_in_box_1(frame: pd.DataFrame) -> pd.DataFrame:
    """The plan's older statement about institutions, under the same ids; what box 1 does not say is blank."""
    rows = frame.set_index("name", drop=False).loc[[name for name, _, _ in BOX_1]]
    kept = ["facility_id", "name", "kind", "level", "status", "ownership", "unit_code", "x", "y"]
    blank = dict.fromkeys(("functions", "has_medical", "hospital_contract", "is_demo"), "")
    return rows[kept].assign(
        **blank,
        beds=[beds for _, beds, _ in BOX_1],
        nursing_beds=[nursing for _, _, nursing in BOX_1],
        as_of=_BOX_1,
        source=f"{_PLAN}专栏1：床位（2020年，与专栏5不同）；位置为合成",
    )


def _recorded(row: dict[str, Any]) -> str:
    """The day of a facility's record: box 5 for the institutions, the census for the rest, later for what came later."""
    institution = row["facility_id"].startswith("HS-I-")
    known = int(_BOX_5[:4]) if institution else _CENSUS_YEAR
    if row["open_year"] > known:
        return _LATER
    return _BOX_5 if institution else "2020-11-01"


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
    """One facility without beds, and with blanks where nothing is said."""
    blank = {
        "kind": "village_station", "level": "village", "status": "existing", "functions": "",
        "beds": 0, "nursing_beds": 0, "residents": None, "floor_area_m2": None, "site_area_m2": None,
        "basic_beds": None, "grade": None, "stars": None, "has_medical": "no", "hospital_contract": "no",
        "is_demo": "no", "ownership": "public", "open_year": None, "source": "",
    }  # fmt: skip
    return {"facility_id": facility_id, "name": name, "unit_code": unit_code, "x": at[0], "y": at[1], **blank, **other}


def _gate(roads: Roads, code: str, rng: np.random.Generator) -> Point:
    """A junction of the township's town."""
    x, y = rng.choice(roads.towns[_NUMBER[code]].junctions).tolist()
    return x, y


def _institutions(roads: Roads, people: People) -> list[dict[str, object]]:
    rng = stream("institutions")
    rows = []
    for number, fact in enumerate(INSTITUTIONS, start=1):
        made = _MADE[fact.name]
        gate = _gate(roads, fact.unit_code, rng)
        assumed = "；所在镇街为假定，规划未给出" if fact.place_assumed else ""
        rows.append(
            _row(
                f"HS-I-{number:03d}",
                fact.name,
                fact.unit_code,
                _outlying(people, fact.unit_code) if fact.name == _OUTLYING else gate,
                kind=made.kind,
                level=made.level,
                functions=made.functions,
                beds=fact.beds,
                nursing_beds=fact.nursing_beds,
                residents=fact.residents,
                floor_area_m2=made.floor,
                site_area_m2=made.site,
                basic_beds=made.basic,
                grade=made.grade,
                stars=made.stars,
                has_medical="yes" if "medical" in made.functions else "no",
                hospital_contract=made.contract,
                status=made.status,
                ownership=fact.ownership,
                open_year=made.year,
                source=f"{_PLAN}专栏1、专栏5：名称、床位、性质；{_NOTE}{assumed}",
            )
        )
    return rows


def _outlying(people: People, code: str) -> Point:
    """The largest village of a township that is far from its seat."""
    township = TOWNSHIPS[_NUMBER[code]]
    rows = people.rows[(people.rows["township"] == _NUMBER[code]) & (people.rows["kind"] == "village")]
    away = np.sqrt(((rows[["x", "y"]].to_numpy() - from_lonlat(township.lon, township.lat)) ** 2).sum(axis=1))
    place = rows[away.round(2) > _OUTLYING_M].sort_values("pop_total", ascending=False, kind="stable").iloc[0]
    return float(place["x"]), float(place["y"])


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
        has_medical="yes" if number % 11 == 0 else "no",
        hospital_contract="" if number in _CONTRACT_UNKNOWN else "yes" if number % 5 < 2 else "no",  # noqa: PLR2004
        is_demo=_DEMO.get(number, "no"),
        ownership=("public", "public_private", "private")[int(rng.integers(0, 3))] if centre else "public",
        open_year=2025 if _STATUS.get(number) in ("planned", "building") else int(rng.integers(2012, 2021)),
        source=MADE_UP,
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
        beds=60,
        nursing_beds=36,
        floor_area_m2=2_400,
        site_area_m2=3_000,
        open_year=2025,
        source=MADE_UP,
    )


def _project(project: Project, roads: Roads, places: Mapping[str, Point]) -> dict[str, object]:
    """A project at the institution it belongs to, or somewhere in its town."""
    where = places[project.beside] if project.beside else _gate(roads, project.unit_code, stream(project.facility_id))
    return _row(project.facility_id, project.name, project.unit_code, where, **project.cells)


def _at_the_line(county: County, roads: Roads) -> list[dict[str, object]]:
    """A station just inside the county line, and a neighbour's just beyond it on the same road."""
    inside, beyond = _line_points(county, roads)
    near_code = TOWNSHIPS[int(county.township_of(np.array([inside]))[0])].code
    station = _row(
        "HS-S-901", "示例界边颐康服务站", near_code, inside,
        functions="meals|safety", floor_area_m2=120, site_area_m2=0, open_year=2019,
        source=f"{MADE_UP}：靠近县界",
    )  # fmt: skip
    neighbour = _row(
        "NB-S-001", "邻县示例颐康服务站", "", beyond,
        functions="meals|safety|recreation", floor_area_m2=200, site_area_m2=0, open_year=2018,
        source=f"{MADE_UP}：邻县设施，位于县界外，不属于本县任何镇街",
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
