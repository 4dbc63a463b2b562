"""What a figure looks at: a period, a day of view, the areas that count, the parameters of the register."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from inspection_schedules import Frequencies
from precursor.core.clock import Period
from precursor.core.db import Expr
from precursor.rules.targets import Parameters


@dataclass(frozen=True, slots=True)
class View:
    """Facts recorded by ``as_of`` are seen, later ones are not; ``areas`` are the counties that count."""

    period: Period
    as_of: date
    areas: tuple[int, ...]
    parameters: Parameters
    plan: Frequencies

    @property
    def last_seen_day(self) -> date:
        """The earlier of ``as_of`` and the period's end."""
        return min(self.as_of, self.period.end)

    def counts(self, area: Expr) -> sa.ColumnElement[bool]:
        """Whether a subject's area counts."""
        return area.in_(self.areas)

    def seen(self, recorded_on: Expr) -> sa.ColumnElement[bool]:
        """Whether a fact is seen."""
        return recorded_on <= self.as_of

    def dated(self, day: Expr) -> sa.ColumnElement[bool]:
        """Whether a fact falls in the period."""
        return day.between(self.period.start, self.period.end)

    def is_due(self, deadline: Expr) -> sa.ColumnElement[bool]:
        """Whether a deadline falls in the period and has come (DEFINITIONS D3, D4)."""
        return deadline.between(self.period.start, self.last_seen_day)


def flag(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """1 where the condition holds, else 0: never unknown, and summed on every engine."""
    return sa.case((condition, 1), else_=0)


def is_true(column: Expr) -> sa.ColumnElement[bool]:
    """A stored flag as a condition, on both engines."""
    return column == sa.true()
