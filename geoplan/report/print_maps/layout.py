"""The page layout as a bureau writes it: a TOML file with its title block, margins, sizes and fonts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geoplan.causes import cause
from geoplan.errors import Fault, LayoutError
from geoplan.i18n import _
from geoplan.standards.options import one_of, some_words, suggestion
from geoplan.standards.toml_lines import line_of, lines_of

LAYOUT_TEMPLATE = resources.files("geoplan.report.print_maps") / "layout.toml"
"""Every key with its default and what it means, to be copied."""
GRATICULES = ("degrees", "metres", "none")
Check = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the sheets of a set are laid out; millimetres and points are of an A3 sheet.

    Attributes:
        families: fonts by name, the first that is installed is used; what it lacks is taken from the next ones.
        scale: denominator of the county sheets' scale; 0 for the largest round one that fits.
        graticule: what is drawn over the map: ``degrees``, ``metres`` or ``none``.
    """

    drafting_unit: str = ""
    approval_number: str = ""
    date: str = ""
    logo: str = ""
    margin_mm: float = 10.0
    title_mm: float = 20.0
    panel_mm: float = 84.0
    block_mm: float = 62.0
    families: tuple[str, ...] = ()
    text_pt: float = 9.0
    title_pt: float = 26.0
    name_pt: float = 9.5
    scale: int = 0
    graticule: str = "degrees"


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(_("应为文字"))  # noqa: TRY004 - checks raise ValueError
    return " ".join(value.split())


def _day(value: object) -> object:
    """A TOML date, or the words for one: 2026年11月."""
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else _text(value)


def _between(low: float, high: float) -> Check:
    def check(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(_("应为 {low:g} 到 {high:g} 之间的数").format(low=low, high=high))
        return float(value)

    return check


def _scale(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or (value and not 100 <= value <= 10_000_000):  # noqa: PLR2004
        raise ValueError(_("应为比例尺的分母，例如 100000；0 为自动"))
    return value


_KEYS: Mapping[str, Mapping[str, Check]] = MappingProxyType(
    {
        "title_block": {"drafting_unit": _text, "approval_number": _text, "date": _day, "logo": _text},
        "page": {
            "margin_mm": _between(3, 40),
            "title_mm": _between(8, 60),
            "panel_mm": _between(50, 160),
            "block_mm": _between(40, 120),
        },
        "text": {
            "families": some_words,
            "text_pt": _between(5, 20),
            "title_pt": _between(8, 60),
            "name_pt": _between(5, 20),
        },
        "map": {"scale": _scale, "graticule": one_of(GRATICULES)},
    }
)


def read_layout(path: Path) -> Layout:
    """Read a layout file; keys that it leaves out keep their defaults.

    Raises:
        LayoutError: it cannot be read, is not TOML, or says something it should not; carries every fault.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        table = tomllib.loads(text)
    except OSError as error:
        raise LayoutError(_("无法读取版式文件 {name}：{error}。").format(name=path, error=cause(error))) from error
    except UnicodeDecodeError as error:
        raise LayoutError.of(path.name, [Fault(1, "TOML", _("不是 UTF-8 编码，请另存为 UTF-8"))]) from error
    except tomllib.TOMLDecodeError as error:
        raise LayoutError.of(path.name, [Fault(0, "TOML", cause(error))]) from error
    found: dict[str, Any] = {}
    lines = lines_of(text.replace("\r\n", "\n"))
    faults = [Fault(line_of(lines, place), where, what) for place, where, what in _faults(table, found)]
    if faults:
        raise LayoutError.of(path.name, faults)
    return Layout(**found)


def _faults(table: Mapping[str, Any], found: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """What is wrong, as place, where and what; what is right goes into ``found``."""
    for name, keys in table.items():
        if name not in _KEYS or not isinstance(keys, dict):
            text = _("不认识的表{near}，可用：{known}")
            yield (name,), name, text.format(near=suggestion(name, _KEYS), known=", ".join(_KEYS))
            continue
        for key, value in keys.items():
            where = f"[{name}] {key}"
            if key not in _KEYS[name]:
                text = _("不认识的键“{key}”{near}，可用：{known}")
                known = _KEYS[name]
                yield (name, key), where, text.format(key=key, near=suggestion(key, known), known=", ".join(known))
                continue
            try:
                found[key] = _KEYS[name][key](value)
            except ValueError as error:
                yield (name, key), where, str(error)
