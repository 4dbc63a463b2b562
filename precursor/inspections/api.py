"""Visits, as programs see them."""

import json

import sqlalchemy as sa

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import name_it, not_after_today, own_id, ref
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty
from precursor.core.members import Day, Each, Nested, Record, Text, Whole, Word, record_of
from precursor.enterprises.lookups import enterprise_of
from precursor.enterprises.models import Party
from precursor.enterprises.scoping import visible
from precursor.inspections import service
from precursor.inspections.models import Inspection
from precursor.inspections.service import RecordInspection
from precursor.rules.inspection_form import FOUND, ITEMS, RESULTS
from precursor.rules.law import Words

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


class InspectionAnswer(Record):
    """A visit. It fills a slot when it was on site, by two officers or more, inside the window."""

    id = Text()
    enterprise = Text()
    date = Day()
    recorded_on = Day()
    mode = Text()
    inspectors = Whole(0, 1000)
    result = Text(null=True)


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
            )
        ],
        call.actor,
        call.now,
    )
    return id_


def _findings(data: Values) -> str | None:
    return None if data.get("findings") is None else json.dumps(data["findings"], ensure_ascii=False)


COLLECTIONS = (
    Collection(
        path="inspections",
        summary=Words("实地检查", "inspections of enterprises"),
        answer=InspectionAnswer,
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
        ),
    ),
)
