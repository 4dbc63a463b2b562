"""The demonstration: a believable, made-up prefecture, lived through with the services that everybody calls.

The story. 清屿市 has nine counties, about four hundred enterprises and two years of trade; 澜港区, the port, has four
in ten of them. Nearly all is in order. 石帆湾市 is not, and most of what is wrong there leads to four firms:

* 石帆湾泊云化工贸易有限公司, a trader, delivers two lots in five a little short. Its sales and the receipts differ
  (WRITEOFF_QTY_MISMATCH), so K4 of the county falls below 99 %; the police found so when they verified the buyers'
  documents (result ``mismatch``) and when they visited it (``stock_matches``, ``endorsements``), each
  visit entered after more than a week; its annual reports are late; what the last stocktake found missing nobody has
  accepted.
* 石帆湾岚屏电镀有限公司, a user that buys from it, draws from its store without a usage record
  (WRITEOFF_NO_RECORD). Visits found its ledger incomplete (``ledger_complete``), it was downgraded from B to C in
  January, the visit that a C asks for in the second quarter did not take place, and it hands in no annual report.
* 石帆湾听澜进出口有限公司 waits for the foreign, or the domestic, leg of every third shipment: K3.
* 石帆湾鹿鸣溶剂有限公司 keeps an unregistered depot in the next county that nobody asked to supervise (K1), and
  reported a loss after sixty hours (K14).

The county itself left a request of the port to supervise a depot unanswered (K1), verifies fewer documents and later
(K2), misses visits and enters them late (K5), forgets the road checks of the second quarter (K6), patrols and reports
less (K12, K13), and for forty days had no supervisor.

Deterministic: the same day and the same seed give the same city.
"""

import random
from datetime import date, datetime

from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.clock import Period, legal_day
from precursor.demo import places, register
from precursor.demo.abroad import Abroad
from precursor.demo.agenda import ONE, Agenda
from precursor.demo.drugs import Drugs
from precursor.demo.events import Events
from precursor.demo.life import Life
from precursor.demo.papers import Papers
from precursor.demo.refusals import Refusals
from precursor.demo.register import City
from precursor.demo.rounds import Rounds
from precursor.demo.waiting import Waiting
from precursor.reconciliation import service as reconciliation


def build(session: Session, actor: audit.Actor, now: datetime, *, scale: float = 1.0, seed: int = 1) -> City:
    """Fill an empty register in the caller's transaction. ``scale``: 1 is about 400 enterprises."""
    rng, today = random.Random(seed), legal_day(now)  # noqa: S311 - a story, no secret
    start = date(today.year - 1, 1, 1)
    agenda = Agenda(session, actor, start, today, day=start)
    city = register.found(agenda, rng, scale)
    papers = Papers(agenda, city, rng)
    life, rounds = Life(agenda, city, papers, rng), Rounds(agenda, city, rng)
    places.settle(agenda, papers, city.there, rng)
    life.open()
    rounds.open()
    places.plan(agenda, papers, rng)
    _plan_months(agenda, life, rounds)
    Waiting(life).plan()
    agenda.on(date(today.year, 2, 5), _publish, agenda, date(today.year, 1, 31))
    agenda.play()
    return city


def _publish(agenda: Agenda, as_of: date) -> None:
    """The city publishes the figures of the last year as the end of January saw them."""
    found, view = reconciliation.open_view(agenda.session, Period.parse(str(as_of.year - 1)), as_of)
    reconciliation.publish(agenda.session, found, view, None, *agenda.at())


def _plan_months(agenda: Agenda, life: Life, rounds: Rounds) -> None:
    """Every month plans itself on its first day; quarters and years do so too."""
    for part in (life, Abroad(life), Drugs(life), Events(life), Refusals(life)):
        for first in agenda.months():
            agenda.on(first, part.plan, first)
    for first in agenda.months():
        agenda.on(first, rounds.patrols, first)
    for first in agenda.quarters():
        agenda.on(first, rounds.visits, first)
        agenda.on(first, rounds.roads, first)
        agenda.on(first, rounds.quarterly, first)
        if first > agenda.start:
            agenda.on(first - ONE, agenda.tonight, life.count_stock)
            if first.month == 1:
                agenda.on(first, rounds.annual, first)
