"""A scenario as one readable JSON file: GeoJSON geometry, a few lines per step, always in the same order.

The status is not in it: a file can be changed by anybody, an approval only in the store.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from geoplan.causes import cause
from geoplan.errors import OutputError, ScenarioError
from geoplan.i18n import _
from geoplan.scenario.edits import Scenario
from geoplan.scenario.encoding import check_keys, object_of, step_from_json, step_to_json

SCHEMA = 1
MAX_BYTES = 20_000_000
_KEYS = {"schema", "name", "note", "base", "steps"}
_WHO = ("at", "author", "reason")


def dumps(scenario: Scenario) -> str:
    """The scenario's file as text; the same scenario always gives the same text."""
    head = {"schema": SCHEMA, "name": scenario.name, "note": scenario.note, "base": scenario.base}
    lines = [f"  {_json(key)}: {_json(value)}," for key, value in head.items()]
    steps = [_step_lines(step_to_json(step)) for step in scenario.steps]
    body = '  "steps": []' if not steps else '  "steps": [\n' + ",\n".join(steps) + "\n  ]"
    return "{\n" + "\n".join([*lines, body]) + "\n}\n"


def _step_lines(step: dict[str, Any]) -> str:
    """Who, when and why on the first line, what on the second, where on the third."""
    who = {key: step.pop(key) for key in _WHO}
    geometry = {"geometry": step.pop("geometry")} if "geometry" in step else {}
    parts = [_json(part)[1:-1] for part in (who, step, geometry) if part]
    return "    {" + ",\n     ".join(parts) + "}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def loads(text: str, name: str) -> Scenario:
    """The scenario of a file's text.

    Args:
        name: what messages call the file.

    Raises:
        ScenarioError: it is no scenario, or one from a newer version; one clear line.
    """
    try:
        table = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ScenarioError(_("{file} 嵌套过深，不是方案文件。").format(file=name)) from error
    except ScenarioError as error:
        raise ScenarioError(_("{file}：{error}").format(file=name, error=error)) from error
    except ValueError as error:
        raise ScenarioError(
            _("{file} 不是完整的 JSON 文件：{error}。").format(file=name, error=cause(error))
        ) from error
    try:
        return _scenario(table)
    except ScenarioError as error:
        raise ScenarioError(_("{file}：{error}").format(file=name, error=error)) from error


def _scenario(table: object) -> Scenario:
    given = object_of(table, _("方案文件"))
    schema = given.get("schema")
    if type(schema) is not int or schema < 1:
        raise ScenarioError(_("缺少 schema，不是方案文件。"))
    if schema > SCHEMA:
        text = _("文件由更新的版本写成（schema {schema}，本程序只认识 {known}），请升级 geoplan。")
        raise ScenarioError(text.format(schema=str(schema)[:20], known=SCHEMA))
    check_keys(given, _KEYS, _KEYS, _("方案文件"))
    steps = given["steps"]
    if not isinstance(steps, list):
        raise ScenarioError(_("steps 应当是列表。"))
    return Scenario(given["name"], given["base"], tuple(_numbered(steps)), given["note"])


def _numbered(steps: list[object]) -> Iterable[Any]:
    for number, step in enumerate(steps, start=1):
        try:
            yield step_from_json(step)
        except ScenarioError as error:
            raise ScenarioError(_("第 {number} 步：{error}").format(number=number, error=error)) from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ScenarioError(_("键“{key}”在同一处出现了两次。").format(key=twice[:40]))
    return table


def _refuse_constant(name: str) -> object:
    raise ScenarioError(_("{name} 不是 JSON 数字。").format(name=name))


def read_scenario(path: Path) -> Scenario:
    """Read a scenario's file.

    Raises:
        ScenarioError: it cannot be read, is too large, or holds no scenario.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ScenarioError(_("无法读取 {file}：{error}").format(file=path, error=cause(error))) from error
    if len(raw) > MAX_BYTES:
        text = _("{file} 超过 {most} MB，不是方案文件。")
        raise ScenarioError(text.format(file=path, most=MAX_BYTES // 1_000_000))
    try:
        return loads(raw.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise ScenarioError(_("{file} 不是 UTF-8 文本。").format(file=path)) from error


def write_scenario(scenario: Scenario, path: Path) -> None:
    """Write a scenario's file: whole, or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(dumps(scenario))
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink()
            raise
    except OSError as error:
        raise OutputError(_("无法写入 {file}：{error}").format(file=path, error=cause(error))) from error
