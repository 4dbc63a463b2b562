"""Issuing keys: made ahead, rotated with overlap, revoked when they are compromised (pc1 C6, DECISIONS 15).

Look here for: when the next key takes over. It stands on the trust list before it signs, so that phones know it by
then; what the one before signed is good until it ends of itself.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.errors import NotFound, Refused
from precursor.signing import lists
from precursor.signing.keys import Signer
from precursor.signing.trust import KeyState
from precursor.tokens.models import TRUST, Published, SigningKey
from precursor.tokens.store import KeyStore

#: A key signs for so long, and the next one takes over earlier; a token outlives its key by a year at most.
SIGNS_FOR: Final = timedelta(days=180)
ROTATES_AFTER: Final = timedelta(days=90)
LISTED_AFTER: Final = timedelta(days=400)
#: How old a key is before it signs: a phone whose lists are older than this judges nothing (C7) and syncs first.
NOTICE: Final = timedelta(seconds=lists.LASTS)


def active(session: Session, store: KeyStore, scope: str, actor: audit.Actor, now: datetime) -> SigningKey:
    """The key that signs for an authority: made when there is none, rotated when it is due.

    It is due after ``ROTATES_AFTER``, once phones know the next one; and before its own end, whatever they know.
    """
    found = _in_state(session, scope, KeyState.ACTIVE)
    if found is None or found.active_since is None or found.signs_until - now < NOTICE:
        return rotate(session, store, scope, actor, now)
    if now - found.active_since < ROTATES_AFTER:
        return found
    following = _in_state(session, scope, KeyState.NEXT)
    if following is not None and following.made_at <= now - NOTICE and is_published(session, following):
        return rotate(session, store, scope, actor, now)
    if following is None or following.signs_until - now < NOTICE:
        make_next(session, store, scope, actor, now)
    return found


def is_published(session: Session, key: SigningKey) -> bool:
    """Whether the last trust list that was signed holds the key; it holds all that there were."""
    signed_at = session.scalar(sa.select(Published.signed_at).where(Published.name == TRUST))
    return signed_at is not None and key.made_at <= signed_at


def rotate(session: Session, store: KeyStore, scope: str, actor: audit.Actor, now: datetime) -> SigningKey:
    """The next key signs from now on, and one more is made that devices learn of before it signs."""
    before, following = _in_state(session, scope, KeyState.ACTIVE), _in_state(session, scope, KeyState.NEXT)
    if following is None or following.signs_until - now < NOTICE or not store.holds(following.kid):
        following = make_next(session, store, scope, actor, now)
    if before is not None:
        _set_state(session, before, KeyState.RETIRED, actor, now)
    following.active_since = now
    _set_state(session, following, KeyState.ACTIVE, actor, now)
    make_next(session, store, scope, actor, now)
    return following


def make_next(
    session: Session, store: KeyStore, scope: str, actor: audit.Actor, now: datetime, label: str | None = None
) -> SigningKey:
    """A new key that will sign after the present one; one that waited before it never signs.

    ``label``: a key that other tools made in the PKCS#11 token. Refused when it is on the list already.
    """
    signer = store.make(scope) if label is None else store.adopt(label)
    if session.get(SigningKey, signer.kid.hex()) is not None:
        raise Refused(f"密钥已登记 / the key {signer.kid.hex()} is on the list already")
    while (waiting := _in_state(session, scope, KeyState.NEXT)) is not None:
        _set_state(session, waiting, KeyState.RETIRED, actor, now)
    return _new(session, signer, scope, actor, now)


def revoke(
    session: Session, store: KeyStore, kids: Iterable[str], actor: audit.Actor, now: datetime
) -> list[SigningKey]:
    """Keys were compromised: whatever they signed is refused from the next trust list on; others take over.

    All of one theft at once: a key that waits beside a stolen one is never the one that takes over when it was stolen
    too. NotFound for no key of that name; Refused for one that is revoked already.
    """
    found = [_not_revoked(session, kid) for kid in dict.fromkeys(kids)]
    for key in found:
        key.compromised_at = now
        _set_state(session, key, KeyState.COMPROMISED, actor, now)
    for scope in sorted({key.scope for key in found}):
        if _in_state(session, scope, KeyState.ACTIVE) is None:
            rotate(session, store, scope, actor, now)
        elif _in_state(session, scope, KeyState.NEXT) is None:
            make_next(session, store, scope, actor, now)
    return found


def _not_revoked(session: Session, kid: str) -> SigningKey:
    key = session.get(SigningKey, kid)
    if key is None:
        raise NotFound(f"没有密钥 / there is no key {kid}")
    if key.state == KeyState.COMPROMISED:
        raise Refused(f"密钥已作废 / the key {kid} is revoked already")
    return key


def listed(session: Session, now: datetime) -> list[SigningKey]:
    """The keys of the trust list: all whose tokens may still be in force."""
    query = sa.select(SigningKey).where(SigningKey.signs_until > now - LISTED_AFTER)
    return list(session.scalars(query.order_by(SigningKey.scope, SigningKey.made_at, SigningKey.kid)))


def _in_state(session: Session, scope: str, state: KeyState) -> SigningKey | None:
    query = sa.select(SigningKey).where(SigningKey.scope == scope, SigningKey.state == int(state))
    return session.scalars(query.order_by(SigningKey.made_at.desc()).limit(1)).one_or_none()


def _new(session: Session, signer: Signer, scope: str, actor: audit.Actor, now: datetime) -> SigningKey:
    row = {
        "kid": signer.kid.hex(),
        "x": signer.x.hex(),
        "scope": scope,
        "made_at": now,
        "signs_until": now + SIGNS_FOR,
        "state": int(KeyState.NEXT),
    }
    key = SigningKey(**row)
    session.add(key)
    session.flush()
    audit.note(session, action="key.make", kind="signing_key", name=key.kid, row=row, actor=actor, now=now)
    return key


def _set_state(session: Session, key: SigningKey, state: KeyState, actor: audit.Actor, now: datetime) -> None:
    key.state = int(state)
    session.flush()
    row = {"state": state.name.lower(), "scope": key.scope}
    audit.note(session, action="key.set_state", kind="signing_key", name=key.kid, row=row, actor=actor, now=now)
