"""The datum of places is told by laying them over a reference; where that does not tell, nothing is decided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoplan import crs, datum
from geoplan.layers import osm

DATA = Path(__file__).parents[2] / "shared" / "data"
METRE = 1 / 111_320.0
real = pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")


def along(shapes: object) -> np.ndarray:
    """Points every 30 m along lines."""
    return shapely.get_coordinates(shapely.segmentize(shapes, 0.0003))


def shifted(places: np.ndarray, name: str) -> np.ndarray:
    """Places of WGS84 as a web map shows them."""
    return shapely.get_coordinates(crs.shift(shapely.points(places), name))


@given(st.floats(73.5, 135), st.floats(18, 53.5), st.sampled_from(["gcj02", "bd09"]))
def test_there_and_back_is_within_a_centimetre(lon, lat, name):
    """The shift is undone wherever in China a place lies."""
    there = crs.shift(np.array([shapely.Point(lon, lat)]), name)
    back = crs.undo_shift(there, name)[0]
    assert np.hypot(back.x - lon, back.y - lat) < 0.01 * METRE
    assert 50 * METRE < np.hypot(there[0].x - lon, there[0].y - lat) < 2_500 * METRE


@real
@pytest.mark.parametrize("name", datum.READINGS)
@pytest.mark.parametrize("code", ["360735", "440117", "440784", "441426"])
def test_the_outline_of_each_county_tells_its_datum(code, name):
    """Against a WGS84 copy, exact or drawn 200 m coarser, each of the three is recognised."""
    outline = shapely.from_geojson((DATA / "places" / f"{code}.geojson").read_text(encoding="utf-8"))
    wgs84 = crs.undo_shift(np.array([outline]), "gcj02")
    places = shapely.get_coordinates(crs.shift(wgs84, name))
    for reference in (wgs84, shapely.simplify(wgs84, 0.002)):
        found = datum.detect(places, along(shapely.boundary(reference)))
        assert found.datum == name
        assert found.shifted == (name != "wgs84")
    assert datum.detect(shapely.get_coordinates(outline), along(shapely.boundary(wgs84))).datum == "gcj02"


@pytest.fixture(scope="module")
def futian() -> np.ndarray:
    """Points along Futian's roads."""
    return along(osm.read_graphml(DATA / "futian" / "futian.graphml").geometry.to_numpy())


@real
@pytest.mark.parametrize("seed", range(3))
def test_places_beside_roads_tell_their_datum(futian, seed):
    """A hundred and fifty places within 60 m of a road are enough; the evidence has all three distances."""
    chance = np.random.default_rng(seed)
    turn, away = chance.uniform(0, 2 * np.pi, 150), chance.uniform(5, 60, 150) * METRE
    places = futian[chance.integers(0, len(futian), 150)] + np.column_stack([np.cos(turn) * away, np.sin(turn) * away])
    for name in datum.READINGS:
        found = datum.detect(shifted(places, name), futian)
        assert found.datum == name
        assert set(found.metres) == set(datum.READINGS)
        assert found.metres[name] < found.by_chance
        assert f"{found.metres['bd09']:,.0f}" in found.evidence()


@real
def test_places_that_have_nothing_to_do_with_roads_raise_no_alarm(futian):
    """Places strewn over Futian, which stay in it under every reading, are never taken for shifted ones; nor are too few."""
    low, high = futian.min(axis=0) + 0.013, futian.max(axis=0) - 0.013
    for seed in range(20):
        places = np.random.default_rng(seed).uniform(low, high, (seed * 5 + 6, 2))
        assert not datum.detect(places, futian).shifted
    assert "不足" in datum.detect(futian[:4], futian).reason


@real
def test_there_is_no_alarm_outside_china():
    """In Porto Alegre and Andorra neither datum is in use, whatever the distances."""
    hexagons = pd.read_csv(DATA / "porto_alegre" / "poa_hexgrid.csv")[["lon", "lat"]].to_numpy()
    for places in (hexagons, np.array([[1.52, 42.5], [1.53, 42.51]])):
        found = datum.detect(places, places)
        assert found.datum == ""
        assert not found.shifted
        assert "境内" in found.evidence()


def test_nothing_is_decided_about_nothing():
    """No places, or none to lay them over."""
    assert datum.detect(np.empty((0, 2)), np.ones((5, 2))).datum == ""
    assert datum.detect(np.ones((5, 2)), np.empty((0, 2))).datum == ""
