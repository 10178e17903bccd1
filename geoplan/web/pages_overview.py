"""总览: the key figures, the verdicts of all rules with their change, and what stands behind the chosen one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from geoplan.i18n import _
from geoplan.model import OUTCOME_SYMBOLS, Binding, Outcome, Verdict
from geoplan.report import tables
from geoplan.web import board, clauses, findings, linked, parts, session
from geoplan.web.cache import View
from geoplan.web.key_figures import key_figures
from geoplan.web.state import Desk
from geoplan.web.wording import headed

_ROW, _LEVEL, _TEXT, _LACKING = "overview-row", "overview-level", "overview-text", "overview-lacking"
_OUTCOMES, _BINDINGS = "overview-outcomes", "overview-bindings"
_BOARD_ROWS = 9  # so that what stands behind a row is seen below it on a small screen


def show(view: View, desk: Desk) -> None:
    """The page."""
    parts.heading(_("总览"), view)
    base = view.base if view.state else None
    parts.figures(key_figures(view.assessment, base), compared=base is not None)
    if not view.assessment.verdicts:
        st.info(_("规则包里没有适用于这一年的规则。请在左侧换一个年份或规则包。"))
        return
    verdicts = _filtered(view, desk)
    if not verdicts:
        st.info(_("没有符合条件的结论。请放宽上面的筛选。"))
        return
    _behind(view, desk, verdicts[_chosen(view, desk, verdicts)])


def _filtered(view: View, desk: Desk) -> list[Verdict]:
    """The filters, and the verdicts that they keep."""
    everything = view.assessment.verdicts
    levels = board.levels(everything)
    level = desk.choice(_LEVEL, board.COUNTY)
    level = level if level in levels else levels[0]
    places = st.columns([1.3, 2.2, 1.6, 1.5], vertical_alignment="center")
    places[0].selectbox(
        _("层级"),
        levels,
        format_func=lambda name: headed(tables.level_label(name)),
        label_visibility="collapsed",
        **_remembered(_LEVEL, level),
    )
    places[1].text_input(
        _("查找"),
        placeholder=_("查找指标、条款、原文、名称或编号"),
        label_visibility="collapsed",
        **_remembered(_TEXT, desk.choice(_TEXT)),
    )
    bindings = [binding for binding in Binding if binding in _listed(desk.choice(_BINDINGS))]
    places[2].multiselect(
        _("约束力"),
        list(Binding),
        format_func=lambda binding: headed(_(tables.BINDING_LABELS[binding])),
        placeholder=_("约束力：全部"),
        label_visibility="collapsed",
        **_remembered_list(_BINDINGS, bindings),
    )
    lacking = bool(desk.choice(_LACKING))
    places[3].toggle(_("只看有缺口的"), **_remembered(_LACKING, lacking))
    kept = board.Filter(level, bindings=frozenset(bindings), lacking=lacking, text=desk.choice(_TEXT))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        verdicts = _by_outcome(desk, [verdict for verdict in everything if kept.keeps(verdict)])
        if verdicts and view.state:
            parts.turns()
    return verdicts


def _by_outcome(desk: Desk, verdicts: list[Verdict]) -> list[Verdict]:
    """The outcomes to choose from, with how many there are; the verdicts of those that are chosen, or all."""
    counts = board.outcome_counts(verdicts)
    chosen = [outcome for outcome in counts if outcome in _listed(desk.choice(_OUTCOMES))]
    if len(counts) > 1 or chosen:
        st.pills(
            _("结论"),
            list(counts),
            selection_mode="multi",
            format_func=lambda outcome: f"{board.outcome_word(outcome)} {counts[outcome]:,}",
            label_visibility="collapsed",
            **_remembered_list(_OUTCOMES, chosen),
        )
    return [verdict for verdict in verdicts if not chosen or verdict.outcome in chosen]


def _remembered(name: str, value: str | bool) -> dict[str, Any]:  # noqa: FBT001 - the widget's own value
    return parts.field(name, value, lambda new: session.choose(name, "" if new is False else str(new or "")))


def _remembered_list(name: str, values: list[Binding] | list[Outcome]) -> dict[str, Any]:
    return parts.field(name, values, lambda new: session.choose(name, ",".join(new)))


def _listed(text: str) -> list[str]:
    return text.split(",") if text else []


def _chosen(view: View, desk: Desk, verdicts: list[Verdict]) -> int:
    """Show the board; which of its rows the reader looks at, the first unless another is chosen."""
    table = board.table(verdicts, view.base if view.state else None)
    names = [_name_of(verdict) for verdict in verdicts]
    place = names.index(desk.choice(_ROW)) if desk.choice(_ROW) in names else 0
    frame, height = parts.room("board", len(table.frame), _BOARD_ROWS, beside=620)
    frame.dataframe(
        parts.coloured(table, _("结论"), _("较现状")),
        hide_index=True,
        column_config=parts.columns(table, fitted=True),
        height=height,
        alt=_("达标情况"),
        **linked.marking(
            "board", [place], lambda rows: session.choose(_ROW, names[rows[0]] if rows else ""), "single-row-required"
        ),
    )
    return place


def _name_of(verdict: Verdict) -> str:
    """What tells a verdict from all others."""
    return f"{verdict.rule.id}|{verdict.count.level}|{verdict.count.unit}"


def _behind(view: View, desk: Desk, verdict: Verdict) -> None:
    """The words of the plan, where they stand, and the rows that were counted."""
    words, counted = st.columns([2, 3], gap="medium")
    with words:
        st.header(_("依据"), anchor=False)
        name = "" if verdict.count.level == board.COUNTY else verdict.count.unit_name
        clauses.show(view.assessment.pack, verdict.rule, name=name, note=tables.missing_text(verdict))
    with counted:
        _counted(view, desk, verdict)


def _counted(view: View, desk: Desk, verdict: Verdict) -> None:
    """The tables of what was counted, one at a time."""
    found = findings.evidence(view.assessment, verdict)
    st.header(_("计数明细"), anchor=False)
    if not found:
        _nothing_counted(verdict)
        return
    names = {
        "townships": _("镇街"),
        "villages": _("村居"),
        "estates": _("小区"),
        "each": _("逐处"),
        "facilities": _("设施"),
        "uncovered": _("未覆盖居民点"),
        "conflicts": _("数据冲突"),
    }
    name = st.segmented_control(
        _("计数明细"),
        list(found),
        format_func=lambda found_name: names[found_name],
        default=next(iter(found)),
        required=True,
        key=f"counted-{_name_of(verdict)}",
        label_visibility="collapsed",
    )
    linked.table(view, desk, f"{verdict.rule.indicator}-{name}", names[name], found[name])


def _nothing_counted(verdict: Verdict) -> None:
    if verdict.rule.measure == "entered":
        st.text(_("这是填报的数，没有可列出的行。可在“规划依据”页填报。"))
        if st.button(_("去填报"), key="to-figures"):
            session.choose("standards-part", "figures")
            parts.open_page("standards")
        return
    symbol = OUTCOME_SYMBOLS[Outcome.NOT_EVALUABLE]
    text = (
        _("没有可列出的行。")
        if verdict.outcome is not Outcome.NOT_EVALUABLE
        else _("{symbol} 缺少数据，没有可列出的行。")
    )
    st.text(text.format(symbol=symbol))
