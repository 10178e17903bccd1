"""Where things stand in a TOML file: tomllib reads the values and forgets the lines.

Only for files that tomllib has accepted, so that nothing here has to doubt the syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
# Strings before comments: a # inside a string begins no comment, and a quote inside a comment no string.
_TOKEN = re.compile(
    r"\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#[^\n]*|[\[\]{}]|\n", re.DOTALL
)
Place = tuple[str | int, ...]


def lines_of(text: str) -> Mapping[Place, int]:
    """The line, counted from 1, of every table, item of an array of tables, and key at the head of a line.

    ``[[rule]]`` stands under ``("rule", 0)``, ``("rule", 1)``, ...; its key ``value`` under ``("rule", 0, "value")``, and
    a key of ``[rule.options]`` under ``("rule", 0, "options", "field")``.
    """
    found: dict[Place, int] = {}
    counts: dict[str, int] = {}
    table: Place = ()
    for number, line in _statements(text):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            first, *rest = _names(header[2])
            if header[1] == "[[" and not rest:
                counts[first] = counts.get(first, -1) + 1
            table = (first, counts[first], *rest) if first in counts else (first, *rest)
            found.setdefault(table, number)
        elif key is not None:
            found.setdefault((*table, *_names(key[1])), number)
    return MappingProxyType(found)


def _names(dotted: str) -> list[str]:
    return [name.strip().strip("\"'") for name in dotted.split(".")]


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines at which a statement begins, with their numbers: not those inside a string, an array or a table."""
    depth, number, begins = 0, 1, True
    lines = text.split("\n")
    for token in _TOKEN.finditer(text):
        word = token.group()
        if begins:
            yield number, lines[number - 1]
            begins = False
        if word == "\n":
            number += 1
            begins = depth == 0
        elif word in "[{":
            depth += 1
        elif word in "]}":
            depth -= 1
        else:
            number += word.count("\n")
    if begins and number <= len(lines):
        yield number, lines[number - 1]


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a place, or of what contains it: of a key inside ``options = { ... }`` that of ``options``."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)
