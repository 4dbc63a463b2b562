"""Legal days (Asia/Shanghai), server instants and periods.

Nothing here reads the clock: the instant comes from the edge (``Settings.clock``), services get it as ``now``.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")

#: The years of periods, and of days that pages count from.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9900

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_YEAR: Final = re.compile(r"([0-9]{4})(?:-(?:Q([1-4])|H([12])))?")


def system_clock() -> datetime:
    """Return the present instant; the default of ``Settings.clock``."""
    return datetime.now(UTC)


def legal_day(instant: datetime) -> date:
    """Return the calendar day in China on which ``instant`` (aware) falls."""
    return instant.astimezone(SHANGHAI).date()


def parse_day(text: str) -> date:
    """Return the day written ``YYYY-MM-DD``; ValueError for any other form and for a day that does not exist."""
    if not _DAY.fullmatch(text):
        raise ValueError("日期写作 YYYY-MM-DD / a day is written YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"没有这一天 / there is no day {text}") from None


def parse_instant(text: str) -> datetime:
    """Return the aware instant of an RFC 3339 text with offset, exact to the microsecond; else ValueError."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(
            "时刻按 RFC 3339 并写明时差 / an instant is written like 2025-08-03T09:00:00+08:00 (RFC 3339 with offset)"
        )
    try:
        instant = datetime.fromisoformat(text.upper())
        instant.astimezone(UTC)
        legal_day(instant)
    except (ValueError, OverflowError):
        raise ValueError(f"没有这个时刻 / there is no instant {text}") from None
    return instant


@dataclass(frozen=True, slots=True)
class Period:
    """Legal days ``start`` to ``end``, both included."""

    start: date
    end: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2025``, ``2025-Q3``, ``2025-H1`` or ``2025-01-01..2025-06-30``; ValueError otherwise."""
        if named := _YEAR.fullmatch(text):
            year, quarter, half = int(named[1]), named[2], named[3]
            first, months = (int(quarter) * 3 - 2, 3) if quarter else (int(half) * 6 - 5, 6) if half else (1, 12)
            _check_years(year, year)
            return cls(date(year, first, 1), month_end(year, first + months - 1))
        first_text, dots, last_text = text.partition("..")
        if not dots:
            raise ValueError(
                "统计期写法 2025、2025-Q3、2025-H1 / a period is 2025, 2025-Q3, 2025-H1 or 2025-01-01..2025-06-30"
            )
        start, end = parse_day(first_text), parse_day(last_text)
        if end < start:
            raise ValueError("统计期止早于起 / the period ends before it begins")
        _check_years(start.year, end.year)
        return cls(start, end)

    @property
    def years(self) -> range:
        """The calendar years that the period touches."""
        return range(self.start.year, self.end.year + 1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


def _check_years(first: int, last: int) -> None:
    if first < FIRST_YEAR or last > LAST_YEAR:
        raise ValueError(
            f"统计期在 {FIRST_YEAR} 至 {LAST_YEAR} 年之间 / a period lies in the years {FIRST_YEAR} to {LAST_YEAR}"
        )


def month_end(year: int, month: int) -> date:
    """Return the last day of a month (1 to 12)."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
