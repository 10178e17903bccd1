"""An assessment that goes on from an earlier one is the same to the last bit as one made from nothing."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from workspaces import FOUR, THREE, small_workspace

from geoplan.assess import Assessment, assess
from geoplan.layers import Layers, load_layers
from geoplan.layers.units import assign_units
from geoplan.memory import Memory
from geoplan.standards import load_pack

HESHAN = load_pack("heshan")


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


def assert_frames(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> None:
    """Two frames with geometry hold the same cells and the same coordinates."""
    cells = [pd.DataFrame(frame.drop(columns="geometry")) for frame in (one, other)]
    pd.testing.assert_frame_equal(*cells, check_exact=True)
    assert one.geometry.to_wkb().tolist() == other.geometry.to_wkb().tolist()


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The small county."""
    return load_layers(small_workspace().write(tmp_path_factory.mktemp("small")))


class Edited(RuleBasedStateMachine):
    """Facilities come, go, move and change while one memory is kept, and now and then an earlier state comes back."""

    layers: Layers

    @initialize()
    def start(self) -> None:
        self.current, self.memory = self.layers, Memory()
        self.past = [self.current]

    def _facilities(self, frame: gpd.GeoDataFrame) -> None:
        frames = {**self.current.frames, "facilities": frame.sort_values("facility_id", ignore_index=True)}
        self.current = replace(self.current, frames=assign_units(frames)[0])
        self.past.append(self.current)

    @rule(place=st.tuples(st.integers(-500, 6500), st.integers(-500, 2500)), functions=st.sampled_from([FOUR, THREE]))
    def add(self, place: tuple[int, int], functions: str) -> None:
        """A copy of the first facility stands elsewhere."""
        frame = self.current.frames["facilities"]
        new = frame.iloc[[0]].copy()
        new["facility_id"] = f"N{len(self.past):03d}"
        new["functions"] = functions
        new = new.set_geometry(new.geometry.translate(*place))
        self._facilities(gpd.GeoDataFrame(pd.concat([frame, new], ignore_index=True), crs=frame.crs))

    @rule(which=st.integers(0, 99), east=st.integers(-900, 900), north=st.integers(-900, 900))
    def move(self, which: int, east: int, north: int) -> None:
        """One facility stands somewhere else."""
        frame = self.current.frames["facilities"].copy()
        shapes = frame.geometry.to_numpy().copy()
        place = which % len(frame)
        shapes[place] = gpd.GeoSeries([shapes[place]]).translate(east, north).iloc[0]
        self._facilities(frame.set_geometry(shapes, crs=frame.crs))

    @rule(which=st.integers(0, 99), status=st.sampled_from(["existing", "closed", "planned"]))
    def change(self, which: int, status: str) -> None:
        """One facility has another status."""
        frame = self.current.frames["facilities"].copy()
        frame.loc[which % len(frame), "status"] = status
        self._facilities(frame)

    @rule(which=st.integers(0, 99), beds=st.integers(0, 200))
    def furnish(self, which: int, beds: int) -> None:
        """One facility has other beds and land."""
        frame = self.current.frames["facilities"].copy()
        frame.loc[which % len(frame), ["beds", "site_area_m2"]] = [float(beds), float(10 * beds)]
        self._facilities(frame)

    @rule(which=st.integers(0, 99))
    def drop(self, which: int) -> None:
        """One facility is gone, all but the last."""
        frame = self.current.frames["facilities"]
        if len(frame) > 1:
            self._facilities(frame.drop(index=which % len(frame)))

    @rule(back=st.integers(1, 5))
    def go_back(self, back: int) -> None:
        """An earlier state comes back, as undo and redo bring it."""
        self.current = self.past[-min(back, len(self.past))]
        self.past.append(self.current)

    @invariant()
    def the_same_as_from_nothing(self) -> None:
        """The kept memory changes nothing but the time."""
        assert_same(
            assess(self.current, HESHAN, year=2025, memory=self.memory), assess(self.current, HESHAN, year=2025)
        )


def test_after_any_edits_an_assessment_is_the_same_as_from_nothing(layers):
    """Whatever was edited, undone and edited again."""

    class OnSmall(Edited):
        pass

    OnSmall.layers = layers
    OnSmall.TestCase.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
    OnSmall.TestCase().runTest()
