"""The clause that a rule comes from, its words, and how it was read."""

from __future__ import annotations

import streamlit as st

from geoplan.i18n import _
from geoplan.model import Rule
from geoplan.report import tables
from geoplan.report.assumed import assumptions
from geoplan.standards import Pack
from geoplan.web import parts
from geoplan.web.wording import escape


def show(pack: Pack, rule: Rule, *, name: str = "", note: str = "") -> None:
    """The quotation and what belongs to it.

    Args:
        name: of the unit that a verdict is about; blank for the county.
        note: what is worth knowing about a verdict.
    """
    st.html(f'<blockquote class="gp-quote">{escape(rule.clause.quote)}</blockquote>')
    also = [_("{section}：“{quote}”").format(section=other.section, quote=other.quote) for other in rule.also]
    parts.facts(
        [
            (_("指标"), tables.name_of(rule)),
            (_("名称"), name),
            (_("文件"), rule.clause.document),
            (_("条款"), rule.clause.section),
            (_("另见"), _("；").join(also)),
            (_("分子与分母"), tables.divided_text(rule)),
            (_("继承"), " ← ".join((pack.id, *rule.chain)) if rule.chain else _("本规则包")),
            (_("约束力"), _(tables.BINDING_LABELS[rule.binding])),
            (_("期限"), rule.due.isoformat() if rule.due else ""),
            (_("说明"), note),
            (_("解读"), tables.reading_text(rule)),
            (_("假设"), assumptions(rule, pack.services)),
            (_("规则"), rule.id),
        ]
    )
