"""The store of scenarios: an append-only log that several people write to and nothing is ever lost from.

Every write names the revision it was made on. Who writes on an old revision gets a ``ConflictError`` with both sides,
or, for edits that touch nothing of what has changed since, may have them merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import sqlalchemy as sa

from geoplan.errors import ConflictError, ScenarioError, UnknownScenarioError
from geoplan.i18n import _
from geoplan.scenario import records
from geoplan.scenario.database import PATIENCE_SECONDS, Database
from geoplan.scenario.edits import MAX_NAME, MAX_TEXT, Edit, Scenario, checked_text, describe, with_ids
from geoplan.scenario.log import (
    ENTRY_LABELS,
    NEXT,
    STATUS_LABELS,
    Content,
    Entry,
    EntryKind,
    State,
    Status,
    after,
    broken_link,
    clash,
    content_body,
    edits_body,
    merged,
    refuse_frozen,
    replay,
)

Body = Mapping[str, Any]
First = Callable[[], Iterable[tuple[Scenario, "Signature"]]]
Clock = Callable[[], datetime]
_ALWAYS = {EntryKind.STATUS, EntryKind.NOTE}  # what an approved or locked scenario still takes


@dataclass(frozen=True, slots=True)
class Signature:
    """Who writes, and why."""

    author: str
    reason: str = ""

    def __post_init__(self) -> None:
        checked_text(self.author, _("作者"), MAX_NAME)
        checked_text(self.reason, _("理由"), MAX_TEXT, lines=True, blank=True)


def now() -> datetime:
    """The time in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


class Store:
    """Scenarios by name. Close it, or use it in a ``with``.

    Every method that writes may raise ``StoreError`` (it cannot be written), ``UnknownScenarioError`` (no scenario of
    that name), ``ConflictError`` (``on`` is not the latest revision) and ``ScenarioError`` (it is approved or locked).
    Then nothing was written. When it returns, the write is on the disk.

    Args:
        url: ``sqlite:///FILE``, ``sqlite://`` (in memory) or ``postgresql://USER@HOST/DATABASE``.
        first: gives the scenarios that a store begins with; asked when it is made.
        clock: what time it is, in UTC.
        patience: seconds that a write waits for another's, and a reading for a write that is being finished.

    Raises:
        StoreError: it cannot be opened, or another version of geoplan made it.
    """

    def __init__(
        self, url: str, first: First = tuple, clock: Clock = now, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._database = Database(url, patience)
        self._clock = clock
        self._seen: dict[int, State] = {}
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            with self._database.reading() as connection:
                there = self._database.exists(connection)
            if not there:
                self._make(first)
            on_failure.pop_all()

    def _make(self, first: First) -> None:
        """Make the tables and write the first scenarios, all in one; unless another process was quicker."""
        with self._database.writing() as connection:
            if not self._database.exists(connection):
                self._database.create(connection)
                for scenario, by in first():
                    self._begin_in(connection, EntryKind.IMPORT, scenario, by)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    @property
    def where(self) -> str:
        """The database's address without its password."""
        return self._database.where

    def states(self) -> list[State]:
        """All scenarios as they are now, by name."""
        with self._database.reading() as connection:
            found = [self._latest(connection, number) for number in records.names(connection).values()]
        return sorted(found, key=lambda state: state.scenario.name)

    def state(self, name: str, revision: int | None = None) -> State:
        """A scenario as it is now, or was at a revision.

        Raises:
            UnknownScenarioError: there is none of that name.
            ScenarioError: it has no such revision.
        """
        with self._database.reading() as connection:
            number = _number(connection, name)
            return self._latest(connection, number) if revision is None else _at(connection, number, revision)

    def log(self, name: str) -> list[Entry]:
        """Every entry of a scenario, first to last.

        Raises:
            UnknownScenarioError: there is none of that name.
        """
        with self._database.reading() as connection:
            return records.of_scenario(connection, _number(connection, name))

    def verify(self) -> tuple[int, str]:
        """How many entries there are, and the hash of the last, after all of them have been checked.

        Raises:
            StoreError: an entry is not what it was when it was written; the message names the first.
        """
        with self._database.reading() as connection:
            found = records.of_store(connection)
        broken = broken_link(found)
        if broken is not None:
            raise records.tampered(broken)
        return len(found), found[-1].hash if found else ""

    def new(self, scenario: Scenario, by: Signature) -> State:
        """Begin a scenario, drawn on the layers of digest ``scenario.base``.

        Raises:
            ScenarioError: the name is taken.
        """
        return self._begin(EntryKind.NEW, scenario, by)

    def bring_in(self, scenario: Scenario, by: Signature, on: int | None = None) -> State:
        """Bring in a scenario from outside: as a new one or, on a revision, as the content of the one of its name.

        Raises:
            ScenarioError: the name is taken and no revision is given.
        """
        if on is None:
            return self._begin(EntryKind.IMPORT, scenario, by)
        return self._replace(EntryKind.IMPORT, scenario, by, on)

    def rebase(self, scenario: Scenario, by: Signature, on: int) -> State:
        """Go over to other layers with the steps that fit them (``fitting.rebase``)."""
        return self._replace(EntryKind.REBASE, scenario, by, on)

    def append(self, name: str, edits: Sequence[Edit], by: Signature, on: int, *, merge: bool = False) -> State:
        """Add edits as one entry.

        Args:
            on: the revision that they were made on.
            merge: on an old revision, add them all the same where they touch nothing that has changed since.

        Raises:
            ScenarioError: there is nothing to add.
        """
        if not edits:
            raise ScenarioError(_("没有要添加的编辑。"))
        with self._database.writing() as connection:
            state = self._latest(connection, _number(connection, name))
            refuse_frozen(state)
            if on != state.revision:
                known = _at(connection, state.id, on)
                if not merge or clash(known.content, state.content, edits):
                    raise _conflict(connection, state, on, edits)
            body = edits_body(with_ids(edits, state.head)) | {"on": on}
            return self._write(connection, state, EntryKind.EDIT, by, body)

    def undo(self, name: str, by: Signature, on: int) -> State:
        """Take back the last change of content; redo brings it back.

        Raises:
            ScenarioError: there is nothing to undo.
        """

        def body(state: State) -> Body:
            if not state.past:
                raise ScenarioError(_("方案“{name}”没有可以撤销的改动。").format(name=name))
            return {}

        return self._change(name, EntryKind.UNDO, by, on, body)

    def redo(self, name: str, by: Signature, on: int) -> State:
        """Bring back what was undone last.

        Raises:
            ScenarioError: there is nothing to redo.
        """

        def body(state: State) -> Body:
            if not state.future:
                raise ScenarioError(_("方案“{name}”没有可以重做的改动。").format(name=name))
            return {}

        return self._change(name, EntryKind.REDO, by, on, body)

    def restore(self, name: str, revision: int, by: Signature, on: int) -> State:
        """Give the scenario the content that it had at an earlier revision.

        Raises:
            ScenarioError: there is no such revision.
        """
        body = {"revision": revision, **content_body(self.state(name, revision).content)}
        return self._change(name, EntryKind.RESTORE, by, on, lambda _state: body)

    def rename(self, name: str, new_name: str, by: Signature, on: int) -> State:
        """Give a scenario another name.

        Raises:
            ScenarioError: the name is taken.
        """
        checked_text(new_name, _("方案名称"), MAX_NAME)
        return self._change(name, EntryKind.RENAME, by, on, lambda _state: {"name": new_name})

    def annotate(self, name: str, note: str, by: Signature, on: int) -> State:
        """Give a scenario another note, whatever its status."""
        checked_text(note, _("说明"), MAX_TEXT, lines=True, blank=True)
        return self._change(name, EntryKind.NOTE, by, on, lambda _state: {"note": note})

    def set_status(self, name: str, status: Status, by: Signature, on: int) -> State:
        """Submit, approve, lock or give back a scenario.

        Raises:
            ScenarioError: that is not allowed from the status it has.
        """

        def body(state: State) -> Body:
            if status not in NEXT[state.status]:
                known = _("、").join(_(STATUS_LABELS[each]) for each in NEXT[state.status])
                text = _("方案“{name}”{status}，不能改为“{wanted}”；可以改为：{known}。")
                told = {"name": name, "status": _(STATUS_LABELS[state.status]), "wanted": _(STATUS_LABELS[status])}
                raise ScenarioError(text.format(**told, known=known or _("无，请另立分支")))
            return {"status": status.value}

        return self._change(name, EntryKind.STATUS, by, on, body)

    def branch(self, name: str, new_name: str, by: Signature, revision: int | None = None) -> State:
        """Begin another scenario with the content of this one, now or at a revision, whatever its status.

        Raises:
            ScenarioError: the name is taken, or there is no such revision.
        """
        source = self.state(name, revision)
        scenario = replace(source.scenario, name=new_name)
        return self._begin(EntryKind.BRANCH, scenario, by, {"from": source.id, "revision": source.revision})

    def merge(self, name: str, branch: str, by: Signature, on: int) -> State:
        """Bring what a branch changed since it left into the scenario that it came from.

        Raises:
            ConflictError: both changed the same thing.
            ScenarioError: it is no branch of this scenario, or changed nothing.
        """
        theirs = self.state(branch)

        def body(state: State) -> Body:
            if theirs.origin is None or theirs.origin[0] != state.id:
                raise ScenarioError(_("“{branch}”不是“{name}”的分支。").format(branch=branch, name=name))
            content = merged(theirs.origin[1], state.content, theirs.content)
            if content == state.content:
                raise ScenarioError(_("分支“{branch}”没有可以合并的改动。").format(branch=branch))
            return {"from": theirs.id, "revision": theirs.revision, **content_body(content)}

        return self._change(name, EntryKind.MERGE, by, on, body)

    def _begin(self, kind: EntryKind, scenario: Scenario, by: Signature, more: Body | None = None) -> State:
        """Write the first entry of a scenario."""
        with self._database.writing() as connection:
            return self._begin_in(connection, kind, scenario, by, more)

    def _begin_in(
        self, connection: sa.Connection, kind: EntryKind, scenario: Scenario, by: Signature, more: Body | None = None
    ) -> State:
        known = records.names(connection)
        _refuse_taken(known, scenario.name)
        body = {"note": scenario.note, **content_body(Content(scenario.base, scenario.steps)), **(more or {})}
        told: dict[str, Any] = {
            "scenario": max(known.values(), default=0) + 1,
            "name": scenario.name,
            "kind": kind,
            "body": body,
        }
        return self._append(connection, None, Entry(**told, **self._signed(by)))

    def _replace(self, kind: EntryKind, scenario: Scenario, by: Signature, on: int) -> State:
        body = content_body(Content(scenario.base, scenario.steps))
        return self._change(scenario.name, kind, by, on, lambda _state: body)

    def _change(self, name: str, kind: EntryKind, by: Signature, on: int, body: Callable[[State], Body]) -> State:
        """Write one more entry on revision ``on``; the body may depend on the state there, or refuse it."""
        with self._database.writing() as connection:
            state = self._latest(connection, _number(connection, name))
            if on != state.revision:
                raise _conflict(connection, state, on, [kind])
            if kind not in _ALWAYS:
                refuse_frozen(state)
            made = body(state)
            if "name" in made:
                _refuse_taken(records.names(connection), made["name"])
            return self._write(connection, state, kind, by, made)

    def _write(self, connection: sa.Connection, state: State, kind: EntryKind, by: Signature, body: Body) -> State:
        name = body.get("name", state.scenario.name)
        told = {"scenario": state.id, "name": name, "kind": kind, "body": body} | self._signed(by)
        return self._append(connection, state, Entry(**{**told, "revision": state.revision + 1}))

    def _signed(self, by: Signature) -> dict[str, Any]:
        """The fields of an entry that tell who, when and why; the rest is filled in when it is appended."""
        blank = {"number": 0, "revision": 1, "previous": "", "hash": ""}
        return {"author": by.author, "at": self._clock(), "reason": by.reason, **blank}

    def _append(self, connection: sa.Connection, state: State | None, entry: Entry) -> State:
        """The state after the entry is worked out before it is written: no entry can break a scenario."""
        number, previous = records.last(connection)
        sealed = replace(entry, number=number + 1, previous=previous).sealed()
        new = after(state, sealed)
        records.insert(connection, sealed)
        return new

    def _latest(self, connection: sa.Connection, scenario: int) -> State:
        """The state now, replayed from where this store last saw it."""
        known = self._seen.get(scenario)
        entries = records.of_scenario(connection, scenario, since=known.revision if known else 1)
        if known and not (entries and entries[0].hash == known.head):
            # Another store lies at the address, as after a backup was put back.
            known, entries = None, records.of_scenario(connection, scenario)
        state = replay(known, entries[1:] if known else entries)
        self._seen[scenario] = state
        return state


def _number(connection: sa.Connection, name: str) -> int:
    known = records.names(connection)
    if name not in known:
        text = _("没有名为“{name}”的方案，现有：{known}。")
        raise UnknownScenarioError(text.format(name=name, known=_("、").join(sorted(known)) or _("无")))
    return known[name]


def _at(connection: sa.Connection, scenario: int, revision: int) -> State:
    entries = records.of_scenario(connection, scenario)
    if not 1 <= revision <= len(entries):
        text = _("没有第 {revision} 版，现有第 1 至 {last} 版。")
        raise ScenarioError(text.format(revision=revision, last=len(entries)))
    return replay(None, entries[:revision])


def _refuse_taken(known: Iterable[str], name: str) -> None:
    if name in known:
        raise ScenarioError(_("已有名为“{name}”的方案，请换一个名称。").format(name=name))


def _conflict(connection: sa.Connection, state: State, on: int, mine: Sequence[Edit | EntryKind]) -> ConflictError:
    """Both sides: what was to be written, and what others wrote since."""
    since = records.of_scenario(connection, state.id, since=on + 1)
    text = _(
        "方案“{name}”已到第 {revision} 版，您的改动基于第 {on} 版。您的改动：{mine}。此后的改动：{since}。请重新打开后再改。"
    )
    wanted = [describe(each) if isinstance(each, Edit) else _(ENTRY_LABELS[each]) for each in mine]
    told = {"mine": _("；").join(wanted), "since": _("；").join(entry_line(entry) for entry in since)}
    message = text.format(name=state.scenario.name, revision=state.revision, on=on, **told)
    return ConflictError(message, mine, since)


def entry_line(entry: Entry) -> str:
    """An entry in one line for people: revision, who, what."""
    edits = [describe(edit) for edit in entry.edits]
    status = entry.body.get("status")
    what = _("；").join(edits) or (_(STATUS_LABELS[Status(status)]) if status else entry.body.get("name", ""))
    text = _("第 {revision} 版 {author} {kind} {what}")
    return text.format(
        revision=entry.revision, author=entry.author, kind=_(ENTRY_LABELS[entry.kind]), what=what
    ).strip()
