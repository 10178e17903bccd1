"""Heights along the network and walking up and down by Tobler, against hand computation and a plain numpy oracle."""

import itertools
import math
import shutil

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from shapely import LineString
from strategies import CRS, EAST, NORTH, roads_frame

from geoplan.errors import LayerError, NetworkError
from geoplan.layers import load_layers, osm
from geoplan.model import Severity
from geoplan.network import build_network
from geoplan.network.edge_times import CLOSED
from geoplan.network.elevation import STEP_M, read_elevation
from geoplan.network.profiles import load_profile, slope_factors, tobler_factor

WALK, CAR = load_profile("walk"), load_profile("car")
CELL = 30.0


def write_dem(path, heights, nodata=None, crs=CRS, west=EAST - 300, north=NORTH + 300):
    """A raster of 30 m cells; its upper left corner is 300 m west and north of the roads' origin."""
    heights = np.asarray(heights)
    height, width = heights.shape
    profile = {"driver": "GTiff", "count": 1, "dtype": heights.dtype, "width": width, "height": height}
    with rasterio.open(
        path, "w", **profile, nodata=nodata, crs=crs, transform=Affine(CELL, 0, west, 0, -CELL, north)
    ) as file:
        file.write(heights, 1)
    return path


def ramp(slope, size=60):
    """Heights that rise to the east."""
    east = (np.arange(size) + 0.5) * CELL
    return np.tile(100 + slope * east, (size, 1))


def street(*places, **tags):
    """The network of one street through places in metres from the roads' origin, for walkers."""
    line = LineString([(EAST + x, NORTH + y) for x, y in places])
    return build_network(roads_frame([line], **tags), WALK)


def tobler_kmh(slope):
    """The published formula."""
    return 6 * math.exp(-3.5 * abs(slope + 0.05))


@pytest.mark.parametrize("slope", [0.05, 0.1, -0.05, -0.1, 0.3, -0.02])
def test_ramp_by_hand(tmp_path, slope):
    """Eastward on an even slope walking takes v(0)/v(s) times as long, and westward v(0)/v(-s) times."""
    network = street((0, 0), (150, 0), (500, 0))
    times = WALK.times(network, read_elevation(network, write_dem(tmp_path / "dem.tif", ramp(slope))))
    assert times.forward.tolist() == [pytest.approx(500_000 * tobler_kmh(0) / tobler_kmh(slope), abs=1)]
    assert times.backward.tolist() == [pytest.approx(500_000 * tobler_kmh(0) / tobler_kmh(-slope), abs=1)]


def test_street_across_the_slope_is_flat(tmp_path):
    """Northward on a slope to the east nothing rises: the times are those of the flat."""
    network = street((0, 0), (0, 400))
    times = WALK.times(network, read_elevation(network, write_dem(tmp_path / "dem.tif", ramp(0.2))))
    assert times.forward.tolist() == times.backward.tolist() == [400_000]


def test_slope_over_a_ridge_adds_up(tmp_path):
    """Up one side and down the other takes the two sides' times, although both ends lie equally high."""
    heights = 300 - 0.1 * np.abs((np.arange(60) + 0.5) * CELL - 555)  # the ridge is the middle of a cell, 255 m east
    network = street((55, 0), (455, 0))
    times = WALK.times(network, read_elevation(network, write_dem(tmp_path / "dem.tif", np.tile(heights, (60, 1)))))
    by_hand = 200_000 * tobler_kmh(0) * (1 / tobler_kmh(0.1) + 1 / tobler_kmh(-0.1))
    # One step of 20 m ends 0 m from the ridge: the street is divided at 255 m exactly.
    assert times.forward.tolist() == times.backward.tolist() == [pytest.approx(by_hand, abs=2)]


@pytest.mark.parametrize("height", [0, 17, 1234.567, 0.1, -3.3])
def test_flat_dem_changes_nothing(tmp_path, height):
    """On a level DEM every time is the flat one, to the millisecond."""
    network = street((0, 0), (33.3, 71.9), (311.7, 200.1), (17.5, -93.7))
    elevation = read_elevation(network, write_dem(tmp_path / "dem.tif", np.full((60, 60), height)))
    flat, sloped = WALK.times(network), WALK.times(network, elevation)
    assert sloped.forward.tolist() == sloped.backward.tolist() == flat.forward.tolist()
    assert elevation.problems == ()


def test_steps_in_the_profile_are_short_and_keep_the_vertices():
    """No step is longer than 20 m, each edge's steps add up to it, and every vertex ends one."""
    network = street((0, 0), (7, 0), (7, 100.5), (300, 100.5))
    assert len(network.tail) == 1
    xy, edge = read_places(network)
    assert len(xy) == 1 + 1 + 6 + 15
    assert set(edge.tolist()) == {0}
    assert np.hypot(*np.diff(xy, axis=0).T).max() <= STEP_M
    assert np.hypot(*np.diff(xy, axis=0).T).sum() == pytest.approx(network.length_m[0], abs=1e-6)
    for place in shapely.get_coordinates(network.lines[0]):
        assert np.hypot(*(xy - place).T).min() == pytest.approx(0, abs=1e-9)


def read_places(network):
    """Where heights are read."""
    from geoplan.network.elevation import _places  # noqa: PLC0415 - one private look

    return _places(network)


def test_tobler_is_fastest_five_per_cent_downhill():
    """The factor is 1 on the flat, least at -5 %, Tobler's everywhere, and cut off beyond 45 degrees."""
    slopes = np.linspace(-1, 1, 2001)
    factors = tobler_factor(slopes)
    assert factors.tolist() == pytest.approx([tobler_kmh(0) / tobler_kmh(s) for s in slopes])
    assert slopes[factors.argmin()] == pytest.approx(-0.05)
    assert tobler_factor(np.array([0.0])).tolist() == [1.0]
    assert tobler_factor(np.array([7.0, -np.inf])).tolist() == tobler_factor(np.array([1.0, -1.0])).tolist()


@pytest.mark.parametrize(("void", "nodata"), [(-32768, None), (-32768, -32768), (-9999, None), (42, 42), (32767, None)])
def test_voids_are_flat_and_reported(tmp_path, void, nodata):
    """Where the DEM knows no height the street counts as flat, and how much of it that is is said."""
    heights = np.round(ramp(0.1)).astype(np.int16)
    heights[:, 20:25] = void  # 300 m to 450 m east; heights are known up to the middle of the cells beside it
    network = street((0, 0), (600, 0))
    elevation = read_elevation(network, write_dem(tmp_path / "dem.tif", heights, nodata))
    # 285 m to 465 m have no height; steps of 20 m that touch it: from 280 m to 480 m.
    assert elevation.void_share == pytest.approx(200 / 600)
    (problem,) = elevation.problems
    assert (problem.severity, problem.layer) == (Severity.WARNING, "dem")
    assert "33.33%" in problem.message
    up = WALK.times(network, elevation).forward[0]
    assert up == pytest.approx(200_000 + 400_000 * tobler_kmh(0) / tobler_kmh(0.1), rel=0.02)


def test_part_that_the_dem_does_not_cover_is_flat_and_reported(tmp_path):
    """A street that leaves the DEM counts as flat outside, and the share outside is said; voids are told apart."""
    network = street((0, 0), (400, 0))
    dem = write_dem(tmp_path / "dem.tif", ramp(0.1, 60)[:, :20])  # reaches 300 m east
    elevation = read_elevation(network, dem)
    assert (elevation.uncovered_share, elevation.void_share) == (pytest.approx(0.25), 0.0)
    assert "25.00%" in elevation.problems[0].message
    # In the outer half of the last cell its own height holds: flat from 285 m.
    up = WALK.times(network, elevation).forward[0]
    assert up == pytest.approx(100_000 + 300_000 * tobler_kmh(0) / tobler_kmh(0.1), rel=0.02)


def test_dem_elsewhere_or_unreadable_is_an_error(tmp_path):
    """A DEM beside the network, without a CRS, with three bands, or that is no raster at all, is a clear error."""
    network = street((0, 0), (400, 0))
    beside = write_dem(tmp_path / "beside.tif", ramp(0.1), west=EAST + 5000)
    with pytest.raises(NetworkError, match=r"beside\.tif 与路网没有重叠"):
        read_elevation(network, beside)
    bare = write_dem(tmp_path / "bare.tif", ramp(0.1), crs=None)
    with pytest.raises(NetworkError, match="没有坐标系"):
        read_elevation(network, bare)
    assert read_elevation(network, bare, CRS).uncovered_share == 0
    (tmp_path / "text.tif").write_text("no raster")
    for name in ("text.tif", "gone.tif"):
        with pytest.raises(NetworkError, match="无法读取"):
            read_elevation(network, tmp_path / name)
    with rasterio.open(
        tmp_path / "rgb.tif", "w", driver="GTiff", count=3, dtype="uint8", width=9, height=9, crs=CRS,
        transform=Affine(CELL, 0, EAST, 0, -CELL, NORTH),
    ) as file:  # fmt: skip
        file.write(np.zeros((3, 9, 9), dtype=np.uint8))
    with pytest.raises(NetworkError, match="3 个波段"):
        read_elevation(network, tmp_path / "rgb.tif")
    other = street((0, 0), (400, 0))
    elevation = read_elevation(other, write_dem(tmp_path / "dem.tif", ramp(0.1)))
    two = build_network(roads_frame([LineString([(EAST, NORTH + y), (EAST + 9, NORTH + y)]) for y in (0, 9)]))
    with pytest.raises(NetworkError, match="另一个路网"):
        WALK.times(two, elevation)


def test_slope_is_walkers_alone_and_not_on_steps(tmp_path):
    """Cars know no slope, and on steps the factor stands in its place."""
    dem = write_dem(tmp_path / "dem.tif", ramp(0.2))
    network = street((0, 0), (100, 0), road_class="steps")
    assert WALK.times(network, read_elevation(network, dem)).forward.tolist() == [200_000]
    road = build_network(roads_frame([LineString([(EAST, NORTH), (EAST + 100, NORTH)])]), WALK, CAR)
    elevation = read_elevation(road, dem)
    assert CAR.times(road, elevation).forward.tolist() == CAR.times(road).forward.tolist()
    assert WALK.times(road, elevation).forward[0] > WALK.times(road).forward[0]


def data(shared, name):
    """A file of the shared real data; the test is skipped where it is absent."""
    path = shared / "data" / name
    if not path.is_file():
        pytest.skip(f"real data is absent: {path}")
    return path


def oracle_height(cells, transform, x, y):
    """Bilinear by the four weights, NaN where one that counts has no height; plain Python."""
    column, row = (x - transform.c) / transform.a, (y - transform.f) / transform.e
    if not (0 <= column <= len(cells[0]) and 0 <= row <= len(cells)):
        return math.nan
    column, row = min(max(column - 0.5, 0), len(cells[0]) - 1), min(max(row - 0.5, 0), len(cells) - 1)
    left, upper = math.floor(column), math.floor(row)
    total = 0.0
    for i, wy in ((upper, 1 - (row - upper)), (upper + 1, row - upper)):
        for j, wx in ((left, 1 - (column - left)), (left + 1, column - left)):
            if wx * wy > 0:
                total += wx * wy * (math.nan if cells[i][j] == -32768 else cells[i][j])
    return total


def oracle_seconds(line, height_at):
    """Walking along a line: shapely divides each stretch, Tobler's published formula per step."""
    there = back = 0.0
    for start, end in itertools.pairwise(line.coords):
        stretch = LineString([start, end])
        count = max(math.ceil(stretch.length / 20), 1)
        places = [stretch.interpolate(i / count, normalized=True) for i in range(count + 1)]
        heights = [height_at(place.x, place.y) for place in places]
        for one, other in itertools.pairwise(heights):
            metres = stretch.length / count
            slope = 0.0 if math.isnan(other - one) or metres == 0 else max(min((other - one) / metres, 1), -1)
            there += metres * tobler_kmh(0) / tobler_kmh(slope)
            back += metres * tobler_kmh(0) / tobler_kmh(-slope)
    return there, back


@pytest.mark.parametrize(
    ("roads", "dem", "epsg", "mean"),
    [
        ("andorra/andorra.osm.pbf", "andorra/N42E001.hgt.zip", 32631, (1.2, 2.0)),
        ("porto_alegre/poa_osm.pbf", "porto_alegre/poa_elevation.tif", 32722, (1.0, 1.3)),
    ],
)
def test_real_slopes_are_the_oracles(shared, roads, dem, epsg, mean):
    """In Andorra, whose SRTM tile has voids, and in Porto Alegre: 300 edges equal the oracle, all are plausible."""
    network = build_network(osm.read_pbf(data(shared, roads)).assign(walkable="").to_crs(epsg), WALK)
    path = data(shared, dem)
    elevation = read_elevation(network, path)
    shares = (elevation.void_share, elevation.uncovered_share)
    assert shares == (
        (pytest.approx(0.0013, abs=0.0002), 0) if "andorra" in dem else (0, pytest.approx(0.0314, abs=0.0005))
    )
    assert len(elevation.problems) == 1
    flat, times = WALK.times(network), WALK.times(network, elevation)
    walked = flat.forward != CLOSED
    assert (times.forward[flat.forward > 10] > 0).all()
    assert ((times.forward == CLOSED) == (flat.forward == CLOSED)).all()
    assert (times.forward != times.backward)[walked].mean() > 0.5
    up, down = slope_factors(elevation)
    both = ((up + down) / 2 * network.length_m)[walked].sum() / network.length_m[walked].sum()
    assert mean[0] < both < mean[1]
    assert min(up.min(), down.min()) >= math.exp(-3.5 * 0.05) - 1e-12
    import pyproj  # noqa: PLC0415 - the oracle converts on its own

    convert = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True).transform
    with rasterio.open(path) as file:
        cells, transform = file.read(1).astype(int).tolist(), file.transform
    for edge in np.random.default_rng(5).choice(len(network.tail), 300, replace=False):
        line = network.lines[edge]
        there, back = oracle_seconds(line, lambda x, y: oracle_height(cells, transform, *convert(x, y)))
        assert (up[edge] * line.length, down[edge] * line.length) == (pytest.approx(there), pytest.approx(back))


def test_dem_in_the_manifest(tmp_path, small):
    """A DEM is a layer: placed, part of the digest by its content, and its path found through the manifest."""
    (tmp_path / "layers").mkdir()
    heights = np.full((300, 400), 20, dtype=np.int16)
    place = {"west": 385_000, "north": 2_515_000}
    write_dem(tmp_path / "layers" / "dem.tif", heights, **place)
    small.entries["dem"] = {"file": "dem.tif"}
    layers = load_layers(small.write(tmp_path))
    frame = layers.frames["dem"]
    assert frame["file"].tolist() == ["dem.tif"]
    assert len(frame["sha256"][0]) == 64
    assert frame.geometry.iloc[0].equals(shapely.box(385_000, 2_506_000, 397_000, 2_515_000))
    entry = layers.manifest.entry("dem")
    network = build_network(layers.frames["roads"], WALK)
    assert read_elevation(network, layers.manifest.path(entry), entry.crs).problems == ()
    before = layers.digests["dem"]
    heights[7, 7] = 21
    write_dem(tmp_path / "layers" / "dem.tif", heights, **place)
    assert load_layers(tmp_path).digests["dem"] != before


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"file": "far.tif"}, "与道路相距 200 公里以上"),
        ({"file": "bare.tif"}, "没有坐标系"),
        ({"file": "text.tif"}, "无法读取"),
        ({"file": "dem.gpkg"}, "不认识的文件格式"),
        ({"file": "dem.tif", "datum": "gcj02"}, "不能用 datum"),
    ],
)
def test_wrong_dem_in_the_manifest_is_reported(tmp_path, small, entry, message):
    """A DEM of another place, without a CRS, damaged, or of another format is a problem of its layer."""
    folder = tmp_path / "layers"
    folder.mkdir()
    write_dem(folder / "dem.tif", ramp(0.1))
    write_dem(folder / "far.tif", ramp(0.1), north=NORTH + 2_000_000)
    write_dem(folder / "bare.tif", ramp(0.1), crs=None)
    (folder / "text.tif").write_text("no raster")
    (folder / "dem.gpkg").write_text("no raster")
    small.entries["dem"] = entry
    with pytest.raises(LayerError) as caught:
        load_layers(small.write(tmp_path))
    assert any(problem.layer == "dem" and message in problem.message for problem in caught.value.problems)


def test_srtm_tile_tells_its_place_by_its_name(tmp_path, small, shared):
    """A zipped SRTM tile is read as it is downloaded; under another name it has no place and is refused."""
    source = data(shared, "andorra/N42E001.hgt.zip")
    (tmp_path / "layers").mkdir()
    shutil.copy(source, tmp_path / "layers" / "N42E001.hgt.zip")
    small.entries["dem"] = {"file": "N42E001.hgt.zip"}
    with pytest.raises(LayerError) as caught:
        load_layers(small.write(tmp_path))
    assert any("200 公里" in p.message for p in caught.value.problems if p.layer == "dem")
    shutil.move(tmp_path / "layers" / "N42E001.hgt.zip", tmp_path / "layers" / "heights.hgt.zip")
    small.entries["dem"] = {"file": "heights.hgt.zip"}
    with pytest.raises(LayerError) as caught:
        load_layers(small.write(tmp_path))
    assert any("无法读取" in p.message for p in caught.value.problems if p.layer == "dem")
