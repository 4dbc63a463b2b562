"""What must happen once in every window: K5 visits, K6 road checks, K12 patrols, K13 quarterly reports; and K5b."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inspection_schedules import Grade, Graded, Slot, Window, slots, windows_ending_in
from precursor.areas.models import Area
from precursor.checkpoints.models import RoadCheck
from precursor.core.db import Expr, LegalDay, days_after, rows
from precursor.enterprises.models import GradeEntry, Party
from precursor.inspections.models import Inspection
from precursor.reconciliation.view import View, flag, is_true
from precursor.supervision.models import KeySite, Patrol, QuarterlyReport

_QUARTER = 3
_INT = sa.BigInteger()


def slots_of(session: Session, view: View, only: int | None = None) -> list[Slot]:
    """The slots of the period, as asked for by the grades that are seen; those whose window ends in it.

    ``only``: of one enterprise.
    """
    known = (
        sa.select(Party.id, Party.registered_on)
        .where(
            ~is_true(Party.is_external),
            view.seen(Party.recorded_on),
            view.counts(Party.area_id),
        )
        .order_by(Party.id)
    )
    grades = (
        sa.select(GradeEntry.enterprise_id, GradeEntry.since, GradeEntry.grade)
        .where(view.seen(GradeEntry.recorded_on))
        .order_by(GradeEntry.since, GradeEntry.recorded_on)
    )
    if only is not None:
        known, grades = known.where(Party.id == only), grades.where(GradeEntry.enterprise_id == only)
    grades_of: dict[int, list[tuple[date, Grade]]] = defaultdict(list)
    for enterprise, since, grade in session.execute(grades):
        grades_of[enterprise].append((since, Grade(grade)))
    enterprises = (
        Graded(number, registered_on, grades_of[number])
        for number, registered_on in session.execute(known)
        if registered_on
    )
    asked = slots(
        enterprises, view.period.years, view.plan.enterprise_months, view.parameters.inspection_min_active_days
    )
    return [slot for slot in asked if slot.window.end in view.period]


def slot_units(view: View, asked: Sequence[Slot], *, ended: bool = True) -> sa.Select:
    """K5: one unit for each slot; filled by the first on-site visit in its window by enough inspectors.

    ``ended``: only slots whose window has ended by ``as_of``, which are the ones that count.
    """
    windows = sorted({slot.window for slot in asked})
    number = {window: index for index, window in enumerate(windows)}
    names = _names(windows)
    wanted = rows(
        [
            (slot.enterprise, slot.window.start, slot.window.end, number[slot.window], ord(slot.grade))
            for slot in asked
            if not ended or slot.window.end <= view.as_of
        ],
        enterprise_id=_INT,
        start=LegalDay(),
        end=LegalDay(),
        window=_INT,
        grade=_INT,
    )
    filled_by = (
        sa.select(sa.func.min(Inspection.id))
        .where(
            Inspection.enterprise_id == wanted.c.enterprise_id,
            Inspection.day.between(wanted.c.start, wanted.c.end),
            Inspection.mode == "onsite",
            Inspection.inspectors >= view.parameters.inspection_min_inspectors,
            view.seen(Inspection.recorded_on),
        )
        .correlate(wanted)
        .scalar_subquery()
    )
    filled = sa.select(wanted, filled_by.label("inspection_id")).subquery()
    return (
        sa.select(
            Area.outside_id.label("area"),
            (Party.outside_id + " " + names(filled.c.window)).label("unit"),
            flag(filled.c.inspection_id.is_not(None)).label("ok"),
            flag(filled.c.inspection_id.is_(None)).label("flagged"),
            filled.c.end.label("since"),
            Party.outside_id.label("enterprise"),
            filled.c.start.label("start"),
            filled.c.end.label("end"),
            names(filled.c.window).label("window"),
            filled.c.grade.label("grade"),
            Inspection.outside_id.label("inspection"),
        )
        .select_from(filled)
        .join(Party, Party.id == filled.c.enterprise_id)
        .join(Area, Area.id == Party.area_id)
        .outerjoin(Inspection, Inspection.id == filled.c.inspection_id)
    )


def _names(windows: Sequence[Window]) -> Callable[[Expr], sa.ColumnElement[str]]:
    def named(column: Expr) -> sa.ColumnElement[str]:
        if not windows:
            return sa.literal("")
        return sa.case({index: window.name for index, window in enumerate(windows)}, value=column, else_="")

    return named


def entries(view: View) -> sa.Select:
    """K5b: one unit for each inspection of the period; ok when it was entered in time."""
    on_time = Inspection.recorded_on <= days_after(Inspection.day, view.parameters.inspection_entry_days)
    return (
        sa.select(
            Area.outside_id.label("area"),
            Inspection.outside_id.label("unit"),
            flag(on_time).label("ok"),
            flag(sa.not_(on_time)).label("flagged"),
            Inspection.recorded_on.label("since"),
            Party.outside_id.label("enterprise"),
        )
        .select_from(Inspection)
        .join(Party, Party.id == Inspection.enterprise_id)
        .join(Area, Area.id == Party.area_id)
        .where(view.dated(Inspection.day), view.seen(Inspection.recorded_on), view.counts(Party.area_id))
    )


def _windows(view: View, months: int) -> list[Window]:
    return [w for w in windows_ending_in(view.period.start, view.period.end, months) if w.end <= view.as_of]


def _window_rows(windows: Sequence[Window]) -> sa.CTE:
    return rows(
        [(window.start, window.end, index) for index, window in enumerate(windows)],
        start=LegalDay(),
        end=LegalDay(),
        window=_INT,
    )


def road_checks(view: View) -> sa.Select:
    """K6: one unit for each county and window of the plan; ok with a road check dated in it."""
    windows = _windows(view, view.plan.road_months)
    window, name = _window_rows(windows), _names(windows)
    held = (
        sa.exists()
        .where(
            RoadCheck.area_id == Area.id,
            RoadCheck.day.between(window.c.start, window.c.end),
            view.seen(RoadCheck.recorded_on),
        )
        .correlate(Area, window)
    )
    return (
        sa.select(
            Area.outside_id.label("area"),
            (Area.outside_id + " " + name(window.c.window)).label("unit"),
            flag(held).label("ok"),
            flag(sa.not_(held)).label("flagged"),
            window.c.end.label("since"),
        )
        .select_from(Area)
        .join(window, sa.true())
        .where(view.counts(Area.id))
    )


def patrols(view: View) -> sa.Select:
    """K12: one unit for each key site and window, from the window of its first day on; ok with a patrol in it."""
    windows = _windows(view, view.plan.key_site_months)
    window, name = _window_rows(windows), _names(windows)
    held = (
        sa.exists()
        .where(
            Patrol.key_site_id == KeySite.id,
            Patrol.day.between(window.c.start, window.c.end),
            view.seen(Patrol.recorded_on),
        )
        .correlate(KeySite, window)
    )
    return (
        sa.select(
            Area.outside_id.label("area"),
            (KeySite.outside_id + " " + name(window.c.window)).label("unit"),
            flag(held).label("ok"),
            flag(sa.not_(held)).label("flagged"),
            window.c.end.label("since"),
        )
        .select_from(KeySite)
        .join(Area, Area.id == KeySite.area_id)
        .join(window, KeySite.since <= window.c.end)
        .where(view.counts(KeySite.area_id))
    )


def quarterly_reports(view: View) -> sa.Select:
    """K13: one unit for each county and quarter whose deadline falls in the period and has come."""
    day = view.parameters.quarterly_report_due_day
    quarters = [
        (window.start.year, window.end.month // _QUARTER, due)
        for year in view.period.years
        for window in windows_ending_in(date(year, 1, 1), date(year, 12, 31), _QUARTER)
        if (due := window.end.replace(day=day)) in view.period and due <= view.as_of
    ]
    dues = rows(quarters, year=_INT, quarter=_INT, due=LegalDay())
    handed_in = QuarterlyReport.day.is_not(None)
    on_time = sa.and_(handed_in, QuarterlyReport.day <= dues.c.due)
    name = sa.cast(dues.c.year, sa.Text()) + sa.literal("-Q") + sa.cast(dues.c.quarter, sa.Text())
    return (
        sa.select(
            Area.outside_id.label("area"),
            (Area.outside_id + " " + name).label("unit"),
            flag(on_time).label("ok"),
            flag(sa.not_(sa.func.coalesce(on_time, sa.false()))).label("flagged"),
            flag(handed_in).label("reported"),
            dues.c.due.label("since"),
        )
        .select_from(Area)
        .join(dues, sa.true())
        .outerjoin(
            QuarterlyReport,
            sa.and_(
                QuarterlyReport.area_id == Area.id,
                QuarterlyReport.year == dues.c.year,
                QuarterlyReport.quarter == dues.c.quarter,
                view.seen(QuarterlyReport.recorded_on),
            ),
        )
        .where(view.counts(Area.id))
    )
