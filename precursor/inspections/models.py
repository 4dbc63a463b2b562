"""Visits to enterprises, and what was counted there."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only


class Inspection(Base):
    """One inspection of an enterprise; only an on-site one by enough inspectors fills a slot."""

    __tablename__ = "inspection"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    mode: Mapped[str]  # onsite, remote
    inspectors: Mapped[int]
    officers: Mapped[str | None]  # JSON list: codes of the natural persons
    result: Mapped[str | None]  # a key of rules.inspection_form.RESULTS
    findings: Mapped[str | None]  # JSON: item of the form, what was found
    note: Mapped[str | None]


class InspectionCount(Base):
    """A stocktake that the officers of a visit made; its store and goods, of which a visit counts each once."""

    __tablename__ = "inspection_count"
    __table_args__ = append_only(UniqueConstraint("inspection_id", "site_id", "substance_id"))

    stocktake_id: Mapped[int] = mapped_column(ForeignKey("stocktake.id"), primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspection.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
