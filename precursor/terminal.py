"""What commands share: their options, the database they open, and how they show what they found."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import click
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core import db, guards, migrate
from precursor.core.clock import Period, legal_day, parse_day
from precursor.core.errors import Refused
from precursor.settings import Settings

#: The actor of commands: whoever may run them on this machine.
OPERATOR = audit.Actor(account="command line", person="OPERATOR", role="sysadmin")


class PeriodText(click.ParamType):
    """2025, 2025-Q3, 2025-H1 or 2025-01-01..2025-06-30."""

    name = "period"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Period:
        """Read it."""
        try:
            return value if isinstance(value, Period) else Period.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class DayText(click.ParamType):
    """A legal day, YYYY-MM-DD."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it."""
        try:
            return value if isinstance(value, date) else parse_day(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--format table|json``."""
    return click.option(
        "--format", "form", type=click.Choice(["table", "json"]), default="table", help="for people or programs"
    )(command)


def view_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--period``, ``--as-of``, ``--area``, ``--format``."""
    for option in (
        format_option,
        click.option("--area", help="id of the city or of a county"),
        click.option("--as-of", type=DayText(), help="see only what was recorded by this day (default: today)"),
        click.option("--period", type=PeriodText(), required=True, help=PeriodText.__doc__),
    ):
        command = option(command)
    return command


def engine(settings: Settings) -> sa.Engine:
    """The application's engine, on a database that is up to date and guarded."""
    if (
        settings.database_url.startswith("sqlite")
        and not (settings.home / "precursor.db").exists()
        and (settings.database_url == f"sqlite:///{settings.home / 'precursor.db'}")
    ):
        raise Refused("there is no database yet: run precursor init")
    made = db.connect(settings.database_url)
    with made.connect() as connection:
        if migrate.current(connection) != migrate.head():
            raise Refused("the database is not up to date: run precursor init")
        if missing := guards.missing(connection):
            raise Refused(f"tables without their guards ({', '.join(missing)}): run precursor init")
    return made


@contextmanager
def reading(settings: Settings | None = None) -> Iterator[Session]:
    """One consistent view of the register."""
    made = engine(settings or Settings.from_environment())
    try:
        with db.reading(made) as session:
            yield session
    finally:
        made.dispose()


@contextmanager
def writing(settings: Settings) -> Iterator[Session]:
    """One transaction."""
    made = engine(settings)
    try:
        with db.transaction(made) as session:
            yield session
    finally:
        made.dispose()


def today() -> date:
    """The legal day now."""
    return legal_day(Settings.from_environment().clock())


def show_json(value: Any) -> None:
    """One JSON document on stdout, alone."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """An aligned table; not cut where stdout is no terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*("--" if cell is None else str(cell) for cell in row))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False, markup=False).print(table)
