"""Certificates in bulk: the documents of a list, a page each, with the codes that were signed for them."""

import json
import re

import pypdfium2
import pytest
import racing
import sqlalchemy as sa
import zxingcpp
from api_kit import Door

from precursor.api.collection import Call
from precursor.audit.models import AuditEntry
from precursor.core import access, db
from precursor.core.numerals import quantity
from precursor.desk import paper
from precursor.desk.documents import take_numbers

SHOWN = {
    "title": {"zh": "证明", "en": "Certificate"},
    "number": "N-1",
    "states": None,
    "rows": [{"zh": "数量", "en": "Quantity", "value": "1 kg", "beside": "", "large": True}],
    "issuer": "示例县",
    "digest": "--",
    "state": None,
    "why": {"zh": "无", "en": "none"},
    "day": "2026-01-01",
    "foot": "示例",
}


@pytest.mark.parametrize(
    ("name", "printed"), [("示例𠮷化工", "示例〓化工"), ("B😀\\n", "B〓\\n"), ('a\x01"b', 'a〓"b'), ("ئۇ", "〓〓")]
)
def test_a_character_that_the_font_lacks_is_marked_and_keeps_nothing_from_being_printed(name, printed):
    rows = [{"zh": "单位", "en": "Enterprise", "value": name, "beside": "", "large": False}]
    text = pypdfium2.PdfDocument(paper.certificates([(SHOWN | {"rows": rows}, None), (SHOWN, None)]))
    assert printed in text[0].get_textpage().get_text_range()
    noted = ["字库所缺之字" in text[n].get_textpage().get_text_range() for n in range(2)]
    assert noted == [True, False]  # the sheet beside it lacks nothing
    label = {"label": "L", "goods": "g", "each": "1 kg", "batch": name, "owner": "", "count": 1}
    blank = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    assert printed in pypdfium2.PdfDocument(paper.labels(label, [blank]))[0].get_textpage().get_text_range()


def test_a_list_of_documents_is_printed_with_the_codes_that_were_signed(road):
    made = [road.document() for _ in range(3)]
    lead = road.door.account("lead", "ps_lead", area="X")
    lead._begin()
    page = lead.browser.get("/transport-documents/certificates").text
    (way,) = re.findall(r'href="([^"]+certificates\.pdf[^"]*)"', page)
    answer = lead.browser.get(way.replace("&amp;", "&"))
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Precursor-Sheets"] == answer.headers["Precursor-Codes-Read"] == "3"
    pictures = [sheet.render(scale=150 / 72).to_pil() for sheet in pypdfium2.PdfDocument(answer.data)]
    assert {zxingcpp.read_barcodes(picture)[0].text for picture in pictures} == {one.text for one in made}
    texts = [sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(answer.data)]
    assert all(any(one.id in text for text in texts) for one in made)


def test_nobody_prints_what_he_may_not_read(road):
    road.document()
    stranger = road.door.account("stranger", "ent_officer", enterprise="E02")
    stranger._begin()
    assert stranger.browser.get("/transport-documents/certificates.pdf").status_code == 404
    assert "没有符合条件" in stranger.browser.get("/transport-documents/certificates").text


def test_a_filter_narrows_what_is_printed(road):
    road.document()
    lead = road.door.account("lead", "ps_lead", area="X")
    lead._begin()
    assert lead.browser.get("/transport-documents/certificates.pdf?q=NOWHERE").status_code == 404


def test_what_is_not_on_the_paper_is_not_read():
    assert paper.codes_on(paper.certificates([(SHOWN, None)])) == set()
    assert len(pypdfium2.PdfDocument(paper.certificates([(SHOWN, None)] * 3))) == 3


def test_a_certificate_names_its_law_its_parties_by_credit_code_and_spells_its_amount(road):
    road.document()
    lead = road.door.account("lead", "ps_lead", area="X")
    lead._begin()
    (number, *_) = re.findall(r'href="/transport-documents/([^"/?]+)"', lead.browser.get("/transport-documents").text)
    made = pypdfium2.PdfDocument(lead.browser.get(f"/transport-documents/{number}/certificate.pdf").data)
    said = "".join("".join(page.get_textpage().get_text_range() for page in made).split())
    assert len(made) == 1
    assert "1/1" in said
    assert "《易制毒化学品管理条例》第二十条" in said
    shown = lead.browser.get(f"/transport-documents/{number}").text
    amount = re.search(r"<b>([\d,.]+)</b> kg", shown)[1].replace(",", "")
    assert quantity(amount, "kg") in said
    assert "(E" not in said  # no number of ours beside a name


def test_a_certificate_of_a_document_without_amount_or_basis_is_printed_all_the_same():
    page = pypdfium2.PdfDocument(paper.certificates([(SHOWN, None)]))[0].get_textpage().get_text_range()
    assert "示例县" in page
    assert "根据" not in page


def test_a_certificate_of_what_was_revoked_does_not_say_that_it_holds(road):
    number = road.document().id
    lead = road.door.account("lead", "ps_lead", area="X")
    approver = road.door.account("approver", "ps_approver", area="X")

    def said():
        made = lead.browser.get(f"/transport-documents/{number}/certificate.pdf").data
        return "".join(pypdfium2.PdfDocument(made)[0].get_textpage().get_text_range().split())

    lead._begin()
    assert "第二十条" in said()
    approver.done(f"transport-documents/{number}/suspensions", {"state": "suspended", "reason": "核实路线"})
    assert "已暂停" in said()
    assert "第二十条" not in said()


def printed_as(made):
    """Which time each sheet of a file says that it is."""
    sheets = pypdfium2.PdfDocument(made)
    return [int(re.search(r"第 (\d+) 次打印", sheet.get_textpage().get_text_range())[1]) for sheet in sheets]


def test_each_sheet_says_the_how_manieth_print_it_is_and_the_page_how_many_there_are(road):
    one, other = road.document().id, road.document().id
    lead = road.door.account("lead", "ps_lead", area="X")
    lead._begin()
    single, many = f"/transport-documents/{one}/certificate.pdf", "/transport-documents/certificates.pdf"
    assert "证明</dt>" not in lead.browser.get(f"/transport-documents/{one}").text
    assert [printed_as(lead.browser.get(single).data) for _ in range(2)] == [[1], [2]]
    assert sorted(printed_as(lead.browser.get(many).data)) == [1, 3]
    assert printed_as(lead.browser.get(single).data) == [4]
    assert "打印 4 次" in lead.browser.get(f"/transport-documents/{one}").text
    assert "打印 1 次" in lead.browser.get(f"/transport-documents/{other}").text
    with db.reading(road.door.engine) as session:
        entries = [json.loads(entry) for entry in session.scalars(sa.select(AuditEntry.entry))]
    kept = [entry for entry in entries if entry["action"] == "permit.print"]
    assert len(kept) == 5
    assert {entry["actor"]["account"] for entry in kept} == {"lead"}


def taking(url, home, documents, start, results):
    """Print a list of documents ten times, together with others; report the numbers."""
    door = Door(url, home)
    try:
        with door.app.app_context():
            subject = access.Subject(account="racer", person="P-racer", role=access.Role.PS_LEAD, area_id=1)
            call = Call(None, subject, access.scope(subject, access.Action.TRANSPORT_READ), door.clock())
            start.wait(60)
            taken = [sorted(take_numbers(call, documents).items()) for _ in range(10)]
        results.put(tuple(pair for one in taken for pair in one))
    except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
        results.put(repr(error))
    finally:
        door.close()


def test_no_two_sheets_say_the_same_whoever_prints_at_once(road, url, tmp_path):
    """Real processes with overlapping lists, named in opposite orders: every number once, nobody refused."""
    numbers = [road.document().id for _ in range(4)]
    lists = [numbers, numbers[::-1], numbers[:2], numbers[1:]]
    outcome = racing.together(taking, [(url, tmp_path, one) for one in lists])
    assert all(isinstance(one, tuple) for one in outcome), outcome
    pairs = [pair for one, times in outcome.items() for _ in range(times) for pair in one]
    for number in numbers:
        prints = 10 * sum(number in one for one in lists)
        assert sorted(nth for document, nth in pairs if document == number) == list(range(1, prints + 1))


def test_what_is_not_given_out_is_not_counted(road):
    number = road.document().id
    lead = road.door.account("lead", "ps_lead", area="X")
    stranger = road.door.account("stranger", "ent_officer", enterprise="E02")
    lead._begin()
    stranger._begin()
    single, many = f"/transport-documents/{number}/certificate.pdf", "/transport-documents/certificates.pdf"
    for way in (single, many):
        assert lead.browser.head(way).status_code == 204
        assert lead.browser.get(way, headers={"Sec-Purpose": "prefetch"}).status_code == 204
        assert stranger.browser.get(way).status_code == 404
    assert printed_as(lead.browser.get(single).data) == [1]
