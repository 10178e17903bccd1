"""Rule packs: what one published plan demands, as TOML, each figure with its clause and its words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from geoplan.errors import PackError, UnknownPackError
from geoplan.i18n import _
from geoplan.layers.schema import FACILITY_KINDS
from geoplan.model import Binding, Clause, Comparator, Rule, Service
from geoplan.standards.measures import MEASURES, some_of

_Word = TypeVar("_Word", Comparator, Binding)
SCHEMA = 1
# Coverage is reported under every pack; this is what is meant where a pack and its parents name no service.
DEFAULT_SERVICE = Service("care", "养老服务设施", "elderly-care facilities", tuple(FACILITY_KINDS), 15)
# Key to the type of its value; ``object`` where a check of its own follows.
_PACK_KEYS: Mapping[str, type] = MappingProxyType(
    {"schema": int, "id": str, "name": str, "name_en": str, "extends": object, "document": str, "target_year": int}
)
_SERVICE_KEYS: Mapping[str, type] = MappingProxyType(
    {"id": str, "name": str, "name_en": str, "kinds": object, "minutes": object}
)
_RULE_REQUIRED = frozenset({"id", "indicator", "name", "name_en", "measure", "unit", "binding", "section", "quote"})
_RULE_KEYS: Mapping[str, type] = MappingProxyType(
    {
        **dict.fromkeys(_RULE_REQUIRED, str),
        "comparator": str,
        "value": object,
        "due": object,
        "document": str,
        "options": dict,
    }
)


@dataclass(frozen=True)
class Pack:
    """The rules of one place, its own and those it inherits.

    Attributes:
        chain: the ids of the packs it extends, nearest first.
        target_year: the year by which the plan wants its final targets met.
        services: by id.
        rules: own rules first, in the order of the file; an own rule hides inherited ones of its indicator.
    """

    id: str
    name: str
    name_en: str
    document: str
    chain: tuple[str, ...]
    target_year: int | None
    services: Mapping[str, Service]
    rules: tuple[Rule, ...]

    def rules_for(self, year: int) -> tuple[Rule, ...]:
        """The rules that apply in a year: of milestones the next one due, after the last the last."""
        milestones: dict[tuple[object, ...], list[Rule]] = {}
        for rule in self.rules:
            key = (
                rule.indicator,
                rule.measure,
                tuple(sorted((name, str(value)) for name, value in rule.options.items())),
            )
            milestones.setdefault(key, []).append(rule)
        return tuple(_next_due(rules, year) for rules in milestones.values())


def _next_due(rules: list[Rule], year: int) -> Rule:
    dated = sorted((rule for rule in rules if rule.due), key=lambda rule: rule.due or date.min)
    if not dated:
        return rules[0]
    return next((rule for rule in dated if rule.due and rule.due.year >= year), dated[-1])


def known_packs() -> tuple[str, ...]:
    """The ids of the packs that come with geoplan."""
    folder = resources.files("geoplan.standards")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_pack(name: str) -> Pack:
    """Load a pack by its id, or from a file when the name ends in ``.toml``.

    A file may extend packs that come with geoplan and packs that lie beside it.

    Raises:
        UnknownPackError: there is no such pack.
        PackError: it cannot be understood; the message names the file, the rule and the key.
    """
    return _load(name, beside=None, heirs=())


def _load(name: str, beside: Path | None, heirs: tuple[str, ...]) -> Pack:
    source = _source(name, beside)
    if name in heirs:
        raise PackError(
            _("规则包 {name} 在继承链中绕回了自己：{chain}").format(name=name, chain=" ← ".join((*heirs, name)))
        )
    reader = _Reader(name)
    table = reader.parse(source)
    here = Path(name).parent if name.endswith(".toml") else beside
    parents = [_load(parent, here, (*heirs, name)) for parent in reader.texts(table["pack"], "extends")]
    return reader.pack(table, parents)


def _source(name: str, beside: Path | None) -> Traversable | Path:
    if name.endswith(".toml"):
        path = Path(name)
    elif beside is not None and (beside / f"{name}.toml").is_file():
        path = beside / f"{name}.toml"
    elif name in known_packs():
        return resources.files("geoplan.standards") / f"{name}.toml"
    else:
        raise UnknownPackError(
            _("没有名为“{name}”的规则包，可用：{known}。").format(name=name, known=", ".join(known_packs()))
        )
    if not path.is_file():
        raise UnknownPackError(_("规则包文件 {file} 不存在。").format(file=path))
    return path


class _Reader:
    """Turns the tables of one file into records; every complaint names the file and the place in it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _complain(self, where: str, what: str) -> PackError:
        return PackError(_("规则包 {name}，{where}：{what}。").format(name=self._name, where=where, what=what))

    def parse(self, source: Traversable | Path) -> dict[str, Any]:
        try:
            table = tomllib.loads(source.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise self._complain("TOML", str(error)) from error
        if not isinstance(table.get("pack"), dict):
            raise self._complain("[pack]", _("缺少该表"))
        for key in table:
            if key not in {"pack", "service", "rule"}:
                raise self._complain(key, _("不认识的表"))
        self._check_keys(table["pack"], "[pack]", frozenset({"schema", "id", "name"}), _PACK_KEYS)
        if table["pack"]["schema"] != SCHEMA:
            raise self._complain("[pack]", _("schema 须为 {known}").format(known=SCHEMA))
        return table

    def _check_keys(
        self, table: dict[str, Any], where: str, required: frozenset[str], known: Mapping[str, type]
    ) -> None:
        for key in sorted(required - table.keys()):
            raise self._complain(where, _("缺少 {key}").format(key=key))
        for key, value in table.items():
            if key not in known:
                raise self._complain(
                    where, _("不认识的键“{key}”，可用：{known}").format(key=key, known=", ".join(sorted(known)))
                )
            if not isinstance(value, known[key]) or (known[key] is int and isinstance(value, bool)):
                raise self._complain(f"{where} {key}", _("值的类型不对"))

    def _tables(self, table: dict[str, Any], key: str) -> list[dict[str, Any]]:
        tables = table.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
            raise self._complain(key, _("应写成 [[{key}]]").format(key=key))
        return tables

    def texts(self, table: dict[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._complain("[pack]", _("{key} 应为文字列表").format(key=key))
        return tuple(value)

    def pack(self, table: dict[str, Any], parents: list[Pack]) -> Pack:
        head = table["pack"]
        services = {service.id: service for parent in reversed(parents) for service in parent.services.values()}
        services |= {service.id: service for service in map(self._service, self._tables(table, "service"))}
        own = tuple(self._rule(rule, head.get("document", ""), services) for rule in self._tables(table, "rule"))
        ids = [rule.id for rule in own]
        for name in ids:
            if ids.count(name) > 1:
                raise self._complain(name, _("规则编号重复"))
        return Pack(
            id=head["id"],
            name=head["name"],
            name_en=head.get("name_en", head["name"]),
            document=head.get("document", ""),
            chain=tuple(dict.fromkeys(name for parent in parents for name in (parent.id, *parent.chain))),
            target_year=head.get("target_year"),
            services=MappingProxyType(services or {DEFAULT_SERVICE.id: DEFAULT_SERVICE}),
            rules=own + _inherited(own, parents),
        )

    def _service(self, table: dict[str, Any]) -> Service:
        where = f"[[service]] {table.get('id', '?')}"
        self._check_keys(table, where, frozenset(_SERVICE_KEYS), _SERVICE_KEYS)
        try:
            kinds = some_of(FACILITY_KINDS)(table["kinds"])
        except ValueError as error:
            raise self._complain(f"{where} kinds", str(error)) from error
        minutes = table["minutes"]
        if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes <= 0:
            raise self._complain(f"{where} minutes", _("应为正整数"))
        assert isinstance(kinds, tuple)  # noqa: S101 - narrows the type
        return Service(table["id"], table["name"], table["name_en"], kinds, minutes)

    def _rule(self, table: dict[str, Any], document: str, services: Mapping[str, Service]) -> Rule:
        where = f"[[rule]] {table.get('id', '?')}"
        self._check_keys(table, where, _RULE_REQUIRED, _RULE_KEYS)
        for key in ("section", "quote"):
            if not table[key].strip():
                raise self._complain(where, _("{key} 不能为空：每条规则都要有出处和原文").format(key=key))
        due = table.get("due")
        if due is not None and not isinstance(due, date):
            raise self._complain(f"{where} due", _("应为日期，例如 2025-12-31"))
        return Rule(
            id=table["id"],
            indicator=table["indicator"],
            name=table["name"],
            name_en=table["name_en"],
            measure=table["measure"],
            comparator=self._word(Comparator, table.get("comparator", ">="), f"{where} comparator"),
            target=self._target(table.get("value"), where),
            value_unit=table["unit"],
            due=due,
            binding=self._word(Binding, table["binding"], f"{where} binding"),
            clause=Clause(table.get("document", document), table["section"], table["quote"]),
            options=self._options(table, where, services),
        )

    def _word(self, kind: type[_Word], value: str, where: str) -> _Word:
        try:
            return kind(value)
        except ValueError as error:
            known = ", ".join(kind)
            raise self._complain(
                where, _("“{value}”不在可选值之中：{known}").format(value=value, known=known)
            ) from error

    def _target(self, value: object, where: str) -> Fraction | None:
        """A number written as text, so that 0.1 is a tenth and not its binary neighbour."""
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._complain(f"{where} value", _('数值须写成带引号的文字，例如 "0.1"'))
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError) as error:
            raise self._complain(f"{where} value", _("“{value}”不是数").format(value=value)) from error

    def _options(self, table: dict[str, Any], where: str, services: Mapping[str, Service]) -> Mapping[str, Any]:
        known = MEASURES.get(table["measure"])
        if known is None:
            text = _("没有名为“{measure}”的度量，可用：{known}").format(
                measure=table["measure"], known=", ".join(sorted(MEASURES))
            )
            raise self._complain(f"{where} measure", text)
        given = table.get("options", {})
        where = f"{where} options"
        self._check_keys(given, where, known.required, dict.fromkeys(known.options, object))
        options = {}
        for key, value in given.items():
            try:
                options[key] = known.options[key](value)
            except ValueError as error:
                raise self._complain(f"{where}.{key}", str(error)) from error
        if "service" in options and options["service"] not in services:
            text = _("没有名为“{value}”的 [[service]]，可用：{known}").format(
                value=options["service"], known=", ".join(services)
            )
            raise self._complain(f"{where}.service", text)
        return MappingProxyType(options)


def _inherited(own: tuple[Rule, ...], parents: list[Pack]) -> tuple[Rule, ...]:
    """The parents' rules whose indicators the pack does not settle itself, with the chain they came through."""
    settled = {rule.indicator for rule in own}
    rules: dict[str, Rule] = {}
    for parent in parents:
        for rule in parent.rules:
            if rule.indicator not in settled:
                rules.setdefault(rule.id, replace(rule, chain=(parent.id, *rule.chain)))
        settled |= {rule.indicator for rule in parent.rules}
    return tuple(rules.values())
