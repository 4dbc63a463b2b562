"""Reports, key sites with their patrols, equipment events."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only, mutable


class AnnualReport(Base):
    """An enterprise's report on a year (年度报告)."""

    __tablename__ = "annual_report"
    __table_args__ = append_only()

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)  # the year it is about
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class QuarterlyReport(Base):
    """A county's report on a quarter (季度报送)."""

    __tablename__ = "quarterly_report"
    __table_args__ = append_only()

    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    quarter: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class KeySite(Base):
    """A place that is patrolled every month (重点部位)."""

    __tablename__ = "key_site"
    __table_args__ = mutable(UniqueConstraint("outside_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    name: Mapped[str]
    since: Mapped[date]


class Patrol(Base):
    """One patrol of a key site."""

    __tablename__ = "patrol"
    __table_args__ = append_only(rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_site_id: Mapped[int] = mapped_column(ForeignKey("key_site.id"), index=True)
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class EquipmentEvent(Base):
    """A reaction vessel or the like was leased or transferred, and when that was reported."""

    __tablename__ = "equipment_event"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    item: Mapped[str]
    event: Mapped[str]  # lease, transfer
    day: Mapped[date] = mapped_column(index=True)
    recorded_on: Mapped[date]
    reported_on: Mapped[date]
    report_recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
