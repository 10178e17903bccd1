"""What a rule may say in its scope and its options: one check for each kind of value.

A check takes what stands in the file and returns the canonical value, or raises ValueError with what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from fractions import Fraction

from geoplan.i18n import _

Check = Callable[[object], object]


def suggestion(word: object, known: Iterable[str]) -> str:
    """``（是否想写 beds？）`` for a word that is nearly a known one, else blank."""
    near = get_close_matches(str(word), list(known), n=1)
    return _("（是否想写 {word}？）").format(word=near[0]) if near else ""


def one_of(known: Iterable[str]) -> Check:
    """One of a few words."""
    words = tuple(known)

    def check(value: object) -> object:
        if not isinstance(value, str) or value not in words:
            text = _("“{value}”不在可选值之中{near}：{known}")
            raise ValueError(text.format(value=value, near=suggestion(value, words), known=", ".join(words)))
        return value

    return check


def some_of(known: Iterable[str]) -> Check:
    """A list of such words, in the order given."""
    one = one_of(known)

    def check(value: object) -> object:
        if not isinstance(value, list) or not value:
            raise ValueError(_("应为非空列表"))
        return tuple(one(item) for item in value)

    return check


def a_date(value: object) -> object:
    """A TOML date."""
    if not isinstance(value, date):
        raise ValueError(_("应为日期，例如 2021-01-01"))  # noqa: TRY004 - checks raise ValueError
    return value


def a_word(value: object) -> object:
    """A text."""
    if not isinstance(value, str) or not value:
        raise ValueError(_("应为文字"))
    return value


def a_yes(value: object) -> object:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(_("应为 true 或 false"))  # noqa: TRY004 - checks raise ValueError
    return value


def a_figure(value: object) -> Fraction:
    """A number written as text, so that 0.1 is a tenth and not its binary neighbour; not negative."""
    if not isinstance(value, str):
        raise ValueError(_('数值须写成带引号的文字，例如 "0.1"'))  # noqa: TRY004 - checks raise ValueError
    try:
        figure = Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(_("“{value}”不是数").format(value=value)) from error
    if figure < 0:
        raise ValueError(_("“{value}”是负数").format(value=value))
    return figure


def a_positive_figure(value: object) -> Fraction:
    """A number written as text, greater than nought."""
    figure = a_figure(value)
    if figure == 0:
        raise ValueError(_("须大于 0"))
    return figure


def a_share(value: object) -> Fraction:
    """A number of per cent written as text, 0 to 100."""
    figure = a_figure(value)
    if figure > 100:  # noqa: PLR2004 - per cent
        raise ValueError(_("“{value}”超过 100%").format(value=value))
    return figure


def table_of(value_check: Check, known: Iterable[str] | None = None) -> Check:
    """A table whose values pass a check and whose keys are of a few words, or any."""
    key_check = a_word if known is None else one_of(known)

    def check(value: object) -> object:
        if not isinstance(value, dict) or not value:
            raise ValueError(_("应为“名称 = 值”的表"))
        return {str(key_check(name)): value_check(item) for name, item in value.items()}

    return check


def some_words(value: object) -> object:
    """A list of texts."""
    if not isinstance(value, list) or not value:
        raise ValueError(_("应为非空列表"))
    return tuple(str(a_word(item)) for item in value)


def words_of(check: Mapping[str, Check]) -> str:
    """The names of the checks, for a message."""
    return ", ".join(sorted(check))
