"""Phones that send at one moment, each in a process of its own and twice: recorded once, the same cases once."""

import json
import pickle
import subprocess
import sys
from datetime import timedelta

import phoning
import sqlalchemy as sa
from conftest import NOW
from roadside_kit import told

from precursor.core import db
from precursor.roadside.models import DeviceEntry, RoadCase

NOON = NOW - timedelta(hours=2)
#: Whose phone, minutes after noon, what plate, where.
SCANS = [
    (0, 0, "示A12345", (30.0, 120.0)),
    (1, 4, "示A12345", (32.0, 120.0)),
    (0, 9, "示B99999", (30.0, 120.0)),
    (1, 15, "示C00001", (32.0, 121.0)),
    (0, 40, "示A12345", (31.0, 120.0)),
    (1, 41, "示A12345", (30.0, 120.0)),
]


def written(road, names):
    """Two phones with their logs, about one document."""
    document, phones = road.document(), [road.phone(name) for name in names]
    for who, minutes, plate, place in SCANS:
        at = NOON + timedelta(minutes=minutes)
        phones[who].scan(document, at, place=place)
        phones[who].check(document, at, plate=plate, place=place)
    return document, phones


def outcome(road, document, phones):
    inner = {phone.id: place for place, phone in enumerate(phones)}
    with db.reading(road.door.engine) as session:
        ids = dict(session.execute(sa.text("SELECT id, outside_id FROM device")).all())
        rows = session.scalars(sa.select(RoadCase).where(RoadCase.document == document.id)).all()
        entries = session.scalar(sa.select(sa.func.count()).where(DeviceEntry.document == document.id))
    return entries, sorted((row.kind, *map(str, told(row, ids, inner))) for row in rows)


def test_phones_that_send_at_one_moment_are_recorded_once(road, url, tmp_path):
    for name in ("one", "two", "one-b", "two-b"):
        road.officer(name)
    document, phones = written(road, ("one", "two"))
    for phone in phones:
        phone.sync()
    raced, racers = written(road, ("one-b", "two-b"))
    bodies = [phone.greeting("log") | {"entries": phone.entries} for phone in (*racers, *racers)]
    done = subprocess.run(
        [sys.executable, phoning.__file__, url, tmp_path],
        input=pickle.dumps((bodies, NOW)),
        capture_output=True,
        check=False,
        timeout=180,
    )
    assert json.loads(done.stdout or "null") == {"200": 4}, done.stderr.decode()
    expected = outcome(road, document, phones)
    assert {kind for kind, *_ in expected[1]} == {"other_plate", "plate_mismatch", "too_fast"}
    assert outcome(road, raced, racers) == expected
