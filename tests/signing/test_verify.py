"""Verdicts: each by a case, in two implementations; nothing that was changed is accepted."""

import hashlib
import json
import tracemalloc
from pathlib import Path

import pytest
import signing_kit as kit
from hypothesis import given, settings
from hypothesis import strategies as st

from precursor.signing import cbor, envelope, trust
from precursor.signing.text import from_text, to_text
from precursor.signing.trust import KeyState
from precursor.signing.verdicts import Refused, Verdict
from precursor.signing.verify import Verifier, from_files

VECTORS = Path(__file__).parents[1] / "vectors" / "pc1.json"
CASES = kit.cases()


@pytest.mark.parametrize("name", CASES)
def test_each_verdict(name):
    text, at, verdict, warnings = CASES[name]
    found = kit.verifier().judge(text, at)
    assert (found.verdict, list(found.warnings)) == (verdict, warnings), found.reason
    assert (found.reason is None) == (verdict == "GENUINE")


def test_every_verdict_has_a_case():
    without = {Verdict.TRUST_INVALID}  # of the list, not of a text: below
    assert {case[2] for case in CASES.values()} == set(Verdict) - without


OTHERS = ["verify.mjs", "browser.mjs", "older.mjs"]


@pytest.mark.parametrize("script", OTHERS)
def test_the_other_implementations_agree_on_every_case(tmp_path, script):
    for at in {case[1] for case in CASES.values()}:
        mine = {name: case for name, case in CASES.items() if case[1] == at}
        answers = kit.second([case[0].encode() for case in mine.values()], tmp_path, at, script=script)
        for (name, (text, _, verdict, warnings)), answer in zip(mine.items(), answers, strict=True):
            ours = kit.verifier().judge(text, at)
            assert (answer["verdict"], answer["warnings"]) == (verdict, warnings), name
            assert answer["token"] == ours.token, name
            if "payload" in answer:
                assert answer["payload"] == (ours.payload.hex() if ours.payload else None), name


OLD = kit.status_bytes(issued=kit.NOW - kit.DAY, entries={5: kit.Status.VALID})
TODAY = kit.status_bytes(issued=kit.NOW - 60, entries={5: kit.Status.USED_UP})
#: Another authority's list under this one's name, by its own good key.
FOREIGN = kit.status_bytes(issued=kit.NOW - 10, issuer="cn-440307", signer=kit.OTHER)
MADE_UP = kit.status_bytes(issued=kit.NOW - 30, signer=kit.STRANGER)


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ([OLD], "GENUINE"),
        ([OLD, TODAY], "USED_UP"),
        ([TODAY, OLD], "USED_UP"),
        ([MADE_UP, TODAY, b"junk"], "USED_UP"),
        ([TODAY, MADE_UP], "USED_UP"),
        ([TODAY, FOREIGN], "USED_UP"),
        ([FOREIGN], "STATUS_INVALID"),
        ([MADE_UP], "STATUS_INVALID"),
        ([b"junk"], "STATUS_INVALID"),
        ([], "STATUS_MISSING"),
    ],
)
def test_of_several_lists_the_newest_valid_one_counts(files, verdict):
    judge = Verifier(trust.read(kit.trust_bytes(), kit.ROOT.x), from_files(files))
    assert judge.judge(kit.token(), kit.NOW).verdict == verdict


def test_the_published_vectors_are_these():
    from tools import vectors

    assert json.loads(VECTORS.read_text("utf-8")) == vectors.made()


def test_the_tokens_of_the_page_of_the_format():
    """The digests that docs/pc1.md names: the small purchase permit under both keys."""
    small = kit.claims(permit={3: 1})
    data = envelope.sign(kit.ISSUER, cbor.encode(small))
    assert kit.ISSUER.kid.hex() == "be5de2f4bcdc383a"
    assert kit.ROOT.kid.hex() == "ea671729aa29c614"
    assert len(data) == 214
    assert hashlib.sha256(data).hexdigest() == "2a78f5d179469d3c269bc210d8e0398952e92289c08bdecebe56afd054393263"
    third = envelope.sign(kit.THIRD, cbor.encode(small), alg=-19)
    assert hashlib.sha256(third).hexdigest() == "fad9a5da937a5f1655e9adf0619a6c430ae45a070755c3856d643233924552e9"
    assert to_text(data).startswith("PC1#")


@pytest.mark.parametrize("script", OTHERS)
def test_no_mutant_is_accepted_and_all_implementations_agree(tmp_path, script):
    judge = kit.verifier()
    good = envelope.sign(kit.ISSUER, cbor.encode(kit.claims(permit=kit.TRANSPORT)))
    texts = [kit.as_text(data) for data in (*kit.flips(), *kit.mutants(10_000)) if data != good]
    ours = [judge.judge(text, kit.NOW) for text in texts]
    assert Verdict.GENUINE not in {found.verdict for found in ours}
    answers = kit.second([text.encode() for text in texts], tmp_path, script=script)
    differing = [
        (text, found.verdict.value, answer["verdict"])
        for text, found, answer in zip(texts, ours, answers, strict=True)
        if (found.verdict.value, found.token) != (answer["verdict"], answer["token"])
    ]
    assert differing == []


LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.binary(max_size=40) | st.text(max_size=40)
)


def nest(inner):
    keys = st.integers(-999, 999) | st.text(max_size=4)
    return st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=6)


NESTED = st.recursive(LEAVES, nest, max_leaves=20)


def levels(value):
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((1 + levels(member) for member in inside), default=0)


@given(NESTED.filter(lambda value: levels(value) <= 8))
def test_what_is_encoded_is_decoded(value):
    assert cbor.decode(cbor.encode(value)) == value


@given(st.binary(max_size=80))
def test_what_decodes_has_one_encoding(data):
    try:
        value = cbor.decode(data)
    except cbor.NotCbor:
        return
    assert cbor.encode(value) == data


@pytest.mark.parametrize(
    "data",
    ["", "1800", "190001", "1a00000001", "1b0000000000000001", "9f00ff", "bf00ff", "5fff", "c000", "f7", "f800",
     "f93c00", "fa00000000", "fb0000000000000000", "a200000000", "a201000000", "a1f600", "a1800000", "62ff00",
     "63eda080", "0000", "1b0020000000000000", "3b001fffffffffffff", "81" * 10 + "00", "9a7fffffff", "ba7fffffff"],
)  # fmt: skip
def test_what_the_profile_does_not_know(data):
    with pytest.raises(cbor.NotCbor):
        cbor.decode(bytes.fromhex(data))


@pytest.mark.parametrize("depth", [8, 9])
def test_levels_below_the_top(depth):
    data = bytes.fromhex("81" * depth + "00")
    if depth == 8:
        cbor.decode(data)
    else:
        with pytest.raises(cbor.NotCbor):
            cbor.decode(data)


@pytest.mark.parametrize(
    "text",
    ["", "#", "PC1", "PC1#", "pc1#" + "1" * 300, "PC1#" + "0" + "1" * 300, "PC1#" + "1" * 199, "PC1#" + "1" * 2401,
     "PC1#" + "١" * 300, "PC1#" + "1" * 300 + "\n", " PC1#" + "1" * 300, "http://a/v#" + "1" * 300,
     "https://a b/v#" + "1" * 300, "https://a:123456/v#" + "1" * 300, "https://a/v?x#" + "1" * 300,
     "https://" + "a" * 200 + "/v#" + "1" * 300, "PC1#" + "9" * 1_000_000],
)  # fmt: skip
def test_texts_that_are_none(text):
    with pytest.raises(Refused) as refused:
        from_text(text)
    assert refused.value.verdict is Verdict.MALFORMED


@settings(max_examples=300)
@given(st.text(max_size=60) | st.text(alphabet="0123456789", min_size=190, max_size=400).map("PC1#".__add__))
def test_any_text_gets_a_verdict(text):
    assert kit.verifier().judge(text, kit.NOW).verdict is Verdict.MALFORMED


def test_a_bomb_stops_at_its_cap():
    import zlib

    packed = zlib.compress(bytes(50_000), 9)
    with pytest.raises(Refused, match="allowed size"):
        from_text(f"PC1#{int.from_bytes(packed + bytes(90), 'big')}")


def test_no_text_takes_more_than_64_mib():
    judge, texts = kit.verifier(), list(kit.nasty())
    tracemalloc.start()
    try:
        for text in texts:
            assert judge.judge(text, kit.NOW).verdict is Verdict.MALFORMED
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


@pytest.mark.parametrize("script", OTHERS)
def test_nor_do_the_others_fall_over_them(tmp_path, script):
    texts = [text.encode() for text in kit.nasty()]
    assert {answer["verdict"] for answer in kit.second(texts, tmp_path, script=script)} == {"MALFORMED"}


# ------------------------------------------------------------------ the trust list


def read(data, **more):
    return trust.read(data, kit.ROOT.x, **more)


def test_a_trust_list_is_read_back():
    found = read(kit.trust_bytes(), at=kit.NOW)
    assert set(found.keys.values()) == set(kit.KEYS)
    assert (found.sequence, found.status) == (1, kit.STATUS)


SMALL = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


@pytest.mark.parametrize(
    ("data", "more"),
    [
        (kit.trust_bytes(root=kit.STRANGER), {}),
        (kit.trust_bytes()[:-1] + b"\0", {}),
        (kit.trust_bytes(sequence=4), {"least": 5}),
        (kit.trust_bytes(keys=[kit.KEYS[0], kit.KEYS[0]]), {}),
        (kit.trust_bytes(status="https://a/status"), {}),
        (kit.trust_bytes(status="https://a/{n}/{n}"), {}),
        (kit.trust_bytes(keys=[kit.listed(kit.ISSUER, compromised_at=5)]), {}),
        (kit.trust_bytes(keys=[kit.listed(kit.ISSUER, state=KeyState.COMPROMISED)]), {}),
        *(
            (
                kit.trust_bytes(
                    keys=[trust.ListedKey(x=x, scope="a", not_before=0, not_after=9, state=KeyState.NEXT)]
                ),
                {},
            )
            for x in (
                bytes(32),
                SMALL,
                SMALL[:31] + b"\x85",
                b"\xed" + b"\xff" * 30 + b"\x7f",
                b"\xff" * 32,
                bytes(31),
            )
        ),
    ],
)
def test_a_trust_list_that_is_refused(data, more):
    with pytest.raises(Refused) as refused:
        read(data, at=kit.NOW, **more)
    assert refused.value.verdict is Verdict.TRUST_INVALID


def test_a_trust_list_ends_at_its_second():
    read(kit.trust_bytes(), at=kit.NOW + 30 * kit.DAY - 1)
    with pytest.raises(Refused) as refused:
        read(kit.trust_bytes(), at=kit.NOW + 30 * kit.DAY)
    assert refused.value.verdict is Verdict.TRUST_EXPIRED


def test_both_implementations_refuse_every_flipped_bit_of_a_trust_list(tmp_path):
    good = kit.trust_bytes(keys=kit.KEYS[:1])
    for bit in range(len(good) * 8):
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refused):
            read(bytes(changed), at=kit.NOW)
    (answer,) = kit.second([kit.token().encode()], tmp_path, trusted=good[:-1] + bytes((good[-1] ^ 1,)))
    assert answer["verdict"] == "TRUST_INVALID"


# ------------------------------------------------------------------ status and balance


def test_packed_as_the_page_says():
    from precursor.signing.lists import Status, pack

    states = [0, 1, 2, 3, 0, 0, 3, 0, 1, 1, 1, 1]
    assert pack({n: Status(s) for n, s in enumerate(states)}, 12).hex() == "e43055"
    assert pack({}, 12).hex() == "555555"


@given(
    st.dictionaries(st.integers(0, 4000), st.lists(st.integers(0, 2**53 - 1), min_size=1, max_size=3), max_size=30)
)
def test_balances_come_back(left):
    from precursor.signing import lists

    data = lists.make_balance(kit.ISSUER, issuer=kit.SCOPE, subject="b", issued=kit.NOW, left=left)
    found = lists.read_balance(data, read(kit.trust_bytes()))
    assert found.left == {index: tuple(rest) for index, rest in left.items()}
