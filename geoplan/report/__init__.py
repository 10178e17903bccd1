"""What an assessment is written out as: words and figures from ``tables``, looks from ``style``."""

from geoplan.report.alternatives import comparison_record, comparison_text, show_comparison, write_comparison
from geoplan.report.figures_table import write_figures_table
from geoplan.report.results import json_text, write_results
from geoplan.report.service_areas import check_area_request, draw_service_areas, write_service_areas
from geoplan.report.terminal import problem_line, problem_text, show
from geoplan.report.web_map import map_html

__all__ = [
    "check_area_request",
    "comparison_record",
    "comparison_text",
    "draw_service_areas",
    "json_text",
    "map_html",
    "problem_line",
    "problem_text",
    "show",
    "show_comparison",
    "write_comparison",
    "write_figures_table",
    "write_results",
    "write_service_areas",
]
