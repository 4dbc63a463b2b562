"""Text and carrier (C1): what a QR code holds, and the bytes in it."""

import re
import zlib
from functools import lru_cache
from typing import Final

from precursor.signing.verdicts import Refused, Verdict

BARE: Final = "PC1"
#: The most bytes a token has when inflated.
MOST_BYTES: Final = 2048
_FEWEST: Final = 200
_MOST: Final = 2400
_ADDRESS: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?", re.ASCII)
_LONGEST_PREFIX: Final = 200


def to_text(cose: bytes, prefix: str = BARE) -> str:
    """A token as text, the shorter for being deflated."""
    packed = zlib.compress(cose, 9)
    return f"{prefix}#{int.from_bytes(packed if len(packed) < len(cose) else cose, 'big')}"


def prefix_of(base_url: str) -> str:
    """What an issuer prints before the digits: its address, or the bare name when that is not https."""
    address = f"{base_url.rstrip('/')}/v"
    return address if _is_address(address) else BARE


def from_text(text: str) -> tuple[str, bytes]:
    """Prefix and token bytes. Refused (MALFORMED) for whatever is not a PC1 text."""
    prefix, mark, digits = text.rpartition("#")
    if not mark or not (prefix == BARE or _is_address(prefix)):
        raise Refused(Verdict.MALFORMED, "no PC1 text")
    if not (_FEWEST <= len(digits) <= _MOST and digits.isascii() and digits.isdigit() and digits[0] != "0"):
        raise Refused(Verdict.MALFORMED, "not 200 to 2,400 digits after the #")
    number = int(digits)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if data[0] == 0x78:
        data = inflate(data, MOST_BYTES)
    if data[0] != 0xD2:
        raise Refused(Verdict.MALFORMED, "neither a token nor a deflated one")
    return prefix, data


def _is_address(prefix: str) -> bool:
    return len(prefix) <= _LONGEST_PREFIX and _fits(prefix)


@lru_cache(maxsize=64)  # nearly all codes of a place bear the same
def _fits(prefix: str) -> bool:
    return _ADDRESS.fullmatch(prefix) is not None


@lru_cache(maxsize=64)
def host_of(prefix: str) -> str:
    """Host of an https prefix in lower case, with its port unless that is the usual one; empty for the bare one."""
    return prefix[8:].split("/", 1)[0].lower().removesuffix(":443") if prefix.startswith("https://") else ""


def inflate(data: bytes, most: int) -> bytes:
    """One RFC 1950 stream of at most ``most`` bytes and nothing after it. ValueError otherwise (Refused)."""
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, most + 1)
    except zlib.error as error:
        raise Refused(Verdict.MALFORMED, f"not deflated: {error}") from None
    if len(found) > most or not stream.eof or stream.unused_data:
        raise Refused(Verdict.MALFORMED, "not one deflated stream of the allowed size")
    if not found:
        raise Refused(Verdict.MALFORMED, "nothing in it")
    return found
