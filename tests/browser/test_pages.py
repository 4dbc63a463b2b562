"""The pages in a real browser: both widths, both languages, with and without JavaScript; axe finds nothing."""

import re

import apps
import browser_kit
import pyotp
import pytest
import worked_demo
from playwright.sync_api import expect

from precursor import demo
from precursor.accounts import service as accounts
from precursor.areas import service as areas
from precursor.core import db
from precursor.core.access import Role

pytestmark = pytest.mark.browser

VIEW = "period=2025&as_of=2026-01-31"
PAGES = [
    "/targets",
    "/gaps",
    "/gaps/WRITEOFF_QTY_MISMATCH/M12",
    "/gaps/PERMIT_UNVERIFIED/P08",
    "/gaps/DELEGATION_UNCOVERED/S-E04-Y",
    "/gaps/STOCK_VARIANCE/S-E06/AC2O",
    "/gaps/IE_FOREIGN_LEG_MISSING/H4",
    "/gaps/INSPECTION_MISSED/E03",
    "/gaps/LOSS_REPORT_LATE/L1",
]
PASSWORD = "Another-Password-2026"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with apps.prepared(tmp_path_factory.mktemp("home")) as (made, now):
        worked_demo.load(made, now)
        with made.app_context():
            from flask_security import hash_password

            hashed = hash_password(PASSWORD)
        with db.transaction(made.extensions["engine"]) as session:
            city = areas.by_outside_id(session, "C0")
            for name in ("wang", "li"):
                user = accounts.AddUser(
                    name=name, role=Role.PS_LEAD.value, person=f"P-{name}", password_hash=hashed, area_id=city.id
                )
                accounts.add(session, user, demo.ACTOR, now)
        yield made


@pytest.fixture(scope="module")
def address(app):
    with browser_kit.serving(app) as found:
        yield found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_accessible_quiet_and_fits(visit, width, language):
    one = visit(width=width, language=language)
    one.page.goto(one.address + "/login")
    one.is_accessible()
    one.log_in()
    for path in PAGES:
        assert one.open(f"{path}?{VIEW}").status == 200, path
        one.fits(360 if width < 500 else 1366, width)
        one.is_accessible()
        assert one.page.get_attribute("html", "lang") == ("zh-CN" if language == "zh" else "en")
    one.is_quiet()


@pytest.mark.parametrize("script", [True, False])
def test_from_a_target_to_its_list_to_the_two_sides(visit, script):
    one = visit(script=script)
    one.log_in()
    expect(one.page.locator("h1")).to_contain_text("今日要办")
    one.page.get_by_role("link", name="指标总览").last.click()
    expect(one.page.locator("h1")).to_contain_text("指标总览")
    assert "period=2025" in one.page.url  # the register's own year, since it is a past one
    one.page.get_by_role("link", name="差 4").first.click()
    expect(one.page.locator(".gaps tbody tr")).to_have_count(4)  # a stocktake that differs is under no figure
    one.page.locator(".gaps td.ttl a", has_text="M12").click()
    expect(one.page.locator(".eq")).to_contain_text("1,500")
    expect(one.page.locator(".eq .res")).to_contain_text("50")
    expect(one.page.get_by_role("cell", name="M13")).to_be_visible()
    one.is_quiet()


def test_the_list_is_filtered_in_place_with_javascript_and_by_the_button_without(visit):
    quick = visit()
    quick.log_in()
    quick.open(f"/gaps?{VIEW}")
    quick.page.select_option("#code", "PERMIT_UNVERIFIED")
    expect(quick.page.locator(".gaps tbody tr")).to_have_count(2)
    assert "code=PERMIT_UNVERIFIED" in quick.page.url
    quick.is_quiet()
    plain = visit(script=False)
    plain.log_in()
    plain.open(f"/gaps?{VIEW}")
    plain.page.select_option("#code", "PERMIT_UNVERIFIED")
    plain.page.click("form.filters button")
    expect(plain.page.locator(".gaps tbody tr")).to_have_count(2)


@pytest.mark.parametrize("script", [True, False])
def test_a_real_account_sets_up_its_second_factor_and_needs_it_every_time(visit, script):
    name = "wang" if script else "li"
    first = visit(script=script)
    first.log_in(name, PASSWORD)
    first.page.wait_for_url("**/tf-setup*")
    first.page.click("#submit")  # begin
    key = first.page.locator("#key").inner_text().replace(" ", "").replace("-", "")
    totp = pyotp.TOTP(key)
    used = totp.now()
    first.page.fill("#code", used)
    first.page.click("#confirm")
    expect(first.page.locator("h1")).to_contain_text("今日要办")
    first.is_quiet()
    second = visit(script=script)
    second.log_in(name, PASSWORD)
    second.page.wait_for_selector("#code")
    second.page.fill("#code", used)  # the same code again
    second.page.click("#submit")
    expect(second.page.locator(".msg")).to_be_visible()
    second.open("/targets")
    assert "/login" in second.page.url
    second.log_in(name, PASSWORD)
    second.page.fill("#code", totp.at(int(__import__("time").time()) + 30))
    second.page.click("#submit")
    expect(second.page.locator("h1")).to_contain_text("今日要办")


def test_a_wrong_password_says_nothing_about_which_part_was_wrong(visit):
    texts = []
    for name in ("auditor", "nobody"):
        one = visit()
        one.log_in(name, "wrong-password-1")
        expect(one.page.locator(".msg, .error, [role=alert]").first).to_be_visible()
        # the text of the document: what innerText says depends on whether the styles have come already
        texts.append(re.sub(r"\s+", " ", one.page.locator("main").text_content()))
    assert texts[0] == texts[1]


def test_the_other_language_is_one_click_away_and_stays(visit):
    one = visit()
    one.log_in()
    one.page.get_by_role("link", name="English").click()
    expect(one.page.locator("h1")).to_contain_text("To do today")
    one.open(f"/gaps?{VIEW}")
    expect(one.page.locator("h1")).to_contain_text("Gaps")
