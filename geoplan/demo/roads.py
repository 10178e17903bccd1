"""The demo's road network, put together: country roads, streets, lanes, tracks, bridges and overpasses."""

from dataclasses import dataclass

import numpy as np
import shapely

from geoplan.demo.chains import country_roads
from geoplan.demo.county import County
from geoplan.demo.crossings import add_elevated_roads, add_motorway, motorway_line
from geoplan.demo.lanes import Village, VillageBuilder, lay_tracks
from geoplan.demo.noding import node_at_grade, tidy
from geoplan.demo.plane import Point
from geoplan.demo.streets import TownStreets, lay_streets
from geoplan.demo.villages import settle
from geoplan.demo.ways import Ways

_APART_TOWNSHIP = 8  # 宅梧镇: a hamlet in the hills whose lanes reach no road


@dataclass(frozen=True)
class Roads:
    """The finished network, and what was built on it; all in local metres."""

    ways: Ways
    towns: tuple[TownStreets, ...]
    villages: tuple[Village, ...]


def build_roads(county: County) -> Roads:
    """Build the whole network."""
    towns = tuple(lay_streets(county, town) for town in county.towns)
    country = settle(county)
    main = country_roads(county, country.lattice, np.vstack([town.gates for town in towns]))
    sites = country.lattice.xy[country.villages]
    builder = VillageBuilder(county, main.where([grade == 0 for grade in main.grades]))
    for number, site in enumerate(sites.tolist()):
        builder.beside_road((site[0], site[1]), large=number < country.large)
    apart = _apart_sites(county, main)
    for site in apart:
        builder.apart(site)
    ways = Ways()
    ways.extend(main)
    for part in (*(town.ways for town in towns), builder.ways):
        ways.extend(_under_motorway(part))
    ways.extend(lay_tracks(county, main))
    islands = [shapely.Point(site).buffer(400) for site in apart]
    ways = tidy(node_at_grade(ways), islands)
    add_elevated_roads(ways)
    add_motorway(county, ways)
    return Roads(ways, towns, tuple(builder.villages))


def _apart_sites(county: County, main: Ways) -> list[Point]:
    """Two hamlets without a road to them: on the river's island, and in the hills."""
    island = county.water.island.representative_point()
    lattice = np.array([(x, y) for x in range(-15_000, -3_000, 250) for y in range(-7_000, 6_000, 250)]) * 1.0
    here = lattice[county.township_of(lattice, inset_m=700) == _APART_TOWNSHIP]
    tree = shapely.STRtree(main.geometries())
    _, away = tree.query_nearest(shapely.points(here), return_distance=True, all_matches=False)
    height = county.terrain.height_m(here)
    merit = np.where((away > 500) & (away < 800), height, np.inf).round(2)  # noqa: PLR2004
    x, y = here[int(np.argmin(merit))].tolist()
    return [(round(island.x, 2) + 40.0, round(island.y, 2) - 60.0), (x, y)]


def _under_motorway(ways: Ways) -> Ways:
    """Leave out streets and lanes that the motorway would run over or beside."""
    near = shapely.dwithin(ways.geometries(), motorway_line(), 30)
    return ways.where((~near | (ways.rank() < 4)).tolist())  # noqa: PLR2004
