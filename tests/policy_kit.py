"""Who may see what of the worked city, worked out from the bundle alone, without the product's queries."""

from dataclasses import dataclass
from datetime import UTC, datetime

from api_kit import Door
from conftest import WORKED, load, worked_bundle

from precursor.core import db, migrate
from precursor.core.access import GRANTS, Condition, Reach, Role

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
EMPTY = {
    *("licences", "trade-licences", "reversals", "cosignatures", "batches", "labels", "supervisors"),
    *("road-cases", "road-scans", "devices", "trip-slips"),
}
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


def granted(action, role):
    """What a role is granted when it has logged in; some things a machine does with its token alone."""
    grant = GRANTS[action].get(role)
    return None if grant is None or Condition.C12 in grant.conditions else grant


def opened(url, home):
    """The worked city behind a door, with an account of every role at every place."""
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    door = Door(url, home, now=NOW)
    load(door.engine, WORKED)
    for role, place in CASES:
        where = {"enterprise": place} if role in OF_ENTERPRISE else {"area": place}
        door.account(f"{role}.{place.lower()}", role.value, **where)
    return door
