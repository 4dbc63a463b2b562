"""Which inspections a plan asks for: one slot for each window of each enterprise.

The grade in force on the first day of a calendar quarter (or on the day of registration, when that comes
later in the quarter) decides: a C asks for that quarter, a B for that half-year, an A for that year. What
several quarters ask for alike is one slot.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from inspection_schedules.frequencies import Grade
from inspection_schedules.windows import Window, window_of

QUARTER = 3


@dataclass(frozen=True, slots=True)
class Graded:
    """An enterprise as the planner sees it; ``grades`` ascending by the day since when each is in force."""

    id: int
    registered_on: date
    grades: Sequence[tuple[date, Grade]]

    def grade_on(self, day: date) -> Grade | None:
        """The grade in force on ``day``; None before the first."""
        found = None
        for since, grade in self.grades:
            if since > day:
                break
            found = grade
        return found


@dataclass(frozen=True, slots=True)
class Slot:
    """One inspection that is asked for; ``grade`` is the one that asked first."""

    enterprise: int
    window: Window
    grade: Grade


def slots(
    enterprises: Iterable[Graded], years: Iterable[int], months: Mapping[Grade, int], min_active_days: int
) -> Iterator[Slot]:
    """Yield every slot of the ``years``, by enterprise, then window.

    ``min_active_days``: a quarter with fewer days since registration asks for nothing.
    """
    quarters = [window_of(date(year, month, 1), QUARTER) for year in years for month in (1, 4, 7, 10)]
    for enterprise in enterprises:
        asked: dict[Window, Grade] = {}
        for quarter in quarters:
            first = max(quarter.start, enterprise.registered_on)
            if (quarter.end - first).days + 1 < max(min_active_days, 1):
                continue
            if grade := enterprise.grade_on(first):
                asked.setdefault(window_of(quarter.start, months[grade]), grade)
        for window in sorted(asked):
            yield Slot(enterprise.id, window, asked[window])
