"""One pack file: its tables become records, and everything that is wrong with it is said at once, with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from geoplan.causes import cause
from geoplan.errors import Fault, PackError
from geoplan.i18n import _, mark
from geoplan.layers.schema import FACILITY_KINDS
from geoplan.model import Binding, Clause, Comparator, Rule, Service
from geoplan.standards.measures import MEASURES, Measure
from geoplan.standards.options import Check, a_figure, one_of, some_of, suggestion
from geoplan.standards.toml_lines import Place, line_of, lines_of

_Word = TypeVar("_Word", Comparator, Binding)
SCHEMA = 1
# Key to the type of its value; ``object`` where a check of its own follows.
_PACK_KEYS: Mapping[str, type] = MappingProxyType(
    {"schema": int, "id": str, "name": str, "name_en": str, "extends": list, "document": str, "target_year": int}
)
_SERVICE_KEYS: Mapping[str, type] = MappingProxyType(
    {"id": str, "name": str, "name_en": str, "kinds": object, "minutes": object}
)
_RULE_REQUIRED = frozenset({"id", "indicator", "name", "name_en", "measure", "unit", "binding", "section", "quote"})
_RULE_KEYS: Mapping[str, type] = MappingProxyType(
    {
        **dict.fromkeys(_RULE_REQUIRED, str),
        **dict.fromkeys(("comparator", "document", "numerator", "denominator", "note", "note_en"), str),
        **dict.fromkeys(("value", "tolerance", "due"), object),
        **dict.fromkeys(("assumed", "also"), list),
        **dict.fromkeys(("scope", "options"), dict),
    }
)
_TYPES: Mapping[type, str] = MappingProxyType(
    {str: mark("文字"), int: mark("整数"), list: mark("列表"), dict: mark("表")}
)
_ALSO = frozenset({"section", "quote"})


@dataclass(frozen=True, slots=True)
class _Demand:
    """Comparator, target, upper end of a range, and how far "about" reaches."""

    comparator: Comparator
    target: Fraction | None
    upper: Fraction | None
    tolerance: Fraction


@dataclass(frozen=True)
class PackFile:
    """What a pack file says for itself, and what is wrong with it.

    Attributes:
        placed: (its place among the file's rules, rule) of each rule that could be understood.
        lines: place to line.
    """

    id: str
    name: str
    name_en: str
    document: str
    target_year: int | None
    extends: tuple[str, ...]
    services: tuple[Service, ...]
    placed: tuple[tuple[int, Rule], ...]
    faults: tuple[Fault, ...]
    lines: Mapping[Place, int]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order of the file."""
        return tuple(rule for _place, rule in self.placed)

    def line(self, *place: str | int) -> int:
        """The line of a place."""
        return line_of(self.lines, place)


def read_pack_file(name: str, source: Traversable | Path) -> PackFile:
    """Read one file.

    Raises:
        PackError: it cannot be read, or is not TOML.
    """
    try:
        text = source.read_bytes().decode("utf-8-sig")
        table = tomllib.loads(text)
    except OSError as error:
        raise PackError(_("无法读取规则包 {name}：{error}。").format(name=name, error=cause(error))) from error
    except UnicodeDecodeError as error:
        raise PackError.of(name, [Fault(1, "TOML", _("不是 UTF-8 编码，请另存为 UTF-8"))]) from error
    except tomllib.TOMLDecodeError as error:
        raise PackError.of(name, [Fault(_line_in(str(error)), "TOML", cause(error, placed=False))]) from error
    return _Reader(lines_of(text.replace("\r\n", "\n"))).file(table)


def _line_in(message: str) -> int:
    """The line that tomllib names in ``(at line 3, column 1)``; the last where it says the end of the document."""
    _before, _at, after = message.partition("(at line ")
    digits = after.split(",")[0]
    return int(digits) if digits.isdigit() else 0


class _Reader:
    """Turns the tables of one file into records; what it cannot understand it notes and leaves out."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = lines
        self._faults: list[Fault] = []

    def _complain(self, place: Place, where: str, what: str) -> None:
        self._faults.append(Fault(line_of(self._lines, place), where, what))

    def file(self, table: dict[str, Any]) -> PackFile:
        head = table.get("pack")
        if not isinstance(head, dict):
            self._complain(("pack",), "[pack]", _("缺少该表"))
            head = {}
        else:
            self._keys(("pack",), "[pack]", head, frozenset({"schema", "id", "name"}), _PACK_KEYS)
        for key in table.keys() - {"pack", "service", "rule"}:
            self._complain((key,), key, _("不认识的表{near}").format(near=suggestion(key, ("pack", "service", "rule"))))
        if isinstance(head.get("schema", SCHEMA), int) and head.get("schema", SCHEMA) != SCHEMA:
            self._complain(("pack", "schema"), "[pack]", _("schema 须为 {known}").format(known=SCHEMA))
        document = _text(head, "document")
        services = [self._service(place, item) for place, item in self._tables(table, "service")]
        rules = [(place, self._rule(place, item, document)) for place, item in self._tables(table, "rule")]
        placed = tuple((place, rule) for place, rule in rules if rule is not None)
        self._repeated(placed)
        year = head.get("target_year")
        return PackFile(
            id=_text(head, "id"),
            name=_text(head, "name"),
            name_en=_text(head, "name_en") or _text(head, "name"),
            document=document,
            target_year=year if isinstance(year, int) else None,
            extends=self._extends(head),
            services=tuple(service for service in services if service is not None),
            placed=placed,
            faults=tuple(sorted(self._faults, key=lambda fault: fault.line)),
            lines=self._lines,
        )

    def _keys(
        self, place: Place, where: str, table: Mapping[str, Any], required: Iterable[str], known: Mapping[str, type]
    ) -> bool:
        """Whether a table has the keys it needs, only known ones, and values of the right type."""
        before = len(self._faults)
        for key in sorted(set(required) - table.keys()):
            self._complain(place, where, _("缺少 {key}").format(key=key))
        for key, value in table.items():
            if key not in known:
                text = _("不认识的键“{key}”{near}，可用：{known}")
                words = text.format(key=key, near=suggestion(key, known), known=", ".join(sorted(known)))
                self._complain((*place, key), where, words)
            elif not isinstance(value, known[key]) or (known[key] is int and isinstance(value, bool)):
                text = _("值的类型不对，应为{kind}").format(kind=_(_TYPES[known[key]]))
                self._complain((*place, key), f"{where} {key}", text)
        return len(self._faults) == before

    def _tables(self, table: dict[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
        tables = table.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
            self._complain((key,), key, _("应写成 [[{key}]]").format(key=key))
            return []
        return list(enumerate(tables))

    def _extends(self, head: Mapping[str, Any]) -> tuple[str, ...]:
        names = head.get("extends", [])
        if not isinstance(names, list):
            return ()
        if not all(isinstance(name, str) for name in names):
            self._complain(("pack", "extends"), "[pack]", _("{key} 应为文字列表").format(key="extends"))
            return ()
        return tuple(names)

    def _repeated(self, placed: tuple[tuple[int, Rule], ...]) -> None:
        first: dict[str, int] = {}
        for place, rule in placed:
            if rule.id in first:
                line = line_of(self._lines, ("rule", first[rule.id], "id"))
                text = _("规则编号重复，第 {line} 行已有").format(line=line)
                self._complain(("rule", place, "id"), f"[[rule]] {rule.id}", text)
            first.setdefault(rule.id, place)

    def _service(self, number: int, table: dict[str, Any]) -> Service | None:
        place, where = ("service", number), f"[[service]] {table.get('id', '?')}"
        good = self._keys(place, where, table, _SERVICE_KEYS, _SERVICE_KEYS)
        kinds = self._checked((*place, "kinds"), f"{where} kinds", some_of(FACILITY_KINDS), table.get("kinds"))
        minutes = table.get("minutes")
        if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes <= 0:
            self._complain((*place, "minutes"), f"{where} minutes", _("应为正整数"))
            return None
        return Service(table["id"], table["name"], table["name_en"], kinds, minutes) if good and kinds else None

    def _checked(self, place: Place, where: str, check: Check, value: object) -> Any:
        """What a check makes of a value; None when it finds fault with it."""
        try:
            return check(value)
        except ValueError as error:
            self._complain(place, where, str(error))
            return None

    def _rule(self, number: int, table: dict[str, Any], document: str) -> Rule | None:
        place, where = ("rule", number), f"[[rule]] {table.get('id', '?')}"
        before = len(self._faults)
        typed = self._keys(place, where, table, _RULE_REQUIRED, _RULE_KEYS)
        for key in ("section", "quote"):
            if isinstance(table.get(key), str) and not table[key].strip():
                self._complain((*place, key), where, _("{key} 不能为空：每条规则都要有出处和原文").format(key=key))
        demand = self._demand(place, where, table)
        binding = self._word(Binding, table.get("binding"), (*place, "binding"), f"{where} binding")
        measure = self._measure(place, where, table.get("measure"))
        given = {key: self._given(measure, key, place, where, table.get(key, {})) for key in ("scope", "options")}
        self._against(measure, place, where, table, given)
        clauses = self._also(place, where, table.get("also", []), table.get("document", document))
        if not typed or len(self._faults) > before or demand is None or binding is None:
            return None
        return Rule(
            id=table["id"],
            indicator=table["indicator"],
            name=table["name"],
            name_en=table["name_en"],
            measure=table["measure"],
            value_unit=table["unit"],
            due=table.get("due"),
            binding=binding,
            clause=Clause(table.get("document", document), table["section"], table["quote"]),
            assumed=tuple(table.get("assumed", ())),
            also=clauses,
            scope=MappingProxyType(given["scope"]),
            options=MappingProxyType(given["options"]),
            numerator=table.get("numerator", ""),
            denominator=table.get("denominator", ""),
            note=table.get("note", ""),
            note_en=table.get("note_en", ""),
            comparator=demand.comparator,
            target=demand.target,
            upper=demand.upper,
            tolerance=demand.tolerance,
        )

    def _measure(self, place: Place, where: str, name: object) -> Measure | None:
        known = MEASURES.get(name) if isinstance(name, str) else None
        if known is None and isinstance(name, str):
            text = _("没有名为“{measure}”的度量{near}，可用：{known}").format(
                measure=name, near=suggestion(name, MEASURES), known=", ".join(sorted(MEASURES))
            )
            self._complain((*place, "measure"), f"{where} measure", text)
        return known

    def _demand(self, place: Place, where: str, table: Mapping[str, Any]) -> _Demand | None:
        """What a rule demands; None when its comparator cannot be understood."""
        due = table.get("due")
        if due is not None and (not isinstance(due, date) or isinstance(due, datetime)):
            self._complain((*place, "due"), f"{where} due", _("应为日期，例如 2025-12-31"))
        word = table.get("comparator", Comparator.AT_LEAST.value)
        comparator = self._word(Comparator, word, (*place, "comparator"), f"{where} comparator")
        if comparator is None:
            return None
        value, spot, name = table.get("value"), (*place, "value"), f"{where} value"
        if comparator is Comparator.BETWEEN:
            ends = self._checked(spot, name, _two_ends, value)
            target, upper = ends or (None, None)
        else:
            target, upper = (None if value is None else self._checked(spot, name, a_figure, value)), None
        return _Demand(comparator, target, upper, self._tolerance(place, where, table, comparator))

    def _tolerance(self, place: Place, where: str, table: Mapping[str, Any], comparator: Comparator) -> Fraction:
        spot, name = (*place, "tolerance"), f"{where} tolerance"
        if comparator is Comparator.ABOUT:
            return self._checked(spot, name, a_figure, table.get("tolerance", "5")) or Fraction(0)
        if "tolerance" in table:
            self._complain(spot, name, _('只用于 comparator = "about"'))
        return Fraction(0)

    def _word(self, kind: type[_Word], value: object, place: Place, where: str) -> _Word | None:
        if not isinstance(value, str):
            return None  # a fault of its type, which is noted already
        word = self._checked(place, where, one_of(kind), value)
        return None if word is None else kind(word)

    def _given(self, measure: Measure | None, key: str, place: Place, where: str, table: Any) -> dict[str, Any]:
        """The scope or the options of a rule, each through its check."""
        if measure is None or not isinstance(table, dict):
            return {}
        checks: Mapping[str, Check] = getattr(measure, key)
        spot, name = (*place, key), f"{where} {key}"
        other = "options" if key == "scope" else "scope"
        misplaced = table.keys() & (getattr(measure, other).keys() - checks.keys())
        for option in sorted(misplaced):
            self._complain((*spot, option), name, _("“{key}”应写在 {other} 里").format(key=option, other=other))
        table = {option: value for option, value in table.items() if option not in misplaced}
        self._keys(spot, name, table, measure.required & checks.keys(), dict.fromkeys(checks, object))
        return {
            option: self._checked((*spot, option), f"{name}.{option}", checks[option], value)
            for option, value in table.items()
            if option in checks
        }

    def _against(
        self, measure: Measure | None, place: Place, where: str, table: Mapping[str, Any], given: Mapping[str, Any]
    ) -> None:
        """What does not go together: a value for a list that is never judged, an assumption about nothing."""
        if measure is not None and measure.value == "never" and "value" in table:
            self._complain((*place, "value"), f"{where} value", _("该度量只列名单、不作判定，请删去 value"))
        if measure is not None and measure.value == "must" and "value" not in table:
            self._complain(place, where, _("缺少 {key}").format(key="value"))
        known = {"value", "tolerance", "scope", *given["options"], *(f"scope.{key}" for key in given["scope"])}
        for name in table.get("assumed", ()) if isinstance(table.get("assumed", ()), list) else ():
            if name not in known:
                text = _("“{value}”不在可选值之中{near}：{known}")
                words = text.format(value=name, near=suggestion(name, known), known=", ".join(sorted(known)))
                self._complain((*place, "assumed"), f"{where} assumed", words)

    def _also(self, place: Place, where: str, tables: Any, document: Any) -> tuple[Clause, ...]:
        """Further statements of the same demand."""
        clauses = []
        for item in tables if isinstance(tables, list) else ():
            if not isinstance(item, dict) or item.keys() != _ALSO or not all(map(_filled, item.values())):
                text = _('每项须为 { section = "…", quote = "…" }')
                self._complain((*place, "also"), f"{where} also", text)
            else:
                clauses.append(Clause(str(document), item["section"], item["quote"]))
        return tuple(clauses)


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    return value if isinstance(value, str) else ""


def _filled(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _two_ends(value: object) -> tuple[Fraction, Fraction]:
    """The ends of a range, ``["18", "44"]``."""
    if not isinstance(value, list) or len(value) != len(("lower", "upper")):
        raise ValueError(_('应为两个数，例如 ["18", "44"]'))
    lower, upper = map(a_figure, value)
    if lower > upper:
        raise ValueError(_("下限 {lower} 大于上限 {upper}").format(lower=lower, upper=upper))
    return lower, upper
