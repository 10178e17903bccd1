"""Which township a point belongs to."""

from __future__ import annotations

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from workspaces import COUNTY, CRS, OTHER_TOWN, STREET, TOWN, area, at, table, units

from geoplan.layers import load_layers, townships
from geoplan.layers.manifest import LayerEntry
from geoplan.layers.units import Borders, assign_units
from geoplan.layers.validation import Door
from geoplan.model import Problem, Severity


def passed(frame: gpd.GeoDataFrame, role: str) -> gpd.GeoDataFrame:
    """A layer as the door gives it."""
    return Door(frame, LayerEntry(role, "")).pass_through()


def placed(point: object, stated: str = "", towns: gpd.GeoDataFrame | None = None) -> tuple[str, bool, list[Problem]]:
    """Township, whether in the county, and problems of one demand point."""
    demand = passed(table("demand_id pop_total unit_code", ("D1", "10", stated, point)), "demand")
    borders = passed(units() if towns is None else towns, "units")
    frames, problems = assign_units({"demand": demand, "units": borders}, Borders(borders))
    row = frames["demand"].iloc[0]
    return row["township"], row["in_area"], problems


def test_townships_are_towns_townships_and_streets(small, tmp_path):
    """The county itself and its villages are no townships; without a units layer there are none."""
    layers = load_layers(small.write(tmp_path))
    assert townships(layers.get("units"))["unit_code"].tolist() == [STREET, TOWN, OTHER_TOWN]
    assert townships(None) is None


def test_points_belong_to_the_township_they_lie_in(small, tmp_path):
    """Facilities, people and estates are placed by geometry; one outside has no township and is not in the county."""
    frames = load_layers(small.write(tmp_path)).frames
    assert frames["demand"]["township"].tolist() == [STREET, STREET, STREET, TOWN, OTHER_TOWN, OTHER_TOWN, ""]
    assert frames["demand"]["in_area"].tolist() == [True] * 6 + [False]
    assert frames["facilities"]["township"].tolist() == [STREET, TOWN, OTHER_TOWN, TOWN, OTHER_TOWN]
    assert frames["estates"]["township"].tolist() == [STREET, TOWN, OTHER_TOWN]


def test_a_contradiction_is_reported_and_the_place_decides(small, tmp_path):
    """A stated township far from the point is named as a problem, and not followed."""
    small.frames["facilities"]["unit_code"] = [STREET, OTHER_TOWN, "", TOWN, ""]
    small.frames["demand"]["unit_code"] = ["", "", "", "", "", "", STREET]
    layers = load_layers(small.write(tmp_path))
    assert {(problem.severity, problem.layer, problem.rows) for problem in layers.problems} == {
        (Severity.WARNING, "facilities", ("F2",)),
        (Severity.WARNING, "demand", ("D7",)),
    }
    assert layers.frames["facilities"]["township"][1] == TOWN
    assert layers.frames["demand"]["township"][6] == ""


@given(st.integers(0, 10_000), st.booleans())
def test_the_stated_township_decides_within_fifty_metres_of_the_border(centimetres, stated):
    """East of the border, the western township holds where it is stated and near; farther off it is a contradiction."""
    township, _, problems = placed(at(2000 + centimetres / 100, 700), STREET if stated else "")
    near = centimetres <= 5_000
    # On the border itself the point lies in both, and goes to the lower code, which is the street's.
    assert township == (STREET if (stated and near) or centimetres == 0 else TOWN)
    assert bool(problems) == (stated and not near)


def test_fifty_metres_are_the_tolerance():
    """At 50 m the stated township holds, at 50.01 m it does not."""
    assert placed(at(2050, 700), STREET)[0] == STREET
    assert placed(at(2050.01, 700), STREET)[0] == TOWN


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0]])
def test_a_point_on_a_shared_border_goes_to_the_lower_code(order):
    """Whatever the order of the townships in their file."""
    assert placed(at(4000, 700), towns=units().iloc[order])[0] == TOWN


def test_a_point_just_outside_goes_to_the_township_it_states():
    """A border village drawn a little over the county's border still belongs to its township and its county."""
    assert placed(at(500, -30), STREET) == (STREET, True, [])
    assert placed(at(500, -30)) == ("", False, [])


def test_a_point_without_place_belongs_where_it_says():
    """Without coordinates the stated unit decides; without both nothing is known."""
    assert placed(None, TOWN) == (TOWN, True, [])
    assert placed(None)[0] == ""


def test_a_village_code_means_its_township():
    """Codes of villages begin with the code of their township."""
    assert placed(None, TOWN + "201")[0] == TOWN
    assert placed(at(500, 500), STREET + "001") == (STREET, True, [])


def test_short_codes_are_not_taken_for_one_another():
    """Where townships are numbered 1 to 12, unit 12 is not township 1."""
    towns = units()
    towns["unit_code"] = ["0", "1", "12", "2"]
    assert placed(None, "12", towns)[0] == "12"
    assert placed(at(2500, 500), "12", towns) == ("12", True, [])
    assert placed(None, "1", towns)[0] == "1"


def test_a_place_in_the_county_but_in_no_township_is_in_the_area():
    """A state farm between the townships is in the county and in no township."""
    assert placed(at(5000, 500), towns=units().iloc[:3]) == ("", True, [])


def test_without_units_everything_is_in_the_area():
    """Where no borders are known, every row belongs to the workspace and to no township."""
    demand = passed(table("demand_id pop_total", ("D1", "10", at(0, -9000))), "demand")
    frames, problems = assign_units({"demand": demand}, Borders(None))
    assert (frames["demand"]["township"].tolist(), frames["demand"]["in_area"].tolist(), problems) == ([""], [True], [])


def test_townships_alone_make_the_county():
    """Without the county's own row the townships together are the area."""
    assert placed(at(500, 500), towns=units().iloc[1:])[:2] == (STREET, True)
    assert placed(at(500, -500), towns=units().iloc[1:])[:2] == ("", False)


def test_an_area_belongs_where_a_point_inside_it_lies():
    """A housing estate drawn across a border is in one township only."""
    assert placed(area(1990, 500, 2400, 600))[0] == TOWN


def test_the_frames_that_came_in_are_not_changed():
    """The two columns are added to new frames."""
    demand = passed(table("demand_id pop_total", ("D1", "10", at(5, 5))), "demand")
    frames = {"demand": demand, "units": passed(units(), "units")}
    assign_units(frames, Borders(frames["units"]))
    assert "township" not in demand.columns
    assert frames["demand"] is demand
    assert demand.crs == CRS
    assert COUNTY in frames["units"]["unit_code"].tolist()


def test_nobody_without_a_place_drops_out_of_the_county():
    """A row with neither a place nor a stated unit counts as the county's, in no township."""
    assert placed(None)[:2] == ("", True)


def test_a_unit_code_that_no_unit_has_is_reported():
    """A misspelt unit code is named; the county's own code, blanks and codes of places outside are not."""
    _town, _inside, problems = placed(at(500, 500), "999")
    assert [(problem.severity, problem.rows) for problem in problems] == [(Severity.WARNING, ("D1",))]
    assert placed(at(500, 500), COUNTY)[2] == []
    assert placed(at(500, 500))[2] == []
    assert placed(at(-5000, 500), "999")[2] == []
