"""Two assessments side by side: every difference is found, none is made up, and the accounts close."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workspaces import COUNTY, FOUR, OTHER_TOWN, STREET, TOWN, Workspace, at, small_workspace, table

from geoplan.assess import Assessment, assess
from geoplan.compare import Comparison, compare
from geoplan.layers import load_layers
from geoplan.model import Outcome
from geoplan.standards import load_pack

HESHAN = load_pack("heshan")
COLUMNS = "facility_id name kind level status functions site_area_m2 open_year"


def assessed(workspace: Workspace, folder: Path) -> Assessment:
    """The assessment of a workspace in 2025."""
    return assess(load_layers(workspace.write(folder)), HESHAN, year=2025)


def with_facilities(*rows: tuple[object, ...]) -> Workspace:
    """The small county with other facilities."""
    workspace = small_workspace()
    workspace.frames["facilities"] = table(COLUMNS, *rows)
    return workspace


F1 = ("F1", "甲街道中心", "township_centre", "township", "existing", FOUR, "150", "2020", at(500, 500))
F2 = ("F2", "乙镇敬老院", "care_home", "township", "existing", "day_care", "40", "", at(2500, 500))
NEW = ("F9", "丙镇中心", "township_centre", "township", "existing", FOUR, "30.5", "2024", at(5000, 500))


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """A centre is built in the third township and the home in the second is closed."""
    base = assessed(with_facilities(F1, F2), tmp_path_factory.mktemp("base"))
    other = assessed(
        with_facilities(F1, (*F2[:4], "closed", *F2[5:]), NEW),
        tmp_path_factory.mktemp("other"),
    )
    return compare(base, other)


def of_care(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the service of all kinds of facilities."""
    return frame[frame["service"] == "care"]


def row(frame: pd.DataFrame, **key: object) -> pd.Series:
    """The one row with these cells."""
    found = frame
    for column, cell in key.items():
        found = found[found[column] == cell]
    assert len(found) == 1
    return found.iloc[0]


def test_who_gains_and_who_loses_access_is_told_point_by_point(added):
    """D5 is 500 m from the new centre, D4 loses the home 100 m away, D7 keeps what it had."""
    people = of_care(added.people).set_index("demand_id")
    assert people["change"].to_dict() == {
        "D1": "same",
        "D2": "same",
        "D3": "same",
        "D4": "loses",
        "D5": "gains",
        "D6": "same",
        "D7": "same",
    }
    assert people.loc["D5", ["ms_before", "ms_after", "facility_before", "facility_after"]].tolist() == [
        3_000_000,
        500_000,
        "F2",
        "F9",
    ]
    assert people.loc["D4", ["ms_before", "ms_after", "facility_after"]].tolist() == [100_000, 2_100_000, "F1"]


def test_gained_and_lost_people_are_counted_per_unit_and_group(added):
    """The third township gains its 100 people of 60 and over, the second loses 80, the county gains 20."""
    rows = of_care(added.coverage)
    rows = rows[rows["group"] == "pop60"].set_index("unit")
    assert rows.loc[OTHER_TOWN, ["gained", "lost"]].tolist() == [100, 0]
    assert rows.loc[TOWN, ["gained", "lost"]].tolist() == [0, 80]
    assert rows.loc[STREET, ["gained", "lost"]].tolist() == [0, 0]
    assert rows.loc[COUNTY, ["covered_before", "covered_after", "gained", "lost", "people"]].tolist() == [
        140,
        160,
        100,
        80,
        410,
    ]
    assert row(of_care(added.coverage), unit=COUNTY, group="pop_total")["gained"] == 500
    assert row(of_care(added.coverage), unit=COUNTY, group="pop65")[["gained", "lost"]].isna().all()


def test_a_flipped_verdict_shows_both_sides(added):
    """One of three townships had a centre, now two of three have: 33 % is missed, 66 % meets the 60 %."""
    flips = added.verdicts[added.verdicts["flipped"]]
    centre = row(flips, indicator="township_centre_coverage", unit=COUNTY)
    assert (centre["before"].outcome, centre["after"].outcome) == (Outcome.WARN, Outcome.PASS)
    assert (centre["before"].value, centre["after"].value) == (Fraction(100, 3), Fraction(200, 3))
    estates = added.verdicts[added.verdicts["level"] == "estate"]
    assert len(estates)
    assert not estates["changed"].any()


def test_facilities_touched_are_listed_with_what_changed(added):
    """One facility is new and one is closed; the third is as it was and not listed."""
    assert added.facilities.set_index("facility_id")["change"].to_dict() == {"F2": "changed", "F9": "added"}
    assert row(added.facilities, facility_id="F2")["fields"] == (("status", "existing", "closed"),)


def test_land_used_is_exact_and_blanks_are_counted_apart(added):
    """150 + 40 m² become 150 + 30.5 m²; nobody wrote down any bed, so beds are unknown and not zero."""
    site = row(added.amounts, amount="site_area_m2")
    assert (site["sum_before"], site["sum_after"], site["unknown_after"]) == (Fraction(190), Fraction("180.5"), 0)
    beds = row(added.amounts, amount="beds")
    assert (beds["unknown_before"], beds["rows_before"], beds["unknown_after"]) == (2, 2, 2)


def test_a_moved_facility_says_how_far(tmp_path):
    """A facility that moved 300 m east and 400 m north moved 500 m."""
    base = assessed(with_facilities(F1), tmp_path / "a")
    other = assessed(with_facilities((*F1[:-1], at(800, 900))), tmp_path / "b")
    moved = row(compare(base, other).facilities, facility_id="F1")
    assert moved["change"] == "moved"
    assert moved["moved_m"] == pytest.approx(500)


def test_an_assessment_does_not_differ_from_itself(added):
    """Nothing flips, nobody gains or loses, nothing is touched."""
    none = compare(added.base, added.base)
    assert not none.verdicts["changed"].any()
    assert not none.verdicts["flipped"].any()
    assert set(none.people["change"]) == {"same"}
    assert none.facilities.empty
    assert (none.amounts["sum_before"] == none.amounts["sum_after"]).all()
    known = none.coverage.dropna(subset="gained")
    assert (known[["gained", "lost"]] == 0).all(axis=None)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), max_size=3), st.data())
def test_covered_after_is_covered_before_and_gained_less_lost(tmp_path_factory, places, data):
    """The account closes exactly in every unit and group, whatever was built, and the other way round as well."""
    rows = [
        (f"N{number}", "新", "care_home", "township", "existing", FOUR, "1", "", at(500.0 * east, 500.0 * north))
        for number, (east, north) in enumerate(places)
    ]
    kept = data.draw(st.lists(st.sampled_from([F1, F2, NEW]), unique_by=lambda facility: facility[0], min_size=1))
    folder = tmp_path_factory.mktemp("law")
    base, other = assessed(with_facilities(F1, F2), folder / "a"), assessed(with_facilities(*kept, *rows), folder / "b")
    for one, two in ((base, other), (other, base)):
        account = compare(one, two).coverage.dropna(subset="covered_before")
        assert (account["covered_before"] + account["gained"] - account["lost"] == account["covered_after"]).all()
