"""Issuing keys: made at first use, rotated with overlap, revoked when they are compromised (pc1 C6, DECISIONS 15)."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.errors import NotFound, Refused
from precursor.signing.keys import FileSigner
from precursor.signing.trust import KeyState
from precursor.tokens.models import SigningKey
from precursor.tokens.store import KeyStore

#: A key signs for so long, and the next one takes over earlier; a token outlives its key by a year at most.
SIGNS_FOR: Final = timedelta(days=180)
ROTATES_AFTER: Final = timedelta(days=90)
LISTED_AFTER: Final = timedelta(days=400)


def active(session: Session, store: KeyStore, scope: str, actor: audit.Actor, now: datetime) -> SigningKey:
    """The key that signs for an authority: made when there is none, rotated when it is due."""
    found = _in_state(session, scope, KeyState.ACTIVE)
    if found is None or found.active_since is None or now - found.active_since >= ROTATES_AFTER:
        return rotate(session, store, scope, actor, now)
    return found


def rotate(session: Session, store: KeyStore, scope: str, actor: audit.Actor, now: datetime) -> SigningKey:
    """The next key signs from now on, and one more is made that devices learn of before it signs."""
    before, following = _in_state(session, scope, KeyState.ACTIVE), _in_state(session, scope, KeyState.NEXT)
    if following is None or following.signs_until - now < ROTATES_AFTER:
        following = _new(session, store, scope, actor, now)
    if before is not None:
        _set_state(session, before, KeyState.RETIRED, actor, now)
    following.active_since = now
    _set_state(session, following, KeyState.ACTIVE, actor, now)
    _new(session, store, scope, actor, now)
    return following


def revoke(session: Session, store: KeyStore, kid: str, actor: audit.Actor, now: datetime) -> SigningKey:
    """A key was compromised: whatever it signed is refused from the next trust list on; another takes over.

    NotFound for no key of that name; Refused for one that is revoked already.
    """
    key = session.get(SigningKey, kid)
    if key is None:
        raise NotFound(f"没有密钥 / there is no key {kid}")
    if key.state == KeyState.COMPROMISED:
        raise Refused(f"密钥已作废 / the key {kid} is revoked already")
    was_active = key.state == KeyState.ACTIVE
    key.compromised_at = now
    _set_state(session, key, KeyState.COMPROMISED, actor, now)
    if was_active:
        rotate(session, store, key.scope, actor, now)
    return key


def listed(session: Session, now: datetime) -> list[SigningKey]:
    """The keys of the trust list: all whose tokens may still be in force."""
    query = sa.select(SigningKey).where(SigningKey.signs_until > now - LISTED_AFTER)
    return list(session.scalars(query.order_by(SigningKey.scope, SigningKey.made_at, SigningKey.kid)))


def _in_state(session: Session, scope: str, state: KeyState) -> SigningKey | None:
    query = sa.select(SigningKey).where(SigningKey.scope == scope, SigningKey.state == int(state))
    return session.scalars(query.order_by(SigningKey.made_at.desc()).limit(1)).one_or_none()


def _new(session: Session, store: KeyStore, scope: str, actor: audit.Actor, now: datetime) -> SigningKey:
    signer = FileSigner.new()
    store.keep(signer)
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
