"""Record reports, key sites and their patrols, equipment events."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from precursor import audit
from precursor.supervision.models import AnnualReport, EquipmentEvent, KeySite, Patrol, QuarterlyReport


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInAnnualReport:
    """An enterprise's report on ``year``."""

    enterprise_id: int
    year: int
    day: date
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInQuarterlyReport:
    """A county's report on a quarter (1 to 4)."""

    area_id: int
    year: int
    quarter: int
    day: date
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKeySite:
    """A place to be patrolled every month, from the month of ``since`` on."""

    outside_id: str
    area_id: int
    name: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPatrol:
    """A patrol of a key site."""

    key_site_id: int
    day: date
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEquipmentEvent:
    """A lease or transfer of equipment, and the day it was reported."""

    outside_id: str
    enterprise_id: int
    item: str
    event: str
    day: date
    recorded_on: date
    reported_on: date
    report_recorded_on: date


def hand_in_annual(
    session: Session, commands: Iterable[HandInAnnualReport], actor: audit.Actor, now: datetime
) -> None:
    """Record annual reports (年度报告)."""
    audit.write(session, AnnualReport, map(audit.as_row, commands), action="report.annual", actor=actor, now=now)


def hand_in_quarterly(
    session: Session, commands: Iterable[HandInQuarterlyReport], actor: audit.Actor, now: datetime
) -> None:
    """Record quarterly reports (季度报送)."""
    audit.write(
        session, QuarterlyReport, map(audit.as_row, commands), action="report.quarterly", actor=actor, now=now
    )


def add_key_sites(session: Session, commands: Iterable[AddKeySite], actor: audit.Actor, now: datetime) -> list[int]:
    """Add key sites (重点部位); returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [row["id"] for row in audit.write(session, KeySite, rows, action="key_site.add", actor=actor, now=now)]


def patrol(session: Session, commands: Iterable[RecordPatrol], actor: audit.Actor, now: datetime) -> None:
    """Record patrols (巡查)."""
    audit.write(session, Patrol, map(audit.as_row, commands), action="key_site.patrol", actor=actor, now=now)


def record_equipment(
    session: Session, commands: Iterable[RecordEquipmentEvent], actor: audit.Actor, now: datetime
) -> None:
    """Record leases and transfers of equipment (设备出租、转让)."""
    rows = map(audit.as_row, commands)
    audit.write(session, EquipmentEvent, rows, action="equipment.record", actor=actor, now=now)
