"""Phones, scans and cases, as programs see them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.accounts.models import User
from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import words
from precursor.areas.models import Area
from precursor.core.access import Action
from precursor.core.members import Day, Moment, Nested, Record, Text, Whole, Word
from precursor.enterprises.scoping import visible
from precursor.roadside import cases, service
from precursor.roadside.models import CaseEnd, Device, DeviceEntry, RoadCase
from precursor.rules.law import Words


class DeviceAnswer(Record):
    """A phone of an officer; ``entries``: how far its log has come here, ``heard_at``: when the last of them came."""

    id = Text()
    name = Text()
    account = Text()
    county = Text()
    enrolled_on = Day()
    entries = Whole(0, 2**31)
    heard_at = Moment(null=True)
    locked_on = Day(null=True)


class LockForm(Record):
    """Nothing but the wish."""


class ScanAnswer(Record):
    """One entry of a phone's log: what was shown on the spot, and what was thought of it on arrival."""

    id = Text()
    at = Moment()
    device = Text()
    person = Text()
    kind = Text()
    document = Text(null=True)
    plate = Text(null=True)
    place = Text(null=True, note="degrees north and east")
    shown = Text(null=True)
    verdict = Text(null=True)
    county = Text()
    received_at = Moment()
    record = Text(null=True)


class CaseAnswer(Record):
    """Something that one scan, or two together, gave away."""

    id = Text()
    kind = Text()
    document = Text(null=True)
    county = Text()
    opened_on = Day()
    due_on = Day()
    outcome = Text(null=True)
    reason = Text(null=True)
    closed_on = Day(null=True)


class CaseDetail(CaseAnswer):
    """A case with its scans."""

    scans = Nested(ScanAnswer, many=True)


class CloseForm(Record):
    """How a case ended."""

    outcome = Word("violation", "explained", "mistake")
    reason = words()


def _devices(call: Call) -> sa.Select:
    return (
        sa.select(
            Device.outside_id.label("id"),
            Device.name,
            User.username.label("account"),
            Area.outside_id.label("county"),
            Device.enrolled_on,
            (Device.next_seq - 1).label("entries"),
            DeviceEntry.recorded_at.label("heard_at"),
            Device.locked_on,
        )
        .join(User, User.id == Device.user_id)
        .join(Area, Area.id == Device.area_id)
        .outerjoin(DeviceEntry, sa.and_(DeviceEntry.device_id == Device.id, DeviceEntry.seq == Device.next_seq - 1))
        .where(visible(call.scope, areas_of=(Device.area_id,)))
    )


def _degrees(millionths: Any) -> sa.ColumnElement[str]:
    return sa.cast(millionths / sa.literal(1e6, sa.Float()), sa.Text())


def _entries() -> sa.Select:
    return (
        sa.select(
            sa.cast(DeviceEntry.id, sa.Text()).label("id"),
            DeviceEntry.at,
            Device.outside_id.label("device"),
            User.person,
            DeviceEntry.kind,
            DeviceEntry.document,
            DeviceEntry.plate,
            (_degrees(DeviceEntry.latitude) + ", " + _degrees(DeviceEntry.longitude)).label("place"),
            DeviceEntry.shown,
            DeviceEntry.verdict,
            Area.outside_id.label("county"),
            DeviceEntry.recorded_at.label("received_at"),
            DeviceEntry.record,
        )
        .join(Device, Device.id == DeviceEntry.device_id)
        .join(User, User.id == Device.user_id)
        .join(Area, Area.id == DeviceEntry.area_id)
    )


def _scans(call: Call) -> sa.Select:
    return _entries().where(visible(call.scope, areas_of=(DeviceEntry.area_id,)))


def _cases(call: Call) -> sa.Select:
    return (
        sa.select(
            RoadCase.outside_id.label("id"),
            RoadCase.kind,
            RoadCase.document,
            Area.outside_id.label("county"),
            RoadCase.opened_on,
            RoadCase.due_on,
            CaseEnd.outcome,
            CaseEnd.reason,
            CaseEnd.day.label("closed_on"),
        )
        .join(Area, Area.id == RoadCase.area_id)
        .outerjoin(CaseEnd, CaseEnd.case_id == RoadCase.id)
        .where(visible(call.scope, areas_of=(RoadCase.area_id,)))
    )


def _of_case(call: Call, row: sa.Row) -> Values:
    """The scans of a case, both of them wherever the second was."""
    case = aliased(RoadCase)
    query = (
        _entries()
        .join(case, sa.or_(case.first_id == DeviceEntry.id, case.second_id == DeviceEntry.id))
        .where(case.outside_id == row.id)
        .order_by(DeviceEntry.at, DeviceEntry.id)
    )
    return {"scans": [dict(found) for found in call.session.execute(query).mappings()]}


def _lock(call: Call, data: Values, id_: str) -> str:
    del data
    service.lock(call.session, id_, call.actor, call.now)
    return id_


def _close(call: Call, data: Values, id_: str) -> str:
    cases.close(call.session, id_, data["outcome"], data["reason"], call.actor, call.now)
    return id_


COLLECTIONS = (
    Collection(
        path="road-cases",
        summary=Words("道路核查案件", "cases from the road"),
        answer=CaseAnswer,
        detail=CaseDetail,
        query=_cases,
        more=_of_case,
        list=Action.ROAD_CASE_LIST,
        read=Action.ROAD_CASE_LIST,
        filters=("kind", "county", "document", "outcome"),
        acts=(
            Act(
                action=Action.ROAD_CASE_CLOSE,
                summary=Words("办结案件", "close the case"),
                form=CloseForm,
                do=_close,
                at="/<id>/end",
            ),
        ),
    ),
    Collection(
        path="road-scans",
        summary=Words("扫码日志", "log of scans"),
        answer=ScanAnswer,
        query=_scans,
        list=Action.ROAD_SCAN_LIST,
        read=Action.ROAD_SCAN_LIST,
        filters=("document", "device", "kind", "shown", "county"),
    ),
    Collection(
        path="devices",
        summary=Words("查验手机", "phones"),
        answer=DeviceAnswer,
        query=_devices,
        list=Action.DEVICE_LIST,
        read=Action.DEVICE_LIST,
        filters=("county",),
        acts=(
            Act(
                action=Action.DEVICE_LOCK,
                summary=Words("锁定手机", "lock the phone"),
                form=LockForm,
                do=_lock,
                at="/<id>/lock",
            ),
        ),
    ),
)
