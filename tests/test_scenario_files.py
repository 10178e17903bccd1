"""Scenarios as files and on the command line: byte for byte, and nothing stored of what is hostile."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_strategies import any_edits, texts
from workspaces import Workspace

from geoplan import i18n
from geoplan.cli import main
from geoplan.errors import OutputError, ScenarioError
from geoplan.scenario import (
    AddFacility,
    CloseFacility,
    Scenario,
    Signature,
    Step,
    Store,
    differences,
    dumps,
    loads,
    read_scenario,
    write_scenario,
)
from geoplan.scenario.exchange import MAX_BYTES

AT = datetime(2026, 1, 31, 8, tzinfo=UTC)
PLAN = Scenario(
    "方案 <script>alert(1)</script>",
    "0" * 64,
    (
        Step(
            AddFacility(facility_id="N1", lon=112.9, lat=22.7, attributes={"name": "站", "beds": 5}), "张三", AT, "缺站"
        ),
        Step(CloseFacility(facility_id="F1"), "李四", AT),
    ),
    "第一行\n第二行",
)
scenarios = st.builds(
    Scenario,
    texts,
    texts,
    st.lists(st.builds(Step, any_edits, texts, st.datetimes(timezones=st.just(UTC)), texts), max_size=3).map(tuple),
    texts,
)


def test_the_file_is_readable_and_small_to_compare():
    """One step is a few lines: who and why, what, where; another step changes only its own lines."""
    text = dumps(PLAN)
    assert text == (
        "{\n"
        '  "schema": 1,\n'
        '  "name": "方案 <script>alert(1)</script>",\n'
        '  "note": "第一行\\n第二行",\n'
        f'  "base": "{"0" * 64}",\n'
        '  "steps": [\n'
        '    {"at": "2026-01-31T08:00:00Z", "author": "张三", "reason": "缺站",\n'
        '     "kind": "add_facility", "facility_id": "N1", "attributes": {"beds": 5, "name": "站"},\n'
        '     "geometry": {"type": "Point", "coordinates": [112.9, 22.7]}},\n'
        '    {"at": "2026-01-31T08:00:00Z", "author": "李四", "reason": "",\n'
        '     "kind": "close_facility", "facility_id": "F1"}\n'
        "  ]\n"
        "}\n"
    )


@settings(max_examples=60)
@given(scenarios)
def test_a_file_read_and_written_again_is_byte_equal(scenario):
    """Any scenario comes back from its file, through a store too, and gives the same file."""
    text = dumps(scenario)
    assert loads(text, "x") == scenario
    with Store("sqlite://") as store:
        store.bring_in(loads(text, "x"), Signature("张三"))
        assert dumps(store.state(scenario.name).scenario) == text


def changed(**values: object) -> str:
    """The plan's file with other values at the top."""
    return json.dumps({**json.loads(dumps(PLAN)), **values}, ensure_ascii=False)


def with_step(**values: object) -> str:
    """The plan's file with one step that has other values."""
    step = {**json.loads(dumps(PLAN))["steps"][0], **values}
    return changed(steps=[{key: value for key, value in step.items() if value != "absent"}])


HOSTILE = {
    "truncated": dumps(PLAN)[:-40],
    "empty": "",
    "no object": "[1, 2]",
    "no schema": "{}",
    "newer schema": changed(schema=2),
    "schema of the wrong type": changed(schema="1"),
    "schema true": changed(schema=True),
    "deep nesting": "[" * 200_000,
    "deep nesting in a value": with_step(attributes="@").replace('"@"', "[" * 900 + "]" * 900),
    "NaN": dumps(PLAN).replace("112.9", "NaN"),
    "Infinity": dumps(PLAN).replace("112.9", "-Infinity"),
    "a number too large for a float": dumps(PLAN).replace("112.9", "1e999"),
    "an enormous number": dumps(PLAN).replace('"beds": 5', '"beds": ' + "9" * 100_000),
    "a large number": dumps(PLAN).replace('"beds": 5', '"beds": ' + "9" * 30),
    "a key twice": dumps(PLAN).replace('"beds": 5', '"beds": 5, "beds": 6'),
    "an unknown key": changed(colour="red"),
    "an unknown key in a step": with_step(colour="red"),
    "an unknown kind": with_step(kind="drop_table"),
    "a kind that is no text": with_step(kind=["close_facility"]),
    "a missing id": with_step(kind="close_facility", facility_id="absent", attributes="absent", geometry="absent"),
    "a place out of range": dumps(PLAN).replace("112.9", "500"),
    "a place that is no pair": with_step(geometry={"type": "Point", "coordinates": [1, 2, 3]}),
    "a geometry of the wrong type": with_step(geometry={"type": "LineString", "coordinates": [[1, 2], [3, 4]]}),
    "a missing geometry": with_step(geometry="absent"),
    "a list for a value": dumps(PLAN).replace('"beds": 5', '"beds": [5]'),
    "steps that are no list": changed(steps={"a": 1}),
    "a step that is no object": changed(steps=["x"]),
    "a name that is no text": changed(name=5),
    "a name with control characters": changed(name="a\x1b[2Jb"),
    "half a character": dumps(PLAN).replace("缺站", "\\ud800"),
    "a nul": dumps(PLAN).replace("缺站", "\\u0000"),
    "a very long name": changed(name="长" * 1000),
    "a time without a zone": with_step(at="2026-01-31T08:00:00"),
    "no time": with_step(at="yesterday"),
    "no author": with_step(author=None),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_give_one_clear_line(case):
    """A file that is damaged, newer or meant to harm is refused with one short line that names the file."""
    with pytest.raises(ScenarioError, match=r"plan\.json") as error:
        loads(HOSTILE[case], "plan.json")
    assert len(str(error.value)) < 400
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_huge_file_is_refused_without_reading_it_all(tmp_path):
    """A file of 100 MB is refused; what is no UTF-8, no file and not there is refused too."""
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(5 * MAX_BYTES)
    (tmp_path / "gbk.json").write_bytes("方案".encode("gbk"))
    for name, said in (
        ("huge.json", "超过 20 MB"),
        ("gbk.json", "UTF-8"),
        ("none.json", "无法读取"),
        (".", "无法读取"),
    ):
        with pytest.raises(ScenarioError, match=said):
            read_scenario(tmp_path / name)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    """Where it cannot be written the error says so and the folder is as it was."""
    write_scenario(PLAN, tmp_path / "plan.json")
    assert read_scenario(tmp_path / "plan.json") == PLAN
    with pytest.raises(OutputError, match="无法写入"):
        write_scenario(PLAN, tmp_path / "plan.json" / "below.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(OutputError, match="无法写入"):
        write_scenario(PLAN, tmp_path / "folder.json")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["folder.json", "plan.json"]


def test_differences_tell_steps_apart_by_their_edits():
    """The same edit by another person is the same; equal edits are counted; contested is what both change."""
    close, other = CloseFacility(facility_id="F1"), CloseFacility(facility_id="F2")
    moved = AddFacility(facility_id="F2", lon=1, lat=2, attributes={})
    one = Scenario("一", "x", (Step(close, "张三", AT), Step(other, "张三", AT), Step(close, "张三", AT)))
    two = Scenario("二", "x", (Step(close, "李四", AT), Step(moved, "李四", AT)))
    found = differences(one, two)
    assert [step.edit for step in found.both] == [close]
    assert [step.edit for step in found.one] == [other, close]
    assert [step.edit for step in found.other] == [moved]
    assert found.contested == (("facilities", "F2"),)


@pytest.fixture
def geoplan(
    small: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run `geoplan scenario` on the small county: (exit status, standard output, standard error)."""
    small.write(tmp_path)
    monkeypatch.delenv("GEOPLAN_STORE", raising=False)
    monkeypatch.setenv("GEOPLAN_AUTHOR", "张三")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["geoplan", "scenario", *map(str, arguments), "--dir", str(tmp_path)])
        with i18n.speaking("zh"), pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return run


STATION = ("lon=112.905", "lat=22.7", "name=新站", "kind=养老服务站", "level=村居", "status=现状")


def test_a_scenario_from_the_first_edit_to_the_file(geoplan, tmp_path):
    """New, edited, undone, redone, branched, compared, exported, deleted and imported: each command does its part."""
    assert geoplan("new", "甲", "--note", "试")[0] == 0
    assert geoplan("edit", "甲", "add_facility", "facility_id=N1", *STATION, "--reason", "缺站")[0] == 0
    assert geoplan("edit", "甲", "change_estate_area", "estate_id=E2", "facility_area_m2=40")[0] == 0
    assert geoplan("branch", "甲", "乙")[0] == 0
    assert geoplan("undo", "甲", "--reason", "改主意")[0] == 0
    diff = json.loads(geoplan("diff", "甲", "乙", "--json")[1])
    assert [step["kind"] for step in diff["edits"]["only"]["乙"]] == ["change_estate_area"]
    assert geoplan("redo", "甲")[0] == 0
    shown = json.loads(geoplan("show", "甲", "--json")[1])
    assert [step["kind"] for step in shown["steps"]] == ["add_facility", "change_estate_area"]
    assert (shown["steps"][0]["reason"], shown["revision"], shown["note"]) == ("缺站", 5, "试")
    log = json.loads(geoplan("log", "甲", "--json")[1])["log"]
    assert [entry["kind"] for entry in log] == ["new", "edit", "edit", "undo", "redo"]
    assert geoplan("export", "甲", "--out", tmp_path / "plan.json")[0] == 0
    assert geoplan("rename", "甲", "旧甲")[0] == 0
    assert geoplan("import", tmp_path / "plan.json")[0] == 0
    assert geoplan("export", "甲")[1] == (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert [each["name"] for each in json.loads(geoplan("list", "--json")[1])["scenarios"]] == ["乙", "旧甲", "甲"]
    assert json.loads(geoplan("verify", "--json")[1])["entries"] == 8
    assert "方案与图层相符" in geoplan("check", "甲")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("close_facility", "facility_id=F99"), "没有编号“F99”"),
        (("add_facility", "facility_id=N1", "lon=112.9", "lat=10", *STATION[2:]), "县域之外"),
        (("add_facility", "facility_id=N1", "lon=here", "lat=10"), "不是数字"),
        (("add_facility", "facility_id=N1", *STATION, "beds=5", "nursing_beds=6"), "大于"),
        (
            (
                "add_parcel",
                "code=1",
                "code_system=x",
                "outline=112.905,22.7 112.906,22.701 112.906,22.7 112.905,22.701",
            ),
            "无效",
        ),
        (("drop_table", "x=1"), "没有名为“drop_table”的编辑"),
        (("close_facility", "F1"), "字段=值"),
        (("close_facility", "facility_id=F1", "colour=red"), "不认识的键“colour”"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_not_stored(geoplan, arguments, said):
    """One line on stderr, exit status 2, and the scenario is at the revision it was at."""
    geoplan("new", "甲")
    status, _out, error = geoplan("edit", "甲", *arguments)
    assert (status, error.count("\n")) == (2, 1)
    assert said in error
    assert json.loads(geoplan("show", "甲", "--json")[1])["revision"] == 1


def test_a_file_that_does_not_fit_is_refused_and_not_stored(geoplan, tmp_path):
    """A hostile file and one with a fault on the same layers leave no store behind."""
    (tmp_path / "plan.json").write_text(HOSTILE["truncated"], encoding="utf-8")
    status, _out, error = geoplan("import", tmp_path / "plan.json")
    assert (status, error.count("\n")) == (2, 1)
    assert not (tmp_path / "scenarios").exists()


def test_a_write_that_is_refused_makes_no_store(geoplan, tmp_path):
    """A name that is taken, a scenario that is not there: the folder holds what it held, and the next write makes the store."""
    write_scenario(PLAN, tmp_path / "scenarios" / "plan.json")
    for arguments in (("import", tmp_path / "scenarios" / "plan.json"), ("undo", "没有"), ("new", PLAN.name)):
        assert geoplan(*arguments)[0] == 2
        assert [file.name for file in (tmp_path / "scenarios").iterdir()] == ["plan.json"]
    assert geoplan("new", "甲")[0] == 0
    assert sorted(file.name for file in (tmp_path / "scenarios").iterdir()) == ["plan.json", "scenarios.sqlite"]


def test_reading_makes_no_store(geoplan, tmp_path):
    """Listing shows the files in `scenarios/`; only writing makes the store, with those files as its first entries."""
    write_scenario(PLAN, tmp_path / "scenarios" / "plan.json")
    assert [each["edits"] for each in json.loads(geoplan("list", "--json")[1])["scenarios"]] == [2]
    assert [file.name for file in (tmp_path / "scenarios").iterdir()] == ["plan.json"]
    geoplan("note", PLAN.name, "看过")
    assert (tmp_path / "scenarios" / "scenarios.sqlite").is_file()
    assert json.loads(geoplan("log", PLAN.name, "--json")[1])["log"][0]["kind"] == "import"


def test_a_scenario_on_other_layers_is_checked_and_rebased(geoplan, tmp_path):
    """It cannot be edited before it is rebased; rebasing keeps what fits and lists the rest."""
    write_scenario(PLAN, tmp_path / "scenarios" / "plan.json")
    checked = geoplan("check", PLAN.name)[1]
    assert "另一版图层" in checked
    assert "第 1 步" in checked
    status, _out, error = geoplan("edit", PLAN.name, "close_facility", "facility_id=F2")
    assert (status, "rebase" in error) == (2, True)
    assert "没有保留：新增设施 N1" in geoplan("rebase", PLAN.name)[1]
    assert geoplan("edit", PLAN.name, "close_facility", "facility_id=F2")[0] == 0


def test_an_old_revision_is_a_conflict_on_the_command_line(geoplan):
    """The second edit of the same facility on an old revision is refused with both sides in one line."""
    geoplan("new", "甲")
    geoplan("edit", "甲", "close_facility", "facility_id=F1")
    assert geoplan("edit", "甲", "close_facility", "facility_id=F2", "--on", "1")[0] == 0
    status, _out, error = geoplan(
        "edit", "甲", "change_facility", "facility_id=F1", "beds=5", "nursing_beds=", "--on", "1"
    )
    assert (status, error.count("\n")) == (2, 1)
    assert "撤并设施 F1" in error
    assert "beds=5" in error
