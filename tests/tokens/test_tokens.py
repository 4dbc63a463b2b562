"""Tokens of documents: signed once, judged with the lists that are published, on both engines."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW
from empty_city import DAY, KG
from tokens_kit import BASE, Desk, Installation, filing

from precursor.core import db
from precursor.core.errors import Refused
from precursor.permits import service as permits
from precursor.permits.service import RecordOfPermit
from precursor.rules.permits import PermitKind
from precursor.signing import cbor, envelope
from precursor.signing import claims as c
from precursor.tokens import keys, saying, service
from precursor.tokens.models import SigningKey


@pytest.fixture
def desk(engine, tmp_path):
    return Desk(engine, tmp_path / "home")


def test_a_token_is_genuine_and_repeatable(desk):
    key = filing(desk)
    text, digest = desk.issue(key)
    assert desk.issue(key, NOW + timedelta(hours=5)) == (text, digest)
    found = desk.judge(text)
    assert (found.verdict, found.warnings, found.token) == ("GENUINE", (), digest)
    said = found.claims
    assert said[c.ISS].startswith("x-")
    assert said[c.EXP] - said[c.NBF] == 31 * 86_400
    assert said[c.PERMIT][c.ITEMS][0][1] == 100_000


def test_what_becomes_of_a_document_stands_on_the_lists(desk):
    single, multi, suspended, revoked = (
        filing(desk, outside_id=f"Q{n}", uses=uses) for n, uses in enumerate(("single", "multi", "multi", "multi"))
    )
    texts = {key: desk.issue(key)[0] for key in (single, multi, suspended, revoked)}
    assert {desk.judge(text).verdict for text in texts.values()} == {"GENUINE"}
    with db.transaction(desk.engine) as session:
        permits.suspend(session, suspended, "suspended", "r", ACTOR, NOW)
        day = NOW.date() - timedelta(1)
        permits.revoke(session, [RecordOfPermit(permit=revoked, day=day, recorded_on=NOW.date())], ACTOR, NOW)
    desk.city.sell(permit=single, quantity=5 * KG)
    desk.city.sell(permit=multi, quantity=5 * KG)
    assert {key: desk.judge(text).verdict for key, text in texts.items()} == {
        single: "USED_UP",
        multi: "GENUINE",
        suspended: "SUSPENDED",
        revoked: "REVOKED",
    }
    assert set(desk.left().values()) == {(95_000,)}  # grams
    with pytest.raises(Refused, match="revoked"):
        desk.issue(revoked)


def test_a_changed_document_gets_another_token_and_the_old_one_ends(desk):
    key = filing(desk)
    old, _ = desk.issue(key)
    with db.transaction(desk.engine) as session:
        session.execute(sa.text("UPDATE party SET name = 'renamed' WHERE id = :n"), {"n": key.holder})
    new, _ = desk.issue(key)
    assert new != old
    assert (desk.judge(old).verdict, desk.judge(new).verdict) == ("REVOKED", "GENUINE")


def test_keys_rotate_with_overlap_and_a_lost_one_ends_its_tokens(desk):
    first, second = filing(desk, outside_id="Q1"), filing(desk, outside_id="Q2")
    old, _ = desk.issue(first)
    with db.transaction(desk.engine) as session:
        scope = session.scalars(sa.select(SigningKey.scope).distinct()).one()
        before = keys.active(session, desk.office.store, scope, ACTOR, NOW).kid
        after = keys.rotate(session, desk.office.store, scope, ACTOR, NOW).kid
        assert after != before
    new, _ = desk.issue(second)
    assert (desk.judge(old).verdict, desk.judge(new).verdict) == ("GENUINE", "GENUINE")
    assert (desk.judge(old).kid, desk.judge(new).kid) == (before, after)
    with db.transaction(desk.engine) as session:
        keys.revoke(session, desk.office.store, [before], ACTOR, NOW)
    assert (desk.judge(old).verdict, desk.judge(new).verdict) == ("KEY_COMPROMISED", "GENUINE")
    again, _ = desk.issue(first)
    assert again != old
    assert desk.judge(again).verdict == "GENUINE"


def test_lists_are_the_same_bytes_while_they_say_the_same(desk):
    desk.issue(filing(desk))
    now = desk.published()
    assert desk.published(NOW + timedelta(minutes=59)) == now
    assert desk.published(NOW + timedelta(hours=1))[1] != now[1]
    assert desk.published(NOW + timedelta(hours=1))[0] == now[0]
    desk.issue(filing(desk, outside_id="Q2"), NOW + timedelta(hours=1))
    assert desk.published(NOW + timedelta(hours=1, minutes=1))[1] != now[1]


def test_a_refused_document_leaves_no_key_behind(desk, tmp_path):
    with pytest.raises(Refused):
        desk.issue(filing(desk, outside_id="Q" * 65))
    assert not list((tmp_path / "home").glob("keys/*"))


def test_what_is_too_much_for_a_code_is_not_signed(desk):
    signer = desk.office.store.root()
    long = cbor.encode(dict.fromkeys(range(8), "易" * 128))
    with pytest.raises(Refused, match="too much for a code"):
        service._check_size(envelope.sign(signer, long), desk.office)


@pytest.mark.parametrize("kind", PermitKind)
def test_which_kinds_get_one(desk, kind):
    key = filing(desk, outside_id="K", kind=kind.value, seller=None)
    if kind in saying.DOCUMENTS:
        assert desk.judge(desk.issue(key)[0]).verdict == "GENUINE"
    else:
        with pytest.raises(Refused, match="get no token"):
            desk.issue(key)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"valid_to": NOW.date() - timedelta(1)}, "over"),
        ({"valid_to": DAY + timedelta(400)}, "400 days"),
        ({"outside_id": "Q" * 65}, "claim 2"),
    ],
)
def test_what_a_token_cannot_hold(desk, changes, why):
    with pytest.raises(Refused, match=why):
        desk.issue(filing(desk, **changes))


@pytest.mark.parametrize(
    ("unit", "quantity", "item"),
    [("kg", 2_500_000, [7664939, 2500]), ("kg", 2_500_001, [7664939, 2_500_001, 4]), ("支", 7, [7664939, 7, 3]),
     ("片", 7, [7664939, 7, 2])],
)  # fmt: skip
def test_quantities_as_a_token_counts_them(unit, quantity, item):
    from precursor.substances.models import Substance

    assert saying.item_of(Substance(unit=unit, cas="7664-93-9", outside_id="S"), quantity) == item


@pytest.mark.parametrize(
    ("item", "code"), [("1-12b", 11202), ("2-02", 20200), ("N-018", 40018), ("P1-003", 41003), ("P2-078", 42078)]
)
def test_catalogue_numbers(item, code):
    from precursor.substances.models import Substance

    assert saying.code_of(Substance(catalogue_item=item, outside_id="S")) == code
    assert saying.code_of(Substance(outside_id="S")) == "S"


# ------------------------------------------------------------------ the commands


@pytest.fixture
def commands(tmp_path):
    return Installation(tmp_path).run


def test_issued_published_and_verified_without_the_database(commands, tmp_path):
    code, text, _ = commands("token", "issue", "TODAY")
    assert code == 0
    assert text.startswith(BASE + "/v#")
    assert commands("token", "issue", "TODAY")[1] == text
    assert commands("publish", tmp_path / "pub")[0] == 0
    root = commands("keys", "root")[1].strip()
    files = ("--trust", tmp_path / "pub/trust.cwt", "--status", tmp_path / "pub/status/1.cwt")
    code, out, err = commands("token", "verify", text.strip(), *files, "--root", root, "--format", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["verdict"], found["warnings"], found["claims"]["2"]) == ("GENUINE", [], "TODAY")
    assert commands("token", "verify", text.strip())[0] == 0
    code, out, err = commands("token", "verify", text.strip() + "7", *files)
    assert code == 1
    assert len(err.splitlines()) == 1
    assert err.startswith(("FORGED: ", "MALFORMED: "))
    assert not (tmp_path / "pub" / "root.key").exists()
    lines = text.encode() + b"\xff\xfe\n\nhello\n" + b"9" * 100_000 + b"\n" + text.encode().strip()
    code, out, _ = commands("token", "verify", "-", *files, text=lines)
    assert code == 1
    verdicts = [json.loads(line)["verdict"] for line in out.splitlines()]
    assert verdicts == ["GENUINE", "MALFORMED", "MALFORMED", "MALFORMED", "MALFORMED", "GENUINE"]
    assert commands("token", "verify", "", *files)[0] == 1
    assert commands("token", "verify", *files, "--", "-x")[0] == 1
    assert commands("token", "verify", "x", *files, "--root", "ab")[0] == 2
    code, out, _ = commands("token", "show", text.strip())
    assert (code, json.loads(out)["verified"]) == (0, False)
    assert commands("token", "show", "x")[0] == 1


def test_kinds_without_a_token_and_keys_by_command(commands, tmp_path):
    code, _, err = commands("token", "issue", "CARD")
    assert (code, "get no token" in err) == (1, True)
    assert commands("token", "issue", "NONE")[0] == 1
    commands("token", "issue", "TODAY")
    (active,) = [k for k in json.loads(commands("keys", "list", "--format", "json")[1]) if k["state"] == "active"]
    assert commands("keys", "revoke", active["kid"])[0] == 0
    assert commands("keys", "revoke", active["kid"])[0] == 1
    assert commands("keys", "rotate")[0] == 0
    states = [k["state"] for k in json.loads(commands("keys", "list", "--format", "json")[1])]
    assert sorted(states) == ["active", "compromised", "next", "retired"]
    assert commands("publish", str(tmp_path))[0] == 0
    listed = json.loads((tmp_path / "jwks.json").read_text("utf-8"))["keys"]
    names = {urlsafe_b64decode(key["kid"] + "==").hex() for key in listed}
    assert len(names) == 3
    assert active["kid"] not in names  # general tools ask no more than whether it is listed
