"""The document that a chapter is written into: our own, or the bureau's template with its styles and places."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from geoplan.causes import cause
from geoplan.errors import TemplateError
from geoplan.i18n import _
from geoplan.report.documents.word import CAPTION, GRID, HEADINGS, Writer, every_paragraph, printable

CHAPTER_PLACE = "geoplan"
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_STYLES = (*HEADINGS, CAPTION, GRID)
_TEXT_FONT, _HEADING_FONT, _LATIN_FONT = "宋体", "黑体", "Times New Roman"
_HEADING_POINTS = {"Heading 1": 16, "Heading 2": 13}


def own_document() -> Document:
    """A4 upright, with Chinese fonts for Chinese text."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin = section.bottom_margin = Cm(2.2)
    for name, points in {"Normal": 10.5, CAPTION: 9.5, **_HEADING_POINTS}.items():
        _dress(document.styles[name], _HEADING_FONT if name in _HEADING_POINTS else _TEXT_FONT, points)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    document.styles["Normal"].paragraph_format.line_spacing = 1.25
    return document


def _dress(style: Any, chinese: str, points: float) -> None:
    """Set a style's fonts for Latin and for Chinese text; theme fonts, which would win, are taken out."""
    style.font.name, style.font.size, style.font.color.rgb = _LATIN_FONT, Pt(points), RGBColor(0, 0, 0)
    style.font.italic = False
    fonts = style.element.rPr.rFonts
    for key in [key for key in fonts.attrib if key.endswith("Theme")]:
        del fonts.attrib[key]
    fonts.set(qn("w:eastAsia"), chinese)
    language = style.element.rPr.makeelement(qn("w:lang"), {qn("w:val"): "en-US", qn("w:eastAsia"): "zh-CN"})
    style.element.rPr.append(language)


def opened(template: Path, words: Mapping[str, str]) -> tuple[Document, Paragraph]:
    """The bureau's template with its small places filled, and the paragraph where the chapter goes.

    Args:
        words: by the name of a place what stands in ``{{name}}``.

    Raises:
        TemplateError: it cannot be read, lacks styles or the chapter's place, or has places that nobody knows.
    """
    document = _read(template)
    missing = [name for name in _STYLES if name not in document.styles]
    if missing:
        text = _("模板 {file} 缺少样式：{styles}。请在 Word 中加上这些样式（名称一字不差），再导出。")
        raise TemplateError(text.format(file=template, styles=_("、").join(missing)))
    found = {name for paragraph in every_paragraph(document) for name in _PLACE.findall(paragraph.text)}
    unknown = sorted(found - words.keys() - {CHAPTER_PLACE})
    if unknown:
        text = _("模板 {file} 中有不认识的占位 {unknown}；可用：{known}。")
        raise TemplateError(
            text.format(file=template, unknown=_places(unknown), known=_places([CHAPTER_PLACE, *words]))
        )
    places = [
        each for each in document.paragraphs if _PLACE.fullmatch(each.text.strip()) and CHAPTER_PLACE in each.text
    ]
    if len(places) != 1:
        text = _("模板 {file} 中应有且只有一段单独写着 {place}，章节放在那里；现有 {count} 段。")
        raise TemplateError(text.format(file=template, place=_places([CHAPTER_PLACE]), count=len(places)))
    for paragraph in every_paragraph(document):
        _fill(paragraph, words)
    return document, places[0]


def _places(names: list[str]) -> str:
    return _("、").join("{{" + name + "}}" for name in names)


def _read(template: Path) -> Document:
    try:
        return docx.Document(str(template))
    except PackageNotFoundError as error:
        raise TemplateError(_("找不到模板 {file}，或它不是 .docx 文件。").format(file=template)) from error
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OSError) as error:
        raise TemplateError(
            _("模板 {file} 不是可读的 .docx 文件：{error}。").format(file=template, error=cause(error))
        ) from error


def _fill(paragraph: Paragraph, words: Mapping[str, str]) -> None:
    """Put words into a paragraph's places; a place that Word has split over several runs is put together first."""
    if not words.keys() & set(_PLACE.findall(paragraph.text)):
        return
    runs = paragraph.runs
    if any(_PLACE.sub("", run.text).count("{{") for run in runs):
        runs[0].text = "".join(run.text for run in runs)
        for run in runs[1:]:
            run.text = ""
    for run in runs:
        if "{{" in run.text:
            run.text = _PLACE.sub(lambda place: printable(words.get(place[1], place[0])), run.text)


def writer_of(document: Document, place: Paragraph | None = None) -> Writer:
    """A writer in the section that the chapter's place is in, or in the document's last one."""
    body = document.element.body
    last = body.sectPr
    if place is None:
        return Writer(document, last)
    later = (each.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") for each in place._p.itersiblings())  # noqa: SLF001 - order in the body
    return Writer(document, next((section for section in later if section is not None), last))


def moved_to(document: Document, place: Paragraph, first: int) -> None:
    """Move what was written from the ``first``-th element of the body on to the chapter's place, which goes."""
    body = document.element.body
    written = list(body)[first:]
    for element in written:
        if element is not body.sectPr:
            place._p.addprevious(element)  # noqa: SLF001 - order in the body
    body.remove(place._p)  # noqa: SLF001
