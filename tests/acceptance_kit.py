"""Read a register as the acceptance tests do."""

import json
from datetime import date

from conftest import DATA

from precursor.core import db
from precursor.core.clock import Period
from precursor.reconciliation import service

YEAR = Period.parse("2025")


def expected(name):
    return json.loads((DATA / f"{name}.expected.json").read_text("utf-8"))


def report(engine, period, as_of, area=None):
    with db.reading(engine) as session:
        city, view = service.open_view(session, Period.parse(period), date.fromisoformat(as_of), area)
        return service.kpi_report(session, city, view, area)["kpi"]


def lines(engine, period, as_of):
    with db.reading(engine) as session:
        _, view = service.open_view(session, Period.parse(period), date.fromisoformat(as_of))
        return sorted(gap.line for gap in service.gaps(session, view))
