"""How an enterprise stands, in one line: grade, the last visit and the next, what is open."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from precursor.api.collection import Call
from precursor.areas import service as areas
from precursor.core import access
from precursor.core.access import Action
from precursor.core.errors import NotFound, Refused
from precursor.desk.house import House, call_for
from precursor.reconciliation import pages as figures
from precursor.reconciliation.summary import Summary

#: Gaps in the file of an enterprise; the rest stand in the list.
_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """``visit``: the last visit, if there was one; ``due`` and ``missed``: last days of slots of this year.

    ``gaps``: for the table of them, and how many in all; None where nobody has had them counted, since that takes as
    long as for the whole city.
    """

    grade: str | None
    sees_visits: bool
    visit: Any
    due: str | None
    missed: list[str]
    gaps: dict[str, Any] | None


def of(call: Call, house: House, enterprise: str) -> Standing:
    """How the enterprise stands today, as far as the reader may see."""
    collection = house.collections["enterprises"]
    reader = call_for(collection.read)
    record = collection.show_one(reader, enterprise) if reader else {}
    visits = house.rows("inspections", enterprise=enterprise)
    plan = house.report("plan", period=str(call.today.year), as_of=call.today, enterprise=enterprise)
    slots = plan["slots"] if plan else []
    return Standing(
        grade=record.get("grade"),
        sees_visits=call_for(house.collections["inspections"].list) is not None,
        visit=max((row for row in visits if counts(call, row)), key=lambda row: row.date, default=None),
        due=min((slot["end"] for slot in slots if slot["state"] == "pending"), default=None),
        missed=[slot["end"] for slot in slots if slot["state"] == "missed"],
        gaps=_gaps(call, enterprise),
    )


def officers_asked_for(call: Call) -> int | None:
    """How many officers make a visit count; None where there is no city yet."""
    try:
        return areas.city(call.session).parameters.inspection_min_inspectors
    except Refused:
        return None


def counts(call: Call, row: Any) -> bool:
    """Whether a visit fills a slot: on site, by as many officers as the city asks for."""
    least = officers_asked_for(call)
    return least is not None and row.mode == "onsite" and row.inspectors >= least


def counted(period: str, as_of: date) -> tuple[Summary, datetime | None] | None:
    """What is counted of a period, and when, if more was recorded since; None where nobody has had it counted."""
    seen = _watched(period, as_of)
    known = figures.latest_summary(seen) if seen else None
    return (known, figures.older(known)) if known else None


def _gaps(call: Call, enterprise: str) -> dict[str, Any] | None:
    seen = _watched(str(call.today.year), call.today)
    return figures.gaps_about(seen, enterprise, _SHOWN) if seen else None


def _watched(period: str, as_of: date) -> figures.Asked | None:
    """A view of the gaps of others; None for an enterprise, or where there is no register yet."""
    whose = call_for(Action.ALERT_LIST)
    if whose is None or whose.scope.reach is access.Reach.ENT:
        return None
    try:
        return figures.seen_by(whose.scope, period, as_of)
    except (NotFound, Refused):
        return None
