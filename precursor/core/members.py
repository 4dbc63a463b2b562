"""Members of records as programs write them: what each may be, how it reads back, how a schema describes it.

Bundles and the API share these, so the same text means the same thing at every door.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, ClassVar, Final

from marshmallow import RAISE, Schema, ValidationError, fields

from precursor.core import clock, quantity
from precursor.core.errors import Fault, Faulty
from precursor.rules.targets import decimal

#: Text that no database and no canonical form can hold, and marks that turn the direction of what follows: a plate
#: with one reads otherwise than it is compared.
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class Member(fields.Field):
    """Base of all members: what is wrong is said in both languages."""

    default_error_messages = {
        "required": "缺少这一项 / this member is missing",
        "null": "不能为空(null) / must not be null",
        "validator_failed": "值无效 / invalid value",
    }

    def __init__(self, *, optional: bool = False, null: bool = False, note: str = "") -> None:
        super().__init__(required=not optional, allow_none=null)
        self.note = note

    def shape(self) -> dict[str, Any]:
        """The member in the words of JSON Schema (2020-12)."""
        return {"type": "string"}


class Text(Member):
    """Text that is not empty."""

    def __init__(self, *, longest: int | None = None, pattern: str | None = None, **kw: Any) -> None:
        super().__init__(**kw)
        self.longest, self.pattern = longest, pattern

    def shape(self) -> dict[str, Any]:
        """Some text."""
        found: dict[str, Any] = {"type": "string", "minLength": 1}
        if self.longest:
            found["maxLength"] = self.longest
        if self.pattern:
            found["pattern"] = f"^{self.pattern}$"
        return found

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is not str or not value:
            raise ValidationError("须为非空文字 / must be text that is not empty")
        if UNSTORABLE.search(value):
            raise ValidationError("含不能保存的字符 / has a character that cannot be stored")
        if self.longest and len(value) > self.longest:
            raise ValidationError(f"至多 {self.longest} 个字符 / at most {self.longest} characters")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ValidationError(f"格式须为 / must match {self.pattern}")
        return value


class Word(Member):
    """One of a list of words."""

    def __init__(self, *words: str, **kw: Any) -> None:
        super().__init__(**kw)
        self.words = words

    def shape(self) -> dict[str, Any]:
        """One of the words."""
        return {"type": "string", "enum": list(self.words)}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is not str or value not in self.words:
            raise ValidationError(f"须为其中之一 / must be one of: {', '.join(self.words)}")
        return value


class Day(Member):
    """A legal day, ``YYYY-MM-DD``."""

    def shape(self) -> dict[str, Any]:
        """A day of the calendar."""
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> date:
        return read_day(value)


@cache
def _day_of(text: str) -> date:
    day = clock.parse_day(text)
    if day.year > clock.LAST_YEAR:
        raise ValueError(
            f"至 {clock.LAST_YEAR} 年止 / no year after {clock.LAST_YEAR}: deadlines are counted from it"
        )
    return day


def read_day(value: Any) -> date:
    """Return the day that a member names; ValidationError for anything else."""
    try:
        return _day_of(value)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    except TypeError:
        raise ValidationError("日期须为文字 YYYY-MM-DD / a day is text: YYYY-MM-DD") from None


def day_at(pointer: str, text: str) -> date:
    """The day that a part of an address names, from ``FIRST_YEAR`` on. Faulty names the part and what is wrong."""
    try:
        found = read_day(text)
    except ValidationError as error:
        raise Faulty([Fault(pointer, str(error.messages[0]))]) from None
    if found.year < clock.FIRST_YEAR:
        raise Faulty([Fault(pointer, f"自 {clock.FIRST_YEAR} 年起 / from {clock.FIRST_YEAR} on")])
    return found


class Moment(Member):
    """An instant, RFC 3339 with offset; kept as it was written."""

    def shape(self) -> dict[str, Any]:
        """An instant."""
        return {"type": "string", "format": "date-time"}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> datetime:
        try:
            return clock.parse_instant(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        except TypeError:
            raise ValidationError("时刻须为文字 / an instant is text") from None


class Whole(Member):
    """A whole number from ``low`` to ``high``."""

    def __init__(self, low: int, high: int, **kw: Any) -> None:
        super().__init__(**kw)
        self.low, self.high = low, high

    def shape(self) -> dict[str, Any]:
        """A bounded whole number."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> int:
        if type(value) is not int or not self.low <= value <= self.high:
            raise ValidationError(
                f"须为 {self.low} 至 {self.high} 的整数 / a whole number, {self.low} to {self.high}"
            )
        return value


class Truth(Member):
    """true or false."""

    def shape(self) -> dict[str, Any]:
        """A truth value."""
        return {"type": "boolean"}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> bool | None:
        return None if value is None else bool(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> bool:
        if type(value) is not bool:
            raise ValidationError("须为 true 或 false / must be true or false")
        return value


class Quantity(Member):
    """An amount in the unit of the record's substance, as text; the unit is looked up later (``reading``)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is int and value >= 0:
            return str(value)
        if type(value) is str:
            return value
        raise ValidationError('须为不带小数点的整数或 "1450.5" 这样的文字 / an integer, or text like "1450.5"')


class Amount(Member):
    """An amount as text in the unit that the record names beside it (``unit``); read with ``amount_of``."""

    def shape(self) -> dict[str, Any]:
        """A plain decimal."""
        return {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,9})?$"}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is not str:
            raise ValidationError('须为 "1450.5" 这样的文字 / must be text like "1450.5"')
        try:
            quantity.parse(value, "t")
        except ValueError as error:
            if "plain" in str(error):
                raise ValidationError(
                    f'须为数字,如 "1450.5" / must be a number as text, like "1450.5": {error}'
                ) from None
        return value

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else quantity.show(value, obj["unit"])


class Decimal(Member):
    """A plain decimal as text, at most ``high``."""

    def __init__(self, high: int, **kw: Any) -> None:
        super().__init__(**kw)
        self.high = high

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        try:
            if type(value) is str and decimal(value) <= self.high:
                return value
        except ValueError:
            pass
        raise ValidationError(f'须为 "0.003" 这样的文字,不大于 {self.high} / text like "0.003", at most {self.high}')


class MonthDay(Member):
    """``MM-DD``, a day that every year has."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is str and re.fullmatch("[0-9]{2}-[0-9]{2}", value):
            read_day(f"2001-{value}")
            return value
        raise ValidationError("须为 MM-DD / must be MM-DD")


class Each(Member):
    """A list of members of one kind."""

    def __init__(self, inner: Member, **kw: Any) -> None:
        super().__init__(**kw)
        self.inner = inner

    def shape(self) -> dict[str, Any]:
        """A list."""
        return {"type": "array", "items": self.inner.shape()}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kw: Any) -> list[Any] | None:
        return None if value is None else [self.inner._serialize(item, attr, obj, **kw) for item in value]

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> list[Any]:
        if type(value) is not list:
            raise ValidationError("须为列表 / must be a list")
        found, faults = [], {}
        for index, item in enumerate(value):
            try:
                found.append(self.inner.deserialize(item))
            except ValidationError as error:
                faults[index] = error.messages
        if faults:
            raise ValidationError(faults)
        return found


class Record(Schema):
    """Base of all records: a member that is not named here is a fault."""

    class Meta:  # noqa: D106 - the library looks for this name
        unknown: ClassVar[str] = RAISE

    error_messages = {
        "unknown": "没有这一项 / there is no such member",
        "type": "须为对象 / must be an object",
    }


def record_of(
    name: str, about: str, members: Mapping[str, fields.Field], base: type[Record] = Record
) -> type[Record]:
    """A schema whose members, besides those of ``base``, are known only as a table."""
    return type(name, (base,), {"__doc__": about, **members})


@cache
def schema_of(form: type[Record]) -> Record:
    """The schema of a form, made once: marshmallow copies every member each time one is made."""
    return form()


class Nested(fields.Nested):
    """A record inside a record."""

    default_error_messages = Member.default_error_messages | {"type": "须为对象 / must be an object"}

    def __init__(self, schema: Any, *, many: bool = False, optional: bool = False) -> None:
        super().__init__(schema, many=many, required=not optional)
