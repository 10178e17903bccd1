"""`python -m geoplan.demo DIR` writes the demo's layers and scenarios below a directory."""

import sys
from pathlib import Path

from geoplan.demo.writing import write_demo

if len(sys.argv) != 2:  # noqa: PLR2004
    sys.exit("usage: python -m geoplan.demo DIR")
write_demo(Path(sys.argv[1]))
