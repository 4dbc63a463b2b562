"""The claims of a token (C4, C5): what each may be, in one table."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from precursor.signing.verdicts import Refused, Verdict

ISS, SUB, EXP, NBF, IAT, PERMIT = 1, 2, 4, 5, 6, -70001
#: Labels inside the permit.
VERSION, DOCUMENT, CATEGORY, VALIDITY, USES, ITEMS = 1, 2, 3, 4, 5, 6
GIVER, TAKER, CARRIER, PLATES, ROUTE, STATUS, CATALOGUE, PARENT, TRIP = 7, 8, 9, 10, 11, 12, 13, 14, 15
#: The documents of label 2.
PURCHASE_PERMIT, PURCHASE_FILING, TRANSPORT_PERMIT, TRANSPORT_FILING, IMPORT, EXPORT, TRIP_SLIP = 1, 2, 3, 4, 5, 6, 7
#: Seconds; the longest that a document may be in force.
LONGEST: Final = 400 * 86_400
GRAM, MILLILITRE, TABLET, AMPOULE, MILLIGRAM = 0, 1, 2, 3, 4
_TOP: Final = frozenset((ISS, SUB, EXP, NBF, IAT, PERMIT))
_KNOWN: Final = frozenset(range(1, 16))
_ALWAYS: Final = frozenset((VERSION, DOCUMENT, CATEGORY, VALIDITY, USES, ITEMS, STATUS))
_HOLDER: Final = {1: TAKER, 2: TAKER, 3: GIVER, 4: GIVER, 5: TAKER, 6: GIVER, 7: GIVER}
#: What travels says to whom, by whom, in what and where, or is marked incomplete.
_TRAVELS: Final = frozenset((TRANSPORT_PERMIT, TRANSPORT_FILING, TRIP_SLIP))
_OF_JOURNEY: Final = frozenset((TAKER, CARRIER, PLATES, ROUTE))
_CODE: Final = re.compile(r"[0-9A-Z]{18}|", re.ASCII)
_MOST_UNITS: Final = 4


def _whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _text(value: Any, least: int, most: int) -> bool:
    return type(value) is str and least <= len(value) <= most


def _list(value: Any, most: int, check: Callable[[Any], bool]) -> bool:
    return type(value) is list and 1 <= len(value) <= most and all(map(check, value))


def _item(value: Any) -> bool:
    if type(value) is not list or not 2 <= len(value) <= 3:
        return False
    code, quantity = value[0], value[1]
    is_code = 1 <= code <= 2**53 if type(code) is int else _text(code, 1, 64)
    return (
        is_code
        and type(quantity) is int
        and 1 <= quantity <= 2**53
        and (len(value) == 2 or _whole(value[2], 1, _MOST_UNITS))
    )


def _party(value: Any) -> bool:
    return (
        type(value) is list
        and len(value) == 2
        and type(value[0]) is str
        and _CODE.fullmatch(value[0]) is not None
        and type(value[1]) is str
        and 1 <= len(value[1]) <= 128
    )


def _place(value: Any) -> bool:
    return _whole(value, 0, 10**12 - 1) or _text(value, 1, 64)


def _status(value: Any) -> bool:
    return (
        type(value) is list and len(value) == 2 and _whole(value[0], 0, 2**32 - 1) and _whole(value[1], 0, 2**22 - 1)
    )


_IN_PERMIT: Final[dict[int, Callable[[Any], bool]]] = {
    VERSION: lambda v: type(v) is int and v == 1,
    DOCUMENT: lambda v: type(v) is int and 1 <= v <= 7,
    CATEGORY: lambda v: type(v) is int and (1 <= v <= 3 or 10 <= v <= 255),
    VALIDITY: lambda v: type(v) is int and 1 <= v <= 5,
    USES: lambda v: type(v) is int and 0 <= v <= 65_535,
    ITEMS: lambda v: _list(v, 32, _item),
    GIVER: _party,
    TAKER: _party,
    CARRIER: _party,
    PLATES: lambda v: _list(v, 8, lambda plate: _text(plate, 1, 16)),
    ROUTE: lambda v: _list(v, 32, _place),
    STATUS: _status,
    CATALOGUE: lambda v: _whole(v, 0, 2**32 - 1),
    PARENT: lambda v: _text(v, 1, 64),
    TRIP: lambda v: _whole(v, 1, 65_535),
}


def _bad(what: str) -> Refused:
    return Refused(Verdict.MALFORMED, what)


def check(claims: Any) -> dict[int, Any]:
    """The claims, if they are those of a token. Refused (MALFORMED) with the first that is not."""
    if type(claims) is not dict or claims.keys() != _TOP:
        raise _bad("the claims are not those of a permit")
    if not _text(claims[ISS], 1, 32):
        raise _bad("claim 1, issuer")
    if not _text(claims[SUB], 1, 64):
        raise _bad("claim 2, number")
    nbf, exp, iat = claims[NBF], claims[EXP], claims[IAT]
    for label in (EXP, NBF, IAT):
        if not _whole(claims[label], 0, 2**32 - 1):
            raise _bad(f"claim {label}, time")
    if not (nbf < exp and iat < exp and exp - nbf <= LONGEST):
        raise _bad("its times do not follow each other")
    _check_permit(claims[PERMIT])
    return claims


def _check_permit(permit: Any) -> None:
    if type(permit) is not dict:
        raise _bad("the permit is no map")
    for label, value in permit.items():
        if type(label) is not int:
            raise _bad("a label of the permit is no integer")
        if label in _IN_PERMIT and not _IN_PERMIT[label](value):
            raise _bad(f"permit {label}")
    if missing := _ALWAYS - permit.keys():
        raise _bad(f"permit {min(missing)} is missing")
    document = permit[DOCUMENT]
    if _HOLDER[document] not in permit:
        raise _bad("the holder is missing")
    is_trip = document == TRIP_SLIP
    if (PARENT in permit) != is_trip or (TRIP in permit) != is_trip or (is_trip and PLATES not in permit):
        raise _bad("parent, trip and plates belong to a trip slip")


def is_incomplete(permit: dict[int, Any]) -> bool:
    """Whether a document that travels does not say to whom, by whom, in what or where."""
    return permit[DOCUMENT] in _TRAVELS and not permit.keys() >= _OF_JOURNEY


def extra(permit: dict[int, Any]) -> Iterable[int]:
    """The labels of a newer edition, shown as they are."""
    return sorted(permit.keys() - _KNOWN)
