"""A comparison written out: every format says the same, and nothing is left half-written."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pyogrio
import pytest
from rich.console import Console
from test_compare import F1, F2, NEW, assessed, with_facilities
from workspaces import COUNTY, OTHER_TOWN, TOWN

from geoplan import i18n
from geoplan.compare import Comparison, compare
from geoplan.errors import OutputError
from geoplan.report import comparison_record, show_comparison, write_comparison
from geoplan.report.alternatives import amount_matrix

HOSTILE = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def alternatives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Comparison]:
    """One alternative that closes a home and builds a centre, one that only builds it, with a hostile name."""
    folder = tmp_path_factory.mktemp("alternatives")
    base = assessed(with_facilities(F1, F2), folder / "base")
    closing = assessed(with_facilities(F1, (*F2[:4], "closed", *F2[5:]), NEW), folder / "closing")
    building = assessed(with_facilities(F1, F2, (NEW[0], HOSTILE, *NEW[2:])), folder / "building")
    return {"撤并方案": compare(base, closing), HOSTILE: compare(base, building)}


def printed(alternatives: dict[str, Comparison]) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=160)
    show_comparison(alternatives, console)
    return console.file.getvalue()


def test_the_json_holds_what_differs_and_only_that(alternatives):
    """Both sides of each changed verdict stand in it, people who are as they were do not."""
    record = json.loads(json.dumps(comparison_record(alternatives), allow_nan=False))
    closing = record["alternatives"][0]
    assert closing["name"] == "撤并方案"
    centre = next(
        v for v in closing["verdicts"] if v["indicator"] == "township_centre_coverage" and v["unit"] == COUNTY
    )
    assert (centre["before"]["verdict"], centre["after"]["verdict"], centre["flipped"]) == ("warn", "pass", True)
    care = [row for row in closing["people"] if row["service"] == "care"]
    assert {row["demand_id"]: row["change"] for row in care} == {"D4": "loses", "D5": "gains"}
    assert all(verdict["level"] != "estate" for verdict in closing["verdicts"])


def test_the_layers_read_back_with_the_same_people(alternatives, tmp_path):
    """The GeoPackage holds units, people and facilities of each alternative, numbered, with their names."""
    file = write_comparison(alternatives, tmp_path)[0]
    layers = {name for name, _kind in pyogrio.list_layers(file)}
    kinds = ("units", "people", "facilities")
    assert layers == {f"{kind}_{number}" for kind in kinds for number in (1, 2)} | {"about"}
    units = pyogrio.read_dataframe(file, layer="units_1")
    older = units[(units["group"] == "pop60") & (units["service"] == "care")].set_index("unit_code")
    assert older.loc[[OTHER_TOWN, TOWN], ["gained", "lost"]].to_numpy().tolist() == [[100, 0], [0, 80]]
    assert pyogrio.read_dataframe(file, layer="about")["name"].tolist() == ["撤并方案", HOSTILE]


def test_no_name_becomes_a_formula(alternatives, tmp_path):
    """A name that begins like a formula is text in the CSV."""
    table = pd.read_csv(write_comparison(alternatives, tmp_path)[1])
    cells = [str(cell) for cell in (*table.columns, *table.to_numpy().ravel())]
    assert not any(cell.startswith("=") for cell in cells)


def test_the_terminal_tells_unknown_from_zero(alternatives):
    """Beds that nobody wrote down are a dash with their count, never 0."""
    lines = [line for line in printed(alternatives).splitlines() if line.strip().startswith("床位")]
    assert len(lines) == 1
    assert "（2 处未填）—" in lines[0]
    assert " 0" not in lines[0]


def test_land_that_only_one_alternative_plans_is_zero_in_the_others(alternatives):
    """And in the workspace; it stands below beds and areas."""
    row = {"amount": "parcel_m2", "sum_before": Fraction(0), "unknown_before": 0, "rows_before": 0}
    row |= {"sum_after": Fraction(900), "unknown_after": 0, "rows_after": 1}
    closing = alternatives["撤并方案"]
    planned = replace(closing, amounts=pd.concat([closing.amounts, pd.DataFrame([row])], ignore_index=True))
    table = amount_matrix({"撤并方案": planned, HOSTILE: alternatives[HOSTILE]})
    assert list(table.iloc[-1]) == ["规划地块（m²）", "0", "900", "0"]


def test_the_terminal_speaks_both_languages(alternatives):
    """Titles and changes are in the language of the command."""
    assert "结论变化" in printed(alternatives)
    with i18n.speaking("en"):
        assert "Verdicts that flip" in printed(alternatives)


def test_a_failure_leaves_what_was_there(alternatives, tmp_path):
    """A folder that is a file is refused in one line and stays as it was."""
    place = tmp_path / "out"
    place.write_text("mine")
    with pytest.raises(OutputError, match="out"):
        write_comparison(alternatives, place)
    assert place.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
