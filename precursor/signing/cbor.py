"""The CBOR profile of PC1: RFC 8949 section 4.2.1, and nothing of the rest.

Own reader on purpose: a library reads more than the profile allows, and whatever more it reads an attacker may send.
Only integers of 53 bits, byte and text strings, arrays, maps with integer or text keys, false, true, null.
"""

from typing import Any, Final

MOST: Final = 2**53 - 1
DEEPEST: Final = 8


class NotCbor(ValueError):
    """The bytes are not one item of the profile."""


def decode(data: bytes) -> Any:
    """The one item that the bytes are. NotCbor for anything else, a trailing byte included."""
    try:
        value, end = _item(data, 0, 0)
    except IndexError:
        raise NotCbor("ends too early") from None
    if end != len(data):
        raise NotCbor("bytes after the item")
    return value


_SIMPLE: Final = {0xF4: False, 0xF5: True, 0xF6: None}
#: The least argument that may be written in 1, 2, 4 or 8 bytes: a smaller one fits into fewer.
_LEAST: Final = (24, 1 << 8, 1 << 16, 1 << 32)


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:  # noqa: C901, PLR0912 - kept whole for speed
    """The item at a place, and where the next begins. First bytes are told apart in the order of their values."""
    first = data[at]
    at += 1
    if first < 24:  # half of all items: a label, a unit, a count
        return first, at
    number = first & 31
    if number > 23 and first < 0xE0:
        if number > 27:
            raise NotCbor("indefinite lengths are not of the profile")
        least, end = _LEAST[number - 24], at + (1 << number - 24)
        number = int.from_bytes(data[at:end], "big")
        if end > len(data):
            raise NotCbor("ends too early")
        if number < least:
            raise NotCbor("not the shortest form")
        at = end
    if first < 0x40:
        if number > MOST or (number == MOST and first >= 0x20):
            raise NotCbor("integer beyond 53 bits")
        return (number if first < 0x20 else -1 - number), at
    if first < 0x80:
        end = at + number
        if end > len(data):
            raise NotCbor("ends too early")
        if first < 0x60:
            return data[at:end], end
        try:
            return str(data[at:end], "utf-8"), end
        except UnicodeDecodeError:
            raise NotCbor("text that is not UTF-8") from None
    if first >= 0xC0:
        if first not in _SIMPLE:
            raise NotCbor("tags, floats and other simple values are not of the profile")
        return _SIMPLE[first], at
    if number > len(data) or depth >= DEEPEST:  # whatever lies in it is a byte or more, and a level deeper
        if number:
            raise NotCbor("longer than its bytes, or too deep")
        return ([] if first < 0xA0 else {}), at
    return (_map if first >= 0xA0 else _array)(data, at, number, depth + 1)


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        value = data[at]
        if value < 24:
            at += 1
        else:
            value, at = _item(data, at, depth)
        items.append(value)
    return items, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[Any, Any], int]:
    found: dict[Any, Any] = {}
    before = b""
    for _ in range(count):
        start, key = at, data[at]
        if key < 24:
            at += 1
        elif key >> 5 in (0, 1, 3):
            key, at = _item(data, at, depth)
        else:
            raise NotCbor("a key is an integer or a text")
        encoded = data[start:at]
        if encoded <= before:
            raise NotCbor("keys out of order, or twice")
        before = encoded
        value = data[at]
        if value < 24:
            at += 1
        else:
            value, at = _item(data, at, depth)
        found[key] = value
    return found, at


def encode(value: Any) -> bytes:
    """The one encoding of a value in the profile. NotCbor for what it cannot hold."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        if abs(value) > MOST:
            raise NotCbor("integer beyond 53 bits")
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        try:
            text = value.encode("utf-8")
        except UnicodeEncodeError:
            raise NotCbor("text that is not UTF-8") from None
        return head(3, len(text)) + text
    if isinstance(value, list | tuple):
        return head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        pairs = sorted((encode(key), encode(member)) for key, member in value.items())
        return head(5, len(pairs)) + b"".join(key + member for key, member in pairs)
    raise NotCbor(f"{type(value).__name__} is not of the profile")


def head(major: int, number: int) -> bytes:
    """The first bytes of an item: its kind and its argument in the shortest form."""
    if number < 24:
        return bytes((major << 5 | number,))
    for size, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes((major << 5 | size,)) + number.to_bytes(width, "big")
    raise NotCbor("integer beyond 64 bits")
