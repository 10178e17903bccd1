"""The commands ``geoplan scenario ...``: scenarios of a workspace listed, drawn, undone, compared and exchanged."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoplan.commands import Commands
from geoplan.errors import ScenarioError
from geoplan.i18n import _, many

if TYPE_CHECKING:
    from geoplan.model import Problem
    from geoplan.scenario import Edit, Entry, Signature, State, Step, Store

# The heavy imports stand inside the commands: `geoplan --help` answers at once.
_STORE, _AUTHOR = "GEOPLAN_STORE", "GEOPLAN_AUTHOR"
_PIPED_WIDTH = 120  # where there is no terminal to ask
_NUMBERS = ("lon", "lat", "facility_area_m2")
_FLAGS = {"true": True, "false": False, "null": None}

Name = Annotated[str, typer.Argument(metavar="NAME", help=_("方案名称"))]
Folder = Annotated[Path, typer.Option("--dir", help=_("工作区文件夹，内有 layers/manifest.toml"))]
AsJson = Annotated[bool, typer.Option("--json", help=_("只在标准输出打印一个 JSON 对象"))]
Author = Annotated[str, typer.Option(help=_("作者；默认取环境变量 GEOPLAN_AUTHOR，否则为登录名"))]
Reason = Annotated[str, typer.Option(help=_("理由"))]
On = Annotated[int | None, typer.Option("--on", help=_("改动所依据的版本；默认为最新版"))]
Revision = Annotated[int | None, typer.Option("--revision", help=_("早先的版本；默认为最新版"))]


def list_(directory: Folder = Path(), as_json: AsJson = False) -> None:  # noqa: FBT002
    """List a workspace's scenarios."""
    with _store(directory) as store:
        states = store.states()
    lines = [_state_line(state) for state in states] or [_("还没有方案。用 geoplan scenario new 新建。")]
    _say({"scenarios": [_state_json(state) for state in states]}, lines, as_json=as_json)


def show(name: Name, revision: Revision = None, directory: Folder = Path(), as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show a scenario's steps."""
    from geoplan.scenario import step_to_json

    with _store(directory) as store:
        state = store.state(name, revision)
    steps = state.scenario.steps
    lines = [_state_line(state), *filter(None, [state.scenario.note]), *_step_lines(steps)]
    _say(_state_json(state) | {"steps": [step_to_json(step) for step in steps]}, lines, as_json=as_json)


def log(name: Name, directory: Folder = Path(), as_json: AsJson = False) -> None:  # noqa: FBT002
    """Show who changed what, when and why."""
    from geoplan.scenario import entry_line, time_text

    with _store(directory) as store:
        entries = store.log(name)
    lines = [
        " ".join(filter(None, [time_text(entry.at), entry_line(entry), _because(entry.reason)])) for entry in entries
    ]
    _say({"name": name, "log": [_entry_json(entry) for entry in entries]}, lines, as_json=as_json)


def verify(directory: Folder = Path(), as_json: AsJson = False) -> None:  # noqa: FBT002
    """Check that no entry was changed since it was written."""
    with _store(directory) as store:
        count, head = store.verify()
    line = _("{count} 条记录与写入时相同。最后一条的指纹：{head}").format(count=count, head=head)
    _say({"entries": count, "head": head}, [line], as_json=as_json)


def new(
    name: Name,
    note: Annotated[str, typer.Option(help=_("说明"))] = "",
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Begin an empty scenario on the workspace's layers."""
    from geoplan.layers import load_layers
    from geoplan.scenario import Scenario

    scenario = Scenario(name, load_layers(directory).base, (), note)
    with _writing(directory) as store:
        _done(store.new(scenario, _signature(author, reason)))


def edit(
    name: Name,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=_("编辑的种类，如 add_facility、move_facility"))],
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...",
            help=_("编号、lon=、lat= 和图层字段；line= 和 outline= 写成 “经度,纬度 经度,纬度 …”"),
        ),
    ] = None,
    on: On = None,
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Add one edit."""
    from geoplan.layers import load_layers
    from geoplan.scenario import draw, edit_problem

    made = _edit(kind, values or [])
    layers = load_layers(directory)
    with _writing(directory) as store:
        state = store.state(name, on)
        state, notes = draw(store, layers, state, [made], _signature(author, reason), merge=True)
    _done(state)
    _lines([*_step_lines(state.scenario.steps)[-1:], *map(edit_problem, notes)])


def undo(name: Name, on: On = None, author: Author = "", reason: Reason = "", directory: Folder = Path()) -> None:
    """Take back the last change."""
    with _writing(directory) as store:
        _done(store.undo(name, _signature(author, reason), _on(store, name, on)))


def redo(name: Name, on: On = None, author: Author = "", reason: Reason = "", directory: Folder = Path()) -> None:
    """Bring back what was undone last."""
    with _writing(directory) as store:
        _done(store.redo(name, _signature(author, reason), _on(store, name, on)))


def restore(
    name: Name,
    revision: Annotated[int, typer.Argument(metavar="REVISION", help=_("要恢复的版本"))],
    on: On = None,
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Bring back an earlier revision; the later ones stay in the log."""
    with _writing(directory) as store:
        _done(store.restore(name, revision, _signature(author, reason), _on(store, name, on)))


def branch(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help=_("分支的名称"))],
    revision: Revision = None,
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Begin another scenario from this one."""
    with _writing(directory) as store:
        _done(store.branch(name, new_name, _signature(author, reason), revision))


def merge(
    name: Name,
    branched: Annotated[str, typer.Argument(metavar="BRANCH", help=_("分支的名称"))],
    on: On = None,
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Bring a branch's changes back."""
    with _writing(directory) as store:
        _done(store.merge(name, branched, _signature(author, reason), _on(store, name, on)))


def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help=_("新名称"))],
    on: On = None,
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Give a scenario another name."""
    with _writing(directory) as store:
        _done(store.rename(name, new_name, _signature(author, reason), _on(store, name, on)))


def note(
    name: Name,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=_("说明"))],
    on: On = None,
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Write a note on a scenario."""
    with _writing(directory) as store:
        _done(store.annotate(name, text, _signature(author, reason), _on(store, name, on)))


def status(
    name: Name,
    to: Annotated[str, typer.Argument(metavar="STATUS", help=_("draft、submitted、approved 或 locked"))],
    on: On = None,
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Submit, give back, approve or lock a scenario."""
    from geoplan.scenario import Status

    if to not in set(Status):
        raise ScenarioError(_("没有状态“{status}”，可用：{known}。").format(status=to, known=", ".join(Status)))
    with _writing(directory) as store:
        _done(store.set_status(name, Status(to), _signature(author, reason), _on(store, name, on)))


def check(name: Name, directory: Folder = Path(), as_json: AsJson = False) -> None:  # noqa: FBT002
    """Say what of a scenario does not fit the workspace's layers."""
    from geoplan.layers import load_layers
    from geoplan.scenario import edit_problem, fits

    with _store(directory) as store:
        problems = fits(store.state(name).scenario, load_layers(directory))
    lines = [edit_problem(problem) for problem in problems] or [_("方案与图层相符。")]
    _say({"name": name, "problems": [_problem_json(problem) for problem in problems]}, lines, as_json=as_json)


def rebase(name: Name, on: On = None, author: Author = "", reason: Reason = "", directory: Folder = Path()) -> None:
    """Go over to the workspace's present layers with the steps that fit them."""
    from geoplan.layers import load_layers
    from geoplan.scenario import describe, edit_problem
    from geoplan.scenario import rebase as rebased

    layers = load_layers(directory)
    with _writing(directory) as store:
        state = store.state(name)
        scenario, left_out = rebased(state.scenario, layers)
        _done(store.rebase(scenario, _signature(author, reason), state.revision if on is None else on))
    text = _("没有保留：{edit}（{why}）")
    _lines([text.format(edit=describe(step.edit), why=edit_problem(why)) for step, why in left_out])


def export(
    name: Name,
    out: Annotated[Path | None, typer.Option(help=_("方案文件；默认写到标准输出"))] = None,
    revision: Revision = None,
    directory: Folder = Path(),
) -> None:
    """Write a scenario as a JSON file."""
    from geoplan.scenario import dumps, write_scenario

    with _store(directory) as store:
        scenario = store.state(name, revision).scenario
    if out is None:
        sys.stdout.write(dumps(scenario))
        return
    write_scenario(scenario, out)
    typer.echo(_("已写出 {file}").format(file=out))


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("方案文件"))],
    replace: Annotated[bool, typer.Option(help=_("替换同名方案的内容；原内容仍在日志中"))] = False,  # noqa: FBT002
    author: Author = "",
    reason: Reason = "",
    directory: Folder = Path(),
) -> None:
    """Bring in a scenario's file."""
    from geoplan.layers import load_layers
    from geoplan.scenario import accept, edit_problem, read_scenario

    scenario = read_scenario(file)
    problems = accept(scenario, load_layers(directory))
    with _writing(directory) as store:
        on = store.state(scenario.name).revision if replace else None
        _done(store.bring_in(scenario, _signature(author, reason), on))
    _lines([edit_problem(problem) for problem in problems])


def diff(
    one: Name,
    other: Annotated[str, typer.Argument(metavar="OTHER", help=_("另一个方案的名称"))],
    directory: Folder = Path(),
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Lay two scenarios side by side, edit by edit."""
    from geoplan.scenario import differences, step_to_json

    with _store(directory) as store:
        found = differences(store.state(one).scenario, store.state(other).scenario)
    sides = ((_("只在“{name}”").format(name=one), found.one), (_("只在“{name}”").format(name=other), found.other))
    lines = [line for title, steps in (*sides, (_("两者都有"), found.both)) for line in (title, *_step_lines(steps))]
    contested = [f"{role} {thing}" for role, thing in found.contested]
    lines += [_("两者都改、改法不同：{things}").format(things=_("、").join(contested))] if contested else []
    lines += [] if found.same_layers else [_("两个方案是在不同的图层上绘制的。")]
    data = {
        "scenarios": [one, other],
        "same_layers": found.same_layers,
        "edits": {
            "only": {
                one: [step_to_json(step) for step in found.one],
                other: [step_to_json(step) for step in found.other],
            },
            "both": [step_to_json(step) for step in found.both],
            "contested": [{"role": role, "id": thing} for role, thing in found.contested],
        },
    }
    _say(data, lines, as_json=as_json)


def compare(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help=_("一个或多个方案的名称"))],
    pack: Annotated[str, typer.Option(help=_("规则包编号，或 .toml 文件；默认取工作区的设置"))] = "",
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help=_("核查年份；默认取规划目标年"))] = None,
    out: Annotated[Path | None, typer.Option(help=_("结果文件夹；默认为工作区下的 results/comparison"))] = None,
    directory: Folder = Path(),
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Assess the workspace as it is and with each scenario, and lay them side by side."""
    from rich.console import Console

    from geoplan import report
    from geoplan.assess import assess, assess_scenario
    from geoplan.compare import compare as lay_beside
    from geoplan.layers import load_layers
    from geoplan.memory import Memory
    from geoplan.standards import load_pack

    with _store(directory) as store:
        drawn = {name: store.state(name).scenario for name in names}
    layers, memory = load_layers(directory), Memory()
    rules = load_pack(pack or layers.manifest.pack or "cn-national")
    base = assess(layers, rules, year=year, memory=memory)
    found = {
        name: lay_beside(base, assess_scenario(layers, scenario, rules, year=year, memory=memory.branch()))
        for name, scenario in drawn.items()
    }
    files = report.write_comparison(found, out or directory / "results" / "comparison")
    if as_json:
        sys.stdout.write(report.comparison_text(found) + "\n")
        return
    report.show_comparison(found, Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH))
    _lines([_("结果："), *(f"  {file}" for file in files)])


def scenario_app() -> Commands:
    """The commands in the current language."""
    commands = Commands(_("规划方案：编辑、撤销、比较、导入导出"))
    for name, help_text, function in (
        ("list", _("列出方案"), list_),
        ("show", _("显示方案的各步"), show),
        ("log", _("谁在何时为何改了什么"), log),
        ("new", _("新建方案"), new),
        ("edit", _("添加一步编辑"), edit),
        ("undo", _("撤销最近的改动"), undo),
        ("redo", _("重做撤销的改动"), redo),
        ("restore", _("恢复到早先的版本"), restore),
        ("branch", _("另立分支"), branch),
        ("merge", _("把分支的改动合并回来"), merge),
        ("rename", _("改名"), rename),
        ("note", _("写说明"), note),
        ("status", _("提交、退回、批准或锁定"), status),
        ("check", _("检查方案与图层是否相符"), check),
        ("rebase", _("改用现在的图层，保留仍然相符的各步"), rebase),
        ("diff", _("比较两个方案的编辑"), diff),
        ("compare", _("评估各方案，与现状并列比较"), compare),
        ("import", _("导入方案文件"), import_),
        ("export", _("导出方案文件"), export),
        ("verify", _("核对日志没有被改动"), verify),
    ):
        commands.add(name, help_text, function)
    return commands


def _store(directory: Path) -> Store:
    """The store to look into."""
    from geoplan.scenario import open_store

    return open_store(directory, write=False, url=os.environ.get(_STORE, ""))


def _writing(directory: Path) -> AbstractContextManager[Store]:
    """The store for one write; what is refused leaves no new store behind."""
    from geoplan.scenario.folder import writing_store

    return writing_store(directory, os.environ.get(_STORE, ""))


def _signature(author: str, reason: str) -> Signature:
    from geoplan.scenario import Signature

    return Signature(author or os.environ.get(_AUTHOR, "") or _login(), reason)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise ScenarioError(_("不知道作者是谁，请用 --author 写明。")) from error


def _on(store: Store, name: str, on: int | None) -> int:
    return store.state(name).revision if on is None else on


def _edit(kind: str, values: list[str]) -> Edit:
    """The edit that ``key=value`` arguments tell; what is no field of the edit is an attribute."""
    from dataclasses import fields

    from geoplan.scenario import KINDS, edit_from_json

    known = [item.name for item in fields(KINDS[kind])] if kind in KINDS else []
    given: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals:
            raise ScenarioError(_("“{value}”应写成 字段=值。").format(value=value))
        target = attributes if "attributes" in known and key not in known else given
        target[key] = _value(key, text)
    return edit_from_json({"kind": kind, **given, **({"attributes": attributes} if "attributes" in known else {})})


def _value(key: str, text: str) -> object:
    if key == "line":
        return _places(text)
    if key == "outline":
        ring = _places(text)
        return [ring if ring[:1] == ring[-1:] else [*ring, ring[0]]]
    if text in _FLAGS:
        return _FLAGS[text]
    return _number(key, text) if key in _NUMBERS else text


def _places(text: str) -> list[list[float]]:
    return [[_number(place, each) for each in place.split(",")] for place in text.split()]


def _number(what: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ScenarioError(_("{what}：“{text}”不是数字。").format(what=what, text=text)) from error


def _say(data: Mapping[str, Any], lines: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, allow_nan=False))
    else:
        _lines(lines)


def _lines(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)


def _done(state: State) -> None:
    typer.echo(_("已写入：{line}").format(line=_state_line(state)))


def _state_line(state: State) -> str:
    from geoplan.scenario import STATUS_LABELS

    text = many("{name}（{status}，第 {revision} 版，{count} 步）", len(state.scenario.steps))
    name, count = state.scenario.name, len(state.scenario.steps)
    return text.format(name=name, status=_(STATUS_LABELS[state.status]), revision=state.revision, count=count)


def _step_lines(steps: tuple[Step, ...]) -> list[str]:
    from geoplan.scenario import describe, time_text

    text = _("{number}. {edit}{why}（{author} {at}）")
    return [
        text.format(
            number=number,
            edit=describe(step.edit),
            why=_because(step.reason),
            author=step.author,
            at=time_text(step.at),
        )
        for number, step in enumerate(steps, start=1)
    ]


def _because(reason: str) -> str:
    return _("——{reason}").format(reason=" ".join(reason.split())) if reason else ""


def _state_json(state: State) -> dict[str, Any]:
    scenario = state.scenario
    told = {"name": scenario.name, "status": state.status.value, "revision": state.revision, "note": scenario.note}
    undo_redo = {"undoable": len(state.past), "redoable": len(state.future)}
    return {**told, "base": scenario.base, "edits": len(scenario.steps), **undo_redo}


def _entry_json(entry: Entry) -> dict[str, Any]:
    from geoplan.scenario import time_text

    told = {"revision": entry.revision, "kind": entry.kind.value, "name": entry.name, "author": entry.author}
    return {**told, "at": time_text(entry.at), "reason": entry.reason, "body": entry.body, "hash": entry.hash}


def _problem_json(problem: Problem) -> dict[str, Any]:
    steps = [int(row.removeprefix("#")) for row in problem.rows]
    return {
        "severity": problem.severity.value,
        "steps": steps,
        "message": problem.message,
        "remedy": problem.remedy,
    }
