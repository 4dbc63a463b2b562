"""Movements and what is recorded about them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, BaseUnits, Instant, append_only


class Movement(Base):
    """One entry into or out of one site.

    ``id`` names the movement for good; a correction is a reversal of one ``version`` and a new version.
    At any time at most one version stands.
    """

    __tablename__ = "movement"
    __table_args__ = append_only(
        UniqueConstraint("outside_id", "version"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index(None, "day", "type"),
        Index(None, "site_id", "day"),
        Index(None, "shipment_id"),
        Index(None, "other_enterprise_id", "other_id"),
        Index(None, "batch"),
        Index(None, "cosignature_id", unique=True),
    )

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    type: Mapped[str]
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
    quantity: Mapped[int] = mapped_column(BaseUnits())
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    recorded_by: Mapped[str]
    entry_id: Mapped[int]  # the ledger entry that books it
    batch: Mapped[str | None]
    usage_record: Mapped[str | None]
    incident_id: Mapped[int | None]
    shipment_id: Mapped[int | None]
    other_enterprise_id: Mapped[int | None]  # the other side's movement, when this one names it
    other_id: Mapped[int | None]
    external_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    permit_holder_id: Mapped[int | None]
    permit_id: Mapped[int | None]
    external_permit: Mapped[str | None]
    transport_holder_id: Mapped[int | None]
    transport_permit_id: Mapped[int | None]
    drawn_on: Mapped[date | None]
    exempt: Mapped[str | None]
    recorded_person: Mapped[str | None]  # the natural person behind the account
    cosignature_id: Mapped[int | None]  # of the second person, where two are needed
    broken: Mapped[str | None]  # JSON list: the rules that a recorded fact broke
    reason: Mapped[str | None]  # why a fact was recorded late, or against a rule, and who reported it
    reported_by: Mapped[str | None]
    particulars: Mapped[
        str | None
    ]  # JSON: how it was paid, who fetched it, and what else was said for the rules alone


class Reversal(Base):
    """A version of a movement was reversed (冲销); its draw and its postings fall with it."""

    __tablename__ = "reversal"
    __table_args__ = append_only(
        ForeignKeyConstraint(
            ["enterprise_id", "movement_id", "version"],
            ["movement.enterprise_id", "movement.id", "movement.version"],
        )
    )

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    reason: Mapped[str]
    requested_by: Mapped[str]  # natural persons: the one who asks and the one who approves are two
    approved_by: Mapped[str]


class ReversalRequest(Base):
    """Somebody asked for a reversal; another person approves it, or nobody ever does."""

    __tablename__ = "reversal_request"
    __table_args__ = append_only(
        ForeignKeyConstraint(
            ["enterprise_id", "movement_id", "version"],
            ["movement.enterprise_id", "movement.id", "movement.version"],
        )
    )

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str]
    reason: Mapped[str]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Cosignature(Base):
    """A second person signed for one movement to come (双人复核): good for ten minutes, and once."""

    __tablename__ = "cosignature"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    person: Mapped[str]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    type: Mapped[str]
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
    quantity: Mapped[int] = mapped_column(BaseUnits())
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Batch(Base):
    """A batch or lot: when it was made and when it expires; records about it are kept that long and more."""

    __tablename__ = "batch"
    __table_args__ = append_only()

    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"), primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    made_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Label(Base):
    """Stickers for the containers of a batch: one order of them; ``mark`` stands in their codes."""

    __tablename__ = "label"
    __table_args__ = append_only(
        UniqueConstraint("outside_id"),
        UniqueConstraint("mark"),
        Index("ix_label_batch", "enterprise_id", "substance_id", "batch"),
        rowid=True,
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    mark: Mapped[str]  # 16 hex digits that nobody guesses
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
    batch: Mapped[str]
    count: Mapped[int]
    quantity: Mapped[int] = mapped_column(BaseUnits())  # in each
    day: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class SalesReport(Base):
    """A sale was reported to the police (销售备案)."""

    __tablename__ = "sales_report"
    __table_args__ = append_only()

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Confirmation(Base):
    """An outside party confirmed receipt or supply. What it did not say is empty, and does not count."""

    __tablename__ = "confirmation"
    __table_args__ = append_only()

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(primary_key=True)
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    day: Mapped[date | None]
    quantity: Mapped[int | None] = mapped_column(BaseUnits())


class Stocktake(Base):
    """What was counted at the end of a day (盘点)."""

    __tablename__ = "stocktake"
    __table_args__ = append_only(rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
    day: Mapped[date] = mapped_column(index=True)
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    counted: Mapped[int] = mapped_column(BaseUnits())
    counted_by: Mapped[str | None]  # the natural person


class StocktakeApproval(Base):
    """Another person accepted a stocktake and said where its difference comes from."""

    __tablename__ = "stocktake_approval"
    __table_args__ = append_only()

    stocktake_id: Mapped[int] = mapped_column(ForeignKey("stocktake.id"), primary_key=True)
    person: Mapped[str]
    explanation: Mapped[str | None]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Attempt(Base):
    """A sale or a carriage that somebody tried; it moves nothing. ``code`` is the rule that decided, if any."""

    __tablename__ = "attempt"
    __table_args__ = append_only(UniqueConstraint("outside_id"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]
    day: Mapped[date]
    action: Mapped[str]  # sale, carry
    permit_holder_id: Mapped[int | None]
    permit_id: Mapped[int | None]
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))
    quantity: Mapped[int] = mapped_column(BaseUnits())
    seller_site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    buyer: Mapped[str | None]
    payment: Mapped[str | None]  # bank, cash
    carrier_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    code: Mapped[str | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
