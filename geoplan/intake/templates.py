"""Excel templates for the lists that people keep by hand: a sheet to fill in, one that explains it, one of the words to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from geoplan.i18n import _, current, mark
from geoplan.intake.looking import STATED
from geoplan.layers.schema import ROLES, Field, FieldKind

_LAST_ROW = 2_000
_WIDTH, _WIDE = 16, 70
_HEAD = PatternFill("solid", fgColor="DCE6F1")
# Column, and what to write there; the columns are words that the import knows.
_COLUMNS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "facilities": {
            "facility_id": ("设施编号", mark("每个设施一个，不重复，以后不变，例如 F001")),
            "name": ("设施名称", mark("正式名称")),
            "kind": ("设施类型", mark("从列表选择")),
            "level": ("设施级别", mark("从列表选择；不清楚可留空")),
            "status": ("状态", mark("从列表选择")),
            "lon": ("经度", mark("十进制度，例如 112.9641")),
            "lat": ("纬度", mark("十进制度，例如 22.7653")),
            "functions": ("服务功能", mark("几项之间用顿号隔开")),
            "beds": ("床位数", mark("张；未知请留空，不要填 0")),
            "nursing_beds": ("护理型床位数", mark("张；未知请留空，不要填 0")),
            "residents": ("入住人数", mark("人")),
            "floor_area_m2": ("建筑面积（㎡）", mark("平方米")),
            "site_area_m2": ("用地面积（㎡）", mark("平方米；没有独立用地填 0，未知请留空")),
            "ownership": ("性质", mark("从列表选择")),
            "open_year": ("投用年份", mark("四位数年份")),
            "has_medical": ("内设医疗机构", mark("是或否")),
            "hospital_contract": ("与医疗机构签约", mark("是或否")),
            "as_of": ("数据日期", mark("例如 2024-12-31")),
            "source": ("来源", mark("哪个部门的哪份资料")),
        },
        "estates": {
            "estate_id": ("小区编号", mark("每个小区一个，不重复，以后不变，例如 E001")),
            "name": ("小区名称", mark("正式名称")),
            "households": ("总户数", mark("户；未知请留空，不要填 0")),
            "era": ("新建或旧区", mark("从列表选择")),
            "lon": ("经度", mark("十进制度，例如 112.9641")),
            "lat": ("纬度", mark("十进制度，例如 22.7653")),
            "approve_date": ("批准日期", mark("例如 2021-06-30")),
            "facility_area_m2": ("养老服务设施面积（㎡）", mark("平方米；确知没有填 0，未知请留空")),
            "largest_site_m2": ("最大单处面积（㎡）", mark("平方米")),
            "project_id": ("项目编号", mark("分期建设的同一项目写同一个编号")),
        },
        "demand": {
            "demand_id": ("居民点编号", mark("每个村、小区或网格一个，不重复，例如 D001")),
            "name": ("名称", mark("村、社区或网格的名称")),
            "lon": ("经度", mark("十进制度，例如 112.9641")),
            "lat": ("纬度", mark("十进制度，例如 22.7653")),
            "pop_total": ("总人口", mark("人")),
            "pop60": ("60岁及以上人口", mark("人；未知请留空，不要填 0")),
            "pop65": ("65岁及以上人口", mark("人；未知请留空，不要填 0")),
            "basis": ("人口口径", mark("从列表选择")),
            "year": ("年份", mark("四位数年份")),
        },
    }
)
TEMPLATES = tuple(_COLUMNS)
_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "WGS84": mark("手持 GPS、天地图、OpenStreetMap"),
        "CGCS2000": mark("测绘成果（经纬度）"),
        "GCJ-02": mark("高德、腾讯地图"),
        "BD-09": mark("百度地图"),
    }
)


def write_template(role: str, path: Path) -> None:
    """Write the template of one role, in the current language."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = _(ROLES[role].label)
    help_sheet, choices = (book.create_sheet(name) for name in (_("填写说明"), _("选项")))
    fields = {field.name: field for field in ROLES[role].fields}
    for place, (name, (header, _meaning)) in enumerate(_COLUMNS[role].items(), start=1):
        _head(sheet, place, _header(name, header) + ("*" if name in fields and fields[name].filled else ""))
        words = _words(fields[name]) if name in fields else ()
        if words:
            _choose(sheet, choices, place, header, words)
    sheet.freeze_panes = "A2"
    _explain(help_sheet, role, fields)
    book.save(path)


def _header(name: str, chinese: str) -> str:
    return name if current() == "en" else chinese


def _head(sheet: Worksheet, column: int, text: str) -> None:
    cell = sheet.cell(1, column, text)
    cell.font, cell.fill = Font(bold=True), _HEAD
    sheet.column_dimensions[get_column_letter(column)].width = _WIDTH


def _words(field: Field) -> tuple[str, ...]:
    """The words of which a cell holds one."""
    if field.kind is FieldKind.FLAG:
        return ("yes", "no") if current() == "en" else ("是", "否")
    if field.kind is not FieldKind.CHOICE or field.vocabulary is None:
        return ()
    return _named(field.vocabulary)


def _named(vocabulary: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(code if current() == "en" else words[0] for code, words in vocabulary.items())


def _choose(sheet: Worksheet, choices: Worksheet, column: int, header: str, words: tuple[str, ...]) -> None:
    """A drop-down list for a column; its words stand on a sheet of their own."""
    place = choices.max_column + 1 if choices.cell(1, 1).value else 1
    for row, word in enumerate((header, *words), start=1):
        choices.cell(row, place, word)
    letter = get_column_letter(place)
    rule = DataValidation(
        "list", formula1=f"='{choices.title}'!${letter}$2:${letter}${len(words) + 1}", allow_blank=True
    )
    rule.errorTitle, rule.error = _("不在列表中"), _("请从列表选择；列表见“选项”页。")
    sheet.add_data_validation(rule)
    own = get_column_letter(column)
    rule.add(f"{own}2:{own}{_LAST_ROW}")


def _explain(sheet: Worksheet, role: str, fields: Mapping[str, Field]) -> None:
    """The sheet of instructions; cell B2 says of which datum the coordinates are, and the import reads it."""
    sources = [
        _("{name}（{told}）").format(name=name, told=_(told)) for name, told in _SOURCES.items() if name in STATED
    ]
    sheet["A1"] = _("{layer}：填写说明").format(layer=_(ROLES[role].label))
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"], sheet["B2"] = _("坐标取自（请选择）"), sources[0]
    sheet["B2"].fill = _HEAD
    rule = DataValidation("list", formula1='"' + ",".join(sources) + '"', allow_blank=False)
    sheet.add_data_validation(rule)
    rule.add("B2")
    lines = [(_("列"), _("怎么填")), *(_line(name, column, fields) for name, column in _COLUMNS[role].items())]
    notes = [
        _("带 * 的列必填。不知道的请留空：空白表示未知，0 表示确实没有。"),
        _("第一行是表头，请不要改动；表下不要写合计。数字只写数字。"),
        _("填好后在工作区运行：geoplan import {role} 本文件").format(role=role),
    ]
    for row, (first, second) in enumerate([*lines, ("", ""), *(("", note) for note in notes)], start=4):
        sheet.cell(row, 1, first)
        sheet.cell(row, 2, second).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, _WIDE


def _line(name: str, column: tuple[str, str], fields: Mapping[str, Field]) -> tuple[str, str]:
    header, meaning = column
    field = fields.get(name)
    words = () if field is None or field.vocabulary is None else _named(field.vocabulary)
    allowed = _("。可用：{known}").format(known=_("、").join(words)) if words else ""
    return _header(name, header), _(meaning) + allowed
