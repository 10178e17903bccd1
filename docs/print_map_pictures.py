"""The pictures in ``print-maps.md``, from the demo in this repository: ``python docs/print_map_pictures.py``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from geoplan.assess import assess
from geoplan.layers import load_layers
from geoplan.report.print_maps import atlas, sheets
from geoplan.standards import load_pack

DOCS = Path(__file__).resolve().parent
WIDTH_PX = 1000


def main() -> None:
    """Write the two pictures beside this file."""
    assessment = assess(load_layers(DOCS.parent), load_pack("heshan"))
    (coverage,) = sheets(assessment, only=["coverage"])
    town = atlas(assessment)[0]
    with tempfile.TemporaryDirectory() as folder:
        for name, sheet in (("print-map", coverage), ("print-map-township", town)):
            whole = Path(folder) / f"{name}.png"
            sheet.save(whole)
            picture = Image.open(whole).convert("RGB")
            picture.thumbnail((WIDTH_PX, WIDTH_PX))
            picture.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                DOCS / "images" / f"{name}.png", optimize=True
            )


if __name__ == "__main__":
    main()
