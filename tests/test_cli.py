"""The command as a user runs it: exit status, one line for what is wrong, nothing half-written."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.main import get_command
from workspaces import Workspace, at, line, table

from geoplan import i18n
from geoplan.cli import build_app

FILES = {"assessment.gpkg", "assessment.json", "coverage.csv", "demand.csv", "map.html", "verdicts.csv"}


def no_manifest(_small: Workspace, folder: Path) -> None:
    (folder / "layers").mkdir()


def missing_file(small: Workspace, folder: Path) -> None:
    small.write(folder)
    (folder / "layers" / "demand.csv").unlink()


def missing_crs(small: Workspace, folder: Path) -> None:
    del small.entries["demand"]["crs"]
    small.write(folder)


def swapped_axes(small: Workspace, folder: Path) -> None:
    small.frames["demand"] = small.frames["demand"].to_crs(4326)
    small.frames["demand"].geometry = shapely.transform(
        small.frames["demand"].geometry.to_numpy(), lambda xy: xy[:, ::-1]
    )
    small.entries["demand"]["crs"] = "EPSG:4326"
    small.write(folder)


def unknown_pack(small: Workspace, folder: Path) -> None:
    small.head["pack"] = "atlantis"
    small.write(folder)


def empty_layer(small: Workspace, folder: Path) -> None:
    small.frames["estates"] = small.frames["estates"].iloc[:0]
    small.write(folder)


def shapefile_without_dbf(small: Workspace, folder: Path) -> None:
    facilities = small.frames["facilities"]
    small.replace_layer("facilities", "facilities.shp").write(folder)
    facilities.to_file(folder / "layers" / "facilities.shp", encoding="utf-8", engine="pyogrio")
    (folder / "layers" / "facilities.dbf").unlink()


def negative_households(small: Workspace, folder: Path) -> None:
    small.frames["estates"].loc[1, "households"] = "-5"
    small.write(folder)


def duplicate_ids(small: Workspace, folder: Path) -> None:
    small.frames["demand"].loc[1, "demand_id"] = "D1"
    small.write(folder)


def no_walkable_road(small: Workspace, folder: Path) -> None:
    small.frames["roads"]["road_class"] = "motorway"
    small.write(folder)


def unknown_status(small: Workspace, folder: Path) -> None:
    small.frames["roads"]["status"] = "maybe"
    small.write(folder)


def all_closed(small: Workspace, folder: Path) -> None:
    small.frames["roads"]["status"] = "封闭"
    small.write(folder)


def broken_geopackage(small: Workspace, folder: Path) -> None:
    small.replace_layer("roads", "roads.gpkg").write(folder)
    (folder / "layers" / "roads.gpkg").write_bytes(b"SQLite format 3\0 and no more")


@pytest.mark.filterwarnings("ignore:Column names longer than 10 characters:UserWarning")
@pytest.mark.filterwarnings("ignore:Normalized/laundered field name:RuntimeWarning")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (no_manifest, "manifest.toml"),
        (missing_file, "demand.csv"),
        (missing_crs, "demand：没有坐标系"),
        (swapped_axes, "经度和纬度很可能写反了"),
        (unknown_pack, "atlantis"),
        (empty_layer, "estates：图层是空的"),
        (shapefile_without_dbf, "缺少 .dbf"),
        (negative_households, "“households”为负数（E2）"),
        (duplicate_ids, "重复（D1）"),
        (no_walkable_road, "没有一条可供步行通行，请检查 road_class、access、walkable 字段"),
        (unknown_status, "“status”有不认识的值：maybe"),
        (all_closed, "全部封闭"),
        (broken_geopackage, "roads.gpkg 无法读取"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_bad_input_is_one_clear_line_and_status_2(geoplan, small, tmp_path, spoil, said):
    """Unusable input ends with status 2 and one line that names it; no result is written."""
    spoil(small, tmp_path)
    status, out, err = geoplan("assess", tmp_path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("错误：")
    assert said in err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("command", "chinese", "english"),
    [
        ("app --port abc", "--port 的值不对，应为：1 到 65535 的整数", "a whole number from 1 to 65535"),
        ("assess --speed quick", "--speed 的值不对，应为：数字", "wanted: a number"),
        ("check --foo", "没有选项 --foo", "There is no option --foo"),
        ("check --out", "选项 --out 后面要写一个值", "--out needs a value"),
        ("check . more", "多出的参数：more", "too many: more"),
        ("chec", "没有命令“chec”", "There is no command “chec”"),
        ("import roads", "缺少 FILE", "FILE is missing"),
    ],
)
def test_a_wrong_command_is_answered_in_the_users_language(geoplan, command, chinese, english):
    """One line that says what is wrong and where to read more, in Chinese or in English, and status 2."""
    for words, said in (((), chinese), (("--lang", "en"), english)):
        status, out, err = geoplan(*words, *command.split())
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert said in err


def test_the_help_of_every_command_is_in_the_readers_language():
    """No heading or mark of typer's own stands in the Chinese help, and each does in the English one."""
    headings = (
        "Usage:",
        "Arguments:",
        "Options:",
        "Commands:",
        "[OPTIONS]",
        "COMMAND [ARGS]",
        "Show this",
        "[default",
        "[required",
    )
    with i18n.speaking("zh"):
        chinese = list(_helps(get_command(build_app())))
    with i18n.speaking("en"):
        english = list(_helps(get_command(build_app())))
    assert len(chinese) == len(english) > 30
    assert [text for text in chinese if any(heading in text for heading in headings)] == []
    assert [heading for heading in headings if not any(heading in text for text in english)] == []


def _helps(command: Any, path: str = "geoplan") -> Iterator[str]:
    """What a command and those below it say of themselves."""
    context = command.make_context(path, [], resilient_parsing=True)
    yield command.get_help(context)
    for word, below in getattr(command, "commands", {}).items():
        yield from _helps(below, f"{path} {word}")


def test_english_lines_have_english_marks(geoplan, small, tmp_path):
    """What is wrong with a layer is joined in English with English marks."""
    small.frames["estates"].loc[1, "households"] = "-5"
    _status, _out, err = geoplan("--lang", "en", "assess", small.write(tmp_path))
    assert err.startswith("Error: estates: the field “households” is negative (E2); correct it, or leave it blank")


def test_several_problems_are_all_told(geoplan, small, tmp_path):
    """Every error of every layer has a line of its own below one that counts them."""
    small.frames["estates"].loc[1, "households"] = "-5"
    small.frames["demand"].loc[1, "demand_id"] = "D1"
    status, _out, err = geoplan("assess", small.write(tmp_path))
    assert status == 2
    first, *more = err.splitlines()
    assert "2 处错误" in first
    assert [line.split("：")[0].strip() for line in more] == ["错误 demand", "错误 estates"]


def test_assess_prints_verdicts_and_writes_all_files(geoplan, small, tmp_path):
    """The board has the verdicts in words; the files are there and nothing else."""
    status, out, err = geoplan("assess", small.write(tmp_path), "--out", tmp_path / "out")
    assert (status, err) == (0, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert "镇（街）综合养老服务中心覆盖率" in out
    assert "! 预警" in out
    assert "甲街道" in out


def test_speeds_and_facilities_are_shown_when_asked_for(geoplan, small, tmp_path):
    """--sensitivity prints the shares at three speeds, --facilities what each facility adds; neither else."""
    small.write(tmp_path)
    plain = geoplan("assess", tmp_path)[1]
    assert "不同速度" not in plain
    assert "各设施的作用" not in plain
    lines = [line.split() for line in geoplan("assess", tmp_path, "--sensitivity", "--facilities")[1].splitlines()]
    assert ["示例县", "24.39%", "34.15%", "34.15%"] in lines
    assert ["F1", "甲街道综合养老服务中心", "60", "60", "0", "60"] in lines
    assert ["F2", "乙镇敬老院", "80", "80", "0", "80"] in lines


def test_the_mode_is_said_wherever_figures_are(geoplan, small, tmp_path):
    """The board, the JSON, the coverage table, the GeoPackage and the map name the mode and the speed."""
    status, out, _err = geoplan("assess", small.write(tmp_path), "--mode", "e-bike", "--speed", "4")
    assert status == 0
    assert "电动自行车 4 m/s" in out
    assert "电动自行车 15 分钟覆盖" in out
    results = tmp_path / "results"
    record = json.loads((results / "assessment.json").read_text(encoding="utf-8"))
    profile = record["provenance"]["profile"]
    assert (profile["id"], profile["speed_mps"]) == ("e-bike", 4)
    about = gpd.read_file(results / "assessment.gpkg", layer="about").set_index("key")["value"]
    assert json.loads(about["provenance"])["profile"] == profile
    assert "电动自行车,4.0," in (results / "coverage.csv").read_text(encoding="utf-8-sig").splitlines()[1]
    assert "电动自行车 4 m/s" in (results / "map.html").read_text(encoding="utf-8")


def test_a_workspace_where_nothing_operates_is_drawn_without_a_murmur(geoplan, small, tmp_path):
    """Without any facility in operation there are results with nobody covered, and nothing on standard error."""
    small.frames["facilities"] = small.frames["facilities"].iloc[[2]]
    status, out, err = geoplan("assess", small.write(tmp_path), "--facilities")
    assert (status, err) == (0, "")
    assert "无此类设施 290，无法定位 120" in out


def test_json_is_all_there_is_on_standard_output(geoplan, small, tmp_path):
    """With --json standard output is one JSON object, equal to the file."""
    status, out, _err = geoplan("assess", small.write(tmp_path), "--json")
    assert status == 0
    assert json.loads(out) == json.loads((tmp_path / "results" / "assessment.json").read_text(encoding="utf-8"))


def test_the_year_picks_the_milestone(geoplan, small, tmp_path):
    """--year 2023 uses Heshan's 40 %, 2025 its 60 %."""
    small.write(tmp_path)
    targets = {}
    for year in ("2023", "2025"):
        _status, out, _err = geoplan("assess", tmp_path, "--json", "--year", year)
        verdicts = json.loads(out)["verdicts"]
        targets[year] = {
            v["target"] for v in verdicts if v["indicator"] == "township_centre_coverage" and v["level"] == "county"
        }
    assert targets == {"2023": {40}, "2025": {60}}


def test_strict_tells_a_failed_binding_rule_by_status_1(geoplan, small, tmp_path):
    """A missed binding rule ends with status 1 under --strict and 0 without; an unstated one never does."""
    small.write(tmp_path)
    pack = tmp_path / "strict.toml"
    heshan = '[pack]\nschema = 1\nid = "s"\nname = "s"\nextends = ["heshan"]\n'
    rule = (
        '[[rule]]\nid = "s.land"\nindicator = "land_per_capita"\nname = "地"\nname_en = "land"\nmeasure = "area_per_resident"\n'
        'value = "9"\nunit = "m²/人"\nbinding = "binding"\nsection = "1"\nquote = "x"\noptions = { basis = "resident" }\n'
    )
    pack.write_text(heshan + rule, encoding="utf-8")
    assert geoplan("assess", tmp_path, "--strict")[0] == 0
    assert geoplan("assess", tmp_path, "--pack", pack)[0] == 0
    assert geoplan("assess", tmp_path, "--pack", pack, "--strict")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pack", "nowhere"], "没有名为“nowhere”的规则包"),
        (["--pack", "nowhere.toml"], "nowhere.toml 不存在"),
        (["--speed", "0"], "速度须大于 0"),
        (["--speed", "nan"], "速度须大于 0"),
        (["--speed", "101"], "不超过 100"),
        (["--speed", "1e-9"], "超过 24 天"),
        (["--mode", "broom"], "没有名为“broom”的出行方式"),
        (["--mode", "{file}.toml"], "无法读取出行方式文件"),
        (["--mode", "car", "--sensitivity"], "只用于步行"),
        (["--small-island", "-1"], "不能为负"),
        (["--small-island", "nan"], "不能为负"),
        (["--out", "{file}"], "无法写入结果文件夹"),
    ],
)
def test_wrong_use_is_one_clear_line_and_status_2(geoplan, small, tmp_path, arguments, said):
    """A pack, speed or folder that cannot be used is told in one line."""
    small.write(tmp_path)
    (tmp_path / "file").write_text("")
    status, out, err = geoplan("assess", tmp_path, *(a.format(file=tmp_path / "file") for a in arguments))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_an_unknown_language_is_refused(geoplan):
    """--lang takes zh and en."""
    status, _out, err = geoplan("--lang", "fr", "assess")
    assert status == 2
    assert "fr" in err


def test_english_is_at_a_switch(geoplan, small, tmp_path):
    """With --lang en errors and the board are in English."""
    assert "no workspace" in geoplan("--lang", "en", "assess", tmp_path)[2]
    small.write(tmp_path)
    assert "Townships with a comprehensive centre" in geoplan("--lang", "en", "assess", tmp_path)[1]


def test_a_full_disk_leaves_the_old_results(small, tmp_path):
    """When a file cannot be written whole, the results of before stay as they were and no scrap is left."""
    small.write(tmp_path)
    command = [sys.executable, "-m", "geoplan", "assess", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "results").iterdir()}

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    failed = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, preexec_fn=small_disk
    )
    assert failed.returncode == 2
    assert "原有文件未改动" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "results").iterdir()} == before


def test_demo_does_not_overwrite_another_workspace(geoplan, small, tmp_path):
    """The demo is not written over somebody's county."""
    small.write(tmp_path)
    before = (tmp_path / "layers" / "manifest.toml").read_bytes()
    status, _out, err = geoplan("demo", tmp_path)
    assert status == 2
    assert "已是另一个工作区" in err
    assert (tmp_path / "layers" / "manifest.toml").read_bytes() == before


def test_names_are_not_markup_on_the_terminal(geoplan, small, tmp_path):
    """A name that looks like terminal markup is printed as it is."""
    small.frames["units"].loc[1, "name"] = "[bold]甲[/bold]"
    _status, out, _err = geoplan("assess", small.write(tmp_path))
    assert "[bold]甲[/bold]" in out


def test_a_workspace_without_units_and_estates_is_assessed(geoplan, small, tmp_path):
    """Roads, homes and facilities are enough; what needs more is not evaluable and says which layer."""
    small.without("units").without("estates")
    status, out, _err = geoplan("assess", small.write(tmp_path), "--json")
    assert status == 0
    missing = {v["indicator"]: v["missing"] for v in json.loads(out)["verdicts"] if v["verdict"] == "not_evaluable"}
    assert missing["township_centre_coverage"] == ["units"]
    assert missing["new_area_per_100hh"] == ["estates"]


def test_a_facility_without_a_place_is_told(geoplan, small, tmp_path):
    """A row without coordinates is a warning with its id, not a silent loss."""
    small.frames["facilities"].loc[1, "geometry"] = None
    _status, out, _err = geoplan("assess", small.write(tmp_path))
    assert "警告 facilities：没有几何位置（F2）" in out


def test_service_areas_are_written_with_their_names_minutes_and_areas(geoplan, small, tmp_path):
    """One row per facility and cut-off, each cut-off once, shortest first, in the layers' CRS; nothing else is left."""
    small.frames["facilities"].loc[1, "geometry"] = None
    out = tmp_path / "areas" / "walk.gpkg"
    minutes = ("--minutes", "10", "--minutes", "5", "--minutes", "10.0")
    status, printed, err = geoplan("service-areas", small.write(tmp_path), *minutes, "--out", out)
    assert (status, err) == (0, "")
    assert "已写出 4 个服务范围" in printed
    assert "未定位、没有服务范围的设施：F2" in printed
    areas = gpd.read_file(out)
    assert [path.name for path in out.parent.iterdir()] == ["walk.gpkg"]
    assert areas.columns.tolist() == ["facility_id", "name", "service", "minutes", "kind", "area_m2", "geometry"]
    assert list(zip(areas["facility_id"], areas["minutes"], strict=True)) == [
        ("F1", 5),
        ("F2", 5),
        ("F1", 10),
        ("F2", 10),
    ]
    assert areas.crs == "EPSG:4547"
    assert areas["area_m2"].tolist() == pytest.approx(areas.geometry.area.fillna(0).tolist())
    assert areas["area_m2"].iloc[1] == 0
    assert areas.geometry.iloc[2].covers(areas.geometry.iloc[0])


@pytest.mark.parametrize(("kind", "rows"), [("each", 2), ("dissolved", 1), ("responsibility", 2)])
def test_service_areas_come_in_three_kinds(geoplan, small, tmp_path, kind, rows):
    """The kind is in the file; without minutes the limit of the rules is drawn."""
    small.write(tmp_path)
    assert geoplan("service-areas", tmp_path, "--kind", kind, "--pack", "cn-national")[0] == 0
    areas = gpd.read_file(tmp_path / "results" / "service_areas.gpkg")
    assert areas["kind"].tolist() == [kind] * rows
    assert areas["minutes"].tolist() == [15] * rows
    assert areas["facility_id"].fillna("").tolist() == ([""] if kind == "dissolved" else ["F1", "F2"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--minutes", "0"], "分钟数须大于 0"),
        (["--minutes", "15", "--minutes", "-5"], "现为 -5。"),
        (["--minutes", "ten"], "分钟数须为数字，现为“ten”"),
        (["--minutes", "35791.4"], "不超过 35791 分钟"),
        (["--minutes", "nan"], "现为 nan"),
        (["--kind", "round"], "没有服务范围的画法“round”"),
        (["--speed", "0"], "speed_mps 须大于 0"),
        (["--mode", "broom"], "没有名为“broom”的出行方式"),
        (["--pack", "nowhere"], "没有名为“nowhere”的规则包"),
        (["--out", "areas.shp"], "结果须为 .gpkg 文件"),
        (["--out", "{file}/areas.gpkg"], "是文件而不是文件夹"),
        (["--out", "{file}/deeper/areas.gpkg"], "是文件而不是文件夹"),
        (["--out", "{folder}"], "是文件夹，请换一个文件名"),
    ],
)
def test_service_areas_that_cannot_be_drawn_are_one_clear_line_and_status_2(geoplan, small, tmp_path, arguments, said):
    """Wrong cut-offs, kinds, speeds, packs and files are told in one line, and nothing is written."""
    small.write(tmp_path)
    paths = {"file": tmp_path / "file", "folder": tmp_path / "folder.gpkg"}
    paths["file"].write_text("")
    paths["folder"].mkdir()
    status, out, err = geoplan("service-areas", tmp_path, *(argument.format(**paths) for argument in arguments))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert list(paths["folder"].iterdir()) == []
    assert not (tmp_path / "results").exists()


def test_service_areas_that_a_full_disk_cuts_short_leave_what_was_there(small, tmp_path):
    """A write that fails midway is one line and status 2, and the file from before is unharmed."""
    small.write(tmp_path)
    file = tmp_path / "areas.gpkg"
    command = [sys.executable, "-m", "geoplan", "--lang", "zh", "service-areas", str(tmp_path), "--out", str(file)]
    subprocess.run(command, capture_output=True, check=True)
    before = file.read_bytes()

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    failed = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=small_disk)
    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (2, "", 1)
    assert "原有文件未改动" in failed.stderr
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["areas.gpkg", "layers"]


@pytest.mark.parametrize(("kind", "rows"), [("each", 2), ("dissolved", 1), ("responsibility", 2)])
def test_facilities_without_a_road_are_told_and_have_empty_areas(geoplan, small, tmp_path, kind, rows):
    """When no facility is located the file has empty areas and every one of them is named."""
    small.frames["facilities"]["geometry"] = None
    small.write(tmp_path)
    status, printed, err = geoplan("service-areas", tmp_path, "--kind", kind, "--pack", "cn-national")
    assert (status, err) == (0, "")
    assert "未定位、没有服务范围的设施：F1、F2" in printed
    areas = gpd.read_file(tmp_path / "results" / "service_areas.gpkg")
    assert areas["area_m2"].tolist() == [0] * rows
    assert areas.geometry.is_empty.all() or areas.geometry.isna().all()


def test_a_facility_on_an_island_reaches_that_island_only(geoplan, small, tmp_path):
    """A road that nothing joins is the whole area of the facility beside it, and it is reported as it is."""
    island = table("road_class", ("residential", line((9000, 0), (9300, 0))))
    small.frames["roads"] = pd.concat([small.frames["roads"], island], ignore_index=True)
    small.frames["facilities"].loc[0, "geometry"] = at(9100, 10)
    small.write(tmp_path)
    assert geoplan("service-areas", tmp_path, "--minutes", "30")[0] == 0
    areas = gpd.read_file(tmp_path / "results" / "service_areas.gpkg").set_index("facility_id")
    assert areas.geometry["F1"].within(line((9000, 0), (9300, 0)).buffer(51))
    assert areas["area_m2"]["F1"] == pytest.approx(300 * 100 + math.pi * 50**2, rel=0.01)


def test_a_county_without_facilities_has_no_service_areas(geoplan, small, tmp_path):
    """An empty list of facilities gives a file without rows, and one empty area when dissolved."""
    small.frames["facilities"]["status"] = "planned"
    small.write(tmp_path)
    for kind, rows in (("each", 0), ("dissolved", 1), ("responsibility", 0)):
        status, printed, err = geoplan("service-areas", tmp_path, "--kind", kind, "--pack", "cn-national")
        assert (status, err) == (0, "")
        assert f"已写出 {rows} 个服务范围" in printed
        areas = gpd.read_file(tmp_path / "results" / "service_areas.gpkg")
        assert areas["area_m2"].tolist() == [0] * rows


def test_a_faster_mode_reaches_farther(geoplan, small, tmp_path):
    """On an e-bike a facility's area in the same minutes is larger than on foot."""
    small.write(tmp_path)
    area = {}
    for mode in ("walk", "e-bike"):
        file = tmp_path / f"{mode}.gpkg"
        assert geoplan("service-areas", tmp_path, "--mode", mode, "--minutes", "5", "--out", file)[0] == 0
        area[mode] = gpd.read_file(file)["area_m2"].max()
    assert area["e-bike"] > 3 * area["walk"] > 0
