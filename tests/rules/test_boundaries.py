"""Every rule at each of its boundaries: the facts just inside break nothing, those just outside break it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precursor.rules import deadlines, matrix, retention, sale, spans, staffing, transport
from precursor.rules.deadlines import Clock
from precursor.rules.law import RULES, law_for
from precursor.rules.matrix import Department, Level, Proposal, check_issue, row_of
from precursor.rules.movements import MovementType
from precursor.rules.permits import PermitKind, PermitState, Uses, check_draw
from precursor.rules.retention import Kept, Subject, applying, keep_until
from precursor.rules.sale import Carriage, Exemption, Sale, Terms
from precursor.rules.substances import SubstanceClass as C
from precursor.rules.transport import Load, Route

DAY = date(2025, 6, 15)
ONE = timedelta(1)
KG = 10**6  # mg
K = PermitKind
NATION, ZHEJIANG = law_for(None, DAY), law_for("330702", DAY)


def state(**changes):
    facts = {
        "holder": 5, "seller": 1, "substance": 7, "quantity": 100, "valid_from": DAY, "valid_to": DAY + ONE,
        "uses": Uses.MULTIPLE, "revoked_on": None, "drawn": 0, "draws": 0,
    }  # fmt: skip
    return PermitState(**(facts | changes))


def of_draw(on=DAY, quantity=10, substance=7, **changes):
    return check_draw(state(**changes), substance=substance, quantity=quantity, on=on)


def of_sale(permit="good", **changes):
    facts = {"category": 2, "substance": 7, "quantity": 10, "on": DAY, "seller": 1, "buyer": 5, "cash": False}
    permit = state() if permit == "good" else permit
    return sale.check_sale(Sale(**(facts | changes), permit=permit))


def of_terms(**changes):
    facts = {"cls": C.CAT2, "seller_kind": "producer", "seller_licences": {K.PRODUCTION_FILING}, "on": DAY}
    return sale.check_terms(Terms(**(facts | changes)))


FIRST = {"cls": C.CAT1_NON_DRUG, "seller_licences": {K.OPERATING_PERMIT}}
DRUG = {"cls": C.CAT1_DRUG, "seller_kind": "pharma_wholesaler", "seller_licences": (), "handler": True}
CARD = DRUG | {"exemption": Exemption.SEAL_CARD, "buyer_kind": "hospital", "seal_card_until": DAY}
OWN = {"cls": C.CAT3, "exemption": Exemption.OWN_USE, "individual": True, "cas": "7722-64-7"}
HERE, ABROAD = (1, 10), (2, 20)


def of_route(cls=C.CAT2, start=HERE, end=ABROAD, key=False, **changes):
    load = Load(**({"cls": cls, "unit": "kg", "quantity": 1} | changes))
    return transport.check_transport(
        load,
        Route(
            from_county=start[0],
            to_county=end[0],
            from_prefecture=start[1],
            to_prefecture=end[1],
            in_key_area=key,
        ),
    )


SMALL = {"cls": C.CAT1_DRUG, "is_small_claimed": True}


def of_issue(kind=K.PURCHASE_PERMIT, cls=C.CAT1_NON_DRUG, law=NATION, **changes):
    row = row_of(kind, cls, law)
    facts = {
        "valid_from": date(2025, 3, 1), "valid_to": date(2025, 3, 31), "uses": row.uses[0], "fields": row.fields,
        "issuer": row.issuer, "level": row.least_level,
    }  # fmt: skip
    return check_issue(row, Proposal(**(facts | changes)))


BANNED = matrix.banned_until(date(2022, 3, 1))

#: rule: pairs of facts, just inside and just outside
CASES = {
    "INDIVIDUAL_BANNED": [
        (of_sale(buyer=None, category=3, permit=state(holder=None)), of_sale(buyer=None, category=2)),
        (of_sale(category=1), of_sale(buyer=None, category=1)),
    ],
    "CASH_BANNED": [
        (of_sale(buyer=None, category=3, cash=True), of_sale(buyer=None, category=2, cash=True)),
        (of_sale(), of_sale(category=3, cash=True)),
    ],
    "PERMIT_MISSING": [
        (of_sale(), of_sale(permit=None)),
        (of_sale(permit=None, exemption=Exemption.SEAL_CARD), of_sale(permit=None)),
        (of_sale(permit=None, outside_number="Y-1"), of_sale(permit=None, outside_number="")),
        (of_terms(cls=C.NARCOTIC, exemption=Exemption.NOT_REQUIRED), of_terms(exemption=Exemption.NOT_REQUIRED)),
    ],
    "WRONG_HOLDER": [(of_sale(buyer=5), of_sale(buyer=6))],
    "WRONG_SELLER": [(of_sale(permit=state(seller=None)), of_sale(seller=2)), (of_sale(), of_sale(seller=2))],
    "WRONG_SUBSTANCE": [(of_draw(), of_draw(substance=8))],
    "PERMIT_NOT_YET_VALID": [(of_draw(on=DAY), of_draw(on=DAY - ONE))],
    "PERMIT_EXPIRED": [(of_draw(on=DAY + ONE), of_draw(on=DAY + 2 * ONE))],
    "PERMIT_REVOKED": [(of_draw(on=DAY, revoked_on=DAY), of_draw(on=DAY + ONE, revoked_on=DAY))],
    "PERMIT_USED_UP": [
        (of_draw(drawn=99, quantity=1), of_draw(drawn=100, quantity=1)),
        (of_draw(uses=Uses.SINGLE), of_draw(uses=Uses.SINGLE, draws=1)),
    ],
    "PERMIT_OVERDRAW": [(of_draw(drawn=90), of_draw(drawn=91))],
    "PERMIT_SUSPENDED": [(of_draw(), of_draw(suspended=True))],
    "CARRIER_MISMATCH": [
        (
            sale.check_carriage(Carriage(substance=7, quantity=100, on=DAY, permit=state())),
            sale.check_carriage(Carriage(substance=7, quantity=101, on=DAY, permit=state())),
        ),
        (
            sale.check_carriage(Carriage(substance=7, quantity=1, on=DAY, permit=state())),
            sale.check_carriage(Carriage(substance=8, quantity=1, on=DAY, permit=state())),
        ),
    ],
    "DOCUMENT_KIND": [
        (of_terms(permit_kind=K.PURCHASE_FILING), of_terms(permit_kind=K.PURCHASE_PERMIT)),
        (
            of_terms(**FIRST, handler=True, permit_kind=K.PURCHASE_PERMIT),
            of_terms(**FIRST, handler=True, permit_kind=K.PURCHASE_FILING),
        ),
        (
            of_terms(**DRUG, permit_kind=K.PURCHASE_USE_CERTIFICATE),
            of_terms(**DRUG, permit_kind=K.PURCHASE_PERMIT),
        ),
    ],
    "HANDLER_UNCHECKED": [(of_terms(**FIRST, handler=True), of_terms(**FIRST)), (of_terms(), of_terms(**FIRST))],
    "MANDATE_MISSING": [
        (of_terms(agent=True, mandate=True), of_terms(agent=True)),
        (of_terms(), of_terms(agent=True)),
    ],
    "SELLER_NOT_LICENSED": [
        (of_terms(), of_terms(seller_licences=())),
        (of_terms(**FIRST, handler=True), of_terms(cls=C.CAT1_NON_DRUG, handler=True)),
    ],
    "DRUG_CHANNEL": [(of_terms(**DRUG), of_terms(**(DRUG | {"seller_kind": "trader"})))],
    "SEAL_CARD_INVALID": [
        (of_terms(**CARD), of_terms(**(CARD | {"on": DAY + ONE}))),
        (of_terms(**CARD), of_terms(**(CARD | {"buyer_kind": "user"}))),
        (
            of_terms(**(CARD | {"cls": C.NARCOTIC})),
            of_terms(**(CARD | {"cls": C.NARCOTIC, "exemption": None, "seal_card_until": None})),
        ),
    ],
    "OWN_USE_TOO_MUCH": [
        (of_terms(**OWN, once=5 * KG, in_year=5 * KG), of_terms(**OWN, once=5 * KG + 1, in_year=5 * KG + 1)),
        (of_terms(**OWN, once=1, in_year=50 * KG), of_terms(**OWN, once=1, in_year=50 * KG + 1)),
        (of_terms(**OWN), of_terms(**(OWN | {"cas": "67-64-1"}))),
        (of_terms(**OWN), of_terms(**(OWN | {"individual": False}))),
    ],
    "DRUG_CASH_BANNED": [
        (of_terms(cls=C.NARCOTIC), of_terms(cls=C.NARCOTIC, cash=True)),
        (
            of_terms(cls=C.PSYCHOTROPIC_2, cash=True, individual=True),
            of_terms(cls=C.PSYCHOTROPIC_1, cash=True, individual=True),
        ),
    ],
    "NON_MEDICINAL_BANNED": [
        (
            transport.check_existence(C.NON_MEDICINAL, MovementType.DISPOSAL_OUT),
            transport.check_existence(C.NON_MEDICINAL, MovementType.USE_OUT),
        ),
        (
            transport.check_existence(C.NARCOTIC, MovementType.SALE_OUT),
            transport.check_existence(C.NON_MEDICINAL, MovementType.SALE_OUT),
        ),
        (
            transport.check_existence(C.NON_MEDICINAL, MovementType.USE_OUT, is_research=True),
            transport.check_existence(C.NON_MEDICINAL, MovementType.PRODUCTION_IN),
        ),
    ],
    "TWO_PERSONS": [
        (transport.check_hands(C.NARCOTIC, "P-1", "P-2"), transport.check_hands(C.NARCOTIC, "P-x", "p-X")),
        (transport.check_hands(C.PSYCHOTROPIC_2, "P-1", None), transport.check_hands(C.PSYCHOTROPIC_1, "P-1", None)),
    ],
    "ONLINE_BANNED": [
        (sale.check_listing(C.CAT1_NON_DRUG, unit_number="1"), sale.check_listing(C.CAT1_DRUG, unit_number="1"))
    ],
    "ONLINE_NUMBER_MISSING": [
        (sale.check_listing(C.CAT3, unit_number="1"), sale.check_listing(C.CAT3, unit_number=None))
    ],
    "TRANSPORT_DOCUMENT_MISSING": [
        (of_route(end=(2, 10)), of_route(end=(2, 20))),
        (of_route(end=(2, 10)), of_route(end=(2, 10), key=True)),
        (of_route(end=(1, 10), key=True), of_route(end=(2, 10), key=True)),
        (of_route(document=K.TRANSPORT_PERMIT), of_route()),
        (of_route(cls=C.PSYCHOTROPIC_2), of_route(end=(None, None))),
    ],
    "TRANSPORT_KIND": [
        (of_route(document=K.TRANSPORT_PERMIT), of_route(document=K.TRANSPORT_FILING)),
        (of_route(cls=C.CAT3, document=K.TRANSPORT_FILING), of_route(cls=C.CAT3, document=K.TRANSPORT_PERMIT)),
        (
            of_route(cls=C.NARCOTIC, document=K.NARCOTIC_TRANSPORT_CERTIFICATE),
            of_route(cls=C.NARCOTIC, document=K.TRANSPORT_PERMIT),
        ),
    ],
    "SMALL_QUANTITY_EXCEEDED": [
        (of_route(**SMALL, quantity=100_000), of_route(**SMALL, quantity=100_001)),  # mg: 100 g
        (of_route(**SMALL, unit="片", quantity=60_000), of_route(**SMALL, unit="片", quantity=60_001)),
        (of_route(**SMALL, unit="支", quantity=15_000), of_route(**SMALL, unit="支", quantity=15_001)),
        (of_route(**SMALL), of_route(**(SMALL | {"cls": C.CAT1_NON_DRUG}))),
    ],
    "MAIL_BANNED": [
        (
            of_route(cls=C.PSYCHOTROPIC_2, by_mail=True, document=K.MAIL_CERTIFICATE),
            of_route(cls=C.CAT3, by_mail=True),
        )
    ],
    "MAIL_CERTIFICATE_MISSING": [
        (
            of_route(cls=C.NARCOTIC, by_mail=True, document=K.MAIL_CERTIFICATE),
            of_route(cls=C.NARCOTIC, by_mail=True, document=K.NARCOTIC_TRANSPORT_CERTIFICATE),
        )
    ],
    "KIND_NOT_FOR_CLASS": [
        (
            matrix.check_kind(K.PURCHASE_PERMIT, C.CAT1_NON_DRUG, NATION),
            matrix.check_kind(K.PURCHASE_PERMIT, C.CAT2, NATION),
        ),
        (
            matrix.check_kind(K.TRANSFER_FILING, C.CAT2, ZHEJIANG),
            matrix.check_kind(K.TRANSFER_FILING, C.CAT2, NATION),
        ),
    ],
    "ISSUER_WRONG": [(of_issue(), of_issue(issuer=Department.HEALTH))],
    "LEVEL_TOO_LOW": [
        (of_issue(level=Level.PREFECTURE), of_issue(level=Level.COUNTY)),
        (
            of_issue(K.PURCHASE_FILING, C.CAT3, level=Level.COUNTY),
            of_issue(K.PRODUCTION_FILING, C.CAT3, level=Level.COUNTY),
        ),
    ],
    "VALIDITY_TOO_LONG": [(of_issue(), of_issue(valid_to=date(2025, 4, 1)))],
    "USES_WRONG": [
        (of_issue(), of_issue(uses=Uses.MULTIPLE)),
        (
            of_issue(K.PURCHASE_FILING, C.CAT2, uses=Uses.MULTIPLE, clean_months=12),
            of_issue(K.PURCHASE_FILING, C.CAT2, uses=Uses.MULTIPLE, clean_months=11),
        ),
    ],
    "FIELD_MISSING": [(of_issue(), of_issue(fields=("quantity", "seller", "purpose")))],
    "APPLICATION_BANNED": [
        (
            of_issue(banned_until=BANNED, valid_from=date(2025, 3, 2)),
            of_issue(banned_until=BANNED, valid_from=date(2025, 3, 1)),
        )
    ],
    "MIXTURE_OVER_THRESHOLD": [
        (transport.needs_import_licence("67-64-1", 40), transport.needs_import_licence("67-64-1", 41)),
        (transport.needs_import_licence("7647-01-0", 10), transport.needs_import_licence("7647-01-0", 11)),
        (transport.needs_import_licence("108-24-7", 0), transport.needs_import_licence("108-24-7", 1)),
    ],
    "TWO_INSPECTORS": [(staffing.check_inspectors(2), staffing.check_inspectors(1))],
    "COUNTY_SUPERVISOR": [(staffing.check_supervisors(1), staffing.check_supervisors(0))],
    "STORE_VIDEO_ALARM": [
        (
            staffing.check_store(1, None, ZHEJIANG, has_video_and_alarm=True),
            staffing.check_store(1, None, ZHEJIANG, has_video_and_alarm=False),
        ),
        (
            staffing.check_store(2, "103-82-2", ZHEJIANG, has_video_and_alarm=False),
            staffing.check_store(2, "108-24-7", ZHEJIANG, has_video_and_alarm=False),
        ),
        (
            staffing.check_store(1, None, NATION, has_video_and_alarm=False),
            staffing.check_store(1, None, ZHEJIANG, has_video_and_alarm=False),
        ),
    ],
}
#: clock: event, last day on time (working days by the published calendar of 2025)
CLOCKS = {
    Clock.SALES_REPORT_CAT1: (date(2025, 1, 30), date(2025, 2, 4)),
    Clock.SALES_REPORT_CAT2_3: (date(2025, 1, 30), date(2025, 3, 1)),
    Clock.FILING_AFTER_START: (date(2024, 2, 1), date(2024, 3, 2)),
    Clock.REVOCATION_NOTICE: (date(2025, 12, 30), date(2026, 1, 4)),
    Clock.SELLER_INQUIRY_ANSWER: (date(2025, 2, 27), date(2025, 3, 2)),
    Clock.CARRIER_INQUIRY_ANSWER: (date(2025, 2, 27), date(2025, 3, 2)),
    Clock.CHANGE_FILING: (date(2025, 3, 3), date(2025, 4, 15)),
    Clock.STOP_CANCELLATION: (date(2025, 11, 30), date(2026, 2, 28)),
    Clock.CERTIFICATE_RETURN: (date(2025, 12, 31), date(2026, 3, 31)),
    Clock.REALLOCATION_REPORT: (date(2025, 2, 27), date(2025, 3, 1)),
    Clock.DESTRUCTION_SUPERVISED: (date(2025, 2, 27), date(2025, 3, 4)),
    Clock.EQUIPMENT_REGISTRATION: (date(2025, 2, 1), date(2025, 3, 3)),
    Clock.EQUIPMENT_REPORT: (date(2025, 9, 29), date(2025, 10, 13)),
    Clock.TRAINING_YEARLY: (date(2024, 2, 29), date(2025, 2, 28)),
    Clock.TRANSFER_FILED_BY_RECEIVER_CAT1: (date(2025, 3, 3), date(2025, 3, 10)),
    Clock.TRANSFER_FILED_BY_RECEIVER: (date(2025, 3, 3), date(2025, 3, 3)),
    Clock.TRANSFER_NOTICE: (date(2025, 3, 3), date(2025, 3, 6)),
}
#: rule: a record, where, and the last day it is kept
KEPT = {
    "RETAIN_PRECURSOR": (Kept(subject=Subject.LEDGER, day=DAY, cls=C.CAT2), None, date(2027, 6, 15)),
    "RETAIN_DRUG_TYPE": (
        Kept(subject=Subject.LEDGER, day=DAY, cls=C.CAT1_DRUG, expires_on=date(2026, 6, 30)), None, date(2028, 6, 30),
    ),
    "RETAIN_NARCOTIC": (
        Kept(subject=Subject.LEDGER, day=DAY, cls=C.NARCOTIC, expires_on=date(2027, 1, 31)), None, date(2032, 1, 31),
    ),
    "RETAIN_PSYCHOTROPIC_2": (
        Kept(subject=Subject.LEDGER, day=DAY, cls=C.PSYCHOTROPIC_2, expires_on=None), None, date(2030, 6, 15),
    ),
    "RETAIN_NARCOTIC_PRESCRIPTION": (
        Kept(subject=Subject.NARCOTIC_PRESCRIPTION, day=DAY), None, date(2028, 6, 15),
    ),
    "RETAIN_PSYCHOTROPIC_PRESCRIPTION": (
        Kept(subject=Subject.PSYCHOTROPIC_PRESCRIPTION, day=DAY), None, date(2027, 6, 15),
    ),
    "RETAIN_MAIL": (Kept(subject=Subject.MAIL, day=DAY), None, date(2026, 6, 15)),
    "RETAIN_EXPLOSIVE": (Kept(subject=Subject.EXPLOSIVE, day=DAY), None, date(2026, 6, 15)),
    "RETAIN_COURIER_ZJ": (Kept(subject=Subject.COURIER, day=DAY), "330702", date(2026, 6, 15)),
    "RETAIN_COURIER_CQ": (Kept(subject=Subject.COURIER, day=DAY), "500101", date(2025, 12, 15)),
    "RETAIN_LOGISTICS_SH": (Kept(subject=Subject.COURIER, day=DAY), "310101", date(2026, 6, 15)),
    "RETAIN_FREIGHT_CQ": (Kept(subject=Subject.FREIGHT, day=DAY), "500101", date(2025, 9, 15)),
    "RETAIN_BROKER": (Kept(subject=Subject.BROKER, day=DAY), "330702", date(2026, 6, 15)),
}  # fmt: skip


def rules(found):
    return {violation.rule for violation in found}


def test_every_rule_has_its_test():
    assert CASES.keys() | {str(c) for c in CLOCKS} | KEPT.keys() | {"ANNUAL_REPORT"} == RULES.keys()
    assert set(CLOCKS) == set(Clock)


@pytest.mark.parametrize("rule", list(CASES))
def test_just_inside_and_just_outside(rule):
    for inside, outside in CASES[rule]:
        assert rule not in rules(inside)
        assert rule in rules(outside)
        for violation in outside:
            assert violation.words.zh
            assert violation.words.en
            assert "{" not in violation.message
            assert str(violation.source).startswith("《")


@pytest.mark.parametrize("clock", list(Clock))
def test_the_last_day_of_every_clock(clock):
    event, last = CLOCKS[clock]
    assert deadlines.due(clock, event) == last


def test_reports():
    assert deadlines.annual_report_due(2024) == date(2025, 3, 31)
    assert deadlines.sales_report_due(1, DAY) == DAY + timedelta(5)
    assert deadlines.sales_report_due(2, DAY) == deadlines.sales_report_due(3, DAY) == DAY + timedelta(30)


@pytest.mark.parametrize("rule", list(KEPT))
def test_how_long_records_are_kept(rule):
    record, code, last = KEPT[rule]
    assert {r.id: day for r, day in applying(record, law_for(code, DAY))}[rule] == last


def test_the_longest_that_applies_counts():
    records = [Kept(subject=Subject.LEDGER, day=DAY, cls=C.CAT1_DRUG, expires_on=date(2030, 1, 1))]
    assert keep_until(records, NATION) == date(2032, 1, 1)
    records.append(Kept(subject=Subject.LEDGER, day=date(2031, 1, 2), cls=C.CAT3))
    assert keep_until(records, NATION) == date(2033, 1, 2)
    assert keep_until([], NATION) is None
    assert keep_until([Kept(subject=Subject.COURIER, day=DAY)], NATION) is None


def test_transfers_between_users_go_by_the_province():
    assert deadlines.transfer_rule(1, ZHEJIANG).id == "TRANSFER_FILED_BY_RECEIVER_CAT1"
    assert deadlines.transfer_rule(3, ZHEJIANG).id == "TRANSFER_FILED_BY_RECEIVER"
    assert deadlines.transfer_rule(2, law_for("500101", DAY)).id == "TRANSFER_NOTICE"
    assert deadlines.transfer_rule(2, NATION) is None


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 240))
def test_months_end_where_the_calendar_says(day, months):
    found = spans.add_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found + ONE).day == 1
    assert found.day <= day.day


@given(st.sampled_from(sorted(K)), st.dates(date(2019, 1, 1), date(2099, 12, 31)), st.booleans())
def test_no_document_of_any_kind_outlives_its_row(kind, first, extended):
    for cls in C:
        row = row_of(kind, cls, ZHEJIANG)
        last = row and row.last_day(first, extended=extended)
        if not last:
            continue
        facts = {"issuer": row.issuer, "level": row.least_level, "fields": row.fields, "valid_from": first}
        facts |= {"uses": row.allowed_uses(extended=extended)[0], "clean_months": 12 if extended else 0}
        assert check_issue(row, Proposal(valid_to=last, **facts)) == []
        assert rules(check_issue(row, Proposal(valid_to=last + ONE, **facts))) == {"VALIDITY_TOO_LONG"}


def test_retention_is_only_asked_of_known_subjects():
    assert {subject for subject, _, _ in retention._TABLE.values()} == set(Subject)
