"""What several sheets share: facilities and homes as layers, names, and figures as lines and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _, mark
from geoplan.layers.schema import NOT_YET_OPEN, OPERATING
from geoplan.model import REACH_LABELS, Reach, Verdict
from geoplan.report import reach, style, tables
from geoplan.report.print_maps.content import Form, Layer, Look, Name

Fact = tuple[str, str]
"""A label and its figure."""
_PX_TO_MM = 0.42  # the style table's radius on the screen as the size of a mark on A3
_HOME_MM = (0.7, 4.2)  # from nobody to the most populous place, by area


def facilities(
    assessment: Assessment, coverage: Coverage | None, chosen: Iterable[str] | None = None, *, quiet: bool = False
) -> list[Layer]:
    """Facilities by kind and state: operating filled, a project hollow, closed grey.

    Args:
        coverage: whose facilities are shown; all where it is None.
        chosen: only these ids.
        quiet: small, beneath what matters on the sheet.
    """
    rows = assessment.layers.frames["facilities"]
    rows = rows[rows.geometry.notna()]
    if coverage is not None:
        rows = rows[rows["kind"].isin(coverage.service.kinds)]
    if chosen is not None:
        rows = rows[rows["facility_id"].isin(list(chosen))]
    operating = rows["facility_id"].isin(assessment.facilities["facility_id"])
    states = np.select([operating, rows["status"].isin([*NOT_YET_OPEN, *OPERATING])], [0, 1], 2)
    layers = []
    for kind, look in style.FACILITY_STYLES.items():
        for state, shown in enumerate(_states(look, 0.6 if quiet else 1.0, style.FACILITY_SYMBOLS[kind])):
            picked = (rows["kind"] == kind).to_numpy(bool) & (states == state)
            if picked.any():
                label = (_(_STATE_LABELS[state]) if state else _STATE_LABELS[0]).format(kind=_(look.label))
                shapes = rows.geometry[picked].to_numpy()
                layers.append(Layer(Form.MARK, shapes, shown, label, _("养老服务设施"), clear=not quiet))
    return layers


_STATE_LABELS = ("{kind}", mark("{kind}（规划或在建）"), mark("{kind}（未运营）"))


def _states(look: style.Kind, times: float, symbol: str) -> tuple[Look, Look, Look]:
    size = look.radius * _PX_TO_MM * times
    return (
        Look(fill=look.colour, line="white", width_mm=0.15, symbol=symbol, size_mm=size),
        Look(fill=style.PROJECT_FILL, line=look.colour, width_mm=0.4, symbol=symbol, size_mm=size),
        Look(fill=style.CLOSED_COLOUR, line="white", width_mm=0.15, symbol=symbol, size_mm=size),
    )


def homes(demand: gpd.GeoDataFrame, county: Any, group: str) -> list[Layer]:
    """Homes that are not covered, a class for each reason; figures are those of the county's account."""
    people = demand[group].fillna(0).to_numpy(float)
    low, high = _HOME_MM
    sizes = low + (high - low) * np.sqrt(people / max(people.max(initial=0), 1))
    layers = []
    for reason in Reach:
        chosen = (demand["reach"] == reason).to_numpy(bool) & (reason is not Reach.COVERED)
        if chosen.any():
            look = Look(
                fill=style.REACH_COLOURS[reason],
                symbol=style.REACH_SYMBOLS[reason],
                opacity=0.85,
                line="white",
                width_mm=0.08,
            )
            label = _("{reason}（{people}）").format(
                reason=_(REACH_LABELS[reason]), people=people_text(float(county[f"{group}_{reason}"]))
            )
            heading = _("未覆盖的{group}").format(group=reach.group_label(group))
            layers.append(Layer(Form.MARK, demand.geometry[chosen].to_numpy(), look, label, heading, sizes[chosen]))
    return layers


def names_of(rows: gpd.GeoDataFrame, rank: int) -> tuple[Name, ...]:
    """The names of places, beside them."""
    placed = rows[rows.geometry.notna()]
    points = shapely.point_on_surface(placed.geometry.to_numpy())
    return tuple(
        Name(str(name), point, rank=rank, size=0.8, gap_mm=1.9)
        for name, point in zip(placed["name"], points, strict=True)
    )


def together(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """All areas as one, without the empty."""
    union = shapely.union_all(shapes)
    return np.array([] if union.is_empty else [union], dtype=object)


def title(assessment: Assessment, subject: str) -> str:
    """A sheet's name: the place, with its scenario, and what the sheet shows."""
    return _("{place}{subject}").format(place=tables.place_name(assessment), subject=subject)


def bare(coverage: Coverage) -> str:
    """The service's name without the minutes that some packs write behind it."""
    name = reach.service_name(coverage.service)
    return name.split("（")[0].split(" (")[0]


def people_text(count: float) -> str:
    """A number of people with its unit; a dash where it is not known."""
    return tables.with_unit(Fraction(count), "人") if np.isfinite(count) else "—"


def account_facts(coverage: Coverage, account: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The covered share of one row of ``Coverage.units``, and the people behind it."""
    group = reach.group_of(coverage)
    label = _("{minutes}分钟覆盖率（{group}）").format(minutes=coverage.service.minutes, group=reach.group_label(group))
    counts = f"{people_text(float(account[f'{group}_covered']))} / {people_text(float(account[group]))}"
    return ((label, reach.share_text(account, group)), (_("已覆盖 / 合计"), counts))


def account_sentence(coverage: Coverage, account: Mapping[str, Any]) -> str:
    """The same as one sentence."""
    (label, share), (_label, counts) = account_facts(coverage, account)
    return _("{name}{label} {share}（{counts}）").format(name=bare(coverage), label=label, share=share, counts=counts)


def coverage_facts(coverage: Coverage) -> tuple[Fact, ...]:
    """``account_facts`` of the county."""
    return account_facts(coverage, coverage.units.iloc[0].to_dict())


def coverage_sentence(coverage: Coverage) -> str:
    """``account_sentence`` of the county."""
    return account_sentence(coverage, coverage.units.iloc[0].to_dict())


def verdict_facts(verdict: Verdict) -> tuple[Fact, ...]:
    """A verdict's value beside its target, and what it comes to."""
    value = tables.value_text(verdict) if verdict.value is not None else tables.missing_text(verdict)
    text = _("{value}（目标 {target}）").format(value=value, target=tables.target_text(verdict))
    return ((tables.rule_name(verdict), text), (_("结论"), tables.outcome_label(verdict)))


def verdict_sentence(verdict: Verdict) -> str:
    """The same as one sentence."""
    (name, text), (_label, outcome) = verdict_facts(verdict)
    return _("{name} {text}，{outcome}").format(name=name, text=text, outcome=outcome)
