"""Pages that are no list of records: what to do today, stock, the ledger of a store, the plan, search.

Each asks the same reports and collections as the API, in the reader's own scope.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, redirect, render_template, request
from marshmallow import ValidationError
from werkzeug import Response as AnyResponse

from precursor.api.collection import Call, Values
from precursor.api.views import call_of
from precursor.areas import service as areas
from precursor.core import access, quantity
from precursor.core.access import Action
from precursor.core.clock import FIRST_YEAR
from precursor.core.errors import Fault, Faulty, NotFound, Refused
from precursor.core.members import read_day
from precursor.desk import documents, looking, names, sheets, terms
from precursor.desk.house import House, call_for
from precursor.desk.terms import DOCUMENTS
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Movement
from precursor.movements.service import stands
from precursor.permits.models import Permit
from precursor.rules.gaps import GAPS
from precursor.rules.law import Words
from precursor.substances.models import Substance
from precursor.web import marks, paging
from precursor.web.database import db
from precursor.web.i18n import words

_SOON: Final = timedelta(30)
_SHOWN: Final = 6
_MOST_LINES: Final = 2000  # of a ledger on one page
_SEARCHED: Final = (
    "enterprises",
    *DOCUMENTS,
    "movements",
    "batches",
    "road-checks",
    "shipments",
    "sites",
    "substances",
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done: how urgent, what, how much of it, and where."""

    words: Words
    count: int
    address: str
    is_late: bool = False
    sub: str = ""


class Reports:
    """The pages, over the collections and reports that the API has."""

    def __init__(self, house: House) -> None:
        self.house = house

    # ---------------------------------------------------------------- today

    def view(self, call: Call) -> dict[str, Any]:
        """Period and day of view: this year and today, but those of an imported register of another year."""
        try:
            opened = areas.city(call.session).opened
        except Refused:
            return {"period": str(call.today.year), "as_of": call.today}
        if opened.as_of is None or opened.period_end.year >= call.today.year:
            return {"period": str(call.today.year), "as_of": call.today}
        return {"period": str(opened.period_start.year), "as_of": opened.as_of}

    def tasks(self, call: Call) -> list[Task]:
        """What the reader must do, the late things first."""
        found = [
            *self._gaps(call),
            *self._arrivals(call),
            *self._approvals(),
            *self._expiring(call),
            *self._visits(call),
        ]
        return sorted(found, key=lambda task: (not task.is_late, -task.count))

    def _gaps(self, call: Call) -> list[Task]:
        report = self.house.report("gaps", **self.view(call))
        if report is None:
            return []
        mine = _MINE.get(call.subject.role.value.partition("_")[0])
        counted = Counter(gap["code"] for gap in report["gaps"] if mine is None or gap["owner"].startswith(mine))
        return [
            Task(
                GAPS[code].action, n, f"/gaps?{urlencode({'code': code})}", is_late=True, sub=words(GAPS[code].title)
            )
            for code, n in counted.items()
        ]

    def _arrivals(self, call: Call) -> list[Task]:
        """Sales to this enterprise that nobody has received yet."""
        if call_for(Action.LEDGER_POST_IN) is None or call.subject.enterprise_id is None:
            return []
        waiting = arrivals(call)
        return [
            Task(
                Words("到货待确认", "confirm a receipt"),
                1,
                "/movements/in?" + urlencode(way | {"type": "purchase_in"}),
                sub=f"{sale} {way['quantity']} {way['unit']}",
            )
            for sale, way in waiting[:_SHOWN]
        ]

    def _approvals(self) -> list[Task]:
        found = []
        for path, action, title in (
            ("reversals", Action.LEDGER_APPROVE_REVERSAL, Words("批准冲销", "approve reversals")),
            ("stocktakes", Action.COUNT_APPROVE, Words("批准盘点", "approve stocktakes")),
        ):
            if call_for(action) is None:
                continue
            member = "done" if path == "reversals" else "approved"
            open_ = self.house.rows(path, lambda c, m=member: c[m] == 0)
            if open_:
                found.append(Task(title, len(open_), f"/{path}"))
        return found

    def _expiring(self, call: Call) -> list[Task]:
        if call.subject.enterprise_id is None:
            return []
        found = []
        for path in DOCUMENTS:
            soon = self.house.rows(
                path,
                lambda c: c.valid_to >= call.today,
                lambda c: c.valid_to <= call.today + _SOON,
                lambda c: c.revoked_on.is_(None),
                lambda c: c.owner == call.subject.enterprise_id,
            )
            if soon:
                title = Words("30 日内到期的证件", "documents that end within 30 days")
                found.append(Task(title, len(soon), f"/{path}", sub=words(self.house.collections[path].summary)))
        return found

    def _visits(self, call: Call) -> list[Task]:
        if call_for(Action.INSPECTION_RECORD) is None:
            return []
        plan = self.house.report("plan", **self.view(call))
        slots = plan["slots"] if plan else []
        missed = sum(slot["state"] == "missed" for slot in slots)
        soon = sum(
            slot["state"] == "pending" and slot["start"] <= str(call.today) and slot["end"] <= str(call.today + _SOON)
            for slot in slots
        )
        found = []
        if missed and call_for(Action.ALERT_LIST) is None:  # else it stands among the gaps
            found.append(
                Task(Words("补做逾期检查", "make up for missed visits"), missed, "/plan?state=missed", is_late=True)
            )
        if soon:
            found.append(Task(Words("30 日内到期的检查", "visits due within 30 days"), soon, "/plan?state=pending"))
        return found

    def home(self) -> AnyResponse | str:
        """Begin with what must be done today."""
        if g.subject is None:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
        call = Call(
            db.session,
            g.subject,
            access.Scope(access.Reach.ENT, None, None),
            current_app.extensions["settings"].clock(),
        )
        view = self.view(call)
        kpi = self.house.report("kpi", **view)
        return render_template(
            "desk/home.html",
            tasks=self.tasks(call),
            view=view,
            today=call.today,
            kpi=_headline(kpi) if kpi else [],
            allowances=self._allowances(call),
            who=self._who(call),
        )

    def _who(self, call: Call) -> str:
        if call.subject.enterprise_id is None:
            return ""
        rows = self.house.rows("enterprises")
        return rows[0].name if rows else ""

    def _allowances(self, call: Call) -> list[Values]:
        """What the own enterprise may still buy or ship: each document in force, with its bar."""
        if call.subject.enterprise_id is None:
            return []
        found = []
        for path in ("purchase-documents", "transport-documents"):
            for row in self.house.rows(
                path,
                lambda c: documents.in_force(c, call.today),
                lambda c: c.owner == call.subject.enterprise_id,
                lambda c: c.quantity.is_not(None),
            ):
                shown = self.house.collections[path].show(row)
                share = row.drawn / row.quantity * 100 if row.quantity else 0
                left = quantity.show(row.quantity - row.drawn, row.unit)
                found.append(
                    shown
                    | {
                        "left": left,
                        "bar": marks.allowance([share]),
                        "address": f"/{path}/{quote(row.id)}",
                        "days": (row.valid_to - call.today).days,
                        "title": words(terms.word("kind", row.kind) or Words(row.kind, row.kind)),
                    }
                )
        called = names.of(call, found)
        for document in found:
            document["name"] = called.get(("substances", document["substance"]), document["substance"])
        return sorted(found, key=lambda document: document["days"])[:12]

    # ---------------------------------------------------------------- stock and ledger

    def stock(self) -> str | Response:
        """What lies where, by the books."""
        call = call_of()
        on = _day("on", call.today)
        whose = looking.cleaned(request.args.get("enterprise", ""))
        found = self.house.report("stock", on=on, as_of=call.today, **({"enterprise": whose} if whose else {})) or {}
        records = []
        for place, amount in found.items():
            site, _, substance = place.partition("/")
            records.append({"site": site, "substance": substance, **amount})
        called = names.of(call, records)
        if wanted := request.args.get("q", "").strip().lower():
            records = [r for r in records if wanted in _text(r, called)]
        if request.path.endswith(".xlsx"):
            columns = ("site", "substance", "quantity", "unit")
            head = [f"{terms.member(name).zh} {terms.member(name).en}" for name in columns]
            answer = Response(sheets.workbook("库存", head, columns, records), mimetype=sheets.TYPE)
            answer.headers["Content-Disposition"] = 'attachment; filename="stock.xlsx"'
            return answer
        page = paging.of(len(records))
        return render_template(
            "desk/stock.html",
            records=records[page.part],
            page=page,
            kept=paging.kept(),
            called=called,
            on=on,
            today=call.today,
        )

    def ledger(self) -> str:
        """One store and substance: opening + in − out = balance, line by line."""
        call = call_of()
        site, substance = (looking.cleaned(request.args.get(name, "")) for name in ("site", "substance"))
        to = _day("to", call.today)
        start = _day("from", to - timedelta(90))
        found: Values = {}
        if site and substance:
            found = self._book(call, site, substance, start, to)
        return render_template(
            "desk/ledger.html",
            site=site,
            substance=substance,
            start=start,
            to=to,
            sites=names.choices(call, "sites"),
            substances=names.choices(call, "substances"),
            **found,
        )

    def _book(self, call: Call, site: str, substance: str, start: date, to: date) -> Values:
        movements = self.house.collections["movements"]
        query = (movements.every or movements.query)(call)
        columns = query.selected_columns
        query = query.where(columns.site == site, columns.substance == substance, columns.date.between(start, to))
        rows = list(call.session.execute(query.limit(_MOST_LINES + 1)))
        if len(rows) > _MOST_LINES:
            said = f"超过 {_MOST_LINES} 行，请缩短期间 / more than {_MOST_LINES} lines: choose a shorter time"
            raise Faulty([Fault("/from", said)])
        rows.sort(key=lambda row: (row.date, not row.type.endswith("_in"), row.number, row.version))
        before = (self.house.report("stock", on=start - timedelta(1), as_of=call.today) or {}).get(
            f"{site}/{substance}"
        )
        here = self.house.rows("substances", lambda c: c.id == substance)
        if not here:
            raise NotFound(f"没有品种 / there is no substance {substance}")
        unit = here[0].unit
        balance = opening = quantity.parse(before["quantity"], unit) if before else 0
        lines, came, went = [], 0, 0
        shown = [movements.show(row) for row in rows]
        called = names.of(call, shown)
        for row, record in zip(rows, shown, strict=True):
            is_in = row.type.endswith("_in")
            counted = 0 if row.reversed_on else row.quantity
            balance += counted if is_in else -counted
            came, went = came + (counted if is_in else 0), went + (0 if is_in else counted)
            line = {"record": record, "is_in": is_in, "balance": quantity.show(balance, unit)}
            lines.append(line | {"reversed_on": row.reversed_on})
        sums = {name: quantity.show(n, unit) for name, n in (("opening", opening), ("came", came), ("went", went))}
        called |= _other_sides(call, shown)
        return {"lines": lines, "unit": unit, "called": called, "balance": quantity.show(balance, unit), **sums}

    # ---------------------------------------------------------------- plan

    def plan(self) -> str:
        """Which visits are due, which are overdue, and how far each grade is covered."""
        call = call_of()
        period, as_of = request.args.get("period") or str(call.today.year), _day("as_of", call.today)
        report = self.house.listings["plan"].make(call, {"period": period, "as_of": as_of})
        slots = report["slots"]
        by_grade: dict[str, Counter[str]] = defaultdict(Counter)
        by_month: dict[str, Counter[str]] = defaultdict(Counter)
        for slot in slots:
            by_grade[slot["grade"]][slot["state"]] += 1
            by_month[slot["end"][:7]][slot["state"]] += 1
        state, month = request.args.get("state", ""), request.args.get("month", "")
        shown = [
            slot
            for slot in slots
            if (not state or slot["state"] == state) and (not month or slot["end"].startswith(month))
        ]
        page = paging.of(len(shown))
        shown.sort(key=lambda slot: (_STATES[slot["state"]], slot["end"], slot["enterprise"]))
        return render_template(
            "desk/plan.html",
            slots=shown[page.part],
            page=page,
            counts=Counter(slot["state"] for slot in slots),
            by_grade=sorted(by_grade.items()),
            by_month=sorted(by_month.items()),
            called=names.of(call, [{"enterprise": slot["enterprise"]} for slot in shown]),
            period=period,
            as_of=as_of,
            state=state,
            month=month,
            may_record=call_for(Action.INSPECTION_RECORD) is not None,
        )

    # ---------------------------------------------------------------- search

    def search(self) -> AnyResponse | str:
        """Permit, enterprise, batch, plate: what the reader may see of each."""
        if g.subject is None:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
        text = looking.cleaned(request.args.get("q", ""))
        found = []
        for path in _SEARCHED if text else ():
            collection = self.house.collections[path]
            call = call_for(collection.list)
            if call is None:
                continue
            query = collection.query(call)
            columns = query.selected_columns
            query = query.where(looking.holds(columns, text))
            rows = call.session.execute(query.order_by(columns.id).limit(_SHOWN)).all()
            if rows:
                found.append((collection, [collection.show(row) for row in rows]))
        if len(found) == 1 and len(found[0][1]) == 1:
            return redirect(f"/{found[0][0].path}/{quote(found[0][1][0]['id'])}")
        return render_template("desk/search.html", text=text, found=found)


_STATES: Final = {"missed": 0, "pending": 1, "filled": 2}
#: Which gaps are whose: by the first part of the role's name.
_MINE: Final = {"ent": "enterprise", "ps": "police"}


def _headline(kpi: Values) -> list[Values]:
    return [
        kpi["kpi"][name] | {"name": name}
        for name in ("K1_offsite_delegation", "K2_permit_verification", "K3_import_export", "K4_stock_writeoff")
    ]


def _day(name: str, usual: date) -> date:
    text = request.args.get(name, "")
    if not text:
        return usual
    try:
        found = read_day(text)
    except ValidationError as error:
        raise Faulty([Fault(f"/{name}", str(error.messages[0]))]) from None
    if found.year < FIRST_YEAR:
        raise Faulty([Fault(f"/{name}", f"自 {FIRST_YEAR} 年起 / from {FIRST_YEAR} on")])
    return found


def _text(record: Values, called: Mapping[tuple[str, str], str]) -> str:
    parts = [*map(str, record.values())]
    parts += [called.get((terms.REFS[k], v), "") for k, v in record.items() if k in terms.REFS]
    return " ".join(parts).lower()


def _other_sides(call: Call, records: Sequence[Values]) -> dict[tuple[str, str], str]:
    """Whose the movements are that records name as their other side."""
    named = sorted({record["counterpart"] for record in records if record.get("counterpart")})
    query = (
        sa.select(Movement.outside_id, Party.name)
        .join(Party, Party.id == Movement.enterprise_id)
        .where(Movement.outside_id.in_(named))
    )
    return {("movements", number): name for number, name in call.session.execute(query)}


def arrivals(call: Call) -> list[tuple[str, dict[str, str]]]:
    """Sales to an enterprise that it has not received: the sale's number, and what its receipt would say."""
    theirs = sa.orm.aliased(Movement)
    received = sa.exists().where(
        theirs.enterprise_id == Movement.other_enterprise_id, theirs.id == Movement.other_id, stands(theirs)
    )
    query = (
        sa.select(
            Movement.outside_id,
            Movement.quantity,
            Movement.type,
            Substance.outside_id.label("substance"),
            Substance.unit,
            Permit.outside_id.label("permit"),
            Party.name,
        )
        .join(Substance, Substance.id == Movement.substance_id)
        .join(Party, Party.id == Movement.enterprise_id)
        .outerjoin(
            Permit, sa.and_(Permit.enterprise_id == Movement.permit_holder_id, Permit.id == Movement.permit_id)
        )
        .where(
            Movement.other_enterprise_id == call.subject.enterprise_id,
            Movement.type.in_(("sale_out", "return_out")),
            stands(Movement),
            ~received,
        )
        .order_by(Movement.day.desc())
        .limit(50)
    )
    own = sa.select(Site.outside_id).where(Site.enterprise_id == call.subject.enterprise_id, Site.closed_on.is_(None))
    sites = list(call.session.scalars(own.order_by(Site.id)))
    found = []
    for row in call.session.execute(query):
        way = {"counterpart": row.outside_id, "substance": row.substance, "unit": row.unit}
        way["quantity"] = quantity.show(row.quantity, row.unit)
        if row.permit:
            way["permit"] = row.permit
        if len(sites) == 1:
            way["site"] = sites[0]
        found.append((f"{row.outside_id} {row.name}", way))
    return found


def routes(bp: Blueprint, reports: Reports) -> None:
    """The addresses of the pages and the action that each is."""
    bp.add_url_rule("/", endpoint="home", view_func=access.public(_view(reports.home)))
    bp.add_url_rule("/search", endpoint="search", view_func=access.public(_view(reports.search)))
    stock = access.requires(Action.STOCK_READ)(_view(reports.stock))
    bp.add_url_rule("/stock", endpoint="stock", view_func=stock)
    bp.add_url_rule("/stock.xlsx", endpoint="stock sheet", view_func=stock)
    bp.add_url_rule(
        "/ledger", endpoint="ledger", view_func=access.requires(Action.LEDGER_LIST)(_view(reports.ledger))
    )
    bp.add_url_rule("/plan", endpoint="plan", view_func=access.requires(Action.INSPECTION_LIST)(_view(reports.plan)))


def _view(method: Any) -> Any:
    """A function that can carry its action; a bound method cannot."""

    def view() -> Any:
        return method()

    return view
