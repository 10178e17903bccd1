"""The spine: a small county whose every figure is computed by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from workspaces import COUNTY, CRS, FOUR, OTHER_TOWN, STREET, TOWN, Workspace, at, line, small_workspace, table

from geoplan.assess import Assessment, assess
from geoplan.errors import NetworkError, SettingsError
from geoplan.layers import load_layers
from geoplan.model import Outcome, Reach, Settings, Severity, Verdict
from geoplan.network import load_profile, ways_of
from geoplan.report.reach import coverage_table, demand_with_reach
from geoplan.standards import load_pack

HESHAN = load_pack("heshan")


def assessed(small: Workspace, folder: Path, **parameters: object) -> Assessment:
    """The assessment of a workspace in 2025, unless told otherwise."""
    return assess(load_layers(small.write(folder)), HESHAN, **{"year": 2025, **parameters})


def verdict_of(assessment: Assessment, indicator: str, unit: str = COUNTY) -> Verdict:
    """The verdict of one indicator for one unit."""
    found = [v for v in assessment.verdicts if v.rule.indicator == indicator and v.count.unit == unit]
    assert len(found) == 1
    return found[0]


def account(assessment: Assessment, unit: str = COUNTY, group: str = "pop60") -> tuple[float, ...]:
    """Total, covered, uncovered and unlocatable people of a unit."""
    row = assessment.coverages[0].units.set_index("unit").loc[unit]
    return tuple(row[f"{group}{part}"] for part in ("", "_covered", "_uncovered", "_unlocatable"))


def test_every_demand_point_has_the_time_that_a_ruler_gives(small, tmp_path):
    """At 1 m/s the metres along the grid are the seconds; exactly 900 m counts as covered."""
    rows = assessed(small, tmp_path).coverages[0].demand.set_index("demand_id")
    assert rows["reach"].to_dict() == {
        "D1": "covered",
        "D2": "covered",
        "D3": "too_far",
        "D4": "covered",
        "D5": "too_far",
        "D6": "unlocatable",
        "D7": "too_far",
    }
    located = rows.drop("D6")
    assert located["ms"].tolist() == [250_000, 900_000, 1_100_000, 100_000, 3_000_000, 1_500_000]
    assert located["facility_id"].tolist() == ["F1", "F1", "F1", "F2", "F2", "F1"]
    assert located["excess_ms"].tolist() == [0, 0, 200_000, 0, 2_100_000, 600_000]
    assert (rows.loc["D6", "leg_m"], rows.loc["D6", "facility_id"]) == (800.0, "")
    assert pd.isna(rows.loc["D6", "ms"])


def test_the_people_of_every_unit_are_accounted_for(small, tmp_path):
    """Covered, uncovered and unlocatable people of county and townships; those outside the county are not its people."""
    assessment = assessed(small, tmp_path)
    assert account(assessment) == (410, 140, 150, 120)
    assert account(assessment, STREET) == (110, 60, 50, 0)
    assert account(assessment, TOWN) == (80, 80, 0, 0)
    assert account(assessment, OTHER_TOWN) == (220, 0, 100, 120)
    assert account(assessment, group="pop_total") == (2100, 700, 800, 600)
    assert assessment.coverages[0].units["unit"].tolist() == [COUNTY, STREET, TOWN, OTHER_TOWN]


def test_every_facility_has_its_people(small, tmp_path):
    """Whom it reaches, and for whom it is the nearest; only those that operate are there."""
    rows = assessed(small, tmp_path).coverages[0].facilities.set_index("facility_id")
    assert rows.index.tolist() == ["F1", "F2"]
    assert rows["located"].all()
    assert rows["pop60_reached"].tolist() == [60, 80]
    assert rows["pop60_nearest"].tolist() == [60, 80]


def test_the_verdicts_are_those_of_a_hand_calculation(small, tmp_path):
    """Each rule of Heshan's plan, for the county."""
    assessment = assessed(small, tmp_path)
    expected = {
        "circle_minutes": (Outcome.INFORMATIONAL, Fraction(14000, 410), None, None),
        "township_centre_coverage": (Outcome.WARN, Fraction(100, 3), 60, 1),
        "new_area_per_100hh": (Outcome.WARN, Fraction(50), 100, 1),
        "old_area_per_100hh": (Outcome.WARN, Fraction(0), 100, 1),
        "land_per_capita": (Outcome.ADVISORY, Fraction(19, 210), Fraction(1, 10), 20),
    }
    for indicator, figures in expected.items():
        verdict = verdict_of(assessment, indicator)
        assert (verdict.outcome, verdict.value, verdict.target, verdict.needed) == figures
        assert verdict.count.unit_name == "示例县"
    circle = verdict_of(assessment, "circle_minutes", STREET)
    assert (circle.outcome, circle.value) == (Outcome.INFORMATIONAL, Fraction(6000, 110))


def test_a_later_year_has_other_facilities(small, tmp_path):
    """F5 opens in 2026: it covers nobody more, but its township has its centre and the county its land."""
    assessment = assessed(small, tmp_path, year=2026)
    assert assessment.facilities["facility_id"].tolist() == ["F1", "F2", "F5"]
    assert verdict_of(assessment, "township_centre_coverage").outcome is Outcome.PASS
    assert verdict_of(assessment, "land_per_capita").outcome is Outcome.PASS
    times = assessment.coverages[0].demand.set_index("demand_id")
    assert (times.loc["D5", "ms"], times.loc["D5", "facility_id"]) == (1_000_000, "F5")


def test_the_year_is_the_callers_the_manifests_or_the_packs(small, tmp_path):
    """The nearest word on the year counts."""
    assert assessed(small, tmp_path, year=None).year == 2025
    small.head["year"] = 2026
    assert assessed(small, tmp_path, year=None).year == 2026
    assert assessed(small, tmp_path, year=2024).year == 2024


def test_an_earlier_year_has_its_own_milestone(small, tmp_path):
    """In 2023 the plan asks for 40 %: two of three townships, not one."""
    verdict = verdict_of(assessed(small, tmp_path, year=2023), "township_centre_coverage")
    assert (verdict.rule.id, verdict.target, verdict.needed) == ("heshan.township_centre_coverage.2023", 40, 1)


def test_a_slower_walk_covers_fewer(small, tmp_path):
    """At 0.8 m/s the 900 m take 1,125 s; at 1.25 m/s the 1,100 m take 880 s."""
    assert account(assessed(small, tmp_path, settings=Settings(speed_mps=0.8)))[1] == 100
    assert account(assessed(small, tmp_path, settings=Settings(speed_mps=1.25)))[1] == 190


def test_the_snap_limit_decides_who_is_on_the_network(small, tmp_path):
    """With 800 m allowed D6 is located; it is then too far, not unlocatable."""
    assert account(assessed(small, tmp_path, settings=Settings(snap_limit_m=800.0))) == (410, 140, 270, 0)


@pytest.mark.parametrize(
    "parameters", [{"speed_mps": 0.0}, {"speed_mps": float("nan")}, {"snap_limit_m": -1.0}, {"small_island_m": -1.0}]
)
def test_impossible_parameters_are_refused(parameters):
    """Nobody walks at 0 m/s."""
    with pytest.raises(SettingsError):
        Settings(**parameters)


def test_nothing_that_came_in_is_changed(small, tmp_path):
    """The layers' frames are after the assessment what they were before."""
    layers = load_layers(small.write(tmp_path))
    before = {role: frame.copy(deep=True) for role, frame in layers.frames.items()}
    assess(layers, HESHAN, year=2025)
    assert layers.frames.keys() == before.keys()
    for role, frame in layers.frames.items():
        pd.testing.assert_frame_equal(frame, before[role])


def test_the_same_input_gives_the_same_result(small, tmp_path):
    """Whatever the order of rows in the files."""
    first = assessed(small, tmp_path / "one")
    for role, frame in small.frames.items():
        small.frames[role] = frame.iloc[::-1].reset_index(drop=True)
    second = assessed(small, tmp_path / "other")
    assert second.verdicts == first.verdicts
    assert second.provenance == first.provenance
    pd.testing.assert_frame_equal(second.coverages[0].units, first.coverages[0].units)
    pd.testing.assert_frame_equal(second.coverages[0].demand, first.coverages[0].demand)
    pd.testing.assert_frame_equal(second.service_areas, first.service_areas)


def test_without_units_the_workspace_is_one_area(small, tmp_path):
    """Everyone in the demand layer counts; what needs townships is not evaluable and names the layer."""
    assessment = assessed(small.without("units"), tmp_path)
    assert account(assessment, "*") == (420, 140, 160, 120)
    centres = verdict_of(assessment, "township_centre_coverage", "*")
    assert (centres.outcome, centres.count.missing, centres.count.unit_name) == (
        Outcome.NOT_EVALUABLE,
        ("units",),
        "示例",
    )
    assert verdict_of(assessment, "circle_minutes", "*").value == Fraction(14000, 420)


def test_people_of_whom_no_place_is_known_are_unlocatable(small, tmp_path):
    """A list of villages without any coordinates is assessed: everyone in it is unlocatable."""
    small.without("units").frames["demand"]["geometry"] = None
    assessment = assessed(small, tmp_path)
    assert account(assessment, "*") == (420, 0, 0, 420)
    assert assessment.layers.crs.to_epsg() == 4547


def test_without_estates_their_rules_are_not_evaluable(small, tmp_path):
    """The layer that is missing is named; all else is as before."""
    assessment = assessed(small.without("estates"), tmp_path)
    for indicator in ("new_area_per_100hh", "old_area_per_100hh"):
        verdict = verdict_of(assessment, indicator)
        assert (verdict.outcome, verdict.value, verdict.count.missing) == (Outcome.NOT_EVALUABLE, None, ("estates",))
    assert verdict_of(assessment, "township_centre_coverage").value == Fraction(100, 3)


def test_without_any_age_the_circle_is_not_evaluable(small, tmp_path):
    """No figure for people of 60 and over is no figure of nought."""
    small.frames["demand"] = small.frames["demand"].drop(columns="pop60")
    verdict = verdict_of(assessed(small, tmp_path), "circle_minutes")
    assert (verdict.outcome, verdict.count.missing) == (Outcome.NOT_EVALUABLE, ("demand.pop60",))


def test_one_blank_age_leaves_the_circle_open_where_it_is(small, tmp_path):
    """The township of the blank and the county wait; the other townships have their figures."""
    small.frames["demand"].loc[0, "pop60"] = ""
    assessment = assessed(small, tmp_path)
    for unit in (COUNTY, STREET):
        verdict = verdict_of(assessment, "circle_minutes", unit)
        assert (verdict.outcome, verdict.count.missing) == (Outcome.NOT_EVALUABLE, ("demand.pop60",))
    assert verdict_of(assessment, "circle_minutes", TOWN).value == 100


def test_a_county_without_operating_facilities_is_assessed(small, tmp_path):
    """Before anything opens nobody is covered, and the reason is that there is no facility."""
    assessment = assessed(small, tmp_path / "one", year=1990)
    assert assessment.facilities["facility_id"].tolist() == ["F2"]  # its year is not known
    small.frames["facilities"] = small.frames["facilities"].drop(index=1)
    nothing = assessed(small, tmp_path / "other", year=1990)
    assert account(nothing) == (410, 0, 290, 120)
    assert set(nothing.coverages[0].demand["reach"]) == {"no_facility", "unlocatable"}
    centres = verdict_of(nothing, "township_centre_coverage")
    assert (centres.value, centres.needed) == (0, 2)
    assert len(nothing.service_areas) == 0
    assert verdict_of(nothing, "land_per_capita").value == 0


def test_a_facility_off_the_roads_is_reported(small, tmp_path):
    """It covers nobody, is named in the problems, and still is its township's centre."""
    small.frames["facilities"].loc[0, "geometry"] = at(700, 4000)
    small.frames["facilities"]["unit_code"] = ""
    small.frames["facilities"].loc[1, "geometry"] = at(5500, 1800)
    assessment = assessed(small, tmp_path)
    (problem,) = assessment.problems
    assert (problem.severity, problem.layer, problem.rows) == (Severity.WARNING, "facilities", ("F1", "F2"))
    assert account(assessment)[1] == 0
    assert not assessment.facilities["located"].any()
    assert verdict_of(assessment, "land_per_capita", OTHER_TOWN).value == Fraction(40, 1100)


def test_a_facility_without_coordinates_is_kept(small, tmp_path):
    """Its stated township has its centre; nobody is shown to reach it; the problem is said once."""
    small.frames["facilities"]["unit_code"] = [OTHER_TOWN, "", "", "", ""]
    small.frames["facilities"].loc[0, "geometry"] = None
    assessment = assessed(small, tmp_path)
    assert [problem.rows for problem in assessment.problems] == [("F1",)]
    assert verdict_of(assessment, "township_centre_coverage").count.counted == (OTHER_TOWN,)
    assert account(assessment) == (410, 80, 210, 120)


def test_roads_that_stop_at_the_border_and_islands_are_noted(small, tmp_path):
    """Roads that end within the county may hide a neighbour's facility; a road of its own is an island."""
    streets = [line((200, north), (5800, north)) for north in (300, 600)] + [line((300, 200), (300, 700))]
    small.frames["roads"] = table(
        "road_class", *(("residential", street) for street in [*streets, line((4500, 1500), (4600, 1500))])
    )
    notes = [problem for problem in assessed(small, tmp_path).problems if problem.severity is Severity.NOTE]
    assert [note.layer for note in notes] == ["roads", "roads"]
    assert "1 处与主网不相连的孤岛" in notes[0].message
    assert "止于县界" in notes[1].message


def test_roads_that_nobody_walks_are_no_network(small, tmp_path):
    """A county of motorways is refused in words."""
    small.frames["roads"]["road_class"] = "motorway"
    with pytest.raises(NetworkError, match="没有一条可供步行通行"):
        assessed(small, tmp_path)


def test_the_service_areas_are_one_per_facility(small, tmp_path):
    """A polygon around each operating facility, with its name and minutes, that holds whom the facility covers."""
    assessment = assessed(small, tmp_path)
    areas = assessment.service_areas.set_index("facility_id")
    assert areas.index.tolist() == ["F1", "F2"]
    assert areas["minutes"].tolist() == [15, 15]
    assert areas["kind"].tolist() == ["care", "care"]
    assert areas.crs == assessment.layers.crs
    assert areas.loc["F1", "geometry"].contains(at(500, 750))
    assert not areas.loc["F1", "geometry"].contains(at(1600, 500))


def test_another_pack_judges_the_same_facts(small, tmp_path):
    """Pingyuan asks towns only: of two, none has its centre; its land rule is its own and warns."""
    layers = load_layers(small.write(tmp_path))
    assessment = assess(layers, load_pack("pingyuan"), year=2025)
    centres = verdict_of(assessment, "township_centre_coverage")
    assert (centres.value, centres.needed, centres.count.of) == (0, 2, (TOWN, OTHER_TOWN))
    assert verdict_of(assessment, "land_per_capita").outcome is Outcome.WARN


def test_one_more_centre_changes_only_what_it_should(small, tmp_path):
    """The baseline is not harmed: a centre in the third township changes its own figures and the county's."""
    before = assessed(small, tmp_path / "one")
    small.frames["facilities"].loc[2, ["status", "functions"]] = ["existing", FOUR]
    after = assessed(small, tmp_path / "other")
    assert account(after) == (410, 240, 50, 120)
    for unit in (STREET, TOWN):
        assert account(after, unit) == account(before, unit)
    assert verdict_of(after, "township_centre_coverage").outcome is Outcome.PASS
    assert after.layers.digests | {"facilities": ""} == before.layers.digests | {"facilities": ""}
    assert after.layers.digests["facilities"] != before.layers.digests["facilities"]


def test_the_provenance_names_what_the_figures_rest_on(small, tmp_path):
    """Digests, sources, parameters and the CRS are with the result."""
    small.entries["units"] |= {"source": "测绘", "licence": "CC0-1.0", "synthetic": True}
    assessment = assessed(small, tmp_path, settings=replace(Settings(), snap_limit_m=300.0))
    provenance = assessment.provenance
    assert provenance["crs"] == "EPSG:4547"
    assert (provenance["snap_limit_m"], provenance["small_island_m"]) == (300.0, 300.0)
    assert provenance["digest"] == assessment.layers.digest
    units = provenance["layers"]["units"]
    assert (units["source"], units["licence"], units["synthetic"], units["rows"]) == ("测绘", "CC0-1.0", True, 4)
    assert set(provenance["layers"]) == set(small_workspace().frames)


def test_motor_roads_are_not_walked(small, tmp_path):
    """The tag ``motorroad`` passes the door and closes a road to walkers."""
    small.frames["roads"]["motorroad"] = "yes"
    with pytest.raises(NetworkError):
        assess(load_layers(small.write(tmp_path)), load_pack("heshan"))


def test_a_dem_slows_the_way_uphill(small, tmp_path):
    """With a DEM that climbs one in ten to the north, the way up is slower by Tobler and the way down is not."""
    flat = assess(load_layers(small.write(tmp_path / "flat")), load_pack("heshan")).coverages[0].demand
    west, south, east, north = small.frames["roads"].total_bounds
    rows, columns = 120, 200
    span = north - south + 400
    middle = (np.arange(rows)[::-1] + 0.5) * span / rows  # of each row of cells, from the north, above the south
    height = np.repeat(middle[:, None] / 10, columns, axis=1).astype("float32")
    cells = rasterio.Affine((east - west + 400) / columns, 0, west - 200, 0, -span / rows, north + 200)
    small.replace_layer("dem", "dem.tif")
    root = small.write(tmp_path / "hilly")
    with rasterio.open(root / "layers" / "dem.tif", "w", "GTiff", columns, rows, 1, CRS, cells, "float32") as file:
        file.write(height, 1)
    hilly = assess(load_layers(root), load_pack("heshan")).coverages[0].demand
    # D2 lies 900 m north of F1 and walks down one in ten: exp(-3.5 |-0.1 + 0.05|) of the speed that -0.05 gives,
    # which is the speed on the flat: 900 s. D1, 250 m north, likewise.
    assert hilly["ms"][1] == pytest.approx(flat["ms"][1], rel=2e-3)
    # D7 lies 1,000 m south and 500 m east of F1: the climb takes exp(3.5 * 0.1) times as long.
    along, climb = 500_000, 1_000_000
    assert flat["ms"][6] == along + climb
    assert hilly["ms"][6] == pytest.approx(along + climb * np.exp(0.35), rel=2e-3)


def test_the_mode_and_its_speed_are_in_the_provenance(small, tmp_path):
    """How people travel is recorded whole: a mode's own speed, another one, and the keys of a user's own file."""
    small.write(tmp_path)
    own = tmp_path / "stick.toml"
    own.write_text(
        'id = "stick"\nname = "拄杖"\nspeed_mps = 0.6\naccess = "foot"\nnever = ["steps"]\n', encoding="utf-8"
    )
    for mode, speed, recorded in (
        ("walk", None, 1.0),
        ("walk-slow", None, 0.8),
        ("walk", 0.8, 0.8),
        (str(own), None, 0.6),
    ):
        assessment = assessed(small, tmp_path, settings=Settings(mode=mode, speed_mps=speed))
        profile = assessment.provenance["profile"]
        assert (profile["speed_mps"], profile["off_road_mps"]) == (recorded, recorded)
        assert profile == {**profile, "id": "stick" if mode == str(own) else mode, "access": "foot"}
    assert (profile["name"], profile["never"], profile["speeds_mps"]) == ("拄杖", ["steps"], {})


def test_a_mode_and_its_speed_on_foot_cover_the_same(small, tmp_path):
    """``walk-slow`` is walking at 0.8 m/s."""
    by_mode, by_speed = (
        assessed(small, tmp_path, settings=settings)
        for settings in (Settings(mode="walk-slow"), Settings(speed_mps=0.8))
    )
    pd.testing.assert_frame_equal(by_mode.coverages[0].demand, by_speed.coverages[0].demand)
    assert by_mode.problems == by_speed.problems == ()


def test_other_modes_are_not_what_the_plan_speaks_of(small, tmp_path):
    """On an e-bike all roads lead in time to a facility; the assessment warns that the plan's limit is on foot."""
    assessment = assessed(small, tmp_path, settings=Settings(mode="e-bike"))
    assert account(assessment)[1] == 290
    assert [(p.severity, p.layer) for p in assessment.problems] == [(Severity.WARNING, "settings")]
    assert "电动自行车" in assessment.problems[0].message


def test_the_sensitivity_is_what_each_speed_gives(small, tmp_path):
    """Coverage at 0.8, 1.0 and 1.2 m/s is that of assessments at these speeds, whatever the own speed is."""
    asked = assessed(small, tmp_path, settings=Settings(speed_mps=0.9, sensitivity=True))
    assert list(asked.sensitivity) == [0.8, 1.0, 1.2]
    for speed, coverages in asked.sensitivity.items():
        alone = assessed(small, tmp_path, settings=Settings(speed_mps=speed))
        for ours, theirs in zip(coverages, alone.coverages, strict=True):
            pd.testing.assert_frame_equal(ours.units, theirs.units)
            pd.testing.assert_frame_equal(ours.demand, theirs.demand)
    table = coverage_table(asked)
    county = table[(table["代码"] == COUNTY) & (table["人群"] == "60岁以上人口") & (table["服务"] == "养老服务设施")]
    assert dict(zip(county["速度（m/s）"], county["已覆盖"], strict=True)) == {0.9: 100, 0.8: 100, 1.0: 140, 1.2: 140}
    once = coverage_table(assessed(small, tmp_path, settings=Settings(sensitivity=True)))
    assert not once.duplicated(["代码", "服务", "速度（m/s）", "人群"]).any()
    assert not assessed(small, tmp_path).sensitivity
    with pytest.raises(SettingsError, match=r"0\.8、1\.0、1\.2.*小汽车"):
        assessed(small, tmp_path, settings=Settings(mode="car", sensitivity=True))


def close_the_street_of_f1(small: Workspace) -> None:
    """Close the street from north to south on which F1 and D2 lie; D1 is near the street that crosses it at F1."""
    small.frames["roads"]["status"] = [
        "封闭" if street.bounds[0] == street.bounds[2] == at(500, 0).x else ""
        for street in small.frames["roads"].geometry
    ]
    small.frames["demand"].loc[0, "geometry"] = at(500, 600)


def test_a_closed_road_is_the_reason_for_whom_it_would_have_helped(small, tmp_path):
    """D2 would be covered over the closed street; it sets out on the next one, 100 m away, and takes 2,100 s."""
    close_the_street_of_f1(small)
    assessment = assessed(small, tmp_path)
    rows = demand_with_reach(assessment, assessment.coverages[0]).set_index("demand_id")
    assert rows.loc["D1", ["reach", "ms", "why"]].tolist() == ["covered", 100_000, ""]
    assert rows.loc["D2", ["reach", "ms", "leg_m", "open_ms", "open_facility_id"]].tolist() == [
        "closed_road",
        2_100_000,
        100,
        900_000,
        "F1",
    ]
    assert rows.loc["D2", "why"] == "封闭道路恢复通行后，15.0 分钟可到甲街道综合养老服务中心"
    assert account(assessment) == (410, 100, 190, 120)
    assert assessment.coverages[0].units["pop60_closed_road"].tolist() == [40, 40, 0, 0]
    (problem,) = assessment.problems
    assert (problem.severity, problem.layer) == (Severity.NOTE, "roads")
    assert "1 条道路封闭" in problem.message


def test_a_closed_road_is_as_good_as_none(small, tmp_path):
    """Closing a road gives everybody the times that its absence gives."""
    close_the_street_of_f1(small)
    closed = assessed(small, tmp_path / "closed").coverages[0]
    roads = small.frames["roads"]
    small.frames["roads"] = roads[roads["status"] == ""].reset_index(drop=True)
    absent = assessed(small, tmp_path / "absent").coverages[0]
    same = ["demand_id", "ms", "facility_id", "excess_ms", "leg_m"]
    pd.testing.assert_frame_equal(closed.demand[same], absent.demand[same])
    assert (closed.demand["reach"] == Reach.CLOSED_ROAD).any()
    assert not (absent.demand["reach"] == Reach.CLOSED_ROAD).any()
    assert (closed.units["pop60_covered"] == absent.units["pop60_covered"]).all()


def test_edges_are_closed_without_building_anew(small, tmp_path):
    """Ways with the edges of a street closed take as long as ways on which that street is closed, at any speed."""
    close_the_street_of_f1(small)
    by_layer = ways_of(load_layers(small.write(tmp_path)), load_profile("walk"))
    assert by_layer.reopened is not None
    assert by_layer.reopened.reopened is None
    edges = np.flatnonzero(~by_layer.times.usable)
    assert len(edges) == 8
    by_edges = by_layer.reopened.closing(edges)
    for one, other in ((by_layer, by_edges), (by_layer.at_speed(0.8), by_edges.at_speed(0.8))):
        for times in ("times", "open_times"):
            for way in ("forward", "backward"):
                assert np.array_equal(getattr(getattr(one, times), way), getattr(getattr(other, times), way))
    assert by_layer.at_speed(0.8).times.forward.max() == 1_250_000
    assert by_edges.closing(np.array([], dtype=np.int64)).reopened is not None
    one_more = by_layer.closing(np.flatnonzero(by_layer.times.usable)[:1]).at_speed(0.8)
    assert (~one_more.times.usable).sum() == len(edges) + 1
    assert one_more.open_times.usable.all()
    assert ((one_more.times.forward == -1) == (one_more.times.backward == -1)).all()


def test_all_roads_closed_is_no_network(small, tmp_path):
    """A county whose every road is closed is refused and names the field."""
    small.frames["roads"]["status"] = "closed"
    with pytest.raises(NetworkError, match=r"全部封闭.*status"):
        assessed(small, tmp_path)


def with_an_islet(small: Workspace, end: float) -> None:
    """Beside a road that touches no other, from 4,600 m to ``end`` in the east, lie the facility F2 and the home D2."""
    streets = [*small.frames["roads"].geometry, line((4600, 1300), (end, 1300))]
    small.frames["roads"] = table("road_class", *(("residential", street) for street in streets))
    small.frames["facilities"].loc[1, "geometry"] = at(4650, 1310)
    small.frames["demand"].loc[1, "geometry"] = at(4600, 1320)


def test_points_beside_a_small_island_take_the_main_network_and_are_listed(small, tmp_path):
    """An island of 200 m is left for the road 310 m and 320 m away; both points are named and marked."""
    with_an_islet(small, 4800)
    assessment = assessed(small, tmp_path)
    people = assessment.coverages[0].demand.set_index("demand_id")
    assert people.loc["D2", ["reach", "ms", "leg_m", "moved"]].tolist() == ["covered", 680_000, 320, True]
    assert people["moved"].sum() == assessment.facilities["moved"].sum() == 1
    moved = [p for p in assessment.problems if "不足 300 米的孤岛" in p.message]
    assert [(p.severity, p.layer, p.rows) for p in moved] == [
        (Severity.NOTE, "facilities", ("F2",)),
        (Severity.NOTE, "demand", ("D2",)),
    ]
    assert demand_with_reach(assessment, assessment.coverages[0]).set_index("demand_id")["moved"].sum() == 1


@pytest.mark.parametrize(("end", "small_island_m"), [(4900, 300.0), (4800, 0.0), (4800, 200.0)])
def test_points_stay_on_an_island_that_is_not_small(small, tmp_path, end, small_island_m):
    """An island as long as the limit is not small; 0 moves nobody. The facility on it is named."""
    with_an_islet(small, end)
    assessment = assessed(small, tmp_path, settings=Settings(small_island_m=small_island_m))
    people = assessment.coverages[0].demand.set_index("demand_id")
    assert people.loc["D2", ["ms", "leg_m", "moved"]].tolist() == [80_000, 20, False]
    assert (people.loc["D5", "reach"], people.loc["D5", "facility_id"]) == ("too_far", "F1")
    notes = [p for p in assessment.problems if p.layer == "facilities"]
    assert [note.rows for note in notes] == [("F2",)]
    assert "只有岛上的人能到" in notes[0].message


def test_a_facility_off_the_roads_is_not_said_to_be_on_an_island(small, tmp_path):
    """F1 is far from every road; that the last road of the network is an island has nothing to do with it."""
    streets = [*small.frames["roads"].geometry, line((9000, 1500), (10_000, 1500))]
    small.frames["roads"] = table("road_class", *(("residential", street) for street in streets))
    small.frames["facilities"].loc[0, "geometry"] = at(500, 4000)
    assessment = assessed(small, tmp_path)
    assert assessment.network.island[assessment.network.tail[-1]] == 1
    assert [p.message for p in assessment.problems if p.layer == "facilities"] == [
        "设施附近没有可通行的道路，不参与覆盖计算"
    ]


def test_every_reason_says_what_is_missing(small, tmp_path):
    """Too far by so many seconds and metres on the flat, off the roads by so many metres, without a place."""
    small.frames["demand"].loc[3, "geometry"] = None
    assessment = assessed(small, tmp_path, settings=Settings(speed_mps=0.8))
    rows = demand_with_reach(assessment, assessment.coverages[0]).set_index("demand_id")
    # 1,100 m at 0.8 m/s are 1,375 s: 475 s or 380 m too far.
    assert rows.loc["D3", ["excess_s", "excess_m"]].tolist() == [475, 380]
    assert rows.loc["D3", "why"] == "最近的设施是甲街道综合养老服务中心，超出 475 秒，合平路 380 米"
    assert rows.loc["D6", "why"] == "离最近的可通行道路 800 米，超过 500 米的上限"
    assert rows.loc["D4", "why"] == "没有坐标"
    assert rows.loc["D1", "why"] == ""
