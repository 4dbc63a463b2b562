"""Trace (流向追溯): where what is at a site came from, and where it went.

An edge is named by the giving side's movement. A receipt can only come from what was there by that day, so
going up every step looks at what came in by the day of leaving, going down at what left since the day of coming.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor.core import quantity
from precursor.core.errors import NotFound
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Movement, Reversal
from precursor.rules.movements import MovementType
from precursor.substances.models import Substance
from precursor.trade.models import Shipment

T = MovementType
_GIVES: Final = [T.SALE_OUT.value, T.TRANSFER_OUT.value, T.EXPORT_OUT.value]
_TAKES: Final = [T.PURCHASE_IN.value, T.TRANSFER_IN.value, T.IMPORT_IN.value]


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
        .where(sa.or_(moved.outside_id == what, moved.batch == what), _stands(moved, as_of))
    )
    starts: list[_Start] = []
    edges: list[Edge] = []
    for movement, site in session.execute(query):
        enters = MovementType(movement.type).is_in
        if enters is not up:  # what came in goes down from its site; what left goes up from it
            starts.append(_Start(movement.site_id, movement.substance_id, movement.day, site))
            continue
        for edge in _edges(session, moved_is=movement, up=up, as_of=as_of):
            edges.append(edge)
            near = edge.from_site if up else edge.to_site
            if near is not None:
                name = (edge.from_ if up else edge.to) or ""
                starts.append(_Start(near, edge.substance_id, edge.day if up else edge.arrival, name))
        starts += [] if edges else [_Start(-1, movement.substance_id, movement.day, site)]
    if not starts and not edges:
        raise NotFound(f"there is no site/substance, movement or batch {what}")
    return starts, edges


def _stands(moved: Any, as_of: date | None) -> sa.ColumnElement[bool]:
    is_reversed = sa.select(Reversal.movement_id).where(
        Reversal.enterprise_id == moved.enterprise_id,
        Reversal.movement_id == moved.id,
        Reversal.version == moved.version,
    )
    if as_of is None:
        return ~is_reversed.exists()
    return sa.and_(moved.recorded_on <= as_of, ~is_reversed.where(Reversal.recorded_on <= as_of).exists())


def _edges_at(
    session: Session, wanted: dict[tuple[int, int], date], *, up: bool, as_of: date | None
) -> Iterator[Edge]:
    pairs = sorted(wanted)
    for start in range(0, len(pairs), 200):
        for edge, site, day in _query(session, pairs[start : start + 200], None, up=up, as_of=as_of):
            bound = wanted[site, edge.substance_id]
            if day <= bound if up else day >= bound:
                yield edge


def _edges(session: Session, *, moved_is: Movement, up: bool, as_of: date | None) -> Iterable[Edge]:
    return [edge for edge, _, _ in _query(session, None, moved_is, up=up, as_of=as_of)]


def _query(
    session: Session,
    at: list[tuple[int, int]] | None,
    moved_is: Movement | None,
    *,
    up: bool,
    as_of: date | None,
) -> Iterator[tuple[Edge, int, date]]:
    """Edges by the movement at their near end: what came in (going up), what went out (going down)."""
    here, there = aliased(Movement), aliased(Movement)
    site, other_site = aliased(Site), aliased(Site)
    query = (
        sa.select(
            here.outside_id.label("here"),
            here.type,
            here.day,
            here.quantity,
            here.site_id,
            here.substance_id,
            there.outside_id.label("there"),
            there.type.label("there_type"),
            there.day.label("there_day"),
            there.quantity.label("there_quantity"),
            there.site_id.label("there_site"),
            Party.outside_id.label("party"),
            Shipment.outside_id.label("shipment"),
            site.outside_id.label("site"),
            other_site.outside_id.label("other_site"),
            Substance.outside_id.label("substance"),
            Substance.unit,
        )
        .select_from(here)
        .join(site, site.id == here.site_id)
        .join(Substance, Substance.id == here.substance_id)
        .outerjoin(
            there,
            sa.and_(
                there.enterprise_id == here.other_enterprise_id, there.id == here.other_id, _stands(there, as_of)
            ),
        )
        .outerjoin(other_site, other_site.id == there.site_id)
        .outerjoin(Party, Party.id == here.external_id)
        .outerjoin(Shipment, Shipment.id == here.shipment_id)
        .where(here.type.in_(_TAKES if up else _GIVES), _stands(here, as_of))
    )
    if at is not None:
        query = query.where(sa.tuple_(here.site_id, here.substance_id).in_(at))
    if moved_is is not None:
        query = query.where(
            here.enterprise_id == moved_is.enterprise_id,
            here.id == moved_is.id,
            here.version == moved_is.version,
        )
    for row in session.execute(query):
        edge = _received(row) if up else _given(row)
        if edge is not None:
            yield edge, row.site_id, row.day


def _given(row: Any) -> Edge:
    """Going down: the giving movement is here."""
    return Edge(
        row.here,
        row.site,
        row.other_site or row.party or row.shipment,
        row.substance,
        row.quantity,
        row.unit,
        row.day,
        row.site_id,
        row.there_site,
        row.substance_id,
        max(row.there_day or row.day, row.day),
    )


def _received(row: Any) -> Edge | None:
    """Going up: what came in here, named by the giving movement, or by this one when that is outside."""
    if row.there is not None:
        return Edge(
            row.there,
            row.other_site,
            row.site,
            row.substance,
            row.there_quantity,
            row.unit,
            row.there_day,
            row.there_site,
            row.site_id,
            row.substance_id,
            row.day,
        )
    source = row.party or row.shipment
    if source is None:
        return None
    return Edge(
        row.here,
        source,
        row.site,
        row.substance,
        row.quantity,
        row.unit,
        row.day,
        None,
        row.site_id,
        row.substance_id,
        row.day,
    )
