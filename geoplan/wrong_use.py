"""What is wrong with a command that was typed, in the user's language: typer says it in English only."""

from __future__ import annotations

import inspect
import re
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import typer

from geoplan.i18n import _

WrongUse: type[Exception] = typer.BadParameter.__mro__[2]
"""What typer raises for every wrong use; of its errors only this child has a public name in all its versions."""
_QUOTED = re.compile(r"'([^']*)'|\(([^)]*)\)")


def said_by_help(error: Exception) -> str:
    """The help itself, where a command that needs more was called with nothing; else blank."""
    return str(error) if type(error).__name__ == "NoArgsIsHelpError" else ""


def told(error: Exception) -> str:
    """What is wrong and where to read more, in one line."""
    context = getattr(error, "ctx", None)
    if context is None:
        return _what(error)
    return _("{fault}用法见 {command} --help。").format(fault=_what(error), command=context.command_path)


def _what(error: Exception) -> str:
    """The fault alone; typer's own words for one that it has and we do not know."""
    parameter, kind = getattr(error, "param", None), type(error).__name__
    if parameter is not None and kind == "MissingParameter":
        return _("缺少 {name}。").format(name=_name(parameter))
    if parameter is not None:
        return _("{name} 的值不对，应为：{wanted}。").format(name=_name(parameter), wanted=_wanted(error, parameter))
    return _of_option(error) if hasattr(error, "option_name") else _of_words(getattr(error, "message", str(error)))


def _of_option(error: Any) -> str:
    if type(error).__name__ == "NoSuchOption":
        near = ", ".join(sorted(error.possibilities or ()))
        known = _("（相近的有 {known}）").format(known=near) if near else ""
        return _("没有选项 {option}{near}。").format(option=error.option_name, near=known)
    takes = _("选项 {option} 后面要写一个值。") if "requires" in error.message else _("选项 {option} 后面不写值。")
    return takes.format(option=error.option_name)


def _of_words(words: str) -> str:
    named = next((one or other for one, other in reversed(_QUOTED.findall(words))), "")
    if words.startswith("No such command"):
        named = _QUOTED.findall(words)[0][0]
        return _("没有命令“{name}”。").format(name=named)
    if words.startswith("Got unexpected extra argument"):
        return _("多出的参数：{name}。").format(name=named)
    return words


def _name(parameter: Any) -> str:
    """What the user calls a parameter: its longest option, or the word for an argument."""
    options = [option for option in parameter.opts if option.startswith("-")]
    return max(options, key=len) if options else str(parameter.metavar or parameter.name).strip("[]")


def _wanted(error: Any, parameter: Any) -> str:
    """What a parameter takes, by the types of the function behind the command."""
    function = inspect.unwrap(error.ctx.command.callback)
    base, *notes = get_args(get_type_hints(function, include_extras=True)[parameter.name])
    kinds = set(get_args(base)) if get_origin(base) in {Union, types.UnionType} else {base}
    kind = _("整数") if int in kinds else _("数字") if float in kinds else _("另一种值")
    low, high = (next((getattr(note, end, None) for note in notes), None) for end in ("min", "max"))
    if low is None or high is None:
        return kind
    return _("{low:g} 到 {high:g} 的{kind}").format(low=low, high=high, kind=kind)
