"""The building blocks of the Word chapter: captions and cross-references as fields, tables, pictures, sections, Chinese fonts.

Numbers in captions are ``SEQ`` fields and mentions are ``REF`` fields to bookmarks round them; each holds the number it should have, so
that the document reads right before Word updates its fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

HEADINGS, CAPTION, GRID = ("Heading 1", "Heading 2"), "Caption", "Table Grid"
SYNTHETIC_COLOUR = RGBColor(0x6B, 0x4E, 0x00)
_CELL_POINTS = 8.5
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """Text that XML can hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


@dataclass(frozen=True, slots=True)
class Caption:
    """A number that a caption has and that text can refer to.

    Attributes:
        kind: name of the sequence, ``table`` or ``figure``.
        word: what stands before the number.
    """

    kind: str
    word: str
    number: int

    @property
    def bookmark(self) -> str:
        """The bookmark round word and number."""
        return f"_Ref_geoplan_{self.kind}_{self.number}"

    @property
    def text(self) -> str:
        """Word and number, ``图 1``."""
        return f"{self.word} {self.number}"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text.

    Attributes:
        widths: of the columns, in any unit.
        right: which columns hold figures.
        colours: by the first character of a cell the colour of its text, ``✓`` green.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    right: Sequence[bool]
    colours: dict[str, str]


@dataclass
class Writer:
    """Writes at the end of a document.

    Attributes:
        section: the properties of the section that is written in.
    """

    document: Document
    section: Any
    made: dict[str, int] = field(default_factory=dict)

    def heading(self, text: str, level: int = 2, *, new_page: bool = False) -> None:
        """A heading in the document's own style."""
        paragraph = self.document.add_paragraph(printable(text), style=HEADINGS[level - 1])
        paragraph.paragraph_format.page_break_before = new_page or None

    def paragraph(self, *parts: str | Caption, bold: str = "") -> Paragraph:
        """A paragraph of text and mentions of captions, after words in bold."""
        paragraph = self.document.add_paragraph()
        if bold:
            paragraph.add_run(printable(bold)).bold = True
        for part in parts:
            if isinstance(part, Caption):
                _field(paragraph, f"REF {part.bookmark} \\h", part.text)
            else:
                paragraph.add_run(printable(part))
        return paragraph

    def note(self, text: str, colour: RGBColor | None = None) -> None:
        """A line in small print."""
        run = self.document.add_paragraph().add_run(printable(text))
        run.font.size = Pt(_CELL_POINTS)
        if colour is not None:
            run.font.color.rgb = colour

    def reserve(self, kind: str, word: str) -> Caption:
        """The next number of a kind, to be mentioned before its caption is written."""
        self.made[kind] = self.made.get(kind, 0) + 1
        return Caption(kind, word, self.made[kind])

    def caption(self, caption: Caption, title: str, *, above: bool) -> None:
        """A caption: of a table above it and kept with it, of a picture below it."""
        paragraph = self.document.add_paragraph(style=CAPTION)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = above
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        number = str(1000 + sum(self.made.values()) * 10 + caption.number)
        start.set(qn("w:id"), number)
        start.set(qn("w:name"), caption.bookmark)
        end.set(qn("w:id"), number)
        paragraph._p.append(start)  # noqa: SLF001 - python-docx has no bookmarks of its own
        paragraph.add_run(f"{caption.word} ")
        _field(paragraph, f"SEQ {caption.kind} \\* ARABIC", str(caption.number))
        paragraph._p.append(end)  # noqa: SLF001
        paragraph.add_run(f"  {printable(title)}")

    def table(self, grid: Grid) -> None:
        """A table as wide as the text, whose header is repeated on every page and whose rows are not broken."""
        table = self.document.add_table(rows=1, cols=len(grid.header), style=GRID)
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        scale = self.text_width / sum(grid.widths)
        widths = [Emu(round(width * scale)) for width in grid.widths]
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width  # of the grid, which is what some programs go by
        _row(table, 0, grid.header, widths, [False] * len(widths), {})
        _mark(table.rows[0]._tr, "w:tblHeader")  # noqa: SLF001 - python-docx has no property for it
        for cell in table.rows[0].cells:
            _shade(cell, "E8EEF4")
            cell.paragraphs[0].runs[0].bold = True
        for number, row in enumerate(grid.rows, start=1):
            table.add_row()
            _row(table, number, row, widths, grid.right, grid.colours)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def picture(self, path: Path) -> None:
        """A picture as large as the page allows, with its caption below it."""
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = Pt(0)
        paragraph.paragraph_format.first_line_indent = Pt(0)
        picture = paragraph.add_run().add_picture(str(path))
        room = min(self.text_width / picture.width, (self.text_height - Pt(60)) / picture.height)
        picture.width, picture.height = Emu(round(picture.width * room)), Emu(round(picture.height * room))

    def end_section(self, *, across: bool) -> None:
        """End the section that is written in; what follows lies across the page or stands upright again."""
        paragraph = self.document.add_paragraph()
        paragraph._p.get_or_add_pPr().append(deepcopy(self.section))  # noqa: SLF001 - a section's end is in a paragraph
        self.section = _turned(self.section, across=across)

    @property
    def text_width(self) -> int:
        """Between the margins, in EMU."""
        return _emu(self.section, "w:pgSz", "w:w") - sum(
            _emu(self.section, "w:pgMar", f"w:{side}") for side in ("left", "right")
        )

    @property
    def text_height(self) -> int:
        """Between the margins, in EMU."""
        return _emu(self.section, "w:pgSz", "w:h") - sum(
            _emu(self.section, "w:pgMar", f"w:{side}") for side in ("top", "bottom")
        )


_EMU_PER_TWIP = 635


def _emu(section: Any, element: str, attribute: str) -> int:
    return abs(int(section.find(qn(element)).get(qn(attribute)))) * _EMU_PER_TWIP


def _turned(section: Any, *, across: bool) -> Any:
    """A copy of a section's properties with the page across or upright."""
    turned = deepcopy(section)
    size = turned.find(qn("w:pgSz"))
    short, long = sorted((size.get(qn("w:w")), size.get(qn("w:h"))), key=int)
    size.set(qn("w:w"), long if across else short)
    size.set(qn("w:h"), short if across else long)
    size.set(qn("w:orient"), "landscape" if across else "portrait")
    return turned


def _field(paragraph: Paragraph, instruction: str, result: str) -> None:
    """A field with the result it should have."""
    for kind in ("begin", "separate", "end"):
        run = paragraph.add_run()
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        run._r.append(mark)  # noqa: SLF001 - python-docx has no fields of its own
        if kind == "begin":
            told = OxmlElement("w:instrText")
            told.set(qn("xml:space"), "preserve")
            told.text = f" {instruction} "
            paragraph.add_run()._r.append(told)  # noqa: SLF001
        elif kind == "separate":
            paragraph.add_run(result)


def _row(
    table: Table,
    number: int,
    texts: Sequence[str],
    widths: Sequence[Emu],
    right: Sequence[bool],
    colours: dict[str, str],
) -> None:
    row = table.rows[number]
    _mark(row._tr, "w:cantSplit")  # noqa: SLF001 - python-docx has no property for it
    for cell, text, width, figure in zip(row.cells, texts, widths, right, strict=True):
        cell.width = width
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = Pt(1)
        paragraph.paragraph_format.first_line_indent = Pt(0)
        paragraph.paragraph_format.line_spacing = 1.0
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if figure else WD_ALIGN_PARAGRAPH.LEFT
        run = paragraph.add_run(printable(text))
        run.font.size = Pt(_CELL_POINTS)
        if colour := colours.get(text[:1]):
            run.font.color.rgb = RGBColor.from_string(colour.removeprefix("#").upper())


def _mark(row: Any, name: str) -> None:
    row.get_or_add_trPr().append(OxmlElement(name))


def _shade(cell: _Cell, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{key}"), value)
    cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001 - python-docx has no shading


def every_paragraph(document: Document) -> Iterator[Paragraph]:
    """The paragraphs of the body, its tables, and the headers and footers."""
    yield from _inside(document)
    for section in document.sections:
        for part in (section.header, section.first_page_header, section.footer, section.first_page_footer):
            if not part.is_linked_to_previous:
                yield from _inside(part)


def _inside(container: Any) -> Iterator[Paragraph]:
    yield from container.paragraphs
    for table in container.tables:
        for row in table.rows:
            for cell in row.cells:
                yield from _inside(cell)
