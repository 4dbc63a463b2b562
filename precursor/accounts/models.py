"""Users as Flask-Security keeps them, with what our grants need; and every log-in as a row (DECISIONS G)."""

from datetime import datetime

from flask_security.models import sqla as fs
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, mutable

fs.FsModels.set_db_info(  # type: ignore[no-untyped-call]
    base_model=Base, user_table_name="user_account", role_table_name="user_role"
)


class Role(Base, fs.FsRoleMixin):
    """Flask-Security wants roles as rows. Ours are data in the code (``access.GRANTS``); this stays empty."""

    __tablename__ = "user_role"


class User(Base, fs.FsUserMixin):
    """An account of one natural person in one role, for one area or one enterprise."""

    __tablename__ = "user_account"

    email: Mapped[str | None] = mapped_column(String(255), unique=True)  # type: ignore[assignment]  # people log in by user name
    role: Mapped[str]
    person: Mapped[str]  # code of the natural person, upper case (DECISIONS 12)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    is_demo: Mapped[bool]
    totp_counter: Mapped[int | None]  # of the last one-time code: none is good twice

    def check_tf_required(
        self,
        tf_setup_methods: list[tuple[str, str]],
        tf_fresh: bool,  # noqa: FBT001 - as the library calls it
    ) -> tuple[bool, list[tuple[str, str]]]:
        """Every account needs its second factor, each time; those of the demonstration have none."""
        del tf_fresh
        return bool(tf_setup_methods) or not self.is_demo, tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        """Whether the set-up page lets the account do without."""
        return not self.is_demo


class WebAuthn(Base, fs.FsWebAuthnMixin):
    """A passkey."""

    __tablename__ = "webauthn"


class Login(Base):
    """One log-in on one device; looked at on every request, so that ending it ends the session."""

    __tablename__ = "login"
    __table_args__ = mutable()

    id: Mapped[str] = mapped_column(primary_key=True)  # random; the cookie holds it
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str]  # a changed role ends the session
    device: Mapped[str]
    began_at: Mapped[datetime] = mapped_column(Instant())
    seen_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())


class ApiToken(Base):
    """A machine's token; the secret itself is kept nowhere."""

    __tablename__ = "api_token"
    __table_args__ = mutable(UniqueConstraint("digest"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    actions: Mapped[str]  # JSON list: the token may do these and nothing else
    expires_at: Mapped[datetime] = mapped_column(Instant())
    revoked_at: Mapped[datetime | None] = mapped_column(Instant())
