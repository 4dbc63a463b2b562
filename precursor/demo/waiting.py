"""What waits for somebody on the last day, so that whoever logs in finds something to do."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from precursor.demo.agenda import ONE
from precursor.demo.life import KG, Life
from precursor.demo.register import Firm
from precursor.movements import corrections
from precursor.movements.models import Movement
from precursor.movements.service import MovementKey
from precursor.rules.movements import MovementType as T


@dataclass(slots=True)
class Waiting:
    """Goods on their way, a reversal to be approved, a document about to end."""

    life: Life

    def plan(self) -> None:
        """The last days."""
        agenda, city = self.life.agenda, self.life.city
        buyers = [city.culprit, city.culprit, city.careless, *city.of("user")[1:4]]
        for n, buyer in enumerate(buyers):
            kind = "producer" if buyer is city.culprit else "trader"
            substance = buyer.substances[n % 2 if buyer is city.culprit else 0]
            agenda.on(agenda.today - ONE, self._send, buyer, substance, kind)
        agenda.on(agenda.today - ONE, self._send_drug, city.of("pharma_wholesaler")[0], city.of("hospital")[0])
        agenda.on(agenda.today, agenda.tonight, self._ask_reversal, city.culprit)
        for firm in (city.culprit, city.careless):
            agenda.on(agenda.today - timedelta(160), self._renew, firm)

    def _send(self, buyer: Firm, substance: str, kind: str) -> None:
        """Sold and sent yesterday; the receipt is still to be confirmed."""
        life = self.life
        seller = life.supplier(buyer, substance, kind)
        if seller is None or life.stock[seller.site, substance] < 50 * KG:
            return
        amount = 50 * KG
        paper = life.papers.purchase(buyer, seller.number, substance, life.agenda.day, amount)
        given, taken = life.pair(seller, buyer)
        life.move(seller, T.SALE_OUT, substance, amount, key=given, other=taken, permit=paper.key)
        life.papers.drawn(paper, amount)
        life.report(given, seller, substance)

    def _send_drug(self, seller: Firm, buyer: Firm) -> None:
        """Ephedrine for the hospital, on its seal card."""
        life = self.life
        if life.upto(seller.site, "EPH", 60) == 60:
            given, taken = life.pair(seller, buyer)
            life.move(seller, T.SALE_OUT, "EPH", 60, key=given, other=taken, exempt="seal_card")
            life.report(given, seller, "EPH")

    def _renew(self, firm: Firm) -> None:
        """A document that ends within thirty days of the last day, with something left on it."""
        life, substance = self.life, firm.substances[0]
        seller = life.supplier(firm, substance, "producer" if firm.kind == "trader" else "trader")
        if seller is not None:
            life.papers.held.pop((firm.id, seller.number, substance), None)
            life.papers.purchase(firm, seller.number, substance, life.agenda.day, 400 * KG)

    def _ask_reversal(self, firm: Firm) -> None:
        """The keeper of the trader asks to take back its latest delivery: its amount is in doubt."""
        agenda = self.life.agenda
        query = (
            sa.select(Movement.enterprise_id, Movement.id)
            .where(Movement.enterprise_id == firm.number, Movement.type == T.SALE_OUT.value)
            .order_by(Movement.day.desc(), Movement.id.desc())
            .limit(1)
        )
        for enterprise, number in agenda.session.execute(query).all():
            key = MovementKey(enterprise, number)
            corrections.ask(agenda.session, key, "发货数量录入有误,待核实", *agenda.by(f"KG-{firm.id}", "ent_keeper"))
