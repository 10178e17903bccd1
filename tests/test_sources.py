"""Two statements of one fact, typed figures, plans that are not built yet: what a workspace says beside its rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from rules import CENTRE, TOWNS, a_pack
from workspaces import COUNTY, CRS, FOUR, OTHER_TOWN, STREET, Workspace, area, at, small_workspace, table

from geoplan.assess import Assessment, assess
from geoplan.errors import LayerError
from geoplan.layers import load_layers
from geoplan.layers.facilities import split_versions
from geoplan.model import Outcome, Settings, Severity
from geoplan.report import write_results

NURSING = {"numerator": "nursing_beds", "denominator": "beds"}
PACK = a_pack(
    {"measure": "ratio_of_sums", "value": "70", "indicator": "share", "options": NURSING},
    {"measure": "facility_count", "value": "2", "indicator": "count", "unit": "家"},
    {"measure": "entered", "value": "100", "indicator": "visits"},
)
OTHER = a_pack(
    {"measure": "ratio_of_sums", "value": "90", "indicator": "share", "options": NURSING},
    {"measure": "facility_count", "value": "2", "indicator": "count", "unit": "家"},
    id="there",
)
COLUMNS = "facility_id name kind level status beds nursing_beds open_year as_of source"
HOME = ("care_home", "township", "existing")


def two_sources(*more: tuple[object, ...]) -> Workspace:
    """The small county with a home of which two sources say different things, and another home."""
    small = small_workspace()
    small.frames["facilities"] = table(
        COLUMNS,
        ("F1", "福利院", *HOME, 150, 72, "", "2020", "专栏1", at(500, 500)),
        ("F1", "福利院", *HOME, 85, 72, "", "2021-06", "专栏5", at(500, 500)),
        ("F2", "敬老院", *HOME, 15, 15, "", "2021-06", "专栏5", at(2500, 500)),
        *more,
    )
    return small


def assessed(small: Workspace, folder: Path, **more: object) -> Assessment:
    """The workspace under the small pack."""
    return assess(load_layers(small.write(folder)), PACK, year=2025, **more)


def test_the_latest_statement_counts_and_the_others_are_kept(tmp_path):
    """Of two rows of one facility that of 2021 counts; the other is no facility of its own anywhere."""
    layers = load_layers(two_sources().write(tmp_path))
    assert layers.frames["facilities"][["facility_id", "beds"]].to_numpy().tolist() == [["F1", 85], ["F2", 15]]
    assert layers.frames["facility_versions"]["beds"].tolist() == [150]
    (note,) = [problem for problem in layers.problems if problem.layer == "facilities"]
    assert (note.severity, note.rows) == (Severity.NOTE, ("F1",))


@pytest.mark.parametrize(
    ("days", "latest"),
    [
        (("2020", "2021"), 1),
        (("2021", "2020-12-31"), 0),
        (("2021-2", "2021-10"), 1),
        (("2021年2月", "2021年10月"), 1),
        (("", "1998"), 1),
        (("2021", "2021-06"), 1),
    ],
)
def test_dates_are_compared_as_dates(days, latest):
    """2021-10 is later than 2021-2, a month is later than its bare year, and blank is earlier than everything."""
    rows = gpd.GeoDataFrame({"facility_id": ["F", "F"], "as_of": days, "source": ["a", "b"], "beds": [0, 1]})
    kept, others, _notes = split_versions(rows)
    assert (kept["beds"].tolist(), others["beds"].tolist()) == ([latest], [1 - latest])


def test_statements_of_one_day_are_reported(tmp_path):
    """Dates that do not tell two statements apart are a warning that names the facility."""
    small = two_sources()
    small.frames["facilities"]["as_of"] = "2021"
    problems = {p.severity: p.rows for p in load_layers(small.write(tmp_path)).problems if p.layer == "facilities"}
    assert problems == {Severity.NOTE: ("F1",), Severity.WARNING: ("F1",)}


def test_two_rows_that_nothing_tells_apart_are_refused(tmp_path):
    """The same id with the same date and source is an error, as it always was."""
    small = two_sources(("F2", "敬老院", *HOME, 1, 1, "", "2021-06", "专栏5", at(2500, 500)))
    with pytest.raises(LayerError) as caught:
        load_layers(small.write(tmp_path))
    (error,) = [problem for problem in caught.value.problems if problem.severity is Severity.ERROR]
    assert error.rows == ("F2",)
    assert "as_of" in error.remedy


def test_a_verdict_that_another_source_turns_is_told_with_both(tmp_path):
    """87 of 100 nursing beds pass 70 per cent; 87 of 165 do not; the count of homes does not change and is not told."""
    assessment = assessed(two_sources(), tmp_path)
    found = [c for c in assessment.conflicts if c.verdict.count.level == "county"]
    (conflict,) = found
    assert (conflict.verdict.value, conflict.verdict.outcome) == (87, Outcome.PASS)
    assert (conflict.other.value, conflict.other.outcome) == (Fraction(8700, 165), Outcome.WARN)
    assert (conflict.facilities, conflict.source, conflict.as_of) == (("F1",), "专栏1", "2020")
    assert {c.verdict.count.unit for c in assessment.conflicts} == {COUNTY, "F1"}


def test_what_a_source_does_not_say_is_no_contradiction(tmp_path):
    """An older row that is blank but for its agreeing beds changes nothing."""
    small = two_sources()
    small.frames["facilities"].loc[0, ["beds", "nursing_beds"]] = [85, ""]
    assert assessed(small, tmp_path).conflicts == ()


def test_conflicts_stand_in_every_result(tmp_path):
    """JSON, CSV and GeoPackage hold both verdicts; without conflicts an old file of them is taken away."""
    out = tmp_path / "out"
    write_results(assessed(two_sources(), tmp_path), out)
    record = json.loads((out / "assessment.json").read_text(encoding="utf-8"))
    turned = [c for c in record["conflicts"] if c["turns"]]
    assert [(c["verdict"]["verdict"], c["other"]["verdict"], c["source"]) for c in turned] == [
        ("pass", "warn", "专栏1")
    ]
    rows = pd.read_csv(out / "conflicts.csv")
    assert rows.loc[0, ["现值", "另一来源的值", "结论改变", "涉及设施"]].tolist() == ["87.00%", "52.73%", "是", "F1"]
    assert len(pyogrio.read_dataframe(out / "assessment.gpkg", layer="conflicts")) == len(rows)
    plain = two_sources()
    plain.frames["facilities"] = plain.frames["facilities"].iloc[1:]
    write_results(assessed(plain, tmp_path / "plain"), out)
    assert not (out / "conflicts.csv").exists()


# Typed figures


def with_figures(text: str, folder: Path, name: str = "figures.csv") -> Path:
    """The small county with a table of figures."""
    small = two_sources()
    small.entries["figures"] = {"file": name}
    small.write(folder)
    (folder / "layers" / name).write_text(text, encoding="utf-8")
    return folder


def test_typed_figures_are_a_layer_without_places(tmp_path):
    """A plain CSV with further columns is read, judged, and part of the digest."""
    text = "rule,name,value,source,as_of\nvisits,月探访率,99.5,民政局,2025-06-30\n"
    layers = load_layers(with_figures(text, tmp_path))
    assessment = assess(layers, PACK, year=2025)
    (visits,) = [v for v in assessment.verdicts if v.rule.indicator == "visits"]
    assert (visits.value, visits.outcome) == (Fraction(199, 2), Outcome.WARN)
    assert "民政局，2025-06-30" in visits.count.note
    other = load_layers(with_figures(text.replace("99.5", "100"), tmp_path / "other"))
    assert layers.digests["figures"] != other.digests["figures"]


def test_typed_figures_may_stand_in_a_workbook(tmp_path):
    """A sheet of a workbook is read like a CSV; of several sheets the manifest must name one."""
    small = two_sources()
    small.entries["figures"] = {"file": "figures.xlsx"}
    small.write(tmp_path)
    rows = pd.DataFrame(
        {"rule": ["visits"], "value": [100], "source": ["民政局"], "as_of": [pd.Timestamp("2025-06-30")]}
    )
    rows.to_excel(tmp_path / "layers" / "figures.xlsx", index=False)
    frame = load_layers(tmp_path).frames["figures"]
    assert frame.loc[0, ["value", "as_of"]].tolist() == ["100", "2025-06-30"]
    with pd.ExcelWriter(tmp_path / "layers" / "figures.xlsx") as book:
        rows.to_excel(book, sheet_name="一", index=False)
        rows.to_excel(book, sheet_name="二", index=False)
    with pytest.raises(LayerError) as caught:
        load_layers(tmp_path)
    assert "一, 二" in caught.value.problems[0].message


def test_points_may_stand_in_a_workbook(tmp_path):
    """A workbook with coordinates is a layer like a CSV: whole numbers stay whole."""
    small = two_sources()
    frame = small.frames.pop("estates")
    small.entries["estates"] = {"file": "estates.xlsx", "crs": CRS}
    small.write(tmp_path)
    plain = pd.DataFrame(frame.drop(columns="geometry")).assign(x=frame.geometry.x, y=frame.geometry.y)
    plain["households"] = [500, 200, 300]
    plain.to_excel(tmp_path / "layers" / "estates.xlsx", index=False)
    read = load_layers(tmp_path).frames["estates"]
    assert read["households"].tolist() == [500, 200, 300]
    assert read["estate_id"].tolist() == ["E1", "E2", "E3"]


def test_a_workbook_that_is_none_is_refused(tmp_path):
    """A file that is called .xlsx and is not says so."""
    with pytest.raises(LayerError) as caught:
        load_layers(with_figures("rule,value\n", tmp_path, "figures.xlsx"))
    assert "figures.xlsx 无法读取" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule,value,source,as_of\nvisits,99,,\n", "没有来源或日期"),
        ("rule,value,source,as_of\nvisit,99,民政局,2025\n", "不要求填报的编号"),
    ],
)
def test_a_figure_without_source_or_for_nothing_is_reported(tmp_path, text, said):
    """Whoever types a figure is told what is missing, and what nobody asked for."""
    problems = assess(load_layers(with_figures(text, tmp_path)), PACK, year=2025).problems
    assert [p.severity for p in problems if said in p.message] == [Severity.WARNING]


@pytest.mark.parametrize("text", ["value\n99\n", "rule,value\n,99\n", "rule,value\nvisits,1\nvisits,2\n", ""])
def test_a_table_of_figures_that_cannot_be_used_is_refused(tmp_path, text):
    """No column rule, a blank rule, a rule twice, an empty file."""
    with pytest.raises(LayerError):
        load_layers(with_figures(text, tmp_path))


# Villages


def test_a_facility_belongs_to_its_village(tmp_path):
    """Places are put into villages by where they are, and at the border by what they state."""
    small = small_workspace()
    cells = [(f"{STREET}20{n}", f"村{n}", "村", STREET, area(1000 * n, 0, 1000 * n + 1000, 2000)) for n in (0, 1)]
    villages = table("unit_code name level parent_code", *cells)
    small.frames["units"] = pd.concat([small.frames["units"], villages], ignore_index=True)
    small.frames["facilities"].loc[1, ["geometry", "unit_code"]] = [at(990, 500), f"{STREET}201"]
    layers = load_layers(small.write(tmp_path))
    sites = layers.frames["facilities"].set_index("facility_id")
    assert sites.loc[["F1", "F2", "F3"], "village"].tolist() == [f"{STREET}200", f"{STREET}201", ""]
    assert sites.loc[["F1", "F2", "F3"], "township"].tolist() == [STREET, STREET, OTHER_TOWN]


# What is planned


def planned(folder: Path, *, counted: bool) -> Assessment:
    """A county with a planned centre of 2024, one of 2030, and one without a year."""
    small = small_workspace()
    columns = "facility_id name kind level status functions open_year"
    centre = ("township_centre", "township")
    small.frames["facilities"] = table(
        columns,
        ("F1", "现状中心", *centre, "existing", FOUR, "", at(500, 500)),
        ("F2", "规划中心", *centre, "planned", FOUR, "2024", at(2500, 500)),
        ("F3", "远期中心", *centre, "building", FOUR, "2030", at(4500, 500)),
        ("F4", "未定中心", *centre, "planned", FOUR, "", at(4500, 500)),
    )
    scope, options = {"unit_levels": TOWNS}, {"functions": CENTRE}
    pack = a_pack({"measure": "unit_has_qualified", "value": "60", "scope": scope, "options": options})
    return assess(load_layers(small.write(folder)), pack, year=2025, settings=Settings(planned=counted))


def test_planned_facilities_count_only_when_asked_for(tmp_path):
    """AMB-29: what is there is 1 of 3; as planned for 2025 it is 2 of 3, and the results say so and whom they left out."""
    there = planned(tmp_path / "there", counted=False)
    assert (there.verdicts[0].value, there.facilities["facility_id"].tolist()) == (Fraction(100, 3), ["F1"])
    as_planned = planned(tmp_path / "planned", counted=True)
    assert (as_planned.verdicts[0].value, as_planned.verdicts[0].outcome) == (Fraction(200, 3), Outcome.PASS)
    assert as_planned.facilities["facility_id"].tolist() == ["F1", "F2"]
    assert [as_planned.provenance["planned"], there.provenance["planned"]] == [True, False]
    told = {p.severity: p.rows for p in as_planned.problems if p.layer == "facilities"}
    assert told == {Severity.NOTE: ("F2",), Severity.WARNING: ("F4",)}


# Two packs


def test_two_packs_stand_side_by_side_on_one_journey(tmp_path):
    """87 per cent pass one pack's 70 and miss the other's 90; the count of homes is the same in both."""
    assessment = assessed(two_sources(), tmp_path, beside=(OTHER,))
    write_results(assessment, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "assessment.json").read_text(encoding="utf-8"))
    assert [pack["id"] for pack in record["packs"]] == ["here", "there"]
    assert record["pack"]["id"] == "here"
    assert record["verdicts"] == record["packs"][0]["verdicts"]
    (difference,) = record["differences"]
    assert (difference["indicator"], difference["verdicts"]) == ("share", ["pass", "warn"])
    rows = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index("编号")
    assert rows.loc[["share", "count", "visits"], "不同"].fillna("").tolist() == ["是", "", ""]
    assert rows.loc["share", ["here 目标", "there 目标"]].tolist() == ["≥ 70%", "≥ 90%"]
    verdicts = pd.read_csv(tmp_path / "out" / "verdicts.csv")
    assert set(verdicts["规则包"]) == {"here", "there"}


def test_a_single_pack_keeps_its_shape(tmp_path):
    """With one pack there is neither a list of packs nor a comparison."""
    write_results(assessed(two_sources(), tmp_path), tmp_path / "out")
    record = json.loads((tmp_path / "out" / "assessment.json").read_text(encoding="utf-8"))
    assert not {"packs", "differences"} & record.keys()
    assert not (tmp_path / "out" / "comparison.csv").exists()


def test_each_pack_has_its_own_services(tmp_path):
    """Two packs may mean different minutes by one name: each is answered with its own."""
    service = {"id": "care", "name": "养老", "name_en": "care", "kinds": ["care_home"]}
    rule = {"measure": "network_share", "indicator": "circle", "options": {"service": "care", "group": "pop60"}}
    near, far = (a_pack(rule, services=({**service, "minutes": m},), id=f"m{m}") for m in (1, 60))
    layers = load_layers(two_sources().write(tmp_path))
    both = assess(layers, near, year=2025, beside=(far,))
    assert both.verdicts[0].value == assess(layers, near, year=2025).verdicts[0].value
    assert both.beside[0].verdicts[0].value == assess(layers, far, year=2025).verdicts[0].value
    assert both.verdicts[0].value < both.beside[0].verdicts[0].value


Run = Callable[..., tuple[int, str, str]]


def test_the_command_compares_packs_and_counts_plans(small, tmp_path, geoplan: Run):
    """--pack may be given twice, --planned says what it counts, and the terminal shows both."""
    small.write(tmp_path)
    status, out, _err = geoplan("assess", tmp_path, "--pack", "heshan", "--pack", "meizhou", "--planned")
    assert status == 0
    assert "heshan 与 meizhou" in out
    assert "按规划方案计入" in out
    assert (tmp_path / "results" / "comparison.csv").is_file()


def test_the_command_shows_conflicts(tmp_path, geoplan: Run):
    """A planner sees the other source's value and verdict on the board."""
    small = two_sources()
    pack = tmp_path / "here.toml"
    pack.write_text(
        '[pack]\nschema = 1\nid = "here"\nname = "此地"\ndocument = "规划"\n[[rule]]\nid = "here.share"\nindicator = "share"\n'
        'name = "护理型占比"\nname_en = "share"\nmeasure = "ratio_of_sums"\nvalue = "70"\nunit = "%"\nbinding = "binding"\n'
        'section = "一"\nquote = "原文"\noptions = { numerator = "nursing_beds", denominator = "beds" }\n'
        'assumed = ["value"]\nnote = "取合计"\n',
        encoding="utf-8",
    )
    status, out, _err = geoplan("assess", small.write(tmp_path), "--pack", pack)
    assert status == 0
    for words in ("数据冲突", "52.73%", "专栏1，2020", "假设：目标值 70", "取合计"):
        assert words in out, words
