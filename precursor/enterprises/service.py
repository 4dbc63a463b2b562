"""Register parties, sites, grades, officers; delegate the supervision of off-site places."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as StdnumError

from precursor import audit
from precursor.core.clock import legal_day
from precursor.core.errors import NotFound, Refused
from precursor.enterprises.models import (
    Delegation,
    DelegationAnswer,
    EnterpriseStatus,
    GradeEntry,
    InformationOfficer,
    OfficerLeave,
    Party,
    Site,
    Supervisor,
    SupervisorLeave,
)

_ONE: Final = timedelta(1)


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
    credit_code: str | None = None
    credit_code_reason: str | None = None
    address: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSite:
    """A place where an enterprise works or stores."""

    outside_id: str
    enterprise_id: int
    area_id: int
    open_on: date
    closed_on: date | None
    registered: bool
    name: str | None = None
    purpose: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A grade in force from a day on."""

    enterprise_id: int
    since: date
    recorded_on: date
    grade: str
    reason: str | None = None
    evidence: str | None = None
    assessor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOfficer:
    """The enterprise has an information officer; without a day: always had."""

    enterprise_id: int
    since: date | None = None
    recorded_on: date | None = None
    person: str | None = None
    name: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointSupervisor:
    """A supervisor (专管员) of a county."""

    outside_id: str
    area_id: int
    person: str
    name: str
    since: date
    recorded_on: date


#: status: what it may become. An enterprise begins as applied, or as active when nobody applied.
STATUSES: Final[dict[str, frozenset[str]]] = {
    "applied": frozenset({"active", "rejected"}),
    "active": frozenset({"suspended", "closed", "moved_out"}),
    "suspended": frozenset({"active", "closed"}),
    "rejected": frozenset(),
    "closed": frozenset(),
    "moved_out": frozenset(),
}


def check_credit_code(code: str, reason: str | None) -> str:
    """The code in upper case. Refused when its check digit is wrong and no reason is given (DECISIONS 12)."""
    upper = code.upper()
    try:
        is_good = uscc.validate(upper) == upper
    except StdnumError:
        is_good = False
    if not is_good and not reason:
        raise Refused(
            "统一社会信用代码校验不符,请核对或说明原因 / the credit code fails its check: correct it, or say why"
        )
    return upper


def register(session: Session, commands: Iterable[RegisterParty], actor: audit.Actor, now: datetime) -> list[int]:
    """Register parties; returns their numbers in the order given. Refused for a credit code that fails its check."""
    rows = [audit.as_row(command) | {"row_version": 1} for command in commands]
    for row in rows:
        if row["credit_code"] is not None:
            row["credit_code"] = check_credit_code(row["credit_code"], row["credit_code_reason"])
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


def dismiss_officer(session: Session, enterprise: int, until: date, actor: audit.Actor, now: datetime) -> None:
    """The enterprise's present information officer leaves; Refused when there is none."""
    left = sa.select(OfficerLeave.officer_id)
    query = (
        sa.select(InformationOfficer)
        .where(InformationOfficer.enterprise_id == enterprise, InformationOfficer.id.not_in(left))
        .order_by(InformationOfficer.id.desc())
        .limit(1)
    )
    officer = session.scalars(query).one_or_none()
    if officer is None or (officer.since is not None and until < officer.since):
        raise Refused("没有在任信息员,或离任早于到任 / there is no officer, or he came later than that")
    row = {"officer_id": officer.id, "until": until, "recorded_on": legal_day(now)}
    audit.write(session, OfficerLeave, [row], action="enterprise.dismiss_officer", actor=actor, now=now)


def appoint_supervisors(
    session: Session, commands: Iterable[AppointSupervisor], actor: audit.Actor, now: datetime
) -> list[int]:
    """Record supervisors (专管员) of counties; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [
        r["id"] for r in audit.write(session, Supervisor, rows, action="supervisor.appoint", actor=actor, now=now)
    ]


def dismiss_supervisor(session: Session, supervisor: int, until: date, actor: audit.Actor, now: datetime) -> None:
    """A supervisor leaves; Refused when he left already, or came later than that."""
    found = session.get_one(Supervisor, supervisor)
    if session.get(SupervisorLeave, supervisor) or until < found.since:
        raise Refused("已离任,或离任早于到任 / he has left already, or came later than that")
    row = {"supervisor_id": supervisor, "until": until, "recorded_on": legal_day(now)}
    audit.write(session, SupervisorLeave, [row], action="supervisor.dismiss", actor=actor, now=now)


def uncovered(spans: Iterable[tuple[date, date | None]], first: date, last: date) -> list[tuple[date, date]]:
    """The stretches of ``first`` to ``last`` (both included) that no span covers: each a finding.

    A span is its first and its last day, None for one that has not ended.
    """
    found, day = [], first
    for begins, ends in sorted(spans, key=lambda span: span[0]):
        if begins > last:
            break
        if begins > day:
            found.append((day, begins - _ONE))
        if ends is None:
            return found
        day = max(day, ends + _ONE)
    return [*found, (day, last)] if day <= last else found


def status_of(session: Session, enterprise: int) -> str:
    """The status now: ``active`` when none was ever recorded."""
    query = sa.select(EnterpriseStatus.status).where(EnterpriseStatus.enterprise_id == enterprise)
    return session.scalars(query.order_by(EnterpriseStatus.number.desc()).limit(1)).one_or_none() or "active"


def set_status(
    session: Session, enterprise: int, status: str, reason: str, actor: audit.Actor, now: datetime
) -> None:
    """Change the status of an enterprise from today on. Refused when the present one does not lead there."""
    before = status_of(session, enterprise)
    if status not in STATUSES[before]:
        raise Refused(f"不能由 {before} 变为 {status} / {before} does not become {status}")
    count = sa.select(sa.func.count()).where(EnterpriseStatus.enterprise_id == enterprise)
    row = {
        "enterprise_id": enterprise,
        "number": (session.scalar(count) or 0) + 1,
        "status": status,
        "since": legal_day(now),
        "reason": reason,
        "recorded_on": legal_day(now),
    }
    audit.write(session, EnterpriseStatus, [row], action="enterprise.set_status", actor=actor, now=now)


def update(
    session: Session, enterprise: int, changes: Mapping[str, str | None], actor: audit.Actor, now: datetime
) -> None:
    """Change what may change of an enterprise: name, address, contact. The audit entry holds what was there."""
    party = session.get_one(Party, enterprise)
    before = {name: getattr(party, name) for name in changes}
    for name, value in changes.items():
        setattr(party, name, value)
    party.row_version += 1
    session.flush()
    row = {f"old_{name}": value for name, value in before.items()} | dict(changes)
    audit.note(
        session, action="enterprise.update", kind="party", name=party.outside_id, row=row, actor=actor, now=now
    )


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
        raise NotFound(f"没有这家企业 / there is no enterprise {outside_id}")
    return found
