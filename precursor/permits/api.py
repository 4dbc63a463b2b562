"""Documents in their four families, as programs see them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.api import Act, Call, Collection, Listing
from precursor.api.collection import Values
from precursor.api.common import name_it, not_after_today, positive
from precursor.areas.lookups import area_of
from precursor.areas.models import Area
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty
from precursor.core.members import Day, Text
from precursor.enterprises.lookups import area_in_scope, party_of
from precursor.enterprises.models import Party
from precursor.enterprises.scoping import visible
from precursor.permits import issuing, service
from precursor.permits.issuing import Grant
from precursor.permits.models import (
    PARTICULARS,
    Draw,
    Permit,
    PermitBalance,
    RouteStop,
    Verification,
)
from precursor.permits.schemas import (
    DocumentAnswer,
    DocumentDetail,
    IssueForm,
    LicenceForm,
    PurchaseForm,
    RevocationForm,
    SuspensionForm,
    TradeForm,
    TransportForm,
    VerificationForm,
)
from precursor.permits.service import IssuePermit, PermitKey, RecordOfPermit
from precursor.rules.law import Words, law_for
from precursor.rules.matrix import Department, department_words, formerly, rows_of
from precursor.rules.permits import LICENCES, PURCHASE, TRADE, TRANSPORT, PermitKind
from precursor.rules.substances import SubstanceClass
from precursor.substances.lookups import substance_of
from precursor.substances.models import Substance


@dataclass(frozen=True, slots=True)
class Family:
    """Documents that the same authorities handle: where they are, which kinds, which actions."""

    path: str
    summary: Words
    kinds: tuple[PermitKind, ...]
    form: type[IssueForm]
    list: Action
    read: Action
    issue: Action
    verify: Action
    revoke: Action
    record_outside: Action | None = None


FAMILIES: Final = (
    Family(
        "purchase-documents",
        Words("购买证件", "purchase permits, filings and certificates of use"),
        PURCHASE,
        PurchaseForm,
        Action.PURCHASE_LIST,
        Action.PURCHASE_READ,
        Action.PURCHASE_APPROVE,
        Action.PURCHASE_VERIFY,
        Action.PURCHASE_REVOKE,
        Action.PURCHASE_RECORD_OUTSIDE,
    ),
    Family(
        "transport-documents",
        Words("运输证件", "transport permits, filings and certificates"),
        TRANSPORT,
        TransportForm,
        Action.TRANSPORT_LIST,
        Action.TRANSPORT_READ,
        Action.TRANSPORT_APPROVE,
        Action.TRANSPORT_VERIFY,
        Action.TRANSPORT_REVOKE,
        Action.TRANSPORT_RECORD_OUTSIDE,
    ),
    Family(
        "licences",
        Words("生产、经营许可与备案、印鉴卡", "permits and filings of production and trade, seal cards"),
        LICENCES,
        LicenceForm,
        Action.LICENCE_LIST,
        Action.LICENCE_READ,
        Action.LICENCE_ISSUE,
        Action.LICENCE_VERIFY,
        Action.LICENCE_REVOKE,
    ),
    Family(
        "trade-licences",
        Words("进出口许可证", "import and export licences"),
        TRADE,
        TradeForm,
        Action.TRADE_LIST,
        Action.TRADE_READ,
        Action.TRADE_APPROVE,
        Action.TRADE_VERIFY,
        Action.TRADE_REVOKE,
    ),
)


# ------------------------------------------------------------------ reading


def _selected() -> sa.Select:
    """Documents with who is named on them; built once, since every call begins with it."""
    holder, seller, consignee, carrier = (aliased(Party) for _ in range(4))
    return (
        sa.select(
            Permit.outside_id.label("id"),
            Permit.enterprise_id.label("owner"),
            Permit.id.label("number"),
            Permit.kind,
            holder.outside_id.label("holder"),
            Substance.outside_id.label("substance"),
            Permit.covers,
            Permit.quantity,
            sa.case((Permit.quantity.is_not(None), PermitBalance.drawn)).label("drawn"),
            Substance.unit,
            Permit.valid_from,
            Permit.valid_to,
            Permit.uses,
            Area.outside_id.label("county"),
            seller.outside_id.label("seller"),
            consignee.outside_id.label("consignee"),
            carrier.outside_id.label("carrier"),
            Permit.issuer,
            Permit.law,
            PermitBalance.is_suspended.label("suspended"),
            PermitBalance.revoked_on,
        )
        .join(
            PermitBalance,
            sa.and_(PermitBalance.enterprise_id == Permit.enterprise_id, PermitBalance.permit_id == Permit.id),
        )
        .join(holder, holder.id == Permit.enterprise_id)
        .join(Area, Area.id == Permit.area_id)
        .outerjoin(Substance, Substance.id == Permit.substance_id)
        .outerjoin(seller, seller.id == Permit.seller_id)
        .outerjoin(consignee, consignee.id == Permit.consignee_id)
        .outerjoin(carrier, carrier.id == Permit.carrier_id)
    )


_DOCUMENTS: Final = _selected()


def _query(family: Family) -> Callable[[Call], sa.Select]:
    of_family = _DOCUMENTS.where(Permit.kind.in_([kind.value for kind in family.kinds]))

    def query(call: Call) -> sa.Select:
        return of_family.where(
            visible(
                call.scope,
                enterprise=Permit.enterprise_id,
                areas_of=(Permit.area_id,),
                substance=sa.func.coalesce(Permit.substance_id, _of_class()),
                parties=(Permit.seller_id, Permit.consignee_id, Permit.carrier_id),
                is_trade=family.issue is Action.TRADE_APPROVE,
            )
        )

    return query


def _of_class() -> sa.ColumnElement[int]:
    """For a document that covers a class: some substance of that class, so that its domain can be told."""
    is_drug = Permit.covers.in_([c.value for c in SubstanceClass if c.is_drug])
    some = sa.select(sa.func.min(Substance.id)).where((Substance.kind == "drug") == is_drug).correlate(Permit)
    return some.scalar_subquery()


def _about(call: Call, row: Any) -> Values:
    key = (row.owner, row.number)
    stops = sa.select(Area.outside_id).join(RouteStop, RouteStop.area_id == Area.id)
    stops = stops.where(RouteStop.enterprise_id == key[0], RouteStop.permit_id == key[1])
    draws = service.standing_draws().where(Draw.enterprise_id == key[0], Draw.permit_id == key[1])
    verified = call.session.get(Verification, key)
    said = json.loads(call.session.get_one(Permit, key).fields or "{}")
    return {
        **{name: said.get(name) for name in PARTICULARS},
        "route": list(call.session.scalars(stops.order_by(RouteStop.position))),
        "draws": [
            {"date": d.day, "quantity": d.quantity, "unit": row.unit or "mg", "recorded_on": d.recorded_on}
            for d in call.session.scalars(draws.order_by(Draw.day, Draw.movement_id))
        ],
        "verified_on": verified.day if verified else None,
        "verification_result": verified.result if verified else None,
    }


# ------------------------------------------------------------------ doing


def _key(call: Call, id_: str) -> PermitKey:
    found = call.session.scalars(sa.select(Permit).where(Permit.outside_id == id_)).one()
    return PermitKey(found.enterprise_id, found.id)


def _command(call: Call, data: Values) -> IssuePermit:
    if data["valid_to"] < data["valid_from"]:
        raise Faulty([Fault("/valid_to", "早于 valid_from / lies before valid_from")])
    if ("substance" in data) == ("covers" in data):
        raise Faulty([Fault("/substance", "须写明品种或类别之一 / name a substance, or the class that is covered")])
    substance = substance_of(call, data["substance"]) if "substance" in data else None
    if "quantity" in data and substance is None:
        raise Faulty([Fault("/quantity", "类别证件不带数量 / a document for a class has no amount")])

    def party(member: str) -> int | None:
        return party_of(call, data[member], f"/{member}").id if member in data else None

    return IssuePermit(
        outside_id=name_it(call.session, Permit, data.get("id"), "P"),
        kind=data["kind"],
        holder=party_of(call, data["holder"], "/holder").id,
        substance=substance.id if substance else None,
        quantity=positive(data, substance.unit) if substance and "quantity" in data else None,
        valid_from=data["valid_from"],
        valid_to=data["valid_to"],
        uses=data["uses"],
        area=area_of(call, data["county"], "/county").id,
        seller=party("seller"),
        consignee=party("consignee"),
        carrier=party("carrier"),
        route=None if "route" not in data else _route(call, data["route"]),
        covers=data.get("covers"),
        fields=json.dumps(data.get("particulars", {}), ensure_ascii=False, sort_keys=True),
    )


def _route(call: Call, stops: list[str]) -> list[int]:
    return [area_of(call, stop, f"/route/{position}").id for position, stop in enumerate(stops)]


def _issue(call: Call, data: Values, _: str) -> str:
    area_in_scope(call, data["county"], "/county")
    command = _command(call, data)
    issuing.grant(
        call.session,
        Grant(
            command=command,
            role=call.subject.role,
            area_id=call.scope.area_id,
            fields=data.get("particulars", {}),
        ),
        call.actor,
        call.now,
    )
    return command.outside_id


def _record_outside(call: Call, data: Values, _: str) -> str:
    """A document issued elsewhere, as the own enterprise holds a copy of it (登记外地证件)."""
    command = _command(call, data)
    own = call.scope.enterprise_id
    holder = call.session.get_one(Party, command.holder)
    if not holder.is_external:
        raise Faulty([Fault("/holder", "本地企业的证件由发证机关登记 / a holder here gets it from its issuer")])
    if own not in (command.seller, command.consignee, command.carrier):
        raise Faulty([Fault("/seller", "证件与本单位无关 / the document does not name your enterprise")])
    service.issue(call.session, [command], call.actor, call.now)
    return command.outside_id


def _verify(call: Call, data: Values, id_: str) -> str:
    not_after_today(call, data, "on")
    command = RecordOfPermit(
        permit=_key(call, id_), day=data.get("on", call.today), recorded_on=call.today, result=data["result"]
    )
    service.verify_once(call.session, command, call.actor, call.now)
    return id_


def _revoke(call: Call, data: Values, id_: str) -> str:
    not_after_today(call, data, "on")
    command = RecordOfPermit(
        permit=_key(call, id_),
        day=data.get("on", call.today),
        recorded_on=call.today,
        reason=data.get("reason"),
    )
    service.revoke(call.session, [command], call.actor, call.now)
    return id_


def _suspend(call: Call, data: Values, id_: str) -> str:
    service.suspend(call.session, _key(call, id_), data["state"], data["reason"], call.actor, call.now)
    return id_


def _acts(family: Family) -> tuple[Act, ...]:
    found = [
        Act(
            action=family.issue,
            summary=Words("发证", "issue a document"),
            form=family.form,
            do=_issue,
        ),
        Act(
            action=family.verify,
            summary=Words("核查", "record the verification"),
            form=VerificationForm,
            do=_verify,
            at="/<id>/verifications",
        ),
        Act(
            action=family.revoke,
            summary=Words("吊销", "revoke a document"),
            form=RevocationForm,
            do=_revoke,
            at="/<id>/revocation",
        ),
        Act(
            action=family.revoke,
            summary=Words("暂停或恢复", "suspend or reinstate a document"),
            form=SuspensionForm,
            do=_suspend,
            at="/<id>/suspensions",
        ),
    ]
    if family.record_outside:
        found.append(
            Act(
                action=family.record_outside,
                summary=Words("登记外地证件", "record a document issued elsewhere"),
                form=family.form,
                do=_record_outside,
                at="/outside",
            )
        )
    return tuple(found)


# ------------------------------------------------------------------ the matrix, for whoever applies or issues


def _matrix(call: Call, asked: Values) -> list[Values]:
    """The rows that hold in an area today or on a day."""
    the_law = law_for(asked.get("code"), asked.get("on", call.today))
    return [
        {
            "kind": row.kind.value,
            "classes": sorted(row.classes),
            "issuer": row.issuer.value,
            "level": row.level.name.lower(),
            "delegable_to": row.delegable_to and row.delegable_to.name.lower(),
            "decision": row.decision,
            "validity": row.validity,
            "extended": row.extended,
            "uses": list(row.uses),
            "fields": list(row.fields),
            "exemptions": list(row.exemptions),
            "rows": dict(row.rows),
            "unconfirmed": dict(row.status),
            "note": row.note,
        }
        for row in rows_of(the_law)
    ]


def _departments(_: Call, __: Values) -> list[Values]:
    """The departments, what they are called now and were called before."""
    return [
        {
            "id": department.value,
            "zh": department_words(department).zh,
            "en": department_words(department).en,
            "formerly": list(formerly(department)),
        }
        for department in Department
    ]


_LIST_OF_OBJECTS: Final = {"type": "array", "items": {"type": "object"}}
LISTINGS = (
    Listing(
        path="matrix",
        summary=Words("许可与备案矩阵", "which document for what, by whom, how fast, for how long"),
        action=Action.RULE_READ,
        make=_matrix,
        parameters={
            "code": Text(
                optional=True, pattern="[1-9][0-9]{5}", note="GB/T 2260 code of an area: its province's law"
            ),
            "on": Day(optional=True),
        },
        schema=_LIST_OF_OBJECTS,
    ),
    Listing(
        path="departments",
        summary=Words("部门", "departments with their former names"),
        action=Action.RULE_READ,
        make=_departments,
        schema=_LIST_OF_OBJECTS,
    ),
)
COLLECTIONS = tuple(
    Collection(
        path=family.path,
        summary=family.summary,
        answer=DocumentAnswer,
        detail=DocumentDetail,
        query=_query(family),
        more=_about,
        list=family.list,
        read=family.read,
        filters=("kind", "holder", "substance", "county"),
        acts=_acts(family),
    )
    for family in FAMILIES
)
