"""Read the ledger: selectables that figures join, and the query that proves conservation."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.core.db import BIG, BaseUnits, Expr
from precursor.ledger.models import Account, Posting, Stock
from precursor.ledger.service import PlaceKind


def book_stock(on: date, as_of: date) -> sa.Select:
    """Book stock of every site and substance at the end of ``on``, of what was recorded by ``as_of``.

    Columns ``site_id``, ``substance_id``, ``amount`` (base units); pairs that were ever posted to, zero included.
    """
    return (
        sa.select(
            Account.site_id.label("site_id"),
            Account.substance_id.label("substance_id"),
            sa.cast(sa.func.sum(Posting.amount), BIG).label("amount"),
        )
        .select_from(Posting)
        .join(Account, Account.id == Posting.account_id)
        .where(Account.kind == PlaceKind.SITE.value, Posting.day <= on, Posting.recorded_on <= as_of)
        .group_by(Account.id, Account.site_id, Account.substance_id)
    )


def posted_to(site: Expr, substance: Expr, day: Expr, as_of: date) -> sa.ColumnElement[int]:
    """The book stock of the given site and substance at the end of the given day: to be used beside a stocktake."""
    total = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Posting.amount), 0), BIG))
        .select_from(Posting)
        .join(Account, Account.id == Posting.account_id)
        .where(
            Account.kind == PlaceKind.SITE.value,
            Account.site_id == site,
            Account.substance_id == substance,
            Posting.day <= day,
            Posting.recorded_on <= as_of,
        )
    )
    return sa.type_coerce(total.scalar_subquery(), BaseUnits())


def openings() -> sa.Select:
    """What was at every site when the register was opened: site, substance, amount (base units), day, as booked."""
    source = aliased(Posting)
    from_opening = (
        sa.select(source.entry_id)
        .join(Account, Account.id == source.account_id)
        .where(Account.kind == PlaceKind.OPENING.value)
    )
    return (
        sa.select(Account.site_id, Account.substance_id, Posting.amount, Posting.day)
        .select_from(Posting)
        .join(Account, Account.id == Posting.account_id)
        .where(Account.kind == PlaceKind.SITE.value, Posting.entry_id.in_(from_opening))
        .order_by(Posting.entry_id)
    )


def unbalanced() -> sa.CompoundSelect:
    """Entries whose legs do not add up to zero, and stocks that differ from their postings: always none."""
    legs = (
        sa.select(Posting.enterprise_id, Posting.entry_id)
        .group_by(Posting.enterprise_id, Posting.entry_id)
        .having(sa.func.sum(Posting.amount) != 0)
    )
    booked = (
        sa.select(sa.func.coalesce(sa.func.sum(Posting.amount), 0))
        .where(Posting.account_id == Stock.account_id)
        .scalar_subquery()
    )
    return legs.union_all(sa.select(Stock.account_id, Stock.amount).where(Stock.amount != booked))
