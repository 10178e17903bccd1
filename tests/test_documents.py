"""The plan-document set read back: every format says the same, opens where it should, and holds no surprise."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import docx
import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from docx.oxml.ns import qn
from offices import converted, pages_of, text_of_pdf
from workspaces import small_workspace

from geoplan import i18n
from geoplan.assess import Assessment, assess, assess_scenario
from geoplan.doctor import Finding
from geoplan.layers import load_layers
from geoplan.layers.manifest import Repair
from geoplan.model import Problem, Severity
from geoplan.report import reach, style
from geoplan.report.documents import Request, export_set
from geoplan.report.documents.chapter import write_chapter
from geoplan.report.documents.exporting import CHAPTER, FURTHER_PARTS, GEOPACKAGE, PARTS, STATEMENT, WEB_MAP, WORKBOOK
from geoplan.report.documents.fields import SHORT_NAMES, alias
from geoplan.report.documents.material import Material
from geoplan.report.documents.record import RECORD, checksum, read_record
from geoplan.report.documents.statement import write_statement
from geoplan.report.documents.workbook import write_workbook
from geoplan.scenario import AddFacility, Scenario, Step
from geoplan.standards import load_pack

FORMULA = "=HYPERLINK(1)"
STARTS = ("=1+1", "+1", "-1", "@SUM(1)")
LABEL = "含合成数据，仅供演示"
ATTRIBUTES = {"name": "新站", "kind": "village_station", "level": "village", "status": "existing", "open_year": 2024}
NEW = AddFacility(facility_id="N1", attributes=ATTRIBUTES, lon=112.9055, lat=22.7005)


@dataclass(frozen=True)
class Made:
    """A set and what it was made from."""

    folder: Path
    assessment: Assessment
    coverage: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The set of the small county with a scenario, names that try to be formulas, and one layer that is made up."""
    workspace = small_workspace()
    workspace.frames["units"].loc[1, "name"] = FORMULA
    for row, name in enumerate(STARTS):
        workspace.frames["facilities"].loc[row, "name"] = name
        workspace.frames["demand"].loc[row, "demand_id"] = f"{name}-D{row}"
    workspace.frames["estates"].loc[1, "name"] = "\x0b<b>&{{7*7}}"
    workspace.entries["demand"]["synthetic"] = True
    root = workspace.write(tmp_path_factory.mktemp("county"))
    layers, pack = load_layers(root), load_pack("heshan")
    step = Step(NEW, "张三", datetime(2026, 1, 1, tzinfo=UTC), "补盲点")
    scenario = Scenario("方案一", layers.base, (step,))
    base, assessment = assess(layers, pack), assess_scenario(layers, scenario, pack)
    folder = root / "out"
    request = Request(parts=(*PARTS, "shapefile", "geojson"), papers=("A4",), formats=("pdf",))
    export_set(assessment, folder, request, base=base)
    coverage = assessment.coverages[0]
    return Made(folder, assessment, reach.share_text(coverage.units.iloc[0].to_dict(), reach.group_of(coverage)))


@pytest.fixture(scope="module")
def as_pdf(made: Made, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of the chapter as LibreOffice prints it."""
    return text_of_pdf(converted("pdf", tmp_path_factory.mktemp("pdf"), made.folder / CHAPTER)[0])


@pytest.fixture(scope="module")
def recalculated(made: Made, tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    """The workbook as LibreOffice calculates it from formulas whose stored values were taken out."""
    folder = tmp_path_factory.mktemp("calc")
    bare = folder / "bare.xlsx"
    openpyxl.load_workbook(made.folder / WORKBOOK).save(bare)
    cells = (cell for page in openpyxl.load_workbook(bare, data_only=True) for row in page.iter_rows() for cell in row)
    assert not any(isinstance(cell.value, float) and cell.data_type == "f" for cell in cells)
    return openpyxl.load_workbook(converted("xlsx:Calc MS Excel 2007 XML", folder / "out", bare)[0], data_only=True)


def cells_of(file: Path, **options: bool) -> Iterator[openpyxl.cell.Cell]:
    """Every cell of a workbook."""
    for page in openpyxl.load_workbook(file, **options):
        for row in page.iter_rows():
            yield from row


def test_the_data_check_stands_in_chapter_workbook_and_statement(made: Made) -> None:
    """What no assessment tells, a layer without its papers, is in all three; the statement is marked as made up."""
    told = openpyxl.load_workbook(made.folder / WORKBOOK)["数据问题"]
    problems = "".join(str(cell.value) for row in told.iter_rows() for cell in row)
    for text in (problems, words_of(made.folder / CHAPTER), words_of(made.folder / STATEMENT)):
        assert "没有写明许可的图层" in text
    assert "以下图层含合成数据" in words_of(made.folder / STATEMENT)
    assert "19 项检查" in words_of(made.folder / STATEMENT)


def test_a_statement_of_many_faults_is_one_page(made: Made, tmp_path: Path) -> None:
    """Sixty findings and a repair of each kind leave one page, in either language, that counts what it does not list."""
    layers = made.assessment.layers
    mended = tuple(replace(entry, repairs=(Repair("exclude_rows", rows=("F1",)),)) for entry in layers.manifest.layers)
    layers = replace(layers, manifest=replace(layers.manifest, layers=mended))
    words = "设施落在水面内 a facility in the water "
    found = [
        Finding(Problem(Severity.WARNING, "facilities", words * (1 + n % 4), words * (1 + n % 3)), count=n)
        for n in range(60)
    ]
    files = []
    for language in i18n.LANGUAGES:
        files.append(tmp_path / f"{language}.docx")
        with i18n.speaking(language):
            write_statement(layers, found, files[-1])
    for file in converted("pdf", tmp_path / "pdf", *files):
        assert pages_of(file) == 1
    assert re.search(r"另有 \d+ 项没有列在本页", words_of(files[0]))


def words_of(file: Path) -> str:
    """The text of a Word document, tables too."""
    return "".join(part.text or "" for part in docx.Document(str(file)).element.body.iter(qn("w:t")))


def test_the_county_coverage_is_one_string_everywhere(made: Made, as_pdf: str) -> None:
    """Workbook, chapter, chapter in print, maps, GeoPackage, web map and record show the very same figure."""
    assert re.fullmatch(r"\d+\.\d\d%", made.coverage)
    summary = openpyxl.load_workbook(made.folder / WORKBOOK)["总表"].iter_rows(values_only=True)
    assert [row[1] for row in summary if str(row[0]).startswith("养老服务设施：")] == [made.coverage]
    assert made.coverage in words_of(made.folder / CHAPTER)
    assert made.coverage in as_pdf
    assert made.coverage in (made.folder / WEB_MAP).read_text(encoding="utf-8")
    assert pyogrio.read_dataframe(made.folder / GEOPACKAGE, layer="summary")["现值"].iloc[0] == made.coverage
    figures = read_record(made.folder).figures
    assert made.coverage in {figure.text for name, figure in figures.items() if name.startswith("coverage/care")}
    for sheet in ("coverage", "uncovered", "service-circles"):
        assert made.coverage in text_of_pdf(made.folder / "maps" / "A4-landscape" / f"{sheet}.pdf")


def test_numbers_of_the_county_are_the_same_in_every_gis_format(made: Made) -> None:
    """The share as a number stands in the county's row of GeoPackage, Shapefile and GeoJSON."""
    row = made.assessment.coverages[0].units.iloc[0]
    share = 100 * Fraction(float(row["pop60_covered"])) / Fraction(float(row["pop60"]))
    county = gpd.read_file(made.folder / GEOPACKAGE, layer="county")
    assert county["pop60_share"].tolist() == [pytest.approx(float(share), abs=1e-4)]
    shape = gpd.read_file(made.folder / "shapefile" / "county.shp")
    assert shape[SHORT_NAMES["pop60_share"]].tolist() == pytest.approx(county["pop60_share"].tolist())
    geojson = gpd.read_file(made.folder / "geojson" / "county.geojson")
    assert geojson["pop60_share"].tolist() == pytest.approx(county["pop60_share"].tolist())


def test_stored_values_of_formulas_are_the_tools_and_those_that_libreoffice_finds(
    made: Made, recalculated: openpyxl.Workbook
) -> None:
    """Every formula calculated anew gives the stored value; shares, shortfalls, checks and sums are among them."""
    formulas = {
        (cell.parent.title, cell.coordinate): cell.value
        for cell in cells_of(made.folder / WORKBOOK)
        if cell.data_type == "f"
    }
    stored = {
        (cell.parent.title, cell.coordinate): cell.value for cell in cells_of(made.folder / WORKBOOK, data_only=True)
    }
    assert len(formulas) > 100
    for (page, place), formula in formulas.items():
        assert recalculated[page][place].value == pytest.approx(stored[page, place], rel=1e-9, abs=1e-9), (
            page,
            place,
            formula,
        )
    with_sums = {page for (page, _place), formula in formulas.items() if str(formula).startswith("=SUM(")}
    assert {"小区", "设施"} <= with_sums
    per_100 = [value for (page, _place), value in formulas.items() if page == "小区" and "*100/" in str(value)]
    assert len(per_100) == 3


def test_no_name_becomes_a_formula_a_link_or_a_number(made: Made) -> None:
    """Cells that begin with = + - @ are text, stand there as they were, and every formula is one of ours."""
    cells = list(cells_of(made.folder / WORKBOOK))
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert {FORMULA, *STARTS} <= texts
    ours = re.compile(r"=(MAX\(0,RO|SUM\(|[\d.]*\*?\$?[A-Z]+\d)")
    assert all(ours.match(str(cell.value)) for cell in cells if cell.data_type == "f")
    assert not any(cell.hyperlink for cell in cells)


def test_every_sheet_can_be_read_and_printed(made: Made) -> None:
    """Each sheet has frozen headers, a print area, repeated header rows, and says that data are synthetic."""
    book = openpyxl.load_workbook(made.folder / WORKBOOK)
    wanted = {
        "总表",
        "指标结论",
        "条文依据",
        "镇街覆盖",
        "小区",
        "设施",
        "床位增设",
        "用地",
        "未覆盖居民点",
        "数据问题",
        "参数",
        "变化",
    }
    assert wanted <= set(book.sheetnames)
    for page in book:
        assert page.freeze_panes, page.title
        assert page.print_area, page.title
        assert page.print_title_rows, page.title
        assert LABEL in str(page["A2"].value), page.title


def test_verdicts_are_coloured_and_told_in_words(made: Made) -> None:
    """Conditional colours are those of the style table, keyed to the symbol that stands in the cell."""
    page = openpyxl.load_workbook(made.folder / WORKBOOK)["指标结论"]
    rules = [rule for found in page.conditional_formatting for rule in found.rules]
    colours = {rule.dxf.font.color.rgb[-6:].lower() for rule in rules}
    assert colours == {colour.removeprefix("#") for colour in style.OUTCOME_COLOURS.values()}


def test_captions_are_numbered_by_fields_and_mentioned_by_references(made: Made, as_pdf: str) -> None:
    """Every REF goes to a bookmark round a caption's number and shows that number, also after LibreOffice's update."""
    body = docx.Document(str(made.folder / CHAPTER)).element.body
    fields = [text.text.split() for text in body.iter(qn("w:instrText"))]
    marks = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    references = {field[1] for field in fields if field[0] == "REF"}
    assert references == marks
    numbered = {kind: sum(field[:2] == ["SEQ", kind] for field in fields) for kind in ("table", "figure")}
    assert numbered["table"] > 5
    assert numbered["figure"] > 3
    for word, kind in (("表", "table"), ("图", "figure")):
        assert all(f"{word}{number}" in as_pdf for number in range(1, numbered[kind] + 1))
    assert "错误" not in as_pdf
    assert "Error" not in as_pdf


def test_tables_repeat_their_header_and_chinese_has_a_chinese_font(made: Made) -> None:
    """Each table's first row is a header row, no row breaks, and the styles name a font for East Asian text."""
    document = docx.Document(str(made.folder / CHAPTER))
    assert document.tables
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
    for name in ("Normal", "Heading 1", "Heading 2", "Caption"):
        assert document.styles[name].element.rPr.rFonts.get(qn("w:eastAsia")) in {"宋体", "黑体"}


def test_the_chapter_has_a_paragraph_with_clause_and_words_for_every_rule_of_the_county(made: Made) -> None:
    """Name, outcome and quotation of each county verdict stand in one paragraph."""
    paragraphs = [paragraph.text for paragraph in docx.Document(str(made.folder / CHAPTER)).paragraphs]
    for verdict in made.assessment.verdicts:
        if verdict.count.level == "county":
            told = [text for text in paragraphs if text.startswith(f"{verdict.rule.name}。")]
            assert any(verdict.rule.clause.quote in text and verdict.rule.clause.section in text for text in told)


def rules_of(qml: str) -> list[ET.Element]:
    """The rules of a style; each has its symbol."""
    root = ET.fromstring(qml.split("\n", 1)[1])  # noqa: S314 - our own text
    renderer = root.find("renderer-v2")
    assert renderer.get("type") == "RuleRenderer"
    symbols = {symbol.get("name"): symbol for symbol in renderer.find("symbols")}
    rules = list(renderer.find("rules"))
    assert {rule.get("symbol") for rule in rules} == symbols.keys()
    assert all(symbol.find("layer/Option[@type='Map']") is not None for symbol in symbols.values())
    return rules


def test_every_layer_has_a_style_whose_rules_draw_each_row_once(made: Made) -> None:
    """GDAL counts with each rule's filter: together they are the layer's rows; every colour is of the style table."""
    path = made.folder / GEOPACKAGE
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    spatial = {str(name) for name, kind in pyogrio.list_layers(path) if kind}
    assert set(styles["f_table_name"]) == spatial
    assert styles["useAsDefault"].all()
    for row in styles.to_dict("records"):
        counts = [
            len(pyogrio.read_dataframe(path, layer=row["f_table_name"], where=rule.get("filter"), read_geometry=False))
            for rule in rules_of(row["styleQML"])
        ]
        assert sum(counts) == pyogrio.read_info(path, layer=row["f_table_name"])["features"], row["f_table_name"]
    table = "".join(str(value) for name, value in vars(style).items() if name.isupper()).lower()
    used = {colour for text in styles["styleQML"] for colour in re.findall(r'value="(\d+,\d+,\d+),255"', text)}
    assert used
    assert all("#{:02x}{:02x}{:02x}".format(*map(int, colour.split(","))) in table for colour in used)


def test_the_geopackage_is_sound_and_tells_its_columns_sources_and_crs(made: Made) -> None:
    """SQLite finds no fault; columns have words, layers a title with the synthetic label; coordinates are CGCS2000."""
    path = made.folder / GEOPACKAGE
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        words = dict(database.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'demand'"))
        titles = dict(database.execute("SELECT table_name, description FROM gpkg_contents"))
    assert words == {column: alias(column) for column in words}
    assert words["pop60"] == "60岁以上（人）"
    assert LABEL in titles["demand"]
    assert pyogrio.read_info(path, layer="demand")["crs"] == "EPSG:4547"
    assert pyogrio.read_info(path, layer="demand")["layer_metadata"]["nature"] == LABEL


def test_shapefile_names_are_the_documented_ones(made: Made) -> None:
    """Each column has its short name of the table, which stands in both guides; text is UTF-8 and says so."""
    for file in sorted((made.folder / "shapefile").glob("*.shp")):
        assert file.with_suffix(".cpg").read_text() == "UTF-8"
        columns = set(pyogrio.read_info(file)["fields"])
        assert columns <= set(SHORT_NAMES.values())
    assert len(set(SHORT_NAMES.values())) == len(SHORT_NAMES)
    assert all(len(name) <= 10 for name in SHORT_NAMES.values())
    docs = Path(__file__).parents[1] / "docs"
    for guide in ("export.md", "export.zh.md"):
        rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (docs / guide).read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert dict(rows) == dict(SHORT_NAMES), guide
    names = gpd.read_file(made.folder / "shapefile" / "townships.shp")["NAME"].tolist()
    assert FORMULA in names
    assert "乙镇" in names


def test_the_record_proves_the_files(made: Made) -> None:
    """It names every file with its SHA-256, and digests of layers, parameters, rules, edits and figures."""
    record = json.loads((made.folder / RECORD).read_text(encoding="utf-8"))
    there = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()}
    assert record["files"].keys() == there - {RECORD}
    assert all(checksum(made.folder / name) == sha for name, sha in record["files"].items())
    assert all(
        re.fullmatch(r"[0-9a-f]{64}", record["digests"][key])
        for key in ("layers", "parameters", "rules", "edits", "figures")
    )
    assert read_record(made.folder).scenario == made.assessment.scenario


def test_the_set_is_in_english_at_a_switch(made: Made, tmp_path: Path) -> None:
    """Sheets, sentences and aliases follow the language; names and quotations stay as they are."""
    material = Material(made.assessment, None, None, None, datetime.now(UTC))
    with i18n.speaking("en"):
        write_workbook(material, tmp_path / WORKBOOK)
        write_chapter(material, (), tmp_path / CHAPTER)
        assert alias("pop60_share") == "60 and over: covered (%)"
    assert "Coverage by township" in openpyxl.load_workbook(tmp_path / WORKBOOK).sheetnames
    text = words_of(tmp_path / CHAPTER)
    assert "of residents of 60 and over reach one within 15 minutes" in text
    assert made.coverage in text
    chinese = re.sub(r"“[^”]*”", "", text)  # what is quoted stays Chinese
    for word in ("结论为", "依据", "数据质量", "未覆盖的原因", "见表"):
        assert word not in chinese


def test_further_parts_are_made_only_when_asked_for(made: Made) -> None:
    """The set has no atlas, for none was asked for."""
    assert "atlas" in FURTHER_PARTS
    assert not (made.folder / "atlas").exists()
