"""Put substances on the register."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from precursor import audit
from precursor.substances.models import Substance


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSubstance:
    """A controlled substance and the unit it is counted in."""

    outside_id: str
    name_zh: str
    category: int
    kind: str
    unit: str


def add(session: Session, commands: Iterable[AddSubstance], actor: audit.Actor, now: datetime) -> list[int]:
    """Add substances; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [row["id"] for row in audit.write(session, Substance, rows, action="substance.add", actor=actor, now=now)]
