"""An application on a test database with a clock that tests turn, and clients that are signed in as anybody."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time
from types import SimpleNamespace

import sqlalchemy as sa

from precursor import audit
from precursor.accounts import service as accounts
from precursor.accounts import tokens
from precursor.accounts.models import Login, User
from precursor.app import create_app
from precursor.areas.models import Area
from precursor.core import db
from precursor.core.access import Action
from precursor.enterprises.models import Party
from precursor.settings import Settings

KEEPER_OF_CLOCK = audit.Actor(account="tester", person="P-TEST", role="sysadmin")
NOON = time(4, 0, tzinfo=UTC)  # twelve o'clock in China


class Clock:
    """What ``Settings.clock`` reads."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, day: date) -> None:
        """Noon, in China, of a day."""
        self.now = datetime.combine(day, NOON)


class Door:
    """The API of one application, opened as anybody."""

    def __init__(self, url, home, now=datetime(2026, 1, 31, 4, tzinfo=UTC), **overrides):
        self.clock = Clock(now)
        settings = replace(
            Settings.from_environment(),
            home=home,
            database_url=url,
            migrate_url=url,
            clock=self.clock,
            overrides={"RATELIMIT_ENABLED": False, "WTF_CSRF_METHODS": []} | overrides,
        )
        self.app = create_app(settings)
        self.engine = self.app.extensions["engine"]

    def close(self):
        self.engine.dispose()

    def account(self, name, role, *, area=None, enterprise=None, person=None):
        """Add an account; area and enterprise by their ids."""
        with db.transaction(self.engine) as session:
            area_id = session.scalar(sa.select(Area.id).where(Area.outside_id == area)) if area else None
            query = sa.select(Party.id).where(Party.outside_id == enterprise, Party.is_external == sa.false())
            enterprise_id = session.scalar(query) if enterprise else None
            accounts.add(
                session,
                accounts.AddUser(
                    name=name,
                    role=role,
                    person=person or f"P-{name}".replace("_", "-").replace(".", "-"),
                    password_hash="x",
                    area_id=area_id,
                    enterprise_id=enterprise_id,
                ),
                KEEPER_OF_CLOCK,
                self.clock(),
            )
        return self.sign_in(name)

    def sign_in(self, name):
        """A client with a session of the account: as after a log-in with the second factor at this instant."""
        return Client(self, name)

    def token(self, name, *actions):
        """A machine token of an account."""
        with db.transaction(self.engine) as session:
            return tokens.issue(
                session,
                name,
                [Action(a) for a in actions],
                expires_at=datetime(2100, 1, 1, tzinfo=UTC),
                actor=KEEPER_OF_CLOCK,
                now=self.clock(),
            )


class Client:
    """One signed-in account. Every call is made as just after a log-in, unless ``stale``."""

    def __init__(self, door, name, *, stale=False):
        self.door, self.name, self.stale = door, name, stale
        self.browser = door.app.test_client()
        with db.reading(door.engine) as session:
            user = session.scalars(sa.select(User).where(User.username == name)).one()
            self.user = SimpleNamespace(id=user.id, role=user.role, key=user.fs_uniquifier, person=user.person)

    def _begin(self):
        now = self.door.clock()
        number = f"{self.name}-{now.isoformat()}"
        began = now.replace(hour=max(now.hour - 2, 0)) if self.stale else now
        with db.transaction(self.door.engine) as session:
            if session.get(Login, number) is None:
                row = {"id": number, "user_id": self.user.id, "role": self.user.role, "device": "test"}
                session.add(Login(**row, began_at=began, seen_at=now, ended_at=None))
        with self.browser.session_transaction() as cookie:
            cookie.update({"_user_id": self.user.key, "_fresh": True, "login": number})

    def call(self, method, path, body=None, **headers):
        self._begin()
        kw = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.browser.open(f"/api/v1/{path}", method=method, headers=headers, **kw)

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, body, **headers):
        return self.call("POST", path, body, **headers)

    def done(self, path, body, **headers):
        """Post, and insist on success; returns the record."""
        answer = self.post(path, body, **headers)
        assert answer.status_code == 201, (path, body, answer.status_code, answer.get_data(as_text=True))
        return answer.json


@contextmanager
def door(url, home, **kw):
    made = Door(url, home, **kw)
    try:
        yield made
    finally:
        made.close()
