"""What pages say of the worked city."""

import re
from datetime import date

import pytest
from api_kit import Door
from conftest import WORKED, load

from precursor.core import db, migrate
from precursor.core.clock import Period
from precursor.reconciliation import service
from precursor.reconciliation.records import RECORDS
from precursor.rules.gaps import GAPS

VIEW = "period=2025&as_of=2026-01-31"


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    home = tmp_path_factory.mktemp("pages")
    url = f"sqlite:///{home / 'city.db'}"
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    made = Door(url, home)
    load(made.engine, WORKED)
    yield made
    made.close()


@pytest.fixture(scope="module")
def lead(door):
    client = door.account("lead", "ps_lead", area="C0")
    client._begin()
    return client.browser


def test_every_gap_opens_and_leads_to_its_record(door, lead):
    with db.reading(door.engine) as session:
        _, view = service.open_view(session, Period.parse("2025"), date(2026, 1, 31))
        gaps = service.gaps(session, view)
    listed = lead.get(f"/gaps?{VIEW}")
    kinds = set()
    for gap in gaps:
        page = lead.get(f"/gaps/{gap.code}/{gap.subject}?{VIEW}&detail={gap.detail}")
        assert page.status_code == 200, gap
        record = re.search(r'class="btn" href="([^"]+)"', page.text)
        if record:
            assert lead.get(record[1].replace("&amp;", "&"), follow_redirects=True).status_code == 200, gap
            assert record[1] in listed.text, gap  # a figure leads to the list, the list to the record
            kinds.add(gap.code)
    assert {gap.code for gap in gaps} - kinds <= {
        "ROAD_CHECK_MISSED",
        "QUARTERLY_REPORT_MISSING",
        "QUARTERLY_REPORT_LATE",
    }


def test_gaps_of_one_enterprise(lead):
    page = lead.get(f"/gaps?{VIEW}&enterprise=E12").text
    assert 'value="E12"' in page
    subjects = re.findall(r'<span class="code">([^<]+)</span>', page)
    assert set(subjects) == {"E12", "M29", "Q2", "V20"}


def test_a_movement_shows_both_sides_and_the_difference(lead):
    page = lead.get("/movements/M12").text
    assert "双方记录" in page
    assert re.search(r"差额 [0-9.-]+ kg", page)


def test_an_enterprise_shows_what_lies_in_its_stores(lead):
    page = lead.get("/enterprises/E06").text
    assert "账面库存" in page
    assert 'href="/ledger?site=S-E06&amp;substance=AC2O"' in page
    assert 'href="/gaps?enterprise=E06"' in page


def test_every_gap_has_words_for_its_record():
    assert set(RECORDS) <= set(GAPS)
