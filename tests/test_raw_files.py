"""From the raw files of real places to a verdict, by the commands that the import's page of the documentation gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from intake_files import workbook

from geoplan import crs
from geoplan.layers import osm, read_manifest


def data(shared: Path, name: str) -> Path:
    """A file of the shared real data; the test is skipped where it is absent."""
    path = shared / "data" / name
    if not path.is_file():
        pytest.skip(f"real data is absent: {path}")
    return path


def coverage_of(root: Path) -> tuple[dict[str, float], set[str]]:
    """The county's row of coverage (everybody), and the layers that the figures rest on."""
    record = json.loads((root / "results" / "assessment.json").read_text(encoding="utf-8"))
    row = record["coverage"][0]
    people = {key.removeprefix("pop_total_"): value for key, value in row.items() if key.startswith("pop_total_")}
    return {**people, "total": row["pop_total"]}, set(record["provenance"]["layers"])


def test_porto_alegre_comes_to_a_verdict_in_four_commands(shared, tmp_path, geoplan):
    """Roads, people and points of interest as they were published: all 812,935 people are accounted for."""
    raw, root = (
        [data(shared, f"porto_alegre/poa_{name}") for name in ("osm.pbf", "hexgrid.csv", "points_of_interest.csv")],
        tmp_path / "poa",
    )
    kind = ("kind=village_station", "level=village", "status=existing")
    commands = (
        ("import", "roads", raw[0], "--dir", root),
        ("import", "demand", raw[1], "--dir", root, "--datum", "wgs84"),
        (
            *(
                "import",
                "facilities",
                raw[2],
                "--dir",
                root,
                "--datum",
                "wgs84",
                "--map",
                "id=facility_id",
                "--map",
                "id=name",
            ),
            *(word for each in kind for word in ("--set", each)),
        ),
        ("assess", root),
    )
    for command in commands:
        status, _out, err = geoplan(*command)
        assert (status, err) == (0, ""), command
    people, layers = coverage_of(root)
    assert people["total"] == people["covered"] + people["uncovered"] + people["unlocatable"] == 812_935
    assert people["covered"] > 0
    assert layers == {"roads", "demand", "facilities"}


def test_futian_comes_to_a_verdict_with_a_sheet_that_somebody_typed(shared, tmp_path, geoplan):
    """Ten facilities under a title, with units behind their numbers, and homes from Baidu's map, which must be said."""
    graph, root = data(shared, "futian/futian.graphml"), tmp_path / "futian"
    streets = shapely.get_coordinates(osm.read_graphml(graph).geometry.to_numpy())
    chance = np.random.default_rng(4)
    places = streets[chance.integers(0, len(streets), 160)] + chance.uniform(-4e-4, 4e-4, (160, 2))
    head = ("序号", "设施名称", "设施类型", "设施级别", "运营状态", "经度", "纬度", "床位数", "建筑面积")
    rows = [
        (n, f"第{n}中心", "日间照料中心", "街道", "运营", *map(float, place), "10张", "1,200㎡")
        for n, place in enumerate(places[:10], start=1)
    ]
    sheet = workbook(tmp_path / "ten.xlsx", [("福田区养老服务设施一览表",), head, *rows])
    homes = shapely.get_coordinates(crs.shift(shapely.points(places[10:]), "bd09"))
    lines = [f"H{n},小区{n},{lon:.6f},{lat:.6f},100,20" for n, (lon, lat) in enumerate(homes)]
    table = tmp_path / "homes.csv"
    table.write_text("\n".join(["编号,小区,经度,纬度,常住人口,60岁以上", *lines]) + "\n", encoding="gbk")
    assert geoplan("import", "roads", graph, "--dir", root, "--trust")[0] == 0
    assert geoplan("import", "facilities", sheet, "--dir", root, "--datum", "wgs84", "--trust")[0] == 0
    status, _out, err = geoplan("import", "demand", table, "--dir", root, "--crs", "EPSG:4326", "--trust")
    assert (status, "坐标很可能是 BD-09" in err) == (2, True)
    assert geoplan("import", "demand", table, "--dir", root, "--datum", "bd09", "--trust")[0] == 0
    assert geoplan("assess", root)[0] == 0
    entry = read_manifest(root).entry("demand")
    assert (entry.datum, entry.columns["name"]) == ("bd09", "小区")
    people, _layers = coverage_of(root)
    assert people["total"] == people["covered"] + people["uncovered"] + people["unlocatable"] == 15_000
    assert people["unlocatable"] == 0
