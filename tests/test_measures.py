"""Measures: what each one counts in a county of a few rows, and the laws that hold for all of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules import CENTRE, PLACE, TOWNS, a_pack, a_rule, facts_of, verdicts_of
from workspaces import COUNTY, FOUR, OTHER_TOWN, STREET, TOWN, Workspace, area, at, small_workspace, table

from geoplan.assess import Assessment, assess
from geoplan.compliance import evaluate, judge
from geoplan.layers import load_layers
from geoplan.layers.schema import FACILITY_LEVELS, ROLES, FieldKind
from geoplan.model import Outcome, Rule, Verdict
from geoplan.standards import MEASURES, Facts, facilities_in_scope
from geoplan.standards.measures.counting import Part, share, total

COLUMNS = {field.name: "" for field in ROLES["facilities"].fields}
HOME = {"kind": "care_home", "level": "township", "status": "existing", "ownership": "public"}
NURSING = {"numerator": "nursing_beds", "denominator": "beds"}
SINCE = {"new_since": date(2021, 1, 1)}


def facilities(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    """A facilities layer: F0, F1, ... are public homes of township level in the first town unless a row says otherwise."""
    cells = []
    for number, row in enumerate(rows):
        given = {"facility_id": f"F{number}", "name": f"院{number}", **HOME, **row}
        where = given.pop("at", at(500, 500))
        cells.append((*({**COLUMNS, **given}[name] for name in COLUMNS), where))
    return table(" ".join(COLUMNS), *cells)


def county(*rows: dict[str, Any], **layers: gpd.GeoDataFrame) -> Workspace:
    """The small county with these facilities and further layers."""
    small = small_workspace()
    small.frames |= {"facilities": facilities(*rows), **layers}
    return small


def verdict(rule: Rule, *rows: dict[str, Any], year: int = 2025, **layers: gpd.GeoDataFrame) -> Verdict:
    """The county's verdict of a rule on these facilities."""
    return verdicts_of(county(*rows, **layers), rule, year)[COUNTY]


# Sums and shares, and what the blanks could make of them


def fills(part: Part) -> list[tuple[Fraction, Fraction] | None]:
    """What a part can come to once its blanks are filled; None for not in scope."""
    ends = [(part.least, part.of), (part.least + 3 if part.most is None else part.most, part.of)]
    return ends if part.certain else [*ends, None]


amounts = st.integers(0, 6).map(Fraction)


@st.composite
def parts_of(draw: Any, *, bounded: bool = False) -> list[Part]:
    """Parts of a figure, some open."""
    found = []
    for number in range(draw(st.integers(1, 5))):
        least, more = draw(amounts), draw(amounts)
        most = None if not bounded and draw(st.booleans()) and draw(st.booleans()) else least + more
        of = draw(st.integers(0, 6).map(Fraction))
        found.append(Part(str(number), least, most, of, draw(st.booleans()), ("f.x",)))
    return found


@given(parts_of(bounded=True))
def test_the_span_of_a_share_is_that_of_every_way_to_fill_the_blanks(parts):
    """The lowest and highest share equal those of trying every filling and every choice of rows that may be in scope."""
    figure = share(parts, scale=1)
    if not figure.denominator:
        return
    values = []
    for filled in itertools.product(*map(fills, parts)):
        chosen = [pair for pair in filled if pair is not None]
        if sum(of for _top, of in chosen):
            values.append(sum(top for top, _of in chosen) / sum(of for _top, of in chosen))
    lowest, highest = figure.span or (figure.numerator / figure.denominator,) * 2
    assert (lowest, highest) == (min(values), max(values))


@given(parts_of())
def test_the_span_of_a_sum_is_that_of_every_way_to_fill_the_blanks(parts):
    """The lowest and highest sum equal those of trying every filling; a part that nothing bounds leaves the sum unbounded."""
    figure = total(parts)
    sums = [sum(pair[0] for pair in filled if pair) for filled in itertools.product(*map(fills, parts))]
    lowest, highest = figure.span or (figure.numerator, figure.numerator)
    assert lowest == min(sums)
    assert highest == (None if any(part.most is None for part in parts) else max(sums))
    assert figure.numerator == sum(part.least for part in parts if part.certain)


def test_a_share_with_an_unknown_denominator_is_unknown():
    """A blank number of beds leaves the share open, whatever the others have."""
    rows = [{"beds": 10, "nursing_beds": 10}, {"nursing_beds": 0}]
    found = verdict(a_rule("ratio_of_sums", "55", options=NURSING), *rows)
    assert (found.outcome, found.count.missing) == (Outcome.NOT_EVALUABLE, ("facilities.beds",))


# Facilities


def test_facilities_are_counted_in_scope():
    """Each key of the scope narrows; facilities that do not run in the year are left out unless a status asks for them."""
    rows = [
        {"beds": 10, "functions": "hospice|meals", "is_demo": "是"},
        {"ownership": "private", "level": "county"},
        {"kind": "canteen"},
        {"status": "planned"},
        {"open_year": 2030},
        {"at": at(9000, 500)},
    ]

    def count(**scope: Any) -> Fraction:
        return verdict(a_rule("facility_count", unit="家", scope=scope), *rows).value

    assert count() == 3
    assert count(kinds=["care_home"]) == 2
    assert count(ownership=["private"]) == 1
    assert count(facility_levels=["township"]) == 2
    assert count(status=["planned", "building"]) == 1
    assert (
        verdict(a_rule("facility_count", scope={"functions": ["hospice"]}), {"functions": "hospice|meals"}).value == 1
    )
    assert verdict(a_rule("facility_count", scope={"flags": ["is_demo"]}), *rows[:1], {"is_demo": "否"}).value == 1


@pytest.mark.parametrize(
    ("target", "outcome"), [("1", Outcome.PASS), ("2", Outcome.NOT_EVALUABLE), ("3", Outcome.WARN)]
)
def test_a_blank_that_the_scope_asks_for_leaves_a_facility_open(target, outcome):
    """One public home and one of unknown ownership are at least one and at most two."""
    rule = a_rule("facility_count", target, unit="家", scope={"ownership": ["public"]})
    found = verdict(rule, {}, {"ownership": ""}, {"ownership": "private"})
    assert found.outcome is outcome
    assert (found.count.counted, found.count.missing) == (("F0",), ("facilities.ownership",))


def test_a_facility_that_is_out_for_certain_opens_nothing():
    """A private home of unknown level is no public home of the county, whatever its level."""
    rule = a_rule("facility_count", "2", scope={"ownership": ["public"], "facility_levels": ["county"]})
    found = verdict(rule, {"ownership": "private", "level": ""})
    assert (found.outcome, found.value, found.count.missing) == (Outcome.WARN, 0, ())


def test_counts_are_told_by_township():
    """Two in the street, one in the town, none in the other town."""
    found = verdicts_of(county({}, {}, {"at": at(2500, 500)}), a_rule("facility_count", "3", unit="家"))
    assert {unit: v.value for unit, v in found.items()} == {COUNTY: 3, STREET: 2, TOWN: 1, OTHER_TOWN: 0}
    assert found[STREET].outcome is Outcome.INFORMATIONAL


def test_beds_are_summed_and_a_blank_is_not_nought():
    """120 known beds and a blank: 120 are there for certain, 121 are open, and an upper bound of 119 is passed over."""
    rows = [{"beds": 100}, {"beds": 20}, {}]
    rule = a_rule("facility_sum", "120", unit="张", options={"field": "beds"})
    assert verdict(rule, *rows).outcome is Outcome.PASS
    assert verdict(replace(rule, target=Fraction(121)), *rows).outcome is Outcome.NOT_EVALUABLE
    most = a_rule("facility_sum", "119", unit="张", comparator="<=", options={"field": "beds"})
    assert verdict(most, *rows).outcome is Outcome.WARN
    assert verdict(replace(most, target=Fraction(200)), *rows).outcome is Outcome.NOT_EVALUABLE


def test_a_share_of_beds_is_of_their_sums():
    """72 of 85 and 0 of 15 are 72 of 100; each home's own share stands beside it."""
    rule = a_rule("ratio_of_sums", "72", options=NURSING)
    rows = [{"beds": 85, "nursing_beds": 72}, {"beds": 15, "nursing_beds": 0}]
    found = verdicts_of(county(*rows), rule)
    assert (found[COUNTY].value, found[COUNTY].outcome, found[COUNTY].needed) == (72, Outcome.PASS, 0)
    assert {unit: v.value for unit, v in found.items() if unit != COUNTY} == {"F0": Fraction(7200, 85), "F1": 0}
    short = verdict(replace(rule, target=Fraction(73)), *rows)
    assert (short.outcome, short.needed) == (Outcome.WARN, 1)


def test_nursing_beds_are_at_most_all_beds():
    """With 10 of 20 nursing beds known and 5 blank of 5, the share is 40 to 60 per cent."""
    rows = [{"beds": 20, "nursing_beds": 10}, {"beds": 5}]
    outcomes = {
        percent: verdict(a_rule("ratio_of_sums", percent, options=NURSING), *rows).outcome
        for percent in ("40", "41", "60", "61")
    }
    assert outcomes == {
        "40": Outcome.PASS,
        "41": Outcome.NOT_EVALUABLE,
        "60": Outcome.NOT_EVALUABLE,
        "61": Outcome.WARN,
    }


def test_no_facility_in_scope_is_not_applicable():
    """A share over no home is no share; with a home that may be in scope it is open."""
    rule = a_rule("ratio_of_sums", "55", scope={"facility_levels": ["county"]}, options=NURSING)
    assert verdict(rule, {"beds": 10, "nursing_beds": 10}).outcome is Outcome.NOT_APPLICABLE
    assert verdict(rule, {"beds": 10, "nursing_beds": 10, "level": ""}).outcome is Outcome.NOT_EVALUABLE


def test_beds_per_thousand_old_people():
    """12.3 beds for the county's 410 people of 60 and over are 30 per thousand; registered people are another basis."""
    options = {"field": "beds", "per": "1000", "group": "pop60", "basis": "resident"}
    rule = a_rule("per_people", "30", unit="张/千老人", options=options)
    assert verdict(rule, {"beds": 12.3}).value == 30
    assert verdict(rule, {"beds": 12.3}).outcome is Outcome.PASS
    short = verdict(rule, {"beds": 12})
    assert (short.outcome, short.needed, short.count.needed_unit) == (Outcome.WARN, 1, "张")
    other = a_rule("per_people", "30", options={**options, "basis": "registered"})
    assert verdict(other, {"beds": 12.3}).count.missing == ("demand.basis",)
    assert verdict(rule, {"beds": 12.3}, {}).outcome is Outcome.PASS
    assert verdict(rule, {"beds": 12}, {}).outcome is Outcome.NOT_EVALUABLE


def test_every_home_is_held_to_the_target_by_itself():
    """Two of three homes have 55 per cent; the third lacks 6 beds, a blank one is open, one without beds is not asked."""
    rule = a_rule("each_facility", "55", options=NURSING)
    rows = [
        {"beds": 20, "nursing_beds": 11},
        {"beds": 10, "nursing_beds": 10},
        {"beds": 20, "nursing_beds": 5},
        {"beds": 0, "nursing_beds": 0},
    ]
    found = verdicts_of(county(*rows), rule)
    assert (found[COUNTY].value, found[COUNTY].target, found[COUNTY].needed) == (Fraction(200, 3), 100, 1)
    assert found[COUNTY].count.counted == ("F0", "F1")
    assert "1 处不达标，共差 6 张" in found[COUNTY].count.note
    outcomes = {unit: v.outcome for unit, v in found.items()}
    assert outcomes == {
        COUNTY: Outcome.WARN,
        "F0": Outcome.PASS,
        "F1": Outcome.PASS,
        "F2": Outcome.WARN,
        "F3": Outcome.NOT_APPLICABLE,
    }
    assert verdict(rule, *rows[:2], {"beds": 10}).outcome is Outcome.NOT_EVALUABLE


def test_a_cap_on_beds_is_an_upper_bound_of_each():
    """A public project of 301 beds is one too many; 300 is within the cap, and the share of projects is judged as such."""
    scope = {"facility_levels": ["county"], "status": ["planned", "building"]}
    rule = a_rule("each_facility", "300", unit="张", comparator="<=", scope=scope, options={"numerator": "beds"})
    project = {"level": "county", "status": "planned"}
    found = verdicts_of(county({**project, "beds": 301}, {**project, "beds": 300}, {"beds": 999}), rule)
    assert (found["F0"].outcome, found["F0"].needed) == (Outcome.WARN, 1)
    assert found["F1"].outcome is Outcome.PASS
    assert (found[COUNTY].value, found[COUNTY].target, found[COUNTY].outcome) == (50, 100, Outcome.WARN)


@pytest.mark.parametrize(
    ("square_metres", "outcome", "lacking"),
    [(1799, Outcome.WARN, 1), (1800, Outcome.PASS, 0), (4400, Outcome.PASS, 0), (4401, Outcome.WARN, 1)],
)
def test_a_range_includes_both_ends(square_metres, outcome, lacking):
    """18 to 44 m² of site per bed, for 100 beds; what is lacking or too much is said."""
    options = {"numerator": "site_area_m2", "denominator": "beds"}
    rule = a_rule("each_facility", ["18", "44"], unit="m²/床", comparator="between", options=options)
    found = verdicts_of(county({"beds": 100, "site_area_m2": square_metres}), rule)["F0"]
    assert (found.outcome, found.needed) == (outcome, lacking)


@pytest.mark.parametrize(
    ("residents", "outcome"), [(64, Outcome.ADVISORY), (65, Outcome.PASS), (75, Outcome.PASS), (76, Outcome.ADVISORY)]
)
def test_about_is_never_more_than_advice(residents, outcome):
    """Occupancy of about 70 per cent is 65 to 75; missed, even a binding rule only advises."""
    options = {"numerator": "residents", "denominator": "beds"}
    rule = a_rule("ratio_of_sums", "70", comparator="about", binding="binding", options=options)
    assert verdict(rule, {"beds": 100, "residents": residents}).outcome is outcome


DEFICIT = {"unit": "张", "comparator": "<=", "options": {**NURSING, "shares": {"county": "70", "township": "55"}}}


@pytest.mark.parametrize(
    ("beds", "nursing", "lacking"), [(200, 0, 110), (100, 0, 55), (200, 75, 35), (88, 49, 0), (75, 30, 12), (1, 0, 1)]
)
def test_what_a_home_lacks_is_rounded_up_exactly(beds, nursing, lacking):
    """55 per cent of 200 beds are 110 and not 111 for floating point."""
    found = verdict(a_rule("deficit", "0", **DEFICIT), {"beds": beds, "nursing_beds": nursing})
    assert (found.value, found.needed) == (lacking, lacking)
    assert found.outcome is (Outcome.PASS if lacking == 0 else Outcome.WARN)


def test_a_deficit_knows_levels_and_blanks():
    """A county's home is held to 70 per cent, a village's to nothing; a home of unknown level may be either."""
    rule = a_rule("deficit", "0", **DEFICIT)
    assert verdict(rule, {"level": "county", "beds": 100, "nursing_beds": 60}).value == 10
    assert verdict(rule, {"level": "village", "beds": 100, "nursing_beds": 0}).value == 0
    unknown = verdict(rule, {"level": "", "beds": 100, "nursing_beds": 60})
    assert (unknown.outcome, unknown.count.missing) == (Outcome.NOT_EVALUABLE, ("facilities.level",))
    assert verdict(rule, {"level": "", "beds": 100, "nursing_beds": 50}).outcome is Outcome.NOT_EVALUABLE
    every = a_rule("deficit", "0", **DEFICIT | {"options": {**NURSING, "shares": dict.fromkeys(FACILITY_LEVELS, "55")}})
    assert verdict(every, {"level": "", "beds": 100, "nursing_beds": 50}).outcome is Outcome.WARN
    assert verdict(rule, {"level": "", "beds": 100, "nursing_beds": 70}).outcome is Outcome.PASS
    assert verdict(rule, {"beds": 100}).outcome is Outcome.NOT_EVALUABLE
    assert verdict(rule, {"beds": 100, "nursing_beds": 0}, {}).outcome is Outcome.WARN


def test_what_a_facility_lacks_is_named():
    """Of a centre's four functions one is absent; the share counts those that have all, blanks stay open."""
    rule = a_rule("share_of_facilities", "100", options={"functions": CENTRE})
    found = verdicts_of(county({"functions": FOUR}, {"functions": "day_care|full_residential|home_visit"}), rule)
    assert (found[COUNTY].value, found[COUNTY].needed) == (50, 1)
    assert found["F1"].count.note == "缺：协调指导"
    assert (found["F0"].value, found["F0"].outcome) == (1, Outcome.INFORMATIONAL)
    assert verdict(rule, {"functions": FOUR}, {"functions": ""}).outcome is Outcome.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("marks", "outcome"),
    [
        ({"has_medical": "是", "hospital_contract": ""}, Outcome.PASS),
        ({"has_medical": "否", "hospital_contract": "是"}, Outcome.PASS),
        ({"has_medical": "否", "hospital_contract": ""}, Outcome.NOT_EVALUABLE),
        ({"has_medical": "否", "hospital_contract": "否"}, Outcome.WARN),
    ],
)
def test_one_of_several_marks_is_enough(marks, outcome):
    """Medical care inside or a contract; only two noes are a no."""
    options = {"flags_any": ["has_medical", "hospital_contract"]}
    assert verdict(a_rule("share_of_facilities", "100", options=options), marks).outcome is outcome


def test_grades_depend_on_the_level():
    """Grade 2 for the county's homes and 1 for a town's; other levels are not asked; an unknown level or grade is open."""
    rule = a_rule("share_of_facilities", "80", options={"min_grade": {"county": "2", "township": "1"}})
    rows = [{"level": "county", "grade": 1}, {"grade": 1}, {"level": "village", "grade": 0}]
    found = verdicts_of(county(*rows), rule)
    assert (found[COUNTY].value, found[COUNTY].count.of) == (50, ("F0", "F1"))
    assert found["F0"].count.note == "缺：等级 1，须 2 级以上"
    assert verdict(rule, {"grade": ""}).count.missing == ("facilities.grade",)
    assert verdict(rule, {"grade": 3, "level": ""}).count.missing == ("facilities.level",)
    stars = a_rule("share_of_facilities", "50", options={"min_stars": "1"})
    assert verdict(stars, {"stars": 3}, {"stars": 0}).outcome is Outcome.PASS


VACANT = {"unit": "个", "comparator": "<=", "options": {"vacant_below": "70"}}


@pytest.mark.parametrize(
    ("residents", "projects", "outcome", "value"),
    [
        (69, [{"status": "planned"}], Outcome.WARN, 1),
        (70, [{"status": "planned"}], Outcome.PASS, 0),
        (69, [], Outcome.PASS, 0),
        (69, [{"status": "building"}, {"status": "planned", "ownership": "private"}], Outcome.WARN, 1),
        ("", [{"status": "planned"}], Outcome.NOT_EVALUABLE, None),
        ("", [], Outcome.PASS, 0),
    ],
)
def test_nothing_new_is_built_while_beds_stand_empty(residents, projects, outcome, value):
    """Projects count only while the public homes' occupancy is below 70 per cent; unknown occupancy leaves them open."""
    rule = a_rule("no_new_while_vacant", "0", scope={"ownership": ["public"]}, **VACANT)
    found = verdict(rule, {"beds": 100, "residents": residents}, *projects)
    assert (found.outcome, found.value) == (outcome, value)


# Units


def villages(*rows: tuple[str, str, str]) -> gpd.GeoDataFrame:
    """The small county's units with villages of 1 km side by side in the street: code, level, urban or rural."""
    cells = [
        (code, f"村{code}", level, STREET, urban, area(1000 * number, 0, 1000 * number + 1000, 1000))
        for number, (code, level, urban) in enumerate(rows)
    ]
    units = small_workspace().frames["units"].assign(urban_rural="")
    return pd.concat([units, table("unit_code name level parent_code urban_rural", *cells)], ignore_index=True)


def test_villages_are_units_of_their_own():
    """Of two villages one has a station; the neighbourhood is no village."""
    units = villages((f"{STREET}201", "村", ""), (f"{STREET}202", "村", ""), (f"{STREET}001", "社区", ""))
    rule = a_rule("unit_has_qualified", "85", scope={"unit_levels": ["village"]})
    found = verdicts_of(county({"kind": "village_station", "at": at(1500, 500)}, units=units), rule)
    assert (found[COUNTY].value, found[COUNTY].count.counted) == (50, (f"{STREET}202",))
    assert found[f"{STREET}201"].count.level == "village"


def test_urban_and_rural_units_are_told_apart():
    """Only urban neighbourhoods are asked; one whose kind is blank may be urban and leaves the share open."""
    scope = {"unit_levels": ["community"], "urban_rural": ["urban"]}
    rule = a_rule("unit_has_qualified", "100", scope=scope)
    rows = [(f"{STREET}001", "社区", "城区"), (f"{STREET}002", "社区", "农村")]
    assert verdict(rule, {"at": at(500, 500)}, units=villages(*rows)).outcome is Outcome.PASS
    open_ = verdict(rule, {"at": at(500, 500)}, units=villages(*rows, (f"{STREET}003", "社区", "")))
    assert (open_.outcome, open_.count.missing) == (Outcome.NOT_EVALUABLE, ("units.urban_rural",))


def test_the_county_itself_is_a_unit():
    """A county-level home is somewhere in the county: 1 of 1."""
    rule = a_rule("unit_has_qualified", "100", scope={"unit_levels": ["county"], "facility_levels": ["county"]})
    assert verdict(rule, {"level": "county", "at": at(4500, 500)}).outcome is Outcome.PASS
    assert verdict(rule, {}).outcome is Outcome.WARN


def test_a_rule_for_streets_without_any_street_is_not_applicable():
    """Shicheng has no street: nought of nought is told as such, never as 100 per cent."""
    units = small_workspace().frames["units"].replace({"level": {"街道": "镇"}})
    rule = a_rule("unit_has_qualified", "100", comparator="=", scope={"unit_levels": ["street"]})
    found = verdict(rule, {"functions": FOUR}, units=units)
    assert (found.outcome, found.value) == (Outcome.NOT_APPLICABLE, None)
    assert "没有属于“街道”的行政单元" in found.count.note


def test_other_readings_stand_in_the_note():
    """Two facilities have the four functions only between them; half of the older people live where a centre is."""
    rule = a_rule("unit_has_qualified", "60", scope={"unit_levels": TOWNS}, options={"functions": CENTRE})
    rows = [
        {"functions": FOUR},
        {"functions": "day_care|home_visit", "at": at(2500, 500)},
        {"functions": "full_residential|guidance", "at": at(2600, 500)},
    ]
    found = verdict(rule, *rows)
    assert found.value == Fraction(100, 3)
    assert "则为 2 / 3" in found.count.note
    assert "加权为 26.83%" in found.count.note  # 110 of 410


# Estates


def estates(*rows: tuple[Any, ...]) -> gpd.GeoDataFrame:
    """Estates: households, facility area, largest site, project, era."""
    cells = [(f"E{number}", f"小区{number}", *row, at(600, 600)) for number, row in enumerate(rows)]
    return table("estate_id name households facility_area_m2 largest_site_m2 project_id era", *cells)


def estate_verdicts(rule: Rule, *rows: tuple[Any, ...]) -> dict[str, Verdict]:
    """The verdicts of a rule on some estates."""
    return verdicts_of(county({}, estates=estates(*rows)), rule)


@pytest.mark.parametrize(
    ("households", "total_m2", "largest", "outcome", "lacking"),
    [
        (1000, 200, 150, Outcome.PASS, 0),
        (1000, 200, 149, Outcome.WARN, 1),
        (500, 100, 100, Outcome.WARN, 50),
        (500, 150, 150, Outcome.PASS, 0),
        (1000, 180, 150, Outcome.WARN, 20),
        (1000, 180, 100, Outcome.WARN, 50),
        (1000, 200, "", Outcome.NOT_EVALUABLE, None),
        (500, 120, "", Outcome.WARN, 30),
        (500, "", 150, Outcome.NOT_EVALUABLE, None),
        (0, 0, "", Outcome.NOT_APPLICABLE, None),
    ],
)
def test_one_site_of_an_estate_must_be_large_enough(households, total_m2, largest, outcome, lacking):
    """20 m² per 100 households and 150 m² on one site; below 750 households the single site governs (Shicheng)."""
    options = {**SINCE, "min_single_m2": "150"}
    rule = a_rule("area_per_households", "20", unit="m²/百户", scope={"era": "new"}, options=options)
    found = estate_verdicts(rule, (households, total_m2, largest, "", "new"))["E0"]
    assert (found.outcome, found.needed) == (outcome, lacking)


def test_estates_of_one_project_are_held_to_what_they_have_together():
    """50 m² and 150 m² for 500 households each are enough together and lack 50 m² apart; the lack counts once."""
    rows = [(500, 50, 50, "P", "new"), (500, 150, 150, "P", "new"), (100, 20, 20, "", "new")]
    apart = a_rule("area_per_households", "20", unit="m²/百户", scope={"era": "new"}, options=SINCE)
    pooled = a_rule(
        "area_per_households", "20", unit="m²/百户", scope={"era": "new"}, options={**SINCE, "pooled": True}
    )
    assert estate_verdicts(apart, *rows)["E0"].needed == 50
    together = estate_verdicts(pooled, *rows)
    assert [together[name].outcome for name in ("E0", "E1", "E2")] == [Outcome.PASS] * 3
    assert "统筹" in together["E0"].count.note
    more = replace(pooled, target=Fraction(30))
    assert "3 个小区共缺 110.0 m²" in estate_verdicts(more, *rows)[COUNTY].count.note
    blank = estate_verdicts(pooled, rows[0], (500, "", 150, "P", "new"))
    assert [blank[name].outcome for name in ("E0", "E1")] == [Outcome.NOT_EVALUABLE] * 2


def test_the_largest_site_is_judged_by_itself():
    """Shicheng's 150 m² on one site; a blank one is at most the area of all."""
    rule = a_rule("single_site_area", "150", unit="m²", scope={"era": "new"}, options=SINCE)
    rows = [(1, 200, 150, "", "new"), (1, 200, 149.5, "", "new"), (1, 140, "", "", "new"), (1, 160, "", "", "new")]
    found = estate_verdicts(rule, *rows)
    assert {name: found[name].outcome for name in ("E0", "E1", "E2", "E3")} == {
        "E0": Outcome.PASS,
        "E1": Outcome.WARN,
        "E2": Outcome.WARN,
        "E3": Outcome.NOT_EVALUABLE,
    }
    assert found["E1"].needed == Fraction(1, 2)
    assert (found[COUNTY].value, found[COUNTY].outcome) == (25, Outcome.WARN)


def passing_pack(target: str, **head: Any) -> Any:
    """A pack whose second rule asks for a share of estates that pass the first."""
    per = {"measure": "area_per_households", "value": "20", "unit": "m²/百户", "indicator": "new_area_per_100hh"}
    rate = {"measure": "share_that_passes", "value": target, "indicator": "new_compliance_rate"}
    same = {"scope": {"era": "new"}}
    return a_pack(
        {**per, **same, "options": SINCE},
        {**rate, **same, "options": {**SINCE, "of": "new_area_per_100hh"}},
        **head,
    )


def rate_of(target: str, *rows: tuple[Any, ...]) -> Verdict:
    """The county's verdict on the share of estates that pass."""
    verdicts = evaluate(passing_pack(target), facts_of(county({}, estates=estates(*rows))))
    return next(v for v in verdicts if v.rule.indicator == "new_compliance_rate")


def test_the_share_of_estates_that_pass_another_rule():
    """Two of three new estates have 20 m² per 100 households; an old one is not asked, an empty one not counted."""
    rows = [(500, 100, "", "", "new"), (500, 200, "", "", "new"), (500, 99, "", "", "new")]
    more = [(500, 0, "", "", "old"), (0, 0, "", "", "new")]
    found = rate_of("90", *rows, *more)
    assert (found.value, found.needed, found.outcome) == (Fraction(200, 3), 1, Outcome.WARN)
    assert found.count.of == ("E0", "E1", "E2")
    assert rate_of("66", *rows, (500, "", "", "", "new")).outcome is Outcome.NOT_EVALUABLE
    assert rate_of("90", *rows, (500, "", "", "", "new")).outcome is Outcome.WARN


# Land


def older(*pop65: int) -> gpd.GeoDataFrame:
    """One place of 1,000 residents in each township with so many of 65 and over."""
    places = (at(500, 750), at(2500, 600), at(5000, 1000))
    cells = [
        (f"D{n}", "1000", "300", str(old), "resident", place)
        for n, (old, place) in enumerate(zip(pop65, places, strict=True))
    ]
    return table("demand_id pop_total pop60 pop65 basis", *cells)


def test_older_townships_have_at_least_the_countys_land():
    """Of two townships of 14 per cent and more one has the county's 0.1 m² per resident; a younger one is not asked."""
    rule = a_rule("older_townships_have_more", "100", options={"basis": "resident", "high_share65": "14"})
    sites = [
        {"site_area_m2": 200},
        {"site_area_m2": 50, "at": at(2500, 500)},
        {"site_area_m2": 50, "at": at(4500, 500)},
    ]
    found = verdicts_of(county(*sites, demand=older(150, 140, 139)), rule)
    assert (found[COUNTY].value, found[COUNTY].count.of) == (50, (STREET, TOWN))
    assert found[TOWN].target == Fraction(1, 10)
    assert found[TOWN].outcome is Outcome.INFORMATIONAL
    assert "甲街道" in found[COUNTY].count.note
    none_older = verdict(rule, *sites, demand=older(10, 10, 10))
    assert none_older.outcome is Outcome.NOT_APPLICABLE
    blank = older(150, 140, 139)
    blank.loc[0, "pop65"] = ""
    assert verdict(rule, *sites, demand=blank).count.missing == ("demand.pop65",)


def test_land_over_old_people_would_be_several_times_as_much(small):
    """The slip that the plans invite is told beside the figure: 2,100 residents, 410 of them 60 and over."""
    rule = a_rule("area_per_resident", "0.25", unit="m²/人", options={"basis": "resident"})
    found = verdicts_of(small, rule)[COUNTY]
    assert found.value == Fraction(190, 2100)
    assert "0.4634 m²/人，为 5.1 倍" in found.count.note


# Distances and screening lists


def clinics(*rows: tuple[str, float]) -> gpd.GeoDataFrame:
    """Clinics of a kind so many metres east of (500, 500)."""
    cells = [(f"C{n}", "卫生院", kind, at(500 + east, 500)) for n, (kind, east) in enumerate(rows)]
    return table("clinic_id name kind", *cells)


PAIRS = {"pairs": {"township": ["health_centre"], "village": ["village_clinic"]}, "threshold_m": "200"}


def test_the_nearest_clinic_of_the_pair_counts():
    """A town's home has its health centre at exactly 200 m; the village clinic next door does not pair with it."""
    rule = a_rule("nearest_within", "100", options=PAIRS)
    found = verdicts_of(county({}, clinics=clinics(("health_centre", 200), ("village_clinic", 5))), rule)
    assert (found[COUNTY].outcome, found["F0"].value, found["F0"].value_unit) == (Outcome.PASS, 200, "m")
    assert (found["F0"].target, found["F0"].outcome) == (None, Outcome.INFORMATIONAL)
    assert found[COUNTY].count.note == "100 m 内 0 处；200 m 内 1 处；300 m 内 1 处；500 m 内 1 处"
    farther = verdict(rule, {}, clinics=clinics(("health_centre", 200.01)))
    assert farther.outcome is Outcome.WARN


def test_without_a_clinic_of_the_kind_nothing_is_near():
    """No such clinic is no co-location; no layer, no level or no place is unknown; a level without a pair is not asked."""
    rule = a_rule("nearest_within", "100", options=PAIRS)
    assert verdict(rule, {}, clinics=clinics(("hospital", 1))).outcome is Outcome.WARN
    assert verdict(rule, {}).count.missing == ("clinics",)
    near = clinics(("health_centre", 1))
    assert verdict(rule, {"level": ""}, clinics=near).count.missing == ("facilities.level",)
    unplaced = {"at": None, "unit_code": STREET}
    assert verdict(rule, unplaced, clinics=near).count.missing == ("facilities.geometry",)
    assert verdict(rule, {"level": "county"}, clinics=near).outcome is Outcome.NOT_APPLICABLE


REMOTE = {"beds_quantile": "50", "occupancy_below": "50", "minutes_above": "30"}
CARE = {"id": "care", "name": "养老", "name_en": "care", "kinds": ["care_home"], "minutes": 15}


def assessed(folder: Any, rule: dict[str, Any], *rows: dict[str, Any], **layers: gpd.GeoDataFrame) -> Assessment:
    """The small county on its roads under a pack of one rule."""
    small = county(*rows, **layers)
    small.entries |= {role: {"file": f"{role}.parquet"} for role in layers}
    return assess(load_layers(small.write(folder)), a_pack(rule, services=(CARE,)), year=2025)


def test_small_and_remote_homes_are_listed(tmp_path):
    """Small, half empty and 2,000 m from the seat at 1 m/s: F0 alone; large, full, near or blank homes are not listed."""
    seats = table("seat_id name level", ("S", "镇区", "township", at(500, 500)))
    far = at(2500, 500)
    rows = [
        {"beds": 20, "residents": 9, "at": far},
        {"beds": 200, "residents": 9, "at": far},
        {"beds": 20, "residents": 10, "at": far},
        {"beds": 20, "residents": 9},
        {"beds": 20, "at": far},
        {"beds": 100, "residents": 9, "at": far},
    ]
    found = assessed(tmp_path, {"measure": "small_remote_homes", "unit": "处", "options": REMOTE}, *rows, seats=seats)
    board = {v.count.unit: v for v in found.verdicts}
    assert list(board) == [COUNTY, "F0"]
    assert (board[COUNTY].value, board[COUNTY].outcome) == (1, Outcome.INFORMATIONAL)
    assert "1 处资料不全" in board[COUNTY].count.note
    assert (board["F0"].value, board["F0"].value_unit) == (Fraction(2000, 60), "分钟")
    assert "床位 20 张，入住 9 人" in board["F0"].count.note


def test_idle_assets_that_would_reach_uncovered_people_are_listed(tmp_path):
    """A school 600 m from uncovered D5 would reach its 100 people; one beside covered people adds nobody."""
    assets = table(
        "asset_id name kind",
        ("A0", "旧校舍", "school", at(5000, 400)),
        ("A1", "旧厂房", "factory", at(5000, 500)),
        ("A2", "旧礼堂", "school", at(500, 600)),
    )
    rule = {
        "measure": "idle_assets_in_gaps",
        "unit": "处",
        "options": {"service": "care", "group": "pop60", "kinds": ["school"]},
    }
    board = {v.count.unit: v for v in assessed(tmp_path, rule, {}, idle_assets=assets).verdicts}
    assert {unit: v.value for unit, v in board.items()} == {COUNTY: 1, "A0": 100}
    assert "合计可使 100 人" in board[COUNTY].count.note


@pytest.mark.parametrize(
    ("measure", "options", "layer"),
    [
        ("small_remote_homes", REMOTE, "seats"),
        ("idle_assets_in_gaps", {"service": "care", "group": "pop60"}, "idle_assets"),
    ],
)
def test_a_screening_without_its_layer_says_which(tmp_path, measure, options, layer):
    """Nothing is listed and nothing guessed."""
    (only,) = assessed(tmp_path, {"measure": measure, "options": options}, {}).verdicts
    assert (only.outcome, only.count.missing) == (Outcome.NOT_EVALUABLE, (layer,))


# Typed figures


def figures(*rows: tuple[str, ...]) -> gpd.GeoDataFrame:
    """A table of figures: rule, value, source, as_of."""
    return table("rule value source as_of", *((*row, "民政局", "2025-06-30", None) for row in rows))


@pytest.mark.parametrize(
    ("kind", "cell", "target", "outcome"),
    [
        ("number", "100", "100", Outcome.PASS),
        ("number", "99.9", "100", Outcome.WARN),
        ("number", "1,250", "1000", Outcome.PASS),
        ("number", "96.5%", "96.5", Outcome.PASS),
        ("number", "约90", "90", Outcome.NOT_EVALUABLE),
        ("number", "1/0", "1", Outcome.NOT_EVALUABLE),
        ("number", "", "100", Outcome.NOT_EVALUABLE),
        ("yes_no", "是", "1", Outcome.PASS),
        ("yes_no", "否", "1", Outcome.WARN),
        ("yes_no", "也许", "1", Outcome.NOT_EVALUABLE),
        ("date", "2025-12-31", "1", Outcome.PASS),
        ("date", "2026-01-01", "1", Outcome.WARN),
        ("date", "年底", "1", Outcome.NOT_EVALUABLE),
    ],
)
def test_what_an_official_typed_is_judged_like_everything_else(kind, cell, target, outcome):
    """Numbers, yes and no, and days; what is blank or cannot be read is not evaluable and names the row."""
    rule = a_rule("entered", target, due=date(2025, 12, 31), options={"kind": kind})
    found = verdict(rule, {}, figures=figures((rule.id, cell)))
    assert found.outcome is outcome
    if outcome is Outcome.NOT_EVALUABLE:
        assert found.count.missing == (f"figures.{rule.id}",)
    else:
        assert found.count.note == "填报：民政局，2025-06-30"


def test_a_rules_own_row_goes_before_its_indicators():
    """One typed figure may serve all milestones of an indicator; a row for the rule itself overrides it."""
    rule = a_rule("entered", "50")
    assert verdict(rule, {}, figures=figures((rule.indicator, "40"))).value == 40
    assert verdict(rule, {}, figures=figures((rule.indicator, "40"), (rule.id, "60"))).value == 60
    assert verdict(rule, {}, figures=figures(("other", "40"))).count.missing == (f"figures.{rule.id}",)
    assert verdict(rule, {}).outcome is Outcome.NOT_EVALUABLE


# Laws of all measures

SCOPED = {"scope": {"ownership": ["public"]}}
ALL = {
    "facility_count": a_rule("facility_count", "2", unit="家", **SCOPED),
    "facility_sum": a_rule("facility_sum", "50", unit="张", options={"field": "beds"}, **SCOPED),
    "ratio_of_sums": a_rule("ratio_of_sums", "55", options=NURSING, **SCOPED),
    "per_people": a_rule(
        "per_people",
        "40",
        unit="张/千老人",
        options={"field": "beds", "per": "1000", "group": "pop60", "basis": "resident"},
    ),
    "each_facility": a_rule("each_facility", "55", options=NURSING, **SCOPED),
    "deficit": a_rule("deficit", "0", **DEFICIT),
    "share_of_facilities": a_rule("share_of_facilities", "50", options={"functions": ["day_care"]}, **SCOPED),
    "unit_has_qualified": a_rule(
        "unit_has_qualified", "60", scope={"unit_levels": TOWNS, **SCOPED["scope"]}, options={"functions": ["day_care"]}
    ),
    "no_new_while_vacant": a_rule("no_new_while_vacant", "0", **SCOPED, **VACANT),
    "area_per_resident": a_rule("area_per_resident", "0.1", unit="m²/人", options={"basis": "resident"}),
}
HOMES = st.fixed_dictionaries(
    {
        "beds": st.sampled_from([10, 20, 40]),
        "nursing_beds": st.sampled_from([0, 5, 10]),
        "residents": st.sampled_from([0, 8, 10]),
        "site_area_m2": st.sampled_from([0, 100, 200]),
        "ownership": st.sampled_from(["public", "private"]),
        "level": st.sampled_from(["county", "township", "village"]),
        "functions": st.sampled_from(["day_care", "meals", "day_care|meals"]),
        "status": st.sampled_from(["existing", "existing", "planned"]),
        "township": st.sampled_from([STREET, TOWN, OTHER_TOWN]),
    }
)
BLANKABLE = ("beds", "nursing_beds", "residents", "site_area_m2", "ownership", "level", "functions")
QUIET = settings(max_examples=60)


@cache
def bare_facts() -> Facts:
    """The small county with one home."""
    return facts_of(county({}))


def outcome_of(rule: Rule, rows: list[dict[str, Any]]) -> Outcome:
    """The county's outcome on facilities given as the door would leave them, which takes no time."""
    numeric = {FieldKind.NUMBER, FieldKind.WHOLE, FieldKind.YEAR}
    numbers = {field.name for field in ROLES["facilities"].fields if field.kind in numeric}
    cells = [{**COLUMNS, "facility_id": f"F{number}", **HOME, **row} for number, row in enumerate(rows)]
    frame = pd.DataFrame(cells, dtype=object).assign(village="", in_area=True)
    for name in numbers:
        frame[name] = pd.to_numeric(frame[name].replace("", np.nan)).astype(float)
    facts = bare_facts()
    facts = replace(facts, frames={**facts.frames, "facilities": frame})
    return judge(rule, MEASURES[rule.measure].count(facts, rule)[0]).outcome


@pytest.mark.parametrize("name", ALL)
@QUIET
@given(data=st.data())
def test_whatever_is_evaluable_stays_so_however_the_blanks_are_filled(name, data):
    """A verdict that stands in spite of blank cells is the verdict of every way to fill them: blank is never nought."""
    rows = data.draw(st.lists(HOMES, min_size=1, max_size=4))
    blanks = data.draw(st.sets(st.tuples(st.integers(0, len(rows) - 1), st.sampled_from(BLANKABLE)), max_size=3))
    blanked = [
        {key: "" if (place, key) in blanks else cell for key, cell in row.items()} for place, row in enumerate(rows)
    ]
    known = outcome_of(ALL[name], blanked)
    if known is not Outcome.NOT_EVALUABLE:
        filled = outcome_of(ALL[name], rows)
        assert known is filled or known is Outcome.NOT_APPLICABLE


GROWING = (
    "facility_count",
    "facility_sum",
    "per_people",
    "unit_has_qualified",
    "ratio_of_sums",
    "share_of_facilities",
    "area_per_resident",
)
GOOD = {"beds": 40, "nursing_beds": 40, "site_area_m2": 100, "functions": "day_care"}


@pytest.mark.parametrize("name", GROWING)
@QUIET
@given(rows=st.lists(HOMES, max_size=4), place=st.sampled_from([STREET, TOWN, OTHER_TOWN]))
def test_one_more_good_facility_never_turns_a_pass(name, rows, place):
    """A further facility that has what an "at least" rule asks for leaves a pass a pass."""
    before, after = (
        outcome_of(ALL[name], rows or [{"township": STREET}]),
        outcome_of(ALL[name], [*(rows or [{"township": STREET}]), {**GOOD, "township": place}]),
    )
    assert before is not Outcome.PASS or after is Outcome.PASS


def everything() -> Facts:
    """The small county with every layer that a measure reads."""
    rows = [
        {"beds": 20, "nursing_beds": 5, "residents": 9, "site_area_m2": 100, "functions": FOUR, "grade": 1, "stars": 1}
    ]
    rows += [{**rows[0], "status": "planned", "has_medical": "是", "at": at(2500, 500)}]
    small = county(
        *rows,
        demand=older(150, 140, 100),
        estates=estates((500, 100, 100, "P", "new"), (500, 10, 10, "P", "old")),
        clinics=clinics(("health_centre", 100)),
        figures=figures(("entered", "1")),
        landuse=table("parcel_id code code_system", ("P", "0701", "用地用海", area(0, 0, 50, 50))),
    )
    return facts_of(small)


SAMPLES = {
    **ALL,
    "area_per_households": a_rule("area_per_households", "20", scope={"era": "new"}, options={**SINCE, "pooled": True}),
    "single_site_area": a_rule("single_site_area", "150", options=SINCE),
    "older_townships_have_more": a_rule(
        "older_townships_have_more", "100", options={"basis": "resident", "high_share65": "14"}
    ),
    "nearest_within": a_rule("nearest_within", "100", options=PAIRS),
    "entered": a_rule("entered", "1", indicator="entered"),
}
# These look at journeys, coverage or another rule, and are tried on the whole spine.
BEYOND = {"network_share", "small_remote_homes", "idle_assets_in_gaps", "share_that_passes"}


def test_every_measure_has_a_sample():
    """No measure is left out of the laws."""
    assert SAMPLES.keys() | BEYOND == MEASURES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_measure_reads_no_more_than_it_says(name):
    """Without the layers and the facilities that it does not name a measure counts the same."""
    facts, rule, reads = everything(), SAMPLES[name], MEASURES[name].reads
    fewer = {role: frame for role, frame in facts.frames.items() if role in MEASURES[name].roles}
    looked_at = facilities_in_scope(facts, rule).rows if "scope" in reads else facts.operating()
    if "facilities" in fewer and "facilities" not in reads:
        fewer["facilities"] = looked_at.frame()
        assert len(fewer["facilities"]) < len(facts.frames["facilities"])
    assert MEASURES[name].count(replace(facts, frames=fewer), rule) == MEASURES[name].count(facts, rule)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_measure_looks_at_no_more_fields_than_it_says(name):
    """With every other field of the facilities blank a measure counts the same."""
    facts, rule = everything(), SAMPLES[name]
    fields = MEASURES[name].fields_of(rule) | {"facility_id", "name", "status", "open_year"}
    blank = {
        field.name: np.nan if field.kind in {FieldKind.NUMBER, FieldKind.WHOLE, FieldKind.YEAR} else ""
        for field in ROLES["facilities"].fields
        if field.name not in fields
    }
    frames = {**facts.frames, "facilities": facts.frames["facilities"].assign(**blank)}
    assert MEASURES[name].count(replace(facts, frames=frames), rule) == MEASURES[name].count(facts, rule)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_order_of_rows_does_not_matter(name):
    """Turned round, every layer gives the same verdicts."""
    facts, rule = everything(), SAMPLES[name]
    turned = {role: frame.iloc[::-1].reset_index(drop=True) for role, frame in facts.frames.items()}

    def board(given: Facts) -> dict[str, Any]:
        found = [judge(rule, count) for count in MEASURES[name].count(given, rule)]
        return {v.count.unit: (v.outcome, v.value, v.needed, sorted(v.count.counted)) for v in found}

    assert board(replace(facts, frames=turned)) == board(facts)


def test_no_measure_fails_on_a_county_without_anything_else():
    """With facilities and people alone every measure answers, or says which layer it lacks."""
    facts = everything()
    bare = Facts({role: facts.frames[role] for role in ("facilities", "demand")}, {}, PLACE, 2025)
    for name, rule in SAMPLES.items():
        found = judge(rule, MEASURES[name].count(bare, rule)[0])
        lacking = found.count.missing and not found.count.missing[0].startswith("facilities")
        assert found.outcome is not Outcome.NOT_EVALUABLE or lacking, name
