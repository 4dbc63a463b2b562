"""Spans of time as the packs write them: ``{ days = 5 }``, ``{ years = 3, calendar_year = true }``.

Months and years are those of the calendar: a month from January 31 ends on the last day of February.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from precursor.rules.working_days import last_day_on_time


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise ValueError(f"no day in {year}-{month + 1}")


def after(span: Mapping[str, Any], event: date) -> date:
    """The last day of a span that begins with ``event``: what is done on it is still on time."""
    if "working_days" in span:
        return last_day_on_time(event, span["working_days"])
    months = span.get("months", 0) + 12 * span.get("years", 0)
    return add_months(event, months) + timedelta(span.get("days", 0))


def last_valid_day(span: Mapping[str, Any], first: date) -> date:
    """The last day of a validity that begins on ``first``: one month from the 1st is the last of the month.

    ``calendar_year``: never beyond December 31 of the year it begins in.
    """
    year_end = date(first.year, 12, 31)
    months = span.get("months", 0) + 12 * span.get("years", 0)
    if not months:
        return year_end
    last = add_months(first, months) - timedelta(1)
    return min(last, year_end) if span.get("calendar_year") else last


def next_day_of_year(month_day: str, event: date) -> date:
    """The first such day (``MM-DD``) of the year after ``event``."""
    return date.fromisoformat(f"{event.year + 1}-{month_day}")
