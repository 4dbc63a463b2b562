"""A city that signs, and an installation of its own that is driven by commands."""

from contextlib import contextmanager
from datetime import timedelta

import commands
import sqlalchemy as sa
from conftest import ACTOR, NOW, WORKED
from empty_city import DAY, City

from precursor.core import db
from precursor.core.clock import legal_day, system_clock
from precursor.movements.models import Movement
from precursor.permits import service as permits
from precursor.signing import lists, trust
from precursor.signing.verify import Verifier, from_files
from precursor.tokens import service
from precursor.tokens.service import Office
from precursor.tokens.store import KeyStore

BASE = "https://trace.example.gov.cn"


class Desk:
    """A city that signs."""

    def __init__(self, engine, home):
        self.city, self.engine = City(engine), engine
        store = KeyStore(home)
        store.make_root()
        self.office = Office(store, BASE)

    def issue(self, key, now=NOW):
        with db.transaction(self.engine) as session:
            token = service.issue(session, self.office, key, ACTOR, now)
            return self.office.text(token), token.digest

    def published(self, now=NOW):
        """Trust list, status lists, balance lists: what a phone fetches at an instant, or gets as files."""
        with db.transaction(self.engine) as session:
            numbers = service.numbers(session)
            status = [service.status_list(session, self.office, n, ACTOR, now).body for n in numbers]
            balance = [service.balance_list(session, self.office, n, ACTOR, now).body for n in numbers]
            return service.trust_list(session, self.office, now).body, status, balance

    def judge(self, text, now=NOW):
        return self.judge_by(self.published(now), text, now)

    def judge_by(self, published, text, now):
        """What a phone says that carries these lists."""
        data, status, _ = published
        root = bytes.fromhex(self.office.store.root_public())
        read = trust.read(data, root, at=int(now.timestamp()))
        return Verifier(read, from_files(status), "trace.example.gov.cn").judge(text, int(now.timestamp()))

    def left(self, now=NOW):
        data, _, balance = self.published(now)
        read = trust.read(data, bytes.fromhex(self.office.store.root_public()))
        return {index: rest for body in balance for index, rest in lists.read_balance(body, read).left.items()}


def filing(desk, **more):
    values = {"valid_from": DAY, "valid_to": DAY + timedelta(30), "uses": "multi"} | more
    return desk.city.permit(**values)


class Installation:
    """The commands on an installation of their own, with documents TODAY and CARD that are in force."""

    def __init__(self, folder, **environment):
        self.folder, self.home = folder, folder / "h"
        self.environment = {"PRECURSOR_HOME": str(self.home), "PRECURSOR_BASE_URL": BASE} | environment
        self.today = legal_day(system_clock())  # the commands go by the clock of the machine
        assert self.run("init")[0] == 0
        assert self.run("bundle", "import", WORKED)[0] == 0
        self.permit("TODAY", "purchase_filing")
        self.permit("CARD", "seal_card")

    def run(self, *args, text=None, **environment):
        """Exit code, stdout, stderr of a command."""
        return commands.run(*args, text=text, **(self.environment | environment))

    @contextmanager
    def transaction(self):
        """What a page or another program does meanwhile."""
        engine = db.connect(f"sqlite:///{self.home / 'precursor.db'}")
        with db.transaction(engine) as session:
            yield session
        engine.dispose()

    def permit(self, id_, kind, **more):
        """A document of whoever moved something first, from two days ago for three weeks."""
        with self.transaction() as session:
            row = session.execute(sa.select(Movement.enterprise_id, Movement.substance_id)).first()
            area = session.scalar(sa.text("SELECT min(id) FROM area WHERE level = 'county'"))
            values = {
                "outside_id": id_, "kind": kind, "holder": row[0], "substance": row[1], "quantity": 5_000_000,
                "valid_from": self.today - timedelta(2), "valid_to": self.today + timedelta(20), "uses": "multi",
                "area": area,
            }  # fmt: skip
            (made,) = permits.issue(session, [permits.IssuePermit(**values | more)], ACTOR, NOW)
        return made
