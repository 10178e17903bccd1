"""Texts on their way to a page: names and quotations come from files and are shown as text, in the order they are written in."""

from __future__ import annotations

import html
import re

_MARKS = re.compile(r"[!-/:-@\[-`{-~]")  # all punctuation of ASCII
# What turns the direction of writing would turn all that stands behind it in the line.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def straight(text: str) -> str:
    """Any text without the invisible marks that turn the direction of writing."""
    return _TURNS.sub("", text)


def escape(text: str) -> str:
    """Any text for HTML."""
    return html.escape(straight(text))


def plain(text: str) -> str:
    """Any text for a label, in which Streamlit reads Markdown: every mark of it comes out as it stands."""
    return _MARKS.sub(r"\\\g<0>", straight(text))


def headed(word: str) -> str:
    """A word that stands by itself, with a capital where its language has such."""
    return word[:1].upper() + word[1:]
