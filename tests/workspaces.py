"""A small county written by code, every figure of which can be computed by hand.

It lies near 112.9 E, 22.7 N; all places are metres east and north of ``ORIGIN`` in EPSG:4547 (CGCS2000, meridian 114 E),
so that distances in it are exact. Three townships of 2 km x 2 km stand in a row from west to east; roads are a grid of
500 m that goes 1 km beyond the county, but not into the north of the third township.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

CRS = "EPSG:4547"
ORIGIN = (387_000, 2_511_000)
COUNTY, STREET, TOWN, OTHER_TOWN = "440784", "440784001", "440784101", "440784102"
FOUR = "full_residential|day_care|home_visit|guidance"
THREE = "full_residential|day_care|home_visit"


def at(east: float, north: float) -> shapely.Point:
    """The point so many metres east and north of the county's south-western corner."""
    return shapely.Point(ORIGIN[0] + east, ORIGIN[1] + north)


def area(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle in metres from the county's south-western corner."""
    return shapely.box(ORIGIN[0] + west, ORIGIN[1] + south, ORIGIN[0] + east, ORIGIN[1] + north)


def line(*places: tuple[float, float]) -> shapely.LineString:
    """A line through places in metres from the county's south-western corner."""
    return shapely.LineString([at(*place) for place in places])


def table(columns: str, *rows: tuple[Any, ...]) -> gpd.GeoDataFrame:
    """A layer from rows whose last cell is the geometry."""
    names = [*columns.split(), "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(list(rows), columns=names, dtype=object), geometry="geometry", crs=CRS)


def units() -> gpd.GeoDataFrame:
    """A county of one street and two towns."""
    return table(
        "unit_code name level parent_code",
        (COUNTY, "示例县", "county", "", area(0, 0, 6000, 2000)),
        (STREET, "甲街道", "街道", COUNTY, area(0, 0, 2000, 2000)),
        (TOWN, "乙镇", "镇", COUNTY, area(2000, 0, 4000, 2000)),
        (OTHER_TOWN, "丙镇", "镇", COUNTY, area(4000, 0, 6000, 2000)),
    )


def roads() -> gpd.GeoDataFrame:
    """A grid of 500 m; east of 4,000 m it ends 1,000 m north of the county's southern border."""
    upward = [line((east, -1000), (east, 3000 if east <= 4000 else 1000)) for east in range(-1000, 7001, 500)]
    across = [line((-1000, north), (7000 if north <= 1000 else 4000, north)) for north in range(-1000, 3001, 500)]
    return table("road_class", *(("residential", street) for street in upward + across))


def facilities() -> gpd.GeoDataFrame:
    """F1 has all four functions, F2 three; F3 is planned, F4 closed, F5 opens in 2026."""
    return table(
        "facility_id name kind level status functions site_area_m2 open_year",
        ("F1", "甲街道综合养老服务中心", "township_centre", "township", "existing", FOUR, "150", "2020", at(500, 500)),
        ("F2", "乙镇敬老院", "敬老院", "镇街级", "现状", "全托、日托、上门服务", "40", "", at(2500, 500)),
        ("F3", "丙镇规划中心", "township_centre", "township", "planned", FOUR, "500", "2024", at(5000, 500)),
        ("F4", "乙镇旧中心", "township_centre", "township", "closed", FOUR, "500", "2001", at(2500, 1000)),
        ("F5", "丙镇新中心", "township_centre", "township", "existing", FOUR, "30", "2026", at(4500, 500)),
    )


def demand() -> gpd.GeoDataFrame:
    """Six places in the county, 2,100 residents and 410 of them 60 and over, and one place outside."""
    return table(
        "demand_id pop_total pop60 basis",
        ("D1", "100", "20", "resident", at(500, 750)),  # 250 m from F1
        ("D2", "200", "40", "resident", at(500, 1400)),  # 900 m from F1: exactly at 15 minutes
        ("D3", "300", "50", "resident", at(1100, 1000)),  # 1,100 m from F1
        ("D4", "400", "80", "resident", at(2500, 600)),  # 100 m from F2
        ("D5", "500", "100", "resident", at(5000, 1000)),  # 3,000 m from F2, 1,000 m from F5
        ("D6", "600", "120", "resident", at(5500, 1800)),  # 800 m from every road
        ("D7", "50", "10", "resident", at(1000, -500)),  # not in the county
    )


def estates() -> gpd.GeoDataFrame:
    """E1 complies to the square metre, E2 lacks 10 m², E3 (new by its approval) lacks 30 m²."""
    return table(
        "estate_id name households era approve_date facility_area_m2",
        ("E1", "新苑", "500", "new", "", "100", at(600, 600)),
        ("E2", "旧里", "200", "旧区", "", "20", at(2600, 600)),
        ("E3", "后园", "300", "", "2022-05-01", "30", at(4600, 600)),
    )


@dataclass
class Workspace:
    """What a test changes before it writes: frames, entries of the manifest, its head.

    ``frames`` are written as CSV (points) or GeoParquet under the names in ``entries``; a role without a frame is
    only mentioned in the manifest, for files that the test writes itself.
    """

    frames: dict[str, gpd.GeoDataFrame]
    entries: dict[str, dict[str, Any]]
    head: dict[str, Any] = field(default_factory=lambda: {"name": "示例", "pack": "heshan"})

    def without(self, role: str) -> Workspace:
        """The workspace less one layer."""
        del self.entries[role]
        self.frames.pop(role, None)
        return self

    def write(self, root: Path) -> Path:
        """Write manifest and layers below ``root``; returns ``root``."""
        folder = root / "layers"
        folder.mkdir(parents=True, exist_ok=True)
        for role, frame in self.frames.items():
            write_layer(frame, folder / self.entries[role]["file"])
        text = [f"{key} = {toml(value)}" for key, value in self.head.items()]
        for role, entry in self.entries.items():
            text += ["", "[[layer]]", *(f"{key} = {toml(value)}" for key, value in {"role": role, **entry}.items())]
        (folder / "manifest.toml").write_text("\n".join(text) + "\n", encoding="utf-8")
        return root

    def replace_layer(self, role: str, file: str, **entry: Any) -> Workspace:
        """Let a role be a file that the test writes itself."""
        self.frames.pop(role, None)
        self.entries[role] = {"file": file, **entry}
        return self


def small_workspace() -> Workspace:
    """The small county, valid in every respect."""
    frames = {"units": units(), "roads": roads(), "facilities": facilities(), "demand": demand(), "estates": estates()}
    entries: dict[str, dict[str, Any]] = {role: {"file": f"{role}.parquet"} for role in ("units", "roads")}
    entries |= {role: {"file": f"{role}.csv", "crs": CRS} for role in ("facilities", "demand", "estates")}
    return Workspace(frames, entries)


def write_layer(frame: gpd.GeoDataFrame, path: Path, encoding: str = "utf-8") -> None:
    """Write a layer as CSV with ``x`` and ``y``, or as GeoParquet, by the file's suffix."""
    if path.suffix == ".parquet":
        frame.to_parquet(path)
        return
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    plain["x"], plain["y"] = ([getattr(p, axis) if p is not None else "" for p in frame.geometry] for axis in "xy")
    plain.to_csv(path, index=False, encoding=encoding)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case dict():
            return "{ " + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(toml, value)) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)
