"""The envelope (C3): COSE_Sign1 with one form of the protected header and nothing unprotected."""

from typing import Final, NamedTuple

from precursor.signing import cbor
from precursor.signing.keys import ED25519, EDDSA, Signer
from precursor.signing.verdicts import Refused, Verdict

STATUS_TYPE: Final = "application/statuslist+cwt"
BALANCE_TYPE: Final = "application/precursor-balance+cwt"
EXTRACT_TYPE: Final = "application/precursor-extract+cwt"
_SIGNATURE1: Final = b"\x84\x6aSignature1"
_ALGS: Final = {0x27: EDDSA, 0x32: ED25519}


class Envelope(NamedTuple):
    """What an envelope holds, none of it verified."""

    alg: int
    kid: bytes
    payload: bytes
    signature: bytes
    signed: bytes


def _header(kid: bytes, alg: int, typ: str | None) -> bytes:
    """The protected header, wrapped as the byte string that it is in the envelope and in what is signed."""
    entries = (
        b"\x01" + cbor.encode(alg) + b"\x04\x48" + kid + (b"\x10" + cbor.encode(typ) if typ is not None else b"")
    )
    return cbor.encode(bytes((0xA2 if typ is None else 0xA3,)) + entries)


def sign(signer: Signer, payload: bytes, typ: str | None = None, alg: int = EDDSA) -> bytes:
    """The payload in its envelope: a token or trust list without ``typ``, a status or balance list with it."""
    protected, wrapped = _header(signer.kid, alg, typ), cbor.encode(payload)
    signature = signer.sign(_SIGNATURE1 + protected + b"\x40" + wrapped)
    return b"\xd2\x84" + protected + b"\xa0" + wrapped + b"\x58\x40" + signature


#: Each form of the bytes before the kid and behind it, so that reading compares and does not interpret.
def _forms(typ: str | None) -> tuple[tuple[bytes, int, bytes], ...]:
    made = []
    for alg in _ALGS.values():
        header = _header(bytes(8), alg, typ)
        cut = header.index(b"\x04\x48") + 2
        made.append((b"\xd2\x84" + header[:cut], alg, header[cut + 8 :] + b"\xa0"))
    return tuple(made)


_FORMS: Final = {typ: _forms(typ) for typ in (None, STATUS_TYPE, BALANCE_TYPE, EXTRACT_TYPE)}


def read(data: bytes, typ: str | None = None) -> Envelope:
    """Take an envelope apart. Refused (MALFORMED) when it is not byte for byte of the form."""
    for start, alg, rest in _FORMS[typ]:
        if data.startswith(start):
            at = len(start)
            kid = data[at : at + 8]
            if data.startswith(rest, at + 8):
                return _open(data, start, alg, kid, at + 8 + len(rest))
    raise Refused(Verdict.MALFORMED, "no envelope of this format")


#: By the first byte of a byte string: how many bytes its length has, beyond 23.
_WIDTHS: Final = {0x58: 1, 0x59: 2, 0x5A: 4}


def _open(data: bytes, start: bytes, alg: int, kid: bytes, at: int) -> Envelope:
    end = len(data) - 66
    first = data[at] if at < len(data) else 0
    size = _WIDTHS.get(first, 0)
    length = int.from_bytes(data[at + 1 : at + 1 + size], "big") if size else first & 31
    begin = at + 1 + size
    wrapped = data[at:end]
    if begin + length != end or cbor.head(2, length) != data[at:begin] or data[end : end + 2] != b"\x58\x40":
        raise Refused(Verdict.MALFORMED, "payload and signature are not of this format")
    protected = data[2 : at - 1]
    signed = b"".join((_SIGNATURE1, protected, b"\x40", wrapped))
    return Envelope(alg, kid, data[begin:end], data[end + 2 :], signed)
