"""Pages that are no list of records: stock, search.

Each asks the same reports and collections as the API, in the reader's own scope.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, redirect, render_template, request
from werkzeug import Response as AnyResponse

from precursor.api.collection import Values
from precursor.api.views import call_of
from precursor.core import access
from precursor.core.access import Action
from precursor.desk import cells, documents, looking, names, sheets, terms
from precursor.desk.house import House, call_for
from precursor.desk.planner import Planner
from precursor.desk.terms import DOCUMENTS
from precursor.web import paging
from precursor.web.sheets import answer

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

    # ---------------------------------------------------------------- stock

    def stock(self) -> str | Response:
        """What lies where, by the books."""
        call = call_of()
        on = looking.day("on", call.today)
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


def _text(record: Values, called: Mapping[tuple[str, str], str]) -> str:
    parts = [*map(str, record.values())]
    parts += [called.get((terms.REFS[k], v), "") for k, v in record.items() if k in terms.REFS]
    return " ".join(parts).lower()


def routes(bp: Blueprint, reports: Reports) -> None:
    """The addresses of the pages and the action that each is."""
    bp.add_url_rule("/search", endpoint="search", view_func=access.public(_view(reports.search)))
    stock = access.requires(Action.STOCK_READ)(_view(reports.stock))
    bp.add_url_rule("/stock", endpoint="stock", view_func=stock)
    bp.add_url_rule("/stock.xlsx", endpoint="stock sheet", view_func=stock)
    plan = access.requires(Action.INSPECTION_LIST)(_view(Planner(reports.house).page))
    bp.add_url_rule("/plan", endpoint="plan", view_func=plan)
    bp.add_url_rule("/plan.xlsx", endpoint="plan sheet", view_func=plan)


def _view(method: Any) -> Any:
    """A function that can carry its action; a bound method cannot."""

    def view() -> Any:
        return method()

    return view
