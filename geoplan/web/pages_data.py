"""数据: what was loaded and from where, what is wrong with it and with which rows, the parameters, ways in and out."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from geoplan.errors import OutputError
from geoplan.i18n import _
from geoplan.report import reach
from geoplan.web import data_problems, data_repairs, parts, rows, service
from geoplan.web.cache import View
from geoplan.web.state import Desk


def show(view: View, desk: Desk) -> None:
    """The page."""
    parts.heading(_("数据"), view)
    st.header(_("载入的图层"), anchor=False)
    parts.whole_table(rows.source_table(view.base), _("载入的图层"))
    _database(view)
    st.header(_("数据问题"), anchor=False)
    data_repairs.references(view)
    data_problems.show(view, desk)
    st.header(_("读入时的修补"), anchor=False)
    data_repairs.recorded(view)
    st.header(_("参数与路网"), anchor=False)
    _parameters(view)
    st.header(_("导入与导出"), anchor=False)
    _ways()


def _database(view: View) -> None:
    """The way to what has changed in a database since it was read."""
    manifest = view.layers.manifest
    if not any(entry.in_database for entry in manifest.layers) or not st.button(_("重新读取数据库")):
        return
    try:
        service.read_again(manifest.root)
    except OutputError as error:
        parts.faults(str(error), ())
        return
    st.rerun()


def _parameters(view: View) -> None:
    assessment, made = view.base, view.base.provenance
    network = made["network"]
    assert isinstance(network, Mapping)  # noqa: S101 - narrows the type
    size = _("{nodes} 个节点，{edges} 条边，{islands} 个连通部分").format(
        **{name: f"{count:,}" for name, count in network.items()}
    )
    parts.facts(
        [
            (_("核查年份"), str(assessment.year)),
            (_("出行方式"), reach.travel_text(assessment)),
            (_("离路距离上限"), f"{made['snap_limit_m']:,.0f} m"),
            (_("小孤岛限值"), f"{made['small_island_m']:,.0f} m"),
            (_("坐标系"), str(made["crs"])),
            (_("路网"), size),
            (_("数据摘要"), str(made["digest"])),
            (_("程序版本"), f"geoplan {made['geoplan']}"),
        ]
    )


def _ways() -> None:
    """How layers come in and results go out."""
    parts.facts(
        [
            (_("导入图层"), _("“导入数据”页，或命令 geoplan import ROLE FILE；完成后刷新本页")),
            (
                _("导出结果"),
                _("每张表下方可下载 CSV 和 Excel；“方案比较”可下载 GeoPackage；“导出”页生成全套规划成果"),
            ),
        ]
    )
