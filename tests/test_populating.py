"""People from a census spread over a population raster: nobody is lost, nobody is made up, and what cannot be spread is told."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from workspaces import CRS, ORIGIN, OTHER_TOWN, STREET, TOWN

from geoplan import crs
from geoplan.layers import load_layers, read_manifest
from geoplan.opendata.dasymetric import STEPS, allot, allot_nested

WEIGHTS = st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e6)), min_size=1, max_size=60).filter(any)
PEOPLE = st.integers(0, 10**9).map(lambda steps: Fraction(steps, STEPS))
CENSUS = {STREET: (1001, 201, 150), TOWN: (2003, 400, 300), OTHER_TOWN: (3007, 601, 450)}
CELL = 300.0  # metres: borders of townships, at 2,000 and 4,000 m, cut cells into thirds


def write_raster(
    path: Path, cells: np.ndarray, *, origin=(-300.0, 2100.0), crs_text: str = CRS, nodata=None, **more
) -> Path:
    """A GeoTIFF, its north-western corner in metres from the county's south-western one."""
    west, north = ORIGIN[0] + origin[0], ORIGIN[1] + origin[1]
    shape = {"height": cells.shape[-2], "width": cells.shape[-1], "count": 1 if cells.ndim == 2 else len(cells)}
    said = {
        "crs": crs_text or None,
        "transform": rasterio.Affine(CELL, 0, west, 0, -CELL, north),
        "nodata": nodata,
    } | more
    with rasterio.open(path, "w", driver="GTiff", dtype=cells.dtype, **shape, **said) as file:
        file.write(cells if cells.ndim == 3 else cells[None])
    return path


def county(small, tmp_path: Path, census: pd.DataFrame | None = None) -> Path:
    """The small county with a census."""
    root = small.write(tmp_path / "county")
    table = (
        census
        if census is not None
        else pd.DataFrame(
            [(code, *figures) for code, figures in CENSUS.items()],
            columns=["unit_code", "population", "pop60", "pop65"],
        )
    )
    table.to_csv(root / "layers" / "census.csv", index=False)
    with (root / "layers" / "manifest.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[layer]]\nrole = "census"\nfile = "census.csv"\n')
    return root


def people(root: Path) -> gpd.GeoDataFrame:
    """The demand layer as an assessment reads it."""
    return load_layers(root).frames["demand"]


def exact(rows: gpd.GeoDataFrame, code: str, column: str = "pop_total") -> Fraction:
    """The people of a township."""
    return sum(map(Fraction, rows.loc[rows["unit_code"] == code, column]), Fraction())


@given(PEOPLE, WEIGHTS)
def test_people_are_conserved_and_shares_are_fair(total, weights):
    """To the last step; no row is a whole step or more from its exact share; where nobody lives nobody comes."""
    given_ = allot(total, np.array(weights))
    assert int(given_.sum()) == total * STEPS
    whole = sum(map(Fraction, weights))
    for steps, weight in zip(given_.tolist(), weights, strict=True):
        # weights are taken to 2^-52 of the greatest, which moves a share by less than the total times that
        assert abs(steps - total * STEPS * Fraction(weight) / whole) < 1 + total * STEPS * len(weights) / 2**50
        assert weight or not steps


@given(st.lists(PEOPLE, min_size=3, max_size=3).map(lambda parts: sorted(parts, reverse=True)), WEIGHTS)
def test_no_part_exceeds_its_whole(totals, weights):
    """All people, those of 60 and over, those of 65 and over: each sums to its own figure, and in each row they nest."""
    shared = allot_nested(totals, np.array(weights))
    assert [Fraction(float(each.sum())) for each in shared] == totals
    assert (shared[0] >= shared[1]).all()
    assert (shared[1] >= shared[2]).all()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_cut_cell_is_shared_by_area(data):
    """Against numpy: the overlap of rectangles, cell by cell."""
    from geoplan.intake.population_grid import Grid  # noqa: PLC0415
    from geoplan.opendata.dasymetric import pieces_of  # noqa: PLC0415

    cells = np.array(
        data.draw(st.lists(st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=4, max_size=4)), float
    )
    west, east = sorted(data.draw(st.lists(st.integers(0, 50), min_size=2, max_size=2, unique=True)))
    south, north = sorted(data.draw(st.lists(st.integers(0, 40), min_size=2, max_size=2, unique=True)))

    class Held(Grid):
        def cells(self) -> np.ndarray:
            return cells

    unit = gpd.GeoDataFrame(geometry=[shapely.box(west, south, east, north)], crs=CRS)
    pieces = pieces_of(Held(Path(), (0.0, 0.0, 50.0, 40.0), "", 0), unit)
    left, bottom = np.arange(5) * 10, 30 - np.arange(4) * 10
    wide = np.clip(np.minimum(east, left + 10) - np.maximum(west, left), 0, None)
    high = np.clip(np.minimum(north, bottom + 10) - np.maximum(south, bottom), 0, None)
    expected = cells * np.outer(high, wide) / 100
    assert np.allclose(sorted(pieces.weight), sorted(expected[expected > 0]), rtol=1e-5)
    assert shapely.intersects_xy(unit.geometry[0].buffer(1e-9), *pieces.xy.T).all()


def test_each_township_sums_to_its_census_figure(small, tmp_path, geoplan):
    """Totals and both ages, to the last digit, in the layer that the assessment reads; every place lies in its township."""
    root = county(small, tmp_path)
    cells = np.random.default_rng(1).random((8, 22)).astype(np.float32) * 50
    raster = write_raster(tmp_path / "pop.tif", cells)
    status, told, error = geoplan(
        "populate", raster, "--dir", root, "--replace", "--year", "2020", "--source", "试验", "--licence", "CC0"
    )
    assert (status, "完全一致" in told) == (0, True), error
    rows = people(root)
    for code, (total, pop60, pop65) in CENSUS.items():
        assert [exact(rows, code, name) for name in ("pop_total", "pop60", "pop65")] == [total, pop60, pop65]
    units = load_layers(root).frames["units"].set_index("unit_code").geometry
    assert all(units[row.unit_code].intersects(row.geometry) for row in rows.itertuples())
    entry = read_manifest(root).entry("demand")
    assert (entry.source, entry.licence, set(rows["year"])) == ("试验", "CC0", {2020.0})
    assert "pop.tif" in entry.notes[0]


def test_shares_follow_the_raster(small, tmp_path, geoplan):
    """Against numpy: the street's people by cell, those of cells that its border cuts in proportion to the part inside."""
    root = county(small, tmp_path)
    cells = np.arange(1, 8 * 22 + 1, dtype=np.float64).reshape(8, 22)
    assert geoplan("populate", write_raster(tmp_path / "pop.tif", cells), "--dir", root, "--replace", "--trust")[0] == 0
    left, top = -300 + np.arange(22) * CELL, 2100 - np.arange(8) * CELL
    wide = np.clip(np.minimum(2000, left + CELL) - np.maximum(0, left), 0, None)
    high = np.clip(np.minimum(2000, top) - np.maximum(0, top - CELL), 0, None)
    expected = cells * np.outer(high, wide)
    expected = expected[expected > 0] * CENSUS[STREET][0] / expected.sum()
    found = people(root).query("unit_code == @STREET")["pop_total"]
    assert np.allclose(sorted(found), sorted(expected), atol=1.01 / STEPS)


def test_a_raster_in_degrees_serves_as_well(small, tmp_path, geoplan):
    """As WorldPop's is: sums to the digit, every place in its township, nothing said about what is whole."""
    root = county(small, tmp_path)
    west, south, east, north = crs.lonlat(load_layers(root).frames["units"]).total_bounds
    transform = rasterio.Affine(0.003, 0, west - 0.004, 0, -0.003, north + 0.004)
    cells = np.random.default_rng(2).random((round((north - south) / 0.003) + 3, round((east - west) / 0.003) + 3))
    raster = write_raster(tmp_path / "pop.tif", cells, crs_text="EPSG:4326", transform=transform)
    status, told, error = geoplan("populate", raster, "--dir", root, "--replace", "--as-of", "2020-11-01", "--trust")
    assert (status, error, "面积" in told) == (0, "", False)
    rows = people(root)
    assert {code: exact(rows, code) for code in CENSUS} == {code: total for code, (total, *_ages) in CENSUS.items()}
    units = load_layers(root).frames["units"].set_index("unit_code").geometry
    assert all(units[row.unit_code].buffer(0.01).intersects(row.geometry) for row in rows.itertuples())
    assert str(read_manifest(root).entry("demand").as_of) == "2020-11-01"


def test_blocks_of_cells_become_one_place(small, tmp_path, geoplan):
    """The sums stay, the places are fewer."""
    root = county(small, tmp_path)
    raster = write_raster(tmp_path / "pop.tif", np.ones((8, 22)))
    geoplan("populate", raster, "--dir", root, "--replace", "--trust")
    fine = people(root)
    geoplan("populate", raster, "--dir", root, "--replace", "--block", "4", "--trust")
    coarse = people(root)
    assert len(coarse) < len(fine) / 8
    assert {code: exact(coarse, code) for code in CENSUS} == {code: total for code, (total, *_ages) in CENSUS.items()}


def test_voids_and_negative_numbers_are_no_people(small, tmp_path, geoplan):
    """Cells without a statement get nobody; how little the raster says is told for each township."""
    root = county(small, tmp_path)
    cells = np.full((8, 22), 5.0)
    cells[:, :4], cells[:, 4:5], cells[:4, 15:] = -9999, -3, np.nan
    status, told, _error = geoplan(
        "populate", write_raster(tmp_path / "p.tif", cells, nodata=-9999), "--dir", root, "--replace"
    )
    assert status == 0
    assert "8 个负数" in told
    assert "甲街道：栅格只有 40.0% 的面积有数" in told
    assert "丙镇：栅格只有" in told
    assert "乙镇：" not in told
    rows = people(root)
    assert (rows.query("unit_code == @STREET").geometry.x >= ORIGIN[0] + 1200).all()
    assert exact(rows, STREET) == 1001


def test_a_township_without_anybody_in_the_raster_keeps_its_people(small, tmp_path, geoplan):
    """They are one row without a place, told by name: unlocatable, not zero and not gone."""
    root = county(small, tmp_path)
    cells = np.full((8, 22), 5.0)
    cells[:, 14:] = 0
    status, told, _error = geoplan(
        "populate", write_raster(tmp_path / "p.tif", cells), "--dir", root, "--replace", "--trust"
    )
    assert status == 0
    assert "无法分配" in told
    assert "丙镇" in told
    rows = people(root).query("unit_code == @OTHER_TOWN")
    assert rows.geometry.isna().tolist() == [True]
    assert rows["pop_total"].tolist() == [3007]


def test_people_go_to_the_nearest_present_point_of_their_township(small, tmp_path, geoplan):
    """Names and places of the points stay; a point that gets nobody has unknown people, not zero."""
    root = county(small, tmp_path)
    before = people(root).set_index("demand_id")
    raster = write_raster(tmp_path / "p.tif", np.ones((8, 22)))
    status, told, error = geoplan("populate", raster, "--dir", root, "--replace", "--onto-points", "--trust")
    assert status == 0, error
    after = people(root).set_index("demand_id")
    assert set(before.index) <= set(after.index)
    assert after.loc[before.index, "name"].tolist() == before["name"].tolist()
    placed = before.geometry.notna()
    assert after.loc[before.index[placed]].geometry.geom_equals_exact(before.geometry[placed], 1e-3).all()
    assert sum(exact(after, code) for code in CENSUS) == sum(total for total, *_ages in CENSUS.values())
    empty = after["pop_total"].isna()
    assert ("没有分到人口" in told) == bool(empty.any())


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"crs_text": ""}, "没有坐标系"),
        ({"origin": (900_000.0, 0.0)}, "没有重叠"),
        ({"transform": rasterio.Affine(300, 10, ORIGIN[0], 10, -300, ORIGIN[1] + 2000)}, "正北"),
        ({"cells": np.ones((2, 8, 22))}, "2 个波段"),
    ],
)
def test_a_raster_that_cannot_be_used_is_refused(how, said, small, tmp_path, geoplan):
    """In one line, with nothing written."""
    root = county(small, tmp_path)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    options = {"cells": np.ones((8, 22))} | how
    raster = write_raster(tmp_path / "p.tif", options.pop("cells"), **options)
    status, _told, error = geoplan("populate", raster, "--dir", root, "--replace", "--trust")
    assert (status, said in error, error.count("\n")) == (2, True, 1), error
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_what_does_not_fit_together_is_told(small, tmp_path, geoplan):
    """A taken role, a damaged raster, a census of other townships or with more old people than people."""
    raster = write_raster(tmp_path / "p.tif", np.ones((8, 22)))
    root = county(small, tmp_path)
    assert "--replace" in geoplan("populate", raster, "--dir", root)[2]
    broken = tmp_path / "b.tif"
    broken.write_bytes(raster.read_bytes()[:-700])
    assert "无法读取" in geoplan("populate", broken, "--dir", root, "--replace")[2]
    for rows, said in (
        ([("999999001", "别处镇", 5, 1)], "对得上"),
        ([(STREET, "", 5, 6)], "多于总人口"),
        ([(STREET, "", 5, 1), ("", "甲街道", 6, 1)], "多次"),
    ):
        pd.DataFrame(rows, columns=["unit_code", "name", "population", "pop60"]).to_csv(
            root / "layers" / "census.csv", index=False
        )
        status, _told, error = geoplan("populate", raster, "--dir", root, "--replace", "--trust")
        assert (status, said in error) == (2, True), error
    assert not (root / ".intake").exists()


def test_porto_alegre_comes_back_from_its_own_raster(shared, tmp_path, geoplan):
    """The real grid of 2010 as a raster, its four quarters as units: sums to the digit, and the people are where they were."""
    source = shared / "data" / "porto_alegre" / "poa_hexgrid.csv"
    if not source.is_file():
        pytest.skip("../shared/data/porto_alegre is not there")
    hexagons = pd.read_csv(source)
    metric = crs.metric_crs(hexagons["lon"].mean(), hexagons["lat"].mean())
    points = gpd.GeoSeries(gpd.points_from_xy(hexagons["lon"], hexagons["lat"]), crs=4326).to_crs(metric)
    x, y = points.x.to_numpy(), points.y.to_numpy()
    west, south = np.floor(x.min() / 500) * 500, np.floor(y.min() / 500) * 500
    column, row = ((x - west) // 500).astype(int), ((y - south) // 500).astype(int)
    cells = np.zeros((row.max() + 1, column.max() + 1))
    np.add.at(cells, (row.max() - row, column), hexagons["population"])
    raster = tmp_path / "poa.tif"
    transform = rasterio.Affine(500, 0, west, 0, -500, south + 500 * len(cells))
    with rasterio.open(
        raster,
        "w",
        driver="GTiff",
        dtype="float64",
        count=1,
        height=cells.shape[0],
        width=cells.shape[1],
        crs=metric,
        transform=transform,
    ) as file:
        file.write(cells[None])
    middle = (west + 500 * (cells.shape[1] // 2), south + 500 * (cells.shape[0] // 2))
    ends = ((west, middle[0], west + 500 * cells.shape[1]), (south, middle[1], south + 500 * cells.shape[0]))
    quarters = [
        (f"q{i}{j}", shapely.box(ends[0][i], ends[1][j], ends[0][i + 1], ends[1][j + 1]))
        for i in (0, 1)
        for j in (0, 1)
    ]
    root = tmp_path / "poa"
    assert geoplan("new", root)[0] == 0
    units = gpd.GeoDataFrame(quarters, columns=["unit_code", "geometry"], geometry="geometry", crs=metric)
    units.assign(name=units["unit_code"], level="town", parent_code="").to_file(root / "layers" / "units.gpkg")
    truth = {code: int(hexagons.loc[points.intersects(shape), "population"].sum()) for code, shape in quarters}
    pd.DataFrame({"unit_code": list(truth), "population": list(truth.values())}).to_csv(
        root / "layers" / "census.csv", index=False
    )
    with (root / "layers" / "manifest.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[layer]]\nrole = "units"\nfile = "units.gpkg"\n\n[[layer]]\nrole = "census"\nfile = "census.csv"\n'
        )
    status, told, error = geoplan("populate", raster, "--dir", root)
    assert status == 0, error
    assert "不可评价" in told
    rows = load_layers(root, complete=False).frames["demand"].to_crs(metric)
    assert {code: exact(rows, code) for code in truth} == truth
    again = np.zeros_like(cells)
    places = (
        len(cells) - 1 - ((rows.geometry.y - south) // 500).astype(int),
        ((rows.geometry.x - west) // 500).astype(int),
    )
    np.add.at(again, places, rows["pop_total"])
    assert np.abs(again - cells).sum() < 1
