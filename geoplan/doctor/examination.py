"""The registry of checks, and a workspace held against all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from geoplan.doctor import people, places, statements, streets, units
from geoplan.doctor.records import Case, Finding, shapes_of
from geoplan.doctor.references import references_of
from geoplan.i18n import mark
from geoplan.layers import Layers
from geoplan.model import Problem, Severity
from geoplan.network import Ways


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the data.

    Attributes:
        label: what it looks for, in Chinese.
    """

    id: str
    label: str
    run: Callable[[Case], Iterator[Finding]]


CHECKS: tuple[Check, ...] = (
    Check("offset_datum", mark("坐标基准偏移"), places.offset_datum),
    Check("in_water", mark("设施落在水中"), places.in_water),
    Check("outside_county", mark("设施在县外"), places.outside_county),
    Check("far_from_roads", mark("设施远离道路"), places.far_from_roads),
    Check("exact_duplicates", mark("完全相同的行"), places.exact_duplicates),
    Check("duplicates", mark("不同名称的重复设施"), places.duplicates),
    Check("overlaps", mark("行政单元重叠"), units.overlaps),
    Check("unit_gaps", mark("行政单元空隙"), units.unit_gaps),
    Check("missing_townships", mark("缺少的乡镇街道"), units.missing_townships),
    Check("against_census", mark("人口合计与普查"), people.against_census),
    Check("places_without_people", mark("无人的居民点"), people.places_without_people),
    Check("households_without_people", mark("有住户而无居民"), people.households_without_people),
    Check("parts_above_whole", mark("部分大于全部（护理型床位多于床位等）"), statements.parts_above_whole),
    Check("two_sources", mark("同一事实有几个来源"), statements.two_sources),
    Check("undocumented", mark("没有写明来源、许可或日期"), statements.undocumented),
    Check("islands", mark("路网孤岛"), streets.islands),
    Check("stopping_at_border", mark("道路止于县界"), streets.stopping_at_border),
    Check("dangling_ends", mark("没有接上的道路端点"), streets.dangling_ends),
    Check("crossings_without_node", mark("没有节点的交叉"), streets.crossings_without_node),
)


def examine(case: Case) -> tuple[Finding, ...]:
    """Everything that is wrong with a workspace, the worst first: what reading its layers found, and every check."""
    return with_known(checked(case), case.layers, case.layers.problems)


def findings_of(layers: Layers, ways: Ways | None, known: Iterable[Problem]) -> tuple[Finding, ...]:
    """Everything that is wrong with layers that an assessment was made from.

    Args:
        known: the problems of the assessment.
    """
    return with_known(checked(Case(layers, ways, references_of(layers))), layers, known)


def checked(case: Case) -> tuple[Finding, ...]:
    """What the checks find, in their order."""
    return tuple(replace(each, check=check.id) for check in CHECKS for each in check.run(case))


def with_known(found: Iterable[Finding], layers: Layers, known: Iterable[Problem]) -> tuple[Finding, ...]:
    """Findings and the problems that were met on the way, each once, the worst first."""
    own = {(each.problem.layer, each.problem.message): each for each in found}
    carried = [
        Finding(problem, count=len(problem.rows), where=shapes_of(layers, problem.layer, problem.rows))
        for problem in known
        if (problem.layer, problem.message) not in own
    ]
    order = list(Severity)
    return tuple(sorted([*carried, *own.values()], key=lambda each: order.index(each.problem.severity)))
