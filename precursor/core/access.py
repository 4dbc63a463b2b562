"""Who may do what: data, deny by default. A view that declares nothing stops the application from starting.

``GRANTS`` says which role may do which action in which scope; a service's query then keeps to ``Scope``, so that
a list, a count and a single object obey the same one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from precursor.core.errors import Forbidden

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """The people and machines that use the system."""

    ENT_ADMIN = "ent_admin"
    ENT_OFFICER = "ent_officer"  # 信息员
    PS_CLERK = "ps_clerk"  # 受理
    PS_INSPECTOR = "ps_inspector"  # 民警
    PS_APPROVER = "ps_approver"  # 审批
    PS_LEAD = "ps_lead"  # 督办
    DRUG_REG = "drug_reg"  # 药监
    EM_AUDITOR = "em_auditor"  # 应急管理(安监)
    SYSADMIN = "sysadmin"
    SECADMIN = "secadmin"
    AUDITADMIN = "auditadmin"


class Action(StrEnum):
    """``resource.action``; kept sorted."""

    ALERT_LIST = "alert.list"
    ALERT_READ = "alert.read"
    STATS_AREA = "stats.area"


class Reach(StrEnum):
    """How far a grant reaches."""

    ENT = "ENT"  # the account's own enterprise
    AREA = "AREA"  # the account's area and what lies in it
    DOM_PHARMA = "DOM_PHARMA"  # AREA, drug-type substances only
    DOM_NONPHARMA = "DOM_NONPHARMA"  # AREA, other substances only


_AREA_ROLES: Final = (Role.PS_CLERK, Role.PS_INSPECTOR, Role.PS_APPROVER, Role.PS_LEAD)
_GAPS: Final = (
    dict.fromkeys(_AREA_ROLES, Reach.AREA)
    | dict.fromkeys((Role.ENT_ADMIN, Role.ENT_OFFICER), Reach.ENT)
    | {Role.EM_AUDITOR: Reach.DOM_NONPHARMA, Role.DRUG_REG: Reach.DOM_PHARMA}
)

GRANTS: Final[dict[Action, dict[Role, Reach]]] = {
    Action.ALERT_LIST: _GAPS,
    Action.ALERT_READ: _GAPS,
    Action.STATS_AREA: dict.fromkeys((*_AREA_ROLES, Role.EM_AUDITOR, Role.DRUG_REG), Reach.AREA),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks: the account, the natural person, its one role, and the area or enterprise it is for."""

    account: str
    person: str
    role: Role
    area_id: int | None
    enterprise_id: int | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a grant lets the subject see; services filter by it."""

    reach: Reach
    area_id: int | None
    enterprise_id: int | None


def scope(subject: Subject | None, action: Action) -> Scope:
    """The scope in which ``subject`` may do ``action``; raises Forbidden when there is none.

    A grant without the area or the enterprise it needs is none.
    """
    reach = GRANTS[action].get(subject.role) if subject else None
    if subject is None or reach is None:
        raise Forbidden(f"无权操作 / not granted: {action}")
    bound = subject.enterprise_id if reach is Reach.ENT else subject.area_id
    if bound is None:
        raise Forbidden(
            f"账号没有单位或辖区 / the account is for no {'enterprise' if reach is Reach.ENT else 'area'}"
        )
    return Scope(reach, subject.area_id, subject.enterprise_id)


def requires(action: Action) -> Callable[[View], View]:
    """Declare the action that a view is."""

    def mark(view: View) -> View:
        view.action = action  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Declare that anybody may open a view."""
    view.action = None  # type: ignore[attr-defined]
    return view


def declared(view: Callable[..., Any]) -> Action | None:
    """The declared action, None for a public view; AttributeError when the view is silent."""
    return view.action  # type: ignore[attr-defined, no-any-return]
