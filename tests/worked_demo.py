"""The worked city with four accounts of the demonstration: a register of which every number is known."""

from conftest import WORKED
from flask_security import hash_password

from precursor import demo
from precursor.core import db
from precursor.core.access import Role
from precursor.demo import DemoUser
from precursor.exchange.importing import import_bundle

USERS = [
    DemoUser("auditor", Role.EM_AUDITOR, "DEMO-01", area="C0"),
    DemoUser("lead", Role.PS_LEAD, "DEMO-02", area="C0"),
    DemoUser("inspector", Role.PS_INSPECTOR, "DEMO-03", area="N"),
    DemoUser("officer", Role.ENT_OFFICER, "DEMO-04", enterprise="E12"),
]


def load(app, now):
    with app.app_context():
        hashed = hash_password(demo.PASSWORD)
    with db.transaction(app.extensions["engine"]) as session:
        import_bundle(session, WORKED.read_bytes(), demo.ACTOR, now)
        demo.add_users(session, USERS, hashed, now)
