"""Every text that users read is there in English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import geoplan
from geoplan import i18n

PACKAGE = Path(geoplan.__file__).parent
FIELD = re.compile(r"\{(\w*)")


@pytest.fixture(scope="module")
def in_source() -> set[str]:
    """The texts inside ``_()`` and ``mark()``."""
    found = extract_from_dir(PACKAGE, method_map=[("**.py", "python")], keywords={"_": None, "mark": None})
    return {message for _file, _line, message, _comments, _context in found if isinstance(message, str)}


@pytest.fixture(scope="module")
def in_english() -> dict[str, str]:
    """The English catalogue."""
    with (PACKAGE / "locale" / "en" / "LC_MESSAGES" / "geoplan.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def test_no_english_text_is_missing(in_source, in_english):
    """Each text of the source has a translation."""
    assert sorted(text for text in in_source if not in_english.get(text)) == []


def test_no_translation_is_left_over(in_source, in_english):
    """Each translation belongs to a text of the source."""
    assert sorted(in_english.keys() - in_source) == []


def test_translations_keep_the_places_for_figures(in_english):
    """A translation has the same ``{fields}`` as its text."""
    differing = {
        text for text, english in in_english.items() if sorted(FIELD.findall(text)) != sorted(FIELD.findall(english))
    }
    assert differing == set()


def test_the_language_belongs_to_its_context():
    """Inside a ``with`` the language is English, behind it what it was before."""
    assert i18n.current() == "zh"
    with i18n.speaking("en"):
        assert i18n._("达标") == "pass"
    assert i18n._("达标") == "达标"
