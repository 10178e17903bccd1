"""Random edits: of the small county's own things and of its surroundings, and of any text and number at all."""

from __future__ import annotations

import geopandas as gpd
from hypothesis import strategies as st
from workspaces import CRS, at

from geoplan.scenario import (
    AddFacility,
    AddParcel,
    AddRoad,
    ChangeEstateArea,
    ChangeFacility,
    ChangeParcel,
    CloseFacility,
    CloseRoad,
    ConvertAsset,
    DropFacility,
    DropParcel,
    DropRoad,
    MoveFacility,
    ReopenFacility,
    ReopenRoad,
)

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12).map(str.strip).filter(bool)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(-1e15, 1e15), st.booleans(), st.none())
attributes = st.dictionaries(texts, st.one_of(texts, numbers), max_size=4)
lons, lats = st.floats(-180, 180), st.floats(-90, 90)
places = st.tuples(lons, lats)
rings = st.lists(places, min_size=3, max_size=5).map(lambda ring: (*ring, ring[0]))
outlines = st.lists(rings, min_size=1, max_size=2).map(tuple)

any_edits = st.one_of(
    st.builds(AddFacility, facility_id=texts, lon=lons, lat=lats, attributes=attributes),
    st.builds(MoveFacility, facility_id=texts, lon=lons, lat=lats),
    st.builds(ChangeFacility, facility_id=texts, attributes=attributes),
    st.builds(CloseFacility, facility_id=texts),
    st.builds(ReopenFacility, facility_id=texts),
    st.builds(ConvertAsset, asset_id=texts, facility_id=texts, attributes=attributes),
    st.builds(AddParcel, parcel_id=texts, attributes=attributes, outline=outlines),
    st.builds(ChangeParcel, parcel_id=texts, attributes=attributes, outline=outlines),
    st.builds(ChangeParcel, parcel_id=texts, attributes=attributes),
    st.builds(DropFacility, facility_id=texts),
    st.builds(DropParcel, parcel_id=texts),
    st.builds(DropRoad, road_id=texts),
    st.builds(CloseRoad, closure_id=texts, lon=lons, lat=lats),
    st.builds(ReopenRoad, closure_id=texts),
    st.builds(
        AddRoad, road_id=texts, attributes=attributes, line=st.lists(places, min_size=2, max_size=4, unique=True)
    ),
    st.builds(ChangeEstateArea, estate_id=texts, facility_area_m2=st.one_of(st.none(), st.floats(0, 1e6))),
)


def lonlat(east: float, north: float) -> tuple[float, float]:
    """WGS84 degrees of a place in metres from the small county's south-western corner."""
    point = gpd.GeoSeries([at(east, north)], crs=CRS).to_crs(4326).iloc[0]
    return point.x, point.y


def square(east: float, north: float, size: float = 40) -> tuple[tuple[tuple[float, float], ...]]:
    """A square in WGS84 degrees."""
    corners = [(east, north), (east + size, north), (east + size, north + size), (east, north + size), (east, north)]
    return (tuple(lonlat(*corner) for corner in corners),)


_places = st.tuples(st.integers(10, 5990), st.integers(10, 1990))
_own = st.sampled_from(["F1", "F2", "F4", "N1", "N2"])
_parcels = st.sampled_from(["P1", "P2"])
_facts = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["甲站", "乙站"]),
        "kind": st.sampled_from(["养老机构", "canteen"]),
        "status": st.sampled_from(["现状", "closed", "planned"]),
        "functions": st.sampled_from(["助餐、日托", "meals", None]),
        "beds": st.sampled_from([90, "1,200", 80.5, None]),
        "nursing_beds": st.sampled_from([3, 0, None]),
        "open_year": st.sampled_from([2020, "2026"]),
        "unit_code": st.sampled_from(["440784001", "440784101", None]),
        "has_medical": st.sampled_from([True, "否", None]),
    },
)
_whole = {"name": "新站", "kind": "village_station", "level": "村居", "status": "existing"}


def _placed(kind: type, **values: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(
        lambda place, given: kind(lon=lonlat(*place)[0], lat=lonlat(*place)[1], **given),
        _places,
        st.fixed_dictionaries(values),
    )


fitting_edits = st.one_of(
    _placed(AddFacility, facility_id=_own, attributes=_facts.map(lambda facts: _whole | facts)),
    _placed(MoveFacility, facility_id=_own),
    st.builds(ChangeFacility, facility_id=_own, attributes=_facts),
    st.builds(CloseFacility, facility_id=_own),
    st.builds(ReopenFacility, facility_id=_own),
    st.builds(DropFacility, facility_id=_own),
    st.builds(ConvertAsset, asset_id=st.just("A1"), facility_id=_own, attributes=st.just({**_whole, "name": "改建站"})),
    st.builds(
        AddParcel,
        parcel_id=_parcels,
        attributes=st.just({"code": "0806", "code_system": "mnr"}),
        outline=_places.map(lambda place: square(*place)),
    ),
    st.builds(ChangeParcel, parcel_id=_parcels, attributes=st.just({"status": "规划"})),
    st.builds(
        ChangeEstateArea, estate_id=st.sampled_from(["E1", "E2"]), facility_area_m2=st.sampled_from([None, 12.5, 99])
    ),
)
"""Edits of which many fit the small county, in some order."""
