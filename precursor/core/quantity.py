"""Quantities: text and a named unit outside, a whole number of base units inside.

The base unit is 1 mg for what is weighed, 1 µL for what is regulated by volume, one piece for counted
dosage forms. Nothing is ever rounded: what is not a whole number of base units is refused.
"""

import re
from typing import Final

#: unit: (base unit, decimal places between the two)
UNITS: Final = {
    "mg": ("mg", 0),
    "g": ("mg", 3),
    "kg": ("mg", 6),
    "t": ("mg", 9),
    "uL": ("uL", 0),
    "mL": ("uL", 3),
    "L": ("uL", 6),
    "支": ("支", 0),  # ampoules
    "片": ("片", 0),  # tablets
    "粒": ("粒", 0),  # capsules
}

#: The units that a register counts a substance in; amounts may be given in any unit with the same base.
REGISTER_UNITS: Final = ("kg", "支", "片", "粒")

#: The largest single quantity, in base units (a million tonnes in mg). BIGINT holds 9,000 of them.
LARGEST: Final = 10**15

_PLAIN: Final = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,9}))?")


def parse(text: str, unit: str) -> int:
    """Return ``text`` in base units, exactly: ``parse("1.5", "kg") == 1_500_000``.

    ``text`` is plain ASCII decimal digits: no sign, exponent, blank, group mark or full-width digit.
    ``unit`` is a key of ``UNITS``. Raises ValueError when the text is anything else, when it is finer
    than one base unit, or when it is more than ``LARGEST``.
    """
    base, places = UNITS[unit]
    if not (plain := _PLAIN.fullmatch(text)):
        raise ValueError("not a plain decimal number")
    fraction = (plain[2] or "").rstrip("0")
    if len(fraction) > places:
        raise ValueError(f"finer than one {base}, the smallest amount of this substance that is booked")
    amount = int(plain[1] + fraction.ljust(places, "0"))
    if amount > LARGEST:
        raise ValueError(f"more than {show(LARGEST, unit)} {unit}")
    return amount


def show(amount: int, unit: str) -> str:
    """Return ``amount`` base units as text in ``unit``, without trailing zeros; the inverse of ``parse``."""
    places = UNITS[unit][1]
    sign = "-" if amount < 0 else ""
    digits = str(abs(amount)).rjust(places + 1, "0")
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
