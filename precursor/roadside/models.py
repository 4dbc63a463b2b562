"""Phones, what they logged, the photographs, and the cases that came of it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only, mutable


class Enrolment(Base):
    """A code to enrol one phone with; its secret is kept nowhere, and good once."""

    __tablename__ = "enrolment"
    __table_args__ = mutable()

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ends_at: Mapped[datetime] = mapped_column(Instant())
    used_at: Mapped[datetime | None] = mapped_column(Instant())


class Device(Base):
    """A phone of one officer. ``next_seq`` and ``head``: how far its log has come here."""

    __tablename__ = "device"
    __table_args__ = mutable(UniqueConstraint("outside_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    key: Mapped[str]  # Ed25519, 64 hex digits; the private half never leaves the phone
    name: Mapped[str]
    enrolled_on: Mapped[date]
    enrolled_at: Mapped[datetime] = mapped_column(Instant())
    locked_on: Mapped[date | None]
    next_seq: Mapped[int]
    head: Mapped[str]  # digest of the last entry; "" before the first


class DeviceEntry(Base):
    """One entry of a phone's log, as the phone signed it: each names the digest of the one before."""

    __tablename__ = "device_entry"
    __table_args__ = append_only(
        UniqueConstraint("device_id", "seq"),
        Index("ix_device_entry_place", "list_number", "list_index"),
        Index("ix_device_entry_token", "token"),
        Index("ix_device_entry_document", "document"),
        rowid=True,
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    seq: Mapped[int]
    digest: Mapped[str]
    said: Mapped[str]  # the bytes that were signed, as text
    signature: Mapped[str]
    kind: Mapped[str]  # scan, check, visit
    at: Mapped[datetime] = mapped_column(Instant())  # by the phone's clock
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    shown: Mapped[str | None]  # the verdict on the spot
    verdict: Mapped[str | None]  # the verdict here, on arrival
    token: Mapped[str | None]  # SHA-256 of the COSE bytes, where the signature is good
    document: Mapped[str | None]
    list_number: Mapped[int | None]
    list_index: Mapped[int | None]
    plate: Mapped[str | None]
    latitude: Mapped[int | None]  # millionths of a degree
    longitude: Mapped[int | None]
    record: Mapped[str | None]  # path and number of the road check or visit that came of it
    fault: Mapped[str | None]  # why none came of it
    repeats: Mapped[int | None]  # number of the scan of this phone that it says again; None where it is the first


class DeviceFork(Base):
    """What a phone signed under a number of its log that has another entry: kept, and nothing came of it."""

    __tablename__ = "device_fork"
    __table_args__ = append_only(UniqueConstraint("device_id", "digest"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    seq: Mapped[int]
    digest: Mapped[str]
    said: Mapped[str]
    signature: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Photo(Base):
    """A photograph by its digest, as the entry that was signed names it."""

    __tablename__ = "photo"
    __table_args__ = append_only()

    digest: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class RoadCase(Base):
    """Something that scans give away: opened once, with both of them, owned by the police of a county."""

    __tablename__ = "road_case"
    __table_args__ = append_only(UniqueConstraint("outside_id"), UniqueConstraint("key"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    key: Mapped[str]  # kind and scans: the same however they arrive
    kind: Mapped[str]
    first_id: Mapped[int] = mapped_column(ForeignKey("device_entry.id"))
    second_id: Mapped[int | None] = mapped_column(ForeignKey("device_entry.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    document: Mapped[str | None]
    opened_on: Mapped[date]
    due_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class CaseEnd(Base):
    """How a case ended, by somebody who was not at the scan."""

    __tablename__ = "case_end"
    __table_args__ = append_only()

    case_id: Mapped[int] = mapped_column(ForeignKey("road_case.id"), primary_key=True, autoincrement=False)
    outcome: Mapped[str]  # violation, explained, mistake
    reason: Mapped[str]
    person: Mapped[str]
    day: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
