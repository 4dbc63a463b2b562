"""The worked city as the calls that enter it, record by record: each on its day, by the role that may."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

#: Within a day: the register, then documents, then what comes in before what goes out, then reports about it.
REGISTER, GRADE, SITE, DELEGATION, DOCUMENT, TRADE, INCIDENT, OPENING, INWARD, OUTWARD, RECEIPT, ABOUT = range(12)


@dataclass(frozen=True)
class Step:
    """One call: when, how far down the day, by whom, where, with what."""

    day: date
    order: int
    who: tuple[str, str | None]  # role; area or enterprise it is for
    path: str
    body: dict[str, Any] = field(default_factory=dict)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def steps(city: dict[str, Any]) -> list[Step]:
    """Every call, in the order in which life would make them."""
    found = [*_register(city), *_documents(city), *_licences(city), *_trade(city), *_stock(city), *_rounds(city)]
    return sorted(found, key=lambda step: (step.day, step.order))


def _register(city) -> Iterator[Step]:
    yield from _catalogues(city)
    yield from _enterprises(city)
    yield from _sites(city)


def _catalogues(city) -> Iterator[Step]:
    first = date(1999, 1, 1)
    for area in city["jurisdictions"]:
        body = {k: area[k] for k in ("id", "name", "level", "parent") if area[k] is not None}
        yield Step(first, REGISTER, ("sysadmin", None), "areas", body)
    yield Step(first, GRADE, ("sysadmin", None), "areas/register", {"city": "C0", "year": 2025})
    for substance in city["substances"]:
        yield Step(first, GRADE, ("secadmin", None), "substances", dict(substance))
    for party in city["external_parties"]:
        yield Step(date(1999, 1, 2), REGISTER, ("ps_clerk", "C0"), "partners", dict(party))


def _enterprises(city) -> Iterator[Step]:
    for enterprise in city["enterprises"]:
        body = {k: enterprise[k] for k in ("id", "name", "kind", "registered_on")}
        body |= {k: enterprise[k] for k in ("seal_card", "seal_card_valid_to") if k in enterprise}
        body["county"] = enterprise["registered_county"]
        registered = _day(enterprise["registered_on"])
        yield Step(registered, REGISTER, ("ps_approver", "C0"), "enterprises", body)
        path = f"enterprises/{enterprise['id']}"
        for since, grade in enterprise["grades"]:
            yield Step(_day(since), GRADE, ("ps_approver", "C0"), f"{path}/grades", {"grade": grade})
        if enterprise["information_officer"]:
            body = {"person": f"IO-{enterprise['id']}", "name": "信息员"}
            yield Step(registered, SITE, ("ent_admin", enterprise["id"]), f"{path}/officers", body)


def _sites(city) -> Iterator[Step]:
    for site in city["sites"]:
        body = {k: site[k] for k in ("id", "enterprise", "county", "open_on", "registered")}
        yield Step(_day(site["open_on"]), SITE, ("ps_approver", "C0"), "sites", body)
        if site["closed_on"]:
            body = {"closed_on": site["closed_on"]}
            path = f"sites/{site['id']}/closing"
            yield Step(_day(site["closed_on"]), ABOUT, ("ps_approver", "C0"), path, body)
    owner = {site["id"]: site["enterprise"] for site in city["sites"]}
    for delegation in city["delegations"]:
        body = {k: delegation[k] for k in ("id", "site", "valid_to")}
        who = ("ent_admin", owner[delegation["site"]])
        yield Step(_day(delegation["requested_on"]), DELEGATION, who, "delegations", body)
        for answer, on in (("accepted", "accepted_on"), ("revoked", "revoked_on")):
            if delegation[on]:
                path = f"delegations/{delegation['id']}/answers"
                yield Step(_day(delegation[on]), DELEGATION, ("ps_approver", "C0"), path, {"answer": answer})


FAMILY = {"purchase": "purchase-documents", "transport": "transport-documents"}


def _documents(city) -> Iterator[Step]:
    unit = {s["id"]: s["unit"] for s in city["substances"]}
    here = {e["id"] for e in city["enterprises"]}
    consignee = {
        m["transport_permit"]: next(s["enterprise"] for s in city["sites"] if s["id"] == m["site"])
        for m in city["movements"]
        if m.get("transport_permit")
    }
    for permit in city["permits"]:
        path = FAMILY[permit["kind"].partition("_")[0]]
        body = {k: permit[k] for k in ("id", "kind", "holder", "substance", "valid_from", "valid_to", "uses")}
        body |= {
            "quantity": str(permit["qty"]),
            "unit": unit[permit["substance"]],
            "county": permit["responsible_county"],
        }
        body |= {k: permit[k] for k in ("seller", "route") if permit[k] is not None}
        body["particulars"] = {
            "purpose": "生产使用",
            "handler": "H-01",
            "destination": "目的地",
            "permit_type": "公路",
        }
        if path == "transport-documents":
            body |= {"consignee": consignee.get(permit["id"], permit["holder"]), "carrier": "E10"}
        start = _day(permit["valid_from"])
        if permit["holder"] in here:
            who = ("drug_reg", "C0") if permit["kind"] == "purchase_use_certificate" else ("ps_approver", "C0")
            yield Step(start, DOCUMENT, who, path, body)
        else:
            yield Step(start, DOCUMENT, ("ent_officer", body["consignee"]), f"{path}/outside", body)
        if permit["revoked_on"]:
            at = f"{path}/{permit['id']}/revocation"
            yield Step(_day(permit["revoked_on"]), ABOUT, ("ps_approver", "C0"), at, {})
        if permit["verified_on"]:
            at, result = f"{path}/{permit['id']}/verifications", {"result": permit["verification_result"]}
            yield Step(_day(permit["verified_on"]), ABOUT, ("ps_clerk", "C0"), at, result)


def _licences(city) -> Iterator[Step]:
    """What a bundle cannot say: the licences that let the sellers sell. No figure looks at them."""
    substances = {s["id"]: s for s in city["substances"]}
    owner = {site["id"]: site["enterprise"] for site in city["sites"]}
    kind_of = {e["id"]: e["kind"] for e in city["enterprises"]}
    sold = {(owner[m["site"]], m["substance"]) for m in city["movements"] if m["type"] == "sale_out"}
    for enterprise, id_ in sorted(sold):
        substance = substances[id_]
        if substance["kind"] == "drug":
            continue  # a designated wholesaler
        made = kind_of[enterprise] == "producer"
        body = {
            "id": f"LIC-{enterprise}-{id_}",
            "kind": "production_filing" if made else "operating_filing",
            "holder": enterprise,
            "substance": id_,
            "quantity": "1000000",
            "unit": substance["unit"],
            "valid_from": "2024-01-01",
            "valid_to": "2026-12-31",
            "uses": "multi",
            "county": next(e["registered_county"] for e in city["enterprises"] if e["id"] == enterprise),
            "particulars": {"main_flow": "本市企业"},
        }
        yield Step(date(2024, 1, 1), DOCUMENT, ("em_auditor", "C0"), "licences", body)


def _trade(city) -> Iterator[Step]:
    unit = {s["id"]: s["unit"] for s in city["substances"]}
    for shipment in city["shipments"]:
        body = {k: shipment[k] for k in ("id", "direction", "enterprise", "substance", "customs_date")}
        body |= {k: shipment[k] for k in ("licence", "customs_no") if shipment[k] is not None}
        body |= {"quantity": str(shipment["qty"]), "unit": unit[shipment["substance"]]}
        cleared = _day(shipment["customs_date"])
        moved = [_day(m["recorded_on"]) for m in city["movements"] if m.get("shipment") == shipment["id"]]
        declared = min([cleared, *moved])
        yield Step(declared, TRADE, ("customs", "C0"), "shipments", body)
        for leg in ("foreign", "domestic"):
            state = shipment[f"{leg}_leg"]
            on = max(cleared, _day(state["on"])) if state["on"] else cleared
            body = {"leg": leg, "state": state["state"]} | ({"on": state["on"]} if state["on"] else {})
            body |= {"reason": state["reason"]} if state.get("reason") else {}
            who = ("commerce" if leg == "foreign" else "customs", "C0")
            yield Step(on, INCIDENT, who, f"shipments/{shipment['id']}/legs", body)
    for incident in city["incidents"]:
        body = {k: incident[k] for k in ("id", "site", "substance", "kind", "discovered_at", "reported_at")}
        body |= {"quantity": str(incident["qty"]), "unit": unit[incident["substance"]]}
        who = ("ent_officer", incident["enterprise"])
        yield Step(_day(incident["reported_at"][:10]), INCIDENT, who, "incidents", body)


NAMED = ("batch", "usage_record", "incident", "shipment", "external", "permit", "external_permit")
ALSO = ("transport_permit", "drawn_on", "exempt")


def _stock(city) -> Iterator[Step]:
    unit = {s["id"]: s["unit"] for s in city["substances"]}
    owner = {site["id"]: site["enterprise"] for site in city["sites"]}
    by_id = {m["id"]: m for m in city["movements"]}
    for opening in city["stock_opening"]:
        body = {"site": opening["site"], "substance": opening["substance"], "quantity": str(opening["qty"])}
        body["unit"] = unit[opening["substance"]]
        who = ("ent_keeper", owner[opening["site"]])
        yield Step(_day(city["period"]["start"]), OPENING, who, "stock-openings", body)
    entered: set[str] = set()
    inward = {"production_in", "import_in"}
    for m in sorted(city["movements"], key=lambda m: (m["recorded_on"], not m["type"].endswith("_out"))):
        body = {k: m[k] for k in ("id", "date", "site", "type", "substance")}
        body |= {"quantity": str(m["qty"]), "unit": unit[m["substance"]]}
        body |= {k: m[k] for k in (*NAMED, *ALSO) if m.get(k) is not None}
        if other := m.get("counterpart"):
            body |= {"counterpart": other} if other in entered else {"other_site": by_id[other]["site"]}
        if m["type"] == "sale_out":
            body |= {"payment": "bank", "handler": "H-01"}
        if m["recorded_on"] > m["date"]:
            body["happened"] = {"reason": "补录"}
        direction = "out" if m["type"].endswith("_out") else "in"
        order = INWARD if m["type"] in inward else OUTWARD if direction == "out" else RECEIPT
        enterprise = owner[m["site"]]
        yield Step(_day(m["recorded_on"]), order, ("ent_keeper", enterprise), f"movements/{direction}", body)
        entered.add(m["id"])
        if m.get("sales_reported_on"):
            at = f"movements/{m['id']}/sales-report"
            yield Step(_day(m["sales_reported_on"]), ABOUT, ("ent_officer", enterprise), at)
        if m.get("external_confirmed_on"):
            at = f"movements/{m['id']}/confirmations"
            body = {
                "on": m["external_confirmed_on"],
                "quantity": str(m["external_qty"]),
                "unit": unit[m["substance"]],
            }
            yield Step(_day(m["external_confirmed_on"]), ABOUT, ("ent_officer", enterprise), at, body)
    for count in city["stocktakes"]:
        body = {k: count[k] for k in ("date", "site", "substance")}
        body |= {"counted": str(count["counted"]), "unit": unit[count["substance"]]}
        yield Step(_day(count["date"]), ABOUT, ("ent_counter", owner[count["site"]]), "stocktakes", body)


def _rounds(city) -> Iterator[Step]:
    for visit in city["inspections"]:
        body = {k: visit[k] for k in ("id", "enterprise", "date", "mode")}
        body["officers"] = [f"P-OFFICER-{n}" for n in range(visit["inspectors"])]
        yield Step(_day(visit["recorded_on"]), ABOUT, ("ps_inspector", "C0"), "inspections", body)
    for check in city["road_checks"]:
        body = {"county": check["county"], "date": check["date"]}
        yield Step(_day(check["recorded_on"]), ABOUT, ("ps_inspector", "C0"), "road-checks", body)
    year = int(city["period"]["start"][:4])
    for report in city[f"annual_reports_{year - 1}"]:
        body = {"enterprise": report["enterprise"], "year": year - 1}
        who = ("ent_officer", report["enterprise"])
        yield Step(_day(report["submitted_on"]), ABOUT, who, "annual-reports", body)
    for report in city["quarterly_reports"]:
        body = {"county": report["county"], "year": year, "quarter": report["quarter"]}
        yield Step(_day(report["submitted_on"]), ABOUT, ("ps_lead", "C0"), "quarterly-reports", body)
    for place in city["key_sites"]:
        body = {k: place[k] for k in ("id", "county", "name", "since")}
        yield Step(_day(place["since"]), SITE, ("ps_lead", "C0"), "key-sites", body)
        for day in place["patrols"]:
            path = f"key-sites/{place['id']}/patrols"
            yield Step(_day(day), ABOUT, ("ps_inspector", "C0"), path, {"date": day})
    for event in city["equipment_events"]:
        body = {k: event[k] for k in ("id", "enterprise", "item", "event", "date")}
        yield Step(_day(event["reported_on"]), ABOUT, ("ent_officer", event["enterprise"]), "equipment-events", body)


def enter(door, city) -> list[tuple[Step, Any]]:
    """Make every call on its day; returns those that were refused as acts and recorded as facts instead."""
    clients, facts = {}, []
    for step in steps(city):
        door.clock.turn(step.day)
        if step.who not in clients:
            role, of = step.who
            area = of if of and of in {a["id"] for a in city["jurisdictions"]} else None
            clients[step.who] = door.account(
                f"{role}.{(of or 'all').lower()}",
                role,
                area=area,
                enterprise=None if area else of,
                person="P-OFFICER-0" if role == "ps_inspector" else None,
            )
        answer = clients[step.who].post(step.path, step.body)
        if answer.status_code == 409 and "violations" in answer.json and step.path.startswith("movements/"):
            facts.append((step, answer.json["violations"]))
            body = {**step.body, "happened": {"reason": "已经发生"}}
            answer = clients[step.who].post(step.path, body)
        assert answer.status_code == 201, (step, answer.status_code, answer.get_data(as_text=True))
    return facts
