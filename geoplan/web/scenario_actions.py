"""What can be done with scenarios: begun, brought in, renamed, noted, branched, merged, submitted, taken to other layers.

Each is a small form behind a button. All of it goes through the session into the store.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from geoplan.errors import EditsError, ScenarioError
from geoplan.i18n import _, many
from geoplan.model import Problem, Severity
from geoplan.report.edit_words import Names
from geoplan.report.field_words import in_words
from geoplan.scenario import STATUS_LABELS, Scenario, State, Status, accept, dumps, edit_problem, loads, rebase
from geoplan.scenario.edits import MAX_NAME
from geoplan.scenario.exchange import MAX_BYTES
from geoplan.scenario.log import NEXT
from geoplan.web import cache, parts, scenario_rows, session
from geoplan.web.cache import View

_MOST_NOTE, _MEGABYTE = 2_000, 1_000_000
_NOT_IN_FILES = str.maketrans(dict.fromkeys('\\/:*?"<>|', "_"))


def beginnings() -> None:
    """A new scenario, or one from a file."""
    new, file, _rest = st.columns([1, 1, 4])
    with new.popover(_("新建方案"), width="stretch"):
        name = st.text_input(_("方案名称"), key="new-name", max_chars=MAX_NAME)
        _button(_("新建"), "new", lambda: session.begin_scenario(_typed("new-name")), enabled=bool(name.strip()))
        st.caption(_("从工作区现状开始。要在现有方案上继续，请打开它再另立分支。"))
    with file.popover(_("导入方案"), width="stretch"):
        _import()


def _typed(key: str) -> str:
    return str(st.session_state[key] or "").strip()


def _button(label: str, key: str, do: Callable[[], None], *, enabled: bool = True, primary: bool = True) -> None:
    """A button whose deed is done before the page is shown anew."""

    def pressed() -> None:
        session.desk()
        do()

    st.button(
        label,
        key=f"do-{key}",
        on_click=pressed,
        disabled=not enabled,
        type="primary" if primary else "secondary",
        width="stretch",
    )


def _import() -> None:
    """A scenario's file, checked before it is brought in."""
    sent = st.file_uploader(
        _("方案文件（JSON）"), type="json", key="import-file", max_upload_size=MAX_BYTES // _MEGABYTE
    )
    if sent is None:
        st.caption(_("由“导出”或 geoplan scenario export 写出的文件。"))
        return
    layers = cache.layers_of(session.question())
    try:
        scenario = loads(sent.getvalue().decode("utf-8-sig"), sent.name)
        problems = accept(scenario, layers)
    except UnicodeDecodeError:
        parts.refused(_("{file} 不是 UTF-8 文本。").format(file=sent.name))
        return
    except (ScenarioError, EditsError) as error:
        parts.refused(str(error))
        return
    _import_form(scenario, problems)


def _import_form(scenario: Scenario, problems: tuple[Problem, ...]) -> None:
    st.text(many("{name}：{count} 步编辑", len(scenario.steps)).format(name=scenario.name, count=len(scenario.steps)))
    for problem in problems:
        tell = parts.told if problem.severity is Severity.NOTE else parts.refused
        tell(in_words(edit_problem(problem)))
    taken = {state.scenario.name: state.revision for state in session.store().states()}
    if scenario.name not in taken:
        _button(_("导入"), "import", lambda: session.start(lambda store, by: store.bring_in(scenario, by)))
        return
    st.caption(_("已有同名方案。可以作为它的新一版导入（历史保留），或先给那个方案改名。"))
    revision = taken[scenario.name]
    _button(
        _("作为新一版导入"), "import", lambda: session.start(lambda store, by: store.bring_in(scenario, by, revision))
    )


def deeds(view: View, state: State, states: list[State]) -> None:
    """What can be done with the scenario that is open."""
    places = st.columns(6)
    _status(places[0], state)
    _branch(places[1], state)
    _rename(places[2], state)
    _note(places[3], state)
    _merge(places[4], state, states)
    file = f"{state.scenario.name.translate(_NOT_IN_FILES)}.json"
    places[5].download_button(
        _("导出"),
        lambda: dumps(state.scenario),
        file,
        "application/json",
        key="export-scenario",
        on_click="ignore",
        width="stretch",
    )
    if state.scenario.note:
        st.text(state.scenario.note)
    if state.scenario.base != view.layers.base:
        st.caption(_("! 方案是在另一版图层上绘制的，见“与现在的图层”。"))


def _status(place: DeltaGenerator, state: State) -> None:
    words = {
        Status.DRAFT: _("退回草稿"),
        Status.SUBMITTED: _("退回“已提交”") if state.status is Status.APPROVED else _("提交"),
        Status.APPROVED: _("批准"),
        Status.LOCKED: _("锁定"),
    }
    with place.popover(_("状态：{status}").format(status=_(STATUS_LABELS[state.status])), width="stretch"):
        st.caption(_("批准和锁定之后不能再编辑；批准可以退回，锁定不能，只能另立分支。"))
        st.text_input(_("理由"), key="status-reason", max_chars=_MOST_NOTE)
        for status in NEXT[state.status]:
            _button(words[status], f"status-{status}", partial(_set_status, status))
        if not NEXT[state.status]:
            st.text(_("已锁定。"))


def _set_status(status: Status) -> None:
    name = session.desk().scenario
    session.write(lambda store, by, on: store.set_status(name, status, by, on), _typed("status-reason"))


def _branch(place: DeltaGenerator, state: State) -> None:
    with place.popover(_("另立分支"), width="stretch"):
        st.text_input(_("分支名称"), key="branch-name", max_chars=MAX_NAME)
        _button(_("另立分支"), "branch", lambda: _begin_branch(state.scenario.name, None))


def _begin_branch(name: str, revision: int | None) -> None:
    new = _typed("branch-name") or _("{name} 分支").format(name=name)
    session.start(lambda store, by: store.branch(name, new, by, revision))


def _rename(place: DeltaGenerator, state: State) -> None:
    with place.popover(_("改名"), width="stretch"):
        st.text_input(_("新名称"), value=state.scenario.name, key=f"rename-{state.id}", max_chars=MAX_NAME)
        _button(_("改名"), "rename", lambda: session.rename(_typed(f"rename-{state.id}")))


def _note(place: DeltaGenerator, state: State) -> None:
    with place.popover(_("说明"), width="stretch"):
        key = f"note-{state.id}-{state.revision}"
        st.text_area(_("方案说明"), value=state.scenario.note, key=key, max_chars=_MOST_NOTE)
        name = state.scenario.name
        _button(
            _("保存说明"),
            "note",
            lambda: session.write(lambda store, by, on: store.annotate(name, _typed(key), by, on)),
        )


def _merge(place: DeltaGenerator, state: State, states: list[State]) -> None:
    branches = [one.scenario.name for one in states if one.origin and one.origin[0] == state.id]
    with place.popover(_("合并分支"), width="stretch"):
        if not branches:
            st.caption(_("这个方案没有分支。"))
            return
        st.selectbox(_("分支"), branches, key="merge-branch")
        _button(_("把分支的改动并入"), "merge", lambda: _do_merge(state.scenario.name))


def _do_merge(name: str) -> None:
    branch = str(st.session_state["merge-branch"])
    session.write(lambda store, by, on: store.merge(name, branch, by, on))


def returning(state: State, revision: int) -> None:
    """Back to an earlier revision, or on from it in a branch."""
    told, reason, restore, branch = st.columns([1.6, 3, 1.4, 1.8], vertical_alignment="center")
    told.text(_("选中第 {revision} 版").format(revision=revision))
    reason.text_input(
        _("理由"), key="restore-reason", placeholder=_("恢复的理由"), label_visibility="collapsed", max_chars=_MOST_NOTE
    )
    name = state.scenario.name
    with restore:
        _button(_("恢复到此版"), "restore", lambda: _restore(name, revision), enabled=revision != state.revision)
    with branch:
        _button(_("从此版另立分支"), "branch-here", lambda: _branch_here(name, revision), primary=False)


def _restore(name: str, revision: int) -> None:
    session.write(lambda store, by, on: store.restore(name, revision, by, on), _typed("restore-reason"))


def _branch_here(name: str, revision: int) -> None:
    new = _("{name} 第{revision}版分支").format(name=name, revision=revision)
    session.start(lambda store, by: store.branch(name, new, by, revision), _typed("restore-reason"))


def rebasing(view: View, state: State, names: Names) -> None:
    """Whether the scenario fits the layers as they are now, and the way over to them with what fits."""
    if state.scenario.base == view.layers.base and view.misfit is None:
        st.success(_("方案就是在现在的图层上绘制的，全部编辑都适用。"))
        return
    moved, left_out = rebase(state.scenario, view.layers)
    st.text(_("现在的图层适用 {kept} 步，不适用 {left} 步。").format(kept=len(moved.steps), left=len(left_out)))
    if left_out:
        parts.whole_table(scenario_rows.left_out_table(left_out, names), _("不适用的编辑"))
    st.caption(_("改用之后，不适用的编辑不再属于方案；历史里仍有，可以恢复。"))
    with st.columns([1, 3])[0]:
        _button(_("改用现在的图层"), "rebase", lambda: session.write(lambda store, by, on: store.rebase(moved, by, on)))
