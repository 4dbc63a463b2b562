"""The plan of inspection: a month at a glance, how far each grade and county is covered, and which visits are due."""

from calendar import Calendar
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Response, render_template, request

from precursor.api.collection import Call, Values
from precursor.api.views import call_of
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core.access import Action
from precursor.core.clock import Period
from precursor.core.members import day_at
from precursor.desk import looking, standing, terms
from precursor.desk.house import House, call_for
from precursor.enterprises.models import Party
from precursor.reconciliation.wording import OFTEN
from precursor.rules.law import Words
from precursor.web import paging
from precursor.web.i18n import words
from precursor.web.sheets import answer

#: The order of a list of slots: what is late first.
_STATES: Final = {"missed": 0, "pending": 1, "filled": 2}
_COLUMNS: Final = (
    "企业 enterprise",
    "名称 name",
    "县区 county",
    "等级 grade",
    "起 from",
    "止 until",
    "状态 state",
    "检查 visit",
)
#: States that are none of a slot: not done, and any.
OPEN: Final = "open"
ALL: Final = "all"
#: By the visits of so many days is reckoned when all would be done.
_PACE: Final = 28
_BACK, _WEEKS = 2, 7  # weeks before this one, and in all, around today
_SHOWN: Final = 6  # of what is late, beside the month


@dataclass(slots=True)
class Day:
    """One day of the month: visits made, and windows that end on it, each by grade."""

    day: date
    made: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Covered:
    """How many of what was asked for is done, of a grade, a county or the roads."""

    name: str
    often: Words | None
    address: str
    done: int = 0
    asked: int = 0
    late: int = 0
    ready: date | None = None  # when the rest is done if it goes on as it went lately
    is_still: bool = False  # something is left, and lately nothing was done


class Planner:
    """The page, over the plan, the visits and the road checks that the reader may see."""

    def __init__(self, house: House) -> None:
        self.house = house

    def page(self) -> str | Response:
        """Which visits are late, which fall due and when, and how far each grade and county is covered."""
        call = call_of()
        as_of = looking.day("as_of", call.today)
        period = request.args.get("period") or str(as_of.year)
        slots = self.house.listings["plan"].make(call, {"period": period, "as_of": as_of})["slots"]
        firms = _firms(call, {slot["enterprise"] for slot in slots})
        shown = _narrowed(slots, firms)
        if request.path.endswith(".xlsx"):
            return answer("plan", "检查计划", _COLUMNS, [_line(slot, firms) for slot in shown])
        page = paging.of(len(shown))
        month, known = _month(as_of, period), standing.counted(period, as_of)
        late = sorted((slot for slot in slots if slot["state"] == "missed"), key=lambda slot: slot["end"])[:_SHOWN]
        return render_template(
            "desk/plan.html",
            slots=shown[page.part],
            page=page,
            counts=Counter(slot["state"] for slot in slots),
            late=late,
            grades=self._paced(call, slots, as_of),
            gaps=known[0].by_party if known else None,
            counted_at=known[1] if known else None,
            usual=OPEN,
            every=ALL,
            roads=self._roads(as_of),
            road_gaps=sum(one.count for one in known[0].waiting if one.code == "ROAD_CHECK_MISSED") if known else 0,
            counties=_covered(slots, lambda slot: firms[slot["enterprise"]].county, "county", firms.values()),
            weeks=self._weeks(call, slots, _days(as_of, month)),
            is_rolling=not request.args.get("month") and month == as_of.replace(day=1),
            month=month,
            turned=[_turned(month, by) for by in (-1, 1)],
            firms=firms,
            visited=self._visited(call, {slot["enterprise"] for slot in (*shown[page.part], *late)}),
            often=OFTEN,
            sheet=f"/plan.xlsx?{urlencode(paging.kept())}",
            period=period,
            period_end=Period.parse(period).end,
            periods=_periods(as_of, period),
            as_of=as_of,
            asked=request.args,
            left=lambda slot: (date.fromisoformat(slot["end"]) - as_of).days,
            may_record=call_for(Action.INSPECTION_RECORD) is not None,
        )

    def _weeks(self, call: Call, slots: Sequence[Values], days: Sequence[Sequence[date]]) -> list[list[Day]]:
        """Weeks, Monday first: visits made on each day, and windows whose last day it is."""
        weeks = [[Day(day) for day in week] for week in days]
        by_day = {each.day: each for week in weeks for each in week}
        grade = {slot["enterprise"]: slot["grade"] for slot in slots}
        for slot in slots:
            if slot["state"] != "filled" and (each := by_day.get(date.fromisoformat(slot["end"]))):
                (each.missed if slot["state"] == "missed" else each.due)[slot["grade"]] += 1
        if (visits := self._visits()) is not None:
            query = sa.select(visits.c.enterprise, visits.c.date).where(
                visits.c.date.between(min(by_day), max(by_day))
            )
            for enterprise, day in call.session.execute(query):
                by_day[day].made[grade.get(enterprise, "")] += 1
        return weeks

    def _paced(self, call: Call, slots: Sequence[Values], as_of: date) -> list[Covered]:
        """How far each grade is covered, and when the rest would be done."""
        found = _covered(slots, lambda slot: slot["grade"], "grade")
        if (visits := self._visits()) is None:
            return found
        grade = {slot["enterprise"]: slot["grade"] for slot in slots}
        query = sa.select(visits.c.enterprise).where(visits.c.date.between(as_of - timedelta(_PACE - 1), as_of))
        lately = Counter(grade.get(enterprise) for enterprise in call.session.scalars(query))
        open_ = Counter(slot["grade"] for slot in slots if slot["state"] == "pending")
        for one in found:
            rest, made = open_[one.name], lately[one.name]
            one.is_still = bool(rest) and not made
            if rest and made:
                one.ready = as_of + timedelta(-(-rest * _PACE // made))
        return found

    def _visits(self) -> sa.Subquery | None:
        """The visits that count, of those that the reader may list: on site, by enough officers."""
        collection = self.house.collections["inspections"]
        call = call_for(collection.list)
        if call is None or (least := standing.officers_asked_for(call)) is None:
            return None
        query = collection.query(call)
        columns = query.selected_columns
        return query.where(columns.mode == "onsite", columns.inspectors >= least).subquery()

    def _visited(self, call: Call, enterprises: set[str]) -> dict[str, date]:
        """The day of the last visit to each."""
        if (visits := self._visits()) is None:
            return {}
        query = sa.select(visits.c.enterprise, sa.func.max(visits.c.date, type_=visits.c.date.type)).where(
            visits.c.enterprise.in_(sorted(enterprises))
        )
        rows = call.session.execute(query.group_by(visits.c.enterprise))
        return {enterprise: day for enterprise, day in rows}  # noqa: C416 - rows are no pairs

    def _roads(self, as_of: date) -> Covered | None:
        """Counties whose roads were checked in the quarter of the day, of those that the reader may see."""
        collection = self.house.collections["road-checks"]
        call = call_for(collection.list)
        if call is None:
            return None
        mine = sa.select(Area.outside_id).where(Area.level == "county", Area.parent_id.is_not(None))
        if call.scope.area_id is not None:
            mine = mine.where(Area.id.in_(areas.subtree(call.scope.area_id)))
        counties = set(call.session.scalars(mine))
        if not counties:
            return None
        checks = collection.query(call).subquery()
        start = date(as_of.year, (as_of.month - 1) // 3 * 3 + 1, 1)
        query = sa.select(checks.c.county).where(checks.c.date.between(start, as_of)).distinct()
        checked = counties & set(call.session.scalars(query))
        return Covered("", OFTEN["road"], "/road-checks", len(checked), len(counties))


@dataclass(frozen=True, slots=True)
class Firm:
    """An enterprise of the plan: what it is called, its county by number and by name."""

    name: str
    county: str
    county_name: str


def _firms(call: Call, ids: set[str]) -> dict[str, Firm]:
    query = (
        sa.select(Party.outside_id, Party.name, Area.outside_id.label("county"), Area.name.label("county_name"))
        .join(Area, Area.id == Party.area_id)
        .where(Party.outside_id.in_(sorted(ids)))
    )
    return {
        row.outside_id: Firm(row.name, row.county, row.county_name or row.county)
        for row in call.session.execute(query)
    }


def _narrowed(slots: Sequence[Values], firms: Mapping[str, Firm]) -> list[Values]:
    """The slots that the address asks for: by state, grade, county, last day; what is late first.

    Without a state those that are not done.
    """
    grade, county, due = (request.args.get(name, "") for name in ("grade", "county", "due"))
    state = request.args.get("state", OPEN)
    until = str(looking.day("until", date.max))
    found = [
        slot
        for slot in slots
        if (slot["state"] != "filled" if state == OPEN else state in ("", ALL, slot["state"]))
        and (not grade or slot["grade"] == grade)
        and (not county or firms[slot["enterprise"]].county == county)
        and slot["end"].startswith(due)
        and slot["end"] <= until
    ]
    return sorted(found, key=lambda slot: (_STATES[slot["state"]], slot["end"], slot["enterprise"]))


def _covered(slots: Sequence[Values], of: Any, name: str, firms: Any = ()) -> list[Covered]:
    called = {firm.county: firm.county_name for firm in firms}
    found: dict[str, Covered] = defaultdict(lambda: Covered("", None, ""))
    for slot in slots:
        one = found[of(slot)]
        one.asked += 1
        one.done += slot["state"] == "filled"
        one.late += slot["state"] == "missed"
    kept = {k: v for k, v in paging.kept().items() if k in ("period", "as_of")}
    for key, one in found.items():
        one.name, one.often = called.get(key, key), OFTEN.get(key)
        one.address = f"/plan?{urlencode(kept | {name: key})}#list"
    return [found[key] for key in sorted(found)]


def _month(as_of: date, period: str) -> date:
    """The first day of the month shown: the one asked for, else the month of the day, else the last of the period."""
    if text := request.args.get("month", ""):
        return day_at("/month", f"{text[:7]}-01")
    asked = Period.parse(period)
    return (as_of if as_of in asked else asked.end).replace(day=1)


def _days(as_of: date, month: date) -> list[list[date]]:
    """The weeks of a month; where none is asked for those around today, so that what falls due next is in sight."""
    if request.args.get("month") or month != as_of.replace(day=1):
        return Calendar().monthdatescalendar(month.year, month.month)
    monday = as_of - timedelta(as_of.weekday() + 7 * _BACK)
    return [[monday + timedelta(7 * week + day) for day in range(7)] for week in range(_WEEKS)]


def _turned(month: date, by: int) -> str:
    """The address of the month before or after."""
    near = month - timedelta(1) if by < 0 else month + timedelta(31)
    return f"/plan?{urlencode(paging.kept() | {'month': near.isoformat()[:7]})}"


def _periods(as_of: date, period: str) -> list[tuple[str, str]]:
    """Periods to choose from: this year, its quarters, last year."""
    year = as_of.year
    found = [(str(year), str(year))]
    found += [(f"{year}-Q{n}", words(Words(f"{year} 年第 {n} 季度", f"{year}, quarter {n}"))) for n in range(1, 5)]
    found.append((str(year - 1), str(year - 1)))
    return found if period in dict(found) else [(period, period), *found]


def _line(slot: Values, firms: Mapping[str, Firm]) -> list[str]:
    grade, state = terms.word("grade", slot["grade"]), terms.word("slot", slot["state"])
    firm = firms[slot["enterprise"]]
    said = (grade.zh if grade else slot["grade"], slot["start"], slot["end"], state.zh if state else slot["state"])
    return [slot["enterprise"], firm.name, firm.county_name, *said, slot["inspection"] or ""]
