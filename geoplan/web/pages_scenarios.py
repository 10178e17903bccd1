"""方案管理: all scenarios with their status, what can be done with the one that is open, and its history."""

from __future__ import annotations

import streamlit as st

from geoplan.i18n import _
from geoplan.report.edit_words import names_of
from geoplan.scenario import State
from geoplan.web import linked, parts, scenario_actions, scenario_rows, session
from geoplan.web.cache import View
from geoplan.web.state import Desk

_PART, _REVISION = "scenarios-part", "scenarios-revision"
_LIST_ROWS = 6


def show(view: View, desk: Desk) -> None:
    """The page."""
    parts.heading(_("方案管理"), view)
    store = session.store()
    states = store.states()
    scenario_actions.beginnings()
    if states:
        _list(view, desk, states)
    else:
        st.info(_("还没有方案。请新建一个，或导入方案文件。"))
    if view.state is None:
        if states:
            st.info(_("点选一行打开方案；打开后可以提交、改名、另立分支、查看历史。"))
        return
    scenario_actions.deeds(view, view.state, states)
    _details(view, desk, view.state)


def _list(view: View, desk: Desk, states: list[State]) -> None:
    """The scenarios; the one that is open is marked, and marking another opens it."""
    store = session.store()
    last = {state.id: store.log(state.scenario.name)[-1] for state in states}
    table = scenario_rows.list_table(states, last, view.layers.base)
    frame, height = parts.room("scenario-list", len(table.frame), _LIST_ROWS, beside=620)
    frame.dataframe(
        parts.coloured(table),
        hide_index=True,
        column_config=parts.columns(table, fitted=True),
        height=height,
        alt=_("方案列表"),
        **linked.marking(
            "scenario-list",
            table.places({desk.scenario}),
            lambda rows: session.open_scenario(table.ids[rows[0]] if rows else ""),
            "single-row",
        ),
    )


def _details(view: View, desk: Desk, state: State) -> None:
    """The history, or the steps as they are now."""
    names = names_of(view.layers, [edit for entry in session.store().log(state.scenario.name) for edit in entry.edits])
    words = {"history": _("历史"), "steps": _("现有的编辑"), "fit": _("与现在的图层")}
    part = desk.choice(_PART, "history")
    st.segmented_control(
        _("方案内容"),
        list(words),
        format_func=lambda key: words[key],
        required=True,
        label_visibility="collapsed",
        **parts.field(_PART, part, lambda new: session.choose(_PART, new)),
    )
    if part == "history":
        _history(desk, state, names)
    elif part == "fit":
        scenario_actions.rebasing(view, state, names)
    elif state.scenario.steps:
        parts.whole_table(scenario_rows.steps_table(state.scenario.steps, names), _("现有的编辑"))
    else:
        st.info(_("这个方案还没有编辑。可在地图上绘制，或在“达标核查”的表中修改。"))


def _history(desk: Desk, state: State, names: dict[tuple[str, str], str]) -> None:
    """Who did what and why, the last first, and the way back to any revision."""
    entries = session.store().log(state.scenario.name)
    table = scenario_rows.history_table(entries, names)
    told = desk.choice(f"{_REVISION}-{state.id}")
    chosen = int(told) if told else 0
    place = [len(entries) - chosen] if 0 < chosen <= len(entries) else []
    frame, height = parts.room("scenario-history", len(table.frame), 8, beside=520)
    frame.dataframe(
        parts.coloured(table),
        hide_index=True,
        column_config=parts.columns(table, fitted=True),
        height=height,
        alt=_("方案历史"),
        **linked.marking(
            "scenario-history",
            place,
            lambda rows: session.choose(f"{_REVISION}-{state.id}", str(len(entries) - rows[0]) if rows else ""),
            "single-row",
        ),
    )
    if place:
        scenario_actions.returning(state, chosen)
    else:
        st.caption(_("点选一行，可以恢复到那一版，或从那一版另立分支。历史只增不减。"))
