"""JSON read strictly: a number with a point, a name that stands twice or bytes that are not UTF-8 are faults."""

import json
from collections.abc import Iterator
from typing import Any

from precursor.core.errors import Fault, Faulty


class Inexact:
    """A JSON number with a point or an exponent: its exact value is lost to most programs already."""


class _Repeats(dict[str, Any]):
    """An object in which a name stands twice."""

    names: tuple[str, ...] = ()


def loads(data: bytes, what: str = "bundle") -> dict[str, Any]:
    """The one object that ``data`` holds; raises ``Faulty`` when it is not one. See also ``repeated_names``."""
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=lambda _: Inexact(),
            parse_constant=lambda _: Inexact(),
        )
    except UnicodeDecodeError as error:
        raise Faulty([Fault("", f"文件不是 UTF-8 / the file is not UTF-8 (byte {error.start})")]) from None
    except RecursionError:
        raise Faulty([Fault("", "嵌套过深 / nested too deep")]) from None
    except ValueError as error:
        raise Faulty([Fault("", f"不是 JSON / this is not JSON: {error}")]) from None
    if not isinstance(document, dict):
        raise Faulty([Fault("", f"须为一个对象 / a {what} is one JSON object")])
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        repeats = _Repeats(made)
        repeats.names = tuple(sorted({name for name, _ in pairs if name in seen or seen.add(name)}))  # type: ignore[func-returns-value]
        return repeats
    return made


def pointer(*parts: object) -> str:
    """The JSON Pointer (RFC 6901) of these steps."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def flatten(messages: Any, at: str = "") -> Iterator[Fault]:
    """The messages of a schema as faults."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from flatten(below, at if key == "_schema" else at + pointer(key))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield Fault(at, str(message))


def repeated_names(value: Any, at: str = "") -> Iterator[Fault]:
    """A fault for every name that stands twice in one object."""
    if isinstance(value, dict):
        if isinstance(value, _Repeats):
            for name in value.names:
                yield Fault(at + pointer(name), "同一个名称出现两次 / this name stands twice in one object")
        for name, below in value.items():
            yield from repeated_names(below, at + pointer(name))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            if isinstance(below, dict | list):
                yield from repeated_names(below, f"{at}/{index}")
