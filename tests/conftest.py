"""Fixtures that several files need."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from workspaces import Workspace, small_workspace

settings.register_profile("geoplan", deadline=None)  # the first example pays for imports
settings.load_profile("geoplan")


@pytest.fixture
def small() -> Workspace:
    """The small county of ``workspaces.py``, for the test to change and write."""
    return small_workspace()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and plans beside the repository; it may be absent."""
    return Path(__file__).parents[2] / "shared"
