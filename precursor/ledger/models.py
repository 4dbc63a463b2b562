"""Accounts, postings and the kept stock. Nobody outside ``precursor.ledger`` touches these tables."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, BaseUnits, Instant, append_only, mutable


class Account(Base):
    """Where a substance can be: at a site, in transit between two parties, with an outside party, produced, lost."""

    __tablename__ = "account"
    __table_args__ = append_only(UniqueConstraint("key"), rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str]  # kind, whose and which substance, in one word
    kind: Mapped[str]
    party_id: Mapped[int]
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    substance_id: Mapped[int] = mapped_column(ForeignKey("substance.id"))


class Posting(Base):
    """One leg of an entry: what an account gains (above 0) or gives (below 0). The legs of an entry add up to 0."""

    __tablename__ = "posting"
    __table_args__ = append_only(
        Index(None, "account_id", "day", "recorded_on", "amount"),
    )

    enterprise_id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    leg: Mapped[int] = mapped_column(primary_key=True)  # 0 gives, 1 gains
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    day: Mapped[date]
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())
    amount: Mapped[int] = mapped_column(BaseUnits())


class Stock(Base):
    """The book stock of a site account over all that is recorded; never below zero."""

    __tablename__ = "stock"
    __table_args__ = mutable(CheckConstraint("amount >= 0", name="never_negative"))

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    amount: Mapped[int] = mapped_column(BaseUnits())
    last_day: Mapped[date]
