"""A city behind the API, empty of movements, with an account for every role."""

from datetime import UTC, datetime

import pytest
from api_kit import Door
from empty_city import City

ROLES = {
    "ps_approver": "C0", "ps_clerk": "C0", "ps_inspector": "C0", "ps_lead": "C0", "drug_reg": "C0",
    "em_auditor": "C0", "commerce": "C0", "customs": "C0", "health": "C0", "sysadmin": None, "secadmin": None,
}  # fmt: skip


@pytest.fixture
def door(engine, url, tmp_path):
    """The worked city without its facts, at noon of January 20, 2026."""
    City(engine)
    made = Door(url, tmp_path, now=datetime(2026, 1, 20, 4, tzinfo=UTC))
    yield made
    made.close()


@pytest.fixture
def people(door):
    """``people("ent_keeper", "E01")``: a client of that role; made at its first use."""
    made = {}

    def client(role, place=None, person=None):
        place = place or ROLES.get(role)
        key = (role, place, person)
        if key not in made:
            of_enterprise = place and place.startswith("E") and place[1:].isdigit()
            where = {"enterprise" if of_enterprise else "area": place} if place else {}
            name = f"{role}.{(place or 'all').lower()}.{len(made)}"
            made[key] = door.account(name, role, person=person, **where)
        return made[key]

    return client
