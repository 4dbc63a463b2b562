"""What phones bring home: taken once, judged again, recorded, and laid beside the other scans."""

import hashlib
import json
import random
import zlib
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from empty_city import DAY, KG
from roadside_kit import Phone, cases, count, told

from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.checkpoints.models import RoadCheck
from precursor.core import db
from precursor.core.clock import Period
from precursor.enterprises.models import Party
from precursor.inspections.models import Inspection
from precursor.movements.models import Stocktake
from precursor.permits import service as permits
from precursor.permits.service import RecordOfPermit
from precursor.reconciliation import service as reconciliation
from precursor.roadside import extract, service
from precursor.roadside.models import DeviceEntry, RoadCase
from precursor.signing import cbor, envelope
from precursor.tokens.models import TripSlip

NOON = NOW - timedelta(hours=2)


# ------------------------------------------------------------------ phones


def test_a_secret_enrols_one_phone_once_and_soon(road):
    road.officer("walker")
    with db.transaction(road.door.engine) as session:
        first = service.offer(session, "walker", road.door.clock())
        second = service.offer(session, "walker", road.door.clock())
    assert Phone(road.door, first).answer.status_code == 409  # a newer code ends the one before
    assert Phone(road.door, second).answer.status_code == 201
    assert Phone(road.door, second).answer.status_code == 409
    assert Phone(road.door, b"\0" * 16).answer.status_code == 409
    with db.transaction(road.door.engine) as session:
        late = service.offer(session, "walker", road.door.clock())
    road.door.clock.now += service.ENROLS
    assert Phone(road.door, late).answer.status_code == 409


def test_a_phone_that_is_locked_or_whose_officer_left_is_heard_no_more(road, phone):
    document = road.document()
    phone.scan(document, NOON)
    phone.sync()
    officer = road.door.sign_in("walker")
    listed = officer.get("devices").json
    assert [(one["id"], one["entries"], one["locked_on"]) for one in listed] == [(phone.id, 1, None)]
    officer.post(f"devices/{phone.id}/lock", {})
    phone.scan(document, NOON)
    assert phone.send(phone.entries[-1:]).status_code == 403
    other = road.phone("walker")
    other.scan(document, NOON)
    with db.transaction(road.door.engine) as session:
        session.execute(sa.text("UPDATE user_account SET active = false WHERE username = 'walker'"))
    assert other.send(other.entries).status_code == 403
    assert count(road, DeviceEntry) == 1


@pytest.mark.parametrize("change", ["signature", "hello", "old", "stranger", "order", "prev", "device"])
def test_an_entry_that_is_not_this_phones_next_is_refused_and_leaves_nothing(road, phone, change):
    document = road.document()
    entry = phone.scan(document, NOON)
    at, key, entries = None, None, [entry]
    if change == "signature":
        entries = [entry | {"said": entry["said"].replace("GENUINE", "REVOKED")}]
    if change == "hello":
        key = Ed25519PrivateKey.generate()
    if change == "old":
        at = NOW - timedelta(days=2)
    if change == "stranger":
        phone.id = "PH-0"
    if change == "order":
        entries = [phone.scan(document, NOON)]
    if change == "prev":
        phone.seq, phone.head = 1, "0" * 64
        entries = [phone.scan(document, NOON)]
    if change == "device":
        said = entry["said"].replace(phone.id, "PH-9")
        entries = [{"said": said, "signature": phone.sign(said)}]
    answer = phone.send(entries, at, key)
    assert answer.status_code in (403, 404, 409, 412), answer.text
    if change == "order":
        assert answer.json["next"] == 1
    assert count(road, DeviceEntry) == 0


@pytest.mark.parametrize("change", [{"v": 2}, {"seq": 1.5}, {"at": "yesterday"}, {"kind": "dance"}, {"more": 1}, []])
def test_what_is_no_entry_is_refused_by_field(road, phone, change):
    said = json.loads(phone.scan(road.document(), NOON)["said"]) | change if change else []
    text = json.dumps(said)
    answer = phone.send([{"said": text, "signature": phone.sign(text)}])
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"]
    assert count(road, DeviceEntry) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "check"},
        {"scan": {"verdict": "GENUINE", "text": "x", "more": 1}},
        {"scan": {"verdict": "SPLENDID"}},
        {"place": {"latitude": 91_000_000, "longitude": 0}},
        {"visit": {}},
    ],
)
def test_a_form_that_cannot_be_recorded_is_kept_and_its_receipt_says_why(road, phone, change):
    document = road.document()
    entry = json.loads(phone.scan(document, NOON)["said"]) | change
    text = json.dumps(entry)
    phone.head = hashlib.sha256(text.encode()).hexdigest()
    answer = phone.send([{"said": text, "signature": phone.sign(text)}])
    (receipt,) = answer.json["receipts"]
    assert receipt["fault"]
    assert receipt["record"] is None
    phone.entries.clear()
    phone.scan(document, NOON)
    assert phone.send(phone.entries).json["next"] == 3  # the log goes on


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T00:00:00+14:00"])
def test_a_clock_may_say_anything(road, phone, at):
    document = road.document()
    entry = json.loads(phone.scan(document, NOON)["said"]) | {"at": at}
    text = json.dumps(entry)
    answer = phone.send([{"said": text, "signature": phone.sign(text)}])
    assert answer.status_code in (200, 422), answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{" * 2000,
        b'{"device": "\\ud800"}',
        b'{"device": "a\\u0000"}',
        b'{"device": 1e999}',
        b"\xff",
        b'{"entries": [null]}',
    ],
)
@pytest.mark.parametrize("path", ["", "/log", "/extract"])
def test_no_body_makes_a_door_of_the_phones_fail(road, path, body):
    client = road.door.app.test_client()
    answer = client.post(f"/api/phones/v1{path}", data=body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.text


# ------------------------------------------------------------------ once


def test_what_is_sent_twice_gets_the_same_receipt_and_is_recorded_once(road, phone):
    document, before = road.document(), count(road, RoadCheck)
    phone.scan(document, NOON)
    phone.check(document, NOON)
    first = phone.send(phone.entries).json
    again = phone.send(phone.entries).json
    assert again == first
    assert first["receipts"][1]["record"].startswith("road-checks/")
    assert {one["verdict"] for one in first["receipts"]} == {"GENUINE"}
    assert count(road, RoadCheck) == before + 1
    assert cases(road) == []


def test_a_check_is_a_road_check_and_shows_what_was_found(road, phone):
    document = road.document()
    more = {"items": {"plate": "ok", "seal": "fault"}, "quantity": "99.5", "unit": "kg", "note": "封签断开"}
    phone.check(document, NOON, result="fault", officers=["p-7"], **more)
    (receipt,) = phone.sync()
    inspector = road.door.sign_in("walker")
    check = inspector.get(receipt["record"]).json
    assert (check["document"], check["verdict"], check["result"]) == (document.id, "GENUINE", "fault")
    assert (check["measured"], check["note"]) == ("99.5 kg", "封签断开")
    assert check["officers"] == ["P-7", "P-WALKER"]
    assert {"item": "seal", "found": "fault"} in check["items"]


def test_a_visit_fills_its_slot_like_one_from_a_desk(road, phone):
    road.officer("companion")
    with db.reading(road.door.engine) as session:
        here = sa.select(Party.outside_id).where(
            Party.area_id == road.city.area["X"], Party.is_external == sa.false()
        )
        firm = session.scalars(here).first()
    phone.log(
        "visit",
        NOON,
        visit={
            "enterprise": firm,
            "items": {"guarding": "ok"},
            "result": "nothing_found",
            "officers": ["p-companion"],
        },
    )
    (receipt,) = phone.sync()
    with db.reading(road.door.engine) as session:
        visit = session.scalars(sa.select(Inspection).order_by(Inspection.id.desc())).first()
        assert (visit.outside_id, visit.mode, visit.inspectors) == (receipt["record"].partition("/")[2], "onsite", 2)
    phone.log("visit", NOON, visit={"enterprise": "NOBODY", "items": {}, "result": "corrected", "officers": []})
    (receipt,) = phone.sync()
    assert receipt["record"] is None
    assert "NOBODY" not in str(receipt["record"])
    assert "enterprise" in receipt["fault"]


@pytest.fixture
def warden(road):
    """The phone of an inspector in the county of E01."""
    road.officer("warden", "D")
    return road.phone("warden")


def visit(*counts):
    """A visit as a phone says it, by two officers, with what they counted: site, substance, amount, unit."""
    members = ("site", "substance", "counted", "unit")
    lines = [dict(zip(members, line, strict=True)) for line in counts]
    form = {"enterprise": "E01", "items": {"guarding": "ok"}, "result": "nothing_found", "officers": ["P-OTHER"]}
    return form | {"counts": lines, "note": "北门"}


def test_what_is_counted_on_a_visit_stands_beside_the_book_and_is_a_gap_where_it_differs(road, warden):
    with db.reading(road.door.engine) as session:
        area = session.get_one(Area, road.city.area["D"])
        listed = {(row[2], row[4]): row for row in extract.stores(session, area, NOW.date())}
    (firm, *_, book, unit) = listed["S-E01", "H2SO4"]
    assert (firm, unit) == ("E01", "kg")
    grams = int(book) * 1000 * 9 // 10  # a tenth is not there
    warden.log("visit", NOON, visit=visit(("S-E01", "H2SO4", str(grams), "g")))
    (receipt,) = warden.sync()
    assert receipt["fault"] is None
    inspector = road.door.sign_in("warden")
    found = inspector.get(receipt["record"]).json
    assert (found["note"], found["officers"]) == ("北门", ["P-OTHER", "P-WARDEN"])
    assert found["items"] == [{"item": "guarding", "found": "ok"}]
    (line,) = found["counts"]
    assert (line["counted"], line["book"], line["difference"], line["unit"]) == (
        str(grams // 1000),
        book,
        str(-int(book) // 10),
        "kg",
    )
    clerk = road.door.account("clerk", "ps_clerk", area="D")
    assert clerk.get(receipt["record"]).json["counts"] == []  # may read visits, and no stocks
    owner = road.door.account("owner", "ent_officer", enterprise="E01").get(receipt["record"]).json
    assert (len(owner["counts"]), owner["note"]) == (1, None)  # the note is for colleagues
    token = road.door.token("warden", "inspection.read")
    headers = {"Authorization": f"Bearer {token}"}
    bound = road.door.app.test_client().get(f"/api/v1/{receipt['record']}", headers=headers).json
    assert (bound["note"], bound["counts"]) == ("北门", [])  # a token reads what it is bound to
    with db.reading(road.door.engine) as session:
        view = reconciliation.view_of(areas.city(session), Period.parse(str(NOW.year)), NOW.date(), area)
        gaps = [gap for gap in reconciliation.variances(session, view) if gap.code == "STOCK_VARIANCE"]
    assert [gap.subject for gap in gaps] == ["S-E01/H2SO4"]


@pytest.mark.parametrize(
    ("counts", "where"),
    [
        ([("S-E05", "H2SO4", "1", "kg")], "/visit/counts/0/site"),  # another's store
        ([("S-E01", "NONE", "1", "kg")], "/visit/counts/0/substance"),
        ([("S-E01", "H2SO4", "1", "L")], "/visit/counts/0/unit"),
        ([("S-E01", "H2SO4", "1", "kg"), ("S-E01", "H2SO4", "2", "kg")], "/visit/counts/1/substance"),
    ],
)
def test_a_visit_whose_counts_cannot_be_is_kept_as_signed_and_recorded_not_at_all(road, warden, counts, where):
    before = [count(road, model) for model in (Inspection, Stocktake)]
    warden.log("visit", NOON, visit=visit(*counts))
    (receipt,) = warden.sync()
    assert where in receipt["fault"]
    assert receipt["record"] is None
    assert [count(road, model) for model in (Inspection, Stocktake)] == before


def test_a_count_is_added_at_a_desk_by_who_was_there_once(road):
    road.officer("walker", "D")
    road.officer("stranger", "D")
    walker, stranger = road.door.sign_in("walker"), road.door.sign_in("stranger")
    form = {"enterprise": "E01", "date": str(NOW.date()), "officers": ["P-WALKER", "P-OTHER"]}
    made = walker.done("inspections", form | {"mode": "onsite"})
    line = {"site": "S-E01", "substance": "H2SO4", "counted": "100", "unit": "kg"}
    address = f"inspections/{made['id']}/counts"
    assert stranger.post(address, line).status_code == 403
    assert walker.post(address, line | {"site": "S-E05"}).status_code == 422
    assert walker.done(address, line)["counts"][0]["counted"] == "100"
    assert walker.post(address, line).status_code == 422  # counted already
    remote = walker.done("inspections", form | {"mode": "remote"})
    assert walker.post(f"inspections/{remote['id']}/counts", line).status_code == 409


def test_a_list_that_is_cut_short_says_so(road):
    road.document()
    road.document()
    with db.transaction(road.door.engine) as session:
        area = session.get_one(Area, road.city.area["X"])
        one = len(cbor.encode(extract.documents(session, area, NOW.date())[0]))
        made = [extract.make(session, road.office, area, NOW, room) for room in (extract.ROOM, one)]
    full, short = (cbor.decode(envelope.read(body, envelope.EXTRACT_TYPE).payload)[extract.ROWS] for body in made)
    full, short = (cbor.decode(zlib.decompress(rows)) for rows in (full, short))
    assert full[-1] == []
    assert short[-1][0] == 0
    assert short[0] == full[0][:1]


def test_a_number_of_the_log_with_two_entries_opens_a_case_and_changes_nothing(road, phone):
    document = road.document()
    phone.scan(document, NOON)
    (first,) = phone.sync()
    phone.seq, phone.head = 1, ""
    other = phone.scan(document, NOON - timedelta(hours=1))
    (again,) = phone.send([other]).json["receipts"]
    assert (again["seq"], again["received_at"]) == (1, first["received_at"])
    assert cases(road) == ["log_fork"]
    assert count(road, DeviceEntry) == 1


def test_photographs_come_by_the_digest_that_was_signed(road, phone):
    body = b"\xff\xd8\xff" + b"picture"
    digest = hashlib.sha256(body).hexdigest()
    put = lambda data, name: phone.client.put(f"/api/phones/v1/{phone.id}/photos/{name}", data=data).status_code  # noqa: E731
    assert put(body, digest) == 404
    phone.check(road.document(), NOON, photos=[digest])
    phone.sync()
    assert put(b"x" + body, digest) == 422
    assert put(body, digest) == 204
    assert put(body, digest) == 204
    inspector = road.door.sign_in("walker")
    inspector._begin()
    assert inspector.browser.get(f"/road-scans/photos/{digest}.jpg").data == body
    abroad = road.officer("abroad", area="N")
    abroad._begin()
    assert abroad.browser.get(f"/road-scans/photos/{digest}.jpg").status_code == 404


# ------------------------------------------------------------------ cases


def test_each_rule_opens_its_case_once(road, phone):
    road.officer("second")
    other = road.phone("second")
    plate, route, trips = road.document(), road.document(route=("N",)), road.document()
    phone.check(plate, NOON, plate="示B99999")
    phone.check(route, NOON)
    phone.scan(trips, NOON, place=(30.0, 120.0))
    other.scan(trips, NOON + timedelta(minutes=30), place=(31.0, 120.0))  # 111 km in half an hour
    phone.sync()
    other.sync()
    phone.sync()
    assert cases(road) == ["off_route", "plate_mismatch", "too_fast"]
    inspector = road.door.sign_in("walker")
    listed = {case["kind"]: case for case in inspector.get("road-cases").json}
    shown = inspector.get(f"road-cases/{listed['too_fast']['id']}").json
    assert [scan["device"] for scan in shown["scans"]] == [phone.id, other.id]
    assert shown["county"] == "X"


def test_what_was_shown_stays_and_a_different_judgement_opens_a_case(road, phone):
    document, later = road.document(), road.document()
    with db.transaction(road.door.engine) as session:
        for one, day in ((document, DAY), (later, NOW.date())):
            command = RecordOfPermit(permit=one.key, day=day, recorded_on=day)
            permits.revoke(session, [command], ACTOR, NOW)
    phone.scan(later, NOW - timedelta(days=1))  # revoked only after it was scanned
    phone.scan(document, NOW - timedelta(hours=1))
    receipts = phone.sync()
    assert [one["verdict"] for one in receipts] == ["REVOKED", "REVOKED"]
    assert cases(road) == ["rejudged"]
    inspector = road.door.sign_in("walker")
    scan = inspector.get(f"road-scans?document={document.id}").json[0]
    assert (scan["shown"], scan["verdict"]) == ("GENUINE", "REVOKED")


def test_goods_that_were_received_do_not_travel_on(road, phone):
    document = road.document(uses="single")
    filing = road.city.permit(outside_id="GB-1", valid_to=DAY + timedelta(30))
    sale, _ = road.city.sell(filing, transport=document.key, quantity=10 * KG)
    phone.scan(document, NOW - timedelta(days=12))
    with db.transaction(road.door.engine) as session:
        road.city.receive(session, sale, 10 * KG)
    phone.scan(document, NOW)
    phone.sync()
    assert cases(road) == ["after_write_off"]


@pytest.mark.parametrize(("how", "case"), [("arrived", "after_write_off"), ("given_up", "trip_given_up")])
def test_a_slip_whose_journey_is_over_does_not_travel_again(road, phone, how, case):
    document = road.document()
    filing = road.city.permit(outside_id="GB-1", valid_to=DAY + timedelta(30))
    sale, _ = road.city.sell(filing, transport=document.key, quantity=10 * KG)
    opener = road.door.account("dispatcher", "ent_officer", enterprise="E01")
    asked = {"document": document.id, "plates": ["示A12345"], "quantity": "10", "unit": "kg", "days": 3}
    slip = opener.done("trip-slips", asked)
    with db.transaction(road.door.engine) as session:
        row = session.query(TripSlip).filter_by(outside_id=slip["id"]).one()
        code = SimpleNamespace(text=road.office.text_of(bytes.fromhex(row.cose)))
        road.city.receive(session, sale, 10 * KG)
    opener.done(f"trip-slips/{slip['id']}/end", {"how": how})
    road.door.clock.now = NOW + timedelta(days=1)
    phone.scan(code, road.door.clock())  # its lists are a day old and say 有效
    phone.sync()
    assert cases(road) == [case]
    with db.reading(road.door.engine) as session:
        known = extract.journeys(session, session.get_one(Area, road.city.area["X"]), NOW.date())
    assert [row[:2] for row in known] == ([[slip["id"], str(NOW.date())]] if how == "arrived" else [])
    assert all(row[2] for row in known)  # the store that booked the goods in


def test_a_case_is_closed_by_somebody_who_was_not_there(road, phone):
    phone.check(road.document(), NOON, plate="示B99999")
    phone.sync()
    lead = road.door.account("chief", "ps_lead", area="X")
    same = road.door.account("double", "ps_lead", area="X", person="P-walker")
    (case,) = lead.get("road-cases").json
    body = {"outcome": "explained", "reason": "临时换车，已补办"}
    assert same.post(f"road-cases/{case['id']}/end", body).status_code == 409
    assert lead.post(f"road-cases/{case['id']}/end", body).status_code == 201
    assert lead.post(f"road-cases/{case['id']}/end", body).status_code == 409
    assert lead.get(f"road-cases/{case['id']}").json["outcome"] == "explained"
    assert road.officer("abroad", area="N").get("road-cases").json == []


@pytest.mark.parametrize("seed", range(8))
def test_two_phones_in_any_order_of_sync_the_same_cases_once(road, seed):
    """The same scans twice, on two documents alike, brought home in two orders and with repetitions.

    The clock of each phone is out by up to four hours either way.
    """
    chance = random.Random(seed)
    skew = [timedelta(minutes=chance.randrange(-240, 241)) for _ in range(2)]
    for name in ("one", "two", "one-b", "two-b"):
        road.officer(name)
    scans = [
        (
            chance.randrange(2),
            NOON - timedelta(minutes=chance.randrange(600)),
            chance.choice(["示A12345", "示A·12345", "示B99999"]),
            (30 + chance.random() * 2, 120 + chance.random() * 2) if chance.random() < 0.7 else None,
        )
        for _ in range(chance.randrange(2, 9))
    ]
    if seed % 4:  # else a clock goes back
        scans.sort(key=lambda one: one[1])
    found = []
    for names in (("one", "two"), ("one-b", "two-b")):
        document = road.document(route=("X",) if seed % 3 else ("N",))
        phones = [road.phone(name) for name in names]
        assert all(phone.id for phone in phones), [phone.answer.text for phone in phones]
        for who, at, plate, place in scans:
            phones[who].scan(document, at + skew[who], place=place)
            phones[who].check(document, at + skew[who], plate=plate, place=place)
        for one in chance.sample([0, 0, 1, 1, 0, 1], 6):  # each sends a part, or all of it again
            some = phones[one].entries[: chance.randrange(len(phones[one].entries) + 1)]
            answer = phones[one].send(some)
            assert answer.status_code == 200, answer.text
        for one in chance.sample([0, 1], 2):
            assert phones[one].send(phones[one].entries).status_code == 200
        inner = {phone.id: place for place, phone in enumerate(phones)}
        with db.reading(road.door.engine) as session:
            rows = session.scalars(sa.select(RoadCase).where(RoadCase.document == document.id)).all()
            ids = dict(session.execute(sa.text("SELECT id, outside_id FROM device")).all())
            found.append(sorted((row.kind, row.second_id is None, *told(row, ids, inner)) for row in rows))
            assert session.scalar(sa.select(sa.func.count()).where(DeviceEntry.document == document.id)) == 2 * len(
                scans
            )
    assert found[0] == found[1]
