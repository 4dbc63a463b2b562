"""Who may do what: data, deny by default. A view that declares nothing stops the application from starting.

``GRANTS`` says which role may do which action, how far, and under which conditions; a service's query then keeps
to ``Scope``, so that a list, a count and a single object obey the same one. What needs two people is checked by
the services, between natural persons: see ``Condition``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from precursor.core.errors import Forbidden

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """The people and machines that use the system."""

    ENT_ADMIN = "ent_admin"  # 企业管理员
    ENT_OFFICER = "ent_officer"  # 信息员
    ENT_KEEPER = "ent_keeper"  # 库管员
    ENT_SECOND = "ent_second"  # 双人复核员
    ENT_COUNTER = "ent_counter"  # 盘点员
    ENT_CARRIER = "ent_carrier"  # 承运人
    PS_CLERK = "ps_clerk"  # 受理
    PS_INSPECTOR = "ps_inspector"  # 民警
    PS_APPROVER = "ps_approver"  # 审批
    PS_LEAD = "ps_lead"  # 督办
    DRUG_REG = "drug_reg"  # 药监
    EM_AUDITOR = "em_auditor"  # 应急管理(安监)
    COMMERCE = "commerce"  # 商务
    CUSTOMS = "customs"  # 海关
    HEALTH = "health"  # 卫生健康
    SYSADMIN = "sysadmin"
    SECADMIN = "secadmin"
    AUDITADMIN = "auditadmin"
    MACHINE_ENT = "machine_ent"  # 企业系统
    MACHINE_GOV = "machine_gov"  # 政府系统


class Action(StrEnum):
    """``resource.action``; kept sorted. Every one stands in ``GRANTS`` and on a view."""

    ALERT_LIST = "alert.list"
    ALERT_READ = "alert.read"
    AREA_ADD = "area.add"
    AREA_READ = "area.read"
    COUNT_APPROVE = "count.approve"
    COUNT_READ = "count.read"
    COUNT_SUBMIT = "count.submit"
    DELEGATION_CONFIRM = "delegation.confirm"
    DELEGATION_CREATE = "delegation.create"
    DELEGATION_LIST = "delegation.list"
    DELEGATION_READ = "delegation.read"
    DEVICE_LIST = "device.list"
    DEVICE_LOCK = "device.lock"
    ENTERPRISE_APPROVE_UPDATE = "enterprise.approve_update"
    ENTERPRISE_LIST = "enterprise.list"
    ENTERPRISE_NAME_OFFICER = "enterprise.name_officer"
    ENTERPRISE_READ = "enterprise.read"
    ENTERPRISE_REGISTER = "enterprise.register"
    ENTERPRISE_SET_GRADE = "enterprise.set_grade"
    ENTERPRISE_SET_STATUS = "enterprise.set_status"
    EQUIPMENT_LIST = "equipment.list"
    EQUIPMENT_READ = "equipment.read"
    EQUIPMENT_TRANSFER = "equipment.transfer"
    INSPECTION_LIST = "inspection.list"
    INSPECTION_READ = "inspection.read"
    INSPECTION_RECORD = "inspection.record"
    KEY_SITE_ADD = "key_site.add"
    KEY_SITE_LIST = "key_site.list"
    KEY_SITE_PATROL = "key_site.patrol"
    LEDGER_APPROVE_REVERSAL = "ledger.approve_reversal"
    LEDGER_CONFIRM = "ledger.confirm"
    LEDGER_COSIGN = "ledger.cosign"
    LEDGER_LIST = "ledger.list"
    LEDGER_POST_IN = "ledger.post_in"
    LEDGER_POST_OUT = "ledger.post_out"
    LEDGER_READ = "ledger.read"
    LEDGER_REQUEST_REVERSAL = "ledger.request_reversal"
    LEDGER_TRACE = "ledger.trace"
    LICENCE_ISSUE = "licence.issue"
    LICENCE_LIST = "licence.list"
    LICENCE_READ = "licence.read"
    LICENCE_REVOKE = "licence.revoke"
    LICENCE_VERIFY = "licence.verify"
    LOSS_LIST = "loss.list"
    LOSS_READ = "loss.read"
    LOSS_SUBMIT = "loss.submit"
    PARTNER_READ = "partner.read"
    PARTNER_RECORD = "partner.record"
    PURCHASE_APPROVE = "purchase.approve"
    PURCHASE_LIST = "purchase.list"
    PURCHASE_READ = "purchase.read"
    PURCHASE_RECORD_OUTSIDE = "purchase.record_outside"
    PURCHASE_REVOKE = "purchase.revoke"
    PURCHASE_VERIFY = "purchase.verify"
    REPORT_LIST = "report.list"
    REPORT_QUARTERLY = "report.quarterly"
    REPORT_READ = "report.read"
    REPORT_SUBMIT = "report.submit"
    ROAD_CASE_CLOSE = "road_case.close"
    ROAD_CASE_LIST = "road_case.list"
    ROAD_CHECK_LIST = "road_check.list"
    ROAD_CHECK_RECORD = "road_check.record"
    ROAD_SCAN_LIST = "road_scan.list"
    RULE_READ = "rule.read"
    STATS_AREA = "stats.area"
    STOCK_READ = "stock.read"
    SUBSTANCE_PUBLISH = "substance.publish"
    SUBSTANCE_READ = "substance.read"
    SUPERVISOR_APPOINT = "supervisor.appoint"
    SUPERVISOR_LIST = "supervisor.list"
    TRADE_APPROVE = "trade.approve"
    TRADE_CLEAR = "trade.clear"
    TRADE_LIST = "trade.list"
    TRADE_READ = "trade.read"
    TRADE_REVOKE = "trade.revoke"
    TRADE_VERIFY = "trade.verify"
    TRANSPORT_APPROVE = "transport.approve"
    TRANSPORT_LIST = "transport.list"
    TRANSPORT_READ = "transport.read"
    TRANSPORT_RECORD_OUTSIDE = "transport.record_outside"
    TRANSPORT_REVOKE = "transport.revoke"
    TRANSPORT_VERIFY = "transport.verify"
    TRIP_LIST = "trip.list"
    TRIP_OPEN = "trip.open"


class Reach(StrEnum):
    """How far a grant reaches."""

    PUB = "PUB"  # what everybody who is signed in may see
    ENT = "ENT"  # the account's own enterprise
    PARTY = "PARTY"  # objects in which the own enterprise is a party: buyer, seller, holder, carrier
    AREA = "AREA"  # the account's area and what lies in it
    DOM_PHARMA = "DOM_PHARMA"  # AREA, drug-type substances and drugs only
    DOM_NONPHARMA = "DOM_NONPHARMA"  # AREA, other substances only
    DOM_TRADE = "DOM_TRADE"  # AREA, import and export only
    DOM_MEDICAL = "DOM_MEDICAL"  # AREA, medical institutions only
    ALL = "ALL"  # the whole system


#: The reaches that are bound to an enterprise, and those bound to nothing; the others are bound to an area.
OF_ENTERPRISE: Final = frozenset({Reach.ENT, Reach.PARTY})
UNBOUND: Final = frozenset({Reach.PUB, Reach.ALL})


class Condition(StrEnum):
    """What a grant asks for besides the role (separation of duties, by natural person)."""

    C1 = "C1"  # the actor is not the one who applied or recorded
    C3 = "C3"  # who counts a store did not keep it in the counted period
    C4 = "C4"  # two different persons, each signed in for himself, within ten minutes
    C6 = "C6"  # two officers on site
    C7 = "C7"  # who approves a correction wrote neither the original nor the correction
    C9 = "C9"  # signed in with the second factor within the last five minutes
    C10 = "C10"  # the level of authority that the law names
    C11 = "C11"  # only from the listed states
    C12 = "C12"  # a machine: bound to a key and to a list of actions, and approves nothing


#: What a machine's token never does: approve, or act where a person must be there.
NOT_FOR_MACHINES: Final = frozenset({Condition.C1, Condition.C4, Condition.C6, Condition.C7, Condition.C9})


@dataclass(frozen=True, slots=True)
class Grant:
    """One cell of the matrix."""

    reach: Reach
    conditions: frozenset[Condition]


_ENTERPRISE: Final = "ent_admin ent_officer ent_keeper ent_second ent_counter"
_POLICE: Final = "ps_clerk ps_inspector ps_approver ps_lead"
_EVERYBODY: Final = " ".join(Role)

#: roles | actions | reach | conditions. Everything that does not stand here is denied.
_MATRIX: Final = (
    (_EVERYBODY, "rule.read area.read substance.read", "PUB", ""),
    ("sysadmin", "area.add", "ALL", "C9"),
    ("secadmin", "substance.publish", "ALL", "C9"),
    # the register
    (_ENTERPRISE, "enterprise.list enterprise.read", "ENT", ""),
    ("ent_carrier machine_ent", "enterprise.read", "ENT", ""),
    (_POLICE, "enterprise.list enterprise.read", "AREA", ""),
    ("em_auditor", "enterprise.list enterprise.read", "DOM_NONPHARMA", ""),
    ("drug_reg", "enterprise.list enterprise.read", "DOM_PHARMA", ""),
    ("health", "enterprise.list enterprise.read", "DOM_MEDICAL", ""),
    ("commerce customs", "enterprise.list enterprise.read", "DOM_TRADE", ""),
    ("ps_approver", "enterprise.register enterprise.approve_update", "AREA", "C9"),
    ("ps_approver", "enterprise.set_grade enterprise.set_status", "AREA", "C1 C9"),
    ("ent_admin", "enterprise.name_officer", "ENT", ""),
    (_POLICE, "supervisor.list", "AREA", ""),
    ("ps_lead", "supervisor.appoint", "AREA", ""),
    (f"{_POLICE} em_auditor drug_reg commerce customs health ent_officer ent_admin", "partner.read", "PUB", ""),
    ("ent_officer ent_keeper machine_ent ps_clerk customs", "partner.record", "PUB", ""),
    ("ent_admin", "delegation.create", "ENT", ""),
    ("ent_admin ent_officer", "delegation.list delegation.read", "ENT", ""),
    (_POLICE, "delegation.list delegation.read", "AREA", ""),
    ("ps_approver", "delegation.confirm", "AREA", "C1 C9"),
    # documents
    ("ent_officer", "purchase.list purchase.read transport.list transport.read", "PARTY", ""),
    ("ent_admin ent_keeper ent_second", "purchase.list purchase.read transport.list transport.read", "PARTY", ""),
    ("ent_carrier machine_ent", "transport.list transport.read", "PARTY", ""),
    ("machine_ent", "purchase.read", "PARTY", ""),
    ("ent_officer ent_carrier", "trip.open trip.list", "PARTY", ""),
    ("ent_admin ent_keeper", "trip.list", "PARTY", ""),
    (_POLICE, "trip.list", "AREA", ""),
    (_POLICE, "purchase.list purchase.read transport.list transport.read", "AREA", ""),
    ("em_auditor", "purchase.list purchase.read transport.list transport.read", "DOM_NONPHARMA", ""),
    ("drug_reg", "purchase.list purchase.read transport.list transport.read", "DOM_PHARMA", ""),
    ("health", "purchase.list purchase.read", "DOM_MEDICAL", ""),
    ("ps_approver", "purchase.approve purchase.revoke transport.approve transport.revoke", "AREA", "C1 C9 C10 C11"),
    ("ps_lead", "purchase.revoke", "AREA", "C1 C9"),
    ("drug_reg", "purchase.approve purchase.revoke", "DOM_PHARMA", "C1 C9 C10 C11"),
    ("drug_reg", "transport.approve transport.revoke", "DOM_PHARMA", "C1 C9 C10 C11"),
    (f"{_POLICE} machine_gov", "purchase.verify transport.verify", "AREA", ""),
    ("drug_reg", "purchase.verify transport.verify", "DOM_PHARMA", ""),
    ("ent_officer", "purchase.record_outside transport.record_outside", "PARTY", ""),
    (_ENTERPRISE, "licence.list licence.read", "ENT", ""),
    (_POLICE, "licence.list licence.read", "AREA", ""),
    ("em_auditor", "licence.list licence.read licence.verify", "DOM_NONPHARMA", ""),
    ("em_auditor", "licence.issue licence.revoke", "DOM_NONPHARMA", "C1 C9 C10 C11"),
    ("drug_reg", "licence.list licence.read licence.verify", "DOM_PHARMA", ""),
    ("drug_reg", "licence.issue licence.revoke", "DOM_PHARMA", "C1 C9 C10 C11"),
    ("health", "licence.list licence.read licence.verify", "DOM_MEDICAL", ""),
    ("health", "licence.issue licence.revoke", "DOM_MEDICAL", "C1 C9 C10 C11"),
    # import and export
    ("ent_officer ent_admin", "trade.list trade.read", "ENT", ""),
    ("ps_inspector ps_approver ps_lead", "trade.list trade.read", "AREA", ""),
    ("commerce customs", "trade.list trade.read trade.verify", "DOM_TRADE", ""),
    ("machine_gov", "trade.verify", "DOM_TRADE", "C12"),
    ("commerce", "trade.approve trade.revoke", "DOM_TRADE", "C1 C9 C11"),
    ("customs", "trade.clear", "DOM_TRADE", ""),
    # ledger and stock
    ("ent_keeper", "ledger.post_in ledger.post_out ledger.request_reversal", "ENT", ""),
    ("machine_ent", "ledger.post_in ledger.post_out", "ENT", "C12"),
    ("ent_second", "ledger.cosign", "ENT", "C4"),
    ("ent_officer ent_keeper machine_ent", "ledger.confirm", "ENT", ""),
    ("ent_admin", "ledger.approve_reversal", "ENT", "C7 C9"),
    (_ENTERPRISE, "ledger.list ledger.read stock.read", "ENT", ""),
    ("machine_ent", "ledger.read stock.read", "ENT", ""),
    ("ps_inspector ps_lead", "ledger.list ledger.read stock.read", "AREA", ""),
    ("ps_inspector ps_lead", "ledger.trace", "AREA", ""),
    ("em_auditor", "ledger.list ledger.read ledger.trace stock.read", "DOM_NONPHARMA", ""),
    ("drug_reg", "ledger.list ledger.read ledger.trace stock.read", "DOM_PHARMA", ""),
    ("health", "ledger.list ledger.read stock.read", "DOM_MEDICAL", ""),
    ("ent_counter", "count.submit", "ENT", "C3"),
    ("ent_admin", "count.approve", "ENT", "C1 C9"),
    (_ENTERPRISE, "count.read", "ENT", ""),
    ("ps_inspector ps_lead", "count.read", "AREA", ""),
    # inspection, road, key sites
    ("ps_inspector", "inspection.record", "AREA", "C6"),
    ("ps_inspector", "road_check.record key_site.patrol", "AREA", ""),
    (_POLICE, "road_case.list road_scan.list", "AREA", ""),
    ("ps_approver ps_lead", "road_case.close", "AREA", "C1"),
    ("ps_inspector ps_lead", "device.list device.lock", "AREA", ""),
    (_POLICE, "inspection.list inspection.read road_check.list key_site.list", "AREA", ""),
    ("em_auditor", "inspection.list inspection.read", "DOM_NONPHARMA", ""),
    ("drug_reg", "inspection.list inspection.read", "DOM_PHARMA", ""),
    ("ent_admin ent_officer", "inspection.list inspection.read", "ENT", ""),
    ("ps_lead", "key_site.add report.quarterly", "AREA", ""),
    # reports, losses, equipment
    ("ent_officer", "report.submit report.list report.read loss.submit loss.list loss.read", "ENT", ""),
    (_POLICE, "report.list report.read loss.list loss.read", "AREA", ""),
    ("em_auditor", "report.list report.read loss.list loss.read", "DOM_NONPHARMA", ""),
    ("drug_reg", "report.list report.read loss.list loss.read", "DOM_PHARMA", ""),
    ("commerce", "report.list report.read", "DOM_TRADE", ""),
    ("health", "loss.list loss.read", "DOM_MEDICAL", ""),
    ("ent_admin ent_officer", "equipment.transfer equipment.list equipment.read", "ENT", ""),
    ("ps_inspector ps_lead", "equipment.list equipment.read", "AREA", ""),
    ("em_auditor", "equipment.list equipment.read", "DOM_NONPHARMA", ""),
    # figures and gaps
    ("ent_admin ent_officer", "alert.list alert.read", "ENT", ""),
    (_POLICE, "alert.list alert.read stats.area", "AREA", ""),
    ("em_auditor", "alert.list alert.read", "DOM_NONPHARMA", ""),
    ("drug_reg", "alert.list alert.read", "DOM_PHARMA", ""),
    ("em_auditor drug_reg commerce customs health", "stats.area", "AREA", ""),
)


def _grants() -> Iterator[tuple[Action, Role, Grant]]:
    for roles, actions, reach, conditions in _MATRIX:
        grant = Grant(Reach(reach), frozenset(map(Condition, conditions.split())))
        for role in roles.split():
            for action in actions.split():
                yield Action(action), Role(role), grant


def _table() -> dict[Action, dict[Role, Grant]]:
    made: dict[Action, dict[Role, Grant]] = {action: {} for action in Action}
    for action, role, grant in _grants():
        if role in made[action]:
            raise ValueError(f"two grants for {role} {action}")
        made[action][role] = grant
    return made


GRANTS: Final = _table()

#: Pairs of actions that no role may hold together.
CONFLICTS: Final = (
    (Action.LEDGER_POST_OUT, Action.COUNT_SUBMIT),
    (Action.LEDGER_POST_OUT, Action.LEDGER_COSIGN),
    (Action.LEDGER_REQUEST_REVERSAL, Action.LEDGER_APPROVE_REVERSAL),
    (Action.COUNT_SUBMIT, Action.COUNT_APPROVE),
    (Action.DELEGATION_CREATE, Action.DELEGATION_CONFIRM),
    (Action.PURCHASE_RECORD_OUTSIDE, Action.PURCHASE_APPROVE),
    (Action.TRANSPORT_RECORD_OUTSIDE, Action.TRANSPORT_APPROVE),
    (Action.TRADE_APPROVE, Action.TRADE_CLEAR),
    (Action.AREA_ADD, Action.SUBSTANCE_PUBLISH),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who asks: the account, the natural person, its one role, and the area or enterprise it is for.

    ``fresh``: signed in within the last five minutes. ``actions``: what a token is bound to; None for a log-in.
    """

    account: str
    person: str
    role: Role
    area_id: int | None = None
    enterprise_id: int | None = None
    fresh: bool = False
    actions: frozenset[Action] | None = None


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
    grant = GRANTS[action].get(subject.role) if subject else None
    if subject is None or grant is None:
        raise Forbidden(f"无权操作 / not granted: {action}")
    if subject.actions is not None:
        if action not in subject.actions:
            raise Forbidden(f"令牌不含此操作 / the token is not for {action}")
        if grant.conditions & NOT_FOR_MACHINES:
            raise Forbidden(f"此操作须由本人登录办理 / a person must sign in for {action}")
    elif Condition.C12 in grant.conditions:
        raise Forbidden(f"此操作须持令牌办理 / a machine comes with a token for {action}")
    elif Condition.C9 in grant.conditions and not subject.fresh:
        raise Forbidden(
            "请重新登录:此操作须在登录后五分钟内进行 / sign in again: not more than five minutes before this"
        )
    bound = subject.enterprise_id if grant.reach in OF_ENTERPRISE else subject.area_id
    if grant.reach not in UNBOUND and bound is None:
        need = "enterprise" if grant.reach in OF_ENTERPRISE else "area"
        raise Forbidden(f"账号没有单位或辖区 / the account is for no {need}")
    return Scope(grant.reach, subject.area_id, subject.enterprise_id)


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
