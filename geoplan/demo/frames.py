"""The demo's layers as frames in WGS84, with the columns that the workspace's schema names."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.demo.care import place_facilities
from geoplan.demo.county import County, make_county
from geoplan.demo.facts import COUNTY_CODE, COUNTY_NAME, TOWNSHIPS
from geoplan.demo.people import People, estates_of, settle_people
from geoplan.demo.plane import geometries_to_lonlat, to_lonlat
from geoplan.demo.roads import Roads, build_roads
from geoplan.demo.ways import Ways

_CRS = "EPSG:4326"
_DEMAND = ["demand_id", "name", "kind", "lon", "lat", "pop_total", "pop60", "pop65", "basis", "year", "unit_code"]
_ESTATES = ["estate_id", "name", "lon", "lat", "households", "era", "approve_date", "facility_area_m2", "unit_code"]
_FACILITIES = [
    "facility_id", "name", "kind", "level", "status", "functions", "beds", "nursing_beds", "residents", "floor_area_m2",
    "site_area_m2", "ownership", "open_year", "unit_code", "as_of", "source", "lon", "lat",
]  # fmt: skip
_COUNTS = ["beds", "nursing_beds", "residents", "floor_area_m2", "site_area_m2", "open_year"]


def demo_frames() -> dict[str, gpd.GeoDataFrame]:
    """Make every layer of the demo: role -> frame in EPSG:4326."""
    county = make_county()
    roads = build_roads(county)
    people = settle_people(county, roads)
    return {
        "units": _units(county),
        "roads": _roads(roads.ways),
        "demand": _demand(people),
        "estates": _estates(people),
        "facilities": _facilities(county, roads, people),
        "barriers": _barriers(county),
    }


def _units(county: County) -> gpd.GeoDataFrame:
    rows = [(COUNTY_CODE, COUNTY_NAME, "county", "", "")]
    for township in TOWNSHIPS:
        street = township.name.endswith("街道")
        rows.append(
            (township.code, township.name, "street" if street else "town", COUNTY_CODE, "urban" if street else "rural")
        )
    frame = pd.DataFrame(rows, columns=["unit_code", "name", "level", "parent_code", "urban_rural"])
    shapes = [county.borders.county, *county.borders.townships]
    return gpd.GeoDataFrame(frame, geometry=geometries_to_lonlat(shapes), crs=_CRS)


def _roads(ways: Ways) -> gpd.GeoDataFrame:
    """Rows in the order of their coordinates, so that the order says nothing about how they were made."""
    first = np.array([[*line[0], *line[-1], len(line)] for line in ways.lines])
    order = np.lexsort(first.T[::-1])
    frame = pd.DataFrame(
        {
            "road_id": [f"R{number:05d}" for number in range(1, len(order) + 1)],
            "road_class": [ways.classes[k] for k in order],
            "name": [ways.names[k] for k in order],
            "grade": np.array([ways.grades[k] for k in order], dtype=np.int64),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=geometries_to_lonlat(ways.geometries()[order]), crs=_CRS)


def _points(frame: pd.DataFrame, columns: list[str]) -> gpd.GeoDataFrame:
    """A frame of points with lon and lat columns from local x and y."""
    lonlat = to_lonlat(frame[["x", "y"]].to_numpy(dtype=np.float64))
    frame = frame.assign(lon=lonlat[:, 0], lat=lonlat[:, 1])
    return gpd.GeoDataFrame(frame[columns].reset_index(drop=True), geometry=shapely.points(lonlat), crs=_CRS)


def _with_codes(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(unit_code=[TOWNSHIPS[number].code for number in rows["township"]])


def _demand(people: People) -> gpd.GeoDataFrame:
    return _points(_with_codes(people.rows.assign(basis="resident", year=2020)), _DEMAND)


def _estates(people: People) -> gpd.GeoDataFrame:
    return _points(_with_codes(estates_of(people)), _ESTATES)


def _facilities(county: County, roads: Roads, people: People) -> gpd.GeoDataFrame:
    rows = place_facilities(county, roads, people)
    return _points(rows.astype(dict.fromkeys(_COUNTS, "Int64")), _FACILITIES)


def _barriers(county: County) -> gpd.GeoDataFrame:
    water = county.water
    shapes = [water.river, water.tributary, *water.reservoirs]
    names = ["示例河", "示例支流", *(f"示例水库{number}" for number in range(1, len(water.reservoirs) + 1))]
    ids = [f"W{number}" for number in range(1, len(shapes) + 1)]
    frame = pd.DataFrame({"barrier_id": ids, "kind": "water", "name": names})
    return gpd.GeoDataFrame(frame, geometry=geometries_to_lonlat(shapes), crs=_CRS)
