"""Post entries between accounts; keep the stock of every site; refuse what would go below zero on any day."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.core import quantity
from precursor.core.db import BIG, BaseUnits, LegalDay, insert, insert_missing, table_of, take_ids
from precursor.core.errors import Refused
from precursor.ledger.models import Account, Posting, Stock


class PlaceKind(StrEnum):
    """Where a substance can be."""

    SITE = "site"  # stock of a site
    TRANSIT = "transit"  # on the way from one party to another
    PARTY = "party"  # with an outside party
    ABROAD = "abroad"  # over the border, by the enterprise's shipments
    PRODUCED = "produced"
    CONSUMED = "consumed"
    DESTROYED = "destroyed"
    LOST = "lost"
    OPENING = "opening"  # what was there when the register was opened


@dataclass(frozen=True, slots=True)
class Place:
    """An account before it has a number. ``other``: the receiving party, for what is in transit."""

    kind: PlaceKind
    party: int
    substance: int
    site: int | None = None
    other: int | None = None

    @property
    def key(self) -> str:
        """The account's name: unique, and never reused."""
        return f"{self.kind}:{self.party}:{self.site or self.other or ''}:{self.substance}"


@dataclass(frozen=True, slots=True)
class Entry:
    """``quantity`` base units of one substance go from one place to another on a legal day."""

    enterprise: int
    id: int
    giver: Place
    taker: Place
    quantity: int
    day: date
    recorded_on: date


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The first day on which the stock of a site would be below zero."""

    site: int
    substance: int
    day: date
    amount: int


class StockShort(Refused):
    """The entry would make the stock of a site negative, that day or a later one."""

    code = "stock-short"
    pointer = "/quantity"

    def __init__(self, shortfalls: Sequence[Shortfall], most: str = "") -> None:
        self.shortfalls = tuple(shortfalls)
        days = ", ".join(str(s.day) for s in shortfalls)
        zh, en = (f"；至多 {most}", f"; {most} at most") if most else ("", "")
        super().__init__(
            f"库存不足：{days} 日终结存将为负{zh} / the stock would be below zero at the end of {days}{en}"
        )

    def of(self, asked: int, unit: str) -> "StockShort":
        """The same of an act that would take ``asked`` base units out: it says how much it could take."""
        most = max(0, asked + min(short.amount for short in self.shortfalls))
        return StockShort(self.shortfalls, f"{quantity.show(most, unit)} {unit}")


def post(session: Session, entries: Sequence[Entry], now: datetime, *, settled: bool = True) -> None:
    """Book entries in the caller's transaction.

    Raises ``StockShort`` when a site would hold less than nothing at the end of any legal day, over all that
    is recorded (ins before outs within a day). Not ``settled``: the caller books a whole register in parts
    and calls ``settle`` once at its end.
    """
    accounts = _accounts(session, {place for entry in entries for place in (entry.giver, entry.taker)})
    rows = []
    for entry in entries:
        least = 0 if entry.giver.kind is PlaceKind.OPENING else 1  # an opening stock of nothing is a fact too
        if type(entry.quantity) is not int or entry.quantity < least:
            raise TypeError(f"an entry moves a positive int of base units, not {entry.quantity!r}")
        for leg, (place, amount) in enumerate(((entry.giver, -entry.quantity), (entry.taker, entry.quantity))):
            rows.append(
                {
                    "enterprise_id": entry.enterprise,
                    "entry_id": entry.id,
                    "leg": leg,
                    "account_id": accounts[place],
                    "day": entry.day,
                    "recorded_on": entry.recorded_on,
                    "recorded_at": now,
                    "amount": amount,
                }
            )
    insert(session, Posting, rows)
    if settled and (short := _change_stock(session, entries, accounts)):
        raise StockShort(short)


def settle(session: Session) -> list[Shortfall]:
    """Bring the kept stocks up to the postings; return every site that some day would hold less than nothing."""
    if short := first_shortfalls(session):
        return short
    booked = sa.select(sa.func.sum(Posting.amount)).where(Posting.account_id == Stock.account_id)
    last = sa.select(sa.func.max(Posting.day)).where(Posting.account_id == Stock.account_id)
    session.execute(
        sa.update(Stock)
        .where(sa.exists().where(Posting.account_id == Stock.account_id))
        .values(amount=sa.cast(booked.scalar_subquery(), BIG), last_day=last.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    return []


def first_shortfalls(session: Session, accounts: Iterable[int] | None = None) -> list[Shortfall]:
    """Every site account (of ``accounts``, or of all) below zero at the end of some day, with the first such day."""
    daily = (
        sa.select(
            Posting.account_id,
            Posting.day,
            sa.func.sum(sa.func.sum(Posting.amount))
            .over(partition_by=Posting.account_id, order_by=Posting.day)
            .label("amount"),
        )
        .select_from(Posting)
        .join(Account, Account.id == Posting.account_id)
        .where(Account.kind == PlaceKind.SITE.value)
        .group_by(Posting.account_id, Posting.day)
    )
    if accounts is not None:
        daily = daily.where(Posting.account_id.in_(list(accounts)))
    running = daily.subquery()
    nth = sa.func.row_number().over(partition_by=running.c.account_id, order_by=running.c.day)
    below = sa.select(running, nth.label("nth")).where(running.c.amount < 0).subquery()
    query = (
        sa.select(Account.site_id, Account.substance_id, below.c.day, below.c.amount)
        .select_from(below)
        .join(Account, Account.id == below.c.account_id)
        .where(below.c.nth == 1)
        .order_by(below.c.day, Account.id)
    )
    return [Shortfall(site, substance, day, int(amount)) for site, substance, day, amount in session.execute(query)]


def _accounts(session: Session, places: set[Place]) -> dict[Place, int]:
    """The account number of each place; accounts are opened at their first use."""
    by_key = {place.key: place for place in places}
    found = dict(_known(session, by_key))
    if missing := sorted(by_key.keys() - found.keys()):
        numbers = take_ids(session, len(missing))
        accounts = [
            {
                "id": number,
                "key": key,
                "kind": by_key[key].kind.value,
                "party_id": by_key[key].party,
                "site_id": by_key[key].site,
                "substance_id": by_key[key].substance,
            }
            for number, key in zip(numbers, missing, strict=True)
        ]
        insert_missing(session, Account, accounts, key="key")
        opened = dict(_known(session, missing))
        stocks = [
            {"account_id": opened[key], "amount": 0, "last_day": date.min}
            for key in missing
            if by_key[key].kind is PlaceKind.SITE
        ]
        insert_missing(session, Stock, stocks, key="account_id")
        found |= opened
    return {place: found[place.key] for place in places}


_KNOWN: Final = sa.select(Account.key, Account.id).where(Account.key.in_(sa.bindparam("keys", expanding=True)))


def _known(session: Session, keys: Iterable[str], chunk: int = 500) -> Iterator[tuple[str, int]]:
    keys = sorted(keys)
    for start in range(0, len(keys), chunk):
        yield from session.connection().execute(_KNOWN, {"keys": keys[start : start + chunk]})


def _change_stock(session: Session, entries: Sequence[Entry], accounts: dict[Place, int]) -> list[Shortfall]:
    """Change the kept stocks; look at the days between only where something was taken out before the last one."""
    change: dict[int, int] = {}
    last: dict[int, date] = {}
    first_out: dict[int, date] = {}
    for entry in entries:
        for place, amount in ((entry.giver, -entry.quantity), (entry.taker, entry.quantity)):
            if place.kind is PlaceKind.SITE:
                number = accounts[place]
                change[number] = change.get(number, 0) + amount
                last[number] = max(last.get(number, entry.day), entry.day)
                if amount < 0:
                    first_out[number] = min(first_out.get(number, entry.day), entry.day)
    doubtful, refused = [], False
    for number in sorted(change):  # one order for all processes: no deadlock
        new_last = _add_to_stock(session, number, change[number], last[number])
        if new_last is None:  # hold the row, and look again: another process may just have brought something in
            session.execute(sa.select(Stock.amount).where(Stock.account_id == number).with_for_update())
            new_last = _add_to_stock(session, number, change[number], last[number])
            refused = refused or new_last is None
        if new_last is None or new_last > first_out.get(number, new_last):
            doubtful.append(number)
    short = first_shortfalls(session, doubtful) if doubtful else []
    if refused and not short:
        raise Refused("库存同时被改动,请重试 / the stock changed at this moment: try again")
    return short


_CHANGE: Final = sa.bindparam("change", type_=BaseUnits())
_ON: Final = sa.bindparam("on", type_=LegalDay())
_ADD_TO_STOCK: Final = (
    sa.update(table_of(Stock))
    .where(Stock.account_id == sa.bindparam("account"), Stock.amount + _CHANGE >= 0)
    .values(amount=Stock.amount + _CHANGE, last_day=sa.case((Stock.last_day > _ON, Stock.last_day), else_=_ON))
    .returning(Stock.last_day)
)


def _add_to_stock(session: Session, number: int, amount: int, day: date) -> date | None:
    """Change a kept stock unless it would fall below zero; returns its last day, None when nothing was changed."""
    values = {"account": number, "change": amount, "on": day}
    found: date | None = session.connection().execute(_ADD_TO_STOCK, values).scalar_one_or_none()
    return found
