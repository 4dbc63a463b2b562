"""What somebody with a phone, or with a lorry, might try so that nothing is found."""

import hashlib
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from empty_city import DAY, KG
from roadside_kit import cases, count

from precursor.audit.models import AuditEntry
from precursor.checkpoints.models import RoadCheck
from precursor.core import db
from precursor.movements import labels
from precursor.permits import service as permits
from precursor.permits.service import RecordOfPermit
from precursor.roadside import service
from precursor.roadside.models import DeviceEntry, DeviceFork, RoadCase
from precursor.rules import roadside as rules
from precursor.signing.keys import public_of
from precursor.tokens.models import TripSlip

NOON = NOW - timedelta(hours=2)


@pytest.fixture
def opener(road):
    return road.door.account("dispatcher", "ent_officer", enterprise="E01")


def slip_of(road, opener, document, **more):
    asked = {"document": document.id, "plates": ["示A12345"], "quantity": "10", "unit": "kg", "days": 3}
    slip = opener.done("trip-slips", asked | more)
    with db.reading(road.door.engine) as session:
        cose = session.scalar(sa.select(TripSlip.cose).where(TripSlip.outside_id == slip["id"]))
    return slip["id"], SimpleNamespace(text=road.office.text_of(bytes.fromhex(cose)))


# ------------------------------------------------------------------ what the officer leaves out


def test_a_check_without_its_scan_is_judged_like_a_scan(road, phone):
    document = road.document()
    with db.transaction(road.door.engine) as session:
        permits.revoke(session, [RecordOfPermit(permit=document.key, day=DAY, recorded_on=DAY)], ACTOR, NOW)
    phone.check(document, NOON)
    phone.sync()
    assert cases(road) == ["rejudged"]
    phone.scan(document, NOON)
    phone.check(document, NOON)
    phone.sync()
    assert cases(road) == ["rejudged", "rejudged"]  # the scan's own, and none for the check that says it again


def test_a_scan_that_could_not_be_taken_does_not_speak_for_its_check(road, phone):
    document = road.document()
    with db.transaction(road.door.engine) as session:
        permits.revoke(session, [RecordOfPermit(permit=document.key, day=DAY, recorded_on=DAY)], ACTOR, NOW)
    phone.log("scan", NOON, scan={"text": document.text, "verdict": "SPLENDID"})
    phone.check(document, NOON)
    phone.sync()
    assert cases(road) == ["rejudged"]


def test_what_nobody_can_read_was_not_genuine(road, phone):
    phone.check(SimpleNamespace(text="PC1#" + "7" * 300), NOON)
    phone.sync()
    assert cases(road) == ["rejudged"]


def test_without_a_code_nothing_is_genuine(road, phone):
    form = {"county": "X", "plate": "示A12345", "where": "收费站", "result": "pass", "officers": [], "items": {}}
    before = count(road, RoadCheck)
    phone.log("check", NOON, scan={"number": "YB-INVENTED", "verdict": "GENUINE"}, check=form)
    (receipt,) = phone.sync()
    assert "/scan/verdict" in receipt["fault"]
    assert count(road, RoadCheck) == before + 1  # the check was made
    assert road.door.sign_in("walker").get(receipt["record"]).json["verdict"] is None


def test_a_label_that_is_only_said_to_agree_is_looked_up_all_the_same(road, phone):
    phone.log("store", NOON, store={"text": labels.text_of("0" * 16, 1), "shown": "here", "result": "match"})
    phone.sync()
    assert cases(road) == ["label_unknown"]


def test_an_entry_is_never_before_the_one_that_it_follows(road, phone):
    document = road.document(valid_to=NOW.date() - timedelta(days=3))
    phone.log("handover", NOON, handover={"count": 0, "waiting": 0, "cases": 0})
    phone.scan(document, NOW - timedelta(days=4))  # when it was still in force
    _, receipt = phone.sync()
    assert receipt["verdict"] == "EXPIRED"
    assert cases(road) == ["clock_back", "rejudged"]  # it was over by then, whatever was shown
    with db.reading(road.door.engine) as session:
        assert session.scalars(sa.select(DeviceEntry.at).order_by(DeviceEntry.seq.desc())).first() == NOON


def test_an_entry_is_never_before_its_phone(road, phone):
    phone.scan(road.document(), NOW - timedelta(days=3000))
    phone.sync()
    assert "clock_back" in cases(road)


def test_a_log_does_not_go_back_by_small_steps(road, phone):
    document = road.document(valid_to=NOW.date() - timedelta(days=1))
    moment = NOON
    for _ in range(60):
        phone.log("handover", moment, handover={"count": 0, "waiting": 0, "cases": 0})
        moment -= timedelta(minutes=4)
    phone.scan(document, moment)
    assert phone.sync()[-1]["verdict"] == "EXPIRED"
    assert "clock_back" in cases(road)


def test_a_clock_that_was_ahead_once_is_held_against_no_later_entry(road, phone):
    phone.scan(road.document(), NOW + timedelta(hours=3))
    phone.sync()
    road.door.clock.now = NOW + timedelta(minutes=10)
    phone.scan(road.document(), road.door.clock.now)
    phone.sync()
    assert cases(road) == ["clock_ahead"]


def test_a_scan_speaks_for_one_check_of_the_same_stop(road, phone):
    document = road.document()
    here, there = (36.1, 120.1), (30.1, 104.1)
    phone.scan(document, NOON - timedelta(hours=5), place=here)
    phone.check(document, NOON, place=here)  # hours later
    phone.scan(document, NOON + timedelta(minutes=1), place=here)
    phone.check(document, NOON + timedelta(minutes=2), place=there)  # far away
    phone.check(document, NOON + timedelta(minutes=3), place=here)
    phone.check(document, NOON + timedelta(minutes=4), place=here)  # the second of one scan
    phone.sync()
    with db.reading(road.door.engine) as session:
        said = sa.select(DeviceEntry.repeats).where(DeviceEntry.kind == "check").order_by(DeviceEntry.seq)
        assert session.scalars(said).all() == [None, None, 3, None]
    assert "too_fast" in cases(road)


def test_what_the_phone_found_is_kept_and_a_case(road, phone):
    scan = {"text": road.document().text, "verdict": "GENUINE", "findings": ["OVER_QTY", "SEAL_BROKEN"]}
    form = {"county": "X", "plate": "示A12345", "where": "收费站", "officers": [], "items": {"seal": "fault"}}
    phone.log("check", NOON, scan=scan, check=form | {"result": "pass", "note": "驾驶员称已备案"})
    none = {"verdict": "NONE", "findings": ["NO_PERMIT"]}
    phone.log("check", NOON, scan=none, check=form | {"result": "fault"})
    receipt, _ = phone.sync()
    assert cases(road) == ["no_document", "over_limit"]
    found = road.door.sign_in("walker").get(receipt["record"]).json
    assert found["differences"] == ["OVER_QTY", "SEAL_BROKEN"]


def test_who_was_warned_and_lets_it_go_on_is_a_case(road, phone):
    document = road.document()
    with db.transaction(road.door.engine) as session:
        permits.revoke(session, [RecordOfPermit(permit=document.key, day=DAY, recorded_on=DAY)], ACTOR, NOW)
    for shown in ("REVOKED", "UNKNOWN_KEY"):
        phone.scan(document, NOON, shown=shown)
        phone.check(document, NOON, shown=shown)
    phone.sync()
    assert cases(road) == ["released", "released"]


# ------------------------------------------------------------------ whatever else stands in it


def test_a_locked_phone_is_told_so_whatever_else_it_sends(road, phone):
    officer = road.door.sign_in("walker")
    officer.post(f"devices/{phone.id}/lock", {})
    phone.scan(road.document(), NOON)
    for entry in ({"said": "\u202e", "signature": "00"}, {"said": "x" * 200_000, "signature": "0" * 128}, None):
        answer = phone.send([entry])
        assert (answer.status_code, answer.json["type"]) == (403, "urn:precursor:locked")


def test_a_part_that_cannot_be_kept_costs_itself_alone(road, phone):
    form = {"county": "X", "plate": "示A12345", "where": "收费站", "result": "pass", "officers": []}
    text = road.document().text
    phone.log("check", NOON, scan={"text": "PC1#" + "7" * 3000, "verdict": "MALFORMED"}, check=form | {"items": {}})
    phone.log("check", NOON, scan={"text": text, "verdict": "GENUINE"}, check=form | {"items": {"shoes": "ok"}})
    first, second = phone.sync()
    assert "/scan/text" in first["fault"]
    assert first["record"].startswith("road-checks/")
    assert "/check/items" in second["fault"]
    assert (second["verdict"], second["record"]) == ("GENUINE", None)


def test_a_visit_with_hundreds_of_counts_is_taken(road):
    road.officer("warden", "D")
    warden = road.phone("warden")
    lines = [{"site": f"S-{'N' * 40}-{n}", "substance": "H2SO4", "counted": "1", "unit": "kg"} for n in range(300)]
    form = {"enterprise": "E01", "items": {}, "result": "nothing_found", "officers": [], "counts": lines}
    warden.log("visit", NOON, visit=form)
    (receipt,) = warden.sync()
    assert "/visit/counts/0/site" in receipt["fault"]


def test_an_account_that_is_for_no_area_is_refused_and_breaks_no_page(road):
    inspector = road.door.account("nowhere", "ps_inspector")
    inspector._begin()
    for path in ("/", "/targets", "/gaps", "/plan", "/inspections", "/scan/enrolment"):
        assert inspector.browser.get(path).status_code in (200, 403), path


# ------------------------------------------------------------------ so much that nobody sees it


def test_two_plates_on_one_day_are_one_case_however_often_they_are_written(road, phone):
    document = road.document(plates="")
    for number in range(40):
        phone.check(document, NOON, plate=("示A12345", "示B99999")[number % 2])
    phone.sync()
    assert cases(road) == ["other_plate"]


def test_more_plates_than_enough_open_no_more_cases(road, phone):
    document = road.document(plates="")
    for number in range(14):
        phone.check(document, NOON, plate=f"示A{number:05}")
    phone.sync()
    assert cases(road) == ["other_plate"] * rules.ENOUGH


def test_a_second_entry_under_a_number_is_kept_and_opens_one_case(road, phone):
    document = road.document()
    phone.scan(document, NOON)
    phone.sync()
    for minutes in (60, 30, 60):
        phone.seq, phone.head = 1, ""
        (receipt,) = phone.send([phone.scan(document, NOON - timedelta(minutes=minutes))]).json["receipts"]
        assert receipt["fault"]
    assert cases(road) == ["log_fork"]
    with db.reading(road.door.engine) as session:
        kept = session.scalars(sa.select(DeviceFork).order_by(DeviceFork.id)).all()
    assert [(one.seq, json.loads(one.said)["scan"]["text"]) for one in kept] == [(1, document.text)] * 2


def test_an_entry_that_cannot_be_recorded_does_not_hold_up_the_log(road, phone):
    document = road.document()
    phone.check(document, NOON, county="NOWHERE")
    phone.scan(document, NOON)
    first, second = phone.sync()
    assert (bool(first["fault"]), first["record"], second["fault"]) == (True, None, None)


def test_what_came_before_a_gap_in_the_log_stays_taken(road, phone):
    document = road.document()
    phone.scan(document, NOON)
    phone.seq += 1
    phone.scan(document, NOON)
    answer = phone.send(phone.entries)
    assert (answer.status_code, answer.json["next"]) == (412, 2)
    assert count(road, DeviceEntry) == 1


# ------------------------------------------------------------------ journeys


def test_a_journey_that_was_met_on_the_road_is_not_given_up(road, phone, opener):
    number, code = slip_of(road, opener, road.document(uses="single"))
    phone.scan(code, NOW)
    phone.sync()
    answer = opener.post(f"trip-slips/{number}/end", {"how": "given_up"})
    assert (answer.status_code, "途中" in answer.json["detail"]) == (409, True)
    opener.done(f"trip-slips/{number}/end", {"how": "arrived"})


def test_a_journey_that_was_given_up_before_its_scan_came_home_is_a_case(road, phone, opener):
    number, code = slip_of(road, opener, road.document(uses="single"))
    phone.scan(code, NOON)
    opener.done(f"trip-slips/{number}/end", {"how": "given_up"})
    phone.sync()
    assert cases(road) == ["trip_given_up"]


def test_only_who_dispatches_or_carries_ends_a_journey(road, opener):
    document = road.document(carrier=road.city.party["E03"])
    number, _ = slip_of(road, opener, document)
    consignee = road.door.account("receiver", "ent_officer", enterprise="E05")
    assert consignee.post(f"trip-slips/{number}/end", {"how": "given_up"}).status_code == 403
    carrier = road.door.account("driver", "ent_officer", enterprise="E03")
    carrier.done(f"trip-slips/{number}/end", {"how": "arrived"})


def test_no_journey_begins_under_a_document_that_was_used_up_before(road, opener):
    document = road.document(uses="single")
    filing = road.city.permit(outside_id="GB-1", valid_to=DAY + timedelta(30))
    road.city.sell(filing, transport=document.key, quantity=100 * KG)
    asked = {"document": document.id, "plates": ["示A12345"], "quantity": "10", "unit": "kg", "days": 1}
    refused = opener.post("trip-slips", asked)
    assert [one["pointer"] for one in refused.json["errors"]] == ["/document"]


@pytest.mark.parametrize("plate", ["示A1\u202e23\u202c45", "示A1, 示B2", "示A1 2345"])
def test_a_plate_is_letters_and_digits(road, opener, plate):
    asked = {"document": road.document().id, "plates": [plate], "quantity": "10", "unit": "kg", "days": 1}
    refused = opener.post("trip-slips", asked)
    assert refused.json["errors"][0]["pointer"].startswith("/plates")


# ------------------------------------------------------------------ whose phone


def test_a_phone_is_enrolled_by_who_has_its_key(road):
    road.officer("walker")
    mine, theirs = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

    def enrol(key, signer):
        with db.transaction(road.door.engine) as session:
            secret = service.offer(session, "walker", road.door.clock()).hex()
        body = {"secret": secret, "key": public_of(key).hex(), "proof": signer.sign(f"enrol {secret}".encode()).hex()}
        return road.door.app.test_client().post("/api/phones/v1", json=body).status_code

    assert enrol(theirs, mine) == 409
    assert enrol(mine, mine) == 201
    assert enrol(mine, mine) == 409  # one key, one phone


def test_a_greeting_is_good_for_what_it_asks(road, phone):
    body = phone.greeting("extract")
    assert phone.client.post("/api/phones/v1/log", json=body | {"entries": []}).status_code == 403
    notes = count(road, AuditEntry)
    assert phone.client.post("/api/phones/v1/extract", json=body).status_code == 200
    assert count(road, AuditEntry) > notes  # who took the extract of an area is written down


def test_only_the_register_itself_locks_a_phone(road, phone):
    answer = phone.send([], at=NOW - timedelta(days=2))
    assert (answer.status_code, answer.json["type"]) == (409, "urn:precursor:clock")
    road.door.sign_in("walker").post(f"devices/{phone.id}/lock", {})
    answer = phone.send([])
    assert (answer.status_code, answer.json["type"]) == (403, "urn:precursor:locked")


def test_an_officer_who_serves_elsewhere_enrols_anew(road, phone):
    with db.transaction(road.door.engine) as session:
        session.execute(
            sa.text("UPDATE user_account SET area_id = :area WHERE username = 'walker'"),
            {"area": road.city.area["N"]},
        )
    assert phone.send([]).json["type"] == "urn:precursor:locked"


def test_nobody_hides_a_photograph_by_bringing_it_first(road, phone):
    body = b"\xff\xd8\xffpicture"
    digest = hashlib.sha256(body).hexdigest()
    road.officer("abroad", area="N")
    other = road.phone("abroad")
    for one, county in ((other, "N"), (phone, "X")):
        one.check(road.document(), NOON, county=county, photos=[digest])
        one.sync()
        assert one.client.put(f"/api/phones/v1/{one.id}/photos/{digest}", data=body).status_code == 204
    reader = road.door.sign_in("walker")
    reader._begin()
    assert reader.browser.get(f"/road-scans/photos/{digest}.jpg").data == body


def test_who_stood_beside_does_not_close_the_case(road, phone):
    phone.check(road.document(), NOON, plate="示B99999", officers=["P-chief"])
    phone.sync()
    lead = road.door.account("chief", "ps_lead", area="X")
    (case,) = lead.get("road-cases").json
    body = {"outcome": "explained", "reason": "临时换车，已补办"}
    assert lead.post(f"road-cases/{case['id']}/end", body).status_code == 409
    assert count(road, RoadCase) == 1
