"""What lies beneath every sheet: water, roads, borders, names of townships, and the inset that tells where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.assess import Assessment
from geoplan.i18n import _, mark
from geoplan.layers import townships
from geoplan.report import style
from geoplan.report.print_maps.content import Form, Inset, Layer, Look, Name
from geoplan.report.print_maps.extent import Bounds, Extent, fit, seen
from geoplan.report.print_maps.page import Rect
from geoplan.report.tables import place_name

_MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
_LANES_FROM = 250_000  # the denominator up to which minor roads are drawn
BASE = mark("基础地理")
"""The legend's heading for what lies beneath."""
_ROUND_COUNTY = 1.5  # the inset shows so many times the county's size
_LEAST_M = 1000.0  # a place with one home still has an extent


class Ground:
    """The ground of one assessment; what several sheets show is made once.

    Args:
        frame: of the map on the page.
        scale: denominator of the county's sheets; 0 for the largest round one that shows the whole county.

    Raises:
        SettingsError: at that scale the county does not fit.
    """

    def __init__(self, assessment: Assessment, frame: Rect, scale: int = 0) -> None:
        self.assessment = assessment
        self.frames = assessment.layers.frames
        self._beneath: dict[Extent, tuple[Layer, ...]] = {}
        self.extent = fit(widened(self.area), frame, scale)

    @cached_property
    def townships(self) -> gpd.GeoDataFrame | None:
        """The townships, None where there are none."""
        towns = townships(self.assessment.layers.get("units"))
        return None if towns is None or towns.empty else towns

    @cached_property
    def area(self) -> shapely.Geometry:
        """The county: its townships or its own polygon together, else the rectangle around its people and facilities."""
        units = self.assessment.layers.get("units")
        if units is not None and len(units):
            return shapely.union_all(shapely.get_parts(units.geometry.to_numpy()))
        placed = [
            shape for role in ("demand", "facilities") for shape in self.frames[role].geometry if shape is not None
        ]
        placed = placed or list(self.frames["roads"].geometry)
        return shapely.box(*shapely.total_bounds(np.array(placed, dtype=object)))

    @cached_property
    def water(self) -> NDArray[np.object_]:
        """Polygons of water."""
        barriers = self.assessment.layers.get("barriers")
        if barriers is None:
            return np.empty(0, dtype=object)
        shapes = barriers.geometry[barriers["kind"] == "water"].to_numpy()
        return np.asarray(shapes[shapely.get_dimensions(shapes) == 2])  # noqa: PLR2004 - areas

    @cached_property
    def _roads(self) -> dict[bool, NDArray[np.object_]]:
        """Roads joined to long lines: the main ones and the others."""
        roads = self.frames["roads"]
        main = roads["road_class"].isin(_MAIN_ROADS).to_numpy()
        shapes = shapely.get_parts(roads.geometry.to_numpy(), return_index=True)
        parts, owner = shapes
        return {
            kind: shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts[main[owner] == kind])))
            for kind in (True, False)
        }

    def beneath(self, extent: Extent | None = None) -> tuple[Layer, ...]:
        """Water and roads, for the bottom of a sheet; minor roads at large scales, or where there are no others.

        Args:
            extent: of the sheet; the county's when not given.
        """
        extent = extent or self.extent
        if extent not in self._beneath:
            self._beneath[extent] = tuple(self._drawn_beneath(extent))
        return self._beneath[extent]

    def _drawn_beneath(self, extent: Extent) -> Iterator[Layer]:
        main, lanes, base = self._roads[True], self._roads[False], _(BASE)
        if len(self.water):
            yield Layer(Form.AREA, seen(self.water, extent), Look(fill=style.WATER_COLOUR), _("水系"), base)
        if len(lanes) and (extent.denominator <= _LANES_FROM or not len(main)):
            yield Layer(Form.LINE, seen(lanes, extent), Look(line=style.ROAD_COLOUR, width_mm=0.12), _("道路"), base)
        if len(main):
            yield Layer(Form.LINE, seen(main, extent), Look(line=style.ROAD_COLOUR, width_mm=0.35), _("主要道路"), base)

    def borders(self) -> tuple[Layer, ...]:
        """Borders of townships and of the county."""
        layers = []
        if self.townships is not None:
            look = Look(line=style.BORDER_COLOUR, width_mm=0.25, dashed=True)
            rings = shapely.boundary(self.townships.geometry.to_numpy())
            layers.append(Layer(Form.LINE, rings, look, _("镇街界"), _(BASE)))
        if self.assessment.layers.get("units") is not None:
            county = Look(line=style.BORDER_COLOUR, width_mm=0.6)
            layers.append(Layer(Form.LINE, _one(shapely.boundary(self.area)), county, _("县（市、区）界"), _(BASE)))
        return tuple(layers)

    def names(self, notes: Mapping[str, str] = MappingProxyType({})) -> tuple[Name, ...]:
        """The townships' names, with a note beneath each where there is one."""
        if self.townships is None:
            return ()
        rows = self.townships.to_dict("records")
        return tuple(
            Name(row["name"], row["geometry"], size=1.25, note=notes.get(row["unit_code"], "")) for row in rows
        )

    def county_inset(self, frame: Rect) -> Inset:
        """The county in its surroundings, with the frame of the map.

        Args:
            frame: of the small map on the page.
        """
        small = fit(_larger(widened(self.area), _ROUND_COUNTY), frame)
        shown = Layer(Form.AREA, _one(shapely.box(*self.extent.bounds)), Look(line=style.HERE_COLOUR, width_mm=0.4))
        return Inset((*self._inset_ground(small), shown), small, Name(self.county_name(), self.area))

    def township_inset(self, frame: Rect, name: str, shape: shapely.Geometry) -> Inset:
        """A township's place in the county."""
        small = fit(widened(self.area), frame)
        here = Look(fill=style.HERE_COLOUR, line=style.HERE_COLOUR, opacity=0.55)
        layers = (*self._inset_ground(small), *self.borders()[:1], Layer(Form.AREA, _one(shape), here))
        return Inset(layers, small, Name(name, shape))

    def _inset_ground(self, small: Extent) -> tuple[Layer, ...]:
        if small not in self._beneath:
            main = self._roads[True] if len(self._roads[True]) else self._roads[False]
            county = Look(fill=style.BACKGROUND_COLOUR, line=style.BORDER_COLOUR, width_mm=0.3)
            self._beneath[small] = (
                Layer(Form.AREA, seen(_one(self.area), small), county),
                Layer(Form.AREA, seen(self.water, small), Look(fill=style.WATER_COLOUR)),
                Layer(Form.LINE, seen(main, small), Look(line=style.ROAD_COLOUR, width_mm=0.12)),
            )
        return self._beneath[small]

    def county_name(self) -> str:
        """The county's name in the units layer, else the workspace's."""
        units = self.assessment.layers.get("units")
        rows = [] if units is None else list(units["name"][units["level"] == "county"])
        return str(rows[0]) if len(rows) == 1 else place_name(self.assessment)


def _one(shape: shapely.Geometry) -> NDArray[np.object_]:
    return np.array([shape], dtype=object)


def widened(shape: shapely.Geometry) -> Bounds:
    """The bounds of a shape, at least so large that there is something to draw around a single point."""
    west, south, east, north = shape.bounds
    air_x, air_y = (max(_LEAST_M - size, 0) / 2 for size in (east - west, north - south))
    return west - air_x, south - air_y, east + air_x, north + air_y


def _larger(bounds: Bounds, times: float) -> Bounds:
    """Bounds of so many times the size around the same middle."""
    west, south, east, north = bounds
    more_x, more_y = (east - west) * (times - 1) / 2, (north - south) * (times - 1) / 2
    return west - more_x, south - more_y, east + more_x, north + more_y
