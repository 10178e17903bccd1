"""Measures of residential estates: the floor area of their elderly-care facilities against their households."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from geoplan.i18n import _, mark
from geoplan.layers.schema import ERAS
from geoplan.model import Count, Rule
from geoplan.standards.holding import complies, needed
from geoplan.standards.measures.counting import ONE, ZERO, Part, complying, nothing_known, share
from geoplan.standards.measures.registry import MEASURES, Facts, measure
from geoplan.standards.options import Check, a_date, a_positive_figure, a_word, a_yes, one_of

ESTATE_SCOPE: Mapping[str, Check] = MappingProxyType({"era": one_of(ERAS)})


@dataclass(frozen=True, slots=True)
class _Estate:
    """One estate, with the figures of its whole project where they are pooled.

    Attributes:
        placed: whether it is known to be of the era that the rule speaks of.
        largest: the largest single site (m²).
        project: the project whose figures these are; blank where they are its own.
    """

    id: str
    name: str
    placed: bool
    households: Fraction | None
    area: Fraction | None
    largest: Fraction | None
    project: str

    def blank(self, *fields: str) -> tuple[str, ...]:
        """Of these figures those that are not known, and the era where it is not."""
        era = () if self.placed else ("estates.era",)
        columns = {"households": "households", "area": "facility_area_m2", "largest": "largest_site_m2"}
        return (*era, *(f"estates.{columns[field]}" for field in fields if getattr(self, field) is None))


def _estates(facts: Facts, rule: Rule) -> list[_Estate]:
    """The county's estates of the era that a rule speaks of, and those that cannot be placed.

    The stated era decides; else an estate is new when approved on or after ``new_since`` (AMB-13).
    """
    estates = facts.rows("estates")
    estates = estates.where(estates["in_area"].astype(bool))
    since, wanted = rule.options["new_since"].isoformat(), rule.scope.get("era", "")
    pooled = rule.options.get("pooled", False)
    found = []
    columns = ("estate_id", "name", "era", "approve_date", "project_id")
    figures = ("households", "facility_area_m2", "largest_site_m2")
    cells = zip(*map(estates.cells, columns), *map(estates.figures, figures), strict=True)
    for name, title, stated, approved, project, households, area, largest in cells:
        era = stated or (approved and ("new" if approved >= since else "old"))
        if era in {"", wanted} or not wanted:
            placed = bool(era) or not wanted
            found.append(_Estate(name, title, placed, households, area, largest, project if pooled else ""))
    return _pooled(found) if pooled else found


def _pooled(estates: list[_Estate]) -> list[_Estate]:
    """The same estates, each with the figures of its project where that has several: sums, and the largest site.

    A figure that one of them lacks is not known for any.
    """
    projects: dict[str, list[_Estate]] = {}
    for estate in estates:
        projects.setdefault(estate.project if estate.placed else "", []).append(estate)
    pooled = []
    for estate in estates:
        together = projects[estate.project] if estate.project and estate.placed else [estate]
        if len(together) == 1:
            pooled.append(replace(estate, project=""))
            continue
        pooled.append(
            replace(
                estate,
                households=_of_all(sum, [one.households for one in together]),
                area=_of_all(sum, [one.area for one in together]),
                largest=_of_all(max, [one.largest for one in together]),
            )
        )
    return pooled


def _of_all(function: Callable[[list[Fraction]], Fraction | int], figures: list[Fraction | None]) -> Fraction | None:
    """What a function makes of figures; None where one of them is not known."""
    known = [figure for figure in figures if figure is not None]
    return Fraction(function(known)) if len(known) == len(figures) else None


@measure(
    "estates",
    scope=ESTATE_SCOPE,
    options={"new_since": a_date, "min_single_m2": a_positive_figure, "pooled": a_yes},
    required="new_since",
)
def area_per_households(facts: Facts, rule: Rule) -> list[Count]:
    """Facility floor area per 100 households of every estate, pro rata (AMB-11), and the share of estates that comply.

    With ``min_single_m2`` one site of an estate must have at least that much as well (AMB-12); with ``pooled`` the
    estates of one project are held to what they have together.
    """
    return _held_one_by_one(facts, rule, _per_hundred)


@measure(
    "estates",
    scope=ESTATE_SCOPE,
    options={"new_since": a_date, "pooled": a_yes},
    required="new_since",
    value="must",
)
def single_site_area(facts: Facts, rule: Rule) -> list[Count]:
    """The largest single site of every estate, and the share of estates in which it is large enough."""
    return _held_one_by_one(facts, rule, _largest_site)


def _held_one_by_one(facts: Facts, rule: Rule, row_of: Callable[[_Estate, Rule], Count]) -> list[Count]:
    """The county's row, then each estate's; ``row_of`` makes it."""
    if "estates" not in facts.frames:
        return nothing_known(facts, mark("个"), "estates")
    estates = _estates(facts, rule)
    rows = [row_of(estate, rule) for estate in estates]
    placed = {estate.id for estate in estates if estate.placed}
    met = [complies(rule, row) for row in rows]
    county = complying(facts, rule, rows, met, placed, mark("个"))
    # The estates of one project lack together what each of their rows says.
    lacking = {
        estate.project or estate.id: needed(rule, row)
        for estate, row, is_met in zip(estates, rows, met, strict=True)
        if estate.placed and is_met is False
    }
    open_ = sum(is_met is None and row.denominator != 0 for row, is_met in zip(rows, met, strict=True))
    misses = sum(is_met is False and estate.placed for estate, is_met in zip(estates, met, strict=True))
    note = _("{count} 个小区共缺 {area:,.1f} m²").format(count=misses, area=float(sum(lacking.values(), ZERO)))
    note += _("；{count} 个小区资料不全").format(count=open_) if open_ else ""
    return [replace(county, note=note), *rows]


def _per_hundred(estate: _Estate, rule: Rule) -> Count:
    """One estate's area per 100 households."""
    single = rule.options.get("min_single_m2")
    households = estate.households if estate.households == 0 or estate.placed else None
    blank = estate.blank("households", "area", *(("largest",) if single else ()))
    further = (ZERO, ZERO) if single is None else _single_lack(estate, single)
    notes = [_("与 {project} 统筹计算").format(project=estate.project)] if estate.project else []
    if further[0] > 0:
        text = _("单处最大 {have} m²，须 {single} m²")
        have = "—" if estate.largest is None else f"{float(estate.largest):g}"
        notes.append(text.format(have=have, single=f"{float(single or ZERO):g}"))
    return Count(
        estate.id,
        estate.name,
        "estate",
        estate.area or ZERO,
        households,
        "m²",
        scale=100,
        span=None if estate.area is not None else (ZERO, None),
        further=further,
        counted=(estate.id,),
        of=(estate.id,),
        missing=() if households == 0 else blank,
        note=_("；").join(notes),
    )


def _single_lack(estate: _Estate, single: Fraction) -> tuple[Fraction, Fraction]:
    """What the largest site lacks, at least and at most: it cannot be larger than all sites together."""
    if estate.largest is not None:
        lack = max(ZERO, single - estate.largest)
        return lack, lack
    return (ZERO if estate.area is None else max(ZERO, single - estate.area)), single


def _largest_site(estate: _Estate, rule: Rule) -> Count:
    """One estate's largest site; where it is not known it is at most the area of all sites."""
    del rule
    return Count(
        estate.id,
        estate.name,
        "estate",
        estate.largest or ZERO,
        ONE if estate.placed else None,
        "m²",
        span=None if estate.largest is not None else (ZERO, estate.area),
        counted=(estate.id,),
        of=(estate.id,),
        missing=estate.blank("largest"),
    )


@measure("estates rules", scope=ESTATE_SCOPE, options={"new_since": a_date, "of": a_word}, required="new_since of")
def share_that_passes(facts: Facts, rule: Rule) -> list[Count]:
    """The share of estates that pass another rule of the same pack, named by its indicator (``of``)."""
    if "estates" not in facts.frames:
        return nothing_known(facts, mark("个"), "estates")
    judging = next((other for other in facts.rules if other.indicator == rule.options["of"] and other != rule), None)
    if judging is None:
        return nothing_known(facts, mark("个"), f"rules.{rule.options['of']}")
    rows = {row.unit: row for row in MEASURES[judging.measure].count(facts, judging) if row.level == "estate"}
    parts = []
    for estate in _estates(facts, rule):
        row = rows.get(estate.id)
        if row is None or (row.denominator == 0 and not row.missing):
            continue  # the other rule asks nothing of it
        passes = complies(judging, row)
        least, most = ONE if passes else ZERO, ZERO if passes is False else ONE
        parts.append(Part(estate.id, least, most, ONE, estate.placed, row.missing))
    return [share(parts).count(facts.place, "county", mark("个"), whole=True)]
