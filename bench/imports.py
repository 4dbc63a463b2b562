"""P7: the import of a bundle, against inserting exactly the rows that it wrote, with the guards in place."""

import cProfile
import pstats
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from bench import database
from bench.bundles import bundle
from bench.tables import Table
from precursor import audit
from precursor.core import db
from precursor.exchange.importing import import_bundle

LEAST: Final = 0.1
_NOW: Final = datetime(2026, 2, 1, 4, 0, tzinfo=UTC)
_ACTOR: Final = audit.Actor(account="bench", person="B", role="sysadmin")
_PART: Final = 20_000


def run(sizes: Sequence[int], engines: Sequence[str]) -> list[Table]:
    """Measure every size on every engine."""
    command = "python3 dev.py bench import"
    if len(sizes) == 1:
        command += f" --size {sizes[0]}"
    if len(engines) == 1:
        command += f" --engine {engines[0]}"
    table = Table("Import: inserting the same rows / importing the bundle", command)
    table.row("engine", "movements", "bundle MB", "rows", "import s", "insert s", "ratio", "target", "peak MB")
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        server = stack.enter_context(database.postgres()) if "postgresql" in engines else None
        for size in sizes:
            file = folder / f"{size}.json"
            file.write_bytes(database.in_child(bundle, size))
            for engine in engines:
                if engine == "postgresql":
                    urls = [database.new_database(server) for _ in range(2)]
                else:
                    urls = [database.new_file(folder, f"{size}-{n}.db") for n in range(2)]
                found = database.in_child(measure_import, urls[0], file)
                rows, plain = database.in_child(measure_insert, *urls)
                ratio = plain / found["seconds"]
                table.ratio(f"{engine}, {size} movements", ratio, least=LEAST)
                sizes_of = f"{size:,}", f"{file.stat().st_size / 1e6:.1f}", f"{rows:,}"
                seconds = f"{found['seconds']:.2f}", f"{plain:.2f}", f"{ratio:.3f}"
                table.row(engine, *sizes_of, *seconds, f">= {LEAST}", found["mb"])
    return [table]


def measure_import(url: str, file: Path) -> dict[str, Any]:
    """In a child: import the bundle into an empty register, in one transaction."""
    data, engine = file.read_bytes(), db.connect(url)
    began = time.perf_counter()
    with db.transaction(engine) as session:
        import_bundle(session, data, _ACTOR, _NOW)
    seconds = time.perf_counter() - began
    engine.dispose()
    return {"seconds": seconds, "mb": database.peak_rss()}


def measure_insert(source: str, target: str) -> tuple[int, float]:
    """In a child: read back every row of ``source``, then time inserting them into ``target``; both counted."""
    engine = db.connect(source)
    rows: list[tuple[sa.Table, list[dict[str, Any]]]] = []
    with engine.connect() as connection:
        for table in db.Base.metadata.sorted_tables:
            if table.name == "serial":
                continue
            query = sa.select(table).order_by(*table.primary_key.columns)
            rows.append((table, [dict(row._mapping) for row in connection.execute(query)]))
    engine.dispose()
    engine = db.connect(target)
    began = time.perf_counter()
    with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
        for table, found in rows:
            for start in range(0, len(found), _PART):
                connection.execute(sa.insert(table), found[start : start + _PART])
    seconds = time.perf_counter() - began
    engine.dispose()
    return sum(len(found) for _, found in rows), seconds


def profile(size: int, url: str) -> None:
    """Print where an import spends its time: ``python -c "from bench import imports; imports.profile(...)"``."""
    data, engine, profiler = bundle(size), db.connect(url), cProfile.Profile()
    with db.transaction(engine) as session:
        profiler.runcall(import_bundle, session, data, _ACTOR, _NOW)
    engine.dispose()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(15)
