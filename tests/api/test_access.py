"""Who sees what: every page, every role of the demonstration, own and foreign; a silent view stops the start."""

import re
from dataclasses import replace

import apps
import pytest
import worked_demo
from flask_security import hash_password

from precursor import demo
from precursor.accounts import service as accounts
from precursor.app import create_app
from precursor.areas import service as areas
from precursor.core import access, db
from precursor.core.access import Action, Role, Subject
from precursor.core.errors import Forbidden

VIEW = "period=2025&as_of=2026-01-31"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with apps.prepared(tmp_path_factory.mktemp("home")) as (made, now):
        worked_demo.load(made, now)
        yield made


def logged_in(app, name):
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)[1]
    answer = client.post("/login", data={"username": name, "password": demo.PASSWORD, "csrf_token": token})
    assert answer.status_code == 302
    return client


def status(client, path):
    return client.get(f"{path}{'&' if '?' in path else '?'}{VIEW}").status_code


def subjects(client):
    return set(re.findall(r'/gaps/[A-Z_0-9]+/([^?"]+)', client.get(f"/gaps?{VIEW}").text))


def test_nobody_gets_in_without_a_log_in(app):
    for path in ("/targets", "/gaps", "/gaps/WRITEOFF_QTY_MISMATCH/M12", "/"):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.headers["Location"].startswith("/login")) == (302, True), path


@pytest.mark.parametrize(
    ("name", "targets", "county_n", "county_d", "movement_of_x"),
    [
        ("auditor", 200, 200, 200, 200),
        ("lead", 200, 200, 200, 200),
        ("inspector", 200, 200, 404, 404),  # of county N
        ("officer", 403, 200, 200, 404),  # of enterprise E12
    ],
)
def test_roles_and_scopes(app, name, targets, county_n, county_d, movement_of_x):
    client = logged_in(app, name)
    assert status(client, "/targets") == targets
    assert status(client, "/gaps?area=N") == county_n
    assert status(client, "/gaps?area=D") == county_d
    assert status(client, "/gaps/WRITEOFF_QTY_MISMATCH/M12") == movement_of_x


def test_lists_hold_only_what_is_in_scope(app):
    assert subjects(logged_in(app, "officer")) == {"E12", "M29", "Q2", "V20"}
    of_n = subjects(logged_in(app, "inspector"))
    assert "M12" not in of_n
    assert {"M29", "E12", "KS2", "S-E04-Y"} <= of_n
    everything = subjects(logged_in(app, "lead"))
    assert of_n < everything


def test_bad_addresses_are_answers_not_crashes(app):
    client = logged_in(app, "lead")
    for path, wanted in (
        ("/targets?period=2025-13-01..x", 422),
        ("/targets?period=9999", 422),
        ("/targets?as_of=2025-02-30", 422),
        ("/gaps?period=1900-01-01..2400-12-31", 422),
        ("/gaps/WRITEOFF_QTY_MISMATCH/M12?code=x&subject=y&endpoint=z&period=2025&as_of=2026-01-31", 200),
        ("/gaps?area=ZZ", 404),
        ("/gaps?code=NOPE", 404),
        ("/gaps?page=99999999999999999999", 200),
        ("/gaps?page=-3", 200),
        ("/gaps?page=x", 200),
        ("/gaps/NOPE/x", 404),
        ("/gaps/WRITEOFF_QTY_MISMATCH/%00", 404),
        ("/gaps/STOCK_VARIANCE/a/b/c", 404),
        ("/nowhere", 404),
    ):
        answer = client.get(path)
        assert answer.status_code == wanted, (path, answer.status_code)


def test_a_disabled_account_is_out_at_the_next_request(app):
    with app.app_context():
        hashed = hash_password(demo.PASSWORD)
    with db.transaction(app.extensions["engine"]) as session:
        area = areas.by_outside_id(session, "N").id
        leaver = accounts.AddUser(
            name="x.leaver", role="ps_lead", person="P-9", password_hash=hashed, area_id=area, is_demo=True
        )
        accounts.add(session, leaver, demo.ACTOR, app.extensions["settings"].clock())
    client = logged_in(app, "x.leaver")
    assert status(client, "/gaps") == 200
    with db.transaction(app.extensions["engine"]) as session:
        accounts.disable(session, "X.Leaver ", demo.ACTOR, app.extensions["settings"].clock())
    assert status(client, "/gaps") == 302


def test_a_copied_cookie_dies_with_the_log_out(app):
    client = logged_in(app, "lead")
    cookie = client.get_cookie("session").value
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(f"/gaps?{VIEW}").text)[1]
    client.post("/logout", data={"csrf_token": token})
    thief = app.test_client()
    thief.set_cookie("session", cookie)
    assert status(thief, "/gaps") == 302


def test_every_answer_carries_the_policy(app):
    for path in ("/login", "/nowhere", "/healthz"):
        headers = app.test_client().get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_view_that_declares_nothing_stops_the_start(app, tmp_path):
    from precursor import app as module

    silent = create_app(app.extensions["settings"])
    silent.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(RuntimeError, match="silent"):
        module._enforce(silent)
    silent.extensions["engine"].dispose()


@pytest.mark.parametrize("action", list(Action))
def test_no_role_and_no_place_is_no_grant(action):
    with pytest.raises(Forbidden):
        access.scope(None, action)
    for role in Role:
        grant = access.GRANTS[action].get(role)
        nowhere = Subject(account="a", person="P", role=role, fresh=True)
        if grant is not None and grant.reach in access.UNBOUND:
            assert access.scope(nowhere, action).reach is grant.reach
            continue
        with pytest.raises(Forbidden):
            access.scope(nowhere, action)


@pytest.mark.parametrize("action", list(Action))
def test_a_token_is_bound_to_its_actions_and_never_approves(action):
    for role, grant in access.GRANTS[action].items():
        machine = Subject(
            account="m", person="P", role=role, area_id=1, enterprise_id=1, fresh=True, actions=frozenset({action})
        )
        with pytest.raises(Forbidden):
            access.scope(replace(machine, actions=frozenset()), action)
        if grant.conditions & access.NOT_FOR_MACHINES:
            with pytest.raises(Forbidden):
                access.scope(machine, action)
        else:
            assert access.scope(machine, action).reach is grant.reach


@pytest.mark.parametrize(
    "action", [a for a in Action if any(access.Condition.C9 in g.conditions for g in access.GRANTS[a].values())]
)
def test_what_needs_a_fresh_log_in_is_refused_without(action):
    for role, grant in access.GRANTS[action].items():
        stale = Subject(account="a", person="P", role=role, area_id=1, enterprise_id=1)
        if access.Condition.C9 in grant.conditions:
            with pytest.raises(Forbidden):
                access.scope(stale, action)
        assert access.scope(replace(stale, fresh=True), action).reach is grant.reach


@pytest.mark.parametrize(("one", "other"), access.CONFLICTS)
def test_no_role_holds_both_sides(one, other):
    assert not access.GRANTS[one].keys() & access.GRANTS[other].keys()


def test_every_action_is_on_a_view_and_granted_to_somebody(app):
    declared = {getattr(view, "action", None) for view in app.view_functions.values()}
    assert declared - {None} == set(Action)
    assert all(access.GRANTS.values())
