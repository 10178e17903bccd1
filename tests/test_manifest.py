"""The manifest: what it may say, and what is said when it does not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from workspaces import CRS

from geoplan.errors import GeoplanError, ManifestError, WorkspaceError
from geoplan.layers import load_layers, read_manifest


def written(folder: Path, text: str) -> Path:
    """A workspace with nothing but a manifest of this text."""
    (folder / "layers").mkdir()
    (folder / "layers" / "manifest.toml").write_text(text, encoding="utf-8")
    return folder


def with_roads(more: str = "", head: str = "") -> str:
    """A manifest of one roads layer with more keys."""
    return f'{head}\n[[layer]]\nrole = "roads"\nfile = "roads.parquet"\n{more}\n'


def test_a_manifest_is_read_key_by_key(small, tmp_path):
    """Every key of the manifest arrives in the record."""
    small.head |= {"name_en": "Sample", "year": 2030, "analysis_crs": "EPSG:4546", "schema": 1}
    small.entries["units"] |= {"source": "测绘", "licence": "CC0-1.0", "as_of": date(2020, 11, 1), "synthetic": True}
    small.entries["demand"] |= {"columns": {"pop60": "老年人"}, "encoding": "utf-8"}
    manifest = read_manifest(small.write(tmp_path))
    assert (manifest.name, manifest.name_en, manifest.pack, manifest.year) == ("示例", "Sample", "heshan", 2030)
    assert manifest.analysis_crs == "EPSG:4546"
    assert manifest.synthetic_roles == ("units",)
    units, demand = manifest.entry("units"), manifest.entry("demand")
    assert (units.source, units.licence, units.as_of) == ("测绘", "CC0-1.0", date(2020, 11, 1))
    assert (demand.crs, dict(demand.columns), demand.encoding) == (CRS, {"pop60": "老年人"}, "utf-8")
    assert manifest.path(demand) == tmp_path / "layers" / "demand.csv"
    assert manifest.entry("landuse") is None


def test_a_manifest_without_a_name_goes_by_its_folder(tmp_path):
    """The folder's name stands in for a missing name, in both languages."""
    root = tmp_path / "鹤山"
    root.mkdir()
    manifest = read_manifest(written(root, with_roads()))
    assert (manifest.name, manifest.name_en) == ("鹤山", "鹤山")


def test_a_folder_without_manifest_is_no_workspace(tmp_path):
    """The error is also a FileNotFoundError, names the folder and says what to do."""
    with pytest.raises(WorkspaceError, match="geoplan demo") as caught:
        read_manifest(tmp_path)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(tmp_path) in str(caught.value)


def test_a_manifest_that_is_a_folder_is_an_error_of_the_workspace(tmp_path):
    """What the operating system refuses to read is reported in words."""
    (tmp_path / "layers" / "manifest.toml").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match=r"manifest\.toml"):
        read_manifest(tmp_path)


def test_a_manifest_in_gbk_is_refused(tmp_path):
    """TOML is UTF-8; a manifest saved by an old editor is named, not misread."""
    written(tmp_path, "")
    (tmp_path / "layers" / "manifest.toml").write_bytes(with_roads(head='name = "鹤山"').encode("gbk"))
    with pytest.raises(ManifestError, match="UTF-8"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "', "TOML"),
        ('layer = "roads"', "应当写成"),
        (with_roads('corrections = ["magic"]'), "magic.*dms"),
        (with_roads('constants = { road_clas = "x" }'), "road_clas"),
        ("layer = [1]", "第 1 个.*应当是表"),
        (with_roads(head="schema = 2"), "schema = 2"),
        (with_roads(head='nmae = "x"'), "nmae"),
        (with_roads(head='year = "2025"'), "year.*类型"),
        (with_roads(head="year = true"), "year.*类型"),
        (with_roads("colour = 1"), "第 1 个.*colour"),
        (with_roads("synthetic = 1"), "synthetic.*类型"),
        (with_roads('as_of = "2020"'), "as_of.*类型"),
        (with_roads('columns = "x"'), "columns.*类型"),
        (with_roads('columns = { road_clas = "类别" }'), "road_clas"),
        (with_roads('datum = "wgs72"'), "wgs72.*gcj02"),
        ('[[layer]]\nrole = "roads"', "缺少 file"),
        ('[[layer]]\nfile = "roads.csv"', "缺少 role"),
        ('[[layer]]\nrole = "streets"\nfile = "a.csv"', "streets.*roads"),
        (with_roads() + with_roads(), "roads 出现了多次"),
    ],
)
def test_a_manifest_that_says_something_wrong_is_refused(tmp_path, text, said):
    """The error is also a ValueError and names the place, the key and what is known."""
    with pytest.raises(ManifestError, match=said) as caught:
        read_manifest(written(tmp_path, text))
    assert isinstance(caught.value, ValueError)
    assert "manifest.toml" in str(caught.value)


@pytest.mark.parametrize("file", ["../secret.csv", "a/../../secret.csv", "/etc/passwd.csv"])
def test_a_layer_cannot_lie_outside_the_workspace(tmp_path, file):
    """Paths that leave ``layers/`` are refused before anything is read."""
    text = f'[[layer]]\nrole = "roads"\nfile = "{file}"'
    with pytest.raises(ManifestError, match=r"layers/ 之内"):
        read_manifest(written(tmp_path, text))


def test_a_layer_may_lie_in_a_folder_below(small, tmp_path):
    """Files may be sorted into folders below ``layers/``."""
    small.write(tmp_path)
    below = tmp_path / "layers" / "路网"
    below.mkdir()
    (tmp_path / "layers" / "roads.parquet").rename(below / "roads.parquet")
    small.replace_layer("roads", "路网/roads.parquet").write(tmp_path)
    assert len(load_layers(tmp_path).frames["roads"]) == 17 + 9


def test_a_missing_file_is_named(small, tmp_path):
    """A layer whose file is not there names role and file."""
    small.replace_layer("roads", "nowhere.gpkg").write(tmp_path)
    with pytest.raises(WorkspaceError, match=r"roads.*nowhere\.gpkg") as caught:
        load_layers(tmp_path)
    assert isinstance(caught.value, GeoplanError)
