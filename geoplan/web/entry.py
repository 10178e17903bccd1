"""The script that Streamlit runs for each visitor: the sidebar makes the question, the question gets its answer, a page shows it.

The language belongs to one run of this script in one thread. Callbacks and fragments run without it: the pages use
neither.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan import i18n
from geoplan.assess import default_year
from geoplan.errors import GeoplanError
from geoplan.i18n import _
from geoplan.layers import Manifest, Progress, read_manifest
from geoplan.standards import load_pack
from geoplan.web import pages_data, pages_map, pages_overview, pages_tables, parts, service
from geoplan.web.cache import View, view_of
from geoplan.web.state import SPEEDS, Question, first_language, workspace

_LANGUAGES = {"zh": "中文", "en": "English"}


def main() -> None:
    """One run of the app."""
    st.set_page_config(page_title="geoplan", layout="wide")
    parts.style()
    choices, foot = st.sidebar.container(), st.sidebar.container()
    i18n.use(_language(foot))
    answer: list[View] = []
    page = st.navigation(_pages(answer))
    try:
        answer.append(_answer(_question(choices)))
        page.run()
    except GeoplanError as error:
        parts.show_error(error)


def _pages(answer: list[View]) -> list[st.Page]:
    """The pages; each shows the answer that is there by the time it runs."""

    def page(show: Callable[[View], None], title: str, path: str) -> st.Page:
        return st.Page(lambda: show(answer[0]), title=title, url_path=path, default=path == "overview")

    return [
        page(pages_overview.show, _("总览"), "overview"),
        page(pages_map.show, _("地图"), "map"),
        page(pages_tables.show, _("数据表"), "tables"),
        page(pages_data.show, _("数据与依据"), "data"),
    ]


def _language(place: DeltaGenerator) -> str:
    """The language switch; it stays in the address, so that a reload keeps it."""
    chosen = place.segmented_control(
        "语言 / Language",
        list(_LANGUAGES),
        format_func=lambda code: _LANGUAGES[code],
        default=first_language(),
        required=True,
        key="language",
        bind="query-params",
    )
    return str(chosen)


def _question(place: DeltaGenerator) -> Question:
    """What the sidebar asks for."""
    root = workspace()
    manifest = read_manifest(root)
    with place:
        _place(manifest)
        pack = st.selectbox(_("规则包"), service.pack_choices(manifest), format_func=_pack_name, key="pack")
        first = default_year(manifest, load_pack(pack))
        year = st.number_input(_("核查年份"), 1900, 2200, first, key=f"year-{pack}")
        speed = st.segmented_control(
            _("步行速度（m/s）"),
            SPEEDS,
            default=1.0,
            required=True,
            key="speed",
            format_func=lambda value: f"{value:.1f}",
        )
    return Question(root, str(pack), int(year), float(speed), i18n.current())


def _place(manifest: Manifest) -> None:
    """The workspace's name, and whether something in it is made up."""
    name = manifest.name_en if i18n.current() == "en" else manifest.name
    mark = parts.badge(_("含合成数据，仅供演示")) if manifest.synthetic_roles else ""
    st.html(f'<div class="gp-place">{escape(name)}</div>{mark}')


def _pack_name(name: str) -> str:
    """A pack's name and id; the id alone where it cannot be read."""
    try:
        pack = load_pack(name)
    except GeoplanError:
        return name
    return f"{pack.name_en if i18n.current() == 'en' else pack.name} · {pack.id}"


def _answer(question: Question) -> View:
    """The answer; while it is computed the page names the stages."""
    place = st.empty()

    def begin() -> Progress:
        status = place.status(_("正在评估"))
        return lambda stage: status.update(label=_("正在评估：{stage}").format(stage=stage))

    try:
        return view_of(question, begin)
    finally:
        place.empty()


if __name__ == "__main__":
    main()
