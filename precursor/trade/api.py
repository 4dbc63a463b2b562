"""Imports and exports with their two legs, as programs see them."""

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import name_it, not_after_today, own_id, positive, ref, unit, words
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Refused
from precursor.core.members import Amount, Day, Nested, Record, Text, Word
from precursor.enterprises.lookups import enterprise_of
from precursor.enterprises.models import Party
from precursor.enterprises.scoping import visible
from precursor.rules.law import Words
from precursor.substances.lookups import substance_of
from precursor.substances.models import Substance
from precursor.trade import service
from precursor.trade.models import Shipment, ShipmentLeg
from precursor.trade.service import RecordLeg, RecordShipment

#: A shipment is declared before it is cleared: its goods may leave the store first.
_AHEAD: Final = timedelta(days=366)


class ShipmentForm(Record):
    """A shipment over the border as it is declared; ``customs_date`` may lie ahead."""

    id = own_id()
    direction = Word("import", "export")
    enterprise = ref()
    substance = ref()
    quantity = Amount()
    unit = unit()
    customs_date = Day()
    licence = ref(optional=True)
    customs_no = ref(optional=True)


class LegForm(Record):
    """What is known of one leg (进出口双向核查)."""

    leg = Word("foreign", "domestic")
    state = Word("verified", "pending", "not_required")
    on = Day(optional=True, note="the day of the answer; today when left out")
    reason = words(optional=True)


class LegAnswer(Record):
    """One state of one leg."""

    leg = Text()
    state = Text()
    on = Day(null=True)
    reason = Text(null=True)
    recorded_on = Day(null=True)


class ShipmentAnswer(Record):
    """A shipment."""

    id = Text()
    direction = Text()
    enterprise = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    customs_date = Day()
    licence = Text(null=True)
    customs_no = Text(null=True)
    recorded_on = Day()


class ShipmentDetail(ShipmentAnswer):
    """A shipment and what is known of its legs."""

    legs = Nested(LegAnswer, many=True)


def _query(call: Call) -> sa.Select:
    return (
        sa.select(
            Shipment.outside_id.label("id"),
            Shipment.id.label("number"),
            Shipment.direction,
            Party.outside_id.label("enterprise"),
            Substance.outside_id.label("substance"),
            Shipment.quantity,
            Substance.unit,
            Shipment.customs_day.label("customs_date"),
            Shipment.licence,
            Shipment.customs_number.label("customs_no"),
            Shipment.recorded_on,
        )
        .join(Party, Party.id == Shipment.enterprise_id)
        .join(Substance, Substance.id == Shipment.substance_id)
        .where(visible(call.scope, enterprise=Shipment.enterprise_id, substance=Shipment.substance_id, is_trade=True))
    )


def _legs(call: Call, row: Any) -> Values:
    found = call.session.scalars(
        sa.select(ShipmentLeg).where(ShipmentLeg.shipment_id == row.number).order_by(ShipmentLeg.recorded_at)
    )
    return {
        "legs": [
            {"leg": x.leg, "state": x.state, "on": x.day, "reason": x.reason, "recorded_on": x.recorded_on}
            for x in found
        ]
    }


def _record(call: Call, data: Values, _: str) -> str:
    if data["customs_date"] > call.today + _AHEAD:
        raise Faulty([Fault("/customs_date", "报关日过远 / customs lies more than a year ahead")])
    id_ = name_it(call.session, Shipment, data.get("id"), "H")
    substance = substance_of(call, data["substance"])
    service.record(
        call.session,
        [
            RecordShipment(
                outside_id=id_,
                direction=data["direction"],
                enterprise_id=enterprise_of(call, data["enterprise"], is_trade=True).id,
                substance_id=substance.id,
                quantity=positive(data, substance.unit),
                customs_day=data["customs_date"],
                licence=data.get("licence"),
                customs_number=data.get("customs_no"),
                recorded_on=call.today,
            )
        ],
        call.actor,
        call.now,
    )
    return id_


def _verify(call: Call, data: Values, id_: str) -> str:
    not_after_today(call, data, "on")
    state, leg = data["state"], data["leg"]
    if state == "not_required" and (leg == "domestic" or not data.get("reason")):
        raise Faulty([Fault("/reason", "仅境外核查可免,并须说明理由 / only a foreign leg, and with its reason")])
    shipment = call.session.scalars(sa.select(Shipment).where(Shipment.outside_id == id_)).one()
    if call.session.get(ShipmentLeg, (shipment.id, leg, state)):
        raise Refused("此状态已登记 / this state is recorded already")
    is_answered = state != "pending"
    service.record_legs(
        call.session,
        [
            RecordLeg(
                shipment_id=shipment.id,
                leg=leg,
                state=state,
                day=data.get("on", call.today) if is_answered else None,
                reason=data.get("reason"),
                recorded_on=call.today if is_answered else None,
            )
        ],
        call.actor,
        call.now,
    )
    return id_


COLLECTIONS = (
    Collection(
        path="shipments",
        summary=Words("进出口批次", "imports and exports"),
        answer=ShipmentAnswer,
        detail=ShipmentDetail,
        query=_query,
        more=_legs,
        list=Action.TRADE_LIST,
        read=Action.TRADE_READ,
        filters=("enterprise", "substance", "direction"),
        acts=(
            Act(
                action=Action.TRADE_CLEAR,
                summary=Words("登记通关批次", "record a shipment cleared by customs"),
                form=ShipmentForm,
                do=_record,
            ),
            Act(
                action=Action.TRADE_VERIFY,
                summary=Words("登记核查结果", "record the verification of a leg"),
                form=LegForm,
                do=_verify,
                at="/<id>/legs",
            ),
        ),
    ),
)
