"""An application on a database of its own, prepared as a command would."""

from contextlib import contextmanager
from dataclasses import replace

from precursor.app import create_app
from precursor.cli import prepare
from precursor.settings import Settings


@contextmanager
def prepared(home):
    """Migrated, with keys and secrets, without limits on attempts."""
    url = f"sqlite:///{home / 'precursor.db'}"
    settings = replace(
        Settings.from_environment(),
        home=home,
        database_url=url,
        migrate_url=url,
        overrides={"RATELIMIT_ENABLED": False},
    )
    prepare(settings)
    made = create_app(settings)
    yield made, settings.clock()
    made.extensions["engine"].dispose()
