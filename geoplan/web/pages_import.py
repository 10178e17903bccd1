"""导入: a file is sent, looked at in confinement, shown with what was understood of it, and brought in when the planner agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from geoplan.crs import DATUMS
from geoplan.errors import GeoplanError, LayerError
from geoplan.i18n import _, current
from geoplan.intake import bringing, headers
from geoplan.intake.bringing import Draft
from geoplan.intake.confinement import Confinement, what_is_limited
from geoplan.intake.records import Look, Request
from geoplan.layers import read_manifest
from geoplan.layers.schema import ROLES, Field
from geoplan.model import Severity
from geoplan.report.field_words import field_label
from geoplan.web import importing, parts, state
from geoplan.web.data_repairs import ROLE_TO_IMPORT
from geoplan.web.importing import Upload
from geoplan.web.map_component import View as MapView
from geoplan.web.map_component import show_map
from geoplan.web.progress import interruptible
from geoplan.web.wording import escape, headed, plain

_UPLOAD, _REQUEST, _DRAFT, _DONE = "import-upload", "import-request", "import-draft", "import-done"
_TABLE = "import-table"
_FIRST_ROLES = ("roads", "demand", "facilities", "units", "estates", "landuse")
_MAP_PX, _TABLE_PX = 420, 300


def show() -> None:
    """The page; it needs no answer, so that an empty workspace can be filled."""
    title = _("导入数据")
    st.html(f'<div class="gp-head gp-first"><h1>{escape(title)}</h1></div>')
    if what_is_limited():
        st.caption(what_is_limited())
    role, file, address = _ask()
    if file is None and not address:
        _forget()
        if _DONE in st.session_state:
            for text in st.session_state.pop(_DONE).split("\n\n"):
                parts.told(text)
        return
    try:
        draft = _draft_of_table(role, address) if file is None else _draft(role, file)
    except GeoplanError as error:
        _faults(error)
        return
    _show(draft)


def _ask() -> tuple[str, Any, str]:
    """Which layer, and the file or else the address of a database."""
    fields = st.columns([1, 3])
    roles = [*_FIRST_ROLES, *(name for name in ROLES if name not in {*_FIRST_ROLES, "dem"})]
    role = fields[0].selectbox(
        _("图层"), roles, format_func=lambda name: headed(_(ROLES[name].label)), key=ROLE_TO_IMPORT
    )
    number = st.session_state.get("import-number", 0)
    file = fields[1].file_uploader(
        _("文件：Shapefile 压缩包、GeoPackage、GeoJSON、CSV、Excel、KML、OSM PBF"),
        list(importing.UPLOADS),
        key=f"import-file-{number}",
        max_upload_size=importing.MOST_MB,
    )
    address = fields[1].text_input(
        _("或者数据库的地址"),
        key=f"import-address-{number}",
        placeholder=_("postgresql://用户@主机:5432/数据库，不写密码"),
    )
    return role, file, str(address).strip()


@st.cache_resource(show_spinner=False)
def _opener() -> Confinement:
    return Confinement()


def _forget() -> None:
    """Drop what was staged before."""
    old: Upload | None = st.session_state.pop(_UPLOAD, None)
    if old is not None:
        bringing.drop(old.staged.folder)
    for key in (_REQUEST, _DRAFT, _TABLE):
        st.session_state.pop(key, None)


def _draft(role: str, file: Any) -> Draft:
    """The upload as it would be brought in; looked at again when the planner says something else about it."""
    root, opener = state.workspace(), _opener()
    request: Request = st.session_state.get(_REQUEST, Request(role=role))
    if request.role != role:
        request = Request(role=role)
    upload: Upload | None = st.session_state.get(_UPLOAD)
    token = (file.file_id, role, request.layer)
    with st.spinner(_("识别文件")):
        if upload is None or upload.token != token:
            if upload is None or upload.token[0] != file.file_id:
                request = Request(role=role)
            _forget()
            upload = Upload(token, importing.take(root, file.name, file.getvalue(), request, opener))
            st.session_state[_UPLOAD] = upload
        known: tuple[Request, Draft] | None = st.session_state.get(_DRAFT)
        if known is None or known[0] != request:
            staged = upload.staged
            made = interruptible(lambda _tell: bringing.prepare(root, staged, request, opener))
            st.session_state[_DRAFT] = (request, made)
    st.session_state[_REQUEST] = request
    draft: Draft = st.session_state[_DRAFT][1]
    return draft


def _draft_of_table(role: str, address: str) -> Draft:
    """The same of a table of a database."""
    known: tuple[tuple[str, Request], Draft] | None = st.session_state.get(_TABLE)
    request: Request = st.session_state.get(_REQUEST, Request(role=role))
    if request.role != role or known is None or known[0][0] != address:
        request = Request(role=role)
    st.session_state[_REQUEST] = request
    if known is None or known[0] != (address, request):
        with st.spinner(_("读取数据库")):
            made = interruptible(lambda _tell: bringing.prepare_table(state.workspace(), address, request))
            known = (address, request), made
        st.session_state[_TABLE] = known
    return known[1]


def _show(draft: Draft) -> None:
    look = draft.look
    left, right = st.columns([2, 3])
    with left:
        _how(look)
    with right:
        _facts(draft)
        _problems(look)
        _import_button(draft)
        _map(draft)
        if look.sample:
            st.dataframe(importing.sample(look), hide_index=True, height=_TABLE_PX, key="import-sample")


def _facts(draft: Draft) -> None:
    look, entry = draft.look, draft.look.entry
    detected = "" if draft.detection is None else draft.detection.evidence()
    parts.facts(
        [
            (_("文件"), draft.staged.original),
            (_("行数"), f"{look.rows:,}"),
            (_("坐标系"), entry.crs),
            (_("文字编码"), entry.encoding),
            (_("坐标偏移的判断"), detected),
        ]
    )


def _problems(look: Look) -> None:
    errors = [problem for problem in look.problems if problem.severity is Severity.ERROR]
    others = [problem for problem in look.problems if problem.severity is not Severity.ERROR]
    if errors:
        parts.faults(_("还不能导入："), map(parts.in_line, errors))
        st.caption(_("所说的 --crs、--datum、--layer、--map、--set 在左边填写。"))
    for problem in others:
        st.text(parts.in_line(problem))


def _map(draft: Draft) -> None:
    layers = importing.preview(draft.look)
    if draft.look.bounds is None or not layers:
        return
    view = MapView(revision=1, place=str(draft.look.bounds), home=draft.look.bounds, layers=layers)
    show_map(view, key="import-map", on_events=lambda _events: None, height=_MAP_PX)


def _how(look: Look) -> None:
    """Everything that the planner can say about the file, in one form."""
    request: Request = st.session_state[_REQUEST]
    with st.form("import-how"):
        options = ["", *DATUMS]
        datum = st.selectbox(_("经纬度的基准"), options, options.index(request.datum), format_func=_datum_name)
        crs = st.text_input(_("坐标系（例如 EPSG:4547；文件已写明则留空）"), request.crs)
        layer = st.text_input(_("图层、工作表、压缩包内的文件名或数据库的表（有多个时）"), request.layer)
        geometry = st.text_input(_("几何列（表有多个时）"), request.geometry) if look.entry.in_database else ""
        # One button above the long list of columns and one below it: what is mostly changed stands above.
        again = st.form_submit_button(_("按此重新识别"), key="import-again-above")
        st.text(_("列与字段"))
        sides = st.columns(2)
        picked = {}
        for place, field in enumerate(importing.choices(look)):
            with sides[place % 2]:
                picked[field.name] = _column(look, field)
        constants = {field.name: _constant(look.entry.role, field) for field in importing.lacking(look)}
        if st.form_submit_button(_("按此重新识别"), key="import-again-below") or again:
            st.session_state[_REQUEST] = replace(
                request,
                columns={**request.columns, **importing.chosen(look, picked)},
                constants={**request.constants, **{name: text for name, text in constants.items() if text}},
                datum=datum,
                crs=crs.strip(),
                layer=layer.strip(),
                geometry=geometry.strip(),
            )
            st.rerun()


def _column(look: Look, field: Field) -> str:
    found = look.columns.get(field.name, "")
    options = list(look.headers) if found == field.name else ["", *look.headers]
    star = " *" if field.required else ""
    label = _word(look.entry.role, field.name)
    place = options.index(found) if found in options else 0
    picked = st.selectbox(f"{label or field.name}{star}", options, place, format_func=lambda name: name or "—")
    return str(picked or "")


def _word(role: str, name: str) -> str:
    """The word for a field: in Chinese that over the columns of templates."""
    return (headers.word_for(role, name) if current() == "zh" else "") or field_label(name)


def _constant(role: str, field: Field) -> str:
    """One value for all rows of a field that the file lacks."""
    word = _word(role, field.name)
    label = _("{field}：文件没有，全部行取").format(field=word or field.name)
    if field.vocabulary is None:
        return str(st.text_input(label)).strip()
    words = ["", *(names[0] for names in field.vocabulary.values())]
    return str(st.selectbox(label, words, format_func=lambda word: word or "—"))


def _datum_name(name: str) -> str:
    names = {
        "": _("按文件"),
        "wgs84": "WGS84",
        "cgcs2000": "CGCS2000",
        "gcj02": _("GCJ-02（高德、腾讯）"),
        "bd09": _("BD-09（百度）"),
    }
    return names[name]


def _import_button(draft: Draft) -> None:
    request: Request = st.session_state[_REQUEST]
    root = state.workspace()
    there = read_manifest(root).entry(request.role)
    source, licence, as_of, synthetic = _papers()
    agreed = there is None or st.checkbox(_("换下已有的 {file}（旧文件保留）").format(file=plain(there.place)))
    if not st.button(_("导入"), type="primary", disabled=not (draft.look.usable and agreed), key="import-go"):
        return
    try:
        told = bringing.documented(draft, licence=licence, as_of=bringing.day_of(as_of), synthetic=synthetic)
        st.session_state[_DONE] = importing.finish(
            root, told, request, _opener(), replaces=there is not None, source=source
        )
    except GeoplanError as error:
        _faults(error)
        return
    st.session_state["import-number"] = st.session_state.get("import-number", 0) + 1
    st.rerun()


def _papers() -> tuple[str, str, str, bool]:
    """What only the planner knows about the file: source, licence, date, and whether it is made up."""
    sides = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
    source = sides[0].text_input(_("资料来源"), key="import-source", placeholder=_("例如 民政局"))
    licence = sides[1].text_input(_("资料许可"), key="import-licence", placeholder=_("例如 内部资料"))
    as_of = sides[2].text_input(_("资料日期"), key="import-as-of", placeholder="2024-12-31")
    synthetic = sides[3].checkbox(_("合成数据"), key="import-synthetic")
    return source.strip(), licence.strip(), as_of.strip(), synthetic


def _faults(error: GeoplanError) -> None:
    problems = error.problems if isinstance(error, LayerError) else ()
    parts.faults(str(error), map(parts.in_line, problems))
