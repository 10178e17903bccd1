"""The demo's three scenarios, worked out from its layers: as is, the 2025 plan, low cost. All synthetic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geoplan.crs import lonlat
from geoplan.demo.projects import ALL_FOUR
from geoplan.layers import Layers, load_layers, townships
from geoplan.layers.schema import OPERATING
from geoplan.scenario import (
    FOLDER,
    AddFacility,
    AddParcel,
    ChangeEstateArea,
    ChangeFacility,
    ConvertAsset,
    Edit,
    ReopenFacility,
    Scenario,
    Step,
    write_scenario,
)
from geoplan.scenario.edits import Value

_AUTHOR = "geoplan 示例"
_AT = datetime(2026, 1, 5, 1, tzinfo=UTC)
_YEAR = 2025
_NEW_STATIONS, _MORE_ESTATES, _CONVERTED = 12, 10, 6
_REACH_M = 700.0
_SITE_M = 30.0
_NEW_ESTATE_M2 = 0.2  # per household: 20 m2 per hundred
_SYNTHETIC = "（合成示例）"

Reasoned = Iterator[tuple[Edit, str]]


def write_scenarios(directory: Path) -> None:
    """Write the demo's scenarios below a directory that holds its layers."""
    for name, scenario in demo_scenarios(load_layers(directory)).items():
        write_scenario(scenario, directory / FOLDER / f"{name}.json")


def demo_scenarios(layers: Layers) -> dict[str, Scenario]:
    """The scenarios by the names of their files."""
    plan = [*_finished(layers), *_centres(layers, (*OPERATING, "planned")), *_stations(layers), *_estates(layers)]
    low_cost = [*_reopened(layers), *_centres(layers, OPERATING), *_converted(layers)]
    return {
        "as-is": _scenario(layers, "现状", "不作任何改动，与其他方案对照。", []),
        "plan-2025": _scenario(
            layers, "2025年规划方案", "在建、规划项目投用，补齐镇街综合养老服务中心，在缺口处新建站点。", plan
        ),
        "low-cost": _scenario(
            layers, "低成本方案", "不新征地、不新建房：恢复停用站点，增设功能，盘活闲置资产。", low_cost
        ),
    }


def _scenario(layers: Layers, name: str, note: str, edits: list[tuple[Edit, str]]) -> Scenario:
    steps = tuple(Step(edit, _AUTHOR, _AT, reason + _SYNTHETIC) for edit, reason in edits)
    return Scenario(name, layers.base, steps, note + _SYNTHETIC)


def _own(layers: Layers) -> gpd.GeoDataFrame:
    facilities = layers.frames["facilities"]
    return facilities[facilities["in_area"]]


def _finished(layers: Layers) -> Reasoned:
    """What is planned or under way serves."""
    own = _own(layers)
    due = own[own["status"].isin(["planned", "building"]) & ~(own["open_year"] > _YEAR)]
    for facility_id in due["facility_id"]:
        yield ChangeFacility(facility_id=facility_id, attributes={"status": "existing"}), "按计划 2025 年建成投用"


def _reopened(layers: Layers) -> Reasoned:
    own = _own(layers)
    for facility_id in own["facility_id"][own["status"] == "closed"]:
        yield ReopenFacility(facility_id=facility_id), "房屋尚在，恢复运营比新建省"


def _centres(layers: Layers, serving: tuple[str, ...]) -> Reasoned:
    """Each township where no serving facility has all four functions gets them in its own largest care home."""
    own, four = _own(layers), set(ALL_FOUR.split("|"))
    towns = townships(layers.get("units"))
    if towns is None:
        return
    for code, name in zip(towns["unit_code"], towns["name"], strict=True):
        here = own[(own["township"] == code) & own["status"].isin(serving)]
        homes = here[(here["kind"] == "care_home") & (here["level"] == "township")].sort_values(["beds", "facility_id"])
        if any(four <= set(cell.split("|")) for cell in here["functions"]) or homes.empty:
            continue
        home = homes.iloc[-1]
        functions = "|".join(sorted(four | set(filter(None, home["functions"].split("|")))))
        edit = ChangeFacility(facility_id=home["facility_id"], attributes={"functions": functions})
        yield edit, f"{name}没有四项功能齐全的综合养老服务中心，由{home['name']}增设"


def _stations(layers: Layers) -> Reasoned:
    """New stations one after another where most people of 60 and over are without a facility nearby."""
    demand, own = layers.frames["demand"], _own(layers)
    demand = demand[demand["in_area"] & ~(demand.geometry.isna() | demand.geometry.is_empty)].reset_index(drop=True)
    points = shapely.point_on_surface(demand.geometry.to_numpy())
    near = shapely.dwithin(points[:, None], points[None], _REACH_M)
    serving = shapely.point_on_surface(own.geometry[own["status"].isin([*OPERATING, "planned", "building"])].to_numpy())
    left = np.where(
        shapely.dwithin(points[:, None], serving[None], _REACH_M).any(axis=1), 0.0, demand["pop60"].fillna(0)
    )
    places = lonlat(gpd.GeoDataFrame(geometry=points, crs=layers.crs)).geometry
    for number in range(1, _NEW_STATIONS + 1):
        best = int(np.argmax(near @ left))
        left[near[best]] = 0.0
        home = demand.iloc[best]
        lon, lat = round(places.x.iloc[best], 7), round(places.y.iloc[best], 7)
        attributes = {
            "name": f"{home['name']}新建养老服务站", "kind": "village_station", "level": "village", "status": "existing",
            "functions": "day_care|meals|safety", "floor_area_m2": 200, "site_area_m2": 900, "ownership": "public",
            "open_year": _YEAR, "unit_code": home["township"], "source": f"规划方案{_SYNTHETIC}",
        }  # fmt: skip
        yield (
            AddFacility(facility_id=f"PLAN-S-{number:02d}", lon=lon, lat=lat, attributes=attributes),
            f"{home['name']}周边 {_REACH_M:.0f} 米内没有设施",
        )
        yield _site(layers, number, points[best]), "新建站点用地"


def _site(layers: Layers, number: int, centre: shapely.Point) -> AddParcel:
    """A square of 30 m with the place in its middle."""
    square = centre.buffer(_SITE_M / 2, cap_style="square")
    ring = lonlat(gpd.GeoDataFrame(geometry=[square], crs=layers.crs)).geometry.iloc[0].exterior.coords
    return AddParcel(
        parcel_id=f"PLAN-L-{number:02d}",
        attributes={"code": "080701", "code_system": "用地用海", "plan_year": _YEAR, "status": "规划"},
        outline=(tuple((round(lon, 7), round(lat, 7)) for lon, lat in ring),),
    )


def _estates(layers: Layers) -> Reasoned:
    """The new estates that lack most get what 20 m2 per hundred households ask for."""
    estates = layers.get("estates")
    if estates is None:
        return
    due = (estates["households"] * _NEW_ESTATE_M2).round(1)
    lacking = (due - estates["facility_area_m2"]).where(estates["era"] == "new")
    worst = lacking.sort_values(ascending=False, kind="stable").index[:_MORE_ESTATES]
    for place in worst[lacking[worst] > 0]:
        edit = ChangeEstateArea(estate_id=estates["estate_id"][place], facility_area_m2=float(due[place]))
        yield edit, "新建小区按每百户 20 平方米补足养老用房"


def _converted(layers: Layers) -> Reasoned:
    """The largest idle assets become stations."""
    assets = layers.get("idle_assets")
    if assets is None:
        return
    largest = assets[assets["in_area"]].sort_values(["area_m2", "asset_id"], ascending=[False, True]).head(_CONVERTED)
    for number, (_index, asset) in enumerate(largest.iterrows(), start=1):
        attributes: dict[str, Value] = {
            "name": f"{asset['name']}改建养老服务站", "kind": "village_station", "level": "village", "status": "existing",
            "functions": "day_care|meals", "site_area_m2": 0, "ownership": "public", "open_year": _YEAR,
            "source": f"低成本方案{_SYNTHETIC}",
        }  # fmt: skip
        edit = ConvertAsset(asset_id=asset["asset_id"], facility_id=f"LOW-S-{number:02d}", attributes=attributes)
        yield edit, f"{asset['name']}闲置，改建比新建省"
