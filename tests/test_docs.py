"""The pages of the documentation: they name all that there is, in both languages, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geoplan.layers.schema import ROLES
from geoplan.model import REACH_LABELS
from geoplan.scenario.edits import KINDS

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")]


def _coded(page: str) -> set[str]:
    """What a page sets as code."""
    return set(re.findall(r"`([^`\s]+)`", page))


@pytest.mark.parametrize("page", ["workspace.md", "workspace.zh.md"])
def test_every_layer_field_and_coded_word_stands_in_the_page_about_workspaces(page):
    """Someone who prepares data finds each role, each field of it, and each code with its Chinese word."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    fields = [field for role in ROLES.values() for field in role.fields]
    codes = {code for field in fields for code in field.vocabulary or ()}
    told = _coded(text) | {"sha256"}  # which geoplan itself writes, of a raster
    assert {*ROLES, *(field.name for field in fields)} - told == set()
    assert {code for code in codes if code not in text} == set()


@pytest.mark.parametrize("page", ["scenarios.md", "scenarios.zh.md"])
def test_every_kind_of_edit_stands_in_the_page_about_scenarios(page):
    """Whoever types an edit finds its name; in Chinese with the words that the app has for it."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert set(KINDS) - _coded(text) == set()
    if page.endswith(".zh.md"):
        assert [name for name, kind in KINDS.items() if f"`{name}` {kind.label}" not in text] == []


def test_the_chinese_page_about_travel_times_names_every_reason_as_the_tool_does():
    """The words of the tables are those of the method."""
    text = (ROOT / "docs" / "travel-time.zh.md").read_text(encoding="utf-8")
    assert [label for label in REACH_LABELS.values() if f"*{label}*" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_another_page_or_picture_leads_to_a_file(page):
    """No reader ends at nothing; addresses elsewhere are not asked."""
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
