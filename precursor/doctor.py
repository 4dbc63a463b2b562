"""What ``precursor doctor`` looks at: whether this installation is in order, and what to do where it is not."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

import precursor
from precursor import ledger
from precursor.accounts.models import User
from precursor.areas import service as areas
from precursor.audit.models import AuditEntry
from precursor.core import canonical, db, guards, migrate
from precursor.core.errors import Refused
from precursor.settings import Settings
from precursor.signing.trust import KeyState
from precursor.tokens import keys
from precursor.tokens.models import SigningKey
from precursor.tokens.store import ROOT, KeyStore

LEAST_FREE: Final = 1_000_000_000
LEAST_SQLITE: Final = (3, 37)
LEAST_POSTGRESQL: Final = (15, 0)
#: So many of the latest entries of the audit log are digested again.
ENTRIES: Final = 1_000


class State(StrEnum):
    """How a thing is."""

    OK = "ok"
    NOTE = "note"  # works, and somebody should know
    WRONG = "wrong"  # must be mended


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was seen, and what to do about it."""

    what: str
    state: State
    seen: str
    remedy: str = ""


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Look at everything; what cannot be looked at because something before it is wrong is left out."""
    yield _python()
    yield _parts()
    yield from _home(settings)
    yield _address(settings)
    engine = db.connect(settings.database_url)
    try:
        with engine.connect() as connection:
            yield from _database(connection)
            if migrate.current(connection) != migrate.head():
                return
        with db.reading(engine) as session:
            yield from _keys(session, settings, now)
            yield _register(session)
            yield _accounts(session, settings)
            yield _ledger(session)
            yield _audit(session)
    except sa.exc.OperationalError as error:
        yield Finding("database", State.WRONG, str(error.orig), "start it, or set PRECURSOR_DATABASE_URL")
    finally:
        engine.dispose()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", State.OK, f"{version}, precursor {importlib.metadata.version('precursor')}")


def _parts() -> Finding:
    """Styles, scripts and the font of the papers are built, not kept."""
    package = Path(precursor.__file__).parent
    wanted = [package / "static/dist/app.css", package / "static/dist/v.js", package / "static/dist/icons.svg"]
    absent = [str(file.relative_to(package)) for file in wanted if not file.exists()]
    if not any((package / "fonts").glob("*.[ot]tf")):
        absent.append("fonts")
    if absent:
        return Finding("built parts", State.WRONG, f"missing: {', '.join(absent)}", "install the wheel again")
    return Finding("built parts", State.OK, "styles, scripts, icons, font")


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not home.is_dir():
        yield Finding("home", State.WRONG, f"{home} is not there", "run precursor init")
        return
    private = [home, *home.glob("*.json"), *home.glob("*.key"), home / "keys", *home.glob("keys/*.key")]
    if settings.safe and settings.safe.pin_file:
        private.append(settings.safe.pin_file)
    open_ = [path for path in private if path.exists() and path.stat().st_mode & 0o077]
    if open_ and os.name == "posix":
        seen = f"others may read {', '.join(path.name for path in open_)}"
        yield Finding("home", State.WRONG, seen, f"chmod go= {' '.join(map(str, open_))}")
    else:
        yield Finding("home", State.OK, str(home))
    free = shutil.disk_usage(home).free
    state = State.OK if free >= LEAST_FREE else State.NOTE
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free", "" if state is State.OK else "make room")


def _address(settings: Settings) -> Finding:
    parts = urlsplit(settings.base_url)
    if parts.scheme == "https":
        return Finding("address", State.OK, settings.base_url)
    remedy = "set PRECURSOR_BASE_URL to the https address: printed codes then open it, and cookies are secure"
    return Finding("address", State.NOTE, settings.base_url, remedy)


def _database(connection: sa.Connection) -> Iterator[Finding]:
    name = connection.dialect.name
    version = connection.dialect.server_version_info or ()
    least = LEAST_POSTGRESQL if name == "postgresql" else LEAST_SQLITE
    said = f"{name} {'.'.join(map(str, version))}"
    if version < least:
        yield Finding("database", State.WRONG, said, f"{'.'.join(map(str, least))} or newer is needed")
    else:
        yield Finding("database", State.OK, said)
    found, wanted = migrate.current(connection), migrate.head()
    if found != wanted:
        yield Finding("schema", State.WRONG, f"at {found or 'nothing'}, {wanted} is needed", "run precursor init")
        return
    yield Finding("schema", State.OK, wanted)
    if missing := guards.missing(connection):
        yield Finding("guards", State.WRONG, f"missing on {', '.join(missing)}", "run precursor init")
    else:
        yield Finding("guards", State.OK, f"{len(guards.guarded_tables(connection))} tables only grow")


def _keys(session: Session, settings: Settings, now: datetime) -> Iterator[Finding]:
    store = KeyStore.of(settings)
    try:
        pinned = store.root_public()
    except Refused as error:
        yield Finding("root key", State.WRONG, str(error), "run precursor init")
        return
    if (settings.home / ROOT).exists() and store.root().x.hex() != pinned:
        yield Finding("root key", State.WRONG, "root.key does not belong to root.pub", "bring the right one back")
    elif (settings.home / ROOT).exists():
        seen = f"{pinned[:16]}…, its private half lies in this installation"
        yield Finding("root key", State.NOTE, seen, "keep a copy elsewhere; see docs/operations.md")
    else:
        yield Finding("root key", State.OK, f"{pinned[:16]}…, kept elsewhere")
    active = [key for key in keys.listed(session, now) if key.state == KeyState.ACTIVE]
    strange = [key.scope for key in active if not keys.is_published(session, key)]
    absent = [said for key in active if (said := _missing(store, key)) is not None]
    if absent:
        yield Finding("issuing keys", State.WRONG, "; ".join(dict.fromkeys(absent)), "bring it back, or rotate")
    elif strange:
        seen = f"of {', '.join(strange)} on no trust list yet: phones do not know them"
        yield Finding("issuing keys", State.NOTE, seen, "bring the root key, precursor publish DIR")
    else:
        yield Finding("issuing keys", State.OK, f"{len(active)} active")


def _missing(store: KeyStore, key: SigningKey) -> str | None:
    try:
        store.signer(key.kid)
    except Refused as error:
        return str(error)
    return None


def _register(session: Session) -> Finding:
    try:
        city = areas.city(session)
    except Refused:
        remedy = "precursor area add CODE, then open the register; or precursor bundle import FILE"
        return Finding("register", State.NOTE, "not opened for any city yet", remedy)
    return Finding("register", State.OK, f"{city.name}, {len(city.counties)} counties")


def _accounts(session: Session, settings: Settings) -> Finding:
    demo, real = (
        session.scalar(sa.select(sa.func.count()).select_from(User).where(User.is_demo == flag)) or 0
        for flag in (sa.true(), sa.false())
    )
    if demo and settings.base_url.startswith("https:"):
        seen = f"{demo} accounts of the demonstration, whose password is printed for everybody"
        return Finding("accounts", State.WRONG, seen, "use another database, or disable them")
    if not demo and not real:
        return Finding("accounts", State.NOTE, "none", "precursor user add NAME --role sysadmin --person CODE")
    return Finding("accounts", State.OK, f"{real}, and {demo} of the demonstration" if demo else str(real))


def _ledger(session: Session) -> Finding:
    """The kept stock is only a shortcut: it must say what the postings say."""
    if wrong := len(session.execute(ledger.unbalanced()).all()):
        return Finding("ledger", State.WRONG, f"{wrong} entries or stocks do not balance", "restore a backup")
    return Finding("ledger", State.OK, "every entry adds up to zero, every stock is the sum of its postings")


def _audit(session: Session) -> Finding:
    query = sa.select(AuditEntry.entry, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(ENTRIES)
    rows = session.execute(query).all()
    if any(canonical.digest(entry) != digest for entry, digest in rows):
        return Finding("audit log", State.WRONG, "entries that were changed", "restore a backup, and find out who")
    return Finding("audit log", State.OK, f"the latest {len(rows)} entries are as written")
