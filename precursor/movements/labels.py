"""Labels (标签): stickers with a code for the containers of a batch, and where a batch is by the books.

A label proves nothing: whoever can copy a sticker can stick it elsewhere. It names a batch by a number that nobody
guesses; what is true of the batch is said by the ledger, not by the sticker.
"""

import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor import audit
from precursor.core.db import take_ids
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Label, Movement
from precursor.movements.service import stands
from precursor.permits.models import Permit
from precursor.rules.movements import MovementType

#: Stickers of one order: what two sheets of A4 hold five times over.
MOST: Final = 240
#: Movements of a batch that a scan shows.
SHOWN: Final = 3
PREFIX: Final = "PCL1"
_MARK: Final = 8  # bytes
_CODE: Final = re.compile(rf"{PREFIX}#([0-9]{{20,30}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLabels:
    """Stickers for ``count`` containers of a batch at a site, each with ``quantity`` base units."""

    site: int
    enterprise: int
    substance: int
    batch: str
    count: int
    quantity: int
    day: date


class Marked(NamedTuple):
    """What a code says: the mark of the order in hex, and which of its containers, from 1."""

    mark: str
    number: int


@dataclass(slots=True)
class Whereabouts:
    """Where a batch is: base units by site, of the enterprise and of those who received; its last movements."""

    places: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    moves: list[tuple[date, MovementType, int, str]] = field(default_factory=list)  # the newest first; with whom
    document: str = ""  # that it came under

    @property
    def is_anywhere(self) -> bool:
        """Whether any of it should still be found somewhere."""
        return any(amount > 0 for amount in self.places.values())


def text_of(mark: str, number: int) -> str:
    """The text of a sticker's code: digits, so that the code stays small enough for a drum's cap."""
    return f"{PREFIX}#{int.from_bytes(bytes([1]) + bytes.fromhex(mark) + number.to_bytes(2, 'big'), 'big')}"


def read(text: str) -> Marked | None:
    """What the text of a code says; None when it is no label."""
    found = _CODE.fullmatch(text)
    number = int(found[1]) if found else 0
    if not 1 << 80 <= number < 1 << 81:
        return None
    data = number.to_bytes(_MARK + 3, "big")
    return Marked(data[1:-2].hex(), int.from_bytes(data[-2:], "big"))


def add(session: Session, command: AddLabels, actor: audit.Actor, now: datetime) -> str:
    """Record an order of stickers; returns its number."""
    number = take_ids(session, 1)[0]
    row = {
        "id": number,
        "outside_id": f"LB-{number}",
        "mark": secrets.token_hex(_MARK),
        "site_id": command.site,
        "enterprise_id": command.enterprise,
        "substance_id": command.substance,
        "batch": command.batch,
        "count": command.count,
        "quantity": command.quantity,
        "day": command.day,
    }
    audit.write(session, Label, [row], action="label.print", actor=actor, now=now)
    return str(row["outside_id"])


def found(session: Session, marked: Marked) -> Label | None:
    """The order that a code is of; None when there is none, or it has no such container."""
    label = session.scalars(sa.select(Label).where(Label.mark == marked.mark)).one_or_none()
    return label if label is not None and 1 <= marked.number <= label.count else None


def whereabouts(session: Session, labels: Iterable[Label], on: date) -> dict[int, Whereabouts]:
    """Where the batch of each label is at the end of a day, by what stands; by the label's own number."""
    wanted = {(label.enterprise_id, label.substance_id, label.batch): label.id for label in labels}
    made: dict[int, Whereabouts] = {number: Whereabouts() for number in wanted.values()}
    for key, row in _moves(session, wanted, on):
        _tell(made[wanted[key]], row)
    return {label.id: made[wanted[label.enterprise_id, label.substance_id, label.batch]] for label in labels}


def _moves(
    session: Session, wanted: Iterable[tuple[int, int, str]], on: date
) -> Iterator[tuple[tuple[int, int, str], Any]]:
    """Every standing movement of the batches, oldest first, with what the other side received."""
    theirs, other, outside = aliased(Movement), aliased(Party), aliased(Party)
    labelled = sa.exists().where(
        Label.enterprise_id == Movement.enterprise_id,
        Label.substance_id == Movement.substance_id,
        Label.batch == Movement.batch,
    )
    query = (
        sa.select(
            Movement.enterprise_id,
            Movement.substance_id,
            Movement.batch,
            Movement.day,
            Movement.type,
            Movement.quantity,
            Movement.site_id,
            sa.func.coalesce(Permit.outside_id, Movement.external_permit).label("document"),
            sa.func.coalesce(other.name, outside.name, "").label("with_whom"),
            theirs.site_id.label("their_site"),
            theirs.quantity.label("received"),
        )
        .outerjoin(
            Permit,
            sa.and_(Permit.enterprise_id == Movement.permit_holder_id, Permit.id == Movement.permit_id),
        )
        .outerjoin(other, other.id == Movement.other_enterprise_id)
        .outerjoin(outside, outside.id == Movement.external_id)
        .outerjoin(
            theirs,
            sa.and_(
                theirs.enterprise_id == Movement.other_enterprise_id,
                theirs.id == Movement.other_id,
                theirs.day <= on,
                stands(theirs),
            ),
        )
        .where(labelled, Movement.day <= on, stands(Movement))
        .order_by(Movement.day, Movement.id)
    )
    keys = frozenset(wanted)
    for row in session.execute(query):
        key = (row.enterprise_id, row.substance_id, row.batch)
        if key in keys:
            yield key, row


def _tell(so_far: Whereabouts, row: Any) -> None:
    kind = MovementType(row.type)
    so_far.places[row.site_id] += row.quantity if kind.is_in else -row.quantity
    if not kind.is_in and row.their_site is not None:
        so_far.places[row.their_site] += row.received
    if kind.is_in and row.document:
        so_far.document = row.document
    so_far.moves = [(row.day, kind, row.quantity, str(row.with_whom)), *so_far.moves][:SHOWN]


def sites_of(session: Session, found: Iterable[Whereabouts]) -> dict[int, str]:
    """What the sites of whereabouts are called."""
    ids = {site for each in found for site, amount in each.places.items() if amount > 0}
    query = sa.select(Site.id, sa.func.coalesce(Site.name, Site.outside_id)).where(Site.id.in_(sorted(ids)))
    return {number: str(name) for number, name in session.execute(query)}
