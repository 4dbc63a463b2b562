"""Drugs: made or bought by wholesalers, delivered to hospitals on their seal cards, used by the ward book.

Narcotic drugs go in and out by two persons: the second signs before the first books.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from precursor.demo.life import Life
from precursor.demo.papers import Paper
from precursor.demo.register import Firm
from precursor.movements import acts
from precursor.movements import service as movements
from precursor.movements.models import Cosignature
from precursor.movements.service import OfMovement
from precursor.rules.movements import MovementType as T
from precursor.rules.permits import PermitKind as K

_USUAL: Final = {"MORPH": 40, "EPH": 30, "DIAZ": 400}
#: What a wholesaler keeps at least before it orders.
_LEAST: Final = {"MORPH": 4_000, "DIAZ": 30_000}
_SMALL: Final = 200


@dataclass(slots=True)
class Drugs:
    """The pharmaceutical side of the city."""

    life: Life
    signed: int = 0

    def plan(self, first: date) -> None:
        """What the month brings."""
        life, city = self.life, self.life.city
        on, rng = life.agenda.on, life.rng
        sellers = city.of("pharma_wholesaler")
        for n, seller in enumerate(sellers):
            on(first + timedelta(rng.randint(0, 4)), self._restock, seller)
            if (first.month + n) % 3 == 0:
                on(first + timedelta(rng.randint(5, 20)), self._elsewhere, seller, n)
                maker = city.of("drug_producer")[n % len(city.of("drug_producer"))]
                on(first + timedelta(rng.randint(6, 12)), self._order, seller, maker)
        for n, hospital in enumerate(city.of("hospital")):
            seller = sellers[n % len(sellers)]
            for substance in _USUAL:
                if (first.month + n) % 3 == 0:
                    day = first + timedelta(rng.randint(5, 18))
                    on(day, self._deliver, seller, hospital, substance)
                on(first + timedelta(rng.randint(19, 27)), self._use, hospital, substance)
        for n, pharmacy in enumerate(city.of("pharmacy")):
            if (first.month + n) % 4 == 0:
                seller = sellers[n % len(sellers)]
                on(first + timedelta(4), self._deliver, seller, pharmacy, "DIAZ")
            on(first + timedelta(rng.randint(19, 27)), self._use, pharmacy, "DIAZ")

    def _move(self, firm: Firm, kind: T, substance: str, amount: int, **more: Any) -> None:
        """A movement; of a narcotic drug with the second person's signature."""
        if substance == "MORPH":
            more["cosignature"] = self._sign(firm, kind, amount)
        self.life.move(firm, kind, substance, amount, **more)

    def _sign(self, firm: Firm, kind: T, amount: int) -> int:
        life, agenda = self.life, self.life.agenda
        self.signed += 1
        command = acts.Cosign(
            outside_id=f"FH-{self.signed:05d}", enterprise_id=firm.number, person=f"FH-{firm.id}", site_id=firm.site,
            type=kind.value, substance_id=life.city.substance["MORPH"], quantity=amount, day=agenda.day,
            recorded_on=agenda.day,
        )  # fmt: skip
        acts.cosign(agenda.session, command, *agenda.by(f"FH-{firm.id}", "ent_second"))
        return self._last_signature()

    def _last_signature(self) -> int:
        found = self.life.agenda.session.scalar(
            Cosignature.__table__.select()
            .with_only_columns(Cosignature.id)
            .where(Cosignature.outside_id == f"FH-{self.signed:05d}")
        )
        return int(found or 0)

    def _restock(self, seller: Firm) -> None:
        """Order from outside what runs low, by the plan: no document of ours is needed."""
        life = self.life
        for substance, least in _LEAST.items():
            if life.stock[seller.site, substance] < least:
                (key,) = movements.reserve(life.agenda.session, [seller.number])
                amount, maker = least * 2, life.city.outside["X4"]
                self._move(seller, T.PURCHASE_IN, substance, amount, key=key, external=maker, exempt="not_required")
                self._confirm(key, amount)

    def _confirm(self, key: movements.MovementKey, amount: int) -> None:
        on = self.life.agenda.day + timedelta(3)
        command = OfMovement(key=key, day=on, recorded_on=on, quantity=amount)
        self.life.agenda.enter(movements.confirm, command, on)

    def _order(self, buyer: Firm, maker: Firm) -> None:
        """Ephedrine from the maker in town, on a certificate of the drug administration."""
        life = self.life
        amount = life.upto(maker.site, "EPH", 600)
        if amount < _SMALL:
            return
        paper = life.papers.issue(K.PURCHASE_USE_CERTIFICATE, buyer, "EPH", quantity=amount, seller=maker.number)
        life.agenda.on(life.agenda.day + timedelta(4), life.sell, maker, buyer, "EPH", amount, paper)

    def _deliver(self, seller: Firm, buyer: Firm, substance: str) -> None:
        life = self.life
        usual = _USUAL[substance] if buyer.kind == "hospital" else 100
        amount = life.rng.randint(1, 5) * usual
        if life.stock[seller.site, substance] < amount:
            return
        given, taken = life.pair(seller, buyer)
        exempt = "not_required" if substance == "DIAZ" else "seal_card"
        self._move(seller, T.SALE_OUT, substance, amount, key=given, other=taken, exempt=exempt)
        life.report(given, seller, substance)
        if not life.bad(buyer, 0.002, 0.02):
            self._move(buyer, T.PURCHASE_IN, substance, amount, key=taken, other=given, exempt=exempt)

    def _use(self, firm: Firm, substance: str) -> None:
        life = self.life
        held = life.stock[firm.site, substance]
        amount = int(held * life.rng.uniform(0.3, 0.7))
        if amount:
            no_record = life.bad(firm, 0.003, 0.01)
            usage = None if no_record else f"CF-{life.agenda.day:%y%m}-{firm.id}"
            self._move(firm, T.USE_OUT, substance, amount, usage_record=usage)

    def _elsewhere(self, seller: Firm, number: int) -> None:
        """Morphine to a hospital of another prefecture: by car on the year's certificate, or by mail."""
        life = self.life
        amount = life.upto(seller.site, "MORPH", 100)
        if amount < 100:
            return
        paper = self._travelling(seller, amount, by_mail=number % 3 == 0)
        (key,) = movements.reserve(life.agenda.session, [seller.number])
        self._move(
            seller, T.SALE_OUT, "MORPH", amount, key=key, external=life.city.outside["X4"], transport=paper.key,
            exempt="not_required",
        )  # fmt: skip
        life.papers.drawn(paper, amount)
        self._confirm(key, amount)

    def _travelling(self, seller: Firm, amount: int, *, by_mail: bool) -> Paper:
        papers, day = self.life.papers, self.life.agenda.day
        if by_mail:
            return papers.issue(K.MAIL_CERTIFICATE, seller, "MORPH", quantity=amount, days=29)
        paper = papers.held.get((seller.id, 0, "MORPH"))
        if paper is None or not paper.covers(day, amount):
            paper = papers.issue(K.NARCOTIC_TRANSPORT_CERTIFICATE, seller, "MORPH", quantity=20_000)
            papers.held[seller.id, 0, "MORPH"] = paper
        paper.left -= amount
        return paper
