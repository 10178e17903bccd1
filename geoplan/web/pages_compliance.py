"""达标核查: townships, villages, estates, land, beds, facilities and demand points, with what is short; editing in tables."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.web import editing_table, linked, parts, rows, session, stock_rows
from geoplan.web.cache import View
from geoplan.web.rows import Table
from geoplan.web.state import Desk

_TABLE, _EDIT = "compliance-table", "compliance-edit"
_EDITABLE = ("facilities", "estates")


def show(view: View, desk: Desk) -> None:
    """The page."""
    parts.heading(_("达标核查"), view)
    choose, switch = st.columns([5, 1.2], vertical_alignment="center")
    names = _names()
    name = desk.choice(_TABLE) or _of_marked(desk)
    name = name if name in names else "townships"
    choose.segmented_control(
        _("数据表"),
        list(names),
        format_func=lambda key: names[key],
        required=True,
        label_visibility="collapsed",
        **parts.field(_TABLE, name, lambda new: session.choose(_TABLE, new)),
    )
    if name in _EDITABLE and _wants_to_edit(switch, desk):
        editing_table.show(view, desk, name)
        return
    table = view.drawn(f"table-{name}", _MAKERS[name])
    if table is None or not len(table.frame):
        st.info(_nothing(name))
        return
    linked.table(view, desk, name, names[name], table, about=_about(name))


def _of_marked(desk: Desk) -> str:
    """The table of what is marked on the map, which a reload and a link bring back; blank where nothing is."""
    return desk.selection[0].layer if desk.selection else ""


def _wants_to_edit(place: DeltaGenerator, desk: Desk) -> bool:
    editing = bool(desk.choice(_EDIT))
    place.toggle(
        _("在表中修改"), **parts.field(_EDIT, editing, lambda new: session.choose(_EDIT, "yes" if new else ""))
    )
    return editing


def _names() -> dict[str, str]:
    return {
        "townships": _("镇街"),
        "villages": _("村居"),
        "estates": _("小区"),
        "land": _("用地"),
        "beds": _("床位"),
        "facilities": _("设施"),
        "demand": _("居民点"),
    }


def _of_service(make: Callable[[Assessment, Coverage], Table]) -> Callable[[Assessment], Table]:
    """A table of the first service."""
    return lambda assessment: make(assessment, assessment.coverages[0])


_MAKERS: dict[str, Callable[[Assessment], Table | None]] = {
    "townships": _of_service(rows.township_table),
    "villages": _of_service(stock_rows.village_table),
    "estates": rows.estate_table,
    "land": stock_rows.land_table,
    "beds": stock_rows.bed_table,
    "facilities": rows.facility_table,
    "demand": _of_service(rows.demand_table),
}


def _about(name: str) -> str:
    return {
        "townships": _("已覆盖与各类未覆盖之和等于合计"),
        "villages": _("按居民点所在的村居汇总"),
        "estates": _("缺口按每百户标准折算到平方米"),
        "land": _("缺口是达到人均标准还需的用地"),
        "beds": _("缺口是达到护理型床位占比还需的床位"),
        "facilities": _("可达人数在相邻设施之间有重复"),
        "demand": _("时间从住处算到最近的设施，含离路的一段"),
    }[name]


def _nothing(name: str) -> str:
    """Why a table is empty and what to do."""
    texts = {
        "villages": _("行政单元图层里没有村居。加入村居界线后，这里按村居汇总。"),
        "estates": _("工作区没有小区图层。加入 estates 图层后，这里列出每个小区的缺口。"),
        "land": _("规则包没有人均用地的规则。请在左侧换一个规则包。"),
        "beds": _("没有填了床位的设施。请在设施表中补充床位。"),
    }
    return texts.get(name, _("没有可列出的行。"))
