"""What is no everyday trade: transfers to the depot, returns, samples, losses, disposals, corrections, refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa

from precursor.core.clock import SHANGHAI
from precursor.demo.life import KG, Life
from precursor.demo.papers import Paper
from precursor.demo.register import CLASS, Firm
from precursor.incidents import service as incidents
from precursor.movements import corrections
from precursor.movements import service as movements
from precursor.movements.models import Movement
from precursor.movements.service import MovementKey, RecordMovement
from precursor.permits import service as permits
from precursor.rules.movements import MovementType as T
from precursor.rules.permits import PermitKind as K
from precursor.rules.permits import Uses
from precursor.rules.substances import SubstanceClass

_KINDS: Final = ("loss", "theft", "loss", "leak")
_LATE_HOURS: Final = 60


@dataclass(slots=True)
class Events:
    """What happens now and then."""

    life: Life
    losses: int = 0

    def plan(self, first: date) -> None:
        """What the month brings."""
        life, city = self.life, self.life.city
        on, rng = life.agenda.on, life.rng
        for n, firm in enumerate(city.of("producer", "trader")):
            day = first + timedelta(rng.randint(6, 26))
            if firm.depot and (first.month + n) % 3 == 0:
                on(day, self._transfer, firm, is_back=False)
            elif firm.depot and (first.month + n) % 3 == 1:
                on(day, self._transfer, firm, is_back=True)
            if (first.month + n) % 12 == 0:
                on(day, self._sample, firm)
        for n, firm in enumerate(city.of("user")):
            if (first.month + 5 * n) % 120 == 1 or n == first.month:
                on(first + timedelta(rng.randint(2, 20)), self._ask_in_vain, firm)
            if (first.month + n) % 24 == 0:
                on(first + timedelta(rng.randint(9, 26)), self._give_back, firm)
        for month, deed in self._yearly().items():
            if first.month == month:
                on(first + timedelta(14), deed)

    def _yearly(self) -> dict[int, Callable[[], None]]:
        return {
            1: self._lose,
            3: self._revoke,
            4: self._lose,
            5: self._destroy,
            6: self._correct,
            7: self._lose,
            8: self._hand_over,
            10: self._lose,
            11: self._correct,
        }

    def _transfer(self, firm: Firm, *, is_back: bool) -> None:
        """Between the main store and the depot."""
        life, substance = self.life, firm.substances[0]
        giver, taker = (firm.depot, firm.site) if is_back else (firm.site, firm.depot)
        amount = life.stock[giver, substance] // (1 if is_back else 5) // KG * KG
        if amount <= 0:
            return
        given, taken = life.pair(firm, firm)
        life.move(firm, T.TRANSFER_OUT, substance, amount, site=giver, key=given, other=taken)
        if not life.bad(firm, 0.004, 0.05):
            life.move(firm, T.TRANSFER_IN, substance, amount, site=taker, key=taken, other=given)

    def _sample(self, firm: Firm) -> None:
        life, substance = self.life, firm.substances[0]
        if life.stock[firm.site, substance] > KG:
            usage = f"QY-{life.agenda.day:%y%m}-{firm.id}"
            life.move(firm, T.SAMPLE_OUT, substance, KG // 2, usage_record=usage)

    def _give_back(self, buyer: Firm) -> None:
        """Goods of poor quality go back to whom they came from."""
        life, substance = self.life, buyer.substances[0]
        seller, amount = life.suppliers.get((buyer.id, substance)), life.stock[buyer.site, substance] // 4 // KG * KG
        if seller is None or amount <= 0 or amount > self._bought(buyer, seller, substance):
            return
        given, taken = life.pair(buyer, seller)
        life.move(buyer, T.RETURN_OUT, substance, amount, key=given, other=taken)
        life.move(seller, T.RETURN_IN, substance, amount, key=taken, other=given)

    def _bought(self, buyer: Firm, seller: Firm, substance: str) -> int:
        query = sa.select(sa.func.coalesce(sa.func.sum(Movement.quantity), 0)).where(
            Movement.enterprise_id == buyer.number,
            Movement.other_enterprise_id == seller.number,
            Movement.substance_id == self.life.city.substance[substance],
            Movement.type == T.PURCHASE_IN.value,
        )
        return int(self.life.agenda.session.scalar(query) or 0)

    def _lose(self) -> None:
        """Something is missing. It is reported within the day; by the producer of the story later."""
        life, city, day = self.life, self.life.city, self.life.agenda.day
        self.losses += 1
        late = self.losses % 4 == 3
        firms = city.of("producer", "trader")
        firm = city.cast("producer") if late else firms[self.losses * 3 % len(firms)]
        substance = firm.substances[0]
        amount = life.upto(firm.site, substance, self.losses * KG)
        if amount <= 0:
            return
        found = datetime.combine(day, time(9), SHANGHAI)
        told = found + timedelta(hours=_LATE_HOURS if late else 2 + self.losses % 5)
        command = incidents.RecordIncident(
            outside_id=f"LS-{day:%y}-{self.losses:02d}", enterprise_id=firm.number, site_id=firm.site,
            substance_id=city.substance[substance], quantity=amount, kind=_KINDS[self.losses % 4], day=day,
            discovered_at=found, reported_at=told, discovered_text=found.isoformat(),
            reported_text=told.isoformat(), recorded_on=told.date(),
        )  # fmt: skip
        life.agenda.on(told.date(), self._lost, firm, substance, amount, command)

    def _lost(self, firm: Firm, substance: str, amount: int, command: incidents.RecordIncident) -> None:
        life = self.life
        if life.stock[firm.site, substance] >= amount:
            (number,) = incidents.record(life.agenda.session, [command], *life.agenda.at())
            life.move(firm, T.LOSS_OUT, substance, amount, incident=number)

    def _destroy(self) -> None:
        """A disposal: the register knows no record of it yet, so it shows as a gap until somebody explains."""
        life = self.life
        firm = life.city.of("producer")[1]
        if life.stock[firm.site, firm.substances[0]] > 20 * KG:
            life.move(firm, T.DISPOSAL_OUT, firm.substances[0], 20 * KG, reason="过期报废,监督销毁")

    def _hand_over(self) -> None:
        """A trader takes what another one leaves over, on a transfer filing of another province."""
        life = self.life
        for giver, taker in zip(life.city.of("trader")[1:4:2], life.city.of("trader")[2:5:2], strict=False):
            substance = giver.substances[0]
            amount = life.upto(giver.site, substance, 200 * KG)
            if amount > 0:
                more: dict[str, Any] = {"quantity": amount, "seller": giver.number, "uses": Uses.SINGLE, "days": 29}
                paper = life.papers.issue(K.TRANSFER_FILING, taker, substance, **more)
                self._sell_next_day(giver, taker, substance, amount, paper)

    def _sell_next_day(self, giver: Firm, taker: Firm, substance: str, amount: int, paper: Paper) -> None:
        life = self.life
        life.agenda.on(life.agenda.day + timedelta(2), life.sell, giver, taker, substance, amount, paper)

    # -------------------------------------------------------------- documents and corrections

    def _open_papers(self) -> list[Paper]:
        life = self.life
        return [
            paper
            for paper in life.papers.held.values()
            if paper.kind is K.PURCHASE_FILING and paper.is_usable and not paper.single and paper.drawn
        ]

    def _ask_in_vain(self, buyer: Firm) -> None:
        """A document that is never used: it runs out, and is verified all the same."""
        life, substance = self.life, buyer.substances[0]
        seller = life.supplier(buyer, substance, "trader")
        if seller is not None and CLASS[substance] is not SubstanceClass.CAT1_NON_DRUG:
            life.papers.issue(
                K.PURCHASE_FILING,
                buyer,
                substance,
                quantity=100 * KG,
                seller=seller.number,
                uses=Uses.SINGLE,
                days=29,
            )

    def _revoke(self) -> None:
        """Two buyers lose their document; that of a third is suspended for three weeks."""
        life = self.life
        held = self._open_papers()
        for paper in held[1:3]:
            life.agenda.tonight(self._take, paper)
        for paper in held[3:4]:
            life.agenda.tonight(self._suspend, paper)

    def _take(self, paper: Paper) -> None:
        if paper.is_usable and paper.busy_until < self.life.agenda.day:
            self.life.papers.revoke(paper)

    def _suspend(self, paper: Paper) -> None:
        """Nothing is drawn on it meanwhile: what was promised on it is not delivered."""
        agenda = self.life.agenda
        if not paper.is_usable or paper.busy_until >= agenda.day:
            return
        paper.is_suspended = True
        permits.suspend(agenda.session, paper.key, "suspended", "用途核实中", *agenda.at())
        agenda.on(agenda.day + timedelta(21), self._reinstate, paper)

    def _reinstate(self, paper: Paper) -> None:
        agenda = self.life.agenda
        paper.is_suspended = False
        permits.suspend(agenda.session, paper.key, "reinstated", "用途核实无误", *agenda.at())

    def _correct(self) -> None:
        """A use was booked with a wrong amount: reversed by two people, and booked again."""
        life = self.life
        for firm in life.city.of("user")[2:5]:
            substance = firm.substances[0]
            amount = life.stock[firm.site, substance] // 2 // KG * KG
            if amount > KG:
                (key,) = movements.reserve(life.agenda.session, [firm.number])
                usage = f"LL-{life.agenda.day:%y%m}-{firm.id}"
                life.move(firm, T.USE_OUT, substance, amount, key=key, usage_record=usage)
                self._ask(firm, key, substance, amount)

    def _ask(self, firm: Firm, key: MovementKey, substance: str, amount: int) -> None:
        agenda = self.life.agenda
        asked = agenda.day + timedelta(1)
        agenda.on(asked, self._ask_now, firm, key)
        agenda.on(asked + timedelta(1), self._approve, firm, key, substance, amount)

    def _ask_now(self, firm: Firm, key: MovementKey) -> None:
        agenda = self.life.agenda
        corrections.ask(agenda.session, key, "数量录入有误", *agenda.by(f"KG-{firm.id}", "ent_keeper"))

    def _approve(self, firm: Firm, key: MovementKey, substance: str, amount: int) -> None:
        life, agenda = self.life, self.life.agenda
        corrections.approve(agenda.session, key, *agenda.by(f"GL-{firm.id}", "ent_admin"))
        life.stock[firm.site, substance] += KG
        self.life.count += 1
        command = RecordMovement(
            key=key,
            version=1,
            outside_id=f"M{life.count:06d}",
            site=firm.site,
            enterprise=firm.number,
            type=T.USE_OUT,
            substance=life.city.substance[substance],
            quantity=amount - KG,
            day=agenda.day - timedelta(2),
            recorded_on=agenda.day,
            usage_record=f"LL-{agenda.day:%y%m}-{firm.id}",
            reason="冲销重记",
        )
        agenda.enter(movements.record, command)
