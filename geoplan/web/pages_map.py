"""地图: the self-contained map, which fetches nothing, and its download."""

from __future__ import annotations

import streamlit as st

from geoplan.i18n import _
from geoplan.report import map_html
from geoplan.web import parts
from geoplan.web.cache import View
from geoplan.web.published import HTML, Payload, publish
from geoplan.web.state import Desk

_HEIGHT_PX = 620


def show(view: View, _desk: Desk) -> None:
    """The page."""
    head, tool = st.columns([5, 1], vertical_alignment="center")
    with head:
        parts.heading(_("地图"), view)
    with st.spinner(_("绘制地图")):
        html = view.drawn("map", map_html)
    file = f"map-{view.assessment.pack.id}-{view.assessment.year}.html"
    tool.download_button(_("下载地图"), html, file, "text/html", key="map-file", on_click="ignore", width="stretch")
    with st.container(key="gp-map"):
        st.iframe(publish(Payload(html.encode(), HTML)), height=_HEIGHT_PX, alt=_("覆盖地图"))
