"""Coordinate systems: one metric one for analysis, the shifted datums of Chinese web maps undone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan import crs
from geoplan.errors import CrsError

EARTH = pyproj.Geod(ellps="WGS84")
CHINESE_LON = st.floats(73.5, 134.8)
CHINESE_LAT = st.floats(18.1, 53.5)
FORWARD = {"gcj02": crs._gcj02_from_wgs84, "bd09": crs._bd09_from_wgs84}


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (112.9, 22.7, 4547),  # Heshan
        (115.9, 24.6, 4548),  # Pingyuan
        (114.06, 22.54, 4547),  # Futian
        (-51.2, -30.0, 32722),  # Porto Alegre
        (24.94, 60.17, 32635),  # Helsinki
        (1.52, 42.5, 32631),  # Andorra
        (73.5, 39.0, 4534),  # the first Chinese zone
        (134.9, 48.0, 4554),  # the last one
        (-180.0, 0.0, 32601),
        (180.0, 0.0, 32660),
        (0.0, -0.1, 32731),
    ],
)
def test_a_place_has_its_zone(lon, lat, epsg):
    """Gauss-Kruger by three degrees in China, UTM elsewhere."""
    assert crs.metric_crs(lon, lat).to_epsg() == epsg


@given(CHINESE_LON, CHINESE_LAT)
def test_the_meridian_of_a_chinese_zone_is_at_most_a_degree_and_a_half_away(lon, lat):
    """The zone is the one whose central meridian, read from PROJ, is nearest; also at the zones' borders."""
    zone = crs.metric_crs(lon, lat)
    parameters = {parameter.name: parameter.value for parameter in zone.coordinate_operation.params}
    assert abs(parameters["Longitude of natural origin"] - lon) <= 1.5
    crs.require_metric(zone)


@given(st.floats(-180, 180), st.floats(-80, 84))
def test_metres_of_the_analysis_crs_are_metres(lon, lat):
    """Anywhere on earth a kilometre measured on the ellipsoid is within 1 in 1,000 of a kilometre in the plane."""
    zone = crs.metric_crs(lon, lat)
    there = EARTH.fwd(lon, lat, 37.0, 1000.0)
    (x0, x1), (y0, y1) = pyproj.Transformer.from_crs(4326, zone, always_xy=True).transform(
        [lon, there[0]], [lat, there[1]]
    )
    assert np.hypot(x1 - x0, y1 - y0) == pytest.approx(1000.0, abs=1.0)


@pytest.mark.parametrize(("lon", "lat"), [(181.0, 0.0), (0.0, 89.0), (22.7, 112.9), (np.nan, 0.0)])
def test_what_is_not_on_the_globe_has_no_zone(lon, lat):
    """Impossible degrees are refused."""
    with pytest.raises(CrsError, match="不是有效的经纬度"):
        crs.metric_crs(lon, lat)


@pytest.mark.parametrize("code", [3857, 4326, 4490, 2263])
def test_what_is_not_metric_is_refused(code):
    """Web Mercator, degrees and feet cannot be measured in."""
    with pytest.raises(CrsError, match="以米为单位"):
        crs.require_metric(pyproj.CRS.from_epsg(code))


def test_web_mercator_is_known_under_its_other_names():
    """ESRI's code and its own definition mean the same."""
    for text in ("EPSG:3857", "ESRI:102100", "ESRI:102113", pyproj.CRS.from_epsg(3857).to_wkt("WKT1_ESRI")):
        assert crs.is_web_mercator(pyproj.CRS.from_user_input(text)), text
    assert not crs.is_web_mercator(pyproj.CRS.from_epsg(4547))


def test_an_unknown_crs_is_refused_with_its_place():
    """The text that PROJ does not know is repeated, with where it stands."""
    with pytest.raises(CrsError, match=r"图层 roads.*EPSG:99999"):
        crs.parse("EPSG:99999", "图层 roads")


def test_a_frame_without_crs_is_not_converted():
    """A missing CRS is an error, never a guess."""
    with pytest.raises(CrsError, match="没有坐标系"):
        crs.lonlat(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)]))


def test_a_conversion_there_and_back_loses_nothing():
    """WGS84 to the analysis CRS and back agrees to 0.1 mm, in x, y order both times."""
    places = gpd.GeoDataFrame(geometry=gpd.points_from_xy([112.9, 113.2], [22.7, 22.5]), crs=4326)
    metric = crs.to_crs(places, crs.metric_crs(112.9, 22.7))
    assert metric.geometry.x.between(380_000, 420_000).all()
    assert metric.geometry.y.between(2_480_000, 2_520_000).all()
    assert crs.to_crs(metric, metric.crs) is metric
    assert np.allclose(
        shapely.get_coordinates(crs.lonlat(metric).geometry), shapely.get_coordinates(places.geometry), atol=1e-9
    )


def test_the_middle_of_a_frame_is_in_degrees():
    """Whatever the frame's CRS, its middle comes back as longitude and latitude."""
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([112.8, 113.0], [22.6, 22.8]), crs=4326)
    assert crs.centre_lonlat(frame) == pytest.approx((112.9, 22.7))
    assert crs.centre_lonlat(frame.to_crs(4547)) == pytest.approx((112.9, 22.7), abs=1e-3)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@given(st.lists(st.tuples(CHINESE_LON, CHINESE_LAT), min_size=1, max_size=20))
def test_a_shift_is_undone_to_the_millimetre(datum, places):
    """Shifted by the published formula and back, every place in China is within 1 mm of where it was."""
    start = np.array(places)
    back = shapely.get_coordinates(crs.undo_shift(shapely.points(FORWARD[datum](start)), datum))
    _, _, metres = EARTH.inv(*start.T, *back.T)
    assert metres.max() < 1e-3


@given(CHINESE_LON, CHINESE_LAT)
def test_the_gcj02_shift_is_some_hundred_metres(lon, lat):
    """Nowhere in China does the shift vanish, nor does it exceed a kilometre."""
    _, _, metres = EARTH.inv(lon, lat, *FORWARD["gcj02"](np.array([[lon, lat]]))[0])
    assert 40 < metres < 1000


@pytest.mark.parametrize(
    ("lon", "lat"), [(112.9, 22.7), (115.9, 24.6), (116.4, 39.9), (121.47, 31.23), (114.06, 22.54)]
)
def test_the_shift_in_cities_is_three_to_seven_hundred_metres(lon, lat):
    """In Heshan, Pingyuan, Beijing, Shanghai and Shenzhen the GCJ-02 shift is as large as is known."""
    _, _, metres = EARTH.inv(lon, lat, *FORWARD["gcj02"](np.array([[lon, lat]]))[0])
    assert 300 < metres < 700


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),  # Shanghai
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),  # Shenzhen
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),  # Beijing
    ],
)
def test_the_gcj02_shift_agrees_with_published_values(wgs84, gcj02):
    """The three cities in the tests of the eviltransform project, to 1e-9 degrees."""
    assert FORWARD["gcj02"](np.array([wgs84]))[0] == pytest.approx(gcj02, abs=1e-9)


def test_lines_and_areas_are_shifted_back_vertex_by_vertex():
    """The type and the number of vertices stay; an unshifted datum changes nothing at all."""
    line = shapely.LineString([(112.9, 22.7), (112.91, 22.7), (112.91, 22.71)])
    shapes = np.array([line, shapely.box(112.9, 22.7, 112.91, 22.71)])
    back = crs.undo_shift(shapes, "gcj02")
    assert [shape.geom_type for shape in back] == ["LineString", "Polygon"]
    assert [shapely.get_num_coordinates(shape) for shape in back] == [3, 5]
    assert not back[0].equals_exact(line, 1e-4)
    for datum in ("wgs84", "cgcs2000"):
        assert crs.undo_shift(shapes, datum) is shapes


def test_threads_that_come_and_go_convert_with_one_transformer(monkeypatch):
    """Three threads, one after the other, get the main thread's places, and PROJ is searched for a transformer once at most."""
    made = []
    maker = pyproj.transformer.TransformerFromCRS
    make = maker.__call__
    monkeypatch.setattr(maker, "__call__", lambda self: (made.append(self), make(self))[1])
    places = gpd.GeoDataFrame(geometry=[shapely.Point(113.4, 22.7)], crs=crs.WGS84)
    expected = crs.to_crs(places, crs.metric_crs(113.4, 22.7))
    made.clear()

    for _turn in range(3):
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(crs.to_crs, places, crs.metric_crs(113.4, 22.7)).result().equals(expected)
    assert len(made) <= 1
