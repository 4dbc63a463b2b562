"""The demonstration city: the same every time, everything in it, and a story that holds together."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from conftest import ACTOR

from precursor.core import db, migrate
from precursor.core.clock import Period, legal_day
from precursor.demo import city, users
from precursor.demo.register import WORST
from precursor.movements.models import Movement
from precursor.permits.models import Permit
from precursor.reconciliation import service
from precursor.rules.gaps import GAPS
from precursor.rules.movements import MovementType
from precursor.rules.permits import PermitKind

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
#: An event's report is recorded together with it, so one that is wholly missing cannot be booked.
NEVER = {"EQUIPMENT_REPORT_MISSING"}


def built(folder, name, scale):
    url = f"sqlite:///{folder / name}.db"
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    engine = db.connect(url)
    with db.transaction(engine) as session:
        story = city.build(session, ACTOR, NOW, scale=scale)
    return engine, story


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    engine, story = built(tmp_path_factory.mktemp("city"), "whole", 1.0)
    yield engine, story
    engine.dispose()


def report(engine, year):
    with db.reading(engine) as session:
        found, view = service.open_view(session, Period.parse(year), legal_day(NOW), None)
        return service.kpi_report(session, found, view, None)["kpi"], service.gaps(session, view)


def test_two_builds_are_one_city(tmp_path):
    first, second = (built(tmp_path, name, 0.1)[0] for name in ("a", "b"))
    assert report(first, "2026") == report(second, "2026")
    first.dispose()
    second.dispose()


def test_it_is_a_prefecture(whole):
    engine, story = whole
    assert len({firm.county for firm in story.firms}) == 9
    assert 380 <= len(story.firms) <= 420
    with db.reading(engine) as session:
        assert 18_000 <= session.scalar(sa.select(sa.func.count()).select_from(Movement)) <= 30_000
        assert set(session.scalars(sa.select(Permit.kind).distinct())) == {kind.value for kind in PermitKind}
        moved = set(session.scalars(sa.select(Movement.type).distinct()))
        latest = session.scalar(sa.select(sa.func.max(Movement.recorded_on)))
    assert moved >= {t.value for t in MovementType if not t.startswith(("transfer", "return", "disposal"))}
    assert latest <= legal_day(NOW)
    assert len({user.role for user in users(story)}) == 20


def test_every_kind_of_gap_is_there(whole):
    codes = {gap.code for year in ("2025", "2026") for gap in report(whole[0], year)[1]}
    assert codes == set(GAPS) - NEVER


def test_a_shortfall_leads_to_a_named_firm(whole):
    engine, story = whole
    kpi, gaps = report(engine, "2026")
    rates = {county: float(rate["pct"]) for county, rate in kpi["K4_stock_writeoff"]["by_area"].items()}
    assert kpi["K4_stock_writeoff"]["met"] is False
    assert min(rates, key=rates.get) == WORST
    assert rates[WORST] < 97.5
    assert sum(rate >= 99 for rate in rates.values()) >= 5  # most of the city is in order
    assert kpi["K2_permit_verification"]["met"] is False
    short = [gap for gap in gaps if gap.code == "WRITEOFF_QTY_MISMATCH"]
    assert sum(story.culprit.id in gap.parties for gap in short) > len(short) / 5
    silent = [gap for gap in gaps if gap.code == "WRITEOFF_NO_RECORD" and story.careless.id in gap.parties]
    assert silent


def test_every_figure_has_something_to_count(whole):
    kpi = report(whole[0], "2025")[0]
    for name, figure in kpi.items():
        if name not in ("K11_associations",):  # no county has enough enterprises to need one
            assert figure["total"].get("d") or figure["total"].get("count"), name
