"""Trip slips: one journey under a document, for these vehicles, this amount and a few days."""

from datetime import timedelta

import pytest
from conftest import ACTOR, NOW
from empty_city import DAY

from precursor.core import db
from precursor.permits import service as permits
from precursor.permits.service import RecordOfPermit
from precursor.signing import claims as c
from precursor.tokens import service as tokens
from precursor.tokens import trips
from precursor.tokens.models import TripSlip


@pytest.fixture
def officer(road):
    return road.door.account("dispatcher", "ent_officer", enterprise="E01")


def asked(of, **more):
    return {
        "document": of.id,
        "plates": ["示A12345"],
        "quantity": "40",
        "unit": "kg",
        "days": 2,
        **more,
    }


def judged(road, id_, at=NOW):
    with db.transaction(road.door.engine) as session:
        slip = session.query(TripSlip).filter_by(outside_id=id_).one()
        text = road.office.text_of(bytes.fromhex(slip.cose))
        return tokens.verifier(session, road.office, ACTOR, at).judge(text, int(at.timestamp()))


def test_a_slip_is_genuine_for_its_days_and_says_what_it_is_of(road, officer):
    document = road.document()
    slip = officer.done("trip-slips", asked(document))
    assert (slip["id"], slip["trip"], slip["document"]) == (f"{document.id}-T1", 1, document.id)
    found = judged(road, slip["id"])
    assert (found.verdict, found.warnings) == ("GENUINE", ())
    permit = found.claims[c.PERMIT]
    assert (permit[c.DOCUMENT], permit[c.PARENT], permit[c.TRIP]) == (7, document.id, 1)
    assert permit[c.PLATES] == ["示A12345"]
    assert permit[c.ITEMS][0][1] == 40_000
    assert judged(road, slip["id"], NOW + timedelta(days=2)).verdict == "EXPIRED"
    officer._begin()
    assert officer.browser.get(f"/trip-slips/{slip['id']}/code.png").data.startswith(b"\x89PNG")


def test_slips_never_carry_more_than_the_document(road, officer):
    document = road.document()
    officer.done("trip-slips", asked(document, quantity="60"))
    refused = officer.post("trip-slips", asked(document, quantity="41"))
    assert refused.status_code == 422
    assert "40" in refused.json["errors"][0]["message"]
    second = officer.done("trip-slips", asked(document, quantity="40"))
    assert second["trip"] == 2
    officer.done(f"trip-slips/{second['id']}/end", {"how": "given_up"})
    assert officer.done("trip-slips", asked(document, quantity="40"))["trip"] == 3


def test_a_document_for_one_journey_has_one_slip(road, officer):
    document = road.document(uses="single")
    slip = officer.done("trip-slips", asked(document))
    assert officer.post("trip-slips", asked(document)).status_code == 409
    officer.done(f"trip-slips/{slip['id']}/end", {"how": "given_up"})
    second = officer.done("trip-slips", asked(document))
    with db.reading(road.door.engine) as session:  # on the road it is the first use, not one trip too many
        uses = [trips.number_of_use(session, document.id, number) for number in (1, second["trip"])]
    assert (second["trip"], uses) == (2, [1, 1])


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"plates": ["示B99999"]}, "/plates"),
        ({"days": 4}, "/days"),
        ({"valid_from": str(DAY + timedelta(20)), "days": 3}, "/valid_from"),
        ({"valid_from": "2026-01-01"}, "/valid_from"),
        ({"quantity": "0"}, "/quantity"),
        ({"document": "NOBODY"}, "/document"),
    ],
)
def test_what_the_document_does_not_bear_is_refused_at_its_field(road, officer, more, pointer):
    document = road.document()
    refused = officer.post("trip-slips", asked(document, **more))
    assert refused.status_code == 422
    assert pointer in [fault["pointer"] for fault in refused.json["errors"]]
    assert officer.get("trip-slips").json == []


def test_what_ends_a_slip_stands_on_the_lists(road, officer):
    arrived, revoked, stranger = road.document(), road.document(), road.document()
    slips = {
        name: officer.done("trip-slips", asked(document))["id"] for name, document in (("a", arrived), ("r", revoked))
    }
    officer.done(f"trip-slips/{slips['a']}/end", {"how": "arrived"})
    assert officer.post(f"trip-slips/{slips['a']}/end", {"how": "arrived"}).status_code == 409
    with db.transaction(road.door.engine) as session:
        command = RecordOfPermit(permit=revoked.key, day=NOW.date(), recorded_on=NOW.date())
        permits.revoke(session, [command], ACTOR, NOW)
    assert judged(road, slips["a"]).verdict == "USED_UP"
    assert judged(road, slips["r"]).verdict == "REVOKED"
    assert officer.post("trip-slips", asked(revoked)).status_code == 422
    other = road.door.account("other", "ent_officer", enterprise="E03")
    assert other.post("trip-slips", asked(stranger)).status_code == 422
    assert other.get("trip-slips").json == []
