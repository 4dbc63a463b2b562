"""Sixteen processes on one document: exactly the draws it allows, on both engines."""

import json
import pickle
import subprocess
import sys

import pytest
import racing
import sqlalchemy as sa
from conftest import NOW
from empty_city import DAY, KG, City

from precursor import ledger
from precursor.core import db
from precursor.movements.service import Sell
from precursor.permits.models import Draw

PROCESSES = 16


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uses", "allowed", "loser"), [("single", 1, "PERMIT_USED_UP"), ("multi", 10, "PERMIT_USED_UP")]
)
def test_never_more_than_the_document_holds(url, engine, uses, allowed, loser):
    city = City(engine)
    permit = city.permit(uses=uses, quantity=100 * KG)
    command = Sell(
        site=city.site["S-E01"],
        substance=city.substance["H2SO4"],
        quantity=10 * KG,
        day=DAY,
        buyer=city.party["E05"],
        permit=permit,
        to_site=city.site["S-E05"],
    )
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
