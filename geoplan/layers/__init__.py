"""From the manifest of a workspace to validated layers with a digest."""

from geoplan.layers.facilities import operating, serves, with_version
from geoplan.layers.manifest import MANIFEST, LayerEntry, Manifest, read_manifest
from geoplan.layers.units import townships
from geoplan.layers.workspace import Layers, Progress, content_digest, load_layers

__all__ = [
    "MANIFEST",
    "LayerEntry",
    "Layers",
    "Manifest",
    "Progress",
    "content_digest",
    "load_layers",
    "operating",
    "read_manifest",
    "serves",
    "townships",
    "with_version",
]
