"""Counts, rates, gap lists; publication of a figure; the inspection plan."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inspection_schedules import Frequencies, combine
from precursor import audit
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.areas.service import City
from precursor.checkpoints.models import RoadCheck
from precursor.core import canonical
from precursor.core.access import OF_ENTERPRISE, Reach, Scope
from precursor.core.clock import Period
from precursor.core.errors import NotFound
from precursor.enterprises.models import Party
from precursor.enterprises.scoping import visible
from precursor.inspections.models import Inspection
from precursor.permits.models import Permit
from precursor.reconciliation import documents, rounds, writeoff
from precursor.reconciliation.figures import FIGURES, Figure, Gap, of_period, stocktake_gap
from precursor.reconciliation.models import Publication
from precursor.reconciliation.view import View
from precursor.rules.gaps import GAPS
from precursor.rules.targets import is_met, lacking, percentage

#: Numbers named in one statement.
_AT_ONCE: Final = 500
#: The plans whose frequencies count, until a register chooses others.
PLAN: Final[Frequencies] = combine("jinhua-2018", "qianjiang")


@dataclass(frozen=True, slots=True)
class Rate:
    """``n`` of ``d`` units are done."""

    n: int
    d: int

    @property
    def pct(self) -> str | None:
        """In percent with two places, for display; None where nothing was due."""
        return percentage(self.n, self.d)

    @property
    def short(self) -> int:
        """How many are missing."""
        return self.d - self.n


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure, counted: in all and by county (outside id), every county of the view included."""

    figure: Figure
    target: str | None
    total: Rate
    by_area: dict[str, Rate]

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without a target, or where nothing was due."""
        return is_met(self.total.n, self.total.d, self.target)

    def lacking(self, rate: Rate) -> int:
        """How many more would reach the target; 0 where it is reached, or there is none."""
        return lacking(rate.n, rate.d, self.target)


def view_of(city: City, period: Period, as_of: date, area: Area | None = None) -> View:
    """The view of the whole city, or of one of its counties. NotFound for an area outside the city."""
    counties = {county.id for county in city.counties}
    if area is None or area.id == city.id:
        chosen = tuple(sorted(counties))
    elif area.id in counties:
        chosen = (area.id,)
    else:
        raise NotFound(
            f"{area.outside_id} 不是 {city.outside_id} 的县区 / {area.outside_id} is no county of {city.outside_id}"
        )
    return View(period, as_of, chosen, city.parameters, PLAN)


def open_view(session: Session, period: Period, as_of: date, area: str | None = None) -> tuple[City, View]:
    """The city of this register, and a view of it or of the area that is called so."""
    city = areas.city(session)
    return city, view_of(city, period, as_of, areas.by_outside_id(session, area) if area else None)


def count(session: Session, view: View, figure: Figure, counties: Sequence[Area]) -> Counted:
    """Count one figure: one set-based query, grouped by county."""
    units = figure.units(session, view).subquery()
    query = sa.select(units.c.area, sa.func.sum(units.c[figure.done]), sa.func.count()).group_by(units.c.area)
    found = {area: Rate(int(n), d) for area, n, d in session.execute(query)}
    by_area = {c.outside_id: found.get(c.outside_id, Rate(0, 0)) for c in counties if c.id in view.areas}
    total = Rate(sum(r.n for r in by_area.values()), sum(r.d for r in by_area.values()))
    return Counted(figure, figure.target(view), total, by_area)


def unit_ids(session: Session, view: View, figure: Figure) -> Iterator[tuple[str, bool]]:
    """Every unit that a figure counts, and whether it is done: streamed, by unit."""
    units = figure.units(session, view).subquery()
    query = sa.select(units.c.unit, units.c[figure.done]).order_by(units.c.unit)
    for unit, done in session.execute(query.execution_options(yield_per=5_000)):
        yield unit, bool(done)


def faults_of(session: Session, view: View, movements: Sequence[str]) -> dict[str, str | None]:
    """Of movements: the code of what keeps each from being written off, None for those that are.

    A movement that the view does not count (not of the period, of another area, reversed) is not in the answer.
    """
    units = writeoff.movements(view).subquery()
    found: dict[str, str | None] = {}
    for start in range(0, len(movements), _AT_ONCE):
        query = sa.select(units.c.unit, units.c.code).where(units.c.unit.in_(movements[start : start + _AT_ONCE]))
        found |= {unit: code for unit, code in session.execute(query)}  # noqa: C416 - rows are no pairs
    return found


def verification_due(session: Session, view: View, document: str) -> date | None:
    """By when a document that is over was to be verified (K2); None while it is not over."""
    closed = documents.closings(view)
    query = (
        sa.select(closed.c.due)
        .join(Permit, sa.and_(Permit.enterprise_id == closed.c.enterprise_id, Permit.id == closed.c.id))
        .where(Permit.outside_id == document, closed.c.closed_on <= view.as_of)
    )
    return session.scalar(query)


def writeoff_by_month(session: Session, view: View, enterprise: int) -> dict[date, Rate]:
    """K4 of the movements of one enterprise: by the first day of each month in which something moved."""
    units = writeoff.movements(view, enterprise).subquery()
    done: dict[date, list[int]] = defaultdict(list)
    for day, ok in session.execute(sa.select(units.c.day, units.c.ok)):
        done[day.replace(day=1)].append(ok)
    return {first: Rate(sum(oks), len(oks)) for first, oks in done.items()}


def gaps_of(session: Session, view: View, figure: Figure) -> Iterator[Gap]:
    """The gaps of one figure, by unit."""
    units = figure.units(session, view).subquery()
    query = sa.select(units).where(units.c.flagged == 1).order_by(units.c.unit)
    for row in session.execute(query.execution_options(yield_per=5_000)):
        yield from figure.gaps(row)


def gaps(session: Session, view: View) -> list[Gap]:
    """Every gap of the period, in the order of its line."""
    found = [
        gap
        for figure in FIGURES
        for gap in gaps_of(session, view, figure)
        if GAPS[gap.code].figure == figure.key  # K2b fails what K2 fails, too: it is one gap
    ]
    found += variances(session, view)
    return sorted(found, key=lambda gap: (gap.line, gap.since))


def in_scope(session: Session, found: list[Gap], scope: Scope) -> list[Gap]:
    """The gaps that the scope shows: of the own enterprise, or of the own kind of substance and of enterprise."""
    if scope.reach in OF_ENTERPRISE:
        own = session.scalar(sa.select(Party.outside_id).where(Party.id == scope.enterprise_id))
        return [gap for gap in found if own in gap.parties]
    hidden = {Reach.DOM_PHARMA: False, Reach.DOM_NONPHARMA: True}.get(scope.reach)
    if hidden is None:
        return found
    seen = sa.select(Party.outside_id).where(Party.is_external == sa.false(), visible(scope, enterprise=Party.id))
    known = set(session.scalars(seen))
    return [
        gap
        for gap in found
        if (gap.is_drug is not hidden if gap.is_drug is not None else not gap.parties or gap.parties[0] in known)
    ]


def variances(session: Session, view: View) -> list[Gap]:
    """Stocktakes that differ from the book: gaps that no figure counts."""
    return [stocktake_gap(row) for row in session.execute(writeoff.stocktakes(view))]


def kpi_report(session: Session, city: City, view: View, area: str | None) -> dict[str, Any]:
    """All figures as ``precursor-kpi-report/1``."""
    return {
        "schema": "precursor-kpi-report/1",
        "period": {"start": str(view.period.start), "end": str(view.period.end)},
        "as_of": str(view.as_of),
        "area": area,
        "kpi": {figure.name: _figure_json(session, city, view, figure) for figure in FIGURES},
    }


def _figure_json(session: Session, city: City, view: View, figure: Figure) -> dict[str, Any]:
    counted = count(session, view, figure, city.counties)
    if figure.key == "K14":
        total: dict[str, Any] = {"count": counted.total.d, "late": counted.total.short}
        by_area: dict[str, Any] = {a: {"count": r.d, "late": r.short} for a, r in counted.by_area.items()}
    else:
        total, by_area = _rate_json(counted.total), {a: _rate_json(r) for a, r in counted.by_area.items()}
    found: dict[str, Any] = {
        "target": counted.target,
        "met": counted.met,
        "total": total,
        "by_area": by_area,
        "failed": [
            {
                "id": f"{gap.subject} {gap.detail}" if gap.code == "INSPECTION_MISSED" else gap.subject,
                "code": gap.code,
                "text": gap.line,
            }
            for gap in gaps_of(session, view, figure)
        ],
    }
    if figure.key == "K5":
        found |= coverage(session, view)
    return found


def _rate_json(rate: Rate) -> dict[str, Any]:
    return {"n": rate.n, "d": rate.d, "pct": rate.pct}


def coverage(session: Session, view: View) -> dict[str, Any]:
    """What K5 carries besides: live state, rates by length of window, enterprises that miss nothing."""
    asked = rounds.slots_of(session, view)
    units = rounds.slot_units(view, asked, ended=False).subquery()
    ended = units.c.end <= view.as_of
    live = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((ended, units.c.ok), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((ended, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((ended, 0), else_=units.c.ok)), 0),
            sa.func.count(),
        )
    ).one()
    n, d, early, known = map(int, live)
    span = sa.case((units.c.window.like("%-Y"), "year"), (units.c.window.like("%-H_"), "half"), else_="quarter")
    by_window = {
        name: [int(done), total]
        for name, done, total in session.execute(
            sa.select(span, sa.func.sum(units.c.ok), sa.func.count()).where(ended).group_by(span)
        )
    }
    full = (
        sa.select(units.c.enterprise, sa.func.min(units.c.ok).label("all"))
        .where(ended)
        .group_by(units.c.enterprise)
        .subquery()
    )
    covered = session.execute(
        sa.select(sa.func.coalesce(sa.func.sum(full.c.all), 0), sa.func.count()).select_from(full)
    ).one()
    return {
        "live": {"due": [n, d], "early": early, "pending": known - d - early, "known": known},
        "by_window": {name: by_window.get(name, [0, 0]) for name in ("year", "half", "quarter")},
        "enterprises_fully_covered": [int(covered[0]), covered[1]],
    }


def gap_report(view: View, area: str | None, found: Iterable[Gap]) -> dict[str, Any]:
    """Gaps as ``precursor-gaps/1``."""
    return {
        "schema": "precursor-gaps/1",
        "period": {"start": str(view.period.start), "end": str(view.period.end)},
        "as_of": str(view.as_of),
        "area": area,
        "gaps": [gap_json(gap) for gap in found],
    }


def gap_json(gap: Gap) -> dict[str, str]:
    """One gap for programs."""
    found = {
        "code": gap.code,
        "subject": gap.subject,
        "area": gap.area,
        "detail": gap.detail,
        "since": str(gap.since),
        "owner": gap.owner,
    }
    return found | ({"amount": gap.amount} if gap.amount else {})


def publish(
    session: Session, city: City, view: View, area: str | None, actor: audit.Actor, now: datetime
) -> list[dict[str, Any]]:
    """Freeze every figure as it is now, each with the digest of the ids it counted (DECISIONS 10)."""
    rows = []
    for figure in FIGURES:
        counted = count(session, view, figure, city.counties)
        units: dict[bool, list[str]] = defaultdict(list)
        for unit, done in unit_ids(session, view, figure):
            units[done].append(unit)
        body = {
            "figure": figure.name,
            "period": of_period(view.period),
            "as_of": str(view.as_of),
            "area": area,
            "counted": sorted(units[True] + units[False]),
            "failed": sorted(units[False]),
        }
        rows.append(
            {
                "figure": figure.name,
                "period": of_period(view.period),
                "as_of": view.as_of,
                "area": area,
                "n": counted.total.n,
                "d": counted.total.d,
                "pct": counted.total.pct,
                "digest": canonical.digest(canonical.encode(body)),
                "published_at": now,
                "published_by": actor.account,
            }
        )
    return audit.write(session, Publication, rows, action="figure.publish", actor=actor, now=now)


@dataclass(frozen=True, slots=True)
class Round:
    """The visits of one grade in a period: how many are asked for, done, and missed; the next last day."""

    grade: str
    asked: int
    done: int
    missed: int
    until: date | None


def rounds_of(session: Session, view: View) -> list[Round]:
    """The visits of the period by grade, the least often first."""
    units = rounds.slot_units(view, rounds.slots_of(session, view), ended=False).subquery()
    is_over = units.c.end <= view.as_of
    is_open = sa.and_(units.c.ok == 0, sa.not_(is_over))
    query = (
        sa.select(
            units.c.grade,
            sa.func.count().label("asked"),
            sa.func.sum(units.c.ok).label("done"),
            sa.func.sum(sa.case((sa.and_(units.c.ok == 0, is_over), 1), else_=0)).label("missed"),
            sa.func.min(sa.case((is_open, units.c.end)), type_=units.c.end.type).label("until"),
        )
        .group_by(units.c.grade)
        .order_by(units.c.grade)
    )
    return [
        Round(chr(row.grade), row.asked, int(row.done), int(row.missed), row.until) for row in session.execute(query)
    ]


def checks_by_day(session: Session, view: View) -> dict[date, int]:
    """How many visits by enough officers and road checks there were on each day of the period."""
    visits = (
        sa.select(Inspection.day)
        .join(Party, Party.id == Inspection.enterprise_id)
        .where(
            view.counts(Party.area_id),
            view.dated(Inspection.day),
            view.seen(Inspection.recorded_on),
            Inspection.mode == "onsite",
            Inspection.inspectors >= view.parameters.inspection_min_inspectors,
        )
    )
    roads = sa.select(RoadCheck.day).where(
        view.counts(RoadCheck.area_id), view.dated(RoadCheck.day), view.seen(RoadCheck.recorded_on)
    )
    both = sa.union_all(visits, roads).subquery()
    query = sa.select(both.c.day, sa.func.count()).group_by(both.c.day)
    return {day: count for day, count in session.execute(query)}  # noqa: C416 - rows are no pairs


def plan(session: Session, view: View, only: int | None = None) -> dict[str, Any]:
    """The inspection slots of the period as ``precursor-plan/1``; ``only``: of one enterprise."""
    units = rounds.slot_units(view, rounds.slots_of(session, view, only), ended=False).subquery()
    query = sa.select(units).order_by(units.c.enterprise, units.c.start, units.c.end)
    return {
        "schema": "precursor-plan/1",
        "period": {"start": str(view.period.start), "end": str(view.period.end)},
        "slots": list(_slots_json(session.execute(query), view.as_of)),
    }


def _slots_json(found: Iterable[Any], as_of: date) -> Iterator[dict[str, Any]]:
    for row in found:
        state = "filled" if row.ok else "missed" if row.end <= as_of else "pending"
        yield {
            "enterprise": row.enterprise,
            "window": row.window,
            "start": str(row.start),
            "end": str(row.end),
            "grade": chr(row.grade),
            "state": state,
            "inspection": row.inspection,
        }
