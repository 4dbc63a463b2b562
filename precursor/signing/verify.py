"""Judge a text: genuine or not, and why (C11). Needs no database and no network."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from precursor.signing import cbor, envelope, lists
from precursor.signing.claims import EXP, IAT, ISS, NBF, PERMIT, STATUS, check, is_incomplete
from precursor.signing.keys import holds
from precursor.signing.lists import Status, StatusList
from precursor.signing.text import from_text, host_of
from precursor.signing.trust import KeyState, Trust
from precursor.signing.verdicts import Refused, Verdict, Warn

#: Seconds after which a status list is old, and by which a clock may be behind an issuer's.
STALE: Final = 24 * 3600
AHEAD: Final = 300
#: Gives list ``number`` of an authority by the name it must bear; Refused when there is none, or it is not valid.
StatusLists = Callable[[int, str, Trust], StatusList]
_REFUSED: Final = {Status.SUSPENDED: Verdict.SUSPENDED, Status.USED_UP: Verdict.USED_UP}


@dataclass(slots=True)
class Judgement:
    """What came out, with as much of the token as could be read. ``token`` is the SHA-256 of the COSE bytes."""

    verdict: Verdict = Verdict.GENUINE
    reason: str | None = None
    warnings: tuple[Warn, ...] = ()
    token: str | None = None
    kid: str | None = None
    alg: int | None = None
    payload: bytes | None = None
    claims: dict[int, Any] | None = None
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Verifier:
    """A trust list, status lists, and the host that this system prints."""

    trust: Trust
    status: StatusLists
    host: str = ""

    def judge(self, text: str, at: int) -> Judgement:
        """The verdict on a text at an instant (seconds). Never raises, whatever the text."""
        found = Judgement()
        try:
            self._judge(text, at, found)
        except Refused as refused:
            found.verdict, found.reason, found.warnings = refused.verdict, refused.reason, ()
        return found

    def _judge(self, text: str, at: int, found: Judgement) -> None:
        if at >= self.trust.expires:
            raise Refused(Verdict.TRUST_EXPIRED, "the trust list has expired")
        prefix, data = from_text(text)
        outside = envelope.read(data)
        found.token, found.kid, found.alg = hashlib.sha256(data).hexdigest(), outside.kid.hex(), outside.alg
        key = self.trust.keys.get(outside.kid)
        if key is None:
            raise Refused(Verdict.UNKNOWN_KEY, "its key is not on the trust list")
        if key.alg != outside.alg or not holds(self.trust.publics[outside.kid], outside.signature, outside.signed):
            raise Refused(Verdict.FORGED, "the signature is not that of its key")
        claims = read_claims(outside.payload)
        found.payload, found.claims = outside.payload, claims
        if key.state is KeyState.COMPROMISED:
            raise Refused(Verdict.KEY_COMPROMISED, "its key was compromised")
        if claims[ISS] != key.scope or not key.signs_at(claims[IAT]):
            raise Refused(Verdict.OUT_OF_SCOPE, "its key may not sign for this issuer, or not at this time")
        warnings = self._check_status(claims, at, found)
        if at < claims[NBF] or claims[IAT] > at + AHEAD:
            raise Refused(Verdict.NOT_YET, "not yet in force")
        if at >= claims[EXP]:
            raise Refused(Verdict.EXPIRED, "no longer in force")
        if is_incomplete(claims[PERMIT]):
            warnings.append(Warn.INCOMPLETE)
        if prefix != "PC1" and host_of(prefix) != self.host:
            warnings.append(Warn.FOREIGN_HOST)
        found.warnings = tuple(sorted(warnings))

    def _check_status(self, claims: dict[int, Any], at: int, found: Judgement) -> list[Warn]:
        number, index = claims[PERMIT][STATUS]
        listed = self.status(number, claims[ISS], self.trust)
        if listed.issuer != claims[ISS]:
            raise Refused(Verdict.STATUS_INVALID, "the status list is of another authority")
        found.as_of = listed.issued
        if at >= listed.expires:
            raise Refused(Verdict.STATUS_EXPIRED, "the status list has expired")
        state, is_newer = listed[index], claims[IAT] > listed.issued
        if state is not Status.VALID:
            if state in _REFUSED:
                raise Refused(_REFUSED[state], "the status list says so")
            if not is_newer:
                verdict = Verdict.REVOKED if listed.holds(index) else Verdict.UNISSUED
                raise Refused(verdict, "the status list says so")
        stale = [Warn.STATUS_STALE] if at - listed.issued > STALE else []
        return [Warn.ISSUED_AFTER_STATUS, *stale] if is_newer else stale


def read_claims(payload: bytes) -> dict[int, Any]:
    """The claims of a payload. Refused (MALFORMED)."""
    try:
        return check(cbor.decode(payload))
    except cbor.NotCbor as error:
        raise Refused(Verdict.MALFORMED, str(error)) from None


def from_files(files: list[bytes]) -> StatusLists:
    """Status lists as files, in any order: of those that bear a name, the newest valid one of the authority."""
    named: dict[str | None, list[bytes]] = {}
    for file in files:
        named.setdefault(lists.subject_of(file), []).append(file)
    read: dict[tuple[str, str], StatusList] = {}

    def find(number: int, issuer: str, trust: Trust) -> StatusList:
        subject = lists.address(trust.status, number)
        if (subject, issuer) not in read:
            if subject not in named:
                if None in named:
                    raise Refused(Verdict.STATUS_INVALID, "the status list cannot be read")
                raise Refused(Verdict.STATUS_MISSING, "no list of that name at hand")
            read[subject, issuer] = _newest(named[subject], issuer, trust)
        return read[subject, issuer]

    return find


def _newest(files: list[bytes], issuer: str, trust: Trust) -> StatusList:
    """Neither an old copy, nor one that somebody made, nor another authority's may outweigh the list of today."""
    valid: list[StatusList] = []
    reason = ""
    for file in files:
        try:
            valid.append(lists.read_status(file, trust))
        except Refused as refused:
            reason = refused.reason
    if not valid:
        raise Refused(Verdict.STATUS_INVALID, reason)
    return max(valid, key=lambda found: (found.issuer == issuer, found.issued))
