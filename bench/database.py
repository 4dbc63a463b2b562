"""Databases to measure in: the product's own schema, migrated, on SQLite and PostgreSQL; and the bulk load."""

import csv
import multiprocessing
import resource
import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Self

import psycopg
import sqlalchemy as sa

import precursor.tables  # noqa: F401 - loads every table
from bench.register import City, Row
from precursor.core import db, guards
from precursor.core.migrate import migrate
from tests import engines

TABLES: Final = db.Base.metadata.tables
_BATCH: Final = 20_000
_EPOCH: Final = date(1970, 1, 1)


@contextmanager
def postgres() -> Iterator[Any]:
    """A PostgreSQL of the tests' package, gone with its folder."""
    with engines.postgres() as server:
        yield server


def pgbench(server: Any) -> Path:
    """The pgbench of the same package."""
    return Path(server.bin_path) / "pgbench"


def new_database(server: Any) -> str:
    """The URL of a new, empty, migrated PostgreSQL database."""
    url = engines.new_database(server)
    prepare(url)
    return url


def new_file(folder: Path, name: str) -> str:
    """The URL of a new, empty, migrated SQLite database."""
    url = f"sqlite:///{folder / name}"
    prepare(url)
    return url


def prepare(url: str) -> None:
    """Migrate."""
    engine = db.connect(url, owner=True)
    migrate(engine)
    engine.dispose()


class Child:
    """A process of its own, which starts empty; ``start`` is called in it first."""

    def __init__(self, start: Callable[..., None] | None = None, *args: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=start, initargs=args)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call ``function`` in the child; returns what it returns."""
        return self.pool.submit(function, *args).result()


def in_child(function: Callable[..., Any], *args: Any) -> Any:
    """Call ``function`` in a process of its own; returns what it returns."""
    with Child() as child:
        return child.call(function, *args)


def peak_rss() -> int:
    """The largest resident size of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def kinds(table: sa.Table) -> list[str]:
    """Of each column: day, instant, flag or plain."""

    def kind(column: sa.Column[Any]) -> str:
        if isinstance(column.type, db.LegalDay):
            return "day"
        if isinstance(column.type, db.Instant):
            return "instant"
        return "flag" if isinstance(column.type, sa.Boolean) else "plain"

    return [kind(column) for column in table.columns]


def _as_text(kind: str) -> Callable[[Any], Any]:
    days: dict[int, str] = {}

    def day(value: int) -> str:
        if value not in days:
            days[value] = str(_EPOCH + timedelta(value))
        return days[value]

    def instant(value: int) -> str:
        seconds, micros = divmod(value, 1_000_000)
        whole, seconds = divmod(seconds, 86_400)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}"
        return f"{day(whole)} {clock}+00"

    return {"day": day, "instant": instant, "flag": lambda value: "true" if value else "false"}[kind]


def write_register(size: int, folder: Path, sqlite: str | None) -> dict[str, int]:
    """Write the synthetic register as one CSV file for each table and, when asked, into a migrated SQLite file.

    Returns how many rows each table has. Call it in a child: it takes memory.
    """
    sinks: dict[str, _Sink] = {}
    connection = _sqlite_for_load(sqlite) if sqlite else None
    for name, row in City(size).rows():
        sink = sinks.get(name)
        if sink is None:
            sink = sinks[name] = _Sink(TABLES[name], folder, connection)
        sink.put(row)
    for sink in sinks.values():
        sink.close()
    if connection and sqlite:
        connection.execute("COMMIT")
        connection.close()
        _after_load(sqlite)
    return {name: sink.count for name, sink in sinks.items()}


class _Sink:
    """Rows of one table on their way into a CSV file and into SQLite."""

    def __init__(self, table: sa.Table, folder: Path, connection: Any) -> None:
        self.count, self.rows, self.connection = 0, list[Row](), connection
        # what the register leaves out at the end of a row: nothing, or the number that a fresh record has
        self.empty = tuple(None if column.nullable else 0 for column in table.columns)
        self.file = (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="")
        self.csv = csv.writer(self.file)
        self.convert = [(i, _as_text(kind)) for i, kind in enumerate(kinds(table)) if kind != "plain"]
        columns = ", ".join(c.name for c in table.columns)
        marks = ", ".join("?" for _ in table.columns)
        verb = "INSERT OR REPLACE" if table.name == "serial" else "INSERT"  # the migration has made its row
        self.insert = f"{verb} INTO {table.name} ({columns}) VALUES ({marks})"

    def put(self, row: Row) -> None:
        """Take one row."""
        self.rows.append(row + self.empty[len(row) :])
        if len(self.rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self.count += len(self.rows)
        if self.connection:
            self.connection.executemany(self.insert, self.rows)
        self.csv.writerows(map(self._text, self.rows))
        self.rows = []

    def _text(self, row: Row) -> list[Any]:
        made = list(row)
        for index, convert in self.convert:
            if made[index] is not None:
                made[index] = convert(made[index])
        return made

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self.file.close()


def _sqlite_for_load(url: str) -> Any:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("foreign_keys = OFF", "cache_size = -1000000", "synchronous = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def _after_load(url: str) -> None:
    """Put the guards back and let the planner look at the rows."""
    engine = db.connect(url, owner=True)
    with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
        guards.install(connection)
        assert not guards.missing(connection)
        connection.exec_driver_sql("ANALYZE")
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def load_postgres(url: str, folder: Path) -> None:
    """COPY the CSV files into a migrated database as its owner; keys are not checked again, they hold."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for file in sorted(folder.glob("*.csv")):
            if file.stem == "serial":
                last = int(file.read_text().split(",")[1])
                connection.execute("SELECT setval('record_id', %s)", [last])
                continue
            names = ", ".join(c.name for c in TABLES[file.stem].columns)
            statement = f"COPY {file.stem} ({names}) FROM STDIN (FORMAT csv)"
            with file.open("rb") as data, connection.cursor().copy(statement) as copy:
                while block := data.read(1 << 20):
                    copy.write(block)
        connection.execute("VACUUM (ANALYZE)")  # what autovacuum does by itself, in its own time


def load_duckdb(path: Path, folder: Path) -> None:
    """Native DuckDB tables of the same rows: days as DATE, flags as BOOLEAN, numbers as BIGINT."""
    import duckdb  # noqa: PLC0415 - no weight for the processes that are measured

    native = {"day": "DATE", "instant": "TIMESTAMP", "flag": "BOOLEAN"}

    def kind_of(column: sa.Column[Any], kind: str) -> str:
        return native.get(kind) or ("VARCHAR" if isinstance(column.type, sa.String) else "BIGINT")

    with duckdb.connect(str(path)) as connection:
        connection.execute("SET enable_progress_bar = false")
        for table in TABLES.values():
            columns = ", ".join(
                f'"{column.name}" {kind_of(column, kind)}'
                for column, kind in zip(table.columns, kinds(table), strict=True)
            )
            connection.execute(f'CREATE TABLE "{table.name}" ({columns})')
            file = folder / f"{table.name}.csv"
            if file.exists():
                connection.execute(f"COPY \"{table.name}\" FROM '{file}' (HEADER false, NULLSTR '')")
        connection.execute("CHECKPOINT")
