"""Visits, as programs see them."""

import json

import sqlalchemy as sa

from precursor import ledger
from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import FoundItem, amount_of, name_it, not_after_today, own_id, ref, unit, words
from precursor.core import quantity
from precursor.core.access import Action, Reach, Scope, scope
from precursor.core.errors import Fault, Faulty, Forbidden
from precursor.core.members import Amount, Day, Each, Nested, Record, Text, Whole, Word, record_of
from precursor.enterprises.lookups import enterprise_of, site_of
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible
from precursor.inspections import service
from precursor.inspections.models import Inspection, InspectionCount
from precursor.inspections.service import Counted, RecordInspection
from precursor.movements.models import Stocktake
from precursor.rules.inspection_form import FOUND, ITEMS, RESULTS
from precursor.rules.law import Words
from precursor.substances.lookups import substance_of
from precursor.substances.models import Substance

Findings = record_of(
    "Findings",
    "What was found for each item of the form; items left out were not looked at.",
    {item: Word(*FOUND, optional=True, note=said.en) for item, said in ITEMS.items()},
)


class InspectionForm(Record):
    """A visit as an officer enters it; ``officers`` are the codes of all who were there, himself included."""

    id = own_id()
    enterprise = ref()
    date = Day()
    mode = Word("onsite", "remote")
    officers = Each(Text(longest=40, pattern=r"[A-Za-z0-9-]{1,40}"))
    result = Word(*RESULTS, optional=True)
    findings = Nested(Findings, optional=True)
    note = words(optional=True)


class InspectionAnswer(Record):
    """A visit. It fills a slot when it was on site, by two officers or more, inside the window."""

    id = Text()
    enterprise = Text()
    date = Day()
    recorded_on = Day()
    mode = Text()
    inspectors = Whole(0, 1000)
    result = Text(null=True)


class CountedAnswer(Record):
    """What was counted beside the book of that day as it is known now; ``difference``: counted less booked."""

    site = Text()
    substance = Text()
    counted = Amount()
    book = Amount()
    difference = Text()
    unit = Text()


class InspectionDetail(InspectionAnswer):
    """A visit with all that was written down.

    ``counts`` for those who may read stocktakes; ``note`` for offices: it is meant for colleagues, not for the
    enterprise.
    """

    officers = Each(Text(), null=True)
    note = Text(null=True)
    items = Nested(FoundItem, many=True)
    counts = Nested(CountedAnswer, many=True)


class VisitCountForm(Record):
    """What lies in a store of the enterprise at the end of the day of the visit, as its officers counted it."""

    site = ref()
    substance = ref()
    counted = Amount()
    unit = unit()


def _query(call: Call) -> sa.Select:
    return (
        sa.select(
            Inspection.outside_id.label("id"),
            Party.outside_id.label("enterprise"),
            Inspection.day.label("date"),
            Inspection.recorded_on,
            Inspection.mode,
            Inspection.inspectors,
            Inspection.result,
        )
        .join(Party, Party.id == Inspection.enterprise_id)
        .where(visible(call.scope, enterprise=Inspection.enterprise_id))
    )


def _detail(call: Call, row: sa.Row) -> Values:
    found = call.session.scalars(sa.select(Inspection).where(Inspection.outside_id == row.id)).one()
    try:
        counts = _counts(call, scope(call.subject, Action.COUNT_READ), found)
    except Forbidden:
        counts = []
    return {
        "officers": json.loads(found.officers) if found.officers else None,
        "note": None if call.scope.reach is Reach.ENT else found.note,
        "items": [{"item": item, "found": is_so} for item, is_so in json.loads(found.findings or "{}").items()],
        "counts": counts,
    }


def _counts(call: Call, seen: Scope, visit: Inspection) -> list[Values]:
    query = (
        sa.select(
            Site.outside_id.label("site"),
            Substance.outside_id.label("substance"),
            Stocktake.counted,
            ledger.posted_to(Stocktake.site_id, Stocktake.substance_id, Stocktake.day, call.today).label("book"),
            Substance.unit,
        )
        .select_from(InspectionCount)
        .join(Stocktake, Stocktake.id == InspectionCount.stocktake_id)
        .join(Site, Site.id == Stocktake.site_id)
        .join(Substance, Substance.id == Stocktake.substance_id)
        .where(
            InspectionCount.inspection_id == visit.id,
            visible(seen, enterprise=Stocktake.enterprise_id, substance=Stocktake.substance_id),
        )
        .order_by(Stocktake.id)
    )
    return [
        {**row, "difference": quantity.show(row["counted"] - row["book"], row["unit"])}
        for row in call.session.execute(query).mappings()
    ]


def _record(call: Call, data: Values, _: str) -> str:
    not_after_today(call, data, "date")
    officers = sorted({code.upper() for code in data["officers"]})
    if call.subject.person.upper() not in officers:
        raise Faulty([Fault("/officers", "须含录入人本人 / the officer who enters it must be one of them")])
    id_ = name_it(call.session, Inspection, data.get("id"), "V")
    service.record(
        call.session,
        [
            RecordInspection(
                outside_id=id_,
                enterprise_id=enterprise_of(call, data["enterprise"]).id,
                day=data["date"],
                recorded_on=call.today,
                mode=data["mode"],
                inspectors=len(officers),
                officers=json.dumps(officers),
                result=data.get("result"),
                findings=_findings(data),
                note=data.get("note"),
            )
        ],
        call.actor,
        call.now,
    )
    return id_


def _count(call: Call, data: Values, id_: str) -> str:
    visit = call.session.scalars(sa.select(Inspection).where(Inspection.outside_id == id_)).one()
    if call.subject.person.upper() not in json.loads(visit.officers or "[]"):
        raise Forbidden("只有到场的检查人员可以登记盘点 / only an officer who was there may say what was counted")
    goods = substance_of(call, data["substance"])
    found = Counted(site=site_of(call, data["site"]), substance=goods, amount=amount_of(data, goods.unit, "counted"))
    service.count(call.session, visit, [found], call.actor, call.now)
    return id_


def _findings(data: Values) -> str | None:
    return None if data.get("findings") is None else json.dumps(data["findings"], ensure_ascii=False)


COLLECTIONS = (
    Collection(
        path="inspections",
        summary=Words("实地检查", "inspections of enterprises"),
        answer=InspectionAnswer,
        detail=InspectionDetail,
        more=_detail,
        query=_query,
        list=Action.INSPECTION_LIST,
        read=Action.INSPECTION_READ,
        filters=("enterprise", "mode", "date"),
        acts=(
            Act(
                action=Action.INSPECTION_RECORD,
                summary=Words("录入检查", "record an inspection"),
                form=InspectionForm,
                do=_record,
            ),
            Act(
                action=Action.INSPECTION_RECORD,
                summary=Words("登记盘点", "say what was counted"),
                form=VisitCountForm,
                do=_count,
                at="/<id>/counts",
            ),
        ),
    ),
)
