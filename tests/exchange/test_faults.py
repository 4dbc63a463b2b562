"""Damaged bundles: refused whole, every fault of the stage with its pointer, nothing written."""

import json

import pytest
import sqlalchemy as sa
from conftest import DATA, WORKED, load, worked_bundle

from precursor.core import db
from precursor.core.errors import Faulty, Refused
from precursor.exchange.checks import check
from precursor.exchange.reading import read


def pointers(bundle) -> list[str]:
    """The pointers of the faults found before anything is booked."""
    data = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
    with pytest.raises(Faulty) as caught:
        check(read(data))
    return [fault.pointer for fault in caught.value.faults]


def changed(path: str, value) -> dict:
    """The worked city with one member changed, or taken out (``...``)."""
    bundle = worked_bundle()
    *steps, last = path.strip("/").split("/")
    at = bundle
    for step in steps:
        at = at[int(step) if isinstance(at, list) else step]
    last = int(last) if isinstance(at, list) else last
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return bundle


FORM = [
    ("/schema", "precursor-scenario/2"),
    ("/timezone", "UTC"),
    ("/as_of", "2026-02-30"),
    ("/as_of", "2026-1-31"),
    ("/as_of", "２０２６-01-31"),
    ("/as_of", ...),
    ("/rules/qty_tolerance/2", "0.3e-2"),
    ("/rules/qty_tolerance/2", 0.003),
    ("/rules/targets/K7", "100"),
    ("/rules/quarterly_report_due_day", 31),
    ("/rules/annual_report_due", "02-29"),
    ("/rules/loss_report_hours", True),
    ("/jurisdictions/1/level", "town"),
    ("/substances/0/category", 4),
    ("/substances/0/unit", "lb"),
    ("/enterprises/0/grades/0/1", "D"),
    ("/enterprises/0/grades/0/1", ["A"]),
    ("/permits/0/valid_to", "9999-12-31"),
    ("/enterprises/0/grades/0/0", "2024-13-01"),
    ("/enterprises/0/information_officer", "yes"),
    ("/enterprises/0/name", ""),
    ("/enterprises/0/name", "a\x00b"),
    ("/enterprises/0/name", "\ud800"),
    ("/enterprises/0/registered_county", "ZZ"),
    ("/enterprises/0/extra", 1),
    ("/external_parties/1/county", "ZZ"),
    ("/sites/0/closed_on", ...),
    ("/permits/0/qty", -1),
    ("/permits/0/qty", "0.0000001"),
    ("/permits/0/qty", "1e3"),
    ("/permits/0/qty", "１"),
    ("/permits/0/qty", "1000000001"),
    ("/permits/0/qty", 1.5),
    ("/permits/6/route/1", "ZZ"),
    ("/permits/0/seller", "ZZ"),
    ("/movements/3/site", "ZZ"),
    ("/movements/3/type", "gift_out"),
    ("/movements/3/qty", 0),
    ("/movements/3/qty", None),
    ("/movements/3/qty", "9" * 5000),
    ("/movements/1/counterpart", "M99"),
    ("/incidents/0/discovered_at", "2025-08-03T09:00:00"),
    ("/incidents/0/discovered_at", "2025-08-03 09:00:00+08:00"),
    ("/shipments/0/foreign_leg/state", "done"),
    ("/shipments/0/domestic_leg/reason", "x"),
    ("/attempts/0/buyer", "E99"),
    ("/attempts/5/buyer", "E01"),
    ("/attempts/0/payment", ...),
    ("/key_sites/0/patrols/3", "2025-02-29"),
    ("/stocktakes/0/counted", "0.0000005"),
    ("/quarterly_reports/0/quarter", 5),
    ("/period/end", "2025-11-30"),
    ("/period/start", "2025-02-01"),
]


@pytest.mark.parametrize(("path", "value"), FORM, ids=[f"{p} {str(v)[:12]}" for p, v in FORM])
def test_one_fault_of_form_is_named_where_it_is(path, value):
    assert path in pointers(changed(path, value))
    assert len(pointers(changed(path, value))) == 1


DUPLICATES = [
    "enterprises",
    "sites",
    "permits",
    "movements",
    "shipments",
    "incidents",
    "inspections",
    "stock_opening",
    "annual_reports_2024",
    "quarterly_reports",
]


@pytest.mark.parametrize("name", DUPLICATES)
def test_a_second_record_of_the_same_id_is_the_fault(name):
    bundle = worked_bundle()
    bundle[name].append(bundle[name][0])
    position = len(bundle[name]) - 1
    assert [p for p in pointers(bundle) if p.startswith(f"/{name}/{position}/")]


def test_days_and_kinds_are_the_second_stage():
    bundle = worked_bundle()
    bundle["sites"][0]["closed_on"] = "2015-05-31"
    bundle["delegations"][0]["valid_to"] = "2024-03-04"
    bundle["permits"][0]["valid_to"] = "2025-01-09"
    bundle["movements"][0]["date"] = "2024-12-31"
    bundle["movements"][1]["recorded_on"] = "2025-01-19"
    bundle["movements"][1]["permit"] = "P08"
    bundle["movements"][2]["transport_permit"] = "P01"
    assert pointers(bundle) == [
        "/delegations/0/valid_to",
        "/movements/0/date",
        "/movements/1/permit",
        "/movements/1/recorded_on",
        "/movements/2/transport_permit",
        "/permits/0/valid_to",
        "/sites/0/closed_on",
    ]
    bundle["movements"][0]["qty"] = -1
    assert pointers(bundle) == ["/movements/0/qty"]


def draws(**changes) -> list[str]:
    bundle = worked_bundle()
    by_id = {record["id"]: record for record in (*bundle["permits"], *bundle["movements"])}
    for key, value in changes.items():
        id_, member = key.split("_", 1)
        by_id[id_][member] = value
    position = {f"/movements/{i}/": m["id"] for i, m in enumerate(bundle["movements"])}
    return [position[p[: p.rindex("/") + 1]] + p[p.rindex("/") :] for p in pointers(bundle)]


def test_draws_are_the_third_stage():
    assert draws(P01_qty=59_999) == ["M15/qty"]
    assert draws(P01_valid_from="2025-01-21") == ["M02/permit"]
    assert draws(P01_valid_to="2025-06-11") == ["M15/permit"]
    assert draws(P01_revoked_on="2025-06-11") == ["M15/permit"]
    assert draws(P01_uses="single") == ["M15/permit", "M08/permit"]
    assert draws(P01_substance="HCL") == ["M02/substance", "M15/substance", "M08/substance"]


def test_stock_below_zero_is_the_last_stage(engine):
    bundle = worked_bundle()
    bundle["stock_opening"][2]["qty"] = 13_000  # S-E02/AC2O: 30,000 were there
    with pytest.raises(Faulty) as caught:
        load(engine, bundle)
    (fault,) = caught.value.faults
    movement = bundle["movements"][int(fault.pointer.split("/")[2])]
    assert (movement["site"], movement["substance"]) == ("S-E02", "AC2O")
    assert movement["type"].endswith("_out")
    assert_nothing_written(engine)


def assert_nothing_written(engine):
    with db.reading(engine) as session:
        for table in ("party", "area", "movement", "posting", "stock", "audit_entry", "register"):
            assert session.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0


def test_forty_faults_at_once_are_all_named(engine):
    bundle, wanted = worked_bundle(), set()
    for i in range(20):
        bundle["inspections"][i]["mode"] = "by letter"
        wanted.add(f"/inspections/{i}/mode")
    for i in range(10):
        bundle["movements"][i]["substance"] = f"NO-{i}"
        wanted.add(f"/movements/{i}/substance")
    for i in range(10):
        del bundle["stocktakes"][i]["counted"]
        wanted.add(f"/stocktakes/{i}/counted")
    with pytest.raises(Faulty) as caught:
        load(engine, bundle)
    assert {f.pointer for f in caught.value.faults} == wanted
    assert all(f.message for f in caught.value.faults)
    assert_nothing_written(engine)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"a": NaN}',
        b"1" * 5000,
        b'{"schema": "precursor-scenario/1", "period": {"start": "0000-01-01", "end": "9999-12-31"}}',
        b'{"schema": 1, "period": 7, "jurisdictions": {"a": 1}, "movements": [1, null, [], "x"]}',
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_bundle_is_refused_without_a_crash(data):
    assert pointers(data) or pointers(data) == [""]


def test_a_name_that_stands_twice_is_a_fault():
    text = WORKED.read_text("utf-8").replace(
        '"as_of": "2026-01-31"', '"as_of": "2026-01-31", "as_of": "2026-01-30"', 1
    )
    assert pointers(text.encode()) == ["/as_of"]
    text = WORKED.read_text("utf-8").replace('"id": "E02"', '"id": "E02", "id": "E02"', 1)
    assert pointers(text.encode()) == ["/enterprises/1/id"]


def test_a_register_that_is_not_empty_takes_no_bundle(engine):
    load(engine, WORKED)
    with pytest.raises(Refused, match="not empty"):
        load(engine, DATA / "second_city.json")


def test_the_order_of_records_means_nothing(engine):
    bundle = worked_bundle()
    for value in bundle.values():
        if isinstance(value, list):
            value.reverse()
    load(engine, bundle)
    from acceptance_kit import expected, lines

    assert lines(engine, "2025", "2026-01-31") == sorted(expected("worked_city")["gaps"])


def test_what_a_fault_quotes_can_be_written():
    (pointer,) = [p for p in pointers(b'{"\\ud800": 1}') if "ud800" in p]
    assert pointer.encode() == b"/\\ud800"
