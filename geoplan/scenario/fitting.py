"""Whether a scenario fits layers other than those it was drawn on, and how it goes over to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from geoplan.errors import ScenarioError
from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.model import Problem, Severity
from geoplan.scenario.application import refuse_errors
from geoplan.scenario.edits import Edit, Scenario, Step, with_ids
from geoplan.scenario.log import State
from geoplan.scenario.readings import read_edits
from geoplan.scenario.resolve import resolve
from geoplan.scenario.store import Signature, Store

_DIGITS = 12  # of a digest, as shown


def fits(scenario: Scenario, layers: Layers) -> tuple[Problem, ...]:
    """What of a scenario does not fit the layers, edit by edit; a note first when it was drawn on other ones."""
    problems = resolve(layers, scenario.edits).problems
    if scenario.base == layers.base:
        return problems
    text = _("方案是在另一版图层上绘制的（摘要 {theirs}，现为 {ours}）")
    drawn_on = text.format(theirs=scenario.base[:_DIGITS], ours=layers.base[:_DIGITS])
    remedy = _("请核对后用 geoplan scenario rebase 改用现在的图层")
    return (Problem(Severity.NOTE, "scenario", drawn_on, remedy), *problems)


def accept(scenario: Scenario, layers: Layers) -> tuple[Problem, ...]:
    """What ``fits`` finds of a scenario from outside, unless it must be refused.

    Raises:
        EditsError: it was drawn on these layers and an edit does not fit them, or an edit would fit no layers at all.
    """
    if scenario.base == layers.base:
        refuse_errors(resolve(layers, scenario.edits).problems)
    refuse_errors(tuple(read_edits(scenario.edits, layers.crs)[1]))
    return fits(scenario, layers)


def rebase(scenario: Scenario, layers: Layers) -> tuple[Scenario, tuple[tuple[Step, Problem], ...]]:
    """The scenario on these layers with the steps that fit, and each step left out with a reason.

    A step that needs one left out, such as moving a facility that could not be added, is left out with it.
    """
    kept, left_out = list(scenario.steps), []
    while errors := resolve(layers, [step.edit for step in kept]).errors:
        reasons = {int(row[1:]) - 1: problem for problem in errors for row in problem.rows}
        left_out += [(kept[place], reasons[place]) for place in sorted(reasons)]
        kept = [step for place, step in enumerate(kept) if place not in reasons]
    return replace(scenario, base=layers.base, steps=tuple(kept)), tuple(left_out)


def draw(
    store: Store, layers: Layers, state: State, edits: Sequence[Edit], by: Signature, *, merge: bool = False
) -> tuple[State, tuple[Problem, ...]]:
    """Add edits to a scenario when they fit the layers: the state then, and notes on edits that change nothing.

    Args:
        state: the scenario as it was when the edits were made.

    Raises:
        EditsError: an edit does not fit; nothing is written.
        ScenarioError: the scenario was drawn on other layers.
        ConflictError: others changed the scenario since (``Store.append``).
    """
    if state.scenario.base != layers.base:
        text = _("方案“{name}”是在另一版图层上绘制的。请先用 geoplan scenario rebase 改用现在的图层。")
        raise ScenarioError(text.format(name=state.scenario.name))
    named = with_ids(edits, state.head)
    resolution = resolve(layers, [*state.scenario.edits, *named])
    refuse_errors(resolution.problems)
    first = len(state.scenario.steps) + 1
    notes = tuple(each for each in resolution.problems if any(int(row[1:]) >= first for row in each.rows))
    return store.append(state.scenario.name, named, by, state.revision, merge=merge), notes
