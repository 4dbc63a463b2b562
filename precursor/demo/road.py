"""The road: an inspector's phone with a few days of its log, journeys under documents, and cases that came of it."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from precursor import audit
from precursor.accounts.models import User
from precursor.areas.models import Area
from precursor.core.clock import legal_day
from precursor.enterprises.models import Site
from precursor.movements import labels
from precursor.movements.labels import AddLabels
from precursor.movements.models import Batch, Label, Movement
from precursor.movements.service import stands
from precursor.permits.models import Permit, PermitBalance, RouteStop
from precursor.permits.service import PermitKey
from precursor.roadside import arrivals, service
from precursor.roadside.models import Device
from precursor.rules.movements import MovementType
from precursor.rules.permits import TRANSPORT
from precursor.rules.roadside import Presence
from precursor.signing.keys import public_of
from precursor.signing.verdicts import Verdict
from precursor.tokens import saying, trips
from precursor.tokens import service as tokens
from precursor.tokens.service import Office
from precursor.tokens.trips import OpenTrip

_SHIPPED = timedelta(days=3)
_HERE, _FAR = (31_200_000, 120_400_000), (33_100_000, 121_900_000)  # 253 km apart


def live(session: Session, office: Office, inspector: str, actor: audit.Actor, now: datetime) -> None:
    """Enrol the phone of an inspector, open journeys, and bring home what the phone logged."""
    phone = _Phone(session, inspector, now)
    documents = _documents(session, legal_day(now), phone.device.area_id)
    good, other_plate, fast = (
        (session.get_one(Permit, (key.holder, key.id)), tokens.issue(session, office, key, actor, now - _SHIPPED))
        for key in documents[:3]
    )
    for key in documents[:3]:
        permit, begun = session.get_one(Permit, (key.holder, key.id)), legal_day(now)
        plates = tuple(saying.plates_of(permit))
        trips.open_trip(
            session,
            office,
            OpenTrip(
                permit=key,
                plates=plates,
                quantity=(permit.quantity or 0) // 4,
                valid_from=begun,
                valid_to=min(begun + timedelta(1), permit.valid_to),
            ),
            actor,
            now,
        )
    county = session.get_one(Area, phone.device.area_id).outside_id
    judge = tokens.verifier(session, office, actor, now).judge
    for permit, token, hours, plate, place in (
        (*good, 50, saying.plates_of(good[0])[0], _HERE),
        (*other_plate, 26, "示Z00000", _HERE),
        (*fast, 4, saying.plates_of(fast[0])[0], _HERE),
        (*fast, 3, saying.plates_of(fast[0])[0], _FAR),
    ):
        del permit
        at, text = now - timedelta(hours=hours), office.text(token)
        scan = {"text": text, "verdict": judge(text, int(at.timestamp())).verdict.value}
        phone.log("scan", at, place, scan=scan)
        phone.log("check", at + timedelta(minutes=6), place, scan=scan, check=_check(county, plate, "pass"))
    forged = {"text": "PC1#" + "7" * 300, "verdict": Verdict.MALFORMED.value}
    phone.log("scan", now - timedelta(hours=2), _HERE, scan=forged)
    nothing = {"verdict": "NONE", "findings": ["NO_PERMIT"]}
    phone.log("check", now - timedelta(hours=1), _HERE, scan=nothing, check=_check(county, "示Y12345", "fault"))
    for number, text in enumerate(_labels(session, phone.device.area_id, actor, now)):
        at = now - timedelta(minutes=50 - 10 * number)
        said = {"text": text, "shown": Presence.HERE.value}
        phone.log("store", at, _HERE, store=said | {"result": "seen"})
        phone.log("store", at, _HERE, store=said | {"result": "mismatch" if number else "match"})
    user = session.get_one(User, phone.device.user_id)
    arrivals.take(session, phone.device, user, phone.entries, judge, now)


def _documents(session: Session, today: date, area: int) -> list[PermitKey]:
    """Transport documents in force for many journeys, with plates and most of their amount left.

    Those whose route passes an area first, then by number.
    """
    passes = sa.exists().where(
        RouteStop.enterprise_id == Permit.enterprise_id, RouteStop.permit_id == Permit.id, RouteStop.area_id == area
    )
    query = (
        sa.select(Permit)
        .join(
            PermitBalance,
            sa.and_(PermitBalance.enterprise_id == Permit.enterprise_id, PermitBalance.permit_id == Permit.id),
        )
        .where(
            Permit.kind.in_([kind.value for kind in TRANSPORT]),
            Permit.uses == "multi",
            Permit.valid_from <= today - _SHIPPED,
            Permit.valid_to > today,
            PermitBalance.revoked_on.is_(None),
            PermitBalance.drawn * 2 < PermitBalance.approved,
        )
        .order_by(passes.desc(), Permit.outside_id)
    )
    named = [permit for permit in session.scalars(query) if saying.plates_of(permit)]
    return [PermitKey(permit.enterprise_id, permit.id) for permit in named[:3]]


def _labels(session: Session, area: int, actor: audit.Actor, now: datetime) -> list[str]:
    """Labels for the two latest batches that lie in a store of an area; the text of the first sticker of each."""
    batches = (
        sa.select(Movement.enterprise_id, Movement.site_id, Movement.substance_id, Movement.batch, Movement.quantity)
        .join(Site, Site.id == Movement.site_id)
        .join(
            Batch,
            sa.and_(
                Batch.enterprise_id == Movement.enterprise_id,
                Batch.substance_id == Movement.substance_id,
                Batch.number == Movement.batch,
            ),
        )
        .where(Site.area_id == area, Movement.type == MovementType.PRODUCTION_IN.value, stands(Movement))
        .order_by(Movement.day.desc(), Movement.id)
        .limit(2)
    )
    found = []
    for row in session.execute(batches).all():
        order = AddLabels(
            site=row.site_id,
            enterprise=row.enterprise_id,
            substance=row.substance_id,
            batch=row.batch,
            count=12,
            quantity=max(1, row.quantity // 12),
            day=legal_day(now),
        )
        number = labels.add(session, order, actor, now)
        mark = session.scalars(sa.select(Label.mark).where(Label.outside_id == number)).one()
        found.append(labels.text_of(mark, 1))
    return found


def _check(county: str, plate: str, result: str) -> dict[str, Any]:
    return {
        "county": county,
        "plate": plate,
        "where": "国道 204 收费站",
        "items": {"plate": "ok" if result == "pass" else "fault", "seal": "ok", "goods": "ok"},
        "result": result,
        "officers": [],
    }


class _Phone:
    """A phone as the register knows it, with a key that is the same in every demonstration."""

    def __init__(self, session: Session, inspector: str, now: datetime) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"demonstration phone").digest())
        now -= _SHIPPED
        secret = service.offer(session, inspector, now)
        proof = self._key.sign(f"enrol {secret.hex()}".encode()).hex()
        self.device: Device = service.enrol(session, secret, public_of(self._key).hex(), proof, "示例手机", now)
        self.entries: list[dict[str, Any]] = []
        self._head = ""

    def log(self, kind: str, at: datetime, place: tuple[int, int], **members: Any) -> None:
        """Append an entry, signed and chained."""
        entry = {
            "v": 1,
            "device": self.device.outside_id,
            "seq": len(self.entries) + 1,
            **({"prev": self._head} if self._head else {}),
            "at": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "kind": kind,
            "place": {"latitude": place[0], "longitude": place[1], "accuracy": 12},
            **members,
        }
        said = json.dumps(entry, ensure_ascii=False)
        self._head = hashlib.sha256(said.encode()).hexdigest()
        self.entries.append({"said": said, "signature": self._key.sign(said.encode()).hex()})
