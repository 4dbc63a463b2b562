"""The demonstration: a believable, made-up prefecture, lived through with the services that everybody calls.

The story. 清屿市 has nine counties, about four hundred enterprises and two years of trade. Nearly all is in order.
石帆湾市 is not: one of its traders keeps delivering a little less than it books (its sales and their receipts
differ), one of its users draws from the store without a usage record, its police verify fewer documents, visit
later and forgot the road checks of a quarter. So the write-off rate of that county falls below 99 %, and from the
figure one gets to those two firms, to the documents of their sales and to the visits that came late.

Deterministic: the same day and the same seed give the same city.
"""

import random
from datetime import date, datetime

from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.clock import legal_day
from precursor.demo import register, rounds
from precursor.demo.clock import Booking
from precursor.demo.life import Life
from precursor.demo.register import City


def build(session: Session, actor: audit.Actor, now: datetime, *, scale: float = 1.0, seed: int = 1) -> City:
    """Fill an empty register in the caller's transaction. ``scale``: 1 is about 400 enterprises."""
    rng, today = random.Random(seed), legal_day(now)  # noqa: S311 - a story, no secret
    book = Booking(actor, today)
    city = register.found(session, book, rng, date(today.year - 1, 1, 1), today, scale)
    life = Life(session, book, city, rng)
    life.open()
    life.live()
    rounds.shipments(life)
    rounds.losses(life)
    rounds.corrections(life)
    rounds.go(session, book, rng, city)
    return city
