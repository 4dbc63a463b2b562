"""Record imports and exports, and the verification of their two legs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.trade.models import Shipment, ShipmentLeg

#: What is known of a leg closes it: verified on a day, or not required for a reason (DEFINITIONS K3).
IS_LEG_DONE: Final = sa.or_(
    sa.and_(ShipmentLeg.state == "verified", ShipmentLeg.day.is_not(None)),
    sa.and_(ShipmentLeg.state == "not_required", ShipmentLeg.reason.is_not(None)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShipment:
    """One import or export; the quantity (base units) is that of licence and customs."""

    outside_id: str
    direction: str
    enterprise_id: int
    substance_id: int
    quantity: int
    customs_day: date
    licence: str | None
    customs_number: str | None
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLeg:
    """The state of one leg (进出口双向核查)."""

    shipment_id: int
    leg: str
    state: str
    day: date | None
    reason: str | None
    recorded_on: date | None


def record(session: Session, commands: Iterable[RecordShipment], actor: audit.Actor, now: datetime) -> list[int]:
    """Record shipments; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [row["id"] for row in audit.write(session, Shipment, rows, action="shipment.record", actor=actor, now=now)]


def record_legs(session: Session, commands: Iterable[RecordLeg], actor: audit.Actor, now: datetime) -> None:
    """Record what is known of the legs of shipments."""
    audit.write(session, ShipmentLeg, map(audit.as_row, commands), action="shipment.verify", actor=actor, now=now)
