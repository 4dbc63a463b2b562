"""Sixteen processes on one document: exactly the draws it allows, on both engines."""

import json
import pickle
import subprocess
import sys

import pytest
import racing
import sqlalchemy as sa
from conftest import ACTOR, NOW
from empty_city import DAY, KG, City

from precursor import ledger
from precursor.core import db
from precursor.movements import service as movements
from precursor.movements.service import RecordMovement
from precursor.permits.models import Draw
from precursor.rules.movements import MovementType

PROCESSES = 16


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uses", "allowed", "loser"), [("single", 1, "PERMIT_USED_UP"), ("multi", 10, "PERMIT_USED_UP")]
)
def test_never_more_than_the_document_holds(url, engine, uses, allowed, loser):
    city = City(engine)
    permit = city.permit(uses=uses, quantity=100 * KG)
    command = city.sale(permit)
    done = subprocess.run(
        [sys.executable, racing.__file__, url, str(PROCESSES)],
        input=pickle.dumps((command, NOW)),
        capture_output=True,
        check=True,
        timeout=240,
    )
    outcome = json.loads(done.stdout)
    assert outcome == {"sold": allowed, loser: PROCESSES - allowed}
    assert city.drawn(permit) == (allowed * 10 * KG, allowed)
    with db.reading(engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Draw)) == allowed
        assert session.execute(ledger.unbalanced()).all() == []


def test_a_receipt_that_comes_in_meanwhile_lets_no_overdraft_pass(engine):
    """Between the refused change of the stock and the look at its days, another process brings goods in."""
    if engine.dialect.name == "sqlite":
        return  # one writer at a time
    city = City(engine)

    def moved(kind, quantity):
        return RecordMovement(
            site=city.site["S-E01"],
            enterprise=city.party["E01"],
            type=kind,
            substance=city.substance["HCL"],
            quantity=quantity,
            day=DAY,
            recorded_on=DAY,
        )

    came_in = []

    def meanwhile(connection, cursor, statement, *_):
        if "FOR UPDATE" in statement and not came_in:
            came_in.append(1)
            with db.transaction(other) as session:
                movements.record(session, [moved(MovementType.PRODUCTION_IN, 100 * KG)], ACTOR, NOW)

    other = db.connect(engine.url.render_as_string(hide_password=False))
    sa.event.listen(engine, "before_cursor_execute", meanwhile)
    with db.transaction(engine) as session:
        movements.record(session, [moved(MovementType.USE_OUT, 20_050 * KG)], ACTOR, NOW)
    sa.event.remove(engine, "before_cursor_execute", meanwhile)
    other.dispose()
    assert came_in
    with db.reading(engine) as session:
        assert session.execute(ledger.unbalanced()).all() == []
