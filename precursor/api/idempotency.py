"""A write that is sent twice is done once: the answer is kept beside it, in the same transaction."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from precursor.core import canonical
from precursor.core.db import Base, Instant, append_only, insert
from precursor.core.errors import Fault, Faulty


class KeptAnswer(Base):
    """The answer to a write that carried an ``Idempotency-Key``; keys of different accounts never meet."""

    __tablename__ = "kept_answer"
    __table_args__ = append_only()

    account: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]  # digest of method, address and body
    status: Mapped[int]
    location: Mapped[str]
    body: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


def digest_of(method: str, path: str, body: bytes) -> str:
    """What two equal requests have in common."""
    return canonical.digest(f"{method} {path}\n{body.decode('utf-8', 'backslashreplace')}")


def kept(session: Session, account: str, key: str, request: str) -> KeptAnswer | None:
    """The answer given before; Faulty when the key was used for something else."""
    found = session.get(KeptAnswer, (account, key))
    if found is not None and found.request != request:
        raise Faulty(
            [Fault("/Idempotency-Key", "此键已用于另一请求 / this key was used for another request: take a new one")]
        )
    return found


def keep(
    session: Session, account: str, key: str, request: str, *, status: int, location: str, body: Any, now: datetime
) -> None:
    """Keep an answer. IntegrityError when another process kept one for the same key at this moment."""
    row = {
        "account": account,
        "key": key,
        "request": request,
        "status": status,
        "location": location,
        "body": json.dumps(body, ensure_ascii=False),
        "recorded_at": now,
    }
    insert(session, KeptAnswer, [row])


def is_taken(error: sa.exc.IntegrityError) -> bool:
    """Whether it is this table that refused."""
    return "kept_answer" in str(error.orig)
