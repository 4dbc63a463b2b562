"""The worked city without its facts, for tests that sell."""

from contextlib import contextmanager
from datetime import date

import api_kit
import sqlalchemy as sa
from conftest import ACTOR, NOW, load, worked_bundle

from precursor.areas.models import Area
from precursor.core import db, migrate
from precursor.enterprises.models import Party, Site
from precursor.movements import acts
from precursor.movements import service as movements
from precursor.movements.intents import Enter
from precursor.movements.service import MovementKey
from precursor.permits import service as permits
from precursor.permits.models import PermitBalance
from precursor.permits.service import IssuePermit, PermitKey
from precursor.rules.movements import MovementType
from precursor.substances.models import Substance

DAY = date(2026, 1, 20)
KG = 10**6


class City:
    """The register of the worked city without its facts, and numbers looked up by id."""

    def __init__(self, engine):
        self.engine = engine
        bundle = worked_bundle()
        for name in ("movements", "stocktakes", "attempts", "permits", "incidents", "shipments"):
            bundle[name] = []
        load(engine, bundle)
        with db.reading(engine) as session:
            self.site = self._ids(session, Site)
            self.party = self._ids(session, Party)
            self.substance = self._ids(session, Substance)
            self.area = self._ids(session, Area)
        for seller, substance in (("E01", "H2SO4"), ("E01", "HCL"), ("E02", "AC2O"), ("E03", "HCL"), ("E04", "TOL")):
            self.licence(seller, substance)

    @staticmethod
    def _ids(session, model):
        rows = session.execute(sa.select(model.outside_id, model.id)).all()
        return dict(rows)

    def licence(self, seller, substance, kind="production_filing"):
        """What lets a seller sell; of no interest to the figures."""
        self.permit(
            outside_id=f"LICENCE-{seller}-{substance}",
            kind=kind,
            holder=self.party[seller],
            substance=self.substance[substance],
            quantity=10**15,
            valid_from=date(2025, 1, 1),
            valid_to=date(2027, 12, 31),
            seller=None,
        )

    def permit(self, **changes) -> PermitKey:
        wanted = {
            "outside_id": f"T{len(changes)}-{'-'.join(map(str, changes.values()))}",
            "kind": "purchase_filing",
            "holder": self.party["E05"],
            "substance": self.substance["H2SO4"],
            "quantity": 100 * KG,
            "valid_from": date(2026, 1, 10),
            "valid_to": date(2026, 2, 9),
            "uses": "multi",
            "area": self.area["X"],
            "seller": self.party["E01"],
        }
        with db.transaction(self.engine) as session:
            return permits.issue(session, [IssuePermit(**(wanted | changes))], ACTOR, NOW)[0]

    def sale(self, permit, **changes) -> Enter:
        """A sale of sulfuric acid from E01 to E05, as it is asked for."""
        wanted = {
            "site": self.site["S-E01"],
            "type": MovementType.SALE_OUT,
            "substance": self.substance["H2SO4"],
            "quantity": 10 * KG,
            "day": DAY,
            "permit": permit,
            "other_site": self.site["S-E05"],
        }
        return Enter(**(wanted | changes))

    def sell(self, permit, **changes):
        """Make that sale; returns its key and that of the receipt to come."""
        with db.transaction(self.engine) as session:
            sale = acts.enter(session, self.sale(permit, **changes), None, ACTOR, NOW)
            made = movements.standing(session, sale)
            receipt = made.other_id and MovementKey(made.other_enterprise_id, made.other_id)
        return sale, receipt

    def receive(self, session, sale, quantity, site="S-E05"):
        """The buyer's entry of a sale."""
        entry = Enter(
            site=self.site[site],
            type=MovementType.PURCHASE_IN,
            substance=movements.standing(session, sale).substance_id,
            quantity=quantity,
            day=DAY,
            other=sale,
            permit=acts.document_of(movements.standing(session, sale)),
        )
        return acts.enter(session, entry, None, ACTOR, NOW)

    def drawn(self, permit):
        with db.reading(self.engine) as session:
            balance = session.get_one(PermitBalance, (permit.holder, permit.id))
            return balance.drawn, balance.draws

    def count(self, model):
        with db.reading(self.engine) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(model))


@contextmanager
def opened(home, **kw):
    """A door to such a city on SQLite, and the city."""
    url = f"sqlite:///{home / 'city.db'}"
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    with api_kit.door(url, home, **kw) as door:
        yield door, City(door.engine)
