"""The picture of a trace: what it draws of any steps, and what the page says of the worked city."""

import re
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from precursor.desk.custody import Book, Books, Step, distances, picture, together

PLACES = ("A", "B", "C", "D", "E")
QUANTITIES = st.integers(1, 10**6).map(Decimal)


@pytest.fixture
def english():
    """A reader who looks at the picture in English."""
    with Flask(__name__).test_request_context("/?lang=en"):
        yield


@st.composite
def steps(draw):
    """Steps in any direction, circles too, some short, some to nobody."""
    found = []
    for number in range(draw(st.integers(1, 12))):
        source = draw(st.sampled_from(PLACES))
        target = draw(st.sampled_from(("", *PLACES)))
        sent = draw(QUANTITIES)
        arrived = Decimal(0) if not target else draw(st.one_of(st.none(), st.just(sent), QUANTITIES))
        found.append(Step(source, target, sent, arrived, "kg", f"M{number}", "2026-01-01"))
    return found


@given(steps())
def test_pairs_keep_what_was_sent_and_what_was_lost(found):
    pairs = together(found)
    assert len({(pair.source, pair.target, pair.arrived is None) for pair in pairs}) == len(pairs)
    assert sum(pair.sent for pair in pairs) == sum(step.sent for step in found)
    assert sum(pair.lost for pair in pairs) == sum(step.lost for step in found)
    assert sum(pair.count for pair in pairs) == len(found)


@given(steps())
def test_a_place_is_one_step_from_a_nearer_one(found):
    far = distances(found, "A", up=False)
    ways = {(step.source, step.target) for step in found if step.target}
    for place, number in far.items():
        assert number == 0 or any(far.get(a) == number - 1 for a, b in ways if b == place)
    assert all(far[b] <= far[a] + 1 for a, b in ways if a in far)


def test_a_circle_is_no_knot_and_a_loss_has_its_own_end(english):
    there, back = (
        Step("A", "B", Decimal(10), Decimal(9), "kg"),
        Step("B", "A", Decimal(4), Decimal(4), "kg"),
    )
    drawn = picture([there, back], "A", {("sites", "A"): "<甲>"}, "/trace?of=A/X", up=False).svg
    bands = re.findall('class="band ([a-z]+)" d="M([^C]+)C[^"]* ([0-9.]+) ([0-9.]+)" stroke-width="([0-9.]+)"', drawn)
    assert sorted(band[0] for band in bands) == ["lost", "sent"]  # what goes back is in the table
    assert all(float(band[1].split()[0]) < float(band[2]) for band in bands)
    assert {band[0]: float(band[4]) for band in bands} == {
        "sent": 216.7,
        "lost": 43.3,
    }  # 9 less the 4 that came back, and 1
    assert "&lt;甲&gt;" in drawn
    assert "<甲>" not in drawn


def test_many_places_of_a_stage_stand_together(english):
    found = [Step("A", f"B{n:02}", Decimal(100 - n), Decimal(100 - n), "kg") for n in range(20)]
    drawn = picture(found, "A", {}, "/trace?of=A/X", up=False).svg
    assert drawn.count('class="place"') == 1 + 7 + 1
    rest = sum(100 - n for n in range(7, 20))
    assert '13 others<title>13 others</title></text><text class="amount" x="770" y="' in drawn
    assert f">{rest:,} kg</text>" in drawn


@given(steps())
def test_the_picture_holds_what_goes_on_and_every_loss_on_the_way(found):
    with Flask(__name__).test_request_context("/?lang=en"):
        drawn = str(picture(found, "A", {}, "/trace?of=A/X", up=False).svg)
    far = distances(found, "A", up=False)
    lost = sum(step.lost for step in found if step.source in far and far[step.source] <= 4)
    if not drawn:
        assert lost == 0
        return
    ends = re.findall(r'class="place lost".*?</text><text class="amount"[^>]*>([0-9,.]+) kg', drawn)
    assert sum(Decimal(end.replace(",", "")) for end in ends) == lost


def test_what_only_goes_round_has_no_picture(english):
    assert picture([Step("A", "A", Decimal(5), Decimal(5), "kg")], "A", {}, "/trace?of=A/X", up=True).svg == ""


def test_a_site_or_partner_may_be_called_anything(english):
    step = Step("S-lost-1", "outside", Decimal(5), Decimal(5), "kg")
    drawn = picture([step], "S-lost-1", {("sites", "outside"): "Outside Ltd"}, "/trace?of=x", up=False).svg
    assert "band lost" not in drawn
    assert "Outside Ltd" in drawn


@st.composite
def booked(draw):
    """Steps and the books of all their places, in which each step stands; besides, more came and went anywhere."""
    found = [step for step in draw(steps()) if step.arrived is not None]  # who keeps no ledger has no books
    books = {}
    for place in PLACES:
        into = sum((step.arrived or Decimal(0) for step in found if step.target == place), Decimal(0))
        out = sum((step.sent for step in found if step.source == place), Decimal(0))
        opening, made, more = (draw(st.integers(0, 10**6).map(Decimal)) for _ in range(3))
        came = into + made + more + out  # nothing goes that was not there
        used = draw(st.integers(0, int(opening + made + more)).map(Decimal))
        books[place] = Book(opening=opening, made=made, came=came, used=used, went=out + used)
    return found, Books("X", books)


@given(booked(), st.booleans())
def test_as_much_comes_to_a_place_in_the_picture_as_goes_or_stays(given_, up):
    found, books = given_
    with Flask(__name__).test_request_context("/?lang=en"):
        drawn = picture(found, "A", {}, "/trace?of=A/X", up=up, unit="kg", books=books)
    if not drawn.svg:
        return
    bands = re.findall(r"<title>(.+?) → (.+?) ([0-9,.]+) kg", drawn.svg)
    came, went = dict.fromkeys(PLACES, Decimal(0)), dict.fromkeys(PLACES, Decimal(0))
    for source, target, much in bands:
        quantity = Decimal(much.replace(",", ""))
        went[source] = went.get(source, Decimal(0)) + quantity
        came[target] = came.get(target, Decimal(0)) + quantity
    listed = {place.name: place.note for _, some in drawn.chain for place in some if place.name in PLACES}
    assert "A" in listed
    for place in listed:
        turned = books.of[place].opening + books.of[place].came - came[place]  # what went the same way back
        assert turned >= 0
        assert came[place] == went[place] == books.of[place].opening + books.of[place].came - turned
