"""Bring a database to a numbered revision, and make its guards anew (``migrations/``)."""

from pathlib import Path

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
    with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
        made, now = config(connection), current(connection)
        script = ScriptDirectory.from_config(made)
        names = [r.revision for r in script.walk_revisions()][::-1]
        target = names[-1] if revision == "head" else revision
        down = target == "base" or (now in names and names.index(target) < names.index(now))
        (command.downgrade if down else command.upgrade)(made, target)
        guards.install(connection, app_role)


def current(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest revision."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""
