"""K1 off-site delegation; what is asked of registered enterprises: K8 to K11, K15."""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.areas.models import Area
from precursor.core.clock import Period, month_end
from precursor.core.db import LegalDay, days_after, rows
from precursor.enterprises.models import (
    Delegation,
    DelegationAnswer,
    GradeEntry,
    InformationOfficer,
    OfficerLeave,
    Party,
    Site,
)
from precursor.reconciliation.view import View, flag, is_true
from precursor.rules.working_days import last_day_on_time
from precursor.supervision.models import AnnualReport, EquipmentEvent


def _days(first: date, last: date) -> sa.CTE:
    """Every day from ``first`` to ``last``."""
    day = sa.literal(first, LegalDay())
    days = sa.select(day.label("day")).where(day <= sa.literal(last, LegalDay())).cte("days", recursive=True)
    return days.union_all(sa.select(days_after(days.c.day, 1).label("day")).where(days.c.day < last))


def offsite_sites(view: View) -> sa.Select:
    """K1: one unit for each off-site place active in the period; its uncovered days (DEFINITIONS D11)."""
    last = view.last_seen_day
    days = _days(view.period.start, last)
    must_be_covered = days_after(Site.open_on, view.parameters.delegation_grace_days)
    accepted, revoked = aliased(DelegationAnswer), aliased(DelegationAnswer)
    covered = (
        sa.select(Delegation.id)
        .join(
            accepted,
            sa.and_(
                accepted.delegation_id == Delegation.id,
                accepted.answer == "accepted",
                view.seen(accepted.recorded_on),
            ),
        )
        .outerjoin(
            revoked,
            sa.and_(
                revoked.delegation_id == Delegation.id,
                revoked.answer == "revoked",
                view.seen(revoked.recorded_on),
            ),
        )
        .where(
            Delegation.site_id == Site.id,
            Delegation.delegator_id == Party.area_id,
            Delegation.delegate_id == Site.area_id,
            days.c.day.between(accepted.day, Delegation.valid_to),
            sa.or_(revoked.day.is_(None), days.c.day < revoked.day),
        )
        .correlate(Site, Party, days)
        .exists()
    )
    uncovered = sa.func.count(days.c.day)
    return (
        sa.select(
            Area.outside_id.label("area"),
            Site.outside_id.label("unit"),
            flag(uncovered == 0).label("ok"),
            flag(sa.or_(uncovered > 0, ~is_true(Site.registered))).label("flagged"),
            uncovered.label("uncovered"),
            sa.func.min(days.c.day).label("since"),
            sa.func.max(days.c.day).label("until"),
            flag(is_true(Site.registered)).label("registered"),
            Site.open_on.label("open_on"),
            Party.outside_id.label("enterprise"),
        )
        .select_from(Site)
        .join(Party, Party.id == Site.enterprise_id)
        .join(Area, Area.id == Party.area_id)
        .outerjoin(
            days,
            sa.and_(
                days.c.day >= must_be_covered,
                days.c.day <= sa.func.coalesce(Site.closed_on, last),
                ~covered,
            ),
        )
        .where(
            Site.area_id != Party.area_id,
            view.counts(Party.area_id),
            Site.open_on <= last,
            sa.literal(view.period.start, LegalDay()) <= last,
            sa.func.coalesce(Site.closed_on, last) >= view.period.start,
        )
        .group_by(Area.outside_id, Site.outside_id, Site.registered, Site.open_on, Party.outside_id)
    )


def _registered_by(view: View, day: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        ~is_true(Party.is_external),
        Party.registered_on <= day,
        view.seen(Party.recorded_on),
        view.counts(Party.area_id),
    )


def annual_reports(view: View) -> sa.Select:
    """K8: one unit for each enterprise registered before the year in which the report is due."""
    dues = rows(
        [(year, due) for year in view.period.years if (due := due_day(view, year)) in _come(view)],
        year=sa.BigInteger(),
        due=LegalDay(),
    )
    new_year = rows([(year, date(year, 1, 1)) for year in view.period.years], year=sa.BigInteger(), day=LegalDay())
    handed_in = AnnualReport.day.is_not(None)
    on_time = sa.and_(handed_in, AnnualReport.day <= dues.c.due)
    return (
        sa.select(
            Area.outside_id.label("area"),
            Party.outside_id.label("unit"),
            flag(on_time).label("ok"),
            flag(sa.not_(sa.func.coalesce(on_time, sa.false()))).label("flagged"),
            flag(handed_in).label("reported"),
            dues.c.due.label("since"),
            Party.outside_id.label("enterprise"),
        )
        .select_from(Party)
        .join(Area, Area.id == Party.area_id)
        .join(dues, sa.true())
        .join(new_year, new_year.c.year == dues.c.year)
        .outerjoin(
            AnnualReport,
            sa.and_(
                AnnualReport.enterprise_id == Party.id,
                AnnualReport.year == dues.c.year - 1,
                view.seen(AnnualReport.recorded_on),
            ),
        )
        .where(_registered_by(view, view.as_of), Party.registered_on < new_year.c.day)
    )


def _come(view: View) -> Period:
    return Period(view.period.start, view.last_seen_day)


def due_day(view: View, year: int) -> date:
    """The day in ``year`` on which the annual report is due."""
    month, day = map(int, view.parameters.annual_report_due.split("-"))
    return min(date(year, month, 1) + timedelta(day - 1), month_end(year, month))


def graded(view: View) -> sa.Select:
    """K9: one unit for each enterprise registered; ok with a grade in force."""
    in_force = (
        sa.exists()
        .where(
            GradeEntry.enterprise_id == Party.id,
            GradeEntry.since <= view.last_seen_day,
            view.seen(GradeEntry.recorded_on),
        )
        .correlate(Party)
    )
    return _each_enterprise(view, in_force)


def officers(view: View) -> sa.Select:
    """K10: one unit for each enterprise registered; ok with an information officer."""
    left = (
        sa.exists()
        .where(
            OfficerLeave.officer_id == InformationOfficer.id,
            OfficerLeave.until < view.last_seen_day,
            view.seen(OfficerLeave.recorded_on),
        )
        .correlate(InformationOfficer)
    )
    named = (
        sa.exists()
        .where(
            InformationOfficer.enterprise_id == Party.id,
            ~left,
            sa.or_(InformationOfficer.since.is_(None), InformationOfficer.since <= view.last_seen_day),
            sa.or_(InformationOfficer.recorded_on.is_(None), view.seen(InformationOfficer.recorded_on)),
        )
        .correlate(Party)
    )
    return _each_enterprise(view, named)


def _each_enterprise(view: View, holds: sa.ColumnElement[bool]) -> sa.Select:
    return (
        sa.select(
            Area.outside_id.label("area"),
            Party.outside_id.label("unit"),
            flag(holds).label("ok"),
            flag(sa.not_(holds)).label("flagged"),
            Party.registered_on.label("since"),
            Party.outside_id.label("enterprise"),
        )
        .select_from(Party)
        .join(Area, Area.id == Party.area_id)
        .where(_registered_by(view, view.last_seen_day))
    )


def associations(view: View) -> sa.Select:
    """K11: one unit for each county with so many enterprises that it needs an association; none is recorded yet."""
    return (
        sa.select(
            Area.outside_id.label("area"),
            Area.outside_id.label("unit"),
            sa.literal(0).label("ok"),
            sa.literal(0).label("flagged"),
        )
        .select_from(Area)
        .join(Party, Party.area_id == Area.id)
        .where(_registered_by(view, view.last_seen_day))
        .group_by(Area.outside_id)
        .having(sa.func.count() >= view.parameters.association_threshold)
    )


def equipment(view: View) -> sa.Select:
    """K15: one unit for each lease or transfer of the period whose last day on time has come."""
    allowed = view.parameters.equipment_report_working_days
    first, last = view.period.start, view.last_seen_day
    days = [first + timedelta(n) for n in range(max((last - first).days + 1, 0))]
    deadlines = rows([(day, last_day_on_time(day, allowed)) for day in days], day=LegalDay(), deadline=LegalDay())
    reported = view.seen(EquipmentEvent.report_recorded_on)
    on_time = sa.and_(reported, EquipmentEvent.reported_on <= deadlines.c.deadline)
    return (
        sa.select(
            Area.outside_id.label("area"),
            EquipmentEvent.outside_id.label("unit"),
            flag(on_time).label("ok"),
            flag(sa.not_(on_time)).label("flagged"),
            flag(reported).label("reported"),
            deadlines.c.deadline.label("since"),
            Party.outside_id.label("enterprise"),
        )
        .select_from(EquipmentEvent)
        .join(deadlines, deadlines.c.day == EquipmentEvent.day)
        .join(Party, Party.id == EquipmentEvent.enterprise_id)
        .join(Area, Area.id == Party.area_id)
        .where(view.seen(EquipmentEvent.recorded_on), view.counts(Party.area_id), deadlines.c.deadline <= view.as_of)
    )
