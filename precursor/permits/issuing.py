"""Issue documents by the law: the right authority, at its level, for no longer and no more uses than allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.areas.models import Area
from precursor.core.access import Role
from precursor.core.clock import legal_day
from precursor.core.errors import Forbidden, RuleViolated
from precursor.enterprises.models import Party
from precursor.permits import service
from precursor.permits.models import Permit, Revocation
from precursor.permits.service import IssuePermit, PermitKey
from precursor.rules.law import law_for
from precursor.rules.matrix import Department, Level, Proposal, check_issue, check_kind, row_of
from precursor.rules.permits import PermitKind, Uses
from precursor.rules.substances import SubstanceClass, class_of
from precursor.substances.models import Substance

#: The department that a role acts for.
DEPARTMENTS: Final = {
    Role.PS_APPROVER: Department.PUBLIC_SECURITY,
    Role.DRUG_REG: Department.DRUG_ADMINISTRATION,
    Role.EM_AUDITOR: Department.EMERGENCY_MANAGEMENT,
    Role.COMMERCE: Department.COMMERCE,
    Role.HEALTH: Department.HEALTH,
}
#: The level of authority of an area's offices.
LEVELS: Final = {"province": Level.PROVINCE, "city": Level.PREFECTURE, "county": Level.COUNTY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A document that an office of an area wants to issue; ``fields``: what it states besides."""

    command: IssuePermit
    role: Role
    area_id: int | None
    fields: Mapping[str, str] = field(default_factory=dict)


def grant(session: Session, wanted: Grant, actor: audit.Actor, now: datetime) -> PermitKey:
    """Issue a document; it keeps the versions of the law that it was issued under.

    Raises ``RuleViolated`` with every rule that issuing it would break, and ``Forbidden`` to a role that issues none.
    """
    command = wanted.command
    department = DEPARTMENTS.get(wanted.role)
    if department is None:
        raise Forbidden("该角色不发证 / this role issues no documents")
    office = session.get_one(Area, wanted.area_id)
    the_law = law_for(office.code, legal_day(now))
    kind, cls = PermitKind(command.kind), class_of_command(session, command)
    if broken := check_kind(kind, cls, the_law):
        raise RuleViolated(broken)
    row = row_of(kind, cls, the_law)
    assert row is not None  # noqa: S101 - just checked
    proposal = Proposal(
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        uses=Uses(command.uses),
        fields=stated(command, wanted.fields),
        issuer=department,
        level=LEVELS.get(office.level, Level.COUNTY),
        clean_months=clean_months(session, command.holder, command.valid_from),
    )
    if broken := check_issue(row, proposal):
        raise RuleViolated(broken)
    issued = replace(command, issuer=department.value, issued_by=actor.person.upper(), law=the_law.version)
    return service.issue(session, [issued], actor, now)[0]


def class_of_command(session: Session, command: IssuePermit) -> SubstanceClass:
    """The class of what a document is for."""
    if command.substance is None:
        return SubstanceClass(command.covers or "")
    substance = session.get_one(Substance, command.substance)
    return class_of(substance.category, substance.kind, substance.schedule)


def stated(command: IssuePermit, fields: Mapping[str, str]) -> frozenset[str]:
    """The names of what the document states."""
    named = {
        "quantity": command.quantity,
        "seller": command.seller,
        "consignee": command.consignee,
        "carrier": command.carrier,
    }
    return frozenset(
        {name for name, value in named.items() if value is not None} | {k for k, v in fields.items() if v}
    )


def clean_months(session: Session, holder: int, day: date) -> int:
    """Whole months since the holder was registered, or since a document of his was last revoked."""
    party = session.get_one(Party, holder)
    if party.registered_on is None:
        return 0
    revoked = session.scalar(
        sa.select(sa.func.max(Revocation.day))
        .join(Permit, sa.and_(Permit.enterprise_id == Revocation.enterprise_id, Permit.id == Revocation.permit_id))
        .where(Permit.enterprise_id == holder, Revocation.day < day)
    )
    since = max(party.registered_on, revoked or date.min)
    months = (day.year - since.year) * 12 + day.month - since.month
    return months - (1 if day.day < since.day else 0)
