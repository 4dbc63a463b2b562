"""How an enterprise stands, in one line: grade, the last visit and the next, what is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from precursor.api.collection import Call
from precursor.areas import service as areas
from precursor.core import access
from precursor.core.access import Action
from precursor.core.errors import NotFound, Refused
from precursor.desk.house import House, call_for
from precursor.reconciliation import pages as figures


@dataclass(frozen=True, slots=True)
class Standing:
    """``visit``: the last visit, if there was one; ``due`` and ``missed``: last days of slots of this year.

    ``gaps`` is None where nobody has had them counted lately: to count them takes as long as for the whole city.
    """

    grade: str | None
    sees_visits: bool
    visit: Any
    due: str | None
    missed: list[str]
    gaps: int | None


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
        gaps=None if (known := gap_counts(str(call.today.year), call.today)) is None else known.get(enterprise, 0),
    )


def counts(call: Call, row: Any) -> bool:
    """Whether a visit fills a slot: on site, by as many officers as the city asks for."""
    try:
        least = areas.city(call.session).parameters.inspection_min_inspectors
    except Refused:
        return False
    return bool(row.mode == "onsite" and row.inspectors >= least)


def gap_counts(period: str, as_of: date) -> Mapping[str, int] | None:
    """How many gaps of a period concern each enterprise, where somebody has had them counted lately."""
    whose = call_for(Action.ALERT_LIST)
    if whose is None or whose.scope.reach is access.Reach.ENT:
        return None
    try:
        known = figures.known_summary(figures.seen_by(whose.scope, period, as_of))
    except (NotFound, Refused):
        return None
    return known.by_party if known else None
