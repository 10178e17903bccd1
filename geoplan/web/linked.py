"""Tables that go with the map: rows that are marked here are marked there, what was marked there is marked here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from geoplan.i18n import _, many
from geoplan.web import parts, places, session
from geoplan.web.cache import View
from geoplan.web.rows import Table
from geoplan.web.state import Desk

_MOST_FLOWN = 5_000  # rows that a map is flown to without a choice


def table(view: View, desk: Desk, name: str, title: str, all_rows: Table, *, about: str = "") -> None:
    """A table that can be sorted (by its heads), filtered, marked, flown to and downloaded as it is shown.

    Args:
        name: of the file and of the widgets, in ASCII.
        title: what the rows are, for screen readers.
        about: what to know of the figures.
    """
    marked = [one for one in desk.selected(all_rows.layer) if one in all_rows.ids]
    with st.container(horizontal=True, vertical_alignment="center"):
        text = st.text_input(
            _("筛选"),
            key=f"filter-{name}",
            placeholder=_("筛选：输入任意文字"),
            label_visibility="collapsed",
            live=True,
        )
        shown = all_rows.containing(text or "")
        if _only_marked(name, len(marked)):
            shown = shown.of(marked)
        if all_rows.layer in places.ROLE_OF:
            _to_map(view, name, shown, marked)
        parts.downloads(view, name, shown)
    counts = {"shown": f"{len(shown.frame):,}", "all": f"{len(all_rows.frame):,}"}
    parts.status(" · ".join(filter(None, (many("{shown} / {all} 行", len(all_rows.frame)).format(**counts), about))))
    if len(shown.frame):
        _rows(name, title, shown, marked)
    else:
        st.info(_("没有符合条件的行。请改变或清空筛选。"))


def _only_marked(name: str, count: int) -> bool:
    """A switch to see the marked rows only; not there where none is marked."""
    if not count:
        return False
    return bool(st.toggle(many("只看选中的 {count} 行", count).format(count=count), key=f"marked-{name}"))


def _to_map(view: View, name: str, shown: Table, marked: list[str]) -> None:
    """A button that marks the chosen rows, else all that are shown, and opens the map there."""
    ids = tuple(marked) or shown.ids[:_MOST_FLOWN]
    bounds = places.bounds_of(view.assessment.layers, shown.layer, ids) if ids else None
    label = _("在地图上查看选中") if marked else _("在地图上查看")
    if st.button(label, key=f"fly-{name}", disabled=bounds is None):
        session.select(shown.layer, ids, bounds)
        parts.open_page("map")


def _rows(name: str, title: str, shown: Table, marked: list[str]) -> None:
    mark = (
        marking(f"rows-{name}", shown.places(set(marked)), _marks(shown, marked))
        if shown.layer
        else {"key": f"rows-{name}"}
    )
    frame, height = parts.room(name, len(shown.frame))
    frame.dataframe(
        parts.coloured(shown, _("结论")),
        hide_index=True,
        column_config=parts.columns(shown),
        height=height,
        alt=title,
        placeholder="—",
        **mark,
    )


def _marks(shown: Table, marked: list[str]) -> Callable[[list[int]], None]:
    """Marks the rows at these places; what is marked and not shown stays marked."""
    hidden = tuple(one for one in marked if one not in shown.ids)
    return lambda rows: session.select(shown.layer, (*hidden, *(shown.ids[row] for row in rows)))


def marking(key: str, rows: list[int], mark: Callable[[list[int]], None], mode: str = "multi-row") -> dict[str, Any]:
    """What makes a table show marked rows, and tell when others are.

    Args:
        rows: the places of those that are marked.
        mark: writes the places of the others to the desk.
    """
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}

    def marked() -> None:
        session.desk()
        mark(list(st.session_state[key]["selection"]["rows"]))

    return {"key": key, "on_select": marked, "selection_mode": mode}
