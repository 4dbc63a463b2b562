"""P6: a sale with all its checks through HTTP, against a bare Flask view that sends the same statements.

The statements of one sale are caught from the running application (token, rules, ledger, audit, kept answer) and
replayed by the view without any of our code between them: what is left of the ratio is what the product computes.
Two processes each, the same server, the same PostgreSQL, in turn. And: what a worker holds after many requests.
"""

import http.client
import json
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import waitress
from flask import Flask, jsonify, request

from bench import database, draws
from bench.tables import Table
from precursor import audit
from precursor.accounts import service as accounts
from precursor.accounts import tokens
from precursor.app import create_app, for_serving
from precursor.core import db
from precursor.core.access import Action
from precursor.core.clock import legal_day
from precursor.settings import Settings

PORTS: Final = (18101, 18102)
PROCESSES: Final = len(PORTS)
CLIENTS: Final = 8
SECONDS: Final = 8
ROUNDS: Final = 2
LEAST: Final = 0.5
SELLERS: Final = 64
MOST_GROWTH: Final = 1.10
_ACTOR: Final = audit.Actor(account="bench", person="B", role="sysadmin")
_HOST: Final = "127.0.0.1"
#: The last number given out before the sale that is caught: its own follow.
_CAUGHT: Final = 950_000_000


def settings_for(url: str, home: str) -> Settings:
    """The product's settings on a database."""
    made = Settings.from_environment()
    return replace(made, home=Path(home), database_url=url, migrate_url=url, overrides={"RATELIMIT_ENABLED": False})


def account(url: str) -> list[str]:
    """A machine account of each seller; returns their tokens, that of the n-th seller at n - 1."""
    engine, now, made = db.connect(url), datetime.now(UTC), []
    with db.transaction(engine) as session:
        for n in range(1, SELLERS + 1):
            seller = draws.BASE["seller"] + n
            command = accounts.AddUser(
                name=f"m{n}.erp", role="machine_ent", person=f"M-{n}", password_hash="x", enterprise_id=seller
            )
            accounts.add(session, command, _ACTOR, now)
            secret = tokens.issue(
                session,
                command.name,
                [Action.LEDGER_POST_OUT, Action.LEDGER_READ],
                expires_at=now + timedelta(days=1),
                actor=_ACTOR,
                now=now,
            )
            made.append(secret)
    engine.dispose()
    return made


def sale(n: int, id_: str) -> bytes:
    """The n-th seller's sale as a program sends it."""
    body = {
        "id": id_,
        "date": legal_day(datetime.now(UTC)).isoformat(),
        "site": f"PA{n}",
        "type": "sale_out",
        "substance": "S",
        "quantity": "0.001",
        "unit": "kg",
        "other_site": f"PB{n}",
        "permit": f"L{n}",
        "payment": "bank",
    }
    return json.dumps(body).encode()


def headers(secret: str, key: str) -> dict[str, str]:
    """Of a machine's write."""
    return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Idempotency-Key": key}


Sent = list[tuple[str, list[dict[str, Any]], bool]]


def catch(url: str, home: str, secrets: list[str]) -> Sent:
    """Every statement of one sale of the first seller, with its values; the first is sent to warm up."""
    app = create_app(settings_for(url, home))
    engine, sent = app.extensions["engine"], []
    client = app.test_client()
    for id_, start in (("WARM", _CAUGHT - 1_000), ("CAUGHT", _CAUGHT)):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT setval('record_id', {start})")
        sent.clear()

        def note(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, many: bool) -> None:  # noqa: FBT001
            sent.append((statement, [dict(row) for row in (values if many else [values])], many))

        sa.event.listen(engine, "before_cursor_execute", note)
        answer = client.post("/api/v1/movements/out", data=sale(1, id_), headers=headers(secrets[0], id_))
        sa.event.remove(engine, "before_cursor_execute", note)
        if answer.status_code != 201:
            raise RuntimeError(answer.get_data(as_text=True))
    engine.dispose()
    return sent


def bare(url: str, sent: Sent, secrets: list[str]) -> Flask:
    """A view that sends the same statements for any seller, and knows nothing else."""
    app, engine = Flask("bare"), db.connect(url)
    digests = [tokens._digest(secret) for secret in secrets]
    first = _CAUGHT + 1

    @app.post("/api/v1/movements/out")
    def replay() -> Any:
        body = json.loads(request.get_data())
        n = int(body["site"][2:])
        known: dict[Any, Any] = {base + 1: base + n for base in draws.BASE.values()}
        known |= {f"PA{1}": f"PA{n}", "PB1": f"PB{n}", "L1": f"L{n}", "m1.erp": f"m{n}.erp"}
        known |= {digests[0]: digests[n - 1], "CAUGHT": body["id"]}
        taken = 0
        with engine.begin() as connection:
            for statement, rows, many in sent:
                filled = [
                    {name: known.get(value, value) if value.__hash__ else value for name, value in row.items()}
                    for row in rows
                ]
                result = connection.exec_driver_sql(statement, filled if many else filled[0])
                if draws._TAKE_IDS in statement:
                    for number in result.scalars():
                        known[first + taken] = number
                        taken += 1
                elif result.returns_rows:
                    result.fetchall()
        return jsonify(body), 201

    return app


def _serve(make: Callable[..., Any], arguments: tuple[Any, ...], port: int) -> None:
    waitress.serve(make(*arguments), host=_HOST, port=port, threads=4, ident=None)


def _product(url: str, home: str) -> Flask:
    return for_serving(settings_for(url, home))


@contextmanager
def serving(make: Callable[..., Any], *arguments: Any, ports: tuple[int, ...] = PORTS) -> Iterator[list[int]]:
    """Processes that serve an application; yields their numbers."""
    context = multiprocessing.get_context("spawn")
    servers = [context.Process(target=_serve, args=(make, arguments, port), daemon=True) for port in ports]
    for server in servers:
        server.start()
    try:
        for port in ports:
            _await(port)
        yield [server.pid or 0 for server in servers]
    finally:
        for server in servers:
            server.terminate()
            server.join(10)


def _await(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection(_HOST, port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"no answer on port {port}")


def hammer(secrets: list[str], mark: str) -> float:
    """Sales per second of all clients together; any answer but 201 ends the measurement."""
    end, counts = time.monotonic() + SECONDS, [0] * CLIENTS

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(_HOST, PORTS[number % PROCESSES], timeout=60)
        while time.monotonic() < end:
            n = (number + counts[number] * CLIENTS) % SELLERS + 1
            id_ = f"{mark}-{number}-{counts[number]}"
            connection.request("POST", "/api/v1/movements/out", sale(n, id_), headers(secrets[n - 1], id_))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 201:
                raise RuntimeError(text.decode())
            counts[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def run() -> list[Table]:
    """Measure in turn."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home, database.postgres() as server:
        url = database.new_database(server)
        draws.register(url)
        secrets = account(url)
        sent = catch(url, home, secrets)
        rates = {"product": 0.0, "bare": 0.0}
        for turn in range(ROUNDS):
            with serving(_product, url, home):
                rates["product"] += hammer(secrets, f"P{turn}") / ROUNDS
            with serving(bare, url, sent, secrets):
                rates["bare"] += hammer(secrets, f"B{turn}") / ROUNDS
        draws.check(url)
        table = Table(
            f"A sale through HTTP: per second, {PROCESSES} processes, {CLIENTS} clients, / a bare Flask view that "
            f"sends the same {len(sent)} statements, {ROUNDS} x {SECONDS} s in turn, PostgreSQL",
            "python3 dev.py bench http",
        )
        ratio = rates["product"] / rates["bare"]
        table.row("product /s", "bare /s", "ratio", "target")
        table.row(f"{rates['product']:.0f}", f"{rates['bare']:.0f}", f"{ratio:.2f}", f">= {LEAST}")
        table.ratio("sale through HTTP", ratio, least=LEAST)
    return [table]


def _resident(process: int) -> int:
    """KiB that a process holds."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def memory(requests: int) -> list[Table]:
    """What one worker holds after a thousand requests and after so many: reads, and a sale in every tenth."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home, database.postgres() as server:
        url = database.new_database(server)
        draws.register(url)
        secrets = account(url)
        held = {}
        with serving(_product, url, home, ports=PORTS[:1]) as (process,):
            connection = http.client.HTTPConnection(_HOST, PORTS[0], timeout=60)
            for number in range(1, requests + 1):
                n = number % SELLERS + 1
                if number % 10:
                    connection.request(
                        "GET", "/api/v1/movements/NONE", headers={"Authorization": f"Bearer {secrets[n - 1]}"}
                    )
                else:
                    id_ = f"M-{number}"
                    connection.request("POST", "/api/v1/movements/out", sale(n, id_), headers(secrets[n - 1], id_))
                answer = connection.getresponse()
                answer.read()
                if answer.status not in (404, 201):
                    raise RuntimeError(f"{answer.status} to request {number}")
                if number in (1_000, requests):
                    held[number] = _resident(process)
    growth = held[requests] / held[1_000]
    table = Table(f"Memory of a worker after {requests} requests / after 1000", "python3 dev.py bench memory")
    table.row("after 1000, MiB", f"after {requests}, MiB", "ratio", "target")
    table.row(f"{held[1_000] / 1024:.0f}", f"{held[requests] / 1024:.0f}", f"{growth:.3f}", f"<= {MOST_GROWTH}")
    table.ratio("memory", growth, most=MOST_GROWTH)
    return [table]
