"""``python -m geoplan`` is the command ``geoplan``."""

from geoplan.cli import main

main()
