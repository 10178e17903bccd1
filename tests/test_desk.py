"""The desk and what it writes into the scenario store: plain functions on a real store, without Streamlit and without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workspaces import Workspace

from geoplan import crs
from geoplan.assess import assess, assess_scenario
from geoplan.layers import Layers, load_layers
from geoplan.memory import Memory
from geoplan.scenario import AddFacility, CloseFacility, MoveFacility, Scenario, Signature, Status, Store
from geoplan.standards import load_pack
from geoplan.web import editing, state
from geoplan.web.map_component.view import Selection
from geoplan.web.service import Study
from geoplan.web.state import SPEEDS, Desk

PACKS, SCENARIOS = ("heshan", "meizhou"), ("方案一", "a&b=c;d")
DESK = Desk(author="甲", scenario="方案一")
SITE = {"name": "新中心", "kind": "township_centre", "level": "township", "status": "existing"}


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The small county."""
    from workspaces import small_workspace  # noqa: PLC0415 - the fixture of tests changes with each test

    return load_layers(small_workspace().write(tmp_path_factory.mktemp("desk")))


@pytest.fixture
def store(tmp_path: Path, layers: Layers) -> Iterator[Store]:
    """A store with one empty scenario."""
    with Store(f"sqlite:///{tmp_path / 'scenarios.sqlite'}") as opened:
        opened.new(Scenario("方案一", layers.base), Signature("甲"))
        yield opened


def _there(layers: Layers, name: str = "F1") -> tuple[float, float]:
    frame = crs.lonlat(layers.frames["facilities"])
    place = frame[frame["facility_id"] == name].geometry.iloc[0]
    return float(place.x), float(place.y)


def _site(layers: Layers, name: str = "") -> AddFacility:
    lon, lat = _there(layers)
    return AddFacility(facility_id=name, attributes=SITE, lon=lon + 0.001, lat=lat)


# --- the address


ids = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=20)
desks = st.builds(
    Desk,
    language=st.sampled_from(["zh", "en"]),
    pack=st.sampled_from(["", *PACKS]),
    year=st.none() | st.integers(state.FIRST_YEAR, state.LAST_YEAR),
    speed=st.sampled_from(SPEEDS),
    scenario=st.sampled_from(["", *SCENARIOS]),
    selection=st.lists(
        st.builds(Selection, st.sampled_from(["facilities", "townships"]), st.lists(ids, min_size=1).map(tuple)),
        max_size=2,
        unique_by=lambda one: one.layer,
    ).map(tuple),
)


@given(desks)
def test_an_address_brings_back_what_it_tells(desk):
    """Language, pack, year, speed, scenario and selection come back; ids with the marks of the address and those after the fiftieth are left out."""
    back = state.from_address(state.to_address(desk), PACKS, SCENARIOS)
    kept = [(one.layer, tuple(name for name in one.ids[:50] if not set(name) & set(":,;"))) for one in desk.selection]
    wanted = replace(desk, selection=tuple(Selection(layer, names) for layer, names in kept if names))
    assert back == wanted


@given(st.dictionaries(st.sampled_from(["lang", "pack", "year", "speed", "scenario", "select", "x"]), st.text()))
def test_whatever_an_address_says_there_is_a_desk(address):
    """No text breaks it, and no file becomes a rule pack because an address names it."""
    desk = state.from_address(address, PACKS, SCENARIOS)
    assert desk.pack in {"", *PACKS}
    assert desk.scenario in {"", *SCENARIOS}


def test_a_scenario_that_is_gone_is_told():
    """The address names one that the store does not know: the workspace as it is, and a word."""
    desk = state.from_address({"scenario": "旧方案"}, PACKS, SCENARIOS)
    assert desk.scenario == ""
    assert "旧方案" in desk.notices[0].text


def test_the_map_flies_again_to_the_same_place():
    """Two requests for one box have different numbers, without which the map would stay."""
    once = state.selecting(Desk(), "facilities", ("F1",), (1, 2, 3, 4))
    again = state.selecting(once, "facilities", ("F1",), (1, 2, 3, 4))
    assert once.focus is not None
    assert again.focus is not None
    assert once.focus.number != again.focus.number


# --- writing


def test_edits_wait_for_a_scenario_and_an_author(store, layers):
    """Without either nothing is written; beginning a scenario writes them all, and they wait no more."""
    edit = _site(layers)
    waiting = editing.append(Desk(author="甲"), store, layers, [edit])
    assert waiting.waiting == (edit,)
    assert store.state("方案一").revision == 1
    begun = editing.begin(waiting, store, layers, "方案二")
    assert (begun.scenario, begun.waiting) == ("方案二", ())
    assert [step.author for step in store.state("方案二").scenario.steps] == ["甲"]
    unsigned = editing.append(replace(DESK, author=""), store, layers, [edit])
    assert unsigned.waiting == (edit,)


def test_what_was_written_since_the_map_was_drawn_is_taken_back_whole(store, layers):
    """Two edits go at once and one undo brings both back; with a revision of others between, or no map yet, all stays."""
    drawn = replace(editing.append(replace(DESK, seen=1), store, layers, [_site(layers)]), theirs=1, drawn=2)
    closed = editing.append(drawn, store, layers, [CloseFacility(facility_id="F1")])
    late = editing.append(closed, store, layers, [CloseFacility(facility_id="F2")])
    assert editing.taken_back(replace(late, theirs=3), store).seen == late.seen == 4
    assert editing.taken_back(replace(late, drawn=0, theirs=0), store).seen == 4
    back = editing.taken_back(late, store)
    assert [edit.kind for edit in store.state("方案一").scenario.edits] == ["add_facility"]
    assert (back.seen, back.selection) == (5, ())
    editing.undo(back, store)
    assert [edit.kind for edit in store.state("方案一").scenario.edits] == [
        "add_facility",
        "close_facility",
        "close_facility",
    ]


@contextmanager
def rubbish(file: Path) -> Iterator[None]:
    """A file that cannot be read for a while."""
    kept = file.read_bytes()
    file.write_bytes(b"rubbish" * 1000)
    yield
    file.write_bytes(kept)


def test_what_a_broken_store_cannot_take_waits_and_is_saved_once_it_can(store, layers, tmp_path):
    """Three sites while the store's file is broken, told why once; tried again they are saved when it is whole, in order and once."""
    sites = [_site(layers, f"N-{number}") for number in range(3)]
    desk, _state = editing.catch_up(DESK, store)
    with rubbish(tmp_path / "scenarios.sqlite"):
        desk = editing.append(desk, store, layers, sites[:1])
        desk = editing.append(desk, store, layers, sites[1:])
        desk = editing.append(desk, store, layers, sites[:1])
        desk = editing.retry(desk, store, layers)
    assert desk.waiting == tuple(sites)
    assert [notice.kind for notice in desk.notices] == ["refused"]
    assert "文件不是方案库" in desk.hindered
    desk = editing.retry(desk, store, layers)
    assert (desk.waiting, desk.hindered) == ((), "")
    assert store.state("方案一").scenario.edits == tuple(sites)


def test_of_what_waits_all_that_fits_is_saved(store, layers):
    """A facility that is not there, and one that somebody else closed meanwhile, are told; the sites around them are saved."""
    desk, _state = editing.catch_up(DESK, store)
    lon, lat = _there(layers)
    store.append("方案一", [CloseFacility(facility_id="F1")], Signature("乙"), desk.seen)
    sites = [_site(layers, f"N-{number}") for number in range(2)]
    wrong = [CloseFacility(facility_id="F9"), MoveFacility(facility_id="F1", lon=lon + 0.002, lat=lat)]
    after = editing.write_waiting(replace(desk, waiting=(sites[0], *wrong, sites[1])), store, layers)
    assert store.state("方案一").scenario.edits == (CloseFacility(facility_id="F1"), *sites)
    assert after.waiting == ()
    assert {"conflict", "refused"} <= {notice.kind for notice in after.notices}


def test_what_waits_is_not_lost_to_a_scenario_that_takes_no_edit(store, layers):
    """Approved meanwhile: the status is told and the edits wait on."""
    for status in (Status.SUBMITTED, Status.APPROVED):
        store.set_status("方案一", status, Signature("甲"), store.state("方案一").revision)
    after = editing.write_waiting(replace(DESK, seen=1, waiting=(_site(layers),)), store, layers)
    assert len(after.waiting) == 1
    assert "已批准" in after.hindered


def test_what_waits_stays_with_its_scenario(layers):
    """It is put aside while another is open; what was drawn on the workspace as it is goes to the one that is opened."""
    site, other = _site(layers, "N-1"), _site(layers, "N-2")
    there = state.opening(replace(DESK, waiting=(site,)), "方案二")
    assert (there.waiting, dict(there.aside)) == ((), {"方案一": (site,)})
    back = state.opening(state.opening(there, ""), "方案一")
    assert (back.waiting, dict(back.aside)) == ((site,), {})
    drawn = replace(state.opening(there, ""), waiting=(other,))
    assert state.opening(drawn, "方案一").waiting == (site, other)


def test_what_a_session_left_behind_waits_here_once(layers):
    """It comes before what waits already, each thing that is made once, and each scenario's with its own."""
    first, second = _site(layers, "N-1"), _site(layers, "N-2")
    left = {"方案一": (first, second), "方案二": (first,)}
    desk = editing.inheriting(replace(DESK, waiting=(second,)), "gone", left)
    assert (desk.waiting, dict(desk.aside), desk.heir_of) == ((first, second), {"方案二": (first,)}, ("gone",))
    assert desk.hindered


def test_an_older_copy_of_the_store_is_told(store, layers, tmp_path):
    """A backup was put back while the app runs: the desk shows it, in words."""
    file = tmp_path / "scenarios.sqlite"
    backup = file.read_bytes()
    desk = editing.append(editing.catch_up(DESK, store)[0], store, layers, [_site(layers)])
    file.write_bytes(backup)
    desk, _state = editing.catch_up(desk, store)
    assert desk.seen == 1
    assert "备份" in desk.notices[0].text


def test_what_is_drawn_on_a_scenario_that_was_renamed_waits(store, layers):
    """The desk shows the workspace as it is, and what was drawn waits for a scenario."""
    desk, _state = editing.catch_up(DESK, store)
    store.rename("方案一", "方案甲", Signature("乙"), 1)
    after = editing.append(desk, store, layers, [_site(layers, "N-1")])
    assert (after.scenario, after.waiting) == ("", (_site(layers, "N-1"),))
    assert "方案一" in after.notices[0].text


def test_a_name_that_is_taken_leaves_the_edits_waiting(store, layers):
    """The refusal is told, and what was drawn is not lost."""
    waiting = editing.append(Desk(author="甲"), store, layers, [_site(layers)])
    refused = editing.begin(waiting, store, layers, "方案一")
    assert refused.waiting == waiting.waiting
    assert "方案一" in refused.notices[0].text


def test_what_does_not_fit_is_refused_and_nothing_is_written(store, layers):
    """A facility that is not there: the message names it without a step's number, the revision stays."""
    after = editing.append(DESK, store, layers, [CloseFacility(facility_id="F9")])
    assert "F9" in after.notices[0].text
    assert "步" not in after.notices[0].text
    assert store.state("方案一").revision == 1


def test_a_burst_drawn_on_one_revision_arrives_once_each(store, layers):
    """Ten sites drawn before the first was answered, then all of them sent again after a crash: ten steps."""
    desk, _state = editing.catch_up(DESK, store)
    drawn_on = desk.seen
    sites = [_site(layers, f"N-{number}") for number in range(10)]
    for site in sites:
        desk = editing.append(desk, store, layers, [site], drawn_on=drawn_on)
    restarted, _state = editing.catch_up(DESK, store)
    for site in sites:
        restarted = editing.append(restarted, store, layers, [site], drawn_on=drawn_on)
    assert [edit.id for edit in store.state("方案一").scenario.edits] == [site.facility_id for site in sites]
    assert not desk.notices + restarted.notices


def test_undo_after_undo_needs_no_answer_in_between(store, layers):
    """Three undos drawn on one revision take back three edits of this window's own."""
    desk, _state = editing.catch_up(DESK, store)
    for number in range(3):
        desk = editing.append(desk, store, layers, [_site(layers, f"N-{number}")])
    drawn_on = desk.seen
    for _press in range(3):
        desk = editing.undo(desk, store, drawn_on)
    assert store.state("方案一").scenario.steps == ()
    assert editing.redo(desk, store).seen == store.state("方案一").revision
    assert len(store.state("方案一").scenario.steps) == 1


def test_undo_never_takes_back_what_this_window_has_not_seen(store, layers):
    """Another window wrote meanwhile: a conflict that tells both sides, and the scenario as it is."""
    desk, _state = editing.catch_up(DESK, store)
    desk = editing.append(desk, store, layers, [_site(layers, "N-1")])
    store.append("方案一", [CloseFacility(facility_id="F2")], Signature("乙"), desk.seen)
    after = editing.undo(desk, store)
    assert [notice.kind for notice in after.notices] == ["conflict"]
    assert "乙" in after.notices[0].text
    assert len(store.state("方案一").scenario.steps) == 2


def test_edits_of_two_windows_are_merged_or_contradict(store, layers):
    """Different facilities: both arrive and the other's is told. The same facility: a conflict, and only the first is written."""
    desk, _state = editing.catch_up(DESK, store)
    lon, lat = _there(layers)
    store.append("方案一", [CloseFacility(facility_id="F2")], Signature("乙"), desk.seen)
    merged = editing.append(desk, store, layers, [MoveFacility(facility_id="F1", lon=lon + 0.002, lat=lat)])
    assert [notice.kind for notice in merged.notices] == ["news"]
    assert [[edit.id for edit in entry.edits] for entry in merged.notices[0].entries] == [["F2"]]
    assert merged.seen == store.state("方案一").revision == 3
    store.append("方案一", [CloseFacility(facility_id="F1")], Signature("乙"), 3)
    after = editing.append(merged, store, layers, [MoveFacility(facility_id="F1", lon=lon, lat=lat + 0.002)])
    assert after.notices[-1].kind == "conflict"
    assert store.state("方案一").revision == 4
    assert after.seen == 4


def test_an_undo_drawn_before_the_others_edit_was_shown_is_a_conflict(store):
    """The window knows the other's revision already, but the planner pressed while an older one was on the screen."""
    desk, _state = editing.catch_up(DESK, store)
    on_screen = desk.seen
    store.append("方案一", [CloseFacility(facility_id="F2")], Signature("乙"), on_screen)
    desk, _state = editing.catch_up(desk, store)
    after = editing.undo(desk, store, on_screen)
    assert after.notices[-1].kind == "conflict"
    assert len(store.state("方案一").scenario.steps) == 1


def test_a_frozen_scenario_takes_no_edit(store, layers):
    """Approved: the edit is refused with a word on the status."""
    for status in (Status.SUBMITTED, Status.APPROVED):
        store.set_status("方案一", status, Signature("甲"), store.state("方案一").revision)
    desk, _state = editing.catch_up(DESK, store)
    after = editing.append(desk, store, layers, [_site(layers)])
    assert "已批准" in after.notices[0].text
    assert store.state("方案一").scenario.steps == ()


def test_a_scenario_renamed_by_another_window_is_told(store):
    """The desk goes back to the workspace as it is."""
    store.rename("方案一", "方案甲", Signature("乙"), 1)
    desk, shown = editing.catch_up(DESK, store)
    assert (desk.scenario, shown) == ("", None)
    assert "方案一" in desk.notices[0].text


# --- the answers of one scenario


def test_each_revision_is_worked_out_once_and_as_if_alone(small: Workspace, tmp_path: Path):
    """A study that goes on from the baseline gives the verdicts of the full assessment, and the same object when asked again."""
    layers, pack = load_layers(small.write(tmp_path)), load_pack("heshan")
    memory = Memory()
    assess(layers, pack, year=2025, memory=memory)
    study, made = Study(memory.branch()), []
    scenario = Scenario("一", layers.base)
    with Store("sqlite://") as store:
        state_ = store.new(scenario, Signature("甲"))
        for edit in (_site(layers, "N-1"), CloseFacility(facility_id="F1")):
            state_ = store.append("一", [edit], Signature("甲"), state_.revision)

            def make(known: Memory, drawn: Scenario = state_.scenario):
                made.append(1)
                return assess_scenario(layers, drawn, pack, year=2025, memory=known)

            quick = study.get(str(state_.revision), make)
            assert study.get(str(state_.revision), make) is quick
            assert quick.verdicts == assess_scenario(layers, state_.scenario, pack, year=2025).verdicts
    assert len(made) == 2


def test_a_branched_memory_leaves_the_first_as_it_was():
    """What the branch learns, or learns anew, the first does not know."""
    first = Memory()
    first.recall("step", (1,), lambda: "one")
    branch = first.branch()
    assert branch.recall("step", (1,), lambda: "anew") == "one"
    assert branch.recall("step", (2,), lambda: "two") == "two"
    assert first.recall("step", (1,), lambda: "anew") == "one"
