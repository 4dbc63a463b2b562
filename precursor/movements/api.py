"""Movements, cosignatures, stock and stocktakes, as programs see them."""

import json
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values, no_such
from precursor.api.common import (
    name_it,
    not_after_today,
    positive,
    wanted,
)
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Refused
from precursor.core.members import Day, Each, Nested, Text
from precursor.enterprises.lookups import party_of, site_of
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible
from precursor.incidents.models import Incident
from precursor.movements import acts, corrections, service
from precursor.movements.intents import Enter, Fact
from precursor.movements.models import (
    Batch,
    Confirmation,
    Cosignature,
    Movement,
    Reversal,
    ReversalRequest,
    SalesReport,
)
from precursor.movements.schemas import (
    ConfirmationForm,
    CosignatureAnswer,
    CosignatureForm,
    EmptyForm,
    InForm,
    MovementAnswer,
    OutForm,
    ReasonForm,
    ReversalAnswer,
    ReversedAnswer,
)
from precursor.movements.service import MovementKey, stands
from precursor.permits.lookups import document_of
from precursor.permits.models import Permit
from precursor.rules.law import Words, law_for
from precursor.rules.movements import MovementType
from precursor.rules.retention import Kept, Subject, keep_until
from precursor.rules.substances import class_of
from precursor.substances.lookups import substance_of
from precursor.substances.models import Substance
from precursor.trade.models import Shipment


class MovementDetail(MovementAnswer):
    """A movement with what was recorded about it, and the rules that it broke, if it was recorded as a fact."""

    other_enterprise = Text(null=True, note="whose the other side of it is")
    payment = Text(null=True)
    handler = Text(null=True)
    mandate = Text(null=True)
    other_site = Text(null=True)
    broken = Each(Text())
    sales_reported_on = Day(null=True)
    external_confirmed_on = Day(null=True)
    reversal_asked_by = Text(null=True)
    keep_until = Day(null=True, note="the last day until which the law has this record kept")
    reversed_on = Day(null=True, note="the day from which the latest version no longer stands")
    reversals = Nested(ReversedAnswer, many=True)


#: What a trade is judged by and no column of a movement says.
PARTICULARS: Final = (
    "payment",
    "handler",
    "mandate",
    "agent",
    "individual",
    "by_mail",
    "small_quantity",
    "other_site",
)


# ------------------------------------------------------------------ movements


def _selected() -> sa.Select:
    """Movements with what they name, by its ids; built once, since every call begins with it."""
    other, external = aliased(Movement), aliased(Party)
    permit, transport = aliased(Permit), aliased(Permit)
    other_id = (
        sa.select(other.outside_id)
        .where(other.enterprise_id == Movement.other_enterprise_id, other.id == Movement.other_id, other.version == 0)
        .scalar_subquery()
    )
    return (
        sa.select(
            Movement.outside_id.label("id"),
            Movement.enterprise_id.label("owner"),
            Movement.id.label("number"),
            Movement.version,
            Movement.broken.label("broken_rules"),
            Movement.substance_id,
            Substance.category,
            Substance.kind.label("substance_kind"),
            Substance.schedule,
            Party.outside_id.label("enterprise"),
            Movement.day.label("date"),
            Movement.recorded_on,
            Site.outside_id.label("site"),
            Movement.type,
            Substance.outside_id.label("substance"),
            Movement.quantity,
            Substance.unit,
            Movement.batch,
            Movement.usage_record,
            other_id.label("counterpart"),
            external.outside_id.label("external"),
            permit.outside_id.label("permit"),
            Movement.external_permit,
            transport.outside_id.label("transport_permit"),
            Movement.exempt,
            Movement.reason,
        )
        .join(Party, Party.id == Movement.enterprise_id)
        .join(Site, Site.id == Movement.site_id)
        .join(Substance, Substance.id == Movement.substance_id)
        .outerjoin(external, external.id == Movement.external_id)
        .outerjoin(
            permit, sa.and_(permit.enterprise_id == Movement.permit_holder_id, permit.id == Movement.permit_id)
        )
        .outerjoin(
            transport,
            sa.and_(
                transport.enterprise_id == Movement.transport_holder_id,
                transport.id == Movement.transport_permit_id,
            ),
        )
    )


def _of_this(reversal: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        reversal.enterprise_id == Movement.enterprise_id,
        reversal.movement_id == Movement.id,
        reversal.version == Movement.version,
    )


_MOVEMENTS: Final = _selected().where(stands(Movement))
#: With those that were reversed, latest version first.
_EVERY: Final = (
    _selected()
    .add_columns(sa.select(Reversal.day).where(*_of_this(Reversal)).scalar_subquery().label("reversed_on"))
    .order_by(Movement.version.desc())
)


def _visible(call: Call) -> sa.ColumnElement[bool]:
    return visible(
        call.scope, enterprise=Movement.enterprise_id, areas_of=(Site.area_id,), substance=Movement.substance_id
    )


def _movements(call: Call) -> sa.Select:
    return _MOVEMENTS.where(_visible(call))


def _every(call: Call) -> sa.Select:
    return _EVERY.where(_visible(call))


def _said_of(column: Any, record: Any, *also: Any) -> sa.ScalarSelect:
    """What one record about a movement says, if there is one."""
    of_it = (record.enterprise_id == sa.bindparam("owner"), record.movement_id == sa.bindparam("number"))
    return sa.select(column).where(*of_it, *also).scalar_subquery()


_ABOUT: Final = sa.select(
    _said_of(SalesReport.day, SalesReport).label("reported"),
    _said_of(Confirmation.day, Confirmation).label("confirmed"),
    _said_of(ReversalRequest.person, ReversalRequest, ReversalRequest.version == sa.bindparam("version")).label(
        "asked"
    ),
)


_REVERSED: Final = (
    sa.select(
        Movement.day.label("date"),
        Movement.quantity,
        Substance.unit,
        Reversal.day.label("reversed_on"),
        Reversal.reason,
        Reversal.requested_by.label("asked_by"),
        Reversal.approved_by,
    )
    .join(Reversal, sa.and_(*_of_this(Reversal)))
    .join(Substance, Substance.id == Movement.substance_id)
    .join(Site, Site.id == Movement.site_id)
    .order_by(Movement.version)
)


def _about(call: Call, row: Any) -> Values:
    values = {"owner": row.owner, "number": row.number, "version": row.version}
    said = call.session.connection().execute(_ABOUT, values).one()
    # an earlier version may lie elsewhere, and be of another substance: what the reader may not see stays out
    of_it = _REVERSED.where(Movement.enterprise_id == row.owner, Movement.id == row.number, _visible(call))
    movement = call.session.get_one(Movement, (row.owner, row.number, row.version))
    other = call.session.get(Party, movement.other_enterprise_id) if movement.other_enterprise_id else None
    return {
        **json.loads(movement.particulars or "{}"),
        "other_enterprise": other.outside_id if other else None,
        "broken": json.loads(row.broken_rules or "[]"),
        "sales_reported_on": said.reported,
        "external_confirmed_on": said.confirmed,
        "reversal_asked_by": said.asked,
        "keep_until": _keep_until(call, row),
        "reversals": call.session.execute(of_it).mappings().all(),
    }


def _keep_until(call: Call, row: Any) -> date | None:
    """By the national law; a batch whose expiry is known counts from it."""
    cls = class_of(row.category, row.substance_kind, row.schedule)
    batch = call.session.get(Batch, (row.owner, row.substance_id, row.batch)) if row.batch else None
    record = Kept(subject=Subject.LEDGER, day=row.date, cls=cls, expires_on=batch.expires_on if batch else None)
    return keep_until([record], law_for(None, call.today))


def _own(call: Call, id_: str) -> Movement:
    query = sa.select(Movement).where(Movement.outside_id == id_, stands(Movement))
    movement = call.session.scalars(query).one_or_none()
    if movement is None:
        raise Refused("已冲销 / it is reversed already")
    return movement


def _enter(call: Call, data: Values, _: str) -> str:
    not_after_today(call, data, "date", "drawn_on")
    if data["date"] < call.today and "happened" not in data:
        raise Faulty([Fault("/happened", "日期早于今天,请说明原因 / it lies before today: say why it is late")])
    site, substance = site_of(call, data["site"]), substance_of(call, data["substance"])
    id_ = name_it(call.session, Movement, data.get("id"), "M")
    session = call.session
    happened = data.get("happened")
    said = {name: data[name] for name in PARTICULARS if name in data}
    acts.enter(
        session,
        Enter(
            outside_id=id_,
            site=site.id,
            type=MovementType(data["type"]),
            substance=substance.id,
            quantity=positive(data, substance.unit),
            day=data["date"],
            batch=data.get("batch"),
            usage_record=data.get("usage_record"),
            incident=_proof(call, Incident, data.get("incident"), "/incident", site.enterprise_id),
            shipment=_proof(call, Shipment, data.get("shipment"), "/shipment", site.enterprise_id),
            other=_counterpart(call, data.get("counterpart"), site.enterprise_id),
            other_site=_other_site(call, data.get("other_site")),
            external=_external(call, data.get("external")),
            permit=document_of(call, data["permit"], "/permit") if "permit" in data else None,
            external_permit=data.get("external_permit"),
            transport=document_of(call, data["transport_permit"], "/transport_permit")
            if "transport_permit" in data
            else None,
            drawn_on=data.get("drawn_on"),
            exempt=data.get("exempt"),
            cosignature=_cosignature(call, data.get("cosignature"), site.enterprise_id),
            by_mail=data.get("by_mail", False),
            small_quantity=data.get("small_quantity", False),
            agent=data.get("agent", False),
            individual=data.get("individual", False),
            cash=data.get("payment") == "cash",
            handler=data.get("handler"),
            mandate=data.get("mandate"),
            particulars=json.dumps(said, ensure_ascii=False, sort_keys=True) if said else None,
        ),
        Fact(happened["reason"], happened.get("reported_by")) if happened else None,
        call.actor,
        call.now,
    )
    return id_


def _proof(call: Call, model: Any, id_: str | None, pointer: str, enterprise: int) -> int | None:
    if id_ is None:
        return None
    query = sa.select(model).where(model.outside_id == id_, model.enterprise_id == enterprise)
    found: int = wanted(call.session.scalars(query).one_or_none(), pointer, id_).id
    return found


def _counterpart(call: Call, id_: str | None, enterprise: int) -> MovementKey | None:
    """The other side's movement, if it names a movement of this enterprise: nobody else may know of it."""
    if id_ is None:
        return None
    query = sa.select(Movement).where(
        Movement.outside_id == id_, Movement.other_enterprise_id == enterprise, stands(Movement)
    )
    found: Movement = wanted(call.session.scalars(query).one_or_none(), "/counterpart", id_)
    return MovementKey(found.enterprise_id, found.id)


def _other_site(call: Call, id_: str | None) -> int | None:
    if id_ is None:
        return None
    found: Site = wanted(
        call.session.scalars(sa.select(Site).where(Site.outside_id == id_)).one_or_none(), "/other_site", id_
    )
    return found.id


def _external(call: Call, id_: str | None) -> int | None:
    if id_ is None:
        return None
    party = party_of(call, id_, "/external")
    if not party.is_external:
        raise no_such("/external", id_)
    return party.id


def _cosignature(call: Call, id_: str | None, enterprise: int) -> int | None:
    return _proof(call, Cosignature, id_, "/cosignature", enterprise)


def _ask_reversal(call: Call, data: Values, id_: str) -> str:
    movement = _own(call, id_)
    key = MovementKey(movement.enterprise_id, movement.id)
    corrections.ask(call.session, key, data["reason"], call.actor, call.now)
    return id_


def _report(call: Call, _: Values, id_: str) -> str:
    movement = _own(call, id_)
    if movement.type != MovementType.SALE_OUT:
        raise Refused("只有销售须备案 / only a sale is reported")
    if call.session.get(SalesReport, (movement.enterprise_id, movement.id)):
        raise Refused("已备案 / it is reported already")
    command = service.OfMovement(
        key=MovementKey(movement.enterprise_id, movement.id), day=call.today, recorded_on=call.today
    )
    service.report_sales(call.session, [command], call.actor, call.now)
    return id_


def _confirm(call: Call, data: Values, id_: str) -> str:
    not_after_today(call, data, "on")
    movement = _own(call, id_)
    if movement.external_id is None:
        raise Refused("对方不是外部单位 / the other side is no outside party")
    if call.session.scalar(
        sa.select(
            sa.exists().where(
                Confirmation.enterprise_id == movement.enterprise_id, Confirmation.movement_id == movement.id
            )
        )
    ):
        raise Refused("已有确认 / it is confirmed already")
    substance = call.session.get_one(Substance, movement.substance_id)
    command = service.OfMovement(
        key=MovementKey(movement.enterprise_id, movement.id),
        day=data["on"],
        recorded_on=call.today,
        quantity=positive(data, substance.unit),
    )
    service.confirm(call.session, [command], call.actor, call.now)
    return id_


# ------------------------------------------------------------------ reversals wait for a second person


def _reversals(call: Call) -> sa.Select:
    return (
        sa.select(
            Movement.outside_id.label("id"),
            Movement.day.label("date"),
            Movement.type,
            Site.outside_id.label("site"),
            Substance.outside_id.label("substance"),
            Movement.quantity,
            Substance.unit,
            ReversalRequest.reason,
            ReversalRequest.person.label("asked_by"),
            sa.case((stands(Movement), 0), else_=1).label("done"),
        )
        .join(ReversalRequest, sa.and_(*_of_this(ReversalRequest)))
        .join(Site, Site.id == Movement.site_id)
        .join(Substance, Substance.id == Movement.substance_id)
        .where(visible(call.scope, enterprise=Movement.enterprise_id, substance=Movement.substance_id))
    )


def _approve_reversal(call: Call, _: Values, id_: str) -> str:
    movement = _own(call, id_)
    corrections.approve(call.session, MovementKey(movement.enterprise_id, movement.id), call.actor, call.now)
    return id_


# ------------------------------------------------------------------ cosignatures


def _cosignatures(call: Call) -> sa.Select:
    return (
        sa.select(
            Cosignature.outside_id.label("id"),
            Site.outside_id.label("site"),
            Cosignature.type,
            Substance.outside_id.label("substance"),
            Cosignature.quantity,
            Substance.unit,
            Cosignature.day.label("date"),
        )
        .join(Site, Site.id == Cosignature.site_id)
        .join(Substance, Substance.id == Cosignature.substance_id)
        .where(visible(call.scope, enterprise=Cosignature.enterprise_id))
    )


def _cosign(call: Call, data: Values, _: str) -> str:
    site, substance = site_of(call, data["site"]), substance_of(call, data["substance"])
    id_ = name_it(call.session, Cosignature, None, "C")
    command = acts.Cosign(
        outside_id=id_,
        enterprise_id=site.enterprise_id,
        person=call.subject.person.upper(),
        site_id=site.id,
        type=data["type"],
        substance_id=substance.id,
        quantity=positive(data, substance.unit),
        day=data["date"],
        recorded_on=call.today,
    )
    acts.cosign(call.session, command, call.actor, call.now)
    return id_


COLLECTIONS = (
    Collection(
        path="movements",
        summary=Words("出入库记录", "movements"),
        answer=MovementAnswer,
        detail=MovementDetail,
        query=_movements,
        every=_every,
        more=_about,
        list=Action.LEDGER_LIST,
        read=Action.LEDGER_READ,
        filters=("enterprise", "site", "substance", "type", "batch"),
        acts=(
            Act(
                action=Action.LEDGER_POST_IN,
                summary=Words("登记入库", "record what comes in"),
                form=InForm,
                do=_enter,
                at="/in",
            ),
            Act(
                action=Action.LEDGER_POST_OUT,
                summary=Words("登记出库", "record what goes out"),
                form=OutForm,
                do=_enter,
                at="/out",
            ),
            Act(
                action=Action.LEDGER_REQUEST_REVERSAL,
                summary=Words("申请冲销", "ask for a reversal"),
                form=ReasonForm,
                do=_ask_reversal,
                at="/<id>/reversal-requests",
            ),
            Act(
                action=Action.REPORT_SUBMIT,
                summary=Words("销售备案", "report a sale to the police"),
                form=EmptyForm,
                do=_report,
                at="/<id>/sales-report",
            ),
            Act(
                action=Action.LEDGER_CONFIRM,
                summary=Words("登记外部单位确认", "record an outside party's confirmation"),
                form=ConfirmationForm,
                do=_confirm,
                at="/<id>/confirmations",
            ),
        ),
    ),
    Collection(
        path="reversals",
        summary=Words("冲销", "reversals asked for and done"),
        answer=ReversalAnswer,
        query=_reversals,
        list=Action.LEDGER_LIST,
        read=Action.LEDGER_READ,
        acts=(
            Act(
                action=Action.LEDGER_APPROVE_REVERSAL,
                summary=Words("批准冲销", "approve a reversal"),
                form=EmptyForm,
                do=_approve_reversal,
                at="/<id>/approval",
            ),
        ),
    ),
    Collection(
        path="cosignatures",
        summary=Words("双人复核", "signatures of a second person"),
        answer=CosignatureAnswer,
        query=_cosignatures,
        list=Action.LEDGER_LIST,
        read=Action.LEDGER_READ,
        acts=(
            Act(
                action=Action.LEDGER_COSIGN,
                summary=Words("复核签字", "sign for a movement to come"),
                form=CosignatureForm,
                do=_cosign,
            ),
        ),
    ),
)
