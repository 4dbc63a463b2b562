"""Settings: the only reader of the environment (``PRECURSOR_…``)."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from precursor.core.clock import system_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeSettings:
    """A PKCS#11 token that holds keys: the library that speaks to it, its label, and what opens it."""

    module: Path
    label: str
    pin: str | None = field(default=None, repr=False)
    pin_file: Path | None = None

    @classmethod
    def from_environment(cls) -> Self | None:
        """What the environment says; None when it names no library."""
        module, pin_file = os.environ.get("PRECURSOR_PKCS11_MODULE"), os.environ.get("PRECURSOR_PKCS11_PIN_FILE")
        if not module:
            return None
        return cls(
            module=Path(module),
            label=os.environ.get("PRECURSOR_PKCS11_TOKEN", ""),
            pin=os.environ.get("PRECURSOR_PKCS11_PIN"),
            pin_file=Path(pin_file) if pin_file else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the data lies and what the time is."""

    home: Path
    database_url: str
    migrate_url: str  # the owner of the tables, on PostgreSQL
    base_url: str
    proxies: int = 0  # web servers before it, whose X-Forwarded-* are believed
    safe: SafeSettings | None = None  # where keys are made and kept instead of in files
    clock: Callable[[], datetime] = system_clock
    overrides: dict[str, Any] = field(default_factory=dict)  # of Flask's configuration

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment; see ``docs/operations.md``."""
        home = Path(os.environ.get("PRECURSOR_HOME", "instance")).absolute()
        url = os.environ.get("PRECURSOR_DATABASE_URL") or f"sqlite:///{home / 'precursor.db'}"
        return cls(
            home=home,
            database_url=url,
            migrate_url=os.environ.get("PRECURSOR_MIGRATE_URL") or url,
            base_url=os.environ.get("PRECURSOR_BASE_URL", "http://127.0.0.1:8000"),
            proxies=int(os.environ.get("PRECURSOR_PROXIES") or 0),
            safe=SafeSettings.from_environment(),
        )

    def make_home(self) -> None:
        """Make the folder for database, keys and uploads, closed to others."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)

    def secrets(self) -> dict[str, Any]:
        """The secrets of this installation; made at first use, readable by their owner alone."""
        self.make_home()
        path = self.home / "secrets.json"
        if not path.exists():
            made = {
                "SECRET_KEY": secrets.token_urlsafe(48),
                "SECURITY_PASSWORD_SALT": secrets.token_urlsafe(32),
                "SECURITY_TOTP_SECRETS": {"1": secrets.token_urlsafe(32)},
            }
            write_private(path, json.dumps(made).encode())
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return kept


def write_private(path: Path, data: bytes) -> None:
    """Write a file that must not be there yet, readable by its owner alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
