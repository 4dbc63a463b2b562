"""The published plans: every number with its row, and what they ask for at the edges of their windows."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from inspection_schedules import PLANS, Grade, Supervision, combine

TABLE = Path(__file__).parents[1] / "rules/data/seed_requirements.csv"
PER_YEAR = {"A": "1/year", "B": "1/half-year", "C": "1/quarter"}
MONTHS = {"1/year": 12, "1/half-year": 6, "1/quarter": 3, "1/month": 1}


def rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_every_number_of_a_plan_has_its_row():
    table = rows()
    for plan in PLANS.values():
        given = {
            n for n in ("enterprise_months", "road_months", "key_site_months", "supervision") if getattr(plan, n)
        }
        assert given == set(plan.rows)
        assert plan.status == "V"
    by_grade = dict(
        re.findall(r"([ABC])>=(\S+?)(?:,|$)", table[PLANS["jinhua-2018"].rows["enterprise_months"]]["number"])
    )
    assert by_grade == PER_YEAR
    assert {g.value: m for g, m in PLANS["jinhua-2018"].enterprise_months.items()} == {
        grade: MONTHS[number] for grade, number in by_grade.items()
    }
    assert MONTHS[table["J07"]["number"]] == PLANS["jinhua-2018"].road_months
    assert MONTHS[table["Q08"]["number"]] == PLANS["qianjiang"].key_site_months
    assert table["Q12"]["number"] == "1/year in Q4"
    assert PLANS["qianjiang"].supervision == Supervision(1, 4)
    assert table["G02"]["number"] == "2/year"
    assert PLANS["guizhou"].supervision == Supervision(2)


@pytest.mark.parametrize(
    ("plan", "visits", "met"),
    [
        ("qianjiang", [date(2025, 10, 1)], True),
        ("qianjiang", [date(2025, 12, 31)], True),
        ("qianjiang", [date(2025, 9, 30), date(2026, 1, 1)], False),
        ("guizhou", [date(2025, 1, 1), date(2025, 12, 31)], True),
        ("guizhou", [date(2025, 1, 1), date(2024, 12, 31)], False),
        ("guizhou", [], False),
    ],
)
def test_supervision_at_the_edges_of_the_year(plan, visits, met):
    assert PLANS[plan].supervision.is_met(visits, 2025) is met


def test_plans_are_put_together_in_order():
    both = combine("jinhua-2018", "qianjiang", "guizhou")
    assert (both.enterprise_months[Grade.C], both.road_months, both.key_site_months) == (3, 3, 1)
    assert both.supervision == Supervision(1, 4)
    assert combine("guizhou", "jinhua-2018", "qianjiang").supervision == Supervision(2)
    with pytest.raises(ValueError, match="key_site_months"):
        combine("jinhua-2018", "guizhou")
