"""Calendar windows: the year, half-year, quarter or month in which something must happen once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

#: months of a window: how its number within the year is written
_NAMES: Final = {12: "Y", 6: "H{}", 3: "Q{}", 1: "{:02}"}


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Legal days ``start`` to ``end``, both included; named ``2025-Y``, ``2025-H1``, ``2025-Q3``, ``2025-02``."""

    start: date
    end: date
    name: str
    months: int


@cache
def window_of(day: date, months: int) -> Window:
    """Return the window of ``months`` (12, 6, 3 or 1) that holds ``day``."""
    number = (day.month - 1) // months
    return _window(day.year, number, months)


def windows_ending_in(start: date, end: date, months: int) -> Iterator[Window]:
    """Every window of ``months`` whose last day lies in ``start`` to ``end`` (both included)."""
    for year in range(start.year, end.year + 1):
        for number in range(12 // months):
            window = _window(year, number, months)
            if start <= window.end <= end:
                yield window


def _window(year: int, number: int, months: int) -> Window:
    first, after = number * months + 1, (number + 1) * months
    end = date(year + after // 12, after % 12 + 1, 1) - timedelta(days=1)
    return Window(date(year, first, 1), end, f"{year:04}-{_NAMES[months].format(number + 1)}", months)
