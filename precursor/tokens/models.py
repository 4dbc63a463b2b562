"""Keys, tokens as they were signed, and the lists as they were last published."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, ForeignKeyConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, BaseUnits, Instant, append_only, mutable

#: What the trust list is called among the lists that are published.
TRUST: Final = "trust"


class SigningKey(Base):
    """A public key that signs for one authority. Its private half is a file, or in a PKCS#11 token (``KeyStore``)."""

    __tablename__ = "signing_key"
    __table_args__ = mutable()

    kid: Mapped[str] = mapped_column(primary_key=True)  # 16 hex digits
    x: Mapped[str]  # 64 hex digits
    scope: Mapped[str] = mapped_column(index=True)  # cn- and the code of GB/T 2260, or x- and the outside id
    made_at: Mapped[datetime] = mapped_column(Instant())
    signs_until: Mapped[datetime] = mapped_column(Instant())
    active_since: Mapped[datetime | None] = mapped_column(Instant())
    state: Mapped[int]  # signing.trust.KeyState
    compromised_at: Mapped[datetime | None] = mapped_column(Instant())


class StatusNumber(Base):
    """A status list of one authority: how many of its places are taken."""

    __tablename__ = "status_number"
    __table_args__ = mutable()

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scope: Mapped[str] = mapped_column(index=True)
    taken: Mapped[int]


class Token(Base):
    """A token as it was signed. The newest of a document is the one that is good."""

    __tablename__ = "token"
    __table_args__ = append_only(
        UniqueConstraint("list_number", "list_index"),
        ForeignKeyConstraint(["enterprise_id", "permit_id"], ["permit.enterprise_id", "permit.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enterprise_id: Mapped[int] = mapped_column(index=True)
    permit_id: Mapped[int] = mapped_column(index=True)
    kid: Mapped[str] = mapped_column(ForeignKey("signing_key.kid"))
    list_number: Mapped[int] = mapped_column(ForeignKey("status_number.number"))
    list_index: Mapped[int]
    said: Mapped[str]  # digest of what it says, without place and instant: another one is another token
    cose: Mapped[str]  # hex
    digest: Mapped[str]  # SHA-256 of the bytes
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class TripSlip(Base):
    """One journey under a document (随车单): short-lived, for these vehicles and this amount."""

    __tablename__ = "trip_slip"
    __table_args__ = append_only(
        UniqueConstraint("outside_id"),
        UniqueConstraint("enterprise_id", "permit_id", "trip"),
        UniqueConstraint("list_number", "list_index"),
        ForeignKeyConstraint(["enterprise_id", "permit_id"], ["permit.enterprise_id", "permit.id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    enterprise_id: Mapped[int]
    permit_id: Mapped[int]
    trip: Mapped[int]  # its number among the journeys under the document, from 1
    plates: Mapped[str]  # with commas between
    quantity: Mapped[int] = mapped_column(BaseUnits)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    kid: Mapped[str] = mapped_column(ForeignKey("signing_key.kid"))
    list_number: Mapped[int] = mapped_column(ForeignKey("status_number.number"))
    list_index: Mapped[int]
    cose: Mapped[str]  # hex
    digest: Mapped[str]  # SHA-256 of the bytes
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Ending(StrEnum):
    """How a journey ended."""

    ARRIVED = "arrived"
    GIVEN_UP = "given_up"
    REPLACED = "replaced"  # its key was compromised: another slip goes on


#: The endings of a journey that was none, and takes nothing of its document.
NO_JOURNEY: Final = (Ending.GIVEN_UP, Ending.REPLACED)


class TripEnd(Base):
    """A journey that is over, or was given up: its slip is good no longer."""

    __tablename__ = "trip_end"
    __table_args__ = append_only()

    trip_id: Mapped[int] = mapped_column(ForeignKey("trip_slip.id"), primary_key=True, autoincrement=False)
    how: Mapped[str]  # an Ending
    day: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class TripSeen(Base):
    """A journey that was met on the road: it cannot be one that was never begun."""

    __tablename__ = "trip_seen"
    __table_args__ = append_only()

    trip_id: Mapped[int] = mapped_column(ForeignKey("trip_slip.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant())  # of the scan
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Published(Base):
    """A list as it was last signed, so that the same content is the same bytes."""

    __tablename__ = "published"
    __table_args__ = mutable()

    name: Mapped[str] = mapped_column(primary_key=True)  # trust, status/<n>, balance/<n>
    sequence: Mapped[int]
    content: Mapped[str]  # digest of what it says
    signed_at: Mapped[datetime] = mapped_column(Instant())
    body: Mapped[bytes] = mapped_column(LargeBinary)
