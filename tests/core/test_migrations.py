"""Migrations: numbered without a gap, equal to the models, up and down with data, on both engines."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import WORKED, load

from precursor.core import db, migrate
from precursor.core.db import Base


def script():
    return ScriptDirectory.from_config(migrate.config())


def test_revisions_are_numbered_without_gap_or_fork():
    names = [r.revision for r in script().walk_revisions()][::-1]
    assert names == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert script().get_heads() == [names[-1]]
    for revision in script().walk_revisions():
        assert revision.path.rsplit("/", 1)[1].startswith(revision.revision)


def test_the_newest_revision_is_what_the_models_say(owner):
    with owner.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []
        assert migrate.current(connection) == migrate.head()


def test_columns_are_what_the_models_say(owner):
    inspector = sa.inspect(owner)
    for table in Base.metadata.sorted_tables:
        found = {c["name"]: c for c in inspector.get_columns(table.name)}
        assert found.keys() == {c.name for c in table.columns}
        for column in table.columns:
            assert found[column.name]["nullable"] == column.nullable, (table.name, column.name)
            wanted = column.type.compile(owner.dialect)
            got = found[column.name]["type"].compile(owner.dialect)
            assert got.split("(")[0] == wanted.split("(")[0], (table.name, column.name)


def test_down_and_up_again_with_data(url):
    engine = db.connect(url, owner=True)
    migrate.migrate(engine)
    app = db.connect(url)
    load(app, WORKED)
    app.dispose()
    migrate.migrate(engine, "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    migrate.migrate(engine)
    app = db.connect(url)
    load(app, WORKED)
    app.dispose()
    engine.dispose()


def test_migrating_twice_changes_nothing(owner):
    before = sorted(sa.inspect(owner).get_table_names())
    migrate.migrate(owner)
    assert sorted(sa.inspect(owner).get_table_names()) == before


def test_sqlite_tables_of_ours_are_strict(tmp_path):
    engine = db.connect(f"sqlite:///{tmp_path / 's.db'}", owner=True)
    migrate.migrate(engine)
    with engine.connect() as connection:
        strict = dict(
            connection.exec_driver_sql("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").all()
        )
    engine.dispose()
    for table in Base.metadata.tables.values():
        if "append_only" in table.info:
            assert strict[table.name] == 1, table.name
