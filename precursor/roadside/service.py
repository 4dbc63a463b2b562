"""Phones: enrolled once by a code with a secret, locked from afar; their photographs."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.accounts.models import User
from precursor.areas import service as areas
from precursor.core.access import GRANTS, Action, Role
from precursor.core.clock import legal_day
from precursor.core.db import changed, take_ids
from precursor.core.errors import Locked, NotFound, Refused
from precursor.roadside.models import Device, DeviceEntry, Enrolment, Photo
from precursor.signing.keys import holds, is_sound, public

#: How long a code to enrol with is good.
ENROLS: Final = timedelta(minutes=15)
SECRET: Final = 16  # bytes


def digest_of(secret: bytes) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret).hexdigest()


def offer(session: Session, username: str, now: datetime) -> bytes:
    """A secret with which one phone of an account can be enrolled, once and soon."""
    user = session.scalars(sa.select(User).where(User.username == username)).one()
    session.execute(sa.delete(Enrolment).where(Enrolment.user_id == user.id, Enrolment.used_at.is_(None)))
    secret = secrets.token_bytes(SECRET)
    session.add(Enrolment(digest=digest_of(secret), user_id=user.id, ends_at=now + ENROLS, used_at=None))
    session.flush()
    return secret


def enrol(session: Session, secret: bytes, key: str, proof: str, name: str, now: datetime) -> Device:
    """A new phone by its public key. Refused when the secret is none, was used, or its time is over.

    ``proof`` signs ``enrol`` and the secret in hex: nobody enrols a key that he does not have, nor one twice.
    """
    said = f"enrol {secret.hex()}".encode()
    if not is_sound(bytes.fromhex(key)) or not holds(public(bytes.fromhex(key)), bytes.fromhex(proof), said):
        raise Refused("公钥无效，或不是这部手机的 / not a sound public key, or not this phone's")
    if session.scalar(sa.select(Device.id).where(Device.key == key).limit(1)) is not None:
        raise Refused("这把钥匙已登记过 / this key is enrolled already")
    row = session.get(Enrolment, digest_of(secret))
    taken = sa.update(Enrolment).where(
        Enrolment.digest == digest_of(secret), Enrolment.used_at.is_(None), Enrolment.ends_at > now
    )
    if row is None or not changed(session, taken.values(used_at=now)):
        raise Refused("登记码已用过或已过期，请重新生成 / the code was used or is too old: make a new one")
    user = session.get_one(User, row.user_id)
    check_account(user)
    number = take_ids(session, 1)[0]
    device = Device(
        id=number,
        outside_id=f"PH-{number}",
        user_id=user.id,
        area_id=user.area_id,
        key=key,
        name=name,
        enrolled_on=legal_day(now),
        enrolled_at=now,
        locked_on=None,
        next_seq=1,
        head="",
    )
    session.add(device)
    session.flush()
    audit.note(
        session,
        action="device.enrol",
        kind="device",
        name=device.outside_id,
        row={"device": device.outside_id, "key": key, "name": name},
        actor=actor_of(user),
        now=now,
    )
    return device


def check_account(user: User) -> None:
    """Locked when the officer may not record road checks any more."""
    if not user.active or user.area_id is None or Role(user.role) not in GRANTS[Action.ROAD_CHECK_RECORD]:
        raise Locked("此账号不能再录入道路检查 / this account may not record road checks any more")


def actor_of(user: User) -> audit.Actor:
    """The officer of a phone, as the audit log names him."""
    return audit.Actor(user.username or "", user.person, user.role)


def lock(session: Session, outside_id: str, actor: audit.Actor, now: datetime) -> None:
    """Lock a phone: nothing of it is taken any more, and it forgets what it holds as soon as it hears of it."""
    device = session.scalars(sa.select(Device).where(Device.outside_id == outside_id)).one()
    if device.locked_on is not None:
        raise Refused("已锁定 / locked already")
    device.locked_on = legal_day(now)
    session.flush()
    audit.note(session, action="device.lock", kind="device", name=outside_id, row={}, actor=actor, now=now)


def keep_photo(session: Session, outside_id: str, digest: str, body: bytes, now: datetime) -> None:
    """Keep a photograph once. NotFound unless an entry of the phone that was signed names it."""
    device = session.scalars(sa.select(Device).where(Device.outside_id == outside_id)).one_or_none()
    if device is not None:
        check_account(session.get_one(User, device.user_id))
    named = device and session.scalar(
        sa.select(DeviceEntry.id)
        .where(DeviceEntry.device_id == device.id, DeviceEntry.said.contains(digest))
        .limit(1)
    )
    if device is None or named is None or device.locked_on is not None:
        raise NotFound("没有记录提到这张照片 / no entry of this phone names that photograph")
    if session.get(Photo, digest) is None:
        session.add(Photo(digest=digest, device_id=device.id, body=body, recorded_at=now))
        session.flush()


def photo_in(session: Session, area: int, digest: str) -> bytes:
    """A photograph that an entry of an area names, whichever phone brought it first. NotFound otherwise."""
    found = session.get(Photo, digest)
    named = found and session.scalar(
        sa.select(DeviceEntry.id)
        .where(DeviceEntry.said.contains(digest), DeviceEntry.area_id.in_(areas.subtree(area)))
        .limit(1)
    )
    if found is None or named is None:
        raise NotFound("没有这张照片 / there is no such photograph")
    return found.body
