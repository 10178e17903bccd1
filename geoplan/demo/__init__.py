"""A seeded synthetic county, 鹤山市（示例）: Heshan's public figures on invented geometry, to try geoplan on."""

from geoplan.demo.frames import demo_frames
from geoplan.demo.writing import is_demo, write_demo

__all__ = ["demo_frames", "is_demo", "write_demo"]
