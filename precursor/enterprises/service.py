"""Register parties, sites, grades, officers; delegate the supervision of off-site places."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.errors import NotFound, Refused
from precursor.enterprises.models import (
    Delegation,
    DelegationAnswer,
    GradeEntry,
    InformationOfficer,
    Party,
    Site,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParty:
    """An enterprise of this register, or an outside party it deals with."""

    outside_id: str
    is_external: bool
    name: str
    kind: str
    area_id: int | None
    registered_on: date | None = None
    recorded_on: date | None = None
    seal_card: str | None = None
    seal_card_valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSite:
    """A place where an enterprise works or stores."""

    outside_id: str
    enterprise_id: int
    area_id: int
    open_on: date
    closed_on: date | None
    registered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A grade in force from a day on."""

    enterprise_id: int
    since: date
    recorded_on: date
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOfficer:
    """The enterprise has an information officer; without a day: always had."""

    enterprise_id: int
    since: date | None = None
    recorded_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """One county asks another to supervise an off-site place."""

    outside_id: str
    site_id: int
    delegator_id: int
    delegate_id: int
    requested_on: date
    valid_to: date
    requested_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDelegation:
    """Accepted from ``day`` on, or revoked from ``day`` on."""

    delegation_id: int
    answer: str
    day: date
    recorded_on: date


def register(session: Session, commands: Iterable[RegisterParty], actor: audit.Actor, now: datetime) -> list[int]:
    """Register parties; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [r["id"] for r in audit.write(session, Party, rows, action="enterprise.register", actor=actor, now=now)]


def register_sites(
    session: Session, commands: Iterable[RegisterSite], actor: audit.Actor, now: datetime
) -> list[int]:
    """Register sites; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [r["id"] for r in audit.write(session, Site, rows, action="site.register", actor=actor, now=now)]


def close_site(session: Session, site: int, closed_on: date, actor: audit.Actor, now: datetime) -> None:
    """Close a site: ``closed_on`` is its last day. Refused when it is closed already or opened later."""
    found = session.get_one(Site, site)
    if found.closed_on is not None or closed_on < found.open_on:
        raise Refused("场所已关闭,或关闭日早于启用日 / the site is closed already, or it opened after that day")
    found.closed_on = closed_on
    session.flush()
    row = {"closed_on": closed_on}
    audit.note(session, action="site.close", kind="site", name=found.outside_id, row=row, actor=actor, now=now)


def rate(session: Session, commands: Iterable[Rate], actor: audit.Actor, now: datetime) -> None:
    """Record grades (等级评定)."""
    audit.write(session, GradeEntry, map(audit.as_row, commands), action="enterprise.rate", actor=actor, now=now)


def name_officers(session: Session, commands: Iterable[NameOfficer], actor: audit.Actor, now: datetime) -> None:
    """Record that enterprises have an information officer (信息员)."""
    rows = map(audit.as_row, commands)
    audit.write(session, InformationOfficer, rows, action="enterprise.name_officer", actor=actor, now=now)


def delegate(session: Session, commands: Iterable[Delegate], actor: audit.Actor, now: datetime) -> list[int]:
    """Request delegations (委托管理); returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [
        r["id"] for r in audit.write(session, Delegation, rows, action="delegation.request", actor=actor, now=now)
    ]


def answer_delegations(
    session: Session, commands: Iterable[AnswerDelegation], actor: audit.Actor, now: datetime
) -> None:
    """Record that delegations were accepted or revoked."""
    rows = map(audit.as_row, commands)
    audit.write(session, DelegationAnswer, rows, action="delegation.answer", actor=actor, now=now)


def by_outside_id(session: Session, outside_id: str) -> Party:
    """The enterprise of this register that is called so. NotFound when there is none."""
    query = sa.select(Party).where(Party.outside_id == outside_id, Party.is_external == sa.false())
    if (found := session.scalar(query)) is None:
        raise NotFound(f"there is no enterprise {outside_id}")
    return found
