"""规划依据: the rule pack with its clauses and their words, what it inherits, and the figures that an official types."""

from __future__ import annotations

from typing import Any

import streamlit as st

from geoplan.errors import GeoplanError, OutputError
from geoplan.i18n import _, current, many
from geoplan.layers import read_manifest
from geoplan.report import figures_table
from geoplan.report.figures_table import Typed
from geoplan.standards import Pack, load_pack
from geoplan.web import clauses, figure_rows, linked, parts, rows, session
from geoplan.web.cache import View
from geoplan.web.state import Desk

_PART, _RULE = "standards-part", "standards-rule"
_RULES = 8  # rows, so that the clause is seen below them on a small screen


def show(view: View, desk: Desk) -> None:
    """The page."""
    parts.heading(_("规划依据"), view)
    words = {"clauses": _("条款"), "figures": _("填报"), "chain": _("继承")}
    part = desk.choice(_PART, "clauses")
    st.segmented_control(
        _("规划依据"),
        list(words),
        format_func=lambda key: words[key],
        required=True,
        label_visibility="collapsed",
        **parts.field(_PART, part, lambda new: session.choose(_PART, new)),
    )
    if part == "clauses":
        _clauses(view, desk)
    elif part == "figures":
        _figures(view, desk)
    else:
        _chain(view.assessment.pack)


def _clauses(view: View, desk: Desk) -> None:
    """Every rule of the pack, and the words of the one that is chosen."""
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.text_input(
            _("筛选"), key="filter-rules", placeholder=_("筛选：输入任意文字"), label_visibility="collapsed", live=True
        )
        table = rows.rule_table(view.assessment).containing(str(wanted or ""))
        parts.downloads(view, "rules", table)
    if not len(table.frame):
        st.info(_("没有符合条件的行。请改变或清空筛选。"))
        return
    place = table.places({desk.choice(_RULE)})
    most, beside = (_RULES, 560) if place else (_RULES + 4, 250)
    frame, height = parts.room("rules", len(table.frame), most, beside)
    frame.dataframe(
        parts.coloured(table),
        hide_index=True,
        column_config=parts.columns(table, fitted=True),
        height=height,
        alt=_("规则包的条款"),
        **linked.marking(
            "rules", place, lambda marked: session.choose(_RULE, table.ids[marked[0]] if marked else ""), "single-row"
        ),
    )
    if place:
        rule = next(rule for rule in view.assessment.pack.rules if rule.id == table.ids[place[0]])
        clauses.show(view.assessment.pack, rule)
    else:
        st.caption(_("点选一条规则，查看条款全文和解读。"))


def _chain(pack: Pack) -> None:
    """The pack and those that it inherits from, nearest first."""
    st.text(" ← ".join((pack.id, *pack.chain)))
    parts.whole_table(figure_rows.chain_table([pack, *_parents(pack)]), _("继承"))
    st.caption(_("本包对某一指标有规定时，上级包的同一指标不再适用；其余继承下来，只作建议。"))


def _parents(pack: Pack) -> list[Pack]:
    """The packs of the chain that can be read."""
    found = []
    for name in pack.chain:
        try:
            found.append(load_pack(name))
        except GeoplanError as error:
            parts.refused(str(error))
    return found


def _figures(view: View, desk: Desk) -> None:
    """The table of figures: typed, checked and saved into the workspace."""
    rules = figures_table.entered_rules(view.assessment.pack)
    if not rules:
        st.info(_("这个规则包没有要填报的数。"))
        return
    seen = figures_table.typed_figures(view.layers.get("figures"), rules)
    st.caption(
        _(
            "填报的数存入工作区的 figures 表，对所有方案生效。数、是或否、日期按“填什么”一栏填写；不知道的留空，不要填 0。"
        )
    )
    count = st.session_state.setdefault("figures-saved", 0)
    frame = figure_rows.figure_frame(view.assessment, rules, seen)
    place, height = parts.room("figures", len(frame), beside=300)
    edited = place.data_editor(
        frame,
        key=f"figures-{view.assessment.pack.id}-{current()}-{count}",
        hide_index=True,
        num_rows="fixed",
        disabled=list(figure_rows.TOLD),
        column_config=_columns(),
        height=height,
        placeholder="",
        alt=_("填报"),
    )
    changed = figure_rows.changed(edited, rules, seen, desk.author)
    _save(view, rules_changed=changed, seen=seen)


def _columns() -> dict[str, Any]:
    words = figure_rows.heads()
    return {name: st.column_config.TextColumn(word, pinned=name == "name") for name, word in words.items()}


def _save(view: View, rules_changed: dict[str, Typed], seen: dict[str, Typed]) -> None:
    rules = {rule.id: rule for rule in figures_table.entered_rules(view.assessment.pack)}
    problems = figure_rows.problems(rules_changed, rules)
    if problems:
        parts.faults(_("下列单元格需要改正，改好后才能保存。"), problems)
    told, save = st.columns([4, 1.4], vertical_alignment="center")
    told.text(
        many("{count} 项有修改", len(rules_changed)).format(count=len(rules_changed))
        if rules_changed
        else _("没有未保存的修改")
    )
    if not save.button(
        _("保存填报"), type="primary", disabled=not rules_changed or bool(problems), key="save-figures", width="stretch"
    ):
        return
    try:
        figures_table.save_figures(read_manifest(view.question.workspace), view.assessment.pack, rules_changed, seen)
    except OutputError as error:
        parts.refused(str(error))
        return
    st.session_state["figures-saved"] += 1
    st.rerun()
