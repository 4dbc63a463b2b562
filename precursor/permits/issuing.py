"""Issue documents by the law (shim)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.access import Role
from precursor.permits import service
from precursor.permits.service import IssuePermit, PermitKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A document that an authority wants to issue."""

    command: IssuePermit
    role: Role
    area_id: int | None
    fields: Mapping[str, str] = field(default_factory=dict)


def grant(session: Session, wanted: Grant, actor: audit.Actor, now: datetime) -> PermitKey:
    """Issue it."""
    return service.issue(session, [wanted.command], actor, now)[0]
