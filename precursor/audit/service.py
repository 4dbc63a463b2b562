"""Write records together with their audit entries.

The entries have no global order yet: the tree over them comes later and changes no writer (DECISIONS E).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.audit.models import AuditEntry
from precursor.core import canonical
from precursor.core.db import Base, insert, table_of, take_ids

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the account, the natural person behind it, the role he acts in."""

    account: str
    person: str
    role: str


def as_row(command: Any) -> Row:
    """A command (a frozen dataclass whose fields are named as the columns) as a row."""
    return {field.name: getattr(command, field.name) for field in fields(command)}


def write(
    session: Session, model: type[Base], rows: Iterable[Row], *, action: str, actor: Actor, now: datetime
) -> list[Row]:
    """Insert rows and one audit entry for each, in the caller's transaction: neither is ever there alone.

    Rows get their ``id``, where the table numbers its rows and they have none, and the instant of recording.
    Returns the rows as written.
    """
    rows = list(rows)
    table = table_of(model)
    if "id" in table.c and rows and "id" not in rows[0]:
        for number, row in zip(take_ids(session, len(rows)), rows, strict=True):
            row["id"] = number
    if "recorded_at" in table.c:
        for row in rows:
            row["recorded_at"] = now
    insert(session, model, rows)
    _append(session, table, rows, action, actor, now)
    return rows


def note(session: Session, *, action: str, kind: str, name: str, row: Row, actor: Actor, now: datetime) -> None:
    """Write an audit entry for what is no insertion: a changed setting, a refused import, a log-in."""
    entry = _entry(_head(actor, now), action, kind, name, row)
    insert(session, AuditEntry, [_stored(take_ids(session, 1)[0], entry, now)])


def _append(session: Session, table: sa.Table, rows: Sequence[Row], action: str, actor: Actor, now: datetime) -> None:
    if not rows:
        return
    head, key = _head(actor, now), [c.name for c in table.primary_key]
    entries = []
    for number, row in zip(take_ids(session, len(rows)), rows, strict=True):
        name = row.get("outside_id") or "/".join(str(row[column]) for column in key)
        entries.append(_stored(number, _entry(head, action, table.name, name, row), now))
    insert(session, AuditEntry, entries)


def _head(actor: Actor, now: datetime) -> Row:
    return {
        "v": 1,
        "at": _plain(now),
        "actor": {"account": actor.account, "person": actor.person, "role": actor.role},
    }


def _entry(head: Row, action: str, kind: str, name: str, row: Row) -> str:
    whole = canonical.encode({key: _plain(value) for key, value in row.items()})
    return canonical.encode(
        {**head, "action": action, "object": {"type": kind, "id": name}, "row": canonical.digest(whole)}
    )


def _stored(number: int, entry: str, now: datetime) -> Row:
    return {"id": number, "at": now, "entry": entry, "digest": canonical.digest(entry)}


def _plain(value: object) -> object:
    """A column value as canonical JSON holds it; whole numbers beyond 2**53 as text."""
    if value is None or type(value) in (str, bool):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not -(2**53) < value < 2**53:
        return str(value)
    return value
