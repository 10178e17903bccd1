"""Synthetic hospitals, health centres and clinics of the demo, some beside care facilities and some not.

The health centres of 沙坪, 共和 and 双合 are named in the plan and stand beside their care facility, as it says; whatever
else stands here is called 示例.
"""

import numpy as np
import pandas as pd

from geoplan.demo.care import beside_road
from geoplan.demo.county import County
from geoplan.demo.facts import TOWNSHIPS
from geoplan.demo.people import People
from geoplan.demo.plane import Point, round_cm, stream
from geoplan.demo.roads import Roads

_COUNTY_SEAT = TOWNSHIPS[0]
_HOSPITALS = ("鹤山市示例人民医院", "鹤山市示例中医院", "鹤山市示例妇幼保健院")
# Township of a health centre: the care facility beside it, and how far away in metres.
_BESIDE = {
    "沙坪街道": ("沙坪街道卫生院养老服务中心", 30.0), "共和镇": ("共和镇卫生院", 0.0), "双合镇": ("双合镇卫生院康泰缘服务中心", 40.0),
    "雅瑶镇": ("雅瑶镇敬老院", 120.0), "鹤城镇": ("鹤城镇敬老院", 170.0), "龙口镇": ("龙口镇敬老院", 260.0),
}  # fmt: skip
_NAMED_IN_THE_PLAN = ("沙坪街道", "共和镇", "双合镇")
# Community health: so many in the county's town, and in these other towns one.
_IN_TOWN, _OTHER_TOWNS = 12, (2, 4, 5, 6)
_VILLAGE_CLINICS = (3, 9, 8, 7, 6, 9, 9, 7, 8, 5)
_Row = tuple[str, str, int, Point]  # name, kind, township, place


def place_clinics(county: County, roads: Roads, people: People, facilities: pd.DataFrame) -> pd.DataFrame:
    """All clinics, one row each, with positions in local metres (x, y); clear of the township's border."""
    rows = [*_hospitals(roads), *_health_centres(roads, facilities), *_community_health(roads, facilities)]
    rows += [
        *_village_clinics(people, facilities),
        ("沙坪街道示例护理站", "nursing_station", 0, _gate(roads, 0, "nurses")),
    ]
    frame = pd.DataFrame(rows, columns=["name", "kind", "township", "at"])
    xy = beside_road(roads, np.array(frame["at"].tolist(), dtype=np.float64))
    if county.township_of(xy).tolist() != frame["township"].tolist():
        msg = "a clinic lies in another township than its own"
        raise AssertionError(msg)
    return frame.assign(
        x=xy[:, 0],
        y=xy[:, 1],
        clinic_id=[f"M{number:03d}" for number in range(1, len(frame) + 1)],
        unit_code=[TOWNSHIPS[number].code for number in frame["township"]],
    )


def _gate(roads: Roads, number: int, part: str) -> Point:
    """A junction of a township's town."""
    x, y = stream(part).choice(roads.towns[number].junctions).tolist()
    return x, y


def _near(at: Point, metres: float, part: str) -> Point:
    """A place so far from another, to the east or west."""
    side = 1.0 if stream(part).random() < 0.5 else -1.0  # noqa: PLR2004
    return at[0] + side * metres, at[1]


def _hospitals(roads: Roads) -> list[_Row]:
    return [(name, "hospital", 0, _gate(roads, 0, name)) for name in _HOSPITALS]


def _health_centres(roads: Roads, facilities: pd.DataFrame) -> list[_Row]:
    """One in every township: beside a care facility, some way from it, or elsewhere in the town."""
    places = {row.name: (row.x, row.y) for row in facilities[["name", "x", "y"]].itertuples(index=False)}
    rows: list[_Row] = []
    for number, township in enumerate(TOWNSHIPS):
        name = f"{township.name}{'' if township.name in _NAMED_IN_THE_PLAN else '示例'}卫生院"
        if township.name in _BESIDE:
            facility, metres = _BESIDE[township.name]
            at = _near(places[facility], metres, name)
        else:
            at = _gate(roads, number, name)
        rows.append((name, "health_centre", number, at))
    return rows


def _community_health(roads: Roads, facilities: pd.DataFrame) -> list[_Row]:
    """In the county's town every other one beside a community centre; one elsewhere in the larger other towns."""
    centres = _sites(facilities, "community_centre", 0)
    rows: list[_Row] = []
    for number in range(_IN_TOWN):
        name = f"{_COUNTY_SEAT.name}示例社区卫生服务站{number + 1:02d}"
        beside = number % 2 == 0 and number // 2 < len(centres)
        at = _near(centres[number // 2], 60.0, name) if beside else _gate(roads, 0, name)
        rows.append((name, "community_health", 0, at))
    for number in _OTHER_TOWNS:
        name = f"{TOWNSHIPS[number].name}示例社区卫生服务站"
        rows.append((name, "community_health", number, _gate(roads, number, name)))
    return rows


def _sites(facilities: pd.DataFrame, kind: str, number: int) -> list[Point]:
    """The places of a kind of facility in a township."""
    here = facilities[(facilities["kind"] == kind) & (facilities["unit_code"] == TOWNSHIPS[number].code)]
    return [(float(x), float(y)) for x, y in here[["x", "y"]].to_numpy().tolist()]


def _village_clinics(people: People, facilities: pd.DataFrame) -> list[_Row]:
    """In some villages of each township; the first beside a station, the others wherever."""
    rng = stream("village clinics")
    rows: list[_Row] = []
    for number, (township, wanted) in enumerate(zip(TOWNSHIPS, _VILLAGE_CLINICS, strict=True)):
        here = people.rows[(people.rows["township"] == number) & (people.rows["kind"] == "village")]
        chosen = here[["x", "y"]].to_numpy(dtype=np.float64)[rng.permutation(len(here))[:wanted]]
        stations = _sites(facilities, "village_station", number)
        for count, (x, y) in enumerate(round_cm(chosen).tolist(), start=1):
            name = f"{township.name}示例卫生站{count:02d}"
            beside = count <= len(stations) // 2
            at = _near(stations[count - 1], 80.0, name) if beside else (x, y)
            rows.append((name, "village_clinic", number, at))
    return rows
