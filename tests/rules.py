"""Rules for tests, through the loader, so that no test states what a pack could not."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from workspaces import COUNTY, Workspace, toml

from geoplan.compliance import judge
from geoplan.layers.facilities import split_versions
from geoplan.layers.manifest import LayerEntry
from geoplan.layers.units import Borders, assign_units
from geoplan.layers.validation import Door
from geoplan.model import Rule, Verdict
from geoplan.standards import MEASURES, Facts, Pack, load_pack

TOWNS = ["town", "township", "street"]
CENTRE = ["full_residential", "day_care", "home_visit", "guidance"]
PLACE = (COUNTY, "示例县")
NOT_WALKED = frozenset({"roads"})  # no measure looks at roads
HEAD = {"schema": 1, "id": "here", "name": "此地", "document": "此地规划", "target_year": 2025}
_PLAIN = {"name_en": "figure", "unit": "%", "binding": "unstated", "section": "第一章", "quote": "原文"}


def a_pack(*rules: dict[str, Any], services: tuple[dict[str, Any], ...] = (), **head: Any) -> Pack:
    """A pack of rules given key by key; what every rule needs and no test looks at is filled in."""
    text = ["[pack]", *(f"{key} = {toml(value)}" for key, value in {**HEAD, **head}.items())]
    for service in services:
        text += ["[[service]]", *(f"{key} = {toml(value)}" for key, value in service.items())]
    for number, rule in enumerate(rules):
        keys = {"id": f"here.r{number}", "name": rule["measure"], "indicator": f"r{number}", **_PLAIN, **rule}
        text += ["[[rule]]", *(f"{key} = {toml(value)}" for key, value in keys.items())]
    return _loaded("\n".join(text))


@cache
def _loaded(text: str) -> Pack:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "here.toml"
        path.write_text(text, encoding="utf-8")
        return load_pack(str(path))


def a_rule(measure: str, value: str | list[str] | None = None, **keys: Any) -> Rule:
    """One rule; without ``value`` its figure is told and not judged."""
    given = {} if value is None else {"value": value}
    return a_pack({"measure": measure, **given, **keys}).rules[0]


def facts_of(small: Workspace, year: int = 2025) -> Facts:
    """A workspace's facts without a journey over files or roads."""
    doors = {role: Door(frame, LayerEntry(role, "")) for role, frame in small.frames.items() if role not in NOT_WALKED}
    passed = {role: door.pass_through() for role, door in doors.items()}
    frames, _ = assign_units(passed, Borders(passed.get("units")))
    frames["facilities"], versions, _ = split_versions(frames["facilities"])
    frames |= {"facility_versions": versions} if len(versions) else {}
    return Facts(frames, {}, PLACE, year)


def verdicts_of(small: Workspace, rule: Rule, year: int = 2025) -> dict[str, Verdict]:
    """The verdicts of one rule by unit, the county's own first."""
    counts = MEASURES[rule.measure].count(facts_of(small, year), rule)
    assert counts[0].unit == COUNTY
    verdicts: dict[str, Verdict] = {}
    for count in counts:
        verdicts.setdefault(count.unit, judge(rule, count))  # a county that is a unit as well has a row as such
    return verdicts
