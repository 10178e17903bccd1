"""Beside the map: what the scenario comes to, and one of three parts: something new, what is chosen, a place that was asked about."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from geoplan.i18n import _, many
from geoplan.model import OUTCOME_SYMBOLS, Verdict
from geoplan.report import style, tables
from geoplan.scenario import STATUS_LABELS
from geoplan.web import board, enquiries, map_forms, parts, rows, session, waiting
from geoplan.web.cache import View
from geoplan.web.deeds import CHOSEN, NEW, PANEL, PLACE
from geoplan.web.key_figures import KeyFigure, key_figures
from geoplan.web.state import Desk
from geoplan.web.wording import escape

_MOST_FLIPS = 6


def show(view: View, desk: Desk, found: enquiries.Found) -> None:
    """The panel."""
    _scenario(view, desk)
    base = None if view.assessment is view.base else view.base
    _figures(key_figures(view.assessment, base), view.state.revision if view.state else 0)
    if base is not None:
        _flips(view)
    names = {NEW: _("绘制"), CHOSEN: _("所选"), PLACE: _("查询")}
    part = desk.choice(PANEL, NEW)
    st.segmented_control(
        _("面板"),
        list(names),
        format_func=lambda name: names[name],
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **parts.field(PANEL, part, lambda new: session.choose(PANEL, new)),
    )
    # A place for each part at every run, the others emptied: the browser would keep the fields of a form that stood there.
    places = {name: st.container() if name == part else st.empty() for name in names}
    with places[part]:
        if part == NEW:
            map_forms.new(view, desk)
        elif part == CHOSEN:
            map_forms.chosen(view, desk)
        else:
            _place(desk, found)


def _scenario(view: View, desk: Desk) -> None:
    """What stands in the way of writing, where something does."""
    if view.misfit is not None:
        parts.misfit(view)
    elif view.state is not None and view.state.frozen:
        text = _("方案{status}，只能查看。要修改，请在“方案管理”页退回，或另立分支。")
        parts.note("news", text.format(status=_(STATUS_LABELS[view.state.status])))
    if desk.waiting or desk.aside:
        waiting.show(desk, beside=True)
    elif not desk.scenario:
        parts.note("news", _("现在看的是工作区现状。在图上一画，就会提示建立新方案；也可在左侧选一个方案。"))


def _figures(figures: list[KeyFigure], revision: int) -> None:
    """The key figures, one line each, with their change against the workspace as it is.

    Args:
        revision: of the scenario that they are of, for whoever waits for it.
    """
    lines = "".join(
        f"<dt>{escape(figure.name)}</dt><dd>{escape(figure.value)}</dd>{_change(figure)}" for figure in figures
    )
    label = escape(_("主要指标与较现状的变化"))
    st.html(f'<dl class="gp-key" data-revision="{revision}" aria-label="{label}">{lines}</dl>')


def _change(figure: KeyFigure) -> str:
    if figure.change is None:
        return ""
    colour = rows.colour_of(figure.change.text)
    return f'<dd class="gp-change" style="color:{colour}">{escape(figure.change.text)}</dd>'


def _flips(view: View) -> None:
    """The county's verdicts that turned, and how many of its parts did."""
    verdicts = list(view.assessment.verdicts)
    turned = [pair for pair in zip(verdicts, _before(view, verdicts), strict=True) if _differs(*pair)]
    county = [pair for pair in turned if pair[0].count.level == board.COUNTY]
    items = "".join(f"<li>{_flip(*pair)}</li>" for pair in county[:_MOST_FLIPS])
    more = len(turned) - len(county[:_MOST_FLIPS])
    rest = escape(many("镇街、小区等另有 {count} 项结论改变", more).format(count=more)) if more else ""
    if not turned:
        rest = escape(_("没有结论改变"))
    st.html(f'<div class="gp-flips"><ul>{items}</ul>{rest}</div>')


def _before(view: View, verdicts: list[Verdict]) -> Iterator[Verdict | None]:
    known = {(one.rule.id, one.count.level, one.count.unit): one for one in view.base.verdicts}
    return (known.get((one.rule.id, one.count.level, one.count.unit)) for one in verdicts)


def _differs(after: Verdict, before: Verdict | None) -> bool:
    return before is not None and before.outcome is not after.outcome


def _flip(after: Verdict, before: Verdict | None) -> str:
    was = "" if before is None else f"{OUTCOME_SYMBOLS[before.outcome]} → "
    colour = style.OUTCOME_COLOURS[after.outcome]
    label = f'<b style="color:{colour}">{escape(was + tables.outcome_label(after))}</b>'
    return f"{escape(tables.rule_name(after))} {label}"


def _place(desk: Desk, found: enquiries.Found) -> None:
    """What holds at the place that was asked about, and the way that was measured."""
    if desk.measured:
        _way(found)
    if found.place is None:
        if not desk.measured:
            st.caption(_("点击地图任意处：谁在附近，为何没有覆盖。用“测距”画线：沿路网多远、走多久。"))
        return
    place = found.place
    colour = style.REACH_COLOURS[place.reach]
    near = "".join(
        f"<dt>{escape(name)}<small>{escape(kind)}</small></dt><dd>{escape(minutes)} {'✓' if within else '✗'}</dd>"
        for name, kind, minutes, within in place.near
    )
    st.html(
        f'<div class="gp-place-answer"><b style="border-color:{colour}">{escape(place.title)}</b>'
        f"<p>{escape(place.why)}</p></div>"
    )
    parts.facts(list(place.facts))
    if near:
        label = escape(_("最近的设施"))
        st.html(f'<dl class="gp-key" aria-label="{label}">{near}</dl>')


def _way(found: enquiries.Found) -> None:
    text = _("两处之间没有走得通的路。")
    if found.route is not None:
        text = _("沿路网 {length}，步行 {minutes}").format(
            length=enquiries.length_text(found.route.length_m), minutes=enquiries.minutes_text(found.route.ms)
        )
    st.html(f'<div class="gp-note gp-news" role="status">{escape(text)}</div>')
