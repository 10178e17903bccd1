"""The demo's layers as frames in WGS84, with the columns that the workspace's schema names."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.demo.care import place_facilities
from geoplan.demo.clinics import place_clinics
from geoplan.demo.county import County, make_county
from geoplan.demo.facts import COUNTY_CODE, COUNTY_NAME, TOWNSHIPS
from geoplan.demo.figures import typed_figures
from geoplan.demo.idle import place_idle_assets
from geoplan.demo.people import People, estates_of, settle_people
from geoplan.demo.plane import from_lonlat, geometries_to_lonlat, to_lonlat
from geoplan.demo.precincts import divide_townships
from geoplan.demo.roads import build_roads
from geoplan.demo.ways import Ways

_CRS = "EPSG:4326"
_DEMAND = ["demand_id", "name", "kind", "lon", "lat", "pop_total", "pop60", "pop65", "basis", "year", "unit_code"]
_ESTATES = [
    "estate_id", "name", "lon", "lat", "households", "era", "approve_date", "facility_area_m2", "largest_site_m2",
    "project_id", "unit_code",
]  # fmt: skip
_FACILITIES = [
    "facility_id", "name", "kind", "level", "status", "functions", "beds", "nursing_beds", "residents", "floor_area_m2",
    "site_area_m2", "basic_beds", "grade", "stars", "has_medical", "hospital_contract", "is_demo", "ownership",
    "open_year", "unit_code", "as_of", "source", "lon", "lat",
]  # fmt: skip
_CLINICS = ["clinic_id", "name", "kind", "unit_code", "lon", "lat"]
_IDLE = ["asset_id", "name", "kind", "area_m2", "owner", "unit_code", "lon", "lat"]
_SEATS = ["seat_id", "name", "level", "unit_code", "lon", "lat"]
_COUNTS = [
    "beds", "nursing_beds", "residents", "floor_area_m2", "site_area_m2", "basic_beds", "grade", "stars", "open_year",
]  # fmt: skip


def demo_frames() -> dict[str, gpd.GeoDataFrame]:
    """Make every layer of the demo: role -> frame in EPSG:4326; the figures without places."""
    county = make_county()
    roads = build_roads(county)
    people = settle_people(county, roads)
    facilities = place_facilities(county, roads, people)
    return {
        "units": _units(county, people, facilities),
        "roads": _roads(roads.ways),
        "demand": _demand(people),
        "estates": _estates(people),
        "facilities": _points(facilities.astype(dict.fromkeys(_COUNTS, "Int64")), _FACILITIES),
        "clinics": _points(place_clinics(county, roads, people, facilities), _CLINICS),
        "idle_assets": _points(place_idle_assets(county, roads, people, facilities), _IDLE),
        "seats": _points(_seats(), _SEATS),
        "barriers": _barriers(county),
        "figures": _figures(),
    }


def _units(county: County, people: People, facilities: pd.DataFrame) -> gpd.GeoDataFrame:
    rows = [(COUNTY_CODE, COUNTY_NAME, "county", "", "")]
    for township in TOWNSHIPS:
        street = township.name.endswith("街道")
        rows.append(
            (township.code, township.name, "street" if street else "town", COUNTY_CODE, "urban" if street else "rural")
        )
    canteens = facilities.loc[facilities["facility_id"].str.startswith("HS-C-"), ["x", "y"]]
    precincts = divide_townships(county, people, canteens.to_numpy(dtype=np.float64))
    rows += [(p.code, p.name, p.level, TOWNSHIPS[p.township].code, p.urban_rural) for p in precincts]
    frame = pd.DataFrame(rows, columns=["unit_code", "name", "level", "parent_code", "urban_rural"])
    shapes = [county.borders.county, *county.borders.townships, *(precinct.area for precinct in precincts)]
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


def _seats() -> pd.DataFrame:
    """The county seat, which is that of its street too, and the seats of the townships."""
    first = TOWNSHIPS[0]
    rows = [("SEAT-00", f"{COUNTY_NAME}城区", "county", first.code, *from_lonlat(first.lon, first.lat))]
    for number, township in enumerate(TOWNSHIPS, start=1):
        at = from_lonlat(township.lon, township.lat)
        rows.append((f"SEAT-{number:02d}", f"{township.name}驻地", "township", township.code, *at))
    return pd.DataFrame(rows, columns=["seat_id", "name", "level", "unit_code", "x", "y"])


def _figures() -> gpd.GeoDataFrame:
    """The typed figures, which have no place."""
    figures = typed_figures()
    return gpd.GeoDataFrame(figures, geometry=[None] * len(figures), crs=_CRS)


def _barriers(county: County) -> gpd.GeoDataFrame:
    water = county.water
    shapes = [water.river, water.tributary, *water.reservoirs]
    names = ["示例河", "示例支流", *(f"示例水库{number}" for number in range(1, len(water.reservoirs) + 1))]
    ids = [f"W{number}" for number in range(1, len(shapes) + 1)]
    frame = pd.DataFrame({"barrier_id": ids, "kind": "water", "name": names})
    return gpd.GeoDataFrame(frame, geometry=geometries_to_lonlat(shapes), crs=_CRS)
