"""What a phone looks up without a network: documents of an area, visits, labels, journeys, stores; signed."""

import itertools
import zlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor import ledger
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core import quantity
from precursor.core.clock import Period, legal_day
from precursor.enterprises.models import Party, Site
from precursor.inspections.models import Inspection
from precursor.movements import labels
from precursor.movements.models import Label, Movement
from precursor.movements.service import stands
from precursor.permits.models import Permit, PermitBalance, RouteStop
from precursor.reconciliation import service as reconciliation
from precursor.rules.permits import is_revoked
from precursor.signing import cbor, envelope, lists
from precursor.substances.models import Substance
from precursor.tokens import keys, saying
from precursor.tokens.models import Ending, TripEnd, TripSlip
from precursor.tokens.pages import SIGNER
from precursor.tokens.service import Office

#: Documents that ended so long ago are in it still: what was on the road yesterday is asked for today.
SINCE: Final = timedelta(31)
#: Rows of a list at most. A list that is cut short says so: what is not found on it may be in the register.
MOST: Final = 20_000
#: Bytes of a list at most: a phone unpacks no more than 16 MB of them all.
ROOM: Final = 3 * 2**20
ROWS: Final = -70020


def make(session: Session, office: Office, area: Area, now: datetime, room: int = ROOM) -> bytes:
    """The extract of an area, in the envelope of a list. Refused where no key of the area lies here."""
    scope = saying.scope_of(area)
    signer = office.store.signer(keys.active(session, office.store, scope, SIGNER, now).kid)
    issued, today = int(now.timestamp()), legal_day(now)
    made = [make_rows(session, area, today) for make_rows in (documents, visits, stickers, journeys, stores)]
    found = [_fitting(rows, room) for rows in made]
    cut = [
        n
        for n, (rows, kept) in enumerate(zip(made, found, strict=True))
        if len(rows) == MOST or len(kept) < len(rows)
    ]
    payload = {1: scope, 2: "extract", 4: issued + lists.LASTS, 6: issued, 65534: lists.TTL}
    payload[ROWS] = zlib.compress(cbor.encode([*found, cut]), 9)
    return envelope.sign(signer, cbor.encode(payload), envelope.EXTRACT_TYPE)


def _fitting(rows: list[list[Any]], room: int) -> list[list[Any]]:
    """As many rows, from the first, as there is room for."""
    sizes = itertools.accumulate(len(cbor.encode(row)) for row in rows)
    return [row for row, size in zip(rows, sizes, strict=True) if size <= room]


def documents(session: Session, area: Area, today: date) -> list[list[Any]]:
    """The documents that the area answers for or whose route passes it, for whoever looks one up.

    Number, kind, holder, substance, amount, what is left, last day, plates, state; last good day of a revoked one.
    """
    query = (
        sa.select(Permit, PermitBalance, Party.name, Substance)
        .join(
            PermitBalance,
            sa.and_(PermitBalance.enterprise_id == Permit.enterprise_id, PermitBalance.permit_id == Permit.id),
        )
        .join(Party, Party.id == Permit.enterprise_id)
        .outerjoin(Substance, Substance.id == Permit.substance_id)
        .where(_concerns(area), Permit.valid_to >= today - SINCE)
        .order_by(Permit.valid_to.desc(), Permit.outside_id)
        .limit(MOST)
    )
    return [_row(*row, today=today) for row in session.execute(query)]


def _concerns(area: Area) -> sa.ColumnElement[bool]:
    """Documents that the area answers for, or whose route passes it."""
    inside = areas.subtree(area.id)
    passes = sa.exists().where(
        RouteStop.enterprise_id == Permit.enterprise_id,
        RouteStop.permit_id == Permit.id,
        RouteStop.area_id.in_(inside),
    )
    return sa.or_(Permit.area_id.in_(inside), passes)


def _row(
    permit: Permit, balance: PermitBalance, holder: str | None, substance: Substance | None, today: date
) -> list[Any]:
    state = (
        "revoked" if is_revoked(balance.revoked_on, today) else "suspended" if balance.is_suspended else "in force"
    )
    if state == "in force" and not permit.valid_from <= today <= permit.valid_to:
        state = "expired" if permit.valid_to < today else "not yet"
    unit = substance.unit if substance else ""
    amounts = ("", "")
    if substance and permit.quantity:
        whole, rest = permit.quantity, permit.quantity - balance.drawn
        amounts = (f"{quantity.show(whole, unit)} {unit}", f"{quantity.show(rest, unit)} {unit}")
    name = (substance.name_zh or substance.outside_id) if substance else ""
    return [
        permit.outside_id,
        permit.kind,
        holder or "",
        name,
        *amounts,
        str(permit.valid_to),
        saying.plates_of(permit),
        state,
        str(balance.revoked_on) if state == "revoked" else "",
    ]


def visits(session: Session, area: Area, today: date) -> list[list[Any]]:
    """The visits that are due now or late.

    Enterprise, its name and grade, last day, whether that is over; day and result of the visit before, if any.
    """
    city = areas.city(session)
    view = reconciliation.view_of(city, Period.parse(str(today.year)), today, area)
    slots = [slot for slot in reconciliation.plan(session, view)["slots"] if slot["state"] != "filled"]
    open_ = [slot for slot in slots if slot["start"] <= str(today)]
    query = sa.select(Party.outside_id, Party.name).where(
        Party.outside_id.in_({slot["enterprise"] for slot in open_})
    )
    names = {id_: name or id_ for id_, name in session.execute(query)}
    before = _visited(session, names)
    return [
        [
            *(slot["enterprise"], names[slot["enterprise"]], slot["grade"], slot["end"], slot["state"] == "missed"),
            *before.get(slot["enterprise"], ("", "")),
        ]
        for slot in sorted(open_, key=lambda slot: (slot["end"], slot["enterprise"]))
    ]


def _visited(session: Session, firms: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Day and result of the last visit to each enterprise."""
    query = (
        sa.select(Party.outside_id, Inspection.day, Inspection.result)
        .join(Inspection, Inspection.enterprise_id == Party.id)
        .where(Party.outside_id.in_(firms), Inspection.mode == "onsite")
        .order_by(Inspection.day, Inspection.id)
    )
    return {id_: (str(day), result or "") for id_, day, result in session.execute(query)}


def stickers(session: Session, area: Area, today: date) -> list[list[Any]]:
    """The labels of containers that were printed for stores of the area, or whose batch a store of it received.

    Mark, number, owner, goods, batch, count, amount in each, document, where it is by the books, last movements.
    """
    inside = areas.subtree(area.id)
    sale, receipt, there = aliased(Movement), aliased(Movement), aliased(Site)
    came = (
        sa.exists()
        .where(
            sale.enterprise_id == Label.enterprise_id,
            sale.substance_id == Label.substance_id,
            sale.batch == Label.batch,
            receipt.enterprise_id == sale.other_enterprise_id,
            receipt.id == sale.other_id,
            there.id == receipt.site_id,
            there.area_id.in_(inside),
        )
        .correlate(Label)
    )
    query = (
        sa.select(Label, Party.name, Substance)
        .join(Site, Site.id == Label.site_id)
        .join(Party, Party.id == Label.enterprise_id)
        .join(Substance, Substance.id == Label.substance_id)
        .where(sa.or_(Site.area_id.in_(inside), came))
        .order_by(Label.id.desc())
        .limit(MOST)
    )
    rows = session.execute(query).all()
    found = labels.whereabouts(session, [row.Label for row in rows], today)
    called = labels.sites_of(session, found.values())
    return [_sticker(label, owner, goods, found[label.id], called) for label, owner, goods in rows]


def journeys(session: Session, area: Area, today: date) -> list[list[Any]]:
    """The journeys of such documents that arrived: number of the slip, day, store that booked the goods in.

    A slip that is shown again after that is used up, whatever an older status list says of it.
    """
    sale, receipt = aliased(Movement), aliased(Movement)
    store = (
        sa.select(sa.func.coalesce(Site.name, Site.outside_id))
        .select_from(sale)
        .join(receipt, sa.and_(receipt.other_enterprise_id == sale.enterprise_id, receipt.other_id == sale.id))
        .join(Site, Site.id == receipt.site_id)
        .where(
            sale.transport_holder_id == Permit.enterprise_id,
            sale.transport_permit_id == Permit.id,
            receipt.day <= TripEnd.day,
            stands(sale),
            stands(receipt),
        )
        .order_by(receipt.day.desc(), receipt.id.desc())
        .limit(1)
        .correlate(Permit, TripEnd)
        .scalar_subquery()
    )
    query = (
        sa.select(TripSlip.outside_id, TripEnd.day, store)
        .join(TripEnd, TripEnd.trip_id == TripSlip.id)
        .join(Permit, sa.and_(Permit.enterprise_id == TripSlip.enterprise_id, Permit.id == TripSlip.permit_id))
        .where(_concerns(area), TripEnd.how == Ending.ARRIVED, TripEnd.day >= today - SINCE)
        .order_by(TripEnd.day.desc(), TripSlip.outside_id)
        .limit(MOST)
    )
    return [[number, str(day), place or ""] for number, day, place in session.execute(query)]


def stores(session: Session, area: Area, today: date) -> list[list[Any]]:
    """The area's enterprises and what lies in their stores by the books, for whoever counts it on a visit.

    Enterprise, its name, store, its name, substance, its name, amount, unit; all but the first two empty where an
    enterprise has nothing.
    """
    booked = ledger.book_stock(today, today).subquery()
    held = sa.select(booked).where(booked.c.amount != 0).subquery()
    query = (
        sa.select(Party, Site, Substance, held.c.amount)
        .outerjoin(sa.join(held, Site, Site.id == held.c.site_id), Site.enterprise_id == Party.id)
        .outerjoin(Substance, Substance.id == held.c.substance_id)
        .where(Party.area_id.in_(areas.subtree(area.id)), Party.is_external == sa.false())
        .order_by(Party.outside_id, Site.outside_id, Substance.outside_id)
        .limit(MOST)
    )
    return [
        [firm.outside_id, firm.name or firm.outside_id, *_held(site, goods, amount)]
        for firm, site, goods, amount in session.execute(query)
    ]


def _held(site: Site | None, goods: Substance | None, amount: int) -> list[str]:
    if site is None or goods is None:
        return [""] * 6
    called = (site.outside_id, site.name or site.outside_id, goods.outside_id, goods.name_zh or goods.outside_id)
    return [*called, quantity.show(amount, goods.unit), goods.unit]


def _sticker(
    label: Label, owner: str | None, goods: Substance, there: labels.Whereabouts, called: Mapping[int, str]
) -> list[Any]:
    def amount(value: int) -> str:
        return f"{quantity.show(value, goods.unit)} {goods.unit}"

    return [
        label.mark,
        label.outside_id,
        owner or "",
        goods.name_zh or goods.outside_id,
        label.batch,
        label.count,
        amount(label.quantity),
        there.document,
        [[called[site], amount(value)] for site, value in there.places.items() if value > 0],
        [[str(day), kind.value, amount(value), whom] for day, kind, value, whom in there.moves],
    ]
