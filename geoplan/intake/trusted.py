"""Opens files in this very process, for those who know where a file comes from: ``--trust``."""

from __future__ import annotations

from pathlib import Path

from geoplan.intake import archives
from geoplan.intake.cutting import Cut, Order, Progress, cut
from geoplan.intake.looking import look
from geoplan.intake.population_grid import Box, Grid, read_grid
from geoplan.intake.records import Look, Request
from geoplan.layers import LayerEntry


class Trusted:
    """An opener without limits; archives are checked all the same."""

    def look(self, path: Path, request: Request) -> Look:
        """What is in a file."""
        archives.check(path)
        return look(path, request)

    def unpack(self, path: Path, folder: Path) -> list[str]:
        """Put the data files of an archive into a folder; their names."""
        return archives.unpack(path, folder)

    def keep(self, path: Path, entry: LayerEntry, folder: Path) -> None:
        """Nothing: a file that is trusted is read as it is."""

    def cut(self, order: Order, progress: Progress) -> Cut:
        """Cut a region out of an OSM PBF."""
        return cut(order, progress)

    def grid(self, path: Path, region: Box, crs: str, out: Path) -> Grid:
        """The cells of a population raster over a region."""
        return read_grid(path, region, crs, out)
