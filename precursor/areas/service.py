"""The tree of areas, and the register that is kept for a city."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.areas import codes
from precursor.areas.codes import Code
from precursor.areas.models import Area, KeyArea, Register
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import NotFound, Refused
from precursor.rules.targets import Parameters, load_pack


@dataclass(frozen=True, slots=True, kw_only=True)
class AddArea:
    """An area under another; ``parent_outside_id`` when that one is not in this register."""

    id: int
    outside_id: str
    name: str
    level: str
    parent_id: int | None
    parent_outside_id: str | None
    code: str | None = None
    since_year: int | None = None
    until_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRegister:
    """Open the register of a city for a year."""

    city_id: int
    period_start: date
    period_end: date
    as_of: date | None
    parameters: str
    pack: str


@dataclass(frozen=True, slots=True)
class City:
    """The city this register is for: its counties are the areas that count."""

    id: int
    outside_id: str
    name: str
    counties: tuple[Area, ...]
    opened: OpenRegister
    parameters: Parameters


def add(session: Session, commands: Iterable[AddArea], actor: audit.Actor, now: datetime) -> None:
    """Add areas under numbers taken before (``core.db.take_ids``), a parent before its children."""
    audit.write(session, Area, map(audit.as_row, commands), action="area.add", actor=actor, now=now)


def adopt(session: Session, entries: Sequence[Code], actor: audit.Actor, now: datetime) -> list[Area]:
    """Put areas of the national table, or of a file, on the register under their codes, each above before below.

    What is there already stays as it is. Returns the areas in the order given.
    """
    for entry in entries:
        if session.scalar(sa.select(sa.exists().where(Area.code == entry.code))):
            continue
        above = _above(session, entry.code)
        (number,) = take_ids(session, 1)
        command = AddArea(
            id=number,
            outside_id=entry.code,
            name=entry.name,
            level=entry.level,
            parent_id=above.id if above else None,
            parent_outside_id=None,
            code=entry.code,
            since_year=entry.since,
            until_year=entry.until,
        )
        add(session, [command], actor, now)
    found = {area.code: area for area in session.scalars(sa.select(Area).where(Area.code.is_not(None)))}
    return [found[entry.code] for entry in entries]


def _above(session: Session, code: str) -> Area | None:
    """The nearest area above a code that is on the register."""
    at = codes.parent_of(code)
    while at is not None:
        if found := session.scalars(sa.select(Area).where(Area.code == at)).one_or_none():
            return found
        at = codes.parent_of(at)
    return None


def open_register(session: Session, command: OpenRegister, actor: audit.Actor, now: datetime) -> None:
    """Say whose register this is."""
    audit.write(session, Register, [{"id": 1, **audit.as_row(command)}], action="register.open", actor=actor, now=now)


def city(session: Session) -> City:
    """The city this register is for. Refused when there is none yet."""
    register = session.get(Register, 1)
    if register is None:
        raise Refused("登记簿是空的,请先导入 / the register is empty: run precursor bundle import FILE")
    area = session.get_one(Area, register.city_id)
    counties = session.scalars(sa.select(Area).where(Area.parent_id == area.id).order_by(Area.id)).all()
    return City(
        area.id,
        area.outside_id,
        area.name,
        tuple(counties),
        OpenRegister(
            city_id=register.city_id,
            period_start=register.period_start,
            period_end=register.period_end,
            as_of=register.as_of,
            parameters=register.parameters,
            pack=register.pack,
        ),
        Parameters.of(load_pack(register.pack).values | json.loads(register.parameters)),
    )


def by_outside_id(session: Session, outside_id: str) -> Area:
    """The area that a bundle, or the national code, calls so. NotFound when there is none."""
    if (area := session.scalar(sa.select(Area).where(Area.outside_id == outside_id))) is None:
        raise NotFound(f"没有这个辖区 / there is no area {outside_id}")
    return area


def set_key(
    session: Session, area: int, *, is_key: bool, since: date, notice: str, actor: audit.Actor, now: datetime
) -> None:
    """Say that an area is a key area (重点地区), or is none any more, from a day on. Refused out of order."""
    entries = _key_entries(session, [area])
    if entries and entries[-1].since >= since:
        raise Refused(f"须晚于上一条 {entries[-1].since} / it follows the entry of {entries[-1].since}")
    row = {
        "area_id": area,
        "number": len(entries) + 1,
        "is_key": is_key,
        "since": since,
        "notice": notice,
        "recorded_on": legal_day(now),
    }
    audit.write(session, KeyArea, [row], action="area.set_key", actor=actor, now=now)


def _key_entries(session: Session, areas: Iterable[int]) -> list[KeyArea]:
    query = sa.select(KeyArea).where(KeyArea.area_id.in_(areas)).order_by(KeyArea.area_id, KeyArea.since)
    return list(session.scalars(query))


def in_key_area(session: Session, area: Area, on: date) -> bool:
    """Whether an area, or one that it lies in, is a key area on a day."""
    above = sa.select(Area.id, Area.parent_id).where(Area.id == area.id).cte("above", recursive=True)
    above = above.union(sa.select(Area.id, Area.parent_id).join(above, Area.id == above.c.parent_id))
    last = {e.area_id: e.is_key for e in _key_entries(session, sa.select(above.c.id)) if e.since <= on}  # type: ignore[arg-type]
    return any(last.values())


def prefecture(area: Area) -> int | str | None:
    """What tells the prefecture of an area: four digits of its code, else the area above it, or its own."""
    if area.code is not None:
        return area.code[:4]
    return area.id if area.level == "city" else area.parent_id or area.parent_outside_id


def subtree(area_id: int) -> sa.Select[tuple[int]]:
    """The numbers of an area and of all that lies in it."""
    inside = sa.select(Area.id).where(Area.id == area_id).cte("inside", recursive=True)
    inside = inside.union(sa.select(Area.id).join(inside, Area.parent_id == inside.c.id))
    return sa.select(inside.c.id)


def within(session: Session, area_id: int) -> frozenset[int]:
    """The numbers of an area and of all that lies in it."""
    return frozenset(session.scalars(subtree(area_id)))
