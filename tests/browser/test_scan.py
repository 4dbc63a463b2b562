"""The phone's application in a real browser: from the camera to a verdict, without network and without server."""

import io
import re

import apps
import browser_kit
import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from precursor import demo
from precursor.signing.text import from_text, to_text

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with apps.prepared(tmp_path_factory.mktemp("city")) as (made, now):
        demo.load(made, now, scale=0.1)
        yield made


def logged_in(browser, address, name):
    page = browser.new_context().new_page()
    page.goto(f"{address}/login")
    page.fill("#username", name)
    page.fill("#password", demo.PASSWORD)
    page.click("#submit")
    return page


def codes(page, address):
    """Text and picture of the code of each transport document in force."""
    page.goto(f"{address}/transport-documents?state=IN_FORCE")
    for link in [a.get_attribute("href") for a in page.locator("td.ttl a").all()]:
        answer = page.request.get(f"{address}{link}/code.png")
        if answer.ok:
            picture = Image.open(io.BytesIO(answer.body()))
            yield link, zxingcpp.read_barcodes(picture)[0].text, picture


def forged(text):
    changed = bytearray(from_text(text)[1])
    changed[-40] ^= 1
    return to_text(bytes(changed))


def typed(page, text):
    page.click("#again")
    if not page.locator("#text").is_visible():
        page.click("#type")
    page.fill("#text", text)
    page.click("#paste button")


def test_from_the_camera_to_a_verdict_with_the_network_off_and_the_server_stopped(app, tmp_path):
    with browser_kit.serving(app) as address, browser_kit.launch() as desk:
        lead = logged_in(desk, address, "lead")
        (_, genuine, picture), (link, revoked, _), *_ = codes(lead, address)
        approver = logged_in(desk, address, "approver")
        approver.goto(f"{address}{link}/revocation")
        approver.click("form.desk button.primary")
        inspector = logged_in(desk, address, "inspector")
        inspector.goto(f"{address}/scan/enrolment")
        enrolment = inspector.locator("dd.code").first.text_content()
        assert (
            zxingcpp.read_barcodes(Image.open(io.BytesIO(inspector.locator("img.qr").screenshot())))[0].text
            == enrolment
        )
    film = browser_kit.filmed(tmp_path, picture)
    with browser_kit.launch(*film) as phone:
        context = phone.new_context(viewport={"width": 390, "height": 844}, permissions=["camera"], locale="zh-CN")
        page = context.new_page()
        messages = []
        page.on("console", lambda message: messages.append(message.text))
        with browser_kit.serving(app) as address:
            page.goto(f"{address}/scan/?lang=zh")
            expect(page.locator("#main")).to_have_attribute("data-installed", "true")
            page.click("#type")
            page.fill("#text", enrolment)
            page.click("#paste button")
            expect(page.locator("#main")).to_have_attribute("data-ready", "true")
        context.set_offline(True)
        page.reload()
        verdict = page.locator("#verdict")
        expect(verdict).to_have_attribute("data-verdict", "GENUINE", timeout=15_000)
        expect(page.locator("#word")).to_have_text("有效")
        expect(page.locator("#facts")).to_contain_text("kg")
        assert Axe().run(page).violations_count == 0
        typed(page, forged(genuine))
        expect(verdict).to_have_attribute("data-verdict", "FORGED")
        expect(page.locator("#claimed")).to_be_visible()
        typed(page, revoked)
        expect(verdict).to_have_attribute("data-verdict", "REVOKED")
        expect(page.locator("#main")).to_have_attribute("data-look", "revoked")
        assert [text for text in messages if not re.search("ERR_INTERNET_DISCONNECTED|ERR_CONNECTION", text)] == []
