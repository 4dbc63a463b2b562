"""Published figures."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only


class Publication(Base):
    """A figure frozen as it was published, with the digest of the ids it counted."""

    __tablename__ = "publication"
    __table_args__ = append_only(rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    figure: Mapped[str]
    period: Mapped[str]
    as_of: Mapped[date]
    area: Mapped[str | None]
    n: Mapped[int]
    d: Mapped[int]
    pct: Mapped[str | None]
    digest: Mapped[str]  # SHA-256 of the RFC 8785 form of what was counted (DECISIONS 10)
    published_at: Mapped[datetime] = mapped_column(Instant())
    published_by: Mapped[str]
