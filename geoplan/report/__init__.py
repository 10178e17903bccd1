"""What an assessment is written out as: words and figures from ``tables``, looks from ``style``."""

from geoplan.report.results import json_text, write_results
from geoplan.report.terminal import problem_line, show
from geoplan.report.web_map import map_html

__all__ = ["json_text", "map_html", "problem_line", "show", "write_results"]
