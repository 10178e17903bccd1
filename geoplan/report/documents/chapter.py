"""The Word chapter: the plan's text, tables and maps, from the same sheets and strings as every other document of the set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from geoplan.i18n import _
from geoplan.model import OUTCOME_SYMBOLS, Outcome
from geoplan.report import style, tables
from geoplan.report.documents import about_sheets, place_sheets, sentences, statement, verdict_sheets
from geoplan.report.documents.material import Material, coverage_text, in_brackets, pack_name
from geoplan.report.documents.sheet import Kind, Sheet, text_of, value_of
from geoplan.report.documents.template import moved_to, opened, own_document, writer_of
from geoplan.report.documents.word import SYNTHETIC_COLOUR, Grid, Writer

_MOST_ROWS = 30
_NARROW, _WIDE = 9, 36  # the least and the most of a column, in characters
_COLOURS = {OUTCOME_SYMBOLS[outcome]: colour for outcome, colour in style.OUTCOME_COLOURS.items()}
_NOT_JUDGED = OUTCOME_SYMBOLS[Outcome.INFORMATIONAL]
_TOWN_COLUMNS = ("name", "people", "covered", "uncovered", "unlocatable", "share")


@dataclass(frozen=True, slots=True)
class Picture:
    """A map that the chapter shows: its title, and its file (PNG)."""

    title: str
    file: Path


def write_chapter(material: Material, pictures: Sequence[Picture], path: Path, template: Path | None = None) -> None:
    """Write the chapter, into the bureau's template where one is given.

    Raises:
        TemplateError: the template cannot be used; see ``template.opened``.
        OSError: the chapter cannot be written.
    """
    if template is None:
        document = own_document()
        document.sections[0].header.paragraphs[0].text = _running_head(material)
        document.core_properties.title = tables.place_name(material.assessment)
        _write(writer_of(document), material, pictures)
    else:
        document, place = opened(template, words(material))
        first = len(document.element.body) - 1  # before the last section's properties
        _write(writer_of(document, place), material, pictures)
        moved_to(document, place, first)
    document.core_properties.comments = tables.synthetic_label(material.assessment)
    document.save(str(path))


def words(material: Material) -> dict[str, str]:
    """What a template's small places stand for."""
    assessment = material.assessment
    return {
        "place": tables.place_name(assessment),
        "scenario": assessment.scenario.name if assessment.scenario else _("无方案，按现状"),
        "year": str(assessment.year),
        "pack": pack_name(assessment),
        "coverage": coverage_text(assessment),
        "date": material.made.date().isoformat(),
        "data": tables.synthetic_label(assessment),
    }


def _running_head(material: Material) -> str:
    parts = (tables.place_name(material.assessment), tables.synthetic_label(material.assessment))
    return _(" · ").join(filter(None, parts))


def _write(writer: Writer, material: Material, pictures: Sequence[Picture]) -> None:
    """The chapter from its title to its parameters."""
    writer.heading(_("养老服务设施布局核查"), level=1)
    label = tables.synthetic_label(material.assessment)
    if label:
        writer.note(label, SYNTHETIC_COLOUR)
    _conclusion(writer, material)
    _coverage(writer, material)
    _indicators(writer, material)
    _facilities(writer, material)
    _scenario(writer, material)
    _maps(writer, material, pictures)
    _changes(writer, material, own_page=not pictures)
    _quality(writer, material)
    writer.heading(_("参数"))
    _table(writer, material, about_sheets.parameters(material), ("name", "value"))


def _conclusion(writer: Writer, material: Material) -> None:
    writer.heading(_("总体结论"))
    writer.paragraph(sentences.opening(material))
    writer.paragraph(sentences.coverage(material.assessment.coverages[0]))
    sheet = verdict_sheets.summary(material)
    writer.paragraph(_("{counts}。").format(counts=verdict_sheets.outcome_counts(material.assessment)))
    _table(writer, material, sheet, ("item", "value", "target", "outcome", "needed"), most=len(sheet.rows))


def _coverage(writer: Writer, material: Material) -> None:
    """A paragraph and a table of townships for every service; then the villages with most people who are not covered."""
    writer.heading(_("服务覆盖"))
    whole = place_sheets.townships(material)
    for coverage in material.assessment.coverages:
        writer.paragraph(sentences.coverage(coverage))
        rows = place_sheets.shown_rows(whole, coverage)
        title = _("{service}：各单元覆盖").format(service=rows[0]["service"] if rows else whole.title)
        _table(writer, material, replace(whole, rows=tuple(rows)), _TOWN_COLUMNS, title)
    villages = place_sheets.villages(material)
    if villages is not None and villages.rows:
        _table(writer, material, villages, ("name", "township", "people", "covered", "lacking", "share"))


def _indicators(writer: Writer, material: Material) -> None:
    """A paragraph for each of the county's rules."""
    writer.heading(_("指标逐项说明"))
    for verdict in verdict_sheets.county_verdicts(material.assessment):
        told = sentences.indicator(verdict, material.assessment)
        writer.paragraph(told, bold=_("{name}。").format(name=tables.rule_name(verdict)))


def _facilities(writer: Writer, material: Material) -> None:
    """What is missing: beds, land, estates."""
    writer.heading(_("设施、床位与用地"))
    columns = verdict_sheets.short_columns()
    wanted = [column.key for column in columns]
    for sheet in (verdict_sheets.beds(material), verdict_sheets.land(material)):
        lacking = tuple(
            row for row in sheet.rows if value_of(row.get("needed")) and not str(row["outcome"]).startswith(_NOT_JUDGED)
        )
        _table(writer, material, replace(sheet, rows=lacking, columns=columns), wanted)
    estates = place_sheets.estates(material)
    if estates is not None:
        rows = [row for row in estates.rows if value_of(row.get("shortfall"))]
        rows.sort(key=lambda row: value_of(row["shortfall"]) or 0, reverse=True)
        of_estates = ("id", "name", "township", "households", "area", "target", "outcome", "shortfall")
        _table(writer, material, replace(estates, rows=tuple(rows)), of_estates, _("缺口最大的小区"))


def _scenario(writer: Writer, material: Material) -> None:
    """What the scenario does and what it changes."""
    edits = about_sheets.edits(material)
    if edits is None:
        return
    writer.heading(_("方案"))
    scenario = material.assessment.scenario
    if scenario is not None and scenario.note:
        writer.paragraph(scenario.note)
    for note in edits.notes:
        writer.paragraph(_("{note}。").format(note=note))
    if material.comparison is not None:
        writer.paragraph(sentences.effect(material.comparison))
    _table(writer, material, edits, ("number", "edit", "reason", "author"))


def _changes(writer: Writer, material: Material, *, own_page: bool) -> None:
    """What moved since the last export, from the top of a page on."""
    writer.heading(_("自上次导出以来的变化"), new_page=own_page)
    for line in about_sheets.change_lines(material.changes):
        writer.paragraph(line)
    sheet = about_sheets.changed(material)
    _table(writer, material, sheet, ("name", "place", "before", "after", "causes"), _("变化的数值及原因"))


def _quality(writer: Writer, material: Material) -> None:
    """The data-quality statement."""
    writer.heading(_("数据质量说明"))
    layers = (material.base or material.assessment).layers
    writer.paragraph(statement.summary(layers, material.findings) + statement.held_against(layers))
    for line in sentences.quality(material):
        writer.paragraph(line)
    _table(writer, material, about_sheets.sources(material), ("layer", "rows", "source", "as_of", "licence", "nature"))
    problems = about_sheets.problems(material)
    if problems.rows:
        _table(writer, material, problems, ("severity", "layer", "message", "remedy", "count"))
    else:
        writer.paragraph(_("数据检查没有发现问题。"))
    mended = about_sheets.repairs(material)
    if mended is not None:
        writer.paragraph(*mended.notes)
        _table(writer, material, mended, ("layer", "repair", "rows", "on"))


def _maps(writer: Writer, material: Material, pictures: Sequence[Picture]) -> None:
    """The maps, one to a page that lies across; nothing where there are none."""
    if not pictures:
        return
    captions = [writer.reserve("figure", _("图")) for _picture in pictures]
    writer.heading(_("附图"))
    mentions = [part for caption in captions for part in (_("、"), caption)][1:]
    writer.paragraph(_("各图范围相同，可以叠放对照："), *mentions, _("。"))
    writer.end_section(across=True)
    label = tables.synthetic_label(material.assessment)
    for caption, picture in zip(captions, pictures, strict=True):
        writer.picture(picture.file)
        writer.caption(caption, "  ".join(filter(None, [picture.title, label])), above=False)
    writer.end_section(across=False)


def _table(
    writer: Writer, material: Material, sheet: Sheet, keys: Iterable[str], title: str = "", most: int = _MOST_ROWS
) -> None:
    """A mention, a caption and the first rows of a sheet; what is left out is said, with where it stands."""
    if not sheet.rows:
        return
    columns = sheet.chosen(*keys)
    caption = writer.reserve("table", _("表 {number}").partition("{")[0].strip())
    title, left_out = title or sheet.title, len(sheet.rows) - most
    more = _("（前 {shown} 行，其余 {count} 行见工作簿“{sheet}”表）")
    rest = more.format(shown=most, count=left_out, sheet=sheet.title) if left_out > 0 else ""
    writer.paragraph(_("{title}见").format(title=title), caption, rest, _("。"))
    label = tables.synthetic_label(material.assessment)
    writer.caption(caption, title + in_brackets(label), above=True)
    rows = [[text_of(row.get(column.key), column.kind) for column in columns] for row in sheet.rows[:most]]
    figures = [column.kind not in {Kind.TEXT, Kind.LONG, Kind.OUTCOME} for column in columns]
    widths = [min(max(column.width, _NARROW), _WIDE) for column in columns]
    writer.table(Grid([column.title for column in columns], rows, widths, figures, _COLOURS))
