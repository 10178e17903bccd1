"""The table of typed figures as a grid, what was changed in it and what is wrong with that; the packs of a chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from geoplan.assess import Assessment
from geoplan.i18n import _, current
from geoplan.model import Rule
from geoplan.report import tables
from geoplan.report.figures_table import TYPED, Typed, typed_problems
from geoplan.standards import Pack
from geoplan.standards.measures.entered import kind_word
from geoplan.web import rows
from geoplan.web.rows import Table

TOLD = ("name", "kind", "target", "outcome", "clause")


def heads() -> dict[str, str]:
    """The words over the columns of the grid, those that are told before those that are typed but for the clause."""
    return {
        "name": _("指标"),
        "kind": _("填什么"),
        "target": _("目标"),
        "value": _("现值"),
        "outcome": _("结论"),
        "source": _("来源"),
        "as_of": _("日期"),
        "entered_by": _("填报人"),
        "note": _("备注"),
        "clause": _("条款"),
    }


def figure_frame(assessment: Assessment, rules: Sequence[Rule], typed: Mapping[str, Typed]) -> pd.DataFrame:
    """One row per rule with what is typed for it and what it comes to."""
    outcomes = {one.rule.id: tables.outcome_label(one) for one in assessment.verdicts if one.count.level == "county"}
    records = [
        {
            "name": tables.name_of(rule),
            "kind": _("{kind}（{unit}）").format(kind=kind_word(rule), unit=_(rule.value_unit))
            if rule.value_unit and rule.value_unit != tables.YES_NO
            else kind_word(rule),
            "target": tables.demand_text(rule),
            "outcome": outcomes.get(rule.id, _("当年不适用")),
            "clause": rule.clause.section,
            **{name: getattr(typed[rule.id], name) for name in TYPED},
        }
        for rule in rules
    ]
    return pd.DataFrame(records, columns=list(heads())).astype(str)


def changed(edited: pd.DataFrame, rules: Sequence[Rule], seen: Mapping[str, Typed], author: str) -> dict[str, Typed]:
    """By rule the rows that differ from what was seen; who typed is filled in where it is left blank.

    Args:
        edited: the grid as it is, its rows in the order of the rules.
    """
    found = {}
    for rule, row in zip(rules, edited.to_dict("records"), strict=True):
        # A cell that was emptied holds no text.
        typed = Typed.of({name: row[name] if isinstance(row[name], str) else "" for name in TYPED})
        if typed != seen[rule.id]:
            found[rule.id] = typed if typed.entered_by else replace(typed, entered_by=author)
    return found


def problems(typed: Mapping[str, Typed], rules: Mapping[str, Rule]) -> list[str]:
    """What is wrong with the rows that were changed, each with the figure and the cell in words."""
    words, text = heads(), _("{name}，{cell}：{problem}")
    return [
        text.format(name=tables.name_of(rules[name]), cell=words[field], problem=problem)
        for name, row in typed.items()
        for field, problem in typed_problems(row, rules[name])
    ]


def chain_table(packs: Sequence[Pack]) -> Table:
    """Packs with the plan that each comes from, and how many rules are its own."""
    records = [
        {
            "id": pack.id,
            "name": pack.name_en if current() == "en" else pack.name,
            "document": pack.document,
            "own": float(sum(not rule.chain for rule in pack.rules)),
            "inherited": float(sum(bool(rule.chain) for rule in pack.rules)),
        }
        for pack in packs
    ]
    return rows.table(
        records,
        ("id", _("规则包"), rows.TEXT),
        ("name", _("名称"), rows.TEXT),
        ("document", _("规划文件"), rows.LONG),
        ("own", _("自有规则"), rows.WHOLE),
        ("inherited", _("继承规则"), rows.WHOLE),
    )
