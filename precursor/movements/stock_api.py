"""Batches, stock, opening stocks and stocktakes, as programs see them."""

from typing import Any

import sqlalchemy as sa

from precursor import ledger
from precursor.api import Act, Call, Collection, Listing
from precursor.api.collection import Values, no_such
from precursor.api.common import (
    amount_of,
    not_after_today,
    positive,
)
from precursor.areas import service as areas
from precursor.core import quantity
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Forbidden, Refused
from precursor.core.members import Day, Text
from precursor.enterprises.lookups import party_of, site_of
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible
from precursor.movements import acts, labels, service
from precursor.movements.models import (
    Batch,
    Label,
    Stocktake,
    StocktakeApproval,
)
from precursor.movements.schemas import (
    BatchAnswer,
    BatchForm,
    CountAnswer,
    CountDetail,
    CountForm,
    ExplanationForm,
    LabelAnswer,
    LabelDetail,
    LabelForm,
    OpeningAnswer,
    OpeningForm,
)
from precursor.rules.law import Words
from precursor.substances.lookups import substance_of
from precursor.substances.models import Substance


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


def _counts(call: Call) -> sa.Select:
    return (
        sa.select(
            sa.cast(Stocktake.id, sa.Text()).label("id"),
            Stocktake.id.label("nth"),  # in the order of recording, which texts of numbers are not in
            Stocktake.site_id,
            Stocktake.substance_id,
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


def _compared(call: Call, row: Any) -> Values:
    """The book of that day as it is known now, and by how much the count differs from it."""
    booked = call.session.scalar(sa.select(ledger.posted_to(row.site_id, row.substance_id, row.date, call.today)))
    return {"book": booked, "difference": quantity.show(row.counted - booked, row.unit)}


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
    row = call.session.execute(_counts(call).where(Stocktake.id == int(id_))).one()
    if _compared(call, row)["difference"] != "0" and not data.get("explanation"):
        said = "账实不符，须说明原因 / the count differs from the book: say why"
        raise Faulty([Fault("/explanation", said)])
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
    if "enterprise" in asked:
        owner = sa.select(Party.id).where(Party.outside_id == asked["enterprise"], Party.is_external == sa.false())
        query = query.where(Site.enterprise_id.in_(owner))
    return {
        f"{site}/{substance}": {"quantity": quantity.show(amount, measure), "unit": measure}
        for site, substance, measure, amount in call.session.execute(query)
    }


def _labels(call: Call) -> sa.Select:
    return (
        sa.select(
            Label.outside_id.label("id"),
            Party.outside_id.label("enterprise"),
            Site.outside_id.label("site"),
            Substance.outside_id.label("substance"),
            Label.batch,
            Label.count,
            Label.quantity,
            Substance.unit,
            Label.day.label("date"),
        )
        .join(Party, Party.id == Label.enterprise_id)
        .join(Site, Site.id == Label.site_id)
        .join(Substance, Substance.id == Label.substance_id)
        .where(
            visible(
                call.scope,
                enterprise=Label.enterprise_id,
                areas_of=(Site.area_id,),
                substance=Label.substance_id,
            )
        )
    )


def _of_label(call: Call, row: Any) -> Values:
    """Where its batch is by the books, and how it came there."""
    label = call.session.scalars(sa.select(Label).where(Label.outside_id == row.id)).one()
    there = labels.whereabouts(call.session, [label], call.today)[label.id]
    called = labels.sites_of(call.session, [there])
    return {
        "document": there.document or None,
        "places": [
            {"place": called[site], "quantity": amount, "unit": row.unit}
            for site, amount in there.places.items()
            if amount > 0
        ],
        "moves": [
            {
                "date": day,
                "type": kind.value,
                "quantity": amount,
                "unit": row.unit,
                "other": whom or None,
            }
            for day, kind, amount, whom in there.moves
        ],
    }


def _label(call: Call, data: Values, _: str) -> str:
    site, substance = site_of(call, data["site"]), substance_of(call, data["substance"])
    if call.session.get(Batch, (site.enterprise_id, substance.id, data["batch"])) is None:
        raise no_such("/batch", data["batch"])
    command = labels.AddLabels(
        site=site.id,
        enterprise=site.enterprise_id,
        substance=substance.id,
        batch=data["batch"],
        count=data["count"],
        quantity=positive(data, substance.unit),
        day=call.today,
    )
    return labels.add(call.session, command, call.actor, call.now)


COLLECTIONS = (
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
        path="labels",
        summary=Words("容器标签", "labels of containers"),
        answer=LabelAnswer,
        detail=LabelDetail,
        query=_labels,
        more=_of_label,
        list=Action.LEDGER_LIST,
        read=Action.LEDGER_READ,
        filters=("enterprise", "site", "substance", "batch"),
        acts=(
            Act(
                action=Action.LEDGER_POST_IN,
                summary=Words("印标签", "print labels"),
                form=LabelForm,
                do=_label,
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
        detail=CountDetail,
        query=_counts,
        more=_compared,
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
        parameters={
            "on": Day(optional=True, note="today when left out"),
            "as_of": Day(optional=True),
            "enterprise": Text(optional=True, longest=64),
        },
    ),
)
