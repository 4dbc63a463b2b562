"""Pages that are no list of records: search, and the way to the plan.

Each asks the same reports and collections as the API, in the reader's own scope.
"""

from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, current_app, g, redirect, render_template, request
from werkzeug import Response as AnyResponse

from precursor.core import access
from precursor.core.access import Action
from precursor.desk import cells, documents, looking
from precursor.desk.house import House, call_for
from precursor.desk.planner import Planner
from precursor.desk.terms import DOCUMENTS

_SHOWN: Final = 6
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


def routes(bp: Blueprint, reports: Reports) -> None:
    """The addresses of the pages and the action that each is."""
    bp.add_url_rule("/search", endpoint="search", view_func=access.public(_view(reports.search)))
    plan = access.requires(Action.INSPECTION_LIST)(_view(Planner(reports.house).page))
    bp.add_url_rule("/plan", endpoint="plan", view_func=plan)
    bp.add_url_rule("/plan.xlsx", endpoint="plan sheet", view_func=plan)


def _view(method: Any) -> Any:
    """A function that can carry its action; a bound method cannot."""

    def view() -> Any:
        return method()

    return view
