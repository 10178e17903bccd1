"""The demo county: its public figures are exact, its geometry is sound, and it can be made again."""

import io
import itertools
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geoplan.demo import demo_frames
from geoplan.demo.facts import CANTEENS, COUNTY_CODE, COUNTY_POP60, INSTITUTIONS, TOWNSHIPS
from geoplan.demo.scenarios import demo_scenarios
from geoplan.layers import Layers, load_layers
from geoplan.layers.schema import OPERATING, TOWNSHIP_LEVELS
from geoplan.scenario import apply, fits, read_scenario

LAYERS = Path(__file__).parents[1] / "layers"
ALL_FOUR = {"full_residential", "day_care", "home_visit", "guidance"}
LAST_DIGIT = 1.5e-7  # degrees: another processor may round the seventh decimal the other way
ROLES = ("units", "roads", "demand", "estates", "facilities", "clinics", "idle_assets", "seats", "barriers", "figures")


@pytest.fixture(scope="module")
def made() -> dict[str, gpd.GeoDataFrame]:
    """The layers, made once."""
    return demo_frames()


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, object]]:
    """The committed manifest's entries by role."""
    table = tomllib.loads((LAYERS / "manifest.toml").read_text(encoding="utf-8"))
    return {entry["role"]: entry for entry in table["layer"]}


def as_read(text: str) -> pd.DataFrame:
    """A CSV text as the tests read it: codes stay text, blanks stay blank."""
    codes = {"unit_code": str, "as_of": str, "approve_date": str, "era": str, "value": str}
    return pd.read_csv(io.StringIO(text), dtype=codes)


def current(made: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """The facilities as they were last recorded."""
    return made["facilities"].drop_duplicates("facility_id")


def functions(facilities: pd.DataFrame) -> list[set[str]]:
    """Each facility's functions."""
    return [set(cell.split("|")) for cell in facilities["functions"].fillna("")]


@pytest.mark.parametrize("role", ["demand", "estates", "facilities", "clinics", "idle_assets", "seats", "figures"])
def test_regenerated_tables_equal_the_committed_ones(role, made, manifest):
    """Making the demo again gives the committed tables, row by row and value by value."""
    committed = (LAYERS / manifest[role]["file"]).read_text(encoding="utf-8")
    again = made[role].drop(columns="geometry").to_csv(index=False)
    assert_frame_equal(as_read(again), as_read(committed), rtol=0, atol=LAST_DIGIT)


@pytest.mark.parametrize("role", ["units", "roads", "barriers"])
def test_regenerated_geometries_equal_the_committed_ones(role, made, manifest):
    """Making the demo again gives the committed geometries, vertex by vertex, with the same attributes."""
    path = LAYERS / manifest[role]["file"]
    committed = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)
    names = [name for name in made[role].columns if name != "geometry"]
    assert_frame_equal(pd.DataFrame(made[role][names]), pd.DataFrame(committed[names]), check_dtype=False)
    assert shapely.equals_exact(made[role].geometry, committed.geometry, tolerance=LAST_DIGIT).all()
    assert made[role].crs == committed.crs


def test_people_add_up_to_the_census_in_every_township(made):
    """The demand points of each township add up to its population of the 2020 census."""
    sums = made["demand"].groupby("unit_code")["pop_total"].sum()
    assert sums.to_dict() == {township.code: township.population for township in TOWNSHIPS}
    assert sums.sum() == 530_684


def test_people_of_60_add_up_to_the_plan(made):
    """There are exactly 83,000 people of 60 and over, and never more of the old than of the people."""
    demand = made["demand"]
    assert demand["pop60"].sum() == COUNTY_POP60 == 83_000
    assert (
        (demand["pop65"] >= 0) & (demand["pop65"] <= demand["pop60"]) & (demand["pop60"] <= demand["pop_total"])
    ).all()


def test_beds_are_those_of_the_plan(made):
    """What operates has the plan's 1,807 beds, 1,086 of them nursing beds, under the institutions' names."""
    facilities = current(made).set_index("name")
    operating = facilities[facilities["status"].isin(OPERATING)]
    assert operating["beds"].sum() == 1807
    assert operating["nursing_beds"].sum() == 1086
    assert [operating.loc[fact.name, "beds"] for fact in INSTITUTIONS] == [fact.beds for fact in INSTITUTIONS]


def test_box_1_stands_beside_box_5(made):
    """Five institutions have a second, older row with the beds of 2020: 150 instead of 85, and fewer nursing beds."""
    facilities = made["facilities"]
    older = facilities[facilities["facility_id"].duplicated()].set_index("name")
    newer = current(made).set_index("name").loc[older.index]
    assert dict(zip(older.index, zip(older["beds"], older["nursing_beds"], strict=True), strict=True)) == {
        "鹤山市社会福利院": (150, 72),
        "古劳镇敬老院（慈善安老院）": (88, 5),
        "桃源镇敬老院": (44, 2),
        "址山镇敬老院": (33, 0),
        "宅梧镇敬老院": (30, 0),
    }
    assert (older["facility_id"] == newer["facility_id"]).all()
    assert (older["as_of"] < newer["as_of"]).all()


def test_all_institutions_of_2020_have_medical_care_or_a_contract(made):
    """As the plan says: each of its 14 institutions of 2020 has medical care of its own (five have) or a contract."""
    facilities = current(made).set_index("name")
    of_2020 = facilities.loc[[fact.name for fact in INSTITUTIONS if fact.residents is not None]]
    assert len(of_2020) == 14
    assert ((of_2020["has_medical"] == "yes") | (of_2020["hospital_contract"] == "yes")).all()
    assert (of_2020["has_medical"] == "yes").sum() == 5


def test_beds_to_add_are_those_of_the_plan(made):
    """Home by home, rounded up, to 70 % in the one county-level home and 55 % elsewhere: 219 nursing beds, as in box 5."""
    facilities = current(made)
    homes = facilities[facilities["status"].isin(OPERATING) & (facilities["beds"] > 0)]
    assert homes.loc[homes["level"] == "county", "name"].tolist() == ["鹤山市社会福利院"]
    share = np.where(homes["level"] == "county", 70, 55)
    wanted = -(-share * homes["beds"].to_numpy(int) // 100)
    assert np.maximum(wanted - homes["nursing_beds"].to_numpy(int), 0).sum() == 219


def test_one_small_home_lies_far_from_its_seat(made):
    """双合镇敬老院, 27 beds and 9 residents, lies more than 30 minutes on foot, even as the crow flies, from every seat."""
    metric = {role: made[role].to_crs("EPSG:4547") for role in ("seats", "facilities")}
    home = metric["facilities"].set_index("name").loc["双合镇敬老院"]
    assert (home["beds"], home["residents"]) == (27, 9)
    assert metric["seats"].distance(home.geometry).min() > 1_800


def test_townships_tile_the_county(made):
    """Ten townships share their borders' vertices, overlap nowhere, and their union is the county."""
    units = made["units"]
    towns = units[units["level"].isin(TOWNSHIP_LEVELS)]
    county = units.set_index("unit_code").loc[COUNTY_CODE, "geometry"]
    assert len(towns) == 10
    assert units.is_valid.all()
    assert shapely.coverage_is_valid(towns.geometry.to_numpy())
    assert shapely.coverage_union_all(towns.geometry.to_numpy()).equals(county)


def test_villages_tile_their_townships(made):
    """112 villages and 34 neighbourhoods share all borders, overlap nowhere, and make up the township in their code."""
    units = made["units"]
    villages = units[units["level"].isin(["village", "community"])]
    assert villages["level"].value_counts().to_dict() == {"village": 112, "community": 34}
    assert (villages["unit_code"].str[:9] == villages["parent_code"]).all()
    assert (villages["unit_code"].str.len() == 12).all()
    assert units["unit_code"].is_unique
    assert shapely.coverage_is_valid(villages.geometry.to_numpy())
    shapes = units.set_index("unit_code").geometry
    for township in TOWNSHIPS:
        here = villages.loc[villages["parent_code"] == township.code, "geometry"].to_numpy()
        assert shapely.coverage_union_all(here).equals(shapes[township.code])


def test_canteens_stand_where_their_names_say(made):
    """The six canteens that the plan names after a village or neighbourhood stand in the unit of that name."""
    units, facilities = made["units"].set_index("name").geometry, current(made).set_index("name").geometry
    places = {name: name.removesuffix("长者食堂") for name, _ in CANTEENS if "公园" not in name}
    assert len(places) == 6
    for canteen, unit in places.items():
        assert units[unit].contains(facilities[canteen])


def test_some_villages_have_a_point_and_some_have_none(made):
    """Between a third and a half of the villages and neighbourhoods have an operating facility of the village level."""
    units, facilities = made["units"], current(made)
    villages = units[units["level"].isin(["village", "community"])]
    points = facilities[facilities["status"].isin(OPERATING) & (facilities["level"] == "village")]
    rows, _ = shapely.STRtree(points.geometry.to_numpy()).query(villages.geometry.to_numpy(), predicate="contains")
    assert 1 / 3 < len(set(rows)) / len(villages) < 1 / 2


def test_every_demand_point_lies_in_its_unit(made):
    """Each demand point and estate lies inside the township whose code it bears."""
    shapes = made["units"].set_index("unit_code").geometry
    for role in ("demand", "estates"):
        homes = shapes.loc[made[role]["unit_code"]].to_numpy()
        assert shapely.contains_properly(homes, made[role].geometry.to_numpy()).all()


def test_five_townships_have_a_centre(made):
    """Exactly five townships have one existing facility with all four functions, four by 2023 and one in 2024."""
    facilities = current(made)
    whole = facilities[[needed >= ALL_FOUR for needed in functions(facilities)]]
    existing = whole[whole["status"] == "existing"]
    assert existing["unit_code"].nunique() == len(existing) == 5
    assert sorted(existing["open_year"] <= 2023) == [False, True, True, True, True]
    assert existing["open_year"].max() == 2024
    planned = whole[whole["status"] != "existing"]
    assert planned[["status", "open_year"]].to_numpy().tolist() == [["planned", 2025], ["building", 2026]]
    assert not set(planned["unit_code"]) & set(existing["unit_code"])


def test_one_township_has_the_four_functions_only_over_two_facilities(made):
    """共和镇's two facilities have the four functions together, neither alone."""
    here = current(made)[current(made)["name"].isin(["共和镇敬老院", "共和镇卫生院"])]
    first, second = functions(here)
    assert not first >= ALL_FOUR
    assert not second >= ALL_FOUR
    assert first | second >= ALL_FOUR


def test_land_is_just_enough_for_the_county_but_not_everywhere(made):
    """The county has a little more than 0.1 m2 of land per resident, but 沙坪 and 共和 have less."""
    facilities = current(made)
    site = facilities[facilities["status"].isin(OPERATING)].groupby("unit_code")["site_area_m2"].sum()
    assert 53_068.4 < site[[township.code for township in TOWNSHIPS]].sum() < 56_000
    short = {township.name for township in TOWNSHIPS if site[township.code] < 0.1 * township.population}
    assert {"沙坪街道", "共和镇"} <= short
    assert len(short) < 5


def test_a_neighbours_facility_lies_beyond_the_line(made):
    """One facility lies outside the county and bears no unit code; all others lie in the township they name."""
    facilities = current(made)
    shapes = made["units"].set_index("unit_code").geometry
    abroad = facilities["unit_code"] == ""
    assert facilities.loc[abroad, "facility_id"].tolist() == ["NB-S-001"]
    assert not shapes[COUNTY_CODE].contains(facilities.loc[abroad, "geometry"].iloc[0])
    at_home = facilities[~abroad]
    assert shapely.contains_properly(shapes.loc[at_home["unit_code"]].to_numpy(), at_home.geometry.to_numpy()).all()


def test_estates_cover_the_cases_of_the_rule(made):
    """Estates include a date only, no age, unknown area, no area and exactly enough; six in ten comply."""
    estates = made["estates"]
    blank_era = estates["era"] == ""
    assert (blank_era & (estates["approve_date"] != "")).sum() == 4
    assert (blank_era & (estates["approve_date"] == "")).sum() == 2
    assert estates["facility_area_m2"].isna().sum() == 8
    needed = estates["households"] * np.where(estates["era"] == "new", 20, 15)
    hundredfold = estates["facility_area_m2"] * 100
    assert (hundredfold == 0).any()
    assert np.isclose(hundredfold, needed, rtol=0, atol=1e-6).sum() > 20
    assert 0.5 < (hundredfold >= needed - 1e-6).mean() < 0.7


def test_estates_have_sites_no_larger_than_their_area(made):
    """The largest site is at most the area, smaller in some estates and not known in twelve more; projects join 2 or 3."""
    estates = made["estates"]
    area, largest = estates["facility_area_m2"], estates["largest_site_m2"]
    assert not (largest > area).any()
    assert (largest < area).sum() > 50
    assert (largest.isna() & area.notna()).sum() == 12
    together = estates[estates["project_id"] != ""].groupby("project_id")
    assert together.ngroups > 20
    assert together.size().isin([2, 3]).all()
    assert together["era"].unique().map(list).tolist() == [["new"]] * together.ngroups


def test_what_the_plan_aims_at_is_partly_there(made):
    """Two of two regional centres, four of 1+7 emergency centres, a dementia centre, no hospice yet, model stations open."""
    facilities = current(made)
    there = facilities[facilities["status"].isin(OPERATING) & (facilities["open_year"] <= 2025)]
    counts = there["kind"].value_counts()
    assert (counts["regional_centre"], counts["emergency_centre"]) == (2, 4)
    assert sum("dementia_care" in needed for needed in functions(there)) == 1
    assert not any("hospice" in needed for needed in functions(there))
    assert any("hospice" in needed for needed in functions(facilities))
    stations = there[there["kind"].isin(["community_centre", "village_station"])]["is_demo"]
    assert ((stations == "yes").sum(), (stations == "").sum()) == (2, 1)


def test_clinics_are_beside_some_facilities_and_far_from_others(made):
    """Each township has its health centre; of its homes and of its stations some have a clinic within 200 m, some not."""
    metric = {role: made[role].to_crs("EPSG:4547") for role in ("clinics", "facilities")}
    clinics, facilities = metric["clinics"], metric["facilities"]
    centres = clinics[clinics["kind"] == "health_centre"]
    assert sorted(centres["unit_code"]) == sorted(township.code for township in TOWNSHIPS)
    homes = facilities[(facilities["kind"] == "care_home") & (facilities["level"] == "township")]
    stations = facilities[facilities["level"] == "village"]
    for sites, kinds in ((homes, ["health_centre"]), (stations, ["village_clinic", "community_health"])):
        near = shapely.STRtree(clinics.geometry[clinics["kind"].isin(kinds)])
        _, away = near.query_nearest(sites.geometry, return_distance=True, all_matches=False)
        assert 0.2 < (away <= 200).mean() < 0.6


def test_some_idle_assets_lie_far_from_every_facility(made):
    """Half of the 26 idle assets lie more than 1,500 m from every facility: none of them is within 15 minutes' walk."""
    metric = {role: made[role].to_crs("EPSG:4547") for role in ("idle_assets", "facilities")}
    _, away = shapely.STRtree(metric["facilities"].geometry).query_nearest(
        metric["idle_assets"].geometry, return_distance=True, all_matches=False
    )
    assert len(away) == 26
    assert 12 <= (away > 1_490).sum() <= 16
    assert made["idle_assets"]["area_m2"].isna().sum() == 3


def test_everything_new_lies_in_the_township_it_names(made):
    """Clinics, idle assets and seats lie in the township whose code they bear; one seat is the county's."""
    shapes = made["units"].set_index("unit_code").geometry
    for role in ("clinics", "idle_assets", "seats"):
        frame = made[role]
        assert shapely.contains_properly(shapes.loc[frame["unit_code"]].to_numpy(), frame.geometry.to_numpy()).all()
    assert made["seats"]["level"].value_counts().to_dict() == {"township": 10, "county": 1}


def test_roads_meet_only_where_they_are_joined(made):
    """No two roads of one grade cross without a junction, and only named bridges touch the water's middle."""
    roads = made["roads"]
    a, b = shapely.STRtree(roads.geometry).query(roads.geometry, predicate="crosses")
    same_grade = roads["grade"].to_numpy()[a] == roads["grade"].to_numpy()[b]
    assert not same_grade.any()
    water = made["barriers"].union_all()
    assert set(roads.loc[roads.crosses(water), "grade"]) == {1}


def test_the_motorway_is_joined_only_by_its_ramps(made):
    """The motorway shares vertices with ramps alone, although it crosses dozens of roads."""
    roads = made["roads"]
    is_motorway = (roads["road_class"] == "motorway").to_numpy()
    on_motorway = {tuple(xy) for xy in shapely.get_coordinates(roads.geometry[is_motorway])}
    others = roads[~is_motorway]
    joined = [not on_motorway.isdisjoint(line.coords) for line in others.geometry]
    assert set(others.loc[joined, "name"]) == {"示例高速公路匝道"}
    crossed = shapely.STRtree(others.geometry).query(roads.geometry[is_motorway], predicate="crosses")
    assert crossed.shape[1] > 24


def test_remote_hamlets_and_network_islands_are_few_and_there(made):
    """Five to ten hamlets lie more than 500 m from every road, and two small webs of lanes are joined to nothing."""
    metric = {role: made[role].to_crs("EPSG:4547") for role in ("demand", "roads")}
    _, away = shapely.STRtree(metric["roads"].geometry).query_nearest(
        metric["demand"].geometry, return_distance=True, all_matches=False
    )
    assert 5 <= (away > 500).sum() <= 10
    ends = [(line.coords[0], line.coords[-1]) for line in made["roads"].geometry]
    *webs, rest = sorted(parts(ends))
    assert len(webs) == 2
    assert max(webs) < 40
    assert sum(webs) + rest == len(ends)


def parts(lines: list[tuple[tuple[float, float], tuple[float, float]]]) -> list[int]:
    """The number of lines in each connected part, by merging their ends."""
    root: dict[tuple[float, float], tuple[float, float]] = {}

    def find(node: tuple[float, float]) -> tuple[float, float]:
        while root.setdefault(node, node) != node:
            root[node] = node = root[root[node]]
        return node

    for start, end in lines:
        root[find(start)] = find(end)
    ordered = sorted(find(start) for start, _ in lines)
    return [len(list(group)) for _, group in itertools.groupby(ordered)]


def test_layers_are_small():
    """All files under layers/ together stay under 8 MB (the repository's limit is 20)."""
    assert sum(path.stat().st_size for path in LAYERS.iterdir()) < 8_000_000


def test_manifest_marks_what_is_synthetic(manifest):
    """Every layer of the manifest exists and names its source and licence; all but the seats are marked synthetic."""
    assert tuple(manifest) == ROLES
    for role, entry in manifest.items():
        assert (LAYERS / str(entry["file"])).is_file()
        assert entry["synthetic"] is (role != "seats")
        assert entry["source"]
        assert entry["licence"]


@pytest.fixture(scope="module")
def layers() -> Layers:
    """The committed layers as they are loaded."""
    return load_layers(LAYERS.parent)


def test_regenerated_scenarios_equal_the_committed_ones(layers):
    """Working the scenarios out again from the committed layers gives the committed files."""
    committed = {file.stem: read_scenario(file) for file in (LAYERS.parent / "scenarios").glob("*.json")}
    assert demo_scenarios(layers) == committed


def test_the_demo_scenarios_fit_their_layers(layers):
    """Every edit of every scenario fits, changes something, gives a reason and is labelled synthetic."""
    for scenario in demo_scenarios(layers).values():
        assert fits(scenario, layers) == ()
        assert all("合成" in step.reason for step in scenario.steps)
        assert "合成" in scenario.note


def test_the_plan_gives_every_township_with_a_care_home_a_centre(layers):
    """After the plan some facility of each township that has a care home has all four functions."""
    facilities = apply(layers, demo_scenarios(layers)["plan-2025"].edits).layers.frames["facilities"]
    complete = facilities[[held >= ALL_FOUR for held in functions(facilities)]]
    homes = facilities[(facilities["kind"] == "care_home") & (facilities["township"] != "")]
    assert set(homes["township"]) <= set(complete["township"])
