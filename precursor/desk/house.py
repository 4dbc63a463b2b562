"""Every collection and report that the API has, asked in the reader's own scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, g

from precursor.api.collection import Call, Collection, Listing
from precursor.core import access
from precursor.core.access import Action
from precursor.core.errors import Forbidden, NotFound, Refused
from precursor.web.database import db


def call_for(action: Action) -> Call | None:
    """A call in the reader's scope for an action other than the view's own; None when he may not."""
    try:
        scope = access.scope(g.subject, action)
    except Forbidden:
        return None
    return Call(db.session, g.subject, scope, current_app.extensions["settings"].clock())


@dataclass(frozen=True, slots=True)
class House:
    """Collections and reports by their paths."""

    collections: Mapping[str, Collection]
    listings: Mapping[str, Listing]

    def report(self, name: str, **asked: Any) -> Any:
        """A report as the API makes it; None when the reader may not have it, or there is no register of his area."""
        listing = self.listings[name]
        call = call_for(listing.action)
        try:
            return listing.make(call, asked) if call else None
        except (Refused, NotFound):
            return None

    def rows(self, path: str, *where: Any, **equal: Any) -> list[Any]:
        """Rows of a collection that the reader may list: 500 at most."""
        collection = self.collections[path]
        call = call_for(collection.list)
        if call is None:
            return []
        query = collection.query(call)
        columns = query.selected_columns
        query = query.where(*(columns[name] == value for name, value in equal.items()))
        for condition in where:
            query = query.where(condition(columns))
        return list(call.session.execute(query.limit(500)))
