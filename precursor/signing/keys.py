"""Ed25519 keys: their thumbprint, files, and the small door behind which a file or a PKCS#11 token stands."""

import hashlib
import os
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

EDDSA: Final = -8  # issued
ED25519: Final = -19  # accepted, under keys that are listed so
_THUMBPRINT: Final = bytes.fromhex("a301012006215820")
_P: Final = 2**255 - 19
#: y of the eight points of small order: 0, 1, -1 and the two of order eight (each with both signs of x).
_SMALL_ORDER: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)


class Signer(Protocol):
    """Whatever signs: a file, or a PKCS#11 token (``precursor.tokens.safe``)."""

    @property
    def x(self) -> bytes:
        """The 32 bytes of the public key."""

    @property
    def kid(self) -> bytes:
        """The first eight bytes of the key's thumbprint: its name, by which it is found again."""

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature of 64 bytes."""


class FileSigner:
    """A private key of a file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.x = public_of(key)
        self.kid = thumbprint(self.x)
        self.sign = key.sign

    @classmethod
    def new(cls) -> "FileSigner":
        """A key that did not exist before."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def of_seed(cls, seed: bytes) -> "FileSigner":
        """The key of 32 bytes (tests, vectors)."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def read(cls, path: Path) -> "FileSigner":
        """The key of a PKCS#8 file. FileNotFoundError when it is not there."""
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path.name} holds no Ed25519 key")
        return cls(key)

    def write(self, path: Path) -> None:
        """Keep the key in a file that only its owner may read; never over another one."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)


def public_of(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def thumbprint(x: bytes) -> bytes:
    """The kid of a public key (C3)."""
    return hashlib.sha256(_THUMBPRINT + x).digest()[:8]


def is_sound(x: bytes) -> bool:
    """Whether the public key is canonical and no point of small order."""
    if len(x) != 32:
        return False
    y = int.from_bytes(x, "little") & ((1 << 255) - 1)
    return y < _P and y not in _SMALL_ORDER


def public(x: bytes) -> Ed25519PublicKey:
    """The public key of 32 bytes."""
    return Ed25519PublicKey.from_public_bytes(x)


def holds(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether the signature over the data is the key's."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True
