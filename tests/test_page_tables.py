"""What the pages show, as plain functions: boards, changes, stock, cells as edits, typed figures, alternatives; no browser."""

from __future__ import annotations

import io
import stat
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from workspaces import OTHER_TOWN, STREET, TOWN, small_workspace

from geoplan import crs, i18n
from geoplan.assess import Assessment, assess, assess_scenario
from geoplan.compare import compare
from geoplan.doctor import Finding
from geoplan.errors import OutputError
from geoplan.layers import Layers, load_layers, read_manifest
from geoplan.model import Binding, Comparator, Outcome, Problem, Severity, Verdict
from geoplan.report import change, edit_words, figures_table, stock
from geoplan.report.figures_table import Typed
from geoplan.scenario import (
    AddFacility,
    ChangeEstateArea,
    ChangeFacility,
    CloseFacility,
    Scenario,
    Signature,
    Step,
    Store,
    rebase,
)
from geoplan.standards import Pack, load_pack
from geoplan.web import (
    board,
    cells,
    comparison_rows,
    data_problems,
    difference_layers,
    editing,
    figure_rows,
    findings,
    places,
    rows,
    scenario_rows,
    stock_rows,
)
from geoplan.web.key_figures import key_figures
from geoplan.web.state import Desk, Notice

HOSTILE = "<img src=x onerror=alert(1)>"
WHEN = datetime(2026, 1, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def pack() -> Pack:
    """Heshan's plan."""
    return load_pack("heshan")


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The small county."""
    return load_layers(small_workspace().write(tmp_path_factory.mktemp("pages")))


@pytest.fixture(scope="module")
def base(layers: Layers, pack: Pack) -> Assessment:
    """The small county as it is, in 2025."""
    return assess(layers, pack, year=2025)


def scenario(layers: Layers, *edits) -> Scenario:
    """A scenario of these edits."""
    return Scenario("方案", layers.base, tuple(Step(edit, "甲", WHEN, "试") for edit in edits))


@pytest.fixture(scope="module")
def better(layers: Layers, pack: Pack) -> Assessment:
    """F2 gets the function that it lacks, E2 the 10 m² that it lacks."""
    edits = (
        ChangeFacility(
            facility_id="F2",
            attributes={"kind": "township_centre", "functions": "full_residential|day_care|home_visit|guidance"},
        ),
        ChangeEstateArea(estate_id="E2", facility_area_m2=30),
    )
    return assess_scenario(layers, scenario(layers, *edits), pack, year=2025)


def verdict_of(assessment: Assessment, indicator: str) -> Verdict:
    """The county's verdict of an indicator."""
    return next(one for one in findings.county_verdicts(assessment) if one.rule.indicator == indicator)


# --- the board


def test_the_filter_keeps_level_outcome_binding_and_text(base):
    """Each condition takes out what does not meet it; a text is looked for in name, clause, words, unit and id, in any case."""
    estates = [one for one in base.verdicts if board.Filter(level="estate").keeps(one)]
    assert {one.count.unit for one in estates} == {"E1", "E2", "E3"}
    missing = [one for one in base.verdicts if board.Filter(level="estate", lacking=True).keeps(one)]
    assert {one.count.unit for one in missing} == {"E2", "E3"}
    met = board.Filter(level="estate", outcomes=frozenset({Outcome.PASS}))
    assert {one.count.unit for one in base.verdicts if met.keeps(one)} == {"E1"}
    bound = board.Filter(bindings=frozenset({Binding.ADVISORY}))
    assert {one.rule.binding for one in base.verdicts if bound.keeps(one)} == {Binding.ADVISORY}
    for text in ("旧区每百户", "不低于15平方米", "OLD_AREA_PER_100HH"):
        found = [one for one in base.verdicts if board.Filter(text=text).keeps(one)]
        assert [one.rule.indicator for one in found] == ["old_area_per_100hh"]


def test_a_part_of_a_countys_count_lacks_nothing_of_its_own(base):
    """A town without one of the two centres that the county needs lacks none; one without its own comprehensive centre does."""
    of_towns = [one for one in base.verdicts if one.count.level == "township"]
    counted = [one for one in of_towns if one.rule.measure == "facility_count" and one.needed]
    assert counted
    assert not any(board.lacks(one) for one in counted)
    centres = {
        one.count.unit for one in of_towns if one.rule.indicator == "township_centre_coverage" and board.lacks(one)
    }
    assert centres == {TOWN, OTHER_TOWN}


def test_the_board_tells_what_a_scenario_changes(base, better):
    """Better, with the outcome that turned and the symbol before; a dash where nothing changed; no such column without a scenario."""
    table = board.table(findings.county_verdicts(better), base)
    column = dict(
        zip((one.rule.indicator for one in findings.county_verdicts(better)), table.frame["较现状"], strict=True)
    )
    assert column["township_centre_coverage"] == "▲ +33.33 个百分点（! → ✓）"
    assert column["old_area_per_100hh"] == "▲ +100.00 个百分点（! → ✓）"
    assert column["new_area_per_100hh"] == "—"
    land = verdict_of(base, "land_per_capita")
    more = turned(land, value=(land.value or Fraction(0)) + Fraction(1, 8))
    assert change.verdict_change(land, more).text.endswith("+0.125 m²/人")
    assert board.table([more], base).frame["较现状"].tolist()[0].endswith("+0.125")
    assert "较现状" not in board.table(findings.county_verdicts(base)).frame


def test_units_become_words_only_where_they_are_shown(layers, pack, base):
    """Assessed in English, verdicts have the units that they have in Chinese, of which one is told from several."""
    with i18n.speaking("en"):
        other = assess(layers, pack, year=2025)
    units = [[(one.value_unit, one.count.needed_unit) for one in each.verdicts] for each in (base, other)]
    assert units[0] == units[1]


def turned(verdict: Verdict, **fields) -> Verdict:
    """The same verdict with other figures."""
    return replace(verdict, **fields)


def test_a_change_is_for_the_better_or_the_worse(base):
    """What complies now is better; what needs more is worse; above a least value more is better, below a most value less is."""
    one = turned(
        verdict_of(base, "township_centre_coverage"), outcome=Outcome.WARN, value=Fraction(50), needed=Fraction(2)
    )
    cases = [
        (one, turned(one, outcome=Outcome.PASS, value=Fraction(70), needed=Fraction(0)), change.Turn.BETTER),
        (one, turned(one, value=Fraction(40), needed=Fraction(3)), change.Turn.WORSE),
        (one, turned(one, value=Fraction(51)), change.Turn.BETTER),
    ]
    most = turned(one, rule=replace(one.rule, comparator=Comparator.AT_MOST), needed=Fraction(0))
    cases += [(most, turned(most, value=Fraction(51)), change.Turn.WORSE)]
    unjudged = turned(one, target=None, needed=None)
    cases += [(unjudged, turned(unjudged, value=Fraction(51)), change.Turn.NEITHER)]
    for before, after, turn in cases:
        found = change.verdict_change(before, after)
        assert found is not None
        assert (found.turn, found.text.startswith(turn.value)) == (turn, True)
    assert change.verdict_change(one, turned(one)) is None


def test_the_key_figures_tell_their_change(base, better):
    """The centres and the estates went up by one each; who is covered is as before."""
    figures = key_figures(better, base)
    assert [figure.value for figure in figures[:3]] == ["34.15%", "2 / 3", "2 / 3"]
    assert [figure.change.text if figure.change else "" for figure in figures[:3]] == [
        "",
        "▲ +33.33 个百分点（! → ✓）",
        "▲ +1 个",
    ]
    assert all(figure.change is None for figure in key_figures(base))


# --- evidence and places


def test_the_evidence_names_the_rows_for_the_map(base):
    """Each table of evidence holds ids of the map's layer, in the order of its rows; the uncovered homes are those of the town."""
    reach = next(one for one in base.verdicts if one.rule.measure == "network_share" and one.count.unit == STREET)
    found = findings.evidence(base, reach)
    assert found["uncovered"].ids == ("D3",)
    assert found["uncovered"].layer == "demand"
    centres = findings.evidence(base, verdict_of(base, "township_centre_coverage"))
    assert (centres["facilities"].layer, centres["facilities"].ids) == ("facilities", ("F1",))
    assert centres["townships"].ids == (STREET, TOWN, OTHER_TOWN)


def test_a_filter_keeps_ids_beside_their_rows(base):
    """What a filter leaves has the same ids as before, and marked ids are found at their new places."""
    table = rows.facility_table(base).containing("乙镇")
    assert table.ids == ("F2", "F4")
    assert table.places({"F4", "F1"}) == [1]
    assert table.of({"F4"}).frame["编号"].tolist() == ["F4"]


def test_the_box_holds_the_rows_and_something_around_them(layers):
    """In degrees, west before east; nothing for ids that have no place."""
    box = places.bounds_of(layers, "facilities", ("F1", "F2"))
    assert box is not None
    west, south, east, north = box
    assert 112 < west < east < 114
    assert east - west > 2000 / 111_000  # F1 and F2 lie 2 km apart
    assert north - south >= 2 * 0.004 * 0.99
    assert places.bounds_of(layers, "facilities", ("nowhere",)) is None
    assert places.bounds_of(layers, "idle_assets", ("A",)) is None


# --- stock


def test_what_units_lack_is_told_in_words(base):
    """The two towns without a centre of their own lack one; the street lacks none."""
    short = stock.shortfalls(base, "township")
    assert {unit for unit, text in short.items() if "综合养老服务中心覆盖率 1 处" in text} == {TOWN, OTHER_TOWN}


def test_villages_add_up(tmp_path, pack):
    """The people of the villages are those of the demand points within; covered and uncovered add up; facilities are counted."""
    small = small_workspace()
    from workspaces import area, table  # noqa: PLC0415

    villages = table(
        "unit_code name level parent_code",
        ("440784001001", "东村", "村", STREET, area(0, 0, 1000, 2000)),
        ("440784001002", "西村", "村", STREET, area(1000, 0, 2000, 2000)),
    )
    small.frames["units"] = pd.concat([small.frames["units"], villages], ignore_index=True)
    found = assess(load_layers(small.write(tmp_path)), pack, year=2025)
    frame = stock_rows.village_table(found, found.coverages[0]).frame
    assert frame[["村居", "60岁以上（人）", "已覆盖（人）", "未覆盖（人）", "运营设施（处）"]].to_numpy().tolist() == [
        ["东村", 60, 60, 0, 1],
        ["西村", 50, 0, 50, 0],
    ]


def test_a_village_table_without_villages_is_empty(base):
    """No village in the units layer, no row."""
    assert not len(stock_rows.village_table(base, base.coverages[0]).frame)


def test_beds_and_their_shortfall(tmp_path, pack):
    """40 nursing beds of 100 are 40 %, 15 short of 55 %; unknown residents leave the occupancy unknown; no beds, no row."""
    small = small_workspace()
    facilities = small.frames["facilities"]
    facilities["beds"], facilities["nursing_beds"], facilities["residents"] = "", "", ""
    facilities.loc[1, ["beds", "nursing_beds"]] = ["100", "40"]
    facilities.loc[0, ["beds", "residents"]] = ["0", "0"]
    found = assess(load_layers(small.write(tmp_path)), pack, year=2025)
    frame = stock_rows.bed_table(found).frame.set_index("编号")
    assert frame.index.tolist() == ["F2"]
    assert frame.loc["F2", ["护理型占比（%）", "护理型缺口（张）"]].tolist() == [40, 15]
    assert pd.isna(frame.loc["F2", "入住率（%）"])


def test_the_land_table_is_what_the_verdicts_say(base):
    """190 m² for 2,100 residents, 20 short of 210; towns below the county."""
    table = stock_rows.land_table(base)
    assert table is not None
    assert table.frame["设施用地（m²）"].tolist()[:2] == [190, 150]
    assert table.frame["缺口（m²）"].tolist()[0] == 20
    assert table.ids[1:] == (STREET, TOWN, OTHER_TOWN)


# --- downloads


def test_a_workbook_holds_figures_as_figures_and_no_formula():
    """Text that begins with = stays text, unknown figures stay blank, control characters are gone, the note is in every row."""
    table = rows.table(
        [{"a": "=1+1", "n": 1234.5}, {"a": "甲\x07", "n": float("nan")}],
        ("a", "名称", rows.TEXT),
        ("n", "面积", rows.AREA),
    )
    sheet = openpyxl.load_workbook(io.BytesIO(table.xlsx("合成"))).active
    cells_of = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells_of == [["名称", "面积", "数据性质"], ["=1+1", 1234.5, "合成"], ["甲", None, "合成"]]
    assert (sheet["A2"].data_type, sheet["B2"].number_format) == ("s", "#,##0.00")


# --- cells as edits


def facility_rows(layers: Layers) -> pd.DataFrame:
    """The layer as the grid gets it."""
    return layers.frames["facilities"].drop(columns="geometry")


def test_a_grid_shows_words_and_gives_back_codes(layers):
    """A row that is typed as it stands gives no edit; words become codes, blanks become unknown, whole numbers lose their point."""
    frame = facility_rows(layers)
    shown = cells.grid_frame(frame, cells.FACILITIES, {})
    assert shown.loc[1, ["kind", "level", "status"]].tolist() == ["养老机构", "镇街级", "现状"]
    assert shown.loc[0, "functions"] == ["日间照料", "全日托养", "协调指导", "上门服务"]
    as_it_stands = {
        str(row["facility_id"]): {name: row[name] for name in cells.FACILITIES.typed}
        for row in shown.to_dict("records")
    }
    assert cells.edits_of(frame, cells.FACILITIES, as_it_stands) == ()
    typed = {
        "F2": {
            "beds": 100.0,
            "functions": ["日间照料", "助餐"],
            "has_medical": "是",
            "site_area_m2": None,
            "kind": "养老机构",
        }
    }
    assert cells.edits_of(frame, cells.FACILITIES, typed) == (
        ChangeFacility(
            facility_id="F2",
            attributes={"beds": 100, "functions": "day_care|meals", "has_medical": "yes", "site_area_m2": None},
        ),
    )


def test_the_grid_speaks_english_too(layers):
    """English words give the same edits."""
    with i18n.speaking("en"):
        shown = cells.grid_frame(facility_rows(layers), cells.FACILITIES, {})
        assert shown.loc[1, "status"] != "现状"
        assert cells.edits_of(facility_rows(layers), cells.FACILITIES, {"F2": {"status": shown.loc[1, "status"]}}) == ()


def test_what_was_typed_stays_with_its_row(layers):
    """Typed in the second row of a filtered grid, it belongs to that row's id, and is shown there when the rows are others."""
    typed = cells.with_typed({"F1": {"beds": 5}}, ["F2", "F4"], {"1": {"beds": 7}, 0: {"name": "新名"}})
    assert typed == {"F1": {"beds": 5}, "F2": {"name": "新名"}, "F4": {"beds": 7}}
    shown = cells.grid_frame(facility_rows(layers), cells.FACILITIES, typed)
    assert shown["beds"].tolist()[0] == 5
    assert shown["beds"].tolist()[3] == 7
    assert shown["name"].tolist()[1] == "新名"


def test_a_wrong_cell_is_named_with_its_row(layers):
    """A part above its whole and a negative area are told by row and word; what the scenario did before is not blamed."""
    typed = {"F1": {"beds": 10, "nursing_beds": 20}, "F2": {"site_area_m2": -5}, "F3": {"beds": 3}}
    edits = cells.edits_of(facility_rows(layers), cells.FACILITIES, typed)
    problems = cells.cell_problems(layers, [CloseFacility(facility_id="F4")], edits)
    assert len(problems) == 2
    assert any(text.startswith("F1：") and "护理型床位（张）" in text and "床位（张）" in text for text in problems)
    assert any(text.startswith("F2：") and "用地（m²）" in text for text in problems)


def test_an_estates_area_is_its_own_edit(layers):
    """Typed, or taken back to unknown."""
    frame = layers.frames["estates"].drop(columns="geometry")
    typed = {"E2": {"facility_area_m2": 30.0}, "E1": {"facility_area_m2": None}, "E3": {"facility_area_m2": 30}}
    assert cells.edits_of(frame, cells.ESTATES, typed) == (
        ChangeEstateArea(estate_id="E1", facility_area_m2=None),
        ChangeEstateArea(estate_id="E2", facility_area_m2=30.0),
    )


# --- typed figures

YES = Typed("是", "市政府文件", "2024-12-31", "王工", "")


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """The small county with a table of figures of which one is typed, and a column of the office's own."""
    small = small_workspace().replace_layer("figures", "figures.csv")
    small.write(tmp_path)
    text = "rule,value,source,as_of,entered_by,note,本局备查\nheshan.layout_plan,否,旧文件,2023,李工,,甲\nother.rule,1,,,,,乙\n"
    (tmp_path / "layers" / "figures.csv").write_text(text, encoding="utf-8")
    return tmp_path


def figures_of(root: Path) -> pd.DataFrame:
    """The table as it lies there."""
    return pd.read_csv(root / "layers" / "figures.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")


def seen_of(root: Path, pack: Pack) -> dict[str, Typed]:
    """What a page shows of the table."""
    return figures_table.typed_figures(load_layers(root).get("figures"), figures_table.entered_rules(pack))


def test_a_typed_figure_is_saved_and_nothing_else_is_touched(county, pack):
    """Its row changes and its verdict with it; a new row comes at the end; foreign rows and columns stay."""
    seen = seen_of(county, pack)
    assert verdict_of(assess(load_layers(county), pack, year=2025), "layout_plan").outcome is not Outcome.PASS
    rate = Typed("97", "民政局", "2025-06", "王工", "")
    _path, count = figures_table.save_figures(
        read_manifest(county), pack, {"heshan.layout_plan": YES, "heshan.pension_insurance_rate.2025": rate}, seen
    )
    assert count == 2
    table = figures_of(county).set_index("rule")
    assert table.loc["heshan.layout_plan", ["value", "source", "本局备查"]].tolist() == ["是", "市政府文件", "甲"]
    assert table.loc["other.rule", ["value", "本局备查"]].tolist() == ["1", "乙"]
    assert table.index[-1] == "heshan.pension_insurance_rate.2025"
    after = assess(load_layers(county), pack, year=2025)
    assert verdict_of(after, "layout_plan").outcome is Outcome.PASS
    assert verdict_of(after, "pension_insurance_rate").value == 97
    assert stat.S_IMODE((county / "layers" / "figures.csv").stat().st_mode) == 0o644


def test_a_row_that_somebody_else_changed_is_not_overwritten(county, pack):
    """The second writer is told who changed it to what; the file is as the first left it."""
    seen = seen_of(county, pack)
    figures_table.save_figures(read_manifest(county), pack, {"heshan.layout_plan": YES}, seen)
    before = (county / "layers" / "figures.csv").read_bytes()
    with pytest.raises(OutputError, match="王工"):
        figures_table.save_figures(read_manifest(county), pack, {"heshan.layout_plan": replace(YES, value="否")}, seen)
    assert (county / "layers" / "figures.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (replace(YES, value="也许"), "value"),
        (replace(YES, source=""), "source"),
        (replace(YES, as_of="去年"), "as_of"),
        (replace(YES, note="=HYPERLINK()"), "note"),
        (replace(YES, note="a\x00b"), "note"),
    ],
)
def test_a_figure_that_cannot_stand_is_refused_with_its_cell(county, pack, typed, field):
    """Nothing is written."""
    rule = next(rule for rule in pack.rules if rule.id == "heshan.layout_plan")
    assert [name for name, _text in figures_table.typed_problems(typed, rule)] == [field]
    before = (county / "layers" / "figures.csv").read_bytes()
    with pytest.raises(OutputError, match=field):
        figures_table.save_figures(read_manifest(county), pack, {rule.id: typed}, seen_of(county, pack))
    assert (county / "layers" / "figures.csv").read_bytes() == before


@pytest.mark.parametrize("day", ["2024", "2024-12", "2024-12-31"])
def test_a_date_may_be_a_year_a_month_or_a_day(pack, day):
    """And a negative number is a number, not a formula."""
    rule = next(rule for rule in pack.rules if rule.id == "heshan.pension_insurance_rate.2025")
    assert figures_table.typed_problems(Typed("-1", "甲局", day), rule) == []


def test_a_table_that_cannot_be_written_is_said(county, pack):
    """One line with the file's name; no half-written file is left beside it."""
    seen, file = seen_of(county, pack), county / "layers" / "figures.csv"
    file.unlink()
    file.mkdir()  # a superuser may write into any folder, but nobody over a folder
    with pytest.raises(OutputError, match=r"figures\.csv"):
        figures_table.save_figures(
            read_manifest(county), pack, {"heshan.pension_insurance_rate.2025": Typed("97", "甲", "2025")}, seen
        )
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


def test_a_workspace_without_a_table_gets_one(tmp_path, pack):
    """The file is made and entered in the manifest, so that the verdict follows."""
    small_workspace().write(tmp_path)
    figures_table.save_figures(read_manifest(tmp_path), pack, {"heshan.layout_plan": YES}, seen_of(tmp_path, pack))
    assert verdict_of(assess(load_layers(tmp_path), pack, year=2025), "layout_plan").outcome is Outcome.PASS


def test_the_grid_of_figures_tells_what_changed(base, pack):
    """A row typed anew has its author filled in; untouched rows are not told; problems name figure and cell."""
    rules = figures_table.entered_rules(pack)
    seen = figures_table.typed_figures(None, rules)
    frame = figure_rows.figure_frame(base, rules, seen)
    assert figure_rows.changed(frame, rules, seen, "王工") == {}
    frame.loc[0, ["value", "source", "as_of"]] = ["是", "文件", "2024"]
    frame.loc[1, "value"] = None
    assert figure_rows.changed(frame, rules, seen, "王工") == {rules[0].id: Typed("是", "文件", "2024", "王工", "")}
    wrong = figure_rows.problems({rules[0].id: Typed("是")}, {rule.id: rule for rule in rules})
    assert len(wrong) == 2
    assert all(text.startswith(rules[0].name) for text in wrong)


# --- alternatives


def test_a_scenario_named_as_the_base_has_a_column_of_its_own(base, better):
    """Two scenarios, one called like the column of the workspace: three columns, none of them twice."""
    comparisons = {"工作区现状": compare(base, base), "好": compare(base, better)}
    table = comparison_rows.verdict_table(comparisons, flipped_only=True)
    assert list(table.frame.columns)[2:] == ["工作区现状", "“工作区现状”", "好"]
    row = table.frame[table.frame["指标"].str.contains("旧区每百户")].iloc[0].tolist()
    assert row[2:] == ["0.00% ! 预警", "0.00% ! 预警", "▲ 100.00% ✓ 达标"]


def test_gained_and_lost_add_up(layers, base, pack):
    """Closing F1 loses its 60 people of 60 and over in the street; before + gained − lost is after, in every row."""
    closing = assess_scenario(layers, scenario(layers, CloseFacility(facility_id="F1")), pack, year=2025)
    table = comparison_rows.people_table({"撤": compare(base, closing)}, "care", "pop60")
    frame = table.frame.set_index("单元")
    assert frame.loc["甲街道", ["工作区现状已覆盖", "撤 新增", "撤 失去", "撤 合计"]].tolist() == [60, 0, 60, 0]
    assert (frame["工作区现状已覆盖"] + frame["撤 新增"] - frame["撤 失去"] == frame["撤 合计"]).all()
    touched = comparison_rows.touched_table(compare(base, closing))
    assert (touched.ids, touched.layer) == (("F1",), "facilities")
    assert "状态：现状 → 撤并" in touched.frame["内容"].iloc[0]


def test_a_new_facility_is_told_in_what_it_is(layers, base, pack):
    """Kind and the amounts that are known; nothing of the unknown ones."""
    site = {"name": "新站", "kind": "village_station", "level": "village", "status": "existing", "beds": 12}
    lon, lat = crs.lonlat(layers.frames["facilities"]).geometry.iloc[0].coords[0]
    adding = AddFacility(facility_id="N", lon=lon + 0.001, lat=lat, attributes=site)
    after = assess_scenario(layers, scenario(layers, adding), pack, year=2025)
    row = comparison_rows.touched_table(compare(base, after)).frame.iloc[0]
    assert row.tolist() == ["N", "新站", "新增", "类型 养老服务站，床位（张） 12"]


def test_the_difference_map_shows_who_loses(layers, base, pack):
    """Its dots are in the class of losing, its mark in that of the change; each class has a symbol of its own."""
    closing = assess_scenario(layers, scenario(layers, CloseFacility(facility_id="F1")), pack, year=2025)
    by_id = {layer.id: layer for layer in difference_layers.difference_layers(compare(base, closing), "care")}
    labels = [look.label for look in by_id["demand"].styles]
    assert len({look.symbol for look in by_id["demand"].styles}) == len(labels)
    assert labels[4] == "失去覆盖"
    assert set(by_id) == {"townships", "demand", "facilities"}


# --- scenarios


def test_history_tells_who_did_what_and_why(tmp_path, layers):
    """The last first, with names and words instead of ids and codes; a hostile name is just text."""
    names = edit_words.names_of(
        layers, [AddFacility(facility_id="N", lon=112.9, lat=22.7, attributes={"name": HOSTILE})]
    )
    assert names["facilities", "N"] == HOSTILE
    with Store(f"sqlite:///{tmp_path / 's.sqlite'}") as store:
        store.new(Scenario("甲案", layers.base), Signature("王工", "开始"))
        edit = ChangeFacility(facility_id="F2", attributes={"beds": 80, "status": "closed", "functions": None})
        state = store.append("甲案", [edit], Signature("李工", "核实床位"), 1)
        table = scenario_rows.history_table(store.log("甲案"), names)
        assert table.frame["作者"].tolist() == ["李工", "王工"]
        assert table.frame["内容"].iloc[0] == "修改设施 乙镇敬老院（F2）：床位（张） = 80，功能 = 空，状态 = 撤并"
        assert table.frame["理由"].tolist() == ["核实床位", "开始"]
        listed = scenario_rows.list_table([state], {state.id: store.log("甲案")[-1]}, "another")
        assert listed.frame[["方案", "状态", "编辑（步）", "最后修改人", "图层"]].iloc[0].tolist() == [
            "甲案",
            "草稿",
            1,
            "李工",
            "! 另一版图层",
        ]


def test_a_conflict_shows_both_sides(tmp_path, layers):
    """The edits that were refused on one side, what the other person did since on the other, by name and id; of a merge the branch and the scenario."""
    with Store(f"sqlite:///{tmp_path / 's.sqlite'}") as store:
        store.new(Scenario("甲案", layers.base), Signature("王工"))
        desk, _state = editing.catch_up(Desk(author="王工", scenario="甲案"), store)
        store.append("甲案", [CloseFacility(facility_id="F2")], Signature("李工"), 1)
        after = editing.append(desk, store, layers, [ChangeFacility(facility_id="F2", attributes={"beds": 9})])
        known = edit_words.names_of(layers)
        named = f"{known['facilities', 'F2']}（F2）"
        mine, theirs = _sides(after.notices[-1], known)
        assert mine == ("您的改动（没有保存）", (f"修改设施 {named}：床位（张） = 9",))
        assert theirs == ("此后他人的改动", (f"第 2 版 李工 编辑 撤并设施 {named}",))
        store.branch("甲案", "支线", Signature("王工"), 1)
        store.append("支线", [ChangeFacility(facility_id="F2", attributes={"beds": 8})], Signature("赵工"), 1)
        merged = editing.signed(after, store, lambda by: store.merge("甲案", "支线", by, 2))
        branch, own = _sides(merged.notices[-1], {})
        assert branch == ("分支的改动", ("赵工：修改设施 F2：床位（张） = 8",))
        assert own == ("本方案的改动", ("李工：撤并设施 F2",))


def _sides(notice: Notice, names: edit_words.Names) -> list[tuple[str, tuple[str, ...]]]:
    return [(head, tuple(edit_words.side_texts(side, names))) for head, side in notice.sides]


def test_a_renamed_scenario_stays_open(tmp_path, layers):
    """The desk follows the new name; a name that is taken leaves it where it was, and says so."""
    with Store(f"sqlite:///{tmp_path / 's.sqlite'}") as store:
        for name in ("甲案", "乙案"):
            store.new(Scenario(name, layers.base), Signature("王工"))
        desk, _state = editing.catch_up(Desk(author="王工", scenario="甲案"), store)
        after = editing.rename(desk, store, "丙案")
        assert (after.scenario, after.seen, after.notices) == ("丙案", 2, ())
        refused = editing.rename(after, store, "乙案")
        assert (refused.scenario, [notice.kind for notice in refused.notices]) == ("丙案", ["refused"])
        branched = editing.start(after, lambda by: store.branch("丙案", "丁案", by))
        assert (branched.scenario, branched.seen) == ("丁案", 1)


def test_what_no_longer_fits_is_listed_with_its_reason(layers):
    """A facility that is gone: the step is told with the id and why."""
    drawn = scenario(layers, CloseFacility(facility_id="F1"), CloseFacility(facility_id="gone"))
    _moved, left_out = rebase(drawn, layers)
    frame = scenario_rows.left_out_table(left_out, edit_words.names_of(layers)).frame
    assert frame["内容"].tolist() == ["撤并设施 gone"]
    assert frame["原因"].iloc[0]


# --- data


def test_the_rows_of_a_problem_can_be_looked_at(base):
    """The rows that it names, with ids for the map; none where it names none that are there."""
    told = Problem(Severity.WARNING, "facilities", "“nursing_beds”大于“beds”", "请核对", ("F2", "F9"))
    found = rows.problem_rows(base, told)
    assert found is not None
    assert (found.ids, found.layer) == (("F2",), "facilities")
    assert "乙镇敬老院" in found.frame["名称"].tolist()
    assert "养老机构" in found.frame.iloc[0].tolist()
    assert "日间照料、全日托养、上门服务" in found.frame.iloc[0].tolist()
    opened = rows.problem_rows(base, replace(told, rows=("F1",)))
    assert opened is not None
    assert opened.kinds["开业年份"] == rows.YEAR  # not 2,020.00
    assert rows.problem_rows(base, replace(told, rows=())) is None
    assert rows.problem_rows(base, replace(told, layer="roads")) is None
    assert rows.problem_table([Finding(told)]).frame["问题"].tolist() == ["“护理型床位（张）”大于“床位（张）”"]


def test_the_places_of_a_problem_are_layers_of_a_map(base):
    """Areas lie below lines below points; the map flies to a box that holds them all."""
    facility = base.layers.frames["facilities"].geometry.iloc[0]
    places = (
        facility,
        facility.buffer(90),
        shapely.LineString([(facility.x, facility.y), (facility.x, facility.y + 500)]),
    )
    found = Finding(Problem(Severity.NOTE, "roads", "甲", "乙"), where=places)
    assert [layer.kind for layer in data_problems.problem_layers(base.layers, found)] == ["areas", "lines", "marks"]
    box = shapely.box(*data_problems.bounds_of(base.layers, found))
    lonlat = gpd.GeoSeries(list(places), crs=base.layers.crs).to_crs(4326)
    assert box.covers(lonlat.union_all())
