"""P8: the targets page with a million movements against a hundred thousand, and the weight of pages from cold.

The page is asked for twice: as the first reader after a start finds it (every figure, month and gap is counted), and
as everybody after him does, until the next record comes.
"""

import gzip
import re
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask
from flask_security import hash_password

from bench import database
from bench.register import NOW
from bench.tables import Table
from precursor import audit, demo
from precursor.accounts import service as accounts
from precursor.app import create_app
from precursor.areas import service as areas
from precursor.core import db
from precursor.settings import Settings
from precursor.tokens.store import KeyStore

MOST: Final = 1.5
TIMES: Final = 15
VIEW: Final = "period=2025&as_of=2026-01-31"
MOST_BYTES: Final = 60_000
MOST_REQUESTS: Final = 7
MOST_HTML: Final = 15_000
PAGES: Final = ("/", "/targets", "/gaps", "/enterprises", "/enterprises/E002", "/movements", "/stock", "/plan")
_ASSET: Final = re.compile(r'(?:href|src)="(/static/[^"#]+)')
_ACTOR: Final = audit.Actor(account="bench", person="B", role="sysadmin")


def run(size: int) -> list[Table]:
    """Time and weight."""
    return [_time(size), _weight()]


def _app(url: str, home: str, now: datetime | None) -> Flask:
    made = replace(Settings.from_environment(), home=Path(home), database_url=url, migrate_url=url)
    made = replace(made, overrides={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False})
    return create_app(replace(made, clock=lambda: now) if now else made)


def ask(size: int, folder: str) -> dict[str, Any]:
    """Seconds of the first answer and of those after it, in a process of its own."""
    url = database.new_file(Path(folder), f"{size}.db")
    database.in_child(database.write_register, size, _folder(folder, size), url)
    now = datetime.fromtimestamp(NOW / 1e6, UTC) - timedelta(hours=20)
    app = _app(url, folder, now)
    with app.app_context():
        hashed = hash_password(demo.PASSWORD)
    with db.transaction(app.extensions["engine"]) as session:
        city = areas.city(session)
        command = accounts.AddUser(
            name="lead", role="ps_lead", person="B-1", password_hash=hashed, area_id=city.id, is_demo=True
        )
        accounts.add(session, command, _ACTOR, now)
    client = app.test_client()
    client.post("/login", data={"username": "lead", "password": demo.PASSWORD})
    taken = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        answer = client.get(f"/targets?{VIEW}")
        taken.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise RuntimeError(f"/targets answered {answer.status_code}")
    return {"first": taken[0], "after": statistics.median(taken[1:])}


def _folder(folder: str, size: int) -> Path:
    made = Path(folder) / f"csv{size}"
    made.mkdir()
    return made


def _time(size: int) -> Table:
    small = size // 10
    table = Table(f"targets page, {size:,} movements against {small:,}", "python3 dev.py bench pages")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = {n: database.in_child(ask, n, folder) for n in (small, size)}
    table.row("", f"{small:,} s", f"{size:,} s", "ratio", "most")
    for what, most in (("after", MOST), ("first", None)):
        ratio = found[size][what] / found[small][what]
        name = {"after": "as kept", "first": "the first after a record"}[what]
        cells = (f"{found[small][what]:.3f}", f"{found[size][what]:.3f}", f"{ratio:.2f}", most or "")
        table.row(name, *cells)
        table.ratio(f"targets page, {name}", ratio, most=most)
    return table


def _weight() -> Table:
    """Of each page of the demonstration, as a browser with an empty cache fetches it, everything compressed."""
    table = Table("pages from cold", "python3 dev.py bench pages")
    table.row("", "HTML bytes", "all bytes", "of 60,000", "requests")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = database.new_file(Path(folder), "demo.db")
        app = _app(url, folder, None)
        KeyStore.of(app.extensions["settings"]).make_root()  # what is signed there needs one
        demo.load(app, datetime.now(UTC))
        client = app.test_client()
        client.post("/login", data={"username": "lead", "password": demo.PASSWORD})
        for path in PAGES:
            answer = client.get(path)
            assets = sorted(set(_ASSET.findall(answer.text)))
            html = len(gzip.compress(answer.data, 6))
            total = html + sum(len(gzip.compress(client.get(asset).data, 6)) for asset in assets)
            table.row(path, f"{html:,}", f"{total:,}", f"{total / MOST_BYTES:.2f}", 1 + len(assets))
            table.ratio(f"{path}: HTML", html / MOST_HTML, most=1.0)
            table.ratio(f"{path}: bytes", total / MOST_BYTES, most=1.0)
            table.ratio(f"{path}: requests", (1 + len(assets)) / MOST_REQUESTS, most=1.0)
        sa.orm.close_all_sessions()
    return table
