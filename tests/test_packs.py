"""Rule packs: what the plans say, word for word, and what the loader says when a pack cannot be understood."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from geoplan.errors import PackError, UnknownPackError
from geoplan.model import Binding, Comparator
from geoplan.standards import MEASURES, known_packs, load_pack

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
    "options": '{ era = "old", new_since = 2021-01-01 }',
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
    with pytest.raises(UnknownPackError, match=r"atlantis.*cn-national, heshan, meizhou, pingyuan") as caught:
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
        (HEAD + '\nextends = "cn-national"', "", "extends 应为文字列表"),
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
        ("options", '{ era = "old", new_since = 2021-01-01, basis = "resident" }', ["options", "basis"]),
        ("options", '{ era = "old" }', ["options", "缺少 new_since"]),
        ("options", '{ era = "middle", new_since = 2021-01-01 }', ["options.era", "middle", "new, old"]),
        ("options", '{ era = ["old"], new_since = 2021-01-01 }', ["options.era"]),
        ("options", '{ era = "old", new_since = "2021" }', ["options.new_since", "日期"]),
        ("options", '"old"', ["options"]),
        ("value", "15", ["value", "引号"]),
        ("value", "0.1", ["value", "引号"]),
        ("value", '"十五"', ["value", "十五"]),
        ("value", '"1/0"', ["value", "1/0"]),
        ("value", '"nan"', ["value", "nan"]),
        ("comparator", '">"', ["comparator", ">=, <="]),
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


@pytest.mark.parametrize("key", sorted(RULE.keys() - {"id", "value", "options"}))
def test_a_rule_needs_all_its_keys(tmp_path, key):
    """Every rule has its clause and its words, and everything else that is required."""
    complaint(written(tmp_path, {k: v for k, v in RULE.items() if k != key}), "here.old", f"缺少 {key}")


def test_two_rules_of_one_id_are_refused(tmp_path):
    """An id stands for one rule."""
    complaint(written(tmp_path, RULE, {**RULE, "value": '"16"'}), "here.old", "重复")


def test_a_rule_cannot_name_a_service_that_is_not_there(tmp_path):
    """The service must be in the pack or in one that it extends."""
    options = {"measure": '"network_share"', "options": '{ service = "care", group = "pop60" }'}
    complaint(written(tmp_path, {**RULE, **options}), "here.old options.service", "care")
    head = HEAD + '\nextends = ["cn-national"]'
    assert load_pack(written(tmp_path, {**RULE, **options}, head=head)).rules[0].options["service"] == "care"
    assert (
        load_pack(written(tmp_path, {**RULE, **options}, more=f"[[service]]\n{SERVICE}")).services["care"].minutes == 15
    )


def test_centres_are_asked_of_townships_only(tmp_path):
    """Facilities are counted by township: a rule for villages would count none and is refused."""
    options = '{ levels = ["village"], functions = ["day_care"] }'
    rule = {**RULE, "measure": '"unit_has_qualified"', "options": options}
    complaint(written(tmp_path, rule), "options.levels", "village")


def test_packs_that_extend_each_other_are_refused(tmp_path):
    """The circle is shown."""
    for name, parent in (("a", "b"), ("b", "c"), ("c", "b")):
        text = f'[pack]\nschema = 1\nid = "{name}"\nname = "{name}"\nextends = ["{parent}"]'
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match="b ← c ← b"):
        load_pack(str(tmp_path / "a.toml"))


def test_a_pack_cannot_extend_what_is_not_there(tmp_path):
    """An unknown parent is named."""
    with pytest.raises(UnknownPackError, match="atlantis"):
        load_pack(written(tmp_path, head=HEAD + '\nextends = ["atlantis"]'))


# Inheritance


def test_rules_are_inherited_along_the_chain():
    """Pingyuan extends Meizhou extends the national standard; own indicators hide inherited ones."""
    national, meizhou, pingyuan = (load_pack(name) for name in ("cn-national", "meizhou", "pingyuan"))
    assert (national.chain, meizhou.chain, pingyuan.chain) == ((), ("cn-national",), ("meizhou", "cn-national"))
    for pack in (meizhou, pingyuan):
        assert [rule.id for rule in pack.rules if rule.chain] == []
        indicators = [rule.indicator for rule in pack.rules]
        assert indicators.count("land_per_capita") == 1
        assert pack.services == national.services
    assert pingyuan.rules[0].id == "pingyuan.township_centre_coverage.2025"


def test_an_inherited_rule_tells_where_it_came_from(tmp_path):
    """What a pack does not settle itself it inherits from the nearest pack that does, with the chain in between."""
    inherited = {
        rule.id: rule.chain for rule in load_pack(written(tmp_path, RULE, head=HEAD + '\nextends = ["pingyuan"]')).rules
    }
    assert inherited == {
        "here.old": (),
        "pingyuan.township_centre_coverage.2025": ("pingyuan",),
        "pingyuan.new_area_per_100hh": ("pingyuan",),
        "pingyuan.land_per_capita": ("pingyuan",),
    }
    heshan = {rule.id: rule.chain for rule in load_pack("heshan").rules}
    assert heshan["cn-national.land_per_capita"] == ("cn-national",)
    (tmp_path / "between.toml").write_text(
        '[pack]\nschema = 1\nid = "between"\nname = "市"\nextends = ["cn-national"]', encoding="utf-8"
    )
    through = load_pack(written(tmp_path, head=HEAD + '\nextends = ["between"]'))
    assert [(rule.id, rule.chain) for rule in through.rules] == [
        ("cn-national.land_per_capita", ("between", "cn-national"))
    ]
    assert through.chain == ("between", "cn-national")


def test_of_two_parents_the_first_settles_an_indicator(tmp_path):
    """A pack with two parents takes each indicator from the one it names first."""
    pack = load_pack(written(tmp_path, head=HEAD + '\nextends = ["pingyuan", "heshan"]'))
    sources = {rule.indicator: rule.chain[0] for rule in pack.rules}
    assert sources.pop("circle_minutes") == "heshan"
    assert set(sources.values()) == {"pingyuan"}
    assert pack.chain == ("pingyuan", "meizhou", "cn-national", "heshan")


# What the packs hold


@pytest.mark.parametrize(("year", "share"), [(2022, 40), (2023, 40), (2024, 60), (2025, 60), (2026, 60), (2030, 60)])
def test_the_next_milestone_counts(year, share):
    """Heshan asks for 40 % by 2023 and 60 % by 2025; after the last day the last target stays."""
    rules = [rule for rule in load_pack("heshan").rules_for(year) if rule.indicator == "township_centre_coverage"]
    assert [rule.target for rule in rules] == [share]


def test_a_year_has_each_other_rule_once():
    """Only milestones of one indicator compete."""
    rules = [rule.indicator for rule in load_pack("heshan").rules_for(2025)]
    assert rules == [
        "circle_minutes",
        "township_centre_coverage",
        "new_area_per_100hh",
        "old_area_per_100hh",
        "land_per_capita",
    ]


def test_figures_are_exact():
    """A tenth is a tenth, not its binary neighbour."""
    (rule,) = load_pack("cn-national").rules
    assert rule.target == Fraction(1, 10)
    assert (rule.comparator, rule.binding, rule.value_unit) == (Comparator.AT_LEAST, Binding.UNSTATED, "m²/人")


def test_a_rule_is_read_key_by_key(tmp_path):
    """Every key of a rule arrives in the record, with the pack's document unless it names its own."""
    more = {"comparator": '"<="', "due": "2030-06-30"}
    first, second = load_pack(
        written(tmp_path, {**RULE, **more}, {**RULE, "id": '"here.other"', "document": '"别的文件"'})
    ).rules
    assert (first.id, first.indicator, first.name, first.name_en) == ("here.old", "old_area_per_100hh", "旧区", "old")
    assert (first.comparator, first.target, first.due) == (Comparator.AT_MOST, 15, date(2030, 6, 30))
    assert (first.clause.document, first.clause.section, first.clause.quote) == (
        "此地规划",
        "第一章",
        "每百户不低于15平方米",
    )
    assert dict(first.options) == {"era": "old", "new_since": date(2021, 1, 1)}
    assert second.clause.document == "别的文件"
    assert (second.comparator, second.due) == (Comparator.AT_LEAST, None)


@pytest.mark.parametrize("name", known_packs())
def test_every_pack_names_itself(name):
    """Its id is its file's name, its rules' ids begin with it, and every target is a number or absent."""
    pack = load_pack(name)
    assert pack.id == name
    for rule in pack.rules:
        assert rule.id.startswith(f"{rule.chain[-1] if rule.chain else name}.")
        assert rule.clause.document
        assert rule.measure in MEASURES
        assert rule.target is None or rule.target > 0


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


@pytest.mark.parametrize("name", PLANS)
def test_every_target_stands_in_its_quotation(name):
    """The figure of a rule is a figure of the words it quotes."""
    for rule in load_pack(name).rules:
        if rule.target is not None and not rule.chain:
            figures = {Fraction(figure) for figure in re.findall(r"\d+(?:\.\d+)?", rule.clause.quote)}
            assert rule.target in figures, rule.id
