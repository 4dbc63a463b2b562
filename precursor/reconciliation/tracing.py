"""Trace (流向追溯): where what is at a site came from, and where it went.

An edge is named by the giving side's movement. A receipt can only come from what was there by that day, so
going up every step looks at what came in by the day of leaving, going down at what left since the day of coming.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor.core import quantity
from precursor.core.errors import NotFound
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Movement
from precursor.movements.service import stands
from precursor.permits.models import Permit
from precursor.rules.movements import MovementType
from precursor.substances.models import Substance
from precursor.trade.models import Shipment

T = MovementType
_GIVES: Final = [T.SALE_OUT.value, T.TRANSFER_OUT.value, T.EXPORT_OUT.value]
_RECEIPTS: Final = [T.PURCHASE_IN.value, T.TRANSFER_IN.value]


@dataclass(frozen=True, slots=True)
class Edge:
    """A quantity that went from one place to another; ``to`` None where the giver names nobody."""

    movement: str
    from_: str | None
    to: str | None
    substance: str
    quantity: int
    unit: str
    day: date
    from_site: int | None
    to_site: int | None
    substance_id: int
    arrival: date  # the day from which it was at ``to``

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "movement": self.movement,
            "from": self.from_,
            "to": self.to,
            "substance": self.substance,
            "quantity": quantity.show(self.quantity, self.unit),
            "unit": self.unit,
            "day": str(self.day),
        }


@dataclass(frozen=True, slots=True)
class _Start:
    site: int
    substance: int
    day: date
    name: str


def trace(session: Session, what: str, *, up: bool, as_of: date | None = None) -> dict[str, Any]:
    """Trace ``SITE/SUBSTANCE``, a movement or a batch, up or down; without ``as_of``, over all that is recorded.

    Returns nodes, edges, and a text line for each edge: the movement and the place at its far end. NotFound when
    nothing is called so.
    """
    starts, edges = _starts(session, what, up=up, as_of=as_of)
    found = {edge.movement: edge for edge in edges}
    bounds: dict[tuple[int, int], date] = {}
    frontier = [(start.site, start.substance, start.day) for start in starts]
    while frontier:
        wanted = {}
        for site, substance, day in frontier:
            known = bounds.get((site, substance))
            if known is None or (day > known if up else day < known):
                bounds[site, substance] = wanted[site, substance] = day
        frontier = []
        for edge in _edges_at(session, wanted, up=up, as_of=as_of):
            found[edge.movement] = edge
            near = edge.from_site if up else edge.to_site
            if near is not None:
                frontier.append((near, edge.substance_id, edge.day if up else edge.arrival))
    ordered = sorted(found.values(), key=lambda edge: (edge.day, edge.movement))
    nodes = {start.name for start in starts} | {n for e in ordered for n in (e.from_, e.to) if n}
    return {
        "nodes": sorted(nodes),
        "edges": [edge.as_json() for edge in ordered],
        "text": [f"{edge.movement} {(edge.from_ if up else edge.to) or '?'}" for edge in ordered],
    }


@dataclass(frozen=True, slots=True)
class End:
    """What is known of the ends of an edge, by the number of its movement.

    ``gives``: it is the giver's movement, else the receiver's. ``names``: it names a movement of the other side;
    ``arrived``: what that says it received, as text; None where it says something else, or nothing.
    """

    gives: bool
    names: bool
    arrived: str | None
    document: str | None  # under which it went


def ends(session: Session, numbers: Sequence[str]) -> dict[str, End]:
    """The ends of edges by the numbers of their movements."""
    found: dict[str, End] = {}
    for start in range(0, len(numbers), 200):
        here, there = aliased(Movement), aliased(Movement)
        arrives = sa.and_(
            there.enterprise_id == here.other_enterprise_id,
            there.id == here.other_id,
            there.type.in_(_RECEIPTS),
            there.substance_id == here.substance_id,
            stands(there),
        )
        rows = session.execute(
            sa.select(
                here.outside_id,
                here.type,
                here.other_id,
                there.quantity,
                Substance.unit,
                Permit.outside_id.label("document"),
            )
            .join(Substance, Substance.id == here.substance_id)
            .outerjoin(there, arrives)
            .outerjoin(Permit, sa.and_(Permit.enterprise_id == here.permit_holder_id, Permit.id == here.permit_id))
            .where(here.outside_id.in_(numbers[start : start + 200]), stands(here))
        )
        for row in rows:
            arrived = None if row.quantity is None else quantity.show(row.quantity, row.unit)
            found[row.outside_id] = End(row.type in _GIVES, row.other_id is not None, arrived, row.document)
    return found


def _starts(session: Session, what: str, *, up: bool, as_of: date | None) -> tuple[list[_Start], list[Edge]]:
    far = date.max if up else date.min
    site_name, slash, substance_name = what.rpartition("/")
    if slash:
        both = (
            sa.select(Site.id, Substance.id)
            .join(Substance, Substance.outside_id == substance_name)
            .where(Site.outside_id == site_name)
        )
        if pair := session.execute(both).first():
            return [_Start(pair[0], pair[1], far, site_name)], []
    moved = aliased(Movement)
    query = (
        sa.select(moved, Site.outside_id)
        .join(Site, Site.id == moved.site_id)
        .where(sa.or_(moved.outside_id == what, moved.batch == what), stands(moved, as_of))
    )
    starts: list[_Start] = []
    edges: list[Edge] = []
    for movement, site in session.execute(query):
        enters = MovementType(movement.type).is_in
        if enters is not up:  # what came in goes down from its site; what left goes up from it
            starts.append(_Start(movement.site_id, movement.substance_id, movement.day, site))
            continue
        for edge in _edges_of(session, movement, up=up, as_of=as_of):
            edges.append(edge)
            near = edge.from_site if up else edge.to_site
            if near is not None:
                name = (edge.from_ if up else edge.to) or ""
                starts.append(_Start(near, edge.substance_id, edge.day if up else edge.arrival, name))
        starts += [] if edges else [_Start(-1, movement.substance_id, movement.day, site)]
    if not starts and not edges:
        raise NotFound(f"没有这个场所/品种、记录或批次 / there is no site/substance, movement or batch {what}")
    return starts, edges


def _edges_at(
    session: Session, wanted: dict[tuple[int, int], date], *, up: bool, as_of: date | None
) -> Iterator[Edge]:
    """Edges at sites: going up those that came in by a day, going down those that left since one."""
    pairs = sorted(wanted)
    for start in range(0, len(pairs), 200):
        part = pairs[start : start + 200]
        here, there = aliased(Movement), aliased(Movement)
        near = there if up else here
        given = _given(here, there, as_of).where(sa.tuple_(near.site_id, near.substance_id).in_(part))
        for row in session.execute(given):
            if up and row.there_site is None:  # what it names there is no receipt
                continue
            day = row.there_day if up else row.day
            bound = wanted[row.there_site if up else row.site_id, row.substance_id]
            if day <= bound if up else day >= bound:
                yield _edge(row)
        if up:
            moved = aliased(Movement)
            inbound = _inbound(moved, as_of).where(sa.tuple_(moved.site_id, moved.substance_id).in_(part))
            for row in session.execute(inbound):
                if row.day <= wanted[row.site_id, row.substance_id]:
                    yield _inbound_edge(row)


def _edges_of(session: Session, movement: Movement, *, up: bool, as_of: date | None) -> list[Edge]:
    """The edges that end (going up) or begin (going down) with one movement."""
    here, there = aliased(Movement), aliased(Movement)
    near = there if up else here
    found = [_edge(row) for row in session.execute(_given(here, there, as_of).where(_same(near, movement)))]
    if up:
        moved = aliased(Movement)
        found += [_inbound_edge(r) for r in session.execute(_inbound(moved, as_of).where(_same(moved, movement)))]
    return found


def _same(alias: Any, movement: Movement) -> sa.ColumnElement[bool]:
    return sa.and_(
        alias.enterprise_id == movement.enterprise_id, alias.id == movement.id, alias.version == movement.version
    )


def _given(here: Any, there: Any, as_of: date | None) -> sa.Select:
    """What sites gave: the giving movement, and the one it names; with both, the named one counts."""
    site, other_site = aliased(Site), aliased(Site)
    seen = sa.true() if as_of is None else Shipment.recorded_on <= as_of
    exported = sa.and_(here.type == T.EXPORT_OUT.value, Shipment.id == here.shipment_id, seen)
    unnamed = sa.case((here.other_id.is_(None), sa.func.coalesce(Shipment.outside_id, Party.outside_id)))
    arrives = sa.and_(there.type.in_(_RECEIPTS), there.substance_id == here.substance_id)
    return (
        sa.select(
            here.outside_id.label("movement"),
            here.day,
            here.quantity,
            here.site_id,
            here.substance_id,
            sa.case((arrives, there.site_id)).label("there_site"),
            sa.case((arrives, there.day)).label("there_day"),
            site.outside_id.label("from_"),
            sa.func.coalesce(other_site.outside_id, unnamed).label("to"),
            Substance.outside_id.label("substance"),
            Substance.unit,
        )
        .select_from(here)
        .join(site, site.id == here.site_id)
        .join(Substance, Substance.id == here.substance_id)
        .outerjoin(
            there,
            sa.and_(there.enterprise_id == here.other_enterprise_id, there.id == here.other_id, stands(there, as_of)),
        )
        .outerjoin(other_site, other_site.id == there.site_id)
        .outerjoin(Party, sa.and_(here.type != T.EXPORT_OUT.value, Party.id == here.external_id))
        .outerjoin(Shipment, exported)
        .where(here.type.in_(_GIVES), stands(here, as_of))
    )


def _inbound(moved: Any, as_of: date | None) -> sa.Select:
    """What sites received from outside the register: imports, and purchases that name no other side in it."""
    seen = sa.true() if as_of is None else Shipment.recorded_on <= as_of
    return (
        sa.select(
            moved.outside_id.label("movement"),
            moved.day,
            moved.quantity,
            moved.site_id,
            moved.substance_id,
            sa.case((moved.type == T.IMPORT_IN.value, Shipment.outside_id), else_=Party.outside_id).label("from_"),
            Site.outside_id.label("to"),
            Substance.outside_id.label("substance"),
            Substance.unit,
        )
        .select_from(moved)
        .join(Site, Site.id == moved.site_id)
        .join(Substance, Substance.id == moved.substance_id)
        .outerjoin(Party, Party.id == moved.external_id)
        .outerjoin(Shipment, sa.and_(Shipment.id == moved.shipment_id, seen))
        .where(
            sa.or_(
                moved.type == T.IMPORT_IN.value,
                sa.and_(moved.type == T.PURCHASE_IN.value, moved.other_id.is_(None), moved.external_id.is_not(None)),
            ),
            stands(moved, as_of),
        )
    )


def _edge(row: Any) -> Edge:
    return Edge(
        movement=row.movement,
        from_=row.from_,
        to=row.to,
        substance=row.substance,
        quantity=row.quantity,
        unit=row.unit,
        day=row.day,
        from_site=row.site_id,
        to_site=row.there_site,
        substance_id=row.substance_id,
        arrival=row.there_day or row.day,
    )


def _inbound_edge(row: Any) -> Edge:
    return Edge(
        movement=row.movement,
        from_=row.from_,
        to=row.to,
        substance=row.substance,
        quantity=row.quantity,
        unit=row.unit,
        day=row.day,
        from_site=None,
        to_site=row.site_id,
        substance_id=row.substance_id,
        arrival=row.day,
    )
