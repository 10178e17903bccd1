"""Writing the demo workspace's layers and their manifest."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely

from geoplan.demo.frames import demo_frames
from geoplan.demo.scenarios import write_scenarios
from geoplan.errors import GeoplanError
from geoplan.layers import read_manifest


@dataclass(frozen=True)
class _File:
    """A layer's file and what the manifest says about it."""

    name: str
    source: str
    licence: str = "CC0-1.0"
    as_of: str = "2020-11-01"
    synthetic: bool = True


_FILES = {
    "units": _File(
        "units.geojson",
        "镇街名称、代码：第七次全国人口普查；驻地：Vonng/adcode；边界及村（社区）为合成，数量为假定",
        "CC BY 4.0",
    ),
    "roads": _File("roads.parquet", "合成路网"),
    "demand": _File("demand.csv", "各镇街人口：第七次全国人口普查；60岁以上合计：规划文本；分布为合成"),
    "estates": _File("estates.csv", "合成小区"),
    "facilities": _File("facilities.csv", "机构名称、床位：鹤山市养老“十四五”规划；其余为合成", as_of="2024-12-31"),
    "clinics": _File("clinics.csv", "合成医疗卫生机构", as_of="2024-12-31"),
    "idle_assets": _File("idle_assets.csv", "合成闲置资产", as_of="2024-12-31"),
    "seats": _File("seats.csv", "驻地：Vonng/adcode", "CC BY 4.0", synthetic=False),
    "barriers": _File("water.geojson", "合成水系"),
    "figures": _File("figures.csv", "合成填报数据", as_of="2024-12-31"),
}
NAME = "鹤山市（示例，几何为合成）"
_HEAD = f"""\
# Demo workspace, written by `python -m geoplan.demo`. 示例工作区，由程序生成。
#
# Real: township names, codes and 2020 populations (census); the sum of people of 60 and over (the plan); names, beds,
# nursing beds, residents and ownership of the 16 institutions, the beds of 2020 that the plan prints besides, that each of
# the 14 of 2020 has medical care of its own or a contract, names of the 7 canteens (the plan); the seats.
# Synthetic: all other geometry (borders, roads, water, places of homes and facilities), number and shapes of villages and
# neighbourhoods, how people are spread inside a township and their ages, functions, areas, grades, basic beds and opening
# years of facilities, all estates, clinics and idle assets, how far the plan's projects have come, all figures
# typed by hand. What is invented altogether is called 示例.
# 真实：镇街名称、代码、驻地、2020年人口，60岁以上总数，机构名称与床位，2020年14家机构的医养结合。合成：其余全部几何，村（社区）的数量和
# 边界，人口分布，功能、面积、等级、基本床位，小区、医疗机构、闲置资产，规划项目的进度，填报数据，示例站点。

schema = 1
name = "{NAME}"
name_en = "Heshan (demo, synthetic geometry)"
pack = "heshan"
"""


def is_demo(directory: Path) -> bool:
    """Whether a folder holds the demo workspace."""
    try:
        return read_manifest(directory).name == NAME
    except GeoplanError:
        return False


def write_demo(directory: Path) -> None:
    """Write the demo's `layers/` and `scenarios/` below a directory; all layers are made before the first is written."""
    contents = {_FILES[role].name: _file_content(role, frame) for role, frame in demo_frames().items()}
    layers = directory / "layers"
    layers.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        if isinstance(content, str):
            (layers / name).write_text(content, encoding="utf-8", newline="\n")
        else:
            content.to_parquet(layers / name, index=False, compression="zstd")
    (layers / "manifest.toml").write_text(_manifest(), encoding="utf-8", newline="\n")
    write_scenarios(directory)


def _file_content(role: str, frame: gpd.GeoDataFrame) -> str | gpd.GeoDataFrame:
    """The text of a text file; the frame itself for GeoParquet."""
    name = _FILES[role].name
    if name.endswith(".csv"):
        return str(frame.drop(columns="geometry").to_csv(index=False, lineterminator="\n"))
    if name.endswith(".geojson"):
        return _geojson(frame)
    return frame


def _geojson(frame: gpd.GeoDataFrame) -> str:
    """GeoJSON with one feature a line."""
    features = [
        f'{{"type": "Feature", "properties": {properties}, "geometry": {geometry}}}'
        for properties, geometry in zip(
            frame.drop(columns="geometry").to_json(orient="records", lines=True, force_ascii=False).splitlines(),
            shapely.to_geojson(frame.geometry.to_numpy()).tolist(),
            strict=True,
        )
    ]
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"


def _manifest() -> str:
    """The manifest's text."""
    entries = [
        f'\n[[layer]]\nrole = "{role}"\nfile = "{file.name}"\ncrs = "EPSG:4326"\nsource = "{file.source}"\n'
        f'licence = "{file.licence}"\nas_of = {file.as_of}\nsynthetic = {str(file.synthetic).lower()}\n'
        for role, file in _FILES.items()
    ]
    return _HEAD + "".join(entries)
