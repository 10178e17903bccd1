"""Verdicts: counts against targets, in exact arithmetic, and what the measures count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules import CENTRE, PLACE, TOWNS, a_pack, a_rule, facts_of, verdicts_of
from workspaces import COUNTY, FOUR, OTHER_TOWN, STREET, THREE, TOWN, Workspace, area, at, small_workspace, table

from geoplan.compliance import evaluate, judge
from geoplan.model import Binding, Comparator, Count, Outcome, Rule, Verdict
from geoplan.standards import MEASURES, Facts

_CENTRES = {"unit": "%", "scope": {"unit_levels": TOWNS}, "options": {"functions": CENTRE}}
_SINCE = {"unit": "m²/百户", "options": {"new_since": date(2021, 1, 1)}}
RULES = {
    "township_centre_coverage": a_rule("unit_has_qualified", "60", **_CENTRES),
    "new_area_per_100hh": a_rule("area_per_households", "20", scope={"era": "new"}, **_SINCE),
    "old_area_per_100hh": a_rule("area_per_households", "15", scope={"era": "old"}, **_SINCE),
    # Inherited, as a county has it from the nation.
    "land_per_capita": replace(
        a_rule(
            "area_per_resident",
            "0.1",
            unit="m²/人",
            options={"basis": "resident", "landuse_codes": {"用地用海": ["080701"]}},
        ),
        chain=("cn-national",),
    ),
}
TOWNS_ONLY = replace(RULES["township_centre_coverage"], scope={"unit_levels": ("town", "township")})


def rule_of(indicator: str) -> Rule:
    """A rule as the plans have it."""
    return RULES[indicator]


def share(n: int, of: int, **more: object) -> Count:
    """A count of n out of N."""
    return Count("C", "县", "county", Fraction(n), Fraction(of), "个", scale=100, whole=True, **more)


# The comparison


@pytest.mark.parametrize(("numerator", "denominator", "most"), [(60, 1, 300), (85, 1, 131), (200, 3, 60)])
def test_a_share_is_compared_exactly(numerator, denominator, most):
    """For all n out of N, verdict and number still needed are those of whole-number arithmetic."""
    rule = replace(rule_of("township_centre_coverage"), target=Fraction(numerator, denominator))
    for of in range(1, most + 1):
        least = -(-numerator * of // (100 * denominator))
        for n in range(of + 1):
            verdict = judge(rule, share(n, of))
            assert verdict.outcome is (Outcome.PASS if n >= least else Outcome.WARN), (n, of)
            assert verdict.needed == max(0, least - n)
            assert verdict.value * of == 100 * n


@pytest.mark.parametrize(
    ("of", "percent", "least"), [(12, 60, 8), (10, 60, 6), (10, 40, 4), (131, 85, 112), (200, 55, 110)]
)
def test_the_boundary_of_a_share(of, percent, least):
    """The least number of townships is what the plans' own figures give, and not one more for floating point."""
    rule = replace(rule_of("township_centre_coverage"), target=Fraction(percent))
    assert judge(rule, share(least, of)).outcome is Outcome.PASS
    one_less = judge(rule, share(least - 1, of))
    assert (one_less.outcome, one_less.needed) == (Outcome.WARN, 1)


def test_an_upper_bound_includes_its_target():
    """At most 20 is met by 20 and missed by more; what must go is said."""
    rule = replace(rule_of("township_centre_coverage"), comparator=Comparator.AT_MOST, target=Fraction(20))
    assert judge(rule, share(2, 10)).outcome is Outcome.PASS
    missed = judge(rule, share(4, 10))
    assert (missed.outcome, missed.needed) == (Outcome.WARN, 2)


def test_a_share_of_nothing_is_not_applicable():
    """Nought of nought is neither nought nor a hundred per cent."""
    verdict = judge(rule_of("township_centre_coverage"), share(0, 0))
    assert (verdict.outcome, verdict.value, verdict.needed) == (Outcome.NOT_APPLICABLE, None, None)


@pytest.mark.parametrize(
    ("binding", "outcome"),
    [
        (Binding.BINDING, Outcome.FAIL),
        (Binding.EXPECTED, Outcome.WARN),
        (Binding.UNSTATED, Outcome.WARN),
        (Binding.ADVISORY, Outcome.ADVISORY),
    ],
)
def test_only_a_binding_rule_fails(binding, outcome):
    """What a missed rule comes to depends on how the plan binds itself; an inherited rule advises only."""
    rule = replace(rule_of("township_centre_coverage"), binding=binding)
    assert judge(rule, share(1, 10)).outcome is outcome
    assert judge(rule, share(10, 10)).outcome is Outcome.PASS
    inherited = replace(rule, chain=("meizhou",))
    assert judge(inherited, share(1, 10)).outcome is Outcome.ADVISORY
    assert judge(inherited, share(10, 10)).outcome is Outcome.PASS


def test_a_rule_without_target_is_informational():
    """Without a figure in the plan the value is told and not judged; with blanks it is not even told."""
    rule = replace(rule_of("township_centre_coverage"), target=None)
    told = judge(rule, share(1, 10))
    assert (told.outcome, told.value, told.target, told.needed) == (Outcome.INFORMATIONAL, 10, None, None)
    blank = judge(rule, share(1, 10, missing=("demand.pop60",), span=(Fraction(10), Fraction(20))))
    assert (blank.outcome, blank.value) == (Outcome.NOT_EVALUABLE, None)


@given(n=st.integers(0, 40), unknown=st.integers(0, 40), rest=st.integers(0, 40), percent=st.integers(0, 100))
def test_blanks_matter_only_where_they_could_turn_the_outcome(n, unknown, rest, percent):
    """The verdict is open exactly where filling the blanks one way passes and the other way does not."""
    rule = replace(rule_of("township_centre_coverage"), target=Fraction(percent))
    of = n + unknown + rest
    span = (Fraction(100 * n, of), Fraction(100 * (n + unknown), of)) if of and unknown else None
    count = replace(share(n, of), span=span)
    if of == 0:
        expected = Outcome.NOT_APPLICABLE
    elif 100 * n >= percent * of:
        expected = Outcome.PASS
    elif 100 * (n + unknown) >= percent * of:
        expected = Outcome.NOT_EVALUABLE
    else:
        expected = Outcome.WARN
    assert judge(rule, count).outcome is expected


# Townships with a comprehensive centre


def towns_with(functions: list[list[str]], levels: list[str] | None = None) -> Facts:
    """Townships whose facilities have these functions."""
    codes = [f"T{number:03d}" for number in range(len(functions))]
    units = gpd.GeoDataFrame(
        {"unit_code": codes, "name": codes, "level": levels or ["town"] * len(codes), "parent_code": COUNTY}
    )
    rows = [(code, offered) for code, row in zip(codes, functions, strict=True) for offered in row]
    sites = pd.DataFrame(rows, columns=["township", "functions"], dtype=object)
    sites = sites.assign(facility_id=[f"F{n:03d}" for n in range(len(rows))], kind="township_centre", village="")
    sites = sites.assign(status="existing", open_year=float("nan"), in_area=True)
    return Facts({"units": units, "facilities": gpd.GeoDataFrame(sites)}, {}, PLACE, 2025)


def centres(functions: list[list[str]], levels: list[str] | None = None, rule: Rule | None = None) -> Verdict:
    """The county's verdict on townships whose facilities have these functions."""
    rule = rule or rule_of("township_centre_coverage")
    return judge(rule, MEASURES[rule.measure].count(towns_with(functions, levels), rule)[0])


def test_only_one_facility_with_all_four_functions_counts(small):
    """F2 has three of four; planned F3 and closed F4 do not count; F5 counts from 2026."""
    rule = rule_of("township_centre_coverage")
    in_2025 = verdicts_of(small, rule)
    assert (in_2025[COUNTY].outcome, in_2025[COUNTY].value, in_2025[COUNTY].needed) == (
        Outcome.WARN,
        Fraction(100, 3),
        1,
    )
    assert in_2025[COUNTY].count.counted == (STREET,)
    assert in_2025[COUNTY].count.of == (STREET, TOWN, OTHER_TOWN)
    assert in_2025[COUNTY].count.support == ("F1",)
    in_2026 = verdicts_of(small, rule, 2026)
    assert (in_2026[COUNTY].outcome, in_2026[COUNTY].value) == (Outcome.PASS, Fraction(200, 3))
    assert in_2026[COUNTY].count.support == ("F1", "F5")
    assert {unit: verdict.outcome for unit, verdict in in_2026.items() if unit != COUNTY} == dict.fromkeys(
        (STREET, TOWN, OTHER_TOWN), Outcome.INFORMATIONAL
    )


def test_functions_of_two_facilities_do_not_add_up():
    """Two facilities that have all functions between them are no comprehensive centre."""
    assert centres([[THREE, "guidance"]]).value == 0
    assert centres([[THREE, FOUR]]).value == 100
    assert centres([[FOUR + "|meals"]]).value == 100


def test_no_facility_at_all_is_nought():
    """A county in which nothing operates has no centre in any township."""
    verdict = centres([[], [], []])
    assert (verdict.outcome, verdict.value, verdict.needed) == (Outcome.WARN, 0, 2)


def test_blank_functions_leave_a_township_open_where_that_matters():
    """Of ten townships at 60 %: six centres pass and three with three blanks are open; two with three blanks are short."""
    assert centres([[FOUR]] * 6 + [[""]] * 4).outcome is Outcome.PASS
    still_open = centres([[FOUR]] * 3 + [[""]] * 3 + [[]] * 4)
    assert (still_open.outcome, still_open.value) == (Outcome.NOT_EVALUABLE, None)
    assert still_open.count.missing == ("facilities.functions",)
    short = centres([[FOUR]] * 2 + [[""]] * 3 + [[]] * 5)
    assert (short.outcome, short.value, short.needed) == (Outcome.WARN, 20, 4)


def test_a_blank_beside_a_centre_opens_nothing():
    """A township that has its centre has it, whatever else is unknown there."""
    verdict = centres([[FOUR, ""]] * 3)
    assert (verdict.outcome, verdict.count.missing) == (Outcome.PASS, ())


def test_the_levels_that_a_plan_names_are_those_that_count():
    """Pingyuan speaks of towns and townships: streets are neither asked for nor counted."""
    levels = ["town", "township", "street", "county", "village"]
    functions = [[FOUR], [], [FOUR], [], []]
    assert centres(functions, levels, TOWNS_ONLY).value == 50
    assert centres(functions, levels).value == Fraction(200, 3)


def test_without_such_units_the_share_is_not_applicable():
    """A county of streets only has no towns to count."""
    verdict = centres([[FOUR]], ["street"], TOWNS_ONLY)
    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_a_rule_may_ask_for_kinds():
    """With kinds named, a care home with all functions is no centre."""
    rule = rule_of("township_centre_coverage")
    asked = replace(rule, scope={**rule.scope, "kinds": ("care_home",)})
    assert centres([[FOUR]], rule=asked).value == 0


@given(st.lists(st.lists(st.sampled_from([FOUR, THREE, "", "meals"]), max_size=3), min_size=1, max_size=12), st.data())
def test_one_more_centre_never_harms(functions, data):
    """Adding a qualifying facility never lowers the value and never turns pass into anything else."""
    place = data.draw(st.integers(0, len(functions) - 1))
    more = [[*row, FOUR] if number == place else row for number, row in enumerate(functions)]
    before, after = centres(functions), centres(more)
    assert after.count.numerator >= before.count.numerator
    assert before.outcome is not Outcome.PASS or after.outcome is Outcome.PASS
    assert before.outcome is not Outcome.WARN or after.outcome in {Outcome.WARN, Outcome.PASS, Outcome.NOT_EVALUABLE}


def test_without_units_there_is_nothing_to_count(small):
    """The verdict names the layer that is missing."""
    del small.frames["units"]
    (verdict,) = verdicts_of(small, rule_of("township_centre_coverage")).values()
    assert (verdict.outcome, verdict.count.missing) == (Outcome.NOT_EVALUABLE, ("units",))


# Floor area per 100 households


def estate(households: str, square_metres: str, era: str = "new", approved: str = "") -> Workspace:
    """A county with one estate."""
    small = small_workspace()
    columns = "estate_id name households era approve_date facility_area_m2"
    small.frames["estates"] = table(columns, ("E1", "小区", households, era, approved, square_metres, at(600, 600)))
    return small


def estate_verdict(era: str, *cells: str) -> Verdict | None:
    """What the rule for new or for old estates says of one estate; None where it does not speak of it."""
    return verdicts_of(estate(*cells), rule_of(f"{era}_area_per_100hh")).get("E1")


@pytest.mark.parametrize(
    ("households", "square_metres", "outcome", "value", "lacking"),
    [
        ("500", "100", Outcome.PASS, "20", "0"),
        ("500", "99.9", Outcome.WARN, "19.98", "0.1"),
        ("333", "66.6", Outcome.PASS, "20", "0"),
        ("333", "66.59", Outcome.WARN, "6659/333", "0.01"),
        ("150", "0", Outcome.WARN, "0", "30"),
        ("120", "55.5", Outcome.PASS, "46.25", "0"),
    ],
)
def test_an_estate_is_held_to_its_households_pro_rata(households, square_metres, outcome, value, lacking):
    """20 m² per 100 households, decimals as they were written, and what is lacking in square metres."""
    verdict = estate_verdict("new", households, square_metres)
    assert verdict.outcome is outcome
    assert verdict.value == Fraction(value)
    assert (verdict.needed, verdict.count.needed_unit) == (Fraction(lacking), "m²")
    assert (verdict.target, verdict.value_unit) == (20, "m²/百户")


@pytest.mark.parametrize(
    ("era", "approved", "new", "old"),
    [
        ("new", "", True, False),
        ("old", "", False, True),
        ("new", "1990-01-01", True, False),
        ("", "2021-01-01", True, False),
        ("", "2020-12-31", False, True),
    ],
)
def test_an_estate_is_new_or_old(era, approved, new, old):
    """The stated era decides, else the day of approval; new is from the first day of 2021."""
    assert (estate_verdict("new", "100", "17", era, approved) is not None) == new
    assert (estate_verdict("old", "100", "17", era, approved) is not None) == old


def test_new_and_old_estates_have_targets_of_their_own():
    """17 m² per 100 households is too little for a new estate and enough for an old one."""
    assert estate_verdict("new", "100", "17").outcome is Outcome.WARN
    assert estate_verdict("old", "100", "17", "old").outcome is Outcome.PASS
    assert estate_verdict("old", "100", "15", "old").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        (("100", "5", ""), "estates.era"),
        (("", "5"), "estates.households"),
        (("100", ""), "estates.facility_area_m2"),
    ],
)
def test_an_estate_with_a_blank_is_not_evaluable(cells, missing):
    """Neither era nor approval, no households or no area: the field is named, and the county's share is open too."""
    verdicts = verdicts_of(estate(*cells), rule_of("new_area_per_100hh"))
    assert verdicts["E1"].outcome is Outcome.NOT_EVALUABLE
    assert verdicts["E1"].count.missing == (missing,)
    assert verdicts[COUNTY].outcome is Outcome.NOT_EVALUABLE
    assert verdicts[COUNTY].count.missing == (missing,)


def test_an_estate_that_cannot_be_placed_is_open_under_both_rules():
    """It is neither new nor old, so both rules wait for it."""
    for era in ("new", "old"):
        assert estate_verdict(era, "100", "5", "").outcome is Outcome.NOT_EVALUABLE


def test_an_estate_without_households_asks_for_nothing():
    """Nobody lives there yet: not applicable, and not in the county's share."""
    verdicts = verdicts_of(estate("0", "5"), rule_of("new_area_per_100hh"))
    assert verdicts["E1"].outcome is Outcome.NOT_APPLICABLE
    assert verdicts[COUNTY].outcome is Outcome.NOT_APPLICABLE


def test_the_county_counts_its_estates(small):
    """One of two new estates complies; the other lacks 30 m²; the only old one lacks 10 m²."""
    new = verdicts_of(small, rule_of("new_area_per_100hh"))
    assert list(new) == [COUNTY, "E1", "E3"]
    assert (new[COUNTY].outcome, new[COUNTY].value, new[COUNTY].needed) == (Outcome.WARN, 50, 1)
    assert (new[COUNTY].target, new[COUNTY].value_unit) == (100, "%")
    assert (new[COUNTY].count.counted, new[COUNTY].count.of) == (("E1",), ("E1", "E3"))
    assert "30.0 m²" in new[COUNTY].count.note
    assert (new["E3"].value, new["E3"].needed) == (10, 30)
    old = verdicts_of(small, rule_of("old_area_per_100hh"))
    assert (old["E2"].value, old["E2"].target, old["E2"].needed) == (10, 15, 10)
    assert old[COUNTY].value == 0


def test_a_known_miss_settles_the_county_whatever_is_blank(small):
    """All estates must comply: once one is known to miss, a blank elsewhere cannot turn the outcome."""
    small.frames["estates"].loc[0, "facility_area_m2"] = ""
    verdicts = verdicts_of(small, rule_of("new_area_per_100hh"))
    assert verdicts["E1"].outcome is Outcome.NOT_EVALUABLE
    assert verdicts[COUNTY].outcome is Outcome.WARN


def test_estates_outside_the_county_are_not_judged(small):
    """A neighbour's estate in the layer is none of the county's business."""
    small.frames["estates"].loc[2, "geometry"] = at(7000, 600)
    assert list(verdicts_of(small, rule_of("new_area_per_100hh"))) == [COUNTY, "E1"]


# Land per resident


def land(small: Workspace, year: int = 2025, **changes: object) -> dict[str, Verdict]:
    """The verdicts on land, binding as if it were the county's own rule."""
    return verdicts_of(small, replace(rule_of("land_per_capita"), **changes), year)


def test_land_is_divided_by_residents_not_by_old_people(small):
    """190 m² of sites and 2,100 residents are 19/210 m² each; the 410 old people would have given five times that."""
    verdicts = land(small)
    county = verdicts[COUNTY]
    assert (county.value, county.outcome, county.needed) == (Fraction(19, 210), Outcome.ADVISORY, 20)
    assert county.count.counted == ("F1", "F2")
    assert verdicts[STREET].value == Fraction(150, 600)
    assert (verdicts[TOWN].value, verdicts[TOWN].outcome) == (Fraction(1, 10), Outcome.PASS)
    assert (verdicts[OTHER_TOWN].value, verdicts[OTHER_TOWN].needed) == (0, 110)
    assert land(small, 2026)[COUNTY].outcome is Outcome.PASS


def test_an_inherited_rule_advises_and_tells_its_chain(small):
    """The national figure is not Heshan's own: missed, it is advice, and the chain says from where."""
    verdict = land(small)[COUNTY]
    assert (verdict.rule.chain, verdict.outcome) == (("cn-national",), Outcome.ADVISORY)
    assert land(small, chain=())[COUNTY].outcome is Outcome.WARN
    assert land(small, chain=(), binding=Binding.BINDING)[COUNTY].outcome is Outcome.FAIL


def test_a_blank_site_matters_only_where_it_could_turn_the_outcome(small):
    """A blank site leaves a county that is short open; one that complies anyway passes."""
    small.frames["facilities"].loc[1, "site_area_m2"] = ""
    verdicts = land(small)
    assert (verdicts[COUNTY].outcome, verdicts[COUNTY].count.missing) == (
        Outcome.NOT_EVALUABLE,
        ("facilities.site_area_m2",),
    )
    assert verdicts[STREET].outcome is Outcome.PASS
    assert verdicts[TOWN].outcome is Outcome.NOT_EVALUABLE
    small.frames["facilities"].loc[0, "site_area_m2"] = "210"
    assert land(small)[COUNTY].outcome is Outcome.PASS


def test_a_site_of_nought_is_no_land(small):
    """0 says that the facility has no land of its own: known, and counted as none."""
    small.frames["facilities"].loc[1, "site_area_m2"] = "0"
    verdicts = land(small)
    assert (verdicts[TOWN].outcome, verdicts[TOWN].value) == (Outcome.ADVISORY, 0)
    assert verdicts[COUNTY].count.counted == ("F1",)


@pytest.mark.parametrize(("column", "cell"), [("basis", "registered"), ("basis", ""), ("pop_total", "")])
def test_people_of_another_basis_are_no_residents(column, cell, small):
    """Registered people, people of no stated basis and blank totals leave the figure open; the field is named."""
    small.frames["demand"].loc[2, column] = cell
    verdict = land(small)[COUNTY]
    assert (verdict.outcome, verdict.count.missing) == (Outcome.NOT_EVALUABLE, (f"demand.{column}",))


def test_people_outside_the_county_do_not_matter(small):
    """What is unknown of the neighbour's village changes nothing."""
    small.frames["demand"].loc[6, ["basis", "pop_total"]] = ["registered", ""]
    assert land(small)[COUNTY].value == Fraction(19, 210)


def parcels(*rows: tuple[object, ...]) -> gpd.GeoDataFrame:
    """A land-use layer."""
    return table("parcel_id code code_system plan_year", *rows)


def test_parcels_go_before_sites_and_are_cut_by_township(small):
    """Of a parcel of 800 m² across a border each township has its half; other codes, systems and later years do not count."""
    small.frames["landuse"] = parcels(
        ("P1", "080701", "用地用海", "", area(1980, 100, 2020, 120)),
        ("P2", "080701", "用地用海", "2024", area(4500, 100, 4510, 130)),
        ("P3", "0807", "用地用海", "", area(500, 100, 600, 200)),
        ("P4", "080701", "GB50137", "", area(500, 300, 600, 400)),
        ("P5", "080701", "用地用海", "2026", area(500, 500, 600, 600)),
    )
    verdicts = land(small)
    assert verdicts[COUNTY].value == Fraction(1100, 2100)
    assert verdicts[STREET].value == Fraction(400, 600)
    assert verdicts[TOWN].value == Fraction(400, 400)
    assert verdicts[OTHER_TOWN].value == Fraction(300, 1100)
    assert set(verdicts[COUNTY].count.counted) == {"P1", "P2"}
    assert land(small, 2026)[STREET].value == Fraction(10_400, 600)


def test_a_landuse_layer_without_such_parcels_leaves_the_sites(small):
    """A layer that does not map elderly care does not say that there is none."""
    small.frames["landuse"] = parcels(("P1", "0701", "用地用海", "", area(0, 0, 50, 50)))
    assert land(small)[COUNTY].value == Fraction(19, 210)


def test_planned_parcels_come_to_the_sites_where_no_present_ones_are_mapped(small):
    """A parcel that somebody draws adds its 300 m² to what there is; one under a facility stands for that one's site."""
    drawn = ("P2", "080701", "用地用海", "2025", area(4500, 100, 4510, 130))
    small.frames["landuse"] = parcels(drawn)
    assert land(small)[COUNTY].value == Fraction(150 + 40 + 300, 2100)
    small.frames["landuse"] = parcels(drawn, ("P6", "080701", "用地用海", "2025", area(480, 480, 520, 520)))
    verdict = land(small)[COUNTY]
    assert verdict.value == Fraction(40 + 300 + 1600, 2100)
    assert set(verdict.count.counted) == {"P2", "P6", "F2"}


def test_a_parcel_is_counted_once_in_the_evidence(small):
    """A parcel across a border is two pieces of land and one id."""
    small.frames["landuse"] = parcels(("P1", "080701", "用地用海", "", area(1980, 100, 2020, 120)))
    assert land(small)[COUNTY].count.counted == ("P1",)


# All rules together


def test_every_rule_of_the_year_is_evaluated_in_order(small):
    """The verdicts come in the pack's order, each rule's county first."""
    estates = {"measure": "area_per_households", "unit": "m²/百户", "options": {"new_since": date(2021, 1, 1)}}
    pack = a_pack(
        {"measure": "unit_has_qualified", "value": "60", **_CENTRES},
        {"value": "15", "scope": {"era": "old"}, **estates},
        {"value": "20", "scope": {"era": "new"}, **estates},
        {"measure": "facility_count"},
    )
    verdicts = evaluate(pack, facts_of(small))
    first = [verdict for verdict in verdicts if verdict.count.unit == COUNTY]
    assert [verdict.rule for verdict in first] == list(pack.rules_for(2025))
    assert [verdict.rule.indicator for verdict in first] == ["r0", "r1", "r2", "r3"]
