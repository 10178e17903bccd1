"""Writing the demo workspace's layers and their manifest."""

from pathlib import Path

import geopandas as gpd
import shapely

from geoplan.demo.frames import demo_frames
from geoplan.demo.scenarios import write_scenarios
from geoplan.errors import GeoplanError
from geoplan.layers import read_manifest

# role: file, source, licence.
_FILES = {
    "units": ("units.geojson", "名称、代码：第七次全国人口普查；驻地：Vonng/adcode；边界为合成", "CC BY 4.0"),
    "roads": ("roads.parquet", "合成路网", "CC0-1.0"),
    "demand": ("demand.csv", "各镇街人口：第七次全国人口普查；60岁以上合计：规划文本；分布为合成", "CC0-1.0"),
    "estates": ("estates.csv", "合成小区", "CC0-1.0"),
    "facilities": ("facilities.csv", "机构名称、床位：鹤山市养老“十四五”规划；其余为合成", "CC0-1.0"),
    "barriers": ("water.geojson", "合成水系", "CC0-1.0"),
}  # fmt: skip
NAME = "鹤山市（示例，几何为合成）"
_HEAD = f"""\
# Demo workspace, written by `python -m geoplan.demo`. 示例工作区，由程序生成。
#
# Real: township names, codes and 2020 populations (census); the sum of people of 60 and over (the plan); names, beds,
# nursing beds, residents and ownership of the 16 institutions, names of the 7 canteens (the plan).
# Synthetic: all geometry (borders, roads, water, places of homes and facilities), how people are spread inside a
# township and their ages, functions, areas and opening years of facilities, all estates, all stations called 示例.
# 真实：镇街名称、代码、2020年人口，60岁以上总数，机构名称与床位。合成：全部几何、人口分布、功能、面积、小区、示例站点。

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
    contents = {_FILES[role][0]: _file_content(role, frame) for role, frame in demo_frames().items()}
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
    name = _FILES[role][0]
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
        f'\n[[layer]]\nrole = "{role}"\nfile = "{file}"\ncrs = "EPSG:4326"\nsource = "{source}"\n'
        f'licence = "{licence}"\nas_of = 2020-11-01\nsynthetic = true\n'
        for role, (file, source, licence) in _FILES.items()
    ]
    return _HEAD + "".join(entries)
