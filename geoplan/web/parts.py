"""Pieces that several pages use: the heading with its badge, a table with filter and download, the box of an error.

Names and quotations come from files: they are shown as text or escaped, never as Markdown, which could fetch a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from types import MappingProxyType
from typing import Any, Literal
from unicodedata import east_asian_width

import streamlit as st

from geoplan.errors import GeoplanError, LayerError
from geoplan.i18n import _, current
from geoplan.report import problem_line, reach, tables
from geoplan.web import rows, session
from geoplan.web.cache import View
from geoplan.web.rows import Table

_WIDE_PX, _NARROW_PX, _PADDING_PX, _WIDEST_PX = 13, 7, 18, 300
_MOST_ROWS, _TABLE_PX = 14, 530  # a longer table scrolls
_FORMATS: Mapping[str, str] = MappingProxyType(
    {rows.PEOPLE: "%,.0f", rows.AREA: "%,.2f", rows.SHARE: "%.2f", rows.TIME: "%.2f", rows.WHOLE: "%,.0f"}
)
# Streamlit's own English words (Press Enter to apply, the toolbar of a table whose download would not guard against
# formulas) are hidden; its header is flat so that it does not lie over the page.
_STYLE = """<style>
[data-testid="InputInstructions"], [data-testid="stElementToolbar"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 1.9rem 2rem 2rem; max-width: 1760px; }
[data-testid="stHeader"] { background: transparent; pointer-events: none; height: 2.5rem; min-height: 2.5rem; }
[data-testid="stHeader"] button { pointer-events: auto; }
div[data-testid="stMetric"] { padding: .6rem .9rem; height: 100%; }
[data-testid="stMetricDelta"] { background: none; padding: 0; }
div[data-testid="stMetric"] > div { padding: 0 .2rem; }
[data-testid="stMetricDelta"] p { white-space: normal !important; }
.gp-head { display: flex; align-items: baseline; gap: .9rem; flex-wrap: wrap; }
.gp-head h1 { font-size: 1.5rem; font-weight: 650; margin: 0; padding: 0; }
.gp-head .gp-asked { color: #5f6368; }
.gp-badge { background: #fff3cd; color: #6b4e00; border: 1px solid #d9b84a; border-radius: 4px; padding: 1px 8px;
  font-size: .85rem; display: inline-block; }
.gp-place { font-weight: 650; font-size: 1.05rem; margin-bottom: .3rem; }
.gp-quote { border-left: 4px solid #045a8d; background: #f3f5f7; padding: .6rem .9rem; margin: 0 0 .7rem; font-size: 1.05rem; }
dl.gp-facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem .9rem; margin: 0 !important; padding: 0; }
.gp-facts dt { color: #5f6368; } .gp-facts dd { margin: 0 !important; overflow-wrap: anywhere; }
.gp-table { border-collapse: collapse; width: 100%; font-size: .9rem; }
.gp-table th, .gp-table td { border-bottom: 1px solid #d5d9de; padding: .3rem .6rem; text-align: left; white-space: nowrap; }
.gp-table th { color: #5f6368; font-weight: 400; background: #f8f9fb; }
.gp-table .gp-long { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; } .gp-table .gp-right { text-align: right; }
.gp-note { border: 1px solid #d5d9de; border-left: 5px solid #045a8d; background: #f3f5f7; border-radius: 6px;
  padding: .5rem .9rem; overflow-wrap: anywhere; }
.gp-refused { border-left-color: #b3261e; background: #fdf3f2; } .gp-conflict { border-left-color: #b35c00; background: #fdf6ec; }
.gp-error { border: 1px solid #e3b1ae; border-left: 5px solid #b3261e; background: #fdf3f2; border-radius: 6px; padding: .9rem 1.2rem; }
.gp-error h2 { font-size: 1.2rem; color: #b3261e; margin: 0 0 .5rem; padding: 0; } .gp-error li { overflow-wrap: anywhere; }
.st-key-gp-map iframe { height: max(600px, calc(100vh - 118px)); border: 1px solid #d5d9de; border-radius: 6px; }
</style>"""


def style() -> None:
    """The look that the theme cannot give."""
    st.html(_STYLE)


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


def notices(view: View) -> None:
    """What the session has to tell, once: what others did, what was refused; and a scenario that does not fit."""
    if view.misfit is not None:
        text = _(
            "方案不能代入现在的图层，下面是工作区现状的结果。请撤销不合的改动，或在“方案”页恢复早先的版本。{reason}"
        )
        _note("refused", text.format(reason=view.misfit))
    desk = session.desk()
    for notice in desk.notices:
        _note(notice.kind, notice.text)
    if desk.notices:
        session.put(replace(desk, notices=()))


def _note(kind: str, text: str) -> None:
    role = "status" if kind == "news" else "alert"
    st.html(f'<div role="{role}" class="gp-note gp-{kind}">{escape(text)}</div>')


def facts(pairs: list[tuple[str, str]]) -> None:
    """Names and texts in two columns, those without a text left out."""
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs if text)
    st.html(f'<dl class="gp-facts">{body}</dl>')


def columns(table: Table, *, measured: bool = True) -> dict[str, Any]:
    """How Streamlit shows each column: figures to the right, with as many decimals everywhere.

    Args:
        measured: whether texts get the width they need; else Streamlit shares out the page's width, which suits a
            table that always fits.
    """
    return {word: _column(table.frame[word], kind, measured=measured) for word, kind in table.kinds.items()}


def _column(cells: Any, kind: str, *, measured: bool) -> Any:
    if kind in _FORMATS:
        return st.column_config.NumberColumn(format=_FORMATS[kind])
    longest = max(map(_width, (cells.name, *cells)))
    width = min(longest + _PADDING_PX, _WIDEST_PX) if measured else None
    return st.column_config.TextColumn(width=width, alignment="right" if kind == rows.FIGURE else "left")


def _width(text: str) -> int:
    """About how many pixels a text takes; Chinese characters are twice as wide as Latin ones."""
    return sum(_WIDE_PX if east_asian_width(letter) in "WF" else _NARROW_PX for letter in text)


def coloured(table: Table, column: str) -> Any:
    """The rows with the verdicts of one column in their colours."""
    if column not in table.frame:
        return table.frame
    colours = rows.outcome_colours()
    return table.frame.style.map(
        lambda cell: f"color: {colours.get(cell, 'inherit')}; font-weight: 600", subset=[column]
    )


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
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


def table_with_tools(view: View, name: str, title: str, table: Table) -> None:
    """A table that can be sorted (by its heads), filtered by text and downloaded as it is shown.

    Args:
        name: of the file and of the widgets, in ASCII.
        title: what the rows are, for screen readers.
    """
    tools = st.columns([3, 2, 2], vertical_alignment="center")
    text = tools[0].text_input(
        _("筛选"), key=f"filter-{name}", placeholder=_("筛选：输入任意文字"), label_visibility="collapsed", live=True
    )
    shown = table.containing(text or "")
    tools[1].text(_("{shown} / {all} 行").format(shown=f"{len(shown.frame):,}", all=f"{len(table.frame):,}"))
    with tools[2]:
        download(view, name, shown, width="stretch")
    st.dataframe(
        coloured(shown, _("结论")),
        key=f"rows-{name}",
        hide_index=True,
        column_config=columns(shown),
        height="content" if len(shown.frame) <= _MOST_ROWS else _TABLE_PX,
        alt=title,
        placeholder="—",
    )


def download(view: View, name: str, table: Table, width: Literal["content", "stretch"] = "content") -> None:
    """A button that gives the rows as CSV, marked where they are synthetic."""
    note = tables.synthetic_label(view.assessment)
    file = f"{name}-{view.assessment.pack.id}-{view.assessment.year}.csv"
    st.download_button(
        _("下载 CSV"), table.csv(note), file, "text/csv", key=f"csv-{name}", on_click="ignore", width=width
    )


def show_error(error: GeoplanError) -> None:
    """What is wrong and what to do about it, every problem of the layers on a line of its own."""
    problems = error.problems if isinstance(error, LayerError) else ()
    lines = "".join(f"<li>{escape(problem_line(problem))}</li>" for problem in problems)
    title, advice = _("无法评估这个工作区"), _("改好之后刷新页面即可，不必重启。")
    st.html(
        f'<div role="alert" class="gp-error"><h2>{escape(title)}</h2><p>{escape(str(error))}</p>'
        f"<ul>{lines}</ul><p>{escape(advice)}</p></div>"
    )
