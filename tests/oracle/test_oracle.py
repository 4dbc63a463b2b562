"""Random registers: the queries and a plain Python oracle, written apart from them, agree; on both engines."""

import os
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW

sys.path.insert(0, str(Path(__file__).parent))

import generator
import oracle

from precursor import ledger
from precursor.core import db
from precursor.core.clock import Period
from precursor.core.db import Base
from precursor.exchange.importing import import_bundle
from precursor.reconciliation import listings, service, tracing
from precursor.reconciliation.figures import FIGURES

SEEDS = range(200)
PARTS = 20
#: Of each part; the statements are the same on PostgreSQL, and take longer. PRECURSOR_EVERY_SEED=1 asks for all.
MOST = {"sqlite": 4, "postgresql": 1} if not os.environ.get("PRECURSOR_EVERY_SEED") else {}


def clear(owner):
    """Empty every table, guards aside, so that one migrated database serves many registers."""
    with owner.begin() as connection:
        tables = [t for t in reversed(Base.metadata.sorted_tables) if t.name != "serial"]
        if owner.dialect.name == "postgresql":
            connection.execute(sa.text("SET session_replication_role = replica"))
            for table in tables:
                connection.execute(sa.text(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL"))
                connection.execute(sa.text(f"DELETE FROM {table.name}"))
        else:
            connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            for table in tables:
                for event in ("update", "delete", "insert"):
                    connection.execute(sa.text(f"DROP TRIGGER IF EXISTS guard_{table.name}_{event}"))
                connection.execute(sa.text(f"DELETE FROM {table.name}"))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_they_agree(engine, owner, part):
    for seed in SEEDS[part::PARTS][: MOST.get(engine.dialect.name)]:
        bundle = generator.make(seed)
        with db.transaction(engine) as session:
            attempts = import_bundle(session, encode(bundle), ACTOR, NOW)
        assert attempts == oracle.attempts(bundle), seed
        with db.reading(engine) as session:
            assert session.execute(ledger.unbalanced()).all() == []
            whole, *others = generator.views(seed)
            for start, end, as_of in (whole, others[seed % len(others)]):
                compare(session, bundle, seed, *(day(d) for d in (start, end, as_of)))
            compare_traces(session, bundle, seed, day(as_of))
        clear(owner)


def encode(bundle) -> bytes:
    import json

    return json.dumps(bundle, ensure_ascii=False).encode()


def day(value) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def compare(session, bundle, seed, start, end, as_of):
    where = (seed, str(start), str(end), str(as_of))
    city, view = service.open_view(session, Period(start, end), as_of)
    wanted = oracle.figures(bundle, start, end, as_of)
    for figure in FIGURES:
        counted, want = service.count(session, view, figure, city.counties), wanted[figure.name]
        if figure.key == "K14":
            assert (counted.total.d, counted.total.short) == (want["count"], want["late"]), where
            continue
        assert (counted.total.n, counted.total.d) == (want["n"], want["d"]), (where, figure.name)
        got = {area: [rate.n, rate.d] for area, rate in counted.by_area.items()}
        assert got == {area: list(pair) for area, pair in want["by_area"].items()}, (where, figure.name)
    coverage = service.coverage(session, view)
    want = wanted["K5_inspection_coverage"]
    assert {k: coverage[k] for k in coverage} == {
        "live": {k: list(v) if isinstance(v, list | tuple) else v for k, v in want["live"].items()},
        "by_window": {k: list(v) for k, v in want["by_window"].items()},
        "enterprises_fully_covered": list(want["enterprises_fully_covered"]),
    }, where
    assert sorted(gap.line for gap in service.gaps(session, view)) == sorted(
        oracle.gaps(bundle, start, end, as_of)
    ), where
    compare_listings(session, view, bundle, where)


def compare_listings(session, view, bundle, where):
    on, as_of = view.period.end, view.as_of
    stock = listings.stock(session, on, as_of)
    assert {k: Fraction(v["quantity"]) for k, v in stock.items()} == oracle.stock(bundle, on, as_of), where
    found = listings.documents(session, view)
    wanted = oracle.documents(bundle, view.period.start, view.period.end, as_of)
    assert found.keys() == wanted.keys(), where
    for name, want in wanted.items():
        got = found[name]
        for key in ("closed_on", "reason", "due", "verified_on"):
            assert str(got[key]) == str(want[key]), (where, name, key)
        for key in ("drawn", "left"):
            assert Fraction(got[key]) == Fraction(want[key]), (where, name, key)


def compare_traces(session, bundle, seed, as_of):
    names = sorted(oracle.stock(bundle, date.max, as_of))
    for name, up, seen in (
        (names[seed % len(names)], True, None),
        (names[-1 - seed % len(names)], False, None),
        (names[seed // 2 % len(names)], True, as_of),
    ):
        site, substance = name.rsplit("/", 1)
        texts = sorted(tracing.trace(session, name, up=up, as_of=seen)["text"])
        want = sorted(oracle.trace(bundle, site, substance, up=up, as_of=seen))
        assert texts == [text.replace(" null", " ?") for text in want], (seed, name, up, seen)
