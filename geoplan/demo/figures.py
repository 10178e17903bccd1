"""Figures as an official would type them for what no layer can answer; all synthetic, and some still to be typed."""

import pandas as pd

_MADE_UP = "合成数据（示例）"
# Rule of the Heshan pack, value, the day it is of, note; without a value nobody has entered it yet.
_FIGURES = (
    ("heshan.layout_plan", "是", "2024-12-31", "已纳入国土空间总体规划"),
    ("heshan.monthly_visit_rate.2022", "96.5", "2022-12-31", ""),
    ("heshan.emergency_service_users.2022", "2310", "2022-12-31", ""),
    ("heshan.emergency_service_users.2023", "2804", "2023-12-31", ""),
    ("heshan.emergency_service_coverage.2025", "", "", "待民政局填报"),
    ("heshan.aging_retrofit_rate.2023", "100", "2023-12-31", ""),
    ("heshan.primary_care_nursing_bed_share.2022", "", "", "待卫健局填报"),
    ("heshan.geriatric_dept_rate.2025", "", "", "待卫健局填报"),
    ("heshan.training_person_times.total.2025", "1118", "2024-12-31", "2021年至2024年累计"),
    ("heshan.training_person_times.annual", "286", "2024-12-31", "2024年"),
    ("heshan.pension_insurance_rate.2025", "", "", "待人社局填报"),
    ("heshan.lottery_fund_share", "57.2", "2024-12-31", ""),
)


def typed_figures() -> pd.DataFrame:
    """The table of figures, one row per rule: rule, value, source, as_of, entered_by, note."""
    rows = [
        (rule, value, _MADE_UP if value else "", day, "示例填报人" if value else "", note)
        for rule, value, day, note in _FIGURES
    ]
    return pd.DataFrame(rows, columns=["rule", "value", "source", "as_of", "entered_by", "note"])
