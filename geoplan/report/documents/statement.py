"""The data-quality statement of a plan on one page of Word: what it rests on, what is wrong with it, what was mended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from unicodedata import east_asian_width

from docx.shared import Cm, Pt

from geoplan.doctor import CHECKS, Finding
from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.model import Severity
from geoplan.report import tables
from geoplan.report.documents.about_sheets import finding_sheet, layer_label, repair_sheet, source_sheet
from geoplan.report.documents.sheet import Kind, Sheet, texts
from geoplan.report.documents.template import own_document, writer_of
from geoplan.report.documents.word import SYNTHETIC_COLOUR, Grid, Writer

_MARGIN_CM, _LINE_PT, _EM_PT = 1.8, 11.6, 8.5  # of the lines and the characters of tables
_LATIN_EM = 0.58
_CELL_PADDING_PT, _ROW_PT = 11.0, 2.6
_PAGE_PT, _TEXT_PT = 842.0 - 2 * _MARGIN_CM * 28.35, 595.0 - 2 * _MARGIN_CM * 28.35
_KEPT_PT = 24.0  # of the page, for programs that break lines elsewhere
_SOURCES = {"layer": 14, "rows": 8, "source": 37, "as_of": 14, "licence": 13, "nature": 11}
_FINDINGS = {"severity": 11, "layer": 14, "count": 8, "message": 36, "remedy": 28}
_REPAIRS = {"layer": 14, "repair": 38, "rows": 31, "on": 14}
_MOST = {"source": 88, "licence": 28, "message": 150, "remedy": 110, "rows": 34, "repair": 44}  # characters of a cell
_MOST_REPAIRS = 4


def summary(layers: Layers, findings: Sequence[Finding]) -> str:
    """How many problems of which severity a workspace has, and how many checks were made."""
    counts = {each: sum(found.problem.severity is each for found in findings) for each in Severity}
    text = _("{place}：{checks} 项检查，发现 {warnings} 项警告、{notes} 项提示。")
    return text.format(
        place=tables.workspace_name(layers.manifest),
        checks=len(CHECKS),
        warnings=counts[Severity.WARNING],
        notes=counts[Severity.NOTE],
    )


def held_against(layers: Layers) -> str:
    """Which outside facts the data were held against, and which not for want of them."""
    codes, census = layers.get("codes"), layers.get("census")
    has = [layer_label(role) for role, frame in (("codes", codes), ("census", census)) if frame is not None]
    lacks = [layer_label(role) for role, frame in (("codes", codes), ("census", census)) if frame is None]
    told = _("已与{tables}核对。").format(tables=_("、").join(has)) if has else ""
    missing = _("没有{tables}，是否齐全、合计是否相符未能核对。").format(tables=_("、").join(lacks)) if lacks else ""
    return told + missing


def synthetic_warning(layers: Layers) -> str:
    """That layers are made up; blank where none is."""
    if not tables.made_up(layers.manifest):
        return ""
    roles = _("、").join(layer_label(role) for role in layers.manifest.synthetic_roles)
    return _("以下图层含合成数据，结论仅供演示，不得作为规划依据：{layers}。").format(layers=roles)


def write_statement(layers: Layers, findings: Sequence[Finding], path: Path) -> None:
    """Write the statement. What does not fit on the page is counted on it and stands in the other files.

    Raises:
        OSError: it cannot be written.
    """
    document = own_document()
    section = document.sections[0]
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(_MARGIN_CM)
    document.styles["Normal"].paragraph_format.space_after = Pt(1)
    document.styles["Normal"].paragraph_format.line_spacing = 1.0
    document.styles["Normal"].font.size = Pt(9)
    document.core_properties.title = f"{_('数据质量说明')} {tables.workspace_name(layers.manifest)}"
    document.core_properties.comments = synthetic_warning(layers)
    _write(writer_of(document), layers, findings)
    document.save(str(path))


def _write(writer: Writer, layers: Layers, findings: Sequence[Finding]) -> None:
    page = _Page(writer)
    page.heading(_("数据质量说明"), level=1)
    if synthetic_warning(layers):
        page.paragraph(synthetic_warning(layers), warning=True)
    page.paragraph(f"{summary(layers, findings)}{held_against(layers)}")
    page.table(source_sheet(layers), _SOURCES)
    mended = repair_sheet(layers)
    after = _height_of(mended, _REPAIRS, _MOST_REPAIRS) if mended.rows else 0.0
    if findings:
        page.table(finding_sheet(findings), _FINDINGS, keep=after)
    else:
        page.paragraph(_("数据检查没有发现问题。"))
    if mended.rows:
        page.table(mended, _REPAIRS, most=_MOST_REPAIRS)


class _Page:
    """One page that fills from the top; knows about how much room is left."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._left = _PAGE_PT - _KEPT_PT

    def heading(self, text: str, level: int = 2) -> None:
        self._writer.heading(text, level)
        self._left -= 34.0 if level == 1 else 27.0

    def paragraph(self, text: str, *, warning: bool = False) -> None:
        if warning:
            self._writer.note(text, SYNTHETIC_COLOUR)
        else:
            self._writer.paragraph(text)
        self._left -= 13.0 * math.ceil(_ems(text) * 9.0 / _TEXT_PT)

    def table(self, sheet: Sheet, widths: dict[str, int], *, keep: float = 0.0, most: int | None = None) -> None:
        """A heading and as many rows of a sheet as there is room for, the first ones; of the others how many they are.

        Args:
            keep: what must be left of the page (points).
        """
        self.heading(sheet.title)
        rows = _rows(sheet, widths)
        room, shown = self._left - keep - 2 * 13.0 - _head_height(), 0
        for row in rows[: len(rows) if most is None else most]:
            room -= _row_height(row, widths)
            if room < 0:
                break
            shown += 1
        columns = sheet.chosen(*widths)
        right = [column.kind not in {Kind.TEXT, Kind.LONG, Kind.OUTCOME} for column in columns]
        grid = Grid([column.title for column in columns], rows[:shown], list(widths.values()), right, {})
        self._writer.table(grid)
        self._left -= _head_height() + sum(_row_height(row, widths) for row in rows[:shown]) + 13.0
        if shown < len(rows):
            self.paragraph(_("另有 {count} 项没有列在本页。").format(count=len(rows) - shown))


def _rows(sheet: Sheet, widths: dict[str, int]) -> list[list[str]]:
    """The cells as text, long ones shortened."""
    most = [_MOST.get(key, 10_000) for key in widths]
    return [
        [_shortened(cell, room) for cell, room in zip(row, most, strict=True)]
        for row in texts(sheet, sheet.chosen(*widths))
    ]


def _shortened(text: str, most: int) -> str:
    """Text of at most so many characters, Chinese ones counted double."""
    wide = [2 if east_asian_width(letter) in "WF" else 1 for letter in text]
    if sum(wide) <= most:
        return text
    kept, size = "", 0
    for letter, width in zip(text, wide, strict=True):
        size += width
        if size > most - 2:
            break
        kept += letter
    return kept.rstrip() + "…"


def _ems(text: str) -> float:
    """The width of text in ems, Latin letters as wide as in the widest font that a program may take."""
    return sum(1.0 if east_asian_width(letter) in "WF" else _LATIN_EM for letter in text)


def _row_height(row: Sequence[str], widths: dict[str, int]) -> float:
    rooms = [_TEXT_PT * width / sum(widths.values()) - _CELL_PADDING_PT for width in widths.values()]
    lines = max(math.ceil(_ems(cell) * _EM_PT / room) for cell, room in zip(row, rooms, strict=True))
    return max(lines, 1) * _LINE_PT + _ROW_PT


def _head_height() -> float:
    return _LINE_PT + _ROW_PT


def _height_of(sheet: Sheet, widths: dict[str, int], most: int) -> float:
    """Of a whole table with its heading, as much of it as is shown."""
    rows = _rows(sheet, widths)[:most]
    return 27.0 + _head_height() + sum(_row_height(row, widths) for row in rows) + 2 * 13.0
