"""What a review tried on the pages: goods that nobody received, what a correction showed, what a count gave away."""

import re
from datetime import UTC, datetime, timedelta

import empty_city
import pytest

DAY = "2026-01-20"
SALE = {
    "date": DAY,
    "substance": "H2SO4",
    "unit": "kg",
    "site": "S-E01",
    "type": "sale_out",
    "exempt": "not_required",
}


@pytest.fixture
def door(tmp_path):
    with empty_city.opened(tmp_path, now=datetime(2026, 1, 20, 4, tzinfo=UTC)) as (made, _):
        yield made


@pytest.fixture
def people(door):
    made = {}

    def client(role, place):
        if (role, place) not in made:
            kind = "enterprise" if re.fullmatch("E[0-9]+", place) else "area"
            made[role, place] = door.account(f"{role}.{place.lower()}", role, **{kind: place})
        return made[role, place]

    return client


def fact(client, way, **body):
    """Recorded, as a fact if the rules would not have it."""
    answer = client.post(f"movements/{way}", body)
    if answer.status_code != 201:
        answer = client.post(f"movements/{way}", body | {"happened": {"reason": "事实"}})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def trace(client):
    client._begin()
    page = client.browser.get("/trace?of=S-E01/H2SO4&direction=down").text
    headline = re.search(r'class="headline.*?</p>', page, re.DOTALL)[0]
    return set(re.findall(r'class="band (\w+)"', page)), re.sub("<[^>]+>", "", headline)


def test_a_receipt_of_something_else_and_a_partner_called_like_a_site_receive_nothing(door, people):
    seller, buyer, lead = people("ent_keeper", "E01"), people("ent_keeper", "E05"), people("ps_lead", "C0")
    fact(seller, "out", **SALE, id="REAL", quantity="9000", other_site="S-E05")
    wrong = {"id": "WRONG", "site": "S-E05", "type": "purchase_in", "counterpart": "REAL", "substance": "ACE"}
    fact(buyer, "in", date=DAY, quantity="1", unit="kg", **wrong)
    bands, headline = trace(lead)
    assert bands == {"sent", "rest"}  # the seller's own books; sent that day, it may still come
    assert "在途 9,000 kg" in headline
    fact(seller, "out", **SALE, id="R2", quantity="5", other_site="S-E05")
    right = {"id": "RR2", "site": "S-E05", "type": "purchase_in", "counterpart": "R2", "substance": "H2SO4"}
    fact(buyer, "in", date=DAY, quantity="5", unit="kg", **right)
    seller.done("partners", {"id": "S-E05", "name": "冒名单位"})
    fact(seller, "out", **SALE, id="R3", quantity="7", external="S-E05")
    bands, headline = trace(lead)
    assert bands - {"end"} == {"sent", "left", "rest"}
    assert "在途 9,000 kg" in headline
    today = door.clock.now
    door.clock.now += timedelta(9)
    try:
        bands, headline = trace(lead)
    finally:
        door.clock.now = today
    assert bands >= {"lost", "sent", "left"}
    assert "9,000 kg 没有去向" in headline


def test_what_only_goes_round_is_no_error(people):
    keeper, lead = people("ent_keeper", "E01"), people("ps_lead", "C0")
    loop = {"date": DAY, "substance": "H2SO4", "unit": "kg", "site": "S-E01", "quantity": "5"}
    fact(keeper, "out", **loop, id="LOOP", type="transfer_out", other_site="S-E01")
    fact(keeper, "in", **loop, id="LOOPIN", type="transfer_in", counterpart="LOOP")
    lead._begin()
    for way in ("up", "down"):
        assert lead.browser.get(f"/trace?of=S-E01/H2SO4&direction={way}").status_code == 200


def test_what_a_correction_was_before_is_shown_to_those_who_might_have_seen_it(door, people):
    keeper, auditor, lead = people("ent_keeper", "E03"), people("em_auditor", "C0"), people("ps_lead", "C0")
    boss = door.account("boss3", "ent_admin", enterprise="E03", person="P-BOSS3")
    seller = people("ent_keeper", "E01")
    fact(seller, "out", **SALE, id="OUT9", quantity="5", other_site="S-E03")
    receipt = {"date": DAY, "site": "S-E03", "type": "purchase_in", "counterpart": "OUT9"}
    fact(keeper, "in", **receipt, id="IN0", substance="EPHINJ", quantity="777", unit="支")
    keeper.done("movements/IN0/reversal-requests", {"reason": "误录"})
    boss.done("reversals/IN0/approval", {})
    fact(keeper, "in", **receipt, id="IN1", substance="H2SO4", quantity="5", unit="kg")
    assert auditor.get("movements/IN0").status_code == 404
    assert auditor.get("movements/IN1").json["reversals"] == []
    assert [r["quantity"] for r in lead.get("movements/IN1").json["reversals"]] == ["777"]


@pytest.mark.parametrize("asked", ["as_of=0001-01-01", "as_of=9999-12-31", "period=0001", "fresh=1&as_of=1000-01-01"])
def test_no_day_of_view_makes_an_error(people, asked):
    lead = people("ps_lead", "C0")
    lead._begin()
    assert lead.browser.get(f"/targets?{asked}").status_code in (200, 422)
