"""How the API behaves at its edges: tokens, repetition, versions, forged origin, two persons, traces of refusals."""

import json
import threading
from decimal import Decimal

import pytest
import sqlalchemy as sa
from api_kit import Client

from precursor.api.idempotency import KeptAnswer
from precursor.audit.models import AuditEntry
from precursor.core import db
from precursor.core.errors import Refused
from precursor.movements.models import Movement
from precursor.movements.service import stands

MADE = {
    "date": "2026-01-20", "site": "S-E01", "type": "production_in", "substance": "H2SO4", "quantity": "5",
    "unit": "kg", "batch": "B",
}  # fmt: skip


def count(door, model):
    with db.reading(door.engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def bearer(door, secret, path, body, **headers):
    client = door.app.test_client()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", **headers}
    return client.post(f"/api/v1/{path}", data=json.dumps(body), headers=headers)


def test_a_machine_books_once_however_often_it_sends(door, people):
    machine = people("machine_ent", "E01")
    secret = door.token(machine.name, "ledger.post_in")
    assert bearer(door, secret, "movements/in", MADE).status_code == 400  # without a key
    first = bearer(door, secret, "movements/in", MADE, **{"Idempotency-Key": "k-1"})
    again = bearer(door, secret, "movements/in", MADE, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert count(door, Movement) == 1
    other = bearer(door, secret, "movements/in", MADE | {"quantity": "6"}, **{"Idempotency-Key": "k-1"})
    assert other.status_code == 422
    assert count(door, Movement) == 1


def test_keys_of_two_accounts_never_meet(door, people):
    for enterprise in ("E01", "E02"):
        keeper = people("ent_keeper", enterprise)
        made = MADE | {"site": f"S-{enterprise}"}
        assert keeper.post("movements/in", made, **{"Idempotency-Key": "same"}).status_code == 201
    assert count(door, Movement) == count(door, KeptAnswer) == 2


def test_the_same_key_from_many_at_once_books_once(door, people):
    keeper = people("ent_keeper", "E01")
    secret = door.token(people("machine_ent", "E01").name, "ledger.post_in")
    answers = []

    def send():
        answers.append(bearer(door, secret, "movements/in", MADE, **{"Idempotency-Key": "race"}))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {201}
    assert len({a.json["id"] for a in answers}) == 1
    assert count(door, Movement) == 1
    assert keeper.get("stock").json["S-E01/H2SO4"]["quantity"] == "50005"


def test_a_refused_write_may_be_sent_again_with_its_key(door, people):
    keeper = people("ent_keeper", "E01")
    much = {"date": "2026-01-20", "site": "S-E01", "type": "use_out", "substance": "H2SO4", "unit": "kg"}
    key = {"Idempotency-Key": "again"}
    refused = keeper.post("movements/out", much | {"quantity": "50001"}, **key)
    assert refused.status_code == 409
    assert keeper.post("movements/out", much | {"quantity": "50000"}, **key).status_code == 201


def test_tokens_are_bound_and_end(door, people):
    people("machine_ent", "E01")
    secret = door.token("machine_ent.e01.0", "ledger.post_in")
    wrong = bearer(door, secret, "movements/out", MADE, **{"Idempotency-Key": "x"})
    assert wrong.status_code == 403
    for bad in ("", "pct_nonsense", secret[:-1], secret + "x"):
        answer = bearer(door, bad, "movements/in", MADE, **{"Idempotency-Key": "x"})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    page = door.app.test_client().get("/gaps", headers={"Authorization": f"Bearer {secret}"})
    assert page.status_code == 302  # a token opens no page
    people("ps_approver")
    for action in ("enterprise.register", "purchase.approve", "substance.read", "ledger.cosign"):
        name = "ps_approver.c0.1"
        if action == "substance.read":
            assert door.token(name, action)
        else:
            with pytest.raises(Refused):
                door.token(name, action)


def test_a_change_names_the_version_it_was_made_on(door, people):
    approver = people("ps_approver")
    shown = approver.get("enterprises/E05")
    tag = shown.headers["ETag"]
    assert approver.get("enterprises/E05", **{"If-None-Match": tag}).status_code == 304
    change = {"address": "西岭县工业路 1 号"}
    assert approver.call("PUT", "enterprises/E05", change).status_code == 428
    assert approver.call("PUT", "enterprises/E05", change, **{"If-Match": '"x"'}).status_code == 412
    done = approver.call("PUT", "enterprises/E05", change, **{"If-Match": tag})
    assert (done.status_code, done.json["address"], done.json["version"]) == (200, change["address"], 2)
    assert approver.call("PUT", "enterprises/E05", change, **{"If-Match": tag}).status_code == 412
    assert (
        approver.call("PUT", "enterprises/E05", {"name": "新名称"}, **{"If-Match": done.headers["ETag"]}).status_code
        == 200
    )


def test_a_cookie_without_the_pages_own_token_changes_nothing(door, url, tmp_path, people):
    from api_kit import Door

    name = people("ent_keeper", "E01").name
    strict = Door(url, tmp_path, now=door.clock.now, WTF_CSRF_METHODS=["POST", "PUT"])
    try:
        answer = Client(strict, name).post("movements/in", MADE)
        assert answer.status_code == 400
        assert "CSRF" in answer.json["detail"]
        assert count(door, Movement) == 0
        secret = door.token(people("machine_ent", "E01").name, "ledger.post_in")
        assert bearer(strict, secret, "movements/in", MADE, **{"Idempotency-Key": "x"}).status_code == 201
    finally:
        strict.close()


def test_what_needs_a_fresh_log_in(door, people):
    name = people("ps_approver").name
    stale = Client(door, name, stale=True)
    grade = {"grade": "B"}
    answer = stale.post("enterprises/E05/grades", grade)
    assert (answer.status_code, "五分钟" in answer.json["detail"]) == (403, True)
    door.clock.now = door.clock.now.replace(minute=1)
    assert Client(door, name).post("enterprises/E05/grades", grade).status_code == 201


def test_whoever_wrote_or_asked_does_not_approve(door, people):
    keeper = people("ent_keeper", "E01", "P-ONE")
    made = keeper.done("movements/in", MADE | {"id": "M"})
    assert made["reversal_asked_by"] is None
    asked = people("ent_keeper", "E01", "P-TWO").done("movements/M/reversal-requests", {"reason": "录错"})
    assert asked["reversal_asked_by"] == "P-TWO"
    for person in ("P-ONE", "p-one", "P-TWO"):
        admin = people("ent_admin", "E01", person)
        assert admin.post("reversals/M/approval", {}).status_code == 403
    assert people("ent_admin", "E02", "P-FOUR").post("reversals/M/approval", {}).status_code == 404
    people("ent_admin", "E01", "P-THREE").done("reversals/M/approval", {})
    with db.reading(door.engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Movement).where(stands(Movement))) == 0
    assert people("ent_admin", "E01", "P-THREE").post("reversals/M/approval", {}).status_code == 409


def test_who_keeps_a_store_does_not_count_it_and_who_counts_does_not_approve(door, people):
    people("ent_keeper", "E01", "P-KEEPER").done("movements/in", MADE)
    body = {"date": "2026-01-20", "site": "S-E01", "substance": "H2SO4", "counted": "50000", "unit": "kg"}
    assert people("ent_counter", "E01", "p-keeper").post("stocktakes", body).status_code == 403
    counted = people("ent_counter", "E01", "P-COUNTER").done("stocktakes", body)
    assert counted["approved"] is False
    path = f"stocktakes/{counted['id']}/approval"
    assert people("ent_admin", "E01", "P-COUNTER").post(path, {}).status_code == 403
    seen = people("ent_admin", "E01", "P-ADMIN").get(f"stocktakes/{counted['id']}").json
    assert Decimal(seen["counted"]) - Decimal(seen["book"]) == Decimal(seen["difference"]) != 0
    unsaid = people("ent_admin", "E01", "P-ADMIN").post(path, {})
    assert [fault["pointer"] for fault in unsaid.json["errors"]] == ["/explanation"]  # and nothing is approved
    approved = people("ent_admin", "E01", "P-ADMIN").done(path, {"explanation": "称量误差"})
    assert (approved["approved"], approved["explanation"]) == (True, "称量误差")
    assert people("ent_admin", "E01", "P-ADMIN").post(path, {}).status_code == 409


def test_who_asks_for_a_delegation_does_not_accept_it(door, people):
    asked = people("ent_admin", "E03", "P-X").done(
        "delegations", {"id": "GX", "site": "S-E03-N", "valid_to": "2027-01-01"}
    )
    assert (asked["delegator"], asked["delegate"]) == ("D", "N")
    assert (
        people("ps_approver", "C0", "p-x").post("delegations/GX/answers", {"answer": "accepted"}).status_code == 403
    )
    done = people("ps_approver", "N", "P-Y").done("delegations/GX/answers", {"answer": "accepted"})
    assert [a["answer"] for a in done["answers"]] == ["accepted"]
    home = people("ent_admin", "E03", "P-X").post("delegations", {"site": "S-E03", "valid_to": "2027-01-01"})
    assert home.status_code == 409


def test_a_refusal_leaves_its_audit_entry_and_nothing_else(door, people):
    keeper = people("ent_keeper", "E01")
    keeper.get("stock")
    before = count(door, AuditEntry), count(door, Movement)
    much = {
        "date": "2026-01-20",
        "site": "S-E01",
        "type": "use_out",
        "substance": "H2SO4",
        "quantity": "50001",
        "unit": "kg",
    }
    assert keeper.post("movements/out", much).status_code == 409
    assert (count(door, AuditEntry), count(door, Movement)) == (before[0] + 1, before[1])


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"", 400, None),
        (b"[]", 400, None),
        (b"{", 400, None),
        (b"\xff", 400, None),
        (b'{"quantity": 1.5}', 422, "/quantity"),
        (b'{"quantity": "1", "quantity": "2"}', 422, "/quantity"),
        (b'{"nonsense": 1}', 422, "/nonsense"),
        (b'{"date": "2026-02-30"}', 422, "/date"),
        (b'{"type": "sale_out"}', 422, "/type"),
        (b'{"id": "a/b"}', 422, "/id"),
        (b'{"batch": "\\u0000"}', 422, "/batch"),
        (b"[" * 100_000, 400, None),
    ],
)
def test_bad_bodies_are_named(door, people, body, status, pointer):
    keeper = people("ent_keeper", "E01")
    keeper.get("stock")
    answer = keeper.browser.post("/api/v1/movements/in", data=body, content_type="application/json")
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    if pointer:
        assert pointer in {error["pointer"] for error in answer.json["errors"]}


@pytest.mark.parametrize(
    "text", ["0", "0.0000001", "1e3", "-1", "１", "1\n", " 1", "1,000", "9" * 20, "", "NaN", "0x1", "01"]
)
def test_quantities_are_exact_or_refused(door, people, text):
    keeper = people("ent_keeper", "E01")
    answer = keeper.post("movements/in", MADE | {"quantity": text})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {"/quantity"}


@pytest.mark.parametrize(
    ("text", "unit", "shown"), [("1.50", "kg", "1.5"), ("1", "mg", "0.000001"), ("2", "t", "2000")]
)
def test_any_unit_of_the_substance_will_do(door, people, text, unit, shown):
    done = people("ent_keeper", "E01").done("movements/in", MADE | {"quantity": text, "unit": unit})
    assert (done["quantity"], done["unit"]) == (shown, "kg")
    wrong = people("ent_keeper", "E01").post("movements/in", MADE | {"unit": "L"})
    assert wrong.json["errors"][0]["pointer"] == "/unit"


def test_what_a_body_names_must_be_the_callers_to_name(door, people):
    """A foreign site, document, proof or counterpart is not there: the same answer as for one that does not exist."""
    keeper = people("ent_keeper", "E01")
    foreign = keeper.post("movements/in", MADE | {"site": "S-E02"})
    nowhere = keeper.post("movements/in", MADE | {"site": "S-NONE"})
    assert foreign.status_code == nowhere.status_code == 422
    assert foreign.json["errors"][0]["message"].replace("S-E02", "?") == nowhere.json["errors"][0]["message"].replace(
        "S-NONE", "?"
    )
    assert keeper.get("movements/X").status_code == 404
    loss = {
        "id": "L1", "site": "S-E02", "substance": "AC2O", "quantity": "1", "unit": "kg", "kind": "theft",
        "discovered_at": "2026-01-20T08:00:00+08:00",
    }  # fmt: skip
    people("ent_officer", "E02").done("incidents", loss)
    out = {
        "date": "2026-01-20",
        "site": "S-E01",
        "type": "loss_out",
        "substance": "H2SO4",
        "quantity": "1",
        "unit": "kg",
    }
    assert keeper.post("movements/out", out | {"incident": "L1"}).json["errors"][0]["pointer"] == "/incident"


def test_the_description_is_valid_and_whole(door):
    from openapi_spec_validator import validate

    described = door.app.test_client().get("/api/openapi.json").json
    validate(described)
    assert described["openapi"].startswith("3.1")
    routes = {
        (str(rule).replace("<id>", "{id}"), method.lower())
        for rule in door.app.url_map.iter_rules()
        if str(rule).startswith("/api/v1/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    documented = {(path, method) for path, operations in described["paths"].items() for method in operations}
    assert documented == routes


def test_the_matrix_and_the_departments_are_there_for_everybody(people):
    anyone = people("ent_carrier", "E10")
    rows = anyone.get("matrix?code=330702&on=2025-01-01").json
    assert len(rows) == 18
    assert {row["unconfirmed"].get("validity") for row in rows if row["kind"] == "import_export_licence"} == {"U"}
    assert {row["kind"] for row in anyone.get("matrix").json} < {row["kind"] for row in rows}
    names = {row["id"]: row["formerly"] for row in anyone.get("departments").json}
    assert names["market_regulation"] == ["工商行政管理部门"]
