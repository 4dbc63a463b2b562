"""Corrections: a movement is reversed (冲销) by two people, never changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from precursor import audit, ledger
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import Forbidden, Refused
from precursor.ledger import Entry
from precursor.movements.models import Movement, Reversal, ReversalRequest
from precursor.movements.service import MovementKey, RecordMovement, entry_of, standing
from precursor.permits import service as permits
from precursor.rules.movements import MovementType


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Reverse the standing version of a movement, as one person asked and another approves."""

    key: MovementKey
    reason: str
    requested_by: str
    approved_by: str


def ask(session: Session, key: MovementKey, reason: str, actor: audit.Actor, now: datetime) -> None:
    """Ask for a reversal. Refused when somebody asked already."""
    movement = standing(session, key)
    row = {
        "enterprise_id": movement.enterprise_id,
        "movement_id": movement.id,
        "version": movement.version,
        "person": actor.person.upper(),
        "reason": reason,
        "recorded_on": legal_day(now),
    }
    if _asked(session, movement):
        raise Refused("已申请冲销 / a reversal is asked for already")
    audit.write(session, ReversalRequest, [row], action="movement.ask_reversal", actor=actor, now=now)


def approve(session: Session, key: MovementKey, actor: audit.Actor, now: datetime) -> None:
    """Approve what somebody else asked for: the movement is reversed.

    Raises ``Refused`` when nobody asked, and ``Forbidden`` to who asked or who recorded the movement.
    """
    movement = standing(session, key)
    asked = _asked(session, movement)
    if asked is None:
        raise Refused("没有冲销申请 / nobody asked for a reversal")
    person = actor.person.upper()
    if person in (asked.person, movement.recorded_person):
        raise Forbidden("冲销须由第三人批准 / whoever recorded it or asked may not approve a reversal")
    command = Reverse(key=key, reason=asked.reason, requested_by=asked.person, approved_by=person)
    reverse(session, command, actor, now)


def _asked(session: Session, movement: Movement) -> ReversalRequest | None:
    return session.get(ReversalRequest, (movement.enterprise_id, movement.id, movement.version))


def reverse(session: Session, command: Reverse, actor: audit.Actor, now: datetime) -> None:
    """Reverse a movement (冲销) on its own legal day: stock, draw and document are as if it had not been.

    Raises ``Refused`` when the same natural person asks and approves, and ``StockShort`` when what came in has
    already gone out.
    """
    if command.approved_by.upper() == command.requested_by.upper():
        raise Refused("冲销须由另一人批准 / another person must approve a reversal")
    movement = standing(session, command.key)
    (entry,) = take_ids(session, 1)
    original = _entry_of(movement)
    row = {
        "enterprise_id": movement.enterprise_id,
        "movement_id": movement.id,
        "version": movement.version,
        "entry_id": entry,
        "day": movement.day,
        "recorded_on": legal_day(now),
        "reason": command.reason,
        "requested_by": command.requested_by,
        "approved_by": command.approved_by,
    }
    audit.write(session, Reversal, [row], action="movement.reverse", actor=actor, now=now)
    back = Entry(
        movement.enterprise_id, entry, original.taker, original.giver, movement.quantity, movement.day, legal_day(now)
    )
    ledger.post(session, [back], now)
    permits.give_back(
        session,
        movement.enterprise_id,
        movement.id,
        movement.version,
        recorded_on=legal_day(now),
        actor=actor,
        now=now,
    )


def _entry_of(movement: Movement) -> Entry:
    other = (
        MovementKey(movement.other_enterprise_id, movement.other_id)
        if movement.other_enterprise_id is not None and movement.other_id is not None
        else None
    )
    return entry_of(
        RecordMovement(
            site=movement.site_id,
            enterprise=movement.enterprise_id,
            type=MovementType(movement.type),
            substance=movement.substance_id,
            quantity=movement.quantity,
            day=movement.day,
            recorded_on=movement.recorded_on,
            other=other,
            external=movement.external_id,
        ),
        movement.entry_id,
    )
