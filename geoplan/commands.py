"""A group of commands whose help is in the reader's language throughout: typer has its own headings in English only."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from geoplan.i18n import _


class Commands(typer.Typer):
    """Commands that are called by a word; without one the help is shown."""

    def __init__(self, about: str, **given: Any) -> None:
        super().__init__(cls=_Group, help=about, no_args_is_help=True, rich_markup_mode=None, **given)

    def add(self, word: str, about: str, function: Callable[..., Any]) -> None:
        """One more command.

        Args:
            about: what it does, in the reader's language.
        """
        self.command(word, help=about, cls=_Command)(function)


class _Group(TyperGroup):
    def get_help(self, ctx: Any) -> str:
        return _told(super().get_help(ctx))


class _Command(TyperCommand):
    def get_help(self, ctx: Any) -> str:
        return _told(super().get_help(ctx))


def _told(text: str) -> str:
    """The help with typer's own words in the reader's language; ours and what a user types stay as they are."""
    words = {
        r"^Usage: ": _("用法："),
        r"^Arguments:": _("参数："),
        r"^Options:": _("选项："),
        r"^Commands:": _("命令："),
        r"(?<= )\[OPTIONS\]": _("[选项]"),
        r"(?<= )COMMAND \[ARGS\]\.\.\.": _("命令 [参数]…"),
        r"Show\s+this\s+message\s+and\s+exit\.": _("显示本说明"),
        r"\[default:(?: |(?=\n))": _("[默认："),
        r"\[required\]": _("[必填]"),
        r"(?<=; )required\]": _("必填]"),
    }
    for english, own in words.items():
        text = re.sub(english, own, text, flags=re.MULTILINE)
    return text
