"""Bring a database to a numbered revision, and make its guards anew (``migrations/``)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from precursor.core import db, guards


def migrations_dir() -> Path:
    """The numbered revisions: inside the wheel, or beside the package in a clone."""
    package = Path(__file__).parents[1]
    for place in (package / "migrations", package.parent / "migrations"):
        if place.is_dir():
            return place
    raise RuntimeError("no migrations folder")


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, for ``connection``."""
    made = Config()
    made.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def migrate(engine: sa.Engine, revision: str = "head", app_role: str | None = None) -> None:
    """Move the schema up (or, to an older ``revision``, down), then make the guards. ``engine`` is the owner's."""
    with engine.connect().execution_options(**db.WRITE) as connection, _tables_may_be_rebuilt(connection):
        made, now = config(connection), current(connection)
        script = ScriptDirectory.from_config(made)
        names = [r.revision for r in script.walk_revisions()][::-1]
        target = names[-1] if revision == "head" else revision
        down = target == "base" or (now in names and names.index(target) < names.index(now))
        (command.downgrade if down else command.upgrade)(made, target)
        if broken := _dangling(connection):
            raise RuntimeError(f"the migration would leave references to nothing: {broken}")
        guards.install(connection, app_role)


@contextmanager
def _tables_may_be_rebuilt(connection: sa.Connection) -> Iterator[None]:
    """One transaction in which SQLite lets a table be made anew, as its manual says: references checked at the end.

    The switch does nothing inside a transaction, so it is turned before.
    """
    if connection.dialect.name != "sqlite":
        with connection.begin():
            yield
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _dangling(connection: sa.Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    return sorted({row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})


def current(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest revision."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""
