"""The parameters of an assessment by name, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoplan.assess import Assessment
from geoplan.i18n import _, mark

PARAMETER_LABELS: Mapping[str, str] = {
    "year": mark("核查年份"),
    "planned": mark("计入到期的规划设施"),
    "mode": mark("出行方式"),
    "speed_mps": mark("平路速度（m/s）"),
    "off_road_mps": mark("离路速度（m/s）"),
    "steps_factor": mark("台阶速度折减"),
    "slope": mark("坡度模型"),
    "oneway": mark("遵守单行"),
    "access": mark("通行权限"),
    "never": mark("不通行的道路等级"),
    "speeds_mps": mark("各等级道路速度（m/s）"),
    "snap_limit_m": mark("离路距离上限（m）"),
    "small_island_m": mark("改接主网的小孤岛（m）"),
    "crs": mark("坐标系"),
}
_NAMES = ("name", "name_en")


def parameters_of(assessment: Assessment) -> dict[str, Any]:
    """The parameters as JSON knows them, in the order in which they are listed."""
    told = assessment.provenance
    profile = told["profile"]
    assert isinstance(profile, dict)  # noqa: S101 - as provenance makes it
    travel = {key: value for key, value in profile.items() if key not in {"id", *_NAMES}}
    known: dict[str, Any] = {"year": assessment.year, "planned": assessment.settings.planned, "mode": profile["id"]}
    limits = {key: told[key] for key in ("snap_limit_m", "small_island_m", "crs")}
    found = known | travel | limits
    order = [key for key in PARAMETER_LABELS if key in found]
    return {key: found[key] for key in (*order, *(key for key in found if key not in PARAMETER_LABELS))}


def parameter_label(key: str) -> str:
    """The words for a parameter."""
    return _(PARAMETER_LABELS.get(key, key))


def parameter_text(value: object) -> str:
    """A parameter's value for readers."""
    match value:
        case bool():
            return _("是") if value else _("否")
        case dict():
            return _("、").join(f"{key} {item:g}" for key, item in sorted(value.items())) or "—"
        case list() | tuple():
            return _("、").join(map(str, value)) or "—"
        case int() | float():
            return f"{value:g}"
        case None | "":
            return "—"
        case _:
            return str(value)
