"""Whose hand books the story, and when: noon of the simulated day."""

from dataclasses import dataclass
from datetime import date, datetime, time

from precursor import audit
from precursor.core.clock import SHANGHAI


@dataclass(frozen=True, slots=True)
class Booking:
    """The actor of the demonstration; nothing is recorded after ``today``."""

    actor: audit.Actor
    today: date

    def at(self, day: date) -> tuple[audit.Actor, datetime]:
        """Who and when, as services want it."""
        return self.actor, datetime.combine(min(day, self.today), time(12), SHANGHAI)
