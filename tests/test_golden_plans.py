"""The plans' own sums: what the five plans print, computed by the measures, comes out as printed, or as known not to add up."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from rules import TOWNS, a_pack, a_rule

from geoplan.compliance import conflicts, evaluate, judge
from geoplan.layers.facilities import split_versions
from geoplan.layers.schema import ROLES, FieldKind
from geoplan.model import Outcome, Verdict
from geoplan.report.tables import figure
from geoplan.standards import MEASURES, Facts, Pack, known_packs, load_pack

NURSING = {"numerator": "nursing_beds", "denominator": "beds"}
NURSING_SHARE = a_rule("ratio_of_sums", "55", options=NURSING)
TO_ADD = a_rule(
    "deficit", "0", unit="张", comparator="<=", options={**NURSING, "shares": {"county": "70", "township": "55"}}
)
OCCUPANCY = a_rule("ratio_of_sums", options={"numerator": "residents", "denominator": "beds"})
CENTRES = a_rule("unit_has_qualified", "60", scope={"unit_levels": TOWNS}, options={"functions": ["day_care"]})
WELFARE = "鹤山市社会福利院"
KINDS = {"公办": "public", "公建民营": "public_private", "民办": "private"}


def table(shared: Path, name: str) -> list[dict[str, str]]:
    """The rows of one of the files beside the repository."""
    path = shared / "standards" / name
    if not path.is_file():
        pytest.skip(f"the plans' figures {path} are not here")
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def facts(
    facilities: list[dict[str, Any]],
    *,
    units: list[dict[str, Any]] | None = None,
    people: Mapping[str, float] | None = None,
) -> Facts:
    """A county of plain rows, as the reader would leave them."""
    numeric = {FieldKind.NUMBER, FieldKind.WHOLE, FieldKind.YEAR}
    fields = ROLES["facilities"].fields
    blank = {field.name: np.nan if field.kind in numeric else "" for field in fields}
    plain = {
        "kind": "care_home",
        "level": "township",
        "status": "existing",
        "township": "",
        "village": "",
        "in_area": True,
    }
    rows = [
        {**blank, **plain, "facility_id": f"F{n:03d}", "name": f"F{n:03d}", **row} for n, row in enumerate(facilities)
    ]
    frame = pd.DataFrame(rows, columns=[*blank, "township", "village", "in_area"])
    demand = {
        "demand_id": "D",
        "pop_total": np.nan,
        "pop60": np.nan,
        "pop65": np.nan,
        "basis": "resident",
        "township": "",
    }
    homes = pd.DataFrame([{**demand, "village": "", "in_area": True, **(people or {})}])
    kept, versions, _notes = split_versions(gpd.GeoDataFrame(frame))
    frames = {"facilities": kept, "demand": homes}
    frames |= {"units": pd.DataFrame(units)} if units else {}
    frames |= {"facility_versions": versions} if len(versions) else {}
    return Facts(frames, {}, ("C", "县"), 2025)


def verdicts(given: Facts, rule: Any) -> dict[str, Verdict]:
    """The verdicts of a rule by unit."""
    return {count.unit: judge(rule, count) for count in MEASURES[rule.measure].count(given, rule)}


def county(given: Facts, rule: Any) -> Verdict:
    """The county's verdict."""
    return verdicts(given, rule)["C"]


def shown(value: Fraction | None) -> str:
    """A figure as the plans print it."""
    return figure(value, 2, trim=False)


def home(row: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """One institution of Heshan's boxes."""
    name = row["机构名称"]
    return {
        "facility_id": name,
        "name": name,
        "level": "county" if name == WELFARE else "township",
        "ownership": KINDS[row["机构性质"]],
        "beds": float(row["床位数"]),
        "nursing_beds": float(row["护理型床位"]),
        **more,
    }


@pytest.fixture(scope="module")
def box5(shared: Path) -> list[dict[str, str]]:
    """Heshan's table of nursing beds to add, 16 institutions."""
    return [row for row in table(shared, "heshan_box5_nursing_targets_2025.csv") if row["机构性质"]]


@pytest.fixture(scope="module")
def box1(shared: Path) -> list[dict[str, str]]:
    """Heshan's institutions of 2020, 14 of them."""
    return [row for row in table(shared, "heshan_box1_institutions_2020.csv") if row["机构性质"]]


# Heshan


def test_heshans_sixteen_institutions_lack_what_the_plan_says(box5):
    """A01: the number of nursing beds to add is the printed one for 16 of 16 institutions (floating point misses two)."""
    board = verdicts(facts([home(row) for row in box5]), TO_ADD)
    printed = {row["机构名称"]: int(row["需增设护理型床位(原文)"].replace("—", "0")) for row in box5}
    assert len(printed) == 16
    assert {name: int(board[name].value) for name in printed} == printed


def test_heshans_totals_are_those_of_the_plan(box5):
    """A02: 1,807 beds, 1,086 of them nursing beds, 60.10 per cent, 219 to add; once added 1,305 of 1,807 are 72.22 per cent."""
    homes = [home(row) for row in box5]
    share = county(facts(homes), NURSING_SHARE)
    assert (share.count.numerator, share.count.denominator, shown(share.value)) == (1086, 1807, "60.10")
    assert share.outcome is Outcome.PASS
    board = verdicts(facts(homes), TO_ADD)
    assert (board["C"].value, board["C"].needed, board["C"].outcome) == (219, 219, Outcome.WARN)
    added = [{**one, "nursing_beds": one["nursing_beds"] + float(board[one["name"]].value)} for one in homes]
    after = county(facts(added), NURSING_SHARE)
    assert (after.count.numerator, shown(after.value)) == (1305, "72.22")
    assert county(facts(added), TO_ADD).outcome is Outcome.PASS


def test_the_county_complies_although_ten_institutions_do_not(box5):
    """AMB-14: 60.10 per cent in all passes 55; 10 of 15 township institutions miss it one by one."""
    rule = a_rule("each_facility", "55", scope={"facility_levels": ["township"]}, options=NURSING)
    found = county(facts([home(row) for row in box5]), rule)
    assert (found.count.denominator, found.needed, found.outcome) == (15, 10, Outcome.WARN)


def both_boxes(box1: list[dict[str, str]], box5: list[dict[str, str]]) -> Facts:
    """The two tables as two statements about the same institutions; box 5 is the later one."""
    later = [home(row, as_of="2021-12-31", source="专栏5") for row in box5]
    earlier = [home(row, as_of="2020-12-31", source="专栏1", residents=float(row["推算入住人数"])) for row in box1]
    return facts([*later, *earlier])


def test_heshans_welfare_home_has_two_verdicts(box1, box5):
    """A03: with 85 beds 84.71 per cent are nursing beds, with 150 beds 48.00; the verdict of 70 per cent turns."""
    pack = a_county_pack()
    given = both_boxes(box1, box5)
    board = evaluate(pack, given)
    found = conflicts(pack, given, board)
    (welfare,) = [c for c in found if c.verdict.rule.indicator == "county_share" and c.verdict.count.level == "county"]
    assert (shown(welfare.verdict.value), welfare.verdict.outcome) == ("84.71", Outcome.PASS)
    assert (shown(welfare.other.value), welfare.other.outcome) == ("48.00", Outcome.WARN)
    assert (welfare.facilities, welfare.source, welfare.as_of) == ((WELFARE,), "专栏1", "2020-12-31")


def a_county_pack() -> Pack:
    """The county's home at 70 per cent and all homes at 55."""
    share = {"measure": "ratio_of_sums", "options": NURSING}
    return a_pack(
        {**share, "indicator": "county_share", "value": "70", "scope": {"facility_levels": ["county"]}},
        {**share, "indicator": "all_share", "value": "55"},
        {"measure": "facility_count", "indicator": "count", "value": "16", "unit": "家"},
    )


def test_the_two_boxes_differ_where_the_list_of_differences_says(box1, box5, shared):
    """A04: Gulao +44, Taoyuan +10, Zhishan +14 and Zhaiwu +10 nursing beds, and the welfare home's beds; nothing else."""
    pack = a_county_pack()
    given = both_boxes(box1, box5)
    found = conflicts(pack, given, evaluate(pack, given))
    rows = [c for c in found if c.verdict.count.level == "facility" and c.verdict.rule.indicator == "all_share"]
    listed = table(shared, "heshan_box1_box5_reconcile.csv")
    differing = {row["机构名称"] for row in listed if row["说明"].endswith("不一致")}
    assert {c.verdict.count.unit for c in rows} == differing
    assert len(differing) == 5
    gained = {c.verdict.count.unit: c.verdict.count.numerator - c.other.count.numerator for c in rows}
    assert gained == {row["机构名称"]: int(row["护理型差"]) for row in listed if row["机构名称"] in differing}
    together = [c for c in found if len(c.facilities) > 1]
    assert {c.verdict.rule.indicator for c in together} == {"all_share"}
    assert together[0].other.outcome is Outcome.WARN  # all of box 1 together brings the county below 55 per cent


def test_heshans_occupancy_is_that_of_its_box(box1):
    """A06: 1,736 beds, 872 nursing beds (50.23 %), 765 residents (44.07 %); without the empty private home 52.62 %."""
    homes = [home(row, residents=float(row["推算入住人数"])) for row in box1]
    share = county(facts(homes), NURSING_SHARE)
    assert (share.count.denominator, share.count.numerator, shown(share.value)) == (1736, 872, "50.23")
    used = county(facts(homes), OCCUPANCY)
    assert (used.count.numerator, shown(used.value)) == (765, "44.07")
    others = [one for one in homes if one["name"] != "雁鸣湖畔养老养生公寓"]
    fewer = county(facts(others), OCCUPANCY)
    assert (fewer.count.numerator, fewer.count.denominator, shown(fewer.value), len(others)) == (762, 1448, "52.62", 13)


def test_every_occupancy_of_heshans_box_is_a_whole_number_of_people(box1):
    """The printed rate of each institution is that of its residents and beds, to the second decimal."""
    board = verdicts(facts([home(row, residents=float(row["推算入住人数"])) for row in box1]), OCCUPANCY)
    for row in box1:
        assert shown(board[row["机构名称"]].value) == shown(Fraction(row["入住率_pct"])), row


def test_heshans_institutions_are_not_counted_as_its_text_counts_them(box1):
    """A05: the text says 4 run for the public, 8 public, 2 private; its own box has 5, 7 and 2."""
    given = facts([home(row) for row in box1])
    counts = {
        kind: county(given, a_rule("facility_count", scope={"ownership": [kind]})).value for kind in KINDS.values()
    }
    assert counts == {"public_private": 5, "public": 7, "private": 2}


@pytest.mark.parametrize(
    ("beds", "people", "printed"),
    [(1736, 83_000, "20.92"), (1807, 83_000, "21.77"), (1736, 80_100, "21.67"), (1807, 80_100, "22.56")],
)
def test_heshans_beds_per_thousand(beds, people, printed):
    """A11: 20.9 and 21.8 per thousand residents of 60 and over, 21.7 and 22.6 per thousand registered ones."""
    assert per_thousand(beds, people) == printed


def per_thousand(beds: float, people: float) -> str:
    """Beds per thousand people of 60 and over."""
    options = {"field": "beds", "per": "1000", "group": "pop60", "basis": "resident"}
    return shown(county(facts([{"beds": beds}], people={"pop60": people}), a_rule("per_people", options=options)).value)


# Shares of units: how many are needed


def towns(number: int, level: str = "town") -> list[dict[str, Any]]:
    """So many units of a level."""
    return [
        {"unit_code": f"U{n:03d}", "name": f"U{n:03d}", "level": level, "parent_code": "C", "urban_rural": "rural"}
        for n in range(number)
    ]


def coverage(number: int, having: int, percent: str, level: str = "town") -> Verdict:
    """The verdict when so many units of so many have a facility that qualifies."""
    column = "village" if level == "village" else "township"
    sites = [{"functions": "day_care", column: f"U{n:03d}"} for n in range(having)]
    rule = a_rule("unit_has_qualified", percent, scope={"unit_levels": [level]}, options={"functions": ["day_care"]})
    return county(facts(sites, units=towns(number, level)), rule)


@pytest.mark.parametrize(
    ("number", "percent", "least", "level"),
    [
        (12, "60", 8, "town"),  # P03: Pingyuan
        (10, "60", 6, "town"),  # A10: Heshan by 2025
        (9, "60", 6, "town"),  # A10: were one township left out
        (10, "40", 4, "town"),  # by 2023
        (9, "40", 4, "town"),
        (131, "85", 112, "village"),  # S01: Shicheng
        (8, "100", 8, "town"),  # C: Conghua's towns and streets
    ],
)
def test_the_least_number_of_units_that_complies(number, percent, least, level):
    """AMB-05: the number needed is rounded up from the exact share; one less misses by one."""
    assert coverage(number, least, percent, level).outcome is Outcome.PASS
    short = coverage(number, least - 1, percent, level)
    assert (short.outcome, short.needed) == (Outcome.WARN, 1)
    assert coverage(number, 0, percent, level).needed == least


def test_shichengs_eighty_of_131_villages():
    """S01: 80 of 131 villages are 61.07 per cent, and 32 are still needed for 85."""
    found = coverage(131, 80, "85", "village")
    assert (shown(found.value), found.needed) == ("61.07", 32)


def test_a_coverage_of_more_than_all_is_all():
    """S07, AMB-26: "100 per cent and more" is met by all units, and "equal to 100" likewise."""
    for comparator in (">=", "="):
        rule = a_rule("unit_has_qualified", "100", comparator=comparator, scope={"unit_levels": ["town"]})
        assert county(facts([{"township": "U000"}], units=towns(1)), rule).outcome is Outcome.PASS


def test_shichengs_streets_are_not_applicable():
    """S12, AMB-04: without a single street the share of streets is not applicable, never 100 per cent."""
    rule = a_rule("unit_has_qualified", "100", comparator="=", scope={"unit_levels": ["street"]})
    found = county(facts([{"township": "U000"}], units=towns(3)), rule)
    assert (found.outcome, found.value) == (Outcome.NOT_APPLICABLE, None)


def test_heshans_milestone_of_the_year_is_asked_for():
    """--year 2023 asks Heshan's townships for 40 per cent and 2025 for 60: four of ten pass the first and miss the second."""
    outcomes = {}
    for year in (2023, 2025):
        (rule,) = [r for r in load_pack("heshan").rules_for(year) if r.indicator == "township_centre_coverage"]
        functions = "|".join(sorted(rule.options["functions"]))
        sites = [{"functions": functions, "township": f"U{n:03d}"} for n in range(4)]
        outcomes[year] = county(facts(sites, units=towns(10)), rule).outcome
    assert outcomes == {2023: Outcome.PASS, 2025: Outcome.WARN}


# Land


def land(area: float, target: str, **people: float) -> Verdict:
    """Land per resident."""
    rule = a_rule("area_per_resident", target, unit="m²/人", options={"basis": "resident"})
    return county(facts([{"site_area_m2": area}], people=people), rule)


def test_conghuas_land_is_over_residents():
    """C05, AMB-10: 0.25 m² for 649,477 people are 16.24 ha; over the 86,900 old people alone 2.17 ha would seem enough."""
    needed = land(0, "0.25", pop_total=649_477, pop60=86_900).needed
    assert (needed, round(float(needed) / 10_000, 1)) == (Fraction(649_477, 4), 16.2)
    assert round(float(land(0, "0.1", pop_total=649_477).needed) / 10_000, 1) == 6.5
    wrong = 0.25 * 86_900
    found = land(wrong, "0.25", pop_total=649_477, pop60=86_900)
    assert (found.outcome, figure(found.value, 4)) == (Outcome.WARN, "0.0334")
    assert "0.2500 m²/人，为 7.5 倍" in found.count.note


def test_pingyuans_county_home_is_most_of_its_land():
    """P04: 17,074.5 m² for 190,542 residents are 0.0896 m² each; 0.1 m² needs 1.905 ha."""
    found = land(17_074.5, "0.1", pop_total=190_542)
    assert figure(found.value, 4) == "0.0896"
    assert figure((found.count.numerator + found.needed) / 10_000, 3) == "1.905"


def test_pingyuans_county_home_has_more_site_and_floor_than_asked():
    """P05: 59.5 m² of site per bed are beyond 18 to 44; 46.3 m² of floor per bed are more than 35."""
    centre = facts([{"beds": 287, "site_area_m2": 17_074.5, "floor_area_m2": 13_275}])
    site = a_rule(
        "each_facility",
        ["18", "44"],
        unit="m²/床",
        comparator="between",
        options={"numerator": "site_area_m2", "denominator": "beds"},
    )
    floor = a_rule("each_facility", "35", unit="m²/床", options={"numerator": "floor_area_m2", "denominator": "beds"})
    (one, other) = (verdicts(centre, rule)["F000"] for rule in (site, floor))
    assert (figure(one.value, 1), one.outcome, one.needed) == ("59.5", Outcome.WARN, Fraction("4446.5"))
    assert (figure(other.value, 1), other.outcome) == ("46.3", Outcome.PASS)


# Beds per thousand: the base matters


@pytest.mark.parametrize(
    ("beds", "people", "printed", "stated"),
    [(30_057, 776_300, "38.72", "34"), (1_618, 41_500, "38.99", "35"), (3_348, 86_900, "38.53", "40")],
)
def test_beds_per_thousand_are_not_those_of_the_plans(beds, people, printed, stated):
    """B02, P02, C01: over the people of 60 and over that the plans state, the printed figures do not come out (AMB-16)."""
    assert per_thousand(beds, people) == printed
    assert figure(Fraction(printed), 0) != stated


# Shares of beds and the like


@pytest.mark.parametrize(
    ("numerator", "denominator", "printed"),
    [
        (138, 193, "71.50"),  # S03: Shicheng's private homes
        (6_709, 30_057, "22.32"),  # B04: Meizhou's private beds
    ],
)
def test_shares_of_beds_that_the_plans_print(numerator, denominator, printed):
    """The share comes out of the two figures beside it."""
    given = facts([{"beds": denominator, "nursing_beds": numerator}])
    assert shown(county(given, NURSING_SHARE).value) == printed


@pytest.mark.parametrize(("beds", "percent", "nursing"), [(1963, "47", 923), (2800, "60", 1680)])
def test_shichengs_nursing_beds(beds, percent, nursing):
    """S04: 47 per cent of 1,963 beds are 923 nursing beds, 60 per cent of 2,800 are 1,680: 757 more."""
    given = facts([{"beds": beds, "nursing_beds": 0}])
    assert county(given, a_rule("ratio_of_sums", percent, options=NURSING)).needed == nursing
    assert 1680 - 923 == 757


def test_meizhous_counties_with_a_home():
    """B05: 7 of 8 counties are 87.5 per cent."""
    units = [{**row, "level": "county", "unit_code": f"U{n}"} for n, row in enumerate(towns(8))]
    units += [{**row, "unit_code": f"T{n}", "parent_code": f"U{n}"} for n, row in enumerate(towns(8))]
    rule = a_rule("unit_has_qualified", "100", comparator="=", scope={"unit_levels": ["county"]})
    found = county(facts([{"township": f"T{n}"} for n in range(7)], units=units), rule)
    assert (shown(found.value), found.needed) == ("87.50", 1)


def test_pingyuans_facilities_add_up():
    """P03: 3 urban, 12 town and 136 village facilities are 151."""
    levels = {"county": 3, "township": 12, "village": 136}
    sites = [{"level": level} for level, number in levels.items() for _one in range(number)]
    assert county(facts(sites), a_rule("facility_count", "151", unit="个")).outcome is Outcome.PASS


def test_heshans_training_adds_up(shared):
    """A08: Heshan's yearly training targets are 1,270 in all, but the 150 of 2021 are not the 250 that each year needs."""
    rows = [row for row in table(shared, "heshan_box8_training_targets.csv") if row["年度"].isdigit()]
    assert entered(str(sum(int(row["年合计人次"]) for row in rows)), "1270") is Outcome.PASS
    yearly = {row["年度"]: entered(row["年合计人次"], "250") for row in rows}
    assert [year for year, outcome in yearly.items() if outcome is not Outcome.PASS] == ["2021"]


def entered(typed: str, target: str) -> Outcome:
    """The outcome of a typed figure."""
    rule = a_rule("entered", target, unit="人次")
    row = {"rule": rule.id, "value": typed, "source": "表", "as_of": "2025", "entered_by": "", "note": ""}
    given = facts([])
    return county(Facts({**given.frames, "figures": pd.DataFrame([row])}, {}, ("C", "县"), 2025), rule).outcome


def test_shichengs_retrofits_reach_the_target():
    """S06: five years of 75 households are 375, at least the 350 of the table."""
    assert entered(str(5 * 75), "350") is Outcome.PASS


@pytest.mark.parametrize(("of", "needed"), [("2", Outcome.WARN), ("1", Outcome.PASS)])
def test_shicheng_states_two_targets_for_social_workers(of, needed):
    """S08: with 1.5 social workers per thousand the text's target of 1 is met and the table's of 2 is not: both are rules."""
    assert entered("1.5", of) is needed


def test_milestones_of_the_plans_are_rules_of_their_own():
    """B06, C03, C04, S09: what is due at two dates is asked at each; nothing of the earlier one is lost."""
    rules = [
        {"measure": "entered", "indicator": "x", "id": "here.x.text.2021", "value": "50", "due": date(2021, 6, 20)},
        {"measure": "entered", "indicator": "x", "id": "here.x.table.2025", "value": "100", "due": date(2025, 12, 31)},
    ]
    assert [r.id for r in a_pack(*rules).rules_for(2025)] == ["here.x.text.2021", "here.x.table.2025"]


# What the lists hold besides

NOT_COMPUTED = {
    "A07": "trainings held: a sum over no layer",
    "A09": "two dates of one figure: both are milestones in the pack",
    "B01": "growth since an earlier year, of which there is no layer",
    "B03": "growth since an earlier year, of which there is no layer",
    "B07": "residents worked back from shares",
    "P01": "growth since an earlier year, of which there is no layer",
    "S02": "a contradiction in words about 2020",
    "S05": "beds of two institutions added up by inference",
    "S10": "three denominators of one rate: three rules in the pack",
    "S11": "two figures of one target: both are rules in the pack",
    "C02": "residents worked back from shares",
}


def test_every_listed_sum_is_computed_or_accounted_for(shared):
    """Each of the checks is named in a test of this file, or has a reason why no layer could answer it."""
    listed = {row["check_id"] for row in table(shared, "arithmetic_checks.csv")}
    here = Path(__file__).read_text(encoding="utf-8")
    tested = {name for name in listed if re.search(rf"\b{name}\b", here)}
    assert len(listed) == 40
    assert listed == tested | NOT_COMPUTED.keys()


# Topic of the list of conflicts, indicator, and the targets that each pack asks for in 2025.
CROSS = [
    (
        "人均养老用地",
        "land_per_capita",
        {"pingyuan": "0.1", "meizhou": "0.1", "heshan": "0.1", "shicheng": "0.1", "conghua": "0.25"},
    ),
    (
        "综合中心覆盖率",
        "township_centre_coverage",
        {"pingyuan": "60", "meizhou": "60", "heshan": "60", "conghua": "100"},
    ),
    ("综合中心覆盖率", "street_centre_coverage", {"shicheng": "100"}),
    ("村级覆盖", "village_station_coverage", {"shicheng": "85", "conghua": "100"}),
    ("每百户新建", "new_area_per_100hh", {"pingyuan": "20", "meizhou": "20", "heshan": "20", "shicheng": "20"}),
    ("每百户旧区", "old_area_per_100hh", {"pingyuan": "15", "meizhou": "15", "heshan": "15", "shicheng": "15"}),
    ("单处最小面积", "min_single_site_area", {"shicheng": "150"}),
    ("单体床位上限", "capacity_cap", {"shicheng": "150 300"}),
    ("护理型床位占比", "nursing_bed_share", {"meizhou": "55", "heshan": "55 70", "shicheng": "60", "conghua": "75"}),
    ("新建", "nursing_bed_share_new_build", {"shicheng": "70 80"}),
    (
        "彩票公益金",
        "lottery_fund_share",
        {"pingyuan": "55", "meizhou": "55", "heshan": "55", "shicheng": "55", "conghua": "60"},
    ),
    ("服务圈", "circle_minutes", {"heshan": "", "shicheng": "", "conghua": ""}),
]


@pytest.mark.skipif("conghua" not in known_packs(), reason="needs the packs of all five plans")
@pytest.mark.parametrize(("topic", "indicator", "targets"), CROSS)
def test_each_pack_asks_what_its_own_plan_asks(topic, indicator, targets):
    """Where the plans differ the packs differ: no county is judged by its neighbour's figure."""
    for name, expected in targets.items():
        rules = [rule for rule in load_pack(name).rules_for(2025) if rule.indicator == indicator]
        found = sorted({rule.target for rule in rules if rule.target is not None})
        assert rules, (topic, name)
        assert found == [Fraction(figure_) for figure_ in expected.split()], (topic, name)


def test_only_shicheng_caps_beds():
    """A cap, a least single site and a deadline for new projects hold where the plan states them and nowhere else."""
    for indicator in ("capacity_cap", "min_single_site_area", "nursing_bed_share_new_build"):
        having = {name for name in known_packs() if any(rule.indicator == indicator for rule in load_pack(name).rules)}
        assert having <= {"shicheng"}
