"""Reports, key sites with patrols, equipment events, as programs see them."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import name_it, not_after_today, own_id, ref, words
from precursor.areas.models import Area
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Refused
from precursor.core.members import Day, Nested, Record, Text, Whole, Word
from precursor.enterprises.lookups import area_in_scope, enterprise_of
from precursor.enterprises.models import Party
from precursor.enterprises.scoping import visible
from precursor.rules.law import Words
from precursor.supervision import service
from precursor.supervision.models import AnnualReport, EquipmentEvent, KeySite, Patrol, QuarterlyReport


class AnnualForm(Record):
    """An enterprise's report on a year that has ended."""

    enterprise = ref()
    year = Whole(1990, 9900)


class AnnualAnswer(Record):
    """An annual report; its id is enterprise and year."""

    id = Text()
    enterprise = Text()
    year = Whole(1, 9999)
    submitted_on = Day()
    recorded_on = Day()


class QuarterlyForm(Record):
    """A county's report on a quarter."""

    county = ref()
    year = Whole(1990, 9900)
    quarter = Whole(1, 4)


class QuarterlyAnswer(Record):
    """A quarterly report; its id is county, year and quarter."""

    id = Text()
    county = Text()
    year = Whole(1, 9999)
    quarter = Whole(1, 4)
    submitted_on = Day()
    recorded_on = Day()


class KeySiteForm(Record):
    """A place to be patrolled every month, from the month of ``since`` on."""

    id = own_id()
    county = ref()
    name = words()
    since = Day()


class PatrolForm(Record):
    """A patrol."""

    date = Day()


class PatrolAnswer(Record):
    """A patrol."""

    date = Day()
    recorded_on = Day()


class KeySiteAnswer(Record):
    """A key site."""

    id = Text()
    county = Text()
    name = Text()
    since = Day()


class KeySiteDetail(KeySiteAnswer):
    """A key site and its patrols."""

    patrols = Nested(PatrolAnswer, many=True)


class EquipmentForm(Record):
    """A reaction vessel or the like was leased or transferred; reported by this call."""

    id = own_id()
    enterprise = ref()
    item = words()
    event = Word("lease", "transfer")
    date = Day()


class EquipmentAnswer(Record):
    """A lease or transfer of equipment."""

    id = Text()
    enterprise = Text()
    item = Text()
    event = Text()
    date = Day()
    reported_on = Day()


def _annual(call: Call) -> sa.Select:
    return (
        sa.select(
            (Party.outside_id + "." + sa.cast(AnnualReport.year, sa.Text())).label("id"),
            Party.outside_id.label("enterprise"),
            AnnualReport.year,
            AnnualReport.day.label("submitted_on"),
            AnnualReport.recorded_on,
        )
        .join(Party, Party.id == AnnualReport.enterprise_id)
        .where(visible(call.scope, enterprise=AnnualReport.enterprise_id))
    )


def _hand_in_annual(call: Call, data: Values, _: str) -> str:
    enterprise = enterprise_of(call, data["enterprise"])
    if data["year"] >= call.today.year:
        raise Faulty([Fault("/year", "该年度尚未结束 / that year has not ended")])
    if call.session.get(AnnualReport, (enterprise.id, data["year"])):
        raise Refused("该年度报告已提交 / the report on that year is handed in already")
    command = service.HandInAnnualReport(
        enterprise_id=enterprise.id, year=data["year"], day=call.today, recorded_on=call.today
    )
    service.hand_in_annual(call.session, [command], call.actor, call.now)
    return f"{enterprise.outside_id}.{data['year']}"


def _quarterly(call: Call) -> sa.Select:
    number = (
        Area.outside_id
        + "."
        + sa.cast(QuarterlyReport.year, sa.Text())
        + "-Q"
        + sa.cast(QuarterlyReport.quarter, sa.Text())
    )
    return (
        sa.select(
            number.label("id"),
            Area.outside_id.label("county"),
            QuarterlyReport.year,
            QuarterlyReport.quarter,
            QuarterlyReport.day.label("submitted_on"),
            QuarterlyReport.recorded_on,
        )
        .join(Area, Area.id == QuarterlyReport.area_id)
        .where(visible(call.scope, areas_of=(QuarterlyReport.area_id,)))
    )


def _hand_in_quarterly(call: Call, data: Values, _: str) -> str:
    county, year, quarter = area_in_scope(call, data["county"], "/county"), data["year"], data["quarter"]
    if date(year, quarter * 3 - 2, 1) > call.today:
        raise Faulty([Fault("/quarter", "该季度尚未开始 / that quarter has not begun")])
    if call.session.get(QuarterlyReport, (county.id, year, quarter)):
        raise Refused("该季度已报送 / the report on that quarter is handed in already")
    command = service.HandInQuarterlyReport(
        area_id=county.id, year=year, quarter=quarter, day=call.today, recorded_on=call.today
    )
    service.hand_in_quarterly(call.session, [command], call.actor, call.now)
    return f"{county.outside_id}.{year}-Q{quarter}"


def _key_sites(call: Call) -> sa.Select:
    return (
        sa.select(
            KeySite.outside_id.label("id"),
            KeySite.id.label("number"),
            Area.outside_id.label("county"),
            KeySite.name,
            KeySite.since,
        )
        .join(Area, Area.id == KeySite.area_id)
        .where(visible(call.scope, areas_of=(KeySite.area_id,)))
    )


def _patrols(call: Call, row: Any) -> Values:
    query = sa.select(Patrol).where(Patrol.key_site_id == row.number).order_by(Patrol.day, Patrol.id)
    return {"patrols": [{"date": p.day, "recorded_on": p.recorded_on} for p in call.session.scalars(query)]}


def _add_key_site(call: Call, data: Values, _: str) -> str:
    id_ = name_it(call.session, KeySite, data.get("id"), "K")
    area = area_in_scope(call, data["county"], "/county")
    command = service.AddKeySite(outside_id=id_, area_id=area.id, name=data["name"], since=data["since"])
    service.add_key_sites(call.session, [command], call.actor, call.now)
    return id_


def _patrol(call: Call, data: Values, id_: str) -> str:
    not_after_today(call, data, "date")
    site = call.session.scalars(sa.select(KeySite).where(KeySite.outside_id == id_)).one()
    command = service.RecordPatrol(key_site_id=site.id, day=data["date"], recorded_on=call.today)
    service.patrol(call.session, [command], call.actor, call.now)
    return id_


def _equipment(call: Call) -> sa.Select:
    return (
        sa.select(
            EquipmentEvent.outside_id.label("id"),
            Party.outside_id.label("enterprise"),
            EquipmentEvent.item,
            EquipmentEvent.event,
            EquipmentEvent.day.label("date"),
            EquipmentEvent.reported_on,
        )
        .join(Party, Party.id == EquipmentEvent.enterprise_id)
        .where(visible(call.scope, enterprise=EquipmentEvent.enterprise_id))
    )


def _report_equipment(call: Call, data: Values, _: str) -> str:
    not_after_today(call, data, "date")
    id_ = name_it(call.session, EquipmentEvent, data.get("id"), "Q")
    command = service.RecordEquipmentEvent(
        outside_id=id_,
        enterprise_id=enterprise_of(call, data["enterprise"]).id,
        item=data["item"],
        event=data["event"],
        day=data["date"],
        recorded_on=call.today,
        reported_on=call.today,
        report_recorded_on=call.today,
    )
    service.record_equipment(call.session, [command], call.actor, call.now)
    return id_


COLLECTIONS = (
    Collection(
        path="annual-reports",
        summary=Words("年度报告", "annual reports of enterprises"),
        answer=AnnualAnswer,
        query=_annual,
        list=Action.REPORT_LIST,
        read=Action.REPORT_READ,
        filters=("enterprise",),
        acts=(
            Act(
                action=Action.REPORT_SUBMIT,
                summary=Words("提交年度报告", "hand in an annual report"),
                form=AnnualForm,
                do=_hand_in_annual,
            ),
        ),
    ),
    Collection(
        path="quarterly-reports",
        summary=Words("季度报送", "quarterly reports of counties"),
        answer=QuarterlyAnswer,
        query=_quarterly,
        list=Action.KEY_SITE_LIST,
        read=Action.KEY_SITE_LIST,
        filters=("county",),
        acts=(
            Act(
                action=Action.REPORT_QUARTERLY,
                summary=Words("报送季度情况", "hand in a quarterly report"),
                form=QuarterlyForm,
                do=_hand_in_quarterly,
            ),
        ),
    ),
    Collection(
        path="key-sites",
        summary=Words("重点部位", "key sites and their patrols"),
        answer=KeySiteAnswer,
        detail=KeySiteDetail,
        query=_key_sites,
        more=_patrols,
        list=Action.KEY_SITE_LIST,
        read=Action.KEY_SITE_LIST,
        filters=("county",),
        acts=(
            Act(
                action=Action.KEY_SITE_ADD,
                summary=Words("登记重点部位", "add a key site"),
                form=KeySiteForm,
                do=_add_key_site,
            ),
            Act(
                action=Action.KEY_SITE_PATROL,
                summary=Words("录入巡查", "record a patrol"),
                form=PatrolForm,
                do=_patrol,
                at="/<id>/patrols",
            ),
        ),
    ),
    Collection(
        path="equipment-events",
        summary=Words("设备出租、转让", "leases and transfers of equipment"),
        answer=EquipmentAnswer,
        query=_equipment,
        list=Action.EQUIPMENT_LIST,
        read=Action.EQUIPMENT_READ,
        filters=("enterprise",),
        acts=(
            Act(
                action=Action.EQUIPMENT_TRANSFER,
                summary=Words("报告设备出租、转让", "report a lease or transfer"),
                form=EquipmentForm,
                do=_report_equipment,
            ),
        ),
    ),
)
