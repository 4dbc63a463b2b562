"""Losses and thefts, as programs see them."""

import sqlalchemy as sa

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import name_it, own_id, positive, ref, unit, words
from precursor.core.access import Action
from precursor.core.clock import legal_day
from precursor.core.errors import Fault, Faulty
from precursor.core.members import Amount, Day, Moment, Record, Text
from precursor.enterprises.lookups import site_of
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible
from precursor.incidents import service
from precursor.incidents.models import Incident
from precursor.incidents.service import RecordIncident
from precursor.rules.law import Words
from precursor.substances.lookups import substance_of
from precursor.substances.models import Substance


class IncidentForm(Record):
    """A loss as the enterprise reports it; the instant of the report is that of the call."""

    id = own_id()
    site = ref()
    substance = ref()
    quantity = Amount()
    unit = unit()
    kind = words(note="loss, theft, robbery …")
    discovered_at = Moment()
    reported_at = Moment(optional=True, note="when it was first told to the police, if before this")


class IncidentAnswer(Record):
    """A loss."""

    id = Text()
    enterprise = Text()
    site = Text()
    substance = Text()
    quantity = Amount()
    unit = Text()
    kind = Text()
    discovered_at = Moment()
    reported_at = Moment()
    recorded_on = Day()


def _query(call: Call) -> sa.Select:
    return (
        sa.select(
            Incident.outside_id.label("id"),
            Party.outside_id.label("enterprise"),
            Site.outside_id.label("site"),
            Substance.outside_id.label("substance"),
            Incident.quantity,
            Substance.unit,
            Incident.kind,
            Incident.discovered_at,
            Incident.reported_at,
            Incident.recorded_on,
        )
        .join(Party, Party.id == Incident.enterprise_id)
        .join(Site, Site.id == Incident.site_id)
        .join(Substance, Substance.id == Incident.substance_id)
        .where(
            visible(
                call.scope,
                enterprise=Incident.enterprise_id,
                areas_of=(Site.area_id,),
                substance=Incident.substance_id,
            )
        )
    )


def _record(call: Call, data: Values, _: str) -> str:
    reported = data.get("reported_at", call.now)
    faults = [
        Fault(f"/{name}", "晚于现在,或报告早于发现 / lies after now, or the report before the discovery")
        for name, at in (("discovered_at", data["discovered_at"]), ("reported_at", reported))
        if at > call.now or at < data["discovered_at"]
    ]
    if faults:
        raise Faulty(faults)
    id_ = name_it(call.session, Incident, data.get("id"), "L")
    substance, site = substance_of(call, data["substance"]), site_of(call, data["site"])
    service.record(
        call.session,
        [
            RecordIncident(
                outside_id=id_,
                enterprise_id=site.enterprise_id,
                site_id=site.id,
                substance_id=substance.id,
                quantity=positive(data, substance.unit),
                kind=data["kind"],
                day=legal_day(data["discovered_at"]),
                discovered_at=data["discovered_at"],
                reported_at=reported,
                discovered_text=data["discovered_at"].isoformat(),
                reported_text=reported.isoformat(),
                recorded_on=call.today,
            )
        ],
        call.actor,
        call.now,
    )
    return id_


COLLECTIONS = (
    Collection(
        path="incidents",
        summary=Words("流失事件", "losses, thefts and robberies"),
        answer=IncidentAnswer,
        query=_query,
        list=Action.LOSS_LIST,
        read=Action.LOSS_READ,
        filters=("enterprise", "site", "substance"),
        acts=(
            Act(
                action=Action.LOSS_SUBMIT,
                summary=Words("报告流失", "report a loss"),
                form=IncidentForm,
                do=_record,
            ),
        ),
    ),
)
