"""From a purchase to its write-off through the API alone, and the figures move as the definitions say."""

from datetime import date

import pytest

PAPERS = {"purpose": "生产使用", "handler": "H-01", "destination": "云河县", "permit_type": "公路"}


def k4(people, area=None):
    answer = people("ps_lead").get("kpi?period=2026" + (f"&area={area}" if area else ""))
    assert answer.status_code == 200
    total = answer.json["kpi"]["K4_stock_writeoff"]["total"]
    return total["n"], total["d"]


def gaps(people):
    return [(g["code"], g["subject"]) for g in people("ps_lead").get("gaps?period=2026").json["gaps"]]


def test_purchase_transport_receipt_and_write_off_between_two_counties(door, people):
    """E04 sells toluene to a depot in another prefecture; the receipt differs, then is right."""
    filing = {
        "id": "PF", "kind": "purchase_filing", "holder": "E03", "substance": "TOL", "quantity": "900", "unit": "kg",
        "valid_from": "2026-01-20", "valid_to": "2026-02-19", "uses": "single", "county": "D", "seller": "E04",
        "particulars": PAPERS,
    }  # fmt: skip
    people("ps_approver").done("purchase-documents", filing)
    people("ps_approver").done(
        "sites",
        {"id": "S-E03-Y", "enterprise": "E03", "county": "EXT-Y", "open_on": "2026-01-01", "registered": True},
    )
    people("customs").done("partners", {"id": "B1", "name": "路过的"})
    seller, buyer = people("ent_keeper", "E04"), people("ent_keeper", "E03")
    sale = {
        "id": "SALE", "date": "2026-01-20", "site": "S-E04", "type": "sale_out", "substance": "TOL",
        "quantity": "900", "unit": "kg", "other_site": "S-E03-Y", "permit": "PF", "payment": "bank",
    }  # fmt: skip
    refused = seller.post("movements/out", sale)  # over the prefecture's boundary without its document
    assert refused.status_code == 409
    assert [v["rule"] for v in refused.json["violations"]] == ["TRANSPORT_DOCUMENT_MISSING"]
    assert "第二十条" in refused.json["violations"][0]["source"]
    transport = filing | {
        "id": "TF", "kind": "transport_filing", "holder": "E04", "valid_to": "2026-04-19", "uses": "multi",
        "county": "N", "consignee": "E03", "carrier": "E10", "route": ["N", "EXT-Y"],
    }  # fmt: skip
    del transport["seller"]
    people("ps_approver").done("transport-documents", transport)
    sold = seller.done("movements/out", sale | {"transport_permit": "TF"})
    assert (sold["other_enterprise"], sold["other_site"], sold["payment"]) == ("E03", "S-E03-Y", "bank")
    assert k4(people) == (0, 1)
    assert ("WRITEOFF_NO_COUNTERPART", "SALE") in gaps(people)
    receipt = {
        "id": "RECEIPT", "date": "2026-01-20", "site": "S-E03-Y", "type": "purchase_in", "substance": "TOL",
        "quantity": "880", "unit": "kg", "counterpart": "SALE", "permit": "PF",
    }  # fmt: skip
    buyer.done("movements/in", receipt)
    assert ("WRITEOFF_QTY_MISMATCH", "SALE") in gaps(people)
    # the buyer weighed wrongly: a reversal by two others, and the right entry
    buyer.done("movements/RECEIPT/reversal-requests", {"reason": "称重有误"})
    people("ent_admin", "E03").done("reversals/RECEIPT/approval", {})
    assert ("WRITEOFF_NO_COUNTERPART", "SALE") in gaps(people)
    again = buyer.post("movements/in", receipt | {"id": "RECEIPT-2", "quantity": "900"})
    assert again.status_code == 201, again.json
    assert k4(people) == (1, 1)  # the receipt lies outside the city: its site counts for another
    assert not [line for line in gaps(people) if line[0].startswith("WRITEOFF")]
    people("ent_officer", "E04").done("movements/SALE/sales-report", {})
    shown = seller.get("transport-documents/TF").json
    assert (shown["drawn"], [d["quantity"] for d in shown["draws"]]) == ("900", ["900"])
    verified = people("ps_clerk").done("purchase-documents/PF/verifications", {"result": "match"})
    assert verified["verified_on"] == "2026-01-20"
    door.clock.turn(date(2026, 3, 1))
    k2 = people("ps_lead").get("kpi?period=2026").json["kpi"]["K2_permit_verification"]["total"]
    assert (k2["n"], k2["d"]) == (1, 2)  # both closed by their draws on January 20, due on February 19
    assert ("PERMIT_UNVERIFIED", "TF") in gaps(people)
    people("ps_clerk").done("transport-documents/TF/verifications", {"result": "match"})
    k2 = people("ps_lead").get("kpi?period=2026").json["kpi"]["K2_permit_verification"]["total"]
    assert (k2["n"], k2["d"]) == (2, 2)


def test_between_two_counties_of_a_key_area_a_transport_document_is_needed(door, people):
    filing = {
        "id": "PF", "kind": "purchase_filing", "holder": "E03", "substance": "TOL", "quantity": "900", "unit": "kg",
        "valid_from": "2026-01-20", "valid_to": "2026-02-19", "uses": "multi", "county": "D", "seller": "E04",
        "particulars": PAPERS,
    }  # fmt: skip
    people("ps_approver").done("purchase-documents", filing)
    people("ps_approver").done(
        "sites", {"id": "S-E03-D", "enterprise": "E03", "county": "D", "open_on": "2026-01-01", "registered": True}
    )
    keeper = people("sysadmin")
    sale = {
        "date": "2026-01-20", "site": "S-E04", "type": "sale_out", "substance": "TOL", "quantity": "1", "unit": "kg",
        "other_site": "S-E03-D", "permit": "PF", "payment": "bank",
    }  # fmt: skip
    seller = people("ent_keeper", "E04")
    seller.done("movements/out", sale)  # from N to D, both of one prefecture
    keeper.done("areas/C0/key-status", {"key": True, "since": "2026-01-21", "notice": "公告 1 号"})
    assert keeper.get("areas/D").json["key"] is False
    seller.done("movements/out", sale)  # from tomorrow on
    door.clock.turn(date(2026, 1, 21))
    assert keeper.get("areas/D").json["key"] is True  # it lies in C0
    refused = seller.post("movements/out", sale | {"date": "2026-01-21"})
    assert [v["rule"] for v in refused.json["violations"]] == ["TRANSPORT_DOCUMENT_MISSING"]
    early = keeper.post("areas/C0/key-status", {"key": False, "since": "2026-01-21", "notice": "公告 2 号"})
    assert early.status_code == 409
    keeper.done("areas/C0/key-status", {"key": False, "since": "2026-01-22", "notice": "公告 2 号"})
    door.clock.turn(date(2026, 1, 22))
    seller.done("movements/out", sale | {"date": "2026-01-22"})


MORPHINE = {"item": "N-018", "id": "MORPH", "unit": "支", "dosage_form": "注射液"}


def hands(people, enterprise, number):
    """A keeper and a second person of an enterprise: two different natural persons."""
    return (
        people("ent_keeper", enterprise, f"KEEPER-{number}"),
        people("ent_second", enterprise, f"SECOND-{number}"),
    )


def test_a_narcotic_goes_through_four_different_hands(door, people):
    people("secadmin").done("substances/catalogued", MORPHINE)
    keeper, second = hands(people, "E09", 1)
    moved = {"date": "2026-01-20", "site": "S-E09", "substance": "MORPH", "quantity": "100", "unit": "支"}
    made = moved | {"type": "production_in", "batch": "B-1"}
    alone = keeper.post("movements/in", made | {"id": "MADE"})
    assert [v["rule"] for v in alone.json["violations"]] == ["TWO_PERSONS"]
    # one person with two accounts is one person
    himself = people("ent_second", "E09", "keeper-1")
    own = himself.done("cosignatures", moved | {"type": "production_in"})["id"]
    doubled = keeper.post("movements/in", made | {"id": "MADE", "cosignature": own})
    assert [v["rule"] for v in doubled.json["violations"]] == ["TWO_PERSONS"]
    signed = second.done("cosignatures", moved | {"type": "production_in"})["id"]
    keeper.done("movements/in", made | {"id": "MADE", "cosignature": signed})
    keeper.done("batches", {"enterprise": "E09", "substance": "MORPH", "number": "B-1", "expires_on": "2028-01-31"})
    assert keeper.get("movements/MADE").json["keep_until"] == "2033-01-31"  # five years after it expires
    # a signature is good once, for exactly that, and for ten minutes
    reused = keeper.post("movements/in", made | {"id": "AGAIN", "cosignature": signed})
    assert (reused.status_code, "violations" in reused.json) == (409, False)
    sold = moved | {"type": "sale_out", "quantity": "40"}
    signed = second.done("cosignatures", sold)["id"]
    other = sold | {"id": "SOLD", "quantity": "41", "other_site": "S-E08", "payment": "bank", "handler": "H"}
    assert keeper.post("movements/out", other | {"cosignature": signed}).status_code == 409
    sale = other | {"quantity": "40", "cosignature": signed}
    cash = keeper.post("movements/out", sale | {"payment": "cash"})
    assert "DRUG_CASH_BANNED" in {v["rule"] for v in cash.json["violations"]}
    keeper.done("movements/out", sale)
    their_keeper, their_second = hands(people, "E08", 2)
    received = moved | {"site": "S-E08", "type": "purchase_in", "quantity": "40"}
    signed = their_second.done("cosignatures", received)["id"]
    their_keeper.done("movements/in", received | {"id": "GOT", "counterpart": "SOLD", "cosignature": signed})
    assert k4(people) == (3, 3)
    shown = people("drug_reg").get("movements?substance=MORPH").json
    assert {record["id"] for record in shown} == {"MADE", "SOLD", "GOT"}
    assert people("em_auditor").get("movements?substance=MORPH").json == []
    assert people("health").get("stock").json == {"S-E08/EPHINJ": {"quantity": "50", "unit": "支"}} | {
        "S-E08/MORPH": {"quantity": "40", "unit": "支"}
    }


def test_a_hospital_whose_seal_card_has_run_out_buys_nothing(door, people):
    people("secadmin").done("substances/catalogued", MORPHINE)
    door.clock.turn(date(2027, 1, 4))
    keeper, second = hands(people, "E09", 1)
    moved = {"date": "2027-01-04", "site": "S-E09", "substance": "MORPH", "quantity": "10", "unit": "支"}
    signed = second.done("cosignatures", moved | {"type": "production_in"})["id"]
    keeper.done("movements/in", moved | {"type": "production_in", "batch": "B", "cosignature": signed})
    signed = second.done("cosignatures", moved | {"type": "sale_out"})["id"]
    sale = moved | {"type": "sale_out", "other_site": "S-E08", "cosignature": signed, "handler": "H"}
    refused = keeper.post("movements/out", sale)
    assert [v["rule"] for v in refused.json["violations"]] == ["SEAL_CARD_INVALID"]


@pytest.mark.parametrize("kind", ["production_in", "use_out", "sale_out"])
def test_what_nobody_may_trade_is_not_even_a_fact(door, people, kind):
    body = {"id": "NM", "name_zh": "某非药用类物质", "category": 0, "kind": "drug", "unit": "kg"}
    body["schedule"] = "non_medicinal"
    people("secadmin").done("substances", body)
    entry = {"date": "2026-01-20", "site": "S-E09", "type": kind, "substance": "NM", "quantity": "1", "unit": "kg"}
    direction = "in" if kind.endswith("_in") else "out"
    extra = {"individual": True} if kind == "sale_out" else {}
    for happened in ({}, {"happened": {"reason": "已经发生"}}):
        answer = people("ent_keeper", "E09").post(f"movements/{direction}", entry | extra | happened)
        assert [v["rule"] for v in answer.json["violations"]] == ["NON_MEDICINAL_BANNED"]


def test_a_return_and_a_sample(door, people):
    """What E05 sends back to E01 pairs like a sale, and gives no document anything back."""
    filing = {
        "id": "PF", "kind": "purchase_filing", "holder": "E05", "substance": "H2SO4", "quantity": "50", "unit": "kg",
        "valid_from": "2026-01-20", "valid_to": "2026-02-19", "uses": "single", "county": "X", "seller": "E01",
        "particulars": PAPERS,
    }  # fmt: skip
    people("ps_approver").done("purchase-documents", filing)
    seller, buyer = people("ent_keeper", "E01"), people("ent_keeper", "E05")
    entry = {"date": "2026-01-20", "substance": "H2SO4", "quantity": "50", "unit": "kg"}
    seller.done(
        "movements/out",
        entry | {"id": "A", "site": "S-E01", "type": "sale_out", "other_site": "S-E05", "permit": "PF"},
    )
    buyer.done(
        "movements/in",
        entry | {"id": "B", "site": "S-E05", "type": "purchase_in", "counterpart": "A", "permit": "PF"},
    )
    back = entry | {"quantity": "20"}
    buyer.done("movements/out", back | {"id": "C", "site": "S-E05", "type": "return_out", "other_site": "S-E01"})
    assert ("WRITEOFF_NO_COUNTERPART", "C") in gaps(people)
    seller.done("movements/in", back | {"id": "D", "site": "S-E01", "type": "return_in", "counterpart": "C"})
    sample = entry | {"id": "E", "site": "S-E01", "type": "sample_out", "quantity": "0.1"}
    seller.done("movements/out", sample)
    assert ("WRITEOFF_NO_RECORD", "E") in gaps(people)
    seller.done("movements/out", sample | {"id": "F", "usage_record": "检验-1"})
    assert k4(people) == (5, 6)
    assert seller.get("purchase-documents/PF").json["drawn"] == "50"


def test_a_fact_keeps_the_rules_it_broke_and_draws_nothing_impossible(door, people):
    filing = {
        "id": "PF", "kind": "purchase_filing", "holder": "E05", "substance": "H2SO4", "quantity": "50", "unit": "kg",
        "valid_from": "2026-01-20", "valid_to": "2026-02-19", "uses": "single", "county": "X", "seller": "E01",
        "particulars": PAPERS,
    }  # fmt: skip
    people("ps_approver").done("purchase-documents", filing)
    keeper = people("ent_keeper", "E01")
    sale = {
        "date": "2026-01-20", "site": "S-E01", "type": "sale_out", "substance": "H2SO4", "quantity": "60",
        "unit": "kg", "other_site": "S-E05", "permit": "PF", "payment": "cash",
    }  # fmt: skip
    refused = keeper.post("movements/out", sale | {"id": "Z"})
    assert [v["rule"] for v in refused.json["violations"]] == ["CASH_BANNED", "PERMIT_OVERDRAW"]
    assert keeper.get("movements/Z").status_code == 404
    fact = keeper.done(
        "movements/out", sale | {"id": "Z", "happened": {"reason": "夜班已出库", "reported_by": "值班长"}}
    )
    assert fact["broken"] == ["CASH_BANNED", "PERMIT_OVERDRAW"]
    assert fact["permit"] is None
    assert keeper.get("purchase-documents/PF").json["drawn"] == "0"
    # a late entry says why; one that lies ahead is none
    late = sale | {"id": "L", "date": "2026-01-19", "payment": "bank", "quantity": "1"}
    assert keeper.post("movements/out", late).json["errors"][0]["pointer"] == "/happened"
    assert keeper.post("movements/out", late | {"date": "2026-01-21"}).json["errors"][0]["pointer"] == "/date"


OUT = {"date": "2026-01-20", "site": "S-E01", "substance": "H2SO4", "quantity": "1", "unit": "kg"}
IN = OUT | {"site": "S-E05"}


@pytest.mark.parametrize(
    ("who", "path", "body"),
    [
        ("E01", "out", OUT | {"type": "transfer_out", "other_site": "S-E05"}),  # a sale under another name
        ("E01", "out", OUT | {"type": "sale_out", "other_site": "S-E01"}),  # to oneself
        ("E01", "out", OUT | {"type": "return_out", "other_site": "S-E05"}),  # of what was never bought there
        ("E01", "out", OUT | {"type": "return_out", "external": "X1"}),
        ("E01", "out", OUT | {"type": "use_out", "external": "X1"}),
        ("E01", "out", OUT | {"type": "sale_out"}),  # to nobody
        ("E01", "out", OUT | {"type": "sale_out", "other_site": "S-E05", "external": "X1"}),
        ("E01", "out", OUT | {"type": "use_out", "exempt": "not_required"}),
        ("E05", "in", IN | {"type": "purchase_in", "external": "X1", "exempt": "own_use"}),
        ("E05", "in", IN | {"type": "purchase_in", "external": "X1", "exempt": "not_required"}),
        ("E05", "in", IN | {"type": "purchase_in", "external": "X1", "permit": "TF-E01"}),  # no purchase document
        ("E05", "in", IN | {"type": "purchase_in", "external": "X1", "transport_permit": "TF-E01"}),  # of another
    ],
)
def test_what_does_not_fit_is_refused_and_is_no_fact_either(door, people, who, path, body):
    transport = {
        "id": "TF-E01", "kind": "transport_filing", "holder": "E01", "substance": "H2SO4", "quantity": "900",
        "unit": "kg", "valid_from": "2026-01-20", "valid_to": "2026-04-19", "uses": "multi", "county": "D",
        "consignee": "E05", "carrier": "E10", "particulars": PAPERS,
    }  # fmt: skip
    people("ps_approver").done("transport-documents", transport)
    for happened in ({}, {"happened": {"reason": "已经发生"}}):
        answer = people("ent_keeper", who).post(f"movements/{path}", body | happened)
        assert (answer.status_code, "violations" in answer.json) == (409, False), answer.json
    assert people("ps_lead").get("movements").json == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [({"other_site": "S-E06"}, "WRONG_HOLDER"), ({"site": "S-E03"}, "WRONG_SELLER"), ({}, None)],
)
def test_no_fact_draws_on_a_document_that_is_not_this_trades(door, people, change, rule):
    filing = {
        "id": "PF", "kind": "purchase_filing", "holder": "E05", "substance": "HCL", "quantity": "50", "unit": "kg",
        "valid_from": "2026-01-20", "valid_to": "2026-02-19", "uses": "single", "county": "X", "seller": "E01",
        "particulars": PAPERS,
    }  # fmt: skip
    people("ps_approver").done("purchase-documents", filing)
    keeper = people("ent_keeper", change.get("site", "S-E01")[2:])
    made = {
        "date": "2026-01-20",
        "site": "S-E03",
        "type": "production_in",
        "substance": "HCL",
        "quantity": "9",
        "unit": "kg",
    }
    people("ent_keeper", "E03").done("movements/in", made | {"batch": "B"})
    sale = OUT | {"type": "sale_out", "substance": "HCL", "other_site": "S-E05", "permit": "PF", "id": "S"} | change
    answer = keeper.post("movements/out", sale | {"happened": {"reason": "已经发生"}})
    if rule == "WRONG_SELLER":  # nor may a seller whom it does not name even know of it
        assert answer.json["errors"][0]["pointer"] == "/permit"
        return
    assert answer.status_code == 201, answer.json
    drawn = people("ps_lead").get("purchase-documents/PF").json["drawn"]
    assert (answer.json["broken"], answer.json["permit"], drawn) == (([rule], None, "0") if rule else ([], "PF", "1"))
