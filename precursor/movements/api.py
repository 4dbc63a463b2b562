"""Movements, cosignatures, batches, stock and stocktakes, as programs see them."""

import json
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor import ledger
from precursor.api import Act, Call, Collection, Listing
from precursor.api.collection import Values, no_such
from precursor.api.common import (
    amount_of,
    name_it,
    not_after_today,
    own_id,
    positive,
    ref,
    unit,
    wanted,
    words,
)
from precursor.areas import service as areas
from precursor.core import quantity
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Forbidden, Refused
from precursor.core.members import Amount, Day, Each, Nested, Record, Text, Truth, Word
from precursor.enterprises.api import party_of, site_of
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
    ReversalRequest,
    SalesReport,
    Stocktake,
    StocktakeApproval,
)
from precursor.movements.service import MovementKey, stands
from precursor.permits.api import document_of
from precursor.permits.models import Permit
from precursor.rules.law import Words, law_for
from precursor.rules.movements import MovementType
from precursor.rules.retention import Kept, Subject, keep_until
from precursor.rules.sale import Exemption
from precursor.rules.substances import class_of
from precursor.substances.api import substance_of
from precursor.substances.models import Substance
from precursor.trade.models import Shipment

_IN: Final = tuple(kind.value for kind in MovementType if kind.is_in)
_OUT: Final = tuple(kind.value for kind in MovementType if not kind.is_in)


# ------------------------------------------------------------------ forms and answers


class HappenedForm(Record):
    """It has happened already: why it is recorded late, or against a rule, and who reported it."""

    reason = words()
    reported_by = words(optional=True)


class _MovementForm(Record):
    """What both directions share. The other side: ``counterpart`` if it is recorded, ``other_site`` if not yet."""

    id = own_id()
    date = Day()
    site = ref()
    substance = ref()
    quantity = Amount()
    unit = unit()
    batch = words(optional=True)
    usage_record = words(optional=True)
    incident = ref(optional=True)
    shipment = ref(optional=True)
    counterpart = ref(optional=True)
    other_site = ref(optional=True)
    external = ref(optional=True)
    permit = ref(optional=True)
    external_permit = words(optional=True)
    transport_permit = ref(optional=True)
    drawn_on = Day(optional=True)
    exempt = Word(*Exemption, optional=True)
    cosignature = ref(optional=True)
    by_mail = Truth(optional=True)
    small_quantity = Truth(optional=True, note="claims the amounts that need no transport permit (article 23)")
    happened = Nested(HappenedForm, optional=True)


class InForm(_MovementForm):
    """Something comes in."""

    type = Word(*_IN)


class OutForm(_MovementForm):
    """Something goes out. A sale to an individual names nobody else and says ``individual``."""

    type = Word(*_OUT)
    individual = Truth(optional=True)
    payment = Word("bank", "cash", optional=True)
    handler = words(optional=True, note="identity of the buyer's handler, checked at the sale")
    agent = Truth(optional=True, note="the handler acts for somebody else")
    mandate = words(optional=True, note="number of the handler's letter of authority")


class MovementAnswer(Record):
    """A movement as it stands."""

    id = Text()
    enterprise = Text()
    date = Day()
    recorded_on = Day()
    site = Text()
    type = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    batch = Text(null=True)
    usage_record = Text(null=True)
    counterpart = Text(null=True)
    external = Text(null=True)
    permit = Text(null=True)
    external_permit = Text(null=True)
    transport_permit = Text(null=True)
    exempt = Text(null=True)
    reason = Text(null=True)


class MovementDetail(MovementAnswer):
    """A movement with what was recorded about it, and the rules that it broke, if it was recorded as a fact."""

    broken = Each(Text())
    sales_reported_on = Day(null=True)
    external_confirmed_on = Day(null=True)
    reversal_asked_by = Text(null=True)
    keep_until = Day(null=True, note="the last day until which the law has this record kept")


class ReasonForm(Record):
    """Why."""

    reason = words()


class EmptyForm(Record):
    """Nothing more to say."""


class ConfirmationForm(Record):
    """What an outside party confirmed, and when."""

    on = Day()
    quantity = Amount()
    unit = unit()


class CosignatureForm(Record):
    """A second person signs for one movement to come, exactly as it will be recorded."""

    site = ref()
    type = Word(*MovementType)
    substance = ref()
    quantity = Amount()
    unit = unit()
    date = Day()


class CosignatureAnswer(Record):
    """A second person's signature."""

    id = Text()
    site = Text()
    type = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    date = Day()


class BatchForm(Record):
    """A batch or lot."""

    enterprise = ref()
    substance = ref()
    number = words()
    made_on = Day(optional=True)
    expires_on = Day(optional=True)


class BatchAnswer(Record):
    """A batch or lot; its id is enterprise, substance and number."""

    id = Text()
    enterprise = Text()
    substance = Text()
    number = Text()
    made_on = Day(null=True)
    expires_on = Day(null=True)


class CountForm(Record):
    """What was counted at the end of a day."""

    date = Day()
    site = ref()
    substance = ref()
    counted = Amount()
    unit = unit()


class CountAnswer(Record):
    """A stocktake."""

    id = Text()
    date = Day()
    site = Text()
    substance = Text()
    counted = Amount()
    unit = Text()
    approved = Truth()
    explanation = Text(null=True)


class ExplanationForm(Record):
    """Where a difference comes from, when there is one."""

    explanation = words(optional=True)


class OpeningForm(Record):
    """What is at a site when the register opens."""

    site = ref()
    substance = ref()
    quantity = Amount()
    unit = unit()


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


_MOVEMENTS: Final = _selected().where(stands(Movement))


def _movements(call: Call) -> sa.Select:
    return _MOVEMENTS.where(
        visible(
            call.scope,
            enterprise=Movement.enterprise_id,
            areas_of=(Site.area_id,),
            substance=Movement.substance_id,
        ),
    )


def _about(call: Call, row: Any) -> Values:
    reported = call.session.get(SalesReport, (row.owner, row.number))
    confirmed = call.session.scalars(
        sa.select(Confirmation.day).where(
            Confirmation.enterprise_id == row.owner, Confirmation.movement_id == row.number
        )
    ).one_or_none()
    asked = call.session.get(ReversalRequest, (row.owner, row.number, row.version))
    return {
        "broken": json.loads(row.broken_rules or "[]"),
        "sales_reported_on": reported.day if reported else None,
        "external_confirmed_on": confirmed,
        "reversal_asked_by": asked.person if asked else None,
        "keep_until": _keep_until(call, row),
    }


def _keep_until(call: Call, row: Any) -> date | None:
    """By the national law; a batch whose expiry is known counts from it."""
    cls = class_of(row.category, row.substance_kind, row.schedule)
    batch = call.session.get(Batch, (row.owner, row.substance_id, row.batch)) if row.batch else None
    record = Kept(subject=Subject.LEDGER, day=row.date, cls=cls, expires_on=batch.expires_on if batch else None)
    return keep_until([record], law_for(None, call.today))


def _own(call: Call, id_: str) -> Movement:
    query = sa.select(Movement).where(Movement.outside_id == id_, stands(Movement))
    return call.session.scalars(query).one()


def _enter(call: Call, data: Values, _: str) -> str:
    not_after_today(call, data, "date", "drawn_on")
    if data["date"] < call.today and "happened" not in data:
        raise Faulty([Fault("/happened", "日期早于今天,请说明原因 / it lies before today: say why it is late")])
    site, substance = site_of(call, data["site"]), substance_of(call, data["substance"])
    id_ = name_it(call.session, Movement, data.get("id"), "M")
    session = call.session
    happened = data.get("happened")
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


class ReversalAnswer(Record):
    """A reversal that is asked for, or done."""

    id = Text()
    reason = Text()
    asked_by = Text()
    done = Truth()


def _reversals(call: Call) -> sa.Select:
    at = (
        ReversalRequest.enterprise_id == Movement.enterprise_id,
        ReversalRequest.movement_id == Movement.id,
        ReversalRequest.version == Movement.version,
    )
    return (
        sa.select(
            Movement.outside_id.label("id"),
            ReversalRequest.reason,
            ReversalRequest.person.label("asked_by"),
            sa.case((stands(Movement), 0), else_=1).label("done"),
        )
        .join(ReversalRequest, sa.and_(*at))
        .where(visible(call.scope, enterprise=Movement.enterprise_id, substance=Movement.substance_id))
    )


def _approve_reversal(call: Call, _: Values, id_: str) -> str:
    query = sa.select(Movement).where(Movement.outside_id == id_, stands(Movement))
    movement = call.session.scalars(query).one_or_none()
    if movement is None:
        raise Refused("已冲销 / it is reversed already")
    corrections.approve(call.session, MovementKey(movement.enterprise_id, movement.id), call.actor, call.now)
    return id_


# ------------------------------------------------------------------ cosignatures, batches


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


def _batches(call: Call) -> sa.Select:
    return (
        sa.select(
            (Party.outside_id + "." + Substance.outside_id + "." + Batch.number).label("id"),
            Party.outside_id.label("enterprise"),
            Substance.outside_id.label("substance"),
            Batch.number,
            Batch.made_on,
            Batch.expires_on,
        )
        .join(Party, Party.id == Batch.enterprise_id)
        .join(Substance, Substance.id == Batch.substance_id)
        .where(visible(call.scope, enterprise=Batch.enterprise_id, substance=Batch.substance_id))
    )


def _add_batch(call: Call, data: Values, _: str) -> str:
    enterprise = party_of(call, data["enterprise"], "/enterprise")
    if enterprise.id != call.scope.enterprise_id:
        raise no_such("/enterprise", data["enterprise"])
    substance = substance_of(call, data["substance"])
    if call.session.get(Batch, (enterprise.id, substance.id, data["number"])):
        raise Refused("批号已登记 / this batch is recorded already")
    command = service.AddBatch(
        enterprise_id=enterprise.id,
        substance_id=substance.id,
        number=data["number"],
        made_on=data.get("made_on"),
        expires_on=data.get("expires_on"),
        recorded_on=call.today,
    )
    service.add_batches(call.session, [command], call.actor, call.now)
    return f"{enterprise.outside_id}.{substance.outside_id}.{data['number']}"


# ------------------------------------------------------------------ stock


def _counts(call: Call) -> sa.Select:
    return (
        sa.select(
            sa.cast(Stocktake.id, sa.Text()).label("id"),
            Stocktake.day.label("date"),
            Site.outside_id.label("site"),
            Substance.outside_id.label("substance"),
            Stocktake.counted,
            Substance.unit,
            sa.case((StocktakeApproval.stocktake_id.is_not(None), 1), else_=0).label("approved"),
            StocktakeApproval.explanation,
        )
        .join(Site, Site.id == Stocktake.site_id)
        .join(Substance, Substance.id == Stocktake.substance_id)
        .outerjoin(StocktakeApproval, StocktakeApproval.stocktake_id == Stocktake.id)
        .where(
            visible(
                call.scope,
                enterprise=Stocktake.enterprise_id,
                areas_of=(Site.area_id,),
                substance=Stocktake.substance_id,
            )
        )
    )


def _count(call: Call, data: Values, _: str) -> str:
    not_after_today(call, data, "date")
    site, substance = site_of(call, data["site"]), substance_of(call, data["substance"])
    person = call.subject.person.upper()
    if acts.kept_store(call.session, site.id, person, data["date"]):
        raise Forbidden("盘点人不得是该期间的库管员 / who keeps a store may not count it")
    command = service.Count(
        site_id=site.id,
        enterprise_id=site.enterprise_id,
        substance_id=substance.id,
        day=data["date"],
        recorded_on=call.today,
        counted=amount_of(data, substance.unit, "counted"),
        counted_by=person,
    )
    (number,) = service.count_stock(call.session, [command], call.actor, call.now)
    return str(number)


def _approve_count(call: Call, data: Values, id_: str) -> str:
    service.approve_count(call.session, int(id_), data.get("explanation"), call.actor, call.now)
    return id_


def _open_stock(call: Call, data: Values, _: str) -> str:
    site, substance = site_of(call, data["site"]), substance_of(call, data["substance"])
    opened = areas.city(call.session).opened
    if call.today > opened.period_start:
        raise Refused("登记期已开始,库存须凭业务入账 / the period has begun: stock comes in by movements now")
    if any(row[:2] == (site.id, substance.id) for row in call.session.execute(ledger.openings())):
        raise Refused("期初库存已登记 / the opening stock is recorded already")
    command = service.Opening(
        enterprise=site.enterprise_id,
        site=site.id,
        substance=substance.id,
        quantity=amount_of(data, substance.unit),
        day=opened.period_start,
        recorded_on=call.today,
    )
    service.open_stock(call.session, [command], call.actor, call.now)
    return f"{site.outside_id}.{substance.outside_id}"


class OpeningAnswer(Record):
    """An opening stock; its id is site and substance."""

    id = Text()
    site = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()


def _openings(call: Call) -> sa.Select:
    booked = ledger.openings().order_by(None).subquery()
    return (
        sa.select(
            (Site.outside_id + "." + Substance.outside_id).label("id"),
            Site.outside_id.label("site"),
            Substance.outside_id.label("substance"),
            booked.c.amount.label("quantity"),
            Substance.unit,
        )
        .select_from(booked)
        .join(Site, Site.id == booked.c.site_id)
        .join(Substance, Substance.id == booked.c.substance_id)
        .where(visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,), substance=Substance.id))
    )


def _stock(call: Call, asked: Values) -> Values:
    on, as_of = asked.get("on", call.today), asked.get("as_of", call.today)
    book = ledger.book_stock(on, as_of).subquery()
    query = (
        sa.select(Site.outside_id, Substance.outside_id, Substance.unit, book.c.amount)
        .select_from(book)
        .join(Site, Site.id == book.c.site_id)
        .join(Substance, Substance.id == book.c.substance_id)
        .where(visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,), substance=Substance.id))
        .order_by(Site.outside_id, Substance.outside_id)
    )
    return {
        f"{site}/{substance}": {"quantity": quantity.show(amount, measure), "unit": measure}
        for site, substance, measure, amount in call.session.execute(query)
    }


COLLECTIONS = (
    Collection(
        path="movements",
        summary=Words("出入库记录", "movements"),
        answer=MovementAnswer,
        detail=MovementDetail,
        query=_movements,
        more=_about,
        list=Action.LEDGER_LIST,
        read=Action.LEDGER_READ,
        filters=("enterprise", "site", "substance", "type", "batch"),
        acts=(
            Act(
                action=Action.LEDGER_POST_IN,
                summary=Words("入库", "record what comes in"),
                form=InForm,
                do=_enter,
                at="/in",
            ),
            Act(
                action=Action.LEDGER_POST_OUT,
                summary=Words("出库", "record what goes out"),
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
    Collection(
        path="batches",
        summary=Words("批次", "batches and lots"),
        answer=BatchAnswer,
        query=_batches,
        list=Action.LEDGER_LIST,
        read=Action.LEDGER_READ,
        filters=("enterprise", "substance"),
        acts=(
            Act(
                action=Action.LEDGER_POST_IN,
                summary=Words("登记批次", "record a batch"),
                form=BatchForm,
                do=_add_batch,
            ),
        ),
    ),
    Collection(
        path="stock-openings",
        summary=Words("期初库存", "opening stocks"),
        answer=OpeningAnswer,
        query=_openings,
        list=Action.STOCK_READ,
        read=Action.STOCK_READ,
        filters=("site", "substance"),
        acts=(
            Act(
                action=Action.LEDGER_POST_IN,
                summary=Words("登记期初库存", "record an opening stock"),
                form=OpeningForm,
                do=_open_stock,
            ),
        ),
    ),
    Collection(
        path="stocktakes",
        summary=Words("盘点", "stocktakes"),
        answer=CountAnswer,
        query=_counts,
        list=Action.COUNT_READ,
        read=Action.COUNT_READ,
        filters=("site", "substance"),
        acts=(
            Act(
                action=Action.COUNT_SUBMIT, summary=Words("提交盘点", "record a stocktake"), form=CountForm, do=_count
            ),
            Act(
                action=Action.COUNT_APPROVE,
                summary=Words("批准盘点", "approve a stocktake"),
                form=ExplanationForm,
                do=_approve_count,
                at="/<id>/approval",
            ),
        ),
    ),
)
LISTINGS = (
    Listing(
        path="stock",
        summary=Words("账面结存", "book stock by site and substance"),
        action=Action.STOCK_READ,
        make=_stock,
        parameters={"on": Day(optional=True, note="today when left out"), "as_of": Day(optional=True)},
    ),
)
