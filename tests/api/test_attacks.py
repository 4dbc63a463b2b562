"""What somebody may try from outside: ended sessions, guessed passwords, odd bodies and addresses."""

import re
import uuid

import pytest
import sqlalchemy as sa
from api_kit import KEEPER_OF_CLOCK, Door
from empty_city import City
from flask_security import hash_password

from precursor.accounts import service as accounts
from precursor.core import db
from precursor.enterprises.models import Party

MADE = {
    "date": "2026-01-20", "site": "S-E01", "type": "production_in", "substance": "H2SO4", "quantity": "5",
    "unit": "kg", "batch": "B",
}  # fmt: skip
PASSWORD = "A-long-Password-2026"
OWN_VIEWS = ("/change", "/tf-setup", "/verify", "/enterprises", "/")


def real_account(door, name="zhao"):
    """An account of the demonstration: a password alone opens it."""
    with door.app.app_context():
        hashed = hash_password(PASSWORD)
    with db.transaction(door.engine) as session:
        enterprise = session.scalar(
            sa.select(Party.id).where(Party.outside_id == "E01", Party.is_external == sa.false())
        )
        user = accounts.AddUser(
            name=name, role="ent_keeper", person="P-Z", password_hash=hashed, enterprise_id=enterprise, is_demo=True
        )
        accounts.add(session, user, KEEPER_OF_CLOCK, door.clock())


def log_in(door, name="zhao", password=PASSWORD, **kw):
    browser = door.app.test_client()
    page = browser.get("/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    answer = browser.post("/login", data={"username": name, "password": password, "csrf_token": token}, **kw)
    return browser, answer


def test_an_ended_session_opens_nothing_whatever_is_sent_beside_it(door):
    real_account(door)
    browser, _ = log_in(door)
    assert browser.get("/enterprises").status_code == 200
    with browser.session_transaction() as cookie:
        kept = dict(cookie)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)[1]
    assert browser.post("/logout", data={"csrf_token": token}).status_code == 302
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "bearer x"}, {"Authentication-Token": "x"}):
        stolen = door.app.test_client()
        with stolen.session_transaction() as cookie:
            cookie.update(kept)
        for path in OWN_VIEWS:
            answer = stolen.get(path, headers=headers)
            assert (answer.status_code, "login" in answer.headers.get("Location", "")) == (302, True), (path, headers)
            with stolen.session_transaction() as cookie:
                cookie.update(kept)


def test_a_token_of_the_library_is_no_token_here(door):
    real_account(door)
    browser = door.app.test_client()
    answer = browser.post("/login?include_auth_token=1", json={"username": "zhao", "password": PASSWORD})
    assert answer.status_code == 415


def test_leaving_needs_the_token_of_our_own_page(tmp_path, url, engine):
    City(engine)
    door = Door(url, tmp_path, WTF_CSRF_METHODS=["POST", "PUT", "PATCH", "DELETE"])
    real_account(door)
    browser, _ = log_in(door)
    assert browser.post("/logout").status_code == 400
    assert browser.get("/enterprises").status_code == 200
    door.close()


def test_passwords_are_not_guessed_fast_wherever_one_comes_from(tmp_path, url, engine):
    City(engine)
    door = Door(url, tmp_path, RATELIMIT_ENABLED=True)
    real_account(door)
    browser, _ = log_in(door)
    found = {browser.post("/change", data={"password": f"wrong-password-{n}"}).status_code for n in range(12)}
    assert 429 in found
    answers = [
        log_in(door, password="wrong", environ_base={"REMOTE_ADDR": f"10.0.{n}.1"})[1].status_code for n in range(32)
    ]
    assert answers[-1] == 429  # each from an address of its own
    door.close()


@pytest.mark.parametrize("body", ["[" * 5000, '{"a":' * 5000, "\x00", "null"])
@pytest.mark.parametrize("path", ["/login", "/tf-validate", "/change", "/verify"])
def test_odd_bodies_get_an_answer_with_our_headers(door, path, body):
    answer = door.app.test_client().post(path, data=body, content_type="application/json")
    assert answer.status_code < 500
    assert "Content-Security-Policy" in answer.headers


def test_a_password_longer_than_any_is_refused(door):
    real_account(door)
    assert log_in(door, password="x" * 4097)[1].status_code == 422


@pytest.mark.parametrize(
    "name", ["99999999999999999999.cwt", "9223372036854775808.cwt", "01.cwt", "-1.cwt", "4294967295.cwt"]
)
@pytest.mark.parametrize("kind", ["status", "balance"])
def test_lists_that_are_not_there(door, kind, name):
    assert door.app.test_client().get(f"/.well-known/precursor/{kind}/{name}").status_code == 404


def test_a_machine_books_with_its_token_alone(people):
    machine = people("machine_ent", "E01")
    assert machine.post("movements/in", MADE).status_code == 403


def test_a_form_sent_twice_leads_to_its_record_twice(people):
    keeper = people("ent_keeper", "E01")
    keeper._begin()
    typed = {"enterprise": "E01", "substance": "H2SO4", "number": "批 九", "_key": uuid.uuid4().hex}
    places = {keeper.browser.post("/batches/new", data=typed).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    assert keeper.browser.get(places.pop()).status_code == 200
    refused = keeper.browser.post("/batches/new", data=typed | {"number": "a/b", "_key": "k"})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    "address",
    [
        "/ledger?site=S-E01&substance=H2SO4&from=0001-01-01",
        "/ledger?site=S-E01&substance=H2SO4&to=0001-01-01",
        "/ledger?site=S-E01&substance=H2SO4&to=9999-12-31",
        "/targets?period=9999-01-01..9999-12-31",
        "/targets?period=0001",
        "/plan?period=9999",
    ],
)
def test_days_that_no_register_knows(people, address):
    lead = people("ps_lead")
    lead._begin()
    assert lead.browser.get(address).status_code == 422


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon"])
def test_instants_that_no_clock_shows(people, when):
    officer = people("ent_officer", "E01")
    officer._begin()
    typed = {"kind": "loss", "site": "S-E01", "substance": "H2SO4", "quantity": "1", "unit": "kg", "_key": "k"}
    assert officer.browser.post("/incidents/new", data=typed | {"discovered_at": when}).status_code == 422


def test_a_refusal_of_a_narrower_kind_is_a_page_too(people):
    """A reversal that would leave less than nothing in the store."""
    keeper, boss = people("ent_keeper", "E01"), people("ent_admin", "E01")
    much = MADE | {"quantity": "900000"}
    made = keeper.done("movements/in", much)
    used = much | {"type": "use_out", "usage_record": "U1"}
    keeper.done("movements/out", {k: v for k, v in used.items() if k != "batch"})
    keeper.done(f"movements/{made['id']}/reversal-requests", {"reason": "错"})
    boss._begin()
    answer = boss.browser.post(f"/reversals/{made['id']}/approval", data={"_key": "k"})
    assert answer.status_code == 409
    assert 'id="errors"' in answer.text
