"""Pieces that several pages use: the heading with its badge, a table with filter and download, the box of an error.

Names and quotations come from files: they are shown as text or escaped, never as Markdown, which could fetch a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan.errors import EditsError, GeoplanError, LayerError, StoreError
from geoplan.i18n import _, current, many
from geoplan.model import Problem, Severity
from geoplan.report import problem_line, reach, tables
from geoplan.report.change import Turn
from geoplan.report.documents.about_sheets import layer_label
from geoplan.report.edit_words import edits_in, names_of, side_texts
from geoplan.report.field_words import in_words
from geoplan.scenario import edit_problem
from geoplan.web import rows, session, widths
from geoplan.web.cache import View
from geoplan.web.key_figures import KeyFigure
from geoplan.web.rows import Table
from geoplan.web.state import Notice
from geoplan.web.wording import escape, headed

_MOST_MISFITS, _AGAIN_S = 3, 3.0
_MOST_ROWS, _ROW_PX, _LEAST_TALL_PX = 14, 33, 377  # a longer table scrolls
Height = Literal["content", "stretch"]


def badge(label: str) -> str:
    """HTML of the mark that data are synthetic; blank when none are."""
    return f'<span class="gp-badge">{escape(label)}</span>' if label else ""


def heading(title: str, view: View) -> None:
    """The page's title, what was asked, and the mark of synthetic data."""
    assessment = view.assessment
    pack = assessment.pack.name_en if current() == "en" else assessment.pack.name
    asked = _("{year} 年 · 规则包 {pack} · {travel}").format(
        year=assessment.year, pack=pack, travel=reach.travel_text(assessment)
    )
    if assessment.scenario is not None:
        asked = _("方案 {name} · {asked}").format(name=assessment.scenario.name, asked=asked)
    mark = badge(tables.synthetic_label(assessment))
    st.html(f'<div class="gp-head"><h1>{escape(title)}</h1><span class="gp-asked">{escape(asked)}</span>{mark}</div>')


def field(name: str, value: Any, change: Callable[[Any], None]) -> dict[str, Any]:
    """What makes a widget show a value and tell of another one: its key, and what is called before the next run.

    Args:
        name: of the widget, which no other has.
        change: writes the new value to the desk.
    """
    key = f"field-{name}"
    st.session_state[key] = value

    def changed() -> None:
        session.desk()
        change(st.session_state[key])

    return {"key": key, "on_change": changed}


def open_page(path: str) -> None:
    """Go on with another page, which shows what the desk says by now."""
    st.switch_page(st.Page(_nothing, title=path, url_path=path))


def _nothing() -> None:
    """A page is found by its address; what it shows stands in ``entry``."""


def figures(shown: list[KeyFigure], *, compared: bool) -> None:
    """Figures in large type side by side, each with its note and, where they are held against a base, what became of it."""
    cards = "".join(_card(figure, compared=compared) for figure in shown)
    st.html(f'<div class="gp-figures">{cards}</div>')


def _card(figure: KeyFigure, *, compared: bool) -> str:
    text = figure.change.text if figure.change else _("与现状相同")
    colour = rows.colour_of(text) or "#5f6368"
    change = f'<div class="gp-change" style="color:{colour}">{escape(text)}</div>' if compared else ""
    return (
        f'<div class="gp-figure"><div class="gp-name">{escape(figure.name)}</div>'
        f'<div class="gp-value">{escape(figure.value)}</div>{change}<div class="gp-note-line">{escape(figure.note)}</div></div>'
    )


def notices(view: View) -> None:
    """What the session has to tell, once: what others did, what was refused; things by their names.

    It lies over the page: coming and going, it moves nothing that somebody is about to press.
    """
    desk = session.desk()
    with st.container(key="gp-told"):
        for notice in desk.notices:
            note(notice.kind, *notice_words(notice, view))
    if desk.notices:
        session.update(lambda now: replace(now, notices=now.notices[len(desk.notices) :]))


def notice_words(notice: Notice, view: View) -> tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """The text of a notice, and the lines of both sides of a conflict."""
    told = (*notice.entries, *(one for _head, side in notice.sides for one in side))
    if not told:
        return in_words(notice.text) if notice.kind == "refused" else notice.text, ()
    names = names_of(view.layers, (*(view.state.scenario.edits if view.state else ()), *edits_in(told)))
    text = notice.text
    if notice.entries:
        lines = filter(None, [*side_texts(notice.entries, names), text])
        text = _("方案有新的改动：{entries}").format(entries=_("；").join(lines))
    return text, tuple((head, tuple(side_texts(side, names))) for head, side in notice.sides)


def misfit(view: View) -> None:
    """That a scenario does not fit, where it does not, and what to do."""
    if view.misfit is not None:
        text = _(
            "方案不能代入现在的图层，这里是工作区现状的结果。请在“方案管理”页“与现在的图层”中改用现在的图层，或恢复早先的版本。{reason}"
        )
        note("refused", text.format(reason=_("；").join(misfits(view.misfit))))


def misfits(error: EditsError) -> list[str]:
    """Why edits do not fit, in words: the first of what stands in the way, and how much more does."""
    stops = [problem for problem in error.problems if problem.severity is Severity.ERROR]
    if not stops:
        return [str(error)]
    more = len(stops) - _MOST_MISFITS
    rest = [many("另有 {count} 处", more).format(count=more)] if more > 0 else []
    return [*(in_words(edit_problem(problem)) for problem in stops[:_MOST_MISFITS]), *rest]


def note(kind: str, text: str, sides: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> None:
    """A word in a box: ``news``, ``refused`` or ``conflict``, this one with what both sides did."""
    role = "status" if kind == "news" else "alert"
    body = (
        f"<p>{escape(text)}</p>"
        if not sides
        else f'<div class="gp-sides">{"".join(_side(*side) for side in sides)}</div>'
    )
    conflict = escape(_("两边的改动冲突，请核对后再改。"))
    lead = f"<p>{conflict}</p>" if sides else ""
    st.html(f'<div role="{role}" class="gp-note gp-{kind}">{lead}{body}</div>')


def _side(head: str, lines: tuple[str, ...]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<div><h2>{escape(head)}</h2><ul>{items}</ul></div>"


def told(text: str) -> None:
    """Something worth knowing."""
    note("news", text)


def refused(text: str) -> None:
    """Something that was not done, and why."""
    note("refused", text)


def status(text: str) -> None:
    """How things stand after what was just done; read aloud where it changes."""
    st.html(f'<div role="status">{escape(text)}</div>')


def faults(title: str, lines: Iterable[str]) -> None:
    """What must be put right first, one line for each."""
    body = "".join(f"<li>{escape(line)}</li>" for line in lines)
    st.html(f'<div role="alert" class="gp-error"><p>{escape(title)}</p><ul>{body}</ul></div>')


def turns() -> None:
    """What the symbols of changes mean."""
    better, worse, other = (turn.value for turn in Turn)
    st.caption(_("较现状：{better} 好转，{worse} 变差，{other} 有变化").format(better=better, worse=worse, other=other))


def facts(pairs: list[tuple[str, str]]) -> None:
    """Names and texts in two columns, those without a text left out."""
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs if text)
    st.html(f'<dl class="gp-facts">{body}</dl>')


def columns(table: Table, *, fitted: bool = False) -> dict[str, Any]:
    """How Streamlit shows each column: figures to the right, with as many decimals everywhere.

    Args:
        fitted: whether all columns are to be seen on an office screen, for which long texts are cut; wider screens share
            out what they have more. Else the table scrolls sideways.
    """
    shares = widths.column_widths(table, widths.FRAME_PX if fitted else None)
    return {word: _column(kind, shares[word]) for word, kind in table.kinds.items()}


def _column(kind: str, width: int) -> Any:
    if kind in widths.FORMATS:
        return st.column_config.NumberColumn(format=widths.FORMATS[kind])
    return st.column_config.TextColumn(width=width, alignment="right" if kind == rows.FIGURE else "left")


def coloured(table: Table, *columns: str) -> Any:
    """The rows as they are shown: a dash where nothing is known, verdicts and changes of some columns in their colours."""
    there = [column for column in columns if column in table.frame]
    frame = table.frame.replace({word: {"": "—"} for word, kind in table.kinds.items() if kind not in widths.FORMATS})
    return frame.style.map(_colour, subset=there) if there else frame


def _colour(cell: object) -> str:
    colour = rows.colour_of(cell)
    return f"color: {colour}; font-weight: 600" if colour else ""


def whole_table(table: Table, title: str) -> None:
    """A short table, all of it, with long texts in several lines."""
    sides = [(word, {rows.LONG: "gp-long", rows.TEXT: ""}.get(kind, "gp-right")) for word, kind in table.kinds.items()]
    head = "".join(f'<th class="{side}">{escape(word)}</th>' for word, side in sides)
    body = "".join(
        "<tr>" + "".join(f'<td class="{side}">{escape(_cell(row[word]))}</td>' for word, side in sides) + "</tr>"
        for row in table.frame.to_dict("records")
    )
    st.html(f'<table class="gp-table" aria-label="{escape(title)}"><tr>{head}</tr>{body}</table>')


def _cell(value: object) -> str:
    if value != value:  # noqa: PLR0124 - not a number: nothing is known
        return "—"
    return f"{value:,.0f}" if isinstance(value, float) else str(value) or "—"


def room(name: str, count: int, most: int = _MOST_ROWS, beside: int = 238) -> tuple[DeltaGenerator, Height]:
    """A place for a table of so many rows, and its height there: one with more than ``most`` scrolls in what the window has.

    Args:
        name: of the place, which no other on the page has; in ASCII.
        beside: what must be seen of the page beside the table, in pixels.
    """
    place = st.container(key=f"gp-room-{name}")
    if count <= most:
        return place, "content"
    # A row that is cut tells that there are more; a table that takes what there is takes no less than ten rows.
    all_rows, least = (max(_ROW_PX * (rows + 1) + 2, _LEAST_TALL_PX) for rows in (count, most + 0.7))
    place.html(
        f"<style>.st-key-gp-room-{name} {{ flex: none !important; "
        f"height: min({all_rows}px, max({least:.0f}px, 100vh - {beside}px)) !important; }}</style>"
    )
    return place, "stretch"


def downloads(view: View, name: str, table: Table) -> None:
    """Buttons, for a row of such, that give the rows as CSV and as a workbook, marked where they are synthetic."""
    note = tables.synthetic_label(view.assessment)
    file = f"{name}-{view.assessment.pack.id}-{view.assessment.year}"
    st.download_button(
        _("下载 CSV"),
        lambda: table.csv(note),  # made when it is asked for
        f"{file}.csv",
        "text/csv",
        key=f"csv-{name}",
        on_click="ignore",
    )
    st.download_button(
        _("下载 Excel"),
        lambda: table.xlsx(note),
        f"{file}.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key=f"xlsx-{name}",
        on_click="ignore",
    )


@st.fragment(run_every=_AGAIN_S)
def _try_again() -> None:
    """The page anew when the store can be read again."""
    try:
        session.store().states()
    except GeoplanError:
        return
    st.rerun()


def show_error(error: GeoplanError) -> None:
    """What is wrong and what to do about it, every problem of the layers on a line of its own."""
    problems = error.problems if isinstance(error, LayerError) else ()
    lines = "".join(f"<li>{escape(headed(in_line(problem)))}</li>" for problem in problems)
    title, advice = _("无法评估这个工作区"), _("改好之后点“重试”，不必重启。")
    if isinstance(error, StoreError):
        title, advice = _("方案库暂时不能使用"), _("原因消除后本页自动恢复，不必重启；还没有保存的改动会保留。")
        _try_again()
    st.html(
        f'<div role="alert" class="gp-error"><h1>{escape(title)}</h1><p>{escape(headed(str(error)))}</p>'
        f"<ul>{lines}</ul><p>{escape(advice)}</p></div>"
    )
    st.button(_("重试"), key="retry")  # without a reload, so that what waits to be saved goes on waiting


def in_line(problem: Problem) -> str:
    """A problem of a layer with the words for the layer and its fields."""
    return in_words(problem_line(replace(problem, layer=layer_label(problem.layer))))
