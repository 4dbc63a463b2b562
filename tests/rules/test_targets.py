"""Rates and targets: rounding is for display, a target is met on the whole numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precursor.rules.gaps import GAPS
from precursor.rules.targets import Parameters, is_met, lacking, load_pack, percentage
from precursor.rules.working_days import is_working_day, last_day_on_time

VECTORS = [
    (99, 100, "99", "99.00", True),
    (98, 100, "99", "98.00", False),
    (98_995, 100_000, "99", "99.00", False),
    (98_994, 100_000, "99", "98.99", False),
    (9900, 10_000, "99", "99.00", True),
    (9899, 10_000, "99", "98.99", False),
    (0, 5, "99", "0.00", False),
    (0, 0, "99", None, None),
    (1, 1, "100", "100.00", True),
    (2999, 3000, "100", "99.97", False),
    (199_999, 200_000, "100", "100.00", False),
    (1, 3, "99", "33.33", False),
    (2, 3, "99", "66.67", False),
    (7, 8, "99", "87.50", False),
    (34, 38, "99", "89.47", False),
]


@pytest.mark.parametrize(("n", "d", "target", "pct", "met"), VECTORS)
def test_rate(n, d, target, pct, met):
    assert (percentage(n, d), is_met(n, d, target)) == (pct, met)


def test_every_parameter_has_its_source_and_says_how_sure_it_is():
    pack = load_pack()
    assert Parameters.of(pack.values).tolerance("2") == 3_000_000
    for name, source in pack.sources.items():
        assert source["source"], name
        assert source["status"] in {"V", "R", "U", "OURS"}, name


def test_every_gap_code_says_who_acts_and_what_he_does():
    for code, kind in GAPS.items():
        assert kind.title.zh, code
        assert kind.title.en, code
        assert kind.action.zh, code


@pytest.mark.parametrize(
    ("event", "days", "last"),
    [
        ("2025-10-09", 5, "2025-10-15"),  # the make-up Saturday 10-11 is worked
        ("2025-04-01", 5, "2025-04-09"),  # 04-04 is free
        ("2025-06-06", 0, "2025-06-08"),  # the weekend after is still on time
        ("2035-01-05", 1, "2035-01-08"),  # not published: Monday to Friday
    ],
)
def test_last_day_on_time(event, days, last):
    from datetime import date

    assert last_day_on_time(date.fromisoformat(event), days) == date.fromisoformat(last)
    assert is_working_day(date(2025, 10, 11))


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from(["99", "100", "99.5", "0"]))
def test_what_is_lacking_reaches_the_target_and_one_less_does_not(n, d, target):
    missing = lacking(n, d, target)
    assert (missing == 0) == (is_met(n, d, target) in (True, None))
    if missing:
        assert is_met(n + missing, d, target)
        assert not is_met(n + missing - 1, d, target)
    assert lacking(n, d, None) == 0
