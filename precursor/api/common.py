"""What the forms of many collections share."""

from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.api.collection import Call, Values, no_such
from precursor.core import quantity
from precursor.core.db import take_ids
from precursor.core.errors import Fault, Faulty, Refused
from precursor.core.members import Record, Text, Word

#: Ids that an address can hold.
ID_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
LONGEST: Final = 400


class FoundItem(Record):
    """One thing that was compared or looked at, and what was found."""

    item = Text()
    found = Text()


def own_id() -> Text:
    """The id of the record to be; the register gives one when it is left out."""
    return Text(optional=True, longest=64, pattern=ID_PATTERN, note="given by the register when left out")


def ref(**kw: Any) -> Text:
    """The id of another record."""
    return Text(longest=200, **kw)


def words(**kw: Any) -> Text:
    """A line of text that a person writes."""
    return Text(longest=LONGEST, **kw)


def unit() -> Word:
    """The unit of the amounts beside it."""
    return Word(*quantity.UNITS)


def name_it(session: Session, model: Any, given: str | None, prefix: str) -> str:
    """The id of a new record: the one given, if it is free, else a new one."""
    if given is None:
        return f"{prefix}-{take_ids(session, 1)[0]}"
    if session.connection().scalar(_is_taken(model), {"id": given}):
        raise Refused(f"编号已被使用 / the id {given} is taken")
    return given


@cache
def _is_taken(model: Any) -> sa.Select:
    return sa.select(sa.exists().where(model.outside_id == sa.bindparam("id")))


def amount_of(data: Values, substance_unit: str, member: str = "quantity") -> int:
    """An amount in base units; Faulty when its unit does not go with the substance, or it is finer than that."""
    named = data["unit"]
    if quantity.UNITS[named][0] != quantity.UNITS[substance_unit][0]:
        raise Faulty(
            [Fault("/unit", f"此品种的单位是 {substance_unit} / this substance is counted in {substance_unit}")]
        )
    try:
        found = quantity.parse(data[member], named)
    except ValueError as error:
        raise Faulty([Fault(f"/{member}", f"数量须为整数个最小单位 / {error}")]) from None
    return found


def positive(data: Values, substance_unit: str, member: str = "quantity") -> int:
    """An amount above 0 in base units."""
    if not (found := amount_of(data, substance_unit, member)):
        raise Faulty([Fault(f"/{member}", "数量须大于 0 / must be above 0")])
    return found


def not_after_today(call: Call, data: Values, *members: str) -> None:
    """What has happened has happened by today."""
    faults = [
        Fault(f"/{name}", "晚于今天 / lies after today")
        for name in members
        if data.get(name) is not None and data[name] > call.today
    ]
    if faults:
        raise Faulty(faults)


def wanted(found: Any, pointer: str, id_: str) -> Any:
    """What was looked for; Faulty with its pointer when it is not there, or not for the caller to know."""
    if found is None:
        raise no_such(pointer, id_)
    return found
