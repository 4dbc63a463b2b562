"""P1: every figure recomputed from the records, against DuckDB on the same rows and with the same statements.

Each engine is measured in a process of its own, figure by figure in turn, so that a busy machine is busy for all.
"""

import math
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from bench import database
from bench.tables import Table
from precursor.core import db
from precursor.core.clock import Period
from precursor.reconciliation import service
from precursor.reconciliation.figures import BY_KEY, FIGURES, Figure
from precursor.reconciliation.view import View

PERIOD: Final = Period(date(2025, 1, 1), date(2025, 12, 31))
AS_OF: Final = date(2026, 1, 31)
MOST_OF_DUCKDB: Final = 8.0
MOST_MB: Final = 400
#: A statement slower than this runs once to warm up and once to be measured; a faster one three times.
_LARGE: Final = 5.0
_LONGEST: Final = 45  # seconds; what takes longer counts as endless

#: What DuckDB calls differently from PostgreSQL, and what it must be told.
MACROS: Final = (
    "CREATE TEMP MACRO json_array_elements(x) AS TABLE SELECT unnest(CAST(x AS JSON[])) AS value",
    "SET integer_division = true",
    "SET threads = 2",
    "SET enable_progress_bar = false",
)
_HOURS: Final = ("make_interval(hours => ", "to_hours(")
#: A day without its type, which PostgreSQL finds out by itself.
_DAY: Final = re.compile(r"(?<!DATE )('[0-9]{4}-[0-9]{2}-[0-9]{2}')")


def run(size: int, engines: Sequence[str]) -> list[Table]:
    """Load one register into every engine, then count every figure and stream its ids."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        csv, native = folder / "csv", folder / "register.duckdb"
        csv.mkdir()
        sqlite = database.new_file(folder, "register.db")
        rows = database.in_child(database.write_register, size, csv, sqlite)
        database.in_child(database.load_duckdb, native, csv)
        workers = {"duckdb": stack.enter_context(database.Child(open_duckdb, str(native), sqlite))}
        if "sqlite" in engines:
            workers["sqlite"] = stack.enter_context(database.Child(open_product, sqlite))
        if "postgresql" in engines:
            url = database.new_database(stack.enter_context(database.postgres()))
            database.in_child(database.load_postgres, url, csv)
            workers["postgresql"] = stack.enter_context(database.Child(open_product, url))
        found: dict[str, dict[str, Any]] = {name: {"count": {}, "stream": {}} for name in workers}
        for what in ("count", "stream"):
            for figure in FIGURES:
                for engine, child in workers.items():
                    found[engine][what][figure.key] = child.call(measure, what, figure.key)
            for engine, child in workers.items():
                found[engine][f"mb {what}"] = child.call(database.peak_rss)
        for engine in engines:
            found[engine]["stocktakes"] = workers[engine].call(measure, "stocktakes", "")
    return _tables(size, rows, found)


class Product:
    """The product on one database."""

    def __init__(self, url: str) -> None:
        self.engine, self.stack = db.connect(url), ExitStack()
        self.session = self._read()
        self.city, self.view = service.open_view(self.session, PERIOD, AS_OF)

    def _read(self) -> Session:
        """The product's own way to read; and no statement longer than the benchmark has time for."""
        self.stack.close()
        session = self.stack.enter_context(db.reading(self.engine))
        if self.engine.dialect.name == "postgresql":
            session.execute(sa.text(f"SET LOCAL statement_timeout = '{_LONGEST}s'"))
        return session

    def count(self, figure: Figure) -> dict[str, tuple[int, int]]:
        """Done and counted units by county, where there are any."""
        counted = service.count(self.session, self.view, figure, self.city.counties)
        return {area: (rate.n, rate.d) for area, rate in counted.by_area.items() if rate.d}

    def stream(self, figure: Figure) -> int:
        """How many ids came; TimeoutError when they take too long."""
        began, found = time.perf_counter(), 0
        try:
            for _ in service.unit_ids(self.session, self.view, figure):
                found += 1
                if found % 5_000 == 0 and time.perf_counter() - began > _LONGEST:
                    break
            else:
                return found
        except sa.exc.OperationalError:  # statement_timeout
            pass
        self.session = self._read()
        raise TimeoutError

    def stocktakes(self, _: Figure | None) -> int:
        """Stocktakes that differ from the book: no figure, but read with them."""
        return len(service.variances(self.session, self.view))


class DuckDB:
    """The same statements in DuckDB; ``product``: a register of the same rows, to compile them with."""

    def __init__(self, path: str, product: str) -> None:
        import duckdb  # noqa: PLC0415 - no weight for the processes that are measured

        self.connection = duckdb.connect(path, read_only=True)
        for statement in MACROS:
            self.connection.execute(statement)
        with db.reading(db.connect(product)) as session:
            _, view = service.open_view(session, PERIOD, AS_OF)
            self.sql = {key: (count, ids) for key, count, ids in statements(session, view)}

    def count(self, figure: Figure) -> dict[str, tuple[int, int]]:
        """Done and counted units by county."""
        rows = self.connection.execute(self.sql[figure.key][0]).fetchall()
        return {area: (int(n), d) for area, n, d in rows}

    def stream(self, figure: Figure) -> int:
        """How many ids came."""
        cursor, found = self.connection.execute(self.sql[figure.key][1]), 0
        while rows := cursor.fetchmany(5_000):
            for _unit, done in rows:
                found += bool(done) or 1
        return found


_opened: list[Any] = []  # in a child: what it measures


def open_product(url: str) -> None:
    """In a child: measure the product."""
    _opened.append(Product(url))


def open_duckdb(path: str, product: str) -> None:
    """In a child: measure DuckDB."""
    _opened.append(DuckDB(path, product))


def measure(what: str, key: str) -> tuple[Any, float]:
    """In a child: what came of it, and in how many seconds; None and endless when it took too long."""
    try:
        return timed(lambda: getattr(_opened[0], what)(BY_KEY.get(key)))
    except TimeoutError:
        return None, math.inf


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` returns, and the median of its seconds; the first run only warms up."""
    seconds = []
    while True:
        began = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - began)
        if len(seconds) > (1 if seconds[0] > _LARGE else 3):
            return result, sorted(seconds[1:])[(len(seconds) - 1) // 2]


def statements(session: Session, view: View) -> Iterator[tuple[str, str, str]]:
    """Of each figure the statement that counts and the one that lists its units, in DuckDB's words."""
    for figure in FIGURES:
        units = figure.units(session, view).subquery()
        done = units.c[figure.done]
        count = sa.select(units.c.area, sa.func.sum(done), sa.func.count()).group_by(units.c.area)
        yield figure.key, _in_duckdb(count), _in_duckdb(sa.select(units.c.unit, done).order_by(units.c.unit))


def _in_duckdb(statement: sa.Select) -> str:
    dialect: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return _DAY.sub(r"DATE \1", str(compiled).replace("%%", "%").replace(*_HOURS))


def _tables(size: int, rows: dict[str, int], found: dict[str, dict[str, Any]]) -> list[Table]:
    engines = [name for name in found if name != "duckdb"]
    _assert_equal(found, engines)
    return [_by_figure(size, rows, found, engines), _in_all(size, found, engines)]


def _assert_equal(found: dict[str, dict[str, Any]], engines: Sequence[str]) -> None:
    for engine in engines:
        for what in ("count", "stream"):
            for key, (result, _) in found["duckdb"][what].items():
                mine = found[engine][what][key][0]
                assert mine is None or mine == result, f"{engine} and DuckDB differ: {what} of {key}"


def _command(size: int, engines: Sequence[str]) -> str:
    only = f" --engine {engines[0]}" if len(engines) == 1 else ""
    return f"python3 dev.py bench figures --size {size}{only}"


def _by_figure(size: int, rows: dict[str, int], found: dict[str, dict[str, Any]], engines: Sequence[str]) -> Table:
    about = f"{rows['movement']:,} movements, {rows['posting']:,} postings, {rows['permit']:,} permits"
    table = Table(f"Figures: seconds and x DuckDB; {about}; n and d equal by county", _command(size, engines))
    columns = [f"{engine} {what}" for engine in engines for what in ("count s", "x", "ids s", "x")]
    table.row("figure", "units", "duckdb count s", "ids s", *columns)
    for figure in FIGURES:
        units = found["duckdb"]["stream"][figure.key][0]
        peer = [found["duckdb"][what][figure.key][1] for what in ("count", "stream")]
        cells = []
        for engine in engines:
            mine = [found[engine][what][figure.key][1] for what in ("count", "stream")]
            for seconds, theirs in zip(mine, peer, strict=True):
                cells += (
                    [f"{seconds:.3f}", f"{seconds / theirs:.1f}"] if seconds < math.inf else [f"> {_LONGEST}", ""]
                )
        table.row(figure.key, f"{units:,}", *(f"{seconds:.3f}" for seconds in peer), *cells)
    return table


def _in_all(size: int, found: dict[str, dict[str, Any]], engines: Sequence[str]) -> Table:
    busy = f"load average {os.getloadavg()[1]:.0f} on {os.cpu_count()} processors"
    title = f"Figures in all: the product / DuckDB, and the memory of its process ({busy})"
    table = Table(title, _command(size, engines))
    table.row("engine", "what", "s", "duckdb s", "ratio", "target", "peak MB", "target")
    seconds = {
        (engine, what): sum(took for _, took in of[what].values())
        for engine, of in found.items()
        for what in ("count", "stream")
    }
    for engine in engines:
        for name, parts, peak in (("counts", ("count",), "mb count"), ("+ ids", ("count", "stream"), "mb stream")):
            mine, peer = (sum(seconds[e, what] for what in parts) for e in (engine, "duckdb"))
            limit = f"<= {MOST_OF_DUCKDB:.0f}" if name == "counts" else ""
            megabytes = found[engine][peak]
            shown = [f"{mine:.2f}", f"{peer:.2f}", f"{mine / peer:.1f}"] if mine < math.inf else ["endless", "", ""]
            table.row(engine, name, *shown, limit, megabytes, f"<= {MOST_MB}")
            if limit:
                table.ratio(f"{engine} counts", mine / peer, most=MOST_OF_DUCKDB)
        table.ratio(f"{engine} peak MB", found[engine]["mb stream"], most=MOST_MB)
        gaps, took = found[engine]["stocktakes"]
        table.row(engine, f"stocktakes, {gaps} gaps", f"{took:.2f}", "", "", "", "", "")
    return table
