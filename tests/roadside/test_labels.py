"""Labels of containers: what a sticker says, where its batch is by the books, what a scan in a store gives away."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW
from empty_city import DAY, KG
from hypothesis import given
from hypothesis import strategies as st

from precursor.areas.models import Area
from precursor.core import db
from precursor.desk import paper
from precursor.enterprises.models import Site
from precursor.movements import labels
from precursor.movements.labels import Marked
from precursor.movements.models import Label
from precursor.roadside import extract
from precursor.roadside.models import DeviceEntry, RoadCase


@pytest.fixture
def keeper(road):
    return road.door.account("keeper", "ent_keeper", enterprise="E01")


@pytest.fixture
def made(road, keeper):
    """Ten containers of 10 kg of a batch that was made at S-E01, and the mark in their codes."""
    keeper.done("batches", {"enterprise": "E01", "substance": "HCL", "number": "B-7"})
    keeper.done("movements/in", entry("production_in", "100", batch="B-7"))
    form = {"site": "S-E01", "substance": "HCL", "batch": "B-7", "count": 10, "quantity": "10", "unit": "kg"}
    order = keeper.done("labels", form)
    with db.reading(road.door.engine) as session:
        return order["id"], session.scalars(sa.select(Label.mark).where(Label.outside_id == order["id"])).one()


def entry(kind, quantity, **more):
    day = NOW.date().isoformat()
    return {"type": kind, "date": day, "site": "S-E01", "substance": "HCL", "quantity": quantity, "unit": "kg"} | more


def cases(road):
    with db.reading(road.door.engine) as session:
        return sorted(row.kind for row in session.scalars(sa.select(RoadCase)))


def walker(road, name="walker"):
    road.officer(name)
    return road.phone(name)


def seen(phone, text, at, shown="here", result="seen", place=None):
    members = {"store": {"text": text, "shown": shown, "result": result}}
    if place:
        members["place"] = {"latitude": int(place[0] * 1e6), "longitude": int(place[1] * 1e6)}
    return phone.log("store", at, **members)


@given(st.binary(min_size=8, max_size=8), st.integers(1, labels.MOST))
def test_a_code_says_its_mark_and_its_number(mark, number):
    text = labels.text_of(mark.hex(), number)
    assert labels.read(text) == Marked(mark.hex(), number)
    assert len(text) <= 30


@pytest.mark.parametrize("text", ["", "PCL1#", "PCL1#1", "PC1#" + "1" * 25, "PCL1#" + "9" * 30, "PCL1#" + "１" * 25])
def test_what_is_no_label_is_none(text):
    assert labels.read(text) is None


def test_a_batch_is_where_the_books_have_it(road, made, keeper):
    number, _ = made
    there = keeper.get(f"labels/{number}").json
    assert [(one["quantity"], one["unit"]) for one in there["places"]] == [("100", "kg")]
    keeper.done("movements/out", entry("use_out", "60", batch="B-7", usage_record="R-1"))
    there = keeper.get(f"labels/{number}").json
    assert [one["quantity"] for one in there["places"]] == ["40"]
    assert [move["type"] for move in there["moves"]] == ["use_out", "production_in"]
    keeper.done("movements/out", entry("use_out", "40", batch="B-7", usage_record="R-2"))
    assert keeper.get(f"labels/{number}").json["places"] == []
    keeper._begin()
    assert "不应再在" in keeper.browser.get(f"/labels/{number}").text


def test_a_batch_that_nobody_recorded_gets_no_labels(road, keeper):
    form = {"site": "S-E01", "substance": "HCL", "batch": "NONE", "count": 1, "quantity": "1", "unit": "kg"}
    refused = keeper.post("labels", form)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == "/batch"
    for change in ({"count": 0}, {"count": labels.MOST + 1}, {"quantity": "0"}, {"unit": "L"}, {"site": "S-E05"}):
        assert keeper.post("labels", form | change).status_code == 422, change


def test_every_code_of_a_sheet_is_read_back(road, made, keeper):
    number, mark = made
    keeper._begin()
    answer = keeper.browser.get(f"/labels/{number}/sheet.pdf")
    assert answer.mimetype == "application/pdf"
    assert paper.codes_on(answer.data) == {labels.text_of(mark, n) for n in range(1, 11)}
    stranger = road.door.account("stranger", "ent_keeper", enterprise="E05")
    stranger._begin()
    assert stranger.browser.get(f"/labels/{number}/sheet.pdf").status_code == 404


def extracts(road):
    """The labels in the extract of each county, by the county."""
    with db.reading(road.door.engine) as session:
        counties = session.scalars(sa.select(Area).where(Area.level == "county")).all()
        found = {area.outside_id: extract.stickers(session, area, NOW.date()) for area in counties}
        sites = session.execute(sa.select(Site.outside_id, Area.outside_id).join(Area)).all()
    return {county: rows for county, rows in found.items() if rows}, dict(sites)


def test_the_extract_of_an_area_has_the_labels_of_its_stores(road, made):
    number, mark = made
    found, home = extracts(road)
    assert list(found) == [home["S-E01"]]
    ((*head, places, moves),) = found[home["S-E01"]]
    assert head[:2] == [mark, number]
    assert head[5:7] == [10, "10 kg"]
    assert [amount for _, amount in places] == ["100 kg"]
    assert [move[1:] for move in moves] == [["production_in", "100 kg", ""]]


def test_what_another_received_of_a_batch_is_in_the_extract_of_his_county(road):
    city = road.city
    owner, goods = city.party["E01"], city.substance["H2SO4"]
    order = labels.AddLabels(
        site=city.site["S-E01"], enterprise=owner, substance=goods, batch="B-9", count=2, quantity=KG, day=DAY
    )
    with db.transaction(road.door.engine) as session:
        labels.add(session, order, ACTOR, NOW)
    sale, _ = city.sell(city.permit(outside_id="GB-9"), quantity=20 * KG, batch="B-9")
    assert list(extracts(road)[0]) == [extracts(road)[1]["S-E01"]]  # nobody has it yet
    with db.transaction(road.door.engine) as session:
        city.receive(session, sale, 20 * KG)
    found, home = extracts(road)
    assert set(found) == {home["S-E01"], home["S-E05"]}
    ((*_, places, moves),) = found[home["S-E05"]]
    assert [amount for _, amount in places] == ["20 kg"]  # with the buyer; the seller's books have none of it
    assert moves[0][1] == "sale_out"


def test_a_scan_in_a_store_gives_away_what_the_books_do_not_have(road, made, keeper):
    number, mark = made
    phone = walker(road)
    good, strange = labels.text_of(mark, 3), labels.text_of("00" * 8, 1)
    seen(phone, good, NOW - timedelta(hours=2))
    seen(phone, good, NOW - timedelta(hours=2), result="match")
    phone.sync()
    assert cases(road) == []
    seen(phone, strange, NOW - timedelta(hours=1), shown="unknown")
    seen(phone, labels.text_of(mark, 11), NOW - timedelta(minutes=50), shown="unknown")  # there are ten of them
    seen(phone, good, NOW - timedelta(minutes=40), result="mismatch")
    (one, two, three) = phone.sync()
    assert cases(road) == ["label_mismatch", "label_unknown", "label_unknown"]
    assert one["verdict"] == two["verdict"] == "unknown"
    assert three["verdict"] == "here"
    assert one["found"] == [{"case": one["cases"][0], "kind": "label_unknown"}]
    keeper.done("movements/out", entry("use_out", "100", batch="B-7", usage_record="R-3"))
    seen(phone, good, NOW - timedelta(minutes=5))
    (last,) = phone.sync()
    assert last["verdict"] == "gone"
    assert cases(road).count("label_gone") == 1
    with db.reading(road.door.engine) as session:
        assert session.scalars(sa.select(DeviceEntry.document).where(DeviceEntry.kind == "store")).first() == number


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_sticker_in_two_places_is_a_copy_whoever_sends_first(road, made, order):
    _, mark = made
    phones = [walker(road, name) for name in ("walker", "runner")]
    text = labels.text_of(mark, 1)
    seen(phones[0], text, NOW - timedelta(hours=2), place=(31.2, 120.4))
    seen(phones[1], text, NOW - timedelta(hours=1), place=(33.1, 121.9))
    for number in order:
        phones[number].sync()
    assert cases(road) == ["too_fast"]
    with db.reading(road.door.engine) as session:
        case = session.scalars(sa.select(RoadCase)).one()
        scans = [session.get_one(DeviceEntry, number).at for number in (case.first_id, case.second_id)]
    assert scans == sorted(scans)  # the earlier first, whoever sent first


def test_a_shift_is_handed_over(road):
    phone = walker(road)
    phone.log("handover", NOW, handover={"count": 3, "waiting": 0, "cases": 0})
    (receipt,) = phone.sync()
    assert receipt["fault"] is None
    phone.log("handover", NOW, handover={"count": -1, "waiting": 0, "cases": 0})
    (receipt,) = phone.sync()
    assert "/handover/count" in receipt["fault"]
