"""Whole numbers in Chinese numerals as amounts are spelled out on papers (大写), against alteration."""

from typing import Final

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_IN_FOUR: Final = ("", "拾", "佰", "仟")
_FOURS: Final = ("", "万", "亿", "万亿")
_UNITS: Final = {"kg": "千克", "g": "克", "mg": "毫克", "t": "吨", "L": "升", "mL": "毫升", "uL": "微升"}


def _four(digits: str) -> str:
    """Up to four digits; noughts inside stand once, those at the end not at all."""
    said, is_nought = "", False
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit == "0":
            is_nought = True
            continue
        said += (_DIGITS[0] if is_nought and said else "") + _DIGITS[int(digit)] + _IN_FOUR[place]
        is_nought = False
    return said


def whole(number: int) -> str:
    """A whole number from 0 to below 10**16: ``whole(12_000) == "壹万贰仟"``. Raises ValueError outside."""
    if not 0 <= number < 10 ** (4 * len(_FOURS)):
        raise ValueError("a whole number below 10**16 is meant")
    text, said = str(number), ""
    fours = [text[max(0, end - 4) : end] for end in range(len(text), 0, -4)]
    for place in range(len(fours) - 1, -1, -1):
        digits = fours[place]
        if not (part := _four(digits)):
            continue
        is_far = said and (digits.startswith("0") or not said.endswith(_FOURS[place + 1] or "\0"))
        said += (_DIGITS[0] if is_far else "") + part + _FOURS[place]
    return said or _DIGITS[0]


def quantity(text: str, unit: str) -> str:
    """An amount as text with its unit: ``quantity("1200.5", "kg") == "壹仟贰佰点伍千克"``; a whole one ends in 整."""
    before, dot, after = text.partition(".")
    if dot:
        return f"{whole(int(before))}点{''.join(_DIGITS[int(digit)] for digit in after)}{_UNITS.get(unit, unit)}"
    return f"{whole(int(before))}{_UNITS.get(unit, unit)}整"


def unit(symbol: str) -> str:
    """The Chinese name of a unit: ``unit("kg") == "千克"``; of one that is Chinese already, nothing."""
    return _UNITS.get(symbol, "")
