"""Enterprises with their sites, grades, officers and delegations; outside partners: as programs see them."""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import name_it, not_after_today
from precursor.areas.lookups import area_of
from precursor.areas.models import Area
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Forbidden, Refused
from precursor.enterprises import service
from precursor.enterprises.lookups import area_in_scope, enterprise_of, site_of
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
from precursor.enterprises.schemas import (
    AnswerForm,
    ChangeForm,
    ClosingForm,
    DelegationDetail,
    DelegationForm,
    DelegationShown,
    EnterpriseAnswer,
    EnterpriseDetail,
    EnterpriseForm,
    GradeForm,
    LeaveForm,
    OfficerForm,
    PartnerAnswer,
    PartnerForm,
    SiteAnswer,
    SiteForm,
    StatusForm,
    SupervisorAnswer,
    SupervisorForm,
)
from precursor.enterprises.scoping import visible
from precursor.rules.law import Words

# ------------------------------------------------------------------ enterprises


def _enterprises(call: Call) -> sa.Select:
    return (
        sa.select(
            Party.outside_id.label("id"),
            Party.id.label("number"),
            Party.name,
            Party.kind,
            sa.select(GradeEntry.grade)
            .where(GradeEntry.enterprise_id == Party.id, GradeEntry.since <= call.today)
            .order_by(GradeEntry.since.desc(), GradeEntry.recorded_on.desc())
            .limit(1)
            .scalar_subquery()
            .label("grade"),
            Area.outside_id.label("county"),
            Party.registered_on,
            Party.seal_card,
            Party.seal_card_valid_to,
            Party.credit_code,
            Party.credit_code_reason,
            Party.address,
            Party.contact,
            Party.row_version.label("version"),
        )
        .join(Area, Area.id == Party.area_id)
        .where(Party.is_external == sa.false(), visible(call.scope, enterprise=Party.id))
    )


def _file(call: Call, row: Any) -> Values:
    grades = call.session.scalars(
        sa.select(GradeEntry).where(GradeEntry.enterprise_id == row.number).order_by(GradeEntry.since)
    )
    statuses = call.session.scalars(
        sa.select(EnterpriseStatus)
        .where(EnterpriseStatus.enterprise_id == row.number)
        .order_by(EnterpriseStatus.number)
    )
    officer = call.session.scalars(
        sa.select(InformationOfficer)
        .where(
            InformationOfficer.enterprise_id == row.number,
            InformationOfficer.id.not_in(sa.select(OfficerLeave.officer_id)),
        )
        .order_by(InformationOfficer.id.desc())
        .limit(1)
    ).one_or_none()
    return {
        "grades": [
            {"grade": g.grade, "since": g.since, "recorded_on": g.recorded_on, "reason": g.reason} for g in grades
        ],
        "statuses": [{"status": s.status, "since": s.since, "reason": s.reason} for s in statuses],
        "status": service.status_of(call.session, row.number),
        "information_officer": officer.name if officer else None,
        "has_information_officer": officer is not None,
    }


def _register(call: Call, data: Values, _: str) -> str:
    not_after_today(call, data, "registered_on")
    id_ = name_it(call.session, Party, data.get("id"), "E")
    command = service.RegisterParty(
        outside_id=id_,
        is_external=False,
        name=data["name"],
        kind=data["kind"],
        area_id=area_in_scope(call, data["county"], "/county").id,
        registered_on=data["registered_on"],
        recorded_on=call.today,
        seal_card=data.get("seal_card"),
        seal_card_valid_to=data.get("seal_card_valid_to"),
        credit_code=data.get("credit_code"),
        credit_code_reason=data.get("credit_code_reason"),
        address=data.get("address"),
        contact=data.get("contact"),
    )
    service.register(call.session, [command], call.actor, call.now)
    return id_


def _rate(call: Call, data: Values, id_: str) -> str:
    enterprise = enterprise_of(call, id_)
    since = data.get("since", call.today)
    if call.session.get(GradeEntry, (enterprise.id, since, call.today)):
        raise Refused("今天已评定过 / a grade of that day was entered today already")
    command = service.Rate(
        enterprise_id=enterprise.id,
        since=since,
        recorded_on=call.today,
        grade=data["grade"],
        reason=data.get("reason"),
        evidence=json.dumps(data["evidence"]) if "evidence" in data else None,
        assessor=call.subject.person.upper(),
    )
    service.rate(call.session, [command], call.actor, call.now)
    return id_


def _name_officer(call: Call, data: Values, id_: str) -> str:
    command = service.NameOfficer(
        enterprise_id=enterprise_of(call, id_).id,
        since=call.today,
        recorded_on=call.today,
        person=data["person"].upper(),
        name=data["name"],
    )
    service.name_officers(call.session, [command], call.actor, call.now)
    return id_


def _dismiss_officer(call: Call, data: Values, id_: str) -> str:
    not_after_today(call, data, "until")
    service.dismiss_officer(call.session, enterprise_of(call, id_).id, data["until"], call.actor, call.now)
    return id_


def _change(call: Call, data: Values, id_: str) -> str:
    service.update(call.session, enterprise_of(call, id_).id, data, call.actor, call.now)
    return id_


def _set_status(call: Call, data: Values, id_: str) -> str:
    enterprise = enterprise_of(call, id_).id
    service.set_status(call.session, enterprise, data["status"], data["reason"], call.actor, call.now)
    return id_


# ------------------------------------------------------------------ supervisors


def _supervisors(call: Call) -> sa.Select:
    return (
        sa.select(
            Supervisor.outside_id.label("id"),
            Supervisor.id.label("number"),
            Area.outside_id.label("county"),
            Supervisor.name,
            Supervisor.since,
            SupervisorLeave.until,
        )
        .join(Area, Area.id == Supervisor.area_id)
        .outerjoin(SupervisorLeave, SupervisorLeave.supervisor_id == Supervisor.id)
        .where(visible(call.scope, areas_of=(Supervisor.area_id,)))
    )


def _appoint(call: Call, data: Values, _: str) -> str:
    id_ = name_it(call.session, Supervisor, data.get("id"), "SV")
    command = service.AppointSupervisor(
        outside_id=id_,
        area_id=area_in_scope(call, data["county"], "/county").id,
        person=data["person"].upper(),
        name=data["name"],
        since=data.get("since", call.today),
        recorded_on=call.today,
    )
    service.appoint_supervisors(call.session, [command], call.actor, call.now)
    return id_


def _dismiss_supervisor(call: Call, data: Values, id_: str) -> str:
    not_after_today(call, data, "until")
    found = call.session.scalars(sa.select(Supervisor).where(Supervisor.outside_id == id_)).one()
    service.dismiss_supervisor(call.session, found.id, data["until"], call.actor, call.now)
    return id_


# ------------------------------------------------------------------ partners


def _partners(_: Call) -> sa.Select:
    return (
        sa.select(Party.outside_id.label("id"), Party.name, Area.outside_id.label("county"))
        .outerjoin(Area, Area.id == Party.area_id)
        .where(Party.is_external == sa.true())
    )


def _add_partner(call: Call, data: Values, _: str) -> str:
    id_ = name_it(call.session, Party, data.get("id"), "X")
    command = service.RegisterParty(
        outside_id=id_,
        is_external=True,
        name=data["name"],
        kind="external",
        area_id=area_of(call, data["county"], "/county").id if "county" in data else None,
    )
    service.register(call.session, [command], call.actor, call.now)
    return id_


# ------------------------------------------------------------------ sites


def _sites(call: Call) -> sa.Select:
    return (
        sa.select(
            Site.outside_id.label("id"),
            Party.outside_id.label("enterprise"),
            Area.outside_id.label("county"),
            Site.open_on,
            Site.closed_on,
            Site.registered,
            Site.name,
            Site.purpose,
            Site.address,
        )
        .join(Party, Party.id == Site.enterprise_id)
        .join(Area, Area.id == Site.area_id)
        .where(visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,)))
    )


def _register_site(call: Call, data: Values, _: str) -> str:
    id_ = name_it(call.session, Site, data.get("id"), "S")
    command = service.RegisterSite(
        outside_id=id_,
        enterprise_id=enterprise_of(call, data["enterprise"]).id,
        area_id=area_of(call, data["county"], "/county").id,
        open_on=data["open_on"],
        closed_on=None,
        registered=data["registered"],
        name=data.get("name"),
        purpose=data.get("purpose"),
        address=data.get("address"),
    )
    service.register_sites(call.session, [command], call.actor, call.now)
    return id_


def _close_site(call: Call, data: Values, id_: str) -> str:
    service.close_site(call.session, site_of(call, id_).id, data["closed_on"], call.actor, call.now)
    return id_


# ------------------------------------------------------------------ delegations


def _delegations(call: Call) -> sa.Select:
    delegator, delegate = aliased(Area), aliased(Area)
    return (
        sa.select(
            Delegation.outside_id.label("id"),
            Delegation.id.label("number"),
            Site.outside_id.label("site"),
            delegator.outside_id.label("delegator"),
            delegate.outside_id.label("delegate"),
            Delegation.requested_on,
            Delegation.valid_to,
        )
        .join(Site, Site.id == Delegation.site_id)
        .join(delegator, delegator.id == Delegation.delegator_id)
        .join(delegate, delegate.id == Delegation.delegate_id)
        .where(
            visible(
                call.scope,
                enterprise=Site.enterprise_id,
                areas_of=(Delegation.delegator_id, Delegation.delegate_id),
            )
        )
    )


def _answers(call: Call, row: Any) -> Values:
    query = sa.select(DelegationAnswer).where(DelegationAnswer.delegation_id == row.number)
    found = call.session.scalars(query.order_by(DelegationAnswer.day, DelegationAnswer.answer))
    return {"answers": [{"answer": a.answer, "on": a.day, "recorded_on": a.recorded_on} for a in found]}


def _delegate(call: Call, data: Values, _: str) -> str:
    site = site_of(call, data["site"])
    home = call.session.get_one(Party, site.enterprise_id).area_id
    if home is None or home == site.area_id:
        raise Refused("场所就在登记地,无须委托 / the site lies in the county of registration: nothing to entrust")
    if data["valid_to"] < call.today:
        raise Faulty([Fault("/valid_to", "早于今天 / lies before today")])
    id_ = name_it(call.session, Delegation, data.get("id"), "G")
    command = service.Delegate(
        outside_id=id_,
        site_id=site.id,
        delegator_id=home,
        delegate_id=site.area_id,
        requested_on=call.today,
        valid_to=data["valid_to"],
        requested_by=call.subject.person,
    )
    service.delegate(call.session, [command], call.actor, call.now)
    return id_


def _answer(call: Call, data: Values, id_: str) -> str:
    delegation = call.session.scalars(sa.select(Delegation).where(Delegation.outside_id == id_)).one()
    if delegation.requested_by is not None and delegation.requested_by == call.subject.person:
        raise Forbidden("申请人不得确认自己的申请 / who asked for it may not confirm it")
    on = data.get("on", call.today)
    if on < delegation.requested_on:
        raise Faulty([Fault("/on", "早于申请日 / lies before the request")])
    if call.session.get(DelegationAnswer, (delegation.id, data["answer"])):
        raise Refused("已有此答复 / it is answered so already")
    command = service.AnswerDelegation(
        delegation_id=delegation.id, answer=data["answer"], day=on, recorded_on=call.today
    )
    service.answer_delegations(call.session, [command], call.actor, call.now)
    return id_


COLLECTIONS = (
    Collection(
        path="enterprises",
        summary=Words("企业", "enterprises of the register"),
        answer=EnterpriseAnswer,
        detail=EnterpriseDetail,
        query=_enterprises,
        more=_file,
        list=Action.ENTERPRISE_LIST,
        read=Action.ENTERPRISE_READ,
        filters=("county", "kind", "grade"),
        acts=(
            Act(
                action=Action.ENTERPRISE_REGISTER,
                summary=Words("登记企业", "register an enterprise"),
                form=EnterpriseForm,
                do=_register,
            ),
            Act(
                action=Action.ENTERPRISE_SET_GRADE,
                summary=Words("评定等级", "grade an enterprise"),
                form=GradeForm,
                do=_rate,
                at="/<id>/grades",
            ),
            Act(
                action=Action.ENTERPRISE_NAME_OFFICER,
                summary=Words("指定信息员", "name an information officer"),
                form=OfficerForm,
                do=_name_officer,
                at="/<id>/officers",
            ),
            Act(
                action=Action.ENTERPRISE_NAME_OFFICER,
                summary=Words("信息员离任", "the information officer leaves"),
                form=LeaveForm,
                do=_dismiss_officer,
                at="/<id>/officer-leave",
            ),
            Act(
                action=Action.ENTERPRISE_APPROVE_UPDATE,
                summary=Words("变更企业", "change an enterprise"),
                form=ChangeForm,
                do=_change,
                at="/<id>",
                method="PUT",
            ),
            Act(
                action=Action.ENTERPRISE_SET_STATUS,
                summary=Words("变更状态", "change the status of an enterprise"),
                form=StatusForm,
                do=_set_status,
                at="/<id>/statuses",
            ),
        ),
    ),
    Collection(
        path="supervisors",
        summary=Words("专管员", "supervisors of counties"),
        answer=SupervisorAnswer,
        query=_supervisors,
        list=Action.SUPERVISOR_LIST,
        read=Action.SUPERVISOR_LIST,
        filters=("county",),
        acts=(
            Act(
                action=Action.SUPERVISOR_APPOINT,
                summary=Words("任命专管员", "appoint a supervisor"),
                form=SupervisorForm,
                do=_appoint,
            ),
            Act(
                action=Action.SUPERVISOR_APPOINT,
                summary=Words("专管员离任", "a supervisor leaves"),
                form=LeaveForm,
                do=_dismiss_supervisor,
                at="/<id>/leave",
            ),
        ),
    ),
    Collection(
        path="partners",
        summary=Words("外部单位", "outside parties"),
        answer=PartnerAnswer,
        query=_partners,
        list=Action.PARTNER_READ,
        read=Action.PARTNER_READ,
        acts=(
            Act(
                action=Action.PARTNER_RECORD,
                summary=Words("登记外部单位", "record an outside party"),
                form=PartnerForm,
                do=_add_partner,
            ),
        ),
    ),
    Collection(
        path="sites",
        summary=Words("场所", "sites"),
        answer=SiteAnswer,
        query=_sites,
        list=Action.ENTERPRISE_LIST,
        read=Action.ENTERPRISE_READ,
        filters=("enterprise", "county"),
        acts=(
            Act(
                action=Action.ENTERPRISE_REGISTER,
                summary=Words("登记场所", "register a site"),
                form=SiteForm,
                do=_register_site,
            ),
            Act(
                action=Action.ENTERPRISE_REGISTER,
                summary=Words("关闭场所", "close a site"),
                form=ClosingForm,
                do=_close_site,
                at="/<id>/closing",
            ),
        ),
    ),
    Collection(
        path="delegations",
        summary=Words("异地经营委托管理", "delegations of supervision"),
        answer=DelegationShown,
        detail=DelegationDetail,
        query=_delegations,
        more=_answers,
        list=Action.DELEGATION_LIST,
        read=Action.DELEGATION_READ,
        filters=("site", "delegator", "delegate"),
        acts=(
            Act(
                action=Action.DELEGATION_CREATE,
                summary=Words("申请委托", "ask for a delegation"),
                form=DelegationForm,
                do=_delegate,
            ),
            Act(
                action=Action.DELEGATION_CONFIRM,
                summary=Words("答复委托", "accept or revoke a delegation"),
                form=AnswerForm,
                do=_answer,
                at="/<id>/answers",
            ),
        ),
    ),
)
