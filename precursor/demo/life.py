"""Two years of goods: what lies where, how it moves, and what goes wrong with it now and then."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from precursor.demo.agenda import ONE, Agenda
from precursor.demo.names import WORST
from precursor.demo.papers import Paper, Papers
from precursor.demo.register import CLASS, City, Firm
from precursor.movements import service as movements
from precursor.movements.service import AddBatch, Count, MovementKey, OfMovement, Opening, RecordMovement
from precursor.rules.movements import MovementType as T
from precursor.rules.substances import SubstanceClass

KG: Final = 10**6
#: Of a lot that the trader of the story sells, one in so many is short; of all others.
_SHORT, _SHORT_ELSEWHERE = 0.4, 0.003
#: Goods that left before the document was there: one sale in so many, the first of them early in the story.
_UNPAPERED_EACH, _FIRST_UNPAPERED = 900, 40


@dataclass(slots=True)
class Life:
    """What has happened so far."""

    agenda: Agenda
    city: City
    papers: Papers
    rng: random.Random
    count: int = 0
    sales: int = 0
    stock: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    suppliers: dict[tuple[str, str], Firm | None] = field(default_factory=dict)

    def bad(self, firm: Firm, usual: float, there: float) -> bool:
        """Whether something goes wrong: seldom, and more often in the one county."""
        return self.rng.random() < (there if firm.county == WORST else usual)

    def upto(self, site: int, substance: str, amount: int) -> int:
        """So much, or what is there."""
        return min(amount, self.stock[site, substance])

    def move(
        self, firm: Firm, kind: T, substance: str, amount: int, *, site: int | None = None, lag: int = 0, **more: Any
    ) -> None:
        """One movement today, written down ``lag`` days later."""
        day, site = self.agenda.day, site or firm.site
        self.count += 1
        self.stock[site, substance] += amount if kind.is_in else -amount
        recorded = min(day + timedelta(lag), self.city.today)
        if lag:
            more.setdefault("reason", "月底补录")
        command = RecordMovement(
            outside_id=f"M{self.count:06d}",
            site=site,
            enterprise=firm.number,
            type=kind,
            substance=self.city.substance[substance],
            quantity=amount,
            day=day,
            recorded_on=recorded,
            **more,
        )
        self.agenda.enter(movements.record, command, recorded)

    def pair(self, giver: Firm, taker: Firm) -> tuple[MovementKey, MovementKey]:
        """The numbers of two movements that will name each other."""
        given, taken = movements.reserve(self.agenda.session, [giver.number, taker.number])
        return given, taken

    # -------------------------------------------------------------- the first day

    def open(self) -> None:
        """What lay there on the first day."""
        drugs = {"EPH": 3_000, "MORPH": 20_000, "DIAZ": 60_000}
        for firm in self.city.of("producer", "trader", "importer_exporter"):
            for substance in firm.substances:
                self._open(firm, substance, self.rng.randint(20, 90) * 100 * KG)
        for firm in self.city.of("pharma_wholesaler"):
            for substance, amount in drugs.items():
                self._open(firm, substance, amount)

    def _open(self, firm: Firm, substance: str, amount: int) -> None:
        self.stock[firm.site, substance] = amount
        command = Opening(
            enterprise=firm.number, site=firm.site, substance=self.city.substance[substance], quantity=amount,
            day=self.city.start, recorded_on=self.city.start,
        )  # fmt: skip
        self.agenda.enter(movements.open_stock, command)

    # -------------------------------------------------------------- every month

    def plan(self, first: date) -> None:
        """What the month brings: made early, sold to traders, sold to users, used."""
        on, day = self.agenda.on, self._day
        for firm in self.city.of("producer", "drug_producer"):
            for substance in firm.substances:
                on(day(first, 0, 4), self._produce, firm, substance)
        for firm in self.city.of("trader"):
            for substance in firm.substances:
                if self.rng.random() < 0.72:
                    on(day(first, 3, 12), self.order, firm, substance, "producer")
        for n, firm in enumerate(self.city.of("user")):
            substance = firm.substances[0]
            if (first.month + n) % 2 == 0 or self.rng.random() < 0.06:
                on(day(first, 8, 22), self.order, firm, substance, "trader")
            if self.rng.random() < 0.9 or firm is self.city.careless:
                on(day(first, 12, 27), self._use, firm, substance)

    def _day(self, first: date, least: int, most: int) -> date:
        return first + timedelta(self.rng.randint(least, most))

    def _produce(self, firm: Firm, substance: str) -> None:
        day = self.agenda.day
        batch = None if self.bad(firm, 0.004, 0.05) else f"{substance}-{day:%y%m}-{firm.id}"
        most = {"EPH": (2_000, 5_000), "PIPAL": (20 * KG, 60 * KG)}.get(substance)
        amount = self.rng.randint(*most) if most else self.rng.randint(40, 100) * 100 * KG
        if batch:
            made = AddBatch(
                enterprise_id=firm.number, substance_id=self.city.substance[substance], number=batch, made_on=day,
                expires_on=day + timedelta(730), recorded_on=day,
            )  # fmt: skip
            self.agenda.enter(movements.add_batches, made)
        self.move(firm, T.PRODUCTION_IN, substance, amount, batch=batch)

    def order(self, buyer: Firm, substance: str, kind: str) -> None:
        """The buyer gets its document; the goods come two or three days later."""
        seller = self.supplier(buyer, substance, kind)
        if seller is None:
            return
        small = CLASS[substance] is SubstanceClass.CAT1_NON_DRUG
        lot = KG if small else 50 * KG if kind == "producer" else 25 * KG
        amount = self.upto(seller.site, substance, self.rng.randint(3, 16) * lot) // lot * lot
        if amount <= 0:
            return
        day = self.agenda.day + timedelta(self.rng.randint(2, 3))
        paper = self.papers.purchase(buyer, seller.number, substance, day, amount)
        self.agenda.on(day, self.sell, seller, buyer, substance, amount, paper)

    def supplier(self, buyer: Firm, substance: str, kind: str) -> Firm | None:
        """Whom the buyer buys from, for good: somebody of its county when there is one."""
        if (buyer.id, substance) not in self.suppliers:
            known = [firm for firm in self.city.of(kind) if substance in firm.substances]
            near = [firm for firm in known if firm.county == buyer.county]
            if self.city.culprit in near:  # it supplies its county
                near = [self.city.culprit]
            chosen = self.rng.choice(near or known) if known else None
            self.suppliers[buyer.id, substance] = chosen
        return self.suppliers[buyer.id, substance]

    def sell(self, seller: Firm, buyer: Firm, substance: str, amount: int, paper: Paper) -> None:
        """A sale with both of its sides, unless the store is empty by now."""
        if self.stock[seller.site, substance] < amount or not paper.is_usable:
            return
        given, taken = self.pair(seller, buyer)
        more: dict[str, Any] = {"permit": paper.key}
        self.sales += 1
        if self.sales % _UNPAPERED_EACH == _FIRST_UNPAPERED:
            more = {"broken": ("PERMIT_MISSING",), "reason": "先发货,证件后补"}
        lag = self.rng.randint(1, 5) if self.rng.random() < 0.01 else 0
        self.move(seller, T.SALE_OUT, substance, amount, lag=lag, key=given, other=taken, **more)
        if "permit" in more:
            self.papers.drawn(paper, amount)
            paper.busy_until = self.agenda.day + timedelta(lag)
        self.report(given, seller, substance, lag)
        if self.bad(buyer, 0.004, 0.03):
            return  # the buyer never writes it down
        received = amount
        if amount > 40 * KG and self.rng.random() < (_SHORT if seller is self.city.culprit else _SHORT_ELSEWHERE):
            received, paper.is_short = amount - amount // 60 // KG * KG - KG, True
        arrives = self.agenda.day + (ONE if self.rng.random() < 0.1 else timedelta(0))
        self.agenda.on(arrives, self.move, buyer, T.PURCHASE_IN, substance, received, key=taken, other=given, **more)

    def report(self, key: MovementKey, seller: Firm, substance: str, lag: int = 0) -> None:
        """The sale is reported to the police: nearly always, and nearly always in time."""
        if CLASS[substance].category == 0 or self.bad(seller, 0.004, 0.03):
            return
        late = self.bad(seller, 0.005, 0.03)
        on = self.agenda.day + timedelta(self.rng.randint(34, 55) if late else self.rng.randint(1, 4)) + ONE * lag
        self.agenda.enter(movements.report_sales, OfMovement(key=key, day=on, recorded_on=on), on)

    def _use(self, firm: Firm, substance: str) -> None:
        """The careless user draws from its store several times a month, and mostly writes nothing down."""
        is_careless = firm is self.city.careless
        held = self.stock[firm.site, substance]
        amount = int(held * self.rng.uniform(0.4, 0.9)) // KG * KG
        if amount <= 0:
            return
        no_record = self.rng.random() < (0.6 if is_careless else 0.004)
        usage = None if no_record else f"LL-{self.agenda.day:%y%m}-{firm.id}"
        lag = self.rng.randint(1, 6) if self.rng.random() < 0.01 else 0
        self.move(firm, T.USE_OUT, substance, amount, lag=lag, usage_record=usage)
        again = self.agenda.day + timedelta(2)
        if is_careless and again.day > 2:
            self.agenda.on(again, self._use, firm, substance)

    def count_stock(self) -> None:
        """Stocktakes, on the evening of a quarter's last day; here and there the store is not what the book says."""
        agenda, day, commands = self.agenda, self.agenda.day, []
        for firm in self.city.of("producer", "trader", "pharma_wholesaler"):
            held = [s for s in (*firm.substances, "EPH", "MORPH", "DIAZ") if (firm.site, s) in self.stock]
            for substance in held:
                book = self.stock[firm.site, substance]
                off = book // 20 if self._miscounts(firm) else 0
                command = Count(
                    site_id=firm.site, enterprise_id=firm.number, substance_id=self.city.substance[substance],
                    day=day, recorded_on=day, counted=book - off, counted_by=f"PD-{firm.id}",
                )  # fmt: skip
                commands.append((command, off))
        numbers = movements.count_stock(agenda.session, [command for command, _ in commands], *agenda.at())
        for number, (command, off) in zip(numbers, commands, strict=True):
            if not (off and command.enterprise_id == self.city.culprit.number):
                agenda.on(day + timedelta(5), self._accept, number, is_off=bool(off))

    def _miscounts(self, firm: Firm) -> bool:
        is_last = self.agenda.day > self.city.today - timedelta(92)
        return (is_last and firm is self.city.culprit) or self.bad(firm, 0.006, 0.06)

    def _accept(self, number: int, *, is_off: bool) -> None:
        """The boss accepts the count; what the trader of the story found missing, nobody has accepted."""
        why = "装卸损耗,已查明" if is_off else None
        movements.approve_count(self.agenda.session, number, why, *self.agenda.by("GL-PD", "ent_admin"))
