"""Charts as SVG made on the server: no script and no inline style, so they pass the policy, print, and can be tested.

Geometry stands in attributes, looks in the classes of ``app.css``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

_WIDTH, _HEIGHT, _PAD = 256, 66, 12
_HIGHEST = 15  # of a stack of dots above its line; more stand in the same place


@dataclass(frozen=True, slots=True)
class Mark:
    """One dot: what it is called, its percentage, whether it is below the target."""

    name: str
    pct: float
    is_below: bool


def coordinate(value: float) -> str:
    """A coordinate with one place at most."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def axis_floor(values: Sequence[float]) -> float:
    """Where a truncated axis begins: just below the lowest value, at a round place."""
    lowest = min(values, default=100.0)
    for floor in (99.0, 98.0, 95.0, 90.0, 80.0, 50.0):
        if lowest >= floor:
            return floor
    return 0.0


def strip(marks: Sequence[Mark], target: float | None, label: str) -> Markup:
    """One dot for each county on a truncated axis; those below the target are filled and named."""
    floor = axis_floor([m.pct for m in marks] + ([target] if target is not None else []))
    span = _WIDTH - 2 * _PAD

    def x(pct: float) -> float:
        return _PAD + (max(pct, floor) - floor) / (100 - floor) * span

    line = 36
    parts = [Markup('<path class="axis" d="M{} {}.5H{}"/>').format(_PAD, line, _WIDTH - _PAD)]
    for tick, anchor in ((floor, "start"), ((floor + 100) / 2, "middle"), (100.0, "end")):
        parts.append(
            Markup('<path class="axis" d="M{0} {1}v6"/><text x="{0}" y="{2}" text-anchor="{3}">{4}%</text>').format(
                coordinate(x(tick)), line - 3, _HEIGHT - 2, anchor, coordinate(tick)
            )
        )
    if target is not None:
        parts.append(Markup('<path class="target" d="M{} {}v24"/>').format(coordinate(x(target)), line - 12))
    parts += _dots(marks, x, line)
    return Markup('<svg class="ch" viewBox="0 0 {} {}" width="100%" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, label, Markup("").join(parts)
    )


def _dots(marks: Sequence[Mark], x: Callable[[float], float], line: int) -> list[Markup]:
    parts: list[Markup] = []
    stacked: dict[int, int] = {}
    named: list[list[Mark]] = []  # those whose names would lie over each other, together
    free_from = 0.0
    for mark in sorted(marks, key=lambda m: m.pct):
        place = round(x(mark.pct) / 7)
        height = stacked.get(place, 0)
        stacked[place] = height + 1
        look, radius = ("dot-bad", 5) if mark.is_below else ("dot", 4)
        lift = min(5 * height, _HIGHEST)
        parts.append(
            Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{} {:.2f}%</title></circle>').format(
                look, coordinate(x(mark.pct)), line - lift, radius, mark.name, mark.pct
            )
        )
        if mark.is_below:
            if named and x(mark.pct) - _half(mark.name) < free_from:
                named[-1].append(mark)
            else:
                named.append([mark])
            free_from = x(named[-1][0].pct) + _half(_together(named[-1])) + 2
    free_from = 0.0
    for some in named:
        text = _together(some)
        middle = min(max(x(some[0].pct), _half(text) + 2, free_from + _half(text)), _WIDTH - _half(text) - 2)
        free_from = middle + _half(text) + 4
        parts.append(
            Markup('<text class="lab-bad" x="{}" y="11" text-anchor="middle">{}</text>').format(
                coordinate(middle), text
            )
        )
    return parts


def _together(some: Sequence[Mark]) -> str:
    """The names of dots that lie close: the lowest by name, of the others how many."""
    return some[0].name + (f" +{len(some) - 1}" if len(some) > 1 else "")


def _half(text: str) -> float:
    """Half the width of a text in a chart."""
    return sum(6 if ord(c) > 0x2E80 else 3.4 for c in text)


#: How many checks a day are drawn in each depth: up to so many, and more.
_DEPTHS: Final = (0, 1, 3, 6)


def calendar(
    days: Mapping[date, int], first: date, last: date, today: date, label: str, weekdays: tuple[str, str, str]
) -> Markup:
    """A square for each day, a column for each week, the deeper the more happened; what is to come is empty.

    ``weekdays``: what Monday, Wednesday and Friday are called, in a letter or two.
    """
    side, top, left = 13, 14, 20
    start = first - timedelta(first.weekday())
    weeks = (last - start).days // 7 + 1
    parts = [
        Markup('<text x="0" y="{}">{}</text>').format(top + 11 + row * side, name)
        for row, name in zip((0, 2, 4), weekdays, strict=True)
    ]
    day = first
    while day <= last:
        x, y = left + (day - start).days // 7 * side, top + day.weekday() * side
        if day.day == 1:
            parts.append(Markup('<text x="{}" y="10">{}</text>').format(x, day.month))
        many = days.get(day, 0)
        look = "next" if day > today else f"d{sum(many > depth for depth in _DEPTHS)}"
        now = " now" if day == today else ""
        said = Markup("<title>{} {}</title>").format(day, many) if many else ""
        parts.append(
            Markup('<rect class="{}{}" x="{}" y="{}" width="11" height="11">{}</rect>').format(look, now, x, y, said)
        )
        day += timedelta(1)
    width, height = left + weeks * side, top + 7 * side
    return Markup('<svg class="ch heat" viewBox="0 0 {} {}" width="100%" role="img" aria-label="{}">{}</svg>').format(
        width, height, label, Markup("").join(parts)
    )


def spark(months: Sequence[tuple[str, float | None]], target: float | None, label: str) -> Markup:
    """A line of months; those below the target are filled, a month without cases is a break in the line."""
    known = [pct for _, pct in months if pct is not None]
    if not known:
        return Markup("")
    floor = axis_floor([*known, *([target] if target is not None else [])])
    height, right = 44, _WIDTH - _PAD

    def x(place: int) -> str:
        return coordinate(_PAD + place / max(len(months) - 1, 1) * (right - _PAD))

    def y(pct: float) -> str:
        return coordinate(6 + (100 - max(pct, floor)) / (100 - floor) * 22)

    parts = [Markup('<text x="{}" y="{}">{}</text>').format(_PAD, height - 2, months[0][0])]
    parts.append(Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(right, height - 2, months[-1][0]))
    if target is not None:
        parts.append(Markup('<path class="target dash" d="M{} {}H{}"/>').format(_PAD, y(target), right))
    line, pen = "", "M"
    for place, (_, pct) in enumerate(months):
        if pct is not None:
            line += f"{pen}{x(place)} {y(pct)}"
        pen = "M" if pct is None else "L"
    parts.append(Markup('<path class="line" d="{}"/>').format(line))
    for place, (name, pct) in enumerate(months):
        if pct is not None:
            is_below = target is not None and pct < target
            parts.append(
                Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{} {:.2f}%</title></circle>').format(
                    "dot-bad" if is_below else "dot", x(place), y(pct), 3.5 if is_below else 2.5, name, pct
                )
            )
    return Markup('<svg class="ch" viewBox="0 0 {} {}" width="100%" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, label, Markup("").join(parts)
    )


def cell(pct: float, target: float | None, floor: float) -> Markup:
    """A small bullet for a table: how far, and where the target lies. Its number stands beside it."""
    width = 56

    def x(value: float) -> str:
        return coordinate(min((max(value, floor) - floor) / (100 - floor) * width, width))

    below = target is not None and pct < target
    mark = Markup('<path class="target" d="M{} 1v14"/>').format(x(target)) if target is not None else Markup("")
    return Markup(
        '<svg class="ch" width="56" height="16" aria-hidden="true">'
        '<rect class="track" y="5" width="56" height="6" rx="1"/>'
        '<rect class="{}" y="5" width="{}" height="6" rx="1"/>{}</svg>'
    ).format("over" if below else "held", x(pct), mark)


def allowance(drawn: Sequence[tuple[str, float]]) -> Markup:
    """A bar of what is drawn (percent of the whole) and its look: used, way (on it), short (nobody received it)."""
    parts, at = [Markup('<rect class="track" width="100%" height="18" rx="2"/>')], 0.0
    for look, share in drawn:
        if not share:
            continue
        width = max(share - 0.3, 0.2)
        parts.append(
            Markup('<rect class="{}" x="{}%" width="{}%" height="18"><title>{:.1f}%</title></rect>').format(
                look, coordinate(at), f"{width:.2f}", share
            )
        )
        at += share
    return Markup('<svg class="ch" width="100%" height="18" aria-hidden="true">{}</svg>').format(
        Markup("").join(parts)
    )
