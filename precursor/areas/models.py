"""Areas as a tree, and the one row that says whose register this is."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from precursor.core.db import Base, Instant, append_only, mutable


class Area(Base):
    """An administrative area. Its scope is its own subtree (DECISIONS 2)."""

    __tablename__ = "area"
    __table_args__ = mutable(UniqueConstraint("outside_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outside_id: Mapped[str]  # the id by which a bundle, or the national code, knows it
    name: Mapped[str]
    level: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    parent_outside_id: Mapped[str | None]  # a parent that is not in this register
    code: Mapped[str | None]  # GB/T 2260: 2, 4 or 6 significant digits written as 6; 9 and 12 below that
    since_year: Mapped[int | None]  # the years in which the code was in force; None: not known, or still
    until_year: Mapped[int | None]


class KeyArea(Base):
    """An area was published as a key area, or is none any more, from a day on until the next entry (M87-15, R)."""

    __tablename__ = "key_area"
    __table_args__ = append_only()

    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # 1, 2, … of this area
    is_key: Mapped[bool]
    since: Mapped[date]
    notice: Mapped[str]  # the publication that says so
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant())


class Register(Base):
    """Whose register this is, for which year it was opened, and the parameters of its figures."""

    __tablename__ = "register"
    __table_args__ = mutable()

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # always 1
    city_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    period_start: Mapped[date]
    period_end: Mapped[date]
    as_of: Mapped[date | None]  # the bundle's default day of view, kept as a remark (DECISIONS 4)
    parameters: Mapped[str]  # JSON: overrides the packs
    pack: Mapped[str]  # the pack that was in force when the register was opened
