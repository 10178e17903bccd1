"""The forms beside the map: what the next drawing makes, things drawn by typed coordinates, and what is known of the chosen thing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
import shapely
import streamlit as st

from geoplan import crs
from geoplan.errors import ScenarioError
from geoplan.i18n import _, mark
from geoplan.layers.schema import FACILITY_KINDS, IDLE_KINDS, label
from geoplan.report import reach, style
from geoplan.scenario import (
    AddRoad,
    ChangeFacility,
    ChangeParcel,
    CloseRoad,
    ConvertAsset,
    Edit,
    MoveFacility,
    ReopenFacility,
)
from geoplan.scenario.defaults import ROAD_KINDS, new_road, usual
from geoplan.scenario.edits import MAX_TEXT, Value
from geoplan.web import attribute_form, deeds, drawn_layers, enquiries, parts, places, session, state, typed_places
from geoplan.web.cache import View
from geoplan.web.deeds import FIRST_KIND, FIRST_ROAD, KIND, ROAD, Scene
from geoplan.web.map_component import Event
from geoplan.web.state import Desk, Notice
from geoplan.web.wording import headed

_FACILITY = (
    ("name",),
    ("kind", "level"),
    ("status", "open_year"),
    ("functions",),
    ("beds", "nursing_beds"),
    ("floor_area_m2", "site_area_m2"),
    ("lon", "lat"),
)
_PARCEL = (("code",), ("plan_year", "status"))
_ROADS: Mapping[str, str] = MappingProxyType(
    {"street": mark("街道"), "footway": mark("人行道"), "bridge": mark("桥（只在两端接路）"), "steps": mark("台阶")}
)


def new(view: View, desk: Desk) -> None:
    """What the drawing tools make next, and the same by typed coordinates; where nothing can be drawn, what can be asked."""
    if view.editable:
        _next(desk)
    st.header(_("按坐标输入（不用鼠标）"), anchor=False)
    _typed(view)


def _next(desk: Desk) -> None:
    st.selectbox(
        _("“新设施”的类型"),
        list(FACILITY_KINDS),
        format_func=lambda kind: headed(_(style.FACILITY_STYLES[kind].label)),
        **parts.field(KIND, desk.choice(KIND, FIRST_KIND), lambda kind: session.choose(KIND, kind)),
    )
    st.selectbox(
        _("“新道路”的类型"),
        list(_ROADS),
        format_func=lambda kind: headed(_(_ROADS[kind])),
        **parts.field(ROAD, desk.choice(ROAD, FIRST_ROAD), lambda kind: session.choose(ROAD, kind)),
    )


def _typed(view: View) -> None:
    """Anything that can be drawn or asked on the map, by longitude and latitude."""
    with st.form("typed", border=False):
        what = st.selectbox(
            _("内容"),
            list(typed_places.WHAT if view.editable else typed_places.ASKED),
            format_func=lambda name: headed(_(typed_places.WHAT[name])),
            key=f"typed-what-{view.editable}",
        )
        text = st.text_area(
            _("经度, 纬度（每行一点）"),
            placeholder="112.97051, 22.79987",
            max_chars=MAX_TEXT,
            height=80,
            key="typed-text",
        )
        done = st.form_submit_button(_("确定"), width="stretch")
    if done:
        _take(view, lambda: typed_places.event(str(what), text or ""))


def _take(view: View, typed: Callable[[], Event]) -> None:
    """Do what was typed, or say why it cannot be read."""
    try:
        event = typed()
    except ValueError as error:
        parts.note("refused", str(error))
        return
    deeds.take(session.held(), event, view.layers, view.question.year, session.store)
    st.rerun(scope="fragment")


def chosen(view: View, desk: Desk) -> None:
    """The form of the thing that is marked; of several the first."""
    marked = next(((one.layer, one.ids[0]) for one in desk.selection if one.ids), None)
    forms: Mapping[str, Callable[[View, Desk, str], None]] = {
        "facilities": _facility,
        "idle_assets": _idle_asset,
        "parcels": _parcel,
        "links": _link,
        "closures": _closure,
    }
    if marked is None or marked[0] not in forms:
        st.caption(_("在图上点选设施、闲置用房、地块或道路改动，这里显示和修改它的属性。"))
        return
    places_of_forms = {layer: st.container() if layer == marked[0] else st.empty() for layer in forms}
    with places_of_forms[marked[0]]:
        forms[marked[0]](view, desk, marked[1])


def _row(view: View, layer: str, name: str) -> dict[str, Any] | None:
    """The thing as it is with the scenario; None where it is not there."""
    role, key = places.ROLE_OF[layer]
    frame = view.assessment.layers.get(role)
    found = frame[frame[key] == name] if frame is not None else None
    return None if found is None or found.empty else dict(found.iloc[0])


def _gone(desk: Desk, name: str) -> None:
    """Say why there is no form."""
    waits = any(edit.id == name for edit in desk.waiting)
    st.caption(_("保存之后可以修改属性。") if waits else _("所选的东西不在这里了。"))


def _facility(view: View, desk: Desk, name: str) -> None:
    row = _row(view, "facilities", name)
    if row is None:
        _gone(desk, name)
        return
    _reached(view, name)
    shape = crs.lonlat(drawn_layers.alone(row["geometry"], view.layers.crs)).geometry.iloc[0]
    place = None if shape is None else shapely.point_on_surface(shape)
    row |= {"lon": place.x if place else None, "lat": place.y if place else None}
    with st.form("facility", border=False):
        typed = attribute_form.typed("facilities", _FACILITY, name, row)
        saved = st.form_submit_button(_("保存属性"), type="primary", width="stretch", disabled=not view.editable)
    if saved:
        _save(lambda: _changes(name, row, typed))
    _facility_buttons(view, name, row)


def _changes(name: str, row: Mapping[str, Any], typed: Mapping[str, Value]) -> list[Edit]:
    """What was typed other than it was."""
    changed = attribute_form.changed(row, typed)
    lon, lat = typed["lon"], typed["lat"]
    moved = changed.keys() & {"lon", "lat"}
    attributes = {field: cell for field, cell in changed.items() if field not in {"lon", "lat"}}
    edits: list[Edit] = [ChangeFacility(facility_id=name, attributes=attributes)] if attributes else []
    if moved and isinstance(lon, float) and isinstance(lat, float):
        edits.append(MoveFacility(facility_id=name, lon=lon, lat=lat))
    return edits


def _save(make: Callable[[], list[Edit]]) -> None:
    """Write the edits of a form; where something typed cannot be stored that is told, and it stays in the form."""
    try:
        edits = make()
    except ScenarioError as error:
        told = Notice("refused", _("没有保存：{problems}").format(problems=error))
        session.update(lambda now: state.telling(now, told))
        st.rerun(scope="fragment")
    if edits:
        session.edit(edits)
        st.rerun(scope="fragment")
    parts.status(_("没有改动。"))


def _reached(view: View, name: str) -> None:
    """Whom a facility reaches, and whom it alone."""
    coverage = view.assessment.coverages[0]
    found = coverage.facilities[coverage.facilities["facility_id"] == name]
    if found.empty:
        st.caption(_("不在本次计算的服务设施之内（未运营，或不提供该服务）。"))
        return
    group, row = reach.group_of(coverage), found.iloc[0]
    text = _("{minutes} 分钟内可达 {reached} 人（{who}），其中仅靠它 {only} 人，与其他设施重叠 {shared} 人。")
    people = {what: f"{row[f'{group}_{what}']:,.0f}" for what in ("reached", "only", "shared")}
    st.caption(text.format(minutes=coverage.service.minutes, who=reach.group_label(group), **people))


def _facility_buttons(view: View, name: str, row: Mapping[str, Any]) -> None:
    scene = _scene(view)
    if row["status"] == "closed":
        _button(view, _("恢复运营"), f"reopen-{name}", ReopenFacility(facility_id=name))
        return
    word = _("撤并这处设施") if scene.is_fact("facilities", name) else _("取消这处新增设施")
    _button(view, word, f"remove-{name}", deeds.removal(scene, "facilities", name))


def _button(view: View, word: str, key: str, edit: Edit | None) -> None:
    """A button that writes one edit."""
    if st.button(word, key=key, width="stretch", disabled=not view.editable) and edit is not None:
        session.edit([edit])
        st.rerun(scope="fragment")


def _scene(view: View) -> Scene:
    edits = view.state.scenario.edits if view.state else ()
    return Scene(view.layers, edits, view.question.year)


def _idle_asset(view: View, desk: Desk, name: str) -> None:
    row = _row(view, "idle_assets", name)
    if row is None:
        _gone(desk, name)
        return
    size = _("不详") if pd.isna(row["area_m2"]) else drawn_layers.area_text(row["area_m2"])
    parts.facts([(_("名称"), str(row["name"])), (_("类型"), _(label(row["kind"], IDLE_KINDS))), (_("面积"), size)])
    kind = st.selectbox(
        _("改建为"),
        list(FACILITY_KINDS),
        list(FACILITY_KINDS).index(desk.choice(KIND, FIRST_KIND)),
        format_func=lambda code: headed(_(style.FACILITY_STYLES[code].label)),
        key=f"convert-kind-{name}",
    )
    able = view.editable
    if st.button(_("盘活为养老设施"), key=f"convert-{name}", type="primary", width="stretch", disabled=not able):
        attributes = usual(kind, view.layers, view.question.year)
        attributes["name"] = _("{asset}（改建）").format(asset=row["name"])
        made = f"N-{hashlib.sha256(f'{name} {kind} {desk.seen}'.encode()).hexdigest()[:8]}"
        session.edit([ConvertAsset(asset_id=name, facility_id=made, attributes=attributes)])
        session.update(lambda now: state.selecting(now, "facilities", (made,)))
        st.rerun(scope="fragment")


def _parcel(view: View, desk: Desk, name: str) -> None:
    row = _row(view, "parcels", name)
    if row is None:
        _gone(desk, name)
        return
    size = drawn_layers.area_text(float(row["geometry"].area))
    parts.facts([(_("编号"), name), (_("面积"), size)])
    with st.form("parcel", border=False):
        typed = attribute_form.typed("landuse", _PARCEL, name, row)
        saved = st.form_submit_button(_("保存属性"), type="primary", width="stretch", disabled=not view.editable)
    if saved:
        changed = attribute_form.changed(row, typed)
        _save(lambda: [ChangeParcel(parcel_id=name, attributes=changed)] if changed else [])
    corners = crs.lonlat(drawn_layers.alone(row["geometry"], view.layers.crs)).geometry.iloc[0]
    _reshape(view, "parcels", name, _ring(corners))
    _button(view, _("删除这个地块"), f"remove-{name}", deeds.removal(_scene(view), "parcels", name))


def _link(view: View, desk: Desk, name: str) -> None:
    scene = _scene(view)
    road = scene.made(AddRoad, name)
    if road is None:
        _gone(desk, name)
        return
    frame = crs.to_crs(drawn_layers.degrees([shapely.LineString(road.line)]), view.layers.crs)
    length = enquiries.length_text(float(frame.geometry.iloc[0].length))
    parts.facts([(_("编号"), name), (_("长度"), length), (_("类型"), _road_word(road))])
    _reshape(view, "links", name, shapely.LineString(road.line))
    _button(view, _("删除这条道路"), f"remove-{name}", deeds.removal(scene, "links", name))


def _road_word(road: AddRoad) -> str:
    """What kind of road it is; its class in the layer where none of the tools draws such a one."""
    attributes = road.attributes
    kind = next((kind for kind in ROAD_KINDS if new_road(kind).items() <= attributes.items()), "")
    return _(_ROADS[kind]) if kind else str(attributes.get("road_class", ""))


def _closure(view: View, desk: Desk, name: str) -> None:
    scene = _scene(view)
    closure = scene.made(CloseRoad, name)
    if closure is None:
        _gone(desk, name)
        return
    town = deeds.township(view.layers, closure.lon, closure.lat)
    parts.facts([(_("类型"), _("封闭的路段")), (_("镇街"), _town_name(view, town)), (_("编号"), name)])
    st.caption(_("这一路段（从路口到路口）封闭，没有人能通过。"))
    _reshape(view, "closures", name, shapely.Point(closure.lon, closure.lat))
    _button(view, _("恢复通行"), f"remove-{name}", deeds.removal(scene, "closures", name))


def _town_name(view: View, code: tuple[str, ...]) -> str:
    """The township's name; blank outside all."""
    units = view.layers.frames["units"]
    return "".join(units.loc[units["unit_code"].isin(code), "name"].astype(str))


def _ring(area: shapely.Geometry) -> shapely.Polygon | None:
    """The area of a single ring; None for one of several or with holes, which is reshaped on the map."""
    parts_of_it = shapely.get_parts(area)
    only = parts_of_it[0] if len(parts_of_it) == 1 else None
    return only if isinstance(only, shapely.Polygon) and not only.interiors else None


def _reshape(view: View, layer: str, name: str, shape: shapely.Geometry | None) -> None:
    """Place or corners of a thing as coordinates, to be typed anew; nothing where they would be too many."""
    text = "" if shape is None else typed_places.as_text(shape)
    if not 0 < len(text) <= MAX_TEXT:
        return
    key, of = f"corners-{layer}", f"{name} {text}"
    if st.session_state.get(f"{key}-of") != of or key not in st.session_state:
        st.session_state.update({f"{key}-of": of, key: text})
    with st.form(f"{key}-form", border=False):
        typed = st.text_area(_("经度, 纬度（每行一点）"), max_chars=MAX_TEXT, height=104, key=key)
        done = st.form_submit_button(_("按坐标修改位置"), width="stretch", disabled=not view.editable)
    if done and typed != text:
        _take(view, lambda: typed_places.reshaped(layer, name, typed or ""))
