"""A synthetic register: one city of 30 counties with everything that the figures count, and a few percent of gaps.

Deterministic from its seed and size. Rows come in the order of the columns of the product's own tables, the last of
which may be left out; legal days are whole days since 1970-01-01 and instants whole microseconds, as SQLite keeps
them.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any, Final

COUNTIES: Final = 30
SUBSTANCES: Final = 40
FIRST: Final = (date(2025, 1, 1) - date(1970, 1, 1)).days
LAST: Final = FIRST + 364
AS_OF: Final = LAST + 31  # 2026-01-31
NOW: Final = (AS_OF + 1) * 86_400_000_000
KILO: Final = 1_000_000
#: What stands at every site and substance when the register is opened: nothing ever runs short.
OPENING: Final = 50_000_000 * KILO

Row = tuple[Any, ...]
Out = Iterator[tuple[str, Row]]  # table, row

#: Columns of ``movement`` behind the first thirteen, in their order.
_TAIL: Final = (
    "batch", "usage_record", "incident_id", "shipment_id", "other_enterprise_id", "other_id", "external_id",
    "permit_holder_id", "permit_id", "external_permit", "transport_holder_id", "transport_permit_id", "drawn_on",
    "exempt",
)  # fmt: skip


@dataclass(slots=True)
class Sizes:
    """How many of each; all follow from the number of movements."""

    movements: int

    @property
    def enterprises(self) -> int:
        """20,000 for a million movements; a small register has fewer, never fewer than 300."""
        return max(300, min(20_000, self.movements // 20))

    @property
    def externals(self) -> int:
        """Outside parties."""
        return max(20, self.enterprises // 40)


class City:
    """The synthetic register, written down as an iterator of rows."""

    def __init__(self, size: int, seed: int = 2025) -> None:
        self.size, self.left = size, size
        self.sizes, self.random = Sizes(size), Random(seed)
        self.last_id = 0
        self.accounts: dict[str, int] = {}
        self.stock: dict[int, int] = {}
        self.stocked: dict[int, tuple[int, int, int]] = {}  # account: enterprise, site, substance
        self.enterprises: list[int] = []
        self.site: dict[int, int] = {}
        self.offsite: list[tuple[int, int]] = []  # enterprise, second site
        self.deals: dict[int, list[int]] = {}
        self.county: dict[int, int] = {}
        self.city = self._id()
        self.counties = [self._id() for _ in range(COUNTIES)]
        self.substances = [self._id() for _ in range(SUBSTANCES)]
        self.externals = [self._id() for _ in range(self.sizes.externals)]

    # numbers

    def _id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _below(self, n: int) -> int:
        return int(self.random.random() * n)

    def _often(self, share: float) -> bool:
        return self.random.random() < share

    def _day(self) -> int:
        return FIRST + self._below(365)

    def _amount(self) -> int:
        return (1 + self._below(2_000)) * KILO // 2

    # tables

    def rows(self) -> Out:
        """Every row of the register with the name of its table, parents before children."""
        yield from self._areas()
        yield from self._substances()
        yield from self._parties()
        yield from self._trade()
        yield from self._loose()
        yield from self._supervision()
        for account, amount in self.stock.items():
            yield "stock", (account, amount, LAST)
            if self._often(0.1):
                counted = amount if self._often(0.9) else amount - amount // 50
                yield "stocktake", (self._id(), *self.stocked[account], LAST, LAST, NOW, counted)
        yield "serial", ("record_id", self.last_id)

    def _areas(self) -> Out:
        yield "area", (self.city, "C0", "测试市", "city", None, None)
        for n, county in enumerate(self.counties):
            yield "area", (county, f"D{n:02}", f"第{n}区", "county", self.city, None)
            for quarter in (1, 2, 3, 4):
                if self._often(0.97):
                    due = FIRST + (78, 170, 262, 353)[quarter - 1]
                    day = due + 3 - self._below(20)
                    yield "quarterly_report", (county, 2025, quarter, day, day, NOW)
            for month in range(12):
                if self._often(0.8):
                    day = FIRST + month * 30 + self._below(28)
                    yield "road_check", (self._id(), county, day, day, NOW)
        yield "register", (1, self.city, FIRST, LAST, AS_OF, "{}", "national")

    def _substances(self) -> Out:
        for n, substance in enumerate(self.substances):
            category = 1 + (n % 10 > 1) + (n % 10 > 4)
            kind = "drug" if n % 20 == 0 else "non_drug"
            yield "substance", (substance, f"S{n:02}", f"物质{n}", category, kind, "kg")

    def _parties(self) -> Out:
        for n, party in enumerate(self.externals):
            yield "party", (party, f"X{n:04}", 1, f"外地公司{n}", "external", None, None, None, None, None)
        for n in range(self.sizes.enterprises):
            yield from self._enterprise(n)
        self.sellers = self.enterprises[::4]

    def _enterprise(self, n: int) -> Out:
        number, county = self._id(), self.counties[self._below(COUNTIES)]
        since = FIRST - self._below(3_000) + 150
        kind = ("producer", "user", "trader", "user", "user", "hospital", "carrier", "importer_exporter")[n % 8]
        card = (f"YJ{n}", LAST - 90 + self._below(400)) if kind == "hospital" else (None, None)
        yield "party", (number, f"E{n:05}", 0, f"企业{n}", kind, county, since, since, *card)
        self.enterprises.append(number)
        self.county[number] = county
        first = self._below(SUBSTANCES)
        self.deals[number] = [self.substances[(first + 7 * i) % SUBSTANCES] for i in range(4)]
        site = self.site[number] = self._id()
        yield "site", (site, number, f"P{n:05}", county, since, None, 1)
        if self._often(0.05):
            yield from self._offsite(number, county, since)
        if self._often(0.97):
            yield "information_officer", (self._id(), number, None, None, NOW)
        if self._often(0.96):
            day = FIRST + 92 - self._below(80)
            yield "annual_report", (number, 2024, day, day, NOW)
        if self._often(0.1):
            day = self._day()
            told = day + self._below(10)
            event = "lease" if n % 2 else "transfer"
            yield "equipment_event", (self._id(), f"Q{n}", number, "反应釜", event, day, day, told, told, NOW)
        if self._often(0.98):
            yield from self._visits(number, since)

    def _offsite(self, number: int, county: int, since: int) -> Out:
        there = self.counties[(self.counties.index(county) + 1 + self._below(COUNTIES - 1)) % COUNTIES]
        site, opened = self._id(), max(since, FIRST - 200 + self._below(400))
        yield "site", (site, number, f"PX{site}", there, opened, None, int(self._often(0.98)))
        self.offsite.append((number, site))
        asked, deed = opened + 3, self._id()
        yield "delegation", (deed, f"G{deed}", site, county, there, asked, asked + 365 + self._below(300), NOW)
        if self._often(0.96):
            accepted = asked + self._below(30)
            yield "delegation_answer", (deed, "accepted", accepted, accepted, NOW)
        if self._often(0.03):
            yield "delegation_answer", (deed, "revoked", LAST - 60, LAST - 60, NOW)

    def _visits(self, number: int, since: int) -> Out:
        grade = "AABBBBBCCB"[self._below(10)]
        yield "grade", (number, min(since, FIRST - 30), min(since, FIRST - 30), NOW, grade)
        if grade == "A" and self._often(0.1):
            yield "grade", (number, FIRST + 120, FIRST + 120, NOW, "B")
        windows = {"A": 1, "B": 2, "C": 4}[grade]
        for window in range(windows):
            if self._often(0.97):
                day = FIRST + window * (365 // windows) + self._below(365 // windows)
                visit, entered = self._id(), day + (self._below(5) if self._often(0.97) else 12)
                mode = "onsite" if self._often(0.98) else "remote"
                yield "inspection", (visit, f"V{visit}", number, day, entered, NOW, mode, 2 + self._below(2))

    # documents and the movements that draw on them

    def _trade(self) -> Out:
        for n in range(self.size // 22):
            kind = ("inside",) * 8 + ("to_outside", "from_outside")
            yield from self._document(n, kind[n % 10])

    def _document(self, n: int, kind: str) -> Out:
        seller, buyer = self._seller(), self.enterprises[self._below(len(self.enterprises))]
        outside = self.externals[self._below(len(self.externals))]
        substance = self.deals[seller if kind == "to_outside" else buyer][self._below(4)]
        holder = outside if kind == "to_outside" else buyer
        area = self.county[seller if kind == "to_outside" else buyer]
        start = FIRST - 30 + self._below(330)
        until, number = start + 60 + self._below(120), self._id()
        carriage = self._id() if n % 10 == 3 else None
        drawn: list[tuple[int, int]] = []
        draws = 1 if n % 9 == 0 else 1 + self._below(13)
        for _ in range(draws):
            day = max(start, FIRST) + self._below(min(until, LAST) - max(start, FIRST) + 1)
            quantity = self._amount()
            permit = (holder, number) if self._often(0.99) else (None, None)
            trade = Trade(substance, quantity, day, permit, (seller, carriage) if carriage else (None, None))
            if kind == "inside":
                yield from self._pair(trade, seller, buyer, drawn)
            elif kind == "to_outside":
                yield from self._with_outside(trade, "sale_out", seller, outside, drawn)
            else:
                yield from self._with_outside(trade, "purchase_in", buyer, outside, drawn)
        uses = "single" if len(drawn) <= 1 and n % 2 else "multi"
        total = sum(quantity for quantity, _ in drawn)
        approved = max(total if n % 5 == 0 else total * 5 // 4, KILO)
        yield from self._permit("purchase", holder, number, substance, approved, start, until, uses, area, drawn)
        if carriage:
            county = self.county[seller]
            yield from self._permit(
                "transport", seller, carriage, substance, approved, start, until, "multi", county, drawn
            )

    def _seller(self) -> int:
        return self.sellers[self._below(len(self.sellers))]

    def _permit(
        self, use: str, holder: int, number: int, substance: int, approved: int, start: int, until: int, uses: str,
        area: int, drawn: list[tuple[int, int]],
    ) -> Out:  # fmt: skip
        kind = use + ("_permit" if number % 4 == 0 else "_filing")
        route = int(use == "transport")
        yield "permit", (
            holder, number, f"L{number}", kind, substance, approved, start, until, uses, area, None, route, NOW,
        )  # fmt: skip
        total, last = sum(quantity for quantity, _ in drawn), max((day for _, day in drawn), default=start)
        revoked = min(last + 5, until) if self._often(0.01) else None
        allowed = 1 if uses == "single" else 2**31 - 1
        yield "permit_balance", (holder, number, approved, allowed, total, len(drawn), revoked)
        if route:
            yield "route_stop", (holder, number, 0, area)
            yield "route_stop", (holder, number, 1, self.counties[number % COUNTIES])
        if revoked:
            yield "revocation", (holder, number, revoked, revoked, NOW)
        if self._often(0.96):
            closed = min(until, revoked or until, last if total >= approved or uses == "single" else until)
            day = closed + (self._below(28) if self._often(0.97) else 40)
            yield "verification", (holder, number, day, day, NOW, "match")

    def _pair(self, trade: "Trade", seller: int, buyer: int, drawn: list[tuple[int, int]]) -> Out:
        sale, receipt = self._id(), self._id()
        transit = f"transit:{seller}:{buyer}:{trade.substance}"
        links = {"other_enterprise_id": buyer, "other_id": receipt} | trade.documents()
        yield from self._movement(sale, seller, "sale_out", trade, transit, links)
        yield from self._draw(sale, seller, trade, drawn)
        yield from self._report(sale, seller, trade.day)
        if not self._often(0.985):  # the buyer has not recorded it
            return
        got = trade.quantity if self._often(0.985) else trade.quantity * 99 // 100
        back = {"other_enterprise_id": seller, "other_id": sale} if self._often(0.995) else {}
        taken = Trade(trade.substance, got, min(trade.day + self._below(3), LAST), trade.permit)
        yield from self._movement(
            receipt, buyer, "purchase_in", taken, transit, back | taken.documents(), corrected=self._often(0.01)
        )

    def _with_outside(self, trade: "Trade", kind: str, here: int, outside: int, drawn: list[tuple[int, int]]) -> Out:
        number = self._id()
        links = {"external_id": outside} | trade.documents()
        yield from self._movement(number, here, kind, trade, f"party:{outside}::{trade.substance}", links)
        yield from self._draw(number, here, trade, drawn)
        if kind == "sale_out":
            yield from self._report(number, here, trade.day)
        if self._often(0.97):
            said = trade.quantity if self._often(0.985) else trade.quantity * 98 // 100
            day = trade.day + self._below(20)
            yield "confirmation", (here, number, day, NOW, day, said if self._often(0.99) else None)

    def _draw(self, number: int, mover: int, trade: "Trade", drawn: list[tuple[int, int]]) -> Out:
        for holder, permit in (trade.permit, trade.transport):
            if permit:
                yield "draw", (holder, permit, number, 0, mover, trade.quantity, trade.day, trade.day, NOW)
        if trade.permit[1]:
            drawn.append((trade.quantity, trade.day))

    def _report(self, number: int, seller: int, day: int) -> Out:
        if self._often(0.98):
            told = day + (self._below(5) if self._often(0.98) else 35)
            yield "sales_report", (seller, number, told, told, NOW)

    # movements that nobody permits

    def _loose(self) -> Out:
        kinds = ("production_in",) * 20 + ("use_out",) * 24 + ("transfer",) * 3 + ("shipment",) * 2 + ("loss_out",)
        n = 0
        while self.left > 0:
            n += 1
            enterprise, kind = self.enterprises[self._below(len(self.enterprises))], kinds[n % 50]
            trade = Trade(self.deals[enterprise][self._below(4)], self._amount(), self._day())
            if kind == "transfer" and self.offsite:
                yield from self._transfer(trade)
            elif kind == "shipment":
                yield from self._shipment(enterprise, trade, "import" if self._often(0.6) else "export")
            elif kind == "loss_out" and self._often(0.5):
                yield from self._loss(enterprise, trade)
            elif kind == "production_in":
                number, batch = self._id(), f"B{n}" if self._often(0.98) else None
                there = f"produced:{enterprise}::{trade.substance}"
                yield from self._movement(number, enterprise, kind, trade, there, {"batch": batch})
            else:
                number, record = self._id(), f"U{n}" if self._often(0.98) else None
                there = f"consumed:{enterprise}::{trade.substance}"
                yield from self._movement(number, enterprise, "use_out", trade, there, {"usage_record": record})

    def _transfer(self, trade: "Trade") -> Out:
        enterprise, second = self.offsite[self._below(len(self.offsite))]
        given, taken = self._id(), self._id()
        transit = f"transit:{enterprise}:{enterprise}:{trade.substance}"
        links = {"other_enterprise_id": enterprise, "other_id": taken}
        yield from self._movement(given, enterprise, "transfer_out", trade, transit, links)
        if self._often(0.97):
            links = {"other_enterprise_id": enterprise, "other_id": given}
            yield from self._movement(taken, enterprise, "transfer_in", trade, transit, links, site=second)

    def _shipment(self, enterprise: int, trade: "Trade", direction: str) -> Out:
        number, licence = self._id(), "IL" if self._often(0.99) else None
        yield "shipment", (
            number, f"H{number}", direction, enterprise, trade.substance, trade.quantity, trade.day, licence, "CN",
            trade.day, NOW,
        )  # fmt: skip
        for leg in ("foreign", "domestic"):
            state = "verified" if self._often(0.97) else "pending"
            day = trade.day + 5 if state == "verified" else None
            yield "shipment_leg", (number, leg, state, day, None, day, NOW)
        kind = "import_in" if direction == "import" else "export_out"
        parts = 1 + self._below(2)
        part = Trade(trade.substance, math.ceil(trade.quantity / parts), trade.day)
        for _ in range(parts):
            there = f"abroad:{enterprise}::{trade.substance}"
            yield from self._movement(self._id(), enterprise, kind, part, there, {"shipment_id": number})

    def _loss(self, enterprise: int, trade: "Trade") -> Out:
        number, at = self._id(), trade.day * 86_400_000_000
        told = at + (5 if self._often(0.9) else 50) * 3_600_000_000
        yield "incident", (
            number, f"I{number}", enterprise, self.site[enterprise], trade.substance, trade.quantity, "loss",
            trade.day, at, told, "-", "-", trade.day, NOW,
        )  # fmt: skip
        there = f"lost:{enterprise}::{trade.substance}"
        yield from self._movement(self._id(), enterprise, "loss_out", trade, there, {"incident_id": number})

    def _supervision(self) -> Out:
        for n in range(10 * COUNTIES):
            place, county, since = self._id(), self.counties[n % COUNTIES], FIRST - 100 + self._below(200)
            yield "key_site", (place, f"K{n}", county, f"重点部位{n}", since)
            for month in range(12):
                if self._often(0.96):
                    day = FIRST + month * 30 + self._below(28)
                    yield "patrol", (self._id(), place, day, day, NOW)

    def _movement(
        self, number: int, enterprise: int, kind: str, trade: "Trade", there: str, links: dict[str, Any], *,
        site: int | None = None, corrected: bool = False,
    ) -> Out:  # fmt: skip
        """A movement with its entry; ``corrected``: its first version is reversed and a second one stands."""
        site = site or self.site[enterprise]
        here = f"site:{enterprise}:{site}:{trade.substance}"
        sign = 1 if kind.endswith("_in") else -1
        seen = trade.day + (self._below(4) if self._often(0.99) else 100)
        yield from self._account(here, enterprise, site, trade.substance)
        yield from self._account(there, enterprise, None, trade.substance)
        for version in (0, 1) if corrected else (0,):
            entry, day = self._id(), trade.day
            yield "movement", (
                enterprise, number, version, f"M{number}", site, kind, trade.substance, trade.quantity, day, seen,
                NOW, "bench", entry, *map(links.get, _TAIL),
            )  # fmt: skip
            yield from self._posted(entry, enterprise, here, there, sign * trade.quantity, day, seen)
            self.left -= 1
            if corrected and version == 0:
                back = self._id()
                yield "reversal", (enterprise, number, 0, back, day, seen, NOW, "错录", "A", "B")
                yield from self._posted(back, enterprise, here, there, -sign * trade.quantity, day, seen)

    def _account(self, key: str, enterprise: int, site: int | None, substance: int) -> Out:
        if key in self.accounts:
            return
        number = self.accounts[key] = self._id()
        kind, party, _, _ = key.split(":")
        yield "account", (number, key, kind, int(party), site, substance)
        if site:
            self.stock[number] = 0
            opening = f"opening:{enterprise}::{substance}"
            yield from self._account(opening, enterprise, None, substance)
            yield from self._posted(self._id(), enterprise, key, opening, OPENING, FIRST, FIRST)
            self.stocked[number] = (enterprise, site, substance)

    def _posted(
        self, entry: int, enterprise: int, here: str, there: str, amount: int, day: int, seen: int
    ) -> Iterable[tuple[str, Row]]:
        """Both legs; ``amount`` is what the site gains."""
        site, other = self.accounts[here], self.accounts[there]
        self.stock[site] += amount
        legs = ((other, -amount), (site, amount)) if amount > 0 else ((site, amount), (other, -amount))
        for leg, (account, gained) in enumerate(legs):
            yield "posting", (enterprise, entry, leg, account, day, seen, NOW, gained)


@dataclass(frozen=True, slots=True)
class Trade:
    """What moves, when, and on which documents (holder and number)."""

    substance: int
    quantity: int
    day: int
    permit: tuple[int | None, int | None] = (None, None)
    transport: tuple[int | None, int | None] = (None, None)

    def documents(self) -> dict[str, int | None]:
        """The columns of a movement that name them."""
        return {
            "permit_holder_id": self.permit[0],
            "permit_id": self.permit[1],
            "transport_holder_id": self.transport[0],
            "transport_permit_id": self.transport[1],
        }
