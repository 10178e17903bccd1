"""总览: the key figures, the county's verdict for every rule, and what stands behind the chosen one."""

from __future__ import annotations

from html import escape

import streamlit as st

from geoplan.i18n import _
from geoplan.model import Verdict
from geoplan.report import tables
from geoplan.web import findings, parts
from geoplan.web.cache import View
from geoplan.web.state import Desk


def show(view: View, _desk: Desk) -> None:
    """The page."""
    parts.heading(_("总览"), view)
    figures = findings.key_figures(view.assessment)
    for place, figure in zip(st.columns(len(figures)), figures, strict=True):
        place.metric(figure.name, figure.value, figure.note, border=True, delta_color="off", delta_arrow="off")
    verdicts = findings.county_verdicts(view.assessment)
    if verdicts:
        _behind(view, verdicts[_chosen(verdicts)])
    else:
        st.info(_("规则包里没有适用于这一年的规则。"))


def _chosen(verdicts: list[Verdict]) -> int:
    """Show the board; which of its rows the reader looks at, the first unless another is chosen."""
    board = findings.board(verdicts)
    state = st.dataframe(
        parts.coloured(board, _("结论")),
        hide_index=True,
        column_config=parts.columns(board, measured=False),
        height="content",
        key="board",
        on_select="rerun",
        selection_mode="single-row-required",
        alt=_("达标情况"),
    )
    place = next(iter(state["selection"]["rows"]), 0)
    return place if place < len(verdicts) else 0


def _behind(view: View, verdict: Verdict) -> None:
    """The words of the plan, where they stand, and the rows that were counted."""
    words, counted = st.columns([2, 3], gap="medium")
    with words:
        st.subheader(_("依据"), anchor=False)
        clause = verdict.rule.clause
        st.html(f'<blockquote class="gp-quote">{escape(clause.quote)}</blockquote>')
        also = [f"{other.section}：“{other.quote}”" for other in verdict.rule.also]
        parts.facts(
            [
                (_("指标"), tables.rule_name(verdict)),
                (_("文件"), clause.document),
                (_("条款"), clause.section),
                (_("另见"), _("；").join(also)),
                (_("分子与分母"), tables.divided_text(verdict.rule)),
                (
                    _("继承"),
                    " ← ".join((view.assessment.pack.id, *verdict.rule.chain)) if verdict.rule.chain else _("本规则包"),
                ),
                (_("约束力"), _(tables.BINDING_LABELS[verdict.rule.binding])),
                (_("说明"), tables.missing_text(verdict)),
                (_("解读"), tables.reading_text(verdict.rule)),
                (_("假设"), tables.assumed_text(verdict.rule)),
                (_("规则"), verdict.rule.id),
            ]
        )
    with counted:
        _counted(view, verdict)


def _counted(view: View, verdict: Verdict) -> None:
    """The tables of what was counted, one at a time."""
    found = findings.evidence(view.assessment, verdict)
    st.subheader(_("计数明细"), anchor=False)
    if not found:
        st.text(_("没有可列出的行。"))
        return
    names = {
        "townships": _("镇街"),
        "villages": _("村居"),
        "estates": _("小区"),
        "each": _("逐处"),
        "facilities": _("设施"),
        "conflicts": _("数据冲突"),
    }
    name = st.segmented_control(
        _("计数明细"),
        list(found),
        format_func=lambda found_name: names[found_name],
        default=next(iter(found)),
        required=True,
        key=f"counted-{verdict.rule.id}",
        label_visibility="collapsed",
    )
    parts.table_with_tools(view, f"{verdict.rule.indicator}-{name}", names[name], found[name])
