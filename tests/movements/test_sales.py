"""Sales and carriages as acts: every code of DEFINITIONS D10 reached through the service, on both engines."""

from datetime import date, timedelta

import pytest
from conftest import ACTOR, NOW
from empty_city import DAY, KG, City

from precursor.core import db
from precursor.core.errors import Refused, RuleViolated
from precursor.ledger import StockShort
from precursor.movements import corrections
from precursor.movements import service as movements
from precursor.movements.corrections import Reverse
from precursor.movements.models import Movement
from precursor.movements.service import OfMovement, RecordMovement
from precursor.permits import service as permits
from precursor.permits.models import Draw
from precursor.permits.service import RecordOfPermit
from precursor.rules import law
from precursor.rules.movements import MovementType
from precursor.rules.sale import Carriage, check_carriage


@pytest.fixture
def city(engine):
    return City(engine)


def broken(city, permit, **changes):
    before = city.count(Movement), city.count(Draw)
    with pytest.raises(RuleViolated) as caught:
        city.sell(permit, **changes)
    assert (city.count(Movement), city.count(Draw)) == before
    return caught.value.violations


def test_a_good_sale_draws_and_is_received(city):
    permit = city.permit()
    sale, receipt = city.sell(permit)
    assert city.drawn(permit) == (10 * KG, 1)
    with db.transaction(city.engine) as session:
        key = city.receive(session, sale, 10 * KG)
    assert key == receipt
    assert city.drawn(permit) == (10 * KG, 1)  # the buyer's entry draws nothing


def test_every_code_of_the_sale_check(city):
    permit = city.permit()
    substance = city.substance
    cases = {
        "INDIVIDUAL_BANNED": (
            {"individual": True, "substance": substance["AC2O"], "site": city.site["S-E02"], "other_site": None},
            permit,
        ),
        "CASH_BANNED": ({"cash": True}, permit),
        "PERMIT_MISSING": ({}, None),
        "WRONG_HOLDER": ({"other_site": city.site["S-E06"]}, permit),
        "WRONG_SELLER": ({"site": city.site["S-E03"]}, permit),
        "WRONG_SUBSTANCE": ({"substance": substance["HCL"]}, permit),
        "PERMIT_NOT_YET_VALID": ({"day": date(2026, 1, 9)}, permit),
        "PERMIT_EXPIRED": ({"day": date(2026, 2, 10)}, permit),
        "PERMIT_OVERDRAW": ({"quantity": 100 * KG + 1}, permit),
    }
    for rule, (changes, with_permit) in cases.items():
        assert broken(city, with_permit, **changes)[0].rule == rule
    revoked = city.permit(outside_id="revoked")
    with db.transaction(city.engine) as session:
        record = RecordOfPermit(permit=revoked, day=DAY - timedelta(1), recorded_on=DAY)
        permits.revoke(session, [record], ACTOR, NOW)
    assert broken(city, revoked)[0].rule == "PERMIT_REVOKED"
    single = city.permit(outside_id="single", uses="single")
    city.sell(single)
    assert broken(city, single)[0].rule == "PERMIT_USED_UP"
    city.sell(permit, quantity=100 * KG)
    assert broken(city, permit, quantity=1)[0].rule == "PERMIT_USED_UP"


def test_a_refusal_names_every_rule_with_its_words_and_source(city):
    found = broken(city, city.permit(), cash=True, quantity=101 * KG, day=date(2026, 2, 10))
    assert [v.rule for v in found] == ["CASH_BANNED", "PERMIT_EXPIRED", "PERMIT_OVERDRAW"]
    assert found[0].source == law.RULES["CASH_BANNED"].source
    assert found[1].words.zh == "证件已于 2026-02-09 到期"
    assert all(str(v.source).startswith("《") for v in found)


@pytest.mark.parametrize("day", [date(2026, 1, 10), date(2026, 2, 9)])
def test_both_ends_of_the_validity_are_good(city, day):
    city.sell(city.permit(), day=day)


def test_the_day_of_revocation_is_the_last_good_day(city):
    permit = city.permit()
    with db.transaction(city.engine) as session:
        permits.revoke(session, [RecordOfPermit(permit=permit, day=DAY, recorded_on=DAY)], ACTOR, NOW)
    city.sell(permit)
    assert broken(city, permit, day=DAY + timedelta(1))[0].rule == "PERMIT_REVOKED"


def test_a_document_is_not_revoked_before_a_draw(city):
    permit = city.permit()
    city.sell(permit)
    with pytest.raises(Refused, match="drawn on after"), db.transaction(city.engine) as session:
        record = RecordOfPermit(permit=permit, day=DAY - timedelta(1), recorded_on=DAY)
        permits.revoke(session, [record], ACTOR, NOW)


def test_the_carrier_check(city):
    permit = city.permit(kind="transport_filing", seller=None, holder=city.party["E01"])

    def check(with_permit, **changes):
        wanted = {"substance": city.substance["H2SO4"], "quantity": 10 * KG, "on": DAY}
        with db.reading(city.engine) as session:
            state = permits.states(session, [with_permit])[with_permit] if with_permit else None
        return [v.rule for v in check_carriage(Carriage(**(wanted | changes), permit=state))]

    assert check(permit) == []
    for rule, with_permit, changes in (
        ("PERMIT_MISSING", None, {}),
        ("CARRIER_MISMATCH", permit, {"substance": city.substance["HCL"]}),
        ("CARRIER_MISMATCH", permit, {"quantity": 101 * KG}),
        ("PERMIT_EXPIRED", permit, {"on": date(2026, 2, 10)}),
    ):
        assert check(with_permit, **changes)[0] == rule


def use(city, quantity, day, site="S-E01"):
    command = RecordMovement(
        site=city.site[site],
        enterprise=city.party["E01"],
        type=MovementType.USE_OUT,
        substance=city.substance["HCL"],
        quantity=quantity,
        day=day,
        recorded_on=DAY,
        usage_record="U",
    )
    with db.transaction(city.engine) as session:
        return movements.record(session, [command], ACTOR, NOW)[0]


def test_a_back_dated_issue_that_makes_a_later_day_negative_is_refused_with_the_day(city):
    # the register opens with 20,000 kg
    use(city, 15_000 * KG, date(2025, 6, 1))
    use(city, 5_000 * KG, date(2025, 3, 1))
    with pytest.raises(StockShort) as caught:
        use(city, 1, date(2025, 2, 1))
    assert [s.day for s in caught.value.shortfalls] == [date(2025, 6, 1)]
    assert "2025-06-01" in str(caught.value)
    assert city.count(Movement) == 2


def test_an_issue_beyond_the_stock_is_refused(city):
    with pytest.raises(StockShort):
        use(city, 20_000 * KG + 1, DAY)
    use(city, 20_000 * KG, DAY)


def test_a_reversal_gives_back_the_draw_and_opens_a_single_use_document_again(city):
    permit = city.permit(uses="single")
    sale, _ = city.sell(permit)
    assert broken(city, permit)[0].rule == "PERMIT_USED_UP"
    with db.transaction(city.engine) as session:
        command = Reverse(key=sale, reason="数量录错", requested_by="P-TEST", approved_by="P-OTHER")
        corrections.reverse(session, command, ACTOR, NOW)
    assert city.drawn(permit) == (0, 0)
    city.sell(permit, quantity=11 * KG)
    assert city.drawn(permit) == (11 * KG, 1)


def test_a_reversal_needs_another_person(city):
    sale, _ = city.sell(city.permit())
    for approver in (ACTOR.person, ACTOR.person.lower()):
        with pytest.raises(Refused, match="another person"), db.transaction(city.engine) as session:
            corrections.reverse(
                session, Reverse(key=sale, reason="x", requested_by="P-TEST", approved_by=approver), ACTOR, NOW
            )


def test_a_reversal_of_what_has_gone_out_already_is_refused(city):
    sale, receipt = city.sell(city.permit())
    with db.transaction(city.engine) as session:
        city.receive(session, sale, 10 * KG)
        out = RecordMovement(
            site=city.site["S-E05"],
            enterprise=city.party["E05"],
            type=MovementType.USE_OUT,
            substance=city.substance["H2SO4"],
            quantity=1_005 * KG,  # 1,000 were there
            day=DAY,
            recorded_on=DAY,
        )
        movements.record(session, [out], ACTOR, NOW)
    with pytest.raises(StockShort), db.transaction(city.engine) as session:
        corrections.reverse(
            session, Reverse(key=receipt, reason="x", requested_by="P-TEST", approved_by="P-OTHER"), ACTOR, NOW
        )


def test_a_corrected_receipt_is_named_by_the_sale_still(city):
    sale, _ = city.sell(city.permit())
    with db.transaction(city.engine) as session:
        key = city.receive(session, sale, 9 * KG)
    with pytest.raises(Refused, match="recorded already"), db.transaction(city.engine) as session:
        city.receive(session, sale, 10 * KG)
    with db.transaction(city.engine) as session:
        corrections.reverse(
            session, Reverse(key=key, reason="x", requested_by="P-TEST", approved_by="P-OTHER"), ACTOR, NOW
        )
    with db.transaction(city.engine) as session:
        again = city.receive(session, sale, 10 * KG)
        assert again == key
        assert movements.standing(session, key).version == 1
        assert movements.standing(session, key).quantity == 10 * KG


def test_nothing_is_reversed_twice(city):
    sale, _ = city.sell(city.permit())
    with db.transaction(city.engine) as session:
        corrections.reverse(
            session, Reverse(key=sale, reason="x", requested_by="P-TEST", approved_by="P-OTHER"), ACTOR, NOW
        )
    with pytest.raises(Refused.__mro__[1]), db.transaction(city.engine) as session:
        corrections.reverse(
            session, Reverse(key=sale, reason="x", requested_by="P-TEST", approved_by="P-OTHER"), ACTOR, NOW
        )


def test_books_balance_after_all_of_it(city):
    from precursor import ledger

    sale, _ = city.sell(city.permit())
    with db.transaction(city.engine) as session:
        key = city.receive(session, sale, 9 * KG)
        movements.report_sales(session, [OfMovement(key=sale, day=DAY, recorded_on=DAY)], ACTOR, NOW)
        corrections.reverse(
            session, Reverse(key=key, reason="x", requested_by="P-TEST", approved_by="P-OTHER"), ACTOR, NOW
        )
    with db.reading(city.engine) as session:
        assert session.execute(ledger.unbalanced()).all() == []
