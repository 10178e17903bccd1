"""The packs that come with geoplan say what the plans say: every demand, word for word, and nothing from memory."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from geoplan.standards import MEASURES, known_packs, load_pack

FILES = Path(__file__).parents[1] / "geoplan" / "standards"
DOCS = Path(__file__).parents[1] / "docs"
SHARED = Path(__file__).parents[2] / "shared"
PLANS = ("pingyuan", "meizhou", "heshan", "shicheng", "conghua")
PACKS = ("cn-national", *PLANS)
BINDING = {"约束性": "binding", "预期性": "expected", "未注明": "unstated"}
SOFT_WORDS = ("原则上", "左右", "力争")

# Rows of the plans that demand nothing: words that other rows are read with.
DEFINITIONS = {
    "ageing_level_light": "a band of the 65+ share, explained in a footnote; nothing has to reach it",
    "ageing_level_moderate": "a band of the 65+ share; its lower edge, 14 %, is what older townships are told by",
    "ageing_level_severe": "a band of the 65+ share, explained in a footnote; nothing has to reach it",
}
# Where a rule's figure is not the one printed in the row, and why.
OTHER_VALUES = {
    "heshan.circle_minutes.2025": "the minutes are the service's; the plan gives no share to reach",
    "shicheng.circle_minutes.2025": "the minutes are the service's; the plan gives no share to reach",
    "heshan.centre_functions": "four functions: 100 % of the centres must have all",
    "heshan.one_station_per_unit.township": "one in each unit is 100 % of the units",
    "heshan.one_station_per_unit.village": "one in each unit is 100 % of the units",
    "heshan.county_facility_coverage.2022": "one home, the county's own: 100 % of the county-level public homes",
    "heshan.nursing_beds_to_add.2025": "219 were to be added when the plan was made: none is left at its end",
    "heshan.emergency_centre_count": "1+7 is 8",
    "pingyuan.network_levels_urban": "levels of a network: reported as shares of units",
    "pingyuan.network_levels_rural.township": "levels of a network: reported as shares of units",
    "pingyuan.network_levels_rural.village": "levels of a network: reported as shares of units",
    "pingyuan.centre_functions.centre.2025": "four functions: 100 % of the centres must have all",
    "pingyuan.centre_functions.homes": "four functions, for the renovated homes: no share is given",
    "pingyuan.ageing_land_uplift": "more land wherever ageing is higher: 100 % of those townships",
    "pingyuan.plan_evaluation_years.2023": "a year by which something is done: yes or no",
    "pingyuan.plan_evaluation_years.2025": "a year by which something is done: yes or no",
    "meizhou.network_levels_urban.street": "levels of a network: reported as shares of units",
    "meizhou.network_levels_urban.community": "levels of a network: reported as shares of units",
    "meizhou.network_levels_rural.township": "levels of a network: reported as shares of units",
    "meizhou.network_levels_rural.village": "levels of a network: reported as shares of units",
    "meizhou.centre_functions": "four functions: 100 % of the centres must have all",
    "meizhou.county_facility_coverage.2022": "one in each county is 100 % of the counties",
    "meizhou.county_mednurse_facility.2025": "one in each county is 100 % of the counties",
    "meizhou.ageing_land_uplift": "more land wherever ageing is higher: 100 % of those townships",
    "meizhou.plan_evaluation_years.2023": "a year by which something is done: yes or no",
    "meizhou.plan_evaluation_years.2025": "a year by which something is done: yes or no",
    "shicheng.network_levels_rural.county.2025": "levels of a network: reported as shares of units",
    "shicheng.network_levels_rural.township.2025": "levels of a network: reported as shares of units",
    "shicheng.network_levels_rural.village.2025": "levels of a network: reported as shares of units",
    "shicheng.rural_station_functions": "nine functions: 100 % of the stations must have all",
    "conghua.township_centre_coverage.2021": "one in each township is 100 % of the townships",
    "conghua.village_station_coverage.2023": "one in each village is 100 % of the villages",
    "conghua.centre_functions.2021": "five functions: 100 % of the centres must have all",
    "conghua.station_functions": "three functions: 100 % of the stations must have all",
    "shicheng.no_new_build_if_vacant": "none is to be built: 0 projects",
    "conghua.embedded_in_centre": "every centre gains one: 100 % of the townships",
    "conghua.village_talent_team.2025": "one in each village is 100 % of the villages",
}
# Indicators without a tier that an official types in, and why no layer can answer them.
NO_LAYER = {
    "aging_retrofit_rate": "homes adapted",
    "destitute_central_care_rate": "who wished for a place",
    "emergency_service_coverage": "people in a call network",
    "emergency_service_users": "people in a call network",
    "geriatric_dept_rate": "departments of hospitals",
    "home_bed_rate": "families with a care bed",
    "land_use_transition_years": "years of a permission",
    "ltc_insurance_rate": "insured people",
    "no_oversize": "no size is named",
    "nursing_staff_total": "staff",
    "pension_insurance_rate": "insured people",
    "pilot_areas": "other counties",
    "plan_evaluation_years": "whether a report was written",
    "primary_care_nursing_bed_share": "beds of clinics",
    "safety_standard_rate": "results of inspections",
    "social_force_share": "neither part of the share is defined",
    "staff_training_rate": "staff",
    "training_org_count": "training organisations",
    "village_talent_team": "teams of people",
}
# The claim of standards_sources.csv behind each national rule.
CLAIMS = {
    "cn-national.land_per_capita": "S02",
    "cn-national.beds_per_1000": "S01",
    "cn-national.bed_floor_area": "S03",
    "cn-national.bed_site_area": "S03",
    "cn-national.colocation_clinic": "S03",
    "cn-national.nursing_bed_share.2025": "S34",
    "cn-national.network_levels_rural.township": "S15",
    "cn-national.network_levels_rural.village": "S15",
}


@cache
def _table(name: str) -> list[dict[str, str]]:
    path = SHARED / "standards" / name
    if not path.is_file():
        pytest.skip(f"{name} lies beside the repository, not in it")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _demands() -> list[dict[str, str]]:
    """The rows of the plans that are no baseline."""
    return [row for row in _table("plan_indicators.csv") if row["binding"] != "基线"]


def _place(row: dict[str, str]) -> str:
    return Path(row["plan_file"]).stem


@cache
def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


@cache
def _rules(pack: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = tomllib.loads((FILES / f"{pack}.toml").read_text(encoding="utf-8"))["rule"]
    return rules


def _quotes(rule: dict[str, Any]) -> list[str]:
    return [rule["quote"], *(clause["quote"] for clause in rule.get("also", []))]


def _covering(row: dict[str, str]) -> list[dict[str, Any]]:
    """The rules of the row's place that are of its indicator and quote it."""
    words = _bare(row["quote"])
    return [
        rule
        for rule in _rules(_place(row))
        if rule["indicator"] == row["indicator_id"] and any(words in _bare(quote) for quote in _quotes(rule))
    ]


def _led_by(row: dict[str, str]) -> list[dict[str, Any]]:
    """The covering rules whose own clause, not a further one, is the row's."""
    return [rule for rule in _covering(row) if _bare(row["quote"]) in _bare(rule["quote"])]


def test_every_demand_of_the_plans_is_a_rule_or_a_definition() -> None:
    """Each of the 187 rows that are no baseline is quoted by a rule of its place and indicator, or is a definition."""
    demands = _demands()
    assert len(demands) == 187
    uncovered = [row["indicator_id"] for row in demands if not _covering(row)]
    assert sorted(uncovered) == sorted(DEFINITIONS)


@pytest.mark.parametrize("pack", PLANS)
def test_every_quotation_is_in_the_plan(pack: str) -> None:
    """Every quotation, white space apart, stands in the text of the plan."""
    path = SHARED / "plans" / f"{pack}.txt"
    if not path.is_file():
        pytest.skip("the plans' texts lie beside the repository, not in it")
    text = _bare(path.read_text(encoding="utf-8"))
    assert [rule["id"] for rule in _rules(pack) for quote in _quotes(rule) if _bare(quote) not in text] == []


def test_values_are_those_of_the_plans() -> None:
    """A rule's figure is one printed with its words; where it is not, the reason is listed, and no reason is idle."""
    printed: dict[str, set[str]] = {}
    for row in _demands():
        for rule in _covering(row):
            printed.setdefault(rule["id"], set()).add(row["value"] if row["comparator"] in _FIGURES else "")
    rules = {rule["id"]: rule for pack in PLANS for rule in _rules(pack)}
    differing = {name for name, values in printed.items() if _figure(rules[name]) not in values}
    assumed = {name for name in differing if "value" in rules[name].get("assumed", [])}
    assert differing - assumed == set(OTHER_VALUES)


def test_every_printed_figure_has_its_rule() -> None:
    """A figure that is printed in a row is the value of a rule of that row, unless its rules are listed to differ."""
    lost = [
        (row["indicator_id"], row["value"])
        for row in _demands()
        if row["comparator"] in _FIGURES and (rules := _covering(row))
        if row["value"] not in map(_figure, rules) and not {rule["id"] for rule in rules} & OTHER_VALUES.keys()
    ]
    assert lost == []


_FIGURES = (">=", "<=", "=", "~", "all_of")


def _figure(rule: dict[str, Any]) -> str:
    """The value that a rule is held against, blank where it only reports or asks yes or no."""
    return "" if rule.get("options", {}).get("kind") == "yes_no" else rule.get("value", "")


def test_dates_are_those_of_the_plans() -> None:
    """A rule is due in the year printed in its row, and has no date where the row has none."""
    for row in _demands():
        years = {int(year[:4]) for year in row["year"].split(";") if year}
        for rule in _led_by(row):
            due: date | None = rule.get("due")
            assert due.year in years if due else not years, rule["id"]


def test_binding_classes_are_those_of_the_plans() -> None:
    """A rule binds as its row says, and is advisory only where its own quotation says so (原则上, 左右, 力争)."""
    for row in _demands():
        for rule in _led_by(row):
            soft = any(word in rule["quote"] for word in SOFT_WORDS)
            assert rule["binding"] == ("advisory" if soft else BINDING[row["binding"]]), rule["id"]


@pytest.mark.parametrize("pack", PACKS)
def test_rules_are_named_in_both_languages(pack: str) -> None:
    """Every rule has a Chinese and an English name, and a note in both languages or in none."""
    han = re.compile(r"[\u4e00-\u9fff]")
    for rule in _rules(pack):
        assert han.search(rule["name"]), rule["id"]
        assert not han.search(rule["name_en"]), rule["id"]
        assert ("note" in rule) == ("note_en" in rule), rule["id"]
        assert not han.search(re.sub(r"\([^)]*\)", "", rule.get("note_en", ""))), rule["id"]


def test_ids_are_unique_and_say_pack_indicator_and_year() -> None:
    """An id is pack, indicator, what tells the rule apart and its year; none occurs twice."""
    ids = []
    for pack in PACKS:
        for rule in _rules(pack):
            ids.append(rule["id"])
            year = rf"\.{rule['due'].year}" if "due" in rule else ""
            assert re.fullmatch(rf"{pack}\.{rule['indicator']}(\.[a-z_][a-z0-9_]*)?{year}", rule["id"]), rule["id"]
    assert len(set(ids)) == len(ids)


def test_indicators_are_those_of_the_table() -> None:
    """Every indicator is one of the plans' table; the national standard adds site and floor area per bed."""
    known = {row["indicator_id"] for row in _table("plan_indicators.csv")}
    used = {rule["indicator"] for pack in PACKS for rule in _rules(pack)}
    assert used - known == {"bed_floor_area", "bed_site_area"}


def test_what_layers_can_answer_is_computed() -> None:
    """Spatial and facility indicators are computed, checklists and figures from elsewhere are typed in."""
    tiers = {row["indicator_id"]: row["tier(A空间/B表格/C清单/D登记)"] for row in _table("indicator_inputs.csv")}
    typed = {rule["indicator"] for pack in PACKS for rule in _rules(pack) if rule["measure"] == "entered"}
    computed = {rule["indicator"] for pack in PACKS for rule in _rules(pack) if rule["measure"] != "entered"}
    assert {indicator for indicator in typed if indicator not in tiers} == set(NO_LAYER)
    assert {indicator for indicator in typed if tiers.get(indicator) in ("A", "B")} == set()
    assert {indicator for indicator in computed if tiers.get(indicator) in ("C", "D")} == set()


def test_national_rules_rest_on_verified_claims() -> None:
    """Each national rule rests on a claim whose wording was seen, says where, and none on recollection."""
    sources = {row["id"]: row for row in _table("standards_sources.csv")}
    rules = {rule["id"]: rule for rule in _rules("cn-national")}
    assert set(rules) == set(CLAIMS)
    for rule_id, claim_id in CLAIMS.items():
        assert sources[claim_id]["status"] == "verified", rule_id
        assert _seen_at(claim_id, sources) in rules[rule_id]["note"], rule_id
        figures = rules[rule_id].get("value", [])
        for figure in [figures] if isinstance(figures, str) else figures:
            assert figure in sources[claim_id]["claim"], rule_id


def _seen_at(claim_id: str, sources: dict[str, dict[str, str]]) -> str:
    """The first address at which a claim was seen; 同上 points to the claim before."""
    number = int(claim_id[1:])
    while sources[f"S{number:02}"]["where_found"].startswith("同上"):
        number -= 1
    return re.split(r"[；（(]", sources[f"S{number:02}"]["where_found"])[0]


def test_nothing_remembered_is_cited() -> None:
    """No rule of any pack cites a document that is known from recollection alone."""
    claims = _table("standards_sources.csv")
    names = {re.split(r"[（(]", row["standard"])[0].strip() for row in claims if row["status"] == "recollection"}
    seen = {re.split(r"[（(]", row["standard"])[0].strip() for row in claims if row["status"] != "recollection"}
    cited = {
        text
        for pack in PACKS
        for rule in _rules(pack)
        for text in (rule.get("document", ""), rule.get("note", ""), rule["section"])
    }
    remembered = names - seen
    assert {"国发〔2013〕35号", "建标143-2010"} <= remembered
    assert [(name, text) for name in remembered for text in cited if len(name) > 4 and name in text] == []


def test_six_packs_come_with_geoplan() -> None:
    """The packs are those of the five plans and the national one; the counties inherit as their plans say."""
    assert set(known_packs()) == set(PACKS)
    chains = {pack: load_pack(str(FILES / f"{pack}.toml")).chain for pack in PACKS}
    assert chains["pingyuan"] == ("meizhou", "cn-national")
    assert chains["cn-national"] == ()
    assert {chains[pack] for pack in ("meizhou", "heshan", "shicheng", "conghua")} == {("cn-national",)}


def test_heshan_computes_at_least_25_rules_in_2025() -> None:
    """Of the rules that apply to Heshan in 2025, inherited ones included, 25 or more come from the layers."""
    rules = load_pack(str(FILES / "heshan.toml")).rules_for(2025)
    assert sum(rule.measure != "entered" for rule in rules) >= 25


@pytest.mark.parametrize(("year", "target"), [(2022, 40), (2023, 40), (2024, 60), (2025, 60), (2030, 60)])
def test_heshan_milestones(year: int, target: int) -> None:
    """Heshan's centres: 40 % up to 2023, 60 % from then on, one rule in each year."""
    rules = load_pack(str(FILES / "heshan.toml")).rules_for(year)
    assert [rule.target for rule in rules if rule.indicator == "township_centre_coverage"] == [target]


@pytest.mark.parametrize("pack", PACKS)
def test_one_milestone_applies_in_every_year(pack: str) -> None:
    """In any year one rule applies of those that differ in their year alone, and none is lost."""
    loaded = load_pack(str(FILES / f"{pack}.toml"))
    stems = sorted({_stem(rule.id) for rule in loaded.rules})
    for year in (2020, 2022, 2023, 2025, 2035):
        assert sorted(_stem(rule.id) for rule in loaded.rules_for(year)) == stems


def _stem(rule_id: str) -> str:
    """The id without its year."""
    return re.sub(r"\.\d{4}$", "", rule_id)


def test_contradicting_figures_of_one_year_both_apply() -> None:
    """Shicheng's two figures of social workers for 2025 are no milestones of each other: both apply."""
    rules = load_pack(str(FILES / "shicheng.toml")).rules_for(2025)
    assert len([rule for rule in rules if rule.indicator == "social_workers_per_1000"]) == 3


def test_pingyuan_takes_meizhous_rules_as_advice() -> None:
    """What Pingyuan's plan does not settle it inherits from Meizhou's, with the chain; its own rules stand alone."""
    rules = load_pack(str(FILES / "pingyuan.toml")).rules
    inherited = [rule for rule in rules if rule.chain]
    assert "meizhou.nursing_bed_share.2025" in {rule.id for rule in inherited}
    own = {rule.indicator for rule in rules if not rule.chain}
    assert own.isdisjoint(rule.indicator for rule in inherited)


@pytest.mark.parametrize("page", ["packs.md", "packs.zh.md"])
def test_docs_count_the_rules(page: str) -> None:
    """The table of packs in the docs says how many rules each has, and how many of them are computed."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for pack in PACKS:
        rules = _rules(pack)
        computed = sum(rule["measure"] != "entered" for rule in rules)
        assert re.search(rf"\| `{pack}` \|[^|\n]*\|[^|\n]*\| {len(rules)} \| {computed} \|", text), pack


@pytest.mark.parametrize("page", ["packs.md", "packs.zh.md"])
def test_docs_name_every_measure_and_option(page: str) -> None:
    """The table of measures in the docs has a line for each registered one, with each of its options."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    for name, measure in MEASURES.items():
        (line,) = [line for line in lines if line.startswith(f"| `{name}` |")]
        assert [option for option in measure.options if f"`{option}`" not in line] == [], name
