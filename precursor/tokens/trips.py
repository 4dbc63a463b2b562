"""Trip slips (随车单): one journey under a transport document, for these vehicles, this amount and a few days.

A document that is good many times can be copied onto another lorry; a slip names the lorry, and is over in days.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core import quantity
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import Fault, Faulty, Refused
from precursor.permits.models import Draw, Permit, PermitBalance
from precursor.permits.service import PermitKey
from precursor.rules.permits import TRANSPORT, PermitKind, Uses, is_revoked
from precursor.rules.roadside import bare
from precursor.signing import cbor, envelope
from precursor.signing import claims as c
from precursor.substances.models import Substance
from precursor.tokens import keys, saying, service
from precursor.tokens.models import NO_JOURNEY, Ending, TripEnd, TripSeen, TripSlip
from precursor.tokens.service import Office

#: The longest that a slip is good, in legal days.
LONGEST: Final = 3
_OTHER_TIME: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrip:
    """A journey to begin: under which document, in which vehicles, with how much (base units), from when to when."""

    permit: PermitKey
    plates: tuple[str, ...]
    quantity: int
    valid_from: date
    valid_to: date


def open_trip(session: Session, office: Office, trip: OpenTrip, actor: audit.Actor, now: datetime) -> TripSlip:
    """The slip of a journey, signed. Refused or Faulty where the document does not bear it; one at a time."""
    key = trip.permit
    balance = session.get_one(PermitBalance, (key.holder, key.id), with_for_update=True)
    if _was_used_up(session, balance, legal_day(now)):
        raise Faulty([Fault("/document", "证件此前已用完 / the document was used up before today")])
    return _open(session, office, trip, balance, actor, now)


def _open(
    session: Session, office: Office, trip: OpenTrip, balance: PermitBalance, actor: audit.Actor, now: datetime
) -> TripSlip:
    key = trip.permit
    permit = session.get_one(Permit, (key.holder, key.id))
    _check_document(permit, balance, trip, legal_day(now))
    number = _next(session, permit, trip)
    said = _claims(session, permit, trip, number, now)
    signing = keys.active(session, office.store, said[c.ISS], actor, now)
    place, index = service.take_place(session, said[c.ISS])
    said[c.PERMIT][c.STATUS] = [place, index]
    cose = envelope.sign(office.store.signer(signing.kid), cbor.encode(service.checked(said)))
    row = {
        "id": take_ids(session, 1)[0],
        "outside_id": said[c.SUB],
        "enterprise_id": key.holder,
        "permit_id": key.id,
        "trip": number,
        "plates": ", ".join(trip.plates),
        "quantity": trip.quantity,
        "valid_from": trip.valid_from,
        "valid_to": trip.valid_to,
        "kid": signing.kid,
        "list_number": place,
        "list_index": index,
        "cose": cose.hex(),
        "digest": hashlib.sha256(cose).hexdigest(),
        "recorded_on": legal_day(now),
    }
    audit.write(session, TripSlip, [row], action="trip.open", actor=actor, now=now)
    return session.get_one(TripSlip, row["id"])


def end_trip(session: Session, slip: TripSlip, how: str, actor: audit.Actor, now: datetime) -> None:
    """The journey is over (``arrived``) or was given up: its slip is good no longer.

    Refused a second time, and to give up what was met on the road: it would be carried twice.
    """
    if session.get(TripEnd, slip.id) is not None:
        raise Refused("随车单已结束 / the trip is over already")
    if how == Ending.GIVEN_UP and (met := session.get(TripSeen, slip.id)) is not None:
        day = legal_day(met.at)
        raise Refused(f"{day} 已在途中查验，不能取消，只能到达 / met on the road on {day}: it can only arrive")
    _end(session, slip, how, actor, now)


def _end(session: Session, slip: TripSlip, how: str, actor: audit.Actor, now: datetime) -> None:
    row = {"trip_id": slip.id, "how": how, "day": legal_day(now)}
    audit.write(session, TripEnd, [row], action="trip.end", actor=actor, now=now)


def open_again(session: Session, office: Office, slip: TripSlip, actor: audit.Actor, now: datetime) -> TripSlip:
    """Another slip for what is left of a journey, when the key of its slip is trusted no longer."""
    _end(session, slip, Ending.REPLACED, actor, now)
    rest = OpenTrip(
        permit=PermitKey(slip.enterprise_id, slip.permit_id),
        plates=tuple(slip.plates.split(", ")),
        quantity=slip.quantity,
        valid_from=max(slip.valid_from, legal_day(now)),
        valid_to=slip.valid_to,
    )
    balance = session.get_one(PermitBalance, (slip.enterprise_id, slip.permit_id), with_for_update=True)
    return _open(session, office, rest, balance, actor, now)


def ended(session: Session, slip: str, how: Ending) -> TripEnd | None:
    """That the journey of a slip ended so; None where it did not."""
    query = (
        sa.select(TripEnd)
        .join(TripSlip, TripSlip.id == TripEnd.trip_id)
        .where(TripSlip.outside_id == slip, TripEnd.how == how)
    )
    return session.scalar(query)


def seen(session: Session, number: str, at: datetime, actor: audit.Actor, now: datetime) -> None:
    """A slip was met on the road; the first time counts."""
    slip = session.scalar(sa.select(TripSlip.id).where(TripSlip.outside_id == number))
    if slip is None or session.get(TripSeen, slip) is not None:
        return
    audit.write(session, TripSeen, [{"trip_id": slip, "at": at}], action="trip.seen", actor=actor, now=now)


def number_of_use(session: Session, document: str, trip: int) -> int:
    """Which use of a document its journey of this number is: what was given up before it was none."""
    query = (
        sa.select(sa.func.count())
        .select_from(TripSlip)
        .join(TripEnd, TripEnd.trip_id == TripSlip.id)
        .join(Permit, sa.and_(Permit.enterprise_id == TripSlip.enterprise_id, Permit.id == TripSlip.permit_id))
        .where(Permit.outside_id == document, TripSlip.trip < trip, TripEnd.how.in_(NO_JOURNEY))
    )
    return trip - session.scalars(query).one()


def _was_used_up(session: Session, balance: PermitBalance, today: date) -> bool:
    """Nothing is left of a document, and what took the last of it was not the dispatch of today."""
    if balance.drawn < balance.approved and balance.draws < balance.allowed_draws:
        return False
    of_it = (Draw.enterprise_id == balance.enterprise_id, Draw.permit_id == balance.permit_id)
    last = session.scalar(sa.select(sa.func.max(Draw.day)).where(*of_it))
    return last is None or last < today


def _check_document(permit: Permit, balance: PermitBalance, trip: OpenTrip, today: date) -> None:
    faults = []
    if PermitKind(permit.kind) not in TRANSPORT or not service.gets_token(permit.kind):
        faults.append(Fault("/document", "须为运输许可证或备案证明 / must be a transport permit or filing"))
    if is_revoked(balance.revoked_on, today) or balance.is_suspended:
        faults.append(Fault("/document", "证件已吊销或暂停 / the document is revoked or suspended"))
    if not permit.valid_from <= trip.valid_from <= trip.valid_to <= permit.valid_to:
        faults.append(Fault("/valid_from", "不在证件有效期内 / outside the period of the document"))
    if trip.valid_to - trip.valid_from >= timedelta(LONGEST):
        faults.append(Fault("/days", f"至多 {LONGEST} 日 / {LONGEST} days at most"))
    stated = {bare(plate) for plate in saying.plates_of(permit)}
    if strange := [plate for plate in trip.plates if stated and bare(plate) not in stated]:
        faults.append(
            Fault("/plates", f"不是证载车牌：{'、'.join(strange)} / no plates of the document: {', '.join(strange)}")
        )
    if faults:
        raise Faulty(faults)


def _next(session: Session, permit: Permit, trip: OpenTrip) -> int:
    """The number of the journey. Refused when the document has no journey or no amount left for it."""
    of_permit = (TripSlip.enterprise_id == permit.enterprise_id, TripSlip.permit_id == permit.id)
    given_up = sa.exists().where(TripEnd.trip_id == TripSlip.id, TripEnd.how.in_(NO_JOURNEY))
    made, gone, last = session.execute(
        sa.select(
            sa.func.count(TripSlip.id).filter(~given_up),
            sa.func.coalesce(sa.func.sum(TripSlip.quantity).filter(~given_up), 0),
            sa.func.coalesce(sa.func.max(TripSlip.trip), 0),
        ).where(*of_permit)
    ).one()
    if permit.uses == Uses.SINGLE and made:
        raise Refused("证件一次有效，已开过随车单 / the document is good for one journey, and has it")
    if permit.quantity is not None and int(gone) + trip.quantity > permit.quantity:
        unit = session.get_one(Substance, permit.substance_id).unit
        left = quantity.show(max(0, permit.quantity - int(gone)), unit)
        raise Faulty(
            [Fault("/quantity", f"超过证件未开单的余量 {left} {unit} / more than the {left} {unit} not on a slip")]
        )
    return int(last) + 1


def _claims(session: Session, permit: Permit, trip: OpenTrip, number: int, now: datetime) -> dict[int, Any]:
    said = saying.claims_of(session, permit)
    substance = session.get_one(Substance, permit.substance_id)
    said[c.SUB] = f"{permit.outside_id}-T{number}"
    said[c.NBF], said[c.EXP] = saying.instant(trip.valid_from), saying.instant(trip.valid_to + timedelta(1))
    said[c.IAT] = int(now.timestamp())
    said[c.PERMIT] |= {
        c.DOCUMENT: c.TRIP_SLIP,
        c.VALIDITY: _OTHER_TIME,
        c.ITEMS: [saying.item_of(substance, trip.quantity)],
        c.PLATES: list(trip.plates),
        c.PARENT: permit.outside_id,
        c.TRIP: number,
    }
    return said
