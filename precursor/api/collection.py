"""What a collection of records is: the one table from which routes and their description are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.access import Action, Scope, Subject
from precursor.core.clock import legal_day
from precursor.core.errors import Fault, Faulty, NotFound
from precursor.core.members import Day, Member, Record, schema_of
from precursor.rules.law import Words

#: The most records of one page, and how many when nobody says.
MOST: Final = 200
USUAL: Final = 50


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API: who asks, how far he may reach, and when."""

    session: Session
    subject: Subject
    scope: Scope
    now: datetime

    @property
    def actor(self) -> audit.Actor:
        """The subject as the audit log names it."""
        return audit.Actor(self.subject.account, self.subject.person, self.subject.role.value)

    @property
    def today(self) -> date:
        """The legal day of the call."""
        return legal_day(self.now)


Values = dict[str, Any]
Query = Callable[[Call], sa.Select]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What may be done in a collection: its form, and the function that does it.

    ``do`` gets the call, what the form read, and the id in the address ("" where there is none); it returns the id
    of the record that the answer shows. ``at`` follows the path of the collection: "", "/in", "/<id>/verifications".
    """

    action: Action
    summary: Words
    form: type[Record]
    do: Callable[[Call, Values, str], str]
    at: str = ""
    method: str = "POST"

    @property
    def is_of_one(self) -> bool:
        """Whether it is done to a record that is there already."""
        return "<id>" in self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Records of one kind as programs see them.

    ``every``, where there is one, selects what can be read one by one and is in no list any more, the latest first.
    ``query`` selects what the caller may see: columns labelled as the members of ``answer``, amounts in base units
    beside a column ``unit``. Pages go by ``id``. ``filters`` are members a list may be narrowed by. ``more`` adds to
    a single record what a list leaves out (its draws, its grades): the members that ``detail`` has besides.
    """

    path: str
    summary: Words
    answer: type[Record]
    query: Query
    list: Action
    read: Action
    acts: tuple[Act, ...] = ()
    filters: tuple[str, ...] = ()
    every: Query | None = None
    detail: type[Record] | None = None
    more: Callable[[Call, sa.Row[Any]], Values] | None = None

    def has_day(self, name: str) -> bool:
        """Whether a member of its records is a legal day."""
        return isinstance(schema_of(self.answer).fields.get(name), Day)

    def one(self, call: Call, id_: str) -> sa.Row[Any]:
        """The record that is called so, if the caller may see it; NotFound otherwise."""
        query = (self.every or self.query)(call)
        row = call.session.execute(query.where(query.selected_columns.id == id_).limit(1)).first()
        if row is None:
            raise NotFound(f"没有这条记录 / there is no {self.path} {id_}")
        return row

    def show(self, row: sa.Row[Any]) -> Values:
        """A row as a list shows it."""
        return _dump(self.answer, dict(row._mapping))

    def show_one(self, call: Call, id_: str) -> Values:
        """The record that is called so, with all that belongs to it; NotFound as in ``one``."""
        row = self.one(call, id_)
        more = self.more(call, row) if self.more else {}
        return _dump(self.detail or self.answer, dict(row._mapping) | more)


def _dump(schema: type[Record], values: Values) -> Values:
    shown: Values = schema_of(schema).dump(values)
    return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An answer that is no collection: a report made on demand. ``make`` gets the call and the read parameters."""

    path: str
    summary: Words
    action: Action
    make: Callable[[Call, Values], Any]
    parameters: Mapping[str, Member] = field(default_factory=dict)
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})


def no_such(pointer: str, id_: str) -> Faulty:
    """What a member names is not there, or not for the caller to know."""
    return Faulty([Fault(pointer, f"找不到 {id_} / there is no {id_}")])
