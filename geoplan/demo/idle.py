"""Synthetic idle schools, halls, offices and workshops, about half of them far from every facility on foot."""

import numpy as np
import pandas as pd

from geoplan.demo.care import beside_road
from geoplan.demo.county import County
from geoplan.demo.facts import TOWNSHIPS
from geoplan.demo.people import People
from geoplan.demo.plane import FloatArray, stream
from geoplan.demo.roads import Roads

_FAR_M = 1_500.0  # as the crow flies: no facility within 15 minutes, whatever the way
_KINDS = {
    "school": "小学旧校舍", "hall": "祠堂", "office": "旧办公楼", "factory": "旧厂房", "public_housing": "空置公租房",
    "training": "培训中心旧址", "other": "旧粮仓",
}  # fmt: skip
# Kind, township (facts.TOWNSHIPS), whether far from every facility.
_ASSETS = (
    ("school", 1, True), ("school", 2, True), ("school", 3, True), ("school", 5, True), ("school", 6, True),
    ("school", 7, True), ("school", 8, True), ("school", 9, True), ("hall", 4, True), ("hall", 6, True),
    ("hall", 3, True), ("hall", 1, True), ("office", 8, True), ("other", 9, True), ("school", 0, False),
    ("school", 2, False), ("office", 0, False), ("office", 5, False), ("office", 7, False), ("office", 4, False),
    ("factory", 0, False), ("factory", 2, False), ("factory", 6, True), ("public_housing", 0, False),
    ("training", 0, False), ("hall", 5, False),
)  # fmt: skip
_OWNERS = ("镇（街）政府", "村集体", "教育局", "国有企业")
_AREA_UNKNOWN = (3, 17, 22)


def place_idle_assets(county: County, roads: Roads, people: People, facilities: pd.DataFrame) -> pd.DataFrame:
    """All idle assets, one row each, with positions in local metres (x, y)."""
    rng = stream("idle assets")
    served = facilities[["x", "y"]].to_numpy(dtype=np.float64)
    taken: list[int] = []
    rows = []
    for number, (kind, township, far) in enumerate(_ASSETS, start=1):
        place = _place(people, served, township, far=far, taken=taken, rng=rng)
        taken.append(place)
        rows.append(
            {
                "asset_id": f"A{number:02d}",
                "name": f"{TOWNSHIPS[township].name}示例{_KINDS[kind]}{number:02d}",
                "kind": kind,
                "area_m2": None if number in _AREA_UNKNOWN else int(rng.integers(18, 260)) * 10,
                "owner": _OWNERS[int(rng.integers(len(_OWNERS)))],
                "unit_code": TOWNSHIPS[township].code,
                "township": township,
            }
        )
    xy = beside_road(roads, people.xy[taken])
    frame = pd.DataFrame(rows).assign(x=xy[:, 0], y=xy[:, 1]).astype({"area_m2": "Int64"})
    if county.township_of(xy).tolist() != frame["township"].tolist():
        msg = "an idle asset lies in another township than its own"
        raise AssertionError(msg)
    return frame


def _place(
    people: People, served: FloatArray, township: int, *, far: bool, taken: list[int], rng: np.random.Generator
) -> int:
    """The number of a place in a township that no other asset has: one of the ten largest far, or not far, from all."""
    rows = people.rows
    here = np.flatnonzero((rows["township"] == township) & rows["kind"].isin(["village", "estate"]))
    away = np.sqrt(((people.xy[here][:, None] - served[None]) ** 2).sum(axis=2)).min(axis=1).round(2)
    fitting = [k for k in here[(away > _FAR_M) == far].tolist() if k not in taken]
    largest = sorted(fitting, key=lambda k: -int(rows["pop_total"].iloc[k]))[:10]
    return int(rng.choice(largest))
