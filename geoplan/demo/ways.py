"""A growing list of road lines with their attributes, in local metres."""

from dataclasses import dataclass, field

import numpy as np
import shapely

from geoplan.demo.plane import FloatArray, IntArray, ObjectArray, round_cm

# OSM highway words, the more important first: where two lines lie on each other the first wins.
CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service", "track", "path",
    "footway", "steps",
)  # fmt: skip


@dataclass
class Ways:
    """Road lines: coordinates on the centimetre grid, class, name and grade (0 ground, 1 bridge)."""

    lines: list[FloatArray] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    grades: list[int] = field(default_factory=list)

    def add(self, line: FloatArray, road_class: str, name: str = "", grade: int = 0) -> None:
        """Add one line; its points are rounded to centimetres."""
        self.lines.append(round_cm(line))
        self.classes.append(road_class)
        self.names.append(name)
        self.grades.append(grade)

    def extend(self, other: "Ways") -> None:
        """Add all lines of another list."""
        self.lines += other.lines
        self.classes += other.classes
        self.names += other.names
        self.grades += other.grades

    def where(self, keep: list[bool]) -> "Ways":
        """The lines whose flag is set."""
        chosen = [k for k, ok in enumerate(keep) if ok]
        return Ways(
            [self.lines[k] for k in chosen],
            [self.classes[k] for k in chosen],
            [self.names[k] for k in chosen],
            [self.grades[k] for k in chosen],
        )

    def geometries(self) -> ObjectArray:
        """The lines as shapely geometries."""
        sizes = [len(line) for line in self.lines]
        return np.asarray(shapely.linestrings(np.vstack(self.lines), indices=np.repeat(np.arange(len(sizes)), sizes)))

    def rank(self) -> IntArray:
        """The place of each line's class in `CLASSES`."""
        return np.array([CLASSES.index(name) for name in self.classes], dtype=np.int64)
