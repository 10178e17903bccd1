"""What lies beneath every sheet: water, roads, borders, names of townships, and the inset that tells where it is."""

from __future__ import annotations

from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.assess import Assessment
from geoplan.i18n import _
from geoplan.layers import townships
from geoplan.report import style
from geoplan.report.print_maps.content import Form, Inset, Layer, Look, Name
from geoplan.report.print_maps.extent import Bounds

_MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
_LANES_FROM = 60_000  # the denominator up to which minor roads are drawn
_ROUND_COUNTY = 1.5  # the inset shows so many times the county's size
_LEAST_M = 1000.0  # a place with one home still has an extent


class Ground:
    """The ground of one assessment; what several sheets show is made once."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        self.frames = assessment.layers.frames

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

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north of the county in metres."""
        return widened(self.area)

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

    def beneath(self, denominator: int) -> tuple[Layer, ...]:
        """Water and roads, for the bottom of a sheet; minor roads at large scales, or where there are no others."""
        main, lanes = self._roads[True], self._roads[False]
        road = Look(line=style.ROAD_COLOUR, width_mm=0.35)
        lane = Look(line=style.ROAD_COLOUR, width_mm=0.12)
        layers = [Layer(Form.AREA, self.water, Look(fill=style.WATER_COLOUR), _("水系"))] if len(self.water) else []
        if len(lanes) and (denominator <= _LANES_FROM or not len(main)):
            layers.append(Layer(Form.LINE, lanes, lane, _("道路")))
        if len(main):
            layers.append(Layer(Form.LINE, main, road, _("主要道路")))
        return tuple(layers)

    def borders(self) -> tuple[Layer, ...]:
        """Borders of townships and of the county."""
        layers = []
        if self.townships is not None:
            look = Look(line=style.BORDER_COLOUR, width_mm=0.25, dashed=True)
            rings = shapely.boundary(self.townships.geometry.to_numpy())
            layers.append(Layer(Form.LINE, rings, look, _("镇街界")))
        if self.assessment.layers.get("units") is not None:
            county = Look(line=style.BORDER_COLOUR, width_mm=0.6)
            layers.append(
                Layer(Form.LINE, np.array([shapely.boundary(self.area)], dtype=object), county, _("县（市、区）界"))
            )
        return tuple(layers)

    def names(self, notes: dict[str, str] | None = None) -> tuple[Name, ...]:
        """The townships' names, with a note behind each where there is one."""
        if self.townships is None:
            return ()
        told = notes or {}
        return tuple(
            Name(
                " ".join(filter(None, (row["name"], told.get(row["unit_code"], "")))),
                row["geometry"],
                rank=0,
                size=1.25,
            )
            for row in self.townships.to_dict("records")
        )

    def inset(self, bounds: Bounds, here: shapely.Geometry | None = None) -> Inset:
        """The county in its surroundings with the frame of the map, or a township's place in the county."""
        main = self._roads[True] if len(self._roads[True]) else self._roads[False]
        roads = Layer(Form.LINE, main, Look(line=style.ROAD_COLOUR, width_mm=0.12))
        water = Layer(Form.AREA, self.water, Look(fill=style.WATER_COLOUR))
        county = Look(fill=style.BACKGROUND_COLOUR, line=style.BORDER_COLOUR, width_mm=0.3)
        land = Layer(Form.AREA, np.array([self.area], dtype=object), county)
        borders = self.borders()[:1] if here is not None else ()
        shown = (
            Layer(Form.AREA, np.array([here], dtype=object), Look(fill=style.HERE_COLOUR, opacity=0.55))
            if here is not None
            else None
        )
        frame = Layer(
            Form.AREA, np.array([shapely.box(*bounds)], dtype=object), Look(line=style.HERE_COLOUR, width_mm=0.4)
        )
        seen = self.bounds if here is not None else _larger(self.bounds, _ROUND_COUNTY)
        layers = (land, water, roads, *borders, *((shown,) if shown else ()), frame)
        return Inset(layers, seen)


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
