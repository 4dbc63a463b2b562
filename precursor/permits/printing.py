"""How often the certificate of a document was given out to be printed: each sheet says which time it is.

The number is taken before the sheet is made, in a transaction of its own: no two sheets ever say the same, making one
keeps nobody waiting, and where the making fails a number is missing. Too high a number is harmless.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.permits.models import Permit, PermitBalance, Printing

#: The documents, held until the numbers are kept; in one order, so that nobody waits in a ring.
_HELD: Final = (
    sa.select(Permit.outside_id, Permit.enterprise_id, Permit.id)
    .join(
        PermitBalance,
        sa.and_(PermitBalance.enterprise_id == Permit.enterprise_id, PermitBalance.permit_id == Permit.id),
    )
    .order_by(Permit.enterprise_id, Permit.id)
    .with_for_update(of=PermitBalance)
)


def take_numbers(session: Session, documents: Collection[str], actor: audit.Actor, now: datetime) -> dict[str, int]:
    """The how manieth print (1, 2, …) of each document the next sheet is, kept as given out."""
    held = session.execute(_HELD.where(Permit.outside_id.in_(documents))).all()
    so_far = sa.select(Printing.permit_id, sa.func.max(Printing.nth).label("nth")).group_by(Printing.permit_id)
    found = session.execute(so_far.where(Printing.permit_id.in_([row.id for row in held])))
    before = {row.permit_id: row.nth for row in found}
    nth = {row.id: before.get(row.id, 0) + 1 for row in held}
    rows = [
        {"enterprise_id": row.enterprise_id, "permit_id": row.id, "nth": nth[row.id], "account": actor.account}
        for row in held
    ]
    audit.write(session, Printing, rows, action="permit.print", actor=actor, now=now)
    return {row.outside_id: nth[row.id] for row in held}


def so_far(session: Session, number: str) -> tuple[int, datetime | None]:
    """How often the certificate of a document was given out, and the last time."""
    query = (
        sa.select(sa.func.count(), sa.func.max(Printing.recorded_at, type_=Printing.recorded_at.type))
        .join(Permit, sa.and_(Printing.enterprise_id == Permit.enterprise_id, Printing.permit_id == Permit.id))
        .where(Permit.outside_id == number)
    )
    count, last = session.execute(query).one()
    return count, last
