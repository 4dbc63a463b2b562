"""Private keys as files of the installation: the root, and one for each issuing key."""

from pathlib import Path
from typing import Final

from precursor.core.errors import Refused
from precursor.signing.keys import FileSigner, Signer

ROOT: Final = "root.key"
ROOT_PUBLIC: Final = "root.pub"


class KeyStore:
    """The folder ``keys`` of ``PRECURSOR_HOME``; nothing in it leaves the installation but ``root.pub`` beside it."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def make_root(self) -> None:
        """Make the root key, once; its public half is what devices pin.

        Never a second one: where ``root.pub`` is, the root key lies elsewhere. Refused where keys sign already and
        no root is there, as after a restored backup: a new root would end the trust of every device.
        """
        path, public = self._home / ROOT, self._home / ROOT_PUBLIC
        if not path.exists() and not public.exists():
            if any((self._home / "keys").glob("*.key")):
                raise Refused("有签发密钥而没有 root.pub，请先放回 / keys sign here already: put root.pub back first")
            FileSigner.new().write(path)
        if not public.exists():
            public.write_text(FileSigner.read(path).x.hex() + "\n", "ascii")

    def root(self) -> FileSigner:
        """The root key. Refused when it lies elsewhere."""
        return self._read(self._home / ROOT, "run precursor init, or bring the root key back for this act")

    def root_public(self) -> str:
        """The pinned root: 64 hex digits."""
        path = self._home / ROOT_PUBLIC
        if not path.exists():
            raise Refused("没有根公钥 / there is no root key yet: run precursor init")
        return path.read_text("ascii").strip()

    def keep(self, signer: FileSigner) -> None:
        """Keep a new issuing key."""
        signer.write(self._home / "keys" / f"{signer.kid.hex()}.key")

    def signer(self, kid: str) -> Signer:
        """The issuing key of this thumbprint."""
        return self._read(self._home / "keys" / f"{kid}.key", "its file must lie in PRECURSOR_HOME/keys")

    @staticmethod
    def _read(path: Path, how: str) -> FileSigner:
        try:
            return FileSigner.read(path)
        except FileNotFoundError:
            raise Refused(f"没有密钥文件 {path.name} / there is no key file {path.name}: {how}") from None
