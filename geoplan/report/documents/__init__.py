"""The plan-document set: maps, workbook, Word chapter, GIS package and web map, all from one assessment."""

from geoplan.report.documents.about_sheets import change_lines
from geoplan.report.documents.changes import CAUSE_LABELS, Cause, Changes
from geoplan.report.documents.exporting import FURTHER_PARTS, PARTS, Exported, Request, export_set
from geoplan.report.documents.record import RECORD, Record, read_record

__all__ = [
    "CAUSE_LABELS",
    "FURTHER_PARTS",
    "PARTS",
    "RECORD",
    "Cause",
    "Changes",
    "Exported",
    "Record",
    "Request",
    "change_lines",
    "export_set",
    "read_record",
]
