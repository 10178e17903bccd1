"""What the system and readers of files say in the words of the user, texts on their way to a page, widths of tables; no browser."""

from __future__ import annotations

import errno
import json
import os
import tomllib
from dataclasses import replace
from fractions import Fraction

import pytest

from geoplan import i18n
from geoplan.causes import cause
from geoplan.errors import EditsError
from geoplan.model import Problem, Severity
from geoplan.report import tables
from geoplan.report.assumed import assumed_text, assumptions
from geoplan.report.field_words import column_words
from geoplan.standards import load_pack
from geoplan.web import parts, rows, widths, wording
from geoplan.web.map_component import Answer
from geoplan.web.map_component.packing import pack_look
from geoplan.web.map_component.view import View, message


def failing(read, text):
    """What a reader raises for a text."""
    with pytest.raises(ValueError, match=r".") as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), "没有权限"),
        (FileExistsError(errno.EEXIST, "File exists"), "那里已有同名的文件"),
        (RuntimeError("sqlite3_open(/x/a.gpkg) failed: File exists\nmore"), "那里已有同名的文件"),
        (failing(tomllib.loads, "a = 1\nb = ab\n"), "第 2 行第 5 列：值的写法不对，文字要加引号"),
        (failing(tomllib.loads, "a = 1\na = 2\n"), "第 2 行第 6 列：同一个键写了两次"),
        (failing(json.loads, '{"a" 1}'), "第 1 行第 6 列：键后面缺少冒号"),
        ("Self-intersection[112.5 23.25]", "边线相互交叉，在 112.5, 23.25"),
        ("Failed in a new way", "程序的原话是“Failed in a new way”"),
        (OSError("图层缺少几何"), "图层缺少几何"),
    ],
)
def test_causes_are_told_in_words(error, told):
    """Of the system, of TOML, of JSON, of GDAL: what a planner can act on; what is not known is quoted; Chinese is left as it is."""
    assert cause(error) == told


def test_causes_in_english_hold_no_chinese():
    """An English reader has the place and the cause in English; what is not known stands as it was said."""
    with i18n.speaking("en"):
        assert cause(failing(tomllib.loads, "a b")) == "line 1, column 3: a key needs an equals sign"
        assert cause("Failed in a new way") == "Failed in a new way"


def test_one_of_something_is_no_plural():
    """English tells one from several in counts and in units; Chinese and words without a plural stay what they are."""
    with i18n.speaking("en"):
        assert [i18n.many("{count} 行有修改", n).format(count=n) for n in (1, 2)] == ["1 row changed", "2 rows changed"]
        assert [tables.with_unit(Fraction(n), "处") for n in (0, 1, 2)] == ["0 sites", "1 site", "2 sites"]
        assert tables.with_unit(Fraction(1), "m²/人") == "1 m²/person"
    assert tables.with_unit(Fraction(1), "处") == "1 处"


def test_columns_and_assumptions_are_told_in_words():
    """A column has its word with the name in brackets, a service its name; that something is assumed is said once."""
    assert column_words("facilities.site_area_m2") == "用地（site_area_m2）"
    assert column_words("elsewhere.some_column") == "elsewhere.some_column"
    pack = load_pack("heshan")
    rule = next(rule for rule in pack.rules if rule.options.get("service") == "canteen_10")
    assert assumptions(rule, pack.services) == "服务 长者饭堂（10分钟）"
    assert assumed_text(replace(rule, assumed=("value",), target=Fraction(70))) == "假设：目标值 70"


def test_marks_that_turn_the_direction_of_writing_are_not_shown():
    """In HTML, in labels, on the map and in its answers a name turns nothing that stands behind it."""
    name = "甲\u202e乙\u2066丙"
    assert (wording.escape(f"<b>{name}"), wording.plain(f"{name}*")) == ("&lt;b&gt;甲乙丙", "甲乙丙\\*")
    assert "甲乙丙" in pack_look([0], [name]).content.decode()
    answer = Answer(1, 112.0, 22.0, name, (("", f"最近的是{name}"),))
    sent = message(View(revision=1, place="", home=(0, 0, 1, 1), layers=(), answer=answer, spoken=name), {}, "zh-CN")
    assert (sent["answer"]["title"], sent["answer"]["rows"], sent["spoken"]) == (
        "甲乙丙",
        [("", "最近的是甲乙丙")],
        "甲乙丙",
    )


def test_long_texts_give_way_to_the_other_columns():
    """On an office screen every column is there: figures whole, of long texts the widest is cut most; without a limit none is cut but the longest."""
    table = rows.table(
        [{"name": "长" * 60, "why": "短", "count": "69,898.59 / 530,684"}],
        ("name", "名", rows.LONG),
        ("why", "因", rows.LONG),
        ("count", "计", rows.FIGURE),
    )
    free, fitted = (widths.column_widths(table, room) for room in (None, 420))
    assert sum(fitted.values()) <= 420 < 13 * 60
    assert fitted["计"] == free["计"] > 100
    assert fitted["名"] > fitted["因"]


def test_unknown_cells_are_shown_in_one_way():
    """A blank text and a figure that is not known are a dash, in tables that scroll and in those that do not."""
    table = rows.table([{"a": "", "b": None}], ("a", "甲", rows.TEXT), ("b", "乙", rows.PEOPLE))
    assert parts.coloured(table)["甲"].tolist() == ["—"]
    assert [parts._cell(cell) for cell in ("", float("nan"), 1234.0, "x")] == ["—", "—", "1,234", "x"]


def test_that_edits_do_not_fit_is_told_in_a_few_lines():
    """The first three of what stands in the way, with the words for fields and few of many steps, and how many more there are."""
    steps = tuple(f"#{number}" for number in range(1, 61))
    stops = [Problem(Severity.ERROR, "scenario", f"“nursing_beds”大于“beds”：{n}", "请核对", steps) for n in range(5)]
    notes = [Problem(Severity.NOTE, "scenario", "只是提示", "", ())]
    told = parts.misfits(EditsError("方案有 5 处不能应用", (*notes, *stops)))
    assert told[0] == "第 1、2、3、4、5、6、7、8 等 60 步：“护理型床位（张）”大于“床位（张）”：0（请核对）"
    assert (len(told), told[-1]) == (4, "另有 2 处")
    assert parts.misfits(EditsError("无法应用")) == ["无法应用"]


def test_problems_of_layers_name_the_layer_in_words():
    """On the page with an error stands 道路, not roads."""
    line = parts.in_line(Problem(Severity.ERROR, "roads", "字段“road_class”有空值", "请填写", ("3",)))
    assert line == "错误 道路：字段“道路等级”有空值（3）。请填写。"
