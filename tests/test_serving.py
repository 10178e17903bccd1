"""What the server does before anybody visits: it reads what the pages import, so that the first of them does not wait for that."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from browser import ROOT, free_port, running
from workspaces import Workspace

_COMPILER = "llvmlite"  # a shared library that comes with the last of what the pages compute with
_AHEAD = """
import asyncio, gc, sys
from geoplan.web import server
assert "geoplan.assess" not in sys.modules
async def serve():
    async with server.lifespan(None):
        assert "geoplan.web.waiting" not in sys.modules, "who serves waited for it"
        while gc.get_freeze_count() == 0 or not gc.isenabled():
            await asyncio.sleep(0.05)
asyncio.run(serve())
print(*sorted(name for name in sys.modules if name.startswith("geoplan.web.pages_") or name == "osmnx"))
"""


@pytest.mark.parametrize("by", ["streamlit", "geoplan"])
def test_what_the_pages_import_is_read_while_nobody_has_visited_yet(tmp_path: Path, small: Workspace, by: str):
    """Both ways to start the app have the library in their process before any page was asked for."""
    if not Path("/proc/self/maps").exists():
        pytest.skip("needs /proc to see what a process has loaded")
    port, place = free_port(), small.write(tmp_path / "place")
    serve = [f"--server.port={port}", "--server.address=127.0.0.1"]
    commands = {
        "streamlit": ["streamlit", "run", str(ROOT / "app.py"), *serve],
        "geoplan": ["geoplan", "app", str(place), "--port", str(port)],
    }
    with running([sys.executable, "-m", *commands[by]], port, place, tmp_path / "log") as app:
        assert app.process is not None
        deadline = time.monotonic() + 60
        while _COMPILER not in Path(f"/proc/{app.process.pid}/maps").read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, app.log.read_text(encoding="utf-8")
            time.sleep(0.1)


def test_what_is_read_ahead_is_all_pages_and_spared_by_the_garbage_collector_which_is_on_again():
    """Serving does not wait for it; osmnx, which few workspaces need and which takes long, is not among it."""
    done = subprocess.run(
        [sys.executable, "-c", _AHEAD], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    pages = sorted(path.stem for path in (ROOT / "geoplan" / "web").glob("pages_*.py"))
    assert done.stdout.split() == [f"geoplan.web.{name}" for name in pages]
