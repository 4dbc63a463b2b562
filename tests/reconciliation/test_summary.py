"""What the targets page says: the same numbers as the reports, months that add up, and nothing old in silence."""

import itertools
import re
from datetime import UTC, date, datetime

import pytest
from conftest import ACTOR

from precursor import audit
from precursor.core import db
from precursor.core.access import Reach, Scope
from precursor.core.clock import Period
from precursor.reconciliation import service, summary
from precursor.reconciliation.figures import BY_KEY
from precursor.rules.gaps import GAPS
from precursor.web import marks
from precursor.web.marks import Mark

NOW = datetime(2026, 1, 31, 4, tzinfo=UTC)
YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
ALL = Scope(Reach.ALL, None, None)


@pytest.fixture
def opened(worked):
    with db.reading(worked) as session:
        yield session, *service.open_view(session, YEAR, date(2026, 1, 31))


def test_a_summary_says_what_the_reports_say(opened):
    session, city, view = opened
    found = summary.make(session, city, view, ALL, NOW)
    for counted in found.counted:
        assert counted == service.count(session, view, counted.figure, city.counties)
    gaps = service.gaps(session, view)
    assert found.gap_count == len(gaps) == sum(found.by_county.values())
    first = [gap for gap in gaps if GAPS[gap.code].lowers and GAPS[gap.code].figure in summary.HEADLINE]
    lowering, others = sorted(gap.since for gap in first), sorted(gap.since for gap in gaps if gap not in first)
    assert [gap.since for gap in found.gaps or []] == [*lowering, *others][: summary.OLDEST]  # targets come first
    assert sum(one.count for one in found.waiting) == len(gaps)
    assert sum(count for _, count, _ in found.owners(len(gaps))) == len(gaps)
    assert summary.make(session, city, view, None, NOW).gaps is None


@pytest.mark.parametrize("key", ["K2", "K3", "K4"])
def test_the_months_of_a_year_add_up_to_it(opened, key):
    session, city, view = opened
    months = summary.make(session, city, view, None, NOW).months[key]
    assert [first for first, _ in months] == [date(2025, month, 1) for month in range(1, 13)]
    year = service.count(session, view, BY_KEY[key], city.counties).total
    assert (sum(rate.n for _, rate in months), sum(rate.d for _, rate in months)) == (year.n, year.d)


def test_the_twelve_months_end_with_the_last_that_is_seen(opened):
    _, city, _ = opened
    found = summary.months_of(service.view_of(city, YEAR, date(2025, 3, 5)))
    assert (found[0], found[-1], len(found)) == (date(2024, 4, 1), date(2025, 3, 1), 12)


def a_new_entry(engine):
    with db.transaction(engine) as session:
        audit.note(session, action="user.disable", kind="user_account", name="x", row={}, actor=ACTOR, now=NOW)


def test_a_new_entry_drops_what_was_kept(worked, opened):
    session, city, view = opened
    kept = summary.Kept(clock=itertools.count(0, 1000).__next__)
    first = kept.get(session, city, view, None, NOW)
    assert kept.get(session, city, view, None, NOW) is first
    assert kept.get(session, city, view, ALL, NOW) is not first  # another reader
    again = kept.get(session, city, view, None, NOW, fresh=True)
    assert again is not first
    a_new_entry(worked)
    with db.reading(worked) as later:
        assert kept.get(later, city, view, None, NOW).last_entry > again.last_entry


def test_only_what_took_long_is_kept_on_and_not_for_ever(worked, opened):
    session, city, view = opened
    time = [0.0]
    kept = summary.Kept(clock=lambda: time[0], slow=0.0)
    first = kept.get(session, city, view, None, NOW)
    a_new_entry(worked)
    with db.reading(worked) as later:
        time[0] = first.seconds * summary.KEPT
        assert kept.get(later, city, view, None, NOW) is first
        time[0] += 1
        assert kept.get(later, city, view, None, NOW) is not first


def test_rounds_and_days_say_what_the_plan_says(opened):
    session, _, view = opened
    slots = service.plan(session, view)["slots"]
    rounds, days = service.rounds_of(session, view), service.checks_by_day(session, view)
    for one in rounds:
        mine = [slot for slot in slots if slot["grade"] == one.grade]
        states = [slot["state"] for slot in mine]
        assert (one.asked, one.done, one.missed) == (len(mine), states.count("filled"), states.count("missed"))
        assert (str(one.until) if one.until else None) == min(
            (slot["end"] for slot in mine if slot["state"] == "pending"), default=None
        )
    assert sum(one.asked for one in rounds) == len(slots)
    assert days
    assert all(view.period.start <= day <= view.period.end for day in days)


NEAR = [
    Mark("望潮区", 98.4, True),
    Mark("沙屿县", 98.5, True),
    Mark("石帆湾市", 91.8, True),
    Mark("青棠区", 100, False),
]


def test_names_that_would_lie_over_each_other_are_counted():
    drawn = marks.strip(NEAR, 100.0, "x")
    assert re.findall('class="lab-bad"[^>]*>([^<]+)<', drawn) == ["石帆湾市", "望潮区 +1"]
    assert drawn.count("<circle") == len(NEAR)


def test_every_day_of_a_period_has_its_square():
    days = {date(2025, 3, 3): 7, date(2025, 3, 4): 1}
    drawn = marks.calendar(days, date(2025, 1, 1), date(2025, 12, 31), date(2025, 3, 5), "x", ("M", "W", "F"))
    assert drawn.count("<rect") == 365
    assert drawn.count("<title>") == 2
    assert drawn.count('class="next') == 365 - 31 - 28 - 5
    assert 'class="d4"' in drawn
