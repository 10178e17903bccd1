"""Starts the process for files of others: ``python -m geoplan.intake.confined``.

GDAL recognises a file by its content, so that a .gpkg may be a format that reads other files or the network. Which formats it knows
is settled when it is loaded, by ``GDAL_SKIP``; so what it would know is asked first, and then everything begins anew without it.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys

DRIVERS = ("ESRI Shapefile", "GPKG", "GeoJSON", "KML", "LIBKML")
_ASK = "import pyogrio; print(','.join(pyogrio.list_drivers()))"


def main() -> None:
    """Cut down the formats, then work."""
    asked = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    os.environ["GDAL_SKIP"] = ",".join(name for name in asked.stdout.strip().split(",") if name not in DRIVERS)
    runpy.run_module("geoplan.intake.worker", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
