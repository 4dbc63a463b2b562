"""Quantities are exact, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precursor.core.quantity import LARGEST, UNITS, parse, show


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("1.5", "kg", 1_500_000),
        ("1.50", "kg", 1_500_000),
        ("0.000001", "kg", 1),
        ("1000000", "t", LARGEST),
        ("30", "支", 30),
        ("0", "kg", 0),
    ],
)
def test_text_becomes_base_units(text, unit, amount):
    assert parse(text, unit) == amount


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *(
            (text, "kg")
            for text in (
                "0.0000001",
                "1e3",
                "-1",
                "+1",
                "01",
                "1.",
                ".5",
                "1_000",
                "１",
                "٣",
                "1\n",
                " 1",
                "",
                "NaN",
                "9" * 5000,
            )
        ),
        ("0.5", "片"),
        ("1000000.000000001", "t"),
    ],
)
def test_what_is_not_exact_is_refused(text, unit):
    with pytest.raises(ValueError, match=r"."):
        parse(text, unit)


@given(st.integers(0, LARGEST), st.sampled_from(sorted(UNITS)))
def test_showing_is_the_inverse(amount, unit):
    assert parse(show(amount, unit), unit) == amount
