"""The language of what users read: Chinese in the source, English through a gettext catalogue.

The language belongs to a context (a command, a browser session), never to the process, so that two
people with different languages can share one server.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")
_LOCALE = Path(__file__).parent / "locale"
_language: ContextVar[str] = ContextVar("geoplan_language", default="zh")


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of one language; Chinese is the source and needs none."""
    if language == "zh":
        return gettext.NullTranslations()
    # Babel compiles the text catalogue in memory: no binary file to build, ship or forget. Imported here because
    # Chinese, the default, does without it.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = io.BytesIO()
    with (_LOCALE / language / "LC_MESSAGES" / "geoplan.po").open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def use(language: str) -> None:
    """Speak this language from here on in the current context.

    Raises:
        ValueError: for a language other than ``zh`` and ``en``.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}: choose one of {', '.join(LANGUAGES)}")
    _language.set(language)


def current() -> str:
    """The language of the current context."""
    return _language.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language inside a ``with`` block."""
    before = current()
    use(language)
    try:
        yield
    finally:
        _language.set(before)


def _(message: str) -> str:
    """The message in the language of the current context."""
    return catalogue(current()).gettext(message)


def many(message: str, count: float | Fraction) -> str:
    """The message for so many of what it speaks of, in the language of the current context.

    Chinese has one form for any number: ``many("{count} 项有修改", 2)`` is ``{count} changes`` in English, of one ``{count} change``.
    """
    told = catalogue(current()).ngettext(message, message, 1 if count == 1 else 2)
    return _(message) if told == message else told  # some have one form in English too


def mark(message: str) -> str:
    """Name a message for the catalogue that is translated later, where it is shown."""
    return message
