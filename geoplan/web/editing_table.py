"""Attributes of facilities and estates typed in a table, and saved as edits of the scenario: all of them or none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from geoplan.errors import ScenarioError
from geoplan.i18n import _, many
from geoplan.layers.schema import FieldKind
from geoplan.report.field_words import choices, field_label
from geoplan.scenario import Edit
from geoplan.scenario.edits import MAX_TEXT
from geoplan.web import cells, parts, session
from geoplan.web.cache import View
from geoplan.web.cells import Grid
from geoplan.web.state import Desk

_GRIDS = {"facilities": cells.FACILITIES, "estates": cells.ESTATES}
_MOST_REASON = 200
_ROWS = 10  # so that what is refused is seen below them on a small screen


def show(view: View, desk: Desk, name: str) -> None:
    """The grid, and what can be done with what was typed in it."""
    if view.state is None:
        st.info(_("工作区现状是只读的。请在左侧选择一个方案，或在“方案管理”页新建一个，再在表中修改。"))
        return
    grid = _GRIDS[name]
    pad = f"typed-{name}-{view.state.id}"
    typed: dict[str, dict[str, Any]] = st.session_state.setdefault(pad, {})
    frame = view.assessment.layers.frames[grid.role].drop(columns="geometry")
    text, told = st.columns([3, 5], vertical_alignment="center")
    wanted = text.text_input(
        _("筛选"), key=f"grid-filter-{name}", placeholder=_("筛选：名称或编号"), label_visibility="collapsed", live=True
    )
    told.caption(_("双击单元格或按回车修改，可从表格软件粘贴。留空表示未知。保存之前不改变任何数据。"))
    hit = [
        str(wanted or "").strip().casefold() in f"{row[grid.key]} {row['name']}".casefold()
        for row in frame.to_dict("records")
    ]
    shown = frame[hit].reset_index(drop=True)
    _grid(shown, grid, pad, typed)
    _save(view, desk, frame, grid, pad)


def _grid(rows: Any, grid: Grid, pad: str, typed: dict[str, dict[str, Any]]) -> None:
    """The grid itself. It is mounted anew when its rows change, with what was typed so far in it."""
    ids = [str(one) for one in rows[grid.key]]
    count = st.session_state.setdefault(f"{pad}-saved", 0)
    key = f"{pad}-{count}-{hashlib.sha256('|'.join(ids).encode()).hexdigest()[:12]}"
    if st.session_state.get(f"{pad}-mounted") != key:
        st.session_state[f"{pad}-mounted"], st.session_state[f"{pad}-seed"] = key, typed
    seed = st.session_state[f"{pad}-seed"]

    def noted() -> None:
        session.desk()
        edited = st.session_state[key]["edited_rows"]
        st.session_state[pad] = cells.with_typed(st.session_state[pad], ids, edited)

    place, height = parts.room(f"typed-{grid.role}", len(rows), _ROWS, beside=300)
    place.data_editor(
        cells.grid_frame(rows, grid, seed),
        key=key,
        hide_index=True,
        num_rows="fixed",
        disabled=[name for name in grid.shown if name not in grid.typed],
        column_config={name: _column(grid, name) for name in grid.shown},
        height=height,
        placeholder="—",
        alt=_("可修改的表"),
        on_change=noted,
    )


def _column(grid: Grid, name: str) -> Any:
    field, word = grid.field(name), field_label(name)
    label = word[:1].upper() + word[1:]
    words = list(choices(field).values())
    pinned = name in {grid.key, "name"}
    if field.kind is FieldKind.CODES:
        return st.column_config.MultiselectColumn(label, options=words, width="medium")
    if words:
        return st.column_config.SelectboxColumn(label, options=words, required=field.filled)
    if field.kind in {FieldKind.NUMBER, FieldKind.WHOLE}:
        return st.column_config.NumberColumn(label, format="%,.10g" if field.kind is FieldKind.NUMBER else "%d")
    if field.kind is FieldKind.YEAR:
        return st.column_config.NumberColumn(label, format="%d")
    return st.column_config.TextColumn(label, pinned=pinned, max_chars=MAX_TEXT)


def _save(view: View, desk: Desk, frame: Any, grid: Grid, pad: str) -> None:
    """What was typed so far, a reason, and the buttons that save or discard it."""
    try:
        edits = cells.edits_of(frame, grid, st.session_state[pad])
    except ScenarioError as error:
        _refused([str(error)])
        edits = ()
    count = many("{count} 行有修改", len(edits)).format(count=len(edits)) if edits else _("没有未保存的修改")
    told, reason, save, discard = st.columns([2, 4, 1.4, 1.4], vertical_alignment="center")
    told.text(count)
    why = reason.text_input(
        _("修改理由"),
        key=f"{pad}-why",
        placeholder=_("修改理由（写入方案记录）"),
        label_visibility="collapsed",
        max_chars=_MOST_REASON,
    )
    if save.button(_("保存修改"), type="primary", disabled=not edits, key=f"{pad}-save", width="stretch"):
        _store(view, desk, edits, str(why or ""), pad)
    if discard.button(_("放弃"), disabled=not st.session_state[pad], key=f"{pad}-discard", width="stretch"):
        _clear(pad)
        st.rerun()


def _store(view: View, desk: Desk, edits: Sequence[Edit], reason: str, pad: str) -> None:
    """Write all edits as one entry, unless something is wrong with any of them."""
    assert view.state is not None  # noqa: S101 - the grid is there with a scenario only
    if not desk.author:
        _refused([_("请先填写编制人。")])
        return
    problems = cells.cell_problems(view.layers, view.state.scenario.edits, edits)
    if problems:
        _refused(problems)
        return
    before = desk.seen, desk.waiting
    session.edit(edits, reason=reason.strip())
    if (session.desk().seen, session.desk().waiting) != before:  # what the store cannot take now waits beside the table
        _clear(pad)
    st.rerun()


def _clear(pad: str) -> None:
    """Forget what was typed."""
    st.session_state[pad] = {}
    st.session_state[f"{pad}-saved"] += 1


def _refused(lines: list[str]) -> None:
    parts.faults(_("没有保存：下列单元格需要改正，改好后再保存。"), lines)
