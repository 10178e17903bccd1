"""What two scenarios do differently."""

from __future__ import annotations

from dataclasses import dataclass

from geoplan.scenario.edits import Scenario, Step
from geoplan.scenario.encoding import by_text, edit_to_json


@dataclass(frozen=True, slots=True)
class Differences:
    """Steps that only one of two scenarios has, and those that both have, in their order.

    Steps with the same edit are the same, whoever made them and why.

    Attributes:
        same_layers: whether both were drawn on the same layers.
    """

    one: tuple[Step, ...]
    other: tuple[Step, ...]
    both: tuple[Step, ...]
    same_layers: bool

    @property
    def contested(self) -> tuple[tuple[str, str], ...]:
        """The things that both change, each in its own way."""
        touched = [{thing for step in steps for thing in step.edit.touches} for steps in (self.one, self.other)]
        return tuple(sorted(touched[0] & touched[1]))


def differences(one: Scenario, other: Scenario) -> Differences:
    """Lay two scenarios side by side, edit by edit."""
    here, there = (by_text(scenario.steps, lambda step: edit_to_json(step.edit)) for scenario in (one, other))
    return Differences(
        one=tuple(step for text, step in here.items() if text not in there),
        other=tuple(step for text, step in there.items() if text not in here),
        both=tuple(step for text, step in here.items() if text in there),
        same_layers=one.base == other.base,
    )
