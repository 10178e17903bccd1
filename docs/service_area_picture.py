"""The picture in ``travel-time.md``: a service area beside the streets from which its facility is reached.

Run: ``python docs/service_area_picture.py [ROADS.osm.pbf LON LAT]``; a place in Porto Alegre when not given. The
streets are cut by the formulas of that page, apart from the code that draws the area.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from numpy.typing import NDArray
from PIL import Image
from shapely.ops import substring

from geoplan.crs import metric_crs, transform_xy
from geoplan.layers import osm
from geoplan.network import AreaDrawer, KernelTravelTimes, Network, Reached, build_network, locate, walking

DOCS = Path(__file__).resolve().parent
PORTO_ALEGRE = DOCS.parents[1] / "shared" / "data" / "porto_alegre" / "poa_osm.pbf"
PLACE = (-51.2180, -30.0382)
MINUTES, SPEED, MARGIN_M, VIEW_M = (5, 10, 15), 1.0, 50.0, 950.0
SHADES = ("#0b5e8e", "#3b9bc9", "#9ccbe0")
INK, STREET, FRAME = "#10243a", "#c4c8cc", "#b5b5b5"
SOURCE = "Porto Alegre, on foot at 1.0 m/s. Streets © OpenStreetMap contributors (ODbL)"


def reached_streets(network: Network, reached: Reached, limit_ms: int) -> list[shapely.LineString]:
    """The parts of streets from which the facility is reached in time."""
    parts = []
    for edge in np.flatnonzero((reached.node_ms[[network.tail, network.head]] >= 0).any(axis=0)):
        line, whole = network.lines[edge], network.length_m[edge] / SPEED * 1000
        tail_ms, head_ms = reached.node_ms[network.tail[edge]], reached.node_ms[network.head[edge]]
        from_tail = min((limit_ms - tail_ms) / whole, 1.0) if 0 <= tail_ms < limit_ms else 0.0
        from_head = min((limit_ms - head_ms) / whole, 1.0) if 0 <= head_ms < limit_ms else 0.0
        if from_tail + from_head >= 1:
            parts.append(line)
        else:
            parts += [substring(line, 0, from_tail, normalized=True)] if from_tail else []
            parts += [substring(line, 1 - from_head, 1, normalized=True)] if from_head else []
    own = network.lines[reached.edge]
    around_m = max(limit_ms - reached.leg_ms, 0) / 1000 * SPEED
    place_m = reached.along * own.length
    return [*parts, substring(own, max(place_m - around_m, 0), min(place_m + around_m, own.length))]


def draw_lines(axes: Axes, lines: NDArray[np.object_] | list[shapely.LineString], colour: str, width: float) -> None:
    """Lines in one colour."""
    paths = [shapely.get_coordinates(line) for line in lines]
    axes.add_collection(LineCollection(paths, colors=colour, linewidths=width, capstyle="round", joinstyle="round"))


def draw_area(axes: Axes, area: shapely.MultiPolygon, colour: str) -> None:
    """Polygons with their holes."""
    rings = [Outline(shapely.get_coordinates(ring), closed=True) for ring in shapely.get_rings(area.geoms)]
    axes.add_patch(PathPatch(Outline.make_compound_path(*rings), facecolor=colour, edgecolor="white", linewidth=0.8))


def prepare(axes: Axes, title: str, centre: NDArray[np.float64]) -> None:
    """A square map without ticks."""
    axes.set_title(title, color=INK, fontsize=12, pad=8)
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.set_xlim(centre[0] - VIEW_M, centre[0] + VIEW_M)
    axes.set_ylim(centre[1] - VIEW_M, centre[1] + VIEW_M)
    axes.spines[:].set_color(FRAME)


def scale_bar(axes: Axes, centre: NDArray[np.float64]) -> None:
    """500 m in the lower right corner."""
    east, south = centre[0] + VIEW_M - 60, centre[1] - VIEW_M + 60
    axes.plot([east - 500, east], [south, south], color=INK, linewidth=3, solid_capstyle="butt", zorder=9)
    label = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    axes.text(east - 250, south + 25, "500 m", ha="center", va="bottom", color=INK, fontsize=9, bbox=label, zorder=9)


def picture(network: Network, point: shapely.Point) -> Figure:
    """The two maps."""
    times = walking(network, SPEED)
    limits_ms = [60_000 * minutes for minutes in MINUTES]
    places = locate(network, np.array([point], dtype=object), 500.0)
    (reached,) = KernelTravelTimes(network, times).reached(places, limits_ms[-1])
    if reached is None:
        sys.exit("no street within 500 m of the place")
    areas = AreaDrawer(network, times, MARGIN_M).each([reached], limits_ms)[:, 0]
    figure = Figure(figsize=(11, 6.0), layout="constrained", facecolor="white")
    figure.get_layout_engine().set(h_pad=0.12, w_pad=0.08)
    left, right = figure.subplots(1, 2)
    centre = np.array([point.x, point.y])
    prepare(left, "Streets from which the facility is reached", centre)
    prepare(right, f"Its service area, {MARGIN_M:.0f} m to both sides", centre)
    near = shapely.dwithin(network.lines, point, 2 * VIEW_M)
    draw_lines(left, network.lines[near], STREET, 0.8)
    for limit_ms, area, shade in reversed(list(zip(limits_ms, areas, SHADES, strict=True))):
        draw_lines(left, reached_streets(network, reached, limit_ms), shade, 2.4)
        draw_area(right, area, shade)
    draw_lines(right, network.lines[near], "#10243a55", 0.6)
    for axes in (left, right):
        axes.plot(*centre, marker="*", markersize=15, color="#ffc845", markeredgecolor=INK, zorder=10)
    keys = [Line2D([], [], color=shade, linewidth=5) for shade in SHADES]
    left.legend(keys, [f"{minutes} min" for minutes in MINUTES], loc="lower left", fontsize=9, labelcolor=INK)
    scale_bar(right, centre)
    figure.supxlabel(SOURCE if len(sys.argv) == 1 else "", fontsize=8, color="#5a6672", x=0.99, ha="right")
    return figure


def main() -> None:
    """Write the picture beside this file."""
    path, lon, lat = sys.argv[1:] if len(sys.argv) > 1 else (PORTO_ALEGRE, *PLACE)
    roads = osm.read_pbf(Path(path)).assign(walkable="")
    crs = metric_crs(float(lon), float(lat))
    place = transform_xy(np.array([[float(lon), float(lat)]]), pyproj.CRS(4326), crs)[0]
    figure = picture(build_network(roads.to_crs(crs)), shapely.Point(place))
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100)
    Image.open(drawn).quantize(96, dither=Image.Dither.NONE).save(DOCS / "images" / "service-area.png", optimize=True)


if __name__ == "__main__":
    main()
