"""What pages say of the worked city."""

import json
import os
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import quote

import empty_city
import engines
import pytest
import sqlalchemy as sa
from api_kit import Door
from conftest import WORKED, load, worked_bundle
from python_calamine import load_workbook

from precursor import rooms
from precursor.areas import service as areas
from precursor.core import db, migrate
from precursor.core.clock import Period
from precursor.desk import documents
from precursor.desk.terms import DOCUMENTS
from precursor.enterprises.models import Party
from precursor.reconciliation import service
from precursor.reconciliation.figures import BY_KEY
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


def test_a_gap_is_headed_by_whose_it_is_of_what_and_by_how_much(door, lead):
    with db.reading(door.engine) as session:
        _, view = service.open_view(session, Period.parse("2025"), date(2026, 1, 31))
        differs = [gap for gap in service.gaps(session, view) if gap.code == "WRITEOFF_QTY_MISMATCH" and gap.amount]
    assert differs
    for gap in differs:
        heading = re.search(r"<h1>.*?</h1>", lead.get(f"/gaps/{gap.code}/{gap.subject}?{VIEW}").text, re.DOTALL)[0]
        less = gap.amount.startswith("-")
        assert ("比对方少 " if less else "比对方多 ") + gap.amount.lstrip("-") in heading.replace(",", "")
        assert f"已 {(date(2026, 1, 31) - gap.since).days:,} 日" in heading


def test_gaps_of_one_enterprise(lead):
    page = lead.get(f"/gaps?{VIEW}&enterprise=E12").text
    assert 'value="E12"' in page
    subjects = re.findall(r'href="/gaps/[A-Z_]+/([^"?]+)', page)
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


def test_records_are_of_gaps_that_there_are():
    assert set(RECORDS) <= set(GAPS)


ODD = ("'", "\x00", "\ud800", "%", "9" * 400, "-1", "1e9", "<b>", "../..", "2025-13-45", "a" * 5000, "\u202e", "")

#: Of these, what PostgreSQL refuses where SQLite does not.
REFUSED = ("'", "\x00", "\ud800", "9" * 400, "2025-13-45")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def asked(request, tmp_path_factory):
    """A lead's browser on each engine: what one database refuses, the other may store."""
    home = tmp_path_factory.mktemp("asked")
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{home / 'city.db'}" if sqlite else engines.new_database(request.getfixturevalue("pg_server"))
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    made = Door(url, home)
    load(made.engine, WORKED)
    client = made.account("lead", "ps_lead", area="C0")
    client._begin()
    yield client.browser
    made.close()


REPORTS = {
    "/targets": ("period", "as_of", "area", "fresh"),
    "/gaps": ("period", "as_of", "area", "code", "county", "figure", "enterprise", "owner", "page"),
    "/gaps.xlsx": ("period", "as_of", "code", "owner"),
    "/stock": ("on", "q", "enterprise", "county", "substance", "count", "page"),
    "/stock.xlsx": ("on", "q", "county", "substance", "count"),
    "/ledger": ("site", "substance", "from", "to", "type"),
    "/plan": ("period", "as_of", "state", "grade", "county", "due", "month", "until", "page"),
    "/plan.xlsx": ("period", "state", "until"),
    "/purchase-documents": ("state", "until", "holder", "page"),
    "/reversals": ("open",),
    "/trace": ("of", "direction", "site", "substance", "from", "to", "lines"),
    "/search": ("q",),
}


def test_no_address_makes_a_page_fail(asked, request):
    odd = ODD if request.node.callspec.params["asked"] == "sqlite" else REFUSED
    addresses = {path: [*names, "nobody"] for path, names in REPORTS.items()}
    for collection in rooms.COLLECTIONS:
        addresses[f"/{collection.path}"] = [*collection.filters, "q", "page"]
        addresses[f"/{collection.path}.xlsx"] = ["q"]
    # every text for every list, and every third one for each name: PRECURSOR_EVERY_SEED=1 asks all
    step = 1 if os.environ.get("PRECURSOR_EVERY_SEED") else 3
    for path, names in addresses.items():
        for number, name in enumerate(names):
            for text in odd[number % step :: step]:
                query = f"{name}={quote(text, errors='surrogatepass')}"
                answer = asked.get(f"{path}?{query}")
                assert answer.status_code in (200, 302, 400, 403, 404, 422), (path, query[:60])
    for collection in rooms.COLLECTIONS:
        for text in filter(None, odd):
            answer = asked.get(f"/{collection.path}/{quote(text[:300], safe='', errors='surrogatepass')}")
            assert answer.status_code in (404, 403), (collection.path, text[:20])
    for text in ODD[:-1]:
        for path in ("/permits/{}", "/gaps/WRITEOFF_QTY_MISMATCH/{}", "/gaps/{}/M12"):
            answer = asked.get(path.format(quote(text[:300], safe="", errors="surrogatepass")))
            assert answer.status_code in (404, 403, 302), (path, text[:20])


def test_a_search_by_number_finds_what_has_numbers_for_names(asked):
    road = re.search(r'<td class="ttl"[^>]*><a href="(/road-checks/([0-9]+))"', asked.get("/road-checks").text)
    answer = asked.get(f"/search?q={road[2]}")
    assert road[1] in (answer.location or answer.text)


def test_a_document_revoked_today_is_in_force_nowhere(door):
    approver = door.account("revoker", "ps_approver", area="C0")
    open_ = [p for p in approver.get("purchase-documents?limit=200").json if p["valid_to"] >= "2026-01-31"]
    document = next(p["id"] for p in open_ if not p["revoked_on"])
    assert "有效<" in approver.browser.get(f"/purchase-documents/{document}").text
    form = approver.browser.get(f"/purchase-documents/{document}/revocation").text
    assert "要处理的记录" in form  # nobody revokes unseen
    approver.done(f"purchase-documents/{document}/revocation", {})
    page = approver.browser.get(f"/purchase-documents/{document}").text
    assert "已吊销" in page
    assert "证件已吊销，没有二维码" in page


def test_messages_are_in_one_language_and_name_their_field(door):
    keeper = door.account("typist", "ent_keeper", enterprise="E06")
    keeper._begin()
    zh = keeper.browser.post("/movements/out?lang=zh", data={"_key": "a"}).text
    assert "数量：请填写" in zh
    assert "this member is missing" not in zh
    en = keeper.browser.post("/movements/out?lang=en", data={"_key": "b"}).text
    assert "Quantity: please fill this in" in en


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "IN_FORCE"),
        ({"revoked_on": "2026-01-31"}, "REVOKED"),
        ({"revoked_on": "2026-02-01"}, "IN_FORCE"),
        ({"suspended": True}, "SUSPENDED"),
        ({"valid_to": "2026-01-30"}, "EXPIRED"),
        ({"valid_to": "2026-01-31"}, "IN_FORCE"),
        ({"valid_from": "2026-02-01"}, "NOT_YET"),
        ({"drawn": "5"}, "USED_UP"),
        ({"quantity": None, "drawn": None}, "IN_FORCE"),
    ],
)
def test_where_a_document_stands(changed, state):
    day = SimpleNamespace(today=date(2026, 1, 31))
    record = {"revoked_on": None, "suspended": False, "valid_from": "2026-01-01", "valid_to": "2026-03-01"}
    assert documents.state_of(day, record | {"quantity": "5", "drawn": "0"} | changed).name == state


def test_only_closed_documents_of_the_police_await_verification(lead, door):
    with db.reading(door.engine) as session:
        _, view = service.open_view(session, Period.parse("2025"), date(2026, 1, 31))
        gaps = [g for g in service.gaps(session, view) if g.code == "PERMIT_UNVERIFIED"]
    assert gaps
    assert all("未核查" in lead.get(f"/permits/{g.subject}", follow_redirects=True).text for g in gaps)
    fresh = [p["id"] for p in worked_bundle()["permits"] if p["valid_to"] > "2026-02" and not p["revoked_on"]]
    pages = [lead.get(f"/permits/{id_}", follow_redirects=True).text for id_ in fresh]
    assert [page for page in pages if "有效</span>" in page and "未核查" in page] == []


def test_instants_are_shown_as_the_clock_on_the_wall(lead):
    page, book = lead.get("/incidents/L1").text, lead.get("/incidents.xlsx")
    assert re.search(r"20[0-9-]{8} [0-9]{2}:[0-9]{2}<", page)
    assert not re.search(r"T[0-9:]{8}Z", page)
    cells = [str(cell) for row in load_workbook(BytesIO(book.data)).get_sheet_by_index(0).to_python() for cell in row]
    assert not [cell for cell in cells if cell.endswith("Z")]


def test_what_is_reversed_is_said_before_it_is_approved(door):
    keeper, boss = (
        door.account("k9", "ent_keeper", enterprise="E06"),
        door.account("b9", "ent_admin", enterprise="E06"),
    )
    movement = keeper.get("movements?limit=1").json[0]
    keeper.done(f"movements/{movement['id']}/reversal-requests", {"reason": "数量录错"})
    boss._begin()
    for address in (f"/reversals/{movement['id']}", f"/reversals/{movement['id']}/approval"):
        page = boss.browser.get(address).text
        assert movement["site"] in page
        assert "数量录错" in page
    assert boss.get(f"reversals/{movement['id']}").json["quantity"] == movement["quantity"]


def test_what_was_reversed_stays_readable_and_counts_no_more(door, lead):
    keeper, boss = (
        door.account("k10", "ent_keeper", enterprise="E06"),
        door.account("b10", "ent_admin", enterprise="E06"),
    )
    movement = next(m for m in keeper.get("movements?limit=50").json if m["type"] == "use_out")
    book = f"/ledger?site={movement['site']}&substance={movement['substance']}&from={movement['date']}"
    before = lead.get(f"{book}&to={movement['date']}").text
    keeper.done(f"movements/{movement['id']}/reversal-requests", {"reason": "数量录错"})
    boss.done(f"reversals/{movement['id']}/approval", {})
    assert movement["id"] not in [m["id"] for m in keeper.get("movements?limit=200").json]
    kept = keeper.get(f"movements/{movement['id']}").json
    assert kept["reversed_on"]
    assert [(r["quantity"], r["reason"]) for r in kept["reversals"]] == [(movement["quantity"], "数量录错")]
    assert keeper.post(f"movements/{movement['id']}/reversal-requests", {"reason": "再来"}).status_code == 409
    page = lead.get(f"/movements/{movement['id']}").text
    assert "不计入结存" in page
    assert "reversal-requests" not in page
    after = lead.get(f"{book}&to={movement['date']}").text
    assert "已冲销" in after
    assert "已冲销" not in before
    balances = [re.findall(r"账面结存</span><b>([^<]+)", text)[0].replace(",", "") for text in (before, after)]
    assert Decimal(balances[1]) - Decimal(balances[0]) == Decimal(movement["quantity"])


def counted(page):
    return int(re.search(r"共 ([0-9,]+) 条", page.text)[1].replace(",", ""))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_list_of_documents_says_where_each_stands(lead, path):
    found = {state: lead.get(f"/{path}?state={state.name}") for state in documents.State}
    assert sum(map(counted, found.values())) == counted(lead.get(f"/{path}"))  # each in one state
    for state, page in found.items():
        said = set(re.findall(r'data-l="状态"><span class="tag[^>]*>.*?</svg>([^<]+)<', page.text))
        assert said == ({state.said.zh} if counted(page) else set())  # as the record's own page has it


def test_the_first_page_counts_what_the_list_behind_it_has(door):
    with db.reading(door.engine) as session:
        _, view = service.open_view(session, Period.parse("2025"), date(2026, 1, 31))
        gaps = [gap for gap in service.gaps(session, view) if gap.owner.startswith("enterprise:")]
    owner, every = Counter(gap.owner for gap in gaps).most_common(1)[0]
    late = sum(GAPS[gap.code].is_final for gap in gaps if gap.owner == owner)
    count = every - late  # what is left to do: what was done late only stays on record
    officer = door.account("o11", "ent_officer", enterprise=owner.partition(":")[2])
    officer._begin()
    home = officer.browser.get("/").text
    ways = [way.replace("&amp;", "&") for way in re.findall(r'class="btn[^"]*" href="(/gaps[^"]+)"', home)]
    alone = [way for way in ways if way.startswith("/gaps/")]
    assert len(alone) == min(count, 6)
    assert all(officer.browser.get(way).status_code == 200 for way in alone)
    listed = [way for way in ways if way not in alone and "owner=" in way]
    assert [counted(officer.browser.get(way)) for way in listed] == [every] * ((count > 6) + (late > 0))
    assert f"{count} 件逾期" in home
    assert ("留作记录" in home) == (late > 0)


def test_an_enterprise_sees_its_own_write_off_rate_and_what_is_on_its_way(door):
    with db.reading(door.engine) as session:
        _, view = service.open_view(session, Period.parse("2025"), date(2026, 1, 31))
        of = service.writeoff.movements(view).subquery()
        rows = session.execute(sa.select(of.c.enterprise, of.c.ok)).all()
        numbers = dict(session.execute(sa.select(Party.outside_id, Party.id).where(~Party.is_external)).all())
        due, done = Counter(firm for firm, _ in rows), Counter(firm for firm, ok in rows if ok)
        months = {firm: service.writeoff_by_month(session, view, numbers[firm]).values() for firm in due}
        whole = service.count(session, view, BY_KEY["K4"], areas.city(session).counties).total
    assert {firm: sum(rate.d for rate in rates) for firm, rates in months.items()} == due
    assert sum(rate.n for rates in months.values() for rate in rates) == sum(done.values()) == whole.n
    firm = next(firm for firm, _ in due.most_common() if done[firm] < due[firm])
    officer = door.account("o12", "ent_officer", enterprise=firm)
    officer._begin()
    home = officer.browser.get("/").text
    assert f"{done[firm]:,} / {due[firm]:,}" in home
    open_ = re.search(r'class="short" href="([^"]+)">未销 ([0-9,]+) 笔', home)
    assert int(open_[2]) == due[firm] - done[firm] == counted(officer.browser.get(open_[1].replace("&amp;", "&")))
    shown = re.search(r'aria-labelledby="coming-h".*?</section>', home, re.DOTALL)[0]
    sent = {one["id"] for one in officer.get("movements?limit=200").json if one["type"].endswith("_out")}
    assert not sent & set(re.findall(r"M[0-9]+", shown))  # what comes to it, not what it sends


def test_a_carrier_is_told_no_stock_and_a_plate_leads_to_its_document(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        plates = json.dumps({"plates": "清A·D7223, 清A·D7224"}, ensure_ascii=False)
        city.permit(outside_id="YB-1", kind="transport_permit", holder=city.party["E01"], seller=None, fields=plates)
        reader = door.account("reader", "ps_lead", area="C0")
        reader._begin()
        for written in ("清A·D7224", "清ad7223", "D7223"):  # a plate leads to its document
            answer = reader.browser.get(f"/search?q={quote(written)}")
            assert "/transport-documents/YB-1" in (answer.location or answer.text), written
        city.sell(city.permit(outside_id="GB-1"))
        shown = {}
        for role in ("ent_carrier", "ent_keeper"):
            client = door.account(role.replace("_", "."), role, enterprise="E01")
            client._begin()
            home = client.browser.get("/").text
            shown[role] = re.findall(r'data-l="(?:账面库存|库存约够用)">(.*?)</td>', home)
    assert shown["ent_carrier"] == ["--", "--"]
    assert "--" not in shown["ent_keeper"]


def test_who_watches_is_told_whom_to_press(door):
    auditor = door.account("a11", "em_auditor", area="C0")
    auditor._begin()
    home = auditor.browser.get("/").text
    first = re.search(r'<div>([^<]+) <b class="n">(\d+) 件</b>.*?href="(/gaps[^"]+owner=[^"]+)"', home, re.DOTALL)
    assert counted(auditor.browser.get(first[3].replace("&amp;", "&"))) == int(first[2])


def test_a_gap_list_can_be_kept_as_a_workbook(lead):
    page = lead.get(f"/gaps?{VIEW}&figure=K4")
    book = lead.get(f"/gaps.xlsx?{VIEW}&figure=K4")
    rows = load_workbook(BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert len(rows) - 1 == counted(page)
    assert {row[3] for row in rows[1:]} <= {code for code, kind in GAPS.items() if kind.figure == "K4"}


def test_a_plate_is_found_however_it_is_written(door):
    inspector = door.account("i12", "ps_inspector", area="N")
    check = {"date": "2026-01-30", "county": "N", "place": "G9901", "plate": "清A·D1234", "result": "pass"}
    done = inspector.post("road-checks", check)
    assert done.status_code == 201, done.json
    inspector._begin()
    for written in ("清A·D1234", "清AD1234", "清a-d1234", "D1234"):
        answer = inspector.browser.get(f"/search?q={quote(written)}")
        assert f"/road-checks/{done.json['id']}" in (answer.location or answer.text), written


def test_what_is_hidden_is_counted_no_finer_than_the_figures_are(door):
    reader = door.account("d13", "drug_reg", area="C0")
    reader._begin()
    whole = reader.browser.get("/gaps?period=2025&as_of=2026-01-31").text
    assert "不属本岗职权范围" in whole
    for narrowed in ("enterprise=E01", "enterprise=NOPE", "code=PERMIT_UNVERIFIED", "owner=enterprise:E01"):
        assert "不属本岗职权范围" not in reader.browser.get(f"/gaps?period=2025&as_of=2026-01-31&{narrowed}").text
    for name in re.findall(r'<option value="enterprise:(E[0-9]+)"', whole):
        assert reader.browser.get(f"/enterprises/{name}").status_code == 200  # nobody he may not look up is named
