"""Record inspections of enterprises."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from precursor import audit
from precursor.inspections.models import Inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInspection:
    """A visit (实地检查), or a remote check, by so many inspectors."""

    outside_id: str
    enterprise_id: int
    day: date
    recorded_on: date
    mode: str
    inspectors: int
    officers: str | None = None
    result: str | None = None
    findings: str | None = None


def record(session: Session, commands: Iterable[RecordInspection], actor: audit.Actor, now: datetime) -> None:
    """Record inspections."""
    audit.write(session, Inspection, map(audit.as_row, commands), action="inspection.record", actor=actor, now=now)
