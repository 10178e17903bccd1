"""The script that Streamlit runs for each visitor: the sidebar writes the desk, the desk gets its answer, a page shows it.

The language belongs to one run of this script in one thread; callbacks and fragments ask ``session.desk()`` first,
which sets it.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from geoplan.errors import GeoplanError, LayerError
from geoplan.i18n import _
from geoplan.web import (
    keeping,
    mishaps,
    pages_compare,
    pages_compliance,
    pages_data,
    pages_export,
    pages_import,
    pages_map,
    pages_overview,
    pages_scenarios,
    pages_standards,
    parts,
    progress,
    session,
    sidebar,
    waiting,
)
from geoplan.web.cache import View
from geoplan.web.state import Desk

_IMPORT = "import"


def main() -> None:
    """One run of the app."""
    st.set_page_config(page_title="geoplan", layout="wide")
    head, fields = st.sidebar.container(), st.sidebar.container()
    answer: list[View] = []
    try:
        session.desk()
    except GeoplanError as error:
        with head:
            sidebar.other_languages()
        parts.show_error(error)
        return
    mishaps.own_words()
    page = st.navigation(_pages(answer))
    st.set_page_config(page_title=f"{page.title} · geoplan")
    try:
        with fields:
            sidebar.show(head)
        if page.url_path == _IMPORT:  # it serves a workspace that has no answer yet
            page.run()
            return
        answer.append(_answer())
        with st.container():
            if page.url_path != "map":  # which tells them where they move nothing
                keeping.keep("keep")
                parts.misfit(answer[0])
                parts.notices(answer[0])
                _waiting()
        page.run()
    except GeoplanError as error:
        parts.show_error(error)
        if isinstance(error, LayerError) and page.url_path != _IMPORT and st.button(_("导入数据"), type="primary"):
            parts.open_page(_IMPORT)


def _pages(answer: list[View]) -> list[st.Page]:
    """The pages; each shows the answer that is there by the time it runs."""

    def page(show: Callable[[View, Desk], None], title: str, path: str) -> st.Page:
        return st.Page(lambda: show(answer[0], session.desk()), title=title, url_path=path, default=path == "overview")

    return [
        page(pages_overview.show, _("总览"), "overview"),
        page(pages_map.show, _("地图工作台"), "map"),
        page(pages_compliance.show, _("达标核查"), "compliance"),
        page(pages_compare.show, _("方案比较"), "compare"),
        page(pages_scenarios.show, _("方案管理"), "scenarios"),
        page(pages_export.show, _("导出"), "export"),
        page(pages_data.show, _("数据"), "data"),
        page(pages_standards.show, _("规划依据"), "standards"),
        st.Page(pages_import.show, title=_("导入数据"), url_path=_IMPORT),
    ]


def _waiting() -> None:
    """Edits that are not saved yet; beside the map they have a place of their own."""
    desk = session.desk()
    if desk.waiting or desk.aside:
        waiting.show(desk, beside=False)


def _answer() -> View:
    """The answer; while it is computed the page names the stages."""
    place = st.empty()
    if session.desk().choice(progress.CANCELLED):
        with place.container():
            st.info(_("计算已取消。可以在左侧换一个方案、规则包或年份，再继续。"))
            st.button(_("继续计算"), key="again", on_click=lambda: session.choose(progress.CANCELLED, ""))
        st.stop()
    try:
        return session.view(progress.stages(place, "answer", lambda: session.choose(progress.CANCELLED, "yes")))
    finally:
        place.empty()


if __name__ == "__main__":
    main()
