"""A county whose demand is a CSV of a million rows: files to checked layers, and the commands on it.

Run: ``python benchmarks/demand_million.py [ROWS]``. The county is made up (a grid of roads, ten townships, 200 facilities, homes strewn at
random), and labelled synthetic. Each line is a process of its own: seconds of the clock from its start to its end, seconds of the
processors, and the memory of its largest process. ``import`` opens the file in the confined process, within the limits that hold
for everybody. The first line must stay under 30 s of the processors, which others on the machine do not lengthen much.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan import crs

CRS, WEST, SOUTH, SIZE = "EPSG:4547", 480_000, 2_500_000, 50_000
LIMIT_S = 30.0
_READ = "from pathlib import Path; from geoplan.layers import load_layers; load_layers(Path('{root}'))"


def write_county(root: Path, rows: int) -> None:
    """The workspace."""
    chance = np.random.default_rng(20_240_101)
    layers = root / "layers"
    layers.mkdir(parents=True)
    _areas().to_parquet(layers / "units.parquet")
    _streets().to_parquet(layers / "roads.parquet")
    _sites(chance).to_parquet(layers / "facilities.parquet")
    _homes(chance, rows).to_csv(layers / "demand.csv", index=False)
    files = {
        "units": "units.parquet",
        "roads": "roads.parquet",
        "facilities": "facilities.parquet",
        "demand": "demand.csv",
    }
    text = 'schema = 1\nname = "百万行"\nname_en = "A million rows"\npack = "cn-national"\n'
    for role, file in files.items():
        text += f'\n[[layer]]\nrole = "{role}"\nfile = "{file}"\nsynthetic = true\n'
        text += 'crs = "EPSG:4490"\n' if role == "demand" else ""
    (layers / "manifest.toml").write_text(text, encoding="utf-8")


def _areas() -> gpd.GeoDataFrame:
    whole = shapely.box(WEST, SOUTH, WEST + SIZE, SOUTH + SIZE)
    step = SIZE / 10
    towns = [shapely.box(WEST + step * n, SOUTH, WEST + step * (n + 1), SOUTH + SIZE) for n in range(10)]
    names = pd.DataFrame(
        {
            "unit_code": ["440999", *(f"440999{100 + n}" for n in range(10))],
            "name": ["合成县", *(f"合成{n}镇" for n in range(10))],
            "level": ["county", *["town"] * 10],
            "parent_code": ["", *["440999"] * 10],
        }
    )
    return gpd.GeoDataFrame(names, geometry=[whole, *towns], crs=CRS)


def _streets() -> gpd.GeoDataFrame:
    places = np.arange(0, SIZE + 1, 500)
    across = [shapely.LineString([(WEST, SOUTH + p), (WEST + SIZE, SOUTH + p)]) for p in places]
    upward = [shapely.LineString([(WEST + p, SOUTH), (WEST + p, SOUTH + SIZE)]) for p in places]
    return gpd.GeoDataFrame(
        {"road_class": "residential"}, geometry=across + upward, crs=CRS, index=range(2 * len(places))
    )


def _sites(chance: np.random.Generator) -> gpd.GeoDataFrame:
    count = 200
    names = pd.DataFrame({"facility_id": [f"F{n:03}" for n in range(count)]})
    names = names.assign(name=names["facility_id"], kind="village_station", level="village", status="existing")
    points = shapely.points(WEST + SIZE * chance.random(count), SOUTH + SIZE * chance.random(count))
    return gpd.GeoDataFrame(names, geometry=points, crs=CRS)


def _homes(chance: np.random.Generator, rows: int) -> pd.DataFrame:
    points = shapely.points(WEST + SIZE * chance.random(rows), SOUTH + SIZE * chance.random(rows))
    places = crs.to_crs(gpd.GeoDataFrame(geometry=points, crs=CRS), crs.parse("EPSG:4490", "")).geometry
    people = chance.integers(1, 60, rows)
    old = (people * chance.random(rows) * 0.4).astype(int)
    cells = {"demand_id": [f"D{n:07}" for n in range(rows)], "name": [f"居民点{n}" for n in range(rows)]}
    where = {"lon": places.x.round(7).to_numpy(), "lat": places.y.round(7).to_numpy()}
    return pd.DataFrame({**cells, **where, "pop_total": people, "pop60": old, "pop65": (old * 0.7).astype(int)})


def timed(*command: str) -> tuple[float, float, float]:
    """(seconds of the clock, of the processors, MB of its largest process) of a command that must succeed."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - ourselves
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(rows: int) -> None:
    """Print the table."""
    python, geoplan = (sys.executable, "-c"), (sys.executable, "-m", "geoplan")
    with tempfile.TemporaryDirectory() as name:
        root, other = Path(name) / "county", Path(name) / "other"
        write_county(root, rows)
        size = (root / "layers" / "demand.csv").stat().st_size / 1e6
        print(f"made-up county, demand of {rows:,} rows, {size:,.0f} MB of CSV")
        steps = {
            "files to checked layers": (*python, _READ.format(root=root)),
            "geoplan check": (*geoplan, "check", str(root)),
            "geoplan import demand (confined)": (
                *(*geoplan, "import", "demand", str(root / "layers" / "demand.csv")),
                *("--dir", str(other), "--datum", "cgcs2000"),
            ),
            "geoplan assess": (*geoplan, "assess", str(root)),
        }
        spent = {}
        for step, command in steps.items():
            clock, spent[step], memory = timed(*command)
            print(f"  {step:34s} {clock:8.1f} s {spent[step]:8.1f} s {memory:8,.0f} MB", flush=True)
        if rows >= 1_000_000:
            assert spent["files to checked layers"] < LIMIT_S


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
