"""Print maps: exact scale, one extent, text that can be found, names that keep apart, and looks of the one table."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image, ImageChops
from workspaces import CRS, Workspace, area, small_workspace, table

from geoplan import i18n
from geoplan.assess import Assessment, assess
from geoplan.compare import compare
from geoplan.errors import FontError, LayoutError, SettingsError
from geoplan.layers import load_layers
from geoplan.report import reach, style
from geoplan.report.print_maps import LAYOUT_TEMPLATE, SHEETS, Layout, Sheet, atlas, read_layout, save_sheets, sheets
from geoplan.report.print_maps.content import Form, Layer, Look, Name
from geoplan.report.print_maps.extent import bar_length, fit
from geoplan.report.print_maps.fonts import find_typeface
from geoplan.report.print_maps.labels import Sized, place
from geoplan.report.print_maps.legend import _columns
from geoplan.report.print_maps.page import ORIENTATIONS, PAPERS, Rect, page_of
from geoplan.report.print_maps.symbols import MARKERS
from geoplan.standards import load_pack

GOLDEN = Path(__file__).parent / "golden" / "print_maps"
PT_TO_MM = 25.4 / 72
COUNTY_WIDTH_M = 6000
LONG_NAME = "一个名字有二十个汉字的居家养老服务中心甲乙"
MARKUP = r"$a_b$ {x} <img> \alpha %s"
EVERY_GBK_CHARACTER = [
    bytes([high, low]).decode("gbk", errors="ignore")
    for high in range(0x81, 0xFF)
    for low in range(0x40, 0xFF)
    if low != 0x7F
]


def assessed(workspace: Workspace, root: Path) -> Assessment:
    return assess(load_layers(workspace.write(root)), load_pack("heshan"))


@pytest.fixture(scope="module")
def small_assessment(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    """The small county with parcels, every sheet of it, and names that test the drawing."""
    workspace = small_workspace()
    workspace.frames["facilities"].loc[0, "name"] = LONG_NAME
    workspace.frames["facilities"].loc[1, "name"] = MARKUP
    workspace.frames["landuse"] = table(
        "parcel_id code code_system",
        ("P1", "080701", "用地用海", area(900, 900, 1100, 1050)),
        ("P2", "0701", "用地用海", area(2200, 900, 2500, 1100)),
    )
    workspace.entries["landuse"] = {"file": "landuse.parquet"}
    return assessed(workspace, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def county(small_assessment: Assessment) -> dict[str, Sheet]:
    """The county sheets on A4, by id."""
    comparison = compare(small_assessment, small_assessment)
    return {sheet.id: sheet for sheet in sheets(small_assessment, comparison=comparison, paper="A4")}


@pytest.fixture(scope="module")
def pdf(county: dict[str, Sheet], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sheet of service circles as a PDF."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    path = tmp_path_factory.mktemp("pdf") / "circles.pdf"
    county["service-circles"].save(path)
    return path


def told(*command: str | Path) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


def without_blanks(text: str) -> str:
    return "".join(text.split())


def svg_group(path: Path, name: str) -> np.ndarray:
    """The places of the group of that id in an SVG, in millimetres, float64 (n, 2)."""
    (group,) = (node for node in ET.parse(path).iter() if node.get("id") == name)  # noqa: S314 - our own file
    (drawn,) = (node.get("d") for node in group.iter() if node.tag.endswith("}path"))
    return np.array(re.findall(r"-?\d+\.?\d*", drawn), dtype=float).reshape(-1, 2) * PT_TO_MM


def test_there_is_a_sheet_of_each_kind(county):
    """The small county has something to say on every kind of sheet."""
    assert {kind for kind in SHEETS if any(name.startswith(kind) for name in county)} == set(SHEETS)


def test_the_numeric_scale_is_exact_in_the_file(county, tmp_path):
    """The county's 6,000 m are so many millimetres in the saved file as the scale says, to a hundredth of a millimetre."""
    path = tmp_path / "sheet.svg"
    county["coverage"].save(path)
    xy = svg_group(path, "县（市、区）界")
    width = np.ptp(xy[:, 0])
    assert width * county["coverage"].extent.denominator / 1000 == pytest.approx(COUNTY_WIDTH_M, abs=0.01 * 60)


def test_the_pages_have_the_size_of_their_paper(pdf):
    """An A4 sheet is 297 mm x 210 mm."""
    width, height = map(float, re.search(r"Page size:\s+([\d.]+) x ([\d.]+) pts", told("pdfinfo", pdf)).groups())
    assert (width * PT_TO_MM, height * PT_TO_MM) == pytest.approx((297, 210), abs=0.05)


def test_sheets_of_a_set_lie_over_each_other(county, tmp_path):
    """The county's border is at the same place on two different sheets."""
    drawn = []
    for name in ("coverage", "centres"):
        county[name].save(tmp_path / f"{name}.svg")
        drawn.append(svg_group(tmp_path / f"{name}.svg", "县（市、区）界"))
    assert np.array_equal(*drawn)
    assert len({sheet.extent for sheet in county.values()}) == 1


def test_text_in_a_pdf_is_found(pdf, county, small_assessment):
    """Title, scale and the county's coverage, as every other output writes it, are in the PDF as text."""
    text = without_blanks(told("pdftotext", pdf, "-"))
    coverage = small_assessment.coverages[0]
    share = reach.share_text(coverage.units.iloc[0].to_dict(), reach.group_of(coverage))
    sheet = county["service-circles"]
    for expected in (sheet.title, share, f"1:{sheet.extent.denominator:,}", "审图号", "EPSG:4547"):
        assert without_blanks(expected) in text


def test_signs_in_names_are_no_commands(pdf):
    """A name with dollar signs, braces and angle brackets is in the PDF as it was written."""
    assert without_blanks(MARKUP) in without_blanks(told("pdftotext", pdf, "-"))


def test_fonts_are_embedded_as_what_they_are(pdf):
    """Every font is a subset of TrueType outlines with its Unicode table, and poppler finds nothing wrong."""
    printed = subprocess.run([shutil.which("pdffonts") or "", pdf], check=True, capture_output=True, text=True)
    rows = printed.stdout.splitlines()[2:]
    assert rows
    assert all("CID TrueType" in row and row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows)
    assert printed.stderr == ""
    assert pdf.stat().st_size < 400_000


@pytest.mark.parametrize("suffix", ["pdf", "svg", "png"])
def test_the_same_sheet_gives_the_same_file(county, tmp_path, suffix):
    """Two savings of a sheet are equal byte for byte."""
    paths = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
    for path in paths:
        county["estates"].save(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_sheets_saved_in_several_processes_are_the_same(county, tmp_path):
    """Sheets saved in two processes equal those saved in this one, byte for byte, and progress names each in turn."""
    told_of: list[str] = []
    some = [county["centres"], county["parcels"]]
    jobs = {count: [(sheet, [tmp_path / f"{count}-{sheet.id}.svg"]) for sheet in some] for count in (1, 2)}
    for count, work in jobs.items():
        save_sheets(work, told_of.append, processes=count)
    assert told_of == [sheet.title for sheet in some] * 2
    for (_sheet, (alone,)), (_same, (together,)) in zip(jobs[1], jobs[2], strict=True):
        assert alone.read_bytes() == together.read_bytes()


def extents(figure: Figure) -> dict[Text, shapely.Geometry]:
    """The boxes of the texts of a figure as matplotlib itself measures them, in pixels, less what their frames add."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_gid() != "halo"]
    return {text: shapely.box(*text.get_window_extent(renderer).extents) for text in texts}


def overlapping(boxes: dict[Text, shapely.Geometry]) -> list[tuple[str, str]]:
    """The texts that stand over each other by more than a hair."""
    pairs = itertools.combinations(boxes.items(), 2)
    return [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in pairs
        if a.intersection(b).area > 0.02 * min(a.area, b.area)
    ]


@pytest.mark.parametrize(
    "name", ["service-circles", "coverage", "centres", "estates", "parcels", "uncovered", "difference"]
)
def test_no_text_stands_over_another(county, name):
    """On each sheet no two texts overlap and none leaves the paper, by matplotlib's own measure."""
    figure = county[name].draw()
    boxes = extents(figure)
    page = shapely.box(*figure.bbox.extents)
    assert overlapping(boxes) == []
    assert [text.get_text() for text, box in boxes.items() if not page.covers(box)] == []


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_paper_has_room(small_assessment, paper, orientation):
    """On both papers, upright and across, texts keep apart and inside the paper."""
    (sheet,) = sheets(small_assessment, paper=paper, orientation=orientation, only=["uncovered"])
    boxes = extents(sheet.draw())
    assert overlapping(boxes) == []


def test_our_measure_of_text_is_matplotlibs():
    """A text's width from the font's own advances is what matplotlib draws, within 3 %."""
    typeface = find_typeface()
    figure = Figure(figsize=(10, 2))
    text = figure.text(0, 0.5, "鹤山市 Porto Alegre 50.59%（15分钟）", fontsize=20, family=list(typeface.families))
    drawn = text.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width / figure.dpi * 72
    assert typeface.width(text.get_text()) * 20 == pytest.approx(drawn, rel=0.03)


points = st.tuples(st.floats(0, 100), st.floats(0, 60)).map(shapely.Point)
areas = st.tuples(st.floats(0, 80), st.floats(0, 40), st.floats(1, 60), st.floats(1, 40)).map(
    lambda box: shapely.box(box[0], box[1], box[0] + box[2], box[1] + box[3])
)
names = st.lists(
    st.builds(
        lambda where, width, rank: Sized(Name("名" * width, where, rank), ("名" * width,), width * 3.0, 3.4),
        st.one_of(points, areas),
        st.integers(1, 12),
        st.integers(0, 2),
    ),
    max_size=25,
)


@given(names, st.lists(points, max_size=20))
def test_placed_names_keep_apart(wanted, marks):
    """Placed names overlap neither each other nor what is taken, and stay in the frame; lesser ones keep off the marks."""
    frame, taken = Rect(0, 0, 100, 60), Rect(0, 0, 20, 10)
    boxes = np.array([(p.x - 1, p.y - 1, p.x + 1, p.y + 1) for p in marks]).reshape(-1, 4)
    placed = place(wanted, frame, boxes, [taken])
    shapes = [shapely.box(p.box.x, p.box.y, p.box.right, p.box.top) for p in placed]
    for one, other in itertools.combinations([*shapes, shapely.box(*taken)], 2):
        assert one.intersection(other).area < 1e-6
    assert all(shapely.box(*frame).buffer(1e-9).covers(shape) for shape in shapes)
    for found, shape in zip(placed, shapes, strict=True):
        if found.sized.name.rank:
            assert shape.intersection(shapely.union_all([shapely.box(*box) for box in boxes])).area < 1e-6


def test_a_name_alone_in_its_area_stands_in_it():
    """A name smaller than its township is inside it, also where the middle is not: in a township bent like a horseshoe."""
    bent = shapely.box(0, 0, 60, 60).difference(shapely.box(15, 15, 45, 60))
    (placed,) = place([Sized(Name("名", bent), ("名",), 8, 3)], Rect(0, 0, 60, 60), np.empty((0, 4)))
    assert bent.covers(shapely.box(placed.box.x, placed.box.y, placed.box.right, placed.box.top))


def test_looks_are_those_of_the_style_table(county, small_assessment):
    """Every colour and symbol in a legend is one of the style table's, and every symbol there can be drawn."""
    values = [value for name, value in vars(style).items() if name.isupper()]
    colours = set(re.findall(r"#[0-9a-f]{6}", repr([dict(v) if hasattr(v, "keys") else v for v in values])))
    everything = [*county.values(), *atlas(small_assessment, paper="A4")]
    layers = [layer for sheet in everything for layer in sheet._content.layers if layer.label]
    assert len(layers) > 24
    assert {colour for layer in layers for colour in (layer.look.fill, layer.look.line)} - colours <= {"", "white"}
    symbols = {*style.FACILITY_SYMBOLS.values(), *style.REACH_SYMBOLS.values(), *style.OUTCOME_SHAPES.values()}
    assert symbols | {*style.CHANGE_SYMBOLS.values(), style.PARCEL_SYMBOL} <= MARKERS.keys()


def test_every_class_on_a_map_stands_in_its_legend_once(county):
    """The texts of the drawn sheet hold each label of its layers exactly once."""
    for sheet in county.values():
        written = [text.get_text() for text in sheet.draw().findobj(Text) if text.get_gid() != "halo"]
        labels = {layer.label for layer in sheet._content.layers if layer.label}
        assert {label for label in labels if written.count(label) != 1} == set()


def test_an_atlas_has_a_sheet_for_each_township(small_assessment):
    """Each sheet shows the whole of its township, at a scale of its own."""
    made = atlas(small_assessment, paper="A4")
    towns = small_assessment.layers.frames["units"].query("level in ('town', 'street')")
    assert [sheet.id for sheet in made] == [f"township-{code}" for code in towns["unit_code"]]
    for sheet, shape in zip(made, towns.geometry, strict=True):
        assert shapely.box(*sheet.extent.bounds).covers(shape)
        assert overlapping(extents(sheet.draw())) == []


def test_a_long_name_stays_inside_the_inset(small, tmp_path):
    """A township's name of twenty characters is written inside the small map, where the township is at its edge as well."""
    small.frames["units"]["name"] = LONG_NAME[:20]
    sheet = atlas(assessed(small, tmp_path), paper="A4", orientation="portrait")[0]
    figure = sheet.draw()
    inset = page_of(Layout(), "A4", "portrait").inset
    pixels = figure.dpi / 25.4
    (box,) = (box for text, box in extents(figure).items() if text.get_text() == LONG_NAME[:20])
    assert shapely.box(inset.x * pixels, inset.y * pixels, inset.right * pixels, inset.top * pixels).covers(box)


def test_missing_layers_leave_their_sheets_out(small, tmp_path):
    """Without units, estates and land use there are the service circles and the uncovered people, and no atlas."""
    assessment = assessed(small.without("units").without("estates"), tmp_path)
    made = sheets(assessment, paper="A4")
    assert {sheet.id for sheet in made} == {"service-circles", "service-circles-canteen", "uncovered"}
    assert atlas(assessment) == ()
    for sheet in made:
        assert overlapping(extents(sheet.draw())) == []


def test_a_county_without_facilities_can_be_drawn(small, tmp_path):
    """With no facility the sheets say that nobody is covered."""
    small.frames["facilities"] = small.frames["facilities"].iloc[3:4]
    assessment = assessed(small, tmp_path)
    circles, *_others = sheets(assessment, paper="A4")
    assert "0.00%" in circles.caption
    assert overlapping(extents(circles.draw())) == []


def test_synthetic_data_are_marked_on_every_sheet(small, tmp_path):
    """A county with a synthetic layer says so on the map itself."""
    small.entries["roads"]["synthetic"] = True
    for sheet in sheets(assessed(small, tmp_path), paper="A4"):
        assert "含合成数据，仅供演示" in [text.get_text() for text in sheet.draw().findobj(Text)]


def test_sheets_speak_the_language_they_were_asked_for_in(small_assessment):
    """A sheet made in English is English also when it is drawn later, in a Chinese context."""
    with i18n.speaking("en"):
        (sheet,) = sheets(small_assessment, paper="A4", only=["coverage"])
    written = [text.get_text() for text in sheet.draw().findobj(Text)]
    assert "Legend" in written
    assert "图例" not in written


@pytest.mark.parametrize(("side_m", "lengths"), [(1000, (100, 200, 500)), (55_000, (5000, 10_000, 20_000))])
def test_scales_fit_small_and_large_places(side_m, lengths):
    """A township of 1 km2 and a county of 3,000 km2 fill more than half of the frame at a round scale."""
    frame = page_of(Layout(), "A3", "landscape").map
    extent = fit((0, 0, side_m, side_m), frame)
    assert shapely.box(*extent.bounds).covers(shapely.box(0, 0, side_m, side_m))
    assert side_m / extent.metres_per_mm > frame.height / 2
    assert float(f"{extent.denominator:.1e}") == extent.denominator
    assert bar_length(extent) in lengths


@given(st.lists(st.integers(0, 6), min_size=1, max_size=8))
def test_legend_columns_hold_every_row_and_end_in_no_heading(groups):
    """All rows stand in order in at most three columns; a column but the last never ends in a heading."""
    rows = [
        row
        for number, size in enumerate(groups)
        for row in (f"heading {number}", *[_entry(f"{number}.{n}") for n in range(size + 1)])
    ]
    for count in (1, 2, 3):
        columns = _columns(rows, count)
        assert len(columns) <= count
        assert [row for column in columns for row in column] == rows
        assert not any(isinstance(column[-1], str) for column in columns)


def _entry(label: str) -> Layer:
    return Layer(Form.MARK, np.empty(0, dtype=object), Look(fill="#000000"), label)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_legend_of_thirty_entries_fits(small_assessment, orientation):
    """Thirty classes with names of twenty characters stand in the legend, apart from each other and inside its box."""
    (sheet,) = sheets(small_assessment, paper="A4", orientation=orientation, only=["coverage"])
    more = tuple(_entry(f"{LONG_NAME[:18]}{number:02d}") for number in range(30))
    content = replace(sheet._content, layers=(*sheet._content.layers, *more))
    boxes = extents(replace(sheet, _content=content).draw())
    assert overlapping(boxes) == []
    written = "".join(text.get_text() for text in boxes)
    assert all(layer.label in written for layer in more)


def test_every_character_of_gbk_can_be_drawn():
    """No character of GBK comes out as an empty box or a code point."""
    typeface = find_typeface()
    characters = "".join(character for character in EVERY_GBK_CHARACTER if character and not character.isspace())
    assert len(characters) > 21_700
    assert typeface.drawable(characters) == characters


def test_a_character_that_no_font_has_is_written_as_its_code_point():
    """A place name with a character of a plane that no font covers can still be read."""
    assert find_typeface().drawable("甲\U000323af镇") == "甲[U+323AF]镇"


def test_a_font_that_is_not_installed_is_named():
    """A layout whose fonts are all missing is refused with their names."""
    with pytest.raises(FontError, match="没有这种字体"):
        find_typeface(("没有这种字体",))


def test_the_layouts_template_holds_the_defaults(tmp_path):
    """The template reads as the layout that is used without a file."""
    path = tmp_path / "layout.toml"
    path.write_bytes(LAYOUT_TEMPLATE.read_bytes())
    assert read_layout(path) == Layout()


@pytest.mark.parametrize("page", ["print-maps.md", "print-maps.zh.md"])
def test_the_docs_hold_the_template(page):
    """What the docs say a layout may hold is the template, to the letter."""
    text = (Path(__file__).parents[1] / "docs" / page).read_text(encoding="utf-8")
    assert LAYOUT_TEMPLATE.read_text(encoding="utf-8") in text


def test_a_bureaus_title_block_is_on_the_sheet(small_assessment, tmp_path):
    """Drafting unit, approval number, date and logo text of a layout file are on the map, and its margins count."""
    path = tmp_path / "layout.toml"
    lines = [
        '[title_block]\ndrafting_unit = "某市规划院"\napproval_number = "粤S(2026)001号"',
        "date = 2026-11-25",
        'logo = "某院"',
    ]
    path.write_text("\n".join([*lines, "[page]", "margin_mm = 20", "[map]", 'graticule = "metres"']), encoding="utf-8")
    (sheet,) = sheets(small_assessment, layout=read_layout(path), paper="A4", only=["coverage"])
    written = [text.get_text() for text in sheet.draw().findobj(Text)]
    assert {"某市规划院", "粤S(2026)001号", "2026-11-25", "某院"} <= set(written)
    assert any(re.fullmatch(r"25\d{5}", text) for text in written)  # northings in metres
    assert sheet.extent.frame.x > page_of(Layout(), "A4", "landscape").map.x


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[page]\nmargin = 3", 2, "margin_mm"),
        ("[page]\n\nmargin_mm = 900", 3, "3 到 40"),
        ("[pages]\nmargin_mm = 9", 1, "page"),
        ('[map]\nscale = "1:1000"', 2, "100000"),
        ('[map]\ngraticule = "degree"', 2, "degrees"),
        ("[title_block]\ndate = 3", 2, "文字"),
        ("[text]\nfamilies = []", 2, "列表"),
    ],
)
def test_faults_of_a_layout_are_named_with_their_line(tmp_path, text, line, words):
    """A wrong key, table or value is refused with its line and what would be right."""
    path = tmp_path / "layout.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LayoutError, match=f"第 {line} 行") as refused:
        read_layout(path)
    assert words in str(refused.value)


def test_all_faults_of_a_layout_are_told_at_once(tmp_path):
    """Two faults are two lines."""
    path = tmp_path / "layout.toml"
    path.write_text("[page]\nmargin_mm = 900\n[text]\ntext_pt = 'x'\n", encoding="utf-8")
    with pytest.raises(LayoutError, match="2 处错误") as refused:
        read_layout(path)
    assert [fault.line for fault in refused.value.faults] == [2, 4]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"paper": "A5"}, "A4, A3"),
        ({"orientation": "quer"}, "landscape"),
        ({"only": ["circles"]}, "service-circles"),
        ({"layout": Layout(scale=5000)}, "1:"),
        ({"layout": Layout(panel_mm=160, margin_mm=40, title_mm=60), "paper": "A4", "orientation": "portrait"}, "A4"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused_in_words(small_assessment, options, words):
    """Unknown papers, orientations and kinds, a scale too large and margins too wide are refused with what is possible."""
    with pytest.raises(SettingsError, match=re.escape(words)):
        sheets(small_assessment, **options)


def test_another_suffix_is_refused_before_anything_is_drawn(county, tmp_path):
    """A sheet is not written as what it cannot be."""
    with pytest.raises(SettingsError, match="pdf, svg, png"):
        county["coverage"].save(tmp_path / "sheet.jpg")
    assert list(tmp_path.iterdir()) == []


def test_facilities_that_are_areas_are_marked_once(small, tmp_path):
    """A facility given as a polygon, and one without a place, draw like points and like nothing."""
    frame = small.frames["facilities"]
    frame.geometry = [area(450, 450, 550, 550), *frame.geometry[1:]]
    small.replace_layer("facilities", "facilities.parquet")
    folder = tmp_path / "layers"
    folder.mkdir()
    gpd.GeoDataFrame(frame, crs=CRS).to_parquet(folder / "facilities.parquet")
    (sheet,) = sheets(assessed(small, tmp_path), paper="A4", only=["centres"])
    marks = [layer for layer in sheet._content.layers if layer.form is Form.MARK]
    assert sum(len(layer.shapes) for layer in marks) == 1
    sheet.draw()


@pytest.mark.parametrize("name", ["coverage", "uncovered"])
def test_the_drawing_is_the_golden_one(county, name, tmp_path):
    """The sheet without its texts is the picture that was looked at; a differing one is left beside a picture of the difference."""
    figure = county[name].draw()
    for text in figure.findobj(Text):
        text.set_visible(False)
    figure.savefig(tmp_path / "drawn.png", dpi=60)
    drawn, golden = (Image.open(path).convert("RGB") for path in (tmp_path / "drawn.png", GOLDEN / f"{name}.png"))
    difference = ImageChops.difference(drawn, golden)
    difference.point(lambda value: min(255, 4 * value)).save(tmp_path / "difference.png")
    off = np.asarray(difference).max(axis=2) > 24
    assert off.mean() < 0.002, f"{off.mean():.2%} of the pixels differ: {tmp_path / 'difference.png'}"
