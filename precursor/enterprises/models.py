"""The register of parties."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only, mutable


class Party(Base):
    """An enterprise of this register, or an outside party (``kind`` external) that it deals with."""

    __tablename__ = "party"
    __table_args__ = mutable(UniqueConstraint("outside_id", "is_external"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    is_external: Mapped[bool]
    name: Mapped[str]
    kind: Mapped[str]  # producer, trader, user, hospital, pharma_wholesaler, carrier, importer_exporter, external
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)  # county of registration
    registered_on: Mapped[date | None]
    recorded_on: Mapped[date | None]  # the day since which the figures see it
    seal_card: Mapped[str | None]  # 印鉴卡
    seal_card_valid_to: Mapped[date | None]


class GradeEntry(Base):
    """A grade (甲乙丙) in force from ``since`` until the next entry."""

    __tablename__ = "grade"
    __table_args__ = append_only()

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    recorded_on: Mapped[date] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    grade: Mapped[str]


class InformationOfficer(Base):
    """The enterprise has an information officer (信息员). Without ``since``: always had."""

    __tablename__ = "information_officer"
    __table_args__ = append_only(rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    since: Mapped[date | None]
    recorded_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Site(Base):
    """A place where an enterprise works or stores; off-site when its county is not that of registration."""

    __tablename__ = "site"
    __table_args__ = mutable(UniqueConstraint("outside_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    outside_id: Mapped[str]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    open_on: Mapped[date]
    closed_on: Mapped[date | None]
    registered: Mapped[bool]


class Delegation(Base):
    """The county of registration entrusts the county of the place with supervision (委托管理)."""

    __tablename__ = "delegation"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    delegator_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    delegate_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    requested_on: Mapped[date]
    valid_to: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    requested_by: Mapped[str | None]  # the natural person


class DelegationAnswer(Base):
    """What became of a delegation: accepted from a day on, or revoked from a day on."""

    __tablename__ = "delegation_answer"
    __table_args__ = append_only()

    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), primary_key=True)
    answer: Mapped[str] = mapped_column(primary_key=True)  # accepted, revoked
    day: Mapped[date]  # first day covered; first day no longer covered
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
