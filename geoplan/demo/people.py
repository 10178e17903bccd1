"""Where the people of the demo live: villages, estates and hamlets, adding up to the census exactly.

Totals per township are the census's; where inside the township they live, and how many of them are 60 or 65 and over,
is synthetic. The 60+ of the county add up to the plan's figure.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from geoplan.demo.county import County
from geoplan.demo.facts import COUNTY_POP60, TOWNSHIPS
from geoplan.demo.plane import BoolArray, FloatArray, IntArray, ObjectArray, allot, round_cm, stream
from geoplan.demo.roads import Roads

# Synthetic, by township: the share of 60+ (per mille), the estates, and the share of people who live in them (percent).
_AGED = (116, 195, 170, 200, 165, 185, 160, 200, 230, 250)
_ESTATES = (318, 17, 26, 17, 27, 28, 34, 19, 12, 6)
_IN_ESTATES = (83, 24, 40, 30, 42, 38, 44, 30, 22, 20)
_REMOTE = (0, 0, 0, 0, 0, 1, 0, 0, 4, 3)
_REMOTE_M = (520.0, 1_200.0)
_LEAST = 12  # people of the smallest hamlet
_PEOPLE_PER_HOUSEHOLD = 2.9
_TOGETHER_M = 400.0  # estates of one project lie within this


@dataclass(frozen=True)
class People:
    """Demand points in local metres, one row each: kind, name, xy, township number and people."""

    rows: pd.DataFrame

    @property
    def xy(self) -> FloatArray:
        """Positions in local metres."""
        return np.asarray(self.rows[["x", "y"]], dtype=np.float64)


def settle_people(county: County, roads: Roads) -> People:
    """Place the people of every township."""
    places = pd.concat([_estates(county, roads), _villages(county, roads), _remote(county, roads)], ignore_index=True)
    places = places[places["township"] >= 0].sort_values(["township", "order"], kind="stable", ignore_index=True)
    places["pop_total"] = _totals(places)
    places["pop60"] = _aged(places)
    share65 = 0.60 + 0.13 * stream("65+").random(len(places))
    places["pop65"] = np.floor(places["pop60"].to_numpy() * share65).astype(np.int64)
    places["name"] = _names(places)
    places["demand_id"] = [f"D{number:04d}" for number in range(1, len(places) + 1)]
    return People(places)


def _frame(xy: FloatArray, township: IntArray, kind: str, weight: FloatArray, order: int) -> pd.DataFrame:
    """Places of one kind; whole weights, so that nothing hangs on a last digit."""
    columns = {"x": xy[:, 0], "y": xy[:, 1], "township": township, "kind": kind, "weight": np.rint(weight * 100)}
    return pd.DataFrame(columns).assign(order=order)


def _near_streets(xy: FloatArray, rng: np.random.Generator, within_m: float) -> FloatArray:
    """Points a few metres beside others."""
    return round_cm(xy + (rng.random(xy.shape) - 0.5) * 2 * within_m)


def _estates(county: County, roads: Roads) -> pd.DataFrame:
    """Estates beside the middles of town streets; dense near the middle of the town."""
    rng = stream("estates")
    frames = []
    for number, (town, streets) in enumerate(zip(county.towns, roads.towns, strict=True)):
        ground = [
            line.mean(axis=0)
            for line, kind, grade in zip(streets.ways.lines, streets.ways.classes, streets.ways.grades, strict=True)
            if kind == "residential" and grade == 0
        ]
        middles = round_cm(ground)
        chosen = rng.permutation(len(middles))[: _ESTATES[number] * 2]  # twice, as some will not do
        xy = _near_streets(middles[chosen], rng, 18)
        dry = ~shapely.intersects(county.all_water, shapely.points(xy))
        xy = xy[dry & (county.township_of(xy, inset_m=30) == number)][: _ESTATES[number]]
        away = np.sqrt(((xy - town.seat) ** 2).sum(axis=1)) / town.radius_m
        weight = (0.3 + rng.random(len(xy)) ** 2 * 2) * (1.35 - 0.6 * np.clip(away, 0, 1.2))
        frames.append(_frame(xy, np.full(len(xy), number), "estate", weight, 0))
    return pd.concat(frames, ignore_index=True)


def _villages(county: County, roads: Roads) -> pd.DataFrame:
    """One point on the lanes of each village; the more lanes the more people."""
    rng = stream("village people")
    picked = [village.junctions[rng.integers(len(village.junctions))] for village in roads.villages]
    xy = _near_streets(np.array(picked), rng, 12)
    size = np.array([len(village.junctions) for village in roads.villages], dtype=np.float64)
    weight = size * (0.5 + rng.random(len(size)))
    frame = _frame(xy, county.township_of(xy, inset_m=20), "village", weight, 1)
    frame.loc[size < 9, "kind"] = "hamlet"  # noqa: PLR2004
    return frame


def _remote(county: County, roads: Roads) -> pd.DataFrame:
    """A few hamlets in the hills, farther from every road than a snap limit."""
    rng = stream("remote")
    tree = shapely.STRtree(roads.ways.geometries())
    frames = []
    for number, wanted in enumerate(_REMOTE):
        low, high = (county.borders.townships[number].bounds[k : k + 2] for k in (0, 2))
        xy = round_cm(np.array(low) + rng.random((4000, 2)) * (np.array(high) - low))
        xy = xy[county.township_of(xy, inset_m=300) == number]
        _, away = tree.query_nearest(shapely.points(xy), return_distance=True, all_matches=False)
        dry = ~shapely.dwithin(county.all_water, shapely.points(xy), 60)
        xy = xy[(away > _REMOTE_M[0]) & (away < _REMOTE_M[1]) & dry][:wanted]
        frames.append(_frame(xy, np.full(len(xy), number), "hamlet", np.full(len(xy), 0.1), 2))
    return pd.concat(frames, ignore_index=True)


def _totals(places: pd.DataFrame) -> IntArray:
    """People of each place: the census per township, shared out between its estates and its villages."""
    total = np.zeros(len(places), dtype=np.int64)
    weight = places["weight"].to_numpy()
    for number, township in enumerate(TOWNSHIPS):
        here = (places["township"] == number).to_numpy()
        estate = here & (places["kind"] == "estate").to_numpy()
        other = here & ~estate
        in_estates = township.population * _IN_ESTATES[number] // 100
        total[estate] = allot(in_estates, weight[estate])
        left = township.population - in_estates - _LEAST * int(other.sum())
        total[other] = _LEAST + allot(left, weight[other])
    return total


def _aged(places: pd.DataFrame) -> IntArray:
    """People aged 60 and over: fewer in estates than in villages, adding up to the county's figure."""
    per_township = allot(COUNTY_POP60, [t.population * share for t, share in zip(TOWNSHIPS, _AGED, strict=True)])
    lean = np.where(places["kind"] == "estate", 0.8, 1.15) * (0.85 + 0.3 * stream("60+").random(len(places)))
    aged = np.zeros(len(places), dtype=np.int64)
    for number in range(len(TOWNSHIPS)):
        here = (places["township"] == number).to_numpy()
        aged[here] = allot(int(per_township[number]), (places["pop_total"].to_numpy() * lean)[here])
    if (aged > places["pop_total"].to_numpy()).any():
        msg = "more people of 60 and over than people"
        raise AssertionError(msg)
    return aged


def _names(places: pd.DataFrame) -> list[str]:
    """Names that say they are examples: 宅梧镇示例村 012."""
    words = {"estate": "示例小区", "village": "示例村", "hamlet": "示例自然村"}
    number = places.groupby(["township", "kind"]).cumcount() + 1
    rows = zip(places["township"], places["kind"], number, strict=True)
    return [f"{TOWNSHIPS[township].name}{words[kind]} {count:03d}" for township, kind, count in rows]


def estates_of(people: People) -> pd.DataFrame:
    """The estates among the demand points: households, age, and the floor area of their care facilities.

    New estates need 20 m2 per 100 households, old ones 15: about six in ten comply, some exactly.
    """
    rng = stream("estate records")
    rows = people.rows[people.rows["kind"] == "estate"].reset_index(drop=True)
    households = np.maximum(np.rint(rows["pop_total"].to_numpy() / _PEOPLE_PER_HOUSEHOLD), 1).astype(np.int64)
    new = rng.random(len(rows)) < 0.4  # noqa: PLR2004
    era, approved = np.where(new, "new", "old").astype(object), np.full(len(rows), "", dtype=object)
    dated = rng.permutation(len(rows))[:6]
    era[dated] = ""
    approved[dated[:4]] = ["2016-05-18", "2018-11-02", "2021-03-25", "2022-09-14"]
    area = _facility_areas(households, new, rng)
    rows = rows.assign(largest_site_m2=_largest_sites(area), project_id=_projects(rows, era))
    return rows.assign(
        estate_id=[f"E{number:03d}" for number in range(1, len(rows) + 1)],
        households=households,
        era=era,
        approve_date=approved,
        facility_area_m2=area,
    )


def _facility_areas(households: IntArray, new: BoolArray, rng: np.random.Generator) -> FloatArray:
    """Floor areas in m2, with one decimal: some none, some exactly enough, some unknown (NaN)."""
    needed = households * np.where(new, 20, 15) / 100
    lot, size = rng.random(len(households)), rng.random(len(households))
    none, short, exact = lot < 0.12, lot < 0.40, lot < 0.47  # noqa: PLR2004 - each reaches up to the next
    factor = np.select([none, short], [0.0 * size, 0.25 + 0.7 * size], 1.02 + 0.6 * size)
    area = np.where(exact & ~short, needed, np.round(needed * factor, 1))
    area[rng.permutation(len(area))[:8]] = np.nan
    return np.asarray(np.round(area, 2))


def _largest_sites(area: FloatArray) -> FloatArray:
    """The largest single site: all of the area in seven estates of ten, else a part of it; not known for some."""
    rng = stream("largest sites")
    part = np.where(rng.random(len(area)) < 0.7, 1.0, 0.4 + 0.5 * rng.random(len(area)))  # noqa: PLR2004
    largest = np.where(part < 1, np.round(area * part, 1), area)
    largest[rng.permutation(len(area))[:12]] = np.nan
    return np.asarray(largest)


def _projects(rows: pd.DataFrame, era: ObjectArray) -> list[str]:
    """A number for each group of neighbouring new estates that are planned together: every sixth with the two nearest."""
    xy = rows[["x", "y"]].to_numpy(dtype=np.float64)
    free = [k for k in range(len(rows)) if era[k] == "new"]
    project = [""] * len(rows)
    count = 0
    for first in free[::6]:
        if project[first]:
            continue
        away = np.round(((xy[free] - xy[first]) ** 2).sum(axis=1), 2)
        near = [free[k] for k in np.argsort(away, kind="stable") if away[k] < _TOGETHER_M**2 and not project[free[k]]]
        if len(near) > 1:
            count += 1
            for k in near[:3]:
                project[k] = f"示例统建{count:02d}"
    return project
