"""What the record behind a gap is of: the substance and how much of it, or the site; for lists of gaps."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.core import quantity
from precursor.enterprises.models import Site
from precursor.movements.models import Movement
from precursor.movements.service import stands
from precursor.permits.models import Permit
from precursor.reconciliation.figures import Gap
from precursor.reconciliation.records import path_of
from precursor.substances.models import Substance
from precursor.trade.models import Shipment

_AT_ONCE: Final = 500


class Goods(NamedTuple):
    """A substance and an amount of it, as text in its own unit; empty where the record states none."""

    zh: str
    en: str
    amount: str


_OF: Final[dict[str, tuple[Any, tuple[sa.ColumnElement[bool], ...]]]] = {
    "movements": (Movement, (stands(Movement),)),
    "permits": (Permit, ()),
    "shipments": (Shipment, ()),
}


def of(session: Session, gaps: Iterable[Gap]) -> dict[tuple[str, str], Goods]:
    """By code and subject of a gap, as far as there is a record with goods."""
    listed = [(gap, path_of(gap)) for gap in gaps]
    found = {
        (path, subject): goods
        for path in _OF
        for subject, goods in _read(session, path, sorted({gap.subject for gap, its in listed if its == path}))
    }
    return {(gap.code, gap.subject): found[path, gap.subject] for gap, path in listed if (path, gap.subject) in found}


def places(session: Session, gaps: Iterable[Gap]) -> dict[str, str]:
    """By subject of a gap that is about a store or another site: what the site is called."""
    sites = {gap.subject: gap.subject.rpartition("/")[0] or gap.subject for gap in gaps if _is_of_site(gap)}
    wanted = sorted(set(sites.values()))
    called: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = sa.select(Site.outside_id, Site.name).where(
            Site.outside_id.in_(wanted[start : start + _AT_ONCE]), Site.name.is_not(None)
        )
        called |= {number: str(name) for number, name in session.execute(query)}
    return {subject: called[site] for subject, site in sites.items() if site in called}


def _is_of_site(gap: Gap) -> bool:
    return gap.code == "STOCK_VARIANCE" or path_of(gap) == "sites"


def _read(session: Session, path: str, subjects: Sequence[str]) -> Iterable[tuple[str, Goods]]:
    table, those = _OF[path]
    for start in range(0, len(subjects), _AT_ONCE):
        query = (
            sa.select(table.outside_id, table.quantity, Substance)
            .join(Substance, Substance.id == table.substance_id)
            .where(table.outside_id.in_(subjects[start : start + _AT_ONCE]), *those)
        )
        for subject, amount, substance in session.execute(query):
            shown = f"{quantity.show(amount, substance.unit)} {substance.unit}" if amount else ""
            zh = substance.name_zh or substance.outside_id
            yield subject, Goods(zh, substance.name_en or zh, shown)
