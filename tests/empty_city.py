"""The worked city without its facts, for tests that sell."""

from datetime import date

import sqlalchemy as sa
from conftest import ACTOR, NOW, load, worked_bundle

from precursor.areas.models import Area
from precursor.core import db
from precursor.enterprises.models import Party, Site
from precursor.movements import service as movements
from precursor.movements.service import Sell
from precursor.permits import service as permits
from precursor.permits.models import PermitBalance
from precursor.permits.service import IssuePermit, PermitKey
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

    @staticmethod
    def _ids(session, model):
        rows = session.execute(sa.select(model.outside_id, model.id)).all()
        return dict(rows)

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

    def sell(self, permit, **changes):
        wanted = {
            "site": self.site["S-E01"],
            "substance": self.substance["H2SO4"],
            "quantity": 10 * KG,
            "day": DAY,
            "buyer": self.party["E05"],
            "permit": permit,
            "to_site": self.site["S-E05"],
        }
        with db.transaction(self.engine) as session:
            return movements.sell(session, Sell(**(wanted | changes)), ACTOR, NOW)

    def drawn(self, permit):
        with db.reading(self.engine) as session:
            balance = session.get_one(PermitBalance, (permit.holder, permit.id))
            return balance.drawn, balance.draws

    def count(self, model):
        with db.reading(self.engine) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(model))
