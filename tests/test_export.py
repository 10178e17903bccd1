"""The export as a whole: nothing half-written, earlier sets kept, what moved told with its cause, templates, bad input."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import docx
import pytest
from workspaces import Workspace, small_workspace

from geoplan.assess import Assessment, assess, assess_scenario
from geoplan.errors import OutputError, SettingsError, TemplateError
from geoplan.layers import load_layers
from geoplan.model import Settings
from geoplan.report.documents import RECORD, Cause, Changes, Request, export_set, read_record
from geoplan.report.documents.changes import changes, sides
from geoplan.report.documents.chapter import words, write_chapter
from geoplan.report.documents.exporting import CHAPTER, WORKBOOK
from geoplan.report.documents.material import Material, coverage_text
from geoplan.report.documents.record import pack_digest, record_of
from geoplan.report.documents.template import opened
from geoplan.scenario import AddFacility, MoveFacility, Scenario, Step
from geoplan.standards import load_pack

LIGHT = Request(parts=("workbook", "gis"))
CARE = "coverage/care/pop60/county/440784/share"
BEDS = "verdict/cn-national.bed_site_area/facility/F2"  # site area per bed
ATTRIBUTES = {"name": "新站", "kind": "village_station", "level": "village", "status": "existing", "open_year": 2024}


def station(lon: float = 112.911, name: str = "N1") -> Scenario:
    """A scenario that adds one station; at its usual place it reaches D3."""
    edit = AddFacility(facility_id=name, attributes=ATTRIBUTES, lon=lon, lat=22.702)
    return Scenario("方案", "0" * 64, (Step(edit, "张三", datetime(2026, 1, 1, tzinfo=UTC)),))


def with_beds(beds: str) -> Workspace:
    """The small county whose first facility is a care home with beds."""
    workspace = small_workspace()
    workspace.frames["facilities"] = workspace.frames["facilities"].assign(beds=["", beds, "", "", ""])
    workspace.frames["facilities"].loc[1, "kind"] = "care_home"
    return workspace


def told(
    before: tuple[str, Scenario | None, Settings], after: tuple[str, Scenario | None, Settings], root: Path
) -> Changes:
    """What changed between two states: beds in the data, a scenario, settings."""
    pack, records, runs = load_pack("heshan"), [], []
    for number, (beds, scenario, settings) in enumerate((before, after)):
        layers = load_layers(with_beds(beds).write(root / str(number)))

        def run(settings: Settings, year: int | None, scenario: Scenario | None, layers=layers) -> Assessment:
            if scenario is None:
                return assess(layers, pack, settings=settings, year=year)
            return assess_scenario(layers, scenario, pack, settings=settings, year=year)

        records.append(record_of(run(settings, None, scenario), layers, datetime.now(UTC)))
        runs.append(run)
    return changes(records[0], records[1], runs[1])


def causes(found: Changes) -> dict[str, tuple[Cause, ...]]:
    return {moved.id: moved.causes for moved in found.moved}


WALK, SLOW = Settings(), Settings(speed_mps=0.8)


def test_nothing_moves_where_nothing_differs(tmp_path: Path) -> None:
    """The same layers, parameters and edits give no difference and no figure that moved."""
    found = told(("10", station(), WALK), ("10", station(), WALK), tmp_path)
    assert (found.differences, found.moved) == ((), ())
    assert found.figures > 50


@pytest.mark.parametrize(
    ("after", "cause", "figure"),
    [
        (("12", None, WALK), Cause.DATA, BEDS),
        (("10", None, SLOW), Cause.PARAMETERS, CARE),
        (("10", station(), WALK), Cause.EDITS, CARE),
    ],
)
def test_a_single_cause_is_named(
    tmp_path: Path, after: tuple[str, Scenario | None, Settings], cause: Cause, figure: str
) -> None:
    """Where data alone, parameters alone or edits alone differ, every figure that moved did so for them."""
    found = told(("10", None, WALK), after, tmp_path)
    assert {difference.cause for difference in found.differences} == {cause}
    assert causes(found)[figure] == (cause,)
    assert set(causes(found).values()) == {(cause,)}


def test_causes_are_told_apart_figure_by_figure(tmp_path: Path) -> None:
    """More beds in the data and a new station: the beds moved for the data, coverage for the edit, each for it alone."""
    found = causes(told(("10", None, WALK), ("12", station(), WALK), tmp_path))
    assert (found[BEDS], found[CARE]) == ((Cause.DATA,), (Cause.EDITS,))


def test_a_figure_that_two_causes_move_names_both(tmp_path: Path) -> None:
    """A slower walk loses D2 and a new station wins D3: coverage moved for parameters and for edits, beds for data."""
    found = causes(told(("10", None, WALK), ("12", station(), SLOW), tmp_path))
    assert found[CARE] == (Cause.PARAMETERS, Cause.EDITS)
    assert found[BEDS] == (Cause.DATA,)


def test_causes_that_cannot_be_told_apart_are_named_together(tmp_path: Path) -> None:
    """Edits of then that no longer fit the data of now make one step of both."""
    gone = Scenario(
        "方案",
        "0" * 64,
        (Step(MoveFacility(facility_id="F9", lon=112.9, lat=22.7), "张三", datetime(2026, 1, 1, tzinfo=UTC)),),
    )
    pack, layers = load_pack("heshan"), load_layers(with_beds("12").write(tmp_path / "now"))
    old_layers = load_layers(with_beds("10").write(tmp_path / "then"))
    before = replace(record_of(assess(old_layers, pack), old_layers, datetime.now(UTC)), scenario=gone)
    after = record_of(assess_scenario(layers, station(), pack), layers, datetime.now(UTC))
    found = changes(
        before,
        after,
        lambda settings, year, scenario: assess_scenario(layers, scenario, pack, year=year, settings=settings),
    )
    assert set(causes(found).values()) == {(Cause.DATA, Cause.EDITS)}


def test_before_and_after_never_look_the_same(tmp_path: Path) -> None:
    """Two values that differ are shown in as many digits as it takes."""
    found = told(("10", None, WALK), ("10", station(), WALK), tmp_path)
    moved = next(each for each in found.moved if each.id == CARE)
    near = replace(moved, before=replace(moved.after, value=moved.after.value + Fraction(1, 10**6)))
    before, after = sides(near)
    assert before != after


def test_the_digest_of_a_pack_is_the_same_in_every_process() -> None:
    """It does not hang on the order that Python gives to sets."""
    script = (
        "from geoplan.report.documents.record import pack_digest; from geoplan.standards import load_pack;"
        "print(pack_digest(load_pack('shicheng')))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    other = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    assert other.stdout.strip() == pack_digest(load_pack("shicheng"))


@pytest.fixture(scope="module")
def assessment(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    """The small county against Heshan's plan."""
    return assess(load_layers(small_workspace().write(tmp_path_factory.mktemp("county"))), load_pack("heshan"))


def names(folder: Path) -> set[str]:
    """What lies in a folder, hidden things too."""
    return {path.name for path in folder.iterdir()}


def test_a_set_as_it_was_written_is_replaced_and_compared(assessment: Assessment, tmp_path: Path) -> None:
    """The second export finds the first one's record, says that nothing moved, and leaves one folder."""
    first = export_set(assessment, tmp_path / "out", LIGHT)
    second = export_set(assessment, tmp_path / "out", LIGHT)
    assert (first.changes, first.kept, second.kept) == (None, None, None)
    assert second.changes is not None
    assert second.changes.moved == ()
    assert names(tmp_path) == {"out"}


def test_a_set_that_somebody_worked_on_is_kept(assessment: Assessment, tmp_path: Path) -> None:
    """Whoever has changed a file or put one there finds the whole earlier set beside the new one."""
    export_set(assessment, tmp_path / "out", LIGHT)
    (tmp_path / "out" / "批注.txt").write_text("请核对", encoding="utf-8")
    kept = export_set(assessment, tmp_path / "out", LIGHT).kept
    assert kept is not None
    assert names(kept) == {"批注.txt", WORKBOOK, "geoplan.gpkg", RECORD}
    assert names(tmp_path) == {"out", kept.name}


def test_what_is_not_a_set_is_not_overwritten(assessment: Assessment, tmp_path: Path) -> None:
    """A folder with other files, a file, and a record that cannot be read are refused and stay as they are."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("a", encoding="utf-8")
    with pytest.raises(OutputError, match="不会覆盖"):
        export_set(assessment, other, LIGHT)
    with pytest.raises(OutputError, match="是一个文件"):
        export_set(assessment, other / "a.txt", LIGHT)
    for text in ("{}", "no", '{"schema": 1}', '{"schema": 99}', "[]"):
        (other / RECORD).write_text(text, encoding="utf-8")
        with pytest.raises(OutputError, match="不是可读的导出记录"):
            export_set(assessment, other, LIGHT)
    assert names(other) == {"a.txt", RECORD}
    assert names(tmp_path) == {"other"}


def test_a_place_that_cannot_be_made_is_told(assessment: Assessment, tmp_path: Path) -> None:
    """A folder below a file cannot be: one clear line."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="无法写入"):
        export_set(assessment, tmp_path / "file" / "out", LIGHT)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system of its own in a folder; the test is skipped where none can be mounted."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("no command to mount a small file system with")
    command = [mount, "-t", "tmpfs", "-o", options, "geoplan-test", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run([unmount, str(folder)], check=True)


def test_a_read_only_folder_is_told(assessment: Assessment, tmp_path: Path) -> None:
    """Where nothing can be written the export says so."""
    with mounted(tmp_path, "ro"), pytest.raises(OutputError, match="无法写入"):
        export_set(assessment, tmp_path / "out", LIGHT)


def test_a_disk_that_fills_up_leaves_what_was_there(assessment: Assessment, tmp_path: Path) -> None:
    """On disks too small for the whole set, at whatever file they fill up, nothing has a final name and nothing is left behind."""
    every = Request(parts=("gis", "workbook", "shapefile", "geojson", "web-map"))
    whole = sum(path.stat().st_size for path in export_all(assessment, tmp_path / "whole", every))
    disk = tmp_path / "disk"
    disk.mkdir()
    for part in range(1, 8):
        with mounted(disk, f"size={whole * part // 8 // 1024}k"):
            with pytest.raises(OutputError, match="没有写完"):
                export_set(assessment, disk / "out", every)
            assert names(disk) == set()


def export_all(assessment: Assessment, folder: Path, request: Request) -> list[Path]:
    export_set(assessment, folder, request)
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_unknown_part_is_refused() -> None:
    """A part that there is not is named with those that there are."""
    with pytest.raises(SettingsError, match=r"slides.*workbook"):
        Request(parts=("slides",))


def material(assessment: Assessment) -> Material:
    return Material(assessment, None, None, None, datetime.now(UTC))


def template(folder: Path, *paragraphs: str, without: str = "") -> Path:
    """A bureau's document with a style of its own look, some paragraphs, and perhaps one style less."""
    document = docx.Document()
    document.styles["Heading 2"].font.name = "方正小标宋"
    if without:
        element = document.styles[without].element
        element.getparent().remove(element)
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(str(folder / "t.docx"))
    return folder / "t.docx"


def test_the_chapter_stands_in_the_template_at_its_place(assessment: Assessment, tmp_path: Path) -> None:
    """What stands before and after the place stays there, small places are filled, and headings have the template's style."""
    path = template(tmp_path, "封面 {{place}} {{coverage}}", "{{geoplan}}", "附：审批表")
    split = docx.Document(str(path))
    run = split.add_paragraph()
    for piece in ("截至 {{da", "te}}，", "{{year}} 年"):
        run.add_run(piece)
    split.save(str(path))
    write_chapter(material(assessment), (), tmp_path / CHAPTER, path)
    document = docx.Document(str(tmp_path / CHAPTER))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts[0] == f"封面 示例 {coverage_text(assessment)}"
    assert texts.index("养老服务设施布局核查") < texts.index("附：审批表") < len(texts) - 1
    assert texts[-1].startswith("截至 20")
    assert texts[-1].endswith(f"，{assessment.year} 年")
    assert not any("{{" in text for text in texts)
    heading = next(paragraph for paragraph in document.paragraphs if paragraph.text == "总体结论")
    assert heading.style.font.name == "方正小标宋"


@pytest.mark.parametrize(
    ("paragraphs", "without", "said"),
    [
        (("正文",), "", "有且只有一段.*现有 0 段"),
        (("{{geoplan}}", "{{geoplan}}"), "", "现有 2 段"),
        (("{{geoplan}}", "{{palce}}"), "", "不认识的占位 {{palce}}.*{{place}}"),
        (("{{geoplan}}",), "Caption", "缺少样式：Caption"),
    ],
)
def test_a_template_without_what_is_expected_is_refused(
    assessment: Assessment, tmp_path: Path, paragraphs: tuple[str, ...], without: str, said: str
) -> None:
    """A place too few or too many, a place that nobody knows, a style that is missing: named before anything is written."""
    path = template(tmp_path, *paragraphs, without=without)
    with pytest.raises(TemplateError, match=said):
        export_set(assessment, tmp_path / "out", Request(parts=("chapter",), template=path))
    assert names(tmp_path) == {"t.docx"}


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 not a zip", b"<html>"])
def test_a_template_that_is_no_word_document_is_refused(
    assessment: Assessment, tmp_path: Path, content: bytes | None
) -> None:
    """A file that is not there, empty, or something else."""
    path = tmp_path / "t.docx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TemplateError, match="模板"):
        opened(path, words(material(assessment)))


def test_a_county_where_no_facility_operates_has_its_documents(tmp_path: Path) -> None:
    """Nobody is covered, the reason is said, and nothing breaks."""
    workspace = small_workspace()
    workspace.frames["facilities"]["status"] = "closed"
    bare = assess(load_layers(workspace.write(tmp_path)), load_pack("heshan"))
    export_set(bare, tmp_path / "out", Request(parts=("workbook", "gis", "web-map")))
    write_chapter(material(bare), (), tmp_path / CHAPTER)
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(tmp_path / CHAPTER)).paragraphs)
    assert "0.00%" in text
    assert "当年没有运营的此类设施" in text


def test_an_empty_scenario_is_said_to_be_empty(assessment: Assessment, tmp_path: Path) -> None:
    """A scenario without edits gives the figures of the workspace as it is, and says so."""
    layers, pack = assessment.layers, assessment.pack
    empty = assess_scenario(layers, Scenario("空", layers.base), pack)
    write_chapter(material(empty), (), tmp_path / CHAPTER)
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(tmp_path / CHAPTER)).paragraphs)
    assert "方案没有编辑，与现状相同" in text
    assert coverage_text(empty) == coverage_text(assessment)


def test_the_command_writes_the_set_and_says_what_moved(
    geoplan: Callable[..., tuple[int, str, str]], small: Workspace, tmp_path: Path
) -> None:
    """Geoplan export prints the files, and at the second time how many figures moved."""
    small.write(tmp_path)
    arguments = ("export", tmp_path, "--out", tmp_path / "out", "--part", "workbook")
    status, printed, _errors = geoplan(*arguments)
    assert (status, WORKBOOK in printed) == (0, True)
    status, printed, _errors = geoplan(*arguments, "--speed", "0.8")
    assert status == 0
    moved = read_record(tmp_path / "out").parameters["speed_mps"]
    assert moved == 0.8
    assert "个数值中有" in printed


def test_the_command_refuses_in_one_line(
    geoplan: Callable[..., tuple[int, str, str]], small: Workspace, tmp_path: Path
) -> None:
    """An unknown scenario, part or paper: exit status 2 and a line on stderr."""
    small.write(tmp_path)
    for wrong in (
        ("--scenario", "没有"),
        ("--part", "slides"),
        ("--part", "maps", "--paper", "A9"),
        ("--template", tmp_path / "no.docx"),
    ):
        status, _printed, errors = geoplan("export", tmp_path, "--out", tmp_path / "out", *wrong)
        assert status == 2
        assert errors.startswith("错误")
        assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()
