"""A phone as the server meets it: a key of its own, a log in which every entry names the one before."""

import hashlib
import json
from datetime import UTC, timedelta
from types import SimpleNamespace

import sqlalchemy as sa
from conftest import ACTOR, NOW
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from empty_city import DAY, KG, City

from precursor.core import db
from precursor.roadside import service
from precursor.roadside.models import RoadCase
from precursor.signing.keys import public_of
from precursor.tokens import service as tokens
from precursor.tokens.service import Office
from precursor.tokens.store import KeyStore

BASE = "http://localhost:8000"  # what a test application prints


class Road:
    """A city with documents to scan, behind the door of an application."""

    def __init__(self, door, home):
        self.door, self.city = door, City(door.engine)
        store = KeyStore(home)
        store.make_root()
        self.office, self.made = Office(store, BASE), 0
        door.clock.now = NOW

    def document(self, plates="示A·12345", uses="multi", route=("X",), **more):
        """A transport filing and the text of its code."""
        self.made += 1
        values = {
            "outside_id": f"YB-{self.made}",
            "kind": "transport_filing",
            "holder": self.city.party["E01"],
            "consignee": self.city.party["E05"],
            "carrier": self.city.party["E05"],
            "seller": None,
            "quantity": 100 * KG,
            "valid_from": DAY - timedelta(10),
            "valid_to": DAY + timedelta(20),
            "uses": uses,
            "route": [self.city.area[name] for name in route],
            "fields": json.dumps({"plates": plates}),
        }
        key = self.city.permit(**(values | more))
        with db.transaction(self.door.engine) as session:
            token = tokens.issue(session, self.office, key, ACTOR, NOW - timedelta(days=5))
            return SimpleNamespace(key=key, id=values["outside_id"], text=self.office.text(token), token=token.digest)

    def officer(self, name, area="X"):
        """An inspector's account."""
        return self.door.account(name, "ps_inspector", area=area)

    def phone(self, name):
        """A phone enrolled for an account, weeks ago: its log may begin then."""
        now, self.door.clock.now = self.door.clock.now, NOW - timedelta(days=30)
        with db.transaction(self.door.engine) as session:
            secret = service.offer(session, name, self.door.clock())
        made = Phone(self.door, secret)
        self.door.clock.now = now
        return made


def cases(road):
    """The kinds of all cases."""
    with db.reading(road.door.engine) as session:
        return sorted(row.kind for row in session.scalars(sa.select(RoadCase)))


def told(case, ids, inner):
    """What a case is of, without the numbers that differ between two runs: phone and entry, or days and plates."""
    _, of, *more = case.key.split("|")
    device, _, seq = of.partition("/")
    return tuple(more) if case.second_id is not None else (inner[ids[int(device)]], seq)


def count(road, model):
    with db.reading(road.door.engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


class Phone:
    """One phone. ``log`` appends an entry, ``sync`` sends what is not acknowledged yet."""

    def __init__(self, door, secret, name="示例手机"):
        self.door, self.key = door, Ed25519PrivateKey.generate()
        self.client = door.app.test_client()
        proof = self.sign(f"enrol {secret.hex()}")
        body = {"secret": secret.hex(), "key": public_of(self.key).hex(), "proof": proof, "name": name}
        self.answer = self.client.post("/api/phones/v1", json=body)
        self.id = (self.answer.json or {}).get("device", "")  # none when it was refused
        self.seq, self.head, self.entries, self.acknowledged = 1, "", [], 0

    def sign(self, text):
        return self.key.sign(text.encode()).hex()

    def log(self, kind, at, **members):
        """An entry, signed and chained."""
        entry = {
            "v": 1,
            "device": self.id,
            "seq": self.seq,
            **({"prev": self.head} if self.head else {}),
            "at": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "kind": kind,
            **members,
        }
        said = json.dumps(entry, ensure_ascii=False)
        self.seq, self.head = self.seq + 1, hashlib.sha256(said.encode()).hexdigest()
        self.entries.append({"said": said, "signature": self.sign(said)})
        return self.entries[-1]

    def scan(self, document, at, shown="GENUINE", place=None):
        members = {"scan": {"text": document.text, "verdict": shown}}
        if place:
            members["place"] = {"latitude": int(place[0] * 1e6), "longitude": int(place[1] * 1e6)}
        return self.log("scan", at, **members)

    def check(self, document, at, plate="示A12345", county="X", shown="GENUINE", place=None, **more):
        form = {"county": county, "plate": plate, "where": "国道收费站", "result": "pass", "officers": []}
        members = {
            "scan": {"text": document.text, "verdict": shown},
            "check": form | {"items": {"plate": "ok"}} | more,
        }
        if place:
            members["place"] = {"latitude": int(place[0] * 1e6), "longitude": int(place[1] * 1e6)}
        return self.log("check", at, **members)

    def greeting(self, wish, at=None, key=None):
        at = at or self.door.clock()
        hello = (key or self.key).sign(f"hello {self.id} {int(at.timestamp())} {wish}".encode()).hex()
        moment = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return {"device": self.id, "at": moment, "hello": hello}

    def send(self, entries, at=None, key=None):
        body = self.greeting("log", at, key) | {"entries": entries}
        return self.client.post("/api/phones/v1/log", json=body)

    def sync(self):
        answer = self.send(self.entries[self.acknowledged :])
        assert answer.status_code == 200, answer.text
        self.acknowledged = answer.json["next"] - 1
        return answer.json["receipts"]
