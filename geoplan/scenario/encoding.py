"""Edits and steps as plain JSON values with GeoJSON geometry, and back: one form for the store and for files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from geoplan.errors import ScenarioError
from geoplan.i18n import _
from geoplan.scenario.edits import KINDS, Edit, Step

_GEOMETRY = {"lon": "Point", "line": "LineString", "outline": "Polygon"}
_DRAWN = (*_GEOMETRY, "lat")


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """An edit as a JSON object: its kind, its ids and values, its geometry last."""
    names = [item.name for item in dataclasses.fields(edit)]
    table = {"kind": edit.kind, **{name: getattr(edit, name) for name in names if name not in _DRAWN}}
    if "attributes" in table:
        table["attributes"] = dict(table["attributes"])
    drawn = next((name for name in names if name in _GEOMETRY and getattr(edit, name) != ()), None)
    if drawn is not None:
        places = [edit.lon, edit.lat] if hasattr(edit, "lon") and hasattr(edit, "lat") else getattr(edit, drawn)
        table["geometry"] = {"type": _GEOMETRY[drawn], "coordinates": places}
    return table


def edit_from_json(table: object) -> Edit:
    """The edit that a JSON object tells.

    Raises:
        ScenarioError: it tells none; the message names the key.
    """
    given = dict(object_of(table, _("编辑")))
    kind = given.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        text = _("没有名为“{kind}”的编辑，可用：{known}。")
        raise ScenarioError(text.format(kind=str(kind)[:40], known=", ".join(KINDS)))
    fields = {item.name: item for item in dataclasses.fields(KINDS[kind])}
    if "geometry" in given:
        given |= _drawn(given.pop("geometry"), kind, [name for name in fields if name in _GEOMETRY])
    needed = {name for name, item in fields.items() if item.default is item.default_factory is dataclasses.MISSING}
    check_keys(given, needed, set(fields), kind)
    return KINDS[kind](**given)


def _drawn(geometry: object, kind: str, wanted: list[str]) -> dict[str, Any]:
    """The fields of an edit that its GeoJSON geometry fills."""
    shape = object_of(geometry, "geometry")
    check_keys(shape, {"type", "coordinates"}, {"type", "coordinates"}, "geometry")
    expected = [_GEOMETRY[name] for name in wanted]
    if shape["type"] not in expected:
        text = _("{kind} 的几何应当是 {expected}，现为 {found}。")
        known = " / ".join(expected) or _("无")
        raise ScenarioError(text.format(kind=kind, expected=known, found=str(shape["type"])[:40]))
    places = shape["coordinates"]
    if wanted != ["lon"]:
        return {wanted[0]: places}
    if not isinstance(places, list) or len(places) != 2:  # noqa: PLR2004 - lon and lat
        raise ScenarioError(_("{kind} 的位置应当是 [经度, 纬度]。").format(kind=kind))
    return {"lon": places[0], "lat": places[1]}


def step_to_json(step: Step) -> dict[str, Any]:
    """A step: when, who and why, then the edit."""
    return {"at": time_text(step.at), "author": step.author, "reason": step.reason, **edit_to_json(step.edit)}


def step_from_json(table: object) -> Step:
    """The step that a JSON object tells.

    Raises:
        ScenarioError: it tells none.
    """
    given = dict(object_of(table, _("步骤")))
    at, author, reason = (given.pop(name, None) for name in ("at", "author", "reason"))
    for name, value in (("at", at), ("author", author), ("reason", reason)):
        if not isinstance(value, str):
            raise ScenarioError(_("步骤缺少 {name}，或者它不是文字。").format(name=name))
    return Step(edit_from_json(given), str(author), read_time(str(at)), str(reason))


def time_text(at: datetime) -> str:
    """A time in UTC as ISO 8601 with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """The time that an ISO 8601 text gives.

    Raises:
        ScenarioError: it gives none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        message = _("时间“{text}”无法识别，请写成 2026-01-31T08:00:00Z 的形式。")
        raise ScenarioError(message.format(text=text[:40])) from error


def object_of(value: object, what: str) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        ScenarioError: the value is something else.
    """
    if not isinstance(value, Mapping):
        raise ScenarioError(_("{what}应当是 JSON 对象。").format(what=what))
    return value


def check_keys(table: Mapping[str, Any], needed: set[str], known: set[str], where: str) -> None:
    """Refuse a table that lacks a key or has one that would be passed over in silence.

    Raises:
        ScenarioError: naming the first such key.
    """
    for name in sorted(needed - table.keys()):
        raise ScenarioError(_("{where} 缺少 {key}。").format(where=where, key=name))
    for name in sorted(table.keys() - known):
        text = _("{where} 有不认识的键“{key}”，可用：{known}。")
        raise ScenarioError(text.format(where=where, key=name[:40], known=", ".join(sorted(known))))


def canonical(value: object) -> str:
    """JSON text that is the same for equal values: keys sorted, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def by_text(steps: Iterable[Step], told: Callable[[Step], object]) -> dict[str, Step]:
    """Steps by what is told of each; those of which the same is told are numbered, so that each is there."""
    found: dict[str, Step] = {}
    times: Counter[str] = Counter()
    for step in steps:
        text = canonical(told(step))
        found[f"{text} {times[text]}"] = step
        times[text] += 1
    return found


def digest(edits: Iterable[Edit]) -> str:
    """SHA-256 over edits, their kinds and their order."""
    return hashlib.sha256(canonical([edit_to_json(edit) for edit in edits]).encode()).hexdigest()
