"""What the database itself refuses: changing, deleting or replacing a record (``trust.md`` F1, F5 of the design).

SQLite: triggers (and, on the application's own connections, the authorizer of ``core.db``).
PostgreSQL: triggers that fire even for a replica role, and grants where the application is not the owner.
They are made again after every migration, since Alembic's batch mode loses triggers in silence.
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from precursor.core.db import Base, is_append_only

MESSAGE = "records are never changed or deleted: correct by reversal"


def guarded_tables(connection: sa.Connection) -> list[sa.Table]:
    """The append-only tables that exist in this database."""
    there = set(sa.inspect(connection).get_table_names())
    return [t for t in Base.metadata.sorted_tables if is_append_only(t) and t.name in there]


def install(connection: sa.Connection, app_role: str | None = None) -> None:
    """Make every guard anew; safe to repeat. ``app_role``: the PostgreSQL role the application logs in with."""
    tables = guarded_tables(connection)
    statements = _sqlite(tables) if connection.dialect.name == "sqlite" else _postgresql(connection, tables, app_role)
    for statement in statements:
        connection.exec_driver_sql(statement)


def missing(connection: sa.Connection) -> list[str]:
    """Names of append-only tables that lack a guard; an application with one does not start."""
    if connection.dialect.name == "sqlite":
        query = "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY 1"
        wanted = 3
    else:
        query = (
            "SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace "
            "GROUP BY 1"
        )
        wanted = 2
    found: dict[str, int] = {name: count for name, count in connection.exec_driver_sql(query)}  # noqa: C416
    return [t.name for t in guarded_tables(connection) if found.get(t.name, 0) < wanted]


def _unique_columns(table: sa.Table) -> Iterator[list[str]]:
    for constraint in table.constraints:
        if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint):
            yield [c.name for c in constraint.columns]


def _sqlite(tables: Iterable[sa.Table]) -> Iterator[str]:
    for table in tables:
        name = table.name
        same = " OR ".join(
            f"EXISTS (SELECT 1 FROM {name} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in columns)})"  # noqa: S608
            for columns in _unique_columns(table)
        )
        for event, condition in (("UPDATE", ""), ("DELETE", ""), ("INSERT", f"WHEN {same} ")):
            trigger = f"guard_{name}_{event.lower()}"
            what = MESSAGE if event != "INSERT" else f"UNIQUE guard: {name} holds this record already"
            yield f"DROP TRIGGER IF EXISTS {trigger}"
            yield (
                f"CREATE TRIGGER {trigger} BEFORE {event} ON {name} {condition}"
                f"BEGIN SELECT RAISE(ABORT, '{what}'); END"
            )


def _postgresql(connection: sa.Connection, tables: Iterable[sa.Table], app_role: str | None) -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', "
        f"MESSAGE = '{MESSAGE}: ' || TG_TABLE_NAME; END $$"
    )
    for table in tables:
        for event, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            trigger = f"guard_{each.lower()}"
            yield f"DROP TRIGGER IF EXISTS {trigger} ON {table.name}"
            yield (
                f"CREATE TRIGGER {trigger} BEFORE {event} ON {table.name} "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
            yield f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {trigger}"
    owner = connection.scalar(sa.text("SELECT current_user"))
    if app_role and app_role != owner:
        role = connection.dialect.identifier_preparer.quote(app_role)
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
        for table in tables:
            yield f"REVOKE UPDATE, DELETE, TRUNCATE ON {table.name} FROM {role}"
