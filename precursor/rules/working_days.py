"""Working days (工作日): the statutory calendar where it is published, else Monday to Friday.

Look here for: holidays and make-up days (``packs/holidays.toml``), deadlines counted in working days.
"""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Final

_ONE: Final = timedelta(1)
_SATURDAY: Final = 5


def _load() -> dict[int, dict[str, frozenset[str]]]:
    raw = tomllib.loads((Path(__file__).parent / "packs" / "holidays.toml").read_text("utf-8"))
    return {int(year): {kind: frozenset(days) for kind, days in row.items()} for year, row in raw.items()}


_CALENDAR: Final = _load()


def is_published(year: int) -> bool:
    """Whether the statutory calendar of ``year`` is in the table."""
    return year in _CALENDAR


def is_working_day(day: date) -> bool:
    """Whether ``day`` is worked."""
    exceptions = _CALENDAR.get(day.year)
    if exceptions and f"{day:%m-%d}" in exceptions["off"]:
        return False
    if exceptions and f"{day:%m-%d}" in exceptions["on"]:
        return True
    return day.weekday() < _SATURDAY


def last_day_on_time(event: date, working_days: int) -> date:
    """The last day by which no more than ``working_days`` working days lie after ``event``.

    Free days after the last of them are still on time.
    """
    day, left = event, working_days
    while day < date.max:
        left -= is_working_day(day + _ONE)
        if left < 0:
            return day
        day += _ONE
    return day
