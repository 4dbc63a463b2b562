"""Log-ins as rows beside Flask-Security: every request looks at its row, so ending it ends the session."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask, abort, g, redirect, request, session, url_for
from flask_babel.speaklater import LazyString
from flask_login import current_user, logout_user, user_logged_out
from flask_security import Totp, UsernameUtil, user_authenticated
from werkzeug.wrappers import Response

from precursor import audit
from precursor.accounts import tokens
from precursor.accounts.models import Login, User
from precursor.core.access import Role, Subject
from precursor.core.db import transaction
from precursor.core.errors import Fault, Faulty
from precursor.web.database import db
from precursor.web.i18n import t

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
#: What must be done by somebody who has just shown his second factor. Demonstration accounts have none.
FRESH: Final = timedelta(minutes=5)
_NOTE_EVERY: Final = timedelta(minutes=1)


#: Where a password or a code can be guessed.
GUESSED: Final = (
    "security.login",
    "security.verify",
    "security.change_password",
    "security.two_factor_setup",
    "security.two_factor_setup_validate",
    "security.two_factor_token_validation",
)
#: What the log-in says, where Flask-Security's own catalogue has no Chinese.
MESSAGES: Final = {
    f"SECURITY_MSG_{name}": (LazyString(t, zh, en), "error")
    for name, zh, en in (
        ("UNAUTHENTICATED", "请先登录。", "Log in to see this page."),
        ("UNAUTHORIZED", "无权查看。", "You may not see this page."),
        ("REAUTHENTICATION_REQUIRED", "请再次输入密码。", "Enter your password again."),
        ("GENERIC_AUTHN_FAILED", "账号或密码不对。", "Account or password is wrong."),
        ("INVALID_PASSWORD", "密码不对。", "The password is wrong."),
        ("INVALID_PASSWORD_CODE", "密码或动态码不对。", "Password or code is wrong."),
        ("TWO_FACTOR_INVALID_TOKEN", "动态码不对，或已用过。", "The code is wrong, or was used already."),
        ("PASSWORD_IS_THE_SAME", "新密码与旧密码相同。", "The new password is the old one."),
        ("LOGIN", "请先登录。", "Log in to see this page."),
    )
}
#: Nothing that is typed into a form of log-in is longer; what hashes passwords refuses 4,096.
_LONGEST_TYPED: Final = 1024


def guessed_for() -> str:
    """The account that a password or a code is tried for: attempts are counted by it, besides by address."""
    named = request.form.get("username", "").strip().lower()
    return f"account {named or session.get('tf_user_id') or session.get('_user_id') or request.remote_addr}"


def _check_form() -> None:
    """Programs come with a token and log in nowhere; people type no novels."""
    if request.is_json:
        abort(415)
    if any(len(text) > _LONGEST_TYPED for text in request.form.values()):
        raise Faulty([Fault("", "内容过长 / that is too long")])


class UserNames(UsernameUtil):
    """User names are checked once, when an account is added (``accounts.service``)."""

    def validate(self, username: str) -> tuple[str | None, str | None]:
        """Return no complaint, and the name as it is kept."""
        return None, username.strip().lower()


class OnceTotp(Totp):
    """One-time codes that are good once: the last counter an account used is kept."""

    def get_last_counter(self, user: Any) -> int | None:
        """The counter of the last code taken."""
        return user.totp_counter  # type: ignore[no-any-return]

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Keep it; Flask-Security commits."""
        user.totp_counter = tmatch.counter


def install(app: Flask) -> None:
    """Begin a row at log-in, look at it on every request, end it at log-out."""
    engine: sa.Engine = app.extensions["engine"]
    clock = app.extensions["settings"].clock

    @user_authenticated.connect_via(app, weak=False)
    def begin(_app: Flask, user: User, **_: Any) -> None:
        # in the request's own transaction, which Flask-Security commits
        number, now = secrets.token_urlsafe(24), clock()
        db.session.add(
            Login(
                id=number,
                user_id=user.id,
                role=user.role,
                device=(request.user_agent.string or "-")[:200],
                began_at=now,
                seen_at=now,
            )
        )
        _note(user, "session.begin", now)
        session["login"] = number

    @user_logged_out.connect_via(app, weak=False)
    def end(_app: Flask, user: User, **_: Any) -> None:
        if number := session.pop("login", None):
            db.session.execute(sa.update(Login).where(Login.id == number).values(ended_at=clock()))
            _note(user, "session.end", clock())
            db.session.commit()

    @app.before_request
    def look() -> Response | None:
        g.subject = None
        if request.blueprint == "security" and request.method == "POST":
            _check_form()
        if request.path.startswith("/api/") and request.headers.get("Authorization", "").startswith("Bearer "):
            g.subject = _of_token(clock())
            return None
        if not current_user.is_authenticated:
            return None
        now = clock()
        login = db.session.get(Login, session.get("login", ""))
        if (
            login is None
            or login.ended_at is not None
            or login.user_id != current_user.id
            or login.role != current_user.role
            or now - login.seen_at > IDLE
            or now - login.began_at > LONGEST
        ):
            logout_user()
            session.clear()
            # a program gets its 401 from the check that follows, a person the form
            return None if request.path.startswith("/api/") else redirect(url_for("security.login"))
        if now - login.seen_at > _NOTE_EVERY and request.method == "GET":
            with transaction(engine) as written:
                written.execute(sa.update(Login).where(Login.id == login.id).values(seen_at=now))
        is_fresh = bool(current_user.is_demo) or now - login.began_at <= FRESH
        g.subject = _subject(current_user, fresh=is_fresh)
        return None


def _subject(user: User, *, fresh: bool) -> Subject:
    return Subject(
        account=user.username or "",
        person=user.person,
        role=Role(user.role),
        area_id=user.area_id,
        enterprise_id=user.enterprise_id,
        fresh=fresh,
    )


def _of_token(now: datetime) -> Subject | None:
    return tokens.find(db.session, request.headers["Authorization"].removeprefix("Bearer ").strip(), now)


def _note(user: User, action: str, now: datetime) -> None:
    actor = audit.Actor(user.username or "", user.person, user.role)
    audit.note(db.session, action=action, kind="login", name=user.username or "", row={}, actor=actor, now=now)
