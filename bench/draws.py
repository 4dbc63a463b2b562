"""P5: the sale that draws on a document, as the product sends it, against pgbench's own TPC-B-like transaction.

The statements are caught from one real ``movements.acts.enter`` and replayed by pgbench: same server, same
protocol, same clients. What the product computes between them (rules, digests) is not in the ratio; P6 has that.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from bench import database
from bench.tables import Table
from precursor import audit
from precursor.core import db
from precursor.movements import acts
from precursor.movements.intents import Enter
from precursor.permits.service import PermitKey
from precursor.rules.movements import MovementType

SPREAD: Final = 10_000  # sellers, sites, buyers, documents
CLIENTS: Final = (4, 16)
SECONDS: Final = 6
ROUNDS: Final = 2
SCALE: Final = 10
LEAST: Final = {"spread": 0.8, "hot": 0.4}
PROTOCOL: Final = "prepared"  # psycopg prepares what it sends again

#: The n-th seller, site ... is this plus n, so that pgbench can find it.
BASE: Final = {
    "seller": 1_000_000,
    "site": 2_000_000,
    "buyer": 3_000_000,
    "to_site": 4_000_000,
    "permit": 5_000_000,
    "stock_account": 6_000_000,
    "transit_account": 7_000_000,
}
_FIRST_ID: Final = 900_000_000
_SUBSTANCE: Final = 77
_DAY: Final = date(2026, 3, 2)
_NOW: Final = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
_MUCH: Final = 10**15
_TAKE_IDS: Final = "generate_series"
_ROWS: Final = f"FROM generate_series(1, {SPREAD}) AS n"
_REGISTER: Final = """
INSERT INTO area VALUES (1, 'C0', '市', 'city', NULL, NULL), (2, 'D00', '区', 'county', 1, NULL);
INSERT INTO substance VALUES ({substance}, 'S', '甲苯', 3, 'non_drug', 'kg');
INSERT INTO party SELECT {seller} + n, 'A' || n, false, '卖', 'trader', 2, {day}, {day} {rows};
INSERT INTO party SELECT {buyer} + n, 'B' || n, false, '买', 'user', 2, {day}, {day} {rows};
INSERT INTO site SELECT {site} + n, {seller} + n, 'PA' || n, 2, {day}, NULL, true {rows};
INSERT INTO site SELECT {to_site} + n, {buyer} + n, 'PB' || n, 2, {day}, NULL, true {rows};
INSERT INTO permit SELECT {buyer} + n, {permit} + n, 'L' || n, 'purchase_filing', {substance}, {much},
  {day}, DATE '2027-01-01', 'multi', 2, NULL, false, TIMESTAMPTZ '2025-01-01 00:00+08' {rows};
INSERT INTO permit_balance SELECT {buyer} + n, {permit} + n, {much}, 2147483647, 0, 0 {rows};
INSERT INTO permit SELECT {seller} + n, {permit} + 500000 + n, 'O' || n, 'operating_filing', {substance}, {much},
  {day}, DATE '2027-01-01', 'multi', 2, NULL, false, TIMESTAMPTZ '2025-01-01 00:00+08' {rows};
INSERT INTO permit_balance SELECT {seller} + n, {permit} + 500000 + n, {much}, 2147483647, 0, 0 {rows};
INSERT INTO account SELECT {stock_account} + n, concat('site:', {seller} + n, ':', {site} + n, ':{substance}'),
  'site', {seller} + n, {site} + n, {substance} {rows};
INSERT INTO account SELECT {transit_account} + n, concat('transit:', {seller} + n, ':', {buyer} + n, ':{substance}'),
  'transit', {seller} + n, NULL, {substance} {rows};
INSERT INTO stock SELECT {stock_account} + n, {much}, {day} {rows}"""
#: What must be nought when the replayed sales have left the books in order.
_WRONG: Final = f"""
SELECT count(*) FROM (SELECT entry_id FROM posting GROUP BY entry_id HAVING sum(amount) <> 0) AS bad;
SELECT count(*) FROM permit_balance AS b WHERE drawn <> coalesce((SELECT sum(quantity) FROM draw AS d
  WHERE d.enterprise_id = b.enterprise_id AND d.permit_id = b.permit_id), 0);
SELECT count(*) FROM stock AS s WHERE {_MUCH} - amount <> coalesce((SELECT -sum(amount) FROM posting AS p
  WHERE p.account_id = s.account_id), 0)"""

Sent = list[tuple[str, dict[str, Any]]]


def run() -> list[Table]:
    """Measure at 4 and 16 clients, spread over many documents and all on one."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, database.postgres() as server:
        url, peer = database.new_database(server), database.new_database(server)
        register(url)
        sent = catch(url)
        scripts = {}
        for variant, number in (("spread", f"random(1, {SPREAD})"), ("hot", "1")):
            scripts[variant] = Path(name, f"{variant}.sql")
            scripts[variant].write_text(script(sent, number), "utf-8")
        pgbench = Pgbench(server)
        pgbench(peer, "-q", "-i", "-s", str(SCALE))
        table = Table(
            f"Draws: transactions per second as shipped ({len(sent)} statements) / pgbench TPC-B-like (-s {SCALE}), "
            f"-M {PROTOCOL}, {ROUNDS} x {SECONDS} s in turn",
            "python3 dev.py bench draws",
        )
        table.row("clients", "tpcb tps", *(c for v in scripts for c in (f"{v} tps", "ratio", "target")))
        for clients in CLIENTS:
            tps: dict[str, float] = dict.fromkeys(("tpcb", *scripts), 0.0)
            for _ in range(ROUNDS):
                tps["tpcb"] += pgbench.tps(peer, clients, "-b", "tpcb-like")
                for variant, file in scripts.items():
                    tps[variant] += pgbench.tps(url, clients, "-f", str(file))
            cells = []
            for variant in scripts:
                ratio = tps[variant] / tps["tpcb"]
                table.ratio(f"{variant}, {clients} clients", ratio, least=LEAST[variant])
                cells += [f"{tps[variant] / ROUNDS:.0f}", f"{ratio:.2f}", f">= {LEAST[variant]}"]
            table.row(clients, f"{tps['tpcb'] / ROUNDS:.0f}", *cells)
        check(url)
    return [table]


class Pgbench:
    """pgbench of the server's own package, over its socket."""

    def __init__(self, server: Any) -> None:
        self.program = database.pgbench(server)

    def __call__(self, url: str, *args: str) -> str:
        """Run it; returns what it prints."""
        command = [str(self.program), *args, url.replace("+psycopg", "")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2_000:]}")
        return done.stdout

    def tps(self, url: str, clients: int, *script: str) -> float:
        """Transactions per second, without the time to connect; none may fail."""
        args = ("-n", "-M", PROTOCOL, "-c", str(clients), "-j", "2", "-T", str(SECONDS), *script)
        printed = self(url, *args)
        if not re.search(r"number of failed transactions: 0 ", printed):
            raise RuntimeError(printed)
        return float(re.search(r"tps = ([0-9.]+) ", printed)[1])  # type: ignore[index]


def register(url: str) -> None:
    """Sellers with stock, buyers with documents: as many of each as ``SPREAD``."""
    engine = db.connect(url, owner=True)
    with engine.begin() as connection:
        for statement in _REGISTER.format(
            **BASE, much=_MUCH, substance=_SUBSTANCE, rows=_ROWS, day="DATE '2025-01-01'"
        ).split(";"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"SELECT setval('record_id', {_FIRST_ID})")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)")
    engine.dispose()


def catch(url: str) -> Sent:
    """What one sale sends: each statement with its values."""
    engine = db.connect(url)
    sent: Sent = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:  # noqa: FBT001
        for row in values if many else (values,):
            sent.append((statement, dict(row)))

    with db.transaction(engine) as session:
        acts.enter(
            session,
            Enter(
                site=BASE["site"] + 1,
                type=MovementType.SALE_OUT,
                substance=_SUBSTANCE,
                quantity=1_000,
                day=_DAY,
                permit=PermitKey(BASE["buyer"] + 1, BASE["permit"] + 1),
                other_site=BASE["to_site"] + 1,
            ),
            None,
            audit.Actor(account="bench", person="B", role="ent_officer"),
            _NOW,
        )
    engine.dispose()
    return sent


def script(sent: Sent, number: str) -> str:
    """The statements for pgbench: the numbers of the first seller, site ... become those of the n-th."""
    lines = [f"\\set n {number}", *(f"\\set {name} {base} + :n" for name, base in BASE.items()), "BEGIN;"]
    known = {base + 1: name for name, base in BASE.items()}
    last = _FIRST_ID
    for statement, values in sent:
        text = _filled(statement, values, known)
        if _TAKE_IDS in text:  # pgbench wants its answer, one number or two, in one row
            count = max(values.values())
            known |= {last + n: f"id{last + n - _FIRST_ID}" for n in range(1, count + 1)}
            kept = [f"min(v) AS {known[last + 1]}", f"max(v) AS {known[last + count]}"][:count]
            lines.append(f"SELECT {', '.join(kept)} FROM ({text}) AS taken(v) \\gset")
            last += count
        else:
            lines.append(f"{text};")
    return "\n".join([*lines, "COMMIT;", ""])


def _filled(statement: str, values: dict[str, Any], known: dict[int, str]) -> str:
    """The statement in one line, with its values."""

    def value(mark: re.Match[str]) -> str:
        return _literal(values[mark[1]], known)

    return " ".join(re.sub(r"%\((\w+)\)s", value, statement).split())


def _literal(value: Any, known: dict[int, str]) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return f":{known[value]}" if value in known else str(value)
    text = str(value)
    if re.fullmatch(r"M[0-9]+|\w+(:[0-9]*)+", text):  # names made of numbers: of a movement, of an account
        return f"({' || '.join(_parts(text, known))})"
    return "'" + text.replace("'", "''") + "'"


def _parts(text: str, known: dict[int, str]) -> Iterator[str]:
    for part in re.findall(r"[0-9]+|[^0-9]+", text):
        name = known.get(int(part)) if part.isdigit() else None
        yield f"CAST(:{name} AS TEXT)" if name else f"'{part}'"


def check(url: str) -> None:
    """What was replayed has left the books in order: entries balance, kept balances are what was drawn."""
    engine = db.connect(url)
    with engine.connect() as connection:
        for query in _WRONG.split(";"):
            assert connection.exec_driver_sql(query).scalar() == 0, query
    engine.dispose()
