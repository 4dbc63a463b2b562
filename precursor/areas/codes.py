"""The national table of areas (GB/T 2260), with the years in which each code was in force.

Look here for: the name of a code, the area above it, whether one lies in another, whether a code was in force.
Codes have 6 digits, 9 for a township and 12 for a village; what a code says lies in its levels (2, 4, 6, 9, 12
digits), so codes are compared level by level, never as text.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from stdnum import numdb

from precursor.core.errors import Fault, Faulty

_CODE: Final = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}")
_LEVELS: Final = (2, 4, 6, 9, 12)
_NAMES: Final = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}
_YEARS: Final = re.compile(r"\[([0-9]{4})?-([0-9]{4})?\](\S+)")


@dataclass(frozen=True, slots=True)
class Code:
    """One area of the table; ``until`` None: still in force."""

    code: str
    name: str
    level: str
    parent: str | None
    since: int | None = None
    until: int | None = None

    def in_force(self, year: int) -> bool:
        """Whether the code was in force in ``year``. A retired one stays good for the records of its time."""
        return (self.since or 0) <= year <= (self.until or 9999)


def significant(code: str) -> str:
    """The digits that say something: ``33`` of 330000, ``3307`` of 330700; ValueError for what is no code."""
    if not _CODE.fullmatch(code):
        raise ValueError("a code has 6, 9 or 12 digits and does not begin with 0")
    if len(code) == 6 and code.endswith("00"):
        return code[:2] if code.endswith("0000") else code[:4]
    return code


def contains(outer: str, inner: str) -> bool:
    """Whether ``inner`` lies in ``outer`` or is it."""
    mine, other = significant(outer), significant(inner)
    return len(mine) <= len(other) and other[: len(mine)] == mine


def parent_of(code: str) -> str | None:
    """The code of the area above; None for a province."""
    digits = significant(code)
    above = [length for length in _LEVELS if length < len(digits)]
    return digits[: above[-1]].ljust(6, "0") if above else None


@cache
def find(code: str) -> Code | None:
    """The entry of a code; None when the national table has none (townships and villages are not in it)."""
    try:
        digits = significant(code)
    except ValueError:
        return None
    parts = numdb.get("cn/loc").info(code[:6])
    written = parts[0][1].get("province") if len(digits) == 2 else parts[-1][1].get("county")
    if len(digits) > 6 or not written:
        return None
    latest = written.split(",")[-1]  # a code that was used twice: its last use
    found = _YEARS.fullmatch(latest)
    since, until, name = (found[1], found[2], found[3]) if found else (None, None, latest)
    level = _NAMES[len(digits)]
    return Code(code, name, level, parent_of(code), int(since) if since else None, int(until) if until else None)


def chain(code: str) -> list[Code]:
    """The code and all above it, the highest first; ValueError when the table lacks it.

    A level that the table lacks is left out.
    """
    if find(code) is None:
        raise ValueError(f"the national table has no {code}")
    found: list[Code] = []
    at: str | None = code
    while at is not None:
        if entry := find(at):
            found.append(entry)
        at = parent_of(at)
    return found[::-1]


def read_file(text: str) -> list[Code]:
    """Deeper levels and made-up areas: lines of ``code,name,since,until`` under a header of those names.

    Faulty names every wrong row and column.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    faults = [fault for number, row in enumerate(rows, 2) for fault in _faults(number, row)]
    if faults:
        raise Faulty(faults)
    return [
        Code(
            row["code"],
            row["name"],
            _NAMES[len(significant(row["code"]))],
            parent_of(row["code"]),
            int(row["since"]) if row["since"] else None,
            int(row["until"]) if row["until"] else None,
        )
        for row in rows
    ]


def _faults(number: int, row: dict[str, str]) -> Iterator[Fault]:
    if set(row) != {"code", "name", "since", "until"} or None in row.values():
        yield Fault(f"/{number}", "每行须为 code,name,since,until / every line has code, name, since, until")
        return
    if not _CODE.fullmatch(row["code"]):
        yield Fault(f"/{number}/code", "代码须为 6、9 或 12 位数字 / a code has 6, 9 or 12 digits")
    if not row["name"]:
        yield Fault(f"/{number}/name", "缺少名称 / the name is missing")
    for year in ("since", "until"):
        if row[year] and not re.fullmatch("[0-9]{4}", row[year]):
            yield Fault(f"/{number}/{year}", "须为四位年份 / must be a year of four digits")
