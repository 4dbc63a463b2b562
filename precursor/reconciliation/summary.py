"""What the targets page says, counted once for all who ask the same: figures, months, who acts, where.

To count a large register takes seconds, and its page is opened often. So what was counted is kept in the process,
never silently: it is dropped at the next entry in the audit log, and only where counting took long is it kept
on for a while, with its time shown.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.areas.service import City
from precursor.audit.models import AuditEntry
from precursor.core.access import Scope
from precursor.core.clock import Period, legal_day, month_end
from precursor.reconciliation import service
from precursor.reconciliation.figures import BY_KEY, FIGURES, Gap
from precursor.reconciliation.service import Counted, Rate, Round
from precursor.reconciliation.view import View
from precursor.rules.gaps import GAPS

#: The targets that come first, and whose months are shown.
HEADLINE: Final = ("K1", "K2", "K3", "K4")
MONTHS: Final = 12
OLDEST: Final = 8
#: A count that took this many seconds is kept after new entries, for so many times as long as it took.
SLOW: Final = 2.0
KEPT: Final = 100
_MOST: Final = 64
_MOST_LISTS: Final = 8
#: So many counts go on at a time; the other threads serve what is quick.
AT_ONCE: Final = 2
#: So many numbers before the latest may belong to transactions that have not ended.
IN_FLIGHT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Gaps of one kind that one party must close: how many, and the oldest day of them."""

    code: str
    owner: str
    count: int
    since: date


def waiting(gaps: Iterable[Gap]) -> list[Waiting]:
    """What waits for whom, the oldest first."""
    found: dict[tuple[str, str], list[date]] = defaultdict(list)
    for gap in gaps:
        found[gap.code, gap.owner].append(gap.since)
    all_ = [Waiting(code, owner, len(days), min(days)) for (code, owner), days in found.items()]
    return sorted(all_, key=lambda one: (one.since, one.code, one.owner))


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a view.

    ``gaps`` are the oldest, those that lower a target first; None where the reader may not see which they are.
    """

    counted: list[Counted]
    months: dict[str, list[tuple[date, Rate]]]
    live: dict[str, Any]
    rounds: list[Round]
    checks: dict[date, int]
    gaps: list[Gap] | None
    gap_count: int
    waiting: list[Waiting]
    by_party: dict[str, int]
    by_county: dict[str, int]
    counted_at: datetime
    seconds: float
    last_entry: tuple[int, int]

    def owners(self, most: int = 8) -> list[tuple[str, int, date]]:
        """Who must close the most: how many gaps, and since when the oldest of them."""
        counts: Counter[str] = Counter()
        since: dict[str, date] = {}
        for one in self.waiting:
            counts[one.owner] += one.count
            since[one.owner] = min(one.since, since.get(one.owner, one.since))
        return [(owner, count, since[owner]) for owner, count in counts.most_common(most)]


def make(
    session: Session,
    city: City,
    view: View,
    scope: Scope | None,
    now: datetime,
    gaps_of: Callable[[Session, View], list[Gap]] = service.gaps,
) -> Summary:
    """Count everything. ``scope``: whose gaps are listed; None for none."""
    began = time.perf_counter()
    latest = last_entry(session)
    counted = [service.count(session, view, figure, city.counties) for figure in FIGURES]
    months = {key: [_month(session, city, view, key, first) for first in months_of(view)] for key in HEADLINE}
    live = service.coverage(session, view)["live"]
    gaps = service.in_scope(session, gaps_of(session, view), scope) if scope else []
    return Summary(
        counted=counted,
        months=months,
        live=live,
        rounds=service.rounds_of(session, view),
        checks=service.checks_by_day(session, view),
        gaps=sorted(gaps, key=lambda gap: (not lowers(gap), gap.since))[:OLDEST] if scope else None,
        gap_count=len(gaps),
        waiting=waiting(gaps),
        by_party=Counter(party for gap in gaps for party in gap.parties),
        by_county=Counter(gap.area for gap in gaps),
        counted_at=now,
        seconds=time.perf_counter() - began,
        last_entry=latest,
    )


def lowers(gap: Gap) -> bool:
    """Whether a gap lowers a target that stands first."""
    kind = GAPS[gap.code]
    return kind.lowers and kind.figure in HEADLINE


def months_of(view: View) -> list[date]:
    """The first days of the twelve months up to the last day that is seen."""
    last = view.last_seen_day.replace(day=1)
    found = [last]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(1)).replace(day=1))
    return found[::-1]


def _month(session: Session, city: City, view: View, key: str, first: date) -> tuple[date, Rate]:
    of_month = replace(view, period=Period(first, month_end(first.year, first.month)))
    return first, service.count(session, of_month, BY_KEY[key], city.counties).total


def last_entry(session: Session) -> tuple[int, int]:
    """How far the audit log has come: its latest number, and how many entries stand among the numbers before it.

    On PostgreSQL a transaction may end after a later one: then the first stays as it is and the second does not.
    """
    latest = session.scalar(sa.select(sa.func.max(AuditEntry.id))) or 0
    before = sa.select(sa.func.count()).where(AuditEntry.id > latest - IN_FLIGHT)
    return latest, session.scalar(before) or 0


def _key(city: City, view: View, scope: Scope | None) -> tuple[Any, ...]:
    whose = scope and (scope.reach, scope.area_id, scope.enterprise_id)
    return city.id, view.period, view.as_of, view.areas, whose


class Kept:
    """Summaries of one process, the latest asked for; each counted once, and few at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, slow: float = SLOW) -> None:
        self._clock, self._slow = clock, slow
        self._kept: dict[tuple[Any, ...], tuple[float, Summary]] = {}
        self._lists: dict[tuple[Any, ...], tuple[tuple[int, int], list[Gap]]] = {}
        self._locks: dict[tuple[Any, ...], threading.Lock] = defaultdict(threading.Lock)
        self._counting = threading.Semaphore(AT_ONCE)
        self._keeping = threading.Lock()  # what is kept is put in and thrown out by one thread at a time

    def get(
        self, session: Session, city: City, view: View, scope: Scope | None, now: datetime, *, fresh: bool = False
    ) -> Summary:
        """The summary of a view; ``fresh``: counted anew, unless that was done just now."""
        key = _key(city, view, scope)
        found = self._found(session, key, fresh=fresh)
        if found is None:
            with self._locks[key], self._counting:
                found = self._found(session, key, fresh=fresh)  # another thread may have counted meanwhile
                found = found or self._count(session, city, view, scope, now, key)
        return found

    def gaps(self, session: Session, view: View) -> list[Gap]:
        """Every gap of a view, as of the last entry; the lists of a few views are kept."""
        key, latest = (view.period, view.as_of, view.areas), last_entry(session)
        made_at, found = self._lists.get(key, (None, None))
        if found is None or made_at != latest:
            found = service.gaps(session, view)
            with self._keeping:
                newer = self._lists.pop(key, (latest, found))
                self._lists[key] = newer if newer[0] > latest else (latest, found)
                while len(self._lists) > _MOST_LISTS:
                    self._lists.pop(next(iter(self._lists)))
        return found

    def listed(self, view: View) -> list[Gap] | None:
        """The list as it was last made, if it is still kept."""
        return self._lists.get((view.period, view.as_of, view.areas), (None, None))[1]

    def latest(self, city: City, view: View, scope: Scope | None) -> Summary | None:
        """The summary as it was last counted, however much was recorded since."""
        return self._kept.get(_key(city, view, scope), (0.0, None))[1]

    def _found(self, session: Session, key: tuple[Any, ...], *, fresh: bool = False) -> Summary | None:
        made_at, found = self._kept.get(key, (0.0, None))
        if found is None:
            return None
        age = self._clock() - made_at
        if fresh and age > found.seconds:  # so that to ask again and again costs no more than half of the time
            return None
        is_recent = found.seconds >= self._slow and age <= found.seconds * KEPT
        return found if is_recent or found.last_entry == last_entry(session) else None

    def _count(
        self, session: Session, city: City, view: View, scope: Scope | None, now: datetime, key: tuple[Any, ...]
    ) -> Summary:
        found = make(session, city, view, scope, now, self.gaps)
        today = legal_day(now)
        with self._keeping:
            self._kept.pop(key, None)
            self._kept[key] = self._clock(), found
            while len(self._kept) > _MOST:  # other days first: what everybody asks for is of today
                old = next((k for k in self._kept if k[2] != today), next(iter(self._kept)))
                self._kept.pop(old)
                self._locks.pop(old, None)
        return found
