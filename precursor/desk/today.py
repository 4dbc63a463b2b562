"""The first page of each role: what must be done today, and how one stands."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, current_app, g, render_template
from werkzeug import Response as AnyResponse

from precursor.api.collection import Call
from precursor.areas import service as areas
from precursor.core import access
from precursor.core.access import Action
from precursor.core.errors import NotFound, Refused
from precursor.desk import documents, firm, names, standing, terms
from precursor.desk.documents import State
from precursor.desk.house import House, call_for
from precursor.desk.terms import DOCUMENTS
from precursor.reconciliation import pages as figures
from precursor.reconciliation.summary import HEADLINE, Waiting
from precursor.reconciliation.wording import OFTEN, who_acts
from precursor.rules.gaps import GAPS
from precursor.rules.law import Words
from precursor.rules.movements import may_be_on_way
from precursor.web.database import db
from precursor.web.i18n import t, words

_SOON: Final = timedelta(30)
_SHOWN: Final = 6
_OWNERS: Final = 12
#: Roles that close gaps themselves, by the first part of the name; the others see to it that somebody does.
_ACTING: Final = ("ent", "ps")


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done: what, how much of it, since or by which day, and where."""

    words: str
    count: int
    address: str
    day: date | None = None
    is_late: bool = False
    sub: str = ""
    is_record: bool = False  # nothing is left to do about it
    is_mine: bool = True  # the reader's role does it; else he sees to it


def _acts(call: Call) -> bool:
    return call.subject.role.value.partition("_")[0] in _ACTING


def _urgency(task: Task) -> tuple[bool, bool, date, int]:
    return task.is_record, not task.is_late, task.day or date.max, -task.count


class Today:
    """The page, over the collections and reports that the API has."""

    def __init__(self, house: House) -> None:
        self.house = house

    def page(self) -> AnyResponse | str:
        """Begin with what must be done today."""
        if g.subject is None:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
        clock = current_app.extensions["settings"].clock
        call = Call(db.session, g.subject, access.Scope(access.Reach.ENT, None, None), clock())
        seen = self._seen(call)
        enterprise = self.house.rows("enterprises")[:1] if call.subject.enterprise_id is not None else []
        own = enterprise[0].id if enterprise else None
        coming = firm.coming(call) if own else None
        tasks = self._tasks(call, seen, own, coming or [])
        late = sum(task.count for task in tasks if task.is_late)
        whole = None  # gaps of the whole area, others' to close as well
        if seen is not None and call.subject.enterprise_id is None and call_for(Action.ALERT_LIST) is not None:
            whole = figures.summary(seen).gap_count
            late = late if _acts(call) else whole
        return render_template(
            "desk/home.html",
            tasks=tasks,
            more=sum(task.count for task in tasks if not (task.is_late or task.is_record)),
            late=late,
            whole=whole,
            today=call.today,
            figures=self._figures(seen),
            allowances=firm.allowances(call, self.house, coming or []),
            coming=coming,
            own=standing.of(call, self.house, own) if own else None,
            rate=firm.rate(call, seen) if seen else None,
            own_id=own,
            name=enterprise[0].name if enterprise else "",
            acts=_acts(call),
            often=OFTEN,
            may_be_on_way=may_be_on_way,
            days=lambda day: (day - call.today).days,
            **({"seen": seen} if seen is not None else {}),
        )

    def _seen(self, call: Call) -> figures.Asked | None:
        """This year as of today, or the year of an imported register; None where there is nothing to count."""
        try:
            opened = areas.city(call.session).opened
        except Refused:
            return None
        period, as_of = str(call.today.year), call.today
        if opened.as_of is not None and opened.period_end.year < call.today.year:
            period, as_of = str(opened.period_start.year), opened.as_of
        action = Action.ALERT_LIST if call_for(Action.ALERT_LIST) else Action.STATS_AREA
        whose = call_for(action)
        try:
            return figures.seen_by(whose.scope, period, as_of) if whose else None
        except NotFound:  # an area outside this city
            return None

    def _figures(self, seen: figures.Asked | None) -> list[Any]:
        if seen is None or call_for(Action.STATS_AREA) is None:
            return []
        return [counted for counted in figures.summary(seen).counted if counted.figure.key in HEADLINE]

    # ---------------------------------------------------------------- what to do

    def _tasks(self, call: Call, seen: figures.Asked | None, own: str | None, coming: list[firm.Sent]) -> list[Task]:
        """What is late first, the oldest of it first; then what falls due next."""
        found = [*self._arrivals(call, coming), *self._approvals(), *self._expiring(call), *self._visits(call, seen)]
        late = self._gaps(call, seen, own)
        if not _acts(call):  # who watches is told whom to press, the longest list first
            return [*late, *sorted(found, key=_urgency)]
        return sorted([*late, *found], key=_urgency)

    def _gaps(self, call: Call, seen: figures.Asked | None, own: str | None) -> list[Task]:
        if seen is None or call_for(Action.ALERT_LIST) is None:
            return []
        if own:
            return self._own_gaps(seen, own)
        found = figures.summary(seen).waiting
        if not _acts(call):
            return self._by_owner(seen, found)
        by_code: dict[str, list[Waiting]] = defaultdict(list)
        for one in found:
            if one.owner.startswith("police:"):  # those of every police of the area
                by_code[one.code].append(one)
        return [
            Task(
                words(GAPS[code].title),
                sum(one.count for one in some),
                seen.address("reconciliation.gaps", code=code),
                min(one.since for one in some),
                is_late=not GAPS[code].is_final,
                sub=words(GAPS[code].action),
                is_record=GAPS[code].is_final,
                is_mine=figures.closes(code),
            )
            for code, some in by_code.items()
        ]

    def _own_gaps(self, seen: figures.Asked, own: str) -> list[Task]:
        """Each by itself: what of, how much, and its page; the oldest that lower a target first."""
        every = figures.gaps_to_close(seen, f"enterprise:{own}")
        found = [gap for gap in every if not GAPS[gap.code].is_final]
        tasks = [
            Task(said, 1, address, gap.since, is_late=True, sub=beneath)
            for gap, said, beneath, address in figures.told(seen, own, found[:_SHOWN])
        ]
        way = seen.address("reconciliation.gaps", owner=f"enterprise:{own}")
        if rest := len(found) - len(tasks):
            tasks.append(Task(t("其余缺口", "Other gaps"), rest, way, is_late=True))
        if late := len(every) - len(found):
            kinds = dict.fromkeys(words(GAPS[gap.code].title) for gap in every if GAPS[gap.code].is_final)
            said = t("迟办，留作记录", "Done late, on record")
            tasks.append(Task(said, late, way, sub=t("、", ", ").join(kinds), is_record=True))
        return tasks

    def _by_owner(self, seen: figures.Asked, found: list[Waiting]) -> list[Task]:
        """For who watches and does not act: whom to press, and about what."""
        by_owner: dict[str, list[Waiting]] = defaultdict(list)
        for one in found:
            by_owner[one.owner].append(one)
        ranked = sorted(by_owner.items(), key=lambda item: (-sum(one.count for one in item[1]), item[0]))[:_OWNERS]
        called = figures.names_of_owners(owner for owner, _ in ranked)
        tasks = []
        for owner, some in ranked:
            kinds = Counter({one.code: one.count for one in some}).most_common(3)
            said = t("、", ", ").join(f"{words(GAPS[code].title)} {count}" for code, count in kinds)
            tasks.append(
                Task(
                    who_acts(owner, called, seen.counties),
                    sum(one.count for one in some),
                    seen.address("reconciliation.gaps", owner=owner),
                    min(one.since for one in some),
                    is_late=True,
                    sub=said + (t("等", ", and more") if len(some) > len(kinds) else ""),
                )
            )
        rest = sum(one.count for one in found) - sum(task.count for task in tasks)
        if rest:
            others = t(f"其余 {len(by_owner) - len(ranked)} 家", f"{len(by_owner) - len(ranked)} others")
            tasks.append(Task(others, rest, seen.address("reconciliation.gaps"), is_late=True))
        return tasks

    def _arrivals(self, call: Call, coming: list[firm.Sent]) -> list[Task]:
        """What was sent to this enterprise and nobody has booked in, for who may."""
        if call_for(Action.LEDGER_POST_IN) is None:
            return []
        return [
            Task(
                t("到货待确认", "Confirm a receipt"),
                1,
                sent.receipt,
                sent.day,
                is_late=not may_be_on_way(sent.day, call.today),
                sub=f"{sent.number} {sent.sender} {sent.goods} {sent.amount}",
            )
            for sent in coming[:_SHOWN]
        ]

    def _approvals(self) -> list[Task]:
        found = []
        for path, member, action, title in (
            ("reversals", "done", Action.LEDGER_APPROVE_REVERSAL, Words("批准冲销", "Approve reversals")),
            ("stocktakes", "approved", Action.COUNT_APPROVE, Words("批准盘点", "Approve stocktakes")),
        ):
            if call_for(action) is None:
                continue
            open_ = self.house.rows(path, lambda c, m=member: c[m] == 0)
            if open_:
                first = f"/{path}/{quote(str(open_[0].id))}" if len(open_) == 1 else f"/{path}?open=1"
                found.append(Task(words(title), len(open_), first, min(row.date for row in open_)))
        return found

    def _expiring(self, call: Call) -> list[Task]:
        if call.subject.enterprise_id is None:
            return []
        found, until = [], call.today + _SOON
        for path in DOCUMENTS:
            soon = self.house.rows(
                path,
                lambda c: documents.in_force(c, call.today),
                lambda c: c.valid_to <= until,
                lambda c: c.owner == call.subject.enterprise_id,
            )
            shown = [self.house.collections[path].show(row) for row in soon]
            called = names.of(call, shown)
            for row in sorted(shown, key=lambda row: row["valid_to"])[:_SHOWN]:
                kind = terms.word("kind", row["kind"]) or Words(row["kind"], row["kind"])
                ends = date.fromisoformat(row["valid_to"])
                goods = called.get(("substances", row["substance"] or ""), "")
                left = (Decimal(row["quantity"]) - Decimal(row["drawn"])) if row["quantity"] else None
                said = t(f"{goods}{kind.zh}将到期", f"{goods}: {kind.en} ends soon".removeprefix(": "))
                beneath = row["id"] + (t("，余 ", ", left ") + f"{left:,f} {row['unit']}" if left is not None else "")
                found.append(Task(said, 1, f"/{path}/{quote(row['id'])}", ends, sub=beneath))
            if len(soon) > _SHOWN:
                way = urlencode({"state": State.IN_FORCE.name, "until": until})
                rest = len(soon) - _SHOWN
                said = t("其余 30 日内到期的证件", "More documents that end within 30 days")
                found.append(Task(said, rest, f"/{path}?{way}"))
        return found

    def _visits(self, call: Call, seen: figures.Asked | None) -> list[Task]:
        if seen is None or call_for(Action.INSPECTION_RECORD) is None:
            return []
        plan = self.house.report("plan", period=seen.period, as_of=seen.view.as_of)
        slots = plan["slots"] if plan else []
        missed = [slot["end"] for slot in slots if slot["state"] == "missed"]
        today, until = str(call.today), str(call.today + _SOON)
        soon = [s["end"] for s in slots if s["state"] == "pending" and s["start"] <= today and s["end"] <= until]
        found = []
        if missed and call_for(Action.ALERT_LIST) is None:  # else it stands among the gaps
            since = date.fromisoformat(min(missed))
            said = t("补做逾期检查", "Make up for missed visits")
            found.append(Task(said, len(missed), "/plan?state=missed", since, is_late=True))
        if soon:
            said = t("30 日内到期的检查", "Visits due within 30 days")
            way = f"/plan?state=pending&until={until}"
            found.append(Task(said, len(soon), way, date.fromisoformat(min(soon))))
        return found


def routes(bp: Blueprint, today: Today) -> None:
    """The address of the page; what it shows is what the reader may see."""

    def view() -> AnyResponse | str:
        return today.page()

    bp.add_url_rule("/", endpoint="home", view_func=access.public(view))
