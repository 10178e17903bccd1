"""Edits, what they come to on layers, and every reason why they do not fit."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scenario_strategies import any_edits, fitting_edits, lonlat, square
from workspaces import CRS, OTHER_TOWN, STREET, TOWN, Workspace, area, at, small_workspace, table

from geoplan.errors import EditsError, ScenarioError
from geoplan.layers import Layers, load_layers
from geoplan.layers.schema import FACILITY_KINDS, ROLES
from geoplan.model import Severity
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
    Scenario,
    Step,
    accept,
    apply,
    digest,
    edit_from_json,
    edit_to_json,
    fits,
    rebase,
    resolve,
)
from geoplan.scenario.defaults import usual
from geoplan.scenario.store import now

STATION = {"name": "新站", "kind": "养老服务站", "level": "village", "status": "现状"}
LAND = {"code": "0806", "code_system": "mnr"}


def with_more_layers() -> Workspace:
    """The small county with two parcels and an idle school."""
    small = small_workspace()
    small.frames["landuse"] = table(
        "parcel_id code code_system status",
        ("P1", "0702", "mnr", "", area(100, 100, 160, 160)),
        ("P3", "0702", "mnr", "现状", area(300, 100, 360, 160)),
    )
    small.frames["idle_assets"] = table(
        "asset_id name kind area_m2 unit_code",
        ("A1", "旧小学", "school", "900", "", at(2200, 700)),
        ("A2", "旧祠堂", "hall", "200", "", at(2300, 700)),
    )
    small.entries["landuse"] = {"file": "landuse.parquet"}
    small.entries["idle_assets"] = {"file": "idle_assets.csv", "crs": CRS}
    return small


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The small county with more layers, loaded once: nothing may change it."""
    return load_layers(with_more_layers().write(tmp_path_factory.mktemp("county")))


def facility(facility_id: str, east: float, north: float, **attributes: object) -> AddFacility:
    """A new station so many metres from the county's corner."""
    lon, lat = lonlat(east, north)
    return AddFacility(facility_id=facility_id, lon=lon, lat=lat, attributes={**STATION, **attributes})


def row(frame: gpd.GeoDataFrame, key: str, value: str) -> dict[str, object]:
    """One row of a frame."""
    return frame[frame[key] == value].iloc[0].to_dict()


def errors(layers: Layers, *edits: object) -> list[tuple[tuple[str, ...], str]]:
    """(edits named, message) of each error."""
    return [(problem.rows, problem.message) for problem in resolve(layers, edits).errors]


def test_a_new_facility_is_a_row_as_if_loaded(layers):
    """Words become codes, numbers floats, the township is found, what is not said is blank."""
    applied = apply(layers, [facility("N1", 2500, 700, functions="助餐、日托", beds="1,200", open_year=2025)])
    new = row(applied.layers.frames["facilities"], "facility_id", "N1")
    assert (new["kind"], new["status"], new["functions"]) == ("village_station", "existing", "day_care|meals")
    assert (new["beds"], new["open_year"], new["township"], new["in_area"]) == (1200.0, 2025.0, TOWN, True)
    assert new["ownership"] == ""
    assert new["geometry"].distance(at(2500, 700)) < 1e-3
    assert applied.touched == {"facilities": ("N1",)}


def test_moving_takes_a_facility_to_another_township(layers):
    """A moved facility keeps everything but its place and what follows from it."""
    lon, lat = lonlat(4500, 300)
    before = row(layers.frames["facilities"], "facility_id", "F1")
    after = row(
        apply(layers, [MoveFacility(facility_id="F1", lon=lon, lat=lat)]).layers.frames["facilities"],
        "facility_id",
        "F1",
    )
    assert (before["township"], after["township"]) == (STREET, OTHER_TOWN)
    moved = {"geometry", "township"}
    assert {name: after[name] for name in after if name not in moved and after[name] == after[name]} == {
        name: before[name] for name in before if name not in moved and before[name] == before[name]
    }


def test_closing_and_reopening_gives_the_status_back(layers):
    """Reopened in the same scenario, a facility has the status from before; one closed in the baseline exists."""
    changes = [ChangeFacility(facility_id="F1", attributes={"status": "扩建"}), CloseFacility(facility_id="F1")]
    statuses = [
        row(apply(layers, edits).layers.frames["facilities"], "facility_id", "F1")["status"]
        for edits in (changes, [*changes, ReopenFacility(facility_id="F1")])
    ]
    assert statuses == ["closed", "expanding"]
    assert row(layers.frames["facilities"], "facility_id", "F4")["status"] == "closed"
    reopened = apply(layers, [ReopenFacility(facility_id="F4")]).layers.frames["facilities"]
    assert row(reopened, "facility_id", "F4")["status"] == "existing"


def test_an_idle_asset_becomes_a_facility(layers):
    """It has the asset's place, name and township; the asset is idle no longer, and cannot be converted twice."""
    attributes = {"kind": "canteen", "level": "village", "status": "existing"}
    edit = ConvertAsset(asset_id="A1", facility_id="N1", attributes=attributes)
    applied = apply(layers, [edit])
    new = row(applied.layers.frames["facilities"], "facility_id", "N1")
    assert (new["name"], new["township"], new["kind"]) == ("旧小学", TOWN, "canteen")
    assert new["geometry"].equals(at(2200, 700))
    assert applied.layers.frames["idle_assets"]["asset_id"].tolist() == ["A2"]
    assert applied.touched == {"facilities": ("N1",), "idle_assets": ("A1",)}
    assert errors(layers, edit, dataclasses.replace(edit, facility_id="N2")) == [
        (("#2",), "闲置资产“A1”已被前面的步骤移除")
    ]


def test_parcels_are_added_changed_and_dropped(layers):
    """The land use layer has the new outline, the changed status, and no dropped parcel."""
    edits = [
        AddParcel(parcel_id="P2", attributes=LAND, outline=square(500, 500)),
        ChangeParcel(parcel_id="P1", attributes={"status": "规划"}, outline=square(200, 200, 50)),
        DropParcel(parcel_id="P3"),
    ]
    landuse = apply(layers, edits).layers.frames["landuse"]
    assert landuse["parcel_id"].tolist() == ["P1", "P2"]
    assert landuse["status"].tolist() == ["规划", ""]
    assert landuse.area.round(1).tolist() == [2500.0, 1600.0]


def test_a_workspace_without_land_use_takes_a_parcel(small, tmp_path):
    """The first parcel makes the layer."""
    plain = load_layers(small.write(tmp_path))
    landuse = apply(plain, [AddParcel(parcel_id="P1", attributes=LAND, outline=square(500, 500))]).layers.frames[
        "landuse"
    ]
    assert landuse["parcel_id"].tolist() == ["P1"]
    assert landuse.crs == plain.crs


def test_road_edits_are_handed_to_the_network(layers):
    """Closed places and new lines come in the analysis CRS with their attributes; the roads' frame stays."""
    lon, lat = lonlat(750, 1005)
    edits = [
        CloseRoad(closure_id="C1", lon=lon, lat=lat),
        CloseRoad(closure_id="C2", lon=lon, lat=lat),
        AddRoad(
            road_id="R1",
            line=(lonlat(4000, 1500), lonlat(4500, 1500)),
            attributes={"road_class": "steps", "walkable": True},
        ),
        ReopenRoad(closure_id="C2"),
    ]
    applied = apply(layers, edits)
    assert applied.roads.closed["C1"].distance(at(750, 1005)) < 1e-3
    assert list(applied.roads.closed) == ["C1"]
    new = applied.roads.added["R1"]
    assert (new["road_class"], new["walkable"], round(new["geometry"].length)) == ("steps", "yes", 500)
    assert applied.layers.frames["roads"] is layers.frames["roads"]
    assert applied.layers.digests["roads"] != layers.digests["roads"]
    assert bool(applied.roads)
    assert not bool(apply(layers, []).roads)


def test_a_new_road_can_be_closed_again(layers):
    """Where there is only a road that an earlier edit added, its place can be closed."""
    place = lonlat(4250, 1700)
    road = AddRoad(road_id="R1", line=(lonlat(4000, 1700), lonlat(4500, 1700)), attributes={})
    closing = CloseRoad(closure_id="C1", lon=place[0], lat=place[1])
    assert errors(layers, road, closing) == []
    assert errors(layers, closing) == [(("#1",), "此处 30 米内没有道路")]


def test_what_the_scenario_made_can_be_taken_out_again(layers):
    """An added and a converted facility and an added road are gone as if never drawn, and the asset is idle again."""
    edits = [
        facility("N1", 500, 500),
        ConvertAsset(asset_id="A1", facility_id="N2", attributes=STATION),
        AddRoad(road_id="R1", line=(lonlat(4000, 1700), lonlat(4500, 1700)), attributes={}),
        DropFacility(facility_id="N1"),
        DropFacility(facility_id="N2"),
        DropRoad(road_id="R1"),
    ]
    applied = apply(layers, edits)
    assert applied.touched == {}
    assert not applied.roads
    again = [*edits, ConvertAsset(asset_id="A1", facility_id="N3", attributes=STATION)]
    assert apply(layers, again).touched == {"facilities": ("N3",), "idle_assets": ("A1",)}


def test_what_is_there_is_not_dropped(layers):
    """A facility of the layers is closed, never dropped; what was never made cannot be dropped."""
    assert errors(layers, DropFacility(facility_id="F1")) == [(("#1",), "“F1”是现有设施，不能删除")]
    assert errors(layers, DropFacility(facility_id="N9")) == [(("#1",), "养老服务设施中没有编号“N9”")]
    assert errors(layers, DropRoad(road_id="R9")) == [(("#1",), "前面的步骤没有编号为“R9”的新增道路")]


def test_a_new_facility_is_as_its_kind_is_here(layers):
    """Functions and level of the kind, sizes the medians of the county's own, blank where none is known; it fits the layers."""
    centre = usual("township_centre", layers, 2025)
    known = layers.frames["facilities"].query("kind == 'township_centre'")["site_area_m2"].median()
    assert (centre["site_area_m2"], centre["level"], centre["open_year"]) == (int(known), "township", 2025)
    assert centre["functions"] == "full_residential|day_care|home_visit|guidance"
    assert "beds" not in centre
    assert "site_area_m2" not in usual("canteen", layers, 2025)
    for kind in FACILITY_KINDS:
        lon, lat = lonlat(500, 600)
        edit = AddFacility(facility_id="N1", lon=lon, lat=lat, attributes=usual(kind, layers, 2025))
        assert errors(layers, edit) == []


def test_an_estate_gets_floor_area(layers):
    """The new figure stands in the estates, and None makes it unknown."""
    areas = []
    for figure in (37.5, None):
        frame = apply(layers, [ChangeEstateArea(estate_id="E2", facility_area_m2=figure)]).layers.frames["estates"]
        areas.append(row(frame, "estate_id", "E2")["facility_area_m2"])
    assert areas == pytest.approx([37.5, math.nan], nan_ok=True)


def test_every_problem_of_every_edit_is_found_at_once(layers):
    """One pass names each faulty edit by its number with what is wrong; none hides another."""
    far = lonlat(500, -3000)
    bow = (lonlat(500, 500), lonlat(540, 540), lonlat(540, 500), lonlat(500, 540), lonlat(500, 500))
    found = errors(
        layers,
        facility("F1", 500, 500),
        MoveFacility(facility_id="nobody", lon=far[0], lat=far[1]),
        MoveFacility(facility_id="F2", lon=far[0], lat=far[1]),
        ChangeFacility(facility_id="F2", attributes={"colour": "red", "beds": -1, "kind": "castle", "open_year": 99}),
        ChangeFacility(facility_id="F2", attributes={"beds": 5, "nursing_beds": 6}),
        AddParcel(parcel_id="P2", attributes={"code": "0806"}, outline=square(500, 500)),
        AddParcel(parcel_id="P4", attributes=LAND, outline=(bow,)),
        DropParcel(parcel_id="P3"),
        ChangeParcel(parcel_id="P3", attributes={"status": "x"}),
        ReopenRoad(closure_id="C9"),
        AddFacility(facility_id="N9", lon=0.0, lat=89.9, attributes=STATION),
    )
    expected = {
        ("#1", "养老服务设施中已有编号“F1”"),
        ("#2", "养老服务设施中没有编号“nobody”"),
        ("#3", "位置在县域之外"),
        ("#4", "图层 facilities 没有可以修改的字段“colour”"),
        ("#4", "字段“beds”为负数"),
        ("#4", "字段“kind”有不认识的值：castle"),
        ("#4", "字段“open_year”不是年份"),
        ("#5", "“nursing_beds”大于“beds”：6.0 大于 5.0"),
        ("#6", "缺少必填的字段：code_system"),
        ("#9", "土地利用“P3”已被前面的步骤移除"),
        ("#10", "前面的步骤没有编号为“C9”的道路封闭"),
        ("#11", "位置在县域之外"),
    }
    assert expected <= {(rows[0], message) for rows, message in found}
    invalid = [message for rows, message in found if rows == ("#7",)]
    assert len(invalid) == 1
    assert "边线相互交叉" in invalid[0]
    assert len(found) == len(expected) + 1


def test_nothing_is_applied_when_one_edit_does_not_fit(layers):
    """The error carries all problems and names the step."""
    with pytest.raises(EditsError, match=r"第 2 步.*F9") as error:
        apply(layers, [facility("N1", 500, 500), CloseFacility(facility_id="F9")])
    assert [problem.rows for problem in error.value.problems] == [("#2",)]


def test_an_edit_that_changes_nothing_is_noted(layers):
    """A move to the same place, the same value and a closing of what is closed are notes, and touch nothing."""
    lon, lat = lonlat(2500, 700)
    edits = [
        ChangeFacility(facility_id="F1", attributes={"status": "现状"}),
        CloseFacility(facility_id="F4"),
        MoveFacility(facility_id="F1", lon=lon, lat=lat),
        MoveFacility(facility_id="F1", lon=lon, lat=lat),
    ]
    applied = apply(layers, edits)
    assert [(problem.severity, problem.rows) for problem in applied.problems] == [
        (Severity.NOTE, (row,)) for row in ("#1", "#2", "#4")
    ]
    assert applied.touched == {"facilities": ("F1",)}


def test_what_is_taken_back_touches_nothing(layers):
    """A change and its reverse leave the very frames and digests of the baseline."""
    edits = [CloseFacility(facility_id="F1"), ReopenFacility(facility_id="F1")]
    applied = apply(layers, edits)
    assert applied.touched == {}
    assert applied.layers.digest == layers.digest
    assert all(applied.layers.frames[role] is frame for role, frame in layers.frames.items())


def test_a_stated_unit_counts_just_beyond_the_border(layers):
    """As for loaded rows: 30 m outside with the township stated is in the county, without it is not."""
    assert errors(layers, facility("N1", 500, -30, unit_code=STREET)) == []
    assert errors(layers, facility("N1", 500, -30)) == [(("#1",), "位置在县域之外")]


def as_loaded(layers: Layers, applied: Layers) -> Layers:
    """The layers that loading a workspace with the edited rows gives."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = with_more_layers()
        for role in ("facilities", "estates", "landuse", "idle_assets"):
            columns = [field.name for field in ROLES[role].fields]
            workspace.frames[role] = applied.frames[role][[*columns, "geometry"]]
        for role in ("units", "roads", "demand"):
            workspace.frames[role] = layers.frames[role].drop(columns=["township", "in_area"], errors="ignore")
        return load_layers(workspace.write(Path(folder)))


@settings(max_examples=12)
@given(st.lists(fitting_edits, max_size=8))
def test_applying_equals_loading_the_edited_rows(layers, edits):
    """Where edits fit, the new frames are cell by cell those of a workspace written with the edited rows."""
    kept = []
    for edit in edits:
        if not resolve(layers, [*kept, edit]).errors:
            kept.append(edit)
    before = {role: (frame, frame.copy()) for role, frame in layers.frames.items()}
    applied = apply(layers, kept)
    if all(len(frame) for frame in applied.layers.frames.values()):
        loaded = as_loaded(layers, applied.layers)
        for role, frame in loaded.frames.items():
            assert_frame_equal(applied.layers.frames[role], frame, check_exact=True)
        assert sorted(map(repr, loaded.problems)) == sorted(map(repr, applied.layers.problems))
    for role, (frame, copy) in before.items():
        assert layers.frames[role] is frame
        assert_frame_equal(frame, copy)
        if role not in applied.touched:
            assert applied.layers.frames[role] is frame
    assert set(applied.touched) == {
        role for role in layers.digests if applied.layers.digests[role] != layers.digests[role]
    }


def test_the_digest_tells_the_content_not_the_way(layers):
    """Two orders of the same edits give the same digest, other content gives another."""
    one, other = facility("N1", 500, 500), CloseFacility(facility_id="F1")
    digests = [apply(layers, edits).layers.digest for edits in ([one, other], [other, one], [one])]
    assert digests[0] == digests[1] != digests[2]


@given(any_edits)
def test_an_edit_comes_back_from_json(edit):
    """Every kind of edit with any text and number is the same after JSON."""
    assert edit_from_json(edit_to_json(edit)) == edit


def test_kinds_with_equal_fields_have_different_digests():
    """Closing and reopening the same facility are not the same to a cache."""
    assert digest([CloseFacility(facility_id="F1")]) != digest([ReopenFacility(facility_id="F1")])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: AddFacility(lon=float("nan"), lat=22.0, attributes={}),
        lambda: AddFacility(lon=181, lat=22.0, attributes={}),
        lambda: AddFacility(lon="113", lat=22.0, attributes={}),
        lambda: AddFacility(lon=True, lat=22.0, attributes={}),
        lambda: MoveFacility(facility_id="", lon=113, lat=22),
        lambda: CloseFacility(facility_id="F\x1b[31m"),
        lambda: CloseFacility(facility_id="F\ud800"),
        lambda: ChangeFacility(facility_id="F", attributes={"beds": 10**400}),
        lambda: ChangeFacility(facility_id="F", attributes={"beds": [1]}),
        lambda: AddRoad(attributes={}, line=((113, 22), (113, 22))),
        lambda: AddRoad(attributes={}, line=((113, 22),)),
        lambda: AddParcel(attributes={}, outline=()),
        lambda: AddParcel(attributes={}, outline=(((113, 22), (113, 23), (114, 22), (113, 22.5)),)),
        lambda: ChangeEstateArea(estate_id="E", facility_area_m2="20"),
    ],
)
def test_a_record_that_cannot_be_is_not_made(wrong):
    """Types, ranges, control characters and open rings are refused where the record is made."""
    with pytest.raises(ScenarioError):
        wrong()


def steps(*edits: object) -> tuple[Step, ...]:
    """Edits as steps."""
    return tuple(Step(edit, "张三", now()) for edit in edits)


def test_a_scenario_on_other_layers_says_what_no_longer_fits(layers):
    """First that the layers differ, then each edit that does not fit; on its own layers it says nothing."""
    scenario = Scenario("方案", "0" * 64, steps(CloseFacility(facility_id="gone"), CloseFacility(facility_id="F1")))
    first, second = fits(scenario, layers)
    assert (first.severity, first.rows, second.rows) == (Severity.NOTE, (), ("#1",))
    assert fits(Scenario("方案", layers.digest, scenario.steps[1:]), layers) == ()


def test_rebasing_keeps_what_fits_and_lists_the_rest(layers):
    """A step that needs one left out is left out with it, and each comes with its reason."""
    gone = facility("N1", 500, -3000)
    scenario = Scenario(
        "方案",
        "0" * 64,
        steps(
            gone, CloseFacility(facility_id="N1"), CloseFacility(facility_id="F1"), CloseFacility(facility_id="gone")
        ),
    )
    kept, left_out = rebase(scenario, layers)
    assert kept.base == layers.digest
    assert kept.edits == (CloseFacility(facility_id="F1"),)
    assert [step.edit.id for step, _why in left_out] == ["N1", "gone", "N1"]
    assert fits(kept, layers) == ()


def test_a_scenario_from_outside_is_accepted_or_refused(layers):
    """On the same layers every fault refuses it; on others only what could fit no layers at all."""
    unknown = steps(CloseFacility(facility_id="gone"))
    assert len(accept(Scenario("方案", "0" * 64, unknown), layers)) == 2
    with pytest.raises(EditsError, match="gone"):
        accept(Scenario("方案", layers.digest, unknown), layers)
    with pytest.raises(EditsError, match="colour"):
        accept(Scenario("方案", "0" * 64, steps(ChangeFacility(facility_id="F1", attributes={"colour": 1}))), layers)
