"""The store of scenarios, the same on SQLite and on PostgreSQL: nothing is lost, whoever writes and whatever happens."""

from __future__ import annotations

import dataclasses
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from postgres import emptied, running_server
from store_writers import NAME, processes, serial_edit, write_among_others, write_on_and_on

from geoplan.errors import ConflictError, ScenarioError, StoreError, UnknownScenarioError
from geoplan.scenario import (
    AddFacility,
    ChangeFacility,
    CloseFacility,
    EntryKind,
    MoveFacility,
    Scenario,
    Signature,
    Status,
    Store,
    dumps,
    entry_line,
)

BASE, OTHER_BASE = "a" * 64, "b" * 64
BY = Signature("张三", "人多")
AT = datetime(2026, 1, 31, 8, tzinfo=UTC)
NOBODY = 65534


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server."""
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Gives the URL of an empty store."""
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        return lambda: emptied(server)
    return lambda: f"sqlite:///{tmp_path_factory.mktemp('store')}/scenarios.sqlite"


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """An empty store's URL."""
    return new_url()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store with an empty scenario at revision 1."""
    with Store(url, clock=lambda: AT) as opened:
        opened.new(Scenario(NAME, BASE), BY)
        yield opened


def write(store: Store, *serials: int) -> None:
    """Add one edit a serial, each as an entry."""
    for serial in serials:
        store.append(NAME, [serial_edit(serial)], BY, store.state(NAME).revision)


def serials(store: Store, name: str = NAME) -> list[object]:
    """The serials of a scenario's steps."""
    return [step.edit.attributes["beds"] for step in store.state(name).scenario.steps]


def change_rows(url: str, statement: str) -> None:
    """Do to the database what only somebody outside the store would do."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+pg8000:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_step_keeps_who_when_and_why(store):
    """What is written is there for whoever opens the store next, with author, time in UTC and reason."""
    state = store.append(NAME, [CloseFacility(facility_id="F1")], BY, 1)
    with Store(store._database._engine.url.render_as_string(hide_password=False)) as other:
        assert other.state(NAME) == state
    step = state.scenario.steps[0]
    assert (step.author, step.at, step.reason, state.revision) == ("张三", AT, "人多", 2)


def test_a_missing_id_is_made_once_and_stays(store):
    """A new facility without an id gets one when it is written; the log and every later state have the same."""
    added = AddFacility(lon=112.9, lat=22.7, attributes={"name": "新站"})
    state = store.append(NAME, [added, added], BY, 1)
    first, second = (edit.id for edit in state.scenario.edits)
    assert first
    assert second
    assert first != second
    write(store, 7)
    assert [edit.id for edit in store.state(NAME).scenario.edits[:2]] == [first, second]
    assert store.log(NAME)[1].body["edits"][0]["facility_id"] == first


def test_undo_and_redo_are_entries(store):
    """Undo and redo change the steps and add to the log; a new edit after an undo leaves nothing to redo."""
    write(store, 1, 2)
    store.undo(NAME, BY, 3)
    assert serials(store) == [1]
    store.redo(NAME, BY, 4)
    assert serials(store) == [1, 2]
    store.undo(NAME, BY, 5)
    write(store, 3)
    assert serials(store) == [1, 3]
    with pytest.raises(ScenarioError, match="没有可以重做"):
        store.redo(NAME, BY, 7)
    kinds = [entry.kind for entry in store.log(NAME)]
    assert kinds == [EntryKind(kind) for kind in ("new", "edit", "edit", "undo", "redo", "undo", "edit")]


def test_any_earlier_revision_comes_back_by_one_more_entry(store):
    """What an undo and a later edit took away is restored, and the restoring can be undone."""
    write(store, 1, 2)
    store.undo(NAME, BY, 3)
    write(store, 3)
    assert store.restore(NAME, 3, BY, 5).revision == 6
    assert serials(store) == [1, 2]
    store.undo(NAME, BY, 6)
    assert serials(store) == [1, 3]
    with pytest.raises(ScenarioError, match="没有第 99 版"):
        store.restore(NAME, 99, BY, 7)


def test_every_earlier_revision_can_be_seen(store):
    """The state at a revision is the state that the write of that revision gave."""
    given = [store.append(NAME, [serial_edit(serial)], BY, serial + 1) for serial in range(4)]
    assert [store.state(NAME, revision) for revision in (2, 3, 4, 5)] == given


def test_a_write_on_an_old_revision_is_refused_with_both_sides(store):
    """The second writer learns what the first did, keeps its own edit in hand, and the store is as it was."""
    write(store, 1)
    mine = MoveFacility(facility_id="F1", lon=112.9, lat=22.7)
    with pytest.raises(ConflictError) as conflict:
        store.append(NAME, [mine], BY, 1, merge=True)
    assert conflict.value.mine == (mine,)
    assert [entry.edits for entry in conflict.value.since] == [(serial_edit(1),)]
    assert "移动设施 F1" in str(conflict.value)
    assert "beds=1" in str(conflict.value)
    assert serials(store) == [1]


@pytest.mark.parametrize("operation", ["undo", "redo", "rename", "annotate", "set_status", "restore", "rebase"])
def test_every_write_names_its_revision(store, operation):
    """Undo, redo, a name, a note, a status, a restoring and a rebase on an old revision are conflicts too."""
    write(store, 1)
    arguments = {
        "rename": ["x"],
        "annotate": ["x"],
        "set_status": [Status.SUBMITTED],
        "restore": [1],
    }.get(operation, [])
    subject = Scenario(NAME, BASE) if operation == "rebase" else NAME
    with pytest.raises(ConflictError):
        getattr(store, operation)(subject, *arguments, BY, 1)


def test_edits_of_different_things_are_merged(store):
    """On an old revision an edit of another facility is added; without the wish to merge it is a conflict."""
    write(store, 1)
    with pytest.raises(ConflictError):
        store.append(NAME, [serial_edit(2, "F2")], BY, 1)
    state = store.append(NAME, [serial_edit(2, "F2")], BY, 1, merge=True)
    assert serials(store) == [1, 2]
    assert store.log(NAME)[-1].body["on"] == 1
    assert state.revision == 3


def test_an_undone_edit_counts_as_a_change(store):
    """Who edits a facility whose earlier edit has been undone meanwhile gets a conflict."""
    write(store, 1)
    store.undo(NAME, BY, 2)
    with pytest.raises(ConflictError):
        store.append(NAME, [serial_edit(2)], BY, 2, merge=True)


def test_a_branch_is_merged_back(store):
    """A branch's own edits come into its origin; twice merged they come once; a contradiction is a conflict."""
    write(store, 1)
    store.branch(NAME, "支线", BY)
    store.append("支线", [serial_edit(2, "F2")], BY, 1)
    store.append(NAME, [serial_edit(3, "F3")], BY, 2)
    store.merge(NAME, "支线", BY, 3)
    assert serials(store) == [1, 3, 2]
    with pytest.raises(ScenarioError, match="没有可以合并"):
        store.merge(NAME, "支线", BY, 4)
    store.append("支线", [serial_edit(4, "F3")], BY, 2)
    with pytest.raises(ConflictError, match="不能自动合并"):
        store.merge(NAME, "支线", BY, 4)
    store.new(Scenario("别的", BASE), BY)
    with pytest.raises(ScenarioError, match="不是"):
        store.merge("别的", "支线", BY, 1)


def test_a_branch_takes_back_what_it_undid(store):
    """A step that the branch undid leaves the origin when it is merged, and equal steps are told apart."""
    edits = [CloseFacility(facility_id="F1"), CloseFacility(facility_id="F2"), CloseFacility(facility_id="F1")]
    for edit in edits:
        store.append(NAME, [edit], BY, store.state(NAME).revision)
    branch = store.branch(NAME, "支线", BY, revision=4)
    store.restore(NAME, 4, BY, 4)
    store.bring_in(
        Scenario("支线", BASE, branch.scenario.steps[:2]), BY, on=1
    )  # a branch cannot undo what it began with; it can be given other content
    store.merge(NAME, "支线", BY, 5)
    assert store.state(NAME).scenario.edits == tuple(edits[:2])


def test_status_goes_its_way(store):
    """Draft, submitted, approved, locked; approved and locked refuse edits and say what to do; no step is skipped."""
    write(store, 1)
    with pytest.raises(ScenarioError, match="可以改为：已提交"):
        store.set_status(NAME, Status.APPROVED, BY, 2)
    for revision, status in ((2, Status.SUBMITTED), (3, Status.APPROVED)):
        store.set_status(NAME, status, BY, revision)
    for refused in (
        lambda: store.append(NAME, [serial_edit(2)], BY, 4),
        lambda: store.undo(NAME, BY, 4),
        lambda: store.rename(NAME, "新名", BY, 4),
    ):
        with pytest.raises(ScenarioError, match="退回"):
            refused()
    store.set_status(NAME, Status.LOCKED, BY, 4)
    assert entry_line(store.log(NAME)[-1]).endswith("状态 已锁定")
    with pytest.raises(ScenarioError, match="分支"):
        write(store, 2)
    with pytest.raises(ScenarioError, match="分支"):
        store.set_status(NAME, Status.DRAFT, BY, 5)
    assert store.annotate(NAME, "存档", BY, 5).scenario.note == "存档"
    assert store.branch(NAME, "续编", BY).status is Status.DRAFT


def test_names_are_unique_and_ids_outlive_them(store):
    """A taken name is refused for a new scenario, a branch and a renaming; a renamed one is the same scenario."""
    store.new(Scenario("乙", BASE), BY)
    for refused in (
        lambda: store.new(Scenario("乙", BASE), BY),
        lambda: store.branch(NAME, "乙", BY),
        lambda: store.rename(NAME, "乙", BY, 1),
    ):
        with pytest.raises(ScenarioError, match="已有名为"):
            refused()
    renamed = store.rename(NAME, "甲", BY, 1)
    assert (renamed.id, renamed.scenario.name) == (1, "甲")
    with pytest.raises(UnknownScenarioError, match=r"甲、乙|乙、甲"):
        store.state(NAME)
    assert [state.scenario.name for state in store.states()] == sorted(["甲", "乙"])


def test_bringing_in_keeps_whose_steps_they_were(store):
    """An imported scenario has its own authors and times; over one of its name it is one more entry."""
    write(store, 1)
    steps = store.state(NAME).scenario.steps
    state = store.bring_in(Scenario("外来", OTHER_BASE, steps), Signature("李四"))
    assert (state.scenario.steps, state.scenario.base) == (steps, OTHER_BASE)
    replaced = store.bring_in(Scenario(NAME, OTHER_BASE), Signature("李四"), on=2)
    assert (replaced.revision, replaced.scenario.steps, replaced.scenario.base) == (3, (), OTHER_BASE)
    back = store.undo(NAME, BY, 3).scenario
    assert (back.steps, back.base) == (steps, BASE)


def test_the_same_writes_give_the_same_log(new_url):
    """Two stores with the same writes at the same times have the same last hash."""
    heads = []
    for _time in range(2):
        with Store(new_url(), clock=lambda: AT) as store:
            store.new(Scenario(NAME, BASE), BY)
            store.append(NAME, [AddFacility(lon=112.9, lat=22.7, attributes={"name": "新站"})], BY, 1)
            heads.append(store.verify())
    assert heads[0] == heads[1]
    assert heads[0][0] == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE geoplan_entries SET author = 'x' WHERE number = 2",
        "UPDATE geoplan_entries SET body = '{}' WHERE number = 3",
        "UPDATE geoplan_entries SET at = 'gestern' WHERE number = 2",
        "DELETE FROM geoplan_entries WHERE number = 2",
        "UPDATE geoplan_entries SET hash = previous, previous = hash WHERE number = 3",
    ],
)
def test_tampering_shows(store, url, change):
    """A changed or removed entry is named by its number, and the scenario is not opened as if nothing were wrong."""
    write(store, 1, 2, 3)
    assert store.verify()[0] == 4
    change_rows(url, change)
    with Store(url) as again:
        with pytest.raises(StoreError, match=r"第 [23] 条"):
            again.verify()
        with pytest.raises((StoreError, ScenarioError)):
            again.state(NAME)


def test_an_entry_sealed_anew_shows_at_the_next_one(store, url):
    """Who changes an entry and works out its hash again is betrayed by the entry after it."""
    write(store, 1, 2)
    forged = dataclasses.replace(store.log(NAME)[1], author="李四").sealed()
    change_rows(url, f"UPDATE geoplan_entries SET author = '李四', hash = '{forged.hash}' WHERE number = 2")  # noqa: S608 - our own hash
    with Store(url) as again, pytest.raises(StoreError, match="第 3 条"):
        again.verify()


@pytest.mark.usefixtures("store")
def test_a_store_of_another_version_is_refused(url):
    """A store that a newer geoplan made is not opened, and the message says to upgrade."""
    change_rows(url, "UPDATE geoplan_meta SET value = '2'")
    with pytest.raises(StoreError, match="升级"):
        Store(url)


def test_a_backup_put_back_is_read_anew(store, url):
    """A store that has seen later entries reads what is there now, not what it remembers."""
    write(store, 1, 2)
    change_rows(url, "DELETE FROM geoplan_entries WHERE number > 1")
    assert store.state(NAME).revision == 1
    write(store, 3)
    assert serials(store) == [3]


class Machine(RuleBasedStateMachine):
    """The store beside plain lists that say what each scenario must be."""

    new_url: Callable[[], str]

    @initialize()
    def begin(self) -> None:
        self.store = Store(self.new_url())
        self.store.new(Scenario("甲", BASE), BY)
        self.serial = 0
        self.model: dict[str, dict[str, list]] = {}
        self.begin_scenario("甲")

    def begin_scenario(self, name: str, steps: tuple = ()) -> None:
        self.model[name] = {"steps": [steps], "past": [], "future": [], "status": [Status.DRAFT]}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            for name in self.model:
                self.check(name)
            self.store.close()

    def check(self, name: str) -> None:
        state, model = self.store.state(name), self.model[name]
        seen = tuple((step.edit.id, step.edit.attributes["beds"]) for step in state.scenario.steps)
        assert seen == model["steps"][-1]
        assert state.revision == len(model["steps"])
        assert (len(state.past), len(state.future)) == (len(model["past"]), len(model["future"]))
        assert state.status is model["status"][-1]

    names = st.sampled_from(["甲", "乙", "丙"])

    def written(self, name: str, steps: tuple, past: list, future: list) -> None:
        model = self.model[name]
        model["steps"].append(steps)
        model["past"], model["future"] = past, future
        self.check(name)

    @rule(name=names, lag=st.sampled_from([0, 0, 0, 1, 2]), facility=st.sampled_from("FGH"), merge=st.booleans())
    def append(self, name, lag, facility, merge):
        if name not in self.model:
            return
        model, self.serial = self.model[name], self.serial + 1
        history = model["steps"]
        on = max(len(history) - lag, 1)
        now, known = history[-1], history[on - 1]
        moved = {thing for thing, _serial in set(now) ^ set(known)}
        frozen = model["status"][-1] in {Status.APPROVED, Status.LOCKED}
        allowed = not frozen and (on == len(history) or (merge and facility not in moved))
        edit = serial_edit(self.serial, facility)
        if allowed:
            self.store.append(name, [edit], BY, on, merge=merge)
            self.written(name, (*now, (facility, self.serial)), [*model["past"], now], [])
            return
        with pytest.raises(ScenarioError) as refused:
            self.store.append(name, [edit], BY, on, merge=merge)
        if not frozen:
            assert len(refused.value.since) == len(history) - on

    @rule(name=names, forward=st.booleans())
    def undo_or_redo(self, name, forward):
        if name not in self.model:
            return
        model = self.model[name]
        now, source = model["steps"][-1], model["future" if forward else "past"]
        possible = source and model["status"][-1] not in {Status.APPROVED, Status.LOCKED}
        try:
            (self.store.redo if forward else self.store.undo)(name, BY, len(model["steps"]))
        except ScenarioError:
            assert not possible
            return
        assert possible
        if forward:
            self.written(name, source[-1], [*model["past"], now], source[:-1])
        else:
            self.written(name, source[-1], source[:-1], [*model["future"], now])

    @rule(name=names, data=st.data())
    def restore(self, name, data):
        if name not in self.model or self.model[name]["status"][-1] in {Status.APPROVED, Status.LOCKED}:
            return
        model = self.model[name]
        revision = data.draw(st.integers(1, len(model["steps"])))
        self.store.restore(name, revision, BY, len(model["steps"]))
        self.written(name, model["steps"][revision - 1], [*model["past"], model["steps"][-1]], [])

    @rule(name=names, status=st.sampled_from(list(Status)))
    def set_status(self, name, status):
        if name not in self.model:
            return
        model = self.model[name]
        ways = {("draft", "submitted"), ("submitted", "draft"), ("submitted", "approved")}
        ways |= {("approved", "submitted"), ("approved", "locked")}
        try:
            self.store.set_status(name, status, BY, len(model["steps"]))
        except ScenarioError:
            assert (model["status"][-1], status) not in ways
            return
        assert (model["status"][-1], status) in ways
        model["status"].append(status)
        self.written(name, model["steps"][-1], model["past"], model["future"])

    @precondition(lambda self: len(self.model) < 3)
    @rule(name=names, new=names)
    def branch(self, name, new):
        if name in self.model and new not in self.model:
            self.store.branch(name, new, BY)
            self.begin_scenario(new, self.model[name]["steps"][-1])

    @rule()
    def verify(self):
        count, _head = self.store.verify()
        assert count == sum(len(model["steps"]) for model in self.model.values())


def test_the_store_does_what_plain_lists_do(new_url):
    """Random edits, undos, redos, restorings, branches and status changes agree with a plain model of them."""
    Machine.new_url = staticmethod(new_url)
    run_state_machine_as_test(Machine, settings=settings(max_examples=12, stateful_step_count=25, deadline=None))


@pytest.mark.usefixtures("store")
def test_kill_9_loses_no_acknowledged_edit(url):
    """A writer killed at random moments over 200 writes: every acknowledged edit is there once, and the store opens."""
    context, chance = processes(), random.Random(5)  # noqa: S311 - moments to kill at, no secrets
    acknowledged: list[int] = []
    lives = 0
    while len(acknowledged) < 200:
        ours, theirs = context.Pipe(duplex=False)
        writer = context.Process(target=write_on_and_on, args=(url, lives * 1000, theirs))
        writer.start()
        theirs.close()
        acknowledged += [ours.recv() for _write in range(chance.randint(1, 25))]
        writer.join(chance.uniform(0, 0.03))
        writer.kill()
        writer.join()
        acknowledged += list(iter(lambda pipe=ours: received(pipe), None))
        lives += 1
        with Store(url) as again:
            there = serials(again)
            again.verify()
        assert len(set(there)) == len(there)
        assert set(acknowledged) <= set(there)
        # In each life one write may be on the disk that could not be told any more.
        assert len(there) <= len(acknowledged) + lives


def received(pipe: Connection) -> int | None:
    """The next serial that a dead writer had told, None at the end."""
    try:
        return pipe.recv()
    except EOFError:
        return None


def test_eight_processes_write_to_one_scenario(store, url):
    """Each acknowledged edit of eight writers at once is there exactly once, and they met conflicts."""
    context = processes()
    pipes, writers = [], []
    for number in range(8):
        ours, theirs = context.Pipe(duplex=False)
        writers.append(context.Process(target=write_among_others, args=(url, number, 5, theirs)))
        pipes.append(ours)
        writers[-1].start()
        theirs.close()
    told = [pipe.recv() for pipe in pipes]
    for writer in writers:
        writer.join()
    there = serials(store)
    assert sorted(there) == sorted(serial for written, _conflicts in told for serial in written)
    assert len(there) == 40
    assert store.verify()[0] == 41
    assert sum(conflicts for _written, conflicts in told) > 0


def test_a_full_disk_changes_nothing(tmp_path):
    """Where SQLite may take no more pages a write is refused in plain words, and all that was there still is.

    The limit stands for the disk's end: SQLite answers both with the same error at the same place.
    """
    url = f"sqlite:///{tmp_path}/s.sqlite"
    with Store(url) as store:
        store.new(Scenario(NAME, BASE), BY)
        write(store, 1)

        def fill(connection: sqlite3.Connection, _record: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")

        sa.event.listen(store._database._engine, "connect", fill)
        large = Signature("张三", "长" * 9_000)
        with pytest.raises(StoreError, match=r"磁盘已满.*没有做任何改动"):
            store.append(NAME, [serial_edit(2)], large, 2)
        assert serials(store) == [1]
    with Store(url) as again:
        assert (serials(again), again.verify()[0]) == ([1], 2)


def test_a_really_full_file_system_changes_nothing(tmp_path):
    """On a file system of 256 kB that is full the store says so, opens and has all that it had."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("no command to mount a small file system with")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "geoplan-test", str(tmp_path)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        url = f"sqlite:///{tmp_path}/s.sqlite"
        with Store(url) as store:
            store.new(Scenario(NAME, BASE), BY)
            fill_up(store)
            there = serials(store)
            assert there == list(range(len(there)))
            assert there
        with Store(url) as again:
            assert serials(again) == there
            again.verify()
    finally:
        subprocess.run([unmount, str(tmp_path)], check=True)


def fill_up(store: Store) -> None:
    """Write until the disk is full."""
    for serial in range(100):
        try:
            store.append(NAME, [serial_edit(serial)], Signature("张三", "长" * 9_000), serial + 1)
        except StoreError as error:
            said = str(error)
            break
    assert re.search("磁盘已满|磁盘读写", said)


_READ_ONLY = """
import os, sys
from geoplan.errors import StoreError
from geoplan.scenario import Scenario, Signature, Store, CloseFacility
url, missing = sys.argv[1:]
Store("sqlite://").close()  # loads all that a store needs while it may be read: the program's own folder may be closed to others
if os.geteuid() == 0:
    os.setgid({nobody}); os.setuid({nobody})
with Store(url) as store:
    print(len(store.state("{name}").scenario.steps))
    for attempt in (lambda: store.append("{name}", [CloseFacility(facility_id="F")], Signature("x"), 2), lambda: Store(missing)):
        try:
            attempt()
        except StoreError as error:
            print(error)
"""


def test_a_read_only_folder_is_read_and_not_written(tmp_path):
    """Without the right to write, scenarios are shown; a write and a new store are refused in plain words."""
    folder = tmp_path / "w"
    folder.mkdir()
    url = f"sqlite:///{folder}/s.sqlite"
    with Store(url) as store:
        store.new(Scenario(NAME, BASE), BY)
        write(store, 1)
    before = (folder / "s.sqlite").read_bytes()
    (folder / "s.sqlite").chmod(0o444)
    folder.chmod(0o555)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.is_relative_to(tempfile.gettempdir()) and parent != Path(tempfile.gettempdir()):
            parent.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", _READ_ONLY.format(nobody=NOBODY, name=NAME), url, f"sqlite:///{folder}/new.sqlite"],
        check=False, capture_output=True, text=True, cwd="/", env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "1"
    assert "只读" in lines[1]
    assert "无法打开" in lines[2]
    assert len(lines) == 3
    assert (folder / "s.sqlite").read_bytes() == before
    assert [file.name for file in folder.iterdir()] == ["s.sqlite"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url at all", "地址无法使用"),
        ("oracle://x/y", "地址无法使用"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "不能使用"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(url, said):
    """An address that cannot be used gives one clear error that does not show the password."""
    with pytest.raises(StoreError, match=said) as error:
        Store(url)
    assert "secret" not in str(error.value)


def test_what_is_no_store_is_refused(tmp_path):
    """A file that is no SQLite database is left as it is."""
    file = tmp_path / "s.sqlite"
    file.write_bytes(b"text " * 1000)
    with pytest.raises(StoreError, match="不是方案库"):
        Store(f"sqlite:///{file}")
    assert file.read_bytes() == b"text " * 1000


def test_a_store_begins_with_the_given_scenarios_or_not_at_all(url):
    """First scenarios are brought in when the store is made, once; when one is faulty no store is made."""

    def faulty():
        yield Scenario("甲", BASE), BY
        raise ScenarioError("faulty")

    with pytest.raises(ScenarioError, match="faulty"):
        Store(url, faulty)
    for names in (["甲"], ["乙"]):
        with Store(url, lambda names=names: [(Scenario(name, BASE), BY) for name in names]) as store:
            assert [state.scenario.name for state in store.states()] == ["甲"]


def test_the_file_of_a_state_is_that_of_its_scenario(store):
    """What is exported after storing is byte for byte what was brought in."""
    edit = AddFacility(facility_id="N", lon=112.9, lat=22.7, attributes={"name": "站", "beds": 5, "kind": None})
    store.append(NAME, [edit, ChangeFacility(facility_id="F", attributes={"beds": 0.1 + 0.2})], BY, 1)
    scenario = store.state(NAME).scenario
    assert dumps(store.bring_in(Scenario("外来", BASE, scenario.steps), BY).scenario) == dumps(
        Scenario("外来", BASE, scenario.steps)
    )
