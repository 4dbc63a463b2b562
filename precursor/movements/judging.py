"""Judge a movement by every rule: put together what the law must know, and ask it.

Look here for: which facts of the register each check of ``precursor.rules`` is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core.errors import NotFound, Refused, RuleViolated
from precursor.enterprises.models import Party, Site
from precursor.movements.intents import Enter
from precursor.movements.models import Cosignature, Movement
from precursor.movements.service import standing
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

T = MovementType
#: How long a second person's signature is good.
COSIGNATURE_LASTS: Final = timedelta(minutes=10)
#: What leaves a site for another one.
_LEAVING: Final = frozenset({T.SALE_OUT, T.TRANSFER_OUT, T.RETURN_OUT})


@dataclass(frozen=True, slots=True)
class Case:
    """A movement with what the register knows about it; documents as they stand at this moment."""

    session: Session
    command: Enter
    site: Site
    substance: Substance
    cls: SubstanceClass
    documents: Mapping[PermitKey, PermitState]
    other_enterprise: int | None

    @property
    def owner(self) -> Party:
        """The enterprise whose movement it is."""
        return self.session.get_one(Party, self.site.enterprise_id)

    @property
    def permit(self) -> PermitState | None:
        """The purchase document that is named."""
        return self.documents[self.command.permit] if self.command.permit else None

    @property
    def transport(self) -> PermitState | None:
        """The transport document that is named."""
        return self.documents[self.command.transport] if self.command.transport else None

    @property
    def other(self) -> Party | None:
        """The other side; None where nobody is named."""
        number = self.command.external if self.command.external is not None else self.other_enterprise
        return self.session.get(Party, number) if number is not None else None

    @property
    def drawn_on(self) -> date:
        """The day on which documents other than a sale's are drawn."""
        return self.command.drawn_on or self.command.day


def open_case(session: Session, command: Enter) -> Case:
    """Look up what a movement names. NotFound for what is not there."""
    site, substance = _get(session, Site, command.site), _get(session, Substance, command.substance)
    named = [key for key in (command.permit, command.transport) if key]
    there = command.other.enterprise if command.other else None
    if command.other_site is not None:
        there = _get(session, Site, command.other_site).enterprise_id
    return Case(
        session,
        command,
        site,
        substance,
        class_of(substance.category, substance.kind, substance.schedule),
        permits.states(session, named) if named else {},
        there,
    )


def _get(session: Session, model: Any, number: int) -> Any:
    if (found := session.get(model, number)) is None:
        raise NotFound(f"没有这条记录 / no {model.__tablename__} {number}")
    return found


def judge(case: Case, person: str, now: datetime) -> list[Violation]:
    """Every rule that the movement breaks, the deciding one first. ``person``: who records it.

    Raises ``RuleViolated`` for what nobody may trade, a fact or not.
    """
    kind = case.command.type
    if found := check_existence(case.cls, kind):
        raise RuleViolated(found)
    if kind is T.SALE_OUT:
        found += _sale(case)
    elif kind is T.PURCHASE_IN and case.command.external is not None:
        found += _purchase(case)
    if kind in _LEAVING:
        found += _transport(case)
    return found + check_hands(case.cls, person, _second_person(case, now))


def bad_draw(case: Case, key: PermitKey) -> list[Violation]:
    """Why a document that is named cannot be drawn on; nothing when this movement draws nothing on it."""
    command, is_transport = case.command, key == case.command.transport
    if not is_transport and not draws_purchase_document(command.type, from_outside=command.external is not None):
        return []
    on = command.day if command.type is T.SALE_OUT and not is_transport else case.drawn_on
    return check_draw(case.documents[key], substance=command.substance, quantity=command.quantity, on=on)


def stands_for_a_document(case: Case) -> str | None:
    """What a trade rests on for which the law knows no purchase document: the hospital's card, or nothing."""
    if case.command.type not in (T.SALE_OUT, T.PURCHASE_IN) or DEALINGS[case.cls].buyer:
        return None
    buyer = case.other if case.command.type is T.SALE_OUT else case.owner
    return (Exemption.SEAL_CARD if buyer and buyer.kind == "hospital" else Exemption.NOT_REQUIRED).value


class BuyerMissing(Refused):
    """A sale to nobody."""

    pointer = "/other_site"


def _sale(case: Case) -> list[Violation]:
    command, substance, buyer, seller = case.command, case.substance, case.other, case.owner
    if buyer is None and not command.individual:
        raise BuyerMissing(
            "须写明买方：对方场所或外部单位，或者售与个人 / "
            "name the buyer: the other side's site, an outside party, or an individual"
        )
    exemption = Exemption(command.exempt) if command.exempt else None
    if not DEALINGS[case.cls].buyer:
        exemption = exemption or Exemption.NOT_REQUIRED
    sale = Sale(
        category=substance.category,
        substance=substance.id,
        quantity=command.quantity,
        on=command.day,
        seller=seller.id,
        buyer=buyer.id if buyer else None,
        cash=command.cash,
        permit=case.permit,
        exemption=exemption,
        outside_number=command.external_permit if command.external is not None else None,
    )
    terms = Terms(
        cls=case.cls,
        seller_kind=seller.kind,
        seller_licences=permits.licences(case.session, seller.id, substance.id, command.day),
        buyer_kind=buyer.kind if buyer else None,
        seal_card_until=_card_of(buyer),
        on=command.day,
        cash=command.cash,
        individual=command.individual,
        handler=bool(command.handler),
        agent=command.agent,
        mandate=bool(command.mandate),
        exemption=exemption,
        permit_kind=PermitKind(case.permit.kind) if case.permit else None,
        cas=substance.cas,
        once=command.quantity,
        in_year=command.quantity,  # who the individual is, is not kept: this sale is all we know
    )
    return check_sale(sale) + check_terms(terms)


def _card_of(party: Party | None) -> date | None:
    return party.seal_card_valid_to if party and party.seal_card else None


def _purchase(case: Case) -> list[Violation]:
    """Bought from outside: the buyer's own document is drawn here."""
    if not DEALINGS[case.cls].buyer:
        return []
    buyer, command = case.owner, case.command
    if command.exempt == Exemption.SEAL_CARD:
        return check_seal_card(case.cls, buyer.kind, _card_of(buyer), case.drawn_on)
    sale = Sale(
        category=case.substance.category,
        substance=case.substance.id,
        quantity=command.quantity,
        on=case.drawn_on,
        seller=command.external or 0,
        buyer=buyer.id,
        cash=command.cash,
        permit=case.permit,
    )
    return check_sale(sale)


def _transport(case: Case) -> list[Violation]:
    command, document = case.command, case.transport
    load = Load(
        cls=case.cls,
        unit=case.substance.unit,
        quantity=command.quantity,
        is_small_claimed=command.small_quantity,
        by_mail=command.by_mail,
        document=PermitKind(document.kind) if document else None,
    )
    found = check_transport(load, _route(case))
    if document is not None:
        carriage = Carriage(substance=case.substance.id, quantity=command.quantity, on=case.drawn_on, permit=document)
        found += check_carriage(carriage)
    return found


def _route(case: Case) -> Route:
    session, command = case.session, case.command
    start, end = session.get_one(Area, case.site.area_id), None
    if command.external is not None:
        end = session.get(Area, session.get_one(Party, command.external).area_id or 0)
    elif command.individual:
        end = start  # he takes it away himself
    else:
        there = command.other_site or (standing(session, command.other).site_id if command.other else None)
        end = session.get(Area, session.get_one(Site, there).area_id) if there else None
    route = Route(
        from_county=start.id,
        to_county=end.id if end else None,
        from_prefecture=areas.prefecture(start),
        to_prefecture=areas.prefecture(end) if end else None,
    )
    if end is None or route.crosses or start.id == end.id:
        return route  # what is a key area matters only between two counties of one prefecture
    return replace(route, in_key_area=any(areas.in_key_area(session, place, command.day) for place in (start, end)))


def _second_person(case: Case, now: datetime) -> str | None:
    """Who signed for exactly this movement within the last minutes; None when nobody did.

    Refused when the signature is for something else, expired, or was used before.
    """
    command = case.command
    if command.cosignature is None:
        return None
    signed = _get(case.session, Cosignature, command.cosignature)
    same = (
        signed.enterprise_id == case.site.enterprise_id,
        signed.site_id == case.site.id,
        signed.type == command.type,
        signed.substance_id == command.substance,
        signed.quantity == command.quantity,
        signed.day == command.day,
        timedelta(0) <= now - signed.recorded_at <= COSIGNATURE_LASTS,
    )
    used = case.session.scalar(sa.select(sa.exists().where(Movement.cosignature_id == signed.id)))
    if not all(same) or used:
        raise Refused("复核签字与此记录不符、已过期或已用 / the signature is for something else, expired or used")
    return str(signed.person)
