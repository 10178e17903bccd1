"""What the data check is held against, and its repairs: offered for a finding, recorded in the manifest, taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import streamlit as st

from geoplan.doctor import Finding
from geoplan.errors import GeoplanError
from geoplan.i18n import _, current, speaking
from geoplan.layers.manifest import Repair
from geoplan.layers.manifest_file import add_repair, remove_repair
from geoplan.layers.schema import REFERENCES, ROLES
from geoplan.report.documents.about_sheets import layer_label
from geoplan.report.documents.statement import write_statement
from geoplan.report.repair_words import repair_text, rows_text
from geoplan.web import parts, session, state
from geoplan.web.cache import View
from geoplan.web.state import Notice, telling
from geoplan.web.wording import plain

CHOSEN = "data-problem"
"""What the desk remembers the chosen problem under."""
ROLE_TO_IMPORT = "import-role"
"""Of the import page: the field that says which layer comes in."""
_MOST_CHOICES = 200  # rows to choose from one by one; of more all are meant
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def references(view: View) -> None:
    """The list of codes and the census: which are there, and the way to bring them in."""
    for role, column in zip(REFERENCES, st.columns(len(REFERENCES)), strict=True):
        entry, frame = view.layers.manifest.entry(role), view.layers.get(role)
        name = _(ROLES[role].label)
        with column:
            if entry is None or frame is None:
                st.text(_("没有{table}：有关的检查没有做。").format(table=name))
                label = _("导入{table}").format(table=name)
            else:
                st.text(_("{table}：{file}，{rows} 行。").format(table=name, file=entry.place, rows=len(frame)))
                label = _("换{table}").format(table=name)
            if st.button(label, key=f"reference-{role}"):
                st.session_state[ROLE_TO_IMPORT] = role
                parts.open_page("import")


def offer(view: View, number: int, found: Finding) -> None:
    """A button for each repair that would settle a finding; of rows those that are chosen."""
    if not found.repairs:
        return
    st.markdown(f"**{_('可用的修补')}**")
    st.caption(_("请先核实。修补登记在 manifest.toml，读入时执行，源文件不改动，随时可以撤销。"))
    layer = found.problem.layer
    for place, repair in enumerate(found.repairs):
        key = f"{number}-{place}-{view.base_key[:8]}"
        button, choice = st.columns([2, 3], vertical_alignment="center")
        with choice:
            chosen, agreed = _narrowed(found, repair, key)
        button.button(
            plain(repair_text(repair)),
            key=f"repair-{key}",
            disabled=not agreed,
            width="stretch",
            on_click=_deed(partial(_apply, role=layer, repair=chosen)),
        )


def _narrowed(found: Finding, repair: Repair, key: str) -> tuple[Repair, bool]:
    """The repair with the rows that the planner chooses, and whether it may be done."""
    if repair.datum:
        return repair, st.checkbox(_("已向数据提供者核实"), key=f"checked-{key}")
    if not repair.rows or repair.source or len(found.problem.rows) > _MOST_CHOICES:
        st.text(rows_text(repair))
        return repair, True
    rows = st.multiselect(
        _("涉及的编号"), found.problem.rows, repair.rows, key=f"rows-{key}", label_visibility="collapsed"
    )
    return replace(repair, rows=tuple(rows)), bool(rows)


def recorded(view: View) -> None:
    """The repairs that the manifest records, each with a button that takes it back."""
    repairs = [(entry.role, repair) for entry in view.layers.manifest.layers for repair in entry.repairs]
    if not repairs:
        st.text(_("没有登记修补。"))
        return
    for place, (role, repair) in enumerate(repairs):
        told, button = st.columns([5, 1], vertical_alignment="center")
        on = repair.on.isoformat() if repair.on else ""
        told.text(" · ".join(filter(None, (layer_label(role), repair_text(repair), rows_text(repair), on))))
        button.button(
            _("撤销"),
            key=f"revert-{place}-{role}-{repair.name}",
            width="stretch",
            on_click=_deed(partial(_revert, role=role, repair=repair)),
        )


def _apply(root: Path, role: str, repair: Repair) -> str:
    add_repair(root, role, replace(repair, on=date.today()))  # noqa: DTZ011 - the planner's own day
    return _("已登记修补：{layer}，{repair}。").format(layer=layer_label(role), repair=repair_text(repair))


def _revert(root: Path, role: str, repair: Repair) -> str:
    remove_repair(root, role, repair)
    return _("已撤销修补：{layer}，{repair}。").format(layer=layer_label(role), repair=repair_text(repair))


def _deed(change: Callable[[Path], str]) -> Callable[[], None]:
    """What a button does: change the manifest and tell it; what cannot be done is told as well."""

    def done() -> None:
        session.desk()
        try:
            notice = Notice("news", change(state.workspace()))
        except GeoplanError as error:
            notice = Notice("refused", str(error))
        session.choose(CHOSEN, "")
        session.update(lambda now: telling(now, notice))

    return done


def statement(view: View, findings: tuple[Finding, ...]) -> None:
    """A button that gives the data-quality statement as a Word document."""
    st.download_button(
        _("下载数据质量说明（Word，一页）"),
        partial(_statement_bytes, view, findings, current()),  # made when it is asked for, outside the script's thread
        "data-quality.docx",
        _WORD,
        key="data-statement",
        on_click="ignore",
    )


def _statement_bytes(view: View, findings: tuple[Finding, ...], language: str) -> bytes:
    with speaking(language), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "statement.docx"
        write_statement(view.layers, findings, file)
        return file.read_bytes()
