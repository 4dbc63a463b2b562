"""A PKCS#11 token that holds keys and signs with them: a private key that is made in it never leaves it.

Look here for: what is asked of a token (Ed25519: ``CKM_EDDSA``, ``CKM_EC_EDWARDS_KEY_PAIR_GEN``), how a key is found
in it again, and what is said when one does not answer. Source: PKCS #11 version 3.0, section 2.3.

A key is found by its public half, whose object stands beside it in the token under the same ``CKA_ID``; so a key that
another tool made is found as well, and nothing about it needs to be kept here.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, NamedTuple

from precursor.core.errors import Refused
from precursor.settings import SafeSettings
from precursor.signing.keys import holds, is_sound, public, thumbprint

#: The curve by its number 1.3.101.112 (RFC 8410), as DER.
_ED25519: Final = bytes.fromhex("06032b6570")
#: One call at a time: the library opens modules without telling them of threads.
_LOCK: Final = threading.RLock()
#: Sessions by what they were opened with; and tokens that refused a PIN, for each further try may lock them for good.
_OPEN: Final[dict[SafeSettings, "_Door"]] = {}
_REFUSED: Final[dict[SafeSettings, str]] = {}
_NO_ED25519: Final = (
    "设备不支持 Ed25519",
    "it cannot do Ed25519 (CKM_EDDSA, CKM_EC_EDWARDS_KEY_PAIR_GEN): newer firmware, or another token",
)
_WRONG_PIN: Final = (
    "PIN 不对",
    "the PIN is wrong, and is not tried again: mend PRECURSOR_PKCS11_PIN or PRECURSOR_PKCS11_PIN_FILE, start anew",
)
#: What is said of an error of the library, by the name of its class.
_SAID: Final = {
    "PinIncorrect": _WRONG_PIN,
    "PinInvalid": _WRONG_PIN,
    "PinLenRange": _WRONG_PIN,
    "PinLocked": ("PIN 已锁", "its PIN is locked after wrong tries: its security officer must set it anew"),
    "PinExpired": ("PIN 已过期", "its PIN has expired: set a new one with the token's own tool"),
    "UserPinNotInitialized": ("尚未设置 PIN", "it has no PIN yet: set one with the token's own tool"),
    "TokenWriteProtected": ("设备只读", "it is write-protected: new keys cannot be made in it"),
    "MechanismInvalid": _NO_ED25519,
    "MechanismParamInvalid": _NO_ED25519,
    "FunctionNotSupported": _NO_ED25519,
    "DomainParamsInvalid": _NO_ED25519,
    "CurveNotSupported": _NO_ED25519,
}


class _Pair(NamedTuple):
    """A key of the token: its public half, and the object that signs."""

    x: bytes
    private: Any


class _Door(NamedTuple):
    """The library, a session with the token, and the keys that were looked for in it."""

    pkcs11: Any
    session: Any
    pairs: dict[bytes, _Pair]


@dataclass(frozen=True, slots=True)
class SafeSigner:
    """A key in a token (``precursor.signing.keys.Signer``)."""

    safe: "Safe"
    x: bytes

    @property
    def kid(self) -> bytes:
        """Its thumbprint."""
        return thumbprint(self.x)

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature, looked at before it is given out. Refused when the token does not make one."""
        return self.safe.sign(self.kid, data)


class Safe:
    """The token that an installation is set to use. An act is Refused, with the way out, when it does not answer."""

    def __init__(self, settings: SafeSettings) -> None:
        self._settings = settings

    def make(self, label: str) -> SafeSigner:
        """A new key; its private half cannot be read from the token."""
        with self._open() as door:
            pkcs11 = door.pkcs11
            domain = door.session.create_domain_parameters(
                pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: _ED25519}, local=True
            )
            made, _ = domain.generate_keypair(
                mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                id=secrets.token_bytes(16),
                label=label,
                store=True,
                private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
            )
            x = _x_of(pkcs11, made)
        return self._tried(x, label)

    def called(self, label: str) -> SafeSigner:
        """The key that bears a label. Refused unless it is the only one, and signs."""
        with self._open() as door:
            found = self._public_keys(door, label=label)
            x = found[0][0] if len(found) == 1 else b""
        return self._tried(x, label)

    def find(self, kid: bytes) -> SafeSigner:
        """The key of a thumbprint."""
        with self._open() as door:
            return SafeSigner(self, self._pair(door, kid).x)

    def sign(self, kid: bytes, data: bytes) -> bytes:
        """The signature of a key over the data."""
        with self._open() as door:
            pair = self._pair(door, kid)
            signature = bytes(pair.private.sign(data, mechanism=door.pkcs11.Mechanism.EDDSA))
        if not holds(public(pair.x), signature, data):  # never onto paper
            raise self._refused(
                "签名不符", "what it signed does not verify: its public and private keys do not belong together"
            )
        return signature

    def _tried(self, x: bytes, label: str) -> SafeSigner:
        if not is_sound(x):
            raise self._refused(
                f"没有唯一的密钥“{label}”",
                f"it holds no Ed25519 public key called {label}, or several: see its own tool for what it holds",
            )
        signer = SafeSigner(self, x)
        signer.sign(b"precursor")
        return signer

    def _pair(self, door: _Door, kid: bytes) -> _Pair:
        if kid in door.pairs:
            return door.pairs[kid]
        for x, found in self._public_keys(door):
            if thumbprint(x) == kid:
                with suppress(door.pkcs11.NoSuchKey):
                    private = door.session.get_key(object_class=door.pkcs11.ObjectClass.PRIVATE_KEY, id=found.id)
                    return door.pairs.setdefault(kid, _Pair(x, private))
        raise self._refused(
            f"没有密钥 {kid.hex()}",
            f"it does not hold the key {kid.hex()}: use the token that does, put its file into PRECURSOR_HOME/keys, "
            "or let another sign (precursor keys rotate)",
        )

    @staticmethod
    def _public_keys(door: _Door, **wanted: str) -> list[tuple[bytes, Any]]:
        pkcs11 = door.pkcs11
        like = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC_EDWARDS,
        } | {pkcs11.Attribute[name.upper()]: value for name, value in wanted.items()}
        return [(_x_of(pkcs11, key), key) for key in list(door.session.get_objects(like))]  # one search at a time

    @contextmanager
    def _open(self) -> Iterator[_Door]:
        """The one session of this process, opened when it is first wanted, and anew after an error."""
        try:
            pkcs11 = import_module("pkcs11")
        except ImportError:
            raise self._refused("缺少 python-pkcs11", "install it: pip install 'precursor[pkcs11]'") from None
        with _LOCK:
            try:
                if self._settings not in _OPEN:
                    _OPEN[self._settings] = self._opened(pkcs11)
                yield _OPEN[self._settings]
            except pkcs11.PKCS11Error as error:
                with suppress(pkcs11.PKCS11Error):
                    if (door := _OPEN.pop(self._settings, None)) is not None:
                        door.session.close()
                name = type(error).__name__
                refused = self._refused(*_SAID.get(name, ("无响应", f"it does not answer ({name} {error})".rstrip())))
                if _SAID.get(name) is _WRONG_PIN:
                    _REFUSED[self._settings] = str(refused)
                raise refused from None

    def _opened(self, pkcs11: Any) -> _Door:
        if (said := _REFUSED.get(self._settings)) is not None:
            raise Refused(said)
        settings, pin = self._settings, self._pin()
        try:
            library = pkcs11.lib(str(settings.module))
        except pkcs11.PKCS11Error as error:
            raise self._refused(
                f"无法加载 {settings.module}", f"PRECURSOR_PKCS11_MODULE cannot be loaded: {error}"
            ) from None
        there = [token for token in library.get_tokens() if token.label]
        called = [token for token in there if token.label == settings.label]
        if len(called) != 1:
            labels = ", ".join(sorted(token.label for token in there)) or "none"
            raise self._refused(
                "没有这个设备，或有多个",
                f"not one token bears this label (there: {labels}): set PRECURSOR_PKCS11_TOKEN",
            )
        (token,) = called
        if pkcs11.Mechanism.EDDSA not in token.slot.get_mechanisms():
            raise self._refused(*_NO_ED25519)
        return _Door(pkcs11, token.open(rw=True, user_pin=pin), {})

    def _pin(self) -> str:
        path = self._settings.pin_file
        try:
            pin = path.read_text("utf-8").rstrip("\r\n") if path else self._settings.pin
        except (OSError, UnicodeError) as error:
            raise self._refused(f"无法读取 {path}", f"PRECURSOR_PKCS11_PIN_FILE cannot be read: {error}") from None
        if not pin:
            raise self._refused("没有 PIN", "set PRECURSOR_PKCS11_PIN or PRECURSOR_PKCS11_PIN_FILE")
        return pin

    def _refused(self, zh: str, en: str) -> Refused:
        name = self._settings.label
        return Refused(f"密码设备 {name}：{zh} / PKCS#11 token {name}: {en}")


def _x_of(pkcs11: Any, key: Any) -> bytes:
    """The public key: DER by the standard, bare in some tokens; empty for other curves."""
    point = bytes(key[pkcs11.Attribute.EC_POINT])
    return point[-32:] if len(point) == 32 or (len(point) == 34 and point[:2] == b"\x04\x20") else b""
