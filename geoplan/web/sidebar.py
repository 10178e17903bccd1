"""The sidebar: which scenario, by whom, against which rules. Each field writes the desk, and shows what the desk says."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan import i18n
from geoplan.errors import GeoplanError
from geoplan.i18n import _
from geoplan.layers import Manifest, read_manifest
from geoplan.scenario import STATUS_LABELS, State
from geoplan.scenario.edits import MAX_NAME
from geoplan.web import parts, remembering, service, session, speaking, state
from geoplan.web.state import SPEEDS
from geoplan.web.wording import escape, headed

_LANGUAGES = {"zh": "中文", "en": "English"}
_POLL_SECONDS = 2.0


def show(head: DeltaGenerator) -> None:
    """The fields.

    Args:
        head: where the language switch stands, which works whatever is wrong with the workspace.

    Raises:
        GeoplanError: the manifest, the pack or the store cannot be read.
    """
    _language(head)
    manifest = read_manifest(state.workspace())
    _place(manifest)
    _scenario()
    _rules(manifest)


def other_languages() -> None:
    """Ways to read the page in another language where there is no desk to write it on."""
    speaking.speak()
    links = "".join(f'<a href="?lang={code}" target="_self">{word}</a>' for code, word in _LANGUAGES.items())
    st.html(f'<nav class="gp-languages" aria-label="语言 / Language">{links}</nav>')


def _language(place: DeltaGenerator) -> None:
    with place:
        speaking.speak()
    place.segmented_control(
        "语言 / Language",
        list(_LANGUAGES),
        format_func=lambda code: _LANGUAGES[code],
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **parts.field("language", session.desk().language, lambda code: session.change(language=code)),
    )


def _place(manifest: Manifest) -> None:
    """The workspace's name, and whether something in it is made up."""
    name = manifest.name_en if i18n.current() == "en" else manifest.name
    mark = parts.badge(_("含合成数据，仅供演示")) if manifest.synthetic_roles else ""
    st.html(f'<div class="gp-place">{escape(name)}</div>{mark}')


def _scenario() -> None:
    session.catch_up()
    desk = session.desk()
    names = [known.scenario.name for known in session.store().states()]
    gone = [desk.scenario] if desk.scenario and desk.scenario not in names else []
    st.selectbox(
        _("方案"),
        ["", *gone, *names],
        format_func=lambda name: name or headed(_("工作区现状（只读）")),
        **parts.field("scenario", desk.scenario, _open),
    )
    _watch()
    st.text_input(_("编制人"), max_chars=MAX_NAME, **parts.field("author", desk.author, session.sign))
    with st.container(key="gp-remember"):
        remembering.remember(desk.author)


@st.fragment(run_every=_POLL_SECONDS)
def _watch() -> None:
    """How far the scenario is; when others have changed it, the whole page is brought up to date."""
    if session.retry():
        st.rerun()
    desk = session.desk()
    if not desk.scenario:
        return
    try:
        shown = session.store().state(desk.scenario)
    except GeoplanError:
        st.rerun()  # the page says what is wrong
    if desk.seen and shown.revision != desk.seen:
        st.rerun()
    st.caption(status_text(shown))


def status_text(shown: State) -> str:
    """Status and revision of a scenario."""
    status = _(STATUS_LABELS[shown.status])
    return _("{status} · 第 {revision} 版").format(status=status, revision=shown.revision)


def _rules(manifest: Manifest) -> None:
    question = session.question()
    st.selectbox(
        _("规则包"),
        service.pack_choices(manifest),
        format_func=_pack_name,
        **parts.field("pack", question.pack, _choose_pack),
    )
    st.number_input(
        _("核查年份"),
        state.FIRST_YEAR,
        state.LAST_YEAR,
        **parts.field("year", question.year, lambda year: session.change(year=int(year))),
    )
    st.segmented_control(
        _("步行速度（m/s）"),
        SPEEDS,
        required=True,
        format_func=lambda value: f"{value:.1f}",
        **parts.field("speed", question.speed, lambda speed: session.change(speed=float(speed))),
    )


def _choose_pack(name: str) -> None:
    """Another pack. A list whose words are in another language now may tell of the word that stood there before."""
    if name in service.pack_choices(read_manifest(state.workspace())):
        session.change(pack=name, year=None)


def _open(name: str) -> None:
    """Another scenario, or the workspace as it is; the same holds for the word for that."""
    if not name or name in {known.scenario.name for known in session.store().states()}:
        session.open_scenario(name)


def _pack_name(name: str) -> str:
    """A pack's name and id; the id alone where it cannot be read."""
    try:
        pack = service.pack_of(name)
    except GeoplanError:
        return name
    return f"{pack.name_en if i18n.current() == 'en' else pack.name} · {pack.id}"
