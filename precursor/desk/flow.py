"""The page of a trace (流向追溯): where what lies in a store came from, or where it went, and what did not arrive."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
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
from precursor.core import access
from precursor.core.access import Action
from precursor.core.errors import NotFound
from precursor.core.quantity import show as said
from precursor.desk import looking, names, weighing
from precursor.desk.house import House
from precursor.enterprises.models import Site
from precursor.movements.models import Movement
from precursor.movements.service import is_booked_in, stands
from precursor.reconciliation import tracing
from precursor.rules.law import Words
from precursor.rules.movements import MovementType, may_be_on_way
from precursor.substances.models import Substance
from precursor.web.flowchart import Band, Place, sankey
from precursor.web.i18n import amount, t

#: Places of a stage that the picture names; smaller ones stand together there, and each in the table.
_NAMED: Final = 7
_STAGES: Final = 5
#: Sites that the form offers by name.
_OFFERED: Final = 2000
#: Stores that the page offers to begin at.
_BEGIN: Final = 10
_TYPED: Final = "outside:"  # the same in an address
#: Keys that are no id of a site: no id can hold a NUL.
_OUTSIDE, _LOST, _OTHERS = "\0outside ", "\0lost ", "\0others "
_MADE, _OPENED = "\0made ", "\0opened "
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Step:
    """What went from one place to another, in one movement or in all between them.

    ``target`` empty: nobody recorded that it came. ``arrived`` None: to an outside party, which keeps no ledger here.
    """

    source: str
    target: str
    sent: Decimal
    arrived: Decimal | None
    unit: str
    number: str = ""
    day: str = ""
    count: int = 1
    is_on_way: bool = False  # sent so lately that it may still come
    parts: tuple["Step", ...] = ()  # the movements that it sums up

    @property
    def difference(self) -> Decimal | None:
        """Arrived less sent."""
        return None if self.arrived is None else self.arrived - self.sent

    @property
    def lost(self) -> Decimal:
        """What was sent and did not arrive. A loss in one movement is not made good by a surplus in another."""
        if self.parts:
            return sum((part.lost for part in self.parts), _ZERO)
        if self.is_on_way:
            return _ZERO
        return max(-(self.difference or _ZERO), _ZERO)

    @property
    def over(self) -> Decimal:
        """What arrived and was never sent."""
        if self.parts:
            return sum((part.over for part in self.parts), _ZERO)
        return max(self.difference or _ZERO, _ZERO)


def _steps(call: Call, edges: Sequence[Values]) -> list[Step]:
    known = tracing.ends(call.session, [edge["movement"] for edge in edges])
    found = []
    for edge in edges:
        end, sent = known[edge["movement"]], Decimal(edge["quantity"])
        source, target, there = edge["from"] or "", edge["to"] or "", None
        if not end.gives:  # from outside: only the receiver keeps a ledger here
            source = _OUTSIDE + source
        elif end.arrived is not None:
            there = Decimal(end.arrived)
        elif end.names or not target:  # what it names did not receive it
            target, there = "", _ZERO
        else:
            target = _OUTSIDE + target
        step = Step(source, target, sent, there, edge["unit"], edge["movement"], edge["day"])
        found.append(
            replace(step, is_on_way=not target and may_be_on_way(date.fromisoformat(edge["day"]), call.today))
        )
    return found


def _on_the_way(call: Call, site: str, substance: str) -> list[Step]:
    """What was sent to the enterprise of a site, and nobody booked in: no trace begins at it, and it is missing."""
    receiver = sa.select(Site.enterprise_id).where(Site.outside_id == site).scalar_subquery()
    sender = aliased(Site)
    query = (
        sa.select(
            Movement.outside_id, Movement.quantity, Movement.day, Substance.unit, sender.outside_id.label("site")
        )
        .join(Substance, Substance.id == Movement.substance_id)
        .join(sender, sender.id == Movement.site_id)
        .where(
            Movement.other_enterprise_id == receiver,
            Movement.enterprise_id != receiver,
            Substance.outside_id == substance,
            Movement.type.in_(("sale_out", "return_out")),
            stands(Movement),
            ~is_booked_in(Movement),
        )
        .order_by(Movement.day, Movement.outside_id)
    )
    return [
        Step(
            row.site,
            "",
            Decimal(said(row.quantity, row.unit)),
            _ZERO,
            row.unit,
            row.outside_id,
            str(row.day),
            is_on_way=may_be_on_way(row.day, call.today),
        )
        for row in call.session.execute(query)
    ]


def _begun(call: Call, steps: Sequence[Step], site: str, substance: str) -> list[Step]:
    """Where a substance begins, at a site and upstream of it: made there, or there when the register was opened.

    All that is on record of these sites, not only what went on.
    """
    ends = {end for step in steps for end in (step.source, step.target) if "\0" not in end} | {site}
    here = (Substance.outside_id == substance, Site.outside_id.in_(sorted(ends)[:_OFFERED]))
    made = (
        sa.select(Site.outside_id, Movement.quantity, Substance.unit)
        .join(Site, Site.id == Movement.site_id)
        .join(Substance, Substance.id == Movement.substance_id)
        .where(Movement.type == MovementType.PRODUCTION_IN.value, stands(Movement), *here)
    )
    opened = ledger.openings().order_by(None).subquery()
    held = (
        sa.select(Site.outside_id, opened.c.amount, Substance.unit)
        .join(Site, Site.id == opened.c.site_id)
        .join(Substance, Substance.id == opened.c.substance_id)
        .where(*here)
    )
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for kind, query in ((_MADE, made), (_OPENED, held)):
        for place, much, unit in call.session.execute(query):
            found[kind + place, place, unit] += Decimal(said(much, unit))
    return [Step(source, place, total, total, unit) for (source, place, unit), total in found.items() if total]


def _origins(begun: Sequence[Step], steps: Sequence[Step]) -> list[tuple[Words, Decimal]]:
    """How much begins in which way; empty where it only ever moved between the sites."""
    found = [
        (said_, sum((step.sent for step in some if step.source.startswith(kind)), _ZERO))
        for kind, said_, some in (
            (_OPENED, Words("期初库存", "stock at the opening"), begun),
            (_MADE, Words("生产入库", "made"), begun),
            (_OUTSIDE, Words("登记以外流入", "from outside the register"), steps),
        )
    ]
    return [(name, total) for name, total in found if total]


def _book(call: Call, site: str, substance: str) -> dict[str, Decimal]:
    """The books of the place that is traced: opening, all that came in, all that went out, what is there."""
    is_in = Movement.type.like("%\\_in", escape="\\")
    query = (
        sa.select(is_in, Movement.quantity, Substance.unit)
        .join(Site, Site.id == Movement.site_id)
        .join(Substance, Substance.id == Movement.substance_id)
        .where(Site.outside_id == site, Substance.outside_id == substance, stands(Movement))
    )
    sums = {True: _ZERO, False: _ZERO}
    for comes, much, unit in call.session.execute(query):
        sums[bool(comes)] += Decimal(said(much, unit))
    begun = _begun(call, [], site, substance)
    opening = sum((step.sent for step in begun if step.source.startswith(_OPENED)), _ZERO)
    return {"opening": opening, "came": sums[True], "went": sums[False], "there": opening + sums[True] - sums[False]}


def _largest(house: House, call: Call) -> list[Values]:
    """The stores that hold the most, to begin at."""
    held = house.report("stock", on=call.today, as_of=call.today) or {}
    found = []
    for place, much in held.items():
        site, _, substance = place.partition("/")
        found.append({"site": site, "substance": substance, **much})
    found.sort(key=lambda row: (row["unit"] != "kg", -Decimal(row["quantity"]), row["site"]))
    return found[:_BEGIN]


def together(steps: Sequence[Step]) -> list[Step]:
    """One step for all the movements between two places, the largest first."""
    found: dict[tuple[str, str, bool, bool], list[Step]] = defaultdict(list)
    for step in steps:
        found[step.source, step.target, step.arrived is None, step.is_on_way].append(step)
    summed = []
    for (source, target, is_outside, is_on_way), parts in found.items():
        sent = sum((part.sent for part in parts), _ZERO)
        there = None if is_outside else sum((part.arrived or _ZERO for part in parts), _ZERO)
        one = Step(source, target, sent, there, parts[0].unit, count=len(parts), parts=tuple(parts))
        summed.append(replace(one, is_on_way=is_on_way))
    return sorted(summed, key=lambda step: (-step.sent, step.source, step.target))


def distances(steps: Sequence[Step], start: str, *, up: bool) -> dict[str, int]:
    """How many steps each place is from the start, by the shortest way."""
    near: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        if step.target:
            here, there = (step.target, step.source) if up else (step.source, step.target)
            near[here].add(there)
    found, edge = {start: 0}, [start]
    while edge:
        fresh = sorted({there for here in edge for there in near[here]} - found.keys())
        found |= dict.fromkeys(fresh, found[edge[0]] + 1)
        edge = fresh
    return found


Flows = dict[tuple[str, str, str], tuple[Decimal, int]]


def _flows(steps: Sequence[Step], column: dict[str, int]) -> Flows:
    """What the picture draws between places: quantity and count. Ends of losses are added to ``column``."""
    flows: Flows = {}
    summed = together(steps)
    arrived = {(step.source, step.target): step.sent - step.lost for step in summed if step.arrived is not None}
    for step in summed:
        if step.source not in column:
            continue
        nowhere = f"{_LOST}{column[step.source] + 1}"
        column.setdefault(nowhere, column[step.source] + 1)
        if step.lost:
            known, count = flows.get((step.source, nowhere, "lost"), (_ZERO, 0))
            flows[step.source, nowhere, "lost"] = (known + step.lost, count + step.count)
        # what came back the same way went nowhere
        net = step.sent - step.lost - arrived.get((step.target, step.source), _ZERO)
        if net > 0 and column.get(step.target) == column[step.source] + 1:
            look = "sent" if step.arrived is not None else "left"
            flows[step.source, step.target, look] = (net, step.count)
    return flows


def _carried(flows: Flows) -> dict[str, Decimal]:
    """The quantity that passes each place."""
    carried: dict[str, Decimal] = defaultdict(Decimal)
    for end in (0, 1):
        here: dict[str, Decimal] = defaultdict(Decimal)
        for ends, (quantity, _) in flows.items():
            here[ends[end]] += quantity
        for place, quantity in here.items():
            carried[place] = max(carried[place], quantity)
    return carried


def picture(steps: Sequence[Step], start: str, called: Mapping[Any, str], address: str, *, up: bool) -> Markup:
    """Sankey of the nearest stages; a loss ends in a place of its own.

    What goes back to an earlier place would make it a knot, and is left to the table.
    """
    distance = distances(steps, start, up=up)
    last = min(max(distance.values()), _STAGES)
    column = {place: last - n if up else n for place, n in distance.items() if n <= last}
    flows = _flows(steps, column)
    carried = _carried(flows)
    ranked = sorted(carried, key=lambda place: (column[place], place.startswith(_LOST), -carried[place], place))
    seat = _seats(ranked, column, start)
    if not ranked:  # all of it goes back to where it came from
        return Markup("")
    sums: dict[str, tuple[Decimal, int]] = {}
    for place in ranked:
        weight, members = sums.get(seat[place], (_ZERO, 0))
        sums[seat[place]] = (weight + carried[place], members + 1)
    unit = steps[0].unit
    places: dict[str, Place] = {}
    for place in ranked:
        key = seat[place]
        weight, members = sums[key]
        note = f"{_shown(weight)} {unit}"
        places.setdefault(key, Place(_name(key, members, called), column[place], note, key.startswith(_LOST)))
    place_of = {key: number for number, key in enumerate(places)}
    merged: dict[tuple[str, str, str], tuple[Decimal, int]] = {}
    for (source, target, look), (quantity, count) in flows.items():
        drawn = (seat[source], seat[target], look)
        before = merged.get(drawn, (_ZERO, 0))
        merged[drawn] = (before[0] + quantity, before[1] + count)
    bands = [
        Band(
            source,
            target,
            float(quantity),
            f"{places[source].name} → {places[target].name} {_shown(quantity)} {unit} ({count})",
            _address(source, target, address),
            look,
        )
        for (source, target, look), (quantity, count) in merged.items()
    ]
    bands.sort(key=lambda band: (place_of[band.source], place_of[band.target]))
    heads = [_stage(last - n if up else n, up=up) for n in range(max(p.stage for p in places.values()) + 1)]
    return sankey(places, bands, heads, t("流向图", "Flow by custody stage"))


def _seats(ranked: Sequence[str], column: Mapping[str, int], start: str) -> dict[str, str]:
    """Where each place is drawn: the largest of a stage by themselves, the others together."""
    seat, taken = {}, defaultdict[int, list[str]](list)
    for place in ranked:
        if place != start and not place.startswith(_LOST):
            taken[column[place]].append(place)
        seat[place] = place
    for number, places in taken.items():
        if len(places) > _NAMED + 1:
            seat |= dict.fromkeys(places[_NAMED:], f"{_OTHERS}{number}")
    return seat


def _name(key: str, count: int, called: Mapping[Any, str]) -> str:
    if key.startswith(_LOST):
        return t("没有去向", "Unaccounted for")
    if key.startswith(_MADE):
        return t("生产入库", "Made")
    if key.startswith(_OPENED):
        return t("期初库存", "Opening stock")
    if key.startswith(_OTHERS):
        return t(f"其他 {count} 处", f"{count} others")
    if key.startswith(_OUTSIDE):
        outside = key.removeprefix(_OUTSIDE)
        return called.get(("partners", outside), outside) or t("登记以外", "outside the register")
    return called.get(("sites", key), key)


def _address(source: str, target: str, address: str) -> str:
    if target.startswith(_LOST):
        return "#lost"
    if any(kind in source + target for kind in (_OTHERS, _MADE, _OPENED)):
        return "#steps"
    return f"{address}&{_pair(source, target)}#steps"


def _pair(source: str, target: str) -> str:
    return urlencode({"from": source.replace(_OUTSIDE, _TYPED), "to": target.replace(_OUTSIDE, _TYPED)})


def _stage(distance: int, *, up: bool) -> str:
    if distance == 0:
        return t("此处", "Here")
    return t(f"第 {distance} 级来源", f"{distance} back") if up else t(f"第 {distance} 级去向", f"{distance} on")


def _shown(value: Decimal) -> Markup:
    return amount(f"{value.normalize():f}")


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
        found = None
        if of:
            try:
                found = self.house.listings["trace"].make(call, {"of": of, "direction": direction})
            except NotFound:
                found = None
        steps = _steps(call, found["edges"]) if found else []
        if found and up:
            steps += _on_the_way(call, site, substance)
        begun = _begun(call, steps, site, substance) if found and up else []
        ends = {end for step in steps for end in (step.source, step.target)} | {site}
        named = [
            {"external": e.removeprefix(_OUTSIDE)} if e.startswith(_OUTSIDE) else {"site": e} for e in sorted(ends)
        ]
        begin = [] if of else _largest(self.house, call)
        called = names.of(call, [*named, {"substance": substance}, *begin])
        address = "/trace?" + urlencode({"of": of, "direction": direction})
        pair = tuple(request.args.get(name, "").replace(_TYPED, _OUTSIDE) for name in ("from", "to"))
        lost = sorted((step for step in steps if step.lost or step.over), key=lambda step: -max(step.lost, step.over))
        return render_template(
            "desk/trace.html",
            of=of,
            site=site,
            substance=substance,
            direction=direction,
            is_asked=bool(of),
            found=found,
            steps=steps,
            lines=[step for step in steps if (step.source, step.target) == pair] if any(pair) else together(steps),
            is_pair=any(pair),
            whole=sum((s.sent for s in steps if (s.target if up else s.source) == site), _ZERO),
            lost=lost,
            unit=steps[0].unit if steps else weighing.unit_of(self.house, substance),
            origins=_origins(begun, steps) if found and up else None,
            book=_book(call, site, substance) if found else None,
            on_way=sum((step.sent for step in steps if step.is_on_way), _ZERO),
            agreed=sum(s.arrived is not None and not (s.lost or s.over or s.is_on_way) for s in steps),
            unseen=sum(step.arrived is None for step in steps),
            begin=begin,
            missing=sum((step.lost for step in lost), _ZERO),
            over=sum((step.over for step in lost), _ZERO),
            shown=_shown,
            place=lambda key: _name(key, 1, called) if key else _name(_LOST, 1, called),
            called=called,
            offered={"site": names.choices(call, "sites", _OFFERED), "substance": names.choices(call, "substances")},
            picture=picture([*steps, *begun], site, called, address, up=up) if steps else "",
            address=address,
            way=_pair,
        )


def routes(bp: Blueprint, flow: Flow) -> None:
    """The address of the page and the action that it is."""

    def view() -> str:
        return flow.page()

    bp.add_url_rule("/trace", endpoint="trace", view_func=access.requires(Action.LEDGER_TRACE)(view))
