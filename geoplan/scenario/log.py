"""The log of a scenario and what it comes to.

Entries are only ever appended. Undo and redo are entries too: an undone step stays in the log, and any earlier
revision can be restored by one more entry. Each entry holds the hash of the one before it in the store, so that a later
change of an entry, or one taken out, shows (``broken_link``). What no chain can show alone is that its last entries were
cut off: for that, keep the hash of the last entry elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geoplan.errors import ConflictError, ScenarioError
from geoplan.i18n import _, mark
from geoplan.scenario.edits import Edit, Scenario, Step, describe
from geoplan.scenario.encoding import (
    by_text,
    canonical,
    edit_from_json,
    edit_to_json,
    step_from_json,
    step_to_json,
    time_text,
)


class EntryKind(StrEnum):
    """What an entry does."""

    NEW = "new"
    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"
    RESTORE = "restore"
    RENAME = "rename"
    NOTE = "note"
    STATUS = "status"
    BRANCH = "branch"
    MERGE = "merge"
    REBASE = "rebase"
    IMPORT = "import"


ENTRY_LABELS: Mapping[EntryKind, str] = MappingProxyType(
    {
        EntryKind.NEW: mark("新建方案"),
        EntryKind.EDIT: mark("编辑"),
        EntryKind.UNDO: mark("撤销"),
        EntryKind.REDO: mark("重做"),
        EntryKind.RESTORE: mark("恢复到早先版本"),
        EntryKind.RENAME: mark("改名"),
        EntryKind.NOTE: mark("说明"),
        EntryKind.STATUS: mark("状态"),
        EntryKind.BRANCH: mark("另立分支"),
        EntryKind.MERGE: mark("合并分支"),
        EntryKind.REBASE: mark("改用新图层"),
        EntryKind.IMPORT: mark("导入"),
    }
)


class Status(StrEnum):
    """How far a scenario has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    LOCKED = "locked"


STATUS_LABELS: Mapping[Status, str] = MappingProxyType(
    {
        Status.DRAFT: mark("草稿"),
        Status.SUBMITTED: mark("已提交"),
        Status.APPROVED: mark("已批准"),
        Status.LOCKED: mark("已锁定"),
    }
)
NEXT: Mapping[Status, tuple[Status, ...]] = MappingProxyType(
    {
        Status.DRAFT: (Status.SUBMITTED,),
        Status.SUBMITTED: (Status.DRAFT, Status.APPROVED),
        Status.APPROVED: (Status.SUBMITTED, Status.LOCKED),
        Status.LOCKED: (),
    }
)
_FROZEN = {Status.APPROVED, Status.LOCKED}
_STARTS = {EntryKind.NEW, EntryKind.BRANCH, EntryKind.IMPORT}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log.

    Attributes:
        number: its place in the store, from 1 without gaps.
        scenario: which scenario it belongs to.
        revision: its place in that scenario, from 1 without gaps.
        name: the scenario's name from here on.
        body: what it does, as JSON values.
        previous: the hash of entry ``number - 1``, blank for the first.
    """

    number: int
    scenario: int
    revision: int
    kind: EntryKind
    name: str
    author: str
    at: datetime
    reason: str
    body: Mapping[str, Any]
    previous: str
    hash: str

    def sealed(self) -> Entry:
        """The entry with the hash over all its other fields."""
        return replace(self, hash=self._digest())

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that it adds, if it is such an entry."""
        return tuple(edit_from_json(edit) for edit in self.body.get("edits", ()))

    @property
    def sound(self) -> bool:
        """Whether its hash is that of its content."""
        return self.hash == self._digest()

    def _digest(self) -> str:
        told = [self.number, self.scenario, self.revision, self.kind, self.name, self.author, time_text(self.at)]
        return hashlib.sha256(canonical([*told, self.reason, self.body, self.previous]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Content:
    """What undo and redo go back and forth between."""

    base: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A scenario at a revision.

    Attributes:
        id: its number in the store; it keeps it when it is renamed.
        head: the hash of its last entry.
        past: what undo goes back to, last first out; ``future`` what redo goes forward to.
        origin: the scenario and the content that a branch came from.
    """

    id: int
    revision: int
    head: str
    scenario: Scenario
    status: Status
    past: tuple[Content, ...] = ()
    future: tuple[Content, ...] = ()
    origin: tuple[int, Content] | None = None

    @property
    def frozen(self) -> bool:
        """Whether its content may not change any more."""
        return self.status in _FROZEN

    @property
    def content(self) -> Content:
        """The layers' digest and the steps."""
        return Content(self.scenario.base, self.scenario.steps)


def replay(state: State | None, entries: Iterable[Entry]) -> State:
    """The state after more entries of one scenario.

    Raises:
        ScenarioError: an entry cannot be understood, or does not follow the one before; or there are none.
    """
    for entry in entries:
        state = after(state, entry)
    if state is None:
        raise ScenarioError(_("方案没有任何记录。"))
    return state


def after(state: State | None, entry: Entry) -> State:
    """The state after one more entry.

    Raises:
        ScenarioError: the entry cannot be understood, or does not follow the state.
    """
    due = 1 if state is None else state.revision + 1
    if entry.revision != due or (state is None) != (entry.kind in _STARTS and due == 1):
        text = _("日志第 {number} 条与前面的不衔接：应为第 {due} 版，却是第 {found} 版。")
        raise ScenarioError(text.format(number=entry.number, due=due, found=entry.revision))
    try:
        if state is None:
            return _started(entry)
        moved = replace(state, revision=entry.revision, head=entry.hash)
        return _AFTER.get(entry.kind, _with_content)(moved, entry)
    except (KeyError, IndexError, TypeError) as error:
        text = _("日志第 {number} 条的内容无法理解：{error}。")
        raise ScenarioError(text.format(number=entry.number, error=error)) from error


def _started(entry: Entry) -> State:
    content = _content(entry.body)
    scenario = Scenario(entry.name, content.base, content.steps, entry.body.get("note", ""))
    origin = (entry.body["from"], content) if entry.kind is EntryKind.BRANCH else None
    return State(entry.scenario, entry.revision, entry.hash, scenario, Status.DRAFT, origin=origin)


def _with_content(state: State, entry: Entry) -> State:
    """After an entry that says what the steps are: they can be undone."""
    if entry.kind is EntryKind.EDIT:
        steps = tuple(Step(edit, entry.author, entry.at, entry.reason) for edit in entry.edits)
        content = Content(state.scenario.base, (*state.scenario.steps, *steps))
    else:
        content = _content(entry.body)
    return _holding(state, content, (*state.past, state.content), ())


def _holding(state: State, content: Content, past: tuple[Content, ...], future: tuple[Content, ...]) -> State:
    scenario = replace(state.scenario, base=content.base, steps=content.steps)
    return replace(state, scenario=scenario, past=past, future=future)


def _undone(state: State, _entry: Entry) -> State:
    return _holding(state, state.past[-1], state.past[:-1], (*state.future, state.content))


def _redone(state: State, _entry: Entry) -> State:
    return _holding(state, state.future[-1], (*state.past, state.content), state.future[:-1])


def _renamed(state: State, entry: Entry) -> State:
    return replace(state, scenario=replace(state.scenario, name=entry.name))


def _noted(state: State, entry: Entry) -> State:
    return replace(state, scenario=replace(state.scenario, note=entry.body["note"]))


def _moved_on(state: State, entry: Entry) -> State:
    return replace(state, status=Status(entry.body["status"]))


_AFTER: Mapping[EntryKind, Callable[[State, Entry], State]] = MappingProxyType(
    {
        EntryKind.UNDO: _undone,
        EntryKind.REDO: _redone,
        EntryKind.RENAME: _renamed,
        EntryKind.NOTE: _noted,
        EntryKind.STATUS: _moved_on,
    }
)


def _content(body: Mapping[str, Any]) -> Content:
    return Content(body["base"], tuple(step_from_json(step) for step in body["steps"]))


def content_body(content: Content) -> dict[str, Any]:
    """The body of an entry that gives the whole content."""
    return {"base": content.base, "steps": [step_to_json(step) for step in content.steps]}


def edits_body(edits: Sequence[Edit]) -> dict[str, Any]:
    """The body of an entry that adds edits."""
    return {"edits": [edit_to_json(edit) for edit in edits]}


def refuse_frozen(state: State) -> None:
    """Stop a change of content where the status forbids it.

    Raises:
        ScenarioError: it is approved or locked.
    """
    if state.frozen:
        advice = _("请先把状态退回“已提交”") if state.status is Status.APPROVED else _("请另立分支，在分支上修改")
        text = _("方案“{name}”{status}，不能修改。{advice}。")
        status = _(STATUS_LABELS[state.status])
        raise ScenarioError(text.format(name=state.scenario.name, status=status, advice=advice))


def merged(base: Content, ours: Content, theirs: Content) -> Content:
    """Our content with what they changed since a common base.

    Raises:
        ConflictError: both changed the same thing, or went over to different layers.
    """
    mine, others = _changes(base, ours), _changes(base, theirs)
    # What both have alike, as after an earlier merge, is no contradiction.
    apart = {text: step for text, step in others.items() if text not in mine}
    if len({base.base, ours.base, theirs.base}) > 1 or not _touched(mine.values()).isdisjoint(_touched(apart.values())):
        text = _("两边改动了同一处，不能自动合并。这边：{mine}。那边：{others}。请在其中一边撤销后再合并。")
        told = [_("；").join(describe(step.edit) for step in side.values()) for side in (mine, apart)]
        raise ConflictError(text.format(mine=told[0], others=told[1]), list(apart.values()), list(mine.values()))
    before, here, there = (_steps(content) for content in (base, ours, theirs))
    kept = [step for text, step in here.items() if text in there or text not in before]
    added = [step for text, step in there.items() if text not in before and text not in here]
    return Content(ours.base, (*kept, *added))


def _steps(content: Content) -> dict[str, Step]:
    return by_text(content.steps, step_to_json)


def _changes(base: Content, content: Content) -> dict[str, Step]:
    """The steps that were added since a base, and those that were taken away."""
    before, now = _steps(base), _steps(content)
    return {text: step for text, step in (before | now).items() if (text in before) != (text in now)}


def _touched(steps: Iterable[Step]) -> set[tuple[str, str]]:
    return {thing for step in steps for thing in step.edit.touches}


def clash(base: Content, now: Content, edits: Sequence[Edit]) -> bool:
    """Whether edits made on a base touch what has changed since."""
    touched = {thing for edit in edits for thing in edit.touches}
    return base.base != now.base or not touched.isdisjoint(_touched(_changes(base, now).values()))


def broken_link(entries: Iterable[Entry]) -> int | None:
    """The number of the first entry of a store that is not what it was when it was written; None when all are sound."""
    previous = ""
    for number, entry in enumerate(entries, start=1):
        if entry.number != number or entry.previous != previous or not entry.sound:
            return number
        previous = entry.hash
    return None
