"""Read a bundle: from bytes to records whose ids, words, references and quantities hold.

Faults come in stages, each complete: form, words and references here; days and kinds, then draws in
``checks``; stock when it is booked (DEFINITIONS D6).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from marshmallow import Schema, ValidationError

from precursor.core import quantity
from precursor.core.errors import Fault, Faulty
from precursor.core.members import Each, Quantity
from precursor.core.strict import flatten, loads, pointer, repeated_names
from precursor.exchange import form
from precursor.exchange.form import LISTS, Ref

Record = dict[str, Any]

#: Lists without an id of their own, and the members that no two records share.
_UNIQUE: Final = {
    "stock_opening": ("site", "substance"),
    "annual_reports": ("enterprise",),
    "quarterly_reports": ("county", "quarter"),
}
#: All quantities of a bundle together stay below this, so that no sum can overflow 64 bits.
_MOST_IN_ALL: Final = 2**62


@dataclass(slots=True)
class Bundle:
    """A bundle whose form holds: days are days, quantities whole base units. ``lists`` by the names of ``LISTS``."""

    year: int
    start: date
    end: date
    as_of: date
    rules: Record
    lists: dict[str, list[Record]]
    by_id: dict[str, dict[str, int]] = field(default_factory=dict)  # list: id: position

    def find(self, name: str, id_: str) -> Record:
        """The record of a list that bears an id."""
        return self.lists[name][self.by_id[name][id_]]

    def pointer(self, name: str, position: int, *members: object) -> str:
        """The JSON Pointer of a record, or of a member of it."""
        name = f"annual_reports_{self.year - 1}" if name == "annual_reports" else name
        return pointer(name, position, *members)


def read(data: bytes) -> Bundle:
    """Read a bundle; raises ``Faulty`` with every fault of its form, words and references."""
    document = loads(data)
    year = _year(document)
    reports = f"annual_reports_{year - 1}" if year else _reports_named(document)
    faults: list[Fault] = []
    try:
        loaded = form.bundle_form(reports).load(document)
    except ValidationError as error:
        faults += flatten(error.messages)
        loaded = {}
    faults += repeated_names(document)
    names = {name: reports if name == "annual_reports" else name for name in LISTS}
    raw = {name: _records(document.get(member)) for name, member in names.items()}
    by_id = {name: _positions(records) for name, records in raw.items()}
    faults += _duplicates(raw, names)
    faults += _references(raw, names, by_id)
    amounts = _Amounts(raw, by_id)
    faults += amounts.faults(names)
    faults += _tree(raw["jurisdictions"])
    faults += _period(document, year)
    if faults or year is None:
        raise Faulty(sorted(set(faults)))
    lists = {name: loaded[member] for name, member in names.items()}
    amounts.put(lists)
    period = loaded["period"]
    return Bundle(year, period["start"], period["end"], loaded["as_of"], loaded["rules"], lists, by_id)


def _year(document: dict[str, Any]) -> int | None:
    period = document.get("period")
    start = period.get("start") if isinstance(period, dict) else None
    found = re.match(r"([0-9]{4})-", start) if isinstance(start, str) else None
    return int(found[1]) if found and int(found[1]) > 1 else None


def _reports_named(document: dict[str, Any]) -> str:
    named = [name for name in document if re.fullmatch("annual_reports_[0-9]{4}", name)]
    return named[0] if named else "annual_reports_0000"


def _period(document: dict[str, Any], year: int | None) -> Iterator[Fault]:
    period = document.get("period")
    if not isinstance(period, dict) or year is None:
        return
    for member, day in (("start", f"{year:04}-01-01"), ("end", f"{year:04}-12-31")):
        value = period.get(member)
        if isinstance(value, str) and value != day:
            yield Fault(pointer("period", member), f"须为日历年 / the period is a calendar year: {day}")


def _records(value: Any) -> list[Record]:
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def _positions(records: list[Record]) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, record in enumerate(records):
        if isinstance(id_ := record.get("id"), str):
            found.setdefault(id_, position)
    return found


def _duplicates(raw: dict[str, list[Record]], names: dict[str, str]) -> Iterator[Fault]:
    for name, schema in LISTS.items():
        members = _UNIQUE.get(name) or (("id",) if "id" in schema._declared_fields else None)
        if members is None:
            continue
        seen: set[tuple[Any, ...]] = set()
        for position, record in enumerate(raw[name]):
            key = tuple(record.get(member) for member in members)
            if not all(isinstance(part, str | int) for part in key):
                continue
            if key in seen:
                yield Fault(
                    pointer(names[name], position, members[0]),
                    f"重复 / there is another record with {', '.join(map(str, key))}",
                )
            seen.add(key)


def _references(
    raw: dict[str, list[Record]], names: dict[str, str], by_id: dict[str, dict[str, int]]
) -> Iterator[Fault]:
    for name, schema in LISTS.items():
        refs = _referring(schema)
        if name == "attempts":
            refs |= _referring(form.CarryAttemptForm) | {"buyer": ("enterprises",)}
        for position, record in enumerate(raw[name]):
            for member, lists in refs.items():
                value = record.get(member)
                if member == "buyer" and isinstance(value, str) and value.startswith("person:"):
                    continue
                for step, id_ in _ids(value):
                    if not any(id_ in by_id[target] for target in lists):
                        yield Fault(
                            pointer(names[name], position, member, *step),
                            f"找不到 {id_} / there is no {id_} in {' or '.join(lists)}",
                        )


def _referring(schema: type[Schema]) -> dict[str, tuple[str, ...]]:
    found = {}
    for member, declared in schema._declared_fields.items():
        inner = declared.inner if isinstance(declared, Each) else declared
        if isinstance(inner, Ref):
            found[member] = inner.refers_to
    return found


def _ids(value: Any) -> Iterator[tuple[tuple[int, ...], str]]:
    if isinstance(value, str) and value:
        yield (), value
    elif isinstance(value, list):
        yield from (((index,), item) for index, item in enumerate(value) if isinstance(item, str) and item)


def _tree(areas: list[Record]) -> Iterator[Fault]:
    cities = [position for position, area in enumerate(areas) if area.get("level") == "city"]
    if not cities:
        yield Fault(pointer("jurisdictions"), "须有一个市 / exactly one area is the city")
    for position in cities:
        if areas[position].get("parent") is not None:
            yield Fault(pointer("jurisdictions", position, "parent"), "市没有上级 / the city has no parent")
    for position in cities[1:]:
        yield Fault(pointer("jurisdictions", position, "level"), "只能有一个市 / exactly one area is the city")


class _Amounts:
    """The quantities of a bundle in whole base units of their substances."""

    def __init__(self, raw: dict[str, list[Record]], by_id: dict[str, dict[str, int]]) -> None:
        self._raw = raw
        self._units = {
            id_: unit
            for id_, position in by_id["substances"].items()
            if isinstance(unit := raw["substances"][position].get("unit"), str) and unit in quantity.UNITS
        }
        self._members = {
            name: [m for m, declared in schema._declared_fields.items() if isinstance(declared, Quantity)]
            for name, schema in LISTS.items()
        }
        self._found: list[tuple[str, int, str, int]] = []

    def faults(self, names: dict[str, str]) -> Iterator[Fault]:
        """Every quantity that is not a whole number of base units."""
        total = 0
        for name, members in self._members.items():
            for position, record in enumerate(self._raw[name]) if members else ():
                unit = self._units.get(_text(record.get("substance")), "mg")
                known = _text(record.get("substance")) in self._units
                for member in members:
                    value = record.get(member)
                    if not (type(value) is int and value >= 0) and type(value) is not str:
                        continue  # its form is a fault already
                    try:
                        amount = quantity.parse(str(value), unit if known else "t")
                    except ValueError as error:
                        yield Fault(
                            pointer(names[name], position, member),
                            f"数量须为整数个最小单位 / not a quantity in {unit if known else 'any unit'}: {error}",
                        )
                        continue
                    if name == "movements" and member == "qty" and amount == 0:
                        yield Fault(pointer(names[name], position, member), "数量须大于 0 / must be above 0")
                    total += amount
                    self._found.append((name, position, member, amount))
        if total > _MOST_IN_ALL:
            yield Fault("", "数量总和过大 / all quantities together are too large")

    def put(self, lists: dict[str, list[Record]]) -> None:
        """Write the amounts into the loaded records."""
        for name, position, member, amount in self._found:
            lists[name][position][member] = amount


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
