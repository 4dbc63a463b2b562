"""Record movements and what belongs to them: ``record`` books, and refuses only what the books cannot hold.

What somebody wants to do is judged before, in ``acts``; corrections stand in ``corrections``.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor import audit, ledger
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import Forbidden, NotFound, Refused
from precursor.ledger import Entry, Place, PlaceKind
from precursor.movements.models import (
    Attempt,
    Batch,
    Confirmation,
    Movement,
    Reversal,
    SalesReport,
    Stocktake,
    StocktakeApproval,
)
from precursor.permits import service as permits
from precursor.permits.service import DrawPermit, PermitKey
from precursor.rules.movements import MovementType, draws_purchase_document


@dataclass(frozen=True, slots=True, order=True)
class MovementKey:
    """A movement for good, whatever its version: its enterprise and its number."""

    enterprise: int
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMovement:
    """A movement as it happened; quantity in base units. ``key`` when its number was given out before."""

    site: int
    enterprise: int
    type: MovementType
    substance: int
    quantity: int
    day: date
    recorded_on: date
    key: MovementKey | None = None
    version: int = 0
    outside_id: str | None = None
    batch: str | None = None
    usage_record: str | None = None
    particulars: str | None = None
    incident: int | None = None
    shipment: int | None = None
    other: MovementKey | None = None
    external: int | None = None
    permit: PermitKey | None = None
    external_permit: str | None = None
    transport: PermitKey | None = None
    drawn_on: date | None = None
    exempt: str | None = None
    cosignature: int | None = None
    broken: Sequence[str] = ()
    reason: str | None = None
    reported_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMovement:
    """A sales report, or an outside party's confirmation with the quantity it confirmed, on its day."""

    key: MovementKey
    day: date | None
    recorded_on: date
    quantity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What was counted at the end of a day, in base units."""

    site_id: int
    enterprise_id: int
    substance_id: int
    day: date
    recorded_on: date
    counted: int
    counted_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAttempt:
    """A sale or a carriage that somebody tried; ``code`` is the rule that decided, None when it was allowed."""

    outside_id: str
    day: date
    action: str
    permit_holder_id: int | None
    permit_id: int | None
    substance_id: int
    quantity: int
    seller_site_id: int | None
    buyer: str | None
    payment: str | None
    carrier_id: int | None
    code: str | None


#: Where what enters comes from, and where what leaves goes, when no other party is named.
_NOWHERE_ELSE: Final = {
    MovementType.PRODUCTION_IN: PlaceKind.PRODUCED,
    MovementType.USE_OUT: PlaceKind.CONSUMED,
    MovementType.LOSS_OUT: PlaceKind.LOST,
    MovementType.DISPOSAL_OUT: PlaceKind.DESTROYED,
    MovementType.IMPORT_IN: PlaceKind.ABROAD,
    MovementType.EXPORT_OUT: PlaceKind.ABROAD,
    MovementType.SAMPLE_OUT: PlaceKind.CONSUMED,
}


def reserve(session: Session, enterprises: Sequence[int]) -> list[MovementKey]:
    """Give out the numbers of movements to come, so that two sides can name each other."""
    numbers = take_ids(session, len(enterprises)) if enterprises else []
    return [MovementKey(enterprise, number) for enterprise, number in zip(enterprises, numbers, strict=True)]


def record(
    session: Session,
    commands: Sequence[RecordMovement],
    actor: audit.Actor,
    now: datetime,
    *,
    settled: bool = True,
) -> list[MovementKey]:
    """Book movements as facts: ledger entry, draws, audit entry. All or nothing; returns their keys.

    Raises ``StockShort`` when a site would hold less than nothing on some day, and ``RuleViolated`` when a draw
    is impossible. Not ``settled``: see ``ledger.post``.
    """
    if not commands:
        return []
    numbers = iter(take_ids(session, 2 * len(commands)))
    rows: list[audit.Row] = []
    entries: list[Entry] = []
    draws: list[DrawPermit] = []
    for command in commands:
        key = command.key or MovementKey(command.enterprise, next(numbers))
        row = _row(command, key, next(numbers), actor)
        rows.append(row)
        entries.append(entry_of(command, row["entry_id"]))
        draws += _draws(command, key)
    audit.write(session, Movement, rows, action="movement.record", actor=actor, now=now)
    ledger.post(session, entries, now, settled=settled)
    permits.draw(session, draws, actor, now)
    return [MovementKey(row["enterprise_id"], row["id"]) for row in rows]


def _row(command: RecordMovement, key: MovementKey, entry: int, actor: audit.Actor) -> audit.Row:
    return {
        "enterprise_id": key.enterprise,
        "id": key.id,
        "version": command.version,
        "outside_id": command.outside_id or f"M{key.id}",
        "site_id": command.site,
        "type": command.type.value,
        "substance_id": command.substance,
        "quantity": command.quantity,
        "day": command.day,
        "recorded_on": command.recorded_on,
        "recorded_by": actor.account,
        "entry_id": entry,
        "batch": command.batch,
        "usage_record": command.usage_record,
        "particulars": command.particulars,
        "incident_id": command.incident,
        "shipment_id": command.shipment,
        "other_enterprise_id": command.other and command.other.enterprise,
        "other_id": command.other and command.other.id,
        "external_id": command.external,
        "permit_holder_id": command.permit and command.permit.holder,
        "permit_id": command.permit and command.permit.id,
        "external_permit": command.external_permit,
        "transport_holder_id": command.transport and command.transport.holder,
        "transport_permit_id": command.transport and command.transport.id,
        "drawn_on": command.drawn_on,
        "exempt": command.exempt,
        "recorded_person": actor.person.upper(),
        "cosignature_id": command.cosignature,
        "broken": json.dumps(list(command.broken)) if command.broken else None,
        "reason": command.reason,
        "reported_by": command.reported_by,
    }


def entry_of(command: RecordMovement, number: int) -> Entry:
    """The ledger entry that books a movement."""
    here = Place(PlaceKind.SITE, command.enterprise, command.substance, site=command.site)
    there = _elsewhere(command)
    giver, taker = (there, here) if command.type.is_in else (here, there)
    return Entry(command.enterprise, number, giver, taker, command.quantity, command.day, command.recorded_on)


def _elsewhere(command: RecordMovement) -> Place:
    """The other account. What is sold or transferred inside the register is in transit between the two parties."""
    if kind := _NOWHERE_ELSE.get(command.type):
        return Place(kind, command.enterprise, command.substance)
    if command.other is None and command.external is not None:
        return Place(PlaceKind.PARTY, command.external, command.substance)
    other = command.other.enterprise if command.other else command.enterprise
    sender, receiver = (other, command.enterprise) if command.type.is_in else (command.enterprise, other)
    return Place(PlaceKind.TRANSIT, sender, command.substance, other=receiver)


def _draws(command: RecordMovement, key: MovementKey) -> Iterable[DrawPermit]:
    on = command.drawn_on or command.day
    if command.permit and draws_purchase_document(command.type, from_outside=command.external is not None):
        yield _draw(command, key, command.permit, command.day if command.type is MovementType.SALE_OUT else on)
    if command.transport:
        yield _draw(command, key, command.transport, on)


def _draw(command: RecordMovement, key: MovementKey, permit: PermitKey, day: date) -> DrawPermit:
    return DrawPermit(
        permit=permit,
        mover=key.enterprise,
        movement=key.id,
        version=command.version,
        substance=command.substance,
        quantity=command.quantity,
        day=day,
        recorded_on=command.recorded_on,
    )


def standing(session: Session, key: MovementKey) -> Movement:
    """The version of a movement that stands; NotFound when there is none."""
    query = (
        sa.select(Movement)
        .where(Movement.enterprise_id == key.enterprise, Movement.id == key.id)
        .where(stands(Movement))
    )
    if (found := session.scalar(query)) is None:
        raise NotFound(f"没有这条记录，或已冲销 / no standing movement {key.id}")
    return found


def stands(movement: Any, as_of: date | None = None) -> sa.ColumnElement[bool]:
    """Whether a version of ``movement`` (model or alias) stands: recorded, not reversed; by a day, or now."""
    reversal = sa.select(Reversal.movement_id).where(
        Reversal.enterprise_id == movement.enterprise_id,
        Reversal.movement_id == movement.id,
        Reversal.version == movement.version,
    )
    if as_of is None:
        return ~reversal.exists()
    return sa.and_(movement.recorded_on <= as_of, ~reversal.where(Reversal.recorded_on <= as_of).exists())


def is_booked_in(movement: Any) -> sa.ColumnElement[bool]:
    """Whether the other side recorded a movement that names ``movement`` (model or alias), and that stands."""
    theirs = aliased(Movement)
    return sa.exists().where(
        theirs.enterprise_id == movement.other_enterprise_id, theirs.id == movement.other_id, stands(theirs)
    )


def is_unanswered(movement: Any) -> sa.ColumnElement[bool]:
    """Whether a movement (model or alias) stands, names an enterprise here, and nobody there booked it in."""
    return sa.and_(stands(movement), movement.other_enterprise_id.is_not(None), ~is_booked_in(movement))


def next_version(session: Session, enterprise: int, number: int) -> int:
    """The version that a movement gets next; Refused while one stands."""
    versions = sa.select(Movement.version).where(Movement.enterprise_id == enterprise, Movement.id == number)
    latest = max(session.scalars(versions), default=None)
    if latest is None:
        return 0
    reversed_ = sa.select(sa.func.count()).where(
        Reversal.enterprise_id == enterprise, Reversal.movement_id == number, Reversal.version == latest
    )
    if not session.scalar(reversed_):
        raise Refused("已有收货记录,请先冲销 / it is recorded already: reverse that first")
    return latest + 1


def report_sales(session: Session, commands: Iterable[OfMovement], actor: audit.Actor, now: datetime) -> None:
    """Record that sales were reported to the police (销售备案)."""
    rows = (
        {"enterprise_id": c.key.enterprise, "movement_id": c.key.id, "day": c.day, "recorded_on": c.recorded_on}
        for c in commands
    )
    audit.write(session, SalesReport, rows, action="movement.report", actor=actor, now=now)


def confirm(session: Session, commands: Iterable[OfMovement], actor: audit.Actor, now: datetime) -> None:
    """Record an outside party's confirmation of receipt or supply."""
    rows = (
        {
            "enterprise_id": c.key.enterprise,
            "movement_id": c.key.id,
            "recorded_on": c.recorded_on,
            "day": c.day,
            "quantity": c.quantity,
        }
        for c in commands
    )
    audit.write(session, Confirmation, rows, action="movement.confirm", actor=actor, now=now)


def count_stock(session: Session, commands: Iterable[Count], actor: audit.Actor, now: datetime) -> list[int]:
    """Record stocktakes (盘点); returns their numbers in the order given.

    The book does not change: a difference is a gap until somebody explains it.
    """
    rows = map(audit.as_row, commands)
    return [row["id"] for row in audit.write(session, Stocktake, rows, action="stock.count", actor=actor, now=now)]


def keep_attempts(session: Session, commands: Iterable[JudgedAttempt], actor: audit.Actor, now: datetime) -> None:
    """Record sales and carriages that somebody tried, each with the rule that decided."""
    audit.write(session, Attempt, map(audit.as_row, commands), action="attempt.judge", actor=actor, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBatch:
    """A batch or lot of an enterprise."""

    enterprise_id: int
    substance_id: int
    number: str
    made_on: date | None
    expires_on: date | None
    recorded_on: date


def add_batches(session: Session, commands: Iterable[AddBatch], actor: audit.Actor, now: datetime) -> None:
    """Record batches (批)."""
    audit.write(session, Batch, map(audit.as_row, commands), action="batch.add", actor=actor, now=now)


def approve_count(
    session: Session, stocktake: int, explanation: str | None, actor: audit.Actor, now: datetime
) -> None:
    """Accept a stocktake. Forbidden to who counted; Refused when it is accepted already."""
    counted = session.get(Stocktake, stocktake)
    if counted is None:
        raise NotFound(f"没有这次盘点 / no stocktake {stocktake}")
    if counted.counted_by == actor.person.upper():
        raise Forbidden("盘点须由另一人批准 / whoever counted may not approve")
    if session.get(StocktakeApproval, stocktake):
        raise Refused("盘点已批准 / the stocktake is approved already")
    row = {"stocktake_id": stocktake, "person": actor.person.upper(), "explanation": explanation}
    row["recorded_on"] = legal_day(now)
    audit.write(session, StocktakeApproval, [row], action="stock.approve_count", actor=actor, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What was at a site when the register was opened, in base units."""

    enterprise: int
    site: int
    substance: int
    quantity: int
    day: date
    recorded_on: date


def open_stock(
    session: Session, commands: Sequence[Opening], actor: audit.Actor, now: datetime, *, settled: bool = True
) -> None:
    """Book opening stocks (期初库存). Not ``settled``: see ``ledger.post``."""
    entries = []
    for number, command in zip(take_ids(session, len(commands)) if commands else (), commands, strict=True):
        here = Place(PlaceKind.SITE, command.enterprise, command.substance, site=command.site)
        there = Place(PlaceKind.OPENING, command.enterprise, command.substance)
        entries.append(
            Entry(command.enterprise, number, there, here, command.quantity, command.day, command.recorded_on)
        )
    ledger.post(session, entries, now, settled=settled)
    for command in commands:
        row = audit.as_row(command)
        name = f"{command.site}/{command.substance}"
        audit.note(session, action="stock.open", kind="opening", name=name, row=row, actor=actor, now=now)
