"""The commands ``geoplan packs``: which packs there are, what they say, whether a file is right, how to start one."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoplan.causes import cause
from geoplan.commands import Commands
from geoplan.errors import OutputError, PackError
from geoplan.i18n import _

if TYPE_CHECKING:
    from geoplan.model import Rule
    from geoplan.standards import Pack

UNUSABLE = 2
_ID = re.compile(r"[\w-]+")
_AsJson = Annotated[bool, typer.Option("--json", help="JSON")]


def build() -> Commands:
    """The commands in the current language."""
    commands = Commands(_("规则包：列出、查看、检查、新建"))
    commands.add("list", _("列出自带的规则包"), list_packs)
    commands.add("show", _("逐条列出一个规则包的规则、条款和原文"), show)
    commands.add("check", _("检查一个规则包文件，指出每处错误的行号"), check)
    commands.add("template", _("写出一个带说明的规则包模板"), template)
    commands.add("figures", _("为工作区的规则包写出待填报的表"), figures)
    return commands


def list_packs(*, as_json: _AsJson = False) -> None:
    """List the packs that come with geoplan."""
    from geoplan.standards import known_packs, load_pack

    packs = [load_pack(name) for name in known_packs()]
    if as_json:
        _print([_summary(pack) for pack in packs])
        return
    for pack in packs:
        own = sum(not rule.chain for rule in pack.rules)
        text = _("{id}：{name}，{own} 条规则，另继承 {inherited} 条；{document}")
        words = {"id": pack.id, "name": pack.name, "document": pack.document}
        typer.echo(text.format(**words, own=own, inherited=len(pack.rules) - own))


def _summary(pack: Pack) -> dict[str, Any]:
    own = sum(not rule.chain for rule in pack.rules)
    names = {"id": pack.id, "name": pack.name, "name_en": pack.name_en, "document": pack.document}
    return {**names, "chain": list(pack.chain), "rules": own, "inherited": len(pack.rules) - own}


def show(
    pack: Annotated[str, typer.Argument(metavar="ID", help=_("规则包编号，或 .toml 文件"))],
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help=_("只列这一年适用的规则"))] = None,
    *,
    as_json: _AsJson = False,
) -> None:
    """List the rules of a pack, each with its clause and quotation."""
    from geoplan.standards import load_pack

    loaded = load_pack(pack)
    rules = loaded.rules if year is None else loaded.rules_for(year)
    if as_json:
        _print({**_summary(loaded), "rules": [_record(rule) for rule in rules]})
        return
    typer.echo(f"{loaded.id} · {loaded.name} · {loaded.document}")
    for rule in rules:
        typer.echo("\n" + "\n".join(_lines(rule)))


def _lines(rule: Rule) -> list[str]:
    """A rule in words: what is demanded, what is counted, where it stands."""
    from geoplan.report import tables
    from geoplan.report.assumed import assumed_text

    binding = _(tables.BINDING_LABELS[rule.binding])
    due = _("，期限 {day}").format(day=rule.due.isoformat()) if rule.due else ""
    name = tables.name_of(rule)
    counted = " ".join(
        [
            rule.measure,
            *(f"{key}={_told(value)}" for given in (rule.scope, rule.options) for key, value in given.items()),
        ]
    )
    quoted = _("{section}：“{quote}”")
    clauses = [quoted.format(section=clause.section, quote=clause.quote) for clause in (rule.clause, *rule.also)]
    notes = [
        _("分子与分母：{words}").format(words=tables.divided_text(rule)) if tables.divided_text(rule) else "",
        tables.reading_text(rule),
        assumed_text(rule),
        _("继承自 {chain}").format(chain=" ← ".join(rule.chain)) if rule.chain else "",
    ]
    head = _("{id} · {name}：{demand}（{binding}{due}）").format(
        id=rule.id, name=name, demand=tables.demand_text(rule), binding=binding, due=due
    )
    return [head, f"  {counted}", *(f"  {text}" for text in (*clauses, *notes) if text)]


def _told(value: object) -> str:
    """A value of scope or options, as short as can be."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_told(item)}" for key, item in value.items()) + "}"
    return str(value)


def _record(rule: Rule) -> dict[str, Any]:
    """A rule for machines; figures exact as text."""
    clauses = [{"section": clause.section, "quote": clause.quote} for clause in (rule.clause, *rule.also)]
    return {
        **{key: getattr(rule, key) for key in ("id", "indicator", "name", "name_en", "measure")},
        "comparator": rule.comparator.value,
        "value": None if rule.target is None else str(rule.target),
        "upper": None if rule.upper is None else str(rule.upper),
        "tolerance": str(rule.tolerance),
        "unit": rule.value_unit,
        "due": rule.due.isoformat() if rule.due else None,
        "binding": rule.binding.value,
        "scope": _plain(rule.scope),
        "options": _plain(rule.options),
        "document": rule.clause.document,
        "clauses": clauses,
        **{key: getattr(rule, key) for key in ("numerator", "denominator", "note", "note_en")},
        "assumed": list(rule.assumed),
        "inherited_from": list(rule.chain),
    }


def _plain(value: Any) -> Any:
    """Scope and options as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool) else str(value)


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("规则包文件"))], *, as_json: _AsJson = False
) -> None:
    """Check a pack file and tell every fault with its line."""
    from geoplan.standards import load_pack

    if file.suffix != ".toml":
        raise PackError(_("{file} 不是 .toml 文件。").format(file=file))
    try:
        pack = load_pack(str(file))
    except PackError as error:
        if not as_json:
            raise
        faults = [{"line": fault.line, "where": fault.where, "what": fault.what} for fault in error.faults]
        _print({"file": str(file), "message": str(error), "faults": faults})
        raise typer.Exit(UNUSABLE) from error
    if as_json:
        _print({"file": str(file), "message": "", "faults": [], "pack": _summary(pack)})
        return
    own = sum(not rule.chain for rule in pack.rules)
    text = _("{file} 没有错误：{own} 条规则，另继承 {inherited} 条。")
    typer.echo(text.format(file=file, own=own, inherited=len(pack.rules) - own))


def template(file: Annotated[Path, typer.Argument(metavar="FILE", help=_("新文件，名字就是规则包编号"))]) -> None:
    """Write a commented pack for another county to start from."""
    if file.suffix != ".toml" or not _ID.fullmatch(file.stem):
        raise OutputError(_("文件名须为“编号.toml”，编号只用字母、数字和 - ，现为 {name}。").format(name=file.name))
    text = (resources.files("geoplan.standards") / "template.txt").read_text(encoding="utf-8")
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(text.replace("@ID@", file.stem))
    except FileExistsError as error:
        raise OutputError(_("{file} 已存在，不会覆盖。").format(file=file)) from error
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=file, error=cause(error))) from error
    typer.echo(_("已写出 {file}；改好后用 geoplan packs check 检查。").format(file=file))


def figures(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help=_("工作区文件夹，内有 layers/manifest.toml"))
    ] = Path(),
    pack: Annotated[str, typer.Option(help=_("规则包编号，或 .toml 文件；默认取工作区的设置"))] = "",
) -> None:
    """Write the table of figures to be typed for a workspace's pack; what was typed stays."""
    from geoplan.layers import read_manifest
    from geoplan.report import write_figures_table
    from geoplan.standards import load_pack

    manifest = read_manifest(directory)
    path, added = write_figures_table(manifest, load_pack(pack or manifest.pack or "cn-national"))
    typer.echo(_("{file}：新增 {count} 行待填报，已填的没有改动。").format(file=path, count=added))


def _print(record: object) -> None:
    sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
