"""Fixtures that every test may use. ``url`` runs a test on both engines."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import engines
import pytest
import sqlalchemy as sa

import precursor.tables  # noqa: F401
from precursor import audit
from precursor.core import db, migrate
from precursor.exchange.importing import import_bundle

HERE = Path(__file__).parent
DATA = HERE / "acceptance/data"
WORKED = DATA / "worked_city.json"
NOW = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)
ACTOR = audit.Actor(account="tester", person="P-TEST", role="sysadmin")


def pytest_configure(config):
    """Temporary files lie in memory; as root, PostgreSQL's user is made once, before workers race to make it."""
    os.environ["PATH"] += os.pathsep + "/usr/sbin:/usr/bin:/sbin:/bin"  # useradd and su, wherever we were started
    if engines.MEMORY and not config.option.basetemp and not hasattr(config, "workerinput"):
        config.option.basetemp = Path(tempfile.mkdtemp(prefix="precursor-tests-", dir=engines.MEMORY))
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))
    if engines.AS_ROOT and not hasattr(config, "workerinput"):
        subprocess.run(["useradd", "-s", "/bin/bash", "pgserver"], capture_output=True, check=False)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What takes long goes first, so that no worker waits for another at the end; all else as it fell."""
    items.sort(key=lambda item: "browser" not in item.keywords)


@pytest.fixture(scope="session")
def pg_server():
    with engines.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """A migrated SQLite database to copy."""
    path = tmp_path_factory.mktemp("migrated") / "migrated.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(pg_server) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    url = engines.new_database(pg_server)
    _migrate(url)
    return sa.make_url(url).database


def _migrate(url: str) -> None:
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str]:
    """A database on each engine: migrated for a test with an ``owner``, else empty."""
    is_migrated = "owner" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        if is_migrated:
            shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("pg_server")
    made = engines.new_database(server, request.getfixturevalue("migrated_database") if is_migrated else "template1")
    yield made
    engines.drop(server, made)


@pytest.fixture
def owner(url) -> Iterator[sa.Engine]:
    """The owner's engine on a migrated database."""
    made = db.connect(url, owner=True)
    yield made
    made.dispose()


@pytest.fixture
def engine(url, owner) -> Iterator[sa.Engine]:
    """The application's engine on a migrated database."""
    made = db.connect(url)
    yield made
    made.dispose()


@pytest.fixture
def road(url, owner, tmp_path):
    """A city with documents to scan, behind the door of an application."""
    from api_kit import Door  # both import from here
    from roadside_kit import Road

    door = Door(url, tmp_path)
    yield Road(door, tmp_path)
    door.close()


def load(engine: sa.Engine, bundle: dict | bytes | Path) -> dict[str, str | None]:
    """Import a bundle; returns its judged attempts."""
    if isinstance(bundle, dict):
        bundle = json.dumps(bundle, ensure_ascii=False).encode()
    data = bundle.read_bytes() if isinstance(bundle, Path) else bundle
    with db.transaction(engine) as session:
        return import_bundle(session, data, ACTOR, NOW)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def worked(request, tmp_path_factory) -> Iterator[sa.Engine]:
    """The worked city, imported once on each engine: for tests that only read."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('worked') / 'worked.db'}"
    else:
        url = engines.new_database(request.getfixturevalue("pg_server"))
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    made = db.connect(url)
    load(made, WORKED)
    yield made
    made.dispose()


def worked_bundle() -> dict:
    """The worked city as data, to be changed."""
    return json.loads(WORKED.read_text("utf-8"))
