"""Pages obey the scopes of the API: every page x every role x own, foreign enterprise, foreign area.

Prints, workbooks, codes and certificates included: nothing leaks, nothing that is allowed is refused.
"""

import re
from html import unescape
from io import BytesIO
from urllib.parse import unquote

import policy_kit
import pytest
from policy_kit import CASES, COUNTY, EMPTY, FACTS, NUMBERED, OWNER, fact, granted, sees
from python_calamine import load_workbook

from precursor import rooms
from precursor.core.access import GRANTS, Action
from precursor.desk import forms
from precursor.desk.terms import DOCUMENTS

ROW = re.compile(r'<td class="ttl"[^>]*><a href="/([a-z-]+)/([^"?/]+)"')
FOUND = re.compile(r'<li><div><a href="/([a-z-]+)/([^"?/]+)"')
BY_PATH = {collection.path: collection for collection in rooms.COLLECTIONS}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    home = tmp_path_factory.mktemp("pages")
    door = policy_kit.opened(f"sqlite:///{home / 'city.db'}", home)
    yield door
    door.close()


class Reader:
    """A browser of one account, and what that account may see."""

    def __init__(self, door, role, place):
        self.role, self.place = role, place
        client = door.sign_in(f"{role}.{place.lower()}")
        client._begin()
        self.browser = client.browser

    def get(self, address):
        return self.browser.get(address)

    def sees(self, action, found):
        grant = GRANTS[action].get(self.role)
        return grant is not None and sees(grant.reach, self.place, found)

    def visible(self, collection):
        return {id_ for id_, found in FACTS[collection.path].items() if self.sees(collection.list, found)}

    def status_of(self, action, found):
        if granted(action, self.role) is None:
            return 403
        return 200 if self.sees(action, found) else 404


@pytest.fixture
def reader(opened, role, place):
    return Reader(opened, role, place)


def sheet(answer):
    """The rows of a workbook without its heads."""
    return load_workbook(BytesIO(answer.data)).get_sheet_by_index(0).to_python()[1:]


def check_rows(reader, html, pattern=ROW):
    """Every record that a page lists is one that its reader may list."""
    found = [(path, unquote(unescape(id_))) for path, id_ in pattern.findall(html)]
    for path, id_ in found:
        if path in FACTS and id_ in FACTS[path]:
            assert reader.sees(BY_PATH[path].list, FACTS[path][id_]), (path, id_)
    return found


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_lists_and_workbooks(reader, role):
    for collection in rooms.COLLECTIONS:
        page, book = reader.get(f"/{collection.path}"), reader.get(f"/{collection.path}.xlsx")
        if role not in GRANTS[collection.list]:
            assert (page.status_code, book.status_code) == (403, 403), collection.path
            continue
        assert (page.status_code, book.status_code) == (200, 200), collection.path
        rows = sheet(book)
        if collection.path in NUMBERED:
            wanted = sum(reader.sees(collection.list, found) for found in NUMBERED[collection.path])
        elif collection.path in EMPTY:
            wanted = 0
        else:
            wanted = len(reader.visible(collection))
            assert {str(row[0]) for row in rows} == reader.visible(collection), collection.path
        assert len(rows) == wanted, collection.path
        assert int(re.search(r"共 ([0-9,]+) 条", page.text)[1].replace(",", "")) == wanted, collection.path
        check_rows(reader, page.text)


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_records_and_what_belongs_to_them(reader):
    for path, facts in FACTS.items():
        collection = BY_PATH[path]
        for id_, found in list(facts.items())[::5]:
            page = reader.get(f"/{path}/{id_}")
            assert page.status_code == reader.status_of(collection.read, found), (path, id_)
            if page.status_code == 200:
                check_rows(reader, page.text)


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_documents_on_paper(reader):
    for path in DOCUMENTS:
        for id_, found in list(FACTS.get(path, {}).items())[::7]:
            wanted = reader.status_of(BY_PATH[path].read, found)
            assert reader.get(f"/{path}/{id_}/certificate.pdf").status_code == wanted, id_
            for picture in ("code.png", "code.svg"):  # a document that is over has none
                assert reader.get(f"/{path}/{id_}/{picture}").status_code in (
                    {200, 404} if wanted == 200 else {wanted}
                )
            for way in ("", "/certificate"):
                assert (reader.get(f"/permits/{id_}{way}").status_code == 302) is (wanted == 200), id_


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_forms(reader, role):
    for collection in rooms.COLLECTIONS:
        for act in collection.acts:
            address = f"/{collection.path}/{forms.path_of(act)}"
            is_granted = granted(act.action, role) is not None
            if not act.is_of_one:
                assert reader.get(address).status_code == (200 if is_granted else 403), address
                answer = reader.browser.post(address, data={"_key": "k"})
                assert answer.status_code == (422 if is_granted else 403), address
                continue
            for id_, found in list(FACTS.get(collection.path, {}).items())[::9]:
                wanted = reader.status_of(act.action, found)
                assert reader.get(address.replace("<id>", id_)).status_code == wanted, (address, id_)
                answer = reader.browser.post(
                    address.replace("<id>", id_), data={"_key": "k", "_seen": "?", "nonsense": "?"}
                )
                assert answer.status_code == (422 if wanted == 200 else wanted), (address, id_)


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_search_finds_what_one_may_list(reader):
    for text in ("E0", "P0", "M1", "S-E", "公司"):
        answer = reader.get(f"/search?q={text}")
        if answer.status_code == 302:
            _, path, id_ = answer.location.rsplit("/", 2)
            assert reader.sees(BY_PATH[path].list, FACTS[path][unquote(id_)])
        else:
            check_rows(reader, answer.text, FOUND)


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_stock_ledger_and_trace(reader, role):
    book = reader.get("/stock.xlsx?on=2025-12-31")
    assert book.status_code == reader.get("/stock").status_code == (200 if role in GRANTS[Action.STOCK_READ] else 403)
    if book.status_code == 200:
        for site, substance, *_ in sheet(book):
            assert reader.sees(Action.STOCK_READ, fact(OWNER[site], COUNTY[site], substance=substance))
    for site, substance in (("S-E06", "AC2O"), ("S-E08", "EPHINJ")):
        page = reader.get(f"/ledger?site={site}&substance={substance}&from=2025-01-01&to=2025-12-31")
        is_seen = reader.sees(Action.LEDGER_LIST, fact(OWNER[site], COUNTY[site], substance=substance))
        wanted = 200 if is_seen else 404
        assert page.status_code == (wanted if role in GRANTS[Action.LEDGER_LIST] else 403)
        check_rows(reader, page.text)
        trace = reader.get(f"/trace?of={site}/{substance}")
        assert trace.status_code == (200 if role in GRANTS[Action.LEDGER_TRACE] else 403)
        if not reader.sees(Action.LEDGER_TRACE, fact(OWNER[site], COUNTY[site], substance=substance)):
            assert "/movements/" not in trace.text


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_figures_gaps_and_plan(reader, role, place):
    view = "period=2025&as_of=2026-01-31"
    for address, action in (
        ("targets", Action.STATS_AREA),
        ("gaps", Action.ALERT_LIST),
        ("plan", Action.INSPECTION_LIST),
    ):
        answer = reader.get(f"/{address}?{view}")
        outside = place == "EXT-Y" and role in GRANTS[action]  # no county of this city
        assert answer.status_code in ({403} if role not in GRANTS[action] else {404} if outside else {200}), address
    for address in ("gaps", "plan"):  # the workbook holds what the pages hold
        page, book = reader.get(f"/{address}?{view}"), reader.get(f"/{address}.xlsx?{view}")
        assert book.status_code == page.status_code
        if book.status_code == 200:
            assert len(sheet(book)) == int(re.search(r'class="card-f"><span>共 (\d+)', page.text)[1])
            for subject in {row[0] for row in sheet(book)} & set(FACTS["movements"]):
                parties = FACTS["movements"][subject]
                assert reader.sees(Action.ALERT_LIST, parties) or role.value.startswith(("ent_", "machine_ent"))
    page = reader.get(f"/gaps?{view}")
    if page.status_code == 200:
        subjects = set(re.findall(r'href="/gaps/[A-Z_]+/([^"?]+)', page.text))
        assert bool(subjects) == (re.search(r'class="card-f"><span>共 (\d+)', page.text)[1] != "0")
        for subject in subjects & set(FACTS["movements"]):
            parties = FACTS["movements"][subject]
            assert reader.sees(Action.ALERT_LIST, parties) or role.value.startswith(("ent_", "machine_ent"))
    assert reader.get("/").status_code == 200
