"""导出: the plan-document set, made with progress and given as one zip."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from threading import Lock

import streamlit as st

from geoplan.errors import GeoplanError
from geoplan.i18n import _, many, mark
from geoplan.layers import Progress
from geoplan.report.documents import FURTHER_PARTS, PARTS, Exported, Request, change_lines, export_set
from geoplan.report.print_maps import FORMATS, ORIENTATIONS, PAPERS
from geoplan.web import parts, session
from geoplan.web.cache import View
from geoplan.web.progress import changing, interruptible
from geoplan.web.state import Desk, Notice
from geoplan.web.wording import plain

_FOLDER = Path("results") / "app-export"
"""In the workspace; apart from the command's own folder, so that neither replaces the other's set."""
_MADE = "export-made"
_LABELS: Mapping[str, str] = {
    "maps": mark("图纸"),
    "workbook": mark("工作簿（Excel）"),
    "chapter": mark("文本章节（Word）"),
    "statement": mark("数据质量说明（Word）"),
    "gis": mark("GIS 数据包（GeoPackage）"),
    "web-map": mark("网页地图"),
    "atlas": mark("分镇街图集"),
    "shapefile": mark("Shapefile"),
    "geojson": mark("GeoJSON"),
    "landscape": mark("横向"),
    "portrait": mark("竖向"),
}
_one_at_a_time = Lock()


def show(view: View, _desk: Desk) -> None:
    """The page."""
    parts.heading(_("导出"), view)
    chosen = _pills(_("成果"), (*PARTS, *FURTHER_PARTS), PARTS)
    papers, turn, kinds = st.columns(3)
    with papers:
        paper = _pills(_("图纸幅面"), tuple(PAPERS), ("A3",))
    with turn:
        orientation = st.segmented_control(
            _("图纸方向"),
            ORIENTATIONS,
            default="landscape",
            required=True,
            key="export-orientation",
            format_func=_label,
        )
    with kinds:
        formats = _pills(_("图的格式"), FORMATS, FORMATS)
    if st.button(_("生成成果"), type="primary", disabled=not (chosen and paper and formats), key="export-make"):
        _make(view, Request(chosen, paper, str(orientation), formats))
    key, made, archive = st.session_state.get(_MADE, ("", None, b""))
    if key == view.key and made is not None:
        _offer(view, made, archive)


def _label(name: str) -> str:
    return _(_LABELS.get(name, name.upper()))  # of file formats their usual name


def _pills(title: str, options: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the options that are chosen, in their order."""
    chosen = st.pills(
        title, options, selection_mode="multi", default=list(default), format_func=_label, key=f"export-{options[0]}"
    )
    return tuple(option for option in options if option in chosen)


def _make(view: View, request: Request) -> None:
    """Make the set and keep it for this reader, in place of an earlier one; what goes wrong is said."""
    st.session_state.pop(_MADE, None)
    with st.container(key="gp-progress-export"):
        # The button beside the status and not in it: it folds at the first stage that it is told.
        status, cancel = st.status(_("正在导出")), st.empty()
        cancel.button(_("取消导出"), key="export-cancel", on_click=_cancelled)
        show = changing(lambda stage: status.update(label=_("正在导出：{stage}").format(stage=stage)))
        try:
            made = interruptible(partial(_exported, view, request), lambda: show)
        except GeoplanError as error:
            cancel.empty()
            status.update(label=plain(str(error)), state="error")
            return
        cancel.empty()  # what is written stays
        archive = interruptible(lambda _tell: _zipped(made))
        status.update(label=_("导出完成"), state="complete")
    st.session_state[_MADE] = (view.key, made, archive)


def _exported(view: View, request: Request, tell: Progress) -> Exported:
    base = view.base if view.assessment is not view.base else None
    with _one_at_a_time:
        tell(_("准备"))
        return export_set(view.assessment, view.question.workspace / _FOLDER, request, base=base, progress=tell)


def _cancelled() -> None:
    """Whatever is asked for ends the run, and then nothing is written."""
    session.change(notices=(Notice("news", _("导出已取消，没有写入文件。")),))


def _zipped(made: Exported) -> bytes:
    """The set as one zip, under one folder."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in made.files:
                archive.write(made.folder / name, f"geoplan/{name}")
        file.seek(0)
        return file.read()


def _offer(view: View, made: Exported, archive: bytes) -> None:
    """The zip to download, what is in it, and what moved since the last export."""
    megabytes = f"{len(archive) / 1e6:,.1f}"
    st.download_button(
        many("下载成果（{megabytes} MB，{count} 个文件）", len(made.files)).format(
            megabytes=megabytes, count=len(made.files)
        ),
        archive,
        f"geoplan-{view.assessment.pack.id}-{view.assessment.year}.zip",
        "application/zip",
        key="export-file",
        on_click="ignore",
    )
    st.header(_("自上次导出以来的变化"), anchor=False)
    for line in change_lines(made.changes):
        st.text(line)
    if made.kept is not None:
        st.text(_("上次导出的文件有改动，已保留在：{folder}").format(folder=made.kept))
