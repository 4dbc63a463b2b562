"""Road checks, as programs see them."""

import json

import sqlalchemy as sa

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import FoundItem, not_after_today, ref, words
from precursor.areas.models import Area
from precursor.checkpoints import service
from precursor.checkpoints.models import RoadCheck
from precursor.checkpoints.service import RecordRoadCheck
from precursor.core.access import Action
from precursor.core.members import Day, Each, Nested, Record, Text, Word
from precursor.enterprises.lookups import area_in_scope
from precursor.enterprises.scoping import visible
from precursor.rules.law import Words


class RoadCheckForm(Record):
    """A check of road transport, as an officer enters it."""

    county = ref()
    date = Day()
    place = words(optional=True)
    plate = Text(optional=True, longest=20)
    result = Word("pass", "fault", optional=True)
    officers = Each(Text(longest=40, pattern=r"[A-Za-z0-9-]{1,40}"), optional=True)


class RoadCheckAnswer(Record):
    """A check of road transport in a county."""

    id = Text()
    county = Text()
    date = Day()
    recorded_on = Day()
    place = Text(null=True)
    plate = Text(null=True)
    result = Text(null=True)
    document = Text(null=True)
    verdict = Text(null=True, note="of its code, as the phone showed it")


class RoadCheckDetail(RoadCheckAnswer):
    """A check with all that was written down."""

    differences = Each(Text(), note="from the document, as the phone showed them")
    measured = Text(null=True)
    note = Text(null=True)
    officers = Each(Text(), null=True)
    items = Nested(FoundItem, many=True)


def _query(call: Call) -> sa.Select:
    return (
        sa.select(
            sa.cast(RoadCheck.id, sa.Text()).label("id"),
            Area.outside_id.label("county"),
            RoadCheck.day.label("date"),
            RoadCheck.recorded_on,
            RoadCheck.place,
            RoadCheck.plate,
            RoadCheck.result,
            RoadCheck.document,
            RoadCheck.verdict,
        )
        .join(Area, Area.id == RoadCheck.area_id)
        .where(visible(call.scope, areas_of=(RoadCheck.area_id,)))
    )


def _about(call: Call, row: sa.Row) -> Values:
    found = call.session.get_one(RoadCheck, int(row.id))
    return {
        "differences": json.loads(found.differences or "[]"),
        "measured": found.measured,
        "note": found.note,
        "officers": json.loads(found.officers) if found.officers else None,
        "items": [{"item": item, "found": is_so} for item, is_so in json.loads(found.findings or "{}").items()],
    }


def _record(call: Call, data: Values, _: str) -> str:
    not_after_today(call, data, "date")
    officers = data.get("officers")
    (number,) = service.record(
        call.session,
        [
            RecordRoadCheck(
                area_id=area_in_scope(call, data["county"], "/county").id,
                day=data["date"],
                recorded_on=call.today,
                place=data.get("place"),
                plate=data.get("plate"),
                result=data.get("result"),
                officers=None if officers is None else json.dumps(sorted({code.upper() for code in officers})),
            )
        ],
        call.actor,
        call.now,
    )
    return str(number)


COLLECTIONS = (
    Collection(
        path="road-checks",
        summary=Words("道路运输检查", "checks of road transport"),
        answer=RoadCheckAnswer,
        detail=RoadCheckDetail,
        more=_about,
        query=_query,
        list=Action.ROAD_CHECK_LIST,
        read=Action.ROAD_CHECK_LIST,
        filters=("county", "date", "result"),
        acts=(
            Act(
                action=Action.ROAD_CHECK_RECORD,
                summary=Words("录入道路检查", "record a road check"),
                form=RoadCheckForm,
                do=_record,
            ),
        ),
    ),
)
