"""Edits that are not saved yet: how many there are, for what they wait, and ways to save or give them up."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from geoplan.i18n import _, many
from geoplan.scenario.edits import MAX_NAME
from geoplan.web import parts, session
from geoplan.web.state import Desk


def show(desk: Desk, *, beside: bool) -> None:
    """The box; where the store hinders them it is tried again all the time, else a scenario and an author are asked for.

    Args:
        beside: whether it stands in the narrow column beside the map.
    """
    for about, edits in desk.aside.items():
        text = many("方案“{name}”另有 {count} 处改动没有保存，打开它就能保存。", len(edits))
        parts.note("conflict", text.format(name=about or _("工作区现状（只读）"), count=len(edits)))
    if desk.waiting:
        _of_this(desk, beside=beside)


def _of_this(desk: Desk, *, beside: bool) -> None:
    count = len(desk.waiting)
    text = many("有 {count} 处改动还没有保存。", count)
    if desk.hindered:
        text = many("有 {count} 处改动还没有保存，原因消除后自动保存。{reason}", count)
    parts.note("conflict", text.format(count=count, reason=desk.hindered))
    wanted = ([] if desk.scenario else ["name"]) + ([] if desk.hindered and desk.author else ["author"])
    with st.form("begin", border=False):
        if beside:
            *fields, (keep, drop) = [*(st.container() for _field in wanted), st.columns(2)]
        else:
            *fields, keep, drop, _rest = st.columns(
                [3] * len(wanted) + [1, 1, 6 - 3 * len(wanted) + 0.1], vertical_alignment="bottom"
            )
        at = dict(zip(wanted, fields, strict=True))
        name = at["name"].text_input(_("新方案名称"), max_chars=MAX_NAME, key="begin-name") if "name" in at else ""
        author = desk.author
        if "author" in at:
            author = at["author"].text_input(_("编制人"), desk.author, max_chars=MAX_NAME, key="begin-author")
        kept = keep.form_submit_button(_("保存"), type="primary", width="stretch")
        dropped = drop.form_submit_button(_("放弃"), width="stretch")
    if dropped:
        session.update(lambda now: replace(now, waiting=now.waiting[count:], hindered=""))
        st.rerun()
    if kept:
        _save(desk, (name or "").strip(), author or "")


def _save(desk: Desk, name: str, author: str) -> None:
    if not (desk.scenario or name):
        parts.refused(_("请先填写新方案名称。"))
        return
    session.sign(author)
    if name:
        session.begin_scenario(name)
    st.rerun()
