"""All benchmarks, one after the other, each in a process of its own: ``python benchmarks/run.py``.

The peers come with ``pip install -e '.[bench]'``. Takes about a quarter of an hour; a county of a million homes needs 6 GB.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPTS = (
    "cold_start.py",
    "engine.py",
    "memory.py",
    "snapping.py",
    "service_areas.py",
    "assess_demo.py",
    "incremental.py",
    "print_maps.py",
    "export_set.py",
    "demand_million.py",
    "cut_province.py",
)


def main() -> None:
    """Run every script and end with the first that fails."""
    for script in SCRIPTS:
        print(f"\n######## {script} ########", flush=True)
        subprocess.run([sys.executable, str(Path(__file__).parent / script)], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
