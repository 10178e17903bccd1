"""Rule packs: what one published plan demands, its own rules and those that it inherits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from geoplan.errors import Fault, PackError, UnknownPackError
from geoplan.i18n import _
from geoplan.layers.schema import FACILITY_KINDS
from geoplan.model import Rule, Service
from geoplan.standards.options import suggestion
from geoplan.standards.pack_file import PackFile, read_pack_file

# Coverage is reported under every pack; this is what is meant where a pack and its parents name no service.
DEFAULT_SERVICE = Service("care", "养老服务设施", "elderly-care facilities", tuple(FACILITY_KINDS), 15)
_YEAR = re.compile(r"\.\d{4}$")


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
        """The rules that apply in a year: of milestones the next one due, after the last the last.

        Milestones are rules that differ in nothing but value, day and the year at the end of their ids. A rule without
        a day applies always.
        """
        milestones: dict[tuple[object, ...], list[Rule]] = {}
        for rule in self.rules:
            milestones.setdefault(_demand(rule), []).append(rule)
        due = {key: _next_due(rules, year) for key, rules in milestones.items()}
        return tuple(rule for rule in self.rules if rule.due in {None, due[_demand(rule)]})


def _demand(rule: Rule) -> tuple[object, ...]:
    """What milestones of one demand have in common."""
    told = (sorted((name, str(value)) for name, value in given.items()) for given in (rule.scope, rule.options))
    return rule.indicator, rule.measure, _YEAR.sub("", rule.id), *map(tuple, told)


def _next_due(rules: list[Rule], year: int) -> date | None:
    days = sorted(rule.due for rule in rules if rule.due)
    return next((day for day in days if day.year >= year), days[-1] if days else None)


def known_packs() -> tuple[str, ...]:
    """The ids of the packs that come with geoplan."""
    folder = resources.files("geoplan.standards")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_pack(name: str) -> Pack:
    """Load a pack by its id, or from a file when the name ends in ``.toml``.

    A file may extend packs that come with geoplan and packs that lie beside it.

    Raises:
        UnknownPackError: there is no such pack.
        PackError: it cannot be understood; it carries every fault with its line.
    """
    return _load(name, beside=None, heirs=())


def _load(name: str, beside: Path | None, heirs: tuple[str, ...]) -> Pack:
    source = _source(name, beside)
    if name in heirs:
        raise PackError(
            _("规则包 {name} 在继承链中绕回了自己：{chain}").format(name=name, chain=" ← ".join((*heirs, name)))
        )
    file = read_pack_file(name, source)
    here = Path(name).parent if name.endswith(".toml") else beside
    parents, strange = _parents(file, here, (*heirs, name))
    services = {service.id: service for parent in reversed(parents) for service in parent.services.values()}
    services |= {service.id: service for service in file.services}
    rules = file.rules + _inherited(file.rules, parents)
    faults = [*file.faults, *strange, *_dangling(file, services, rules)]
    if faults:
        raise PackError.of(name, faults)
    return Pack(
        id=file.id,
        name=file.name,
        name_en=file.name_en,
        document=file.document,
        chain=tuple(dict.fromkeys(name for parent in parents for name in (parent.id, *parent.chain))),
        target_year=file.target_year,
        services=MappingProxyType(services or {DEFAULT_SERVICE.id: DEFAULT_SERVICE}),
        rules=rules,
    )


def _parents(file: PackFile, here: Path | None, heirs: tuple[str, ...]) -> tuple[list[Pack], list[Fault]]:
    """The packs that a file extends, and what is wrong with those that cannot be had."""
    parents, faults = [], []
    for name in file.extends:
        try:
            parents.append(_load(name, here, heirs))
        except PackError as error:
            faults.append(Fault(file.line("pack", "extends"), "[pack] extends", str(error).rstrip("。.")))
    return parents, faults


def _dangling(file: PackFile, services: Mapping[str, Service], rules: tuple[Rule, ...]) -> list[Fault]:
    """Rules that name a service or an indicator that is not there."""
    faults = []
    indicators = {rule.indicator for rule in rules}
    for place, rule in file.placed:
        for option, known in (("service", services), ("of", indicators)):
            value = rule.options.get(option)
            if value is not None and value not in known and not file.faults:
                text = _("没有名为“{value}”的 {what}{near}，可用：{known}").format(
                    value=value,
                    what="[[service]]" if option == "service" else "indicator",
                    near=suggestion(value, known),
                    known=", ".join(sorted(known)),
                )
                where = f"[[rule]] {rule.id} options.{option}"
                faults.append(Fault(file.line("rule", place, "options", option), where, text))
    return faults


def _source(name: str, beside: Path | None) -> Traversable | Path:
    if name.endswith(".toml"):
        path = Path(name)
    elif beside is not None and (beside / f"{name}.toml").is_file():
        path = beside / f"{name}.toml"
    elif name in known_packs():
        return resources.files("geoplan.standards") / f"{name}.toml"
    else:
        text = _("没有名为“{name}”的规则包{near}，可用：{known}。")
        known = known_packs()
        raise UnknownPackError(text.format(name=name, near=suggestion(name, known), known=", ".join(known)))
    if not path.is_file():
        raise UnknownPackError(_("规则包文件 {file} 不存在。").format(file=path))
    return path


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
