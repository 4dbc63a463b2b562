"""Keys take over from one another with overlap: whoever can judge knows a key before it signs."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW
from empty_city import DAY
from tokens_kit import Desk, filing

from precursor.core import db
from precursor.core.errors import Refused
from precursor.signing.trust import KeyState
from precursor.tokens import keys, service
from precursor.tokens.models import SigningKey, Token

LONG = {"valid_to": DAY + timedelta(300)}


@pytest.fixture
def desk(engine, tmp_path):
    return Desk(engine, tmp_path / "home")


def day(number):
    return NOW + timedelta(days=number)


def scope_of(session):
    return session.scalars(sa.select(SigningKey.scope).distinct()).one()


def kids(desk, state):
    with db.reading(desk.engine) as session:
        return list(session.scalars(sa.select(SigningKey.kid).where(SigningKey.state == int(state))))


def signer_of(desk, digest):
    with db.reading(desk.engine) as session:
        return session.scalars(sa.select(Token.kid).where(Token.digest == digest)).one()


def test_what_phones_say_before_during_and_after_a_rotation(desk):
    """The old key signs from day 0 and ends on day 180, the new one signs from day 90; documents end on day 290."""
    old, first = desk.issue(filing(desk, outside_id="OLD", **LONG))
    carried = {number: desk.published(day(number)) for number in (0, 89, 90)}
    new, second = desk.issue(filing(desk, outside_id="NEW", **LONG), day(91))
    assert signer_of(desk, first) != signer_of(desk, second)
    carried |= {number: desk.published(day(number)) for number in (92, 170, 185, 288, 291)}
    unseen = ("ISSUED_AFTER_STATUS",)
    table = [  # lists of day, judged on day
        (0, 0, old, "GENUINE", ()),
        (90, 90, old, "GENUINE", ()),
        (90, 91, new, "GENUINE", unseen),
        (89, 91, new, "GENUINE", (*unseen, "STATUS_STALE")),  # carried since before the new key signed anything
        (89, 95, old, "GENUINE", ("STATUS_STALE",)),
        (89, 97, new, "STATUS_EXPIRED", ()),
        (92, 92, old, "GENUINE", ()),
        (92, 92, new, "GENUINE", ()),
        (170, 170, old, "GENUINE", ()),
        (185, 185, old, "GENUINE", ()),  # the old key may not sign any longer; what it signed holds
        (185, 185, new, "GENUINE", ()),
        (288, 288, old, "GENUINE", ()),
        (288, 288, new, "GENUINE", ()),
        (291, 291, old, "EXPIRED", ()),
        (291, 291, new, "EXPIRED", ()),
    ]
    found = [(lists, at, text, *_said(desk.judge_by(carried[lists], text, day(at)))) for lists, at, text, *_ in table]
    assert found == table


def _said(judged):
    return judged.verdict, judged.warnings


@pytest.mark.parametrize(
    ("published", "signs", "rotated"),
    [
        (0, 89, False),
        (0, 90, True),
        (0, 120, True),
        (None, 90, False),  # no phone knows the next key: the present one goes on
        (91, 93, True),
        (None, 172, False),
        (None, 174, True),  # it ends on day 180, and its last list is good for a week
    ],
)
def test_the_next_key_signs_when_phones_know_it(desk, published, signs, rotated):
    _, before = desk.issue(filing(desk, outside_id="Q1", **LONG))
    if published is not None:
        desk.published(day(published))
    _, after = desk.issue(filing(desk, outside_id="Q2", **LONG), day(signs))
    assert (signer_of(desk, before) != signer_of(desk, after)) is rotated


def test_a_key_made_ahead_signs_first(desk):
    text, _ = desk.issue(filing(desk, outside_id="Q1"))
    with db.transaction(desk.engine) as session:
        scope = scope_of(session)
        (waiting,) = session.scalars(sa.select(SigningKey.kid).where(SigningKey.state == int(KeyState.NEXT)))
        made = keys.make_next(session, desk.office.store, scope, ACTOR, NOW).kid
        assert keys.rotate(session, desk.office.store, scope, ACTOR, NOW).kid == made != waiting
    assert desk.judge(text).verdict == "GENUINE"
    assert waiting in kids(desk, KeyState.RETIRED)


def test_a_rotation_needs_no_root_key_and_a_revocation_does(desk, tmp_path):
    desk.issue(filing(desk, outside_id="Q1", **LONG))
    last = desk.published(day(85))
    root = tmp_path / "home" / "root.key"
    root.rename(tmp_path / "safe.key")
    new, digest = desk.issue(filing(desk, outside_id="Q2", **LONG), day(91))
    assert signer_of(desk, digest) == kids(desk, KeyState.ACTIVE)[0] != kids(desk, KeyState.RETIRED)[0]
    assert desk.published(day(91))[0] == last[0]
    assert desk.judge(new, day(91)).verdict == "GENUINE"
    with db.transaction(desk.engine) as session:
        keys.revoke(session, desk.office.store, kids(desk, KeyState.RETIRED), ACTOR, day(92))
    with pytest.raises(Refused, match="root key"):
        desk.published(day(92))
    (tmp_path / "safe.key").rename(root)
    assert desk.published(day(92))[0] != last[0]


def test_without_the_root_key_the_last_trust_list_holds_until_it_ends(desk, tmp_path):
    desk.issue(filing(desk))
    before = desk.published()[0]
    (tmp_path / "home" / "root.key").rename(tmp_path / "safe.key")

    def listed(after):
        with db.transaction(desk.engine) as session:
            return service.trust_list(session, desk.office, NOW + after).body

    assert listed(timedelta(days=2)) == before
    assert listed(timedelta(days=29)) == before
    with pytest.raises(Refused, match="root key"):
        listed(timedelta(days=31))
    (tmp_path / "safe.key").rename(tmp_path / "home" / "root.key")
    assert listed(timedelta(days=31)) != before


def test_a_key_that_was_lost_while_it_waited_is_passed_over(desk, tmp_path):
    old, _ = desk.issue(filing(desk, outside_id="Q1"))
    for lost in (tmp_path / "home" / "keys").iterdir():
        lost.unlink()
    with pytest.raises(Refused, match="no key file"):
        desk.issue(filing(desk, outside_id="Q2"))
    with db.transaction(desk.engine) as session:
        keys.rotate(session, desk.office.store, scope_of(session), ACTOR, NOW)
    new, _ = desk.issue(filing(desk, outside_id="Q3"))
    assert (desk.judge(old).verdict, desk.judge(new).verdict) == ("GENUINE", "GENUINE")


def test_of_one_theft_no_stolen_key_takes_over(desk):
    text, digest = desk.issue(filing(desk, outside_id="Q1"))
    stolen = [signer_of(desk, digest), *kids(desk, KeyState.NEXT)]
    with db.transaction(desk.engine) as session:
        keys.revoke(session, desk.office.store, stolen, ACTOR, NOW)
    assert sorted(kids(desk, KeyState.COMPROMISED)) == sorted(stolen)
    assert not {*kids(desk, KeyState.ACTIVE), *kids(desk, KeyState.NEXT)} & {*stolen}
    assert len(kids(desk, KeyState.ACTIVE)) == len(kids(desk, KeyState.NEXT)) == 1
    assert desk.judge(text).verdict == "KEY_COMPROMISED"


def test_a_key_that_waits_is_replaced_when_it_is_revoked(desk):
    text, digest = desk.issue(filing(desk, outside_id="Q1"))
    (waiting,) = kids(desk, KeyState.NEXT)
    with db.transaction(desk.engine) as session:
        keys.revoke(session, desk.office.store, [waiting, waiting], ACTOR, NOW)
    assert len(kids(desk, KeyState.NEXT)) == 1
    assert kids(desk, KeyState.ACTIVE) == [signer_of(desk, digest)]
    assert desk.judge(text).verdict == "GENUINE"
