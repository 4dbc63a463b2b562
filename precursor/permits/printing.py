"""How often the certificate of a document was given out to be printed: each sheet says which time it is."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.permits.models import Permit, Printing
from precursor.permits.service import PermitKey


class Sheet(NamedTuple):
    """A certificate about to be given out: of which document, and the how manieth time (1, 2, …)."""

    key: PermitKey
    nth: int


_SHEETS: Final = (
    sa.select(Permit.outside_id, Permit.enterprise_id, Permit.id, sa.func.count(Printing.nth))
    .outerjoin(Printing, sa.and_(Printing.enterprise_id == Permit.enterprise_id, Printing.permit_id == Permit.id))
    .group_by(Permit.outside_id, Permit.enterprise_id, Permit.id)
)


def sheets(session: Session, numbers: Collection[str]) -> dict[str, Sheet]:
    """The next sheet of each document, by the document's number."""
    query = _SHEETS.where(Permit.outside_id.in_(numbers))
    return {name: Sheet(PermitKey(holder, id_), before + 1) for name, holder, id_, before in session.execute(query)}


def given_out(session: Session, made: Iterable[Sheet], actor: audit.Actor, now: datetime) -> None:
    """Keep that sheets were given out. IntegrityError where somebody was given the same one at this moment."""
    rows = (
        {"enterprise_id": sheet.key.holder, "permit_id": sheet.key.id, "nth": sheet.nth, "account": actor.account}
        for sheet in made
    )
    audit.write(session, Printing, rows, action="permit.print", actor=actor, now=now)


def so_far(session: Session, number: str) -> tuple[int, datetime | None]:
    """How often the certificate of a document was given out, and the last time."""
    query = (
        sa.select(sa.func.count(), sa.func.max(Printing.recorded_at, type_=Printing.recorded_at.type))
        .join(Permit, sa.and_(Printing.enterprise_id == Permit.enterprise_id, Printing.permit_id == Permit.id))
        .where(Permit.outside_id == number)
    )
    count, last = session.execute(query).one()
    return count, last
