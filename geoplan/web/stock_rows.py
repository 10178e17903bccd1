"""Villages, beds and land as tables for the screen, each with what is short."""

from __future__ import annotations

import numpy as np

from geoplan.assess import Assessment
from geoplan.coverage import Coverage
from geoplan.i18n import _
from geoplan.report import reach, stock, style, tables
from geoplan.web import rows
from geoplan.web.rows import Table


def village_table(assessment: Assessment, coverage: Coverage) -> Table:
    """Villages and neighbourhoods: people, who is covered, facilities, and what their rules still need."""
    towns, short = rows.town_names(assessment), stock.shortfalls(assessment, "village")
    group = reach.group_of(coverage)
    records = [
        {
            **row,
            "town": towns(row["township"]),
            "share": 100 * row["covered"] / row["people"] if row["people"] > 0 else np.nan,
            "uncovered": row["people"] - row["covered"],
            "short": short.get(row["unit_code"], "—"),
        }
        for row in stock.villages(assessment, coverage).to_dict("records")
    ]
    return rows.table(
        records,
        ("unit_code", _("代码"), rows.TEXT),
        ("name", _("村居"), rows.TEXT),
        ("town", _("镇街"), rows.TEXT),
        ("people", _("60岁以上（人）") if group == "pop60" else _("总人口（人）"), rows.PEOPLE),
        ("covered", _("已覆盖（人）"), rows.PEOPLE),
        ("uncovered", _("未覆盖（人）"), rows.PEOPLE),
        ("share", _("覆盖率（%）"), rows.SHARE),
        ("facilities", _("运营设施（处）"), rows.PEOPLE),
        ("short", _("还需"), rows.LONG),
        key="unit_code",
        layer="villages",
    )


def bed_table(assessment: Assessment) -> Table:
    """Facilities with beds: nursing beds and their share, what is lacking, how full they are, area per bed."""
    towns = rows.town_names(assessment)
    kinds = {kind: _(look.label) for kind, look in style.FACILITY_STYLES.items()}
    records = [
        {**row, "kind_word": kinds[row["kind"]], "town": towns(row["township"])} for row in stock.beds(assessment)
    ]
    return rows.table(
        records,
        ("facility_id", _("编号"), rows.TEXT),
        ("name", _("名称"), rows.TEXT),
        ("kind_word", _("类型"), rows.TEXT),
        ("town", _("镇街"), rows.TEXT),
        ("beds", _("床位（张）"), rows.PEOPLE),
        ("nursing_beds", _("护理型床位（张）"), rows.PEOPLE),
        ("nursing_share", _("护理型占比（%）"), rows.SHARE),
        ("lacking", _("护理型缺口（张）"), rows.PEOPLE),
        ("residents", _("入住（人）"), rows.PEOPLE),
        ("occupancy", _("入住率（%）"), rows.SHARE),
        ("floor_per_bed", _("床均建筑面积（m²）"), rows.AREA),
        ("site_per_bed", _("床均用地（m²）"), rows.AREA),
        key="facility_id",
        layer="facilities",
    )


def land_table(assessment: Assessment) -> Table | None:
    """Land of facilities per resident, the county first, then its townships; None where the pack has no such rule."""
    verdicts = stock.land(assessment)
    if not verdicts:
        return None
    records = [
        {
            "code": verdict.count.unit,
            "name": verdict.count.unit_name or _("未划入镇街"),
            "land": float(verdict.count.numerator),
            "people": np.nan if verdict.count.denominator is None else float(verdict.count.denominator),
            "each": tables.value_text(verdict),
            "target": tables.target_text(verdict),
            "outcome": tables.outcome_label(verdict),
            "short": float(verdict.needed) if verdict.needed is not None else np.nan,
            "note": tables.missing_text(verdict) or "—",
        }
        for verdict in verdicts
    ]
    return rows.table(
        records,
        ("code", _("代码"), rows.TEXT),
        ("name", _("单元"), rows.TEXT),
        ("land", _("设施用地（m²）"), rows.AREA),
        ("people", _("总人口（人）"), rows.PEOPLE),
        ("each", _("人均用地"), rows.FIGURE),
        ("target", _("目标"), rows.FIGURE),
        ("outcome", _("结论"), rows.TEXT),
        ("short", _("缺口（m²）"), rows.AREA),
        ("note", _("说明"), rows.LONG),
        key="code",
        layer="townships",
    ).without_empty()
