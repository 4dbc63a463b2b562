"""What went through places (流向): the steps between them, what each had besides, and the picture of both.

In the picture each place has as much coming in as going out, what lies there and what is missing included. What
cannot be told apart in a store is not divided by guess: what comes from elsewhere, or goes elsewhere, stands beside.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup

from precursor.rules.law import Words
from precursor.web.flowchart import Band, Place, sankey
from precursor.web.i18n import amount, t, words

#: Places of a stage that the picture names; smaller ones stand together there, and each in the table.
_NAMED: Final = 7
_STAGES: Final = 4
TYPED: Final = "outside:"  # a party outside the register in an address
#: Keys that are no id of a site: no id can hold a NUL.
OUTSIDE: Final = "\0outside "
_OTHERS: Final = "\0others "
ZERO: Final = Decimal(0)


class _End(NamedTuple):
    """What stands beside the places of a stage: its key, what it is called, how it looks."""

    key: str
    said: Words
    look: str = ""


_OPENED: Final = _End("\0opened ", Words("期初库存", "Opening stock"))
_MADE: Final = _End("\0made ", Words("生产入库", "Made"))
_CAME: Final = _End("\0came ", Words("购入与其他入库", "Bought, other receipts"))
_ELSE_IN: Final = _End("\0elsein ", Words("其他来源", "From elsewhere"), "rest")
_SOLD: Final = _End("\0sold ", Words("售出与其他出库", "Sold, other dispatches"))
_USED: Final = _End("\0used ", Words("领用、损耗与处置", "Used, lost, disposed of"))
_HELD: Final = _End("\0held ", Words("在库", "In store"))
_ELSE_OUT: Final = _End("\0elseout ", Words("其他去向", "To elsewhere"), "rest")
_WAY: Final = _End("\0way ", Words("在途", "On the way"), "rest")
LOST: Final = _End("\0lost ", Words("没有去向", "Unaccounted for"), "lost")
#: In the order in which a stage shows them, below its places.
_ENDS: Final = (_OPENED, _MADE, _CAME, _SOLD, _USED, _HELD, _WAY, _ELSE_IN, _ELSE_OUT, LOST)


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
    document: str = ""  # under which it went
    until: str = ""  # the last day of several
    sums: tuple[Decimal, Decimal] | None = None  # of several movements: what was lost, and what was over

    @property
    def difference(self) -> Decimal | None:
        """Arrived less sent."""
        return None if self.arrived is None else self.arrived - self.sent

    @property
    def lost(self) -> Decimal:
        """What was sent and did not arrive. A loss in one movement is not made good by a surplus in another."""
        if self.sums is not None:
            return self.sums[0]
        if self.is_on_way:
            return ZERO
        return max(-(self.difference or ZERO), ZERO)

    @property
    def over(self) -> Decimal:
        """What arrived and was never sent."""
        if self.sums is not None:
            return self.sums[1]
        return max(self.difference or ZERO, ZERO)


def together(steps: Sequence[Step]) -> list[Step]:
    """One step for all the movements between two places, the largest first."""
    found: dict[tuple[str, str, bool, bool], list[Step]] = defaultdict(list)
    for step in steps:
        found[step.source, step.target, step.arrived is None, step.is_on_way].append(step)
    summed = []
    for (source, target, is_outside, is_on_way), parts in found.items():
        sent = sum((part.sent for part in parts), ZERO)
        there = None if is_outside else sum((part.arrived or ZERO for part in parts), ZERO)
        days = sorted(part.day for part in parts)
        sums = sum((part.lost for part in parts), ZERO), sum((part.over for part in parts), ZERO)
        one = Step(source, target, sent, there, parts[0].unit, day=days[0], until=days[-1], count=len(parts))
        summed.append(replace(one, is_on_way=is_on_way, sums=sums))
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


@dataclass(frozen=True, slots=True)
class Book:
    """The books of a place, all that is on record: ``came`` with ``made``, ``went`` with ``used``."""

    opening: Decimal = ZERO
    made: Decimal = ZERO
    came: Decimal = ZERO
    used: Decimal = ZERO
    went: Decimal = ZERO

    @property
    def there(self) -> Decimal:
        """What lies there."""
        return self.opening + self.came - self.went


@dataclass(frozen=True, slots=True)
class Books:
    """The books of places, of one substance."""

    substance: str = ""
    of: Mapping[str, Book] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture, and the same as a list: each stage with its places, their amounts and looks."""

    svg: Markup
    chain: Sequence[tuple[str, Sequence[Place]]] = ()


Flows = dict[tuple[str, str, str], tuple[Decimal, int]]


def _flows(steps: Sequence[Step], column: dict[str, int]) -> tuple[Flows, dict[str, Decimal], dict[str, Decimal]]:
    """What the picture draws between places: quantity and count. Ends of losses are added to ``column``.

    And what left each place, and came to it, that went the same way back: it is drawn nowhere.
    """
    flows: Flows = {}
    gone, back = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    summed = together(steps)
    arrived = {(step.source, step.target): step.sent - step.lost for step in summed if step.arrived is not None}

    def put(source: str, end: _End, quantity: Decimal, count: int) -> None:
        key = f"{end.key}{column[source] + 1}"
        column.setdefault(key, column[source] + 1)
        known, before = flows.get((source, key, end.look), (ZERO, 0))
        flows[source, key, end.look] = (known + quantity, before + count)

    for step in summed:
        if step.source not in column:
            continue
        if step.is_on_way:
            put(step.source, _WAY, step.sent, step.count)
            continue
        if step.lost:
            put(step.source, LOST, step.lost, step.count)
        come = step.sent - step.lost
        turned = min(come, arrived.get((step.target, step.source), ZERO))  # came back the same way: went nowhere
        gone[step.source] += turned
        back[step.target] += turned
        if come > turned and column.get(step.target) == column[step.source] + 1:
            look = "sent" if step.arrived is not None else "left"
            flows[step.source, step.target, look] = (come - turned, step.count)
    return flows, gone, back


def _add_books(
    flows: Flows, column: dict[str, int], start: str, books: Books, turned: Sequence[Any], *, up: bool
) -> None:
    """What each place had besides: where the rest of it came from, and where it is or went."""
    gone, back = turned
    came, went = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for (source, target, _), (quantity, _) in flows.items():
        went[source] += quantity
        came[target] += quantity
    for place, book in books.of.items():
        if place not in column:
            continue
        is_start = place == start
        before, after = ("sent", "sent") if is_start else ("end", "rest") if up else ("rest", "end")
        rest_in = book.came - book.made - came[place] - back[place]
        rest_out = book.went - book.used - went[place] - gone[place]
        for end, quantity, look in (
            (_OPENED, book.opening, before),
            (_MADE, book.made, before),
            (_CAME if is_start else _ELSE_IN, rest_in, "sent" if is_start else "rest"),
        ):
            if quantity > 0:
                flows[_beside(end, column, column[place] - 1), place, look] = (quantity, 0)
        is_sold = is_start and up
        for end, quantity, look in (
            (_USED, book.used, after),
            (_HELD, book.there, after),
            (_SOLD if is_sold else _ELSE_OUT, rest_out, "sent" if is_sold else "rest"),
        ):
            if quantity > 0:
                flows[place, _beside(end, column, column[place] + 1), look] = (quantity, 0)


def _beside(end: _End, column: dict[str, int], number: int) -> str:
    key = f"{end.key}{number}"
    column.setdefault(key, number)
    return key


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


def _end_of(key: str) -> _End | None:
    return next((end for end in _ENDS if key.startswith(end.key)), None)


def picture(
    steps: Sequence[Step],
    start: str,
    called: Mapping[Any, str],
    address: str,
    *,
    up: bool,
    unit: str = "",
    books: Books | None = None,
) -> Drawn:
    """Sankey of the nearest stages; a loss ends in a place of its own.

    What goes back to an earlier place would make it a knot, and is left to the table.
    """
    distance = distances(steps, start, up=up)
    last = min(max(distance.values()), _STAGES)
    column = {place: last - n if up else n for place, n in distance.items() if n <= last}
    flows, *turned = _flows(steps, column)
    _add_books(flows, column, start, books or Books(), turned, up=up)
    if not flows:  # all of it goes back to where it came from
        return Drawn(Markup(""))
    carried = _carried(flows)
    first = min(column[place] for place in carried)

    def rank(place: str) -> tuple[Any, ...]:
        end = _end_of(place)
        return column[place], _ENDS.index(end) if end else -1, -carried[place], place

    ranked = sorted(carried, key=rank)
    seat = _seats(ranked, column, start)
    members: dict[str, list[str]] = defaultdict(list)
    for place in ranked:
        members[seat[place]].append(place)
    unit = unit or steps[0].unit
    places: dict[str, Place] = {}
    for key, some in members.items():
        note = f"{shown(sum((carried[place] for place in some), ZERO))} {unit}"
        end = _end_of(key)
        places[key] = Place(name(key, len(some), called), column[some[0]] - first, note, end.look if end else "")
    bands = _bands(flows, seat, places, unit, lambda s, t_: _address(s, t_, address, books or Books()))
    heads = [
        _stage(last - n if up else n, up=up) for n in range(first, first + max(p.stage for p in places.values()) + 1)
    ]
    stages = [(head, [p for p in places.values() if p.stage == n]) for n, head in enumerate(heads)]
    return Drawn(sankey(places, bands, heads, t("流向图", "Flow by custody stage")), stages)


def _bands(
    flows: Flows, seat: Mapping[str, str], places: Mapping[str, Place], unit: str, address: Callable[[str, str], str]
) -> list[Band]:
    """One band for all that goes between two seats of the picture."""
    merged: dict[tuple[str, str, str], tuple[Decimal, int]] = {}
    for (source, target, look), (quantity, count) in flows.items():
        drawn = (seat[source], seat[target], look)
        before = merged.get(drawn, (ZERO, 0))
        merged[drawn] = (before[0] + quantity, before[1] + count)
    place_of = {key: number for number, key in enumerate(places)}
    bands = [
        Band(
            source,
            target,
            float(quantity),
            f"{places[source].name} → {places[target].name} {shown(quantity)} {unit}"
            + (f" ({count})" if count else ""),
            address(source, target),
            look,
        )
        for (source, target, look), (quantity, count) in merged.items()
    ]
    return sorted(bands, key=lambda band: (place_of[band.source], place_of[band.target]))


def _seats(ranked: Sequence[str], column: Mapping[str, int], start: str) -> dict[str, str]:
    """Where each place is drawn: the largest of a stage by themselves, the others together."""
    seat, taken = {}, defaultdict[int, list[str]](list)
    for place in ranked:
        if place != start and _end_of(place) is None:
            taken[column[place]].append(place)
        seat[place] = place
    for number, places in taken.items():
        if len(places) > _NAMED + 1:
            seat |= dict.fromkeys(places[_NAMED:], f"{_OTHERS}{number}")
    return seat


def name(key: str, count: int, called: Mapping[Any, str]) -> str:
    """What a place is called, or what stands beside places."""
    if end := _end_of(key):
        return words(end.said)
    if key.startswith(_OTHERS):
        return t(f"其他 {count} 处", f"{count} others")
    if key.startswith(OUTSIDE):
        outside = key.removeprefix(OUTSIDE)
        return called.get(("partners", outside), outside) or t("登记以外", "outside the register")
    return called.get(("sites", key), key)


def _address(source: str, target: str, address: str, books: Books) -> str:
    if target.startswith(LOST.key):
        return "#lost"
    ends = [key for key in (source, target) if _end_of(key) or key.startswith(_OTHERS)]
    if not ends:
        return f"{address}&{pair(source, target)}#steps"
    site = next((key for key in (source, target) if key in books.of), None)
    return f"/ledger?{urlencode({'site': site, 'substance': books.substance})}" if site else "#steps"


def pair(source: str, target: str) -> str:
    """Two places in an address."""
    return urlencode({"from": source.replace(OUTSIDE, TYPED), "to": target.replace(OUTSIDE, TYPED)})


def _stage(distance: int, *, up: bool) -> str:
    if distance == 0:
        return t("此处", "Here")
    if distance < 0:
        return t("此处的去向", "From here on") if up else t("此处的来源", "How it came here")
    return t(f"第 {distance} 级来源", f"{distance} back") if up else t(f"第 {distance} 级去向", f"{distance} on")


def shown(value: Decimal) -> Markup:
    """A quantity with separators."""
    return amount(f"{value.normalize():f}")
