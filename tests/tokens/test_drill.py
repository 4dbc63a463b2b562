"""The drill of docs/operations.md for a stolen key, start to end, with the commands that an operator types."""

import json
import threading
from datetime import datetime, timedelta

import pytest
from conftest import ACTOR
from tokens_kit import BASE, Installation

from precursor.core.clock import system_clock
from precursor.permits import service as permits
from precursor.permits.service import RecordOfPermit
from precursor.signing import cbor, envelope
from precursor.signing import claims as c
from precursor.signing.keys import FileSigner
from precursor.signing.text import from_text, to_text
from precursor.tokens import service, trips
from precursor.tokens.service import Office
from precursor.tokens.store import KeyStore


class Drill(Installation):
    """A city with two papers in force and one revoked, and a lorry on the road with a slip for one journey."""

    def __init__(self, folder):
        super().__init__(folder)
        self.road = self.permit("ROAD", "transport_filing", uses="single")
        gone = self.permit("GONE", "purchase_filing")
        office = Office(KeyStore(self.home), BASE)
        now = system_clock()
        with self.transaction() as session:
            for number in ("TODAY", "ROAD", "GONE"):
                service.issue(session, office, service.by_number(session, number), ACTOR, now)
            day = self.today - timedelta(1)
            permits.revoke(session, [RecordOfPermit(permit=gone, day=day, recorded_on=self.today)], ACTOR, now)
            trip = trips.OpenTrip(
                permit=self.road,
                plates=("示A12345",),
                quantity=10**6,
                valid_from=self.today,
                valid_to=self.today + timedelta(2),
            )
            slip = trips.open_trip(session, office, trip, ACTOR, now)
            self.slip = office.text_of(bytes.fromhex(slip.cose))

    def ok(self, *args, **more):
        code, out, err = self.run(*args, **more)
        assert (code, err) == (0, ""), (args, err)
        return out

    def publish(self, folder):
        """Publish, and let the second pass: signing times are whole seconds, and what follows is signed after it."""
        self.ok("publish", folder)
        done = int(system_clock().timestamp())
        while int(system_clock().timestamp()) == done:
            threading.Event().wait(0.05)

    def listed(self, *args):
        return json.loads(self.ok(*args, "--format", "json"))

    def says(self, lists, *texts):
        """What a phone says that carries these lists: a verdict with its warnings for each text."""
        lines = self.run("token", "verify", "-", "--lists", lists, text="".join(f"{t}\n" for t in texts).encode())[1]
        found = [json.loads(line) for line in lines.splitlines()]
        return [" ".join([one["verdict"], *sorted({*one["warnings"]} - {"INCOMPLETE"})]) for one in found]


@pytest.fixture
def city(tmp_path):
    return Drill(tmp_path)


def forged(city, kid, original, iat):
    """What a thief signs with a copy of the key file, in a place that nobody was given."""
    payload = cbor.decode(envelope.read(from_text(original)[1]).payload)
    payload |= {c.SUB: "FORGED", c.IAT: int(iat.timestamp())}
    payload[c.PERMIT][c.STATUS] = [1, 40_000]
    return to_text(envelope.sign(FileSigner.read(city.home / "keys" / f"{kid}.key"), cbor.encode(payload)), "PC1")


@pytest.mark.slow
def test_the_drill(city, tmp_path):
    before, revoked, after = (tmp_path / name for name in ("before", "revoked", "after"))

    # what phones carry until they sync; which key it is, and what it signed
    city.publish(before)
    ((kid, made_at),) = [(k["kid"], k["made_at"]) for k in city.listed("keys", "list") if k["state"] == "active"]
    signed = city.listed("keys", "signed", kid)
    assert [(row["kind"], row["number"], row["state"]) for row in signed] == [
        ("document", "GONE", "over"),
        ("document", "ROAD", "to_do"),
        ("document", "TODAY", "to_do"),
        ("trip_slip", "ROAD-T1", "to_do"),
    ]
    papers = city.ok("keys", "signed", kid, "--texts").splitlines()
    assert papers == [row["text"] for row in signed[1:]]
    assert papers[-1] == city.slip
    assert "is trusted" in city.run("keys", "reissue", kid)[2]  # nothing is signed again in error
    fakes = [forged(city, kid, papers[1], iat) for iat in (system_clock(), datetime.fromisoformat(made_at))]

    # the theft is known: revoke, publish, carry it to phones
    assert f"precursor keys reissue {kid}" in city.ok("keys", "revoke", kid)
    city.publish(revoked)
    assert city.says(before, *papers, *fakes) == ["GENUINE"] * 3 + ["GENUINE ISSUED_AFTER_STATUS", "REVOKED"]
    assert city.says(revoked, *papers, *fakes) == ["KEY_COMPROMISED"] * 5

    # sign all of it again under the key that took over, which phones know already
    done = city.listed("keys", "reissue", kid)
    assert [(row["number"], row["now"]) for row in done] == [
        ("ROAD", "ROAD"),
        ("TODAY", "TODAY"),
        ("ROAD-T1", "ROAD-T2"),
    ]
    fresh = [row["text"] for row in done]
    city.publish(after)
    assert city.says(before, *fresh) == ["GENUINE ISSUED_AFTER_STATUS"] * 3
    assert city.says(revoked, *fresh) == ["GENUINE ISSUED_AFTER_STATUS"] * 3
    assert city.says(after, *fresh, *papers, *fakes) == ["GENUINE"] * 3 + ["KEY_COMPROMISED"] * 5

    # nothing is left, and to repeat it does nothing
    assert {row["state"] for row in city.listed("keys", "signed", kid)} == {"done", "over"}
    assert city.listed("keys", "reissue", kid) == []


def test_what_cannot_be_signed_again_is_named_and_stops_nothing(city):
    (kid,) = [row["kid"] for row in city.listed("keys", "list") if row["state"] == "active"]
    with city.transaction() as session:
        permits.suspend(session, city.road, "suspended", "r", ACTOR, system_clock())
    assert "on no trust list yet" in city.run("keys", "revoke", kid)[2]  # nobody had published the one that waited
    code, out, err = city.run("keys", "reissue", kid, "--format", "json")
    assert code == 1
    assert [row["number"] for row in json.loads(out)] == ["ROAD", "TODAY"]
    assert err.startswith("trip_slip ROAD-T1: ")
    assert "suspended" in err
    assert len(err.splitlines()) == 1
    assert city.run("keys", "signed", "0" * 16)[0] == 1
    assert city.run("keys", "reissue", "0" * 16)[0] == 1
