"""The people of units spread over the cells of a population raster: dasymetric mapping, to the last person.

A unit's people are shared out among its cells in proportion to what the raster says of each, times the part of the cell that
lies in the unit (by area, from ``exactextract``). Shares are whole steps of 1/1024 person, by largest remainders in integer
arithmetic, so that each unit's cells sum to its figure exactly. See Mennis (2003), Generating surface models of population
using dasymetric mapping, The Professional Geographer 55.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray

from geoplan.intake.population_grid import Grid

STEPS = 1024
"""People are held in so many parts; ``geoplan.layers.validation`` rounds to them."""
_FINE = 1 << 52  # weights become whole numbers of so many parts of the greatest


@dataclass(frozen=True)
class Pieces:
    """The parts of cells that lie in units, blocks of cells taken together.

    Attributes:
        unit: int64 (n,), the row of the unit.
        weight: float64 (n,), what the raster says of it; above zero.
        xy: float64 (n, 2), a place in the unit, in the grid's CRS.
        known: float64 (units,), the share of each unit's area of which the raster says anything.
    """

    unit: NDArray[np.int64]
    weight: NDArray[np.float64]
    xy: NDArray[np.float64]
    known: NDArray[np.float64]


def pieces_of(grid: Grid, units: gpd.GeoDataFrame, block: int = 1) -> Pieces:
    """Lay units over a grid.

    Args:
        units: polygons, in the grid's CRS.
        block: so many cells in both directions become one.
    """
    cells = grid.cells()
    covered = _covered(cells.shape, grid, units)
    row, column = np.divmod(covered["cell"].to_numpy(), cells.shape[1])
    people = cells[row, column]
    width, height = (grid.box[2] - grid.box[0]) / cells.shape[1], (grid.box[3] - grid.box[1]) / cells.shape[0]
    area = np.bincount(covered["unit"], covered["share"] * ~np.isnan(people), len(units)) * width * height
    covered["weight"] = covered["share"] * np.nan_to_num(people)
    covered["x"], covered["y"] = grid.box[0] + (column + 0.5) * width, grid.box[3] - (row + 0.5) * height
    covered["block"] = row // block * cells.shape[1] + column // block
    lived_in = covered[covered["weight"] > 0]
    joined = _joined(lived_in)
    xy = _inside(joined[["x", "y"]].to_numpy(), joined["heaviest"].to_numpy(), lived_in, units, (width, height))
    whole = np.maximum(shapely.area(units.geometry.to_numpy()), np.finfo(float).tiny)
    known = np.minimum(area / whole, 1.0)
    return Pieces(joined["unit"].to_numpy(), joined["weight"].to_numpy(), xy, known)


def _covered(shape: tuple[int, int], grid: Grid, units: gpd.GeoDataFrame) -> pd.DataFrame:
    """unit, cell, share: which part of which cell lies in which unit."""
    raster = NumPyRasterSource(np.zeros(shape), *grid.box)
    areas = gpd.GeoDataFrame({"unit": np.arange(len(units))}, geometry=units.geometry.to_numpy(), crs=units.crs)
    found = exact_extract(raster, areas, ["cell_id", "coverage"], include_cols=["unit"], output="pandas")
    counts = found["cell_id"].map(len).to_numpy()
    columns = {
        "unit": np.repeat(found["unit"].to_numpy(np.int64), counts),
        "cell": np.concatenate(found["cell_id"].to_list()).astype(np.int64),
        "share": np.concatenate(found["coverage"].to_list()).astype(np.float64),
    }
    return pd.DataFrame(columns)


def _joined(covered: pd.DataFrame) -> pd.DataFrame:
    """Cells of one unit and block as one: their weight, their middle by weight, and the heaviest of them."""
    moments = covered.assign(x=covered["x"] * covered["weight"], y=covered["y"] * covered["weight"])
    groups = moments.groupby(["unit", "block"], sort=True)
    joined = groups[["weight", "x", "y"]].sum()
    joined["heaviest"] = groups["weight"].idxmax()
    joined[["x", "y"]] = joined[["x", "y"]].div(joined["weight"], axis=0)
    return joined.reset_index()


def _inside(
    xy: NDArray[np.float64],
    heaviest: NDArray[np.int64],
    covered: pd.DataFrame,
    units: gpd.GeoDataFrame,
    size: tuple[float, float],
) -> NDArray[np.float64]:
    """The same places, those outside their unit moved to where the heaviest cell lies in it."""
    shapes = units.geometry.to_numpy()
    owner = covered.loc[heaviest, "unit"].to_numpy()
    shapely.prepare(shapes)
    outside = np.flatnonzero(~shapely.intersects_xy(shapes[owner], *xy.T))
    x, y = covered.loc[heaviest[outside], ["x", "y"]].to_numpy().T
    boxes = shapely.box(x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
    parts = shapely.intersection(boxes, shapes[owner[outside]])
    moved = shapely.get_coordinates(shapely.point_on_surface(parts))
    xy = xy.copy()
    xy[outside] = moved
    return xy


def allot(total: Fraction, weights: NDArray[np.float64], most: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Share people out in proportion to weights: int64 (n,) steps of 1/1024 that sum to the total rounded to a step.

    Largest remainders; ties go to the earlier row.

    Args:
        weights: float64 (n,), not negative, their sum above zero.
        most: no row gets more steps than this; their sum is not less than the total.
    """
    steps = round(total * STEPS)
    whole = [round(weight * _FINE) for weight in (weights / weights.max()).tolist()]
    everything = sum(whole)
    quotas = [divmod(weight * steps, everything) for weight in whole]
    given = np.array([quotient for quotient, _rest in quotas], np.int64)
    limit = np.full(len(given), steps, np.int64) if most is None else most
    given = np.minimum(given, limit)
    order = np.array(sorted(range(len(quotas)), key=lambda row: -quotas[row][1]), np.int64)
    while left := steps - int(given.sum()):
        free = order[given[order] < limit[order]][:left]
        given[free] += 1
    return given


def allot_nested(totals: Sequence[Fraction | None], weights: NDArray[np.float64]) -> list[NDArray[np.float64] | None]:
    """Share out several figures, each a part of the one before, such as all people and those of 60 and over.

    In no row does a part exceed what it is a part of. A figure that is not known (None) stays unknown.
    """
    shared: list[NDArray[np.float64] | None] = []
    most: NDArray[np.int64] | None = None
    for total in totals:
        if total is None:
            shared.append(None)
            continue
        most = allot(total, weights, most)
        shared.append(most / STEPS)
    return shared
