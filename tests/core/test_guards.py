"""The database itself refuses to change, delete or replace a record: on both engines, after every migration."""

import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW, WORKED, load

from precursor.core import db, guards, migrate
from precursor.core.db import Base, is_append_only

GUARDED = sorted(t.name for t in Base.metadata.tables.values() if is_append_only(t))


def attacks(table: sa.Table) -> list[str]:
    column = next(iter(table.primary_key)).name
    columns = ", ".join(c.name for c in table.c)
    return [
        f"UPDATE {table.name} SET {column} = {column}",
        f"DELETE FROM {table.name}",
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {table.name} WHERE true "
        f"ON CONFLICT ({', '.join(c.name for c in table.primary_key)}) DO UPDATE SET {column} = excluded.{column}",
    ]


def sqlite_attacks(table: sa.Table) -> list[str]:
    column = next(iter(table.primary_key)).name
    return [
        f"INSERT OR REPLACE INTO {table.name} SELECT * FROM {table.name}",
        f"REPLACE INTO {table.name} SELECT * FROM {table.name}",
        f"UPDATE OR REPLACE {table.name} SET {column} = {column}",
        f"DROP TRIGGER guard_{table.name}_update",
        f"DROP TABLE {table.name}",
        f"ALTER TABLE {table.name} RENAME TO gone",
    ]


@pytest.fixture
def filled(engine):
    load(engine, WORKED)
    return engine


def contents(engine, name):
    with engine.connect() as connection:
        return connection.execute(sa.text(f"SELECT * FROM {name}")).fetchall()


def holds(engine, table, statements):
    before = contents(engine, table.name)
    for statement in statements:
        with engine.connect().execution_options(**db.WRITE) as connection, pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text(statement))
    assert contents(engine, table.name) == before


def test_every_table_says_whether_its_rows_may_change():
    marked = {t.name for t in Base.metadata.tables.values() if "append_only" in t.info}
    library = {"user_account", "user_role", "roles_users", "webauthn"}  # as Flask-Security makes them
    assert Base.metadata.tables.keys() - marked == library
    assert {"movement", "posting", "draw", "verification", "inspection", "audit_entry"} <= set(GUARDED)


def test_records_cannot_be_changed_deleted_or_replaced(filled):
    for name in GUARDED:
        table = Base.metadata.tables[name]
        if not contents(filled, name):
            continue
        own = sqlite_attacks(table) if filled.dialect.name == "sqlite" else [f"TRUNCATE {name} CASCADE"]
        holds(filled, table, attacks(table) + own)


def test_the_owner_too_meets_the_triggers(filled, owner):
    table = Base.metadata.tables["movement"]
    own = sqlite_attacks(table)[:3] if owner.dialect.name == "sqlite" else []
    holds(owner, table, attacks(table) + own)


def test_a_missing_guard_is_noticed(filled, owner):
    with owner.begin() as connection:
        assert guards.missing(connection) == []
        on = "" if owner.dialect.name == "sqlite" else " ON movement"
        trigger = "guard_movement_update" if owner.dialect.name == "sqlite" else "guard_row"
        connection.execute(sa.text(f"DROP TRIGGER {trigger}{on}"))
        assert guards.missing(connection) == ["movement"]


def test_guards_are_there_after_every_migration(url):
    engine = db.connect(url, owner=True)
    for revision in revisions():
        migrate.migrate(engine, revision)
        with engine.connect() as connection:
            assert guards.guarded_tables(connection)
            assert guards.missing(connection) == []
    engine.dispose()


def revisions():
    from alembic.script import ScriptDirectory

    return [r.revision for r in ScriptDirectory.from_config(migrate.config()).walk_revisions()][::-1]


def test_an_audit_entry_is_there_for_every_record(filled):
    with db.reading(filled) as session:
        entries = session.scalar(sa.text("SELECT count(*) FROM audit_entry"))
        derived = {"audit_entry", "posting", "account", "route_stop"}  # made by the record that an entry is about
        records = sum(
            session.scalar(sa.text(f"SELECT count(*) FROM {t.name}"))
            for t in Base.metadata.tables.values()
            if "append_only" in t.info and t.name not in derived | {"serial", "stock", "permit_balance", "login"}
        )
        openings = session.scalar(
            sa.text("SELECT count(*) FROM posting p JOIN account a ON a.id = p.account_id WHERE a.kind = 'opening'")
        )
    assert openings == 11  # an opening stock is postings alone, and an entry
    assert entries == records + openings


def test_without_its_audit_entry_nothing_is_written(engine, owner):
    with owner.begin() as connection:
        if owner.dialect.name == "sqlite":
            connection.execute(
                sa.text("CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END")
            )
        else:
            connection.execute(sa.text("ALTER TABLE audit_entry ADD CHECK (id < 0) NOT VALID"))
    with pytest.raises(sa.exc.DBAPIError):
        load(engine, WORKED)
    with db.reading(engine) as session:
        assert session.scalar(sa.text("SELECT count(*) FROM party")) == 0


def test_an_entry_carries_the_digest_of_the_whole_row(filled):
    import json

    from precursor.audit.service import _plain
    from precursor.core import canonical

    with db.reading(filled) as session:
        row = session.execute(sa.select(Base.metadata.tables["inspection"])).mappings().first()
        found = [
            json.loads(text)
            for text in session.scalars(
                sa.text("SELECT entry FROM audit_entry WHERE entry LIKE '%inspection.record%'")
            )
        ]
    entry = next(e for e in found if e["object"]["id"] == row["outside_id"])
    assert entry["row"] == canonical.digest(canonical.encode({k: _plain(v) for k, v in row.items()}))
    assert entry["actor"] == {"account": ACTOR.account, "person": ACTOR.person, "role": ACTOR.role}
    assert entry["at"] == NOW.isoformat().replace("+00:00", "Z")


def test_the_application_cannot_open_the_schema_of_sqlite(tmp_path):
    url = f"sqlite:///{tmp_path / 's.db'}"
    migrate.migrate(db.connect(url, owner=True))
    engine = db.connect(url)
    for statement in (
        "PRAGMA WRITABLE_SCHEMA = ON",
        "PRAGMA Recursive_Triggers = OFF",
        "DELETE FROM sqlite_master WHERE type = 'trigger'",
        "ATTACH DATABASE ':memory:' AS other",
    ):
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
            connection.exec_driver_sql(statement)
    engine.dispose()
