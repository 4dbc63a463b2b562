"""schemathesis over the whole API on both engines: no 5xx, and every answer fits its description."""

import os
import zlib
from datetime import UTC, datetime

import engines
import pytest
import schemathesis
from api_kit import Door
from conftest import WORKED, load
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from precursor import rooms
from precursor.api import openapi
from precursor.core import db, migrate
from precursor.core.access import GRANTS, Reach

DESCRIBED = openapi.document(rooms.COLLECTIONS, rooms.LISTINGS) | {"security": []}  # test_doors tries who may enter
SCHEMA = schemathesis.openapi.from_dict(DESCRIBED)
ACTION = {
    (path, method): operation["description"].split("`")[1]
    for path, operations in DESCRIBED["paths"].items()
    for method, operation in operations.items()
}
WANTED = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    home = tmp_path_factory.mktemp("schema")
    yield from _door(f"sqlite:///{home / 'city.db'}", home)


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory, pg_server):
    yield from _door(engines.new_database(pg_server), tmp_path_factory.mktemp("schema"))


def _door(url, home):
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    made = Door(url, home, now=datetime(2026, 1, 31, 4, tzinfo=UTC))
    load(made.engine, WORKED)
    made.clients = {}
    yield made
    made.close()


def client_for(door, action):
    """Signed in in a role that has the action, for the whole city or for one enterprise."""
    role, grant = next(iter(GRANTS[action].items()))
    where = {Reach.ENT: {"enterprise": "E01"}, Reach.PARTY: {"enterprise": "E01"}, Reach.ALL: {}}
    if role not in door.clients:
        place = where.get(grant.reach, {"area": "C0"})
        if role.value.startswith("ent_") or role.value == "machine_ent":
            place = {"enterprise": "E01"}
        door.clients[role] = door.account(f"{role}.any", role.value, **place)
    return door.clients[role]


KIND = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


#: Requests of each kind, and how many of them PostgreSQL is asked: one of so many. PRECURSOR_EVERY_SEED=1: more, all.
EXAMPLES, SHARE = (40, 1) if os.environ.get("PRECURSOR_EVERY_SEED") else (6, 6)


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, **KIND)
def test_every_answer_fits(case, on_sqlite, on_postgresql):
    """Every request to SQLite, and a share of them, of each operation, to PostgreSQL."""
    fits(case, on_sqlite)
    asked = repr((case.method, case.path_parameters, case.query, case.headers, case.body))
    if zlib.crc32(asked.encode("utf-8", "surrogatepass")) % SHARE == 0:
        fits(case, on_postgresql)


def fits(case, door):
    known = [action for (path, _), action in ACTION.items() if path == case.path]
    client = client_for(door, ACTION.get((case.path, case.method.lower()), known[0]))
    client._begin()
    case.operation.schema.app = door.app
    answer = case.call(app=door.app, cookies={"session": client.browser.get_cookie("session").value})
    case.validate_response(answer, checks=list(WANTED))
