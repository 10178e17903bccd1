"""What axe-core, the engine that most checkers of accessibility are made with, finds wrong with a page: an oracle that is not ours."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe()
_OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
    # `contrast.py` measures it, of placeholders too, and not of what is still fading in.
    "rules": {"color-contrast": {"enabled": False}},
}


def violations(page: Page) -> list[str]:
    """What breaks WCAG 2.2 at level A or AA: the rule and the element, for each element."""
    found = _AXE.run(page, options=_OPTIONS).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
