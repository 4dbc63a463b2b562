"""Pages that are no list of records: stock, the ledger of a store, search.

Each asks the same reports and collections as the API, in the reader's own scope.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, redirect, render_template, request
from werkzeug import Response as AnyResponse

from precursor import ledger
from precursor.api.collection import Call, Values
from precursor.api.views import call_of
from precursor.core import access, quantity
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, NotFound
from precursor.core.members import day_at
from precursor.desk import cells, documents, looking, names, sheets, terms
from precursor.desk.house import House, call_for
from precursor.desk.planner import Planner
from precursor.desk.terms import DOCUMENTS
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Movement
from precursor.permits.models import Permit
from precursor.reconciliation import pages as figures
from precursor.substances.models import Substance
from precursor.web import paging
from precursor.web.sheets import Cell, answer

_SHOWN: Final = 6
_OFFERED: Final = 2000  # sites, by name
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


class Reports:
    """The pages, over the collections and reports that the API has."""

    def __init__(self, house: House) -> None:
        self.house = house

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
            return answer("stock", "库存", sheets.heading(columns), sheets.rows(columns, records))
        page = paging.of(len(records))
        counted = self._counted()
        return render_template(
            "desk/stock.html",
            counted=counted,
            records=records[page.part],
            page=page,
            kept=paging.kept(),
            called=called,
            on=on,
            today=call.today,
        )

    def _counted(self) -> dict[tuple[str, str], date] | None:
        """By store and substance: when it was counted last; None for who may not read stocktakes."""
        stocktakes = self.house.collections["stocktakes"]
        if (call := call_for(stocktakes.list)) is None:
            return None
        rows = stocktakes.query(call).subquery().c
        query = sa.select(rows.site, rows.substance, sa.func.max(rows.date, type_=rows.date.type))
        found = call.session.execute(query.group_by(rows.site, rows.substance))
        return {(site, substance): day for site, substance, day in found}

    def ledger(self) -> str | Response:
        """One store and substance: opening + in − out = balance, line by line."""
        call = call_of()
        site, substance = (looking.cleaned(request.args.get(name, "")) for name in ("site", "substance"))
        to = _day("to", call.today)
        start = _day("from", to - timedelta(90))
        found: Values = {}
        if not (site and substance):
            site, substance = self._latest(call, site, substance)
        if site and substance:
            found = self._book(call, site, substance, start, to)
        if request.path.endswith(".xlsx"):
            return answer("ledger", "出入库台账", _LEDGER, _lines(found))
        return render_template(
            "desk/ledger.html",
            site=site,
            substance=substance,
            start=start,
            to=to,
            sites=names.choices(call, "sites", _OFFERED),
            substances=names.choices(call, "substances"),
            **found,
        )

    def _check_site(self, site: str) -> None:
        """NotFound for a store that there is none of, or that the reader may not see."""
        sites = self.house.collections["sites"]
        if (reader := call_for(sites.read)) is not None:
            sites.one(reader, site)

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
        if not rows and before is None:
            self._check_site(site)
        here = self.house.rows("substances", lambda c: c.id == substance)
        if not here:
            raise NotFound(f"没有品种 / there is no substance {substance}")
        unit = here[0].unit
        opened = self._opened(call, site, substance, start, to)
        balance = opening = (quantity.parse(before["quantity"], unit) if before else 0) + opened
        lines, came, went = [], 0, 0
        shown = [movements.show(row) for row in rows]
        called = names.of(call, [*shown, {"site": site, "substance": substance}])
        for row, record in zip(rows, shown, strict=True):
            is_in = row.type.endswith("_in")
            counted = 0 if row.reversed_on else row.quantity
            balance += counted if is_in else -counted
            came, went = came + (counted if is_in else 0), went + (0 if is_in else counted)
            line = {"record": record, "is_in": is_in, "balance": quantity.show(balance, unit)}
            lines.append(line | {"reversed_on": row.reversed_on})
        sums = {name: quantity.show(n, unit) for name, n in (("opening", opening), ("came", came), ("went", went))}
        called |= _other_sides(call, shown)
        offs = figures.write_offs((record["id"], row.date) for row, record in zip(rows, shown, strict=True))
        places = max(map(_places, (*sums.values(), *(line["balance"] for line in lines))))
        return {
            "lines": lines,
            "unit": unit,
            "places": places,
            "offs": offs,
            "called": called,
            "balance": quantity.show(balance, unit),
            **sums,
        }

    def _opened(self, call: Call, site: str, substance: str, start: date, to: date) -> int:
        """What a store was opened with, where that is in the time shown: it is in no stock of the day before."""
        opened = ledger.openings().order_by(None).subquery()
        query = (
            sa.select(opened.c.amount)
            .join(Site, Site.id == opened.c.site_id)
            .join(Substance, Substance.id == opened.c.substance_id)
            .where(Site.outside_id == site, Substance.outside_id == substance, opened.c.day.between(start, to))
        )
        return sum(call.session.scalars(query))

    def _latest(self, call: Call, site: str, substance: str) -> tuple[str, str]:
        """Store and substance of what moved last, as far as they are not chosen."""
        movements = self.house.collections["movements"]
        query = movements.query(call)
        columns = query.selected_columns
        for name, wanted in (("site", site), ("substance", substance)):
            if wanted:
                query = query.where(columns[name] == wanted)
        row = call.session.execute(cells.ordered(query).limit(1)).first()
        return (row.site, row.substance) if row else (site, substance)

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
            query = query.where(looking.holds(columns, text, *documents.said_in(collection)))
            rows = call.session.execute(cells.ordered(query).limit(_SHOWN)).all()
            if rows:
                records = [cells.record_of(collection, call, row) for row in rows]
                lines = cells.saying(collection, cells.cells_of(call, collection, records), most=8)
                total = call.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
                found.append((collection, total, *lines))
        if len(found) == 1 and len(found[0][3]) == 1:
            return redirect(found[0][3][0][0])
        return render_template("desk/search.html", text=text, found=found)


_LEDGER: Final = (
    "编号 number",
    "日期 date",
    "类型 type",
    "凭证 document",
    "对方 other side",
    "入库 in",
    "出库 out",
    "结存 balance",
    "单位 unit",
    "冲销 reversed",
    "核销 written off",
)


def _lines(book: Values) -> Iterator[Sequence[Cell]]:
    """The lines of a store ledger, its opening balance first."""
    if not book:
        return
    yield "期初 opening", None, None, None, None, None, None, Decimal(book["opening"]), book["unit"], None, None
    for line in book["lines"]:
        record, amount = line["record"], Decimal(line["record"]["quantity"])
        kind = terms.word("type", record["type"])
        off = book["offs"].get(record["id"])
        other = record["external"] and book["called"].get(("partners", record["external"]), record["external"])
        yield (
            record["id"],
            record["date"],
            kind.zh if kind else record["type"],
            record["permit"],
            other
            or book["called"].get(("movements", record["counterpart"] or ""), record["counterpart"])
            or (None if line["is_in"] else book["called"].get(("holders", record["permit"] or ""))),
            amount if line["is_in"] else None,
            None if line["is_in"] else amount,
            None if line["reversed_on"] else Decimal(line["balance"]),
            book["unit"],
            str(line["reversed_on"]) if line["reversed_on"] else None,
            off and (off.kind.title.zh if off.kind else "已核销"),
        )
    sums = (Decimal(book[name]) for name in ("came", "went", "balance"))
    yield "合计 total", None, None, None, None, *sums, book["unit"], None, None


def _day(name: str, usual: date) -> date:
    text = request.args.get(name, "")
    return day_at(f"/{name}", text) if text else usual


def _places(amount: str) -> int:
    """Decimal places of an amount."""
    return len(amount.partition(".")[2])


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
    found = {("movements", number): str(name) for number, name in call.session.execute(query)}
    # a sale that nobody booked in yet names its buyer by the document
    waiting = sorted({r["permit"] for r in records if r.get("permit") and not r.get("counterpart")})
    holders = (
        sa.select(Permit.outside_id, Party.name)
        .join(Party, Party.id == Permit.enterprise_id)
        .where(Permit.outside_id.in_(waiting))
    )
    return found | {("holders", number): str(name) for number, name in call.session.execute(holders)}


def routes(bp: Blueprint, reports: Reports) -> None:
    """The addresses of the pages and the action that each is."""
    bp.add_url_rule("/search", endpoint="search", view_func=access.public(_view(reports.search)))
    stock = access.requires(Action.STOCK_READ)(_view(reports.stock))
    bp.add_url_rule("/stock", endpoint="stock", view_func=stock)
    bp.add_url_rule("/stock.xlsx", endpoint="stock sheet", view_func=stock)
    ledger = access.requires(Action.LEDGER_LIST)(_view(reports.ledger))
    bp.add_url_rule("/ledger", endpoint="ledger", view_func=ledger)
    bp.add_url_rule("/ledger.xlsx", endpoint="ledger sheet", view_func=ledger)
    plan = access.requires(Action.INSPECTION_LIST)(_view(Planner(reports.house).page))
    bp.add_url_rule("/plan", endpoint="plan", view_func=plan)
    bp.add_url_rule("/plan.xlsx", endpoint="plan sheet", view_func=plan)


def _view(method: Any) -> Any:
    """A function that can carry its action; a bound method cannot."""

    def view() -> Any:
        return method()

    return view
