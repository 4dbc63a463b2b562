"""Records as rows and cells: what a list shows of a collection, each value in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa

from precursor.api.collection import Call, Collection, Values
from precursor.core.members import schema_of
from precursor.desk import documents, names, sheets, states, terms
from precursor.desk.documents import State
from precursor.desk.terms import DOCUMENTS
from precursor.web.i18n import words

#: Members that tell nothing on a page.
HIDDEN: Final = frozenset({"version", "unit", "law", "suspended"})
#: Columns by which lists are in order, the newest first.
_ORDER: Final = ("at", "opened_on", "date", "customs_date", "discovered_at", "valid_to", "submitted_on", "since")


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as a page shows it: the text, a link to the record that it names, whether it is a number.

    With an ``icon`` it is a tag of that look.
    """

    text: str
    link: str | None = None
    is_number: bool = False
    sub: str = ""
    look: str = ""
    icon: str = ""


NOTHING: Final = Shown("--")
#: What people know records by, the best first.
_NAMES: Final = ("name", "name_zh", "name_en")
_LEADING: Final = ("name", "name_zh", "holder", "enterprise", "site", "plate", "county")
#: Collections whose records are shown with their number beside the name.
_NAMED_BESIDE: Final = frozenset({"enterprises", "sites"})


def columns_of(collection: Collection) -> list[str]:
    """What a list shows."""
    every = [name for name in schema_of(collection.answer).fields if name not in HIDDEN]
    if collection.path in DOCUMENTS:
        every += documents.BESIDE
    if states.has(collection.path):  # where nobody overlooks it
        every.insert(1, states.MEMBER)
    return [name for name in terms.COLUMNS.get(collection.path, every) if name in every]


def record_of(collection: Collection, call: Call, row: sa.Row[Any]) -> Values:
    """A row as lists and workbooks say it."""
    record = collection.show(row)
    if states.has(collection.path):
        return states.beside(call, collection.path, record)
    return documents.beside(call, record) if collection.path in DOCUMENTS else record


def ordered(query: sa.Select) -> sa.Select:
    """The newest first."""
    columns = query.selected_columns
    first = [columns[name].desc() for name in _ORDER if name in columns][:1]
    return query.order_by(*first, columns.id.desc() if first else columns.id)


def cells_of(call: Call, collection: Collection, records: Sequence[Values]) -> list[tuple[str, list[Shown]]]:
    """Each record as its address and its cells in the order of the columns."""
    columns = columns_of(collection)
    called = names.of(call, records)
    found: Rows = []
    for record in records:
        address = f"/{collection.path}/{quote(record['id'])}"
        cells = [shown(record, name, called) for name in columns]
        leads = zip(columns, cells, strict=True)
        found.append(
            (address, [replace(c, link=address) if n in _NAMES and c is not NOTHING else c for n, c in leads])
        )
    return found


def lead_of(columns: Sequence[str]) -> str | None:
    """The column by which people know a record when they do not know its number; a phone shows it first."""
    return next((name for name in _LEADING if name in columns), None)


#: Words that must not look like their neighbours: look and icon of a tag.
_LOOKS: Final = {("result", "fault"): ("bad", "alert")}
Called = Mapping[tuple[str, str], str]


def shown(record: Values, name: str, called: Called) -> Shown:
    """One member of a record; an amount with its unit."""
    found = show(name, record.get(name), called)
    if name in terms.AMOUNTS and record.get(name) is not None:
        return replace(found, text=f"{found.text} {record.get('unit') or ''}".rstrip())
    return found


def show(name: str, value: Any, called: Called) -> Shown:
    """One value: words in the reader's language, names for ids, amounts with separators."""
    if value is None or value in ("", []):
        return NOTHING
    if isinstance(value, State | states.Told):
        return Shown(words(value.said), look=value.look, icon=value.icon)
    if isinstance(value, list):
        return Shown("、".join(show(name, item, called).text for item in value))
    if name in terms.MOMENTS and isinstance(value, str):
        return Shown(sheets.moment(value))
    if name in terms.REFS and isinstance(value, str):
        path = terms.REFS[name]
        known = called.get((path, value))
        link = f"/permits/{quote(value)}" if path in DOCUMENTS else f"/{path}/{quote(value)}"
        return Shown(known or value, link, sub=value if known and path in _NAMED_BESIDE else "")
    if (word := terms.word(name, value)) is not None:
        look, icon = _LOOKS.get((name, str(value)), ("", ""))
        return Shown(words(word), look=look, icon=icon)
    if name in terms.AMOUNTS:
        whole, dot, fraction = str(value).partition(".")
        return Shown(f"{int(whole):,}{dot}{fraction}", is_number=True)
    address = f"/{value}" if name == "record" else None  # a record by its path
    return Shown(str(value), address, is_number=isinstance(value, int) and not isinstance(value, bool))


Rows = list[tuple[str, list[Shown]]]


def saying(collection: Collection, rows: Rows, but: str = "", most: int = 7) -> tuple[list[str], Rows]:
    """The columns in which any row says something, the first so many."""
    columns = columns_of(collection)
    kept = [
        place
        for place, name in enumerate(columns)
        if name == "id" or (name != but and any(cells[place] is not NOTHING for _, cells in rows))
    ][:most]
    return [columns[place] for place in kept], [(link, [cells[place] for place in kept]) for link, cells in rows]


def table_of(
    rows: Sequence[Values], called: Mapping[tuple[str, str], str]
) -> tuple[list[str], list[tuple[None, list[Shown]]]]:
    """Records inside the record: the columns in which any says something, and rows that lead nowhere."""
    columns = [name for name in rows[0] if name != "unit" and any(row.get(name) is not None for row in rows)]
    return columns, [(None, [shown(row, name, called) for name in columns]) for row in rows]
