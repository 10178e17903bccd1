"""Every text that users read is there in English."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import geoplan
from geoplan import i18n

PACKAGE = Path(geoplan.__file__).parent
SEVERAL = "\x00"  # between what is said of one and of several
FIELD = re.compile(r"\{(\w*)")


@pytest.fixture(scope="module")
def in_source() -> set[str]:
    """The texts inside ``_()``, ``many()`` and ``mark()``, also within f-strings, where Babel does not look."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in PACKAGE.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    said = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in {"_", "many", "mark"}]
    return {text.value for text in said if isinstance(text, ast.Constant)}


@pytest.fixture(scope="module")
def in_english() -> dict[str, str]:
    """The English catalogue."""
    with (PACKAGE / "locale" / "en" / "LC_MESSAGES" / "geoplan.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    return {_forms(message.id)[0]: _told(_forms(message.string)) for message in messages}


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """Of one and of several where that differs."""
    return (text,) if isinstance(text, str) else text


def _told(forms: tuple[str, ...]) -> str:
    """All forms; blank where one is missing."""
    return SEVERAL.join(forms) if all(forms) else ""


def test_no_english_text_is_missing(in_source, in_english):
    """Each text of the source has a translation."""
    assert sorted(text for text in in_source if not in_english.get(text)) == []


def test_no_translation_is_left_over(in_source, in_english):
    """Each translation belongs to a text of the source."""
    assert sorted(in_english.keys() - in_source) == []


def test_translations_keep_the_places_for_figures(in_english):
    """A translation has the same ``{fields}`` as its text."""
    differing = {
        text
        for text, english in in_english.items()
        if any(sorted(FIELD.findall(text)) != sorted(FIELD.findall(form)) for form in english.split(SEVERAL))
    }
    assert differing == set()


def test_the_language_belongs_to_its_context():
    """Inside a ``with`` the language is English, behind it what it was before."""
    assert i18n.current() == "zh"
    with i18n.speaking("en"):
        assert i18n._("达标") == "pass"
    assert i18n._("达标") == "达标"


# Chinese punctuation and characters; the quotation marks “ ” are those of English print as well.
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
PUNCTUATION = re.compile(r"[、。《》（），：；！？“”]")
# Modules whose Chinese is data: the words of files, of the demo's layers, of our templates.
OF_DATA = re.compile(
    r"demo/|intake/(?:headers|templates)\.py|layers/(?:cells|schema|validation)\.py|print_maps/furniture\.py"
)


def test_english_is_punctuated_in_english(in_english):
    """No English text holds a Chinese character or mark."""
    assert {text: english for text, english in in_english.items() if CHINESE.search(english)} == {}


def untranslated(tree: ast.Module) -> set[str]:
    """The string constants outside ``_()``, ``mark()`` and docstrings; patterns that are searched for are no text."""
    exempt: set[int] = set()
    for node in ast.walk(tree):
        name = getattr(node, "func", None)
        called = getattr(name, "id", getattr(name, "attr", ""))
        if isinstance(node, ast.Call) and called in {"_", "many", "mark", "compile", "rstrip", "split"}:
            exempt |= {id(part) for part in ast.walk(node)}
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and isinstance(node.body[0], ast.Expr):
            exempt.add(id(node.body[0].value))
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in exempt]
    return {node.value for node in constants if isinstance(node.value, str)}


def test_sentences_are_joined_in_the_readers_language():
    """No text outside the catalogue brings a Chinese mark into an English line."""
    files = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    found = {
        (name, text)
        for name, path in files.items()
        if not OF_DATA.search(name)
        for text in untranslated(ast.parse(path.read_text(encoding="utf-8")))
        if PUNCTUATION.search(text)
    }
    assert found == set()
