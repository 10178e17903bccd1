"""数据表: townships, demand points, facilities and estates, each with filter and download."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.web import parts, rows
from geoplan.web.cache import View
from geoplan.web.rows import Table
from geoplan.web.state import Desk


def show(view: View, _desk: Desk) -> None:
    """The page."""
    parts.heading(_("数据表"), view)
    choose, explain = st.columns([3, 4], vertical_alignment="center")
    names = {"townships": _("镇街"), "demand": _("居民点"), "facilities": _("设施"), "estates": _("小区")}
    with choose:
        name = st.segmented_control(
            _("数据表"),
            list(names),
            format_func=lambda key: names[key],
            default="townships",
            required=True,
            key="table",
            label_visibility="collapsed",
        )
    table = view.drawn(f"table-{name}", _MAKERS[name])
    if table is None:
        st.info(_("没有可列出的行。"))
        return
    explain.caption(_about(name))
    parts.table_with_tools(view, name, names[name], table)


def _of_service(make: Callable[[Assessment, Coverage], Table]) -> Callable[[Assessment], Table]:
    """A table of the first service."""
    return lambda assessment: make(assessment, assessment.coverages[0])


_MAKERS: dict[str, Callable[[Assessment], Table | None]] = {
    "townships": _of_service(rows.township_table),
    "demand": _of_service(rows.demand_table),
    "facilities": rows.facility_table,
    "estates": rows.estate_table,
}


def _about(name: str) -> str:
    return {
        "townships": _("已覆盖与各类未覆盖之和等于合计"),
        "demand": _("时间从住处算到最近的设施，含离路的一段"),
        "facilities": _("可达人数在相邻设施之间有重复"),
        "estates": _("缺口按每百户标准折算到平方米"),
    }[name]
