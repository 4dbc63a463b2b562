"""Machine tokens: a random secret bound to an account, to a list of its actions, and to a last instant."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.accounts.models import ApiToken, User
from precursor.core.access import GRANTS, NOT_FOR_MACHINES, Action, Role, Subject
from precursor.core.db import Instant, take_ids
from precursor.core.errors import NotFound, Refused


def issue(
    session: Session,
    name: str,
    actions: Sequence[Action],
    *,
    expires_at: datetime,
    actor: audit.Actor,
    now: datetime,
) -> str:
    """Return a new token of the account ``name``; it is shown once, only its digest is kept.

    Refused for an action that the account's role lacks, or that a person must do himself.
    """
    user = session.scalar(sa.select(User).where(User.username == name))
    if user is None:
        raise NotFound(f"没有这个账号 / there is no account {name}")
    for action in actions:
        grant = GRANTS[action].get(Role(user.role))
        if grant is None or grant.conditions & NOT_FOR_MACHINES:
            raise Refused(f"令牌不能用于此操作 / no token of {user.role} may do {action}")
    secret = f"pct_{secrets.token_urlsafe(32)}"
    (number,) = take_ids(session, 1)
    session.add(
        ApiToken(
            id=number,
            digest=_digest(secret),
            user_id=user.id,
            actions=json.dumps(sorted(actions)),
            expires_at=expires_at,
            revoked_at=None,
        )
    )
    session.flush()
    row = {"account": name, "actions": " ".join(sorted(actions)), "expires_at": expires_at}
    audit.note(session, action="token.issue", kind="api_token", name=str(number), row=row, actor=actor, now=now)
    return secret


def revoke_all(session: Session, name: str, actor: audit.Actor, now: datetime) -> int:
    """Revoke every token of an account; returns how many."""
    user = session.scalar(sa.select(User.id).where(User.username == name))
    good = list(session.scalars(sa.select(ApiToken).where(ApiToken.user_id == user, ApiToken.revoked_at.is_(None))))
    for token in good:
        token.revoked_at = now
    session.flush()
    audit.note(session, action="token.revoke", kind="user_account", name=name, row={}, actor=actor, now=now)
    return len(good)


_GOOD: Final = (
    sa.select(User.username, User.person, User.role, User.area_id, User.enterprise_id, ApiToken.actions)
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(
        ApiToken.digest == sa.bindparam("digest"),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > sa.bindparam("now", type_=Instant()),
        User.active == sa.true(),
    )
)


def find(session: Session, secret: str, now: datetime) -> Subject | None:
    """Who calls with a good token, bound to its actions; None for any other text."""
    row = session.connection().execute(_GOOD, {"digest": _digest(secret), "now": now}).one_or_none()
    if row is None:
        return None
    return Subject(
        account=row.username or "",
        person=row.person,
        role=Role(row.role),
        area_id=row.area_id,
        enterprise_id=row.enterprise_id,
        actions=frozenset(map(Action, json.loads(row.actions))),
    )


def _digest(secret: str) -> str:
    # a fast digest is right here: the secret is 256 random bits, nobody can try them all
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()
