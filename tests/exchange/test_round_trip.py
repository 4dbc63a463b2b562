"""Export, then import into an empty database: the same figures, and the same bundle again; on both engines."""

import json

import pytest
from acceptance_kit import lines, report
from conftest import ACTOR, DATA, NOW, WORKED, load

from precursor.core import db, migrate
from precursor.exchange.exporting import export_bundle
from precursor.exchange.importing import import_bundle
from precursor.movements import corrections
from precursor.movements.corrections import Reverse
from precursor.movements.service import MovementKey


def exported(engine):
    with db.reading(engine) as session:
        return export_bundle(session)


def plain(bundle: dict) -> dict:
    """A bundle without the choice between 1 and "1.0", between null and absent."""

    def simple(record):
        if isinstance(record, dict):
            return {k: simple(v) for k, v in record.items() if v is not None}
        return record

    def key(record):
        return json.dumps(record, sort_keys=True, ensure_ascii=False)

    return {k: sorted(map(simple, v), key=key) if isinstance(v, list) else v for k, v in bundle.items()}


@pytest.mark.parametrize(
    ("source", "year", "as_of"), [(WORKED, "2025", "2026-01-31"), (DATA / "second_city.json", "2023", "2024-02-06")]
)
def test_the_same_register_again(engine, tmp_path, source, year, as_of):
    load(engine, source)
    text, left_out = exported(engine)
    assert left_out == []
    if source is WORKED:
        assert plain(json.loads(text)) == plain(json.loads(source.read_text("utf-8")))
    url = f"sqlite:///{tmp_path / 'again.db'}"
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    again = db.connect(url)
    with db.transaction(again) as session:
        import_bundle(session, text.encode(), ACTOR, NOW)
    assert report(again, year, as_of) == report(engine, year, as_of)
    assert lines(again, year, as_of) == lines(engine, year, as_of)
    assert exported(again)[0] == text
    again.dispose()


def test_what_the_schema_cannot_hold_is_named(engine):
    load(engine, WORKED)
    with db.transaction(engine) as session:
        use = next(m for m in session.scalars(sa_select()) if m.outside_id == "M36")
        key = MovementKey(use.enterprise_id, use.id)
        corrections.reverse(
            session, Reverse(key=key, reason="x", requested_by="P-TEST", approved_by="P-OTHER"), ACTOR, NOW
        )
    text, left_out = exported(engine)
    assert left_out == ["1 reversals: only what stands is exported"]
    assert "M36" not in {m["id"] for m in json.loads(text)["movements"]}


def sa_select():
    import sqlalchemy as sa

    from precursor.movements.models import Movement

    return sa.select(Movement)
