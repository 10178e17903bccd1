"""Rule packs: what the plans say, word for word, and what the loader says when a pack cannot be understood."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from rules import TOWNS, a_pack, a_rule

from geoplan.errors import PackError, UnknownPackError
from geoplan.model import Clause, Comparator
from geoplan.standards import MEASURES, Pack, known_packs, load_pack

# The text of the national standard is not among the plans.
PLANS = [name for name in known_packs() if name != "cn-national"]

HEAD = 'schema = 1\nid = "here"\nname = "此地"\ndocument = "此地规划"'
SERVICE = 'id = "care"\nname = "养老"\nname_en = "care"\nkinds = ["care_home"]\nminutes = 15'
RULE = {
    "id": '"here.old"',
    "indicator": '"old_area_per_100hh"',
    "name": '"旧区"',
    "name_en": '"old"',
    "measure": '"area_per_households"',
    "value": '"15"',
    "unit": '"m²/百户"',
    "binding": '"binding"',
    "section": '"第一章"',
    "quote": '"每百户不低于15平方米"',
    "scope": '{ era = "old" }',
    "options": "{ new_since = 2021-01-01 }",
}


def written(folder: Path, *rules: dict[str, str], head: str = HEAD, more: str = "") -> str:
    """A pack file of these rules; its name."""
    text = [f"[pack]\n{head}\n", more]
    text += ["[[rule]]\n" + "\n".join(f"{key} = {value}" for key, value in rule.items()) for rule in rules]
    path = folder / "here.toml"
    path.write_text("\n".join(text), encoding="utf-8")
    return str(path)


def complaint(name: str, *places: str) -> str:
    """What the loader says against a pack; it names the pack and all the places."""
    with pytest.raises(PackError) as caught:
        load_pack(name)
    message = str(caught.value)
    for place in (name, *places):
        assert place in message, message
    return message


# What the loader refuses


def test_an_unknown_pack_lists_the_known_ones():
    """The error is also a LookupError."""
    with pytest.raises(UnknownPackError, match=r"atlantis.*cn-national, .*heshan") as caught:
        load_pack("atlantis")
    assert isinstance(caught.value, LookupError)


def test_a_missing_pack_file_is_named(tmp_path):
    """A name that ends in .toml is a file."""
    with pytest.raises(UnknownPackError, match=r"nowhere\.toml"):
        load_pack(str(tmp_path / "nowhere.toml"))


def test_a_pack_that_is_not_toml_is_refused(tmp_path):
    """Broken syntax and other encodings are named with the file."""
    path = tmp_path / "here.toml"
    path.write_text("[pack", encoding="utf-8")
    complaint(str(path), "TOML")
    path.write_bytes(f"[pack]\n{HEAD}".encode("gbk"))
    complaint(str(path), "TOML")


@pytest.mark.parametrize(
    ("head", "more", "said"),
    [
        ('schema = 1\nid = "here"', "", "缺少 name"),
        ('schema = 2\nid = "here"\nname = "此地"', "", "schema 须为 1"),
        (HEAD + '\nextend = ["cn-national"]', "", "extend"),
        (HEAD + '\nextends = "cn-national"', "", "extends：值的类型不对，应为列表"),
        (HEAD + "\nextends = [1]", "", "extends 应为文字列表"),
        (HEAD + '\ntarget_year = "2025"', "", "target_year"),
        (HEAD + "\ntarget_year = true", "", "target_year"),
        (HEAD + "\nname_en = 1", "", "name_en"),
        (HEAD, "[rules]\na = 1", "rules"),
        (HEAD, "[rule]\na = 1", "rule"),
        (HEAD, "[service]\na = 1", "service"),
        (HEAD, f"[[service]]\n{SERVICE}\nspeed = 1", "[[service]] care"),
        (HEAD, f"[[service]]\n{SERVICE}".replace("15", "0"), "care minutes"),
        (HEAD, f"[[service]]\n{SERVICE}".replace("15", "true"), "care minutes"),
        (HEAD, f"[[service]]\n{SERVICE}".replace("care_home", "school"), "care kinds"),
        (HEAD, f"[[service]]\n{SERVICE}".replace('["care_home"]', "[]"), "care kinds"),
        (HEAD, f"[[service]]\n{SERVICE}".replace("minutes = 15", ""), "缺少 minutes"),
    ],
)
def test_a_head_or_service_that_cannot_be_understood_is_refused(tmp_path, head, more, said):
    """The complaint names the file, the table and the key."""
    complaint(written(tmp_path, head=head, more=more), said)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("measure", '"area_per_head"', ["measure", "area_per_head", *MEASURES]),
        ("measure", '["area_per_households"]', ["measure"]),
        ("options", '{ new_since = 2021-01-01, basis = "resident" }', ["options", "basis"]),
        ("options", '{ new_since = 2021-01-01, era = "old" }', ["options", "era", "scope"]),
        ("options", "{}", ["options", "缺少 new_since"]),
        ("scope", '{ era = "middle" }', ["scope.era", "middle", "new, old"]),
        ("scope", '{ era = ["old"] }', ["scope.era"]),
        ("scope", '{ kinds = ["care_home"] }', ["scope", "kinds"]),
        ("options", '{ new_since = "2021" }', ["options.new_since", "日期"]),
        ("options", '{ new_since = 2021-01-01, min_single_m2 = "0" }', ["options.min_single_m2", "大于 0"]),
        ("options", "{ new_since = 2021-01-01, min_single_m2 = 150 }", ["options.min_single_m2", "引号"]),
        ("options", '{ new_since = 2021-01-01, pooled = "yes" }', ["options.pooled", "true"]),
        ("options", '"old"', ["options"]),
        ("value", "15", ["value", "引号"]),
        ("value", "0.1", ["value", "引号"]),
        ("value", '"十五"', ["value", "十五"]),
        ("value", '"1/0"', ["value", "1/0"]),
        ("value", '"nan"', ["value", "nan"]),
        ("value", '"-1"', ["value", "负数"]),
        ("comparator", '">"', ["comparator", ">=, <=, =, between, about"]),
        ("comparator", "1", ["comparator", "文字"]),
        ("comparator", '"between"', ["value", "两个数"]),
        ("tolerance", '"5"', ["tolerance", "about"]),
        ("assumed", '["threshold_m"]', ["assumed", "threshold_m"]),
        ("assumed", '"value"', ["assumed", "列表"]),
        ("also", '[{ section = "第二章" }]', ["also", "quote"]),
        ("also", '[{ section = "第二章", quote = " " }]', ["also", "quote"]),
        ("binding", '"strict"', ["binding", "strict", "expected"]),
        ("due", '"2025-12-31"', ["due", "日期"]),
        ("quote", '" "', ["quote 不能为空"]),
        ("section", '""', ["section 不能为空"]),
        ("colour", '"red"', ["colour"]),
        ("unit", "1", ["unit"]),
        ("name", "[]", ["name"]),
    ],
)
def test_a_rule_that_cannot_be_understood_is_refused(tmp_path, key, value, said):
    """The complaint names the file, the rule and the key."""
    complaint(written(tmp_path, {**RULE, key: value}), "here.old", *said)


@pytest.mark.parametrize("key", sorted(RULE.keys() - {"id", "value", "scope", "options"}))
def test_a_rule_needs_all_its_keys(tmp_path, key):
    """Every rule has its clause and its words, and everything else that is required."""
    complaint(written(tmp_path, {k: v for k, v in RULE.items() if k != key}), "here.old", f"缺少 {key}")


def test_two_rules_of_one_id_are_refused(tmp_path):
    """An id stands for one rule; the complaint names both lines."""
    complaint(written(tmp_path, RULE, {**RULE, "value": '"16"'}), "第 22 行", "here.old", "重复，第 9 行")


def test_every_fault_is_told_at_once_with_its_line(tmp_path):
    """Two wrong rules and a wrong service in one file are three lines, each with the place to look."""
    wrong = {
        **RULE,
        "id": '"here.new"',
        "value": '"""\n15\n"""',
        "bindin": '"binding"',
        "options": "{ new_sinse = 2021 }",
    }
    service = f"[[service]]\n{SERVICE}".replace("15", "0")
    name = written(tmp_path, {**RULE, "measure": '"area_per_household"'}, wrong, more=service)
    with pytest.raises(PackError) as caught:
        load_pack(name)
    told = [(fault.line, fault.where.split()[-1], fault.what) for fault in caught.value.faults]
    text = (tmp_path / "here.toml").read_text(encoding="utf-8").split("\n")
    lines = {
        word: next(n for n, line in enumerate(text, 1) if line.startswith(word)) for word in ("minutes", "bindin ")
    }
    second = [n for n, line in enumerate(text, 1) if line.startswith("options")][1]
    assert (lines["minutes"], "minutes", "应为正整数") in told
    assert any(line == lines["bindin "] and "binding" in what for line, _where, what in told)
    assert any(line == second and "new_since" in what for line, _where, what in told)
    assert any("area_per_households" in what for _line, _where, what in told)
    assert [line for line, *_ in told] == sorted(line for line, *_ in told)
    assert str(caught.value).count("\n") == len(told)


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("measure", '"area_per_houshold"', "area_per_households"),
        ("sectoin", '"第一章"', "section"),
        ("binding", '"bindng"', "binding"),
        ("scope", '{ ear = "old" }', "era"),
        ("options", "{ new_sinc = 2021-01-01, new_since = 2021-01-01 }", "new_since"),
    ],
)
def test_a_misspelt_word_is_recognised(tmp_path, key, value, meant):
    """Whoever mistypes a key, a measure or an option is told what they probably meant."""
    complaint(written(tmp_path, {**RULE, key: value}), f"是否想写 {meant}？")


def test_a_list_that_is_never_judged_takes_no_value(tmp_path):
    """A screening list with a target would be a verdict; a measure that needs a target says so."""
    options = '{ beds_quantile = "25", occupancy_below = "50", minutes_above = "30" }'
    screen = {**RULE, "measure": '"small_remote_homes"', "scope": "{}", "options": options}
    complaint(written(tmp_path, screen), "value", "不作判定")
    del screen["value"]
    assert load_pack(written(tmp_path, screen)).rules[0].target is None
    each = {**RULE, "measure": '"each_facility"', "scope": "{}", "options": '{ numerator = "beds" }'}
    del each["value"]
    complaint(written(tmp_path, each), "缺少 value")


def test_a_rule_cannot_name_a_service_that_is_not_there(tmp_path):
    """The service must be in the pack or in one that it extends."""
    options = {"measure": '"network_share"', "scope": "{}", "options": '{ service = "care", group = "pop60" }'}
    complaint(written(tmp_path, {**RULE, **options}), "here.old options.service", "care")
    head = HEAD + '\nextends = ["cn-national"]'
    assert load_pack(written(tmp_path, {**RULE, **options}, head=head)).rules[0].options["service"] == "care"
    assert (
        load_pack(written(tmp_path, {**RULE, **options}, more=f"[[service]]\n{SERVICE}")).services["care"].minutes == 15
    )


def test_packs_that_extend_each_other_are_refused(tmp_path):
    """The circle is shown."""
    for name, parent in (("a", "b"), ("b", "c"), ("c", "b")):
        text = f'[pack]\nschema = 1\nid = "{name}"\nname = "{name}"\nextends = ["{parent}"]'
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match="b ← c ← b"):
        load_pack(str(tmp_path / "a.toml"))


def test_a_pack_cannot_extend_what_is_not_there(tmp_path):
    """An unknown parent is named."""
    complaint(written(tmp_path, head=HEAD + '\nextends = ["atlantis"]'), "第 6 行", "atlantis")


def test_a_broken_parent_is_told_with_its_own_lines(tmp_path):
    """Whoever extends a broken file learns what is wrong with that file."""
    (tmp_path / "above.toml").write_text('[pack]\nschema = 1\nid = "above"\nnam = "上级"', encoding="utf-8")
    complaint(written(tmp_path, head=HEAD + '\nextends = ["above"]'), "above 有 2 处错误", "缺少 name", "nam")


# Inheritance


def beside(folder: Path, name: str, parents: list[str], indicators: list[str]) -> None:
    """A small pack in a folder, with one rule for each indicator."""
    rules = [
        {**RULE, "id": f'"{name}.{indicator}"', "indicator": f'"{indicator}"', "section": f'"{name}"'}
        for indicator in indicators
    ]
    head = f'schema = 1\nid = "{name}"\nname = "{name}"\nextends = {parents}'.replace("'", '"')
    Path(written(folder, *rules, head=head)).rename(folder / f"{name}.toml")


def chains(folder: Path, name: str) -> dict[str, tuple[str, ...]]:
    """The rules of a pack and the packs through which they came."""
    return {rule.id: rule.chain for rule in load_pack(str(folder / f"{name}.toml")).rules}


def test_rules_are_inherited_along_the_chain(tmp_path):
    """A county extends its city extends the nation; own indicators hide inherited ones, the rest tell their way."""
    beside(tmp_path, "nation", [], ["land", "beds", "area"])
    beside(tmp_path, "city", ["nation"], ["beds", "centre"])
    beside(tmp_path, "county", ["city"], ["centre"])
    assert chains(tmp_path, "county") == {
        "county.centre": (),
        "city.beds": ("city",),
        "nation.land": ("city", "nation"),
        "nation.area": ("city", "nation"),
    }
    assert load_pack(str(tmp_path / "county.toml")).chain == ("city", "nation")


def test_of_two_parents_the_first_settles_an_indicator(tmp_path):
    """A pack with two parents takes each indicator from the one it names first."""
    beside(tmp_path, "one", [], ["land", "beds"])
    beside(tmp_path, "two", [], ["beds", "area"])
    beside(tmp_path, "heir", ["one", "two"], [])
    assert chains(tmp_path, "heir") == {"one.land": ("one",), "one.beds": ("one",), "two.area": ("two",)}


def test_the_packs_of_the_plans_extend_each_other():
    """Pingyuan stands under Meizhou, and everything under the national standard."""
    assert load_pack("pingyuan").chain == ("meizhou", "cn-national")
    assert {load_pack(name).chain[-1] for name in PLANS} == {"cn-national"}


# Milestones


CENTRE = {"measure": "unit_has_qualified", "scope": {"unit_levels": TOWNS}, "indicator": "centre"}


def applied(pack: Pack, year: int) -> list[str]:
    """What applies in a year, by the end of its id."""
    return [rule.id.removeprefix("here.") for rule in pack.rules_for(year)]


@pytest.mark.parametrize(("year", "share"), [(2022, 40), (2023, 40), (2024, 60), (2025, 60), (2026, 60), (2030, 60)])
def test_the_next_milestone_counts(year, share):
    """40 % by 2023 and 60 % by 2025: of milestones the next one due counts; after the last day the last target stays."""
    due = [("centre.2023", "40", date(2023, 12, 31)), ("centre.2025", "60", date(2025, 12, 31))]
    pack = a_pack(*({**CENTRE, "id": f"here.{name}", "value": value, "due": day} for name, value, day in due))
    assert [rule.target for rule in pack.rules_for(year)] == [share]


def test_heshan_asks_forty_and_then_sixty_per_cent():
    """The published milestones of Heshan's centres."""
    for year, share in ((2023, 40), (2025, 60)):
        rules = [rule for rule in load_pack("heshan").rules_for(year) if rule.indicator == "township_centre_coverage"]
        assert [rule.target for rule in rules] == [share]


def test_only_rules_that_differ_in_nothing_else_are_milestones():
    """Another scope, other options or another word in the id make another demand; one without a day applies always."""
    last = date(2025, 12, 31)
    rules = [
        {**CENTRE, "id": "here.centre.2022", "value": "40", "due": date(2022, 12, 31)},
        {**CENTRE, "id": "here.centre.2025", "value": "60", "due": last},
        {**CENTRE, "id": "here.centre.text.2025", "value": "70", "due": last},
        {**CENTRE, "id": "here.centre.town.2025", "value": "80", "due": last, "scope": {"unit_levels": ["town"]}},
        {**CENTRE, "id": "here.centre", "value": "50"},
    ]
    pack = a_pack(*rules)
    assert applied(pack, 2022) == ["centre.2022", "centre.text.2025", "centre.town.2025", "centre"]
    assert applied(pack, 2023) == ["centre.2025", "centre.text.2025", "centre.town.2025", "centre"]


# What the packs hold


def test_figures_are_exact():
    """A tenth is a tenth, not its binary neighbour."""
    assert a_rule("entered", "0.1").target == Fraction(1, 10)


@pytest.mark.parametrize(
    ("comparator", "value", "more", "limits"),
    [
        (">=", "60", {}, (60, None)),
        ("<=", "300", {"unit": "张"}, (None, 300)),
        ("=", "2", {"unit": "个"}, (2, 2)),
        ("=", "60", {}, (60, 60)),
        ("=", "100", {}, (100, None)),
        ("=", "100", {"unit": "张"}, (100, 100)),
        ("between", ["18", "44"], {"unit": "m²/床"}, (18, 44)),
        ("about", "70", {}, (65, 75)),
        ("about", "70", {"tolerance": "2.5"}, (Fraction("67.5"), Fraction("72.5"))),
    ],
)
def test_a_comparator_sets_limits(comparator, value, more, limits):
    """Both ends of a range count; about is five to either side unless told; all of a share cannot be exceeded."""
    assert a_rule("entered", value, comparator=comparator, **more).limits == limits


def test_a_range_stands_the_right_way_round(tmp_path):
    """A lower end above the upper one is refused."""
    rule = {**RULE, "comparator": '"between"', "value": '["44", "18"]'}
    complaint(written(tmp_path, rule), "here.old value", "下限 44 大于上限 18")


def test_a_rule_is_read_key_by_key(tmp_path):
    """Every key of a rule arrives in the record, with the pack's document unless it names its own."""
    more = {
        "comparator": '"<="',
        "due": "2030-06-30",
        "numerator": '"面积"',
        "denominator": '"户数"',
        "note": '"从2021年起"',
        "note_en": '"from 2021"',
        "assumed": '["new_since", "value", "scope.era"]',
        "also": '[{ section = "第二章", quote = "另一处" }]',
    }
    first, second = load_pack(
        written(tmp_path, {**RULE, **more}, {**RULE, "id": '"here.other"', "document": '"别的文件"'})
    ).rules
    assert (first.id, first.indicator, first.name, first.name_en) == ("here.old", "old_area_per_100hh", "旧区", "old")
    assert (first.comparator, first.target, first.due) == (Comparator.AT_MOST, 15, date(2030, 6, 30))
    assert first.clause == Clause("此地规划", "第一章", "每百户不低于15平方米")
    assert first.also == (Clause("此地规划", "第二章", "另一处"),)
    assert (dict(first.scope), dict(first.options)) == ({"era": "old"}, {"new_since": date(2021, 1, 1)})
    assert (first.numerator, first.denominator) == ("面积", "户数")
    assert (first.note, first.note_en) == ("从2021年起", "from 2021")
    assert first.assumed == ("new_since", "value", "scope.era")
    assert second.clause.document == "别的文件"
    assert (second.comparator, second.due, second.assumed) == (Comparator.AT_LEAST, None, ())


@pytest.mark.parametrize("name", known_packs())
def test_every_pack_names_itself(name):
    """Its id is its file's name, its rules' ids begin with it, and every rule says where it stands."""
    pack = load_pack(name)
    assert pack.id == name
    for rule in pack.rules:
        assert rule.id.startswith(f"{rule.chain[-1] if rule.chain else name}.")
        assert rule.clause.document
        assert rule.measure in MEASURES


@pytest.mark.parametrize("name", PLANS)
def test_every_quotation_stands_in_the_plan(name, shared):
    """Each rule's words are in the published text, white space removed."""
    path = shared / "plans" / f"{name}.txt"
    if not path.is_file():
        pytest.skip(f"the plan's text {path} is not here")
    text = re.sub(r"\s", "", path.read_text(encoding="utf-8"))
    own = [rule for rule in load_pack(name).rules if not rule.chain]
    assert own
    for rule in own:
        assert re.sub(r"\s", "", rule.clause.quote) in text, rule.id
