"""Before goods move: judge what somebody wants to do by every rule, refuse it, or book it.

Acts can be refused, facts cannot (DECISIONS J): the same ``enter`` takes both. An act that breaks a rule is refused
with all the rules it breaks; a fact is booked with them beside it, and only what would make the books impossible
is left out of it.
"""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.clock import legal_day
from precursor.core.errors import Refused, RuleViolated
from precursor.ledger import StockShort
from precursor.movements import fitting
from precursor.movements.intents import Enter, Fact
from precursor.movements.judging import Case, bad_draw, judge, open_case, stands_for_a_document
from precursor.movements.models import Cosignature, Movement, Stocktake
from precursor.movements.service import MovementKey, RecordMovement, next_version, record, reserve, standing
from precursor.permits.service import PermitKey
from precursor.rules import law
from precursor.rules.movements import MovementType


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
    ``Refused`` when it is not the movement it says it is.
    """
    case = open_case(session, command)
    _fit(case)
    broken = judge(case, actor.person, now)
    if broken and fact is None:
        raise RuleViolated(broken)
    key, other = _sides(case)
    permit, transport, exempt = command.permit, command.transport, command.exempt
    if fact is not None:  # an act keeps its documents: whoever draws first, the other is refused
        barred = law.barred(broken)
        permit = None if "permit" in barred else _drawable(case, permit)
        transport = None if "transport" in barred else _drawable(case, transport)
        exempt = None if "exemption" in barred else exempt
    recorded = RecordMovement(
        key=key,
        version=next_version(session, key.enterprise, key.id) if command.other else 0,
        outside_id=command.outside_id,
        site=case.site.id,
        enterprise=case.site.enterprise_id,
        type=command.type,
        substance=case.substance.id,
        quantity=command.quantity,
        day=command.day,
        recorded_on=legal_day(now),
        batch=command.batch,
        usage_record=command.usage_record,
        particulars=command.particulars,
        incident=command.incident,
        shipment=command.shipment,
        other=other,
        external=command.external,
        permit=permit,
        external_permit=command.external_permit,
        transport=transport,
        drawn_on=command.drawn_on,
        exempt=exempt or stands_for_a_document(case),
        cosignature=command.cosignature,
        broken=[violation.rule for violation in broken],
        reason=fact.reason if fact else None,
        reported_by=fact.reported_by if fact else None,
    )
    try:
        record(session, [recorded], actor, now)
    except StockShort as short:
        raise short.of(command.quantity, case.substance.unit) from None
    return key


def _fit(case: Case) -> None:
    """Refuse what is not the movement it says it is."""
    command, own = case.command, case.site.enterprise_id
    fitting.check_exemption(command.type, command.exempt)
    fitting.check_sides(
        case.session,
        command.type,
        own,
        other=command.other,
        other_site=command.other_site,
        external=command.external,
        there=case.other_enterprise,
    )
    parties = (own, case.other_enterprise, command.external)
    fitting.check_documents(case.documents, command.permit, command.transport, parties)
    if command.type is MovementType.RETURN_OUT:
        fitting.check_return(
            case.session, own, command.substance, command.quantity, case.other_enterprise, command.external
        )


def _sides(case: Case) -> tuple[MovementKey, MovementKey | None]:
    """The number of this movement and of the other side's: given out together by whoever records first."""
    session, command, site = case.session, case.command, case.site
    if command.other is not None:
        given = standing(session, command.other)
        if given.other_enterprise_id != site.enterprise_id or given.other_id is None:
            raise Refused("对方记录没有指明本单位 / that movement does not name this enterprise")
        return MovementKey(site.enterprise_id, given.other_id), command.other
    if case.other_enterprise is not None:
        mine, theirs = reserve(session, [site.enterprise_id, case.other_enterprise])
        return mine, theirs
    return reserve(session, [site.enterprise_id])[0], None


def _drawable(case: Case, key: PermitKey | None) -> PermitKey | None:
    """A document as a fact can be booked on it: None when it cannot be drawn on."""
    return key if key and not bad_draw(case, key) else None


def document_of(movement: Movement) -> PermitKey | None:
    """The purchase document that a movement names."""
    if movement.permit_id is None or movement.permit_holder_id is None:
        return None
    return PermitKey(movement.permit_holder_id, movement.permit_id)
