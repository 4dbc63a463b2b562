"""Shipments across the border and their two legs."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, BaseUnits, Instant, append_only


class Shipment(Base):
    """One import or export under a licence; the quantity is that of licence and customs."""

    __tablename__ = "shipment"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    direction: Mapped[str]  # import, export
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
    quantity: Mapped[int] = mapped_column(BaseUnits())
    customs_day: Mapped[date] = mapped_column(index=True)
    licence: Mapped[str | None]
    customs_number: Mapped[str | None]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class ShipmentLeg(Base):
    """The state of one leg: foreign (verified, pending, not_required) or domestic (verified, pending)."""

    __tablename__ = "shipment_leg"
    __table_args__ = append_only()

    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    leg: Mapped[str] = mapped_column(primary_key=True)  # foreign, domestic
    state: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date | None]  # the day of the answer
    reason: Mapped[str | None]  # why not required
    recorded_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
