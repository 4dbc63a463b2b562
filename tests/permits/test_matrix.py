"""Each row of the matrix through the services, on both engines: issued, drawn, closed, verified, refused."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from conftest import ACTOR

from precursor.areas import codes
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.areas.service import OpenRegister
from precursor.core import db
from precursor.core.access import Role
from precursor.core.clock import Period
from precursor.core.errors import Forbidden, Refused, RuleViolated
from precursor.enterprises import service as enterprises
from precursor.enterprises.models import Party
from precursor.enterprises.service import RegisterParty
from precursor.permits import issuing
from precursor.permits import service as permits
from precursor.permits.issuing import DEPARTMENTS, LEVELS, Grant
from precursor.permits.models import Permit, PermitBalance
from precursor.permits.service import DrawPermit, IssuePermit, RecordOfPermit
from precursor.reconciliation import listings, service
from precursor.rules import matrix
from precursor.rules.law import law_for
from precursor.rules.permits import Uses
from precursor.rules.substances import SubstanceClass as C
from precursor.substances import service as substances
from precursor.substances.catalogue import ENTRIES

NOW = datetime.fromisoformat("2025-03-01T04:00:00+00:00")
FIRST = date(2025, 3, 1)
LAW = law_for("330702", FIRST)
ROWS = list(matrix.rows_of(LAW))
CASES = [(row, cls) for row in ROWS for cls in sorted(row.classes)]
ITEMS = {
    C.CAT1_NON_DRUG: "1-03", C.CAT1_DRUG: "1-12a", C.CAT2: "2-02", C.CAT3: "3-05", C.NARCOTIC: "N-018",
    C.PSYCHOTROPIC_1: "P1-001", C.PSYCHOTROPIC_2: "P2-001",
}  # fmt: skip
STATED = dict.fromkeys(matrix.FIELD_WORDS, "x")


def name(case):
    row, cls = case
    return f"{row.kind}-{cls}"


class Office:
    """A register of one county, with an old and a new holder and a substance of each class."""

    def __init__(self, engine):
        self.engine = engine
        with db.transaction(engine) as session:
            province, city, county = areas.adopt(session, codes.chain("330702"), ACTOR, NOW)
            self.area = {"province": province.id, "city": city.id, "county": county.id}
            opened = OpenRegister(
                city_id=city.id,
                period_start=date(2025, 1, 1),
                period_end=date(2025, 12, 31),
                as_of=None,
                parameters="{}",
                pack="national",
            )
            areas.open_register(session, opened, ACTOR, NOW)
            parties = [
                RegisterParty(
                    outside_id=id_,
                    is_external=False,
                    name=id_,
                    kind="user",
                    area_id=county.id,
                    registered_on=registered,
                    recorded_on=registered,
                )
                for id_, registered in (("OLD", date(2010, 1, 1)), ("NEW", date(2025, 2, 1)))
            ]
            self.old, self.new = enterprises.register(session, parties, ACTOR, NOW)
            unit = {cls: "kg" if not cls.is_drug else "支" for cls in ITEMS}
            commands = [
                substances.from_catalogue(ENTRIES[item], outside_id=cls.value, unit=unit[cls])
                for cls, item in ITEMS.items()
            ]
            self.substance = dict(zip(ITEMS, substances.add(session, commands, ACTOR, NOW), strict=True))

    def proposal(self, row, cls, **changes) -> Grant:
        """A document as the row wants it."""
        fields = changes.pop("fields", STATED)
        level = changes.pop("level", next(k for k, v in LEVELS.items() if v is row.least_level))
        role = changes.pop("role", next(r for r, d in DEPARTMENTS.items() if d is row.issuer))
        bears_amount = "quantity" in row.fields
        last = row.last_day(FIRST) or FIRST + timedelta(30)
        wanted = {
            "outside_id": f"{row.kind}-{cls}-{len(changes)}-{'-'.join(map(str, changes.values()))}",
            "kind": row.kind.value,
            "holder": self.new,
            "substance": self.substance[cls] if bears_amount else None,
            "covers": None if bears_amount else cls.value,
            "quantity": 1000 if bears_amount else None,
            "valid_from": FIRST,
            "valid_to": last,
            "uses": row.uses[0].value,
            "area": self.area["county"],
            "seller": self.old,
            "consignee": self.old,
            "carrier": self.old,
        }
        return Grant(command=IssuePermit(**(wanted | changes)), role=role, area_id=self.area[level], fields=fields)

    def issue(self, row, cls, **changes):
        with db.transaction(self.engine) as session:
            return issuing.grant(session, self.proposal(row, cls, **changes), ACTOR, NOW)

    def refused(self, row, cls, **changes) -> set[str]:
        before = self.count()
        with pytest.raises(RuleViolated) as caught:
            self.issue(row, cls, **changes)
        assert self.count() == before
        for violation in caught.value.violations:
            assert str(violation.source).startswith("《")
        return {violation.rule for violation in caught.value.violations}

    def count(self):
        with db.reading(self.engine) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Permit))

    def draw(self, key, cls, quantity, day, movement):
        command = DrawPermit(
            permit=key, mover=key.holder, movement=movement, version=0, substance=self.substance[cls],
            quantity=quantity, day=day, recorded_on=day,
        )  # fmt: skip
        with db.transaction(self.engine) as session:
            permits.draw(session, [command], ACTOR, NOW)

    def broken_draw(self, *args) -> str:
        with pytest.raises(RuleViolated) as caught:
            self.draw(*args)
        return caught.value.violations[0].rule

    def shown(self, key):
        with db.reading(self.engine) as session:
            id_ = session.get_one(Permit, (key.holder, key.id)).outside_id
            _, view = service.open_view(session, Period.parse("2025"), date(2030, 1, 1))
            return listings.documents(session, view)[id_]


@pytest.fixture
def office(engine):
    return Office(engine)


def test_the_rows_are_the_seventeen_of_the_table():
    assert len(ROWS) == 18  # the transfer filing of Zhejiang stands for both its levels
    assert len({(row.kind, tuple(sorted(row.classes))) for row in ROWS}) == 18


@pytest.mark.parametrize("case", CASES, ids=name)
def test_issued_drawn_closed_and_verified(office, case):
    row, cls = case
    key = office.issue(row, cls)
    with db.reading(office.engine) as session:
        permit = session.get_one(Permit, (key.holder, key.id))
        assert permit.law == LAW.version
        assert permit.issuer == row.issuer
    last = permit.valid_to
    assert office.broken_draw(key, cls, 10, FIRST - timedelta(1), 1) == "PERMIT_NOT_YET_VALID"
    assert office.broken_draw(key, cls, 10, last + timedelta(1), 1) == "PERMIT_EXPIRED"
    office.draw(key, cls, 10, FIRST, 1)
    if row.uses[0] is Uses.SINGLE:
        assert office.broken_draw(key, cls, 10, FIRST, 2) == "PERMIT_USED_UP"
        closed, reason = FIRST, "single_use"
    elif "quantity" in row.fields:
        assert office.broken_draw(key, cls, 991, FIRST, 2) == "PERMIT_OVERDRAW"
        office.draw(key, cls, 990, last, 2)
        assert office.broken_draw(key, cls, 1, last, 3) == "PERMIT_USED_UP"
        closed, reason = last, "emptied"
    else:
        office.draw(key, cls, 10**12, last, 2)
        closed, reason = last, "expired"
    shown = office.shown(key)
    assert (shown["closed_on"], shown["reason"]) == (str(closed), reason)
    with db.transaction(office.engine) as session:
        record = RecordOfPermit(permit=key, day=last, recorded_on=last, result="match")
        permits.verify_once(session, record, ACTOR, NOW)
    assert office.shown(key)["result"] == "match"
    with pytest.raises(Refused, match="verified already"), db.transaction(office.engine) as session:
        permits.verify_once(session, record, ACTOR, NOW)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_validity_at_both_boundary_days(office, case):
    row, cls = case
    last = row.last_day(FIRST)
    if last is None:
        assert row.validity is None  # no number is known, so none is asked for
        return
    office.issue(row, cls, valid_to=last)
    assert office.refused(row, cls, valid_to=last + timedelta(1)) == {"VALIDITY_TOO_LONG"}
    if row.extended:
        longer = row.last_day(FIRST, extended=True)
        office.issue(row, cls, holder=office.old, valid_to=longer)
        assert office.refused(row, cls, holder=office.old, valid_to=longer + timedelta(1)) == {"VALIDITY_TOO_LONG"}


@pytest.mark.parametrize("case", CASES, ids=name)
def test_every_refusal(office, case):
    row, cls = case
    wrong = next(r for r, d in DEPARTMENTS.items() if d is not row.issuer)
    assert "ISSUER_WRONG" in office.refused(row, cls, role=wrong)
    lower = [name for name, level in LEVELS.items() if level < row.least_level]
    for level in lower:
        assert office.refused(row, cls, level=level) == {"LEVEL_TOO_LOW"}
    for name_ in row.fields:
        if name_ in ("quantity", "seller", "consignee", "carrier"):
            if name_ != "quantity":
                without = {k: v for k, v in STATED.items() if k != name_}
                assert office.refused(row, cls, fields=without, **{name_: None}) == {"FIELD_MISSING"}
            continue
        without = {k: v for k, v in STATED.items() if k != name_}
        assert office.refused(row, cls, fields=without) == {"FIELD_MISSING"}
    other = next((u for u in Uses if u not in row.uses), None)
    if other:
        assert office.refused(row, cls, uses=other.value) == {"USES_WRONG"}
    foreign = next(c for c in ITEMS if matrix.row_of(row.kind, c, LAW) is None)
    changed = replace(office.proposal(row, cls).command, substance=office.substance[foreign], covers=None, quantity=1)
    with pytest.raises(RuleViolated) as caught, db.transaction(office.engine) as session:
        issuing.grant(session, replace(office.proposal(row, cls), command=changed), ACTOR, NOW)
    assert [v.rule for v in caught.value.violations] == ["KIND_NOT_FOR_CLASS"]


@pytest.mark.parametrize("case", CASES, ids=name)
def test_the_clock_of_the_decision(case):
    row, _ = case
    accepted = date(2025, 9, 26)  # before a worked Sunday and the October holidays
    due = row.decision_due(accepted)
    known = {0: accepted, 3: date(2025, 10, 8), 5: date(2025, 10, 10), 10: date(2025, 10, 16)}
    if row.decision is None:
        assert due is None
    elif row.decision["working_days"] in known:
        assert due == known[row.decision["working_days"]]
    else:
        assert due > accepted + timedelta(row.decision["working_days"])


def test_suspended_reinstated_revoked(office):
    row = matrix.row_of(matrix.PermitKind.PURCHASE_FILING, C.CAT2, LAW)
    key = office.issue(row, C.CAT2)

    def suspend(state):
        with db.transaction(office.engine) as session:
            permits.suspend(session, key, state, "复核", ACTOR, NOW)

    suspend("suspended")
    assert office.broken_draw(key, C.CAT2, 10, FIRST, 1) == "PERMIT_SUSPENDED"
    with pytest.raises(Refused, match="so already"):
        suspend("suspended")
    suspend("reinstated")
    office.draw(key, C.CAT2, 10, FIRST, 1)
    with db.transaction(office.engine) as session:
        permits.revoke(session, [RecordOfPermit(permit=key, day=FIRST, recorded_on=FIRST)], ACTOR, NOW)
        assert session.get_one(PermitBalance, (key.holder, key.id)).revoked_on == FIRST
    with pytest.raises(Refused, match="revoked"):
        suspend("suspended")


def test_after_a_revocation_the_clean_months_begin_again(office):
    row = matrix.row_of(matrix.PermitKind.PURCHASE_FILING, C.CAT3, LAW)
    key = office.issue(row, C.CAT3, holder=office.old, uses="multi")
    with db.transaction(office.engine) as session:
        day = FIRST - timedelta(1)
        permits.revoke(session, [RecordOfPermit(permit=key, day=day, recorded_on=day)], ACTOR, NOW)
        assert issuing.clean_months(session, office.old, FIRST) == 0
        assert issuing.clean_months(session, office.old, date(2026, 2, 27)) == 11
        assert issuing.clean_months(session, office.old, date(2026, 2, 28)) == 12
    assert office.refused(row, C.CAT3, holder=office.old, uses="multi", seller=office.new) == {"USES_WRONG"}


def test_who_issues_nothing(office):
    row = ROWS[0]
    with pytest.raises(Forbidden):
        office.issue(row, sorted(row.classes)[0], role=Role.PS_CLERK)


def test_the_areas_are_the_national_ones(office):
    with db.reading(office.engine) as session:
        names = dict(session.execute(sa.select(Area.code, Area.name)).all())
        assert names == {"330000": "浙江省", "330700": "金华市", "330702": "婺城区"}
        assert session.scalar(sa.select(sa.func.count()).select_from(Party)) == 2
