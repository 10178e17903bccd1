"""方案比较: scenarios beside the workspace as it is: verdicts, people, amounts and facilities, and where on the map."""

from __future__ import annotations

import zlib
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan.compare import Comparison, compare
from geoplan.coverage import GROUPS
from geoplan.errors import GeoplanError
from geoplan.i18n import _
from geoplan.report import reach
from geoplan.report.alternatives import Comparisons, comparison_bundle
from geoplan.web import (
    basemap,
    comparison_rows,
    difference_layers,
    linked,
    map_layers,
    parts,
    places,
    progress,
    session,
)
from geoplan.web.cache import View
from geoplan.web.map_component import View as MapView
from geoplan.web.map_component import show_map
from geoplan.web.state import Desk
from geoplan.web.wording import headed

_NAMES, _PART, _FLIPPED = "compare-names", "compare-part", "compare-flipped"
_SERVICE, _GROUP, _ONE = "compare-service", "compare-group", "compare-one"
_BETWEEN = "\n"  # names hold no line breaks
_MOST = 6
_MAP_PX = 480  # at least; the style sheet gives it what the window has


def show(view: View, desk: Desk) -> None:
    """The page."""
    parts.heading(_("方案比较"), view)
    names = _chosen_names(desk)
    if not names:
        st.info(_("请选择一个或几个方案，与工作区现状并排比较。还没有方案时，请先在“方案管理”页新建。"))
        return
    comparisons = _comparisons(names)
    if not comparisons:
        return
    shown = {
        "verdicts": _("结论"),
        "people": _("人口"),
        "amounts": _("用量与设施"),
        "map": _("差异地图"),
    }
    choose, tool = st.columns([5, 2], vertical_alignment="center")
    part = desk.choice(_PART, "verdicts")
    choose.segmented_control(
        _("比较内容"),
        list(shown),
        format_func=lambda key: shown[key],
        required=True,
        label_visibility="collapsed",
        **parts.field(_PART, part, lambda new: session.choose(_PART, new)),
    )
    tool.download_button(
        _("下载比较结果（ZIP）"),
        lambda: comparison_bundle(comparisons),
        "comparison.zip",
        "application/zip",
        key="compare-file",
        on_click="ignore",
        width="stretch",
        help=_("GeoPackage 图层、CSV 结论表和 JSON"),
    )
    {"verdicts": _verdicts, "people": _people, "amounts": _amounts, "map": _map}[part](view, desk, comparisons)


def _chosen_names(desk: Desk) -> list[str]:
    """The scenarios to choose from, and those that are chosen: the one that is open unless told otherwise."""
    there = [state.scenario.name for state in session.store().states()]
    told = desk.choice(_NAMES, desk.scenario).split(_BETWEEN)
    names = [name for name in told if name in there]
    st.multiselect(
        _("要比较的方案"),
        there,
        placeholder=_("选择方案"),
        max_selections=_MOST,
        **parts.field(_NAMES, names, lambda new: session.choose(_NAMES, _BETWEEN.join(new))),
    )
    return names


def _comparisons(names: list[str]) -> dict[str, Comparison]:
    """Each scenario laid beside the workspace; one that cannot be worked in is told and left out."""
    found: dict[str, Comparison] = {}
    place = st.empty()
    # Given up, those that were worked in already are left.
    begin = progress.stages(place, "compare", lambda: session.choose(_NAMES, _BETWEEN.join(found)))
    for name in names:
        try:
            other = session.view_of(name, begin)
        except GeoplanError as error:
            parts.refused(str(error))
            continue
        if other.misfit is not None:
            parts.refused(
                _("方案“{name}”不能代入现在的图层：{reason}").format(
                    name=name, reason=_("；").join(parts.misfits(other.misfit))
                )
            )
            continue
        found[name] = other.drawn("comparison", partial(compare, other.base))
    place.empty()
    return found


def _verdicts(view: View, desk: Desk, comparisons: Comparisons) -> None:
    flipped = bool(desk.choice(_FLIPPED, "yes"))
    st.toggle(
        _("只看结论改变的"),
        **parts.field(_FLIPPED, flipped, lambda new: session.choose(_FLIPPED, "yes" if new else "")),
    )
    table = comparison_rows.verdict_table(comparisons, flipped_only=flipped)
    if not len(table.frame):
        st.info(_("各方案的县级结论与工作区现状相同。关掉上面的开关可查看全部结论。"))
        return
    parts.turns()
    across = list(table.frame.columns)
    frame, height = parts.room("compare-verdicts", len(table.frame), beside=375)
    frame.dataframe(
        parts.coloured(table, *across),
        hide_index=True,
        column_config=parts.columns(table, fitted=True),
        height=height,
        alt=_("结论比较"),
        key="compare-verdicts",
    )
    with st.container(horizontal=True):
        parts.downloads(view, "compare-verdicts", table)


def _people(view: View, desk: Desk, comparisons: Comparisons) -> None:
    coverages = {coverage.service.id: coverage for coverage in view.base.coverages}
    left, right = st.columns(2)
    service = _choice(
        left, _SERVICE, desk, _("服务"), {key: reach.service_name(one.service) for key, one in coverages.items()}
    )
    known = [group for group in GROUPS if not coverages[service].units[group].isna().all()]
    group = _choice(
        right,
        _GROUP,
        desk,
        _("人群"),
        {one: reach.group_label(one) for one in known},
        reach.group_of(coverages[service]),
    )
    table = comparison_rows.people_table(comparisons, service, group)
    st.caption(_("合计 = 工作区现状已覆盖 + 新增 − 失去"))
    linked.table(view, desk, "compare-people", _("人口比较"), table)


def _choice(place: DeltaGenerator, name: str, desk: Desk, label: str, words: dict[str, str], default: str = "") -> str:
    """One of several, remembered; the first unless another was chosen."""
    chosen = desk.choice(name, default)
    chosen = chosen if chosen in words else next(iter(words))
    place.selectbox(
        label,
        list(words),
        format_func=lambda key: headed(words[key]),
        label_visibility="collapsed",
        **parts.field(name, chosen, lambda new: session.choose(name, new)),
    )
    return chosen


def _amounts(view: View, desk: Desk, comparisons: Comparisons) -> None:
    st.header(_("用量"), anchor=False)
    parts.whole_table(comparison_rows.amount_table(comparisons), _("用量"))
    st.header(_("涉及的设施"), anchor=False)
    name = _choice(st.container(), _ONE, desk, _("方案"), {one: one for one in comparisons})
    table = comparison_rows.touched_table(comparisons[name])
    if len(table.frame):
        linked.table(view, desk, "compare-touched", _("涉及的设施"), table)
    else:
        st.info(_("这个方案没有改动设施。"))


def _map(view: View, desk: Desk, comparisons: Comparisons) -> None:
    left, right = st.columns(2)
    name = _choice(left, _ONE, desk, _("方案"), {one: one for one in comparisons})
    words = {one.service.id: reach.service_name(one.service) for one in view.base.coverages}
    service = _choice(right, _SERVICE, desk, _("服务"), words)
    other = session.view_of(name, progress.quiet)
    layers = other.drawn(
        f"difference-{service}", lambda _assessment: difference_layers.difference_layers(comparisons[name], service)
    )
    ground = view.drawn_of_base("quiet-ground", lambda base: map_layers.ground(base.layers))
    st.caption(_("只读，图例见地图右上角。"))
    shown = MapView(
        revision=zlib.crc32(f"{other.key} {service}".encode()),
        place=f"difference {view.base_key}",
        home=places.home_of(view.layers),
        layers=(*ground, *layers),
        basemap=basemap.basemap(),
    )
    show_map(shown, key="difference-map", on_events=lambda _events: None, height=_MAP_PX)
