"""The worked city and the second one: every figure, gap, stock, document, trace and attempt, on both engines."""

from datetime import UTC, date, datetime

import engines
import pytest
import worked_by_hand
from acceptance_kit import YEAR, expected, lines, report
from api_kit import door
from conftest import DATA, WORKED, load, worked_bundle

from precursor.core import db, migrate, quantity
from precursor.core.clock import Period
from precursor.reconciliation import listings, service, tracing


@pytest.fixture(scope="module", params=["bundle", "record by record"])
def city(request, worked, tmp_path_factory):
    """The worked city, imported as one bundle, and entered through the API by the roles that may."""
    if request.param == "bundle":
        yield worked
        return
    home = tmp_path_factory.mktemp("by-hand")
    if worked.dialect.name == "sqlite":
        url = f"sqlite:///{home / 'city.db'}"
    else:
        url = engines.new_database(request.getfixturevalue("pg_server"))
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    with door(url, home, now=datetime(1999, 1, 1, 4, tzinfo=UTC)) as opened:
        worked_by_hand.enter(opened, worked_bundle())
        yield opened.engine


def pair(rate):
    return [rate["n"], rate["d"]]


def test_every_figure_and_gap(city):
    wanted, got = expected("worked_city"), report(city, "2025", "2026-01-31")
    for name, want in wanted["kpi"].items():
        found = got[name.removesuffix("_2024")]
        if "count" in want:
            assert found["total"] == want
            continue
        assert pair(found["total"]) == want["city"], name
        assert found["total"]["pct"] == want["pct"], name
        for county in {"D", "X", "N"} & want.keys():
            assert pair(found["by_area"][county]) == want[county], (name, county)
        for key in {"target", "met", "by_window", "enterprises_fully_covered"} & want.keys():
            assert found[key] == want[key], (name, key)
    assert lines(city, "2025", "2026-01-31") == sorted(wanted["gaps"])
    assert len(wanted["gaps"]) == 31


def test_what_is_recorded_later_is_seen_later(city):
    for name, want in expected("worked_city")["kpi_as_of_2026-02-28"].items():
        total = report(city, "2025", "2026-02-28")[name]["total"]
        assert (pair(total), total["pct"]) == (want["city"], want["pct"])


def test_the_live_state_of_visits_in_the_middle_of_the_year(city):
    want = expected("worked_city")["kpi_as_of_2025-06-30_K5"]
    coverage = report(city, "2025", "2025-06-30")["K5_inspection_coverage"]
    assert coverage["live"] == {
        "due": want["due"],
        "early": want["satisfied_before_window_end"],
        "pending": want["pending"],
        "known": want["slots_known"],
    }
    assert pair(coverage["total"]) == want["due"]


def test_closing_stock(city):
    with db.reading(city) as session:
        found = listings.stock(session, date(2025, 12, 31), date(2026, 1, 31))
    assert {k: int(v["quantity"]) for k, v in found.items()} == expected("worked_city")["closing_book_stock"]


def test_closing_days_of_documents(city):
    wanted = expected("worked_city")
    with db.reading(city) as session:
        _, view = service.open_view(session, YEAR, date(2026, 1, 31))
        found = listings.documents(session, view)
    assert {k: found[k]["closed_on"] for k in wanted["permit_closed_on"]} == wanted["permit_closed_on"]
    reasons = {k: found[k]["reason"] for k in ("P01", "P02", "P03", "P08", "P16")}
    assert reasons == {"P01": "emptied", "P02": "single_use", "P03": "expired", "P08": "emptied", "P16": "revoked"}
    for late in wanted["permits_not_due_in_period"]:
        assert found[late]["due"] > "2025-12-31"


@pytest.mark.parametrize(
    ("what", "up", "key"),
    [("S-E06/AC2O", True, "upstream S-E06/AC2O"), ("S-E02/AC2O", False, "downstream S-E02/AC2O")],
)
def test_trace(city, what, up, key):
    with db.reading(city) as session:
        found = tracing.trace(session, what, up=up)
    assert sorted(found["text"]) == sorted(expected("worked_city")["trace"][key])


def test_attempts(engine):
    assert load(engine, WORKED) == expected("worked_city")["attempts"]


def test_one_county_is_a_view_of_its_own(worked):
    whole, county = report(worked, "2025", "2026-01-31"), report(worked, "2025", "2026-01-31", "N")
    for name, figure in county.items():
        assert figure["by_area"] == {"N": whole[name]["by_area"]["N"]}
        if name != "K14_loss_incidents":
            assert pair(figure["total"]) == pair(whole[name]["by_area"]["N"])


def test_the_second_city(engine):
    wanted = expected("second_city")
    assert load(engine, DATA / "second_city.json") == wanted["attempts"]
    for want in wanted["views"]:
        got = report(engine, want["period"], want["as_of"])
        for name, figure in want["kpi"].items():
            assert {key: got[name][key] for key in figure if figure[key] != {}} == {
                key: value for key, value in figure.items() if value != {}
            }, (want["period"], want["as_of"], name)
        assert lines(engine, want["period"], want["as_of"]) == sorted(want["gaps"])
    with db.reading(engine) as session:
        stock = wanted["stock"]
        found = listings.stock(session, date.fromisoformat(stock["on"]), date.fromisoformat(stock["as_of"]))
        assert found.keys() == stock["book"].keys()
        for name, line in found.items():
            assert quantity.parse(line["quantity"], line["unit"]) == quantity.parse(stock["book"][name], line["unit"])
        documents = wanted["documents"]
        _, view = service.open_view(
            session, Period.parse("2022-11-01..2023-12-31"), date.fromisoformat(documents["as_of"])
        )
        listed = listings.documents(session, view)
    assert listed.keys() == documents["by_id"].keys()
    for name, want in documents["by_id"].items():
        got = listed[name]
        for key, value in want.items():
            if key in ("quantity", "drawn", "left"):
                assert quantity.parse(got[key], got["unit"]) == quantity.parse(value, got["unit"])
            else:
                assert got[key] == value
