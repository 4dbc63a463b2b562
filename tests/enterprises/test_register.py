"""Enterprises on the register: codes, statuses, people with their days; on both engines."""

from datetime import date, timedelta

import pytest
from acceptance_kit import report
from conftest import ACTOR, NOW
from empty_city import City
from hypothesis import given
from hypothesis import strategies as st

from precursor.core import db
from precursor.core.errors import Refused
from precursor.enterprises import service
from precursor.enterprises.models import Party
from precursor.enterprises.service import (
    STATUSES,
    AppointSupervisor,
    NameOfficer,
    RegisterParty,
    check_credit_code,
    uncovered,
)

GOOD = "91350100M000100Y43"
DAYS = st.dates(date(2024, 1, 1), date(2025, 12, 31))


def test_a_credit_code_is_checked_and_compared_in_upper_case():
    assert check_credit_code(GOOD.lower(), None) == GOOD
    for bad in (GOOD[:-1] + "4", "1" * 18, GOOD[:-1], ""):
        with pytest.raises(Refused, match="fails its check"):
            check_credit_code(bad, None)
        assert check_credit_code(bad, "执照原件如此") == bad


def test_a_code_that_fails_stays_marked(engine):
    city = City(engine)
    command = RegisterParty(
        outside_id="E99", is_external=False, name="某厂", kind="user", area_id=city.area["D"],
        registered_on=date(2026, 1, 5), recorded_on=date(2026, 1, 5), credit_code=GOOD[:-1] + "4",
        credit_code_reason="执照原件如此",
    )  # fmt: skip
    with db.transaction(engine) as session:
        (number,) = service.register(session, [command], ACTOR, NOW)
        assert session.get(Party, number).credit_code_reason == "执照原件如此"


@pytest.mark.parametrize("before", ["active", "suspended", "closed", "moved_out"])
def test_a_status_leads_only_where_it_may(engine, before):
    city = City(engine)
    number = city.party["E05"]
    with db.transaction(engine) as session:
        path = {"active": [], "suspended": ["suspended"], "closed": ["closed"], "moved_out": ["moved_out"]}.get(
            before
        )
        if path is None:
            return  # nobody becomes an applicant again
        for status in path:
            service.set_status(session, number, status, "检查", ACTOR, NOW)
        assert service.status_of(session, number) == before
    for after in STATUSES:
        with db.transaction(engine) as session:
            if after in STATUSES[before]:
                service.set_status(session, number, after, "检查", ACTOR, NOW)
                session.rollback()
            else:
                with pytest.raises(Refused, match="does not become"):
                    service.set_status(session, number, after, "检查", ACTOR, NOW)


def test_an_officer_who_has_left_no_longer_counts(engine):
    city = City(engine)
    number = city.party["E12"]  # the only one without an officer

    def k10(as_of):
        total = report(engine, "2026", as_of)["K10_information_officers"]["total"]
        return total["n"], total["d"]

    assert k10("2026-03-01") == (11, 12)
    with db.transaction(engine) as session:
        command = NameOfficer(
            enterprise_id=number, since=date(2026, 2, 1), recorded_on=date(2026, 2, 1), person="IO-1", name="甲"
        )
        service.name_officers(session, [command], ACTOR, NOW)
    assert (k10("2026-01-31"), k10("2026-02-01")) == ((11, 12), (12, 12))
    with db.transaction(engine) as session:
        service.dismiss_officer(session, number, date(2026, 2, 20), ACTOR, NOW)
    assert (k10("2026-02-20"), k10("2026-02-21")) == ((12, 12), (11, 12))
    with pytest.raises(Refused), db.transaction(engine) as session:
        service.dismiss_officer(session, number, date(2026, 2, 20), ACTOR, NOW)


def test_a_supervisor_comes_and_leaves_once(engine):
    city = City(engine)
    came = AppointSupervisor(
        outside_id="SV1", area_id=city.area["D"], person="P-7", name="乙", since=date(2026, 1, 5),
        recorded_on=date(2026, 1, 5),
    )  # fmt: skip
    with db.transaction(engine) as session:
        (number,) = service.appoint_supervisors(session, [came], ACTOR, NOW)
    with pytest.raises(Refused), db.transaction(engine) as session:
        service.dismiss_supervisor(session, number, date(2026, 1, 4), ACTOR, NOW)
    with db.transaction(engine) as session:
        service.dismiss_supervisor(session, number, date(2026, 1, 5), ACTOR, NOW)
    with pytest.raises(Refused), db.transaction(engine) as session:
        service.dismiss_supervisor(session, number, date(2026, 1, 6), ACTOR, NOW)


def test_a_gap_day_is_a_finding():
    first, last = date(2025, 1, 1), date(2025, 1, 31)
    assert uncovered([], first, last) == [(first, last)]
    assert uncovered([(first, None)], first, last) == []
    spans = [(date(2025, 1, 5), date(2025, 1, 10)), (date(2025, 1, 12), date(2025, 1, 30))]
    assert uncovered(spans, first, last) == [
        (first, date(2025, 1, 4)),
        (date(2025, 1, 11), date(2025, 1, 11)),
        (last, last),
    ]


@given(st.lists(st.tuples(DAYS, st.none() | DAYS)), DAYS, st.integers(0, 60))
def test_every_day_is_covered_or_in_a_gap(spans, first, length):
    last = first + timedelta(length)
    gaps = uncovered(spans, first, last)
    for offset in range(length + 1):
        day = first + timedelta(offset)
        covered = any(begins <= day and (ends is None or day <= ends) for begins, ends in spans)
        assert covered is not any(a <= day <= b for a, b in gaps)


def test_a_site_closes_once_and_not_before_it_opened(engine):
    city = City(engine)
    with pytest.raises(Refused), db.transaction(engine) as session:
        service.close_site(session, city.site["S-E12"], date(2025, 8, 19), ACTOR, NOW)
    with db.transaction(engine) as session:
        service.close_site(session, city.site["S-E12"], date(2026, 1, 20), ACTOR, NOW)
    with pytest.raises(Refused), db.transaction(engine) as session:
        service.close_site(session, city.site["S-E12"], date(2026, 1, 21), ACTOR, NOW)
