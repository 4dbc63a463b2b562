"""Record inspections of enterprises, and what their officers count in the stores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.clock import legal_day
from precursor.core.errors import Fault, Faulty, Refused
from precursor.enterprises.models import Site
from precursor.inspections.models import Inspection, InspectionCount
from precursor.movements import service as movements
from precursor.substances.models import Substance


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
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What lies in a store of the enterprise, as its officers counted it; ``pointer``: where the form says so."""

    site: Site
    substance: Substance
    amount: int  # base units
    pointer: str = ""


def record(session: Session, commands: Iterable[RecordInspection], actor: audit.Actor, now: datetime) -> None:
    """Record inspections."""
    audit.write(session, Inspection, map(audit.as_row, commands), action="inspection.record", actor=actor, now=now)


def visit(
    session: Session, command: RecordInspection, found: Sequence[Counted], actor: audit.Actor, now: datetime
) -> None:
    """Record a visit and what was counted on it, or, where that cannot be, neither. Errors as in ``count``."""
    _check(command, found, set())
    record(session, [command], actor, now)
    made = session.scalars(sa.select(Inspection).where(Inspection.outside_id == command.outside_id)).one()
    count(session, made, found, actor, now)


def count(session: Session, visit: Inspection, found: Sequence[Counted], actor: audit.Actor, now: datetime) -> None:
    """Record what was counted on a visit: stocktakes of its day, so that a difference is a gap like any other.

    Faulty for a store of another enterprise and for the same goods twice; Refused for a visit that was not on site,
    and where another process counts the same at this moment.
    """
    before = sa.select(InspectionCount.site_id, InspectionCount.substance_id).where(
        InspectionCount.inspection_id == visit.id
    )
    _check(visit, found, {(site, substance) for site, substance in session.execute(before)})
    commands = [
        movements.Count(
            site_id=one.site.id,
            enterprise_id=visit.enterprise_id,
            substance_id=one.substance.id,
            day=visit.day,
            recorded_on=legal_day(now),
            counted=one.amount,
            counted_by=actor.person.upper(),
        )
        for one in found
    ]
    numbers = movements.count_stock(session, commands, actor, now)
    rows = [
        {
            "stocktake_id": number,
            "inspection_id": visit.id,
            "site_id": one.site.id,
            "substance_id": one.substance.id,
        }
        for number, one in zip(numbers, found, strict=True)
    ]
    try:
        audit.write(session, InspectionCount, rows, action="inspection.count", actor=actor, now=now)
    except sa.exc.IntegrityError:
        raise Refused("本次检查正在盘点同一品种 / the same goods are being counted on this visit") from None


def _check(visit: Inspection | RecordInspection, found: Sequence[Counted], known: set[tuple[int, int]]) -> None:
    """Whether that can be counted on a visit, ``known`` being what was counted on it before."""
    if found and visit.mode != "onsite":
        raise Refused("非现场检查不能盘点 / nothing is counted on a visit that is not on site")
    faults = []
    for one in found:
        if one.site.enterprise_id != visit.enterprise_id:
            said = "不是被检查企业的场所 / is no site of the enterprise that was visited"
            faults.append(Fault(f"{one.pointer}/site", said))
        if (goods := (one.site.id, one.substance.id)) in known:
            said = "本次检查已盘点过 / was counted on this visit already"
            faults.append(Fault(f"{one.pointer}/substance", said))
        known = known | {goods}
    if faults:
        raise Faulty(faults)
