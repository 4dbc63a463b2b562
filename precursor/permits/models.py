"""Documents and what happened to them. Only ``PermitBalance`` ever changes."""

from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, BaseUnits, Instant, append_only, mutable


def _of_permit() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["enterprise_id", "permit_id"], ["permit.enterprise_id", "permit.id"])


#: Of the fields of a document, what its page and its paper say, in order.
PARTICULARS: Final = (
    *("plates", "purpose", "handler", "destination", "permit_type", "main_flow", "hs_code", "country", "port"),
    *("direction", "counterparty", "signatories", "receiver"),
)


class Permit(Base):
    """A document as issued. ``enterprise_id`` is its holder: the buyer, or the one who sends the goods."""

    __tablename__ = "permit"
    __table_args__ = append_only(UniqueConstraint("outside_id"), CheckConstraint("quantity >= 0", name="quantity"))

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    kind: Mapped[str]
    substance_id: Mapped[int | None] = mapped_column(ForeignKey("substance.id"))  # None: the whole class
    quantity: Mapped[int | None] = mapped_column(BaseUnits())  # None: without amount
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    uses: Mapped[str]  # single, multi
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)  # the county that must verify
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    has_route: Mapped[bool]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    consignee_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    carrier_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    covers: Mapped[str | None]  # the class of substances (rules.substances), when no one substance is named
    fields: Mapped[str | None]  # JSON: what the law wants on it besides (purpose, handler, country …)
    issuer: Mapped[str | None]  # the department; None: put on record, not issued here
    issued_by: Mapped[str | None]  # the natural person
    law: Mapped[str | None]  # the versions of the packs that it was issued under


class RouteStop(Base):
    """One area on the way of a transport document, in order of travel."""

    __tablename__ = "route_stop"
    __table_args__ = append_only(_of_permit())

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))


class PermitBalance(Base):
    """What is drawn on a document now: the row that racing draws meet at."""

    __tablename__ = "permit_balance"
    __table_args__ = mutable(
        _of_permit(),
        CheckConstraint("drawn >= 0 AND drawn <= approved", name="never_over"),
        CheckConstraint("draws >= 0 AND draws <= allowed_draws", name="uses"),
    )

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    approved: Mapped[int] = mapped_column(BaseUnits())
    allowed_draws: Mapped[int]
    drawn: Mapped[int] = mapped_column(BaseUnits())
    draws: Mapped[int]
    revoked_on: Mapped[date | None]
    is_suspended: Mapped[bool] = mapped_column(server_default=sa.false())


class Suspension(Base):
    """A document was suspended (暂停), or reinstated (恢复), from this instant on."""

    __tablename__ = "suspension"
    __table_args__ = append_only(_of_permit())

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # 1, 2, … of this document
    state: Mapped[str]  # suspended, reinstated
    day: Mapped[date]
    reason: Mapped[str]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Draw(Base):
    """A quantity drawn on a document (核减) by one version of a movement; it falls with that version's reversal."""

    __tablename__ = "draw"
    __table_args__ = append_only(_of_permit(), Index(None, "mover_id", "movement_id", "version"))

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)  # the document's holder
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    mover_id: Mapped[int]  # the enterprise whose movement draws
    quantity: Mapped[int] = mapped_column(BaseUnits())
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class DrawReturn(Base):
    """The movement behind a draw was reversed: the quantity went back to the document."""

    __tablename__ = "draw_return"
    __table_args__ = append_only(
        ForeignKeyConstraint(
            ["enterprise_id", "permit_id", "movement_id", "version"],
            ["draw.enterprise_id", "draw.permit_id", "draw.movement_id", "draw.version"],
        )
    )

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Revocation(Base):
    """A document was revoked (吊销); ``day`` is its last good day."""

    __tablename__ = "revocation"
    __table_args__ = append_only(_of_permit())

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    reason: Mapped[str | None]


class Verification(Base):
    """The responsible county looked into a document (核查), whatever it found."""

    __tablename__ = "verification"
    __table_args__ = append_only(_of_permit())

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    result: Mapped[str | None]  # match, mismatch, unused


class Printing(Base):
    """The certificate of a document was given out to be printed."""

    __tablename__ = "printing"
    __table_args__ = append_only(_of_permit())

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(primary_key=True)
    nth: Mapped[int] = mapped_column(primary_key=True)  # 1, 2, … of this document
    account: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
