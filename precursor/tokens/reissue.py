"""After a key was compromised: what it signed, and signing that again under the key that took over.

The drill is in ``docs/operations.md``; ``tests/tokens/test_drill.py`` performs it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor import audit
from precursor.core.clock import legal_day
from precursor.core.errors import NotFound, Refused
from precursor.enterprises.models import Party
from precursor.permits.models import Permit, PermitBalance
from precursor.permits.service import PermitKey
from precursor.rules.permits import is_revoked
from precursor.signing.trust import KeyState
from precursor.tokens import service, trips
from precursor.tokens.models import SigningKey, Token, TripEnd, TripSlip
from precursor.tokens.service import Office


class Fate(StrEnum):
    """What is to become of a code whose key is trusted no longer."""

    TO_DO = "to_do"  # in force: to be signed again
    DONE = "done"  # another code took its place
    OVER = "over"  # expired, revoked, used up, or its journey is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A code that a key signed: of a document, or (``slip``) of one journey under it."""

    permit: PermitKey
    number: str
    holder: str
    until: date
    fate: Fate
    cose: bytes
    slip: int | None = None

    @property
    def kind(self) -> str:
        """What bears it."""
        return "document" if self.slip is None else "trip_slip"


def signed(session: Session, kid: str, now: datetime) -> list[Signed]:
    """Every code that a key signed: documents by number, then trip slips. NotFound for no key of that name."""
    if session.get(SigningKey, kid) is None:
        raise NotFound(f"没有密钥 / there is no key {kid}")
    today = legal_day(now)
    return [*_documents(session, kid, today), *_slips(session, kid, today)]


def check_compromised(session: Session, kid: str) -> None:
    """Refused for a key that is trusted still: nothing that it signed needs to be signed again."""
    key = session.get(SigningKey, kid)
    if key is not None and key.state != KeyState.COMPROMISED:
        raise Refused(f"密钥未作废 / the key {kid} is trusted: precursor keys revoke {kid} first")


def again(session: Session, office: Office, one: Signed, actor: audit.Actor, now: datetime) -> tuple[str, bytes]:
    """Sign one anew: its number, which for a trip slip is another one, and its code. Refused, Faulty as at first."""
    if one.slip is None:
        return one.number, bytes.fromhex(service.issue(session, office, one.permit, actor, now).cose)
    slip = trips.open_again(session, office, session.get_one(TripSlip, one.slip), actor, now)
    return slip.outside_id, bytes.fromhex(slip.cose)


def _documents(session: Session, kid: str, today: date) -> Iterator[Signed]:
    newer = aliased(Token)
    is_replaced = sa.exists().where(
        newer.enterprise_id == Token.enterprise_id, newer.permit_id == Token.permit_id, newer.id > Token.id
    )
    query = _of_permits(Token).add_columns(
        Permit.outside_id.label("number"), Permit.valid_to.label("until"), is_replaced.label("is_done")
    )
    for row in session.execute(query.where(Token.kid == kid).order_by(Permit.outside_id, Token.id)):
        is_over = row.drawn >= row.approved or row.draws >= row.allowed_draws
        yield _signed(row, today, is_over=is_over, is_done=row.is_done)


def _slips(session: Session, kid: str, today: date) -> Iterator[Signed]:
    query = (
        _of_permits(TripSlip)
        .add_columns(TripSlip.id, TripSlip.outside_id.label("number"), TripSlip.valid_to.label("until"), TripEnd.how)
        .outerjoin(TripEnd, TripEnd.trip_id == TripSlip.id)
    )
    for row in session.execute(query.where(TripSlip.kid == kid).order_by(TripSlip.outside_id)):
        yield _signed(row, today, is_over=row.how is not None, slip=row.id)


def _of_permits(signed_: type[Token] | type[TripSlip]) -> sa.Select:
    of_permit = (Permit.enterprise_id == signed_.enterprise_id, Permit.id == signed_.permit_id)
    return (
        sa.select(
            signed_.enterprise_id,
            signed_.permit_id,
            signed_.cose,
            Party.name.label("holder"),
            PermitBalance.revoked_on,
            PermitBalance.approved,
            PermitBalance.drawn,
            PermitBalance.draws,
            PermitBalance.allowed_draws,
        )
        .join(Permit, sa.and_(*of_permit))
        .join(Party, Party.id == Permit.enterprise_id)
        .join(
            PermitBalance,
            sa.and_(PermitBalance.enterprise_id == Permit.enterprise_id, PermitBalance.permit_id == Permit.id),
        )
    )


def _signed(row: Any, today: date, *, is_over: bool, is_done: bool = False, slip: int | None = None) -> Signed:
    fate = Fate.TO_DO
    if is_done:
        fate = Fate.DONE
    elif is_over or row.until < today or is_revoked(row.revoked_on, today):
        fate = Fate.OVER
    return Signed(
        permit=PermitKey(row.enterprise_id, row.permit_id),
        number=row.number,
        holder=row.holder,
        until=row.until,
        fate=fate,
        cose=bytes.fromhex(row.cose),
        slip=slip,
    )
