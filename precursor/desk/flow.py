"""The page of a trace (流向追溯): where what lies in a store came from, or where it went, and what did not arrive."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import aliased

from precursor import ledger
from precursor.api.collection import Call, Values
from precursor.api.views import call_of
from precursor.core import access, db
from precursor.core.access import Action
from precursor.core.errors import NotFound
from precursor.core.quantity import show as said
from precursor.desk import custody, looking, names, weighing
from precursor.desk.custody import LOST, OUTSIDE, TYPED, ZERO, Book, Books, Drawn, Step, together
from precursor.desk.house import House
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible
from precursor.movements.models import Movement
from precursor.movements.service import is_unanswered, stands
from precursor.reconciliation import pages as figures
from precursor.reconciliation import tracing
from precursor.rules.law import Words
from precursor.rules.movements import ON_THE_WAY, TYPES, MovementType, may_be_on_way
from precursor.substances.models import Substance
from precursor.web import paging

T = MovementType
#: Sites that the form offers by name.
_OFFERED: Final = 2000
#: Movements that the list of what is missing shows.
_LISTED: Final = 50
#: Stores that the page offers to begin at.
_BEGIN: Final = 10
#: Over so many days back is looked for what nobody booked in, to begin there.
_LATELY: Final = 730


def _steps(call: Call, edges: Sequence[Values]) -> list[Step]:
    known = tracing.ends(call.session, [edge["movement"] for edge in edges])
    found = []
    for edge in edges:
        end, sent = known[edge["movement"]], Decimal(edge["quantity"])
        source, target, there = edge["from"] or "", edge["to"] or "", None
        if not end.gives:  # from outside: only the receiver keeps a ledger here
            source = OUTSIDE + source
        elif end.arrived is not None:
            there = Decimal(end.arrived)
        elif end.names or not target:  # what it names did not receive it
            target, there = "", ZERO
        else:
            target = OUTSIDE + target
        step = Step(source, target, sent, there, edge["unit"], edge["movement"], edge["day"])
        step = replace(step, document=end.document or "")
        found.append(
            replace(step, is_on_way=not target and may_be_on_way(date.fromisoformat(edge["day"]), call.today))
        )
    return found


def _on_the_way(call: Call, site: str, substance: str) -> list[Step]:
    """What was sent to the enterprise of a site, and nobody booked in: no trace begins at it, and it is missing."""
    receiver = sa.select(Site.enterprise_id).where(Site.outside_id == site).scalar_subquery()
    sender, to = aliased(Site), aliased(Party)
    query = (
        sa.select(
            Movement.outside_id, Movement.quantity, Movement.day, Substance.unit, sender.outside_id.label("site")
        )
        .join(Substance, Substance.id == Movement.substance_id)
        .join(sender, sender.id == Movement.site_id)
        .join(to, to.id == Movement.other_enterprise_id)
        .where(
            Movement.other_enterprise_id == receiver,
            Movement.enterprise_id != receiver,
            Substance.outside_id == substance,
            Movement.type.in_(("sale_out", "return_out")),
            is_unanswered(Movement),
            visible(  # whoever oversees the sender, his site or the enterprise that has not booked it in
                call.scope,
                enterprise=Movement.enterprise_id,
                areas_of=(sender.area_id, to.area_id),
                substance=Movement.substance_id,
            ),
        )
        .order_by(Movement.day, Movement.outside_id)
    )
    return [
        Step(
            row.site,
            "",
            Decimal(said(row.quantity, row.unit)),
            ZERO,
            row.unit,
            row.outside_id,
            str(row.day),
            is_on_way=may_be_on_way(row.day, call.today),
        )
        for row in call.session.execute(query)
    ]


def _books(call: Call, places: Collection[str], substance: str) -> Books:
    """The books of the sites that a trace comes through, those that the reader may see."""
    here = (
        Substance.outside_id == substance,
        Site.outside_id.in_(sorted(place for place in places if "\0" not in place)[:_OFFERED]),
        visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,), substance=Substance.id),
    )
    moved = (
        sa.select(Site.outside_id, Movement.type, sa.cast(sa.func.sum(Movement.quantity), db.BIG), Substance.unit)
        .join(Site, Site.id == Movement.site_id)
        .join(Substance, Substance.id == Movement.substance_id)
        .where(stands(Movement), *here)
        .group_by(Site.outside_id, Movement.type, Substance.unit)
    )
    opened = ledger.openings().order_by(None).subquery()
    held = (
        sa.select(Site.outside_id, sa.literal("opening"), opened.c.amount, Substance.unit)
        .join(Site, Site.id == opened.c.site_id)
        .join(Substance, Substance.id == opened.c.substance_id)
        .where(*here)
    )
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for query in (moved, held):
        for place, kind, much, unit in call.session.execute(query):
            sums[place][kind] += Decimal(said(much, unit))
    return Books(substance, {place: _book(some) for place, some in sums.items()})


def _book(sums: Mapping[str, Decimal]) -> Book:
    def of(fits: Callable[[MovementType], bool]) -> Decimal:
        return sum((sums[kind] for kind in T if kind in sums and fits(kind)), ZERO)

    return Book(
        opening=sums.get("opening", ZERO),
        made=sums.get(T.PRODUCTION_IN, ZERO),
        came=of(lambda kind: kind.is_in),
        used=of(lambda kind: TYPES[kind].is_end),
        went=of(lambda kind: not kind.is_in),
    )


def _origins(books: Books, steps: Sequence[Step]) -> list[tuple[Words, Decimal]]:
    """How much begins in which way; empty where it only ever moved between the sites."""
    found = [
        (Words("期初库存", "stock at the opening"), sum((book.opening for book in books.of.values()), ZERO)),
        (Words("生产入库", "made"), sum((book.made for book in books.of.values()), ZERO)),
        (
            Words("登记以外流入", "from outside the register"),
            sum((step.sent for step in steps if step.source.startswith(OUTSIDE)), ZERO),
        ),
    ]
    return [(name, total) for name, total in found if total]


def _begin(call: Call, house: House) -> list[Values]:
    """Stores to begin at: those from which most has gone that nobody booked in; else those that hold the most."""
    query = (
        sa.select(
            Site.outside_id, Substance.outside_id, sa.cast(sa.func.sum(Movement.quantity), db.BIG), Substance.unit
        )
        .select_from(Movement)
        .join(Site, Site.id == Movement.site_id)
        .join(Substance, Substance.id == Movement.substance_id)
        .where(
            Movement.type.in_((T.SALE_OUT.value, T.TRANSFER_OUT.value)),
            Movement.day.between(call.today - timedelta(_LATELY), call.today - ON_THE_WAY - timedelta(1)),
            is_unanswered(Movement),
            visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,), substance=Substance.id),
        )
        .group_by(Site.outside_id, Substance.outside_id, Substance.unit)
        .order_by(sa.func.sum(Movement.quantity).desc(), Site.outside_id)
        .limit(_BEGIN)
    )
    found = [
        {"site": site, "substance": substance, "missing": said(much, unit), "unit": unit}
        for site, substance, much, unit in call.session.execute(query)
    ]
    return found or _largest(house, call)


def _largest(house: House, call: Call) -> list[Values]:
    """The stores that hold the most, to begin at."""
    held = house.report("stock", on=call.today, as_of=call.today) or {}
    found = []
    for place, much in held.items():
        site, _, substance = place.partition("/")
        found.append({"site": site, "substance": substance, **much})
    found.sort(key=lambda row: (row["unit"] != "kg", -Decimal(row["quantity"]), row["site"]))
    return found[:_BEGIN]


class Flow:
    """The page, drawn from the trace that the API answers."""

    def __init__(self, house: House) -> None:
        self.house = house

    def page(self) -> str:
        """By custody stage as a picture, by pair of places as a table, and of one pair each movement."""
        call = call_of()
        asked = {name: looking.cleaned(request.args.get(name, "")) for name in ("of", "site", "substance")}
        of = asked["of"] or "/".join(filter(None, (asked["site"], asked["substance"])))
        direction = "down" if request.args.get("direction") == "down" else "up"
        up = direction == "up"
        site, _, substance = of.partition("/")
        fits = names.sites_called(call, site) if of else []
        if len(fits) == 1 and substance:  # its name will do
            site = fits[0][0]
            of = f"{site}/{substance}"
        found = self._trace(call, of, direction) if of else None
        steps = _steps(call, found["edges"]) if found else []
        if found and up:
            steps += _on_the_way(call, site, substance)
        ends = {end for step in steps for end in (step.source, step.target)} | {site}
        books = _books(call, ends, substance) if found else Books()
        named = [
            {"external": e.removeprefix(OUTSIDE)} if e.startswith(OUTSIDE) else {"site": e} for e in sorted(ends)
        ]
        begin = [] if of else _begin(call, self.house)
        called = names.of(call, [*named, {"substance": substance}, *begin])
        called |= names.of_shipments(call, [e.removeprefix(OUTSIDE) for e in ends if e.startswith(OUTSIDE)])
        address = "/trace?" + urlencode({"of": of, "direction": direction})
        pair = tuple(request.args.get(name, "").replace(TYPED, OUTSIDE) for name in ("from", "to"))
        lost = sorted((step for step in steps if step.lost or step.over), key=lambda step: -max(step.lost, step.over))
        lines = [step for step in steps if (step.source, step.target) == pair] if any(pair) else together(steps)
        page = paging.of(len(lines))
        unit = steps[0].unit if steps else weighing.unit_of(self.house, substance)
        drawn = Drawn(Markup(""))
        if found and (steps or site in books.of):
            drawn = custody.picture(steps, site, called, address, up=up, unit=unit, books=books)
        return render_template(
            "desk/trace.html",
            of=of,
            site=site,
            substance=substance,
            direction=direction,
            is_asked=bool(of),
            fits=[] if found else fits,
            found=found,
            steps=steps,
            lines=lines[page.part],
            page=page,
            pairs=len(lines),
            is_pair=any(pair),
            whole=sum((s.sent for s in steps if (s.target if up else s.source) == site), ZERO),
            lost=lost,
            offs=figures.write_offs((step.number, date.fromisoformat(step.day)) for step in lost[:_LISTED]),
            unit=unit,
            origins=_origins(books, steps) if found and up else None,
            hidden=sum("\0" not in end and bool(end) and end not in books.of for end in ends) if found else 0,
            book=books.of.get(site) if found else None,
            on_way=sum((step.sent for step in steps if step.is_on_way), ZERO),
            agreed=[s for s in steps if s.arrived is not None and not (s.lost or s.over or s.is_on_way)],
            differing=[s for s in steps if s.target and s.arrived is not None and (s.lost or s.over)],
            arrived=lambda some: custody.shown(sum((step.arrived for step in some), ZERO)),
            unseen=[step for step in steps if step.arrived is None],
            much=lambda some: custody.shown(sum((step.sent for step in some), ZERO)),
            begin=begin,
            missing=sum((step.lost for step in lost), ZERO),
            over=sum((step.over for step in lost), ZERO),
            shown=custody.shown,
            place=lambda key: custody.name(key or LOST.key, 1, called),
            days=lambda day: (call.today - date.fromisoformat(day)).days,
            called=called,
            offered={"site": names.choices(call, "sites", _OFFERED), "substance": names.choices(call, "substances")},
            picture=drawn.svg,
            chain=drawn.chain,
            address=address,
            way=custody.pair,
        )

    def _trace(self, call: Call, of: str, direction: str) -> Any:
        try:
            return self.house.listings["trace"].make(call, {"of": of, "direction": direction})
        except NotFound:
            return None


def routes(bp: Blueprint, flow: Flow) -> None:
    """The address of the page and the action that it is."""

    def view() -> str:
        return flow.page()

    bp.add_url_rule("/trace", endpoint="trace", view_func=access.requires(Action.LEDGER_TRACE)(view))
