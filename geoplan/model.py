"""The records that pass between the parts; all frozen, none of them knows how it is computed or shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from geoplan.errors import SettingsError
from geoplan.i18n import _, mark


class Severity(StrEnum):
    """How much a problem in the data matters."""

    ERROR = "error"  # the layer cannot be used
    WARNING = "warning"  # some rows cannot be used for some figures
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the data: where, what, and what to do.

    Attributes:
        layer: the role of the layer, or ``manifest``.
        rows: the keys of the rows, or ``#n`` (counted from 1) where the key itself is missing.
    """

    severity: Severity
    layer: str
    message: str
    remedy: str
    rows: tuple[str, ...] = ()


_WHOLE_SHARE = 100


class Comparator(StrEnum):
    """How a value is held against its target; ``>=`` and ``<=`` include the target (以上含本数)."""

    AT_LEAST = ">="
    AT_MOST = "<="
    EQUAL = "="
    BETWEEN = "between"  # both ends included
    ABOUT = "about"  # 左右: so near to the target; never more than advice


class Binding(StrEnum):
    """How the plan binds itself to a rule."""

    BINDING = "binding"  # 约束性
    EXPECTED = "expected"  # 预期性
    UNSTATED = "unstated"  # 未注明
    ADVISORY = "advisory"  # 原则上、力争, and every inherited rule


class Outcome(StrEnum):
    """What a rule comes to for one unit."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    WARN = "warn"
    ADVISORY = "advisory"
    INFORMATIONAL = "informational"
    NOT_EVALUABLE = "not_evaluable"
    NOT_APPLICABLE = "not_applicable"


OUTCOME_LABELS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.PASS: mark("达标"),
        Outcome.FAIL: mark("不达标"),
        Outcome.WARN: mark("预警"),
        Outcome.ADVISORY: mark("建议改进"),
        Outcome.INFORMATIONAL: mark("仅报值"),
        Outcome.NOT_EVALUABLE: mark("无法评价"),
        Outcome.NOT_APPLICABLE: mark("不适用"),
    }
)
# A symbol beside the colour, so that nothing is told by colour alone.
OUTCOME_SYMBOLS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.PASS: "✓",
        Outcome.FAIL: "✗",
        Outcome.WARN: "!",
        Outcome.ADVISORY: "○",
        Outcome.INFORMATIONAL: "i",
        Outcome.NOT_EVALUABLE: "?",
        Outcome.NOT_APPLICABLE: "–",
    }
)


class Reach(StrEnum):
    """Whether a demand point is covered, and if not, why."""

    COVERED = "covered"
    TOO_FAR = "too_far"
    CLOSED_ROAD = "closed_road"  # covered if the closed roads were open
    ISLAND = "island"
    UNLOCATABLE = "unlocatable"
    NO_FACILITY = "no_facility"


REACH_LABELS: Mapping[Reach, str] = MappingProxyType(
    {
        Reach.COVERED: mark("已覆盖"),
        Reach.TOO_FAR: mark("路程过远"),
        Reach.CLOSED_ROAD: mark("道路封闭"),
        Reach.ISLAND: mark("路网孤岛"),
        Reach.UNLOCATABLE: mark("无法定位"),
        Reach.NO_FACILITY: mark("无此类设施"),
    }
)


SENSITIVITY_MPS = (0.8, 1.0, 1.2)
"""The walking speeds, slow to fast, between which a result should be seen."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of an assessment.

    Attributes:
        mode: how people travel: the id of a profile, or its ``.toml`` file.
        speed_mps: speed on flat roads in metres per second; the mode's own when None.
        snap_limit_m: a point farther than this from every usable road is unlocatable (metres).
        small_island_m: a point whose nearest road is on an island with less usable road than this (metres) takes the
            main network where that is within the snap limit; 0 moves no point.
        sensitivity: whether coverage is also computed at ``SENSITIVITY_MPS``.
        planned: count planned facilities whose opening year is not after the year that is checked (a plan's own check).

    Raises:
        SettingsError: for a speed that is not positive, or a negative limit.
    """

    mode: str = "walk"
    speed_mps: float | None = None
    snap_limit_m: float = 500.0
    small_island_m: float = 300.0
    sensitivity: bool = False
    planned: bool = False

    def __post_init__(self) -> None:
        if self.speed_mps is not None and not 0 < self.speed_mps < float("inf"):
            raise SettingsError(_("速度须大于 0（米/秒），现为 {value}。").format(value=self.speed_mps))
        if not 0 <= self.snap_limit_m < float("inf"):
            raise SettingsError(_("离路距离上限不能为负（米），现为 {value}。").format(value=self.snap_limit_m))
        if not 0 <= self.small_island_m < float("inf"):
            raise SettingsError(_("小孤岛的道路长度不能为负（米），现为 {value}。").format(value=self.small_island_m))


@dataclass(frozen=True, slots=True)
class Service:
    """Facilities that count as one service, and the walking time within which they should be reached.

    Attributes:
        kinds: facility kinds that offer it.
        minutes: the limit; reaching a facility in exactly this time counts as covered.
    """

    id: str
    name: str
    name_en: str
    kinds: tuple[str, ...]
    minutes: int

    @property
    def limit_ms(self) -> int:
        """The limit in milliseconds."""
        return self.minutes * 60_000


@dataclass(frozen=True, slots=True)
class Clause:
    """The place in a published document that a rule comes from, with its words."""

    document: str
    section: str
    quote: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand of a plan.

    Attributes:
        id: unique within all packs, ``heshan.township_centre_coverage.2025``.
        indicator: the indicator's id, the same in every plan.
        measure: the name of the function that counts.
        target: the value demanded in ``value_unit``, of a range its lower end; None when the plan gives none.
        due: the day by which it is demanded; rules of one indicator with different days are milestones.
        scope: which units, facilities or estates it speaks of, checked when the pack is loaded.
        options: what else the measure is told (functions, fields, ...), checked when the pack is loaded.
        upper: the upper end of a range (``between``).
        tolerance: how far ``about`` reaches to either side, in ``value_unit``.
        numerator: the plan's words for what is counted; blank where it has none.
        denominator: the plan's words for what it is divided by.
        note: which reading was taken where the plan is not clear, and why, in Chinese.
        assumed: what is ours and not the plan's: ``value``, ``scope``, ``scope.KEY`` or names of options.
        also: where else the plan states the same demand.
        chain: the packs it came through, nearest first, empty when it is the pack's own.
    """

    id: str
    indicator: str
    name: str
    name_en: str
    measure: str
    comparator: Comparator
    target: Fraction | None
    value_unit: str
    due: date | None
    binding: Binding
    clause: Clause
    scope: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    upper: Fraction | None = None
    tolerance: Fraction = Fraction(0)
    numerator: str = ""
    denominator: str = ""
    note: str = ""
    note_en: str = ""
    assumed: tuple[str, ...] = ()
    also: tuple[Clause, ...] = ()
    chain: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[Fraction | None, Fraction | None]:
        """The lowest and the highest value that comply; None where nothing bounds them on that side.

        A share of 100 % cannot be exceeded, so that "= 100 %" says the same as "at least 100 %" (AMB-26).
        """
        if self.target is None:
            return None, None
        match self.comparator:
            case Comparator.AT_LEAST:
                return self.target, None
            case Comparator.AT_MOST:
                return None, self.target
            case Comparator.BETWEEN:
                return self.target, self.upper
            case Comparator.ABOUT:
                return self.target - self.tolerance, self.target + self.tolerance
        return self.target, None if self.value_unit == "%" and self.target == _WHOLE_SHARE else self.target


@dataclass(frozen=True, slots=True)
class Count:
    """What a measure counted for one unit: ``scale * numerator / denominator`` is the value.

    Blank cells are not zero: numerator and denominator hold what is certain, ``span`` what else it could come to.

    Attributes:
        unit: the code of the administrative unit, or the id of the estate, facility or asset.
        level: ``county``, ``township``, ``village``, ``estate``, ``facility`` or ``asset``.
        numerator: what is certain.
        denominator: what it is divided by; None when it is unknown, 1 for a plain number.
        needed_unit: what the numerator is counted in.
        scale: 100 for a share in per cent and for an area per hundred households.
        span: the lowest and highest that the value could be with the blanks filled (None: not bounded on that side);
            None when no blank cell touches the value.
        further: what a further condition of the row lacks at least and at most, in ``needed_unit``; (0, 0) when met.
        whole: whether only whole things can be added to the numerator (townships, estates, beds).
        counted: ids of the units, estates, demand points or facilities behind the numerator.
        of: ids behind the denominator.
        support: ids of the facilities that made a unit count.
        missing: blank fields that touch the figure, as ``layer.field``.
        target: the target of this row where it is not the rule's: at least so much (a share of estates that comply: 100).
        value_unit: the unit of this row's value where it is not the rule's.
        detail: a part of the county's figure: reported, not judged.
        note: what is worth knowing about this figure.
    """

    unit: str
    unit_name: str
    level: str
    numerator: Fraction
    denominator: Fraction | None
    needed_unit: str
    scale: int = 1
    span: tuple[Fraction | None, Fraction | None] | None = None
    further: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
    whole: bool = False
    counted: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    target: Fraction | None = None
    value_unit: str = ""
    detail: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule comes to for one unit, with all that stands behind it.

    Attributes:
        value: exact; None where it cannot be evaluated or does not apply.
        target: what it was held against, of a range its lower end; None when nothing was.
        needed: how much the numerator still lacks (or has too much of, above an upper bound), in
            ``count.needed_unit``; 0 when it complies; None when unknown.
    """

    rule: Rule
    count: Count
    outcome: Outcome
    value: Fraction | None
    target: Fraction | None
    needed: Fraction | None

    @property
    def value_unit(self) -> str:
        """The unit of value and target."""
        return self.count.value_unit or self.rule.value_unit

    @property
    def comparator(self) -> Comparator:
        """How the value was held against the target: a target of the row's own is a least value."""
        return self.rule.comparator if self.count.target is None else Comparator.AT_LEAST


@dataclass(frozen=True, slots=True)
class Conflict:
    """A verdict that another statement of the same facts would change.

    Attributes:
        facilities: ids of the facilities of which the other source says something else.
        source: what the other source calls itself.
        as_of: what it says of its date.
        verdict: with the facts that count, those of the latest date.
        other: with the other source's facts.
    """

    facilities: tuple[str, ...]
    source: str
    as_of: str
    verdict: Verdict
    other: Verdict
