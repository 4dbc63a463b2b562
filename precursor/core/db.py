"""Engines, column types, table marks and the one place where a transaction ends.

Two engines share one code path: SQLite (WAL, foreign keys, STRICT tables) and PostgreSQL 15 or newer.
Where they differ, the difference stands here and nowhere else.
"""

import enum
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Final, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry

_EPOCH_DAY: Final = date(1970, 1, 1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

#: A column or an expression of columns.
Expr: TypeAlias = sa.SQLColumnExpression[Any]

#: BIGINT; SQLite's STRICT tables know it as INTEGER, which holds the same 64 bits.
BIG: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG: Final = sa.Boolean().with_variant(sa.Integer(), "sqlite")


class BaseUnits(sa.TypeDecorator[int]):
    """A quantity in whole base units (``core.quantity``): BIGINT, only ``int`` in and only ``int`` out.

    Never NUMERIC: SQLite keeps it as a float, and PostgreSQL's takes NaN and calls it positive.
    """

    impl = BIG
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Refuse what the database would round."""
        if value is not None and type(value) is not int:
            raise TypeError(f"a quantity is an int of base units, not {value!r}")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Load as ``int``: PostgreSQL's SUM of BIGINT is NUMERIC."""
        return None if value is None else int(value)


class LegalDay(sa.TypeDecorator[date]):
    """A legal day: DATE on PostgreSQL, the number of days since 1970-01-01 on SQLite.

    Both know how to add days to it (``days_after``), so a deadline is one expression.
    """

    impl = sa.Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type."""
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.Date())

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """``day + 30``: the 30 is a number, not a day."""
        return sa.Integer() if isinstance(value, int) else self

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """Refuse instants: which legal day one falls on is ``clock.legal_day``'s to say."""
        if value is None:
            return None
        if type(value) is not date:
            raise TypeError(f"not a legal day: {value!r}")
        return (value - _EPOCH_DAY).days if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """Load as ``date``."""
        return _EPOCH_DAY + timedelta(value) if isinstance(value, int) else value


class Instant(sa.TypeDecorator[datetime]):
    """An aware instant: TIMESTAMPTZ on PostgreSQL, microseconds since 1970 UTC on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type."""
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive values; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return (value - _EPOCH) // _MICROSECOND if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Load as an aware UTC value."""
        if isinstance(value, int):
            return _EPOCH + timedelta(microseconds=value)
        return value.astimezone(UTC) if isinstance(value, datetime) else None


def days_after(day: Expr, days: int | Expr) -> sa.ColumnElement[date]:
    """The legal day so many days later."""
    return sa.type_coerce(day + days, LegalDay())


class unindexed(sa.sql.functions.FunctionElement[Any]):  # noqa: N801
    """A legal day that SQLite shall not look up by index: a year of a big table is quicker in the table's order."""

    type = LegalDay()
    inherit_cache = True


@compiles(unindexed, "sqlite")
def _unindexed_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


@compiles(unindexed, "postgresql")
def _unindexed_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


class hours_after(sa.sql.functions.FunctionElement[datetime]):  # noqa: N801 - it reads as a SQL function
    """``hours_after(instant, n)``: the instant ``n`` hours later, exact on both engines."""

    type = Instant()
    inherit_cache = True


@compiles(hours_after, "sqlite")
def _hours_after_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    instant, hours = list(element.clauses)
    return f"({compiler.process(instant, **kw)} + {compiler.process(hours, **kw)} * 3600000000)"


@compiles(hours_after, "postgresql")
def _hours_after_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    instant, hours = list(element.clauses)
    return f"({compiler.process(instant, **kw)} + make_interval(hours => {compiler.process(hours, **kw)}))"


class earliest(sa.sql.functions.FunctionElement[Any]):  # noqa: N801
    """The earliest of its arguments, legal days; a NULL among them counts as absent, on both engines."""

    inherit_cache = True

    def __init__(self, *clauses: Expr) -> None:
        super().__init__(*clauses)
        self.type = sa.type_coerce(clauses[0], LegalDay()).type


@compiles(earliest, "postgresql")
def _earliest_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"LEAST({compiler.process(element.clauses, **kw)})"


@compiles(earliest, "sqlite")
def _earliest_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # SQLite's min(a, NULL) is NULL: replace the absent by a day later than any other
    parts = [f"COALESCE({compiler.process(c, **kw)}, 9223372036854775807)" for c in element.clauses]
    return f"NULLIF(MIN({', '.join(parts)}), 9223372036854775807)"


class json_rows(sa.sql.functions.FunctionElement[Any]):  # noqa: N801
    """A JSON array of arrays as rows of one column ``value``; see ``rows``."""

    inherit_cache = True
    name = "json_rows"


@compiles(json_rows, "sqlite")
def _json_rows_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(json_rows, "postgresql")
def _json_rows_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **kw)} AS JSON))"


class json_item(sa.sql.functions.FunctionElement[Any]):  # noqa: N801
    """``json_item(value, index)``: one item of a row of ``json_rows``, as a whole number."""

    inherit_cache = True


@compiles(json_item, "sqlite")
def _json_item_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    value, index = list(element.clauses)
    return f"({compiler.process(value, **kw)} ->> {compiler.process(index, **kw)})"


@compiles(json_item, "postgresql")
def _json_item_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    value, index = list(element.clauses)
    sql = f"({compiler.process(value, **kw)} ->> {compiler.process(index, **kw)})"
    if isinstance(element.type, LegalDay):
        return f"(DATE '1970-01-01' + CAST({sql} AS INTEGER))"
    return f"CAST({sql} AS BIGINT)"


def rows(data: Sequence[Sequence[int | date]], **columns: sa.types.TypeEngine[Any]) -> sa.CTE:
    """Return ``data`` as a table that a query can join: one bound value, whatever its length.

    ``columns`` name the items in order; their types are whole numbers or ``LegalDay``.
    """
    text = json.dumps([[(v - _EPOCH_DAY).days if isinstance(v, date) else v for v in row] for row in data])
    value = json_rows(sa.bindparam(None, text, type_=sa.Text(), unique=True)).table_valued(
        sa.column("value", sa.Text())
    )

    def item(index: int, kind: sa.types.TypeEngine[Any]) -> json_item:
        element = json_item(value.c.value, sa.literal_column(str(index)))
        element.type = kind
        return element

    return sa.select(*(item(i, kind).label(name) for i, (name, kind) in enumerate(columns.items()))).cte()


class Base(orm.DeclarativeBase):
    """Base of all models."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        int: BIG,
        str: sa.Text(),
        bool: FLAG,
        date: LegalDay(),
        enum.Enum: sa.Text(),
    }


def append_only(*constraints: Any, rowid: bool = False) -> Any:
    """Table arguments of a record: inserted once, never changed or deleted; the database refuses too."""
    return *constraints, {"info": {"append_only": True}, "sqlite_strict": True, "sqlite_with_rowid": rowid}


def mutable(*constraints: Any) -> Any:
    """Table arguments of a row that may change: kept balances, accounts, settings."""
    return *constraints, {"info": {"append_only": False}, "sqlite_strict": True}


def is_append_only(table: sa.Table) -> bool:
    """Whether the database must refuse UPDATE, DELETE and REPLACE on ``table``."""
    return bool(table.info.get("append_only"))


_GUARDED_ACTIONS: Final = frozenset({sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_FORBIDDEN_ACTIONS: Final = frozenset(
    {
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_CREATE_TRIGGER,
    }
)
_SCHEMA_TABLES: Final = frozenset({"sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"})
_FIXED_PRAGMAS: Final = frozenset(
    {"writable_schema", "recursive_triggers", "foreign_keys", "ignore_check_constraints", "trusted_schema"}
)


def _authorizer(guarded: frozenset[str]) -> Callable[..., int]:
    """SQLite asks this for every statement: the records and the schema are out of reach of the application."""

    def allowed(action: int, first: str | None, second: str | None, *_: object) -> int:
        if action in _GUARDED_ACTIONS and first in guarded:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_DELETE and first in _SCHEMA_TABLES:
            return sqlite3.SQLITE_DENY
        if action in _FORBIDDEN_ACTIONS:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _FIXED_PRAGMAS and second is not None:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return allowed


def connect(url: str, *, owner: bool = False) -> sa.Engine:
    """Return an engine for ``url``. ``owner``: for migrations, which may change the schema.

    On SQLite, transactions that write take the write lock at once (``BEGIN IMMEDIATE``): otherwise two
    requests read "not used yet" together and both write. Those that only read do not lock.
    """
    engine = sa.create_engine(url, **({} if url.startswith("sqlite") else {"pool_pre_ping": True}))
    prepare(engine, owner=owner)
    return engine


def prepare(engine: sa.Engine, *, owner: bool) -> None:
    """Set up every connection that ``engine`` will open."""
    (_prepare_sqlite if engine.dialect.name == "sqlite" else _prepare_postgresql)(engine, owner=owner)


def _prepare_postgresql(engine: sa.Engine, *, owner: bool) -> None:
    del owner  # there, grants say what an application may change

    @sa.event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # we stream whole results: a cursor must be planned for all rows, not for the first tenth; and compiling
        # the queries of figures to machine code takes longer than running them
        cursor = connection.cursor()
        cursor.execute("SET cursor_tuple_fraction = 1")
        cursor.execute("SET jit = off")
        cursor.close()
        connection.commit()


def _prepare_sqlite(engine: sa.Engine, *, owner: bool) -> None:
    guarded = frozenset(t.name for t in Base.metadata.tables.values() if is_append_only(t))

    @sa.event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # an acknowledged write survives the loss of power
            "busy_timeout = 30000",
            "foreign_keys = ON",
            "recursive_triggers = ON",  # REPLACE then meets the delete guard
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if not owner:
            connection.set_authorizer(_authorizer(guarded))

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


WRITE: Final = {"begin": "IMMEDIATE"}


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[orm.Session]:
    """One unit of work that writes: committed on success, rolled back on any error."""
    with (
        engine.connect().execution_options(**WRITE) as connection,
        orm.Session(connection) as session,
        connection.begin(),
    ):
        yield session
        session.flush()  # the connection, not the session, ends the transaction


@contextmanager
def reading(engine: sa.Engine) -> Iterator[orm.Session]:
    """One consistent view of the register; nothing of it is kept."""
    with engine.connect() as connection, orm.Session(connection) as session:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield session
        connection.rollback()


class Serial(Base):
    """The last number given out (SQLite, where one writer at a time holds the lock anyway)."""

    __tablename__ = "serial"
    __table_args__ = mutable()

    name: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    last: orm.Mapped[int]


RECORD_ID: Final = sa.Sequence("record_id", metadata=Base.metadata)


_NEXT_IDS: Final = sa.select(RECORD_ID.next_value()).select_from(
    sa.func.generate_series(1, sa.bindparam("count", type_=sa.Integer()))
)
_TAKE_IDS: Final = (
    sa.update(Serial)
    .where(Serial.name == RECORD_ID.name)
    .values(last=Serial.last + sa.bindparam("count", type_=sa.Integer()))
    .returning(Serial.last)
)


def take_ids(session: orm.Session, count: int) -> range | list[int]:
    """Return ``count`` new record numbers, ascending, never given out before."""
    if session.get_bind().dialect.name == "postgresql":
        return sorted(session.connection().scalars(_NEXT_IDS, {"count": count}))
    last = session.connection().scalar(_TAKE_IDS, {"count": count})
    if last is None:
        raise RuntimeError("the database has no serial numbers: run precursor init")
    return range(last - count + 1, last + 1)


def table_of(model: type[Base]) -> sa.Table:
    """The table of a model."""
    return cast("sa.Table", model.__table__)


def insert(session: orm.Session, model: type[Base], values: Sequence[dict[str, Any]]) -> None:
    """Write rows in bulk. Every row names the same columns; nothing is loaded back."""
    if values:
        session.connection().execute(_insert_into(model), list(values))


@cache
def _insert_into(model: type[Base]) -> sa.Insert:
    return sa.insert(table_of(model))


def changed(session: orm.Session, statement: sa.Update, values: dict[str, Any] | None = None) -> int:
    """Run an update that no loaded object needs to hear of; returns how many rows it changed."""
    result = session.connection().execute(statement, values)
    return result.rowcount


def insert_missing(session: orm.Session, model: type[Base], values: Sequence[dict[str, Any]], *, key: str) -> None:
    """Write the rows whose ``key`` is not there yet: on PostgreSQL another process may add one at this moment."""
    if not values:
        return
    statement: sa.Insert = sa.insert(table_of(model))
    if session.get_bind().dialect.name == "postgresql":
        statement = postgresql.insert(table_of(model)).on_conflict_do_nothing(index_elements=[key])
    session.connection().execute(statement, list(values))
