"""Bringing files in: what people send is understood with evidence, never converted in silence, and copied whole or not at all."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from intake_files import HEAD, LAT, LON, ROWS, facilities_csv, parcels, workbook, zipped
from workspaces import small_workspace

from geoplan import crs, i18n
from geoplan.errors import GeoplanError, LayerError, ManifestError, OutputError, WorkspaceError
from geoplan.intake import bringing
from geoplan.intake.beginning import begin
from geoplan.intake.headers import suggest
from geoplan.intake.records import Look, Request, look_from, to_json
from geoplan.intake.templates import TEMPLATES, write_template
from geoplan.intake.trusted import Trusted
from geoplan.layers import LayerEntry, load_layers, read_manifest
from geoplan.layers import cells as cells_
from geoplan.layers.reading import read_raw
from geoplan.layers.schema import ROLES
from geoplan.layers.validation import Door
from geoplan.model import Severity

FIELDS = {role: {field.name: field for field in ROLES[role].fields} for role in ROLES}
USE = {"code_system": "用地用海"}


def look(path: Path, role: str = "facilities", **said) -> Look:
    """What is understood of a file."""
    return Trusted().look(path, Request(role=role, **said))


def errors(looked: Look) -> str:
    """The errors with their remedies and rows, in one text."""
    found = [problem for problem in looked.problems if problem.severity is Severity.ERROR]
    return "\n".join(f"{problem.message} {problem.remedy} {problem.rows}" for problem in found)


def notes(looked: Look) -> str:
    """What was found out, as the manifest will say it; each is also a note to the planner."""
    told = [problem.message for problem in looked.problems if problem.severity is Severity.NOTE]
    assert set(looked.entry.notes) <= set(told)
    return "\n".join(looked.entry.notes)


def read(path: Path, looked: Look) -> gpd.GeoDataFrame:
    """The layer as an assessment will read it with the entry that the import made."""
    assert looked.usable, errors(looked)
    door = Door(read_raw(path, looked.entry), looked.entry)
    frame = door.pass_through()
    assert not [problem for problem in door.problems if problem.severity is Severity.ERROR]
    return frame


# Numbers with words


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("1,200㎡", "floor_area_m2", 1200),
        ("1200 平方米", "floor_area_m2", 1200),
        ("１，２００m²", "floor_area_m2", 1200),
        ("1.2万", "floor_area_m2", 12000),
        ("0.3万平方米", "floor_area_m2", 3000),
        ("1.5公顷", "site_area_m2", 15000),
        ("3亩", "site_area_m2", 2000),
        ("38张", "beds", 38),
        ("12 人", "residents", 12),
        ("2015年", "open_year", 2015),
    ],
)
def test_a_number_with_its_unit_is_read_in_the_fields_own_unit(text, field, value):
    """Units and multipliers are exact factors."""
    assert cells_.number(text, FIELDS["facilities"][field]) == value


@pytest.mark.parametrize(
    "text", ["约300", "300左右", "200-300", "80余", "近百", "300多张", "不足50", "~300", "38亩", "3 5", "1,20", "二十"]
)
def test_what_is_no_exact_number_of_the_field_is_none(text):
    """Estimates, ranges, units of another kind and digits that do not make one number are not guessed at."""
    assert cells_.number(text, FIELDS["facilities"]["beds"]) is None


@given(
    st.floats(-179, 179),
    st.sampled_from(["{d}°{m}′{s:.4f}″", "{d}度{m}分{s:.4f}秒", "{d}:{m}:{s:.4f}", "{d}° {m}' {s:.4f}\""]),
)
def test_degrees_minutes_and_seconds_are_read_back(value, form):
    """Whatever signs are used, the angle comes back to a millionth of a degree."""
    d, rest = divmod(abs(value) * 3600, 3600)
    m, s = divmod(rest, 60)
    text = ("-" if value < 0 else "") + form.format(d=int(d), m=int(m), s=min(s, 59.9999))
    assert cells_.angle(text) == pytest.approx(value, abs=1e-6)


def test_an_angle_has_no_sixty_minutes():
    """Minutes and seconds stay below sixty; south and west are negative."""
    assert cells_.angle("112°60′") is None
    assert cells_.angle("S 30°30′") == -30.5
    assert cells_.angle("东经112°30′") == 112.5
    assert cells_.angle("112.5") is None


# Columns


def test_chinese_and_english_headers_are_understood():
    """Units in brackets, stars and case do not matter; each column is one field, the first word wins."""
    found = suggest(
        "facilities", ["序号", "设施编号*", "机构名称", "床位数（张）", "建筑面积(㎡)", "LNG", "备注"], {}, {}
    )
    assert found == {
        "facility_id": "设施编号*",
        "name": "机构名称",
        "beds": "床位数（张）",
        "floor_area_m2": "建筑面积(㎡)",
        "lon": "LNG",
    }
    assert suggest("demand", ["人口（60岁以上）", "人口"], {}, {}) == {"pop_total": "人口"}


def test_what_was_chosen_goes_before_what_is_suggested():
    """A choice of now before one of earlier, and both before the words."""
    names = ["床位", "核定数", "旧核定数"]
    assert suggest("facilities", names, {}, {"beds": ("旧核定数",)})["beds"] == "旧核定数"
    assert suggest("facilities", names, {"beds": "核定数"}, {"beds": ("旧核定数",)})["beds"] == "核定数"


def test_a_column_that_is_not_there_is_refused(tmp_path):
    """The error names the columns that there are."""
    looked = look(facilities_csv(tmp_path / "f.csv"), crs="EPSG:4490", columns={"beds": "床位"})
    assert "床位" in errors(looked)
    assert "经度" in errors(looked)


# Tables


def test_gbk_titles_units_and_merged_cells_come_out_as_one_layer(tmp_path):
    """A sheet with a title, merged cells and units reads like a clean one, and each correction is told."""
    head = (*HEAD, "建筑面积", "数据日期")
    rows = [
        ["附件3　全县养老服务设施一览表"],
        [],
        head,
        [*ROWS[0], "1,200㎡", "2024-12-31"],
        [*ROWS[1], "0.2万㎡", None],
    ]
    path = workbook(tmp_path / "f.xlsx", rows, merged=["A1:I1", "I4:I5"])
    looked = look(path, datum="cgcs2000")
    frame = read(path, looked)
    assert (looked.entry.header_row, looked.entry.corrections) == (3, ("merged_cells", "number_units"))
    assert "附件3" in notes(looked)
    assert "I4:I5" in notes(looked)
    assert "1,200㎡" in notes(looked)
    assert list(frame["floor_area_m2"]) == [1200, 2000]
    assert list(frame["as_of"]) == ["2024-12-31", "2024-12-31"]
    assert looked.entry.crs == "EPSG:4490"


def test_a_sheet_without_its_corrections_is_refused(tmp_path):
    """The same numbers with units are an error where the manifest does not name the correction."""
    path = workbook(tmp_path / "f.xlsx", [(*HEAD, "floor_area_m2"), (*ROWS[0], "1,200㎡")])
    looked = look(path, datum="wgs84")
    bare = LayerEntry("facilities", path.name, crs="EPSG:4326", columns=looked.entry.columns)
    door = Door(read_raw(path, bare), bare)
    door.pass_through()
    assert [problem.rows for problem in door.problems] == [("F1",)]
    assert "单位" in door.problems[0].message


def test_a_row_of_sums_is_no_data(tmp_path):
    """A row that is called a sum and has no place is told and left out by a correction; one with a place is not."""
    total = (None, "合计", None, None, None, None, None, 338)
    seen = look(workbook(tmp_path / "f.xlsx", [(*HEAD, "床位数"), (*ROWS[0], 338), total]), datum="wgs84")
    assert seen.usable
    assert (seen.rows, seen.entry.corrections) == (1, ("sum_rows",))
    assert "#2" in "".join(seen.entry.notes)
    assert len(read_raw(tmp_path / "f.xlsx", seen.entry)) == 1
    placed = ("F9", "合计", "敬老院", "镇街级", "现状", LON, LAT, 338)
    seen = look(workbook(tmp_path / "g.xlsx", [(*HEAD, "床位数"), (*ROWS[0], 338), placed]), datum="wgs84")
    assert (seen.rows, seen.entry.corrections) == (2, ())


def test_estimates_and_double_headers_stop_the_import(tmp_path):
    """What would have to be guessed is named with its row."""
    path = workbook(tmp_path / "f.xlsx", [(*HEAD, "床位数"), (*ROWS[0], "约300")])
    assert "约数" in errors(look(path, datum="wgs84"))
    two = workbook(
        tmp_path / "g.xlsx",
        [(*HEAD, "床位", None), (*[None] * 7, "总数", "护理型"), (*ROWS[0], 30, 10)],
        ["H1:I1", "A1:A2"],
    )
    assert "一行" in errors(look(two, datum="wgs84"))


def test_a_csv_is_read_in_its_own_encoding(tmp_path):
    """UTF-8, GBK and UTF-16 give the same layer; what had to be found out is told."""
    frames = []
    for encoding, told in (("utf-8", ""), ("gbk", "GBK"), ("utf-16", "UTF-16")):
        path = facilities_csv(tmp_path / f"{encoding}.csv", encoding)
        looked = look(path, datum="wgs84")
        assert told in notes(looked)
        frames.append(read(path, looked))
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


def test_degrees_and_minutes_are_read_as_a_correction(tmp_path):
    """A table of degrees, minutes and seconds lies where its decimal twin lies, and says so."""
    row = ("F1", "甲镇敬老院", "敬老院", "镇街级", "现状", "112°54′04.4442″", "22°42′4.4442″")
    path = facilities_csv(tmp_path / "f.csv", rows=[row])
    looked = look(path, datum="wgs84")
    assert "度分秒" in notes(looked)
    assert read(path, looked).geometry.iloc[0].equals_exact(shapely.Point(LON, LAT), 1e-8)


def test_functions_in_the_plans_words_are_read(tmp_path):
    """Lists of services as the plans print them, whatever separates them."""
    path = workbook(tmp_path / "f.xlsx", [(*HEAD, "服务功能"), (*ROWS[0], "全托、日托,上门服务；对下指导/长者饭堂")])
    assert (
        read(path, look(path, datum="wgs84"))["functions"].iloc[0]
        == "day_care|full_residential|guidance|home_visit|meals"
    )


# Coordinates


def test_a_missing_crs_is_an_error_that_names_candidates(tmp_path):
    """Nothing is guessed; the numbers only suggest what to ask for."""
    path = parcels(tmp_path, numbers="EPSG:4526", stated=None)
    looked = look(path, "landuse", constants=USE)
    assert "没有坐标系" in errors(looked)
    assert "EPSG:4526" in errors(looked)
    assert read(path, look(path, "landuse", constants=USE, crs="EPSG:4526")).crs.to_epsg() == 4526
    assert "--crs" in errors(look(facilities_csv(tmp_path / "f.csv")))


@pytest.mark.parametrize(
    ("stated", "numbers", "swapped", "right"),
    [
        ("EPSG:4547", "EPSG:4526", False, "EPSG:4526"),
        ("EPSG:4526", "EPSG:4547", False, "EPSG:4547"),
        ("EPSG:4547", "EPSG:4547", True, ""),
        ("EPSG:4547", "EPSG:4526", True, "EPSG:4526"),
        ("EPSG:2383", "EPSG:2362", False, "EPSG:2362"),
        ("EPSG:4508", "EPSG:4497", False, "EPSG:4497"),
        ("EPSG:4547", "EPSG:4547", False, ""),
        ("EPSG:4326", "EPSG:4326", True, ""),
    ],
)
def test_zone_numbers_and_axes_are_told_by_the_numbers(tmp_path, stated, numbers, swapped, right):
    """Whatever the .prj says and whichever comes first, the parcel lies where it is, and the manifest says why."""
    path = parcels(tmp_path, numbers=numbers, stated=stated, swapped=swapped)
    looked = look(path, "landuse", constants=USE)
    assert (looked.entry.crs, looked.entry.file_crs) == (right, stated if right else "")
    assert ("swapped_axes" in looked.entry.corrections) is swapped
    assert bool(right or swapped) == ("标" in notes(looked))
    corner = crs.lonlat(read(path, looked)).total_bounds[:2]
    assert np.abs(corner - (LON, LAT)).max() < (1e-5 if "23" not in right and right != "EPSG:2362" else 1e-2)


def test_a_zone_of_another_meridian_is_a_contradiction(tmp_path):
    """Numbers of zone 37 under a CRS of zone 38 are not repaired."""
    path = parcels(tmp_path, numbers="EPSG:4525", stated="EPSG:4547")
    assert "37" in errors(look(path, "landuse", constants=USE))
    assert "以米为单位" in errors(
        look(parcels(tmp_path, numbers="EPSG:4547", stated="EPSG:4490"), "landuse", constants=USE)
    )


def test_the_prj_that_gis_programs_write_is_known(tmp_path):
    """The code is also found where the .prj is in Esri's words."""
    path = parcels(tmp_path, numbers="EPSG:4526", stated="EPSG:4547")
    path.with_suffix(".prj").write_text(pyproj.CRS("EPSG:4547").to_wkt("WKT1_ESRI"), encoding="ascii")
    looked = look(path, "landuse", constants=USE)
    assert looked.entry.crs == "EPSG:4526"
    assert read(path, looked).crs.to_epsg() == 4526


def test_shapefiles_of_several_encodings_come_in_one_batch(tmp_path):
    """Each file's encoding is told by its own .cpg and bytes, also where the .cpg is wrong."""
    for name, encoding, cpg in (
        ("a", "gbk", None),
        ("b", "utf-8", None),
        ("c", "gbk", "UTF-8"),
        ("d", "utf-8", "UTF-8"),
        ("e", "gbk", "936"),
    ):
        (tmp_path / name).mkdir()
        path = parcels(tmp_path / name, numbers="EPSG:4547", stated="EPSG:4547", encoding=encoding)
        if cpg:
            path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
        looked = look(path, "landuse", constants=USE)
        assert list(read(path, looked)["parcel_id"]) == ["甲1"], name
        assert looked.entry.encoding == ("utf-8" if encoding == "utf-8" else "gb18030")
        assert "文字编码" in notes(looked)


def test_land_without_a_code_system_is_refused(tmp_path):
    """0806 is one thing in one standard and another thing in the next: the standard must be told."""
    path = parcels(tmp_path, numbers="EPSG:4547", stated="EPSG:4547")
    assert "code_system" in errors(look(path, "landuse"))
    assert look(path, "landuse", constants=USE).usable


def test_a_look_survives_its_way_between_processes(tmp_path):
    """As JSON and back it is the same."""
    looked = look(facilities_csv(tmp_path / "f.csv"), datum="wgs84")
    assert look_from(to_json(looked)) == looked
    assert len(looked.places) == 2
    assert looked.bounds == pytest.approx((LON, LAT, LON + 0.02, LAT + 0.01))


# Into the workspace


def bring(root: Path, file: Path, role: str, *, replace: bool = False, inner: str = "", **said) -> LayerEntry:
    """Import a file."""
    request = Request(role=role, layer=inner, **said)
    with bringing.staging(root) as folder:
        staged = bringing.stage(file, role, folder, Trusted(), inner)
        return bringing.bring_in(
            root, bringing.prepare(root, staged, request, Trusted()), request, replace_entry=replace
        )


def files_of(root: Path) -> dict[str, bytes]:
    """Every file of a workspace."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def empty(tmp_path) -> Path:
    """A new workspace."""
    root = tmp_path / "某县"
    begin(root, "", "cn-national")
    return root


def test_a_new_workspace_says_what_is_missing(empty):
    """It is valid, has the templates, and its layers are asked for."""
    assert read_manifest(empty).name == "某县"
    assert sorted(path.stem for path in (empty / "templates").iterdir()) == sorted(TEMPLATES)
    with pytest.raises(LayerError) as caught:
        load_layers(empty)
    assert {problem.layer for problem in caught.value.problems} == {"roads", "demand", "facilities"}
    with pytest.raises(WorkspaceError, match="没有改动"):
        begin(empty, "", "cn-national")


def test_imported_layers_can_be_assessed(empty, tmp_path):
    """Roads, people, facilities and borders brought in from four formats load like a workspace made by hand."""
    small = small_workspace()
    for role, suffix in (("roads", "gpkg"), ("demand", "shp"), ("facilities", "geojson"), ("units", "gpkg")):
        frame, path = small.frames[role], tmp_path / f"{role}.{suffix}"
        (frame.to_crs(4326) if suffix == "geojson" else frame).to_file(path)
        bring(empty, path, role)
    layers = load_layers(empty)
    assert {role: len(frame) for role, frame in layers.frames.items()} == {
        role: len(small.frames[role]) for role in ("roads", "demand", "facilities", "units")
    }
    assert not (empty / ".intake").exists()


def test_an_entry_is_replaced_only_when_asked_and_the_old_file_kept(empty, tmp_path):
    """Comments and other entries stay as they are."""
    first, second = facilities_csv(tmp_path / "一.csv"), facilities_csv(tmp_path / "二.csv", rows=ROWS[:1])
    bring(empty, first, "facilities", datum="wgs84")
    path = empty / "layers" / "manifest.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[[layer]]\nrole", "# 我的注释\n[[layer]]\nrole", 1), encoding="utf-8"
    )
    before = files_of(empty)
    with pytest.raises(ManifestError, match="--replace"):
        bring(empty, second, "facilities", datum="wgs84")
    assert files_of(empty) == before
    entry = bring(empty, second, "facilities", datum="wgs84", replace=True)
    assert entry.file == "facilities-2.csv"
    assert any("facilities.csv" in note for note in entry.notes)
    assert read_manifest(empty).entry("facilities") == entry
    after = files_of(empty)
    assert after["layers/facilities.csv"] == first.read_bytes()
    assert after["layers/facilities-2.csv"] == second.read_bytes()
    assert "我的注释".encode() in after["layers/manifest.toml"]


def test_a_refused_file_leaves_no_trace(empty, tmp_path):
    """Neither a file nor an entry nor a staging folder."""
    before = files_of(empty)
    for file in (
        facilities_csv(tmp_path / "f.csv"),
        tmp_path / "missing.csv",
        workbook(tmp_path / "g.xlsx", [["没有表"]]),
    ):
        with pytest.raises(GeoplanError):
            bring(empty, file, "facilities")
    assert files_of(empty) == before
    assert not (empty / ".intake").exists()


def test_a_manifest_that_cannot_be_written_leaves_no_layer(empty, tmp_path, monkeypatch):
    """The layer's file goes back when its entry cannot be written."""

    def full(*_args, **_options):
        raise OutputError("磁盘已满")

    monkeypatch.setattr(bringing, "write_entry", full)
    before = files_of(empty)
    with pytest.raises(OutputError):
        bring(empty, facilities_csv(tmp_path / "f.csv"), "facilities", datum="wgs84")
    assert files_of(empty) == before


def test_a_zipped_shapefile_comes_in_with_its_parts(empty, tmp_path):
    """Names in Chinese and small letters; of several data files one must be named."""
    path = parcels(tmp_path, numbers="EPSG:4547", stated="EPSG:4547")
    archive = zipped(tmp_path / "包.zip", sorted(tmp_path.glob("DLTB.*")))
    entry = bring(empty, archive, "landuse", constants=USE)
    assert entry.file == "landuse/landuse.shp"
    assert len(read_raw(empty / "layers" / entry.file, entry)) == 1
    two = zipped(tmp_path / "两.zip", [*sorted(tmp_path.glob("DLTB.*")), facilities_csv(tmp_path / "f.csv")])
    with pytest.raises(LayerError, match="多个"):
        bring(empty, two, "landuse", replace=True)
    again = bring(empty, two, "landuse", inner="数据_DLTB", constants=USE, replace=True)
    assert again.file == "landuse-2/landuse.shp"
    assert path.is_file()


def test_places_are_laid_over_what_the_workspace_has(empty, tmp_path):
    """Far from its roads nothing comes in, and exchanged degrees are called that; Baidu's points stop until they are owned up to."""
    roads = small_workspace().frames["roads"].to_crs(4326)
    roads = roads.set_geometry(roads.translate(-32, 18))  # to 81 E: there a longitude could be a latitude
    path = tmp_path / "roads.gpkg"
    roads.to_file(path)
    bring(empty, path, "roads")
    there = shapely.get_coordinates(roads.geometry.to_numpy())[::2][:40]
    for name, places, said in (
        ("a", there[:, ::-1], "写反"),
        ("b", there + 10, "200 公里"),
        ("c", shapely.get_coordinates(crs.shift(shapely.points(there), "bd09")), "BD-09"),
    ):
        rows = [(f"F{n}", "院", "敬老院", "镇街级", "现状", x, y) for n, (x, y) in enumerate(places)]
        file = facilities_csv(tmp_path / f"{name}.csv", rows=rows)
        with pytest.raises(LayerError) as caught:
            bring(empty, file, "facilities", crs="EPSG:4490")
        assert any(said in problem.message for problem in caught.value.problems), name
    entry = bring(empty, tmp_path / "c.csv", "facilities", datum="bd09")
    assert any("BD-09" in note for note in entry.notes)


def test_a_choice_of_columns_is_remembered(empty, tmp_path):
    """The next file with the same heads needs no options."""
    odd = [("代号", *HEAD[1:], "核定数"), (*ROWS[0], 30)]
    file = workbook(tmp_path / "f.xlsx", odd)
    bring(empty, file, "facilities", datum="wgs84", columns={"facility_id": "代号", "beds": "核定数"})
    entry = bring(empty, file, "facilities", datum="wgs84", replace=True)
    assert (entry.columns["facility_id"], entry.columns["beds"]) == ("代号", "核定数")


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("role", TEMPLATES)
def test_a_filled_template_imports_without_any_option(role, language, tmp_path):
    """The coordinates' datum is what its instruction sheet says; every list holds words that the import knows."""
    path = tmp_path / "t.xlsx"
    with i18n.speaking(language):
        write_template(role, path)
    book = openpyxl.load_workbook(path)
    sheet, helping = book.worksheets[0], book.worksheets[1]
    assert look(path, role).rows == 0
    rules = {str(rule.sqref).split(":")[0].rstrip("2"): rule.formula1 for rule in sheet.data_validations.dataValidation}
    filled = {"lon": LON, "lat": LAT, "经度": LON, "纬度": LAT}
    numeric = {"beds": 30, "床位数": 30}
    for column, cell in enumerate(sheet[1], start=1):
        head = str(cell.value).rstrip("*")
        choice = rules.get(cell.column_letter)
        words = book[choice.split("'")[1]][choice.split("!")[1].replace("$", "")] if choice else ()
        value = words[0][0].value if words else filled.get(head, numeric.get(head))
        if str(cell.value).endswith("*") and value is None:
            value = "甲"
        sheet.cell(2, column, value)
    helping["B2"] = str(helping["B2"].value).replace("WGS84", "BD-09")
    book.save(path)
    looked = look(path, role)
    assert read(path, looked).geometry.iloc[0].distance(shapely.Point(LON, LAT)) > 0.005
    assert looked.entry.datum == "bd09"


def test_the_command_line_says_what_it_understood_and_what_is_wrong(tmp_path, geoplan):
    """A wrong file ends with status 2 and plain lines; a right one is imported, in a workspace that begins with it."""
    root, path = tmp_path / "县", facilities_csv(tmp_path / "f.csv", "gbk")
    status, _printed, said = geoplan("import", "facilities", path, "--dir", root, "--trust")
    assert status == 2
    assert "没有坐标系" in said
    assert "Traceback" not in said
    status, printed, said = geoplan("import", "facilities", path, "--dir", root, "--datum", "wgs84")
    assert status == 0, said
    assert "经度 → lon" in printed
    assert "GBK" in printed
    assert read_manifest(root).entry("facilities") is not None
    assert pd.read_csv(root / "layers" / "facilities.csv", encoding="gbk").shape == (2, 7)


def test_the_papers_of_a_file_stand_in_its_entry(empty, tmp_path, geoplan):
    """Source, licence, date and that data are made up come from the command; a date that is none is refused, and what is not said is asked for."""
    path = facilities_csv(tmp_path / "f.csv")
    asked = ("import", "facilities", path, "--dir", empty, "--trust", "--datum", "wgs84")
    status, _out, err = geoplan(*asked, "--as-of", "去年")
    assert (status, "2024-12-31 的形式" in err) == (2, True)
    papers = ("--source", "民政局", "--licence", "内部资料", "--as-of", "2024-12-31", "--synthetic")
    assert "没有写明" not in geoplan(*asked, *papers)[1]
    entry = read_manifest(empty).entry("facilities")
    assert (entry.source, entry.licence, str(entry.as_of), entry.synthetic) == (
        "民政局",
        "内部资料",
        "2024-12-31",
        True,
    )
    told = geoplan(*asked, "--replace")[1]
    assert "没有写明许可或数据日期" in told
    assert "评估还需要：demand 居民点、roads 道路" in told


@pytest.mark.parametrize(("content", "told"), [(b"", "文件是空的"), (b"MZ\x90\xff\xff\x00\x80\xff" * 99, "编码的文字")])
def test_a_table_of_nothing_or_of_no_text_is_refused_in_words(tmp_path, content, told):
    """No byte, or a program under the name of a table: the reason is in the language of the page."""
    file = tmp_path / "设施.csv"
    file.write_bytes(content)
    (problem,) = [one for one in look(file).problems if one.severity is Severity.ERROR]
    assert told in problem.message
