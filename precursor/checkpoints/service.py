"""Record road checks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from precursor import audit
from precursor.checkpoints.models import RoadCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRoadCheck:
    """A check of road transport in a county (道路运输检查)."""

    area_id: int
    day: date
    recorded_on: date
    place: str | None = None
    plate: str | None = None
    result: str | None = None
    officers: str | None = None
    document: str | None = None
    verdict: str | None = None
    findings: str | None = None
    differences: str | None = None
    measured: str | None = None
    note: str | None = None


def record(session: Session, commands: Iterable[RecordRoadCheck], actor: audit.Actor, now: datetime) -> list[int]:
    """Record road checks; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [r["id"] for r in audit.write(session, RoadCheck, rows, action="road_check.record", actor=actor, now=now)]
