"""The demonstration: for now, the worked city and an account for each role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_security import hash_password

from precursor import audit
from precursor.accounts import service as accounts
from precursor.areas import service as areas
from precursor.core import db
from precursor.core.access import Role
from precursor.enterprises.models import Party
from precursor.exchange.importing import import_bundle

CITY = Path(__file__).parent / "worked_city.json"
PASSWORD = "Demo-Password-2026"  # noqa: S105 - printed for everybody
ACTOR = audit.Actor(account="demonstration", person="DEMO", role=Role.SYSADMIN.value)


@dataclass(frozen=True, slots=True)
class DemoUser:
    """An account of the demonstration, for the city, a county or an enterprise."""

    name: str
    role: Role
    person: str
    area: str | None = None
    enterprise: str | None = None


USERS = (
    DemoUser("auditor", Role.EM_AUDITOR, "DEMO-01", area="C0"),
    DemoUser("lead", Role.PS_LEAD, "DEMO-02", area="C0"),
    DemoUser("inspector", Role.PS_INSPECTOR, "DEMO-03", area="N"),
    DemoUser("officer", Role.ENT_OFFICER, "DEMO-04", enterprise="E12"),
)


def load(app: Flask, now: datetime) -> None:
    """Import the worked city and add the accounts, unless they are there."""
    engine = app.extensions["engine"]
    with app.app_context():
        hashed = hash_password(PASSWORD)
    with db.transaction(engine) as session:
        if session.scalar(sa.select(sa.exists().select_from(Party))):
            return
        import_bundle(session, CITY.read_bytes(), ACTOR, now)
        for user in USERS:
            area = areas.by_outside_id(session, user.area) if user.area else None
            enterprise = session.scalar(
                sa.select(Party.id).where(Party.outside_id == user.enterprise, Party.is_external == sa.false())
            )
            accounts.add(
                session,
                accounts.AddUser(
                    name=user.name,
                    role=user.role.value,
                    person=user.person,
                    password_hash=hashed,
                    area_id=area.id if area else None,
                    enterprise_id=enterprise,
                    is_demo=True,
                ),
                ACTOR,
                now,
            )


def visit(app: Flask) -> Iterator[tuple[str, int, int]]:
    """Log in as the auditor and fetch the main pages: path, status, size in bytes."""
    client = app.test_client()
    for path in ("/healthz", "/login"):
        found = client.get(path)
        yield path, found.status_code, len(found.data)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    form = {"username": "auditor", "password": PASSWORD, "csrf_token": token[1] if token else ""}
    found = client.post("/login", data=form, follow_redirects=True)
    yield found.request.path, found.status_code, len(found.data)
    for path in (
        "/gaps?period=2025&as_of=2026-01-31",
        "/gaps/WRITEOFF_QTY_MISMATCH/M12?period=2025&as_of=2026-01-31",
    ):
        found = client.get(path)
        yield path, found.status_code, len(found.data)
