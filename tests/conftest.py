"""Fixtures that several files need."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import settings
from workspaces import Workspace, small_workspace

from geoplan import i18n
from geoplan.cli import main

settings.register_profile("geoplan", deadline=None)  # the first example pays for imports
settings.load_profile("geoplan")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed before a browser tells what the pages showed: what fails once in many runs is not seen again soon."""
    report = yield
    if call.when == "call" and report.failed and "browser" in sys.modules:
        report.sections.append(("the pages that were open", sys.modules["browser"].seen()))
    return report


@pytest.fixture
def small() -> Workspace:
    """The small county of ``workspaces.py``, for the test to change and write."""
    return small_workspace()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and plans beside the repository; it may be absent."""
    return Path(__file__).parents[2] / "shared"


@pytest.fixture
def geoplan(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process: (exit status, standard output, standard error)."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["geoplan", *map(str, arguments)])
        with i18n.speaking("zh"), pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return run
