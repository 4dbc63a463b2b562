"""The demonstration: a made-up prefecture lived through by the same services, and an account for every role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from flask import Flask
from flask_security import hash_password
from sqlalchemy.orm import Session

from precursor import audit
from precursor.accounts import service as accounts
from precursor.accounts.models import User
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core import db
from precursor.core.access import Role
from precursor.demo import city, names, road
from precursor.demo.names import PORT, WORST
from precursor.demo.register import City
from precursor.enterprises.models import Party
from precursor.tokens.service import Office
from precursor.tokens.store import KeyStore

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
    note: str = ""


#: The offices: name, role; at the city, and some at the county of the story and at the port besides.
_OF_CITY: Final = {
    "auditor": Role.EM_AUDITOR,
    "lead": Role.PS_LEAD,
    "city-approver": Role.PS_APPROVER,
    "city-inspector": Role.PS_INSPECTOR,
    "city-clerk": Role.PS_CLERK,
    "drugs": Role.DRUG_REG,
    "commerce": Role.COMMERCE,
    "customs": Role.CUSTOMS,
    "health": Role.HEALTH,
    "gov-machine": Role.MACHINE_GOV,
}
_OF_COUNTY: Final = {
    "inspector": Role.PS_INSPECTOR,
    "clerk": Role.PS_CLERK,
    "approver": Role.PS_APPROVER,
    "county-lead": Role.PS_LEAD,
    "county-auditor": Role.EM_AUDITOR,
}
_OF_PORT: Final = {
    "port-inspector": Role.PS_INSPECTOR,
    "port-clerk": Role.PS_CLERK,
    "port-approver": Role.PS_APPROVER,
}
_OF_SYSTEM: Final = {"sysadmin": Role.SYSADMIN, "secadmin": Role.SECADMIN, "auditadmin": Role.AUDITADMIN}


def users(story: City) -> list[DemoUser]:
    """An account for every role; those of enterprises at the firms of the story."""
    trader, careless = story.culprit, story.careless
    hospital, carrier, wholesaler = (story.of(kind)[0] for kind in ("hospital", "carrier", "pharma_wholesaler"))
    of_firm = {
        "officer": (Role.ENT_OFFICER, trader),
        "keeper": (Role.ENT_KEEPER, trader),
        "boss": (Role.ENT_ADMIN, trader),
        "counter": (Role.ENT_COUNTER, trader),
        "erp": (Role.MACHINE_ENT, trader),
        "user-boss": (Role.ENT_ADMIN, careless),
        "user-keeper": (Role.ENT_KEEPER, careless),
        "plant-officer": (Role.ENT_OFFICER, story.cast("producer")),
        "importer": (Role.ENT_ADMIN, story.cast("importer_exporter")),
        "hospital-boss": (Role.ENT_ADMIN, hospital),
        "hospital-keeper": (Role.ENT_KEEPER, hospital),
        "second": (Role.ENT_SECOND, hospital),
        "wholesale-keeper": (Role.ENT_KEEPER, wholesaler),
        "carrier": (Role.ENT_CARRIER, carrier),
    }
    areas_of = (
        (_OF_CITY, *names.CITY),
        (_OF_COUNTY, WORST, names.COUNTIES[WORST]),
        (_OF_PORT, PORT, names.COUNTIES[PORT]),
    )
    made: list[tuple[str, Role, str | None, str | None, str]] = [
        (name, role, area, None, called) for offices, area, called in areas_of for name, role in offices.items()
    ]
    made += [(name, role, None, firm.id, firm.name) for name, (role, firm) in of_firm.items()]
    made += [(name, role, None, None, "") for name, role in _OF_SYSTEM.items()]
    return [
        DemoUser(name, role, f"DEMO-{n:02d}", area, enterprise, note)
        for n, (name, role, area, enterprise, note) in enumerate(made, start=1)
    ]


def load(app: Flask, now: datetime, *, scale: float = 1.0) -> list[DemoUser]:
    """Build the city and its accounts, unless they are there; returns the accounts."""
    engine = app.extensions["engine"]
    with app.app_context():
        hashed = hash_password(PASSWORD)
    with db.transaction(engine) as session:
        if session.scalar(sa.select(sa.exists().select_from(Party))):
            return known(session)
        made = users(city.build(session, ACTOR, now, scale=scale))
        add_users(session, made, hashed, now)
        settings = app.extensions["settings"]
        road.live(session, Office(KeyStore.of(settings), settings.base_url), "inspector", ACTOR, now)
    return made


def known(session: Session) -> list[DemoUser]:
    """The accounts of a demonstration that is there already."""
    query = (
        sa.select(User.username, User.role, User.person, Area.outside_id, Party.outside_id, Area.name, Party.name)
        .outerjoin(Area, Area.id == User.area_id)
        .outerjoin(Party, Party.id == User.enterprise_id)
        .where(User.is_demo)
        .order_by(User.person)
    )
    return [
        DemoUser(name or "", Role(role), person, area, firm, firm_name or area_name or "")
        for name, role, person, area, firm, area_name, firm_name in session.execute(query)
    ]


def add_users(session: Session, made: list[DemoUser], hashed: str, now: datetime) -> None:
    """Add accounts without second factor."""
    for user in made:
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
                area_id=areas.by_outside_id(session, user.area).id if user.area else None,
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
        "/targets",
        "/gaps?code=WRITEOFF_QTY_MISMATCH",
        "/enterprises",
        "/enterprises/E001",
        "/movements",
        "/stock",
        "/plan",
        "/purchase-documents",
        "/v",
    ):
        found = client.get(path)
        yield path, found.status_code, len(found.data)
