"""What a rule takes for granted that its plan does not say, in words."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from geoplan.i18n import _, current, mark
from geoplan.model import Rule, Service
from geoplan.report.field_words import coded
from geoplan.report.numbers import figure

# What a pack may assume, in words.
_ASSUMED: Mapping[str, str] = MappingProxyType(
    {
        "value": mark("目标值"),
        "tolerance": mark("允许偏差"),
        "service": mark("服务"),
        "group": mark("人群"),
        "basis": mark("人口口径"),
        "functions": mark("功能"),
        "of": mark("计算对象"),
        "pooled": mark("合并计算"),
        "threshold_m": mark("毗邻距离（m）"),
        "new_since": mark("新建小区的起始年份"),
        "high_share65": mark("老龄化程度高的界限"),
        "vacant_below": mark("空置的界限"),
        "beds_quantile": mark("规模小的界限（分位）"),
        "occupancy_below": mark("入住率低的界限"),
        "minutes_above": mark("路程远的界限（分钟）"),
    }
)


def assumed_text(rule: Rule) -> str:
    """What is ours and not the plan's, ``假设：毗邻距离（m） 200``, for where no heading says so; blank where nothing is."""
    told = assumptions(rule)
    return _("假设：{assumed}").format(assumed=told) if told else ""


def assumptions(rule: Rule, services: Mapping[str, Service] | None = None) -> str:
    """What is ours and not the plan's, in words; blank where nothing is.

    Args:
        services: of the pack by id, for their names.
    """
    names = {name: one.name_en if current() == "en" else one.name for name, one in (services or {}).items()}
    words = [(_(_ASSUMED.get(name, name)), _assumed(rule, name)) for name in rule.assumed]
    return _("、").join(f"{word} {names.get(value, value)}".rstrip() for word, value in words)


def _assumed(rule: Rule, name: str) -> str:
    """The value of something assumed; blank where it is too long to be told beside its name."""
    given = {"value": rule.target, "tolerance": rule.tolerance, **rule.options}
    value = given.get(name, rule.scope.get(name.removeprefix("scope.")))
    if isinstance(value, tuple):
        return _("、").join(coded(str(one)) for one in value)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if value is None or isinstance(value, dict):
        return ""
    return figure(value) if isinstance(value, Fraction) else coded(str(value))
