"""The trust list (C6): which keys may sign for whom, signed by the root that a device has pinned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from precursor.signing import cbor, envelope
from precursor.signing.keys import ED25519, EDDSA, Signer, holds, is_sound, public, thumbprint
from precursor.signing.verdicts import Refused, Verdict

_KEYS, _STATUS, _SEQUENCE, _BALANCE = -70010, -70016, -70017, -70018
_SCOPE, _NBF, _EXP, _STATE, _COMPROMISED = -70011, -70012, -70013, -70014, -70015
_TOP: Final = frozenset((1, 4, 6, _KEYS, _STATUS, _SEQUENCE, _BALANCE))
_OF_KEY: Final = frozenset((1, 2, 3, -1, -2, _SCOPE, _NBF, _EXP, _STATE))


class KeyState(IntEnum):
    """Where a key stands in its rotation; all but COMPROMISED verify alike."""

    NEXT = 0
    ACTIVE = 1
    RETIRED = 2
    COMPROMISED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A key on the list; times in seconds, ``not_before``/``not_after`` bound when it signs."""

    x: bytes
    scope: str
    not_before: int
    not_after: int
    state: KeyState
    alg: int = EDDSA
    compromised_at: int | None = None

    @property
    def kid(self) -> bytes:
        """Its thumbprint."""
        return thumbprint(self.x)

    def signs_at(self, instant: int) -> bool:
        """Whether it may sign at an instant."""
        return self.not_before <= instant < self.not_after


@dataclass(frozen=True, slots=True)
class Trust:
    """A verified trust list."""

    issuer: str
    issued: int
    expires: int
    sequence: int
    status: str
    balance: str
    keys: Mapping[bytes, ListedKey]
    publics: Mapping[bytes, Ed25519PublicKey]


def _claims(keys: Iterable[ListedKey]) -> list[dict[int, Any]]:
    return [
        {1: 1, 2: key.kid, 3: key.alg, -1: 6, -2: key.x, _SCOPE: key.scope, _NBF: key.not_before, _EXP: key.not_after}
        | {_STATE: int(key.state)}
        | ({_COMPROMISED: key.compromised_at} if key.compromised_at is not None else {})
        for key in keys
    ]


def make(
    root: Signer,
    *,
    issuer: str,
    issued: int,
    expires: int,
    sequence: int,
    status: str,
    balance: str,
    keys: Iterable[ListedKey],
) -> bytes:
    """A trust list, signed by the root."""
    payload = {1: issuer, 4: expires, 6: issued, _KEYS: _claims(keys)}
    payload |= {_STATUS: status, _SEQUENCE: sequence, _BALANCE: balance}
    return envelope.sign(root, cbor.encode(payload))


def read(data: bytes, root: bytes, *, at: int | None = None, least: int = 0) -> Trust:
    """A trust list by a pinned root, at an instant (None: whenever). Refused: TRUST_INVALID or TRUST_EXPIRED.

    ``least`` is the highest sequence number seen before: an older list is a rollback.
    """
    try:
        found = _read(data, root, least)
    except (Refused, cbor.NotCbor) as error:
        raise Refused(Verdict.TRUST_INVALID, str(error)) from None
    if at is not None and at >= found.expires:
        raise Refused(Verdict.TRUST_EXPIRED, "the trust list has expired")
    return found


def _bad(reason: str) -> Refused:
    return Refused(Verdict.TRUST_INVALID, reason)


def _whole(value: Any, least: int = 0) -> bool:
    return type(value) is int and value >= least


def _read(data: bytes, root: bytes, least: int) -> Trust:
    outside = envelope.read(data)
    if not is_sound(root) or outside.kid != thumbprint(root) or outside.alg != EDDSA:
        raise _bad("not signed by the pinned root")
    if not holds(public(root), outside.signature, outside.signed):
        raise _bad("the root's signature does not match")
    top = cbor.decode(outside.payload)
    if type(top) is not dict or top.keys() != _TOP or type(top[1]) is not str or type(top[_KEYS]) is not list:
        raise _bad("not the claims of a trust list")
    if not (_whole(top[4]) and _whole(top[6]) and _whole(top[_SEQUENCE], 1)):
        raise _bad("times or sequence")
    if top[_SEQUENCE] < least:
        raise _bad("older than one seen before")
    for label in (_STATUS, _BALANCE):
        if type(top[label]) is not str or top[label].count("{n}") != 1:
            raise _bad("a template holds {n} once")
    keys = [_key(key) for key in top[_KEYS]]
    by_kid = {key.kid: key for key in keys}
    if len(by_kid) != len(keys):
        raise _bad("a key comes twice")
    publics = {kid: public(key.x) for kid, key in by_kid.items()}
    return Trust(top[1], top[6], top[4], top[_SEQUENCE], top[_STATUS], top[_BALANCE], by_kid, publics)


def _key(raw: Any) -> ListedKey:
    if type(raw) is not dict or raw.keys() - {_COMPROMISED} != _OF_KEY:
        raise _bad("not a key")
    is_typed = (
        type(raw[2]) is bytes
        and type(raw[-2]) is bytes
        and type(raw[_SCOPE]) is str
        and all(_whole(raw[label]) for label in (_NBF, _EXP, _STATE))
        and type(raw[1]) is int
        and type(raw[-1]) is int
        and type(raw[3]) is int
    )
    if not is_typed or raw[1] != 1 or raw[-1] != 6 or raw[3] not in (EDDSA, ED25519) or raw[_STATE] > 3:
        raise _bad("not an Ed25519 key of this format")
    if not is_sound(raw[-2]) or raw[2] != thumbprint(raw[-2]):
        raise _bad("a key that is not sound, or not its thumbprint")
    if (raw[_STATE] == KeyState.COMPROMISED) != (_COMPROMISED in raw) or not _whole(raw.get(_COMPROMISED, 0)):
        raise _bad("a compromised key says since when")
    return ListedKey(
        x=raw[-2],
        alg=raw[3],
        scope=raw[_SCOPE],
        not_before=raw[_NBF],
        not_after=raw[_EXP],
        state=KeyState(raw[_STATE]),
        compromised_at=raw.get(_COMPROMISED),
    )
