"""Record losses, thefts and robberies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.db import hours_after
from precursor.incidents.models import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordIncident:
    """A loss at a site; ``day`` is the legal day of discovery, the texts are the instants as written."""

    outside_id: str
    enterprise_id: int
    site_id: int
    substance_id: int
    quantity: int
    kind: str
    day: date
    discovered_at: datetime
    reported_at: datetime
    discovered_text: str
    reported_text: str
    recorded_on: date


def record(session: Session, commands: Iterable[RecordIncident], actor: audit.Actor, now: datetime) -> list[int]:
    """Record incidents; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [row["id"] for row in audit.write(session, Incident, rows, action="incident.record", actor=actor, now=now)]


def is_late(incident: Any, hours: int) -> sa.ColumnElement[bool]:
    """Whether an incident (model or alias) was reported later than so many hours after it was discovered (K14)."""
    return incident.reported_at > hours_after(incident.discovered_at, hours)  # type: ignore[no-any-return]
