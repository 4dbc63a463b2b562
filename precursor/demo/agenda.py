"""The diary of the story: what happens on which day, booked day by day at noon of the simulated day.

Whatever happens may put more on the diary. What is alike is handed to its service once a day, so that the audit log
reads as it would after two years, and yet two years take seconds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final, ParamSpec

from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.clock import SHANGHAI
from precursor.movements import service as movements

P = ParamSpec("P")
Deed = Callable[[], object]
Service = Callable[..., Any]
ONE: Final = timedelta(1)


@dataclass(slots=True)
class Agenda:
    """What is still to happen; nothing happens after ``today``."""

    session: Session
    actor: audit.Actor
    start: date
    today: date
    day: date = date.min
    deeds: dict[date, list[Deed]] = field(default_factory=lambda: defaultdict(list))
    evening: list[Deed] = field(default_factory=list)
    batches: dict[Service, list[Any]] = field(default_factory=lambda: {movements.record: []})

    def at(self, day: date | None = None) -> tuple[audit.Actor, datetime]:
        """Who and when, as services want it: noon of a day, or of the present one."""
        return self.actor, datetime.combine(day or self.day, time(12), SHANGHAI)

    def by(self, person: str, role: str) -> tuple[audit.Actor, datetime]:
        """Another person in another role, at the same hour."""
        actor, now = self.at()
        return replace(actor, person=person, role=role), now

    def on(self, day: date, deed: Callable[P, object], *args: P.args, **more: P.kwargs) -> None:
        """Put something on the diary: it happens on ``day``, or at once when that is past."""
        if day <= self.today:
            self.deeds[max(day, self.day)].append(partial(deed, *args, **more))

    def tonight(self, deed: Callable[P, object], *args: P.args, **more: P.kwargs) -> None:
        """Put something at the end of the present day."""
        self.evening.append(partial(deed, *args, **more))

    def enter(self, service: Service, command: Any, day: date | None = None) -> None:
        """Hand a command to a service at the end of the day, or of another day, together with its like."""
        if day is None or day <= self.day:
            self.batches.setdefault(service, []).append(command)
        else:
            self.on(day, self.enter, service, command)

    def play(self) -> None:
        """Live through every day, the first to the last."""
        for day in self.days():
            self.day = day
            for deed in self.deeds[day]:  # grows while it is read
                deed()
            del self.deeds[day]
            for deed in self.evening:
                deed()
            self.evening.clear()
            self.close()

    def close(self) -> None:
        """Book what the day brought, movements first: the other records name them."""
        for service, commands in self.batches.items():
            if commands:
                service(self.session, commands, *self.at())
        self.batches = {service: [] for service in self.batches}

    def days(self) -> Iterator[date]:
        """Every day of the story."""
        for n in range((self.today - self.start).days + 1):
            yield self.start + timedelta(n)

    def months(self) -> Iterator[date]:
        """The first day of every month of the story."""
        return (day for day in self.days() if day.day == 1)

    def quarters(self) -> Iterator[date]:
        """The first day of every quarter of the story."""
        return (day for day in self.months() if day.month % 3 == 1)
