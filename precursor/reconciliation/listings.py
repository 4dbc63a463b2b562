"""Stock and documents as programs read them."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import ledger
from precursor.core import quantity
from precursor.enterprises.models import Party, Site
from precursor.permits.models import Permit
from precursor.reconciliation.documents import closings, verifications
from precursor.reconciliation.view import View
from precursor.substances.models import Substance


def stock(session: Session, on: date, as_of: date) -> dict[str, dict[str, str]]:
    """Closing book stock by ``site/substance``: every pair with an opening or a seen movement by that day."""
    book = ledger.book_stock(on, as_of).subquery()
    query = (
        sa.select(Site.outside_id, Substance.outside_id, Substance.unit, book.c.amount)
        .select_from(book)
        .join(Site, Site.id == book.c.site_id)
        .join(Substance, Substance.id == book.c.substance_id)
        .order_by(Site.outside_id, Substance.outside_id)
    )
    return {
        f"{site}/{substance}": {"quantity": quantity.show(amount, unit), "unit": unit}
        for site, substance, unit, amount in session.execute(query)
    }


def documents(session: Session, view: View, seen: sa.ColumnElement[bool] | None = None) -> dict[str, dict[str, Any]]:
    """Every document whose validity touches the period, or whose verification falls due in it.

    ``seen``: a condition that says which of them the reader may see; all when None.
    """
    closed, verified = closings(view), verifications(view)
    holder = sa.orm.aliased(Party)
    reason = sa.case(
        (closed.c.revoked_on == closed.c.closed_on, "revoked"),
        (closed.c.used_on == closed.c.closed_on, "single_use"),
        (closed.c.emptied_on == closed.c.closed_on, "emptied"),
        else_="expired",
    )
    query = (
        sa.select(
            Permit,
            holder.outside_id.label("holder"),
            Substance.outside_id.label("substance"),
            Substance.unit.label("measure"),
            closed.c.closed_on,
            closed.c.due,
            closed.c.drawn,
            reason.label("reason"),
            verified.c.day.label("verified_on"),
            verified.c.result,
        )
        .select_from(Permit)
        .join(closed, sa.and_(closed.c.enterprise_id == Permit.enterprise_id, closed.c.id == Permit.id))
        .join(holder, holder.id == Permit.enterprise_id)
        .outerjoin(Substance, Substance.id == Permit.substance_id)
        .outerjoin(
            verified,
            sa.and_(verified.c.enterprise_id == Permit.enterprise_id, verified.c.permit_id == Permit.id),
        )
        .where(
            sa.true() if seen is None else seen,
            sa.or_(
                sa.and_(Permit.valid_from <= view.period.end, Permit.valid_to >= view.period.start),
                view.dated(closed.c.due),
            ),
        )
        .order_by(Permit.outside_id)
    )
    return {row.Permit.outside_id: _document(row, view.as_of) for row in session.execute(query)}


def _document(row: Any, as_of: date) -> dict[str, Any]:
    permit = row.Permit
    return {
        "kind": permit.kind,
        "holder": row.holder,
        "substance": row.substance,
        "quantity": _shown(permit.quantity, row.measure),
        "unit": row.measure,
        "drawn": _shown(row.drawn, row.measure),
        "left": None if permit.quantity is None else _shown(permit.quantity - row.drawn, row.measure),
        "valid_from": str(permit.valid_from),
        "valid_to": str(permit.valid_to),
        "closed_on": str(row.closed_on),
        "reason": row.reason,
        "open": row.closed_on > as_of,
        "due": str(row.due),
        "verified_on": row.verified_on and str(row.verified_on),
        "result": row.result,
    }


def _shown(amount: int | None, unit: str | None) -> str | None:
    """An amount, where the document has one."""
    return None if amount is None or unit is None else quantity.show(amount, unit)
