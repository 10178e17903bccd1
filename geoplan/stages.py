"""The progress of a command on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geoplan.i18n import _


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """A spinner on stderr that names the step at work and the time it takes; silent where there is no terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(_("开始"))
        yield lambda stage: progress.update(task, description=stage)
