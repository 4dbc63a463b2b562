"""Trip slips, as programs see them."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values, no_such
from precursor.api.common import positive, ref, unit
from precursor.areas.models import Area
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Forbidden
from precursor.core.members import Amount, Day, Each, Record, Text, Whole, Word
from precursor.enterprises.models import Party
from precursor.enterprises.scoping import visible
from precursor.permits.models import Permit
from precursor.permits.service import PermitKey
from precursor.rules.law import Words
from precursor.substances.models import Substance
from precursor.tokens import trips
from precursor.tokens.models import Ending, TripEnd, TripSlip
from precursor.tokens.pages import office
from precursor.tokens.trips import LONGEST, OpenTrip


class TripForm(Record):
    """A journey to begin: vehicles, amount, the first day (today when left out) and how many days it takes."""

    document = ref()
    plates = Each(Text(longest=16, pattern=r"[\w·•.-]{2,16}", note="letters and digits"))
    quantity = Amount()
    unit = unit()
    valid_from = Day(optional=True)
    days = Whole(1, LONGEST)


class EndForm(Record):
    """How a journey ended."""

    how = Word(Ending.ARRIVED, Ending.GIVEN_UP)


class TripAnswer(Record):
    """A slip and what became of its journey."""

    id = Text()
    document = Text()
    trip = Whole(1, 65_535)
    holder = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    plates = Text(note="with commas between")
    valid_from = Day()
    valid_to = Day()
    county = Text()
    how = Text(null=True)
    ended_on = Day(null=True)


def _query(call: Call) -> sa.Select:
    holder = aliased(Party)
    return (
        sa.select(
            TripSlip.outside_id.label("id"),
            Permit.outside_id.label("document"),
            TripSlip.trip,
            holder.outside_id.label("holder"),
            Substance.outside_id.label("substance"),
            TripSlip.quantity,
            Substance.unit,
            TripSlip.plates.label("plates"),
            TripSlip.valid_from,
            TripSlip.valid_to,
            Area.outside_id.label("county"),
            TripEnd.how,
            TripEnd.day.label("ended_on"),
        )
        .join(Permit, sa.and_(Permit.enterprise_id == TripSlip.enterprise_id, Permit.id == TripSlip.permit_id))
        .join(holder, holder.id == TripSlip.enterprise_id)
        .join(Substance, Substance.id == Permit.substance_id)
        .join(Area, Area.id == Permit.area_id)
        .outerjoin(TripEnd, TripEnd.trip_id == TripSlip.id)
        .where(
            visible(
                call.scope,
                enterprise=Permit.enterprise_id,
                areas_of=(Permit.area_id,),
                substance=Permit.substance_id,
                parties=(Permit.consignee_id, Permit.carrier_id),
            )
        )
    )


def _open(call: Call, data: Values, _: str) -> str:
    own = call.scope.enterprise_id
    permit = call.session.scalars(
        sa.select(Permit).where(
            Permit.outside_id == data["document"], sa.or_(Permit.enterprise_id == own, Permit.carrier_id == own)
        )
    ).one_or_none()
    if permit is None or permit.substance_id is None:
        raise no_such("/document", data["document"])
    first = data.get("valid_from", call.today)
    if first < call.today:
        raise Faulty([Fault("/valid_from", "早于今天 / lies before today")])
    trip = OpenTrip(
        permit=PermitKey(permit.enterprise_id, permit.id),
        plates=tuple(dict.fromkeys(plate.upper() for plate in data["plates"])),
        quantity=positive(data, call.session.get_one(Substance, permit.substance_id).unit),
        valid_from=first,
        valid_to=first + timedelta(data["days"] - 1),
    )
    return trips.open_trip(call.session, office(), trip, call.actor, call.now).outside_id


def _end(call: Call, data: Values, id_: str) -> str:
    slip = call.session.scalars(sa.select(TripSlip).where(TripSlip.outside_id == id_)).one()
    own = call.scope.enterprise_id
    parties = (slip.enterprise_id, call.session.get_one(Permit, (slip.enterprise_id, slip.permit_id)).carrier_id)
    if own not in parties:
        raise Forbidden("随车单由发货人或承运人结束 / who dispatches or carries ends a trip")
    trips.end_trip(call.session, slip, data["how"], call.actor, call.now)
    return id_


COLLECTIONS = (
    Collection(
        path="trip-slips",
        summary=Words("随车单", "trip slips"),
        answer=TripAnswer,
        query=_query,
        list=Action.TRIP_LIST,
        read=Action.TRIP_LIST,
        filters=("document", "holder", "substance"),
        acts=(
            Act(
                action=Action.TRIP_OPEN,
                summary=Words("开具随车单", "open a trip"),
                form=TripForm,
                do=_open,
            ),
            Act(
                action=Action.TRIP_OPEN,
                summary=Words("结束行程", "end the trip"),
                form=EndForm,
                do=_end,
                at="/<id>/end",
            ),
        ),
    ),
)
