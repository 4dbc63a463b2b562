"""Sign a document's token, and publish what devices need to judge it."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import NotFound, Refused
from precursor.permits.models import Permit, PermitBalance
from precursor.permits.service import PermitKey
from precursor.rules.permits import PermitKind, is_revoked
from precursor.signing import cbor, claims, envelope, lists, trust
from precursor.signing.lists import Status
from precursor.signing.text import from_text, host_of, prefix_of, to_text
from precursor.signing.trust import KeyState, ListedKey
from precursor.signing.verdicts import Refused as NotGenuine
from precursor.signing.verdicts import Verdict
from precursor.signing.verify import Verifier
from precursor.tokens import keys, saying
from precursor.tokens.models import (
    NO_JOURNEY,
    TRUST,
    Ending,
    Published,
    SigningKey,
    StatusNumber,
    Token,
    TripEnd,
    TripSlip,
)
from precursor.tokens.store import KeyStore

#: Places of one status list; a multiple of 4. A list that is full is followed by another.
CAPACITY: Final = 65_536
TRUST_LASTS: Final = timedelta(days=30)
#: A list whose content did not change is signed anew after so long, and ends after so long.
_AGES: Final = {
    TRUST: (timedelta(days=1), TRUST_LASTS),
    "status": (timedelta(hours=1), timedelta(seconds=lists.LASTS)),
    "balance": (timedelta(hours=1), timedelta(seconds=lists.LASTS)),
}
_DIRECTORY: Final = "/.well-known/precursor"


@dataclass(frozen=True, slots=True)
class Office:
    """Where tokens come from: the keys of this installation, and the address that it prints."""

    store: KeyStore
    base_url: str

    def text(self, token: Token) -> str:
        """The token as its QR code holds it."""
        return self.text_of(bytes.fromhex(token.cose))

    def text_of(self, cose: bytes) -> str:
        """The bytes of a token or trip slip as a QR code holds them."""
        return to_text(cose, prefix_of(self.base_url))

    def template(self, kind: str) -> str:
        """Where lists of a kind are found."""
        return f"{self.base_url.rstrip('/')}{_DIRECTORY}/{kind}/{{n}}.cwt"


def issue(session: Session, office: Office, key: PermitKey, actor: audit.Actor, now: datetime) -> Token:
    """The token of a document: the one that was signed before while it says the same, else a new one.

    Refused for a kind that gets none, a document that is over or revoked, and what a token cannot hold.
    """
    permit = session.get_one(Permit, (key.holder, key.id))
    said = saying.claims_of(session, permit)
    digest = hashlib.sha256(cbor.encode(said)).hexdigest()
    before = newest(session, key)
    _check_in_force(session, permit, now)
    if before is not None and before.said == digest and _is_good(session, before):
        return before
    now_known = {claims.IAT: int(now.timestamp()), claims.PERMIT: said[claims.PERMIT] | {claims.STATUS: [0, 0]}}
    checked(said | now_known)  # before any key is made for it
    signing = keys.active(session, office.store, said[claims.ISS], actor, now)
    number, index = take_place(session, said[claims.ISS])
    said[claims.IAT] = int(now.timestamp())
    said[claims.PERMIT][claims.STATUS] = [number, index]
    cose = envelope.sign(office.store.signer(signing.kid), cbor.encode(checked(said)))
    _check_size(cose, office)
    row = {
        "id": take_ids(session, 1)[0],
        "enterprise_id": key.holder,
        "permit_id": key.id,
        "kid": signing.kid,
        "list_number": number,
        "list_index": index,
        "said": digest,
        "cose": cose.hex(),
        "digest": hashlib.sha256(cose).hexdigest(),
    }
    audit.write(session, Token, [row], action="token.issue", actor=actor, now=now)
    return session.get_one(Token, row["id"])


def checked(said: dict[int, Any]) -> dict[int, Any]:
    """The claims, if a token can hold them. Refused otherwise."""
    try:
        return claims.check(said)
    except NotGenuine as error:
        raise Refused(f"二维码装不下此证内容 / a token cannot hold this document: {error.reason}") from None


def _check_size(cose: bytes, office: Office) -> None:
    """What is printed must be read again: a code holds so many digits and no more (C1)."""
    try:
        from_text(to_text(cose, prefix_of(office.base_url)))
    except NotGenuine:
        raise Refused("证件内容过长，二维码装不下 / the document says too much for a code") from None


def _is_good(session: Session, token: Token) -> bool:
    return session.get_one(SigningKey, token.kid).state != KeyState.COMPROMISED


def _check_in_force(session: Session, permit: Permit, now: datetime) -> None:
    today = legal_day(now)
    balance = session.get_one(PermitBalance, (permit.enterprise_id, permit.id))
    if is_revoked(balance.revoked_on, today):
        raise Refused("证件已吊销 / the document is revoked")
    if permit.valid_to < today:
        raise Refused("证件已过期 / the document's period is over")


def newest(session: Session, key: PermitKey) -> Token | None:
    """The token of a document that is good now; None when none was signed."""
    query = sa.select(Token).where(Token.enterprise_id == key.holder, Token.permit_id == key.id)
    return session.scalars(query.order_by(Token.id.desc()).limit(1)).one_or_none()


def by_number(session: Session, outside_id: str) -> PermitKey:
    """The document that is called so. NotFound when there is none."""
    query = sa.select(Permit.enterprise_id, Permit.id).where(Permit.outside_id == outside_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(f"没有证件 / there is no document {outside_id}")
    return PermitKey(*found)


def gets_token(kind: str) -> bool:
    """Whether documents of a kind get one."""
    return PermitKind(kind) in saying.DOCUMENTS


def take_place(session: Session, scope: str) -> tuple[int, int]:
    """The next free place on the lists of an authority: unique, whoever takes one at the same time."""
    taken = (
        sa.update(StatusNumber)
        .where(
            StatusNumber.number
            == sa.select(sa.func.max(StatusNumber.number)).where(StatusNumber.scope == scope).scalar_subquery(),
            StatusNumber.taken < CAPACITY,
        )
        .values(taken=StatusNumber.taken + 1)
        .returning(StatusNumber.number, StatusNumber.taken)
        .execution_options(synchronize_session=False)
    )
    if (found := session.execute(taken).one_or_none()) is not None:
        return found.number, found.taken - 1
    number = (session.scalar(sa.select(sa.func.max(StatusNumber.number))) or 0) + 1
    session.add(StatusNumber(number=number, scope=scope, taken=1))
    session.flush()
    return number, 0


# ------------------------------------------------------------------ lists


def trust_list(session: Session, office: Office, now: datetime) -> Published:
    """The trust list as it is published now."""
    city = areas.city(session)
    rows = keys.listed(session, now)
    listed = [
        ListedKey(
            x=bytes.fromhex(key.x),
            scope=key.scope,
            not_before=int(key.made_at.timestamp()),
            not_after=int(key.signs_until.timestamp()),
            state=KeyState(key.state),
            compromised_at=int(key.compromised_at.timestamp()) if key.compromised_at else None,
        )
        for key in rows
    ]
    issuer = saying.scope_of(session.get_one(Area, city.id))
    status, balance = office.template("status"), office.template("balance")
    content = repr((issuer, listed, status, balance))

    def make(sequence: int) -> bytes:
        return trust.make(
            office.store.root(),
            issuer=issuer,
            issued=int(now.timestamp()),
            expires=int((now + TRUST_LASTS).timestamp()),
            sequence=sequence,
            status=status,
            balance=balance,
            keys=listed,
        )

    try:
        return _published(session, TRUST, content, make, now)
    except Refused:  # the root key lies in its safe: a list that lacks no more than a key in waiting will do
        before = session.get(Published, TRUST)
        if before is None or now - before.signed_at >= TRUST_LASTS or _is_wrong(rows, before.signed_at):
            raise
        return before


def _is_wrong(now_listed: Iterable[SigningKey], signed_at: datetime) -> bool:
    """Whether a list of then trusts a key that was compromised since, or lacks one that signs by now."""
    return any(
        (key.compromised_at is not None and key.compromised_at >= signed_at)
        or (key.state == KeyState.ACTIVE and key.made_at > signed_at)
        for key in now_listed
    )


def verifier(session: Session, office: Office, actor: audit.Actor, now: datetime) -> Verifier:
    """What judges by the lists as they stand now. Refused where no key lies here."""
    root = bytes.fromhex(office.store.root_public())
    trusted = trust.read(trust_list(session, office, now).body, root)
    kept: dict[int, lists.StatusList] = {}

    def find(number: int, _: str, by: trust.Trust) -> lists.StatusList:
        if number not in kept:
            try:
                kept[number] = lists.read_status(status_list(session, office, number, actor, now).body, by)
            except (NotFound, Refused) as error:  # none of that number, or its key is out of reach
                raise NotGenuine(Verdict.STATUS_MISSING, str(error)) from None
        return kept[number]

    return Verifier(trusted, find, host_of(prefix_of(office.base_url)))


def jwks(session: Session, now: datetime) -> dict[str, Any]:
    """The listed keys for general tools; never a source of trust (C9)."""

    def b64url(text: str) -> str:
        return urlsafe_b64encode(bytes.fromhex(text)).decode().rstrip("=")

    fixed = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig"}
    good = [key for key in keys.listed(session, now) if key.state != KeyState.COMPROMISED]
    return {"keys": [fixed | {"kid": b64url(key.kid), "x": b64url(key.x)} for key in good]}


def numbers(session: Session) -> list[int]:
    """The numbers of the status lists there are."""
    return list(session.scalars(sa.select(StatusNumber.number).order_by(StatusNumber.number)))


def status_list(session: Session, office: Office, number: int, actor: audit.Actor, now: datetime) -> Published:
    """Status list ``number`` as it is published now. NotFound when there is none."""
    scope = _scope_of_list(session, number)
    entries = {index: state for index, state, _ in _entries(session, number, now)}
    packed = lists.pack(entries, CAPACITY)

    def make(_: int) -> bytes:
        return lists.make_status(
            office.store.signer(keys.active(session, office.store, scope, actor, now).kid),
            issuer=scope,
            subject=lists.address(office.template("status"), number),
            issued=int(now.timestamp()),
            packed=packed,
        )

    # what was issued and revoked between two lists leaves the bits as they were, and yet a new list must say so
    said = f"{max(entries, default=-1)} {hashlib.sha256(packed).hexdigest()}"
    content = f"{office.base_url} {_signing(session, office, scope, actor, now)} {said}"
    return _published(session, f"status/{number}", content, make, now)


def balance_list(session: Session, office: Office, number: int, actor: audit.Actor, now: datetime) -> Published:
    """Balance list ``number`` as it is published now. NotFound when there is none."""
    scope = _scope_of_list(session, number)
    left = {index: rest for index, state, rest in _entries(session, number, now) if rest is not None}

    def make(_: int) -> bytes:
        return lists.make_balance(
            office.store.signer(keys.active(session, office.store, scope, actor, now).kid),
            issuer=scope,
            subject=lists.address(office.template("balance"), number),
            issued=int(now.timestamp()),
            left=left,
        )

    content = f"{office.base_url} {_signing(session, office, scope, actor, now)} {sorted(left.items())}"
    return _published(session, f"balance/{number}", content, make, now)


def _signing(session: Session, office: Office, scope: str, actor: audit.Actor, now: datetime) -> str:
    return keys.active(session, office.store, scope, actor, now).kid


def _scope_of_list(session: Session, number: int) -> str:
    found = session.get(StatusNumber, number)
    if found is None:
        raise NotFound(f"没有状态列表 / there is no status list {number}")
    return found.scope


def _entries(session: Session, number: int, now: datetime) -> list[tuple[int, Status, tuple[int, ...] | None]]:
    """Each place that was given out: its state, and what is left where something was drawn."""
    newer = sa.orm.aliased(Token)
    is_replaced = sa.exists().where(
        newer.enterprise_id == Token.enterprise_id, newer.permit_id == Token.permit_id, newer.id > Token.id
    )
    query = (
        sa.select(
            Token.list_index,
            Token.cose,
            is_replaced.label("replaced"),
            PermitBalance.revoked_on,
            PermitBalance.is_suspended,
            PermitBalance.approved,
            PermitBalance.drawn,
            PermitBalance.draws,
            PermitBalance.allowed_draws,
        )
        .join(
            PermitBalance,
            sa.and_(PermitBalance.enterprise_id == Token.enterprise_id, PermitBalance.permit_id == Token.permit_id),
        )
        .where(Token.list_number == number)
        .order_by(Token.list_index)
    )
    today = legal_day(now)
    found = []
    for row in session.execute(query):
        state = Status.VALID
        if row.replaced or is_revoked(row.revoked_on, today):
            state = Status.INVALID
        elif row.is_suspended:
            state = Status.SUSPENDED
        elif row.drawn >= row.approved or row.draws >= row.allowed_draws:
            state = Status.USED_UP
        found.append((row.list_index, state, _left(row) if row.drawn else None))
    return [*found, *_slips(session, number, today)]


def _slips(session: Session, number: int, today: date) -> list[tuple[int, Status, tuple[int, ...] | None]]:
    """Each trip slip of a list: good while its document is, and its journey is not over."""
    query = (
        sa.select(TripSlip.list_index, TripEnd.how, PermitBalance.revoked_on, PermitBalance.is_suspended)
        .join(
            PermitBalance,
            sa.and_(
                PermitBalance.enterprise_id == TripSlip.enterprise_id, PermitBalance.permit_id == TripSlip.permit_id
            ),
        )
        .outerjoin(TripEnd, TripEnd.trip_id == TripSlip.id)
        .where(TripSlip.list_number == number)
        .order_by(TripSlip.list_index)
    )
    return [(row.list_index, _slip_state(row, today), None) for row in session.execute(query)]


def _slip_state(row: Any, today: date) -> Status:
    if row.how in NO_JOURNEY or is_revoked(row.revoked_on, today):
        return Status.INVALID
    if row.is_suspended:
        return Status.SUSPENDED
    return Status.USED_UP if row.how == Ending.ARRIVED else Status.VALID


def _left(row: Any) -> tuple[int, ...]:
    payload = cbor.decode(envelope.read(bytes.fromhex(row.cose)).payload)
    (item,) = payload[claims.PERMIT][claims.ITEMS]
    return (saying.in_units_of(item, row.approved - row.drawn),)


def _published(session: Session, name: str, content: str, make: Callable[[int], bytes], now: datetime) -> Published:
    """The list as it stands: the bytes signed before while they say the same and are young, else new ones."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    before = session.get(Published, name, with_for_update=True)
    young, lasts = _AGES[name.partition("/")[0]]
    if before is not None and before.content == digest and timedelta(0) <= now - before.signed_at < young:
        return before
    sequence = before.sequence + 1 if before else 1
    try:
        body = make(sequence)
    except Refused:  # its key lies elsewhere: what was signed before holds until it ends
        if before is None or before.content != digest or now - before.signed_at >= lasts:
            raise
        return before
    values: Mapping[str, Any] = {"sequence": sequence, "content": digest, "signed_at": now, "body": body}
    if before is None:
        before = Published(name=name, **values)
        session.add(before)
    else:
        for member, value in values.items():
            setattr(before, member, value)
    session.flush()
    return before
