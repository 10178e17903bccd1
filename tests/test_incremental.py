"""An assessment that goes on from an earlier one is the same to the last bit as one made from nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from workspaces import CRS, FOUR, THREE, at, small_workspace

from geoplan.assess import Assessment, assess, assess_scenario
from geoplan.i18n import speaking
from geoplan.layers import Layers, load_layers
from geoplan.memory import Memory
from geoplan.scenario import (
    AddFacility,
    AddParcel,
    AddRoad,
    ChangeEstateArea,
    ChangeFacility,
    CloseFacility,
    CloseRoad,
    DropParcel,
    Edit,
    MoveFacility,
    ReopenFacility,
    ReopenRoad,
    Scenario,
    Step,
    resolve,
)
from geoplan.standards import load_pack

HESHAN = load_pack("heshan")
STEPS = 40  # of one planner
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLACES = st.tuples(st.integers(0, 6000), st.integers(0, 2000))
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "beds": st.integers(0, 200),
        "site_area_m2": st.sampled_from([0, 12.5, None]),
        "functions": st.sampled_from([FOUR, THREE, None]),
        "status": st.sampled_from(["planned", "existing"]),
    },
)


def lonlat(east: float, north: float) -> tuple[float, float]:
    """A place in metres from the county's corner as WGS84."""
    point = gpd.GeoSeries([at(east, north)], crs=CRS).to_crs(4326).iloc[0]
    return point.x, point.y


def drawn(edits: list[Edit], name: str = "试验") -> Scenario:
    """A scenario of these edits."""
    return Scenario(name, "small", tuple(Step(edit, "测试", NOW) for edit in edits))


def assert_same(one: Assessment, other: Assessment) -> None:
    """Every figure, row, geometry and problem of two assessments is the same."""
    assert one.verdicts == other.verdicts
    assert one.problems == other.problems
    for ours, theirs in zip(one.coverages, other.coverages, strict=True):
        pd.testing.assert_frame_equal(ours.demand, theirs.demand, check_exact=True)
        pd.testing.assert_frame_equal(ours.units, theirs.units, check_exact=True)
        assert_frames(ours.facilities, theirs.facilities)
    assert_frames(one.service_areas, other.service_areas)
    assert_frames(one.facilities, other.facilities)
    assert one.provenance == other.provenance


def assert_frames(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> None:
    """Two frames with geometry hold the same cells and the same coordinates."""
    cells = [pd.DataFrame(frame.drop(columns="geometry")) for frame in (one, other)]
    pd.testing.assert_frame_equal(*cells, check_exact=True)
    assert one.geometry.to_wkb().tolist() == other.geometry.to_wkb().tolist()


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The small county."""
    return load_layers(small_workspace().write(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def baseline(layers: Layers) -> Memory:
    """What is remembered of the small county as it is."""
    memory = Memory()
    assess(layers, HESHAN, year=2025, memory=memory)
    return memory


def assessed_with(layers: Layers, scenario: Scenario, memory: Memory | None = None) -> Assessment:
    """A scenario's assessment, from nothing or going on from what is remembered."""
    return assess_scenario(layers, scenario, HESHAN, year=2025, memory=memory)


class Edited(RuleBasedStateMachine):
    """A planner edits, undoes and redoes, going on from one assessment to the next and from the county as it is."""

    layers: Layers
    baseline: Memory

    @initialize()
    def start(self) -> None:
        """Nothing is edited yet."""
        self.memory, self.edits, self.undone, self.made = self.baseline.branch(), [], [], 0
        self.assessed = self.going_on()

    def going_on(self) -> Assessment:
        """The assessment that goes on from the ones before."""
        return assessed_with(self.layers, drawn(self.edits), self.memory)

    def take(self, edit: Edit) -> None:
        """Work in an edit, if it fits what is there."""
        if not resolve(self.layers, [*self.edits, edit]).errors:
            self.edits, self.undone = [*self.edits, edit], []
            self.assessed = self.going_on()

    def name(self) -> str:
        """A new id."""
        self.made += 1
        return f"N{self.made:03d}"

    def made_before(self, which: int) -> str:
        """An id that was given before."""
        return f"N{which % max(self.made, 1) + 1:03d}"

    def facility(self, which: int) -> str:
        """One of the facilities there are or were."""
        ids = [*self.layers.frames["facilities"]["facility_id"], *(f"N{n:03d}" for n in range(1, self.made + 1))]
        return ids[which % len(ids)]

    @rule(place=PLACES, functions=st.sampled_from([FOUR, THREE]), beds=st.sampled_from([None, 0, 80]))
    def add(self, place: tuple[int, int], functions: str, beds: int | None) -> None:
        """A new centre."""
        lon, lat = lonlat(*place)
        cells = {"name": "新", "kind": "township_centre", "level": "township", "status": "existing"}
        attributes = {**cells, "functions": functions, "beds": beds, "site_area_m2": 20.5}
        self.take(AddFacility(facility_id=self.name(), attributes=attributes, lon=lon, lat=lat))

    @rule(which=st.integers(0, 99), place=PLACES)
    def move(self, which: int, place: tuple[int, int]) -> None:
        """A facility elsewhere."""
        lon, lat = lonlat(*place)
        self.take(MoveFacility(facility_id=self.facility(which), lon=lon, lat=lat))

    @rule(which=st.integers(0, 99), cells=CHANGES)
    def change(self, which: int, cells: dict[str, object]) -> None:
        """Other attributes of a facility."""
        if cells:
            self.take(ChangeFacility(facility_id=self.facility(which), attributes=cells))

    @rule(which=st.integers(0, 99), kind=st.sampled_from([CloseFacility, ReopenFacility]))
    def close_or_reopen(self, which: int, kind: type[Edit]) -> None:
        """A facility closes or serves again."""
        self.take(kind(facility_id=self.facility(which)))

    @rule(place=PLACES)
    def close_road(self, place: tuple[int, int]) -> None:
        """A stretch of road closes."""
        self.take(CloseRoad(closure_id=self.name(), **_place(round(place[0] / 500) * 500, place[1])))

    @rule(which=st.integers(0, 99))
    def reopen_road(self, which: int) -> None:
        """A closed stretch opens again."""
        self.take(ReopenRoad(closure_id=self.made_before(which)))

    @rule(begin=PLACES, end=PLACES)
    def add_road(self, begin: tuple[int, int], end: tuple[int, int]) -> None:
        """A new road between two streets; it joins others only at its ends."""
        ends = [lonlat(round(east / 500) * 500, north) for east, north in (begin, end)]
        if ends[0] != ends[1]:
            self.take(AddRoad(road_id=self.name(), attributes={"road_class": "footway"}, line=tuple(ends)))

    @rule(place=PLACES)
    def add_parcel(self, place: tuple[int, int]) -> None:
        """A hectare for the elderly."""
        east, north = place
        ring = [(east, north), (east + 100, north), (east + 100, north + 100), (east, north + 100), (east, north)]
        attributes = {"code": "080701", "code_system": "用地用海"}
        outline = (tuple(lonlat(*corner) for corner in ring),)
        self.take(AddParcel(parcel_id=self.name(), attributes=attributes, outline=outline))

    @rule(which=st.integers(0, 99))
    def drop_parcel(self, which: int) -> None:
        """A parcel goes."""
        self.take(DropParcel(parcel_id=self.made_before(which)))

    @rule(which=st.sampled_from(["E1", "E2", "E3"]), area=st.sampled_from([None, 0, 60, 100.5]))
    def change_estate(self, which: str, area: float | None) -> None:
        """An estate has another floor area."""
        self.take(ChangeEstateArea(estate_id=which, facility_area_m2=area))

    @precondition(lambda self: self.edits)
    @rule()
    def undo(self) -> None:
        """The last edit is taken back."""
        *self.edits, last = self.edits
        self.undone = [*self.undone, last]
        self.assessed = self.going_on()

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        """What was undone last comes back."""
        *self.undone, last = self.undone
        self.edits = [*self.edits, last]
        self.assessed = self.going_on()

    @rule()
    def compare(self) -> None:
        """The kept memory changes nothing but the time."""
        assert_same(self.assessed, assessed_with(self.layers, drawn(self.edits)))

    def teardown(self) -> None:
        """However it ended, it ended right."""
        self.compare()


def _place(east: float, north: float) -> dict[str, float]:
    lon, lat = lonlat(east, north)
    return {"lon": lon, "lat": lat}


def test_after_any_edits_an_assessment_is_the_same_as_from_nothing(layers, baseline):
    """Edits of every kind, undone and redone, in random order: bit-equal to a fresh assessment."""

    class OnSmall(Edited):
        pass

    OnSmall.layers, OnSmall.baseline = layers, baseline
    edits = int(os.environ.get("GEOPLAN_RANDOM_EDITS", "480"))
    OnSmall.TestCase.settings = settings(
        max_examples=max(edits // STEPS, 1),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    OnSmall.TestCase().runTest()


def alternatives(count: int) -> list[Scenario]:
    """Scenarios that each move, add and close something else."""
    scenarios = []
    for number in range(count):
        lon, lat = lonlat(600 * number + 300, 500)
        cells = {"name": "新", "kind": "township_centre", "level": "township", "status": "existing", "functions": FOUR}
        edits: list[Edit] = [
            AddFacility(facility_id=f"N{number}", attributes=cells, lon=lon, lat=lat),
            MoveFacility(facility_id="F1", lon=lon, lat=lat),
            CloseRoad(closure_id=f"C{number}", **_place(500 * (number + 1), 900)),
        ]
        scenarios.append(drawn(edits[: number % 3 + 1], f"方案{number}"))
    return scenarios


def test_two_scenarios_in_turn_do_not_make_each_other_forget(layers):
    """What one scenario comes to is still there after others were looked at, and so is the county as it is."""
    memory = Memory()
    unedited = assess(layers, HESHAN, year=2025, memory=memory)
    branches = [(scenario, memory.branch()) for scenario in alternatives(3)]
    first, *_others = (assessed_with(layers, *branch) for branch in branches)
    again = assessed_with(layers, *branches[0])
    assert all(ours is theirs for ours, theirs in zip(again.coverages, first.coverages, strict=True))
    assert all(ours is theirs for ours, theirs in zip(again.verdicts, first.verdicts, strict=True))
    empty = assessed_with(layers, drawn([]), branches[0][1])
    assert all(ours is theirs for ours, theirs in zip(empty.coverages, unedited.coverages, strict=True))


def test_sessions_in_several_threads_get_what_each_would_get_alone(layers, baseline):
    """Scenarios assessed and drawn at once from one baseline, several times each: bit-equal to fresh assessments."""
    branches = [(scenario, baseline.branch()) for scenario in alternatives(4)] * 4
    with ThreadPoolExecutor(8) as sessions:
        found = list(sessions.map(lambda branch: assessed_with(layers, *branch), branches))
        list(sessions.map(lambda assessment: len(assessment.service_areas), found))
    for (scenario, _memory), assessed in zip(branches[:4], found[-4:], strict=True):
        assert_same(assessed, assessed_with(layers, scenario))
    for (scenario, _memory), assessed in zip(branches, found, strict=True):
        assert assessed.verdicts == found[int(scenario.name[-1])].verdicts


def test_words_are_in_the_language_that_is_spoken(layers, baseline):
    """What was assessed in Chinese is told to an English reader in English."""
    memory, scenario = baseline.branch(), alternatives(1)[0]
    chinese = assessed_with(layers, scenario, memory)
    with speaking("en"):
        english, fresh = (assessed_with(layers, scenario, known) for known in (memory, None))
    assert english.verdicts == fresh.verdicts
    assert english.problems == fresh.problems
    assert english.verdicts != chinese.verdicts
