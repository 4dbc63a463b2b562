"""Trade with those who are not on this register: other prefectures, and over the border."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from precursor.demo.agenda import ONE
from precursor.demo.life import KG, Life
from precursor.demo.names import ABROAD
from precursor.demo.papers import Paper
from precursor.demo.register import CLASS, Firm
from precursor.movements import service as movements
from precursor.movements.service import MovementKey, OfMovement
from precursor.rules.movements import MovementType as T
from precursor.rules.permits import PermitKind as K
from precursor.rules.substances import SubstanceClass
from precursor.rules.transport import DOCUMENTS
from precursor.trade import service as trade

#: The importer of the story: each so many-th of its shipments lacks a leg.
_MISSING_EACH: Final = 3


@dataclass(slots=True)
class Abroad:
    """The trade that crosses the prefecture's boundary."""

    life: Life
    carried: dict[tuple[str, str], Paper] = field(default_factory=dict)
    shipments: int = 0

    def plan(self, first: date) -> None:
        """What the month brings."""
        life, city = self.life, self.life.city
        on, rng = life.agenda.on, life.rng
        for n, firm in enumerate(city.of("producer", "trader")):
            for m, substance in enumerate(firm.substances):
                often = 1 if firm.kind == "producer" else 3
                if (first.month + n + m) % often == 0:
                    day = first + timedelta(rng.randint(13, 25))
                    on(day, self._carry_out, firm, substance)
        for n, firm in enumerate(city.of("user")):
            if (first.month + n) % 12 == 0:
                on(first + timedelta(rng.randint(2, 24)), self._buy, firm)
        for n, firm in enumerate(city.of("importer_exporter")):
            if (first.month + n) % 2 == 0:
                on(first + timedelta(rng.randint(1, 9)), self._ship, firm, is_import=True)
            elif first.month % 3 == 0:
                on(first + timedelta(rng.randint(1, 9)), self._ship, firm, is_import=False)

    def _carry_out(self, firm: Firm, substance: str) -> None:
        """Sell to another prefecture on a transport document."""
        life = self.life
        lot = KG if CLASS[substance] is SubstanceClass.CAT1_NON_DRUG else 50 * KG
        share = 3 if firm.kind == "producer" else 4
        amount = life.stock[firm.site, substance] // share // lot * lot
        if amount <= 0:
            return
        paper = self._transport(firm, substance, amount)
        life.agenda.on(life.agenda.day + timedelta(2), self._sold, firm, substance, amount, paper)

    def _transport(self, firm: Firm, substance: str, amount: int) -> Paper:
        """The sender's transport document: the one in force while it lasts, else a new one."""
        life, day = self.life, self.life.agenda.day + timedelta(2)
        paper = self.carried.get((firm.id, substance))
        if paper is None or not paper.covers(day, amount):
            (kind,) = DOCUMENTS[CLASS[substance]]
            single = CLASS[substance] is SubstanceClass.CAT1_NON_DRUG
            paper = life.papers.issue(
                kind,
                firm,
                substance,
                quantity=amount if single else amount * 3,
                consignee=self._buyer(firm),
                carrier=life.rng.choice(life.city.of("carrier")).number,
                stated={"plates": f"清A·D{life.rng.randint(1000, 9999)}"},
                route=[life.city.area[firm.county], life.city.area[ABROAD[0]]],
            )
            self.carried[firm.id, substance] = paper
        paper.left = 0 if paper.single else paper.left - amount
        return paper

    def _buyer(self, firm: Firm) -> int:
        """Whom the firm sells to outside, for good."""
        return self.life.city.outside[("X1", "X2", "X3")[firm.number % 3]]

    def _sold(self, firm: Firm, substance: str, amount: int, paper: Paper) -> None:
        life, day = self.life, self.life.agenda.day
        if life.stock[firm.site, substance] < amount or not paper.is_usable:
            return
        (key,) = movements.reserve(life.agenda.session, [firm.number])
        life.move(
            firm, T.SALE_OUT, substance, amount, key=key, external=self._buyer(firm),
            external_permit=f"邻公备{day:%Y}{life.count:05d}", transport=paper.key,
        )  # fmt: skip
        life.papers.drawn(paper, amount)
        life.report(key, firm, substance)
        self._confirm(firm, key, amount)

    def _confirm(self, firm: Firm, key: MovementKey, amount: int) -> None:
        """The outside party confirms what it got, or sent: nearly always."""
        life = self.life
        if life.bad(firm, 0.015, 0.08):
            return
        on = life.agenda.day + timedelta(life.rng.randint(1, 3))
        command = OfMovement(key=key, day=on, recorded_on=on, quantity=amount)
        life.agenda.enter(movements.confirm, command, on)

    def _buy(self, firm: Firm) -> None:
        """Buy from another prefecture on one's own document."""
        life, substance = self.life, firm.substances[0]
        lot = KG if CLASS[substance] is SubstanceClass.CAT1_NON_DRUG else 25 * KG
        seller, amount = life.city.outside["X2"], life.rng.randint(2, 8) * lot
        day = life.agenda.day + timedelta(3)
        paper = life.papers.purchase(firm, seller, substance, day, amount)
        life.agenda.on(day, self._bought, firm, substance, amount, seller, paper)

    def _bought(self, firm: Firm, substance: str, amount: int, seller: int, paper: Paper) -> None:
        life = self.life
        if not paper.is_usable:
            return
        (key,) = movements.reserve(life.agenda.session, [firm.number])
        life.move(firm, T.PURCHASE_IN, substance, amount, key=key, external=seller, permit=paper.key)
        life.papers.drawn(paper, amount)
        self._confirm(firm, key, amount)

    # -------------------------------------------------------------- over the border

    def _ship(self, firm: Firm, *, is_import: bool) -> None:
        life, substance = self.life, firm.substances[0]
        amount = life.rng.randint(4, 20) * 500 * KG
        if not is_import:
            amount = life.stock[firm.site, substance] // 3 // KG * KG
        day = life.agenda.day + timedelta(8)
        if amount <= 0 or day > life.city.today - timedelta(14):
            return  # what crossed the border just now is still being looked at
        direction = "import" if is_import else "export"
        stated = {"direction": direction}
        licence = life.papers.issue(K.IMPORT_EXPORT_LICENCE, firm, substance, quantity=amount, stated=stated)
        life.agenda.on(day, self._customs, firm, substance, amount, direction, licence)

    def _customs(self, firm: Firm, substance: str, amount: int, direction: str, licence: Paper) -> None:
        life, day = self.life, self.life.agenda.day
        if direction == "export" and life.stock[firm.site, substance] < amount:
            return
        self.shipments += 1
        command = trade.RecordShipment(
            outside_id=f"TG-{day:%y%m%d}-{firm.id}", direction=direction, enterprise_id=firm.number,
            substance_id=life.city.substance[substance], quantity=amount, customs_day=day, licence=licence.number,
            customs_number=f"BG{day:%y}{self.shipments:05d}", recorded_on=day,
        )  # fmt: skip
        (shipment,) = trade.record(life.agenda.session, [command], *life.agenda.at())
        licence.drawn = amount
        kind = T.IMPORT_IN if direction == "import" else T.EXPORT_OUT
        life.move(firm, kind, substance, amount, shipment=shipment)
        self._legs(firm, substance, shipment)

    def _legs(self, firm: Firm, substance: str, shipment: int) -> None:
        """Each leg is asked for at once and answered some days later; the importer of the story waits in vain."""
        life = self.life
        firm.shipped += 1
        waits = firm is life.city.cast("importer_exporter") and firm.shipped % _MISSING_EACH == 2
        for leg in ("foreign", "domestic"):
            command: dict[str, Any] = {"shipment_id": shipment, "leg": leg}
            day = life.agenda.day
            pending = trade.RecordLeg(**command, state="pending", day=None, reason=None, recorded_on=day)
            life.agenda.enter(trade.record_legs, pending)
            if waits and (leg == "foreign") == (firm.shipped % (2 * _MISSING_EACH) == 2):
                continue
            free = leg == "foreign" and CLASS[substance] is SubstanceClass.CAT3
            on = day + ONE * life.rng.randint(2, 12)
            answer = trade.RecordLeg(
                **command,
                state="not_required" if free else "verified",
                day=on,
                reason="该国家不在特别管理名录,无需国际核查" if free else None,
                recorded_on=on,
            )
            life.agenda.enter(trade.record_legs, answer, on)
