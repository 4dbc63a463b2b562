"""Audit entries: inserted with what they report, never changed."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only


class AuditEntry(Base):
    """One act on one record: who, when, what, and the digest of the whole row that was written."""

    __tablename__ = "audit_entry"
    __table_args__ = append_only(rowid=True)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant())
    entry: Mapped[str]  # canonical JSON (RFC 8785)
    digest: Mapped[str]  # SHA-256 of ``entry``
