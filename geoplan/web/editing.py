"""What a window writes into the scenario store, and what it learns from it: from a desk to the desk after.

Nothing here knows Streamlit. What the store refuses becomes a notice; nothing was written then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from geoplan.errors import ConflictError, EditsError, GeoplanError, ScenarioError, StoreError, UnknownScenarioError
from geoplan.i18n import _
from geoplan.layers import Layers
from geoplan.model import Severity
from geoplan.scenario import Edit, Scenario, Signature, State, Step, Store, edit_problem, resolve, with_ids
from geoplan.scenario.log import refuse_frozen
from geoplan.web import state
from geoplan.web.state import Desk, Notice, gone_text, opening, telling

_MOST_NEWS = 3  # entries of others that are told one by one


def append(
    desk: Desk, store: Store, layers: Layers, edits: Sequence[Edit], *, drawn_on: int | None = None, reason: str = ""
) -> Desk:
    """Write edits into the scenario, as one entry; without a scenario or an author, or while the store fails, they wait.

    What waits already is written before; while the store is known to fail it is tried by ``retry`` alone. Edits that touch nothing
    of what others changed meanwhile are merged. Edits that make something which the scenario already made are the same ones
    sent again, and are left out.

    Args:
        layers: the workspace's, without the scenario.
        drawn_on: the revision that the planner saw; the last one seen when not given.
    """
    if not edits:
        return desk
    if desk.waiting and _ready(desk) and not desk.hindered:
        desk = write_waiting(desk, store, layers)
    if desk.waiting or not _ready(desk):
        return keeping(desk, edits)

    def write() -> State | None:
        state = store.state(desk.scenario)
        there = {edit.id for edit in state.scenario.edits if edit.makes}
        fresh = with_ids((edit for edit in edits if not edit.makes or edit.id not in there), state.head)
        if not fresh:
            return None
        _refuse_misfits(layers, (*state.scenario.edits, *fresh))
        return store.append(desk.scenario, fresh, Signature(desk.author, reason), made_on(desk, drawn_on), merge=True)

    return _written(desk, store, write, edits)


def undo(desk: Desk, store: Store, drawn_on: int | None = None) -> Desk:
    """Take back the last change."""
    return signed(desk, store, lambda by: store.undo(desk.scenario, by, made_on(desk, drawn_on)))


def redo(desk: Desk, store: Store, drawn_on: int | None = None) -> Desk:
    """Do again what was taken back last."""
    return signed(desk, store, lambda by: store.redo(desk.scenario, by, made_on(desk, drawn_on)))


def taken_back(desk: Desk, store: Store) -> Desk:
    """The scenario as the map showed it last, because what was written since takes too long to compute.

    Where the map has shown none yet, or others have written since, the desk stays as it is.
    """
    if not desk.theirs <= desk.drawn < desk.seen or not desk.drawn:
        return desk
    after = signed(desk, store, lambda by: store.restore(desk.scenario, desk.drawn, by, desk.seen))
    told = Notice("news", _("计算已取消，刚才的改动已收回；撤销这一步可以再要回来。"))
    return telling(replace(after, selection=()), told) if after.seen == desk.seen + 1 else after


def begin(desk: Desk, store: Store, layers: Layers, name: str) -> Desk:
    """Begin a scenario on the workspace's layers and write into it what waits."""
    if not desk.author:
        return telling(desk, Notice("refused", _("请先填写编制人。")))
    try:
        state = store.new(Scenario(name, layers.base), Signature(desk.author))
    except (ScenarioError, StoreError) as error:
        return telling(desk, Notice("refused", str(error)))
    return write_waiting(shown(opening(desk, name), state), store, layers)


def write_waiting(desk: Desk, store: Store, layers: Layers) -> Desk:
    """Write what waited, as one entry; where that is refused one by one, so that what fits is saved and the rest is told."""
    free = replace(desk, waiting=(), hindered="")
    whole = append(free, store, layers, desk.waiting)
    if whole.waiting or not any(notice.kind != "news" for notice in whole.notices[len(desk.notices) :]):
        return whole
    if frozen := _why_frozen(desk, store):
        return replace(telling(desk, Notice("refused", frozen)), hindered=frozen)
    if len(desk.waiting) == 1:
        return whole
    for edit in desk.waiting:
        free = append(free, store, layers, [edit], drawn_on=desk.seen)
    return free


def _why_frozen(desk: Desk, store: Store) -> str:
    """Why the scenario takes no edit any more; blank where it does."""
    try:
        refuse_frozen(store.state(desk.scenario))
    except (ScenarioError, StoreError) as error:
        return str(error)
    return ""


def retry(desk: Desk, store: Store, layers: Layers) -> Desk:
    """Write what waits for the store, where it works again; nothing is told twice of one that does not."""
    if not (desk.hindered and _ready(desk)):
        return desk
    after = write_waiting(desk, store, layers)
    return replace(desk, hindered=after.hindered) if after.hindered else after


def keeping(desk: Desk, edits: Sequence[Edit]) -> Desk:
    """These edits wait too; those that make something which one of the waiting makes are the same ones sent again."""
    made = {edit.id for edit in desk.waiting if edit.makes and edit.id}
    return replace(desk, waiting=(*desk.waiting, *(edit for edit in edits if not edit.makes or edit.id not in made)))


def inheriting(desk: Desk, owner: str, edits: Mapping[str, tuple[Edit, ...]]) -> Desk:
    """Edits that a session which is gone left behind wait here, before those that wait here already.

    Args:
        owner: the session.
        edits: by the scenario that they were made on.
    """
    kept, here = state.all_waiting(desk), desk.scenario
    for about, left in edits.items():
        kept[about] = keeping(replace(desk, waiting=left), kept.get(about, ())).waiting
    waiting = kept.pop(here, ())
    told = Notice("news", _("找回了上次没有保存的 {count} 处改动。").format(count=sum(map(len, edits.values()))))
    after = replace(desk, waiting=waiting, aside=MappingProxyType(kept), heir_of=(*desk.heir_of, owner))
    return telling(replace(after, hindered=told.text if waiting and _ready(desk) else desk.hindered), told)


def _ready(desk: Desk) -> bool:
    """Whether it is known where edits go and who signs them."""
    return bool(desk.scenario and desk.author)


def catch_up(desk: Desk, store: Store) -> tuple[Desk, State | None]:
    """The desk that knows the scenario's latest revision, and that state; what others did meanwhile is told.

    Raises:
        StoreError: the store cannot be read.
    """
    if not desk.scenario:
        return desk, None
    try:
        state = store.state(desk.scenario)
    except UnknownScenarioError:
        return without_scenario(desk), None
    told = () if desk.seen == 0 else _news(store, desk, state.revision)
    return telling(shown(desk, state), *told), state


def without_scenario(desk: Desk) -> Desk:
    """The desk whose scenario is not there any more."""
    closed = replace(opening(replace(desk, waiting=()), ""), waiting=desk.waiting)
    return telling(closed, Notice("news", gone_text(desk.scenario)))


def failed(desk: Desk, error: GeoplanError, edits: Sequence[Edit] = ()) -> Desk:
    """The store does not work, which is told; edits wait until it does."""
    if not edits:
        return telling(desk, Notice("refused", str(error)))
    reason = error.reason if isinstance(error, StoreError) else str(error)
    told = Notice("refused", _("{reason}改动先留在本页，原因消除后自动保存。").format(reason=reason))
    return telling(replace(keeping(desk, edits), hindered=reason), told)


def _news(store: Store, desk: Desk, until: int) -> tuple[Notice, ...]:
    """What was written since this window last looked, up to a revision."""
    if until < desk.seen:
        text = _("方案库里的“{name}”已换成较早的一份（第 {revision} 版），可能是从备份恢复的。这里显示的就是那一份。")
        return (Notice("news", text.format(name=desk.scenario, revision=until)),)
    entries = tuple(entry for entry in store.log(desk.scenario) if desk.seen < entry.revision <= until)
    if not entries:
        return ()
    more = _("等 {count} 条").format(count=len(entries)) if len(entries) > _MOST_NEWS else ""
    return (Notice("news", more, entries[-_MOST_NEWS:]),)


def shown(desk: Desk, state: State) -> Desk:
    """The desk that shows this state: what it has not seen before is not its own."""
    if state.revision == desk.seen:
        return desk
    return replace(desk, seen=state.revision, theirs=state.revision)


def made_on(desk: Desk, drawn_on: int | None) -> int:
    """The revision that something drawn counts as made on: what this window wrote since contradicts nothing."""
    return desk.seen if drawn_on is None or drawn_on >= desk.theirs else drawn_on


def signed(desk: Desk, store: Store, write: Callable[[Signature], State], reason: str = "") -> Desk:
    """The desk after a write that must be signed.

    Args:
        write: to the store, for the state it leads to.
    """
    if not desk.author:
        return telling(desk, Notice("refused", _("请先填写编制人。")))
    return _written(desk, store, lambda: write(Signature(desk.author, reason)))


def start(desk: Desk, write: Callable[[Signature], State], reason: str = "") -> Desk:
    """The desk that shows the scenario which a write begins or brings in: a branch, a file."""
    if not desk.author:
        return telling(desk, Notice("refused", _("请先填写编制人。")))
    try:
        state = write(Signature(desk.author, reason))
    except (ScenarioError, StoreError) as error:
        return telling(desk, Notice("refused", str(error)))
    return shown(opening(desk, state.scenario.name), state)


def rename(desk: Desk, store: Store, name: str) -> Desk:
    """The scenario under another name, which the desk goes on showing."""
    after = signed(desk, store, lambda by: store.rename(desk.scenario, name, by, desk.seen))
    return replace(after, scenario=name) if after.seen == desk.seen + 1 else after


def _written(desk: Desk, store: Store, write: Callable[[], State | None], edits: Sequence[Edit] = ()) -> Desk:
    """The desk after a write; where there was nothing to write ``write`` gives None.

    Args:
        edits: that wait where the store fails or the scenario is gone.
    """
    try:
        state = write()
    except ConflictError as error:
        # The message says what both did; the page then shows what is there.
        after, _state = catch_up(desk, store)
        return replace(after, notices=(*desk.notices, _conflict(error)))
    except UnknownScenarioError:
        return replace(without_scenario(desk), waiting=(*desk.waiting, *edits))
    except ScenarioError as error:
        return telling(desk, Notice("refused", str(error)))
    except StoreError as error:
        return failed(desk, error, edits)
    if state is None:
        return catch_up(desk, store)[0]
    others = state.revision - 1
    if others > desk.seen:  # edits of others that this one was merged with
        desk = replace(telling(desk, *_news(store, desk, others)), theirs=others)
    return replace(desk, seen=state.revision)


def _conflict(error: ConflictError) -> Notice:
    """Both sides, whether a write met a newer revision or a branch met the scenario that it comes from."""
    merging = any(isinstance(one, Step) for one in error.since)
    heads = (_("分支的改动"), _("本方案的改动")) if merging else (_("您的改动（没有保存）"), _("此后他人的改动"))
    return Notice("conflict", str(error), sides=tuple(zip(heads, (error.mine, error.since), strict=True)))


def _refuse_misfits(layers: Layers, edits: Sequence[Edit]) -> None:
    """Stop where edits do not fit, in words without the numbers of steps, which a planner has not counted."""
    problems = resolve(layers, edits).problems
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        lines = [edit_problem(replace(problem, rows=())) for problem in errors]
        raise EditsError(_("没有保存：{problems}").format(problems=_("；").join(lines)), problems)
