"""Edits, entries and what stands against each other, in words for people: names instead of ids, words instead of codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from geoplan.i18n import _, many
from geoplan.layers import Layers
from geoplan.layers.schema import ROLES
from geoplan.report.field_words import choices, field_label
from geoplan.scenario import ENTRY_LABELS, STATUS_LABELS, Edit, Entry, EntryKind, Status, Step
from geoplan.scenario.edits import Value, attributes_of

Names = Mapping[tuple[str, str], str]
"""By role and id the name of a thing."""
_NAMED = ("facilities", "estates", "idle_assets")


def names_of(layers: Layers, edits: Iterable[Edit] = ()) -> dict[tuple[str, str], str]:
    """The names of what layers hold and edits make."""
    found = {
        (role, str(row[ROLES[role].key])): str(row["name"])
        for role in _NAMED
        if role in layers.frames
        for row in layers.frames[role][[ROLES[role].key, "name"]].to_dict("records")
    }
    for edit in edits:
        if isinstance(name := attributes_of(edit).get("name"), str):
            found[edit.role, edit.id] = name
    return found


def edit_text(edit: Edit, names: Names, *, brief: bool = False) -> str:
    """One edit in one line: what is done to what, and the values that it gives; in brief without those of what it makes."""
    name = names.get((edit.role, edit.id), "")
    thing = _("{name}（{id}）").format(name=name, id=edit.id) if name and edit.id else name or edit.id
    values = [_value_text(edit.role, field, value) for field, value in attributes_of(edit).items()]
    if brief and edit.makes:
        values = []
    told = f"{_(edit.label)} {thing}".strip()
    return _("{told}：{values}").format(told=told, values=_("，").join(values)) if values else told


def _value_text(role: str, name: str, value: Value) -> str:
    field = next((known for known in ROLES[role].fields if known.name == name), None)
    words = choices(field) if field else {}
    told = _("、").join(words.get(code, code) for code in str(value).split("|"))
    return f"{field_label(name)} = {_('空') if value in {None, ''} else told}"


def entry_text(entry: Entry, names: Names, *, brief: bool = False) -> str:
    """What an entry does; blank where its kind says all."""
    if entry.edits:
        return _("；").join(edit_text(edit, names, brief=brief) for edit in entry.edits)
    match entry.kind:
        case EntryKind.STATUS:
            return _(STATUS_LABELS[Status(entry.body["status"])])
        case EntryKind.RENAME:
            return entry.name
        case EntryKind.NOTE:
            return str(entry.body["note"])
        case EntryKind.RESTORE:
            return _("第 {revision} 版").format(revision=entry.body["revision"])
    steps = entry.body.get("steps")
    return "" if steps is None else many("共 {count} 步", len(steps)).format(count=len(steps))


def edits_in(told: Iterable[object]) -> list[Edit]:
    """The edits among what ``side_texts`` takes."""
    found: list[Edit] = []
    for one in told:
        found += [one] if isinstance(one, Edit) else [one.edit] if isinstance(one, Step) else getattr(one, "edits", ())
    return found


def side_texts(side: Iterable[object], names: Names) -> list[str]:
    """News, or one side of a conflict, in brief line by line: edits, steps with who made them, entries of the log, or the kind of one."""
    return [_side_text(one, names) for one in side]


def _side_text(one: object, names: Names) -> str:
    if isinstance(one, Edit):
        return edit_text(one, names, brief=True)
    if isinstance(one, Step):
        return _("{author}：{what}").format(author=one.author, what=edit_text(one.edit, names, brief=True))
    if isinstance(one, Entry):
        kind = _(ENTRY_LABELS[one.kind])
        text = _("第 {revision} 版 {author} {kind} {what}")
        return text.format(
            revision=one.revision, author=one.author, kind=kind, what=entry_text(one, names, brief=True)
        ).strip()
    return _(ENTRY_LABELS[EntryKind(str(one))])
