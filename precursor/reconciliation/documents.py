"""K2: documents whose verification (核查) falls due; and when and why a document is closed."""

import sqlalchemy as sa

from precursor.areas.models import Area
from precursor.core.db import BaseUnits, LegalDay, days_after, earliest
from precursor.enterprises.models import Party
from precursor.permits.models import Permit, Revocation, Verification
from precursor.permits.service import standing_draws
from precursor.reconciliation.view import View, flag
from precursor.rules.permits import POLICE_VERIFIED, Uses
from precursor.substances.models import Substance


def closings(view: View) -> sa.Subquery:
    """Every document with ``closed_on``, as seen at ``as_of``: it may lie ahead.

    The earliest of the last valid day, the revocation, the draw that empties it, and the first draw of a
    single-use one. Beside it each of these days, and what is drawn.
    """
    draws = standing_draws(view.as_of).subquery()
    so_far = (
        sa.func.sum(draws.c.quantity)
        .over(partition_by=(draws.c.enterprise_id, draws.c.permit_id), order_by=draws.c.day)
        .label("so_far")
    )
    running = sa.select(draws.c.enterprise_id, draws.c.permit_id, draws.c.day, draws.c.quantity, so_far).subquery()
    empties = sa.case((running.c.so_far >= Permit.quantity, running.c.day))
    grouped = (
        sa.select(
            Permit.enterprise_id,
            Permit.id,
            sa.type_coerce(sa.func.min(empties), LegalDay()).label("emptied_on"),
            sa.func.min(running.c.day).label("first_drawn_on"),
            sa.type_coerce(sa.func.coalesce(sa.func.sum(running.c.quantity), 0), BaseUnits()).label("drawn"),
        )
        .outerjoin(
            running, sa.and_(running.c.enterprise_id == Permit.enterprise_id, running.c.permit_id == Permit.id)
        )
        .group_by(Permit.enterprise_id, Permit.id)
        .subquery()
    )
    used_on = sa.case((Permit.uses == Uses.SINGLE.value, grouped.c.first_drawn_on))
    revoked_on = sa.case((Revocation.recorded_on <= view.as_of, Revocation.day))
    closed_on = earliest(Permit.valid_to, revoked_on, grouped.c.emptied_on, used_on)
    return (
        sa.select(
            Permit.enterprise_id,
            Permit.id,
            closed_on.label("closed_on"),
            days_after(closed_on, view.parameters.verification_days_after_close).label("due"),
            sa.type_coerce(revoked_on, LegalDay()).label("revoked_on"),
            sa.type_coerce(used_on, LegalDay()).label("used_on"),
            grouped.c.emptied_on,
            grouped.c.drawn,
        )
        .join(grouped, sa.and_(grouped.c.enterprise_id == Permit.enterprise_id, grouped.c.id == Permit.id))
        .outerjoin(
            Revocation,
            sa.and_(Revocation.enterprise_id == Permit.enterprise_id, Revocation.permit_id == Permit.id),
        )
        .subquery()
    )


def verifications(view: View) -> sa.Subquery:
    """The verifications that are seen."""
    return sa.select(Verification).where(view.seen(Verification.recorded_on)).subquery()


def permits_due(view: View) -> sa.Select:
    """K2 and K2b: one unit for each document of the police whose verification falls due in the period."""
    closed, verified = closings(view), verifications(view)
    is_verified = verified.c.day.is_not(None)
    on_time = sa.and_(is_verified, verified.c.day <= closed.c.due)
    return (
        sa.select(
            Area.outside_id.label("area"),
            Permit.outside_id.label("unit"),
            flag(is_verified).label("ok"),
            flag(on_time).label("on_time"),
            flag(sa.not_(sa.func.coalesce(on_time, sa.false()))).label("flagged"),
            closed.c.due.label("since"),
            Party.outside_id.label("enterprise"),
            flag(Substance.kind == "drug").label("drug"),
        )
        .select_from(Permit)
        .join(Substance, Substance.id == Permit.substance_id)
        .join(closed, sa.and_(closed.c.enterprise_id == Permit.enterprise_id, closed.c.id == Permit.id))
        .join(Area, Area.id == Permit.area_id)
        .join(Party, Party.id == Permit.enterprise_id)
        .outerjoin(
            verified,
            sa.and_(verified.c.enterprise_id == Permit.enterprise_id, verified.c.permit_id == Permit.id),
        )
        .where(
            Permit.kind.in_(sorted(POLICE_VERIFIED)),
            view.counts(Permit.area_id),
            view.is_due(closed.c.due),
        )
    )
