"""Before goods move: judge what somebody wants to do by every rule, refuse it, or book it.

Acts can be refused, facts cannot (DECISIONS J): the same ``enter`` takes both. An act that breaks a rule is refused
with all the rules it breaks; a fact is booked with them beside it, and only what would make the books impossible
is left out of it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core.clock import legal_day
from precursor.core.errors import NotFound, Refused, RuleViolated
from precursor.enterprises.models import Party, Site
from precursor.movements import fitting
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
from precursor.rules.permits import PermitKind, PermitState, check_draw
from precursor.rules.sale import (
    DEALINGS,
    Carriage,
    Exemption,
    Sale,
    Terms,
    check_carriage,
    check_sale,
    check_seal_card,
    check_terms,
)
from precursor.rules.substances import SubstanceClass, class_of
from precursor.rules.transport import Load, Route, check_existence, check_hands, check_transport
from precursor.substances.models import Substance

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
    small_quantity: bool = False
    by_mail: bool = False
    agent: bool = False
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
    _fit(session, command, site)
    broken = _judge(session, command, site, substance, actor, now)
    if broken and fact is None:
        raise RuleViolated(broken)
    key, other = _sides(session, command, site)
    permit, transport, exempt = command.permit, command.transport, command.exempt
    if fact is not None:  # an act keeps its documents: whoever draws first, the other is refused
        rules = {violation.rule for violation in broken}
        permit, transport = _drawable(session, command, rules)
        exempt = None if rules & _NO_EXEMPTION else exempt
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
        exempt=exempt or _stands_for_a_document(session, command, site, substance),
        cosignature=command.cosignature,
        broken=[violation.rule for violation in broken],
        reason=fact.reason if fact else None,
        reported_by=fact.reported_by if fact else None,
    )
    record(session, [recorded], actor, now)
    return key


#: What a fact may have broken so that a document it names was not drawn on, or an exemption did not hold.
_NO_PERMIT: Final = frozenset({"WRONG_HOLDER", "WRONG_SELLER", "DOCUMENT_KIND"})
_NO_TRANSPORT: Final = frozenset({"TRANSPORT_KIND"})
_NO_EXEMPTION: Final = frozenset({"PERMIT_MISSING", "SEAL_CARD_INVALID", "OWN_USE_TOO_MUCH"})


def _fit(session: Session, command: Enter, site: Site) -> None:
    """Refuse what is not the movement it says it is."""
    own, there = site.enterprise_id, fitting.other_enterprise(session, command.other, command.other_site)
    fitting.check_exemption(command.type, command.exempt)
    fitting.check_sides(
        session,
        command.type,
        own,
        other=command.other,
        other_site=command.other_site,
        external=command.external,
    )
    named = [key for key in (command.permit, command.transport) if key]
    if named:
        states = permits.states(session, named)
        fitting.check_documents(states, command.permit, command.transport, (own, there, command.external))
    if command.type is MovementType.RETURN_OUT:
        fitting.check_return(session, own, command.substance, command.quantity, there, command.external)


def _stands_for_a_document(session: Session, command: Enter, site: Site, substance: Substance) -> str | None:
    """What a trade rests on for which the law knows no purchase document: the hospital's card, or nothing."""
    if command.type not in (MovementType.SALE_OUT, MovementType.PURCHASE_IN):
        return None
    if DEALINGS[class_of(substance.category, substance.kind, substance.schedule)].buyer:
        return None
    is_sale = command.type is MovementType.SALE_OUT
    buyer = _buyer(session, command) if is_sale else session.get_one(Party, site.enterprise_id)
    return (Exemption.SEAL_CARD if buyer and buyer.kind == "hospital" else Exemption.NOT_REQUIRED).value


def document_of(movement: Movement) -> PermitKey | None:
    """The purchase document that a movement names."""
    if movement.permit_id is None or movement.permit_holder_id is None:
        return None
    return PermitKey(movement.permit_holder_id, movement.permit_id)


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


def _drawable(session: Session, command: Enter, rules: set[str]) -> list[PermitKey | None]:
    """The documents as they can be booked: one that is not this trade's, or cannot be drawn on, is left out."""
    named = ((command.permit, _NO_PERMIT), (command.transport, _NO_TRANSPORT))
    states = permits.states(session, [key for key, _ in named if key])
    return [
        key if key and not rules & barring and not _bad_draw(command, key, states[key]) else None
        for key, barring in named
    ]


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
    """Every rule that the movement breaks, the deciding one first."""
    cls = class_of(substance.category, substance.kind, substance.schedule)
    if found := check_existence(cls, command.type):
        raise RuleViolated(found)  # a fact or not: nothing of this may be traded
    if command.type is MovementType.SALE_OUT:
        found += _judge_sale(session, command, site, substance, cls)
    elif command.type is MovementType.PURCHASE_IN and command.external is not None:
        found += _judge_purchase(session, command, site, substance, cls)
    if command.type in _LEAVING and command.type is not MovementType.EXPORT_OUT:
        found += _judge_transport(session, command, site, substance, cls)
    return found + check_hands(cls, actor.person, _second_person(session, command, site, now))


#: What leaves a site for another one.
_LEAVING: Final = frozenset({MovementType.SALE_OUT, MovementType.TRANSFER_OUT, MovementType.RETURN_OUT})


def _state(session: Session, key: PermitKey | None) -> PermitState | None:
    return permits.states(session, [key])[key] if key else None


def _buyer(session: Session, command: Enter) -> Party | None:
    """The other side of a sale; None for an individual."""
    if command.external is not None:
        return session.get(Party, command.external)
    if command.other_site is not None:
        return session.get(Party, _get(session, Site, command.other_site).enterprise_id)
    if command.other is not None:
        return session.get(Party, command.other.enterprise)
    if not command.individual:
        raise Refused("须写明买方 / name the buyer: other_site, counterpart, external or individual")
    return None


def _judge_sale(
    session: Session, command: Enter, site: Site, substance: Substance, cls: SubstanceClass
) -> list[Violation]:
    buyer, seller = _buyer(session, command), session.get_one(Party, site.enterprise_id)
    state = _state(session, command.permit)
    exemption = Exemption(command.exempt) if command.exempt else None
    if not DEALINGS[cls].buyer:
        exemption = exemption or Exemption.NOT_REQUIRED
    sale = Sale(
        category=substance.category,
        substance=substance.id,
        quantity=command.quantity,
        on=command.day,
        seller=seller.id,
        buyer=buyer.id if buyer else None,
        cash=command.cash,
        permit=state,
        exemption=exemption,
        outside_number=command.external_permit if command.external is not None else None,
    )
    terms = Terms(
        cls=cls,
        seller_kind=seller.kind,
        seller_licences=permits.licences(session, seller.id, substance.id, command.day),
        buyer_kind=buyer.kind if buyer else None,
        seal_card_until=buyer.seal_card_valid_to if buyer and buyer.seal_card else None,
        on=command.day,
        cash=command.cash,
        individual=command.individual,
        handler=bool(command.handler),
        agent=command.agent,
        mandate=bool(command.mandate),
        exemption=exemption,
        permit_kind=PermitKind(state.kind) if state else None,
        cas=substance.cas,
        once_grams=command.quantity // 1000,
        year_grams=command.quantity // 1000,
    )
    return check_sale(sale) + check_terms(terms)


def _judge_purchase(
    session: Session, command: Enter, site: Site, substance: Substance, cls: SubstanceClass
) -> list[Violation]:
    """Bought from outside: the buyer's own document is drawn here."""
    if not DEALINGS[cls].buyer:
        return []
    on, buyer = command.drawn_on or command.day, session.get_one(Party, site.enterprise_id)
    if command.exempt == Exemption.SEAL_CARD:
        card = buyer.seal_card_valid_to if buyer.seal_card else None
        return check_seal_card(cls, buyer.kind, card, on)
    sale = Sale(
        category=substance.category,
        substance=substance.id,
        quantity=command.quantity,
        on=on,
        seller=command.external or 0,
        buyer=site.enterprise_id,
        cash=command.cash,
        permit=_state(session, command.permit),
    )
    return check_sale(sale)


def _judge_transport(
    session: Session, command: Enter, site: Site, substance: Substance, cls: SubstanceClass
) -> list[Violation]:
    document = _state(session, command.transport)
    load = Load(
        cls=cls,
        unit=substance.unit,
        quantity=command.quantity,
        is_small_claimed=command.small_quantity,
        by_mail=command.by_mail,
        document=PermitKind(document.kind) if document else None,
    )
    found = check_transport(load, _route(session, command, site))
    if document is not None:
        carriage = Carriage(
            substance=substance.id, quantity=command.quantity, on=command.drawn_on or command.day, permit=document
        )
        found += check_carriage(carriage)
    return found


def _route(session: Session, command: Enter, site: Site) -> Route:
    start, end = session.get_one(Area, site.area_id), None
    if command.other_site is not None:
        end = session.get(Area, _get(session, Site, command.other_site).area_id)
    elif command.external is not None:
        end = session.get(Area, session.get_one(Party, command.external).area_id or 0)
    elif command.other is not None:
        end = session.get(Area, session.get_one(Site, standing(session, command.other).site_id).area_id)
    elif command.individual:
        end = start  # he takes it away himself
    return Route(
        from_county=start.id,
        to_county=end.id if end else None,
        from_prefecture=areas.prefecture(start),
        to_prefecture=areas.prefecture(end) if end else None,
    )


def _second_person(session: Session, command: Enter, site: Site, now: datetime) -> str | None:
    """Who signed for exactly this movement within the last minutes; None when nobody did, or it was used before."""
    if command.cosignature is None:
        return None
    signed = _get(session, Cosignature, command.cosignature)
    same = (
        signed.enterprise_id == site.enterprise_id,
        signed.site_id == site.id,
        signed.type == command.type,
        signed.substance_id == command.substance,
        signed.quantity == command.quantity,
        signed.day == command.day,
        timedelta(0) <= now - signed.recorded_at <= COSIGNATURE_LASTS,
    )
    used = session.scalar(sa.select(sa.exists().where(Movement.cosignature_id == signed.id)))
    if not all(same) or used:
        raise Refused("复核签字与此记录不符、已过期或已用 / the signature is for something else, expired or used")
    return str(signed.person)
