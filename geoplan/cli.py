"""The command ``geoplan``: assesses a workspace, writes the results, starts the app.

Exit status: 0 done, 1 a binding rule fails (with ``--strict``), 2 wrong use or unusable input, said in plain lines on
stderr without a traceback.
"""

from __future__ import annotations

import os
import runpy
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from geoplan import (
    __version__,
    check_command,
    export_command,
    i18n,
    intake_commands,
    opendata_commands,
    packs_commands,
    push_command,
    wrong_use,
)
from geoplan.commands import Commands
from geoplan.errors import FaultyFileError, FetchError, GeoplanError, LayerError
from geoplan.i18n import _
from geoplan.model import Outcome, Settings, Severity
from geoplan.stages import stages

BINDING_FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
PIPED_WIDTH = 120  # where there is no terminal to ask
DEMO_FOLDER = Path("geoplan-demo")
RESULTS_FOLDER = "results"
DEFAULTS = Settings()
# The heavy imports (geopandas, scipy, folium) stand inside the commands: `geoplan --help` answers at once.


def assess(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help=_("工作区文件夹，内有 layers/manifest.toml"))
    ] = Path(),
    pack: Annotated[
        list[str] | None, typer.Option(help=_("规则包编号，或 .toml 文件；可重复，以便对照；默认取工作区的设置"))
    ] = None,
    scenario: Annotated[str, typer.Option(help=_("代入一个方案；默认按现状"))] = "",
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help=_("核查年份；默认取规划目标年"))] = None,
    out: Annotated[Path | None, typer.Option(help=_("结果文件夹；默认为工作区下的 results"))] = None,
    mode: Annotated[
        str, typer.Option(help=_("出行方式：walk、walk-slow、walk-fast、e-bike、car，或 .toml 文件"))
    ] = "walk",
    speed: Annotated[float | None, typer.Option(help=_("速度（米/秒）；默认取出行方式的速度"))] = None,
    sensitivity: Annotated[  # noqa: FBT002
        bool, typer.Option("--sensitivity", help=_("并列给出步行 0.8、1.0、1.2 米/秒的覆盖"))
    ] = False,
    small_island: Annotated[
        float, typer.Option(help=_("道路总长不足这么多米的孤岛旁的点改接主网；0 为不改接"))
    ] = DEFAULTS.small_island_m,
    facilities: Annotated[bool, typer.Option("--facilities", help=_("列出每个设施的作用"))] = False,  # noqa: FBT002
    planned: Annotated[bool, typer.Option("--planned", help=_("按规划方案核查，计入到期的规划设施"))] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help=_("只在标准输出打印一个 JSON 对象"))] = False,  # noqa: FBT002
    strict: Annotated[bool, typer.Option(help=_("约束性指标不达标时以状态 1 退出"))] = False,  # noqa: FBT002
) -> None:
    """Assess a workspace."""
    from geoplan import report
    from geoplan.assess import assess as assess_layers
    from geoplan.assess import assess_scenario, profile_of
    from geoplan.layers import load_layers
    from geoplan.network import warm_up
    from geoplan.scenario import open_store
    from geoplan.standards import load_pack

    settings = Settings(
        mode=mode, speed_mps=speed, small_island_m=small_island, sensitivity=sensitivity, planned=planned
    )
    profile_of(settings)  # before the layers are read: a wrong word is answered at once
    with stages() as stage:
        warm_up(lambda: stage(_("首次使用，正在编译计算程序，仅此一次")))
        layers = load_layers(directory, stage)
        first, *others = map(load_pack, dict.fromkeys(pack or [layers.manifest.pack or "cn-national"]))
        with open_store(directory, write=False, url=os.environ.get("GEOPLAN_STORE", "")) as store:
            drawn = store.state(scenario).scenario if scenario else None
        run = partial(assess_scenario, layers, drawn) if drawn else partial(assess_layers, layers)
        assessment = run(first, year=year, settings=settings, progress=stage, beside=tuple(others))
        files = report.write_results(assessment, out or directory / RESULTS_FOLDER, stage)
    if as_json:
        sys.stdout.write(report.json_text(assessment) + "\n")
    else:
        console = Console() if sys.stdout.isatty() else Console(width=PIPED_WIDTH)
        report.show(assessment, files, console, facilities=facilities)
    if strict and any(verdict.outcome is Outcome.FAIL for verdict in assessment.verdicts):
        raise typer.Exit(BINDING_FAILED)


def service_areas(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help=_("工作区文件夹，内有 layers/manifest.toml"))
    ] = Path(),
    minutes: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER", help=_("分钟数，可重复：--minutes 5 --minutes 10；默认取规则包的时限")),
    ] = None,
    kind: Annotated[
        str, typer.Option(help=_("each 每个设施各一，dissolved 全部合一，responsibility 互不重叠的责任区"))
    ] = "each",
    mode: Annotated[
        str, typer.Option(help=_("出行方式：walk、walk-slow、walk-fast、e-bike、car，或 .toml 文件"))
    ] = "walk",
    speed: Annotated[float | None, typer.Option(help=_("速度（米/秒）；默认取出行方式的速度"))] = None,
    pack: Annotated[str, typer.Option(help=_("规则包编号，或 .toml 文件；默认取工作区的设置"))] = "",
    out: Annotated[
        Path | None, typer.Option(help=_("GeoPackage 文件；默认为工作区下的 results/service_areas.gpkg"))
    ] = None,
) -> None:
    """Draw the service areas of a workspace's facilities."""
    from geoplan import report
    from geoplan.layers import load_layers
    from geoplan.network import cutoffs_ms, load_profile
    from geoplan.standards import load_pack

    file = out or directory / RESULTS_FOLDER / "service_areas.gpkg"
    limits_ms = cutoffs_ms(minutes or [])
    profile = load_profile(mode) if speed is None else load_profile(mode).at_speed(speed)
    report.check_area_request(kind, file)
    with stages() as stage:
        layers = load_layers(directory, stage)
        rules = load_pack(pack or layers.manifest.pack or "cn-national")
        areas, unlocated = report.draw_service_areas(layers, rules, profile, limits_ms, kind, stage)
        stage(_("写出 {name}").format(name=file.name))
        report.write_service_areas(areas, file)
    typer.echo(_("已写出 {count} 个服务范围：{file}").format(count=len(areas), file=file))
    if unlocated:
        typer.echo(_("未定位、没有服务范围的设施：{ids}").format(ids=_("、").join(unlocated)))


def demo(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help=_("示例写到哪里；默认用当前的示例工作区，否则新建 geoplan-demo")),
    ] = None,
    out: Annotated[Path | None, typer.Option(help=_("结果文件夹；默认为工作区下的 results"))] = None,
) -> None:
    """Write the demo county and assess it."""
    assess(_demo_workspace(directory), out=out)


def _demo_workspace(directory: Path | None) -> Path:
    """The demo workspace: the folder asked for, the current one when it is the demo, else a new one."""
    from geoplan.demo import is_demo, write_demo
    from geoplan.errors import WorkspaceError
    from geoplan.layers import MANIFEST

    target = directory or (Path() if is_demo(Path()) else DEMO_FOLDER)
    if is_demo(target):
        return target
    if (target / MANIFEST).exists():
        text = _("{folder} 已是另一个工作区，示例不会覆盖它。请换一个文件夹。")
        raise WorkspaceError(text.format(folder=target))
    with stages() as stage:
        stage(_("生成示例县"))
        write_demo(target)
    return target


def app(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help=_("工作区文件夹，内有 layers/manifest.toml"))
    ] = Path(),
    port: Annotated[int, typer.Option(min=1, max=65535, help=_("端口"))] = 8501,
    address: Annotated[str, typer.Option(help=_("监听地址；默认只限本机"))] = "127.0.0.1",
) -> None:
    """Open the workspace in the browser."""
    from geoplan.layers import read_manifest

    read_manifest(directory)  # a clear word here beats an error page
    # In this very process, so that whoever ends the command ends the server.
    os.environ.update(GEOPLAN_WORKSPACE=str(directory.resolve()), GEOPLAN_LANG=i18n.current())
    sys.argv[1:] = [address, str(port)]
    runpy.run_module("geoplan.web", run_name="__main__", alter_sys=True)


def _options(
    lang: Annotated[str, typer.Option(help=_("界面语言：zh 或 en；也可设环境变量 GEOPLAN_LANG"))] = "",
    version: Annotated[bool, typer.Option("--version", help=_("显示版本"))] = False,  # noqa: FBT002
) -> None:
    del lang  # read before the commands are built, so that the help is in that language too
    if version:
        typer.echo(f"geoplan {__version__}")
        raise typer.Exit


def build_app() -> Commands:
    """The command line in the current language."""
    from geoplan.scenario_commands import scenario_app  # here, so that its help is in the current language

    commands = Commands(
        _("养老服务设施布局规划：从县域图层到达标结论"), add_completion=False, pretty_exceptions_enable=False
    )
    commands.callback(invoke_without_command=True)(_options)
    commands.add("demo", _("写出并评估示例县"), demo)
    commands.add("new", _("建立一个空的工作区，附填写模板"), intake_commands.new)
    commands.add("import", _("把一个文件导入工作区，作为一个图层"), intake_commands.import_file)
    commands.add("fetch", _("按地名从 OpenStreetMap 下载道路、界线、设施、医疗机构"), opendata_commands.fetch)
    commands.add("cut", _("从省级 OSM 文件切出一个县"), opendata_commands.cut)
    commands.add("populate", _("把普查人口按人口栅格分到居民点"), opendata_commands.populate)
    commands.add("check", _("检查数据：问题、数量、位置、如何处理"), check_command.check)
    commands.add("assess", _("评估一个工作区，写出结果"), assess)
    commands.add("service-areas", _("绘制设施的服务范围，写成 GeoPackage"), service_areas)
    commands.add("export", _("导出规划成果：图、工作簿、文本章节、GIS 数据、网页地图"), export_command.export)
    commands.add("push", _("把图层或结果写进 PostGIS 数据库"), push_command.push)
    commands.add_typer(packs_commands.build(), name="packs")
    commands.add("app", _("在浏览器中打开工作区"), app)
    commands.add_typer(scenario_app(), name="scenario")
    return commands


def main() -> None:
    """Run the command; every error of ours is a plain line on stderr."""
    language, sys.argv[:] = _language(sys.argv, os.environ.get("GEOPLAN_LANG", ""))
    if language not in i18n.LANGUAGES:
        sys.exit(
            _refuse(
                _("没有语言“{language}”，可用：{known}。").format(language=language, known=", ".join(i18n.LANGUAGES))
            )
        )
    i18n.use(language)
    try:
        sys.exit(build_app()(standalone_mode=False) or 0)
    except wrong_use.WrongUse as error:
        sys.exit(_wrong_use(error))
    except LayerError as error:
        sys.exit(_refuse(*_layer_lines(error)))
    except (FaultyFileError, FetchError) as error:
        sys.exit(_refuse(*str(error).splitlines()))
    except GeoplanError as error:
        sys.exit(_refuse(str(error)))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)


def _wrong_use(error: Exception) -> int:
    """Say what is wrong with the command, or how it is used where nothing was asked of it."""
    if wrong_use.said_by_help(error):
        sys.stderr.write(wrong_use.said_by_help(error) + "\n")
        return UNUSABLE
    return _refuse(wrong_use.told(error))


def _refuse(*lines: str) -> int:
    """Say what is wrong on stderr, one line each, and give the exit status for it."""
    first, *more = (" ".join(line.split()) for line in lines)
    sys.stderr.write("\n  ".join([_("错误：{message}").format(message=first), *more]) + "\n")
    return UNUSABLE


def _layer_lines(error: LayerError) -> list[str]:
    """One line for one problem; for several a line that counts them and one each."""
    from geoplan.report import problem_line, problem_text

    errors = [problem for problem in error.problems if problem.severity is Severity.ERROR]
    return [problem_text(*errors)] if len(errors) == 1 else [str(error), *map(problem_line, errors)]


def _language(arguments: list[str], environment: str) -> tuple[str, list[str]]:
    """The language asked for with ``--lang`` at any place, else by the environment, else Chinese; and the other arguments."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang="), arguments[:place] + arguments[place + 1 :]
        if argument == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1], arguments[:place] + arguments[place + 2 :]
    return environment or "zh", arguments
