"""What moved since the last export, and why: data, rules, parameters, edits, or the program itself.

Where several of these differ at once they are told apart by assessing again: the layers and rules as they are now with the
parameters and edits of then, next with the parameters of now, last with the edits of now. A figure moved for the step at
which it does. What data and rules were is known by their digests only, so these two (and the program) make one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from geoplan.assess import Assessment
from geoplan.errors import GeoplanError
from geoplan.i18n import _, mark
from geoplan.layers.schema import ROLES
from geoplan.model import Settings
from geoplan.report import tables
from geoplan.report.documents.figures import Figure, Figures, figures_of
from geoplan.report.documents.parameters import parameter_label, parameter_text, parameters_of
from geoplan.report.documents.record import Record
from geoplan.scenario import Scenario, Step, describe, differences


class Cause(StrEnum):
    """Why a figure may move."""

    DATA = "data"
    RULES = "rules"
    PROGRAM = "program"
    PARAMETERS = "parameters"
    EDITS = "edits"


CAUSE_LABELS = {
    Cause.DATA: mark("数据"),
    Cause.RULES: mark("规则"),
    Cause.PROGRAM: mark("程序版本"),
    Cause.PARAMETERS: mark("参数"),
    Cause.EDITS: mark("方案编辑"),
}
_NOT_KEPT = (Cause.DATA, Cause.RULES, Cause.PROGRAM)

Reassess = Callable[[Settings, int, Scenario | None], Assessment]
"""Assesses the layers of now against the rules of now with other settings, year and edits."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the figures are made from and that is not as it was."""

    cause: Cause
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure that is not what it was.

    Attributes:
        before: None for a figure that there was not.
        after: None for one that there is no longer.
        causes: what it moved for; empty where nothing that it is made from differs.
    """

    id: str
    before: Figure | None
    after: Figure | None
    causes: tuple[Cause, ...]

    @property
    def figure(self) -> Figure:
        """The figure as it is, or as it was when it is gone."""
        known = self.after or self.before
        assert known is not None  # noqa: S101 - one of the two is there
        return known


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved since an earlier export.

    Attributes:
        since: when that was made, ISO 8601.
        figures: how many figures there are now.
    """

    since: str
    differences: tuple[Difference, ...]
    moved: tuple[Moved, ...]
    figures: int


def changes(before: Record, after: Record, reassess: Reassess) -> Changes:
    """Hold an export against the one before it."""
    found = tuple(_differences(before, after))
    present = tuple(dict.fromkeys(difference.cause for difference in found))
    stages = _stages(before, after, present, reassess)
    moved = tuple(_moved(before.figures, after.figures, stages))
    return Changes(before.made, found, moved, len(after.figures))


def cause_text(causes: tuple[Cause, ...]) -> str:
    """The causes in words."""
    return _("、").join(_(CAUSE_LABELS[cause]) for cause in causes) or _("未查明")


def sides(moved: Moved) -> tuple[str, str]:
    """Before and after as text, in as many digits as it takes to tell them apart; a dash where there is none."""
    return _side(moved.before, moved.after), _side(moved.after, moved.before)


def _side(one: Figure | None, other: Figure | None) -> str:
    if one is None:
        return "—"
    plain = one.text
    if other is None or one.value is None or plain != other.text:
        return plain
    short, long = (tables.with_unit(one.value, one.unit, unlike=unlike, trim=False) for unlike in (None, other.value))
    return plain.replace(short, long) if short in plain else long


def _differences(before: Record, after: Record) -> Iterator[Difference]:
    if before.program != after.program:
        yield Difference(Cause.PROGRAM, "geoplan", before.program, after.program)
    for role in dict.fromkeys((*ROLES, *before.layers, *after.layers)):
        old, new = before.layers.get(role), after.layers.get(role)
        if old != new:
            yield Difference(Cause.DATA, _(ROLES[role].label) if role in ROLES else role, _layer(old), _layer(new))
    if (before.pack, before.pack_digest) != (after.pack, after.pack_digest):
        old_text, new_text = (f"{each.pack} {each.pack_digest[:8]}" for each in (before, after))
        yield Difference(Cause.RULES, _("规则包"), old_text, new_text)
    for key in dict.fromkeys((*before.parameters, *after.parameters)):
        was, is_ = before.parameters.get(key), after.parameters.get(key)
        if was != is_:
            yield Difference(Cause.PARAMETERS, parameter_label(key), parameter_text(was), parameter_text(is_))
    yield from _edits(before.scenario, after.scenario)


def _layer(layer: tuple[str, int] | None) -> str:
    if layer is None:
        return "—"
    return _("{rows} 行（{digest}）").format(rows=f"{layer[1]:,}", digest=layer[0][:8])


def _edits(before: Scenario | None, after: Scenario | None) -> Iterator[Difference]:
    """Edits that one of the two has and the other has not; a name alone moves nothing."""
    old, new = (scenario or Scenario(_("现状"), "-") for scenario in (before, after))
    found = differences(old, new)
    for step in found.one:
        yield Difference(Cause.EDITS, _step(step), _("有"), "—")
    for step in found.other:
        yield Difference(Cause.EDITS, _step(step), "—", _("有"))
    if not found.one and not found.other and old.edits != new.edits:
        yield Difference(Cause.EDITS, _("编辑的次序"), old.name, new.name)


def _step(step: Step) -> str:
    return describe(step.edit)


@dataclass(frozen=True, slots=True)
class _Stage:
    """The figures once these causes are as they are now."""

    causes: tuple[Cause, ...]
    figures: Figures


def _stages(before: Record, after: Record, present: tuple[Cause, ...], reassess: Reassess) -> list[_Stage]:
    """From the figures of then to those of now, by as few assessments as tell the causes apart."""
    steps = [tuple(cause for cause in present if cause in _NOT_KEPT)]
    steps += [(cause,) for cause in (Cause.PARAMETERS, Cause.EDITS) if cause in present]
    steps = [step for step in steps if step]
    stages: list[_Stage] = []
    waiting: tuple[Cause, ...] = ()
    for number, step in enumerate(steps):
        waiting += step
        figures = after.figures if number == len(steps) - 1 else _between(before, after, step, reassess)
        if figures is not None:
            stages.append(_Stage(waiting, figures))
            waiting = ()
    return stages


def _between(before: Record, after: Record, step: tuple[Cause, ...], reassess: Reassess) -> Figures | None:
    """The figures after a step with what comes later as it was; None where that cannot be made again."""
    of = after if step == (Cause.PARAMETERS,) else before
    try:
        again = reassess(of.settings, of.year, before.scenario)
    except GeoplanError:  # the edits of then do not fit the layers of now, or the way of travelling is gone
        return None
    return figures_of(again) if parameters_of(again) == of.parameters else None


def _moved(before: Figures, after: Figures, stages: list[_Stage]) -> Iterator[Moved]:
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        if _gist(old) == _gist(new):
            continue
        causes: list[Cause] = []
        last = old
        for stage in stages:
            now = stage.figures.get(name)
            causes += stage.causes if _gist(now) != _gist(last) else ()
            last = now
        yield Moved(name, old, new, tuple(causes))


def _gist(figure: Figure | None) -> object:
    return None if figure is None else figure.gist
