"""Private keys of the installation: the root, and one for each issuing key; files, or kept by a PKCS#11 token."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from precursor.core.errors import Refused
from precursor.settings import Settings
from precursor.signing.keys import FileSigner, Signer, thumbprint
from precursor.tokens.safe import Safe

ROOT: Final = "root.key"
ROOT_PUBLIC: Final = "root.pub"


class KeyStore:
    """The folder ``keys`` of ``PRECURSOR_HOME``; nothing in it leaves the installation but ``root.pub`` beside it.

    Where there is a safe, new keys are made in it. A key that lies in a file goes on signing from there.
    """

    def __init__(self, home: Path, safe: Safe | None = None) -> None:
        self._home, self._safe = home, safe

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The keys of an installation."""
        return cls(settings.home, Safe(settings.safe) if settings.safe else None)

    def make_root(self) -> None:
        """Make the root key, once; its public half is what devices pin.

        Never a second one: where ``root.pub`` is, the root key lies elsewhere. Refused where keys sign already and
        no root is there, as after a restored backup: a new root would end the trust of every device.
        """
        path, public = self._home / ROOT, self._home / ROOT_PUBLIC
        if public.exists():
            return
        if path.exists():
            signer: Signer = FileSigner.read(path)
        elif any((self._home / "keys").glob("*.key")):
            raise Refused("有签发密钥而没有 root.pub，请先放回 / keys sign here already: put root.pub back first")
        else:
            signer = self._make("precursor root", path)
        public.write_text(signer.x.hex() + "\n", "ascii")

    def root(self) -> Signer:
        """The root key. Refused when it lies elsewhere."""
        how = "run precursor init, or bring the root key back for this act"
        return self._find(self._home / ROOT, lambda: thumbprint(bytes.fromhex(self.root_public())), how)

    def root_public(self) -> str:
        """The pinned root: 64 hex digits."""
        path = self._home / ROOT_PUBLIC
        if not path.exists():
            raise Refused("没有根公钥 / there is no root key yet: run precursor init")
        return path.read_text("ascii").strip()

    def make(self, scope: str) -> Signer:
        """A new issuing key."""
        return self._make(f"precursor {scope}", None)

    def signer(self, kid: str) -> Signer:
        """The issuing key of this thumbprint."""
        how = "its file must lie in PRECURSOR_HOME/keys"
        return self._find(self._file_of(kid), lambda: bytes.fromhex(kid), how)

    def holds(self, kid: str) -> bool:
        """Whether the issuing key can sign here and now."""
        try:
            self.signer(kid)
        except Refused:
            return False
        return True

    def adopt(self, label: str) -> Signer:
        """An issuing key that was made in the safe by other tools, under a label. Refused without a safe."""
        if self._safe is None:
            raise Refused("未设置 PRECURSOR_PKCS11_MODULE / no PKCS#11 token is set: set PRECURSOR_PKCS11_MODULE")
        found = self._safe.called(label)
        if found.x.hex() == self.root_public():
            raise Refused(
                "这是根密钥，不能签发证件 / this is the root key: it signs the list of keys, and no document"
            )
        return found

    def _file_of(self, kid: str) -> Path:
        return self._home / "keys" / f"{kid}.key"

    def _make(self, label: str, path: Path | None) -> Signer:
        if self._safe is not None:
            return self._safe.make(label)
        signer = FileSigner.new()
        signer.write(path or self._file_of(signer.kid.hex()))
        return signer

    def _find(self, path: Path, kid: Callable[[], bytes], how: str) -> Signer:
        if path.exists():
            return FileSigner.read(path)
        if self._safe is not None:
            return self._safe.find(kid())
        raise Refused(f"没有密钥文件 {path.name} / there is no key file {path.name}: {how}")
