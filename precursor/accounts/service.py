"""Accounts: add, list, disable."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.accounts.models import Login, User
from precursor.core.access import Role
from precursor.core.errors import NotFound, Refused

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_PERSON = re.compile(r"[A-Z0-9-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddUser:
    """An account of a natural person in one role, for an area or an enterprise. The password comes hashed."""

    name: str
    role: str
    person: str
    password_hash: str
    area_id: int | None = None
    enterprise_id: int | None = None
    is_demo: bool = False


def add(session: Session, command: AddUser, actor: audit.Actor, now: datetime) -> None:
    """Add an account. Refused when the name is taken or no name, the role unknown, the person no code."""
    name, person = command.name.strip().lower(), command.person.strip().upper()
    if not _NAME.fullmatch(name):
        raise Refused("用户名:小写字母、数字、. _ - / a user name has 2 to 40 of a-z, 0-9, . _ -")
    if not _PERSON.fullmatch(person):
        raise Refused("人员代码:字母、数字、- / a person code has letters, digits and -")
    if command.role not in set(Role):
        raise Refused(f"没有这个角色 / a role is one of: {', '.join(Role)}")
    if session.scalar(sa.select(User.id).where(User.username == name)):
        raise Refused(f"用户名已被使用 / the user name {name} is taken")
    user = User(
        username=name,
        email=None,
        password=command.password_hash,
        active=True,
        fs_uniquifier=secrets.token_hex(32),
        role=command.role,
        person=person,
        area_id=command.area_id,
        enterprise_id=command.enterprise_id,
        is_demo=command.is_demo,
    )
    session.add(user)
    session.flush()  # its number, for the audit entry
    row = {"username": name, "role": command.role, "person": person, "area": command.area_id}
    row["enterprise"] = command.enterprise_id
    audit.note(session, action="user.create", kind="user_account", name=name, row=row, actor=actor, now=now)


def strangers(session: Session, codes: Iterable[str]) -> list[str]:
    """Of codes of natural persons, those that no account of an authority bears."""
    wanted = {code.upper() for code in codes}
    known = session.scalars(sa.select(User.person).where(User.person.in_(sorted(wanted)), User.area_id.is_not(None)))
    return sorted(wanted - set(known))


def disable(session: Session, name: str, actor: audit.Actor, now: datetime) -> None:
    """Disable an account and end its sessions: they are gone at the next request."""
    user = session.scalar(sa.select(User).where(User.username == name.strip().lower()))
    if user is None:
        raise NotFound(f"没有这个账号 / there is no account {name}")
    user.active = False
    end_logins(session, user.id, now)
    audit.note(session, action="user.disable", kind="user_account", name=name, row={}, actor=actor, now=now)


def listing(session: Session) -> list[User]:
    """Every account, by name."""
    return list(session.scalars(sa.select(User).order_by(User.username)))


def end_logins(session: Session, user_id: int, now: datetime) -> None:
    """End every log-in of an account."""
    session.execute(
        sa.update(Login)
        .where(Login.user_id == user_id, Login.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
