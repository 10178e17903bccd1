"""Scenarios, their history and what does not fit, as tables for the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from geoplan.i18n import _
from geoplan.model import Problem
from geoplan.report.edit_words import Names, edit_text, entry_text
from geoplan.report.field_words import in_words
from geoplan.scenario import ENTRY_LABELS, STATUS_LABELS, Entry, State, Step
from geoplan.web import rows
from geoplan.web.rows import Table


def local_time(at: datetime) -> str:
    """A moment on the clock of this machine, to the minute."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def list_table(states: Iterable[State], last: Mapping[int, Entry], digest: str) -> Table:
    """Every scenario: how far it is, who changed it last and when, how many edits, and whether on the layers as they are.

    Args:
        last: by scenario its last entry.
        digest: of the layers as they are now.
    """
    records = [
        {
            "name": state.scenario.name,
            "status": _(STATUS_LABELS[state.status]),
            "steps": float(len(state.scenario.steps)),
            "author": last[state.id].author,
            "at": local_time(last[state.id].at),
            "revision": float(state.revision),
            "base": _("现在的图层") if state.scenario.base == digest else _("! 另一版图层"),
            "note": state.scenario.note or "—",
        }
        for state in states
    ]
    return rows.table(
        records,
        ("name", _("方案"), rows.LONG),
        ("status", _("状态"), rows.TEXT),
        ("steps", _("编辑（步）"), rows.WHOLE),
        ("revision", _("版本"), rows.WHOLE),
        ("author", _("最后修改人"), rows.TEXT),
        ("at", _("最后修改"), rows.TEXT),
        ("base", _("图层"), rows.TEXT),
        ("note", _("说明"), rows.LONG),
        key="name",
    )


def history_table(entries: Sequence[Entry], names: Names) -> Table:
    """Every entry of a scenario, the last first: who did what, when and why."""
    records = [
        {
            "revision": float(entry.revision),
            "at": local_time(entry.at),
            "author": entry.author,
            "kind": _(ENTRY_LABELS[entry.kind]),
            "what": entry_text(entry, names) or "—",
            "reason": entry.reason or "—",
        }
        for entry in reversed(entries)
    ]
    return rows.table(
        records,
        ("revision", _("版本"), rows.WHOLE),
        ("at", _("时间"), rows.TEXT),
        ("author", _("作者"), rows.TEXT),
        ("kind", _("操作"), rows.TEXT),
        ("what", _("内容"), rows.LONG),
        ("reason", _("理由"), rows.LONG),
    )


def steps_table(steps: Sequence[Step], names: Names) -> Table:
    """The steps that a scenario comes to, in their order."""
    records = [
        {
            "number": float(number),
            "what": edit_text(step.edit, names),
            "author": step.author,
            "at": local_time(step.at),
            "reason": step.reason or "—",
        }
        for number, step in enumerate(steps, start=1)
    ]
    return rows.table(
        records,
        ("number", _("步"), rows.WHOLE),
        ("what", _("内容"), rows.LONG),
        ("author", _("作者"), rows.TEXT),
        ("at", _("时间"), rows.TEXT),
        ("reason", _("理由"), rows.LONG),
    )


def left_out_table(left_out: Sequence[tuple[Step, Problem]], names: Names) -> Table:
    """The steps that other layers do not take, each with the reason."""
    records = [
        {
            "what": edit_text(step.edit, names),
            "author": step.author,
            "why": in_words(problem.message),
            "remedy": problem.remedy,
        }
        for step, problem in left_out
    ]
    return rows.table(
        records,
        ("what", _("内容"), rows.LONG),
        ("author", _("作者"), rows.TEXT),
        ("why", _("原因"), rows.LONG),
        ("remedy", _("处理"), rows.LONG),
    )
