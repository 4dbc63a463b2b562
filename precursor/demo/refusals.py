"""Sales that the rules stopped before anything moved: each judged by the law, none made up."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from precursor.demo.life import KG, Life
from precursor.demo.papers import Paper
from precursor.demo.register import CLASS, SUBSTANCES, Firm
from precursor.movements import service as movements
from precursor.movements.service import JudgedAttempt
from precursor.permits import service as permits
from precursor.rules.sale import Sale, check_sale

#: What the seller tries: more than the document says, on another seller's document, without one, for cash.
_TRIES: Final = ("too_much", "other_seller", "without", "cash")
_LOT: Final = 100 * KG


@dataclass(slots=True)
class Refusals:
    """One sale a month that does not come about."""

    life: Life
    count: int = 0

    def plan(self, first: date) -> None:
        """In the middle of the month."""
        self.life.agenda.on(first + timedelta(16), self._try)

    def _try(self) -> None:
        held = [
            (paper, seller, substance)
            for (_, number, substance), paper in self.life.papers.held.items()
            if paper.is_usable and paper.quantity and substance in SUBSTANCES
            for seller in self.life.city.of("trader", "producer")
            if seller.number == number
        ]
        if held:
            self.count += 1
            paper, seller, substance = held[self.count * 7 % len(held)]
            self._judge(paper, seller, substance, _TRIES[self.count % len(_TRIES)])

    def _judge(self, paper: Paper, seller: Firm, substance: str, what: str) -> None:
        life, city, day = self.life, self.life.city, self.life.agenda.day
        if what == "other_seller":
            seller = next(firm for firm in city.of("trader") if firm is not seller and firm is not paper.holder)
        amount = (paper.quantity or 0) + _LOT if what == "too_much" else _LOT
        key = None if what == "without" else paper.key
        sale = Sale(
            category=CLASS[substance].category,
            substance=city.substance[substance],
            quantity=amount,
            on=day,
            seller=seller.number,
            buyer=paper.holder.number,
            cash=what == "cash",
            permit=permits.states(life.agenda.session, [key])[key] if key else None,
        )
        command = JudgedAttempt(
            outside_id=f"SJ-{day:%y%m}-{self.count:02d}", day=day, action="sale",
            permit_holder_id=key.holder if key else None, permit_id=key.id if key else None,
            substance_id=sale.substance, quantity=amount, seller_site_id=seller.site, buyer=paper.holder.id,
            payment="cash" if sale.cash else "bank", carrier_id=None, code=check_sale(sale)[0].rule,
        )  # fmt: skip
        life.agenda.enter(movements.keep_attempts, command)
