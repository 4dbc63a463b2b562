"""The policy over HTTP: every role x every route x own, foreign enterprise, foreign area.

What each may see is worked out here from the bundle alone, without the product's queries.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import engines
import pytest
from api_kit import Door
from conftest import WORKED, load, worked_bundle

from precursor import rooms
from precursor.core import db, migrate
from precursor.core.access import GRANTS, Reach, Role

NOW = datetime(2026, 1, 31, 4, tzinfo=UTC)
CITY = worked_bundle()
KIND = {e["id"]: e["kind"] for e in CITY["enterprises"]}
HOME = {e["id"]: e["registered_county"] for e in CITY["enterprises"]}
HOME |= {x["id"]: x.get("county") for x in CITY["external_parties"]}
OWNER = {s["id"]: s["enterprise"] for s in CITY["sites"]}
COUNTY = {s["id"]: s["county"] for s in CITY["sites"]}
DRUG = {s["id"]: s["kind"] == "drug" for s in CITY["substances"]}
INSIDE = {"C0": {"C0", "D", "X", "N"}, **{c: {c} for c in ("D", "X", "N", "EXT-Y")}}
PHARMA = {"hospital", "pharma_wholesaler"}


@dataclass(frozen=True)
class Fact:
    """Whose a record is, where it is, what it is about."""

    enterprise: str | None = None
    areas: frozenset = frozenset()
    is_drug: bool | None = None
    parties: frozenset = frozenset()
    is_trade: bool = False


def fact(enterprise=None, *areas, substance=None, parties=(), is_trade=False) -> Fact:
    places = {a for a in (*areas, HOME.get(enterprise)) if a}
    about = DRUG[substance] if substance else None
    return Fact(enterprise, frozenset(places), about, frozenset(p for p in parties if p), is_trade)


def at_site(record) -> Fact:
    site = record["site"]
    return fact(OWNER[site], COUNTY[site], substance=record.get("substance"))


def documents(prefix: str) -> dict[str, Fact]:
    # a bundle names no consignee: nobody but the holder is a party of a transport document
    return {
        p["id"]: fact(p["holder"], p["responsible_county"], substance=p["substance"], parties=(p["seller"],))
        for p in CITY["permits"]
        if p["kind"].startswith(prefix)
    }


FACTS = {
    "enterprises": {e["id"]: fact(e["id"]) for e in CITY["enterprises"]},
    "sites": {s["id"]: fact(s["enterprise"], s["county"]) for s in CITY["sites"]},
    "delegations": {d["id"]: fact(OWNER[d["site"]], d["delegator"], d["delegate"]) for d in CITY["delegations"]},
    "purchase-documents": documents("purchase"),
    "transport-documents": documents("transport"),
    "movements": {m["id"]: at_site(m) for m in CITY["movements"]},
    "stock-openings": {f"{o['site']}.{o['substance']}": at_site(o) for o in CITY["stock_opening"]},
    "shipments": {s["id"]: fact(s["enterprise"], substance=s["substance"], is_trade=True) for s in CITY["shipments"]},
    "incidents": {i["id"]: at_site(i) for i in CITY["incidents"]},
    "inspections": {v["id"]: fact(v["enterprise"]) for v in CITY["inspections"]},
    "annual-reports": {f"{r['enterprise']}.2024": fact(r["enterprise"]) for r in CITY["annual_reports_2024"]},
    "quarterly-reports": {
        f"{r['county']}.2025-Q{r['quarter']}": fact(None, r["county"]) for r in CITY["quarterly_reports"]
    },
    "key-sites": {k["id"]: fact(None, k["county"]) for k in CITY["key_sites"]},
    "equipment-events": {q["id"]: fact(q["enterprise"]) for q in CITY["equipment_events"]},
    "partners": {x["id"]: Fact() for x in CITY["external_parties"]},
    "areas": {a["id"]: Fact() for a in CITY["jurisdictions"]},
    "substances": {s["id"]: Fact() for s in CITY["substances"]},
}
#: Nothing of these is in the worked city.
EMPTY = {"licences", "trade-licences", "reversals", "cosignatures", "batches", "supervisors"}
#: These have numbers of the register as ids: compared by what they show.
NUMBERED = {
    "road-checks": [fact(None, c["county"]) for c in CITY["road_checks"]],
    "stocktakes": [at_site(t) for t in CITY["stocktakes"]],
}


def sees(reach: Reach, place: str, found: Fact) -> bool:
    """Whether somebody of an enterprise or an area sees a record."""
    if reach in (Reach.PUB, Reach.ALL):
        return True
    if reach in (Reach.ENT, Reach.PARTY):
        return place in {found.enterprise, *(found.parties if reach is Reach.PARTY else ())}
    kind = KIND.get(found.enterprise)
    known = found.is_drug is not None
    in_domain = {
        Reach.AREA: True,
        Reach.DOM_PHARMA: found.is_drug if known else kind in PHARMA,
        Reach.DOM_NONPHARMA: not found.is_drug if known else kind not in (None, "pharma_wholesaler"),
        Reach.DOM_TRADE: found.is_trade or kind == "importer_exporter",
        Reach.DOM_MEDICAL: kind == "hospital",
    }
    return bool(found.areas & INSIDE[place]) and bool(in_domain[reach])


OF_ENTERPRISE = [r for r in Role if r.value.startswith("ent_") or r is Role.MACHINE_ENT]
PLACES = {role: ["E01", "E11", "E12"] if role in OF_ENTERPRISE else ["C0", "N", "EXT-Y"] for role in Role}
CASES = [(role, place) for role in Role for place in PLACES[role]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("policy")
    if request.param == "sqlite":
        url = f"sqlite:///{home / 'city.db'}"
    else:
        url = engines.new_database(request.getfixturevalue("pg_server"))
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    door = Door(url, home, now=NOW)
    load(door.engine, WORKED)
    for role, place in CASES:
        where = {"enterprise": place} if role in OF_ENTERPRISE else {"area": place}
        door.account(f"{role}.{place.lower()}", role.value, **where)
    yield door
    door.close()


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


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
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


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
def test_acts(opened, role, place):
    """An empty body is never taken; what it is refused for says whether the act was granted."""
    client = opened.sign_in(f"{role}.{place.lower()}")
    for collection in rooms.COLLECTIONS:
        for act in collection.acts:
            grant = GRANTS[act.action].get(role)
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


@pytest.mark.parametrize(("role", "place"), CASES, ids=str)
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
