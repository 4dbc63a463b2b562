"""Amounts spelled out on papers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precursor.core.numerals import quantity, whole

PLACES = {"拾": 10, "佰": 100, "仟": 1000}
GROUPS = {"万": 10**4, "亿": 10**8}


def read(text):
    """The number that a person reads: written for this test, from the way such numbers are read aloud."""
    total = group = digit = 0
    for character in text:
        if character in PLACES:
            group, digit = group + digit * PLACES[character], 0
        elif character in GROUPS:
            if not group + digit:  # 万亿: the group before it is already closed
                total *= GROUPS[character]
            else:
                total, group, digit = total + (group + digit) * GROUPS[character], 0, 0
        else:
            digit = "零壹贰叁肆伍陆柒捌玖".index(character)
    return total + group + digit


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"),
        (10, "壹拾"),
        (101, "壹佰零壹"),
        (1010, "壹仟零壹拾"),
        (12_000, "壹万贰仟"),
        (100_100, "壹拾万零壹佰"),
        (10_010_000, "壹仟零壹万"),
        (100_010_000, "壹亿零壹万"),
        (120_030_405, "壹亿贰仟零叁万零肆佰零伍"),
    ],
)
def test_numbers_are_spelled_as_on_a_bill(number, said):
    assert whole(number) == said


@given(st.integers(0, 10**12 - 1))
def test_what_is_spelled_reads_as_the_number_and_no_nought_stands_twice(number):
    assert read(whole(number)) == number
    assert "零零" not in whole(number)
    assert not (number and whole(number).endswith("零"))


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("12000", "kg", "壹万贰仟千克整"),
        ("0.5", "kg", "零点伍千克"),
        ("150.25", "mL", "壹佰伍拾点贰伍毫升"),
        ("20", "支", "贰拾支整"),
    ],
)
def test_an_amount_has_its_unit_and_a_whole_one_is_closed(text, unit, said):
    assert quantity(text, unit) == said


@pytest.mark.parametrize("number", [-1, 10**16])
def test_what_has_no_such_numeral_is_refused(number):
    with pytest.raises(ValueError, match="10"):
        whole(number)
