"""The policy over HTTP: every role x every route x own, foreign enterprise, foreign area."""

import engines
import policy_kit
import pytest
from policy_kit import CASES, COUNTY, EMPTY, FACTS, NUMBERED, OWNER, fact, granted, sees

from precursor import rooms
from precursor.core.access import GRANTS, Role


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("policy")
    if request.param == "sqlite":
        url = f"sqlite:///{home / 'city.db'}"
    else:
        url = engines.new_database(request.getfixturevalue("pg_server"))
    door = policy_kit.opened(url, home)
    yield door
    door.close()


#: Every role and place; on PostgreSQL, where the statements are the same, every third.
EACH = pytest.mark.parametrize(
    ("opened", "role", "place"),
    [("sqlite", *case) for case in CASES] + [("postgresql", *case) for case in CASES[::3]],
    indirect=["opened"],
    scope="module",
)


def pages(client, path):
    """Every record of a list, page by page."""
    found, after = [], ""
    while True:
        answer = client.get(f"{path}?limit=7{after}&count=true")
        assert answer.status_code == 200
        found += answer.json
        if "Link" not in answer.headers:
            assert int(answer.headers["X-Total-Count"]) == len(found)
            return found
        after = f"&after={answer.json[-1]['id']}"


@EACH
def test_lists_counts_and_details(opened, role, place):
    client = opened.sign_in(f"{role}.{place.lower()}")
    for collection in rooms.COLLECTIONS:
        path = collection.path
        grant = GRANTS[collection.list].get(role)
        if grant is None:
            assert client.get(path).status_code == 403, path
        elif path in EMPTY:
            assert pages(client, path) == []
        elif path in NUMBERED:
            assert len(pages(client, path)) == sum(sees(grant.reach, place, f) for f in NUMBERED[path])
        else:
            visible = {id_ for id_, f in FACTS[path].items() if sees(grant.reach, place, f)}
            assert {record["id"] for record in pages(client, path)} == visible, path
        one = GRANTS[collection.read].get(role)
        for id_, found in list(FACTS.get(path, {}).items())[::5]:
            status = client.get(f"{path}/{id_}").status_code
            wanted = 403 if one is None else 200 if sees(one.reach, place, found) else 404
            assert status == wanted, (path, id_)


@EACH
def test_acts(opened, role, place):
    """An empty body is never taken; what it is refused for says whether the act was granted."""
    client = opened.sign_in(f"{role}.{place.lower()}")
    for collection in rooms.COLLECTIONS:
        for act in collection.acts:
            grant = granted(act.action, role)
            path = collection.path + act.at
            if not act.is_of_one:
                status = client.call(act.method, path, {}).status_code
                assert status == 403 if grant is None else status == 422, path
                continue
            for id_, found in list(FACTS.get(collection.path, {}).items())[::9]:
                status = client.call(act.method, path.replace("<id>", id_), {"x": 1}).status_code
                if grant is None:
                    assert status == 403, path
                elif sees(grant.reach, place, found):
                    assert status == 422, path  # read, and wrong
                else:
                    assert status in (404, 422), path
                    status = client.call(act.method, path.replace("<id>", "NOBODY"), {"x": 1}).status_code
                    assert status in (404, 422)


@EACH
def test_reports(opened, role, place):
    client = opened.sign_in(f"{role}.{place.lower()}")
    for listing in rooms.LISTINGS:
        parameters = {
            name: {"period": "2025", "of": "S-E06/AC2O", "direction": "up"}[name]
            for name, member in listing.parameters.items()
            if member.required
        }
        query = "&".join(f"{k}={v}" for k, v in parameters.items())
        grant = GRANTS[listing.action].get(role)
        status = client.get(f"{listing.path}?{query}").status_code
        allowed = {200, 404} if listing.path in ("trace", "kpi", "plan", "documents", "gaps") else {200}
        assert status in ({403} if grant is None else allowed), listing.path


def test_stock_and_gaps_keep_to_the_scope(opened):
    for role, place in CASES:
        client = opened.sign_in(f"{role}.{place.lower()}")
        if (grant := GRANTS[rooms.movements.Action.STOCK_READ].get(role)) is not None:
            for pair in client.get("stock?on=2025-12-31").json:
                site, substance = pair.split("/")
                assert sees(grant.reach, place, fact(OWNER[site], COUNTY[site], substance=substance))
    auditor = opened.sign_in("em_auditor.c0").get("gaps?period=2025").json["gaps"]
    everything = opened.sign_in("ps_lead.c0").get("gaps?period=2025").json["gaps"]
    of_n = opened.sign_in("ps_lead.n").get("gaps?period=2025").json["gaps"]
    own = opened.sign_in("ent_officer.e12").get("gaps?period=2025").json["gaps"]
    assert len(everything) == 31
    assert len(auditor) <= 31
    assert {gap["area"] for gap in of_n} == {"N"}
    assert {gap["subject"] for gap in own} == {"E12", "M29", "Q2", "V20"}


def test_a_county_reads_no_other_county_by_asking(opened):
    inspector = opened.sign_in("ps_inspector.n")
    assert inspector.get("gaps?period=2025&area=D").status_code == 404
    assert inspector.get("plan?period=2025&area=N").status_code == 200


@pytest.mark.parametrize("role", [Role.CUSTOMS, Role.COMMERCE, Role.HEALTH, Role.EM_AUDITOR, Role.PS_CLERK])
def test_whoever_may_see_the_figures_may_open_their_page(opened, role):
    client = opened.sign_in(f"{role}.c0")
    client._begin()
    page = client.browser.get("/targets?period=2025&as_of=2026-01-31")
    assert page.status_code == 200
    assert ("/gaps" in page.text) is (role in GRANTS[rooms.movements.Action.ALERT_LIST])
