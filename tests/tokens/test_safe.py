"""Keys in a PKCS#11 token: a real SoftHSM makes them and signs; what is said when it does not.

The whole file is skipped where SoftHSM or python-pkcs11 is not installed.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tokens_kit import Installation

from precursor.core.errors import Refused
from precursor.settings import SafeSettings
from precursor.signing import envelope, trust
from precursor.signing.keys import FileSigner, holds, is_sound, public, thumbprint
from precursor.signing.trust import KeyState, ListedKey
from precursor.tokens import safe
from precursor.tokens.safe import Safe

pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed: pip install 'precursor[pkcs11]'")
UTIL = shutil.which("softhsm2-util")
MODULE = next(
    (
        path
        for folder in ("/usr/lib/softhsm", "/usr/lib64/pkcs11", "/usr/local/lib/softhsm", "/opt/homebrew/lib/softhsm")
        if (path := Path(folder, "libsofthsm2.so")).exists()
    ),
    None,
)
pytestmark = pytest.mark.skipif(not (UTIL and MODULE), reason="SoftHSM is not installed: apt-get install softhsm2")
PIN = "Vq7-pin-of-the-city"


@pytest.fixture(scope="module", autouse=True)
def softhsm(tmp_path_factory):
    """SoftHSM with one token, called city. It reads its configuration once a process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    written = f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    (folder / "softhsm2.conf").write_text(written)
    (folder / "other.conf").write_text(written + "slots.mechanisms = CKM_RSA_PKCS,CKM_ECDSA\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        make = [UTIL, "--init-token", "--free", "--label", "city", "--pin", PIN, "--so-pin", "of-the-officer"]
        subprocess.run(make, check=True, capture_output=True)
        yield folder


@pytest.fixture
def settings():
    """As a process that has opened nothing yet: a token knows one log-in a process."""
    for door in safe._OPEN.values():
        door.session.close()
    safe._OPEN.clear()
    safe._REFUSED.clear()
    return SafeSettings(module=MODULE, label="city", pin=PIN)


@pytest.mark.parametrize("kind", ["file", "token"])
def test_whoever_signs_is_the_same_to_everybody_else(kind, settings):
    root, issuer = (FileSigner.new(), FileSigner.new())
    if kind == "token":
        root, issuer = (Safe(settings).make(f"both {n}") for n in range(2))
    assert issuer.kid == thumbprint(issuer.x)
    assert is_sound(issuer.x)
    signature = issuer.sign(b"data")
    assert len(signature) == 64
    assert holds(public(issuer.x), signature, b"data")
    assert issuer.sign(b"data") == signature  # Ed25519 needs no chance
    listed = ListedKey(x=issuer.x, scope="x-C", not_before=0, not_after=9, state=KeyState.ACTIVE)
    at = {"issued": 0, "expires": 9, "sequence": 1, "status": "{n}", "balance": "{n}"}
    read = trust.read(trust.make(root, issuer="x-C", keys=[listed], **at), root.x)
    outside = envelope.read(envelope.sign(issuer, b"\xa0"))
    assert holds(read.publics[outside.kid], outside.signature, outside.signed)


def test_a_key_is_found_again_and_cannot_be_taken_out(settings):
    made = Safe(settings).make("found again")
    assert Safe(settings).find(made.kid).x == Safe(settings).called("found again").x == made.x
    with Safe(settings)._open() as door:
        private = door.session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="found again")
        assert (private[pkcs11.Attribute.EXTRACTABLE], private[pkcs11.Attribute.SENSITIVE]) == (False, True)
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = private[pkcs11.Attribute.VALUE]


@pytest.mark.parametrize(
    ("changes", "act", "what", "how"),
    [
        ({"module": Path("/no/such.so")}, "make", "/no/such.so", "PRECURSOR_PKCS11_MODULE cannot be loaded"),
        ({"module": Path(__file__)}, "make", "test_safe.py", "PRECURSOR_PKCS11_MODULE cannot be loaded"),
        ({"label": "town"}, "make", "PKCS#11 token town", "(there: city): set PRECURSOR_PKCS11_TOKEN"),
        ({"label": ""}, "make", "not one token bears this label", "set PRECURSOR_PKCS11_TOKEN"),
        ({"pin": None}, "make", "PKCS#11 token city", "set PRECURSOR_PKCS11_PIN or PRECURSOR_PKCS11_PIN_FILE"),
        ({"pin": "1"}, "make", "the PIN is wrong", "mend PRECURSOR_PKCS11_PIN"),
        ({"pin": "wrong pin"}, "make", "the PIN is wrong", "not tried again"),
        ({"pin_file": Path("/no/pin")}, "make", "/no/pin", "PRECURSOR_PKCS11_PIN_FILE cannot be read"),
        ({}, "find", "0000000000000000", "precursor keys rotate"),
        ({}, "called", "no Ed25519 public key called nobody", "see its own tool"),
    ],
)
def test_what_is_said_when_there_is_no_signature(settings, changes, act, what, how):
    acts = {
        "make": lambda city: city.make("x"),
        "find": lambda city: city.find(bytes(8)),
        "called": lambda city: city.called("nobody"),
    }
    with pytest.raises(Refused) as refused:
        acts[act](Safe(replace(settings, **changes)))
    assert what in str(refused.value)
    assert how in str(refused.value)
    assert "\n" not in str(refused.value)
    assert PIN not in str(refused.value)


def test_a_wrong_pin_is_tried_once(settings, tmp_path):
    """A token locks itself after a few tries, and a server is asked for lists every minute."""
    written = tmp_path / "pin"
    city = Safe(replace(settings, pin=None, pin_file=written))
    written.write_text("wrong\n")
    for text in ("wrong\n", PIN + "\n"):  # the right one comes too late for this process
        written.write_text(text)
        with pytest.raises(Refused, match="not tried again"):
            city.make("x")


def test_a_session_that_ended_is_opened_anew(settings):
    city = Safe(settings)
    made = city.make("ended")
    with city._open() as door:
        door.session.close()
    with pytest.raises(Refused, match="does not answer"):
        made.sign(b"data")
    assert holds(public(made.x), made.sign(b"data"), b"data")


def test_keys_of_one_name_are_not_guessed(settings):
    for _ in range(2):
        Safe(settings).make("twins")
    with pytest.raises(Refused, match="or several"):
        Safe(settings).called("twins")


# ------------------------------------------------------------------ the commands


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "pin").write_text(PIN + "\n")
    (tmp_path / "pin").chmod(0o600)
    return {
        "PRECURSOR_PKCS11_MODULE": str(MODULE),
        "PRECURSOR_PKCS11_TOKEN": "city",
        "PRECURSOR_PKCS11_PIN_FILE": str(tmp_path / "pin"),
    }


def keys_of(city, state):
    rows = json.loads(city.run("keys", "list", "--format", "json")[1])
    return [row["kid"] for row in rows if row["state"] == state]


def test_an_installation_whose_keys_all_lie_in_the_token(tmp_path, environment):
    city = Installation(tmp_path, **environment)
    code, text, err = city.run("token", "issue", "TODAY")
    assert (code, err) == (0, "")
    assert not [*city.home.glob("*.key"), *city.home.glob("keys/*")]
    assert not [path for path in city.home.rglob("*") if path.is_file() and PIN.encode() in path.read_bytes()]
    assert city.run("publish", tmp_path / "pub")[0] == 0
    lists = ("--trust", tmp_path / "pub/trust.cwt", "--status", tmp_path / "pub/status/1.cwt")
    without = {**dict.fromkeys(environment, ""), "PRECURSOR_HOME": str(tmp_path / "nobody")}
    root = city.run("keys", "root")[1].strip()
    assert city.run("token", "verify", text.strip(), *lists, "--root", root, **without)[0] == 0
    found = {row["what"]: row for row in json.loads(city.run("doctor", "--format", "json")[1])}
    assert (found["root key"]["state"], found["issuing keys"]["state"]) == ("ok", "ok")

    (scope,) = {row["scope"] for row in json.loads(city.run("keys", "list", "--format", "json")[1])}
    area = scope.removeprefix("x-")
    from_ceremony = _made_by_another_process()
    assert city.run("keys", "make", "--area", area, "--label", "ceremony")[1] == f"{scope} {from_ceremony}\n"
    assert "on the list already" in city.run("keys", "make", "--area", area, "--label", "ceremony")[2]
    assert from_ceremony in city.run("keys", "rotate", "--area", area)[1]
    assert keys_of(city, "active") == [from_ceremony]
    city.permit("LATER", "purchase_filing")
    later = city.run("token", "issue", "LATER")[1].strip()
    verdict = json.loads(city.run("token", "verify", later, "--format", "json")[1])
    assert (verdict["verdict"], verdict["kid"]) == ("GENUINE", from_ceremony)
    assert city.run("token", "verify", text.strip())[0] == 0

    city.permit("THIRD", "purchase_filing")
    (tmp_path / "pin").write_text("wrong")
    code, out, err = city.run("token", "issue", "THIRD")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "the PIN is wrong" in err
    code, out, _ = city.run("doctor", "--format", "json")
    found = {row["what"]: row for row in json.loads(out)}
    assert (code, found["issuing keys"]["state"]) == (1, "wrong")
    assert "the PIN is wrong" in found["issuing keys"]["seen"]


def _made_by_another_process():
    script = (
        "import sys, pkcs11\n"
        "from pkcs11 import Attribute, KeyType\n"
        "session = pkcs11.lib(sys.argv[1]).get_token(token_label='city').open(rw=True, user_pin=sys.argv[2])\n"
        "curve = {Attribute.EC_PARAMS: bytes.fromhex('06032b6570')}\n"
        "domain = session.create_domain_parameters(KeyType.EC_EDWARDS, curve, local=True)\n"
        "pair, _ = domain.generate_keypair(label='ceremony', id=b'c', store=True)\n"
        "print(pair[Attribute.EC_POINT][-32:].hex())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, MODULE, PIN], capture_output=True, check=True, text=True)
    return thumbprint(bytes.fromhex(done.stdout)).hex()


def test_an_installation_that_moves_its_keys_into_the_token(tmp_path, environment):
    city = Installation(tmp_path)
    old = city.run("token", "issue", "TODAY")[1].strip()
    files = sorted(city.home.glob("keys/*.key"))
    city.environment |= environment
    (scope,) = {row["scope"] for row in json.loads(city.run("keys", "list", "--format", "json")[1])}
    (kid,) = [line.split()[1] for line in city.run("keys", "make", "--area", scope[2:])[1].splitlines()]
    code, _, err = city.run("keys", "rotate")
    assert (code, "on no trust list yet" in err) == (0, True)
    assert keys_of(city, "active") == [kid]
    city.permit("LATER", "purchase_filing")
    new = city.run("token", "issue", "LATER")[1].strip()
    assert sorted(city.home.glob("keys/*.key")) == files
    assert city.run("token", "verify", "-", text=f"{old}\n{new}\n".encode())[0] == 0
    assert city.run("doctor")[0] == 0


def test_a_token_that_cannot_do_it_says_so(tmp_path, environment, softhsm):
    city = Installation(tmp_path)
    conf = {"SOFTHSM2_CONF": str(softhsm / "other.conf")}
    code, _, err = city.run("init", **environment, **conf, PRECURSOR_HOME=str(tmp_path / "fresh"))
    assert (code, len(err.splitlines())) == (1, 1)
    assert "it cannot do Ed25519 (CKM_EDDSA" in err
    assert not (tmp_path / "fresh" / "root.pub").exists()
