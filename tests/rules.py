"""Rules for tests, through the loader, so that no test states what a pack could not."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from workspaces import toml

from geoplan.model import Rule
from geoplan.standards import Pack, load_pack

TOWNS = ["town", "township", "street"]
CENTRE = ["full_residential", "day_care", "home_visit", "guidance"]
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
