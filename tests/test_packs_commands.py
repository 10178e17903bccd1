"""geoplan packs: what the commands print, refuse, and never overwrite."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from workspaces import Workspace

from geoplan.layers import load_layers
from geoplan.standards import known_packs, load_pack

Run = Callable[..., tuple[int, str, str]]


def test_list_tells_every_pack(geoplan: Run):
    """Each pack that comes with geoplan, with how many rules it has and how many it inherits."""
    status, out, _err = geoplan("packs", "list")
    assert status == 0
    for name in known_packs():
        pack = load_pack(name)
        own = sum(not rule.chain for rule in pack.rules)
        assert f"{name}：{pack.name}，{own} 条规则，另继承 {len(pack.rules) - own} 条" in out
    record = json.loads(geoplan("packs", "list", "--json")[1])
    assert [pack["id"] for pack in record] == list(known_packs())


def test_show_gives_every_rule_with_its_words(geoplan: Run):
    """Each rule's target, clause and quotation, and the chain of those that are inherited."""
    status, out, _err = geoplan("packs", "show", "heshan")
    assert status == 0
    for rule in load_pack("heshan").rules:
        assert rule.id in out
        assert rule.clause.quote in out
    assert "继承自 cn-national" in out
    record = json.loads(geoplan("packs", "show", "heshan", "--json")[1])
    assert [rule["id"] for rule in record["rules"]] == [rule.id for rule in load_pack("heshan").rules]
    assert record["rules"][0]["clauses"][0]["quote"]


def test_show_of_a_year_gives_the_milestone_of_that_year(geoplan: Run):
    """In 2023 the 40 per cent of Heshan's centres, and not the 60."""
    out = geoplan("packs", "show", "heshan", "--year", 2023)[1]
    assert "heshan.township_centre_coverage.2023" in out
    assert "heshan.township_centre_coverage.2025" not in out


def test_the_template_is_a_pack_without_faults(tmp_path, geoplan: Run):
    """What a county starts from loads as it is, under the name of its file, and is never written over another file."""
    file = tmp_path / "xinxian.toml"
    assert geoplan("packs", "template", file)[0] == 0
    assert geoplan("packs", "check", file)[:2] == (0, f"{file} 没有错误：6 条规则，另继承 {inherited(file)} 条。\n")
    assert load_pack(str(file)).id == "xinxian"
    file.write_text("mine", encoding="utf-8")
    status, _out, err = geoplan("packs", "template", file)
    assert (status, file.read_text(encoding="utf-8")) == (2, "mine")
    assert "已存在，不会覆盖" in err


def inherited(file: Path) -> int:
    return sum(bool(rule.chain) for rule in load_pack(str(file)).rules)


@pytest.mark.parametrize("name", ["pack.txt", "新 县.toml", "no/such/folder/here.toml"])
def test_a_template_needs_a_name_that_can_be_an_id(tmp_path, name, geoplan: Run):
    """Another suffix, blanks in the name, or a folder that is not there are refused in one line."""
    status, out, err = geoplan("packs", "template", tmp_path / name)
    assert (status, out, err.count("\n")) == (2, "", 1)


def broken(folder: Path) -> Path:
    """A pack with two faults, one of them inside a string of several lines' reach."""
    file = folder / "here.toml"
    rule = (
        '[[rule]]\nid = "here.a"\nindicator = "a"\nname = "甲"\nname_en = "a"\nmeasure = "enterd"\nunit = "%"\n'
        'binding = "unstated"\nsection = "一"\nquote = """\n[[rule]]\nvalue = 1\n"""\n'
    )
    file.write_text(f'[pack]\nschema = 1\nid = "here"\nname = "此地"\n{rule}vlaue = "1"\n', encoding="utf-8")
    return file


def test_check_tells_every_fault_with_its_line(tmp_path, geoplan: Run):
    """One line each on stderr with the line in the file, exit status 2; as JSON the same."""
    file = broken(tmp_path)
    status, out, err = geoplan("packs", "check", file)
    assert (status, out) == (2, "")
    assert "有 2 处错误" in err
    assert "第 10 行，[[rule]] here.a measure：没有名为“enterd”的度量（是否想写 entered？）" in err
    assert "第 18 行，[[rule]] here.a：不认识的键“vlaue”（是否想写 value？）" in err
    assert len(err.splitlines()) == 3
    status, out, _err = geoplan("packs", "check", file, "--json")
    assert (status, [fault["line"] for fault in json.loads(out)["faults"]]) == (2, [10, 18])


def test_assess_says_the_same_of_a_broken_pack(small: Workspace, tmp_path, geoplan: Run):
    """Whoever assesses with a broken file reads what packs check would have told."""
    file = broken(tmp_path)
    checked = geoplan("packs", "check", file)[2]
    status, _out, err = geoplan("assess", small.write(tmp_path / "w"), "--pack", file)
    assert (status, err) == (2, checked)
    assert not (tmp_path / "w" / "results").exists()


@pytest.mark.parametrize(("name", "said"), [("nowhere.toml", "不存在"), ("heshan", "不是 .toml"), ("", "不是 .toml")])
def test_check_needs_a_pack_file(tmp_path, name, said, geoplan: Run):
    """A file that is not there and what is no pack file are refused in one line."""
    status, out, err = geoplan("packs", "check", tmp_path / name)
    assert (status, out) == (2, "")
    assert said in err


# The table of figures


def figures_pack(folder: Path) -> Path:
    """A pack with two typed rules and one that a layer answers."""
    plain = 'name = "甲"\nname_en = "a"\nunit = "%"\nbinding = "unstated"\nsection = "一"\nquote = "原文"\n'
    rules = [f'[[rule]]\nid = "here.{n}"\nindicator = "{n}"\nmeasure = "entered"\nvalue = "5"\n{plain}' for n in "ab"]
    rules += [f'[[rule]]\nid = "here.c"\nindicator = "c"\nmeasure = "facility_count"\nvalue = "5"\n{plain}']
    file = folder / "here.toml"
    file.write_text('[pack]\nschema = 1\nid = "here"\nname = "此地"\n' + "".join(rules), encoding="utf-8")
    return file


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig") as text:
        return list(csv.DictReader(text))


def test_figures_writes_a_row_for_every_typed_rule(small: Workspace, tmp_path, geoplan: Run):
    """One row each with name, unit, target and clause, entered in the manifest; rules that a layer answers have none."""
    root, pack = small.write(tmp_path / "w"), figures_pack(tmp_path)
    status, out, _err = geoplan("packs", "figures", root, "--pack", pack)
    assert status == 0
    assert "新增 2 行" in out
    rows = rows_of(root / "layers" / "figures.csv")
    assert [row["rule"] for row in rows] == ["here.a", "here.b"]
    assert (rows[0]["name"], rows[0]["unit"], rows[0]["target"], rows[0]["value"]) == ("甲", "%", "≥ 5%", "")
    assert load_layers(root).frames["figures"]["rule"].tolist() == ["here.a", "here.b"]


def test_figures_never_touches_what_was_typed(small: Workspace, tmp_path, geoplan: Run):
    """A second run adds only what is new, keeps values, own columns and rows, and says that nothing is new at a third."""
    root, pack = small.write(tmp_path / "w"), figures_pack(tmp_path)
    small.entries["figures"] = {"file": "mine.csv"}
    small.write(root)
    mine = root / "layers" / "mine.csv"
    mine.write_text("rule,value,备注\nhere.b,97.5,来自表3\nother,1,\n", encoding="utf-8")
    geoplan("packs", "figures", root, "--pack", pack)
    rows = rows_of(mine)
    assert [(row["rule"], row["value"], row["备注"]) for row in rows] == [
        ("here.b", "97.5", "来自表3"),
        ("other", "1", ""),
        ("here.a", "", ""),
    ]
    before = mine.read_bytes()
    assert "新增 0 行" in geoplan("packs", "figures", root, "--pack", pack)[1]
    assert mine.read_bytes() == before


@pytest.mark.parametrize(("name", "text"), [("figures.xlsx", ""), ("figures.csv", "value\n1\n")])
def test_figures_refuses_what_it_cannot_complete(small: Workspace, tmp_path, name, text, geoplan: Run):
    """A workbook and a table without the column rule are left as they are."""
    small.entries["figures"] = {"file": name}
    root, pack = small.write(tmp_path / "w"), figures_pack(tmp_path)
    (root / "layers" / name).write_text(text, encoding="utf-8")
    status, _out, err = geoplan("packs", "figures", root, "--pack", pack)
    assert (status, err.count("\n"), (root / "layers" / name).read_text(encoding="utf-8")) == (2, 1, text)
