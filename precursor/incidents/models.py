"""Incidents."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, BaseUnits, Instant, append_only


class Incident(Base):
    """A loss, theft or robbery of a substance at a site (丢失、被盗、被抢)."""

    __tablename__ = "incident"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
    quantity: Mapped[int] = mapped_column(BaseUnits())
    kind: Mapped[str]
    day: Mapped[date] = mapped_column(index=True)  # the legal day of discovery
    discovered_at: Mapped[datetime] = mapped_column(Instant())
    reported_at: Mapped[datetime] = mapped_column(Instant())
    discovered_text: Mapped[str]  # as it was written, with its offset
    reported_text: Mapped[str]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
