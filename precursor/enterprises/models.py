"""The register of parties."""

from datetime import date, datetime

import sqlalchemy as sa
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
    credit_code: Mapped[str | None] = mapped_column(index=True)  # 统一社会信用代码, upper case
    credit_code_reason: Mapped[str | None]  # why one that fails its check digit was taken
    address: Mapped[str | None]
    contact: Mapped[str | None]
    row_version: Mapped[int] = mapped_column(server_default=sa.text("1"))  # raised by every change


class EnterpriseStatus(Base):
    """A status in force from ``since`` until the next entry."""

    __tablename__ = "enterprise_status"
    __table_args__ = append_only()

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # 1, 2, … of this enterprise
    status: Mapped[str]  # a key of service.STATUSES
    since: Mapped[date]
    reason: Mapped[str]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class GradeEntry(Base):
    """A grade (甲乙丙) in force from ``since`` until the next entry."""

    __tablename__ = "grade"
    __table_args__ = append_only()

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    recorded_on: Mapped[date] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    grade: Mapped[str]
    reason: Mapped[str | None]
    evidence: Mapped[str | None]  # JSON list: ids of the records it rests on
    assessor: Mapped[str | None]  # the natural person


class InformationOfficer(Base):
    """The enterprise has an information officer (信息员). Without ``since``: always had."""

    __tablename__ = "information_officer"
    __table_args__ = append_only(rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    since: Mapped[date | None]
    recorded_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    person: Mapped[str | None]
    name: Mapped[str | None]


class OfficerLeave(Base):
    """An information officer left: ``until`` is the last day."""

    __tablename__ = "officer_leave"
    __table_args__ = append_only()

    officer_id: Mapped[int] = mapped_column(ForeignKey("information_officer.id"), primary_key=True)
    until: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Supervisor(Base):
    """A police officer who supervises the precursors of a county (专管员)."""

    __tablename__ = "supervisor"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    person: Mapped[str]
    name: Mapped[str]
    since: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class SupervisorLeave(Base):
    """A supervisor left: ``until`` is the last day."""

    __tablename__ = "supervisor_leave"
    __table_args__ = append_only()

    supervisor_id: Mapped[int] = mapped_column(ForeignKey("supervisor.id"), primary_key=True)
    until: Mapped[date]
    recorded_on: Mapped[date]
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
    name: Mapped[str | None]
    purpose: Mapped[str | None]  # plant, store, depot, pharmacy, office
    address: Mapped[str | None]


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
