"""Status lists (C7) and balance lists (C8): what became of the documents, signed, to be carried along."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from precursor.signing import cbor, envelope
from precursor.signing.keys import Signer, holds
from precursor.signing.text import inflate
from precursor.signing.trust import KeyState, Trust
from precursor.signing.verdicts import Refused, Verdict

TTL: Final = 3600
LASTS: Final = 7 * 86_400
_MOST_STATUS: Final = 2**20
_MOST_BALANCE: Final = 2**24
_LIST, _TTL, _ROWS = 65_533, 65_534, -70019


class Status(IntEnum):
    """What a status list says of a document."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    USED_UP = 3


_OF_BITS: Final = tuple(Status)


@dataclass(frozen=True, slots=True)
class StatusList:
    """A verified status list; an entry beyond its end counts as invalid."""

    issuer: str
    subject: str
    issued: int
    expires: int
    packed: bytes

    def __getitem__(self, index: int) -> Status:
        at = index >> 2
        return _OF_BITS[self.packed[at] >> 2 * (index & 3) & 3] if at < len(self.packed) else Status.INVALID

    def holds(self, index: int) -> bool:
        """Whether the entry lies inside the list."""
        return index >> 2 < len(self.packed)


@dataclass(frozen=True, slots=True)
class BalanceList:
    """A verified balance list: what is left of each item of a document, in the units of its token."""

    issuer: str
    subject: str
    issued: int
    expires: int
    left: Mapping[int, tuple[int, ...]]


def address(template: str, number: int) -> str:
    """Where list ``number`` is found, and what it calls itself."""
    return template.replace("{n}", str(number))


def pack(entries: Mapping[int, Status], capacity: int) -> bytes:
    """Two bits an entry; what was never issued is invalid. ``capacity`` is a multiple of 4."""
    packed = bytearray(b"\x55" * (capacity // 4))
    for index, status in entries.items():
        packed[index >> 2] = packed[index >> 2] & ~(3 << 2 * (index & 3)) & 0xFF | int(status) << 2 * (index & 3)
    return bytes(packed)


def make_status(signer: Signer, *, issuer: str, subject: str, issued: int, packed: bytes) -> bytes:
    """A signed status list."""
    inner = {"lst": zlib.compress(packed, 9), "bits": 2}
    payload = {1: issuer, 2: subject, 4: issued + LASTS, 6: issued, _LIST: inner, _TTL: TTL}
    return envelope.sign(signer, cbor.encode(payload), envelope.STATUS_TYPE)


def make_balance(
    signer: Signer, *, issuer: str, subject: str, issued: int, left: Mapping[int, Sequence[int]]
) -> bytes:
    """A signed balance list of the documents that are drawn on in part."""
    rows, before = [], 0
    for index in sorted(left):
        rows.append([index - before, *left[index]])
        before = index
    payload = {1: issuer, 2: subject, 4: issued + LASTS, 6: issued, _TTL: TTL}
    payload |= {_ROWS: zlib.compress(cbor.encode(rows), 9)}
    return envelope.sign(signer, cbor.encode(payload), envelope.BALANCE_TYPE)


def _bad(reason: str) -> Refused:
    return Refused(Verdict.STATUS_INVALID, reason)


def _read(data: bytes, typ: str, label: int) -> tuple[envelope.Envelope, dict[int, Any]]:
    """Envelope and claims, not verified."""
    try:
        outside = envelope.read(data, typ)
        claims = cbor.decode(outside.payload)
    except (Refused, cbor.NotCbor) as error:
        raise _bad(str(error)) from None
    if type(claims) is not dict or claims.keys() != {1, 2, 4, 6, label, _TTL}:
        raise _bad("not the claims of a list")
    if type(claims[1]) is not str or type(claims[2]) is not str:
        raise _bad("not the claims of a list")
    if not all(type(claims[k]) is int and claims[k] >= 0 for k in (4, 6, _TTL)):
        raise _bad("not the times of a list")
    return outside, claims


def _check(outside: envelope.Envelope, claims: dict[int, Any], trust: Trust) -> None:
    """Signed by a listed key, in its time and for its own authority."""
    key = trust.keys.get(outside.kid)
    if key is None or key.alg != outside.alg or key.state is KeyState.COMPROMISED:
        raise _bad("not signed by a key that may")
    if not holds(trust.publics[outside.kid], outside.signature, outside.signed):
        raise _bad("the signature of the list does not match")
    if claims[1] != key.scope or not key.signs_at(claims[6]):
        raise _bad("the list is not of its key's authority or time")


def read_status(data: bytes, trust: Trust) -> StatusList:
    """A status list by a trust list. Refused (STATUS_INVALID)."""
    outside, claims = _read(data, envelope.STATUS_TYPE, _LIST)
    _check(outside, claims, trust)
    inner = claims[_LIST]
    if type(inner) is not dict or inner.keys() != {"lst", "bits"} or type(inner["lst"]) is not bytes:
        raise _bad("not a list of two bits")
    if type(inner["bits"]) is not int or inner["bits"] != 2:
        raise _bad("not a list of two bits")
    return StatusList(claims[1], claims[2], claims[6], claims[4], _inflated(inner["lst"], _MOST_STATUS))


def _inflated(data: bytes, most: int) -> bytes:
    try:
        return inflate(data, most)
    except Refused as error:
        raise _bad(error.reason) from None


def subject_of(data: bytes) -> str | None:
    """What a status list calls itself, verified or not; None when it cannot be read."""
    try:
        return str(_read(data, envelope.STATUS_TYPE, _LIST)[1][2])
    except Refused:
        return None


def read_balance(data: bytes, trust: Trust) -> BalanceList:
    """A balance list by a trust list. Refused (STATUS_INVALID)."""
    outside, claims = _read(data, envelope.BALANCE_TYPE, _ROWS)
    _check(outside, claims, trust)
    if type(claims[_ROWS]) is not bytes:
        raise _bad("not rows of balances")
    try:
        rows = cbor.decode(_inflated(claims[_ROWS], _MOST_BALANCE))
    except cbor.NotCbor as error:
        raise _bad(str(error)) from None
    left: dict[int, tuple[int, ...]] = {}
    index = 0
    for nth, row in enumerate(rows if type(rows) is list else [None]):
        if type(row) is not list or len(row) < 2 or not all(type(n) is int and n >= 0 for n in row):
            raise _bad("not rows of balances")
        if nth and not row[0]:
            raise _bad("rows out of order")
        index += row[0]
        left[index] = tuple(row[1:])
    return BalanceList(claims[1], claims[2], claims[6], claims[4], left)
