"""Two years of trade, month by month: made, sold, received, used; documents issued, drawn and verified.

Within a month goods go one way (made early, sold to traders, sold to users, used late), so no stock is ever short.
"""

import calendar
import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import Session

from precursor.demo.clock import Booking
from precursor.demo.register import WORST, City, Firm, document
from precursor.movements import service as movements
from precursor.movements.service import Count, MovementKey, OfMovement, Opening, RecordMovement
from precursor.permits import service as permits
from precursor.permits.service import PermitKey, RecordOfPermit
from precursor.rules.movements import MovementType as T

KG: Final = 10**6
#: A purchase filing of a buyer with a clean year is good for six months.
_HALF: Final = 182
_DRUGS: Final = {"MORPH": 40, "EPH": 30, "DIAZ": 400}


@dataclass(slots=True)
class Life:
    """What has happened so far."""

    session: Session
    book: Booking
    city: City
    rng: random.Random
    number: int = 0
    papers: int = 0
    stock: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    filings: dict[tuple[str, str, str], tuple[PermitKey, date, int]] = field(default_factory=dict)
    closing: list[tuple[PermitKey, date, str]] = field(default_factory=list)  # key, last day, county
    month: list[RecordMovement] = field(default_factory=list)
    reports: list[OfMovement] = field(default_factory=list)
    confirmed: list[OfMovement] = field(default_factory=list)
    suppliers: dict[tuple[str, str], Firm] = field(default_factory=dict)

    # -------------------------------------------------------------- booking

    def id(self) -> str:
        """The next number of a movement."""
        self.number += 1
        return f"M{self.number:06d}"

    def paper(self, kind: str, year: int) -> str:
        """The next number of a document."""
        self.papers += 1
        return f"{kind}-{year}-{self.papers:05d}"

    def bad(self, firm: Firm, usual: float, there: float) -> bool:
        """Whether something goes wrong: seldom, and more often in the one county."""
        return self.rng.random() < (there if firm.county == WORST else usual)

    def move(self, firm: Firm, kind: T, substance: str, amount: int, day: date, **more: object) -> None:
        """One movement, unless its day is still to come."""
        if day > self.city.today:
            return
        late = self.rng.random() < 0.004
        self.stock[firm.site, substance] += amount if kind.is_in else -amount
        self.month.append(
            RecordMovement(
                outside_id=self.id(),
                site=firm.site,
                enterprise=firm.number,
                type=kind,
                substance=self.city.substance[substance],
                quantity=amount,
                day=day,
                recorded_on=min(self.city.today, day + timedelta(6)) if late else day,
                reason="月底补录" if late else None,
                **more,  # type: ignore[arg-type]
            )
        )

    def close_month(self, last: date) -> None:
        """Book the month, as one batch of each service."""
        at = self.book.at(last)
        self.month.sort(key=lambda command: (command.day, not command.type.is_in))
        movements.record(self.session, self.month, *at)
        movements.report_sales(self.session, self.reports, *at)
        movements.confirm(self.session, self.confirmed, *at)
        self.month, self.reports, self.confirmed = [], [], []

    # -------------------------------------------------------------- the story

    def open(self) -> None:
        """What lay there on the first day."""
        commands = []
        for firm in self.city.of("producer", "trader"):
            for substance in firm.substances:
                amount = self.rng.randint(20, 90) * 100 * KG
                self.stock[firm.site, substance] = amount
                commands.append(self._opening(firm, substance, amount))
        for firm in self.city.of("pharma_wholesaler"):
            for substance in _DRUGS:
                self.stock[firm.site, substance] = 40_000
                commands.append(self._opening(firm, substance, 40_000))
        movements.open_stock(self.session, commands, *self.book.at(self.city.start))

    def _opening(self, firm: Firm, substance: str, amount: int) -> Opening:
        number = self.city.substance[substance]
        return Opening(
            enterprise=firm.number,
            site=firm.site,
            substance=number,
            quantity=amount,
            day=self.city.start,
            recorded_on=date.min,
        )

    def live(self) -> None:
        """Every month from the first to today's."""
        first = self.city.start
        while first <= self.city.today:
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
            self._produce(first)
            self._supply(first)
            self._serve(first)
            self._abroad(first)
            self._drugs(first)
            self._use(first, last)
            self.close_month(last)
            self._verify(last)
            if first.month % 3 == 0:
                self._count(last)
            first = last + timedelta(1)

    def _produce(self, first: date) -> None:
        for firm in self.city.of("producer"):
            for substance in firm.substances:
                day = first + timedelta(self.rng.randint(0, 2))
                no_batch = self.bad(firm, 0.004, 0.04)
                batch = None if no_batch else f"{substance}-{first:%y%m}-{firm.id}"
                self.move(firm, T.PRODUCTION_IN, substance, self.rng.randint(60, 140) * 100 * KG, day, batch=batch)

    def _supply(self, first: date) -> None:
        """Producers sell to traders."""
        for firm in self.city.of("trader"):
            for substance in firm.substances:
                maker = self._supplier(firm, substance, "producer")
                if maker is None:
                    continue
                day = first + timedelta(self.rng.randint(4, 11))
                amount = min(self.rng.randint(8, 25) * 50 * KG, self.stock[maker.site, substance] // 3 // KG * KG)
                if amount > 0:
                    self._sell(maker, firm, substance, amount, day)

    def _serve(self, first: date) -> None:
        """Traders sell to users, every second month or so."""
        for n, firm in enumerate(self.city.of("user")):
            if (first.month + n) % 2 and self.rng.random() < 0.9:
                continue
            for substance in firm.substances:
                trader = self._supplier(firm, substance, "trader")
                if trader is None:
                    continue
                day = first + timedelta(self.rng.randint(13, 23))
                amount = min(self.rng.randint(2, 12) * 25 * KG, self.stock[trader.site, substance] // 4 // KG * KG)
                if amount > 0:
                    self._sell(trader, firm, substance, amount, day)

    def _supplier(self, buyer: Firm, substance: str, kind: str) -> Firm | None:
        if (buyer.id, substance) not in self.suppliers:
            known = [firm for firm in self.city.of(kind) if substance in firm.substances]
            if not known:
                return None
            near = [firm for firm in known if firm.county == buyer.county]
            if self.city.culprit in near:  # it supplies its county
                near = [self.city.culprit]
            self.suppliers[buyer.id, substance] = self.rng.choice(near or known)
        return self.suppliers[buyer.id, substance]

    def _filing(self, buyer: Firm, seller: Firm, substance: str, day: date, amount: int) -> PermitKey:
        """The buyer's filing with that seller: the one in force while enough is left on it, else a new one."""
        known = self.filings.get((buyer.id, seller.id, substance))
        if known and day <= known[1] and amount <= known[2]:
            self.filings[buyer.id, seller.id, substance] = (known[0], known[1], known[2] - amount)
            return known[0]
        single = self.rng.random() < 0.2
        days = 29 if single else _HALF
        quantity = amount if single else amount * 4
        command = document(
            self.city, "purchase_filing", self.paper("GB", day.year), buyer, substance, day - timedelta(3), days,
            quantity=quantity, seller=seller.number, uses="single" if single else "multi",
        )  # fmt: skip
        (key,) = permits.issue(self.session, [command], *self.book.at(command.valid_from))
        last = day if single else command.valid_to
        self.closing.append((key, last, buyer.county))
        self.filings[buyer.id, seller.id, substance] = (key, command.valid_to, 0 if single else quantity - amount)
        return key

    def _sell(self, seller: Firm, buyer: Firm, substance: str, amount: int, day: date) -> None:
        if day > self.city.today:
            return
        key = self._filing(buyer, seller, substance, day, amount)
        given, taken = movements.reserve(self.session, [seller.number, buyer.number])
        is_culprit = seller is self.city.culprit
        unpaper = self.rng.random() < 0.0008
        self.move(seller, T.SALE_OUT, substance, amount, day, key=given, other=taken, permit=None if unpaper else key)
        lost = self.bad(buyer, 0.006, 0.06)
        short = self.rng.random() < (0.4 if is_culprit else 0.004)
        if not lost:
            received = amount - amount // 50 // KG * KG - KG if short and amount > 60 * KG else amount
            arrived = day + timedelta(1 if self.rng.random() < 0.1 else 0)
            self.move(
                buyer, T.PURCHASE_IN, substance, received, arrived, key=taken, other=given,
                permit=None if unpaper else key,
            )  # fmt: skip
        self._report(given, day, seller)

    def _report(self, key: MovementKey, day: date, seller: Firm) -> None:
        """The sale is reported to the police: nearly always, and nearly always in time."""
        if self.bad(seller, 0.004, 0.02):
            return
        delay = self.rng.randint(40, 55) if self.bad(seller, 0.006, 0.02) else self.rng.randint(1, 4)
        if (on := day + timedelta(delay)) <= self.city.today:
            self.reports.append(OfMovement(key=key, day=on, recorded_on=on))

    def _abroad(self, first: date) -> None:
        """A trader sells outside the city on a transport document; the outside party confirms."""
        for n, firm in enumerate(self.city.of("trader")):
            if (first.month + n) % 6:
                continue
            substance, day = firm.substances[0], first + timedelta(15)
            amount = min(50 * KG, self.stock[firm.site, substance] // 5 // KG * KG)
            if amount <= 0 or day > self.city.today:
                continue
            command = document(
                self.city,
                "transport_permit" if substance in ("AC2O", "CHCL3", "ETHER", "PIP") else "transport_filing",
                self.paper("YB", day.year), firm, substance, day - timedelta(2), 89, quantity=amount * 2,
                consignee=self.city.outside["X1"], carrier=self.rng.choice(self.city.of("carrier")).number,
                route=[self.city.area[firm.county], self.city.area["EXT-LA"]],
                fields=json.dumps({"plates": f"清A·D{n * 37 + 1000}"}, ensure_ascii=False),
            )  # fmt: skip
            (transport,) = permits.issue(self.session, [command], *self.book.at(command.valid_from))
            self.closing.append((transport, command.valid_to, firm.county))
            (key,) = movements.reserve(self.session, [firm.number])
            self.move(
                firm, T.SALE_OUT, substance, amount, day, key=key, external=self.city.outside["X1"],
                external_permit=f"邻公备{day:%Y%m}{n:02d}", transport=transport,
            )  # fmt: skip
            if not self.bad(firm, 0.04, 0.2) and day + timedelta(3) <= self.city.today:
                on = day + timedelta(3)
                self.confirmed.append(OfMovement(key=key, day=on, recorded_on=on, quantity=amount))
            self._report(key, day, firm)

    def _drugs(self, first: date) -> None:
        """Wholesalers deliver to hospitals against their seal cards."""
        sellers = self.city.of("pharma_wholesaler")
        for n, hospital in enumerate(self.city.of("hospital")):
            if (first.month + n) % 3:
                continue
            seller = sellers[n % len(sellers)]
            for substance, usual in _DRUGS.items():
                day, amount = first + timedelta(self.rng.randint(5, 20)), self.rng.randint(1, 5) * usual
                if day > self.city.today or self.stock[seller.site, substance] < amount:
                    continue
                given, taken = movements.reserve(self.session, [seller.number, hospital.number])
                exempt = "not_required" if substance == "DIAZ" else "seal_card"
                self.move(seller, T.SALE_OUT, substance, amount, day, key=given, other=taken, exempt=exempt)
                if not self.bad(hospital, 0.002, 0.02):
                    self.move(hospital, T.PURCHASE_IN, substance, amount, day, key=taken, other=given, exempt=exempt)
                self._report(given, day, seller)

    def _use(self, first: date, last: date) -> None:
        for firm in self.city.of("user", "hospital"):
            for substance in (*firm.substances, *(_DRUGS if firm.kind == "hospital" else ())):
                held = self.stock[firm.site, substance]
                if held <= 0:
                    continue
                piece = KG if firm.kind == "user" else 1
                amount = max(piece, int(held * self.rng.uniform(0.4, 0.9)) // piece * piece)
                day = last - timedelta(self.rng.randint(0, 3))
                no_record = self.rng.random() < (0.6 if firm is self.city.careless else 0.005)
                usage = None if no_record else f"LL-{day:%y%m}-{firm.id}"
                if amount <= held:
                    self.move(firm, T.USE_OUT, substance, amount, day, usage_record=usage)

    def _verify(self, last: date) -> None:
        """The county verifies what has closed: nearly all, nearly always in time."""
        done, waiting = [], []
        for key, closed, county in self.closing:
            if closed > last:
                waiting.append((key, closed, county))
                continue
            worst = county == WORST
            if self.rng.random() < (0.06 if worst else 0.008):
                continue  # forgotten
            late = self.rng.random() < (0.05 if worst else 0.008)
            on = closed + timedelta(self.rng.randint(35, 60) if late else self.rng.randint(2, 25))
            if on > self.city.today:
                continue
            result = "mismatch" if self.rng.random() < 0.004 else "match"
            done.append(RecordOfPermit(permit=key, day=on, recorded_on=on, result=result))
        self.closing = waiting
        permits.verify(self.session, done, *self.book.at(last))

    def _count(self, last: date) -> None:
        """Stocktakes at the end of a quarter; here and there the store is not what the book says."""
        if last > self.city.today:
            return
        counts = []
        for firm in self.city.of("producer", "trader"):
            for substance in firm.substances:
                book = self.stock[firm.site, substance]
                off = book // 20 // KG * KG if self.rng.random() < 0.01 else 0
                counts.append(
                    Count(
                        site_id=firm.site, enterprise_id=firm.number, substance_id=self.city.substance[substance],
                        day=last, recorded_on=last, counted=book - off, counted_by=f"PD-{firm.id}",
                    )
                )  # fmt: skip
        movements.count_stock(self.session, counts, *self.book.at(last))
