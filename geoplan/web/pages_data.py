"""数据与依据: what was loaded, what is wrong with it, the parameters, and every rule with its clause and words."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from geoplan.i18n import _
from geoplan.report import reach
from geoplan.web import parts, rows
from geoplan.web.cache import View
from geoplan.web.state import Desk


def show(view: View, _desk: Desk) -> None:
    """The page."""
    parts.heading(_("数据与依据"), view)
    assessment = view.assessment
    st.subheader(_("载入的图层"), anchor=False)
    parts.whole_table(rows.source_table(assessment), _("载入的图层"))
    st.subheader(_("数据问题"), anchor=False)
    problems = rows.problem_table(assessment)
    if len(problems.frame):
        parts.whole_table(problems, _("数据问题"))
    else:
        st.text(_("没有发现问题。"))
    st.subheader(_("参数与路网"), anchor=False)
    _parameters(view)
    st.subheader(_("规则包的条款"), anchor=False)
    rules = rows.rule_table(assessment)
    parts.whole_table(rules, _("规则包的条款"))
    parts.download(view, "rules", rules)


def _parameters(view: View) -> None:
    assessment, made = view.assessment, view.assessment.provenance
    network = made["network"]
    assert isinstance(network, Mapping)  # noqa: S101 - narrows the type
    pack = " ← ".join((assessment.pack.id, *assessment.pack.chain))
    size = _("{nodes} 个节点，{edges} 条边，{islands} 个连通部分").format(
        **{name: f"{count:,}" for name, count in network.items()}
    )
    parts.facts(
        [
            (_("规则包"), pack),
            (_("规划文件"), assessment.pack.document),
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
