"""The symbols of the style table as matplotlib draws them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MARKERS: Mapping[str, str] = MappingProxyType(
    {
        "circle": "o",
        "square": "s",
        "triangle": "^",
        "diamond": "D",
        "hexagon": "h",
        "pentagon": "p",
        "star": "*",
        "plus": "P",
        "cross": "X",
    }
)
