"""The command ``precursor``: wiring only; every command calls the services that pages call."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import click
import sqlalchemy as sa
import waitress
from flask import Flask
from flask_security import hash_password
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import precursor.tables  # noqa: F401 - engines guard every table
from precursor import audit
from precursor import demo as demonstration
from precursor.accounts import service as accounts
from precursor.accounts import tokens
from precursor.app import create_app, for_serving
from precursor.areas import codes
from precursor.areas import service as areas
from precursor.core import db, migrate
from precursor.core.access import Action, Role
from precursor.core.clock import Period
from precursor.core.errors import Faulty, NotFound, PrecursorError, Refused
from precursor.doctor import State, examine
from precursor.enterprises import service as enterprises
from precursor.exchange.exporting import export_bundle
from precursor.exchange.importing import import_bundle
from precursor.reconciliation import listings, service, tracing
from precursor.reconciliation.figures import FIGURES
from precursor.rules.gaps import GAPS
from precursor.rules.law import RULES
from precursor.rules.places import described
from precursor.settings import Settings
from precursor.terminal import (
    OPERATOR,
    DayText,
    engine,
    format_option,
    reading,
    show_json,
    show_table,
    today,
    view_options,
    writing,
)
from precursor.tokens import commands as token_commands
from precursor.tokens.store import KeyStore


def main() -> None:
    """Run a command. Exit code 0: done; 1: refused or faults found, one line each on stderr; 2: wrong usage."""
    try:
        cli(prog_name="precursor")
    except Faulty as error:
        for fault in error.faults:
            click.echo(f"{fault.pointer or '/'}: {fault.message}", err=True)
    except PrecursorError as error:
        click.echo(str(error), err=True)
    except sa.exc.OperationalError as error:
        click.echo(f"the database does not answer: {error.orig}", err=True)
    sys.exit(1)


@click.group()
@click.version_option(package_name="precursor")
def cli() -> None:
    """Where every kilogram of controlled chemical is (易制毒化学品、麻精药品流向追溯)."""


@cli.command()
def init() -> None:
    """Create and migrate the database. Safe to repeat."""
    settings = Settings.from_environment()
    prepare(settings)
    click.echo(f"ready: {sa.make_url(settings.database_url).render_as_string(hide_password=True)}")


def prepare(settings: Settings) -> None:
    """Bring database and secrets up to date."""
    settings.secrets()
    KeyStore.of(settings).make_root()
    owner = db.connect(settings.migrate_url, owner=True)
    migrate.migrate(owner, app_role=sa.make_url(settings.database_url).username)
    owner.dispose()


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the web application."""
    settings = Settings.from_environment()
    engine(settings).dispose()  # refuses a database that is not ready, before anything listens
    click.echo(f"http://{host}:{port}/")
    run(for_serving(settings), host, port)


@cli.command()
@format_option
def doctor(form: str) -> None:
    """Look whether this installation is in order; exit code 1 where something must be mended."""
    settings = Settings.from_environment()
    found = list(examine(settings, settings.clock()))
    if form == "json":
        show_json([{"what": f.what, "state": f.state, "seen": f.seen, "remedy": f.remedy} for f in found])
    else:
        show_table(["", "state", "seen", "what to do"], [(f.what, f.state, f.seen, f.remedy) for f in found])
    if any(f.state is State.WRONG for f in found):
        sys.exit(1)


def run(app: Flask, host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    waitress.serve(app, host=host, port=port, threads=8, ident=None)


def _free(host: str, port: int) -> None:
    """Say it at once when somebody listens there already, before a city is made for nobody."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        said = f"端口 {port} 不可用，请换一个 / cannot listen on {host}:{port} ({error.strerror}): name another"
        raise click.BadParameter(said, param_hint="--port") from None


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--check", is_flag=True, help="start, fetch the main pages, print what was seen, stop")
def demo(host: str, port: int, check: bool) -> None:  # noqa: FBT001
    """Prepare the demonstration city and serve it."""
    if not check:
        _free(host, port)
    settings = Settings.from_environment()
    prepare(settings)
    app = create_app(settings)
    shown = demonstration.load(app, settings.clock())
    click.echo(f"http://{host}:{port}/   password of every account: {demonstration.PASSWORD}")
    show_table(["account", "role", "for"], [(user.name, user.role.value, user.note) for user in shown])
    if check:
        for path, status, size in demonstration.visit(app):
            click.echo(f"GET {path} {status} {size} bytes")
        return
    run(app, host, port)


for command in token_commands.COMMANDS:
    cli.add_command(command)


@cli.group()
def user() -> None:
    """Accounts; several may belong to one natural person."""


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--person", required=True, help="code of the natural person")
@click.option("--enterprise", help="id of the enterprise the account is for")
@click.option("--area", help="id of the area the account is for")
@click.option("--password-stdin", is_flag=True, help="read the password from standard input")
def user_add(
    name: str,
    role: str,
    person: str,
    enterprise: str | None,
    area: str | None,
    password_stdin: bool,  # noqa: FBT001
) -> None:
    """Add an account. It sets up its second factor at the first log-in."""
    if enterprise and area:
        raise click.UsageError("an account is for an enterprise or for an area, not both")
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else click.prompt("password", hide_input=True, confirmation_prompt=True)
    )
    if len(password) < 10:
        raise Refused("密码至少 10 个字符 / a password has 10 characters or more")
    settings = Settings.from_environment()
    engine(settings).dispose()
    with create_app(settings).app_context():
        hashed = hash_password(password)
    with writing(settings) as session:
        found_area = areas.by_outside_id(session, area).id if area else None
        found_enterprise = enterprises.by_outside_id(session, enterprise).id if enterprise else None
        accounts.add(
            session,
            accounts.AddUser(
                name=name,
                role=role,
                person=person,
                password_hash=hashed,
                area_id=found_area,
                enterprise_id=found_enterprise,
            ),
            OPERATOR,
            settings.clock(),
        )
    click.echo(f"added {name}")


@user.command("list")
@format_option
def user_list(form: str) -> None:
    """Every account."""
    with reading() as session:
        rows = [
            {"name": u.username, "role": u.role, "person": u.person, "active": bool(u.active)}
            for u in accounts.listing(session)
        ]
    if form == "json":
        show_json(rows)
    else:
        show_table(["name", "role", "person", "active"], [list(row.values()) for row in rows])


@user.command("disable")
@click.argument("name")
def user_disable(name: str) -> None:
    """Disable an account; its sessions end at their next request."""
    settings = Settings.from_environment()
    with writing(settings) as session:
        accounts.disable(session, name, OPERATOR, settings.clock())
    click.echo(f"disabled {name}")


@user.command("token")
@click.argument("name")
@click.option("--action", "actions", multiple=True, required=True, type=click.Choice([a.value for a in Action]))
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 365))
def user_token(name: str, actions: Sequence[str], days: int) -> None:
    """Make a token for a machine: bound to an account and to these of its actions. It is shown once."""
    settings = Settings.from_environment()
    now = settings.clock()
    with writing(settings) as session:
        wanted = [Action(action) for action in actions]
        secret = tokens.issue(session, name, wanted, expires_at=now + timedelta(days=days), actor=OPERATOR, now=now)
    click.echo(secret)


@user.command("revoke-tokens")
@click.argument("name")
def user_revoke_tokens(name: str) -> None:
    """Revoke every token of an account."""
    settings = Settings.from_environment()
    with writing(settings) as session:
        count = tokens.revoke_all(session, name, OPERATOR, settings.clock())
    click.echo(f"revoked {count}")


@cli.group()
def area() -> None:
    """Areas: those of the national table by their codes, deeper or made-up ones from a file."""


@area.command("add")
@click.argument("what", metavar="CODE|FILE")
def area_add(what: str) -> None:
    """Put a code of GB/T 2260 and what lies above it on the register; or a CSV file: code,name,since,until."""
    settings = Settings.from_environment()
    if Path(what).is_file():
        entries = codes.read_file(Path(what).read_text("utf-8-sig"))
    else:
        try:
            entries = codes.chain(what)
        except ValueError as error:
            raise Refused(f"国家代码表无此代码 / {error}") from None
    with writing(settings) as session:
        added = areas.adopt(session, entries, OPERATOR, settings.clock())
        lines = [f"{found.code} {found.name}" for found in added]
    click.echo("\n".join(lines))


@cli.group()
def bundle() -> None:
    """A whole register as one JSON document (precursor-scenario/1)."""


@bundle.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
def bundle_import(file: Path, form: str) -> None:
    """Import FILE into an empty register, all or nothing."""
    settings = Settings.from_environment()
    data, now = file.read_bytes(), settings.clock()
    try:
        with writing(settings) as session, progress_shown() as progress:
            attempts = import_bundle(session, data, OPERATOR, now, progress)
    except (Faulty, Refused) as error:
        note_refusal(settings, error)
        if form == "json":
            faults = error.faults if isinstance(error, Faulty) else ()
            errors = [{"pointer": f.pointer, "message": f.message} for f in faults]
            show_json({"errors": errors or [{"pointer": "", "message": str(error)}]})
        raise
    if form == "json":
        show_json({"attempts": attempts})
    else:
        show_table(["attempt", "decided by"], [(id_, code or "allowed") for id_, code in attempts.items()])


def note_refusal(settings: Settings, error: PrecursorError) -> None:
    """The only trace of a refused import: an audit entry."""
    with writing(settings) as session:
        audit.note(
            session,
            action="bundle.refuse",
            kind="bundle",
            name=error.code,
            row={"error": str(error)},
            actor=OPERATOR,
            now=settings.clock(),
        )


@contextmanager
def progress_shown() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)


@bundle.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--partial", is_flag=True, help="leave out what the schema cannot hold")
def bundle_export(file: Path, partial: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Write the register to FILE; what the schema cannot hold is named, and refused without --partial."""
    with reading() as session:
        document, left_out = export_bundle(session)
    for what in left_out:
        click.echo(f"left out: {what}" if partial else f"cannot be exported: {what}", err=True)
    if left_out and not partial:
        raise Refused("use --partial to export without them")
    file.write_text(document, "utf-8")


@cli.command()
@view_options
@click.option("--publish", is_flag=True, help="freeze the figures as they are now")
def kpi(period: Period, as_of: date | None, area: str | None, form: str, publish: bool) -> None:  # noqa: FBT001
    """All figures: targets, numerators and denominators, by county."""
    settings = Settings.from_environment()
    as_of = as_of or today()
    if publish:
        with writing(settings) as session:
            city, view = service.open_view(session, period, as_of, area)
            service.publish(session, city, view, area, OPERATOR, settings.clock())
    with reading(settings) as session:
        city, view = service.open_view(session, period, as_of, area)
        if form == "json":
            show_json(service.kpi_report(session, city, view, area))
            return
        counted = [service.count(session, view, figure, city.counties) for figure in FIGURES]
    shown = [c.outside_id for c in city.counties if c.id in view.areas]
    show_table(
        ["figure", "指标", "n/d", "%", "target", "met", *shown],
        [
            (
                c.figure.key,
                c.figure.title.zh,
                f"{c.total.n}/{c.total.d}",
                c.total.pct,
                c.target,
                {True: "yes", False: f"short {c.total.short}", None: None}[c.met],
                *(f"{c.by_area[county].n}/{c.by_area[county].d}" for county in shown),
            )
            for c in counted
        ],
        right=["n/d", "%", "target", *shown],
    )


@cli.command()
@view_options
def gaps(period: Period, as_of: date | None, area: str | None, form: str) -> None:
    """Every missing point, with who must act."""
    with reading() as session:
        _, view = service.open_view(session, period, as_of or today(), area)
        if form == "json":
            show_json(service.gap_report(view, area, service.gaps(session, view)))
            return
        found = service.gaps(session, view)
    show_table(
        ["gap", "缺口", "subject", "detail", "area", "since", "who acts"],
        [(g.code, GAPS[g.code].title.zh, g.subject, g.detail, g.area, g.since, g.owner) for g in found],
    )


@cli.command()
@click.option("--on", type=DayText(), required=True, help="at the end of this legal day")
@click.option("--as-of", type=DayText(), help="see only what was recorded by this day (default: today)")
@format_option
def stock(on: date, as_of: date | None, form: str) -> None:
    """Closing book stock by site and substance."""
    with reading() as session:
        found = listings.stock(session, on, as_of or today())
    if form == "json":
        show_json(found)
    else:
        rows = [(name, line["quantity"], line["unit"]) for name, line in found.items()]
        show_table(["site/substance", "quantity", "unit"], rows, right=["quantity"])


@cli.command()
@view_options
def documents(period: Period, as_of: date | None, area: str | None, form: str) -> None:
    """Per permit or filing: quantity, drawn, left, when and why closed, verification."""
    with reading() as session:
        _, view = service.open_view(session, period, as_of or today(), area)
        found = listings.documents(session, view)
    if form == "json":
        show_json(found)
        return
    columns = [
        "holder",
        "substance",
        "quantity",
        "drawn",
        "left",
        "unit",
        "closed_on",
        "reason",
        "due",
        "verified_on",
    ]
    show_table(
        ["document", *columns],
        [(name, *(line[column] for column in columns)) for name, line in found.items()],
        right=["quantity", "drawn", "left"],
    )


@cli.command()
@view_options
def plan(period: Period, as_of: date | None, area: str | None, form: str) -> None:
    """Inspection slots: window, the grade that asked, what fills it."""
    with reading() as session:
        _, view = service.open_view(session, period, as_of or today(), area)
        found = service.plan(session, view)
    if form == "json":
        show_json(found)
        return
    columns = ["enterprise", "window", "start", "end", "grade", "state", "inspection"]
    show_table(columns, [[slot[column] for column in columns] for slot in found["slots"]])


@cli.command()
@click.argument("what")
@click.option("--up/--down", "up", default=None, help="where it came from, or where it went")
@click.option("--as-of", type=DayText(), help="see only what was recorded by this day (default: everything)")
@format_option
def trace(what: str, up: bool | None, as_of: date | None, form: str) -> None:  # noqa: FBT001
    """Trace WHAT: SITE/SUBSTANCE, a movement or a batch."""
    if up is None:
        raise click.UsageError("say --up or --down")
    with reading() as session:
        found = tracing.trace(session, what, up=up, as_of=as_of)
    if form == "json":
        show_json(found)
        return
    columns = ["movement", "from", "to", "substance", "quantity", "unit", "day"]
    show_table(columns, [[edge[column] for column in columns] for edge in found["edges"]], right=["quantity"])


@cli.command("rules")
@format_option
def rules_(form: str) -> None:
    """Every rule of the law as it is encoded: words, source, and where it stands in the code."""
    rows = [described(rule) for rule in RULES.values()]
    if form == "json":
        show_json(rows)
    else:
        names = ["rule", "zh", "en", "source", "code"]
        show_table(names, [[row[name] for name in names] for row in rows])


@cli.command("rule")
@click.argument("id_", metavar="ID")
@format_option
def rule_(id_: str, form: str) -> None:
    """One rule: words, source, and where it stands in the code."""
    if id_ not in RULES:
        raise NotFound(f"没有这条规则 / there is no rule {id_}: see precursor rules")
    found = described(RULES[id_])
    if form == "json":
        show_json(found)
        return
    mark = "" if found["confirmed"] else "  未核对 / unconfirmed"
    click.echo(f"{id_}\n{found['zh']}\n{found['en']}\n{found['source']}{mark}")
    if found["value"]:
        click.echo(" ".join(f"{name}={value}" for name, value in found["value"].items()))
    click.echo(f"{found['code']}\n{found['data']}")
