"""Fields for the attributes of one thing: what the layer says stands in them, what is typed comes back as the layer would have it.

The fields are the same for every thing of a kind and get other values when another thing is looked at, or when the thing is
changed elsewhere: fields that came and went with the things would make the browser build the form anew each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from geoplan.i18n import _, current
from geoplan.layers.schema import FieldKind
from geoplan.report.field_words import choices, field_label, field_of
from geoplan.scenario.edits import MAX_NAME, MAX_TEXT, Value
from geoplan.web.wording import headed

Lines = tuple[tuple[str, ...], ...]
_DEGREES = ("lon", "lat")


def typed(role: str, lines: Lines, name: str, row: Mapping[str, Any]) -> dict[str, Value]:
    """Show the fields; what stands in them, blank as None.

    Args:
        role: of the layer.
        lines: the fields, those that stand side by side in one tuple; ``lon`` and ``lat`` are degrees.
        name: the thing's id.
        row: the thing as the layer has it.
    """
    fields = [field for line in lines for field in line]
    shown = {field: _shown(role, field, row[field]) for field in fields}
    mark = hashlib.sha256(f"{name}{shown}{current()}".encode()).hexdigest()
    state = st.session_state
    if state.get(f"form-{role}") != mark or any(_key(role, field) not in state for field in fields):
        state[f"form-{role}"] = mark
        state.update({_key(role, field): cell for field, cell in shown.items()})
    return {
        field: _field(place, role, field)
        for line in lines
        for field, place in zip(line, st.columns(len(line)), strict=True)
    }


def changed(row: Mapping[str, Any], typed_cells: Mapping[str, Value]) -> dict[str, Value]:
    """What was typed other than it was."""
    return {field: cell for field, cell in typed_cells.items() if not _same(cell, _plain(row[field]))}


def _same(one: Value, other: Value) -> bool:
    """Whether two cells say the same; the order of several codes says nothing."""
    if isinstance(one, str) and isinstance(other, str):
        return sorted(one.split("|")) == sorted(other.split("|"))
    return one == other


def _key(role: str, field: str) -> str:
    return f"form-{role}-{field}"


def _plain(cell: Any) -> Value:
    """A layer's cell, None where it is blank."""
    return None if cell == "" or (isinstance(cell, float) and pd.isna(cell)) else cell


def _shown(role: str, field: str, cell: Any) -> Any:
    """A cell as its field holds it."""
    cell = _plain(cell)
    if field in _DEGREES:
        return cell
    kind, words = field_of(role, field).kind, choices(field_of(role, field))
    if kind is FieldKind.CODES:
        return [code for code in str(cell or "").split("|") if code in words]
    if words:
        return cell if cell in words else ""
    if kind is FieldKind.TEXT:
        return "" if cell is None else str(cell)
    return None if cell is None else float(cell)


def _field(place: Any, role: str, field: str) -> Value:
    key = _key(role, field)
    if field in _DEGREES:
        word = _("经度") if field == "lon" else _("纬度")
        number = place.number_input(word, value=None, format="%.6f", step=0.0005, key=key)
        return None if number is None else float(number)
    kind, words, word = field_of(role, field).kind, choices(field_of(role, field)), field_label(field)
    if kind is FieldKind.CODES:
        return (
            "|".join(
                sorted(place.multiselect(word, list(words), format_func=lambda code: headed(words[code]), key=key))
            )
            or None
        )
    if words:
        return (
            place.selectbox(word, ["", *words], format_func=lambda code: headed(words.get(code, "—")), key=key) or None
        )
    if kind is FieldKind.TEXT:
        most = max(MAX_NAME if field == "name" else MAX_TEXT, len(st.session_state[key]))
        return (place.text_input(word, max_chars=most, key=key) or "").strip() or None
    number = place.number_input(word, min_value=0.0, value=None, step=1.0, format="%g", key=key)
    return None if number is None else float(number)
