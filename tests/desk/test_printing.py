"""Certificates in bulk: the documents of a list, a page each, with the codes that were signed for them."""

import re

import pypdfium2
import pytest
import zxingcpp
from api_kit import Door
from roadside_kit import Road

from precursor.desk import paper

SHOWN = {
    "title": {"zh": "证明", "en": "Certificate"},
    "number": "N-1",
    "rows": [{"zh": "数量", "en": "Quantity", "value": "1 kg"}],
    "issuer": "示例县",
    "digest": "--",
    "state": None,
    "why": {"zh": "无", "en": "none"},
    "day": "2026-01-01",
    "foot": "示例",
}


@pytest.fixture
def road(url, owner, tmp_path):
    door = Door(url, tmp_path)
    yield Road(door, tmp_path)
    door.close()


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
